"""The stages of a compilation, for those who build compilers and tools on them: from a function to the text of its derivative.

    read → lower → specialize → differentiate → finish → to_tree → to_text

Each takes a value that never changes and gives another; what a stage must know of the ones before it stands in that value.
Transforms (`sct.grad`) are made of these functions too. Never runs the function that is differentiated, and never looks at
data: of arguments it takes types and sizes.

>>> def area(r):
...     return 3.0 * r * r
>>> lowered = lower(read(area))
>>> typed = specialize(lowered, Arguments.declared(lowered, "r: float"))
>>> print(to_text(to_tree(differentiate(typed, "grad", "r"))).source)
def area_grad(r):
    # reverse
    # return 3.0 * r * r
    r_bar = 6.0 * r
    return r_bar
<BLANKLINE>
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from sct.analysis.binding import refuse_unsure
from sct.analysis.switches import is_on
from sct.backend.python.emit import Text, Tree, printed, tree_of
from sct.errors import CallError, NoRuleError, PassError, SctError, UnsupportedSyntaxError
from sct.frontend.callables import Callee, Flat, reached, seen_through
from sct.frontend.lower import lower_source
from sct.frontend.read import Source as Read
from sct.frontend.read import read as read_function
from sct.frontend.resolve import Dependency
from sct.infer.parameters import parameter_names, plain_signature
from sct.infer.signature import abstract, examples, known_examples
from sct.ir.ops import STAR, Steps, StepsBack
from sct.ir.records import record
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Function, Statement, Value
from sct.ir.types import UNKNOWN, Abstract, Array, Const, Fact, Known, Slice, facts_relied_on, known_sizes, sizes_known
from sct.optimize.passes import PASSES, UNOPTIMIZED, Pass, Pipeline, run
from sct.optimize.rewriter import Rewriter
from sct.optimize.with_functions import with_functions
from sct.optimize.without_adjoints import without_adjoints
from sct.registry.rules import adjoint_rule
from sct.registry.tangents import tangent_rule
from sct.specialize.closing import Closed
from sct.specialize.lowering import compiling, lowered
from sct.specialize.specializer import Specialized
from sct.specialize.specializer import specialize as specialize_function
from sct.stack import with_room
from sct.transform.again import again
from sct.transform.apart import seen_apart
from sct.transform.boundary import parameters_of
from sct.transform.directions import check_directions, in_all_directions, result_of, ways
from sct.transform.explicit import explicit, refuse_unknown
from sct.transform.fits import with_checks
from sct.transform.forward import forward
from sct.transform.implicit import implicit
from sct.transform.on_adjoints import refuse_written
from sct.transform.ownership import own_results
from sct.transform.promote import promote
from sct.transform.pulled import pulled_apart, pulled_for_caller
from sct.transform.record import record as record_values
from sct.transform.reverse import Mode
from sct.transform.reverse import reverse as reverse_function
from sct.transform.selected import selected, selected_tangents
from sct.transform.shapes import shapes_only
from sct.transform.snapshots import snapshots
from sct.transform.spectral import with_vectors
from sct.transform.stepped import plain, stepped
from sct.transform.vmap import of_many

if TYPE_CHECKING:
    from sct.backend.emitter import Emitter

__all__ = [
    "MODES",
    "PASSES",
    "UNOPTIMIZED",
    "VERSION",
    "Arguments",
    "Derivative",
    "Emitter",
    "Lowered",
    "Pass",
    "PassError",
    "Pipeline",
    "Rewriter",
    "Source",
    "Text",
    "Tree",
    "Typed",
    "differentiate",
    "finish",
    "lower",
    "read",
    "specialize",
    "to_text",
    "to_tree",
]

VERSION = 1
"""The version of the stages and of the intermediate form, one number for both: docs/library.md says when it rises."""

MODES: Mapping[str, Mode] = {
    "grad": Mode("grad", False, "one"),
    "value_and_grad": Mode("value_and_grad", True, "one"),
    "vjp": Mode("vjp", True, "argument"),
    "pullback": Mode("pullback", True, "pull"),
    "jvp": Mode("jvp", True, "tangents"),
    "linearize": Mode("linearize", True, "push"),
    "jacobian": Mode("jacobian", False, "fewest"),
    "jacobian_by_columns": Mode("jacobian", False, "columns"),
    "jacobian_by_rows": Mode("jacobian", False, "rows"),
    "jacobian_of_gradient": Mode("hessian", False, "columns"),
    "jvp_of_gradient": Mode("hvp", False, "tangents"),
    "jacobian_times_seeds": Mode("jacobian", False, "columns", seeded=True),
    "seeds_times_jacobian": Mode("jacobian", False, "rows", seeded=True),
    "hessian_times_seeds": Mode("hessian", False, "columns", seeded=True),
    "elementwise_grad": Mode("elementwise_grad", False, "ones"),
    "compile": Mode("compile", True, "itself", own=True),
}
"""What `differentiate` makes, by the name of the transform; a Jacobian in either way, and what a Hessian and its
product with a vector are of the gradient; their products with several vectors; and the function itself."""

CALLED: Mapping[str, Mode] = {
    "vjp": MODES["vjp"],
    "jvp": MODES["jvp"],
    "pullback": MODES["pullback"],
    "augmented": Mode("augmented", True, "shadows"),
}
"""What a derivative has in place of a call that is not inlined (`sct.ir.ops.Derived`)."""

_STEP = Mode("vjp", False, "argument", step=True)
_T = TypeVar("_T")


# -- from a function to its SSA form -------------------------------------------------------------------------------------------


@record(frozen=True)
class Source:
    """What was read of a function.

    Attributes
    ----------
    function : callable
        What a call of it ends in, behind methods, partials and decorators.
    args, keywords
        The arguments that these add in front of those of a call, and by name.
    signature : inspect.Signature
        The parameters that are left to give: `wrt` counts by these.
    written : sct.frontend.read.Source or None
        The tree with its places; None of what is no Python function, or has a derivative rule.
    """

    function: Any
    args: tuple[Any, ...]
    keywords: Mapping[str, Any]
    signature: inspect.Signature
    written: Read | None

    @property
    def tree(self) -> Any:
        """Python's own tree of it, an `ast.FunctionDef` or `ast.Lambda`; None where there is none."""
        return None if self.written is None else self.written.node

    @property
    def text(self) -> str:
        """The function as it is written; empty where it is not."""
        if self.written is None:
            return ""
        node, lines = self.written.node, self.written.lines
        if isinstance(node, ast.Lambda):
            return self.written.text(node)
        first = min(n.lineno for n in (node, *node.decorator_list))
        return textwrap.dedent("\n".join(lines[first - 1 : node.end_lineno]) + "\n")


def read(f: Callable[..., Any]) -> Source:
    """The source of a function.

    Parameters
    ----------
    f : callable
        A Python function, or whatever ends in one: a method, a partial, a callable instance; or a function with a rule.

    Raises
    ------
    SourceUnavailableError
        If its source cannot be found.
    CallError
        If it is a derivative: that is the result of `differentiate`, and `specialize` takes it from there.
    """
    callee = Callee(f) if isinstance(f, Flat) else reached(f)
    function = seen_through(callee.function)
    if hasattr(function, "__sct_typed__"):
        raise CallError(
            "a derivative is made for types, so that there is nothing of it to read",
            advice="Differentiate the function that it is of, and specialize what comes out.",
        )
    inner = plain_signature(function)
    python = isinstance(function, FunctionType) and adjoint_rule(function) is None and tangent_rule(function) is None
    written = read_function(function) if python else None
    return Source(function, callee.args, callee.keywords, callee.open_signature(inner), written)


@record(frozen=True)
class Lowered:
    """A function in SSA form, whose values have no types yet.

    Attributes
    ----------
    function : sct.ir.Function
    dependencies : tuple
        The names that were looked up, with what they meant: it holds as long as they mean the same.
    source : Source
    """

    function: Function
    dependencies: tuple[Dependency, ...]
    source: Source


def lower(source: Source) -> Lowered:
    """A function in untyped SSA form.

    Raises
    ------
    UnsupportedSyntaxError
        If it holds a construct that is not supported; says where.
    """
    function, written = source.function, source.written
    if isinstance(function, Closed):
        base = lower(read(function.base))
        return Lowered(function.form(base.function), base.dependencies, source)
    if isinstance(function, Flat):
        return Lowered(_flat_function(function), (), source)
    if written is None:
        return Lowered(_primitive_function(function), (), source)
    as_read = written.node is read_function(function).node  # else somebody has changed the tree
    made = lowered(function) if as_read else lower_source(written)
    return Lowered(made.function, made.dependencies, source)


def _flat_function(flat: Flat) -> Function:
    """A function of `*args` or `**kwargs` that is called with the parameters of `flat`."""
    params = tuple(Value(UNKNOWN, n) for n in flat.signature.parameters)
    args, keywords, dicts = flat.arguments(dict(zip(flat.signature.parameters, params, strict=True)))
    positional = tuple(Slice(v, Const(STAR), Const(None)) if starred else v for v, starred in args)
    named = (*keywords.items(), *((f"**{i}", d) for i, d in enumerate(dicts)))
    result = Value(UNKNOWN)
    body = (Apply(flat.function, positional, named, result),)
    return Function(getattr(flat, "__name__", "f"), flat.signature, Block(params, body, (result,)), flat.__doc__, None)


def _primitive_function(primal: Any) -> Function:
    """A function with a rule as a function of one statement."""
    signature = plain_signature(primal)
    params = {n: Value(UNKNOWN, n) for n in signature.parameters}
    optional = {p.name for p in signature.parameters.values() if p.default is not p.empty}
    args = tuple(v for n, v in params.items() if n not in optional)
    kwargs = tuple((n, v) for n, v in params.items() if n in optional)
    result = Value(UNKNOWN)
    block = Block(tuple(params.values()), (Apply(primal, args, kwargs, result),), (result,))
    return Function(getattr(primal, "__name__", "f"), signature, block, None, None)


def _without_defaults(f: Function, types: Sequence[Abstract]) -> Function:
    """A function of one statement, in which arguments that are at their defaults are left out."""
    defaults = {v: p.default for v, p in zip(f.block.params, f.signature.parameters.values(), strict=True)}
    given = dict(zip(f.block.params, types, strict=True))
    (s,) = f.block.body
    assert isinstance(s, Apply)
    kwargs = tuple((n, v) for n, v in s.kwargs if isinstance(v, Value) and given[v] != Const(defaults[v]))
    return changed(f, block=f.block.with_([replace(s, kwargs=kwargs)]))


# -- types ---------------------------------------------------------------------------------------------------------------------


@record(frozen=True)
class Knowledge:
    """What is known of arguments beside their types: their sizes, if these may be relied on, and the objects among them."""

    sizes: Known | None = None
    objects: dict[str, Any] | None = None

    @staticmethod
    def here() -> Knowledge:
        """What is known where a derivative is being compiled."""
        return Knowledge(known_sizes(), known_examples())

    @property
    def is_here(self) -> bool:
        """Whether this is what is known where a derivative is being compiled, to which the stages add."""
        return self.sizes is known_sizes() and self.objects is known_examples()


@record(frozen=True)
class Arguments:
    """What a function is specialized for: the types of its arguments, and what is known of these beside.

    Attributes
    ----------
    types : tuple of sct.ir.Abstract
        One for each parameter of the function's SSA form, in order.
    known : Knowledge
        Sizes, which the code may rely on, and objects, whose fields are looked up.
    """

    types: tuple[Abstract, ...]
    known: Knowledge

    @staticmethod
    def like(form: Lowered | Typed, *args: Any, **kwargs: Any) -> Arguments:
        """The types of arguments such as these; that sizes are as they are here may be relied on."""
        source = form.source
        first, keywords = ((), {}) if source is None else (source.args, source.keywords)
        parameters = form.function.signature
        try:
            bound = parameters.bind(*first, *args, **{**keywords, **kwargs})
        except TypeError as e:
            raise CallError(f"{form.function.name}: {e}", advice="Give the arguments as in a call.") from None
        bound.apply_defaults()
        with examples(), sizes_known():
            types = tuple(abstract(bound.arguments[n], n) for n in parameters.parameters)
            return Arguments(types, Knowledge.here())

    @staticmethod
    def declared(form: Lowered | Typed, text: str) -> Arguments:
        """The types that a text says: ``"W: f8[n, m], x: f8[n], rate: float"``. No size is relied on."""
        from sct.infer.declared import declared_types  # for those who ask

        found = declared_types(text, list(form.function.signature.parameters))
        return Arguments(tuple(found.values()), Knowledge(Known(at_call=False), {}))

    @staticmethod
    def annotated(form: Lowered | Typed, wrt: Sequence[str] = ()) -> Arguments:
        """The types that the annotations and defaults of the parameters say; ranks are left open where there are none.

        `wrt`: the names of parameters whose defaults say nothing, since they are differentiated by.
        """
        from sct.infer.declared import annotated_types  # for those who ask

        known = getattr(form.function.callee, "__globals__", {})
        with examples(), sizes_known(at_call=False):
            return Arguments(annotated_types(form.function.signature, wrt, known), Knowledge.here())

    @staticmethod
    def here(types: Sequence[Abstract]) -> Arguments:
        """Arguments of types that were found where a derivative is being compiled."""
        return Arguments(tuple(types), Knowledge.here())

    def meet(self, facts: Sequence[Fact]) -> bool:
        """Whether facts, such as a derivative for arguments of these types relies on, hold for the sizes of these."""
        with sizes_known(known=self.known.sizes):
            return all(fact.holds() for fact in facts)


@record(frozen=True)
class Typed(Specialized):
    """A function in SSA form whose values have types: calls are inlined, and what types decide is decided.

    Attributes
    ----------
    function : sct.ir.Function
    dependencies : tuple
        The names that were looked up, with what they meant.
    free : tuple
        The data that it reads from outside, at each call, with its types.
    written : tuple
        The arguments that it writes into.
    known : Knowledge
    facts : tuple of sct.ir.Fact
        The comparisons of sizes that it relies on.
    source : Source or None
        What it was read from; None of a derivative.
    """

    known: Knowledge = Knowledge()
    facts: tuple[Fact, ...] = ()
    source: Source | None = None

    @property
    def signature(self) -> inspect.Signature:
        """The parameters that are left to give."""
        return self.function.signature if self.source is None else self.source.signature


def specialize(form: Lowered | Typed, arguments: Arguments) -> Typed:
    """A function in typed SSA form, for arguments of some types.

    Parameters
    ----------
    form : Lowered or Derivative
        The function; a derivative, to differentiate it again.
    arguments : Arguments
        Made by `Arguments.like`, `Arguments.declared` or `Arguments.annotated`.

    Raises
    ------
    UnsupportedSyntaxError
        If the function does something that sct does not follow; says where.
    """
    function = form.function
    if isinstance(form, Lowered) and form.source.written is None and not isinstance(form.source.function, Flat):
        function = _without_defaults(function, arguments.types)
    made, known, facts = _staged(arguments.known, lambda: specialize_function(function, arguments.types))
    dependencies = tuple(dict.fromkeys((*form.dependencies, *made.dependencies)))
    if isinstance(form, Lowered):
        return Typed(made.function, dependencies, made.free, made.written, known, facts, form.source)
    free = tuple(dict(form.free + made.free).items())
    return Typed(made.function, dependencies, free, form.written, known, (*form.facts, *facts))


def _staged(known: Knowledge, work: Callable[[], _T]) -> tuple[_T, Knowledge, tuple[Fact, ...]]:
    """What a stage gives, what is known after it, and the facts that it relies on."""
    with facts_relied_on() as relied:
        if known.is_here:
            return work(), known, tuple(relied.facts)
        sizes = Known(at_call=False) if known.sizes is None else known.sizes.copy()
        own = Knowledge(sizes, dict(known.objects or {}))
        with examples(own.objects), compiling(), sizes_known(known=sizes):
            return with_room(work), own, tuple(relied.facts)


# -- the derivative ------------------------------------------------------------------------------------------------------------


@record(frozen=True)
class Derivative(Typed):
    """A derivative in typed SSA form, optimized, and with what it records; it can be specialized and differentiated again.

    Attributes are those of `Typed`, and

    Attributes
    ----------
    passes : Pipeline
        Those that it was made with.
    """

    passes: Pipeline = PASSES


def _unseen(stage: str, function: Function) -> None:
    """Nobody looks at the stages."""


def differentiate(
    typed: Typed,
    transform: str | Mode = "grad",
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    passes: Pipeline = PASSES,
    look: Callable[[str, Function], None] = _unseen,
) -> Derivative:
    """The derivative of a typed function, in typed SSA form.

    Parameters
    ----------
    typed : Typed
        The function.
    transform : str
        A key of `MODES`.
    wrt : str, int, or tuple of these
        The parameters to differentiate by.
    has_aux, holomorphic : bool
        As for `sct.grad`.
    passes : Pipeline
        What runs between the steps.
    look : callable
        Is called with the name and the function of each form on the way: "primal", "reverse" (both sweeps, as the rules give
        them), "reversed" (after passes), "record" (with what is recorded), "recorded", "stored" and "owned"; in forward mode
        "forward" (with the tangents) and "pushed" in place of those four.

    Raises
    ------
    NonScalarOutputError, NonDifferentiableArgumentError, NoRuleError
        As the transform does.
    PassError
        If a pass that is none of sct's own makes something else than a well-formed function.
    """
    mode = transform if isinstance(transform, Mode) else mode_of(transform, has_aux, holomorphic)
    single = not isinstance(wrt, (tuple, list))
    names = (
        ()
        if mode.seed in ("examples", "itself")
        else parameter_names(typed.signature, (wrt,) if single else wrt, typed.function.name)
    )
    made, known, facts = _staged(typed.known, lambda: _differentiated(typed, names, single, mode, passes, look))
    facts = tuple(dict.fromkeys((*typed.facts, *facts)))
    return Derivative(made.function, made.dependencies, made.free, made.written, known, facts, passes=passes)


def mode_of(transform: str, has_aux: bool = False, holomorphic: bool = False) -> Mode:
    """What a derivative takes and gives, for a transform with its options."""
    if transform not in MODES:
        raise CallError(f"there is no transform {transform!r}", advice=f"There are {', '.join(MODES)}.")
    return replace(MODES[transform], has_aux=has_aux, holomorphic=holomorphic)


def _differentiated(
    primal: Specialized,
    wrt: Sequence[str],
    single: bool,
    mode: Mode,
    passes: Pipeline,
    look: Callable[[str, Function], None],
) -> Specialized:
    if mode.seed == "fewest":
        first, other = ways(primal.function, wrt, mode)
        try:
            return _differentiated(primal, wrt, single, first, passes, look)
        except (NoRuleError, UnsupportedSyntaxError) as e:
            error = e
        try:
            return _differentiated(primal, wrt, single, other, passes, look)
        except SctError:
            raise error from None
    if mode.seed in ("columns", "rows"):
        check_directions(primal.function, wrt, mode)
    result = result_of(primal.function, mode)
    primal = seen_apart(primal, mode.own or mode.together)
    if mode.in_memory or mode.taped:
        primal = replace(primal, function=changed(primal.function, block=plain(primal.function.block)))
    if mode.seed == "itself":
        _refuse_lost(primal)
    whole, left, noted = not mode.in_memory, mode.seed == "shadows", mode.seed == "itself"
    primal = explicit(primal, mode.own, mode.together, whole, left, noted)
    function = run(passes.primal, primal.function)
    refuse_unsure(function.block)
    if not mode.in_memory:
        made = changed(function, block=stepped(promote(function.block)))
        function = function if made is function else run(passes.primal, made)
        refuse_unknown(function.block)
    refuse_written(function.block)
    canonical = replace(primal, function=snapshots(function))
    look("primal", canonical.function)
    if mode.again:
        canonical = replace(canonical, function=again(canonical.function))
    if mode.seed == "none":
        return canonical
    if mode.seed == "examples":
        return _of_many(canonical, mode, passes, look)
    if mode.seed == "itself":
        named = changed(function, name=function.name if function.name.isidentifier() else "f", block=canonical.function.block)
        stored = run(passes.stored, run(passes.recorded, named))
        return replace(canonical, function=implicit(run(passes.owned, stored)))
    by = parameters_of(canonical.function, wrt)
    canonical = replace(canonical, function=changed(canonical.function, block=with_vectors(canonical.function.block, by)))
    if mode.in_memory:
        return _pushed(canonical, result, wrt, single, mode, passes, look)
    reversal = selected(reverse_function(canonical, wrt, single, mode))
    look("reverse", reversal.function)
    reversal = replace(reversal, function=run(passes.reversed, reversal.function, in_scope=False))
    look("reversed", reversal.function)
    function = record_values(shapes_only(reversal) if passes.shapes and is_on("shapes") else reversal)
    if mode.seed in ("pull", "rows"):
        function = pulled_apart(function, reversal.shadows)
    elif mode.seed == "shadows":
        function = pulled_for_caller(function, reversal.shadows)
    look("record", function)
    function = run(passes.recorded, function)
    if mode.seed == "rows":
        function = run(passes.recorded, in_all_directions(function, result, wrt, single, mode))
    look("recorded", function)
    stored = run(passes.stored, function)
    owned = stored if mode.own else own_results(stored, mode.gradient_in)
    look("stored", owned)
    owned = implicit(run(passes.owned, owned))
    look("owned", owned)
    free = tuple(dict((*primal.free, *reversal.free)).items())
    return Specialized(
        with_checks(owned, reversal.fits, reversal.mirror, free),
        tuple(dict.fromkeys((*primal.dependencies, *reversal.dependencies))),
        free,
        primal.written,
    )


def _refuse_lost(function: Specialized) -> None:
    """Refuse what a function that stands for itself would leave undone: arguments are lists, dicts and fields as values."""
    types = {n: v.type for n, v in zip(function.function.signature.parameters, function.function.block.params, strict=True)}
    for w in function.written:
        if len(w.path) > 1 or not isinstance(types[w.path[0]], Array):  # an array may be in a list that is written into
            raise UnsupportedSyntaxError(
                f"a list, dict or field of {w.path[0]} that is written into, in a function that is compiled as it is",
                w.place,
                "Return it; arrays that are arguments may be written into.",
            )


def _pushed(
    primal: Specialized,
    result: Abstract,
    wrt: Sequence[str],
    single: bool,
    mode: Mode,
    passes: Pipeline,
    look: Callable[[str, Function], None],
) -> Specialized:
    """The forward-mode derivative of a function that is ready for it."""
    pushed = forward(primal, wrt, mode)
    look("forward", pushed.function)
    function = run(passes.pushed, selected_tangents(pushed.function))
    if mode.seed == "columns":
        function = run(passes.recorded, in_all_directions(function, result, wrt, single, mode))
    look("pushed", function)
    stored = run(passes.stored, function)
    owned = stored if mode.own else own_results(stored, mode.gradient_in)
    look("stored", owned)
    owned = implicit(run(passes.owned, owned))
    look("owned", owned)
    return replace(pushed, function=owned)


def _of_many(primal: Specialized, mode: Mode, passes: Pipeline, look: Callable[[str, Function], None]) -> Specialized:
    """The function of many examples, of one that is ready for it."""
    made = of_many(primal.function, mode.arguments, mode.in_axes, mode)
    look("vectorized", made)
    stored = run(passes.stored, run(passes.recorded, made))
    owned = implicit(run(passes.owned, stored if mode.own else own_results(stored, None)))
    look("owned", owned)
    return replace(primal, function=owned)


def finish(derivative: Derivative) -> Derivative:
    """A derivative as it is written: with the bodies of its checkpointed loops, and their derivatives, finished too."""
    made, known, facts = _staged(derivative.known, lambda: finished(derivative.function, derivative.passes))
    return replace(derivative, function=made, known=known, facts=tuple(dict.fromkeys((*derivative.facts, *facts))))


def finished(f: Function, passes: Pipeline) -> Function:
    """A function as it is written: with the bodies of its checkpointed loops, and their derivatives, and the functions that it
    gives to others, finished too, and without what only says how something is differentiated."""

    def written(g: Function) -> Function:
        step = run(passes.primal, g)
        return finished(implicit(run((*passes.recorded, *passes.stored, *passes.owned), step)), passes)

    return without_adjoints(with_functions(changed(f, block=_steps_finished(f.block, passes)), written))


def _steps_finished(block: Block, passes: Pipeline) -> Block:
    return block.with_([_step_finished(s, passes) for s in block.body])


def _step_finished(s: Statement, passes: Pipeline) -> Statement:
    if not isinstance(s, Apply):
        return map_blocks(lambda b: _steps_finished(b, passes), s)
    if isinstance(s.op, Steps):
        step = run(passes.primal, s.op.step)
        step = implicit(run((*passes.recorded, *passes.stored, *passes.owned), step))
        return replace(s, op=Steps(finished(step, passes)))
    if isinstance(s.op, StepsBack):
        made = _differentiated(Specialized(s.op.step, (), ()), s.op.wrt, False, _STEP, passes, _unseen)
        return replace(s, op=replace(s.op, derivative=finished(made.function, passes)))
    return s


# -- text ----------------------------------------------------------------------------------------------------------------------


def to_tree(derivative: Derivative) -> Tree:
    """A derivative as Python's own trees, with comments among the statements; what is not finished is."""
    made, _, _ = _staged(derivative.known, lambda: tree_of(finished(derivative.function, derivative.passes)))
    return made


def to_text(tree: Tree) -> Text:
    """The text of a tree: `source`, and `bound`, the objects that it names without importing them."""
    return printed(tree)


if not TYPE_CHECKING:

    def __getattr__(name):
        """What only emitters need is imported when it is asked for."""
        if name != "Emitter":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sct.backend import emitter

        globals()[name] = emitter.Emitter
        return emitter.Emitter
