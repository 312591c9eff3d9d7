//! Scripts from choices: every list of numbers is one.

mod alphabet;

use super::op::Op;
use super::{Action, Culprit, Made, Origin, Place, Question, Reading, Script, Slot};
use crate::Choices;
use crisol_ir::{DType, Graph, NodeId, Shape, TensorType};

/// Elements of a tensor at most, and in the few scripts with tensors that are cut into chunks.
const MAX_ELEMENTS: usize = 3000;
const MANY_ELEMENTS: usize = 150_000;
/// Results larger than this are brought into (-1, 1) before anything else happens to them.
const TAME: f64 = 50.0;
/// Actions of a body at most, blocks counted with all that is in them.
const MAX_ACTIONS: usize = 45;

#[derive(Clone, Copy, Debug)]
struct Known {
    slot: Slot,
    node: NodeId,
    ty: TensorType,
    bound: f64,
}

struct Generator<'a> {
    choices: Choices<'a>,
    /// For the types of results.
    graph: Graph,
    next: Slot,
    count: usize,
    pool: Vec<Known>,
    variables: Vec<TensorType>,
    /// The next slot when each variable was last assigned.
    assigned: Vec<Slot>,
    has_checkpoint: bool,
    /// Elements of a tensor at most.
    most: usize,
    /// A size that many shapes have in common.
    rows: usize,
}

impl Script {
    /// The script that a list of numbers describes.
    pub fn from_numbers(numbers: &[u32]) -> Script {
        let mut choices = Choices::new(numbers);
        let rows = 1 + choices.below(6);
        let most = if choices.once_in(12) { MANY_ELEMENTS } else { MAX_ELEMENTS };
        let mut variables = Vec::new();
        for _ in 0..1 + choices.below(3) {
            let sizes: &[&[usize]] = &[&[3], &[], &[2, 3], &[4, 4], &[2, 5, 3]];
            let dtype = choices.of(&[DType::F32, DType::F32, DType::F32, DType::F64, DType::I32]);
            let sizes = choices.of(sizes).to_vec();
            variables.push(Made { dtype, sizes, seed: choices.number(), below: None });
        }
        let orders: &[&[usize]] = &[&[0], &[0, 0, 0], &[0, 0, 1, 0, 0], &[0, 1, 0, 1, 1, 0], &[0, 0, 0, 1, 2, 0, 2, 1]];
        let order = choices.of(orders).to_vec();
        let changes = [choices.number(), choices.number()];
        let numbers = choices.rest();
        let bodies = order.iter().max().map_or(1, |last| last + 1);
        let body = |number: usize| {
            let mut numbers = numbers.to_vec();
            let mut rows = rows;
            // The second body has other shapes, the third leaves the first one somewhere on the way.
            match number {
                1 if changes[0].is_multiple_of(2) => rows += 1 + changes[0] as usize % 3,
                1 | 2 if !numbers.is_empty() => {
                    let change = changes[number - 1];
                    let place = change as usize % numbers.len();
                    numbers[place] ^= 1 + (change >> 16);
                }
                _ => {}
            }
            let types = variables.iter().map(|made| TensorType::new(made.dtype, shape(&made.sizes)));
            let mut generator = Generator {
                choices: Choices::new(&numbers),
                graph: Graph::new(),
                next: 0,
                count: 0,
                pool: Vec::new(),
                variables: types.collect(),
                assigned: vec![0; variables.len()],
                has_checkpoint: false,
                most,
                rows,
            };
            let mut actions = Vec::new();
            generator.value_of(0, &mut actions);
            generator.block(0, &mut actions);
            actions
        };
        Script { bodies: (0..bodies).map(body).collect(), variables, order }
    }
}

impl Generator<'_> {
    /// Actions until the block ends.
    fn block(&mut self, depth: usize, actions: &mut Vec<Action>) {
        loop {
            if self.choices.is_over() || self.count >= MAX_ACTIONS || (depth > 0 && self.choices.once_in(7)) {
                return;
            }
            self.count += 1;
            self.action(depth, actions);
        }
    }

    fn action(&mut self, depth: usize, actions: &mut Vec<Action>) {
        match self.choices.below(40) {
            0..=19 => {
                self.operation(actions);
            }
            20..=22 => {
                let dtype = self.choices.of(&[DType::F32, DType::F32, DType::F32, DType::F64, DType::I32, DType::Bool]);
                let sizes = self.sizes();
                self.make(dtype, &sizes, None, actions);
            }
            23..=24 => {
                let variable = self.choices.below(self.variables.len());
                self.value_of(variable, actions);
            }
            25..=27 => self.assign(actions),
            28..=30 if depth < 3 => self.tape(depth, actions),
            31 => {
                let x = self.any(actions);
                let arithmetic = x.ty.dtype != DType::Bool;
                let how = match self.choices.below(5) {
                    0 | 1 => Reading::Value,
                    2 => Reading::Text,
                    3 if arithmetic => Reading::ComputedElsewhere,
                    _ => Reading::Elsewhere,
                };
                actions.push(Action::Read { slot: x.slot, how });
            }
            32 => actions.push(Action::Evaluate),
            33 if self.pool.len() > 3 => {
                let place = self.choices.below(self.pool.len());
                let gone = self.pool.remove(place);
                actions.push(Action::Drop { slot: gone.slot });
            }
            34 => {
                let slot = self.any(actions).slot;
                actions.push(Action::Keep { slot, steps: self.choices.below(4) });
            }
            35..=36 => self.checkpoint(actions),
            37 if depth < 3 => {
                if let Some(x) = self.float(actions).filter(|x| x.ty.shape.elements() > 0) {
                    let culprit = self.choices.of(&[Culprit::Index, Culprit::Segment, Culprit::Error, Culprit::Panic]);
                    let body = self.enclosed();
                    actions.push(Action::Fails { culprit, slot: x.slot, body });
                }
            }
            38 if depth < 3 => {
                if let Some(x) = self.float(actions) {
                    let places = [Place::Body, Place::Tape, Place::Record, Place::Checkpoint, Place::Gradient];
                    let place = self.choices.of(&places);
                    let body = self.enclosed();
                    actions.push(Action::Panics { place, slot: x.slot, body });
                }
            }
            _ => {
                let x = self.any(actions);
                let x = self.tame(x, actions);
                self.apply(Op::StopGradient, &[x], actions);
            }
        }
    }

    /// A block whose tensors end with it, and which neither fails nor panics before its end.
    fn enclosed(&mut self) -> Vec<Action> {
        let pool = self.pool.clone();
        let mut body = Vec::new();
        self.block(3, &mut body);
        // Nothing from outside goes.
        body.retain(|action| !matches!(action, Action::Drop { slot } if pool.iter().any(|known| known.slot == *slot)));
        self.pool = pool;
        body
    }

    fn tape(&mut self, depth: usize, actions: &mut Vec<Action>) {
        let persistent = self.choices.below(2) == 1;
        let first = self.next;
        let mut body = Vec::new();
        self.block(depth + 1, &mut body);
        let mut questions = Vec::new();
        for _ in 0..if persistent { 1 + self.choices.below(2) } else { 1 } {
            let floats: Vec<Known> = self.pool.iter().copied().filter(|x| x.ty.dtype.is_float()).collect();
            let inside: Vec<Known> = floats.iter().copied().filter(|x| x.slot >= first).collect();
            let Some(target) =
                inside.len().checked_sub(1).map(|last| inside[last - self.choices.below(inside.len().min(3))])
            else {
                continue;
            };
            // Whether the gradient through a checkpoint depends on what is inside of the tape is left open: it is computed from a
            // second computation of it.
            let limit = if self.has_checkpoint { first } else { Slot::MAX };
            let sources_here: Vec<Known> = floats.iter().copied().filter(|x| x.slot < limit).collect();
            let mut sources = Vec::new();
            let mut outs = Vec::new();
            for _ in 0..1 + self.choices.below(3) {
                let number = self.choices.below(self.variables.len());
                let fits = self.variables[number].dtype.is_float() && self.assigned[number] <= limit;
                let (source, ty) = if fits && (self.choices.below(2) == 0 || sources_here.is_empty()) {
                    (Origin::Variable(number), self.variables[number])
                } else if let Some(x) = sources_here.get(self.choices.below(sources_here.len())) {
                    (Origin::Slot(x.slot), x.ty)
                } else {
                    continue;
                };
                sources.push(source);
                outs.push((self.slot(), ty));
            }
            for &(slot, ty) in &outs {
                let node = self.graph.input(ty);
                self.pool.push(Known { slot, node, ty, bound: f64::INFINITY });
            }
            questions.push(Question {
                target: target.slot,
                sources,
                outs: outs.iter().map(|&(slot, _)| slot).collect(),
            });
        }
        actions.push(Action::Tape { persistent, body, questions });
    }

    fn checkpoint(&mut self, actions: &mut Vec<Action>) {
        let Some(x) = self.float(actions) else { return };
        self.tame(x, actions);
        let pool = self.pool.clone();
        let mut segment = Vec::new();
        for _ in 0..1 + self.choices.below(4) {
            self.operation(&mut segment);
        }
        // New data stays outside.
        let (inside, outside): (Vec<Action>, Vec<Action>) =
            segment.into_iter().partition(|action| matches!(action, Action::Apply { .. }));
        let last = self
            .pool
            .last()
            .copied()
            .filter(|last| matches!(inside.last(), Some(Action::Apply { out, .. }) if *out == last.slot));
        self.pool = pool;
        for action in &outside {
            if let Action::Make { out, made } = action {
                let ty = TensorType::new(made.dtype, shape(&made.sizes));
                let node = self.graph.input(ty);
                let bound = made.below.map_or(12.0, |below| below as f64);
                if made.below.is_none() {
                    self.pool.push(Known { slot: *out, node, ty, bound });
                }
            }
        }
        actions.extend(outside);
        if let Some(result) = last {
            let out = self.slot();
            self.has_checkpoint = true;
            actions.push(Action::Checkpoint { out, segment: inside, result: result.slot });
            self.pool.push(Known { slot: out, ..result });
        }
    }

    /// `v = v / 2 + tanh(x)`, so that it stays small; of integers `v = x`, but a tensor of its
    /// own: variables that share one from some step on make another program.
    fn assign(&mut self, actions: &mut Vec<Action>) {
        let variable = self.choices.below(self.variables.len());
        let ty = self.variables[variable];
        let fits: Vec<Known> = self.pool.iter().copied().filter(|x| x.ty == ty).collect();
        let Some(&x) = fits.get(self.choices.below(fits.len())) else {
            self.value_of(variable, actions);
            return;
        };
        if !ty.dtype.is_float() {
            let new = self.apply(Op::Maximum, &[x, x], actions).unwrap_or(x);
            actions.push(Action::Assign { variable, from: new.slot });
            self.assigned[variable] = self.next;
            return;
        }
        let old = self.value_of(variable, actions);
        let half = self.apply(Op::Scale(0.5), &[old], actions);
        let new = self.apply(Op::Tanh, &[x], actions);
        if let (Some(half), Some(new)) = (half, new)
            && let Some(sum) = self.apply(Op::Add, &[half, new], actions)
        {
            actions.push(Action::Assign { variable, from: sum.slot });
            self.assigned[variable] = self.next;
        }
    }

    fn value_of(&mut self, variable: usize, actions: &mut Vec<Action>) -> Known {
        let ty = self.variables[variable];
        let known = Known { slot: self.slot(), node: self.graph.input(ty), ty, bound: 12.0 };
        actions.push(Action::Value { out: known.slot, variable });
        self.pool.push(known);
        known
    }

    fn slot(&mut self) -> Slot {
        self.next += 1;
        self.next - 1
    }
}

fn shape(sizes: &[usize]) -> Shape {
    Shape::new(sizes).unwrap_or(Shape::SCALAR)
}
