//! The verifier: what must hold in every graph, checked in tests and debug builds before a plan is made.

use super::{Graph, NodeId, Operation};
use crate::error::{Error, ErrorKind, Result};
use crate::primitive::Kind;
use smallvec::SmallVec;

impl Graph {
    /// Checks that inputs stand before their uses, that arguments are numbered in order, and that every type is the one
    /// that the primitive's rule gives.
    ///
    /// # Errors
    /// The first node that breaks a rule, with its text.
    pub fn verify(&self) -> Result<()> {
        let mut inputs = 0;
        for (id, node) in self.ids().zip(self.nodes()) {
            let wrong =
                |message: String| Err(Error::new(ErrorKind::Internal, format!("graph node %{}: {message}", id.0)));
            if let Some(later) = node.inputs.iter().find(|&&input| input >= id) {
                return wrong(format!("uses %{}, which does not stand before it", later.0));
            }
            match &node.operation {
                Operation::Input(number) => {
                    if *number != inputs {
                        return wrong(format!("is argument {number}, expected {inputs}"));
                    }
                    inputs += 1;
                }
                Operation::Constant(constant) => {
                    if constant.dtype != node.ty.dtype || node.ty.shape.rank() != 0 {
                        return wrong(format!("constant of {} has type {}", constant.dtype, node.ty));
                    }
                }
                Operation::Primitive(primitive, attributes) => {
                    let types: SmallVec<[_; 3]> = node.inputs.iter().map(|&input: &NodeId| self.ty(input)).collect();
                    let ty = primitive.infer(attributes, &types)?;
                    if ty != node.ty {
                        return wrong(format!("{} gives {ty}, recorded as {}", primitive.name(), node.ty));
                    }
                    let same_shape = types.iter().all(|input| input.shape == ty.shape);
                    if primitive.kind() == Kind::Map && !same_shape {
                        return wrong(format!("{} is a map over differing shapes", primitive.name()));
                    }
                }
            }
        }
        if inputs as usize != self.input_count() {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("graph counts {} arguments but has {inputs}", self.input_count()),
            ));
        }
        Ok(())
    }
}
