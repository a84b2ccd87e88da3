"""How generated text calls SciPy."""

import numpy as np
import pytest
from scipy import special as functions

import sct


def test_areas_are_imported_by_their_names():
    def f(x):
        return functions.expit(x)

    assert sct.grad(f).source_for(0.5) == (
        "from scipy import special\n\n\n"
        "def f_grad(x):\n"
        "    # forward\n"
        "    expit = special.expit(x)\n"
        "    # reverse\n"
        "    # return functions.expit(x)\n"
        "    x_bar = expit * (1.0 - expit)\n"
        "    return x_bar\n"
    )


def special(x):
    return str(x)


sct.nondifferentiable(special)


def of_a_parameter(x, special):
    return np.sum(functions.gamma(x) * special)


def of_a_variable(x, linalg):
    special = functions.gamma(x)
    return np.sum(special * special * linalg)


def before_another(x, linalg):
    return functions.psi(x)[0] * len(special(linalg))


def after_another(x, linalg):
    return len(special(linalg)) * functions.psi(x)[1]


@pytest.mark.parametrize("f", [of_a_parameter, of_a_variable, before_another, after_another], ids=lambda f: f.__name__)
def test_what_the_user_calls_so(f):
    sct.check_grads(f, (np.array([2.5, 3.5]), np.array([1.5, 0.5])), wrt=0, order=2)


def test_modules_import_scipy():
    def f(x):
        return functions.expit(x) * np.sum(functions.erf(x))

    text = sct.generate(f, "grad", "x", types="x: float")
    assert "from scipy import special  #" in text
    module = {"__name__": "made"}
    exec(text, module)
    assert module["f_grad"](0.5) == sct.grad(f)(0.5)
