//! Networks: names, building, sharing, nesting, state, losses, randomness, and what goes wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

use crisol_layers::{
    Conv2D, Dense, Dropout, Flatten, Inference, Input, Layer, LayerExt, MaxPooling2D, Network, Normalization, Reshape,
    Scope, Training,
};
use crisol_params::{Ones, RandomNormal, Zeros};
use crisol_tensor::random::{self, Key};
use crisol_tensor::{DType, ErrorKind, Result, Shape, Tensor};

/// The elementwise sum of several inputs.
#[derive(Debug)]
struct Sum;

impl Layer for Sum {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn call_many(&self, _cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        Ok(inputs.iter().skip(1).fold(inputs[0].clone(), |sum, x| sum + x))
    }
}

/// Adds up what it sees, and fails on demand after the assignment.
#[derive(Debug)]
struct RunningTotal {
    fails_above: f64,
}

impl Layer for RunningTotal {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let total = cx.state("total", [x.dim(-1)?], Zeros);
        total.assign_add(x.sum(0));
        assert_eq!(cx.state("total", [x.dim(-1)?], Zeros).value().shape()?, total.value().shape()?);
        if !crisol_tensor::is_tracing() && total.value().max_all().item()? > self.fails_above {
            return Err(crisol_tensor::Error::new(ErrorKind::Value, "too much"));
        }
        Ok(total.value())
    }
}

/// Two layers in one, and a loss.
#[derive(Debug)]
struct TwoLinear {
    first: Dense,
    second: Dense,
}

impl Layer for TwoLinear {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let h = cx.layer("first", &self.first, x)?.relu();
        cx.add_loss(h.sum_all() * 1e-2);
        cx.layer("second", &self.second, &h)
    }
}

fn paths(network: &Network) -> Vec<&str> {
    network.tree().unwrap().weights().iter().map(|weight| weight.path()).collect()
}

fn text<T>(result: Result<T>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn a_chain_is_built_at_its_first_call() {
    let mut network = Network::sequential((Flatten::new(), Dense::new(8).activation("relu")));
    network.add(Dense::new(3)).unwrap().add(Dense::new(2).name("digits")).unwrap();
    assert_eq!(network.layer_names(), ["flatten", "dense", "dense_1", "digits"]);
    assert!(!network.is_built());
    assert!(text(network.tree().map(drop)).starts_with("the network is not built"));
    let y = network.call(&Tensor::zeros([5, 2, 3]), Inference).unwrap();
    assert_eq!(y.shape().unwrap().sizes(), [5, 2]);
    assert_eq!(
        paths(&network),
        ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "digits/kernel", "digits/bias"]
    );
    assert_eq!(network.output_shapes().unwrap(), [[None, Some(2)]]);
    assert_eq!(network.input_types().unwrap()[0].to_string(), "float32[2, 3]");
    // Another batch needs nothing new; another shape is refused by the layer that minds.
    assert!(network.call(&Tensor::zeros([1, 2, 3]), Inference).is_ok());
    let error = text(network.call(&Tensor::zeros([5, 2, 4]), Inference));
    assert!(error.starts_with("dense (Dense 6 -> 8): weight: \"kernel\" is a weight of float32[6, 8] and was asked for as a weight of float32[8, 8]"), "{error}");
    let error = network.add(Dense::new(1)).unwrap_err();
    assert_eq!(error.to_string(), "a layer cannot be added to a network that is built");
}

#[test]
fn layers_come_boxed_too() {
    let layers: Vec<Box<dyn Layer>> = vec![Box::new(Flatten::new()), Box::new(Dense::new(2).name("last"))];
    let network = Network::sequential(layers);
    assert_eq!(network.layer_names(), ["flatten", "last"]);
    assert_eq!(network.call(&Tensor::zeros([5, 2, 3]), Inference).unwrap().shape().unwrap().sizes(), [5, 2]);
    assert_eq!(network.layer("last").unwrap().type_name(), "Dense");
    assert!(text(network.layer("lst").map(drop)).contains("did you mean \"last\""));
}

#[test]
fn first_values_follow_from_the_seed_and_the_path() {
    let kernel = |network: Network| {
        let network = network.build().unwrap();
        network.tree().unwrap().weight("last/kernel").unwrap().variable().value().to_vec::<f32>().unwrap()
    };
    let short = || Network::sequential((Input::new([4]), Dense::new(3).name("last")));
    let long = Network::sequential((Input::new([2]), Dense::new(4), Dropout::new(0.5), Dense::new(3).name("last")));
    assert_eq!(kernel(short().seed(1)), kernel(long.seed(1)));
    assert_ne!(kernel(short().seed(1)), kernel(short().seed(2)));
    random::seed(9);
    let drawn = kernel(short());
    assert_ne!(drawn, kernel(short()));
    random::seed(9);
    assert_eq!(drawn, kernel(short()));
}

#[test]
fn a_shared_layer_has_one_set_of_weights_and_layers_come_in_keras_order() {
    let input = Input::new([8]);
    let twice = Dense::new(8).shared();
    let (once, again) = (twice.on(&input), twice.on(&twice.on(&input)));
    let side = Dense::new(8).on(&input);
    let output = Sum.on_all(&[Sum.on_all(&[once, again]), side]);
    let network = Network::functional(&input, &output).unwrap().build().unwrap();
    assert_eq!(network.layer_names(), ["input_layer", "dense", "sum", "dense_1", "sum_1"]);
    assert_eq!(paths(&network), ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]);

    let x = Tensor::random_normal([3, 8], 0.0, 1.0, Key::new(1));
    let weight = |path: &str| network.tree().unwrap().weight(path).unwrap().variable().value();
    let dense = |name: &str, x: &Tensor| x.matmul(&weight(&format!("{name}/kernel"))) + weight(&format!("{name}/bias"));
    let once = dense("dense", &x);
    let expected = &once + dense("dense", &once) + dense("dense_1", &x);
    let found = network.call(&x, Inference).unwrap().to_vec::<f32>().unwrap();
    for (found, expected) in found.iter().zip(expected.to_vec::<f32>().unwrap()) {
        assert!((found - expected).abs() < 1e-5);
    }
}

#[test]
fn several_inputs_and_outputs() {
    let (a, b) = (Input::new([3]), Input::typed(DType::I32, [3]));
    let sum = Sum.on_all(&[Dense::new(3).on(&a), crisol_layers::Rescaling::new(2.0).on(&b)]);
    let network = Network::functional([&a, &b], [&sum, &b]).unwrap();
    let inputs = [Tensor::zeros([2, 3]), Tensor::from_slice(&[1u8, 2, 3, 4, 5, 6], [2, 3])];
    let forward = network.forward(&inputs, Inference, Key::new(0)).unwrap();
    assert_eq!(forward.outputs[0].to_vec::<f32>().unwrap(), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    assert_eq!(forward.outputs[1].to_vec::<i32>().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(text(network.forward(&inputs[..1], Inference, Key::new(0))), "expected 2 inputs, found 1");
    assert!(text(network.call(&inputs[0], Inference)).starts_with("expected 2 inputs"));
}

#[test]
fn a_network_inside_a_network_keeps_the_weights_it_has() {
    let base = Network::sequential((Input::new([4]), Dense::new(3))).seed(5).build().unwrap();
    let before = base.tree().unwrap().get_weights().unwrap();
    let kernel = base.tree().unwrap().weight("dense/kernel").unwrap().clone();
    let fresh = Network::sequential((Dense::new(2), Dense::new(1)));
    let network = Network::sequential((Input::new([4]), base, fresh)).seed(6).build().unwrap();
    assert_eq!(network.layer_names(), ["sequential", "sequential_1"]);
    assert_eq!(
        paths(&network),
        [
            "sequential/dense/kernel",
            "sequential/dense/bias",
            "sequential_1/dense/kernel",
            "sequential_1/dense/bias",
            "sequential_1/dense_1/kernel",
            "sequential_1/dense_1/bias"
        ]
    );
    assert_eq!(network.tree().unwrap().get_weights().unwrap()[..2], before);
    network.tree().unwrap().freeze("sequential").unwrap();
    assert!(!kernel.trainable());
    assert_eq!(network.trainable_weights().unwrap().len(), 4);
    let error = text(network.call(&Tensor::zeros([2, 5]), Inference));
    assert_eq!(error, "input_layer: expected [None, 4], found [2, 5]");
}

#[test]
fn state_is_kept_when_the_pass_succeeds_and_only_then() {
    let network = RunningTotal { fails_above: 10.0 }.build([2]).unwrap();
    let total =
        || network.tree().unwrap().weight("running_total/total").unwrap().variable().value().to_vec::<f32>().unwrap();
    let x = Tensor::ones([3, 2]);
    assert_eq!(network.call(&x, Training).unwrap().to_vec::<f32>().unwrap(), [3.0, 3.0]);
    assert_eq!(network.call(&x, Training).unwrap().to_vec::<f32>().unwrap(), [6.0, 6.0]);
    assert_eq!(total(), [6.0, 6.0]);
    let error = text(network.call(&(x * 5.0), Training));
    assert!(error.starts_with("running_total (RunningTotal): too much"), "{error}");
    assert_eq!(total(), [6.0, 6.0]);
    assert_eq!(network.trainable_weights().unwrap().len(), 0);
}

#[test]
fn losses_of_layers_come_up() {
    let layer = TwoLinear { first: Dense::new(4).kernel_initializer("ones"), second: Dense::new(1) };
    let network = layer.build([3]).unwrap();
    assert_eq!(
        paths(&network),
        ["two_linear/first/kernel", "two_linear/first/bias", "two_linear/second/kernel", "two_linear/second/bias"]
    );
    for _ in 0..2 {
        network.call(&Tensor::ones([2, 3]), Training).unwrap();
        let losses = network.losses();
        assert_eq!(losses.len(), 1);
        assert!((losses[0].item().unwrap() - 0.24).abs() < 1e-6);
    }
}

#[test]
fn random_numbers_of_a_layer_do_not_depend_on_others() {
    let input = || Tensor::ones([4, 32]);
    let mask = |network: Network, key| {
        network.forward(&[input()], Training, Key::new(key)).unwrap().outputs[0].to_vec::<f32>().unwrap()
    };
    let alone = || Network::sequential((Dropout::new(0.5).name("drop"),));
    let behind_another = Network::sequential((
        Dropout::new(0.9),
        Dense::new(32).kernel_initializer("zeros").bias_initializer(Ones),
        Dropout::new(0.5).name("drop"),
    ));
    assert_eq!(mask(alone(), 1), mask(behind_another, 1));
    assert_ne!(mask(alone(), 1), mask(alone(), 2));
    // One layer called twice draws twice.
    let node = Input::new([32]);
    let drop = Dropout::new(0.5).shared();
    let both = Network::functional(&node, [&drop.on(&node), &drop.on(&node)]).unwrap();
    let forward = both.forward(&[input()], Training, Key::new(1)).unwrap();
    assert_ne!(forward.outputs[0].to_vec::<f32>().unwrap(), forward.outputs[1].to_vec::<f32>().unwrap());
}

#[test]
fn a_second_step_makes_no_plan() {
    let network = Network::sequential((
        crisol_layers::Rescaling::new(1.0 / 255.0),
        Conv2D::new(4, 3).activation("relu"),
        MaxPooling2D::default(),
        Flatten::new(),
        Dropout::new(0.5),
        Dense::new(2),
    ));
    let step = |batch: usize| network.call(&Tensor::ones([batch, 8, 8, 1]), Training).unwrap().to_vec::<f32>().unwrap();
    step(4);
    step(4);
    let before = crisol_tensor::stats();
    step(4);
    let after = crisol_tensor::stats();
    assert_eq!((after.plans_made, after.kernels_compiled), (before.plans_made, before.kernels_compiled));
    step(5);
    assert_eq!(crisol_tensor::stats().kernels_compiled, before.kernels_compiled);
}

#[test]
fn wrong_inputs_are_named_by_the_layer() {
    let line = line!() + 1;
    let conv = Conv2D::new(3, 3).build([28, 28]);
    let error = text(conv.map(drop));
    let expected =
        "conv2d (Conv2D 3 of 3x3): conv2d: expected rank 4 [batch, height, width, channels], found [83, 28, 28], at ";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains(&format!("network.rs:{line}")), "{error}");

    let input = Input::new([5]);
    let wrong = Dense::new(3).activation("rleu").on(&input);
    let line = line!() - 1;
    let error = text(Network::functional(&input, &wrong).unwrap().build());
    assert!(error.starts_with("dense (Dense 5 -> 3): no activation is named \"rleu\", at "), "{error}");
    assert!(error.contains(&format!("network.rs:{line}")), "{error}");
    assert!(error.ends_with("(did you mean \"relu\"?)"), "{error}");

    let network = Dense::new(3).build([5]).unwrap();
    assert_eq!(text(network.call(&Tensor::zeros([0, 5]), Inference)), "the batch is empty: the input has shape [0, 5]");
    assert_eq!(text(network.call(&Tensor::zeros([2, 6]), Inference)), "input_layer: expected [None, 5], found [2, 6]");
    assert_eq!(
        text(network.call(&Tensor::scalar(DType::F32, 1.0), Inference)),
        "expected a batch axis, found a scalar"
    );
    let carried = Tensor::zeros([2, 5]) + Tensor::zeros([2, 4]);
    assert!(text(network.call(&carried, Inference)).starts_with("add: shapes [2, 5] and [2, 4] do not broadcast"));
}

#[test]
fn wrong_element_types_are_refused() {
    let input = Input::typed(DType::I32, [5]);
    for (node, name) in [
        (Dense::new(3).on(&input), "dense (Dense 3): dense"),
        (Dropout::new(0.5).on(&input), "dropout (Dropout): dropout"),
    ] {
        let error = text(Network::functional(&input, &node).unwrap().build());
        assert!(error.starts_with(&format!("{name}: expected floating point numbers, found int32")), "{error}");
        assert!(error.ends_with("(cast them to float32 first)"), "{error}");
    }
}

#[test]
fn settings_out_of_range_surface_when_a_model_is_built() {
    let error = |layer: Box<dyn Layer>, shape: &[usize]| {
        text(Network::sequential(vec![layer]).build_for(&[Shape::new(shape).unwrap()]))
    };
    for (layer, shape, expected) in [
        (
            Box::new(Dropout::new(1.0)) as Box<dyn Layer>,
            &[4][..],
            "dropout (Dropout): dropout: expected a rate of at least 0 and below 1, found 1",
        ),
        (
            Box::new(Dropout::new(-0.1)),
            &[4],
            "dropout (Dropout): dropout: expected a rate of at least 0 and below 1, found -0.1",
        ),
        (
            Box::new(Dropout::new(0.1).noise_shape([None])),
            &[4],
            "dropout (Dropout): dropout: noise shape [None] does not fit [83, 4]",
        ),
        (Box::new(Dense::new(0)), &[4], "dense (Dense 0): dense: expected at least one unit, found 0"),
        (
            Box::new(Dense::new(1)),
            &[],
            "dense (Dense 1): dense: expected rank 2 or more [batch, .., inputs], found [83]",
        ),
        (
            Box::new(Dense::new(1).kernel_initializer("glorot")),
            &[4],
            "weight \"dense/kernel\": no initializer is named \"glorot\" (did you mean \"glorot_",
        ),
        (
            Box::new(Conv2D::new(3, 3).padding("smae")),
            &[8, 8, 1],
            "conv2d (Conv2D 3 of 3x3): no padding is named \"smae\"",
        ),
        (
            Box::new(Conv2D::new(3, 3).groups(2)),
            &[8, 8, 4],
            "conv2d (Conv2D 3 of 3x3): conv2d: expected groups that divide channels and filters, found 2 groups, 4 channels and 3 filters",
        ),
        (
            Box::new(Conv2D::new(3, 0)),
            &[8, 8, 4],
            "conv2d (Conv2D 3 of 0x0): kernel size [0, 0]: expected sizes of at least 1",
        ),
        (Box::new(Conv2D::new(3, 3)), &[2, 8, 4], "conv2d (Conv2D 3 of 3x3): conv2d: a window of 3"),
        (Box::new(MaxPooling2D::new(3)), &[2, 8, 4], "max_pooling2d (MaxPooling2D): max_pool2d: "),
        (
            Box::new(Reshape::new([3, -1])),
            &[4],
            "reshape (Reshape): reshape: each sample of [83, 4] has 4 numbers and does not fit [3, -1]",
        ),
        (
            Box::new(Normalization::new()),
            &[4],
            "normalization (Normalization): normalization: mean and variance are not known",
        ),
    ] {
        let error = error(layer, shape);
        assert!(error.starts_with(expected), "{error:?}\nexpected {expected:?}");
    }
    let empty = crisol_tensor::ndarray::Array2::<f32>::zeros((0, 3));
    assert_eq!(text(Normalization::new().adapt(&empty)), "normalization: cannot adapt to an array of shape [0, 3]");
}

#[test]
fn a_graph_that_cannot_be_is_refused() {
    let (a, b) = (Input::new([3]), Input::new([3]));
    let sum = Sum.on_all(&[a.clone(), b.clone()]);
    assert!(
        text(Network::functional(&a, &sum))
            .starts_with("the outputs depend on an input that is not among the model's, at ")
    );
    assert!(text(Network::functional(&sum, &sum)).starts_with("an input of the model is the output of a layer, at "));
    let twins = Dense::new(1).name("x").on(&Dense::new(2).name("x").on(&a));
    assert!(text(Network::functional(&a, &twins)).starts_with("two layers are named \"x\", a Dense and a Dense"));
    let unknown = Network::sequential((Dense::new(1),));
    assert!(text(unknown.build()).starts_with("the shape of the input is not known yet"));
    let misplaced = Network::sequential((Dense::new(1), Input::new([3])));
    assert!(text(misplaced.build()).starts_with("a sequential model takes layers, and an input in front of them"));
}

/// Misbehaves in the way it is told.
#[derive(Debug)]
struct Odd(&'static str);

impl Layer for Odd {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        match self.0 {
            "two shapes" => Ok(cx.weight("w", [2], Zeros) + cx.weight("w", [3], Zeros).sum_all() + x),
            "weight by batch" => Ok(cx.weight("w", [x.dim(0)?, 1], RandomNormal::default()) + x),
            "new weight" => Ok(x + cx.weight(&format!("w{}", x.dim(0)?), [1], Zeros)),
            "two types" => {
                let y = cx.layer("inner", &Dense::new(2), x)?;
                cx.layer("inner", &Flatten::new(), &y)
            }
            "wrong state" => {
                let state = cx.state("s", [2], Zeros);
                state.assign(Tensor::zeros([3]));
                Ok(x.clone())
            }
            "loss of a shape" => {
                cx.add_loss(x.sum(0));
                Ok(x.clone())
            }
            _ => Ok(x + x.to_vec::<f32>()?[0]),
        }
    }
}

#[test]
fn layers_that_misbehave_are_told_so() {
    for (what, expected) in [
        ("two shapes", "odd (Odd): weight: two weights are named \"w\": float32[2] ("),
        (
            "weight by batch",
            "odd (Odd): weight: \"w\" is a weight of float32[83, 1] and was asked for as a weight of float32[89, 1], at ",
        ),
        ("new weight", "odd (Odd): weight: \"odd/w89\" of float32[1] was not asked for when the model was built, at "),
        ("two types", "odd (Odd)/inner (Flatten): the layer at \"odd/inner\" is a Dense and was called as a Flatten"),
        ("wrong state", "odd (Odd): assign: a state of float32[2] was assigned a value of float32[3], at "),
        ("loss of a shape", "odd (Odd): add_loss: expected a scalar, found shape [2], at "),
        ("reads a value", "odd (Odd): the value of a tensor was asked for while a model is being traced"),
    ] {
        let error = text(Odd(what).build([2]));
        assert!(error.starts_with(expected), "{error:?}\nexpected {expected:?}");
    }
}
