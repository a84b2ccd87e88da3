"""Rules for other packages than NumPy: those that packages declare as entry points of the group `sct.rules`, and sct's own.

An entry point has the name of the package whose functions the rules are for, and names a module that registers them. Such
modules are imported as soon as the package has been imported. Of sct's own rules for a package there is a module for each area
of that (`sct.rules.scipy.special` for `scipy.special`), which is imported when the compiler first meets an object of the area.
Takes objects; gives nothing. Never imports a package for which there are rules, but for what these use of it themselves.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from sct.errors import SctError
from sct.registry.changes import registering_own
from sct.registry.claims import OWN, claiming

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "area_of", "areas_of", "extra_of", "libraries", "load_area", "load_declared", "meet", "waiting"]

GROUP = "sct.rules"

_loaded: set[EntryPoint] = set()
_areas: dict[str, str] = {}  # the areas of other packages that sct has rules for, with the module of these
_met: set[str] = set()  # those of them of which the rules are being loaded, or have been
_ready: set[str] = set()  # those of which they have been
_lock = threading.RLock()


@functools.cache
def _declared() -> tuple[EntryPoint, ...]:
    """The entry points of all packages that are installed, looked for once."""
    from importlib.metadata import entry_points  # which takes time that most programs need not spend

    return tuple(entry_points(group=GROUP))


def load_declared() -> None:
    """Import the modules with rules for packages that have been imported, each once.

    Raises
    ------
    SctError
        If one cannot be imported, or has a rule for a function that another one has a rule for.
    """
    if all(point in _loaded or point.name not in sys.modules for point in _declared()):
        return
    with _lock:
        for point in _declared():
            if point.name in sys.modules and point not in _loaded:
                _load(point)


def _load(point: EntryPoint) -> None:
    by = point.dist.name if point.dist is not None else point.value
    _loaded.add(point)  # the module may ask for a derivative
    try:
        with claiming(by):
            point.load()
    except Exception as e:
        _loaded.discard(point)
        raise SctError(
            f"the rules for {point.name} that {by} has cannot be loaded: {type(e).__name__}: {e}",
            advice=f"Update {by}, or uninstall it.",
        ) from e


def waiting(area: str, rules: str) -> None:
    """Register a module of sct's own rules for an area of a package, to be loaded when something of the area is met."""
    _areas[area] = rules


def extra_of(package: str) -> str | None:
    """What is to be installed for a package that sct has rules for; None for others."""
    return f"sct-ad[{package}]" if areas_of(package) else None


def libraries() -> tuple[tuple[str, str], ...]:
    """The packages with rules of sct's own that have been imported, each with its version."""
    names = sorted({area.partition(".")[0] for area in _areas}.intersection(sys.modules))
    return tuple((name, str(sys.modules[name].__version__)) for name in names)


def area_of(value: Any) -> str | None:
    """The area with rules of sct's own that an object is of (`scipy.special`), if it is of one."""
    if isinstance(value, np.ufunc):  # which does not say where it is from
        there = (area for area in _areas if area in sys.modules)
        return next((area for area in there if getattr(sys.modules[area], value.__name__, None) is value), None)
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    area = ".".join(module.split(".")[:2]) if isinstance(module, str) else ""
    return area if area in _areas else None


def meet(value: Any) -> None:
    """Load sct's own rules for the area that an object is of, if they have not been; `SctError` as `load_area` raises it."""
    area = area_of(value)
    if area is not None and area not in _ready:
        load_area(area)


def areas_of(package: str) -> list[str]:
    """The areas of a package that there are rules of sct's own for."""
    return [area for area in _areas if area.startswith(f"{package}.")]


def load_area(area: str) -> None:
    """Load sct's own rules for an area, if they have not been.

    Raises
    ------
    SctError
        If they cannot be loaded, because the package is of a version that they are not for.
    """
    with _lock:
        if area in _met:  # which only the thread that loads them sees before they have been
            return
        _met.add(area)  # what the rules are made of is of the area too
        try:
            with claiming(OWN), registering_own():
                importlib.import_module(_areas[area])
            _ready.add(area)
        except Exception as e:
            _met.discard(area)
            raise SctError(
                f"the rules for {area} cannot be loaded: {type(e).__name__}: {e}",
                advice=f"Install what they need: python -m pip install '{extra_of(area.partition('.')[0])}'.",
            ) from e
