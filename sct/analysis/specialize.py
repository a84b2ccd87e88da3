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
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.containers import STRUCTURAL, UnrollError
from sct.analysis.inference import infer_call, plain
from sct.analysis.iteration import Items, Plan, Range, Reversed, Rows, element, trip_count
from sct.analysis.iteration import parts as plan_parts
from sct.analysis.join import join, own_sizes, widen
from sct.analysis.signature import abstract
from sct.errors import NoRuleError, Place, SctError, UnsupportedSyntaxError
from sct.frontend.lower import Lowered, lower
from sct.frontend.resolve import Dependency, look_up
from sct.ir.ops import (
    ASSERT,
    CALL,
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
    describe,
    is_effect,
)
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
    leaves,
    map_leaves,
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
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    Undefined,
    Unknown,
    size_mul,
    size_symbol,
)
from sct.ruleset import adjoint_rule, attribute_rule, is_nondifferentiable, is_pure, method_rule, type_rule

__all__ = ["NotStaticError", "Specialized", "Specializer", "known_operation", "lowered", "specialize"]

_IN_PLACE: dict[Any, Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
}
_WRITING_METHODS = frozenset(
    ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort", "update", "setdefault", "popitem")
    + ("fill", "put", "itemset", "resize", "partition", "setflags", "setfield", "byteswap", "at")
)
_WRITING_FUNCTIONS = (np.copyto, np.put, np.putmask, np.place, np.fill_diagonal, np.put_along_axis, operator.setitem, setattr)


class NotStaticError(Exception):
    """A test in a rule is not decided by the types: the rule is to be called as it stands. Never reaches a user."""


@dataclass(frozen=True)
class Specialized:
    """A typed function, and what it relies on: bindings of names, and the types of data outside of it."""

    function: Function
    dependencies: tuple[Dependency, ...]
    free: tuple[tuple[Free, Abstract], ...]


_TEMPLATES = 4096  # at most so many are kept
_templates: dict[Any, Block] = {}
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
    s = Specializer()
    s.entry = []
    params = tuple(Value(t, p.name) for p, t in zip(function.block.params, types, strict=True))
    operands: list[Operand] = [p.type if isinstance(p.type, Const) else p for p in params]
    s.parameters.update(params)
    if function.callee is not None:
        s.stack.append(function.callee)
    try:
        result = s.run(function, operands)
    except UnrollError as e:
        raise UnsupportedSyntaxError(e.message, e.place, e.advice) from None
    made = Function(
        function.name, function.signature, Block(params, (*s.entry, *s.body), (result,)), function.doc, function.callee
    )
    return Specialized(made, tuple(s.dependencies), tuple(s.free.items()))


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
        return tuple(self.resolve(y) for y in block.yields)

    def resolve(self, operand: Operand) -> Operand:
        return map_leaves(lambda leaf: self.env[leaf] if isinstance(leaf, Value) else leaf, operand)

    def nested(self, block: Block) -> tuple[list[Statement], tuple[Operand, ...]]:
        """The statements of a block, collected apart."""
        body, self.body = self.body, []
        try:
            yields = self.block(block)
            return self.body, yields
        finally:
            self.body = body

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
            self.env[s.result] = made
        elif isinstance(s, If):
            self.if_(s)
        elif isinstance(s, ForEach):
            self.for_each(s)
        elif isinstance(s, For):
            plan = Range(*(self.resolve(o) for o in (s.start, s.stop, s.step)))
            self.rolled(s, Reversed(plan) if s.backwards else plan)
        else:
            assert isinstance(s, While), f"a {type(s).__name__} cannot be specialized again"
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
        then, a = self.nested(s.then)
        orelse, b = self.nested(s.orelse)
        merged = [self.merge(p, q, r.name, (r.id, self.path)) for p, q, r in zip(a, b, s.results, strict=True)]
        flat = [m for _, phis in merged for m in phis]
        results = tuple(v for v, _, _ in flat)
        blocks = (Block((), tuple(then), tuple(p for _, p, _ in flat)), Block((), tuple(orelse), tuple(q for _, _, q in flat)))
        self.body.append(If(test, blocks[0], blocks[1], results, place, origin, s.expression))
        self.env.update({r: m for r, (m, _) in zip(s.results, merged, strict=True)})

    def truth(self, test: Operand) -> Operand:
        t = type_of(test)
        if isinstance(t, Const):
            return Const(bool(t.value))
        if isinstance(t, (Tuple, List, Dict)):
            return Const(len(t.items) > 0)
        return test

    def merge(self, a: Operand, b: Operand, name: str, key: Hashable) -> tuple[Operand, list[tuple[Value, Operand, Operand]]]:
        """The φ of two operands, item by item where they have one structure, and its leaves (result, yield, yield)."""
        if a is b or a == b:
            return a, []
        a, b = self.expose(a, b), self.expose(b, a)
        for kind in (Tuple, List):
            if isinstance(a, (kind, Undefined)) and isinstance(b, (kind, Undefined)):
                p, q = _items_like(a, b), _items_like(b, a)
                if p is not None and q is not None:
                    pairs = [
                        self.merge(x, y, f"{name}_{i}" if name else "", (key, i))
                        for i, (x, y) in enumerate(zip(p, q, strict=True))
                    ]
                    return kind(tuple(m for m, _ in pairs)), [leaf for _, ls in pairs for leaf in ls]
        if isinstance(a, (Dict, Undefined)) and isinstance(b, (Dict, Undefined)):
            keys = a.keys if isinstance(a, Dict) else b.keys  # type: ignore[union-attr]
            if all(o.keys == keys for o in (a, b) if isinstance(o, Dict)):
                p, q = _items_like(a, b), _items_like(b, a)
                assert p is not None and q is not None
                pairs = [self.merge(x, y, str(k), (key, k)) for k, x, y in zip(keys, p, q, strict=True)]
                return Dict(keys, tuple(m for m, _ in pairs)), [leaf for _, ls in pairs for leaf in ls]
        self.refuse_different(type_of(a), type_of(b), name)
        value = Value(join(widen_if_differ(type_of(a), type_of(b)), type_of(b), key), name)
        return value, [(value, a, b)]

    def refuse_different(self, a: Abstract, b: Abstract, name: str) -> None:
        """Containers that differ in structure have no common form."""
        if Undefined in (type(a), type(b)) or not any(isinstance(t, (Tuple, List, Dict)) for t in (a, b)):
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
        return made

    # -- loops -------------------------------------------------------------------------------------------------------

    def for_each(self, s: ForEach) -> None:
        plan = self.plan(self.resolve(s.iterable))
        if any(isinstance(p, Items) for p in plan_parts(plan)) or (self.static and trip_count(plan) is not None):
            self.unrolled(s, plan)
            return
        mark, env, place, origin = len(self.body), dict(self.env), self.place, self.origin
        try:
            self.rolled(s, plan)
        except UnrollError:
            if trip_count(plan) is None:
                raise
            del self.body[mark:]
            self.env, self.place, self.origin = env, place, origin
            self.unrolled(s, plan)

    def plan(self, operand: Operand) -> Plan:
        if isinstance(operand, Const) and isinstance(operand.value, Plan):
            return operand.value
        if isinstance(operand, Value) and isinstance(operand.type, (Tuple, List, Dict)):
            operand = self.explode(operand)
        if isinstance(operand, (Tuple, List)):
            return Items(operand.items)
        if isinstance(operand, Dict):
            return Items(tuple(Const(k) for k in operand.keys))
        if isinstance(operand, Const) and isinstance(operand.value, (tuple, list, str, range)):
            return Items(tuple(Const(v) for v in operand.value))
        if isinstance(operand, Value) and isinstance(operand.type, Array) and operand.type.shape != ():
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
        self.iteration(s, plan, k, n, carried)
        rest, self.body = self.body, body
        after = [self.env[r] for r in s.results]
        merged = [self.merge(p, q, r.name, (r.id, k, self.path)) for p, q, r in zip(carried, after, s.results, strict=True)]
        flat = [m for _, phis in merged for m in phis]
        blocks = (Block((), (), tuple(p for _, p, _ in flat)), Block((), tuple(rest), tuple(q for _, _, q in flat)))
        self.body.append(If(stop, blocks[0], blocks[1], tuple(v for v, _, _ in flat), place, origin))
        self.env.update({r: m for r, (m, _) in zip(s.results, merged, strict=True)})

    def rolled(self, s: ForEach | For, plan: Plan) -> None:
        if self.static:
            raise NotStaticError
        start, stop, step, backwards = self.bounds(plan, s.exits)
        place, origin = self.place, self.origin
        inits = [self.expose_all(self.resolve(i)) for i in s.inits]
        whole = isinstance(plan, Range) or (isinstance(plan, Reversed) and isinstance(plan.part, Range) and not s.exits)
        name = s.body.params[0].name
        index = Value(Scalar(int, size_symbol(f"i#{s.body.params[0].id}.{self.path}")), name if whole else "")

        def enter(params: list[Operand]) -> tuple[Operand, ...]:
            first = index if whole else element(self, plan, index)
            if not whole and isinstance(first, Value) and not first.name:
                first.name = name
            self.env.update(zip(s.body.params, (first, *params), strict=True))
            return self.block(s.body)

        params, body, yields = self.fixpoint(s.body.params[1:], inits, enter)
        if isinstance(index, Value) and not index.name:
            index.name = "i"
        flag = yields[-1] if s.exits else Const(False)
        exits = self.truth(flag) != Const(False)
        values, outs, begun = _carried(params, yields[: len(inits)], inits)
        results, env = self.results(params, values)
        self.env.update(zip(s.results, env, strict=False))
        counted: tuple[Value, ...] = (Value(Scalar(int)),) if exits else ()
        if counted and isinstance(s, For):
            self.env[s.results[-1]] = counted[0]
        block = Block((index, *values), tuple(body), (*outs, flag) if exits else outs)
        self.body.append(For(start, stop, step, block, begun, exits, backwards, (*results, *counted), place, origin))

    def bounds(self, plan: Plan, exits: bool) -> tuple[Operand, Operand, Operand, bool]:
        if isinstance(plan, Range):
            return plan.start, plan.stop, plan.step, False
        if isinstance(plan, Reversed) and isinstance(plan.part, Range) and not exits:
            return plan.part.start, plan.part.stop, plan.part.step, True
        return Const(0), plan.length(self), Const(1), False

    def expose_all(self, operand: Operand) -> Operand:
        """An operand with every container value in it taken apart."""
        if isinstance(operand, Value):
            return self.expose_all(self.explode(operand)) if isinstance(operand.type, (Tuple, List, Dict)) else operand
        if isinstance(operand, (Tuple, List)):
            return type(operand)(tuple(self.expose_all(i) for i in operand.items))
        if isinstance(operand, Dict):
            return Dict(operand.keys, tuple(self.expose_all(i) for i in operand.items))
        return operand

    def fixpoint(
        self, formal: Sequence[Value], inits: list[Operand], enter: Callable[[list[Operand]], tuple[Operand, ...]]
    ) -> tuple[list[Operand], list[Statement], tuple[Operand, ...]]:
        """The carried parameters of a loop with types that hold in every iteration, and the body built on them."""
        types = [self.entry_type(type_of(i), p) for i, p in zip(inits, formal, strict=True)]
        instances = self.instances
        for attempt in range(12):
            self.instances = instances  # every attempt is the same run
            params = [_structure(t, p.name, u) for t, p, u in zip(types, formal, inits, strict=True)]
            body, self.body = self.body, []
            env = dict(self.env)
            try:
                yields = enter(params)
                yields = (*(self.expose_all(y) for y in yields[: len(inits)]), *yields[len(inits) :])
                made = self.body
            finally:
                self.body, self.env = body, env
            for t, y, p in zip(types, yields, formal, strict=False):
                self.refuse_different(t, type_of(y), p.name)
            keys = [("loop", p.id, self.path) for p in formal]
            after = [join(t, type_of(y), key) for t, y, key in zip(types, yields, keys, strict=False)]
            after = [own_sizes(a, key) if type_of(i) != a else a for a, i, key in zip(after, inits, keys, strict=True)]
            if after == types:
                return params, made, yields
            types = after if attempt < 8 else [UNKNOWN if a != t else t for a, t in zip(after, types, strict=True)]
        raise SctError("the types of the values that this loop carries do not settle", self.place)

    def entry_type(self, t: Abstract, formal: Value) -> Abstract:
        """The first guess: a named number is not taken for a constant, a flag is until it is seen to change."""
        return widen(t) if formal.name else t

    def results(self, params: list[Operand], values: tuple[Value, ...]) -> tuple[tuple[Value, ...], list[Operand]]:
        made = {v: Value(v.type, v.name) for v in values}
        return tuple(made.values()), [map_leaves(lambda leaf: made.get(leaf, leaf), p) for p in params]

    def while_(self, s: While) -> None:
        if self.static:
            raise NotStaticError
        place, origin = self.place, self.origin
        inits = [self.expose_all(self.resolve(i)) for i in s.inits]

        def enter(params: list[Operand]) -> tuple[Operand, ...]:
            self.env.update(zip(s.body.params, params, strict=True))
            return self.block(s.body)

        params, body, yields = self.fixpoint(s.body.params, inits, enter)
        values, outs, begun = _carried(params, yields[: len(inits)], inits)
        again = {v: Value(v.type, v.name) for v in values}
        self.env.update(zip(s.test.params, (map_leaves(lambda leaf: again.get(leaf, leaf), p) for p in params), strict=True))
        test_body, test = self.nested(s.test)
        flag = yields[-1] if s.exits else Const(False)
        exits = self.truth(flag) != Const(False)
        results, env = self.results(params, values)
        count = Value(Scalar(int))
        self.env.update(zip(s.results, (*env, count), strict=True))
        test_block = Block(tuple(again.values()), tuple(test_body), (self.truth(test[0]),))
        block = Block(values, tuple(body), (*outs, flag) if exits else outs)
        self.body.append(While(test_block, block, begun, exits, (*results, count), place, origin))

    # -- operations --------------------------------------------------------------------------------------------------

    def append(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        v = Value(t, "" if self.static else name)
        self.body.append(Apply(op, tuple(args), tuple(kwargs.items()), v, self.place, self.origin))
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
        if any(a is UNDEFINED for a in args):
            return UNDEFINED
        if op is CALL:
            return self.call_value(args, kwargs, name)
        if isinstance(op, InPlace):
            op = op.op
        if op in _IN_PLACE_KEYS:
            op = self.rebinding(op, args)
        handler = STRUCTURAL.get(op) if _hashable(op) else None
        if handler is not None:
            made = handler(self, args, kwargs)
            if made is not NotImplemented:
                return made  # type: ignore[no-any-return]
        if isinstance(op, Derived):
            return self.append(op, args, kwargs, known, name)
        if isinstance(op, (Attribute, Method, Format, Free)) or is_effect(op) or op is UNPACK:
            return self.special(op, args, kwargs, name, known)
        if getattr(op, "__module__", None) == "sct.api" and isinstance(op, FunctionType):
            return self.transform(op, args, kwargs)
        if hasattr(op, "__sct_typed__"):
            return self.derivative(op, args, kwargs)
        if isinstance(op, FunctionType) and (not known_operation(op) or op in _FOLDABLE):
            return self.python_call(op, args, kwargs, name)
        self.refuse_writes(op, args, kwargs)
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

    def rebinding(self, op: Any, args: Sequence[Operand]) -> Any:
        """The operation that `x += v` stands for where x is a number; arrays and lists would be written into."""
        t = type_of(args[0])
        scalar = isinstance(t, (Const, Scalar, Tuple)) or (isinstance(t, Array) and t.shape == () and not t.boxed)
        if not scalar:
            name = args[0].name if isinstance(args[0], Value) else ""
            x = name or "x"
            raise UnsupportedSyntaxError(
                f"a write into an array (an augmented assignment to {x!r}, which is {t})",
                self.place,
                f"Write `{x} = {x} + ...`, which makes a new array.",
            )
        return _IN_PLACE[op]

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
            self.refuse_writes(op, args, kwargs)
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
            template = _templates.get(key)
        except TypeError:  # a constant that cannot be hashed
            return self.inlined_rule(op, args, kwargs)
        if template is None:
            template = self.template(op, args, kwargs)
            if template is None:
                return self.inlined_rule(op, args, kwargs)
            if len(_templates) >= _TEMPLATES:
                _templates.clear()
            _templates[key] = template
        return self.instance(template, list(values_of(*operands)))

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
        self.dependencies.extend(d for d in typed.dependencies if d not in self.dependencies)
        for free, t in typed.free:
            self.free.setdefault(free, t)
        return self.run(typed.function, bound)

    def refuse_writes(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> None:
        wrote = any(op is f for f in _WRITING_FUNCTIONS)
        wrote = wrote or kwargs.get("out", Const(None)) != Const(None)
        wrote = wrote or (isinstance(op, np.ufunc) and len(args) > op.nin)
        if wrote:
            raise UnsupportedSyntaxError(
                f"a write into an array ({describe(op)})",
                self.place,
                "Build a new array, with np.where, np.concatenate or arithmetic.",
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
        if isinstance(t, Dict):
            return self.dict_method(op, x, args[1:])
        writes = op.name in _WRITING_METHODS or kwargs.get("out", Const(None)) != Const(None)
        other = isinstance(t, (Scalar, Unknown)) or (isinstance(t, Const) and not isinstance(t.value, np.ufunc))
        if writes and not other:
            raise UnsupportedSyntaxError(
                f"a write into an array, list or dict (.{op.name}())", self.place, "Build a new one from the old one."
            )
        if isinstance(t, Const) and isinstance(t.value, (ModuleType, type)):
            return self.apply(CALL, (self.attribute(Attribute(op.name), x, ""), *args[1:]), kwargs, name)
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

    def dict_method(self, op: Method, x: Operand, args: Sequence[Operand]) -> Operand:
        d = self.explode(x) if isinstance(x, Value) else x
        assert isinstance(d, Dict)
        if op.name == "items":
            return Const(Items(tuple(Tuple((Const(k), v)) for k, v in zip(d.keys, d.items, strict=True))))
        if op.name == "keys":
            return Const(Items(tuple(Const(k) for k in d.keys)))
        if op.name == "values":
            return Const(Items(d.items))
        if op.name == "get" and args and isinstance(args[0], Const):
            default = args[1] if len(args) > 1 else Const(None)
            return d.items[d.keys.index(args[0].value)] if args[0].value in d.keys else default
        if op.name == "copy":
            return d
        raise UnsupportedSyntaxError(f"the dict method .{op.name}()", self.place, "Index the dict, or loop over its items.")


_SHAPE = Attribute("shape")
_IN_PLACE_KEYS = frozenset(_IN_PLACE)
# These are inlined where types are known, though there are rules for them.
_FOLDABLE: frozenset[Any] = frozenset((runtime.unbroadcast, runtime.keep_reduced_axes))


def _hashable(op: Any) -> bool:
    try:
        hash(op)
    except TypeError:
        return False
    return True


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
