"""Types, sizes and constants as text, and back.

Takes an abstract value and gives a text that says all of it; or takes the text and gives an equal abstract value, but for the
numbers that tell unknown sizes apart, which count from 1 in each text.

>>> from sct.ir.type_text import parse_type, text_of
>>> print(text_of(parse_type("(float32[x.0, 2*n + 1], {'rate': float|int, 'axes': const (0, 1)})")))
(float32[x.0, 2*n + 1], {'rate': float|int, 'axes': const (0, 1)})
"""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from sct.ir.naming import Names, resolved
from sct.ir.ops import STAR
from sct.ir.scanner import Scanner
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    FieldName,
    Instance,
    List,
    ListOf,
    Maybe,
    Record,
    Scalar,
    Size,
    SizeLike,
    Slice,
    Stateful,
    Tuple,
    Undefined,
    Unknown,
    VariableName,
)

__all__ = ["Reader", "constant_text", "parse_type", "size_in_words", "text_of", "value_text"]

_KINDS: dict[str, type] = {kind.__name__: kind for kind in (bool, int, float, complex)}
_NAMES: dict[type, str] = {FieldName: "field", VariableName: "variable"}
_WORDS: dict[str, Any] = {"None": None, "True": True, "False": False, "nan": math.nan, "inf": math.inf, "star": STAR}


# -- to text -------------------------------------------------------------------------------------------------------------------


def text_of(t: Abstract | Size, names: Names | None = None) -> str:
    """The text of a type or size; `names` collects what it calls by names of its own."""
    return _type(t, Names() if names is None else names)


def _type(t: Any, names: Names) -> str:
    """The text of a type, or of a container of other things."""

    def items(of: Any) -> str:
        return ", ".join(_type(i, names) for i in of)

    if isinstance(t, Unknown):
        return f"maybe {_type(t.item, names)}" if isinstance(t, Maybe) else "?"
    if isinstance(t, Undefined):
        return "undefined"
    if isinstance(t, Const):
        return constant_text(t.value, names)
    if isinstance(t, Scalar):
        return t.kind.__name__ + ("" if t.size is None else f"={_size(t.size, names)}") + _also(t.also)
    if isinstance(t, Array):
        return _array(t, names)
    if isinstance(t, Tuple):
        kind = "" if t.kind is None else names.of(t.kind)
        return f"{kind}({items(t.items)}{',' if len(t.items) == 1 else ''})"
    if isinstance(t, List):
        return f"[{items(t.items)}]"
    if isinstance(t, ListOf):
        return f"[{_type(t.item, names)}, ...]{_places(t.sites)}"
    if isinstance(t, DictOf):
        return f"dict({_type(t.key, names)}, {_type(t.item, names)}){_places(t.sites)}"
    if isinstance(t, Record):
        return record_text(t, lambda i: _type(i, names), names)
    if isinstance(t, Dict):
        return f"{{{', '.join(f'{value_text(k, names)}: {_type(v, names)}' for k, v in zip(t.keys, t.items, strict=True))}}}"
    if isinstance(t, Slice):
        return f"slice({items((t.start, t.stop, t.step))})"
    if isinstance(t, Instance):
        return f"instance {names.of(t.cls)} {t.path!r}"
    if isinstance(t, Stateful):
        return f"stateful {names.of(t.cls)}"
    return _size(t, names) if isinstance(t, Size) else str(t)


def record_text(t: Record, item: Callable[[Any], str], names: Names) -> str:
    """The text of an object with known fields."""
    fields = ", ".join(f"{value_text(k, names)}: {item(i)}" for k, i in zip(t.keys, t.items, strict=True))
    return f"record {names.of(t.cls)} {t.path!r} {{{fields}}}"


def _places(sites: frozenset[Hashable]) -> str:
    """Where a list or dict may have been made, if that are numbers."""
    return f" at {' '.join(map(str, sorted(sites)))}" if sites and all(type(p) is int for p in sites) else ""  # type: ignore[type-var]


def _also(kinds: tuple[type, ...]) -> str:
    return "".join(f"|{k.__name__}" for k in kinds)


def _array(t: Array, names: Names) -> str:
    boxed = "boxed " if t.boxed else "perhaps boxed " if t.boxed is None else ""
    dtype = "?" if t.dtype is None else _dtype(t.dtype, names)
    shape = "..." if t.shape is None else ", ".join(_size(n, names) for n in t.shape)
    axes = "" if t.axes is None else f" or [{', '.join(_size(n, names) for n in t.axes)}]"
    return f"{boxed}{dtype}[{shape}]{_also(t.also)}{axes}"


def _dtype(dtype: np.dtype[Any], names: Names) -> str:
    return _dtype_name(dtype) or names.of(dtype)


@functools.cache
def _dtype_name(dtype: np.dtype[Any]) -> str | None:
    """The name that NumPy knows a dtype by."""
    try:
        return dtype.name if dtype.name.isidentifier() and repr(np.dtype(dtype.name)) == repr(dtype) else None
    except TypeError:
        return None


def _size(s: SizeLike, names: Names) -> str:
    """A linear form."""
    if isinstance(s, int):
        return str(s)
    text = ""
    for atom, c in s.terms:
        factor = "" if abs(c) == 1 else f"{abs(c)}*"
        text += ((" - " if c < 0 else " + ") if text else "-" if c < 0 else "") + factor + _atom(atom, names)
    return text + (f" {'-' if s.const < 0 else '+'} {abs(s.const)}" if s.const else "")


def _atom(atom: Any, names: Names) -> str:
    if not isinstance(atom, tuple):
        raise TypeError(f"a size is made of {atom!r}")
    kind, *parts = atom
    if kind == "phi":
        return f"φ#{names.number(atom)}"
    if kind == "symbol":
        name, known = parts
        return _symbol(name, known, names)
    if len(parts) == 1 and isinstance(parts[0], int):
        return f"{kind}({names.number(atom)})"
    return f"{kind}({', '.join(_part(p, names) for p in parts)})"


def _part(p: Any, names: Names) -> str:
    if isinstance(p, tuple):
        return f"({', '.join(_part(q, names) for q in p)}{',' if len(p) == 1 else ''})"
    if isinstance(p, Size):
        return _size(p, names)
    return f"const {p!r}" if isinstance(p, str) else value_text(p, names)


def _symbol(name: str, known: int, names: Names) -> str:
    stem, numbered, _ = name.partition("#")
    if numbered:
        text = f"{stem}#{names.number(('symbol', name))}"
    else:
        text = (
            name if all(part.isidentifier() or (k and part.isdigit()) for k, part in enumerate(name.split("."))) else repr(name)
        )
    return text + (f">={known}" if known > 1 else "" if known == _usual(text) else "!" if known else "?")


def _usual(name: str) -> int:
    """What is known of a symbol of which the text says no more: an axis has not length 1, other integers may be anything."""
    return int(name.strip("'\"").rpartition(".")[2].isdigit())


def constant_text(value: Any, names: Names) -> str:
    """The text of a constant among values: `const (1, 2)` is not the tuple of two of them."""
    text = value_text(value, names)
    return f"const {text}" if isinstance(value, (tuple, list, dict, slice, range)) and not text.startswith("@") else text


def value_text(value: Any, names: Names) -> str:
    """The text of a constant where nothing but constants may stand."""
    kind = type(value)
    if kind in _NAMES:
        return f"{_NAMES[kind]} {str(value)!r}"
    if value is None or value is Ellipsis or kind in (bool, int, float, str, bytes):
        return "..." if value is Ellipsis else repr(value)
    if kind is complex:
        return f"complex({value.real!r}, {value.imag!r})"
    if kind in (tuple, list):
        inside = ", ".join(value_text(v, names) for v in value)
        return f"[{inside}]" if kind is list else f"({inside}{',' if len(value) == 1 else ''})"
    if kind is dict:
        return f"{{{', '.join(f'{value_text(k, names)}: {value_text(v, names)}' for k, v in value.items())}}}"
    if kind in (slice, range):
        return f"{kind.__name__}({', '.join(value_text(v, names) for v in (value.start, value.stop, value.step))})"
    if value is STAR:
        return "star"
    if isinstance(value, np.dtype):
        name = _dtype(value, names)
        return name if name.startswith("@") else f"dtype({name})"
    if isinstance(value, np.generic) and type(value.item()) in (bool, int, float, complex):
        return f"{names.of(kind)}({value_text(value.item(), names)})"
    return names.of(value)


# -- from text -----------------------------------------------------------------------------------------------------------------


def parse_type(text: str, objects: Mapping[str, Any] | None = None) -> Abstract:
    """The type that a text describes.

    Parameters
    ----------
    text : str
        As `text_of` gives it.
    objects : mapping, optional
        What the names that begin with `@` stand for, without the `@`.

    Raises
    ------
    TextError
        With line and column.
    """
    reader = Reader({} if objects is None else objects)
    reader.scan = Scanner(text)
    t = reader.abstract()
    reader.scan.finish()
    return t


class Reader:
    """Reads types and constants at the place at which `scan` is."""

    scan: Scanner

    def __init__(self, objects: Mapping[str, Any]) -> None:
        self.objects = objects

    def reference(self) -> Any:
        """An object that is named."""
        start = self.scan.start
        name = self.scan.take("name", "a name")
        try:
            return resolved(name, self.objects)
        except LookupError as e:
            self.scan.fail(str(e.args[0]), start)

    def items(self, item: Callable[[], Any], close: str) -> tuple[Any, ...]:
        """Items with commas between them, up to a bracket."""
        found = []
        while not self.scan.accept(close):
            found.append(item())
            if not self.scan.accept(","):
                self.scan.expect(close)
                break
        return tuple(found)

    def pairs(self, item: Callable[[], Any]) -> tuple[tuple[Hashable, ...], tuple[Any, ...]]:
        """The keys and items of a dict, after its bracket."""

        def pair() -> tuple[Any, Any]:
            key = self.value()
            self.scan.expect(":")
            return key, item()

        found = self.items(pair, "}")
        return tuple(k for k, _ in found), tuple(v for _, v in found)

    # -- types -------------------------------------------------------------------------------------------------------

    def abstract(self) -> Abstract:
        s = self.scan
        if s.accept("("):
            return Tuple(self.items(self.abstract, ")"))
        if s.accept("["):
            return self.list_type()
        if s.accept("{"):
            return Dict(*self.pairs(self.abstract))
        if s.accept("record"):
            return self.record(self.abstract)
        if s.accept("undefined"):
            return UNDEFINED
        if s.accept("maybe"):
            return Maybe(self.abstract())
        if s.accept("slice"):
            s.expect("(")
            start, stop, step = self.three(self.abstract)
            return Slice(start, stop, step)
        if s.accept("dict"):
            s.expect("(")
            key, item = self.items(self.abstract, ")")
            return DictOf(key, item, self.places())
        if s.accept("instance"):
            cls = self.reference()
            return Instance(cls, ast.literal_eval(s.take("text", "the path of an instance")))
        if s.accept("stateful"):
            return Stateful(self.reference())
        return self.number_type()

    def record(self, item: Callable[[], Any]) -> Record:
        """An object with known fields."""
        cls, path = self.reference(), ast.literal_eval(self.scan.take("text", "the path of an object"))
        self.scan.expect("{")
        return Record(*self.pairs(item), cls, path)

    def list_type(self) -> Abstract:
        def item() -> Any:
            return ... if self.scan.accept("...") else self.abstract()

        found = self.items(item, "]")
        return ListOf(found[0], self.places()) if found[1:] == (...,) else List(found)

    def places(self) -> frozenset[Hashable]:
        """The numbers of the places where a list or dict may have been made."""
        found: set[Hashable] = set()
        if self.scan.accept("at"):
            while self.scan.kind == "number":
                found.add(self.integer())
        return frozenset(found)

    def three(self, item: Callable[[], Any]) -> tuple[Any, ...]:
        """Three items, before a closing bracket."""
        found = self.items(item, ")")
        if len(found) != 3:
            self.scan.fail("three items expected")
        return found

    def number_type(self) -> Abstract:
        """A number, an array, a constant, a named tuple, or nothing known."""
        s = self.scan
        boxed: bool | None = False
        if s.at("boxed", "perhaps"):
            boxed = None if s.advance() == "perhaps" else True
            if boxed is None:
                s.expect("boxed")
        elif s.token in _KINDS and not s.text[s.end :].startswith(("[", "(")):
            kind = _KINDS[s.advance()]
            return Scalar(kind, self.size() if s.accept("=") else None, self.also())
        unknown = s.accept("?")
        if unknown and not s.at("[") and boxed is False:
            return UNKNOWN
        if not unknown and not s.text[s.end :].startswith("["):
            return self.constant(self.abstract)  # type: ignore[no-any-return]
        dtype = None if unknown else self.dtype()
        s.expect("[")
        shape = None if s.accept("...") else self.items(self.size, "]")
        if shape is None:
            s.expect("]")
        also = self.also()
        axes = None
        if s.accept("or"):
            s.expect("[")
            axes = self.items(self.size, "]")
        return Array(dtype, shape, boxed, also, axes)

    def also(self) -> tuple[type, ...]:
        found = []
        while self.scan.accept("|"):
            if self.scan.token not in _KINDS:
                self.scan.fail("bool, int, float or complex expected")
            found.append(_KINDS[self.scan.advance()])
        return tuple(found)

    def dtype(self) -> np.dtype[Any]:
        if self.scan.token.startswith("@"):
            return self.reference()  # type: ignore[no-any-return]
        try:
            dtype: np.dtype[Any] = np.dtype(self.scan.token)
        except TypeError:
            self.scan.fail(f"{self.scan.token!r} is no type and no dtype")
        self.scan.advance()
        return dtype

    # -- sizes -------------------------------------------------------------------------------------------------------

    def size(self) -> SizeLike:
        """A linear form, as it stands."""
        terms: list[tuple[Hashable, int]] = []
        const, sign = 0, -1 if self.scan.accept("-") else 1
        while True:
            factor = sign
            if self.scan.kind == "number":
                factor *= self.integer()
                if not self.scan.accept("*"):
                    const += factor
                    factor = 0
            if factor:
                terms.append((self.atom(), factor))
            if not self.scan.at("+", "-"):
                return Size(tuple(terms), const) if terms else const
            sign = -1 if self.scan.advance() == "-" else 1

    def integer(self) -> int:
        if not self.scan.token.isdigit():
            self.scan.fail("an integer expected")
        return int(self.scan.advance())

    def atom(self) -> Hashable:
        s = self.scan
        if s.kind not in ("name", "text"):
            s.fail(f"a size expected, {s.token!r} found" if s.token else "a size expected")
        text = s.kind == "text"
        name = ast.literal_eval(s.advance()) if text else s.advance()
        if not text and s.accept("("):
            return (name, *self.items(self.part, ")"))
        if not text and s.accept("#"):
            number = self.integer()
            if name == "φ":
                return ("phi", number)
            name = f"{name}#{number}"
        known = _usual(name)
        if s.accept(">="):
            known = self.integer()
        elif s.at("!", "?"):
            known = int(s.advance() == "!")
        return ("symbol", name, known)

    def part(self) -> Any:
        """What a size is a function of."""
        s = self.scan
        if s.accept("("):
            return self.items(self.part, ")")
        if s.accept("const") or s.token in _WORDS or s.at("..."):
            return self.value()
        return self.size()

    # -- constants ---------------------------------------------------------------------------------------------------

    def constant(self, item: Callable[[], Any]) -> Any:
        """A constant, or a named tuple of items."""
        self.scan.accept("const")
        value = self.value(item)
        return value if isinstance(value, Tuple) else Const(value)

    def value(self, item: Callable[[], Any] | None = None) -> Any:
        """The value of a constant; with `item`, it may be a named tuple of items."""
        s = self.scan
        if s.accept("("):
            return self.items(self.value, ")")
        if s.accept("["):
            return list(self.items(self.value, "]"))
        if s.accept("{"):
            return dict(zip(*self.pairs(self.value), strict=True))
        if s.accept("..."):
            return Ellipsis
        if s.kind == "text":
            return ast.literal_eval(s.advance())
        for kind, word in _NAMES.items():
            if s.accept(word):
                return kind(ast.literal_eval(s.take("text", f"the name of a {word}")))
        if s.accept("-"):
            return -self.positive()
        return self.positive() if s.kind == "number" or s.token in ("nan", "inf") else self.word(item)

    def positive(self) -> Any:
        s = self.scan
        if s.kind == "number":
            return ast.literal_eval(s.advance())
        if not s.at("nan", "inf"):
            s.fail("a number expected")
        return float(s.advance())

    def word(self, item: Callable[[], Any] | None) -> Any:
        """What begins with a name."""
        s = self.scan
        if s.token in _WORDS:
            return _WORDS[s.advance()]
        if s.kind == "name" and s.text[s.end :].startswith("(") and s.token in ("slice", "range", "complex", "dtype"):
            kind = s.advance()
            s.expect("(")
            if kind == "dtype":
                dtype = self.dtype()
                s.expect(")")
                return dtype
            parts = self.items(self.value, ")")
            return {"slice": slice, "range": range, "complex": complex}[kind](*parts)
        if s.kind != "name":
            s.fail(f"a constant expected, {s.token!r} found" if s.token else "a constant expected")
        known = self.reference()
        if isinstance(known, type) and issubclass(known, np.generic) and s.accept("("):
            return known(*self.items(self.value, ")"))
        return Tuple(self.items(item, ")"), known) if item is not None and s.accept("(") else known


def size_in_words(n: SizeLike) -> str:
    """A size as a reader knows it: by the axis that it is of."""
    text = re.sub(r'"([^"]*)"', r"\1", str(n).strip("'")).replace("!", "")  # names of axes in containers are quoted
    return re.sub(r"([\w\]\['\"]+)\.(\d+)", r"\1.shape[\2]", text)
