"""Rules of other packages, which these declare as entry points of the group `sct.rules`.

An entry point has the name of the package whose functions the rules are for, and names a module that registers them. Takes
nothing; imports such modules as soon as the package has been imported. Never imports a package for which there are rules.
"""

from __future__ import annotations

import functools
import sys
import threading
from typing import TYPE_CHECKING

from sct.errors import SctError
from sct.registry.claims import claiming

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "load_declared"]

GROUP = "sct.rules"

_loaded: set[EntryPoint] = set()
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
