"""The wheel and the source distribution, each installed into a fresh environment, differentiate."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PROGRAM = """
from importlib.metadata import version
from pathlib import Path

import numpy as np

import sct
import sct.rules.products


def loss(W, x):
    return np.sum(np.tanh(x @ W) ** 2)


W = np.array([[0.5], [-1.0]])
x = np.array([[1.0, 2.0]])
t = np.tanh(-1.5)
assert np.allclose(sct.grad(loss)(W, x), 2 * t * (1 - t * t) * x.T)
assert sys.prefix in sct.__file__, sct.__file__
assert sys.prefix in sct.rules.__file__, sct.rules.__file__
assert Path(sct.__file__).with_name("py.typed").exists()
print(version("sct-ad"))
"""


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The source distribution, and the wheel built from it, of a copy of the project."""
    source = tmp_path_factory.mktemp("source") / "project"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__"))
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, source)
    return {path.suffix: path for path in out.iterdir()}


def run(*command, cwd=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("suffix", [".whl", ".gz"])
def test_installed_distribution_differentiates(suffix, distributions, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", distributions[suffix])
    (tmp_path / "program.py").write_text("import sys\n" + PROGRAM)
    assert run(python, "-I", tmp_path / "program.py", cwd=tmp_path).strip() == "0.1.0"


def test_wheel_has_the_rules_and_the_licence(distributions):
    names = zipfile.ZipFile(distributions[".whl"]).namelist()
    assert "sct/rules/products.py" in names
    assert "sct/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("rules/", "tests/"))]
