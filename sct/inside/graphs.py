"""What a derivative computes, as a graph: an operation at each node, with its value and its adjoint.

Takes a derived function and arguments; gives a `Graph`. The function is run operation by operation, and the adjoints of each
come from its own derivative, so that what is drawn is a second opinion on the derivative: the two must agree.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sct import stages
from sct.analysis.activity import useful_values, varied_values
from sct.api.derived import DerivedFunction
from sct.api.trees import copied, ones_like
from sct.errors import CallError, SctError, UnsupportedSyntaxError
from sct.frontend.resolve import free_value
from sct.infer.signature import examples
from sct.inside.values import numbers, summed
from sct.ir.ops import UNPACK, Again, Derived, Free, Special
from sct.ir.ssa import Apply, Block, For, Function, If, Operand, Statement, Value, While, map_leaves, values_of
from sct.ir.types import Const, Dict, List, Slice, Tuple, Undefined, sizes_known
from sct.specialize.lowering import compiling
from sct.stack import with_room

__all__ = ["Edge", "Graph", "Node", "graph_of"]

_UNNAMED = "unnamed_"
_BY_POSITION = inspect.Parameter.POSITIONAL_OR_KEYWORD
_SEEDS = ("one", "ones", "argument")


@dataclass
class Node:
    """An operation that has run, or a parameter.

    Attributes
    ----------
    name : str
        The user's name for its value, or ``v`` and its number.
    text : str
        The operation as Python writes it, or the statement that it is (`is_statement`), such as a write.
    value, adjoint : object
        The adjoint is None where there is none.
    """

    name: str
    text: str
    value: Any
    is_statement: bool = False
    adjoint: Any = None


@dataclass(frozen=True)
class Edge:
    """That one node's value is an operand of another one, by their numbers; and what that adds to its adjoint, or None."""

    source: int
    target: int
    adjoint: Any


@dataclass(frozen=True)
class Graph:
    """Nodes, in the order in which they ran, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class _Local:
    """One statement as a function of the values in it, and as its derivative by those that are active."""

    params: tuple[Value, ...]
    active: tuple[int, ...]  # numbers of parameters
    text: str
    is_statement: bool
    call: Callable[..., Any]
    derivative: Callable[..., Any] | None


@dataclass
class _Ran:
    """A statement that has run: its node, and where its operands come from."""

    node: int
    local: _Local
    values: tuple[Any, ...]
    sources: tuple[int | None, ...]


@dataclass
class _Run:
    """A run of a function, operation by operation."""

    known: stages.Knowledge
    active: set[Value]
    most: int
    nodes: list[Node] = field(default_factory=list)
    ran: list[_Ran] = field(default_factory=list)
    values: dict[Value, Any] = field(default_factory=dict)
    at: dict[Value, int | None] = field(default_factory=dict)
    locals: dict[Statement, _Local] = field(default_factory=dict)

    # -- values ------------------------------------------------------------------------------------------------------

    def operand(self, o: Operand) -> Any:
        if isinstance(o, Value):
            return self.values[o]
        if isinstance(o, Const):
            return o.value
        if isinstance(o, Undefined):
            return None
        if isinstance(o, Tuple):
            return tuple(map(self.operand, o.items))
        if isinstance(o, List):
            return list(map(self.operand, o.items))
        if isinstance(o, Dict):
            return {k: self.operand(v) for k, v in o.mapping().items()}
        assert isinstance(o, Slice)
        return slice(*(self.operand(p) for p in (o.start, o.stop, o.step)))

    def set_all(self, targets: Sequence[Value], sources: Sequence[Operand]) -> None:
        """Values that others become, as if all at once; they keep their nodes."""
        pairs = list(zip(targets, sources, strict=False))
        found = [(self.operand(s), self.at.get(s) if isinstance(s, Value) else None) for _, s in pairs]
        for (t, _), (value, node) in zip(pairs, found, strict=True):
            self.values[t], self.at[t] = value, node

    def begin(self, v: Value, value: Any, text: str) -> int:
        """A node for a value."""
        if len(self.nodes) >= self.most:
            raise CallError(
                f"there are more than {self.most} operations to draw",
                advice="Give arguments for which loops are short, or allow more with most=.",
            )
        self.nodes.append(Node("" if v.name.startswith("~") else v.name, text, value))
        self.values[v], self.at[v] = value, len(self.nodes) - 1
        return len(self.nodes) - 1

    # -- statements --------------------------------------------------------------------------------------------------

    def block(self, block: Block) -> tuple[Operand, ...]:
        for s in block.body:
            self.statement(s)
        return block.yields

    def statement(self, s: Statement) -> None:
        if isinstance(s, Apply):
            self.apply(s)
        elif isinstance(s, If) and s.handles is None:
            self.set_all(s.results, self.block(s.then if self.operand(s.test) else s.orelse))
        elif isinstance(s, For):
            self.loop(s)
        elif isinstance(s, While):
            self.while_(s)
        else:
            said = "an exception that is caught, in a function that is drawn"
            raise UnsupportedSyntaxError(said, s.place, "Draw what is tried.")

    def loop(self, s: For) -> None:
        index, *params = s.body.params
        self.set_all(params, s.inits)
        indices = range(*(self.operand(o) for o in (s.start, s.stop, s.step)))
        begun, n = 0, len(params)
        for i in reversed(indices) if s.backwards else indices:
            begun += 1
            self.values[index], self.at[index] = i, None
            yields = self.block(s.body)
            stop = s.exits and self.operand(yields[n])
            self.set_all(params, yields[:n])
            if stop:
                break
        self.set_all(s.results, (*params, Const(begun)))

    def while_(self, s: While) -> None:
        params, n, begun = s.body.params, len(s.inits), 0
        self.set_all(params, s.inits)
        while True:
            self.set_all(s.test.params, params)
            if not self.operand(self.block(s.test)[0]):
                break
            begun += 1
            yields = self.block(s.body)
            stop = s.exits and self.operand(yields[n])
            self.set_all(params, yields[:n])
            if stop:
                break
        self.set_all(s.results, (*params, Const(begun)))

    def apply(self, s: Apply) -> None:
        if isinstance(s.op, Free):
            self.begin(s.result, free_value(s.op), s.op.name.split(" ")[0])
            return
        if s not in self.locals:
            self.locals[s] = self.local(s)
        local = self.locals[s]
        values = tuple(self.values[p] for p in local.params)
        node = self.begin(s.result, local.call(*values), local.text)
        self.nodes[node].is_statement = local.is_statement
        self.ran.append(_Ran(node, local, values, tuple(self.at.get(p) for p in local.params)))

    def local(self, s: Apply) -> _Local:
        """A statement as a function, and its derivative if it has one to give."""
        if isinstance(s.op, Special) and s.op is not UNPACK:
            raise UnsupportedSyntaxError(f"{s.op}, in a function that is drawn", s.place, "Draw a function without it.")
        given = tuple(dict.fromkeys(s.values))
        params = {v: Value(v.type, self.name(v, given)) for v in given}
        args = tuple(map_leaves(lambda o: params.get(o, o), a) for a in s.args)
        kwargs = tuple((n, map_leaves(lambda o: params.get(o, o), a)) for n, a in s.kwargs)
        result = Value(s.result.type)
        made = replace(s, args=args, kwargs=kwargs, result=result)
        signature = inspect.Signature([inspect.Parameter(p.name, _BY_POSITION) for p in params.values()])
        function = Function("local", signature, Block(tuple(params.values()), (made,), (result,)))
        call, lines = self.compiled(function, "compile", ())
        statement = "" if len(lines) == 1 or s.origin is None else s.origin.text
        text = statement or lines[-1].removeprefix("return ")
        active = tuple(k for k, v in enumerate(given) if v in self.active) if s.result in self.active else ()
        names = [params[given[k]].name for k in active]
        return _Local(given, active, text, bool(statement), call, self.compiled(function, "vjp", names)[0] if active else None)

    def name(self, v: Value, among: Sequence[Value]) -> str:
        """A name of a parameter, which no other one has."""
        k = among.index(v)
        if not v.name or v.name.startswith("~"):
            return f"{_UNNAMED}{k}"
        return v.name + "_" * sum(w.name == v.name for w in among[:k])

    def compiled(self, function: Function, transform: str, wrt: Sequence[str]) -> tuple[Callable[..., Any], list[str]]:
        """A function of one statement, or its derivative; and the lines of that."""
        typed = stages.Typed(function, (), (), (), self.known)
        tree = stages.to_tree(stages.finish(stages.differentiate(typed, transform, tuple(wrt))))
        if any(isinstance(v, (Again, Derived)) for v in tree.bound.values()):
            raise UnsupportedSyntaxError("a recursive function, in one that is drawn", None, "Draw what it calls.")
        text = stages.to_text(tree)
        names = dict(text.bound)
        exec(text.source, names)
        return names[text.name], [line.strip() for line in text.body.splitlines()[1:]]

    # -- adjoints ----------------------------------------------------------------------------------------------------

    def back(self, result: int, seed: Any) -> list[Edge]:
        """The adjoints of all nodes, and the edges."""
        self.nodes[result].adjoint = seed
        edges: list[Edge] = []
        for ran in reversed(self.ran):
            y_bar, bars = self.nodes[ran.node].adjoint, {}
            if y_bar is not None and ran.local.derivative is not None:
                found = ran.local.derivative(*ran.values, y_bar)[1]
                bars = dict(zip(ran.local.active, found, strict=True))
            for k, source in enumerate(ran.sources):
                if source is not None:
                    node = self.nodes[source]
                    node.adjoint = summed(node.adjoint, bars.get(k))
                    edges.append(Edge(source, ran.node, bars.get(k)))
        return edges


# -- the graph -----------------------------------------------------------------------------------------------------------------


def graph_of(derived: DerivedFunction[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], most: int) -> Graph:
    """The graph of a derivative in reverse mode, for these arguments.

    Raises
    ------
    CallError
        If it is another derivative, or there are more than `most` operations.
    UnsupportedSyntaxError
        If the function does what cannot be drawn.
    """
    if derived.mode.seed not in _SEEDS or derived.mode.has_aux:
        raise CallError(f"sct.graph draws gradients, not {derived!r}", advice="Give it sct.grad(f) or sct.vjp(f).")
    values, positional, _ = derived._bound(args, kwargs)
    with examples(), compiling(), sizes_known():
        types = derived._types(values)
        return with_room(lambda: _graph(derived, derived.primal_form(types), values, positional, most))


def _graph(
    derived: DerivedFunction[..., Any], typed: stages.Typed, values: tuple[Any, ...], positional: tuple[Any, ...], most: int
) -> Graph:
    found: dict[str, Function] = {}
    stages.differentiate(typed, derived.mode, tuple(derived.wrt), look=found.__setitem__)
    block = found["primal"].block
    by = [p for p in block.params if p.name in derived.wrt]
    active = varied_values(block, by) & useful_values(block, values_of(*block.yields))
    run = _Run(typed.known, active, most)
    for p, value in zip(block.params, values, strict=True):
        run.begin(p, copied(value), p.name)
    (result,) = run.block(block)
    end = run.at.get(result) if isinstance(result, Value) else None
    if end is None:
        said = "a result that no operation makes, in a function that is drawn"
        raise UnsupportedSyntaxError(said, None, "Return one array or number.")
    seed = positional[-1] if derived.mode.seed == "argument" else ones_like(run.nodes[end].value)
    edges = run.back(end, seed)
    _agree(derived, [run.nodes[k].adjoint for k, p in enumerate(block.params) if p in by], positional)
    return _seen(run, edges, end)


def _agree(derived: DerivedFunction[..., Any], drawn: Sequence[Any], positional: tuple[Any, ...]) -> None:
    """Refuse a drawing whose adjoints are not the derivative's."""
    given = derived(*positional)
    bars = given[1] if derived.mode.value else given
    for own, bar in zip(drawn, [bars] if derived.single else bars, strict=True):
        ours, theirs = list(numbers(own)), list(numbers(bar))
        ours = [np.zeros_like(x) for x in theirs] if own is None else ours
        close = (np.allclose(x, y, rtol=1e-6, atol=1e-9, equal_nan=True) for x, y in zip(ours, theirs, strict=False))
        if len(ours) != len(theirs) or not all(close):
            raise SctError(f"the adjoints of single operations of {derived!r} do not add up to it", None, "Please report this.")


def _seen(run: _Run, edges: Sequence[Edge], result: int) -> Graph:
    """The part of a graph that the result is made of, as far as it is of numbers with a fractional part, or given."""
    nodes = run.nodes
    into: dict[int, list[Edge]] = {}
    for e in edges:
        into.setdefault(e.target, []).append(e)
    shown, waiting = set(), [result]
    while waiting:
        k = waiting.pop()
        if k not in shown:
            shown.add(k)
            waiting += [e.source for e in into.get(k, ()) if e.source not in into or _is_of_numbers(nodes[e.source].value)]
    number = {k: n for n, k in enumerate(sorted(shown))}
    kept = [Edge(number[e.source], number[e.target], e.adjoint) for e in edges if e.source in shown and e.target in shown]
    for k, n in number.items():
        nodes[k] = replace(nodes[k], name=nodes[k].name or f"v{n}")
    for ran in run.ran:
        names = [repr(v) if k is None else nodes[k].name or "…" for k, v in zip(ran.sources, ran.values, strict=True)]
        nodes[ran.node].text = _named(nodes[ran.node].text, names)
    return Graph(tuple(nodes[k] for k in sorted(shown)), tuple(kept))


def _named(text: str, names: Sequence[str]) -> str:
    """A text with the names of its operands in the place of those that stand for them."""
    return re.sub(rf"\b{_UNNAMED}(\d+)\b", lambda m: names[int(m[1])], text)


def _is_of_numbers(value: Any) -> bool:
    return next(numbers(value), None) is not None
