//! The file of a training that is to go on later: weights, optimizer and randomness. Files are untrusted, and never seen half-written.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `CRISOLST` |
//! | 4 | version of the format |
//! | 8 | length of the payload |
//! | 4 | CRC-32 of the payload |
//! | the rest | the payload, by bincode |
//!
//! Numbers are little-endian. A wrong byte anywhere is an error before anything is decoded.

use crate::model::Model;
use bincode::config::{self, Configuration, Limit, LittleEndian, Varint};
use crisol_callbacks::Position;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape, Value};
use crisol_optim::{OptimizerState, SlotState};
use crisol_params::{Tree, Weight, bytes, write_whole};
use crisol_tensor::Tensor;
use crisol_tensor::random::Key;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

const MAGIC: [u8; 8] = *b"CRISOLST";
const VERSION: u32 = 2;
const HEADER: usize = 24;

/// The longest payload: no file makes us ask for more memory.
const LONGEST: usize = u32::MAX as usize;
const CONFIG: Configuration<LittleEndian, Varint, Limit<LONGEST>> = config::standard().with_limit::<LONGEST>();

/// What the payload holds. Text and elements are borrowed from it, so that decoding allocates no length that a file claims.
#[derive(Debug, Deserialize, Serialize)]
struct Saved<'a> {
    #[serde(borrow)]
    weights: Vec<SavedArray<'a>>,
    optimizer: Option<SavedOptimizer<'a>>,
    key: u64,
    seen_steps: u64,
    /// The epoch and the step where training goes on.
    position: (u64, u64),
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedArray<'a> {
    path: &'a str,
    dtype: &'a str,
    shape: Vec<u64>,
    elements: &'a [u8],
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedOptimizer<'a> {
    name: &'a str,
    steps: u64,
    learning_rate: f64,
    /// The names of states, and the states themselves by the path of their parameter.
    #[serde(borrow)]
    slots: Vec<(&'a str, SavedArray<'a>)>,
}

/// Training that goes on later.
impl Model {
    /// Writes all that the next step depends on to a file: weights, the optimizer's states, and what random layers and shuffling
    /// draw from. The file is written whole, or not at all.
    ///
    /// # Errors
    /// The model is not built, its state takes more than 4 GiB, or the file cannot be written: an old one is then untouched.
    pub fn save_state(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_state_at(path.as_ref(), Position::default())
    }

    /// Writes the state with the place where training goes on.
    pub(crate) fn save_state_at(&self, path: &Path, position: Position) -> Result<()> {
        let weights = self.tree()?.weights().iter().map(held).collect::<Result<Vec<Held>>>()?;
        let optimizer = self.compiled.optimizer.as_ref().map(|optimizer| optimizer.state()).transpose()?;
        let slots: Vec<(&str, Held)> = match &optimizer {
            Some(state) => state
                .slots
                .iter()
                .map(|slot| Ok((&*slot.name, hold(&slot.path, &slot.value)?)))
                .collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let saved = Saved {
            weights: weights.iter().map(Held::saved).collect(),
            optimizer: optimizer.as_ref().map(|state| SavedOptimizer {
                name: &state.name,
                steps: state.steps,
                learning_rate: state.learning_rate,
                slots: slots.iter().map(|(name, held)| (*name, held.saved())).collect(),
            }),
            key: self.key.to_bits(),
            seen_steps: self.seen_steps,
            position: (position.epoch as u64, position.step as u64),
        };
        let payload = bincode::serde::encode_to_vec(&saved, CONFIG)
            .map_err(|error| file_error(ErrorKind::Internal, path, &format!("cannot be encoded: {error}")))?;
        if payload.len() > LONGEST {
            let text = format!("would hold {} bytes, expected at most {LONGEST}", payload.len());
            return Err(file_error(ErrorKind::Value, path, &text));
        }
        let mut file = Vec::with_capacity(HEADER + payload.len());
        file.extend(MAGIC);
        file.extend(VERSION.to_le_bytes());
        file.extend((payload.len() as u64).to_le_bytes());
        file.extend(crc32fast::hash(&payload).to_le_bytes());
        file.extend(payload);
        write_whole(path, &file)
            .map_err(|error| file_error(ErrorKind::Io, path, &format!("cannot be written: {error}")))
    }

    /// Goes back to what [`Model::save_state`] wrote, in a model of the same layers and the same kind of optimizer: training on gives
    /// the bits that it would have given without the interruption.
    ///
    /// Use [`Fit::initial_epoch`](crate::Fit::initial_epoch) to go on with the epoch that comes next.
    ///
    /// # Errors
    /// The model is not built; the file cannot be read, is damaged, or does not fit: all that differs is listed. Nothing changes then.
    pub fn load_state(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.load_state_at(path.as_ref()).map(drop)
    }

    /// Goes back to a state and returns the place where training goes on.
    pub(crate) fn load_state_at(&mut self, path: &Path) -> Result<Position> {
        let payload = read(path)?;
        let damaged = |what: String| file_error(ErrorKind::Format, path, &format!("is damaged: {what}"));
        let (saved, length): (Saved, usize) =
            bincode::serde::borrow_decode_from_slice(&payload, CONFIG).map_err(|error| damaged(error.to_string()))?;
        if length != payload.len() {
            return Err(damaged(format!("{} bytes are left over", payload.len() - length)));
        }
        let optimizer = saved.optimizer.map(SavedOptimizer::into_state).transpose().map_err(damaged)?;

        let (values, mut wrong) = weights_for(self.tree()?, &saved.weights);
        let parameters = self.tree()?.weights().to_vec();
        match (&self.compiled.optimizer, &optimizer) {
            (Some(own), Some(given)) => wrong.extend(own.mismatches(given, &parameters)),
            (None, Some(given)) => {
                wrong.push(format!("the optimizer {:?} is unexpected, the model was compiled with none", given.name))
            }
            (Some(own), None) => wrong.push(format!("the optimizer {:?} is missing", own.name())),
            (None, None) => {}
        }
        if !wrong.is_empty() {
            return Err(file_error(ErrorKind::Format, path, &format!("does not fit this model: {}", wrong.join("; "))));
        }
        if let (Some(own), Some(given)) = (&mut self.compiled.optimizer, optimizer) {
            own.restore(given, &parameters)?;
        }
        for (weight, value) in values {
            weight.variable().assign(Tensor::from_value(value))?;
        }
        self.key = Key::from_bits(saved.key);
        self.seen_steps = saved.seen_steps;
        Ok(Position { epoch: saved.position.0 as usize, step: saved.position.1 as usize })
    }
}

impl SavedOptimizer<'_> {
    fn into_state(self) -> Result<OptimizerState, String> {
        let mut slots = Vec::new();
        for (name, array) in &self.slots {
            slots.push(SlotState { path: array.path.to_string(), name: name.to_string(), value: array.value()? });
        }
        let SavedOptimizer { name, steps, learning_rate, .. } = self;
        Ok(OptimizerState { name: name.to_string(), steps, learning_rate, slots })
    }
}

impl SavedArray<'_> {
    /// The array, whose sizes must agree with the bytes that are there before anything is allocated.
    fn value(&self) -> Result<Value, String> {
        let wrong = || format!("{} has {} bytes for {}{:?}", self.path, self.elements.len(), self.dtype, self.shape);
        let sizes: Option<Vec<usize>> = self.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
        let shape = Shape::new(&sizes.ok_or_else(wrong)?).map_err(|_| wrong())?;
        let dtype = DType::from_name(self.dtype).ok_or_else(wrong)?;
        bytes::to_value(self.elements, dtype, &shape).ok_or_else(wrong)
    }
}

/// A value as it is saved, with what the saved form borrows from.
struct Held<'a> {
    path: &'a str,
    dtype: DType,
    shape: Shape,
    elements: Vec<u8>,
}

impl Held<'_> {
    fn saved(&self) -> SavedArray<'_> {
        let shape = self.shape.iter().map(|&size| size as u64).collect();
        SavedArray { path: self.path, dtype: self.dtype.name(), shape, elements: &self.elements }
    }
}

fn held(weight: &Weight) -> Result<Held<'_>> {
    hold(weight.path(), &weight.variable().value().to_value()?)
}

fn hold<'a>(path: &'a str, value: &Value) -> Result<Held<'a>> {
    Ok(Held { path, dtype: value.dtype(), shape: value.shape()?, elements: bytes::of_value(value) })
}

/// The payload of a file whose length and checksum are right.
fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error| file_error(ErrorKind::Io, path, &format!("cannot be read: {error}"));
    let format = |what: String| file_error(ErrorKind::Format, path, &what);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut header = Vec::with_capacity(HEADER);
    file.by_ref().take(HEADER as u64).read_to_end(&mut header).map_err(unreadable)?;
    let fields = header.split_first_chunk::<8>().filter(|(magic, _)| **magic == MAGIC).map(|(_, rest)| rest);
    let Some(fields) = fields else {
        return Err(format("is no training state".to_string()));
    };
    let header = fields.split_first_chunk::<4>().and_then(|(version, rest)| {
        let (length, rest) = rest.split_first_chunk::<8>()?;
        Some((*version, *length, rest.first_chunk::<4>()?))
    });
    let Some((version, length, checksum)) = header else {
        return Err(format("is damaged: it ends in its header".to_string()));
    };
    let (version, length) = (u32::from_le_bytes(version), u64::from_le_bytes(length));
    if version != VERSION {
        return Err(format(format!("has version {version} of the format, expected {VERSION}")));
    }
    if length > LONGEST as u64 {
        return Err(format(format!("is damaged: it claims {length} bytes, expected at most {LONGEST}")));
    }
    let mut payload = Vec::new();
    // One byte more than it claims would show.
    file.take(length + 1).read_to_end(&mut payload).map_err(unreadable)?;
    if payload.len() as u64 != length {
        let found = if payload.len() as u64 > length { "more" } else { "fewer" };
        return Err(format(format!("is damaged: it claims {length} bytes and has {found}")));
    }
    if crc32fast::hash(&payload) != u32::from_le_bytes(*checksum) {
        return Err(format("is damaged: its checksum is wrong".to_string()));
    }
    Ok(payload)
}

/// The new value of every weight, and all that does not fit.
fn weights_for(tree: &Tree, saved: &[SavedArray]) -> (Vec<(Weight, Value)>, Vec<String>) {
    let (mut values, mut wrong) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for array in saved {
        let path = array.path;
        let Some(weight) = tree.get(path) else {
            wrong.push(format!("{path} is unexpected"));
            continue;
        };
        if !seen.insert(path) {
            wrong.push(format!("{path} is there twice"));
            continue;
        }
        let (dtype, shape) = (weight.variable().dtype(), weight.variable().shape());
        match array.value() {
            Ok(value) if value.dtype() == dtype && value.shape().is_ok_and(|given| given == shape) => {
                values.push((weight.clone(), value))
            }
            Ok(_) => wrong.push(format!("{path} is {}{:?}, expected {dtype}{shape}", array.dtype, array.shape)),
            Err(text) => wrong.push(text),
        }
    }
    let missing = tree.weights().iter().filter(|weight| !seen.contains(weight.path()));
    wrong.extend(missing.map(|weight| format!("{} is missing", weight.path())));
    (values, wrong)
}

fn file_error(kind: ErrorKind, path: &Path, what: &str) -> Error {
    Error::new(kind, format!("{} {what}", path.display()))
}
