//! The models of the study's first steps, layer by layer as in its text.

use crisol::Result;
use crisol::prelude::*;

/// What differs between the three experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Pixels are brought to 0..1.
    Rescaled,
    /// 99 of 100 pixels are dropped in training, the rest is scaled up.
    Dropped,
    /// Pixels as they are.
    Raw,
}

/// Two convolutions with stride 3 and a pooling between them, then one unit: 10,177 parameters.
pub fn simple_cnn(size: usize, entry: Entry) -> Result<Model> {
    let input = Input::new([size, size, 3]);
    let mut x = match entry {
        Entry::Rescaled => Rescaling::new(1.0 / 255.0).on(&input),
        Entry::Dropped => Dropout::new(0.99).on(&input),
        Entry::Raw => input.clone(),
    };
    x = Conv2D::new(32, 3).strides(3).padding("same").on(&x);
    x = Activation::new("relu").on(&x);
    x = MaxPooling2D::new(2).on(&x);
    x = Conv2D::new(32, 3).strides(3).padding("same").on(&x);
    x = Activation::new("relu").on(&x);
    x = GlobalAveragePooling2D::new().on(&x);
    let output = Dense::new(1).activation("sigmoid").bias_initializer(Constant(0.6)).on(&x);
    let mut model = Model::new(&input, &output)?;
    model.compile(Compile::new().optimizer(Adam::new(1e-3)).loss("binary_crossentropy").metric("accuracy"))?;
    Ok(model)
}
