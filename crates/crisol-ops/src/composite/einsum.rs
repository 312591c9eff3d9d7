//! Sums over products by Einstein's notation.

use super::indexing::diagonal;
use super::products::{Labels, contract};
use crate::rule::{self, Takes};
use crate::{permute, reshape, sum};
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result};
use smallvec::SmallVec;

/// The first label of the axes that `...` stands for, the outermost one.
const ELLIPSIS: u8 = 128;

/// An operand with a name for each axis.
struct Operand {
    node: NodeId,
    labels: Labels,
}

/// The sum over products of the operands that `equation` describes, as NumPy's `einsum`: letters name axes, those that
/// the output does not name are summed over, a letter twice in one operand takes the diagonal, `...` stands for any
/// axes, which broadcast, and without `->` the output has the letters that stand once, in alphabetical order. Axes of
/// size 1 broadcast.
///
/// Operands are multiplied from left to right, two at a time, as matrix products where there is a sum.
///
/// ```
/// use crisol_ir::{DType, Graph, Shape, TensorType};
/// let mut graph = Graph::new();
/// let x = graph.input(TensorType::new(DType::F32, Shape::new(&[32, 10, 8])?));
/// let w = graph.input(TensorType::new(DType::F32, Shape::new(&[8, 4, 2])?));
/// let heads = crisol_ops::einsum(&mut graph, "btd,dhk->bhtk", &[x, w])?;
/// assert_eq!(graph.ty(heads).shape.sizes(), [32, 4, 10, 2]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// An equation that is malformed or does not fit the operands, types that differ or have no arithmetic, sizes that
/// differ.
pub fn einsum(graph: &mut Graph, equation: &str, operands: &[NodeId]) -> Result<NodeId> {
    run(graph, equation, operands).map_err(|error| error.operation("einsum"))
}

fn run(graph: &mut Graph, equation: &str, nodes: &[NodeId]) -> Result<NodeId> {
    let wrong = |what: String| Error::new(ErrorKind::Value, format!("equation {equation:?}: {what}"));
    let text: String = equation.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (inputs, output) = match text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (text.as_str(), None),
    };
    let terms: Vec<&str> = inputs.split(',').collect();
    if terms.len() != nodes.len() || nodes.is_empty() {
        return Err(wrong(format!("names {} operands, {} given", terms.len(), nodes.len())));
    }
    let types: Vec<_> = nodes.iter().map(|&node| graph.ty(node)).collect();
    Takes::Numbers.check(types[0])?;
    types[1..].iter().try_for_each(|ty| rule::same_dtype(types[0], *ty))?;

    // How many axes the widest ellipsis stands for.
    let mut widest = 0;
    for (term, ty) in terms.iter().zip(&types) {
        let letters = term.chars().filter(|letter| *letter != '.').count();
        let rank = ty.shape.rank();
        match term.contains("...") {
            true if letters <= rank => widest = widest.max(rank - letters),
            false if letters == rank => {}
            _ => return Err(wrong(format!("term {term:?} names {letters} axes, its operand {ty} has {rank}"))),
        }
    }
    let mut list = Vec::with_capacity(nodes.len());
    for ((term, ty), &node) in terms.iter().zip(&types).zip(nodes) {
        let letters = term.chars().filter(|letter| *letter != '.').count();
        let labels = labels(term, ty.shape.rank().saturating_sub(letters), widest).map_err(wrong)?;
        list.push(diagonals(graph, Operand { node, labels }).map_err(wrong)?);
    }
    let output = match output {
        Some(output) => labels(output, if output.contains("...") { widest } else { 0 }, widest).map_err(wrong)?,
        None => implicit(&terms, widest),
    };
    for (place, label) in output.iter().enumerate() {
        if output[..place].contains(label) {
            return Err(wrong(format!("the output names {} twice", name(*label))));
        }
        if !list.iter().any(|operand| operand.labels.contains(label)) {
            return Err(wrong(format!("the output names {}, which no operand has", name(*label))));
        }
    }
    broadcast_sizes(graph, &mut list).map_err(wrong)?;

    let mut rest = list.into_iter();
    let Some(mut product) = rest.next() else { return Err(wrong("no operands".to_string())) };
    while let Some(next) = rest.next() {
        let later = rest.as_slice();
        let kept = |label: u8| output.contains(&label) || later.iter().any(|operand| operand.labels.contains(&label));
        product = reduced(graph, product, |label| kept(label) || next.labels.contains(&label))?;
        let next = reduced(graph, next, |label| kept(label) || product.labels.contains(&label))?;
        let (node, labels) = contract(graph, (product.node, &product.labels), (next.node, &next.labels), kept)?;
        product = Operand { node, labels };
    }
    let product = reduced(graph, product, |label| output.contains(&label))?;
    let order: SmallVec<[usize; 8]> =
        output.iter().filter_map(|label| product.labels.iter().position(|own| own == label)).collect();
    if order.is_sorted() { Ok(product.node) } else { permute(graph, product.node, &order) }
}

/// The labels of a term whose ellipsis, if it has one, stands for `own` axes, the last of `widest`.
fn labels(term: &str, own: usize, widest: usize) -> Result<Labels, String> {
    let mut labels = Labels::new();
    let mut rest = term;
    let mut seen = false;
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("...") {
            if seen {
                return Err(format!("term {term:?} has two ellipses"));
            }
            seen = true;
            labels.extend((widest - own..widest).map(|axis| ELLIPSIS + axis as u8));
            rest = after;
        } else if letter.is_ascii_alphabetic() {
            labels.push(letter as u8);
            rest = &rest[1..];
        } else {
            return Err(format!("{letter:?} in term {term:?} is neither a letter nor part of \"...\""));
        }
    }
    Ok(labels)
}

/// The output of an equation that names none.
fn implicit(terms: &[&str], widest: usize) -> Labels {
    let mut output: Labels = (0..widest).map(|axis| ELLIPSIS + axis as u8).collect();
    let all = terms.concat();
    let mut once: Vec<u8> = all.bytes().filter(|letter| letter.is_ascii_alphabetic()).collect();
    once.retain(|letter| all.bytes().filter(|other| other == letter).count() == 1);
    once.sort_unstable();
    output.extend(once);
    output
}

fn name(label: u8) -> String {
    if label >= ELLIPSIS { "an axis of \"...\"".to_string() } else { format!("{:?}", char::from(label)) }
}

/// The diagonals of axes that one term names twice.
fn diagonals(graph: &mut Graph, mut operand: Operand) -> Result<Operand, String> {
    loop {
        let labels = &operand.labels;
        let twice =
            (0..labels.len()).find_map(|a| (a + 1..labels.len()).find(|&b| labels[a] == labels[b]).map(|b| (a, b)));
        let Some((a, b)) = twice else { return Ok(operand) };
        let shape = graph.ty(operand.node).shape;
        if shape[a] != shape[b] {
            return Err(format!("{} names axes of sizes {} and {} of {shape}", name(labels[a]), shape[a], shape[b]));
        }
        let label = labels[a];
        operand.node =
            diagonal(graph, operand.node, 0, [a as isize, b as isize]).map_err(|error| error.message().to_string())?;
        operand.labels.remove(b);
        operand.labels.remove(a);
        operand.labels.push(label);
    }
}

/// Takes axes of size 1 away where another operand has more along them: what is the same everywhere needs no axis.
fn broadcast_sizes(graph: &mut Graph, list: &mut [Operand]) -> Result<(), String> {
    let mut sizes = [1usize; 256];
    for operand in list.iter() {
        let shape = graph.ty(operand.node).shape;
        for (&label, &size) in operand.labels.iter().zip(shape.iter()) {
            let known = &mut sizes[usize::from(label)];
            if *known != 1 && size != 1 && *known != size {
                return Err(format!("{} is {known} in one operand and {size} in {shape}", name(label)));
            }
            if size != 1 {
                *known = size;
            }
        }
    }
    for operand in list {
        let shape = graph.ty(operand.node).shape;
        let gone: SmallVec<[usize; 8]> = (0..shape.rank())
            .filter(|&axis| shape[axis] == 1 && sizes[usize::from(operand.labels[axis])] != 1)
            .collect();
        operand.node =
            reshape(graph, operand.node, shape.without(&gone)).map_err(|error| error.message().to_string())?;
        let mut axis = 0;
        operand.labels.retain(|_| {
            axis += 1;
            !gone.contains(&(axis - 1))
        });
    }
    Ok(())
}

/// The operand summed over the axes that are not kept.
fn reduced(graph: &mut Graph, operand: Operand, kept: impl Fn(u8) -> bool) -> Result<Operand> {
    let gone: SmallVec<[isize; 8]> =
        (0..operand.labels.len()).filter(|&axis| !kept(operand.labels[axis])).map(|axis| axis as isize).collect();
    let node = sum(graph, operand.node, &gone)?;
    let labels = operand.labels.into_iter().filter(|&label| kept(label)).collect();
    Ok(Operand { node, labels })
}
