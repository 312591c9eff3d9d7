"""Values and gradients of Keras' losses (on JAX, in double precision) that crisol-losses is tested against.

    KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tools/goldens/losses.py > crates/crisol-losses/tests/goldens/keras.txt

Every line: the loss with its settings, the inputs, the reduction, whether weighted and masked, the value, the gradient by y_pred of
its sum. Inputs follow from `wave`, which the test computes as well.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import jax
import keras
import numpy as np

keras.config.set_floatx("float64")
L = keras.losses


def wave(sizes, seed):
    """Numbers from -0.75 to 0.83 that tell places apart, exact in single precision."""
    count = int(np.prod(sizes))
    return ((np.arange(count) * 37 + seed * 11) % 101 / 64 - 0.75).reshape(sizes)


def numbers(sizes):
    return wave(sizes, 1) * 3, wave(sizes, 2) * 3


def positive(sizes):
    return wave(sizes, 3) + 0.875, wave(sizes, 4) + 0.875


def binary(sizes):
    return (wave(sizes, 5) > 0) * 1.0, wave(sizes, 6) * 0.5 + 0.5


def signs(sizes):
    return (wave(sizes, 5) > 0) * 2.0 - 1, wave(sizes, 6) * 3


def binary_logits(sizes):
    return (wave(sizes, 5) > 0) * 1.0, wave(sizes, 7) * 4


def extreme_logits(sizes):
    x = wave(sizes, 7) * 4
    x.flat[0], x.flat[1], x.flat[2] = 300, -300, 0
    return (wave(sizes, 5) > 0) * 1.0, x


def extreme_probabilities(sizes):
    p = wave(sizes, 6) * 0.5 + 0.5
    p.flat[0], p.flat[1] = 0, 1
    return (wave(sizes, 5) > 0) * 1.0, p


def one_hot(sizes):
    return np.eye(sizes[-1])[wave(sizes, 5).argmax(-1)], wave(sizes, 6) * 0.5 + 0.5


def one_hot_logits(sizes):
    return np.eye(sizes[-1])[wave(sizes, 5).argmax(-1)], wave(sizes, 7) * 4


def one_hot_extreme(sizes):
    y, x = one_hot_logits(sizes)
    x.flat[0], x.flat[1] = 300, -300
    return y, x


def labels(sizes):
    return wave(sizes, 5).argmax(-1).astype("int64"), wave(sizes, 6) * 0.5 + 0.5


def labels_logits(sizes):
    return wave(sizes, 5).argmax(-1).astype("int64"), wave(sizes, 7) * 4


def masks(sizes):
    return (wave(sizes, 5) > 0) * 1.0, wave(sizes, 6) * 0.5 + 0.5


LOSSES = {
    "mean_squared_error": [(L.MeanSquaredError, {}, numbers)],
    "mean_absolute_error": [(L.MeanAbsoluteError, {}, numbers)],
    "mean_absolute_percentage_error": [(L.MeanAbsolutePercentageError, {}, numbers)],
    "mean_squared_logarithmic_error": [(L.MeanSquaredLogarithmicError, {}, positive), (L.MeanSquaredLogarithmicError, {}, numbers)],
    "cosine_similarity": [(L.CosineSimilarity, {}, numbers), (L.CosineSimilarity, {"axis": -2}, numbers)],
    "huber": [(L.Huber, {}, numbers), (L.Huber, {"delta": 0.3}, numbers)],
    "log_cosh": [(L.LogCosh, {}, numbers)],
    "hinge": [(L.Hinge, {}, signs), (L.Hinge, {}, binary)],
    "squared_hinge": [(L.SquaredHinge, {}, signs), (L.SquaredHinge, {}, binary)],
    "categorical_hinge": [(L.CategoricalHinge, {}, one_hot)],
    "kl_divergence": [(L.KLDivergence, {}, positive)],
    "poisson": [(L.Poisson, {}, positive)],
    "binary_crossentropy": [
        (L.BinaryCrossentropy, {}, binary),
        (L.BinaryCrossentropy, {}, extreme_probabilities),
        (L.BinaryCrossentropy, {"label_smoothing": 0.2}, binary),
        (L.BinaryCrossentropy, {"axis": -2}, binary),
        (L.BinaryCrossentropy, {"from_logits": True}, binary_logits),
        (L.BinaryCrossentropy, {"from_logits": True}, extreme_logits),
        (L.BinaryCrossentropy, {"from_logits": True, "label_smoothing": 0.2}, binary_logits),
    ],
    "binary_focal_crossentropy": [
        (L.BinaryFocalCrossentropy, {}, binary),
        (L.BinaryFocalCrossentropy, {"from_logits": True}, binary_logits),
        (L.BinaryFocalCrossentropy, {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5}, binary),
        (L.BinaryFocalCrossentropy, {"label_smoothing": 0.2, "axis": -2}, binary),
    ],
    "categorical_crossentropy": [
        (L.CategoricalCrossentropy, {}, one_hot),
        (L.CategoricalCrossentropy, {"label_smoothing": 0.2}, one_hot),
        (L.CategoricalCrossentropy, {"axis": -2}, one_hot),
        (L.CategoricalCrossentropy, {"from_logits": True}, one_hot_logits),
        (L.CategoricalCrossentropy, {"from_logits": True}, one_hot_extreme),
        (L.CategoricalCrossentropy, {"from_logits": True, "label_smoothing": 0.2}, one_hot_logits),
    ],
    "categorical_focal_crossentropy": [
        (L.CategoricalFocalCrossentropy, {}, one_hot),
        (L.CategoricalFocalCrossentropy, {"from_logits": True}, one_hot_logits),
        (L.CategoricalFocalCrossentropy, {"alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.2}, one_hot),
    ],
    "sparse_categorical_crossentropy": [
        (L.SparseCategoricalCrossentropy, {}, labels),
        (L.SparseCategoricalCrossentropy, {"from_logits": True}, labels_logits),
        (L.SparseCategoricalCrossentropy, {"ignore_class": 1}, labels),
        (L.SparseCategoricalCrossentropy, {"from_logits": True, "ignore_class": 2}, labels_logits),
    ],
    "categorical_generalized_cross_entropy": [(L.CategoricalGeneralizedCrossEntropy, {}, labels), (L.CategoricalGeneralizedCrossEntropy, {"q": 0.8}, labels)],
    "dice": [(L.Dice, {}, masks), (L.Dice, {"axis": (1,)}, masks)],
    "tversky": [(L.Tversky, {}, masks), (L.Tversky, {"alpha": 0.3, "beta": 0.7}, masks), (L.Tversky, {"alpha": 0.3, "beta": 0.7, "axis": (1,)}, masks)],
}


def show(name, settings, kind, sizes, reduction, weighted, masked, value, gradient):
    settings = " ".join(f"{key}={value[0] if isinstance(value, tuple) else value}" for key, value in settings.items())
    sizes = ",".join(map(str, sizes))

    def text(x):
        return " ".join(f"{number:.9g}" for number in np.asarray(x).ravel())

    print(" | ".join([name, settings, f"{kind.__name__} {sizes}", reduction, weighted, masked, text(value), text(gradient)]))


def line(name, make, settings, kind, sizes, reduction="sum_over_batch_size", weighted="-", masked="-"):
    y, p = kind(sizes)
    loss = make(reduction=reduction, **settings)
    weight = {"-": None, "samples": np.abs(wave(sizes[:1], 8)) * 2, "steps": np.abs(wave(sizes[:-1], 8)) * 2}[weighted]
    mask = None if masked == "-" else wave(sizes[:-1], 9) > 0

    def value(p):
        if mask is not None:
            keras.src.backend.set_keras_mask(p, mask)
        return loss(y, p, sample_weight=weight)

    # The mask would be lost in a trace: the gradient is shown without one only.
    shown = value(jax.numpy.array(p)) if mask is not None else value(p)
    gradient = [] if mask is not None else jax.grad(lambda p: jax.numpy.sum(value(p)))(p)
    show(name, settings, kind, sizes, reduction, weighted, masked, shown, gradient)


def main():
    for name, configurations in LOSSES.items():
        for number, (make, settings, kind) in enumerate(configurations):
            line(name, make, settings, kind, (4, 3))
            if name not in ["dice", "tversky"] and settings.get("axis") != -2:
                line(name, make, settings, kind, (4, 3), weighted="samples")
            if number == 0:
                for reduction in ["sum", "mean", "mean_with_sample_weight", "none"]:
                    line(name, make, settings, kind, (4, 3), reduction=reduction, weighted="samples")
                if name not in ["dice", "tversky"]:
                    for reduction in ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"]:
                        line(name, make, settings, kind, (2, 5, 3), reduction=reduction, weighted="steps", masked="mask")
                    line(name, make, settings, kind, (2, 5, 3), masked="mask")


main()
