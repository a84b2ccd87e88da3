"""What all tests share: single-threaded products, and one seed."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
import rule_samples  # noqa: F401  (first of all: see there)

from sct.api import pipeline
from sct.ir.verifier import verify
from sct.optimize.passes import OWNED, PRIMAL


@pytest.fixture
def rng():
    """The same random numbers in every test."""
    return np.random.default_rng(20240229)


@pytest.fixture(autouse=True)
def verify_every_stage(monkeypatch):
    """In tests the SSA form is verified after every stage that leaves it in scope."""

    run = pipeline.run

    def verified_run(passes, f):
        for p in passes:
            f = run((p,), f)
            if passes is PRIMAL or passes[-len(OWNED) :] == OWNED:
                verify(f)
        return f

    monkeypatch.setattr(pipeline, "run", verified_run)
    for stage in ("record", "own_results"):
        made = getattr(pipeline, stage)
        monkeypatch.setattr(pipeline, stage, lambda *args, made=made: verify(made(*args)))
