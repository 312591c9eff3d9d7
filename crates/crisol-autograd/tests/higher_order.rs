//! Gradients of gradients, to any order, against central differences in double precision.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{
    GradientOptions, GradientTape, check_gradients, hessian_vector_product, jacobian_vector_product,
    value_and_gradients,
};
use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_tensor::{Conv2dAttributes, Pool2dAttributes, Result, Tensor, same_padding};

/// Numbers between -1 and 1, uneven.
fn array(sizes: &[usize], seed: f64) -> ArrayD<f64> {
    let mut count = seed;
    ArrayD::from_shape_simple_fn(IxDyn(sizes), || {
        count += 1.0;
        (count * 12.9898).sin()
    })
}

/// The gradient of the sum of `function` with respect to the first input, as a tensor that can be differentiated.
fn slope(function: impl Fn(&[Tensor]) -> Tensor, inputs: &[Tensor]) -> Result<Tensor> {
    let tape = GradientTape::new();
    let value = function(inputs);
    tape.gradient(&value, [&inputs[0]])?.only()
}

fn convolution(x: &Tensor, kernel: &Tensor, stride: usize) -> Tensor {
    let (x_shape, k_shape) = (x.shape().unwrap(), kernel.shape().unwrap());
    let side = |axis: usize| same_padding(x_shape[axis], k_shape[axis - 1], stride, 1);
    let attributes =
        Conv2dAttributes { stride: [stride; 2], padding: [side(1), side(2)], ..Conv2dAttributes::default() };
    x.conv2d(kernel, attributes)
}

/// A critic of images: two convolutions, leaky activations, an average over the image, one score.
fn critic(inputs: &[Tensor]) -> Tensor {
    let [x, first, second, last] = inputs else { panic!("four inputs") };
    let h = convolution(x, first, 2);
    let h = &h * h.sigmoid();
    let h = convolution(&h, second, 1).tanh();
    h.mean([1, 2]).matmul(last)
}

#[test]
fn the_penalty_of_wgan_gp_has_the_right_gradient() {
    let inputs =
        [array(&[2, 6, 6, 2], 0.0), array(&[3, 3, 2, 3], 7.0), array(&[3, 3, 3, 4], 50.0), array(&[4, 1], 99.0)];
    let penalty = |inputs: &[Tensor]| -> Result<Tensor> {
        let gradient = slope(critic, inputs)?;
        let norm = (gradient.square().sum([1, 2, 3]) + 1e-12).sqrt();
        Ok((norm - 1.0).square().mean_all())
    };
    check_gradients(penalty, &inputs, 1e-6).unwrap();
}

#[test]
fn what_normalises_over_the_batch_has_second_and_third_gradients() {
    let normalised = |inputs: &[Tensor]| {
        let x = &inputs[0];
        let centred = x - x.mean_keep(0);
        let y = &centred / (centred.square().mean_keep(0) + 1e-3).sqrt();
        (y * &inputs[1]).tanh()
    };
    let inputs = [array(&[4, 3], 1.0), array(&[3], 30.0)];
    check_gradients(normalised, &inputs, 1e-6).unwrap();
    let second = |inputs: &[Tensor]| slope(normalised, inputs);
    check_gradients(second, &inputs, 1e-5).unwrap();
    let third = |inputs: &[Tensor]| slope(|inputs| Tensor::from(second(inputs)).square(), inputs);
    check_gradients(third, &inputs, 1e-4).unwrap();
}

#[test]
fn movement_has_second_gradients() {
    let moved = |inputs: &[Tensor]| {
        let x = &inputs[0];
        let y = x.slice(&[0..2, 1..4]).pad(&[(1, 0), (0, 2)]).transpose().reshape([3, 5]);
        (y.exp() * &inputs[1]).matmul(&x.square())
    };
    let inputs = [array(&[5, 4], 3.0), array(&[3, 5], 70.0)];
    check_gradients(|inputs| slope(moved, inputs), &inputs, 1e-5).unwrap();
}

#[test]
fn pools_have_second_gradients() {
    // Overlapping windows: elements are chosen more than once.
    let pool = Pool2dAttributes { window: [3, 2], stride: [2, 1], padding: [[1, 0], [0, 1]] };
    let largest = |inputs: &[Tensor]| {
        let x = &inputs[0];
        (x.square() + x).max_pool2d(pool).sin() * &inputs[1]
    };
    let inputs = [array(&[2, 5, 4, 2], 3.0), array(&[2, 2, 4, 2], 90.0)];
    check_gradients(largest, &inputs, 1e-6).unwrap();
    check_gradients(|inputs| slope(largest, inputs), &inputs, 1e-5).unwrap();
    let mean = |inputs: &[Tensor]| inputs[0].exp().average_pool2d(pool).sin() * &inputs[1];
    check_gradients(|inputs| slope(mean, inputs), &inputs, 1e-5).unwrap();
    // The gradient with respect to the gradient of the pool chooses as the pool does.
    let third = |inputs: &[Tensor]| slope(|inputs| Tensor::from(slope(largest, inputs)).square(), inputs);
    check_gradients(third, &inputs, 1e-4).unwrap();
}

#[test]
fn choices_have_second_gradients() {
    // Some rows are chosen twice, and one from the end.
    let rows = Tensor::from_slice(&[2i32, 0, 2, -1], [4]);
    let taken = |inputs: &[Tensor]| {
        let x = &inputs[0];
        (x.take(&rows, 0).exp() * &inputs[1]).square()
    };
    let inputs = [array(&[4, 3], 5.0), array(&[4, 3], 60.0)];
    check_gradients(taken, &inputs, 1e-6).unwrap();
    check_gradients(|inputs| slope(taken, inputs), &inputs, 1e-5).unwrap();
    let third = |inputs: &[Tensor]| slope(|inputs| Tensor::from(slope(taken, inputs)).square(), inputs);
    check_gradients(third, &inputs, 1e-4).unwrap();
    // An order's places are constants, what lies there is not.
    let sorted = |inputs: &[Tensor]| inputs[0].sin().sort(0).powi(3) * &inputs[1];
    check_gradients(|inputs| slope(sorted, inputs), &inputs, 1e-5).unwrap();
}

#[test]
fn powers_to_the_fifth_order() {
    let x = Tensor::from(array(&[3], 2.0));
    let tapes: Vec<GradientTape> = (0..5).map(|_| GradientTape::new()).collect();
    let mut y = x.powi(5);
    for tape in tapes.iter().rev() {
        y = tape.gradient(&y, [&x]).unwrap().only().unwrap();
    }
    assert_eq!(y.to_vec::<f64>().unwrap(), [120.0; 3]);
}

/// x0 tanh(x0 x1), with values and gradients over both inputs.
fn mixed(inputs: &[Tensor]) -> Tensor {
    (&inputs[0] * &inputs[1]).tanh() * &inputs[0]
}

#[test]
fn products_with_jacobians_agree_with_differences() {
    let inputs = [array(&[2, 3], 0.0), array(&[2, 3], 20.0)];
    let directions = [array(&[2, 3], 40.0), array(&[2, 3], 60.0)];
    let tensors: Vec<Tensor> = inputs.iter().map(Tensor::from).collect();
    let ways: Vec<Tensor> = directions.iter().map(Tensor::from).collect();
    let (tensors, ways): (Vec<&Tensor>, Vec<&Tensor>) = (tensors.iter().collect(), ways.iter().collect());
    let at = |step: f64| -> Vec<Tensor> {
        inputs.iter().zip(&directions).map(|(x, way)| Tensor::from(x + &(way * step))).collect()
    };
    let near = |found: &Tensor, high: &Tensor, low: &Tensor| {
        let difference = (high - low) / 2e-6;
        let error = (found - difference).abs().max_all().item().unwrap();
        assert!(error < 1e-7, "{error}");
    };
    let (high, low) = (at(1e-6), at(-1e-6));

    let (value, derivative) = jacobian_vector_product(mixed, &tensors, &ways).unwrap();
    assert_eq!(value.to_vec::<f64>().unwrap(), mixed(&at(0.0)).to_vec::<f64>().unwrap());
    near(&derivative, &mixed(&high), &mixed(&low));

    let gradients = |inputs: &[Tensor]| {
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        value_and_gradients(mixed, &inputs).unwrap().1
    };
    let (first, products) = hessian_vector_product(mixed, &tensors, &ways).unwrap();
    assert_eq!(first[0].to_vec::<f64>().unwrap(), gradients(&at(0.0))[0].to_vec::<f64>().unwrap());
    for ((product, high), low) in products.iter().zip(gradients(&high)).zip(gradients(&low)) {
        near(product, &high, &low);
    }
}

#[test]
fn one_tensor_given_twice_counts_as_two_inputs() {
    let x = Tensor::from_slice(&[3.0f64], [1]);
    let (_, gradients) = value_and_gradients(|x| x[0].square() * &x[1], &[&x, &x]).unwrap();
    let found: Vec<f64> = gradients.iter().map(|gradient| gradient.item().unwrap()).collect();
    assert_eq!(found, [18.0, 9.0]);
}

#[test]
fn products_that_do_not_fit_are_refused() {
    let x = Tensor::ones([2]);
    let error = jacobian_vector_product(|x| x[0].exp(), &[&x], &[&Tensor::ones([3])]).unwrap_err().to_string();
    assert!(error.contains("direction 0 is float32[3], input 0 is float32[2]"), "{error}");
    let error = hessian_vector_product(|x| x[0].exp(), &[&x], &[]).unwrap_err().to_string();
    assert!(error.contains("0 directions were given for 1 inputs"), "{error}");
}

#[test]
fn weights_of_a_target_can_be_differentiated_too() {
    let x = Tensor::from_slice(&[2.0f64, 3.0], [2]);
    let weights = Tensor::ones([2]).cast(crisol_tensor::DType::F64);
    let outer = GradientTape::new();
    let inner = GradientTape::new();
    let options = GradientOptions::new().output_gradients(&weights);
    let product = inner.gradient_with(&x.powi(3), [&x], options).unwrap().only().unwrap();
    let slope = outer.gradient(&product, [&weights]).unwrap().only().unwrap();
    assert_eq!(slope.to_vec::<f64>().unwrap(), [12.0, 27.0]);
}
