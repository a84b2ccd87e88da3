"""Sparse Jacobians and Hessians: from a pattern, a few directions, and the entries that these have.

Takes a function and a pattern of its Jacobian, or finds that (`sct.api.patterns`); gives a function of the sparse matrix. The
columns, or the rows, that never meet in an entry are one direction (`sct.api.colouring`); the derivative of all of them is one
call of generated code, whose seeds are an argument (`sct.transform.directions`); the entries are then told apart by their
places. What the pattern says is checked by the numbers: one more direction, in which all columns stand at random, must be what
the entries make of it. Of a pattern that is given that is done at each call, and takes one direction more than there are
colours; of one that was found, which bounds the code that computes, at the first. Never holds the arguments of a call, but for
copies of those that a pattern was found for.

Method: Curtis, Powell & Reid, On the estimation of sparse Jacobian matrices (1974); Griewank & Walther 2008, chapter 8.
"""

from __future__ import annotations

import functools
import itertools
import os
import weakref
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct.api.colouring import Rows, apart, starred
from sct.api.derived import DerivedFunction, names_of, namesake, written_name
from sct.api.options import Options
from sct.api.patterns import found_pattern
from sct.api.trees import copied, filled, leaves, of_kind
from sct.api.variadic import Variadic, derive
from sct.errors import (
    DerivativeMemoryError,
    MissingEntryError,
    NonDifferentiableArgumentError,
    NoRuleError,
    PatternShapeError,
    SctError,
    UnsupportedSyntaxError,
)
from sct.frontend.callables import reached
from sct.frontend.resolve import Dependency, free_value, has_fields
from sct.frontend.travelling import reduced
from sct.infer.signature import examples
from sct.ir.ops import Free
from sct.ir.records import record
from sct.ir.types import sizes_known
from sct.registry.rules import at_change
from sct.specialize.lowering import compiling
from sct.stack import with_room
from sct.stages import mode_of
from sct.tracebacks import ends_here
from sct.transform.boundary import SEEDS

__all__ = ["FORMATS", "Sparse"]

_made: weakref.WeakSet[Any] = weakref.WeakSet()


def _forget() -> None:
    """Find all patterns again, since a rule is another one now."""
    for made in [*_made]:
        made._plans.clear()


at_change(_forget)

FORMATS = ("csr", "csc", "coo", "dense")
_KEPT = 8  # patterns of one function, with what is made of them
_TRANSFORMS = {
    "columns": "jacobian_times_seeds",
    "rows": "seeds_times_jacobian",
    "hessian": "hessian_times_seeds",
}


def _scipy() -> Any:
    """scipy.sparse, which only those need who ask for such a matrix.

    Raises
    ------
    SctError
        If it is not there.
    """
    try:
        import scipy.sparse
    except ImportError:
        raise SctError(
            "a sparse Jacobian or Hessian is a matrix of scipy.sparse, which is not installed",
            None,
            "Install sct-ad[sparse], or take format='dense'.",
        ) from None
    return scipy.sparse


@record(frozen=True, eq=False)
class _Plan:
    """What is made of a pattern.

    `seeds`: a row for each colour, and the last at random. `places`: where each entry is among the numbers that these give.
    `holds`: for which values of what it relies on; None if it is given. `forms`: and for which shapes of data outside;
    `relies`: and for which meanings of names.
    """

    rows: Rows
    by: str
    numbers: Any
    seeds: Any
    places: Any
    holds: tuple[tuple[str | Free, Any], ...] | None
    forms: tuple[tuple[Free, Hashable], ...]
    relies: tuple[Dependency, ...]
    blocks: dict[Hashable, Any]


class Sparse:
    """A sparse Jacobian or Hessian of a function, called with its arguments.

    Attributes
    ----------
    primal : callable
        The function that it is of.
    source : str
        The text of the code that gives the derivative in the directions `seeds`, for the argument types of the latest call.
    """

    def __init__(
        self,
        f: Any,
        wrt: Any,
        of: str,
        sparsity: Any,
        format: str,
        mode: str,
        has_aux: bool,
        options: Options,
    ) -> None:
        if format not in FORMATS:
            raise ValueError(f"format={format!r}: there is {', '.join(map(repr, FORMATS))}")
        self._sparse = None if format == "dense" else _scipy()
        self._asked = f, wrt, of, sparsity, format, mode, has_aux, options
        self.primal = f
        self._of = of
        self._format = format
        self._single = not isinstance(wrt, (tuple, list))
        gradient = derive(f, wrt, mode_of("grad", has_aux), "grad", options) if of == "hessian" else f
        ways = {"auto": ("columns", "rows"), "forward": ("columns",), "reverse": ("rows",)}[mode] if of != "hessian" else (of,)
        self._derived: dict[str, DerivedFunction[..., Any]] = {
            way: derive(gradient, wrt, mode_of(_TRANSFORMS[way], has_aux), _TRANSFORMS[way], options) for way in ways
        }
        self._linear = derive(gradient, wrt, mode_of("linearize", has_aux), "linearize", replace(options, jit=None))
        dense = "jacobian" if of == "jacobian" else "jacobian_of_gradient"
        self._dense = derive(
            gradient, wrt, mode_of(dense, has_aux), dense, replace(options, jit=None)
        )  # for what is said of a bad call
        self._has_aux = has_aux
        self._latest = next(iter(self._derived.values()))
        self._given = None if isinstance(sparsity, str) else self._of_pattern(_as_rows(sparsity))
        if isinstance(sparsity, str) and sparsity != "auto":
            raise ValueError(f"sparsity={sparsity!r}: there is 'auto', and a pattern")
        self._plans: dict[Hashable, list[_Plan]] = {}
        _made.add(self)
        self.__dict__.update(names_of(namesake(f, reached(f).function)))

    def __reduce__(self) -> Any:
        return reduced(Sparse, self._asked, reached(self.primal).function)

    def __repr__(self) -> str:
        return f"<sparse {self._of} of {getattr(self.primal, '__qualname__', self.primal)}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __sct_callee__(self) -> Any:
        raise UnsupportedSyntaxError(
            f"a sparse {self._of} in a function that is differentiated",
            None,
            f"Leave sparsity out of sct.{self._of}, whose matrix is an array.",
        )

    @property
    def source(self) -> str:
        return self._latest.source

    @ends_here
    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The text for arguments of these types."""
        plan, _ = self._plan(args, kwargs)
        return self._derived[plan.by].source_for(*args, **kwargs)

    @ends_here
    def pattern(self, *args: Any, **kwargs: Any) -> Any:
        """The pattern for these arguments: a matrix of SciPy's, or for format="dense" an array, of which entries are True."""
        plan, _ = self._plan(args, kwargs)
        return self._matrix(plan.rows, np.ones(len(plan.rows.indices), bool))

    @ends_here
    def directions(self, *args: Any, **kwargs: Any) -> int:
        """How many directions these arguments take, without the one that checks the pattern."""
        plan, _ = self._plan(args, kwargs)
        return len(plan.seeds) - 1

    @ends_here
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plan, checked = self._plan(args, kwargs)
        seeds = plan.seeds[:-1] if checked else plan.seeds
        try:
            found = self._in_directions(plan, seeds, args, kwargs)
        except (NoRuleError, UnsupportedSyntaxError):
            if len(self._derived) == 1:
                raise
            del self._derived[plan.by]  # by the other way from now on
            self._plans.clear()
            if self._given is not None:
                self._given = self._of_pattern(plan.rows)
            return self(*args, **kwargs)
        aux: Any = None
        if self._has_aux:
            found, aux = found
        shapes, found = found if plan.by == "rows" else (None, found)
        parts = [np.reshape(leaf, (len(seeds), -1)) for leaf in leaves(found)]
        compressed = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if plan.by != "rows" and compressed.shape[1] != plan.rows.height:
            raise self._misshapen(plan, (compressed.shape[1], plan.rows.width))
        data = compressed.ravel()[plan.places]
        if not checked:
            dtypes = [np.result_type(x) for x in (*leaves(found), *leaves(self._by(args, kwargs)))]
            wrong = self._off(plan, data, compressed[-1], max(float(np.finfo(d).eps) for d in dtypes))
            if len(wrong) and len(wrong := wrong[self._is_linear(plan, data, wrong, args, kwargs)]):
                raise self._missing(plan, wrong)
        like = _as_arrays(shapes) if plan.by == "rows" else filled(found, iter([leaf[0] for leaf in leaves(found)]))
        made = self._arranged(plan, data, like, args, kwargs)
        return (made, aux) if self._has_aux else made

    # -- the pattern -------------------------------------------------------------------------------------------------

    def _of_pattern(self, rows: Rows, holds: Any = None, forms: Any = (), relies: Any = ()) -> _Plan:
        """A pattern with its colours."""
        by = self._of
        if by == "hessian":
            if rows.height != rows.width:
                raise PatternShapeError(
                    f"a Hessian is square, and the pattern of that of {written_name(self.primal)} has the shape "
                    f"{(rows.height, rows.width)}",
                    advice="Give a row and a column for each number of the arguments.",
                )
            rows = rows.both_ways()
            colours = starred(rows)
            count = int(np.max(colours, initial=-1)) + 1
            places = _starred_places(rows, colours, count)
        else:
            by, colours = self._fewest(rows)
            count = int(np.max(colours, initial=-1)) + 1
            of_entries = colours[rows.indices] if by == "columns" else colours[rows.numbers]
            length = rows.height if by == "columns" else rows.width
            places = of_entries * length + (rows.numbers if by == "columns" else rows.indices)
        self._refuse_large(rows, (count + 1) * (rows.height + rows.width) + 4 * len(rows.indices), "its directions and entries")
        seeds = np.zeros((count + 1, len(colours)))
        seeds[colours, np.arange(len(colours))] = 1.0
        seeds[-1] = np.random.default_rng(len(colours)).uniform(1.0, 2.0, len(colours)) * _signs(len(colours))
        return _Plan(rows, by, rows.numbers, seeds, places, holds, forms, relies, {})

    def _fewest(self, rows: Rows) -> tuple[str, Any]:
        """The way of fewer colours, and these."""
        turned = rows.turned
        bounds = {"columns": rows.fullest, "rows": turned.fullest}
        found: tuple[str, Any] | None = None
        for way in sorted(self._derived, key=lambda w: bounds[w]):
            if found is None or bounds[way] <= int(np.max(found[1], initial=-1)):
                colours = apart(rows if way == "columns" else turned)
                if found is None or int(np.max(colours, initial=-1)) < int(np.max(found[1], initial=-1)):
                    found = way, colours
        assert found is not None
        return found

    def _refuse_large(self, rows: Rows, numbers: int, what: str) -> None:
        there = _memory()
        if there is not None and 8 * numbers > there:
            raise DerivativeMemoryError(
                f"{self._name()}, of {rows.height} by {rows.width} numbers, takes {8 * numbers} bytes for {what}, and the "
                f"machine has {there}",
                advice="Take products: sct.linearize, sct.pullback or sct.hvp.",
            )

    def _plan(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[_Plan, bool]:
        """The pattern for arguments, and whether it has been checked."""
        if self._given is not None:
            return self._given, False
        by_name = self._arguments(args, kwargs)
        values = tuple(by_name.values())
        linear, _, _ = _plain(self._linear, args, kwargs)
        key = getattr(linear._root, "__code__", None), *map(_form, values)
        plans = self._plans.get(key, [])
        for plan in plans:
            assert plan.holds is not None
            if not all(d.holds() for d in plan.relies):
                continue
            held = (_same(by_name[n] if isinstance(n, str) else free_value(n), value) for n, value in plan.holds)
            if all(_form(free_value(n)) == form for n, form in plan.forms) and all(held):
                return plan, True
        for n in linear.wrt:
            self._refuse_objects(by_name[n], n)
        with examples(), compiling(), sizes_known():
            types = linear._types(values)
            typed = with_room(lambda: linear.typed(types))
        found = found_pattern(typed.function, copied(values), linear.wrt, linear._called)
        width = sum(int(np.size(leaf)) for n in linear.wrt for leaf in leaves(by_name[n]))
        entries = sum(map(len, found.rows))
        self._refuse_large(Rows(np.zeros(len(found.rows) + 1), (), width), 4 * entries, f"a pattern of {entries} entries")
        pairs = tuple((n, copied(by_name[n] if isinstance(n, str) else free_value(n))) for n in found.relies)
        moves = found.moves or not all(_same(value, value) for _, value in pairs)
        forms = tuple((n, _form(free_value(n))) for n in found.outside)
        plan = self._of_pattern(Rows.of(found.rows, width), pairs, forms, typed.dependencies)
        if not moves:
            if len(self._plans) >= _KEPT:
                self._plans.pop(next(iter(self._plans)))
            self._plans[key] = [plan, *plans[: _KEPT - 1]]
        return plan, False

    def _refuse_objects(self, x: Any, name: str) -> None:
        for leaf in leaves(x):
            if has_fields(leaf):
                raise NonDifferentiableArgumentError(
                    f"{self._name()} by {name}, which is or holds an object of {type(leaf).__name__}",
                    advice="It is by numbers and arrays, and tuples, lists and dicts of these.",
                )

    # -- the numbers -------------------------------------------------------------------------------------------------

    def _in_directions(self, plan: _Plan, seeds: Any, args: Any, kwargs: Any) -> Any:
        """What the derivative gives for the seeds."""
        columns = sum(int(np.size(leaf)) for x in self._by(args, kwargs) for leaf in leaves(x))
        if columns != plan.rows.width:
            raise self._misshapen(plan, (plan.rows.height, columns))
        self._latest = self._derived[plan.by]
        try:
            return self._latest(*args, seeds, **kwargs)
        except ValueError as e:
            if str(e) == f"{SEEDS} must have a column for each number of the result":
                raise self._misshapen(plan, None) from None
            raise

    def _arguments(self, args: Any, kwargs: Any) -> dict[str, Any]:
        """The arguments of a call by the names of the parameters."""
        dense, args, kwargs = _plain(self._dense, args, kwargs)
        values, _, _ = dense._bound(args, kwargs)
        return dict(zip(dense._inner.parameters, values, strict=True))

    def _by(self, args: Any, kwargs: Any) -> list[Any]:
        """What the derivative is by."""
        linear, _, _ = _plain(self._linear, args, kwargs)
        by_name = self._arguments(args, kwargs)
        return [by_name[n] for n in linear.wrt]

    def _misshapen(self, plan: _Plan, own: tuple[int, int] | None) -> PatternShapeError:
        shape = (plan.rows.height, plan.rows.width)
        is_of = "another number of rows" if own is None else f"the shape {own}"
        return PatternShapeError(
            f"the pattern has the shape {shape}, and {self._name()} has {is_of}",
            advice="It has a row for each number of the result, and a column for each number of the arguments.",
        )

    def _name(self) -> str:
        names = ", ".join(self._linear.wrt)
        return f"the {self._of.capitalize()} of {getattr(self.primal, '__name__', self.primal)} by {names}"

    def _products(self, plan: _Plan, data: Any, directions: Any) -> Any:
        """What the entries make of directions."""
        out, inner = (plan.rows.indices, plan.numbers) if plan.by == "rows" else (plan.numbers, plan.rows.indices)
        length = plan.rows.width if plan.by == "rows" else plan.rows.height
        return np.array([np.bincount(out, data * d[inner], minlength=length) for d in directions], float)

    def _off(self, plan: _Plan, data: Any, probe: Any, eps: float) -> Any:
        """The rows, or columns, where the entries do not make of the last direction what the derivative does."""
        with np.errstate(invalid="ignore", over="ignore"):
            (sums,) = self._products(plan, data.astype(float), plan.seeds[-1:])
            (scale,) = self._products(plan, np.abs(data.astype(float)), np.abs(plan.seeds[-1:]))
            scale += np.abs(probe)
            known = np.isfinite(probe) & np.isfinite(sums)
            least = 64 * eps * float(np.max(scale[known], initial=0.0))
            found: Any = np.flatnonzero(known & (np.abs(sums - probe) > np.sqrt(eps) * scale + least))
        return found

    def _is_linear(self, plan: _Plan, data: Any, where: Any, args: Any, kwargs: Any) -> Any:
        """Whether what the entries leave of directions is linear in these: what a missing entry gives is, rounding is not."""
        rng = np.random.default_rng(0)
        first, second = rng.integers(1, 1024, (2, 8, plan.seeds.shape[1])) / 256.0
        directions = np.concatenate((first, second, first + second))
        found = self._in_directions(plan, directions, args, kwargs)
        found = found[0] if self._has_aux else found
        found = found[1] if plan.by == "rows" else found
        made = np.concatenate([np.reshape(leaf, (len(directions), -1)) for leaf in leaves(found)], axis=1)
        with np.errstate(invalid="ignore", over="ignore"):
            left = (made - self._products(plan, data.astype(float), directions))[:, where]
            a, b, both = np.split(left, 3)
            size = np.abs(a) + np.abs(b) + np.abs(both)
            return np.all((np.abs(a + b - both) <= 0.05 * size) & (size > 0.0), axis=0)

    def _missing(self, plan: _Plan, wrong: Any) -> MissingEntryError:
        line = "column" if plan.by == "rows" else "row"
        what = "given as sparsity" if plan.holds is None else "that was found"
        advice = "Have it be other than zero wherever the derivative may be, or take sparsity='auto'."
        return MissingEntryError(
            f"the pattern {what} misses an entry of {self._name()}: {line} {wrong[0]} of {len(wrong)} such",
            advice=advice if plan.holds is None else "Give a pattern, or leave sparsity out: this is a fault of sct.",
        )

    # -- the matrix --------------------------------------------------------------------------------------------------

    def _matrix(self, rows: Rows, data: Any) -> Any:
        shape = rows.height, rows.width
        if self._sparse is None:
            made = np.zeros(shape, data.dtype)
            made[rows.numbers, rows.indices] = data
            return made
        kind = np.int32 if max(*shape, len(rows.indices)) < 2**31 else np.int64
        made = self._sparse.csr_array((data, rows.indices.astype(kind), rows.starts.astype(kind)), shape=shape)
        return made.asformat(self._format)

    def _arranged(self, plan: _Plan, data: Any, like: Any, args: Any, kwargs: Any) -> Any:
        """The entries as a matrix; of several parts as one for each part of the result by each part of the arguments."""
        by = self._by(args, kwargs)
        wrt = by[0] if self._single else tuple(by)
        outer, inner = (tuple(np.shape(leaf) for leaf in leaves(x)) for x in (like, wrt))
        blocks = plan.blocks.get((outer, inner))
        if blocks is None:
            plan.blocks.clear()
            blocks = plan.blocks[outer, inner] = _blocks(plan.rows, outer, inner)
        parts = iter(blocks)
        made = []
        for y in outer:
            row = []
            for x in inner:
                rows, chosen = next(parts)
                row.append(self._part(rows, chosen, data, y, x))
            made.append(filled(wrt, iter(row)))
        return filled(like, iter(made))

    def _part(self, rows: Rows, chosen: Any, data: Any, outer: tuple[int, ...], inner: tuple[int, ...]) -> Any:
        made = self._matrix(rows, data if chosen is None else data[chosen])
        return np.reshape(made, (*outer, *inner)) if self._sparse is None else made


def _blocks(rows: Rows, outer: Sequence[tuple[int, ...]], inner: Sequence[tuple[int, ...]]) -> list[tuple[Rows, Any]]:
    """The patterns of the parts of a result by the parts of arguments, and which entries each has; None for all of them."""
    if len(outer) == len(inner) == 1:
        return [(rows, None)]
    found = []
    ends = [np.concatenate(([0], np.cumsum([int(np.prod(s)) for s in shapes], dtype=np.intp))) for shapes in (outer, inner)]
    numbers = rows.numbers
    for top, bottom in itertools.pairwise(ends[0]):
        for left, right in itertools.pairwise(ends[1]):
            chosen = np.flatnonzero((numbers >= top) & (numbers < bottom) & (rows.indices >= left) & (rows.indices < right))
            starts = np.concatenate(([0], np.cumsum(np.bincount(numbers[chosen] - top, minlength=bottom - top))))
            found.append((Rows(starts, rows.indices[chosen] - left, int(right - left)), chosen))
    return found


def _starred_places(rows: Rows, colours: Any, count: int) -> Any:
    """Where the entries of a Hessian are: (i, j) in the direction of j's colour at i, if no other column of that colour has an
    entry there, or else in that of i's at j."""
    i, j = rows.numbers, rows.indices
    met = np.bincount(i * count + colours[j], minlength=rows.height * count)
    alone = met[i * count + colours[j]] == 1
    return np.where(alone, colours[j] * rows.width + i, colours[i] * rows.width + j)


def _as_rows(sparsity: Any) -> Rows:
    """A pattern as it is given: all that a sparse matrix stores, all that in an array is other than zero."""
    if hasattr(sparsity, "tocsr"):
        made = sparsity.tocoo()
        number, column = np.asarray(made.row, np.intp), np.asarray(made.col, np.intp)
        shape = made.shape
    else:
        made = np.asarray(sparsity)
        shape = made.shape
        if made.ndim == 2:
            number, column = np.nonzero(made)
    if len(shape) != 2:
        raise PatternShapeError(
            f"a pattern has two axes, and not the shape {shape}",
            advice="Give a matrix of scipy.sparse, or an array, with a row for each number of the result.",
        )
    keys = np.unique(number * shape[1] + column)
    starts = np.concatenate(([0], np.cumsum(np.bincount(keys // max(shape[1], 1), minlength=shape[0]))))
    return Rows(starts, keys % max(shape[1], 1), shape[1])


def _signs(count: int) -> Any:
    return np.random.default_rng(count + 1).choice((-1.0, 1.0), count)


def _plain(derived: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The derivative of a function whose parameters have names, and the arguments as it takes them."""
    while isinstance(derived, Variadic):
        derived, args, kwargs = derived._seen(args, kwargs)
    return derived, args, kwargs


def _as_arrays(shapes: Any) -> Any:
    """Arrays of no memory of their own for the shapes in a structure."""
    if isinstance(shapes, dict):
        return {k: _as_arrays(v) for k, v in shapes.items()}
    if isinstance(shapes, tuple) and all(isinstance(n, (int, np.integer)) for n in shapes):
        return np.broadcast_to(0.0, shapes)
    return of_kind(shapes, map(_as_arrays, shapes))


def _form(x: Any) -> Hashable:
    """What of an argument a pattern may rely on in any case: shapes, and the values of integers and flags."""
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype.str
    if isinstance(x, (bool, int, str, bytes, type(None))):
        return type(x), x
    if isinstance(x, (tuple, list)):
        return type(x), tuple(map(_form, x))
    if isinstance(x, dict):
        return dict, tuple((k, _form(v)) for k, v in x.items())
    return (type(x),)


def _same(x: Any, y: Any) -> bool:
    """Whether data are what they were; of other objects than numbers, arrays and containers of these that is not known."""
    if type(x) is not type(y):
        return False
    if isinstance(x, np.ndarray):
        return x.dtype == y.dtype and x.dtype.kind in "biufcSU" and np.array_equal(x, y)
    if isinstance(x, (tuple, list)):
        return len(x) == len(y) and all(map(_same, x, y))
    if isinstance(x, dict):
        return x.keys() == y.keys() and all(_same(v, y[k]) for k, v in x.items())
    return isinstance(x, (bool, int, float, complex, str, bytes, np.generic, type(None))) and bool(x == y)


def _memory() -> int | None:
    """How many bytes of memory there are; None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
