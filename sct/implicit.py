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

from sct.api.transforms import jvp, vjp

__all__ = ["adjoints", "moved"]


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
