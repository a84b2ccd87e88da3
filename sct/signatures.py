"""The parameters of what is called.

Takes anything that can be called; gives its signature. Never runs an annotation that cannot be run: from Python 3.14 on these
are run when they are asked for, and may name what is there for type checkers only. Such a one is its text.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["read_signature"]

if sys.version_info >= (3, 14):
    import annotationlib

    def read_signature(f: Callable[..., Any], follow_wrapped: bool = True) -> inspect.Signature:
        """The signature of `f`; with `follow_wrapped`, that of what it wraps."""
        found = inspect.signature(f, follow_wrapped=follow_wrapped, annotation_format=annotationlib.Format.FORWARDREF)
        parameters = [p.replace(annotation=_written(p.annotation)) for p in found.parameters.values()]
        return found.replace(parameters=parameters, return_annotation=_written(found.return_annotation))

    def _written(annotation: Any) -> Any:
        return annotation.__forward_arg__ if isinstance(annotation, annotationlib.ForwardRef) else annotation

else:

    def read_signature(f: Callable[..., Any], follow_wrapped: bool = True) -> inspect.Signature:
        """The signature of `f`; with `follow_wrapped`, that of what it wraps."""
        return inspect.signature(f, follow_wrapped=follow_wrapped)
