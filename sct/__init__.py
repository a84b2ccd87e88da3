"""Automatic differentiation of NumPy programs by source-code transformation.

Every transform takes a function and returns a function whose source can be read (`.source`).
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

import sct.rules  # noqa: F401  (registers the rules)
from sct.api.derived import DerivedFunction
from sct.api.solvers import custom_fixed_point, custom_root
from sct.checkpointing import checkpoint, checkpointed
from sct.errors import (
    ArgumentMemoryError,
    CallError,
    DerivativeMemoryError,
    JitError,
    JitWarning,
    MissingEntryError,
    NonDifferentiableArgumentError,
    NonScalarOutputError,
    NoRuleError,
    NotFiniteError,
    PatternShapeError,
    RecompilationError,
    SctError,
    SourceUnavailableError,
    UnsupportedSyntaxError,
)
from sct.raveling import ravel
from sct.registry.changes import own_are_registered
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.runtime import adjoint_of, stop_gradient
from sct.testing import check_grads

if TYPE_CHECKING:
    from sct.api.generate import Generator, generate
    from sct.api.typed import (
        compile,
        elementwise_grad,
        grad,
        hessian,
        hvp,
        jacobian,
        jvp,
        linearize,
        pullback,
        value_and_grad,
        vjp,
        vmap,
    )
    from sct.inside import Drawing, SideBySide, debug_nan, graph, show
else:
    from sct.api.transforms import (
        compile,
        elementwise_grad,
        grad,
        hessian,
        hvp,
        jacobian,
        jvp,
        linearize,
        pullback,
        value_and_grad,
        vjp,
        vmap,
    )

__all__ = [
    "ArgumentMemoryError",
    "CallError",
    "DerivativeMemoryError",
    "DerivedFunction",
    "Drawing",
    "Generator",
    "JitError",
    "JitWarning",
    "MissingEntryError",
    "NoRuleError",
    "NonDifferentiableArgumentError",
    "NonScalarOutputError",
    "NotFiniteError",
    "PatternShapeError",
    "RecompilationError",
    "SctError",
    "SideBySide",
    "SourceUnavailableError",
    "UnsupportedSyntaxError",
    "adjoint",
    "adjoint_of",
    "check_grads",
    "checkpoint",
    "checkpointed",
    "compile",
    "custom_fixed_point",
    "custom_root",
    "debug_nan",
    "elementwise_grad",
    "generate",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "log",
    "nondifferentiable",
    "pullback",
    "ravel",
    "show",
    "stop_gradient",
    "tangent",
    "value_and_grad",
    "vjp",
    "vmap",
]

__version__ = "0.1.0"

log = logging.getLogger("sct")
"""What is said while derivatives are compiled and run: `sct.log.setLevel("INFO")`, where logging is set up to show it.

Below it are ``sct.compile`` (what is compiled, for which types and why), ``sct.jit``, ``sct.cache`` and ``sct.nan``.
"""

own_are_registered()  # what is registered from here on is others'


_LATER = dict.fromkeys(("Generator", "generate"), "sct.api.generate")
_LATER |= dict.fromkeys(("Drawing", "SideBySide", "debug_nan", "graph", "show"), "sct.inside")


def __getattr__(name: str) -> Any:
    """What writes modules, and what looks inside, is imported when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(_LATER[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
