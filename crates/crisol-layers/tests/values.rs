//! Every layer against its formula, written out as loops over ndarrays.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

use crisol_layers::{
    Activation, Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, Inference, Layer, LayerExt, MaxPooling2D,
    Network, Normalization, Rescaling, Reshape, Training,
};
use crisol_params::{Constant, RandomNormal};
use crisol_tensor::ndarray::{Array, Array4, ArrayD, Dimension, Ix1, Ix2, Ix4, ShapeBuilder};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Tensor, Value};

/// Numbers between -1 and 1 without a pattern that a wrong index could hide in.
fn numbers<D: Dimension, S: ShapeBuilder<Dim = D>>(shape: S) -> Array<f32, D> {
    let mut count = 0u32;
    Array::from_shape_simple_fn(shape, || {
        count += 1;
        (count.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
}

fn infer(network: &Network, x: &ArrayD<f32>) -> ArrayD<f32> {
    network.call(&Tensor::from(x), Inference).unwrap().to_array().unwrap()
}

fn weight<D: Dimension>(network: &Network, path: &str) -> Array<f32, D> {
    let value = network.tree().unwrap().weight(path).unwrap().variable().value();
    value.to_array::<f32>().unwrap().into_dimensionality().unwrap()
}

fn assert_close(found: &ArrayD<f32>, expected: &ArrayD<f32>) {
    assert_eq!(found.shape(), expected.shape());
    for (at, expected) in expected.indexed_iter() {
        let found = found[at.clone()];
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} against {expected} at {at:?}");
    }
}

#[test]
fn dense_multiplies_and_adds() {
    let layer = Dense::new(3).activation("relu").bias_initializer(RandomNormal::default()).build([4]).unwrap();
    let x = numbers((5, 4));
    let (kernel, bias) = (weight::<Ix2>(&layer, "dense/kernel"), weight::<Ix1>(&layer, "dense/bias"));
    let expected = Array::from_shape_fn((5, 3), |(n, o)| {
        ((0..4).map(|i| x[[n, i]] * kernel[[i, o]]).sum::<f32>() + bias[o]).max(0.0)
    });
    assert_close(&infer(&layer, &x.into_dyn()), &expected.into_dyn());
}

#[test]
fn dense_works_on_the_last_axis_of_many() {
    let layer = Dense::new(2).use_bias(false).build([3, 4]).unwrap();
    assert_eq!(layer.tree().unwrap().weights().len(), 1);
    let x = numbers((2, 3, 4));
    let kernel = weight::<Ix2>(&layer, "dense/kernel");
    let expected =
        Array::from_shape_fn((2, 3, 2), |(n, t, o)| (0..4).map(|i| x[[n, t, i]] * kernel[[i, o]]).sum::<f32>());
    assert_close(&infer(&layer, &x.into_dyn()), &expected.into_dyn());
}

/// The cross-correlation of images with zeros around them.
fn correlate(
    x: &Array4<f32>,
    kernel: &Array4<f32>,
    [top, bottom, left, right]: [usize; 4],
    stride: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
) -> ArrayD<f32> {
    let (batch, height, width, channels) = x.dim();
    let (rows, columns, group_channels, filters) = kernel.dim();
    assert_eq!(group_channels, channels / groups);
    let places =
        |size: usize, window: usize, axis: usize| (size - (window - 1) * dilation[axis] - 1) / stride[axis] + 1;
    let out = (batch, places(height + top + bottom, rows, 0), places(width + left + right, columns, 1), filters);
    let pixel =
        |n: usize, row: usize, column: usize, channel: usize| match (row.checked_sub(top), column.checked_sub(left)) {
            (Some(row), Some(column)) if row < height && column < width => x[[n, row, column, channel]],
            _ => 0.0,
        };
    let mut sums = Array4::zeros(out);
    for ((n, p, q, f), sum) in sums.indexed_iter_mut() {
        let first_channel = f / (filters / groups) * group_channels;
        for ((r, s, i, o), weight) in kernel.indexed_iter() {
            if o == f {
                let (row, column) = (p * stride[0] + r * dilation[0], q * stride[1] + s * dilation[1]);
                *sum += weight * pixel(n, row, column, first_channel + i);
            }
        }
    }
    sums.into_dyn()
}

#[test]
fn conv2d_correlates_with_every_padding_stride_dilation_and_group() {
    let x = numbers((2, 9, 8, 4));
    let check = |layer: Conv2D, padding, stride, dilation, groups| {
        let shown = format!("{layer:?}");
        let network = layer.build([9, 8, 4]).unwrap();
        let kernel = weight::<Ix4>(&network, "conv2d/kernel");
        let expected = correlate(&x, &kernel, padding, stride, dilation, groups);
        let found = infer(&network, &x.clone().into_dyn());
        assert_eq!(found.shape(), expected.shape(), "{shown}");
        assert_close(&found, &expected);
    };
    check(Conv2D::new(6, 3), [0; 4], [1, 1], [1, 1], 1);
    check(Conv2D::new(6, (3, 2)).padding("same"), [1, 1, 0, 1], [1, 1], [1, 1], 1);
    // 9 rows in steps of 2 need a zero on both sides, 8 columns only one, which goes after.
    check(Conv2D::new(5, 3).strides(2).padding("same"), [1, 1, 0, 1], [2, 2], [1, 1], 1);
    check(Conv2D::new(4, 3).dilation_rate([2, 3]), [0; 4], [1, 1], [2, 3], 1);
    check(Conv2D::new(4, 3).dilation_rate(2).padding("same"), [2, 2, 2, 2], [1, 1], [2, 2], 1);
    check(Conv2D::new(6, [2, 3]).strides((1, 2)).groups(2), [0; 4], [1, 2], [1, 1], 2);
    check(Conv2D::new(8, 1).groups(4), [0; 4], [1, 1], [1, 1], 4);
}

#[test]
fn conv2d_adds_its_bias_before_the_activation() {
    let layer = Conv2D::new(2, 3).bias_initializer(Constant(0.25)).activation("relu").build([4, 4, 1]).unwrap();
    let x = numbers((1, 4, 4, 1));
    let kernel = weight::<Ix4>(&layer, "conv2d/kernel");
    let expected = correlate(&x, &kernel, [0; 4], [1, 1], [1, 1], 1).mapv(|sum| (sum + 0.25).max(0.0));
    assert_close(&infer(&layer, &x.into_dyn()), &expected);
}

#[test]
fn max_pooling_takes_the_largest_and_never_the_padding() {
    // All below 0: a padding of zeros would win.
    let x = numbers((2, 7, 6, 3)).mapv(|x| x - 2.0);
    for (layer, window, stride, same) in [
        (MaxPooling2D::default(), [2, 2], [2, 2], false),
        (MaxPooling2D::new(3).strides(2).padding("same"), [3, 3], [2, 2], true),
        (MaxPooling2D::new([2, 3]).strides(1), [2, 3], [1, 1], false),
    ] {
        let size = |size: usize, axis: usize| match same {
            true => size.div_ceil(stride[axis]),
            false => (size - window[axis]) / stride[axis] + 1,
        };
        let out = (2, size(7, 0), size(6, 1), 3);
        let before = |size: usize, axis: usize| {
            let places = size.div_ceil(stride[axis]);
            if same { ((places - 1) * stride[axis] + window[axis]).saturating_sub(size) / 2 } else { 0 }
        };
        let (top, left) = (before(7, 0), before(6, 1));
        let expected = Array4::from_shape_fn(out, |(n, p, q, c)| {
            let mut largest = f32::NEG_INFINITY;
            for row in (p * stride[0]).saturating_sub(top)..(p * stride[0] + window[0] - top).min(7) {
                for column in (q * stride[1]).saturating_sub(left)..(q * stride[1] + window[1] - left).min(6) {
                    largest = largest.max(x[[n, row, column, c]]);
                }
            }
            largest
        });
        let network = layer.build([7, 6, 3]).unwrap();
        assert_eq!(infer(&network, &x.clone().into_dyn()), expected.into_dyn());
    }
}

#[test]
fn global_average_pooling_is_the_mean_of_each_channel() {
    let x = numbers((2, 5, 3, 4));
    let mean = |n: usize, c: usize| {
        (0..5)
            .flat_map(|row| (0..3).map(move |column| (row, column)))
            .map(|(row, column)| x[[n, row, column, c]])
            .sum::<f32>()
            / 15.0
    };
    let flat = GlobalAveragePooling2D::new().build([5, 3, 4]).unwrap();
    assert_close(&infer(&flat, &x.clone().into_dyn()), &Array::from_shape_fn((2, 4), |(n, c)| mean(n, c)).into_dyn());
    let kept = GlobalAveragePooling2D::new().keepdims(true).build([5, 3, 4]).unwrap();
    let expected = Array::from_shape_fn((2, 1, 1, 4), |(n, _, _, c)| mean(n, c));
    assert_close(&infer(&kept, &x.into_dyn()), &expected.into_dyn());
}

#[test]
fn rescaling_takes_bytes() {
    let layer = Rescaling::new(2.0).offset(-1.0).build([3]).unwrap();
    let y = layer.call(&Tensor::from_slice(&[0u8, 100, 255], [1, 3]), Inference).unwrap();
    assert_eq!(y.to_vec::<f32>().unwrap(), [-1.0, 199.0, 509.0]);
}

#[test]
fn flatten_and_reshape_keep_the_order() {
    let x = numbers((2, 3, 4));
    let flat = infer(&Flatten::new().build([3, 4]).unwrap(), &x.clone().into_dyn());
    assert_eq!(flat, x.to_shape((2, 12)).unwrap().to_owned().into_dyn());
    for target in [vec![2, 3, 2], vec![2, -1, 2], vec![-1, 3, 2]] {
        let shaped = infer(&Reshape::new(target).build([3, 4]).unwrap(), &x.clone().into_dyn());
        assert_eq!(shaped, x.to_shape((2, 2, 3, 2)).unwrap().to_owned().into_dyn());
    }
    // A batch of numbers becomes a batch of rows of one.
    let none: [usize; 0] = [];
    assert_eq!(infer(&Flatten::new().build(none).unwrap(), &numbers(3).into_dyn()).shape(), [3, 1]);
}

#[test]
fn activations_come_by_name_and_as_functions() {
    let x = numbers((3, 4));
    let relu = infer(&Activation::new("relu").build([4]).unwrap(), &x.clone().into_dyn());
    assert_eq!(relu, x.mapv(|x| x.max(0.0)).into_dyn());
    let own = infer(&Activation::new(|x: &Tensor| x * 3.0).build([4]).unwrap(), &x.clone().into_dyn());
    assert_eq!(own, x.mapv(|x| x * 3.0).into_dyn());
    let softmax = infer(&Activation::new("softmax").build([4]).unwrap(), &x.clone().into_dyn());
    let expected =
        Array::from_shape_fn((3, 4), |(n, i)| x[[n, i]].exp() / (0..4).map(|j| x[[n, j]].exp()).sum::<f32>());
    assert_close(&softmax, &expected.into_dyn());
}

#[test]
fn normalization_learns_each_feature() {
    let data = numbers((50, 2, 3)).mapv(|x| x * 7.0 + 100.0);
    let layer = Normalization::new().adapt(&data).unwrap();
    let column =
        |feature: usize| (0..50).flat_map(move |n| (0..2).map(move |t| (n, t))).map(move |(n, t)| (n, t, feature));
    let mean = |feature: usize| column(feature).map(|at| f64::from(data[at])).sum::<f64>() / 100.0;
    let deviation = |feature: usize| {
        let mean = mean(feature);
        (column(feature).map(|at| (f64::from(data[at]) - mean).powi(2)).sum::<f64>() / 100.0).sqrt()
    };
    let expected =
        Array::from_shape_fn((50, 2, 3), |(n, t, f)| ((f64::from(data[[n, t, f]]) - mean(f)) / deviation(f)) as f32);
    let network = layer.clone().build([2, 3]).unwrap();
    let found = infer(&network, &data.clone().into_dyn());
    for (at, expected) in expected.into_dyn().indexed_iter() {
        assert!((found[at.clone()] - expected).abs() < 1e-4, "{} against {expected}", found[at]);
    }
    let back = infer(&layer.invert(true).build([2, 3]).unwrap(), &found);
    for (at, expected) in data.into_dyn().indexed_iter() {
        assert!((back[at.clone()] - expected).abs() < 1e-3);
    }
    // The layout in memory does not matter.
    let turned = Array::from_shape_fn((3, 2), |(f, n)| (f * 10 + n) as f64);
    let layer = Normalization::new().adapt(&turned.t()).unwrap().build([3]).unwrap();
    let y = layer.call(&Tensor::from(turned.t()), Inference).unwrap();
    assert_eq!(y.to_vec::<f32>().unwrap(), [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
    // A feature that never changes is moved to 0 and not blown up.
    let constant = Normalization::new().with(&[2.0], &[0.0]).unwrap().build([1]).unwrap();
    assert_eq!(infer(&constant, &ArrayD::from_elem(vec![1, 1], 2.0)).first(), Some(&0.0));
}

#[test]
fn dropout_leaves_out_its_share_and_keeps_the_sum() {
    let layer = Dropout::new(0.3).build([1000]).unwrap();
    let x = Tensor::full(DType::F32, [200, 1000], 0.7);
    let y = layer.call(&x, Training).unwrap().to_vec::<f32>().unwrap();
    let left_out = y.iter().filter(|y| **y == 0.0).count() as f64 / y.len() as f64;
    assert!((left_out - 0.3).abs() < 0.005, "{left_out}");
    assert!(y.iter().all(|y| *y == 0.0 || (*y - 1.0).abs() < 1e-6));
    assert_eq!(layer.call(&x, Inference).unwrap().to_vec::<f32>().unwrap(), vec![0.7; 200_000]);
    let never = Dropout::new(0.0).build([1000]).unwrap();
    assert_eq!(never.call(&x, Training).unwrap().to_vec::<f32>().unwrap(), vec![0.7; 200_000]);
}

#[test]
fn dropout_follows_the_key_of_the_step_and_its_seed() {
    let masks = |layer: Dropout, key: u64| {
        let network = layer.build([64]).unwrap();
        network.forward(&[Tensor::ones([8, 64])], Training, Key::new(key)).unwrap().outputs[0].to_vec::<f32>().unwrap()
    };
    let first = masks(Dropout::new(0.5), 1);
    assert_eq!(first, masks(Dropout::new(0.5), 1));
    assert_ne!(first, masks(Dropout::new(0.5), 2));
    assert_ne!(first, masks(Dropout::new(0.5).seed(3), 1));
}

#[test]
fn dropout_of_whole_channels() {
    let layer = Dropout::new(0.5).noise_shape([None, Some(1), None]).build([5, 16]).unwrap();
    let y = layer.call(&Tensor::ones([4, 5, 16]), Training).unwrap().to_array::<f32>().unwrap();
    let mut fates = std::collections::HashSet::new();
    for n in 0..4 {
        for c in 0..16 {
            let fate = y[[n, 0, c]];
            assert!((0..5).all(|t| y[[n, t, c]] == fate));
            fates.insert(fate.to_bits());
        }
    }
    assert_eq!(fates.len(), 2);
}

#[test]
fn double_precision_reaches_every_layer() {
    let network = Network::sequential((
        crisol_layers::Input::new([6, 6, 1]),
        Rescaling::new(0.5),
        Conv2D::new(2, 3),
        MaxPooling2D::default(),
        Flatten::new(),
        Dropout::new(0.5),
        Dense::new(3).activation("softmax"),
    ))
    .dtype(DType::F64)
    .build()
    .unwrap();
    let x = numbers((2, 6, 6, 1)).into_dyn();
    let y = network.call(&Tensor::from(&x), Training).unwrap();
    assert_eq!(y.dtype().unwrap(), DType::F64);
    let values = network.tree().unwrap().get_weights().unwrap();
    assert!(values.iter().all(|value| matches!(value, Value::F64(_))));
    assert!((y.sum_all().item().unwrap() - 2.0).abs() < 1e-12);
}

#[test]
fn a_layer_type_tells_its_name() {
    let layers: [&dyn Layer; 3] = [&Dense::new(1), &MaxPooling2D::default(), &Dense::new(1).name("x")];
    assert_eq!(layers.map(|layer| layer.type_name()), ["Dense", "MaxPooling2D", "Dense"]);
}
