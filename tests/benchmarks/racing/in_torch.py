"""How derivatives by PyTorch are called: one thread, NumPy's arrays in and out, which share memory with its tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

__all__ = ["call", "gradient"]

torch.set_num_threads(1)


def gradient(version: Callable[..., Any], wrt: tuple[int, ...]) -> Callable[..., Any]:
    """The gradient of PyTorch's version of a function by some of its arguments."""

    def derivative(*args: Any) -> Any:
        values = [a.detach().requires_grad_() if i in wrt else a for i, a in enumerate(args)]
        return torch.autograd.grad(version(*values), [values[i] for i in wrt])

    return derivative


def call(version: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    """A call of PyTorch's version with these arguments; a real number becomes a tensor, whole ones and flags stay."""

    def called() -> Any:
        return _arrays(version(*map(_tensors, args)))

    return called


def _tensors(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tensors(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_tensors, value))
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    return torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _arrays(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(map(_arrays, value))
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value
