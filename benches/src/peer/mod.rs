//! The workloads that crisol is compared by: sizes, data and names, the same in every language (`tools/peers/workloads.py` is
//! the other half), and what answers for them.

mod attention;
mod chains;
mod data;
mod dense;
mod epoch;
mod lstm;
mod products;
mod rows;
pub mod serve;

use crisol::{Error, ErrorKind, Result};
pub use data::{fixed, mean_square};

/// A workload with its data, ready to run.
pub struct Workload {
    /// Runs it at least so many times and returns how often it did. What is computed is waited for.
    pub run: Box<dyn FnMut(usize) -> Result<usize>>,
    /// A number by which results are compared, from a fresh start.
    pub check: Box<dyn FnMut() -> Result<f64>>,
}

/// All workloads, in the order of the table.
pub fn names() -> Vec<String> {
    let dense = dense::MODELS.iter().map(|model| model.name.to_string());
    let fits = dense::MODELS.iter().map(|model| format!("{}-fit", model.name));
    let chains = chains::SIZES
        .iter()
        .flat_map(|(size, _)| chains::KINDS.iter().map(move |(kind, _)| format!("chain-{kind}-{size}")));
    let others = ["softmax", "layer-norm", "attention", "lstm"].map(String::from);
    let products = products::SHAPES.iter().map(|(name, _)| format!("matmul-{name}"));
    dense
        .chain(fits)
        .chain(["mlp-epoch", "predict"].map(String::from))
        .chain(chains)
        .chain(others)
        .chain(products)
        .collect()
}

/// The workload of a name.
///
/// # Errors
/// There is none of this name, or what crisol says when it is prepared.
pub fn workload(name: &str) -> Result<Workload> {
    match name {
        "mlp-epoch" => epoch::epoch(),
        "predict" => dense::predict(),
        "softmax" => rows::softmax(),
        "layer-norm" => rows::layer_norm(),
        "attention" => attention::attention(),
        "lstm" => lstm::lstm(),
        _ => {
            if let Some(model) = dense::MODELS.iter().find(|model| model.name == name) {
                return dense::steps(model);
            }
            if let Some(model) = dense::MODELS.iter().find(|model| Some(model.name) == name.strip_suffix("-fit")) {
                return dense::fit(model);
            }
            if let Some(model) = dense::MODELS.iter().find(|model| Some(model.name) == name.strip_suffix("-rows")) {
                return dense::steps_over_rows(model);
            }
            if let Some((kind, size)) = name.strip_prefix("chain-").and_then(|rest| rest.split_once('-')) {
                return chains::chain(kind, size);
            }
            match name.strip_prefix("matmul-") {
                Some(shape) => products::product(shape),
                None => Err(unknown(name)),
            }
        }
    }
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::Value, format!("no workload `{name}`, there are: {}", names().join(", ")))
}
