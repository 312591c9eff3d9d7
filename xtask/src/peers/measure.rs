//! One workload: results compared, then theirs and ours in turns.

use std::time::Duration;

use anyhow::{Context, Result};

use super::machine::{Use, Watch};
use super::results::{Comparison, Results};
use super::side::Side;

/// How long a pool may go on spinning after its work; nobody else is timed meanwhile.
const SETTLE: Duration = Duration::from_millis(10);
/// How often a comparison is repeated that others disturbed.
const TRIES: usize = 3;
/// Results may differ by this much, relative to ours: sums in another order, and one place for an epsilon or another.
const TOLERANCE: f64 = 5e-3;

/// How a comparison is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub rounds: usize,
    pub seconds: f64,
    pub most_others: f64,
}

/// Compares everybody who knows the workload with us. A peer that fails is reported and left out.
pub fn compare(workload: &str, ours: &mut Side, peers: &mut [Side], plan: Plan, results: &mut Results) -> Result<()> {
    if !peers.iter().any(|peer| peer.workloads().iter().any(|known| known == workload)) {
        println!("\n{workload}: nobody to compare with");
        return Ok(());
    }
    println!("\n{workload}");
    let value = ours.check(workload).with_context(|| format!("crisol on {workload}"))?;
    let iterations = calibrate(ours, workload, plan.seconds).with_context(|| format!("crisol on {workload}"))?;
    for peer in peers.iter_mut().filter(|peer| peer.workloads().iter().any(|known| known == workload)) {
        match against(workload, (ours, iterations, value), peer, plan) {
            Ok(comparison) => {
                println!("  {}", comparison.line());
                results.add(comparison);
            }
            Err(error) => println!("  {:<18} failed: {error:#}", peer.name()),
        }
    }
    Ok(())
}

fn against(workload: &str, ours: (&mut Side, usize, f64), peer: &mut Side, plan: Plan) -> Result<Comparison> {
    let (ours, our_iterations, our_value) = ours;
    let their_value = peer.check(workload)?;
    let their_iterations = calibrate(peer, workload, plan.seconds)?;
    let mut best: Option<Comparison> = None;
    for _ in 0..TRIES {
        let mut used = Use::default();
        let mut turns = Vec::new();
        for _ in 0..plan.rounds {
            let theirs = timed(peer, workload, their_iterations, &mut used)?;
            turns.push((timed(ours, workload, our_iterations, &mut used)?, theirs));
        }
        let comparison = Comparison {
            workload: workload.to_owned(),
            peer: peer.name().to_owned(),
            version: peer.version().to_owned(),
            ours_ms: median(turns.iter().map(|turn| turn.0)),
            theirs_ms: median(turns.iter().map(|turn| turn.1)),
            ratio: median(turns.iter().map(|(ours, theirs)| theirs / ours)),
            ours_spread_pct: spread(turns.iter().map(|turn| turn.0)),
            theirs_spread_pct: spread(turns.iter().map(|turn| turn.1)),
            rounds: plan.rounds,
            others_pct: used.others_pct(),
            agrees: agree(our_value, their_value),
            ours_value: our_value,
            theirs_value: their_value,
            disturbed: used.others_pct() > plan.most_others,
        };
        let quieter = best.as_ref().is_none_or(|best| comparison.others_pct < best.others_pct);
        let clean = !comparison.disturbed;
        if quieter {
            best = Some(comparison);
        }
        if clean {
            break;
        }
    }
    best.context("no round was run")
}

/// One turn, in milliseconds an iteration.
fn timed(side: &mut Side, workload: &str, iterations: usize, used: &mut Use) -> Result<f64> {
    std::thread::sleep(SETTLE);
    let watch = Watch::start(side.process());
    let run = side.run(workload, iterations)?;
    if let Some(more) = watch.stop() {
        used.add(more);
    }
    Ok(run.milliseconds())
}

/// Warms up, and says how many iterations fill a turn.
fn calibrate(side: &mut Side, workload: &str, seconds: f64) -> Result<usize> {
    side.run(workload, 2)?;
    let mut iterations = 1;
    loop {
        let run = side.run(workload, iterations)?;
        let fitting = (seconds / run.seconds.max(1e-9) * run.iterations as f64).ceil().max(1.0);
        // A first run may be slow for other reasons: a factor of ten at a time, until the estimate rests on a fair part of it.
        if run.seconds > seconds / 4.0 || fitting <= run.iterations as f64 {
            return Ok(fitting as usize);
        }
        iterations = (fitting as usize).min(run.iterations * 10);
    }
}

fn agree(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= TOLERANCE * ours.abs()
}

/// The middle value; the mean of the two in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Half the distance between the quartiles, in percent of the median.
pub fn spread(values: impl Iterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    if sorted.len() < 2 {
        return 0.0;
    }
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    50.0 * (at(0.75) - at(0.25)) / at(0.5)
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median(std::iter::empty()).is_nan());
        // Quartiles 2 and 4 around 3: one to either side is a third.
        assert!((spread([1.0, 2.0, 3.0, 4.0, 5.0].into_iter()) - 100.0 / 3.0).abs() < 1e-9);
        assert_eq!(spread([7.0].into_iter()), 0.0);
    }

    #[test]
    fn agreement_is_relative_and_never_with_nan() {
        assert!(agree(2.0369, 2.0389) && agree(-1e-6, -1.004e-6));
        assert!(!agree(1.0, 1.01) && !agree(f64::NAN, f64::NAN) && !agree(1.0, f64::NAN));
    }
}
