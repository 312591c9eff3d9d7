//! The text of a progress line, in the forms of Keras 3 and Keras 2.

use crate::logs::Logs;
use crate::progress::Verbose;
use std::time::Duration;

/// The bar's characters in Keras 3 and Keras 2.
const WIDTH: usize = 20;
const CLASSIC_WIDTH: usize = 30;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    pub(crate) done: usize,
    pub(crate) steps: Option<usize>,
    pub(crate) is_last: bool,
}

/// What the time of a step follows from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) spent: Duration,
    /// Since the first step, which takes longer than the others.
    pub(crate) after_first: Option<Duration>,
}

impl Bar {
    /// `471/471 ━━━━━━━━━━━━━━━━━━━━ 49s 104ms/step - loss: 0.6647`; while running the time left stands in place of the time spent.
    pub(crate) fn line(&self, verbose: Verbose, times: &Times, logs: &Logs) -> String {
        let each = times.step(self.done);
        let count = self.steps.map(|steps| format!("{:>width$}/{steps}", self.done, width = steps.to_string().len()));
        let left = self.steps.filter(|_| !self.is_last).map(|steps| each * steps.saturating_sub(self.done) as f64);
        let spent = format!("{:.0}s", times.spent.as_secs_f64());
        let dash = if logs.is_empty() { "" } else { " - " };
        match (verbose, count, left) {
            (Verbose::Line, count, _) => {
                let count = count.unwrap_or_else(|| self.done.to_string());
                format!("{count} - {spent} - {}{dash}{logs}", step_time(each))
            }
            (Verbose::Classic, Some(count), Some(left)) => {
                format!("{count} [{}] - ETA: {}{dash}{logs}", self.classic(), duration(left))
            }
            (Verbose::Classic, count, _) => {
                let count = count.map(|count| format!("{count} [{}]", self.classic()));
                let count = count.unwrap_or_else(|| format!("{:>7}/Unknown", self.done));
                format!("{count} - {spent} {}{dash}{logs}", step_time(each))
            }
            (_, Some(count), left) => {
                let time = left.map_or(spent, duration);
                format!("{count} {} {time} {}{dash}{logs}", "━".repeat(WIDTH), step_time(each))
            }
            (_, None, _) => format!("{:>7}/Unknown {spent} {}{dash}{logs}", self.done, step_time(each)),
        }
    }

    /// The line of Keras 3 in its colours: what is done is green, the rest white, numbers of steps and seconds bold.
    pub(crate) fn coloured(&self, line: &str) -> String {
        let line = line.trim_start();
        let Some(steps) = self.steps else {
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().unwrap_or_default();
            let (count, time, rest) = (part(), part(), part());
            return format!("{count:>15} \u{1b}[1m{time}\u{1b}[0m {rest}");
        };
        let mut parts = line.splitn(4, ' ').skip(2);
        let mut part = || parts.next().unwrap_or_default();
        let (time, rest) = (part(), part());
        let count = format!("{:>width$}/{steps}", self.done, width = steps.to_string().len());
        let filled = self.filled(WIDTH);
        let done = if filled > 0 { format!("\u{1b}[32m{}\u{1b}[0m", "━".repeat(filled)) } else { String::new() };
        let left = "━".repeat(WIDTH - filled);
        format!("\u{1b}[1m{count}\u{1b}[0m {done}\u{1b}[37m{left}\u{1b}[0m \u{1b}[1m{time}\u{1b}[0m {rest}")
    }

    fn filled(&self, width: usize) -> usize {
        let steps = self.steps.unwrap_or(self.done);
        (width * self.done).checked_div(steps).map_or(width, |filled| filled.min(width))
    }

    /// `=====>......`
    fn classic(&self) -> String {
        let filled = self.filled(CLASSIC_WIDTH);
        let head = if filled == 0 {
            ""
        } else if self.steps.is_some_and(|steps| self.done < steps) {
            ">"
        } else {
            "="
        };
        format!("{}{head}{}", "=".repeat(filled.saturating_sub(1)), ".".repeat(CLASSIC_WIDTH - filled))
    }
}

impl Times {
    /// Seconds a step.
    fn step(&self, done: usize) -> f64 {
        match self.after_first {
            Some(after_first) if done > 1 => after_first.as_secs_f64() / (done - 1) as f64,
            _ => self.spent.as_secs_f64() / done.max(1) as f64,
        }
    }
}

/// `49s`, `1:07`, `2:00:05`.
fn duration(time: f64) -> String {
    let seconds = time as u64;
    if time > 3600.0 {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
    } else if time > 60.0 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{seconds}s")
    }
}

/// The time of a step in the unit that suits it: `104ms/step`.
fn step_time(each: f64) -> String {
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

    /// Every line that `tools/goldens/progress.py` had Keras 3 and tf-keras 2 print, with their clocks stopped.
    #[test]
    fn lines_are_those_of_keras() {
        let golden = include_str!("../tests/goldens/progress.txt");
        let mut checked = 0;
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let (head, expected) = line.split_once('|').unwrap();
            let fields: Vec<&str> = head.split_whitespace().collect();
            let [style, target, done, last, first, now, values @ ..] = fields.as_slice() else { panic!("{line}") };
            let mut logs = Logs::new();
            for value in values {
                let (name, number) = value.split_once('=').unwrap();
                logs.set(name, number.parse().unwrap());
            }
            let (first, now): (f64, f64) = (first.parse().unwrap(), now.parse().unwrap());
            let done: usize = done.parse().unwrap();
            let times = Times {
                spent: Duration::from_secs_f64(now),
                after_first: (done > 1).then(|| Duration::from_secs_f64(now - first)),
            };
            let bar = Bar { done, steps: target.parse().ok(), is_last: *last == "1" };
            let verbose = match *style {
                "classic" => Verbose::Classic,
                "line" => Verbose::Line,
                _ => Verbose::Bar,
            };
            let plain = bar.line(verbose, &times, &logs);
            let shown = if *style == "bar" { bar.coloured(&plain) } else { plain };
            assert_eq!(shown.replace('\u{1b}', "^"), expected, "{head}");
            checked += 1;
        }
        assert!(checked >= 20);
    }
}
