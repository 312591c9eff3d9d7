//! Checkpoints: the same bits, less memory.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{GradientTape, check_gradients, checkpoint, custom_gradient};
use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_tensor::random::Key;
use crisol_tensor::{Result, Tensor, Variable, stats};

const BLOCKS: usize = 6;

fn weights(width: usize) -> Vec<Variable> {
    let normal = |block| Tensor::random_normal([width, width], 0.0, 0.3, Key::new(block as u64));
    (0..BLOCKS).map(|block| Variable::new(normal(block)).unwrap()).collect()
}

/// A block of products and activations; its inner values are several times its input.
fn block(x: &Tensor, w: &Variable, key: Key) -> Tensor {
    let h = x.matmul(&w.value()).tanh();
    let h = (h.matmul(&w.value()) + x).sigmoid();
    let kept = Tensor::random_uniform(h.shape().unwrap(), 0.0, 1.0, key).greater(0.1);
    let h = &h * kept.select(1.0f32, 0.0f32).cast(h.dtype().unwrap());
    let centred = &h - h.mean_keep(-1);
    &centred / (centred.square().mean_keep(-1) + 1e-3).sqrt()
}

/// Loss and gradients of a chain of blocks, as bits, and the memory of the largest plan.
fn run(rows: usize, width: usize, checkpoints: bool, read_first: bool) -> (Vec<u32>, usize) {
    // A thread of its own has a planner of its own.
    std::thread::spawn(move || {
        let weights = weights(width);
        let x = Tensor::random_normal([rows, width], 0.0, 1.0, Key::new(99));
        let tape = GradientTape::new();
        let mut y = x.clone();
        for (number, w) in weights.iter().enumerate() {
            let key = Key::new(1000 + number as u64);
            y = if checkpoints { checkpoint(|| block(&y, w, key)) } else { block(&y, w, key) };
        }
        let loss = y.square().mean_all();
        drop(y);
        if read_first {
            loss.item().unwrap();
        }
        let mut gradients = tape.gradient(&loss, &weights).unwrap().into_tensors().unwrap();
        drop(tape);
        gradients.push(loss);
        crisol_tensor::evaluate_all(&gradients).unwrap();
        let bits = gradients.iter().flat_map(|gradient| gradient.to_vec::<f32>().unwrap()).map(f32::to_bits).collect();
        (bits, stats().largest_arena)
    })
    .join()
    .unwrap()
}

#[test]
fn gradients_have_the_same_bits_and_memory_falls() {
    let (plain, without) = run(1024, 32, false, false);
    let (again, with) = run(1024, 32, true, false);
    assert_eq!(plain, again);
    let value = 1024 * 32 * 4;
    println!("{} values without checkpoints, {} with", without / value, with / value);
    assert!(with * 2 <= without, "{with} bytes with checkpoints, {without} without");
    // Each block keeps its input; beside them one block's values live at a time.
    assert!(with <= (BLOCKS + 8) * value, "{with}");
}

#[test]
fn reading_the_loss_first_changes_no_bit() {
    assert_eq!(run(16, 8, false, false).0, run(16, 8, true, true).0);
}

#[test]
fn checkpoints_of_any_input_and_in_each_other_agree_with_differences() {
    let array = |sizes: &[usize], seed: f64| {
        let mut count = seed;
        ArrayD::from_shape_simple_fn(IxDyn(sizes), || {
            count += 1.0;
            (count * 12.9898f64).sin()
        })
    };
    let nested = |x: &[Tensor]| {
        let y = checkpoint(|| {
            let inner = checkpoint(|| (&x[0] * &x[1]).exp().transpose());
            let shared = checkpoint(|| &inner + x[0].transpose().tanh());
            // A gradient of one's own inside: that of the square root, written by hand.
            let root = custom_gradient(
                &[&(shared.square() + 1.0)],
                |x| x[0].sqrt(),
                |_, y, gradient| Ok(vec![Some(gradient / (y * 2.0))]),
            );
            root.matmul(&x[1])
        });
        (&y * &y).transpose()
    };
    let inputs = [array(&[3, 4], 0.0), array(&[3, 4], 20.0)];
    check_gradients(nested, &inputs, 1e-5).unwrap();
    let slope = |x: &[Tensor]| -> Result<Tensor> {
        let tape = GradientTape::new();
        let y = nested(x);
        tape.gradient(&y, [&x[1]])?.only()
    };
    check_gradients(slope, &inputs, 1e-4).unwrap();
}

#[test]
fn a_custom_gradient_inside_may_compute_with_numbers_and_other_tensors() {
    let x = Tensor::from_slice(&[0.5f32, -1.0], [2]);
    let scale = Tensor::from_slice(&[2.0f32, 3.0], [2]);
    let tape = GradientTape::new();
    let y = checkpoint(|| {
        custom_gradient(&[&x], |x| x[0].tanh() * 0.5 * &scale, |_, _, gradient| Ok(vec![Some(gradient * 7.0)]))
    });
    let gradient = tape.gradient(&y, [&x]).unwrap().only().unwrap();
    assert_eq!(gradient.to_vec::<f32>().unwrap(), [7.0, 7.0]);
}

#[test]
fn a_segment_may_return_its_input_or_a_number() {
    let x = Tensor::from_slice(&[2.0f32], [1]);
    let tape = GradientTape::persistent();
    let same = checkpoint(|| x.clone());
    assert_eq!(tape.gradient(&same.square(), [&x]).unwrap().only().unwrap().item().unwrap(), 4.0);
    let constant = checkpoint(|| Tensor::ones([1]));
    assert!(tape.gradient(&constant, [&x]).unwrap().tensors()[0].is_none());
    let failed = checkpoint(|| x.matmul(&Tensor::ones([2, 2])));
    assert!(failed.check().unwrap_err().to_string().contains("matmul"));
    // Without a tape it is the segment itself.
    drop(tape);
    assert_eq!(checkpoint(|| -> Result<Tensor> { Ok(x.square()) }).item().unwrap(), 4.0);
}
