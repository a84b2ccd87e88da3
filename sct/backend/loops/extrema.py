"""Largest and smallest entries, by Python's `max` and `min`, which LLVM vectorizes, beside a flag that says whether one is nan.

Takes a loop program; gives another one.
"""

from __future__ import annotations

import math

from sct.backend.loops.forms import Branch, Loop, Name, Num, Op, Ref, Set, Statement, blocks_of, op

__all__ = ["with_flags"]

_PLAIN = {"maximum": "max", "minimum": "min"}


def with_flags(body: list[Statement]) -> list[Statement]:
    """A program in which a nest that looks for the largest or smallest number notes whether it came by nan."""
    out: list[Statement] = []
    for s in body:
        for b in blocks_of(s):
            b[:] = with_flags(b)
        if isinstance(s, Loop) and s.nest:
            for number in _sought(s):
                begun = next((k for k, t in enumerate(out) if isinstance(t, Set) and t.name is number), None)
                if begun is None or number.dtype is None or number.dtype.kind != "f":
                    continue
                flag = Name("is_nan", None)
                _rewritten(s.body, number, flag)
                out.insert(begun, Set(flag, Num(False)))
                out += [s, Branch(Ref(flag), [Set(number, Num(math.nan))], [])]
                break
            else:
                out.append(s)
        else:
            out.append(s)
    return out


def _sought(s: Loop) -> list[Name]:
    """The numbers that are the largest or smallest so far in a nest of no other statements than such."""
    body: list[Statement] = [s]
    while len(body) == 1 and isinstance(body[0], Loop):
        body = body[0].body
    return [t.name for t in body if _seeks(t)] if len(body) == 1 else []  # type: ignore[union-attr]


def _seeks(s: Statement) -> bool:
    return isinstance(s, Set) and isinstance(s.expr, Op) and s.expr.op in _PLAIN and s.expr.args[0] == Ref(s.name)


def _rewritten(body: list[Statement], number: Name, flag: Name) -> None:
    for k, s in enumerate(list(body)):
        if isinstance(s, Set) and s.name is number and _seeks(s):
            assert isinstance(s.expr, Op)
            entry = Name("entry", number.dtype)
            body[k : k + 1] = [
                Set(entry, s.expr.args[1]),
                Set(number, op(_PLAIN[s.expr.op], Ref(number), Ref(entry))),
                Set(flag, op("|", Ref(flag), op("!=", Ref(entry), Ref(entry)))),
            ]
            return
        for b in blocks_of(s):
            _rewritten(b, number, flag)
