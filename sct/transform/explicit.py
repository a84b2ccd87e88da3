"""Explicit memory: what a function reads of arrays that it writes into, as values.

Takes a typed function whose writes are statements (`sct.ir.ops.Store`); gives it with operations of memory for what may lie in
memory that is written into. There a value stands for an array, which is made by `ALLOCATE`, is a `View` of others, or one of
several by a φ; what the array holds at one point is had by `LOAD`. So each value is what it was when it was made, and passes
that know nothing of memory move and share values as they like. Arguments that are written into are copied first, and the
caller's are left alone; what no write may reach stays as it is. `sct.transform.implicit` is the way back.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Hashable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from sct.analysis.effects import is_opaque
from sct.analysis.layout import keeps_strides, may_copy, of_array
from sct.analysis.points_to import (
    Classes,
    apart,
    fields_given,
    has_memory,
    has_writes,
    is_change,
    is_item,
    is_writing_call,
    points_to,
    shared,
)
from sct.errors import NoRuleError, UnsupportedSyntaxError
from sct.infer.facts import for_call
from sct.infer.objects import as_value, places_in
from sct.ir.ops import (
    ALLOCATE,
    LEAVE,
    LOAD,
    NEW,
    POP,
    PULL,
    PUSH,
    TAPE,
    UNPACK,
    Call,
    Derived,
    Field,
    Free,
    Method,
    Rebind,
    Store,
    View,
    describe,
)
from sct.ir.rewriting import changed, map_blocks, map_operands, substitute
from sct.ir.ssa import Apply, Block, For, If, Operand, Statement, Value, While, blocks_in, map_leaves, type_of, values_of
from sct.ir.types import (
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    Record,
    Tuple,
    is_list_or_dict,
    keys_of,
    with_items,
)
from sct.ir.words import path_in_words
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import kept, laid_out, together
from sct.specialize.specializer import Specialized, Written

__all__ = ["explicit", "refuse_others", "refuse_unknown", "with_loads"]


def explicit(
    primal: Specialized,
    own: bool = False,
    sharing: bool = False,
    whole: bool = False,
    left: bool = False,
    noted: bool = False,
) -> Specialized:
    """A typed function with what its arrays hold, where they are read, as values; the same one if it writes into none.

    `own`: it is to write into the arguments themselves, which are to be apart. `sharing`: arrays that are arguments, or in
    some, may share memory. `whole`: arrays in lists and dicts have operations of memory too, where nothing is written into
    them; and what is not sure to be a view or a copy is for the caller to refuse (`refuse_unknown`), where that stays in
    memory. `left`: part of the derivative runs later, when others may have written into the arguments and the result. `noted`:
    what it writes into is noted where that is its own, too.

    Raises
    ------
    UnsupportedSyntaxError
        If it writes into what is defined outside of it, or may be given by a function that is not followed.
    """
    f = primal.function
    if own:
        block = _calling_alike(f.block)
        if left:
            there = tuple(filter(has_memory, values_of(*block.params, *block.yields)))
            block = block.with_([*block.body, Apply(LEAVE, there, (), Value(Const(None)))])
        f = changed(f, block=block)
        primal = replace(primal, function=f)
    if not has_writes(f.block):
        _refuse_whole(f.block, primal.written)
        return primal
    arguments = _Arguments(f.block, sharing)
    block = arguments.run()
    classes = points_to(block) if own else apart(block)
    told = next((s for b in blocks_in(block) for s in b.body if isinstance(s, Apply) and _tells_apart(s)), None)
    if told is not None and sharing:
        raise UnsupportedSyntaxError(
            "whether two arrays, lists or dicts are one, where arguments share memory that is written into",
            told.place,
            "Pass a copy of one of them.",
        )
    classes.whole = whole or told is not None
    paths = arguments.paths
    if sharing:
        paths = {v: path for v, path in paths.items() if isinstance(v.type, (Array, ListOf)) and has_memory(v)}
        classes.join(paths)
    given = {v: path for v, path in paths.items() if classes.is_written(v) and _is_changed(v, classes)}
    _refuse_objects(given, classes)
    written = tuple(Written(path, classes.write(v).place) for v, path in given.items() if classes.of(v) in classes.written)
    _refuse_whole(f.block, (*primal.written, *written))
    n = len(arguments.items)
    copies: list[Statement] = []
    made_of: dict[Value, Operand] = {}
    if sharing:
        made_of = _together(given, classes, copies)
    elif not own:
        written_into = [v for v in given if classes.of(v) in classes.written or not isinstance(v.type, Array)]
        exact = keeps_strides(classes, block)
        made_of = {v: _copied(v, classes, exact, copies) for v in written_into}
    rest = substitute(block.with_(block.body[n:]), made_of)
    made = with_loads(rest, classes)
    if not whole:
        refuse_unknown(made)
    body = (*block.body[:n], *copies, *made.body)
    written = () if own and not noted else (*primal.written, *written)
    return replace(primal, function=changed(f, block=made.with_(body)), written=written)


def _refuse_objects(given: Iterable[Value], classes: Classes) -> None:
    """Refuse a call that may write into what the fields of an object hold: it reads that from the object itself."""
    for v in given:
        if isinstance(v.type, Instance):
            raise UnsupportedSyntaxError(
                f"{v.name or 'an object'}, an object that is given to a recursive function which writes into an argument",
                classes.write(v).place,
                "Give it the arrays that it reads and writes into.",
            )


def _refuse_whole(block: Block, written: Iterable[Written]) -> None:
    """Refuse to use an object as a whole that has something in its fields of which the function writes into copies."""
    fields = [w for w in written if any(isinstance(k, Field) for k in w.path)]
    paths: dict[Value, tuple[Any, ...]] = {p: (p.name,) for p in block.params} if fields else {}
    for b in blocks_in(block) if fields else ():
        for s in (*b.body, None):
            part = isinstance(s, Apply) and (isinstance(s.op, Field) or is_item(s)) and s.args[0] in paths
            if part:
                assert isinstance(s, Apply)
                key = s.op if isinstance(s.op, Field) else s.args[1].value  # type: ignore[union-attr]
                paths[s.result] = (*paths[s.args[0]], key)  # type: ignore[index]
                continue
            for v in values_of(*b.yields) if s is None else () if _asks_identity(s) else s.values:
                w = next((w for w in fields if v in paths and _is_in_field(w.path, paths[v])), None)
                if w is not None:
                    raise UnsupportedSyntaxError(
                        f"a write into {path_in_words(w.path)}, a field of an object that is used as a whole",
                        w.place,
                        "Pass or return its fields.",
                    )


def _asks_identity(s: Statement) -> bool:
    """Whether a statement asks of two objects if they are one, whatever is in them."""
    return isinstance(s, Apply) and s.op in (operator.is_, operator.is_not)


def _tells_apart(s: Apply) -> bool:
    """Whether a statement asks of two arrays, or lists or dicts, if they are one: what they hold does not say that."""
    return _asks_identity(s) and all(isinstance(a, Value) for a in s.args)


def _is_of_identity(s: Apply) -> bool:
    """Whether a statement asks which one something is, or of a list, dict or object if it is None: it reads nothing of that."""
    return _tells_apart(s) or (_asks_identity(s) and any(is_list_or_dict(type_of(a)) for a in s.args))


def _is_of_part(s: Apply) -> bool:
    """Whether a statement reads no more of a container than one part, or which one it is."""
    return is_item(s) or isinstance(s.op, Field) or _asks_identity(s)


def _is_in_field(path: tuple[Any, ...], whole: tuple[Any, ...]) -> bool:
    """Whether a path leads through a field of what is at another one."""
    return path[: len(whole)] == whole and any(isinstance(k, Field) for k in path[len(whole) :])


def _together(given: Iterable[Value], classes: Classes, out: list[Statement]) -> dict[Value, Operand]:
    """Arguments' arrays as the function's own, which share memory with one another as those do."""
    arrays = tuple(given)
    whole = Value(Tuple(tuple(v.type for v in arrays)))
    out.append(Apply(View(together), arrays, (), whole))
    own: dict[Value, Operand] = {}
    for k, v in enumerate(arrays):
        own[v] = part = Value(v.type, v.name, v.hint)
        out.append(Apply(operator.getitem, (whole, Const(k)), (), part))
        classes.join((v, whole, part))
    return own


def _calling_alike(block: Block) -> Block:
    """A block whose calls of functions that may give what they were given are such that write into it themselves, too."""
    body = [
        replace(s, op=replace(s.op, effect="writes"))
        if isinstance(s, Apply)
        and isinstance(s.op, (Call, Derived))
        and s.op.effect == "none"
        and has_memory(s.result)
        and shared(s)
        else map_blocks(_calling_alike, s)
        for s in block.body
    ]
    return block.with_(body)


def refuse_unknown(block: Block) -> None:
    """Refuse what may give a view or a copy of an array in memory, if no more is known of that."""
    for b in blocks_in(block):
        for s in b.body:
            if not isinstance(s, Apply) or not isinstance(s.op, View) or isinstance(s.result.type, (ListOf, DictOf)):
                continue
            known = all(isinstance(a.type, Array) and a.type.dtype is not None for a in s.args if of_array(a))  # type: ignore[union-attr]
            if not known and may_copy(s):
                raise UnsupportedSyntaxError(
                    f"{describe(s.op.op)} of an array of unknown dtype, which may give a view or a copy, "
                    "in what is written into",
                    s.place,
                    "Copy it, as in `y = np.array(x)`.",
                )


def refuse_others(s: Apply, linear: Collection[str]) -> None:
    """Refuse what may give what is in its operands, and does not give alike of their adjoints or tangents.

    `linear`: in which ways it may depend on them.
    """
    op = s.op.op if isinstance(s.op, View) else s.op
    first = type_of(s.args[0])
    taken = op in (operator.getitem, UNPACK) or (isinstance(op, Method) and isinstance(first, (ListOf, DictOf)))
    if taken or is_list_or_dict(s.result.type) or kind_of(primitive_of(op)) == "view":
        return
    if for_call(facts_of(op).linear, op, s.args, s.kwargs) in linear:
        return
    whole = isinstance(first, (Tuple, List, Dict, ListOf, DictOf))
    what = "containers that hold what is written into" if whole else "an array that is written into"
    raise NoRuleError(f"{describe(op)} of {what}", s.place, "Write it out in a loop." if whole else "Copy the array first.")


def _is_changed(v: Value, classes: Classes) -> bool:
    """Whether an argument is to be copied: what is in a list of any length others may hold that change, where it does not."""
    if not isinstance(v.type, ListOf) or classes.of(v) in classes.written:
        return True
    changed: set[Hashable] = set()
    for s in classes.changes:
        changed.update(*places_in(type_of(s.args[0])) if is_change(s) else ())
    return not changed.isdisjoint(frozenset().union(*places_in(v.type)))


def _copied(v: Value, classes: Classes, exact: set[Value], out: list[Statement]) -> Value:
    """An argument's array, or a list of some, as the function's own."""
    content, own = Value(as_value(v.type), "", v.name or v.hint), Value(v.type, v.name, v.hint)
    if isinstance(v.type, ListOf) or (isinstance(v.type, Array) and classes.of(v) in exact):
        out.append(Apply(laid_out, (v,), (), content))
    else:
        out.append(Apply(np.array if isinstance(v.type, Array) else kept, (v,), (), content))
    out.append(Apply(ALLOCATE, (content,), (), own))
    classes.join((v, own))
    return own


class _Arguments:
    """What a function reads of containers that are arguments: what it may write into in one is taken out at the start.

    `paths`: the arguments, and what is taken out of them, each with the parameter's name and the keys and
    fields that lead to it.
    `items`: the statements that do so.
    """

    def __init__(self, block: Block, every: bool) -> None:
        self.whole = block
        self.every = every  # what is in a container is taken out of it, whether it is written into or not
        self.classes = apart(block)
        self.paths: dict[Value, tuple[Any, ...]] = {}
        self.items: list[Statement] = []
        self.taken: dict[Value, Operand] = {}
        self.wholes: dict[Value, Value] = {}  # a container that is taken apart -> what stands for it
        self.known: dict[tuple[Operand, Any], Value] = {}
        self.fields: dict[Operand, list[Apply]] = {}  # of objects
        self.moved: set[Value] = set()  # those that are read among `items`
        self.read: set[Value] = set()  # what is read as a whole, and not only by its items

    def run(self) -> Block:
        """The block, with `items` before its other statements."""
        for s in self.whole.body:
            if isinstance(s, Apply) and is_item(s):
                self.known.setdefault((s.args[0], s.args[1].value), s.result)  # type: ignore[union-attr]
        for s in fields_given(self.whole).values():
            self.fields.setdefault(s.args[0], []).append(s)
        for b in blocks_in(self.whole):
            wholes = (s for s in b.body if not isinstance(s, Apply) or not _is_of_part(s))
            self.read.update(*(s.values for s in wholes), values_of(*b.yields))
        for p in self.whole.params:
            self.take(p, p, (p.name,))
        return self.block(self.whole, self.items) if self.items else self.whole

    def take(self, v: Value, before: Value | None, path: tuple[Any, ...]) -> Operand:
        """An argument or a part of one, which was `before` where it was taken out; a container as one of its items."""
        t = v.type
        taken = self.every or (before is not None and self.is_written(before))
        for s in self.fields.get(before, ()) if taken and before is not None else ():
            self.items.append(replace(s, args=(v,)))
            self.moved.add(s.result)
            self.taken[s.result] = self.take(s.result, s.result, (*path, s.op))
        if not taken or not isinstance(t, (Tuple, List, Dict)):
            self.paths[v] = path
            return v
        items: list[Operand] = []
        for k, item in zip(keys_of(t), t.items, strict=True):
            if isinstance(item, Const):
                items.append(item)
                continue
            there = None if before is None else self.known.get((before, k))
            part = Value(item, there.name if there else "", there.hint if there else "item")
            self.items.append(Apply(operator.getitem, (v, Const(k)), (), part))
            asked = self.every or there is not None or before is None or before in self.read
            asked = asked and not (there is None and isinstance(t, Record) and isinstance(item, Instance))
            items.append(self.take(part, there, (*path, k)) if asked else part)
        made = with_items(t, items)
        if before is not None:
            self.taken[before], self.wholes[before] = made, v
        return made

    def is_written(self, v: Value) -> bool:
        """Whether something is written into in an argument, or in the fields of what is in it."""
        inside = (w for (owner, _), w in self.known.items() if owner is v)
        return self.classes.is_written(v) or any(map(self.is_written, (*inside, *(s.result for s in self.fields.get(v, ())))))

    def block(self, block: Block, first: Iterable[Statement] = ()) -> Block:
        body = list(first)
        for s in block.body:
            if isinstance(s, Apply) and s.result in self.moved:
                continue
            whole = self.taken.get(s.args[0]) if isinstance(s, Apply) and is_item(s) else None  # type: ignore[arg-type]
            if isinstance(whole, (Tuple, List, Dict)):
                assert isinstance(s, Apply)
                self.taken[s.result] = whole.items[list(keys_of(whole)).index(s.args[1].value)]  # type: ignore[union-attr]
            elif _asks_identity(s):
                body.append(map_operands(lambda o: self.wholes.get(o) or self.operand(o), s))  # type: ignore[arg-type]
            else:
                body.append(map_blocks(self.block, map_operands(self.operand, s)))
        return block.with_(body, map(self.operand, block.yields))

    def operand(self, o: Operand) -> Operand:
        return map_leaves(lambda v: self.taken.get(v, v) if isinstance(v, Value) else v, o)


def with_loads(block: Block, classes: Classes) -> Block:
    """A block with what the arrays in some classes hold, where they are read, as values; what it yields is read."""
    return _Loads(classes).block(block, range(len(block.yields)))


class _Loads:
    """A walk that puts loads before what reads arrays that are written into."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.body: list[Statement] = []
        self.new: set[Value] = set()  # containers of new arrays, which nobody has taken out yet
        self.now: dict[Value, Value] = {}  # arrays, with what they hold, since nothing was written after that was loaded

    def block(self, block: Block, read: Collection[int]) -> Block:
        """A block; `read`: the numbers of the operands it yields that are read there, and not handed on as what they are."""
        outer, self.body = self.body, []
        self.now = {}
        for s in block.body:
            if isinstance(s, Apply):
                self.apply(s)
                if isinstance(s.op, (Rebind, Store)) or is_writing_call(s) or is_opaque(s):
                    self.now = {}
            else:
                self.region(s)
                self.now = {}
        yields = [self.loaded(o, None) if k in read else o for k, o in enumerate(block.yields)]
        made = block.with_(self.body, yields)
        self.body, self.now = outer, {}
        return made

    def region(self, s: Statement) -> None:
        if isinstance(s, If):
            s = changed(s, test=self.loaded(s.test, s))
            self.body.append(map_blocks(lambda b: self.block(b, ()), s))
            return
        assert isinstance(s, (For, While))
        n = len(s.inits)
        if isinstance(s, For):
            s = changed(s, start=self.loaded(s.start, s), stop=self.loaded(s.stop, s), step=self.loaded(s.step, s))
        else:
            s = changed(s, test=self.block(s.test, range(len(s.test.yields))))
        self.body.append(changed(s, body=self.block(s.body, range(n, len(s.body.yields)))))

    def apply(self, s: Apply) -> None:
        r = s.result
        if s.op in (NEW, TAPE, PUSH, POP, LEAVE) or facts_of(s.op).lies or _is_of_identity(s):  # a tape holds arrays themselves
            self.body.append(s)
        elif is_writing_call(s):
            self.call(s)
        elif isinstance(s.op, (Rebind, Store)):
            given = facts_of(s.op.op).puts if is_change(s) else None  # which stays what it is
            self.keep(s, [a if k in (0, given) else self.loaded(a, s) for k, a in enumerate(s.args)])
        elif not has_memory(r) or not self.classes.is_written(r):
            form_of = facts_of(s.op).form_of  # that of a list may be another one later
            alike = [k == form_of and isinstance(type_of(a), Array) for k, a in enumerate(s.args)]
            self.keep(s, [a if same else self.loaded(a, s) for a, same in zip(s.args, alike, strict=True)])
        elif isinstance(s.op, (Free, Field)):
            self.refuse(r, f"a write into {r.name or s.op.name!r}, which is defined outside of the function")
        elif isinstance(s.op, (Call, Derived)) and shared(s):
            self.call(s)
        elif is_list_or_dict(r.type) and shared(s):
            self.lead(s)
        elif facts_of(s.op).computes or not any(map(self.is_led_from, values_of(*shared(s)))):
            self.allocate(s)
        else:
            self.lead(s)

    def is_led_from(self, v: Value) -> bool:
        """Whether a value leads to an array that is there, and not to one that has just been made."""
        return self.classes.is_written(v) and v not in self.new

    def allocate(self, s: Apply) -> None:
        """An operation that makes an array, or several."""
        r = s.result
        if isinstance(r.type, (Tuple, List, Dict)):
            self.new.add(r)
            self.keep(s, [self.loaded(a, s) for a in s.args])
            return
        content = Value(r.type, "", r.name or r.hint)
        self.keep(replace(s, result=content), [self.loaded(a, s) for a in s.args])
        self.body.append(Apply(ALLOCATE, (content,), (), r, s.place, s.origin))

    def call(self, s: Apply) -> None:
        """A call of a function that is not followed, which may write into its arguments, and give one of them."""
        if s.op is PULL:
            self.body.append(s)
            return
        assert isinstance(s.op, (Call, Derived))
        if s.op.effect not in ("none", "writes"):
            self.refuse(s.result, "a write into what a recursive function that draws or acts may have given, or got")
        self.body.append(replace(s, op=replace(s.op, effect="writes")))

    def lead(self, s: Apply) -> None:
        """An operation that leads to an array: to one in a container, or to a view."""
        inside = shared(s)
        args = [a if any(a is o for o in inside) else self.loaded(a, s) for a in s.args]
        arrays = [a for a in inside if of_array(a) and self.classes.of(a) is self.classes.of(s.result)]  # type: ignore[arg-type]
        objects = any(isinstance(t, (ListOf, DictOf)) for t in (s.result.type, *map(type_of, inside)))
        if s.op is UNPACK or not (arrays or objects):
            self.keep(s, args)
            return
        self.keep(replace(s, op=View(s.op)), args)

    def keep(self, s: Apply, args: Iterable[Operand]) -> None:
        kwargs = tuple((k, self.loaded(o, s)) for k, o in s.kwargs)
        self.body.append(replace(s, args=tuple(args), kwargs=kwargs))

    def loaded(self, o: Operand, by: Statement | None) -> Operand:
        """What an operand holds where a statement reads it."""

        def leaf(v: Operand) -> Operand:
            if not isinstance(v, Value) or v in self.new or not self.classes.is_written(v):
                return v
            if v in self.now:
                return self.now[v]
            content = Value(v.type, "", v.name or v.hint)
            if isinstance(v.type, Array):
                self.now[v] = content
            place, origin = (None, None) if by is None else (by.place, by.origin)
            self.body.append(Apply(LOAD, (v,), (), content, place, origin))
            return content

        return map_leaves(leaf, o)

    def refuse(self, v: Value, what: str) -> None:
        write = self.classes.write(v)
        raise UnsupportedSyntaxError(what, write.place, "Pass it as an argument, or copy it first.")
