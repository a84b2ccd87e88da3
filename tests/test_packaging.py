"""The wheel, made of the source distribution, differentiates in a fresh environment; type checkers read it."""

import json
import os
import re
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


ALONE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command, cwd=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=ALONE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_wheel_differentiates(distributions, tmp_path):
    """First without extras, then with all of them."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    command = python.with_name(f"sct{python.suffix}")
    install(python, f"sct-ad @ {distributions['.whl'].as_uri()}")
    (tmp_path / "program.py").write_text("import sys\n" + PROGRAM)
    assert run(python, "-I", tmp_path / "program.py", cwd=tmp_path).strip() == "0.1.0"
    done = subprocess.run([command, "rules", "np.tanh"], env=ALONE, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "") and "needs the package click: install sct-ad[cli]" in done.stderr
    install(python, f"sct-ad[all] @ {distributions['.whl'].as_uri()}")
    assert "np.tanh" in run(command, "rules", "np.tanh", cwd=tmp_path)
    assert "def f_grad(" in run(python, "-c", WITH_EXTRAS, cwd=tmp_path)


def install(python, what):
    """Install into another environment; what is imported there is compiled then."""
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile", what)


WITH_EXTRAS = """
import linecache

import numpy as np

import sct
from sct.api.folder import place

text = "def f(x, n):\\n    for _ in sct.checkpointed(range(n), slots=2):\\n        x = np.sin(x)\\n    return np.sum(x)\\n"
linecache.cache["<f>"] = len(text), None, text.splitlines(True), "<f>"
exec(compile(text, "<f>", "exec"))
print(place())
sct.grad(f)(np.ones(2), 5)
print(sct.generate(f, types="x: f8[m], n: int"))
"""


def test_the_extra_all_is_made_of_the_others(distributions):
    wheel = zipfile.ZipFile(distributions[".whl"])
    metadata = wheel.read(next(n for n in wheel.namelist() if n.endswith("METADATA"))).decode()
    extras = set(re.findall("^Provides-Extra: (.*)$", metadata, re.MULTILINE))
    (made_of,) = re.findall(r'^Requires-Dist: sct-ad\[(.*)\]; extra == "all"$', metadata, re.MULTILINE)
    assert set(made_of.split(",")) == extras - {"all", "bench", "docs", "examples", "test"}
    assert re.search("^Project-URL: Documentation, https://", metadata, re.MULTILINE)


def test_wheel_has_the_rules_and_the_licence(distributions):
    names = zipfile.ZipFile(distributions[".whl"]).namelist()
    assert "sct/rules/products.py" in names
    assert "sct/py.typed" in names
    assert "sct/cli/commands.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("rules/", "tests/"))]


# -- what type checkers see ----------------------------------------------------------------------------------------------------

TYPED = """
import numpy as np
import numpy.typing as npt

import sct

Array = npt.NDArray[np.float64]


def loss(W: Array, b: Array, rate: float = 1.0) -> float:
    return float(rate * np.sum(W @ b))


def step(x: Array, n: int) -> Array:
    return x * n


@sct.grad
def bare(x: Array, n: int) -> float:
    return float(np.sum(x) * n)


@sct.value_and_grad(wrt=("x",), cache=True)
def with_keywords(x: Array, n: int) -> float:
    return float(np.sum(x) * n)


@sct.checkpoint
def layer(x: Array) -> Array:
    return np.tanh(x)


@sct.nondifferentiable
def count(x: Array) -> int:
    return len(x)


reveal_type(sct.grad(loss)(np.ones((2, 2)), np.ones(2), rate=2.0))
reveal_type(sct.grad(loss, ("W", "b"))(np.ones((2, 2)), np.ones(2)))
reveal_type(sct.value_and_grad(loss)(np.ones((2, 2)), np.ones(2)))
reveal_type(sct.vjp(step)(np.ones(2), 3, np.ones(2)))
reveal_type(sct.pullback(step)(np.ones(2), 3))
reveal_type(bare(np.ones(2), 3))
reveal_type(with_keywords(np.ones(2), n=3))
reveal_type(layer(np.ones(2)))
reveal_type(count(np.ones(2)))
reveal_type(sct.grad(loss).source)
"""
SAYS = [
    "Any",
    "tuple[Any, ...]",
    "tuple[float, Any]",
    "tuple[Array, Any]",
    "tuple[Array, def (Any) -> Any]",
    "Any",
    "tuple[float, Any]",
    "Array",
    "int",
    "str",
]
WRONG = """
import sct


def loss(x: float, n: int) -> float:
    return x * n


sct.grad(loss)(1.0, "three")
sct.grad(loss)(1.0)
sct.value_and_grad(loss)(1.0, 3) + 1.0
sct.grad(loss, argnums=0)
"""


@pytest.fixture(scope="module")
def typed_environment(distributions, tmp_path_factory):
    """The Python of an environment with the wheel in it, and what is installed here."""
    folder = tmp_path_factory.mktemp("typed")
    venv.create(folder, with_pip=False)
    packages = next(folder.glob("[Ll]ib/**/site-packages"))
    zipfile.ZipFile(distributions[".whl"]).extractall(packages)
    (packages / "others.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")))
    return folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def checked(python, folder, text):
    """What mypy says of a program that uses the wheel, a line each."""
    (folder / "program.py").write_text(text)
    options = ["--strict", "--python-executable", python, "--cache-dir", python.parents[1] / "cache"]
    command = [sys.executable, "-m", "mypy", *options, "program.py"]
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if line.startswith("program.py")]


def checked_by_pyright(python, folder, text):
    """The line, kind and text of what pyright says of a program that uses the wheel, in its strict mode."""
    (folder / "program.py").write_text(text)
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", python, "program.py"]
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)["generalDiagnostics"]
    return [(d["range"]["start"]["line"] + 1, d["severity"], d["message"]) for d in said]


def test_derivatives_are_typed_as_their_functions(typed_environment, tmp_path):
    said = checked(typed_environment, tmp_path, TYPED)
    array = "numpy.ndarray[tuple[Any, ...], numpy.dtype[numpy.float64]]"
    found = [re.search(r'Revealed type is "(.*)"', line) or line for line in said]
    assert [m if isinstance(m, str) else m[1].replace("builtins.", "").replace(array, "Array") for m in found] == SAYS


def test_wrong_calls_are_found(typed_environment, tmp_path):
    said = checked(typed_environment, tmp_path, WRONG)
    assert {line.split(":")[1] for line in said if "error" in line} == {"9", "10", "11", "12"}, said


def test_pyright_says_the_same(typed_environment, tmp_path):
    said = checked_by_pyright(typed_environment, tmp_path, TYPED)
    assert {kind for _, kind, _ in said} == {"information"}, said
    array = "ndarray[tuple[Any, ...], dtype[float64]]"
    found = [message.rpartition(' is "')[2].rstrip('"').replace(array, "Array") for _, _, message in said]
    assert found == [words.replace("def ", "") for words in SAYS]
    said = checked_by_pyright(typed_environment, tmp_path, WRONG)
    assert {line for line, kind, _ in said if kind == "error"} == {9, 10, 11, 12}, said
