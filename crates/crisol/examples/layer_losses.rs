//! Losses that layers add: handed up to the layer around them, and forgotten at the next pass.

use crisol::prelude::*;

// [customisation-15]
#[derive(Debug)]
struct ErroresRegularizacion {
    tasa: f64,
}

impl Layer for ErroresRegularizacion {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        cx.add_loss(x.sum_all() * self.tasa);
        Ok(x.clone())
    }
}
// [end]

// [customisation-16]
#[derive(Debug)]
struct CapaPadre;

impl Layer for CapaPadre {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        cx.layer("activity_reg", &ErroresRegularizacion { tasa: 1e-2 }, x)
    }
}
// [end]

/// 0.01 once, and again once.
pub fn main() -> crisol::Result<()> {
    // [customisation-17]
    let layer = CapaPadre.build([1])?;
    assert!(layer.losses().is_empty());
    // [customisation-18]
    layer.call(&Tensor::ones([1, 1]), Inference)?;
    assert_eq!((layer.losses().len(), layer.losses()[0].item()? as f32), (1, 0.01));
    // [customisation-19]
    layer.call(&Tensor::ones([1, 1]), Inference)?;
    assert_eq!((layer.losses().len(), layer.losses()[0].item()? as f32), (1, 0.01));
    // [end]
    Ok(())
}
