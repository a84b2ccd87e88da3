"""Numba: what it compiles of a derivative, and whether it compiles what a module has for it.

Takes the kernels of a text; gives functions that Numba compiles for the types of the arguments when they are called. Takes the
text of a module and the types of its functions' parameters; has Numba compile each of the functions, and says what it cannot
take. Numba itself is told, when it starts, of what derivatives call besides NumPy.
"""

from __future__ import annotations

import functools
import importlib
import logging
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from sct.backend import scratch, vectorized
from sct.backend.loops import Kernel, Unlooped
from sct.errors import CacheWarning, SctError, warn
from sct.ir.types import Abstract, Array, Const, Scalar, Tuple
from sct.runtime.expectations import expect_structure

__all__ = ["kernels_of", "known_to_numba", "numba_for", "refuse_uncompiled"]

_log = logging.getLogger("sct.jit")
_OLDEST = (0, 61)  # the first with wheels for Python 3.13


def numba_for(what: str) -> Any:
    """Numba, for what asks for it.

    Raises
    ------
    SctError
        If it is not there, is too old, or cannot be imported.
    """
    install = "Install it: pip install 'sct-ad[numba]'."
    try:
        numba = importlib.import_module("numba")
    except ModuleNotFoundError as e:
        if e.name != "numba":
            raise
        raise SctError(f"{what} has Numba compile derivatives, and it is not installed", None, install) from None
    except ImportError as e:  # it is not for this version of NumPy
        raise SctError(f"{what} has Numba compile derivatives, and it cannot be imported: {e}", None, install) from None
    if tuple(map(int, re.findall(r"\d+", numba.__version__)[:2])) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise SctError(f"{what} takes Numba {oldest} or later, and this is {numba.__version__}", None, install)
    return numba


# -- the kernels of a text -----------------------------------------------------------------------------------------------------


def kernels_of(
    codes: Sequence[CodeType], kernels: Sequence[Kernel], imported: Mapping[str, Any], rows: Sequence[str], file: str | None
) -> dict[str, Callable[..., Any]]:
    """The kernels of a text, each as it is called from Python.

    Parameters
    ----------
    codes : sequence of CodeType
        The functions of the text.
    kernels : sequence of Kernel
        Which of these Numba compiles.
    imported : Mapping
        What the text imports.
    rows : sequence of str
        Its lines.
    file : str or None
        Where it lies, in a folder of its own, if Numba is to keep what it compiles for the next process, beside it.
    """
    numba = numba_for("jit='numba'")
    names = _names(imported, file)
    by_name = {kernel.name: kernel for kernel in kernels}
    of_python = _read(code for code in codes if code.co_name not in by_name)
    called = {}
    for code in codes:
        kernel = by_name.get(code.co_name)
        if kernel is not None:
            inner = code is not codes[-1] and code.co_name not in of_python
            options = {
                "error_model": "numpy",
                "nogil": "objmode" not in code.co_names,  # where Python runs
                "fastmath": set(kernel.fastmath),
                "parallel": kernel.parallel,
                "boundscheck": kernel.checked or None,
                "no_cpython_wrapper": inner,
                "no_cfunc_wrapper": inner,
                "cache": file is not None,
            }
            function = FunctionType(code, names)
            try:
                dispatcher = numba.njit(**options)(function)
            except RuntimeError as e:  # there is no folder that it may write into
                warn(f"Numba keeps nothing of {code.co_name}: {e}", CacheWarning)
                dispatcher = numba.njit(**{**options, "cache": False})(function)
            if kernel.apart:
                _without_aliases(dispatcher)
            called[code.co_name] = _from_python(numba, dispatcher, kernel, rows, file)
            if code is not codes[-1]:  # which none of them calls, and which may be named after a function of Python's
                names[code.co_name] = dispatcher
    return called


def _without_aliases(dispatcher: Any) -> None:
    """Have LLVM take it that no two arrays that a kernel is given lie in the same memory: then it need not look."""
    compiler = getattr(dispatcher, "_compiler", None)
    customized = getattr(compiler, "_customize_flags", None)
    if customized is None:  # it is not Numba's to promise; without it, loops look for themselves
        return

    def apart(flags: Any) -> Any:
        flags.noalias = True
        return customized(flags)

    compiler._customize_flags = apart  # type: ignore[union-attr]


def _read(codes: Iterable[CodeType]) -> set[str]:
    """The names of globals that functions read, and those inside of them."""
    return {n for code in codes for n in (*code.co_names, *_read(c for c in code.co_consts if isinstance(c, CodeType)))}


def _names(imported: Mapping[str, Any], file: str | None) -> dict[str, Any]:
    """The globals of kernels.

    Where Numba keeps what it compiles they are those of a module, which it imports to read that, and by whose name it tells
    machine codes apart.
    """
    if file is None:
        return {**imported, "__name__": None}
    module = ModuleType(f"sct_kept_{Path(file).parent.name}")
    vars(module).update({**imported, "__name__": module.__name__})
    sys.modules[module.__name__] = module
    return vars(module)


def _from_python(numba: Any, dispatcher: Any, kernel: Kernel, rows: Sequence[str], file: str | None) -> Callable[..., Any]:
    """What calls a kernel, and says so where Numba does not compile it for what it is called with."""
    refused: type[Exception] = numba.core.errors.NumbaError
    compiled = dispatcher.overloads

    @functools.wraps(dispatcher.py_func)
    def call(*args: Any) -> Any:
        if not compiled:
            _compile(numba, dispatcher, kernel, args, rows, file)
        try:
            return dispatcher(*args)
        except refused as e:  # for arrays of another layout
            error = e
        raise _uncompiled(error, kernel, rows)

    call.dispatcher = dispatcher  # type: ignore[attr-defined]
    return call


def _compile(numba: Any, dispatcher: Any, kernel: Kernel, args: Sequence[Any], rows: Sequence[str], file: str | None) -> None:
    """Have Numba compile a kernel for arguments of the types of these."""
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", numba.core.errors.NumbaWarning)
            types = tuple(map(numba.typeof, args))
            try:
                dispatcher.compile(types)
            except Exception as e:
                if file is None or isinstance(e, numba.core.errors.NumbaError):
                    raise
                _put_away(file, e)
                dispatcher.compile(types)
    except Exception as e:  # noqa: BLE001  (what Numba raises where it does not know what to do is of any class)
        raise _uncompiled(e, kernel, rows) from None
    found = sum(dispatcher.stats.cache_hits.values())
    _log.info(
        "%s %s in %.2f s", kernel.name, "is found in Numba's cache" if found else "is compiled", time.perf_counter() - start
    )


def _put_away(file: str, error: Exception) -> None:
    """Put away what Numba keeps beside a file, which cannot be read."""
    warn(f"what Numba keeps of {file} is damaged, and is left out: {error!r}", CacheWarning)
    for kept in Path(file).parent.glob("__pycache__/*.nb[ic]"):
        kept.unlink(missing_ok=True)


def _uncompiled(error: Exception, kernel: Kernel, rows: Sequence[str]) -> Unlooped:
    """What Numba says of a kernel, with the line of the text that it says it of."""
    line: int | None = getattr(getattr(error, "loc", None), "line", None)
    places = dict(kernel.lines)
    statement = rows[line - 1].strip() if line is not None and 0 < line <= len(rows) else kernel.name
    return Unlooped(_reason(error), places.get(line or 0), statement)


def _reason(error: Exception) -> str:
    """The first line of an error of Numba's that says something."""
    rows = str(error).splitlines()
    return next((row.strip() for row in rows if row.strip() and "pipeline" not in row), type(error).__name__)


# -- modules -------------------------------------------------------------------------------------------------------------------


def known_to_numba() -> None:
    """Let Numba compile what looks at the structure of a cotangent or tangent: by its type that is right (`pyproject.toml`)."""
    from numba.extending import overload

    overload(expect_structure)(lambda name, x, like: lambda name, x, like: None)
    vectorized.known_to_numba()
    scratch.known_to_numba()


def refuse_uncompiled(text: str, functions: Mapping[str, Sequence[tuple[str, Abstract]]]) -> None:
    """Raise where Numba does not compile a function of a module; `functions` have the names and types of their parameters.

    Raises
    ------
    SctError
        If Numba is not installed, has no such type of argument, or cannot compile a function.
    """
    numba = numba_for("jit='numba'")
    types = {name: tuple(_of_numba(t, p, numba) for p, t in parameters) for name, parameters in functions.items()}
    namespace: dict[str, Any] = {"__name__": "sct.generated"}
    exec(compile(text, "<generated>", "exec"), namespace)
    for name, signature in types.items():
        try:
            namespace[name].compile(signature)
        except numba.core.errors.NumbaError as e:
            raise SctError(
                f"Numba cannot compile {name.lstrip('_')}: {_reason(e)}",
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
