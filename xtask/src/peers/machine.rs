//! Who used the processors: Linux tells in /proc; elsewhere the question stays open.

use std::fs;
use std::time::Instant;

/// Length of a tick in which /proc counts, on every Linux that matters.
const TICK: f64 = 0.01;

/// Seconds of processors used since some moment: by everybody, by one process, and how long that was.
pub struct Watch {
    process: u32,
    start: Instant,
    everybody: Option<f64>,
    own: Option<f64>,
}

/// What a span of time was filled with, in seconds of processors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    pub available: f64,
    pub others: f64,
}

impl Watch {
    pub fn start(process: u32) -> Self {
        Self { process, start: Instant::now(), everybody: everybody(), own: own(process) }
    }

    /// What others than the process used since; `None` where the system does not tell.
    pub fn stop(self) -> Option<Use> {
        let all = everybody()? - self.everybody?;
        let own = own(self.process)? - self.own?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Some(Use { available: self.start.elapsed().as_secs_f64() * cores as f64, others: (all - own).max(0.0) })
    }
}

impl Use {
    pub fn add(&mut self, more: Self) {
        self.available += more.available;
        self.others += more.others;
    }

    /// The share of the others, in percent.
    pub fn others_pct(self) -> f64 {
        if self.available > 0.0 { 100.0 * self.others / self.available } else { 0.0 }
    }
}

/// Busy time of all processors, and time that a hypervisor took from them.
fn everybody() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<f64> =
        text.lines().next()?.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, idle, waiting for disks, interrupts (hard, soft), stolen
    Some((ticks.get(..3)?.iter().sum::<f64>() + ticks.get(5..8)?.iter().sum::<f64>()) * TICK)
}

/// User and system time of a process, all its threads.
fn own(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) * TICK)
}

/// The processor's name.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_work_is_not_that_of_others() {
        if everybody().is_none() {
            return; // not Linux
        }
        let watch = Watch::start(std::process::id());
        let start = Instant::now();
        let mut state = 1u64;
        while start.elapsed().as_secs_f64() < 0.2 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        }
        assert_ne!(state, 1);
        let used = watch.stop().unwrap();
        let cores = std::thread::available_parallelism().unwrap().get() as f64;
        assert!((0.2 * cores..10.0 * cores).contains(&used.available), "{used:?}");
        // This thread filled one processor, so the others had at most the rest (and a few ticks of rounding).
        assert!(used.others <= used.available - 0.2 + 0.05, "{used:?}");
    }

    #[test]
    fn a_process_that_is_gone_has_no_time() {
        assert!(own(u32::MAX).is_none());
    }

    #[test]
    fn shares_add_up() {
        let mut sum = Use { available: 1.0, others: 0.2 };
        sum.add(Use { available: 3.0, others: 0.2 });
        assert!((sum.others_pct() - 10.0).abs() < 1e-9);
        assert_eq!(Use::default().others_pct(), 0.0);
    }
}
