//! The layers that `tools/goldens/layers.py` builds in Keras, by its names.

use crisol_layers::*;
use crisol_tensor::ndarray::ArrayD;
use crisol_tensor::{Result, Tensor};

/// A layer behind an embedding whose zeros are padding.
fn masked(layer: impl Layer) -> Box<dyn Layer> {
    Box::new(Network::sequential((Embedding::new(5, 3).mask_zero(true), layer)))
}

/// Attention whose fourth input says which keys are seen: what is above -0.5.
#[derive(Debug)]
struct Seen(MultiHeadAttention);

impl Layer for Seen {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.0.call(cx, x)
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let mut inputs = inputs.to_vec();
        inputs[3] = inputs[3].greater(-0.5);
        self.0.call_many(cx, &inputs)
    }
}

/// Adapted to numbers of its own, as the script does.
fn adapted(layer: Normalization, shape: &[usize]) -> Box<dyn Layer> {
    let count: usize = shape.iter().product();
    let data = (0..count).map(|place| ((place * 37 + 99) % 101) as f64 / 64.0 - 0.75).collect();
    Box::new(layer.adapt(&ArrayD::from_shape_vec(shape, data).unwrap()).unwrap())
}

/// The layer with the given name.
pub fn layer(name: &str) -> Box<dyn Layer> {
    match name {
        "dense" => Box::new(Dense::new(3).activation("tanh")),
        "dense 3d" => Box::new(Dense::new(3).use_bias(false)),
        "permute" => Box::new(Permute::new([2, 1])),
        "repeat_vector" => Box::new(RepeatVector::new(3)),
        "embedding" => Box::new(Embedding::new(5, 3)),
        "relu" => Box::new(ReLU::new().max_value(0.5).negative_slope(0.1).threshold(0.2)),
        "relu plain" => Box::new(ReLU::new()),
        "relu capped" => Box::new(ReLU::new().max_value(0.3)),
        "leaky_relu" => Box::new(LeakyReLU::new()),
        "elu" => Box::new(ELU::new().alpha(0.7)),
        "prelu" => Box::new(PReLU::new()),
        "prelu shared" => Box::new(PReLU::new().shared_axes([1])),
        "softmax" => Box::new(Softmax::new()),
        "softmax masked" => Box::new(Softmax::new()),
        "softmax mask spread" => Box::new(Softmax::new().axis(1)),
        "normalization" => adapted(Normalization::new(), &[7, 3]),
        "normalization steps" => adapted(Normalization::new().invert(true), &[5, 2, 3]),
        "softmax axis" => Box::new(Softmax::new().axis(1)),
        "batch_normalization" => Box::new(BatchNormalization::new()),
        "batch_normalization image" => Box::new(BatchNormalization::new().momentum(0.8).epsilon(0.01).scale(false)),
        "batch_normalization axis" => Box::new(BatchNormalization::new().axis(1).center(false)),
        "layer_normalization" => Box::new(LayerNormalization::new()),
        "layer_normalization axes" => Box::new(LayerNormalization::new().axis([1, 2]).epsilon(0.1)),
        "layer_normalization plain" => Box::new(LayerNormalization::new().center(false).scale(false)),
        "group_normalization" => Box::new(GroupNormalization::new().groups(2)),
        "group_normalization instance" => Box::new(GroupNormalization::instance().axis(1)),
        "rms_normalization" => Box::new(RMSNormalization::new()),
        "unit_normalization" => Box::new(UnitNormalization::new()),
        "unit_normalization axis" => Box::new(UnitNormalization::new().axis([1])),
        "alpha_dropout" => Box::new(AlphaDropout::new(0.4)),
        "add" | "add ranks" => Box::new(Add::new()),
        "multiply" => Box::new(Multiply::new()),
        "subtract" => Box::new(Subtract::new()),
        "average" => Box::new(Average::new()),
        "maximum" => Box::new(Maximum::new()),
        "minimum" => Box::new(Minimum::new()),
        "concatenate" => Box::new(Concatenate::new()),
        "concatenate axis" => Box::new(Concatenate::new().axis(1)),
        "dot" => Box::new(Dot::new(1)),
        "dot cosine" => Box::new(Dot::new(-1).normalize(true)),
        "dot axes" => Box::new(Dot::new((2, 1))),
        "time_distributed" => Box::new(TimeDistributed::new(Dense::new(2).activation("tanh"))),
        "attention" => Box::new(Attention::new()),
        "attention scaled" => Box::new(Attention::new().use_scale(true)),
        "attention concat" => Box::new(Attention::new().use_scale(true).score_mode("concat")),
        "multi_head" => Box::new(MultiHeadAttention::new(2, 3)),
        "multi_head key" => Box::new(MultiHeadAttention::new(2, 3).output_shape(5).use_bias(false)),
        "multi_head causal" => Box::new(MultiHeadAttention::new(1, 2).use_causal_mask(true)),
        "multi_head scores" => Box::new(MultiHeadAttention::new(2, 3).return_attention_scores(true)),
        "multi_head images" => Box::new(MultiHeadAttention::new(2, 2).return_attention_scores(true)),
        "multi_head axes" => Box::new(MultiHeadAttention::new(2, 3).attention_axes([2]).return_attention_scores(true)),
        "multi_head axis before" => Box::new(MultiHeadAttention::new(1, 2).attention_axes([-3]).use_bias(false)),
        "multi_head mask" => Box::new(Seen(MultiHeadAttention::new(2, 3))),
        "multi_head axes mask" => Box::new(Seen(MultiHeadAttention::new(2, 3).attention_axes([2]))),
        "einsum_dense" => Box::new(EinsumDense::new("abc,cd->abd", [None, Some(3)]).bias_axes("d").activation("tanh")),
        "einsum_dense heads" => Box::new(EinsumDense::new("...x,xy->...y", [Some(3)]).bias_axes("y")),
        "einsum_dense product" => Box::new(EinsumDense::new("abc,cde->abde", [None, Some(2), Some(3)]).bias_axes("de")),
        _ => recurrent(name).or_else(|| window(name)).unwrap_or_else(|| panic!("{name}")),
    }
}

fn recurrent(name: &str) -> Option<Box<dyn Layer>> {
    Some(match name {
        "simple_rnn" => Box::new(SimpleRNN::new(3)),
        "simple_rnn sequences" => Box::new(SimpleRNN::new(3).return_sequences(true).activation("relu").use_bias(false)),
        "lstm" => Box::new(LSTM::new(3)),
        "lstm sequences" => Box::new(LSTM::new(2).return_sequences(true).return_state(true).go_backwards(true)),
        "lstm bare" => Box::new(LSTM::new(2).activation("relu").recurrent_activation("hard_sigmoid").use_bias(false)),
        "lstm states" => Box::new(LSTM::new(2).return_sequences(true)),
        "gru" => Box::new(GRU::new(3)),
        "gru sequences" => Box::new(GRU::new(2).return_sequences(true).return_state(true)),
        "gru before" => Box::new(GRU::new(2).reset_after(false).go_backwards(true).return_sequences(true)),
        "gru bare" => Box::new(GRU::new(2).use_bias(false)),
        "time_distributed batch_normalization" => Box::new(TimeDistributed::new(BatchNormalization::new())),
        "bidirectional" => Box::new(Bidirectional::new(LSTM::new(2))),
        "bidirectional sequences" => Box::new(Bidirectional::new(GRU::new(2).return_sequences(true)).merge_mode("sum")),
        "bidirectional states" => {
            let layer = SimpleRNN::new(2).return_state(true).return_sequences(true);
            Box::new(Bidirectional::new(layer).merge_mode("mul"))
        }
        "masked simple_rnn" => masked(SimpleRNN::new(2)),
        "masked lstm" => masked(LSTM::new(2).return_sequences(true)),
        "masked gru" => masked(GRU::new(2).return_sequences(true).go_backwards(true)),
        "masked bidirectional" => masked(Bidirectional::new(LSTM::new(2).return_sequences(true))),
        "masked batch_normalization" => masked(BatchNormalization::new()),
        "masked average" => masked(GlobalAveragePooling1D::new()),
        _ => return None,
    })
}

fn window(name: &str) -> Option<Box<dyn Layer>> {
    Some(match name {
        "average_pooling2d" => Box::new(AveragePooling2D::default()),
        "average_pooling2d same" => Box::new(AveragePooling2D::new((3, 2)).strides((2, 1)).padding("same")),
        "max_pooling2d" => Box::new(MaxPooling2D::default()),
        "max_pooling2d same" => Box::new(MaxPooling2D::new((3, 2)).strides((2, 1)).padding("same")),
        "average_pooling1d" => Box::new(AveragePooling1D::default()),
        "average_pooling1d same" => Box::new(AveragePooling1D::new(3).strides(2).padding("same")),
        "max_pooling1d" => Box::new(MaxPooling1D::default()),
        "max_pooling1d same" => Box::new(MaxPooling1D::new(3).strides(2).padding("same")),
        "adaptive_average_pooling2d" => Box::new(AdaptiveAveragePooling2D::new((2, 3))),
        "adaptive_average_pooling2d larger" => Box::new(AdaptiveAveragePooling2D::new((3, 5))),
        "adaptive_max_pooling2d" => Box::new(AdaptiveMaxPooling2D::new((2, 3))),
        "adaptive_max_pooling2d larger" => Box::new(AdaptiveMaxPooling2D::new((3, 5))),
        "adaptive_average_pooling1d" => Box::new(AdaptiveAveragePooling1D::new(3)),
        "adaptive_average_pooling1d even" => Box::new(AdaptiveAveragePooling1D::new(2)),
        "adaptive_max_pooling1d" => Box::new(AdaptiveMaxPooling1D::new(3)),
        "adaptive_max_pooling1d even" => Box::new(AdaptiveMaxPooling1D::new(2)),
        "global_max_pooling2d" => Box::new(GlobalMaxPooling2D::new()),
        "global_average_pooling2d" => Box::new(GlobalAveragePooling2D::new()),
        "global_max_pooling1d" => Box::new(GlobalMaxPooling1D::new().keepdims(true)),
        "global_average_pooling1d" => Box::new(GlobalAveragePooling1D::new().keepdims(true)),
        "conv1d" => Box::new(Conv1D::new(3, 2).strides(2).activation("relu")),
        "conv1d causal" => Box::new(Conv1D::new(2, 3).padding("causal").dilation_rate(2)),
        "conv1d groups" => Box::new(Conv1D::new(4, 2).padding("same").groups(2).use_bias(false)),
        "conv2d" => Box::new(Conv2D::new(2, (3, 2)).strides(2).padding("same")),
        "conv1d_transpose" => Box::new(Conv1DTranspose::new(2, 3).strides(2)),
        "conv1d_transpose same" => Box::new(Conv1DTranspose::new(2, 3).strides(2).padding("same").output_padding(1)),
        "conv2d_transpose" => Box::new(Conv2DTranspose::new(2, 3).strides(2).padding("same").activation("tanh")),
        "conv2d_transpose valid" => Box::new(Conv2DTranspose::new(3, (2, 3)).strides((1, 2)).use_bias(false)),
        "depthwise_conv2d" => Box::new(DepthwiseConv2D::new(2).depth_multiplier(2).activation("tanh")),
        "depthwise_conv2d same" => Box::new(DepthwiseConv2D::new(3).strides(2).padding("same").use_bias(false)),
        "separable_conv2d" => Box::new(SeparableConv2D::new(3, 2).padding("same").depth_multiplier(2)),
        "separable_conv2d strides" => Box::new(SeparableConv2D::new(2, 3).strides(2)),
        "depthwise_conv1d" => Box::new(DepthwiseConv1D::new(2).depth_multiplier(2).padding("same")),
        "separable_conv1d" => Box::new(SeparableConv1D::new(3, 2).strides(2)),
        "zero_padding1d" => Box::new(ZeroPadding1D::new((1, 2))),
        "zero_padding2d" => Box::new(ZeroPadding2D::new(((1, 0), (2, 1)))),
        "cropping1d" => Box::new(Cropping1D::new((1, 2))),
        "cropping2d" => Box::new(Cropping2D::new(((1, 0), (2, 1)))),
        "up_sampling1d" => Box::new(UpSampling1D::new(3)),
        "up_sampling2d" => Box::new(UpSampling2D::new((2, 3))),
        "up_sampling2d bilinear" => Box::new(UpSampling2D::new(2).interpolation("bilinear")),
        _ => return None,
    })
}
