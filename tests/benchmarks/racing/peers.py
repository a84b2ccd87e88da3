"""The peers: which of them are installed, and how all are kept to one core."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version

__all__ = ["NAMES", "installed", "on_one_core"]

_PACKAGES = {"JAX": "jax", "PyTorch": "torch", "autograd": "autograd", "Numba": "numba"}
_SINGLE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

NAMES = (*_PACKAGES, "C")


def on_one_core() -> None:
    """Keep this process, and the libraries that are not imported yet, to one core and one thread."""
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_SINGLE}".strip()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def installed() -> dict[str, str]:
    """The versions of the peers that are here; of a compiler of C its path."""
    found = {}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            continue
    compiler = None if sys.platform == "win32" else shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return found | ({"C": compiler} if compiler else {})
