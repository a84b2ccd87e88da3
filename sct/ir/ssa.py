"""Structured SSA: blocks of statements in which every value is defined once.

`If`, `For` and `While` own blocks and have explicit results (the φ's), so that Python can be written back. Everything here
is immutable: a stage takes a `Function` and gives another. An operand is a `Value`, a `Const`, `UNDEFINED`, or a container
(`Tuple`, `List`, `Dict`, `Slice`) of operands.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

from sct.errors import Place
from sct.ir.manager import managed
from sct.ir.ops import RAISE
from sct.ir.records import record
from sct.ir.types import UNKNOWN, Abstract, Const, Dict, List, Slice, Tuple, Undefined, with_items

__all__ = [
    "Apply",
    "Block",
    "Checkpointing",
    "Closure",
    "For",
    "ForEach",
    "Function",
    "If",
    "Operand",
    "Origin",
    "Phi",
    "Statement",
    "Value",
    "While",
    "computes_tangents",
    "defined",
    "goes_on",
    "is_derived",
    "is_tangent",
    "leaves",
    "map_leaves",
    "raises",
    "read",
    "type_of",
    "values_of",
]

_ids = itertools.count()


class Value:
    """An SSA value: its type, and the user's name for it ("" for a temporary). Equal only to itself, and never changed.

    `hint` has the words that a temporary, and what is derived from it, may be called after, the best first, with `~` between
    them; the last is that of no other value. `id` is what sizes that depend on it are known by: what stands for it under
    another name or type has that too.
    """

    __slots__ = ("hint", "id", "name", "type")

    def __init__(self, type: Abstract = UNKNOWN, name: str = "", hint: str = "", id: int | None = None) -> None:
        self.id: Final = next(_ids) if id is None else id
        self.name: Final = name
        self.hint: Final = hint
        self.type: Final = type

    def called(self, name: str, hint: str = "") -> Value:
        """What stands for the value under another name."""
        return Value(self.type, name, hint, self.id)

    @property
    def word(self) -> str:
        """The name, or else the word that no other value has; "" if there is none."""
        return self.name or self.hint.rpartition("~")[2]

    def ended(self, end: str) -> str:
        """The hint of what is called after the value, with an ending; "" if that has neither a name nor a hint."""
        called = self.name or self.hint
        return called and called.replace("~", f"{end}~") + end

    def __repr__(self) -> str:
        return f"%{self.name}.{self.id}" if self.name else f"%{self.id}"


Operand: TypeAlias = "Value | Const | Undefined | Tuple | List | Dict | Slice"


@record(frozen=True, slots=True)
class Origin:
    """The user's statement that a statement comes from: its text (for comments) and its place (for errors).

    `reverse` marks the statements of the sweep that goes back through it, `tangent` those of the tangents beside it.
    """

    text: str
    place: Place
    reverse: bool = False
    tangent: bool = False


@record(frozen=True, eq=False, slots=True)
class Apply:
    """`result = op(*args, **kwargs)`. `op` is a callable of Python's or NumPy's, or one of `sct.ir.ops`."""

    op: Any
    args: tuple[Operand, ...]
    kwargs: tuple[tuple[str, Operand], ...]
    result: Value
    place: Place | None = None
    origin: Origin | None = None
    operands: tuple[Operand, ...] = field(init=False, repr=False)
    values: tuple[Value, ...] = field(init=False, repr=False)
    results: tuple[Value, ...] = field(init=False, repr=False)
    blocks: ClassVar[tuple[Block, ...]] = ()
    phis: ClassVar[tuple[Phi, ...]] = ()
    flows: ClassVar[tuple[Flow, ...]] = ()
    counts: ClassVar[tuple[Value, ...]] = ()
    asked: ClassVar[Sequence[Ending]] = ()
    repeats: ClassVar[bool] = False

    if not TYPE_CHECKING:  # to which the fields are frozen

        def __init__(self, op, args, kwargs, result, place=None, origin=None):
            self.op = op
            self.args = args
            self.kwargs = kwargs
            self.result = result
            self.place = place
            self.origin = origin
            self.operands = operands = (*args, *[o for _, o in kwargs]) if kwargs else args
            self.values = tuple(values_of(*operands))  # most passes ask for these
            self.results = (result,)

    @property
    def reads(self) -> tuple[Operand, ...]:
        return self.operands


@record(frozen=True, eq=False, slots=True)
class Block:
    """Statements with parameters in front and yielded operands at the end.

    `label` is the block's identity: a rewritten block keeps it (`with_`), so that a block of the reverse sweep can name the
    block of the forward sweep that it goes back through. `tables`: what analyses have found of it (`sct.ir.manager`).
    """

    params: tuple[Value, ...]
    body: tuple[Statement, ...]
    yields: tuple[Operand, ...]
    label: int = field(default_factory=lambda: next(_ids))
    tables: dict[Callable[..., Any], Any] = field(default_factory=dict, init=False, repr=False)

    def with_(
        self,
        body: Iterable[Statement] | None = None,
        yields: Iterable[Operand] | None = None,
        params: Iterable[Value] | None = None,
    ) -> Block:
        """The same block with other contents; the block itself where they are as they were."""
        now_params = self.params if params is None else tuple(params)
        now_body = self.body if body is None else tuple(body)
        now_yields = self.yields if yields is None else tuple(yields)
        if now_body == self.body and now_yields == self.yields and now_params == self.params:
            return self
        return Block(now_params, now_body, now_yields, self.label)


class Phi(NamedTuple):
    """A φ of a statement with blocks: a result, and the parameters of the blocks that stand for what that comes from.

    The parameters begin as `begins`, and each iteration goes on with `ends`; where there are none the result is one of `ends`.
    """

    result: Value
    params: tuple[Value, ...]
    begins: tuple[Operand, ...]
    ends: tuple[Operand, ...]


class _Region:
    """What the statements with φ's have in common."""

    __slots__ = ()
    known: tuple[Phi, ...] | None
    counts: ClassVar[tuple[Value, ...]] = ()
    asked: ClassVar[Sequence[Ending]] = ()
    repeats: ClassVar[bool] = False

    @property
    def operands(self) -> tuple[Operand, ...]:
        raise NotImplementedError

    @property
    def values(self) -> tuple[Value, ...]:
        return tuple(values_of(*self.operands))

    @property
    def phis(self) -> tuple[Phi, ...]:
        if self.known is None:  # most passes ask, and a statement never changes
            object.__setattr__(self, "known", tuple(self._found_phis()))
        assert self.known is not None
        return self.known

    def _found_phis(self) -> Iterator[Phi]:
        raise NotImplementedError

    @property
    def flows(self) -> Iterator[Flow]:
        for phi in self.phis:
            if phi.params:
                first, *others = phi.params
                yield first, (*phi.begins, *phi.ends)
                yield phi.result, (first,)
                yield from ((p, (first,)) for p in others)
            else:
                yield phi.result, phi.ends


@record(frozen=True, eq=False, slots=True)
class If(_Region):
    """`results = then's yields if test else orelse's yields`; `expression`: it was written as an expression.

    `handles`: the classes of the exceptions for which `orelse` is run, of an `If` that tries `then`; `test`, which ATTEMPT
    makes, says afterwards whether that was run to its end.
    """

    test: Operand
    then: Block
    orelse: Block
    results: tuple[Value, ...]
    place: Place | None = None
    origin: Origin | None = None
    expression: bool = False
    handles: Const | None = None
    known: tuple[Phi, ...] | None = field(default=None, init=False, repr=False)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return (self.test,)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.then, self.orelse

    def _found_phis(self) -> Iterator[Phi]:
        ends = zip(self.then.yields, self.orelse.yields, strict=True)
        return (Phi(r, (), (), pair) for r, pair in zip(self.results, ends, strict=True))

    @property
    def reads(self) -> tuple[Operand, ...]:
        return (self.test,)


class _Loop(_Region):
    """What loops have in common. `counts`: the result, if there is one, that counts the iterations that were begun."""

    __slots__ = ()
    body: Block
    inits: tuple[Operand, ...]
    results: tuple[Value, ...]
    repeats: ClassVar[bool] = True

    def _found_phis(self) -> Iterator[Phi]:
        around = zip(self.results, carried_params(self), self.inits, self.body.yields, strict=False)
        return (Phi(r, (p,), (i,), (y,)) for r, p, i, y in around)

    @property
    def counts(self) -> tuple[Value, ...]:  # type: ignore[override]
        return self.results[len(self.inits) :]

    @property
    def asked(self) -> Sequence[Ending]:  # type: ignore[override]
        return [(self.body, self.body.yields[len(self.inits) :])]


@record(frozen=True, eq=False, slots=True)
class ForEach(_Loop):
    """A `for` loop as written, over any iterable; specialization turns it into `For`, or unrolls it.

    The body's parameters are the element and the carried values; it yields the carried values, and, if `exits`, a flag
    that ends the loop.
    """

    iterable: Operand
    body: Block
    inits: tuple[Operand, ...]
    exits: bool
    results: tuple[Value, ...]
    place: Place | None = None
    origin: Origin | None = None
    known: tuple[Phi, ...] | None = field(default=None, init=False, repr=False)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return self.iterable, *self.inits

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (self.body,)

    @property
    def reads(self) -> tuple[Operand, ...]:
        return self.iterable, *self.body.yields[len(self.inits) :]


@record(frozen=True, slots=True)
class Checkpointing:
    """How states of a loop are kept for its reverse sweep: `slots` in memory, `disk` in files, each with the states of the
    random generators that are drawn from, the items of `generators`. `name`: that of the function that is to be a step."""

    name: str
    slots: Operand
    disk: Operand
    generators: Operand

    @property
    def operands(self) -> tuple[Operand, ...]:
        return self.slots, self.disk, self.generators


@record(frozen=True, eq=False, slots=True)
class For(_Loop):
    """A loop over `range(start, stop, step)`, from its end to its start if `backwards`.

    The body's parameters are the index and the carried values; it yields the carried values, and, if `exits`, a flag that
    ends the loop. The results are the carried values, and, if `exits`, the number of iterations that were begun.
    A loop with `checkpointing` is to be a `sct.ir.ops.Steps` before it is reversed (`sct.transform.stepped`).
    """

    start: Operand
    stop: Operand
    step: Operand
    body: Block
    inits: tuple[Operand, ...]
    exits: bool
    backwards: bool
    results: tuple[Value, ...]
    place: Place | None = None
    origin: Origin | None = None
    checkpointing: Checkpointing | None = None
    known: tuple[Phi, ...] | None = field(default=None, init=False, repr=False)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return *self.domain, *self.inits

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (self.body,)

    @property
    def reads(self) -> tuple[Operand, ...]:
        return *self.domain, *self.body.yields[len(self.inits) :]

    @property
    def domain(self) -> tuple[Operand, ...]:
        """The operands that it has besides what it carries."""
        own = self.start, self.stop, self.step
        return own if self.checkpointing is None else (*own, *self.checkpointing.operands)


@record(frozen=True, eq=False, slots=True)
class While(_Loop):
    """A loop while `test`'s one yield is true; `test` and `body` have the carried values as parameters.

    The body yields the carried values, and, if `exits`, a flag that ends the loop. The results are the carried values and
    the number of iterations that were begun.
    """

    test: Block
    body: Block
    inits: tuple[Operand, ...]
    exits: bool
    results: tuple[Value, ...]
    place: Place | None = None
    origin: Origin | None = None
    known: tuple[Phi, ...] | None = field(default=None, init=False, repr=False)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return self.inits

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.test, self.body

    @property
    def asked(self) -> Sequence[Ending]:  # type: ignore[override]
        return [(self.test, self.test.yields), (self.body, self.body.yields[len(self.inits) :])]

    def _found_phis(self) -> Iterator[Phi]:
        tested = (self.test.params,) if self.test.params else ()  # the test may read the body's parameters (sct.backend)
        params = zip(carried_params(self), *tested, strict=False)
        around = zip(self.results, params, self.inits, self.body.yields, strict=False)
        return (Phi(r, pair, (i,), (y,)) for r, pair, i, y in around)

    @property
    def reads(self) -> tuple[Operand, ...]:
        return *self.test.yields, *self.body.yields[len(self.inits) :]


@record(frozen=True, eq=False, slots=True)
class Closure:
    """`result` is a function of the block's parameters, returning its one yield; it sees the values around it."""

    name: str
    block: Block
    result: Value
    place: Place | None = None
    origin: Origin | None = None
    operands: ClassVar[tuple[Operand, ...]] = ()
    values: ClassVar[tuple[Value, ...]] = ()
    phis: ClassVar[tuple[Phi, ...]] = ()
    flows: ClassVar[tuple[Flow, ...]] = ()
    counts: ClassVar[tuple[Value, ...]] = ()
    repeats: ClassVar[bool] = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (self.block,)

    @property
    def asked(self) -> Sequence[Ending]:
        return [(self.block, self.block.yields)]

    @property
    def reads(self) -> tuple[Operand, ...]:
        return self.block.yields

    @property
    def results(self) -> tuple[Value, ...]:
        return (self.result,)


Statement: TypeAlias = "Apply | If | ForEach | For | While | Closure"
"""Each has `operands`, which it reads itself (those of its blocks aside), the `values` in them, in order, `blocks`, which it
owns, and `results`.

Its φ's are `phis`; as `flows` they are the results and the blocks' parameters, each with the operands that it takes its value
from. What it `reads` are the other operands, those that its blocks yield included (`asked`: by block). `counts` are its results
that are no φ's, and `repeats` says whether its blocks may run more than once.
"""

Flow: TypeAlias = "tuple[Value, tuple[Operand, ...]]"
Ending: TypeAlias = "tuple[Block, tuple[Operand, ...]]"


@record(frozen=True, eq=False)
class Function:
    """A function in SSA form: the block's parameters are the function's, its one yield is the result.

    `signature` has the parameters' names, kinds and defaults; `callee` is the Python function that it was read from.
    """

    name: str
    signature: inspect.Signature
    block: Block
    doc: str | None = None
    callee: Callable[..., Any] | None = None

    @functools.cached_property
    def defaults(self) -> dict[str, Any] | None:
        """The parameters with their defaults, if each can be given by position and by name; None if not."""
        parameters = self.signature.parameters
        plain = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())
        return {name: p.default for name, p in parameters.items()} if plain else None

    def __repr__(self) -> str:
        from sct.ir.printer import show

        return show(self)


def type_of(operand: Operand) -> Abstract:
    """The abstract value of an operand."""
    if type(operand) is Value:  # asked of almost every operand
        return operand.type
    if type(operand) is Const or type(operand) is Undefined:
        return operand
    if isinstance(operand, (Tuple, List, Dict)):
        return with_items(operand, map(type_of, operand.items))
    assert isinstance(operand, Slice)
    return Slice(type_of(operand.start), type_of(operand.stop), type_of(operand.step))


def leaves(operand: Operand) -> list[Operand]:
    """The values and constants inside an operand, in order."""
    if isinstance(operand, (Value, Const, Undefined)):
        return [operand]
    return [leaf for part in parts(operand) for leaf in leaves(part)]


def parts(container: Tuple | List | Dict | Slice) -> tuple[Operand, ...]:
    """What a container holds."""
    return (container.start, container.stop, container.step) if type(container) is Slice else container.items  # type: ignore[union-attr]


def map_leaves(f: Callable[[Any], Operand], operand: Operand) -> Operand:
    """The operand with `f` applied to each of its values and constants."""
    if type(operand) is Value or type(operand) is Const or type(operand) is Undefined:
        return f(operand)
    if isinstance(operand, (Tuple, List, Dict)):
        return with_items(operand, [map_leaves(f, i) for i in operand.items])
    assert isinstance(operand, Slice)
    return Slice(map_leaves(f, operand.start), map_leaves(f, operand.stop), map_leaves(f, operand.step))


def values_of(*operands: Operand) -> list[Value]:
    """The values inside operands, in order."""
    found: list[Value] = []
    for operand in operands:
        kind = type(operand)  # asked more often than anything else
        if kind is Value:
            found.append(operand)  # type: ignore[arg-type]
        elif kind is Slice:
            for part in (operand.start, operand.stop, operand.step):  # type: ignore[union-attr]
                if type(part) is not Const:
                    found += values_of(part)
        elif kind is not Const and kind is not Undefined:
            found += values_of(*operand.items)  # type: ignore[union-attr]
    return found


def blocks_in(block: Block) -> list[Block]:
    """A block and the blocks in it."""
    found = [block]
    for b in found:
        for s in b.body:
            if s.blocks:
                found += s.blocks
    return found


def reading(block: Block) -> list[Value]:
    """The values that a block and the blocks in it read, in order."""
    own = [v for s in block.body for v in (*s.values, *(w for b in s.blocks for w in reading(b)))]
    return own + values_of(*block.yields)


@managed
def defined(block: Block) -> frozenset[Value]:
    """All values that a block and the blocks in it define."""
    found: set[Value] = set()
    for b in blocks_in(block):
        found.update(b.params)
        found.update(*[s.results for s in b.body])
    return frozenset(found)


@managed
def read(block: Block) -> frozenset[Value]:
    """All values that a block and the blocks in it read."""
    inner = [read(b) for s in block.body for b in s.blocks]
    return frozenset(values_of(*block.yields)).union(*[s.values for s in block.body], *inner)


@managed
def captured(block: Block) -> frozenset[Value]:
    """What a block reads from around it."""
    found = set(values_of(*block.yields)).union(*[s.values for s in block.body])
    for s in block.body:
        if s.blocks:  # a loop's test and its body see one another
            inside = set().union(*map(captured, s.blocks))
            found |= inside.difference(*[made for b in s.blocks for made in (b.params, *[t.results for t in b.body])])
    return frozenset(found.difference(block.params, *[s.results for s in block.body]))


def reads_of(s: Statement) -> set[Value]:
    """The values from around it that a statement reads, with the blocks in it."""
    out = set(s.values)
    for b in s.blocks:
        out |= captured(b)
    return out


def raises(block: Block) -> bool:
    """Whether the end of a block is never reached, since it raises."""
    last = block.body[-1] if block.body else None
    if isinstance(last, If):
        return all(map(raises, last.blocks))
    return isinstance(last, Apply) and last.op is RAISE


def goes_on(s: If) -> bool:
    """Whether what is tried gives on each exception that it handles, as it does where something is run at last."""
    last = s.orelse.body[-1] if s.handles is not None and s.orelse.body else None
    return isinstance(last, Apply) and last.op is RAISE and not last.args


def is_derived(s: Statement) -> bool:
    """Whether a statement belongs to the derivative of one of the user's: to the reverse sweep, or to the tangents."""
    return s.origin is not None and (s.origin.reverse or s.origin.tangent)


def is_tangent(s: Statement) -> bool:
    """Whether a statement is one of the tangents beside one of the user's."""
    return s.origin is not None and s.origin.tangent


def computes_tangents(s: Statement) -> bool:
    """Whether a statement computes tangents and nothing else, or only chooses among what there is."""
    if isinstance(s, Apply):
        return is_tangent(s)
    return not (isinstance(s, If) and s.handles is not None) and all(computes_tangents(t) for b in s.blocks for t in b.body)


def carried_params(s: _Loop) -> tuple[Value, ...]:
    """The parameters of a loop's body for what it carries."""
    return s.body.params[len(s.body.params) - len(s.inits) :]
