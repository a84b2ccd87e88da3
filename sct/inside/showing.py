"""`sct.show`: a function and its derivative side by side.

Takes a derived function, and arguments or nothing; gives what shows itself. Never runs the function.
"""

from __future__ import annotations

from typing import Any

from sct.api.derived import DerivedFunction
from sct.inside.asked import derived_function
from sct.inside.beside import SideBySide, side_by_side
from sct.tracebacks import ends_here

__all__ = ["show"]


@ends_here
def show(derived: DerivedFunction[..., Any], /, *args: Any, **kwargs: Any) -> SideBySide:
    """A function and its derivative side by side.

    Parameters
    ----------
    derived : DerivedFunction
        The derivative, as `sct.grad` and the like give it.
    *args, **kwargs
        Arguments such as it is called with; a cotangent may be left out. Without any, the derivative is that of the latest
        call, or before any the general one.

    Returns
    -------
    SideBySide
        What a terminal or a notebook shows; `print` it in a program. `page()` is a page of HTML.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     y = np.sin(x)
    ...     return np.sum(y * y)
    >>> print(sct.show(sct.grad(f), np.ones(3)).text(80))
    1 def f(x):                |  4   def f_grad(x):
    2     y = np.sin(x)        |  6 >     y = np.sin(x)
                               | 11 <     x_bar = y_bar * np.cos(x)
    3     return np.sum(y * y) |  9 <     y_bar = 2.0 * y
    <BLANKLINE>
                               | 12       return x_bar
    """
    return side_by_side(derived_function(derived, "show").__sct_root__, derived.text_for(args, kwargs))
