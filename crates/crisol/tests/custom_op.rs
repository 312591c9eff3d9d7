//! The operation and the layer of `docs/adding/custom-op.md`, as it says.

use crisol::ndarray::{ArrayD, Axis};
use crisol::prelude::*;
use crisol::{CustomOp, Result, TensorType, Value};

/// `y[t] = keep * y[t - 1] + (1 - keep) * x[t]` along axis 1, from `y[-1] = 0`; from the end if reversed.
#[derive(Clone, Debug, PartialEq)]
struct Smooth {
    keep: f64,
    reversed: bool,
}

impl CustomOp for Smooth {
    fn name(&self) -> &'static str {
        "smooth"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        match inputs {
            [x] if x.dtype.is_float() && !x.dtype.is_half() && x.shape.rank() == 3 => Ok(*x),
            _ => {
                let text = format!("expected float32 or float64 of [batch, time, features], found {inputs:?}");
                Err(Error::new(ErrorKind::Shape, text))
            }
        }
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        match &inputs[0] {
            Value::F32(x) => Ok(Value::F32(
                self.run(x, |sum, x| (self.keep * f64::from(sum) + (1.0 - self.keep) * f64::from(x)) as f32),
            )),
            x => Ok(Value::F64(self.run(x.array::<f64>()?, |sum, x| self.keep * sum + (1.0 - self.keep) * x))),
        }
    }

    fn gradient(&self, _inputs: &[Tensor], _output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let back = Smooth { reversed: !self.reversed, ..self.clone() };
        Ok(vec![Some(back.call(&[gradient]))])
    }
}

impl Smooth {
    fn run<T: Copy + Default>(&self, x: &ArrayD<T>, step: impl Fn(T, T) -> T) -> ArrayD<T> {
        let mut y = x.clone();
        for mut lane in y.lanes_mut(Axis(1)) {
            let mut sum = T::default();
            let count = lane.len();
            for place in 0..count {
                let x = &mut lane[if self.reversed { count - 1 - place } else { place }];
                sum = step(sum, *x);
                *x = sum;
            }
        }
        y
    }
}

/// Smooths sequences, each feature weighed by a trainable factor.
#[derive(Clone, Debug)]
struct Smoothing {
    keep: f64,
}

impl Layer for Smoothing {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let features = x.shape()?.last().copied().unwrap_or(1);
        let factor = cx.weight("factor", [features], Ones);
        let smooth = Smooth { keep: self.keep, reversed: false };
        Ok(smooth.call(&[&(x * factor)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crisol::check_gradients;
    use crisol::ndarray::{Array3, arr2};
    use crisol::testing::check_layer;

    #[test]
    fn it_smooths() -> Result<()> {
        let x = Tensor::from_slice(&[8.0f32, 0.0, 4.0], [1, 3, 1]);
        let y = Smooth { keep: 0.5, reversed: false }.call(&[&x]);
        assert_eq!(y.to_vec::<f32>()?, [4.0, 2.0, 3.0]);
        let error = Smooth { keep: 0.5, reversed: false }.call(&[&Tensor::ones([3])]).to_vec::<f32>().unwrap_err();
        assert!(error.to_string().contains("expected float32 or float64 of [batch, time, features]"), "{error}");
        Ok(())
    }

    #[test]
    fn its_gradients_are_right() -> Result<()> {
        let x = Array3::from_shape_fn((2, 4, 3), |(b, t, f)| ((b * 12 + t * 3 + f) as f64).sin()).into_dyn();
        let smooth = Smooth { keep: 0.7, reversed: false };
        check_gradients(|x| smooth.call(&[&x[0].square()]).tanh(), std::slice::from_ref(&x), 1e-6)?;
        let slope = |x: &[Tensor]| -> Result<Tensor> {
            let tape = GradientTape::new();
            let y = smooth.call(&[&x[0].square()]).tanh();
            tape.gradient(&y, [&x[0]])?.only()
        };
        check_gradients(slope, &[x], 1e-5)
    }

    #[test]
    fn the_layer_keeps_its_promises() -> Result<()> {
        let x = arr2(&[[0.5f32, -1.0, 2.0, 0.25, 1.5, -0.5], [1.0, 0.0, -2.0, 0.75, 0.3, 1.1]]);
        let x = Tensor::from(x).reshape([2, 3, 2]);
        check_layer(&Smoothing { keep: 0.8 }, &x).all()
    }
}
