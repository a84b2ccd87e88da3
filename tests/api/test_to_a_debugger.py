"""What debuggers, profilers and `inspect` find of a derivative: files, lines, docstrings; and every stage in files."""

import inspect
import os
import pydoc
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

import sct

HERE = Path(__file__).name


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return first + next(k for k, line in enumerate(lines) if text in line)


def solved(A, b):
    """What a system gives."""
    c = b + 1.0
    return np.sum(np.linalg.solve(A, c))


SINGULAR = np.zeros((2, 2)), np.ones(2)


def test_a_traceback_names_both_lines():
    with pytest.raises(np.linalg.LinAlgError) as caught:
        sct.grad(solved)(*SINGULAR)
    (frame,) = [f for f in traceback.extract_tb(caught.tb) if f.name == "solved_grad"]
    source = sct.grad(solved).source_for(*SINGULAR).splitlines()
    assert frame.line == f"{source[frame.lineno - 1].strip()}  # {HERE}:{line_of(solved, 'np.linalg.solve')}"


def test_the_file_of_a_text(tmp_path, monkeypatch):
    monkeypatch.setenv("SCT_SOURCE_DIR", str(tmp_path / "sources"))
    for _ in range(2):  # of two functions alike
        derived = sct.vjp(lambda x: np.sin(x) * x)
        np.testing.assert_allclose(derived(np.ones(3), np.ones(3))[1], np.sin(1.0) + np.cos(1.0))
    (file,) = (tmp_path / "sources").iterdir()
    lines = file.read_text().splitlines()
    assert [line.partition("  # ")[0] for line in lines if not line.lstrip().startswith("#")] == [
        line for line in derived.source.splitlines() if not line.lstrip().startswith("#")
    ]
    _, pull = sct.pullback(lambda x: np.sin(x) * x)(np.ones(3))
    code = pull.__code__
    assert Path(code.co_filename).read_text().splitlines()[code.co_firstlineno - 1].strip().startswith(f"def {code.co_name}(")


@pytest.mark.skipif(os.name == "nt", reason="files that are folders")
@pytest.mark.parametrize("variable", ["SCT_SOURCE_DIR", "SCT_DUMP"])
def test_a_folder_that_cannot_be_used(tmp_path, monkeypatch, variable):
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    with pytest.warns(UserWarning, match=f"{variable}=.*file cannot be used"):
        assert sct.grad(lambda x: x**5)(1.0 if variable == "SCT_DUMP" else np.float32(1.0)) == 5.0  # compiled for each


def test_every_stage(tmp_path, monkeypatch):
    monkeypatch.setenv("SCT_DUMP", str(tmp_path))
    derived = sct.grad(lambda x: np.sum(np.tanh(x)))
    for x in (np.ones(3), np.ones((2, 2)), np.ones(4)):
        derived(x)
    first, second = sorted(tmp_path.iterdir())
    stages = [file.stem[3:] for file in sorted(second.iterdir())]
    assert stages[:4] == ["source", "lowered", "typed", "primal"] and stages[-2:] == ["owned", "text"]
    (source,) = first.glob("*-source.py")
    assert source.read_text() == "lambda x: np.sum(np.tanh(x))"
    (typed,) = second.glob("*-typed.txt")
    assert "float64[x.0, x.1]" in typed.read_text()


def stopped(x):
    y = 2.0 * x
    breakpoint()  # noqa: T100
    return np.sum(y * y)


def test_a_breakpoint_stops_in_the_derivative(monkeypatch):
    seen = []

    def stop():
        frame = sys._getframe(1)
        seen.append((frame.f_code.co_name, dict(frame.f_locals)))

    monkeypatch.setattr(sys, "breakpointhook", stop)
    sct.grad(stopped)(np.ones(2))
    ((name, found),) = seen
    assert name == "stopped_grad" and found["y"].tolist() == [2.0, 2.0]


def test_inspect():
    def area(r):
        """The area of a circle."""
        return 3.0 * r * r

    derived = sct.grad(area)
    with pytest.raises(TypeError):
        inspect.getsource(derived)
    derived(2.0)
    assert inspect.getsource(derived) == derived.source.split("\n\n\n")[-1]
    assert str(inspect.signature(derived)) == "(r)" == str(inspect.signature(sct.grad(area)))


@pytest.mark.parametrize(
    ("derived", "said"),
    [
        (
            sct.grad(solved, wrt=("A", "b")),
            "solved(A, b)\n    sct.grad of solved with respect to A, b.\n    \n    What a system gives.",
        ),
        (sct.vjp(solved), "solved(A, b, y_bar)\n    sct.vjp of solved with respect to A.\n    \n    What a system gives."),
        (sct.hessian(solved), "solved(A, b)\n    sct.hessian of solved with respect to A.\n    \n    What a system gives."),
        (sct.compile(solved), "solved(A, b)\n    sct.compile of solved.\n    \n    What a system gives."),
    ],
)
def test_help(derived, said):
    assert pydoc.render_doc(derived, renderer=pydoc.plaintext).rstrip().endswith(said)
    again = type(derived)(derived.primal, *derived._asked)
    assert again.__doc__ == derived.__doc__


def test_of_functions_that_are_made_anew():
    def made(k):
        def scaled(x):
            return k * x * x

        return scaled

    for k in (1.0, 2.0):
        derived = sct.grad(made(k))
        assert derived(3.0) == 6.0 * k
        assert derived.__name__ == "scaled" and derived.__doc__ == "sct.grad of scaled with respect to x."
