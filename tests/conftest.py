"""What all tests share: single-threaded products, and one seed."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
import rule_samples  # noqa: F401  (first of all: see there)

from sct import stages
from sct.ir.ssa import Function
from sct.ir.verifier import verify


@pytest.fixture
def rng():
    """The same random numbers in every test."""
    return np.random.default_rng(20240229)


@pytest.fixture(autouse=True)
def verify_every_stage(monkeypatch):
    """In tests the SSA form is verified after every stage and every pass; before `record` as what it is there."""

    run = stages.run

    def verified_run(passes, f, in_scope=True):
        for p in passes:
            made = run((p,), f, in_scope)
            f = f if made is f else verify(made, in_scope)
        return f

    monkeypatch.setattr(stages, "run", verified_run)
    reverse = stages.reverse_function
    monkeypatch.setattr(stages, "reverse_function", lambda *args: _verified(reverse(*args), in_scope=False))
    for stage in ("record_values", "own_results", "with_checks", "specialize_function"):
        made = getattr(stages, stage)
        monkeypatch.setattr(stages, stage, lambda *args, made=made: _verified(made(*args)))


def _verified(made, in_scope=True):
    verify(made if isinstance(made, Function) else made.function, in_scope)
    return made
