"""Guards: whether arguments are of the types that a function was compiled for.

Takes abstract values; gives a predicate on a tuple of arguments, made of the fewest tests that decide it, and so as fast as
one written by hand. A guard never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sct.analysis.signature import abstract
from sct.frontend.resolve import Dependency, look_up
from sct.ir.ops import Free
from sct.ir.types import Abstract, Array, Const, Dict, List, Size, Tuple, is_unit

__all__ = ["guard"]


def guard(
    types: Sequence[Abstract],
    examples: Sequence[Any],
    dependencies: Iterable[Dependency],
    free: Iterable[tuple[Free, Abstract]],
    lengths: Mapping[str, int],
) -> Callable[[tuple[Any, ...]], bool]:
    """A predicate on arguments.

    Parameters
    ----------
    types : sequence of Abstract
        The types, one for each argument; further arguments are not looked at.
    examples : sequence
        Arguments that have these types.
    dependencies : iterable of Dependency
        Bindings that must still hold.
    free : iterable of (Free, Abstract)
        Data outside of the function, with the types that it must still have.
    lengths : mapping
        How long axes must be, by the names of their symbols.
    """
    return _Guard(lengths).make(types, examples, dependencies, free)


class _Guard:
    def __init__(self, lengths: Mapping[str, int]) -> None:
        self.lengths = lengths
        self.tests: list[str] = []
        self.names: dict[str, Any] = {"ndarray": np.ndarray, "abstract": abstract, "look_up": look_up}

    def name(self, value: Any) -> str:
        name = f"v{len(self.names)}"
        self.names[name] = value
        return name

    def make(
        self,
        types: Sequence[Abstract],
        examples: Sequence[Any],
        dependencies: Iterable[Dependency],
        free: Iterable[tuple[Free, Abstract]],
    ) -> Callable[[tuple[Any, ...]], bool]:
        for i, (t, example) in enumerate(zip(types, examples, strict=True)):
            self.value(f"args[{i}]" if len(types) > 1 else "args[0]", t, example, i)
        for d in dependencies:
            self.dependency(d)
        for f, t in free:
            owner, path = self.name(f), f.path
            self.names.setdefault("free_value", free_value)
            self.tests.append(f"abstract(free_value({owner}), {path!r}) == {self.name(t)}")
        text = f"def guard(args):\n    {''.join(self.bindings(len(types)))}return {' and '.join(self.tests) or 'True'}\n"
        exec(compile(text, "<sct guard>", "exec"), self.names)
        made: Callable[[tuple[Any, ...]], bool] = self.names["guard"]
        return made

    def bindings(self, n: int) -> list[str]:
        for k, test in enumerate(self.tests):
            for i in reversed(range(n)):
                test = test.replace(f"args[{i}]", f"a{i}")
            self.tests[k] = test
        return [f"a{i} = args[{i}]; " for i in range(n)]

    def value(self, path: str, t: Abstract, example: Any, i: int) -> None:
        tests = self.tests
        if isinstance(t, Array) and isinstance(example, np.ndarray):
            tests.append(f"type({path}) is {self.name(type(example)) if type(example) is not np.ndarray else 'ndarray'}")
            tests.append(f"{path}.dtype is {self.name(example.dtype)}")
            self.shape(path, t)
        elif isinstance(t, Const) and isinstance(t.value, (str, bytes)):
            tests.append(f"type({path}) is {self.name(type(t.value))} and {path} == {self.name(t.value)}")
        elif isinstance(t, Const):
            tests.append(f"{path} is {self.name(example)}")
        elif isinstance(t, (Tuple, List)):
            tests.append(f"type({path}) is {'tuple' if isinstance(t, Tuple) else 'list'} and len({path}) == {len(t.items)}")
            for k, item in enumerate(t.items):
                self.value(f"{path}[{k}]", item, example[k], i)
        elif isinstance(t, Dict):
            tests.append(f"type({path}) is dict and tuple({path}) == {self.name(t.keys)}")
            for key, item in zip(t.keys, t.items, strict=True):
                self.value(
                    f"{path}[{key!r}]" if isinstance(key, (str, int)) else f"{path}[{self.name(key)}]", item, example[key], i
                )
        else:
            tests.append(f"type({path}) is {self.name(type(example))}")
            if isinstance(t, Array) and type(example) in (np.datetime64, np.timedelta64, np.void):
                tests.append(f"{path}.dtype == {self.name(example.dtype)}")

    def shape(self, path: str, t: Array) -> None:
        assert t.shape is not None
        self.tests.append(f"{path}.ndim == {len(t.shape)}")
        if not t.shape:
            return
        lengths = [0 if isinstance(n, int) else self.lengths.get(_name(n), 0) for n in t.shape]
        if not any(lengths) and all(is_unit(n) is False for n in t.shape):
            self.tests.append(f"1 not in {path}.shape")
            return
        for k, (n, least) in enumerate(zip(t.shape, lengths, strict=True)):
            self.tests.append(f"{path}.shape[{k}] {f'>= {least}' if least else '== 1' if is_unit(n) else '!= 1'}")

    def dependency(self, d: Dependency) -> None:
        expected = self.name(d.expected)
        if d.is_attribute:
            self.tests.append(f"getattr({self.name(d.owner)}, {d.name!r}, None) is {expected}")
        elif d.name in d.owner.__code__.co_freevars and d.owner.__closure__ is not None:
            cell = d.owner.__closure__[d.owner.__code__.co_freevars.index(d.name)]
            self.tests.append(f"{self.name(cell)}.cell_contents is {expected}")
        elif d.name in d.owner.__globals__:
            self.tests.append(f"{self.name(d.owner.__globals__)}.get({d.name!r}) is {expected}")
        else:
            self.tests.append(f"{d.name!r} not in {self.name(d.owner.__globals__)}")


def _name(n: Size) -> str:
    """The name of the symbol that stands for an axis of an argument."""
    ((atom, _),) = n.terms
    return str(atom[1])  # type: ignore[index]


def free_value(op: Free) -> Any:
    """The data that `op` reads, as it is now."""
    function = op.function
    if op.name.endswith(" (default)"):
        name = op.name.split(" ")[0]
        keyword = function.__kwdefaults__ or {}
        if name in keyword:
            return keyword[name]
        code = function.__code__
        positional = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        return defaults[positional.index(name) - len(positional) + len(defaults)]
    return look_up(function, op.name)
