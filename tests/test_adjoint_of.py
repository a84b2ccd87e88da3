"""`with sct.adjoint_of(h) as h_bar`: code that runs on adjoints in the reverse sweep, and which is refused."""

import numpy as np
import pytest

import sct
from sct import adjoint_of

X = np.array([0.5, 2.0])
SEEN = []


def keep(v):
    SEEN.append(np.array(v))


def clipped(x):
    y = x * x
    with sct.adjoint_of(y) as y_bar:
        y_bar = np.clip(y_bar, -1.0, 1.0)
    return np.sum(y**3)


def test_an_adjoint_that_is_bound_anew():
    expected = 2.0 * X * np.clip(3.0 * X**4, -1.0, 1.0)
    assert clipped(X) == np.sum(X**6)
    assert np.allclose(sct.grad(clipped)(X), expected)
    assert np.allclose(sct.pullback(clipped)(X)[1](1.0), expected)
    assert np.allclose(sct.grad(clipped, optimize=False)(X), expected)
    assert sct.grad(clipped).source_for(X).split("# reverse\n")[1] == (
        "    # return np.sum(y**3)\n"
        "    y_bar = 3.0 * y ** 2\n"
        "    # with sct.adjoint_of(y) as y_bar:\n"
        "    y_bar = np.clip(y_bar, -1.0, 1.0)\n"
        "    # y = x * x\n"
        "    x_bar = 2.0 * (y_bar * x)\n"
        "    return x_bar\n"
    )


def test_derivatives_of_it():
    """Of 2 x clip(3 x⁴): at 2, where it is clipped, 2. The second sweep changes the adjoint of y as the first one does."""

    def total(x):
        return np.sum(sct.grad(clipped)(x))

    assert np.isclose(sct.grad(total)(X)[1], 2.0)
    sct.check_grads(unchanged, (X,), modes=("reverse", "forward"), order=2)


def unchanged(x):
    y = x * x
    with sct.adjoint_of(y) as y_bar:
        assert np.all(np.isfinite(y_bar)), "not finite"
        print(np.sum(y_bar))
    return np.sum(y**3)


def test_what_looks_at_an_adjoint(capsys):
    assert np.allclose(sct.grad(unchanged)(X), 6.0 * X**5)
    assert capsys.readouterr().out == f"{np.sum(3.0 * X**4)}\n"
    unchanged(X)
    assert capsys.readouterr().out == "0.0\n"
    sct.jvp(unchanged)(X, X)
    assert capsys.readouterr().out == ""
    with np.errstate(over="ignore"), pytest.raises(AssertionError, match="not finite"):
        sct.grad(unchanged)(X * 1e100)


def scaled_in_a_loop(x, n):
    y, limit = x, 2.0
    for _ in range(n):
        y = y * x
        limit = limit * 0.5
        with adjoint_of(y) as y_bar:
            norm = np.linalg.norm(y_bar)
            if norm > limit:
                y_bar *= limit / norm
            keep(y_bar)
    return np.sum(y**3)


def test_in_a_loop_it_sees_variables_as_they_are_there():
    y = [X, X**2, X**3, X**4]
    bar, x_bar, seen = 3.0 * y[3] ** 2, np.zeros(2), []
    for k, limit in ((2, 0.25), (1, 0.5), (0, 1.0)):
        bar = bar * min(1.0, limit / np.linalg.norm(bar))
        seen.append(bar)
        x_bar, bar = x_bar + bar * y[k], bar * X
    SEEN.clear()
    assert np.allclose(sct.grad(scaled_in_a_loop)(X, 3), x_bar + bar)
    assert np.allclose(SEEN, seen)


def in_a_branch_of_an_inner_function(x, n):
    def layer(h, k):
        h = np.tanh(h * k)
        if n > 2:
            with sct.adjoint_of(h) as h_bar:
                h_bar[...] = h_bar / (1.0 + np.abs(h_bar))
            with sct.adjoint_of(h) as h_bar:
                h_bar = h_bar * h[0]
        return h

    return np.sum(layer(layer(x, 2.0), 3.0))


def test_in_branches_of_inner_functions():
    h = np.tanh(2.0 * X)
    g = np.tanh(3.0 * h)
    bar = np.full(2, g[0]) / (1.0 + g[0])
    bar = 3.0 * bar * (1.0 - g * g) * h[0]
    bar = bar / (1.0 + np.abs(bar))
    assert np.allclose(sct.grad(in_a_branch_of_an_inner_function)(X, 3), 2.0 * bar * (1.0 - h * h))
    sct.check_grads(in_a_branch_of_an_inner_function, (X, 1))


def of_a_number(a, c):
    b = a * a
    with sct.adjoint_of(b) as b_bar:
        b_bar = min(b_bar, 1.0) * c["k"][1]
    c["k"][1] = 100.0
    return b**3 * c["k"][0]


def test_numbers_and_data():
    assert sct.grad(of_a_number)(2.0, {"k": [3.0, 0.5]}) == 2.0
    assert sct.grad(of_a_number)(0.1, {"k": [3.0, 0.5]}) == pytest.approx(9.0 * 0.1**4 * 0.5 * 0.2)


def of_what_is_written_into(x):
    y = x * 1.0
    with sct.adjoint_of(y) as y_bar:
        y_bar = y_bar * 2.0
    y[0] = 3.0 * x[1] * y[0]
    return np.sum(y**3)


def test_arrays_that_are_values_although_they_are_written_into():
    a, b = X
    assert np.allclose(sct.grad(of_what_is_written_into)(X), [162.0 * a**2 * b**3, 81.0 * a**3 * b**2 + 6.0 * b**2])


def of_an_array_with_two_names(x, n):
    y = x * 1.0
    z = y if n > 2 else x * 2.0
    with sct.adjoint_of(y) as y_bar:
        y_bar = y_bar * 2.0
    z[0] = 3.0 * x[1] * y[0]
    return np.sum(y**3)


def in_a_try(x, n):
    try:
        y = x * x
        with sct.adjoint_of(y) as y_bar:
            y_bar = y_bar * 2.0
    except ValueError:
        y = x
    return np.sum(y)


def returning(x, n):
    with sct.adjoint_of(x) as x_bar:
        return np.sum(x_bar)


def used_elsewhere(x, n):
    norm = 1.0
    with sct.adjoint_of(x) as x_bar:
        norm = np.sum(x_bar)
    return np.sum(x) * norm


def of_an_expression(x, n):
    with sct.adjoint_of(x[0]) as x_bar:
        print(x_bar)
    return np.sum(x)


def without_with(x, n):
    y = sct.adjoint_of(x)
    with y as x_bar:
        print(x_bar)
    return np.sum(x)


def of_a_tuple(x, n):
    p = (x, x)
    with sct.adjoint_of(p) as p_bar:
        print(p_bar)
    return np.sum(p[0])


def keeping_it(x, n):
    kept = []
    with sct.adjoint_of(x) as x_bar:
        kept.append(x_bar)
    return np.sum(x)


def writing_into_what_it_sees(x, n):
    kept = np.zeros(2)
    y = x * x
    with sct.adjoint_of(y) as y_bar:
        kept[:] = y_bar
    return np.sum(y)


def calling_an_inner_function(x, n):
    def halved(v):
        return v * 0.5 * x[0]

    with sct.adjoint_of(x) as x_bar:
        x_bar = halved(x_bar)
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (of_an_array_with_two_names, "sct.adjoint_of of an array that is written into"),
        (in_a_try, "sct.adjoint_of in a try"),
        (returning, "return, break, continue or yield on an adjoint"),
        (used_elsewhere, "'norm', which is bound in a with on an adjoint, and used elsewhere"),
        (of_an_expression, "sct.adjoint_of other than of a variable, under a name"),
        (without_with, "sct.adjoint_of other than in a with statement"),
        (of_a_tuple, "sct.adjoint_of of a tuple"),
        (keeping_it, "a write, on an adjoint, into what is defined outside of the with"),
        (writing_into_what_it_sees, "a write, on an adjoint, into what is defined outside of the with"),
        (calling_an_inner_function, "a function defined inside a function, used on an adjoint"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(X, 3)


def called_twice(x):
    return np.sum(clipped_square(x) * 3.0) + np.sum(clipped_square(x) * 5.0)


def clipped_square(x):
    y = x * x
    with sct.adjoint_of(y) as y_bar:
        y_bar = np.clip(y_bar, -1.0, 1.0)
    return y


def descending(x):
    def loss(w):
        h = w * x
        with sct.adjoint_of(h) as h_bar:
            h_bar = h_bar * 10.0
        return np.sum(h)

    return np.sum(sct.grad(loss)(x) * x)


def test_each_call_has_adjoints_of_its_own():
    assert np.allclose(sct.grad(called_twice)(X), 4.0 * X)
    assert np.allclose(sct.grad(descending)(X), 20.0 * X)


def summed(x):
    y = x * x
    with sct.adjoint_of(y) as y_bar:
        y_bar = np.sum(y_bar)
    return np.sum(y**3)


def test_another_shape():
    with pytest.raises(sct.SctError, match="the adjoint of y is of another shape behind the with on it"):
        sct.grad(summed)(X)


def test_forward_mode_takes_no_changes():
    for transform in (sct.jvp, sct.linearize):
        with pytest.raises(sct.NoRuleError, match="may change the adjoint, and so has no transpose"):
            transform(clipped)(*(X, X)[: 2 if transform is sct.jvp else 1])


def test_plain_calls_take_arrays_and_numbers():
    with pytest.raises(TypeError, match="sct.adjoint_of is for arrays and numbers, not for dict"):
        sct.adjoint_of({})


def test_generated_modules_need_no_sct():
    text = str(sct.generate(clipped, "grad", like=(X,)))
    made = {}
    exec(text, made)
    assert "import sct" not in text
    assert np.array_equal(made["clipped_grad"](X), sct.grad(clipped)(X))
