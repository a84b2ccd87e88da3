"""Abstract values of actual arguments.

Takes a Python value; gives its abstract value. Two values with equal abstract values share one compiled derivative, so
sizes are left out: a non-unit axis becomes a symbol named after its path in the argument.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from sct.errors import NonDifferentiableArgumentError
from sct.ir.types import UNKNOWN, Abstract, Array, Const, Dict, List, Scalar, SizeLike, Tuple, size_symbol

__all__ = ["abstract"]


def abstract(value: Any, path: str = "x") -> Abstract:
    """The abstract value of `value`, an argument (or part of one) called `path`.

    Arrays are known by dtype, rank and unit axes; Python numbers by their kind; containers by their structure; flags,
    strings, None, dtypes, functions and modules by their value; anything else is unknown.
    """
    if isinstance(value, np.ndarray):
        if type(value) not in (np.ndarray, np.memmap) or value.dtype == object:
            what = "an array of objects" if value.dtype == object else f"a {type(value).__name__}"
            raise NonDifferentiableArgumentError(
                f"{path} is {what}, whose arithmetic is not that of arrays of numbers",
                None,
                "Pass an ordinary array: np.asarray(...), or .filled(...) and a mask.",
            )
        shape: list[SizeLike] = []
        for i, n in enumerate(value.shape):
            shape.append(1 if n == 1 else size_symbol(f"{path}.{i}", nonunit=True))
        return Array(value.dtype, tuple(shape), boxed=not shape)
    if isinstance(value, np.generic):
        return Array(value.dtype, ())
    if isinstance(value, bool) or value is None or value is Ellipsis or isinstance(value, (str, bytes, np.dtype, type)):
        return Const(value)
    if isinstance(value, int):
        return Scalar(int, size_symbol(path))
    if isinstance(value, (float, complex)):
        return Scalar(type(value) if type(value) in (float, complex) else float)
    if type(value) is tuple:
        return Tuple(tuple(abstract(v, f"{path}[{i}]") for i, v in enumerate(value)))
    if type(value) is list:
        return List(tuple(abstract(v, f"{path}[{i}]") for i, v in enumerate(value)))
    if type(value) is dict:
        items = tuple(abstract(v, f"{path}[{k!r}]") for k, v in value.items())
        return Dict(tuple(value), items)
    if isinstance(value, (Callable, ModuleType)):  # type: ignore[arg-type]
        return Const(value)
    return UNKNOWN
