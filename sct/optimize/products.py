"""Products: chains of products and quotients, and writing them with fewer operations.

Takes the tree of a chain: its factors, as they stand, each over or under the line. Gives a tree with one number in place of
several, without factors of one, without what stands both over and under the line, and with a quotient in place of a product
with a reciprocal, and with the numbers multiplied before the arrays; or None where there is nothing to gain. Emits nothing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from sct.ir.records import record
from sct.ir.ssa import Operand, Value
from sct.ir.types import Const

__all__ = ["DIVISIONS", "Node", "Tree", "multiplies", "numbers_in", "simpler", "values_in"]

DIVISIONS = (operator.truediv, np.true_divide)


def multiplies(op: Any) -> bool:
    """Whether an operation is Python's of a product or a quotient, as rules write them."""
    return op is operator.mul or op is operator.truediv


@record(frozen=True, slots=True)
class Node:
    """A product, or a quotient by one of `DIVISIONS`."""

    op: Any
    left: Tree
    right: Tree


Tree: TypeAlias = "Node | Operand"


@record(frozen=True, slots=True)
class _Part:
    """What is left of a part of a chain: what stands over the line, or else what stands under it, each with its division."""

    over: Tree | None = None
    under: tuple[tuple[Any, Tree], ...] = ()


def simpler(tree: Node, is_single: Callable[[Operand], bool]) -> Tree | None:
    """A tree of the same value with fewer factors, or with fewer operations on arrays; None if there is none.

    `is_single` tells of a factor whether it is one number rather than an array.
    """
    found = _shorter(tree)
    return (_grouped(found, is_single) or found) if isinstance(found, Node) else found or _grouped(tree, is_single)


def _grouped(tree: Node, is_single: Callable[[Operand], bool]) -> Tree | None:
    """A tree in which the numbers are multiplied with one another first; None if that saves nothing."""
    factors = _factors(tree)
    singles = [f for f in factors if is_single(f[0])]
    if len(singles) < 2:
        return None
    arrays = [f for f in factors if not is_single(f[0])]
    if not arrays or _on_arrays(tree, is_single)[0] <= len(arrays):
        return None
    if _product([f for f in factors if _is_number(f[0])], False) is None:
        return None
    op = next(d.op for d in _nodes(tree) if d.op in DIVISIONS) if any(under for _, under in factors) else operator.truediv
    singles.sort(key=lambda f: f[1])
    found: Tree = Const(1.0) if singles[0][1] else singles.pop(0)[0]
    for o, under in (*singles, *arrays):
        found = Node(op if under else operator.mul, found, o)
    return found


def _nodes(tree: Tree) -> Iterator[Node]:
    if isinstance(tree, Node):
        yield tree
        yield from _nodes(tree.left)
        yield from _nodes(tree.right)


def _on_arrays(tree: Tree, is_single: Callable[[Operand], bool]) -> tuple[int, bool]:
    """How many operations of a tree give arrays, and whether all of it is one."""
    if not isinstance(tree, Node):
        return 0, not is_single(tree)
    (n, a), (m, b) = _on_arrays(tree.left, is_single), _on_arrays(tree.right, is_single)
    return n + m + (a or b), a or b


def _shorter(tree: Node) -> Tree | None:
    """A tree of the same value with fewer factors; None if there is none."""
    factors = _factors(tree)
    changed: dict[int, Operand | None] = dict.fromkeys(_cancelled(factors))
    numbers = [k for k, (o, _) in enumerate(factors) if _is_number(o)]
    if len(numbers) > 1 or (numbers and _is_one(*factors[numbers[0]])):
        place = next((k for k in numbers if not factors[k][1]), numbers[0])
        value = _product([factors[k] for k in numbers], factors[place][1])
        if value is not None:
            changed.update(dict.fromkeys(numbers))
            changed[place] = None if value == 1 else Const(value)
    if not changed:
        return None
    made = _without(tree, iter(range(len(factors))), changed)
    if made.over is not None:
        return made.over
    if len(changed) == 1:  # 1 / a cannot be shorter
        return None
    return _divided(Const(1.0), made.under)


def numbers_in(tree: Tree) -> list[float]:
    """The numbers that are factors of a tree."""
    return [o.value for o, _ in _factors(tree) if isinstance(o, Const) and _is_number(o)]


def values_in(tree: Tree) -> frozenset[Value]:
    """The values that are factors of a tree."""
    return frozenset(o for o, _ in _factors(tree) if isinstance(o, Value))


def _is_number(o: Operand) -> bool:
    return isinstance(o, Const) and type(o.value) in (int, float)


def _is_one(o: Operand, under: bool) -> bool:
    return isinstance(o, Const) and o.value == 1 and not under


def _factors(tree: Tree, under: bool = False) -> list[tuple[Operand, bool]]:
    """The factors of a tree, in order, and whether they stand under the line."""
    if not isinstance(tree, Node):
        return [(tree, under)]
    return _factors(tree.left, under) + _factors(tree.right, under != (tree.op in DIVISIONS))


def _cancelled(factors: list[tuple[Operand, bool]]) -> list[int]:
    """The factors that stand over the line and under it."""
    gone: list[int] = []
    waiting: dict[tuple[Value, bool], list[int]] = {}
    for k, (o, under) in enumerate(factors):
        if not isinstance(o, Value):
            continue
        other = waiting.get((o, not under))
        if other:
            gone += [other.pop(), k]
        else:
            waiting.setdefault((o, under), []).append(k)
    return gone


def _product(numbers: list[tuple[Operand, bool]], inverted: bool) -> float | None:
    """The product of numbers over and under the line, or its inverse; None if it is not finite, or zero for no zero."""
    over: float = 1
    under: float = 1
    for o, below in numbers:
        assert isinstance(o, Const)
        over, under = (over, under * o.value) if below != inverted else (over * o.value, under)
    if under == 0 or not math.isfinite(over) or not math.isfinite(under):
        return None
    found = over if under == 1 else over / under
    return found if math.isfinite(found) and (found != 0 or over == 0) else None


def _without(tree: Tree, count: Iterator[int], changed: dict[int, Operand | None]) -> _Part:
    """A tree with the factors of some numbers replaced, or left out for None."""
    if not isinstance(tree, Node):
        k = next(count)
        return _Part(changed.get(k, tree))
    a, b = _without(tree.left, count, changed), _without(tree.right, count, changed)
    if tree.op in DIVISIONS:
        b = _Part(_times(b.under), () if b.over is None else ((tree.op, b.over),))
    over = b.over if a.over is None else a.over if b.over is None else Node(operator.mul, a.over, b.over)
    under = (*a.under, *b.under)
    return _Part(None, under) if over is None else _Part(_divided(over, under))


def _times(under: tuple[tuple[Any, Tree], ...]) -> Tree | None:
    """The product of what stood under the line."""
    return reduce(lambda a, b: Node(operator.mul, a, b), [t for _, t in under]) if under else None


def _divided(over: Tree, under: tuple[tuple[Any, Tree], ...]) -> Tree:
    """`over` divided by each of `under`, by the last one first."""
    return reduce(lambda a, b: Node(b[0], a, b[1]), reversed(under), over)
