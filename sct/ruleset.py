"""The registry of derivative rules.

Takes rules (functions of result, operands and adjoint of the result, in the language that sct differentiates) and type
rules (functions from abstract values to an abstract value); gives look-ups to the compiler. Never runs a rule.

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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Literal, TypeVar

import numpy as np

from sct.ir.ops import Attribute, Method
from sct.ir.types import Abstract, Tuple
from sct.runtime import as_number, unbroadcast

__all__ = [
    "AdjointRule",
    "Effect",
    "Facts",
    "Kind",
    "Memory",
    "MethodRule",
    "adjoint",
    "adjoint_of_square",
    "adjoint_rule",
    "attribute",
    "attribute_rule",
    "divides_safely",
    "effect",
    "effect_of",
    "elementwise",
    "facts",
    "facts_of",
    "has_adjoint",
    "has_effect",
    "is_known_class",
    "is_nondifferentiable",
    "is_pure",
    "kind_of",
    "known_class",
    "memory",
    "method",
    "method_rule",
    "nondifferentiable",
    "nondifferentiable_functions",
    "of_class",
    "positional_parameters",
    "primitive_of",
    "primitives",
    "result_type",
    "square_rule",
    "type_rule",
    "ufunc_of",
]

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["elementwise", "view", "reduction", "product", "construction", "comparison", "other"]
Effect = Literal["none", "looks", "reads", "draws", "reports", "acts"]
"""What a call does besides giving its result, each worse than the one before.

looks: its result depends on what an operand holds, which something else may change if that is of an unknown type.
reads: its result depends on state that something else may change. draws: it moves a random generator on. reports: it says
something to the world that the program does not hear (print, a log, a file that is written). acts: it may do anything.
"""
Memory = Literal["fresh", "view", "read-only", "either"]
Rearranged = Literal["turned", "reshaped", "may copy"]
Linear = Literal["together", "each", "first"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is registered of an operation besides its rules and its effect; of what nothing is said, False or None.

    An answer that depends on the call is a function of the call's own arguments, given as to a type rule.

    Attributes
    ----------
    kind : Kind
        Of what has no adjoint rule; see `adjoint`.
    cheap : bool
        Whether computing it again costs no more than keeping it.
    memory : Memory
        Where the result lies; see the function of that name.
    rearranged : {"turned", "reshaped", "may copy"}
        The result is a view of all entries of the first operand, in another order or in the same one; "may copy": it is
        "reshaped" if that operand lies in the order of its indices.
    involution : bool
        Whether the same call on the result gives the first operand again.
    itself : bool
        Whether the result is the first operand, an array, and no other object.
    order : str
        In what order new memory is, as NumPy's parameter says it.
    boxed : bool
        Whether the result is an ndarray at rank 0 too, and no number.
    new_list : bool
        Whether the result is a list of its own, though of items that are there.
    in_place : bool
        Whether it can be carried out in the memory of the first operand.
    form_of : int
        The number of an operand of which only the shape and the dtype count.
    linear : {"together", "each", "first"}
        Linear in its operands together, as a sum is, in each of them alone, as a product is, or in the first alone.
    squares : bool
        Whether the result is the square of the first operand.
    ufunc : ufunc
        What an operator of Python's is on arrays.
    total : callable
        Of an operator that raises for some numbers of Python's: what gives NumPy's value there.
    inlined : bool
        Of a function in Python that has a rule: whether it is inlined all the same, where the types decide its branches.
    sees_caller : bool
        Whether the result depends on the variables of the function that calls it.
    """

    kind: Kind = "other"
    cheap: bool | Callable[..., bool] = False
    memory: Memory | Callable[..., Memory] | None = None
    rearranged: Rearranged | Callable[..., Rearranged | None] | None = None
    involution: bool | Callable[..., bool] = False
    itself: Callable[..., bool] | None = None
    order: Callable[..., Any] | None = None
    boxed: bool | Callable[..., bool] = False
    new_list: bool = False
    in_place: bool = False
    form_of: int | None = None
    linear: Linear | Callable[..., Linear] | None = None
    squares: Callable[..., bool] | None = None
    ufunc: np.ufunc | None = None
    total: Callable[..., Any] | None = None
    inlined: bool = False
    sees_caller: bool | Callable[..., bool] = False


_NOTHING = Facts()


def positional_parameters(signature: inspect.Signature) -> tuple[str, ...]:
    """The names of the parameters that can be given by position."""
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(p.name for p in signature.parameters.values() if p.kind in kinds)


@dataclass(frozen=True)
class AdjointRule:
    """An adjoint rule as registered.

    `function` is the rule; `signature` the primitive's signature as the rule states it; `operands` the names of the
    parameters that get an adjoint; `result` and `result_bar` the rule's names for the result and its adjoint. `sequences` and
    `raw` are operands that are not arrays.
    """

    primitive: Callable[..., Any]
    function: Callable[..., Any]
    signature: inspect.Signature
    operands: tuple[str, ...]
    result: str
    result_bar: str
    kind: Kind
    real_only: bool
    absent: bool = False
    partials: tuple[str | None, ...] = ()
    sequences: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is one of sct's own rules, which are tested."""
        return self.function.__module__.startswith("sct.rules")

    @property
    def divides_safely(self) -> bool:
        """Whether no division in it fails where the function has a value; a rule of a user's divides as it says."""
        return self.primitive in _registry.safe or not self.is_own

    def takes(self, name: str) -> Literal["array", "arrays", "anything"]:
        """What the rule takes for an operand: an array or number, a sequence of these, or whatever the call has."""
        if name in self.raw or not _takes_arrays(self.primitive):
            return "anything"
        return "arrays" if name in self.sequences or name == self.varargs else "array"

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


@dataclass(frozen=True)
class SquareRule:
    """The adjoint rule of the square of a function, for the calls that `covers` says yes to (of the arguments' types)."""

    rule: AdjointRule
    covers: Callable[..., bool]


@dataclass(frozen=True)
class MethodRule:
    """`x.name(...)` of an array is `primitive(x, ...)`; `pack` gathers several positional arguments into one tuple."""

    primitive: Callable[..., Any]
    pack: bool = False

    def arguments(self, args: Sequence[Any]) -> list[Any]:
        """The primitive's positional arguments, of operands or of types: the array, and those of the method."""
        return [args[0], Tuple(tuple(args[1:]))] if self.pack and len(args) > 2 else list(args)


@dataclass
class _Registry:
    adjoints: dict[Any, AdjointRule] = field(default_factory=dict)
    squares: dict[Any, SquareRule] = field(default_factory=dict)
    types: dict[Any, Callable[..., Abstract | Any]] = field(default_factory=dict)
    constant: dict[Any, None] = field(default_factory=dict)
    effects: dict[Any, Effect] = field(default_factory=dict)
    classes: set[type] = field(default_factory=set)
    facts: dict[Any, Facts] = field(default_factory=dict)
    safe: set[Any] = field(default_factory=set)
    methods: dict[str, MethodRule] = field(default_factory=dict)
    attributes: dict[str, Callable[..., Any]] = field(default_factory=dict)


_registry = _Registry()


def _register(rule: AdjointRule) -> None:
    _registry.squares.pop(rule.primitive, None)  # it belongs to the rule that is replaced
    _registry.adjoints[rule.primitive] = rule
    _registry.effects.setdefault(rule.primitive, "none")


def _rule(
    primitive: Any,
    rule: Callable[..., Any],
    kind: Kind,
    real_only: bool = False,
    absent: bool = False,
    partials: tuple[str | None, ...] = (),
    sequences: tuple[str, ...] = (),
    raw: tuple[str, ...] = (),
) -> AdjointRule:
    parameters = list(inspect.signature(rule).parameters.values())
    if not parameters:
        raise TypeError(f"the adjoint rule {rule.__name__} has no parameters; it needs (result, operands..., result_bar)")
    result = parameters[0].name
    bar = f"{result}_bar"
    names = [p.name for p in parameters]
    if bar not in names:
        raise TypeError(f"the adjoint rule {rule.__name__} has no parameter {bar}, the adjoint of its result {result}")
    own = [p for p in parameters if p.name not in (result, bar)]
    operands = tuple(names[1 : names.index(bar)])
    signature = inspect.Signature(own)
    return AdjointRule(primitive, rule, signature, operands, result, bar, kind, real_only, absent, partials, sequences, raw)


_OPERATORS = frozenset(f for f in vars(operator).values() if callable(f)) | {pow, divmod}


def _takes_arrays(primitive: Any) -> bool:
    """Whether a function makes arrays of lists and tuples of numbers: NumPy's functions, and operators beside an array."""
    module = getattr(primitive, "__module__", None) or ""
    return isinstance(primitive, np.ufunc) or module.split(".")[0] == "numpy" or primitive in _OPERATORS


def adjoint(
    primitive: Callable[..., Any],
    *,
    kind: Kind = "other",
    real_only: bool = False,
    absent: bool = False,
    sequences: tuple[str, ...] = (),
    raw: tuple[str, ...] = (),
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
        _register(_rule(primitive, rule, kind, real_only, absent, (), sequences, raw))
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
            own = _registry.adjoints[p]
            made = _rule(p, rule, own.kind, real_only, sequences=own.sequences, raw=own.raw)
            _registry.squares[p] = SquareRule(made, covers)
        return rule

    return register


def elementwise(primitive: Callable[..., Any], *partials: str | None, real_only: bool = False) -> None:
    """Register an element-wise function by its partial derivatives.

    Each partial is an expression that is linear in `d`: with `d` the adjoint of the result it gives the operand's adjoint
    (before un-broadcasting), with `d` the operand's tangent it gives the result's tangent. Operands are called `x`, or
    `x1`, `x2`; the result is `y`. None: no derivative in that operand. `np` is NumPy, `math` the module; `as_number(x)` is
    what to take the negative or the sign of, where NumPy has none of a flag.
    """
    names = ["x"] if len(partials) == 1 else [f"x{i + 1}" for i in range(len(partials))]
    terms = [
        "None" if p is None else f"unbroadcast({_substitute(p, 'd', 'y_bar')}, {x})"
        for p, x in zip(partials, names, strict=True)
    ]
    name = primitive.__name__.strip("_")
    label = f"{type(primitive).__module__}.{getattr(primitive, '__module__', '') or ''}.{name}"
    ufunc = isinstance(primitive, np.ufunc)
    keywords = ", out=None, casting='same_kind', order='K', dtype=None, subok=True" if ufunc else ""
    text = f"def {name}_adjoint(y, {', '.join(names)}, y_bar{keywords}):\n    return {', '.join(terms)}\n"
    filename = f"<sct rule {label}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    names_there = {"np": np, "math": math, "as_number": as_number, "unbroadcast": unbroadcast}
    namespace: dict[str, Any] = {**names_there, "__name__": "sct.rules"}
    exec(compile(text, filename, "exec"), namespace)
    _register(_rule(primitive, namespace[f"{name}_adjoint"], "elementwise", real_only, partials=partials))


def _substitute(expression: str, name: str, replacement: str) -> str:
    import ast

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(replacement if node.id == name else node.id, node.ctx)

    return ast.unparse(Rename().visit(ast.parse(expression, mode="eval")))


def nondifferentiable(*primitives: Callable[..., Any], pure: bool = True) -> Any:
    """Register functions whose result has no derivative (the adjoint of their operands is zero). Also a decorator.

    `pure` says that a call may be dropped when its result is not used, and made again. Otherwise calls are kept, in order.
    """
    for p in primitives:
        _registry.constant[p] = None
        effect("none" if pure else "acts", p)
    return primitives[0] if len(primitives) == 1 else None


def effect(kind: Effect, *primitives: Callable[..., Any]) -> None:
    """Register what calls of `primitives` do besides giving their results.

    What has a rule, or a type rule, has none unless one is registered. A method that the objects of a class have is registered
    as the class's function (`np.random.Generator.normal`).
    """
    for p in primitives:
        _registry.effects[p] = kind


def divides_safely(*primitives: Callable[..., Any]) -> None:
    """Register functions that raise themselves where a division of numbers in their rules would, or whose rules never do."""
    _registry.safe.update(primitives)


def known_class(*classes: type) -> None:
    """Register classes whose objects are known by their class, since their methods are registered."""
    _registry.classes.update(classes)


def facts(*primitives: Any, **known: Any) -> None:
    """Register what operations are, by the names of `Facts`; of an array's method that differs from its primitive, `Method`."""
    for p in primitives:
        _registry.facts[p] = replace(_registry.facts.get(p, _NOTHING), **known)


def memory(where: Memory | Callable[..., Memory], *primitives: Any) -> None:
    """Register where the results of functions lie, if that does not follow from the kind of their rules.

    "fresh": in memory of their own. "view": in some calls in that of an operand. "read-only": in memory that cannot be written
    into, or where one entry is many entries of the array. "either": in some calls in such. A function tells it of a call.
    """
    facts(*primitives, memory=where)


def result_type(*primitives: Callable[..., Any]) -> Callable[[F], F]:
    """Register the decorated function as the type rule of `primitives`.

    It takes the primitive's own parameters, each an abstract value (`sct.ir.types`), or the plain Python value where the
    argument is known at compile time; it returns an abstract value, or a plain Python value where the result is known.
    """

    def register(rule: F) -> F:
        for p in primitives:
            _registry.types[p] = rule
            _registry.effects.setdefault(p, "none")
        return rule

    return register


def method(name: str, primitive: Callable[..., Any], pack: bool = False) -> None:
    """Register the array method `name` as a call of `primitive` with the array as its first argument."""
    _registry.methods[name] = MethodRule(primitive, pack)


def attribute(name: str, primitive: Callable[..., Any]) -> None:
    """Register the array attribute `name` as a call of `primitive` on the array."""
    _registry.attributes[name] = primitive


def _get(table: Any, key: Any) -> Any:
    try:
        return table.get(key)
    except TypeError:  # not hashable
        return None


def of_class(op: Any) -> Any:
    """The function of a class that a bound method is; anything else as it is."""
    owner = getattr(op, "__self__", None)
    if owner is None or isinstance(owner, (type, ModuleType)):
        return op
    return getattr(type(owner), getattr(op, "__name__", ""), op)


def adjoint_rule(primitive: Any) -> AdjointRule | None:
    """The adjoint rule of `primitive`, or None."""
    rule: AdjointRule | None = _get(_registry.adjoints, primitive)
    return rule


def square_rule(primitive: Any) -> SquareRule | None:
    """The adjoint rule of the square of `primitive`, or None."""
    rule: SquareRule | None = _get(_registry.squares, primitive)
    return rule


has_adjoint: Callable[[Any], bool] = _registry.adjoints.__contains__
"""Whether there is an adjoint rule of something that can be hashed."""
has_effect: Callable[[Any], bool] = _registry.effects.__contains__
"""Whether the registry says anything of something that can be hashed, and is no method."""


def type_rule(primitive: Any) -> Callable[..., Any] | None:
    """The type rule of `primitive`, or None."""
    rule: Callable[..., Any] | None = _get(_registry.types, primitive)
    if rule is None and (own := of_class(primitive)) is not primitive and _get(_registry.types, own) is not None:
        return functools.partial(_registry.types[own], primitive.__self__)
    return rule


def method_rule(name: str) -> MethodRule | None:
    """What the array method `name` stands for, or None."""
    return _registry.methods.get(name)


def attribute_rule(name: str) -> Callable[..., Any] | None:
    """What the array attribute `name` stands for, or None."""
    return _registry.attributes.get(name)


def is_nondifferentiable(primitive: Any) -> bool:
    """Whether `primitive` is registered as having no derivative."""
    try:
        return primitive in _registry.constant or of_class(primitive) in _registry.constant
    except TypeError:  # not hashable
        return False


def effect_of(primitive: Any) -> Effect:
    """What a call of `primitive` does besides giving its result; of what nothing is known it is taken that it may act."""
    found: Effect | None = _get(_registry.effects, primitive) or _get(_registry.effects, of_class(primitive))
    if found is not None:
        return found
    exception = isinstance(primitive, type) and issubclass(primitive, BaseException)
    return "none" if exception or isinstance(primitive, np.ufunc) else "acts"


def is_known_class(cls: type) -> bool:
    """Whether objects of a class are known by it."""
    return any(c in _registry.classes for c in cls.__mro__)


def is_pure(primitive: Any) -> bool:
    """Whether calls of `primitive` may be dropped or repeated."""
    return effect_of(primitive) in ("none", "looks")


def is_registered(primitive: Any) -> bool:
    """Whether the registry says anything of `primitive`."""
    return bool(_get(_registry.effects, primitive) or _get(_registry.effects, of_class(primitive)))


def kind_of(primitive: Any) -> Kind:
    """The kind of `primitive` as registered; "other" if it is not."""
    rule = adjoint_rule(primitive)
    return rule.kind if rule is not None else facts_of(primitive).kind


def ufunc_of(op: Any) -> np.ufunc | None:
    """The ufunc that an operation is on arrays: it broadcasts its operands against each other; None if it is none."""
    return op if isinstance(op, np.ufunc) else facts_of(op).ufunc


def primitive_of(op: Any) -> Any:
    """The function that an operation stands for: that of an array's method or attribute, or the operation itself."""
    if isinstance(op, Method):
        rule = method_rule(op.name)
        return rule.primitive if rule is not None else op
    if isinstance(op, Attribute):
        return attribute_rule(op.name) or op
    return op


def facts_of(op: Any) -> Facts:
    """What is registered of an operation; of a method or attribute of which nothing is, that of its primitive."""
    found: Facts | None = _get(_registry.facts, op)
    if found is None and isinstance(op, (Method, Attribute)):
        found = _get(_registry.facts, primitive_of(op))
    return found or _NOTHING


def primitives() -> tuple[Callable[..., Any], ...]:
    """All functions that have an adjoint rule, in the order of registration."""
    return tuple(_registry.adjoints)


def nondifferentiable_functions() -> tuple[Callable[..., Any], ...]:
    """All functions that are registered as having no derivative."""
    return tuple(_registry.constant)
