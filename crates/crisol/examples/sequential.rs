//! A model layer by layer, and as a list.

use crisol::prelude::*;

/// Builds it in both ways.
pub fn main() -> crisol::Result<()> {
    let mut model = Sequential::new(());
    model.add(Input::new([28, 28]))?;
    model.add(Flatten::new())?;
    model.add(Dense::new(300).activation("relu"))?;
    model.add(Dense::new(100).activation("relu"))?;
    model.add(Dense::new(10).activation("softmax"))?;

    let list = Sequential::new((
        Input::new([28, 28]),
        Flatten::new(),
        Dense::new(300).activation("relu"),
        Dense::new(100).activation("relu"),
        Dense::new(10).activation("softmax"),
    ));
    println!("{}", list.summary()?); // before any data
    assert!(model.summary()?.contains("266,610") && list.summary()?.contains("266,610"));
    Ok(())
}
