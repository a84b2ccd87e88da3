"""The sections of the race: contests of one kind, the ratios that are told of them, and the marks that these are held to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .contests import Contest, Figures

__all__ = ["Mark", "Met", "Ratio", "Section"]


@dataclass(frozen=True)
class Ratio:
    """How many times as long as one of ours a peer takes; of several of ours the fastest counts."""

    name: str
    peer: str
    own: tuple[str, ...]

    def of(self, figures: Figures) -> float | None:
        """The ratio, where both have run."""
        own = [figures.times[who] for who in self.own if who in figures.times]
        return figures.times[self.peer] / min(own) if own and self.peer in figures.times else None


@dataclass(frozen=True)
class Mark:
    """What a ratio has to reach: as the geometric mean, or in each contest."""

    ratio: Ratio
    bound: float
    mean: bool = False
    only: tuple[str, ...] | None = None
    """The contests that it is about; None: all."""
    what: str = ""
    """What these are."""

    def held_against(self, found: Iterable[Figures]) -> Met | None:
        """What the ratio is, and where it falls short; None where nothing was measured."""
        ratios = {
            f.name: ratio
            for f in found
            if (self.only is None or f.name in self.only) and (ratio := self.ratio.of(f)) is not None
        }
        if not ratios:
            return None
        value = statistics.geometric_mean(ratios.values()) if self.mean else min(ratios.values())
        short = [] if self.mean else sorted((n for n in ratios if ratios[n] < self.bound), key=lambda n: ratios[n])
        return Met(self, len(ratios), value, tuple(f"{name} {ratios[name]:.2f}" for name in short))

    def __str__(self) -> str:
        which = "geometric mean" if self.mean else "each"
        about = f" {self.what}" if self.what else ""
        return f"{self.ratio.name}, {which}{about}: at least {self.bound:.3g}"


@dataclass(frozen=True)
class Met:
    """How a mark was met."""

    mark: Mark
    count: int
    value: float
    short: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.value >= self.mark.bound

    def __str__(self) -> str:
        what = "mean" if self.mark.mean else "least"
        said = f"{'met' if self else 'not met'}: {what} {self.value:.2f} of {self.count}"
        return f"{said}; below: {', '.join(self.short)}" if self.short else said


@dataclass(frozen=True)
class Section:
    """Contests of one kind."""

    key: str
    title: str
    about: str
    contests: Callable[[Mapping[str, str]], Iterator[tuple[str, Callable[[], Contest]]]]
    """From the peers that are installed to the names of contests, each with what makes it."""
    ratios: tuple[Ratio, ...]
    marks: tuple[Mark, ...]
    more: Callable[[list[Figures]], list[str]] = lambda found: []  # noqa: E731
    """What else there is to say of the figures."""
    curves: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Contests that differ in one number, with that number: times are drawn over it, in the place of ratios."""

    def means(self, found: list[Figures]) -> dict[str, float]:
        """The geometric mean of each ratio."""
        values = {r.name: [v for f in found if (v := r.of(f)) is not None] for r in self.ratios}
        return {name: math.exp(statistics.fmean(map(math.log, v))) for name, v in values.items() if v}
