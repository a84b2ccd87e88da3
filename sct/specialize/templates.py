"""Templates: what a rule comes to for operands of some types, made once and copied where it is asked for again.

Takes operands, and what makes statements of such; emits the statements for these operands. Two calls are alike if their
operands have one form (`sct.ir.forms`), and if what was asked of the sizes has the same answers. A template holds nothing of
the user's: neither data nor functions.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from sct.ir.forms import Form, Renaming
from sct.ir.ops import is_lasting
from sct.ir.records import record
from sct.ir.shapes import size_serial
from sct.ir.ssa import Apply, Operand, Value, map_leaves
from sct.ir.types import Abstract, Array, Const, Dict, Instance, List, Relied, Scalar, Slice, Tuple, facts_relied_on
from sct.registry.rules import at_change
from sct.specialize.building import Builder
from sct.specialize.reading import noted, noting

__all__ = ["Use", "from_template", "lasts"]


@record(frozen=True, slots=True)
class _Template:
    """Statements of parameters, and what they give; the names of the sizes in their types, and what is relied on of these;
    the functions that they were made from."""

    params: tuple[Value, ...]
    body: tuple[Apply, ...]
    results: tuple[Operand, ...]
    names: tuple[Hashable, ...]
    relied: Relied
    read: tuple[Callable[..., Any], ...]


@record(frozen=True, slots=True)
class Use:
    """A template as it is used in one function: with what names of sizes, and what is relied on of these."""

    template: _Template
    renaming: Renaming | None
    relied: Relied


_UNKNOWN: Any = object()
_MOST = 4096  # so many are kept
_templates: dict[Hashable, _Template | None] = {}  # None where there is none
at_change(_templates.clear)


def from_template(
    s: Builder,
    of: Hashable,
    operands: Sequence[Operand],
    values: Sequence[Operand],
    make: Callable[[Builder, list[Operand]], Sequence[Operand]],
) -> Sequence[Operand] | None:
    """What `make` gives for operands, with the statements that it puts before; None where it has to be asked for these alone.

    Parameters
    ----------
    s : Builder
        Where the statements go.
    of : hashable
        What else they depend on.
    operands : sequence of Operand
        What they are made of, of types that last.
    values : sequence of Operand
        What the values in the operands, of which no more is known, stand for.
    make : callable
        Given a builder and operands, puts statements there and gives operands.
    """
    same = (of, *[o.type if type(o) is Value else o for o in operands])
    try:
        found: Use | None = s.templates.get(same, _UNKNOWN)
        if found is _UNKNOWN:
            found = s.templates[same] = _found(s, of, operands, make)
    except TypeError:  # a constant that cannot be hashed
        return None
    if found is None:
        return None
    if found.relied.asked:
        found.relied.again()
    noted(found.template.read)
    return _copied(s, found.template, values, found.renaming)


def _found(
    s: Builder, of: Hashable, operands: Sequence[Operand], make: Callable[[Builder, list[Operand]], Sequence[Operand]]
) -> Use | None:
    """The template for operands of some types, in the function that is being made; None where there is none."""
    form = Form()
    key = (of, *map(form.operand, operands))
    names = tuple(form.names)
    found = _templates.get(key, names)
    if isinstance(found, _Template):
        renaming = None if found.names == names else Renaming(zip(found.names, names, strict=True))
        relied = found.relied if renaming is None else found.relied.renamed(renaming.fact)
        if relied.holds():
            return Use(found, renaming, relied)
    elif found is None:
        return None
    made = _made(s, operands, names, make)
    if len(_templates) >= _MOST:
        _templates.clear()
    _templates[key] = made
    return None if made is None else Use(made, None, made.relied)


def _made(
    s: Builder,
    operands: Sequence[Operand],
    names: tuple[Hashable, ...],
    make: Callable[[Builder, list[Operand]], Sequence[Operand]],
) -> _Template | None:
    """A template for such operands, unless it would hold sizes or data of this call alone."""
    inner = s.apart(place=s.place)
    params: list[Value] = []

    def fresh(leaf: Operand) -> Operand:
        if not isinstance(leaf, Value):
            return leaf
        params.append(Value(leaf.type))
        return params[-1]

    mark = size_serial()
    with facts_relied_on() as relied, noting() as read:
        results = make(inner, [map_leaves(fresh, o) for o in operands])
    body = [t for t in inner.body if isinstance(t, Apply)]
    if inner.free or size_serial() != mark or len(body) < len(inner.body):
        return None
    return _Template(tuple(params), tuple(body), tuple(results), names, relied, tuple(read))


def _copied(s: Builder, template: _Template, values: Sequence[Operand], renaming: Renaming | None) -> Sequence[Operand]:
    """What a template gives, with its statements, for values of this function."""
    there: dict[Operand, Operand] = dict(zip(template.params, values, strict=True))

    def leaf(o: Operand) -> Operand:
        return there[o] if type(o) is Value else o

    def operand(o: Operand) -> Operand:
        return o if type(o) is Const else leaf(o) if type(o) is Value else map_leaves(leaf, o)

    for t in template.body:
        r = t.result
        made = there[r] = Value(r.type if renaming is None else renaming.type(r.type), "", r.hint)
        kwargs = tuple([(k, operand(v)) for k, v in t.kwargs]) if t.kwargs else ()
        s.body.append(Apply(t.op, tuple([operand(a) for a in t.args]), kwargs, made, s.place, s.origin))
    return [operand(o) for o in template.results]


def lasts(t: Abstract) -> bool:
    """Whether a type holds nothing of the user's."""
    if isinstance(t, (Array, Scalar)):
        return True
    if isinstance(t, Const):
        return is_lasting(t.value)
    if isinstance(t, (Tuple, List, Dict)):
        return all(map(lasts, t.items))
    if isinstance(t, Slice):
        return all(map(lasts, (t.start, t.stop, t.step)))
    return not isinstance(t, Instance)
