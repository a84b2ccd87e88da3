"""What must hold of a derivative of a program, whatever it computes.

Takes a program and a way of calling its derivative; gives a verdict. The value that comes with a gradient is Python's own, to
the bit; no argument is changed; a gradient has its argument's structure, shapes and dtypes, and memory of its own; and it is
what finite differences in double precision say, where these agree with one another. Of a tangent likewise, and it agrees with
reverse mode where that takes the program: ⟨y̅, J ẋ⟩ = ⟨Jᵀ y̅, ẋ⟩. There is none where two arguments that have tangents share
memory, and the program writes into that. Never looks at generated code.
"""

from __future__ import annotations

import copy
import inspect
import random
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import sct

from .layout import apart, arrays_in, as_given, has_fields, objects_in, overlap, state
from .limit import OutOfTimeError, limited
from .programs import Program, defined

__all__ = ["TRANSFORMS", "VERDICTS", "Verdict", "Way", "cause", "judged", "way_of"]

_FORWARD = ("jvp", "linearize")
_REVERSE = ("grad", "value_and_grad", "vjp", "pullback")
TRANSFORMS = (*_FORWARD, *_REVERSE)
VERDICTS = (
    "agreed",
    "refused",
    "refused as it must be",  # two arguments with tangents lie in memory that the program writes into
    "not smooth",  # the value agrees; finite differences say nothing
    "no program",  # Python does not run it, or not to numbers
    "WRONG value",
    "WRONG gradient",
    "WRONG tangent",
    "CRASH",
)
_SECONDS = 60  # for one program; one that does not end is no program, a derivative that does not end is a crash
_STEPS = (2e-4, 1e-4, 1e-6)


@dataclass(frozen=True)
class Way:
    """How a derivative is called: by `transform`, one of `TRANSFORMS`; by `again`, if there is one, it is differentiated."""

    transform: str
    optimize: bool
    again: str = ""

    @property
    def is_forward(self) -> bool:
        """Whether it is of tangents."""
        return self.transform in _FORWARD

    def __str__(self) -> str:
        return f"{self.transform}(optimize={self.optimize})" + (f", then {self.again}" if self.again else "")


@dataclass(frozen=True)
class Verdict:
    """One of `VERDICTS`, and the particulars."""

    kind: str
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong."""
        return self.kind.isupper() or self.kind.startswith("WRONG")


def cause(verdict: Verdict) -> str:
    """Why a program is refused: the first words of the error, without names."""
    text = verdict.detail.partition("\n")[0].partition(" at <random program")[0]
    return " ".join(re.sub(r"'[^']*'|\d+", "…", text).split()[:16])


class _FoundError(Exception):
    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.verdict = Verdict(kind, detail)


def way_of(seed: int, forward: bool = False) -> Way:
    """The way in which the program of a seed is called, drawn at random."""
    r = random.Random(f"way {seed}")
    way = Way(r.choice(_FORWARD if forward else _REVERSE), r.random() < 0.6)
    return replace(way, again=r.choice(("vjp", "jvp"))) if way.transform in ("vjp", "jvp") and r.random() < 0.3 else way


def judged(p: Program, way: Way, seed: int = 0) -> Verdict:
    """What comes of the derivative of a program."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), limited(_SECONDS):
            warnings.simplefilter("ignore")
            try:
                return _Trial(p, way, seed).verdict()
            except _FoundError as e:
                if e.verdict.kind in ("WRONG gradient", "WRONG tangent") and _at_a_tie(p, way, seed):
                    return Verdict("not smooth", "it is, by chance, at a point of convention of what it is made of")
                return e.verdict
    except OutOfTimeError:
        return Verdict("no program", "it does not end")


def _at_a_tie(p: Program, way: Way, seed: int) -> bool:
    """Whether there are choices in a program, and its gradient is right a little to both sides of the arguments."""
    if not any(word in p.source for word in ("max", "min", "where", "abs")):
        return False
    rng = np.random.default_rng(seed)
    names = list(inspect.signature(defined(p.source)).parameters)
    ways = [mapped(lambda v: rng.normal(size=np.shape(v)), a) for a in p.args]

    def near(t: float) -> Program:
        moved = [
            mapped(lambda v, d: _near(v, t * d), a, w) if n in p.wrt else a for n, a, w in zip(names, p.args, ways, strict=True)
        ]
        return replace(p, args=tuple(moved))

    try:
        return all(_Trial(near(t), way, seed).verdict().kind == "agreed" for t in (1e-2, -1e-2))
    except _FoundError:
        return False


class _Trial:
    """One program, called in one way."""

    def __init__(self, p: Program, way: Way, seed: int) -> None:
        self.p, self.way = p, way
        self.rng = np.random.default_rng(seed)
        try:
            self.f = defined(p.source)
            wide = p.source.replace("float32", "float64").replace("float16", "float64")
            self.wide = self.f if wide == p.source else defined(wide)
            names = list(inspect.signature(self.f).parameters)
            self.wrt = tuple(names.index(w) for w in p.wrt)
            ran = as_given(p.args)
            before = [(o, state(o)) for o in objects_in(ran)]
            varying = list(arrays_in([ran[k] for k in self.wrt]))
            self.own, self.seen = _traced(self.f, ran)
        except Exception as e:  # noqa: BLE001
            raise _FoundError("no program", f"{type(e).__name__}: {e}") from e
        self.narrow = "float32" in p.source or any(map(_is_narrow, leaves((p.args, self.own, self.seen))))
        self.half = "float16" in p.source or any(map(_is_half, leaves((p.args, self.own, self.seen))))
        self.narrow |= self.half
        self.rounding = 5e-3 * max(map(_size, leaves((p.args, self.seen))), default=0.0) if self.half else 0.0
        found = list(leaves(self.own))
        if not any(map(is_float, found)) or not all(_is_usable(v) for v in found):
            raise _FoundError("no program", "its value is no number")
        written = [state(o) != was for o, was in before]
        self.as_one = written if overlap(p.args) else None  # what is given twice and written into moves as one
        self.shared = overlap(varying)
        changed = {id(o) for o, was in before if state(o) != was}
        self.must_be_refused = self.shared and any(
            np.shares_memory(v, w) and not changed.isdisjoint((id(v), id(w)))
            for k, v in enumerate(varying)
            for w in varying[:k]
        )
        lying = arrays_in((p.args, self.seen))  # of views, the sum of a product is in another order, perhaps
        self.strided = not all(v.flags.forc for v in lying)
        self.scalar = len(found) == 1 and np.ndim(found[0]) == 0 and not isinstance(self.own, (list, tuple, dict))

    def verdict(self) -> Verdict:
        if self.way.is_forward:
            return self.forward()
        other = {} if self.scalar else {"grad": "vjp", "value_and_grad": "pullback"}
        transform = other.get(self.way.transform, self.way.transform)
        y_bar = mapped(self.random_like, self.own) if transform in ("vjp", "pullback") else 1.0
        given = as_given(self.p.args)
        kept = copy.deepcopy(y_bar)
        derived = getattr(sct, transform)(self.f, self.wrt, optimize=self.way.optimize)
        value, gradients = self.called(derived, transform, given, y_bar)
        if not same(given, self.p.args):
            raise _FoundError("WRONG value", f"{self.way} changes its arguments {self.p.args!r} to {given!r}")
        if not same(y_bar, kept):
            raise _FoundError("WRONG value", f"{self.way} changes the cotangent")
        if value is not None and not self.is_own(value):
            raise _FoundError("WRONG value", f"{self.way} gives {value!r}, Python {self.own!r}")
        self.kinds(gradients, [given[k] for k in self.wrt], (given, value))
        smooth = self.compared(gradients, lambda *args: self.wide(*as_given(args)), y_bar)
        if self.way.again and not self.narrow:
            smooth = self.second(derived, (y_bar,)) and smooth
        return Verdict("agreed" if smooth else "not smooth")

    def forward(self) -> Verdict:
        """What comes of the derivative in a direction drawn at random."""
        given = as_given(self.p.args)
        dots = tuple(mapped(lambda v: self.random_like(v) if is_float(v) else None, given[k]) for k in self.wrt)
        kept = copy.deepcopy(dots)
        derived = getattr(sct, self.way.transform)(self.f, self.wrt, optimize=self.way.optimize)
        value, y_dot = self.called(derived, self.way.transform, (*given, *dots), dots)
        if self.must_be_refused:
            raise _FoundError("WRONG tangent", f"{self.way} takes arguments that share memory, which is written into")
        if not same(given, self.p.args) or not same(dots, kept):
            raise _FoundError("WRONG value", f"{self.way} changes its arguments {self.p.args!r} to {given!r}")
        if not self.is_own(value):
            raise _FoundError("WRONG value", f"{self.way} gives {value!r}, Python {self.own!r}")
        self.kinds((y_dot,), (self.own,), (given, dots, value))
        y_bar = mapped(self.random_like, self.own)
        got, total = inner(y_bar, y_dot), inner(mapped(np.abs, y_bar), mapped(_magnitude, y_dot))
        self.paired(got, total, given, dots, y_bar)
        if self.narrow and not np.isfinite(total):
            return Verdict("not smooth")
        args = self.widened()
        ways = {k: mapped(lambda d: 0.0 if d is None else d, dot) for k, dot in zip(self.wrt, dots, strict=True)}
        told = self.told(lambda *args: self.wide(*as_given(args)), args, ways, y_bar, got, total)
        if self.way.again and not self.narrow:
            told = self.second(derived, dots) and told
        return Verdict("agreed" if told else "not smooth")

    def is_own(self, value: Any) -> bool:
        """Whether a value is Python's own."""
        if not self.strided or not same_structure(value, self.own):
            return same(value, self.own)
        pairs = list(zip(leaves(value), leaves(self.own), strict=True))
        return all(type(v) is type(w) and np.allclose(v, w, rtol=1e-12, atol=1e-14, equal_nan=True) for v, w in pairs)

    def paired(self, got: float, total: float, args: tuple[Any, ...], dots: tuple[Any, ...], y_bar: Any) -> None:
        """Compare a tangent with reverse mode, if that takes the program."""
        if self.as_one and not all(self.as_one):
            return  # it may be that one takes what is read twice for one
        try:
            _, bars = self.called(sct.vjp(self.f, self.wrt, optimize=self.way.optimize), "vjp", args, y_bar)
        except _FoundError as e:
            if e.verdict.is_fault:
                raise
            return
        back = sum(inner(dot, bar) for dot, bar in zip(dots, bars, strict=True))
        total += sum(inner(mapped(_magnitude, d), mapped(_magnitude, b)) for d, b in zip(dots, bars, strict=True))
        room = 5e-3 * (1 + total) + self.rounding if self.narrow else 1e-9 * (1e-3 + total)
        if np.isfinite(got + back) and not abs(got - back) <= room:
            raise _FoundError("WRONG tangent", f"{self.way} gives {got}, reverse mode {back}")

    def called(self, derived: Callable[..., Any], transform: str, args: Any, y_bar: Any) -> tuple[Any, tuple[Any, ...]]:
        """The value, None if there is none, and the gradients, by calling what a transform gives."""
        try:
            if transform == "grad":
                return None, derived(*args)
            if transform in ("value_and_grad", "jvp"):
                return derived(*args)  # type: ignore[no-any-return]
            if transform == "vjp":
                return derived(*args, y_bar)  # type: ignore[no-any-return]
            if transform == "linearize":
                value, push = derived(*args[: -len(y_bar)])
                first = copy.deepcopy(push(*y_bar))
                if not same(push(*y_bar), first):
                    raise _FoundError("WRONG tangent", f"{self.way}: the second push differs")
                return value, push(*y_bar)
            value, pull = derived(*args)
            gradients = pull(y_bar)
            first = copy.deepcopy(gradients)
            if not same(pull(y_bar), first) or not same(gradients, first):
                raise _FoundError("WRONG gradient", f"{self.way}: the second pull differs")
            return value, gradients
        except sct.SctError as e:
            if isinstance(e, sct.ArgumentMemoryError) and self.shared:
                raise _FoundError("refused as it must be", str(e)) from e
            raise _FoundError("refused", f"{type(e).__name__}: {e}") from e
        except (_FoundError, OutOfTimeError):
            raise
        except Exception as e:  # noqa: BLE001
            if "read-only" in str(e) and _raised_in(e).startswith("<random program"):  # in a call that is made as it stands
                raise _FoundError("refused", f"{type(e).__name__}: {e}, in a function that is not followed") from e
            raise _FoundError("CRASH", f"{self.way}: {type(e).__name__}: {e}") from e

    def random_like(self, v: Any) -> Any:
        """Random numbers like a float; zeros like another number, nothing like nothing."""
        if not is_float(v):
            return None if v is None else v * 0
        drawn = self.rng.normal(size=np.shape(v))
        return drawn.astype(v.dtype) if isinstance(v, np.ndarray) and v.ndim else np.asarray(v).dtype.type(drawn)

    def kinds(self, found: tuple[Any, ...], of: Sequence[Any], others: Any) -> None:
        """Each gradient or tangent is like what it is of, may be written into, and shares memory with nothing else.

        Tangents of a result share memory with one another where its parts do, and are read-only only where these are.
        """
        what = "tangent" if self.way.is_forward else "gradient"
        arrays = [v for v in leaves(others) if isinstance(v, np.ndarray)]
        for a, g in zip(of, found, strict=True):
            if not alike(a, g):
                raise _FoundError(f"WRONG {what}", f"{self.way}: a {what} {g!r} of {a!r}")
        pairs = [(a, g) for a, g in zip(leaves(list(of)), leaves(list(found)), strict=True) if isinstance(g, np.ndarray)]
        for n, (a, g) in enumerate(pairs):
            before = [o for b, o in pairs[:n] if not self.way.is_forward or not _share(a, b)]
            fixed = not g.flags.writeable and not (self.way.is_forward and _is_fixed(a))
            if fixed or any(np.may_share_memory(g, o) for o in (*before, *arrays)):
                raise _FoundError(f"WRONG {what}", f"{self.way}: a {what} that is read-only or shares memory")

    def compared(self, gradients: Any, f: Callable[..., Any], y_bar: Any) -> bool:
        """Compare gradients with differences of ⟨y_bar, f⟩ along random directions; whether any of these could be told."""
        args = self.widened()
        total = sum(float(np.sum(np.abs(np.asarray(g, float)))) for g in leaves(gradients) if is_float(g))
        told = 0
        if self.narrow and not np.isfinite(total):
            return False  # too great for a narrow number
        for _ in range(2):
            ways = {k: mapped(lambda v: self.rng.normal(size=np.shape(v)), self.p.args[k]) for k in self.wrt}
            got = sum(inner(g, ways[k]) for g, k in zip(gradients, self.wrt, strict=True))
            told += self.told(f, args, ways, y_bar, got, total)
        return told > 0

    def widened(self) -> tuple[Any, ...]:
        """The arguments, in double precision."""
        return mapped(_widened, self.p.args) if self.narrow else as_given(self.p.args)  # type: ignore[no-any-return]

    def told(self, f: Callable[..., Any], args: Any, ways: dict[int, Any], y_bar: Any, got: float, total: float) -> bool:
        """Compare a slope along a direction with differences; whether these could be told."""
        slope = self.difference(f, args, ways, y_bar)
        if slope is None:
            return False
        room = 5e-3 * (1 + abs(slope) + total) + self.rounding if self.narrow else 2e-5 * (1 + abs(slope))
        if self.half:  # whose rounding must not make another slope
            near = self.difference(f, mapped(lambda v: _moved(v, 1e-3 * np.abs(v) + 1e-3), args), ways, y_bar)
            if near is None or abs(near - slope) > room:
                return False
        if not abs(got - slope) <= room and self.as_one:  # it might have written into what is given twice
            slope = self.difference(f, args, ways, y_bar, [True] * len(self.as_one)) or slope
        if not abs(got - slope) <= room:
            what = "WRONG tangent" if self.way.is_forward else "WRONG gradient"
            raise _FoundError(what, f"{self.way} gives {got}, differences {slope}")
        return True

    def difference(
        self, f: Callable[..., Any], args: Any, ways: dict[int, Any], y_bar: Any, as_one: list[bool] | None = None
    ) -> float | None:
        """The slope along a direction; None where the differences do not agree with one another."""

        def at(t: float) -> float:
            y = f(*moved(args, ways, t, self.as_one if as_one is None else as_one))
            if not same_structure(y, self.own):
                raise ValueError("another structure")
            return inner(y, y_bar)

        if self.narrow and "dtype" in self.p.source:
            return None  # it may take another way in double precision
        own, h = inner(self.own, y_bar), _STEPS[-1]
        try:
            if self.half and any(map(_is_half, leaves(_traced(f, copy.deepcopy(args))[1]))):
                return None  # it goes on in steps: a function of flags or of small integers is of half precision
            if abs(at(0.0) - own) > (1e-2 if self.narrow else 1e-9) * (1 + abs(own)):
                return None  # in double precision it is another function
            a, b, c = ((at(h) - at(-h)) / (2 * h) for h in _STEPS)
            right, left = (at(h) - at(0.0)) / h, (at(0.0) - at(-h)) / h
        except Exception:  # noqa: BLE001
            return None
        fine, size = b + (b - a) / 3, 1 + abs(b)
        agree = (
            abs(a - b) <= 1e-4 * size
            and abs(fine - c) <= 1e-5 * size
            and max(abs(right - fine), abs(left - fine)) <= 1e-3 * size
        )
        return fine if np.isfinite(fine) and agree else None

    def second(self, first: Callable[..., Any], more: tuple[Any, ...]) -> bool:
        """The derivative of the derivative, which is given `more` than the program, against differences of the latter."""

        def of_first(*args: Any) -> Any:
            return first(*as_given(args), *copy.deepcopy(more))[1]

        own, given = of_first(*self.p.args), as_given(self.p.args)
        seed = mapped(lambda v: v * 0, self.own), mapped(self.random_like, own)
        again = getattr(sct, self.way.again)(first, self.wrt, optimize=self.way.optimize)
        dots = {k: mapped(lambda v: self.random_like(v) if is_float(v) else None, given[k]) for k in self.wrt}
        asked = tuple(dots.values()) if self.way.again == "jvp" else (seed,)
        _, found = self.called(again, "jvp", (*given, *copy.deepcopy(more), *asked), None)
        if not same(given, self.p.args):
            raise _FoundError("WRONG value", f"{self.way} changes its arguments")
        outer, self.own = self.own, own
        try:
            if self.way.again == "vjp":
                return self.compared(found, of_first, seed[1])
            got = inner(found[1], seed[1])
            ways = {k: mapped(lambda d: 0.0 if d is None else d, dot) for k, dot in dots.items()}
            return self.told(of_first, self.widened(), ways, seed[1], got, abs(got))
        finally:
            self.own = outer


# -- trees: tuples, lists, dicts and fields of objects, with numbers and arrays at their leaves --------------------------


def leaves(value: Any) -> Iterator[Any]:
    """What stands at the leaves."""
    if isinstance(value, dict):
        for v in value.values():
            yield from leaves(v)
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from leaves(v)
    elif has_fields(value):
        yield from leaves(dict(sorted(vars(value).items())))
    else:
        yield value


def mapped(f: Callable[..., Any], *values: Any) -> Any:
    """`f` of what stands at the leaves of trees of one structure."""
    first = values[0]
    if isinstance(first, dict):
        return {k: mapped(f, *(v[k] for v in values)) for k in first}
    if isinstance(first, (tuple, list)):
        return type(first)(mapped(f, *vs) for vs in zip(*values, strict=True))
    if has_fields(first):
        made = copy.copy(first)
        vars(made).update(mapped(f, *map(vars, values)))
        return made
    return f(*values)


def moved(args: Sequence[Any], ways: dict[int, Any], t: float, as_one: list[bool] | None) -> list[Any]:
    """Arguments moved along directions, in the layout that they have; an array given twice moves as one or in each place."""
    found = list(as_given(tuple(args)))
    found = found if as_one is None else [apart(a, as_ones) for as_ones in [iter(as_one)] for a in found]
    return [_pushed(a, ways[k], t) if k in ways else a for k, a in enumerate(found)]


def _pushed(v: Any, way: Any, t: float) -> Any:
    """What is moved in its place, if it has one."""
    if isinstance(v, (list, dict)):
        for k in v if isinstance(v, dict) else range(len(v)):
            v[k] = _pushed(v[k], way[k], t)
        return v
    if isinstance(v, tuple):
        return tuple(_pushed(i, w, t) for i, w in zip(v, way, strict=True))
    if has_fields(v):
        _pushed(vars(v), vars(way), t)
        return v
    if isinstance(v, np.ndarray) and is_float(v) and v.flags.writeable:
        v += t * way
        return v
    return _moved(v, t * way)


def is_float(v: Any) -> bool:
    """Whether a leaf is a real number that can vary, or an array of these."""
    return isinstance(v, (float, np.floating)) or (isinstance(v, np.ndarray) and v.dtype.kind == "f")


def same(a: Any, b: Any) -> bool:
    """Whether two trees are of one structure, with leaves of one dtype and shape, equal to the bit (all NaNs are one)."""
    if isinstance(b, dict):
        return isinstance(a, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if not isinstance(b, (np.ndarray, np.generic, float, int)):
        return type(a) is type(b) and (not has_fields(b) or same(vars(a), vars(b)))
    p, q = np.asarray(a), np.asarray(b)
    if p.dtype != q.dtype or p.shape != q.shape or not np.array_equal(p, q, equal_nan=p.dtype.kind in "fc"):
        return False
    return p.dtype.kind != "f" or np.array_equal(np.signbit(p[p == 0]), np.signbit(q[q == 0]))


def same_structure(a: Any, b: Any) -> bool:
    """Whether two trees have one structure, and leaves of one shape."""
    if isinstance(b, dict):
        return isinstance(a, dict) and list(a) == list(b) and all(same_structure(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return isinstance(a, (tuple, list)) and len(a) == len(b) and all(map(same_structure, a, b))
    if has_fields(b):
        return type(a) is type(b) and same_structure(vars(a), vars(b))
    return not isinstance(a, (dict, tuple, list)) and np.shape(a) == np.shape(b)


def alike(a: Any, g: Any) -> bool:
    """Whether a gradient is like its argument: in structure, shapes and dtypes; None in place of what does not vary."""
    if isinstance(a, dict):
        return isinstance(g, dict) and list(a) == list(g) and all(alike(a[k], g[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return type(a) is type(g) and len(a) == len(g) and all(map(alike, a, g))
    if has_fields(a):
        return type(a) is type(g) and vars(a).keys() == vars(g).keys() and all(alike(v, vars(g)[k]) for k, v in vars(a).items())
    if not is_float(a):
        return g is None or np.shape(a) == np.shape(g)
    if isinstance(a, np.ndarray) and a.ndim and not isinstance(g, np.ndarray):
        return False
    typed = isinstance(a, (np.ndarray, np.generic))
    return np.shape(a) == np.shape(g) and (not typed or np.asarray(g).dtype == a.dtype)


def inner(a: Any, b: Any) -> float:
    """The inner product of the floats of two trees."""
    pairs = zip(leaves(a), leaves(b), strict=True)
    return sum(float(np.sum(np.asarray(x, float) * np.asarray(y, float))) for x, y in pairs if is_float(x))


def _magnitude(v: Any) -> Any:
    return np.abs(v) if is_float(v) else v


def _traced(f: Callable[..., Any], args: Any) -> tuple[Any, list[Any]]:
    """What a function gives, and what its names refer to at its end: a flag or a small integer makes half precision, too."""
    seen: list[Any] = []

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code.co_filename.startswith("<random program"):
            seen.extend(frame.f_locals.values())

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        return f(*args), seen
    finally:
        sys.setprofile(before)


def _raised_in(e: BaseException) -> str:
    """The file of the function that an error comes from."""
    return traceback.extract_tb(e.__traceback__)[-1].filename


def _is_fixed(v: Any) -> bool:
    """Whether a leaf is an array that cannot be written into, such as what `np.diag` gives."""
    return isinstance(v, np.ndarray) and not v.flags.writeable


def _share(a: Any, b: Any) -> bool:
    """Whether two leaves share memory."""
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)


def _size(v: Any) -> float:
    """The greatest finite magnitude in a leaf."""
    if not isinstance(v, (np.ndarray, np.generic, float, int)) or np.size(v) == 0:
        return 0.0
    size = np.abs(np.asarray(v, float))
    return float(np.max(size[np.isfinite(size)], initial=0.0))


def _is_half(v: Any) -> bool:
    return getattr(v, "dtype", None) == np.float16


def _is_narrow(v: Any) -> bool:
    return getattr(v, "dtype", None) in (np.float32, np.float16)


def _is_usable(v: Any) -> bool:
    if not (is_float(v) or isinstance(v, (int, np.integer, np.bool_)) or (isinstance(v, np.ndarray) and v.dtype.kind in "iub")):
        return False
    return bool(np.all(np.isfinite(v)) and np.all(np.abs(np.asarray(v, float)) < 1e6))


def _widened(v: Any) -> Any:
    if not is_float(v):
        return v
    return np.array(v, float) if isinstance(v, np.ndarray) else float(v)


def _near(v: Any, by: Any) -> Any:
    """A leaf moved within its own type."""
    if not is_float(v):
        return v
    return np.asarray(v + by, v.dtype) if isinstance(v, np.ndarray) else type(v)(v + by)


def _moved(v: Any, by: Any) -> Any:
    return v + by if is_float(v) else v
