//! What a [`Fused`](crate::Fused) call settles before it runs: shapes, loops and code. Calls on arrays that lie alike share it.

use crate::CompiledKernel;
use crate::expression::{Finish, OutputDraft};
use crate::nest::{self, Arguments, Nest, Walk};
use crate::operand::{Axes, Extent, Operand, OperandMut, Place};
use crate::results::Combined;
use crisol_ir::primitive::Reduction;
use crisol_ir::{DType, Error, ErrorKind, Result};
use smallvec::SmallVec;
use std::sync::Arc;

/// The loops over arrays of certain types, shapes and strides.
pub(crate) struct Loops {
    inputs: Vec<Extent>,
    outputs: Vec<Extent>,
    /// Whether the outputs are in row-major order.
    row_major: bool,
    nest: Nest,
    /// The outputs that are reductions, by number.
    combined: SmallVec<[(usize, Combined); 2]>,
    /// `None` where there is nothing to go over.
    kernel: Option<Arc<CompiledKernel>>,
}

impl Loops {
    /// The loops for some inputs and outputs, the latter in row-major order if none are given.
    ///
    /// # Errors
    /// Another number of arrays than the expression has, or of other types or shapes; axes that do not exist; a largest or
    /// smallest number of nothing; what `compile` fails with.
    pub(crate) fn new(
        drafts: &[OutputDraft],
        types: &[DType],
        inputs: &[Place],
        outputs: Option<&[Place]>,
        compile: impl FnOnce(&Nest) -> Result<Arc<CompiledKernel>>,
    ) -> Result<Loops> {
        if let Some(outputs) = outputs
            && outputs.len() != drafts.len()
        {
            let message = format!("{} arrays were given, the expression has {} outputs", outputs.len(), drafts.len());
            return Err(error(ErrorKind::Value, message));
        }
        let domain = domain(drafts, types, inputs, outputs)?;
        let mut extents = Vec::with_capacity(drafts.len());
        for (number, draft) in drafts.iter().enumerate() {
            let shape = draft.shape(&domain)?;
            let Some(place) = outputs.map(|outputs| &outputs[number]) else {
                extents.push(Extent::row_major(draft.dtype, shape));
                continue;
            };
            if place.dtype != draft.dtype {
                let message = format!("array {number} is {}, the output is {}", place.dtype, draft.dtype);
                return Err(error(ErrorKind::DType, message));
            }
            if place.shape != shape {
                let message = format!("array {number} has shape {:?}, the output has {shape:?}", &place.shape[..]);
                return Err(error(ErrorKind::Shape, message));
            }
            extents.push(Extent::of(place));
        }
        let mut walks: Vec<Walk> = inputs
            .iter()
            .map(|place| {
                let missing = domain.len() - place.shape.len();
                let stretched = place.shape.iter().zip(&place.strides);
                let strides = stretched.map(|(&size, &stride)| if size == 1 { 0 } else { stride });
                let strides = std::iter::repeat_n(0, missing).chain(strides).collect();
                Walk { size: place.dtype.size(), strides, reduce: None }
            })
            .collect();
        for (draft, extent) in drafts.iter().zip(&extents) {
            let reduce = draft.reduce.as_ref().map(|reduce| reduce.by);
            // Where results of a reduction are combined is settled when the order of the loops is.
            let strides = if reduce.is_some() { Axes::new() } else { extent.strides.clone() };
            walks.push(Walk { size: draft.dtype.size(), strides, reduce });
        }
        let order = nest::order(&domain, &walks);
        let mut combined = SmallVec::new();
        for (number, (draft, extent)) in drafts.iter().zip(&extents).enumerate() {
            let Some(reduced) = draft.reduced(domain.len())? else { continue };
            let count: usize = (0..domain.len()).filter(|axis| reduced[*axis]).map(|axis| domain[axis]).product();
            if count == 0 && draft.needs_elements() && !extent.shape.contains(&0) {
                let message = format!("no largest or smallest number of nothing: the inputs have shape {domain:?}");
                return Err(error(ErrorKind::Value, message));
            }
            let own = Combined::new(draft, &domain, &order, &reduced, count);
            walks[inputs.len() + number].strides = own.strides.clone();
            combined.push((number, own));
        }
        let nest = Nest::new(&domain, &order, &walks, inputs.len());
        let kernel = if domain.contains(&0) { None } else { Some(compile(&nest)?) };
        let inputs = inputs.iter().map(Extent::of).collect();
        let is_row_major = |extent: &Extent| *extent == Extent::row_major(extent.dtype, extent.shape.clone());
        let row_major = extents.iter().all(is_row_major);
        Ok(Loops { inputs, outputs: extents, row_major, nest, combined, kernel })
    }

    /// Whether these are the loops for such arrays.
    pub(crate) fn fit(&self, inputs: &[Place], outputs: Option<&[Place]>) -> bool {
        let all = |extents: &[Extent], places: &[Place]| {
            extents.len() == places.len() && extents.iter().zip(places).all(|(extent, place)| extent.is_of(place))
        };
        // Without inputs, the outputs say over what the loops go; without both, over one place.
        let is_open = || !inputs.is_empty() || self.outputs.iter().all(|extent| extent.shape.is_empty());
        all(&self.inputs, inputs)
            && outputs.map_or_else(|| self.row_major && is_open(), |outputs| all(&self.outputs, outputs))
    }

    /// Where the arrays start, inputs first, if these are the loops for them: of new arrays for the outputs if none are given.
    pub(crate) fn starts(
        &self,
        inputs: &[&dyn Operand],
        outputs: Option<&mut [&mut dyn OperandMut]>,
    ) -> Option<Arguments<*mut u8>> {
        if inputs.len() != self.inputs.len() || inputs.is_empty() {
            return None;
        }
        let mut starts = Arguments::new();
        for (input, extent) in inputs.iter().zip(&self.inputs) {
            starts.push(input.start_in(extent)?);
        }
        match outputs {
            Some(outputs) if outputs.len() == self.outputs.len() => {
                for (output, extent) in outputs.iter_mut().zip(&self.outputs) {
                    starts.push(output.start_in_mut(extent)?);
                }
            }
            Some(_) => return None,
            None if !self.row_major => return None,
            None => {}
        }
        Some(starts)
    }

    /// The outputs.
    pub(crate) fn outputs(&self) -> &[Extent] {
        &self.outputs
    }

    /// Runs them.
    ///
    /// # Safety
    /// The arrays that start at `pointers`, inputs and then outputs, lie as the loops want it. Inputs are valid for reads, outputs for writes,
    /// and these overlap nothing but an input of equal shape and strides.
    pub(crate) unsafe fn run(&self, mut pointers: Arguments<*mut u8>) {
        let mut rooms: SmallVec<[_; 2]> = SmallVec::new();
        for (number, combined) in &self.combined {
            rooms.push((combined.room(), pointers[self.inputs.len() + number]));
        }
        for ((number, _), (room, _)) in self.combined.iter().zip(&mut rooms) {
            pointers[self.inputs.len() + number] = room.as_mut_ptr().cast();
        }
        if let Some(kernel) = &self.kernel {
            // SAFETY: every walk stays in its array: strides are those of the array or 0 where it has one element. Inputs are
            // only read; the rooms are ours.
            self.nest.run(pointers, |call| unsafe { kernel.call(call) });
        }
        for ((number, combined), (room, to)) in self.combined.iter().zip(&rooms) {
            // SAFETY: the output has the shape that is left of the domain.
            unsafe { combined.finish(room, *to, &self.outputs[*number].strides) };
        }
    }
}

/// The shape that all inputs broadcast to; that of the first stored output, where there is no input.
fn domain(drafts: &[OutputDraft], types: &[DType], inputs: &[Place], outputs: Option<&[Place]>) -> Result<Axes<usize>> {
    if inputs.len() != types.len() {
        let message = format!("{} inputs were given, the expression has {}", inputs.len(), types.len());
        return Err(error(ErrorKind::Value, message));
    }
    let mut domain: Axes<usize> = Axes::new();
    for (number, (input, dtype)) in inputs.iter().zip(types).enumerate() {
        if input.dtype != *dtype {
            let message = format!("input {number} is {}, the expression takes {dtype}", input.dtype);
            return Err(error(ErrorKind::DType, message).help("convert it, or ask for the type and use `.cast()`"));
        }
        while domain.len() < input.shape.len() {
            domain.insert(0, 1);
        }
        let offset = domain.len() - input.shape.len();
        for (axis, &size) in input.shape.iter().enumerate() {
            let known = &mut domain[offset + axis];
            if *known == 1 {
                *known = size;
            } else if size != 1 && size != *known {
                let shapes: Vec<&[usize]> = inputs.iter().map(|input| &input.shape[..]).collect();
                let message = format!(
                    "shapes {shapes:?} do not broadcast: axis {axis} of input {number} has size {size}, others {known}"
                );
                return Err(error(ErrorKind::Shape, message)
                    .help("from the last axis on, sizes must be equal, or 1, or missing"));
            }
        }
    }
    if inputs.is_empty() {
        let drafts = drafts.iter().zip(outputs.unwrap_or(&[]));
        let stored = drafts.into_iter().find(|(draft, _)| draft.reduce.is_none());
        domain = stored.map(|(_, place)| place.shape.clone()).unwrap_or_default();
    }
    let bytes = domain.iter().try_fold(8usize, |product, size| product.checked_mul(*size));
    if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) && !domain.contains(&0) {
        return Err(error(ErrorKind::Shape, format!("inputs broadcast to {:?}, which no memory holds", &domain[..])));
    }
    Ok(domain)
}

impl OutputDraft {
    /// Which axes of the domain are combined; `None` for an output that is stored.
    fn reduced(&self, rank: usize) -> Result<Option<Vec<bool>>> {
        let Some(reduce) = &self.reduce else { return Ok(None) };
        let Some(axes) = &reduce.axes else { return Ok(Some(vec![true; rank])) };
        let mut reduced = vec![false; rank];
        for &axis in axes {
            let from_start = if axis < 0 { axis.checked_add_unsigned(rank) } else { Some(axis) };
            let place = from_start.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
            let Some(place) = place else {
                let message = format!("no axis {axis} to reduce: the inputs broadcast to {rank} axes");
                return Err(error(ErrorKind::Axis, message));
            };
            if std::mem::replace(&mut reduced[place], true) {
                return Err(error(ErrorKind::Axis, format!("axis {axis} is reduced twice")));
            }
        }
        Ok(Some(reduced))
    }

    /// The shape of the output over a domain.
    fn shape(&self, domain: &[usize]) -> Result<Axes<usize>> {
        let Some(reduced) = self.reduced(domain.len())? else {
            return Ok(domain.into());
        };
        let keep = self.reduce.as_ref().is_some_and(|reduce| reduce.keep);
        let axes = domain.iter().zip(&reduced);
        Ok(axes
            .filter(|(_, reduced)| keep || !**reduced)
            .map(|(size, reduced)| if *reduced { 1 } else { *size })
            .collect())
    }

    fn needs_elements(&self) -> bool {
        let largest = Reduction::Max;
        self.reduce.as_ref().is_some_and(|reduce| reduce.by == largest || reduce.finish == Finish::Opposite)
    }
}

#[cold]
pub(crate) fn error(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, message).operation("fused")
}
