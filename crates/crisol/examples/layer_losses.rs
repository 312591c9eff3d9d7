//! Losses that layers add: handed up to the layer around them, and forgotten at the next pass.

use crisol::prelude::*;

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

#[derive(Debug)]
struct CapaPadre;

impl Layer for CapaPadre {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        cx.layer("activity_reg", &ErroresRegularizacion { tasa: 1e-2 }, x)
    }
}

/// 0.01 once, and again once.
pub fn main() -> crisol::Result<()> {
    let layer = CapaPadre.build([1])?;
    assert!(layer.losses().is_empty());
    for _ in 0..2 {
        layer.call(&Tensor::ones([1, 1]), Inference)?;
        assert_eq!(layer.losses().len(), 1);
        assert_eq!(layer.losses()[0].item()? as f32, 0.01);
    }
    Ok(())
}
