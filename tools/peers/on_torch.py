"""PyTorch: eager, or with everything that has a shape of its own through torch.compile."""

import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import workloads as w


class Side:
    def __init__(self, framework, threads):
        torch.set_num_threads(threads)
        self.version = torch.__version__
        compiled = framework == "torch-compile"
        self.compile = (lambda f: torch.compile(f, dynamic=False)) if compiled else (lambda f: f)

    def workloads(self):
        return [name for name in w.names() if not name.endswith("-fit")]

    def workload(self, name):
        kind, _, rest = name.partition("-")
        if name in w.DENSE:
            return self.dense(name)
        if name == "predict":
            return self.predict()
        if name == "mlp-epoch":
            return self.epoch()
        if kind == "chain":
            return self.chain(*rest.split("-"))
        if kind == "matmul":
            a, b = tensors(w.matmul_inputs(rest))
            return self.forward(torch.mm, a, b)
        return {"softmax": self.softmax, "layer": self.layer_norm, "attention": self.attention, "lstm": self.lstm}[kind]()

    def dense(self, name):
        data = w.Dense(name)
        batches = [(torch.from_numpy(x), torch.from_numpy(y).long() if data.classes else torch.from_numpy(y)) for x, y in data.rotation()]

        def start():
            model = mlp(data)
            loss_of = F.cross_entropy if data.classes else F.mse_loss

            def forward(x, y):
                out = model(x)
                right = (out.argmax(1) == y).sum() if data.classes else torch.zeros(())
                return loss_of(out, y), right

            forward = self.compile(forward)
            parameters = list(model.parameters())
            # The fastest variants that torch offers on a CPU.
            optimizer = {
                "rmsprop": lambda: torch.optim.RMSprop(parameters, lr=data.rate, alpha=0.9, eps=1e-7, foreach=True),
                "sgd": lambda: torch.optim.SGD(parameters, lr=data.rate, fused=True),
                "adam": lambda: torch.optim.Adam(parameters, lr=data.rate, eps=1e-7, fused=True),
            }[data.optimizer]()
            totals = [torch.zeros(()), torch.zeros(())]

            def step(i):
                x, y = batches[i % len(batches)]
                optimizer.zero_grad(set_to_none=True)
                loss, right = forward(x, y)
                loss.backward()
                optimizer.step()
                totals[0] += loss.detach()
                totals[1] += right

            return step, totals

        step, totals = start()

        def run(iterations):
            for i in range(iterations):
                step(i)
            totals[0].item(), totals[1].item()

        def check():
            step, totals = start()
            for i in range(w.CHECK_STEPS):
                if i == w.CHECK_STEPS - w.BATCHES:
                    totals[0].zero_()
                step(i)
            return totals[0].item() / w.BATCHES

        return run, check

    def epoch(self):
        """A plain loop over a DataLoader with its defaults (samples are fetched one by one and collated), loss and accuracy read ten
        times a second as a progress bar does."""
        data = w.Dense("mlp")
        x, y = w.images()
        images, labels = torch.from_numpy(x), torch.from_numpy(y).long()

        def start():
            model = mlp(data)
            optimizer = torch.optim.RMSprop(model.parameters(), lr=data.rate, alpha=0.9, eps=1e-7, foreach=True)

            def loss_and_right(x, y):
                out = model(x)
                return F.cross_entropy(out, y), (out.argmax(1) == y).sum()

            forward = self.compile(loss_and_right)

            def epoch(loader):
                loss_sum, right, seen, shown = torch.zeros(()), torch.zeros(()), 0, time.perf_counter()
                for x, y in loader:
                    optimizer.zero_grad(set_to_none=True)
                    loss, correct = forward(x, y)
                    loss.backward()
                    optimizer.step()
                    loss_sum += loss.detach() * len(y)
                    right += correct
                    seen += len(y)
                    if time.perf_counter() - shown > 0.1:
                        shown = time.perf_counter()
                        print(f"\r{seen} - loss: {loss_sum.item() / seen:.4f} - accuracy: {right.item() / seen:.4f}", end="")
                return loss_sum.item() / seen

            return epoch

        loader = lambda count, shuffle: DataLoader(TensorDataset(images[:count], labels[:count]), batch_size=data.batch, shuffle=shuffle)
        epoch, shuffled = start(), loader(w.IMAGES, True)

        def run(epochs):
            for _ in range(epochs):
                epoch(shuffled)

        return run, lambda: start()(loader(w.CHECKED, False))

    def predict(self):
        data = w.Dense("mlp")
        model = nn.Sequential(mlp(data), nn.Softmax(-1)).eval()
        forward = self.compile(model)
        rows = [torch.from_numpy(data.x[i : i + 1]) for i in range(data.batch)]

        def run(iterations):
            with torch.inference_mode():
                for i in range(iterations):
                    forward(rows[i % len(rows)]).numpy()

        def check():
            with torch.inference_mode():
                return w.mean_square(forward(rows[0]).numpy())

        return run, check

    def chain(self, kind, size):
        inputs = tensors(w.chain_inputs(kind, w.CHAIN_SIZES[size]))
        if kind == "g":
            b1, b2, rate, eps = w.ADAM["beta_1"], w.ADAM["beta_2"], w.ADAM["rate"], w.ADAM["epsilon"]

            def update(p, g, m, v):
                m.mul_(b1).add_(g, alpha=1 - b1)
                v.mul_(b2).addcmul_(g, g, value=1 - b2)
                p.addcdiv_(m, (v / (1 - b2)).sqrt_().add_(eps), value=-rate / (1 - b1))
                return p

            update = self.compile(update)

            def run(iterations):
                for _ in range(iterations):
                    update(*inputs)

            def check():
                return w.mean_square(update(*tensors(w.chain_inputs(kind, w.CHAIN_SIZES[size]))).numpy())

            return run, check
        function = {
            "a": lambda x, y, c: torch.addcmul(c, x, y),
            "b": lambda x, b, c: F.gelu(x, approximate="tanh") * b + c,
            "c": lambda x, z: torch.sigmoid(x) * torch.tanh(z) + torch.exp(-x * x),
            "d": lambda a, b: F.mse_loss(a, b, reduction="sum"),
        }[kind]
        return self.forward(function, *inputs)

    def softmax(self):
        x, _, _ = tensors(w.row_inputs())
        return self.forward(lambda x: torch.softmax(x, -1), x)

    def layer_norm(self):
        x, gamma, beta = tensors(w.row_inputs())
        return self.forward(lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b, w.EPSILON), x, gamma, beta)

    def attention(self):
        *qkv, weight = tensors(w.attention_inputs())
        for x in qkv:
            x.requires_grad_()
        forward = self.compile(lambda q, k, v, weight: (F.scaled_dot_product_attention(q, k, v) * weight).sum())
        return self.gradients(lambda: forward(*qkv, weight), qkv)

    def lstm(self):
        data = {name: torch.from_numpy(array) for name, array in w.lstm_inputs().items()}
        _, _, features, units = w.LSTM
        layer = nn.LSTM(features, units, batch_first=True)
        with torch.no_grad():  # the same order of gates as Keras: input, forget, cell, output
            layer.weight_ih_l0.copy_(data["kernel"].T)
            layer.weight_hh_l0.copy_(data["recurrent"].T)
            layer.bias_ih_l0.copy_(data["bias"])
            layer.bias_hh_l0.zero_()
        layer.bias_hh_l0.requires_grad_(False)
        forward = self.compile(lambda x, weight: (layer(x)[1][0][0] * weight).sum())
        weights = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
        return self.gradients(lambda: forward(data["x"], data["weight"]), weights)

    def forward(self, function, *inputs):
        function = self.compile(function)

        def run(iterations):
            with torch.no_grad():
                for _ in range(iterations):
                    function(*inputs)

        def check():
            with torch.no_grad():
                return w.mean_square(function(*inputs).numpy())

        return run, check

    def gradients(self, loss, sources):
        def run(iterations):
            for _ in range(iterations):
                torch.autograd.grad(loss(), sources)

        return run, lambda: w.mean_square(*torch.autograd.grad(loss(), sources))


def tensors(arrays):
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]


def mlp(data):
    layers = []
    for weight in data.weights:
        layer = nn.Linear(*weight.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight.T.copy()))
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
