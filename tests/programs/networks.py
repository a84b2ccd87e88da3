"""Neural networks and their training."""

import copy
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(2)
normal = normal_of(RNG)


@program(
    [{"W": normal(3, 6), "b": normal(6)}, {"W": normal(6, 6), "b": normal(6)}, {"W": normal(6, 2), "b": normal(2)}],
    normal(5, 3),
    normal(5, 2),
    peer=True,
)
def mlp_with_a_list_of_layers(params, x, y):
    h = x
    for i, layer in enumerate(params):
        h = h @ layer["W"] + layer["b"]
        if i < len(params) - 1:
            h = np.maximum(h, 0.0)
    return np.mean((h - y) ** 2)


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1.0)


def lstm_cell(params, x, h, c):
    z = np.concatenate([x, h]) @ params["W"] + params["b"]
    n = len(h)
    i = sigmoid(z[:n])
    f = sigmoid(z[n : 2 * n])
    o = sigmoid(z[2 * n : 3 * n])
    g = np.tanh(z[3 * n :])
    c = f * c + i * g
    return o * np.tanh(c), c


@program({"W": normal(5, 12) * 0.5, "b": normal(12)}, normal(6, 2), normal(3), peer=True)
def lstm_over_a_sequence(params, xs, target):
    h = np.zeros(3)
    c = np.zeros(3)
    loss = 0.0
    for x in xs:
        h, c = lstm_cell(params, x, h, c)
        loss = loss + np.sum((h - target) ** 2)
    return loss / len(xs)


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@program({"q": normal(4, 4), "k": normal(4, 4), "v": normal(4, 4)}, normal(2, 5, 4), peer=True)
def attention_head(params, x):
    q = x @ params["q"]
    k = x @ params["k"]
    v = x @ params["v"]
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(x.shape[-1])
    mask = np.tril(np.ones((x.shape[1], x.shape[1])))
    scores = np.where(mask > 0, scores, -1e9)
    return np.sum((softmax(scores) @ v) ** 2)


@program(normal(7), 0.3 + normal(7) ** 2, normal(9, 7), peer=True)
def layer_norm(gain, bias, x):
    mean = np.mean(x, axis=-1, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    y = gain * centred / np.sqrt(variance + 1e-5) + bias
    return np.sum(np.tanh(y))


@program(normal(3), 0.2, normal(16), normal(14), peer=True)
def conv1d_by_slices(kernel, bias, x, target):
    n = len(x) - len(kernel) + 1
    y = np.zeros(n)
    for i in range(len(kernel)):
        y = y + kernel[i] * x[i : i + n]
    y = np.maximum(y + bias, 0.0)
    return np.sum((y - target) ** 2)


@program(normal(3, 3), normal(2, 8, 8), peer=True)
def conv2d_by_slices(kernel, images):
    h = images.shape[1] - 2
    w = images.shape[2] - 2
    out = 0.0
    for i in range(3):
        for j in range(3):
            out = out + kernel[i, j] * images[:, i : i + h, j : j + w]
    pooled = np.max(out.reshape(2, h // 2, 2, w // 2, 2), axis=(2, 4))
    return np.sum(pooled**2)


@program({"w": normal(3, 3), "b": normal(3)}, normal(4, 3), 0.1, refused=("checkpoint",))
def steps_of_descent_in_place(params, x, rate):
    for step in range(3):
        z = np.tanh(x @ params["w"] + params["b"])
        params["w"] -= rate * x.T @ (z * (1.0 - z * z))
        params["b"] -= rate * np.sum(z * (1.0 - z * z), axis=0)
        print("step", step, np.sum(z * z))
    return np.sum(np.tanh(x @ params["w"] + params["b"]) ** 2)


class Dense:
    """A layer with weights, which keeps its input."""

    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def __call__(self, x):
        return self.forward(x)


class Network:
    """Dense layers with rectifiers between."""

    def __init__(self, sizes, rng):
        self.layers = [Dense(a, b, rng) for a, b in zip(sizes[:-1], sizes[1:])]

    def predict(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(self.layers) - 1:
                x = np.maximum(x, 0)
        return x

    def loss(self, x, y):
        return np.mean((self.predict(x) - y) ** 2)


@program(Network([2, 5, 1], RNG), normal(7, 2), normal(7, 1), refused=("checkpoint", "compiled"))
def network_of_layers(net, X, Y):
    return net.loss(X, Y)


# A framework of layers, activations, a loss and optimisers, whose gradients are written by hand.


class Layer:
    """What all layers have."""

    params = ()

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Linear(Layer):
    params = ("W", "b")

    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.grads["W"] = self.x.T @ grad
        self.grads["b"] = grad.sum(axis=0)
        return grad @ self.W.T


class Tanh(Layer):
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad):
        return grad * (1 - self.y**2)


class MeanSquaredError:
    def loss(self, predicted, actual):
        return np.mean((predicted - actual) ** 2)

    def grad(self, predicted, actual):
        return 2 * (predicted - actual) / predicted.size


class Model:
    """Layers, one after another."""

    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


class Optimizer:
    def __init__(self, model):
        self.model = model

    def step(self):
        raise NotImplementedError


class SGD(Optimizer):
    def __init__(self, model, lr=0.01, momentum=0.0):
        super().__init__(model)
        self.lr = lr
        self.momentum = momentum
        self.velocity = [{name: np.zeros_like(getattr(layer, name)) for name in layer.params} for layer in model.layers]

    def step(self):
        for layer, velocity in zip(self.model.layers, self.velocity):
            for name in layer.params:
                velocity[name] = self.momentum * velocity[name] - self.lr * layer.grads[name]
                setattr(layer, name, getattr(layer, name) + velocity[name])


@program(normal(2, 4), normal(4), normal(4, 1), normal(1), normal(6, 2), normal(6, 1), 0.1)
def micro_framework(W1, b1, W2, b2, X, Y, lr):
    """The loss after training by back-propagation with momentum: a derivative through all of it, by hyperparameters too."""
    model = Model([Linear(W1, b1), Tanh(), Linear(W2, b2)])
    criterion = MeanSquaredError()
    optimizer = SGD(model, lr=lr, momentum=0.9)
    for _epoch in range(3):
        predicted = model.forward(X)
        model.backward(criterion.grad(predicted, Y))
        optimizer.step()
    return criterion.loss(model.forward(X), Y)


class Adam:
    """The optimiser, with state for each parameter by its name."""

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.lr = lr
        self.beta1, self.beta2 = betas
        self.eps = eps
        self.m, self.v, self.t = {}, {}, 0

    def update(self, params, grads):
        self.t += 1
        for key in params:
            if key not in self.m:
                self.m[key] = np.zeros_like(params[key])
                self.v[key] = np.zeros_like(params[key])
            self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * grads[key]
            self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * grads[key] ** 2
            m_hat = self.m[key] / (1 - self.beta1**self.t)
            v_hat = self.v[key] / (1 - self.beta2**self.t)
            params[key] = params[key] - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


@program({"w": normal(3), "b": 0.3}, normal(8, 3), normal(8), 0.05, refused=("checkpoint", "compiled"))
def adam_on_a_linear_model(params, X, y, lr):
    optimizer = Adam(lr=lr)
    for _ in range(4):
        error = X @ params["w"] + params["b"] - y
        grads = {"w": 2 * X.T @ error / len(y), "b": 2 * np.mean(error)}
        optimizer.update(params, grads)
    return np.mean((X @ params["w"] + params["b"] - y) ** 2)


@dataclass
class Config:
    lr: float = 0.1
    steps: int = 5
    reg: Optional[float] = None  # noqa: UP045
    history: list = field(default_factory=list)


@program(np.array([1.0, 2.0]), 0.1)
def descent_with_a_config(w, lr):
    config = Config(lr=lr, reg=0.01)

    def loss(w):
        return np.sum((w - 3) ** 2)

    for _ in range(config.steps):
        gradient = 2 * (w - 3)
        if config.reg is not None:
            gradient = gradient + config.reg * w
        w = w - config.lr * gradient
        config.history.append(loss(w))
    return config.history[-1] + min(config.history)


CHARACTERS = "helo"


@program(
    {"Wxh": normal(6, 4) * 0.3, "Whh": normal(6, 6) * 0.3, "Why": normal(4, 6) * 0.3, "bh": normal(6), "by": normal(4)},
    normal(6, 1),
    "hello",
)
def char_rnn(params, h_prev, text):
    """The loss of a character-level recurrent network over a text, with caches of all that is computed."""
    char_to_ix = {ch: i for i, ch in enumerate(CHARACTERS)}
    inputs = [char_to_ix[ch] for ch in text[:-1]]
    targets = [char_to_ix[ch] for ch in text[1:]]
    Wxh, Whh, Why = params["Wxh"], params["Whh"], params["Why"]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(h_prev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((len(CHARACTERS), 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + params["bh"][:, None])
        ys[t] = np.dot(Why, hs[t]) + params["by"][:, None]
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    return loss


@program(
    {"Wxh": normal(5, 3) * 0.3, "Whh": normal(5, 5) * 0.3, "Why": normal(3, 5) * 0.3}, np.zeros(5), [0, 1, 2, 2], [1, 2, 2, 0]
)
def norm_of_back_propagated_gradients(params, h, inputs, targets):
    """Back-propagation through time written by hand, as of a recurrent network: the gradients, clipped, and their norm."""
    hs, ps = {-1: h}, {}
    for t, i in enumerate(inputs):
        x = np.zeros(3)
        x[i] = 1.0
        hs[t] = np.tanh(params["Wxh"] @ x + params["Whh"] @ hs[t - 1])
        e = np.exp(params["Why"] @ hs[t])
        ps[t] = e / e.sum()
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        grads["Why"] += np.outer(dy, hs[t])
        dh = params["Why"].T @ dy + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        grads["Wxh"][:, inputs[t]] += dhraw
        grads["Whh"] += np.outer(dhraw, hs[t - 1])
        dhnext = params["Whh"].T @ dhraw
    for grad in grads.values():
        np.clip(grad, -5, 5, out=grad)
    return np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))


class VAE:
    """A variational autoencoder with one hidden layer on either side."""

    def __init__(self, params):
        self.params = copy.copy(params)
        self.latent_dim = params["W_mu"].shape[1]

    def encode(self, x):
        h = np.tanh(x @ self.params["W_enc"])
        return h @ self.params["W_mu"], h @ self.params["W_logvar"]

    def reparameterize(self, mu, logvar, eps):
        return mu + np.exp(0.5 * logvar) * eps

    def decode(self, z):
        h = np.tanh(z @ self.params["W_dec"])
        return 1 / (1 + np.exp(-(h @ self.params["W_out"])))

    def elbo(self, x, eps):
        mu, logvar = self.encode(x)
        x_hat = self.decode(self.reparameterize(mu, logvar, eps))
        reconstruction = np.sum(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat), axis=1)
        kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1)
        return np.mean(reconstruction - kl)


@program(
    {
        "W_enc": normal(6, 4) * 0.5,
        "W_mu": normal(4, 2) * 0.5,
        "W_logvar": normal(4, 2) * 0.5,
        "W_dec": normal(2, 4) * 0.5,
        "W_out": normal(4, 6) * 0.5,
    },
    (RNG.uniform(size=(3, 6)) > 0.5).astype(float),
    normal(3, 2),
)
def variational_autoencoder(params, x, eps):
    return -VAE(params).elbo(x, eps)


@program(
    [(normal(2, 6) * 0.5, normal(6)), (normal(6, 2) * 0.5, normal(2))],
    normal(2),
    np.linspace(0.0, 1.0, 5),
    normal(4, 2),
    refused=("checkpoint",),
)
def neural_ode(params, y0, ts, observed):
    """The misfit of a trajectory whose velocity is a network, by the classical Runge–Kutta method."""

    def velocity(y, t):
        for W, b in params[:-1]:
            y = np.tanh(y @ W + b)
        W, b = params[-1]
        return y @ W + b

    def rk4(f, y, t, h):
        k1 = f(y, t)
        k2 = f(y + h / 2 * k1, t + h / 2)
        k3 = f(y + h / 2 * k2, t + h / 2)
        k4 = f(y + h * k3, t + h)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    trajectory = [y0]
    for t0, t1 in zip(ts[:-1], ts[1:]):
        trajectory.append(rk4(velocity, trajectory[-1], t0, t1 - t0))
    return np.mean((np.array(trajectory[1:]) - observed) ** 2)


class MixtureDensityNetwork:
    """A network that gives the parameters of a mixture of Gaussians for each input."""

    def __init__(self, hidden, n_components, rng):
        self.n_components = n_components
        self.W1 = rng.normal(size=(1, hidden))
        self.b1 = rng.normal(size=hidden)
        self.heads = {name: rng.normal(size=(hidden, n_components)) * 0.3 for name in ("pi", "mu", "sigma")}

    def forward(self, x):
        h = np.tanh(x.reshape(-1, 1) @ self.W1 + self.b1)
        return softmax(h @ self.heads["pi"]), h @ self.heads["mu"], np.exp(h @ self.heads["sigma"])

    def nll(self, x, y):
        pi, mu, sigma = self.forward(x)
        density = np.exp(-0.5 * ((y[:, None] - mu) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        return -np.mean(np.log(np.sum(pi * density, axis=1)))


@program(MixtureDensityNetwork(5, 3, RNG), normal(8), normal(8), refused=("checkpoint",))
def mixture_density_network(net, x, y):
    return net.nll(x, y)
