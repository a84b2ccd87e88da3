"""`sct grad` and the other transforms: the text of a module, printed or written."""

import contextlib
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

MODEL = '''
import numpy as np

SCALE = 2.0


def act(x):
    return np.tanh(x)


def loss(W, b, x):
    """What a layer leaves."""
    h = act(x @ W + b) * SCALE
    return np.sum(h * h)


class Scheme:
    @staticmethod
    def step(u, dt):
        return np.sum(u + dt * np.sin(u))


table = {"a": 1}
'''
TYPES = "W: f8[n, m], b: f8[m], x: f8[k, n]"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(folder):
    (folder / "layer.py").write_text(MODEL)
    return folder / "layer.py"


def loaded(text):
    namespace = {"__name__": "generated"}
    exec(compile(text, "<generated>", "exec"), namespace)
    return namespace


W, B, X = np.arange(6.0).reshape(2, 3) / 5.0, np.ones(3), np.linspace(-1.0, 1.0, 8).reshape(4, 2)


def test_as_a_user_runs_it(model):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    words = [sys.executable, "-m", "sct", "grad", "layer.py:loss", "--wrt", "W,b", "--types", TYPES]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for x in loaded(done.stdout)["loss_grad"](W, B, X):
        assert x.shape in (W.shape, B.shape)
    failed = subprocess.run([*words[:4], "layer.py:lose"], capture_output=True, text=True, check=False, env=env)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr == "Error: layer.py has no lose\n  It has Scheme, act, loss.\n"


def test_no_package_of_its_own_is_imported_with_sct():
    program = "import sct, sys; print([m for m in ('click', 'rich', 'tomli', 'tomllib', 'sct.cli') if m in sys.modules])"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == "[]\n"


def test_on_a_terminal_it_has_colours(model):
    pty = pytest.importorskip("pty")
    words = [sys.executable, "-m", "sct", "grad", "layer.py:loss", "--types", TYPES]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "60"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, stdout=theirs, env={k: v for k, v in env.items() if k != "NO_COLOR"})
    os.close(theirs)
    shown = b""
    with os.fdopen(ours, "rb") as terminal, contextlib.suppress(OSError):  # at its end
        while more := terminal.read1():
            shown += more
    assert process.wait() == 0 and b"\x1b[" in shown
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown.decode()).replace("\r\n", "\n")
    assert "loss_grad" in loaded(plain) and plain.count("\n# sct: ") == 3


def test_a_package_that_is_missing_is_named(monkeypatch, capsys):
    from sct.cli import main

    monkeypatch.delitem(sys.modules, "sct.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as e:
        main()
    assert e.value.code == 2
    assert capsys.readouterr().err == "Error: the command line needs the package click: install sct-ad[cli].\n"


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "elementwise_grad"])
def test_transforms(sct, model, transform):
    done = sct(transform.replace("_", "-"), "layer.py:loss", "--types", TYPES)
    got = loaded(done.stdout)[f"loss_{transform}"](W, B, X)
    h = np.tanh(X @ W + B)
    gradient = got[1] if transform == "value_and_grad" else got
    np.testing.assert_allclose(gradient, 8.0 * X.T @ (h * (1.0 - h * h)))


def test_vjp_and_pullback(sct, model):
    vjp = loaded(sct("vjp", "layer.py:loss", "--types", TYPES).stdout)["loss_vjp"]
    pullback = loaded(sct("pullback", "layer.py:loss", "--types", TYPES, "--name", "back").stdout)["back"]
    np.testing.assert_array_equal(vjp(W, B, X, 2.0)[1], pullback(W, B, X)[1](2.0))


def test_wrt_names_or_numbers(sct, model):
    of = ("grad", "layer.py:loss", "--types", TYPES)
    for wrt, result in [("b", "b_bar"), ("1", "b_bar"), ("b,", "(b_bar,)"), ("0, b", "W_bar, b_bar")]:
        assert f"    return {result}\n" in sct(*of, "--wrt", wrt).stdout


def test_adjoints_that_are_added_to(sct, model):
    done = sct("grad", "layer.py:loss", "--types", TYPES, "--accumulate", "--name", "loss_adjoint")
    W_bar = np.ones_like(W)
    assert loaded(done.stdout)["loss_adjoint"](W, B, X, W_bar) is None
    gradient = loaded(sct("grad", "layer.py:loss", "--types", TYPES).stdout)["loss_grad"](W, B, X)
    np.testing.assert_allclose(W_bar, 1.0 + gradient)


def test_of_a_class_and_arguments_like(sct, model):
    done = sct("grad", "layer.py:Scheme.step", "--like", "(np.ones(3), 0.1 * SCALE)")
    np.testing.assert_allclose(loaded(done.stdout)["step_grad"](np.zeros(3), 0.2), np.full(3, 1.2))


def test_data_and_functions(sct, model, monkeypatch):
    monkeypatch.syspath_prepend(str(model.parent))
    assert "from layer import SCALE\n" in sct("grad", "layer.py:loss", "--types", TYPES, "--data", "import").stdout
    assert "SCALE: float" in sct("grad", "layer.py:loss", "--types", TYPES, "--data", "SCALE=parameters").stdout
    assert "expect" not in sct("grad", "layer.py:loss", "--types", TYPES, "--no-guards").stdout


def test_a_package_is_imported_from_above(sct, folder):
    package = folder / "src" / "own_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "scales.py").write_text("SCALE = 2.0\n")
    (package / "model.py").write_text("from .scales import SCALE\n\n\ndef f(x):\n    return SCALE * x\n")
    done = sct("grad", "src/own_package/model.py:f", "--types", "x: float", "--data", "import")
    assert "from own_package.model import SCALE" in done.stdout
    rooted = sct("grad", "src/own_package/model.py:f", "--types", "x: float", "--data", "import", "--root", ".")
    assert rooted.exit_code == 0 and "from src.own_package.model import SCALE" in rooted.stdout


def test_what_an_import_prints_is_not_in_the_module(sct, folder):
    (folder / "loud.py").write_text("print('this is loud')\n\n\ndef f(x):\n    return x * x\n")
    done = sct("grad", "loud.py:f", "--types", "x: float")
    assert "this is loud" not in done.stdout and done.stderr == "this is loud\n"


# -- files -------------------------------------------------------------------------------------------------------------------


def test_a_file_is_written_and_written_again(sct, model, folder):
    words = ("grad", "layer.py:loss", "--types", TYPES, "-o", "out.py")
    assert sct(*words).output == ""
    text = (folder / "out.py").read_text()
    assert text == sct(*words[:-2]).stdout
    (folder / "out.py").chmod(0o640)
    assert sct(*words).exit_code == 0  # it is as it would be written
    model.write_text(MODEL.replace("SCALE = 2.0", "SCALE = 3.0"))
    done = sct(*words)
    assert done.exit_code == 2 and "out.py is stale: what it was made from is different now" in done.stderr
    assert (folder / "out.py").read_text() == text
    assert sct(*words, "--force").exit_code == 0
    assert "SCALE = 3.0" in (folder / "out.py").read_text()
    assert stat.S_IMODE((folder / "out.py").stat().st_mode) == 0o640
    assert sorted(p.name for p in folder.iterdir()) == ["layer.py", "out.py"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("tanh * tanh", "tanh**2"), "out.py was edited by hand"),
        (lambda text: "x = 1\n", "out.py was not written by sct"),
    ],
)
def test_what_was_written_by_hand_is_kept(sct, model, folder, change, said):
    words = ("grad", "layer.py:loss", "--types", TYPES, "-o", "out.py")
    sct(*words)
    text = (folder / "out.py").read_text()
    (folder / "out.py").write_text(change(text))
    done = sct(*words)
    assert done.exit_code == 2 and said in done.stderr and "--force" in done.stderr
    assert (folder / "out.py").read_text() == change(text)
    assert sct(*words, "--force").exit_code == 0
    assert (folder / "out.py").read_text() == text


def test_nothing_is_overwritten_when_something_fails(sct, model, folder):
    words = ("grad", "layer.py:loss", "--types", TYPES, "-o", "out.py")
    sct(*words)
    text = (folder / "out.py").read_text()
    model.write_text(MODEL.replace("np.tanh(x)", "open(x)"))
    assert sct(*words).exit_code == 2
    assert (folder / "out.py").read_text() == text


def test_a_link_stays_one(sct, model, folder):
    words = ("grad", "layer.py:loss", "--types", TYPES, "-o")
    sct(*words, "real.py")
    (folder / "link.py").symlink_to("real.py")
    model.write_text(MODEL.replace("2.0", "3.0"))
    sct(*words, "link.py", "--force")
    assert (folder / "link.py").is_symlink() and "SCALE = 3.0" in (folder / "real.py").read_text()


def test_where_nothing_can_be_written(sct, model, folder):
    words = ("grad", "layer.py:loss", "--types", TYPES, "-o")
    done = sct(*words, "nowhere/out.py")
    assert done.exit_code == 2 and "nowhere/out.py cannot be written: No such file or directory" in done.stderr
    done = sct(*words, str(folder))
    assert done.exit_code == 2 and "Is a directory" in done.stderr


# -- bad input ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.py:f"], "there is no file nowhere.py"),
        (["layer.py"], "layer.py names no function of a file"),
        (["layer.py:lose"], "layer.py has no lose\n  It has Scheme, act, loss."),
        (["layer.py:Scheme.stop"], "Scheme in layer.py has no stop"),
        (["layer.py:table"], "table in layer.py is a dict, not a function"),
        (["layer.py:Scheme"], "Scheme in layer.py is a type, not a function"),
        (["layer.py:loss", "--wrt", "V"], "V"),
        (["layer.py:loss", "--wrt", ","], "names no parameter"),
        (["layer.py:loss", "--types", "W: f9[n, m], b: f8[m], x: f8[k, n]"], "f9, which is said of W, is no dtype of NumPy's"),
        (["layer.py:loss", "--types", "W f8"], "cannot be read"),
        (["layer.py:loss", "--like", "(np.ones(3)"], "SyntaxError: '(' was never closed"),
        (["layer.py:loss", "--like", "1.0"], "are a float, not a tuple\n  Write (1.0,)."),
        (["layer.py:loss", "--functions", "all"], "'all' is not one of 'include', 'import'"),
        (["layer.py:loss", "--types", TYPES, "--data", "all"], "data='all' says nothing"),
        (["layer.py:loss", "--data", "SCALE="], "write one way, or NAME=WAY"),
        (["layer.py:loss", "--widths"], "No such option"),
        (["notes.txt:loss"], "notes.txt is no Python file"),
        (["broken.py:f"], "broken.py cannot be imported\nTraceback"),
        (["broken.py:f"], "ZeroDivisionError: division by zero"),
        (["typo.py:f"], "SyntaxError"),
        (["leaves.py:f"], "leaves.py cannot be imported\nTraceback"),
        (["json.py:f"], "json.py cannot be imported as json: that is"),
    ],
)
def test_bad_input(sct, model, folder, words, said):
    (folder / "broken.py").write_text("1 / 0\n")
    (folder / "typo.py").write_text("def f(:\n")
    (folder / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    (folder / "json.py").write_text("def f(x):\n    return x\n")
    (folder / "notes.txt").write_text("")
    (folder / "out.py").write_text("kept\n")
    done = sct("grad", *words, "-o", "out.py")
    assert done.exit_code == 2, done.output
    assert said in done.stderr and done.stdout == ""
    assert (folder / "out.py").read_text() == "kept\n"


def test_where_a_function_is_not_supported(sct, folder):
    (folder / "own_model.py").write_text("def f(x):\n    global y\n    y = x\n    return y\n")
    done = sct("grad", "own_model.py:f", "--types", "x: float")
    assert done.exit_code == 2
    assert "own_model.py:2:5, in f" in done.stderr and "global y\n    ^" in done.stderr


@pytest.mark.parametrize("error", [ZeroDivisionError("of sct's own"), PermissionError(13, "of the system")])
def test_an_error_of_its_own_is_no_check_that_failed(sct, model, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr("sct.cli.commands.generated", fails)
    done = sct("grad", "layer.py:loss")
    assert done.exit_code == 2 and done.stderr.startswith("Error: sct failed\nTraceback") and str(error) in done.stderr
