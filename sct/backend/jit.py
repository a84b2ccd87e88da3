"""Numba: whether it compiles what a module has for it.

Takes the text of a module and the types of its functions' parameters; has Numba compile each of the functions, and says what
it cannot take. Never calls one. Numba itself is told, when it starts, of what derivatives call besides NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sct.errors import SctError
from sct.ir.types import Abstract, Array, Const, Scalar, Tuple
from sct.runtime.expectations import expect_structure

__all__ = ["known_to_numba", "refuse_uncompiled"]


def known_to_numba() -> None:
    """Let Numba compile what looks at the structure of a cotangent or tangent: by its type that is right (`pyproject.toml`)."""
    from numba.extending import overload

    overload(expect_structure)(lambda name, x, like: lambda name, x, like: None)


def refuse_uncompiled(text: str, functions: Mapping[str, Sequence[tuple[str, Abstract]]]) -> None:
    """Raise where Numba does not compile a function of a module; `functions` have the names and types of their parameters.

    Raises
    ------
    SctError
        If Numba is not installed, has no such type of argument, or cannot compile a function.
    """
    try:
        import numba
    except ImportError:
        raise SctError(
            "jit='numba' has Numba compile the module once, and it is not installed", None, "Install numba."
        ) from None
    types = {name: tuple(_of_numba(t, p, numba) for p, t in parameters) for name, parameters in functions.items()}
    namespace: dict[str, Any] = {"__name__": "sct.generated"}
    exec(compile(text, "<generated>", "exec"), namespace)
    for name, signature in types.items():
        try:
            namespace[name].compile(signature)
        except numba.core.errors.NumbaError as e:
            why = next((row for row in str(e).splitlines() if row.strip() and "pipeline" not in row), str(e))
            raise SctError(
                f"Numba cannot compile {name.lstrip('_')}: {why.strip()}",
                None,
                "Leave jit out, or write the function as loops over numbers and arrays.",
            ) from None


def _of_numba(t: Abstract, path: str, numba: Any) -> Any:
    """A type as Numba has it."""
    if isinstance(t, Array) and t.dtype is not None and t.shape is not None and t.dtype.kind in "biufc":
        item = numba.from_dtype(t.dtype)
        return numba.types.Array(item, len(t.shape), "C") if t.shape or t.boxed else item
    if isinstance(t, Scalar):
        return numba.typeof(t.kind(0))
    if isinstance(t, Const) and (t.value is None or isinstance(t.value, (bool, int, float, complex, str))):
        return numba.typeof(t.value)
    if isinstance(t, Tuple) and t.kind is None:
        return numba.types.Tuple(tuple(_of_numba(i, f"{path}[{k}]", numba) for k, i in enumerate(t.items)))
    raise SctError(
        f"{path} is no number, array of known rank, flag or tuple of these, as Numba takes them",
        None,
        "Leave jit out, or give types or like; pass the arrays of a list, dict or object one by one.",
    )
