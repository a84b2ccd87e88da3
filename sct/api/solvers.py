"""Solvers of equations, differentiated by the implicit function theorem.

Takes a solver, which may be anything, and the equation that its result satisfies; gives the solver with derivative rules
(`sct.implicit`). Never differentiates the solver, and never asks how it works.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from sct.errors import CallError
from sct.implicit import adjoints, moved
from sct.infer.signature import type_alone
from sct.ir.types import Array, Const, Dict, List, Scalar, Tuple, with_items
from sct.registry.rules import adjoint
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import kept
from sct.signatures import read_signature
from sct.tracebacks import ends_here

__all__ = ["custom_fixed_point", "custom_root"]

F = TypeVar("F", bound=Callable[..., Any])


@ends_here
def custom_root(residual: Callable[..., Any]) -> Callable[[F], F]:
    """Make the result of a solver a root: it is differentiated by the implicit function theorem.

    Parameters
    ----------
    residual : callable
        `residual(x, *args)` is zero at the solution, and of the structure and shapes of `x`. Its derivatives are taken by sct.

    Returns
    -------
    callable
        A decorator for a solver: a function whose first parameter says where to begin. Its other positional parameters are
        `args`; those that are keyword-only are its own, and `residual` does not get them.

    Raises
    ------
    CallError
        If the solver has no such signature.

    Notes
    -----
    The result has the structure, shapes and dtypes of the first argument: a number, an array, or tuples, lists and dicts of
    these; ints become floats. It is that also where the solver is called plainly; where it cannot be, that is a ValueError. The
    solver is given copies of arrays, so that it may write into them.

    With F(x, θ) = 0, θ̄ = −(∂F/∂θ)ᵀ λ where (∂F/∂x)ᵀ λ = x̄, and ẋ = −(∂F/∂x)⁻¹ (∂F/∂θ θ̇): Griewank & Walther,
    *Evaluating Derivatives*, chapter 15; Blondel et al. 2022, *Efficient and modular implicit differentiation*. ∂F/∂x is
    computed column by column; where it is singular there is no derivative. The derivative by the first argument is zero. By
    what `residual` only sees there is none: what is to be differentiated by has to be an argument. Derivatives are those of the
    exact solution, at what the solver gives.

    Examples
    --------
    >>> import sct
    >>> def cube(x, a):
    ...     return x**3 - a
    >>> @sct.custom_root(cube)
    ... def cube_root(start, a):
    ...     low, high = 0.0, start
    ...     while high - low > 1e-12:
    ...         middle = (low + high) / 2
    ...         low, high = (low, middle) if middle**3 > a else (middle, high)
    ...     return low
    >>> def f(a):
    ...     return cube_root(10.0, a)
    >>> round(sct.grad(f)(8.0), 6), round(sct.grad(sct.grad(f))(8.0), 6)
    (0.083333, -0.006944)
    """
    return functools.partial(_registered, residual, False)


@ends_here
def custom_fixed_point(step: Callable[..., Any]) -> Callable[[F], F]:
    """Make the result of an iteration a fixed point: it is differentiated by the implicit function theorem.

    Parameters
    ----------
    step : callable
        `step(x, *args)` is `x` at the solution. Its derivatives are taken by sct.

    Returns
    -------
    callable
        A decorator for a solver, as that of `custom_root`; with x = T(x, θ), F(x, θ) is T(x, θ) − x there.

    Raises
    ------
    CallError
        If the solver has no such signature.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def cosine(x, a):
    ...     return np.cos(a * x)
    >>> @sct.custom_fixed_point(cosine)
    ... def settled(x, a):
    ...     for _ in range(200):
    ...         x = cosine(x, a)
    ...     return x
    >>> round(float(sct.grad(lambda a: settled(0.5, a))(1.0)), 6)
    -0.297474
    """
    return functools.partial(_registered, step, True)


_TEXT = """
def {name}_adjoint({x}, {own}, *, {x}_bar{rest}):
    return adjoints(of, {fixed}, {x}, {start}, {args}, {x}_bar)


def {name}_tangent({x}, {own}, *, {tangents}{rest}):
    return moved(of, {fixed}, {x}, {args}, {dots})
"""
_numbers = count()


def _registered(f: Callable[..., Any], fixed: bool, solver: F) -> F:
    """A solver with its rules, for `f`, of which the result is a fixed point or a root."""
    name = getattr(solver, "__name__", "solver")
    kinds = inspect.Parameter
    parameters = list(read_signature(solver).parameters.values())
    names = [p.name for p in parameters if p.kind is not kinds.KEYWORD_ONLY]
    if not names or any(p.kind in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD) for p in parameters):
        raise CallError(f"{name} does not say by name where to begin, and its arguments", advice="Name its parameters.")
    start, *args = names

    @functools.wraps(solver)
    def solved(*args: Any, **kwargs: Any) -> Any:
        found = solver(*map(kept, args), **kept(kwargs))  # it may write into them
        return as_begun(found, args[0] if args else kwargs[start], name)

    x = "solution"
    while any(p.name.startswith(x) for p in parameters):
        x += "_"
    written = [p.name if p.default is kinds.empty else f"{p.name}=defaults[{p.name!r}]" for p in parameters]
    text = _TEXT.format(
        name=name if name.isidentifier() else "solver",
        x=x,
        start=start,
        fixed=fixed,
        own=", ".join(written[: len(names)]),
        rest="".join(f", {w}" for w in written[len(names) :]),
        args=_tuple(args),
        tangents=", ".join(f"{n}_dot" for n in names),
        dots=_tuple(f"{n}_dot" for n in args),
    )
    made = _defined(text, f"<sct rules {next(_numbers)} of {name}>", {"of": f, "adjoints": adjoints, "moved": moved}, solver)
    adjoint(solved, real_only=True)(made[0])
    tangent(solved)(made[1])
    result_type(solved)(lambda *args, **kwargs: _type(args[0] if args else kwargs[start]))
    return solved  # type: ignore[return-value]


def _tuple(names: Iterable[str]) -> str:
    return f"({''.join(f'{n}, ' for n in names)})"


def _defined(text: str, filename: str, names: dict[str, Any], solver: Any) -> list[FunctionType]:
    """The functions that a text defines, whose source can be read."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {**names, "defaults": _defaults(solver), "__name__": "sct_solvers"}
    known = set(namespace)
    exec(compile(text, filename, "exec"), namespace)
    return [v for n, v in namespace.items() if n not in known and n != "__builtins__"]


def _defaults(solver: Any) -> dict[str, Any]:
    return {p.name: p.default for p in read_signature(solver).parameters.values()}


def _type(t: Any) -> Any:
    """The type of a solution, from that of where the solver begins: ints are floats there."""
    if isinstance(t, (int, float, tuple, list, dict, np.generic)):
        t = type_alone(t)
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, map(_type, t.items))
    if isinstance(t, Const):
        return _type(t.value)
    if isinstance(t, Scalar) and t.kind in (bool, int):
        return Scalar(float)
    if isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "biu":
        return replace(t, dtype=np.dtype(np.float64))
    return t


def as_begun(found: Any, start: Any, name: str) -> Any:
    """A solution in the structure, shapes and dtypes of where its solver began, in memory of its own."""
    if isinstance(start, dict) and isinstance(found, dict) and found.keys() == start.keys():
        return {k: as_begun(found[k], v, name) for k, v in start.items()}
    if isinstance(start, (tuple, list)) and isinstance(found, (tuple, list)) and len(found) == len(start):
        items = [as_begun(a, b, name) for a, b in zip(found, start, strict=True)]
        return type(start)(*items) if hasattr(start, "_fields") else type(start)(items)
    if isinstance(start, (int, float, np.generic, np.ndarray)) and np.shape(found) == np.shape(start):
        dtype = np.result_type(start, np.float64) if np.asarray(start).dtype.kind in "biu" else np.asarray(start).dtype
        made = np.array(found, dtype)
        if isinstance(start, np.ndarray):
            return made
        return float(made) if isinstance(start, (int, float)) and not isinstance(start, np.generic) else made[()]
    raise ValueError(f"{name} does not give what has the structure and the shapes of where it begins")
