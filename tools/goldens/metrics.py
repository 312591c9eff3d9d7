"""Results of Keras' metrics (on JAX) over three batches that crisol-metrics is tested against.

    KERAS_BACKEND=jax python tools/goldens/metrics.py > crates/crisol-metrics/tests/goldens/keras.txt

Lines: metric, settings, inputs, whether weighted, the results after one, two and three batches of 8 samples. Inputs follow from `wave`, which the
test computes as well; scores are multiples of 1/64, so that many are equal and some lie on a threshold.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras.src.metrics.metrics_utils import confusion_matrix

M = keras.metrics


def wave(sizes, seed):
    count = int(np.prod(sizes))
    return ((np.arange(count) * 37 + seed * 11) % 101 / 64 - 0.75).reshape(sizes).astype("float32")


def binary(seed):
    return (wave((8, 1), seed) > 0).astype("float32"), np.clip(wave((8, 1), seed + 5) * 0.5 + 0.5, 0, 1)


def one_hot(seed):
    return np.eye(5, dtype="float32")[wave((8, 5), seed).argmax(-1)], np.clip(wave((8, 5), seed + 5) * 0.5 + 0.5, 0, 1)


def labels(seed):
    return wave((8, 5), seed).argmax(-1), np.clip(wave((8, 5), seed + 5) * 0.5 + 0.5, 0, 1)


def near(seed):
    """Scores of which every second row is right."""
    y, p = one_hot(seed)
    return y, np.clip(p + y * (np.arange(8) % 2)[:, None], 0, 2)


def near_labels(seed):
    y, p = near(seed)
    return y.argmax(-1), p


def classes(seed):
    """Class numbers on both sides; some are none of five."""
    return labels(seed)[0], wave((8, 5), seed + 5).argmax(-1) + np.arange(8) % 2


def masks(seed):
    """Class numbers of images of two by three."""
    return wave((8, 2, 3), seed) * 4 // 1 % 4, wave((8, 2, 3), seed + 5) * 4 // 1 % 4


def corners(seed):
    """One class number a sample."""
    return tuple(part[:, 0, 0] for part in masks(seed))


class Matrix:
    """The function, as a metric."""

    def __init__(self, num_classes):
        self.classes, self.sum = num_classes, 0

    def update_state(self, y, p, weight):
        weight = None if weight is None else np.asarray(weight)
        self.sum = self.sum + confusion_matrix(y, p, self.classes, weight, dtype="float32")

    def result(self):
        return self.sum


def numbers(seed):
    return wave((8, 2), seed) * 3, wave((8, 2), seed + 5) * 3


METRICS = [
    *[(name, getattr(M, kind), {**settings}, binary)
      for name, kind in [("true_positives", "TruePositives"), ("false_positives", "FalsePositives"), ("true_negatives", "TrueNegatives"), ("false_negatives", "FalseNegatives")]
      for settings in [{}, {"thresholds": [0.25, 0.5, 0.9]}]],
    *[(name, getattr(M, kind), settings, inputs)
      for name, kind in [("precision", "Precision"), ("recall", "Recall")]
      for settings, inputs in [({}, binary), ({"thresholds": [0.0, 0.5, 1.0]}, binary), ({"thresholds": [0.25, 0.4]}, binary), ({}, one_hot), ({"top_k": 2}, one_hot), ({"class_id": 1}, one_hot), ({"top_k": 2, "class_id": 3}, one_hot)]],
    *[("auc", M.AUC, {"curve": curve, "summation_method": method, **more}, binary)
      for curve in ["ROC", "PR"] for method in ["interpolation", "minoring", "majoring"] for more in [{}, {"num_thresholds": 9}, {"thresholds": [0.3, 0.6]}]],
    ("auc", M.AUC, {}, one_hot),
    *[("auc", M.AUC, settings, one_hot)
      for settings in [{"multi_label": True}, {"multi_label": True, "label_weights": [1.0, 0.0, 2.0, 0.5, 3.0], "curve": "PR"}, {"label_weights": [1.0, 0.0, 2.0, 0.5, 3.0]},
                       {"multi_label": True, "thresholds": [0.3, 0.6], "curve": "PR", "summation_method": "majoring"}]],
    *[("auc", M.AUC, {"curve": "PRGAIN", **more}, binary) for more in [{}, {"summation_method": "minoring"}]],
    *[(name, kind, {"num_classes": 5, **settings}, inputs)
      for name, kind, own, inputs in [("io_u", M.IoU, {"target_class_ids": [0, 3]}, classes), ("mean_io_u", M.MeanIoU, {}, classes),
                                      ("one_hot_io_u", M.OneHotIoU, {"target_class_ids": [1, 4]}, near), ("one_hot_mean_io_u", M.OneHotMeanIoU, {}, near)]
      for settings in [own, {**own, "ignore_class": 1}]],
    ("mean_io_u", M.MeanIoU, {"num_classes": 4}, masks),
    ("mean_io_u", M.MeanIoU, {"num_classes": 5, "sparse_y_pred": False}, near_labels),
    ("binary_io_u", M.BinaryIoU, {}, binary),
    ("binary_io_u", M.BinaryIoU, {"target_class_ids": [1], "threshold": 0.25}, binary),
    ("confusion_matrix", Matrix, {"num_classes": 4}, corners),
    ("f1_score", M.F1Score, {}, one_hot),
    *[("fbeta_score", M.FBetaScore, settings, one_hot)
      for settings in [{"average": "micro"}, {"average": "macro", "beta": 2.0}, {"average": "weighted", "beta": 0.5, "threshold": 0.4}]],
    ("r2_score", M.R2Score, {}, numbers),
    ("r2_score", M.R2Score, {"class_aggregation": "variance_weighted_average"}, numbers),
    ("r2_score", M.R2Score, {"num_regressors": 2}, numbers),
    *[(name, kind, settings, numbers)
      for name, kind in [("pearson_correlation", M.PearsonCorrelation), ("concordance_correlation", M.ConcordanceCorrelation)] for settings in [{}, {"axis": 0}]],
    ("binary_accuracy", M.BinaryAccuracy, {}, binary),
    ("categorical_accuracy", M.CategoricalAccuracy, {}, one_hot),
    ("sparse_categorical_accuracy", M.SparseCategoricalAccuracy, {}, labels),
    ("top_k_categorical_accuracy", M.TopKCategoricalAccuracy, {"k": 2}, one_hot),
    ("sparse_top_k_categorical_accuracy", M.SparseTopKCategoricalAccuracy, {"k": 2}, labels),
    *[(name, kind, {"num_thresholds": 20, "at": at}, binary)
      for name, kind in [("precision_at_recall", M.PrecisionAtRecall), ("recall_at_precision", M.RecallAtPrecision), ("sensitivity_at_specificity", M.SensitivityAtSpecificity), ("specificity_at_sensitivity", M.SpecificityAtSensitivity)]
      for at in [0.3, 0.7]],
    *[(name, kind, {}, numbers) for name, kind in [
        ("mean_squared_error", M.MeanSquaredError), ("root_mean_squared_error", M.RootMeanSquaredError), ("mean_absolute_error", M.MeanAbsoluteError),
        ("mean_absolute_percentage_error", M.MeanAbsolutePercentageError), ("mean_squared_logarithmic_error", M.MeanSquaredLogarithmicError),
        ("cosine_similarity", M.CosineSimilarity), ("logcosh", M.LogCoshError), ("hinge", M.Hinge), ("squared_hinge", M.SquaredHinge)]],
    *[(name, kind, {}, one_hot) for name, kind in [
        ("categorical_hinge", M.CategoricalHinge), ("kl_divergence", M.KLDivergence), ("poisson", M.Poisson),
        ("binary_crossentropy", M.BinaryCrossentropy), ("categorical_crossentropy", M.CategoricalCrossentropy)]],
    ("sparse_categorical_crossentropy", M.SparseCategoricalCrossentropy, {}, labels),
    ("cosine_similarity", M.CosineSimilarity, {"axis": 0}, numbers),
    ("binary_accuracy", M.BinaryAccuracy, {"threshold": 0.25}, binary),
    ("binary_crossentropy", M.BinaryCrossentropy, {"from_logits": True, "label_smoothing": 0.2}, one_hot),
    ("categorical_crossentropy", M.CategoricalCrossentropy, {"from_logits": True, "label_smoothing": 0.2}, one_hot),
    ("sparse_categorical_crossentropy", M.SparseCategoricalCrossentropy, {"from_logits": True}, labels),
    ("sparse_categorical_crossentropy", M.SparseCategoricalCrossentropy, {"ignore_class": 2}, labels),
]


def main():
    for name, make, settings, inputs in METRICS:
        for weighted in ["-", "weights"][: 1 if settings.get("axis") == 0 else 2]:
            options = dict(settings)
            at = options.pop("at", None)
            if "io_u" in name:
                options["dtype"] = "float32"  # or weights are cut to whole numbers
            metric = make(*([] if at is None else [at]), **options)
            shown = []
            for batch in range(3):
                y, p = inputs(batch)
                weight = np.abs(wave((8,), batch + 20)) if weighted == "weights" else None
                if weight is not None and inputs is masks:
                    weight = np.broadcast_to(weight[:, None, None], y.shape)  # Keras takes one a number
                metric.update_state(y, p, weight)
                shown += list(np.asarray(metric.result()).ravel())
            text = " ".join(f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}" for key, value in settings.items())
            print(f"{name} | {text} | {inputs.__name__} | {weighted} | {' '.join(f'{x:.7g}' for x in shown)}")


main()
