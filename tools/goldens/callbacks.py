"""What Keras' callbacks do with given numbers.

    KERAS_BACKEND=jax python tools/goldens/callbacks.py > crates/crisol-callbacks/tests/goldens/callbacks.txt

Every line: the callback with its settings | the numbers of the epochs | what it did.
"""

import os
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np


class Optimizer:
    def __init__(self):
        self.learning_rate = 0.1


class Model:
    """Enough of a model: its weight is the number of the epoch."""

    def __init__(self):
        self.optimizer = Optimizer()
        self.stop_training = False
        self.weight = 0
        self.saved = []

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        self.weight = weights[0]

    def save(self, path, overwrite=True):
        self.saved.append(path.split("/")[-1].replace(".keras", ".crisol"))


def numbers(seed, count=12):
    state, values, level = seed * 7919 + 1, [], 1.0
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        level += (state / 2**31 - 0.55) * 0.2
        values.append(round(level, 4))
    return values


def run(callback, values, epochs=12):
    model = Model()
    callback.set_model(model)
    callback.set_params({"epochs": epochs})
    callback.on_train_begin()
    done, rates = 0, []
    for epoch, value in enumerate(values[:epochs]):
        model.weight = epoch + 1
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": 9.0, "val_loss": value})
        done += 1
        rates.append(f"{model.optimizer.learning_rate:.6g}")
        if model.stop_training:
            break
    callback.on_train_end()
    return model, done, rates


def show(head, values, result):
    print(f"{head} | {' '.join(map(str, values))} | {result}")


def main():
    seed = 0
    for patience in [0, 1, 3]:
        for min_delta in [0, 0.05]:
            for baseline in [None, 0.95]:
                for start in [0, 2]:
                    for mode in ["min", "max"]:
                        seed += 1
                        values = numbers(seed)
                        stop = keras.callbacks.EarlyStopping("val_loss", min_delta, patience, 0, mode, baseline, True, start)
                        model, done, _ = run(stop, values)
                        head = f"early_stopping {patience} {min_delta} {baseline} {start} {mode}"
                        show(head, values, f"{done} {stop.stopped_epoch} {stop.best_epoch} {model.weight}")
    for factor in [0.5, 0.1]:
        for patience in [1, 2]:
            for cooldown in [0, 2]:
                for min_lr in [0.0, 0.02]:
                    for min_delta in [1e-4, 0.05]:
                        seed += 1
                        values = numbers(seed)
                        reduce = keras.callbacks.ReduceLROnPlateau(
                            "val_loss", factor, patience, 0, "auto", min_delta, cooldown, min_lr
                        )
                        _, _, rates = run(reduce, values)
                        show(f"reduce {factor} {patience} {cooldown} {min_lr} {min_delta}", values, " ".join(rates))
    with tempfile.TemporaryDirectory() as folder:
        for mode in ["min", "max"]:
            for threshold in [None, 0.95]:
                seed += 1
                values = numbers(seed)
                path = folder + "/{epoch:02d}-{val_loss:.2f}.keras"
                check = keras.callbacks.ModelCheckpoint(
                    path, save_best_only=True, mode=mode, initial_value_threshold=threshold
                )
                model, _, _ = run(check, values)
                show(f"best {mode} {threshold}", values, " ".join(model.saved))
        for every in [1, 3, 4, 7]:
            check = keras.callbacks.ModelCheckpoint(folder + "/{epoch}-{batch}.keras", save_freq=every)
            model = Model()
            check.set_model(model)
            check.on_train_begin()
            for epoch in range(3):
                check.on_epoch_begin(epoch)
                for batch in range(5):
                    check.on_train_batch_end(batch, {"loss": 1.0})
                check.on_epoch_end(epoch, {"loss": 1.0})
            show(f"every {every}", [], " ".join(model.saved))
        path = folder + "/log.csv"
        for append in [False, True]:
            log = keras.callbacks.CSVLogger(path, append=append)
            log.on_train_begin()
            log.on_epoch_end(0, {"loss": 0.75, "accuracy": 0.5})
            log.on_epoch_end(1, {"loss": 0.5, "accuracy": 0.625, "val_loss": 1.5, "val_accuracy": 0.25})
            log.on_train_end()
        with open(path, newline="") as file:
            print("csv |  | " + file.read().replace("\r\n", "\\r\\n"))


main()
