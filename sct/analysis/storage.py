"""Storage: which values may share memory, and whose memory is the function's own to write into.

Takes a function; gives for each value the set of values whose memory it may be (its roots). Where nothing is known of an
operation, its result may be any of its operands.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from sct.ir.ops import POP, PUSH, Attribute, Format, Free, InPlace, Method
from sct.ir.ssa import Apply, Block, Closure, For, Function, If, Value, While, operands_of, values_of
from sct.ir.types import Array, Scalar, Slice, Tuple, Unknown
from sct.ruleset import kind_of, method_rule
from sct.runtime import scatter_add

__all__ = ["Storage", "captured", "storage"]

_FRESH: frozenset[Any] = frozenset(
    (
        np.zeros_like,
        np.ones_like,
        np.full_like,
        np.zeros,
        np.ones,
        np.full,
        np.array,
        np.copy,
        np.stack,
        np.concatenate,
        scatter_add,
        operator.add,
        operator.sub,
        operator.mul,
        operator.truediv,
        operator.neg,
        operator.pow,
        operator.matmul,
    )
)


class Storage:
    """`roots[v]`: the values whose memory `v` may be. `pinned`: memory that is not to be written into."""

    def __init__(self) -> None:
        self.roots: dict[Value, frozenset[Value]] = {}
        self.pinned: set[Value] = set()
        self.by_root: dict[Value, set[Value]] | None = None

    def of(self, v: Value) -> frozenset[Value]:
        """The roots of a value."""
        return self.roots.get(v, frozenset((v,)))

    def sharing(self, v: Value) -> set[Value]:
        """The values that may share memory with `v`."""
        if self.by_root is None:
            self.by_root = {}
            for w, roots in self.roots.items():
                for r in roots:
                    self.by_root.setdefault(r, set()).add(w)
        return {w for r in self.of(v) for w in (r, *self.by_root.get(r, ()))}

    def owned(self, v: Value) -> bool:
        """Whether the memory of `v` belongs to this function alone."""
        return not (self.of(v) & self.pinned)


def storage(f: Function) -> Storage:
    """The storage of the values of `f`."""
    s = Storage()
    s.pinned.update(f.block.params)
    while True:
        before = (sum(map(len, s.roots.values())), len(s.pinned))
        _block(s, f.block)
        if before == (sum(map(len, s.roots.values())), len(s.pinned)):
            return s


def _add(s: Storage, v: Value, roots: frozenset[Value]) -> None:
    s.roots[v] = s.roots.get(v, frozenset()) | roots


def _block(s: Storage, block: Block) -> None:
    for t in block.body:
        if isinstance(t, Apply):
            _apply(s, t)
        elif isinstance(t, If):
            _block(s, t.then)
            _block(s, t.orelse)
            for r, a, b in zip(t.results, t.then.yields, t.orelse.yields, strict=True):
                _add(s, r, frozenset().union(*(s.of(v) for v in values_of(a, b))))
        elif isinstance(t, (For, While)):
            _loop(s, t)
        else:
            assert isinstance(t, Closure)
            s.pinned.update(t.block.params)
            s.pinned.update(r for v in captured(t.block) for r in s.of(v))
            _block(s, t.block)


def captured(block: Block) -> set[Value]:
    """What the block of a closure reads from around it; it may run again, so that must stay as it is."""
    used: set[Value] = set(values_of(*block.yields))
    made: set[Value] = set(block.params)

    def walk(b: Block) -> None:
        for t in b.body:
            used.update(values_of(*operands_of(t)))
            made.update((t.result,) if isinstance(t, (Apply, Closure)) else t.results)
            for inner in (t.then, t.orelse) if isinstance(t, If) else (t.body,) if isinstance(t, (For, While)) else ():
                made.update(inner.params)
                used.update(values_of(*inner.yields))
                walk(inner)

    walk(block)
    return used - made


def _loop(s: Storage, t: For | While) -> None:
    n = len(t.inits)
    params = t.body.params[len(t.body.params) - n :]
    for p, i in zip(params, t.inits, strict=True):
        _add(s, p, frozenset().union(*(s.of(v) for v in values_of(i))))
    _block(s, t.body)
    for p, y, r in zip(params, t.body.yields, t.results, strict=False):
        roots = frozenset().union(*(s.of(v) for v in values_of(y)))
        _add(s, p, roots)
        _add(s, r, s.of(p) | roots)
    if isinstance(t, While):
        for p, q in zip(t.test.params, params, strict=True):
            _add(s, p, s.of(q))
        _block(s, t.test)


def _apply(s: Storage, t: Apply) -> None:
    own = frozenset((t.result,))
    if t.op is PUSH:
        s.pinned.update(r for v in values_of(t.args[1]) for r in s.of(v))
    elif t.op is POP or isinstance(t.op, (Free, Format)):
        s.pinned.add(t.result)
        _add(s, t.result, own)
    elif isinstance(t.op, InPlace):
        _add(s, t.result, frozenset().union(*(s.of(v) for v in values_of(t.args[0]))))
    elif t.op is np.broadcast_to:  # one entry of memory may be many entries of the array
        s.pinned.add(t.result)
        _add(s, t.result, own)
    elif isinstance(t.result.type, Scalar) or _fresh(t):
        _add(s, t.result, own)
    else:
        _add(s, t.result, own.union(*(s.of(v) for v in values_of(*operands_of(t)))))


def _fresh(t: Apply) -> bool:
    """Whether an operation makes memory of its own."""
    op = t.op
    if op is operator.getitem:
        x = t.args[0]
        return (
            isinstance(x, Value)
            and isinstance(x.type, Array)
            and isinstance(t.result.type, Array)
            and t.result.type.shape == ()
            and not any(_ellipsis(a) for a in t.args[1:])
        )
    if isinstance(op, Method):
        rule = method_rule(op.name)
        return rule is not None and op.name in ("copy", "sum", "mean", "dot", "prod", "max", "min", "cumsum", "var", "std")
    if isinstance(op, Attribute):
        return op.name in ("shape", "size", "ndim")
    try:
        if op in _FRESH:
            return True
    except TypeError:
        return False
    if not (getattr(op, "__module__", None) or "numpy").startswith(("numpy", "_operator", "operator", "math")):
        return False  # a helper may give back what it was given
    return kind_of(op) in ("elementwise", "reduction", "product") and op not in (np.einsum, np.real_if_close)


def _ellipsis(o: object) -> bool:
    return isinstance(o, (Slice, Tuple, Unknown)) or getattr(o, "value", None) is Ellipsis
