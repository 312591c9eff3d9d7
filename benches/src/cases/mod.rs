//! What is measured beside loops by hand: every case with crisol's side, the other side, and a pass that only moves the bytes.

mod chains;
mod reductions;
mod rows;

pub use chains::chains;
pub use reductions::reductions;
pub use rows::rows;

use crate::aligned::Aligned;
use crate::hand;
use crate::peer::fixed;
use crisol::Result;
use crisol::prelude::*;
use std::rc::Rc;

/// Crisol's side of a case.
pub type Evaluation = Box<dyn FnMut() -> Result<Vec<Tensor>>>;
/// The other side: loops that write into given arrays.
pub type Loops = Box<dyn FnMut(&mut [Aligned])>;

/// One comparison.
pub struct Case {
    /// What it is, on how much.
    pub name: String,
    /// Elements of its largest input.
    pub elements: usize,
    /// Products, multiply-adds and divisions that an element takes.
    pub operations: usize,
    /// Threads that it may use.
    pub threads: usize,
    /// Crisol's side, as a user writes it; no tensors where it writes into arrays of its own.
    pub crisol: Evaluation,
    /// The loops by hand, into [`outs`](Case::outs).
    pub by_hand: Loops,
    /// Where they write to.
    pub outs: Vec<Aligned>,
    /// Reads the inputs and writes [`moved`](Case::moved), once each.
    pub moving: Loops,
    /// As [`outs`](Case::outs).
    pub moved: Vec<Aligned>,
}

/// The inputs of a case: the same numbers as tensors and as arrays. The pass that only moves has copies of its own: who reads what
/// somebody else has just read finds more of it in the last cache, which may hold half of the largest arrays.
struct Inputs {
    tensors: Vec<Tensor>,
    arrays: Rc<Vec<Aligned>>,
    read: Vec<Aligned>,
}

impl Inputs {
    /// Fixed noise of the given shapes.
    fn new(shapes: &[&[usize]]) -> Inputs {
        let arrays: Vec<_> = shapes.iter().enumerate().map(|(at, shape)| fixed(40 + at as u64, shape)).collect();
        let copies = || arrays.iter().map(|array| Aligned::from(array.as_slice().unwrap_or_default())).collect();
        Inputs { arrays: Rc::new(copies()), read: copies(), tensors: arrays.iter().map(Tensor::from).collect() }
    }

    /// A case on these; outputs have the given lengths. Inputs as long as the first are read in the pass that moves, and outputs
    /// as long written.
    fn case(
        self,
        name: String,
        operations: usize,
        outs: &[usize],
        crisol: impl Fn(&[Tensor]) -> Result<Vec<Tensor>> + 'static,
        by_hand: impl Fn(&[Aligned], &mut [Aligned]) + 'static,
    ) -> Case {
        let elements = self.arrays[0].len();
        let zeros = || outs.iter().map(|&len| Aligned::zeros(len)).collect();
        let Inputs { tensors, arrays, read } = self;
        Case {
            name,
            elements,
            operations,
            threads: 2,
            crisol: Box::new(move || crisol(&tensors)),
            by_hand: Box::new(move |outs| by_hand(&arrays, outs)),
            outs: zeros(),
            moving: Box::new(move |outs| {
                let long: Vec<&[f32]> = read.iter().map(|x| &x[..]).filter(|x| x.len() == elements).collect();
                move_bytes(&long, outs.iter_mut().find(|out| out.len() == elements));
            }),
            moved: zeros(),
        }
    }
}

fn move_bytes(inputs: &[&[f32]], out: Option<&mut Aligned>) {
    match (inputs, out) {
        (&[x], Some(out)) => hand::moved([x], out),
        (&[x, y], Some(out)) => hand::moved([x, y], out),
        (&[x, y, z, ..], Some(out)) => hand::moved([x, y, z], out),
        (&[x, y, ..], None) => drop(std::hint::black_box(hand::read([x, y]))),
        (&[x], None) => drop(std::hint::black_box(hand::read([x]))),
        (&[], _) => {}
    }
}

/// Evaluates the result of a function of tensors. What it makes on the way is let go before: a tensor that is held is stored.
fn evaluated(function: impl Fn(&[Tensor]) -> Tensor + 'static) -> impl Fn(&[Tensor]) -> Result<Vec<Tensor>> + 'static {
    move |x| {
        let result = function(x);
        result.evaluate()?;
        Ok(vec![result])
    }
}
