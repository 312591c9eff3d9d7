"""What Keras' TensorBoard callback and `tf.summary` write.

    KERAS_BACKEND=tensorflow python tools/goldens/summaries.py > crates/crisol-callbacks/tests/goldens/tensorboard.txt

Lines `run` (every step is written, since Keras also leaves out epochs that end on a step that is not): what a training of two epochs of three steps writes: folder | plugin | tag | step | type | sizes.
Lines `histogram` and `image`: what is made of given numbers.
"""

import glob
import os
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2
from tensorboard.util import tensor_util


def values(folder):
    """All summaries of a folder, in the order in which they were written."""
    for path in sorted(glob.glob(os.path.join(folder, "*tfevents*"))):
        for record in RawEventFileLoader(path).Load():
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                yield event.step, value


def run(logs):
    x = keras.Input([2])
    model = keras.Model(x, keras.layers.Dense(3, use_bias=False, name="dense")(x))
    model.compile("sgd", "mse", metrics=["mean_absolute_error"])
    x, y = np.zeros([12, 2], "float32"), np.ones([12, 3], "float32")
    board = keras.callbacks.TensorBoard(
        logs, histogram_freq=1, write_images=True, update_freq="batch", write_steps_per_second=True
    )
    model.fit(x, y, batch_size=4, epochs=2, validation_data=(x[:4], y[:4]), callbacks=[board], verbose=0)
    for folder in ["train", "validation"]:
        for step, value in values(os.path.join(logs, folder)):
            plugin = value.metadata.plugin_data.plugin_name
            # The graph is of another kind: see the callback.
            if plugin == "graph_keras_model":
                continue
            sizes = ",".join(str(dim.size) for dim in value.tensor.tensor_shape.dim)
            yield [folder, plugin, value.tag, step, value.tensor.dtype, sizes]


def summaries(logs):
    writer = tf.summary.create_file_writer(logs)
    cases = [[0.0, 0.1, 0.25, 0.5, 0.9, 1.0, 1.0], [-3.0, 7.0, 7.0], [2.5, 2.5], [1e-3, -1e-3, 0.0, 5e-4]]
    images = [[0.0, 0.25, 0.5, 0.999, 1.0, 1.5, -1.0, 0.1], [0.3, 0.6, 0.7, 0.8, 0.9, 0.001, 0.002, 0.004]]
    with writer.as_default():
        for number, case in enumerate(cases):
            tf.summary.histogram(f"case{number}", np.array(case), step=0)
        for number, image in enumerate(images):
            tf.summary.image(f"image{number}", np.array(image, "float32").reshape([1, 2, 4, 1]), step=0)
    writer.flush()
    found = {value.tag: tensor_util.make_ndarray(value.tensor) for _, value in values(logs)}
    for number, case in enumerate(cases):
        yield "histogram", case, found[f"case{number}"].flatten().tolist()
    for number, image in enumerate(images):
        pixels = tf.image.decode_png(found[f"image{number}"][2]).numpy()
        yield "image", image, pixels.flatten().tolist()


def numbers(values):
    return " ".join(repr(value) for value in values)


with tempfile.TemporaryDirectory() as logs:
    for line in run(logs):
        print("run", "|".join(str(part) for part in line))
with tempfile.TemporaryDirectory() as logs:
    for kind, given, made in summaries(logs):
        print(kind, numbers(given), "|", numbers(made))
