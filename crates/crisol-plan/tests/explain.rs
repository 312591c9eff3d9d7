//! What plans say of themselves.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::{DType, Graph, NodeId, Shape, TensorType};
use crisol_ops as ops;
use crisol_plan::Planner;

fn input(graph: &mut Graph, sizes: &[usize]) -> NodeId {
    graph.input(TensorType::new(DType::F32, Shape::new(sizes).unwrap()))
}

/// The lines about memory.
fn memory(graph: &Graph, outputs: &[NodeId]) -> String {
    let text = Planner::new().explain(graph, outputs).unwrap();
    let start = text.find("memory: ").unwrap_or_else(|| panic!("{text}"));
    let end = text[start..].find("wave 0:").map_or(text.len(), |end| start + end);
    text[start..end].to_string()
}

#[test]
fn the_peak_names_what_is_alive_and_why() {
    let mut graph = Graph::new();
    let g = &mut graph;
    let (x, w, v) = (input(g, &[2000, 300]), input(g, &[300, 1000]), input(g, &[1000, 1000]));
    // Transposed between the layers, so that they are no region.
    let hidden = ops::matmul(g, x, w).unwrap();
    let hidden = ops::tanh(g, hidden).unwrap();
    let turned = ops::matmul_transposed(g, v, hidden, false, true).unwrap();
    let turned = ops::sin(g, turned).unwrap();
    let back = ops::matmul_transposed(g, turned, hidden, false, false).unwrap();
    let new = ops::subtract(g, v, back).unwrap();
    let expected = "\
memory: 31.6 MB at the peak, in wave 4 (matmul)
  held from start to end: 3 arguments of 7.6 MB, 1 result of 4.0 MB (1 may take the place of an argument)
  in the arena: 20.0 MB, of 20.0 MB that it has
       8.0 MB  tanh float32[2000, 1000], from wave 1 to matmul in wave 4
       8.0 MB  sin float32[1000, 2000], from wave 3 to matmul in wave 4
       4.0 MB  matmul float32[1000, 1000], from wave 4 to subtract in wave 5
";
    assert_eq!(memory(&graph, &[new]), expected);
}

#[test]
fn small_values_are_counted_together_and_partial_results_are_named() {
    let mut graph = Graph::new();
    let g = &mut graph;
    let parts: Vec<NodeId> = (1..=11)
        .map(|number| {
            let (a, b) = (input(g, &[number, 3]), input(g, &[3, 2]));
            ops::matmul(g, a, b).unwrap()
        })
        .collect();
    let joined = ops::concatenate(g, &parts, 0).unwrap();
    // In blocks of columns, each with sums of its own.
    let long = input(g, &[3, 100_000]);
    let sums = ops::sum(g, long, &[1]).unwrap();
    let text = memory(&graph, &[joined, sums]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "memory: 1.2 MB at the peak, in wave 0 (matmul, sum)", "{text}");
    assert_eq!(lines[1], "  held from start to end: 23 arguments of 1.2 MB, 2 results of 540 B", "{text}");
    assert_eq!(lines[3], "         88 B  matmul float32[11, 2], from wave 0 to concatenate in wave 1", "{text}");
    assert_eq!(lines[11], "         48 B  3 smaller values", "{text}");
    assert!(lines[12].ends_with(" partial results of reductions"), "{text}");
    assert_eq!(lines.len(), 13, "{text}");
}

#[test]
fn what_a_result_is_made_of_waits_in_its_memory() {
    let mut graph = Graph::new();
    let g = &mut graph;
    let (x, other) = (input(g, &[64, 256]), input(g, &[64, 256]));
    let most = ops::max(g, x, &[1]).unwrap();
    let most = ops::reshape(g, most, Shape::new(&[64, 1]).unwrap()).unwrap();
    let distances = ops::subtract(g, x, most).unwrap();
    let powers = ops::exp(g, distances).unwrap();
    let sum = ops::sum(g, powers, &[1]).unwrap();
    let sum = ops::reshape(g, sum, Shape::new(&[64, 1]).unwrap()).unwrap();
    let softmax = ops::divide(g, powers, sum).unwrap();
    let text = Planner::new().explain(g, &[softmax]).unwrap();
    // Largest numbers and sums alone: the powers lie where the result will.
    assert!(text.contains("scratch of 128 bytes a thread"), "{text}");
    // Not where the result may take over an argument that is still read.
    let shifted = ops::add(g, softmax, other).unwrap();
    let text = Planner::new().explain(g, &[shifted]).unwrap();
    assert!(text.contains("may take over argument1") && !text.contains("scratch of 128 bytes"), "{text}");
}
