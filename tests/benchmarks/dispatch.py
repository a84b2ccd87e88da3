"""Print what a call of a derived function costs over a call of its compiled form, and a transform in a loop over one kept.

Run with `python tests/benchmarks/dispatch.py [PYTHON ...]`. Each further interpreter has another version of sct (as in a
worktree's environment); they take turns, round by round, and each has a column. The best of all rounds is printed, in ns.
What a version of sct refuses is left out of its column.
"""

import functools
import json
import os
import subprocess
import sys
from timeit import repeat

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import sct

ROUNDS, SAMPLE = 100, 2e-4  # how often each is timed, and for about how many seconds
A = B = C = D = E = F = G = H = K = L = 1.0
SCALE, SHIFT = 2.0, 1.0


def square(x):
    return x * x


def mlp(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    d = h @ W2 + b2 - y
    return np.sum(d * d)


def total(parameters):
    return sum(np.sum(v) for v in parameters.values())


def with_defaults(x, n=2, *, k=3.0):
    return x * k if n == 2 else x


def ten_globals(x):
    return x * (A * B * C * D * E * F * G * H * K * L)


def helper(x):
    return x * SCALE + SHIFT


def with_helper(x):
    return helper(x) * x


def closure(k):
    def f(x):
        return x * k

    return f


def closure_with_helper(k):
    def f(x):
        return helper(x) * k

    return f


def scaled(k, x):
    return x * k


class Model:
    def __init__(self):
        self.a = self.b = self.c = self.d = self.e = self.f = self.g = self.h = self.i = self.j = 1.0

    def one_field(self, x):
        return x * self.a

    def ten_fields(self, x):
        return x * (self.a * self.b * self.c * self.d * self.e * self.f * self.g * self.h * self.i * self.j)

    __call__ = one_field


def calls():
    """By name, what is timed: calls of derived functions, and those of their compiled forms, which are taken off."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((3, 4), (4,), (4, 2), (2,), (5, 3), (5, 2))]
    parameters = {f"w{i}": np.ones((2, 3)) for i in range(20)}
    model, partial = Model(), functools.partial(scaled, 2.0)
    wrt = (0, 1, 2, 3)

    def dispatch(f, *args, wrt=0, **kwargs):
        derived = sct.grad(f, wrt)
        compiled = derived.specialize(*args, **kwargs)
        return lambda: derived(*args, **kwargs), lambda: compiled(*args, **kwargs)

    def anew(make):
        kept = sct.grad(make())
        return lambda: sct.grad(make())(1.5), lambda: (make(), kept(1.5))

    yield "dispatch: a float", lambda: dispatch(square, 1.5)
    yield "dispatch: six arrays", lambda: dispatch(mlp, *arrays, wrt=wrt)
    yield "dispatch: a dict of twenty", lambda: dispatch(total, parameters)
    yield "dispatch: defaults left out", lambda: dispatch(with_defaults, 1.5)
    yield "dispatch: keywords", lambda: dispatch(with_defaults, x=1.5, n=2, k=3.0)
    yield "dispatch: ten globals", lambda: dispatch(ten_globals, 1.5)
    yield "dispatch: one field", lambda: dispatch(model.one_field, 1.5)
    yield "dispatch: ten fields", lambda: dispatch(model.ten_fields, 1.5)
    yield "anew: a function", lambda: anew(lambda: square)
    yield "anew: a function with a helper", lambda: anew(lambda: with_helper)
    yield "anew: a closure", lambda: anew(lambda: closure(2.0))
    yield "anew: a closure with a helper", lambda: anew(lambda: closure_with_helper(2.0))
    yield "anew: a method", lambda: anew(lambda: model.one_field)
    yield "anew: an instance", lambda: anew(lambda: model)
    yield "anew: a partial", lambda: anew(lambda: partial)


def answer_rounds():
    """A round of each call for each line that is read; the best seconds at the end."""
    best, functions = {}, {}
    for name, make in calls():
        try:
            pair = make()
            for f in pair:
                f()
        except sct.SctError:
            continue
        for k, f in enumerate(pair):
            best[name, k] = float("inf")
            functions[name, k] = f, max(1, int(SAMPLE / min(repeat(f, number=1, repeat=5))))
    for _ in sys.stdin:
        for key, (f, number) in functions.items():
            best[key] = min(best[key], min(repeat(f, number=number, repeat=2)) / number)
        print(flush=True)
    print(json.dumps({name: 1e9 * (best[name, 0] - best[name, 1]) for name, k in best if k == 0}))


def main():
    pythons = [sys.executable, *sys.argv[1:]]
    workers = [subprocess.Popen([p, __file__, "--answer"], stdin=-1, stdout=-1, text=True) for p in pythons]
    for _ in range(ROUNDS):
        for w in workers:
            print(file=w.stdin, flush=True)
            w.stdout.readline()
    columns = [json.loads(w.communicate()[0]) for w in workers]
    for name, _ in calls():
        print(f"{name:<34}", *(f"{c[name]:8.0f}" if name in c else f"{'-':>8}" for c in columns))


if __name__ == "__main__":
    answer_rounds() if sys.argv[1:] == ["--answer"] else main()
