"""Programs that call a primitive.

Takes a primitive with the arguments of a call; gives a Python function with source that makes the call, the arguments being
written in it or its parameters. Never makes the call.
"""

from __future__ import annotations

import linecache
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sct.testing.trees import Path

__all__ = ["call_with", "label", "program"]

_OPERATORS = {
    operator.add: "{} + {}",
    operator.sub: "{} - {}",
    operator.mul: "{} * {}",
    operator.truediv: "{} / {}",
    operator.floordiv: "{} // {}",
    operator.mod: "{} % {}",
    operator.pow: "{} ** {}",
    operator.matmul: "{} @ {}",
    operator.neg: "-{}",
    operator.pos: "+{}",
    operator.getitem: "{}[{}]",
}


def label(primitive: Any) -> str:
    """A primitive's name in messages, with its module."""
    module = getattr(primitive, "__module__", None) or ("numpy" if isinstance(primitive, np.ufunc) else "")
    return f"{module}.{primitive.__name__}".lstrip(".")


def _written(value: Any) -> str | None:
    """`value` as it stands in a program, or None where it has no short text."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, type) and value.__module__ == "numpy":
        return f"np.{value.__name__}"
    if isinstance(value, type) and value in (int, float, complex, bool):
        return value.__name__
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        parts = [_written(v) for v in value]
        if any(p is None for p in parts):
            return None
        text = ", ".join(p for p in parts if p is not None)
        return f"[{text}]" if isinstance(value, list) else f"({text},)" if len(value) == 1 else f"({text})"
    return None


def _written_index(value: Any) -> str | None:
    if isinstance(value, slice):
        parts = ["" if p is None else _written(p) for p in (value.start, value.stop, value.step)]
        return None if any(p is None for p in parts) else ":".join(p for p in parts if p is not None)
    if type(value) is tuple and any(isinstance(v, slice) for v in value):
        parts = [_written_index(v) for v in value]
        return None if any(p is None for p in parts) else ", ".join(p for p in parts if p is not None) + ","
    return _written(value)


def call_with(
    primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] | None = None, written: bool = True
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A Python function with source that calls `primitive`, and the arguments to call it with.

    Parameters
    ----------
    primitive : callable
        A NumPy function, or a function of the module `operator` (written as its operator).
    args, kwargs
        The arguments of the call.
    written : bool
        Whether flags, numbers, indices and strings stand in the function's text (so that the compiler knows them), and
        lists of arrays as displays; otherwise every argument is a parameter.

    Returns
    -------
    function, arguments
        `function(*arguments)` equals `primitive(*args, **kwargs)`.
    """
    call, values, _ = program(primitive, args, kwargs or {}, written)
    return call, values


def program(
    primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], written: bool
) -> tuple[Callable[..., Any], tuple[Any, ...], list[Path]]:
    """What `call_with` returns, and the path of each parameter in the call: position or keyword, then entries."""
    parameters: list[str] = []
    values: list[Any] = []
    paths: list[Path] = []

    def text(value: Any, path: Path, index: bool = False) -> str:
        if written:
            short = _written_index(value) if index else _written(value)
            if short is not None:
                return short
            if type(value) in (list, tuple) and any(isinstance(v, np.ndarray) for v in value):
                items = ", ".join(text(v, (*path, i)) for i, v in enumerate(value))
                return f"[{items}]" if type(value) is list else f"({items},)"
        name = path[0] if isinstance(path[0], str) else "x" + "_".join(map(str, path))
        parameters.append(name)
        values.append(value)
        paths.append(path)
        return name

    index = primitive is operator.getitem
    parts = [text(a, (i,), index and i == 1) for i, a in enumerate(args)]
    parts += [f"{k}={text(v, (k,))}" for k, v in kwargs.items()]
    form = _OPERATORS.get(primitive)
    expression = form.format(*parts) if form is not None else f"primitive({', '.join(parts)})"
    source = f"def call({', '.join(parameters)}):\n    return {expression}\n"
    filename = f"<check_rule {label(primitive)} {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"primitive": primitive, "np": np, "__name__": "sct.testing"}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["call"], tuple(values), paths
