//! An embedding trains in place although its indices may be wrong. Alone in its process, whose memory it counts.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::GradientTape;
use crisol_plan::buffer;
use crisol_tensor::{Result, Tensor, Variable, evaluate, stats};

/// 16 MB.
const ROWS: usize = 1 << 16;

fn step(table: &Variable, momentum: &Variable, rows: &[i32]) -> Result<()> {
    let rows = Tensor::from_slice(rows, [rows.len()]);
    let tape = GradientTape::new();
    let loss = table.value().take(&rows, 0).square().sum_all();
    let gradient = tape.gradient(&loss, [table])?.only()?;
    drop(tape);
    momentum.assign(momentum.value() * 0.9 + gradient)?;
    table.assign_sub(momentum.value() * 0.01)?;
    evaluate()
}

#[test]
fn tables_are_updated_in_place_and_stay_as_they_are_when_a_step_fails() {
    let table = Variable::new(Tensor::ones([ROWS, 64])).unwrap();
    let momentum = Variable::new(Tensor::zeros([ROWS, 64])).unwrap();
    evaluate().unwrap();
    let bytes = ROWS * 64 * 4;
    for round in 0..5i32 {
        step(&table, &momentum, &[round, 70, -1]).unwrap();
    }
    // The table, its momentum, and the gradient in the arena; a copy of either would be a fourth.
    let held = buffer::statistics().held_bytes;
    assert!(held < 3 * bytes + bytes / 2, "{held} bytes held, a table has {bytes}");
    let before = table.value().to_vec::<f32>().unwrap();
    let error = step(&table, &momentum, &[3, ROWS as i32, 0]).unwrap_err().to_string();
    assert!(error.contains("65536") && error.contains("tests/embedding.rs"), "{error}");
    assert_eq!(table.value().to_vec::<f32>().unwrap(), before);
    // To say which operation it was, each is run alone.
    let (made, held) = (stats().plans_made, buffer::statistics().held_bytes);
    step(&table, &momentum, &[3, 9, 0]).unwrap();
    assert!(table.value().to_vec::<f32>().unwrap()[9 * 64] < 1.0);
    assert_eq!((stats().plans_made, buffer::statistics().held_bytes), (made, held));
}
