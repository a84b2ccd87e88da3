"""The command line, run in this process: what it prints, and its exit code."""

import sys

import pytest
from click.testing import CliRunner

from sct.cli.commands import sct as command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files are edited twice in a second
    return tmp_path


@pytest.fixture
def sct(folder):
    """Runs a command as in a process of its own; gives what click's runner does."""

    def run(*words):
        before = dict(sys.modules)
        try:
            return CliRunner().invoke(command, [str(w) for w in words])
        finally:
            for name in [n for n in sys.modules if n not in before]:
                if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
                    del sys.modules[name]

    return run
