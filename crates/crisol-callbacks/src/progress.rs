//! Keras' progress line.

use crate::callback::{Callback, Flow, Run};
use crate::logs::Logs;
use crisol_ir::{Error, ErrorKind, Result};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line is drawn anew.
const REDRAW: Duration = Duration::from_millis(100);

/// The width of the bar in characters.
const BAR: usize = 20;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbose {
    /// Nothing.
    Silent,
    /// A bar that moves on a terminal; elsewhere its last state, a line an epoch.
    #[default]
    Bar,
    /// A line an epoch.
    Line,
}

/// Shows how training gets on, in the form of Keras 3.
///
/// ```text
/// Epoch 1/5
/// 471/471 ━━━━━━━━━━━━━━━━━━━━ 49s 104ms/step - loss: 0.6647 - accuracy: 0.6117 - val_loss: 0.6313 - val_accuracy: 0.6283
/// ```
pub struct Progress<W: Write> {
    out: W,
    verbose: Verbose,
    is_terminal: bool,
    epoch: Instant,
    drawn: Option<Instant>,
    steps_done: usize,
    /// Columns of the line on the terminal, to be overwritten.
    width: usize,
}

impl Progress<std::io::Stdout> {
    /// Shows progress on standard output.
    pub fn stdout(verbose: Verbose) -> Self {
        let out = std::io::stdout();
        let is_terminal = out.is_terminal();
        Progress::new(out, verbose, is_terminal)
    }
}

impl<W: Write> Progress<W> {
    /// Shows progress on any output; the bar moves only on a terminal.
    pub fn new(out: W, verbose: Verbose, is_terminal: bool) -> Self {
        let now = Instant::now();
        Progress { out, verbose, is_terminal, epoch: now, drawn: None, steps_done: 0, width: 0 }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        match written {
            // Whoever read the output is gone (`| head`): training is not ended for that.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Error::new(ErrorKind::Io, format!("progress could not be shown: {error}")))
            }
            _ => Ok(()),
        }
    }

    fn redraw(&mut self, line: &str) -> Result<()> {
        let columns = line.chars().count();
        let blank = " ".repeat(self.width.saturating_sub(columns));
        self.width = columns;
        self.write(&format!("\r{line}{blank}"))
    }
}

impl<W: Write> Callback for Progress<W> {
    fn on_epoch_begin(&mut self, run: &mut dyn Run, epoch: usize) -> Result<()> {
        self.epoch = Instant::now();
        self.drawn = None;
        self.steps_done = 0;
        self.width = 0;
        match self.verbose {
            Verbose::Silent => Ok(()),
            _ => self.write(&format!("Epoch {}/{}\n", epoch + 1, run.epochs())),
        }
    }

    fn on_batch_end(&mut self, run: &mut dyn Run, step: usize, logs: &dyn Fn() -> Result<Logs>) -> Result<()> {
        self.steps_done = step + 1;
        if self.verbose != Verbose::Bar || !self.is_terminal {
            return Ok(());
        }
        let now = Instant::now();
        if self.drawn.is_some_and(|drawn| now - drawn < REDRAW) {
            return Ok(());
        }
        self.drawn = Some(now);
        let line = bar_line(self.steps_done, run.steps(), now - self.epoch, &logs()?);
        self.redraw(&line)
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, _epoch: usize, logs: &Logs) -> Result<Flow> {
        let steps = self.steps_done;
        let spent = self.epoch.elapsed();
        match self.verbose {
            Verbose::Silent => {}
            Verbose::Bar => {
                let line = bar_line(steps, Some(run.steps().unwrap_or(steps).min(steps)), spent, logs);
                if self.is_terminal {
                    self.redraw(&line)?;
                    self.write("\n")?;
                } else {
                    self.write(&format!("{line}\n"))?;
                }
            }
            Verbose::Line => {
                let each = step_time(spent, steps);
                let line = format!("{steps}/{steps} - {}s - {each} - {logs}\n", spent.as_secs());
                self.write(&line)?;
            }
        }
        Ok(Flow::Continue)
    }
}

/// `471/471 ━━━━━━━━━━━━━━━━━━━━ 49s 104ms/step - loss: 0.6647`; while running the time left stands in place of the time spent.
fn bar_line(done: usize, steps: Option<usize>, spent: Duration, logs: &Logs) -> String {
    let each = step_time(spent, done);
    let (count, time) = match steps {
        Some(steps) => {
            let filled = (BAR * done).checked_div(steps).map_or(BAR, |filled| filled.min(BAR));
            let bar = "━".repeat(filled) + &"─".repeat(BAR - filled);
            let width = steps.to_string().len();
            let time = if done < steps && done > 0 {
                duration(spent.mul_f64((steps - done) as f64 / done as f64))
            } else {
                duration(spent)
            };
            (format!("{done:>width$}/{steps} {bar}"), time)
        }
        None => (format!("{done}/Unknown"), duration(spent)),
    };
    let dash = if logs.is_empty() { "" } else { " - " };
    format!("{count} {time} {each}{dash}{logs}")
}

/// `49s`, `1:07`, `2:00:05`.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }
}

/// The time of a step in the unit that suits it: `104ms/step`.
fn step_time(spent: Duration, steps: usize) -> String {
    let each = spent.as_secs_f64() / steps.max(1) as f64;
    if each >= 1.0 || each == 0.0 {
        format!("{each:.0}s/step")
    } else if each >= 1e-3 {
        format!("{:.0}ms/step", each * 1e3)
    } else {
        format!("{:.0}us/step", each * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct FakeRun;

    impl Run for FakeRun {
        fn epochs(&self) -> usize {
            2
        }
        fn steps(&self) -> Option<usize> {
            Some(4)
        }
        fn learning_rate(&self) -> Option<f64> {
            None
        }
        fn set_learning_rate(&mut self, _learning_rate: f64) -> Result<()> {
            Ok(())
        }
    }

    fn logs() -> Logs {
        let mut logs = Logs::new();
        logs.set("loss", 0.5);
        logs.set("val_loss", 0.75);
        logs
    }

    #[test]
    fn the_line_has_the_form_of_keras() {
        assert_eq!(
            bar_line(471, Some(471), Duration::from_secs(49), &logs()),
            "471/471 ━━━━━━━━━━━━━━━━━━━━ 49s 104ms/step - loss: 0.5000 - val_loss: 0.7500"
        );
        assert_eq!(
            bar_line(5, Some(10), Duration::from_secs(70), &Logs::new()),
            " 5/10 ━━━━━━━━━━────────── 1:10 14s/step"
        );
        assert_eq!(bar_line(3, None, Duration::from_micros(90), &Logs::new()), "3/Unknown 0s 30us/step");
        assert_eq!(duration(Duration::from_secs(7205)), "2:00:05");
    }

    #[test]
    fn off_a_terminal_an_epoch_is_two_clean_lines() {
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, Verbose::Bar, false);
        progress.on_epoch_begin(&mut FakeRun, 0).unwrap();
        for step in 0..4 {
            progress.on_batch_end(&mut FakeRun, step, &|| Ok(logs())).unwrap();
        }
        progress.on_epoch_end(&mut FakeRun, 0, &logs()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0], "Epoch 1/2");
        assert!(lines[1].starts_with("4/4 ━━━━━━━━━━━━━━━━━━━━ 0s "), "{text}");
        assert!(!text.contains('\r'), "{text}");
    }

    #[test]
    fn silence_is_silent() {
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, Verbose::Silent, true);
        progress.on_epoch_begin(&mut FakeRun, 0).unwrap();
        progress.on_batch_end(&mut FakeRun, 0, &|| Ok(logs())).unwrap();
        progress.on_epoch_end(&mut FakeRun, 0, &logs()).unwrap();
        assert!(out.is_empty());
    }
}
