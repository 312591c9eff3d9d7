"""Values of Keras (on JAX) and NumPy that the composites of crisol-ops are tested against.

    KERAS_BACKEND=jax python tools/goldens/ops.py > crates/crisol-ops/tests/goldens/keras.txt

Every line: a name with its settings, the shape of the result, the numbers. Inputs follow from `wave`, which the test computes as well.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import ops


def wave(sizes, seed):
    """Numbers from -1 to 1 that tell places apart, exact in single precision."""
    count = int(np.prod(sizes))
    return (((np.arange(count) * 37 + seed * 11) % 101) / 64 - 0.75).astype("float32").reshape(sizes)


def show(name, value):
    value = np.asarray(value)
    shape = ",".join(str(size) for size in value.shape)
    print(f"{name} | {shape} | {' '.join(f'{x:.7g}' for x in value.ravel())}")


def main():
    image = wave((1, 5, 7, 2), 1)
    for kind in ["nearest", "bilinear", "bicubic"]:
        for antialias in [0, 1]:
            for height, width in [(8, 4), (3, 11), (1, 1), (10, 14), (2, 3)]:
                if kind == "nearest" and antialias:
                    continue
                name = f"resize {kind} {antialias} {height} {width}"
                show(name, ops.image.resize(image, (height, width), interpolation=kind, antialias=bool(antialias)))

    for size, window, stride, dilation in [(4, 3, 1, 1), (4, 3, 2, 1), (3, 2, 3, 1), (5, 4, 2, 1), (3, 3, 1, 2), (4, 1, 2, 1)]:
        for padding in ["valid", "same"]:
            for more in [-1] + list(range(stride)):
                x, kernel = wave((2, size, 3), 2), wave((window, 2, 3), 3)
                name = f"conv1d_transpose {size} {window} {stride} {dilation} {padding} {more}"
                try:
                    y = ops.conv_transpose(
                        x, kernel, strides=stride, padding=padding, output_padding=None if more < 0 else more, dilation_rate=dilation
                    )
                except Exception:  # Keras has no such transpose
                    continue
                show(name, y)
    show("conv2d_transpose", ops.conv_transpose(wave((1, 3, 2, 2), 4), wave((3, 2, 3, 2), 5), strides=2, padding="same"))

    for size, window, stride, dilation in [(7, 3, 1, 1), (7, 3, 2, 1), (8, 2, 1, 3), (6, 5, 3, 1)]:
        for padding in ["valid", "same", "causal"]:
            x, kernel = wave((2, size, 2), 6), wave((window, 2, 3), 7)
            if padding == "causal":
                padded = np.pad(x, [(0, 0), (dilation * (window - 1), 0), (0, 0)])
                y = ops.conv(padded, kernel, strides=stride, padding="valid", dilation_rate=dilation)
            else:
                y = ops.conv(x, kernel, strides=stride, padding=padding, dilation_rate=dilation)
            show(f"conv1d {size} {window} {stride} {dilation} {padding}", y)
    show("depthwise", ops.depthwise_conv(wave((1, 4, 5, 3), 8), wave((3, 3, 3, 2), 9), strides=1, padding="same"))

    for kind, pool in [("max", ops.max_pool), ("average", ops.average_pool)]:
        for size, window, stride in [(7, 2, 2), (7, 3, 2), (5, 3, 1), (6, 2, 3)]:
            for padding in ["valid", "same"]:
                name = f"{kind} {size} {window} {stride} {padding}"
                show(f"{name} 1d", pool(wave((2, size, 2), 10), window, stride, padding))
                show(f"{name} 2d", pool(wave((1, size, size + 1, 2), 11), (window, 2), (stride, 1), padding))

    shapes = {
        "ij,jk->ik": [(2, 3), (3, 4)],
        "ij,jk": [(2, 3), (3, 4)],
        "ba": [(2, 3)],
        "ii": [(3, 3)],
        "ii->i": [(3, 3)],
        "iij->j": [(3, 3, 2)],
        "i,j->ij": [(2,), (3,)],
        "i,i": [(3,), (3,)],
        "ij->": [(2, 3)],
        "ij->ji": [(2, 3)],
        "bij,bjk->bik": [(2, 3, 4), (2, 4, 2)],
        "bhtd,bhsd->bhts": [(2, 2, 3, 4), (2, 2, 5, 4)],
        "btd,dhk->bhtk": [(2, 3, 4), (4, 2, 2)],
        "...ij,...jk->...ik": [(2, 1, 3, 4), (5, 4, 2)],
        "...ij,jk": [(2, 2, 3), (3, 4)],
        "i...->...": [(2, 3, 2)],
        "...,...": [(2, 3), (3,)],
        "ij,jk,kl->il": [(2, 3), (3, 4), (4, 2)],
        "ij,ik,il->jkl": [(3, 2), (3, 2), (3, 2)],
        "ij,ij,i->j": [(2, 3), (2, 3), (2,)],
        "ijk,jil->kl": [(2, 3, 4), (3, 2, 5)],
        "ij,kl->": [(2, 3), (2, 2)],
        "ab,cd,ef->fdb": [(2, 3), (2, 2), (3, 2)],
        "ij,j->ij": [(2, 1), (3,)],
        "Aa,aB": [(2, 3), (3, 2)],
        ",ij->ji": [(), (2, 3)],
    }
    for equation, sizes in shapes.items():
        operands = [wave(size, 12 + number) for number, size in enumerate(sizes)]
        inputs = ";".join(",".join(str(size) for size in shape) for shape in sizes)
        show(f"einsum {equation} {inputs}", np.einsum(equation, *[operand.astype("float64") for operand in operands]))


main()
