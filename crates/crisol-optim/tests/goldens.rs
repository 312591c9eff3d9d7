//! Optimizers and schedules against Keras on JAX, in double precision: see `tools/goldens/optimizers.py`.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_ir::Result;
use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_optim::schedules::*;
use crisol_optim::*;
use std::collections::HashMap;

type Settings<'a> = HashMap<&'a str, &'a str>;

/// As in the script: numbers from -0.75 to 0.83 that tell places apart.
fn wave(sizes: &[usize], seed: usize) -> ArrayD<f64> {
    let count = sizes.iter().product::<usize>();
    let numbers = (0..count).map(|place| ((place * 37 + seed * 11) % 101) as f64 / 64.0 - 0.75).collect();
    ArrayD::from_shape_vec(IxDyn(sizes), numbers).unwrap()
}

fn number(settings: &Settings, key: &str, or: f64) -> f64 {
    settings.get(key).map_or(or, |text| text.parse().unwrap())
}

fn flag(settings: &Settings, key: &str) -> bool {
    settings.get(key) == Some(&"True")
}

/// The options that all optimizers share, and the optimizer.
fn finish<O: OptimizerOptions + IntoOptimizer>(mut optimizer: O, settings: &Settings) -> Result<Optimizer> {
    for (key, value) in settings {
        let number = || value.parse::<f64>().unwrap();
        optimizer = match *key {
            "clipnorm" => optimizer.clipnorm(number()),
            "global_clipnorm" => optimizer.global_clipnorm(number()),
            "clipvalue" => optimizer.clipvalue(number()),
            "weight_decay" => optimizer.weight_decay(number()),
            "exclude" => optimizer.exclude_from_weight_decay([*value]),
            "ema_momentum" => optimizer.ema(number()),
            "ema_overwrite_frequency" => optimizer.ema_overwrite_frequency(number() as u64),
            "gradient_accumulation_steps" => optimizer.gradient_accumulation_steps(number() as u64),
            "loss_scale_factor" => optimizer.loss_scale_factor(number()),
            _ => optimizer,
        };
    }
    optimizer.into_optimizer()
}

fn make(name: &str, settings: &Settings) -> Result<Optimizer> {
    let get = |key: &str, or: f64| number(settings, key, or);
    let rate = |rate: f64| -> LearningRate {
        if settings.contains_key("schedule") { ExponentialDecay::new(rate, 5, 0.5).into() } else { rate.into() }
    };
    let (beta_1, beta_2, epsilon) = (get("beta_1", 0.9), get("beta_2", 0.999), get("epsilon", 1e-7));
    match name {
        "sgd" => {
            let sgd = Sgd::new(rate(0.05)).momentum(get("momentum", 0.0)).nesterov(flag(settings, "nesterov"));
            finish(sgd, settings)
        }
        "rmsprop" => {
            let rmsprop = RmsProp::new(rate(0.01)).rho(get("rho", 0.9)).momentum(get("momentum", 0.0));
            finish(rmsprop.epsilon(epsilon).centered(flag(settings, "centered")), settings)
        }
        "adam" => {
            let adam = Adam::new(rate(0.02)).beta_1(beta_1).beta_2(beta_2).epsilon(epsilon);
            finish(adam.amsgrad(flag(settings, "amsgrad")), settings)
        }
        "adamw" => finish(AdamW::new(rate(0.02)).amsgrad(flag(settings, "amsgrad")), settings),
        "adagrad" => {
            let adagrad = Adagrad::new(rate(0.1)).epsilon(epsilon);
            finish(adagrad.initial_accumulator_value(get("initial_accumulator_value", 0.1)), settings)
        }
        "adadelta" => finish(Adadelta::new(rate(1.0)).rho(get("rho", 0.95)).epsilon(epsilon), settings),
        "adamax" => finish(Adamax::new(rate(0.02)).beta_1(beta_1).beta_2(beta_2), settings),
        "nadam" => finish(Nadam::new(rate(0.02)).beta_1(beta_1).beta_2(beta_2), settings),
        "lion" => finish(Lion::new(rate(0.01)).beta_1(beta_1).beta_2(get("beta_2", 0.99)), settings),
        "lamb" => finish(Lamb::new(rate(0.02)).beta_1(beta_1).epsilon(epsilon), settings),
        "ftrl" => finish(
            Ftrl::new(rate(0.1))
                .l1_regularization_strength(get("l1_regularization_strength", 0.0))
                .l2_regularization_strength(get("l2_regularization_strength", 0.0))
                .l2_shrinkage_regularization_strength(get("l2_shrinkage_regularization_strength", 0.0))
                .learning_rate_power(get("learning_rate_power", -0.5))
                .initial_accumulator_value(get("initial_accumulator_value", 0.1))
                .beta(get("beta", 0.0)),
            settings,
        ),
        "adafactor" => finish(
            Adafactor::new(rate(0.05))
                .beta_2_decay(get("beta_2_decay", -0.8))
                .clip_threshold(get("clip_threshold", 1.0))
                .epsilon_2(get("epsilon_2", 1e-3)),
            settings,
        ),
        other => panic!("{other}"),
    }
}

fn schedule(name: &str, settings: &Settings) -> Option<Box<dyn Schedule>> {
    let get = |key: &str, or: f64| number(settings, key, or);
    let list = |key: &str| {
        settings.get(key).map_or(Vec::new(), |text| text.split(',').map(|x| x.parse::<f64>().unwrap()).collect())
    };
    let (initial, steps) = (get("initial_learning_rate", 0.0), get("decay_steps", 0.0) as u64);
    Some(match name {
        "exponential_decay" => Box::new(
            ExponentialDecay::new(initial, steps, get("decay_rate", 0.0)).staircase(flag(settings, "staircase")),
        ),
        "inverse_time_decay" => Box::new(
            InverseTimeDecay::new(initial, steps, get("decay_rate", 0.0)).staircase(flag(settings, "staircase")),
        ),
        "piecewise_constant_decay" => {
            let boundaries: Vec<u64> = list("boundaries").into_iter().map(|step| step as u64).collect();
            Box::new(PiecewiseConstantDecay::new(boundaries, list("values")))
        }
        "polynomial_decay" => Box::new(
            PolynomialDecay::new(initial, steps)
                .end_learning_rate(get("end_learning_rate", 1e-4))
                .power(get("power", 1.0))
                .cycle(flag(settings, "cycle")),
        ),
        "cosine_decay" => {
            let decay = CosineDecay::new(initial, steps).alpha(get("alpha", 0.0));
            let warmup = get("warmup_steps", 0.0) as u64;
            Box::new(if warmup > 0 { decay.warmup(get("warmup_target", 0.0), warmup) } else { decay })
        }
        "cosine_decay_restarts" => Box::new(
            CosineDecayRestarts::new(initial, get("first_decay_steps", 0.0) as u64)
                .t_mul(get("t_mul", 2.0))
                .m_mul(get("m_mul", 1.0))
                .alpha(get("alpha", 0.0)),
        ),
        _ => return None,
    })
}

/// The parameters after steps 1, 2, 7 and 20.
fn run(mut optimizer: Optimizer) -> Vec<f64> {
    let (mut kernel, mut bias) = (wave(&[2, 3], 1), wave(&[3], 2));
    let mut shown = Vec::new();
    for step in 0..20 {
        let kernel_gradient = wave(&[2, 3], 3 + step) * 0.7 + &kernel * 0.3;
        let bias_gradient = wave(&[3], 40 + step) * 0.7 + &bias * 0.3;
        optimizer
            .step([
                NamedArray::new("layer/kernel", &mut kernel, &kernel_gradient),
                NamedArray::new("layer/bias", &mut bias, &bias_gradient),
            ])
            .unwrap();
        if [1, 2, 7, 20].contains(&(step + 1)) {
            shown.extend(kernel.iter().chain(&bias));
        }
    }
    shown
}

#[test]
fn optimizers_and_schedules_go_the_way_of_keras() {
    let (mut optimizers, mut schedules) = (0, 0);
    for line in include_str!("goldens/keras.txt").lines() {
        let [name, text, expected] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let settings: Settings = text.split_whitespace().filter_map(|setting| setting.split_once('=')).collect();
        let found = match schedule(name, &settings) {
            Some(schedule) => {
                schedules += 1;
                schedule.check().unwrap();
                (0..25).map(|step| schedule.rate(step)).collect()
            }
            None => {
                optimizers += 1;
                run(make(name, &settings).unwrap())
            }
        };
        let expected: Vec<f64> = expected.split(' ').map(|number| number.parse().unwrap()).collect();
        assert_eq!(found.len(), expected.len(), "{name} {text}");
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let near = (found - expected).abs() <= 1e-6 * (1.0 + expected.abs());
            assert!(near, "{name} {text} at {place}: {found} against {expected}");
        }
    }
    assert!(optimizers > 60 && schedules > 12, "{optimizers} optimizers, {schedules} schedules");
}
