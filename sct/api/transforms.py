"""The transforms: from a function to a derived function.

Takes Python functions, NumPy functions with a rule, and derived functions; gives `DerivedFunction`s. Never calls the function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any, ParamSpec

from sct.api.cache import shared_by
from sct.api.derived import DerivedFunction, in_common, made_again, written_name
from sct.api.options import Options, as_primal, options_of
from sct.api.reuse import behind
from sct.api.variadic import derive
from sct.errors import CallError, SctError
from sct.frontend.callables import Flat
from sct.registry.rules import has_adjoint
from sct.signatures import read_signature
from sct.stages import mode_of
from sct.tracebacks import ends_here, without_frames
from sct.transform.reverse import Mode
from sct.transform.vmap import VMAP, as_axes

__all__ = [
    "compile",
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "pullback",
    "value_and_grad",
    "vjp",
    "vmap",
]

_P = ParamSpec("_P")


@ends_here
def _transform(
    name: str,
    f: Any,
    wrt: Any,
    options: Options,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Any:
    if f is None:
        return functools.partial(_transform, name, wrt=wrt, options=options, has_aux=has_aux, holomorphic=holomorphic)
    if not callable(f):
        raise CallError(
            f"sct.{name} takes a function, not {_kind(f)}", advice=f"Write sct.{name}(f)(x) for the derivative of f at x."
        )
    return derive(f, wrt, mode_of(name, has_aux, holomorphic), name, as_primal(options, f))


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


_OTHER_WORDS = ("argnums", "argnum", "argnames", "argname")  # of JAX and autograd, for wrt


def _transformer(transform: Callable[_P, Any]) -> Callable[_P, Any]:
    """A transform that answers other words for its arguments with its own."""
    parameters = read_signature(transform).parameters
    known = frozenset(parameters)
    most = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())
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
                table, root, first, given, layout = behind(f)
                key = (name, layout)
            if kwargs or len(args) > 1:
                key = (key, *args[1:], *kwargs.items(), *map(type, args[1:]))
            try:
                common = None if table is None else table.get(key)
            except TypeError:  # wrt is a list
                table = common = None
            if common is not None:
                return made_again(f, root, first, given, common)
            if len(args) <= most and kwargs.keys() <= known:
                made = transform(*args, **kwargs)
                own = type(made) is DerivedFunction and made.primal is f  # and not one of its gradient
                if table is not None and own and not isinstance(made._callee.function, Flat):
                    table[key] = in_common(made)
                return made
            error: SctError = _miscalled(transform.__name__, known, args, kwargs)
        except SctError as e:
            error = e
        raise without_frames(error)

    return called


def _miscalled(name: str, known: frozenset[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallError:
    """What is wrong with the arguments of a transform, and how to write them."""
    f = written_name(args[0]) if args else "f"
    if name == "vmap" and len(args) > 3:
        return CallError("sct.vmap takes a function, in_axes and out_axes", advice=f"Write sct.vmap({f}, in_axes=(0, None)).")
    if name == "compile" and len(args) > 1:
        what = f"sct.compile takes a function, not {len(args)} arguments"
        return CallError(
            what, advice=f"Write sct.compile({f}, jit='numba') for the function itself, sct.grad for a derivative."
        )
    if len(args) > 2:
        what = f"sct.{name} takes a function and wrt, not {len(args)} arguments"
        wrt = args[1:] if all(isinstance(a, (int, str)) for a in args[1:]) else None
        return CallError(what, advice=f"Write sct.{name}({f}, wrt={wrt or (0, 1)}).")
    word = next(k for k in kwargs if k not in known)
    if word in _OTHER_WORDS and "wrt" in known:
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
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
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
    jit : {None, "numba"}
        "numba": the derivative is loops that Numba compiles, as far as that goes (docs/numba.md). None: it is NumPy's calls,
        unless `f` is a function that Numba compiles, or a derivative of that.
    strict, parallel, fastmath : bool
        With `jit="numba"`: whether what Numba does not compile is an error, and no warning; whether loops whose iterations do
        not depend on one another run on several threads; whether sums may be taken in another order.
    cache : bool
        Whether what is compiled is kept for the next process; if it is left out, where `SCT_CACHE_DIR` says a folder.
    max_compilations : int
        How many forms may be compiled, for arguments of different types: the next one is an error, which says what has changed.

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
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("grad", f, wrt, options, has_aux, holomorphic)


@_transformer
def value_and_grad(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The value and the gradient of a scalar-valued function: `(value, gradient)`, with `has_aux` `((value, aux), gradient)`.

    Parameters are those of `grad`.
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("value_and_grad", f, wrt, options, has_aux, holomorphic)


@_transformer
def vjp(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The vector-Jacobian product, both sweeps in one function (joint).

    Parameters are those of `grad`; the result of `f` may have any shape or structure.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`, then the adjoint of its result; returns `(y, cotangents)`.
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("vjp", f, wrt, options, has_aux)


@_transformer
def pullback(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
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
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("pullback", f, wrt, options, has_aux)


@_transformer
def jvp(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The Jacobian-vector product, in forward mode: tangents beside values, nothing recorded.

    Parameters are those of `grad`; the result of `f` may have any shape or structure.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`, then a tangent for each `wrt` argument, of its structure and shape, in that order; returns
        `(y, y_dot)`. With `has_aux` `f` returns `(y, aux)`, and that is `((y, aux), y_dot)`.

    Raises
    ------
    UnsupportedSyntaxError, NoRuleError, NonDifferentiableArgumentError, SourceUnavailableError
        When it is first called with arguments of new types.
    ValueError
        If a tangent has another shape than its argument.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     return x * x
    >>> sct.jvp(f)(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    (array([1., 4.]), array([2., 2.]))
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("jvp", f, wrt, options, has_aux)


@_transformer
def linearize(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The value and the derivative as a linear function of tangents: forward mode, split.

    Parameters are those of `grad`; the result of `f` may have any shape or structure.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`; returns `(y, push)`, where `push(*tangents)`, with a tangent for each `wrt` argument, gives
        that of `y`, any number of times.

    Notes
    -----
    The function runs once; `push` reads its values, and goes once more through loops and branches that tangents pass through,
    without what they do to the world. It reads the arguments' arrays when it is called: write into these only when it is not
    needed any more. `y` may be written into.

    Examples
    --------
    >>> import numpy as np, sct
    >>> y, push = sct.linearize(np.square)(np.array([1.0, 2.0]))
    >>> push(np.array([1.0, 0.5]))
    array([2., 2.])
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("linearize", f, wrt, options, has_aux)


@_transformer
def elementwise_grad(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The derivative of an element-wise function, element by element: the vjp with a cotangent of ones.

    For a function whose results mix elements it gives the sum of the Jacobian's rows.
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _transform("elementwise_grad", f, wrt, options)


_WAYS = {"auto": "jacobian", "forward": "jacobian_by_columns", "reverse": "jacobian_by_rows"}


@_transformer
def jacobian(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    mode: str = "auto",
    sparsity: Any = None,
    format: str = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The Jacobian: the derivative of each number of the result by each number of the arguments `wrt`.

    Parameters are those of `grad`; the result of `f` may be a number or an array, or a tuple, list or dict of these.

    Parameters
    ----------
    mode : {"auto", "forward", "reverse"}
        Whether it is had by columns, in forward mode, or by rows, in reverse mode; "auto": by what there is less of, as far as
        the sizes at the call tell, and if they do not, in forward mode unless the result is of a known number of numbers;
        where one of the two is refused, by the other. With a pattern: by what takes fewer directions.
    sparsity : {None, "auto"} or matrix
        The entries that may be other than zero: a matrix of scipy.sparse, all of whose stored entries count, or an array of
        flags, with a row for each number of the result and a column for each number of the arguments; "auto": they are found.
        The Jacobian is then had by a few directions, and is a sparse matrix (docs/sparse.md).
    format : {"csr", "csc", "coo", "dense"}
        Which class of scipy.sparse that is; "dense": an array, as without a pattern.

    Returns
    -------
    DerivedFunction or Sparse
        Takes the arguments of `f`; returns for a result `y` and an argument `x` an array of shape `y.shape + x.shape`; for
        several in a tuple, list or dict, that structure of the result, in which each part has the structure of `wrt`. With a
        pattern, in place of such an array, a matrix of shape `(y.size, x.size)`.

    Raises
    ------
    NonDifferentiableArgumentError, NonScalarOutputError
        If an argument, or the result, is or holds something else than real numbers and arrays of these.
    UnsupportedSyntaxError, NoRuleError, SourceUnavailableError
        When it is first called with arguments of new types.
    ValueError
        If there is no such mode.
    PatternShapeError, MissingEntryError
        If a pattern has another shape than the Jacobian, or leaves out an entry that is not zero.
    DerivativeMemoryError
        If there is not enough memory.

    Notes
    -----
    All columns or rows are computed at once, along a first axis of tangents or adjoints; where an operation has no form for
    that, one after another, in a loop (see the source). With n numbers in the arguments and m in the result that takes about n
    times what `sct.jvp` does, or m times what `sct.vjp` does, less what NumPy gains by larger arrays, and as many times the
    memory (Griewank & Walther 2008, chapter 3).

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     return np.array([x[0] * x[1], x[0]])
    >>> sct.jacobian(f)(np.array([3.0, 2.0]))
    array([[2., 3.],
           [1., 0.]])
    """
    if mode not in _WAYS:
        raise ValueError(f"mode={mode!r}: there is {', '.join(map(repr, _WAYS))}")
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    if sparsity is not None:
        return _sparse("jacobian", f, wrt, sparsity, format, mode, has_aux, options)
    return _transform(_WAYS[mode], f, wrt, options, has_aux)


@ends_here
def _sparse(of: str, f: Any, wrt: Any, sparsity: Any, format: str, mode: str, has_aux: bool, options: Options) -> Any:
    """A sparse Jacobian or Hessian."""
    from sct.api.sparse import Sparse  # which others do without

    if f is None:
        given = {"sparsity": sparsity, "format": format, "mode": mode, "has_aux": has_aux, "options": options}
        return functools.partial(_sparse, of, wrt=wrt, **given)
    return Sparse(f, wrt, of, sparsity, format, mode, has_aux, as_primal(options, f))


@_transformer
def hessian(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    sparsity: Any = None,
    format: str = "csr",
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The Hessian of a scalar-valued function: the Jacobian of its gradient, in forward mode over reverse mode.

    Parameters are those of `grad`.

    Parameters
    ----------
    sparsity, format
        As for `jacobian`: a pattern, of which the transpose is taken as well, or "auto".

    Returns
    -------
    DerivedFunction or Sparse
        Takes the arguments of `f`; returns for an argument `x` an array of shape `x.shape + x.shape`; for several, that
        structure, in which each part has it once more.

    Raises
    ------
    UnsupportedSyntaxError, NoRuleError, NonScalarOutputError, NonDifferentiableArgumentError, SourceUnavailableError
        When it is first called with arguments of new types.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     return x[0] ** 2 * x[1]
    >>> sct.hessian(f)(np.array([3.0, 2.0]))
    array([[4., 6.],
           [6., 0.]])
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    if sparsity is not None:
        return _sparse("hessian", f, wrt, sparsity, format, "auto", has_aux, options)
    return _second("jacobian_of_gradient", f, wrt, has_aux, options)


@_transformer
def hvp(
    f: Callable[..., Any] | None = None,
    wrt: Any = 0,
    *,
    has_aux: bool = False,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The product of the Hessian of a scalar-valued function and a vector, without the Hessian: the gradient's tangent.

    Parameters are those of `grad`.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`, then a vector for each `wrt` argument, of its structure and shape; returns the products, of
        the structure of the gradient. It takes a few times what that does (Pearlmutter 1994).

    Raises
    ------
    UnsupportedSyntaxError, NoRuleError, NonScalarOutputError, NonDifferentiableArgumentError, SourceUnavailableError
        When it is first called with arguments of new types.
    ValueError
        If a vector has another shape than its argument.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     return x[0] ** 2 * x[1]
    >>> sct.hvp(f)(np.array([3.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 6.])
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _second("jvp_of_gradient", f, wrt, has_aux, options)


@_transformer
def compile(
    f: Callable[..., Any] | None = None,
    *,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The function itself, compiled for the types of its arguments as a derivative is: with `jit="numba"`, to loops.

    Parameters are those of `grad`.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`, and gives what that gives; it writes into arrays that are arguments as `f` does. Where such
        arrays share memory, `f` itself runs. Transforms of it are those of `f`.

    Raises
    ------
    UnsupportedSyntaxError, SourceUnavailableError
        When it is first called with arguments of new types; also if `f` writes into lists, dicts or objects that it is given.

    Examples
    --------
    >>> import numpy as np, sct
    >>> @sct.compile
    ... def smooth(x, n):
    ...     for _ in range(n):
    ...         x[1:-1] = 0.5 * (x[:-2] + x[2:])
    >>> x = np.array([0.0, 0.0, 4.0, 0.0, 0.0])
    >>> smooth(x, 2)
    >>> x
    array([0., 0., 2., 0., 0.])
    """
    return _transform("compile", f, (), options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations))


@_transformer
def vmap(
    f: Callable[..., Any] | None = None,
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    optimize: bool = True,
    jit: str | None = None,
    strict: bool = False,
    parallel: bool = False,
    fastmath: bool = True,
    cache: bool | None = None,
    max_compilations: int | None = None,
) -> Any:
    """The function of many examples, of a function of one.

    Parameters
    ----------
    f : callable
        A function, or a derivative: `sct.vmap(sct.grad(loss))` gives the gradient of each example.
    in_axes : int, tuple or dict
        Along which axis of its arguments the examples lie. A number counts for all that have no default, and for such as are
        arrays in place of one; a tuple has an entry for each argument, a dict one for some by their names: a number; None for
        what is the same for all examples; or for a tuple, list or dict what has its structure.
    out_axes : int or tuple, list or dict
        Along which axis of the result they are to lie; None for a part that is the same for all.
    optimize, jit, strict, parallel, fastmath, cache
        As for `grad`.

    Returns
    -------
    DerivedFunction
        Takes the arguments of `f`, with one more axis each; returns what `f` does, with one more axis. It can be
        differentiated, and vectorized again.

    Raises
    ------
    CallError
        If `in_axes` or `out_axes` do not fit the arguments or the result, when it is first called with such.
    ValueError
        If two arguments have other numbers of examples.
    UnsupportedSyntaxError, NoRuleError, SourceUnavailableError
        When it is first called with arguments of new types.

    Notes
    -----
    All examples are gone through at once, along a first axis of what depends on them. A branch that some take is computed for
    these, a loop runs as long as some are in it; an operation that has no form for many, and a function that draws random
    numbers or does something to the world, runs for one example after another, in a loop (see the source). Functions of the
    module `math` become those of NumPy, which give nan or infinity, with a warning, where `math` raises.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def loss(w, x, y):
    ...     return (w @ x - y) ** 2
    >>> X, Y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 2.0, 3.0])
    >>> sct.vmap(sct.grad(loss), in_axes=(None, 0, 0))(np.array([0.5, 0.25]), X, Y)
    array([[ 0.,  0.],
           [ 3.,  4.],
           [10., 12.]])
    """
    options = options_of(optimize, jit, strict, parallel, fastmath, cache, max_compilations)
    return _vmap(f, replace(VMAP, in_axes=as_axes(in_axes), out_axes=as_axes(out_axes)), options)


@ends_here
def _vmap(f: Any, mode: Mode, options: Options) -> Any:
    if f is None:
        return functools.partial(_vmap, mode=mode, options=options)
    if not callable(f):
        raise CallError(f"sct.vmap takes a function, not {_kind(f)}", advice="Write sct.vmap(f)(x) for f at each entry of x.")
    return derive(f, (), mode, "vmap", as_primal(options, f))


@ends_here
def _second(name: str, f: Any, wrt: Any, has_aux: bool, options: Options) -> Any:
    """A derivative of the gradient of a function."""
    if f is None:
        return functools.partial(_second, name, wrt=wrt, has_aux=has_aux, options=options)
    options = as_primal(options, f)
    return _transform(name, _transform("grad", f, wrt, replace(options, jit=None), has_aux), wrt, options, has_aux)
