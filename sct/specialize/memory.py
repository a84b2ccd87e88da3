"""Memory: what each list and dict that is followed holds at one point of the program, and which may be one and the same.

Takes the reads and writes of a function as it is specialized; gives for each read what the list or dict holds now. A write
makes its next version, so that the typed function has the items of lists and dicts as values. Where it cannot be told whether
two names are one list, one may be read no more once the other was written into. Writes into arrays stay statements
(`sct.ir.ops.Store`); of these only is known which may be read, and what they may lie in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from sct.analysis.recording import is_number
from sct.analysis.storage import fresh, read_only
from sct.errors import Place, UnsupportedSyntaxError
from sct.infer.facts import for_call
from sct.infer.objects import places_in
from sct.ir.records import record
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Array, Const, Dict, List, ListOf, Scalar, Tuple, Unknown
from sct.registry.facts import facts_of
from sct.runtime import writable
from sct.specialize.sharing import Sharing

__all__ = ["Key", "Memory", "Write", "is_itself", "key_of", "makes_array", "refuse_changed"]

Key: TypeAlias = "Value | int"
"""What an object is known by: the value that it was made as, or the identity of a list or dict in the SSA form."""


def key_of(o: Operand) -> Key:
    """The key of an operand that is an object."""
    return o if isinstance(o, Value) else id(o)


@record(frozen=True)
class Write:
    """A write, for messages: the name that was written to, and where; or the function that may have written.

    `why`: what kept that function from being followed.
    """

    name: str
    place: Place | None
    by: str = ""
    why: str = ""


class Memory:
    """The state at one point. `fork` copies what depends on the way taken; facts about values are shared."""

    def __init__(self, lost: dict[Hashable, Write] | None = None) -> None:
        self.contents: dict[Key, Operand] = {}  # object -> what it holds, once that is not what it was made as
        self.writes: dict[Key, Write] = {}  # object -> the last write
        self.stale: dict[Key, Write] = {}  # object -> the write to another one that may have changed it
        self.sharing: Sharing[Key] = Sharing()  # which objects may share memory
        self.born: set[Key] = set()  # objects made since the fork
        self.parent: Memory | None = None
        self.tried = False  # whether this is the memory of what is tried
        self.unsure: dict[Key, tuple[Operand, List | Dict]] = {}  # lists and dicts, as they are where an exception may come
        self.objects: dict[Key, Operand] = {}  # version -> its object
        self.read_only: set[Value] = set()
        self.led: dict[Value, list[Value]] = {}  # what may lie in the memory of others -> these
        self.names: dict[Key, str] = {}  # of lists and dicts, and of values that were given a name after they were made
        self.by_identity: dict[int, Operand] = {}  # the lists and dicts that are known by their identity
        self.given: dict[str, Write] = {}  # the path of an instance -> the call that may have changed it
        self.lost: dict[Hashable, Write] = {} if lost is None else lost  # likewise, by where lists and dicts are made

    def fork(self) -> Memory:
        """The state for a branch or a loop's body."""
        new = Memory()
        new.parent = self
        new.contents, new.writes, new.stale = dict(self.contents), dict(self.writes), dict(self.stale)
        new.sharing = self.sharing.fork()
        new.objects, new.read_only, new.led = self.objects, self.read_only, self.led
        new.by_identity, new.names, new.given, new.lost = self.by_identity, self.names, self.given, self.lost
        return new

    def becomes(self, later: Memory) -> None:
        """The state is that of a fork, which was the only way on."""
        self.contents, self.writes, self.stale, self.sharing = later.contents, later.writes, later.stale, later.sharing
        self.born |= later.born

    @property
    def is_plain(self) -> bool:
        """Whether nothing was written into, or may have been."""
        return not (self.contents or self.stale or self.lost)

    def is_new(self, v: Value) -> bool:
        """Whether a value was made since the fork."""
        return v in self.born

    def name_of(self, obj: Operand) -> str:
        """What an object is called."""
        return (obj.name if isinstance(obj, Value) else "") or self.names.get(key_of(obj), "")

    def knows(self, key: Key) -> bool:
        """Whether an object was made before this point, on the way to it."""
        return key in self.born or (self.parent is not None and self.parent.knows(key))

    @property
    def in_try(self) -> bool:
        """Whether what is done here is tried, and an exception may be handled."""
        return self.tried or (self.parent is not None and self.parent.in_try)

    # -- objects -----------------------------------------------------------------------------------------------------

    def object_of(self, o: Operand) -> Operand:
        """The object that an operand is a version of."""
        return self.objects.get(key_of(o), o)

    def original(self, key: Key) -> Operand:
        """The object that a key belongs to."""
        return key if isinstance(key, Value) else self.by_identity[key]

    def is_version(self, o: Operand, obj: Operand) -> None:
        """`o` is what the object `obj` holds at some point."""
        if o is not obj:
            self.objects[key_of(o)] = obj
            self.keep(o)

    def keep(self, o: Operand) -> None:
        if not isinstance(o, Value):
            self.by_identity[id(o)] = o

    def bear(self, o: Operand) -> None:
        """`o` is an object made here; what it holds may be older."""
        self.born.add(key_of(o))
        self.keep(o)

    def bear_all(self, o: Operand) -> None:
        """`o`, and what is in it, are objects made here."""
        if isinstance(o, (Value, List, Dict)):
            self.bear(o)
        if isinstance(o, (Tuple, List, Dict)):
            for i in o.items:
                self.bear_all(i)

    def now(self, obj: Operand) -> Operand:
        """What an object holds."""
        return self.contents.get(key_of(obj), obj)

    def set(self, obj: Operand, contents: Operand) -> None:
        """The object holds `contents` from here on."""
        self.contents[key_of(obj)] = contents
        self.is_version(contents, obj)
        self.keep(obj)

    # -- sharing -----------------------------------------------------------------------------------------------------

    def note(self, s: Apply) -> None:
        """What is known of a statement's result."""
        v = s.result
        self.born.add(v)
        if isinstance(v.type, Scalar) or fresh(s):
            return
        if s.op is not writable and (read_only(s) or (s.args and s.args[0] in self.read_only)):
            self.read_only.add(v)
        self.led[v] = list(_arrays(s.operands))

    def may_be(self, v: Operand, other: Operand) -> None:
        """`v` may be the object `other`, or lie in its memory: it may share memory with whatever that one does."""
        self.keep(v)
        self.keep(other)
        self.sharing.share(key_of(v), self.sharing.near((key_of(other),)))

    def reaches(self, v: Value, others: AbstractSet[Value]) -> bool:
        """Whether a value may share memory with one of some others."""
        work: list[Operand] = [v]
        found: set[Key] = set()
        while work:
            root = self.object_of(work.pop())
            if root in others:
                return True
            if (key := key_of(root)) not in found:
                found.add(key)
                work += map(self.original, self.sharing.of(key))
                work += self.led.get(root, ()) if isinstance(root, Value) else ()
        return False

    def lies_in(self, v: Value, made: AbstractSet[Value]) -> bool:
        """Whether all that a value may be, or share memory with, is made there."""
        work: list[Operand] = [v]
        found: set[Key] = set()
        while work:
            root = self.object_of(work.pop())
            if (key := key_of(root)) not in found:
                found.add(key)
                if root not in made:
                    return False
                work += map(self.original, self.sharing.of(key))
                work += self.led.get(root, ()) if isinstance(root, Value) else ()
        return True

    def holds(self, obj: Operand, items: Operand) -> None:
        """The items of a list of unknown length may be these."""
        for leaf in _arrays((items,)):
            self.may_be(obj, self.object_of(leaf))

    def object_in(self, o: Operand) -> Operand | None:
        """The object that an operand stands for, or lies in; None if it is no object."""
        if isinstance(o, Value):
            return self.object_of(o) if isinstance(o.type, (Array, Unknown, ListOf, List, Dict)) else None
        return self.object_of(o) if isinstance(o, (List, Dict)) else None

    def reached(self, part: Operand, o: Operand) -> list[Key]:
        """The objects that `part` is, or holds, if it stands for `o`: a value of unknown structure holds what is in `o`.

        A number is none: nothing can be written into it.
        """
        own = None if is_number(o) else self.object_in(o)
        found = [] if own is None else [own]
        if isinstance(part, Value) and not isinstance(part.type, Array):
            found += [self.object_of(leaf) for leaf in _arrays((o,))]
        for obj in found:
            self.keep(obj)
        return [key_of(obj) for obj in found]

    def changed(self, key: Key) -> bool:
        """Whether an object was written into, or may have been."""
        return key in self.contents or key in self.stale

    def wrote(self, obj: Operand, name: str, place: Place | None) -> None:
        """The object was written into: whatever may share its memory is not known any more."""
        write = self.writes[key_of(obj)] = Write(name, place)
        is_list = isinstance(type_of(obj), (List, ListOf, Dict))
        for r in self.sharing.of(key_of(obj)):
            if not is_list or not isinstance(type_of(self.original(r)), (Array, Scalar)):  # an item is not the list
                self.stale[r] = write

    def gave_away(self, obj: Operand, write: Write) -> None:
        """An object was given to a function that may have written into it: what it holds is not known any more."""
        self.keep(obj)
        for key in (key_of(obj), *self.sharing.of(key_of(obj))):
            self.stale[key] = write
        self.lost.update((site, write) for sites in places_in(type_of(obj)) for site in sites)

    def gave_instance(self, path: str, write: Write) -> None:
        """An instance was given to a function that may have changed its fields."""
        self.given[path] = write

    def check_fields(self, path: str, name: str, place: Place | None) -> None:
        """Refuse to read a field of an instance that may have been changed."""
        for given, write in self.given.items():
            if path == given or path.startswith((f"{given}.", f"{given}[")):
                refuse_changed(repr(name), write, place)

    def check(self, obj: Operand, read: Operand | None, place: Place | None) -> None:
        """Refuse to read an object, by way of `read`, that may have been changed through another name."""
        write = self.stale.get(key_of(obj))
        if write is None and self.lost:
            write = next((self.lost[p] for sites in places_in(type_of(obj)) for p in sites if p in self.lost), None)
        if write is None:
            return
        where = f" (line {write.place.line})" if write.place is not None else ""
        name = "" if read is None else self.name_of(read)
        own = repr(name) if name else "this object"
        if write.by:
            refuse_changed(own, write, place)
        other = repr(write.name) if write.name else "another one"
        if own == other:
            other = f"what {other} stands for on another path"
        raise UnsupportedSyntaxError(
            f"{own} may share memory with {other}, which is written into{where} before it is read here",
            place,
            f"Copy one of them where it is made, as in `{name or 'x'} = {name or 'x'}.copy()`.",
        )


def refuse_changed(own: str, write: Write, place: Place | None) -> None:
    """Refuse to read what a function that is not followed may have changed."""
    where = f" (line {write.place.line})" if write.place is not None else ""
    why = f"; {write.by} is not followed because of {write.why}" if write.why else ""
    raise UnsupportedSyntaxError(
        f"{own} may have been changed by {write.by}{where} before it is read here{why}",
        place,
        f"Read it before, give {write.by} a copy, or register that with sct.nondifferentiable.",
    )


def makes_array(op: Any, args: Sequence[Operand]) -> bool:
    """Whether an operation gives an ndarray, which can be written into, of rank 0 too, and no NumPy scalar."""
    return bool(for_call(facts_of(op).boxed, op, args))


def is_itself(op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> bool:
    """Whether an operation on an array gives that very array back, and no new one; or one on a number that number."""
    if op is float and len(args) == 1:
        number = type_of(args[0])
        return type(number.value) is float if isinstance(number, Const) else number == Scalar(float)
    itself = facts_of(op).itself
    t = args[0].type if itself is not None and args and isinstance(args[0], Value) else None
    return isinstance(t, Array) and t.dtype is not None and bool(for_call(itself, op, args, kwargs))


def _arrays(operands: tuple[Operand, ...]) -> Iterator[Value]:
    """The arrays, and what may be one, among operands and in containers of them."""
    for o in operands:
        if isinstance(o, Value):
            if isinstance(o.type, (Array, Unknown, Tuple, List, ListOf, Dict)):
                yield o
        elif isinstance(o, (Tuple, List, Dict)):
            yield from _arrays(o.items)
