//! The stated bounds of the transcendental functions against double precision, and what they do at the ends.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_ir::DType;
use crisol_ir::kernel::math::{self, *};
use crisol_ir::kernel::{Access, Builder, Kernel, Register, Role};

fn kernel(function: impl FnOnce(&mut Builder, Register) -> Register) -> Kernel {
    let mut builder = Builder::new();
    let x = builder.input(DType::F32, Access::Contiguous);
    let x = builder.load(x);
    let y = function(&mut builder, x);
    builder.output(y, DType::F32, Role::Store(Access::Contiguous));
    let kernel = builder.finish();
    kernel.verify().unwrap();
    kernel
}

fn at(kernel: &Kernel, x: f32) -> f32 {
    f32::from_bits(kernel.evaluate(&[u64::from(x.to_bits())], 0)[0] as u32)
}

/// Units in the last place between a result and the true value, which is normal.
fn ulps(result: f32, truth: f64) -> f64 {
    let unit = 2f64.powi((truth.abs().log2().floor() as i32).max(-126) - 23);
    (f64::from(result) - truth).abs() / unit
}

/// Numbers from `low` to `high`, evenly by value and, towards 0, by exponent.
fn samples(low: f32, high: f32) -> impl Iterator<Item = f32> {
    let even = (0..=200_000).map(move |i| low + (high - low) * (i as f32 / 200_000.0));
    let small = (0..100_000u32).flat_map(|i| {
        let x = f32::from_bits(0x0080_0000 + i * 10_007);
        [x, -x]
    });
    even.chain(small).filter(move |x| (low..=high).contains(x))
}

fn check(kernel: &Kernel, low: f32, high: f32, truth: fn(f64) -> f64, bound: f64) {
    let mut worst = (0.0, 0.0);
    for x in samples(low, high) {
        let expected = truth(f64::from(x));
        if expected.abs() >= f64::from(f32::MIN_POSITIVE) && expected.abs() <= f64::from(f32::MAX) {
            let error = ulps(at(kernel, x), expected);
            assert!(!error.is_nan(), "NaN at {x}");
            if error > worst.0 {
                worst = (error, x);
            }
        }
    }
    println!("worst {worst:?} of {bound}");
    assert!(worst.0 <= bound, "{} ulps at {}", worst.0, worst.1);
    // A bound far above the truth would tell readers nothing.
    assert!(worst.0 >= bound / 3.0, "only {} ulps at {}", worst.0, worst.1);
}

#[test]
fn exp_is_within_its_bound_and_right_at_the_ends() {
    let exp = kernel(math::exp);
    check(&exp, -87.3, 88.72, f64::exp, EXP_ULPS);
    assert_eq!(at(&exp, 0.0), 1.0);
    assert_eq!(at(&exp, f32::NEG_INFINITY), 0.0);
    assert_eq!(at(&exp, -87.4), 0.0);
    assert_eq!(at(&exp, f32::MIN), 0.0);
    assert_eq!(at(&exp, f32::INFINITY), f32::INFINITY);
    assert_eq!(at(&exp, 88.73), f32::INFINITY);
    assert_eq!(at(&exp, f32::MAX), f32::INFINITY);
    let (smallest, largest) = (f32::from_bits(0xc2ae_ac4f), f32::from_bits(0x42b1_7217));
    assert!(at(&exp, smallest).is_normal() && at(&exp, smallest.next_down()) == 0.0);
    assert!(at(&exp, largest).is_finite() && at(&exp, largest.next_up()).is_infinite());
    for payload in [0x7fc0_0000, 0x7fc0_0001, 0xffc0_0001, 0x7fff_ffff] {
        assert!(at(&exp, f32::from_bits(payload)).is_nan());
    }
}

#[test]
fn log_is_within_its_bound_and_right_at_the_ends() {
    let log = kernel(math::log);
    check(&log, f32::MIN_POSITIVE, 20.0, f64::ln, LOG_ULPS);
    assert_eq!(at(&log, 1.0), 0.0);
    assert!(ulps(at(&log, f32::MAX), f64::from(f32::MAX).ln()) <= LOG_ULPS);
    for zero in [0.0, -0.0, 1e-40, -1e-40] {
        assert_eq!(at(&log, zero), f32::NEG_INFINITY);
    }
    assert_eq!(at(&log, f32::INFINITY), f32::INFINITY);
    for wrong in [-1.0, -f32::MIN_POSITIVE, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
        assert!(at(&log, wrong).is_nan(), "{wrong}");
    }
}

#[test]
fn tanh_is_within_its_bound_and_right_at_the_ends() {
    let tanh = kernel(math::tanh);
    check(&tanh, -10.0, 10.0, f64::tanh, TANH_ULPS);
    assert_eq!(at(&tanh, 0.0).to_bits(), 0);
    assert_eq!(at(&tanh, -0.0).to_bits(), 0x8000_0000);
    assert_eq!(at(&tanh, 20.0), 1.0);
    assert_eq!(at(&tanh, f32::INFINITY), 1.0);
    assert_eq!(at(&tanh, f32::NEG_INFINITY), -1.0);
    for payload in [0x7fc0_0000, 0x7fc0_0001, 0xffff_ffff] {
        assert!(at(&tanh, f32::from_bits(payload)).is_nan());
    }
}

#[test]
fn sigmoid_is_within_its_bound_in_both_tails() {
    let sigmoid = kernel(math::sigmoid);
    check(&sigmoid, -87.0, 20.0, |x| 1.0 / (1.0 + (-x).exp()), SIGMOID_ULPS);
    assert_eq!(at(&sigmoid, f32::NEG_INFINITY), 0.0);
    assert_eq!(at(&sigmoid, f32::INFINITY), 1.0);
    assert!(at(&sigmoid, f32::NAN).is_nan());
}

#[test]
fn turns_are_within_their_bound_and_exact_at_quarters() {
    let sine = kernel(|builder, u| sine_cosine_of_turn(builder, u).0);
    let cosine = kernel(|builder, u| sine_cosine_of_turn(builder, u).1);
    // Multiples of 2^-24 as random numbers are, so that f64 tells the truth near the zeros.
    for u in (0..1 << 24).step_by(97).chain([1 << 22, 1 << 23, 3 << 22, (1 << 22) + 1, (1 << 23) - 1]) {
        let u = u as f32 / 16_777_216.0;
        // The nearest quarter comes off before pi comes in, which f64 could not undo near a zero.
        let quarter = (f64::from(u) * 4.0).round();
        let (s, c) = (std::f64::consts::TAU * (f64::from(u) - quarter / 4.0)).sin_cos();
        let (true_sine, true_cosine) = [(s, c), (c, -s), (-s, -c), (-c, s)][quarter as usize % 4];
        for (result, truth) in [(at(&sine, u), true_sine), (at(&cosine, u), true_cosine)] {
            if truth == 0.0 {
                assert_eq!(result, 0.0);
            } else {
                assert!(ulps(result, truth) <= TURN_ULPS, "{result} against {truth} at {u}");
            }
        }
    }
    assert_eq!([0.0, 0.25, 0.5, 0.75].map(|u| at(&cosine, u)), [1.0, 0.0, -1.0, 0.0]);
}

#[test]
fn philox_gives_the_known_answers() {
    let mut builder = Builder::new();
    let inputs = [0; 6].map(|_| builder.input(DType::I32, Access::Contiguous));
    let words = inputs.map(|input| builder.load(input));
    let [c0, c1, c2, c3, k0, k1] = words;
    for word in philox(&mut builder, [c0, c1, c2, c3], [k0, k1]) {
        builder.output(word, DType::I32, Role::Store(Access::Contiguous));
    }
    let kernel = builder.finish();
    kernel.verify().unwrap();
    assert_eq!(kernel.evaluate(&[0; 6], 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    let ones = [u64::from(u32::MAX); 6];
    assert_eq!(kernel.evaluate(&ones, 0), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344, 0xa409_3822, 0x299f_31d0];
    assert_eq!(kernel.evaluate(&pi, 0), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}
