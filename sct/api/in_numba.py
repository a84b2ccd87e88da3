"""Derivatives that are called by functions which Numba compiles.

Takes a derived function and the types that Numba has for the arguments of a call; gives a function of Numba's that calls the
kernel of the derivative for such arguments. It is made without arguments, so it relies on no sizes: no axis may be of length 1,
which is looked at when it runs. Numba is told of derived functions when the first of them is made that it is to compile.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from sct.backend.jit import numba_for
from sct.errors import SctError
from sct.infer.signature import abstract
from sct.ir.types import Abstract, Array, Const, Scalar, Tuple, size_symbol

__all__ = ["told"]


class _Derived(Protocol):
    """A derived function, as far as it is called here."""

    __signature__: inspect.Signature
    __name__: str

    def _kernel(self, types: Mapping[str, Abstract]) -> tuple[Any, Sequence[str]]:
        """What Numba compiles of it for parameters of these types, and the order in which it takes them."""


def told(kind: type) -> None:
    """Let Numba know derived functions, which are of class `kind`."""
    if kind in _told:
        return
    _told.append(kind)
    numba = numba_for("jit='numba'")
    extending: Any = importlib.import_module("numba.extending")
    types, errors = numba.core.types, numba.core.errors
    bases: Any = types.Callable, types.Opaque

    class Called(*bases):  # type: ignore[misc]
        """The type of one derived function."""

        def __init__(self, derived: _Derived) -> None:
            self.derived = derived
            self.made: dict[Any, Any] = {}
            super().__init__(f"sct({derived!r} {id(derived)})")

        def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
            try:
                bound = self.derived.__signature__.bind(*args, **dict(kws))
                around = _around(numba, self.derived, bound.arguments)
            except (SctError, TypeError) as e:
                raise errors.TypingError(str(e)) from None
            made = types.Dispatcher(around).get_call_type(context, args, kws)
            self.made[made.args] = around
            return made

        def get_call_signatures(self) -> tuple[list[Any], bool]:
            return [], True

        def get_impl_key(self, signature: Any) -> Any:
            return self.made[signature.args].get_overload(signature.args)

    extending.register_model(Called)(extending.models.OpaqueModel)

    def unboxed(t: Any, value: Any, c: Any) -> Any:
        return extending.NativeValue(c.context.get_dummy_value())

    def type_of(derived: Any, context: Any) -> Any:
        if derived.options.jit is None:
            raise errors.NumbaValueError(f"{derived!r} is not compiled by Numba: make it with jit='numba'")
        own = vars(derived)
        if "in_numba" not in own:
            own["in_numba"] = Called(derived)
        return own["in_numba"]

    extending.unbox(Called)(unboxed)
    extending.typeof_impl.register(kind)(type_of)


_told: list[type] = []


def _around(numba: Any, derived: _Derived, given: Mapping[str, Any]) -> Any:
    """A function of Numba's that calls the kernel of a derived function for arguments of these types."""
    parameters = derived.__signature__.parameters.values()
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        raise SctError(
            f"{derived!r}, of *args or **kwargs", None, "Take the derivative of a function that has all as parameters."
        )
    types = {p.name: _abstract(numba, given[p.name], p.name) if p.name in given else abstract(p.default) for p in parameters}
    kernel, order = derived._kernel(types)
    tests = "".join(
        f"    if {path}.shape[{k}] == 1:\n        raise ValueError({_said(derived, path)!r})\n"
        for n, t in types.items()
        for path, rank in _arrays(t, n)
        for k in range(rank)
    )
    namespace = {"kernel": kernel}
    exec(f"def around({', '.join(types)}):\n{tests}    return kernel({', '.join(order)})\n", namespace)
    made = namespace["around"]
    made.__defaults__ = tuple(p.default for p in parameters if p.default is not p.empty) or None
    return numba.njit(nogil=True)(made)


def _said(derived: _Derived, path: str) -> str:
    return f"{path} has an axis of length 1, for which {derived.__name__} is to be called from Python"


def _arrays(t: Abstract, path: str) -> Iterator[tuple[str, int]]:
    """The arrays in an argument, and their ranks."""
    if isinstance(t, Tuple):
        yield from itertools.chain(*(_arrays(item, f"{path}[{k}]") for k, item in enumerate(t.items)))
    elif isinstance(t, Array) and t.shape:
        yield path, len(t.shape)


def _abstract(numba: Any, t: Any, path: str) -> Abstract:
    """A type of Numba's."""
    types, as_dtype = numba.core.types, numba.np.numpy_support.as_dtype
    t = unliteral = types.unliteral(t)
    if isinstance(t, types.Array):
        sizes = tuple(size_symbol(f"{path}.{k}", 1) for k in range(t.ndim))
        return Array(as_dtype(t.dtype), sizes, boxed=not t.ndim)
    if isinstance(t, types.BaseTuple) and not isinstance(t, types.BaseNamedTuple):
        return Tuple(tuple(_abstract(numba, item, f"{path}[{k}]") for k, item in enumerate(t)))
    if t == types.none:
        return Const(None)
    if isinstance(t, types.Number):
        kind = {types.float64: float, types.int64: int, types.complex128: complex}.get(t)
        if kind is not None:
            return Scalar(kind, size_symbol(path) if kind is int else None)
        return Array(np.dtype(as_dtype(t)), ())
    raise SctError(f"{path}, which Numba knows as {unliteral}", None, "Derivatives are of arrays, numbers and tuples of these.")
