"""Values of Keras' initializers, regularizers, constraints and activations (on JAX, in double precision) that crisol-params and crisol-layers are tested against.

    KERAS_BACKEND=jax python tools/goldens/params.py > crates/crisol-layers/tests/goldens/params.txt

Every line: a kind, a name with its settings, the numbers for a matrix of 3 by 4 that the test computes as well; for activations also the
gradient of the sum of the outputs times their places.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import keras
import numpy as np

keras.config.set_floatx("float64")

MATRIX = (((np.arange(12) * 37 + 11) % 101) / 64 - 0.74).reshape(3, 4)


def line(kind, name, value):
    print(f"{kind} | {name} | {' '.join(f'{x:.9g}' for x in np.asarray(value).ravel())}")


def main():
    R, C = keras.regularizers, keras.constraints
    for name, regularizer in {
        "l1": R.L1(),
        "l2": R.L2(),
        "l1 0.3": R.L1(0.3),
        "l1_l2": R.L1L2(l1=0.1, l2=0.2),
        "l1_l2 none": R.L1L2(),
        "orthogonal_regularizer": R.OrthogonalRegularizer(),
        "orthogonal_regularizer columns": R.OrthogonalRegularizer(factor=0.5, mode="columns"),
    }.items():
        value, gradient = jax.value_and_grad(lambda x: keras.ops.sum(regularizer(x)))(MATRIX)
        line("regularizer", name, [value])
        line("regularizer gradient", name, gradient)
    for name, constraint in {
        "max_norm": C.MaxNorm(max_value=0.5),
        "max_norm rows": C.MaxNorm(max_value=0.5, axis=1),
        "non_neg": C.NonNeg(),
        "unit_norm": C.UnitNorm(),
        "min_max_norm": C.MinMaxNorm(min_value=0.8, max_value=0.9, rate=0.7),
        "min_max_norm plain": C.MinMaxNorm(),
    }.items():
        line("constraint", name, constraint(MATRIX))
    I = keras.initializers
    for name, initializer in {"zeros": I.Zeros(), "ones": I.Ones(), "constant 0.3": I.Constant(0.3), "identity": I.Identity(), "identity 2": I.Identity(gain=2.0)}.items():
        line("initial", name, initializer((3, 4), dtype="float64"))
    # Chance decides the rest: how far the numbers spread, and how far they go where they have an end.
    for name in "random_normal random_uniform truncated_normal variance_scaling glorot_uniform glorot_normal he_uniform he_normal lecun_uniform lecun_normal".split():
        for shape in [(200, 300), (3, 3, 40, 50)]:
            drawn = np.asarray(getattr(I, "".join(word.capitalize() for word in name.split("_")))(seed=1)(shape, dtype="float64"))
            spread = [drawn.std()] if name == "random_normal" else [drawn.std(), np.abs(drawn).max()]
            line("spread", f"{name} {','.join(map(str, shape))}", spread)
    for gain in [1.0, 2.0]:
        for shape in [(6, 3), (3, 6), (2, 3, 4)]:
            drawn = np.asarray(I.Orthogonal(gain=gain, seed=1)(shape, dtype="float64")).reshape(-1, shape[-1])
            line("gram", f"{gain:g} {','.join(map(str, shape))}", np.round(drawn.T @ drawn if drawn.shape[0] >= drawn.shape[1] else drawn @ drawn.T, 9) + 0.0)
    x = np.concatenate([MATRIX.ravel() * 5, [0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -0.5]])
    weights = np.arange(len(x)) + 1.0
    for name in (
        "relu sigmoid tanh softmax linear leaky_relu swish silu gelu elu selu softplus softsign exponential hard_sigmoid hard_silu "
        "log_softmax mish relu6 celu log_sigmoid hard_tanh tanh_shrink soft_shrink hard_shrink squareplus sparse_plus sparse_sigmoid glu threshold"
    ).split():
        if name == "threshold":
            function = lambda x: keras.activations.threshold(x, 0.0, 0.0)
        else:
            function = keras.activations.get(name)
        y = np.asarray(function(x[None]))
        line("activation", name, y)
        gradient = jax.grad(lambda x: (function(x[None])[0] * weights[: y.shape[-1]]).sum())(x)
        line("activation gradient", name, gradient)


main()
