"""Operations of memory, carried out while a function that has them is specialized again, such as a derivative in forward mode.

Takes such an operation; writes, and reads, as the function does that is being built: in statements that write, or in values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sct.errors import UnsupportedSyntaxError
from sct.infer.objects import holds_objects
from sct.ir.ops import BINARY, LOAD, Method, Rebind, Store, View, describe
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import UNKNOWN, Abstract, Const, Dict, List, Tuple, is_list_or_dict
from sct.runtime import scatter_add, updated
from sct.specialize.building import Builder
from sct.specialize.writing import write

__all__ = ["specialized_again"]

_INTO = {plain: augmented for augmented, plain in BINARY.items()}


def specialized_again(
    s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str, known: Abstract
) -> Operand:
    """What an operation of memory gives."""
    if isinstance(op, Store) and op.op not in (updated, scatter_add):
        if isinstance(op.op, Method) and not (isinstance(t := type_of(args[0]), (List, Dict)) or is_list_or_dict(t)):
            raise UnsupportedSyntaxError(
                f"the method {describe(op.op)} of what may be no list or dict, in a derivative of a derivative",
                s.place,
                "Keep it under a name of its own.",
            )
        s.apply(op.op, args, kwargs)
        return Const(None)
    if isinstance(op, Store):
        assert isinstance(args[0], Value) and isinstance(args[1], Tuple)
        write(s, args[0], args[1].items, args[2], op.op)
        return Const(None)
    if isinstance(op, View):
        return s.apply(op.op, args, kwargs, name, UNKNOWN if holds_objects(known) else known)
    if isinstance(op, Rebind) and op.op in _INTO:
        return s.apply(_INTO[op.op], args)
    if isinstance(op, Rebind):
        return s.emit(op, args, {}, known, name)
    return args[0] if op is LOAD else s.apply(np.array, args)
