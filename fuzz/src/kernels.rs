//! Matrix products and convolutions of any shape and layout against their definitions, and against themselves on more threads.

use crate::Choices;
use crisol_kernels::{
    Conv2d, Matrix, Real, conv2d, conv2d_input_gradient, conv2d_weight_gradient, matmul_batched, with_threads,
};

/// What a check needs of an element type.
trait Number: Real + Into<f64> {
    const EPSILON: f64;
    fn of(value: f64) -> Self;
}

impl Number for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Number for f64 {
    const EPSILON: f64 = f64::EPSILON;
    fn of(value: f64) -> Self {
        value
    }
}

/// Checks a batch of matrix products that the choices describe.
///
/// # Errors
/// What differs from the definition or between numbers of threads.
pub fn check_matmul(choices: &mut Choices<'_>) -> Result<(), String> {
    if choices.below(2) == 0 { matmul::<f32>(choices) } else { matmul::<f64>(choices) }
}

/// Checks a convolution and its gradients that the choices describe.
///
/// # Errors
/// What differs from the definition or between numbers of threads.
pub fn check_conv2d(choices: &mut Choices<'_>) -> Result<(), String> {
    if choices.below(2) == 0 { convolution::<f32>(choices) } else { convolution::<f64>(choices) }
}

/// Fills a result.
type Kernel<'a, T> = &'a dyn Fn(&mut [T]);

/// Distances between matrices, rows and columns.
type Strides = [usize; 3];

fn strides(choices: &mut Choices<'_>, rows: usize, cols: usize) -> Strides {
    let gap = choices.below(3);
    let (row, col) = match choices.below(6) {
        0 | 1 => (cols + gap, 1),
        2 | 3 => (1, rows + gap),
        4 => (2 * cols + gap, 2),
        _ => (gap, 1),
    };
    let all = rows.saturating_sub(1) * row + cols.saturating_sub(1) * col + 1;
    [if choices.once_in(3) { 0 } else { all + gap }, row, col]
}

fn matmul<T: Number>(choices: &mut Choices<'_>) -> Result<(), String> {
    let batch = if choices.below(2) == 0 { 1 } else { choices.below(6) };
    let limit = choices.of(&[8, 40, 200]);
    let size = [0; 3].map(|_| choices.below(limit));
    let size = if choices.once_in(8) { [size[0] % 20, size[1] % 20, 4000 + 50 * size[2]] } else { size };
    let [m, n, k] = size;
    let (left, right) = (strides(choices, m, k), strides(choices, k, n));
    let accumulate = choices.below(2) == 1;
    let length =
        |s: Strides, [rows, cols]: [usize; 2]| batch.max(1) * s[0] + rows.max(1) * s[1] + cols.max(1) * s[2] + 1;
    let lhs: Vec<T> = noise(1, length(left, [m, k]));
    let rhs: Vec<T> = noise(2, length(right, [k, n]));
    let start: Vec<T> = noise(3, batch * m * n);
    let wrong = |what: String| {
        Err(format!("{what}: {batch} x {size:?}, strides {left:?} and {right:?}, accumulate {accumulate}"))
    };

    let run = |threads| -> Result<Vec<T>, String> {
        let mut out = start.clone();
        let lhs = Matrix::new(&lhs, m, k, left[1], left[2]).map_err(|error| error.to_string())?;
        let rhs = Matrix::new(&rhs, k, n, right[1], right[2]).map_err(|error| error.to_string())?;
        with_threads(threads, || matmul_batched(batch, (lhs, left[0]), (rhs, right[0]), &mut out, accumulate, None))
            .map_err(|error| error.to_string())?;
        Ok(out)
    };
    let out = run(1)?;
    let at = |values: &[T], s: Strides, item: usize, row: usize, col: usize| -> f64 {
        values[item * s[0] + row * s[1] + col * s[2]].into()
    };
    let mut expected = Vec::with_capacity(out.len());
    for item in 0..batch {
        for row in 0..m {
            for col in 0..n {
                let sum: f64 =
                    (0..k).map(|inner| at(&lhs, left, item, row, inner) * at(&rhs, right, item, inner, col)).sum();
                let before: f64 = start[expected.len()].into();
                expected.push(if accumulate { before + sum } else { sum });
            }
        }
    }
    if let Some(message) = difference(&out, &expected, k + 1) {
        return wrong(message);
    }
    if !equal(&out, &run(3)?) {
        return wrong("three threads give other bits than one".to_owned());
    }
    Ok(())
}

fn convolution<T: Number>(choices: &mut Choices<'_>) -> Result<(), String> {
    let groups = 1 + choices.below(3);
    let channels = choices.of(&[2, 5, 24]);
    let mut pair = |limit: usize| [0; 2].map(|_| choices.below(limit));
    let [kernel, stride, dilation] = [pair(4), pair(3), pair(2)].map(|pair| pair.map(|size| size + 1));
    let (size, padding) = (pair(18), [pair(4), pair(4)]);
    let geometry = Conv2d {
        batch: choices.below(4),
        in_height: size[0] + 1,
        in_width: size[1] + 1,
        in_channels: groups * (1 + choices.below(channels)),
        out_channels: groups * (1 + choices.below(channels)),
        kernel,
        stride,
        dilation,
        padding,
        groups,
    };
    if geometry.validate().is_err() {
        return Ok(());
    }
    let x: Vec<T> = noise(1, geometry.input_len());
    let w: Vec<T> = noise(2, geometry.weight_len());
    let grad: Vec<T> = noise(3, geometry.output_len());
    let mut expected = [vec![0.0; grad.len()], vec![0.0; x.len()], vec![0.0; w.len()]];
    let mut terms = [vec![0; grad.len()], vec![0; x.len()], vec![0; w.len()]];
    products(&geometry, |input, weight, output| {
        let [x, w, grad]: [f64; 3] = [x[input].into(), w[weight].into(), grad[output].into()];
        let places = [output, input, weight];
        for (number, product) in [x * w, grad * w, x * grad].into_iter().enumerate() {
            expected[number][places[number]] += product;
            terms[number][places[number]] += 1;
        }
    });
    let kernels: [(&str, Kernel<'_, T>); 3] = [
        ("conv2d", &|out| drop(conv2d(&geometry, &x, &w, out))),
        ("conv2d_input_gradient", &|out| drop(conv2d_input_gradient(&geometry, &grad, &w, out))),
        ("conv2d_weight_gradient", &|out| drop(conv2d_weight_gradient(&geometry, &x, &grad, out))),
    ];
    for ((name, kernel), (expected, terms)) in kernels.into_iter().zip(expected.iter().zip(&terms)) {
        let run = |threads| {
            let mut out = vec![T::of(f64::NAN); expected.len()];
            with_threads(threads, || kernel(&mut out));
            out
        };
        let out = run(1);
        if let Some(message) = difference(&out, expected, terms.iter().copied().max().unwrap_or(0)) {
            return Err(format!("{name} {message}: {geometry:?}"));
        }
        if !equal(&out, &run(3)) {
            return Err(format!("{name}: three threads give other bits than one: {geometry:?}"));
        }
    }
    Ok(())
}

/// Calls `visit` with the places in input, kernel and output of every product that the convolution sums.
fn products(geometry: &Conv2d, mut visit: impl FnMut(usize, usize, usize)) {
    let Conv2d { in_channels, out_channels, kernel, stride, dilation, padding, groups, .. } = *geometry;
    let sizes = [geometry.in_height, geometry.in_width];
    let (height, width) = (geometry.out_height(), geometry.out_width());
    let (inputs, outputs) = (in_channels / groups, out_channels / groups);
    for pixel in 0..geometry.batch * height * width {
        let at = [pixel / width % height, pixel % width];
        for tap in 0..kernel[0] * kernel[1] {
            let tap_at = [tap / kernel[1], tap % kernel[1]];
            let place = [0, 1].map(|axis| {
                let place = at[axis] * stride[axis] + tap_at[axis] * dilation[axis];
                place.checked_sub(padding[axis][0]).filter(|&place| place < sizes[axis])
            });
            let [Some(row), Some(col)] = place else { continue };
            let from = (pixel / (height * width) * sizes[0] + row) * sizes[1] + col;
            for output in 0..out_channels {
                for channel in 0..inputs {
                    let input = from * in_channels + output / outputs * inputs + channel;
                    visit(input, (tap * inputs + channel) * out_channels + output, pixel * out_channels + output);
                }
            }
        }
    }
}

/// The first element that is too far from what it should be, for sums of that many products of numbers below 1.
fn difference<T: Number>(found: &[T], expected: &[f64], terms: usize) -> Option<String> {
    let bound = T::EPSILON * (4 + terms) as f64;
    let apart = |(&found, &expected): (&T, &f64)| {
        let apart = (found.into() - expected).abs();
        apart > bound || apart.is_nan()
    };
    let place = found.iter().zip(expected).position(apart)?;
    Some(format!("element {place} is {:?} instead of {}", found[place], expected[place]))
}

fn equal<T: Number>(a: &[T], b: &[T]) -> bool {
    a.iter().zip(b).all(|(&a, &b)| Into::<f64>::into(a).to_bits() == Into::<f64>::into(b).to_bits())
}

/// Numbers between -1 and 1.
fn noise<T: Number>(seed: u64, length: usize) -> Vec<T> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::of((state >> 40) as f64 / (1 << 23) as f64 - 1.0)
    };
    (0..length).map(|_| next()).collect()
}
