"""Keras' own `fit` and `predict_on_batch`, on TensorFlow or JAX, and what all Keras models here share."""

import os
import sys

if len(sys.argv) > 1 and sys.argv[1].startswith("keras-"):
    os.environ["KERAS_BACKEND"] = sys.argv[1].removeprefix("keras-")

import keras
import numpy as np

import workloads as w

STEPS = 256  # of one epoch: long enough that its ends do not count


class Side:
    def __init__(self, framework, threads):
        if framework == "keras-tensorflow":
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.version = f"{keras.__version__} on {keras.backend.backend()}"

    def workloads(self):
        return [f"{name}-fit" for name in w.DENSE] + ["mlp-epoch", "predict"]

    def workload(self, name):
        if name == "mlp-epoch":
            return epoch()
        return predict() if name == "predict" else fit(w.Dense(name.removesuffix("-fit")))


def model(data):
    layers = [keras.Input(data.sizes[:1])]
    layers += [keras.layers.Dense(units, "relu") for units in data.sizes[1:-1]]
    layers += [keras.layers.Dense(data.sizes[-1], "softmax" if data.classes else None)]
    model = keras.Sequential(layers)
    model.set_weights([part for kernel in data.weights for part in (kernel, np.zeros(kernel.shape[1], np.float32))])
    return model


def optimizer(data):
    return {"rmsprop": keras.optimizers.RMSprop, "sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[data.optimizer](data.rate)


def loss(data):
    return keras.losses.SparseCategoricalCrossentropy() if data.classes else keras.losses.MeanSquaredError()


def compiled(data):
    network = model(data)
    network.compile(optimizer(data), loss(data), metrics=["accuracy"] if data.classes else None)
    return network


def fit(data):
    network = compiled(data)
    x, y = (np.concatenate([part] * (STEPS // w.BATCHES)) for part in (data.x, data.y))

    def run(iterations):
        epochs = -(-iterations // STEPS)
        network.fit(x, y, batch_size=data.batch, epochs=epochs, verbose=0)
        return epochs * STEPS

    def check():
        epochs = w.CHECK_STEPS // w.BATCHES
        history = compiled(data).fit(data.x, data.y, batch_size=data.batch, epochs=epochs, shuffle=False, verbose=0)
        return history.history["loss"][-1]

    return run, check


class Count(keras.callbacks.Callback):
    steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1


def epoch():
    """An epoch over as many images as MNIST has, with callbacks and the progress bar."""
    data = w.Dense("mlp")
    network = compiled(data)
    x, y = w.images()

    def run(epochs):
        stop = keras.callbacks.EarlyStopping("loss", patience=max(epochs, 2) - 1, restore_best_weights=True)
        network.fit(x, y, batch_size=data.batch, epochs=epochs, verbose=1, callbacks=[stop, Count()])

    def check():
        x_few, y_few = x[: w.CHECKED], y[: w.CHECKED]
        history = compiled(data).fit(x_few, y_few, batch_size=data.batch, shuffle=False, verbose=0)
        return history.history["loss"][-1]

    return run, check


def predict():
    data = w.Dense("mlp")
    network = model(data)
    rows = [data.x[i : i + 1] for i in range(data.batch)]

    def run(iterations):
        for i in range(iterations):
            np.asarray(network.predict_on_batch(rows[i % len(rows)]))

    return run, lambda: w.mean_square(network.predict_on_batch(rows[0]))
