"""TensorFlow: Keras layers, optimizers and metrics, every step or function one tf.function."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

import on_keras
import workloads as w


class Side:
    def __init__(self, framework, threads):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.version = tf.__version__

    def workloads(self):
        return [name for name in w.names() if not name.endswith(("-fit", "-epoch"))]

    def workload(self, name):
        kind, _, rest = name.partition("-")
        if name in w.DENSE:
            return dense(name)
        if kind == "chain":
            return chain(*rest.split("-"))
        if kind == "matmul":
            return forward(tf.matmul, *arrays(w.matmul_inputs(rest)))
        return {"predict": predict, "softmax": softmax, "layer": layer_norm, "attention": attention, "lstm": lstm}[kind]()


def arrays(them):
    return [tf.constant(array) for array in them]


def dense(name):
    data = w.Dense(name)
    batches = [tuple(arrays(batch)) for batch in data.rotation()]

    def start():
        model, optimizer, loss_of = on_keras.model(data), on_keras.optimizer(data), on_keras.loss(data)
        optimizer.build(model.trainable_variables)
        mean = keras.metrics.Mean()
        metrics = [keras.metrics.SparseCategoricalAccuracy()] if data.classes else []

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                out = model(x, training=True)
                loss = loss_of(y, out)
            optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
            mean.update_state(loss)
            for metric in metrics:
                metric.update_state(y, out)

        return step, mean, metrics

    step, mean, metrics = start()

    def run(iterations):
        for i in range(iterations):
            step(*batches[i % len(batches)])
        for metric in (mean, *metrics):
            metric.result().numpy()

    def check():
        step, mean, _ = start()
        for i in range(w.CHECK_STEPS):
            if i == w.CHECK_STEPS - w.BATCHES:
                mean.reset_state()
            step(*batches[i % len(batches)])
        return mean.result().numpy()

    return run, check


def predict():
    data = w.Dense("mlp")
    model = on_keras.model(data)
    function = tf.function(lambda x: model(x, training=False))
    rows = [tf.constant(data.x[i : i + 1]) for i in range(data.batch)]

    def run(iterations):
        for i in range(iterations):
            function(rows[i % len(rows)]).numpy()

    return run, lambda: w.mean_square(function(rows[0]).numpy())


def chain(kind, size):
    inputs = arrays(w.chain_inputs(kind, w.CHAIN_SIZES[size]))
    if kind == "g":
        b1, b2, rate, eps = w.ADAM["beta_1"], w.ADAM["beta_2"], w.ADAM["rate"], w.ADAM["epsilon"]

        def updater(p, g, m, v):
            p, m, v = tf.Variable(p), tf.Variable(m), tf.Variable(v)

            @tf.function
            def update():
                m.assign_add((g - m) * (1 - b1))
                v.assign_add((g * g - v) * (1 - b2))
                p.assign_sub(rate / (1 - b1) * m / (tf.sqrt(v / (1 - b2)) + eps))

            return update, p

        update, _ = updater(*inputs)

        def run(iterations):
            for _ in range(iterations):
                update()

        def check():
            update, p = updater(*arrays(w.chain_inputs(kind, w.CHAIN_SIZES[size])))
            update()
            return w.mean_square(p.numpy())

        return run, check
    function = {
        "a": lambda x, y, c: x * y + c,
        "b": lambda x, b, c: tf.nn.gelu(x, approximate=True) * b + c,
        "c": lambda x, z: tf.sigmoid(x) * tf.tanh(z) + tf.exp(-x * x),
        "d": lambda a, b: tf.reduce_sum(tf.math.squared_difference(a, b)),
    }[kind]
    return forward(function, *inputs)


def softmax():
    x, _, _ = arrays(w.row_inputs())
    return forward(lambda x: tf.nn.softmax(x, -1), x)


def layer_norm():
    def function(x, gamma, beta):
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, w.EPSILON)

    return forward(function, *arrays(w.row_inputs()))


def attention():
    *qkv, weight = arrays(w.attention_inputs())

    def function(q, k, v, weight):
        with tf.GradientTape() as tape:
            tape.watch([q, k, v])
            scores = tf.matmul(q, k, transpose_b=True) / q.shape[-1] ** 0.5
            loss = tf.reduce_sum(tf.matmul(tf.nn.softmax(scores, -1), v) * weight)
        return tape.gradient(loss, [q, k, v])

    return forward(function, *qkv, weight)


def lstm():
    data = {name: tf.constant(array) for name, array in w.lstm_inputs().items()}
    layer = keras.layers.LSTM(w.LSTM[3])
    layer.build(data["x"].shape)
    layer.set_weights([data["kernel"], data["recurrent"], data["bias"]])

    def function(x, weight):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x) * weight)
        return tape.gradient(loss, layer.trainable_variables)

    return forward(function, data["x"], data["weight"])


def forward(function, *inputs):
    function = tf.function(function)

    def run(iterations):
        for _ in range(iterations):
            wait(function(*inputs))

    return run, lambda: w.mean_square(*[tf.convert_to_tensor(x).numpy() for x in tf.nest.flatten(function(*inputs))])


def wait(results):
    """Returns once they are computed: a tf.function on the CPU runs before it returns, so there is nothing to do."""
    return results
