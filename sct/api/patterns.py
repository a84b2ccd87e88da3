"""Patterns of Jacobians: which entries may be other than zero, found by propagating index sets through a derivative.

Takes the SSA form of a linearized function (`sct.linearize`) and the arguments of a call; gives for each number of the result
the numbers of the arguments that it depends on. Never calls the function, and changes nothing of what it is given.

Method: sparse index sets in forward mode (Griewank & Walther 2008, section 7.1), along the linear function of the tangents and
not along the function itself. What is computed for a compressed Jacobian is computed by that linear function, so that its
sets bound what it can make other than zero, whatever rules, zeros of derivatives and `sct.stop_gradient` there are; a Hessian's
is that of the gradient's derivative, and nothing of second order has to be known of any operation.

The statements are run one after another on the values of the call: numbers as numbers, tangents as arrays of index sets
(`sct.api.index_sets`). So an index that depends on data, a loop whose end does, a branch, and a write into an array or a view
of one are what they are at that call, and the sets are as small as the code allows; to a compiler, which knows sizes only, each
would be the whole array. The price is that the sets are those of the call. Beside each value stands from which arguments and
data outside it comes, and what decides something (an index, a test, the end of a loop, a shape) is noted with those: the
pattern holds as long as these are as they were (`Found.relies`), and where some of them come from the numbers that the
derivative is by (`Found.moves`), for this call alone.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.effects import effect
from sct.api.index_sets import EMPTY, Sets, added_into, applied, empty, holds_sets, is_elementwise, put_into, singletons
from sct.api.trees import of_kind
from sct.errors import Place, UnsupportedSyntaxError
from sct.frontend.resolve import free_value
from sct.ir.ops import (
    ASSERT,
    DICT,
    LIST,
    NEW,
    POP,
    PUSH,
    RAISE,
    TAPE,
    TRUTH,
    TUPLE,
    UNPACK,
    Again,
    Attribute,
    Call,
    Derived,
    Field,
    Free,
    InPlace,
    Method,
    Rebind,
    Special,
    Store,
    View,
    describe,
)
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Closure, For, Function, If, Operand, Statement, Value, While, blocks_in, values_of
from sct.ir.types import Array, Const, Dict, FieldName, Record, Scalar, Slice, Tuple, Undefined, is_worked_out
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.runtime import expectations
from sct.transform.by_rule import as_call

__all__ = ["Found", "found_pattern"]

_BY = 1
"""The mark of what comes from the numbers that the derivative is by; further bits are those of arguments and data outside."""


class _UnfollowedError(Exception):
    """Sets are not followed through an operation. Never reaches a user."""


_MAY_HOLD = (np.ndarray, tuple, list, dict)


@record(frozen=True)
class Found:
    """A pattern: for each number of the result, the numbers that it depends on.

    `moves`: it holds for this call alone. `relies`: the names of the arguments, and the data outside, that it holds for;
    `outside`: all of the latter that was read, whose shapes it may rely on as well.
    """

    rows: tuple[frozenset[int], ...]
    moves: bool
    relies: tuple[str | Free, ...]
    outside: tuple[Free, ...]


def found_pattern(f: Function, args: Sequence[Any], wrt: Sequence[str], called: Callable[[Any], Any]) -> Found:
    """The pattern of the derivative at a call.

    Parameters
    ----------
    f : Function
        Of `linearize`: gives its value and a closure of the tangents of `wrt`.
    args : sequence
        The arguments, copies of them.
    wrt : sequence of str
        The parameters that it is differentiated by: of numbers, arrays, tuples, lists and dicts of these.
    called : callable
        Gives the function for what the derivative calls by a `Derived` or `Again`.

    Raises
    ------
    UnsupportedSyntaxError
        If it does something through which no sets are followed; says where.
    """
    return _Run(f, wrt, called).found(args)


class _Run:
    """`env` has what each value is, `marks` from what it comes; `held` the sets that arrays of numbers hold in places."""

    def __init__(self, f: Function, wrt: Sequence[str], called: Callable[[Any], Any]) -> None:
        self.f = f
        self.wrt = wrt
        self.called = called
        self.env: dict[Value, Any] = {}
        self.marks: dict[Value, int] = {}
        self.written: dict[int, tuple[Any, int]] = {}  # by identity: an array or a list, and from what comes what it holds
        self.held: dict[int, tuple[Any, Any]] = {}  # by identity: an array, and the sets at its places
        self.outside: dict[Free, int] = {}
        self.ways: dict[Apply, Callable[[Apply], tuple[Any, int]]] = {}
        self.names: list[str | Free] = []
        self.control = 0  # from what comes whether this is run
        self.decided = 0
        self.linear = False  # whether this is in the function of tangents

    def found(self, args: Sequence[Any]) -> Found:
        for p, value in zip(self.f.block.params, args, strict=True):
            self.env[p] = value
            self.marks[p] = _BY if p.name in self.wrt else self.mark(p.name)
        with np.errstate(all="ignore"):
            (pair,) = self.block(self.f.block)
            push = pair[1]
            assert isinstance(push, Closure)
            self.linear = True
            count = 0
            by_name = dict(zip(self.f.signature.parameters, args, strict=True))
            for p, name in zip(push.block.params, self.wrt, strict=True):
                self.env[p], count = _numbered(by_name[name], count)
                self.marks[p] = 0
            (y_dot,) = self.block(push.block)
        entries = chain.from_iterable(_entries_of(self.held_in(y_dot)))
        relies = tuple(n for k, n in enumerate(self.names) if self.decided >> (k + 1) & 1)
        return Found(tuple(entries), bool(self.decided & _BY), relies, tuple(self.outside))

    def mark(self, name: str | Free) -> int:
        self.names.append(name)
        return 1 << len(self.names)

    # -- values ------------------------------------------------------------------------------------------------------

    def operand(self, o: Operand) -> Any:
        kind = type(o)  # asked more often than anything else
        if kind is Value:
            x = self.env[o]  # type: ignore[index]
            return self.held_in(x) if self.held and type(x) in _MAY_HOLD else x
        if kind is Const:
            return o.value  # type: ignore[union-attr]
        if isinstance(o, Slice):
            return slice(self.operand(o.start), self.operand(o.stop), self.operand(o.step))
        if isinstance(o, Undefined):
            return None
        if isinstance(o, Record):
            raise _UnfollowedError("an object that is made")
        if isinstance(o, Dict):
            return {k: self.operand(v) for k, v in o.mapping().items()}
        items = map(self.operand, o.items)  # type: ignore[union-attr]
        return tuple(items) if isinstance(o, Tuple) else list(items)

    def marks_of(self, values: Iterable[Value]) -> int:
        """From what values come, and what is in the memory of those that are arrays."""
        found = 0
        for v in values:
            found |= self.marks[v]
            if self.written and type(self.env[v]) in _MAY_HOLD:
                found |= self.of_memory(self.env[v])
        return found

    def of_memory(self, x: Any) -> int:
        if isinstance(x, np.ndarray):
            return self.written.get(id(_owner(x)), (None, 0))[1]
        if isinstance(x, (list, tuple, dict)):
            own = self.written.get(id(x), (None, 0))[1]
            for i in x.values() if isinstance(x, dict) else x:
                own |= self.of_memory(i) if isinstance(i, (np.ndarray, list, tuple, dict)) else 0
            return own
        return 0

    def note(self, x: Any, marks: int) -> None:
        """Something is written into an array or a list."""
        owner = _owner(x) if isinstance(x, np.ndarray) else x
        self.written[id(owner)] = owner, self.written.get(id(owner), (None, 0))[1] | marks | self.control

    def decide(self, marks: int) -> None:
        """A value decides what entries the sets are of, or, of numbers, what is computed."""
        if self.linear:
            self.decided |= marks

    def held_in(self, x: Any) -> Any:
        """A value with the sets that were written into it."""
        if isinstance(x, np.ndarray):
            owner = _owner(x)
            return Sets(_at_its_place(x, owner, self.held[id(owner)][1])) if id(owner) in self.held else x
        if isinstance(x, (tuple, list)) and self.held and any(isinstance(i, (np.ndarray, tuple, list, dict)) for i in x):
            made = [self.held_in(i) for i in x]
            return x if all(map(operator.is_, made, x)) else of_kind(x, made)
        if isinstance(x, dict) and self.held:
            return {k: self.held_in(v) for k, v in x.items()}
        return x

    def to_hold(self, x: Any) -> Sets:
        """The place for sets of an array of numbers."""
        if isinstance(x, Sets):
            return x
        owner = _owner(x)
        if not isinstance(x, np.ndarray) or not owner.flags.forc or x.dtype.itemsize == 0:
            raise _UnfollowedError("a tangent that is written into something else than an array")
        self.decide(self.of_memory(x))
        self.held.setdefault(id(owner), (owner, np.full(owner.size, EMPTY, object)))
        made = self.held_in(x)
        assert isinstance(made, Sets)
        return made

    # -- statements --------------------------------------------------------------------------------------------------

    def block(self, block: Block) -> list[Any]:
        for s in block.body:
            self.statement(s)
        return [self.operand(o) for o in block.yields]

    def statement(self, s: Statement) -> None:
        if isinstance(s, Apply):
            try:
                self.env[s.result], marks = self.apply(s)
            except _UnfollowedError as e:
                raise _not_followed(s, e) from None
            self.marks[s.result] = marks | self.control
        elif isinstance(s, Closure):
            self.env[s.result], self.marks[s.result] = s, 0
        elif isinstance(s, If):
            self.branch(s)
        elif isinstance(s, (For, While)):
            self.loop(s)
        else:
            raise _not_followed(s)

    def bind(self, results: Sequence[Value], values: Sequence[Any], operands: Sequence[Operand], marks: int) -> None:
        for r, value, o in zip(results, values, operands, strict=True):
            self.env[r] = value
            self.marks[r] = self.marks_of(values_of(o)) | marks | self.control

    def branch(self, s: If) -> None:
        if s.handles is not None:
            raise _not_followed(s)
        test, marks = self.operand(s.test), self.marks_of(values_of(s.test))
        taken = s.then if test else s.orelse
        with self.under(marks, s):
            found = self.block(taken)
            self.bind(s.results, found, taken.yields, 0)

    @contextmanager
    def under(self, marks: int, s: Statement) -> Any:
        """What is run, or not, by values of such marks; what it does not write into arrays depends on these as well."""
        self.decide(marks)
        before = self.control
        self.control |= 0 if self.linear else marks
        if marks and not self.linear and any(_is_write(t) for b in s.blocks for c in blocks_in(b) for t in c.body):
            self.decided |= marks
        try:
            yield
        finally:
            self.control = before

    def loop(self, s: For | While) -> None:
        marks = self.marks_of(values_of(Tuple((s.start, s.stop, s.step)))) if isinstance(s, For) else 0
        carried = [self.operand(o) for o in s.inits]
        came = [self.marks_of(values_of(o)) for o in s.inits]
        begun = 0
        if isinstance(s, For):
            steps = range(self.operand(s.start), self.operand(s.stop), self.operand(s.step))
            indices: Any = reversed(steps) if s.backwards else steps
        else:
            indices = iter(int, 1)
        n = len(carried)
        for i in indices:
            if isinstance(s, While):
                self.enter(s.test.params, carried, came)
                (test,) = self.block(s.test)
                marks |= self.marks_of(values_of(*s.test.yields))
                if not test:
                    break
            begun += 1
            params = s.body.params
            if isinstance(s, For):
                self.env[params[0]], self.marks[params[0]] = i, marks | self.control
                params = params[1:]
            self.enter(params, carried, came)
            with self.under(marks, s):
                found = self.block(s.body)
            came = [self.marks_of(values_of(o)) | marks for o in s.body.yields[:n]]
            carried = found[:n]
            if s.exits:
                marks |= self.marks_of(values_of(*s.body.yields[n:]))
                if found[n]:
                    break
        with self.under(marks, s):
            pass
        for r, value, m in zip(s.results, [*carried, begun], [*came, marks], strict=False):
            self.env[r], self.marks[r] = value, m | marks | self.control

    def enter(self, params: Sequence[Value], carried: Sequence[Any], came: Sequence[int]) -> None:
        for p, value, m in zip(params, carried, came, strict=True):
            self.env[p], self.marks[p] = value, m

    # -- operations --------------------------------------------------------------------------------------------------

    def apply(self, s: Apply) -> tuple[Any, int]:
        way = self.ways.get(s)
        if way is None:
            way = self.ways[s] = self.way(s)
        return way(s)

    def way(self, s: Apply) -> Callable[[Apply], tuple[Any, int]]:
        """How a statement is run, each time."""
        op = s.op.op if isinstance(s.op, InPlace) else s.op
        if isinstance(op, Free):
            return self.free
        if isinstance(s.op, (Store, InPlace)) and s.op.op in (runtime.updated, runtime.scatter_add):
            return self.store
        if isinstance(op, Store) and op.op in _CHANGES:
            return self.changed
        if isinstance(op, Rebind):
            return self.rebind
        if isinstance(op, Special):
            return self.special
        if op in _CHECKS:
            return lambda s: (None, 0)
        if effect(s) not in ("none", "reads", "writes") or isinstance(op, (Again, View)):
            raise _UnfollowedError(describe(op))
        if isinstance(op, Derived):
            return self.derived
        if isinstance(op, Call):
            op = op.function
        if isinstance(op, (Attribute, Field)):
            run: Any = operator.attrgetter(op.name)
        elif isinstance(op, Method):
            run = functools.partial(_called, op.name)
        else:
            run = _item if op is operator.getitem else op
        if not callable(run):
            raise _UnfollowedError(describe(op))
        return functools.partial(self.computed, op, run)

    def free(self, s: Apply) -> tuple[Any, int]:
        if s.op not in self.outside:
            self.outside[s.op] = self.mark(s.op)
        return free_value(s.op), self.outside[s.op]

    def computed(self, op: Any, run: Callable[..., Any], s: Apply) -> tuple[Any, int]:
        args = [self.operand(a) for a in s.args]
        kwargs = {k: self.operand(v) for k, v in s.kwargs} if s.kwargs else {}
        if holds_sets(args) or (kwargs and holds_sets(kwargs)):
            return self.of_sets(s, op, args, kwargs), 0
        return run(*args, **kwargs), self.of_shape(s, self.marks_of(s.values))

    def of_sets(self, s: Apply, op: Any, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
        if op is operator.getitem and not isinstance(args[0], Sets):
            self.decide(self.marks_of(values_of(*s.args[1:])))
            return _item(args[0], args[1])
        operands, named = as_call(s)
        if isinstance(op, Method):
            args, kwargs = [self.operand(o) for o in operands], {k: self.operand(o) for k, o in named.items()}
        found, by_value = _applied(op, args, kwargs)
        settled = is_elementwise(primitive_of(op)) and _is_settled(found, [*args, *kwargs.values()])
        if self.linear:
            for o, x in zip((*operands, *named.values()), (*args, *kwargs.values()), strict=True):
                if isinstance(o, Const) or holds_sets(x):
                    continue
                if by_value:
                    self.decided |= self.marks_of(values_of(o))
                elif not settled:
                    self.decided |= self.marks_of_shape(o)
        return found

    def marks_of_shape(self, o: Operand) -> int:
        """From what the shape of an operand comes, beside the shapes of arguments and of data outside, and their integers."""
        t = o.type if isinstance(o, Value) else None
        if isinstance(t, Scalar) or isinstance(o, Const):
            return 0
        if isinstance(t, Array) and t.shape is not None and all(map(is_worked_out, t.shape)):
            return 0
        return self.marks_of(values_of(o))

    def of_shape(self, s: Apply, marks: int) -> int:
        """The marks of a result: of what asks for a shape, those of that."""
        primitive = primitive_of(s.op)
        if primitive in (np.shape, np.ndim, np.size, len) and s.args:
            return self.marks_of_shape(s.args[0])
        form_of = facts_of(s.op).form_of
        if form_of is None or len(s.args) <= form_of:
            return marks
        others = [o for k, o in enumerate((*s.args, *[o for _, o in s.kwargs])) if k != form_of]
        return self.marks_of(values_of(*others)) | self.marks_of_shape(s.args[form_of])

    def store(self, s: Apply) -> tuple[Any, int]:
        x, path, v = map(self.operand, s.args)
        marks = self.marks_of(s.values)
        if not isinstance(x, Sets) and not isinstance(v, Sets):
            self.note(x, marks)
            part = runtime.part(x, path[:-1])
            if s.op.op is runtime.updated:
                part[path[-1]] = v
            else:
                np.add.at(part, path[-1], v)
            return x, marks
        if holds_sets(path):
            raise _UnfollowedError("an index that depends on a tangent")
        self.decide(self.marks_of(values_of(s.args[1])))
        part = Sets(runtime.part(self.to_hold(x).entries, path[:-1]))
        (put_into if s.op.op is runtime.updated else added_into)(part, path[-1], v)
        return x, marks

    def rebind(self, s: Apply) -> tuple[Any, int]:
        x, v = map(self.operand, s.args)
        op, marks = s.op.op, self.marks_of(s.values)
        if not isinstance(x, (Sets, np.ndarray)):
            return (_applied(op, (x, v), {})[0] if holds_sets(v) else op(x, v)), marks
        if isinstance(x, Sets) or isinstance(v, Sets):
            place = self.to_hold(x)
            put_into(place, ..., _applied(op, (place, v), {})[0])
            return x, marks
        x[...] = op(x, v)
        self.note(x, marks)
        return x, marks

    def itself(self, o: Operand) -> Any:
        """The list or dict that an operand is, to be changed, and not one like it with the sets that its items hold."""
        x = self.env[o] if isinstance(o, Value) else None
        if not isinstance(x, (list, dict)):
            raise _UnfollowedError("a change of something else than a list or dict")
        return x

    def changed(self, s: Apply) -> tuple[Any, int]:
        """A change of a list or dict."""
        x, op, marks = self.itself(s.args[0]), s.op.op, self.marks_of(s.values)
        others = [self.operand(o) for o in s.args[1:]]
        keys = s.args[1:] if op in (operator.delitem, Method("pop")) else s.args[1:2]
        self.decide(0 if op == Method("append") else self.marks_of(values_of(*keys)))
        self.note(x, marks)
        if isinstance(op, Method):
            return self.held_in(getattr(x, op.name)(*others)), marks
        op(x, *others)
        return None, 0

    def special(self, s: Apply) -> tuple[Any, int]:
        op, marks = s.op, self.marks_of(s.values)
        args = [self.operand(a) for a in s.args]
        if op is UNPACK:
            items = [Sets(e) for e in args[0].entries] if isinstance(args[0], Sets) else [*args[0]]
            return tuple(items), marks
        if op in (LIST, TUPLE, DICT, NEW):
            made: Any = args[0] if op is NEW else dict(args) if op is DICT else args
            return tuple(made) if op is TUPLE else type(made)(made), marks
        if op is TAPE:
            return (list(args[0]) if args else []), marks
        if op is PUSH:
            tape = self.itself(s.args[0])
            tape.append(args[1])
            self.note(tape, marks)
            return None, 0
        if op is POP:
            return self.held_in(self.itself(s.args[0]).pop()), marks
        if op is TRUTH:
            return bool(args[0]), marks
        if op is RAISE:
            raise args[0]
        if op is ASSERT:
            return None, 0
        raise _UnfollowedError(describe(op))

    def derived(self, s: Apply) -> tuple[Any, int]:
        """The call of a derivative that stays one: its tangent is dense."""
        op, marks = s.op, self.marks_of(s.values)
        args = [self.operand(a) for a in s.args]
        if op.transform != "jvp" or op.draws:
            raise _UnfollowedError(describe(op))
        function = self.called(op)
        if not holds_sets(args):
            return function(*args), marks
        found, _ = _applied(function, args, {})
        n = len(args) - len(op.wrt)
        value, _ = function(*args[:n], *[np.zeros(a.shape) if isinstance(a, Sets) else a for a in args[n:]])
        return (value, found[1]), marks


def _is_settled(found: Any, operands: Sequence[Any]) -> bool:
    """Whether a factor has no say in the shape of a product: it is that of some sets, which have no axis to be broadcast."""
    shapes = [x.shape for x in operands if isinstance(x, Sets)]
    return isinstance(found, Sets) and found.shape in shapes and 1 not in found.shape


def _applied(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, bool]:
    """What an operation gives of sets."""
    try:
        return applied(op, args, kwargs)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as e:  # of what takes numbers alone
        raise _UnfollowedError(str(e)) from None


def _item(x: Any, key: Any) -> Any:
    return getattr(x, str(key)) if isinstance(key, FieldName) else x[key]


def _called(name: str, x: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(x, name)(*args, **kwargs)


_CHECKS = tuple(getattr(expectations, n) for n in expectations.__all__)


_CHANGES = (operator.setitem, operator.delitem, Method("append"), Method("pop"))


def _is_write(s: Statement) -> bool:
    return isinstance(s, Apply) and (isinstance(s.op, (Store, Rebind, InPlace)) or s.op in (PUSH, POP))


def _owner(x: Any) -> Any:
    """The array in whose memory an array lies."""
    while isinstance(x.base, np.ndarray):
        x = x.base
    return x


def _at_its_place(x: Any, owner: Any, entries: Any) -> Any:
    """The part of the sets of an array that lies where `x`, a view of it, does."""
    size, step = owner.dtype.itemsize, entries.itemsize
    first = (x.__array_interface__["data"][0] - owner.__array_interface__["data"][0]) // size
    strides = [n // size * step for n in x.strides]
    return np.lib.stride_tricks.as_strided(entries[first:] if x.size else entries[:0], x.shape, strides)


def _numbered(x: Any, count: int) -> tuple[Any, int]:
    """The numbers of an argument, counted on, as sets of themselves."""
    if isinstance(x, (tuple, list)):
        items = []
        for i in x:
            made, count = _numbered(i, count)
            items.append(made)
        return of_kind(x, items), count
    if isinstance(x, dict):
        found = {}
        for k, v in x.items():
            found[k], count = _numbered(v, count)
        return found, count
    return singletons(np.shape(x), count), count + int(np.size(x))


def _entries_of(x: Any) -> Iterable[Iterable[frozenset[int]]]:
    """The sets of the numbers of a result, in order; those of what has none are empty."""
    if isinstance(x, (tuple, list, dict)):
        return chain.from_iterable(map(_entries_of, x.values() if isinstance(x, dict) else x))
    return [(x if isinstance(x, Sets) else empty(np.shape(x))).entries.ravel()]


def _not_followed(s: Statement, error: Exception | None = None) -> UnsupportedSyntaxError:
    what = describe(s.op) if isinstance(s, Apply) else "try"
    place: Place | None = s.place or (s.origin.place if s.origin is not None else None)
    reason = f"the pattern of a Jacobian is not followed through {what}"
    return UnsupportedSyntaxError(
        reason if error is None or str(error) in ("", what) else f"{reason}: {error}",
        place,
        "Give the pattern: sparsity=, a matrix that is other than zero where the Jacobian may be.",
    )
