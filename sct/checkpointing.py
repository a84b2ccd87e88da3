"""Checkpointing: loops whose reverse sweep computes states again instead of keeping them all.

Takes the step of a loop and, for the reverse sweep, the vector-Jacobian product of a step; runs them in the order that the
package checkpoint-schedules gives (binomial checkpointing: Griewank & Walther 2000, Algorithm 799; two tiers of storage as
in Stumm & Walther 2009). Imports NumPy only until a schedule is asked for. Generated code calls `advance` and `reverse`.
"""

from __future__ import annotations

import functools
import importlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import MethodType
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from sct.runtime import put_back, random_states

__all__ = ["CheckpointedFunction", "Checkpoints", "advance", "checkpoint", "checkpointed", "reverse"]

T = TypeVar("T")
_P = ParamSpec("_P")
_R = TypeVar("_R")


def checkpointed(iterable: Iterable[T], slots: int, disk: int = 0) -> Iterable[T]:
    """What a loop goes through, marked so that the derivative keeps few of the loop's states and computes the others again.

    Parameters
    ----------
    iterable : range or array
        What the loop goes through.
    slots : int
        How many states are kept in memory at most; at least 1.
    disk : int
        How many further states are kept in files, in the folder for temporary files.

    Returns
    -------
    iterable
        The same: outside of a derivative this function does nothing.

    Notes
    -----
    The state is what the loop's body assigns, or writes into. With `slots` states `n` steps are recomputed as the binomial
    schedule says (`checkpoint_schedules.MultistageCheckpointSchedule`), which is the least that is possible (Griewank &
    Walther 2000). The last step is taken once more than that. A loop with `break` or `return` in it cannot be checkpointed.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def logistic(x, r, n):
    ...     for _ in sct.checkpointed(range(n), slots=5):
    ...         x = r * x * (1.0 - x)
    ...     return np.sum(x)
    >>> sct.grad(logistic)(np.array([0.2, 0.3]), 1.5, 50).round(12)
    array([0., 0.])
    """
    return iterable


class CheckpointedFunction(Generic[_P, _R]):
    """A function of which the derivative keeps the arguments only, and that it runs again in the reverse sweep."""

    def __init__(self, function: Callable[_P, _R]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return self.function(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)


def checkpoint(f: Callable[_P, _R]) -> CheckpointedFunction[_P, _R]:
    """`f`, which a derivative runs again in its reverse sweep instead of keeping its intermediate values.

    Parameters
    ----------
    f : callable
        A Python function; it may not write into its arguments.

    Returns
    -------
    CheckpointedFunction
        To be called like `f`. Can be used as a decorator.

    Examples
    --------
    >>> import numpy as np, sct
    >>> @sct.checkpoint
    ... def layer(W, h):
    ...     return np.tanh(W @ h)
    >>> def network(W, h):
    ...     return np.sum(layer(W, layer(W, h)))
    >>> sct.grad(network)(np.eye(2), np.zeros(2))
    array([[0., 0.],
           [0., 0.]])
    """
    return CheckpointedFunction(f)


@dataclass
class Checkpoints:
    """What the forward sweep of a checkpointed loop leaves for its reverse sweep."""

    step: Callable[..., Any]
    indices: Sequence[Any]
    constants: tuple[Any, ...]
    slots: int
    disk: int
    kept: dict[int, Any] = field(default_factory=dict)  # number of the step -> the state before it, or the file with it
    last: Any = None  # the state before the last step
    final: Any = None  # the state after it
    generators: tuple[Any, ...] = ()  # the random generators that the steps draw from

    def drawn(self) -> list[Any]:
        """The states of the random generators."""
        return [state for _, state in random_states(*self.generators)]

    def put_back(self, drawn: Sequence[Any]) -> None:
        """The random generators in states that they had."""
        put_back(list(zip(self.generators, drawn, strict=True)))

    def stored(self, state: Any, storage: Any) -> Any:
        """A state as it is kept, with those of the random generators."""
        full = state, self.drawn()
        return _File.of(full) if storage.name == "DISK" else full

    def __del__(self) -> None:
        for state in self.kept.values():
            if isinstance(state, _File):
                state.remove()


@dataclass(frozen=True)
class _File:
    path: str

    @classmethod
    def of(cls, state: Any) -> _File:
        handle, path = tempfile.mkstemp(suffix=".sct-checkpoint")
        with os.fdopen(handle, "wb") as file:
            pickle.dump(state, file, pickle.HIGHEST_PROTOCOL)
        return cls(path)

    def state(self) -> Any:
        with open(self.path, "rb") as file:
            return pickle.load(file)

    def remove(self) -> None:
        if os.path.exists(self.path):
            os.remove(self.path)


def _schedule(n: int, slots: int, disk: int) -> Iterator[Any]:
    """The actions for a loop of `n` steps."""
    try:
        schedules = importlib.import_module("checkpoint_schedules")
    except ImportError:
        raise ImportError(
            "sct.checkpointed needs the package checkpoint-schedules; it comes with sct-ad[checkpointing]"
        ) from None
    in_memory = max(1, min(slots, n - 1))
    return iter(schedules.MultistageCheckpointSchedule(n, in_memory, min(disk, max(n - 1 - in_memory, 0))))


def advance(
    step: Callable[..., Any],
    indices: Sequence[Any],
    state: tuple[Any, ...],
    constants: tuple[Any, ...],
    slots: int,
    disk: int,
    generators: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """The forward sweep of a checkpointed loop.

    Parameters
    ----------
    step : callable
        `step(index, *state, *constants)` gives the next state.
    indices : sequence
        What the loop goes through.
    state, constants : tuple
        What the loop carries, as it begins; what it only reads.
    slots, disk : int
        How many states are kept in memory, and in files.
    generators : tuple
        Random generators that the steps draw from, or bound methods of them; their states are kept too.

    Returns
    -------
    tuple
        The items of the last state, and the `Checkpoints`.
    """
    if not isinstance(slots, int) or slots < 1 or not isinstance(disk, int) or disk < 0:
        raise ValueError(f"sct.checkpointed needs at least one slot, not slots={slots!r}, disk={disk!r}")
    out = Checkpoints(step, indices, constants, slots, disk)
    out.generators = tuple(g for g, _ in random_states(*generators))
    for action in _schedule(len(indices), slots, disk) if len(indices) else ():
        kind = type(action).__name__
        if kind == "EndForward":
            break
        assert kind == "Forward", kind
        if action.write_ics:
            out.kept[action.n0] = out.stored(state, action.storage)
        for i in range(action.n0, action.n1):
            if i == len(indices) - 1:
                out.last = state, out.drawn()
            state = step(indices[i], *state, *constants)
    out.final = state
    return (*state, out)


def reverse(
    checkpoints: Checkpoints,
    step_vjp: Callable[..., Any],
    bars: tuple[Any, ...],
    carried: tuple[int, ...],
    constant_bars: tuple[Any, ...],
    keep: bool = False,
    step: Callable[..., Any] | None = None,
) -> tuple[Any, ...]:
    """The reverse sweep of a checkpointed loop.

    Parameters
    ----------
    checkpoints : Checkpoints
        From `advance`.
    step_vjp : callable
        `step_vjp(index, *state, *constants, bars)` gives the adjoints of the active items of the state before a step, then
        those of the active constants; None for what the step does not read.
    bars : tuple
        The adjoints of the items of the last state; None for zero.
    carried : tuple of int
        Which items of the state are active.
    constant_bars : tuple
        The adjoints of the active constants so far.
    keep : bool
        Whether the checkpoints stay as they are, so that the reverse sweep can be run again. It may take twice the memory.
    step : callable, optional
        A step as it is run again, if that is another function.

    Returns
    -------
    tuple
        The adjoints of the active items of the first state, then those of the active constants.
    """
    now = checkpoints.drawn()
    try:
        return _reversed(checkpoints, step or checkpoints.step, step_vjp, bars, carried, constant_bars, keep)
    finally:
        checkpoints.put_back(now)


def _reversed(
    c: Checkpoints,
    step: Callable[..., Any],
    step_vjp: Callable[..., Any],
    bars: tuple[Any, ...],
    carried: tuple[int, ...],
    constant_bars: tuple[Any, ...],
    keep: bool,
) -> tuple[Any, ...]:
    n = len(c.indices)
    kept = dict(c.kept) if keep else c.kept
    state: Any = None
    at = n - 1
    if c.last is not None:
        state, drawn = c.last
        c.put_back(drawn)
    bars = tuple(
        _zero(x) if bar is None and k in carried else bar for k, (bar, x) in enumerate(zip(bars, c.final, strict=True))
    )
    if not keep:
        c.last = c.final = None
    actions = _schedule(n, c.slots, c.disk) if n else iter(())
    for action in actions:
        if type(action).__name__ == "EndForward":
            break
    for action in actions:
        kind = type(action).__name__
        if kind in ("Copy", "Move"):
            found = kept[action.n]
            state, drawn = found.state() if isinstance(found, _File) else found
            at = action.n
            c.put_back(drawn)
            if kind == "Move":
                found = kept.pop(action.n)
                if isinstance(found, _File) and (not keep or found not in c.kept.values()):
                    found.remove()
        elif kind == "Forward":
            if action.write_ics:
                kept[action.n0] = c.stored(state, action.storage)
            for i in range(action.n0, action.n1 - action.write_adj_deps):  # the derivative of a step takes it itself
                state = step(c.indices[i], *state, *c.constants)
                at = i + 1
        elif kind == "Reverse":
            assert at == action.n1 - 1
            found = step_vjp(c.indices[at], *state, *c.constants, bars)
            changed = list(bars)
            for k, bar in zip(carried, found, strict=False):
                changed[k] = _zero(state[k]) if bar is None else bar
            bars = tuple(changed)
            constant_bars = tuple(map(_added, constant_bars, found[len(carried) :]))
    return (*(bars[k] for k in carried), *constant_bars)


def _zero(x: Any) -> Any:
    """The adjoint of something that nothing depends on."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_zero, x))
    if isinstance(x, dict):
        return {k: _zero(v) for k, v in x.items()}
    return np.zeros_like(x) if np.ndim(x) else 0.0


def _added(a: Any, b: Any) -> Any:
    """The sum of two adjoints of one structure."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, (tuple, list)):
        return type(a)(map(_added, a, b))
    if isinstance(a, dict):
        return {k: _added(a[k], b[k]) for k in a}
    return a + b
