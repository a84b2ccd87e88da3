"""Types that are written down: in a string, or as the annotations of parameters.

Takes text such as ``"W: f8[n, m], x: f8[n]"``, or annotations; gives abstract types. Axes of one name have one size; a named
size is any but 1.
"""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sct.errors import CallError, SctError
from sct.infer.parameters import declared_type
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, SizeLike, Tuple, size_add, size_mul, size_symbol

__all__ = ["annotated_types", "declared_types"]

_NUMBERS: dict[str, type] = {"float": float, "int": int, "complex": complex}
_NO_AXES = r"(?<=\w)\[\s*\]"
_ADVICE = "Write types such as 'W: f8[n, m], x: f8[n], rate: float, n: int, params: {W: f8[n, m], b: f8[m]}'."


def declared_types(text: str, names: Sequence[str]) -> dict[str, Abstract]:
    """The types that a text gives to parameters.

    Parameters
    ----------
    text : str
        ``name: type`` for each parameter. A type is a dtype of NumPy's with dimensions (`f8[n, m]`, `f4[3, n + 1]`; `f8[]` is a
        NumPy number), `float`, `int`, `complex`, a value (`True`, `None`, `'full'`), or a tuple, list or dict of types.
    names : sequence of str
        Those of the parameters.

    Raises
    ------
    SctError
        If the text has a mistake in it, or a parameter is not in it; says where.
    """
    try:
        (tree, *others) = ast.parse(f"def f({re.sub(_NO_AXES, '[()]', text)}): pass").body
    except SyntaxError as e:
        at = max((e.offset or 1) - len("def f("), 1)
        raise SctError(f"types={text!r} cannot be read: {e.msg} at character {at}", None, _ADVICE) from None
    assert isinstance(tree, ast.FunctionDef)
    a = tree.args
    repeated = len({p.arg for p in a.args}) < len(a.args)
    if others or repeated or len(tree.body) != 1 or a.defaults or a.kwonlyargs or a.posonlyargs or a.vararg or a.kwarg:
        raise SctError(f"types={text!r} has more in it than types", None, _ADVICE)
    given = {p.arg: p.annotation for p in a.args}
    for name, annotation in given.items():
        if name not in names:
            raise SctError(f"types={text!r} has {name}, which is no parameter", None, f"The parameters are {', '.join(names)}.")
        if annotation is None:
            raise SctError(f"types={text!r} says no type of {name}", None, _ADVICE)
    missing = [n for n in names if n not in given]
    if missing:
        raise SctError(
            f"types={text!r} says nothing of {missing[0]}", None, f"The parameters are {', '.join(names)}. {_ADVICE}"
        )
    return {name: _type(given[name], name) for name in names}


def _type(node: Any, path: str) -> Abstract:
    if isinstance(node, ast.Name):
        if node.id in _NUMBERS:
            kind = _NUMBERS[node.id]
            return Scalar(kind, size_symbol(path) if kind is int else None)
        raise _mistake(node, path, "no type: an array has its dimensions behind it, as f8[n]")
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inside = node.slice
        axes = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        return Array(_dtype(node.value, path), tuple(_size(n, path) for n in axes))
    if isinstance(node, ast.Tuple):
        return Tuple(tuple(_items(node.elts, path)))
    if isinstance(node, ast.List):
        return List(tuple(_items(node.elts, path)))
    if isinstance(node, ast.Dict):
        keys = tuple(k.id if isinstance(k, ast.Name) else _value(k, path) for k in node.keys)
        return Dict(keys, tuple(_type(v, f"{path}[{k!r}]") for k, v in zip(keys, node.values, strict=True)))
    value = _value(node, path)
    if type(value) in (bool, str, bytes, type(None)):
        return Const(value)
    raise _mistake(node, path, "no type")


def _items(nodes: Sequence[Any], path: str) -> Iterator[Abstract]:
    return (_type(n, f"{path}[{k}]") for k, n in enumerate(nodes))


def _value(node: Any, path: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise _mistake(node, path, "no type") from None


def _mistake(node: Any, path: str, what: str) -> SctError:
    return SctError(f"in types, {ast.unparse(node)}, which is said of {path}, is {what}", None, _ADVICE)


def _dtype(node: ast.Name, path: str) -> np.dtype[Any]:
    try:
        found = np.dtype(node.id)
    except TypeError:
        raise _mistake(node, path, "no dtype of NumPy's") from None
    if found.kind not in "biufc":
        raise _mistake(node, path, "no dtype of numbers")
    return found


def _size(node: Any, path: str) -> SizeLike:
    """A dimension: a number, a name, or a sum or product of these."""
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value >= 0:
        return node.value
    if isinstance(node, ast.Name):
        return size_symbol(node.id, 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return size_add(_size(node.left, path), _size(node.right, path), 1 if isinstance(node.op, ast.Add) else -1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return size_mul(_size(node.left, path), _size(node.right, path))
    raise _mistake(node, path, "no size: a number, a name, or a sum or product of these")


def annotated_types(signature: inspect.Signature, wrt: Sequence[str], known: Mapping[str, Any]) -> tuple[Abstract, ...]:
    """The types of parameters as they are annotated; where that says nothing, by the default if it is not one of `wrt`, or else
    an array of unknown rank. `known` is where names in annotations are looked up.
    """
    out = []
    for n, p in signature.parameters.items():
        declared = None if p.annotation is p.empty else annotated_type(p.annotation, n, known)
        if isinstance(declared, Scalar) and p.default is not p.empty and type(p.default) is not declared.kind:
            raise CallError(
                f"the default of {n} is of type {type(p.default).__name__}, and its annotation says {declared.kind.__name__}",
                advice="Write a default of that type.",
            )
        out.append(declared_type(p, n in wrt) if declared is None else declared)
    return tuple(out)


def annotated_type(annotation: Any, path: str, known: Mapping[str, Any]) -> Abstract | None:
    """The type that an annotation says, or None: numbers, `numpy.typing.NDArray`, containers of these, and arrays with a dtype
    and a string of dimensions as jaxtyping has them.

    `known` is where names in it are looked up, if it is a string.
    """
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, dict(known))
        except Exception:  # noqa: BLE001  (it says nothing, then)
            return None
    if annotation in (float, int, complex):
        return Scalar(annotation, size_symbol(path) if annotation is int else None)
    dims, dtypes = getattr(annotation, "dim_str", None), getattr(annotation, "dtypes", None)
    if isinstance(dims, str) and dtypes:
        return _shaped(dims, dtypes)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is np.ndarray and len(args) == 2:
        scalar = typing.get_args(args[1])
        return Array(np.dtype(scalar[0]), None) if scalar and _is_dtype(scalar[0]) else None
    if origin is tuple and Ellipsis not in args:
        items = [annotated_type(a, f"{path}[{k}]", known) for k, a in enumerate(args)]
        return None if None in items else Tuple(tuple(items))
    return Array(np.dtype(annotation), ()) if _is_dtype(annotation) else None


def _is_dtype(scalar: Any) -> bool:
    """Whether a class is that of the numbers of one dtype."""
    return isinstance(scalar, type) and issubclass(scalar, np.number) and scalar in np.sctypeDict.values()


def _shaped(dims: str, dtypes: Any) -> Abstract:
    """An array whose dimensions stand in a string, with spaces between them."""
    names = [dtypes] if isinstance(dtypes, str) else list(dtypes)
    dtype = next((np.dtype(n) for n in ("float64", "complex128", "int64", *names) if n in names), np.dtype(float))
    shape: list[SizeLike] = []
    for dim in dims.split():
        if dim.isdecimal():
            shape.append(int(dim))
        elif dim.isidentifier() and dim.strip("_"):
            shape.append(size_symbol(dim, 1))
        else:
            return Array(dtype, None)
    return Array(dtype, tuple(shape))
