//! Every layer against Keras (on JAX): outputs, gradients by input and weights, states; `tools/goldens/layers.py` writes the numbers.
#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use crisol_autograd::GradientTape;
use crisol_layers::{Input, LayerExt, Mode, Network};
use crisol_params::Role;
use crisol_tensor::ndarray::{ArrayD, IxDyn};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Tensor};
use support::layer;

/// The numbers that the script calls so.
fn wave(sizes: &[usize], seed: usize) -> ArrayD<f64> {
    let count = sizes.iter().product::<usize>();
    let numbers = (0..count).map(|place| ((place * 37 + seed * 11) % 101) as f64 / 64.0 - 0.75);
    ArrayD::from_shape_vec(IxDyn(sizes), numbers.collect()).unwrap()
}

/// Whole numbers from 0 to 4.
fn whole(sizes: &[usize]) -> ArrayD<i32> {
    let count = sizes.iter().product::<usize>();
    let numbers = (0..count).map(|place| ((place * 7 + 3) % 5) as i32);
    ArrayD::from_shape_vec(IxDyn(sizes), numbers.collect()).unwrap()
}

fn sizes(text: &str) -> Vec<usize> {
    text.split(',').filter(|size| !size.is_empty()).map(|size| size.parse().unwrap()).collect()
}

/// What the script writes on a line: kind, place and numbers.
type Line = (&'static str, usize, Tensor);

/// A layer with its inputs, ready to run.
struct Case {
    name: String,
    training: bool,
    network: Network,
    inputs: Vec<Tensor>,
}

impl Case {
    fn new(name: &str, mode: &str, shapes: &str) -> Case {
        let shapes: Vec<Vec<usize>> = shapes.split(';').map(sizes).collect();
        let integers = name.starts_with("masked") || name.starts_with("embedding");
        let dtype = if integers { DType::I32 } else { DType::F64 };
        let nodes: Vec<_> = shapes.iter().map(|shape| Input::typed(dtype, &shape[1..])).collect();
        let outputs = layer(name).outputs_on(&nodes);
        let network = Network::functional(nodes.as_slice(), outputs.as_slice()).unwrap().dtype(DType::F64);
        let network = network.build().unwrap_or_else(|error| panic!("{name}: {error}"));
        let inputs = shapes.iter().enumerate().map(|(place, shape)| match integers {
            true => Tensor::from(whole(shape)),
            false => Tensor::from(wave(shape, place + 1)),
        });
        let inputs = inputs.collect();
        let case = Case { name: name.to_string(), training: mode == "training", network, inputs };
        for (place, weight) in case.network.weights().unwrap().iter().enumerate() {
            let value = wave(&weight.variable().shape(), 20 + place);
            let value = if weight.name().contains("variance") { value + 1.5 } else { value };
            weight.variable().assign(Tensor::from(value)).unwrap();
        }
        case
    }

    /// The lines that the script writes below the case, as kind, place and tensor.
    fn run(&self) -> Vec<Line> {
        let mode = if self.training { Mode::Training } else { Mode::Inference };
        let tape = GradientTape::new();
        let weights = self.network.weights().unwrap();
        let before: Vec<Tensor> = weights.iter().map(|weight| weight.variable().value()).collect();
        let forward = self.network.forward(&self.inputs, mode, Key::new(1));
        let outputs = forward.unwrap_or_else(|error| panic!("{}: {error}", self.name)).outputs;
        let mut total = Tensor::scalar(DType::F64, 0.0);
        for (place, output) in outputs.iter().enumerate() {
            total = total + (output * Tensor::from(wave(&output.shape().unwrap(), 7 + place))).sum_all();
        }
        let floats = self.inputs.iter().filter(|input| input.dtype().unwrap().is_float());
        let mut sources: Vec<Line> = Vec::new();
        sources.extend(floats.enumerate().map(|(place, input)| ("input gradient", place, input.clone())));
        let trained = weights.iter().enumerate().filter(|(_, weight)| weight.role() == Role::Weight);
        sources.extend(trained.map(|(place, _)| ("weight gradient", place, before[place].clone())));
        let gradients = tape.gradient(&total, sources.iter().map(|(.., tensor)| tensor.clone())).unwrap();
        let mut lines: Vec<Line> =
            outputs.into_iter().enumerate().map(|(place, output)| ("output", place, output)).collect();
        for ((kind, place, source), gradient) in sources.iter().zip(gradients.tensors()) {
            let zeros = || Tensor::full(DType::F64, source.shape().unwrap(), 0.0);
            lines.push((*kind, *place, gradient.clone().unwrap_or_else(zeros)));
        }
        for (place, weight) in weights.iter().enumerate().filter(|(_, weight)| weight.role() == Role::State) {
            lines.push(("state", place, weight.variable().value()));
        }
        lines
    }
}

#[test]
fn layers_have_the_values_and_gradients_of_keras() {
    let mut cases = 0;
    let mut compared = 0;
    let mut wrong: Vec<String> = Vec::new();
    let mut case: Option<(Case, Vec<Line>)> = None;
    let mut weight = 0;
    for line in include_str!("goldens/layers.txt").lines() {
        let words: Vec<&str> = line.split(" | ").collect();
        if words[0] == "case" {
            let new = Case::new(words[1], words[2], words[3]);
            let lines = new.run();
            case = Some((new, lines));
            cases += 1;
            weight = 0;
            continue;
        }
        let (case, lines) = case.as_ref().unwrap();
        if words[0] == "weight" {
            let weights = case.network.weights().unwrap();
            let known = weights.get(weight).unwrap_or_else(|| panic!("{}: no weight {}", case.name, words[1]));
            weight += 1;
            assert_eq!(known.variable().shape().sizes(), sizes(words[2]), "{}: {}", case.name, words[1]);
            assert_eq!(known.name(), words[1], "{}", case.name);
            continue;
        }
        let place: usize = words[1].parse().unwrap();
        let found = lines.iter().find(|(kind, at, _)| (*kind, *at) == (words[0], place));
        let Some((.., found)) = found else { panic!("{}: no {} {place}", case.name, words[0]) };
        assert_eq!(found.shape().unwrap().sizes(), sizes(words[2]), "{}: {} {place}", case.name, words[0]);
        let expected = words[3].split(' ').filter(|number| !number.is_empty()).map(|number| number.parse::<f64>());
        for (at, (found, expected)) in found.to_vec::<f64>().unwrap().iter().zip(expected).enumerate() {
            let expected = expected.unwrap();
            compared += 1;
            // XLA's tanh has no more digits in double precision than in single.
            if (found - expected).abs() > 5e-6 * (1.0 + expected.abs()) {
                let mode = if case.training { "training" } else { "inference" };
                wrong.push(format!("{} ({mode}): {} {place} at {at}: {found} against {expected}", case.name, words[0]));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases > 100 && compared > 4000, "{cases} cases, {compared} numbers");
}
