"""Print what a Jacobian costs: `sct.jacobian` in times of a Python loop over its columns or rows, and a Hessian in gradients;
and gradients of each of many examples by `sct.vmap`, in times of a loop over these.

Run with `python tests/benchmarks/jacobians.py`; one thread is used, and all are called by turns. The loop calls the function of
`sct.linearize`, or of `sct.pullback`, for each direction.
"""

import os
import sys
from functools import partial
from inspect import signature
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402
from kernel_samples import sample  # noqa: E402
from timing import interleaved  # noqa: E402

import sct  # noqa: E402

RNG = np.random.default_rng(0)
N = 100
X = RNG.standard_normal(N)
W1, W2 = RNG.standard_normal((N, N)) / 10, RNG.standard_normal((N, N)) / 10


def network(x, W1, W2):
    return np.tanh(W2 @ np.tanh(W1 @ x))


def stencil(u, k, steps):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u


def reactions(y, k):
    rates = k * y[:-1] * y[1:]
    out = np.zeros(len(y))
    out[:-1] -= rates
    out[1:] += rates
    return out


def right_hand_side(y, W1, k):
    return np.tanh(W1 @ y) - k * y + np.sin(y) ** 2


def energy(x, W1, W2):
    return np.sum(network(x, W1, W2) ** 2)


def loss(W1, W2, x, y):
    return np.sum((W2 @ np.tanh(W1 @ x) - y) ** 2)


CASES = {
    "network": (network, (X, W1, W2)),
    "stencil": (stencil, (X, 0.1, 5)),
    "reactions": (reactions, (X, 0.3)),
    "right-hand side": (right_hand_side, (X, W1, 0.3)),
}


def by_loop(f, args, mode):
    """The Jacobian by a loop."""
    if mode == "forward":
        _, push = sct.linearize(f)(*args)
        return np.stack([push(e) for e in np.eye(N)], axis=1)
    _, pull = sct.pullback(f)(*args)
    return np.stack([pull(e) for e in np.eye(N)])


def main() -> None:
    print(f"{'case':<16}{'mode':<10}{'at once':>12}{'loop':>12}{'ratio':>8}")
    for name, (f, args) in CASES.items():
        for mode in ("forward", "reverse"):
            jacobian = sct.jacobian(f, mode=mode).specialize(*args)
            assert np.allclose(jacobian(*args), by_loop(f, args, mode))
            once, loop = interleaved(partial(jacobian, *args), partial(by_loop, f, args, mode), rounds=30)
            print(f"{name:<16}{mode:<10}{1e6 * once:>10.1f}µs{1e6 * loop:>10.1f}µs{once / loop:>8.3f}")
    args = (X, W1, W2)
    gradient, hessian = sct.grad(energy).specialize(*args), sct.hessian(energy).specialize(*args)
    product = sct.hvp(energy).specialize(*args, X)
    g, p, h = interleaved(partial(gradient, *args), partial(product, *args, X), partial(hessian, *args), rounds=30)
    print(f"of a network's energy: hvp {p / g:.2f} gradients, Hessian {h / g:.1f} gradients, of {N} columns")
    f, args, wrt = sample("gaussian_mixture")
    vectors = [RNG.standard_normal(np.shape(a)) for n, a in zip(signature(f).parameters, args, strict=True) if n in wrt]
    gradient, product = sct.grad(f, wrt).specialize(*args), sct.hvp(f, wrt).specialize(*args, *vectors)
    g, p = interleaved(partial(gradient, *args), partial(product, *args, *vectors), rounds=30)
    print(f"of a Gaussian mixture: hvp {p / g:.2f} gradients")
    for size in (8, 32):
        W = [RNG.standard_normal((size, size)) / size for _ in range(2)]
        examples = [RNG.standard_normal((128, size)) for _ in range(2)]
        of_each = sct.vmap(sct.grad(loss, (0, 1)), (None, None, 0, 0)).specialize(*W, *examples)
        of_one = sct.grad(loss, (0, 1)).specialize(*W, *[e[0] for e in examples])
        every, loop = interleaved(partial(of_each, *W, *examples), partial(each, of_one, W, examples), rounds=30)
        print(f"gradients of 128 examples, a network of {size} units: {1e6 * every:.0f}µs, {every / loop:.3f} of a loop")


def each(gradient, W, examples):
    """The gradients of each example, by a loop."""
    found = [gradient(*W, x, y) for x, y in zip(*examples, strict=True)]
    return [np.stack(part) for part in zip(*found, strict=True)]


if __name__ == "__main__":
    main()
