"""Twenty steps of Keras' optimizers (on JAX, in double precision) and values of its schedules, that crisol-optim is tested against.

    KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tools/goldens/optimizers.py > crates/crisol-optim/tests/goldens/keras.txt

Lines of optimizers: name, settings, and the parameters "layer/kernel" (2 x 3) and "layer/bias" (3) after steps 1, 2, 7 and 20, one after the other.
Lines of schedules: name, settings, the rates of steps 0 to 24. Gradients depend on the step and on the parameter; the test computes them as well.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import keras
import numpy as np

keras.config.set_floatx("float64")
O = keras.optimizers
S = O.schedules


def wave(sizes, seed):
    count = int(np.prod(sizes))
    return ((np.arange(count) * 37 + seed * 11) % 101 / 64 - 0.75).reshape(sizes)


BASE = {
    "sgd": (O.SGD, 0.05, [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}]),
    "rmsprop": (O.RMSprop, 0.01, [{}, {"rho": 0.8, "momentum": 0.7}, {"centered": True}, {"centered": True, "momentum": 0.5, "epsilon": 1e-3}]),
    "adam": (O.Adam, 0.02, [{}, {"amsgrad": True}, {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}]),
    "adamw": (O.AdamW, 0.02, [{}, {"weight_decay": 0.1, "amsgrad": True}]),
    "adagrad": (O.Adagrad, 0.1, [{}, {"initial_accumulator_value": 0.5, "epsilon": 1e-3}]),
    "adadelta": (O.Adadelta, 1.0, [{}, {"rho": 0.8, "epsilon": 1e-3}]),
    "adamax": (O.Adamax, 0.02, [{}, {"beta_1": 0.8, "beta_2": 0.9}]),
    "nadam": (O.Nadam, 0.02, [{}, {"beta_1": 0.8, "beta_2": 0.95}]),
    "lion": (O.Lion, 0.01, [{}, {"beta_1": 0.7, "beta_2": 0.8}]),
    "lamb": (O.Lamb, 0.02, [{}, {"beta_1": 0.8, "epsilon": 1e-3}]),
    "ftrl": (O.Ftrl, 0.1, [{}, {"l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1}, {"beta": 0.2, "l2_shrinkage_regularization_strength": 0.1, "learning_rate_power": -0.3, "initial_accumulator_value": 0.4}]),
    "adafactor": (O.Adafactor, 0.05, [{}, {"beta_2_decay": -0.6, "clip_threshold": 0.5, "epsilon_2": 0.1}]),
}

SHARED = [
    {"clipnorm": 0.5},
    {"global_clipnorm": 0.5},
    {"clipvalue": 0.25},
    {"weight_decay": 0.1},
    {"weight_decay": 0.1, "exclude": "bias"},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3},
    {"loss_scale_factor": 8.0},
    {"schedule": 1},
]

SCHEDULES = [
    ("exponential_decay", S.ExponentialDecay, {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8}),
    ("exponential_decay", S.ExponentialDecay, {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8, "staircase": True}),
    ("piecewise_constant_decay", S.PiecewiseConstantDecay, {"boundaries": [5, 12], "values": [0.1, 0.05, 0.01]}),
    ("polynomial_decay", S.PolynomialDecay, {"initial_learning_rate": 0.1, "decay_steps": 10}),
    ("polynomial_decay", S.PolynomialDecay, {"initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.02, "power": 2.0}),
    ("polynomial_decay", S.PolynomialDecay, {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 0.5, "cycle": True}),
    ("inverse_time_decay", S.InverseTimeDecay, {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8}),
    ("inverse_time_decay", S.InverseTimeDecay, {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8, "staircase": True}),
    ("cosine_decay", S.CosineDecay, {"initial_learning_rate": 0.1, "decay_steps": 15}),
    ("cosine_decay", S.CosineDecay, {"initial_learning_rate": 0.01, "decay_steps": 15, "alpha": 0.1, "warmup_target": 0.1, "warmup_steps": 5}),
    ("cosine_decay_restarts", S.CosineDecayRestarts, {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    ("cosine_decay_restarts", S.CosineDecayRestarts, {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.8, "alpha": 0.1}),
    ("cosine_decay_restarts", S.CosineDecayRestarts, {"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.5, "m_mul": 0.9}),
]


def settings_text(settings):
    return " ".join(f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}" for key, value in settings.items())


def run(name, make, rate, settings):
    options = dict(settings)
    exclude = options.pop("exclude", None)
    if options.pop("schedule", None):
        rate = S.ExponentialDecay(rate, 5, 0.5)
    optimizer = make(learning_rate=rate, **options)
    if exclude:
        optimizer.exclude_from_weight_decay(var_names=[exclude])
    kernel = keras.Variable(wave((2, 3), 1), name="kernel", dtype="float64")
    bias = keras.Variable(wave((3,), 2), name="bias", dtype="float64")
    optimizer.build([kernel, bias])
    shown = []
    for step in range(20):
        gradients = [wave((2, 3), 3 + step) * 0.7 + 0.3 * kernel.numpy(), wave((3,), 40 + step) * 0.7 + 0.3 * bias.numpy()]
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float64") for gradient in gradients], [kernel, bias])
        if step + 1 in [1, 2, 7, 20]:
            shown += [*kernel.numpy().ravel(), *bias.numpy().ravel()]
    print(f"{name} | {settings_text(settings)} | {' '.join(f'{x:.10g}' for x in shown)}")


def main():
    for name, (make, rate, configurations) in BASE.items():
        for settings in configurations:
            run(name, make, rate, settings)
    for name in ["sgd", "adam", "nadam", "adafactor"]:
        make, rate, _ = BASE[name]
        for settings in SHARED:
            run(name, make, rate, settings)
    for name, make, settings in SCHEDULES:
        schedule = make(**settings)
        rates = [float(schedule(keras.ops.convert_to_tensor(step, "int64"))) for step in range(25)]
        print(f"{name} | {settings_text(settings)} | {' '.join(f'{x:.10g}' for x in rates)}")


main()
