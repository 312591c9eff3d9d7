//! Pooling and its gradients against plain loops.

use crate::{Test, assert_near, noise, same_bits};
use crisol_kernels::{Pool2d, max_pool2d, max_pool2d_gather, max_pool2d_gradient, sum_pool2d, sum_pool2d_gradient};
use proptest::prelude::*;

/// The place in the input of every output's maximum: the first NaN, else the first largest.
fn places<T: Test>(geometry: &Pool2d, x: &[T]) -> Vec<usize> {
    let Pool2d { in_height, in_width, channels, window, stride, padding, .. } = *geometry;
    let mut places = Vec::new();
    for image in 0..geometry.batch {
        for row in 0..geometry.out_height() {
            for col in 0..geometry.out_width() {
                for channel in 0..channels {
                    let mut inside = Vec::new();
                    for i in 0..window[0] {
                        for j in 0..window[1] {
                            let y = (row * stride[0] + i).checked_sub(padding[0][0]).filter(|&y| y < in_height);
                            let x = (col * stride[1] + j).checked_sub(padding[1][0]).filter(|&x| x < in_width);
                            if let (Some(y), Some(x)) = (y, x) {
                                inside.push(((image * in_height + y) * in_width + x) * channels + channel);
                            }
                        }
                    }
                    let nan = inside.iter().copied().find(|&place| x[place].to_f64().is_nan());
                    let first_largest = || {
                        let largest = inside.iter().map(|&place| x[place].to_f64()).fold(f64::NEG_INFINITY, f64::max);
                        inside.iter().copied().find(|&place| x[place].to_f64() == largest)
                    };
                    places.push(nan.or_else(first_largest).unwrap());
                }
            }
        }
    }
    places
}

/// Coarse values, so that ties are common, with a NaN and an infinity here and there.
fn coarse<T: Test>(length: usize) -> Vec<T> {
    let values = noise::<T>(7, length).into_iter().enumerate();
    let coarse = |(index, value): (usize, T)| match index % 97 {
        13 => f64::NAN,
        29 => f64::NEG_INFINITY,
        _ => (value.to_f64() * 3.0).round(),
    };
    values.map(coarse).map(T::from_f64).collect()
}

fn check<T: Test>(geometry: &Pool2d) {
    let x = coarse::<T>(geometry.input_len());
    let places = places(geometry, &x);
    assert_eq!(places.len(), geometry.output_len());
    let out = same_bits(geometry.output_len(), |out| max_pool2d(geometry, &x, out).unwrap());
    for (out, &place) in out.iter().zip(&places) {
        assert!(out.to_f64() == x[place].to_f64() || out.to_f64().is_nan() && x[place].to_f64().is_nan());
    }
    let grad_out: Vec<T> = noise(8, geometry.output_len());
    let mut expected = vec![0.0; x.len()];
    for (gradient, &place) in grad_out.iter().zip(&places) {
        expected[place] += gradient.to_f64();
    }
    let grad_x = same_bits(x.len(), |out| max_pool2d_gradient(geometry, &x, &grad_out, out).unwrap());
    assert_near(&grad_x, &expected, geometry.window[0] * geometry.window[1]);

    let values: Vec<T> = noise(9, x.len());
    let chosen = same_bits(places.len(), |out| max_pool2d_gather(geometry, &x, &values, out).unwrap());
    assert!(chosen.iter().zip(&places).all(|(chosen, &place)| chosen.bits() == values[place].bits()));

    // A window of sums covers every place at which the maximum could be.
    let taps = geometry.window[0] * geometry.window[1];
    let (mut sums, mut spread) = (vec![0.0; places.len()], vec![0.0; x.len()]);
    covered(geometry, |out, at| {
        sums[out] += values[at].to_f64();
        spread[at] += grad_out[out].to_f64();
    });
    assert_near(&same_bits(sums.len(), |out| sum_pool2d(geometry, &values, out).unwrap()), &sums, taps);
    assert_near(&same_bits(spread.len(), |out| sum_pool2d_gradient(geometry, &grad_out, out).unwrap()), &spread, taps);
}

/// Calls `meet` with every output and every input element under its window.
fn covered(geometry: &Pool2d, mut meet: impl FnMut(usize, usize)) {
    let Pool2d { in_height, in_width, channels, window, stride, padding, .. } = *geometry;
    let mut out = 0;
    for image in 0..geometry.batch {
        for (row, col) in
            (0..geometry.out_height()).flat_map(|row| (0..geometry.out_width()).map(move |col| (row, col)))
        {
            for channel in 0..channels {
                for (i, j) in (0..window[0]).flat_map(|i| (0..window[1]).map(move |j| (i, j))) {
                    let y = (row * stride[0] + i).checked_sub(padding[0][0]).filter(|&y| y < in_height);
                    let x = (col * stride[1] + j).checked_sub(padding[1][0]).filter(|&x| x < in_width);
                    if let (Some(y), Some(x)) = (y, x) {
                        meet(out, ((image * in_height + y) * in_width + x) * channels + channel);
                    }
                }
                out += 1;
            }
        }
    }
}

fn geometries() -> impl Strategy<Value = Pool2d> {
    let pair = |range: std::ops::Range<usize>| [range.clone(), range];
    (0_usize..4, pair(1..12), 0_usize..70, pair(1..4), pair(1..4), [pair(0..3), pair(0..3)])
        .prop_map(|(batch, [in_height, in_width], channels, window, stride, padding)| Pool2d {
            batch,
            in_height,
            in_width,
            channels,
            window,
            stride,
            padding,
        })
        .prop_filter("the window fits", |geometry| geometry.validate().is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_geometry(geometry in geometries()) {
        check::<f32>(&geometry);
        check::<f64>(&geometry);
    }
}

const PLAIN: Pool2d = Pool2d {
    batch: 3,
    in_height: 41,
    in_width: 40,
    channels: 40,
    window: [3, 3],
    stride: [2, 2],
    padding: [[1, 1], [0, 1]],
};

#[test]
fn images_that_are_cut() {
    check::<f32>(&PLAIN);
    check::<f64>(&Pool2d { batch: 1, stride: [1, 1], channels: 33, ..PLAIN });
    check::<f32>(&Pool2d { window: [2, 2], padding: [[0; 2]; 2], ..PLAIN });
}

#[test]
fn bad_geometries_and_lengths_are_errors() {
    for geometry in [
        Pool2d { window: [0, 2], ..PLAIN },
        Pool2d { stride: [2, 0], ..PLAIN },
        Pool2d { padding: [[3, 0], [0, 0]], ..PLAIN },
        Pool2d { in_height: 0, ..PLAIN },
        Pool2d { window: [3, 60], ..PLAIN },
        Pool2d { batch: usize::MAX, ..PLAIN },
    ] {
        assert!(geometry.validate().is_err(), "{geometry:?}");
        assert!(max_pool2d::<f32>(&geometry, &[], &mut []).is_err());
    }
    let mut out = vec![0.0; PLAIN.output_len()];
    assert!(max_pool2d::<f32>(&PLAIN, &[0.0; 5], &mut out).is_err());
}
