"""Looking inside: a function beside its derivative.

Takes derived functions; gives what shows them. Never changes what a derivative computes.
"""

from sct.inside.beside import SideBySide
from sct.inside.showing import show

__all__ = ["SideBySide", "show"]
