"""Derived functions, which compile themselves for the types that they are called with.

Takes a function and what is asked of it; gives a `DerivedFunction`. A call never changes the caller's arrays, and holds no
state but the cache of compiled functions.
"""

from __future__ import annotations

import functools
import inspect
import math
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, Generic, ParamSpec, TypeVar

from sct.api.cache import Living, Made, Shared, forget_compiled, shared_by
from sct.api.compilations import Compilation, compilation, noted
from sct.api.dump import dumped
from sct.api.dump import write as write_forms
from sct.api.in_numba import told
from sct.api.options import PLAIN, Options
from sct.api.pipeline import as_it_stands, differentiated, shared, typed_again, typed_primal, with_steps
from sct.api.trees import copied, ones_like
from sct.backend.guard import Call, guard, sizes_fit
from sct.backend.link import Compiled, Found, compiled
from sct.backend.load import load
from sct.backend.loops import Kernel, Unlooped, looped
from sct.backend.overlap import overlap_check
from sct.backend.python.emit import Text, Tree, emit, tree_of
from sct.backend.tape import Tape, tape_of
from sct.collecting import collecting_later
from sct.errors import (
    ArgumentMemoryError,
    CallError,
    DerivativeMemoryError,
    JitError,
    JitWarning,
    Place,
    RecompilationError,
    SctError,
    UnsupportedSyntaxError,
    warn,
)
from sct.frontend.callables import Callee, Flat, reached, seen_through
from sct.frontend.resolve import MISSING
from sct.frontend.travelling import reduced
from sct.infer.join import widen
from sct.infer.objects import listed
from sct.infer.parameters import declared_type, parameter_names, plain_signature, with_added
from sct.infer.signature import abstract, examples
from sct.ir.ops import Again, Derived
from sct.ir.rewriting import changed
from sct.ir.ssa import Block, Function, Operand
from sct.ir.types import UNKNOWN, Abstract, Array, facts_relied_on, sizes_known
from sct.registry.others import load_declared
from sct.registry.rules import adjoint_rule, at_change
from sct.specialize.closing import Nested
from sct.specialize.lowering import compiling
from sct.specialize.reading import noting
from sct.specialize.specializer import Specializer
from sct.stack import with_room
from sct.stages import CALLED, Typed, mode_of
from sct.tracebacks import ends_here, without_frames
from sct.transform.bound import as_bound
from sct.transform.boundary import SEEDS
from sct.transform.reverse import Mode
from sct.transform.twice import twice
from sct.transform.vmap import axes_of, of_one

__all__ = [
    "LATE",
    "MANY",
    "NAMES",
    "DerivedFunction",
    "in_common",
    "made_again",
    "names_of",
    "namesake",
    "otherwise",
    "signature_of",
    "written_name",
]

_CACHE_SIZE = 64
_VARIANTS = 3  # forms for arguments of the same types that rely on different sizes; the next one relies on none
MANY = 9
"""A list of so many items, of one type, is of any length; one of fewer once it comes with another length."""
NAMES = ("__module__", "__name__", "__qualname__", "__doc__")
"""What a derivative has of the function that it is of."""
LATE = ("_callee", "_inner", "_signature", "_added", "_defaults", "__signature__")
"""What is computed when it is first asked for."""
_Entry = tuple[Compiled, Callable[..., Any], Found]
"""A compiled form, linked to the function that is differentiated: what is called, and the objects found."""


def _yes(*args: Any, **kwargs: Any) -> bool:
    return True


def _no(*args: Any, **kwargs: Any) -> bool:
    return False


_P = ParamSpec("_P")
_R = TypeVar("_R")


class DerivedFunction(Generic[_P, _R]):
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
    compilations : tuple of Compilation
        What has been compiled, for which types and why.

    Notes
    -----
    `__call__` is an attribute of each: the guards of the compiled forms, each of which calls the next where it does not fit.
    """

    __slots__ = ("__call__", "__dict__", "__weakref__")
    __call__: Callable[_P, _R]

    _callee: Any
    _inner: Any
    _signature: Any
    _added: Any
    _defaults: Any
    __signature__: Any
    _common: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, primal: Callable[..., Any], wrt: Any, mode: Mode, transform: str, options: Options = PLAIN) -> None:
        self.primal = primal
        self.single = not isinstance(wrt, (tuple, list))
        self.mode = mode
        self._transform = transform
        self._given_wrt = wrt
        self.options = options
        self._asked = wrt, mode, transform, options
        if options.jit is not None:
            told(DerivedFunction)
        self._begin()

    def _begin(self) -> None:
        """What is known of the primal as its code is now."""
        self._common = DerivedFunction._common
        primal = self.primal
        self._complete()
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
        self.__dict__.update(names_of(namesake(primal, self._callee.function)))
        self._title = f"sct.{self.mode.suffix} of %s{self._by()}."
        self.__doc__ = titled(self._title, namesake(self._of(), self._callee.function))

    def _by(self) -> str:
        """What it is differentiated by, in words."""
        return f" with respect to {', '.join(self.wrt)}" if self.wrt else ""

    def __getattr__(self, name: str) -> Any:
        """What is looked up or computed when it is first asked for."""
        own, common = self.__dict__, self._common
        if name in common or name in NAMES:
            named = namesake(self.primal, self._root)
            own.update({**common, **names_of(named), "__doc__": titled(common["_title"] if common else self._title, named)})
        elif name in LATE:
            self._complete()
        elif name == "__wrapped__" and self._latest[0] is not None:
            return self._listed(self._latest[0])
        if name in own:
            return own[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def _listed(self, text: Text) -> FunctionType:
        """A function of a text, for `inspect.getsource`."""
        loaded = load(replace(text, origins=()))
        return FunctionType(loaded.functions[-1], dict(loaded.imported))

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
        self._inner = signature_of(self._callee.function)
        self._signature = self._callee.open_signature(self._inner)
        self._defaults = _defaults(_root(self._callee))
        wrt = (self._given_wrt,) if self.single else self._given_wrt
        self.wrt = parameter_names(self._signature, wrt, written_name(self.primal)) if wrt else ()
        added = ["y_bar"] if self.mode.seed == "argument" else []
        if self.mode.seed in ("tangents", "shadows"):
            end = "dot" if self.mode.seed == "tangents" else "bar"
            added = [f"{n.replace('[', '_').removesuffix(']')}_{end}" for n in self.wrt]
        if self.mode.seeded:
            added = [SEEDS]
        self._added: tuple[str, ...] = ()
        if added:
            self._added, self._signature = with_added(self._signature, added)
        self.__signature__ = self._signature

    def __repr__(self) -> str:
        f = self._of()
        return f"<{self.mode.suffix} of {getattr(f, '__qualname__', f)}{self._by()}>"

    def _of(self) -> Any:
        """The function that its user took the derivative of."""
        return self.primal.primal if self.mode.of_gradient and isinstance(self.primal, DerivedFunction) else self.primal

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self.__sct_method__ is self:
            return MethodType(self, instance)
        bound = self.primal.__get__(instance, owner)
        if type(self) is not DerivedFunction:
            return type(self)(bound, *self._asked)
        if "_of_objects" not in self.__dict__:
            self._of_objects = in_common(DerivedFunction(bound, *self._asked))
        callee = reached(bound)
        return made_again(bound, _root(callee), callee.args, (*callee.args, *callee.keywords.values()), self._of_objects)

    @functools.cached_property
    def __sct_method__(self) -> DerivedFunction[..., Any]:
        """For the compiler: what a method of an object is, which it takes first: numbers in `wrt` count what comes behind it.

        It is this itself where `wrt` names the object.
        """
        given = (self._given_wrt,) if self.single else self._given_wrt
        if not hasattr(self.primal, "__get__") or next(iter(self._signature.parameters), None) in given:
            return self
        behind = [w + 1 if isinstance(w, int) and w >= 0 else w for w in given]
        return type(self)(self.primal, behind[0] if self.single else behind, *self._asked[1:])

    def __reduce__(self) -> Any:
        module = sys.modules.get(self.__module__) if isinstance(getattr(self, "__module__", None), str) else None
        if module is not None and getattr(module, getattr(self, "__qualname__", ""), None) is self:
            return self.__qualname__
        return reduced(type(self), (self.primal, *self._asked), self.__sct_root__)

    def _guarded(self) -> None:
        """Be called through the guards of what is linked."""
        latest = self._latest
        call: Callable[..., Any] = MethodType(otherwise, latest)
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
        if self._added:
            by_name = {n: kwargs[n] for n in self._added if n in kwargs}
            kwargs = {k: v for k, v in kwargs.items() if k not in by_name}
            missing = [n for n in self._added if n not in by_name]
            if missing and self._fits(args, kwargs, missing):
                args, rest = args[: -len(missing)], args[-len(missing) :]
                by_name.update(zip(missing, rest, strict=True))
            last = tuple(by_name[n] for n in self._added if n in by_name)
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

    def _fits(self, args: tuple[Any, ...], kwargs: dict[str, Any], added: Sequence[str]) -> bool:
        """Whether the last arguments are the cotangent, or the tangents; an error where only these are missing."""
        n = len(added)
        try:
            self._bind(args[:-n], kwargs)
        except TypeError:
            for k in range(n):
                try:
                    self._bind(args[: len(args) - k], kwargs)
                except TypeError:  # something else is missing
                    continue
                raise CallError(
                    f"{self._label()} is called without {self._named_last(added[k:])}", advice=f"Write {self._call_written()}."
                ) from None
        return len(args) >= n

    def _named_last(self, added: Sequence[str]) -> str:
        """What is given behind the function's own arguments, in words."""
        if self.mode.seed == "argument":
            return f"the adjoint of the result, {added[0]}, which is its last argument"
        if len(added) == 1:
            return f"the tangent {added[0]}, which is its last argument"
        return f"the tangents {', '.join(added[:-1])} and {added[-1]}, which are its last arguments"

    def _label(self) -> str:
        """This function as its user wrote it."""
        return f"sct.{self.mode.suffix}({written_name(self._of())})"

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
        asked = (self._transform, self.mode, self.wrt, self.single, self.options.key)
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
        given = {**dict(zip(self._inner.parameters, values, strict=True)), **dict.fromkeys(self._added)}
        parameters = self._signature.parameters.values()
        args = tuple(given[p.name] for p in parameters if p.kind is not p.KEYWORD_ONLY)
        return args, {p.name: given[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}

    def _made(self, values: tuple[Any, ...]) -> _Entry:
        _rules_in_use.set()
        with collecting_later():  # what the compilation has made is gone by then
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
        called: Callable[..., Any] = target
        if self.mode.is_matrix and not self.mode.seeded:
            called = _large(target, self._label())
        if form.kernels:
            called = self._jitted(called, form)
        if form.overlap is not None:
            return form, self._checked(called, form.overlaps(outside, self._inner)), found
        return form, called, found

    def _add(self, entry: _Entry) -> None:
        """Put an entry first, and let go of those that would call what this function does not call any more."""
        _linked.add(self._latest[1])
        kept = [e for e in self._entries[: _CACHE_SIZE - 1] if e[0].holds(e[2][0])]
        self._entries = (entry, *kept)
        self._guarded()

    def _compile(self, values: tuple[Any, ...]) -> Compiled:
        with examples():
            types = self._types(values)
            every = hash(self.in_lists(types, 1))
            before = self._shared.lists.setdefault(every, hash(types))
            least = None if before is None else MANY if before == hash(types) else 1
        if least is not None and self.in_lists(types, least) != types:
            try:
                return self._compiled(values, least)
            except SctError:  # as it needs the items one by one
                self._shared.lists[every] = None
        return self._compiled(values, None)

    def in_lists(self, types: tuple[Abstract, ...], least: int | None) -> tuple[Abstract, ...]:
        """The types of arguments where lists of so many items at least are of any length, if those are of one type."""
        if least is None or self.mode.own:
            return types
        return tuple(listed(t, n, least) for t, n in zip(types, self._inner.parameters, strict=True))

    def _compiled(self, values: tuple[Any, ...], least: int | None) -> Compiled:
        known = (*self._shared.compiled, *(form for form, *_ in self._entries))
        start = time.perf_counter()
        with dumped() as forms, examples():
            key = hash(self.in_lists(self._types(values), least))
            alike = len({id(form) for form in known if form.types == key})
            try:
                types, made = self._derivative(values, least, alike < _VARIANTS)
            except UnsupportedSyntaxError:
                if alike < _VARIANTS:
                    raise
                types, made = self._derivative(values, least, True)  # which each size needs a form of its own for
        if forms is not None:
            write_forms(forms, made.text)
        self._note(values, types, made, time.perf_counter() - start)
        if made.left is not None:
            self._say(made.left)
        root = self._root
        called, inner, given = self._signature.parameters, self._inner.parameters, self._callee
        call = Call([*called.values()], [*inner.values()], len(given.args), [*given.keywords], self._added, root)
        latest = replace(made.text, bound={})
        asked = [UNKNOWN if n in dict(self.mode.objects) else t for t, n in zip(types, inner, strict=True)]
        matches = guard(asked, values, made.dependencies, made.free, made.facts, call, latest)
        fit = sizes_fit(asked, made.free, made.facts, call)
        together = self.wrt if self.mode.together else None
        check = overlap_check(tuple(self._inner.parameters), asked, made.written, made.free, together)
        relied = made.dependencies, made.text, made.signature, matches, fit, check, key
        return with_room(lambda: compiled(root, *relied, made.kernels, self._file(made)))

    def _note(self, values: tuple[Any, ...], types: tuple[Abstract, ...], made: Made, seconds: float) -> None:
        """Keep what has been compiled, and why, for who asks for it.

        Raises
        ------
        RecompilationError
            If it is more than may be.
        """
        shared, most = self._shared, self.options.max_compilations
        with examples(), sizes_known():
            self._types(values)  # which notes the sizes
            named = dict(zip(self._inner.parameters, types, strict=True))
            relied = made.facts, made.free, made.dependencies
            found = compilation(named, *relied, shared.history, seconds, made.kept)
        if most is not None and shared.count >= most and not made.kept:
            again = f"{self._label()} is to be compiled once more, and max_compilations={most}"
            raise RecompilationError(f"{again}: {found.reason}", None, "Give arguments of the same types, or allow more forms.")
        shared.count += not made.kept
        shared.history = (*shared.history[1 - _CACHE_SIZE :], found)
        noted(self._label(), found, len(shared.history))

    @property
    def compilations(self) -> tuple[Compilation, ...]:
        """What has been compiled, for which types and why: of all derivatives like this one of functions of the same code."""
        return self._shared.history

    def _derivative(self, values: tuple[Any, ...], least: int | None, at_call: bool) -> tuple[tuple[Abstract, ...], Made]:
        """The derivative for such arguments; `at_call`: it may rely on how large they are."""
        load_declared()
        with sizes_known(at_call):
            types = self.in_lists(self._types(values), least)
            return types, self._remembered(types, at_call) if self._is_kept() else with_room(lambda: self._written(types)[0])

    def _is_kept(self) -> bool:
        """Whether what is compiled is kept for the next process."""
        return bool(os.environ.get("SCT_CACHE_DIR")) if self.options.cache is None else self.options.cache

    def _remembered(self, types: tuple[Abstract, ...], at_call: bool) -> Made:
        """The derivative as another process has compiled it, or else compiled, and kept for the next one."""
        from sct.api.kept import Store  # which other derivatives do without

        store = Store(self, types, at_call)
        made = None if hash(types) in self._shared.left else store.found()
        if made is not None:
            made = replace(made, kept=True)
        else:
            with noting() as read:
                made, function = with_room(lambda: self._written(types))
            store.keep(made, function, read)
        return made

    def _types(self, values: tuple[Any, ...]) -> tuple[Abstract, ...]:
        known = dict(self.mode.objects)
        pairs = zip(values, self._inner.parameters, strict=True)
        return tuple(known[n] if n in known else abstract(v, n, whole=n in self.wrt) for v, n in pairs)

    def _written(self, types: tuple[Abstract, ...], alone: bool = False) -> tuple[Made, Function]:
        """The derivative for arguments of the given types, as a text and in SSA form; `alone`: as a kernel and nothing else."""
        with compiling(), facts_relied_on() as relied:
            typed = self.typed(types)
            function = with_steps(typed.function, self.options.optimize)
            text, kernels, left = self._text(function, types, alone)
        relies = typed.dependencies, typed.free, typed.written, tuple(relied.facts)
        return Made(text, function.signature, *relies, kernels, left), function

    # -- Numba -------------------------------------------------------------------------------------------------------

    def _text(
        self, function: Function, types: tuple[Abstract, ...], alone: bool
    ) -> tuple[Text, tuple[Kernel, ...], Unlooped | None]:
        """The text of a finished derivative, what of it is for Numba, and what keeps it from that."""
        jit = self.options.jit
        left: Unlooped | None = self._shared.left.get(hash(types))
        if jit is not None and left is None:
            try:
                loops = looped(_missing_names(function), replace(jit.loops, alone=alone))
            except Unlooped as e:
                left = e
            else:
                return loops.text, loops.kernels, None
        return emit(function), (), left

    def _say(self, left: Unlooped) -> None:
        """Say what Numba does not compile.

        Raises
        ------
        JitError
            If that is asked for.
        """
        jit = self.options.jit
        if jit is not None and jit.strict:
            raise self._not_jitted(left, "Leave strict out, to have NumPy run it.")
        warn(str(self._not_jitted(left, "NumPy runs it, as without jit.")), JitWarning)

    def _not_jitted(self, left: Unlooped, advice: str) -> JitError:
        """What Numba does not compile, as an error."""
        place = left.place
        if place is None and (code := getattr(self._root, "__code__", None)) is not None:
            place = Place(code.co_filename, code.co_firstlineno, 0, code.co_name)
        of = f", for {left.statement}" if left.statement else ""
        return JitError(f"Numba does not compile {self._label()}{of}: {left.why}", place, advice)

    def _jitted(self, called: Callable[..., Any], form: Compiled) -> Callable[..., Any]:
        """A compiled form with kernels, which gives way to one without where Numba does not compile these."""

        @functools.wraps(called)
        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                return called(*args, **kwargs)
            except Unlooped as e:
                self._leave(form, e)
            return self(*args[len(self._first) :], **kwargs)

        return run

    def _leave(self, form: Compiled, left: Unlooped) -> None:
        """Leave a form that Numba does not compile, for good."""
        with self._shared.lock:
            self._shared.left[form.types] = left
            self._shared.compiled = tuple(f for f in self._shared.compiled if f is not form)
            self._entries = tuple(e for e in self._entries if e[0] is not form)
            self._guarded()

    def _file(self, made: Made) -> str | None:
        """Where a text with kernels lies, beside which Numba keeps what it compiles; None if it does not."""
        if not made.kernels or not self._is_kept():
            return None
        from sct.api.kept import file_of  # which other derivatives do without

        return file_of(made)

    def _kernel(self, types: Mapping[str, Abstract]) -> tuple[Any, Sequence[str]]:
        """For functions that Numba compiles: what it compiles of this where no sizes are known, and the order of parameters."""
        if self._given:
            raise JitError(
                f"{self._label()} of a method or partial, called in a function that Numba compiles",
                None,
                "Take the derivative of the function behind it.",
            )
        inner = tuple(types[n] for n in self._inner.parameters)
        load_declared()
        with examples(), sizes_known(at_call=False):
            made = with_room(lambda: self._written(inner, alone=True)[0])
        if made.left is not None:
            raise self._not_jitted(made.left, "Call it from Python.")
        if made.written and sum(isinstance(t, Array) for t in types.values()) > 1:
            w = made.written[0]
            why = f"it is written into, and other arguments may share memory with {w.path[0]}, which is not looked at"
            raise self._not_jitted(
                Unlooped(why, w.place, str(w.path[0])), "Call it from Python, or pass a copy that is returned."
            )
        call = load(made.text, made.kernels).imported.get(f"@{made.text.name}")
        if call is None:
            raise self._not_jitted(
                Unlooped("Python runs what is around its loops", None, made.text.name), "Call it from Python."
            )
        return call.dispatcher, [*made.signature.parameters]

    # -- checks ------------------------------------------------------------------------------------------------------

    def _checked(self, compiled: Callable[..., Any], check: Callable[[Sequence[Any]], None]) -> Callable[..., Any]:
        """A compiled function that first looks at its arguments; itself it is `__wrapped__`."""

        @functools.wraps(compiled)
        def checked(*args: Any, **kwargs: Any) -> Any:
            try:
                if kwargs or len(args) != self._arity + len(self._first):
                    bound = self._inner.bind(*args[: len(args) - len(self._added)], **kwargs)
                    bound.apply_defaults()
                    check(tuple(bound.arguments.values()))
                else:
                    check(args)
            except ArgumentMemoryError as e:
                if self.mode.seed == "itself":
                    return self._callee.function(*args, **kwargs)
                again = isinstance(self._callee.function, DerivedFunction)  # which takes its arguments to be apart
                if not e.of_arrays or again or self.mode.seed == "none" or self.mode.step:
                    raise
                try:
                    return self._together(*args[len(self._first) :], **kwargs)
                except UnsupportedSyntaxError:  # more is asked of such arguments
                    raise e from None
            return compiled(*args, **kwargs)

        return checked

    @functools.cached_property
    def _together(self) -> DerivedFunction[..., Any]:
        """The same for arguments that share memory."""
        wrt = self.wrt[0] if self.single else self.wrt
        mode = replace(self.mode, together=True)
        return DerivedFunction(self.primal, wrt, mode, self._transform, self.options)

    def _namespace(self, text: Text) -> dict[str, Any]:
        """The objects that a text names; a derivative of a recursive function is one of them."""
        return {n: self._called(v) if isinstance(v, (Again, Derived)) else v for n, v in text.bound.items()}

    def _called(self, op: Again | Derived) -> Callable[..., Any]:
        """What a text calls where it runs a function again, or a derivative of it."""
        return self._function_of(op)._as_function()

    def _function_of(self, op: Again | Derived) -> DerivedFunction[..., Any]:
        """What that is, as a derived function."""
        if isinstance(op, Derived):
            return self._derived(op)
        return DerivedFunction(op.function, 0, Mode("again", True, "none", again=True), "again", self._of_calls)

    @property
    def _of_calls(self) -> Options:
        """How what a text calls is made: where it calls anything, it is Python that runs it."""
        return replace(self.options, jit=None, max_compilations=None)

    def called(self, around: tuple[Again | Derived, ...], function: Any) -> Callable[..., Any]:
        """For a text: what it calls where it runs a function again, or a derivative of it."""
        op = function
        for outer in around:
            op = replace(outer, function=op)
        return self._called(op)

    def _derived(self, derived: Derived) -> DerivedFunction[..., Any]:
        function = self._derived(derived.function) if isinstance(derived.function, Derived) else derived.function
        own = derived.effect == "writes"
        mode = replace(CALLED[derived.transform], again=isinstance(function, Again), own=own, objects=derived.objects)
        function = function.function if isinstance(function, Again) else function
        itself = self._callee.function is function and not self._first
        if itself and self._given_wrt == derived.wrt and self.mode == mode:
            return self
        return DerivedFunction(function, derived.wrt, mode, derived.transform, self._of_calls)

    def _as_operation(self) -> Derived:
        """What a text calls this as, where it stands for a call that writes into its arguments: see `_derived`."""
        function = self._callee.function
        inner = function._as_operation() if isinstance(function, DerivedFunction) else function
        return Derived(inner, self.wrt, False, self._transform, "writes", self.mode.objects)

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

    def typed(self, types: tuple[Abstract, ...], again: bool = False) -> Typed:
        """The derivative in SSA form, for arguments of the given types; `again`: to be differentiated."""
        if len(types) != len(self._inner.parameters):  # the cotangent's is among them
            given = dict(zip(self._signature.parameters, types, strict=True))
            types = tuple(given[n] for n in self._inner.parameters)
        mode = replace(self.mode, taped=True) if again else self.mode
        function = self._callee.function
        if isinstance(function, DerivedFunction) and function.mode.seed == self.mode.seed == "shadows":
            return as_it_stands(twice(function._as_operation(), types, self.wrt, self._signature))
        if mode.seed == "examples":
            return self._of_many(types, mode)
        return differentiated(self.primal_form(types), self.wrt, self.single, mode, self.options.optimize)

    def _of_many(self, types: tuple[Abstract, ...], mode: Mode) -> Typed:
        """The function of many examples in SSA form, for arguments of the given types."""
        f = written_name(self.primal)
        open_ones = [n for n in self._inner.parameters if n in self._signature.parameters]
        given = dict(zip(self._inner.parameters, types, strict=True))
        asked = axes_of(mode.in_axes, [self._signature.parameters[n] for n in open_ones], [given[n] for n in open_ones], f)
        axes = {**dict.fromkeys(given), **dict(zip(open_ones, asked, strict=True))}
        of_each = tuple(of_one(t, axes[n], n, f) for n, t in given.items())
        mode = replace(mode, arguments=types, in_axes=tuple(axes.values()))
        return differentiated(self.primal_form(of_each), (), False, mode, self.options.optimize)

    def primal_form(self, types: tuple[Abstract, ...]) -> Typed:
        """The function that is differentiated, in SSA form, for arguments of the given types."""
        function = self._callee.function
        if isinstance(function, DerivedFunction):
            return shared(function.__sct_key__, types, lambda: typed_again(function.typed(types, again=True), types))
        return shared(function, types, lambda: typed_primal(function, types))

    @property
    def __sct_python__(self) -> Any:
        """For the compiler: the function that this is the compiled form of; None of a derivative."""
        return self.primal if self.mode.seed == "itself" else None

    def __sct_callee__(self) -> Callee:
        """For the compiler: the derivative of the function that the primal ends in, and what that gets beside the arguments."""
        if self.mode.seed == "itself":
            return reached(self.primal)
        if not self._first and not self._callee.keywords:
            return Callee(self)
        wrt = self.wrt[0] if self.single else self.wrt
        asked = self.mode, self._transform, self.options
        core: DerivedFunction[..., Any] = DerivedFunction(self._callee.function, wrt, *asked)
        return Callee(core, self._first, self._callee.keywords)

    def __sct_call__(self, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        """For the compiler: the derived function of parameters with names that a call is one of, and that call's operands."""
        return self, args, kwargs

    @property
    def __sct_split__(self) -> tuple[Any, DerivedFunction[..., Any]] | None:
        """For the compiler: of what gives the result and a linear function, the primal, and what gives both at once."""
        joint = {"pull": "vjp", "push": "jvp"}.get(self.mode.seed)
        if joint is None:
            return None
        function = self._callee.function
        wrt = self.wrt[0] if self.single else self.wrt
        mode = mode_of(joint, self.mode.has_aux, self.mode.holomorphic)
        return function, DerivedFunction(function, wrt, mode, joint, self.options)

    @property
    def __sct_root__(self) -> Any:
        """For the compiler: what is differentiated in the end."""
        function = self._callee.function
        return function.__sct_root__ if isinstance(function, DerivedFunction) else function

    @property
    def __sct_key__(self) -> Hashable:
        """For the compiler: what tells this derivative from others."""
        function = self._callee.function
        of = function.__sct_key__ if isinstance(function, DerivedFunction) else getattr(function, "key", function)
        return self._transform, self.mode, self.wrt, self.single, self.options.optimize, of

    def __sct_with__(self, change: Callable[[Any, inspect.Signature], Any]) -> DerivedFunction[..., Any]:
        """For the compiler: the derivative of what `change` makes of that, by the same parameters."""
        function = self._callee.function
        made = function.__sct_with__(change) if isinstance(function, DerivedFunction) else change(function, self._inner)
        wrt = self.wrt[0] if self.single else self.wrt
        return DerivedFunction(made, wrt, self.mode, self._transform, self.options)

    @property
    def __sct_added__(self) -> tuple[str, ...]:
        """For the compiler: the parameters that this has beside the function's own."""
        return tuple(self._added)

    def __sct_typed__(self, types: tuple[Abstract, ...]) -> Typed:
        """For the compiler: what a call of this function is, where another function calls it."""
        names = self._signature.parameters
        return self.typed(tuple(widen(t) if n in self.wrt else t for n, t in zip(names, types, strict=True)), again=True)

    def __sct_bind__(self, args: Sequence[Operand], kwargs: dict[str, Operand], builder: Specializer) -> list[Operand]:
        """For the compiler: a call's operands in the order of the parameters."""
        self._follow()
        callee = inspect.unwrap(self._root) if isinstance(self._root, FunctionType) else None
        function = Function(getattr(self, "__name__", "f"), self._signature, Block((), (), ()), None, callee)
        root = self.__sct_root__
        optional = root.defaults(args) if isinstance(root, Nested) else None
        last = {n: kwargs[n] for n in self._added if n in kwargs}
        missing = [n for n in self._added if n not in last]
        first, rest = args[: len(args) - len(missing)], args[len(args) - len(missing) :]
        if not self._added or len(args) < len(missing) or len(args) + len(kwargs) >= len(self._signature.parameters):
            return builder.bind(function, args, kwargs, optional)
        own = self._callee.open_signature(self._inner)  # whose defaults count: the cotangent, or the tangents, come last
        keywords = {k: v for k, v in kwargs.items() if k not in last}
        bound = builder.bind(replace(function, signature=own), first, keywords, optional)
        given = dict(zip(own.parameters, bound, strict=True)) | dict(zip(missing, rest, strict=True)) | last
        return [given[n] for n in self._signature.parameters]

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
        values, _, _ = self._bound(self._with_added(args, kwargs), kwargs)
        return self._found(values)

    def _with_added(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments as a call binds them, where the cotangent or tangents may be left out; they are None then."""
        n = len([name for name in self._added if name not in kwargs])
        own = {k: v for k, v in kwargs.items() if k not in self._added}
        if not n:
            return args
        try:
            self._bind(args[:-n], own)
        except TypeError:
            return (*args, *[None] * n)
        return args if len(args) >= n else (*args, *[None] * n)

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
        values, positional, keyword = self._bound(self._with_added(args, kwargs), kwargs)
        positional, keyword = copied(positional), copied(keyword)
        if self.mode.seed == "argument":
            result = self._callee.function(*copied(positional[:-1]), **copied(keyword))
            positional = (*positional[:-1], ones_like(result) if positional[-1] is None else positional[-1])
        elif self._added:
            n = len(positional) - len(self._added)
            like = dict(zip(self._inner.parameters, values, strict=True))
            tangents = [ones_like(like[w]) if t is None else t for w, t in zip(self.wrt, positional[n:], strict=True)]
            positional = (*positional[:n], *tangents)
        with examples(), compiling(), sizes_known():
            function, text = with_room(lambda: self._recording(self._types(values)))
        return tape_of(function, text, {"__name__": "sct.generated", **self._namespace(text)}, positional, keyword)

    def call_of(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], within: Callable[[DerivedFunction[..., Any]], Callable[..., Any]]
    ) -> tuple[Tree, dict[str, Any], tuple[Any, ...], dict[str, Any]]:
        """A call as Python runs it: the code, the objects that it names, and the arguments.

        `within` makes what the text calls of the derived functions that it calls.
        """
        values, positional, keyword = self._bound(args, kwargs)
        with examples(), compiling(), sizes_known():
            tree = with_room(lambda: tree_of(self._finished(self._types(values))))
        bound = {n: within(self._function_of(v)) if isinstance(v, (Again, Derived)) else v for n, v in tree.bound.items()}
        return tree, bound, positional, keyword

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by the names of the parameters."""
        bound = self._signature.bind(*args, **kwargs)
        return dict(bound.arguments)

    def text_of(self, types: tuple[Abstract, ...]) -> Text:
        """The text for arguments of the given types, as Python runs it."""
        return emit(self._finished(types))

    def _finished(self, types: tuple[Abstract, ...]) -> Function:
        """The derivative for arguments of the given types, as it is written."""
        return with_steps(self.typed(types).function, self.options.optimize)

    def _recording(self, types: tuple[Abstract, ...]) -> tuple[Function, Text]:
        function = self._finished(types)
        return function, emit(function)

    @property
    @ends_here
    def source(self) -> str:
        """The text of the derivative for the latest call's types; before any call, in the general form."""
        latest: Text | None = self._latest[0]
        if latest is not None:
            return latest.source
        return self._in_general(self._shown).source

    def _in_general(self, written: Callable[[Function], Text]) -> Text:
        """The text for the types that annotations say, or with ranks left open."""
        given = self._inner.bind_partial(*self._first, **self._callee.keywords).arguments
        with examples(), compiling(), sizes_known(at_call=False):
            types = tuple(
                abstract(given[n], n) if n in given else declared_type(p, n in self.wrt)
                for n, p in self._inner.parameters.items()
            )
            return with_room(lambda: written(self._finished(types)))

    def text_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Text:
        """The text as Python runs it, whose lines say what they come from: for arguments of these types; without any, for those
        of the latest call, or in the general form before any.

        Raises
        ------
        CallError
            If it is of the latest call, and was kept by another process, or is for Numba: it does not say what it comes from.
        """
        if args or kwargs:
            values, _, _ = self._bound(self._with_added(args, kwargs), kwargs)
            with examples(), compiling(), sizes_known():
                return with_room(lambda: self.text_of(self._types(values)))
        latest: Text | None = self._latest[0]
        if latest is None:
            return self._in_general(emit)
        if not latest.origins:
            raise CallError(f"the latest text of {self._label()} does not say what it comes from", advice="Give arguments.")
        return latest

    def _shown(self, function: Function) -> Text:
        """The text of a finished derivative, for who reads it."""
        try:
            return emit(function) if self.options.jit is None else looped(_missing_names(function), self.options.jit.loops).text
        except Unlooped:
            return emit(function)


def _missing_names(f: Function) -> Function:
    """A function that raises where a name is read that is not bound, also where a number always lies behind a name."""
    return changed(f, block=as_bound(f.block, lambda _: lambda _: True))


def made_again(
    f: Any, root: Any, first: tuple[Any, ...], given: tuple[Any, ...], common: dict[str, Any]
) -> DerivedFunction[..., Any]:
    """A derivative of `f` like one that was made for another function of its code, or for itself."""
    made = object.__new__(DerivedFunction)
    made.primal, made._root, made._first, made._given, made._entries = f, root, first, given, ()
    named = f if root is f else namesake(f, root)
    made._common, made.__module__, made.__doc__ = common, named.__module__, titled(common["_title"], named)
    made._latest = latest = [None, weakref.ref(made), f, common["_asked"]]
    call: Callable[..., Any] = MethodType(otherwise, latest)
    compiled = common["_shared"].compiled
    if compiled:  # what was compiled last is likely to be what is called
        form = compiled[0]
        entry = DerivedFunction._link(made, form)
        if entry is not None:
            made._entries = (entry,)
            _linked.add(latest[1])
            _, target, (_, objects, _, _) = entry
            call = form.guard.on(given + objects, target, call, latest)
    made.__call__ = call
    return made


def in_common(made: DerivedFunction[..., Any]) -> dict[str, Any]:
    """What a derivative has in common with those of other functions of the same code."""
    own = {"primal", "_root", "_first", "_given", "_latest", "_entries", "_common", *NAMES, *LATE}
    return {k: v for k, v in vars(made).items() if k not in own}


def signature_of(primal: Any) -> inspect.Signature:
    """The signature of what is differentiated."""
    if isinstance(primal, DerivedFunction):
        signature: inspect.Signature = primal._signature
        return signature
    return plain_signature(primal)


def _root(callee: Callee) -> Any:
    """The function whose code a call ends in."""
    root = callee.function
    root = root.function if isinstance(root, Flat) else root
    return root._root if isinstance(root, DerivedFunction) else root


def _defaults(f: Any) -> list[Any]:
    """The defaults of a function, those of keyword-only parameters after their names."""
    found = getattr(f, "__defaults__", None), getattr(f, "__kwdefaults__", None)
    return [*(found[0] or ()), *chain(*(found[1] or {}).items())]


def otherwise(latest: list[Any], /, *args: Any, **kwargs: Any) -> Any:
    """A call of a derived function, with `MISSING` for what is not given by position."""
    _, find, primal, asked = latest
    # Its `__call__` may be all that is left of it.
    self: DerivedFunction[..., Any] = find() or DerivedFunction(primal, *asked)
    try:
        (form, compiled, _), args, kwargs = self._otherwise(tuple(a for a in args if a is not MISSING), kwargs)
    except SctError as e:
        error = e
    else:
        latest[0] = form.text
        return compiled(*args, **kwargs)
    raise without_frames(error)


def _large(compiled: Callable[..., Any], label: str) -> Callable[..., Any]:
    """A compiled Jacobian or Hessian that says what to do where there is not enough memory; itself it is `__wrapped__`."""

    @functools.wraps(compiled)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return compiled(*args, **kwargs)
        except MemoryError as e:
            shape, dtype = getattr(e, "shape", None), getattr(e, "dtype", None)
            of = (
                "" if shape is None or dtype is None else f": {math.prod(shape) * dtype.itemsize} bytes for an array of {shape}"
            )
        error = DerivativeMemoryError(
            f"{label} takes more memory than there is{of}",
            advice="Where most of it is zero, take sparsity='auto', or a pattern; or sct.linearize, sct.pullback, sct.hvp.",
        )
        raise without_frames(error)

    return called


def _refuse_sizes(fits: Callable[..., Any], first: int, name: str) -> Callable[[Sequence[Any]], None]:
    """A check that the sizes of arguments are such as a compiled function relies on."""

    def check(args: Sequence[Any]) -> None:
        if not fits(*args[first:]):
            raise ValueError(
                f"{name}() was specialized for arguments of other sizes than these; call .specialize again with these arguments"
            )

    return check


_rules_in_use = threading.Event()
_linked = Living()
"""The derived functions that have a compiled form."""


def _forget() -> None:
    """Compile all derivatives again when they are called, since a rule is another one now."""
    if not _rules_in_use.is_set():
        return
    _rules_in_use.clear()
    forget_compiled()
    for made in _linked.living():
        made._entries, made._latest[0] = (), None
        made._guarded()


at_change(_forget)


def written_name(f: Any) -> str:
    """A function as the user refers to it, in an expression."""
    if isinstance(f, DerivedFunction):
        return f._label()
    name = getattr(f, "__name__", "f")
    return name if name.isidentifier() else "f"


def namesake(f: Any, root: Any) -> Any:
    """What a derivative of `f` has its names from."""
    return f if hasattr(f, "__name__") else root


def titled(title: str, f: Any) -> str:
    """What a derivative says of itself, above what the function `f` says."""
    said, own = title % getattr(f, "__name__", "a function"), getattr(f, "__doc__", None)
    return f"{said}\n\n{own}" if own else said


def names_of(f: Any) -> dict[str, Any]:
    return {name: getattr(f, name) for name in NAMES if hasattr(f, name)}
