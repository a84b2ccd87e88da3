"""`sct stages`: a function in every form that it has between its source and the source of its derivative.

Takes a derivative and the types of its arguments; gives the text of each form. Never runs the function.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sct.api.derived import DerivedFunction
from sct.api.generate import parameter_types
from sct.api.pipeline import differentiated, typed_again, typed_primal, with_steps
from sct.backend.python.emit import emit
from sct.cli.target import CommandError
from sct.infer.signature import examples
from sct.ir.ssa import Function
from sct.ir.types import Abstract, sizes_known
from sct.optimize.passes import OWNED, PRIMAL, RECORDED, REVERSED, STORED
from sct.registry.rules import adjoint_rule
from sct.specialize.calls import compiling, lowered
from sct.stack import with_room

__all__ = ["Stage", "derivative_of", "stages"]

_SAID = {
    "source": "as it is written",
    "lowered": "in SSA form",
    "typed": "for arguments of these types",
    "primal": f"after {', '.join(p.__name__ for p in PRIMAL)}",
    "reverse": "the derivative, both sweeps",
    "reversed": f"after {', '.join(p.__name__ for p in REVERSED)}",
    "record": "with what is recorded",
    "recorded": f"after {', '.join(p.__name__ for p in RECORDED)}",
    "stored": f"after {', '.join(p.__name__ for p in STORED)}, with results that share no memory",
    "owned": f"after {', '.join(p.__name__ for p in OWNED)}",
    "text": "as Python again",
}


@dataclass(frozen=True)
class Stage:
    """A form of a function: its name, and its text."""

    name: str
    text: str

    @property
    def title(self) -> str:
        return f"{self.name}: {_SAID[self.name]}"

    @property
    def is_python(self) -> bool:
        return self.name in ("source", "text")


def derivative_of(transform: Any, function: Any, wrt: Any) -> DerivedFunction[..., Any]:
    """The derivative of a function of named parameters."""
    derived = transform(function, wrt)
    if type(derived) is not DerivedFunction:
        raise CommandError(
            "the function takes any number of arguments, for each of which its derivative is another",
            None,
            "Write a function of the parameters that it is called with.",
        )
    return derived


def stages(derived: DerivedFunction[..., Any], like: Sequence[Any] | None, types: str | None) -> list[Stage]:
    """Every form, in order."""
    with examples(), compiling(), sizes_known(at_call=like is not None):
        given = parameter_types(derived, like, types)
        return with_room(lambda: list(_stages(derived, given)))


def _stages(derived: DerivedFunction[..., Any], types: tuple[Abstract, ...]) -> Iterator[Stage]:
    function = derived._callee.function
    if isinstance(function, DerivedFunction):
        yield Stage("source", function.source)
        primal = typed_again(function.typed(types), types)
    else:
        yield Stage("source", textwrap.dedent(inspect.getsource(derived._root)))
        if adjoint_rule(function) is None:  # else it is one operation
            yield Stage("lowered", repr(lowered(derived._root).function))
        primal = typed_primal(function, types)
    yield Stage("typed", repr(primal.function))
    found: list[tuple[str, Function]] = []
    made = differentiated(primal, derived.wrt, derived.single, derived.mode, derived.optimize, lambda *s: found.append(s))
    yield from (Stage(name, repr(stage)) for name, stage in found)
    yield Stage("text", emit(with_steps(made.function, derived.optimize)).source)
