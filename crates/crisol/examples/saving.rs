//! Saving: a model with a layer of one's own, there and back; a training that goes on to the same bits; weights for another model.

use crisol::ndarray::Array2;
use crisol::prelude::*;
use serde::{Deserialize, Serialize};

/// `x^2 a + b`: what it is made from can be written to a file.
#[derive(Debug, Serialize, Deserialize)]
struct Quadratic {
    units: usize,
}

impl Layer for Quadratic {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let a = cx.weight("a", [x.dim(-1)?, self.units], RandomNormal::default());
        let b = cx.weight("b", [self.units], Zeros);
        Ok(x.square().matmul(&a) + b)
    }

    fn config(&self) -> crisol::Result<serde_json::Value> {
        Registry::config_of(self)
    }
}

fn model(seed: u64) -> crisol::Result<Sequential> {
    random::seed(seed);
    let mut model = Sequential::new((Input::new([3]), Quadratic { units: 8 }, Dropout::new(0.2), Dense::new(1)));
    model.compile(Compile::new().optimizer(Adam::new(0.01)).loss("mse").metric("mae"))?;
    Ok(model)
}

/// Saves, loads and compares.
pub fn main() -> crisol::Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
    let (path, weights) = (folder.path().join("model.crisol"), folder.path().join("model.safetensors"));
    let x = Array2::from_shape_fn((200, 3), |(row, column)| (row * 3 + column) as f32 / 300.0 - 1.0);
    let y = x.map_axis(crisol::ndarray::Axis(1), |x| x.dot(&x));
    let quiet = |epochs| Fit::epochs(epochs).verbose(Verbose::Silent);

    // Four epochs without an interruption, for comparison.
    let mut whole = model(1)?;
    whole.fit((&x, &y), quiet(4))?;

    // Two, then the other two by the model that was saved: layers, weights, optimizer and randomness are in the file.
    let mut first = model(1)?;
    first.fit((&x, &y), quiet(2))?;
    first.save(&path)?;
    let mut second = load_model(&path, Registry::new().register::<Quadratic>())?;
    assert_eq!(second.predict(&x)?, first.predict(&x)?);
    second.fit((&x, &y), quiet(4).initial_epoch(2))?;
    assert_eq!(second.get_weights()?, whole.get_weights()?);

    // A file that names a layer which the registry does not know.
    let refused = load_model(&path, &Registry::new()).map(drop).map_err(|error| error.to_string());
    println!("{refused:?}");
    assert!(refused.is_err_and(|error| error.contains("types of layers that are not registered: Quadratic")));

    // Weights alone, into a model whose layers have other names and whose last one is new.
    whole.save_weights(&weights)?;
    let input = Input::new([3]);
    let hidden = Quadratic { units: 8 }.name("encoder").on(&input);
    let other = Model::new(&input, Dense::new(5).name("head").on(&hidden))?;
    let report = other.load_weights_matching(&weights, &[("quadratic", "encoder")])?;
    println!("{report}");
    assert_eq!(report.loaded, ["encoder/a", "encoder/b"]);
    assert_eq!((report.missing[0].as_str(), report.unexpected[0].as_str()), ("head/kernel", "dense/bias"));
    Ok(())
}
