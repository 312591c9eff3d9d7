//! What a sequential model is made from: tuples of layers of different types, or lists of one.

use super::graph::{Item, ItemKind};
use crate::layer::{Layer, Shared};
use crate::node::Node;
use std::panic::Location;
use std::sync::Arc;

/// A layer, or the input in front of them.
pub trait IntoItem {
    /// The entry of the list.
    #[track_caller]
    fn into_item(self) -> Item;
}

impl<L: Layer> IntoItem for L {
    #[track_caller]
    fn into_item(self) -> Item {
        Item { kind: ItemKind::Layer(Arc::new(self)), location: Location::caller() }
    }
}

impl<L: Layer> IntoItem for Shaped<L> {
    #[track_caller]
    fn into_item(self) -> Item {
        Item { kind: ItemKind::Shaped(self.input, Arc::new(self.layer)), location: Location::caller() }
    }
}

impl IntoItem for Node {
    #[track_caller]
    fn into_item(self) -> Item {
        Item { kind: ItemKind::Node(self), location: Location::caller() }
    }
}

impl IntoItem for Shared {
    #[track_caller]
    fn into_item(self) -> Item {
        Item { kind: ItemKind::Layer(Arc::clone(&self.0.layer)), location: Location::caller() }
    }
}

/// A layer that says what comes in, as [`LayerExt::input_shape`](crate::LayerExt::input_shape) makes it.
#[derive(Debug)]
pub struct Shaped<L> {
    pub(crate) layer: L,
    pub(crate) input: Node,
}

/// The layers of a sequential model: a tuple of up to 16, or a `Vec` of boxed ones.
pub trait IntoLayers {
    /// The entries of the list.
    #[track_caller]
    fn into_items(self) -> Vec<Item>;
}

impl<I: IntoItem> IntoLayers for Vec<I> {
    #[track_caller]
    fn into_items(self) -> Vec<Item> {
        let location = Location::caller();
        self.into_iter().map(|item| Item { location, ..item.into_item() }).collect()
    }
}

impl IntoLayers for () {
    fn into_items(self) -> Vec<Item> {
        Vec::new()
    }
}

macro_rules! tuple {
    ($($layer:ident)+) => {
        impl<$($layer: IntoItem),+> IntoLayers for ($($layer,)+) {
            #[allow(non_snake_case)]
            #[track_caller]
            fn into_items(self) -> Vec<Item> {
                let ($($layer,)+) = self;
                vec![$($layer.into_item()),+]
            }
        }
    };
}
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
tuple!(A B C D E F G H I);
tuple!(A B C D E F G H I J);
tuple!(A B C D E F G H I J K);
tuple!(A B C D E F G H I J K L);
tuple!(A B C D E F G H I J K L M);
tuple!(A B C D E F G H I J K L M N);
tuple!(A B C D E F G H I J K L M N O);
tuple!(A B C D E F G H I J K L M N O P);
