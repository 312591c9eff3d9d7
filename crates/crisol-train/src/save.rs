//! `.crisol` archives: a model with its weights, what it was compiled with, and the state of its training.
//!
//! | member | what |
//! | --- | --- |
//! | `config.json` | version of the format, layers as [`Network::to_config`] gives them, arguments of `compile` |
//! | `weights.safetensors` | all weights by path |
//! | `training.json` | steps, randomness, and the place where training goes on |
//! | `optimizer.safetensors` | the optimizer's states by path and name, where there is an optimizer |

use crate::archive::{self, Archive, file_error};
use crate::compile_config::CompileConfig;
use crate::model::Model;
use crisol_callbacks::Position;
use crisol_ir::{Error, ErrorKind, Result, Shape, Value};
use crisol_layers::{Network, Registry};
use crisol_optim::{OptimizerState, SlotState};
use crisol_params::{Matched, Weight, decode_safetensors, encode_safetensors};
use crisol_tensor::Tensor;
use crisol_tensor::random::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The version of the format that is written, and the only one that is read.
const FORMAT: u32 = 1;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "weights.safetensors";
const TRAINING: &str = "training.json";
const OPTIMIZER: &str = "optimizer.safetensors";

/// `config.json`.
#[derive(Serialize, Deserialize)]
struct Config {
    format: u32,
    /// The version of crisol that wrote the file.
    crisol: String,
    network: Stored<StoredNetwork>,
    /// Absent in a model that is not compiled.
    compile: Option<Stored<CompileConfig>>,
}

/// A part of a model, or why it cannot be in a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored<T> {
    Is(T),
    CannotBeSaved(String),
}

impl<T> From<Result<T>> for Stored<T> {
    fn from(result: Result<T>) -> Stored<T> {
        match result {
            Ok(part) => Stored::Is(part),
            Err(error) => Stored::CannotBeSaved(error.to_string()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct StoredNetwork {
    config: serde_json::Value,
    /// Of each input, without the batch axis.
    input_shapes: Vec<Vec<usize>>,
    /// The paths of weights that no optimizer changes although they are no states.
    frozen: BTreeSet<String>,
}

/// `training.json`.
#[derive(Serialize, Deserialize)]
struct Training {
    key: u64,
    seen_steps: u64,
    /// The epoch and the step where training goes on.
    epoch: usize,
    step: usize,
    optimizer: Option<StoredOptimizer>,
}

#[derive(Serialize, Deserialize)]
struct StoredOptimizer {
    name: String,
    steps: u64,
    learning_rate: f64,
    /// What `optimizer.safetensors` holds: the states of one parameter stand together, in the optimizer's order.
    states: Vec<String>,
}

/// Saving, and training that goes on later.
impl Model {
    /// Writes layers, weights, what the model was compiled with and the state of its training to a `.crisol` file, which
    /// [`load_model`] reads. The file is written whole, or not at all.
    ///
    /// # Errors
    /// The path does not end in `.crisol`; the shape of an input is not known yet; a layer cannot be saved, which the error names; the file cannot be
    /// written: an old one is then untouched.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        if path.extension().is_none_or(|extension| extension != "crisol") {
            return Err(file_error(ErrorKind::Value, path, "is no name of a saved model")
                .operation("save")
                .help("models end in .crisol; weights alone, by save_weights, in .safetensors"));
        }
        self.built_tree()?;
        let network = Stored::Is(self.stored_network().map_err(|error| error.operation("save"))?);
        self.write_archive(path, network, Position::default())
    }

    /// Writes all that the next step depends on to a file, as [`Model::save`] does, of a model with layers that cannot be saved too: such a
    /// file is not for [`load_model`], but for [`Model::load_state`] of a model made by the same code.
    ///
    /// # Errors
    /// The shape of an input is not known yet, or the file cannot be written: an old one is then untouched.
    pub fn save_state(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_state_at(path.as_ref(), Position::default())
    }

    /// Writes the state with the place where training goes on.
    pub(crate) fn save_state_at(&self, path: &Path, position: Position) -> Result<()> {
        self.built_tree()?;
        self.write_archive(path, self.stored_network().into(), position)
    }

    /// Goes back to what [`Model::save`] or [`Model::save_state`] wrote, in a model of the same layers and the same kind of optimizer:
    /// training on gives the bits that it would have given without the interruption.
    ///
    /// Use [`Fit::initial_epoch`](crate::Fit::initial_epoch) to go on with the epoch that comes next.
    ///
    /// # Errors
    /// The shape of an input is not known yet; the file cannot be read, is damaged, or does not fit: all that differs is listed. Nothing changes then.
    pub fn load_state(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.load_state_at(path.as_ref()).map(drop)
    }

    /// Goes back to a state and returns the place where training goes on.
    pub(crate) fn load_state_at(&mut self, path: &Path) -> Result<Position> {
        let archive = Archive::open(path)?;
        read_config(&archive)?;
        let bytes = archive.member(WEIGHTS)?;
        let weights = self.built_tree()?.match_safetensors(&path.join(WEIGHTS), &bytes)?;
        drop(bytes);
        let training = read_training(&archive)?;
        self.restore(&archive, training, weights)
    }

    fn stored_network(&self) -> Result<StoredNetwork> {
        let frozen = self.tree()?.weights().iter().filter(|weight| weight.frozen());
        Ok(StoredNetwork {
            config: self.network.to_config()?,
            input_shapes: self.network.input_types()?.iter().map(|ty| ty.shape.to_vec()).collect(),
            frozen: frozen.map(|weight| weight.path().to_string()).collect(),
        })
    }

    fn write_archive(&self, path: &Path, network: Stored<StoredNetwork>, position: Position) -> Result<()> {
        let compile = self.compiled.is_some().then(|| CompileConfig::of(&self.compiled).into());
        let config = Config { format: FORMAT, crisol: env!("CARGO_PKG_VERSION").to_string(), network, compile };
        let optimizer = self.compiled.optimizer.as_ref().map(|optimizer| optimizer.state()).transpose()?;
        let mut states: Vec<(String, Value)> = Vec::new();
        let optimizer = optimizer.map(|OptimizerState { name, steps, learning_rate, slots }| {
            states.extend(slots.into_iter().map(|slot| (format!("{}/{}", slot.path, slot.name), slot.value)));
            StoredOptimizer {
                name,
                steps,
                learning_rate,
                states: states.iter().map(|(name, _)| name.clone()).collect(),
            }
        });
        let training = Training {
            key: self.key.to_bits(),
            seen_steps: self.seen_steps,
            epoch: position.epoch,
            step: position.step,
            optimizer,
        };
        let mut members = vec![
            (CONFIG, to_json(&config)?),
            (WEIGHTS, self.tree()?.to_safetensors()?),
            (TRAINING, to_json(&training)?),
        ];
        if training.optimizer.is_some() {
            members.push((OPTIMIZER, encode_safetensors(&states)?));
        }
        archive::write(path, &members)
    }

    /// Takes the state of a training, if all of it fits; what is known to be wrong already is told with the rest. Weights are assigned last.
    fn restore(&mut self, archive: &Archive, training: Training, weights: Matched) -> Result<Position> {
        let Matched { values, mut wrong } = weights;
        let optimizer = training.optimizer.map(|stored| read_optimizer(archive, stored)).transpose()?;
        let parameters: Vec<Weight> = self.tree()?.weights().to_vec();
        match (&self.compiled.optimizer, &optimizer) {
            (Some(own), Some(given)) => wrong.extend(own.mismatches(given, &parameters)),
            (None, Some(given)) => {
                wrong.push(format!("the optimizer {:?} is unexpected, the model was compiled with none", given.name))
            }
            (Some(own), None) => wrong.push(format!("the optimizer {:?} is missing", own.name())),
            (None, None) => {}
        }
        if !wrong.is_empty() {
            return Err(archive.wrong(&format!("does not fit this model: {}", wrong.join("; "))));
        }
        if let (Some(own), Some(given)) = (&mut self.compiled.optimizer, optimizer) {
            own.restore(given, &parameters)?;
        }
        for (weight, value) in values {
            weight.variable().assign(Tensor::from_value(value))?;
        }
        self.key = Key::from_bits(training.key);
        self.seen_steps = training.seen_steps;
        Ok(Position { epoch: training.epoch, step: training.step })
    }
}

/// The model that [`Model::save`] wrote: layers, weights, and what training needs to go on to the same bits.
///
/// The registry holds the types of layers that the file may name; layers of one's own are added to it. A model with a loss, a metric or an
/// optimizer of the program's own comes back uncompiled, which the errors of `fit` and `evaluate` say; after `compile`,
/// [`Model::load_state`] of the same file gives the optimizer its state.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("small.crisol");
/// use crisol_ir::ndarray::Array2;
/// use crisol_layers::{Dense, Input, Registry};
/// use crisol_train::{Sequential, load_model};
/// let mut model = Sequential::new((Input::new([3]), Dense::new(8).activation("relu"), Dense::new(1)));
/// let x = Array2::<f32>::ones((5, 3));
/// let before = model.predict(&x)?;
/// model.save(&path)?;
/// let mut loaded = load_model(&path, &Registry::new())?;
/// assert_eq!(loaded.predict(&x)?, before);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// A file that cannot be read, is damaged or of another version; types of layers that are not in the registry, all of them at once.
pub fn load_model(path: impl AsRef<Path>, registry: &Registry) -> Result<Model> {
    let path = path.as_ref();
    let archive = Archive::open(path)?;
    let named = |error: Error| error.layer(path.display().to_string());
    let Config { network, compile, .. } = read_config(&archive)?;
    let stored = match network {
        Stored::Is(stored) => stored,
        Stored::CannotBeSaved(reason) => {
            return Err(archive
                .wrong(&format!("holds the state of a training, without its layers: {reason}"))
                .help("make the model by code, and model.load_state(path)"));
        }
    };
    let network = Network::from_config(&stored.config, registry).map_err(named)?;
    let shapes = stored.input_shapes.iter().map(|sizes| Shape::new(sizes)).collect::<Result<Vec<Shape>>>();
    let bytes = archive.member(WEIGHTS)?;
    let values = decode_safetensors(&path.join(WEIGHTS), &bytes)?;
    drop(bytes);
    let unfit = |error: Error| match error.kind() {
        ErrorKind::Format => archive.wrong(&format!("does not fit this model: {}", error.message())),
        _ => named(error),
    };
    network.build_with(&shapes.map_err(named)?, values).map_err(unfit)?;
    for weight in network.weights()? {
        match stored.frozen.contains(weight.path()) {
            true => network.tree()?.freeze(weight.path())?,
            false => network.tree()?.unfreeze(weight.path())?,
        }
    }
    let mut model = Model::from_network(network);
    let mut training = read_training(&archive)?;
    match compile {
        None => {}
        Some(Stored::Is(config)) => {
            let compile = config.read(&model.network.output_names()?).map_err(named)?;
            model.compile(compile).map_err(named)?;
        }
        Some(Stored::CannotBeSaved(reason)) => {
            model.compiled.not_loaded = Some(reason);
            training.optimizer = None;
        }
    }
    model.restore(&archive, training, Matched { values: Vec::new(), wrong: Vec::new() })?;
    Ok(model)
}

/// The weights of a saved model, and what errors call them.
pub(crate) fn weights_of_archive(path: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let archive = Archive::open(path)?;
    read_config(&archive)?;
    Ok((path.join(WEIGHTS), archive.member(WEIGHTS)?))
}

/// What the file says of itself, if it is of a version that can be read.
fn read_config(archive: &Archive) -> Result<Config> {
    let json = archive.json(CONFIG)?;
    // First, for a file of another version may have what this one does not know.
    if let Some(format) = json["format"].as_u64().filter(|&format| format != u64::from(FORMAT)) {
        let crisol = json["crisol"].as_str().unwrap_or("of a version that it does not tell");
        let text = format!("has version {format} of the format, written by crisol {crisol}; expected {FORMAT}");
        return Err(archive.wrong(&text));
    }
    archive.read(CONFIG, &json)
}

fn read_training(archive: &Archive) -> Result<Training> {
    archive.read(TRAINING, &archive.json(TRAINING)?)
}

fn read_optimizer(archive: &Archive, stored: StoredOptimizer) -> Result<OptimizerState> {
    let StoredOptimizer { name, steps, learning_rate, states } = stored;
    let bytes = archive.member(OPTIMIZER)?;
    let mut values = decode_safetensors(&archive.path().join(OPTIMIZER), &bytes)?;
    let mut slots = Vec::new();
    for state in states {
        let (Some(value), Some((path, name))) = (values.remove(&state), state.rsplit_once('/')) else {
            return Err(archive.wrong(&format!("is damaged: {OPTIMIZER} has no {state}")));
        };
        slots.push(SlotState { path: path.to_string(), name: name.to_string(), value });
    }
    if let Some((name, _)) = values.first_key_value() {
        return Err(archive.wrong(&format!("is damaged: {OPTIMIZER} has {name}, which {TRAINING} does not list")));
    }
    Ok(OptimizerState { name, steps, learning_rate, slots })
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    // What writes a `Value` is compiled in serde_json; what writes any type is compiled for each of them.
    let value = serde_json::to_value(value);
    let value = value.map_err(|error| Error::new(ErrorKind::Internal, format!("JSON: {error}")))?;
    Ok(format!("{value:#}").into_bytes())
}
