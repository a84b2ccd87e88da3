"""Switches: optimisations, and analyses that serve them, can be left out one by one.

Takes names; what is compiled in the `with` statement is compiled without these. Nothing that is left out changes what a
derivative gives, only how: this is there to test that, and to see what each one does.

>>> import numpy as np
>>> import sct
>>> from sct.analysis.switches import without
>>> def f(x):
...     return np.sum(x * x)
>>> with without("algebra"):
...     print(sct.grad(f).source_for(np.ones(3)).rstrip())
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(x):
    # reverse
    # return np.sum(x * x)
    x_bar = np.broadcast_to(1.0, x.shape) * x
    x_bar = x_bar + x_bar
    return x_bar
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["SWITCHES", "is_on", "left_out", "without"]

SWITCHES: dict[str, str] = {
    "copies": "the pass of that name",
    "subexpressions": "the pass of that name",
    "masks": "the pass of that name",
    "algebra": "the pass of that name",
    "diagonals": "the pass of that name",
    "triangles": "the pass of that name",
    "constants": "the pass of that name",
    "cancellation": "the pass of that name",
    "fills": "the pass of that name",
    "signs": "the pass of that name",
    "dead_code": "the pass of that name",
    "buffers": "the pass of that name",
    "accumulation": "the pass of that name",
    "steps": "the pass of that name",
    "usefulness": "what the result does not depend on gets no adjoint",
    "shapes": "what is needed for its shape alone is not recorded",
    "recomputation": "what is cheap is computed again rather than recorded",
    "dependence": "what nothing has overwritten is read again rather than recorded",
    "unrolling": "short loops that need a type of their own in each iteration are unrolled rather than given lists that grow",
    "folding": "temporaries are written as parts of expressions",
    "sinking": "what a loop hands on is made where the value before it was read last",
}

_left_out: ContextVar[frozenset[str]] = ContextVar("left_out", default=frozenset())


def left_out() -> frozenset[str]:
    """What is left out here."""
    return _left_out.get()


def is_on(name: str) -> bool:
    """Whether the optimisation or analysis of this name is not left out."""
    return name not in _left_out.get()


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Leave optimisations and analyses out of what is derived and called first in a `with` statement.

    Parameters
    ----------
    *names : str
        Keys of `SWITCHES`.
    """
    unknown = [n for n in names if n not in SWITCHES]
    if unknown:
        raise ValueError(f"there is nothing called {unknown[0]!r} to leave out; there is: {', '.join(SWITCHES)}")
    token = _left_out.set(_left_out.get().union(names))
    try:
        yield
    finally:
        _left_out.reset(token)
