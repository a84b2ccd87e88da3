"""Looking inside: a function beside its derivative, and where a derivative stops being finite.

Takes derived functions; gives what shows them. Never changes what a derivative computes.
"""

from sct.inside.beside import SideBySide
from sct.inside.debugging import debug_nan
from sct.inside.showing import show

__all__ = ["SideBySide", "debug_nan", "show"]
