"""What the parts of specialization need of one another.

`Builder` is the specializer as its parts see it: the block that is being built, what names stand for, what memory holds, and
the operations that emit statements. `Plan` is what a loop goes through. Does nothing by itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import FunctionType
from typing import Any, Protocol

from sct.analysis.repeating import Access, Repeated
from sct.errors import Place, SctError, UnsupportedSyntaxError
from sct.frontend.resolve import Dependency
from sct.ir.ops import Attribute, Field, Free
from sct.ir.records import record
from sct.ir.ssa import Block, Function, Operand, Origin, Statement, Value
from sct.ir.types import UNKNOWN, Abstract
from sct.specialize.memory import Memory, Write

__all__ = [
    "MASKS_CHANGE",
    "Builder",
    "Followed",
    "FrozenError",
    "NotStaticError",
    "Plan",
    "StrictError",
    "UndecidedError",
    "UnrollError",
]


class NotStaticError(Exception):
    """A test in a rule is not decided by the types: the rule is to be called as it stands. Never reaches a user."""


class UndecidedError(Exception):
    """How something is to be followed is known only now: `choice` for `what`; the function is begun anew with that.

    So nothing is ever taken back that an attempt has done. Never reaches a user.
    """

    def __init__(self, what: Hashable, choice: Any) -> None:
        super().__init__(what)
        self.what = what
        self.choice = choice


LEARNT = "learnt"
"""Among what is decided: whether a run, which goes on, has seen types that what it has made before does not know of."""


class StrictError(UnsupportedSyntaxError):
    """What is refused also in a call that need not be followed, since nobody uses its result."""


class UnrollError(StrictError):
    """A container is indexed, or changes its length, as a loop goes: refused, unless the loop can be unrolled."""


class FrozenError(StrictError):
    """A function that stays a call writes into its argument: refused, also if the write is in a function that it calls."""


MASKS_CHANGE = "masks change"
"""What is decided of a function that writes into masks where they lie."""


@record(frozen=True)
class Followed:
    """What is known of a recursive function of arguments of some types.

    `again`: what counts where it is run again, and `outside` the data in which there are generators that it draws from then.
    `resized`: where the lists and dicts are made whose lengths it may change. `laid`: what it does may depend on how arrays lie
    in memory. `checkpointed`: the reverse sweep is to run it again.
    """

    again: Repeated = Repeated()
    outside: tuple[Access, ...] = ()
    resized: frozenset[Hashable] = frozenset()
    laid: bool = False
    checkpointed: bool = False


class Builder(Protocol):
    """The state of a specialization, and what is done to it."""

    body: list[Statement]
    env: dict[Value, Operand]
    memory: Memory
    initial: Memory | None
    place: Place | None
    caller: Place | None
    in_library: bool
    origin: Origin | None
    path: str
    static: bool
    growing: bool
    times: int
    long_loops: bool
    decided: dict[Hashable, Any]
    ways: tuple[tuple[int, int], ...]
    pending: tuple[SctError, ...]
    absent: tuple[SctError, ...] | None
    spent: list[Plan]
    generators: list[Function]
    recursive_calls: int
    by_sizes: bool
    lost: set[Value]
    unsure: set[Value]
    ending: set[Statement]
    left: list[tuple[FunctionType, Write]]
    tracking: bool
    objects: bool
    everything: bool
    whole: bool
    writing: set[Any]
    site: tuple[Hashable, ...]
    parameters: set[Value]
    unseen: list[Place | None]
    given: dict[Hashable, Value]
    resized: set[Hashable]
    looped: tuple[Operand, ...]
    instances: int
    outlines: dict[Any, int]
    loops: dict[tuple[int, str, bool], tuple[Operand, ...]]
    settled: dict[Hashable, tuple[Abstract, ...]]
    rows: dict[Value, tuple[Operand, Operand]]
    stack: list[Any]
    descents: dict[Any, int]
    receiver: Operand | None
    recursion: dict[Any, Abstract]
    again: dict[Any, Followed]
    free_values: dict[Free, Value]
    outside: set[Value]
    field_values: dict[tuple[Value, Field], Value]
    fields: dict[Value, Operand]
    bound_fields: dict[tuple[Value, Field], Place | None]
    arguments: set[Value]
    dependencies: dict[Dependency, None]
    free: dict[Free | Field, Abstract]
    templates: dict[Hashable, Any]

    def composition(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> FunctionType | None:
        """What a call is followed as, if it is made of others."""

    def apply(
        self,
        op: Any,
        args: Sequence[Operand],
        kwargs: dict[str, Operand] | None = None,
        name: str = "",
        known: Abstract = UNKNOWN,
    ) -> Operand:
        """Fold, inline or emit an operation."""

    def append(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """Emit an operation of known type, on its operands as their memory is now."""

    def emit(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """Emit an operation of known type, on its operands as they are given."""

    def primitive(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str, known: Abstract) -> Operand:
        """Emit an operation that is not inlined."""

    def plan(self, operand: Operand) -> Plan:
        """The plan of an iterable."""

    def attribute(self, op: Attribute, x: Operand, name: str) -> Operand:
        """An attribute of a value."""

    def bind(
        self,
        function: Function,
        args: Sequence[Operand],
        kwargs: dict[str, Operand],
        optional: Mapping[str, Operand] | None = None,
    ) -> list[Operand]:
        """The arguments of a call, in the order of the function's parameters."""

    def field_of(self, x: Operand, name: str) -> Operand:
        """What is in a field of an object."""

    def put_field(self, x: Operand, name: str, value: Operand) -> None:
        """A field of an object is another value from here on."""

    def refuse_records(self, operands: Sequence[Operand]) -> None:
        """Refuse objects that are there at compile time only."""

    def project(self, v: Value, key: Any, item: Abstract) -> Operand:
        """An item of a container value."""

    def explode(self, v: Value) -> Operand:
        """A container value as a container of its items."""

    def expose_all(self, operand: Operand) -> Operand:
        """An operand with every container value in it taken apart."""

    def present(self, operand: Operand, reads: bool = True) -> Operand:
        """An operand as it is now."""

    def structure(self, operand: Operand) -> Operand:
        """A list or dict as it is now; what is in it is not read."""

    def not_there(self, error: SctError) -> Operand:
        """What is not there, as of None, which may be an object in another iteration; the error outside of loops."""

    def not_yet(self, error: SctError) -> Operand:
        """What is known once a list is seen to grow; the error if it does not."""

    def keeps_length(self, obj: Operand) -> None:
        """Refuse to change the length of a list or dict that a loop goes through."""

    def writable(self, obj: Operand) -> None:
        """Refuse an object that the function must not write into; copy an argument."""

    def resolve(self, operand: Operand, reads: bool = True) -> Operand:
        """What an operand of the untyped form stands for."""

    def statement(self, s: Statement) -> None:
        """A statement of the untyped form."""

    def truth(self, test: Operand) -> Operand:
        """A test, as a known flag where its type decides it."""

    def block(self, block: Block) -> tuple[Operand, ...]:
        """The statements of a block; what it yields."""

    def run(self, function: Function, args: Sequence[Operand]) -> Operand:
        """The statements of a function; its result."""

    def nested(self, block: Block, memory: Memory) -> tuple[list[Statement], tuple[Operand, ...]]:
        """The statements of a block, collected apart."""

    def into(self, body: list[Statement], memory: Memory | None = None) -> AbstractContextManager[None]:
        """Statements go to the end of `body`, and reads and writes to `memory`, if one is given."""

    def instance_of(self, what: str) -> AbstractContextManager[None]:
        """One of several runs through the same statements."""

    @property
    def within(self) -> str:
        """Which of several runs through the same statements this is."""

    def following(self, loop: int, way: int) -> AbstractContextManager[None]:
        """A loop is followed in one of the ways to do so."""

    def apart(self, **state: Any) -> Builder:
        """A specializer of another function, on its own but for what it is given."""

    def items_of(self, v: Value) -> list[Operand]:
        """The items of a container value, as it was made."""

    def may_write(self, obj: Operand) -> None:
        """Refuse an object that the function must not write into; an argument is noted."""

    def path_of(self, v: Value) -> tuple[Any, ...]:
        """The name of the parameter that an argument, or a part of one, comes from, and the keys that lead to it."""

    def numbered(self) -> int:
        """A number of its own for one of several things that a statement makes."""

    def depend(self, d: Dependency) -> None:
        """Rely on a binding of a name."""

    def read_free(self, op: Free, value: Any) -> Value:
        """Data from outside of the function."""

    def read_field(self, x: Value, field: Field, t: Abstract) -> Operand:
        """Data in a field of an instance."""

    def leave_outside(self, function: FunctionType, by: Write) -> None:
        """What lies outside may have been changed by a call of a function that is not followed."""

    def refuse_plans(self, args: Sequence[Operand]) -> None:
        """Refuse arguments that only a loop can go through."""


@record(frozen=True)
class Plan:
    """Something that a loop goes through."""

    def length(self, b: Builder) -> Operand:
        """The number of elements, emitted if need be."""
        raise AssertionError

    def at(self, b: Builder, i: Operand) -> Operand:
        """The element number `i`."""
        raise AssertionError
