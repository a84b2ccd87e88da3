"""What the doctests of the passes show: the source that becomes of a program.

Takes the text of a function; gives the text after one pass, or that of its derivative. Never runs either.
"""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from sct.api.transforms import grad
from sct.backend.python.emit import emit
from sct.checkpointing import checkpointed
from sct.ir.types import Scalar, size_symbol
from sct.optimize.dead_code import dead_code
from sct.specialize.lowering import lowered
from sct.specialize.specializer import specialize

__all__ = ["derivative_of", "optimized"]


def _function_from(source: str) -> Any:
    text = textwrap.dedent(source).strip() + "\n"
    filename = f"<text {hash(text):x}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    known = {"np": np, "checkpointed": checkpointed}
    namespace: dict[str, Any] = dict(known)
    exec(compile(text, filename, "exec"), namespace)
    return next(v for k, v in namespace.items() if k not in (*known, "__builtins__"))


def optimized(optimization: Callable[..., Any], source: str, **options: Any) -> str:
    """The source of a function after one pass (and without dead code), its parameters being numbers (an `n` an int).

    Parameters
    ----------
    optimization : callable
        A pass of `sct.optimize`.
    source : str
        The text of a function; `np` is NumPy, `checkpointed` that of sct.
    **options
        Of the pass.
    """
    function = lowered(_function_from(source)).function
    types = [Scalar(int, size_symbol("n")) if name == "n" else Scalar(float) for name in function.signature.parameters]
    made = dead_code(optimization(specialize(function, types).function, **options))
    return emit(made).source.split("\n\n\n")[-1].rstrip()


def derivative_of(source: str, *args: Any) -> str:
    """The source of the gradient, by its first parameter, of a function given as text, for some arguments."""
    return str(grad(_function_from(source)).source_for(*args)).rstrip()
