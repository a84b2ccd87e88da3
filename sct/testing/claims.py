"""Types that the compiler claims, compared with values.

Takes an abstract value and an actual one; gives whether the first is true of the second. Never asks the compiler what it
would say of that value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.records import record
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, SizeLike, Slice, Tuple, is_unit
from sct.testing.calls import label
from sct.testing.mismatch import GradientMismatch
from sct.testing.trees import mapped

__all__ = ["Sizes", "as_written", "check_type", "consistent", "symbols"]


@record(frozen=True)
class Sizes:
    """What the symbols of one call stand for, filled in as results are compared."""

    known: dict[Any, int]

    def matches(self, size: SizeLike, actual: int) -> bool:
        """Whether `size` can be `actual`; a single unknown atom is then known."""
        if isinstance(size, int):
            return size == actual
        unit = is_unit(size)
        if unit is not None and unit != (actual == 1):
            return False
        rest, unknown = actual - size.const, []
        for atom, c in size.terms:
            value = self.value(atom)
            if value is None:
                unknown.append((atom, c))
            else:
                rest -= c * value
        if not unknown:
            return rest == 0
        if len(unknown) == 1:
            atom, c = unknown[0]
            if rest % c:
                return False
            self.known[atom] = rest // c
        return True

    def value(self, atom: Any) -> int | None:
        if atom in self.known:
            return self.known[atom]
        if atom[0] in ("mul", "broadcast"):
            a, b = map(self.evaluate, atom[1:])
            if a is not None and b is not None:
                return a * b if atom[0] == "mul" else b if a == 1 else a
        return None

    def evaluate(self, size: SizeLike) -> int | None:
        if isinstance(size, int):
            return size
        values = [self.value(atom) for atom, _ in size.terms]
        if any(v is None for v in values):
            return None
        return size.const + sum(c * v for (_, c), v in zip(size.terms, values, strict=True) if v is not None)


def symbols(value: Any, path: str) -> Iterator[tuple[Any, int]]:
    """The symbols that `abstract(value, path)` has, with the integers that they stand for."""
    if isinstance(value, np.ndarray):
        for i, n in enumerate(value.shape):
            if n != 1:
                yield ("symbol", f"{path}.{i}", 1), n
    elif isinstance(value, int) and not isinstance(value, bool):
        yield ("symbol", path, 0), value
    elif isinstance(value, (tuple, list)):
        for i, v in enumerate(value):
            yield from symbols(v, f"{path}[{i}]")
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from symbols(v, f"{path}[{k!r}]")


def as_written(value: Any, path: str) -> Abstract:
    """The abstract value of an argument that stands in the program's text: numbers are known."""
    if type(value) is tuple:
        return Tuple(tuple(as_written(v, f"{path}[{i}]") for i, v in enumerate(value)))
    if type(value) is list:
        return List(tuple(as_written(v, f"{path}[{i}]") for i, v in enumerate(value)))
    if isinstance(value, slice):
        return Slice(Const(value.start), Const(value.stop), Const(value.step))
    if type(value) is int:
        return Const(value)
    return abstract(value, path)


def consistent(claim: Abstract, actual: Any, sizes: Sizes) -> bool:
    """Whether the abstract value `claim` is true of `actual`."""
    match claim:
        case Array() | Scalar() if type(actual) in claim.also:
            return True
        case Array():
            if not isinstance(actual, (np.ndarray, np.generic)):
                return False
            if claim.dtype is not None and claim.dtype != actual.dtype:
                return False
            if claim.shape is None:
                return True
            return len(claim.shape) == actual.ndim and all(map(sizes.matches, claim.shape, actual.shape))
        case Scalar():
            right = type(actual) is claim.kind
            return right and (claim.size is None or sizes.matches(claim.size, actual))
        case Tuple() | List():
            if not isinstance(actual, tuple if isinstance(claim, Tuple) else list):
                return False
            return len(actual) == len(claim.items) and all(
                consistent(c, a, sizes) for c, a in zip(claim.items, actual, strict=True)
            )
        case Dict():
            return (
                isinstance(actual, dict)
                and tuple(actual) == claim.keys
                and all(consistent(c, actual[k], sizes) for k, c in zip(claim.keys, claim.items, strict=True))
            )
        case Const():
            return claim == Const(actual) if not isinstance(actual, np.ndarray) else False
        case _:
            return True


def check_type(primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], y: Any) -> None:
    """Compare the type rule with the actual result, for arguments known before the run and not."""
    for describe in (as_written, abstract):
        sizes = Sizes({})
        for path, value in [*((f"a{i}", a) for i, a in enumerate(args)), *kwargs.items()]:
            sizes.known.update(symbols(value, path))
        claim = infer_call(
            primitive,
            [describe(a, f"a{i}") for i, a in enumerate(args)],
            {k: describe(v, k) for k, v in kwargs.items()},
        )
        if not consistent(claim, y, sizes):
            actual = mapped(lambda v: f"{v.dtype}{list(v.shape)}" if hasattr(v, "dtype") else repr(v), y)
            raise GradientMismatch(f"{label(primitive)}: its type rule says {claim}, the result is {actual}")
