"""The transforms as type checkers see them: a derivative is called as its function is."""

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar, overload

from sct.api.derived import DerivedFunction
from sct.api.sparse import Sparse

_P = ParamSpec("_P")
_R = TypeVar("_R")
_One: TypeAlias = int | str
_Many: TypeAlias = tuple[int | str, ...] | list[int | str]

@overload
def grad(
    f: Callable[_P, Any],
    wrt: _One = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, Any]: ...
@overload
def grad(
    f: Callable[_P, Any],
    wrt: _Many,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, tuple[Any, ...]]: ...
@overload
def grad(
    f: Callable[_P, Any],
    wrt: _One | _Many = 0,
    *,
    has_aux: bool,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, tuple[Any, Any]]: ...
@overload
def grad(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, Any]], DerivedFunction[_P, Any]]: ...
@overload
def value_and_grad(
    f: Callable[_P, _R],
    wrt: _One = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, tuple[_R, Any]]: ...
@overload
def value_and_grad(
    f: Callable[_P, _R],
    wrt: _Many,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, tuple[_R, tuple[Any, ...]]]: ...
@overload
def value_and_grad(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, _R]], DerivedFunction[_P, tuple[_R, Any]]]: ...
@overload
def vjp(
    f: Callable[..., _R],
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[..., tuple[_R, Any]]: ...
@overload
def vjp(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[..., _R]], DerivedFunction[..., tuple[_R, Any]]]: ...
@overload
def jvp(
    f: Callable[..., _R],
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[..., tuple[_R, Any]]: ...
@overload
def jvp(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[..., _R]], DerivedFunction[..., tuple[_R, Any]]]: ...
@overload
def compile(
    f: Callable[_P, _R],
    *,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, _R]: ...
@overload
def compile(
    f: None = None,
    *,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, _R]], DerivedFunction[_P, _R]]: ...
@overload
def linearize(
    f: Callable[_P, _R],
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, tuple[_R, Callable[..., Any]]]: ...
@overload
def linearize(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, _R]], DerivedFunction[_P, tuple[_R, Callable[..., Any]]]]: ...
@overload
def pullback(
    f: Callable[_P, _R],
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, tuple[_R, Callable[[Any], Any]]]: ...
@overload
def pullback(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, _R]], DerivedFunction[_P, tuple[_R, Callable[[Any], Any]]]]: ...
@overload
def elementwise_grad(
    f: Callable[_P, Any], wrt: _One | _Many = 0, *, optimize: bool = True, jit: None = None, cache: bool | None = None
) -> DerivedFunction[_P, Any]: ...
@overload
def elementwise_grad(
    f: None = None, wrt: _One | _Many = 0, *, optimize: bool = True, jit: None = None, cache: bool | None = None
) -> Callable[[Callable[_P, Any]], DerivedFunction[_P, Any]]: ...
@overload
def jacobian(
    f: Callable[_P, Any],
    wrt: _One | _Many = 0,
    *,
    mode: Literal["auto", "forward", "reverse"] = "auto",
    sparsity: None = None,
    format: str = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, Any]: ...
@overload
def jacobian(
    f: Callable[_P, Any],
    wrt: _One | _Many = 0,
    *,
    mode: Literal["auto", "forward", "reverse"] = "auto",
    sparsity: Any,
    format: Literal["csr", "csc", "coo", "dense"] = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Sparse: ...
@overload
def jacobian(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    mode: Literal["auto", "forward", "reverse"] = "auto",
    sparsity: None = None,
    format: str = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, Any]], DerivedFunction[_P, Any]]: ...
@overload
def jacobian(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    mode: Literal["auto", "forward", "reverse"] = "auto",
    sparsity: Any,
    format: Literal["csr", "csc", "coo", "dense"] = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[..., Any]], Sparse]: ...
@overload
def hessian(
    f: Callable[_P, Any],
    wrt: _One | _Many = 0,
    *,
    sparsity: None = None,
    format: str = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, Any]: ...
@overload
def hessian(
    f: Callable[_P, Any],
    wrt: _One | _Many = 0,
    *,
    sparsity: Any,
    format: Literal["csr", "csc", "coo", "dense"] = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Sparse: ...
@overload
def hessian(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    sparsity: None = None,
    format: str = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, Any]], DerivedFunction[_P, Any]]: ...
@overload
def hessian(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    sparsity: Any,
    format: Literal["csr", "csc", "coo", "dense"] = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[..., Any]], Sparse]: ...
@overload
def hvp(
    f: Callable[..., Any],
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[..., Any]: ...
@overload
def hvp(
    f: None = None,
    wrt: _One | _Many = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[..., Any]], DerivedFunction[..., Any]]: ...
@overload
def vmap(
    f: Callable[_P, _R],
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> DerivedFunction[_P, _R]: ...
@overload
def vmap(
    f: None = None,
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    optimize: bool = True,
    jit: Literal["numba"] | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Callable[[Callable[_P, _R]], DerivedFunction[_P, _R]]: ...
