"""The lists of passes, and what runs when.

A pass is a function from `Function` to `Function` that gives the same function where it changes nothing, and one that
computes the same otherwise. It looks at the block alone, for it is not run again on one that it has left as it is. A new one
stands in a file of its name, with an example in its docstring, and in one of the lists here; it needs a key of its name in
`sct.analysis.switches.SWITCHES`, and cases in `tests/optimize/<name>.txt`. The tests say what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from sct.analysis.switches import is_on, left_out
from sct.analysis.versions import is_write
from sct.errors import PassError
from sct.ir.records import record
from sct.ir.ssa import Block, Function, blocks_in, defined
from sct.optimize.accumulation import accumulation
from sct.optimize.algebra import algebra
from sct.optimize.buffers import buffers
from sct.optimize.cancellation import cancellation
from sct.optimize.constants import constants
from sct.optimize.copies import copies
from sct.optimize.dead_code import dead_code
from sct.optimize.diagonals import diagonals
from sct.optimize.fills import fills
from sct.optimize.masks import masks
from sct.optimize.signs import signs
from sct.optimize.steps import steps
from sct.optimize.subexpressions import subexpressions
from sct.optimize.triangles import triangles

__all__ = [
    "OWNED",
    "PASSES",
    "PRIMAL",
    "PUSHED",
    "RECORDED",
    "REVERSED",
    "STORED",
    "UNOPTIMIZED",
    "Pass",
    "Pipeline",
    "chosen",
    "name_of",
    "run",
]

Pass = Callable[[Function], Function]

PRIMAL: tuple[Pass, ...] = (copies, dead_code, masks, steps)
"""On the primal, before it is differentiated."""

REVERSED: tuple[Pass, ...] = (
    copies,
    dead_code,  # of operands that nothing is differentiated by, so that what is left has the users that it has
    subexpressions,
    algebra,
    constants,
    cancellation,
    subexpressions,
    dead_code,
)
"""On the derivative, while its reverse sweep still reads values of inner blocks freely."""

RECORDED: tuple[Pass, ...] = (copies, subexpressions, dead_code, diagonals, triangles, algebra, dead_code)
"""On the derivative once every value is in scope."""

PUSHED: tuple[Pass, ...] = (*REVERSED, triangles, algebra, dead_code)
"""On a function with its tangents, where every value is in scope from the start."""

STORED: tuple[Pass, ...] = (buffers,)
"""After these, when it is known what is written into arrays."""

OWNED: tuple[Pass, ...] = (fills, signs, accumulation)
"""Last, on the derivative, whose results share no memory."""


@record(frozen=True)
class Pipeline:
    """The passes of a compilation, by the stages that they follow; a value, of which others are made.

    Attributes
    ----------
    primal, reversed, recorded, pushed, stored, owned : tuple of passes
        On the primal; on the derivative, whose reverse sweep still reads values of the forward sweep's inner blocks; once
        every value is in scope; in forward mode in place of these two; once it is known what is written into arrays; once
        results share no memory.
    shapes : bool
        Whether what is needed for its shape alone is taken from elsewhere before it is recorded.

    Examples
    --------
    >>> print(PASSES.without("algebra", "cancellation").after("constants", print))
    primal: copies, dead_code, masks, steps
    reversed: copies, dead_code, subexpressions, constants, print, subexpressions, dead_code
    recorded: copies, subexpressions, dead_code, diagonals, triangles, dead_code
    pushed: copies, dead_code, subexpressions, constants, print, subexpressions, dead_code, triangles, dead_code
    stored: buffers
    owned: fills, signs, accumulation
    """

    primal: tuple[Pass, ...]
    reversed: tuple[Pass, ...]
    recorded: tuple[Pass, ...]
    pushed: tuple[Pass, ...]
    stored: tuple[Pass, ...]
    owned: tuple[Pass, ...]
    shapes: bool = True

    @property
    def phases(self) -> dict[str, tuple[Pass, ...]]:
        """The passes by the names of their phases, in the order in which they run."""
        return {name: getattr(self, name) for name in _PHASES}

    @property
    def names(self) -> tuple[str, ...]:
        """What the passes are called, each once, in the order in which they run first; and `shapes`."""
        found = dict.fromkeys(name_of(p) for passes in self.phases.values() for p in passes)
        return (*found, *(["shapes"] if self.shapes else []))

    def without(self, *names: str) -> Pipeline:
        """The same but for the passes of these names."""
        for name in names:
            self._known(name)
        kept = {phase: tuple(p for p in passes if name_of(p) not in names) for phase, passes in self.phases.items()}
        return Pipeline(**kept, shapes=self.shapes and "shapes" not in names)

    def before(self, name: str, *passes: Pass, phase: str | None = None) -> Pipeline:
        """The same with further passes before that of a name, each time that it runs, or in one phase alone."""
        return self._beside(name, phase, lambda p: (*passes, p))

    def after(self, name: str, *passes: Pass, phase: str | None = None) -> Pipeline:
        """The same with further passes after that of a name, each time that it runs, or in one phase alone."""
        return self._beside(name, phase, lambda p: (p, *passes))

    def with_phase(self, phase: str, *passes: Pass) -> Pipeline:
        """The same with these passes in a phase, in this order, and no others."""
        return Pipeline(**{**self.phases, self._phase(phase): passes}, shapes=self.shapes)

    def _beside(self, name: str, phase: str | None, around: Callable[[Pass], tuple[Pass, ...]]) -> Pipeline:
        where = _PHASES if phase is None else (self._phase(phase),)
        if name not in map(name_of, chain.from_iterable(self.phases[w] for w in where)):
            self._known(name, None if phase is None else phase)
        made = {
            own: tuple(chain.from_iterable(around(p) if own in where and name_of(p) == name else (p,) for p in passes))
            for own, passes in self.phases.items()
        }
        return Pipeline(**made, shapes=self.shapes)

    def _phase(self, phase: str) -> str:
        if phase not in _PHASES:
            raise ValueError(f"there is no phase {phase!r}; there is: {', '.join(_PHASES)}")
        return phase

    def _known(self, name: str, phase: str | None = None) -> None:
        known = self.names if phase is None else tuple(map(name_of, self.phases[phase]))
        if name not in known:
            where = "" if phase is None else f" in the phase {phase}"
            raise ValueError(f"there is no pass {name!r}{where}; there is: {', '.join(dict.fromkeys(known))}")

    def __str__(self) -> str:
        return "\n".join(f"{phase}: {', '.join(map(name_of, passes))}" for phase, passes in self.phases.items())


_PHASES = ("primal", "reversed", "recorded", "pushed", "stored", "owned")

PASSES = Pipeline(PRIMAL, REVERSED, RECORDED, PUSHED, STORED, OWNED)
"""All passes."""

UNOPTIMIZED = Pipeline(PRIMAL, (dead_code,), (dead_code,), (dead_code,), (), (), shapes=False)
"""What runs with `optimize=False`: the passes on the primal, and no others but for what makes the rest possible."""

_OWN = frozenset(chain.from_iterable(PASSES.phases.values()))


def name_of(p: Pass) -> str:
    """What a pass is called."""
    return getattr(p, "__name__", type(p).__name__)


def chosen(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
    """Those of `passes` that are not left out (`sct.analysis.switches`)."""
    return tuple(p for p in passes if is_on(name_of(p))) if left_out() else passes


def run(passes: tuple[Pass, ...], f: Function, in_scope: bool = True) -> Function:
    """`f` after all `passes`, in order: one that has left a block as it is looks at it no more, nor `dead_code` at its own.

    What a pass makes that is none of sct's own is verified. `in_scope`: no sweep reads values of inner blocks of another.

    Raises
    ------
    PassError
        If such a pass makes something else than a well-formed function; says which.
    """
    for p in chosen(passes):
        if p not in _OWN:
            f = _verified(p, f, in_scope)
        elif p not in f.block.tables:
            made = p(f)
            if made.block is f.block or p is dead_code:
                made.block.tables[p] = True
            f = made
    return f


def _verified(p: Pass, f: Function, in_scope: bool) -> Function:
    """`f` after a pass of somebody else's."""
    from sct.ir.verifier import MalformedError, verify  # for these alone

    made: Any = p(f)
    if not isinstance(made, Function):
        raise PassError(
            f"the pass {name_of(p)} gave {type(made).__name__}, not a Function",
            None,
            "Return a Function: where nothing changes, the one that was given.",
        )
    if made.block.params != f.block.params or made.block.label != f.block.label:
        raise PassError(
            f"the pass {name_of(p)} gave a function of other parameters, or of another block",
            None,
            "Make the block by `f.block.with_(body)`, and leave the parameters as they are.",
        )
    try:
        verify(made, in_scope)
    except MalformedError as e:
        raise PassError(
            f"the pass {name_of(p)} made a function that is not well formed: {e}",
            None,
            "Mend the pass: the arrow shows the statement.",
        ) from None
    if not in_scope:
        _refuse_new(p, f.block, made.block)
    return made


def _refuse_new(p: Pass, before: Block, after: Block) -> None:
    """Refuse what `record` would not know: it goes by blocks, by what they carry, and by what is written."""
    labels, values = {b.label for b in blocks_in(before)}, defined(before)
    for b in blocks_in(after):
        own = [v for s in b.body if s.blocks or is_write(s) for v in s.results]
        if b.label not in labels or not values.issuperset((*b.params, *own)):
            raise PassError(
                f"the pass {name_of(p)} made new blocks, or new values of branches, loops or writes, before it is known what is"
                " recorded of those that there are",
                None,
                "Make blocks by `block.with_(body)` and keep these values, or run the pass in another phase.",
            )
