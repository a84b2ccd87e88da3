"""Standalone modules: derivatives as a module that imports no sct.

Takes typed derivatives; gives the text of a module with all that they need, which checks what they are called with, and ends
in the hashes of what it was made from and of itself. The same input gives the same bytes. Never runs what it writes.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import keyword
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from sct.backend.annotations import Annotations, believable, declared, given_back, mixed, nodes_of, open_number, whole_type
from sct.backend.bundle import WAYS, Bundle, Gap, edited, known_by, recursive_under_numba, rows_of
from sct.backend.copies import copy_in, told_apart, words
from sct.backend.outside import all_blocks, as_parameters, free_in, is_free
from sct.backend.overlap import Overlap, overlap_check
from sct.backend.python.emit import Text, emit, variable_types
from sct.backend.python.symbols import Naming
from sct.errors import SctError
from sct.frontend.read import read
from sct.frontend.resolve import MISSING, free_value
from sct.infer.signature import type_alone
from sct.ir.ops import Again, Derived, Field, Free, Steps, StepsBack
from sct.ir.records import record
from sct.ir.ssa import Apply, Function, Statement, Value
from sct.ir.type_text import size_in_words
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    Fact,
    Instance,
    List,
    ListOf,
    Record,
    Relied,
    Scalar,
    Size,
    SizeLike,
    Tuple,
    Unknown,
    is_unit,
    keys_of,
)
from sct.ir.words import path_in_words
from sct.runtime import expectations
from sct.specialize.specializer import Specialized, Written

__all__ = ["FORMAT", "Asked", "Standalone", "described", "in_words", "stamps"]

FORMAT = 1
_STAMP = "# sct: "
_WIDTH = 88  # of a line
_NJIT = "@njit(boundscheck=True)  # type: ignore[misc, untyped-decorator, unused-ignore]\n"
"""What stands above a function that Numba compiles; an index out of range is an error, as it is in Python."""
_UNANNOTATED = ("numba", "scipy")
_UNKNOWN = "  # type: ignore[import-untyped, import-not-found, unused-ignore]"
"""What stands behind imports of packages that have no annotations."""


@record(frozen=True, eq=False)
class Asked:
    """One derivative of a module.

    Attributes
    ----------
    specialized : Specialized
        The derivative, typed.
    types : mapping
        Those of the parameters of the function that it is a derivative of, by name.
    buffers : mapping
        The parameters that are added to.
    relied : Relied
        What is relied on of sizes.
    guards : bool
        Whether arguments are checked on entry.
    what : str
        What it gives, for its docstring.
    read : tuple of callable
        The functions and rules that it was made from.
    recurs : callable
        Gives what runs a function again, or a derivative of it, for operands of some types.
    """

    specialized: Specialized
    types: Mapping[str, Abstract]
    buffers: Mapping[str, Value]
    relied: Relied
    guards: bool
    what: str
    read: tuple[Callable[..., Any], ...]
    recurs: Callable[[Again | Derived, tuple[Abstract, ...]], Asked]


class Standalone:
    """A module that is put together.

    Parameters
    ----------
    include : bool
        The user's functions that are called are copied; else they are imported.
    data : str or mapping
        "constants", "import" or "parameters": what becomes of globals, cells and defaults; or that for each by its name.
    jit : bool
        What computes is compiled by Numba; a function in Python around it looks at the arguments.
    """

    def __init__(self, include: bool, data: str | Mapping[str, str], jit: bool = False) -> None:
        for way in [data] if isinstance(data, str) else data.values():
            if way not in WAYS:
                raise SctError(
                    f"data={way!r} says nothing of what is outside of a function",
                    None,
                    f"Write one of {', '.join(map(repr, WAYS))}, or a dict of these.",
                )
        self.public: list[str] = []
        self.bodies: list[str] = []
        self.made_from: list[str] = []
        self.bundle = Bundle(include, data, _NJIT if jit else "")
        self.annotations = Annotations(self.bundle.needs)
        self.jit = jit
        self.compiled: dict[str, list[tuple[str, Abstract]]] = {}  # the parameters of what is called first
        self.again: dict[Again | Derived, str] = {}  # each with a `Copy` in it

    def add(self, make: Callable[[], Asked], name: str | None) -> str:
        """Define a derivative, called `name`; where that fails the module stays as it was. Gives what it is called."""
        state = self.state()
        try:
            asked = make()
            name = self.free_name(name or asked.specialized.function.name)
            self.bundle.taken.add(name)
            self.define(asked, name, public=True)
            self.public.append(name)
            return name
        except BaseException:
            self.restore(state)
            raise

    def state(self) -> dict[str, Any]:
        """What the module is made of so far, so that what fails leaves nothing behind."""
        own = {k: type(v)(v) for k, v in vars(self).items() if isinstance(v, (list, dict))}
        return {**own, "bundle": self.bundle.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.bundle.restore(state["bundle"])
        vars(self).update({k: v for k, v in state.items() if k != "bundle"})

    def free_name(self, name: str) -> str:
        """A name that a function of the module may have."""
        if not name.isidentifier() or keyword.iskeyword(name):
            raise SctError(f"{name!r} is no name that a function can have", None, "Give it another name.")
        if name in self.bundle.taken:
            raise SctError(f"{name} is in this module already", None, "Give it another name, by name=.")
        return name

    def copy(self, function: FunctionType) -> str:
        """Define a function of the user's. Gives what it is called."""
        if id(function) in self.bundle.names or function.__name__ in self.bundle.taken:
            raise SctError(f"{function.__name__} is in this module already", None, "Add it once, and before its derivatives.")
        state = self.state()
        try:
            name = self.bundle.copied(function)
            self.public.append(name)
            return name
        except BaseException:
            self.restore(state)
            raise

    def define(self, asked: Asked, name: str, public: bool) -> None:
        """The text of a derivative, and of all that it needs."""
        f = asked.specialized.function
        parameters = self.parameters_of(f, public)
        f, further = as_parameters(f, parameters)
        own = {v.name for b in all_blocks(f) for s in b.body for v in s.results if not is_free(s)}
        own |= {p.name for b in all_blocks(f) for p in b.params} | {*f.signature.parameters}
        self.bundle.taken |= own - {""}
        names = {op: self.bundle.apart_from(self.bundle.datum(op, free_value(op)), own) for op in free_in(f)}
        f = told_apart(replace(f, name=name, doc=None), self.kinds)
        text = emit(f, Naming(False, names))
        self.bundle.imports.update(dict.fromkeys(text.imports))
        place = len(self.bodies)
        self.bodies.append("")  # before those that it calls
        body = self.linked(text, asked)
        if self.jit and public:
            body = self.around(body, f, asked, names)
        buffers = {n: open_number(v.type) for n, v in asked.buffers.items()}
        given = {**asked.types, **buffers, **{n: v.type for n, v in further.items()}}
        checks = self.checks(asked, given, f, names) if public and asked.guards else []
        doc = self.documentation(f, asked, given) if public else ()
        head = [*(f"    {line}" if line else "" for line in _escaped(doc)), *(f"    {c}" for c in checks)]
        types: dict[str, list[Abstract]] = {}
        for g in _functions(f):
            for n, found in variable_types(g, Naming(False, names)).items():
                types.setdefault(n, []).extend(found)
        for p in f.block.params:
            types.setdefault(p.name, [p.type])
        types |= {n: [t] for n, t in given.items() if not mixed(types.get(n, ()))}
        text_of = self.with_header(body, f, types, head, public)
        self.bodies[place] = text_of if public else f"{self.bundle.decorator}{text_of}"
        self.made_from += map(_written, asked.read)
        self.made_from += (f"{op.name}: {described((t,))}" for op, t in asked.specialized.free)

    def around(self, body: str, f: Function, asked: Asked, names: Mapping[Free, str]) -> str:
        """The text of a function that calls what Numba compiles; that has the statements, and takes all by position."""
        own = self.bundle.fresh(f"_{f.name}")
        plain = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in f.signature.parameters]
        block = f.block.with_([s for s in f.block.body if not _looks(s)])  # Numba has types
        inner = replace(f, name=own, signature=inspect.Signature(plain), block=block)
        text = self.linked(emit(inner, Naming(False, names)), asked)
        types = {n: [Unknown()] for n in f.signature.parameters}
        self.bundle.needs("from numba import njit")
        self.bodies.append(self.bundle.decorator + self.with_header(text, inner, types, (), public=False))
        kinds = {p.name: p.type for p in f.block.params}
        self.compiled[own] = [(n, kinds[n]) for n in f.signature.parameters]
        head = next(n for n in ast.parse(body).body if isinstance(n, ast.FunctionDef) and n.name == f.name)
        given = [ast.Name(n) for n in f.signature.parameters]
        check = self.bundle.names.get(id(expectations.expect_structure))
        looks = [n for n in head.body if isinstance(n, ast.Expr) and ast.unparse(n).startswith(f"{check}(")]
        head.body = [*looks, ast.Return(ast.Call(ast.Name(own), given, []))]  # type: ignore[arg-type]
        return ast.unparse(ast.fix_missing_locations(head)) + "\n"

    def parameters_of(self, f: Function, public: bool) -> list[Free]:
        """The data that becomes parameters."""
        found = [op for op in free_in(f) if self.bundle.way(op.name.split(" ")[0]) == "parameters"]
        own = set(free_in(f, steps=False))
        for op in found:
            if not public or op not in own:
                name = op.name.split(" ")[0]
                raise SctError(
                    f"{name} cannot become a parameter: what calls itself, or a step of a checkpointed loop, reads it",
                    None,
                    f"Pass it as an argument, or ask for data={{{name!r}: 'constants'}}.",
                )
        return found

    def linked(self, text: Text, asked: Asked) -> str:
        """The body of a text, with what it names under the module's names."""
        tree = ast.parse(text.body)
        own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        own |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        called: dict[str, str] = {}
        edits: list[tuple[Any, str]] = []
        for parameter, default in _defaults(tree, text.name):
            value = asked.specialized.function.signature.parameters[parameter].default
            bound = default.id if isinstance(default, ast.Name) and default.id in text.bound else ""
            if (bound and not self.bundle.is_code(value)) or isinstance(default, (ast.List, ast.Dict)):  # which is made once
                name = self.bundle.constant(value, f"{parameter}_default", ("default", id(value)), value)
                called[bound] = name
                edits.append((default, name))
        for name, value in text.bound.items():
            if name in called:
                continue
            if isinstance(value, (Again, Derived)):
                found = self.recursion(value, asked)
            elif self.bundle.is_code(value):
                found = self.bundle.reference(value, name)
            else:
                found = self.bundle.constant(value, name, ("bound", id(value), name), value)
            called[name] = self.bundle.apart_from(found, own)
        heads = [n.args for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        needed = (n for a in heads for d in (*a.defaults, *a.kw_defaults) if d is not None for n in ast.walk(d))
        self.bundle.early.update(called[n.id] for n in needed if isinstance(n, ast.Name) and n.id in called)
        done = {id(n) for n, _ in edits}
        names = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in done)
        edits += [(n, called[n.id]) for n in names if called.get(n.id, n.id) != n.id]
        for n in ast.walk(tree):  # which NumPy's own annotations do not know of
            if isinstance(n, ast.Call) and ast.unparse(n.func) == "np.add.at" and isinstance(n.args[1], ast.Tuple):
                self.bundle.needs("from typing import Any, cast")
                edits += [(Gap(n.args[1].lineno, n.args[1].col_offset), "cast(Any, ")]
                edits += [(Gap(n.args[1].end_lineno, n.args[1].end_col_offset), ")")]
        return edited(text.body, edits)

    def recursion(self, op: Again | Derived, asked: Asked) -> str:
        """The name of what runs a function again, or a derivative of it, for arguments of some types."""
        if op not in self.again:
            plain, copy = copy_in(op)
            if self.jit:
                raise recursive_under_numba(copy.function)
            made = asked.recurs(plain, copy.types)
            name = "_".join(["", made.specialized.function.name, *words(copy)])
            name = self.again[op] = self.bundle.fresh(name)
            self.define(made, name, public=False)
        return self.again[op]

    def kinds(self, op: Again | Derived) -> int:
        """For how many kinds of arguments there is what runs a function again, or a derivative of it."""
        return sum(copy_in(known)[0] == op for known in self.again)

    # -- what stands around a body -----------------------------------------------------------------------------------

    def with_header(
        self, body: str, f: Function, types: Mapping[str, Sequence[Abstract]], head: Sequence[str], public: bool
    ) -> str:
        """The body with annotations, and `head` after that of the function; `types` are those of its variables."""
        of = {g.name: g for g in _functions(f)}
        edits: list[tuple[Any, str]] = []
        heads: dict[int, list[str]] = {}
        before: dict[int, list[str]] = {}
        after: dict[int, list[str]] = {}
        for n in ast.walk(ast.parse(body)):
            if not isinstance(n, ast.FunctionDef):
                continue
            own, margin = None if n.col_offset else of.get(n.name), " " * n.col_offset
            result = Unknown() if own is None or (own is f and not public) else given_back(own.block.yields[0])
            self.annotate(n, own, types, believable(n, result) if isinstance(result, Tuple) else result, public)
            says = declared(n, types, ast.unparse(n.returns) if n.returns else "", self.annotations)
            first = [f"{margin}    {name}: {annotation}" for name, annotation in says.first.items()]
            heads[n.lineno] = [margin + _head(n), *(head if own is f else ()), *first]
            edits += [(Gap(row, column), f": {annotation}") for (row, column), annotation in says.inline.items()]
            edits += _in_brackets(n)
            extrema: list[Any] = [s for s in nodes_of(n) if _is_extremum(s)]
            edits += [(Gap(s.lineno, s.test.end_col_offset + 1), "  # noqa: PLR1730") for s in extrema]
            for s in _too_long(n):
                name = _unused("entry", body, len(before))
                before[s.lineno] = [f"{' ' * s.col_offset}{name} = {ast.unparse(s.target.slice)[1:-1]}"]
                edits.append((s.target.slice, name))
            for back in says.returns:
                edits.append((Gap(back.lineno, back.col_offset, 6), says.result))
                after[back.end_lineno or 0] = [f"{' ' * back.col_offset}return {says.result.partition(':')[0]}"]
        rows = [r.rstrip("\n") for r in rows_of(edited(body, edits))]
        out: list[str] = []
        for number, row in enumerate(rows, start=1):
            out += [*before.get(number, ()), *heads.get(number, [row]), *after.get(number, ())]
        return "\n".join(out) + "\n"

    def annotate(
        self, n: ast.FunctionDef, own: Function | None, types: Mapping[str, Sequence[Abstract]], result: Abstract, public: bool
    ) -> None:
        """Annotate what a function takes and gives; one that is not public is called with numbers of both kinds."""
        for a in (*n.args.posonlyargs, *n.args.args, *n.args.kwonlyargs):
            found = types.get(a.arg, ()) if own is not None else ()
            t = found[0] if found and not mixed(found) else Unknown()
            p = own.signature.parameters.get(a.arg) if own is not None else None
            default = p is not None and p.default is not p.empty and self.annotations.of(type_alone(p.default, a.arg))
            text = self.annotations.of(t if public else open_number(t))
            a.annotation = ast.Name(self.annotations.any() if default and default != text else text)
        n.returns = ast.Name(self.annotations.of(result))

    def documentation(self, f: Function, asked: Asked, given: Mapping[str, Abstract]) -> Iterator[str]:
        """The docstring of a derivative."""
        yield f'"""{asked.what}'
        yield ""
        yield "Parameters"
        yield "----------"
        for name in f.signature.parameters:
            own = (p.type for p in f.block.params if p.name == name)
            yield f"{name} : {in_words(given.get(name) or next(own, Unknown()), name)}"
        yield ""
        yield "Returns"
        yield "-------"
        yield in_words(whole_type(f.block.yields[0]))
        yield '"""'

    def checks(self, asked: Asked, given: Mapping[str, Abstract], f: Function, names: Mapping[Free, str]) -> list[str]:
        """The statements that look at the arguments."""
        fields: dict[str, list[tuple[Field, Abstract]]] = {}
        for op, t in asked.specialized.free:
            if isinstance(op, Field):
                fields.setdefault(op.path, []).append((op, t))
        made = _Checks(self, fields, f.signature)
        for name, t in given.items():
            made.value(name, name, t)
        imported = [(op, t) for op, t in asked.specialized.free if isinstance(op, Free) and self.is_imported(op, names)]
        for op, t in imported:
            made.value(names[op], names[op], t)
        made.sizes_agree()
        for op, t in asked.specialized.free:
            if isinstance(op, Free) and op in names and (op, t) not in imported:
                made.sizes_in(names[op], t)
        for fact in asked.relied.facts:
            made.fact(fact)
        cotangents = {p.name: p.type for p in f.block.params if asked.buffers and p.name not in given}
        every = {**cotangents, **given}
        written = [*asked.specialized.written, *(Written((name,), None) for name in asked.buffers)]
        overlap = overlap_check(tuple(every), tuple(every.values()), written, imported)
        if overlap is not None:
            made.apart(overlap, names)
            for n, _, _ in overlap.targets:
                default = f.signature.parameters[overlap.names[n]].default
                if type(default).__name__ in ("ndarray", "list", "dict"):
                    raise SctError(
                        f"the function writes into the default of {overlap.names[n]!r}, which Python keeps for the next call",
                        None,
                        "Let the default be None, and make the array, list or dict in the function.",
                    )
        return made.lines

    def is_imported(self, op: Free, names: Mapping[Free, str]) -> bool:
        """Whether data is what another module has when the derivative is called."""
        return op in names and self.bundle.way(op.name.split(" ")[0]) == "import"

    def refuse_unused_ways(self) -> None:
        """What is said of data that nothing reads is a mistake."""
        data = self.bundle.data
        for name in () if isinstance(data, str) else data:
            if name not in self.bundle.asked:
                raise SctError(f"data={{{name!r}: ...}} is said of nothing that a function reads", None, "Leave it out.")

    # -- the module --------------------------------------------------------------------------------------------------

    def text(self, title: str, options: str, formatted: Callable[[str], str]) -> str:
        """The whole module.

        Parameters
        ----------
        title : str
            Its docstring.
        options : str
            All that was asked, for the hash.
        formatted : callable
            Lays a text out.
        """
        self.refuse_unused_ways()
        constants = [f"{name} = {text}" for name, text in self.bundle.constants.items()]
        first, others = self.bundle.ordered()
        listed = ", ".join(f'"{n}"' for n in sorted(self.public))
        parts = [
            "\n".join(_escaped([f'"""{title.splitlines()[0]}', *title.splitlines()[1:], '"""'])),
            "from __future__ import annotations",
            *_imports(self.bundle.imports),
            f"__all__ = [{listed}]",
            "\n".join(constants),
            *first,
            *self.bodies,
            *others,
            "\n".join(f"{alias} = {name}" for alias, name in self.bundle.aliases.items()),
        ]
        body = formatted("\n\n".join(p for p in parts if p) + "\n")
        made_from = [options, *sorted({*self.made_from, *self.bundle.sources}), *constants]
        source = _hash("\0".join(made_from))
        return f"{body}\n\n{_STAMP}format {FORMAT}\n{_STAMP}made from {source}\n{_STAMP}text {_hash(body)}\n"


def _looks(s: Statement) -> bool:
    """Whether a statement only looks at what a caller gives."""
    return isinstance(s, Apply) and s.op in (expectations.expect_fields, expectations.expect_structure)


def _escaped(doc: Iterable[str]) -> Iterator[str]:
    """The lines of a docstring, with what is in it as it is."""
    lines = [line.replace("\\", "\\\\") for line in doc]
    for k, line in enumerate(lines):
        own = line[3:] if k == 0 else line if k < len(lines) - 1 else ""
        yield ('"""' if k in (0, len(lines) - 1) else "") + own.replace('"""', '\\"\\"\\"')


def _imports(lines: Iterable[str]) -> Iterator[str]:
    """Imports as one finds them in a module: Python's own first, what comes from one module on one line."""
    of: dict[tuple[str, bool], set[str]] = {}
    for line in lines:
        module, mark, name = line.removeprefix("from ").removeprefix("import ").partition(" import ")
        of.setdefault((module, bool(mark)), set()).update(name.split(", ") if mark else ())
    groups: tuple[list[str], list[str]] = ([], [])
    for module, from_it in sorted(of):
        names = ", ".join(sorted(of[module, from_it]))
        root = module.split(" ")[0].split(".")[0]
        line = f"from {module} import {names}" if from_it else f"import {module}"
        groups[root not in sys.stdlib_module_names].append(line + (_UNKNOWN if root in _UNANNOTATED else ""))
    for group in groups:
        yield "\n".join(sorted(group, key=lambda line: line.startswith("from")))


class _Checks:
    """The statements that look at arguments, and where the symbols of sizes are found."""

    def __init__(
        self, module: Standalone, fields: Mapping[str, list[tuple[Field, Abstract]]], signature: inspect.Signature
    ) -> None:
        self.bundle = module.bundle
        self.annotation = module.annotations.of
        self.parameters = signature.parameters
        self.fields = fields
        self.lines: list[str] = []
        self.sizes: dict[Any, str] = {}
        self.later: list[tuple[str, SizeLike]] = []
        self.constants: set[Any] = set()  # symbols of sizes that never change

    def call(self, function: Callable[..., None], *args: str) -> None:
        self.lines.append(f"{self.own(self.bundle.copied(function))}({', '.join(args)})")

    def own(self, name: str) -> str:
        """What something is called beside the parameters."""
        return self.bundle.apart_from(name, self.parameters)

    def value(self, path: str, value: str, t: Abstract) -> None:
        """What is expected of a value of type `t`."""
        shown = repr(path)
        if isinstance(t, Array) and t.dtype is not None and t.shape is not None and (t.shape or t.boxed):
            units = tuple(k for k, n in enumerate(t.shape) if is_unit(n))
            self.call(
                expectations.expect_array,
                shown,
                value,
                repr(t.dtype.name),
                str(len(t.shape)),
                *([repr(units)] if units else []),
            )
            for k, n in enumerate(t.shape):
                self.size(n, f"{value}.shape[{k}]")
        elif isinstance(t, Array) and t.dtype is not None and t.shape is None:
            self.call(expectations.expect_array, shown, value, repr(t.dtype.name), "None")
        elif isinstance(t, Array) and t.dtype is not None and t.shape == ():
            self.call(expectations.expect, shown, value, self.own(self.annotation(t)))
        elif isinstance(t, Scalar) and not t.also:
            self.call(expectations.expect, shown, value, self.own(t.kind.__name__))
            if t.size is not None:
                self.size(t.size, value)
        elif isinstance(t, Const):
            plain = t.value is None or isinstance(t.value, (bool, str, bytes)) or t.value is Ellipsis
            if t.value is not MISSING:
                check = expectations.expect_value if plain else expectations.expect_object
                self.call(check, shown, value, repr(t.value) if plain else self.object(t.value, path))
        elif isinstance(t, ListOf):
            self.call(expectations.expect, shown, value, self.own("list"))
            item = self.own(self.bundle.fresh("item", self.parameters))
            outer, self.lines = self.lines, []
            self.in_list(f"an item of {path}", item, t.item)
            self.lines = [*outer, f"for {item} in {value}:", *(f"    {line}" for line in self.lines)]
        elif isinstance(t, (Tuple, List)):
            kind = (
                "list" if isinstance(t, List) else "tuple" if t.kind is None else self.bundle.reference(t.kind, t.kind.__name__)
            )
            self.call(expectations.expect_items, shown, value, self.own(kind), str(len(t.items)))
            for k, item in enumerate(t.items):
                self.value(f"{path}[{k}]", f"{value}[{k}]", item)
        elif isinstance(t, Record):
            cls = self.own(self.bundle.imported(t.cls, t.cls.__name__))
            self.call(expectations.expect_object_of, shown, value, cls, repr(tuple(map(str, t.keys))))
            read = {f.name for f, _ in self.fields.get(t.path, ())}
            for key, item in zip(t.keys, t.items, strict=True):
                if key not in read:
                    self.value(f"{path}.{key}", f"{value}.{key}", item)
            self.of_fields(path, value, t.path)
        elif isinstance(t, Dict):
            keys = f"({', '.join(map(repr, t.keys))}{',' if len(t.keys) == 1 else ''})"
            self.call(expectations.expect_keys, shown, value, keys)
            for key, item in zip(t.keys, t.items, strict=True):
                self.value(f"{path}[{key!r}]", f"{value}[{key!r}]", item)
        elif isinstance(t, Instance) and t.cls is type(None):
            self.call(expectations.expect_value, shown, value, "None")
        elif isinstance(t, Instance):
            self.call(expectations.expect, shown, value, self.own(self.bundle.imported(t.cls, t.cls.__name__)))
            self.of_fields(path, value, t.path)

    def of_fields(self, path: str, value: str, of: str) -> None:
        """What is expected of the fields of an object that are read."""
        for f, found in self.fields.get(of, ()):
            if f.own or found == Const(MISSING):
                self.call(expectations.expect_absent, repr(path), value, repr(f.name), repr(f.own))
            else:
                self.value(f"{path}.{f.name}", f"{value}.{f.name}", found)

    def in_list(self, path: str, value: str, t: Abstract) -> None:
        """What is expected of each item of a list of any length: nothing of sizes."""
        if isinstance(t, Array) and t.dtype is not None and t.shape is not None and (t.shape or t.boxed):
            self.call(expectations.expect_rank, repr(path), value, repr(t.dtype.name), str(len(t.shape)))
        elif isinstance(t, Tuple):
            kind = "tuple" if t.kind is None else self.bundle.reference(t.kind, t.kind.__name__)
            self.call(expectations.expect_items, repr(path), value, self.own(kind), str(len(t.items)))
            for k, item in enumerate(t.items):
                self.in_list(f"{path}[{k}]", f"{value}[{k}]", item)
        else:
            self.value(path, value, t)

    def object(self, value: Any, path: str) -> str:
        """The object that an argument must be: the caller's own, or the default that the module has."""
        default = path in self.parameters and self.parameters[path].default is value
        return self.own(self.bundle.reference(value, path) if default else self.bundle.original(value, path))

    def size(self, n: SizeLike, value: str) -> None:
        """A size, which stands for what its symbol is, or must be what it is already."""
        symbol = _symbol(n)
        if symbol is not None and symbol not in self.sizes:
            self.sizes[symbol] = value
        elif n != 1:
            self.later.append((value, n))

    def sizes_agree(self) -> None:
        """What is expected of sizes that are known by others."""
        for value, n in self.later:
            expected = self.text(n)
            if expected is None:
                raise SctError(
                    f"the size of {value} is {size_in_words(n)}, and no axis says what that is made of",
                    None,
                    "Let each name be a dimension of its own somewhere.",
                )
            self.call(expectations.expect_size, repr(value), value, repr(expected), expected)

    def sizes_in(self, value: str, t: Abstract) -> None:
        """The sizes of a constant of the module, which are what they were."""
        if isinstance(t, Array):
            for k, n in enumerate(t.shape or ()):
                self.fixed(n, f"{value}.shape[{k}]")
        elif isinstance(t, Scalar) and t.size is not None:
            self.fixed(t.size, value)
        elif isinstance(t, (Tuple, List, Dict)):
            for key, item in zip(keys_of(t), t.items, strict=True):
                self.sizes_in(f"{value}[{key!r}]", item)

    def fixed(self, n: SizeLike, value: str) -> None:
        symbol = _symbol(n)
        if symbol is not None and symbol not in self.sizes:
            self.sizes[symbol] = value
            self.constants.add(symbol)

    def fact(self, fact: Fact) -> None:
        """What is relied on of sizes."""
        if _symbols(fact.size) <= self.constants:
            return
        terms = sorted(fact.size.terms, key=lambda term: term[1] < 0)
        sides = [
            self.text(Size(tuple((atom, abs(c)) for atom, c in terms if (c < 0) is negative))) for negative in (False, True)
        ]
        assert None not in sides, fact
        left, right = (side or "" for side in sides)
        n = fact.value - fact.size.const
        right = f"{right} {'-' if n < 0 else '+'} {abs(n)}" if right and n else right or str(n)
        wanted = ast.unparse(ast.parse(f"{left or 0} {fact.op} {right}", mode="eval"))
        self.call(expectations.expect_that, repr(wanted), wanted)

    def text(self, n: SizeLike) -> str | None:
        """A size as an expression."""
        if isinstance(n, int):
            return str(n)
        out = ""
        for atom, c in n.terms:
            one = self.atom(atom)
            if one is None:
                return None
            sign = ("-" if c < 0 else "") if not out else " - " if c < 0 else " + "
            out += f"{sign}{one}" if abs(c) == 1 else f"{sign}{abs(c)} * {one}"
        if n.const:
            out += f" {'-' if n.const < 0 else '+'} {abs(n.const)}"
        return out

    def atom(self, atom: Any) -> str | None:
        kind = atom[0]
        if kind == "symbol":
            return self.sizes.get(atom[1])
        parts = [self.text(p) if isinstance(p, (int, Size)) else repr(p) for p in atom[1:]]
        if any(p is None for p in parts) or kind not in _SIZES:
            return None
        return _SIZES[kind](*parts)

    def apart(self, overlap: Overlap, names: Mapping[Free, str]) -> None:
        """What is written into can be, and shares memory with nothing else that is given."""
        if overlap.lists:
            raise SctError(
                "arrays in a list of any length, beside what is written into", None, "Let the list be of the length of `like`."
            )
        places = [(overlap.names[n], *path) for n, path, objects in overlap.places if not objects]
        outside = zip(overlap.outside, overlap.outside_paths, strict=True)
        places += [(names[op], *path) for op, (path, objects) in outside if not objects]
        seen: set[frozenset[str]] = set()
        for n, path, w in overlap.targets:
            if w.bound:
                raise SctError(
                    f"a field of an argument that the function binds, {path_in_words(w.path)}, in a module of its own",
                    w.place,
                    "Pass what is in the field as an argument.",
                )
            whole = (overlap.names[n], *path)
            inner = [p for p in places if p[: len(whole)] == whole]
            for target in inner or [whole]:
                shown = path_in_words(target)
                self.call(expectations.expect_writable, repr(shown), shown)
                for other in places:
                    text = path_in_words(other)
                    nested = other[: len(target)] == target or target[: len(other)] == other
                    if not nested and frozenset((shown, text)) not in seen:
                        seen.add(frozenset((shown, text)))
                        self.call(expectations.expect_apart, repr(shown), shown, repr(text), text)


_SIZES: dict[str, Callable[..., str]] = {
    "broadcast": lambda a, b: f"({b} if {a} == 1 else {a})",
    "ceil_div": lambda a, b: f"(-(-({a}) // ({b})))",
    "floordiv": lambda a, b: f"(({a}) // ({b}))",
    "max0": lambda a: f"max({a}, 0)",
    "min": lambda *a: f"min({', '.join(a)})",
    "mod": lambda a, b: f"(({a}) % ({b}))",
    "mul": lambda a, b: f"(({a}) * ({b}))",
    "quotient": lambda a, b: f"(({a}) // ({b}))",
    "slice": lambda n, *bounds: f"len(range({n})[{':'.join('' if b == 'None' else b for b in bounds)}])",
}
"""How a size is worked out, by its kind."""


def _symbol(n: SizeLike) -> Any:
    """The symbol that a size is, if it is one."""
    if isinstance(n, int) or n.const or len(n.terms) != 1:
        return None
    ((atom, count),) = n.terms
    return atom[1] if count == 1 and isinstance(atom, tuple) and atom[0] == "symbol" else None


def _symbols(n: SizeLike) -> set[Any]:
    """The symbols that a size is made of."""
    atoms: list[Any] = [atom for atom, _ in n.terms] if isinstance(n, Size) else []
    found = {atom[1] for atom in atoms if atom[0] == "symbol"}
    inner = (_symbols(p) for atom in atoms if atom[0] != "symbol" for p in atom[1:] if isinstance(p, Size))
    return found.union(*inner)


def _in_brackets(header: ast.FunctionDef) -> Iterator[tuple[Any, str]]:
    """Brackets around several results that take more than a line, which all formatters break in the same places."""
    for n in nodes_of(header):
        value = n.value if isinstance(n, ast.Return) else None
        bare = isinstance(value, ast.Tuple) and value.elts and value.col_offset == value.elts[0].col_offset
        if value is not None and bare and (value.end_lineno != value.lineno or (value.end_col_offset or 0) > _WIDTH):
            yield Gap(value.lineno, value.col_offset), "("
            yield Gap(value.end_lineno, value.end_col_offset), ",)"


def _is_extremum(s: ast.AST) -> bool:
    """Whether a statement gives a variable a smaller or greater value, as its user wrote it, and does no more."""
    if not isinstance(s, ast.If) or not isinstance(s.test, ast.Compare) or len(s.body) > 1 or s.orelse:
        return False
    (made,) = s.body
    compared = {ast.unparse(o) for o in (s.test.left, *s.test.comparators)}
    return isinstance(made, ast.Assign) and {ast.unparse(o) for o in (*made.targets, made.value)} == compared


def _too_long(header: ast.FunctionDef) -> Iterator[Any]:
    """Additions of a variable to an entry that take more than a line, which formatters break in different places."""
    for n in nodes_of(header):
        if not isinstance(n, ast.AugAssign) or not isinstance(n.target, ast.Subscript) or not isinstance(n.value, ast.Name):
            continue
        index = n.target.slice
        plain = isinstance(index, ast.Tuple) and not any(isinstance(e, ast.Slice) for e in index.elts)
        if plain and (n.end_col_offset or 0) > _WIDTH:
            yield n


def _unused(word: str, text: str, count: int) -> str:
    """A name that a text does not have, another one for each count."""
    name = f"{word}_{count}" if count else word
    while re.search(rf"\b{name}\b", text):
        name += "_"
    return name


def _head(n: ast.FunctionDef) -> str:
    """The first line of a function, in a form that all formatters break in the same places."""
    alone = ast.FunctionDef(n.name, n.args, [ast.Pass()], [], n.returns)
    text = ast.unparse(ast.fix_missing_locations(alone)).rsplit("\n", 1)[0].rstrip()
    end = f") -> {ast.unparse(n.returns)}:" if n.returns else "):"
    if len(end) <= _WIDTH or text.endswith(f"({end}"):
        return text
    return f"{text.removesuffix(end)},{end}"


def _defaults(tree: ast.AST, name: str) -> Iterator[tuple[str, ast.expr]]:
    """The defaults of the function of that name, each with its parameter's."""
    for n in ast.walk(tree):
        if isinstance(n, ast.FunctionDef) and n.name == name and not n.col_offset:
            positional = [*n.args.posonlyargs, *n.args.args]
            yield from ((p.arg, d) for p, d in zip(reversed(positional), reversed(n.args.defaults), strict=False))
            yield from ((p.arg, d) for p, d in zip(n.args.kwonlyargs, n.args.kw_defaults, strict=True) if d is not None)


def _functions(f: Function) -> Iterator[Function]:
    """A function, and those that stand before it in its text."""
    yield f
    for b in all_blocks(f):
        for s in b.body:
            if isinstance(s, Apply) and isinstance(s.op, Steps):
                yield s.op.step
            elif isinstance(s, Apply) and isinstance(s.op, StepsBack):
                yield from (s.op.step, s.op.derivative)


def described(types: Iterable[Abstract]) -> str:
    """Types, told apart as far as the text of a derivative depends on them, and the same in each process."""
    return "; ".join(re.sub(r"@\d+|0x[0-9a-f]+", "", f"{t} {in_words(t)}") for t in types)


def in_words(t: Abstract, path: str = "") -> str:
    """A type in words, for a docstring; `path`: what has it."""
    if isinstance(t, Array) and t.dtype is not None:
        if t.shape is None:
            return f"{t.dtype.name} array"
        if not t.shape:
            return f"{t.dtype.name} array of rank 0" if t.boxed else t.dtype.name
        shape = f"({', '.join(map(size_in_words, t.shape))}{',' if len(t.shape) == 1 else ''})"
        own = all(n == 1 or str(n) == f"{path}.{k}" for k, n in enumerate(t.shape))
        if "@" in shape or own:  # what it was found by says nothing to a reader
            units = [str(k) for k, n in enumerate(t.shape) if n == 1]
            return f"{t.dtype.name} array of rank {len(t.shape)}" + (
                f", axis {' and '.join(units)} of length 1" if units else ""
            )
        return f"{t.dtype.name} array, shape {shape}"
    if isinstance(t, Scalar):
        return t.kind.__name__
    if isinstance(t, Const):
        return str(getattr(t.value, "__name__", t.value)) if callable(t.value) else repr(t.value)
    if isinstance(t, (Tuple, List)):
        items = ", ".join(in_words(i, f"{path}[{k}]") for k, i in enumerate(t.items))
        return f"[{items}]" if isinstance(t, List) else f"({items}{',' if len(t.items) == 1 else ''})"
    if isinstance(t, ListOf):
        return f"list of {in_words(t.item)}"
    if isinstance(t, Dict):
        entries = zip(t.keys, t.items, strict=True)
        if isinstance(t, Record):
            return t.cls.__name__
        return "{" + ", ".join(f"{k!r}: {in_words(i, f'{path}[{k!r}]')}" for k, i in entries) + "}"
    return t.cls.__name__ if isinstance(t, Instance) else "any"


def _written(function: Any) -> str:
    """The text of a function, with its defaults as they are."""
    source = read(function)
    first = min([source.node, *getattr(source.node, "decorator_list", ())], key=lambda n: n.lineno)
    rows = source.lines[first.lineno - 1 : source.node.end_lineno]
    return "\n".join([*rows, known_by((function.__defaults__ or (), function.__kwdefaults__ or {}))])


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def stamps(text: str) -> dict[str, str] | None:
    """What the last lines of a module say, and under "now" the hash of what stands above them; None if there are none."""
    body, mark, end = text.replace("\r\n", "\n").rpartition(f"\n\n{_STAMP}format ")
    if not mark:
        return None
    lines = f"{_STAMP}format {end}".split("\n")
    found = {k: v for k, _, v in (line.removeprefix(_STAMP).rpartition(" ") for line in lines if line.startswith(_STAMP))}
    whole = all(line.startswith(_STAMP) for line in lines if line)
    return {**found, "now": _hash(body) if whole else "another text"}
