"""Histories of Keras' fit with its arguments, from given weights.

    KERAS_BACKEND=jax python tools/goldens/fit.py > crates/crisol-train/tests/goldens/fit.txt

Every line: the case | a name in the history | its numbers. Inputs follow from `wave`, which the test computes as well.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np


def wave(sizes, seed):
    count = int(np.prod(sizes))
    return (((np.arange(count) * 37 + seed * 11) % 101) / 64 - 0.75).astype("float32").reshape(sizes)


def show(case, history):
    for name, values in history.items():
        print(f"{case} | {name} | {' '.join(f'{value:.7g}' for value in values)}")


def model(activation=None):
    inputs = keras.Input((3,))
    result = keras.Model(inputs, keras.layers.Dense(1, activation=activation)(inputs))
    result.set_weights([wave((3, 1), 5), wave((1,), 6)])
    return result


def main():
    x, y, w = wave((20, 3), 1), wave((20, 1), 2), wave((20,), 3) + 1
    same = dict(batch_size=8, shuffle=False, verbose=0)
    sgd = lambda: keras.optimizers.SGD(0.1)

    plain = model()
    plain.compile(sgd(), "mse", metrics=["mae"], weighted_metrics=["mse"])
    show("sample_weight", plain.fit(x, y, sample_weight=w, epochs=3, **same).history)
    show("evaluate", {k: [v] for k, v in plain.evaluate(x, y, batch_size=8, verbose=0, return_dict=True).items()})

    classes = (y[:, 0] > 0).astype("int32")
    weighted = model("sigmoid")
    weighted.compile(sgd(), "binary_crossentropy", metrics=["accuracy"])
    show("class_weight", weighted.fit(x, classes, class_weight={0: 1.0, 1: 5.0}, epochs=3, **same).history)

    one_hot = np.eye(3, dtype="float32")[(y[:, 0] > -0.25).astype(int) + (y[:, 0] > 0.25)]
    inputs = keras.Input((3,))
    scored = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    scored.set_weights([wave((3, 3), 5), wave((3,), 6)])
    scored.compile(sgd(), "categorical_crossentropy", metrics=[keras.metrics.F1Score()])
    history = scored.fit(x, one_hot, epochs=3, validation_data=(x[:10], one_hot[:10]), **same).history
    show("f1_score", {name: [np.mean(value) for value in values] for name, values in history.items()})

    some = model()
    some.compile(sgd(), "mse")
    show("validation_freq", some.fit(x, y, epochs=4, validation_split=0.25, validation_freq=2, **same).history)
    listed = model()
    listed.compile(sgd(), "mse")
    show("validation_list", listed.fit(x, y, epochs=4, validation_data=(x[:10], y[:10]), validation_freq=[1, 4], validation_steps=1, **same).history)

    together = model()
    together.compile(sgd(), "mse", metrics=["mae"], steps_per_execution=2)
    show("steps_per_execution", together.fit(x, y, epochs=3, **same).history)

    for swap in (False, True):
        averaged = model()
        averaged.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
        bias = lambda: float(averaged.get_weights()[1][0])
        seen = {"begin": [], "end": []}
        look = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: seen["begin"].append(bias()), on_epoch_end=lambda epoch, logs: seen["end"].append(bias())
        )
        callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=swap), look]
        history = averaged.fit(x, y, epochs=3, validation_data=(x[:10], y[:10]), callbacks=callbacks, **same).history
        show(f"averages_{str(swap).lower()}", {**history, **seen, "after": [bias()]})

    a_in, b_in = keras.Input((3,), name="a_in"), keras.Input((2,), name="b_in")
    both = keras.layers.Concatenate()([a_in, b_in])
    a, b = keras.layers.Dense(1, name="a")(both), keras.layers.Dense(2, name="b")(both)
    several = keras.Model([a_in, b_in], [a, b])
    several.set_weights([wave((5, 1), 5), wave((1,), 6), wave((5, 2), 7), wave((2,), 8)])
    several.compile(sgd(), {"a": "mse", "b": "mse"}, loss_weights={"a": 1.0, "b": 0.25}, metrics={"a": ["mae"], "b": ["mae"]})
    x2, y2 = wave((20, 2), 9), wave((20, 2), 10)
    history = several.fit({"a_in": x, "b_in": x2}, {"a": y, "b": y2}, epochs=3, **same).history
    show("several", history)


main()
