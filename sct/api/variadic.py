"""Derivatives of functions of `*args` or `**kwargs`.

Takes any function that can be differentiated; gives its derivative, which is one derived function for each number and names
of arguments if the function has stars.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from sct.api.compilations import Compilation
from sct.api.derived import DerivedFunction, signature_of
from sct.api.options import PLAIN, Options
from sct.backend.python.emit import Text
from sct.backend.tape import Tape
from sct.errors import CallError
from sct.frontend.callables import Callee, flattened, has_stars, is_decorated, reached, seen_through
from sct.ir.ssa import Operand
from sct.ir.types import Dict, Tuple
from sct.tracebacks import ends_here
from sct.transform.reverse import Mode

__all__ = ["Variadic", "derive"]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Variadic(DerivedFunction[..., Any]):
    """A derivative of a function of `*args` or `**kwargs`: one derived function for each number and names of arguments.

    So it is of a decorated function, whose decorator may ask how it is called.

    A number in `wrt` is that of a positional argument; the name of `*args` or `**kwargs` is the tuple or dict of them all.
    """

    def __init__(self, primal: Callable[..., Any], wrt: Any, mode: Mode, transform: str, options: Options = PLAIN) -> None:
        super().__init__(primal, wrt, mode, transform, options)
        self._flat: dict[tuple[int, tuple[str, ...]], DerivedFunction[..., Any]] = {}
        self._last: DerivedFunction[..., Any] | None = None
        self._named = [p.name for p in self._inner.parameters.values() if p.kind in _POSITIONAL][len(self._first) :]
        stars = {p.kind: p.name for p in self._inner.parameters.values()}
        self._rest, self._options = stars.get(inspect.Parameter.VAR_POSITIONAL), stars.get(inspect.Parameter.VAR_KEYWORD)
        self._whole = frozenset(w for w in self.wrt if w in (self._rest, self._options))
        asked = [self._inner.parameters[w] for w in self.wrt if w in self._inner.parameters]
        self._optional = {p.name: p.default for p in asked if is_decorated(self._callee.function) and p.default is not p.empty}

    def _guarded(self) -> None:
        """Its derived functions are, one by one."""

    @ends_here
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        flat, positional, keywords = self._seen(args, kwargs)
        return flat(*positional, **keywords)

    def _seen(self, args: tuple[Any, ...], kwargs: dict[str, Any], kinds: tuple[Any, ...] = (tuple, dict)) -> Any:
        """The derived function of parameters with names that a call is one of, and that call's arguments."""
        missing = [n for n in self._added if n not in kwargs]
        last: tuple[Any, ...] = args[len(args) - len(missing) :]
        own = args[: len(args) - len(last)]
        inner = [n for n in getattr(self._callee.function, "_added", ()) if n not in kwargs]
        if inner and own:  # that of the derivative that is differentiated may be given last as well
            own, kwargs = own[: -len(inner)], {**kwargs, **dict(zip(inner, own[-len(inner) :], strict=False))}
        kwargs = {**{n: v for n, v in self._optional.items() if n not in self._named[: len(own)]}, **kwargs}
        names = tuple(k for k in kwargs if k not in self._added)
        flat = self._flat.get((len(own), names))
        if flat is None:
            flat = self._flat[len(own), names] = self._flattened(len(own), names)
        self._last = flat
        if self._rest in self._whole:
            n = len(self._named)
            own, kwargs = own[:n], {**kwargs, self._rest: kinds[0](tuple(own[n:]))}
            kwargs, last = {**kwargs, **dict(zip(missing, last, strict=False))}, ()
        if self._options in self._whole:
            known = self._inner.parameters
            rest = {k: kwargs[k] for k in names if k not in known}
            kwargs = {**{k: v for k, v in kwargs.items() if k not in rest}, self._options: kinds[1](rest)}
        return flat, (*own, *last), kwargs

    def _flattened(self, count: int, names: tuple[str, ...]) -> DerivedFunction[..., Any]:
        given = (*(k for k in self._callee.keywords if k not in names), *names)
        seen = flattened(self._callee.function, self._inner, len(self._first) + count, given, self._whole)
        positional = [p.name for p in seen.signature.parameters.values() if p.kind in _POSITIONAL][len(self._first) :]
        wrt = self._given_wrt if isinstance(self._given_wrt, (tuple, list)) else (self._given_wrt,)
        if is_decorated(self._callee.function):
            positional = self._named  # by the names of what it decorates
        try:
            chosen = tuple((positional if w >= 0 else positional[:count])[w] if isinstance(w, int) else w for w in wrt)
        except IndexError:
            message = f"{self._label()} is called with {count} arguments, and wrt={self._given_wrt!r}"
            raise CallError(message, advice="Give as many arguments as wrt counts.") from None
        missing = next((w for w in chosen if is_decorated(seen) and w not in seen.signature.parameters), None)
        if missing is not None:
            raise CallError(f"{self._label()}: missing a required argument: {missing!r}", advice="Give what wrt names.")
        return self._derivative_of(seen, chosen)

    def _derivative_of(self, seen: Any, chosen: tuple[Any, ...]) -> DerivedFunction[..., Any]:
        primal = (
            functools.partial(seen, *self._first, **self._callee.keywords) if self._first or self._callee.keywords else seen
        )
        asked = self.mode, self._transform, self.options
        return DerivedFunction(primal, chosen[0] if self.single else chosen, *asked)

    def __sct_callee__(self) -> Callee:
        if self.mode.seed == "itself":
            return reached(self.primal)
        if not self._first and not self._callee.keywords:
            return Callee(self)
        given = self._given_wrt if isinstance(self._given_wrt, (tuple, list)) else (self._given_wrt,)
        wrt = tuple(w + len(self._first) if isinstance(w, int) and w >= 0 else w for w in given)
        asked = self.mode, self._transform, self.options
        core = derive(self._callee.function, wrt[0] if self.single else wrt, *asked)
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

    def text_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Text:
        if not args and not kwargs:
            return self._shown_last().text_for((), {})
        flat, positional, keywords = self._seen(args, kwargs)
        found: Text = flat.text_for(positional, keywords)
        return found

    def call_of(self, args: tuple[Any, ...], kwargs: dict[str, Any], within: Callable[..., Any]) -> Any:
        flat, positional, keywords = self._seen(args, kwargs)
        return flat.call_of(positional, keywords, within)

    def tape(self, *args: Any, **kwargs: Any) -> Tape:
        flat, positional, keywords = self._seen(args, kwargs)
        found: Tape = flat.tape(*positional, **keywords)
        return found

    @property
    def __sct_decorated__(self) -> bool:
        """Whether it is of a decorated function, to which it gives what it is given."""
        return is_decorated(self._callee.function)

    def given_all(self) -> DerivedFunction[..., Any]:
        """Of a decorated function, that of a call with all parameters, by position where they can be; itself of any other."""
        if not is_decorated(self._callee.function):
            return self
        function = self._callee.function
        of_all = function.given_all() if isinstance(function, Variadic) else function
        return self._derivative_of(of_all, tuple(self.wrt))

    @property
    def compilations(self) -> tuple[Compilation, ...]:
        return tuple(c for flat in self._flat.values() for c in flat.compilations)

    @property
    def source(self) -> str:
        return self._shown_last().source

    def _shown_last(self) -> DerivedFunction[..., Any]:
        """The derived function of the latest call; before any, that of one with a single argument for `*args`."""
        shown = self._last or self.given_all()
        return self._flattened(len(self._named) + (self._rest is not None), ()) if shown is self else shown


def derive(primal: Callable[..., Any], wrt: Any, mode: Mode, transform: str, options: Options) -> DerivedFunction[..., Any]:
    """A derivative of `primal`."""
    function = seen_through(reached(primal).function)
    kind = Variadic if is_decorated(function) or has_stars(signature_of(function)) else DerivedFunction
    return kind(primal, wrt, mode, transform, options)
