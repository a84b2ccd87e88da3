"""The intermediate representation: abstract values, structured SSA, its printer, parser and verifier, and a walk through it.

`manager` keeps what analyses have found of a block with that block. The names here are those for who builds on the compiler;
docs/library.md describes them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from sct.ir.ops import ALLOCATE, ASSERT, LOAD, POP, PUSH, RAISE, TAPE, Rebind, Store, View
from sct.ir.rewriting import substitute
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Origin,
    Phi,
    Statement,
    Value,
    While,
    blocks_in,
    leaves,
    map_leaves,
    type_of,
    values_of,
)
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    Fact,
    Instance,
    List,
    ListOf,
    Scalar,
    Size,
    Slice,
    Stateful,
    Tuple,
)
from sct.ir.visitor import Visitor

if TYPE_CHECKING:
    from sct.ir.parser import parse
    from sct.ir.printer import show
    from sct.ir.verifier import MalformedError, verify

__all__ = [
    "ALLOCATE",
    "ASSERT",
    "LOAD",
    "POP",
    "PUSH",
    "RAISE",
    "TAPE",
    "UNDEFINED",
    "UNKNOWN",
    "Abstract",
    "Apply",
    "Array",
    "Block",
    "Closure",
    "Const",
    "Dict",
    "DictOf",
    "Fact",
    "For",
    "ForEach",
    "Function",
    "If",
    "Instance",
    "List",
    "ListOf",
    "MalformedError",
    "Operand",
    "Origin",
    "Phi",
    "Rebind",
    "Scalar",
    "Size",
    "Slice",
    "Stateful",
    "Statement",
    "Store",
    "Tuple",
    "Value",
    "View",
    "Visitor",
    "While",
    "blocks_in",
    "leaves",
    "map_leaves",
    "parse",
    "show",
    "substitute",
    "type_of",
    "values_of",
    "verify",
]


if not TYPE_CHECKING:

    def __getattr__(name):
        """What a compilation does not need is imported when it is asked for."""
        module = {"parse": "parser", "show": "printer", "MalformedError": "verifier", "verify": "verifier"}.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(import_module(f"{__name__}.{module}"), name)
        return found
