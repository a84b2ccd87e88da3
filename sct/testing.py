"""Check derivatives against finite differences.

Takes a function (or a primitive that has a rule) and arguments; gives nothing, or raises `GradientMismatch` with both
values. The oracle is finite differences of the function itself, in double precision: never the code under test.
"""

from __future__ import annotations

import copy
import inspect
import linecache
import operator
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import sct
from sct.analysis.storage import fresh, read_only
from sct.backend.python.emit import emit
from sct.errors import SctError
from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.ssa import Apply, Operand, Value
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, SizeLike, Slice, Tuple, is_unit, size_symbol, with_items
from sct.optimize.dead_code import dead_code
from sct.registry.rules import AdjointRule, adjoint_rule, is_nondifferentiable
from sct.specialize.calls import lowered
from sct.specialize.specializer import specialize

__all__ = ["GradientMismatch", "call_with", "check_grads", "check_rule", "derivative_of", "optimized"]

Path = tuple[Any, ...]

# Functions that read one triangle of a symmetric matrix: only symmetric directions mean anything.
_ONE_TRIANGLE = frozenset([np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh])

_EVERY_COORDINATE = 12  # operands up to this size are also checked entry by entry
_DIRECTIONS = 3

# Joint and split, optimised and not; and the part of it that thousands of samples of rules can afford.
_EVERY_WAY = (("vjp", True), ("vjp", False), ("pullback", True), ("pullback", False))
_RULE_WAYS = {True: (("vjp", True), ("vjp", False)), False: (("vjp", True),)}


class GradientMismatch(SctError, AssertionError):
    """A derivative disagrees with finite differences, or a rule breaks its contract."""


# Trees: tuples, lists and dicts with numbers and arrays at their leaves.


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The floating numbers and arrays in `value`, each with its path."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from _leaves(v, (*path, k))
    elif isinstance(value, (tuple, list)):
        for i, v in enumerate(value):
            yield from _leaves(v, (*path, i))
    elif _floating(value):
        yield path, value


def _floating(value: Any) -> bool:
    if isinstance(value, (np.ndarray, np.generic)):
        return bool(np.issubdtype(value.dtype, np.inexact))
    return isinstance(value, (float, complex))


def _map(f: Callable[[Any], Any], value: Any) -> Any:
    """`value` with `f` applied to every leaf; a named tuple becomes a tuple."""
    if isinstance(value, dict):
        return {k: _map(f, v) for k, v in value.items()}
    if isinstance(value, tuple):
        return tuple(_map(f, v) for v in value)
    if isinstance(value, list):
        return [_map(f, v) for v in value]
    return f(value)


def _get(value: Any, path: Path) -> Any:
    for key in path:
        if value is None:  # None for a container: no derivative in any part of it
            return None
        value = value[key]
    return value


def _replaced(value: Any, path: Path, leaf: Any) -> Any:
    if not path:
        return leaf
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: _replaced(v, rest, leaf) if k == key else v for k, v in value.items()}
    items = [_replaced(v, rest, leaf) if i == key else v for i, v in enumerate(value)]
    return tuple(items) if isinstance(value, tuple) else items


def _double(value: Any) -> Any:
    """A leaf in double precision."""
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype in (np.float16, np.float32):
        return value.astype(np.float64)
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.complex64:
        return value.astype(np.complex128)
    return value


def _read_only(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def _name(path: Path) -> str:
    return f"argument {path[0]}" + "".join(f"[{k!r}]" for k in path[1:])


# Finite differences


@dataclass(frozen=True)
class _Probe:
    """One directional derivative of `Re Σ y_bar y` by finite differences, and the size of its own error."""

    path: Path
    direction: Any
    expected: float
    noise: float


def _random(rng: np.random.Generator, like: Any) -> Any:
    """A random cotangent or direction of the shape, dtype and type of the leaf `like`; zero where it is not floating."""
    if not _floating(like):
        return np.zeros(np.shape(like))
    g = rng.uniform(0.5, 1.5, np.shape(like)) * rng.choice([-1.0, 1.0], np.shape(like))
    if np.iscomplexobj(like):
        g = g + 1j * rng.uniform(-1.0, 1.0, np.shape(like))
    if isinstance(like, np.ndarray):
        return np.asarray(g, dtype=like.dtype)
    if isinstance(like, np.generic):
        return like.dtype.type(g)
    return type(like)(g)


def _pairing(a: Any, b: Any) -> float:
    """`Re Σ a b` over all leaves."""
    if isinstance(a, dict):
        return sum(_pairing(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return sum(_pairing(p, q) for p, q in zip(a, b, strict=True))
    if not _floating(b):
        return 0.0
    return float(np.real(np.sum(np.asarray(a) * np.asarray(b))))


def _directions(rng: np.random.Generator, leaf: Any, symmetric: bool) -> Iterator[Any]:
    """Random directions at `leaf`, of greatest entry about 1; for small operands every coordinate too."""
    for _ in range(_DIRECTIONS if np.size(leaf) > 1 else 1):
        v = np.asarray(_random(rng, leaf))
        yield (v + np.swapaxes(v, -1, -2).conj()) / 2 if symmetric else v
    if symmetric or np.size(leaf) > _EVERY_COORDINATE:
        return
    for i in range(np.size(leaf)):
        v = np.zeros(np.shape(leaf), np.asarray(leaf).dtype)
        v.flat[i] = 1.0
        yield v
        if np.iscomplexobj(leaf):
            yield 1j * v


def _probes(
    f: Callable[..., Any],
    args: Sequence[Any],
    paths: Sequence[Path],
    y: Any,
    y_bar: Any,
    eps: float | None,
    symmetric: bool = False,
) -> list[_Probe]:
    """Directional derivatives of `Re Σ y_bar f(args)` at each leaf in `paths`, to fourth order in the step."""
    rng = np.random.default_rng(1)
    args = _map(_double, tuple(args))
    y_bar = _map(_double, y_bar)
    wide = f(*args)
    # A function that rounds to single precision inside needs a far longer step.
    single = any(np.finfo(np.asarray(v).dtype).eps > 1e-10 for _, v in _leaves(wide))
    step = eps if eps is not None else 3e-2 if single else 2e-4
    rounding = 2e-7 if single else 4e-16
    magnitude = sum(float(np.sum(np.abs(np.asarray(v) * _get(y_bar, p)), initial=0.0)) for p, v in _leaves(wide))
    out = []
    for path in paths:
        leaf = _get(args, path)
        if np.size(leaf) == 0:
            continue
        h = step * max(1.0, float(np.max(np.abs(leaf))) if np.all(np.isfinite(leaf)) else 1.0)
        for v in _directions(rng, leaf, symmetric):

            def along(t: float, path: Path = path, leaf: Any = leaf, v: Any = v) -> float:
                moved = np.asarray(leaf + t * v) if isinstance(leaf, np.ndarray) else type(leaf)(leaf + t * v)
                return _pairing(y_bar, f(*_replaced(args, path, moved)))

            with np.errstate(all="ignore"):
                coarse = (along(h) - along(-h)) / (2 * h)
                fine = (along(h / 2) - along(-h / 2)) / h
            noise = 8 * rounding * magnitude / h + 1e-4 * abs(fine - coarse)
            out.append(_Probe(path, v, (4 * fine - coarse) / 3, noise))
    return out


def _compare(
    what: str,
    args: Sequence[Any],
    cotangents: Callable[[Path], Any],
    paths: Sequence[Path],
    probes: Sequence[_Probe],
    rtol: float | None,
    atol: float | None,
    single: bool,
) -> None:
    """Raise where `cotangents(path)` has not the operand's shape, or pairs with a direction to another number."""
    rtol = rtol if rtol is not None else 2e-3 if single else 1e-6
    atol = atol if atol is not None else 2e-4 if single else 1e-8
    found: dict[Path, Any] = {}
    for path in paths:
        x, x_bar = _get(args, path), cotangents(path)
        if x_bar is None:
            x_bar = np.zeros(np.shape(x))
        if np.shape(x_bar) != np.shape(x):
            raise GradientMismatch(
                f"{what}: the adjoint of {_name(path)} has shape {np.shape(x_bar)}, the operand has {np.shape(x)}"
            )
        dtype = np.asarray(x).dtype
        x_bar = np.asarray(x_bar)
        found[path] = (x_bar if dtype.kind == "c" else x_bar.real).astype(dtype)
    for probe in probes:
        if not np.isfinite(probe.expected):
            continue  # outside the domain of the function: finite differences say nothing
        terms = found[probe.path] * probe.direction
        got = float(np.real(np.sum(terms)))
        allowed = atol + rtol * max(abs(probe.expected), float(np.sum(np.abs(terms)))) + probe.noise
        if not abs(got - probe.expected) <= allowed:
            raise GradientMismatch(
                f"{what}: the derivative in {_name(probe.path)} along {_brief(probe.direction)} is {got!r}, "
                f"finite differences give {probe.expected!r} (allowed difference {allowed:.1e}); "
                f"the adjoint is {_brief(found[probe.path])}"
            )


def _brief(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=6, threshold=20).replace("\n", " ")


def _is_single(*trees: Any) -> bool:
    return any(np.finfo(np.asarray(v).dtype).eps > 1e-10 for t in trees for _, v in _leaves(t))


# Type rules


@dataclass(frozen=True)
class _Sizes:
    """What the symbols of one call stand for, filled in as results are compared."""

    known: dict[Any, int]

    def matches(self, size: SizeLike, actual: int) -> bool:
        """Whether `size` can be `actual`; a single unknown atom is then known."""
        if isinstance(size, int):
            return size == actual
        unit = is_unit(size)
        if unit is not None and unit != (actual == 1):
            return False
        rest, unknown = actual - size.const, []
        for atom, c in size.terms:
            value = self.value(atom)
            if value is None:
                unknown.append((atom, c))
            else:
                rest -= c * value
        if not unknown:
            return rest == 0
        if len(unknown) == 1:
            atom, c = unknown[0]
            if rest % c:
                return False
            self.known[atom] = rest // c
        return True

    def value(self, atom: Any) -> int | None:
        if atom in self.known:
            return self.known[atom]
        if atom[0] in ("mul", "broadcast"):
            a, b = map(self.evaluate, atom[1:])
            if a is not None and b is not None:
                return a * b if atom[0] == "mul" else b if a == 1 else a
        return None

    def evaluate(self, size: SizeLike) -> int | None:
        if isinstance(size, int):
            return size
        values = [self.value(atom) for atom, _ in size.terms]
        if any(v is None for v in values):
            return None
        return size.const + sum(c * v for (_, c), v in zip(size.terms, values, strict=True) if v is not None)


def _symbols(value: Any, path: str) -> Iterator[tuple[Any, int]]:
    """The symbols that `abstract(value, path)` has, with the integers that they stand for."""
    if isinstance(value, np.ndarray):
        for i, n in enumerate(value.shape):
            if n != 1:
                yield ("symbol", f"{path}.{i}", 1), n
    elif isinstance(value, int) and not isinstance(value, bool):
        yield ("symbol", path, 0), value
    elif isinstance(value, (tuple, list)):
        for i, v in enumerate(value):
            yield from _symbols(v, f"{path}[{i}]")
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from _symbols(v, f"{path}[{k!r}]")


def _as_written(value: Any, path: str) -> Abstract:
    """The abstract value of an argument that stands in the program's text: numbers are known."""
    if type(value) is tuple:
        return Tuple(tuple(_as_written(v, f"{path}[{i}]") for i, v in enumerate(value)))
    if type(value) is list:
        return List(tuple(_as_written(v, f"{path}[{i}]") for i, v in enumerate(value)))
    if isinstance(value, slice):
        return Slice(Const(value.start), Const(value.stop), Const(value.step))
    if type(value) is int:
        return Const(value)
    return abstract(value, path)


def _consistent(claim: Abstract, actual: Any, sizes: _Sizes) -> bool:
    """Whether the abstract value `claim` is true of `actual`."""
    match claim:
        case Array():
            if not isinstance(actual, (np.ndarray, np.generic)):
                return False
            if claim.dtype is not None and claim.dtype != actual.dtype:
                return False
            if claim.shape is None:
                return True
            return len(claim.shape) == actual.ndim and all(map(sizes.matches, claim.shape, actual.shape))
        case Scalar():
            right = type(actual) is claim.kind
            return right and (claim.size is None or sizes.matches(claim.size, actual))
        case Tuple() | List():
            if not isinstance(actual, tuple if isinstance(claim, Tuple) else list):
                return False
            return len(actual) == len(claim.items) and all(
                _consistent(c, a, sizes) for c, a in zip(claim.items, actual, strict=True)
            )
        case Dict():
            return (
                isinstance(actual, dict)
                and tuple(actual) == claim.keys
                and all(_consistent(c, actual[k], sizes) for k, c in zip(claim.keys, claim.items, strict=True))
            )
        case Const():
            return claim == Const(actual) if not isinstance(actual, np.ndarray) else False
        case _:
            return True


def _check_type(primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], y: Any) -> None:
    """Compare the type rule with the actual result, for arguments known before the run and not."""
    for describe in (_as_written, abstract):
        sizes = _Sizes({})
        for path, value in [*((f"a{i}", a) for i, a in enumerate(args)), *kwargs.items()]:
            sizes.known.update(_symbols(value, path))
        claim = infer_call(
            primitive,
            [describe(a, f"a{i}") for i, a in enumerate(args)],
            {k: describe(v, k) for k, v in kwargs.items()},
        )
        if not _consistent(claim, y, sizes):
            actual = _map(lambda v: f"{v.dtype}{list(v.shape)}" if hasattr(v, "dtype") else repr(v), y)
            raise GradientMismatch(f"{_label(primitive)}: its type rule says {claim}, the result is {actual}")


# Memory


def _check_memory(primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], y: Any) -> None:
    """Compare where the result lies with what is declared: whose memory it may be, and whether it can be written into."""
    named = {k: _operand(v, k) for k, v in kwargs.items()}
    made = Apply(primitive, tuple(_operand(a, f"a{i}") for i, a in enumerate(args)), tuple(named.items()), Value(abstract(y)))
    given = _arrays((*args, *kwargs.values()))
    for part in _arrays(y):
        if fresh(made) and any(np.shares_memory(part, a) for a in given):
            raise GradientMismatch(f"{_label(primitive)}: its result lies in an operand's memory, and is said to be new")
        locked = not part.flags.writeable and all(a.flags.writeable for a in given)
        if read_only(made) is False and not fresh(made) and (locked or _overlaps_itself(part)):
            raise GradientMismatch(f"{_label(primitive)}: its result cannot be written into, and nothing says so")
        if fresh(made) and locked:
            raise GradientMismatch(f"{_label(primitive)}: its result is read-only, and is said to be new")


def _operand(value: Any, path: str) -> Operand:
    """An argument as an operand of a statement."""

    def operand(t: Abstract) -> Operand:
        if isinstance(t, (Tuple, List, Dict)):
            return with_items(t, map(operand, t.items))
        return t if isinstance(t, (Const, Slice)) else Value(t)

    return operand(_as_written(value, path))


def _arrays(value: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays in `value`."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        return [a for v in value for a in _arrays(v)]
    return [value] if isinstance(value, np.ndarray) else []


def _overlaps_itself(a: np.ndarray[Any, Any]) -> bool:
    """Whether one entry of memory is several entries of the array."""
    return a.size > 0 and any(n > 1 and s == 0 for n, s in zip(a.shape, a.strides, strict=True))


def _check_owned(what: str, cotangents: Any, others: Any) -> None:
    """Cotangents are the caller's to write into: apart from one another, and from arguments and results."""
    parts = _arrays(cotangents)
    for i, a in enumerate(parts):
        if not a.flags.writeable or _overlaps_itself(a):
            raise GradientMismatch(f"{what}: a cotangent cannot be written into")
        if any(np.shares_memory(a, b) for b in (*parts[:i], *_arrays(others))):
            raise GradientMismatch(f"{what}: a cotangent shares memory with an argument, the result or another cotangent")


# Rules


def _label(primitive: Any) -> str:
    module = getattr(primitive, "__module__", None) or ("numpy" if isinstance(primitive, np.ufunc) else "")
    return f"{module}.{primitive.__name__}".lstrip(".")


@dataclass(frozen=True)
class _BoundCall:
    """A call of a primitive as its rule sees it: every parameter by name, and where each operand stands."""

    rule: AdjointRule
    arguments: dict[str, Any]

    @classmethod
    def of(cls, rule: AdjointRule, args: Sequence[Any], kwargs: Mapping[str, Any]) -> _BoundCall:
        bound = rule.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return cls(rule, dict(bound.arguments))

    def operands(self) -> list[Any]:
        """The operands in order; those of a `*` parameter one by one."""
        out: list[Any] = []
        for name in self.rule.operands:
            value = self.arguments[name]
            out.extend(value) if self.starred(name) else out.append(value)
        return out

    def starred(self, name: str) -> bool:
        return self.rule.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL

    def primal(self, primitive: Callable[..., Any], operands: Sequence[Any]) -> Any:
        """The primitive called with other operands."""
        rest = list(operands)
        arguments = dict(self.arguments)
        for name in self.rule.operands:
            if self.starred(name):
                count = len(arguments[name])
                arguments[name], rest = tuple(rest[:count]), rest[count:]
            else:
                arguments[name] = rest.pop(0)
        return _apply(primitive, self.rule.signature, arguments)

    def adjoints(self, y: Any, y_bar: Any) -> tuple[Any, ...]:
        """What the rule returns, one adjoint for each operand."""
        given = {k: self.taken(k, v) for k, v in self.arguments.items()}
        arguments = _map(_read_only, given) | {self.rule.result: y, self.rule.result_bar: y_bar}
        out = _apply(self.rule.function, inspect.signature(self.rule.function), arguments)
        count = len(self.operands())
        if count == 1 and not (isinstance(out, tuple) and len(out) == 1):
            out = (out,)
        if not isinstance(out, (tuple, list)) or len(out) != count:
            raise GradientMismatch(f"the rule {self.rule.function.__name__} must return {count} adjoints, it returned {out!r}")
        return tuple(out)

    def taken(self, name: str, value: Any) -> Any:
        """An argument as the compiler gives it to the rule."""
        if name not in self.rule.operands or not isinstance(value, (list, tuple)):
            return value
        match self.rule.takes(name):
            case "array":
                return np.array(value)
            case "arrays":
                return type(value)(np.array(v) if isinstance(v, (list, tuple)) else v for v in value)
        return value

    def by_place(self, args: Sequence[Any], kwargs: Mapping[str, Any], adjoints: Sequence[Any]) -> dict[int | str, Any]:
        """The adjoints by position or keyword of the call; None for what is no operand.

        The adjoint of an element-wise function without derivative is a zero, not None.
        """
        places = self.rule.signature.bind(*range(len(args)), **{k: k for k in kwargs}).arguments
        out: dict[int | str, Any] = dict.fromkeys([*range(len(args)), *kwargs])
        rest = list(adjoints)
        for name in self.rule.operands:
            for place in places.get(name, ()) if self.starred(name) else (places.get(name),):
                adjoint = rest.pop(0)
                if place is not None:
                    out[place] = 0.0 if adjoint is None and self.rule.partials else adjoint
        return out


def _apply(f: Callable[..., Any], signature: inspect.Signature, arguments: Mapping[str, Any]) -> Any:
    """Call `f`; parameters that have their default are left out, so that `f` may lack them."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    skipped = False
    for name, p in signature.parameters.items():
        value = arguments[name]
        if p.kind is inspect.Parameter.VAR_POSITIONAL:
            positional.extend(value)
        elif p.kind is inspect.Parameter.VAR_KEYWORD:
            keywords.update(value)
        elif p.default is not p.empty and value is p.default:
            skipped = True
        elif p.kind is inspect.Parameter.KEYWORD_ONLY or (skipped and p.kind is not p.POSITIONAL_ONLY):
            keywords[name] = value
        else:
            positional.append(value)
    return f(*positional, **keywords)


def check_rule(
    primitive: Callable[..., Any],
    *args: Any,
    wrt: Sequence[int] | None = None,
    order: int | str = 1,
    rtol: float | None = None,
    atol: float | None = None,
    **kwargs: Any,
) -> None:
    """Check the derivative rule and the type rule of a primitive on one call.

    The adjoints that the rule gives for a random adjoint of the result are compared with finite differences of the
    primitive, in random directions and, for small operands, entry by entry; first with the rule called as it stands, then
    as the compiler inlines it, optimised and not, with the non-differentiable arguments known at compile time and not.
    A function that is registered as non-differentiable must have zero differences.

    Parameters
    ----------
    primitive : callable
        A function that is registered in `sct.registry`.
    *args, **kwargs
        The arguments of one call.
    wrt : sequence of int, optional
        The operands to check, by position; default: all that are or contain floating numbers.
    order : int
        Up to which derivative to check; above 1 through the compiler. A string is an argument of the primitive.
    rtol, atol : float, optional
        Tolerances; the default follows from the precision of the arguments.

    Raises
    ------
    GradientMismatch
        With the value of the derivative and that of the differences, or with what the rule breaks.

    Examples
    --------
    >>> import numpy as np
    >>> from sct.testing import check_rule
    >>> check_rule(np.sum, np.ones((2, 3)), axis=0, keepdims=True)
    """
    if isinstance(order, str):
        kwargs["order"], order = order, 1
    y = primitive(*args, **kwargs)
    _check_type(primitive, args, kwargs, y)
    _check_memory(primitive, args, kwargs, y)
    if not any(True for _ in _leaves(y)):
        return
    rule = adjoint_rule(primitive)
    if rule is None:
        if not is_nondifferentiable(primitive):
            raise GradientMismatch(f"{_label(primitive)} has no rule")
        _check_constant(primitive, args, kwargs, wrt, y)
        return
    call = _BoundCall.of(rule, args, kwargs)
    operands = call.operands()
    chosen = range(len(operands)) if wrt is None else wrt
    paths = [p for p, _ in _leaves(operands) if p[0] in chosen]
    if rule.real_only and any(np.iscomplexobj(v) for _, v in _leaves(operands)):
        raise GradientMismatch(f"{_label(primitive)} is registered for real operands only")

    y_bar = _map(lambda v: _random(np.random.default_rng(0), v), y)
    symmetric = primitive in _ONE_TRIANGLE
    probes = _probes(lambda *ops: call.primal(primitive, ops), operands, paths, y, y_bar, None, symmetric)
    single = _is_single(operands, y)
    with np.errstate(all="ignore"):
        adjoints = call.adjoints(_map(_read_only, y), _map(_read_only, y_bar))
    _compare(f"rule of {_label(primitive)}", operands, lambda p: _get(adjoints, p), paths, probes, rtol, atol, single)
    given = call.by_place(args, kwargs, [a if i in chosen else None for i, a in enumerate(adjoints)])
    _check_compiled(primitive, args, kwargs, partial(_get, given), y, y_bar, rtol, atol, order, symmetric)


def _check_constant(
    primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], wrt: Sequence[int] | None, y: Any
) -> None:
    """A function without derivative must not change with its operands."""
    chosen = range(len(args)) if wrt is None else wrt
    paths = [p for p, _ in _leaves(tuple(args)) if p[0] in chosen]
    y_bar = _map(lambda v: _random(np.random.default_rng(0), v), y)
    probes = _probes(lambda *a: primitive(*a, **kwargs), args, paths, y, y_bar, None)
    what = f"{_label(primitive)}, registered as non-differentiable"
    _compare(what, tuple(args), lambda p: None, paths, probes, None, None, _is_single(args, y))


# The same through the compiler


_OPERATORS = {
    operator.add: "{} + {}",
    operator.sub: "{} - {}",
    operator.mul: "{} * {}",
    operator.truediv: "{} / {}",
    operator.floordiv: "{} // {}",
    operator.mod: "{} % {}",
    operator.pow: "{} ** {}",
    operator.matmul: "{} @ {}",
    operator.neg: "-{}",
    operator.pos: "+{}",
    operator.getitem: "{}[{}]",
}


def _written(value: Any) -> str | None:
    """`value` as it stands in a program, or None where it has no short text."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, type) and value.__module__ == "numpy":
        return f"np.{value.__name__}"
    if isinstance(value, type) and value in (int, float, complex, bool):
        return value.__name__
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        parts = [_written(v) for v in value]
        if any(p is None for p in parts):
            return None
        text = ", ".join(p for p in parts if p is not None)
        return f"[{text}]" if isinstance(value, list) else f"({text},)" if len(value) == 1 else f"({text})"
    return None


def _written_index(value: Any) -> str | None:
    if isinstance(value, slice):
        parts = ["" if p is None else _written(p) for p in (value.start, value.stop, value.step)]
        return None if any(p is None for p in parts) else ":".join(p for p in parts if p is not None)
    if type(value) is tuple and any(isinstance(v, slice) for v in value):
        parts = [_written_index(v) for v in value]
        return None if any(p is None for p in parts) else ", ".join(p for p in parts if p is not None) + ","
    return _written(value)


def call_with(
    primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] | None = None, written: bool = True
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A Python function with source that calls `primitive`, and the arguments to call it with.

    Parameters
    ----------
    primitive : callable
        A NumPy function, or a function of the module `operator` (written as its operator).
    args, kwargs
        The arguments of the call.
    written : bool
        Whether flags, numbers, indices and strings stand in the function's text (so that the compiler knows them), and
        lists of arrays as displays; otherwise every argument is a parameter.

    Returns
    -------
    function, arguments
        `function(*arguments)` equals `primitive(*args, **kwargs)`.
    """
    call, values, _ = _program(primitive, args, kwargs or {}, written)
    return call, values


def _program(
    primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], written: bool
) -> tuple[Callable[..., Any], tuple[Any, ...], list[Path]]:
    """What `call_with` returns, and the path of each parameter in the call: position or keyword, then entries."""
    parameters: list[str] = []
    values: list[Any] = []
    paths: list[Path] = []

    def text(value: Any, path: Path, index: bool = False) -> str:
        if written:
            short = _written_index(value) if index else _written(value)
            if short is not None:
                return short
            if type(value) in (list, tuple) and any(isinstance(v, np.ndarray) for v in value):
                items = ", ".join(text(v, (*path, i)) for i, v in enumerate(value))
                return f"[{items}]" if type(value) is list else f"({items},)"
        name = path[0] if isinstance(path[0], str) else "x" + "_".join(map(str, path))
        parameters.append(name)
        values.append(value)
        paths.append(path)
        return name

    index = primitive is operator.getitem
    parts = [text(a, (i,), index and i == 1) for i, a in enumerate(args)]
    parts += [f"{k}={text(v, (k,))}" for k, v in kwargs.items()]
    form = _OPERATORS.get(primitive)
    expression = form.format(*parts) if form is not None else f"primitive({', '.join(parts)})"
    source = f"def call({', '.join(parameters)}):\n    return {expression}\n"
    filename = f"<check_rule {_label(primitive)} {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"primitive": primitive, "np": np, "__name__": "sct.testing"}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["call"], tuple(values), paths


def _check_compiled(
    primitive: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    adjoint: Callable[[Path], Any],
    y: Any,
    y_bar: Any,
    rtol: float | None,
    atol: float | None,
    order: int,
    symmetric: bool,
) -> None:
    """Check programs that call `primitive`, by the parameters at paths for which `adjoint(path)` is not None."""
    for written in (True, False):
        call, values, places = _program(primitive, args, kwargs, written)
        wrt = tuple(i for i, place in enumerate(places) if _has_adjoint(values[i], place, adjoint))
        if not wrt:
            continue
        paths = [p for p, _ in _leaves(values) if p[0] in wrt]
        probes = _probes(call, values, paths, y, y_bar, None, symmetric)
        _check_vjp(_label(primitive), call, values, wrt, y, y_bar, paths, probes, rtol, atol, _RULE_WAYS[written])
    if order > 1:
        call, values, places = _program(primitive, args, kwargs, True)
        wrt = tuple(i for i, place in enumerate(places) if _has_adjoint(values[i], place, adjoint))
        _check_grads(sct.vjp(call, wrt), (*values, y_bar), wrt, order - 1, rtol, atol, None, _RULE_WAYS[True])


def _has_adjoint(value: Any, place: Path, adjoint: Callable[[Path], Any]) -> bool:
    """Whether all of `value` is floating, and has an adjoint."""
    leaves = [path for path, _ in _leaves(value)]
    if len(leaves) < _count(value):
        return False
    return bool(leaves) and all(adjoint((*place, *path)) is not None for path in leaves)


def _count(value: Any) -> int:
    """The number of leaves, floating or not."""
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, (tuple, list)) else 1


def _check_vjp(
    label: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    wrt: tuple[int, ...],
    y: Any,
    y_bar: Any,
    paths: Sequence[Path],
    probes: Sequence[_Probe],
    rtol: float | None,
    atol: float | None,
    ways: Sequence[tuple[str, bool]] = _EVERY_WAY,
) -> None:
    """Compare the compiler's cotangents of `f`, made in each of `ways`, with finite differences."""
    single = _is_single(args, y)
    given = copy.deepcopy(args)
    for how, optimize in ways:
        what = f"{how}({label}, optimize={optimize})"
        with np.errstate(all="ignore"):
            if how == "vjp":
                got, cotangents = sct.vjp(f, wrt, optimize=optimize)(*args, y_bar)
            else:
                got, pull = sct.pullback(f, wrt, optimize=optimize)(*args)
                cotangents = pull(y_bar)
        if not _same(got, y):
            raise GradientMismatch(f"{what} gives the value {got!r}, the function gives {y!r}")
        _check_owned(what, cotangents, (args, got, y_bar))
        if not _same(args, given):
            raise GradientMismatch(f"{what} changes its arguments {given!r} to {args!r}")
        chosen = dict(zip(wrt, cotangents, strict=True))
        _compare(what, args, partial(_get, chosen), paths, probes, rtol, atol, single)


def _same(a: Any, b: Any) -> bool:
    """Whether two results are of one structure, with entries of one kind and shape, equal to the bit (all NaNs are one)."""
    if isinstance(b, dict):
        return isinstance(a, dict) and list(a) == list(b) and all(_same(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return isinstance(a, type(b)) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(b, (np.ndarray, np.generic, float, complex, int)):
        p, q = np.asarray(a), np.asarray(b)
        return p.dtype == q.dtype and p.shape == q.shape and _same_bits(p, q)
    return type(a) is type(b)


def _same_bits(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> bool:
    """Whether arrays of one dtype and shape have the same entries, with the same signs where they are 0."""
    if p.dtype.kind not in "fc":
        return np.array_equal(p, q)
    return np.array_equal(p, q, equal_nan=True) and all(
        np.array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0])) for a, b in ((p.real, q.real), (p.imag, q.imag))
    )


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    wrt: int | str | Sequence[int | str] | None = None,
    modes: Sequence[str] = ("reverse",),
    order: int = 1,
    rtol: float | None = None,
    atol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check the derivatives of a function against finite differences.

    Parameters
    ----------
    f : callable
        Any function that `sct.vjp` takes; its result may be a number, an array, or a tuple, list or dict of these.
    args : sequence
        The arguments at which to check.
    wrt : int, str or sequence of these, optional
        The parameters to differentiate by; default: the first.
    modes : sequence of str
        `"reverse"`.
    order : int
        Up to which derivative to check.
    rtol, atol : float, optional
        Tolerances; the default follows from the precision of the arguments.
    eps : float, optional
        The step of the differences, relative to the greatest entry of the argument.

    Raises
    ------
    GradientMismatch
        With the value of the derivative and that of the differences.

    Notes
    -----
    With random y̅ and directions v, ⟨x̅, v⟩ is compared with the derivative of t ↦ Re Σ y̅ f(x + t v) at 0 by central
    differences with one step of Richardson extrapolation, in double precision where f permits it. `vjp` and `pullback`
    are checked, each optimised and not.

    Examples
    --------
    >>> import numpy as np
    >>> import sct
    >>> def f(x):
    ...     return np.sum(np.sin(x) * x)
    >>> sct.check_grads(f, (np.array([0.1, 2.0]),), order=2)
    """
    unknown = [m for m in modes if m != "reverse"]
    if unknown:
        raise ValueError(f"mode {unknown[0]!r} is not available; modes are: 'reverse'")
    _check_grads(f, tuple(args), _positions(f, wrt), order, rtol, atol, eps, _EVERY_WAY)


def _check_grads(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    positions: tuple[int, ...],
    order: int,
    rtol: float | None,
    atol: float | None,
    eps: float | None,
    ways: Sequence[tuple[str, bool]],
) -> None:
    def on_copies(*values: Any) -> Any:  # f may write into its arguments
        return f(*copy.deepcopy(values))

    y = on_copies(*args)
    y_bar = _map(lambda v: _random(np.random.default_rng(0), v), y)
    paths = [p for p, _ in _leaves(args) if p[0] in positions]
    probes = _probes(on_copies, args, paths, y, y_bar, eps)
    label = getattr(f, "__name__", repr(f))
    _check_vjp(label, f, args, positions, y, y_bar, paths, probes, rtol, atol, ways)
    if order > 1:
        # The differences of the derivative are taken of generated code that has just been checked.
        _check_grads(sct.vjp(f, positions), (*args, y_bar), positions, order - 1, rtol, atol, eps, ways)


def _positions(f: Callable[..., Any], wrt: int | str | Sequence[int | str] | None) -> tuple[int, ...]:
    if wrt is None:
        return (0,)
    entries = (wrt,) if isinstance(wrt, (int, str)) else tuple(wrt)
    if all(isinstance(w, int) for w in entries):
        return tuple(int(w) for w in entries)
    names = list(inspect.signature(f).parameters)
    return tuple(w if isinstance(w, int) else names.index(w) for w in entries)


# What the doctests of the passes show


def _function_from(source: str) -> Any:
    text = textwrap.dedent(source).strip() + "\n"
    filename = f"<text {hash(text):x}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"np": np}
    exec(compile(text, filename, "exec"), namespace)
    return next(v for k, v in namespace.items() if k not in ("np", "__builtins__"))


def optimized(optimization: Callable[..., Any], source: str, **options: Any) -> str:
    """The source of a function after one pass (and without dead code), its parameters being numbers (an `n` an int).

    Parameters
    ----------
    optimization : callable
        A pass of `sct.optimize`.
    source : str
        The text of a function; `np` is NumPy.
    **options
        Of the pass.
    """
    function = lowered(_function_from(source)).function
    types = [Scalar(int, size_symbol("n")) if name == "n" else Scalar(float) for name in function.signature.parameters]
    made = dead_code(optimization(specialize(function, types).function, **options))
    return emit(made).source.split("\n\n\n")[-1].rstrip()


def derivative_of(source: str, *args: Any) -> str:
    """The source of the gradient, by its first parameter, of a function given as text, for some arguments."""
    return str(sct.grad(_function_from(source)).source_for(*args)).rstrip()
