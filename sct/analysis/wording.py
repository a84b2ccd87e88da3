"""Wording: what a value without a name of its own may be called, by the operation that made it.

Takes a statement, and what its operands are called; gives names, the best first: `exp`, `ratio`, `x_i`, and, for where that is
taken, longer ones with the names of operands: `exp_z`, `ratio_s`. Never looks at what a name is taken by.
"""

from __future__ import annotations

import builtins
import functools
import keyword
import operator
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sct.analysis.activity import differentiable
from sct.ir.ops import ALLOCATE, POP, Attribute, Field, Free, InPlace, Method, View
from sct.ir.paths import entries_of, is_everything
from sct.ir.rewriting import renamed
from sct.ir.ssa import Apply, Block, If, Operand, Statement, Value, defined, type_of, values_of
from sct.ir.types import Array, Const, Dict, List, Scalar, Slice, Tuple
from sct.runtime import item

__all__ = ["name_within", "named_after_what_they_are", "wordings"]

Naming = Callable[[Value], str]
"""The name of a value; "" where it has none."""

_LONGEST = 24
_ENDING = re.compile(r"(_bar|_tape)?(_\d+)?$")
_DEEPEST = 16

_WORDS: dict[str, str] = {
    "T": "turned",
    "abs": "magnitude",
    "absolute": "magnitude",
    "add": "total",
    "arange": "places",
    "argmax": "place",
    "argmin": "place",
    "argsort": "order",
    "array": "copy",
    "asarray": "array",
    "astype": "cast",
    "broadcast_to": "spread",
    "cholesky": "factor",
    "clip": "clipped",
    "concatenate": "joined",
    "count_nonzero": "count",
    "cumsum": "running",
    "det": "determinant",
    "diag": "diagonal",
    "divide": "ratio",
    "dot": "product",
    "einsum": "product",
    "empty": "buffer",
    "empty_like": "buffer",
    "expand_dims": "spread",
    "eye": "identity",
    "float": "number",
    "floor_divide": "quotient",
    "full": "filled",
    "hstack": "joined",
    "inner": "product",
    "int": "number",
    "inv": "inverse",
    "kept": "copy",
    "len": "length",
    "matmul": "product",
    "max": "largest",
    "maximum": "larger",
    "min": "smallest",
    "minimum": "smaller",
    "multiply": "product",
    "ones_like": "ones",
    "ravel": "flat",
    "reshape": "reshaped",
    "scatter_add": "gathered",
    "solve": "solution",
    "sqrt": "root",
    "stack": "joined",
    "stop_gradient": "shape",
    "subtract": "difference",
    "sum": "total",
    "tensordot": "product",
    "transpose": "turned",
    "true_divide": "ratio",
    "unbroadcast": "total",
    "unbroadcast_to": "total",
    "vstack": "joined",
    "where": "chosen",
    "zeros_like": "zeros",
}
"""The words for functions, methods and attributes that are not called after themselves."""

_OPERATORS: dict[Any, str] = {
    operator.abs: "magnitude",
    operator.add: "total",
    operator.and_: "both",
    operator.eq: "equal",
    operator.floordiv: "quotient",
    operator.ge: "above",
    operator.getitem: "part",
    operator.gt: "above",
    operator.invert: "others",
    operator.le: "below",
    operator.lt: "below",
    operator.matmul: "product",
    operator.mod: "remainder",
    operator.mul: "product",
    operator.ne: "unequal",
    operator.neg: "negative",
    operator.not_: "unlike",
    operator.or_: "either",
    operator.pow: "power",
    operator.sub: "difference",
    operator.truediv: "ratio",
    operator.truth: "flag",
}


def wordings(s: Apply, naming: Naming) -> Iterator[str]:
    """Names for the result of a statement, the best first; all are identifiers of more than one letter."""
    if isinstance(s.op, View) and s.op.op in (operator.getitem, item):
        s = replace(s, op=s.op.op)
    word = _word(s)
    if s.op is operator.getitem or s.op is item:
        yield from filter(_fits, _parts(s, naming))
    elif _is_index(s.result) and s.op in (operator.add, operator.sub) and s.args[1] == Const(1):
        found = _stems(s, word, naming)
        yield from filter(_fits, (f"{'next' if s.op is operator.add else 'previous'}_{of}" for of in found[:1]))
    elif s.op is POP:
        yield from filter(_fits, (f"{word}_{of}" for of in _stems(s, word, naming)[:1]))
    yield from filter(_fits, (word,))
    of = _stems(s, word, naming)
    for k in range(1, min(len(of), 3) + 1):
        yield from filter(_fits, (f"{word}_{'_'.join(of[:k])}", f"{word}_{of[k - 1]}"))
    yield from filter(_fits, (f"{word}_value",))


def _stems(s: Apply, word: str, naming: Naming) -> list[str]:
    """What the operands of a statement are called, each once."""
    named = [n for o in s.operands for v in values_of(o) if (n := _stem(naming(v))) and not n.startswith(word)]
    return list(dict.fromkeys(named))


def named_after_what_they_are(block: Block) -> tuple[Block, set[Value]]:
    """The block with words for what they are, as hints, for the values that the user has not named: the best, and its own.

    What a function returns from several places is a result. Gives also all values that are steps of the user's expressions.
    """
    users = frozenset(v.name for v in defined(block))
    taken = set(users)
    made: dict[Value, Apply] = {}
    own: dict[Value, Value] = {}
    for s in _inner_first(block):
        if not isinstance(s, Apply):
            if not (isinstance(s, If) and s.expression):
                returned = [v for v, _ in s.flows if not v.name and differentiable(v.type)]
                own.update((v, v.called("", v.hint or "result")) for v in returned)
        elif not s.result.name and s.origin is not None:
            made[s.result] = s
            if not s.result.hint:
                content = s.args[0] if s.op is ALLOCATE else s.result
                of = made.get(content, s) if isinstance(content, Value) else s  # an array is called after what it is made of
                words = [*wordings(of, lambda v: name_within(v, made))]
                own_word = _another(words, taken)
                best = _another(words, users)
                own[s.result] = s.result.called("", own_word if own_word == best else f"{best}~{own_word}")
                taken.add(own_word)
    return renamed(block, own), {own.get(v, v) for v in made}


def _another(words: Iterable[str], taken: Container[str]) -> str:
    """The first of some words that is not taken; the first of all if each is."""
    first = ""
    for w in words:
        first = first or w
        if w not in taken:
            return w
    return first


def _inner_first(block: Block) -> Iterator[Statement]:
    """The statements of a block in order, those of the blocks in each before it."""
    for s in block.body:
        for inner in s.blocks:
            yield from _inner_first(inner)
        yield s


def name_within(v: Value, made: Mapping[Value, Statement]) -> str:
    """The name of a value, or of the first that has one in the expression that made it."""
    for _ in range(_DEEPEST):
        d = made.get(v)
        inner = None if v.name or not isinstance(d, Apply) else next((w for w in d.values), None)
        if inner is None:
            return v.name
        v = inner
    return ""


@functools.lru_cache(4096)
def _fits(name: str) -> bool:
    return (
        1 < len(name) <= _LONGEST
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not hasattr(builtins, name)
        and not name.rpartition("_")[2].isdigit()
    )


@functools.lru_cache(1024)
def _stem(name: str) -> str:
    """What an operand is called in the name of what is made of it."""
    return _ENDING.sub("", name)


def _is_index(v: Value) -> bool:
    return isinstance(v.type, Scalar) and v.type.kind is int


def _word(s: Apply) -> str:
    op = s.op.op if isinstance(s.op, InPlace) else s.op
    if op is POP:
        return "recorded"
    if isinstance(op, (Method, Attribute, Field)):
        return _WORDS.get(op.name, op.name.strip("_"))
    if isinstance(op, Free):
        return getattr(op.function, "__name__", "value")
    special = _special(op, s.args)
    if special:
        return special
    try:
        if op in _OPERATORS:
            return _OPERATORS[op]
    except TypeError:  # an object that cannot be hashed
        return "value"
    name = getattr(op, "__name__", "")
    word = _WORDS.get(name, name.strip("_").rstrip("0123456789"))
    return word if word.isidentifier() and not hasattr(builtins, word) else "value"


def _special(op: Any, args: tuple[Operand, ...]) -> str:
    """The word for an operation with a number, or with one operand twice."""
    if len(args) != 2:
        return ""
    a, b = args
    number = next((o.value for o in args if isinstance(o, Const) and type(o.value) in (int, float)), None)
    if op is operator.mul and (a is b or number is not None):
        return "square" if a is b else "twice" if number == 2 else "half" if number == 0.5 else "scaled"
    if op in (operator.truediv, np.true_divide) and isinstance(a, Const):
        return "inverse"
    if op is operator.pow and isinstance(b, Const):
        return "square" if number == 2 else "cube" if number == 3 else "inverse" if number == -1 else "power"
    if op in (operator.add, operator.sub) and number is not None:
        return "rest" if op is operator.sub and isinstance(a, Const) else "shifted"
    return ""


def _parts(s: Apply, naming: Naming) -> Iterator[str]:
    """Names for a part of an array: after the array, and where it is taken."""
    x, index = s.args[0], s.args[1]
    whole = _stem(naming(x)) if isinstance(x, Value) else ""
    if isinstance(type_of(x), Tuple) and _is_index(s.result):
        yield f"{whole}_size" if whole else "size"
        return
    if isinstance(type_of(x), (Tuple, List, Dict)):
        yield f"{whole}_item" if whole else "item"
        return
    where = [_where(e) for e in entries_of(index)]
    if whole and all(where):
        yield f"{whole}_{'_'.join(w for w in where if w != 'all')}".rstrip("_")
    if whole:
        yield f"{whole}_{_kind(s)}"
    yield _kind(s)


def _kind(s: Apply) -> str:
    t = s.result.type
    rank = len(t.shape or ()) if isinstance(t, Array) else 0
    entries = [type_of(o) for o in entries_of(s.args[1])]
    if any(isinstance(e, Array) and e.shape for e in entries):
        return "picked"
    if any(isinstance(e, Slice) for e in entries):
        return "part"
    return "entry" if rank == 0 else "row"


def _where(e: Any) -> str:
    """An entry of an index in words; "" if there are none."""
    if e in (Const(0), Const(-1)):
        return "first" if e == Const(0) else "last"
    if is_everything(e) or e == Const(None):
        return "all"
    return _stem(e.name) if isinstance(e, Value) and isinstance(e.type, (Scalar, Array)) else ""
