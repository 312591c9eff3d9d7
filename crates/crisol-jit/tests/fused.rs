//! Fused expressions against the same on numbers, one place at a time, over shapes and views of all kinds.
#![allow(clippy::unwrap_used)]

use crisol_ir::ndarray::{Array1, Array2, ArrayD, ArrayViewD, Axis, IxDyn, Slice, array, s};
use crisol_jit::expression::{abs, ceil, exp, floor, round, sqrt};
use crisol_jit::{ErrorKind, Fused, Operand, OperandMut, Value};
use proptest::prelude::*;

#[test]
fn operators_mean_what_they_do_on_numbers() {
    let fused = Fused::new(|k| {
        let (x, y) = (k.input::<f64>(), k.input::<f64>());
        let sum = 2.0 * x + y / 3.0 - (1.0 - x) * sqrt(abs(y));
        k.output(sum.maximum(-x).minimum(9.5) + x.greater(y).select(floor(x), round(y)) + ceil(x));
    })
    .unwrap();
    let x: Vec<f64> = (0..37).map(|i| f64::from(i) * 0.37 - 5.0).collect();
    let y: Vec<f64> = (0..37).map(|i| f64::from(i) * -0.21 + 3.0).collect();
    let out = fused.evaluate::<f64>(&[&x, &y]).unwrap();
    for ((x, y), out) in x.iter().zip(&y).zip(&out) {
        let sum = 2.0 * x + y / 3.0 - (1.0 - x) * y.abs().sqrt();
        let larger = if sum > -x { sum } else { -x };
        let smaller = if larger < 9.5 { larger } else { 9.5 };
        let expected = smaller + if x > y { x.floor() } else { y.round_ties_even() } + x.ceil();
        assert_eq!(*out, expected, "{x} {y}");
    }
}

#[test]
fn types_mix_by_casts_and_conditions() {
    let fused = Fused::new(|k| {
        let (pixel, label, weight) = (k.input::<u8>(), k.input::<i32>(), k.input::<f32>());
        let x = pixel.cast::<f32>() / 255.0 * weight;
        let wanted = label.equal(1) & !x.greater(0.5) | label.less(0);
        k.output(x);
        k.output(wanted);
        k.output(wanted.cast::<i32>().sum());
        k.output(label.cast::<i64>() * 3 - 1);
        k.output((x * 300.0).cast::<u8>());
        k.output(label.cast::<u8>());
    })
    .unwrap();
    let pixels = [0u8, 51, 102, 204, 255, 255];
    let labels = [1, 1, 0, 1, -1, 300];
    let values = fused.evaluate_all(&[&pixels, &labels, &1f32]).unwrap();
    let x = pixels.map(|x| f32::from(x) / 255.0);
    let expected = [
        Value::F32(Array1::from_iter(x).into_dyn()),
        Value::Bool(array![true, true, false, false, true, false].into_dyn()),
        Value::I32(ArrayD::from_elem(IxDyn(&[]), 3)),
        Value::I64(array![2i64, 2, -1, 2, -4, 899].into_dyn()),
        Value::U8(Array1::from_iter(x.map(|x| (x * 300.0) as u8)).into_dyn()),
        Value::U8(array![1u8, 1, 0, 1, 255, 44].into_dyn()),
    ];
    assert_eq!(values, expected);
}

#[test]
fn several_outputs_in_one_pass_into_given_places() {
    let fused = Fused::new(|k| {
        let (x, y) = (k.input::<f32>(), k.input::<f32>());
        let z = x * y;
        k.output(z);
        k.output(z.sum().axes([-1]).keep_axes());
        k.output(z.min().axes([0]));
        k.output(z.mean());
        k.output(x - y);
    })
    .unwrap();
    let x = Array2::from_shape_fn((5, 7), |(i, j)| (i * 7 + j) as f32);
    let y = array![[1f32], [2.0], [-1.0], [0.5], [4.0]];
    let mut wide = Array2::from_elem((5, 14), 9f32);
    let (mut rows, mut columns, mut mean, mut difference) =
        (Array2::<f32>::zeros((5, 1)), [0f32; 7], 0f32, Array2::<f32>::zeros((7, 5)));
    fused
        .evaluate_into(
            &[&x, &y],
            &mut [
                &mut wide.slice_mut(s![.., ..;2]),
                &mut rows,
                &mut columns,
                &mut mean,
                &mut difference.view_mut().reversed_axes(),
            ],
        )
        .unwrap();
    let z = &x * &y;
    assert_eq!(wide.slice(s![.., ..;2]), z);
    assert!(wide.slice(s![.., 1..;2]).iter().all(|x| *x == 9.0), "what lies between stays");
    assert_eq!(rows, z.sum_axis(Axis(1)).insert_axis(Axis(1)));
    assert_eq!(Array1::from_iter(columns), z.fold_axis(Axis(0), f32::INFINITY, |a, b| a.min(*b)));
    assert_eq!(mean, z.sum() / 35.0);
    assert_eq!(difference.t(), &x - &y);
    assert_eq!(fused.compiled(), 1);
}

#[test]
fn numbers_given_at_run_time_compile_nothing() {
    let fused = Fused::new(|k| k.output(k.input::<f32>() * k.input::<f32>())).unwrap();
    for size in [1usize, 3, 4, 100] {
        for factor in [0.5f32, 2.0, -1.0] {
            let x: Vec<f32> = (0..size).map(|i| i as f32).collect();
            let y = fused.evaluate::<f32>(&[&x, &factor]).unwrap();
            assert!(x.iter().zip(&y).all(|(x, y)| x * factor == *y));
        }
    }
    // An axis of size 1 has no layout of its own.
    assert!(fused.compiled() <= 2, "{}", fused.compiled());
}

#[test]
fn integers_at_their_ends_and_nothing_at_all() {
    let fused = Fused::new(|k| {
        let x = k.input::<i32>();
        k.output(x.min());
        k.output(x.max());
        k.output(x.sum());
    })
    .unwrap();
    let values = fused.evaluate_all(&[&[i32::MIN, 5, i32::MAX]]).unwrap();
    let number = |x| Value::I32(ArrayD::from_elem(IxDyn(&[]), x));
    assert_eq!(values, [number(i32::MIN), number(i32::MAX), number(4)]);

    let empty = Array2::<f32>::zeros((0, 3));
    let sum = Fused::new(|k| k.output(k.input::<f32>().sum().axes([0]))).unwrap();
    assert_eq!(sum.evaluate::<f32>(&[&empty]).unwrap(), array![0f32, 0.0, 0.0].into_dyn());
    let mean = Fused::new(|k| k.output(k.input::<f32>().mean())).unwrap();
    assert!(mean.evaluate::<f32>(&[&empty]).unwrap()[[]].is_nan());
    let max = Fused::new(|k| k.output(k.input::<f32>().max().axes([0]))).unwrap();
    let error = max.evaluate::<f32>(&[&empty]).unwrap_err();
    assert_eq!(error.to_string(), "fused: no largest or smallest number of nothing: the inputs have shape [0, 3]");
    assert_eq!(max.evaluate::<f32>(&[&Array2::<f32>::zeros((3, 0))]).unwrap().len(), 0);
    let nan = Fused::new(|k| k.output(k.input::<f32>().min())).unwrap();
    assert!(nan.evaluate::<f32>(&[&[1.0f32, f32::NAN, 0.0]]).unwrap()[[]].is_nan());
}

#[test]
fn a_constant_fills_what_it_is_given() {
    let fused = Fused::new(|k| k.output(exp(k.constant(0f32)))).unwrap();
    let mut x = Array2::<f32>::zeros((3, 5));
    fused.evaluate_into(&[], &mut [&mut x]).unwrap();
    assert!(x.iter().all(|x| *x == 1.0));
    assert_eq!(fused.evaluate::<f32>(&[]).unwrap()[[]], 1.0);
}

#[test]
fn mistakes_are_errors_with_shapes_and_types() {
    let fused = Fused::new(|k| k.output(k.input::<f32>() + k.input::<f32>())).unwrap();
    let (a, b) = (Array2::<f32>::zeros((3, 4)), Array2::<f32>::zeros((2, 4)));
    let check = |result: crisol_jit::Result<ArrayD<f32>>, kind: ErrorKind, text: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().starts_with(text), "{error}");
    };
    let text = "fused: shapes [[3, 4], [2, 4]] do not broadcast: axis 0 of input 1 has size 2, others 3";
    check(fused.evaluate(&[&a, &b]), ErrorKind::Shape, text);
    check(fused.evaluate(&[&a]), ErrorKind::Value, "fused: 1 inputs were given, the expression has 2");
    check(fused.evaluate(&[&a, &1f64]), ErrorKind::DType, "fused: input 1 is float64, the expression takes float32");
    let mut out = Array2::<f32>::zeros((4, 3));
    let error = fused.evaluate_into(&[&a, &a], &mut [&mut out]).unwrap_err();
    assert_eq!(error.to_string(), "fused: array 0 has shape [4, 3], the output has [3, 4]");
    let error = fused.evaluate_into(&[&a, &a], &mut []).unwrap_err();
    assert!(error.to_string().contains("0 arrays were given, the expression has 1 outputs"), "{error}");
    let error = fused.evaluate::<f64>(&[&a, &a]).unwrap_err();
    assert_eq!(error.to_string(), "fused: the output is float32, asked for was float64");
    // In place, a smaller array cannot take what it is broadcast to.
    let mut row = [0f32; 4];
    let error = fused.evaluate_in_place(&mut [&mut row], &[&a]).unwrap_err();
    assert_eq!(error.to_string(), "fused: array 0 has shape [4], the output has [3, 4]");

    let sum = |axes: &'static [isize]| Fused::new(|k| k.output(k.input::<f32>().sum().axes(axes.to_vec()))).unwrap();
    check(sum(&[2]).evaluate(&[&a]), ErrorKind::Axis, "fused: no axis 2 to reduce: the inputs broadcast to 2 axes");
    check(sum(&[0, -2]).evaluate(&[&a]), ErrorKind::Axis, "fused: axis -2 is reduced twice");
    let error = sum(&[0]).evaluate_in_place(&mut [&mut [0f32; 4]], &[]).unwrap_err();
    assert!(error.to_string().contains("a reduction cannot be written over an input"), "{error}");
    assert!(Fused::new(|_| ()).unwrap_err().to_string().contains("no output"));
    let huge = Array1::<f32>::zeros(1).into_dyn();
    let huge = huge.broadcast(IxDyn(&[1 << 40, 1 << 20])).unwrap();
    check(fused.evaluate(&[&huge, &huge]), ErrorKind::Shape, "fused: inputs broadcast to [1099511627776, 1048576]");
}

/// A view made from an array by flips, steps, an exchange of axes, and axes that are stretched or missing.
#[derive(Clone, Debug)]
struct View {
    steps: Vec<isize>,
    exchange: (usize, usize),
    stretched: Vec<bool>,
    missing: usize,
}

fn view(rank: usize) -> impl Strategy<Value = View> {
    let step = prop_oneof![4 => Just(1isize), 1 => Just(2), 1 => Just(-1), 1 => Just(-3)];
    let steps = prop::collection::vec(step, rank);
    let stretched = prop::collection::vec(prop::bool::weighted(0.15), rank);
    let exchange = (0..rank.max(1), 0..rank.max(1));
    (steps, exchange, stretched, prop_oneof![4 => Just(0), 1 => 0..=rank])
        .prop_map(|(steps, exchange, stretched, missing)| View { steps, exchange, stretched, missing })
}

impl View {
    /// An array of which [`View::of`] is a view that broadcasts to `shape`.
    fn array(&self, shape: &[usize], seed: f64) -> ArrayD<f64> {
        let mut sizes: Vec<usize> = (0..shape.len())
            .map(|axis| if self.stretched[axis] { 1 } else { shape[axis] * self.steps[axis].unsigned_abs() })
            .collect();
        if !sizes.is_empty() {
            sizes.swap(self.exchange.0, self.exchange.1);
        }
        let mut state = seed;
        ArrayD::from_shape_simple_fn(IxDyn(&sizes), || {
            state = (state * 1.37 + 0.71) % 7.0;
            (state * 16.0).round() / 16.0 - 3.0
        })
    }

    fn of<'a>(&self, array: &'a ArrayD<f64>) -> ArrayViewD<'a, f64> {
        let mut view = array.view();
        if view.ndim() > 0 {
            view.swap_axes(self.exchange.0, self.exchange.1);
        }
        for (axis, step) in self.steps.iter().enumerate() {
            let step = if self.stretched[axis] { step.signum() } else { *step };
            view.slice_axis_inplace(Axis(axis), Slice::new(0, None, step));
        }
        for _ in 0..self.missing {
            if view.len_of(Axis(0)) == 0 {
                break;
            }
            view.index_axis_inplace(Axis(0), 0);
        }
        view
    }
}

/// A shape, two inputs, a place for the map, and the axes of two reductions.
fn case() -> impl Strategy<Value = (Vec<usize>, [View; 3], [Vec<bool>; 2], bool)> {
    (0usize..5).prop_flat_map(|rank| {
        let size = prop_oneof![6 => 1usize..7, 1 => Just(0usize), 1 => 17usize..40];
        let views = [view(rank), view(rank), view(rank)];
        let axes = || prop::collection::vec(any::<bool>(), rank);
        (prop::collection::vec(size, rank), views, [axes(), axes()], any::<bool>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_views_give_what_ndarray_gives((shape, [a, b, c], reduced, keep) in case()) {
        // All numbers are sixteenths of moderate size: products and sums are exact in any order.
        let axes = reduced.map(|axes| (0..axes.len()).filter(|axis| axes[*axis]).collect::<Vec<usize>>());
        let signed = |axes: &[usize]| axes.iter().map(|axis| *axis as isize).collect::<Vec<isize>>();
        let (sum_axes, max_axes) = (signed(&axes[0]), signed(&axes[1]));
        let fused = Fused::new(|k| {
            let (x, y) = (k.input::<f64>(), k.input::<f64>());
            let z = x * y - 0.5;
            k.output(z);
            let sum = z.sum().axes(sum_axes);
            k.output(if keep { sum.keep_axes() } else { sum });
            k.output(z.max().axes(max_axes));
        })
        .unwrap();
        let (x, y) = (a.array(&shape, 1.0), b.array(&shape, 2.0));
        let (x, y) = (a.of(&x), b.of(&y));
        // What ndarray makes of it.
        let mut domain = vec![1; shape.len()];
        for view in [&x, &y] {
            let missing = domain.len() - view.ndim();
            for (axis, size) in view.shape().iter().enumerate() {
                if *size != 1 {
                    domain[missing + axis] = *size;
                }
            }
        }
        let rank = x.ndim().max(y.ndim());
        let domain = &domain[shape.len() - rank..];
        if axes.iter().flatten().any(|axis| *axis >= rank) {
            let values = fused.evaluate_all(&[&x, &y]);
            prop_assert_eq!(values.unwrap_err().kind(), ErrorKind::Axis);
            return Ok(());
        }
        let wide = |view: &ArrayViewD<'_, f64>| view.broadcast(IxDyn(domain)).unwrap().to_owned();
        let z = wide(&x) * wide(&y) - 0.5;
        let fold = |axes: &[usize], neutral: f64, f: fn(f64, f64) -> f64, keep: bool| {
            let mut result = z.clone();
            for axis in axes.iter().rev() {
                result = result.fold_axis(Axis(*axis), neutral, |a, b| f(*a, *b));
                if keep {
                    result.insert_axis_inplace(Axis(*axis));
                }
            }
            result
        };
        let sum = fold(&axes[0], 0.0, |a, b| a + b, keep);
        let max = fold(&axes[1], f64::NEG_INFINITY, f64::max, false);
        if max.iter().any(|x| x.is_infinite()) {
            let values = fused.evaluate_all(&[&x, &y]);
            prop_assert_eq!(values.unwrap_err().kind(), ErrorKind::Value);
            return Ok(());
        }
        let values = fused.evaluate_all(&[&x, &y]).unwrap();
        prop_assert_eq!(&values[0], &Value::F64(z.clone()));
        prop_assert_eq!(&values[1], &Value::F64(sum.clone()));
        prop_assert_eq!(&values[2], &Value::F64(max.clone()));
        // The same into places of any strides.
        if rank == shape.len() && domain == &shape[..] && !c.stretched.contains(&true) {
            let plain = View { missing: 0, ..c };
            let mut room = plain.array(&shape, 3.0);
            let mut place = room.view_mut();
            if rank > 0 {
                place.swap_axes(plain.exchange.0, plain.exchange.1);
            }
            for (axis, step) in plain.steps.iter().enumerate() {
                place.slice_axis_inplace(Axis(axis), Slice::new(0, None, *step));
            }
            let (mut sum_room, mut max_room) = (sum.clone() * 0.0, max.clone().reversed_axes());
            let inputs: [&dyn Operand; 2] = [&x, &y];
            let mut max_place = max_room.view_mut().reversed_axes();
            let outputs: &mut [&mut dyn OperandMut] = &mut [&mut place, &mut sum_room, &mut max_place];
            fused.evaluate_into(&inputs, outputs).unwrap();
            prop_assert_eq!(place, z);
            prop_assert_eq!(sum_room, sum);
            prop_assert_eq!(max_place, max);
        }
    }
}

#[test]
fn many_threads_share_an_expression() {
    let fused = Fused::new(|k| k.output((k.input::<f32>() * 2.0).sum())).unwrap();
    let x = Array2::from_shape_fn((64, 50), |(i, j)| (i + j) as f32);
    let expected = x.sum() * 2.0;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (fused, x) = (&fused, &x);
            scope.spawn(move || {
                for step in 0..20 {
                    let view = if (thread + step) % 2 == 0 { x.view() } else { x.t() };
                    assert_eq!(fused.evaluate::<f32>(&[&view]).unwrap()[[]], expected);
                }
            });
        }
    });
    assert_eq!(fused.compiled(), 1, "a transposed array has the same layout in another order");
}

#[test]
fn loops_are_kept_by_shape_strides_and_type() {
    let fused = Fused::new(|k| k.output(k.input::<f32>() * 2f32)).unwrap();
    let x = Array2::from_shape_fn((4, 6), |(i, j)| (i * 6 + j) as f32);
    // More layouts than are kept, twice, in turn: every one gives what ndarray gives.
    for _ in 0..2 {
        for rows in 1..=4 {
            for columns in [1, 3, 6] {
                let part = x.slice(s![..rows, ..columns]);
                assert_eq!(fused.evaluate::<f32>(&[&part]).unwrap(), (&part * 2.0).into_dyn());
                let turned = part.t();
                let mut out = Array2::<f32>::zeros((rows, columns));
                fused.evaluate_into(&[&turned], &mut [&mut out.view_mut().reversed_axes()]).unwrap();
                assert_eq!(out, &part * 2.0);
            }
        }
    }
    assert!(fused.evaluate::<f32>(&[&x.mapv(f64::from)]).is_err());
    assert!(fused.evaluate_into(&[&x], &mut [&mut Array2::<f32>::zeros((6, 4))]).is_err());
}

#[test]
fn shared_arrays_are_copied_before_they_are_written() {
    let double = Fused::new(|k| k.output(k.input::<f32>() * 2.0)).unwrap();
    let x = Array1::from_iter((0..40).map(|i| i as f32));
    for _ in 0..3 {
        let shared = Array1::<f32>::zeros(80).into_shared();
        let mut every_other = shared.clone();
        // The copy that is made for writing has no gaps.
        every_other.slice_collapse(s![..;2]);
        double.evaluate_into(&[&x], &mut [&mut every_other]).unwrap();
        assert_eq!(every_other, &x * 2.0);
        assert!(shared.iter().all(|&number| number == 0.0));
    }
}
