"""Looking inside: a function beside its derivative, where a derivative stops being finite, and what it computes as a
graph.

Takes derived functions; gives what shows them. Never changes what a derivative computes.
"""

from sct.inside.beside import SideBySide
from sct.inside.debugging import debug_nan
from sct.inside.drawing import Drawing
from sct.inside.graphing import graph
from sct.inside.showing import show

__all__ = ["Drawing", "SideBySide", "debug_nan", "graph", "show"]
