"""What operations are, besides their rules and their effects: where a result lies, what is linear, what is cheap.

Takes functions, each with facts by name; gives these to the compiler. Never answers for a call: see `sct.infer.facts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from sct.ir.ops import Attribute, Method
from sct.ir.records import record
from sct.registry.lookup import find
from sct.registry.methods import primitive_of

__all__ = ["Facts", "Kind", "Linear", "Memory", "Rearranged", "Triangle", "facts", "facts_of", "memory", "ufunc_of"]


Kind = Literal["elementwise", "view", "reduction", "product", "construction", "comparison", "other"]
Memory = Literal["fresh", "view", "read-only", "spread", "either"]
Rearranged = Literal["turned", "reshaped", "may copy"]
Layout = Literal["always", "by order"]
Linear = Literal["together", "each", "first"]
Triangle = Literal["lower", "upper", "diagonal", "first", "each", "any", "turned"]


@record(frozen=True, slots=True)
class Facts:
    """What is registered of an operation besides its rules and its effect; of what nothing is said, False or None.

    An answer that depends on the call is a function of the call's own arguments, given as to a type rule.

    Attributes
    ----------
    kind : Kind
        Of what has no adjoint rule; see `adjoint`.
    cheap : bool
        Whether computing it again costs no more than keeping it.
    memory : Memory
        Where the result lies; see the function of that name.
    rearranged : {"turned", "reshaped", "may copy"}
        The result is a view of all entries of the first operand, in another order or in the same one; "may copy": it is
        "reshaped" if that operand lies in the order of its indices.
    involution : bool
        Whether the same call on the result gives the first operand again.
    itself : bool
        Whether the result is the first operand, an array, and no other object.
    order : str
        In what order new memory is, as NumPy's parameter says it.
    layout : {"always", "by order"}
        What the result depends on besides the entries: in what order they lie in memory; "by order": where an operand behind
        the first asks for that ("A" or "K").
    boxed : bool
        Whether the result is an ndarray at rank 0 too, and no number.
    new_list : bool
        Whether the result is a list of its own, though of items that are there.
    computes : bool
        Whether what is in the list that is the result is computed, and is not what is in an operand.
    in_place : bool
        Whether it can be carried out in the memory of the first operand.
    form_of : int
        The number of an operand of which only the shape and the dtype count.
    fits : int
        The number of the operand in whose shape the result is the first one; it raises where that does not fit.
    puts : int
        The number of the operand that a method or operator that changes a container or an array puts into it.
    puts_each : bool
        Whether the items of that operand are put in, and not the operand itself.
    takes : bool
        Whether the result is what the first operand, a container, has under a key, or all of it, and no new object.
    refuses_none : {"each", "first"}
        It raises where an operand is None, be that any one or the first.
    index : int
        The number of the operand that is an index into the first one, or a path of them.
    keys : bool
        Whether an integer among the operands is a key in the others, if these are lists or dicts, or how often they come.
    arrays : tuple of int
        The numbers of the operands that are no numbers of Python's, since for such it raises.
    linear : {"together", "each", "first"}
        Linear in its operands together, as a sum is, in each of them alone, as a product is, or in the first alone.
    joins : bool
        Whether the result has entries of several operands beside one another, as that of a choice or of stacking has.
    squares : bool
        Whether the result is the square of the first operand.
    ufunc : ufunc
        What an operator of Python's is on arrays.
    total : callable
        Of an operator that raises for some numbers of Python's: what gives NumPy's value there.
    inlined : bool
        Of a function in Python that has a rule: whether it is inlined all the same, where the types decide its branches.
    operations : callable
        Of what is no sum, product or element-wise function: about how many operations on numbers a call is, as terms, each a
        factor with the sizes that it multiplies; `("log2", n)` for the logarithm of a size.
    silent : bool
        Whether it costs little, and neither raises nor warns, whatever numbers it is given.
    zeros : bool
        Whether all entries of the result are 0.
    lies : bool
        Whether the result tells where the operands lie in memory, and not what they hold.
    text : bool
        Whether the result is a text in which the operands may be read.
    sees_caller : bool
        Whether the result depends on the variables of the function that calls it.
    finite : bool
        Of what is neither linear, a product nor a view: whether the result is finite where the operands are.
    nonnegative : bool
        Whether the result is never less than 0.
    keeps_zeros : bool
        Of what is no ufunc: whether the result is, entry by entry, 0 where the first operand is, whatever that is elsewhere.
    inverts : bool
        Whether the result for the negative of an operand is the inverse of that for the operand, as of powers.
    band : bool
        Whether the result has the entries of the first operand in a band of its places, and 0 elsewhere.
    triangle : {"lower", "upper", "diagonal", "first", "each", "any", "turned"}
        Which triangle of the matrices in the last two axes of the result is all that is not 0: that of the first operand, one
        that each of the operands has, one that any has, or the other one than that of the first; of several results a tuple.
    on_triangle : callable
        Of what solves systems of the first operand: what does so for triangular matrices, and is told by `lower` which they
        are; that itself is such a function too.
    alone : callable
        What gives the same with NumPy alone, in modules that need nothing else.
    stands_for : int
        The number of the operand that the result is, once nobody differentiates it any more.
    rolled : bool
        Of a rule: whether it has loops and branches that types do not decide, and stands where it is used all the same.
    """

    kind: Kind = "other"
    cheap: bool | Callable[..., bool] = False
    memory: Memory | Callable[..., Memory] | None = None
    rearranged: Rearranged | Callable[..., Rearranged | None] | None = None
    involution: bool | Callable[..., bool] = False
    itself: Callable[..., bool] | None = None
    order: Callable[..., Any] | None = None
    layout: Layout | None = None
    boxed: bool | Callable[..., bool] = False
    new_list: bool = False
    computes: bool = False
    in_place: bool = False
    form_of: int | None = None
    fits: int | None = None
    puts: int | None = None
    puts_each: bool = False
    takes: bool = False
    refuses_none: Literal["each", "first"] | None = None
    index: int | None = None
    keys: bool = False
    arrays: tuple[int, ...] = ()
    linear: Linear | Callable[..., Linear] | None = None
    joins: bool = False
    squares: Callable[..., bool] | None = None
    ufunc: np.ufunc | None = None
    total: Callable[..., Any] | None = None
    inlined: bool = False
    operations: Callable[..., Any] | None = None
    silent: bool = False
    zeros: bool = False
    lies: bool = False
    text: bool = False
    sees_caller: bool | Callable[..., bool] = False
    finite: bool | Callable[..., bool] = False
    nonnegative: bool = False
    keeps_zeros: bool = False
    inverts: bool = False
    band: bool = False
    triangle: Triangle | Callable[..., Triangle | tuple[Triangle | None, ...] | None] | None = None
    on_triangle: Callable[..., Any] | None = None
    alone: Callable[..., Any] | None = None
    stands_for: int | None = None
    rolled: bool = False


_NOTHING = Facts()
_facts: dict[Any, Facts] = {}


def facts(*primitives: Any, **known: Any) -> None:
    """Register what operations are, by the names of `Facts`; of an array's method that differs from its primitive, `Method`."""
    for p in primitives:
        _facts[p] = replace(_facts.get(p, _NOTHING), **known)


def memory(where: Memory | Callable[..., Memory], *primitives: Any) -> None:
    """Register where the results of functions lie, if that does not follow from the kind of their rules.

    "fresh": in memory of their own. "view": in some calls in that of an operand. "read-only": likewise, but NumPy lets nobody
    write there. "spread": likewise, and one entry there is many entries of the array. "either": in some calls in such. A
    function tells it of a call.
    """
    facts(*primitives, memory=where)


def facts_of(op: Any) -> Facts:
    """What is registered of an operation; of a method or attribute of which nothing is, that of its primitive."""
    try:  # as `find` does, but this is asked more often than anything else
        found = _facts.get(op)
    except TypeError:
        return _NOTHING
    if found is None and type(op) in (Method, Attribute):
        found = find(_facts, primitive_of(op))
    return _NOTHING if found is None else found


def ufunc_of(op: Any) -> np.ufunc | None:
    """The ufunc that an operation is on arrays: it broadcasts its operands against each other; None if it is none."""
    return op if isinstance(op, np.ufunc) else facts_of(op).ufunc
