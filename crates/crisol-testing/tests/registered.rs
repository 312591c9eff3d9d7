//! Every layer that a file may name keeps its promises: gradients against differences in training and inference, shapes, samples that do not
//! see one another, determinism, saving, precision.

use crisol_layers::*;
use crisol_tensor::ndarray::Array2;
use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor};
use crisol_testing::check_layer;
use std::sync::Arc;

/// A layer of one input or several, which are parts of one along its last axis.
#[derive(Clone, Debug)]
struct Case {
    layer: Arc<dyn Layer>,
    parts: Vec<usize>,
}

impl Layer for Case {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        if let [_] = self.parts[..] {
            return cx.layer("layer", &*self.layer, x);
        }
        let mut start = 0;
        let mut inputs = Vec::new();
        for &size in &self.parts {
            inputs.push(x.slice_axis(-1, Some(start), Some(start + size as isize), 1));
            start += size as isize;
        }
        cx.layer_many("layer", &*self.layer, &inputs)
    }
}

/// The layer that stands for a type, and the shape of a batch for it.
fn case(name: &str) -> Result<(Case, Vec<usize>)> {
    fn one(layer: impl Layer, shape: &[usize]) -> Result<(Case, Vec<usize>)> {
        several(layer, &[0], shape)
    }
    fn several(layer: impl Layer, parts: &[usize], shape: &[usize]) -> Result<(Case, Vec<usize>)> {
        Ok((Case { layer: Arc::new(layer), parts: parts.to_vec() }, shape.to_vec()))
    }
    let (features, steps, image) = (&[3, 4][..], &[2, 5, 2][..], &[2, 4, 5, 2][..]);
    match name {
        "Activation" => one(Activation::new("tanh"), features),
        "ActivityRegularization" => one(ActivityRegularization::new().l2(0.1), features),
        "AdaptiveAveragePooling1D" => one(AdaptiveAveragePooling1D::new(3), steps),
        "AdaptiveAveragePooling2D" => one(AdaptiveAveragePooling2D::new((3, 2)), image),
        "AdaptiveMaxPooling1D" => one(AdaptiveMaxPooling1D::new(3), steps),
        "AdaptiveMaxPooling2D" => one(AdaptiveMaxPooling2D::new((3, 2)), image),
        "Add" => several(Add::new(), &[2, 2], features),
        "AlphaDropout" => one(AlphaDropout::new(0.3), features),
        "Attention" => several(Attention::new().use_scale(true), &[2, 2], &[2, 3, 4]),
        "Average" => several(Average::new(), &[2, 2], features),
        "AveragePooling1D" => one(AveragePooling1D::new(2), steps),
        "AveragePooling2D" => one(AveragePooling2D::new(2).padding("same"), image),
        "BatchNormalization" => one(BatchNormalization::new(), features),
        "Bidirectional" => one(Bidirectional::new(LSTM::new(2)), steps),
        "Concatenate" => several(Concatenate::new(), &[1, 3], features),
        "Conv1D" => one(Conv1D::new(2, 3).padding("causal"), steps),
        "Conv1DTranspose" => one(Conv1DTranspose::new(2, 3).strides(2), steps),
        "Conv2D" => one(Conv2D::new(2, 3).activation("tanh"), image),
        "Conv2DTranspose" => one(Conv2DTranspose::new(2, 3).strides(2), image),
        "Cropping1D" => one(Cropping1D::new(1), steps),
        "Cropping2D" => one(Cropping2D::new(1), image),
        "Dense" => one(Dense::new(3).activation("gelu"), features),
        "DepthwiseConv1D" => one(DepthwiseConv1D::new(2), steps),
        "DepthwiseConv2D" => one(DepthwiseConv2D::new(2).depth_multiplier(2), image),
        "Dot" => several(Dot::new(-1), &[2, 2], features),
        "Dropout" => one(Dropout::new(0.4), features),
        "ELU" => one(ELU::new().alpha(0.7), features),
        "EinsumDense" => one(EinsumDense::new("abc,cd->abd", [None, Some(3)]).bias_axes("d"), steps),
        "Embedding" => one(Embedding::new(7, 3), &[2, 4]),
        "Flatten" => one(Flatten::new(), steps),
        "Functional" => {
            let input = Input::new([4]);
            let hidden = Dense::new(3).activation("tanh").on(&input);
            one(Network::functional(&input, add(&[hidden.clone(), Dense::new(3).on(&hidden)]))?, features)
        }
        "GRU" => one(GRU::new(2).return_sequences(true), steps),
        "GaussianDropout" => one(GaussianDropout::new(0.3), features),
        "GaussianNoise" => one(GaussianNoise::new(0.1), features),
        "GlobalAveragePooling1D" => one(GlobalAveragePooling1D::new(), steps),
        "GlobalAveragePooling2D" => one(GlobalAveragePooling2D::new(), image),
        "GlobalMaxPooling1D" => one(GlobalMaxPooling1D::new(), steps),
        "GlobalMaxPooling2D" => one(GlobalMaxPooling2D::new(), image),
        "GroupNormalization" => one(GroupNormalization::new().groups(2), &[2, 3, 4]),
        "Identity" => one(Identity::new(), features),
        "LSTM" => one(LSTM::new(2).go_backwards(true), steps),
        "LayerNormalization" => one(LayerNormalization::new(), features),
        "LeakyReLU" => one(LeakyReLU::new(), features),
        "Masking" => one(Masking::new(), steps),
        "MaxPooling1D" => one(MaxPooling1D::new(2), steps),
        "MaxPooling2D" => one(MaxPooling2D::new(2), image),
        "Maximum" => several(Maximum::new(), &[2, 2], features),
        "Minimum" => several(Minimum::new(), &[2, 2], features),
        "MultiHeadAttention" => one(MultiHeadAttention::new(2, 3), &[2, 3, 4]),
        "Multiply" => several(Multiply::new(), &[2, 2], features),
        "Normalization" => {
            let data = Array2::from_shape_fn((5, 4), |(row, column)| ((row * 4 + column) as f64).sin());
            one(Normalization::new().adapt(&data)?, features)
        }
        "PReLU" => one(PReLU::new(), features),
        "Permute" => one(Permute::new([2, 1]), steps),
        "RMSNormalization" => one(RMSNormalization::new(), features),
        "ReLU" => one(ReLU::new().max_value(0.5).negative_slope(0.1), features),
        "RepeatVector" => one(RepeatVector::new(3), features),
        "Rescaling" => one(Rescaling::new(0.5).offset(1.0), features),
        "Reshape" => one(Reshape::new([2, 2]), features),
        "SeparableConv1D" => one(SeparableConv1D::new(3, 2), steps),
        "SeparableConv2D" => one(SeparableConv2D::new(3, 2).padding("same"), image),
        "Sequential" => one(Network::sequential((Dense::new(3).activation("tanh"), Dense::new(2))), features),
        "SimpleRNN" => one(SimpleRNN::new(3), steps),
        "Softmax" => one(Softmax::new(), features),
        "SpatialDropout1D" => one(SpatialDropout1D::new(0.4), steps),
        "SpatialDropout2D" => one(SpatialDropout2D::new(0.4), image),
        "Subtract" => several(Subtract::new(), &[2, 2], features),
        "TimeDistributed" => one(TimeDistributed::new(Dense::new(3).activation("tanh")), steps),
        "UnitNormalization" => one(UnitNormalization::new(), features),
        "UpSampling1D" => one(UpSampling1D::new(2), steps),
        "UpSampling2D" => one(UpSampling2D::new(2).interpolation("bilinear"), image),
        "ZeroPadding1D" => one(ZeroPadding1D::new(1), steps),
        "ZeroPadding2D" => one(ZeroPadding2D::new(1), image),
        other => Err(Error::new(ErrorKind::Name, format!("no layer stands for {other}: add one to the test"))),
    }
}

/// Numbers that differ from one another and from the edges of all layers; whole ones for tables.
fn batch(name: &str, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    if name == "Embedding" {
        let numbers: Vec<i64> = (0..count).map(|place| (place * 3 % 7) as i64).collect();
        return Tensor::from_slice(&numbers, shape);
    }
    let numbers: Vec<f64> = (0..count).map(|place| ((place * 37 + 11) % 101) as f64 / 64.0 - 0.741).collect();
    Tensor::from_slice(&numbers, shape).cast(DType::F32)
}

#[test]
fn every_registered_layer_keeps_its_promises() {
    let mut wrong = Vec::new();
    let registry = Registry::new();
    for name in registry.names() {
        let checked = case(name).and_then(|(layer, shape)| check_layer(&layer, &batch(name, &shape)).all());
        if let Err(error) = checked {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
