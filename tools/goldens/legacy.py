"""Histories of Keras 2's `add_metric` and `add_loss`, which Keras 3 no longer has, by the package tf-keras.

    python tools/goldens/legacy.py > crates/crisol-train/tests/goldens/legacy.txt

Every line: the case | a name in the history | its numbers. Inputs follow from `wave`, which the test computes as well.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras as keras


def wave(sizes, seed):
    count = int(np.prod(sizes))
    return (((np.arange(count) * 37 + seed * 11) % 101) / 64 - 0.75).astype("float32").reshape(sizes)


def show(case, history):
    for name, values in history.items():
        print(f"{case} | {name} | {' '.join(f'{value:.7g}' for value in values)}")


class Followed(keras.layers.Layer):
    """Adds a metric and a loss of what goes through it."""

    def call(self, x):
        self.add_metric(keras.backend.std(x), name="std_of_activation", aggregation="mean")
        self.add_loss(0.1 * tf.reduce_sum(tf.square(x)))
        return x


def functional():
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4, activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    model.add_metric(keras.backend.std(hidden), name="std_of_activation", aggregation="mean")
    model.add_loss(tf.reduce_sum(hidden) * 0.1)
    return model


def layered():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), Followed(), keras.layers.Dense(1)])


def main():
    # Batches of 8, 8 and 4: means are of batches, whatever their size.
    x, y = wave((20, 3), 1), wave((20, 1), 2)
    for case, make in [("functional", functional), ("layered", layered)]:
        model = make()
        model.set_weights([wave((3, 4), 5), wave((4,), 6), wave((4, 1), 7), wave((1,), 8)])
        model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
        history = model.fit(x, y, validation_data=(x, y), epochs=3, batch_size=8, shuffle=False, verbose=0)
        show(case, history.history)


main()
