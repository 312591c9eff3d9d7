//! A layer made of two others, and the names of their weights.

use crisol::prelude::*;

// [customisation-12]
#[derive(Debug)]
struct LinealV1 {
    units: usize,
}

impl Layer for LinealV1 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let a = cx.weight("a", [x.dim(-1)?, self.units], RandomNormal::default());
        let b = cx.weight("b", [self.units], Zeros);
        Ok(x.matmul(&a) + b)
    }
}
// [end]

// [customisation-13]
#[derive(Debug)]
struct CuadraticaV4 {
    units: usize,
}

impl Layer for CuadraticaV4 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let x = cx.layer("capa1", &LinealV1 { units: self.units }, x)?.relu();
        cx.layer("capa2", &LinealV1 { units: self.units }, &x)
    }
}
// [end]

/// Lists the weights.
pub fn main() -> crisol::Result<()> {
    // [customisation-14]
    let layer = CuadraticaV4 { units: 4 }.build([2])?;
    let weights = layer.trainable_weights()?;
    // [end]
    assert_eq!(layer.call(&Tensor::ones([2, 2]), Inference)?.shape()?.sizes(), [2, 4]);
    let expected: [(&str, &[usize]); 4] = [
        ("cuadratica_v4/lineal_v1/a", &[2, 4]),
        ("cuadratica_v4/lineal_v1/b", &[4]),
        ("cuadratica_v4/lineal_v1_1/a", &[4, 4]),
        ("cuadratica_v4/lineal_v1_1/b", &[4]),
    ];
    assert_eq!(weights.len(), expected.len());
    for (weight, (label, shape)) in weights.iter().zip(expected) {
        println!("{weight}");
        assert_eq!((weight.label(), weight.variable().shape().sizes()), (label, shape));
        assert_eq!(weight.variable().dtype(), DType::F32);
    }
    Ok(())
}
