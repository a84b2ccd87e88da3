"""`sct explain`: what a derivative is made of, and why.

Takes a derivative and the types of its arguments, or arguments; gives what is active, what is recorded, what it costs, the
rules that it was made by, and what it relies on. The function is run only where there are arguments, to see how much is
recorded.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from sct.analysis.activity import differentiable, useful_values, varied_values
from sct.analysis.cost import Cost, Count, cost_of
from sct.api.derived import DerivedFunction, written_name
from sct.api.generate import parameter_types
from sct.api.pipeline import with_steps
from sct.backend.standalone import in_words
from sct.backend.tape import Recorded, TapeEntry, recorded
from sct.cli.target import CommandError
from sct.errors import SctError
from sct.infer.signature import examples
from sct.ir.ops import Field, Free, describe
from sct.ir.ssa import Block, Function, Value, blocks_in, values_of
from sct.ir.type_text import size_in_words
from sct.ir.types import Fact, Relied, facts_relied_on, sizes_known
from sct.optimize.passes import PRIMAL, run
from sct.registry.rules import AdjointRule
from sct.specialize.lowering import compiling, is_own
from sct.specialize.reading import noting
from sct.specialize.specializer import Specialized
from sct.stack import with_room

__all__ = ["Explanation", "explained"]


@dataclass(frozen=True)
class Explanation:
    """What there is to say of a derivative.

    Attributes
    ----------
    parameters : dict
        The types of the parameters, in words.
    active, inactive : dict
        The variables that carry a derivative, and those that carry none, with the reason.
    recorded : tuple of Recorded
        What the forward sweep keeps for the reverse sweep; with numbers and bytes where there are arguments.
    primal, derivative : Cost
        What they cost.
    rules : tuple of (str, str)
        The functions that were differentiated by a rule, and what that says.
    sizes, data, functions : tuple of str
        What is relied on.
    """

    parameters: dict[str, str]
    active: tuple[str, ...]
    inactive: dict[str, str]
    recorded: tuple[Recorded, ...]
    primal: Cost
    derivative: Cost
    rules: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...]
    data: tuple[str, ...]
    functions: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The same as JSON has it."""
        names = ("parameters", "active", "inactive", "sizes", "data", "functions")
        return {
            **{name: getattr(self, name) for name in names},
            "recorded": [asdict(e) for e in self.recorded],
            "cost": {name: _as_record(getattr(self, name)) for name in ("primal", "derivative")},
            "rules": dict(self.rules),
        }

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        """The parts of the text, each with its title."""
        yield "parameters", [f"{name}: {said}" for name, said in self.parameters.items()]
        yield "active", [", ".join(self.active) or "nothing"]
        yield "not active", [f"{name}: {why}" for name, why in self.inactive.items()]
        yield "recorded", list(_recorded_lines(self.recorded))
        yield "rules", [f"{name}: {said}" if said else name for name, said in self.rules]
        yield "relied on, of sizes", list(self.sizes)
        yield "read at each call", list(self.data)
        yield "functions that stand in it", list(self.functions)

    def costs(self) -> list[tuple[str, str, str]]:
        """The table of costs."""
        a, b = self.primal, self.derivative
        rows = [
            ("primal", str(a.operations), str(a.nbytes)),
            ("derivative", str(b.operations), str(b.nbytes)),
            ("ratio", _ratio(b.operations, a.operations), _ratio(b.nbytes, a.nbytes)),
        ]
        return rows if any(rows[-1][1:]) else rows[:-1]


def explained(derived: DerivedFunction[..., Any], like: Sequence[Any] | None, types: str | None) -> Explanation:
    """What there is to say of a derivative for arguments of some types, or such as `like`."""
    with examples(), compiling(), sizes_known(at_call=like is not None):
        given = parameter_types(derived, like, types)
        with facts_relied_on() as relied, noting() as read:
            specialized = with_room(lambda: derived.typed(given))
            finished = with_steps(specialized.function, derived.options.optimize)
        primal = with_room(lambda: derived.primal_form(given))
        costs = cost_of(run(PRIMAL, primal.function).block), cost_of(finished.block)
    active, inactive = _activity(primal.function.block, derived.wrt)
    rules = [r for r in read if isinstance(r, AdjointRule)]
    of_rules = {r.function for r in rules}
    return Explanation(
        {n: in_words(t, n) for n, t in zip(derived._inner.parameters, given, strict=True)},
        active,
        inactive,
        _recorded(derived, finished, like),
        *costs,
        tuple(map(_said, rules)),
        _sizes(relied),
        _data(specialized),
        tuple(_placed(f) for f in read if isinstance(f, FunctionType) and f not in of_rules and not is_own(f)),
    )


# -- activity --------------------------------------------------------------------------------------------------------------


def _activity(block: Block, wrt: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The variables that are active, and those that are not, with the reason; in the order in which they stand."""
    varied = varied_values(block, [p for p in block.params if p.name in wrt])
    useful = useful_values(block, values_of(*block.yields))
    reasons: dict[str, set[str]] = {}
    for v in _values(block):
        if v.name.strip("_") and not v.name.startswith("~"):
            if not differentiable(v.type):
                why = "is no real or complex number"
            elif v not in varied:
                why = f"does not depend on {' or '.join(wrt)}"
            else:
                why = "" if v in useful else "the result does not depend on it"
            reasons.setdefault(v.name, set()).add(why)
    active = tuple(name for name, why in reasons.items() if "" in why)
    return active, {name: min(why) for name, why in reasons.items() if "" not in why}


def _values(block: Block) -> Iterator[Value]:
    for b in blocks_in(block):
        yield from b.params
        for s in b.body:
            yield from s.results


# -- what is recorded ------------------------------------------------------------------------------------------------------


def _recorded(derived: DerivedFunction[..., Any], f: Function, like: Sequence[Any] | None) -> tuple[Recorded, ...]:
    if like is None:
        return recorded(f)
    try:
        return derived.tape(*like).entries
    except SctError:
        raise
    except Exception as e:  # noqa: BLE001  (the user's code may raise any)
        raise CommandError(f"the function cannot be run with these arguments: {type(e).__name__}: {e}") from None


def _recorded_lines(entries: Iterable[Recorded]) -> Iterator[str]:
    known, total = False, 0
    for e in entries:
        size = ""
        if isinstance(e, TapeEntry):
            known, total = True, total + e.nbytes
            size = f"{e.count} values, {e.nbytes} bytes, " if e.count != 1 else f"{e.nbytes} bytes, "
        yield f"{e.name}: {size}{'overwritten by' if e.restores else 'from'}  {e.statement}"
        yield from (f"    needed by the reverse of  {text}" for text in e.needed_by)
    if known:
        yield f"in all {total} bytes"


# -- costs, rules, and what is relied on -----------------------------------------------------------------------------------


def _ratio(a: Count, b: Count) -> str:
    """How many times a number another one is, if both are numbers."""
    return f"{a.number / b.number:.3g}" if a.number is not None and b.number else ""


def _as_record(cost: Cost) -> dict[str, Any]:
    def shown(count: Count) -> int | str:
        return str(count) if count.number is None else round(count.number)

    return {"operations": shown(cost.operations), "bytes": shown(cost.nbytes), "left_out": dict(cost.left_out)}


def _said(rule: AdjointRule) -> tuple[str, str]:
    """The function that a rule is of, and the partial derivatives or what the rule says."""
    partials = "; ".join("none" if p is None else p for p in rule.partials)
    said = partials or " ".join((inspect.getdoc(rule.function) or "").partition("\n\n")[0].split())
    return describe(rule.primitive), said


def _sizes(relied: Relied) -> tuple[str, ...]:
    return tuple(_fact(f) for f in relied.facts)


def _fact(fact: Fact) -> str:
    return f"{size_in_words(fact.size)} {fact.op} {fact.value}"


def _data(specialized: Specialized) -> tuple[str, ...]:
    """The globals, closed-over variables and fields that are read at each call."""
    found: dict[str, None] = {}
    for op, t in specialized.free:
        name = op.name if isinstance(op, Free) else f"{op.path}.{op.name}" if isinstance(op, Field) else str(op)
        found[f"{name}: {in_words(t, name)}"] = None
    return tuple(found)


def _placed(function: Any) -> str:
    """A function, and where it is."""
    code = getattr(function, "__code__", None)
    if code is None:
        return written_name(function)
    file, here = Path(code.co_filename), Path.cwd()
    place = file.relative_to(here) if file.is_relative_to(here) else file
    return f"{written_name(function)}, line {code.co_firstlineno} of {place}"
