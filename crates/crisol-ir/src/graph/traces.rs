//! Traces: what was recorded before and is expected again.
//!
//! Training records the same program step after step, with an evaluation or a smaller batch in between. A graph that is rewound
//! remembers a few programs; while what is appended comes as one of them goes on, nothing is allocated, inferred or hashed.

use super::{Graph, Node};

/// Programs remembered at most.
const MOST_TRACES: usize = 12;
/// Nodes remembered at most, in all programs together.
const MOST_NODES: usize = 1 << 17;

/// Programs other than the one that is being followed.
#[derive(Default)]
pub(super) struct Traces {
    /// The number of the one that is followed; one that leaves all others gets a new number.
    current: u64,
    made: u64,
    clock: u64,
    others: Vec<Trace>,
}

struct Trace {
    number: u64,
    nodes: Vec<Node>,
    last_use: u64,
}

/// For programs that are recorded again and again.
impl Graph {
    /// Forgets all nodes and keeps their memory for the next program.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.len = 0;
        self.inputs = 0;
        self.traces.others.clear();
        self.traces.renew();
    }

    /// Begins a new program, and expects it to be one of those that were recorded before.
    pub fn rewind(&mut self) {
        if self.nodes.len() > MOST_NODES {
            self.nodes.clear();
            self.traces.renew();
        }
        self.len = 0;
        self.inputs = 0;
        self.traces.clock += 1;
    }

    /// The number of the trace that is followed. While it stays the same from one program to the next, nodes of equal places
    /// are equal.
    #[inline]
    pub fn trace(&self) -> u64 {
        self.traces.current
    }

    /// Whether the trace of a number is still remembered.
    pub fn remembers(&self, trace: u64) -> bool {
        self.traces.current == trace || self.traces.others.iter().any(|other| other.number == trace)
    }

    /// The nodes of all traces.
    pub fn remembered_nodes(&self) -> usize {
        self.nodes.len() + self.traces.others.iter().map(|other| other.nodes.len()).sum::<usize>()
    }

    /// Appends what is expected up to the node `end`, arguments included; false and nothing if less than that is expected.
    pub fn advance_to(&mut self, end: usize) -> bool {
        let expected = end >= self.len && end <= self.nodes.len();
        if expected {
            let is_argument = |node: &&Node| matches!(node.operation, super::Operation::Input(_));
            self.inputs += self.nodes[self.len..end].iter().filter(is_argument).count() as u32;
            self.len = end;
        }
        expected
    }

    /// Moves on by one node if what is expected next, by some trace that has come as far, `is` the wanted one.
    #[inline]
    pub(super) fn advance(&mut self, is: impl Fn(&Node) -> bool) -> bool {
        let found = match self.nodes.get(self.len) {
            Some(expected) => is(expected) || self.change_trace(is),
            None => false,
        };
        self.len += usize::from(found);
        found
    }

    /// Follows another trace that has the same nodes so far and one that `is` wanted next.
    #[cold]
    fn change_trace(&mut self, is: impl Fn(&Node) -> bool) -> bool {
        let so_far = &self.nodes[..self.len];
        let fits = |trace: &Trace| trace.nodes.get(self.len).is_some_and(&is) && trace.nodes[..self.len] == *so_far;
        let Some(place) = self.traces.others.iter().position(fits) else { return false };
        let found = &mut self.traces.others[place];
        std::mem::swap(&mut self.nodes, &mut found.nodes);
        std::mem::swap(&mut self.traces.current, &mut found.number);
        found.last_use = self.traces.clock;
        true
    }

    /// Leaves what is expected: it is remembered, and a new trace goes on from here.
    #[inline]
    pub(super) fn leave_trace(&mut self) {
        if self.len < self.nodes.len() {
            self.fork();
        }
    }

    #[cold]
    fn fork(&mut self) {
        let mut nodes = self.nodes[..self.len].to_vec();
        std::mem::swap(&mut self.nodes, &mut nodes);
        let Traces { current, clock, .. } = self.traces;
        self.traces.others.push(Trace { number: current, nodes, last_use: clock });
        self.traces.renew();
        while self.traces.others.len() >= MOST_TRACES || self.remembered_nodes() > MOST_NODES {
            let others = &mut self.traces.others;
            let Some(oldest) = (0..others.len()).min_by_key(|&place| others[place].last_use) else { break };
            others.swap_remove(oldest);
        }
    }
}

impl Traces {
    fn renew(&mut self) {
        self.made += 1;
        self.current = self.made;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Constant;
    use crate::{DType, NodeId, Shape, TensorType};

    fn program(graph: &mut Graph, numbers: &[f64]) -> Vec<NodeId> {
        graph.input(TensorType::new(DType::F32, Shape::SCALAR));
        numbers.iter().map(|&number| graph.constant(Constant::new(DType::F32, number))).collect()
    }

    #[test]
    fn a_rewound_graph_is_as_good_as_a_new_one() {
        let mut graph = Graph::new();
        let mut state = 1u32;
        for _ in 0..2000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let numbers: Vec<f64> = (0..8 + state % 3).map(|at| f64::from(state >> (8 + 2 * at) & 1)).collect();
            let mut plain = Graph::new();
            assert_eq!(program(&mut graph, &numbers), program(&mut plain, &numbers));
            assert_eq!(graph, plain);
            assert_eq!((graph.len(), graph.input_count()), (plain.len(), plain.input_count()));
            assert_eq!(graph.clone(), plain);
            assert!(graph.traces.others.len() < MOST_TRACES);
            graph.rewind();
            assert!(graph.is_empty());
        }
    }

    #[test]
    fn programs_that_alternate_find_their_traces() {
        let mut graph = Graph::new();
        let programs: [&[f64]; 4] = [&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0, 5.0], &[2.0], &[1.0, 2.0, 4.0, 6.0]];
        let pass = |graph: &mut Graph| {
            programs.map(|numbers| {
                graph.rewind();
                program(graph, numbers);
                graph.trace()
            })
        };
        let first = pass(&mut graph);
        let nodes = graph.remembered_nodes();
        for _ in 0..5 {
            assert_eq!(pass(&mut graph), first);
        }
        assert_eq!(graph.remembered_nodes(), nodes);
        assert!(first.iter().all(|&trace| graph.remembers(trace)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut graph = Graph::new();
        for round in 0..40 {
            graph.rewind();
            program(&mut graph, &vec![f64::from(round); 20_000]);
            assert!(graph.remembered_nodes() <= MOST_NODES + 20_001, "{}", graph.remembered_nodes());
        }
        program(&mut graph, &vec![0.5; MOST_NODES]);
        graph.rewind();
        assert!(graph.remembered_nodes() <= MOST_NODES);
    }

    #[test]
    fn a_stretch_can_be_taken_at_once() {
        let mut graph = Graph::new();
        program(&mut graph, &[1.0, 2.0, 3.0]);
        let whole = graph.clone();
        graph.rewind();
        program(&mut graph, &[1.0]);
        assert!(graph.advance_to(4) && !graph.advance_to(5));
        assert_eq!(graph, whole);
    }
}
