//! A training written for TensorBoard: numbers, histograms and images of weights, the graph of layers, and notes of one's own.
//!
//! `cargo run --example tensorboard`, then `tensorboard --logdir` with the folder that it prints. `tools/tensorboard/check.py` reads what it
//! writes with TensorBoard's own reader.

use crisol::ndarray::{Array1, Array4, s};
use crisol::prelude::*;

/// Writes to `crisol-tensorboard` in the folder for temporary files.
pub fn main() -> crisol::Result<()> {
    let logs = std::env::temp_dir().join("crisol-tensorboard");
    // Bars that stand (1) or lie (0).
    let y: Array1<u8> = (0..240).map(|sample| (sample % 2) as u8).collect();
    let x = Array4::from_shape_fn((240, 8, 8, 1), |(sample, row, column, _)| {
        let (along, place) = (if y[sample] == 1 { column } else { row }, sample / 2 % 8);
        if along == place { 1.0f32 } else { 0.1 }
    });
    random::seed(7);
    let mut model = Sequential::new((
        Input::new([8, 8, 1]),
        Conv2D::new(4, 3).activation("relu"),
        Flatten::new(),
        Dense::new(1).activation("sigmoid"),
    ));
    model.compile(Compile::new().optimizer(Adam::new(0.01)).loss("binary_crossentropy").metric("accuracy"))?;

    let mut board = TensorBoard::new(&logs).histogram_freq(1).write_images(true).update_freq(4);
    let mut table = CsvLogger::new(logs.join("epochs.csv"));
    std::fs::create_dir_all(&logs).map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
    let fit = Fit::epochs(3).validation_split(0.2).verbose(Verbose::Silent);
    let history = model.fit((&x, &y), fit.callback(&mut board).callback(&mut table))?;
    assert!(history.last("loss") < history.get("loss").first().copied());

    let mut notes = SummaryWriter::create(logs.join("notes"))?;
    notes.text("model", "One convolution, **no** pooling.", 0)?;
    notes.image("samples", x.slice(s![..3, .., .., ..]), 0)?;
    notes.flush()?;
    println!("tensorboard --logdir {}", logs.display());
    Ok(())
}
