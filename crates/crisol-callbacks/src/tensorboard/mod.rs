//! Writes a training for TensorBoard.

mod histogram;
mod image;
mod proto;
#[cfg(test)]
mod tests;
mod writer;

pub use writer::SummaryWriter;

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::{DType, Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;

const NAME: &str = "tensorboard";

/// Writes numbers, and on demand histograms and images of weights, for TensorBoard, as `keras.callbacks.TensorBoard`:
/// `tensorboard --logdir logs` shows them.
///
/// | folder | tag | step |
/// | --- | --- | --- |
/// | `train` | `epoch_loss`, `epoch_<metric>`, `epoch_learning_rate` | epoch, from 0 |
/// | `validation` | `epoch_loss`, `epoch_<metric>` | epoch |
/// | `validation` | `evaluation_loss_vs_iterations`, ... | steps of the optimizer |
/// | `train` | `batch_loss`, `batch_<metric>`, with [`update_freq`](TensorBoard::update_freq) | steps of this training, from 1 |
/// | `train` | `<weight>/histogram`, `<weight>/image` | epoch |
///
/// Keras leaves out epochs that end on a step that is not written; here all are. The graph is that of the layers; Keras on TensorFlow writes that of its operations. Keras' `profile_batch` and `embeddings_freq`, which
/// write files of TensorFlow's, do not exist. What else is to be shown a [`SummaryWriter`] writes.
///
/// ```
/// use crisol_callbacks::TensorBoard;
/// let board = TensorBoard::new("logs/first").histogram_freq(1).write_images(true).update_freq("batch");
/// # let _ = board;
/// ```
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    histogram_freq: usize,
    write_graph: bool,
    write_images: bool,
    write_steps_per_second: bool,
    update_freq: UpdateFrequency,
    train: Option<SummaryWriter>,
    validation: Option<SummaryWriter>,
    /// Steps of this training, as callbacks hear of them.
    batches: u64,
    batch_began: Option<Instant>,
    /// When the epoch began, and the optimizer's steps then.
    epoch_began: Option<(Instant, u64)>,
}

/// When the numbers of steps are written: Keras' `"epoch"`, `"batch"`, or every so many steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateFrequency {
    /// Never, only those of epochs.
    Epoch,
    /// After every so many steps.
    Batches(usize),
    /// A name that is none.
    Unknown(String),
}

impl From<usize> for UpdateFrequency {
    fn from(steps: usize) -> UpdateFrequency {
        UpdateFrequency::Batches(steps)
    }
}

impl From<&str> for UpdateFrequency {
    fn from(name: &str) -> UpdateFrequency {
        match name {
            "epoch" => UpdateFrequency::Epoch,
            "batch" => UpdateFrequency::Batches(1),
            other => UpdateFrequency::Unknown(other.to_string()),
        }
    }
}

impl TensorBoard {
    /// Writes to the folders `train` and `validation` of this one; Keras' default is `"logs"`.
    pub fn new(log_dir: impl AsRef<Path>) -> TensorBoard {
        TensorBoard {
            folder: log_dir.as_ref().to_path_buf(),
            histogram_freq: 0,
            write_graph: true,
            write_images: false,
            write_steps_per_second: false,
            update_freq: UpdateFrequency::Epoch,
            train: None,
            validation: None,
            batches: 0,
            batch_began: None,
            epoch_began: None,
        }
    }

    /// Histograms of all weights after every so many epochs; 0, the default, means never.
    #[must_use]
    pub fn histogram_freq(mut self, epochs: usize) -> TensorBoard {
        self.histogram_freq = epochs;
        self
    }

    /// Whether the graph of layers is written: yes, unless told.
    #[must_use]
    pub fn write_graph(mut self, write: bool) -> TensorBoard {
        self.write_graph = write;
        self
    }

    /// Whether weights are also written as images, together with their histograms.
    #[must_use]
    pub fn write_images(mut self, write: bool) -> TensorBoard {
        self.write_images = write;
        self
    }

    /// Whether the steps of a second are written: of epochs, and of steps with [`TensorBoard::update_freq`].
    #[must_use]
    pub fn write_steps_per_second(mut self, write: bool) -> TensorBoard {
        self.write_steps_per_second = write;
        self
    }

    /// When the numbers of steps are written: `"epoch"` (never, the default), `"batch"`, or every so many steps. Each time is a read.
    #[must_use]
    pub fn update_freq(mut self, frequency: impl Into<UpdateFrequency>) -> TensorBoard {
        self.update_freq = frequency.into();
        self
    }

    fn train(&mut self) -> Result<&mut SummaryWriter> {
        writer(&mut self.train, &self.folder, "train")
    }

    fn validation(&mut self) -> Result<&mut SummaryWriter> {
        writer(&mut self.validation, &self.folder, "validation")
    }

    /// Whether the numbers of this step are written.
    fn is_due(&self) -> bool {
        matches!(self.update_freq, UpdateFrequency::Batches(steps) if self.batches.is_multiple_of(steps as u64))
    }

    fn write_epoch(&mut self, run: &dyn Run, epoch: usize, logs: &Logs) -> Result<()> {
        let step = epoch as u64;
        let is_validation = |name: &str| name.starts_with("val_");
        for (name, value) in logs.iter().filter(|(name, _)| !is_validation(name)) {
            self.train()?.scalar(&format!("epoch_{name}"), value, step)?;
        }
        if let Some(rate) = run.learning_rate() {
            self.train()?.scalar("epoch_learning_rate", rate, step)?;
        }
        if let Some((began, steps)) = self.epoch_began.filter(|_| self.write_steps_per_second) {
            let done = run.iterations().unwrap_or_default().saturating_sub(steps) as f64;
            self.train()?.scalar("epoch_steps_per_second", done / began.elapsed().as_secs_f64(), step)?;
        }
        for (name, value) in logs.iter() {
            if let Some(name) = name.strip_prefix("val_") {
                self.validation()?.scalar(&format!("epoch_{name}"), value, step)?;
            }
        }
        Ok(())
    }

    fn write_weights(&mut self, run: &dyn Run, epoch: usize) -> Result<()> {
        let images = self.write_images;
        let writer = self.train()?;
        for (path, value) in run.weights()? {
            let numbers = value.cast(DType::F64);
            let numbers = numbers.array::<f64>()?;
            writer.histogram(&format!("{path}/histogram"), numbers.iter().copied(), epoch as u64)?;
            if let Some(found) = images.then(|| image::of_weight(&numbers.mapv(|x| x as f32))).flatten() {
                writer.image(&format!("{path}/image"), found.view(), epoch as u64)?;
            }
        }
        Ok(())
    }
}

impl Callback for TensorBoard {
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        let wrong = |text: String| Error::new(ErrorKind::Value, text).operation(NAME);
        match &self.update_freq {
            UpdateFrequency::Unknown(name) => {
                let help = r#"give "epoch", "batch", or every how many steps"#;
                return Err(wrong(format!("update_freq is {name:?}")).help(help));
            }
            UpdateFrequency::Batches(0) => return Err(wrong("update_freq is 0, expected at least 1 step".to_string())),
            UpdateFrequency::Batches(_) | UpdateFrequency::Epoch => {}
        }
        if self.write_images && self.histogram_freq == 0 {
            run.warn(format!(
                "{NAME}: write_images does nothing while histogram_freq is 0: images are written with histograms"
            ));
        }
        (self.train, self.validation, self.batches) = (None, None, 0);
        let layers = if self.write_graph { run.layers() } else { Vec::new() };
        let writer = self.train()?;
        if !layers.is_empty() {
            writer.graph(&layers)?;
        }
        writer.flush()
    }

    fn on_epoch_begin(&mut self, run: &mut dyn Run, _epoch: usize) -> Result<()> {
        self.epoch_began = Some((Instant::now(), run.iterations().unwrap_or_default()));
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _run: &mut dyn Run, _step: usize) -> Result<()> {
        self.batches += 1;
        self.batch_began = Some(Instant::now());
        Ok(())
    }

    fn on_train_batch_end(&mut self, run: &mut dyn Run, _step: usize) -> Result<Flow> {
        if !self.is_due() {
            return Ok(Flow::Continue);
        }
        let step = self.batches;
        if let Some(began) = self.batch_began.filter(|_| self.write_steps_per_second) {
            self.train()?.scalar("batch_steps_per_second", 1.0 / began.elapsed().as_secs_f64(), step)?;
        }
        for (name, value) in run.logs()?.iter() {
            self.train()?.scalar(&format!("batch_{name}"), value, step)?;
        }
        Ok(Flow::Continue)
    }

    fn on_test_end(&mut self, run: &mut dyn Run, logs: &Logs) -> Result<()> {
        if let Some(steps) = run.iterations() {
            for (name, value) in logs.iter() {
                self.validation()?.scalar(&format!("evaluation_{name}_vs_iterations"), value, steps)?;
            }
            self.validation()?.flush()?;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        self.write_epoch(run, epoch, logs)?;
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq) {
            self.write_weights(run, epoch)?;
        }
        self.train()?.flush()?;
        self.validation.as_mut().map_or(Ok(()), SummaryWriter::flush)?;
        Ok(Flow::Continue)
    }

    fn on_train_end(&mut self, _run: &mut dyn Run, _logs: &Logs) -> Result<()> {
        for mut writer in [self.train.take(), self.validation.take()].into_iter().flatten() {
            writer.flush()?;
        }
        Ok(())
    }
}

/// The writer of a folder, made when it is first needed.
fn writer<'w>(slot: &'w mut Option<SummaryWriter>, folder: &Path, name: &str) -> Result<&'w mut SummaryWriter> {
    match slot {
        Some(writer) => Ok(writer),
        None => Ok(slot.insert(SummaryWriter::create(folder.join(name))?)),
    }
}
