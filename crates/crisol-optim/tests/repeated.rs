//! Updates that are repeated without being recorded anew give the bits of those that are recorded each time.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::GradientTape;
use crisol_optim::{Adafactor, Adam, AdamW, IntoOptimizer, Nadam, Optimizer, OptimizerOptions, RmsProp};
use crisol_tensor::{Tensor, Variable, set_cursor};

/// The weights after each of some steps: two optimizers take turns, rates change, and one step leaves a parameter out.
fn trained(make: fn() -> Optimizer, cursor: bool) -> Vec<f32> {
    set_cursor(cursor);
    let x = Variable::new(Tensor::from_slice(&[0.5f32, -1.0, 2.0, 0.25], [2, 2])).unwrap();
    let y = Variable::new(Tensor::from_slice(&[1.5f32, -0.5], [2])).unwrap();
    let mut optimizers = [make(), make()];
    let mut weights = Vec::new();
    for step in 0..12 {
        let optimizer = &mut optimizers[step / 2 % 2];
        let tape = GradientTape::new();
        let loss = ((x.value() * y.value()).square() + &x.value()).sum_all();
        let all = [&x, &y];
        let gradients = tape.gradient(&loss, all[..if step == 7 { 1 } else { 2 }].iter().copied()).unwrap();
        optimizer.set_learning_rate(0.01 * (step + 1) as f64).unwrap();
        optimizer.apply(gradients).unwrap();
        weights.extend(x.value().to_vec::<f32>().unwrap());
        weights.extend(y.value().to_vec::<f32>().unwrap());
    }
    set_cursor(true);
    weights
}

#[test]
fn repeated_updates_have_the_bits_of_recorded_ones() {
    let optimizers: [fn() -> Optimizer; 5] = [
        || Adam::new(0.1).amsgrad(true).global_clipnorm(1.0).into_optimizer().unwrap(),
        || AdamW::new(0.1).weight_decay(0.1).ema(0.9).into_optimizer().unwrap(),
        || RmsProp::new(0.1).centered(true).momentum(0.5).into_optimizer().unwrap(),
        || Nadam::new(0.1).gradient_accumulation_steps(2).into_optimizer().unwrap(),
        || Adafactor::new(0.1).into_optimizer().unwrap(),
    ];
    for make in optimizers {
        let (repeated, recorded) = (trained(make, true), trained(make, false));
        assert!(repeated.iter().all(|x| x.is_finite()), "{repeated:?}");
        assert_eq!(repeated, recorded, "{}", make().name());
    }
}
