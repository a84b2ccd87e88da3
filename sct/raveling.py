"""Trees of numbers and arrays as vectors, and vectors as trees, as optimisers ask for.

Takes a tree (numbers, arrays, and tuples, lists, dicts and objects of these), or what is known of one before it runs; gives
functions of Python that lay its numbers one behind the other and that put them back, written out for its structure, so that
derivatives through them can be read. Never changes a tree.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import FunctionType
from typing import Any

import numpy as np

from sct.errors import NonDifferentiableArgumentError
from sct.frontend.resolve import is_instance
from sct.ir.types import is_named_tuple
from sct.runtime import fields_of, instance

__all__ = ["Leaf", "NoLeaf", "Part", "ravel", "raveler"]


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a tree as a vector, and the function that makes such a tree of a vector: for optimisers.

    Parameters
    ----------
    tree : number, array, or tuple, list, dict or object of these
        What `wrt` may name. Its real and complex numbers and arrays go into the vector, in order; whatever else is in it (whole
        numbers, texts, None) does not, as it has no derivative.

    Returns
    -------
    vector : array
        A new one, of shape (n,), of the dtype that NumPy gives to all of the numbers together.
    unravel : callable
        Takes a vector of that length; gives a tree of the structure, shapes and dtypes of `tree`, with arrays of its own, and
        with what did not go into the vector as it was. Its source is written out for the tree, and derivatives go through it.

    Raises
    ------
    NonDifferentiableArgumentError
        If there is something in the tree, but nothing that has a derivative; or if an object leads back to itself.
    ValueError
        By `unravel`, if what it is given is no vector of that length.

    Notes
    -----
    A gradient has the structure of what it is by, so that `sct.ravel(gradient)[0]` is the gradient by the vector. A real number
    beside complex ones is the real part of its entry.

    Examples
    --------
    >>> import numpy as np, sct
    >>> vector, unravel = sct.ravel({"W": np.array([[1.0, 2.0]]), "b": 3.0})
    >>> vector
    array([1., 2., 3.])
    >>> unravel(np.array([4.0, 5.0, 6.0]))
    {'W': array([[4., 5.]]), 'b': 6.0}
    """
    parts = _parts_of(tree)
    vector, _ = raveler(parts, known=False)(tree)
    return vector, raveler(parts, known=True)


# -- what is in a tree ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """What goes into the vector: a number of Python's, one of NumPy's, or an array; its sizes, where they are known."""

    kind: str  # "number", "scalar", "array"
    dtype: np.dtype[Any]
    rank: int = 0
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class NoLeaf:
    """What stays as it is."""

    value: Any = None


@dataclass(frozen=True)
class Part:
    """A container: its class, and what is in it by index, key or name."""

    cls: type
    items: tuple[tuple[Any, Part | Leaf | NoLeaf], ...]


def _parts_of(x: Any, within: tuple[Any, ...] = ()) -> Part | Leaf | NoLeaf:
    """What is in a tree. `within`: the containers and objects around it."""
    if type(x) in (float, complex):
        return Leaf("number", np.dtype(type(x)))
    if isinstance(x, np.generic) or type(x) is np.ndarray:
        kind = "array" if type(x) is np.ndarray else "scalar"
        return Leaf(kind, x.dtype, x.ndim, x.shape) if x.dtype.kind in "fc" else NoLeaf(x)
    entries: Iterable[tuple[Any, Any]]
    if type(x) is dict:
        entries = x.items()
    elif type(x) in (list, tuple) or is_named_tuple(type(x)):
        entries = enumerate(x)
    elif is_instance(x):
        entries = fields_of(x).items()
    elif isinstance(x, _PLAIN) or (within and is_instance(within[-1])):
        return NoLeaf(x)
    else:
        raise NonDifferentiableArgumentError(
            f"sct.ravel of a {type(x).__name__}, which is no number, array or container of these",
            None,
            "Leave it out of the tree, or make an array, a list, a tuple or a dict of it.",
        )
    if any(x is o for o in within):
        raise NonDifferentiableArgumentError("sct.ravel of what leads back to itself", None, "Leave that out of the tree.")
    return Part(type(x), tuple((k, _parts_of(v, (*within, x))) for k, v in entries))


_PLAIN = (int, str, bytes, type(None), Enum, range, slice)
"""What may be in a tree beside what is differentiated by."""


# -- functions for it ------------------------------------------------------------------------------------------------------


def raveler(tree: Part | Leaf | NoLeaf, known: bool) -> FunctionType:
    """The function that takes such a tree and gives its vector with what undoes that; where sizes are `known`, only that."""
    text, names = _Writer(tree, known).text()
    try:
        return _defined(text, tuple((n, type(v), v) for n, v in names.items()))
    except TypeError:  # something in the tree that cannot be hashed
        return _defined.__wrapped__(text, tuple((n, type(v), v) for n, v in names.items()))


_numbers = itertools.count(1)


@functools.lru_cache(maxsize=128)
def _defined(text: str, names: tuple[tuple[str, type, Any], ...]) -> FunctionType:
    """The function that a text defines, whose source can be read as long as it is there."""
    name = "ravel" if text.startswith("def ravel") else "unravel"
    filename = f"<sct {name} {next(_numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"np": np, "__name__": "sct.raveled", **{n: v for n, _, v in names}}
    exec(compile(text, filename, "exec"), namespace)
    made: FunctionType = namespace[name]
    weakref.finalize(made, linecache.cache.pop, filename, None).atexit = False
    return made


_OWN = ("np", "ravel", "unravel", "tree", "vector", "float", "complex", "ValueError")  # names of the texts


class _Writer:
    """Writes the functions for a tree."""

    def __init__(self, tree: Part | Leaf | NoLeaf, known: bool) -> None:
        self.tree = tree
        self.known = known
        self.names: dict[str, Any] = {}
        self.leaves = list(_leaves(tree, "tree", self.key))
        self.end = "0"  # where the last leaf ends
        self.first: list[str] = []  # statements that note what is in the tree, where the vector is made
        self.dtype = np.result_type(*(leaf.dtype for _, leaf in self.leaves)) if self.leaves else np.dtype(float)
        if not self.leaves and (not isinstance(tree, Part) or _holds_something(tree)):
            raise NonDifferentiableArgumentError(
                "sct.ravel of what holds no real or complex numbers, and no arrays of these",
                None,
                "Whole numbers have no derivative: write 1.0 in place of 1.",
            )

    def text(self) -> tuple[str, dict[str, Any]]:
        """The text of the function, and what it names."""
        self.left = iter(self.places())
        whole = self.value(self.tree, "tree")
        total = str(sum(_size(leaf) for _, leaf in self.leaves)) if self.known else self.end
        said = total if self.known else f"{{{total}}}"
        message = f"unravel takes a vector of {said} numbers, not an array of shape {{np.shape(vector)}}"
        unravel = [
            "def unravel(vector):",
            f"    if np.shape(vector) != ({total},):",
            f'        raise ValueError(f"{message}")',
            f"    vector = np.array(vector, {self.dtype_text(self.dtype)})",
            f"    return {whole}",
        ]
        if self.known:
            return "\n".join(unravel) + "\n", self.names
        flat = ", ".join(f"np.ravel({path})" for path, _ in self.leaves)
        made = f"np.concatenate([{flat}])" if self.leaves else "np.zeros(0)"
        body = [f"vector = {made}", *self.first, *unravel, "return vector, unravel"]
        return "\n".join(["def ravel(tree):", *(f"    {line}" for line in body)]) + "\n", self.names

    def places(self) -> Iterator[tuple[str, str, str]]:
        """Where each leaf begins and ends in the vector, and its shape, as texts."""
        at = 0
        for k, (path, leaf) in enumerate(self.leaves):
            if self.known:
                yield str(at), str(at + _size(leaf)), repr(leaf.shape)
                at += _size(leaf)
                continue
            start, self.end = self.end, f"end_{k}"
            if leaf.rank > 0:
                self.first.append(f"shape_{k} = np.shape({path})")
            size = f"np.size({path})" if leaf.rank > 0 else "1"
            self.first.append(f"end_{k} = {size}" if k == 0 else f"end_{k} = {start} + {size}")
            yield start, self.end, f"shape_{k}" if leaf.rank > 0 else "()"

    def value(self, x: Part | Leaf | NoLeaf, path: str) -> str:
        """What makes such a part of a tree again."""
        if isinstance(x, Leaf):
            return self.leaf(x, *next(self.left))
        if isinstance(x, NoLeaf):
            return self.kept(x.value, path)
        items = [(k, self.value(item, self.path(x.cls, path, k))) for k, item in x.items]
        values = [v for _, v in items]
        if x.cls is list:
            return f"[{', '.join(values)}]"
        if x.cls is tuple:
            return _tuple(values)
        if x.cls is dict:
            return f"{{{', '.join(f'{self.key(k)}: {v}' for k, v in items)}}}"
        cls = self.name(x.cls.__name__, x.cls)
        if issubclass(x.cls, tuple):
            return f"{cls}({', '.join(values)})"
        made = self.name("instance", instance)
        return f"{made}({', '.join([cls, *(f'{k}={v}' for k, v in items)])})"

    def leaf(self, leaf: Leaf, start: str, end: str, shape: str) -> str:
        real = self.dtype.kind == "c" and leaf.dtype.kind != "c"
        vector = "np.real(vector)" if real else "vector"
        if leaf.kind == "number":
            return f"{leaf.dtype.type(0).item().__class__.__name__}({vector}[{start}])"
        alike = leaf.dtype == (self.dtype.type(0).real.dtype if real else self.dtype)
        if leaf.kind == "scalar":
            return f"{vector}[{start}]" if alike else f"{self.dtype_text(leaf.dtype)}({vector}[{start}])"
        part = f"{vector}[{start}:{end}]"
        if leaf.rank != 1:
            part += f".reshape({shape})"
        return part if alike else f"{part}.astype({self.dtype_text(leaf.dtype)})"

    def kept(self, value: Any, path: str) -> str:
        if not self.known:
            name = f"kept_{len(self.first)}"
            self.first.append(f"{name} = {path}")
            return name
        return repr(value) if type(value) in (int, bool, str, bytes, type(None)) else self.name("kept", value)

    def path(self, cls: type, path: str, key: Any) -> str:
        return _path(cls, path, key, self.key)

    def key(self, key: Any) -> str:
        """A key of a dict."""
        if type(key) is tuple:
            return _tuple([self.key(k) for k in key])
        return repr(key) if type(key) in (int, bool, str, bytes, type(None)) else self.name("key", key)

    def dtype_text(self, dtype: np.dtype[Any]) -> str:
        native = dtype.isnative and getattr(np, dtype.name, None) is dtype.type
        return f"np.{dtype.name}" if native else repr(dtype.str)

    def name(self, name: str, value: Any) -> str:
        """A name for something that the text cannot write out."""
        name = name if name.isidentifier() else "key"
        taken = next((n for n, v in self.names.items() if v is value), None)
        if taken is None:
            others = (f"{name}_{k}" for k in itertools.count(1))
            taken = next(n for n in itertools.chain((name,), others) if n not in (*self.names, *_OWN))
            self.names[taken] = value
        return taken


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _leaves(x: Part | Leaf | NoLeaf, path: str, key_text: Callable[[Any], str]) -> Iterator[tuple[str, Leaf]]:
    """What of a tree goes into the vector, each with the text that reads it."""
    if isinstance(x, Leaf):
        yield path, x
    elif isinstance(x, Part):
        for key, item in x.items:
            yield from _leaves(item, _path(x.cls, path, key, key_text), key_text)


def _path(cls: type, path: str, key: Any, key_text: Callable[[Any], str]) -> str:
    in_brackets = cls is dict or issubclass(cls, (list, tuple))
    return f"{path}[{key_text(key)}]" if in_brackets else f"{path}.{key}"


def _holds_something(x: Part | Leaf | NoLeaf) -> bool:
    """Whether there is anything in a tree but containers, and None."""
    if isinstance(x, Part):
        return any(_holds_something(item) for _, item in x.items)
    return not isinstance(x, NoLeaf) or x.value is not None


def _size(leaf: Leaf) -> int:
    return int(np.prod(leaf.shape, dtype=int))
