//! `Attention`: Luong's.

use super::causal;
use crate::dropout::leave_out;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::sequence_shape;
use crisol_params::Ones;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `softmax(query key^T) value`: for each query of `[batch, queries, features]` the mean of the values `[batch, keys, features]`, weighted by how
/// their keys fit (Luong, Pham and Manning, 2015). Inputs: query, value, and the keys if they are not the values.
///
/// Keys that do not count by the mask of the value weigh nothing; queries that do not count give 0.
///
/// Weights: `scale []` if it is used; `concat_score_weight []` for scores by `"concat"`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attention {
    use_scale: bool,
    score_mode: String,
    dropout: f64,
    seed: Option<u64>,
    use_causal_mask: bool,
}

impl Attention {
    /// The layer, with Keras' defaults.
    pub fn new() -> Attention {
        Attention { use_scale: false, score_mode: "dot".to_string(), dropout: 0.0, seed: None, use_causal_mask: false }
    }

    /// Whether a weight multiplies the scores; by default none does.
    #[must_use]
    pub fn use_scale(mut self, use_scale: bool) -> Attention {
        self.use_scale = use_scale;
        self
    }

    /// `"dot"`, the default, or `"concat"`: the sum of `tanh(query + key)`.
    #[must_use]
    pub fn score_mode(mut self, score_mode: impl Into<String>) -> Attention {
        self.score_mode = score_mode.into();
        self
    }

    /// The share of weights that are left out in training; 0 by default.
    #[must_use]
    pub fn dropout(mut self, dropout: f64) -> Attention {
        self.dropout = dropout;
        self
    }

    /// Decides, with the key of each step, what is left out.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Attention {
        self.seed = Some(seed);
        self
    }

    /// Whether queries see no key after themselves; by default they do.
    #[must_use]
    pub fn use_causal_mask(mut self, use_causal_mask: bool) -> Attention {
        self.use_causal_mask = use_causal_mask;
        self
    }
}

impl Default for Attention {
    fn default() -> Attention {
        Attention::new()
    }
}

impl Layer for Attention {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let [query, value, rest @ ..] = inputs else {
            let text = format!("expected query, value and perhaps key, found {} inputs", inputs.len());
            return Err(Error::new(ErrorKind::Value, text).operation("attention"));
        };
        sequence_shape("attention", query)?;
        sequence_shape("attention", value)?;
        let key = rest.first().unwrap_or(value);
        let scale = self.use_scale.then(|| cx.weight("scale", [0; 0], Ones));
        let scores = match self.score_mode.as_str() {
            "dot" => {
                let scores = query.matmul(&key.swapaxes(-2, -1));
                scale.map_or_else(|| scores.clone(), |scale| &scores * scale)
            }
            "concat" => {
                let weight = cx.weight("concat_score_weight", [0; 0], Ones);
                let sums = query.expand_dims(-2) + key.expand_dims(-3);
                let sums = scale.map_or_else(|| sums.clone(), |scale| &sums * scale);
                sums.tanh().sum(-1) * weight
            }
            other => return Err(Error::unknown_name("score mode", other, ["dot", "concat"])),
        };
        let shape = scores.shape()?;
        let mut counts = cx.mask(value).map(|mask| mask.expand_dims(-2).broadcast_to(shape));
        if self.use_causal_mask {
            let causal = causal(shape[1], shape[2]).broadcast_to(shape);
            counts = Some(counts.map_or_else(|| causal.clone(), |counts| counts.logical_and(&causal)));
        }
        let scores = counts.map_or_else(|| scores.clone(), |counts| counts.select(&scores, &scores - 1e9));
        let weights = scores.softmax(-1);
        let weights = leave_out("attention", cx, &weights, self.dropout, self.seed, &shape)?;
        let y = weights.matmul(value);
        let Some(mask) = cx.mask(query) else { return Ok(y) };
        let y = mask.expand_dims(-1).broadcast_to(y.shape()?).select(&y, 0);
        cx.set_mask(&y, &mask);
        Ok(y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
