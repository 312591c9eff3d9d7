//! Networks as JSON and back: the same layers, names and values; what cannot be read is told.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_layers::*;
use crisol_params::{L2, MaxNorm, RandomNormal};
use crisol_tensor::{Result, Tensor};

fn again(network: &Network, x: &Tensor) -> Network {
    let text = serde_json::to_string(&network.to_config().unwrap()).unwrap();
    let config = serde_json::from_str(&text).unwrap();
    let read = Network::from_config(&config, &Registry::new()).unwrap().build().unwrap();
    assert_eq!(read.layer_names(), network.layer_names());
    assert_eq!(read.summary(76).unwrap(), network.summary(76).unwrap());
    assert_eq!(read.to_config().unwrap(), network.to_config().unwrap());
    read.tree().unwrap().set_weights(&network.tree().unwrap().get_weights().unwrap()).unwrap();
    let (a, b) = (network.call(x, Inference).unwrap(), read.call(x, Inference).unwrap());
    assert_eq!(a.to_vec::<f32>().unwrap(), b.to_vec::<f32>().unwrap());
    assert_eq!(network.losses().len(), read.losses().len());
    read
}

#[test]
fn chains_come_back_with_all_settings() {
    let kernel = RandomNormal { mean: 0.25, standard_deviation: 0.1 };
    let network = Network::sequential((
        Input::new([6, 4]),
        LSTM::new(5).return_sequences(true).kernel_regularizer("l2"),
        Bidirectional::new(GRU::new(3).return_sequences(true)),
        TimeDistributed::new(Dense::new(4).activation("relu")),
        BatchNormalization::new().momentum(0.9),
        Dropout::new(0.5).noise_shape([None, Some(1), None]),
        Flatten::new(),
        Dense::new(2)
            .kernel_initializer(kernel)
            .kernel_regularizer(L2(0.1))
            .kernel_constraint(MaxNorm::default())
            .name("top"),
    ));
    let network = network.build().unwrap();
    let read = again(&network, &Tensor::ones([2, 6, 4]));
    assert!(
        read.weights().unwrap().iter().any(|weight| weight.path() == "top/kernel" && weight.constraint().is_some())
    );
}

#[test]
fn graphs_come_back_with_shared_layers_and_frozen_ones() {
    let (a, b) = (Input::new([3]), Input::new([3]));
    let shared = Dense::new(4).frozen().shared();
    let output = Dense::new(1).on(&add(&[shared.on(&a), shared.on(&b)]));
    let network = Network::functional([&a, &b], &output).unwrap().build().unwrap();
    let config = network.to_config().unwrap();
    let read = Network::from_config(&config, &Registry::new()).unwrap().build().unwrap();
    assert_eq!(read.summary(76).unwrap(), network.summary(76).unwrap());
    assert_eq!(read.trainable_weights().unwrap().len(), 2);
    let inner = Network::sequential((Input::new([3]), Dense::new(2))).name("inner");
    again(&Network::sequential((Input::new([3]), inner, Dense::new(1))).build().unwrap(), &Tensor::ones([1, 3]));
}

#[test]
fn inputs_keep_their_names() {
    let (digits, other) = (Input::named("digits", [3]), Input::new([3]));
    let network = Network::functional([&digits, &other], add(&[digits.clone(), other.clone()])).unwrap();
    let config = network.to_config().unwrap();
    let read = Network::from_config(&config, &Registry::new()).unwrap();
    for network in [&network, &read] {
        assert_eq!(network.input_names().unwrap(), ["digits", "input_layer"]);
    }
    let chain = Network::sequential((Input::named("digits", [3]), Dense::new(1))).build().unwrap();
    assert_eq!(again(&chain, &Tensor::ones([1, 3])).input_names().unwrap(), ["digits"]);
    let twice = Network::functional(&digits, Dense::new(1).name("digits").on(&digits)).unwrap_err().to_string();
    assert!(twice.contains("two layers are named \"digits\", a InputLayer and a Dense"), "{twice}");
}

#[derive(Debug)]
struct Strange;

impl Layer for Strange {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }
}

#[test]
fn what_cannot_be_saved_or_read_is_told() {
    let error = |network: Network| network.to_config().unwrap_err().to_string();
    let text = error(Network::sequential((Input::new([2]), Strange)));
    assert!(text.contains("strange") && text.contains("Strange has no config: it cannot be saved"), "{text}");
    let text = error(Network::sequential((Input::new([2]), Dense::new(1).activation(|x: &Tensor| x.tanh()))));
    assert!(text.contains("a function without a name cannot be saved"), "{text}");

    let mut config = Network::sequential((Input::new([2]), Dense::new(1), ReLU::new())).to_config().unwrap();
    config["layers"][1]["type"] = "Mine".into();
    config["layers"][2]["type"] = "Yours".into();
    let text = Network::from_config(&config, &Registry::new()).unwrap_err().to_string();
    assert!(text.contains("types of layers that are not registered: Mine, Yours"), "{text}");
    config["layers"][1]["type"] = "Dense".into();
    config["layers"][2]["type"] = "ReLU".into();
    config["layers"][1]["config"]["units"] = "many".into();
    let text = Network::from_config(&config, &Registry::new()).unwrap_err().to_string();
    assert!(text.contains("the settings of a Dense: "), "{text}");
}
