//! Tensor programs from choices: maps, broadcasts, permutations, slices, reductions, products, convolutions, moving
//! elements, shared values, several outputs.
//!
//! Every value carries a bound on its magnitude and on how far two correct evaluations may be apart, so that comparison
//! needs no guessed tolerance. Values whose bound is 0 must be equal. Steps (comparisons, rounding) are only taken of
//! those: elsewhere a rounding error could turn into a different answer.

mod folding;
mod moving;

use crate::Choices;
use crisol_ir::value::Constant;
use crisol_ir::{DType, Graph, NodeId, Result, Shape, TensorType, Value, ndarray};
use crisol_ops as ops;
use ndarray::ArrayD;

/// A program with arguments for it.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub graph: Graph,
    /// What is asked of it.
    pub outputs: Vec<NodeId>,
    /// What it is given.
    pub arguments: Vec<Value>,
    /// For each node, how far two correct evaluations may be apart.
    pub errors: Vec<f64>,
}

/// Elements of a value at most; a few inputs are larger, to be cut into chunks.
const MAX_ELEMENTS: usize = 4096;

#[derive(Clone, Copy)]
struct Known {
    id: NodeId,
    bound: f64,
    error: f64,
}

struct Generator<'a> {
    choices: Choices<'a>,
    graph: Graph,
    arguments: Vec<Value>,
    /// Nodes to choose from.
    pool: Vec<Known>,
    /// By node.
    errors: Vec<f64>,
    large: bool,
}

impl Program {
    /// The program that a list of numbers describes; every list describes one.
    ///
    /// # Errors
    /// An operation refuses what the generator thought valid: a bug of one of them.
    pub fn from_numbers(numbers: &[u32]) -> Result<Program> {
        let mut choices = Choices::new(numbers);
        let large = choices.once_in(24);
        let mut generator = Generator {
            choices,
            graph: Graph::new(),
            arguments: Vec::new(),
            pool: Vec::new(),
            errors: Vec::new(),
            large,
        };
        for _ in 0..1 + generator.choices.below(3) {
            generator.leaf()?;
        }
        while !generator.choices.is_over() && generator.graph.len() < 400 {
            generator.operation()?;
        }
        Ok(generator.finish())
    }
}

impl Generator<'_> {
    fn finish(mut self) -> Program {
        let mut outputs = Vec::new();
        for _ in 0..1 + self.choices.below(4) {
            // Late values depend on more.
            let back = self.choices.below(self.pool.len().min(6));
            outputs.push(self.pool[self.pool.len() - 1 - back].id);
        }
        // Something of everything: the sum of nothing would hide most of the program.
        for known in self.pool.iter().rev().step_by(5).take(3) {
            outputs.push(known.id);
        }
        self.errors.resize(self.graph.len(), 0.0);
        Program { graph: self.graph, outputs, arguments: self.arguments, errors: self.errors }
    }

    fn shape(&mut self) -> Shape {
        let sizes: &[usize] = match (self.large, self.choices.below(14)) {
            (true, 0) => &[70_000],
            (true, 1) => &[3, 40_000],
            (true, 2) => &[40_000, 3],
            (true, 3) => &[2, 150, 300],
            (true, 4) => &[90, 50, 16],
            (true, 5) => &[2, 70, 5, 128],
            (_, 0) => &[],
            (_, 1) => &[1],
            (_, 2) => &[7],
            (_, 3) => &[4, 6],
            (_, 4) => &[33, 10],
            (_, 5) => &[1, 5],
            (_, 6) => &[5, 1],
            (_, 7) => &[2, 3, 4],
            (_, 8) => &[2, 6, 5, 3],
            (_, 9) => &[64, 17],
            (_, 10) => &[0, 3],
            (_, 11) => &[13, 150],
            (_, 12) => &[2, 5, 130],
            _ => &[3, 1, 20, 2],
        };
        shape(sizes)
    }

    /// A new argument or a constant.
    fn leaf(&mut self) -> Result<Known> {
        if self.choices.once_in(6) {
            let dtype = self.choices.of(&[DType::F32, DType::F64, DType::I32]);
            let number = self.choices.of(&[0.0, 1.0, -1.0, -0.0, 2.0, 0.5]);
            let id = self.graph.constant(Constant::new(dtype, number));
            return Ok(self.know(id, 2.0, 0.0));
        }
        let dtype =
            self.choices.of(&[DType::F32, DType::F32, DType::F32, DType::F64, DType::I32, DType::Bool, DType::U8]);
        let shape = self.shape();
        Ok(self.argument(dtype, shape))
    }

    fn argument(&mut self, dtype: DType, shape: Shape) -> Known {
        let id = self.graph.input(TensorType::new(dtype, shape));
        let mut state = self.choices.number().wrapping_mul(2_654_435_761) ^ 0x9e37_79b9;
        let sizes = ndarray::IxDyn(shape.sizes());
        let numbers = ArrayD::from_shape_simple_fn(sizes, || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 22) - 2.0
        });
        let value = match dtype {
            DType::F32 | DType::F64 => Value::F64(numbers).cast(dtype),
            DType::Bool => Value::Bool(numbers.mapv(|x| x > 0.0)),
            _ => Value::F64(numbers.mapv(|x| (x * 5.0).floor() + if dtype == DType::U8 { 12.0 } else { 0.0 }))
                .cast(dtype),
        };
        self.arguments.push(value);
        self.know(id, if dtype.is_float() { 2.0 } else { 24.0 }, 0.0)
    }

    fn know(&mut self, id: NodeId, bound: f64, error: f64) -> Known {
        self.errors.resize(self.graph.len(), 0.0);
        let epsilon = match self.graph.ty(id).dtype {
            DType::F32 => f64::from(f32::EPSILON),
            DType::F64 => f64::EPSILON,
            _ => 0.0,
        };
        // A value that is inexact is rounded once more.
        let error = if error > 0.0 { error + 8.0 * epsilon * bound } else { 0.0 };
        self.errors[id.index()] = error;
        let known = Known { id, bound, error };
        self.pool.push(known);
        known
    }

    fn ty(&self, known: Known) -> TensorType {
        self.graph.ty(known.id)
    }

    fn any(&mut self) -> Known {
        let back = self.choices.below(self.pool.len().min(12));
        self.pool[self.pool.len() - 1 - back]
    }

    /// A value that `wanted` accepts, or a new argument of the given type.
    fn find(&mut self, dtype: DType, new: Shape, wanted: impl Fn(TensorType) -> bool) -> Known {
        let start = self.choices.below(self.pool.len());
        let count = self.pool.len();
        let found = (0..count).map(|step| self.pool[(start + step) % count]).find(|&known| wanted(self.ty(known)));
        found.unwrap_or_else(|| self.argument(dtype, new))
    }

    /// A value of the same type and a shape that broadcasts with that of `like`.
    fn partner(&mut self, like: Known) -> Known {
        let ty = self.ty(like);
        self.find(ty.dtype, ty.shape, |other| {
            other.dtype == ty.dtype
                && other
                    .shape
                    .broadcast(&ty.shape)
                    .is_ok_and(|common| common.elements() <= MAX_ELEMENTS.max(ty.shape.elements()))
        })
    }

    /// The value brought into (-1, 1) where it has grown.
    fn tame(&mut self, x: Known) -> Result<Known> {
        if x.bound < 100.0 || !self.ty(x).dtype.is_float() {
            return Ok(x);
        }
        let id = ops::tanh(&mut self.graph, x.id)?;
        Ok(self.inexact(id, 1.0, x.error.min(2.0), self.epsilon(x)))
    }

    fn epsilon(&self, x: Known) -> f64 {
        if self.ty(x).dtype == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) }
    }

    /// A value that no two evaluations need agree on in every bit.
    fn inexact(&mut self, id: NodeId, bound: f64, error: f64, own: f64) -> Known {
        self.know(id, bound, error + 16.0 * own * bound.max(1e-3))
    }

    fn operation(&mut self) -> Result<()> {
        let x = self.any();
        let x = self.tame(x)?;
        let ty = self.ty(x);
        let float = ty.dtype.is_float();
        let arithmetic = float || matches!(ty.dtype, DType::I32 | DType::I64);
        let g = &mut self.graph;
        match self.choices.below(41) {
            0..=2 if arithmetic => {
                let y = self.partner(x);
                let y = self.tame(y)?;
                let g = &mut self.graph;
                let id =
                    if self.choices.below(2) == 0 { ops::add(g, x.id, y.id)? } else { ops::subtract(g, x.id, y.id)? };
                self.know(id, x.bound + y.bound, x.error + y.error);
            }
            3..=4 if arithmetic => {
                let y = self.partner(x);
                let y = self.tame(y)?;
                let id = ops::multiply(&mut self.graph, x.id, y.id)?;
                self.know(id, x.bound * y.bound, x.error * y.bound + y.error * (x.bound + x.error));
            }
            5 if ty.dtype != DType::Bool => {
                let y = self.partner(x);
                let g = &mut self.graph;
                let id = if self.choices.below(2) == 0 {
                    ops::maximum(g, x.id, y.id)?
                } else {
                    ops::minimum(g, x.id, y.id)?
                };
                self.know(id, x.bound.max(y.bound), x.error.max(y.error));
            }
            6 if arithmetic => {
                let id = ops::negate(g, x.id)?;
                self.know(id, x.bound, x.error);
            }
            7 if float => {
                let id = ops::relu(g, x.id)?;
                self.know(id, x.bound, x.error);
            }
            8 if float => {
                let id = ops::absolute(g, x.id)?;
                self.know(id, x.bound, x.error);
            }
            9 if float => {
                let id = ops::tanh(g, x.id)?;
                self.inexact(id, 1.0, x.error, self.epsilon(x));
            }
            10 if float => {
                let id = ops::sigmoid(g, x.id)?;
                self.inexact(id, 1.0, x.error, self.epsilon(x));
            }
            11 if float && x.bound <= 4.0 => {
                let id = ops::exp(g, x.id)?;
                let bound = x.bound.exp();
                self.inexact(id, bound, bound * x.error * 1.1, self.epsilon(x));
            }
            12 if float => {
                // sqrt(1 + |x|): no steeper than the identity.
                let y = ops::absolute(g, x.id)?;
                let one = g.constant(Constant::new(ty.dtype, 1.0));
                let y = ops::add(g, one, y)?;
                let id = ops::sqrt(g, y)?;
                self.know(id, 1.0 + x.bound, x.error);
            }
            13 if float => {
                let y = self.partner(x);
                let g = &mut self.graph;
                let divisor = ops::absolute(g, y.id)?;
                let one = g.constant(Constant::new(ty.dtype, 1.0));
                let divisor = ops::add(g, divisor, one)?;
                let id = ops::divide(g, x.id, divisor)?;
                self.know(id, x.bound, x.error + x.bound * y.error);
            }
            14..=15 if x.error == 0.0 && ty.dtype != DType::Bool => {
                let y = self.partner(x);
                if y.error == 0.0 {
                    let g = &mut self.graph;
                    let id = match self.choices.below(6) {
                        0 => ops::greater(g, x.id, y.id)?,
                        1 => ops::greater_equal(g, x.id, y.id)?,
                        2 => ops::less(g, x.id, y.id)?,
                        3 => ops::less_equal(g, x.id, y.id)?,
                        4 => ops::equal(g, x.id, y.id)?,
                        _ => ops::not_equal(g, x.id, y.id)?,
                    };
                    self.know(id, 1.0, 0.0);
                }
            }
            16 if ty.dtype == DType::Bool => {
                let y = self.partner(x);
                let g = &mut self.graph;
                let id = match self.choices.below(3) {
                    0 => ops::logical_and(g, x.id, y.id)?,
                    1 => ops::logical_or(g, x.id, y.id)?,
                    _ => ops::logical_not(g, x.id)?,
                };
                self.know(id, 1.0, 0.0);
            }
            17..=18 => {
                let mask = self.find(DType::Bool, ty.shape, |other| {
                    other.dtype == DType::Bool
                        && other.shape.broadcast(&ty.shape).is_ok_and(|common| common == ty.shape)
                });
                let y = self.find(ty.dtype, ty.shape, |other| {
                    other.dtype == ty.dtype && other.shape.broadcast(&ty.shape).is_ok_and(|common| common == ty.shape)
                });
                let id = ops::select(&mut self.graph, mask.id, x.id, y.id)?;
                self.know(id, x.bound.max(y.bound), x.error.max(y.error));
            }
            19 => {
                let to = self.choices.of(&[DType::F32, DType::F64, DType::I32, DType::U8, DType::I64, DType::Bool]);
                if x.error == 0.0 {
                    let id = ops::cast(&mut self.graph, x.id, to)?;
                    // Integers that wrapped may be anything; as a float that is nothing to reckon with.
                    let bound = if float || !to.is_float() { x.bound } else { x.bound.max(1e19) };
                    let bound = if float || ty.dtype == DType::U8 || ty.dtype == DType::Bool { x.bound } else { bound };
                    self.know(id, bound.max(1.0), 0.0);
                } else if to.is_float() && float {
                    let id = ops::cast(&mut self.graph, x.id, to)?;
                    let narrow = f64::from(f32::EPSILON);
                    self.inexact(id, x.bound, x.error, narrow);
                }
            }
            38..41 if float => self.centre(x)?,
            20..=21 => self.reshape(x)?,
            22..=23 => self.permute(x)?,
            24 => self.slice(x)?,
            25 => {
                let front = self.choices.of(&[1, 2, 5]);
                if ty.shape.rank() < 4 && ty.shape.elements() * front <= MAX_ELEMENTS {
                    let mut sizes = vec![front];
                    sizes.extend_from_slice(&ty.shape);
                    let id = ops::broadcast(&mut self.graph, x.id, shape(&sizes))?;
                    self.know(id, x.bound, x.error);
                }
            }
            26..=28 if arithmetic && ty.shape.rank() > 0 => self.reduce(x)?,
            29 if float => self.product(x)?,
            30 if ty.shape.rank() > 0 => {
                let rank = ty.shape.rank();
                let low: Vec<usize> = (0..rank).map(|_| self.choices.below(3)).collect();
                let high: Vec<usize> = (0..rank).map(|_| self.choices.below(3)).collect();
                if ty.shape.elements() <= MAX_ELEMENTS / 16 {
                    let id = ops::pad(&mut self.graph, x.id, &low, &high)?;
                    self.know(id, x.bound, x.error);
                }
            }
            31 => {
                let g = &mut self.graph;
                let [k0, k1] = [self.choices.number(), self.choices.number()]
                    .map(|word| g.constant(Constant { dtype: DType::I32, bits: word.into() }));
                if self.choices.below(2) == 0 {
                    let id = ops::random_uniform(g, k0, k1, ty.shape)?;
                    self.know(id, 1.0, 0.0);
                } else {
                    let id = ops::random_normal(g, k0, k1, ty.shape)?;
                    self.inexact(id, 6.0, 0.0, f64::from(f32::EPSILON));
                }
            }
            32 if float => self.image(x)?,
            34..=37 if ty.shape.rank() > 0 => self.moved(x)?,
            33 if float && x.error == 0.0 => {
                let id = ops::floor(g, x.id)?;
                self.know(id, x.bound + 1.0, 0.0);
            }
            _ => {
                self.leaf()?;
            }
        }
        Ok(())
    }
}

/// A shape of sizes that the generator keeps small.
fn shape(sizes: &[usize]) -> Shape {
    Shape::new(sizes).unwrap_or(Shape::SCALAR)
}
