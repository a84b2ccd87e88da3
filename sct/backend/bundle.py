"""Bundling: functions and classes as they are written, for a module in which they stand on their own.

Takes functions; gives their texts, in which every name that is not their own is one of the module's. Data is taken as the
module is told to; never runs what it copies.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import math
import symtable
import sys
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from sct.errors import SctError
from sct.frontend.read import read
from sct.frontend.resolve import MISSING, look_up, place_of_default
from sct.ir.ops import Free, describe
from sct.registry.facts import facts_of
from sct.runtime import expectations

__all__ = ["WAYS", "Bundle", "Gap", "edited", "known_by", "literal", "recursive_under_numba", "rows_of"]

WAYS = ("constants", "import", "parameters")
"""What becomes of data that lies outside of a function."""
_LARGEST = 1000  # entries of an array that is written as a constant
_SIMPLE = (bool, int, str, bytes, type(None))
_NUMBERS = tuple(np.dtype(c).type for c in "?bhilqBHILQefdFD")


class Bundle:
    """The names of a module, what it imports, and what is defined in it.

    `include`: the user's functions are copied; else they are imported from where they stand. `data`: one of `WAYS`, or that of
    each datum by its name.
    """

    def __init__(self, include: bool, data: str | Mapping[str, str], decorator: str = "") -> None:
        self.include = include
        self.decorator = decorator  # of what is copied, but for what looks at arguments
        self.data = data
        self.taken = {*dir(builtins), "np", "npt", "Any"}
        self.names: dict[Any, str] = {}  # of functions, classes and modules by identity, of data by where it is found
        self.held: list[Any] = []  # so that no other object has its identity
        self.imports: dict[str, None] = {}
        self.constants: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self.early: set[str] = set()  # those that others need when they are defined
        self.finished: list[str] = []
        self.aliases: dict[str, str] = {}  # further names, for texts in which the first is one of their own
        self.sources: list[str] = []  # of what is copied, as its author wrote it, and the data that it has
        self.asked: set[str] = set()  # the names of data that a way was asked for

    # -- names -------------------------------------------------------------------------------------------------------

    def named(self, key: Any, base: str, holder: Any) -> str:
        """The name of what `key` stands for, which gets one if it has none; `holder` lives as long as the key is needed."""
        if key not in self.names:
            self.names[key] = self.fresh(base)
            self.held.append(holder)
        return self.names[key]

    def needs(self, line: str) -> None:
        """An import."""
        self.imports[line] = None

    def fresh(self, base: str, own: Collection[str] = ()) -> str:
        """A name that nothing in the module has, nor a text whose names are `own`."""
        base = base if base.isidentifier() else "constant"
        name, k = base, 0
        while name in self.taken or name in own:
            k += 1
            name = f"{base}_{k}"
        self.taken.add(name)
        return name

    def apart_from(self, name: str, own: Collection[str]) -> str:
        """A name of the module's in a text whose own names are `own`: another one where it has that name itself."""
        root, dot, rest = name.partition(".")
        if root not in own:
            return name
        for alias, of in self.aliases.items():
            if of == root and alias not in own:
                return f"{alias}{dot}{rest}"
        alias = self.fresh(root, own)
        self.aliases[alias] = root
        return f"{alias}{dot}{rest}"

    def reference(self, value: Any, called: str) -> str:
        """How the module refers to code: a function, class, module, or something of NumPy's."""
        value = facts_of(value).alone or value
        if id(value) in self.names:
            return self.names[id(value)]
        own = getattr(value, "__name__", "")
        if isinstance(own, str) and getattr(builtins, own, MISSING) is value:
            return own
        if isinstance(value, ModuleType):
            return self.module(value, called)
        if isinstance(value, (FunctionType, type)):
            return self.code(value, called)
        if isinstance(value, Enum):
            return f"{self.imported(type(value), type(value).__name__)}.{value.name}"
        if isinstance(value, np.dtype):
            self.needs("import numpy as np")
            return f'np.dtype("{value.name if value.isnative else value.str}")'
        for module, path in ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft"), (np.random, "np.random")):
            if isinstance(own, str) and getattr(module, own, MISSING) is value:
                self.needs("import numpy as np")
                return f"{path}.{own}"
        return self.imported(value, called)

    def is_code(self, value: Any) -> bool:
        """Whether an object is referred to, rather than written or read."""
        return isinstance(value, (ModuleType, Enum, np.dtype)) or callable(value) or type(value).__module__ == "typing"

    def module(self, value: ModuleType, called: str) -> str:
        if value is np:
            self.needs("import numpy as np")
            return "np"
        name = self.named(id(value), called, value)
        plain = name == value.__name__
        self.needs(f"import {value.__name__}" if plain else f"import {value.__name__} as {name}")
        return name

    def code(self, value: Any, called: str) -> str:
        """A function or class: copied, or imported from its module."""
        module = value.__module__ or ""
        own = module.split(".")[0] == "sct"
        if own or (self.include and isinstance(value, FunctionType) and _is_users(module)):
            return self.copied(value)
        return self.imported(value, called)

    def original(self, value: Any, called: str) -> str:
        """An object of the user's itself, even where functions are copied."""
        if isinstance(value, FunctionType) and not (value.__module__ or "").startswith("sct."):
            return self.imported(value, called)
        return self.reference(value, called)

    def imported(self, value: Any, called: str) -> str:
        """An object, imported from its module; one in a class by way of the class."""
        module, own = getattr(value, "__module__", None), getattr(value, "__qualname__", getattr(value, "__name__", called))
        if own == "Any" or getattr(value, "_name", None) == "Any":
            module, own = "typing", "Any"
        module, own = ("types", "MethodType") if value is MethodType else (module, str(own))
        if (public := describe(value)).startswith("scipy."):  # which does not say where its functions are to be had
            module, _, own = public.rpartition(".")
        first, *rest = own.split(".")
        found: Any = sys.modules.get(module or "")
        for part in (first, *rest):
            found = getattr(found, part, MISSING)
        if module == "builtins" and found is value:
            return own
        if found is not value:
            raise SctError(
                f"{called} is {_described(value)}, which cannot be imported by its name",
                None,
                "Define it at the top level of a module.",
            )
        if module == "__main__":
            raise SctError(
                f"{called} is defined in the program that runs, from which no other module can import it",
                None,
                "Define it in a module of its own.",
            )
        if (module, own) == ("typing", "Any"):
            self.needs("from typing import Any")
            return "Any"
        root = getattr(sys.modules[str(module)], first)
        name = self.named(("imported", id(root)), first, root)
        self.imports[f"from {module} import {first}" + (f" as {name}" if name != first else "")] = None
        return ".".join([name, *rest])

    # -- data --------------------------------------------------------------------------------------------------------

    def way(self, name: str) -> str:
        """What becomes of data of that name."""
        self.asked.add(name)
        return self.data if isinstance(self.data, str) else self.data.get(name, "constants")

    def datum(self, op: Free, value: Any) -> str:
        """How the module calls data that a function finds outside of itself, and that does not become a parameter."""
        owner, name = op.function, op.name.split(" ")[0]
        way = self.way(name)
        if way == "constants":
            return self.constant(value, name, self.place(op), owner)
        if op.attribute or not isinstance(owner, FunctionType):
            return f"{self.reference(owner, getattr(owner, '__name__', name))}.{name}"
        cells = owner.__code__.co_freevars
        if op.name != name or name not in owner.__globals__ or name in cells or owner.__module__ == "__main__":
            raise SctError(
                f"{name}, which {owner.__qualname__} reads, is no global of a module that can be imported",
                None,
                f"Ask for data={{{name!r}: 'parameters'}} or 'constants'.",
            )
        own = self.named(self.place(op), name, owner)
        self.imports[f"from {owner.__module__} import {name}" + (f" as {own}" if own != name else "")] = None
        return own

    def place(self, op: Free) -> Any:
        """Where data is found, which two functions may share."""
        owner = op.function
        if op.attribute or not isinstance(owner, FunctionType):
            return "attribute", id(owner), op.name
        if op.name.endswith(" (default)"):
            return "default", id(owner), op.name
        if op.name in owner.__code__.co_freevars and owner.__closure__ is not None:
            return "cell", id(owner.__closure__[owner.__code__.co_freevars.index(op.name)])
        return "global", id(owner.__globals__), op.name

    def constant(self, value: Any, called: str, place: Any, holder: Any) -> str:
        """Data, written into the module."""
        name = self.named(place, called, holder)
        if name not in self.constants:
            text = self.constants[name] = literal(value, called, self.in_constant)
            if "np." in text:
                self.needs("import numpy as np")
        return name

    def in_constant(self, value: Any) -> str | None:
        """How a constant refers to an object that is no data, if that is there before what the module defines."""
        if isinstance(value, (Enum, np.dtype, type, np.ufunc)):
            return self.reference(value, getattr(value, "__name__", "constant"))
        return None

    # -- copies ------------------------------------------------------------------------------------------------------

    def copied(self, value: Any) -> str:
        """A function or class, copied into the module."""
        name = self.named(id(value), value.__name__ if value.__name__.isidentifier() else "function", value)
        if name in self.definitions:
            if self.decorator and not self.definitions[name]:
                raise recursive_under_numba(value)
            return name
        self.definitions[name] = ""  # it may call itself
        node, text = _text_of(value)
        self.sources.append(text)
        self.definitions[name] = self.with_names(node, text, name, value)
        self.finished.append(name)
        return name

    def with_names(self, node: Any, text: str, name: str, value: Any) -> str:
        """A text in which the names that are not its own are the module's; `name` is what it defines."""
        edits: list[tuple[Any, str]] = []
        outer, own = _names_in(text)
        own -= {node.name}
        self.taken |= own - outer  # what is defined from here on takes other names
        skipped: set[int] = set()
        if isinstance(value, FunctionType):
            for default, new in self.defaults(node, value):
                edits.append((default, new))
                skipped.update(map(id, ast.walk(default)))
        for n in ast.walk(node):
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in outer and id(n) not in skipped:
                module = _found(value, n.value.id)
                if isinstance(module, ModuleType) and module.__name__.split(".")[0] == "sct":
                    edits.append((n, self.apart_from(self.reference(getattr(module, n.attr), n.attr), own)))
                    skipped.add(id(n.value))
        for n in ast.walk(node):
            if isinstance(n, ast.Name) and n.id in outer and id(n) not in skipped:
                found = _found(value, n.id)
                if found is not MISSING:
                    new = self.apart_from(self.outside(found, n.id, value), own)
                    if new != n.id:
                        edits.append((n, new))
        text = edited(text, edits)
        word = "class" if isinstance(node, ast.ClassDef) else "def"
        text = text if node.name == name else text.replace(f"{word} {node.name}", f"{word} {name}", 1)
        if self.decorator and value.__module__ != expectations.__name__:
            text = f"{self.decorator}{text}"
            self.needs("from numba import njit")
        if _is_annotated(node):
            return text
        self.needs("from typing import no_type_check")
        return f"@no_type_check\n{text}"

    def outside(self, found: Any, called: str, value: Any) -> str:
        """How a copy calls what it finds outside of itself."""
        if self.is_code(found):
            return self.reference(found, called)
        if not isinstance(value, FunctionType):
            return self.constant(found, called, ("global", id(sys.modules[value.__module__].__dict__), called), value)
        if self.way(called) == "parameters":
            raise SctError(
                f"{called} cannot become a parameter: {value.__qualname__} reads it, which is copied as it is",
                None,
                f"Pass it to {value.__name__} as an argument, or ask for data={{{called!r}: 'constants'}}.",
            )
        return self.datum(Free(value, called), found)

    def defaults(self, node: ast.FunctionDef, value: FunctionType) -> Iterator[tuple[ast.expr, str]]:
        """The defaults of a copied function, as they were worked out."""
        a = node.args
        positional = [*a.posonlyargs, *a.args]
        pairs = [*zip(positional[len(positional) - len(a.defaults) :], a.defaults, strict=True)]
        pairs += [(p, d) for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None]
        for p, written in pairs:
            where, key = place_of_default(value, p.arg)
            given = getattr(value, where)[key]
            self.sources.append(f"{value.__qualname__} {p.arg}={known_by(given)}")
            if _says(written, given):
                continue
            if self.is_code(given):
                name = self.reference(given, p.arg)
                self.early.add(name)
                yield written, name
            else:
                yield written, self.constant(given, p.arg, ("default", id(value), p.arg), value)

    def ordered(self) -> tuple[list[str], list[str]]:
        """The definitions: those that must come first, and the others."""
        first = {*self.early}
        for name in reversed(self.finished):  # a default of one that comes first comes before it
            if name in first:
                first |= {n.id for n in ast.walk(ast.parse(self.definitions[name])) if isinstance(n, ast.Name)} & self.early
        early = [name for name in self.finished if name in first]
        return [self.definitions[n] for n in early], [d for n, d in self.definitions.items() if n not in early]

    # -- so that what fails leaves nothing behind --------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {k: v if isinstance(v, (bool, str)) else type(v)(v) for k, v in vars(self).items()}

    def restore(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class Gap:
    """A place in a text, between two characters, or `width` bytes wide."""

    def __init__(self, row: int | None, column: int | None, width: int = 0) -> None:
        self.lineno = self.end_lineno = row
        self.col_offset = column
        self.end_col_offset = (column or 0) + width


def rows_of(text: str) -> list[str]:
    """The lines of a text as Python counts them, with their ends."""
    rows = text.split("\n")
    return [f"{row}\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])


def _is_annotated(node: ast.AST) -> bool:
    """Whether all functions in a definition say what they take and give."""
    for f in ast.walk(node):
        if isinstance(f, ast.Lambda):
            return False
        if isinstance(f, ast.FunctionDef):
            a = f.args
            own = (*a.posonlyargs, *a.args, *a.kwonlyargs, *(p for p in (a.vararg, a.kwarg) if p is not None))
            if f.returns is None or any(p.annotation is None and p.arg not in ("self", "cls") for p in own):
                return False
    return True


def _is_users(module: str) -> bool:
    """Whether a function of this module is the user's own, and no library's."""
    found = sys.modules.get(module)
    path = getattr(found, "__file__", None) or ""
    return found is None or ("site-packages" not in path and not path.startswith(sys.base_prefix))


def _text_of(value: Any) -> tuple[Any, str]:
    """The tree and the text of a function, without its decorators, or of a class."""
    if isinstance(value, FunctionType):
        source = read(value)
        if isinstance(source.node, ast.Lambda):
            raise SctError(
                f"a lambda is called that is not followed: {source.text(source.node)}",
                source.place(source.node),
                "Write it as a function.",
            )
        # Its decorators gave it back as it is, or it would be another function.
        text = _dedented([f"{line}\n" for line in source.lines[source.node.lineno - 1 : source.node.end_lineno]])
    else:
        text = _dedented(rows_of(inspect.getsource(value)))
    return ast.parse(text).body[0], text


def _dedented(rows: list[str]) -> str:
    """Lines without the margin of the first; what is inside of strings stays as it is."""
    margin = len(rows[0]) - len(rows[0].lstrip())
    if not margin:
        return "".join(rows)
    inside: set[int] = set()
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO("if True:\n" + "".join(rows), newline="\n").readline):
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":
            begun.append(token.start[0])
        start = begun.pop() if kind == "FSTRING_END" else token.start[0]
        if kind in ("STRING", "FSTRING_END"):
            inside.update(range(start + 1, token.end[0] + 1))
    return "".join(
        row if k in inside else row[min(margin, len(row) - len(row.lstrip(" \t"))) :] for k, row in enumerate(rows, 2)
    )


def _found(value: Any, called: str) -> Any:
    """What a name in a function or class refers to."""
    if isinstance(value, FunctionType):
        return look_up(value, called)
    module = sys.modules[value.__module__]
    return getattr(module, called, getattr(builtins, called, MISSING))


def _names_in(text: str) -> tuple[set[str], set[str]]:
    """The names in a definition that it finds outside of itself, itself included, and those that it binds."""
    try:
        top = symtable.symtable(text, "<definition>", "exec")
    except SyntaxError as e:
        raise SctError(f"a function cannot be copied: {e.msg}", None, "Define it at the top level of a module.") from None
    outer: set[str] = set()
    own: set[str] = set()
    work = [top]
    while work:
        table = work.pop()
        work += table.get_children()
        for s in table.get_symbols():
            if table is top:
                (own if s.is_assigned() else outer).add(s.get_name())
            elif s.is_global():
                outer.add(s.get_name())
            elif (s.is_local() or s.is_parameter()) and table.get_type() != "class":
                own.add(s.get_name())
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned()}
    both = (outer & own) - defined
    if both:
        raise SctError(
            f"{min(both)} is a local name in one part of {min(defined)} and a global one in another",
            None,
            "Rename one of them.",
        )
    return outer | defined, own | defined


def edited(text: str, edits: Iterable[tuple[Any, str]]) -> str:
    """A text in which nodes of its tree are written otherwise."""
    rows = rows_of(text)
    for n, new in sorted(edits, key=lambda e: (e[0].lineno, e[0].col_offset, e[0].end_col_offset), reverse=True):
        first, last = rows[n.lineno - 1].encode(), rows[n.end_lineno - 1].encode()
        rows[n.lineno - 1 : n.end_lineno] = [(first[: n.col_offset] + new.encode() + last[n.end_col_offset :]).decode()]
    return "".join(rows)


def _says(written: ast.expr, value: Any) -> bool:
    """Whether an expression is a literal of a value."""
    try:
        return known_by(ast.literal_eval(written)) == known_by(value) and type(value) in (*_SIMPLE, float, tuple)
    except ValueError:
        return False


def known_by(value: Any) -> str:
    """What tells a value from another, for a hash."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(known_by, value))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k!r}: {known_by(v)}' for k, v in value.items())}}}"
    try:
        return "".join(_literal(value, _unknown))
    except _UnwrittenError:
        return str(getattr(value, "__qualname__", type(value).__qualname__))


def literal(value: Any, called: str, refer: Callable[[Any], str | None]) -> str:
    """Data as Python writes it; `refer` says how to refer to what is in it and no data.

    Raises
    ------
    SctError
        If it is no number, string or array of some size, nor a container of these.
    """
    try:
        return "".join(_literal(value, refer))
    except _UnwrittenError as e:
        (found,) = e.args
        size = f"an array of {found.size} entries" if isinstance(found, np.ndarray) else _described(found)
        raise SctError(
            f"{called} is {size}, which cannot be written as a constant"
            if found is value
            else f"{called} has {size} in it, which cannot be written as a constant",
            None,
            "Ask for data='parameters' or data='import'.",
        ) from None


def _unknown(value: Any) -> None:
    """Nothing is referred to."""


def recursive_under_numba(function: Any) -> SctError:
    """What is said of a function that calls itself, where Numba is to compile it."""
    return SctError(f"{describe(function)} calls itself, which is not compiled by Numba here", None, "Leave jit out.")


def _described(value: Any) -> str:
    """What a message calls an object."""
    return describe(value) if hasattr(value, "__qualname__") else f"an object of class {type(value).__name__}"


class _UnwrittenError(Exception):
    """Data that has no short text."""


def _literal(value: Any, refer: Callable[[Any], str | None]) -> Iterator[str]:
    kind = type(value)
    if kind is float:
        plain = math.isfinite(value)
        yield repr(value) if plain else "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    elif kind is complex:
        yield "complex("
        yield from _literal(value.real, refer)
        yield ", "
        yield from _literal(value.imag, refer)
        yield ")"
    elif kind in _SIMPLE:
        yield repr(value)
    elif kind in _NUMBERS:
        yield f"np.{value.dtype.name}{'_' if value.dtype.kind == 'b' else ''}("
        yield from _literal(value.item(), refer)
        yield ")"
    elif kind in (tuple, list):
        open_, close = ("(", ",)" if len(value) == 1 else ")") if kind is tuple else ("[", "]")
        yield open_
        for k, v in enumerate(value):
            yield ", " if k else ""
            yield from _literal(v, refer)
        yield close
    elif kind is dict:
        yield "{"
        for k, (key, v) in enumerate(value.items()):
            yield ", " if k else ""
            yield from _literal(key, refer)
            yield ": "
            yield from _literal(v, refer)
        yield "}"
    elif kind is np.ndarray and value.dtype.type in _NUMBERS and value.dtype.isnative and value.size <= _LARGEST:
        if value.size:
            yield "np.array("
            yield from _literal(value.tolist(), refer)
            yield f', dtype="{value.dtype.name}")'
        else:
            yield f'np.zeros({value.shape!r}, dtype="{value.dtype.name}")'
    elif (text := refer(value)) is not None:
        yield text
    else:
        raise _UnwrittenError(value)
