//! Layers that draw by chance: means and variances in training, nothing in inference; and states from batch to batch.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_layers::*;
use crisol_tensor::Tensor;
use crisol_tensor::random::Key;

fn run(layer: impl Layer, x: &Tensor, mode: Mode) -> Tensor {
    let sizes = x.shape().unwrap();
    let network = Network::sequential((Input::new(&sizes[1..]), layer)).build().unwrap();
    network.forward(std::slice::from_ref(x), mode, Key::new(3)).unwrap().outputs.remove(0)
}

#[test]
fn noise_has_the_asked_mean_and_variance_and_none_in_inference() {
    // Normally distributed, as what alpha dropout expects.
    let x = Tensor::random_normal([100, 400], 0.0, 1.0, Key::new(9));
    let close = |found: f64, expected: f64| assert!((found - expected).abs() < 0.03, "{found} against {expected}");
    let noise = |y: Tensor| (y - &x).var_all().item().unwrap();
    close(noise(run(GaussianNoise::new(0.5), &x, Training)), 0.25);
    let scaled = run(GaussianDropout::new(0.2), &Tensor::ones([100, 400]), Training);
    close(scaled.mean_all().item().unwrap(), 1.0);
    close(scaled.var_all().item().unwrap(), 0.25);
    let alpha = run(AlphaDropout::new(0.3), &x, Training);
    close(alpha.mean_all().item().unwrap(), 0.0);
    close(alpha.var_all().item().unwrap(), 1.0);
    for layer in [
        Box::new(GaussianNoise::new(0.5)) as Box<dyn Layer>,
        Box::new(GaussianDropout::new(0.2)),
        Box::new(AlphaDropout::new(0.3)),
    ] {
        assert_eq!(run(layer, &x, Inference).to_vec::<f32>().unwrap(), x.to_vec::<f32>().unwrap());
    }
}

#[test]
fn spatial_dropout_leaves_out_whole_features() {
    let y = run(SpatialDropout1D::new(0.5), &Tensor::ones([20, 7, 30]), Training);
    let (low, high) = (y.min(1).to_vec::<f32>().unwrap(), y.max(1).to_vec::<f32>().unwrap());
    assert_eq!(low, high);
    let kept = low.iter().filter(|number| **number == 2.0).count();
    assert!((200..400).contains(&kept) && low.iter().all(|number| [0.0, 2.0].contains(number)), "{kept}");
    let y = run(SpatialDropout2D::new(0.5), &Tensor::ones([20, 3, 4, 30]), Training);
    assert_eq!(y.min([1, 2]).to_vec::<f32>().unwrap(), y.max([1, 2]).to_vec::<f32>().unwrap());
}

#[test]
fn recurrent_dropout_is_the_same_at_every_step() {
    // Ones in, no recurrence: every step gives the same.
    let layer = SimpleRNN::new(8).return_sequences(true).recurrent_initializer("zeros").dropout(0.5);
    let y = run(layer, &Tensor::ones([3, 5, 6]), Training);
    let first = y.slice(&[0..3, 0..1, 0..8]).broadcast_to([3, 5, 8]);
    assert_eq!((y - first).abs().max_all().item().unwrap(), 0.0);
}

#[test]
fn a_stateful_layer_goes_on_where_the_last_batch_ended() {
    let x = Tensor::random_normal([2, 6, 3], 0.0, 1.0, Key::new(5));
    let halves = [x.slice(&[0..2, 0..3, 0..3]), x.slice(&[0..2, 3..6, 0..3])];
    let whole = LSTM::new(4).build([6, 3]).unwrap();
    let stateful = Network::sequential((Input::new([3, 3]), LSTM::new(4).stateful(2))).build().unwrap();
    let weights = whole.tree().unwrap().get_weights().unwrap();
    for (weight, value) in stateful.trainable_weights().unwrap().iter().zip(&weights) {
        weight.variable().assign(Tensor::from_value(value.clone())).unwrap();
    }
    let expected = whole.call(&x, Inference).unwrap().to_vec::<f32>().unwrap();
    stateful.call(&halves[0], Inference).unwrap();
    let found = stateful.call(&halves[1], Inference).unwrap().to_vec::<f32>().unwrap();
    let far = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-6, "{far}");
    let error = stateful.call(&Tensor::ones([3, 3, 3]), Inference).unwrap_err().to_string();
    assert!(error.contains("a stateful layer for batches of 2 samples was given 3"), "{error}");
}

#[test]
fn a_lambda_and_an_identity_apply_what_they_say() {
    let x = Tensor::from_slice(&[1.0f32, -2.0], [1, 2]);
    assert_eq!(run(Lambda::new(|x| x * 3.0), &x, Inference).to_vec::<f32>().unwrap(), [3.0, -6.0]);
    assert_eq!(run(Identity::new(), &x, Inference).to_vec::<f32>().unwrap(), [1.0, -2.0]);
    let layer = ActivityRegularization::new().l1(0.5).build([2]).unwrap();
    layer.call(&x, Inference).unwrap();
    assert_eq!(layer.losses()[0].item().unwrap(), 1.5);
}

#[test]
fn masking_hides_steps_from_what_follows() {
    let network = Network::sequential((Input::new([3, 1]), Masking::new(), GlobalAveragePooling1D::new()));
    let network = network.build().unwrap();
    let y = network.call(&Tensor::from_slice(&[2.0f32, 0.0, 4.0], [1, 3, 1]), Inference).unwrap();
    assert_eq!(y.to_vec::<f32>().unwrap(), [3.0]);
}
