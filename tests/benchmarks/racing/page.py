"""The page docs/race.md, and its plots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .contests import WAYS, Figures
from .peers import NAMES
from .report import markdown
from .sections import Section

__all__ = ["write"]

_ABOUT = """# Against others

Derivatives by `sct` beside those of JAX, PyTorch and autograd, and beside some written by hand in C, each at what it does best:
compiled where it compiles, with the loops, scans and products that its users write. All of it is measured in one process, on
one core and one thread; ways take turns, and the best time of each counts. Results are compared first, up to what rounding the
arguments makes of them, and one that differs stops the run. A ratio is a peer's time by ours, so that more is better for
`sct`; what compilation takes is listed apart. Made by

```sh
python -m pip install -e '.[bench]' && python tests/benchmarks/race.py --write
```

with {peers}."""


def write(root: Path, sections: list[tuple[Section, list[Figures]]], peers: Mapping[str, str], python: str) -> list[Path]:
    """Write the page and a plot of each section; the files."""
    docs = root / "docs"
    versions = ", ".join([f"Python {python}", *(f"{name} {version}" for name, version in peers.items() if name != "C")])
    missing = ", ".join(name for name in NAMES if name not in peers)
    parts, written = [_ABOUT.format(peers=versions + (f"; without {missing}" if missing else ""))], []
    for section, found in sections:
        plot = docs / f"race-{section.key}.png"
        _draw(section, found, plot)
        written.append(plot)
        title, about, rest = markdown(section, found).split("\n\n", 2)
        parts += [title, about, f"![{section.title}: {_WHAT[bool(section.curves)]}]({plot.name})", rest]
    page = docs / "race.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return [page, *written]


_WHAT = ("the times of peers by those of sct", "times over the number of steps")


def _draw(section: Section, found: list[Figures], path: Path) -> None:
    """What is found, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 4.5 if section.curves else 1.0 + 0.24 * len(found)), layout="constrained")
    (_draw_curves if section.curves else _draw_ratios)(axes, section, found)
    axes.grid(alpha=0.3, which="both", axis="x")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _draw_ratios(axes: Any, section: Section, found: list[Figures]) -> None:
    """The ratios of each contest, one below another."""
    places = range(len(found))
    for ratio, marker in zip(section.ratios, "osD^vP*X", strict=False):
        points = [(value, i) for i, f in zip(places, found, strict=True) if (value := ratio.of(f)) is not None]
        if points:
            axes.semilogx(*zip(*points, strict=True), marker, label=ratio.name, alpha=0.8, markersize=5)
    axes.axvline(1.0, color="k", linewidth=1)
    axes.set_yticks(places, labels=[f.name for f in found], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="time of the peer / time of sct")


def _draw_curves(axes: Any, section: Section, found: list[Figures]) -> None:
    """The times of each way over the number in which contests differ."""
    by_name = {f.name: f for f in found}
    for (what, numbers), style in zip(section.curves.items(), ("o-", "s--", "D:"), strict=False):
        for place, who in enumerate(WAYS):
            points = [(x, by_name[n].times[who]) for n, x in numbers.items() if n in by_name and who in by_name[n].times]
            if points:
                axes.loglog(
                    *zip(*points, strict=True), style, color=f"C{place}", label=f"{who}, {what}", alpha=0.8, markersize=5
                )
    axes.set(xlabel="steps", ylabel="seconds")
