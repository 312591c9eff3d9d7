//! Small models and data sets that several tests train.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests
#![allow(dead_code)] // each test uses some

use crisol_ir::Value;
use crisol_ir::ndarray::{Array1, Array2, Array4};
use crisol_layers::{
    Activation, Conv2D, Dense, Dropout, GlobalAveragePooling2D, Input, LayerExt, MaxPooling2D, Normalization, Rescaling,
};
use crisol_optim::Adam;
use crisol_tensor::random::seed;
use crisol_train::{Compile, Fit, Model, Verbose};
use std::io::{Read, Write};
use std::path::Path;

/// Two hidden layers with dropout between them, compiled.
pub fn dense(number: u64) -> Model {
    seed(number);
    let input = Input::new([4]);
    let x = Dense::new(16).activation("relu").on(&input);
    let x = Dropout::new(0.3).on(&x);
    let x = Dense::new(8).activation("tanh").on(&x);
    let output = Dense::new(1).activation("sigmoid").on(&x);
    compiled(Model::new(&input, &output).unwrap())
}

/// Convolutions, pooling and dropout over images of 12 x 12 x 3 bytes, compiled.
pub fn conv(number: u64) -> Model {
    seed(number);
    let input = Input::new([12, 12, 3]);
    let x = Rescaling::new(1.0 / 255.0).on(&input);
    let x = Conv2D::new(8, 3).padding("same").on(&x);
    let x = Activation::new("relu").on(&x);
    let x = MaxPooling2D::new(2).on(&x);
    let x = Conv2D::new(8, 3).strides(2).padding("same").on(&x);
    let x = Activation::new("relu").on(&x);
    let x = Dropout::new(0.2).on(&x);
    let x = GlobalAveragePooling2D::new().on(&x);
    let output = Dense::new(1).activation("sigmoid").on(&x);
    compiled(Model::new(&input, &output).unwrap())
}

fn compiled(mut model: Model) -> Model {
    let compile = Compile::new().optimizer(Adam::new(1e-2)).loss("binary_crossentropy").metric("accuracy");
    model.compile(compile).unwrap();
    model
}

/// Points in four dimensions, and whether the first two lie on the same side of 0.
pub fn points(samples: usize) -> (Array2<f32>, Array1<u8>) {
    let x = Array2::from_shape_fn((samples, 4), |(row, axis)| noise(row * 4 + axis) * 2.0 - 1.0);
    let y = x.rows().into_iter().map(|row| u8::from(row[0] * row[1] > 0.0)).collect();
    (x, y)
}

/// Images with a bright bar on noise, upright (1) or lying (0).
pub fn bars(samples: usize) -> (Array4<u8>, Array1<u8>) {
    let y: Array1<u8> = (0..samples).map(|sample| u8::from(noise(sample + 77_777) > 0.5)).collect();
    let x = Array4::from_shape_fn((samples, 12, 12, 3), |(sample, row, column, channel)| {
        let place = 1 + (noise(sample + 99_999) * 9.0) as usize;
        let along = if y[sample] == 1 { column } else { row };
        let bright = (place..place + 2).contains(&along);
        let grain = noise(((sample * 12 + row) * 12 + column) * 3 + channel) * 80.0;
        (if bright { 170.0 } else { 0.0 } + grain) as u8
    });
    (x, y)
}

/// An even number from 0 to 1 for each place.
pub fn noise(place: usize) -> f32 {
    let mut x = (place as u64).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 29)) >> 40) as f32 / (1u64 << 24) as f32
}

pub fn silent<'a>(epochs: usize) -> Fit<'a> {
    Fit::epochs(epochs).verbose(Verbose::Silent)
}

/// All weights, to be compared bit for bit.
pub fn bits(model: &Model) -> Vec<Vec<u8>> {
    let values: Vec<Value> = model.tree().unwrap().get_weights().unwrap();
    values.iter().map(crisol_params::bytes::of_value).collect()
}

/// Normalization fitted to data, in front of a regression.
pub fn regression(x: &Array2<f32>) -> Model {
    seed(5);
    let input = Input::new([x.ncols()]);
    let scaled = Normalization::new().adapt(x).unwrap().on(&input);
    let hidden = Dense::new(32).activation("relu").on(&scaled);
    let output = Dense::new(1).on(&hidden);
    Model::new(&input, &output).unwrap()
}

/// The members of an archive.
pub fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let count = zip.len();
    let read = |place| {
        let mut member = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        (member.name().unwrap().to_string(), bytes)
    };
    (0..count).map(read).collect()
}

/// Writes an archive with these members.
pub fn write_members(path: &Path, members: &[(String, Vec<u8>)]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in members {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}
