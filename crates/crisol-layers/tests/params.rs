//! Initializers, regularizers, constraints and activations against Keras (on JAX); `tools/goldens/params.py` writes the numbers.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_autograd::GradientTape;
use crisol_layers::Function;
use crisol_params::{
    Constant, Constraint, Identity, Initializer, L1, L1L2, MaxNorm, MinMaxNorm, NonNeg, Orthogonal, OrthogonalMode,
    OrthogonalRegularizer, Regularizer, UnitNorm, initializer_by_name,
};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Shape, Tensor};

fn matrix() -> Vec<f64> {
    (0..12).map(|place| ((place * 37 + 11) % 101) as f64 / 64.0 - 0.74).collect()
}

fn regularizer(name: &str) -> Box<dyn Regularizer> {
    match name {
        "l1 0.3" => Box::new(L1(0.3)),
        "l1_l2" => Box::new(L1L2 { l1: 0.1, l2: 0.2 }),
        "l1_l2 none" => Box::new(L1L2::default()),
        "orthogonal_regularizer columns" => {
            Box::new(OrthogonalRegularizer { factor: 0.5, mode: OrthogonalMode::Columns })
        }
        name => Box::new(crisol_params::regularizer_by_name(name).unwrap()),
    }
}

fn constraint(name: &str) -> Box<dyn Constraint> {
    match name {
        "max_norm" => Box::new(MaxNorm { max_value: 0.5, axis: 0 }),
        "max_norm rows" => Box::new(MaxNorm { max_value: 0.5, axis: 1 }),
        "non_neg" => Box::new(NonNeg),
        "unit_norm" => Box::new(UnitNorm::default()),
        "min_max_norm" => Box::new(MinMaxNorm { min_value: 0.8, max_value: 0.9, rate: 0.7, axis: 0 }),
        "min_max_norm plain" => Box::new(MinMaxNorm::default()),
        other => panic!("{other}"),
    }
}

fn initial(kind: &str, name: &str) -> Vec<f64> {
    let (name, setting) = name.split_once(' ').unwrap_or((name, ""));
    let shape =
        |text: &str| Shape::new(&text.split(',').map(|size| size.parse().unwrap()).collect::<Vec<_>>()).unwrap();
    let draw = |initializer: &dyn Initializer, shape: Shape| -> Vec<f64> {
        initializer.initialize(shape, DType::F64, Key::new(3)).unwrap().to_vec().unwrap()
    };
    match (kind, name) {
        ("initial", "constant") => draw(&Constant(setting.parse().unwrap()), shape("3,4")),
        ("initial", "identity") => draw(&Identity { gain: setting.parse().unwrap_or(1.0) }, shape("3,4")),
        ("initial", name) => draw(&*initializer_by_name(name).unwrap(), shape("3,4")),
        ("spread", name) => {
            let drawn = draw(&*initializer_by_name(name).unwrap(), shape(setting));
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            let most = drawn.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            assert!(mean.abs() < 0.02 * variance.sqrt(), "{name}: {mean}");
            if name == "random_normal" { vec![variance.sqrt()] } else { vec![variance.sqrt(), most] }
        }
        _ => {
            let shape = shape(setting);
            let columns = *shape.last().unwrap();
            let drawn = draw(&Orthogonal { gain: name.parse().unwrap() }, shape);
            let rows = drawn.len() / columns;
            let drawn = Tensor::from_slice(&drawn, [rows, columns]);
            let gram = match rows >= columns {
                true => drawn.transpose().matmul(&drawn),
                false => drawn.matmul(&drawn.transpose()),
            };
            gram.to_vec().unwrap()
        }
    }
}

/// What the script writes on a line.
fn value(kind: &str, name: &str) -> Vec<f64> {
    if ["initial", "spread", "gram"].contains(&kind) {
        return initial(kind, name);
    }
    let weight = Tensor::from_slice(&matrix(), [3, 4]);
    let mut x: Vec<f64> = matrix().iter().map(|number| number * 5.0).collect();
    x.extend([0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -0.5]);
    let x = Tensor::from_slice(&x, [1, 20]);
    let tape = GradientTape::new();
    let (y, source) = match kind.split(' ').next().unwrap() {
        "regularizer" => (regularizer(name).loss(&weight).unwrap(), weight),
        "constraint" => (constraint(name).project(&weight).unwrap(), weight),
        "activation" => (Function::from(name).apply(&x).unwrap(), x),
        other => panic!("{other}"),
    };
    if !kind.ends_with(" gradient") {
        return y.to_vec().unwrap();
    }
    let count = y.shape().unwrap().elements();
    let places: Vec<f64> = (1..=count).map(|place| place as f64).collect();
    let places = if kind.starts_with("activation") { places } else { vec![1.0; count] };
    let total = (y.reshape([count]) * Tensor::from_slice(&places, [count])).sum_all();
    let gradients = tape.gradient(&total, [source.clone()]).unwrap();
    match &gradients.tensors()[0] {
        Some(gradient) => gradient.to_vec().unwrap(),
        None => vec![0.0; source.shape().unwrap().elements()],
    }
}

#[test]
fn they_have_the_values_and_gradients_of_keras() {
    let (mut lines, mut wrong) = (0, Vec::new());
    for line in include_str!("goldens/params.txt").lines() {
        let [kind, name, numbers] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let found = value(kind, name);
        let expected: Vec<f64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        assert_eq!(found.len(), expected.len(), "{kind} {name}");
        // XLA's tanh has no more digits in double precision than in single. What chance decides is near.
        let far = |(found, expected): (&f64, &f64)| match kind {
            "spread" => (found - expected).abs() > 0.02 * expected,
            _ => (found - expected).abs() > 5e-6 * (1.0 + expected.abs()),
        };
        if let Some(at) = found.iter().zip(&expected).position(far) {
            wrong.push(format!("{kind} {name} at {at}: {} against {}", found[at], expected[at]));
        }
        lines += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines > 100, "{lines} lines");
}
