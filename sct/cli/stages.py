"""`sct stages`: a function in every form that it has between its source and the source of its derivative.

Takes a derivative and the types of its arguments; gives the text of each form. Never runs the function.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sct import stages
from sct.api.derived import DerivedFunction
from sct.api.generate import parameter_types
from sct.api.variadic import Variadic
from sct.cli.target import CommandError
from sct.infer.signature import examples
from sct.ir.ssa import Function
from sct.ir.types import sizes_known
from sct.optimize.passes import OWNED, PRIMAL, RECORDED, REVERSED, STORED
from sct.registry.rules import adjoint_rule
from sct.specialize.lowering import compiling
from sct.stack import with_room

__all__ = ["Form", "derivative_of", "forms"]

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
class Form:
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
    if isinstance(derived, Variadic):
        derived = derived.given_all()
    if type(derived) is not DerivedFunction:
        raise CommandError(
            "the function takes any number of arguments, for each of which its derivative is another",
            None,
            "Write a function of the parameters that it is called with.",
        )
    return derived


def forms(derived: DerivedFunction[..., Any], like: Sequence[Any] | None, types: str | None) -> list[Form]:
    """Every form, in order."""
    with examples(), compiling(), sizes_known(at_call=like is not None):
        given = parameter_types(derived, like, types)
        return with_room(lambda: list(_forms(derived, stages.Arguments.here(given))))


def _forms(derived: DerivedFunction[..., Any], arguments: stages.Arguments) -> Iterator[Form]:
    function = derived._callee.function
    if isinstance(function, DerivedFunction):
        yield Form("source", function.source)
        primal = stages.specialize(function.typed(arguments.types), arguments)
    else:
        source = stages.read(function)
        yield Form("source", source.text or textwrap.dedent(inspect.getsource(derived._root)))
        lowered = stages.lower(source)
        if adjoint_rule(function) is None:  # else it is one operation
            yield Form("lowered", repr(lowered.function))
        primal = stages.specialize(lowered, arguments)
    yield Form("typed", repr(primal.function))
    found: list[tuple[str, Function]] = []
    wrt = derived.wrt[0] if derived.single else derived.wrt
    passes = stages.PASSES if derived.options.optimize else stages.UNOPTIMIZED
    made = stages.differentiate(primal, derived.mode, wrt, passes=passes, look=lambda *s: found.append(s))
    yield from (Form(name, repr(form)) for name, form in found)
    yield Form("text", stages.to_text(stages.to_tree(made)).source)
