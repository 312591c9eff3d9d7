//! Contestants that take turns, and the table of what came of it.

use crate::cases::Case;
use crate::limits;
use crisol::Result;
use crisol_kernels::with_threads;
use std::time::{Duration, Instant};

/// How long to measure, told by the command line that criterion reads too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// For all contestants of a comparison together.
    pub time: Duration,
    /// Turns that a median is taken of, at least and at most.
    pub turns: [usize; 2],
    /// How long a turn is at least, unless it is a single run.
    turn: Duration,
}

impl Effort {
    /// `--test`, and no `--bench`, as `cargo test --benches` leaves it out: once each, to see that it runs. `--quick`: a tenth.
    pub fn from_arguments() -> Effort {
        let given = |name: &str| std::env::args().any(|argument| argument == name);
        if given("--test") || !given("--bench") {
            return Effort { time: Duration::ZERO, turns: [1, 1], turn: Duration::ZERO };
        }
        let quick = given("--quick");
        Effort {
            time: Duration::from_millis(if quick { 60 } else { 600 }),
            turns: if quick { [3, 101] } else { [7, 501] },
            turn: Duration::from_millis(2),
        }
    }

    /// Whether everything runs only once.
    pub fn is_test(self) -> bool {
        self.turns[1] == 1
    }

    /// Seconds that each contestant takes: medians, while they take turns. Every turn begins with a run that is not timed, which
    /// brings what the contestant uses back to the caches.
    pub fn compare(self, contestants: &mut [&mut dyn FnMut()]) -> Vec<f64> {
        let mut repeats = Vec::new();
        for contestant in contestants.iter_mut() {
            contestant();
            let start = Instant::now();
            contestant();
            let once = start.elapsed().as_secs_f64().max(1e-9);
            repeats.push((self.turn.as_secs_f64() / once).ceil().max(1.0) as usize);
        }
        let mut seconds = vec![Vec::new(); contestants.len()];
        let start = Instant::now();
        for turn in 0..self.turns[1] {
            if turn >= self.turns[0] && start.elapsed() > self.time {
                break;
            }
            for (contestant, (seconds, &repeats)) in contestants.iter_mut().zip(seconds.iter_mut().zip(&repeats)) {
                contestant();
                let start = Instant::now();
                for _ in 0..repeats {
                    contestant();
                }
                seconds.push(start.elapsed().as_secs_f64() / repeats as f64);
            }
        }
        seconds
            .into_iter()
            .map(|mut seconds| {
                seconds.sort_by(f64::total_cmp);
                seconds[seconds.len() / 2]
            })
            .collect()
    }
}

/// Prints a line for every case whose name has the wanted text in it: crisol, the loop by hand, and what the machine can do at best,
/// which is the longer of moving the bytes and of its products and divisions at the rate of multiply-adds.
///
/// # Errors
/// What crisol says.
pub fn table(title: &str, cases: Vec<Case>, effort: Effort) -> Result<()> {
    let wanted = std::env::var("CRISOL_BENCH").unwrap_or_default();
    let peaks = [1, 2].map(limits::multiply_adds);
    println!(
        "{title}: ns an element; multiply-adds in registers, 1 and 2 threads: {:.0} and {:.0} GFLOP/s",
        peaks[0], peaks[1]
    );
    println!(
        "{:<42}{:>9}{:>9}{:>9}{:>9}{:>12}{:>10}",
        "", "crisol", "by hand", "moving", "at peak", "of by hand", "of limit"
    );
    for mut case in cases {
        if wanted != "all" && !case.name.contains(&wanted) {
            continue;
        }
        (case.crisol)()?;
        let threads = case.threads;
        let Case { crisol, by_hand, moving, outs, moved, .. } = &mut case;
        let mut outcome = Ok(());
        let seconds = with_threads(threads, || {
            effort.compare(&mut [
                // A run that fails is a fast one: it must not count.
                &mut || {
                    if outcome.is_ok() {
                        outcome = crisol().map(drop);
                    }
                },
                &mut || by_hand(outs),
                &mut || moving(moved),
            ])
        });
        outcome?;
        let [crisol, by_hand, moving] = [0, 1, 2].map(|at| 1e9 * seconds[at] / case.elements as f64);
        // A multiply-add counts as two.
        let computing = case.operations as f64 / (peaks[threads - 1] / 2.0);
        println!(
            "{:<42}{crisol:>9.3}{by_hand:>9.3}{moving:>9.3}{computing:>9.3}{:>11.2}x{:>9.2}x",
            case.name,
            crisol / by_hand,
            crisol / moving.max(computing)
        );
    }
    Ok(())
}
