"""What is evaluated before what: an object before the arguments of its method, an entry before what is added to it."""

import numpy as np
import pytest

import sct

X = np.array([2.5, 1.0, 4.0])


def popped_before_it_is_assigned(x):
    S = [x[0], x[1], x[2]]
    S[-1] *= S.pop()
    return sum(S)


def arrays_popped_before(x):
    S = [x * 1.0, x * 2.0, x * 3.0]
    S[-1] *= S.pop()
    return np.sum(sum(S))


def output_of_a_ufunc(x):
    x[0] += np.add(x, 1.0, x)[0]
    return np.sum(x * x)


def output_by_name(x):
    i = np.array([0, 1])
    x[i] += np.add(i, 1, out=i) * x[2]
    return np.sum(x * x * np.array([1.0, 2.0, 3.0]))


def updated_dict(x):
    d = {"k": x[0]}
    d["k"] += (d.update(k=x[1]) is None) * x[2]
    return d["k"]


class Changes:
    def first(self, v):
        v[0] = 3.0 * v[1]
        return v[2]


CHANGES = Changes()


def method_of_an_object(x):
    x[0] += CHANGES.first(x)
    return np.sum(x * x)


def object_before_arguments(x):
    L = [x, 2.0 * x, x * x]
    return L.pop().dot(L[-1])


def scaled(v, s):
    v *= s
    return v


def computed_before_arguments(x):
    return (x * 1.0).dot(scaled(x, x[2] * 1.0))


def clipped_before_arguments(x):
    return (x + 0).clip(-9.0, np.max(scaled(x, 0.5))).sum() + x[0]


def entry_before_keywords(x):
    L = [x * 1.0, x * 2.0]
    return L[-1].sum(axis=0 if L.pop() is None else None) * L[-1].sum()


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize(
    "f",
    [
        popped_before_it_is_assigned,
        arrays_popped_before,
        output_of_a_ufunc,
        output_by_name,
        updated_dict,
        method_of_an_object,
        object_before_arguments,
        computed_before_arguments,
        clipped_before_arguments,
        entry_before_keywords,
    ],
)
def test_order(f, optimize):
    value, _ = sct.value_and_grad(f, optimize=optimize)(X)
    assert value == f(X.copy())
    sct.check_grads(f, (X,), 0)
