"""JAX: every step or function under jax.jit, state donated, optimizers from optax."""

import jax
import jax.numpy as jnp
import optax

import workloads as w


class Side:
    def __init__(self, framework, threads):
        self.version = jax.__version__

    def workloads(self):
        return [name for name in w.names() if not name.endswith(("-fit", "-epoch"))]

    def workload(self, name):
        kind, _, rest = name.partition("-")
        if name in w.DENSE:
            return dense(name)
        if kind == "chain":
            return chain(*rest.split("-"))
        if kind == "matmul":
            return forward(jnp.matmul, *arrays(w.matmul_inputs(rest)))
        return {"predict": predict, "softmax": softmax, "layer": layer_norm, "attention": attention, "lstm": lstm}[kind]()


def arrays(them):
    return [jnp.asarray(array) for array in them]


def network(weights, x):
    for kernel, bias in weights[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    return x @ weights[-1][0] + weights[-1][1]


def start(data):
    return [(jnp.array(kernel), jnp.zeros(kernel.shape[1])) for kernel in data.weights]


def dense(name):
    data = w.Dense(name)
    batches = [tuple(arrays(batch)) for batch in data.rotation()]
    optimizer = {
        "rmsprop": lambda: optax.rmsprop(data.rate, decay=0.9, eps=1e-7),
        "sgd": lambda: optax.sgd(data.rate),
        "adam": lambda: optax.adam(data.rate, eps=1e-7),
    }[data.optimizer]()

    def loss_of(weights, x, y):
        out = network(weights, x)
        if not data.classes:
            return jnp.mean((out - y) ** 2), 0
        loss = optax.softmax_cross_entropy_with_integer_labels(out, y).mean()
        return loss, jnp.sum(out.argmax(1) == y)

    def step(state, x, y):
        weights, slots, total, right = state
        (loss, more), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights, x, y)
        updates, slots = optimizer.update(gradients, slots)
        return optax.apply_updates(weights, updates), slots, total + loss, right + more

    step = jax.jit(step, donate_argnums=0)

    def fresh():
        weights = start(data)
        return weights, optimizer.init(weights), jnp.zeros(()), jnp.zeros((), jnp.int32)

    state = [fresh()]

    def run(iterations):
        for i in range(iterations):
            state[0] = step(state[0], *batches[i % len(batches)])
        jax.block_until_ready(state[0])

    def check():
        now, before = fresh(), 0.0
        for i in range(w.CHECK_STEPS):
            if i == w.CHECK_STEPS - w.BATCHES:
                before = float(now[2])
            now = step(now, *batches[i % len(batches)])
        return (float(now[2]) - before) / w.BATCHES

    return run, check


def predict():
    data = w.Dense("mlp")
    weights = start(data)
    function = jax.jit(lambda weights, x: jax.nn.softmax(network(weights, x)))
    rows = [data.x[i : i + 1] for i in range(data.batch)]

    def run(iterations):
        for i in range(iterations):
            jax.device_get(function(weights, rows[i % len(rows)]))

    return run, lambda: w.mean_square(function(weights, rows[0]))


def chain(kind, size):
    inputs = arrays(w.chain_inputs(kind, w.CHAIN_SIZES[size]))
    if kind == "g":
        b1, b2, rate, eps = w.ADAM["beta_1"], w.ADAM["beta_2"], w.ADAM["rate"], w.ADAM["epsilon"]

        def update(p, g, m, v):
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g * g
            return p - rate / (1 - b1) * m / (jnp.sqrt(v / (1 - b2)) + eps), m, v

        update = jax.jit(update, donate_argnums=(0, 2, 3))
        p, g, m, v = inputs
        state = [(p, m, v)]

        def run(iterations):
            for _ in range(iterations):
                p, m, v = state[0]
                state[0] = jax.block_until_ready(update(p, g, m, v))

        def check():
            return w.mean_square(update(*arrays(w.chain_inputs(kind, w.CHAIN_SIZES[size])))[0])

        return run, check
    function = {
        "a": lambda x, y, c: x * y + c,
        "b": lambda x, b, c: jax.nn.gelu(x, approximate=True) * b + c,
        "c": lambda x, z: jax.nn.sigmoid(x) * jnp.tanh(z) + jnp.exp(-x * x),
        "d": lambda a, b: jnp.sum((a - b) ** 2),
    }[kind]
    return forward(function, *inputs)


def softmax():
    x, _, _ = arrays(w.row_inputs())
    return forward(lambda x: jax.nn.softmax(x, -1), x)


def layer_norm():
    def function(x, gamma, beta):
        distance = x - x.mean(-1, keepdims=True)
        variance = (distance * distance).mean(-1, keepdims=True)
        return distance * jax.lax.rsqrt(variance + w.EPSILON) * gamma + beta

    return forward(function, *arrays(w.row_inputs()))


def attention():
    *qkv, weight = arrays(w.attention_inputs())

    def loss(qkv, weight):
        q, k, v = qkv
        scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) / q.shape[-1] ** 0.5
        return (jnp.einsum("bhqk,bhkd->bhqd", jax.nn.softmax(scores, -1), v) * weight).sum()

    return forward(jax.grad(loss), qkv, weight)


def lstm():
    data = {name: jnp.asarray(array) for name, array in w.lstm_inputs().items()}
    batch, _, _, units = w.LSTM

    def loss(parameters, x, weight):
        kernel, recurrent, bias = parameters
        projected = jnp.swapaxes(x @ kernel + bias, 0, 1)

        def step(carry, x):
            h, c = carry
            i, f, g, o = jnp.split(x + h @ recurrent, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((batch, units))
        (h, _), _ = jax.lax.scan(step, (zeros, zeros), projected)
        return (h * weight).sum()

    return forward(jax.grad(loss), (data["kernel"], data["recurrent"], data["bias"]), data["x"], data["weight"])


def forward(function, *inputs):
    function = jax.jit(function)

    def run(iterations):
        for _ in range(iterations):
            jax.block_until_ready(function(*inputs))

    return run, lambda: w.mean_square(*jax.tree.leaves(function(*inputs)))
