"""The implicit function theorem, in the language that sct differentiates: the rules of solvers (`sct.api.solvers`).

Takes a solution x of f(x, θ) = 0, or of f(x, θ) = x where it is `fixed`, with its adjoint or the tangents of θ; gives the
adjoints of θ, or the tangent of x. Never looks at how the solution was found.

Where θ moves, x moves so that F(x, θ) stays 0: ∂F/∂x dx + ∂F/∂θ dθ = 0. So ẋ = −(∂F/∂x)⁻¹ (∂F/∂θ θ̇), and, transposed,
θ̄ = −(∂F/∂θ)ᵀ λ where (∂F/∂x)ᵀ λ = x̄. Of a fixed point F(x, θ) is f(x, θ) − x. Griewank & Walther, *Evaluating Derivatives*,
chapter 15; Blondel et al. 2022, *Efficient and modular implicit differentiation*.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sct.api.transforms import grad, jacobian, jvp, vjp
from sct.callbacks import (
    as_returned,
    as_taken,
    callback,
    least_squares,
    least_squares_between,
    minimum,
    minimum_between,
    pulled,
    pushed,
    root,
    slopes,
    unfollowed,
)
from sct.ir.ssa import type_of
from sct.ir.types import UNKNOWN
from sct.registry.compositions import composition
from sct.registry.facts import facts
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type

__all__ = ["adjoints", "moved"]

facts(root, as_taken, as_returned, stands_for=0, memory="fresh")
facts(unfollowed, memory="fresh")
nondifferentiable(as_returned, as_taken, unfollowed)


def _block_of(function: Any) -> Any:
    """The statements of a callback, given as to a type rule."""
    f = function[0] if isinstance(function, tuple) else function.items[0].value
    return f.function.block


@result_type(as_taken)
def _type_of_parameter(x: Any, function: Any) -> Any:
    return _block_of(function).params[-1].type


@result_type(as_returned)
def _type_of_result(y: Any, function: Any) -> Any:
    return type_of(_block_of(function).yields[0])


@result_type(root)
def _type_of_root(x: Any, residual: Any) -> Any:
    return x


@result_type(unfollowed)
def _type_of_call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """That of the call, which `sct.specialize.given` infers."""
    return UNKNOWN


@composition(slopes)
def _slopes(x: Any, function: Any) -> Any:
    return jacobian(function[0], wrt=len(function) - 1)(*function[1:], x)


@composition(pulled)
def _pulled(function: Any, args: Any, bar: Any, wanted: Any) -> Any:
    every = [k for k in range(len(wanted)) if wanted[k]]
    return vjp(function[0], wrt=tuple(every))(*function[1:], *args, bar)[1]


@composition(pushed)
def _pushed(function: Any, args: Any, dots: Any) -> Any:
    every = [k for k in range(len(dots)) if dots[k] is not None]
    return jvp(function[0], wrt=tuple(every))(*function[1:], *args, *[dots[k] for k in every])[1]


@composition(minimum)
def _minimum(x: Any, objective: Any) -> Any:
    """A root of the gradient."""
    f, seen = objective[0], objective[1:]

    def gradient(y: Any) -> Any:
        return grad(f, wrt=len(seen))(*seen, y)

    return root(x, callback(gradient, x))


@composition(minimum_between)
def _minimum_between(x: Any, objective: Any, low: Any, high: Any) -> Any:
    """A fixed point of steps down the gradient that stop at the bounds."""
    f, seen = objective[0], objective[1:]

    def step(y: Any) -> Any:
        return y - np.clip(y - grad(f, wrt=len(seen))(*seen, y), low, high)

    return root(x, callback(step, x))


@composition(least_squares)
def _least_squares(x: Any, residuals: Any) -> Any:
    """A root of Jᵀ r, the gradient of half the sum of squares."""
    f, seen = residuals[0], residuals[1:]

    def gradient(y: Any) -> Any:
        return vjp(f, wrt=len(seen))(*seen, y, f(*seen, y))[1]

    return root(x, callback(gradient, x))


@composition(least_squares_between)
def _least_squares_between(x: Any, residuals: Any, low: Any, high: Any) -> Any:
    f, seen = residuals[0], residuals[1:]

    def step(y: Any) -> Any:
        return y - np.clip(y - vjp(f, wrt=len(seen))(*seen, y, f(*seen, y))[1], low, high)

    return root(x, callback(step, x))


@adjoint(root, real_only=True, told=True)
def _root_adjoint(y: Any, x: Any, residual: Any, y_bar: Any, *, wanted: Any) -> Any:
    """The adjoints of what the residual sees."""
    slope = slopes(y, residual)
    if np.ndim(y) == 0:
        weight = -y_bar / slope
    else:
        weight = np.reshape(np.linalg.solve(np.reshape(slope, (np.size(y), np.size(y))).T, -np.reshape(y_bar, -1)), np.shape(y))
    found = pulled(residual, (y,), weight, (*wanted[1][1:], False))
    return None, (None, *spread(found, wanted[1][1:]))


def spread(found: Any, wanted: Any) -> Any:
    """What is there where it is wanted, and None elsewhere."""
    every: list[Any] = []
    for flag in wanted:
        every.append(found[sum([e is not None for e in every])] if flag else None)
    return every


@tangent(root)
def _root_tangent(y: Any, x: Any, residual: Any, residual_dot: Any) -> Any:
    """The tangent of the root."""
    slope = slopes(y, residual)
    change = pushed(residual, (y,), (*residual_dot[1:], None))
    if np.ndim(y) == 0:
        return -change / slope
    return np.reshape(np.linalg.solve(np.reshape(slope, (np.size(y), np.size(y))), -np.reshape(change, -1)), np.shape(y))


def adjoints(f: Any, fixed: bool, x: Any, start: Any, args: Any, x_bar: Any) -> Any:
    """The adjoints of where a solver begins, and of its arguments."""
    chosen = [k + 1 for k, a in enumerate(args) if _varies(a)]
    first = _zeros(start) if _varies(start) else None
    if not chosen:
        return first, *[None for _ in args]
    if _is_number(x):
        weight = -x_bar / _slope(f, fixed, x, args)
    else:
        weight = _like(-np.linalg.solve(_jacobian(f, fixed, x, args).T, _flat(x_bar)), x)
    found = vjp(f, wrt=tuple(chosen))(x, *args, weight)[1]
    every = [first]
    for a in args:
        every.append(found[sum([b is not None for b in every[1:]])] if _varies(a) else None)
    return tuple(every)


def moved(f: Any, fixed: bool, x: Any, args: Any, dots: Any) -> Any:
    """The tangent of a solution."""
    if _is_complex((x, *args)):
        raise TypeError("the derivative rule of a solver is for real numbers")
    chosen = [k for k, a in enumerate(args) if _varies(a)]
    if not chosen:
        return _zeros(x)
    change = jvp(f, wrt=tuple([k + 1 for k in chosen]))(x, *args, *[dots[k] for k in chosen])[1]
    if _is_number(x):
        return -change / _slope(f, fixed, x, args)
    return _like(np.linalg.solve(_jacobian(f, fixed, x, args), -_flat(change)), x)


def _slope(f: Any, fixed: bool, x: Any, args: Any) -> Any:
    """The derivative of the residual by a number."""
    slope = jvp(f)(x, *args, 1.0)[1]
    return slope - 1.0 if fixed else slope


def _jacobian(f: Any, fixed: bool, x: Any, args: Any) -> Any:
    """The derivatives of the residual by what is in `x`, a column for each number in it."""
    n = _size(x)
    jacobian = np.zeros((n, n))
    for i in range(n):
        unit = np.where(np.arange(n) == i, 1.0, 0.0)
        jacobian[:, i] = _flat(jvp(f)(x, *args, _like(unit, x))[1])
    return jacobian - np.eye(n) if fixed else jacobian


def _is_number(x: Any) -> bool:
    return not isinstance(x, (tuple, list, dict)) and np.ndim(x) == 0


def _varies(a: Any) -> bool:
    """Whether something can be differentiated by."""
    if isinstance(a, dict):
        return any(_varies(i) for i in a.values())
    if isinstance(a, (tuple, list)):
        return any(_varies(i) for i in a)
    return False if a is None or isinstance(a, str) else np.asarray(a).dtype.kind == "f"


def _is_complex(a: Any) -> bool:
    """Whether there are complex numbers in something."""
    if isinstance(a, dict):
        return any(_is_complex(i) for i in a.values())
    if isinstance(a, (tuple, list)):
        return any(_is_complex(i) for i in a)
    return False if a is None or isinstance(a, str) else np.asarray(a).dtype.kind == "c"


def _zeros(tree: Any) -> Any:
    return _like(np.zeros(_size(tree)), tree)


def _size(tree: Any) -> Any:
    """How many numbers there are in a tree."""
    if isinstance(tree, dict):
        return sum([_size(i) for i in tree.values()])
    if isinstance(tree, (tuple, list)):
        return sum([_size(i) for i in tree])
    return np.size(tree)


def _flat(tree: Any) -> Any:
    """The numbers in a tree, as a vector."""
    if isinstance(tree, dict):
        return np.concatenate([_flat(i) for i in tree.values()])
    if isinstance(tree, (tuple, list)):
        return np.concatenate([_flat(i) for i in tree])
    return np.reshape(tree, -1)


def _like(v: Any, tree: Any) -> Any:
    """A vector's numbers, in the structure and the shapes of a tree."""
    if isinstance(tree, dict):
        parts = _parts(v, list(tree.values()))
        return {k: parts[i] for i, k in enumerate(tree.keys())}
    if isinstance(tree, tuple):
        return tuple(_parts(v, list(tree)))
    if isinstance(tree, list):
        return _parts(v, tree)
    return v[0] if np.ndim(tree) == 0 else np.reshape(v, np.shape(tree))


def _parts(v: Any, trees: Any) -> Any:
    out, at = [], 0
    for tree in trees:
        n = _size(tree)
        out.append(_like(v[at : at + n], tree))
        at = at + n
    return out
