//! A layer of one's own, `x^2 a + x b + c`: its weights declared from a size that it is told, and from that of its first input.

use crisol::prelude::*;

/// As one writes it first: two weights have one name.
// [customisation-05]
#[derive(Debug)]
struct CuadraticaV1 {
    units: usize,
    input_dim: usize,
}

impl Layer for CuadraticaV1 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let a = cx.weight("c", [self.input_dim, self.units], RandomNormal::default());
        let b = cx.weight("b", [self.input_dim, self.units], RandomNormal::default());
        let c = cx.weight("c", [self.units], Zeros);
        Ok(x.square().matmul(&a) + x.matmul(&b) + c)
    }
}
// [end]

// [customisation-06]
#[derive(Debug)]
struct CuadraticaV2 {
    units: usize,
    input_dim: usize,
}

impl Layer for CuadraticaV2 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let a = cx.weight("a", [self.input_dim, self.units], RandomNormal::default());
        let b = cx.weight("b", [self.input_dim, self.units], RandomNormal::default());
        let c = cx.weight("c", [self.units], Zeros);
        Ok(x.square().matmul(&a) + x.matmul(&b) + c)
    }
}
// [end]

// [customisation-10]
#[derive(Debug)]
struct CuadraticaV3 {
    units: usize,
}

impl Layer for CuadraticaV3 {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let d = x.dim(-1)?;
        let a = cx.weight("a", [d, self.units], RandomNormal::default());
        let b = cx.weight("b", [d, self.units], RandomNormal::default());
        let c = cx.weight("c", [self.units], Zeros);
        Ok(x.square().matmul(&a) + x.matmul(&b) + c)
    }
}
// [end]

/// Uses the layers alone, without a model.
pub fn main() -> crisol::Result<()> {
    let error = CuadraticaV1 { units: 4, input_dim: 2 }.build([2]).map(drop).map_err(|error| error.to_string());
    let both = ["two weights are named \"c\": float32[2, 4] (", ") and float32[4] ("];
    assert!(matches!(&error, Err(text) if both.iter().all(|part| text.contains(part))), "{error:?}");

    // [customisation-08]
    let told = CuadraticaV2 { units: 4, input_dim: 2 }.build([2])?;
    let weights = told.trainable_weights()?; // there before any call
    // [end]
    weights.iter().for_each(|weight| println!("{weight}"));
    // [customisation-09]
    println!("{:?}", told.weights()?);
    // [end]
    assert_eq!(weights.iter().map(|weight| weight.name()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(
        weights.iter().map(|weight| weight.variable().shape().to_vec()).collect::<Vec<_>>(),
        [vec![2, 4], vec![2, 4], vec![4]]
    );
    assert!(weights.iter().all(|weight| weight.variable().dtype() == DType::F32));
    assert_eq!(weights[2].variable().value().to_vec::<f32>()?, [0.0; 4]);

    // [customisation-11]
    let deferred = Network::sequential((CuadraticaV3 { units: 4 },));
    // [end]
    assert!(!deferred.is_built());
    let y = deferred.call(&Tensor::ones([3, 2]), Inference)?;
    assert_eq!(y.shape()?.sizes(), [3, 4]);
    assert_eq!(deferred.weights()?.len(), 3);
    Ok(())
}
