//! Summaries, letter for letter those that Keras 3.15 prints (`tests/golden`) for the same models.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

use crisol_layers::{
    Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, Input, Layer, LayerExt, MaxPooling2D, Network, Rescaling,
    Scope,
};
use crisol_tensor::{Result, Tensor};

#[derive(Debug)]
struct Sum;

impl Layer for Sum {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn call_many(&self, _cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        Ok(&inputs[0] + &inputs[1])
    }
}

fn assert_summary(network: &Network, line_length: usize, golden: &str) {
    let found = network.summary(line_length).unwrap();
    assert!(found == golden, "found\n{found}\nexpected\n{golden}");
}

#[test]
fn a_chain() {
    let network = Network::sequential((
        Input::new([28, 28]),
        Flatten::new(),
        Dense::new(300).activation("relu"),
        Dropout::new(0.5),
        Dense::new(10),
    ));
    assert_summary(&network.build().unwrap(), 76, include_str!("golden/chain.txt"));
}

#[test]
fn a_functional_model_with_a_frozen_layer_and_a_long_name() {
    let input = Input::new([180, 180, 3]);
    let x = Conv2D::new(32, 3).on(&Rescaling::new(1.0 / 255.0).on(&input));
    let x = GlobalAveragePooling2D::new().on(&MaxPooling2D::default().on(&x));
    let output = Dense::new(1).activation("sigmoid").name("a_very_long_name_for_a_layer_with_one_output").on(&x);
    let network = Network::functional(&input, &output).unwrap().build().unwrap();
    network.tree().unwrap().freeze("conv2d").unwrap();
    assert_summary(&network, 76, include_str!("golden/functional.txt"));
}

#[test]
fn a_graph_with_shared_layers() {
    let input = Input::new([8]);
    let d = Dense::new(8).shared();
    let x = d.on(&input);
    let y = d.on(&x);
    let e = Dense::new(4).shared();
    let z = Sum.on_all(&[e.on(&x), e.on(&y)]);
    let w = Dense::new(4).name("short").on(&input);
    let network = Network::functional(&input, Sum.on_all(&[z, w])).unwrap().build().unwrap();
    assert_summary(&network, 80, include_str!("golden/graph.txt"));
}

#[test]
fn a_model_without_weights_yet() {
    assert_summary(&Network::sequential((Dense::new(3),)), 80, include_str!("golden/unbuilt.txt"));
}

#[test]
fn a_model_in_a_model() {
    let inner = Network::sequential((Input::new([8]), Dense::new(4))).name("inner");
    let outer = Network::sequential((Input::new([8]), inner, Dense::new(1_234_567).name("head"))).name("outer");
    assert_summary(&outer.build().unwrap(), 80, include_str!("golden/nested.txt"));
}
