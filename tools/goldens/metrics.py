"""Results of Keras' metrics (on JAX) over three batches that crisol-metrics is tested against.

    KERAS_BACKEND=jax python tools/goldens/metrics.py > crates/crisol-metrics/tests/goldens/keras.txt

Lines: metric, settings, inputs, whether weighted, the results after one, two and three batches of 8 samples. Inputs follow from `wave`, which the
test computes as well; scores are multiples of 1/64, so that many are equal and some lie on a threshold.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

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
    ("f1_score", M.F1Score, {}, one_hot),
    *[("fbeta_score", M.FBetaScore, settings, one_hot)
      for settings in [{"average": "micro"}, {"average": "macro", "beta": 2.0}, {"average": "weighted", "beta": 0.5, "threshold": 0.4}]],
    ("r2_score", M.R2Score, {}, numbers),
    ("r2_score", M.R2Score, {"class_aggregation": "variance_weighted_average"}, numbers),
    ("r2_score", M.R2Score, {"num_regressors": 2}, numbers),
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
]


def main():
    for name, make, settings, inputs in METRICS:
        for weighted in ["-", "weights"]:
            options = dict(settings)
            at = options.pop("at", None)
            metric = make(*([] if at is None else [at]), **options)
            shown = []
            for batch in range(3):
                y, p = inputs(batch)
                weight = np.abs(wave((8,), batch + 20)) if weighted == "weights" else None
                metric.update_state(y, p, weight)
                shown += list(np.asarray(metric.result()).ravel())
            text = " ".join(f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}" for key, value in settings.items())
            print(f"{name} | {text} | {inputs.__name__} | {weighted} | {' '.join(f'{x:.7g}' for x in shown)}")


main()
