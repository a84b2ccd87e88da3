"""`sct cache`: what is kept between processes."""

import json
import os
import sys

import numpy as np
import pytest
from sources import define

from sct import grad


@pytest.fixture
def kept(folder, monkeypatch):
    """The folder, with one derivative in it."""
    monkeypatch.setenv("SCT_CACHE_DIR", str(folder / "kept"))

    grad(define("def f(x):\n    return np.sum(x * x)\n", "f"))(np.ones(2))
    return folder / "kept"


def test_info(sct, kept):
    (file,) = kept.glob("*/*.json")
    done = sct("cache", "info")
    assert (done.exit_code, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows == [["derivatives", "bytes", "folder"], ["1", str(file.stat().st_size), str(kept)]]
    said = json.loads(sct("cache", "info", "--json").stdout)
    assert said == {"folder": str(kept), "entries": 1, "bytes": file.stat().st_size, "damaged": 0, "problem": None}


def test_info_of_what_is_damaged(sct, kept):
    (file,) = kept.glob("*/*.json")
    file.write_text("nothing")
    done = sct("cache", "info")
    assert (done.exit_code, done.stderr) == (1, "Error: 1 of them damaged\n")
    assert json.loads(sct("cache", "info", "--json").stdout)["damaged"] == 1


def test_clear(sct, kept):
    done = sct("cache", "clear")
    assert (done.exit_code, done.stdout) == (0, f"1 removed from {kept}\n")
    assert json.loads(sct("cache", "clear", "--json").stdout) == {"folder": str(kept), "removed": 0}
    assert not list(kept.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_that_others_may_write_into(sct, kept):
    kept.chmod(0o777)
    done = sct("cache", "info")
    assert (done.exit_code, done.stderr) == (1, f"Error: others may write into {kept}\n")
    done = sct("cache", "clear")
    assert done.exit_code == 2 and "others may write into" in done.stderr
    assert list(kept.glob("*/*.json"))


def test_without_a_folder(sct, monkeypatch):
    monkeypatch.delenv("SCT_CACHE_DIR", raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    done = sct("cache", "info")
    assert done.exit_code == 2 and "Install sct-ad[cache], or set SCT_CACHE_DIR." in done.stderr
