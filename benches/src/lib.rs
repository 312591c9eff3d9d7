//! What the benchmarks share: data that is neither zero nor regular, the models they train, and what they are measured beside.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`cases`] | chains, rows and reductions: crisol's side and the other |
//! | [`hand`] | the loops written by hand; [`aligned`]: their arrays |
//! | [`compare`] | taking turns, medians, the table |
//! | [`limits`] | what the machine can do at best |
//! | [`peer`] | our side of `cargo xtask bench-peers` |

pub mod aligned;
pub mod cases;
pub mod compare;
pub mod hand;
pub mod limits;
pub mod peer;

use crisol::Result;
use crisol::ndarray::{Array1, ArrayD};
use crisol::prelude::*;

/// Numbers between -1 and 1 without a pattern that a processor could exploit.
pub fn noise(shape: &[usize]) -> ArrayD<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    ArrayD::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1u64 << 23) as f32) - 1.0
    })
}

/// Batches of noise with class numbers below `classes`.
pub fn batches(count: usize, batch: usize, sample: &[usize], classes: u32) -> Dataset {
    let shape: Vec<usize> = [count * batch].into_iter().chain(sample.iter().copied()).collect();
    let y: Array1<i32> = (0..count * batch).map(|row| (row as u32 * 7 / 3 % classes) as i32).collect();
    Dataset::from((noise(&shape), y)).batch(batch).cache()
}

/// 784-64-64-10 with RMSprop, as in the seed's digits.
pub fn mlp() -> Result<Model> {
    let input = Input::new([784]);
    let hidden = Dense::new(64).activation("relu").on(&Dense::new(64).activation("relu").on(&input));
    let mut model = Model::new(&input, Dense::new(10).activation("softmax").on(&hidden))?;
    model.compile(
        Compile::new().optimizer(RmsProp::new(1e-3)).loss("sparse_categorical_crossentropy").metric("accuracy"),
    )?;
    Ok(model)
}

/// 8-50-50-50-1 with Adam, as in the seed's regression.
pub fn regression() -> Result<Model> {
    let mut x = Input::new([8]);
    let input = x.clone();
    for _ in 0..3 {
        x = Dense::new(50).activation("relu").on(&x);
    }
    let mut model = Model::new(&input, Dense::new(1).on(&x))?;
    model.compile(Compile::new().optimizer(Adam::new(1e-3)).loss("mse"))?;
    Ok(model)
}

/// The ablation study's `basic` network at the given image size.
pub fn basic_cnn(size: usize) -> Result<Model> {
    let input = Input::new([size, size, 3]);
    let mut x = Rescaling::new(1.0 / 255.0).on(&input);
    x = Conv2D::new(32, 3).strides(3).padding("same").activation("relu").on(&x);
    x = MaxPooling2D::new(2).on(&x);
    x = Conv2D::new(32, 3).strides(3).padding("same").activation("relu").on(&x);
    x = GlobalAveragePooling2D::new().on(&x);
    let mut model = Model::new(&input, Dense::new(1).activation("sigmoid").on(&x))?;
    model.compile(Compile::new().optimizer(Adam::new(1e-3)).loss("binary_crossentropy").metric("accuracy"))?;
    Ok(model)
}
