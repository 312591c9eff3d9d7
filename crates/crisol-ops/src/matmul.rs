//! Matrix products.

use crate::composite::matmul_by_numpys_rule;
use crate::definition::{narrow, wide};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{reshape, sum};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Array2, ArrayD, ArrayViewD, Ix2, IxDyn};
use smallvec::{SmallVec, smallvec};

/// `y[.., i, j] = sum over k of lhs[.., i, k] * rhs[.., k, j]`: the matrix product over the last two axes.
///
/// Settings: [`MatMulAttributes`]. Leading axes are equal, or one operand is a plain matrix that all products share.
/// Gradient: two matrix products with the transposes in the flags; that of a shared matrix is summed over the leading
/// axes.
#[derive(Clone, Copy, Debug)]
pub struct MatMul;

/// The operation.
pub static MATMUL: MatMul = MatMul;

/// The settings of [`MatMul`]: which operands are taken with their last two axes exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatMulAttributes {
    /// `lhs` is stored as `[.., k, m]`.
    pub transpose_lhs: bool,
    /// `rhs` is stored as `[.., n, k]`.
    pub transpose_rhs: bool,
}

impl MatMulAttributes {
    /// The settings as numbers.
    pub fn encode(&self) -> Attributes {
        Attributes::new([i64::from(self.transpose_lhs), i64::from(self.transpose_rhs)])
    }

    /// The settings from numbers.
    ///
    /// # Errors
    /// Two flags are not given.
    pub fn decode(attributes: &Attributes) -> Result<MatMulAttributes> {
        let [lhs, rhs] = rule::settings(attributes)?;
        Ok(MatMulAttributes {
            transpose_lhs: rule::flag("transpose_lhs", lhs)?,
            transpose_rhs: rule::flag("transpose_rhs", rhs)?,
        })
    }
}

/// The matrix product of `a` (`[.., m, k]`) and `b` (`[.., k, n]`) by NumPy's rule: leading axes broadcast; a vector is
/// one row on the left, one column on the right, and that axis is not in the result.
///
/// # Errors
/// Types that differ or are not floating point ones, scalars, inner sizes or leading axes that differ.
pub fn matmul(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    matmul_by_numpys_rule(graph, a, b).map_err(|error| error.operation("matmul"))
}

/// The matrix product of `a` and `b`, each with its last two axes exchanged if told so.
///
/// # Errors
/// Types that differ or are not floating point ones, fewer than two axes, inner sizes that differ, or leading axes that
/// do and are in both.
pub fn matmul_transposed(
    graph: &mut Graph,
    a: NodeId,
    b: NodeId,
    transpose_lhs: bool,
    transpose_rhs: bool,
) -> Result<NodeId> {
    graph.apply(&MATMUL, MatMulAttributes { transpose_lhs, transpose_rhs }.encode(), &[a, b])
}

impl Primitive for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::MatMul)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [lhs, rhs] = rule::inputs(inputs)?;
        let flags = MatMulAttributes::decode(attributes)?;
        rule::same_dtype(lhs, rhs)?;
        Takes::Floats.check(lhs)?;
        for (name, ty) in [("lhs", lhs), ("rhs", rhs)] {
            if ty.shape.rank() < 2 {
                let text = format!("{name} {} has rank {}, expected 2 or more", ty.shape, ty.shape.rank());
                return Err(
                    Error::new(ErrorKind::Shape, text).help("reshape a vector to a matrix of one row or column")
                );
            }
        }
        let (left, right) = (lhs.shape.rank() - 2, rhs.shape.rank() - 2);
        let (row, lhs_inner) = if flags.transpose_lhs { (left + 1, left) } else { (left, left + 1) };
        let (rhs_inner, column) = if flags.transpose_rhs { (right + 1, right) } else { (right, right + 1) };
        if lhs.shape[lhs_inner] != rhs.shape[rhs_inner] {
            let side = |name, shape: Shape, axis: usize| format!("{name} {shape} axis {axis} = {}", shape[axis]);
            let text = format!(
                "inner sizes differ: {}, {}",
                side("lhs", lhs.shape, lhs_inner),
                side("rhs", rhs.shape, rhs_inner)
            );
            return Err(Error::new(ErrorKind::Shape, text));
        }
        if left > 0 && right > 0 && lhs.shape[..left] != rhs.shape[..right] {
            let text = format!(
                "leading axes differ: lhs {} has {:?}, rhs {} has {:?}",
                lhs.shape,
                &lhs.shape[..left],
                rhs.shape,
                &rhs.shape[..right]
            );
            return Err(Error::new(ErrorKind::Shape, text).help("broadcast one of them, or pass a single matrix"));
        }
        let batch = if left > 0 { &lhs.shape[..left] } else { &rhs.shape[..right] };
        let mut sizes: SmallVec<[usize; 8]> = batch.into();
        sizes.extend([lhs.shape[row], rhs.shape[column]]);
        Ok(TensorType::new(lhs.dtype, Shape::new(&sizes)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let flags = MatMulAttributes::decode(attributes)?;
        let [a, b] = rule::operands(inputs)?;
        Ok(narrow(products(&wide(a)?, &wide(b)?, flags)?, a.dtype()))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let MatMulAttributes { transpose_lhs: ta, transpose_rhs: tb } =
            MatMulAttributes::decode(&rule::attributes(graph, node)?)?;
        let (a, b) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let (lhs, rhs) = (graph.ty(a).shape, graph.ty(b).shape);
        // With A and B for the operands after their flags: dA = G B^T and dB = A^T G, transposed back where flagged.
        let to_a = match ta {
            false => matmul_transposed(graph, gradient, b, false, !tb)?,
            true => matmul_transposed(graph, b, gradient, tb, true)?,
        };
        let to_a = sum_leading(graph, to_a, lhs)?;
        let to_b = if rhs.rank() == 2 && lhs.rank() > 2 && !ta {
            // One product over all rows of the batch, instead of a product each and their sum.
            let a = flatten_rows(graph, a)?;
            let gradient = flatten_rows(graph, gradient)?;
            match tb {
                false => matmul_transposed(graph, a, gradient, true, false)?,
                true => matmul_transposed(graph, gradient, a, true, false)?,
            }
        } else {
            let to_b = match tb {
                false => matmul_transposed(graph, a, gradient, !ta, false)?,
                true => matmul_transposed(graph, gradient, a, true, ta)?,
            };
            sum_leading(graph, to_b, rhs)?
        };
        Ok(smallvec![Some(to_a), Some(to_b)])
    }

    fn probe(&self) -> Probe {
        let cases: [([i64; 2], &[usize], &[usize]); 10] = [
            ([0, 0], &[3, 4], &[4, 5]),
            ([1, 0], &[4, 3], &[4, 5]),
            ([0, 1], &[3, 4], &[5, 4]),
            ([1, 1], &[4, 3], &[5, 4]),
            ([0, 0], &[2, 3, 4], &[2, 4, 5]),
            ([0, 1], &[2, 3, 4], &[5, 4]),
            ([1, 0], &[4, 3], &[2, 2, 4, 5]),
            ([1, 0], &[2, 4, 3], &[4, 5]),
            ([0, 0], &[0, 4], &[4, 5]),
            ([0, 0], &[3, 0], &[0, 5]),
        ];
        let mut list = Vec::new();
        for dtype in FLOATS {
            for (flags, lhs, rhs) in cases {
                list.push((Attributes::new(flags), vec![probe::ty(dtype, lhs), probe::ty(dtype, rhs)]));
            }
        }
        Probe { cases: list, ulps: 8.0, ..Probe::default() }
    }
}

/// `x` summed over the leading axes that the operand of `shape` does not have.
fn sum_leading(graph: &mut Graph, x: NodeId, shape: Shape) -> Result<NodeId> {
    let added = graph.ty(x).shape.rank() - shape.rank();
    let axes: SmallVec<[isize; 8]> = (0..added as isize).collect();
    sum(graph, x, &axes)
}

/// `[.., m, n]` as one matrix of all rows.
fn flatten_rows(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let (last, leading) = (shape.rank() - 1, &shape[..shape.rank() - 1]);
    let rows = leading.iter().product();
    reshape(graph, x, Shape::new(&[rows, shape[last]])?)
}

/// The products over the leading axes of whichever operand has some.
fn products(a: &ArrayD<f64>, b: &ArrayD<f64>, flags: MatMulAttributes) -> Result<ArrayD<f64>> {
    let batch = if a.ndim() > 2 { &a.shape()[..a.ndim() - 2] } else { &b.shape()[..b.ndim() - 2] };
    let count = batch.iter().product();
    let (lhs, rhs) = (matrices(a, count, flags.transpose_lhs)?, matrices(b, count, flags.transpose_rhs)?);
    let (rows, columns) = match (lhs.first(), rhs.first()) {
        (Some(lhs), Some(rhs)) => (lhs.nrows(), rhs.ncols()),
        _ => (
            a.shape()[a.ndim() - if flags.transpose_lhs { 1 } else { 2 }],
            b.shape()[b.ndim() - if flags.transpose_rhs { 2 } else { 1 }],
        ),
    };
    let mut elements = Vec::with_capacity(count * rows * columns);
    for (lhs, rhs) in lhs.iter().zip(&rhs) {
        elements.extend(lhs.dot(rhs).iter());
    }
    let sizes = [batch, &[rows, columns]].concat();
    ArrayD::from_shape_vec(IxDyn(&sizes), elements).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// The `count` matrices of an operand, or as many copies of a single one.
fn matrices(operand: &ArrayD<f64>, count: usize, transpose: bool) -> Result<Vec<Array2<f64>>> {
    let matrix = |view: ArrayViewD<f64>| {
        let matrix = view
            .to_owned()
            .into_dimensionality::<Ix2>()
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        Ok(if transpose { matrix.reversed_axes() } else { matrix })
    };
    if operand.ndim() == 2 {
        return vec![operand; count].into_iter().map(|operand| matrix(operand.view())).collect();
    }
    let size = &operand.shape()[operand.ndim() - 2..];
    let stacked = operand
        .to_shape(IxDyn(&[count, size[0], size[1]]))
        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    stacked.outer_iter().map(matrix).collect()
}
