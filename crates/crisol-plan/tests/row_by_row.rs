//! Regions that run as one function, row by row: the bits of the interpreter, which knows nothing of that.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::value::Constant;
use crisol_ir::{Cpu, DType, Graph, NodeId, Shape, TensorType, Value, cpu};
use crisol_kernels::with_threads;
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Mode, Planner};
use proptest::prelude::*;
use std::sync::Arc;

#[derive(Clone, Debug)]
struct Recipe {
    dtype: DType,
    rows: usize,
    columns: usize,
    steps: Vec<u8>,
    /// Bits: the sums of all rows, the sums of each, and a value from the middle are asked for, too.
    outputs: u8,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let steps = prop::collection::vec(0u8..10, 1..12);
    (any::<bool>(), 1usize..90, 100usize..300, steps, any::<u8>()).prop_map(|(long, rows, columns, steps, outputs)| {
        let dtype = if long { DType::F64 } else { DType::F32 };
        Recipe { dtype, rows, columns, steps, outputs }
    })
}

/// What each row has, read along its columns.
fn kept(graph: &mut Graph, x: NodeId, sum: bool) -> NodeId {
    let rows = graph.ty(x).shape[0];
    let reduced = if sum { ops::sum(graph, x, &[1]) } else { ops::max(graph, x, &[1]) }.unwrap();
    ops::reshape(graph, reduced, Shape::new(&[rows, 1]).unwrap()).unwrap()
}

impl Recipe {
    /// The program, of a matrix, a row and a column.
    fn graph(&self) -> (Graph, Vec<NodeId>) {
        let mut graph = Graph::new();
        let g = &mut graph;
        let mut input = |sizes: &[usize]| g.input(TensorType::new(self.dtype, Shape::new(sizes).unwrap()));
        let (x, row, column) = (input(&[self.rows, self.columns]), input(&[self.columns]), input(&[self.rows, 1]));
        let one = g.constant(Constant::new(self.dtype, 1.0));
        let mut values = vec![x];
        for step in &self.steps {
            let last = values[values.len() - 1];
            let next = match step {
                0 => {
                    let largest = kept(g, last, false);
                    ops::subtract(g, last, largest)
                }
                1 | 2 => {
                    let sum = kept(g, last, true);
                    let count = g.constant(Constant::new(self.dtype, self.columns as f64));
                    let mean = ops::divide(g, sum, count).unwrap();
                    ops::subtract(g, last, mean)
                }
                3 => {
                    let size = ops::absolute(g, last).unwrap();
                    let sum = kept(g, size, true);
                    let sum = ops::add(g, sum, one).unwrap();
                    ops::divide(g, last, sum)
                }
                4 => ops::multiply(g, last, row),
                5 => ops::add(g, last, column),
                6 => ops::multiply(g, last, values[values.len() / 2]),
                7 => ops::tanh(g, last),
                // Random numbers go by the position; they are single.
                8 if self.dtype == DType::F32 => {
                    let keys = [3, 4].map(|key| g.constant(Constant::new(DType::I32, key as f64)));
                    let random =
                        ops::random_uniform(g, keys[0], keys[1], Shape::new(&[self.rows, self.columns]).unwrap());
                    let kept = ops::greater(g, random.unwrap(), last).unwrap();
                    ops::select(g, kept, last, one)
                }
                _ => ops::subtract(g, row, last),
            };
            values.push(next.unwrap());
        }
        let last = values[values.len() - 1];
        let mut outputs = vec![last];
        if self.outputs & 1 != 0 {
            outputs.push(ops::sum(g, last, &[0]).unwrap());
        }
        if self.outputs & 2 != 0 {
            outputs.push(ops::sum(g, last, &[1]).unwrap());
        }
        if self.outputs & 4 != 0 {
            outputs.push(values[values.len() / 2]);
        }
        if self.outputs & 24 == 24 {
            outputs.remove(0);
        }
        outputs.retain(|output| *output != x);
        (graph, outputs)
    }

    fn run(&self, mode: Mode) -> Vec<Vec<u64>> {
        let (graph, outputs) = self.graph();
        let buffer = |count: usize, first: usize| {
            let number = |index: usize| ((index * 7 + first) % 61) as f64 * 0.125 - 3.0;
            let numbers = crisol_ir::ndarray::ArrayD::from_shape_fn(vec![count], |index| number(index[0]));
            Argument::Buffer(Arc::new(Buffer::from_value(&Value::F64(numbers).cast(self.dtype))))
        };
        let arguments = vec![buffer(self.rows * self.columns, 1), buffer(self.columns, 5), buffer(self.rows, 11)];
        let results = Planner::with_mode(mode).run(&graph, &outputs, arguments).unwrap();
        let bits = |buffer: &Arc<Buffer>| match self.dtype {
            DType::F64 => buffer.as_slice::<f64>().unwrap().iter().map(|x| x.to_bits()).collect(),
            _ => buffer.as_slice::<f32>().unwrap().iter().map(|x| u64::from(x.to_bits())).collect(),
        };
        results.iter().map(bits).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn regions_are_what_the_interpreter_says(recipe in recipe()) {
        let expected = recipe.run(Mode::Interpreted);
        for threads in [1, 3] {
            let found = with_threads(threads, || recipe.run(Mode::Compiled));
            prop_assert!(found == expected, "on {} threads", threads);
        }
    }
}

/// The first line of the plan's only region.
fn region(recipe: &Recipe) -> String {
    let (graph, outputs) = recipe.graph();
    let text = Planner::with_mode(Mode::Compiled).explain(&graph, &outputs).unwrap();
    text.lines().find(|line| line.contains("region")).unwrap_or_else(|| panic!("{text}")).trim().to_owned()
}

#[test]
fn long_rows_go_through_a_region_one_by_one() {
    // Centred and scaled, as layer normalisation does.
    let recipe = |columns| Recipe { dtype: DType::F32, rows: 200, columns, steps: vec![1, 3, 4, 9], outputs: 0 };
    let widest = cfg!(all(target_arch = "x86_64", unix, feature = "jit")) && cpu() >= Cpu::Avx2;
    assert_eq!(region(&recipe(256)).ends_with(", row by row:"), widest, "{}", region(&recipe(256)));
    // Short ones are a call for all rows of a block.
    assert!(!region(&recipe(10)).contains("row by row"));
    let in_double = Recipe { dtype: DType::F64, ..recipe(256) };
    assert_eq!(region(&in_double).contains("row by row"), widest, "{}", region(&in_double));
    let random = Recipe { steps: vec![1, 8, 3], ..recipe(256) };
    assert_eq!(region(&random).contains("row by row"), widest, "{}", region(&random));
    let with_sums = Recipe { outputs: 1, ..recipe(256) };
    assert_eq!(region(&with_sums).contains("row by row"), widest, "{}", region(&with_sums));
}

#[test]
fn a_new_number_of_rows_compiles_nothing() {
    let recipe = |rows| Recipe { dtype: DType::F32, rows, columns: 333, steps: vec![0, 3, 4, 9], outputs: 0 };
    let mut planner = Planner::with_mode(Mode::Compiled);
    let mut compiled = |rows| {
        let (graph, outputs) = recipe(rows).graph();
        let buffer = |count: usize| Argument::Buffer(Arc::new(Buffer::from_slice(&vec![0.5f32; count])));
        planner.run(&graph, &outputs, vec![buffer(rows * 333), buffer(333), buffer(rows)]).unwrap();
        planner.stats().kernels_compiled
    };
    let first = compiled(64);
    for rows in [32, 7, 2, 3, 5000] {
        assert_eq!(compiled(rows), first, "{rows} rows");
    }
    // One row is no region, and of a single number nothing tells whether a row has it or all have.
    assert!(compiled(1) <= first + 1);
}
