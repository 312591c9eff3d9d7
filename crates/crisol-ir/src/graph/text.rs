//! The text form of a graph, a line a node: `%2 = matmul(%0, %1) [0, 0]: float32[32, 10]`.

use super::{Graph, Operation};
use std::fmt;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes().iter().enumerate() {
            write!(f, "%{index} = ")?;
            match &node.operation {
                Operation::Input(number) => write!(f, "input {number}")?,
                Operation::Constant(constant) => write!(f, "constant {}", constant.number())?,
                Operation::Primitive(primitive, attributes) => {
                    write!(f, "{}(", primitive.name())?;
                    for (position, input) in node.inputs.iter().enumerate() {
                        write!(f, "{}%{}", if position == 0 { "" } else { ", " }, input.0)?;
                    }
                    f.write_str(")")?;
                    if !attributes.numbers().is_empty() {
                        write!(f, " {:?}", attributes.numbers())?;
                    }
                }
            }
            writeln!(f, ": {}", node.ty)?;
        }
        Ok(())
    }
}
