"""The kernels of tests/kernels, each with arguments and with what it is differentiated by."""

import importlib
import inspect
from pathlib import Path

import numpy as np
from trees import floating

NAMES = sorted(p.stem for p in (Path(__file__).parent / "kernels").glob("*.py") if not p.stem.startswith("test_"))


def load(name):
    """The module of a kernel."""
    return importlib.import_module(f"kernels.{name}")


def is_refused(name):
    """Whether the kernel is one that must be refused."""
    return getattr(load(name), "EXPECT", None) == "refused"


def sample(name):
    """A kernel, arguments made afresh, and the names of the parameters that it is differentiated by."""
    module = load(name)
    f = getattr(module, name)
    args = module.example(np.random.default_rng(0))
    names = inspect.signature(f).parameters
    return f, args, getattr(module, "WRT", tuple(n for n, a in zip(names, args, strict=False) if floating(a)))
