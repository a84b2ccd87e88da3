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
import textwrap
import tokenize
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sct.errors import SctError
from sct.frontend.read import read
from sct.frontend.resolve import MISSING, look_up

__all__ = ["Bundle", "Gap", "edited", "literal"]

_LARGEST = 1000  # entries of an array that is written as a constant
_SIMPLE = (bool, int, float, complex, str, bytes, type(None))


class Bundle:
    """The names of a module, what it imports, and what is defined in it.

    `include`: the user's functions are copied; else they are imported from where they stand.
    """

    def __init__(self, include: bool, taken: Iterable[str]) -> None:
        self.include = include
        self.taken = {*taken, *dir(builtins), "np", "npt"}
        self.names: dict[int, str] = {}
        self.held: list[Any] = []  # so that no other object has its identity
        self.imports: dict[str, None] = {}
        self.constants: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self.sources: dict[str, str] = {}  # of what is copied, as its author wrote it

    def name(self, value: Any, base: str) -> str:
        """The name of an object, which gets one if it has none."""
        if id(value) not in self.names:
            name, k = base, 0
            while name in self.taken:
                k += 1
                name = f"{base}_{k}"
            self.taken.add(name)
            self.names[id(value)] = name
            self.held.append(value)
        return self.names[id(value)]

    def reference(self, value: Any, called: str) -> str:
        """How the module refers to an object that some function calls `called`."""
        if id(value) in self.names:
            return self.names[id(value)]
        own = getattr(value, "__name__", "")
        if isinstance(own, str) and getattr(builtins, own, MISSING) is value:
            return own
        if isinstance(value, ModuleType):
            return self.module(value, called)
        if isinstance(value, (FunctionType, type)):
            return self.code(value, called)
        for module, path in ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft"), (np.random, "np.random")):
            if isinstance(own, str) and getattr(module, own, MISSING) is value:
                self.imports["import numpy as np"] = None
                return f"{path}.{own}"
        if callable(value) or type(value).__module__ == "typing":
            return self.imported(value, called)
        return self.constant(value, called)

    def module(self, value: ModuleType, called: str) -> str:
        if value is np:
            self.imports["import numpy as np"] = None
            return "np"
        plain = called == value.__name__
        name = self.name(value, called)
        self.imports[f"import {value.__name__}" if plain and name == called else f"import {value.__name__} as {name}"] = None
        return name

    def code(self, value: Any, called: str) -> str:
        """A function or class: copied, or imported from its module."""
        module = value.__module__ or ""
        own = module.split(".")[0] == "sct"
        if own or (self.include and isinstance(value, FunctionType) and _is_users(module)):
            return self.copied(value)
        return self.imported(value, called)

    def imported(self, value: Any, called: str) -> str:
        """An object, imported from its module."""
        module, own = getattr(value, "__module__", None), getattr(value, "__qualname__", getattr(value, "__name__", called))
        if own == "Any" or getattr(value, "_name", None) == "Any":
            module, own = "typing", "Any"
        found = sys.modules.get(module or "")
        if found is None or getattr(found, str(own), MISSING) is not value:
            raise SctError(
                f"{called} cannot be imported by its name",
                None,
                "Define it at the top level of a module, or leave functions='include'.",
            )
        if module == "__main__":
            raise SctError(
                f"{called} is defined in the program that runs, from which no other module can import it",
                None,
                "Define it in a module of its own, or leave functions='include' and data='constants'.",
            )
        name = self.name(value, str(own))
        self.imports[f"from {module} import {own}" + (f" as {name}" if name != own else "")] = None
        return name

    def constant(self, value: Any, called: str) -> str:
        """Data, written into the module."""
        text = literal(value, called)
        if "np." in text:
            self.imports["import numpy as np"] = None
        for name, known in self.constants.items():
            if known == text and name == called:
                return name
        name = self.name(value, called)
        self.constants[name] = text
        return name

    # -- copies ------------------------------------------------------------------------------------------------------

    def copied(self, value: Any) -> str:
        """A function or class, copied into the module."""
        name = self.name(value, value.__name__ if value.__name__.isidentifier() else "function")
        if name in self.definitions:
            return name
        self.definitions[name] = ""  # it may call itself
        node, text = _text_of(value)
        self.sources[f"{value.__module__}.{value.__qualname__}"] = text
        self.definitions[name] = self.with_names(node, text, name, lambda called: _found(value, called))
        return name

    def with_names(self, node: ast.AST, text: str, name: str, find: Callable[[str], Any]) -> str:
        """A text in which the names that are not its own are the module's; `name` is what it defines."""
        edits: list[tuple[Any, str]] = []
        outer = _outer_names(text)
        for n in ast.walk(node):
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in outer:
                module = find(n.value.id)
                if isinstance(module, ModuleType) and module.__name__.split(".")[0] == "sct":
                    edits.append((n, self.reference(getattr(module, n.attr), n.attr)))
        covered = {id(e.value) for e, _ in edits if isinstance(e, ast.Attribute)}
        for n in ast.walk(node):
            if isinstance(n, ast.Name) and n.id in outer and id(n) not in covered:
                found = find(n.id)
                if found is MISSING:
                    continue
                own = self.reference(found, n.id)
                if own != n.id:
                    edits.append((n, own))
        edits += _annotations(node, text)
        if any(new.endswith("Any") for _, new in edits):
            self.imports["from typing import Any"] = None
        text = edited(text, edits)
        old = node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else name
        return (
            text
            if old == name
            else text.replace(f"{'class' if isinstance(node, ast.ClassDef) else 'def'} {old}", f"def {name}", 1)
        )


class Gap:
    """A place in a text, between two characters."""

    def __init__(self, row: int | None, column: int | None) -> None:
        self.lineno = self.end_lineno = row
        self.col_offset = self.end_col_offset = column


def _annotations(node: ast.AST, text: str) -> Iterator[tuple[Any, str]]:
    """What is added to the functions in a text that have no annotations: any type."""
    functions = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef)]
    heads = _ends_of_heads(text) if functions else []
    for f in functions:
        a = f.args
        for p in (*a.posonlyargs, *a.args, *a.kwonlyargs, *(q for q in (a.vararg, a.kwarg) if q is not None)):
            if p.annotation is None and p.arg not in ("self", "cls"):
                yield Gap(p.end_lineno or p.lineno, p.end_col_offset or 0), ": Any"
        if f.returns is None:
            yield next(place for place in heads if (place.lineno, place.col_offset) > (f.lineno, f.col_offset)), " -> Any"


def _ends_of_heads(text: str) -> list[Gap]:
    """Where the parameters of each `def` in a text end."""
    found: list[Gap] = []
    depth, inside = 0, False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.string == "def":
            inside = True
        elif token.type == tokenize.OP and token.string in "([{":
            depth += 1
        elif token.type == tokenize.OP and token.string in ")]}":
            depth -= 1
            if inside and not depth:
                inside = False
                row = text.splitlines()[token.end[0] - 1]
                found.append(Gap(token.end[0], len(row[: token.end[1]].encode())))
    return found


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
        text = textwrap.dedent("\n".join(source.lines[source.node.lineno - 1 : source.node.end_lineno])) + "\n"
    else:
        text = textwrap.dedent(inspect.getsource(value))
    return ast.parse(text).body[0], text


def _found(value: Any, called: str) -> Any:
    """What a name in a function or class refers to."""
    if isinstance(value, FunctionType):
        return look_up(value, called)
    module = sys.modules[value.__module__]
    return getattr(module, called, getattr(builtins, called, MISSING))


def _outer_names(text: str) -> set[str]:
    """The names in a definition that it does not bind itself."""
    top = symtable.symtable(text, "<definition>", "exec")
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
            elif s.is_local() and table.get_type() != "class":
                own.add(s.get_name())
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned()}
    both = outer & own - defined
    if both:
        raise SctError(
            f"{min(both)} is a local name in one part of {min(defined)} and a global one in another",
            None,
            "Rename one of them.",
        )
    return outer | defined


def edited(text: str, edits: Iterable[tuple[Any, str]]) -> str:
    """A text in which nodes of its tree are written otherwise."""
    rows = text.splitlines(keepends=True)
    for n, new in sorted(edits, key=lambda e: (e[0].lineno, e[0].col_offset, e[0].end_col_offset), reverse=True):
        row = rows[n.lineno - 1].encode()
        rows[n.lineno - 1] = (row[: n.col_offset] + new.encode() + row[n.end_col_offset :]).decode()
    return "".join(rows)


def literal(value: Any, called: str) -> str:
    """Data as Python writes it.

    Raises
    ------
    SctError
        If it is no number, string or array of some size, nor a container of these.
    """
    try:
        return "".join(_literal(value))
    except _UnwrittenError:
        size = f"an array of {value.size} entries" if isinstance(value, np.ndarray) else ""
        raise SctError(
            f"{called} is {size or f'an object of class {type(value).__name__}'}, which cannot be written as a constant",
            None,
            "Ask for data='parameters' or data='import'.",
        ) from None


class _UnwrittenError(Exception):
    """Data that has no short text."""


def _literal(value: Any) -> Iterator[str]:
    kind = type(value)
    if kind is float and not math.isfinite(value):
        yield "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    elif kind in _SIMPLE:
        yield repr(value)
    elif isinstance(value, np.generic) and value.dtype.kind in "biufc":
        yield f"np.{value.dtype.name}{'_' if value.dtype.kind == 'b' else ''}("
        yield from _literal(value.item())
        yield ")"
    elif kind in (tuple, list):
        open_, close = ("(", ",)" if len(value) == 1 else ")") if kind is tuple else ("[", "]")
        yield open_
        for k, v in enumerate(value):
            yield ", " if k else ""
            yield from _literal(v)
        yield close
    elif kind is dict:
        yield "{"
        for k, (key, v) in enumerate(value.items()):
            yield ", " if k else ""
            yield from _literal(key)
            yield ": "
            yield from _literal(v)
        yield "}"
    elif kind is np.ndarray and value.dtype.kind in "biufc" and value.size <= _LARGEST:
        if value.size:
            yield "np.array("
            yield from _literal(value.tolist())
            yield f', dtype="{value.dtype.name}")'
        else:
            yield f'np.zeros({value.shape!r}, dtype="{value.dtype.name}")'
    else:
        raise _UnwrittenError
