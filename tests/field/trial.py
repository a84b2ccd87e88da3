"""One function of the sample, tried in a process of its own.

Takes a checkout, a function's name and what it is called with; gives what became of it as a line of text. `plain` runs the
function as Python does, and asks whether finite differences can tell its derivative there; it knows nothing of `sct`. `tried`
differentiates it by every number that it takes, the fields of objects too, and compares.
"""

from __future__ import annotations

import copy
import copyreg
import importlib
import inspect
import math
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Way = tuple[tuple[str, Any], ...]
"""How one gets from a value to something in it: attributes, items and keys."""


STEPS = (2e-5, 2e-7, 2e-9)
"""Steps of differences, as parts of the largest number: shorter ones where there are jumps or waves near by."""


class NotTried(Exception):
    """The function is not called with real numbers that its result depends on smoothly."""


# What arguments are made of


def a(*shape: int) -> np.ndarray:
    """Different positive numbers around 1."""
    return 0.6 + np.random.default_rng(len(shape) + sum(shape)).random(shape)


def s(*shape: int) -> np.ndarray:
    """Numbers of either sign, of size 1."""
    return np.random.default_rng(len(shape) + sum(shape)).normal(size=shape)


def spd(n: int) -> np.ndarray:
    """A symmetric positive definite matrix."""
    x = s(n, n)
    return x @ x.T + n * np.eye(n)


def o(**fields: Any) -> types.SimpleNamespace:
    """An object with these fields."""
    return types.SimpleNamespace(**fields)


def fields(made: Any, **more: Any) -> Any:
    """An object with fields set that a method of it would set."""
    for name, value in more.items():
        setattr(made, name, value)
    return made


def k(**keywords: Any) -> dict[str, Any]:
    """Arguments that are given by name, behind the others."""
    return {"by name": keywords}


def square(x: Any, *others: Any) -> Any:
    """A function to be given, of a number or an array."""
    return x * x


def quartic(x: Any, *others: Any) -> Any:
    """A function to be given, of two numbers."""
    return x[0] ** 4 + 0.5 * x[0] * x[1] ** 2 + x[1] ** 4


def cubic(x: Any, *others: Any) -> Any:
    """A function to be given, which has a root between 0 and 1."""
    return x * x * x + x - 1.0


def first(x: Any, *others: Any) -> Any:
    """A function to be given, which gives what it takes."""
    return x


def arguments(checkout: Path, identity: str, text: str) -> tuple[Callable[..., Any], dict[Any, Any]]:
    """The function, and what it is called with, by place or name."""
    module = imported(checkout, identity.split()[1])
    function = found(module, identity.split()[2])
    namespace = {**NAMES, **{name: importlib.import_module(name) for name in ("math", "functools")}, "m": module}
    values = eval(f"({text},)", namespace)  # written by those who keep the sample
    named = values[-1]["by name"] if isinstance(values[-1], dict) and "by name" in values[-1] else {}
    return function, {**dict(enumerate(values[: len(values) - bool(named)])), **named}


def called(function: Callable[..., Any], values: dict[Any, Any], *more: Any) -> Any:
    """The function's result."""
    named = {key: v for key, v in values.items() if isinstance(key, str)}
    return function(*(v for key, v in values.items() if isinstance(key, int)), *more, **named)


NAMES = {"np": np, "importlib": importlib} | {f.__name__: f for f in (a, s, spd, o, fields, k, square, quartic, cubic, first)}


def imported(checkout: Path, path: str) -> Any:
    """The module, imported as part of the package that it belongs to."""
    file = checkout / path
    root = file.parent
    while (root / "__init__.py").exists():
        root = root.parent
    sys.path[:0] = [str(root), str(checkout)]
    name = ".".join(file.relative_to(root).with_suffix("").parts)
    return importlib.import_module(name.removesuffix(".__init__"))


def found(module: Any, name: str) -> Callable[..., Any]:
    """The function, or what a property runs; a method takes the object first."""
    owner, _, method = name.rpartition(".")
    if not owner:
        return getattr(module, name)
    static = inspect.getattr_static(getattr(module, owner), method)
    if isinstance(static, property):
        return static.fget
    if isinstance(static, classmethod | staticmethod):
        return getattr(getattr(module, owner), method)
    return static


copyreg.pickle(types.ModuleType, lambda module: (importlib.import_module, (module.__name__,)))  # so that copies may hold one

# The numbers in a value


def floats(value: Any, way: Way = (), seen: dict[int, Way] | None = None) -> dict[Way, Any]:
    """The numbers and arrays of numbers in a value, by their ways; what is reached again counts once."""
    seen = {} if seen is None else seen
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return {way: value}
    if isinstance(value, complex) or (isinstance(value, np.ndarray) and value.dtype.kind == "c"):
        raise NotTried("it has to do with complex numbers")
    if id(value) in seen or isinstance(value, type | types.ModuleType | types.FunctionType | str | int):
        return {}
    seen[id(value)] = way
    found: dict[Way, Any] = {}
    for step, inner in _parts(value):
        found |= floats(inner, (*way, step), seen)
    return found


def _parts(value: Any) -> list[tuple[tuple[str, Any], Any]]:
    if isinstance(value, dict):
        return [(("item", k), v) for k, v in value.items()]
    if isinstance(value, list | tuple):
        return [(("item", k), v) for k, v in enumerate(value)]
    names = dict.fromkeys(n for c in type(value).__mro__ for n in getattr(c, "__slots__", ()) if hasattr(value, n))
    return [(("field", n), getattr(value, n)) for n in {**names, **getattr(value, "__dict__", {})}]


def at(value: Any, way: Way) -> Any:
    """What is there, or None."""
    for kind, key in way:
        try:
            value = value[key] if kind == "item" else getattr(value, key)
        except (AttributeError, IndexError, KeyError, TypeError):
            return None
    return value


def put(value: Any, way: Way, leaf: Any) -> Any:
    """The value with something else there; containers are changed in place, but for tuples."""
    if not way:
        if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
            value[...] = leaf  # what an array of a class of its own knows beside its numbers stays
            return value
        return leaf
    (kind, key), *rest = way
    inner = put(value[key] if kind == "item" else getattr(value, key), tuple(rest), leaf)
    if isinstance(value, tuple):
        items = (*value[:key], inner, *value[key + 1 :])
        return type(value)(*items) if hasattr(value, "_fields") else items
    if kind == "item":
        value[key] = inner
    else:
        object.__setattr__(value, key, inner)
    return value


# Running it


def plain(checkout: Path, identity: str, text: str) -> str:
    """What finite differences say: how many numbers there are to differentiate by."""
    function, values = arguments(checkout, identity, text)
    expected = _Expected(function, values)
    if not any(abs(slope) > 0.0 for slope in expected.slopes.values()):
        raise NotTried("its result does not change with the numbers that it takes")
    return f"{len(expected.slopes)} to differentiate by, {len(expected.cotangents)} in the result"


class _Expected:
    """The derivative of a result, weighed, in a direction for each number or array that a function takes."""

    def __init__(self, function: Callable[..., Any], values: dict[Any, Any]) -> None:
        self.function, self.values = function, values
        self.result = called(function, copy.deepcopy(values))
        rng = np.random.default_rng(1)
        outcome = floats(self.result)
        if not outcome:
            raise NotTried(f"gives {type(self.result).__name__}")
        self.cotangents = {way: _like(leaf, rng) for way, leaf in outcome.items() if np.all(np.isfinite(leaf))}
        if not self.cotangents:
            raise NotTried("gives no finite numbers")
        self.inputs = floats(values)
        if not self.inputs:
            raise NotTried("takes no real numbers")
        self.directions = {way: _like(leaf, rng) * _scale(leaf) for way, leaf in self.inputs.items()}
        self.noises: dict[Way, float] = {}
        self.slopes = {way: self._slope(way) for way in self.inputs}

    def _slope(self, way: Way) -> float:
        for step in STEPS:
            coarse, fine = self._difference(way, 2.0 * step), self._difference(way, step)
            told_apart = step == STEPS[0] or self.noises[way] < 1e-3 * abs(fine)
            if math.isfinite(fine) and abs(coarse - fine) <= 1e-4 * abs(fine) + self.noises[way] and told_apart:
                return fine
        raise NotTried(f"is not smooth there by {told(way)}")

    def _difference(self, way: Way, step: float) -> float:
        along = {k: self._moved(way, k * step) for k in (-2, -1, 1, 2)}
        self.noises[way] = 1e-6 + 1e3 * np.finfo(float).eps * max(map(abs, along.values())) / step
        return (8.0 * (along[1] - along[-1]) - (along[2] - along[-2])) / (12.0 * step)

    def _moved(self, way: Way, step: float) -> float:
        leaf = self.inputs[way]
        moved = put(copy.deepcopy(self.values), way, (leaf + step * self.directions[way]))
        result = called(self.function, moved)
        return sum(float(np.sum(c * at(result, way))) for way, c in self.cotangents.items())


def _like(leaf: Any, rng: np.random.Generator) -> Any:
    values = rng.uniform(0.5, 1.5, np.shape(leaf))
    return values.astype(leaf.dtype) if isinstance(leaf, np.ndarray) else float(values)


def _scale(leaf: Any) -> float:
    largest = float(np.max(np.abs(leaf), initial=0.0))
    return largest if largest > 0.0 else 1.0


def _without_others(y_bar: Any, seen: tuple[int, ...] = ()) -> Any:
    """A cotangent with None in the fields that hold no numbers, as gradients have it."""
    known = isinstance(y_bar, np.ndarray | type | types.ModuleType | types.FunctionType) or id(y_bar) in seen
    for (kind, key), inner in () if known else _parts(y_bar):
        if kind == "field" and not floats(inner):
            object.__setattr__(y_bar, key, None)
        else:
            _without_others(inner, (*seen, id(y_bar)))
    return y_bar


def told(way: Way) -> str:
    """A way as one writes it."""
    return "argument " + str(way[0][1]) + "".join(f"[{k!r}]" if kind == "item" else f".{k}" for kind, k in way[1:])


def tried(checkout: Path, identity: str, text: str) -> str:
    """What `sct` makes of it: `agrees`, `refused: why`, `nan` or `wrong: where`."""
    import sct

    function, values = arguments(checkout, identity, text)
    expected = _Expected(function, values)
    wrt = tuple(dict.fromkeys(way[0][1] for way in expected.inputs))
    y_bar = copy.deepcopy(expected.result)
    for way, leaf in floats(y_bar).items():
        y_bar = put(y_bar, way, expected.cotangents.get(way, np.zeros_like(leaf)))
    y_bar = _without_others(y_bar)
    try:
        result, gradients = called(sct.vjp(function, wrt), copy.deepcopy(values), y_bar)
    except sct.SctError as error:
        return f"refused: {type(error).__name__}: {error}"
    for way in expected.cotangents:
        if not np.allclose(at(result, way), at(expected.result, way), rtol=1e-9, atol=1e-12):
            return f"wrong: the result at {told(way)}"
    for way, slope in expected.slopes.items():
        gradient = at(gradients[wrt.index(way[0][1])], way[1:])
        computed = 0.0 if gradient is None else float(np.sum(gradient * expected.directions[way]))
        if np.isnan(computed):
            return f"nan: by {told(way)}"
        if not abs(computed - slope) <= 1e-4 * abs(slope) + expected.noises[way]:
            return f"wrong: by {told(way)}: {computed} is not {slope}"
    return f"agrees: by {len(expected.slopes)}"


def main() -> int:
    """Say in a line what became of a function: `python -m tests.field.trial tried CHECKOUT IDENTITY ARGUMENTS`."""
    what, checkout, identity, text = sys.argv[1:]
    warnings.simplefilter("ignore")
    try:
        if what == "imported":
            found(imported(Path(checkout), identity.split()[1]), identity.split()[2])
            said = "imports"
        else:
            said = {"plain": plain, "tried": tried}[what](Path(checkout), identity, text)
    except NotTried as error:
        said = f"not tried: {error}"
    except ModuleNotFoundError as error:
        said = f"needs {error.name}"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever others wrote may raise whatever
        said = f"raised: {type(error).__name__}" + (f": {error}" if what != "imported" else "")
    print("\n" + " ".join(said.split()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
