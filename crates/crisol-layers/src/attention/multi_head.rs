//! `MultiHeadAttention`: several attentions side by side.

use super::causal;
use super::fold::Fold;
use crate::dropout::leave_out;
use crate::layer::Layer;
use crate::recurrent::only;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::settings::{Activity, activity_method};
use crate::window::expect_float;
use crisol_params::WeightSettings;
use crisol_params::{GlorotUniform, Zeros};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// What messages call it.
const NAME: &str = "multi_head_attention";

/// For each of `num_heads`: `softmax(q k^T / sqrt(key_dim)) v` of projections of query, key and value; the results are projected to the size of the
/// query (Vaswani and others, 2017). Inputs: query, value, and the key if it is not the value; or one, which attends to itself. All are
/// `[batch, steps, features]`. A fourth input says which keys each query sees, `[batch, queries, keys]`.
///
/// Inputs of higher rank attend over all axes between batch and features, or over the [`attention_axes`](MultiHeadAttention::attention_axes);
/// the others are further batches. Masks of steps are for rank 3.
///
/// Steps that do not count, by the masks of the inputs, weigh nothing.
///
/// Weights: `query/kernel [features, heads, key_dim]`, `query/bias [heads, key_dim]`, the same for `key` and `value`,
/// `attention_output/kernel [heads, value_dim, features]`, `attention_output/bias [features]`.
///
/// ```
/// use crisol_layers::{Inference, LayerExt, MultiHeadAttention};
/// use crisol_tensor::Tensor;
/// let layer = MultiHeadAttention::new(2, 8).build([5, 16])?;
/// let y = layer.call(&Tensor::ones([3, 5, 16]), Inference)?;
/// assert_eq!(y.shape()?.sizes(), [3, 5, 16]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MultiHeadAttention {
    num_heads: usize,
    key_dim: usize,
    value_dim: Option<usize>,
    dropout: f64,
    use_bias: bool,
    output_shape: Option<usize>,
    seed: Option<u64>,
    use_causal_mask: bool,
    #[serde(default)]
    attention_axes: Option<Vec<isize>>,
    #[serde(default)]
    return_attention_scores: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl MultiHeadAttention {
    /// A layer of `num_heads` heads whose queries and keys have `key_dim` numbers.
    pub fn new(num_heads: usize, key_dim: usize) -> MultiHeadAttention {
        MultiHeadAttention {
            num_heads,
            key_dim,
            value_dim: None,
            dropout: 0.0,
            use_bias: true,
            output_shape: None,
            seed: None,
            use_causal_mask: false,
            attention_axes: None,
            return_attention_scores: false,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// The size of each head's values; that of its keys by default.
    #[must_use]
    pub fn value_dim(mut self, value_dim: usize) -> MultiHeadAttention {
        self.value_dim = Some(value_dim);
        self
    }

    /// The share of weights that are left out in training; 0 by default.
    #[must_use]
    pub fn dropout(mut self, dropout: f64) -> MultiHeadAttention {
        self.dropout = dropout;
        self
    }

    /// Whether the projections add a bias; by default they do.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> MultiHeadAttention {
        self.use_bias = use_bias;
        self
    }

    /// The size of the output; that of the query by default.
    #[must_use]
    pub fn output_shape(mut self, output_shape: usize) -> MultiHeadAttention {
        self.output_shape = Some(output_shape);
        self
    }

    /// Decides, with the key of each step, what is left out.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> MultiHeadAttention {
        self.seed = Some(seed);
        self
    }

    /// Whether queries see no key after themselves; by default they do.
    #[must_use]
    pub fn use_causal_mask(mut self, use_causal_mask: bool) -> MultiHeadAttention {
        self.use_causal_mask = use_causal_mask;
        self
    }

    /// The axes over which is attended; by default all between the first and the last.
    #[must_use]
    pub fn attention_axes(mut self, axes: impl Into<Vec<isize>>) -> MultiHeadAttention {
        self.attention_axes = Some(axes.into());
        self
    }

    /// Whether there is a second output, the weight of each key for each query: `[batch, .., heads, queries, keys]`; by default there is none.
    #[must_use]
    pub fn return_attention_scores(mut self, return_attention_scores: bool) -> MultiHeadAttention {
        self.return_attention_scores = return_attention_scores;
        self
    }
}

weight_methods!(MultiHeadAttention, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(MultiHeadAttention, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(MultiHeadAttention);

impl Layer for MultiHeadAttention {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        only(self.call_all(cx, inputs)?)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let [query, rest @ ..] = inputs else {
            return Err(Error::new(ErrorKind::Value, "expected a query, found nothing").operation(NAME));
        };
        let value = rest.first().unwrap_or(query);
        let key = rest.get(1).unwrap_or(value);
        for input in [query, key, value] {
            expect_float(NAME, input)?;
        }
        let fold = Fold::new(NAME, query.rank()?, self.attention_axes.as_deref())?;
        if query.rank()? != key.rank()? || key.rank()? != value.rank()? {
            let text = format!(
                "query, key and value have shapes {}, {} and {}, expected one rank",
                query.shape()?,
                key.shape()?,
                value.shape()?
            );
            return Err(Error::new(ErrorKind::Shape, text).operation(NAME));
        }
        let masks = self.masks(cx, &fold, query, value, key, rest.get(2))?;
        let (shape, keys_shape) = (query.shape()?, key.shape()?);
        let folded = [fold.fold(query)?, fold.fold(key)?, fold.fold(value)?];
        let (queries, keys) = (folded[0].shape()?, folded[1].shape()?);
        let value_dim = self.value_dim.unwrap_or(self.key_dim);
        let q = self.project(cx, "query", &folded[0], self.key_dim) * (1.0 / (self.key_dim as f64).sqrt());
        let k = self.project(cx, "key", &folded[1], self.key_dim);
        let v = self.project(cx, "value", &folded[2], value_dim);
        // [batch, heads, queries, keys]
        let sizes = [queries[0], self.num_heads, queries[1], keys[1]];
        let mut scores = q.permute(&[0, 2, 1, 3]).matmul(&k.permute(&[0, 2, 3, 1]));
        for mask in masks {
            let hidden = mask.expand_dims(1).broadcast_to(sizes).logical_not().cast(scores.dtype()?);
            scores = scores - hidden * 1e9;
        }
        let scores = scores.softmax(-1);
        let weights = leave_out(NAME, cx, &scores, self.dropout, self.seed, &sizes)?;
        let y = weights.matmul(&v.permute(&[0, 2, 1, 3])).permute(&[0, 2, 1, 3]);
        let features = self.output_shape.unwrap_or(queries[2]);
        let kernel = cx.weight_with("attention_output/kernel", [self.num_heads, value_dim, features], &self.kernel);
        let flat = self.num_heads * value_dim;
        let mut y = y.reshape([queries[0], queries[1], flat]).matmul(&kernel.reshape([flat, features]));
        if self.use_bias {
            y = y + cx.weight_with("attention_output/bias", [features], &self.bias);
        }
        let y = fold.unfold(&y, &shape)?;
        if let Some(mask) = cx.mask(query) {
            cx.set_mask(&y, &mask);
        }
        let mut outputs = vec![self.activity.of(cx, y)?];
        if self.return_attention_scores {
            outputs.push(fold.unfold_scores(&scores, &shape, &keys_shape)?);
        }
        Ok(outputs)
    }

    fn output_count(&self) -> usize {
        1 + usize::from(self.return_attention_scores)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}

impl MultiHeadAttention {
    /// What may be seen, each `[batch, queries, keys]` or of sizes that spread to it.
    fn masks(
        &self,
        cx: &Scope,
        fold: &Fold,
        query: &Tensor,
        value: &Tensor,
        key: &Tensor,
        given: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let (queries, keys) = (query.shape()?, key.shape()?);
        let mut masks = Vec::new();
        masks.extend(cx.mask(query).map(|mask| mask.expand_dims(-1)));
        masks.extend(cx.mask(value).map(|mask| mask.expand_dims(-2)));
        if !key.is_same(value) {
            masks.extend(cx.mask(key).map(|mask| mask.expand_dims(-2)));
        }
        if self.use_causal_mask {
            masks.push(causal(queries[1], keys[1]));
        }
        if !masks.is_empty() && !fold.is_plain() {
            let text = format!("masks of steps are for [batch, steps, features], the query has shape {queries}");
            return Err(Error::new(ErrorKind::Shape, text)
                .operation(NAME)
                .help("give the mask of queries and keys as a fourth input"));
        }
        if let Some(given) = given {
            masks.push(fold.fold_mask(&given.not_equal(0), &queries, &keys)?);
        }
        Ok(masks)
    }

    /// The heads of an input: `[batch, steps, heads, size]`.
    fn project(&self, cx: &mut Scope, name: &str, x: &Tensor, size: usize) -> Tensor {
        let project = |cx: &mut Scope| -> Result<Tensor> {
            let (shape, heads) = (x.shape()?, self.num_heads);
            let kernel = cx.weight_with(&format!("{name}/kernel"), [shape[2], heads, size], &self.kernel);
            let y = x.matmul(&kernel.reshape([shape[2], heads * size])).reshape([shape[0], shape[1], heads, size]);
            Ok(match self.use_bias {
                true => y + cx.weight_with(&format!("{name}/bias"), [heads, size], &self.bias),
                false => y,
            })
        };
        project(cx).into()
    }
}
