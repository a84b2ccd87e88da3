"""`sct show`: a function and its derivative side by side, and as a page."""

import json

import pytest

MODEL = """
import numpy as np


def energy(x, k):
    y = np.sin(x)
    return k * np.sum(y * y)
"""


@pytest.fixture(autouse=True)
def model(folder):
    (folder / "spring.py").write_text(MODEL)


def test_as_a_table(sct):
    done = sct("show", "spring.py:energy", "--args", "(np.ones(3), 2.0)")
    assert done.exit_code == 0 and done.stderr == ""
    (sine,) = [line for line in done.stdout.splitlines() if line.startswith("6     y = np.sin(x)")]
    assert sine.endswith(">     y = np.sin(x)")


def test_as_json(sct):
    found = json.loads(sct("show", "spring.py:energy", "--types", "x: f8[n], k: float", "--wrt", "k", "--json").stdout)
    assert [row["line"] for row in found["primal"]] == [5, 6, 7]
    (last,) = [x for x in found["derivative"] if x["text"].startswith("    return")]
    assert last["of"][0] == found["primal"][2]["of"]


def test_as_a_page(sct, folder):
    for _ in range(2):  # it may be written anew
        assert sct("show", "spring.py:energy", "--transform", "jvp", "-o", "page.html").exit_code == 0
    assert "def energy_jvp(" in (folder / "page.html").read_text()


def test_what_somebody_wrote_is_kept(sct, folder):
    (folder / "page.html").write_text("mine")
    done = sct("show", "spring.py:energy", "-o", "page.html")
    assert done.exit_code == 2 and "page.html is no page of sct show" in done.stderr
    assert (folder / "page.html").read_text() == "mine"
    assert sct("show", "spring.py:energy", "-o", "page.html", "--force").exit_code == 0
    assert sct("show", "spring.py:energy", "-o", "none/page.html").exit_code == 2
