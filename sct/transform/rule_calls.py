"""What a rule is given and what is made of what it gives, where the reverse sweep applies it.

Takes operands as a call has them; gives them as NumPy converts them. Takes the statements of a rule; gives them with divisions
of Python numbers that have the value that NumPy gives them. Takes an adjoint of a user's rule; refuses another shape than the
operand's. Never looks into a rule.
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from sct import runtime
from sct.errors import Place, SctError
from sct.infer.facts import for_call
from sct.ir.ops import RAISE
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Block, If, Operand, Statement, Value, type_of
from sct.ir.types import Abstract, Array, Const, Dict, List, ListOf, Scalar, SizeLike, Tuple, Unknown, is_unit, with_items
from sct.ir.words import in_words, shape_in_words
from sct.registry.facts import facts_of, ufunc_of
from sct.registry.rules import AdjointRule
from sct.registry.tangents import TangentRule
from sct.specialize.building import Builder
from sct.transform.boundary import is_complex

__all__ = ["as_taken", "check_adjoint", "check_tangent", "dividing_as_numpy", "expect_shape", "known_shape"]


# -- operands ----------------------------------------------------------------------------------------------------------------


def as_taken(b: Builder, rule: AdjointRule, name: str, operand: Operand) -> Operand:
    """An operand as the rule takes it: the array that NumPy makes of a list or tuple, or a sequence of such arrays."""
    if isinstance(operand, Value) and isinstance(operand.type, (Array, Scalar)):
        return operand
    takes = rule.takes(name)
    if takes == "array" and isinstance(operand, Value) and isinstance(operand.type, Unknown) and rule.is_own:
        return b.append(runtime.as_taken, (operand,), {}, Array(None, None, None))
    if takes == "anything" or not _is_sequence(type_of(operand)):
        return operand
    if takes == "array":
        return b.apply(np.array, (operand,))
    whole = b.expose_all(operand)
    if not isinstance(whole, (Tuple, List)) or not any(_is_sequence(type_of(i)) for i in whole.items):
        return operand
    return with_items(whole, [b.apply(np.array, (i,)) if _is_sequence(type_of(i)) else i for i in whole.items])


def _is_sequence(t: Abstract) -> bool:
    """Whether a type is that of a list or tuple."""
    if isinstance(t, (Array, Scalar)):
        return False
    return isinstance(t, (Tuple, List)) or (isinstance(t, Const) and isinstance(t.value, (tuple, list)))


# -- divisions ---------------------------------------------------------------------------------------------------------------


def dividing_as_numpy(rule: AdjointRule, call: Apply, body: list[Statement]) -> list[Statement]:
    """A rule's statements for a call, with divisions and powers of Python numbers that give inf or nan where Python raises.

    A function may have a value where its derivative has none, such as the root of 0; its derivative is then that of an array.
    """
    if for_call(rule.divides_safely, call.op, call.args, call.kwargs):
        return body
    python = not isinstance(rule.primitive, np.ufunc)  # a ufunc gives NumPy's numbers anyway, and does not know of overflow
    return [_as_numpy(s, python) if isinstance(s, Apply) and facts_of(s.op).total is not None else s for s in body]


def _as_numpy(s: Apply, python: bool) -> Apply:
    ufunc, (a, n) = ufunc_of(s.op), s.args
    if not (_is_python_number(type_of(a)) and _is_python_number(type_of(n))):
        both = _may_be_python_number(type_of(a)) and _may_be_python_number(type_of(n))
        return replace(s, op=ufunc) if both else s
    if isinstance(n, Const) and (n.value > 0 or (s.op is operator.pow and n.value == 0)) and python:
        return s
    t = type_of(n)
    if s.op is not operator.pow and isinstance(t, Scalar) and t.kind is int:  # a number of entries
        return s
    return replace(s, op=facts_of(s.op).total if python else ufunc)


def _is_python_number(t: Abstract) -> bool:
    """Whether a type is that of a real Python number."""
    if isinstance(t, Const):
        return type(t.value) in (int, float)
    return isinstance(t, Scalar) and t.kind in (int, float)


def _may_be_python_number(t: Abstract) -> bool:
    """Whether a type is that of a Python number, or may be on some path."""
    if isinstance(t, Array):
        return bool(t.also) or (t.dtype is None and not t.rank)
    return isinstance(t, (Scalar, Unknown)) or (isinstance(t, Const) and isinstance(t.value, (int, float, complex)))


# -- shapes ------------------------------------------------------------------------------------------------------------------


def check_adjoint(b: Builder, rule: AdjointRule, bar: Operand, operand: Value, s: Apply) -> None:
    """Refuse an adjoint of another kind or shape than the operand's: now if the types tell, otherwise when the code runs.

    Where the result may be complex, a complex adjoint of what is real is right in its real part.
    """
    if rule.is_own or isinstance(operand.type, _CONTAINERS):
        return
    of = repr(operand.name) if operand.name else "its operand"
    said = f"the adjoint rule {rule.function.__name__} gives an adjoint of another {{}} than that of {of}"
    _expect_kind(bar, operand, said.format("kind"), s.place)
    if is_complex(type_of(bar)) and _is_real(operand.type) and _is_real(s.result.type):
        raise SctError(f"{said.format('kind')}: a complex one", s.place, _KIND)
    expect_shape(b, bar, operand, said.format("shape"), "Return adjoints of the shapes of the operands.", s.place)


def check_tangent(b: Builder, rule: TangentRule, made: Operand, s: Apply) -> None:
    """The same of a tangent, which is of the kind and shape of the result."""
    result = s.result
    if rule.is_own or isinstance(result.type, _CONTAINERS):
        return
    said = f"the tangent rule {rule.function.__name__} gives a tangent of another {{}} than that of the result"
    _expect_kind(made, result, said.format("kind"), s.place)
    if isinstance(type_of(made), _CONTAINERS):  # the result may be a tuple, if its type is not known
        other = b.append(operator.not_, (b.append(isinstance, (result, Const(tuple)), {}, Scalar(bool)),), {}, Scalar(bool))
        _raise_if(b, other, TypeError, f"{said.format('kind')}: {in_words(type_of(made))}", s.place)
    else:
        _expect_real(b, made, result, f"{said.format('kind')}: a complex one", s.place)
        expect_shape(b, made, result, said.format("shape"), "Return a tangent of the shape of the result.", s.place)


_CONTAINERS = (Tuple, List, ListOf, Dict)
_KIND = "Return numbers and arrays for numbers and arrays, real ones for real ones."


def _expect_kind(found: Operand, like: Value, message: str, place: Place | None) -> None:
    """Refuse what is no number or array where one is expected."""
    t = type_of(found)
    number = not isinstance(t, Const) or isinstance(t.value, (int, float, complex, np.number, np.ndarray))
    if not number or (isinstance(t, _CONTAINERS) and isinstance(like.type, (Array, Scalar))):
        raise SctError(f"{message}: {in_words(t)}", place, _KIND)


def _is_real(t: Abstract) -> bool:
    """Whether a type is known to be that of real numbers."""
    return isinstance(t, (Array, Scalar)) and not is_complex(t) and getattr(t, "dtype", t) is not None


def _expect_real(b: Builder, found: Operand, like: Value, message: str, place: Place | None) -> None:
    """Refuse complex numbers beside real ones: now if the types tell, otherwise when the code runs."""
    if is_complex(like.type) or _is_real(type_of(found)) or isinstance(type_of(found), Const):
        return
    if is_complex(type_of(found)) and _is_real(like.type):
        raise SctError(message, place, _KIND)
    kinds = [b.append(np.iscomplexobj, (o,), {}, Scalar(bool)) for o in (found, like)]
    _raise_if(b, b.append(operator.gt, kinds, {}, Scalar(bool)), TypeError, message, place)


def expect_shape(b: Builder, bar: Operand, operand: Value, message: str, advice: str, place: Place | None) -> None:
    """The same, of an adjoint that is none of a rule."""
    want, have = known_shape(operand), known_shape(bar)
    if want is not None and have is not None:
        if len(want) != len(have) or any(map(_differ, want, have)):
            given = f"{shape_in_words(have)} for {shape_in_words(want)}"
            raise SctError(f"{message}: {given}", place, advice)
        if want == have:
            return
    shapes = [b.append(np.shape, (o,), {}, Unknown()) for o in (bar, operand)]
    _raise_if(b, b.append(operator.ne, shapes, {}, Scalar(bool)), ValueError, message, place)


def _raise_if(b: Builder, test: Operand, error: type[Exception], message: str, place: Place | None) -> None:
    raised: list[Statement] = []
    with b.into(raised):
        b.append(RAISE, (b.append(error, (Const(message),), {}, Unknown()),), {}, Const(None))
    b.body.append(If(test, Block((), tuple(raised), ()), Block((), (), ()), (), place, b.origin))


def known_shape(o: Operand) -> tuple[SizeLike, ...] | None:
    """The shape of an operand; None if its rank is not known, or if it is no number or array."""
    t = type_of(o)
    return as_array(t).shape if isinstance(t, (Array, Scalar, Const)) else None


def _differ(n: SizeLike, m: SizeLike) -> bool:
    """Whether two sizes are known to be different."""
    if isinstance(n, int) and isinstance(m, int):
        return n != m
    return n != m and {is_unit(n), is_unit(m)} == {True, False}
