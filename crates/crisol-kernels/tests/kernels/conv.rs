//! Convolution and its gradients against seven loops.

use crate::{Test, assert_blocks, assert_near, noise, same_bits};
use crisol_kernels::{Conv2d, conv2d, conv2d_input_gradient, conv2d_weight_gradient, conv2d_with};
use proptest::prelude::*;
use std::sync::Mutex;

/// Calls `visit` with the places in input, kernel and output of every product that the convolution sums.
fn products(geometry: &Conv2d, mut visit: impl FnMut(usize, usize, usize)) {
    let Conv2d { in_height, in_width, in_channels, out_channels, kernel, stride, dilation, padding, groups, .. } =
        *geometry;
    let (inputs, outputs) = (in_channels / groups, out_channels / groups);
    let (height, width) = (geometry.out_height(), geometry.out_width());
    for image in 0..geometry.batch {
        for row in 0..height {
            for col in 0..width {
                for output in 0..out_channels {
                    let out = ((image * height + row) * width + col) * out_channels + output;
                    for i in 0..kernel[0] {
                        for j in 0..kernel[1] {
                            let y = row * stride[0] + i * dilation[0];
                            let x = col * stride[1] + j * dilation[1];
                            let y_in = (padding[0][0]..padding[0][0] + in_height).contains(&y);
                            let x_in = (padding[1][0]..padding[1][0] + in_width).contains(&x);
                            if !y_in || !x_in {
                                continue;
                            }
                            let pixel = (image * in_height + y - padding[0][0]) * in_width + x - padding[1][0];
                            for channel in 0..inputs {
                                let input = pixel * in_channels + output / outputs * inputs + channel;
                                visit(input, ((i * kernel[1] + j) * inputs + channel) * out_channels + output, out);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn check<T: Test>(geometry: &Conv2d) {
    let x: Vec<T> = noise(1, geometry.input_len());
    let w: Vec<T> = noise(2, geometry.weight_len());
    let grad: Vec<T> = noise(3, geometry.output_len());
    let mut expected = [vec![0.0; grad.len()], vec![0.0; x.len()], vec![0.0; w.len()]];
    let mut terms = [0; 3];
    let mut counts = [vec![0; grad.len()], vec![0; x.len()], vec![0; w.len()]];
    products(geometry, |input, weight, output| {
        expected[0][output] += x[input].to_f64() * w[weight].to_f64();
        expected[1][input] += grad[output].to_f64() * w[weight].to_f64();
        expected[2][weight] += x[input].to_f64() * grad[output].to_f64();
        for ((terms, counts), place) in terms.iter_mut().zip(&mut counts).zip([output, input, weight]) {
            counts[place] += 1;
            *terms = counts[place].max(*terms);
        }
    });
    let out = same_bits(grad.len(), |out| conv2d(geometry, &x, &w, out).unwrap());
    assert_near(&out, &expected[0], terms[0]);
    for align in [1, 2, 3, 100] {
        let blocks = geometry.row_blocks::<T>(align);
        let seen = Mutex::new(Vec::new());
        let with = same_bits(grad.len(), |out| {
            seen.lock().unwrap().clear();
            let epilogue = |pixels: std::ops::Range<usize>, values: &mut [T]| {
                assert_eq!(values.len(), pixels.len() * geometry.out_channels);
                for value in values {
                    *value += T::from_f64(1.0);
                }
                seen.lock().unwrap().push(pixels);
            };
            conv2d_with(geometry, &x, &w, out, align, Some(&epilogue)).unwrap();
        });
        let (height, width) = (geometry.out_height(), geometry.out_width());
        for index in 0..if geometry.is_pointwise() { 0 } else { blocks.count() } {
            let (start, end) = (blocks.rows(index).start, blocks.rows(index).end);
            assert!(start % width == 0 && end % width == 0, "whole rows");
            assert!(start / width % height % align == 0 || align > height, "aligned");
            assert!(end % (width * height) == 0 || end / width % height % align == 0, "aligned");
        }
        assert_blocks(seen.into_inner().unwrap(), blocks);
        assert_near(&with, &expected[0].iter().map(|value| value + 1.0).collect::<Vec<_>>(), terms[0] + 2);
    }
    let grad_x = same_bits(x.len(), |out| conv2d_input_gradient(geometry, &grad, &w, out).unwrap());
    assert_near(&grad_x, &expected[1], terms[1]);
    let grad_w = same_bits(w.len(), |out| conv2d_weight_gradient(geometry, &x, &grad, out).unwrap());
    assert_near(&grad_w, &expected[2], terms[2]);
}

fn geometries() -> impl Strategy<Value = Conv2d> {
    let pair = |range: std::ops::Range<usize>| [range.clone(), range];
    let channels = (1_usize..4, 1_usize..6, 1_usize..6);
    (0_usize..4, pair(1..14), channels, pair(1..4), pair(1..4), pair(1..3), [pair(0..4), pair(0..4)])
        .prop_map(|(batch, [in_height, in_width], (groups, inputs, outputs), kernel, stride, dilation, padding)| {
            Conv2d {
                batch,
                in_height,
                in_width,
                in_channels: groups * inputs,
                out_channels: groups * outputs,
                kernel,
                stride,
                dilation,
                padding,
                groups,
            }
        })
        .prop_filter("the kernel fits", |geometry| geometry.validate().is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_geometry(geometry in geometries()) {
        check::<f32>(&geometry);
        check::<f64>(&geometry);
    }
}

const PLAIN: Conv2d = Conv2d {
    batch: 2,
    in_height: 20,
    in_width: 17,
    in_channels: 8,
    out_channels: 12,
    kernel: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [[1, 1], [1, 1]],
    groups: 1,
};

#[test]
fn shapes_that_are_cut() {
    check::<f32>(&PLAIN);
    check::<f64>(&PLAIN);
    for geometry in [
        Conv2d { kernel: [1, 1], padding: [[0; 2]; 2], ..PLAIN },
        Conv2d { kernel: [1, 1], padding: [[0; 2]; 2], stride: [2, 2], ..PLAIN },
        Conv2d { stride: [3, 3], padding: [[0; 2]; 2], in_channels: 3, in_height: 61, in_width: 64, ..PLAIN },
        Conv2d { stride: [2, 2], padding: [[0, 1]; 2], batch: 1, in_height: 90, ..PLAIN },
        Conv2d { dilation: [2, 3], groups: 4, ..PLAIN },
        Conv2d { groups: 8, out_channels: 8, ..PLAIN },
        Conv2d { groups: 8, out_channels: 16, stride: [2, 1], ..PLAIN },
        Conv2d { kernel: [5, 7], padding: [[6, 6], [9, 7]], ..PLAIN },
        Conv2d { in_channels: 300, out_channels: 500, in_height: 9, in_width: 9, ..PLAIN },
        Conv2d { batch: 0, ..PLAIN },
    ] {
        check::<f32>(&geometry);
    }
}

#[test]
fn the_workload_of_small_images() {
    check::<f32>(&Conv2d {
        batch: 8,
        in_height: 34,
        in_width: 34,
        in_channels: 32,
        out_channels: 32,
        stride: [3, 3],
        padding: [[0; 2]; 2],
        ..PLAIN
    });
}

#[test]
fn bad_geometries_and_lengths_are_errors() {
    for geometry in [
        Conv2d { kernel: [0, 3], ..PLAIN },
        Conv2d { stride: [1, 0], ..PLAIN },
        Conv2d { dilation: [0, 1], ..PLAIN },
        Conv2d { groups: 3, ..PLAIN },
        Conv2d { groups: 0, ..PLAIN },
        Conv2d { kernel: [23, 3], ..PLAIN },
        Conv2d { kernel: [usize::MAX, 3], dilation: [usize::MAX, 1], ..PLAIN },
        Conv2d { padding: [[usize::MAX, 1], [1, 1]], ..PLAIN },
        Conv2d { batch: usize::MAX, ..PLAIN },
    ] {
        assert!(geometry.validate().is_err(), "{geometry:?}");
        assert!(conv2d::<f32>(&geometry, &[], &[], &mut []).is_err());
    }
    let (x, w) = (vec![0.0_f32; PLAIN.input_len()], vec![0.0; PLAIN.weight_len()]);
    let mut out = vec![0.0; PLAIN.output_len()];
    assert!(conv2d(&PLAIN, &x, &w, &mut out).is_ok());
    assert!(conv2d(&PLAIN, &x[1..], &w, &mut out).is_err());
    assert!(conv2d(&PLAIN, &x, &w[1..], &mut out).is_err());
    assert!(conv2d(&PLAIN, &x, &w, &mut out[1..]).is_err());
}
