//! A whole epoch of `fit` as a user runs it: as many images as MNIST has, in arrays that lie in memory, with callbacks and progress.

use super::Workload;
use super::data::fixed;
use super::dense::MODELS;
use crisol::Result;
use crisol::callbacks::{EarlyStopping, LambdaCallback, Progress};
use crisol::ndarray::{Array1, Axis, Slice};
use crisol::prelude::*;
use std::io::sink;

/// Images of an epoch, as in MNIST.
const IMAGES: usize = 60_000;
/// Images of an epoch whose loss is compared.
const CHECKED: usize = 6_400;

/// Epochs of the mlp over shuffled images. One iteration is one epoch.
pub(super) fn epoch() -> Result<Workload> {
    let dense = &MODELS[0];
    let x = fixed(3, &[IMAGES, dense.sizes[0]]);
    let y: Array1<i32> = fixed(4, &[IMAGES]).iter().map(|y| ((y + 1.0) / 2.0 * 10.0) as i32).collect();
    let first = Slice::from(..CHECKED);
    let few = (x.slice_axis(Axis(0), first).to_owned(), y.slice_axis(Axis(0), first).to_owned());
    let mut model = dense.compiled()?;
    let run = move |epochs: usize| {
        // As on a terminal, drawn ten times a second; what it writes goes nowhere.
        let mut progress = Progress::new(sink(), Verbose::Bar, true);
        let mut stop = EarlyStopping::new("loss").patience(epochs.max(2) - 1).restore_best_weights(true);
        let mut steps = 0;
        let mut count = LambdaCallback::new().on_train_batch_end(|_, _| {
            steps += 1;
            Ok(Flow::Continue)
        });
        let fit = Fit::epochs(epochs).batch_size(dense.batch).verbose(Verbose::Silent);
        model.fit((&x, &y), fit.callback(&mut stop).callback(&mut count).callback(&mut progress))?;
        Ok(epochs)
    };
    let check = move || {
        let fit = Fit::epochs(1).batch_size(dense.batch).shuffle(false).verbose(Verbose::Silent);
        let history = dense.compiled()?.fit((&few.0, &few.1), fit)?;
        Ok(history.get("loss").last().copied().unwrap_or(f64::NAN))
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}
