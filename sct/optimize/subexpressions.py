"""Common subexpressions: what has been computed, and is in scope, is not computed again.

>>> from sct.testing import optimized
>>> print(optimized(subexpressions, '''
... def f(x):
...     y = np.exp(x) + 1.0
...     z = np.exp(x) * y
...     return z
... '''))
def f(x):
    exp = np.exp(x)
    y = exp + 1.0
    z = exp * y
    return z
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sct.analysis.effects import CHANGING, acting, effect, has_effect
from sct.ir.ops import LOAD, Attribute, Field, Format, Free, InPlace, Method, Rebind, Special, Store, View
from sct.ir.ssa import Apply, Block, Function, Operand, Value
from sct.ir.types import Const
from sct.optimize.rewriter import Rewriter
from sct.registry.effects import Effect, effect_of, is_pure
from sct.registry.rules import kind_of
from sct.runtime import kept

__all__ = ["Sharing", "subexpressions"]


def subexpressions(f: Function) -> Function:
    """`f` with equal expressions computed once."""
    return Sharing().function(f)


class Sharing(Rewriter):
    """The walk: an operation that has been done, and gives the same, is what it gave then."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Hashable, Value] = {}
        self.always: dict[int, bool] = {}  # by the identity of an operation: whether all of its results can be shared
        self.moment = 0  # what acts begins another one: what is read then may differ

    def block(self, block: Block) -> Block:
        before = len(self.known)
        changing = bool(acting(block))
        self.moment += changing  # a block of a loop may have been run before
        made = super().block(block)
        self.moment += changing
        while len(self.known) > before:
            self.known.popitem()
        return made

    def rewrite(self, s: Apply) -> Apply | Operand:
        always = self.always.get(id(s.op))
        if always is None:
            always = self.always[id(s.op)] = _always_shareable(s.op)
        kind = "none" if always else effect(s)
        self.moment += kind in CHANGING
        if not (always or _shareable(s, kind)) or self.changes(s.result):
            return s
        try:
            key = (s.op, s.args, s.kwargs, self.moment if kind == "reads" else None)
            found = self.known.setdefault(key, s.result)
        except TypeError:  # an argument that cannot be hashed
            return s
        if found is s.result or any(isinstance(a, Const) and isinstance(a.value, (list, dict)) for a in s.args):
            return s
        if s.result.name and not self.name_of(found):
            self.called[found] = s.result.name
        return found if not s.result.name or self.name_of(found) == s.result.name else s


def _shareable(s: Apply, kind: Effect) -> bool:
    """Whether computing it twice gives the same, and no memory of its own that something may be stored into."""
    op = s.op
    if op is LOAD:
        return True
    if isinstance(op, _NEVER) or kind_of(op) == "construction":
        return False
    if isinstance(op, (Attribute, Method)):
        return not has_effect(s)
    return kind in ("none", "reads") and (is_pure(op) or op is kept)


def _always_shareable(op: Any) -> bool:
    """Whether that is so whatever the operands are."""
    return not isinstance(op, (*_NEVER, Attribute, Method)) and kind_of(op) != "construction" and effect_of(op) == "none"


_NEVER = (Special, InPlace, Format, Free, Field, Rebind, Store, View)
