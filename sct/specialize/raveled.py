"""`sct.ravel` of a tree whose structure is known before it runs.

Takes a call of it; gives the call of the function that is written out for that structure (`sct.raveling`), which is followed
like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct import runtime
from sct.errors import NonDifferentiableArgumentError, SctError, UnsupportedSyntaxError
from sct.infer.call import plain
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Abstract, Array, Const, Dict, DictOf, Instance, List, ListOf, Record, Scalar, Tuple, Unknown
from sct.raveling import Leaf, NoLeaf, Part, ravel, raveler
from sct.specialize import records
from sct.specialize.building import Builder

__all__ = ["RAVELED"]


def _ravel(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) + len(kwargs) != 1:
        raise SctError("sct.ravel takes one tree", s.place, "Give it a tuple of them.")
    (tree,) = (*args, *kwargs.values())
    try:
        made = raveler(_parts(s, type_of(s.expose_all(tree))), known=False)
    except NonDifferentiableArgumentError as e:
        raise e.called_from(s.place) from None
    return s.apply(made, (tree,))


def _parts(s: Builder, t: Abstract) -> Part | Leaf | NoLeaf:
    """What is in a tree of a type."""
    if isinstance(t, Const):
        return Leaf("number", np.dtype(type(t.value))) if type(t.value) in (float, complex) else NoLeaf(t.value)
    if isinstance(t, Scalar):
        return Leaf("number", np.dtype(t.kind)) if t.kind in (float, complex) else NoLeaf(t)
    if isinstance(t, Array) and t.rank is not None and t.dtype is not None:
        kind = "scalar" if t.rank == 0 and t.boxed is False else "array"
        return Leaf(kind, t.dtype, t.rank) if t.dtype.kind in "fc" else NoLeaf(t)
    if isinstance(t, Record):
        return Part(t.cls, tuple((str(k), _parts(s, i)) for k, i in t.mapping().items()))
    if isinstance(t, Dict):
        return Part(dict, tuple((k, _parts(s, i)) for k, i in t.mapping().items()))
    if isinstance(t, (Tuple, List)):
        cls: Any = list if isinstance(t, List) else t.kind or tuple
        return Part(cls, tuple((k, _parts(s, i)) for k, i in enumerate(t.items)))
    if isinstance(t, Instance):
        raise UnsupportedSyntaxError(
            "sct.ravel of an object that is not differentiated by", s.place, "Name it in wrt, or give sct.ravel its fields."
        )
    if isinstance(t, (Array, Unknown, ListOf, DictOf)):
        raise UnsupportedSyntaxError(
            "sct.ravel of something whose structure is only known at run time", s.place, "Call it outside, and pass the vector."
        )
    return NoLeaf(t)


def _instance(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """An object with these fields, made without its constructor."""
    made = records.new(s, plain(type_of(args[0])), kwargs)
    s.decided["made"] = True
    return s.present(made, reads=False)


RAVELED: dict[Any, Callable[..., Any]] = {ravel: _ravel, runtime.instance: _instance}
"""What stands for a call, by function."""
