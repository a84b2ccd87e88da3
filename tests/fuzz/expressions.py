"""Programs of expressions over numbers and arrays of all real dtypes, of any seed the same ones.

Takes a seed; gives a program that runs, returns a finite real number, and mixes Python numbers, NumPy scalars and arrays of
bool, of integers with and without sign, and of floating-point numbers of each precision. A statement is kept if it runs on
the program's own arguments, so that the generator needs no types of its own.
"""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np

from .programs import Program

__all__ = ["program"]

_FLOATS = (np.float64, np.float64, np.float32, np.float16)
_INTEGERS = (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
_SHAPES = ((3,), (3,), (2, 3), (2, 3), (1, 3), (2, 1), (1,), ())
_LITERALS = (
    "1.0",
    "0.0",
    "2.0",
    "-1.0",
    "0.5",
    "1",
    "2",
    "0",
    "-1",
    "3",
    "True",
    "1.5",
    "np.float32(0.5)",
    "np.True_",
    "np.uint8(200)",
)

_UNARY = (
    "-{}",
    "-{}",
    "+{}",
    "np.sin({})",
    "np.tanh({})",
    "np.exp(-np.abs({}))",
    "np.sqrt(1 + {0} * {0})",
    "np.square({})",
    "abs({})",
    "{} ** 2",
    "{} ** 2.0",
    "1.0 * {}",
    "{} * 1",
    "{} + 0.0",
    "0 + {}",
    "{} / 1",
    "{} - 0",
    "0 - {}",
    "-1 * {}",
    "2 * {}",
    "0.5 * {}",
    "{} / 2",
    "-(-{})",
    "{} + {}",
    "np.sum({})",
    "np.sum({}, axis=0)",
    "{}.sum()",
    "np.mean({})",
    "np.max({})",
    "np.cumsum({})",
    "np.prod({})",
    "{}.T",
    "{}[0]",
    "{}[-1:]",
    "{}[::-1]",
    "{}[[0, 0]]",
    "np.ravel({})",
    "np.asarray({})",
    "np.ones(3) * {}",
    "np.zeros_like({})",
    "np.float32({})",
    "np.float64({})",
    "{}.astype(np.float32)",
    "{}.astype(np.float16)",
    "{}.astype(float)",
    "np.sum({}, dtype=np.float32)",
    "np.array([{0}, 2 * {0}])",
    "len({})",
    "{}.size",
    "{}.ndim",
    "{}.dtype.itemsize",
    "({} > 0)",
    "np.array({}, dtype=float)",
)
_BINARY = (
    "{} + {}",
    "{} - {}",
    "{} - {}",
    "{} * {}",
    "{} * {}",
    "{} / (2 + {} ** 2)",
    "{} @ {}",
    "np.dot({}, {})",
    "np.add({}, {})",
    "np.subtract({}, {})",
    "np.multiply({}, {})",
    "np.maximum({}, {})",
    "np.minimum({}, {})",
    "np.where({} > 0, {}, {})",
    "np.where({0} > {1}, {0}, {1})",
    "np.stack([{}, {}])",
    "np.concatenate([{}, {}])",
    "np.outer({}, {})",
    "-({} - {})",
    "-({} @ {})",
    "2.0 * (0.5 * {}) + {}",
    "({} > {})",
)
_CHOICES = (
    "({} if {} is None else {})",
    "({} if len({}.shape) == 1 else {})",
    "({} if {}.dtype == np.float32 else {})",
    "({} if str({}.dtype) == 'float64' else {})",
    "({} if f'{{{}.dtype}}' == 'float32' else {})",
    "({} if {}.dtype.itemsize < 8 else {})",
    "({} if {}.dtype.kind == 'f' else {})",
)
_BLOCKS = (
    "{v} = {c}.copy()\n{v}[0] = {e}",
    "{v} = {c}.copy()\n{v}[0] -= {e}",
    "{v} = {c} * 1.0\n{v}[0] *= {e}",
    "{v} = {c} * 1.0\n{v}[:] = {e}",
    "{v} = {c} * 1.0\n{v} -= {e}",
    "{v} = {c} * 1.0\n{v} += {e}",
    "{v} = {c} * 1.0\nnp.subtract.at({v}, [0, 0], {e})",
    "{v} = {c} * 1.0\nnp.add.at({v}, 0, {e})",
    "{v} = np.zeros_like({c})\n{v}[0] = {e}",
    "{v} = np.zeros(3, {c}.dtype)\n{v}[1:] = {e}",
    "{v} = 0.0\nfor i in range(2):\n    {v} = {v} + {e} * i",
    "{v} = 0\nfor i in range(3):\n    {v} = {v} - {e}",
    "{v} = {c}\nfor i in range(2):\n    {v} = {v} * {e}",
    "{v} = {c}\nfor i in range(len({d})):\n    {v} = {v} + i * {e}",
    "{v} = {c}\nwhile np.sum({v}) > 1:\n    {v} = {v} / 2 - 1",
    "if np.sum({d}) > 1:\n    {v} = {c}\nelse:\n    {v} = {e}",
    "if np.sum({d}) > 1:\n    {v} = {c} * {e}\nelse:\n    {v} = 0.0",
    "{v} = 1.0\nif np.sum({d}) > 0:\n    {v} = {v} * {e}",
    "{v} = (np.maximum, {e})[1]",
    "{v}, {v}_ = {e}, {c}\nfor i in range(2):\n    {v}, {v}_ = {v}_, {v}\n{v} = {v} + {v}_",
)


def program(seed: int) -> Program:
    """The program of a seed."""
    return _Maker(seed).made()


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"expressions {seed}")
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []
        self.values: dict[str, Any] = {}

    def made(self) -> Program:
        count = self.random.randint(2, 4)
        names = [f"{'xabc'[i]}" for i in range(count)]
        args = (self.float_argument(), *(self.argument() for _ in names[1:]))
        self.values = dict(zip(names, args, strict=True))
        floats = [n for n, v in self.values.items() if _is_float(v)]
        wrt = tuple(n for n in floats if n == "x" or self.random.random() < 0.6)
        for _ in range(self.random.randint(1, 5)):
            self.statement()
        made = [n for n in self.values if n not in names]
        ends = [*made[-2:], *(n for n in wrt if self.random.random() < 0.5)]
        for _ in range(20):
            terms = [self.random.choice(("np.sum({0})", "np.sum({0} * x)", "np.sum(x * {0})")).format(n) for n in ends]
            result = " + ".join(terms) if terms else "np.sum(x * x)"
            if self.runs(f"result = {result}") and _is_float(self.values["result"]):
                break
        else:
            result = "np.sum(x * x)"
        body = "\n".join(f"    {line}" for line in [*self.lines, f"return {result}"])
        return Program(f"def f({', '.join(names)}):\n{body}\n", args, wrt)

    # -- arguments -------------------------------------------------------------------------------------------------------

    def float_argument(self) -> Any:
        if self.random.random() < 0.15:
            return round(self.random.uniform(-2, 2), 2)
        dtype, shape = self.random.choice(_FLOATS), self.random.choice(_SHAPES)
        values = np.round(self.rng.uniform(-2, 2, shape), 2)
        return dtype(values) if shape == () and self.random.random() < 0.5 else np.array(values, dtype)

    def argument(self) -> Any:
        kind = self.random.random()
        if kind < 0.35:
            return self.float_argument()
        if kind < 0.45:
            return self.random.choice((True, False))
        if kind < 0.6:
            return self.random.choice((0, 1, 2, 3, -1, 7, 300))
        shape = self.random.choice(_SHAPES)
        if kind < 0.72:
            return self.random.choice((np.True_, np.False_)) if shape == () else self.rng.random(shape) < 0.5
        dtype = self.random.choice(_INTEGERS)
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        values = self.rng.choice([1, 2, 3, 7, 100, 0 if low == 0 else -2, min(high, 200), 0], shape)
        return dtype(values) if shape == () and self.random.random() < 0.5 else np.array(values, dtype)

    # -- statements ------------------------------------------------------------------------------------------------------

    def statement(self) -> None:
        v = f"v{len(self.values)}"
        for _ in range(12):
            if self.random.random() < 0.3:
                parts = {"v": v, "c": self.name(), "d": self.name(), "e": self.expression(1)}
                text = self.random.choice(_BLOCKS).format(**parts)
            else:
                text = f"{v} = {self.expression(2)}"
            if self.runs(text):
                self.lines += text.splitlines()
                return

    def name(self) -> str:
        names = list(self.values)
        return self.random.choice(names[-2:] if self.random.random() < 0.4 else names)

    def expression(self, depth: int) -> str:
        if depth == 0 or self.random.random() < 0.15:
            return self.random.choice(_LITERALS) if self.random.random() < 0.15 else self.name()
        kind = self.random.random()
        template = self.random.choice(_UNARY if kind < 0.4 else _BINARY if kind < 0.96 else _CHOICES)
        return template.format(*(self.part(depth - 1) for _ in range(3)))

    def part(self, depth: int) -> str:
        text = self.expression(depth)
        return text if text.isidentifier() else f"({text})"

    def runs(self, text: str) -> bool:
        """Whether a statement runs, and leaves finite numbers; then its names are the program's."""
        scope = {**self.values, "np": np}
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                exec("\n".join([*self.lines, text]), scope)
        except (ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError):
            return False
        made = {n: v for n, v in scope.items() if n not in ("np", "i", "__builtins__")}
        if not all(_is_usable(v) for v in made.values()):
            return False
        self.values = made
        return True


def _is_float(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def _is_usable(value: Any) -> bool:
    """Whether a value is a finite real number or an array of these, of moderate size."""
    if not isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating, np.ndarray)):
        return False
    if isinstance(value, (int, np.integer)):
        return abs(int(value)) < 2**53
    array = np.asarray(value)
    if array.dtype.kind in "iu":
        return array.size < 100
    return array.dtype.kind in "bf" and array.size < 100 and bool(np.all(np.abs(array.astype(float)) < 1e6))
