"""Reads what the example `tensorboard` writes with TensorBoard's own reader, as its pages get it, and compares it with the training's table.

    python tools/tensorboard/check.py

`cargo xtask ci` runs it where Python has tensorboard.
"""

import csv
import os
import struct
import subprocess
import tempfile

import tensorboard
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def training(folder):
    """Runs the example, which writes to the folder for temporary files."""
    environment = {**os.environ, "TMPDIR": folder}
    command = ["cargo", "run", "--quiet", "--package", "crisol", "--example", "tensorboard"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "crisol-tensorboard")


class Board:
    """What TensorBoard shows of a folder."""

    def __init__(self, logs):
        self.multiplexer = plugin_event_multiplexer.EventMultiplexer()
        self.multiplexer.AddRunsFromDirectory(logs)
        self.multiplexer.Reload()
        self.provider = data_provider.MultiplexerDataProvider(self.multiplexer, logs)
        self.of_everything = {"experiment_id": "", "downsample": 1000}

    def runs(self):
        return {run.run_name for run in self.provider.list_runs(RequestContext(), experiment_id="")}

    def scalars(self):
        found = self.provider.read_scalars(RequestContext(), plugin_name="scalars", **self.of_everything)
        return {(run, tag): [(d.step, d.value) for d in data] for run, tags in found.items() for tag, data in tags.items()}

    def tensors(self, plugin):
        found = self.provider.read_tensors(RequestContext(), plugin_name=plugin, **self.of_everything)
        return {(run, tag): [(d.step, d.numpy) for d in data] for run, tags in found.items() for tag, data in tags.items()}

    def images(self):
        found = self.provider.read_blob_sequences(RequestContext(), plugin_name="images", **self.of_everything)
        read = lambda reference: self.provider.read_blob(RequestContext(), blob_key=reference.blob_key)
        return {
            (run, tag): [(d.step, [read(reference) for reference in d.values]) for d in data]
            for run, tags in found.items()
            for tag, data in tags.items()
        }


def check(logs):
    board = Board(logs)
    assert board.runs() == {"train", "validation", "notes"}, board.runs()

    with open(os.path.join(logs, "epochs.csv")) as table:
        epochs = list(csv.DictReader(table))
    scalars = board.scalars()
    for run, tag, column in [
        ("train", "epoch_loss", "loss"),
        ("train", "epoch_accuracy", "accuracy"),
        ("validation", "epoch_loss", "val_loss"),
        ("validation", "epoch_accuracy", "val_accuracy"),
    ]:
        found = scalars[run, tag]
        assert [step for step, _ in found] == list(range(len(epochs))), found
        for (_, value), epoch in zip(found, epochs):
            assert abs(value - float(epoch[column])) <= 1e-6 * abs(value), (tag, value, epoch)
    assert all(abs(rate - 0.01) < 1e-8 for _, rate in scalars["train", "epoch_learning_rate"])
    # 192 samples are 6 steps an epoch.
    assert [step for step, _ in scalars["train", "batch_loss"]] == [4, 8, 12, 16]
    assert [step for step, _ in scalars["validation", "evaluation_loss_vs_iterations"]] == [6, 12, 18]
    assert len(scalars) == 9, scalars.keys()

    sizes = {"conv2d/kernel": 36, "conv2d/bias": 4, "dense/kernel": 144, "dense/bias": 1}
    histograms = board.tensors("histograms")
    assert set(histograms) == {("train", f"{weight}/histogram") for weight in sizes}, histograms.keys()
    for (_, tag), data in histograms.items():
        assert [step for step, _ in data] == list(range(len(epochs)))
        for _, buckets in data:
            assert buckets.shape == (30, 3) and buckets[:, 2].sum() == sizes[tag.removesuffix("/histogram")], buckets

    images = board.images()
    shapes = {}
    for (run, tag), data in images.items():
        width, height, *files = data[-1][1]
        shapes[run, tag] = (int(width), int(height), len(files))
        for file in files:
            assert file.startswith(b"\x89PNG\r\n\x1a\n")
            assert struct.unpack(">II", file[16:24]) == (int(width), int(height))
    assert shapes == {
        ("train", "conv2d/kernel/image"): (3, 3, 3),
        ("train", "conv2d/bias/image"): (1, 4, 1),
        ("train", "dense/kernel/image"): (1, 144, 1),
        ("notes", "samples"): (8, 8, 3),
    }, shapes

    graph = board.multiplexer.GetAccumulator("train").Graph()
    nodes = {node.name: (node.op, list(node.input)) for node in graph.node}
    assert nodes["dense"] == ("Dense", ["flatten"]) and nodes["conv2d"][0] == "Conv2D", nodes

    (text,) = board.tensors("text")["notes", "model"]
    assert text[1].item().decode() == "One convolution, **no** pooling.", text
    counts = f"{len(scalars)} scalars, {len(histograms)} histograms, {len(images)} images, {len(nodes)} nodes, 1 text"
    print(f"tensorboard {tensorboard.__version__} read {counts}")


with tempfile.TemporaryDirectory() as folder:
    check(training(folder))
