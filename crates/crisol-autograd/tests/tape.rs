//! What a tape sees, and what it says about what it does not.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{GradientOptions, GradientTape, UnconnectedGradients};
use crisol_ir::ErrorKind;
use crisol_tensor::{DType, Tensor, Variable, evaluate};

fn vector(numbers: &[f32]) -> Tensor {
    Tensor::from_slice(numbers, [numbers.len()])
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.to_vec::<f32>().unwrap()
}

#[test]
fn a_tape_gives_gradients_once_and_a_persistent_one_as_often_as_asked() {
    let x = vector(&[3.0]);
    let tape = GradientTape::new();
    let y = x.square();
    assert_eq!(numbers(&tape.gradient(&y, [&x]).unwrap().only().unwrap()), [6.0]);
    let error = tape.gradient(&y, [&x]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(error.to_string().contains("GradientTape::persistent()"), "{error}");
    assert!(error.to_string().contains("tests/tape.rs:"), "{error}");

    let tape = GradientTape::persistent();
    let y = x.square();
    let z = y.square();
    assert_eq!(numbers(&tape.gradient(&z, [&x]).unwrap().only().unwrap()), [108.0]);
    assert_eq!(numbers(&tape.gradient(&z, [&y]).unwrap().only().unwrap()), [18.0]);
    assert_eq!(numbers(&tape.gradient(&y, [&x]).unwrap().only().unwrap()), [6.0]);
}

#[test]
fn sources_come_in_any_list() {
    let variables = vec![Variable::new(vector(&[1.0])).unwrap(), Variable::new(vector(&[2.0])).unwrap()];
    let product = || variables[0].value() * variables[1].value();
    let tape = GradientTape::persistent();
    let y = product();
    assert_eq!(tape.gradient(&y, &variables).unwrap().tensors().len(), 2);
    assert_eq!(tape.gradient(&y, variables.as_slice()).unwrap().tensors().len(), 2);
    assert_eq!(tape.gradient(&y, [&variables[1]]).unwrap().only().unwrap().item().unwrap(), 1.0);
    assert_eq!(tape.gradient(&y, variables.clone()).unwrap().into_tensors().unwrap().len(), 2);
    let boxed: Vec<Box<dyn crisol_tensor::Source>> = vec![Box::new(variables[0].clone()), Box::new(vector(&[1.0]))];
    assert!(tape.gradient(&y, boxed.iter().map(|source| &**source)).unwrap().tensors()[1].is_none());
}

#[test]
fn printing_in_the_middle_changes_nothing() {
    let x = vector(&[0.5, -1.0]);
    let run = |print: bool| {
        let tape = GradientTape::new();
        let y = (x.exp() * &x).tanh();
        if print {
            y.evaluate().unwrap();
        }
        let z = (y * &x).sum_all();
        if print {
            z.item().unwrap();
        }
        numbers(&tape.gradient(&z, [&x]).unwrap().only().unwrap())
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn what_was_computed_before_is_a_constant() {
    let x = vector(&[2.0]);
    for evaluated in [false, true] {
        let before = x.square();
        if evaluated {
            before.evaluate().unwrap();
        }
        let tape = GradientTape::persistent();
        let y = &before * 3.0;
        assert!(tape.gradient(&y, [&x]).unwrap().tensors()[0].is_none());
        assert_eq!(numbers(&tape.gradient(&y, [&before]).unwrap().only().unwrap()), [3.0]);
        // A path inside of the tape counts, the one from before does not.
        let z = &before * &x;
        assert_eq!(numbers(&tape.gradient(&z, [&x]).unwrap().only().unwrap()), [4.0]);
    }
    let error = {
        let tape = GradientTape::new();
        tape.gradient(&vector(&[1.0]), [&x]).unwrap().only().unwrap_err()
    };
    assert_eq!(error.kind(), ErrorKind::Gradient);
    assert!(error.to_string().contains("does not depend on source 0"), "{error}");
}

#[test]
fn a_source_from_before_the_tape_passes_nothing_on_to_another() {
    let x = vector(&[0.5]);
    for is_read in [true, false] {
        let y = x.tanh();
        if is_read {
            y.evaluate().unwrap();
        }
        let tape = GradientTape::persistent();
        let z = &y * &x;
        let gradients = tape.gradient(&z, [&y, &x]).unwrap().into_tensors().unwrap();
        assert_eq!(numbers(&gradients[0]), [0.5]);
        assert_eq!(numbers(&gradients[1]), numbers(&y));
        // Through one that was recorded it flows.
        let y = tape.stop_recording(|| x.tanh());
        let inside = y.square();
        let gradients = tape.gradient(&(&inside * &x), [&y, &inside]).unwrap().into_tensors().unwrap();
        assert_eq!(numbers(&gradients[1]), [0.5]);
        assert_eq!(numbers(&gradients[0]), numbers(&y));
    }
}

#[test]
fn what_changes_nothing_is_the_same_tensor() {
    let (x, weights) = (vector(&[1.0, 2.0]), vector(&[3.0, 4.0]));
    for is_read in [false, true] {
        let read = || {
            if is_read {
                evaluate().unwrap()
            }
        };
        let same = x.reshape([2]).cast(DType::F32);
        read();
        let tape = GradientTape::new();
        let gradient = tape.gradient(&(&same * &x), [&x]).unwrap().only().unwrap();
        assert_eq!(numbers(&gradient), [2.0, 4.0]);
        // The gradient of x + 1 is its weights.
        let tape = GradientTape::new();
        let y = &x + 1.0;
        let options = GradientOptions::new().output_gradients(&weights);
        let gradient = tape.gradient_with(&y, [&x], options).unwrap().only().unwrap();
        drop(tape);
        read();
        let tape = GradientTape::new();
        let second = tape.gradient(&gradient.square(), [&weights]).unwrap().only().unwrap();
        assert_eq!(numbers(&second), [6.0, 8.0]);
    }
}

#[test]
fn what_another_thread_computes_is_a_constant() {
    let x = vector(&[2.0]);
    let tape = GradientTape::persistent();
    let elsewhere = std::thread::scope(|scope| scope.spawn(|| x.square()).join().unwrap());
    let y = &elsewhere * &x;
    assert_eq!(numbers(&tape.gradient(&y, [&x]).unwrap().only().unwrap()), [4.0]);
}

#[test]
fn a_tape_that_watches_by_name_gives_nothing_else() {
    let (x, w) = (vector(&[2.0]), Variable::new(vector(&[5.0])).unwrap());
    let tape = GradientTape::persistent().watch_accessed_variables(false);
    tape.watch(&x).unwrap();
    let y = x.square();
    let z = &y * w.value();
    assert_eq!(numbers(&tape.gradient(&z, [&x]).unwrap().only().unwrap()), [20.0]);
    assert!(tape.gradient(&z, [&w]).unwrap().tensors()[0].is_none());
    // What is computed from a watched tensor is watched.
    assert_eq!(numbers(&tape.gradient(&z, [&y]).unwrap().only().unwrap()), [5.0]);
    tape.watch(&w).unwrap();
    assert_eq!(numbers(&tape.gradient(&z, [&w]).unwrap().only().unwrap()), [4.0]);
    let error = tape.watch(&Tensor::range(DType::I32, 3)).unwrap_err();
    assert!(error.to_string().contains("int32"), "{error}");
}

#[test]
fn stopped_recordings_and_stopped_gradients_are_constants() {
    let x = vector(&[3.0]);
    let outer = GradientTape::new();
    let tape = GradientTape::new();
    let inside = tape.stop_recording(|| x.square());
    let y = &inside * &x + (&x * 10.0).stop_gradient();
    assert_eq!(numbers(&tape.gradient(&y, [&x]).unwrap().only().unwrap()), [9.0]);
    // Another tape sees what this one did not: 3 x^2.
    assert_eq!(numbers(&outer.gradient(&y, [&x]).unwrap().only().unwrap()), [27.0]);
}

#[test]
fn a_tape_that_is_reset_starts_anew() {
    let x = vector(&[3.0]);
    let tape = GradientTape::new();
    let y = x.square();
    tape.reset();
    assert!(tape.gradient(&y, [&x]).unwrap().tensors()[0].is_none());
    tape.reset();
    let y = x.square();
    assert_eq!(numbers(&tape.gradient(&y, [&x]).unwrap().only().unwrap()), [6.0]);
}

#[test]
fn unconnected_gradients_are_none_or_zero() {
    let (x, other) = (vector(&[3.0]), Tensor::ones([2, 2]));
    let tape = GradientTape::persistent();
    let y = x.square();
    assert!(tape.gradient(&y, [&other]).unwrap().tensors()[0].is_none());
    let zeros = GradientOptions::new().unconnected(UnconnectedGradients::Zero);
    let gradient = tape.gradient_with(&y, [&other], zeros).unwrap().only().unwrap();
    assert_eq!((gradient.shape().unwrap().sizes(), numbers(&gradient)), ([2usize, 2].as_slice(), vec![0.0; 4]));
}

#[test]
fn output_gradients_weigh_the_elements() {
    let x = vector(&[1.0, 2.0, 3.0]);
    let tape = GradientTape::persistent();
    let y = x.square();
    let options = GradientOptions::new().output_gradients(&vector(&[1.0, 0.0, -1.0]));
    assert_eq!(numbers(&tape.gradient_with(&y, [&x], options).unwrap().only().unwrap()), [2.0, 0.0, -6.0]);
    let wrong = GradientOptions::new().output_gradients(&Tensor::ones([2]));
    let error = tape.gradient_with(&y, [&x], wrong).unwrap_err().to_string();
    assert!(error.contains("output gradient is float32[2], the target float32[3]"), "{error}");
}

#[test]
fn targets_without_gradients_are_refused() {
    let x = vector(&[1.0]);
    let tape = GradientTape::persistent();
    let error = tape.gradient(&x.cast(DType::I32), [&x]).unwrap_err().to_string();
    assert!(error.contains("only floating point values have gradients, found int32[1]"), "{error}");
    let wrong = x.matmul(&Tensor::ones([2, 2]));
    let error = tape.gradient(&wrong, [&x]).unwrap_err().to_string();
    assert!(error.contains("matmul") && error.contains("tests/tape.rs"), "{error}");
}

#[test]
fn a_variable_stands_for_its_present_value() {
    let w = Variable::new(vector(&[2.0])).unwrap();
    let tape = GradientTape::persistent();
    let first = w.value().square();
    let before = w.value();
    w.assign(vector(&[5.0])).unwrap();
    let second = w.value().square();
    assert_eq!(numbers(&tape.gradient(&second, [&w]).unwrap().only().unwrap()), [10.0]);
    assert_eq!(numbers(&tape.gradient(&first, [&before]).unwrap().only().unwrap()), [4.0]);
    evaluate().unwrap();
}

#[test]
fn a_loop_with_tapes_makes_one_plan() {
    let w = Variable::new(vector(&[1.0, 2.0])).unwrap();
    let step = |rate: f64| {
        let outer = GradientTape::new();
        let tape = GradientTape::new();
        let loss = (w.value().powi(4)).sum_all();
        let first = tape.gradient(&loss, [&w]).unwrap().only().unwrap();
        let second = outer.gradient(&first.square().sum_all(), [&w]).unwrap().only().unwrap();
        w.assign_sub(second * rate).unwrap();
        drop((tape, outer, loss, first));
        evaluate().unwrap();
    };
    step(1e-4);
    let made = crisol_tensor::stats().plans_made;
    (0..20).for_each(|number| step(1e-4 / f64::from(number + 1)));
    assert_eq!(crisol_tensor::stats().plans_made, made);
}
