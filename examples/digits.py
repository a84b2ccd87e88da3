"""Train a neural network on handwritten digits with a gradient that sct writes.

Takes scikit-learn's bundled digits (1797 images of 8 x 8); prints the generated derivative and the accuracy on a fifth of
the images that training never sees; writes digits.png with the learning curve and the weights of the first layer.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import sct

EPOCHS = 60
BATCH = 64
HIDDEN = 128
RATE = 4e-3
NOISE = 0.2


def forward(params, x):
    """The logits, shape (batch, 10), of images x of shape (batch, 64)."""
    h = np.maximum(x @ params["W1"] + params["b1"], 0.0)
    return h @ params["W2"] + params["b2"]


@sct.value_and_grad(wrt="params")
def loss(params, x, y, decay):
    """The mean cross-entropy of softmax with one-hot labels y, shape (batch, 10), and weight decay."""
    z = forward(params, x)
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    penalty = np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2)
    return -np.sum(y * log_p) / len(x) + 0.5 * decay * penalty


def initial(rng):
    """Parameters with the scale of Glorot and Bengio."""
    return {
        "W1": rng.normal(scale=np.sqrt(2 / (64 + HIDDEN)), size=(64, HIDDEN)),
        "b1": np.zeros(HIDDEN),
        "W2": rng.normal(scale=np.sqrt(2 / (HIDDEN + 10)), size=(HIDDEN, 10)),
        "b2": np.zeros(10),
    }


def adam(params, gradient, m, v, step, rate):
    """One step of Adam (Kingma and Ba 2015), in place."""
    rate = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    for name, g in gradient.items():
        m[name] += 0.1 * (g - m[name])
        v[name] += 0.001 * (g * g - v[name])
        params[name] -= rate * m[name] / (np.sqrt(v[name]) + 1e-8)


def accuracy(params, x, labels):
    return np.mean(np.argmax(forward(params, x), axis=1) == labels)


def draw(history, params, path):
    """The learning curve above, what each hidden unit looks for below."""
    figure = plt.figure(figsize=(10, 8), layout="constrained")
    curve, weights = figure.subfigures(2, 1, height_ratios=(1, 1.4))
    left = curve.subplots()
    right = left.twinx()
    epochs = np.arange(1, len(history["loss"]) + 1)
    (a,) = left.plot(epochs, history["loss"], color="tab:blue", label="training loss")
    (b,) = right.plot(epochs, history["accuracy"], color="tab:orange", label="test accuracy")
    left.set(xlabel="epoch", ylabel="cross-entropy", yscale="log")
    right.set(ylabel="accuracy", ylim=(0.85, 1.0))
    left.legend(handles=[a, b], loc="center right")
    weights.suptitle("first-layer weights")
    scale = np.abs(params["W1"]).max()
    for axes, w in zip(weights.subplots(8, 16).flat, params["W1"].T, strict=True):
        axes.imshow(w.reshape(8, 8), cmap="RdBu", vmin=-scale, vmax=scale)
        axes.set_axis_off()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main():
    rng = np.random.default_rng(1)
    images, labels = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(images / 16.0, labels, test_size=0.2, stratify=labels, random_state=1)
    one_hot = np.eye(10)[y]

    params = initial(rng)
    m = {name: np.zeros_like(p) for name, p in params.items()}
    v = {name: np.zeros_like(p) for name, p in params.items()}
    history = {"loss": [], "accuracy": []}
    step = 0
    progress = tqdm(range(EPOCHS), desc="epochs")
    for epoch in progress:
        order = rng.permutation(len(x))
        noisy = x + rng.normal(scale=NOISE, size=x.shape)  # new noise in each epoch: less to learn by heart
        total = 0.0
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            value, gradient = loss(params, noisy[batch], one_hot[batch], 1e-4)
            step += 1
            adam(params, gradient, m, v, step, RATE * (1 - epoch / EPOCHS))
            total += value * len(batch)
        history["loss"].append(total / len(x))
        history["accuracy"].append(accuracy(params, x_test, y_test))
        progress.set_postfix(loss=f"{history['loss'][-1]:.4f}", accuracy=f"{history['accuracy'][-1]:.3f}")

    print("\nThe derivative that sct wrote:\n")
    print(loss.source)
    path = Path(__file__).with_name("digits.png")
    draw(history, params, path)
    print(f"learning curve and weights: {path}")
    print(f"test accuracy: {100 * history['accuracy'][-1]:.1f} % of {len(x_test)} images")
    if history["accuracy"][-1] < 0.97:
        raise SystemExit("the accuracy is below 97 %")


if __name__ == "__main__":
    main()
