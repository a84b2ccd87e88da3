"""Writing a function in SSA form as Python.

Takes a function; gives its tree, and the text of that, with the objects that the text names. The statements come in the order
of the SSA form, with the user's names; in the reverse sweep a comment with the primal statement stands above what reverses it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import PurePath
from typing import Any, TypeAlias

import numpy as np

from sct import checkpointing, runtime
from sct.analysis.binding import ahead, behind, phis, surely_read, unbound_values
from sct.analysis.effects import effect, statements
from sct.analysis.switches import is_on
from sct.backend.python.expressions import (
    BINARY,
    Expression,
    are_numbers,
    are_plain,
    call,
    constant,
    display,
    dtype_argument,
    is_array,
    operation,
    store,
    sums,
)
from sct.backend.python.fold import fold
from sct.backend.python.layout import layouts_seen
from sct.backend.python.liveness import interference
from sct.backend.python.names import assign_names
from sct.backend.python.parts import gathered, part
from sct.backend.python.printing import Comment, lines
from sct.backend.python.sinking import sunk
from sct.backend.python.symbols import IN_SCT, Naming, Symbols, load
from sct.ir.ops import (
    ASSERT,
    ATTEMPT,
    CAUGHT,
    ENTER,
    EXIT,
    NEW,
    PUSH,
    RAISE,
    UNPACK,
    Attribute,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Rebind,
    Special,
    Steps,
    StepsBack,
    Store,
    Unused,
    of_numpy,
)
from sct.ir.paths import entries_of, is_whole, path_of
from sct.ir.records import record
from sct.ir.rewriting import changed, map_blocks, substitute
from sct.ir.shapes import as_array
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Function,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    blocks_in,
    carried_params,
    computes_tangents,
    defined,
    is_derived,
    type_of,
    values_of,
)
from sct.ir.types import UNDEFINED, Abstract, Array, Const, Dict, List, Record, Scalar, Slice, Tuple, same_shape
from sct.runtime import added, added_item, appended, instance, item, kept, scatter_add, shortened, updated, with_item

__all__ = ["Text", "Tree", "emit", "printed", "tree_of", "variable_names", "variable_types"]

_Phis: TypeAlias = tuple[Sequence[Value], Sequence[Operand]]
"""What is set at the end of a block, and to what."""
_NESTED = 20  # so many branches in one another are indented; Python takes no more than 99


@record(frozen=True)
class Tree:
    """A generated module as syntax trees: the lines that import, the functions, the name of the last, which is what it defines,
    and the objects that it does not import. Among the statements are comments (`sct.backend.python.printing`). `origins` says
    of statements which of the user's they come from: the one that they stand for, then those of what is written in them; and of
    operations in them.
    """

    imports: tuple[str, ...]
    functions: tuple[ast.FunctionDef, ...]
    name: str
    bound: dict[str, Any]
    origins: Mapping[ast.AST, tuple[Origin, ...]]

    @property
    def module(self) -> ast.Module:
        """The same as Python parses it, without the comments; it can be compiled."""
        return ast.parse(printed(self).source)


@record(frozen=True)
class Text:
    """A generated module: its text, the name of its function, and the objects that it does not import. `origins` says of each
    line of `body` which of the user's statements it comes from; nothing of a text whose statements are not known any more.
    """

    imports: tuple[str, ...]
    body: str
    name: str
    bound: dict[str, Any]
    origins: tuple[tuple[Origin, ...], ...] = ()

    @property
    def source(self) -> str:
        """The whole text."""
        header = "".join(f"{line}\n" for line in self.imports)
        return (header + "\n\n" if header else "") + self.body

    @property
    def listing(self) -> str:
        """The whole text as debuggers and tracebacks show it: behind each line the place of the user's statement."""
        rows = self.source.splitlines()
        for k, (row, found) in enumerate(zip(rows[self.first - 1 :], self.origins, strict=False), start=self.first - 1):
            if found and not row.lstrip().startswith("# "):
                rows[k] = f"{row}  # {PurePath(found[0].place.file).name}:{found[0].place.line}"
        return "".join(f"{row}\n" for row in rows)

    @property
    def first(self) -> int:
        """The line of `source` that is the first one of `body`."""
        return len(self.imports) + 3 if self.imports else 1


def tree_of(f: Function, naming: Naming = IN_SCT) -> Tree:
    """`f` as Python, after the functions that it has for the steps of checkpointed loops."""
    return _Emitter(_one_test(f), {}, {}, naming).complete()


def printed(tree: Tree) -> Text:
    """The text of a tree."""
    texts: list[str] = []
    origins: list[tuple[Origin, ...]] = []
    for function in tree.functions:
        found = list(lines([function]))
        texts.append("\n".join([line for line, _ in found]) + "\n")
        origins += [*([(), ()] if origins else []), *(tree.origins.get(s, ()) for _, s in found)]
    return Text(tree.imports, "\n\n".join(texts), tree.name, tree.bound, tuple(origins))


def emit(f: Function, naming: Naming = IN_SCT) -> Text:
    """The text of `f` as Python."""
    return printed(tree_of(f, naming))


def variable_types(f: Function, naming: Naming) -> dict[str, list[Abstract]]:
    """The types of the values that each variable of the text of `f` stands for."""
    found: dict[str, list[Abstract]] = {}
    names = _Emitter(_one_test(f), {}, {}, naming).names
    sources = phis(f.block)
    for b in blocks_in(f.block):
        for v in (*b.params, *(r for s in b.body for r in s.results)):
            if v in names:
                constants = (o for o in sources.get(v, ()) if isinstance(o, Const))
                found.setdefault(names[v], []).extend((*constants, v.type))
    return found


def variable_names(f: Function) -> dict[Value, str]:
    """The variables of the text of `f`, by their values."""
    return dict(_Emitter(_one_test(f), {}, {}, IN_SCT).names)


def _one_test(f: Function) -> Function:
    """The parameters of a while loop's test under the names of its body's, for they are the same variables."""
    return changed(f, block=_with_one_test(f.block))


def _with_one_test(block: Block) -> Block:
    return block.with_([map_blocks(_with_one_test, _sharing(s)) if s.blocks else s for s in block.body])


def _sharing(s: Statement) -> Statement:
    if not isinstance(s, While):
        return s
    test = substitute(s.test, dict(zip(s.test.params, s.body.params, strict=True)))
    return replace(s, test=test.with_(params=()))


class _Emitter:
    def __init__(self, f: Function, bound: dict[str, Any], auxiliary: dict[str, Tree], naming: Naming) -> None:
        self.folding = fold(f, naming.data)
        ordered = gathered(sunk(f, self.folding) if is_on("sinking") else f)
        if ordered is not f:
            f, self.folding = ordered, fold(ordered, naming.data)
        self.f = f
        self.symbols = Symbols(f.name, bound, naming)
        self.auxiliary = auxiliary  # functions that stand in the text before this one
        graph = interference(f, self.folding)
        self.reserved = self.referenced(f.block) | {f.name}
        self.names = assign_names(f, self.folding, graph, self.reserved)
        self.bound = self.handed_on(f.block)
        self.numbers = set(self.carried_numbers(f.block))
        self.rows: set[Apply] = set()
        self.uses = Counter(v for v in self.every_use(f.block))
        self.used = {*self.uses, *values_of(*f.block.yields)}
        named = {self.names.get(v) for v in (*f.block.params, *self.used)}
        self.nothing = next(n for n in ("_", "unused", "unused_") if n not in named)  # for what is not read
        self.parts = self.with_parts(f.block)
        self.said: Origin | None = None
        self.nesting = 0  # of branches in branches
        self.origins: dict[ast.AST, tuple[Origin, ...]] = {}

    @functools.cached_property
    def layouts_seen(self) -> set[Value]:
        """The values of which somebody else sees the order of the axes in memory."""
        return layouts_seen(self.f)

    def referenced(self, block: Block) -> frozenset[str]:
        """The global names that the text is going to use."""
        out = {"np", "range", "runtime"}
        every = {id(s.op): s.op for b in blocks_in(block) for s in b.body if isinstance(s, Apply)}
        for op in every.values():
            op = op.op if isinstance(op, (InPlace, Rebind, Store, Unused)) else op
            if isinstance(op, Free):
                out.add(self.symbols.naming.data.get(op) or str(getattr(op.function, "__name__", "constant")))
            elif isinstance(op, (Steps, StepsBack)):
                out.update(("checkpointing", "advance", "reverse", op.step.name, f"{op.step.name}_vjp"))
            elif not isinstance(op, (Special, Attribute, Field, Method, Format)):
                out.add(Symbols(self.f.name, None, self.symbols.naming).name(op).split(".")[0])
        return frozenset(out)

    def handed_on(self, block: Block) -> set[Value]:
        """The values that a path may leave undefined and that have to be bound: a variable that nothing may read is set to
        another one, or by a conditional expression to itself."""
        unbound = unbound_values(block)
        if not unbound:
            return unbound
        sources, sure = phis(block), surely_read(block).difference(self.folding.choices)
        copied = (
            w
            for v, operands in sources.items()
            if v in self.names and v not in sure
            for w in values_of(*operands)
            if w in unbound and (self.names.get(w) != self.names[v] or v in self.folding.choices)
        )
        return behind(copied, sources) & unbound

    def every_use(self, block: Block) -> Iterator[Value]:
        for b in blocks_in(block):
            for s in b.body:
                if not _is(s, EXIT):
                    yield from s.values
            if b is not block:
                yield from values_of(*b.yields)

    def with_parts(self, block: Block) -> dict[Value, list[Value | None]]:
        """The results with several parts that are only ever used part by part, and the parts' values."""
        parts: dict[Value, list[Value | None]] = {}
        whole: set[Value] = set()
        for b in blocks_in(block):
            whole.update(values_of(*b.yields))
            for k, s in enumerate(b.body):
                if isinstance(s, Apply) and isinstance(s.result.type, Tuple) and s.result not in self.folding.inline:
                    parts[s.result] = items = self.parts_after(b, k, s.result, s.result.type, whole)
                    whole.update(v for v in items if v is not None and v in self.folding.inline)
                reads = s.operands
                if isinstance(s, Apply) and s.op is operator.getitem and s.args[0] in parts:
                    reads = () if s.result in parts[s.args[0]] else reads  # type: ignore[index]
                whole.update(values_of(*reads))
        self.whole = whole
        inline = self.folding.inline
        unpacked = {v for v in parts if self.folding.definition[v].op is UNPACK}  # type: ignore[union-attr]
        return {
            v: items
            for v, items in parts.items()
            if v in unpacked or (v not in whole and any(items) and not any(i in inline for i in items))
        }

    def parts_after(self, block: Block, k: int, v: Value, t: Tuple, whole: set[Value]) -> list[Value | None]:
        """The parts of a result that are taken right after statement `k`; it gets into `whole` if they are taken apart too."""
        items: list[Value | None] = [None] * len(t.items)
        for s in takewhile(lambda s: isinstance(s, Apply), block.body[k + 1 :]):
            assert isinstance(s, Apply)
            key = part(s, v)
            if key is None:
                break
            items[key] = s.result
            if isinstance(s.result.type, (Tuple, List, Dict)):
                whole.add(v)
        return items

    # -- text --------------------------------------------------------------------------------------------------------

    def run(self) -> Tree:
        f = self.f
        body: list[Any] = []
        if f.doc and f.doc.strip():
            body.append(ast.Expr(ast.Constant(self.documentation(f.doc), None)))
        own: list[Any] = []
        self.block(f.block, own)
        if self.has_reverse(f.block) and not (own and isinstance(own[0], Comment)):
            body.append(Comment("forward"))
        body += own
        if f.block.yields[0] != Const(None):
            body.append(ast.Return(self.expression(f.block.yields[0])))
            self.origins[body[-1]] = self.written_in(f.block.yields)
        node = ast.FunctionDef(f.name, self.arguments(f.signature), body, [])
        self.symbols.give_way({*f.signature.parameters, *self.names.values()})
        return Tree(tuple(self.symbols.imports), (node,), f.name, self.symbols.bound, self.origins)

    def complete(self) -> Tree:
        """The function after those that it needs."""
        own = self.run()
        trees = [*self.auxiliary.values(), own]
        headers = {line for t in trees for line in t.imports}
        origins = {s: found for t in trees for s, found in t.origins.items()}
        imports = sorted(headers, key=lambda line: line.split()[1:])  # by the module
        return Tree(tuple(imports), tuple([f for t in trees for f in t.functions]), own.name, own.bound, origins)

    def function(self, f: Function) -> Expression:
        """The name of a function that stands in the text before this one."""
        if f.name not in self.auxiliary:
            naming = self.symbols.naming
            self.auxiliary[f.name] = _Emitter(_one_test(f), self.symbols.bound, self.auxiliary, naming).run()
        return load(f.name)

    def steps(self, s: Apply) -> Expression:
        """A sweep of a checkpointed loop."""
        args = [self.expression(a) for a in s.args]
        advance, reverse = (self.symbols.refer(self.symbols.name(op)) for op in (checkpointing.advance, checkpointing.reverse))
        if isinstance(s.op, Steps):
            kwargs = [(k, self.expression(a)) for k, a in s.kwargs]
            return call(advance, [self.function(s.op.step), *args], kwargs)
        kwargs = [("step", self.function(s.op.step))] if s.op.other else []
        return call(reverse, [args[0], self.function(s.op.derivative), *args[1:]], kwargs)

    def documentation(self, doc: str) -> str:
        name = getattr(self.f.callee, "__name__", self.f.name)
        if self.f.name == name:
            return inspect.cleandoc(doc).splitlines()[0]
        return f"Derivative of {name}: {inspect.cleandoc(doc).splitlines()[0]}"

    def has_reverse(self, block: Block) -> bool:
        """Whether something in a block goes back."""
        back = (isinstance(s, Closure) or (s.origin is not None and s.origin.reverse) for s in block.body)
        return any(back) or any(self.has_reverse(b) for s in block.body for b in s.blocks)

    def arguments(self, signature: inspect.Signature) -> Any:
        p = inspect.Parameter
        args: dict[Any, list[Any]] = {p.POSITIONAL_ONLY: [], p.POSITIONAL_OR_KEYWORD: [], p.KEYWORD_ONLY: []}
        defaults: list[Any] = []
        keyword_defaults: list[Any] = []
        for q in signature.parameters.values():
            args[q.kind].append(ast.arg(q.name))
            default = None if q.default is p.empty else constant(q.default, self.symbols)
            if q.kind is p.KEYWORD_ONLY:
                keyword_defaults.append(default)
            elif default is not None:
                defaults.append(default)
        return ast.arguments(
            args[p.POSITIONAL_ONLY], args[p.POSITIONAL_OR_KEYWORD], None, args[p.KEYWORD_ONLY], keyword_defaults, None, defaults
        )

    # -- blocks ------------------------------------------------------------------------------------------------------

    def block(self, block: Block, out: list[Any]) -> None:
        self.statements(block.body, out)

    def statements(self, body: Sequence[Statement], out: list[Any]) -> None:
        rest = iter(body)
        for s in rest:
            n = len(out)
            if isinstance(s, Apply) and s.op is ENTER:
                self.with_(s, _until(EXIT, s, rest), out)
            else:
                self.explain(s, out)
                self.statement(s, out)
            if len(out) > n:
                self.come_from(s, out[n:])
        _run_at_last(out)

    def with_(self, s: Apply, inside: Sequence[Statement], out: list[Any]) -> None:
        """A `with`; none around nothing, unless it does something that is seen."""
        body: list[Any] = []
        self.statements(inside, body)
        if _does_something(body) or effect(s) == "acts":
            target = store(self.names[s.result]) if s.result in self.used else None
            items = [ast.withitem(self.expression(s.args[0]), target)]
            if len(body) == 1 and isinstance(body[0], ast.With):
                items, body = items + body[0].items, body[0].body
            out.append(ast.With(items, body or [ast.Pass()]))
        else:
            out.extend(body)

    def come_from(self, s: Statement, written: Sequence[Any]) -> None:
        """Keep where what a statement has become comes from, and what is in that and comes from nowhere else."""
        found = (*_origin(s), *self.written_in(s.operands))
        if not found:
            return  # it belongs to what it stands in
        for node in (n for w in written for n in (w, *_inside(w))):
            self.origins.setdefault(node, found)

    def written_in(self, operands: Sequence[Operand]) -> tuple[Origin, ...]:
        """The origins of the operations that are written where these operands stand."""
        found: dict[int, Origin] = {}
        waiting = [*values_of(*operands)]
        while waiting:
            v = waiting.pop()
            if v in self.folding.inline:
                s = self.folding.definition[v]
                found.update((id(s.origin), o) for o in _origin(s))
                waiting += [*values_of(*s.operands), *(w for b in s.blocks for w in values_of(*b.yields))]
        return tuple(found.values())

    def explain(self, s: Statement, out: list[Any]) -> None:
        """The comment above a statement of the reverse sweep, where it begins to reverse another primal statement."""
        o = s.origin
        if o is None or not o.reverse or (isinstance(s, Apply) and s.result in self.folding.inline):
            return
        if self.said is None:
            out.append(Comment("reverse"))
            self.origins[out[-1]] = ()
        if isinstance(s, Apply):
            if o != self.said:
                out.append(Comment(o.text))
            self.said = o
        elif self.said is None:
            self.said = Origin("", o.place)

    def statement(self, s: Statement, out: list[Any]) -> None:
        if isinstance(s, Apply):
            self.apply(s, out)
        elif isinstance(s, If):
            self.if_(s, out)
        elif isinstance(s, For):
            self.for_(s, out)
        elif isinstance(s, While):
            self.while_(s, out)
        elif isinstance(s, Closure):
            self.closure(s, out)

    def apply(self, s: Apply, out: list[Any]) -> None:
        if s.result in self.folding.inline or s in self.rows or (s.op is len and s.result in self.lengths):
            return
        if s.result in self.parts:
            self.several(s, out)
            return
        if s.op is operator.getitem and s.args[0] in self.parts and s.result in self.parts[s.args[0]]:  # type: ignore[index]
            return
        if s.op in (PUSH, RAISE, ASSERT) or isinstance(s.op, (InPlace, Rebind, Store)):
            self.command(s, [self.expression(a) for a in s.args], out)
            return
        if s.op is ATTEMPT or (s.op is CAUGHT and s.result not in self.used):
            return
        value = load(self.unused("exception")) if s.op is CAUGHT else self.operation(s)
        if s.result in self.used:
            self.assign_updating(s, value, out)
        else:
            out.append(ast.Expr(value))

    def command(self, s: Apply, args: list[Expression], out: list[Any]) -> None:
        """An operation that is a statement of Python's, or stores over something."""
        if s.op is PUSH:
            out.append(ast.Expr(call(ast.Attribute(args[0], "append", ast.Load()), args[1:])))
        elif s.op is RAISE:
            out.append(ast.Raise(args[0] if args else None, args[1] if len(args) > 1 else None))
        elif s.op is ASSERT:
            out.append(ast.Assert(args[0], args[1] if len(args) > 1 else None))
        elif isinstance(s.op, Store) and s.op.op in (updated, scatter_add):
            self.write(s, args[0], args[2], out)
        elif isinstance(s.op, Store):
            self.change(s, s.op.op, args, out)
        elif isinstance(s.op, Rebind):
            target = self.names[s.result]
            if s.op.op not in BINARY:
                self.assign(s.result, operation(s.op.op, args, [], s.args, self.symbols), out)
                return
            if not isinstance(s.args[0], Value) or self.names.get(s.args[0]) != target:
                self.assign(s.result, args[0], out)
            out.append(ast.AugAssign(store(target), BINARY[s.op.op](), args[1]))
        else:
            self.in_place(s, args, out)

    def change(self, s: Apply, op: Any, args: list[Expression], out: list[Any]) -> None:
        """A list or dict is changed, or what is in it."""
        if isinstance(op, Method):
            out.append(ast.Expr(call(ast.Attribute(args[0], op.name, ast.Load()), args[1:])))
        elif op is operator.setitem:
            out.append(ast.Assign([ast.Subscript(args[0], self.index(s.args[1]), ast.Store())], args[2], None))
        elif op is not operator.delitem:
            out.append(ast.Expr(operation(op, args, [], s.args, self.symbols)))
        else:
            out.append(ast.Delete([ast.Subscript(args[0], self.index(s.args[1]), ast.Del())]))

    def several(self, s: Apply, out: list[Any]) -> None:
        """An operation with several results, each of which has a variable."""
        items = self.parts[s.result]
        names = [self.names[v] if v is not None else self.nothing for v in items]
        value = self.expression(s.args[0]) if s.op is UNPACK else self.operation(s)
        whole = [store(self.names[s.result])] if s.result in self.whole else []
        out.append(ast.Assign([*whole, ast.Tuple([store(n) for n in names], ast.Store())], value, None))

    def assign_updating(self, s: Apply, value: Expression, out: list[Any]) -> None:
        """`x = x + v` of a number is written `x += v`."""
        target, first = self.names[s.result], s.args[0] if s.args else None
        same = isinstance(first, Value) and first not in self.folding.inline and self.names.get(first) == target
        if s.op in (operator.add, operator.sub) and same and isinstance(first, Value) and self.is_number(first):
            out.append(ast.AugAssign(store(target), BINARY[s.op](), self.expression(s.args[1])))
            return
        self.assign(s.result, value, out)

    def is_number(self, v: Value) -> bool:
        """Whether a value of rank 0 is a number for certain: an array of rank 0 would be written into."""
        t, d = v.type, self.folding.definition.get(v)
        if isinstance(t, Scalar):
            return v not in self.maybe_boxed
        if not isinstance(t, Array) or t.shape != () or t.boxed is not False:
            return False
        if isinstance(d, Apply):
            return d.op in BINARY or isinstance(d.op, np.ufunc) or d.op is np.sum
        return v in self.numbers

    @functools.cached_property
    def maybe_boxed(self) -> set[Value]:
        """The values that a φ may take from an array of rank 0, whatever their own type says."""
        sources = phis(self.f.block)
        arrays = (v for v, found in sources.items() if any(_maybe_boxed(w) for w in found))
        return ahead(arrays, sources)

    def carried_numbers(self, block: Block) -> Iterator[Value]:
        """The values that loops carry and that begin as constants and go on as results of arithmetic."""
        for s in block.body:
            for phi in s.phis:
                known = bool(phi.begins) and all(isinstance(i, Const) for i in phi.begins)
                if known and all(y in phi.params or isinstance(y, Const) or self.is_sum(y) for y in phi.ends):
                    yield phi.params[0]
            for b in s.blocks:
                yield from self.carried_numbers(b)

    def is_sum(self, o: Operand) -> bool:
        """Whether an operand is made by an operator of two."""
        made = self.folding.definition.get(o) if isinstance(o, Value) else None
        return isinstance(made, Apply) and made.op in BINARY

    def assign(self, v: Value, value: Expression, out: list[Any]) -> None:
        out.append(ast.Assign([store(self.names[v])], value, None))

    def in_place(self, s: Apply, args: list[Expression], out: list[Any]) -> None:
        """An operation that stores over its first argument."""
        target, first = self.names[s.result], s.args[0]
        if not isinstance(first, Value) or self.names.get(first) != target:
            self.assign(s.result, args[0], out)
        if s.op.op in (updated, scatter_add):
            self.write(s, load(target), args[2], out)
        elif s.op.op in (appended, shortened):
            method = "append" if s.op.op is appended else "pop"
            out.append(ast.Expr(call(ast.Attribute(load(target), method, ast.Load()), args[1:])))
        elif s.op.op in (with_item, added_item):
            entry = ast.Subscript(load(target), self.index(s.args[1]), ast.Load())
            if s.op.op is with_item:
                value = args[2]
            elif not are_plain(type_of(first)):
                value = call(self.symbols.refer(self.symbols.name(added)), [entry, args[2]])
            elif _is_slice(s.args[1]):
                value = sums([entry, args[2]], self.symbols, strict=True)  # of another length it would take the place of all
            elif are_numbers(type_of(first)):
                out.append(_increment(_stored(entry), args[2], s.args[2]))
                return
            else:
                value = ast.BinOp(entry, ast.Add(), args[2])
            out.append(ast.Assign([ast.Subscript(load(target), self.index(s.args[1]), ast.Store())], value, None))
        else:
            out.append(ast.AugAssign(store(target), BINARY[s.op.op](), args[1]))

    def write(self, s: Apply, target: Expression, value: Expression, out: list[Any]) -> None:
        """An array is written into, or added to."""
        path = path_of(s)
        whole = is_whole(path) and isinstance(target, (ast.Name, ast.Subscript))
        if s.op.op is updated:
            if whole and isinstance(value, ast.BinOp) and _is_inexact(s.args[0]) and (other := _stepped(value, target)):
                out.append(ast.AugAssign(_stored(target), value.op, other))
            else:
                out.append(_assignment(self.part(target, path), value, s))
        elif _repeats(path[-1], self.folding.definition):
            add_at = ast.Attribute(self.symbols.refer(self.symbols.name(np.add)), "at", ast.Load())
            out.append(ast.Expr(call(add_at, [self.part(target, path[:-1]), self.expression(path[-1]), value])))
        else:
            out.append(_increment(_stored(target) if whole else self.part(target, path), value, s.args[2]))

    def part(self, part: Expression, path: Iterable[Operand]) -> Expression:
        """The part of an array to which a path leads."""
        for index in path:
            part = ast.Subscript(part, self.index(index), ast.Store())
        return part

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, operand: Operand) -> Expression:
        if isinstance(operand, Value):
            return self.value(operand)
        if isinstance(operand, Const):
            return constant(operand.value, self.symbols)
        if isinstance(operand, Tuple):
            items = [self.expression(i) for i in operand.items]
            return display(ast.Tuple, items) if operand.kind is None else call(load(self.symbols.name(operand.kind)), items)
        if isinstance(operand, List):
            return display(ast.List, [self.expression(i) for i in operand.items])
        if isinstance(operand, Record):
            cls, fields = constant(operand.cls, self.symbols), [self.expression(i) for i in operand.items]
            return call(load(self.symbols.name(instance)), [cls], list(zip(map(str, operand.keys), fields, strict=True)))
        if isinstance(operand, Dict):
            keys = [constant(k, self.symbols) for k in operand.keys]
            return ast.Dict(keys, [self.expression(i) for i in operand.items])
        if isinstance(operand, Slice):
            return call(self.symbols.refer("slice"), [self.expression(p) for p in (operand.start, operand.stop, operand.step)])
        return constant(None, self.symbols)

    def argument(self, operand: Operand) -> Expression:
        """An argument of a function that takes a scalar class for a dtype."""
        named = (
            isinstance(operand, Const) and isinstance(operand.value, np.dtype) and dtype_argument(operand.value, self.symbols)
        )
        return named or self.expression(operand)

    def value(self, v: Value) -> Expression:
        if v not in self.folding.inline:
            return load(self.names[v])
        s = self.folding.definition[v]
        node: Expression = self.choice(s) if isinstance(s, If) else self.operation(s)  # type: ignore[arg-type]
        if s.origin is not None and isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call)):
            self.origins.setdefault(node, (*_origin(s),))
        return node

    def operation(self, s: Apply) -> Expression:
        if isinstance(s.op, (Steps, StepsBack)):
            return self.steps(s)
        if s.op is NEW:
            return self.expression(s.args[0])
        first = 1 if isinstance(s.op, Method) else 0
        written = self.argument if s.op not in BINARY and (first or _takes_dtypes(s.op)) else self.expression
        args = [*(self.expression(a) for a in s.args[:first]), *(written(a) for a in s.args[first:])]
        if s.op in (operator.getitem, item):
            args[1] = self.index(s.args[1])
        kwargs = [(k, written(a)) for k, a in s.kwargs]
        reverse = is_derived(s)
        if s.op is np.sum and len(args) == 1 and self.is_array_variable(s.args[0]) and reverse:
            return call(ast.Attribute(args[0], "sum", ast.Load()), [], kwargs)
        if s.op in (np.array, kept) and len(args) == 1 and not kwargs and is_array(s.args[0]):
            if s.result not in self.layouts_seen or as_array(type_of(s.args[0])).rank == 1:
                return call(ast.Attribute(args[0], "copy", ast.Load()), [])
            return call(self.symbols.refer(self.symbols.name(np.copy)), args)
        if s.op is np.zeros_like and reverse and self.is_array_variable(s.args[0]) and s.result not in self.layouts_seen:
            t = as_array(type_of(s.args[0]))
            if t.dtype == np.float64 and not kwargs:  # a third of the time, and no page is touched before it is written
                return call(self.symbols.refer(self.symbols.name(np.zeros)), [ast.Attribute(args[0], "shape", ast.Load())])
        if s.op is np.shape and s.result.hint == "any":
            return call(self.symbols.refer(self.symbols.name(np.shape)), args)
        return operation(s.op, args, kwargs, s.args, self.symbols)

    def is_array_variable(self, operand: Operand) -> bool:
        t = operand.type if isinstance(operand, Value) and operand not in self.folding.inline else None
        return isinstance(t, Array) and bool(t.shape)

    def index(self, operand: Operand) -> Expression:
        """An index, in which slices are written with colons."""
        if isinstance(operand, Const) and isinstance(operand.value, slice):
            written = operand.value
            operand = Slice(Const(written.start), Const(written.stop), Const(written.step))
        if isinstance(operand, Const) and isinstance(operand.value, tuple) and any(isinstance(v, slice) for v in operand.value):
            operand = Tuple(tuple(Const(v) for v in operand.value))
        if isinstance(operand, Slice):
            parts = [None if p == Const(None) else self.expression(p) for p in (operand.start, operand.stop, operand.step)]
            return ast.Slice(*parts)
        if isinstance(operand, Tuple) and operand.items:
            return display(ast.Tuple, [self.index(i) for i in operand.items])
        return self.expression(operand)

    def choice(self, s: If) -> Expression:
        """A conditional expression, or `and` or `or` where it is one."""
        test = self.expression(s.test)
        a, b = s.then.yields[0], s.orelse.yields[0]
        if b is s.test:
            return _boolean(ast.And, test, self.expression(a))
        if a is s.test:
            return _boolean(ast.Or, test, self.expression(b))
        return ast.IfExp(test, self.expression(a), self.expression(b))

    # -- branches ----------------------------------------------------------------------------------------------------

    def if_(self, s: If, out: list[Any]) -> None:
        if s.results and s.results[0] in self.folding.choices:
            if s.results[0] not in self.folding.inline:
                self.assign(s.results[0], self.choice(s), out)
            return
        if s.handles is not None:
            self.try_(s, out)
            return
        test = self.expression(s.test)
        self.either(test, self.branch(s, s.then), self.branch(s, s.orelse), out)

    def try_(self, s: If, out: list[Any]) -> None:
        """A `try` with an `except`, which also sets what says afterwards whether there was an exception."""
        caught = any(isinstance(t, Apply) and t.op is CAUGHT and t.result in self.used for t in s.orelse.body)
        name = self.unused("exception") if caught else None
        lengths = {self.names[t]: self.unused(f"{self.names[t]}_length") for t in _pushed_before_others(s.then)}
        outer = self.reserved
        self.reserved = outer.union(lengths.values())
        then, after = self.tried(s)
        orelse = self.branch(s, s.orelse)
        self.reserved = outer
        (done,) = values_of(s.test)
        if self.uses[done] > 1:
            said = ([ast.Assign([store(self.names[done])], ast.Constant(value, None), None)] for value in (True, False))
            then, after = ([*then, *next(said)], []) if not after else (then, [*after, *next(said)])
            orelse = [*next(said), *orelse]
        if not then:
            out += after
            return
        assert s.handles is not None
        classes = [constant(c, self.symbols) for c in dict.fromkeys(s.handles.value)]
        kind = classes[0] if len(classes) == 1 else display(ast.Tuple, classes)
        out += [ast.Assign([store(n)], call(load("len"), [load(tape)]), None) for tape, n in lengths.items()]
        rest = {tape: ast.Subscript(load(tape), ast.Slice(load(n), None, None), ast.Load()) for tape, n in lengths.items()}
        orelse = [*(ast.Delete([r]) for r in rest.values()), *orelse]
        out.append(ast.Try(then, [ast.ExceptHandler(kind, name, orelse or [ast.Pass()])], after, []))

    def tried(self, s: If) -> tuple[list[Any], list[Any]]:
        """What a `try` has in it, and the tangents of that, which stand in its `else`."""
        body = s.then.body
        n = next((k for k in range(len(body), 0, -1) if not computes_tangents(body[k - 1])), 0)
        if n == len(body):
            return self.branch(s, s.then), []
        self.nesting += 1
        then: list[Any] = []
        self.statements(body[:n], then)
        self.nesting -= 1
        return then, self.branch(s, s.then.with_(body[n:]))

    def unused(self, name: str) -> str:
        """A name that nothing has, made of another one."""
        while name in self.names.values() or name in self.reserved:
            name += "_"
        return name

    def either(self, test: Expression, then: list[Any], orelse: list[Any], out: list[Any]) -> None:
        """A branch; what follows one that leaves the block stands beside it."""
        if not then and not orelse:
            return
        if _leaves(then):
            out.append(ast.If(test, then, []))
            out.extend(orelse)
        elif _leaves(orelse) and isinstance(orelse[-1], ast.Break):
            out.append(ast.If(ast.UnaryOp(ast.Not(), test), orelse, []))
            out.extend(then)
        elif then or self.nesting > _NESTED:
            out.append(ast.If(test, then or [ast.Pass()], _elif(orelse)))
        else:
            out.append(ast.If(ast.UnaryOp(ast.Not(), test), orelse, []))

    def branch(self, s: If, block: Block) -> list[Any]:
        out: list[Any] = []
        self.nesting += 1
        self.block(block, out)
        self.nesting -= 1
        if not _leaves(out):
            self.copies(s.results, block.yields, out)
        return out

    def copies(self, targets: Sequence[Value], sources: Sequence[Operand], out: list[Any]) -> None:
        """Assign several variables at once, in an order in which none is overwritten before it is read."""
        pairs: list[tuple[str, Operand]] = []
        for t, y in zip(targets, sources, strict=False):
            if t not in self.names or (y is UNDEFINED and t not in self.bound):
                continue
            if isinstance(y, Value) and y not in self.folding.inline and self.names[y] == self.names[t]:
                continue
            pairs.append((self.names[t], y))
        while pairs:
            ready = [p for p in pairs if not any(q is not p and p[0] in self.reads(q[1]) for q in pairs)]
            if not ready:
                names = [store(n) for n, _ in pairs]
                values = [self.expression(y) for _, y in pairs]
                out.append(ast.Assign([ast.Tuple(names, ast.Store())], display(ast.Tuple, values), None))
                return
            for p in ready:
                out.append(ast.Assign([store(p[0])], self.expression(p[1]), None))
                pairs.remove(p)

    def reads(self, operand: Operand) -> set[str]:
        out: set[str] = set()
        for v in values_of(operand):
            if v in self.folding.inline:
                for o in self.folding.definition[v].operands:
                    out |= self.reads(o)
            else:
                out.add(self.names[v])
        return out

    # -- loops -------------------------------------------------------------------------------------------------------

    def for_(self, s: For, out: list[Any]) -> None:
        params = carried_params(s)
        self.copies(params, s.inits, out)
        row = self.row_of(s)
        if row is not None:
            self.rows.add(row)
        body = self.loop_body(s, params, out)
        index = s.body.params[0]
        target, domain = store(self.names[index] if index in self.used else self.nothing), self.domain(s)
        if row is not None:
            items = self.parts.get(row.result)
            names = [store(self.nothing if v is None else self.names[v]) for v in items or ()]
            target, domain = store(self.names[row.result]), self.expression(row.args[0])
            target = ast.Tuple(names, ast.Store()) if names else target
            if self.uses[index] > 1:
                target = ast.Tuple([store(self.names[index]), target], ast.Store())
                domain = call(self.symbols.refer("enumerate"), [domain])
        out.append(ast.For(target, domain, body, [], None))
        self.copies(s.results[: len(params)], params, out)

    @functools.cached_property
    def lengths(self) -> set[Operand]:
        """The lengths that only loops over the rows of arrays go by, which do not ask for them."""
        loops = [s for b in blocks_in(self.f.block) for s in b.body if isinstance(s, For)]
        by_rows = Counter(s.stop for s in loops if self.row_of(s) is not None)
        return {v for v, count in by_rows.items() if isinstance(v, Value) and self.uses[v] == count}

    def row_of(self, s: For) -> Apply | None:
        """The read of the row, at the start of the body, of a loop over the rows of an array."""
        before = list(takewhile(lambda t: isinstance(t, Apply) and t.op is PUSH, s.body.body))
        first = s.body.body[len(before)] if len(before) < len(s.body.body) else None
        stop = self.folding.definition.get(s.stop) if isinstance(s.stop, Value) else None
        if (
            s.backwards
            or s.start != Const(0)
            or s.step != Const(1)
            or not isinstance(first, Apply)
            or not isinstance(stop, Apply)
        ):
            return None
        reads_row = (
            first.op in (operator.getitem, item)
            and first.args[1] is s.body.params[0]
            and first.result not in self.folding.inline
        )
        if not reads_row or stop.op is not len or stop.args[0] is not first.args[0]:
            return None
        if first.result in self.parts and (before or first.result in self.whole):
            return None
        if any(self.names[first.result] in self.reads(o) for t in before for o in t.operands):
            return None  # the loop would set the variable before it is recorded
        return first

    def domain(self, s: For) -> Expression:
        if s.backwards:
            if s.step == Const(1) and s.body.params[0] not in self.used:
                return self.range(s.start, s.stop, s.step)
            if s.step == Const(1):
                return self.range(self.moved(s.stop, -1), self.moved(s.start, -1), Const(-1))
            if s.step == Const(-1):
                return self.range(self.moved(s.stop, 1), self.moved(s.start, 1), Const(1))
            return call(self.symbols.refer("reversed"), [self.range(s.start, s.stop, s.step)])
        return self.range(s.start, s.stop, s.step)

    def moved(self, end: Operand, by: int) -> Operand | Expression:
        """An end of a range, and a number more."""
        if isinstance(end, Const):
            return Const(end.value + by)
        d = self.folding.definition.get(end) if isinstance(end, Value) and end in self.folding.inline else None
        if isinstance(d, Apply) and d.op in (operator.add, operator.sub) and isinstance(d.args[1], Const):
            end, more = d.args[0], d.args[1].value
            by += more if d.op is operator.add else -more
        elif isinstance(d, Apply) and d.op is operator.add and isinstance(d.args[0], Const):
            end, by = d.args[1], by + d.args[0].value
        if not by:
            return end
        return ast.BinOp(self.expression(end), ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by), None))

    def range(self, start: Operand | Expression, stop: Operand | Expression, step: Operand) -> Expression:
        args = [stop] if start == Const(0) else [start, stop]
        if step != Const(1):
            args = [start, stop, step]
        return call(self.symbols.refer("range"), [a if isinstance(a, ast.AST) else self.expression(a) for a in args])

    def loop_body(self, s: For | While, params: Sequence[Value], before: list[Any]) -> list[Any]:
        """The statements of a loop's body, with the carried variables set for the next iteration, and the break."""
        n = len(s.inits)
        body: list[Any] = []
        for r in s.results[n:]:
            if r in self.used:
                before.append(ast.Assign([store(self.names[r])], ast.Constant(0, None), None))
                body.append(ast.AugAssign(store(self.names[r]), ast.Add(), ast.Constant(1, None)))
        self.to_the_end(s.body, [(params, s.body.yields[:n])], s.body.yields[n] if s.exits else Const(False), body)
        return body or [ast.Pass()]

    def to_the_end(self, block: Block, phis: list[_Phis], stop: Operand, out: list[Any]) -> None:
        """The statements of a loop's body, or of the rest of it; what is set after them; the break, where it is decided."""
        branch, k = self.deciding(block, stop)
        self.statements([s for s in block.body if s is not branch], out)
        if branch is not None:
            handed_on = set(values_of(*(o for _, sources in phis for o in sources)))
            also = branch.results[k] in handed_on or self.uses[branch.results[k]] > 1  # it does not only say whether to stop
            kept = [i for i in range(len(branch.results)) if i != k or also]
            then: list[Any] = []
            orelse: list[Any] = []
            self.nesting += 1
            for b, side in ((branch.then, then), (branch.orelse, orelse)):
                ends = [branch.results[i] for i in kept], [b.yields[i] for i in kept]
                self.to_the_end(b, [ends, *phis], b.yields[k], side)
            self.nesting -= 1
            self.either(self.expression(branch.test), then, orelse, out)
            return
        if _leaves(out):
            return
        copies: list[Any] = []
        for targets, sources in phis:
            self.copies(targets, sources, copies)
        if isinstance(stop, Const):
            out += [*copies, ast.Break()] if stop.value else copies
            return
        test = self.expression(stop)
        if self.reads(stop) & {t.id for c in copies for t in _targets(c)}:  # the test comes before they change
            name = self.unused("stop")
            out.append(ast.Assign([store(name)], test, None))
            test = load(name)
        out += [*copies, ast.If(test, [ast.Break()], [])]

    def deciding(self, block: Block, stop: Operand) -> tuple[If | None, int]:
        """The branch at the end of a block that decides whether a loop stops, and which of its results says so."""
        after = (s for s in reversed(block.body) if not (isinstance(s, Apply) and s.result in self.folding.inline))
        last = next(after, None)
        if (
            not isinstance(last, If)
            or last.handles is not None
            or stop not in last.results
            or last.results[0] in self.folding.choices
        ):
            return None, 0
        return last, last.results.index(stop)

    def while_(self, s: While, out: list[Any]) -> None:
        params = s.body.params
        self.copies(params, s.inits, out)
        head: list[Any] = []
        self.block(s.test, head)
        body = self.loop_body(s, params, out)
        test = self.expression(s.test.yields[0])
        if head:
            leave = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
            test, body = ast.Constant(True, None), [*head, leave, *body]
        out.append(ast.While(test, body, []))
        self.copies(s.results[: len(params)], params, out)

    def closure(self, s: Closure, out: list[Any]) -> None:
        body: list[Any] = []
        self.said = None
        self.block(s.block, body)
        body.append(ast.Return(self.expression(s.block.yields[0])))
        params = [inspect.Parameter(self.names[p], inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in s.block.params]
        node = ast.FunctionDef(self.names[s.result], self.arguments(inspect.Signature(params)), body, [])
        out.append(node)


def _pushed_before_others(tried: Block) -> list[Value]:
    """The tapes on which a block pushes something before it may end by an exception."""
    body = list(tried.body)
    while body and _is(body[-1], PUSH):
        body.pop()
    pushes = (t for t in statements(tried.with_(body)) if t.op is PUSH)
    return list(dict.fromkeys(v for t in pushes for v in values_of(t.args[0]) if v not in defined(tried)))


def _until(op: Special, begun: Apply, rest: Iterator[Statement]) -> list[Statement]:
    """The next statements, as far as what ends that which `begun` begins, by an operation on its result; that is taken too."""
    return list(takewhile(lambda t: not (_is(t, op) and t.values == begun.results), rest))


def _is(s: Statement, op: Special) -> bool:
    return isinstance(s, Apply) and s.op is op


def _maybe_boxed(o: Operand) -> bool:
    return isinstance(o, Value) and isinstance(o.type, Array) and o.type.boxed is not False


def _takes_dtypes(op: Any) -> bool:
    """Whether a function takes a scalar class for a dtype."""
    return of_numpy(op) or isinstance(op, np.ufunc) or getattr(op, "__module__", None) == runtime.__name__


def _has_negative(operand: Operand) -> bool:
    """Whether to add a negative is to subtract: not for integers of a fixed size."""
    t = type_of(operand)
    return not isinstance(t, Array) or (t.dtype is not None and t.dtype.kind in "fc")


def _assignment(target: Expression, value: Expression, s: Apply) -> Any:
    """`target = value`, or `target op= v` where the value is `target op v`."""
    if _is_inexact(s.args[0]) and isinstance(value, ast.BinOp) and _same(value.left, target):
        return ast.AugAssign(target, value.op, value.right)
    return ast.Assign([target], value, None)


def _stored(target: Expression) -> Expression:
    """A name, or a part of what has one, as something that is assigned to."""
    return store(target.id) if isinstance(target, ast.Name) else ast.Subscript(target.value, target.slice, ast.Store())


def _increment(part: Expression, value: Any, operand: Operand) -> ast.AugAssign:
    """`part += value`, where `value` is how `operand` is written; what is a negative is subtracted."""
    negative = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) and _has_negative(operand)
    return ast.AugAssign(part, ast.Sub() if negative else ast.Add(), value.operand if negative else value)


def _stepped(value: Any, target: Expression) -> Expression | None:
    """The other operand, if one of a binary operation is what its result is stored over."""
    if _same(value.left, target):
        return value.right
    return value.left if isinstance(value.op, (ast.Add, ast.Mult)) and _same(value.right, target) else None


def _is_inexact(o: Operand) -> bool:
    """Whether an operand holds real or complex numbers for certain."""
    t = type_of(o)
    return isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "fc"


def _same(a: Any, b: Any) -> bool:
    """Whether two expressions are written alike, one read and the other assigned to."""
    if type(a) is not type(b):
        return False
    if isinstance(a, ast.AST):
        return all(_same(getattr(a, f, None), getattr(b, f, None)) for f in a._fields if f != "ctx")
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)


def _does_something(body: Iterable[Any]) -> bool:
    """Whether there is more among statements than comments."""
    return any(not isinstance(t, Comment) for t in body)


def _origin(s: Statement) -> Iterator[Origin]:
    """Where a statement comes from, in a function that is called from where the statement's own place says."""
    o, caller = s.origin, None if s.place is None else s.place.caller
    if o is not None:
        yield o if caller is None else replace(o, place=replace(o.place, caller=caller))


def _inside(statement: Any) -> Iterator[Any]:
    """The statements in the blocks of one, without those in their blocks."""
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(statement, name, ())
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body


def _run_at_last(body: list[Any]) -> None:
    """Write `finally` for what is run in the way of any exception, which then goes on, and once more behind the `try`."""
    for k, s in enumerate(body):
        if not isinstance(s, ast.Try) or len(s.handlers) != 1 or s.orelse or s.finalbody:
            continue
        *last, end = s.handlers[0].body
        handled, again = s.handlers[0].type, isinstance(end, ast.Raise) and end.exc is None
        if last and again and isinstance(handled, ast.Name) and handled.id == "BaseException":
            leaves = any(isinstance(n, (ast.Break, ast.Continue, ast.Return)) for t in s.body for n in ast.walk(t))
            if _same(last, body[k + 1 : k + 1 + len(last)]) and not leaves:
                body[k : k + 1 + len(last)] = [ast.Try(s.body, [], [], last)]


def _targets(assignment: Any) -> Iterator[Any]:
    """The names that an assignment binds."""
    for t in assignment.targets:
        yield from t.elts if isinstance(t, ast.Tuple) else [t]


def _boolean(kind: type, a: Expression, b: Expression) -> Expression:
    values: list[Any] = []
    for x in (a, b):
        values += x.values if isinstance(x, ast.BoolOp) and isinstance(x.op, kind) else [x]
    return ast.BoolOp(kind(), values)


def _leaves(body: Iterable[Any]) -> bool:
    """Whether statements end by leaving the block."""
    body = list(body)
    return bool(body) and isinstance(body[-1], (ast.Raise, ast.Break, ast.Continue, ast.Return))


def _elif(orelse: list[Any]) -> list[Any]:
    """The `else` of an `if`, as an `elif` also where the value of its test is needed later."""
    if len(orelse) != 2 or not isinstance(orelse[0], ast.Assign) or not isinstance(orelse[1], ast.If):
        return orelse
    (target, *others), branch = orelse[0].targets, orelse[1]
    test = branch.test
    denied = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    if isinstance(test, ast.UnaryOp) and denied:
        test = test.operand
    if others or not isinstance(target, ast.Name) or not isinstance(test, ast.Name) or test.id != target.id:
        return orelse
    named = ast.NamedExpr(target, orelse[0].value)
    return [ast.If(ast.UnaryOp(ast.Not(), named) if denied else named, branch.body, branch.orelse)]


def _repeats(index: Operand, definition: Mapping[Value, Statement]) -> bool:
    """Whether an index may name an entry twice: it has integer arrays in it, none of which goes up by one."""
    arrays: list[Value] = []
    for v in values_of(index):
        t = v.type
        if not isinstance(t, Scalar) and not (
            isinstance(t, Array) and (t.shape == () or (t.dtype is not None and t.dtype.kind == "b"))
        ):
            arrays.append(v)
    entries = entries_of(index)
    if any(isinstance(e, List) or (isinstance(e, Const) and isinstance(e.value, (list, np.ndarray))) for e in entries):
        return True
    shapes = [v.type.shape if isinstance(v.type, Array) else None for v in arrays]
    for v, shape in zip(arrays, shapes, strict=True):
        made = definition.get(v)
        if isinstance(made, Apply) and made.op is np.arange and len(made.args) == 1 and not made.kwargs and v in entries:
            return not all(same_shape(shape, other) for other in shapes)
    return bool(arrays)


def _is_slice(index: Operand) -> bool:
    t = type_of(index)
    return isinstance(t, Slice) or (isinstance(t, Const) and isinstance(t.value, slice))
