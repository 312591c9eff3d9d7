//! Models that are one layer after the other.

use crate::model::Model;
use crisol_ir::Result;
use crisol_layers::{IntoItem, IntoLayers, Network};
use std::ops::{Deref, DerefMut};

/// A [`Model`] that is one layer after the other, given as a list or added one by one.
///
/// ```
/// use crisol_layers::{Dense, Flatten, Input};
/// use crisol_train::Sequential;
///
/// let by_list = Sequential::new((Input::new([28, 28]), Flatten::new(), Dense::new(300).activation("relu"), Dense::new(10)));
/// let mut one_by_one = Sequential::new(());
/// one_by_one.add(Input::new([28, 28]))?;
/// one_by_one.add(Flatten::new())?;
/// one_by_one.add(Dense::new(300).activation("relu"))?;
/// one_by_one.add(Dense::new(10))?;
/// assert_eq!(by_list.network().layer_names(), one_by_one.network().layer_names());
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// Without an input the weights are created when the first batch tells its shape.
#[derive(Debug)]
pub struct Sequential(Model);

impl Sequential {
    /// The layers of a tuple or a `Vec`. What is wrong with them comes out when the model is first used.
    pub fn new(layers: impl IntoLayers) -> Sequential {
        Sequential(Model::from_network(Network::sequential(layers)))
    }

    /// Appends a layer.
    ///
    /// # Errors
    /// The model has its weights already.
    pub fn add(&mut self, layer: impl IntoItem) -> Result<()> {
        self.0.network_mut().add(layer).map(drop)
    }
}

impl From<Sequential> for Model {
    fn from(model: Sequential) -> Model {
        model.0
    }
}

impl Deref for Sequential {
    type Target = Model;
    fn deref(&self) -> &Model {
        &self.0
    }
}

impl DerefMut for Sequential {
    fn deref_mut(&mut self) -> &mut Model {
        &mut self.0
    }
}
