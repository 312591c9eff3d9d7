//! Keras' progress line.

use crate::bar::{Bar, Times};
use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::{Error, ErrorKind, Result};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line is drawn anew.
const REDRAW: Duration = Duration::from_millis(100);

/// How much is shown: Keras' `verbose`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbose {
    /// Nothing: 0.
    Silent,
    /// A bar that moves on a terminal; elsewhere its last state, a line an epoch: 1.
    #[default]
    Bar,
    /// A line an epoch: 2.
    Line,
    /// The bar as Keras 2 draws it: `[=====>....]`.
    Classic,
}

/// Keras' numbers: 0 is silent, 1 a bar, any other a line an epoch.
impl From<usize> for Verbose {
    fn from(verbose: usize) -> Verbose {
        match verbose {
            0 => Verbose::Silent,
            1 => Verbose::Bar,
            _ => Verbose::Line,
        }
    }
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
    in_training: bool,
    begin: Instant,
    after_first: Option<Instant>,
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
        Progress {
            out,
            verbose,
            is_terminal,
            in_training: false,
            begin: Instant::now(),
            after_first: None,
            drawn: None,
            steps_done: 0,
            width: 0,
        }
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

    fn start(&mut self) {
        self.begin = Instant::now();
        (self.after_first, self.drawn) = (None, None);
        (self.steps_done, self.width) = (0, 0);
    }

    fn times(&self, now: Instant) -> Times {
        Times {
            spent: now - self.begin,
            after_first: self.after_first.filter(|_| self.steps_done > 1).map(|first| now - first),
        }
    }

    /// A step is done: the line moves, if it is time.
    fn step(&mut self, run: &dyn Run, step: usize, has_logs: bool) -> Result<()> {
        self.steps_done = step + 1;
        if self.verbose == Verbose::Silent || (step > 0 && !self.is_terminal) {
            return Ok(());
        }
        let now = Instant::now();
        if step == 0 {
            self.after_first = Some(now);
        }
        let is_bar = matches!(self.verbose, Verbose::Bar | Verbose::Classic);
        if !is_bar || !self.is_terminal || self.drawn.is_some_and(|drawn| now - drawn < REDRAW) {
            return Ok(());
        }
        self.drawn = Some(now);
        let logs = if has_logs { run.logs()? } else { Logs::new() };
        let bar = Bar { done: self.steps_done, steps: run.steps(), is_last: false };
        self.draw(&bar, now, &logs)
    }

    fn draw(&mut self, bar: &Bar, now: Instant, logs: &Logs) -> Result<()> {
        let line = bar.line(self.verbose, &self.times(now), logs);
        if !self.is_terminal {
            return self.write(&format!("{line}\n"));
        }
        let columns = line.chars().count();
        let blank = " ".repeat(self.width.saturating_sub(columns));
        self.width = columns;
        let coloured = if self.verbose == Verbose::Bar { bar.coloured(&line) } else { line };
        let end = if bar.is_last { "\n" } else { "" };
        self.write(&format!("\r{coloured}{blank}{end}"))
    }

    fn finish(&mut self, run: &dyn Run, logs: &Logs) -> Result<()> {
        if self.verbose == Verbose::Silent {
            return Ok(());
        }
        let steps = self.steps_done;
        let all = run.steps().unwrap_or(steps).min(steps);
        self.draw(&Bar { done: steps, steps: Some(all), is_last: true }, Instant::now(), logs)
    }
}

impl<W: Write> Callback for Progress<W> {
    fn on_train_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        self.in_training = true;
        Ok(())
    }

    fn on_epoch_begin(&mut self, run: &mut dyn Run, epoch: usize) -> Result<()> {
        self.start();
        match self.verbose {
            Verbose::Silent => Ok(()),
            // As Keras: a single epoch has no number.
            _ if run.epochs() <= 1 => Ok(()),
            _ => self.write(&format!("Epoch {}/{}\n", epoch + 1, run.epochs())),
        }
    }

    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        self.step(run, step, true)?;
        Ok(Flow::Continue)
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, _epoch: usize, logs: &mut Logs) -> Result<Flow> {
        self.finish(run, logs)?;
        Ok(Flow::Continue)
    }

    fn on_test_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        // Validation is silent.
        if !self.in_training {
            self.start();
        }
        Ok(())
    }

    fn on_test_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        if self.in_training { Ok(()) } else { self.step(run, step, true) }
    }

    fn on_test_end(&mut self, run: &mut dyn Run, logs: &Logs) -> Result<()> {
        if self.in_training { Ok(()) } else { self.finish(run, logs) }
    }

    fn on_predict_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        self.start();
        Ok(())
    }

    fn on_predict_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        self.step(run, step, false)
    }

    fn on_predict_end(&mut self, run: &mut dyn Run) -> Result<()> {
        self.finish(run, &Logs::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::ScriptedRun;

    fn shown(verbose: Verbose, is_terminal: bool, epochs: usize) -> String {
        let mut run = ScriptedRun::new(epochs);
        run.steps = Some(4);
        run.logs.set("loss", 0.5);
        let mut progress = Progress::new(Vec::new(), verbose, is_terminal);
        progress.on_train_begin(&mut run).unwrap();
        progress.on_epoch_begin(&mut run, 0).unwrap();
        for step in 0..4 {
            progress.on_train_batch_end(&mut run, step).unwrap();
        }
        let mut logs = run.logs.clone();
        logs.set("val_loss", 0.75);
        progress.on_epoch_end(&mut run, 0, &mut logs).unwrap();
        String::from_utf8(progress.out).unwrap()
    }

    #[test]
    fn off_a_terminal_an_epoch_is_one_clean_line() {
        let text = shown(Verbose::Bar, false, 2);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "Epoch 1/2");
        assert!(lines[1].starts_with("4/4 ━━━━━━━━━━━━━━━━━━━━ 0s "), "{text}");
        assert!(lines[1].ends_with("/step - loss: 0.5000 - val_loss: 0.7500"), "{text}");
        assert!(!text.contains('\r') && !text.contains('\u{8}') && !text.contains('\u{1b}'));
        assert!(!shown(Verbose::Bar, false, 1).contains("Epoch"));
    }

    #[test]
    fn other_forms() {
        assert_eq!(shown(Verbose::Silent, true, 2), "");
        let text = shown(Verbose::Line, true, 2);
        assert!(text.starts_with("Epoch 1/2\n") && text.lines().count() == 2, "{text}");
        let text = shown(Verbose::Bar, true, 2);
        assert!(text.contains("\r\u{1b}[1m1/4\u{1b}[0m") && text.ends_with("val_loss: 0.7500\n"), "{text:?}");
        let text = shown(Verbose::Classic, false, 2);
        assert!(text.contains("4/4 [==============================] - 0s "), "{text}");
    }
}
