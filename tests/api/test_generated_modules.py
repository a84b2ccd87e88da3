"""Modules of every eighth kernel, program and function as users write them; `python -m tests.modules` has all transforms."""

import pytest
from modules.cases import one_case_each
from modules.checking import LINTERS, complaints, differing, written


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A folder with a module for each function, all transforms in turn."""
    folder = tmp_path_factory.mktemp("modules")
    cases = list(one_case_each())
    assert list(written(folder, cases)) == []
    return folder, cases


def test_they_run_without_sct_and_give_the_same(modules):
    assert list(differing(*modules)) == []


@pytest.mark.parametrize("linter", LINTERS)
def test_linters_and_mypy_pass_them(modules, linter):
    assert complaints(modules[0], linter) == ""


def test_none_of_them_imports_sct(modules):
    folder, _ = modules
    assert not [p.name for p in folder.glob("*.py") if "import sct" in (text := p.read_text()) or "from sct" in text]
