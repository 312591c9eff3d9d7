//! The contract of recording: user code always runs, threads do not disturb one another, what fails changes nothing, nothing grows.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{CustomOp, GradientTape};
use crisol_ir::{Error, ErrorKind, Result, TensorType, Value};
use crisol_tensor::{DType, Tensor, Variable, evaluate, record, set_cursor, sizes, stats};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn vector(numbers: &[f32]) -> Tensor {
    Tensor::from_slice(numbers, [numbers.len()])
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.to_vec::<f32>().unwrap()
}

/// One step of a small regression; the rate and the batch come from outside.
fn step(weights: &Variable, momentum: &Variable, batch: &[f32], rate: f64) -> Result<Tensor> {
    let x = Tensor::from_slice(batch, [batch.len() / 2, 2]);
    let tape = GradientTape::new();
    let loss = (x.matmul(&weights.value()).tanh() - 0.5).square().sum_all() / (batch.len() as f64);
    let gradient = tape.gradient(&loss, [weights])?.only()?;
    momentum.assign(momentum.value() * 0.9 + gradient)?;
    weights.assign_sub(momentum.value() * rate)?;
    Ok(loss)
}

fn pair() -> (Variable, Variable) {
    let weights = Variable::new(Tensor::from_slice(&[0.3f32, -0.2, 0.1, 0.4], [2, 2])).unwrap();
    let momentum = Variable::new(Tensor::from_slice(&[0.0f32; 4], [2, 2])).unwrap();
    (weights, momentum)
}

/// A run with a rate that fades, a batch that is smaller now and then, prints, a branch on a value, an evaluation on the way.
fn training(cursor: bool, steps: usize) -> (Vec<u32>, Vec<f64>) {
    set_cursor(cursor);
    let (weights, momentum) = pair();
    let mut seen = Vec::new();
    let mut kept = Vec::new();
    for number in 0..steps {
        let batch: Vec<f32> =
            (0..if number % 7 == 6 { 4 } else { 8 }).map(|at| (at * 3 + number) as f32 % 5.0).collect();
        let loss = step(&weights, &momentum, &batch, 0.1 / (1 + number) as f64).unwrap();
        if number % 5 == 0 {
            seen.push(loss.item().unwrap());
        }
        if number % 3 == 0 {
            kept.push(weights.value());
        }
        evaluate().unwrap();
        if number % 4 == 3 {
            let total = weights.value().abs().sum_all();
            if total.item().unwrap() > 1.0 {
                seen.push(weights.value().max_all().item().unwrap());
            }
        }
    }
    seen.extend(kept.iter().map(|kept| kept.sum_all().item().unwrap()));
    (numbers(&weights.value()).iter().map(|x| x.to_bits()).collect(), seen)
}

fn on_new_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[test]
fn the_cursor_changes_no_bit_and_user_code_always_runs() {
    let with = on_new_thread(|| training(true, 60));
    assert_eq!(with, on_new_thread(|| training(false, 60)));
    assert_eq!(with, training(true, 60));
}

#[test]
fn steps_that_alternate_make_no_new_plans_and_nothing_grows() {
    on_new_thread(|| {
        let run = |steps| {
            let result = training(true, steps);
            evaluate().unwrap();
            (result, sizes(), stats().plans_made)
        };
        let (_, first, plans) = run(84);
        let (_, second, more) = run(840);
        // The handles kept by the run are summed one by one, which is one plan for all.
        assert_eq!(plans, more, "{:?}", stats());
        assert_eq!(first, second);
        assert_eq!((second.nodes, second.arguments, second.assignments), (0, 0, 0));
    });
}

#[test]
fn nothing_grows_whatever_is_held_or_printed() {
    on_new_thread(|| {
        let (weights, momentum) = pair();
        let mut held = std::collections::VecDeque::new();
        let mut round = |count: usize| {
            for number in 0..count {
                let loss = step(&weights, &momentum, &[1.0, 2.0, 3.0, 4.0], 0.01).unwrap();
                match number % 4 {
                    0 => held.push_back(loss),
                    1 => held.push_back(&loss * 2.0),
                    2 => drop(loss.item().unwrap()),
                    _ => evaluate().unwrap(),
                }
                if held.len() > 5 {
                    held.pop_front();
                }
            }
            held.clear();
            evaluate().unwrap();
            sizes()
        };
        let first = round(400);
        let steps = std::env::var("CRISOL_STEPS").ok().and_then(|count| count.parse().ok()).unwrap_or(4000);
        let before = crisol_plan::buffer::statistics().held_bytes;
        let second = round(steps);
        let after = crisol_plan::buffer::statistics().held_bytes;
        assert_eq!(first, second);
        // Other tests of this process run beside this one.
        assert!(after < before + (8 << 20), "{before} bytes before, {after} after");
    });
}

#[test]
fn what_nobody_reads_is_evaluated_now_and_then() {
    on_new_thread(|| {
        let mut x = vector(&[0.0]);
        let mut most = 0;
        for _ in 0..101_000 {
            x = x + 1.0;
            most = most.max(sizes().nodes);
        }
        assert!((100_000..100_010).contains(&most), "{most} nodes pending");
        assert_eq!(numbers(&x), [101_000.0]);

        // Forty times 16 MB that only the recording holds; the sum is exact.
        let mut sum = vector(&[0.0]);
        let mut most = 0;
        for _ in 0..40 {
            sum = sum + Tensor::from_slice(&vec![1.0f32; 4 << 20], [4 << 20]).sum_all();
            most = most.max(sizes().arguments);
        }
        assert!(most < 25, "{most} arguments pending");
        assert_eq!(numbers(&sum), [40.0 * (4 << 20) as f32]);
    });
}

#[test]
fn a_deep_chain_needs_no_deep_stack() {
    let work = || {
        let mut x = vector(&[0.0, 1.0]);
        for _ in 0..300_000 {
            x = x + 1.0;
        }
        assert_eq!(numbers(&x), [300_000.0, 300_001.0]);
        // And one that is dropped before anybody reads it.
        let mut x = vector(&[0.0, 1.0]);
        for _ in 0..90_000 {
            x = x.relu();
        }
        drop(x);
        evaluate().unwrap();
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_run_that_fails_commits_nothing_and_says_where() {
    on_new_thread(|| {
        let weights = Variable::new(vector(&[1.0, 2.0, 3.0])).unwrap();
        let steps = Variable::new(vector(&[0.0])).unwrap();
        let step = |index: i64| -> Result<u32> {
            let before = weights.value();
            let good = before.take(&Tensor::from_slice(&[2i64, 0], [2]), 0);
            let chosen = before.take(&Tensor::from_slice(&[index, 0], [2]), 0);
            let line = line!() - 1;
            drop(before);
            weights.assign(weights.value() * 2.0 + chosen.sum_all() + good.sum_all())?;
            steps.assign_add(vector(&[1.0]))?;
            drop((chosen, good));
            evaluate().map(|()| line).map_err(|error| error.help(line.to_string()))
        };
        let line = step(1).unwrap();
        assert_eq!(numbers(&weights.value()), [9.0, 11.0, 13.0]);
        for _ in 0..3 {
            let error = step(7).unwrap_err().to_string();
            assert!(error.contains('7') && error.contains(&format!("recorder.rs:{line}")), "{error}");
            assert_eq!(numbers(&weights.value()), [9.0, 11.0, 13.0]);
            assert_eq!(numbers(&steps.value()), [1.0]);
        }
        step(1).unwrap();
        assert_eq!(numbers(&steps.value()), [2.0]);
    });
}

#[test]
fn a_value_that_is_there_is_assigned_for_good() {
    on_new_thread(|| {
        let (weights, count) = (Variable::new(vector(&[1.0, 2.0])).unwrap(), Variable::new(vector(&[0.0])).unwrap());
        let chosen = weights.value().take(&Tensor::from_slice(&[5i64], [1]), 0);
        count.assign(vector(&[7.0])).unwrap();
        weights.assign(weights.value() + chosen).unwrap();
        assert!(evaluate().is_err());
        assert_eq!((numbers(&weights.value()), numbers(&count.value())), (vec![1.0, 2.0], vec![7.0]));
    });
}

/// Fails or panics for negative numbers, as it is told.
#[derive(Clone, Debug, PartialEq)]
struct Picky {
    panics: bool,
}

impl CustomOp for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        Ok(inputs[0])
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        let x = inputs[0].array::<f32>()?;
        if x.iter().any(|&x| x < 0.0) {
            assert!(!self.panics, "a negative number");
            return Err(Error::new(ErrorKind::Value, "a negative number"));
        }
        Ok(Value::F32(x.clone()))
    }

    fn gradient(&self, _: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.clone())])
    }
}

#[test]
fn operations_from_outside_fail_and_panic_without_harm() {
    on_new_thread(|| {
        let weights = Variable::new(vector(&[4.0, 2.0])).unwrap();
        for panics in [false, true] {
            let before = numbers(&weights.value());
            for number in [1.0, -50.0, 1.0, -50.0] {
                let tape = GradientTape::new();
                let loss = Picky { panics }.call(&[&(weights.value() + number)]).square().sum_all();
                let gradient = tape.gradient(&loss, [&weights]).unwrap().only().unwrap();
                weights.assign_sub(gradient * 0.125).unwrap();
                drop(loss);
                assert_eq!(evaluate().is_ok(), number > 0.0);
            }
            let mut expected = before;
            for _ in 0..2 {
                expected.iter_mut().for_each(|x| *x -= 0.25 * (*x + 1.0));
            }
            assert_eq!(numbers(&weights.value()), expected);
        }
    });
}

#[test]
fn panics_in_code_that_records_leave_the_recorder_alive() {
    let x = vector(&[1.0, 2.0]);
    let before = &x + 1.0;
    let result = catch_unwind(AssertUnwindSafe(|| record(&[&x], |_, _| panic!("from outside"))));
    assert!(result.is_err());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _tape = GradientTape::new();
        let _y = &x * 2.0;
        panic!("from a layer");
    }));
    assert!(result.is_err());
    assert_eq!(numbers(&(before * 2.0)), [4.0, 6.0]);
    assert_eq!(sizes().nodes, 0);
}

#[test]
fn tensors_used_where_the_graph_is_passed_are_an_error() {
    let x = vector(&[1.0]);
    let y = record(&[&x], |graph, nodes| {
        (&x + 1.0).check()?;
        crisol_ops::relu(graph, nodes[0])
    });
    let text = y.to_vec::<f32>().unwrap_err().to_string();
    assert!(text.contains("append to the graph that is passed"), "{text}");
    assert_eq!(numbers(&x.relu()), [1.0]);
}

#[test]
fn an_evaluation_in_the_middle_of_a_tape_changes_no_gradient() {
    on_new_thread(|| {
        let gradient = |reads: bool| {
            let x = vector(&[0.5, -1.5]);
            let tape = GradientTape::persistent();
            let y = (x.tanh() * &x).exp();
            if reads {
                y.item().unwrap_err();
                numbers(&y);
            }
            let loss = y.square().sum_all();
            if reads {
                loss.item().unwrap();
            }
            let first = tape.gradient(&loss, [&x]).unwrap().only().unwrap();
            if reads {
                numbers(&first);
            }
            let second = tape.gradient(&first.sum_all(), [&x]).unwrap().only().unwrap();
            [numbers(&first), numbers(&second)].concat()
        };
        let expected = gradient(false);
        for _ in 0..3 {
            assert_eq!(gradient(true), expected);
            assert_eq!(gradient(false), expected);
        }
        let plans = stats().plans_made;
        gradient(true);
        assert_eq!(stats().plans_made, plans);
        assert_eq!(sizes().nodes, 0);
    });
}

#[test]
fn scalars_and_small_constants_are_told_apart() {
    for round in 0..3 {
        for number in [2.0, 0.0, 1.0, -1.0, 3.5, -0.0] {
            let found = numbers(&(vector(&[4.0, 8.0]) * number + f64::from(round)));
            let expected = [4.0, 8.0].map(|x: f32| x * number as f32 + round as f32);
            assert_eq!(found, expected, "{number}");
        }
        assert!((Tensor::scalar(DType::F32, -0.0) + vector(&[-0.0])).item().unwrap().is_sign_negative());
    }
}
