"""Whole trainings by Keras' fit from given weights: the losses of 50 steps, in double and in single precision.

    KERAS_BACKEND=tensorflow python tools/goldens/runs.py mlp regression cnn > crates/crisol-train/tests/goldens/runs.txt
    KERAS_BACKEND=jax python tools/goldens/runs.py lstm >> crates/crisol-train/tests/goldens/runs.txt

On JAX, convolutions and tanh of float64 are no more exact than about 1e-8, and the convolutional network makes 4e-5 of that in 50 steps;
on TensorFlow, Adam updates only the rows of an embedding that a batch has, which the others and crisol do not.

Every line: the run | float64 or float32 | the logs' loss after each step, which is the mean over the epoch so far. Weights and data
follow from `fixed`, which the test computes as well; five epochs of ten batches, in the order of the data.
"""

import os
import sys

os.environ["JAX_ENABLE_X64"] = "1"

import keras
import numpy as np

BATCH, STEPS, EPOCHS = 8, 10, 5


def fixed(stream, shape):
    """Numbers from -1 up to 1; each follows from stream and index."""
    z = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(stream << 32)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(32)
    z *= np.uint64(0xD6E8FEB86659FD93)
    z ^= z >> np.uint64(32)
    return ((z >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1).reshape(shape)


def weights_for(model):
    """Kernels as Glorot and Bengio scale them, vectors small, those of batch normalization as they are: the test does the same."""
    weights = []
    for number, weight in enumerate(model.weights):
        shape = tuple(weight.shape)
        if "batch_normalization" in weight.path:
            weights.append(np.asarray(weight))
            continue
        scale = (6 / (np.prod(shape[:-1]) + shape[-1])) ** 0.5 if len(shape) > 1 else 0.1
        weights.append(fixed(100 + number, shape) * scale)
    return weights


class Losses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


def classes(stream, count):
    return ((fixed(stream, (BATCH * STEPS,)) + 1) / 2 * count).astype("int32")


def mlp():
    layers = [keras.Input((20,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(16, "tanh"), keras.layers.Dense(5, "softmax")]
    return layers, keras.optimizers.RMSprop(0.01), "sparse_categorical_crossentropy", fixed(1, (BATCH * STEPS, 20)), classes(2, 5)


def regression():
    layers = [keras.Input((8,)), keras.layers.Dense(50, "relu"), keras.layers.Dense(50, "relu"), keras.layers.Dense(1)]
    return layers, keras.optimizers.Adam(0.01), "mse", fixed(3, (BATCH * STEPS, 8)), fixed(4, (BATCH * STEPS, 1))


def cnn():
    layers = [
        keras.Input((12, 12, 3)),
        keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(12, 3, strides=2),
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(4),
    ]
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    # From logits: this run soon has probabilities above 1 - 1e-7, which Keras cuts off on JAX and, as crisol, not on TensorFlow.
    return layers, optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), fixed(5, (BATCH * STEPS, 12, 12, 3)), classes(6, 4)


def lstm():
    layers = [keras.Input((10,)), keras.layers.Embedding(30, 8), keras.layers.LSTM(12), keras.layers.Dense(1, "sigmoid")]
    words = ((fixed(7, (BATCH * STEPS, 10)) + 1) / 2 * 30).astype("int32")
    return layers, keras.optimizers.Adam(0.01), "binary_crossentropy", words, classes(8, 2).reshape(-1, 1)


def main():
    for dtype in ["float64", "float32"]:
        for run in [globals()[name] for name in sys.argv[1:]]:
            keras.backend.set_floatx(dtype)
            keras.utils.clear_session()
            layers, optimizer, loss, x, y = run()
            model = keras.Sequential(layers)
            model.set_weights(weights_for(model))
            model.compile(optimizer, loss)
            seen = Losses()
            of = lambda array: array if array.dtype == np.int32 else array.astype(dtype)
            model.fit(of(x), of(y), batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[seen])
            digits = 12 if dtype == "float64" else 8
            print(f"{run.__name__} | {dtype} | {' '.join(f'{loss:.{digits}g}' for loss in seen.losses)}")


main()
