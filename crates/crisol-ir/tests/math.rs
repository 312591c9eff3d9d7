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

#[test]
fn expm1_is_within_its_bound_and_right_at_the_ends() {
    let expm1 = kernel(math::expm1);
    check(&expm1, -20.0, 88.72, f64::exp_m1, EXPM1_ULPS);
    check(&expm1, -1.0, 1.0, f64::exp_m1, EXPM1_ULPS);
    for zero in [0.0f32, -0.0] {
        assert_eq!(at(&expm1, zero).to_bits(), zero.to_bits());
    }
    for small in [f32::NEG_INFINITY, f32::MIN, -100.0] {
        assert_eq!(at(&expm1, small), -1.0);
    }
    for large in [f32::INFINITY, f32::MAX, 88.73] {
        assert_eq!(at(&expm1, large), f32::INFINITY);
    }
    assert!(at(&expm1, 88.72).is_finite() && at(&expm1, f32::NAN).is_nan());
}

#[test]
fn log1p_is_within_its_bound_and_right_at_the_ends() {
    let log1p = kernel(math::log1p);
    check(&log1p, -0.999_999, 20.0, f64::ln_1p, LOG1P_ULPS);
    for x in samples(20.0, 1e9).chain([(-1.0f32).next_up(), 1.677_721_6e7, f32::MAX, f32::MAX / 2.0, f32::MAX / 1.4]) {
        assert!(ulps(at(&log1p, x), f64::from(x).ln_1p()) <= LOG1P_ULPS, "{x}");
    }
    for zero in [0.0f32, -0.0] {
        assert_eq!(at(&log1p, zero).to_bits(), zero.to_bits());
    }
    assert_eq!(at(&log1p, -1.0), f32::NEG_INFINITY);
    assert_eq!(at(&log1p, f32::INFINITY), f32::INFINITY);
    for wrong in [(-1.0f32).next_down(), f32::MIN, f32::NEG_INFINITY, f32::NAN] {
        assert!(at(&log1p, wrong).is_nan(), "{wrong}");
    }
}

#[test]
fn softplus_is_within_its_bound_in_both_tails() {
    let softplus = kernel(math::softplus);
    check(&softplus, -87.0, 90.0, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), SOFTPLUS_ULPS);
    assert_eq!(at(&softplus, f32::NEG_INFINITY), 0.0);
    assert_eq!(at(&softplus, f32::INFINITY), f32::INFINITY);
    assert!(at(&softplus, f32::NAN).is_nan());
}

#[test]
fn sin_and_cos_are_within_their_bounds_for_angles_of_any_size() {
    type Truth = fn(f64) -> f64;
    let (sin, cos) = (kernel(math::sin), kernel(math::cos));
    for (kernel, truth, bound) in [(&sin, f64::sin as Truth, SIN_ULPS), (&cos, f64::cos as Truth, COS_ULPS)] {
        check(kernel, -4.0, 4.0, truth, bound);
        check(kernel, -1e5, 1e5, truth, bound);
        // Around the multiples of a quarter turn, where nearly everything cancels, and far beyond what is written out.
        for n in 0..200_000u32 {
            let quarter = (f64::from(n) * std::f64::consts::FRAC_PI_2) as f32;
            let far = f32::from_bits(0x4780_0000 + n * 5_003);
            for x in [quarter.next_down(), quarter, quarter.next_up(), -quarter, far, -far] {
                let truth = truth(f64::from(x));
                if truth.abs() > 1e-30 {
                    assert!(ulps(at(kernel, x), truth) <= bound, "{x}: {} against {truth}", at(kernel, x));
                }
            }
        }
        for wrong in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
            assert!(at(kernel, wrong).is_nan());
        }
    }
    for zero in [0.0f32, -0.0] {
        assert_eq!(at(&sin, zero).to_bits(), zero.to_bits());
        assert_eq!(at(&cos, zero), 1.0);
    }
}

#[test]
fn erf_is_within_its_bound_and_right_at_the_ends() {
    let erf = kernel(math::erf);
    check(&erf, -5.0, 5.0, libm::erf, ERF_ULPS);
    check(&erf, 0.9, 1.0, libm::erf, ERF_ULPS);
    for zero in [0.0f32, -0.0] {
        assert_eq!(at(&erf, zero).to_bits(), zero.to_bits());
    }
    assert_eq!([f32::INFINITY, f32::MAX, f32::NEG_INFINITY].map(|x| at(&erf, x)), [1.0, 1.0, -1.0]);
    assert!(at(&erf, f32::NAN).is_nan());
}

#[test]
fn inverse_functions_of_angles_are_within_their_bounds() {
    let (atan, asin, acos) = (kernel(math::atan), kernel(math::asin), kernel(math::acos));
    check(&atan, -10.0, 10.0, f64::atan, ATAN_ULPS);
    for x in samples(-1e9, 1e9) {
        assert!(ulps(at(&atan, x), f64::from(x).atan()) <= ATAN_ULPS, "{x}");
    }
    check(&asin, -1.0, 1.0, f64::asin, ASIN_ULPS);
    check(&acos, -1.0, 1.0, f64::acos, ACOS_ULPS);
    check(&acos, 0.999, 1.0f32.next_down(), f64::acos, ACOS_ULPS);
    assert_eq!(at(&acos, 1.0), 0.0);
    assert_eq!(at(&atan, f32::INFINITY), std::f32::consts::FRAC_PI_2);
    for wrong in [1.0f32.next_up(), -2.0, f32::INFINITY, f32::NAN] {
        assert!(at(&asin, wrong).is_nan() && at(&acos, wrong).is_nan(), "{wrong}");
    }
    for zero in [0.0f32, -0.0] {
        assert_eq!(at(&atan, zero).to_bits(), zero.to_bits());
        assert_eq!(at(&asin, zero).to_bits(), zero.to_bits());
    }
}

fn kernel_of_two(function: impl FnOnce(&mut Builder, Register, Register) -> Register) -> Kernel {
    let mut builder = Builder::new();
    let inputs = [0; 2].map(|_| builder.input(DType::F32, Access::Contiguous));
    let [a, b] = inputs.map(|input| builder.load(input));
    let y = function(&mut builder, a, b);
    builder.output(y, DType::F32, Role::Store(Access::Contiguous));
    let kernel = builder.finish();
    kernel.verify().unwrap();
    kernel
}

fn at_two(kernel: &Kernel, a: f32, b: f32) -> f32 {
    f32::from_bits(kernel.evaluate(&[a, b].map(|x| u64::from(x.to_bits())), 0)[0] as u32)
}

/// Numbers of every sign and size, the special ones among them, against each other.
fn pairs() -> impl Iterator<Item = (f32, f32)> {
    let special = [
        0.0,
        1.0,
        1.0f32.next_up(),
        1.0f32.next_down(),
        0.5,
        2.0,
        3.0,
        2.5,
        16_777_216.0,
        16_777_215.0,
        1e30,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::INFINITY,
    ];
    let special: Vec<f32> = special.iter().flat_map(|&x| [x, -x]).chain([f32::NAN]).collect();
    let known = special.clone().into_iter().flat_map(move |a| special.clone().into_iter().map(move |b| (a, b)));
    let mut word = 1u32;
    let mut next = move || {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        word >> 8
    };
    let random = (0..400_000).map(move |i| {
        let unit = |word: u32| word as f32 / 16_777_216.0;
        match i % 4 {
            0 => (unit(next()) * 4.0, unit(next()) * 20.0 - 10.0),
            1 => (1.0 + (unit(next()) - 0.5) * 0.01, (unit(next()) - 0.5) * 20_000.0),
            2 => (f32::from_bits(0x0080_0000 + next() % 0x00ff_0000 * 128), unit(next()) * 6.0 - 3.0),
            _ => (unit(next()) * 20.0 - 10.0, (unit(next()) * 30.0 - 15.0).round()),
        }
    });
    known.chain(random)
}

/// Compares with the function in double precision, whose results below the smallest normal number count as 0.
fn check_two(kernel: &Kernel, truth: fn(f64, f64) -> f64, bound: f64) {
    let mut worst = (0.0, (0.0, 0.0));
    for (a, b) in pairs() {
        let (result, truth) = (at_two(kernel, a, b), truth(f64::from(a), f64::from(b)));
        if truth.is_nan() {
            assert!(result.is_nan(), "{a}, {b}: {result}");
        } else if truth.abs() < f64::from(f32::MIN_POSITIVE) * 0.999_999 {
            assert!(
                result == 0.0 || f64::from(result.abs()) < 2.0 * f64::from(f32::MIN_POSITIVE),
                "{a}, {b}: {result}"
            );
            assert_eq!(result.is_sign_negative(), truth.is_sign_negative(), "{a}, {b}: {result}");
        } else if truth.abs() > f64::from(f32::MAX) * 1.000_001 {
            assert_eq!(result, if truth > 0.0 { f32::INFINITY } else { f32::NEG_INFINITY }, "{a}, {b}");
        } else if f64::from(result) != truth && result.is_finite() {
            let error = ulps(result, truth);
            assert!(!error.is_nan(), "{a}, {b}: {result} against {truth}");
            if error > worst.0 {
                worst = (error, (a, b));
            }
        }
    }
    println!("worst {worst:?} of {bound}");
    assert!(worst.0 <= bound && worst.0 >= bound / 3.0, "{worst:?}");
}

#[test]
fn power_is_within_its_bound_and_does_what_c_says_at_the_ends() {
    check_two(&kernel_of_two(math::power), f64::powf, POWER_ULPS);
}

#[test]
fn atan2_is_within_its_bound_in_all_quadrants() {
    check_two(&kernel_of_two(math::atan2), f64::atan2, ATAN_ULPS);
}

/// The bits of every number of sixteen bits widened, and of numbers near each of them narrowed, against the library's conversions.
#[test]
fn halves_are_widened_exactly_and_narrowed_to_the_nearest() {
    type Wide = fn(u16) -> f32;
    type Narrow = fn(f32) -> u16;
    let half: (DType, Wide, Narrow) =
        (DType::F16, |bits| half::f16::from_bits(bits).to_f32(), |x| half::f16::from_f32(x).to_bits());
    let brain: (DType, Wide, Narrow) =
        (DType::BF16, |bits| half::bf16::from_bits(bits).to_f32(), |x| half::bf16::from_f32(x).to_bits());
    for (dtype, wide, narrow) in [half, brain] {
        let convert = |from: DType, to: DType| {
            let mut builder = Builder::new();
            let x = builder.input(from, Access::Contiguous);
            let x = builder.load(x);
            builder.output(x, to, Role::Store(Access::Contiguous));
            builder.finish()
        };
        let (widening, narrowing) = (convert(dtype, DType::F32), convert(DType::F32, dtype));
        for bits in 0..=u16::MAX {
            let found = f32::from_bits(widening.evaluate(&[u64::from(bits)], 0)[0] as u32);
            let truth = wide(bits);
            assert!(
                found.to_bits() == truth.to_bits() || (found.is_nan() && truth.is_nan()),
                "{dtype} {bits:#x}: {found}"
            );
            // The number itself, its neighbours in single precision, and the place halfway to the next one with its neighbours.
            let next = wide(bits.saturating_add(1));
            let middle = f32::midpoint(truth, next);
            for x in [truth, truth.next_up(), truth.next_down(), middle, middle.next_up(), middle.next_down()] {
                if x.is_subnormal() {
                    continue;
                }
                let found = narrowing.evaluate(&[u64::from(x.to_bits())], 0)[0] as u16;
                assert!(found == narrow(x) || (x.is_nan() && wide(found).is_nan()), "{dtype} {x:?}: {found:#x}");
            }
        }
        for x in [f32::MAX, f32::MIN, 65519.9, 65520.0, 65536.0, f32::INFINITY, f32::NEG_INFINITY, 1e-30, -0.0] {
            assert_eq!(narrowing.evaluate(&[u64::from(x.to_bits())], 0)[0] as u16, narrow(x), "{dtype} {x}");
        }
    }
}
