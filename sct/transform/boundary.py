"""The boundary of a reverse-mode function: what it takes and gives, around its forward and reverse sweeps.

Takes a typed function and a `Mode`; gives the adjoint that the reverse sweep begins with, and the whole function of both
sweeps. Refuses arguments and results that a derivative cannot be of.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.activity import differentiable
from sct.analysis.wording import named_after_what_they_are
from sct.errors import NonDifferentiableArgumentError, NonScalarOutputError, Place, SctError
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value, type_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    Record,
    Scalar,
    Tuple,
    Undefined,
    Unknown,
    holds_record,
    is_list_or_dict,
    keys_of,
    with_items,
)
from sct.ir.words import in_words
from sct.registry.others import area_of
from sct.runtime.expectations import expect_fields, expect_structure
from sct.transform.adjoints import Adjoints
from sct.transform.raised import raised_if

__all__ = [
    "SEEDS",
    "Boundary",
    "Mode",
    "check_argument",
    "fresh_name",
    "is_complex",
    "parameters_of",
    "place_of",
    "positional_last",
]

SEEDS = "seeds"
"""What the parameter is called whose rows are the directions that a derivative is taken in."""


@record(frozen=True)
class Mode:
    """What a derivative takes and gives.

    `value`: the primal result is part of the result. `seed`: where the result's adjoint comes from: "one" (a scalar
    result), "ones" (an array, element by element), "argument" (a further parameter), "pull" (the parameter of a closure);
    "none": there is no reverse sweep; "shadows": the adjoints of arguments lie in shadows that are further parameters, and that
    of the result in one that is given beside it, with the closure of the reverse sweep; "tangents": there is forward mode in
    its place, with a parameter for each tangent;
    "push": likewise, where these are the parameters of a closure; "columns" and "rows": a closure of tangents or of adjoints,
    whose parameters are the leaves of these, gives way to a Jacobian (`sct.transform.directions`); "fewest": one of the two;
    "examples": there is no derivative, but the function of many examples, `arguments` of these, which lie along `in_axes` of
    them and `out_axes` of the result (`sct.transform.vmap`); "itself": there is no derivative, but the function as it is.
    `seeded`: of a Jacobian, that times vectors, which are the rows of a further parameter, or these times it.
    `again`: the primal has run before, and does nothing to the world. `step`: it is of a step of a loop, which gives it
    adjoints of the right shapes. `own`: it writes into the arguments themselves, and gives what the function gives, since it
    stands for a call of that. `taped`: its checkpointed loops keep all their states, since it is differentiated again.
    `together`: arrays that are arguments, or in these, may share memory. `objects`: the types of the
    parameters that are, or hold, lists and dicts that are objects: it stands for a call by what was made of a function, which
    gives what has these types, and tangents that are such as well.
    """

    suffix: str
    value: bool
    seed: str
    has_aux: bool = False
    holomorphic: bool = False
    again: bool = False
    step: bool = False
    own: bool = False
    taped: bool = False
    together: bool = False
    objects: tuple[tuple[str, Abstract], ...] = ()
    seeded: bool = False
    arguments: tuple[Abstract, ...] = ()
    in_axes: Any = None
    out_axes: Any = None

    @property
    def in_memory(self) -> bool:
        """Whether the primal's writes into arrays stay statements."""
        return self.seed in ("tangents", "push", "columns", "examples", "itself")

    @property
    def in_closure(self) -> bool:
        """Whether the reverse sweep is in a closure."""
        return self.seed in ("pull", "shadows", "rows")

    @property
    def is_matrix(self) -> bool:
        """Whether it is a Jacobian, or that times vectors."""
        return self.seed in ("columns", "rows", "fewest")

    @property
    def of_gradient(self) -> bool:
        """Whether it is a derivative of a gradient that is called after the function which that is of."""
        return self.suffix in ("hessian", "hvp")

    @property
    def gradient_in(self) -> int | None:
        """Where in the function's result the adjoints are: the item's number, or None for all of it."""
        if self.seed in ("pull", "push", "examples"):
            return None
        return 1 if self.value else 0 if self.has_aux else None


class Boundary(Adjoints):
    """The adjoints of a function's values, with what the function takes and gives."""

    def __init__(self, primal: Function, mode: Mode) -> None:
        block, temporaries = named_after_what_they_are(primal.block)
        super().__init__(block, temporaries)
        self.primal = replace(primal, block=block)
        self.mode = mode
        self.mirror: dict[int, int] = {}
        self.last: list[Statement] = []  # of the forward sweep: what a pullback keeps for later

    def split_aux(self, result: Operand) -> tuple[Operand, Operand | None]:
        """What is differentiated of the function's result, and what is given back beside it."""
        if not self.mode.has_aux:
            return result, None
        if isinstance(result, Value) and isinstance(result.type, (Tuple, List)):
            raise SctError(
                "with has_aux=True the function must return a pair written as such", self.place(), "Write `return value, aux`."
            )
        if not isinstance(result, Tuple) or len(result.items) != 2:
            raise SctError(
                "with has_aux=True the function must return a pair (value, aux)", self.place(), "Write `return value, aux`."
            )
        return result.items[0], result.items[1]

    def place(self) -> Place | None:
        """Where the function stands, for errors."""
        return place_of(self.primal)

    def check_result(self, result: Operand) -> None:
        """Refuse a result that the mode's derivative cannot be of."""
        t = type_of(result)
        if isinstance(t, Undefined):  # it raises whatever it is given
            return
        if self.mode.seed == "ones" and not isinstance(t, (Array, Scalar, Const)):
            raise NonScalarOutputError(
                f"{self.primal.name} returns {in_words(t)}, not one array", self.place(), "Return an array, or use sct.vjp."
            )
        if self.mode.seed != "one":
            return
        ok = isinstance(t, Const) and type(t.value) in (int, float, complex)
        ok = ok or (isinstance(t, (Scalar, Array, Unknown)) and differentiable(t) and getattr(t, "shape", ()) in ((), None))
        if not ok:
            raise NonScalarOutputError(
                f"{self.primal.name} returns {in_words(t)}, and a gradient is of a scalar",
                self.place(),
                "Sum it, or use sct.vjp.",
            )
        if is_complex(t) and not self.mode.holomorphic:
            raise NonScalarOutputError(
                f"{self.primal.name} returns a complex number, and a gradient is of a real one",
                self.place(),
                "Take its real part or modulus, or say holomorphic=True if the function is holomorphic.",
            )

    def seed_operand(self, result: Operand) -> Operand:
        """The adjoint of the result: 1, or an array of ones."""
        if self.mode.seed == "one" or isinstance(type_of(result), Undefined):
            t = type_of(result)
            if isinstance(t, (Unknown, Array)) and getattr(t, "shape", None) is None:
                return self.b.apply(runtime.unit_seed, (result,))
            return Const(1.0)
        t = type_of(result)
        return (
            Const(1.0)
            if isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ())
            else self.b.apply(np.ones_like, (result,))
        )

    def seed_parameter(self, result: Operand, name: str) -> tuple[Operand, tuple[Value, ...]]:
        """The adjoint of the result, as a parameter of that name, in the result's structure, shape and dtype."""
        t = type_of(result)
        param = Value(t, name)
        self.carried.add(param)
        if isinstance(t, (Tuple, List, Dict)):
            pairs: list[tuple[Value, Value]] | None = None if self.mode.step else []
            seed = self.converted(self.taken_apart(param, self.like(result)), result, "", pairs)
            alike = [(self.shape_of(given), self.shape_of_result(own)) for given, own in pairs or ()]
            if len(alike) == 1:
                self.check_shapes(*alike[0], f"the array in {name} must have the shape of the result's")
            elif alike:
                shapes, own_shapes = map(Tuple, zip(*alike, strict=True))
                self.check_shapes(shapes, own_shapes, f"the parts of {name} must have the shapes of the result's")
            return seed, (param,)
        if isinstance(t, (ListOf, DictOf)):
            self.check_structure(param, result)
        if not isinstance(result, Value) or not isinstance(t, (Array, Scalar)):
            return param, (param,)
        return self.number_or_array(param, result, name, f"{name} must have the shape of the result"), (param,)

    def in_one_direction(self, o: Operand, name: str, given: dict[Value, Operand]) -> Operand:
        """The tangent or the adjoint of an operand, of its structure; its leaves are `given`, each with what it is for."""
        if isinstance(o, (Tuple, List, Dict)):
            end = name.rsplit("_", 1)[-1]
            named = [f"{k}_{end}" if isinstance(k, str) and k.isidentifier() else name for k in keys_of(o)]
            return with_items(o, [self.in_one_direction(i, n, given) for i, n in zip(o.items, named, strict=True)])
        t = type_of(o)
        v = Value(Scalar(float) if isinstance(t, Const) else t, name)
        given[v] = o
        return v

    def seed_directions(self, result: Operand, name: str) -> tuple[Operand, tuple[Value, ...], Operand]:
        """The adjoint of the result in one direction, its leaves, and the shapes that these have."""
        given: dict[Value, Operand] = {}
        with self.b.into(self.last):
            whole = self.b.expose_all(result)
        seed = self.in_one_direction(whole, name, given)
        self.carried.update(given)
        shapes = [self.shape_of_result(o) if isinstance(o, Value) else Tuple(()) for o in given.values()]
        return seed, tuple(given), Tuple(tuple(shapes))

    def taken_apart(self, given: Value, like: Operand | None = None) -> Operand:
        """What a caller gives as an adjoint or a tangent of a container, which must be of that's structure."""
        self.check_structure(given, _structure(given.type) if like is None else like)
        return self.b.expose_all(given)

    def like(self, result: Operand) -> Operand:
        """The structure of a result; lists and dicts in it whose lengths and keys are known at run time as they are."""
        t = type_of(result)
        if not _has_objects(t):
            return _structure(t)
        if not isinstance(t, (Tuple, List, Dict)):
            return result
        made = with_items(t, map(self.like, self.items_of(result)))
        return Tuple(made.items) if isinstance(t, Tuple) else made

    def check_structure(self, given: Value, like: Operand) -> None:
        """A cotangent with parts that nobody asks for would give a derivative of something else."""
        if not self.mode.step:
            check = expect_fields if holds_record(type_of(like)) else expect_structure
            self.b.append(check, (Const(given.name), given, like), {}, Const(None))

    def number_or_array(self, given: Value, like: Value, name: str, message: str) -> Operand:
        """What a caller gives as an adjoint or a tangent of a number or an array, which must be of that's shape."""
        t = like.type
        if isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ()):
            if differentiable(t):
                self.check_structure(given, Const(0.0 if _structure(t) == Const(float) else 0j))
            return self.converted(given, like, name)
        if _structure(t) == Const(float):
            self.raise_if(self.b.append(np.iscomplexobj, (given,), {}, Scalar(bool)), TypeError, f"{name} must be real")
        made = self.converted(given, like, name)
        assert isinstance(made, Value)
        self.check_shapes(self.shape_of(made), self.shape_of_result(like), message)
        return made

    def converted(self, given: Operand, result: Operand, name: str, pairs: list[tuple[Value, Value]] | None = None) -> Operand:
        """What a caller gives as an adjoint (lists, flags or integers perhaps) as numbers of the result's type.

        Into `pairs`, if given, goes each array of the cotangent with what of the result has its shape.
        """
        t = type_of(result)
        if isinstance(t, (Tuple, List, Dict)):
            assert isinstance(given, (Tuple, List, Dict))
            parts = zip(keys_of(t), given.items, self.items_of(result), strict=True)
            end = "dot" if self.mode.seed in ("tangents", "push") else "bar"
            return with_items(given, [self.converted(g, i, _name(k, g, end), pairs) for k, g, i in parts])
        if isinstance(t, ListOf) and self.mode.in_memory:
            assert isinstance(given, Value)
            self.check_structure(given, result)
            return self.b.append(runtime.tangents_like, (given, result), {}, t, name)
        known = isinstance(t, Scalar) or (isinstance(t, Array) and t.dtype is not None)
        if not known or not differentiable(t) or not isinstance(result, Value):
            return given
        if isinstance(given, Value) and given not in self.carried:
            self.called[given] = "", given.hint  # one item of what is given, and read nowhere else
        if isinstance(t, Scalar):
            return self.b.append(t.kind, (given,), {}, Scalar(t.kind), name)
        assert isinstance(t, Array) and t.dtype is not None
        own = replace(t, also=(), boxed=False)
        args: tuple[Operand, ...] = (given,)
        if t.shape == ():
            if pairs is not None and t.dtype in (np.float64, np.complex128):  # which take no list, in a tenth of a check's time
                args = (self.b.append(complex if t.dtype.kind == "c" else float, args, {}, own),)
                pairs = None
            seed = self.b.append(t.dtype.type, args, {}, own, name)
        else:
            seed = self.b.append(np.asarray, (*args, Const(t.dtype)), {}, own, name)
        if pairs is not None:
            pairs.append((seed, result))
        return seed

    def items_of(self, result: Operand) -> tuple[Operand, ...]:
        """The parts of a result; a pullback that is called later finds them taken apart."""
        if isinstance(result, Value):
            with self.b.into(self.last if self.mode.in_closure else self.b.body):
                result = self.b.expose_all(result)
        assert isinstance(result, (Tuple, List, Dict))
        return result.items

    def shape_of(self, given: Value) -> Value:
        """The shape of a cotangent, which is perhaps not what it should be: an array where a number is."""
        certain = isinstance(given.type, Array) and given.type.shape != ()
        shape = Value(Unknown(), "", "" if certain else "any")
        self.b.body.append(Apply(np.shape, (given,), (), shape, self.b.place, self.b.origin))
        return shape

    def check_shapes(self, given: Operand, own: Operand, message: str) -> None:
        """A cotangent of another shape would give numbers that mean nothing."""
        self.raise_if(self.b.append(operator.ne, (given, own), {}, Scalar(bool)), ValueError, message)

    def raise_if(self, wrong: Operand, error: type[Exception], message: str) -> None:
        """An error where something is wrong with what a caller gives."""
        self.b.body.append(raised_if(wrong, error, message))

    def shape_of_result(self, result: Value) -> Operand:
        """The result's shape; a pullback that is called later keeps that, and not the result."""
        if isinstance(result.type, Scalar) or getattr(result.type, "shape", None) == ():
            return Tuple(())
        if not self.mode.in_closure:
            return self.b.append(np.shape, (result,), {}, Unknown())
        shape = Value(Unknown(), "", "shape")
        self.last.append(Apply(np.shape, (result,), (), shape))
        self.forward |= {shape}
        return shape

    def assemble(
        self, gradient: Operand, result: Operand, aux: Operand | None, seed: tuple[Value, ...], beside: Sequence[Operand] = ()
    ) -> Function:
        """The function of both sweeps, and what it gives; `beside`: what goes with the result."""
        f, mode = self.primal, self.mode
        value = result if aux is None else Tuple((result, aux))
        swept = self.under_their_names(Block((), tuple(self.b.body), (gradient,)))
        reversed_body, (gradient,) = swept.body, swept.yields
        forward = (*f.block.body, *self.last)
        parameters = list(f.signature.parameters.values())
        if mode.seed in ("argument", "shadows"):
            parameters = [p.replace(default=inspect.Parameter.empty) for p in parameters]
            parameters = positional_last([*parameters, *(_parameter(v.name) for v in seed)])
        own = dict(zip(f.signature.parameters, f.block.params, strict=True)) | {p.name: p for p in seed}
        params = tuple(own[p.name] for p in parameters)
        if mode.in_closure:
            pull = Value(Unknown(), "pull")
            block = Block(seed if mode.seed != "shadows" else (), reversed_body, (gradient,))
            self.mirror[block.label] = f.block.label
            body: tuple[Statement, ...] = (*forward, Closure("pull", block, pull))
            return self.function(parameters, params, body, Tuple((value, *beside, pull)))
        out = Tuple((value, gradient)) if mode.value else gradient if aux is None else Tuple((gradient, aux))
        return self.function(parameters, params, (*forward, *reversed_body), out)

    def function(
        self,
        parameters: list[inspect.Parameter],
        params: tuple[Value, ...],
        body: tuple[Statement, ...],
        out: Operand,
    ) -> Function:
        """A function called after the primal and what is asked of it."""
        f = self.primal
        stem = f.name.removesuffix("_grad") if self.mode.of_gradient else f.name
        name = f"{stem if stem.isidentifier() else 'f'}_{self.mode.suffix}"
        signature = inspect.Signature([p.replace(annotation=inspect.Parameter.empty) for p in parameters])
        return Function(name, signature, Block(params, body, (out,), f.block.label), f.doc, f.callee)


def parameters_of(f: Function, names: Sequence[str]) -> list[Value]:
    """The values of a function's parameters of these names."""
    order = list(f.signature.parameters)
    return [f.block.params[order.index(n)] for n in names]


def place_of(f: Function) -> Place | None:
    """Where a function stands, for errors."""
    code = getattr(f.callee, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno, 0, f.name) if code else None


def check_argument(t: Abstract, path: str, f: Function) -> None:
    """A `wrt` argument is a real or complex number, an array of these, or a container of some, maybe beside other leaves."""
    if isinstance(t, (Tuple, List, Dict)) and (differentiable(t) or not (t.items or isinstance(t, Record))):
        for k, i in zip(keys_of(t), t.items, strict=True):
            of_class = isinstance(t, Record) and isinstance(i, Instance)
            if not of_class and not _without_adjoint(i) and (differentiable(i) or not isinstance(i, (Tuple, List, Dict))):
                check_argument(i, f"{path}.{k}" if isinstance(t, Record) else f"{path}[{k!r}]", f)
        return
    if isinstance(t, Instance) and area_of(t.cls) is not None:
        area = area_of(t.cls)
        raise NonDifferentiableArgumentError(
            f"{f.name} cannot be differentiated by {path}, which is an object of the class {area}.{t.cls.__name__}",
            None,
            "Give the numbers that it is made of as an argument, and make it in the function.",
        )
    if not differentiable(t) or isinstance(t, Unknown):
        object_of_some_class = isinstance(t, (Unknown, Instance))
        what = "an object that is no number, array or container of these" if object_of_some_class else in_words(t)
        raise NonDifferentiableArgumentError(
            f"{f.name} cannot be differentiated by {path}, which is {what}",
            None,
            "Leave it out of wrt, or convert it: `float(x)`, `x.astype(float)`.",
        )


def _without_adjoint(t: Abstract) -> bool:
    """Whether a leaf of a container stands there for something else than a parameter: its adjoint is None."""
    if isinstance(t, Const):
        return not callable(t.value)
    return (isinstance(t, Scalar) and t.kind in (int, bool)) or (
        isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "biuSU"
    )


def _has_objects(t: Abstract) -> bool:
    """Whether something of a type is, or holds, a list or dict that is an object."""
    return is_list_or_dict(t) or (isinstance(t, (Tuple, List, Dict)) and any(map(_has_objects, t.items)))


def _structure(t: Abstract) -> Operand:
    """A container of such a type, with the kinds of the numbers in their places, and None for what has no derivative."""
    if isinstance(t, (Tuple, List, Dict)):
        items = [_structure(i) for i in t.items]
        return Tuple(tuple(items)) if isinstance(t, Tuple) else with_items(t, items)
    if not differentiable(t):
        return Const(None)
    known = isinstance(t, Scalar) or (isinstance(t, Array) and t.dtype is not None)
    return Const(float if known and not is_complex(t) else complex)


def is_complex(t: Abstract) -> bool:
    return (isinstance(t, Scalar) and t.kind is complex) or (
        isinstance(t, Array) and t.dtype is not None and t.dtype.kind == "c"
    )


def fresh_name(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _name(key: object, given: Operand, end: str) -> str:
    """What a part of a cotangent, or of a tangent, is called."""
    return f"{key}_{end}" if isinstance(key, str) and key.isidentifier() else getattr(given, "name", "")


def _parameter(name: str) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def positional_last(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Parameters in an order that Python accepts: a cotangent comes before keyword-only ones."""
    keyword = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return [p for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY] + keyword
