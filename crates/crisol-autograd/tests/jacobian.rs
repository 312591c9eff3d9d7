//! Jacobians against analytic ones and central differences in double precision, through every kind of operation.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{CustomOp, GradientTape, UnconnectedGradients, checkpoint, custom_gradient, no_gradient};
use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_tensor::{
    Conv2dAttributes, DType, Error, ErrorKind, Pool2dAttributes, Result, Tensor, TensorType, Value, Variable, evaluate,
    same_padding, stats,
};

/// Numbers between -1 and 1, uneven.
fn array(sizes: &[usize], seed: f64) -> ArrayD<f64> {
    let mut count = seed;
    ArrayD::from_shape_simple_fn(IxDyn(sizes), || {
        count += 1.0;
        (count * 12.9898).sin()
    })
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec::<f64>().unwrap()
}

/// Holds the jacobian with respect to each input against central differences of all elements.
fn check(function: impl Fn(&[Tensor]) -> Tensor, inputs: &[ArrayD<f64>]) {
    let tensors: Vec<Tensor> = inputs.iter().map(Tensor::from).collect();
    let tape = GradientTape::new();
    let y = function(&tensors);
    let jacobians = tape.jacobian(&y, &tensors).unwrap().into_tensors().unwrap();
    let count = y.shape().unwrap().elements();
    for (number, (input, jacobian)) in inputs.iter().zip(&jacobians).enumerate() {
        let expected = [y.shape().unwrap().sizes(), input.shape()].concat();
        assert_eq!(jacobian.shape().unwrap().sizes(), expected);
        let found = numbers(jacobian);
        for place in 0..input.len() {
            let at = |step: f64| {
                let mut moved = inputs.to_vec();
                moved[number].as_slice_mut().unwrap()[place] += step;
                numbers(&function(&moved.iter().map(Tensor::from).collect::<Vec<_>>()))
            };
            for (element, (high, low)) in at(1e-5).into_iter().zip(at(-1e-5)).enumerate() {
                let (found, expected) = (found[element * input.len() + place], (high - low) / 2e-5);
                assert!(
                    (found - expected).abs() < 1e-7 * (1.0 + expected.abs()),
                    "input {number}, element {element} of {count}, place {place}: {found}, expected {expected}"
                );
            }
        }
    }
}

#[test]
fn of_maps_reductions_and_views() {
    check(|x| (&x[0] * &x[1]).tanh() + x[0].powi(3), &[array(&[3, 4], 0.0), array(&[4], 9.0)]);
    check(|x| x[0].exp().sum(0) * x[0].max(1).sum_all(), &[array(&[3, 4], 0.0)]);
    check(
        |x| {
            let y = x[0].slice(&[0..2, 1..4]).pad(&[(1, 0), (0, 2)]).transpose().reshape([3, 5]);
            y.sigmoid().flip(&[1]).matmul(&x[0].square())
        },
        &[array(&[5, 4], 3.0)],
    );
    check(|x| x[0].cumsum(1).sin(), &[array(&[2, 3], 1.0)]);
    check(|x| Tensor::concatenate(&[&x[0].square(), &x[1]], 1).exp(), &[array(&[2, 3], 1.0), array(&[2, 2], 5.0)]);
    check(|x| x[0].prod(1) * x[0].softmax(-1).log().mean(1), &[array(&[3, 3], 2.0)]);
}

#[test]
fn of_matrix_products_of_every_form() {
    check(|x| x[0].matmul(&x[1]).tanh(), &[array(&[2, 3], 0.0), array(&[3, 4], 9.0)]);
    check(|x| x[0].matmul(&x[1]).tanh(), &[array(&[2, 2, 3], 0.0), array(&[3, 2], 9.0)]);
    check(|x| x[0].matmul(&x[1]).tanh(), &[array(&[2, 3], 0.0), array(&[2, 3, 2], 9.0)]);
    check(|x| x[0].matmul(&x[1]).tanh(), &[array(&[2, 1, 2, 3], 0.0), array(&[2, 3, 2], 9.0)]);
    check(|x| x[0].matmul(&x[0].transpose()).exp(), &[array(&[3, 2], 0.0)]);
    check(|x| x[0].matmul(&x[1]), &[array(&[3], 0.0), array(&[3], 9.0)]);
}

#[test]
fn of_convolutions_and_pools() {
    let network = |x: &[Tensor]| {
        let side = same_padding(5, 3, 2, 1);
        let how = Conv2dAttributes { stride: [2; 2], padding: [side; 2], ..Conv2dAttributes::default() };
        x[0].conv2d(&x[1], how).tanh()
    };
    check(network, &[array(&[2, 5, 5, 2], 0.0), array(&[3, 3, 2, 2], 50.0)]);
    let pool = Pool2dAttributes { window: [2; 2], stride: [2; 2], padding: [[0; 2]; 2] };
    check(|x| x[0].sin().max_pool2d(pool).square(), &[array(&[2, 4, 4, 2], 0.0)]);
    check(|x| x[0].sin().average_pool2d(pool).square(), &[array(&[2, 4, 4, 2], 0.0)]);
}

#[test]
fn of_choices() {
    let rows = Tensor::from_slice(&[2i32, 0, 2, 1], [4]);
    check(|x| x[0].take(&rows, 0).exp(), &[array(&[3, 2], 0.0)]);
    let places = Tensor::from_slice(&[1i32, 0, 0, 2, 1, 1], [3, 2]);
    check(|x| x[0].take_along_axis(&places, 1).square(), &[array(&[3, 3], 0.0)]);
    check(|x| x[0].sort(1) * x[0].sum_keep(1), &[array(&[2, 4], 0.0)]);
}

#[test]
fn of_linear_maps_are_their_matrices() {
    let matrix = array(&[3, 4], 0.0);
    let (x, w) = (Tensor::from(array(&[4], 7.0)), Tensor::from(matrix.clone()));
    let tape = GradientTape::new();
    let y = w.matmul(&x);
    let jacobian = tape.jacobian(&y, [&x]).unwrap().only().unwrap();
    assert_eq!(numbers(&jacobian), matrix.into_raw_vec_and_offset().0);
    // A scalar has its gradient, a single source of rank 0 a derivative for each element.
    let tape = GradientTape::new();
    let jacobian = tape.jacobian(&x.square().sum_all(), [&x]).unwrap().only().unwrap();
    assert_eq!(jacobian.shape().unwrap().sizes(), [4]);
    let scale = Tensor::from_slice(&[2.0f64], [1]).reshape([] as [usize; 0]);
    let tape = GradientTape::new();
    let jacobian = tape.jacobian(&(&x * &scale), [&scale]).unwrap().only().unwrap();
    assert_eq!(numbers(&jacobian), numbers(&x));
}

#[test]
fn of_rows_depend_on_their_own_rows_alone() {
    let x = Tensor::from(array(&[3, 4], 0.0));
    let w = Tensor::from(array(&[4, 2], 30.0));
    let tape = GradientTape::persistent();
    let y = x.square().matmul(&w).tanh();
    let rows = tape.batch_jacobian(&y, &x).unwrap().only().unwrap();
    assert_eq!(rows.shape().unwrap().sizes(), [3, 2, 4]);
    let whole = numbers(&tape.jacobian(&y, [&x]).unwrap().only().unwrap());
    let rows = numbers(&rows);
    for (row, (output, input)) in (0..3).flat_map(|row| (0..8).map(move |at| (row, (at / 4, at % 4)))) {
        let (found, expected) =
            (rows[(row * 2 + output) * 4 + input], whole[((row * 2 + output) * 3 + row) * 4 + input]);
        assert!((found - expected).abs() < 1e-15, "{found}, expected {expected}");
    }
    let error = tape.batch_jacobian(&y.transpose(), &x).unwrap_err().to_string();
    assert!(error.contains("target [2, 3] and source [3, 4]") && error.contains("batch_jacobian"), "{error}");
}

#[test]
fn hessians_are_jacobians_of_gradients() {
    let function = |x: &Tensor| (x.square().matmul(&x.exp()) + x.prod(0)).sum_all();
    let x = Tensor::from(array(&[4], 3.0));
    let outer = GradientTape::new();
    let inner = GradientTape::new();
    let gradient = inner.gradient(&function(&x), [&x]).unwrap().only().unwrap();
    let hessian = numbers(&outer.jacobian(&gradient, [&x]).unwrap().only().unwrap());
    for row in 0..4 {
        for column in 0..row {
            assert!((hessian[row * 4 + column] - hessian[column * 4 + row]).abs() < 1e-12);
        }
    }
    // And a jacobian can be differentiated: that of the gradient once more.
    check(
        |x| {
            let tape = GradientTape::new();
            let y = x[0].square().matmul(&x[1]).tanh();
            tape.jacobian(&y, [&x[0]]).unwrap().only().unwrap()
        },
        &[array(&[2, 2], 1.0), array(&[2, 2], 8.0)],
    );
}

#[test]
fn unconnected_sources_have_none_or_zeros() {
    let (x, other) = (Tensor::from(array(&[2], 0.0)), Tensor::from(array(&[3], 0.0)));
    let tape = GradientTape::persistent();
    let y = x.exp();
    assert!(tape.jacobian(&y, [&other]).unwrap().tensors()[0].is_none());
    assert!(tape.batch_jacobian(&y, &Tensor::ones([2])).unwrap().tensors()[0].is_none());
    let zeros = tape.jacobian_with(&y, [&x, &other], UnconnectedGradients::Zero).unwrap().into_tensors().unwrap();
    assert_eq!((zeros[1].shape().unwrap().sizes(), numbers(&zeros[1])), ([2usize, 3].as_slice(), vec![0.0; 6]));
    let other = Tensor::ones([2, 5]);
    let zeros = tape.batch_jacobian_with(&y, &other, UnconnectedGradients::Zero).unwrap();
    assert_eq!(zeros.only().unwrap().shape().unwrap().sizes(), [2, 5]);
    // A source that gives a constant gradient, and one that is the target itself.
    let identity = tape.jacobian(&y, [&y]).unwrap().only().unwrap();
    assert_eq!(numbers(&identity), [1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn empty_targets_have_empty_jacobians() {
    let x = Tensor::from(array(&[3], 0.0));
    let tape = GradientTape::persistent();
    let y = x.slice_axis(0, Some(0), Some(0), 1).exp();
    assert_eq!(tape.jacobian(&y, [&x]).unwrap().only().unwrap().shape().unwrap().sizes(), [0, 3]);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let x = Tensor::from(array(&[2], 0.0));
    let tape = GradientTape::new();
    let error = tape.jacobian(&x.cast(DType::I32), [&x]).unwrap_err().to_string();
    assert!(error.contains("jacobian: only floating point values have gradients, found int32[2]"), "{error}");
    let deep = x.reshape([1, 2, 1, 1, 1, 1, 1, 1]);
    let error = tape.jacobian(&deep, [&x]).unwrap_err();
    assert!(error.to_string().contains("jacobian") && error.to_string().contains("tests/jacobian.rs"), "{error}");
    // Asking has not worked, so the tape is as good as new; once it has, it is used up.
    let y = x.exp();
    tape.jacobian(&y, [&x]).unwrap();
    assert_eq!(tape.jacobian(&y, [&x]).unwrap_err().kind(), ErrorKind::State);
}

#[derive(Clone, Debug, PartialEq)]
struct Cube;

impl CustomOp for Cube {
    fn name(&self) -> &'static str {
        "cube"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        Ok(inputs[0])
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        Ok(Value::F64(inputs[0].array::<f64>()?.mapv(|x| x * x * x)))
    }

    fn gradient(&self, inputs: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        // With an operation from outside in the backward pass, too.
        Ok(vec![Some(gradient * 3.0 * Square.call(&[&inputs[0]]) + Square.call(&[gradient]) * 0.0)])
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Square;

impl CustomOp for Square {
    fn name(&self) -> &'static str {
        "square"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        Ok(inputs[0])
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        Ok(Value::F64(inputs[0].array::<f64>()?.mapv(|x| x * x)))
    }

    fn gradient(&self, _: &[Tensor], _: &Tensor, _: &Tensor) -> Result<Vec<Option<Tensor>>> {
        no_gradient("it is not asked for")
    }
}

#[test]
fn of_operations_and_gradients_of_ones_own() {
    check(|x| Cube.call(&[&x[0]]).matmul(&x[0]), &[array(&[2, 2], 1.0)]);
    let own = |x: &[Tensor]| {
        custom_gradient(&[&x[0]], |x| x[0].sin(), |x, _, g| Ok::<_, Error>(vec![Some(g * x[0].cos())])).matmul(&x[1])
    };
    check(own, &[array(&[2, 2], 1.0), array(&[2, 2], 8.0)]);
    // A gradient that has a gradient of its own on the way: seed by seed.
    let twice = |x: &[Tensor]| {
        custom_gradient(
            &[&x[0]],
            |x| x[0].square(),
            |x, _, g| {
                let product = custom_gradient(
                    &[g, &x[0]],
                    |v| &v[0] * &v[1],
                    |v, _, g| Ok::<_, Error>(vec![Some(g * &v[1]), Some(g * &v[0])]),
                );
                Ok(vec![Some(product * 2.0)])
            },
        )
    };
    check(twice, &[array(&[3], 1.0)]);
}

#[test]
fn through_checkpoints() {
    let segment = |x: &[Tensor]| {
        let inner = x[0].clone();
        let weight = x[1].clone();
        checkpoint(|| inner.exp().matmul(&weight).tanh()).sin()
    };
    check(segment, &[array(&[2, 3], 0.0), array(&[3, 2], 9.0)]);
}

#[test]
fn one_plan_however_many_elements_and_none_the_second_time() {
    let x = Variable::new(Tensor::from(array(&[4, 6], 0.0))).unwrap();
    let w = Tensor::from(array(&[6, 5], 9.0));
    let round = || {
        let tape = GradientTape::new();
        let y = x.value().matmul(&w).tanh();
        let jacobian = tape.jacobian(&y, [&x]).unwrap().only().unwrap();
        drop((tape, y));
        evaluate().unwrap();
        let sum = numbers(&jacobian).iter().sum::<f64>();
        x.assign_sub(jacobian.sum([0, 1]) * 1e-3).unwrap();
        evaluate().unwrap();
        sum
    };
    let before = stats();
    round();
    let after = stats();
    // The jacobian, and the assignment.
    assert_eq!(after.plans_made - before.plans_made, 2);
    for _ in 0..5 {
        round();
    }
    assert_eq!(stats().plans_made, after.plans_made);
}
