"""What all tests share: single-threaded products, and one seed."""

import gc
import os
import zlib

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
import rule_samples  # noqa: F401  (first of all: see there)

from sct import stages
from sct.api import pipeline
from sct.ir.ssa import Function
from sct.ir.verifier import verify


def pytest_addoption(parser):
    parser.addoption("--whole-grid", action="store_true", help="all samples, not a part of them")
    parser.addoption("--grid", type=int, default=1, metavar="N", help="N times as many samples as are drawn without this")


def pytest_collection(session):
    """Look for no garbage while tests are collected, which makes many objects that all stay."""
    gc.disable()


def pytest_collection_modifyitems(config, items):
    """Of a test that is marked as a grid take the first sample of each function, unless `each` is False, and the part that is
    drawn of the others."""
    if config.getoption("--whole-grid"):
        return
    seen, kept, left = set(), [], []
    for item in items:
        marker = item.get_closest_marker("grid")
        if marker is None:
            kept.append(item)
            continue
        what = item.parent.nodeid, item.originalname, _function_of(item.callspec.params)
        first = marker.kwargs.get("each", True) and what[2] is not None and what not in seen
        seen.add(what)
        drawn = zlib.crc32(item.name.encode()) % marker.kwargs["of"] < config.getoption("--grid")
        (kept if first or drawn else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def pytest_collection_finish(session):
    """Take what was imported out of the collection of garbage, which runs more rarely too: compilers make many objects at once,
    and going through all that live was a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def _function_of(params):
    """The function that a sample calls: the name of one, of a parameter `primitive` or the first item of a tuple."""
    found = params.get("primitive", params.get("sample", (None,)))
    function = found[0] if isinstance(found, tuple) else found
    return None if function is None else f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', function)}"


@pytest.fixture
def rng():
    """The same random numbers in every test."""
    return np.random.default_rng(20240229)


@pytest.fixture
def typed_once():
    """What a test makes several derivatives of is typed once for arguments of the same types."""
    with pipeline.typed_once({}):
        yield


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
