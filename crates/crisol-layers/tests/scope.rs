//! What layers of one's own get from their scope: names, losses, metrics, regularizers, constraints, frozen weights.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_layers::{Dense, Inference, Input, Layer, LayerExt, Network, Scope, Training};
use crisol_params::{L2, RandomNormal, Zeros};
use crisol_tensor::random::Key;
use crisol_tensor::{Result, Tensor};

/// `x a + b`
#[derive(Clone, Debug)]
#[allow(non_camel_case_types)] // a user's name
struct Lineal_v1 {
    units: usize,
}

impl Layer for Lineal_v1 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let a = cx.weight("a", [x.dim(-1)?, self.units], RandomNormal::default());
        let b = cx.weight("b", [self.units], Zeros);
        Ok(x.matmul(&a) + b)
    }
}

/// Two layers in one.
#[derive(Clone, Debug)]
#[allow(non_camel_case_types)] // a user's name
struct Cuadratica_v4 {
    first: Lineal_v1,
    second: Lineal_v1,
}

impl Cuadratica_v4 {
    fn new(units: usize) -> Cuadratica_v4 {
        Cuadratica_v4 { first: Lineal_v1 { units }, second: Lineal_v1 { units } }
    }
}

impl Layer for Cuadratica_v4 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let h = cx.layer("first", &self.first, x)?.relu();
        cx.layer("second", &self.second, &h)
    }
}

/// The first version of a quadratic layer: two weights have one name.
#[derive(Debug)]
struct Twice {
    same_shape: bool,
}

impl Layer for Twice {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let a = cx.weight("c", [x.dim(-1)?, 4], RandomNormal::default());
        let b = match self.same_shape {
            true => cx.weight("c", [x.dim(-1)?, 4], RandomNormal::default()),
            false => cx.weight("c", [4], Zeros),
        };
        Ok(x.square().matmul(&a) + b)
    }
}

/// Costs a share of the sum of its input, which it passes on.
#[derive(Clone, Debug)]
struct Cost {
    rate: f64,
}

impl Layer for Cost {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        cx.add_loss(x.sum_all() * self.rate);
        cx.add_metric("std_of_activation", x.std_all());
        Ok(x.clone())
    }
}

/// A layer around it.
#[derive(Clone, Debug)]
struct Parent;

impl Layer for Parent {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        cx.layer("cost", &Cost { rate: 1e-2 }, x)
    }
}

#[test]
fn weights_of_inner_layers_are_shown_as_keras_shows_them() {
    let layer = Cuadratica_v4::new(4).build([2]).unwrap();
    let weights = layer.trainable_weights().unwrap();
    let labels: Vec<&str> = weights.iter().map(|weight| weight.label()).collect();
    let expected = [
        "cuadratica_v4/lineal_v1/a",
        "cuadratica_v4/lineal_v1/b",
        "cuadratica_v4/lineal_v1_1/a",
        "cuadratica_v4/lineal_v1_1/b",
    ];
    assert_eq!(labels, expected);
    let paths: Vec<&str> = weights.iter().map(|weight| weight.path()).collect();
    assert_eq!(paths[2], "cuadratica_v4/second/a");
    let shapes: Vec<Vec<usize>> = weights.iter().map(|weight| weight.variable().shape().to_vec()).collect();
    assert_eq!(shapes, [vec![2, 4], vec![4], vec![4, 4], vec![4]]);
    assert_eq!(
        weights[3].to_string(),
        "<Variable path=cuadratica_v4/lineal_v1_1/b, shape=(4,), dtype=float32, value=[0, 0, 0, 0]>"
    );

    // Two of them in one model, one with a name.
    let model = Network::sequential((Input::new([2]), Cuadratica_v4::new(3), Cuadratica_v4::new(3).name("top")));
    let model = model.build().unwrap();
    let labels: Vec<String> = model.weights().unwrap().iter().map(|weight| weight.label().to_string()).collect();
    assert_eq!(labels[2], "cuadratica_v4/lineal_v1_1/a");
    assert_eq!(labels[4], "top/lineal_v1/a");
}

#[test]
fn a_name_for_two_weights_is_an_error_that_tells_both() {
    for (same_shape, second) in [(false, "float32[4]"), (true, "float32[2, 4]")] {
        let error = Twice { same_shape }.build([2]).unwrap_err().to_string();
        assert!(error.contains("two weights are named \"c\": float32[2, 4] ("), "{error}");
        assert!(error.contains(&format!(") and {second} (")), "{error}");
        assert!(error.contains("scope.rs:"), "{error}");
    }
}

#[test]
fn a_name_for_two_layers_is_an_error_that_tells_both() {
    #[derive(Debug)]
    struct Confused;
    impl Layer for Confused {
        fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
            let h = cx.layer("inner", &Dense::new(3), x)?;
            cx.layer("inner", &Dense::new(3).activation("relu"), &h)
        }
    }
    let error = Confused.build([3]).unwrap_err().to_string();
    assert!(error.contains("the layer at \"confused/inner\" is Dense {"), "{error}");
    assert!(error.contains("give the two layers different names"), "{error}");
}

#[test]
fn losses_come_up_and_are_cleared_at_each_pass() {
    let layer = Parent.build([1]).unwrap();
    assert!(layer.losses().is_empty() && layer.metrics().is_empty());
    for _ in 0..2 {
        layer.call(&Tensor::ones([1, 1]), Inference).unwrap();
        let losses = layer.losses();
        assert_eq!(losses.len(), 1);
        assert_eq!(losses[0].item().unwrap() as f32, 0.01);
        let metrics = layer.metrics();
        assert_eq!((metrics[0].0.as_str(), metrics[0].1.item().unwrap()), ("std_of_activation", 0.0));
    }
}

#[test]
fn a_metric_has_one_name_and_is_a_scalar() {
    let twice = Network::sequential((Input::new([2]), Cost { rate: 1.0 }, Cost { rate: 1.0 })).build();
    let error = twice.unwrap_err().to_string();
    assert!(error.contains("two metrics are named \"std_of_activation\""), "{error}");
    #[derive(Debug)]
    struct Whole;
    impl Layer for Whole {
        fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
            cx.add_metric("whole", x);
            Ok(x.clone())
        }
    }
    let error = Whole.build([2]).unwrap_err().to_string();
    assert!(error.contains("add_metric: \"whole\": expected a scalar, found shape [83, 2]"), "{error}");
}

#[test]
fn values_on_the_way_of_a_functional_model_cost_and_are_measured() {
    let input = Input::new([3]);
    let hidden = Dense::new(2).kernel_initializer("ones").on(&input);
    let mut network = Network::functional(&input, Dense::new(1).on(&hidden)).unwrap();
    network.add_loss(&hidden, |x| x.sum_all() * 0.1).unwrap();
    network.add_metric(&hidden, "largest", |x| x.max_all()).unwrap();
    let forward = network.forward(&[Tensor::ones([4, 3])], Inference, Key::new(0)).unwrap();
    assert_eq!(forward.losses[0].item().unwrap() as f32, 2.4);
    assert_eq!((forward.metrics[0].0.as_str(), forward.metrics[0].1.item().unwrap()), ("largest", 3.0));
    let stranger = Dense::new(2).on(&input);
    let error = network.add_loss(&stranger, |x| x.sum_all()).unwrap_err().to_string();
    assert!(error.contains("the value is not computed by this network"), "{error}");
}

#[test]
fn regularizers_cost_once_a_weight_and_not_when_it_is_frozen() {
    let dense = Dense::new(2).kernel_initializer("ones").kernel_regularizer(L2(0.5)).bias_regularizer("l1").shared();
    let input = Input::new([2]);
    let output = dense.on(&dense.on(&input));
    let network = Network::functional(&input, &output).unwrap().build().unwrap();
    let x = Tensor::ones([1, 2]);
    network.call(&x, Training).unwrap();
    let losses: Vec<f64> = network.losses().iter().map(|loss| loss.item().unwrap()).collect();
    assert_eq!(losses, [2.0, 0.0]);
    network.tree().unwrap().freeze("dense").unwrap();
    network.call(&x, Training).unwrap();
    assert!(network.losses().is_empty());
    let frozen = Dense::new(2).frozen().build([2]).unwrap();
    assert_eq!((frozen.trainable_weights().unwrap().len(), frozen.non_trainable_weights().unwrap().len()), (0, 2));
}

#[test]
fn an_output_costs_a_share_of_the_batch() {
    let layer = Dense::new(2).kernel_initializer("ones").activity_regularizer("l2").build([3]).unwrap();
    layer.call(&Tensor::ones([4, 3]), Inference).unwrap();
    assert!((layer.losses()[0].item().unwrap() - 0.01 * 2.0 * 9.0).abs() < 1e-7);
}

#[test]
fn constraints_move_weights() {
    let layer = Dense::new(1).kernel_initializer("ones").kernel_constraint("unit_norm").build([4]).unwrap();
    layer.tree().unwrap().apply_constraints().unwrap();
    let kernel = layer.weights().unwrap()[0].variable().value().to_vec::<f32>().unwrap();
    assert!(kernel.iter().all(|number| (number - 0.5).abs() < 1e-6), "{kernel:?}");
    let unknown = Dense::new(1).kernel_constraint("unit_nrom").build([4]).unwrap();
    let error = unknown.tree().unwrap().apply_constraints().unwrap_err().to_string();
    assert!(error.contains("weight \"dense/kernel\"") && error.contains("did you mean \"unit_norm\""), "{error}");
}
