"""Finite differences, which derivatives are held against where `sct.check_grads` is not all that is asked.

Takes a function as Python runs it, and where; gives numbers, or fails. Never looks at generated code.
"""

import copy

import numpy as np

import sct


def slope(along, step=1e-4):
    """The derivative at 0 of a function of one number, by central differences of fourth order."""
    return (8.0 * (along(step) - along(-step)) - (along(2.0 * step) - along(-2.0 * step))) / (12.0 * step)


def gradient(f, x, *args):
    """The derivatives of `f(x, *args)`, a number or an array, by each entry of `x`; `f` may write into its arguments."""

    def at(moved):
        return f(moved, *copy.deepcopy(args))

    if np.ndim(x) == 0:
        return slope(lambda t: at(float(x) + t))
    units = np.eye(np.size(x)).reshape(-1, *np.shape(x))
    found = np.array([slope(lambda t, e=e: at(x + t * e)) for e in units])
    return found.reshape(np.shape(x) + found.shape[1:])


def arrays(args):
    """The positions of the arrays of real numbers among some arguments."""
    return tuple(n for n, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f")


def check_gradient(f, x, *args, optimize=True, rtol=1e-6, atol=1e-8):
    """`value_and_grad` gives the value of the function itself, and the gradient of finite differences."""
    value, found = sct.value_and_grad(f, optimize=optimize)(x, *args)
    np.testing.assert_array_equal(value, f(x, *args), strict=True)
    np.testing.assert_allclose(found, gradient(f, x, *args), rtol=rtol, atol=atol)


def agree(f, *args, wrt=0):
    """All derivatives agree: `vjp` and `pullback`, and `grad`, which is made for the adjoint 1; optimised and not."""
    sct.check_grads(f, args, wrt)
    names = f.__code__.co_varnames
    entries = wrt if isinstance(wrt, tuple) else (wrt,)
    places = [w if isinstance(w, int) else names.index(w) for w in entries]
    expected = []
    for k in places:
        others = args[:k] + args[k + 1 :]
        expected.append(gradient(lambda x, *rest, k=k: f(*rest[:k], x, *rest[k:]), args[k], *others))
    for optimize in (True, False):
        found = sct.grad(f, entries, optimize=optimize)(*args)
        for g, e, k in zip(found, expected, places, strict=True):
            assert np.shape(g) == np.shape(args[k])
            np.testing.assert_allclose(g, e, rtol=1e-6, atol=1e-8)
