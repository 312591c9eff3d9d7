//! `EinsumDense`: a dense layer over any axes, as an equation says.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::settings::{Activity, activity_method};
use crate::window::expect_float;
use crisol_params::WeightSettings;
use crisol_params::{GlorotUniform, Zeros};
use crisol_tensor::{Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// `activation(einsum(equation, x, kernel) + bias)`.
///
/// Weights: `kernel`, of the sizes that the equation gives it; `bias`, if there are bias axes, of the output's sizes along these.
/// ```
/// use crisol_layers::{EinsumDense, LayerExt};
/// // For each step, 64 numbers from 32.
/// let layer = EinsumDense::new("abc,cd->abd", [None, Some(64)]).bias_axes("d").build([10, 32])?;
/// assert_eq!(layer.output_shapes()?, [[None, Some(10), Some(64)]]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EinsumDense {
    equation: String,
    output_shape: Vec<Option<usize>>,
    activation: Function,
    bias_axes: Option<String>,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl EinsumDense {
    /// A layer that computes the equation, `"abc,cd->abd"`; the sizes of its output without the batch, `None` where they are the input's.
    pub fn new(equation: impl Into<String>, output_shape: impl Into<Vec<Option<usize>>>) -> EinsumDense {
        EinsumDense {
            equation: equation.into(),
            output_shape: output_shape.into(),
            activation: Function::default(),
            bias_axes: None,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> EinsumDense {
        self.activation = activation.into();
        self
    }

    /// The letters of the output along which a bias is added; none by default.
    #[must_use]
    pub fn bias_axes(mut self, bias_axes: impl Into<String>) -> EinsumDense {
        self.bias_axes = Some(bias_axes.into());
        self
    }
}

weight_methods!(EinsumDense, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(EinsumDense, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(EinsumDense);

impl Layer for EinsumDense {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("einsum_dense", x)?;
        let sizes = self.sizes(&x.shape()?)?;
        let kernel = cx.weight_with("kernel", sizes.kernel.as_slice(), &self.kernel);
        let mut y = Tensor::einsum(&self.equation, &[x, &kernel]);
        if let Some(bias) = sizes.bias {
            y = y + cx.weight_with("bias", bias.as_slice(), &self.bias);
        }
        let y = self.activation.apply(&y)?;
        self.activity.of(cx, y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}

struct Sizes {
    kernel: Vec<usize>,
    bias: Option<Vec<usize>>,
}

impl EinsumDense {
    /// The sizes of the weights for an input.
    fn sizes(&self, shape: &Shape) -> Result<Sizes> {
        let wrong = |what: String| {
            let error = Error::new(ErrorKind::Value, format!("{:?}: {what}", self.equation)).operation("einsum_dense");
            error.help(
                "expected an equation such as \"ab,bc->ac\", with `...` at one end of input and output or nowhere",
            )
        };
        let parts = self.equation.split_once("->").and_then(|(left, out)| Some((left.split_once(',')?, out)));
        let Some(((input, kernel), output)) = parts else { return Err(wrong("not of this form".to_string())) };
        let letters = |text: &str| text.replace("...", "").chars().collect::<Vec<char>>();
        let (input_letters, kernel_letters, output_letters) = (letters(input), letters(kernel), letters(output));
        if input_letters.len() > shape.rank() {
            return Err(wrong(format!("the input has the axes {shape}")));
        }
        // Letters stand for the first axes if the ellipsis is behind them, for the last if it is in front.
        let elided = shape.rank() - input_letters.len();
        let skipped = if input.starts_with("...") { elided } else { 0 };
        let mut sizes: HashMap<char, usize> = HashMap::new();
        for (place, letter) in input_letters.iter().enumerate() {
            sizes.insert(*letter, shape[place + skipped]);
        }
        let named: Vec<(char, Option<usize>)> = if output.ends_with("...") {
            output_letters.iter().skip(1).copied().zip(self.output_shape.iter().copied()).collect()
        } else {
            output_letters.iter().rev().copied().zip(self.output_shape.iter().rev().copied()).collect()
        };
        for (letter, size) in named {
            if let Some(size) = size {
                let known = *sizes.entry(letter).or_insert(size);
                if known != size {
                    return Err(wrong(format!("axis {letter} is {known} in the input and {size} in the output shape")));
                }
            }
        }
        let size = |letter: &char| {
            sizes.get(letter).copied().ok_or_else(|| wrong(format!("the size of axis {letter} is not known")))
        };
        let kernel = kernel_letters.iter().map(size).collect::<Result<Vec<usize>>>()?;
        let Some(axes) = &self.bias_axes else { return Ok(Sizes { kernel, bias: None }) };
        if let Some(stranger) = axes.chars().find(|axis| !output_letters.contains(axis)) {
            return Err(wrong(format!("bias axis {stranger} is not in the output")));
        }
        let first = output_letters.iter().position(|letter| axes.contains(*letter)).unwrap_or(0);
        let along = output_letters[first..].iter();
        let mut bias = along
            .map(|letter| if axes.contains(*letter) { size(letter) } else { Ok(1) })
            .collect::<Result<Vec<usize>>>()?;
        if output.ends_with("...") {
            bias.extend(std::iter::repeat_n(1, elided));
        }
        Ok(Sizes { kernel, bias: Some(bias) })
    }
}
