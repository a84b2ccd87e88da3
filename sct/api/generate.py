"""Generating modules: derivatives as the text of a module that runs without sct.

Takes functions and what is asked of them; gives text. Never runs what it writes, nor the functions.
"""

from __future__ import annotations

import functools
import inspect
import types as python_types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sct.api.derived import MANY, DerivedFunction, written_name
from sct.api.pipeline import with_steps
from sct.api.transforms import (
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    pullback,
    value_and_grad,
    vjp,
    vmap,
)
from sct.api.variadic import Variadic
from sct.backend.jit import refuse_uncompiled
from sct.backend.outside import Given, as_data
from sct.backend.standalone import Asked, Standalone, described
from sct.errors import CallError, SctError
from sct.infer.declared import annotated_types, declared_types
from sct.infer.signature import abstract, examples
from sct.ir.ops import Again, Derived, describe
from sct.ir.rewriting import changed
from sct.ir.ssa import Value
from sct.ir.types import Abstract, Relied, facts_relied_on, sizes_known
from sct.specialize.lowering import compiling
from sct.specialize.reading import noting
from sct.stack import with_room
from sct.tracebacks import ends_here
from sct.transform.into_buffers import into_buffers
from sct.transform.reverse import Mode

__all__ = ["TRANSFORMS", "Generator", "generate", "parameter_types"]

TRANSFORMS: dict[str, Callable[..., Any]] = {
    "grad": grad,
    "value_and_grad": value_and_grad,
    "vjp": vjp,
    "pullback": pullback,
    "jvp": jvp,
    "linearize": linearize,
    "elementwise_grad": elementwise_grad,
    "jacobian": jacobian,
    "hessian": hessian,
    "hvp": hvp,
}
_GIVES = {
    "grad": "Gradient of {f} by {wrt}.",
    "value_and_grad": "Value of {f}, and its gradient by {wrt}.",
    "vjp": "Result of {f}, and the cotangents of {wrt}.",
    "pullback": "Result of {f}, and the function that takes its cotangent to those of {wrt}.",
    "linearize": "Result of {f}, and the function that takes tangents of {wrt} to that of the result.",
    "jvp": "Result of {f}, and its tangent for tangents of {wrt}.",
    "adjoint": "Adds to the adjoints of {wrt} what comes from {f}.",
    "elementwise_grad": "Derivative of {f} by {wrt}, element by element.",
    "jacobian": "Jacobian of {f} by {wrt}.",
    "hessian": "Hessian of {f} by {wrt}.",
    "hvp": "Product of the Hessian of {f} by {wrt} and a vector.",
    "vmap": "{f} of many examples.",
}


class Generator:
    """A module of functions and their derivatives, which share what they need.

    Parameters
    ----------
    functions : {"include", "import"}
        Whether functions of the user that stay calls are copied into the module, or imported from theirs.
    data : {"constants", "import", "parameters"}, or a dict
        What becomes of the globals, closed-over variables and defaults that the functions read: constants of the module,
        imports, or further keyword parameters; a dict says it for each by its name.
    guards : bool
        Whether the arguments are checked on entry. Without that the code relies on no fact about sizes.
    jit : {None, "numba"}
        "numba": what computes is compiled by Numba, which is refused where Numba cannot take it.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def energy(x, k):
    ...     return 0.5 * k * np.sum(x * x)
    >>> g = sct.Generator(guards=False)
    >>> g.add(energy, "grad", types="x: f8[n], k: float")
    >>> print(*g.generate().splitlines()[-9:-5], sep="\\n")
        # reverse
        # return 0.5 * k * np.sum(x * x)
        x_bar = k * x
        return x_bar
    """

    def __init__(
        self,
        *,
        functions: str = "include",
        data: str | Mapping[str, str] = "constants",
        guards: bool = True,
        jit: str | None = None,
    ) -> None:
        if functions not in ("include", "import"):
            raise CallError(
                f"functions={functions!r} says nothing of the functions that are called",
                advice="Write functions='include' or 'import'.",
            )
        if jit not in (None, "numba"):
            raise CallError(f"there is no jit={jit!r}", advice="Write jit='numba', or leave it out.")
        if jit is not None and (functions, "import" in (data if isinstance(data, str) else data.values())) != (
            "include",
            False,
        ):
            raise CallError(
                "Numba keeps what another module has as it is when it compiles",
                advice="Leave functions='import' and data='import' out.",
            )
        self._module = Standalone(functions == "include", data, jit is not None)
        self._jit = jit
        self._guards = guards
        given = [("functions", functions, "include"), ("data", data, "constants"), ("guards", guards, True), ("jit", jit, None)]
        self._said = [f"{name}={value!r}" for name, value, default in given if value != default]
        self._calls: dict[str, str] = {}  # by what each gives, what the module says it was asked for by
        self._asked_for: list[str] = []  # the calls
        self._types: list[str] = []
        self._given: dict[tuple[tuple[str, int], ...], Given] = {}

    @ends_here
    def add(
        self,
        f: Callable[..., Any],
        transform: str | None = None,
        wrt: Any = 0,
        *,
        like: Sequence[Any] | dict[str, Any] | None = None,
        types: str | None = None,
        name: str | None = None,
        accumulate: bool = False,
        **options: Any,
    ) -> None:
        """Add a derivative of a function, or the function itself.

        Parameters
        ----------
        f : callable
            A function; of a method of an object, or a partial, what that gives to it is data, as globals are.
        transform : str, optional
            "grad", "value_and_grad", "vjp", "pullback", "jvp", "linearize", "elementwise_grad", "jacobian", "hessian", "hvp" or
            "vmap". What is added; left out, the function as it is written.
        wrt : str, int, or tuple of these
            The parameters to differentiate by.
        like : sequence or dict, optional
            Arguments such as the derivative will be called with, in order or by name; a cotangent is not among them.
        types : str, optional
            The types of the parameters, if there are no such arguments: ``"W: f8[n, m], x: f8[n], rate: float"``. Without both
            they are taken from annotations; where there are none, ranks are left open.
        name : str, optional
            What it is called in the module; else as the function, and after it the transform.
        accumulate : bool
            Of "grad" and "vjp": the adjoints are added to buffers of the caller's, as they are when a derivative is embedded by
            hand: ``f_adjoint(x, …, y_bar, x_bar, …)``. It returns the sums of those that are numbers, or nothing.
        **options
            Of the transform: `has_aux`, `holomorphic`, `optimize`; `in_axes`, `out_axes`.
        """
        if transform is None:
            if not isinstance(f, python_types.FunctionType):
                raise CallError("only a function is added as it is written", advice="Say which derivative: add(f, 'grad').")
            if options or accumulate or (wrt, like, types, name) != (0, None, None, None):
                raise CallError("a function is added as it is written", advice="Write add(f), or say which transform.")
            self._enter(self._module.copy(f), f"sct.add({_placed(f)})")
            return
        derived = _derived(f, transform, wrt, accumulate, options)
        said = {"types": types, "name": name, "accumulate": accumulate or None, **options}
        given = [f"{k}={v!r}" for k, v in said.items() if v is not None]
        wrt = derived.wrt[0] if len(derived.wrt) == 1 else derived.wrt
        like_this = ["like=…"] if like is not None else []
        by = [repr(wrt)] if derived.wrt else []
        call = ", ".join([_placed(f), repr(transform), *by, *like_this, *given, *self._said])
        what = _GIVES["adjoint" if accumulate else transform].format(f=written_name(f), wrt=_listed(derived.wrt))
        self._enter(self._add(derived, what, like, types, name), f"sct.generate({call})")

    def _enter(self, name: str, call: str) -> None:
        self._calls[name] = call
        self._asked_for.append(call)

    def _add(self, derived: DerivedFunction[..., Any], what: str, like: Any, types: str | None, name: str | None) -> str:
        with examples(), compiling(), sizes_known(at_call=self._guards and like is not None):
            given = given_beforehand(derived, like)
            found = parameter_types(derived, like, types)

            def asked(types: tuple[Abstract, ...], relied: Relied) -> Asked:
                return self._with_data(derived, self._asked(derived, types, what, relied), given)

            def added(types: tuple[Abstract, ...]) -> str:
                with facts_relied_on() as relied:
                    return self._module.add(lambda: asked(types, relied), name)

            whole = derived.in_lists(found, MANY)
            try:
                called = with_room(lambda: added(whole))
            except SctError:  # as it needs the items one by one
                if whole == found:
                    raise
                whole = found
                called = with_room(lambda: added(found))
        self._types.append(described(whole))
        return called

    def _with_data(self, derived: DerivedFunction[..., Any], asked: Asked, values: Mapping[str, Any]) -> Asked:
        """A derivative without the parameters that are given beforehand, unless they are asked for as such."""
        data = {n: v for n, v in values.items() if self._module.bundle.way(n) != "parameters"}
        left, inner = derived._signature.parameters, derived._inner.parameters

        def as_left(p: inspect.Parameter) -> inspect.Parameter:
            """A parameter as it is left for the caller to give; one by keyword has its default also beside a cotangent."""
            p = p.replace(kind=left[p.name].kind if p.name in left else p.KEYWORD_ONLY if p.name in values else p.kind)
            own = p.kind is p.KEYWORD_ONLY and p.name in inner and p.name not in values
            return p.replace(default=inner[p.name].default) if own else p

        f = asked.specialized.function
        signature = inspect.Signature(sorted(map(as_left, f.signature.parameters.values()), key=lambda p: p.kind))
        order = list(signature.parameters)
        block = replace(f.block, params=tuple(sorted(f.block.params, key=lambda p: order.index(p.name))))
        f = changed(f, signature=signature, block=block)
        key = tuple((n, id(v)) for n, v in data.items())
        f, free = as_data(f, self._given.setdefault(key, Given(data)))
        specialized = replace(asked.specialized, function=f, free=(*asked.specialized.free, *free))
        return replace(asked, specialized=specialized, types={n: t for n, t in asked.types.items() if n not in data})

    def _asked(self, derived: DerivedFunction[..., Any], types: tuple[Abstract, ...], what: str, relied: Any) -> Asked:
        with noting() as read:
            specialized = derived.typed(types)
            finished = replace(specialized, function=with_steps(specialized.function, derived.options.optimize))
        functions = tuple(f for f in read if isinstance(f, python_types.FunctionType))
        buffers: dict[str, Value] = {}
        if derived.mode.suffix == "adjoint":
            function, buffers = into_buffers(finished.function, derived.wrt)
            finished = replace(finished, function=function)

        def recurs(op: Again | Derived, given: tuple[Abstract, ...]) -> Asked:
            return self._asked(_runs(derived, op), given, "", relied)

        named = dict(zip(derived._inner.parameters, types, strict=False))  # a cotangent's may follow
        return Asked(finished, named, buffers, relied, self._guards, what, functions, recurs)

    def asked_by(self, command: str) -> None:
        """Say in the module that what was added last was asked for by a command, rather than by a call."""
        self._calls[next(reversed(self._calls))] = command

    @ends_here
    def generate(self) -> str:
        """The text of the module."""
        calls = "\n".join(f"- {name}: {call}" for name, call in self._calls.items())
        title = f"Derivatives, as sct wrote them.\n\n{calls}\n"
        text = self._module.text(title, "\n".join([*self._asked_for, *self._types]), _formatted)
        if self._jit is not None:
            refuse_uncompiled(text, self._module.compiled)
        return text


def _placed(f: Any) -> str:
    """A function, by its name in its module."""
    if isinstance(f, DerivedFunction):
        return f"{f._transform}({_placed(f.primal)})"
    if isinstance(f, functools.partial):
        return f"partial({_placed(f.func)}, …)"
    name, module = getattr(f, "__qualname__", None), getattr(f, "__module__", None)
    if name is None or module is None:
        return describe(f)
    return str(name) if module == "__main__" else f"{module}.{name}"


def _derived(f: Any, transform: str, wrt: Any, accumulate: bool, options: Mapping[str, Any]) -> DerivedFunction[..., Any]:
    """What is asked for, of a function of a fixed number of parameters."""
    if transform not in _GIVES or transform == "adjoint":
        raise CallError(f"there is no transform {transform!r}", advice=f"There are {', '.join(TRANSFORMS)} and vmap.")
    derived = vmap(f, **options) if transform == "vmap" else TRANSFORMS[transform](f, wrt, **options)
    if isinstance(derived, Variadic):
        derived = derived.given_all()
    if type(derived) is not DerivedFunction:
        raise CallError(
            f"{written_name(f)} takes any number of arguments, for each of which its derivative is another",
            advice="Write a function of the parameters that it is called with.",
        )
    return _accumulating(derived) if accumulate else derived


def _accumulating(derived: DerivedFunction[..., Any]) -> DerivedFunction[..., Any]:
    """A derivative that gives adjoints alone, of parameters in a tuple."""
    mode = derived.mode
    if mode.seed not in ("one", "argument") or mode.has_aux or derived._transform == "value_and_grad":
        raise CallError("accumulate is for grad and vjp without has_aux", advice="Leave it out.")
    adjoint = Mode("adjoint", False, mode.seed, holomorphic=mode.holomorphic)
    return DerivedFunction(derived.primal, tuple(derived.wrt), adjoint, "adjoint", derived.options)


def _listed(names: Sequence[str]) -> str:
    return "".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}"


def _runs(derived: DerivedFunction[..., Any], op: Again | Derived) -> DerivedFunction[..., Any]:
    """The derived function that an operation of a text stands for."""
    if getattr(op, "draws", False):
        raise SctError(
            f"{getattr(op.function, '__name__', 'the function')} draws random numbers, and the derivative runs it again",
            None,
            "Draw the numbers before, and pass them; or use the derivative with sct.",
        )
    if isinstance(op, Derived):
        return derived._derived(op)
    return DerivedFunction(op.function, 0, Mode("again", True, "none", again=True), "again", derived.options)


def given_beforehand(derived: DerivedFunction[..., Any], like: Sequence[Any] | dict[str, Any] | None = None) -> dict[str, Any]:
    """What a method or partial gives to a function, by the names of the parameters; not what `like` gives by name."""
    given = derived._inner.bind_partial(*derived._first, **derived._callee.keywords).arguments
    return {n: v for n, v in given.items() if not isinstance(like, dict) or n not in like}


def parameter_types(
    derived: DerivedFunction[..., Any], like: Sequence[Any] | dict[str, Any] | None, types: str | None
) -> tuple[Abstract, ...]:
    """The types of a function's parameters: of arguments such as `like`, as `types` says them, or as they are annotated."""
    names = list(derived._inner.parameters)
    given = {n: abstract(v, n) for n, v in given_beforehand(derived).items()}
    if types is not None:
        if like is not None:
            raise CallError("the types are given twice, by like and by types", advice="Leave one of them out.")
        found = {**given, **declared_types(types, [n for n in names if n not in given])}
        return tuple(found[n] for n in names)
    if like is not None:
        if not isinstance(like, (tuple, list, dict)):
            raise CallError("like is a tuple of arguments, or a dict of them by name", advice="Write like=(x,) for one.")
        values = _bound(derived, *((), dict(like)) if isinstance(like, dict) else (tuple(like), {}))
        return tuple(abstract(v, n, whole=n in derived.wrt) for v, n in zip(values, names, strict=True))
    left = inspect.Signature([p for n, p in derived._inner.parameters.items() if n not in given])
    types_left = annotated_types(left, derived.wrt, getattr(derived._root, "__globals__", {}))
    found = {**given, **dict(zip(left.parameters, types_left, strict=True))}
    return tuple(found[n] for n in names)


def _bound(derived: DerivedFunction[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of the function that is differentiated; a cotangent or tangents may follow them."""
    added = derived._added
    kwargs = {k: v for k, v in kwargs.items() if k not in added}
    try:
        derived._bind(args, kwargs)
    except TypeError:
        args = args[: max(len(args) - len(added), 0)]
    return derived._bound((*args, *(None for _ in added)), kwargs)[0]


def _formatted(text: str) -> str:
    """A text laid out as black does it."""
    try:
        import black
    except ImportError:
        raise SctError(
            "sct.generate lays its text out with the package black, which is not installed",
            None,
            "Install sct-ad[generate].",
        ) from None
    return black.format_str(text, mode=black.Mode())


@ends_here
def generate(
    f: Callable[..., Any],
    transform: str = "grad",
    wrt: Any = 0,
    *,
    like: Sequence[Any] | dict[str, Any] | None = None,
    types: str | None = None,
    functions: str = "include",
    data: str | Mapping[str, str] = "constants",
    guards: bool = True,
    jit: str | None = None,
    name: str | None = None,
    accumulate: bool = False,
    **options: Any,
) -> str:
    """The text of a module that holds a derivative, and runs without sct.

    Parameters are those of `Generator` and its `add`.

    Returns
    -------
    str
        A module that imports NumPy. Its last lines hold the format's version, the hash of what it was made from and that of the
        text above them.

    Raises
    ------
    UnsupportedSyntaxError, NoRuleError, NonScalarOutputError, NonDifferentiableArgumentError, SourceUnavailableError
        As the transform does.
    SctError
        If something that the function uses cannot stand in a module of its own; says what to ask for instead.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def energy(x, k):
    ...     return 0.5 * k * np.sum(x * x)
    >>> namespace = {}
    >>> exec(sct.generate(energy, like=(np.ones(3), 2.0)), namespace)
    >>> namespace["energy_grad"](np.array([1.0, 2.0]), 3.0)
    array([3., 6.])
    """
    generator = Generator(functions=functions, data=data, guards=guards, jit=jit)
    generator.add(f, transform, wrt, like=like, types=types, name=name, accumulate=accumulate, **options)
    return generator.generate()
