"""Lists whose length is only known at run time: appended to, read, popped, stacked; and comprehensions."""

import numpy as np
import pytest

import sct


def rnn(w, x):
    hs = [np.zeros(3)]
    for t in range(x.shape[0]):
        hs.append(np.tanh(w @ hs[-1] + x[t]))
    return np.sum(np.stack(hs[1:]) ** 2)


def scalars(a, n):
    xs = []
    s = 1.0
    for i in range(n):
        s = s * a + np.sin(s)
        xs.append(s)
    return sum(xs) + xs[0] * xs[-1]


def looped(a, n):
    xs = []
    for i in range(n):
        xs.append(a * i)
    t = 0.0
    for x in xs:
        t = t + x**2
    for i in range(len(xs)):
        t = t + xs[i] * a
    return t


def cond(a, n):
    xs = [a]
    for i in range(n):
        if i % 2 == 0:
            xs.append(xs[-1] * a)
        elif i == 3:
            xs.append(a)
            break
    return np.sum(np.array(xs))


def comp(x):
    return sum([np.sin(v) * v for v in x]) + max(v * v for v in x if v > 0)


def comp2(x, n):
    rows = [x * np.cos(i * x) for i in range(n)]
    return np.sum(np.stack(rows, axis=1) @ np.ones(n)) + np.sum(np.concatenate(rows) ** 2)


def whl(a):
    xs = [1.0]
    while xs[-1] < 10.0:
        xs.append(xs[-1] * a + 0.1)
    return xs[-1] * xs[1] * len(xs)


def stack(a, n):
    st = []
    for i in range(n):
        st.append(a * (i + 1.0))
    out = 1.0
    while len(st) > 0:
        v = st.pop()
        out = out + np.sin(out) * v
    return out


def setit(a, n):
    xs = []
    for i in range(n):
        xs.append(a)
    for i in range(1, n):
        xs[i] = xs[i - 1] * a
    return xs[n - 1]


def returned(a, n):
    xs = [a]
    for i in range(n):
        xs.append(np.sin(xs[-1]) * a)
    return xs


def dcomp(x):
    d = {k: x * i for i, k in enumerate(("a", "b", "c"))}
    return np.sum(d["b"] * d["c"])


def nested(x):
    return np.sum(np.array([[v * w for v in (x[0], x[1])] for w in (x[2], x[3])]) ** 2)


def addl(a, n):
    xs = [a]
    for i in range(n):
        xs = xs + [xs[-1] * a]
    return sum(xs)


def repeated(x, n):
    a = [0.0] * n
    for i in range(n):
        a[i] = x[i] * (a[i - 1] if i > 0 else 2.0)
    return a[0] * a[n - 1]


def repeated_active(y, n):
    a = [y] * n
    a[1] = 3.0 * y
    s = 0.0
    for v in a:
        s += v * v
    return s


def repeated_entry(x, n):
    a = [x[0] * x[1]] * n
    return sum(a) * a[0]


def ints_then_floats(x, n):
    a = []
    for i in range(n):
        a.append(0)
    for i in range(n):
        a[i] = x[i] * x[0]
    return a[0] * a[n - 1]


def ints_then_one_float(x, n):
    a = [0] * n
    a[0] = x[0] * x[1]
    return a[0] * a[0]


def floats_then_arrays(x, n):
    a = []
    for i in range(n):
        a.append(0.0)
    a[0] = x * x
    a.append(x)
    return np.sum(a[0] * a[n])


def b6_made_anew(x, n):
    for _ in range(3):
        g = [x]
        for _ in range(n):
            g.append(x)
    return np.sum(g[0])


def b6_made_anew_of_other_lengths(x, n):
    for i in range(n):
        g = [x]
        if i > 1:
            for _ in range(n + i):
                g.append(x * g[-1])
        x = g[-1] * 0.5
    return np.sum(g[0]) + np.sum(g[-1])


X = np.linspace(0.3, 1.2, 4)
CASES = [
    (rnn, (np.eye(3) * 0.5 + 0.1, np.linspace(0, 1, 12).reshape(4, 3)), (0, 1)),
    (scalars, (0.7, 5), 0),
    (looped, (0.7, 4), 0),
    (cond, (0.7, 6), 0),
    (comp, (X,), 0),
    (comp2, (X, 3), 0),
    (whl, (1.5,), 0),
    (stack, (0.4, 4), 0),
    (setit, (0.9, 4), 0),
    (dcomp, (X,), 0),
    (nested, (X,), 0),
    (addl, (0.7, 4), 0),
    (returned, (0.7, 3), 0),
    (repeated, (X, 4), 0),
    (repeated_active, (0.7, 4), 0),
    (repeated_entry, (X, 4), 0),
    (ints_then_floats, (X, 4), 0),
    (ints_then_one_float, (X, 4), 0),
    (floats_then_arrays, (X, 4), 0),
    (b6_made_anew, (X, 2), 0),
    (b6_made_anew_of_other_lengths, (X, 3), 0),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args", "wrt"), CASES)
def test_derivatives(f, args, wrt, order):
    sct.check_grads(f, args, wrt, order=order)
