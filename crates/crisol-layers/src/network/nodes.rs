//! The inputs and outputs that a functional model is made from.

use crate::node::Node;

/// Inputs or outputs of a functional model: one node, or several.
pub trait Nodes {
    /// The nodes in their order.
    fn nodes(&self) -> Vec<Node>;
}

impl Nodes for &Node {
    fn nodes(&self) -> Vec<Node> {
        vec![(*self).clone()]
    }
}

impl Nodes for Node {
    fn nodes(&self) -> Vec<Node> {
        vec![self.clone()]
    }
}

impl Nodes for &[Node] {
    fn nodes(&self) -> Vec<Node> {
        self.to_vec()
    }
}

impl<const N: usize> Nodes for [Node; N] {
    fn nodes(&self) -> Vec<Node> {
        self.to_vec()
    }
}

impl<const N: usize> Nodes for [&Node; N] {
    fn nodes(&self) -> Vec<Node> {
        self.iter().map(|&node| node.clone()).collect()
    }
}
