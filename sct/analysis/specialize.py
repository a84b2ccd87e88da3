"""Types: a function specialized to the abstract values of its arguments.

Takes a function in untyped SSA form and abstract arguments; gives it in typed SSA form: every value has its abstract value,
calls of Python functions are inlined, branches on known values are taken, loops over containers of known length are
unrolled, and containers are taken apart into their items wherever their structure is known. Never looks at data.
"""

from __future__ import annotations

import functools
import inspect
import operator
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FunctionType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from sct import runtime
from sct.analysis import growing
from sct.analysis.containers import STRUCTURAL, UnrollError
from sct.analysis.inference import infer_call, plain
from sct.analysis.iteration import Checkpointed, Enumerate, Items, Plan, Range, Reversed, Rows, Zip, element, looped, trip_count
from sct.analysis.iteration import parts as plan_parts
from sct.analysis.join import join, own_sizes, widen
from sct.analysis.memory import Key, Memory, Write, is_itself, key_of, makes_array
from sct.analysis.signature import abstract
from sct.analysis.writing import BINARY, METHODS, OF_ARRAYS, WRITING, has_output, into_outputs, is_object, refuse_overwriting
from sct.checkpointing import CheckpointedFunction, checkpoint
from sct.errors import NoRuleError, Place, SctError, UnsupportedSyntaxError
from sct.frontend.lower import Lowered, lower
from sct.frontend.resolve import Dependency, look_up
from sct.ir.ops import (
    ASSERT,
    CALL,
    NEW,
    POP,
    PUSH,
    RAISE,
    UNPACK,
    Attribute,
    Derived,
    Format,
    Free,
    InPlace,
    Method,
    Steps,
    StepsBack,
    describe,
    is_effect,
)
from sct.ir.rewriting import substitute
from sct.ir.shapes import as_array, constant, size_serial
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    defined,
    leaves,
    map_leaves,
    read,
    results_of,
    type_of,
    values_of,
)
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    List,
    ListOf,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    Undefined,
    Unknown,
    lengths_relied_on,
    rely_on,
    size_mul,
    size_symbol,
)
from sct.ruleset import adjoint_rule, attribute_rule, is_nondifferentiable, is_pure, method_rule, type_rule

__all__ = ["NotStaticError", "Specialized", "Specializer", "Written", "known_operation", "lowered", "specialize"]


_Slot: TypeAlias = tuple[int, int]
"""A part of what a loop's name stands for: the number of the name, and of the part."""


class NotStaticError(Exception):
    """A test in a rule is not decided by the types: the rule is to be called as it stands. Never reaches a user."""


@dataclass(frozen=True)
class Written:
    """An argument that a function writes into, as the parameter's name and the keys that lead to it, and where it does."""

    path: tuple[Any, ...]
    place: Place | None


@dataclass(frozen=True)
class Specialized:
    """A typed function, and what it relies on: bindings of names, and the types of data outside of it; what it writes into."""

    function: Function
    dependencies: tuple[Dependency, ...]
    free: tuple[tuple[Free, Abstract], ...]
    written: tuple[Written, ...] = ()


_TEMPLATES = 4096  # at most so many are kept
_templates: dict[Any, tuple[Block, dict[str, int]]] = {}  # with the lengths that they rely on
_lowered: weakref.WeakKeyDictionary[Callable[..., Any], Lowered] = weakref.WeakKeyDictionary()


def lowered(function: Callable[..., Any], rule: bool = False) -> Lowered:
    """`lower`, remembered for as long as the names in the function refer to the same code."""
    made = _lowered.get(function)
    if made is None or not ((rule and own_rule(function)) or all(d.holds() for d in made.dependencies)):
        made = _lowered[function] = lower(function, rule)
    return made


def own_rule(function: Any) -> bool:
    """Whether a function is one of sct's own rules, whose names nobody rebinds."""
    return (getattr(function, "__module__", None) or "").startswith("sct.")


def known_operation(op: Any) -> bool:
    """Whether the registry says anything of `op`."""
    return adjoint_rule(op) is not None or type_rule(op) is not None or is_nondifferentiable(op)


def specialize(function: Function, types: Sequence[Abstract]) -> Specialized:
    """`function` with its parameters of the given types."""
    s = Specializer(tracking=True)
    s.entry = []
    params = tuple(Value(t, p.name) for p, t in zip(function.block.params, types, strict=True))
    operands: list[Operand] = [p.type if isinstance(p.type, Const) else p for p in params]
    s.parameters.update(params)
    s.memory.born.update(params)
    s.initial = s.memory
    if function.callee is not None:
        s.stack.append(function.callee)
    try:
        result = s.present(s.run(function, operands))
    except UnrollError as e:
        raise UnsupportedSyntaxError(e.message, e.place, e.advice) from None
    block = Block(params, (*s.entry, *s.body), (result,))
    if s.copied:
        block = _from_copies(block, s.copied)
    made = Function(function.name, function.signature, block, function.doc, function.callee)
    own = {v: Written(s.path_of(v), w) for v, w in s.written.items()}
    return Specialized(made, tuple(s.dependencies), tuple(s.free.items()), tuple(own.values()))


def _from_copies(block: Block, copied: dict[Value, Value]) -> Block:
    """The function with the copies of the arguments that it writes into read everywhere in place of these."""
    made = set(copied.values())
    originals = dict(zip(copied.values(), copied, strict=True))
    block = substitute(block, dict(copied))
    body = [replace(s, args=(originals[s.result],)) if isinstance(s, Apply) and s.result in made else s for s in block.body]
    return block.with_(body)


@dataclass
class Specializer:
    """Builds typed statements; holds the block that is being built."""

    body: list[Statement] = field(default_factory=list)
    dependencies: list[Dependency] = field(default_factory=list)
    free: dict[Free, Abstract] = field(default_factory=dict)
    stack: list[Callable[..., Any]] = field(default_factory=list)
    static: bool = False
    place: Place | None = None
    origin: Origin | None = None
    origin_fixed: bool = False
    env: dict[Value, Operand] = field(default_factory=dict)
    free_values: dict[Free, Value] = field(default_factory=dict)
    unrolling: int = 0
    recursion: dict[Any, Abstract] = field(default_factory=dict)
    entry: list[Statement] | None = None
    parameters: set[Value] = field(default_factory=set)
    projections: dict[tuple[Value, Any], Value] = field(default_factory=dict)
    path: str = ""
    instances: int = 0
    memory: Memory = field(default_factory=Memory)
    copied: dict[Value, Value] = field(default_factory=dict)
    written: dict[Value, Place | None] = field(default_factory=dict)
    frozen: frozenset[Value] = frozenset()
    tracking: bool = False
    outlines: int = 0  # loops whose bodies are functions of their own
    growing: bool = False  # lists may come to be of unknown length
    pending: tuple[SctError, ...] = ()  # what is refused unless it is known by the end of the loop in which lists grow
    spent: list[Plan] = field(default_factory=list)  # the iterators that have been gone through
    looped: tuple[Operand, ...] = ()  # the lists and dicts that the loops around this place go through
    initial: Memory | None = None

    # -- functions and blocks ----------------------------------------------------------------------------------------

    def run(self, function: Function, args: Sequence[Operand]) -> Operand:
        """The statements of `function` applied to `args`; its result."""
        env, self.env = self.env, dict(zip(function.block.params, args, strict=True))
        place, origin = self.place, self.origin
        try:
            return self.block(function.block)[0]
        finally:
            self.env = env
            self.place, self.origin = place, origin

    def block(self, block: Block) -> tuple[Operand, ...]:
        for s in block.body:
            self.statement(s)
        return tuple(self.resolve(y, reads=False) for y in block.yields)

    def resolve(self, operand: Operand, reads: bool = True) -> Operand:
        """What an operand of the untyped form stands for now; `reads`: it is going to be read."""
        return self.present(map_leaves(lambda leaf: self.env[leaf] if isinstance(leaf, Value) else leaf, operand), reads)

    def present(self, operand: Operand, reads: bool = True) -> Operand:
        """An operand as its memory is now: the newest version of what was written into, views retaken from it."""
        if not self.memory.contents and not self.memory.stale:
            return operand
        if isinstance(operand, Value):
            return self.present_value(operand, reads)
        if isinstance(operand, (Const, Undefined)):
            return operand
        if isinstance(operand, Slice):
            return Slice(*(self.present(o, reads) for o in (operand.start, operand.stop, operand.step)))
        obj = operand
        if isinstance(operand, (List, Dict)):
            obj = self.memory.object_of(operand)  # type: ignore[assignment]
            if reads:
                self.memory.check(obj, "", self.place)
            operand = self.memory.now(obj)
            if isinstance(operand, Value):
                return self.present(operand, reads)
        items = tuple(self.present(i, reads) for i in operand.items)  # type: ignore[union-attr]
        if all(i is j for i, j in zip(items, operand.items, strict=True)):  # type: ignore[union-attr]
            return operand
        made = Dict(operand.keys, items) if isinstance(operand, Dict) else type(operand)(items)  # type: ignore[call-arg]
        if not isinstance(made, Tuple):
            self.memory.is_version(made, obj)
        return made

    def present_value(self, v: Value, reads: bool) -> Operand:
        memory = self.memory
        view = memory.views.get(v)
        if view is None:
            obj = memory.object_of(v)
            if reads:
                memory.check(obj, v.name, self.place)
            elif key_of(obj) in memory.stale:
                return v
            now = memory.now(obj)
            if isinstance(now, (List, Dict)):
                return self.present(now, reads)
            return self.copied.get(obj, v) if now is obj and isinstance(obj, Value) else now
        base = self.present_value(view.base, reads)
        if base is view.base:
            return v
        assert isinstance(base, Value)
        if (v, base) not in memory.again:
            s = view.statement
            memory.again[v, base] = self.emit(s.op, (base, *s.args[1:]), dict(s.kwargs), s.result.type, v.name)
        return memory.again[v, base]

    def writable(self, obj: Operand) -> None:
        """Refuse an object that the function must not write into; a write into an argument goes into a copy of it."""
        if not isinstance(obj, Value):
            return
        if obj in self.frozen:
            raise UnsupportedSyntaxError(
                "a function that is recursive or checkpointed, and writes into its argument",
                self.place,
                "Return a new array.",
            )
        if obj in self.free_values.values():
            raise UnsupportedSyntaxError(
                f"a write into {obj.name!r}, which is defined outside of the function",
                self.place,
                "Pass it as an argument, or copy it first.",
            )
        if self.entry is None or obj not in self.parameters:
            return
        self.written.setdefault(obj, self.place)
        if isinstance(obj.type, Array) and obj not in self.copied:
            copy = self.copied[obj] = Value(obj.type, obj.name or obj.hint)
            self.entry.append(Apply(Method("copy"), (obj,), (), copy, self.place, None))
            self.memory.contiguous.add(copy)
            self.memory.is_version(copy, obj)

    def path_of(self, v: Value) -> tuple[Any, ...]:
        """The name of the parameter that an argument, or a part of one, comes from, and the keys that lead to it."""
        for (owner, key), made in self.projections.items():
            if made is v:
                return (*self.path_of(owner), key)
        return (v.name,)

    def nested(self, block: Block, memory: Memory) -> tuple[list[Statement], tuple[Operand, ...]]:
        """The statements of a block, collected apart, that start from `memory`, and change it."""
        body, self.body = self.body, []
        outer, self.memory = self.memory, memory
        try:
            yields = self.block(block)
            return self.body, yields
        finally:
            self.body, self.memory = body, outer

    def call(
        self, function: Callable[..., Any], args: Sequence[Operand], kwargs: dict[str, Operand], rule: bool = False
    ) -> Operand:
        """A Python function inlined."""
        made = lowered(function, rule)
        for d in made.dependencies if not own_rule(function) else ():
            self.depend(d)
        self.stack.append(function)
        bound = self.bind(made.function, args, kwargs)
        with self.instance_of("call"):
            try:
                return self.run(made.function, bound)
            finally:
                self.stack.pop()

    @contextmanager
    def instance_of(self, what: str) -> Iterator[None]:
        """One of several runs through the same statements: what its φ's are called is its own."""
        path, self.instances = self.path, self.instances + 1
        count = self.instances
        self.path, self.instances = f"{path}{what[0]}{count}", 0
        try:
            yield
        finally:
            self.path, self.instances = path, count

    def bind(self, function: Function, args: Sequence[Operand], kwargs: dict[str, Operand]) -> list[Operand]:
        try:
            bound = function.signature.bind(*args, **kwargs)
        except TypeError as e:
            raise SctError(f"{function.name}(): {e}", self.place) from e
        out: list[Operand] = []
        for name, p in function.signature.parameters.items():
            if name in bound.arguments:
                value = bound.arguments[name]
                out.append(Tuple(value) if p.kind is inspect.Parameter.VAR_POSITIONAL else value)
            elif p.kind is inspect.Parameter.VAR_POSITIONAL:
                out.append(Tuple(()))
            else:
                out.append(self.default(function, name, p.default))
        return out

    def default(self, function: Function, name: str, value: Any) -> Operand:
        t = abstract(value, name)
        if isinstance(t, Const) or type(value) in (int, float, complex):
            return Const(value)
        if isinstance(plain(t), tuple) and t == Tuple(tuple(Const(v) for v in value)):
            return t
        assert function.callee is not None
        return self.read_free(Free(function.callee, f"{name} (default)"), value, name)

    # -- statements --------------------------------------------------------------------------------------------------

    def statement(self, s: Statement) -> None:
        self.place = s.place or self.place
        if not self.origin_fixed:
            self.origin = s.origin or self.origin
        if isinstance(s, Apply):
            args = [self.resolve(a) for a in s.args]
            kwargs = {k: self.resolve(v) for k, v in s.kwargs}
            made = self.apply(s.op, args, kwargs, s.result.name, s.result.type)
            if isinstance(made, Value) and s.result.name and not made.name and not self.static:
                made.name = s.result.name
            elif s.op is NEW:
                self.memory.names[key_of(made)] = s.result.name
            self.env[s.result] = made
        elif isinstance(s, If):
            self.if_(s)
        elif isinstance(s, ForEach):
            self.for_each(s)
        elif isinstance(s, For):
            plan = Range(*(self.resolve(o) for o in (s.start, s.stop, s.step)))
            with self.lists_grow():
                self.rolled(s, Reversed(plan) if s.backwards else plan)
        else:
            assert isinstance(s, While), f"a {type(s).__name__} cannot be specialized again"
            with self.lists_grow():
                self.while_(s)

    def if_(self, s: If) -> None:
        test = self.truth(self.resolve(s.test))
        if isinstance(test, Const):
            chosen = s.then if test.value else s.orelse
            yields = self.block(chosen)
            self.env.update(zip(s.results, yields, strict=True))
            return
        if self.static:
            raise NotStaticError
        place, origin = self.place, self.origin
        memories = [self.memory.fork(), self.memory.fork()]
        then, a = self.nested(s.then, memories[0])
        orelse, b = self.nested(s.orelse, memories[1])
        sides = ((memories[0], then), (memories[1], orelse))
        a, b = (tuple(self.exposed_at_end(y, *side) for y in ys) for ys, side in zip((a, b), sides, strict=True))
        flat = self.meet(sides, (s.results[0].id if s.results else 0, self.path))
        merged = [self.merge(p, q, r.name, (r.id, self.path)) for p, q, r in zip(a, b, s.results, strict=True)]
        flat += [m for _, phis in merged for m in phis]
        results = tuple(v for v, _, _ in flat)
        blocks = (Block((), tuple(then), tuple(p for _, p, _ in flat)), Block((), tuple(orelse), tuple(q for _, _, q in flat)))
        self.body.append(If(test, blocks[0], blocks[1], results, place, origin, s.expression))
        self.env.update({r: m for r, (m, _) in zip(s.results, merged, strict=True)})

    def meet(self, sides: Sequence[tuple[Memory, list[Statement]]], key: Hashable) -> list[tuple[Value, Operand, Operand]]:
        """The memory after two branches; gives the φ's of what they leave in the objects that were there before."""
        memory = self.memory
        a, b = (side for side, _ in sides)
        flat: list[tuple[Value, Operand, Operand]] = []
        for part in (a, b):
            memory.stale.update(part.stale)
            memory.rivals.update({k: memory.rivals.get(k, frozenset()) | r for k, r in part.rivals.items()})
            memory.writes.update({k: w for k, w in part.writes.items() if k not in part.born})
        for n, k in enumerate(dict.fromkeys((*a.contents, *b.contents))):
            obj = memory.original(k)
            p, q = (self.copied.get(o, o) if isinstance(o, Value) else o for o in (a.now(obj), b.now(obj)))
            if k in a.born or k in b.born or (p is q and p is memory.now(obj)):
                continue
            p, q = (self.explode(o) if isinstance(o, Value) and isinstance(o.type, (List, Dict)) else o for o in (p, q))
            p, q = self.aligned(p, q, sides) if isinstance(p, (List, Dict)) else (p, q)
            name = p.name if isinstance(p, Value) else ""
            merged, phis = self.merge(p, q, name, ("memory", n, key))
            memory.joined[key_of(p), key_of(q)] = merged
            memory.set(obj, merged)
            flat += phis
        return flat

    def aligned(self, p: Operand, q: Operand, sides: Sequence[tuple[Memory, list[Statement]]]) -> tuple[Operand, Operand]:
        """What two branches leave in a list or dict: an item that is one object in both is that object, whatever it holds."""
        if p is q or (isinstance(p, Value) and isinstance(q, Value) and self.memory.object_of(p) is self.memory.object_of(q)):
            return self.memory.object_of(p), self.memory.object_of(p)
        if type(p) is type(q) and isinstance(p, (Tuple, List, Dict)) and len(p.items) == len(q.items):  # type: ignore[union-attr]
            pairs = [self.aligned(x, y, sides) for x, y in zip(p.items, q.items, strict=True)]  # type: ignore[union-attr]
            return _with_items(p, tuple(x for x, _ in pairs)), _with_items(q, tuple(y for _, y in pairs))  # type: ignore[arg-type]
        return tuple(self.presented(o, *side) for o, side in zip((p, q), sides, strict=True))  # type: ignore[return-value]

    def presented(self, o: Operand, memory: Memory, body: list[Statement]) -> Operand:
        """An operand as it is at the end of a block."""
        outer, self.memory, self.body = (self.memory, self.body), memory, body
        try:
            return self.present(o, reads=False)
        finally:
            self.memory, self.body = outer

    def exposed_at_end(self, o: Operand, memory: Memory, body: list[Statement]) -> Operand:
        """A container that a block yields, taken apart where it was made."""
        if not isinstance(o, Value) or not isinstance(o.type, (Tuple, List, Dict)) or not memory.is_new(o):
            return o
        outer, self.memory, self.body = (self.memory, self.body), memory, body
        try:
            return self.expose_all(o)
        finally:
            self.memory, self.body = outer

    def truth(self, test: Operand) -> Operand:
        t = type_of(test)
        if isinstance(t, Const):
            return Const(bool(t.value))
        if isinstance(t, (Tuple, List, Dict)):
            return Const(len(t.items) > 0)
        return test

    def merge(self, a: Operand, b: Operand, name: str, key: Hashable) -> tuple[Operand, list[tuple[Value, Operand, Operand]]]:
        """The φ of two operands, item by item where they have one structure, and its leaves (result, yield, yield)."""
        if a is b or (isinstance(a, Const) and a == b):
            return a, []
        if (key_of(a), key_of(b)) in self.memory.joined:
            return self.memory.joined[key_of(a), key_of(b)], []
        a, b = self.expose(a, b), self.expose(b, a)
        for kind in (Tuple, List):
            if isinstance(a, (kind, Undefined)) and isinstance(b, (kind, Undefined)):
                p, q = _items_like(a, b), _items_like(b, a)
                if p is not None and q is not None:
                    pairs = [
                        self.merge(x, y, f"{name}_{i}" if name else "", (key, i))
                        for i, (x, y) in enumerate(zip(p, q, strict=True))
                    ]
                    made = kind(tuple(m for m, _ in pairs))
                    self.memory.one_or_other(made, a, b)
                    return made, [leaf for _, ls in pairs for leaf in ls]
        if isinstance(a, (Dict, Undefined)) and isinstance(b, (Dict, Undefined)):
            keys = a.keys if isinstance(a, Dict) else b.keys  # type: ignore[union-attr]
            if all(o.keys == keys for o in (a, b) if isinstance(o, Dict)):
                p, q = _items_like(a, b), _items_like(b, a)
                assert p is not None and q is not None
                pairs = [self.merge(x, y, str(k), (key, k)) for k, x, y in zip(keys, p, q, strict=True)]
                either = Dict(keys, tuple(m for m, _ in pairs))
                self.memory.one_or_other(either, a, b)
                return either, [leaf for _, ls in pairs for leaf in ls]
        self.refuse_different(type_of(a), type_of(b), name)
        value = Value(join(widen_if_differ(type_of(a), type_of(b)), type_of(b), key), name)
        self.memory.joins(value, a, b)
        self.memory.inherit(value, a, b)
        return value, [(value, a, b)]

    def refuse_different(self, a: Abstract, b: Abstract, name: str) -> None:
        """Containers that differ in structure have no common form."""
        if Undefined in (type(a), type(b)) or not any(isinstance(t, (Tuple, List, Dict)) for t in (a, b)):
            return
        if all(isinstance(t, (List, ListOf)) for t in (a, b)) and (self.growing or ListOf in (type(a), type(b))):
            return
        if type(a) is not type(b) or len(a.items) != len(b.items) or getattr(a, "keys", 0) != getattr(b, "keys", 0):  # type: ignore[union-attr]
            raise UnrollError(
                f"a list, tuple or dict{' ' + repr(name) if name else ''} whose length, keys or kind depend on the way taken",
                self.place,
                "Give it the same structure on every path; collect the values of a loop in an array.",
            )
        for p, q in zip(a.items, b.items, strict=True):  # type: ignore[union-attr]
            self.refuse_different(p, q, name)

    def expose(self, a: Operand, like: Operand) -> Operand:
        """A container value as a container of its items, where the other side is one."""
        if isinstance(a, Value) and isinstance(a.type, (Tuple, List, Dict)):
            return self.explode(a)
        return a

    def explode(self, v: Value) -> Operand:
        now = self.memory.now(v)
        if now is not v and not isinstance(now, Value):
            return now
        t = v.type
        if isinstance(t, Dict):
            return Dict(t.keys, tuple(self.project(v, k, i) for k, i in zip(t.keys, t.items, strict=True)))
        assert isinstance(t, (Tuple, List))
        return type(t)(tuple(self.project(v, i, item) for i, item in enumerate(t.items)))

    def project(self, v: Value, key: Any, item: Abstract) -> Operand:
        if isinstance(item, Const):
            return item
        if (v, key) in self.projections:
            return self.projections[v, key]
        name = (
            key if isinstance(key, str) and key.isidentifier() else f"{v.name}_{key}" if v.name and isinstance(key, int) else ""
        )
        if self.entry is None or v not in self.parameters:
            return self.append(operator.getitem, (v, Const(key)), {}, item, name)
        made = self.at_entry(operator.getitem, (v, Const(key)), item)
        made.hint = name
        self.projections[v, key] = made
        return made

    def at_entry(self, op: Any, args: tuple[Operand, ...], t: Abstract, name: str = "") -> Value:
        """A statement at the start of the function: a read of a parameter's item, or of data from outside."""
        made = Value(t, name)
        (self.body if self.entry is None else self.entry).append(Apply(op, args, (), made, self.place, None))
        self.parameters.add(made)
        if self.initial is not None:
            self.initial.born.add(made)
        return made

    # -- loops -------------------------------------------------------------------------------------------------------

    def for_each(self, s: ForEach) -> None:
        plan = self.plan(self.resolve(s.iterable))
        outer = self.looped
        self.looped = (*outer, *(self.memory.object_of(o) for o in looped(plan)))
        try:
            self.through(s, plan)
        finally:
            self.looped = outer

    def keeps_length(self, obj: Operand) -> None:
        """Refuse to change the length of a list or dict that a loop goes through."""
        if any(obj is o for o in self.looped):
            raise UnsupportedSyntaxError(
                "a list or dict that changes in length while a loop goes through it",
                self.place,
                "Loop over a copy, or use while and an index.",
            )

    def through(self, s: ForEach, plan: Plan) -> None:
        """A loop through what `plan` says."""
        if isinstance(plan, Checkpointed):
            self.outlined(s, plan)
            return
        if any(isinstance(p, Items) for p in plan_parts(plan)) or (self.static and trip_count(plan) is not None):
            self.unrolled(s, plan)
            return
        ways = [self.rolled, self.unrolled, self.grown] if trip_count(plan) is not None else [self.rolled, self.grown]
        mark, env, place, origin, memory = len(self.body), self.env, self.place, self.origin, self.memory
        saved = memory.fork()
        refused: UnsupportedSyntaxError | None = None
        for way in ways:
            self.env = dict(env)
            try:
                way(s, plan)
                return
            except UnsupportedSyntaxError as e:
                if not isinstance(e, UnrollError) and way != self.grown:
                    raise
                refused = e if refused is None or way == self.unrolled or len(ways) == 2 else refused
            del self.body[mark:]
            memory.born |= self.memory.born
            memory.go_back(saved.fork())
            self.place, self.origin, self.memory = place, origin, memory
        assert refused is not None
        raise refused

    def grown(self, s: ForEach, plan: Plan) -> None:
        """A loop in which lists grow."""
        with self.lists_grow():
            self.rolled(s, plan)

    def outlined(self, s: ForEach, plan: Checkpointed) -> None:
        """A checkpointed loop: its body is a function of its own, of the state and of what it reads."""
        place, origin = self.place, self.origin
        if s.exits:
            raise UnsupportedSyntaxError(
                "break or return in a checkpointed loop", place, "Go through all steps, and choose the result with np.where."
            )
        if not isinstance(plan.part, (Range, Rows)):
            raise UnsupportedSyntaxError(
                "sct.checkpointed of something else than a range or an array", place, "Loop over a range, and index."
            )
        self.rolled(s, plan.part)
        loop = self.body.pop()
        assert isinstance(loop, For)
        constants = tuple(sorted(read(loop.body) - defined(loop.body), key=lambda v: v.id))
        own = {v: Value(v.type, v.name, v.hint) for v in constants}
        block = substitute(loop.body, dict(own))
        params = (*block.params, *own.values())
        names = _distinct([p.name or p.hint or "t" for p in params])
        for p, n in zip(params, names, strict=True):
            p.name = n
        signature = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names])
        self.outlines += 1
        name = f"{self.stack[0].__name__ if self.stack else 'loop'}_step{self.outlines if self.outlines > 1 else ''}"
        step = Function(name, signature, Block(params, block.body, (Tuple(block.yields),)), None, None)
        bounds = (loop.start, loop.stop, loop.step)
        indices = Value(UNKNOWN)
        given = bounds if loop.step != Const(1) else bounds[:2] if loop.start != Const(0) else bounds[1:2]
        self.body.append(Apply(range, given, (), indices, place, origin))
        whole = Value(Tuple((*(r.type for r in loop.results), UNKNOWN)))
        used = read(loop.body)
        begun = tuple(i if p in used else Const(None) for i, p in zip(loop.inits, loop.body.params[1:], strict=True))
        args = (indices, Tuple(begun), Tuple(constants), plan.slots, plan.disk)
        self.body.append(Apply(Steps(step), args, (), whole, place, origin))
        for k, r in enumerate((*loop.results, Value(UNKNOWN, "checkpoints"))):
            self.body.append(Apply(operator.getitem, (whole, Const(k)), (), r, place, origin))

    @contextmanager
    def lists_grow(self) -> Iterator[None]:
        """Within a loop that cannot be unrolled, a list whose length changes is of unknown length."""
        outer, self.growing = (self.growing, self.pending), True
        try:
            yield
        finally:
            self.growing, pending, self.pending = outer[0], self.pending, outer[1]
        if len(pending) > len(self.pending):
            if not self.growing:
                raise pending[-1]
            self.pending = pending

    def not_yet(self, error: SctError) -> Operand:
        """What is known once a list is seen to grow; the error if it does not."""
        if not self.growing:
            raise error
        self.pending = (*self.pending, error)
        return UNDEFINED

    def plan(self, operand: Operand) -> Plan:
        if isinstance(operand, Const) and isinstance(operand.value, Plan):
            if isinstance(operand.value, (Zip, Enumerate, Reversed)):
                if any(operand.value is p for p in self.spent):
                    raise UnsupportedSyntaxError(
                        "an iterator that is gone through twice", self.place, "Call zip, enumerate or reversed again."
                    )
                self.spent.append(operand.value)
            return operand.value
        if isinstance(operand, Const) and isinstance(operand.value, (tuple, list, str, range)):
            operand = Tuple(tuple(Const(v) for v in operand.value))
        t = type_of(operand)
        if isinstance(t, (Tuple, List, Dict)):
            return Items(operand, len(t.items))
        if isinstance(operand, Value) and isinstance(operand.type, (Array, ListOf)) and getattr(operand.type, "shape", 0) != ():
            return Rows(operand)
        raise UnsupportedSyntaxError(
            f"a loop over {type_of(operand)} is not supported",
            self.place,
            "Loop over a range, an array, a tuple, a list, zip, enumerate, reversed or a dict's items.",
        )

    def unrolled(self, s: ForEach, plan: Plan) -> None:
        n = trip_count(plan)
        if n is None:
            raise UnsupportedSyntaxError(
                "a loop over a list and an array together is not supported", self.place, "Loop over an index, and index both."
            )
        carried = [self.resolve(i) for i in s.inits]
        self.iteration(s, plan, 0, n, carried)

    def iteration(self, s: ForEach, plan: Plan, i: int, n: int, carried: list[Operand]) -> None:
        """Iterations i.. of an unrolled loop; the ones after a break that types do not decide stand in a branch."""
        for k in range(i, n):
            outer = self.env
            self.env = dict(outer)
            self.env.update(zip(s.body.params, (element(self, plan, Const(k)), *carried), strict=True))
            with self.instance_of("iteration"):
                yields = self.block(s.body)
            self.env = outer
            stop = self.truth(yields[-1]) if s.exits else Const(False)
            carried = list(yields[: len(carried)])
            if stop == Const(True):
                break
            if stop != Const(False) and k + 1 < n:
                if self.static:
                    raise NotStaticError
                self.rest_unless(stop, s, plan, k + 1, n, carried)
                return
        self.env.update(zip(s.results, carried, strict=True))

    def rest_unless(self, stop: Operand, s: ForEach, plan: Plan, k: int, n: int, carried: list[Operand]) -> None:
        place, origin = self.place, self.origin
        body, self.body = self.body, []
        outer, self.memory = self.memory, self.memory.fork()
        self.iteration(s, plan, k, n, carried)
        rest, self.body = self.body, body
        after = [self.env[r] for r in s.results]
        inner, self.memory = self.memory, outer
        ended: list[Statement] = []
        flat = self.meet(((outer.fork(), ended), (inner, rest)), (s.body.params[0].id, k, self.path))
        merged = [self.merge(p, q, r.name, (r.id, k, self.path)) for p, q, r in zip(carried, after, s.results, strict=True)]
        flat += [m for _, phis in merged for m in phis]
        blocks = (Block((), tuple(ended), tuple(p for _, p, _ in flat)), Block((), tuple(rest), tuple(q for _, _, q in flat)))
        self.body.append(If(stop, blocks[0], blocks[1], tuple(v for v, _, _ in flat), place, origin))
        self.env.update({r: m for r, (m, _) in zip(s.results, merged, strict=True)})

    def rolled(self, s: ForEach | For, plan: Plan) -> None:
        if self.static:
            raise NotStaticError
        start, stop, step, backwards = self.bounds(plan, s.exits)
        place, origin = self.place, self.origin
        inits = self.begin(s)
        whole = isinstance(plan, Range) or (isinstance(plan, Reversed) and isinstance(plan.part, Range) and not s.exits)
        name = s.body.params[0].name
        index = Value(Scalar(int, size_symbol(f"i#{s.body.params[0].id}.{self.path}")), name if whole else "")

        fixed, varying = self.split(s.body, s.body.params[1:], inits)

        def enter(params: list[Operand]) -> tuple[Operand, ...]:
            first = index if whole else element(self, plan, index)
            if not whole and isinstance(first, Value) and not first.name:
                first.name = name
            self.env[s.body.params[0]] = first
            self.env.update({s.body.params[1 + k]: inits[k] for k in fixed})
            self.env.update({s.body.params[1 + k]: p for k, p in zip(varying, params, strict=True)})
            return _without(self.block(s.body), fixed)

        loop = self.fixpoint([s.body.params[1 + k] for k in varying], [inits[k] for k in varying], enter)
        if isinstance(index, Value) and not index.name:
            index.name = "i"
        flag = loop.flag if s.exits else Const(False)
        exits = self.truth(flag) != Const(False)
        values, outs, begun = _carried(loop.params, loop.yields, loop.inits)
        body = loop.body
        results, env = self.results(loop, values)
        self.env.update({s.results[k]: inits[k] for k in fixed})
        self.env.update({s.results[k]: o for k, o in zip(varying, env, strict=False)})
        counted: tuple[Value, ...] = (Value(Scalar(int)),) if exits else ()
        if counted and isinstance(s, For):
            self.env[s.results[-1]] = counted[0]
        block = Block((index, *values), tuple(body), (*outs, flag) if exits else outs)
        self.body.append(For(start, stop, step, block, begun, exits, backwards, (*results, *counted), place, origin))

    def begin(self, s: ForEach | For | While) -> list[Operand]:
        """What the names that a loop carries stand for when it begins."""
        return [self.resolve(i, reads=False) for i in s.inits]

    def bounds(self, plan: Plan, exits: bool) -> tuple[Operand, Operand, Operand, bool]:
        if isinstance(plan, Range):
            return plan.start, plan.stop, plan.step, False
        if isinstance(plan, Reversed) and isinstance(plan.part, Range) and not exits:
            return plan.part.start, plan.part.stop, plan.part.step, True
        return Const(0), plan.length(self), Const(1), False

    def split(self, body: Block, formal: Sequence[Value], inits: Sequence[Operand]) -> tuple[list[int], list[int]]:
        """Which of the names that a loop carries stand for one array or list throughout, and which do not."""
        in_place = [k for k, i in enumerate(inits) if is_object(type_of(i))]
        fixed = [k for k in in_place if stays(body, body.yields[k], formal[k])]
        return fixed, [k for k in range(len(inits)) if k not in fixed]

    def expose_all(self, operand: Operand) -> Operand:
        """An operand with every container value in it taken apart."""
        if isinstance(operand, Value):
            if not isinstance(operand.type, (Tuple, List, Dict)):
                return operand
            made = self.expose_all(self.explode(operand))
            if not isinstance(made, Tuple):
                self.memory.is_version(made, self.memory.object_of(operand))
            return made
        if not isinstance(operand, (Tuple, List, Dict)):
            return operand
        items = tuple(self.expose_all(i) for i in operand.items)
        if all(i is j for i, j in zip(items, operand.items, strict=True)):
            return operand
        made = _with_items(operand, items)
        if not isinstance(made, Tuple):
            self.memory.is_version(made, self.memory.object_of(operand))
        return made

    def fixpoint(
        self, formal: Sequence[Value], inits: list[Operand], enter: Callable[[list[Operand]], tuple[Operand, ...]]
    ) -> _Loop:
        """The body of a loop on parameters whose types hold in every iteration.

        Carried are the names that the body assigns and the objects that it writes into.
        """
        inits = [self.expose_all(i) for i in inits]
        loop = _Loop(inits, [p.name for p in formal], [("loop", p.id, self.path) for p in formal], len(inits))
        types = [self.entry_type(type_of(i), p) for i, p in zip(inits, formal, strict=True)]
        instances, outer = self.instances, self.memory
        stale, pending = loop.stale, self.pending
        shared: set[tuple[_Slot, _Slot | Key]] = set()
        for attempt in range(16):
            self.instances, self.pending = instances, pending  # every attempt is the same run
            loop.params = [_structure(t, n, u) for t, n, u in zip(types, loop.names, loop.inits, strict=True)]
            body, self.body = self.body, []
            env = dict(self.env)
            self.memory = inner = outer.fork()
            try:
                if attempt == 0:
                    stale.update(self.not_known(loop, outer))
                self.start_iteration(loop, stale, shared)
                yields = enter(loop.params[: loop.own])
                left = [self.present(inner.now(obj), reads=False) for obj in loop.objects]
                loop.yields = [self.expose_all(y) for y in (*yields[: loop.own], *left)]
                loop.flag = yields[-1] if len(yields) > loop.own else Const(False)
                loop.body = self.body
            finally:
                self.body, self.env, self.memory = body, env, outer
            if self.found_more(loop, types, inner, stale, shared):
                continue
            for t, y, name in zip(types, loop.yields, loop.names, strict=True):
                self.refuse_different(t, type_of(y), name)
            after = [join(t, type_of(y), key) for t, y, key in zip(types, loop.yields, loop.keys, strict=True)]
            after = [
                own_sizes(a, key) if type_of(i) != a else a for a, i, key in zip(after, loop.inits, loop.keys, strict=True)
            ]
            if after == types:
                outer.rivals.update(inner.rivals)
                outer.stale.update({k: w for k, w in inner.stale.items() if k not in inner.born})
                return loop
            types = after if attempt < 8 else [UNKNOWN if a != t else t for a, t in zip(after, types, strict=True)]
        raise SctError("the types of the values that this loop carries do not settle", self.place)

    def not_known(self, loop: _Loop, outer: Memory) -> dict[_Slot | Key, Write]:
        """The names that stand, when the loop begins, for what may have been changed through others."""
        slots = self.slots(loop, loop.inits)
        return {slot: outer.stale[key_of(r)] for slot, _, r in slots if r is not None and key_of(r) in outer.stale}

    def slots(self, loop: _Loop, others: Sequence[Operand]) -> list[tuple[_Slot, Operand, Operand | None]]:
        """The objects that the loop's names stand for: for each part of a parameter, the object in its place in `others`."""
        out: list[tuple[_Slot, Operand, Operand | None]] = []
        for k, (p, o) in enumerate(zip(loop.params[: loop.own], others, strict=False)):
            out += [((k, j), q, self.memory.object_in(r)) for j, (q, r) in enumerate(_parts(p, o))]
        return out

    def start_iteration(self, loop: _Loop, stale: dict[_Slot | Key, Write], shared: set[tuple[_Slot, _Slot | Key]]) -> None:
        """What the memory holds when an iteration starts."""
        memory = self.memory
        for p in loop.params:
            memory.bear_all(p)
        for obj, p, i in zip(loop.objects, loop.params[loop.own :], loop.inits[loop.own :], strict=True):
            memory.set(obj, p)
            if isinstance(type_of(p), ListOf):
                memory.joins_items(obj, i)
            elif not isinstance(p, Value):
                self.join_parts(p, i)
        for p, i in zip(loop.params[: loop.own], loop.inits, strict=False):
            self.join_parts(p, i)
        parts = {slot: p for slot, p, _ in self.slots(loop, loop.params)}
        for slot, other in shared:
            if slot in parts and (not isinstance(other, tuple) or other in parts):
                memory.may_share(parts[slot], parts[other] if isinstance(other, tuple) else memory.original(other))
        for slot, near in loop.beside:
            if slot in parts:
                memory.lie_beside(parts[slot], memory.original(near))
        for key, write in stale.items():
            if not isinstance(key, tuple):
                memory.stale[key] = write
            elif key in parts:
                memory.stale[key_of(parts[key])] = write

    def join_parts(self, o: Operand, other: Operand) -> None:
        """What `o` and the parts of it stand for may be what stands in `other` in their places."""
        for p, q in _parts(o, other):
            if isinstance(p, Value):
                self.memory.joins(p, q)
            elif (obj := self.memory.object_in(q)) is not None:
                self.memory.may_share(p, obj)

    def found_more(
        self,
        loop: _Loop,
        types: list[Abstract],
        inner: Memory,
        stale: dict[_Slot | Key, Write],
        shared: set[tuple[_Slot, _Slot | Key]],
    ) -> bool:
        """Whether an iteration wrote into objects that are not carried yet, or left names that share memory."""
        outer = self.memory
        carried = {key_of(obj) for obj in loop.objects}
        there = [k for k in inner.contents if k not in inner.born and k not in carried]
        changed = [k for k in there if inner.contents[k] is not outer.contents.get(k)]
        for k in changed:
            obj = outer.original(k)
            init = self.copied.get(obj, obj) if isinstance(obj, Value) and k not in outer.contents else outer.now(obj)
            init = self.expose_all(self.present(init, reads=False))
            loop.objects.append(obj)
            loop.inits.append(init)
            loop.names.append(outer.name_of(obj))
            loop.keys.append(("memory", len(loop.objects), loop.keys[0] if loop.keys else self.path))
            types.append(type_of(init))
        if not changed and all(outer.writes.get(k) is w for k, w in inner.writes.items()):
            return False
        before = len(stale), len(shared), len(loop.beside)
        stale.update({k: w for k, w in inner.stale.items() if k not in outer.stale and outer.knows(k)})
        self.memory = inner
        left = [(slot, r) for slot, _, r in self.slots(loop, loop.yields) if r is not None]
        begun = {key_of(p): slot for slot, p, _ in self.slots(loop, loop.params)}
        ends = {slot: key_of(r) for slot, r in left}
        self.memory = outer
        for slot, r in left:
            if key_of(r) in inner.stale:
                stale[slot] = inner.stale[key_of(r)]
            one_of = inner.one_of(key_of(r), frozenset(begun))
            shared.update((slot, q) for q in one_of if outer.knows(q))
            shared.update((slot, begun[q]) for q in one_of if begun.get(q, slot) != slot and ends.get(begun[q]) == q)
            shared.update((slot, other) for other, q in left if q is r and other != slot)
        first = {slot: key_of(r) for slot, _, r in self.slots(loop, loop.inits) if r is not None}
        for slot, r in left:  # what names hand on to one another
            seen: set[_Slot] = set()
            at: _Slot | None = begun.get(key_of(r))
            while at is not None and at not in seen and at != slot:
                seen.add(at)
                if at in first and outer.knows(first[at]):
                    loop.beside.add((slot, first[at]))
                at = begun.get(ends.get(at, -1))
        return bool(changed) or before != (len(stale), len(shared), len(loop.beside))

    def entry_type(self, t: Abstract, formal: Value) -> Abstract:
        """The first guess: a named number is not taken for a constant, a flag is until it is seen to change."""
        return widen(t) if formal.name else t

    def results(self, loop: _Loop, values: tuple[Value, ...]) -> tuple[tuple[Value, ...], list[Operand]]:
        """The results of a loop, and what its names stand for after it; its objects hold what it left in them."""
        made = {v: Value(v.type, v.name) for v in values}
        after = [map_leaves(lambda leaf: made.get(leaf, leaf), p) for p in loop.params]
        for obj, o in zip(loop.objects, after[loop.own :], strict=True):
            self.memory.set(obj, o)
            self.memory.wrote(obj, self.memory.name_of(obj), self.place)
        for k, (o, i, y) in enumerate(zip(after, loop.inits, loop.yields, strict=True)):
            if k < loop.own or not isinstance(o, Value):
                self.join_parts(o, i)
                self.join_parts(o, y)
        for k, (p, o) in enumerate(zip(loop.params[: loop.own], after, strict=False)):
            for j, (own, begun) in enumerate(_parts(o, p)):
                if (k, j) in loop.stale:
                    self.memory.stale[key_of(own)] = loop.stale[k, j]
                for r in self.memory.rivals.get(key_of(begun), ()):
                    self.memory.may_share(own, self.memory.original(r))
                for slot, r in loop.beside:
                    if slot == (k, j):
                        self.memory.lie_beside(own, self.memory.original(r))
        return tuple(made.values()), after

    def while_(self, s: While) -> None:
        if self.static:
            raise NotStaticError
        place, origin = self.place, self.origin
        inits = self.begin(s)
        fixed, varying = self.split(s.body, s.body.params, inits)

        def enter(params: list[Operand]) -> tuple[Operand, ...]:
            self.env.update({s.body.params[k]: inits[k] for k in fixed})
            self.env.update({s.body.params[k]: p for k, p in zip(varying, params, strict=True)})
            return _without(self.block(s.body), fixed)

        loop = self.fixpoint([s.body.params[k] for k in varying], [inits[k] for k in varying], enter)
        values, outs, begun = _carried(loop.params, loop.yields, loop.inits)
        again = {v: Value(v.type, v.name) for v in values}
        tested = [map_leaves(lambda leaf: again.get(leaf, leaf), p) for p in loop.params]
        self.env.update({s.test.params[k]: inits[k] for k in fixed})
        self.env.update({s.test.params[k]: o for k, o in zip(varying, tested, strict=False)})
        memory = self.memory.fork()
        for obj, o in zip(loop.objects, tested[loop.own :], strict=True):
            memory.set(obj, o)
        held = dict(memory.contents)
        test_body, test = self.nested(s.test, memory)
        if any(held.get(k) is not o for k, o in memory.contents.items() if k not in memory.born):
            raise UnsupportedSyntaxError("a test of a while loop that writes into an array", place, "Write in the loop's body.")
        body, flag = loop.body, loop.flag if s.exits else Const(False)
        exits = self.truth(flag) != Const(False)
        results, env = self.results(loop, values)
        count = Value(Scalar(int))
        self.env.update({s.results[k]: inits[k] for k in fixed})
        self.env.update({s.results[k]: o for k, o in zip(varying, env, strict=False)})
        self.env[s.results[-1]] = count
        test_block = Block(tuple(again.values()), tuple(test_body), (self.truth(test[0]),))
        block = Block(values, tuple(body), (*outs, flag) if exits else outs)
        self.body.append(While(test_block, block, begun, exits, (*results, count), place, origin))

    # -- operations --------------------------------------------------------------------------------------------------

    def append(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """Emit an operation of known type, on its operands as their memory is now."""
        now = {k: self.present(a) for k, a in kwargs.items()}
        return self.emit(op, [self.present(a) for a in args], now, t, name)

    def emit(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """Emit an operation of known type, on its operands as they are given: what a view was made with stays."""
        if self.tracking and isinstance(t, Array) and t.shape == () and _hashable(op) and makes_array(op, args):
            t = replace(t, boxed=True)
        v = Value(t, "" if self.static else name)
        s = Apply(op, tuple(args), tuple(kwargs.items()), v, self.place, self.origin)
        self.body.append(s)
        if self.tracking:
            self.memory.note(s)
        if isinstance(t, (Tuple, List)) and op not in (_SHAPE, np.shape) and any(differentiable_item(i) for i in t.items):
            for i, item in enumerate(t.items):  # where the value is made, so that each item has one place
                if not isinstance(item, Const):
                    self.projections[v, i] = self.append(operator.getitem, (v, Const(i)), {}, item)
        return v

    def apply(
        self,
        op: Any,
        args: Sequence[Operand],
        kwargs: dict[str, Operand] | None = None,
        name: str = "",
        known: Abstract = UNKNOWN,
    ) -> Operand:
        """`op(*args, **kwargs)`: folded, inlined, or emitted as a statement. `known` is the type if inference fails."""
        kwargs = kwargs or {}
        args = _spread(args)
        if any(a is UNDEFINED for a in args) and op != Method("append"):  # a list grows by what is not known yet
            return UNDEFINED
        if op is CALL:
            return self.call_value(args, kwargs, name)
        if isinstance(op, InPlace):
            op = op.op
        if op is NEW:
            self.memory.bear(args[0])
            return args[0]
        if any(isinstance(a, Value) and isinstance(a.type, ListOf) for a in args) and _hashable(op):
            handler = growing.OPERATIONS.get(op)
            made = NotImplemented if handler is None else handler(self, args, kwargs)
            if made is not NotImplemented:
                return made  # type: ignore[no-any-return]
            if _is_ufunc_or_numpy(op):
                args = [self.apply(runtime.stacked, (a,)) if isinstance(type_of(a), ListOf) else a for a in args]
        elif args and isinstance(type_of(args[0]), List) and _hashable(op) and op in growing.FROM_KNOWN:
            return growing.FROM_KNOWN[op](self, [self.expose_all(args[0]), *args[1:]], kwargs)
        handler = (WRITING.get(op) or STRUCTURAL.get(op)) if _hashable(op) else None
        if handler is not None:
            made = handler(self, args, kwargs)
            if made is not NotImplemented:
                self.memory.bear(made) if isinstance(made, (List, Dict)) and op in _MAKERS else None
                return made  # type: ignore[no-any-return]
        if _hashable(op) and is_itself(op, args, kwargs):
            return args[0]
        if not isinstance(op, Method) and has_output(op, args, kwargs):
            return into_outputs(self, op, args, kwargs)
        if isinstance(op, (Derived, Steps, StepsBack)):
            return self.append(op, args, kwargs, known, name)
        if op is checkpoint and isinstance(function := plain(type_of(args[0])), FunctionType):
            return Const(CheckpointedFunction(function))
        if isinstance(op, CheckpointedFunction) and isinstance(op.function, FunctionType):
            return self.checkpointed_call(op.function, args, kwargs, name)
        if isinstance(op, (Attribute, Method, Format, Free)) or is_effect(op) or op is UNPACK:
            return self.special(op, args, kwargs, name, known)
        if getattr(op, "__module__", None) == "sct.api" and isinstance(op, FunctionType):
            return self.transform(op, args, kwargs)
        if hasattr(op, "__sct_typed__"):
            return self.derivative(op, args, kwargs)
        if isinstance(op, FunctionType) and (not known_operation(op) or op in _FOLDABLE):
            return self.python_call(op, args, kwargs, name)
        return self.primitive(op, args, kwargs, name, known)

    def primitive(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str, known: Abstract) -> Operand:
        args = [self.materialize(a) for a in args]
        t = infer_call(op, [type_of(a) for a in args], {k: type_of(v) for k, v in kwargs.items()})
        folded = self.fold(op, t)
        if folded is not None:
            return folded
        if isinstance(t, Unknown):
            t = known
        self.refuse_opaque(op, args, kwargs)
        refuse_overwriting(self, op, args, kwargs)
        return self.append(op, args, kwargs, t, name)

    def fold(self, op: Any, t: Abstract) -> Operand | None:
        """The result, if it is known; but a number that the user computes from numbers is left for the reader to see."""
        if not is_pure(op):
            return None
        value = plain(t)
        if isinstance(t, Const) and not isinstance(value, (float, complex, np.generic)):
            return t
        if isinstance(t, (Tuple, List)) and constant(value):
            return t
        return None

    def materialize(self, operand: Operand) -> Operand:
        for leaf in leaves(operand):
            if isinstance(leaf, Const) and isinstance(leaf.value, Plan):
                raise UnsupportedSyntaxError(
                    "range, zip, enumerate, reversed or a dict's views other than in a for loop",
                    self.place,
                    "Loop over it directly.",
                )
        return operand

    def call_value(self, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
        callee = args[0]
        if isinstance(callee, Const):
            return self.apply(callee.value, args[1:], kwargs, name)
        t = type_of(callee)
        if isinstance(t, Const):
            return self.apply(t.value, args[1:], kwargs, name)
        raise UnsupportedSyntaxError(
            "a call of a function that is only known at run time", self.place, "Pass the function as an argument of its own."
        )

    def python_call(self, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
        if (op.__module__ or "").split(".")[0] in ("numpy", "scipy"):
            return self.primitive(op, args, kwargs, name, UNKNOWN)
        if not self.static and (op in self.stack or self.recursive(op)):
            return self.recursive_call(op, args, kwargs, name)
        if not self.static:
            return self.call(op, args, kwargs)
        return self.rule(op, args, kwargs)

    def rule(self, op: Callable[..., Any], args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
        """A rule, or a helper of one: inlined if the types decide its branches, otherwise called as it stands."""
        if self.static or not own_rule(op):
            return self.inlined_rule(op, args, kwargs)
        operands = [*args, *kwargs.values()]
        key = (op, len(args), tuple(kwargs), tuple(_shape_of(o) for o in operands))
        try:
            found = _templates.get(key)
        except TypeError:  # a constant that cannot be hashed
            return self.inlined_rule(op, args, kwargs)
        if found is None:
            with lengths_relied_on() as lengths:
                template = self.template(op, args, kwargs)
            if template is None:
                return self.inlined_rule(op, args, kwargs)
            if len(_templates) >= _TEMPLATES:
                _templates.clear()
            found = _templates[key] = template, lengths
        rely_on(found[1])
        return self.instance(found[0], list(values_of(*operands)))

    def template(self, op: Callable[..., Any], args: Sequence[Operand], kwargs: dict[str, Operand]) -> Block | None:
        """A rule's statements for arguments of these types, unless they hold sizes or data of this call alone."""
        inner = Specializer(static=False)
        params: list[Value] = []

        def fresh(leaf: Operand) -> Operand:
            if not isinstance(leaf, Value):
                return leaf
            params.append(Value(leaf.type))
            return params[-1]

        mark = size_serial()
        own = [map_leaves(fresh, a) for a in args]
        named = {k: map_leaves(fresh, v) for k, v in kwargs.items()}
        result = inner.inlined_rule(op, own, named)
        if inner.free or size_serial() != mark or any(not isinstance(s, Apply) for s in inner.body):
            return None
        return Block(tuple(params), tuple(inner.body), (result,))

    def instance(self, template: Block, values: list[Value]) -> Operand:
        """The statements of a template with values of this function in them."""
        names: dict[Value, Operand] = dict(zip(template.params, values, strict=True))

        def there(o: Operand) -> Operand:
            return map_leaves(lambda leaf: names[leaf] if isinstance(leaf, Value) else leaf, o)

        for s in template.body:
            assert isinstance(s, Apply)
            made = Value(s.result.type)
            args = tuple(map(there, s.args))
            self.body.append(Apply(s.op, args, tuple((k, there(v)) for k, v in s.kwargs), made, self.place, self.origin))
            names[s.result] = made
        return there(template.yields[0])

    def inlined_rule(self, op: Callable[..., Any], args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
        mark, static = len(self.body), self.static
        self.static = True
        try:
            return self.call(op, args, kwargs, rule=True)
        except (NotStaticError, UnrollError):
            del self.body[mark:]
            t = infer_call(op, [type_of(a) for a in args], {k: type_of(v) for k, v in kwargs.items()})
            return self.append(op, args, kwargs, t)
        finally:
            self.static = static

    def recursive(self, op: FunctionType) -> bool:
        return any(key[0] is op for key in self.recursion)

    def recursive_call(self, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
        """A call of a function from within itself stays a call; its type is found by iterating from nothing."""
        function = lowered(op).function
        bound = self.bind(function, [self.materialize(a) for a in args], kwargs)
        if any(isinstance(type_of(b), (Tuple, List, Dict)) for b in bound):
            raise UnsupportedSyntaxError(
                f"a recursive function ({op.__name__}) with a list, tuple or dict as an argument",
                self.place,
                "Pass the items one by one.",
            )
        types = tuple(widen(type_of(b)) for b in bound)
        key = (op, types)
        if key not in self.recursion:
            if sum(k[0] is op for k in self.recursion) > 8:
                types = tuple(as_unknown(t) for t in types)
                key = (op, types)
            self.recursion.setdefault(key, UNDEFINED)
            for _ in range(8):
                inner = Specializer(
                    stack=[op], recursion=self.recursion, dependencies=self.dependencies, free=self.free, path=f"{self.path}r"
                )
                params: list[Operand] = [t if isinstance(t, Const) else Value(t) for t in types]
                inner.frozen, inner.tracking = frozenset(values_of(*params)), True
                found = widen(type_of(inner.run(function, params)))
                settled = join(self.recursion[key], found, ("recursion", describe(op)))
                if settled == self.recursion[key]:
                    break
                self.recursion[key] = settled
        if self.recursion[key] == UNDEFINED:
            return UNDEFINED
        with self.instance_of("recursion"):
            t = own_sizes(self.recursion[key], ("result", self.path))
        kinds = [p.kind is inspect.Parameter.KEYWORD_ONLY for p in function.signature.parameters.values()]
        named = {p: b for p, b, k in zip(function.signature.parameters, bound, kinds, strict=True) if k}
        return self.append(op, [b for b, k in zip(bound, kinds, strict=True) if not k], named, t, name)

    def checkpointed_call(self, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
        """A call of a function that stays a call, so that the reverse sweep runs it again."""
        made = lowered(op)
        for d in made.dependencies:
            self.depend(d)
        bound = self.bind(made.function, [self.materialize(a) for a in args], kwargs)
        types = [widen(type_of(b)) for b in bound]
        inner = Specializer(stack=[op], dependencies=self.dependencies, free=self.free, path=f"{self.path}k")
        params: list[Operand] = [
            t if isinstance(t, Const) else Value(t, p) for t, p in zip(types, made.function.signature.parameters, strict=True)
        ]
        inner.frozen, inner.tracking = frozenset(values_of(*params)), True
        inner.memory.born.update(values_of(*params))
        t = type_of(inner.present(inner.run(made.function, params)))
        with self.instance_of("checkpoint"):
            t = own_sizes(widen(t), ("result", self.path))
        kinds = [p.kind is inspect.Parameter.KEYWORD_ONLY for p in made.function.signature.parameters.values()]
        named = {p: b for p, b, k in zip(made.function.signature.parameters, bound, kinds, strict=True) if k}
        return self.append(op, [b for b, k in zip(bound, kinds, strict=True) if not k], named, t, name)

    def transform(self, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
        """A transform such as `sct.grad` called inside a function: made now, of a function that is known now."""
        values = [plain(type_of(a)) for a in args]
        options = {k: plain(type_of(v)) for k, v in kwargs.items()}
        if not all(constant(v) for v in (*values, *options.values())):
            raise UnsupportedSyntaxError(
                f"sct.{op.__name__} of something only known at run time", self.place, "Name the function."
            )
        return Const(op(*values, **options))

    def derivative(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
        """A derived function that is called: its typed statements, spliced in."""
        bound = op.__sct_bind__(args, kwargs, self)
        typed: Specialized = op.__sct_typed__(tuple(type_of(b) for b in bound))
        self.refuse_overlaps(op, typed.written, dict(zip((p.name for p in typed.function.block.params), bound, strict=True)))
        self.dependencies.extend(d for d in typed.dependencies if d not in self.dependencies)
        for free, t in typed.free:
            self.free.setdefault(free, t)
        return self.run(typed.function, bound)

    def refuse_overlaps(self, op: Any, written: Sequence[Written], bound: dict[str, Operand]) -> None:
        """A derived function works on copies of the arguments that it writes into: they must be apart from the others."""
        for w in written:
            own = {self.memory.root(leaf) for leaf in values_of(bound[w.path[0]])}
            others = [leaf for n, b in bound.items() if n != w.path[0] for leaf in values_of(b)]
            for leaf in others:
                root = self.memory.root(leaf)
                if any(root is o or key_of(root) in self.memory.rivals.get(key_of(o), ()) for o in own):
                    raise UnsupportedSyntaxError(
                        f"{op.__name__} writes into its argument {w.path[0]!r}, which may share memory with {leaf.name!r}",
                        self.place,
                        "Copy one of them first.",
                    )

    def refuse_opaque(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> None:
        """A call of which nothing is known may write into the arrays that it gets."""
        if known_operation(op) or op in (print, repr, str, format) or is_effect(op) or _is_ufunc_or_numpy(op):
            return
        if isinstance(op, type) and issubclass(op, BaseException):
            return
        operands = [*args, *kwargs.values()]
        if any(isinstance(type_of(leaf), (Array, Unknown)) for o in operands for leaf in leaves(o)):
            raise NoRuleError(
                f"{describe(op)} has no derivative rule, and may write into the arrays that it is given",
                self.place,
                f"Register a rule with @sct.adjoint({describe(op)}), "
                f"or sct.nondifferentiable({describe(op)}) if it has no derivative.",
            )

    def depend(self, d: Dependency) -> None:
        if d not in self.dependencies:
            self.dependencies.append(d)

    def read_free(self, op: Free, value: Any, path: str) -> Value:
        """Data from outside of the function, read once, at the start."""
        if op not in self.free_values:
            self.free.setdefault(op, abstract(value, op.path))
            self.free_values[op] = self.at_entry(op, (), self.free[op], op.name.split(" ")[0])
        return self.free_values[op]

    def special(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str, known: Abstract) -> Operand:
        if isinstance(op, Free):
            value = look_up(op.function, op.name)
            return self.read_free(op, value, op.name)
        if isinstance(op, Attribute):
            return self.attribute(op, args[0], name)
        if isinstance(op, Method):
            return self.method(op, args, kwargs, name)
        if op is POP:
            return self.append(op, args, kwargs, known, name)
        if isinstance(op, Format):
            return self.append(op, [self.materialize(a) for a in args], kwargs, UNKNOWN, name)
        t: Abstract = Const(None) if op in (RAISE, ASSERT, PUSH) else UNKNOWN
        return self.append(op, [self.materialize(a) for a in args], kwargs, t, name)

    def attribute(self, op: Attribute, x: Operand, name: str) -> Operand:
        t = type_of(x)
        if isinstance(t, (Array, Scalar)) or (isinstance(t, Const) and isinstance(t.value, (int, float, complex, np.generic))):
            return self.array_attribute(op, x, as_array(t), name)
        if isinstance(t, Const):
            found = getattr(t.value, op.name, NotImplemented)
            if found is NotImplemented:
                raise SctError(f"{describe(t.value)} has no attribute {op.name!r}", self.place)
            owner = t.value
            if describe(owner).startswith("np.") or not isinstance(owner, (ModuleType, type)):
                simple = callable(found) or isinstance(found, (ModuleType, str, bool))
                return Const(found) if simple else self.append(op, (x,), {}, abstract(found, op.name), name)
            if callable(found) or isinstance(found, ModuleType):
                self.depend(Dependency(owner, op.name, found))
                return Const(found)
            return self.read_free(Free(owner, op.name), found, op.name)
        return self.append(op, (x,), {}, UNKNOWN, name)

    def array_attribute(self, op: Attribute, x: Operand, t: Array, name: str) -> Operand:
        if op.name == "ndim" and t.rank is not None:
            return Const(t.rank)
        if op.name == "dtype" and t.dtype is not None:
            return Const(t.dtype)
        if op.name == "shape" and t.shape is not None:
            sizes = Tuple(tuple(Const(n) if isinstance(n, int) else Scalar(int, n) for n in t.shape))
            return sizes if constant(plain(sizes)) else self.append(op, (x,), {}, sizes, name)
        if op.name == "T" and t.rank in (0, 1):
            return x
        if op.name == "size":
            one: SizeLike = 1
            size = functools.reduce(size_mul, t.shape, one) if t.shape is not None else None
            return Const(size) if isinstance(size, int) else self.append(op, (x,), {}, Scalar(int, size), name)
        if op.name in ("ndim", "itemsize", "nbytes"):
            return self.append(op, (x,), {}, Scalar(int), name)
        primitive = attribute_rule(op.name)
        if primitive is None:
            return self.append(op, (x,), {}, UNKNOWN, name)
        return self.append(op, (x,), {}, infer_call(primitive, [type_of(x)], {}), name)

    def method(self, op: Method, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
        x, t = args[0], type_of(args[0])
        if op.name in METHODS and isinstance(t, (Array, List, Dict)):
            made = METHODS[op.name](self, x, args[1:], kwargs)
            if made is not NotImplemented:
                return made  # type: ignore[no-any-return]
        if isinstance(t, Unknown) and op.name in OF_ARRAYS:
            return OF_ARRAYS[op.name](self, x, args[1:], kwargs)  # type: ignore[no-any-return]
        if isinstance(t, Dict):
            return self.dict_method(op, x, args[1:])
        if isinstance(t, Const) and isinstance(t.value, np.ufunc):
            return self.apply(getattr(t.value, op.name), args[1:], kwargs, name)
        if isinstance(t, ListOf) and op.name in growing.METHODS:
            return growing.METHODS[op.name](self, x, args[1:], kwargs)  # type: ignore[no-any-return]
        if isinstance(t, (List, ListOf)):
            return self.list_method(op, x, args[1:])
        if isinstance(t, Const) and isinstance(t.value, (ModuleType, type)):
            return self.apply(CALL, (self.attribute(Attribute(op.name), x, ""), *args[1:]), kwargs, name)
        if has_output(op, args, kwargs):
            if not isinstance(t, (Array, Scalar)) or method_rule(op.name) is None:
                raise UnsupportedSyntaxError(
                    f"out= of the method .{op.name}() of {t}", self.place, "Assign the result to the entries: a[:] = ..."
                )
            return into_outputs(self, op, args, kwargs)
        if isinstance(t, Const) and callable(found := getattr(t.value, op.name, None)) and not callable(t.value):
            values = [plain(type_of(a)) for a in args[1:]]
            if all(constant(v) for v in values) and not kwargs:
                return Const(found(*values))
        rule = method_rule(op.name)
        if isinstance(t, (Array, Scalar)) and rule is not None:
            own = list(args[1:])
            packed = [Tuple(tuple(own))] if rule.pack and len(own) > 1 else own
            found_type = infer_call(
                rule.primitive, [type_of(a) for a in (x, *packed)], {k: type_of(v) for k, v in kwargs.items()}
            )
            return self.append(op, args, kwargs, found_type, name)
        if any(isinstance(type_of(leaf), (Array, Unknown)) for o in args[1:] for leaf in leaves(o)):
            raise NoRuleError(
                f"the method .{op.name}() of {t} has no derivative rule, and may write into the arrays that it is given",
                self.place,
                "Use the NumPy function, or a function of your own with a rule (sct.adjoint, sct.nondifferentiable).",
            )
        return self.append(op, args, kwargs, UNKNOWN, name)

    def list_method(self, op: Method, x: Operand, args: Sequence[Operand]) -> Operand:
        if op.name == "copy":
            items = self.explode(x) if isinstance(x, Value) else x
            assert isinstance(items, List)
            return self.apply(NEW, (List(items.items),))
        raise UnsupportedSyntaxError(f"the list method .{op.name}()", self.place, "Index the list, or loop over it.")

    def dict_method(self, op: Method, x: Operand, args: Sequence[Operand]) -> Operand:
        d = self.explode(x) if isinstance(x, Value) else x
        assert isinstance(d, Dict)
        if op.name in ("items", "keys", "values"):
            return Const(Items(x, len(d.items), op.name))
        if op.name == "get" and args and isinstance(args[0], Const):
            default = args[1] if len(args) > 1 else Const(None)
            return d.items[d.keys.index(args[0].value)] if args[0].value in d.keys else default
        if op.name == "copy":
            return self.apply(NEW, (Dict(d.keys, d.items),))
        raise UnsupportedSyntaxError(f"the dict method .{op.name}()", self.place, "Index the dict, or loop over its items.")


_SHAPE = Attribute("shape")
_MAKERS = frozenset((list, dict, operator.add, operator.mul, operator.or_, operator.getitem))
# These are inlined where types are known, though there are rules for them.
_FOLDABLE: frozenset[Any] = frozenset((runtime.unbroadcast, runtime.keep_reduced_axes))


def _hashable(op: Any) -> bool:
    try:
        hash(op)
    except TypeError:
        return False
    return True


def _distinct(names: list[str]) -> list[str]:
    """Names, numbered where they are not distinct."""
    taken: set[str] = set()
    out = []
    for name in names:
        base, k = name if name.isidentifier() else "t", 0
        name = base
        while name in taken:
            k += 1
            name = f"{base}_{k}"
        taken.add(name)
        out.append(name)
    return out


def _with_items(o: Tuple | List | Dict, items: tuple[Operand, ...]) -> Operand:
    return Dict(o.keys, items) if isinstance(o, Dict) else type(o)(items)


def _parts(o: Operand, other: Operand) -> Iterator[tuple[Operand, Operand]]:
    """The values, lists and dicts in a structure, with what stands in their places in another one."""
    if isinstance(o, (Value, List, Dict)):
        yield o, other
    if isinstance(o, (Tuple, List, Dict)):
        there = other.items if isinstance(other, (Tuple, List, Dict)) and len(other.items) == len(o.items) else o.items
        for p, q in zip(o.items, there, strict=True):
            yield from _parts(p, q)


def _without(yields: tuple[Operand, ...], numbers: Sequence[int]) -> tuple[Operand, ...]:
    return tuple(y for k, y in enumerate(yields) if k not in numbers)


def stays(block: Block, y: Operand, v: Operand) -> bool:
    """Whether, in the untyped form, `y` is what `v` is at the start of the block, but for augmented assignments to it."""
    made = {r: s for s in block.body for r in results_of(s)}
    while y is not v:
        s = made.get(y) if isinstance(y, Value) else None
        if isinstance(s, Apply) and s.op in BINARY:
            y = s.args[0]
        elif isinstance(s, If):
            k = s.results.index(y)
            before = _before(s.then, s.then.yields[k]), _before(s.orelse, s.orelse.yields[k])
            if before[0] is not before[1]:
                return False
            y = before[0]
        elif isinstance(s, (ForEach, For, While)) and y in s.results[: len(s.inits)]:
            k = s.results.index(y)
            params = s.body.params[len(s.body.params) - len(s.inits) :]
            if not stays(s.body, s.body.yields[k], params[k]):
                return False
            y = s.inits[k]
        else:
            return False
    return True


def _before(block: Block, y: Operand) -> Operand:
    """What a block starts from, of what it ends with."""
    for s in reversed(block.body):
        if isinstance(y, Value) and y in results_of(s):
            candidates = [s.args[0]] if isinstance(s, Apply) and s.op in BINARY else []
            if isinstance(s, If):
                k = s.results.index(y)
                candidates = [_before(s.then, s.then.yields[k])]
                candidates += [_before(s.orelse, s.orelse.yields[k])]
            elif isinstance(s, (ForEach, For, While)) and y in s.results[: len(s.inits)]:
                candidates = [s.inits[s.results.index(y)]] if stays(block, y, s.inits[s.results.index(y)]) else []
            if not candidates or any(c is not candidates[0] for c in candidates):
                return y
            y = candidates[0]
    return y


def _is_ufunc_or_numpy(op: Any) -> bool:
    """NumPy's own functions do not write into their arguments, but for those that are refused by name."""
    if isinstance(op, np.ufunc):
        return True
    module = getattr(op, "__module__", None) or ""
    return module.split(".")[0] == "numpy" and "random" not in module


def differentiable_item(t: Abstract) -> bool:
    """Whether an item of a result with several parts can be more than an integer."""
    return not (isinstance(t, Const) or (isinstance(t, Scalar) and t.kind is int))


def as_unknown(t: Abstract) -> Abstract:
    """An array type without its shape."""
    return Array(t.dtype, None) if isinstance(t, Array) else t


def widen_if_differ(a: Abstract, b: Abstract) -> Abstract:
    """`a`, without its value if it is a constant other than `b`."""
    return a if a == b or not isinstance(a, Const) or isinstance(a.value, bool) else widen(a)


def _items_like(a: Operand, other: Operand) -> tuple[Operand, ...] | None:
    """The items of a container; for an undefined one as many undefined items as the other side has."""
    if isinstance(a, (Tuple, List, Dict)):
        n = len(other.items) if isinstance(other, (Tuple, List, Dict)) else len(a.items)
        return a.items if len(a.items) == n else None
    return tuple(UNDEFINED for _ in other.items) if isinstance(other, (Tuple, List, Dict)) else None


def _shape_of(o: Operand) -> Any:
    """What a template may depend on: the structure of an operand, with types in place of values."""
    return map_leaves(lambda leaf: (leaf.type,) if isinstance(leaf, Value) else leaf, o)  # type: ignore[arg-type,return-value]


def _spread(args: Sequence[Operand]) -> list[Operand]:
    """Arguments with `*rest` (a marked slice, from a rule) put in their places."""
    out: list[Operand] = []
    for a in args:
        if isinstance(a, Slice) and a.stop == Const("*"):
            assert isinstance(a.start, (Tuple, List))
            out.extend(a.start.items)
        else:
            out.append(a)
    return out


def _structure(t: Abstract, name: str, init: Operand) -> Operand:
    """A loop parameter of type `t`: its items are parameters of their own; what is known is not carried."""
    if isinstance(t, (Tuple, List)):
        inner = init.items if isinstance(init, (Tuple, List)) else (UNDEFINED,) * len(t.items)
        names = [f"{name}_{i}" if name else "" for i in range(len(t.items))]
        return type(t)(tuple(_structure(i, n, u) for i, n, u in zip(t.items, names, inner, strict=True)))
    if isinstance(t, Dict):
        inner = init.items if isinstance(init, Dict) else (UNDEFINED,) * len(t.items)
        return Dict(t.keys, tuple(_structure(i, str(k), u) for k, i, u in zip(t.keys, t.items, inner, strict=True)))
    if isinstance(t, (Const, Undefined)):
        return t
    return Value(t, name)


@dataclass
class _Loop:
    """A loop that is being specialized: what it carries, names first (`own` of them), then objects."""

    inits: list[Operand]
    names: list[str]
    keys: list[Hashable]
    own: int
    objects: list[Operand] = field(default_factory=list)
    stale: dict[_Slot | Key, Write] = field(default_factory=dict)  # by object, or by part of a name
    beside: set[tuple[_Slot, Key]] = field(default_factory=set)  # what a part may be because names hand it on
    params: list[Operand] = field(default_factory=list)
    yields: list[Operand] = field(default_factory=list)
    flag: Operand = UNDEFINED
    body: list[Statement] = field(default_factory=list)


def _carried(
    params: list[Operand], yields: Sequence[Operand], inits: list[Operand]
) -> tuple[tuple[Value, ...], tuple[Operand, ...], tuple[Operand, ...]]:
    """The leaves that a loop carries: parameters, yields, initial operands."""
    values: list[Value] = []
    outs: list[Operand] = []
    begun: list[Operand] = []

    def walk(p: Operand, y: Operand, i: Operand) -> None:
        if isinstance(p, Value):
            values.append(p)
            outs.append(y)
            begun.append(i)
        elif isinstance(p, (Tuple, List, Dict)):
            ys = _items_like(y, p)
            js = _items_like(i, p)
            assert ys is not None and js is not None
            for a, b, c in zip(p.items, ys, js, strict=True):
                walk(a, b, c)

    for p, y, i in zip(params, yields, inits, strict=True):
        walk(p, y, i)
    return tuple(values), tuple(outs), tuple(begun)
