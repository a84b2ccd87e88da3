"""Loops that run as Python, without Numba: an index outside of an array raises there, since one that is unsigned is not
negative."""

from types import FunctionType

import pytest

numba = pytest.importorskip("numba")


def _plain(codes, kernels, imported, rows, file):
    names = {**imported, "__name__": "sct.generated"}
    known = {kernel.name for kernel in kernels}
    made = {code.co_name: FunctionType(code, names) for code in codes if code.co_name in known}
    names.update(made)
    return made


@pytest.fixture
def in_python(monkeypatch):
    monkeypatch.setattr("sct.backend.load.kernels_of", _plain)
