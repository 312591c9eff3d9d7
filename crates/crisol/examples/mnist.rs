//! Handwritten digits: 784-64-64-10, from the idx files of MNIST, plain or `.gz`.
//!
//! ```text
//! cargo run --release --example mnist -- FOLDER
//! ```
//!
//! The folder holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the two `t10k-` files; Fashion-MNIST has the
//! same form.

use clap::Parser;
use crisol::prelude::*;
use std::path::PathBuf;

/// Trains a small network on the digits of MNIST.
#[derive(Parser)]
struct Arguments {
    /// The folder with the four idx files.
    folder: PathBuf,
    /// Passes over the training images.
    #[arg(long, default_value_t = 5)]
    epochs: usize,
    /// Images a step.
    #[arg(long, default_value_t = 64)]
    batch_size: usize,
    /// Where the curves go, as PNG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Decides first weights and shuffling.
    #[arg(long, default_value_t = 99)]
    seed: u64,
}

fn main() -> crisol::Result<()> {
    let arguments = Arguments::parse();
    random::seed(arguments.seed);
    let (train, test) = crisol::datasets::mnist(&arguments.folder)?;

    let mut model = Sequential::new((
        Input::new([28, 28]),
        Rescaling::new(1.0 / 255.0),
        Flatten::new(),
        Dense::new(64).activation("relu"),
        Dense::new(64).activation("relu"),
        Dense::new(10).activation("softmax"),
    ));
    println!("{}", model.summary()?);

    model.compile(
        Compile::new()
            .optimizer(RmsProp::new(1e-3))
            .loss("sparse_categorical_crossentropy")
            .metric("sparse_categorical_accuracy"),
    )?;
    let fit = Fit::epochs(arguments.epochs).batch_size(arguments.batch_size).validation_data(test.clone());
    let history = model.fit(train, fit)?;
    if let Some(path) = &arguments.plot {
        history.plot(path)?;
    }
    println!("test: {}", model.evaluate(test)?);
    Ok(())
}
