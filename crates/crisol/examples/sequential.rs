//! A model layer by layer, and as a list.

use crisol::prelude::*;

/// Builds it in both ways.
pub fn main() -> crisol::Result<()> {
    // [models-01]
    let mut model = Sequential::new(());
    model.add(Flatten::new().input_shape([28, 28]))?;
    model.add(Dense::new(300).activation("relu"))?;
    model.add(Dense::new(100).activation("relu"))?;
    model.add(Dense::new(10).activation("softmax"))?;
    // [models-02]
    let list = Sequential::new((
        Flatten::new().input_shape([28, 28]),
        Dense::new(300).activation("relu"),
        Dense::new(100).activation("relu"),
        Dense::new(10).activation("softmax"),
    ));
    // [end]
    println!("{}", list.summary()?); // before any data
    assert!(model.summary()?.contains("266,610") && list.summary()?.contains("266,610"));
    Ok(())
}
