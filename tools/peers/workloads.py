"""What is computed: sizes, data and names, the same in every language (benches/src/peer/mod.rs is the other half).

Data is random but fixed. Number `index` of `stream` follows from the two alone, so that every side makes the same numbers."""

import numpy as np

BATCHES = 16  # different batches that a training workload goes round
CHECK_STEPS = 32  # steps after which losses are compared: two rounds, of which the second is averaged

# layers, batch size, optimizer, learning rate
DENSE = {
    "mlp": ((784, 64, 64, 10), 64, "rmsprop", 1e-3),
    "mlp-large": ((784, 300, 100, 10), 32, "sgd", 1e-2),
    "regression": ((8, 50, 50, 50, 1), 32, "adam", 1e-3),
}
IMAGES = 60_000  # of an epoch, as in MNIST
CHECKED = 6_400  # of an epoch whose loss is compared
CHAIN_SIZES = {"1e4": 10**4, "1e6": 10**6, "1.6e7": 16 * 10**6}
CHAIN_INPUTS = {"a": 3, "b": 3, "c": 2, "d": 2, "g": 4}
ROWS = (4096, 1024)
EPSILON = 1e-5
ATTENTION = (8, 8, 128, 64)  # batch, heads, tokens, depth of a head
LSTM = (32, 50, 64, 64)  # batch, steps, features, units
MATMUL = {
    "512": (512, 512, 512),
    "1024": (1024, 1024, 1024),
    "64x784x64": (64, 784, 64),
    "5408x728x728": (5408, 728, 728),
    "21632x512x512": (21632, 512, 512),
}  # m, k, n
ADAM = dict(beta_1=0.9, beta_2=0.999, epsilon=1e-8, rate=1e-3)  # of chain g, at its first step


def fixed(stream, shape):
    """Numbers from -1 up to 1, without a pattern that a processor could exploit."""
    count = int(np.prod(shape))
    z = np.arange(count, dtype=np.uint64) + np.uint64(stream << 32)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(32)
    z *= np.uint64(0xD6E8FEB86659FD93)
    z ^= z >> np.uint64(32)
    return ((z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)).reshape(shape)


def glorot(stream, inputs, outputs):
    return fixed(stream, (inputs, outputs)) * np.float32((6 / (inputs + outputs)) ** 0.5)


class Dense:
    """A dense model's data: `x` and `y` of all batches one after the other, and the weights it starts from."""

    def __init__(self, name):
        self.sizes, self.batch, self.optimizer, self.rate = DENSE[name]
        samples = BATCHES * self.batch
        self.x = fixed(1, (samples, self.sizes[0]))
        self.classes = self.sizes[-1] if self.sizes[-1] > 1 else 0
        y = fixed(2, (samples,))
        self.y = ((y + 1) / 2 * self.classes).astype(np.int32) if self.classes else y.reshape(-1, 1)
        pairs = zip(self.sizes, self.sizes[1:])
        self.weights = [glorot(10 + layer, *pair) for layer, pair in enumerate(pairs)]

    def rotation(self):
        """The batches."""
        cut = lambda a: [a[i * self.batch : (i + 1) * self.batch] for i in range(BATCHES)]
        return list(zip(cut(self.x), cut(self.y)))


def images():
    """As many as MNIST has, with class numbers."""
    return fixed(3, (IMAGES, DENSE["mlp"][0][0])), ((fixed(4, (IMAGES,)) + 1) / 2 * 10).astype(np.int32)


def chain_inputs(kind, count):
    arrays = [fixed(20 + i, (count,)) for i in range(CHAIN_INPUTS[kind])]
    if kind == "g":  # parameter, gradient, first and second moment
        arrays[2] = arrays[2] * np.float32(0.1)
        arrays[3] = arrays[3] * arrays[3]
    return arrays


def row_inputs():
    return fixed(30, ROWS), 1 + fixed(31, ROWS[1:]) / 2, fixed(32, ROWS[1:])


def attention_inputs():
    """Queries, keys, values, and what the output is weighted with to make a loss."""
    return [fixed(40 + i, ATTENTION) for i in range(4)]


def lstm_inputs():
    batch, steps, features, units = LSTM
    return dict(
        x=fixed(50, (batch, steps, features)),
        kernel=glorot(51, features, 4 * units),
        recurrent=glorot(52, units, 4 * units),
        bias=fixed(53, (4 * units,)) / 10,
        weight=fixed(54, (batch, units)),
    )


def matmul_inputs(name):
    m, k, n = MATMUL[name]
    return fixed(60, (m, k)), fixed(61, (k, n))


def mean_square(*arrays):
    """What results are compared by."""
    return float(sum(np.mean(np.square(np.asarray(a, dtype=np.float64))) for a in arrays))


def names():
    """All workloads, in the order of the table."""
    chains = [f"chain-{kind}-{size}" for size in CHAIN_SIZES for kind in CHAIN_INPUTS]
    fits = [f"{name}-fit" for name in DENSE]
    products = [f"matmul-{name}" for name in MATMUL]
    return [*DENSE, *fits, "mlp-epoch", "predict", *chains, "softmax", "layer-norm", "attention", "lstm", *products]
