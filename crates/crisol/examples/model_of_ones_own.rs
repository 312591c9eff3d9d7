//! A model of one's own: a computation over layers, which is a layer like any other.

use crisol::ndarray::{Array1, Array2};
use crisol::prelude::*;

// [customisation-26]
#[derive(Debug)]
struct MiModelo {
    capa1: Dense,
    capa2: Dense,
}

impl MiModelo {
    fn new(units: usize) -> MiModelo {
        MiModelo { capa1: Dense::new(units).activation("relu"), capa2: Dense::new(1) }
    }
}

impl Layer for MiModelo {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let x = cx.layer("capa1", &self.capa1, x)?;
        Ok(cx.layer("capa2", &self.capa2, &x)?.sigmoid())
    }
}
// [end]

/// Compiles, trains and asks it like a built-in one.
pub fn main() -> crisol::Result<()> {
    random::seed(1);
    let x = Array2::from_shape_fn((128, 2), |(row, column)| ((row * 7 + column * 3) % 16) as f32 / 8.0 - 1.0);
    let y: Array1<u8> = x.rows().into_iter().map(|row| u8::from(row[0] > 0.0)).collect();
    let mut model = Sequential::new((MiModelo::new(8).name("mi_modelo"),));
    model.compile(Compile::new().optimizer(Adam::new(1e-2)).loss("binary_crossentropy"))?;
    let history = model.fit((&x, &y), Fit::epochs(5))?;
    assert!(history.last("loss") < history.get("loss").first().copied());
    assert!(model.predict(&x)?.iter().all(|p| (0.0..=1.0).contains(p)));
    assert_eq!(model.trainable_weights()?[0].label(), "mi_modelo/dense/kernel");
    Ok(())
}
