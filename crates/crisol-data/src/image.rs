//! Folders of images: the builder, what it finds, and the data sets that come out. Decoding and resizing are beside.

mod dataset;
mod decode;
mod folder;
mod list;
mod resize;
mod scan;

pub use dataset::{ImageDataset, Subset};
pub use folder::{Bad, ImageFolder, image_folder};
pub use scan::Skipped;
