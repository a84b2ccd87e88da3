"""Undo the shake of a camera: a photograph of scikit-learn's, blurred along a path, is made sharp again.

The blur is a loop over the points of the path that adds shifted slices of the picture; L-BFGS gets the gradient by all pixels
from sct, of the misfit and the total variation. The picture has the photograph three times: `python deblur.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_sample_image
from tqdm import tqdm

import sct

ROWS, COLUMNS, REACH, ITERATIONS = 170, 230, 6, 60
NOISE, SMOOTHNESS = 4e-3, 3e-4


def shake():
    """The path that the camera takes while it looks: weights of shifts of up to REACH pixels."""
    weights = np.zeros((2 * REACH + 1, 2 * REACH + 1))
    for t in np.linspace(0.0, 1.0, 60):
        down = REACH * (0.9 * np.sin(3.5 * t) - 0.4)
        right = REACH * (1.8 * t - 0.9)
        weights[round(REACH + down), round(REACH + right)] += 1.0 / 60.0
    return weights


def blurred(picture, weights):
    """What the camera sees of a picture that is larger by REACH pixels on each side."""
    rows, columns = picture.shape[0] - 2 * REACH, picture.shape[1] - 2 * REACH
    seen = np.zeros((rows, columns))
    for i in range(2 * REACH + 1):
        for j in range(2 * REACH + 1):
            if weights[i, j] > 0.0:
                seen += weights[i, j] * picture[i : i + rows, j : j + columns]
    return seen


def cost(pixels, weights, photo):
    """The misfit to the blurred photograph, and the total variation."""
    picture = pixels.reshape(photo.shape[0] + 2 * REACH, photo.shape[1] + 2 * REACH)
    down, right = np.diff(picture, axis=0)[:, 1:], np.diff(picture, axis=1)[1:, :]
    edges = np.sum(np.sqrt(down * down + right * right + 1e-5))
    return 0.5 * np.sum((blurred(picture, weights) - photo) ** 2) + SMOOTHNESS * edges


def inner(picture):
    return picture[REACH:-REACH, REACH:-REACH]


def decibels(picture, true):
    """The ratio of peak signal to noise."""
    return -10.0 * np.log10(np.mean((picture - true) ** 2))


def draw(pictures, weights, path):
    figure, axes = plt.subplots(1, 3, figsize=(15, 4), layout="constrained")
    for place, (title, picture) in zip(axes, pictures.items(), strict=True):
        place.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0)
        place.set_title(title)
        place.set_axis_off()
    corner = axes[0].inset_axes((0.01, 0.02, 0.17, 0.24))
    corner.imshow(weights, cmap="magma")
    corner.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="deblur.png"):
    rng = np.random.default_rng(1)
    gray = load_sample_image("china.jpg") @ np.array([0.299, 0.587, 0.114]) / 255.0
    true = gray[60 : 60 + ROWS + 2 * REACH, 150 : 150 + COLUMNS + 2 * REACH]
    weights = shake()
    photo = blurred(true, weights) + rng.normal(scale=NOISE, size=(ROWS, COLUMNS))
    sct.check_grads(cost, (rng.uniform(size=20 * 22), weights, photo[: 20 - 2 * REACH, : 22 - 2 * REACH]))

    costs = []
    with tqdm(total=ITERATIONS, desc="L-BFGS") as progress:

        def after(intermediate_result):
            costs.append(intermediate_result.fun)
            progress.update()
            progress.set_postfix(cost=f"{costs[-1]:.3f}")

        found = minimize(
            sct.value_and_grad(cost),
            np.pad(photo, REACH, mode="edge").ravel(),
            (weights, photo),
            method="L-BFGS-B",
            jac=True,
            callback=after,
            options={"maxiter": ITERATIONS},
        ).x.reshape(true.shape)

    before, sharp = decibels(photo, inner(true)), decibels(inner(found), inner(true))
    pictures = {
        f"blurred: {before:.1f} dB": photo,
        f"made sharp by the gradient: {sharp:.1f} dB": inner(found),
        "as it was": inner(true),
    }
    draw(pictures, weights, path)
    print(f"noise against the photograph: {before:.1f} dB before, {sharp:.1f} dB after")
    print(f"picture: {path}")
    if not (sharp > before + 5.0 and costs[-1] < costs[0]):
        raise SystemExit("the photograph is not sharp")


if __name__ == "__main__":
    main(*sys.argv[1:])
