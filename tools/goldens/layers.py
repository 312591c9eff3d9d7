"""Values and gradients of Keras' layers (on JAX, in double precision) that crisol-layers is tested against.

    KERAS_BACKEND=jax python tools/goldens/layers.py > crates/crisol-layers/tests/goldens/layers.txt

A case is a name, the mode, and the shapes of the inputs; below it are the weights, the outputs, the gradients of the sum of `output * wave`
by inputs and weights, and what states became. Inputs and weights follow from `wave`, which the test computes as well.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import keras
import numpy as np
from keras import layers as L

keras.config.set_floatx("float64")


def wave(sizes, seed):
    """Numbers from -0.75 to 0.82 that tell places apart."""
    count = int(np.prod(sizes))
    return (((np.arange(count) * 37 + seed * 11) % 101) / 64 - 0.75).reshape(sizes)


def line(kind, name, value):
    value = np.asarray(value)
    shape = ",".join(str(size) for size in value.shape)
    print(f"{kind} | {name} | {shape} | {' '.join(f'{x:.9g}' for x in value.ravel())}")


def show(name, layer, shapes, modes=("inference",), integers=False, call=None, more=None):
    inputs = []
    for place, shape in enumerate(shapes):
        value = wave(shape, place + 1)
        if integers:
            value = ((np.arange(int(np.prod(shape))) * 7 + 3) % 5).reshape(shape).astype("int32")
        inputs.append(value)
    given = inputs if len(inputs) > 1 else inputs[0]
    call = call or (lambda given: (given,))
    more = more or {}
    layer(*call(given), **more)
    for mode in modes:
        training = mode == "training"
        for place, weight in enumerate(() if isinstance(layer, L.Normalization) else layer.weights):
            value = wave(tuple(weight.shape), 20 + place)
            weight.assign(value + 1.5 if "variance" in weight.path else value)
        trainable = [weight.value for weight in layer.trainable_variables]
        rest = [weight.value for weight in layer.non_trainable_variables]

        def run(trainable, inputs):
            given = inputs if len(inputs) > 1 else inputs[0]
            how = {**more, "training": training} if layer._call_has_training_arg else more
            outputs, states = layer.stateless_call(trainable, rest, *call(given), **how)
            outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
            total = sum((output * wave(output.shape, 7 + place)).sum() for place, output in enumerate(outputs))
            return total, (outputs, states)

        which = (0,) if integers else (0, 1)
        (_, (outputs, states)), gradients = jax.value_and_grad(run, argnums=which, has_aux=True)(trainable, inputs)
        print(f"case | {name} | {mode} | {';'.join(','.join(map(str, shape)) for shape in shapes)}")
        for weight in () if isinstance(layer, L.Normalization) else layer.weights:
            print(f"weight | {weight.name} | {','.join(map(str, weight.shape))} | ")
        for place, output in enumerate(outputs):
            line("output", place, output)
        if not integers:
            for place, gradient in enumerate(gradients[1]):
                line("input gradient", place, gradient)
        for weight, gradient in zip(layer.trainable_variables, gradients[0]):
            line("weight gradient", [id(w) for w in layer.weights].index(id(weight)), gradient)
        if training:
            for weight, state in zip(layer.non_trainable_variables, states):
                if "seed" not in weight.path:
                    line("state", [id(w) for w in layer.weights].index(id(weight)), state)


BOTH = ("training", "inference")


def attend(given):
    """Attention takes its inputs one by one."""
    return tuple(given)


class Seen(keras.Model):
    """Attention whose fourth input says which keys are seen: what is above -0.5."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, query, value, key, mask):
        return self.layer(query, value, key, attention_mask=mask > -0.5)


def adapted(layer, shape):
    """Adapted to numbers of its own; mean and variance are weights of Keras' layer, which are left as they are."""
    layer.adapt(wave(shape, 9))
    return layer


class Masked(keras.Model):
    """A layer behind an embedding whose zeros are padding."""

    def __init__(self, layer):
        super().__init__()
        self.embedding = L.Embedding(5, 3, mask_zero=True)
        self.layer = layer

    def call(self, x, training=False):
        return self.layer(self.embedding(x), training=training)


def main():
    # Unrolled, as a scan of JAX mixes its element types here.
    show("dense", L.Dense(3, activation="tanh"), [(2, 4)])
    show("dense 3d", L.Dense(3, use_bias=False), [(2, 3, 4)])
    show("permute", L.Permute((2, 1)), [(2, 3, 4)])
    show("repeat_vector", L.RepeatVector(3), [(2, 2)])
    show("embedding", L.Embedding(5, 3), [(2, 4)], integers=True)
    show("relu", L.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.2), [(2, 7)])
    show("relu plain", L.ReLU(), [(2, 7)])
    show("relu capped", L.ReLU(max_value=0.3), [(2, 7)])
    show("leaky_relu", L.LeakyReLU(), [(2, 7)])
    show("elu", L.ELU(alpha=0.7), [(2, 7)])
    show("prelu", L.PReLU(), [(2, 3, 2)])
    show("prelu shared", L.PReLU(shared_axes=[1]), [(2, 3, 2)])
    show("softmax", L.Softmax(), [(2, 5)])
    show("softmax axis", L.Softmax(axis=1), [(2, 3, 2)])
    show("softmax masked", L.Softmax(), [(2, 5), (2, 5)], call=lambda given: (given[0], given[1]))
    show("softmax mask spread", L.Softmax(axis=1), [(2, 3, 2), (2, 3, 1)], call=lambda given: (given[0], given[1]))
    show("normalization", adapted(L.Normalization(), (7, 3)), [(2, 3)])
    show("normalization steps", adapted(L.Normalization(invert=True), (5, 2, 3)), [(2, 4, 3)])
    show("batch_normalization", L.BatchNormalization(), [(6, 3)], BOTH)
    show("batch_normalization image", L.BatchNormalization(momentum=0.8, epsilon=0.01, scale=False), [(2, 3, 2, 2)], BOTH)
    show("batch_normalization axis", L.BatchNormalization(axis=1, center=False), [(3, 2, 4)], BOTH)
    show("layer_normalization", L.LayerNormalization(), [(2, 3, 4)])
    show("layer_normalization axes", L.LayerNormalization(axis=[1, 2], epsilon=0.1), [(2, 3, 4)])
    show("layer_normalization plain", L.LayerNormalization(center=False, scale=False), [(2, 4)])
    show("group_normalization", L.GroupNormalization(groups=2), [(2, 3, 2, 4)])
    show("group_normalization instance", L.GroupNormalization(groups=-1, axis=1), [(2, 3, 4)])
    show("rms_normalization", L.RMSNormalization(), [(2, 3, 4)])
    show("unit_normalization", L.UnitNormalization(), [(2, 3, 4)])
    show("unit_normalization axis", L.UnitNormalization(axis=1), [(2, 3, 4)])
    show("alpha_dropout", L.AlphaDropout(0.4), [(2, 3)])
    show("add", L.Add(), [(2, 3), (2, 3), (2, 3)])
    show("add ranks", L.Add(), [(2, 4, 3), (2, 3)])
    show("multiply", L.Multiply(), [(2, 3, 4), (2, 1, 4)])
    show("subtract", L.Subtract(), [(2, 3), (2, 3)])
    show("average", L.Average(), [(2, 3), (2, 3), (2, 3)])
    show("maximum", L.Maximum(), [(2, 5), (2, 5)])
    show("minimum", L.Minimum(), [(2, 5), (2, 5)])
    show("concatenate", L.Concatenate(), [(2, 3), (2, 2)])
    show("concatenate axis", L.Concatenate(axis=1), [(2, 3, 2), (2, 1, 2)])
    show("dot", L.Dot(axes=1), [(2, 4), (2, 4)])
    show("dot cosine", L.Dot(axes=-1, normalize=True), [(2, 4), (2, 4)])
    show("dot axes", L.Dot(axes=(2, 1)), [(2, 3, 4), (2, 4, 2)])
    show("simple_rnn", L.SimpleRNN(3, unroll=True), [(2, 4, 2)])
    show("simple_rnn sequences", L.SimpleRNN(3, unroll=True, return_sequences=True, activation="relu", use_bias=False), [(2, 4, 2)])
    show("lstm", L.LSTM(3, unroll=True), [(2, 4, 2)])
    show("lstm sequences", L.LSTM(2, unroll=True, return_sequences=True, return_state=True, go_backwards=True), [(2, 4, 2)])
    show("lstm bare", L.LSTM(2, unroll=True, activation="relu", recurrent_activation="hard_sigmoid", use_bias=False), [(2, 3, 2)])
    show("lstm states", L.LSTM(2, unroll=True, return_sequences=True), [(2, 3, 2), (2, 2), (2, 2)], call=lambda given: (given[0], list(given[1:])))
    show("gru", L.GRU(3, unroll=True), [(2, 4, 2)])
    show("gru sequences", L.GRU(2, unroll=True, return_sequences=True, return_state=True), [(2, 3, 2)])
    show("gru before", L.GRU(2, unroll=True, reset_after=False, go_backwards=True, return_sequences=True), [(2, 4, 2)])
    show("gru bare", L.GRU(2, unroll=True, use_bias=False), [(2, 3, 2)])
    show("bidirectional", L.Bidirectional(L.LSTM(2, unroll=True)), [(2, 3, 2)])
    show("bidirectional sequences", L.Bidirectional(L.GRU(2, unroll=True, return_sequences=True), merge_mode="sum"), [(2, 3, 2)])
    show("bidirectional states", L.Bidirectional(L.SimpleRNN(2, unroll=True, return_state=True, return_sequences=True), merge_mode="mul"), [(2, 3, 2)])
    show("time_distributed", L.TimeDistributed(L.Dense(2, activation="tanh")), [(2, 3, 4)])
    show("time_distributed batch_normalization", L.TimeDistributed(L.BatchNormalization()), [(3, 2, 4)], BOTH)
    show("attention", L.Attention(), [(2, 3, 4), (2, 5, 4)])
    show("attention scaled", L.Attention(use_scale=True), [(2, 3, 4), (2, 5, 4), (2, 5, 4)])
    show("attention concat", L.Attention(use_scale=True, score_mode="concat"), [(2, 3, 4), (2, 2, 4)])
    show("multi_head", L.MultiHeadAttention(2, 3), [(2, 3, 4), (2, 5, 4)], call=attend)
    show("multi_head key", L.MultiHeadAttention(2, 3, output_shape=5, use_bias=False), [(2, 3, 4), (2, 5, 3), (2, 5, 2)], call=attend)
    show("multi_head causal", L.MultiHeadAttention(1, 2), [(2, 4, 3), (2, 4, 3)], call=attend, more={"use_causal_mask": True})
    show("multi_head scores", L.MultiHeadAttention(2, 3), [(2, 3, 4), (2, 5, 4)], call=attend, more={"return_attention_scores": True})
    show("multi_head images", L.MultiHeadAttention(2, 2), [(2, 2, 3, 4), (2, 3, 2, 4)], call=attend, more={"return_attention_scores": True})
    show("multi_head axes", L.MultiHeadAttention(2, 3, attention_axes=[2]), [(2, 3, 2, 4), (2, 3, 4, 4)], call=attend, more={"return_attention_scores": True})
    show("multi_head axis before", L.MultiHeadAttention(1, 2, attention_axes=[1], use_bias=False), [(2, 3, 2, 4), (2, 2, 2, 4)], call=attend)
    show("multi_head mask", Seen(L.MultiHeadAttention(2, 3)), [(2, 3, 4), (2, 5, 4), (2, 5, 4), (2, 3, 5)], call=attend)
    show("multi_head axes mask", Seen(L.MultiHeadAttention(2, 3, attention_axes=[2])), [(2, 3, 2, 4), (2, 3, 4, 4), (2, 3, 4, 4), (2, 2, 4)], call=attend)
    for kind, layer in [("simple_rnn", L.SimpleRNN(2, unroll=True)), ("lstm", L.LSTM(2, unroll=True, return_sequences=True)), ("gru", L.GRU(2, unroll=True, return_sequences=True, go_backwards=True))]:
        show(f"masked {kind}", Masked(layer), [(3, 4)], integers=True)
    show("masked bidirectional", Masked(L.Bidirectional(L.LSTM(2, unroll=True, return_sequences=True))), [(3, 4)], integers=True)
    show("masked batch_normalization", Masked(L.BatchNormalization()), [(3, 4)], BOTH, integers=True)
    show("masked average", Masked(L.GlobalAveragePooling1D()), [(3, 4)], integers=True)
    show("einsum_dense", L.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d", activation="tanh"), [(2, 3, 4)])
    show("einsum_dense heads", L.EinsumDense("...x,xy->...y", output_shape=3, bias_axes="y"), [(2, 2, 4)])
    show("einsum_dense product", L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"), [(2, 3, 4)])
    for name, make in [("average_pooling2d", L.AveragePooling2D), ("max_pooling2d", L.MaxPooling2D)]:
        show(name, make(2), [(1, 4, 5, 2)])
        show(f"{name} same", make((3, 2), strides=(2, 1), padding="same"), [(1, 4, 5, 2)])
    for name, make in [("average_pooling1d", L.AveragePooling1D), ("max_pooling1d", L.MaxPooling1D)]:
        show(name, make(2), [(2, 5, 2)])
        show(f"{name} same", make(3, strides=2, padding="same"), [(2, 5, 2)])
    for name, make in [("average", L.AdaptiveAveragePooling2D), ("max", L.AdaptiveMaxPooling2D)]:
        show(f"adaptive_{name}_pooling2d", make((2, 3)), [(1, 5, 7, 2)])
        show(f"adaptive_{name}_pooling2d larger", make((3, 5)), [(1, 6, 4, 2)])
    for name, make in [("average", L.AdaptiveAveragePooling1D), ("max", L.AdaptiveMaxPooling1D)]:
        show(f"adaptive_{name}_pooling1d", make(3), [(2, 8, 2)])
        show(f"adaptive_{name}_pooling1d even", make(2), [(2, 6, 2)])
    for name, make in [("global_max_pooling2d", L.GlobalMaxPooling2D), ("global_average_pooling2d", L.GlobalAveragePooling2D)]:
        show(name, make(), [(2, 2, 3, 2)])
    for name, make in [("global_max_pooling1d", L.GlobalMaxPooling1D), ("global_average_pooling1d", L.GlobalAveragePooling1D)]:
        show(name, make(keepdims=True), [(2, 3, 2)])
    show("conv1d", L.Conv1D(3, 2, strides=2, activation="relu"), [(2, 5, 2)])
    show("conv1d causal", L.Conv1D(2, 3, padding="causal", dilation_rate=2), [(1, 6, 2)])
    show("conv1d groups", L.Conv1D(4, 2, padding="same", groups=2, use_bias=False), [(1, 5, 4)])
    show("conv2d", L.Conv2D(2, (3, 2), strides=2, padding="same"), [(1, 4, 5, 2)])
    show("conv1d_transpose", L.Conv1DTranspose(2, 3, strides=2), [(1, 4, 2)])
    show("conv1d_transpose same", L.Conv1DTranspose(2, 3, strides=2, padding="same", output_padding=1), [(1, 4, 2)])
    show("conv2d_transpose", L.Conv2DTranspose(2, 3, strides=2, padding="same", activation="tanh"), [(1, 2, 3, 2)])
    show("conv2d_transpose valid", L.Conv2DTranspose(3, (2, 3), strides=(1, 2), use_bias=False), [(1, 2, 3, 2)])
    show("depthwise_conv2d", L.DepthwiseConv2D(2, depth_multiplier=2, activation="tanh"), [(1, 3, 4, 2)])
    show("depthwise_conv2d same", L.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False), [(1, 4, 5, 2)])
    show("separable_conv2d", L.SeparableConv2D(3, 2, padding="same", depth_multiplier=2), [(1, 3, 4, 2)])
    show("separable_conv2d strides", L.SeparableConv2D(2, 3, strides=2), [(1, 5, 5, 2)])
    show("depthwise_conv1d", L.DepthwiseConv1D(2, depth_multiplier=2, padding="same"), [(1, 4, 2)])
    show("separable_conv1d", L.SeparableConv1D(3, 2, strides=2), [(1, 5, 2)])
    show("zero_padding1d", L.ZeroPadding1D((1, 2)), [(1, 2, 2)])
    show("zero_padding2d", L.ZeroPadding2D(((1, 0), (2, 1))), [(1, 2, 2, 1)])
    show("cropping1d", L.Cropping1D((1, 2)), [(1, 5, 2)])
    show("cropping2d", L.Cropping2D(((1, 0), (2, 1))), [(1, 3, 5, 1)])
    show("up_sampling1d", L.UpSampling1D(3), [(1, 2, 2)])
    show("up_sampling2d", L.UpSampling2D((2, 3)), [(1, 2, 2, 1)])
    show("up_sampling2d bilinear", L.UpSampling2D(2, interpolation="bilinear"), [(1, 2, 3, 1)])


main()
