"""`sct.debug_nan`: the line that makes what is not finite.

Takes a derived function; gives one that computes the same, and raises where its result is not finite. Runs the derivative as it
is, and once more, statement by statement, where there is something to be found.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from sct.api.derived import DerivedFunction
from sct.errors import NotFiniteError
from sct.inside.asked import derived_function
from sct.inside.values import described, is_finite
from sct.inside.watching import Followed, NotFinite, Operand, Watch, watched
from sct.tracebacks import ends_here

__all__ = ["Checked", "Report", "debug_nan", "run_watched"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_log = logging.getLogger("sct.nan")


@dataclass(frozen=True)
class Report:
    """What a run of a derivative, statement by statement, has found; its text says it.

    Attributes
    ----------
    found : tuple of NotFinite
        The operations whose result is not finite though their operands are, by when each comes to that first.
    read : tuple of NotFinite
        What is not finite where it is read for the first time, such as data from outside.
    given : tuple of Operand
        The arguments that are not finite.
    operations : int
        How many operations have run.
    finite : bool
        Whether the result is finite.
    """

    found: tuple[NotFinite, ...]
    read: tuple[NotFinite, ...]
    given: tuple[Operand, ...]
    operations: int
    finite: bool

    def __str__(self) -> str:
        if self.finite and not self.found:
            return f"Nothing is wrong: the result is finite, and of {self.operations} operations none makes it otherwise."
        head = ["The result is finite; what is not, on the way to it:"] if self.finite else []
        given = [f"{o.text}, which is given, is not finite\n    {o}" for o in self.given]
        return "\n".join([*head, *given, *map(_said, self.found or (() if given else self.read[:1]))])


class Checked(Generic[_P, _R]):
    """A derivative whose result has to be finite.

    Attributes
    ----------
    derived : DerivedFunction
        The derivative itself.
    """

    def __init__(self, derived: DerivedFunction[_P, _R]) -> None:
        self.derived = derived
        functools.update_wrapper(self, derived, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())

    def __repr__(self) -> str:
        return f"<{self.derived!r}, whose result has to be finite>"

    @ends_here
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Any:
        """What the derivative gives.

        Raises
        ------
        NotFiniteError
            If that has a nan or an infinity in it.
        """
        result: Any = self.derived(*args, **kwargs)
        if self.derived.mode.seed in ("pull", "push"):
            y, linear = result
            return self._finite(y, args, kwargs), self._linear(linear, args, kwargs)
        return self._finite(result, args, kwargs)

    def _linear(self, linear: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any]:
        """What a pullback or the like gives, with the same demand of its results."""

        @ends_here
        @functools.wraps(linear)
        def called(*further: Any) -> Any:
            return self._finite(linear(*further), args, kwargs, further)

        return called

    def _finite(self, result: Any, args: tuple[Any, ...], kwargs: dict[str, Any], further: tuple[Any, ...] = ()) -> Any:
        if is_finite(result):
            _log.info("%r: the result is finite", self.derived)
            return result
        raise _error(self._report(args, kwargs, further), self.derived, result)

    def report(self, *args: _P.args, **kwargs: _P.kwargs) -> Report:
        """What is found when the derivative runs statement by statement, whether its result is finite or not.

        Returns
        -------
        Report
            It has `found`, and prints as what there is to say.
        """
        return self._report(args, kwargs, ())

    def _report(self, args: tuple[Any, ...], kwargs: dict[str, Any], further: tuple[Any, ...]) -> Report:
        watch = Watch()
        result = run_watched(self.derived, args, kwargs, watch)
        if further or self.derived.mode.seed in ("pull", "push"):
            result = result[1](*further) if further else result[0]
        bound = self.derived.named(args, kwargs)
        given = tuple(Operand(n, described(v)) for n, v in bound.items() if not is_finite(v))
        return Report(tuple(watch.found), tuple(watch.read), given, watch.count, is_finite(result))


def run_watched(derived: DerivedFunction[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], watch: Watch) -> Any:
    """What a derivative gives, which is watched meanwhile, and so are those that it calls."""

    def within(called: DerivedFunction[..., Any]) -> Callable[..., Any]:
        return Followed(lambda *args, **kwargs: run_watched(called, args, kwargs, watch))

    tree, bound, positional, keyword = derived.call_of(args, kwargs, within)
    return watched(tree, bound, watch)(*positional, **keyword)


@ends_here
def debug_nan(derived: DerivedFunction[_P, _R], /) -> Checked[_P, _R]:
    """A derivative whose result has to be finite: where it is not, the error names the line that it comes from.

    Parameters
    ----------
    derived : DerivedFunction
        The derivative, as `sct.grad` and the like give it.

    Returns
    -------
    Checked
        It is called as the derivative is and gives what that gives. Where there is a nan or an infinity in it, the derivative
        is run once more, statement by statement, and `NotFiniteError`, which is a `FloatingPointError`, names the first
        operation whose result is not finite though its operands are: as it is written in the derivative, with the line of the
        function that it belongs to, and with what the operands are. `report(*args)` says what there is in any case: also what
        is not finite on the way to a result that is.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     y = np.sqrt(x)
    ...     return np.sum(y)
    >>> sct.debug_nan(sct.grad(f))(np.array([1.0, 4.0]))
    array([0.5 , 0.25])
    >>> print(sct.debug_nan(sct.grad(f)).report(np.ones(2)))
    Nothing is wrong: the result is finite, and of 2 operations none makes it otherwise.
    """
    derived_function(derived, "debug_nan")
    return Checked(derived)


# -- what is said --------------------------------------------------------------------------------------------------------------


def _error(report: Report, derived: DerivedFunction[..., Any], result: Any) -> NotFiniteError:
    """The error of a result that is not finite."""
    first = next(iter((*report.found, *report.read)), None)
    given = [f"    given is  {o}" for o in report.given]
    if first is None:
        claim = f"the result of {derived!r} is not finite: {described(result)}"
        return NotFiniteError(
            claim, None, "\n".join(given).lstrip() or "No operation says why; perhaps it is another at each run."
        )
    others = [f"    later on  {x.result.text}, in line {x.line}" for x in report.found[1:4]]
    return NotFiniteError(_claim(first), first.place, "\n".join([*_lines(first), *others, *given]).lstrip())


def _said(found: NotFinite) -> str:
    return "\n".join([_claim(found), *([] if found.place is None else found.place.way_there()), *_lines(found)])


def _claim(found: NotFinite) -> str:
    if found.operands:
        return f"the result of {found.result.text} is not finite, though its operands are"
    return f"{found.result.text} is not finite"


def _lines(found: NotFinite) -> list[str]:
    """The line of the derivative, with the values in it."""
    line = found.of.source.splitlines()[found.line - 1].strip()
    said = f"  line {found.line} of {found.of.name}: {line}"
    return [said, *(f"    {o}" for o in (*found.operands, found.result))]
