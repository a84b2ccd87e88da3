"""The registry of derivative rules.

Takes rules (functions of result, operands and adjoint of the result, in the language that sct differentiates); gives them to
the compiler. Never runs a rule.

A rule's parameters are: the result, the operands, the adjoint of the result (named like the result with `_bar` behind
it), then parameters of the primitive that carry no derivative. Without the result and its adjoint, the parameters are
the primitive's own, in its own order, so that any call of the primitive can be bound to them. A rule returns one adjoint
for each operand (a tuple, or the adjoint itself if there is one operand); None stands for "no derivative", and an operand
that is a sequence gets a sequence of adjoints.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MappingProxyType
from typing import Any, Literal, TypeVar, overload

import numpy as np

from sct.ir.ops import describe
from sct.ir.records import record
from sct.registry.claims import is_own_claimed, may_register
from sct.registry.effects import effect, none_unless_said
from sct.registry.facts import Kind, facts_of
from sct.registry.lookup import find, of_class
from sct.runtime import as_number, unbroadcast
from sct.signatures import read_signature

__all__ = [
    "NO_FORMULA",
    "AdjointRule",
    "SquareRule",
    "adjoint",
    "adjoint_of_square",
    "adjoint_rule",
    "at_change",
    "changed",
    "divides_safely",
    "elementwise",
    "has_adjoint",
    "is_nondifferentiable",
    "kind_of",
    "nondifferentiable",
    "nondifferentiable_functions",
    "positional_parameters",
    "primitives",
    "pushing",
    "square_rule",
    "written",
]

F = TypeVar("F", bound=Callable[..., Any])

NO_FORMULA = "no formula"
"""The partial of an element-wise function by an operand that it has a derivative by, which no functions of a library give."""


def positional_parameters(signature: inspect.Signature) -> tuple[str, ...]:
    """The names of the parameters that can be given by position."""
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(p.name for p in signature.parameters.values() if p.kind in kinds)


@record(frozen=True)
class AdjointRule:
    """An adjoint rule as registered.

    `function` is the rule; `operands` the names of the parameters that get an adjoint; `result` and `result_bar` the rule's
    names for the result and its adjoint. `sequences` and `raw` are operands that are not arrays. `told`: its parameter `wanted`
    says which operands, and which items of those that are tuples, get an adjoint that is wanted.
    """

    primitive: Callable[..., Any]
    function: Callable[..., Any]
    operands: tuple[str, ...]
    result: str
    result_bar: str
    kind: Kind
    real_only: bool
    absent: bool = False
    partials: tuple[str | None, ...] = ()
    sequences: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    told: bool = False

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The primitive's signature as the rule states it; it takes time, and few rules are asked for it."""
        parameters = read_signature(self.function).parameters.values()
        others = (self.result, self.result_bar, *["wanted"] * self.told)
        return inspect.Signature([p for p in parameters if p.name not in others])

    @functools.cached_property
    def is_own(self) -> bool:
        """Whether it is one of sct's own rules, which are tested."""
        return self.function.__module__.startswith("sct.rules")

    @functools.cached_property
    def is_blind(self) -> bool:
        """Whether it only adds and multiplies its operands and the adjoint: what numbers they are decides nothing."""
        return bool(self.partials) and all(p is None or _OF_PRODUCTS.fullmatch(p) for p in self.partials)

    def has_formula(self, k: int) -> bool:
        """Whether something is known of the derivative by operand number `k`: of an element-wise function that may be zero."""
        return self.partials[k : k + 1] != (NO_FORMULA,)

    @property
    def divides_safely(self) -> bool | Callable[..., bool]:
        """Whether no division in it fails where the function has a value; a rule of a user's divides as it says. A function
        tells it of a call."""
        return _safe.get(self.primitive, False) if self.is_own else True

    def takes(self, name: str) -> Literal["array", "arrays", "anything"]:
        """What the rule takes for an operand: an array or number, a sequence of these, or whatever the call has."""
        if name in self.raw or not self._of_arrays:
            return "anything"
        return "arrays" if name in self.sequences or name == self.varargs else "array"

    @functools.cached_property
    def _of_arrays(self) -> bool:
        return _takes_arrays(self.primitive)

    @functools.cached_property
    def varargs(self) -> str | None:
        """The name of the rule's `*operands` parameter, if it has one."""
        kinds = {p.kind: p.name for p in self.signature.parameters.values()}
        return kinds.get(inspect.Parameter.VAR_POSITIONAL)

    @functools.cached_property
    def positional(self) -> tuple[str, ...]:
        """The names of the parameters that can be given by position."""
        return positional_parameters(self.signature)

    @functools.cached_property
    def _required(self) -> float:
        """How many of these have no default; more than there can be, if one that has none must be given by its name."""
        variadic = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
        own = [p for p in self.signature.parameters.values() if p.kind not in variadic and p.default is p.empty]
        return len(own) if all(p.name in self.positional for p in own) else math.inf

    def arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by the names of the parameters; raises TypeError as a call would."""
        if not kwargs and self._required <= len(args) <= len(self.positional):
            return dict(zip(self.positional, args, strict=False))
        return dict(self.signature.bind(*args, **kwargs).arguments)


@record(frozen=True)
class SquareRule:
    """The adjoint rule of the square of a function, for the calls that `covers` says yes to (of the arguments' types)."""

    rule: AdjointRule
    covers: Callable[..., bool]


_adjoints: dict[Any, AdjointRule] = {}
_squares: dict[Any, SquareRule] = {}
_constant: dict[Any, None] = {}
_safe: dict[Any, bool | Callable[..., bool]] = {}


def _register(rule: AdjointRule) -> None:
    if not may_register(_adjoints, rule.primitive):
        return
    _squares.pop(rule.primitive, None)  # it belongs to the rule that is replaced
    _adjoints[rule.primitive] = rule
    none_unless_said(rule.primitive)
    changed()


_at_change: list[Callable[[], None]] = []


def at_change(call: Callable[[], None]) -> None:
    """Have `call` called whenever a rule is registered: what was made by other rules is out of date."""
    _at_change.append(call)


def changed() -> None:
    """Say that a rule was registered, of something that may have been compiled already."""
    if is_own_claimed():
        return
    for call in _at_change:
        call()


def _rule(
    primitive: Any,
    rule: Callable[..., Any],
    kind: Kind,
    real_only: bool = False,
    absent: bool = False,
    partials: tuple[str | None, ...] = (),
    sequences: tuple[str, ...] = (),
    raw: tuple[str, ...] = (),
    told: bool = False,
) -> AdjointRule:
    names = _parameters(rule)
    if not names:
        raise TypeError(f"the adjoint rule {rule.__name__} has no parameters; it needs (result, operands..., result_bar)")
    result = names[0]
    bar = f"{result}_bar"
    if bar not in names:
        raise TypeError(f"the adjoint rule {rule.__name__} has no parameter {bar}, the adjoint of its result {result}")
    operands = names[1 : names.index(bar)]
    return AdjointRule(primitive, rule, operands, result, bar, kind, real_only, absent, partials, sequences, raw, told)


def _parameters(rule: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a rule's parameters, in order."""
    if not isinstance(rule, FunctionType) or hasattr(rule, "__wrapped__"):
        return tuple(read_signature(rule).parameters)
    code = rule.__code__
    positional, named = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    several = named + bool(code.co_flags & inspect.CO_VARARGS)
    names = code.co_varnames[: several + bool(code.co_flags & inspect.CO_VARKEYWORDS)]
    return *names[:positional], *names[named:several], *names[positional:named], *names[several:]


_OPERATORS = frozenset(f for f in vars(operator).values() if callable(f)) | {pow, divmod}


def _takes_arrays(primitive: Any) -> bool:
    """Whether a function makes arrays of lists and tuples of numbers: NumPy's and SciPy's functions, and operators beside an
    array."""
    module = getattr(primitive, "__module__", None) or ""
    return isinstance(primitive, np.ufunc) or module.split(".")[0] in ("numpy", "scipy") or primitive in _OPERATORS


def adjoint(
    primitive: Callable[..., Any],
    *,
    kind: Kind = "other",
    real_only: bool = False,
    absent: bool = False,
    sequences: tuple[str, ...] = (),
    raw: tuple[str, ...] = (),
    told: bool = False,
) -> Callable[[F], F]:
    """Register the decorated function as the adjoint (reverse-mode) rule of `primitive`.

    Parameters
    ----------
    primitive : callable
        The function that the rule differentiates.
    kind : {"elementwise", "view", "reduction", "product", "construction", "other"}
        "view" if the result may share memory with the first operand; "construction" if it is new memory to be written into.
    real_only : bool
        Whether complex operands are refused at compile time.
    absent : bool
        Of a primitive with several results: whether the rule gets None, rather than zeros, for the adjoint of a result
        that is not used.
    sequences : tuple of str
        Of a function of NumPy: operands that are sequences of arrays.
    raw : tuple of str
        Of a function of NumPy: operands that the rule takes as they are, such as an axis. Any other operand that is a list or
        tuple reaches the rule as the array that NumPy makes of it.
    told : bool
        Whether the rule has a parameter `wanted`, by name only: for each operand whether its adjoint is wanted, a tuple of that
        for one that is a tuple.

    Returns
    -------
    callable
        A decorator that gives the rule back unchanged.

    Notes
    -----
    The rule takes the result, the operands, the adjoint of the result (the result's name with `_bar`), then the
    parameters of `primitive` that have no derivative. It returns an adjoint for each operand, of the operand's shape.

    Examples
    --------
    >>> import sct
    >>> def cube(x):
    ...     return x**3
    >>> @sct.adjoint(cube)
    ... def cube_adjoint(y, x, y_bar):
    ...     return 3 * x**2 * y_bar
    """

    def register(rule: F) -> F:
        _register(_rule(primitive, rule, kind, real_only, absent, (), sequences, raw, told))
        return rule

    return register


def adjoint_of_square(
    *primitives: Callable[..., Any], covers: Callable[..., bool] = lambda *args, **kwargs: True, real_only: bool = False
) -> Callable[[F], F]:
    """Register the decorated function as the adjoint rule of the square of `primitives`.

    The square of a norm is smooth where the norm is not: at 0 the adjoint rules of the two in a row are right to first order
    only. The rule takes the square and its adjoint for the result and its adjoint, and the operands of the primitive.

    Parameters
    ----------
    *primitives : callables
        Functions that have an adjoint rule.
    covers : callable
        Takes the primitive's own arguments as a type rule does; tells whether the rule holds for them.
    real_only : bool
        Whether complex operands are refused at compile time.
    """

    def register(rule: F) -> F:
        for p in primitives:
            own = _adjoints[p]
            made = _rule(p, rule, own.kind, real_only, sequences=own.sequences, raw=own.raw)
            _squares[p] = SquareRule(made, covers)
        return rule

    return register


_ADJOINT = re.compile(r"(?<![\w.])d(?!\w)")  # the name `d` in an expression
_OF_PRODUCTS = re.compile(r"-?(d|y|x[12]?)( [-+*] (d|y|x[12]?))*")


def elementwise(
    primitive: Callable[..., Any],
    *partials: str | None,
    real_only: bool = False,
    names: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Register an element-wise function by its partial derivatives.

    Each partial is an expression that is linear in `d`: with `d` the adjoint of the result it gives the operand's adjoint
    (before un-broadcasting), with `d` the operand's tangent it gives the result's tangent (of complex operands where the
    function is holomorphic). Operands are called `x`, or `x1`, `x2`; the result is `y`. None: the derivative by that operand is
    zero. `NO_FORMULA`: it is not known, and refused where it is asked for.
    `np` is NumPy, `math` the module; `as_number(x)` is what to take the negative or the sign of, where NumPy has none of a
    flag. `names`: what the partials call besides.
    """
    operands = _operand_names(partials)
    terms = [
        "None" if p is None or p == NO_FORMULA else f"unbroadcast({_ADJOINT.sub('y_bar', p)}, {x})"
        for p, x in zip(partials, operands, strict=True)
    ]
    name = primitive.__name__.strip("_")
    label = f"{type(primitive).__module__}.{describe(primitive)}"
    ufunc = isinstance(primitive, np.ufunc)
    keywords = ", out=None, casting='same_kind', order='K', dtype=None, subok=True" if ufunc else ""
    text = f"def {name}_adjoint(y, {', '.join(operands)}, y_bar{keywords}):\n    return {', '.join(terms)}\n"
    rule = written(f"{name}_adjoint", text, f"<sct rule {label}>", names)
    _register(_rule(primitive, rule, "elementwise", real_only, partials=partials))


def _operand_names(partials: Sequence[str | None]) -> list[str]:
    """What the operands of an element-wise function are called in its partials."""
    return ["x"] if len(partials) == 1 else [f"x{i + 1}" for i in range(len(partials))]


def written(name: str, text: str, filename: str, names: Mapping[str, Any]) -> FunctionType:
    """The function that a text defines, whose source can be read."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    there = {"np": np, "math": math, "as_number": as_number, "unbroadcast": unbroadcast}
    namespace: dict[str, Any] = {**names, **there, "__name__": "sct.rules"}
    exec(compile(text, filename, "exec"), namespace)
    made: FunctionType = namespace[name]
    return made


@functools.cache
def pushing(rule: AdjointRule, k: int) -> FunctionType | None:
    """Of an element-wise function's rule: what gives the result's tangent of the result, the operands and the tangent of one
    operand, number `k`; None if there is no derivative in that.

    >>> import operator
    >>> pushing(adjoint_rule(operator.mul), 0)(6.0, 2.0, 3.0, 1.0)
    3.0
    """
    partial = rule.partials[k]
    if partial is None or partial == NO_FORMULA:
        return None
    names, name = _operand_names(rule.partials), rule.function.__name__.removesuffix("_adjoint")
    text = f"def {name}_tangent(y, {', '.join(names)}, d):\n    return {partial}\n"
    own = rule.function.__code__.co_filename.removesuffix(">")
    return written(f"{name}_tangent", text, f"{own}, tangent {k}>", rule.function.__globals__)


@overload
def nondifferentiable(primitive: F, /, *, pure: bool = True) -> F: ...
@overload
def nondifferentiable(*primitives: Callable[..., Any], pure: bool = True) -> None: ...
def nondifferentiable(*primitives: Callable[..., Any], pure: bool = True) -> Any:
    """Register functions whose result has no derivative (the adjoint of their operands is zero). Also a decorator.

    `pure` says that a call may be dropped when its result is not used, and made again. Otherwise calls are kept, in order.
    """
    for p in primitives:
        if may_register(_constant, p):
            _constant[p] = None
            effect("none" if pure else "acts", p)
    changed()
    return primitives[0] if len(primitives) == 1 else None


def divides_safely(*primitives: Callable[..., Any], where: bool | Callable[..., bool] = True) -> None:
    """Register functions that raise themselves where a division of numbers in their rules would, or whose rules never do;
    `where` tells of which calls that holds, by their arguments as a type rule has them."""
    _safe.update(dict.fromkeys(primitives, where))


def adjoint_rule(primitive: Any) -> AdjointRule | None:
    """The adjoint rule of `primitive`, or None."""
    rule: AdjointRule | None = find(_adjoints, primitive)
    return rule


def square_rule(primitive: Any) -> SquareRule | None:
    """The adjoint rule of the square of `primitive`, or None."""
    rule: SquareRule | None = find(_squares, primitive)
    return rule


has_adjoint: Callable[[Any], bool] = _adjoints.__contains__
"""Whether there is an adjoint rule of something that can be hashed."""


def is_nondifferentiable(primitive: Any) -> bool:
    """Whether `primitive` is registered as having no derivative."""
    try:
        return primitive in _constant or of_class(primitive) in _constant
    except TypeError:  # not hashable
        return False


def kind_of(primitive: Any) -> Kind:
    """The kind of `primitive` as registered; "other" if it is not."""
    rule = adjoint_rule(primitive)
    return rule.kind if rule is not None else facts_of(primitive).kind


def primitives() -> tuple[Callable[..., Any], ...]:
    """All functions that have an adjoint rule, in the order of registration."""
    return tuple(_adjoints)


def nondifferentiable_functions() -> tuple[Callable[..., Any], ...]:
    """All functions that are registered as having no derivative."""
    return tuple(_constant)
