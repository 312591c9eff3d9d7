//! Tensors and several threads: nobody disturbs anybody, whoever computes.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::GradientTape;
use crisol_tensor::{Tensor, evaluate, stats};

fn vector(numbers: &[f32]) -> Tensor {
    Tensor::from_slice(numbers, [numbers.len()])
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.to_vec::<f32>().unwrap()
}

fn on_new_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[test]
fn a_tensor_pending_on_another_thread_is_computed_there() {
    let x = vector(&[1.0, 2.0]);
    let pending = on_new_thread(|| {
        let y = &x * 3.0;
        let sum = on_new_thread(|| numbers(&(&y + 1.0)));
        assert_eq!(sum, [4.0, 7.0]);
        (y, &x - 1.0)
    });
    // The second one is still pending, and its thread is gone.
    assert_eq!(numbers(&pending.0), [3.0, 6.0]);
    assert_eq!(numbers(&pending.1), [0.0, 1.0]);
    // One that nobody reads goes with its thread.
    drop(on_new_thread(|| &x * 5.0));
}

#[test]
fn threads_that_share_tensors_record_the_same_programs() {
    let x = vector(&[1.0, 2.0, 3.0]);
    let work = || {
        let mut last = Vec::new();
        for number in 0..300 {
            last = numbers(&((&x * &x + &x).tanh() * f64::from(number) + &x));
        }
        (last, stats().plans_made)
    };
    let expected = on_new_thread(work);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn a_tape_keeps_its_values_although_other_threads_read_them() {
    let x = vector(&[1.0, 2.0]);
    let tape = GradientTape::new();
    let y = x.square();
    evaluate().unwrap();
    assert_eq!(on_new_thread(|| numbers(&(&y + &x))), [2.0, 6.0]);
    let gradient = tape.gradient(&(&y * &y), [&x]).unwrap().only().unwrap();
    assert_eq!(numbers(&gradient), [4.0, 32.0]);
}

#[test]
fn tensors_that_share_their_memory_stay_two_although_other_threads_read_them() {
    let x = vector(&[1.0, 2.0]);
    let tape = GradientTape::new();
    let y = x.stop_gradient();
    let z = &x * 1.0;
    assert_eq!(on_new_thread(|| numbers(&(&y + &z))), [2.0, 4.0]);
    let gradients = tape.gradient(&(&y * &y), [&x, &y]).unwrap();
    assert!(gradients.tensors()[0].is_none());
    assert_eq!(numbers(gradients.tensors()[1].as_ref().unwrap()), [2.0, 4.0]);
    // The same for two from outside.
    let (y, z) = (x.stop_gradient(), x.stop_gradient());
    evaluate().unwrap();
    let tape = GradientTape::new();
    let w = &y * 3.0 + &z;
    on_new_thread(|| numbers(&(&y + &z)));
    let gradients = tape.gradient(&(&w + &y), [&y, &z]).unwrap().into_tensors().unwrap();
    assert_eq!((numbers(&gradients[0]), numbers(&gradients[1])), (vec![4.0; 2], vec![1.0; 2]));
}

#[test]
fn rayon_inside_and_outside() {
    use rayon::prelude::*;
    let x = vector(&[1.0, 2.0, 3.0, 4.0]);
    let expected = numbers(&(x.exp() * 2.0).cumulate());
    let found: Vec<Vec<f32>> = (0..64).into_par_iter().map(|_| numbers(&(x.exp() * 2.0).cumulate())).collect();
    assert!(found.iter().all(|found| *found == expected));
    // Pending outside, read inside.
    let pending: Vec<Tensor> = (0..8).map(|number| &x * f64::from(number)).collect();
    let sums: Vec<f64> = pending.par_iter().map(|x| x.sum_all().item().unwrap()).collect();
    assert_eq!(sums, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0]);
}

trait Cumulate {
    fn cumulate(&self) -> Tensor;
}

impl Cumulate for Tensor {
    /// A sum long enough to be cut into chunks, so that the pool takes part.
    fn cumulate(&self) -> Tensor {
        let spread = self.reshape([4, 1]).broadcast_to([4, 40_000]);
        (spread * 0.5 + 1.0).sum(1)
    }
}
