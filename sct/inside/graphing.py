"""`sct.graph`: a drawing of what a derivative computes.

Takes a derived function and arguments; gives a drawing: by Graphviz, if it is there with its package, else by
`sct.inside.drawing`.
"""

from __future__ import annotations

import shutil
from typing import Any

from sct.api.derived import DerivedFunction
from sct.api.variadic import Variadic
from sct.inside.asked import derived_function
from sct.inside.drawing import Drawing, dot
from sct.inside.graphs import graph_of
from sct.tracebacks import ends_here

__all__ = ["graph"]


@ends_here
def graph(derived: DerivedFunction[..., Any], /, *args: Any, most: int = 200, **kwargs: Any) -> Any:
    """A drawing of what a derivative in reverse mode computes: each operation with its value and its adjoint.

    Values go from operands to what is made of them, in blue; adjoints go back, in red. What is used several times is one node,
    whose adjoint is the sum of what comes to it. The function is run operation by operation, loops as often as they run.

    Parameters
    ----------
    derived : DerivedFunction
        What `sct.grad`, `sct.value_and_grad`, `sct.vjp` or `sct.elementwise_grad` gives.
    *args, **kwargs
        Its arguments.
    most : int
        How many operations may be drawn.

    Returns
    -------
    graphviz.Source or Drawing
        The first where the package graphviz and its program are installed. Both have `source`, the graph as Graphviz reads it,
        and are shown in a notebook; `Drawing` has `svg`.

    Raises
    ------
    CallError
        If the derivative is another one, or too large.
    UnsupportedSyntaxError
        If the function does what cannot be drawn: recursion, exceptions that are caught.

    Examples
    --------
    >>> import sct
    >>> print(sct.graph(sct.grad(lambda x: x * x), 3.0).source)
    digraph {
        node [shape=box fontname="monospace" fontsize=10]
        edge [fontsize=9]
        n0 [label="x\\n3\\nadjoint 6"]
        n1 [label="v1 = x * x\\n9\\nadjoint 1"]
        n0 -> n1 [color="#1f5fa8"]
        n1 -> n0 [color="#c0392b" fontcolor="#c0392b" style=dashed constraint=false label="6"]
    }
    <BLANKLINE>
    """
    derived = derived_function(derived, "graph")
    if isinstance(derived, Variadic):
        derived, args, kwargs = derived._seen(args, kwargs)
    found = graph_of(derived, args, kwargs, most)
    try:
        import graphviz
    except ImportError:
        return Drawing(found)
    return graphviz.Source(dot(found)) if shutil.which("dot") else Drawing(found)
