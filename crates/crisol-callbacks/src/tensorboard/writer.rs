//! Event files: what TensorBoard reads, as `tf.summary` writes it.

use super::histogram::buckets;
use super::image::pngs;
use super::proto::{
    Dimension, Event, GraphDef, NodeDef, PluginData, Summary, SummaryMetadata, SummaryValue, TensorProto, TensorShape,
    Versions, What,
};
use crate::run::LayerNode;
use crisol_ir::ndarray::ArrayView4;
use crisol_ir::{Error, ErrorKind, Result};
use prost::Message;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// An event file that is written: scalars, histograms, images, text and graphs for TensorBoard, as `tf.summary.create_file_writer`.
///
/// TensorBoard takes each folder that holds such files as a run. Every method names a `tag`, under which the steps of one thing are shown
/// together.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let logs = folder.path();
/// use crisol_callbacks::SummaryWriter;
/// let mut writer = SummaryWriter::create(logs.join("notes"))?;
/// writer.text("setup", "two layers, **no** dropout", 0)?;
/// for step in 0..100 {
///     writer.scalar("temperature", 100.0 / (step + 1) as f64, step)?;
/// }
/// writer.histogram("noise", (0..1000).map(|x| f64::from(x).sin()), 0)?;
/// writer.flush()?;
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct SummaryWriter {
    path: PathBuf,
    file: BufWriter<File>,
}

/// Element types by their numbers.
const FLOAT: i32 = 1;
const DOUBLE: i32 = 2;
const STRING: i32 = 7;

impl SummaryWriter {
    /// Begins a new event file in a folder, which is made if it does not exist; others in it stay.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub fn create(folder: impl AsRef<Path>) -> Result<SummaryWriter> {
        // TensorBoard reads the files of a folder in the order of their names: by the second, then by this number.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = folder.as_ref();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("events.out.tfevents.{:.0}.{}.{number}.v2", wall_time().floor(), std::process::id());
        let path = folder.join(name);
        let made = std::fs::create_dir_all(folder).and_then(|()| File::create_new(&path));
        let file = made.map_err(|error| unwritable(&path, &error))?;
        let mut writer = SummaryWriter { path, file: BufWriter::new(file) };
        writer.write(0, What::FileVersion("brain.Event:2".to_string()))?;
        writer.flush()?;
        Ok(writer)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A number.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn scalar(&mut self, tag: &str, value: f64, step: u64) -> Result<()> {
        let tensor = TensorProto { dtype: FLOAT, float_val: vec![value as f32], ..tensor(&[]) };
        self.value(tag, "scalars", tensor, step)
    }

    /// How values are distributed: 30 buckets of equal width from the least to the greatest. Those that are not finite do not count.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn histogram(&mut self, tag: &str, values: impl IntoIterator<Item = f64>, step: u64) -> Result<()> {
        let buckets = buckets(values);
        let tensor = TensorProto { dtype: DOUBLE, double_val: buckets.concat(), ..tensor(&[buckets.len(), 3]) };
        self.value(tag, "histograms", tensor, step)
    }

    /// Images `[image, row, column, channel]` of numbers from 0 to 1: grey, grey with alpha, RGB or RGBA. The first three are kept.
    ///
    /// # Errors
    /// Another number of channels, images without pixels, or the file cannot be written.
    pub fn image(&mut self, tag: &str, images: ArrayView4<'_, f32>, step: u64) -> Result<()> {
        let (_, height, width, _) = images.dim();
        let mut parts = vec![width.to_string().into_bytes(), height.to_string().into_bytes()];
        parts.extend(pngs(images)?);
        let tensor =
            TensorProto { dtype: STRING, tensor_shape: shape(&[parts.len()]), string_val: parts, ..tensor(&[]) };
        self.value(tag, "images", tensor, step)
    }

    /// A text, shown as Markdown.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn text(&mut self, tag: &str, text: &str, step: u64) -> Result<()> {
        let tensor = TensorProto { dtype: STRING, string_val: vec![text.into()], ..tensor(&[]) };
        self.value(tag, "text", tensor, step)
    }

    /// A graph of layers, each a node with its type as operation.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn graph(&mut self, layers: &[LayerNode]) -> Result<()> {
        let node = layers.iter().map(|LayerNode { name, type_name, inputs }| NodeDef {
            name: name.clone(),
            op: type_name.clone(),
            input: inputs.clone(),
        });
        // The version of graphs since 2016; TensorBoard wants one.
        let graph = GraphDef { node: node.collect(), versions: Some(Versions { producer: 22 }) };
        self.write(0, What::GraphDef(graph.encode_to_vec()))
    }

    /// Hands all that was written to the system, so that TensorBoard shows it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| unwritable(&self.path, &error))
    }

    fn value(&mut self, tag: &str, plugin: &str, tensor: TensorProto, step: u64) -> Result<()> {
        let plugin_data = Some(PluginData { plugin_name: plugin.to_string() });
        let metadata = Some(SummaryMetadata { plugin_data });
        let value = SummaryValue { tag: tag.to_string(), tensor: Some(tensor), metadata };
        self.write(step, What::Summary(Summary { value: vec![value] }))
    }

    /// Writes an event as a TFRecord: its length and its bytes, each with a checksum.
    fn write(&mut self, step: u64, what: What) -> Result<()> {
        let event = Event { wall_time: wall_time(), step: step as i64, what: Some(what) }.encode_to_vec();
        let length = (event.len() as u64).to_le_bytes();
        let (of_length, of_event) = (masked_crc(&length), masked_crc(&event));
        let parts: [&[u8]; 4] = [&length, &of_length, &event, &of_event];
        let written = parts.iter().try_for_each(|part| self.file.write_all(part));
        written.map_err(|error| unwritable(&self.path, &error))
    }
}

/// The checksum of TFRecords: CRC-32C, turned by 15 bits, plus a constant, so that a checksum of checksums is none that occurs.
fn masked_crc(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

fn tensor(sizes: &[usize]) -> TensorProto {
    TensorProto { tensor_shape: shape(sizes), ..TensorProto::default() }
}

fn shape(sizes: &[usize]) -> Option<TensorShape> {
    Some(TensorShape { dim: sizes.iter().map(|&size| Dimension { size: size as i64 }).collect() })
}

fn wall_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{} cannot be written: {error}", path.display())).operation("tensorboard")
}
