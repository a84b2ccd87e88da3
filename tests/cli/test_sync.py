"""`sct sync`: the modules that a project declares, written, and compared with what is there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = """
import numpy as np

SCALE = 2.0


def act(x):
    return np.tanh(x)


def loss(W, b, x):
    h = act(x @ W + b) * SCALE
    return np.sum(h * h)
"""
TYPES = "W: f8[n, m], b: f8[m], x: f8[k, n]"
PROJECT = f"""
[tool.sct]
roots = ["src"]

[[tool.sct.modules]]
file = "src/derivatives.py"
derivatives = [
    {{ of = "src/model.py:loss", wrt = ["W", "b"], types = "{TYPES}" }},
    {{ of = "src/model.py:loss", transform = "vjp", wrt = "x", types = "{TYPES}", name = "by_x" }},
    {{ of = "src/model.py:loss", transform = "primal" }},
]

[[tool.sct.modules]]
file = "src/activation.py"
of = "src/model.py:act"
transform = "elementwise_grad"
like = "(np.ones(3) * SCALE,)"
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(folder):
    (folder / "src").mkdir()
    (folder / "src" / "model.py").write_text(MODEL)
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


def edit(file, *changes):
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def test_modules_are_written_and_up_to_date(sct, project):
    assert sct("sync").stdout == "src/derivatives.py written\nsrc/activation.py written\n"
    text = (project / "src" / "derivatives.py").read_text()
    assert '__all__ = ["by_x", "loss", "loss_grad"]' in text
    before = (project / "src" / "derivatives.py").stat()
    assert sct("sync").stdout == "src/derivatives.py is up to date\nsrc/activation.py is up to date\n"
    assert (project / "src" / "derivatives.py").stat().st_mtime_ns == before.st_mtime_ns
    done = sct("sync", "--check", "pyproject.toml")
    assert (done.exit_code, done.output) == (0, "")


def test_it_writes_what_a_command_of_its_own_does(sct, project):
    sct("sync")
    done = sct("elementwise-grad", "src/model.py:act", "--like", "(np.ones(3) * SCALE,)")
    assert done.stdout == (project / "src" / "activation.py").read_text()


def test_from_another_folder(sct, project, monkeypatch):
    (project / "elsewhere").mkdir()
    monkeypatch.chdir(project / "elsewhere")
    assert sct("sync", "..").exit_code == 0
    assert sct("sync", project / "pyproject.toml", "--check").exit_code == 0


def test_a_module_that_is_missing(sct, project):
    done = sct("sync", "--check")
    assert done.exit_code == 1
    assert done.stderr == "Error: src/derivatives.py is missing\nError: src/activation.py is missing\n"
    assert not (project / "src" / "derivatives.py").exists()


@pytest.mark.parametrize(
    "changes",
    [
        [("SCALE = 2.0", "SCALE = 3.0")],
        [("h * h", "h * h * h")],
        [("def act(x):\n    return np.tanh(x)", "def act(x):\n    return np.sinh(x)")],  # loss is as it was
    ],
    ids=["data", "the function", "a helper"],
)
def test_a_module_that_is_stale(sct, project, changes):
    sct("sync")
    before = (project / "src" / "derivatives.py").read_text()
    edit(project / "src" / "model.py", *changes)
    done = sct("sync", "--check")
    assert done.exit_code == 1
    assert "Error: src/derivatives.py is stale: what it was made from is different now\n" in done.stderr
    assert done.stdout.startswith("--- src/derivatives.py\n+++ src/derivatives.py (as it would be written)\n@@")
    assert (project / "src" / "derivatives.py").read_text() == before
    assert sct("sync").exit_code == 0
    assert sct("sync", "--check").exit_code == 0
    assert (project / "src" / "derivatives.py").read_text() != before


def test_a_module_that_was_edited_by_hand(sct, project):
    sct("sync")
    edit(project / "src" / "derivatives.py", ("SCALE = 2.0", "SCALE = 2.5"))
    done = sct("sync", "--check")
    assert done.exit_code == 1
    assert done.stderr == "Error: src/derivatives.py was edited by hand\n"
    assert "-SCALE = 2.5\n+SCALE = 2.0\n" in done.stdout
    (project / "src" / "activation.py").unlink()
    done = sct("sync")
    assert done.exit_code == 2 and "src/derivatives.py was edited by hand\n  Nothing was written." in done.stderr
    assert not (project / "src" / "activation.py").exists()
    assert sct("sync", "--force").exit_code == 0
    assert sct("sync", "--check").exit_code == 0


def test_a_module_of_an_older_format(sct, project):
    sct("sync")
    edit(project / "src" / "derivatives.py", ("# sct: format 1", "# sct: format 0"))
    done = sct("sync", "--check")
    assert done.stderr == "Error: src/derivatives.py is stale: it is of format 0, and format 1 is written now\n"
    assert sct("sync").exit_code == 0


def test_a_module_that_sct_did_not_write(sct, project):
    (project / "src" / "activation.py").write_text("x = 1\n")
    done = sct("sync", "--check")
    assert "src/activation.py was not written by sct" in done.stderr
    assert sct("sync").exit_code == 2
    assert (project / "src" / "activation.py").read_text() == "x = 1\n"


def test_ends_of_lines_of_a_checkout(sct, project):
    sct("sync")
    file = project / "src" / "derivatives.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert sct("sync", "--check").exit_code == 0


def test_json(sct, project):
    sct("sync")
    (project / "src" / "activation.py").unlink()
    done = sct("sync", "--check", "--json")
    assert done.exit_code == 1
    assert [(m["file"], m["state"]) for m in json.loads(done.stdout)] == [
        ("src/derivatives.py", "fresh"),
        ("src/activation.py", "missing"),
    ]


MODULE = '[[tool.sct.modules]]\nfile = "src/d.py"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.other]\n", "pyproject.toml declares no modules of derivatives"),
        ("[tool.sct\n", "pyproject.toml cannot be read: "),
        ("[tool.sct]\nmodule = []\n", "tool.sct has module, which says nothing\n  There are modules, roots."),
        ("[[tool.sct.modules]]\nof = 'src/model.py:act'\n", "module 1 of tool.sct does not say file"),
        (MODULE, "module 1 of tool.sct, src/d.py does not say of"),
        (f"{MODULE}of = 'src/model.py:act'\nwrts = 'x'\n", "has wrts, which says nothing"),
        (f"{MODULE}of = 3\n", "of = 3 is of type int, not str"),
        (f"{MODULE}of = 'src/model.py:act'\nwrt = true\n", "wrt = True is of type bool, not str or int or list"),
        (
            f"{MODULE}of = 'src/model.py:act'\nderivatives = [{{of = 'src/model.py:loss'}}]\n",
            "has derivatives, and of beside them",
        ),
        (f"{MODULE}derivatives = [{{transform = 'grad'}}]\n", "src/d.py, derivative 1 does not say of"),
        (f"{MODULE}derivatives = ['src/model.py:act']\n", "derivative 1 is a str, not a table"),
        (f"{MODULE}of = 'src/model.py:other'\n", "module 1 of tool.sct, src/d.py: src/model.py has no other"),
        (f"{MODULE}of = 'src/model.py:act'\ntransform = 'jet'\n", "there is no transform 'jet'"),
        (f"{MODULE}of = 'src/model.py:act'\ntypes = 'x: f9[n]'\n", "module 1 of tool.sct, src/d.py: in types, f9"),
        (f"{MODULE}of = 'src/model.py:act'\n{MODULE}of = 'src/model.py:act'\n", "there is a module of this file already"),
    ],
)
@pytest.mark.parametrize("words", [["sync"], ["sync", "--check"]], ids=" ".join)
def test_bad_tables(sct, project, text, said, words):
    (project / "src" / "d.py").write_text("kept\n")
    (project / "pyproject.toml").write_text(text)
    done = sct(*words)
    assert done.exit_code == 2
    assert said in done.stderr and done.stdout == ""
    assert (project / "src" / "d.py").read_text() == "kept\n"


def test_where_there_is_no_project(sct, folder):
    done = sct("sync")
    assert done.exit_code == 2 and "pyproject.toml cannot be read: No such file or directory" in done.stderr


def test_pre_commit_runs_it(sct, project):
    pytest.importorskip("pre_commit")
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    home, hooks, programs = (project / name for name in ("home", "hooks", "bin"))
    for made in (home, hooks, programs):
        made.mkdir()
    (programs / "sct").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sct "$@"\n')
    (programs / "sct").chmod(0o755)
    env = {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "GIT_CONFIG_NOSYSTEM": "1",
    }

    def run(*words, cwd=project):
        return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)

    def commit(folder):
        run("git", "init", "-q", cwd=folder)
        run("git", "add", "-A", cwd=folder)
        done = run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all", cwd=folder)
        assert done.returncode == 0, done.stderr
        return run("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()

    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    revision = commit(hooks)
    (project / ".gitignore").write_text("home\nhooks\nbin\n__pycache__\n")
    config = f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: sct-sync\n"
    (project / ".pre-commit-config.yaml").write_text(config)
    sct("sync")
    commit(project)
    command = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    edit(project / "src" / "derivatives.py", ("SCALE = 2.0", "SCALE = 2.5"))
    done = run(*command)
    assert done.returncode == 1 and "src/derivatives.py was edited by hand" in done.stdout
