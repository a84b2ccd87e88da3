"""The transforms: from a function to a derived function, which compiles itself for the types that it is called with.

Takes Python functions, NumPy functions with a rule, and derived functions; gives `DerivedFunction`s. A call never changes
the caller's arrays, and holds no state but the cache of compiled functions.
"""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, ParamSpec

import numpy as np

from sct.analysis.switches import is_on
from sct.backend.guard import Call, guard, sizes_fit
from sct.backend.link import Compiled, Found, compiled
from sct.backend.overlap import overlap_check
from sct.backend.python.emit import Text, emit
from sct.backend.tape import Tape, tape_of
from sct.cache import Shared, shared_by
from sct.errors import CallError, SctError, SourceUnavailableError, UnsupportedSyntaxError
from sct.frontend.callables import Callee, Flat, flattened, has_stars, reached, seen_through
from sct.frontend.resolve import MISSING, has_fields
from sct.infer.join import widen
from sct.infer.signature import abstract, examples
from sct.ir.ops import STAR, Again, Derived, Steps, StepsBack
from sct.ir.rewriting import map_blocks
from sct.ir.ssa import Apply, Block, Function, Operand, Statement, Value
from sct.ir.types import UNKNOWN, Abstract, Array, Const, Dict, Fact, Scalar, Slice, Tuple, facts_relied_on, sizes_known
from sct.optimize.dead_code import dead_code
from sct.optimize.passes import OWNED, PRIMAL, RECORDED, REVERSED, run
from sct.registry.rules import adjoint_rule, has_adjoint
from sct.runtime import stop_gradient
from sct.specialize.calls import compiling, lowered
from sct.specialize.specializer import Specialized, Specializer, specialize
from sct.stack import with_room
from sct.tracebacks import ends_here, without_frames
from sct.transform.again import again
from sct.transform.fits import with_checks
from sct.transform.ownership import own_results
from sct.transform.record import record
from sct.transform.reverse import Mode, reverse
from sct.transform.shapes import shapes_only
from sct.transform.snapshots import snapshots

__all__ = ["DerivedFunction", "Wrt", "elementwise_grad", "grad", "pullback", "stop_gradient", "value_and_grad", "vjp"]

_P = ParamSpec("_P")

_VJP = Mode("vjp", True, "argument")
Wrt = "str | int | Sequence[str | int]"
_CACHE_SIZE = 64
_VARIANTS = 3  # forms for arguments of the same types that rely on different sizes; the next one relies on none


_NAMES = ("__module__", "__name__", "__qualname__", "__doc__")


_LATE = ("_callee", "_inner", "_signature", "_cotangent", "_defaults", "__signature__")

_Entry = tuple[Compiled, Callable[..., Any], Found]
"""A compiled form, linked to the function that is differentiated: what is called, and the objects found."""


def _yes(*args: Any, **kwargs: Any) -> bool:
    return True


def _no(*args: Any, **kwargs: Any) -> bool:
    return False


class DerivedFunction:
    """A derivative of a function.

    Calling it compiles the derivative for the types of the arguments (dtype, rank and unit axes of arrays, structure of
    containers, values of flags and strings), or takes it from the cache.

    Attributes
    ----------
    primal : callable
        The function that it was derived from.
    source : str
        The text of the derivative for the argument types of the latest call; before any call, for the parameters'
        annotations, or with ranks left open.

    Notes
    -----
    `__call__` is an attribute of each: the guards of the compiled forms, each of which calls the next where it does not fit.
    """

    __slots__ = ("__call__", "__dict__", "__weakref__")
    __call__: Callable[..., Any]

    _callee: Any
    _inner: Any
    _signature: Any
    _cotangent: Any
    _defaults: Any
    __signature__: Any
    _common: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, primal: Callable[..., Any], wrt: Any, mode: Mode, optimize: bool, transform: str) -> None:
        self.primal = primal
        self.single = not isinstance(wrt, (tuple, list))
        self.mode = mode
        self.optimize = optimize
        self._transform = transform
        self._given_wrt = wrt
        self._asked = wrt, mode, optimize, transform
        self._begin()

    def _begin(self) -> None:
        """What is known of the primal as its code is now."""
        self._common = DerivedFunction._common
        primal, wrt = self.primal, self._given_wrt
        self._complete()
        names = self._callee.open_signature(self._inner)
        self.wrt = _parameter_names(names, (wrt,) if self.single else wrt, primal)
        kinds = {p.kind for p in (*self._signature.parameters.values(), *self._inner.parameters.values())}
        fixed = not kinds & {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
        self._arity = len(self._signature.parameters) if fixed else -1
        self._first = self._callee.args
        self._given = (*self._first, *self._callee.keywords.values())
        self._root: Any = _root(self._callee)
        code = getattr(self._root, "__code__", None)
        self._code = None if code is None else weakref.ref(code)
        self._entries: tuple[_Entry, ...] = ()
        self._latest: list[Any] = [None, weakref.ref(self), primal, self._asked]
        self._guarded()
        self._shared = self._known()
        self.__dict__.update(_names(_named(primal, self._callee.function)))

    def __getattr__(self, name: str) -> Any:
        """What is looked up or computed when it is first asked for."""
        own, common = self.__dict__, self._common
        if name in common or name in _NAMES:
            own.update({**common, **_names(_named(self.primal, self._root))})
        elif name in _LATE:
            self._complete()
        if name in own:
            return own[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def _follow(self) -> None:
        """Begin again where the primal's code or its defaults are others now."""
        changed = self._code is not None and self._code() is not self._root.__code__
        if changed or any(a is not b for a, b in zip_longest(self._defaults, _defaults(self._root))):
            self._begin()

    def _complete(self) -> None:
        """What is known of the primal beside its code: needed to compile, and to call by keyword or with defaults."""
        callee = reached(self.primal)
        if isinstance(callee.function, DerivedFunction):
            callee.function._follow()
        self._callee = callee._replace(function=seen_through(callee.function))
        self._inner = _signature_of(self._callee.function)
        self._signature = self._callee.open_signature(self._inner)
        self._defaults = _defaults(_root(self._callee))
        self._cotangent = ""
        if self.mode.seed == "argument":
            self._cotangent, self._signature = _with_cotangent(self._signature)
        self.__signature__ = self._signature

    def __repr__(self) -> str:
        return (
            f"<{self._transform} of {getattr(self.primal, '__qualname__', self.primal)} with respect to {', '.join(self.wrt)}>"
        )

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        module = sys.modules.get(self.__module__) if isinstance(getattr(self, "__module__", None), str) else None
        if module is not None and getattr(module, getattr(self, "__qualname__", ""), None) is self:
            return self.__qualname__
        return _derive, (self.primal, *self._asked)

    def _guarded(self) -> None:
        """Be called through the guards of what is linked."""
        latest = self._latest
        call: Callable[..., Any] = MethodType(_otherwise, latest)
        for form, target, (_, objects, *_) in reversed(self._entries):
            call = form.guard.on(self._given + objects, target, call, latest)
        self.__call__ = call

    def _otherwise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call comes to for which no guard has found a compiled form: that, and its arguments."""
        if not kwargs and len(args) == self._arity:
            entry = self._linked(args, kwargs)
            if entry is not None:
                return entry, (*self._first, *args), kwargs
        values, args, kwargs = self._bound(args, kwargs)
        return self._found(values), args, kwargs

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[Any, ...], dict[str, Any]]:
        """The arguments, those that a method or partial adds included, in order, and how the compiled function is called."""
        self._follow()
        last: tuple[Any, ...] = ()
        if self.mode.seed == "argument":
            if self._cotangent in kwargs:
                kwargs = dict(kwargs)
                last = (kwargs.pop(self._cotangent),)
            elif self._fits(args, kwargs):
                args, last = args[:-1], (args[-1],)
        try:
            bound = self._bind(args, kwargs)
        except TypeError as e:
            raise CallError(f"{self._label()}: {e}", advice=f"Write {self._call_written()}.") from None
        bound.apply_defaults()
        values = tuple(bound.arguments[n] for n in self._inner.parameters)
        return values, (*bound.args, *last), bound.kwargs

    def _bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> inspect.BoundArguments:
        """A call's arguments as those of the function that is reached in the end."""
        signature: inspect.Signature = self._inner
        return signature.bind(*self._first, *args, **{**self._callee.keywords, **kwargs})

    def _fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether the last of the arguments is a cotangent; an error where only the cotangent is missing."""
        try:
            self._bind(args[:-1], kwargs)
        except TypeError:
            try:
                self._bind(args, kwargs)
            except TypeError:  # something else is missing
                return bool(args)
            raise CallError(
                f"{self._label()} is called without the adjoint of the result, {self._cotangent}, which is its last argument",
                advice=f"Write {self._call_written()}.",
            ) from None
        return bool(args)

    def _label(self) -> str:
        """This function as its user wrote it."""
        return f"sct.{self._transform}({_written_name(self.primal)})"

    def _call_written(self) -> str:
        """A call of this function."""
        names = [f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in self._signature.parameters.values()]
        return f"{self._label()}({', '.join(names)})"

    def _known(self) -> Shared:
        """What was compiled for functions of the same code."""
        function = self._callee.function
        layout: tuple[Any, ...] = ()
        if isinstance(function, Flat):
            function, layout = (
                function.function,
                (*((n, p.kind) for n, p in function.signature.parameters.items()), function.whole),
            )
        if isinstance(function, DerivedFunction):
            table = function._shared.derived
        elif isinstance(function, FunctionType) and adjoint_rule(function) is None:
            table = shared_by(function.__code__)
        else:
            return Shared()
        asked = (self._transform, self.mode, self.wrt, self.single, self.optimize)
        shared: Shared = table.setdefault((asked, layout, len(self._first), *self._callee.keywords), Shared())
        return shared

    def _found(self, values: tuple[Any, ...]) -> _Entry:
        args, kwargs = self._as_called(values)
        entry = self._linked(args, kwargs)
        if entry is not None:
            return entry
        with self._shared.lock:
            return self._linked(args, kwargs) or self._made(values)

    def _as_called(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How this function is called with such arguments of the primal."""
        given = {**dict(zip(self._inner.parameters, values, strict=True)), self._cotangent: None}
        parameters = self._signature.parameters.values()
        args = tuple(given[p.name] for p in parameters if p.kind is not p.KEYWORD_ONLY)
        return args, {p.name: given[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}

    def _made(self, values: tuple[Any, ...]) -> _Entry:
        form = self._compile(values)
        self._shared.keep(form)
        entry = self._link(form)
        assert entry is not None
        self._add(entry)
        return entry

    def _linked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Entry | None:
        """The compiled form for such arguments, if there is one."""
        for entry in self._entries:
            if self._matches(entry)(*args, **kwargs):
                return entry
        for form in self._shared.compiled:
            linked = self._link(form)
            if linked is not None and self._matches(linked)(*args, **kwargs):
                self._add(linked)
                return linked
        return None

    def _matches(self, entry: _Entry) -> Callable[..., bool]:
        """Whether arguments are those of a compiled form."""
        form, _, (_, objects, *_) = entry
        return form.guard.on(self._given + objects, _yes, _no, [None])

    def _link(self, form: Compiled) -> _Entry | None:
        """A compiled form with what it finds from this function; None if it does not find what it needs."""
        found = form.find(self._root, self)
        if found is None:
            return None
        _, _, target, outside = found
        if form.overlap is not None:
            return form, self._checked(target, form.overlaps(outside, self._inner)), found
        return form, target, found

    def _add(self, entry: _Entry) -> None:
        """Put an entry first, and let go of those that would call what this function does not call any more."""
        kept = [e for e in self._entries[: _CACHE_SIZE - 1] if e[0].holds(e[2][0])]
        self._entries = (entry, *kept)
        self._guarded()

    def _compile(self, values: tuple[Any, ...]) -> Compiled:
        made = (*self._shared.compiled, *(form for form, *_ in self._entries))
        with examples():
            key = hash(self._types(values))
            alike = len({id(form) for form in made if form.types == key})
            with sizes_known(at_call=alike < _VARIANTS):
                types = self._types(values)
                specialized, text, signature, facts = with_room(lambda: self._written(types))
        root = self._root
        called, inner, given = self._signature.parameters, self._inner.parameters, self._callee
        call = Call([*called.values()], [*inner.values()], len(given.args), [*given.keywords], self._cotangent, root)
        latest = replace(text, bound={})
        matches = guard(types, values, specialized.dependencies, specialized.free, facts, call, latest)
        fit = sizes_fit(types, specialized.free, facts, call)
        check = overlap_check(tuple(self._inner.parameters), types, specialized.written, specialized.free)
        return with_room(lambda: compiled(root, specialized.dependencies, text, signature, matches, fit, check, key))

    def _types(self, values: tuple[Any, ...]) -> tuple[Abstract, ...]:
        return tuple(abstract(v, n) for v, n in zip(values, self._inner.parameters, strict=True))

    def _written(self, types: tuple[Abstract, ...]) -> tuple[Specialized, Text, inspect.Signature, tuple[Fact, ...]]:
        """The derivative for arguments of the given types: typed, as a text with its signature, and what that relies on."""
        with compiling(), facts_relied_on() as relied:
            specialized = self.typed(types)
            text = emit(_with_steps(specialized.function, self.optimize))
        return specialized, text, specialized.function.signature, tuple(relied.facts)

    def _checked(self, compiled: Callable[..., Any], check: Callable[[Sequence[Any]], None]) -> Callable[..., Any]:
        """A compiled function that first looks at its arguments; itself it is `__wrapped__`."""

        @functools.wraps(compiled)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if kwargs or len(args) != self._arity + len(self._first):
                bound = self._inner.bind(*(args[:-1] if self._cotangent else args), **kwargs)
                bound.apply_defaults()
                check(tuple(bound.arguments.values()))
            else:
                check(args)
            return compiled(*args, **kwargs)

        return checked

    def _namespace(self, text: Text) -> dict[str, Any]:
        """The objects that a text names; a derivative of a recursive function is one of them."""
        return {n: self._called(v) if isinstance(v, (Again, Derived)) else v for n, v in text.bound.items()}

    def _called(self, op: Again | Derived) -> Callable[..., Any]:
        """What a text calls where it runs a function again, or a derivative of it."""
        if isinstance(op, Derived):
            return self._vjp(op)._as_function()
        mode = Mode("again", True, "none", again=True)
        return DerivedFunction(op.function, 0, mode, self.optimize, "again")._as_function()

    def called(self, around: tuple[Again | Derived, ...], function: Any) -> Callable[..., Any]:
        """For a text: what it calls where it runs a function again, or a derivative of it."""
        op = function
        for outer in around:
            op = replace(outer, function=op)
        return self._called(op)

    def _vjp(self, derived: Derived) -> DerivedFunction:
        function = self._vjp(derived.function) if isinstance(derived.function, Derived) else derived.function
        mode = replace(_VJP, again=isinstance(function, Again))
        function = function.function if isinstance(function, Again) else function
        own = self._callee.function is function and not self._first
        if own and self._given_wrt == derived.wrt and self.mode == mode:
            return self
        return DerivedFunction(function, derived.wrt, mode, self.optimize, "vjp")

    def _as_function(self) -> Callable[..., Any]:
        """What calls this as a plain function does: at each level of a recursion `__call__` takes more of Python's stack."""

        entries: tuple[_Entry, ...] = ()
        known: list[tuple[Callable[..., Any], Callable[..., Any]]] = []

        def dispatch(*args: Any, **kwargs: Any) -> Any:
            nonlocal entries, known
            if entries is not self._entries:
                entries = self._entries
                known = [(self._matches(e), e[1]) for e in entries]
            for fits, target in known:
                if not kwargs and fits(*args):
                    return target(*args)
            return self(*args, **kwargs)

        return dispatch

    # -- compilation -------------------------------------------------------------------------------------------------

    def typed(self, types: tuple[Abstract, ...]) -> Specialized:
        """The derivative in SSA form, for arguments of the given types."""
        if len(types) != len(self._inner.parameters):  # the cotangent's is among them
            given = dict(zip(self._signature.parameters, types, strict=True))
            types = tuple(given[n] for n in self._inner.parameters)
        primal = _typed_primal(self._callee.function, types)
        return _differentiated(primal, self.wrt, self.single, self.mode, self.optimize)

    def __sct_callee__(self) -> Callee:
        """For the compiler: the derivative of the function that the primal ends in, and what that gets beside the arguments."""
        if not self._first and not self._callee.keywords:
            return Callee(self)
        wrt = self.wrt[0] if self.single else self.wrt
        core = DerivedFunction(self._callee.function, wrt, self.mode, self.optimize, self._transform)
        return Callee(core, self._first, self._callee.keywords)

    def __sct_call__(self, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        """For the compiler: the derived function of parameters with names that a call is one of, and that call's operands."""
        return self, args, kwargs

    def __sct_typed__(self, types: tuple[Abstract, ...]) -> Specialized:
        """For the compiler: what a call of this function is, where another function calls it."""
        names = self._signature.parameters
        return self.typed(tuple(widen(t) if n in self.wrt else t for n, t in zip(names, types, strict=True)))

    def __sct_bind__(self, args: Sequence[Operand], kwargs: dict[str, Operand], builder: Specializer) -> list[Operand]:
        """For the compiler: a call's operands in the order of the parameters."""
        if self.mode.seed == "pull":
            raise UnsupportedSyntaxError(
                "sct.pullback in a function that is differentiated", builder.place, "Use sct.vjp, which takes the cotangent."
            )
        self._follow()
        callee = inspect.unwrap(self._root) if isinstance(self._root, FunctionType) else None
        function = Function(getattr(self, "__name__", "f"), self._signature, Block((), (), ()), None, callee)
        return builder.bind(function, args, kwargs)

    # -- what a user reads -------------------------------------------------------------------------------------------

    @ends_here
    def specialize(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The compiled function for arguments of these types, with no dispatch in front of it.

        Parameters
        ----------
        *args, **kwargs
            Arguments such as it will be called with; a cotangent may be left out.

        Returns
        -------
        callable
            To be called with arguments of the same types. It looks only at what cannot be seen from these: sizes, where its
            text relies on them (`ValueError`), and the memory of arguments that are written into.
        """
        entry = form, compiled, _ = self._for(args, kwargs)
        fit, outside = form.sizes_fit
        fits = self._matches(entry) if outside else None if fit is None else fit.on(fit.objects, _yes, _no, [None])
        if fits is not None:
            first = len(self._first) if outside else 0
            compiled = self._checked(compiled, _refuse_sizes(fits, first, getattr(self, "__name__", "f")))
        bound = self._first or self._callee.keywords
        return functools.partial(compiled, *self._first, **self._callee.keywords) if bound else compiled

    def _for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Entry:
        values, _, _ = self._bound(self._with_cotangent(args, kwargs), kwargs)
        return self._found(values)

    def _with_cotangent(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments as a call binds them, where the cotangent may be left out; it is None then."""
        if not self._cotangent or self._cotangent in kwargs:
            return args
        try:
            self._bind(args[:-1], kwargs)
        except TypeError:
            return (*args, None)
        return args or (None,)

    @ends_here
    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The text of the derivative for arguments of these types, bound as a call binds them; a cotangent may be left out."""
        return self._for(args, kwargs)[0].text.source

    @ends_here
    def tape(self, *args: Any, **kwargs: Any) -> Tape:
        """What the derivative records for these arguments: which values, why, and how many bytes.

        The forward sweep is run once, on copies of the arguments.

        Parameters
        ----------
        *args, **kwargs
            Arguments such as it is called with; a cotangent may be left out.

        Returns
        -------
        Tape
            Has `entries` and `nbytes`; its text is a table.

        Examples
        --------
        >>> import numpy as np, sct
        >>> def f(x, n):
        ...     for _ in range(n):
        ...         x = np.sin(x)
        ...     return np.sum(x)
        >>> print(sct.grad(f).tape(np.ones(4), 10))
        x_tape: 10 values, 320 bytes, from  for _ in range(n):
            needed by the reverse of  x = np.sin(x)
        in all 320 bytes
        """
        values, positional, keyword = self._bound(self._with_cotangent(args, kwargs), kwargs)
        positional, keyword = _copied(positional), _copied(keyword)
        if self.mode.seed == "argument":
            result = self._callee.function(*_copied(positional[:-1]), **_copied(keyword))
            positional = (*positional[:-1], _ones_like(result) if positional[-1] is None else positional[-1])
        with examples(), compiling(), sizes_known():
            function, text = with_room(lambda: self._recording(self._types(values)))
        return tape_of(function, text, {"__name__": "sct.generated", **self._namespace(text)}, positional, keyword)

    def _recording(self, types: tuple[Abstract, ...]) -> tuple[Function, Text]:
        function = _with_steps(self.typed(types).function, self.optimize)
        return function, emit(function)

    @property
    @ends_here
    def source(self) -> str:
        """The text of the derivative for the latest call's types; before any call, in the general form."""
        latest: Text | None = self._latest[0]
        if latest is not None:
            return latest.source
        given = self._inner.bind_partial(*self._first, **self._callee.keywords).arguments
        with examples(), compiling(), sizes_known(at_call=False):
            types = tuple(
                abstract(given[n], n) if n in given else _declared(p, n in self.wrt) for n, p in self._inner.parameters.items()
            )
            return with_room(lambda: emit(_with_steps(self.typed(types).function, self.optimize))).source


def _root(callee: Callee) -> Any:
    """The function whose code a call ends in."""
    root = callee.function
    root = root.function if isinstance(root, Flat) else root
    return root._root if isinstance(root, DerivedFunction) else root


def _defaults(f: Any) -> list[Any]:
    """The defaults of a function, those of keyword-only parameters after their names."""
    found = getattr(f, "__defaults__", None), getattr(f, "__kwdefaults__", None)
    return [*(found[0] or ()), *chain(*(found[1] or {}).items())]


def _otherwise(latest: list[Any], /, *args: Any, **kwargs: Any) -> Any:
    """A call of a derived function, with `MISSING` for what is not given by position."""
    _, find, primal, asked = latest
    self = find() or DerivedFunction(primal, *asked)  # where its `__call__` is all that is left of it
    try:
        (form, compiled, _), args, kwargs = self._otherwise(tuple(a for a in args if a is not MISSING), kwargs)
    except SctError as e:
        error = e
    else:
        latest[0] = form.text
        return compiled(*args, **kwargs)
    raise without_frames(error)


class _Variadic(DerivedFunction):
    """A derivative of a function of `*args` or `**kwargs`: one derived function for each number and names of arguments.

    A number in `wrt` is that of a positional argument; the name of `*args` or `**kwargs` is the tuple or dict of them all.
    """

    def __init__(self, primal: Callable[..., Any], wrt: Any, mode: Mode, optimize: bool, transform: str) -> None:
        super().__init__(primal, wrt, mode, optimize, transform)
        self._flat: dict[tuple[int, tuple[str, ...]], DerivedFunction] = {}
        self._last: DerivedFunction | None = None
        self._named = [p.name for p in self._inner.parameters.values() if p.kind in _POSITIONAL][len(self._first) :]
        stars = {p.kind: p.name for p in self._inner.parameters.values()}
        self._rest, self._options = stars.get(inspect.Parameter.VAR_POSITIONAL), stars.get(inspect.Parameter.VAR_KEYWORD)
        self._whole = frozenset(w for w in self.wrt if w in (self._rest, self._options))

    def _guarded(self) -> None:
        """Its derived functions are, one by one."""

    @ends_here
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        flat, positional, keywords = self._seen(args, kwargs)
        return flat(*positional, **keywords)

    def _seen(self, args: tuple[Any, ...], kwargs: dict[str, Any], kinds: tuple[Any, ...] = (tuple, dict)) -> Any:
        """The derived function of parameters with names that a call is one of, and that call's arguments."""
        last: tuple[Any, ...] = args[-1:] if self._cotangent and self._cotangent not in kwargs else ()
        own = args[: len(args) - len(last)]
        inner = getattr(self._callee.function, "_cotangent", "")
        if inner and own and inner not in kwargs:  # that of the derivative that is differentiated may be given last as well
            own, kwargs = own[:-1], {**kwargs, inner: own[-1]}
        names = tuple(k for k in kwargs if k != self._cotangent)
        flat = self._flat.get((len(own), names))
        if flat is None:
            flat = self._flat[len(own), names] = self._flattened(len(own), names)
        self._last = flat
        if self._rest in self._whole:
            n = len(self._named)
            own, kwargs = own[:n], {**kwargs, self._rest: kinds[0](tuple(own[n:]))}
            kwargs, last = {**kwargs, **dict(zip((self._cotangent,), last, strict=False))}, ()
        if self._options in self._whole:
            known = self._inner.parameters
            rest = {k: kwargs[k] for k in names if k not in known}
            kwargs = {**{k: v for k, v in kwargs.items() if k not in rest}, self._options: kinds[1](rest)}
        return flat, (*own, *last), kwargs

    def _flattened(self, count: int, names: tuple[str, ...]) -> DerivedFunction:
        given = (*(k for k in self._callee.keywords if k not in names), *names)
        seen = flattened(self._callee.function, self._inner, len(self._first) + count, given, self._whole)
        positional = [p.name for p in seen.signature.parameters.values() if p.kind in _POSITIONAL][len(self._first) :]
        wrt = self._given_wrt if isinstance(self._given_wrt, (tuple, list)) else (self._given_wrt,)
        try:
            chosen = tuple((positional if w >= 0 else positional[:count])[w] if isinstance(w, int) else w for w in wrt)
        except IndexError:
            message = f"{self._label()} is called with {count} arguments, and wrt={self._given_wrt!r}"
            raise CallError(message, advice="Give as many arguments as wrt counts.") from None
        primal = (
            functools.partial(seen, *self._first, **self._callee.keywords) if self._first or self._callee.keywords else seen
        )
        return DerivedFunction(primal, chosen[0] if self.single else chosen, self.mode, self.optimize, self._transform)

    def __sct_callee__(self) -> Callee:
        if not self._first and not self._callee.keywords:
            return Callee(self)
        given = self._given_wrt if isinstance(self._given_wrt, (tuple, list)) else (self._given_wrt,)
        wrt = tuple(w + len(self._first) if isinstance(w, int) and w >= 0 else w for w in given)
        core = _derive(self._callee.function, wrt[0] if self.single else wrt, self.mode, self.optimize, self._transform)
        return Callee(core, self._first, self._callee.keywords)

    def __sct_call__(self, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        return self._seen(tuple(args), kwargs, (Tuple, Dict.of))

    def specialize(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        flat, positional, keywords = self._seen(args, kwargs)
        compiled = flat.specialize(*positional, **keywords)

        def call(*args: Any, **kwargs: Any) -> Any:
            _, positional, keywords = self._seen(args, kwargs)
            return compiled(*positional, **keywords)

        return call if self._whole else compiled

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        flat, positional, keywords = self._seen(args, kwargs)
        return str(flat.source_for(*positional, **keywords))

    def tape(self, *args: Any, **kwargs: Any) -> Tape:
        flat, positional, keywords = self._seen(args, kwargs)
        found: Tape = flat.tape(*positional, **keywords)
        return found

    @property
    def source(self) -> str:
        return (self._last or self._flattened(len(self._named) + (self._rest is not None), ())).source


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _refuse_sizes(fits: Callable[..., Any], first: int, name: str) -> Callable[[Sequence[Any]], None]:
    """A check that the sizes of arguments are such as a compiled function relies on."""

    def check(args: Sequence[Any]) -> None:
        if not fits(*args[first:]):
            raise ValueError(
                f"{name}() was specialized for arguments of other sizes than these; call .specialize again with these arguments"
            )

    return check


def _differentiated(primal: Specialized, wrt: Sequence[str], single: bool, mode: Mode, optimize: bool) -> Specialized:
    """The derivative of a typed function, by all stages."""
    canonical = replace(primal, function=snapshots(run(PRIMAL, primal.function)))
    if mode.again:
        canonical = replace(canonical, function=again(canonical.function))
    if mode.seed == "none":
        return canonical
    reversal = reverse(canonical, wrt, single, mode)
    reversal = replace(reversal, function=run(REVERSED if optimize else (dead_code,), reversal.function))
    function = record(shapes_only(reversal) if optimize and is_on("shapes") else reversal)
    function = run(RECORDED if optimize else (dead_code,), function)
    owned = own_results(function, mode.gradient_in)
    if optimize:
        owned = run(OWNED if owned is not function else OWNED[-2:], owned)  # copies may stand next to what makes them needless
    free = tuple(dict((*primal.free, *reversal.free)).items())
    return Specialized(
        with_checks(owned, reversal.fits, reversal.mirror, free),
        tuple(dict.fromkeys((*primal.dependencies, *reversal.dependencies))),
        free,
        primal.written,
    )


def _with_steps(f: Function, optimize: bool) -> Function:
    """A finished derivative, with the bodies of its checkpointed loops, and their derivatives, finished too."""

    def statement(s: Statement) -> Statement:
        if isinstance(s, Apply) and isinstance(s.op, Steps):
            step = run(PRIMAL, s.op.step)
            step = run((*RECORDED, *OWNED), step) if optimize else step
            return replace(s, op=Steps(_with_steps(step, optimize)))
        if isinstance(s, Apply) and isinstance(s.op, StepsBack):
            made = _differentiated(Specialized(s.op.step, (), ()), s.op.wrt, False, Mode("vjp", False, "argument"), optimize)
            return replace(s, op=replace(s.op, derivative=_with_steps(made.function, optimize)))
        return map_blocks(block, s)

    def block(b: Block) -> Block:
        return b.with_([statement(s) for s in b.body])

    return replace(f, block=block(f.block))


def _typed_primal(primal: Callable[..., Any], types: tuple[Abstract, ...]) -> Specialized:
    if isinstance(primal, DerivedFunction):
        inner = primal.typed(types)
        again = specialize(inner.function, types)
        return replace(
            again,
            dependencies=tuple(dict.fromkeys((*inner.dependencies, *again.dependencies))),
            free=tuple(dict(inner.free + again.free).items()),
            written=inner.written,
        )
    if isinstance(primal, FunctionType) and adjoint_rule(primal) is None:
        low = lowered(primal)
        made = specialize(low.function, types)
        return replace(made, dependencies=tuple(dict.fromkeys((*low.dependencies, *made.dependencies))))
    if isinstance(primal, Flat):
        return specialize(_flat_function(primal), types)
    return specialize(_primitive_function(primal, types), types)


def _copied(value: Any) -> Any:
    """A copy of arguments, but for objects with fields: nothing is written into these."""
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(_copied, value))
    return value if has_fields(value) else copy.deepcopy(value)


def _ones_like(y: Any) -> Any:
    """A cotangent of the structure of `y`."""
    if isinstance(y, dict):
        return {k: _ones_like(v) for k, v in y.items()}
    if isinstance(y, (tuple, list)):
        return type(y)(map(_ones_like, y))
    return np.ones_like(y) if np.ndim(y) else 1.0


def _signature_of(primal: Any) -> inspect.Signature:
    if isinstance(primal, DerivedFunction):
        signature: inspect.Signature = primal._signature
        return signature
    if isinstance(primal, Flat):
        return primal.signature
    if isinstance(primal, FunctionType) and adjoint_rule(primal) is None:
        return inspect.signature(primal, follow_wrapped=False)
    return _primitive_signature(primal)


def _primitive_signature(primal: Any) -> inspect.Signature:
    rule = adjoint_rule(primal)
    if rule is None:
        raise SourceUnavailableError(
            f"{getattr(primal, '__name__', primal)} is not a function written in Python, and has no derivative rule",
            advice="Give a Python function, or register a rule with sct.adjoint.",
        )
    return rule.signature


def _flat_function(flat: Flat) -> Function:
    """A function of `*args` or `**kwargs` that is called with the parameters of `flat`."""
    params = tuple(Value(UNKNOWN, n) for n in flat.signature.parameters)
    args, keywords, dicts = flat.arguments(dict(zip(flat.signature.parameters, params, strict=True)))
    positional = tuple(Slice(v, Const(STAR), Const(None)) if starred else v for v, starred in args)
    named = (*keywords.items(), *((f"**{i}", d) for i, d in enumerate(dicts)))
    result = Value(UNKNOWN)
    body = (Apply(flat.function, positional, named, result),)
    return Function(getattr(flat, "__name__", "f"), flat.signature, Block(params, body, (result,)), flat.__doc__, None)


def _primitive_function(primal: Any, types: tuple[Abstract, ...]) -> Function:
    """A NumPy function as a function of one statement; arguments that are at their defaults are left out."""
    rule = adjoint_rule(primal)
    assert rule is not None
    params = tuple(Value(t, n) for t, n in zip(types, rule.signature.parameters, strict=True))
    args: list[Operand] = []
    kwargs: list[tuple[str, Operand]] = []
    for p, v in zip(rule.signature.parameters.values(), params, strict=True):
        if p.default is not p.empty and v.type == Const(p.default):
            continue
        if p.default is p.empty:
            args.append(v)
        else:
            kwargs.append((p.name, v))
    result = Value(UNKNOWN)
    body = (Apply(primal, tuple(args), tuple(kwargs), result),)
    return Function(getattr(primal, "__name__", "f"), rule.signature, Block(params, body, (result,)), None, None)


_ANNOTATIONS: dict[Any, Abstract] = {
    float: Scalar(float),
    int: Scalar(int),
    complex: Scalar(complex),
    "float": Scalar(float),
    "int": Scalar(int),
    "complex": Scalar(complex),
}


def _declared(p: inspect.Parameter, varied: bool) -> Abstract:
    """The type of a parameter before any call: by its annotation, its default, or an array of unknown rank."""
    if p.annotation in _ANNOTATIONS:
        return _ANNOTATIONS[p.annotation]
    if p.default is not p.empty and not varied:
        return abstract(p.default, p.name)
    return Array(np.dtype(float), None)


def _with_cotangent(signature: inspect.Signature) -> tuple[str, inspect.Signature]:
    """The signature of a vjp: a last positional parameter for the result's adjoint; and what that is called."""
    name = "y_bar"
    while name in signature.parameters:
        name += "_"
    parameters = [p.replace(default=inspect.Parameter.empty) for p in signature.parameters.values()]
    positional = [p for p in parameters if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    keyword = [p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    kind = inspect.Parameter.KEYWORD_ONLY if starred else inspect.Parameter.POSITIONAL_OR_KEYWORD
    return name, inspect.Signature([*positional, inspect.Parameter(name, kind), *keyword])


def _parameter_names(signature: inspect.Signature, wrt: Sequence[Any], primal: Any) -> tuple[str, ...]:
    names = list(signature.parameters)
    out: list[str] = []
    label = _written_name(primal)
    advice = f"Write wrt={names[0]!r}; the parameters are {', '.join(names)}." if names else "Give it a parameter."
    stars = {p.kind: p.name for p in signature.parameters.values()}
    rest, options = stars.get(inspect.Parameter.VAR_POSITIONAL), stars.get(inspect.Parameter.VAR_KEYWORD)
    for w in wrt:
        if isinstance(w, str) and (w in names or options is not None):
            out.append(w)
        elif rest is not None and isinstance(w, int) and not isinstance(w, bool):
            before = names.index(rest)
            out.append(names[w] if 0 <= w < before else f"{rest}[{w - before if w >= 0 else w}]")
        elif isinstance(w, int) and not isinstance(w, bool) and -len(names) <= w < len(names):
            out.append(names[w])
        else:
            raise SctError(f"wrt={w!r} is not a parameter of {label}", None, advice)
    if not out or len(set(out)) != len(out):
        raise SctError(f"wrt={tuple(wrt)!r} must name different parameters of {label}, at least one", None, advice)
    return tuple(out)


def _written_name(f: Any) -> str:
    """A function as the user refers to it, in an expression."""
    if isinstance(f, DerivedFunction):
        return f._label()
    name = getattr(f, "__name__", "f")
    return name if name.isidentifier() else "f"


def _derive(primal: Callable[..., Any], wrt: Any, mode: Mode, optimize: bool, transform: str) -> DerivedFunction:
    kind = _Variadic if has_stars(_signature_of(seen_through(reached(primal).function))) else DerivedFunction
    return kind(primal, wrt, mode, optimize, transform)


@ends_here
def _transform(name: str, mode: Mode, f: Any, wrt: Any, optimize: bool, jit: None) -> Any:
    if jit is not None:
        raise ValueError(f"jit={jit!r} is not supported; leave it out")
    if f is None:
        return functools.partial(_transform, name, mode, wrt=wrt, optimize=optimize, jit=jit)
    if not callable(f):
        raise CallError(
            f"sct.{name} takes a function, not {_kind(f)}", advice=f"Write sct.{name}(f)(x) for the derivative of f at x."
        )
    return _derive(f, wrt, mode, optimize, name)


def _behind(f: Any) -> tuple[dict[Any, Any] | None, Any, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """What is behind `f`.

    Where derivatives of functions of its code are kept, if anywhere; the function that has that code; what `f` adds to a call's
    arguments: those in front, and these with those by name; how many and which these are.
    """
    if type(f) is DerivedFunction:
        names = f._callee.keywords if f._given else ()
        return f._shared.derived, f._root, f._first, f._given, (len(f._first), *names)
    root, first, keywords = reached(f) if callable(f) else Callee(f)
    table = shared_by(root.__code__) if type(root) is FunctionType and not has_adjoint(root) else None
    if not keywords:
        return table, root, first, first, (len(first),)
    return table, root, first, (*first, *keywords.values()), (len(first), *keywords)


def _made_again(f: Any, root: Any, first: tuple[Any, ...], given: tuple[Any, ...], common: dict[str, Any]) -> DerivedFunction:
    """A derivative of `f` like one that was made for another function of its code, or for itself."""
    made = object.__new__(DerivedFunction)
    made.primal, made._root, made._first, made._given, made._entries = f, root, first, given, ()
    named = f if root is f else _named(f, root)
    made._common, made.__module__, made.__doc__ = common, named.__module__, named.__doc__
    made._latest = latest = [None, weakref.ref(made), f, common["_asked"]]
    call: Callable[..., Any] = MethodType(_otherwise, latest)
    compiled = common["_shared"].compiled
    if compiled:  # what was compiled last is likely to be what is called
        form = compiled[0]
        entry = DerivedFunction._link(made, form)
        if entry is not None:
            made._entries = (entry,)
            _, target, (_, objects, _, _) = entry
            call = form.guard.on(given + objects, target, call, latest)
    made.__call__ = call
    return made


def _common(made: DerivedFunction) -> dict[str, Any]:
    """What a derivative has in common with those of other functions of the same code."""
    own = {"primal", "_root", "_first", "_given", "_latest", "_entries", "_common", *_NAMES, *_LATE}
    return {k: v for k, v in vars(made).items() if k not in own}


def _named(f: Any, root: Any) -> Any:
    """What a derivative of `f` has its names from."""
    return f if hasattr(f, "__name__") else root


def _names(f: Any) -> dict[str, Any]:
    return {name: getattr(f, name) for name in _NAMES if hasattr(f, name)}


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


_OTHER_WORDS = ("argnums", "argnum", "argnames", "argname")  # of JAX and autograd, for wrt


def _transformer(transform: Callable[_P, Any]) -> Callable[_P, Any]:
    """A transform that answers other words for its arguments with its own."""
    known = frozenset(inspect.signature(transform).parameters)
    name = transform.__name__

    @functools.wraps(transform)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        f = args[0] if args else None
        try:
            key: Any = name
            table: dict[Any, Any] | None
            if type(f) is FunctionType and not has_adjoint(f):
                table, root, first, given = shared_by(f.__code__), f, (), ()
            else:
                table, root, first, given, layout = _behind(f)
                key = (name, layout)
            if kwargs or len(args) > 1:
                key = (key, *args[1:], *kwargs.items(), *map(type, args[1:]))
            try:
                common = None if table is None else table.get(key)
            except TypeError:  # wrt is a list
                table = common = None
            if common is not None:
                return _made_again(f, root, first, given, common)
            if len(args) <= 2 and kwargs.keys() <= known:
                made = transform(*args, **kwargs)
                if table is not None and type(made) is DerivedFunction and not isinstance(made._callee.function, Flat):
                    table[key] = _common(made)
                return made
            error: SctError = _miscalled(transform.__name__, known, args, kwargs)
        except SctError as e:
            error = e
        raise without_frames(error)

    return called


def _miscalled(name: str, known: frozenset[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallError:
    """What is wrong with the arguments of a transform, and how to write them."""
    f = _written_name(args[0]) if args else "f"
    if len(args) > 2:
        what = f"sct.{name} takes a function and wrt, not {len(args)} arguments"
        wrt = args[1:] if all(isinstance(a, (int, str)) for a in args[1:]) else None
        return CallError(what, advice=f"Write sct.{name}({f}, wrt={wrt or (0, 1)}).")
    word = next(k for k in kwargs if k not in known)
    if word in _OTHER_WORDS:
        wrt = kwargs[word] if isinstance(kwargs[word], (int, str)) else tuple(kwargs[word])
        return CallError(f"sct.{name} has no argument {word}: it is called wrt", advice=f"Write sct.{name}({f}, wrt={wrt!r}).")
    options = ", ".join(sorted(known - {"f"}))
    return CallError(f"sct.{name} has no argument {word}", advice=f"Its arguments are a function, and {options}.")


@_transformer
def grad(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: None = None,
) -> Any:
    """The gradient of a scalar-valued function.

    Parameters
    ----------
    f : callable
        The function; left out when this is used as a decorator with keywords.
    wrt : str, int, or tuple of these
        The parameters to differentiate by. One gives one gradient, a tuple a tuple of gradients.
    has_aux : bool
        `f` returns `(value, aux)`; `(gradient, aux)` is returned.
    holomorphic : bool
        Allow a complex result, of a function that is holomorphic.
    optimize : bool
        Whether the derivative's code is optimized.
    jit : None
        Kept for later.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`; returns gradients of the structure, shape and dtype of the `wrt` arguments. For real
        `f` of complex `z` that is ∂f/∂Re z − i ∂f/∂Im z.

    Raises
    ------
    UnsupportedSyntaxError, NoRuleError, NonScalarOutputError, NonDifferentiableArgumentError, SourceUnavailableError
        When it is first called with arguments of new types.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     return np.sum(x * x)
    >>> sct.grad(f)(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return _transform("grad", Mode("grad", False, "one", has_aux, holomorphic), f, wrt, optimize, jit)


@_transformer
def value_and_grad(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: None = None,
) -> Any:
    """The value and the gradient of a scalar-valued function: `(value, gradient)`, with `has_aux` `((value, aux), gradient)`.

    Parameters are those of `grad`.
    """
    return _transform("value_and_grad", Mode("value_and_grad", True, "one", has_aux, holomorphic), f, wrt, optimize, jit)


@_transformer
def vjp(
    f: Callable[..., Any] | None = None, wrt: Any = 0, *, has_aux: bool = False, optimize: bool = True, jit: None = None
) -> Any:
    """The vector-Jacobian product, both sweeps in one function (joint).

    Parameters are those of `grad`; the result of `f` may have any shape or structure.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`, then the adjoint of its result; returns `(y, cotangents)`.
    """
    return _transform("vjp", Mode("vjp", True, "argument", has_aux), f, wrt, optimize, jit)


@_transformer
def pullback(
    f: Callable[..., Any] | None = None, wrt: Any = 0, *, has_aux: bool = False, optimize: bool = True, jit: None = None
) -> Any:
    """The value and the pullback (split).

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`; returns `(y, pull)`, where `pull(y_bar)` gives the cotangents, any number of times.

    Notes
    -----
    `pull` reads the arguments' arrays when it is called: write into these only when it is not needed any more. `y` may be
    written into.
    """
    return _transform("pullback", Mode("pullback", True, "pull", has_aux), f, wrt, optimize, jit)


@_transformer
def elementwise_grad(f: Callable[..., Any] | None = None, wrt: Any = 0, *, optimize: bool = True, jit: None = None) -> Any:
    """The derivative of an element-wise function, element by element: the vjp with a cotangent of ones.

    For a function whose results mix elements it gives the sum of the Jacobian's rows.
    """
    return _transform("elementwise_grad", Mode("elementwise_grad", False, "ones"), f, wrt, optimize, jit)
