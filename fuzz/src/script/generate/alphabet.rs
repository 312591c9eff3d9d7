//! Which operation comes next, and on what.

use super::super::op::Op;
use super::super::{Action, Made};
use super::{Generator, Known, MAX_ELEMENTS, TAME, shape};
use crisol_ir::{DType, TensorType};

impl Generator<'_> {
    /// An operation on what there is.
    pub(super) fn operation(&mut self, actions: &mut Vec<Action>) -> Option<Known> {
        let x = self.any(actions);
        let x = self.tame(x, actions);
        let rank = x.ty.shape.rank();
        let float = x.ty.dtype.is_float();
        let arithmetic = x.ty.dtype != DType::Bool;
        match self.choices.below(41) {
            0..=6 if arithmetic => {
                let y = self.partner(x, actions);
                let op = self.choices.of(&[0, 0, 1, 2, 2, 3, 4, 5]);
                let op = match op {
                    0 => Op::Add,
                    1 => Op::Subtract,
                    2 => Op::Multiply,
                    3 => Op::Maximum,
                    4 => Op::Minimum,
                    _ if float => Op::Divide,
                    _ => Op::Add,
                };
                self.apply(op, &[x, y], actions)
            }
            7..=12 if float => {
                let op = match self.choices.below(16) {
                    0 => Op::Negate,
                    1 => Op::Absolute,
                    2 | 3 => Op::Relu,
                    4 => Op::Tanh,
                    5 => Op::Sigmoid,
                    6 if x.bound < 4.0 => Op::Exp,
                    7 => Op::Sin,
                    8 => Op::Erf,
                    9 => Op::Square,
                    10 => Op::Root,
                    11 => Op::Log,
                    12 => Op::Floor,
                    13 => Op::Sign,
                    14 => Op::Twice,
                    15 => Op::Straight,
                    _ => Op::Negate,
                };
                self.apply(op, &[x], actions)
            }
            13..=14 if float => {
                let number = self.choices.of(&[0.5, 2.0, -1.0, 1.0, 0.0, 0.25]);
                let op = match self.choices.below(3) {
                    0 => Op::Scale(number),
                    1 => Op::Shift(number),
                    _ => Op::Fade,
                };
                self.apply(op, &[x], actions)
            }
            15 if arithmetic => {
                let y = self.partner(x, actions);
                let op = if self.choices.below(3) == 0 { Op::Equal } else { Op::Less };
                self.apply(op, &[x, y], actions)
            }
            16 => {
                let y = self.find(x.ty, actions, |ty| ty == x.ty);
                let mask = TensorType::new(DType::Bool, x.ty.shape);
                let mask = self.find(mask, actions, |ty| ty == mask);
                self.apply(Op::Select, &[mask, x, y], actions)
            }
            17 => {
                let to = self.choices.of(&[DType::F32, DType::F64, DType::I32, DType::Bool]);
                self.apply(Op::Cast(to), &[x], actions)
            }
            18 if float && rank > 0 => {
                let op = if self.choices.below(2) == 0 { Op::Softmax } else { Op::Normalize };
                self.apply(op, &[x], actions)
            }
            19..=23 if arithmetic && rank > 0 => self.reduction(x, actions),
            24..=29 => self.movement(x, actions),
            30..=32 if float && rank >= 2 => {
                let turned = self.choices.below(2) == 1;
                let inner = x.ty.shape[rank - if turned { 2 } else { 1 }];
                let new = TensorType::new(x.ty.dtype, shape(&[inner, 1 + self.choices.below(5)]));
                let y = self.find(new, actions, |ty| {
                    ty.dtype == x.ty.dtype && ty.shape.rank() == 2 && ty.shape[0] == inner && ty.shape[1] < 20
                });
                let y = self.tame(y, actions);
                self.apply(Op::Matmul { turned }, &[x, y], actions)
            }
            33..=34 if float => {
                let new = TensorType::new(x.ty.dtype, shape(&[self.rows, 6, 6, 2]));
                let is_image = |ty: TensorType| ty.shape.rank() == 4 && ty.shape[1] > 1 && ty.shape[2] > 1;
                let x = self.find(new, actions, |ty| ty.dtype == x.ty.dtype && is_image(ty));
                if self.choices.below(2) == 0 {
                    return self.apply(Op::MaxPool2d, &[x], actions);
                }
                let sizes = [2, 2, x.ty.shape[3], 1 + self.choices.below(3)];
                let kernel = self.make(x.ty.dtype, &sizes, None, actions);
                let stride = 1 + self.choices.below(2);
                self.apply(Op::Conv2d { stride }, &[x, kernel], actions)
            }
            35 if rank > 0 => {
                let axis = self.choices.below(rank);
                let size = x.ty.shape[axis];
                let count = 1 + self.choices.below(5);
                let indices = self.make(DType::I64, &[count], Some(size), actions);
                self.pool.pop();
                (size > 0).then(|| self.apply(Op::Take(axis as isize), &[x, indices], actions)).flatten()
            }
            36 if rank > 0 && arithmetic => {
                let count = 1 + self.choices.below(4);
                let segments = self.make(DType::I64, &[x.ty.shape[0]], Some(count), actions);
                self.pool.pop();
                self.apply(Op::SegmentSum(count), &[x, segments], actions)
            }
            37 if rank > 0 && arithmetic => {
                let axis = self.choices.below(rank) as isize;
                let op = match self.choices.below(3) {
                    0 => Op::ArgSort(axis),
                    1 => Op::ArgMax(axis),
                    _ => Op::Sort(axis),
                };
                self.apply(op, &[x], actions)
            }
            38 => {
                let sizes = self.sizes();
                let seed = u64::from(self.choices.number());
                let op = if self.choices.below(2) == 0 { Op::Uniform(sizes, seed) } else { Op::Normal(sizes, seed) };
                self.apply(op, &[], actions)
            }
            39 if float => {
                let y = self.partner(x, actions);
                let same = y.ty == x.ty;
                self.apply(if same { Op::HalfProduct } else { Op::Multiply }, &[x, y], actions)
            }
            _ if float => self.apply(Op::Tanh, &[x], actions),
            _ => self.apply(Op::Cast(DType::F32), &[x], actions),
        }
    }

    fn reduction(&mut self, x: Known, actions: &mut Vec<Action>) -> Option<Known> {
        let rank = x.ty.shape.rank();
        let float = x.ty.dtype.is_float();
        let mask = 1 + self.choices.below((1 << rank) - 1);
        let axes: Vec<isize> = (0..rank as isize).filter(|axis| mask >> axis & 1 == 1).collect();
        let axis = axes[0];
        let is_empty = x.ty.shape.elements() == 0;
        let op = match self.choices.below(8) {
            0..=2 => Op::Sum(axes),
            3 if float && !is_empty => Op::Mean(axes),
            4 if !is_empty => Op::Max(axes),
            5 if float && !is_empty => Op::Variance(axes),
            6 if float && !is_empty => Op::LogSumExp(axis),
            7 => Op::CumulativeSum(axis),
            _ => Op::Sum(axes),
        };
        self.apply(op, &[x], actions)
    }

    fn movement(&mut self, x: Known, actions: &mut Vec<Action>) -> Option<Known> {
        let sizes = x.ty.shape.sizes().to_vec();
        let rank = sizes.len();
        let axis = self.choices.below(rank) as isize;
        let op = match self.choices.below(8) {
            0..=1 => {
                let count = x.ty.shape.elements();
                let mut to = Vec::new();
                let mut rest = count;
                for divisor in [self.rows, 2, 3] {
                    if self.choices.below(2) == 1 && rest > 0 && rest.is_multiple_of(divisor) {
                        to.push(divisor);
                        rest /= divisor;
                    }
                }
                to.insert(self.choices.below(to.len() + 1), rest);
                Op::Reshape(to)
            }
            2..=3 if rank > 1 => {
                let mut axes: Vec<usize> = (0..rank).collect();
                for end in (1..rank).rev() {
                    axes.swap(end, self.choices.below(end + 1));
                }
                Op::Permute(axes)
            }
            4 if rank > 0 => {
                let (mut start, mut size, mut step) = (vec![], vec![], vec![]);
                for &length in &sizes {
                    let from = self.choices.below(length.min(2));
                    let by = 1 + self.choices.below(2);
                    start.push(from);
                    step.push(by);
                    size.push((length - from).div_ceil(by));
                }
                Op::Slice { start, size, step }
            }
            5 if rank > 0 => Op::Pad((0..rank).map(|_| self.choices.below(2)).collect()),
            6 if rank > 0 => {
                if self.choices.below(2) == 0 {
                    Op::Flip(axis)
                } else {
                    let y = self.find(x.ty, actions, |ty| ty == x.ty);
                    return self.apply(Op::Concatenate(axis), &[x, y], actions);
                }
            }
            _ if rank < 4 => {
                let mut to = vec![self.choices.of(&[1, 2, 5])];
                to.extend(&sizes);
                Op::Broadcast(to)
            }
            _ => Op::Reshape(vec![x.ty.shape.elements()]),
        };
        self.apply(op, &[x], actions)
    }

    /// Applies an operation, unless its result is too large or it does not fit.
    pub(super) fn apply(&mut self, op: Op, inputs: &[Known], actions: &mut Vec<Action>) -> Option<Known> {
        let nodes: Vec<_> = inputs.iter().map(|x| x.node).collect();
        let types: Vec<TensorType> = inputs.iter().map(|x| x.ty).collect();
        let bounds: Vec<f64> = inputs.iter().map(|x| x.bound).collect();
        let node = op.append(&mut self.graph, &nodes, 0).ok()?;
        let ty = self.graph.ty(node);
        if ty.shape.elements() > self.most {
            return None;
        }
        let bound = op.bound(&types, &bounds);
        let out = self.slot();
        actions.push(Action::Apply { out, op, inputs: inputs.iter().map(|x| x.slot).collect() });
        let known = Known { slot: out, node, ty, bound };
        self.pool.push(known);
        Some(known)
    }

    /// The value brought into (-1, 1) where it may have grown; integers wrap.
    pub(super) fn tame(&mut self, x: Known, actions: &mut Vec<Action>) -> Known {
        if x.bound < TAME || !x.ty.dtype.is_float() {
            return x;
        }
        self.apply(Op::Tanh, &[x], actions).unwrap_or(x)
    }

    pub(super) fn any(&mut self, actions: &mut Vec<Action>) -> Known {
        if self.pool.is_empty() {
            return self.value_of(0, actions);
        }
        let back = self.choices.below(self.pool.len().min(10));
        self.pool[self.pool.len() - 1 - back]
    }

    /// A float, if there is one.
    pub(super) fn float(&mut self, actions: &mut Vec<Action>) -> Option<Known> {
        let x = self.any(actions);
        let floats = || self.pool.iter().rev().copied().filter(|x| x.ty.dtype.is_float());
        if x.ty.dtype.is_float() { Some(x) } else { floats().next() }
    }

    /// A value of a type that `wanted` accepts, or new data.
    fn find(&mut self, new: TensorType, actions: &mut Vec<Action>, wanted: impl Fn(TensorType) -> bool) -> Known {
        let count = self.pool.len();
        let start = self.choices.below(count);
        let found = (0..count).map(|step| self.pool[(start + step) % count]).find(|x| wanted(x.ty));
        match found {
            Some(x) => self.tame(x, actions),
            None => self.make(new.dtype, new.shape.sizes(), None, actions),
        }
    }

    /// A value of the same type and a shape that broadcasts with that of `x`.
    fn partner(&mut self, x: Known, actions: &mut Vec<Action>) -> Known {
        let most = self.most;
        self.find(x.ty, actions, |ty| {
            let common = ty.shape.broadcast(&x.ty.shape);
            ty.dtype == x.ty.dtype && common.is_ok_and(|common| common.elements() <= most)
        })
    }

    pub(super) fn sizes(&mut self) -> Vec<usize> {
        let rows = self.rows;
        match self.choices.below(13) {
            0 if self.most > MAX_ELEMENTS => vec![rows * 20_000],
            1 if self.most > MAX_ELEMENTS => vec![3, rows * 7000],
            2 if self.most > MAX_ELEMENTS => vec![20_000, rows],
            3 if self.most > MAX_ELEMENTS => vec![200, 128],
            0 => vec![],
            1 => vec![rows],
            2 => vec![rows, 3],
            3 => vec![rows, 8],
            4 => vec![3, 4],
            5 => vec![8, 8],
            6 => vec![1, 3],
            7 => vec![rows, 1],
            8 => vec![2, rows, 4],
            9 => vec![rows, 6, 6, 2],
            10 => vec![40, 33],
            11 => vec![0, 3],
            _ => vec![rows * 50],
        }
    }

    /// New data.
    pub(super) fn make(
        &mut self,
        dtype: DType,
        sizes: &[usize],
        below: Option<usize>,
        actions: &mut Vec<Action>,
    ) -> Known {
        let ty = TensorType::new(dtype, shape(sizes));
        let slot = self.slot();
        let seed = self.choices.number();
        actions.push(Action::Make { out: slot, made: Made { dtype, sizes: sizes.to_vec(), seed, below } });
        let bound = below.map_or(12.0, |below| below as f64);
        let known = Known { slot, node: self.graph.input(ty), ty, bound };
        self.pool.push(known);
        known
    }
}
