"""Forward mode: a typed function and its tangents, as one function, in the order of the primal's statements.

Takes a typed function; gives one in which each statement that a tangent passes through has that of its result beside it.
Branches and loops have the tangents of what they give as further φ's, so nothing is recorded. For `linearize` the tangents are
in a closure, which reads the values of the function; loops and branches that tangents pass through are in it once more, without
what they do to the world. Method: Griewank & Walther,
Evaluating Derivatives (2008), section 3.1: with each statement y = φ(x), ẏ = φ'(x) ẋ.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sct import runtime
from sct.analysis.activity import active_values, blocks_derivative, differentiable, primitive_of
from sct.analysis.binding import behind, phis
from sct.analysis.bracketing import refuse_bracketing
from sct.analysis.effects import effect, statements
from sct.analysis.layout import keeps_strides
from sct.analysis.points_to import has_memory, is_change, is_writing_call, points_to, shared
from sct.analysis.spectra import MatrixFunction, matrix_functions, sums_over_values
from sct.analysis.versions import is_write
from sct.errors import NoRuleError
from sct.infer.facts import for_call
from sct.infer.objects import as_given
from sct.ir.ops import (
    ALLOCATE,
    LOAD,
    NEW,
    POP,
    PULL,
    PUSH,
    TAPE,
    UNPACK,
    Attribute,
    Call,
    Derived,
    Field,
    Free,
    Method,
    Rebind,
    Store,
    View,
    describe,
)
from sct.ir.rewriting import copied, renamed
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Function,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    blocks_in,
    goes_on,
    reads_of,
    type_of,
    values_of,
)
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    List,
    ListOf,
    Scalar,
    Tuple,
    Unknown,
    is_list_or_dict,
    keys_of,
    with_items,
)
from sct.registry.facts import facts_of
from sct.registry.rules import adjoint_rule
from sct.registry.spectra import derivative_of_spectrum
from sct.registry.tangents import tangent_rule
from sct.runtime import updated
from sct.specialize.specializer import Specialized
from sct.transform.adjoints import adjoint_type
from sct.transform.again import is_quiet, quiet
from sct.transform.boundary import Boundary, Mode, check_argument, fresh_name, is_complex, parameters_of, positional_last
from sct.transform.called import in_their_places, parameter_names, refuse_further, run_again
from sct.transform.explicit import refuse_others
from sct.transform.promote import promote
from sct.transform.refusals import refuse_given_away, refuse_records, refuse_texts
from sct.transform.spectral import by_matrix, tangent_of_function, tangent_of_sum
from sct.transform.spectral import refuse_unknown as refuse_unknown_function
from sct.transform.tangents import tangent_by_rule, tangent_of
from sct.transform.tried import tried_with_tangents

__all__ = ["forward"]


def forward(specialized: Specialized, wrt: Sequence[str], mode: Mode) -> Specialized:
    """The forward-mode derivative of a typed function.

    Parameters
    ----------
    specialized : Specialized
        The primal.
    wrt : sequence of str
        The parameters that have tangents.
    mode : Mode
        What the derivative takes and gives.

    Raises
    ------
    NonDifferentiableArgumentError
        If a `wrt` parameter is (or holds) something else than real or complex numbers.
    NoRuleError
        If what varies goes into an operation without a rule, or whose rule is not linear.
    """
    return _Forward(specialized, wrt, mode).run()


class _Forward(Boundary):
    """The tangents of a function's values: `dots` has those that are not zero."""

    def __init__(self, specialized: Specialized, wrt: Sequence[str], mode: Mode) -> None:
        super().__init__(specialized.function, mode)
        self.specialized = specialized
        self.wrt = wrt
        self.dots: dict[Value, Operand] = {}
        self.functions: dict[Value, MatrixFunction] = {}
        self.sums_over_values: dict[Value, MatrixFunction] = {}  # over eigenvalues or singular values
        self.primals: list[Statement] = []  # of the statement of the user's that is being pushed forward
        self.tangents: list[Statement] = []
        self.depth = 0  # of blocks around a statement
        self.places: dict[Value, tuple[tuple[Value, int], ...]] = {}  # what is made of parts, with where these are
        self.outer: list[Statement] = []  # of `linearize`: what stands before the closure
        self.classes = points_to(self.primal.block)
        whole = any(isinstance(t, Apply) and t.op is TAPE for t in statements(self.primal.block))
        whole = whole or bool(self.classes.targets or self.classes.changes)  # what is in memory is gone, too
        self.strided = keeps_strides(self.classes, self.primal.block) if self.classes.targets else set()
        self.apart = mode.seed in ("push", "columns") and not whole  # a tape is gone when it has been read

    def run(self) -> Specialized:
        f = self.primal
        names = list(f.signature.parameters)
        params = parameters_of(f, self.wrt)
        known = {n for n, _ in self.mode.objects}
        for p in params if f.callee is not None else ():
            if p.name in known:
                continue
            check_argument(p.type, p.name, f)
        result, aux = self.split_aux(f.block.yields[0])
        plain = promote(f.block)
        refuse_bracketing(plain, params, values_of(self.split_aux(plain.yields[0])[0]))
        refuse_given_away(f.block, params)
        left = [p for p in f.block.params if self.mode.own]  # what it leaves in its arguments is among what it gives
        self.active = active_values(f.block, params, [*values_of(result), *left])
        self.functions, self.sums_over_values = matrix_functions(f.block), sums_over_values(f.block)
        refuse_records(f.block, self.active)
        refuse_texts(f.block, params, [*values_of(result), *left])
        sources = phis(f.block)
        taken = behind((v for v in self.active if v in sources), sources) & self.unbound
        self.active = self.active | {v for v in taken if differentiable(v.type)}  # whose zeros are made where they are bound
        given: list[Value] = []
        for p in params:
            name = fresh_name(f"{p.name}_dot", [*names, *(g.name for g in given)])
            if self.mode.seed == "columns":
                leaves: dict[Value, Operand] = {}
                self.dots[p] = self.in_one_direction(self.b.expose_all(p), name, leaves)
                given += leaves
            else:
                given.append(Value(p.type, name))
        self.carried.update(given)
        for p, v in zip(params, given, strict=True) if self.mode.seed != "columns" else ():
            self.dots[p] = v if p.name in known or self.mode.own else self.tangent_parameter(p, v)  # which is written into
        for s in f.block.body:
            self.statement(s)
        self.put()
        value = result if aux is None else Tuple((result, aux))
        tangent = self.given_back(result, self.tangent(result))
        if self.mode.seed == "tangents":
            alone = tangent if aux is None else Tuple((tangent, aux))
            function = self.joint(given, Tuple((value, tangent)) if self.mode.value else alone)
        else:
            function = self.split(given, value, tangent)
        primal = self.specialized
        return Specialized(
            function,
            tuple(dict.fromkeys((*primal.dependencies, *self.b.dependencies))),
            tuple(dict((*primal.free, *self.b.free.items())).items()),
            primal.written,
        )

    def split(self, given: list[Value], value: Operand, tangent: Operand) -> Function:
        """The function that gives its value, and the function of tangents that gives that of the value."""
        f = self.primal
        again = self.b.body
        if not self.apart:  # what is bound to a name or in a field is that of the call, whatever is there later
            again = [s for s in again if not (isinstance(s, Apply) and isinstance(s.op, (Field, Free)))]
        again = [s for s in again if is_quiet(s)]  # what others give is had from the call
        _refuse_loud(again)
        block = quiet(copied(self.under_their_names(Block(tuple(given), tuple(again), (tangent,)))))
        drawing = next((t for t in statements(block) if isinstance(t, Apply) and effect(t) == "draws"), None)
        if drawing is not None:
            raise NoRuleError(
                "random numbers that are drawn in a loop, a branch or a function, which the linear function runs again",
                drawing.place,
                "Draw them before, or use sct.jvp.",
            )
        push = Value(Unknown(), "push")
        body = (*(self.outer if self.apart else f.block.body), Closure("push", block, push))
        return self.function(list(f.signature.parameters.values()), f.block.params, body, Tuple((value, push)))

    def joint(self, given: list[Value], out: Operand) -> Function:
        """The function of values and tangents, which takes those of its parameters behind them."""
        f = self.primal
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [p.replace(default=inspect.Parameter.empty) for p in f.signature.parameters.values()]
        parameters = positional_last([*parameters, *(inspect.Parameter(v.name, kind) for v in given)])
        own = dict(zip(f.signature.parameters, f.block.params, strict=True)) | {v.name: v for v in given}
        params = tuple(own[p.name] for p in parameters)
        block = self.under_their_names(Block((), tuple(self.b.body), (out,)))
        return self.function(parameters, params, block.body, block.yields[0])

    def tangent_parameter(self, p: Value, given: Value) -> Operand:
        """What a caller gives as the tangent of a parameter, as numbers of its type and shape."""
        if isinstance(p.type, ListOf):
            return self.converted(given, p, given.name)
        if not isinstance(p.type, (Tuple, List, Dict)):
            return self.number_or_array(given, p, given.name, f"{given.name} must have the shape of {p.name}")
        pairs: list[tuple[Value, Value]] = []
        made = self.converted(self.taken_apart(given), p, "", pairs)
        alike = [(self.shape_of(v), self.shape_of_result(own)) for v, own in pairs]
        if alike:
            shapes, own_shapes = map(Tuple, zip(*alike, strict=True))
            self.check_shapes(shapes, own_shapes, f"the parts of {given.name} must have the shapes of those of {p.name}")
        return made

    def given_back(self, o: Operand, dot: Operand) -> Operand:
        """The tangent of a result, in the dtype of that where it is not known before the call."""
        dot = self.b.expose_all(dot)
        if isinstance(dot, (Tuple, List, Dict)):
            own = self.b.expose_all(o)
            assert isinstance(own, (Tuple, List, Dict))
            return with_items(dot, map(self.given_back, own.items, dot.items))
        t = type_of(o)
        if is_list_or_dict(t) and not self.mode.own:  # whose items may be one and the same, or somebody else's
            return self.b.append(runtime.kept, (dot,), {}, type_of(dot))
        if dot == Const(None) or not isinstance(t, Array) or not isinstance(o, Value):
            return dot
        if t.dtype is not None:
            return self.strong(dot, o)
        return self.b.append(runtime.cast_like, (dot, o), {}, t)

    # -- tangents ----------------------------------------------------------------------------------------------------

    def tangent(self, o: Operand) -> Operand:
        """The tangent of an operand in its structure: zeros where it has none, and None for what can have none."""
        found = self.dots.get(o) if isinstance(o, Value) else None
        if isinstance(o, (Tuple, List, Dict)):
            return with_items(o, [self.tangent(i) for i in o.items])
        if isinstance(found, (Tuple, List, Dict)):
            return self.filled(found, o)
        if found is not None:
            return found
        t = type_of(o)
        if is_list_or_dict(t):
            return self.b.append(runtime.zeros_in, (o,), {}, t)
        if isinstance(t, Const):
            return Const(0.0) if isinstance(t.value, (float, complex)) else Const(None)
        if not isinstance(o, Value) or not (isinstance(t, (Tuple, List, Dict)) or differentiable(t)):
            return Const(None)
        return self.tangent(self.b.expose_all(o)) if isinstance(t, (Tuple, List, Dict)) else self.strong(self.zero(o), o)

    def filled(self, dot: Tuple | List | Dict, o: Operand) -> Operand:
        """A tangent of a container with zeros for the items that have none."""
        if all(i != Const(None) for i in dot.items):
            return dot
        own = self.b.expose_all(o)
        assert isinstance(own, (Tuple, List, Dict))
        return with_items(dot, [self.tangent(v) if i == Const(None) else i for i, v in zip(dot.items, own.items, strict=True)])

    def handed_on(self, o: Operand, like: Value, t: Abstract | None = None) -> Operand:
        """The tangent that a φ, or an item of one, of type `t` takes from an operand."""
        t = like.type if t is None else t
        if o is UNDEFINED:
            return o
        if o == Const(None) and is_list_or_dict(t):  # where there is no object, there is none of its tangents
            return o
        own = type_of(o)
        if isinstance(own, (Tuple, List, Dict)) and (not isinstance(o, Value) or o not in self.dots):
            parts = t.items if isinstance(t, (Tuple, List, Dict)) and len(t.items) == len(own.items) else [t] * len(own.items)
            items = self.b.expose_all(o).items if isinstance(o, Value) else o.items  # type: ignore[union-attr]
            return with_items(own, [self.handed_on(i, like, part) for i, part in zip(items, parts, strict=True)])
        if not isinstance(o, Value):
            return self.strong(Const(0.0), like) if differentiable(t) else Const(None)
        if o in self.dots or differentiable(own) or not differentiable(t):
            return self.tangent(o)
        if isinstance(own, ListOf):
            return self.zero(o)
        number = not isinstance(own, Array) or own.shape == ()  # whole numbers, which vary later
        return self.strong(Const(0.0), like) if number else self.b.apply(np.zeros, (self.b.apply(np.shape, (o,)),))

    def of_result(self, v: Value) -> Value:
        """The tangent of a φ."""
        made = Value(self.type_beside(v), f"{v.name}_dot" if v.name else "", v.ended("_dot") if v.hint else "part_dot")
        self.dots[v] = made
        return made

    # -- statements --------------------------------------------------------------------------------------------------

    def statement(self, s: Statement) -> None:
        """A statement; what belongs to one of the user's is put together, the tangents behind the values."""
        o = s.origin
        if self.primals and (not isinstance(s, Apply) or o is not self.primals[-1].origin):
            self.put()
        self.b.place, self.b.origin = s.place, None if o is None else Origin(o.text, o.place, False, True)
        if isinstance(s, Apply):
            with self.b.into(self.tangents):
                self.apply(s)
        elif isinstance(s, Closure):
            self.b.body.append(s)
        elif self.is_apart():
            self.outer.append(s)
            if any(phi.result in self.active for phi in s.phis):
                self.flow(s)
        else:
            self.flow(s)

    def is_apart(self) -> bool:
        """Whether tangents stand in a closure here, and values before it."""
        return self.apart and self.depth == 0

    def flow(self, s: Statement) -> None:
        """A branch or a loop."""
        if isinstance(s, If):
            self.if_(s)
        else:
            assert isinstance(s, (For, While))
            self.loop(s)

    def put(self) -> None:
        """Put down the values and tangents that wait for each other."""
        (self.outer if self.is_apart() else self.b.body).extend(self.primals)
        self.b.body += self.tangents
        self.primals, self.tangents = [], []

    def apply(self, s: Apply) -> None:
        dots = self.given(s) if s.result in self.active else {}
        if s.op in (TAPE, PUSH, POP):
            self.primals.append(s)
            self.tape_step(s)
        elif isinstance(s.op, (Rebind, Store)):
            self.write(s)
        elif s.op is PULL:  # of tangents beside it
            self.keep(s)
        elif s.args and s.args[0] in self.places:
            self.take(s)
        elif is_writing_call(s):
            dots = {v: self.dots[v] for v in s.values if v in self.dots}
            self.primals += self.tangents
            self.tangents.clear()
            if dots:
                self.call(s, dots)
            else:
                self.primals.append(s)
        elif s.op in (ALLOCATE, LOAD, NEW) or isinstance(s.op, View):
            self.primals.append(s)
            if s.result in self.active:
                self.in_memory(s)
        elif not dots or blocks_derivative(s.op):
            self.keep(s)
        elif s.op is operator.getitem and isinstance(type_of(s.args[0]), (Tuple, List, Dict)):
            self.primals.append(s)
            self.item(s)
        elif s.op is UNPACK:
            self.primals.append(s)
            found = self.b.append(UNPACK, (dots[s.args[0]], *s.args[1:]), {}, s.result.type)  # type: ignore[index]
            self.dots[s.result] = found
        elif derivative_of_spectrum(s.op) is None and self.is_called(s):
            self.call(s, dots)
        elif s.args and s.args[0] in dots and _takes_item(s):
            self.primals.append(s)
            name = f"{s.result.name}_dot" if s.result.name else ""
            self.dots[s.result] = self.b.append(s.op, (dots[s.args[0]], *s.args[1:]), {}, self.type_beside(s.result), name)  # type: ignore[index]
        else:
            steps: list[Statement] = []
            with self.b.into(steps):
                dot = self.of_matrix(s)
                dot = tangent_by_rule(self.b, s, dots) if dot is None else dot
                dot = None if dot is None else self.named(steps, self.of_dtype(self.fitted(dot, s.result), s.result), s.result)
            if dot is not None:
                self.dots[s.result] = dot
            if any(s.result in reads_of(t) for t in steps):
                self.keep(s)
                self.tangents += steps
            else:
                self.tangents += steps
                self.keep(s)

    def of_matrix(self, s: Apply) -> Operand | None:
        """The tangent of a function of a matrix by its eigenvalues or singular values, or of a sum of one of these."""
        active = self.dots.keys()
        function, total = self.functions.get(s.result), self.sums_over_values.get(s.result)
        if function is not None and by_matrix(function, active):
            return tangent_of_function(self.b, function, s, self.tangent, active)
        if total is not None and total.of.matrix in active and by_matrix(total, active):
            return tangent_of_sum(self.b, total, s, self.tangent, active)
        refuse_unknown_function(s)
        return None

    def given(self, s: Apply) -> dict[Value, Operand]:
        """The tangents of what an operation is given; of an array of which it is a method or an entry, as an array."""
        dots = {v: self.dots[v] for v in s.values if v in self.dots}
        own = s.args[0] if s.op is operator.getitem or isinstance(s.op, (Attribute, Method)) else None
        if own in dots and isinstance(own, Value) and isinstance(own.type, Array) and isinstance(type_of(dots[own]), Scalar):
            dots[own] = self.b.apply(np.asarray, (dots[own],))
        return dots

    def keep(self, s: Apply) -> None:
        """The primal's statement, behind tangents that wait where these read what it puts something else in the place of."""
        read = set() if self.is_apart() else set().union(*map(reads_of, self.tangents))
        before = s.args[0] if is_write(s) else None
        if before in read or (s.result.name and any(v.name == s.result.name for v in read)):
            self.primals += self.tangents
            self.tangents.clear()
        self.primals.append(s)

    # -- memory ------------------------------------------------------------------------------------------------------

    def type_beside(self, v: Value) -> Abstract:
        """The type of a tangent: that of an array that is written into is an array of its rank, and no number."""
        t, own = adjoint_type(v.type), v.type
        if not isinstance(t, Array) or not isinstance(own, Array) or not self.classes.is_written(v):
            return t
        return Array(t.dtype, t.shape, own.boxed, () if own.boxed else t.also)

    def in_memory(self, s: Apply) -> None:
        """What stands for an array, or what one holds: that for the array of the tangents has it."""
        name = f"{s.result.name}_dot" if s.result.name else ""
        if s.op is ALLOCATE:
            (content,) = s.args
            assert isinstance(content, Value)
            dot = self.dots.get(content)
            if dot is None:
                whole = differentiable(content.type)
                dot = self.tangent(content) if whole else self.b.apply(np.zeros, (self.b.apply(np.shape, (content,)),))
            if isinstance(content.type, ListOf):
                dot = self.b.append(runtime.laid_out, (dot, s.result), {}, content.type)
            elif not isinstance(content.type, Array) or content.type.shape is None:
                dot = self.b.append(runtime.boxed_like, (dot, s.result), {}, content.type)
            elif content.type.shape == ():
                dot = self.b.append(np.array, (dot,), {}, content.type)
            elif self.classes.of(s.result) in self.strided:
                dot = self.b.append(runtime.laid_out, (dot, s.result), {}, content.type)
            args: tuple[Operand, ...] = (dot,)
        elif s.op == View(runtime.together):
            alike = Tuple(tuple(self.dots.get(a, Const(None)) for a in s.args if isinstance(a, Value)))
            self.dots[s.result] = self.b.append(View(runtime.beside), (Tuple(s.args), alike), {}, s.result.type)
            return
        elif s.op is NEW:
            args = (self.contained(s.args[0], s.result.type),)
        else:
            op = s.op.op if isinstance(s.op, View) else None
            if op is not None:
                refuse_others(s, ("first", "together"))
            given = facts_of(op).puts
            led = shared(replace(s, op=View(op))) if op is not None else s.args
            args = tuple(
                self.contained(a, s.result.type) if k == given or (_holds_memory(a) and any(a is o for o in led)) else a
                for k, a in enumerate(s.args)
            )
        self.dots[s.result] = self.b.append(s.op, args, dict(s.kwargs), self.type_beside(s.result), name)

    def contained(self, o: Operand, t: Abstract) -> Operand:
        """The tangent of what is put into a list or dict, where what is there is of type `t`; None for what can have none."""
        own = type_of(o)
        if isinstance(o, Value) and o in self.dots:
            return self.dots[o]
        if isinstance(o, (Tuple, List, Dict)):
            parts = t.items if isinstance(t, Tuple) and len(t.items) == len(o.items) else [_item(t)] * len(o.items)
            return with_items(o, [self.contained(i, part) for i, part in zip(o.items, parts, strict=True)])
        if isinstance(own, (Unknown, ListOf, DictOf, Tuple, List, Dict)) or differentiable(own):
            return self.tangent(o)
        if isinstance(own, Scalar) or (isinstance(own, Array) and own.shape == ()) or _is_number(own):
            return Const(0.0)
        if isinstance(own, Array):
            return self.b.apply(np.zeros, (self.b.apply(np.shape, (o,)),))
        return Const(None)

    def write(self, s: Apply) -> None:
        """A write into an array, behind that into the array of its tangents."""
        target, value = s.args[0], s.args[-1]
        into = self.dots.get(target) if isinstance(target, Value) else None
        if into is not None and isinstance(s.op, Rebind):
            self.rebind(s, into)
        elif into is not None and is_change(s):
            given = facts_of(s.op.op).puts
            t = type_of(target)
            assert isinstance(t, (ListOf, DictOf))
            like = t if isinstance(type_of(value), (ListOf, DictOf)) else t.item
            args = (self.contained(a, like) if k == given else a for k, a in enumerate(s.args[1:], 1))
            self.b.append(s.op, (into, *args), {}, Const(None))
        elif into is not None:
            dot = self.tangent(value) if any(v in self.dots for v in values_of(value)) else Const(0.0)
            if dot != Const(0.0) or s.op.op is updated:
                self.b.append(s.op, (into, s.args[1], dot), {}, Const(None))
        self.primals += self.tangents
        self.tangents.clear()
        self.primals.append(s)

    def rebind(self, s: Apply, into: Operand) -> None:
        """`x op= v` of a number or an array: that of its tangent, which is a number where that is one."""
        x, v, *like = s.args
        name = f"{s.result.name}_dot" if s.result.name else ""
        if s.op.op is runtime.renewed:  # that of a tangent
            args: tuple[Operand, ...] = into, self.tangent(v), *like
            op: Rebind = s.op
        elif for_call(facts_of(s.op.op).linear, s.op.op, s.args, ()) == "together":
            dot = self.tangent(v)
            args, op = (into, Const(0.0) if dot == Const(None) else dot), s.op
        else:
            own = self.b.append(LOAD, (x,), {}, type_of(x))
            now = {
                own: self.b.append(LOAD, (into,), {}, type_of(into)),
                **{w: self.dots[w] for w in values_of(v) if w in self.dots},
            }
            made = self.b.append(s.op.op, (own, v), {}, s.result.type)
            found = tangent_by_rule(self.b, Apply(s.op.op, (own, v), (), made, s.place, s.origin), now)
            args, op = (into, Const(0.0) if found is None else found, x), Rebind(runtime.renewed)
        self.dots[s.result] = self.b.append(op, args, {}, self.type_beside(s.result), name)

    def tape_step(self, s: Apply) -> None:
        """A step of a tape, beside which there is one of the tangents of its entries."""
        if s.op is TAPE:
            if s.result in self.active:
                self.dots[s.result] = self.b.append(TAPE, (), {}, s.result.type, f"{s.result.name}_dot")
        elif (tape := tangent_of(s.args[0], self.dots)) is not None:
            if s.op is PUSH:
                self.b.append(PUSH, (tape, self.tangent(s.args[1])), {}, Const(None))
            else:
                self.dots[s.result] = self.b.append(POP, (tape,), {}, self.type_beside(s.result))

    def take(self, s: Apply) -> None:
        """An item of what is made of parts: from where that is."""
        whole = s.args[0]
        assert isinstance(whole, Value)
        if s.op is LOAD:
            self.places[s.result], self.dots[s.result] = self.places[whole], self.dots[whole]
            return
        key = s.args[1]
        assert isinstance(key, Const)
        of, k = self.places[whole][key.value]
        self.primals.append(replace(s, args=(of, Const(k))))
        self.item(s)

    def item(self, s: Apply) -> None:
        """An item of a container."""
        whole, key = s.args
        assert isinstance(key, Const)
        found = tangent_of(whole, self.dots)
        if isinstance(found, Value):
            self.dots[s.result] = self.b.project(found, key.value, s.result.type)
        elif isinstance(found, (Tuple, List, Dict)):
            t = type_of(whole)
            assert isinstance(t, (Tuple, List, Dict))
            item = found.items[list(keys_of(t)).index(key.value)]
            if item != Const(None):
                self.dots[s.result] = item

    def of_dtype(self, dot: Operand, v: Value) -> Operand:
        """The tangent of `v`, which is a NumPy number, or complex, where that is."""
        t, have = v.type, type_of(dot)
        if isinstance(t, Array) and t.dtype is not None and t.dtype.kind == "c" and not is_complex(have):
            return self.cast(dot, t, t.dtype)
        other = isinstance(have, Array) and isinstance(t, Array) and have.dtype not in (None, t.dtype)
        if isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "fc" and other:
            return self.cast(dot, t, t.dtype)
        if isinstance(t, Scalar) and t.kind is complex and not is_complex(have):
            return self.b.apply(complex, (dot,))
        return self.strong(dot, v)

    def named(self, steps: list[Statement], dot: Operand | None, v: Value) -> Operand | None:
        """The tangent of `v`, made by `steps`, under a name like that of `v`."""
        if not isinstance(dot, Value):
            return dot
        made = self.made_as.get(dot, dot)  # of which more is known now, perhaps
        if not any(made in t.results for t in steps):
            return dot
        under = dot.called(f"{v.name}_dot") if v.name else dot
        steps[:] = renamed(Block((), tuple(steps), ()), {made: under}).body
        return under

    # -- calls -------------------------------------------------------------------------------------------------------

    def is_called(self, s: Apply) -> bool:
        """Whether a statement calls a Python function that has no rule, since it is recursive or checkpointed."""
        primitive = primitive_of(s.op)
        if adjoint_rule(primitive) is not None or tangent_rule(primitive) is not None:
            return False
        return parameter_names(s.op) is not None

    def call(self, s: Apply, dots: dict[Value, Operand]) -> None:
        """Such a call: of its jvp, which gives the value too."""
        names = parameter_names(s.op)
        assert names is not None
        op = s.op if isinstance(s.op, (Call, Derived)) else Call(s.op)
        if isinstance(op, Derived) and op.transform == "augmented":
            self.augmented(s, op)
            return
        states, (args, kwargs) = s.args[: op.draws], in_their_places(op, s)
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        wrt = tuple(n for n, a in given.items() if any(v in dots for v in values_of(a)))
        tangents = tuple(self.tangent(given[n]) for n in wrt)
        t = Tuple((s.result.type, self.type_beside(s.result)))
        types = as_given({n: type_of(a) for n, a in given.items()})
        pushed = Derived(op.function, wrt, False, "jvp", op.effect, types, op.laid)
        if isinstance(op, Derived):  # which draws again what has been drawn
            pushed, args = replace(pushed, function=replace(op, draws=False), draws=op.draws), (*states, *args)
        if self.is_apart():
            self.primals.append(s)
            found = self.b.append(run_again(pushed), (*args, *tangents), kwargs, t)
            self.dots[s.result] = self.b.project(found, 1, t.items[1])
            return
        self.primals += self.tangents
        self.tangents.clear()
        with self.b.into(self.primals):
            found = self.b.append(pushed, (*args, *tangents), kwargs, t)
        self.primals.append(Apply(operator.getitem, (found, Const(0)), (), s.result, s.place, s.origin))
        self.dots[s.result] = self.b.project(found, 1, t.items[1])

    def augmented(self, s: Apply, op: Derived) -> None:
        """A function that is called with shadows: its jvp with shadows, of which those of the tangents hold the adjoints.

        Let ẏ = J ẋ. Where the adjoint of y is the tangent of ȳ, and that of ẏ is ȳ, the adjoint of x is the tangent of
        x̄ = Jᵀ ȳ, and that of ẋ is x̄. So one pullback is for both.
        """
        refuse_further(s)
        names = parameter_names(replace(op, wrt=()))
        assert names is not None
        n = len(op.wrt)
        args, shadows = s.args[: len(s.args) - n], s.args[len(s.args) - n :]
        given = {**dict(zip(names, args, strict=True)), **dict(s.kwargs)}
        wrt = tuple(k for k, a in given.items() if k in op.wrt or any(v in self.dots for v in values_of(a)))
        tangents = tuple(self.tangent(given[k]) for k in wrt)
        types = {k: type_of(a) for k, a in given.items()}
        pushed = Derived(op.function, wrt, False, "jvp", "writes", as_given(types), op.laid)
        own = parameter_names(pushed)
        assert own is not None
        beside = dict(zip(wrt, own[len(own) - len(wrt) :], strict=True))  # the names of the tangents
        types |= {beside[k]: type_of(dot) for k, dot in zip(wrt, tangents, strict=True)}
        alike = dict(zip(op.wrt, shadows, strict=True))
        there = {**{k: self.tangent(o) for k, o in alike.items()}, **{beside[k]: o for k, o in alike.items()}}
        made = Derived(pushed, tuple(there), False, "augmented", "writes", as_given(types), op.laid)
        y, y_bar = s.result.type.items[:2]  # type: ignore[union-attr]
        t = Tuple((Tuple((y, y)), Tuple((y_bar, y_bar)), UNKNOWN, UNKNOWN))
        with self.b.into(self.primals):
            found = self.b.append(made, (*args, *tangents, *there.values()), dict(s.kwargs), t)
            values, bars = (self.b.append(operator.getitem, (found, Const(k)), {}, t.items[k]) for k in range(2))
            self.places[s.result] = ((values, 0), (bars, 1), (found, 2), (found, 3))
        self.dots[s.result] = Tuple((self.b.project(values, 1, y), self.b.project(bars, 0, y_bar), Const(None), Const(None)))

    # -- branches and loops ------------------------------------------------------------------------------------------

    def with_tangents(self, block: Block, params: tuple[Value, ...], ends: Sequence[tuple[Operand, Value]], n: int) -> Block:
        """A block with tangents, which yields those of `ends` behind the first `n` operands that it yields."""
        body: list[Statement] = []
        self.depth += 1
        with self.b.into(body):
            for s in block.body:
                self.statement(s)
            self.put()
            dots = [self.handed_on(o, like) for o, like in ends]
        self.depth -= 1
        yields = (*block.yields[:n], *dots, *block.yields[n:])
        return Block((*block.params, *params), tuple(body), yields, block.label)

    def if_(self, s: If) -> None:
        phis = [phi for phi in s.phis if phi.result in self.active]
        n = len(s.results)
        then, orelse = (
            self.with_tangents(b, (), [(phi.ends[k], phi.result) for phi in phis], n) for k, b in enumerate(s.blocks)
        )
        results = (*s.results, *(self.of_result(phi.result) for phi in phis))
        if s.handles is not None:
            then = tried_with_tangents(s.then, then, () if goes_on(s) else s.handles.value)
        self.b.body.append(replace(s, then=then, orelse=orelse, results=results))

    def loop(self, s: For | While) -> None:
        phis = [phi for phi in s.phis if phi.params[0] in self.active]
        n = len(s.inits)
        inits = (*s.inits, *(self.handed_on(phi.begins[0], phi.result) for phi in phis))
        params = tuple(self.of_result(phi.params[0]) for phi in phis)
        if isinstance(s, While):
            tested = tuple(self.of_result(phi.params[1]) for phi in phis) if s.test.params else ()
            s = replace(s, test=self.with_tangents(s.test, tested, (), 1))
        body = self.with_tangents(s.body, params, [(phi.ends[0], phi.params[0]) for phi in phis], n)
        results = (*s.results[:n], *(self.of_result(phi.result) for phi in phis), *s.results[n:])
        self.b.body.append(replace(s, inits=inits, body=body, results=results))


def _refuse_loud(body: Sequence[Statement]) -> None:
    """Refuse to run again what acts on the world in a block, if others read what it gives."""
    whole = Block((), tuple(body), ())
    read: set[Value] = set()
    for b in blocks_in(whole):
        read.update(values_of(*b.yields), *(values_of(*s.operands) for s in b.body if is_quiet(s)))
    for s in statements(whole):
        if not is_quiet(s) and s.result in read:
            raise NoRuleError(
                f"what {describe(s.op)} gives in a loop, a branch or a function, which may act on the world, and which the "
                "linear function runs again",
                s.place,
                "Call it before that, or use sct.jvp.",
            )


def _item(t: Abstract) -> Abstract:
    """The type of what is in a list or dict."""
    return t.item if isinstance(t, (ListOf, DictOf)) else Unknown()


def _takes_item(s: Apply) -> bool:
    """Whether a statement takes a number or an array out of a list or dict, where the tangent of that is of the same type."""
    t = s.result.type
    known = isinstance(t, Scalar) or (isinstance(t, Array) and t.dtype is not None and t.shape is not None)
    return facts_of(s.op).takes and s.op is not UNPACK and isinstance(type_of(s.args[0]), (ListOf, DictOf)) and known


def _is_number(t: Abstract) -> bool:
    return isinstance(t, Const) and isinstance(t.value, (int, float, complex, np.number))


def _holds_memory(o: Operand) -> bool:
    """Whether an operand is, or holds, what may be an array; a shape does not."""
    return any(has_memory(v) and (not isinstance(v.type, Tuple) or differentiable(v.type)) for v in values_of(o))
