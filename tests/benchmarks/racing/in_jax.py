"""How derivatives by JAX are made and called: float64, compiled as a whole, with NumPy's arrays or its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .contests import JAX, JAX_ON_DEVICE

__all__ = ["fixed", "gradient", "vjp", "ways"]

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_cpu_enable_async_dispatch", False)  # which costs 30 µs a call where there is one core


def vjp(version: Callable[..., Any], f: Callable[..., Any], args: tuple[Any, ...], wrt: tuple[str, ...]) -> Callable[..., Any]:
    """The result of JAX's version of `f` and the adjoints of the parameters `wrt`; whole numbers and flags are fixed."""
    names = list(inspect.signature(f).parameters)
    active = [names.index(name) for name in wrt]
    fixed = {i: a for i, a in enumerate(args) if isinstance(a, (bool, int))}

    def derivative(*given: Any) -> Any:
        *args, y_bar = given

        def of_active(*values: Any) -> Any:
            places = {**dict(enumerate(args)), **dict(zip(active, values, strict=True)), **fixed}
            return version(*(places[i] for i in range(len(args))))

        y, pull = jax.vjp(of_active, *(args[i] for i in active))
        return y, pull(y_bar)

    return derivative


def gradient(version: Callable[..., Any], wrt: tuple[int, ...]) -> Callable[..., Any]:
    """The gradient of JAX's version of a function by some of its arguments."""
    return jax.grad(version, wrt)


def fixed(
    version: Callable[..., Any], args: tuple[Any, ...], places: tuple[int, ...]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A function of the other arguments, and these: whole numbers, flags and what stands at `places` are fixed."""
    given = {i: a for i, a in enumerate(args) if isinstance(a, (bool, int)) or i in places}

    def of_others(*others: Any) -> Any:
        rest = iter(others)
        return version(*(given[i] if i in given else next(rest) for i in range(len(args))))

    return of_others, tuple(a for i, a in enumerate(args) if i not in given)


def ways(derivative: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """A call of the compiled derivative with NumPy's arrays in and out, and one with arrays of JAX's."""
    compiled = jax.jit(derivative)
    on_device = jax.device_put(args)

    def call() -> Any:
        return jax.tree.map(np.asarray, compiled(*args))

    def call_on_device() -> Any:
        return jax.block_until_ready(compiled(*on_device))

    return {JAX: call, JAX_ON_DEVICE: call_on_device}
