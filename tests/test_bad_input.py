"""What happens with input that has no derivative: an error of its own, or what NumPy does."""

import inspect
import pickle
import re
import threading

import numpy as np
import pytest
from numpy.polynomial import polyutils
from sources import define

import sct


def square(x):
    return np.sum(x * x)


def scaled(x, n, name="a"):
    return np.sum(x) * n


# wrt


@pytest.mark.parametrize("n", [3, np.int64(3), np.arange(3), True, "3", None])
def test_argument_without_derivative(n):
    def f(n, x):
        return x * 2.0

    with pytest.raises(sct.NonDifferentiableArgumentError, match="'?n'?"):
        sct.grad(f)(n, 1.0)


@pytest.mark.parametrize("value", [2, "text", {"a": "text", "b": 3}, (np.arange(3),)])
def test_container_with_a_part_without_derivative(value):
    def f(p, x):
        return x * 2.0

    with pytest.raises(sct.NonDifferentiableArgumentError):
        sct.grad(f)(value, 1.0)


def test_flags_and_names_in_a_container_have_the_gradient_none():
    def f(p, x):
        return p["w"] * x * (2.0 if p["double"] else 1.0)

    assert sct.grad(f)({"w": 1.5, "b": None, "name": "layer", "double": True}, 3.0) == {
        "w": 6.0,
        "b": None,
        "name": None,
        "double": None,
    }


def test_object_without_derivative():
    class Thing:
        pass

    def f(thing, x):
        return x * 2.0

    with pytest.raises(sct.NonDifferentiableArgumentError):
        sct.grad(f)(Thing(), 1.0)


def test_the_message_says_what_to_do():
    with pytest.raises(sct.NonDifferentiableArgumentError, match=r"float"):
        sct.grad(square)(3)


@pytest.mark.parametrize("wrt", ["z", 5, ("x", "z"), (0, 7), -4])
def test_wrt_that_is_no_parameter(wrt):
    with pytest.raises((sct.SctError, TypeError, ValueError, IndexError)):
        sct.grad(scaled, wrt=wrt)(1.0, 2)


@pytest.mark.parametrize("wrt", [1.5, None.__class__, ("x", 2.5)])
def test_wrt_of_a_wrong_type(wrt):
    with pytest.raises((sct.SctError, TypeError, ValueError)):
        sct.grad(scaled, wrt=wrt)(1.0, 2)


# Results


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 2.0,
        lambda x: x[None, :1] * 2.0,
        lambda x: (np.sum(x), 1.0),
        lambda x: {"loss": np.sum(x)},
        lambda x: None,
        lambda x: "text",
        lambda x: np.sum(x) > 0,
        lambda x: len(x),
        lambda x: np.sum(x) * 1j,
    ],
)
def test_result_that_is_no_real_scalar(f):
    with pytest.raises(sct.NonScalarOutputError):
        sct.grad(f)(np.array([1.0, 2.0]))


def test_function_that_returns_nothing():
    def f(x):
        y = x * x  # noqa: F841

    with pytest.raises(sct.NonScalarOutputError):
        sct.grad(f)(1.0)


def test_result_whose_rank_is_known_only_at_run_time():
    def f(x, axis):
        return np.sum(x, axis=axis)

    x = np.ones((2, 3))
    assert np.array_equal(sct.grad(f)(x, None), x)
    assert np.array_equal(sct.grad(f)(x, (0, 1)), x)
    with pytest.raises(sct.NonScalarOutputError):
        sct.grad(f)(x, 0)

    def g(x):
        return np.sum(x, axis=int(np.argmax(x)))

    assert sct.vjp(g)(x, np.ones(3))[1].shape == x.shape
    with pytest.raises(ValueError, match="a gradient is of a scalar"):
        sct.grad(g)(x)


def test_cotangent_of_a_wrong_shape():
    def f(x):
        return x * 2.0

    with pytest.raises((sct.SctError, ValueError, TypeError)):
        sct.vjp(f)(np.ones(3), np.ones((4, 2)))


PARTS_NOT_ALIKE = [
    {"y": np.ones(4), "p": (1.0, [np.ones(3), 1.0])},
    {"y": np.ones(3), "p": (np.ones(2), [np.ones(3), 1.0])},
    {"y": np.ones(3), "p": ([1.0], [np.ones(3), 1.0])},
    {"y": np.ones(3), "p": (1.0, [np.ones((1, 3)), 1.0])},
    {"y": 1.0, "p": (1.0, [np.ones(3), 1.0])},
]


@pytest.mark.parametrize("bar", PARTS_NOT_ALIKE, ids=["longer", "array", "list", "of rank 2", "number"])
def test_part_of_a_cotangent_of_a_wrong_shape(bar):
    """It would be spread, or be copied into a gradient of its own shape."""

    def f(x, n):
        y = np.zeros_like(x)
        s = 0.0
        for i in range(n):
            y[i] += x[i] ** 2
            s += np.log(x[i])
        return {"y": y, "p": (s, [x * 2.0, 3.0])}

    x = np.array([1.0, 2.0, 3.0])
    like = {"y": [1, 1, 1], "p": (np.array(1.0), [(1.0, 1.0, 1.0), 1.0])}
    expected = 1.0 / x + 2.0 * x + 2.0
    value, pull = sct.pullback(f, "x")(x, 3)
    np.testing.assert_allclose(sct.vjp(f, "x")(x, 3, like)[1], expected, rtol=1e-14)
    np.testing.assert_allclose(pull(like), expected, rtol=1e-14)
    for call in (lambda: sct.vjp(f, "x")(x, 3, bar), lambda: sct.vjp(f, "x", optimize=False)(x, 3, bar), lambda: pull(bar)):
        with pytest.raises((ValueError, TypeError), match="must have the shapes|0-dimensional|not 'list'"):
            call()
    assert value["p"][1][1] == 3.0


def test_part_of_a_cotangent_in_an_argument_that_is_returned():
    def f(p):
        return p

    p = (np.array([1.0, 2.0]), 1.0)
    assert sct.vjp(f)(p, (np.ones(2), 3.0))[1][1] == 3.0
    with pytest.raises(ValueError, match="the array in y_bar must have the shape of the result's"):
        sct.vjp(f)(p, (np.ones(3), 3.0))


def packed(p):
    a, b = p["a"], p["b"]
    return {"sum": a + b[0], "all": [a * b[1], p["n"]]}


def doubled(x, n):
    out = []
    for _ in range(n):
        out.append(x * 2.0)
    return out


ONES = np.ones(3)
P = {"a": 2.0, "b": [ONES, 3.0], "n": 4}
TANGENTS_NOT_ALIKE = {
    "p_dot must be a dict with the keys 'a', 'b', 'n'": [
        {"a": 1.0, "b": [ONES, 1.0]},
        {"a": 1.0, "b": [ONES, 1.0], "n": None, "z": 1.0},
        [1.0, [ONES, 1.0], None],
        ONES,
        None,
    ],
    "p_dot['b'] must be a list of length 2": [
        {"a": 1.0, "b": [ONES], "n": None},
        {"a": 1.0, "b": [ONES, 1.0, 2.0], "n": None},
        {"a": 1.0, "b": (ONES, 1.0), "n": None},
        {"a": 1.0, "b": np.ones(2), "n": None},
    ],
    "p_dot['a'] must be a number or an array": [{"a": None, "b": [ONES, 1.0], "n": None}],
    "p_dot['a'] must be real": [{"a": 1j, "b": [ONES, 1.0], "n": None}],
    "p_dot['b'][0] must be real": [{"a": 1.0, "b": [1j * ONES, 1.0], "n": None}],
}
COTANGENTS_NOT_ALIKE = {
    "y_bar must be a dict with the keys 'sum', 'all'": [{"sum": ONES}, {"sum": ONES, "all": [1.0, None], "n": 1.0}, ONES, None],
    "y_bar['all'] must be a list of length 2": [
        {"sum": ONES, "all": [1.0]},
        {"sum": ONES, "all": [1.0, None, 2.0]},
        {"sum": ONES, "all": (1.0, None)},
        {"sum": ONES, "all": 1.0},
    ],
    "y_bar['sum'] must be a number or an array": [{"sum": None, "all": [1.0, None]}],
    "y_bar['sum'] must be real": [{"sum": 1j * ONES, "all": [1.0, None]}],
}
ITEMS_NOT_ALIKE = {
    "y_bar must be a list of length 2": [[ONES], [ONES, ONES, ONES], (ONES, ONES), np.ones((2, 3)), None],
    "y_bar[1] must have the shape (3,)": [[ONES, 1.0]],
    "y_bar[1] must be real": [[ONES, 1j * ONES]],
}


def cases(table):
    return [pytest.param(given, message, id=f"{message} {n}") for message, all in table.items() for n, given in enumerate(all)]


@pytest.mark.parametrize("given, message", cases(TANGENTS_NOT_ALIKE))
def test_a_tangent_of_another_structure(given, message):
    _, push = sct.linearize(packed)(P)
    for call in (lambda: sct.jvp(packed)(P, given), lambda: push(given)):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            call()


@pytest.mark.parametrize("given, message", cases(COTANGENTS_NOT_ALIKE))
def test_a_cotangent_of_another_structure(given, message):
    _, pull = sct.pullback(packed)(P)
    for call in (lambda: sct.vjp(packed)(P, given), lambda: pull(given)):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            call()


@pytest.mark.parametrize("given, message", cases(ITEMS_NOT_ALIKE))
def test_a_cotangent_of_a_list_of_another_length(given, message):
    y, pull = sct.pullback(doubled)(ONES, 2)
    y.append(ONES)  # which is the caller's own
    for call in (lambda: sct.vjp(doubled)(ONES, 2, given), lambda: pull(given)):
        with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}$"):
            call()


def test_structures_in_a_function_that_is_differentiated():
    def use(x, given):
        return sct.jvp(packed)({"a": x, "b": [ONES, 3.0], "n": 4}, given)[1]["all"][0]

    def right(x):
        return use(x, {"a": x, "b": [ONES, x], "n": None})

    assert sct.grad(right)(2.0) == 3.0 + 2.0 * 2.0
    assert "expect_structure" not in sct.grad(right).source_for(2.0)
    with pytest.raises(TypeError, match=re.escape("p_dot['b'] must be a list of length 2")):
        sct.grad(lambda x: use(x, {"a": x, "b": [ONES, x, x], "n": None}))(2.0)


@pytest.mark.parametrize("x", [1.5, np.float64(1.5), np.float32(1.5), np.ones(3)], ids=lambda x: type(x).__name__)
def test_cotangents_and_tangents_that_are_no_numbers_like_the_argument(x):
    def twice(x):
        return 2.0 * x

    _, pull = sct.pullback(twice)(x)
    _, push = sct.linearize(twice)(x)
    for call in (lambda v: sct.jvp(twice)(x, v), lambda v: sct.vjp(twice)(x, v), push, pull):
        with pytest.raises(TypeError, match="must be real$"):
            call(1j * x)
        with pytest.raises((TypeError, ValueError), match="must be a number|must have the shape"):
            call(None)
        with pytest.raises((TypeError, ValueError), match="dict|must be a number|must have the shape"):
            call({"x": x})


# Functions without source


@pytest.mark.parametrize("f", [eval("lambda x: x * x"), int, dict.get])
def test_function_without_source(f):
    with pytest.raises((sct.SourceUnavailableError, sct.NoRuleError)):
        sct.grad(f)(1.0)


def test_exec_without_linecache():
    namespace = {}
    exec("def f(x):\n    return x * x\n", namespace)
    with pytest.raises(sct.SourceUnavailableError, match="f"):
        sct.grad(namespace["f"])(1.0)


def test_call_of_a_function_without_source():
    namespace = {}
    exec("def g(x):\n    return x * x\n", namespace)
    g = namespace["g"]

    def f(x):
        return g(x) + 1.0

    with pytest.raises((sct.SourceUnavailableError, sct.NoRuleError), match=r"g"):
        sct.grad(f)(1.0)


@pytest.mark.parametrize("thing", [3, "text", None, np.ones(3)])
def test_not_a_function(thing):
    with pytest.raises((sct.SctError, TypeError)):
        sct.grad(thing)(1.0)


# Missing rules


def test_missing_rule_says_how_to_register_one():
    def f(x):
        return np.sum(polyutils.getdomain(x) * x)

    with pytest.raises(sct.NoRuleError) as error:
        sct.grad(f)(np.ones(3))
    message = str(error.value)
    assert "np.polynomial.polyutils.getdomain" in message
    assert "sct.adjoint" in message
    assert "test_bad_input.py:" in message
    assert "return np.sum(polyutils.getdomain(x) * x)" in message
    assert "^" in message


def test_missing_rule_on_an_inactive_value_is_no_error():
    def f(x, c):
        return np.sum(polyutils.getdomain(c) * x)

    c = np.array([0.0, 1.0])
    assert np.allclose(sct.grad(f)(np.ones(2), c), polyutils.getdomain(c))


def test_a_rule_of_ones_own():
    def softsign(x):
        return x / (1.0 + abs(x))

    @sct.adjoint(softsign)
    def softsign_adjoint(y, x, y_bar):
        return 7.0 * y_bar  # on purpose not the derivative, to see that it is used

    def f(x):
        return softsign(x) * 2.0

    assert sct.grad(f)(1.0) == 14.0


def test_a_function_declared_non_differentiable():
    @sct.nondifferentiable
    def steps(x):
        return float(int(x))

    def f(x):
        return x * steps(x)

    assert sct.grad(f)(2.5) == 2.0


def test_missing_rule_is_found_before_anything_runs(capsys):
    def f(x):
        print("running")
        return np.sum(polyutils.getdomain(x))

    with pytest.raises(sct.NoRuleError):
        sct.grad(f)(np.ones(3))
    assert capsys.readouterr().out == ""


def test_unsupported_construct_is_found_before_anything_runs(capsys):
    f = define("def f(x):\n    print('running')\n    y = {v for v in x}.pop()\n    return x[0]\n", "f")
    with pytest.raises(sct.UnsupportedSyntaxError):
        sct.grad(f)(np.ones(3))
    assert capsys.readouterr().out == ""


# Calls


@pytest.mark.parametrize(
    "args, kwargs", [((), {}), ((1.0,), {}), ((1.0, 2, "b", 4), {}), ((1.0, 2), {"nme": 1}), ((1.0, 2), {"x": 1.0})]
)
def test_wrong_arguments_are_a_type_error_as_for_the_function(args, kwargs):
    with pytest.raises(TypeError):
        scaled(*args, **kwargs)
    with pytest.raises(TypeError):
        sct.grad(scaled)(*args, **kwargs)


def test_undefined_name_is_a_name_error():
    def f(x):
        return x * undefined_constant  # noqa: F821

    with pytest.raises(NameError, match="undefined_constant"):
        sct.grad(f)(1.0)


def test_shapes_that_do_not_match_are_numpys_error():
    def f(a, b):
        return np.sum((a @ b) ** 2)

    with pytest.raises(ValueError, match=r"matmul|mismatch|align"):
        sct.grad(f)(np.ones((2, 3)), np.ones((2, 3)))


def test_shapes_that_do_not_match_are_an_error_where_nothing_is_computed_of_them():
    def f(a, b):
        return np.sum(a @ b)

    with pytest.raises(ValueError, match="operands have sizes that do not fit: return np.sum"):
        sct.grad(f)(np.ones((2, 3)), np.ones((2, 3)))


def test_index_out_of_range_is_numpys_error():
    def f(x, i):
        return x[i]

    with pytest.raises(IndexError):
        sct.grad(f)(np.ones(3), 5)


def test_missing_key_is_a_key_error():
    def f(p):
        return p["b"] * 2.0

    with pytest.raises((KeyError, sct.SctError)):
        sct.grad(f)({"a": 1.0})


# Numbers


def test_nan_and_inf_propagate():
    def f(x):
        return np.sum(np.exp(x) * x)

    g = sct.grad(f)(np.array([np.nan, np.inf, -np.inf, 0.0]))
    assert np.isnan(g[0])
    assert g[1] == np.inf
    assert np.isnan(g[2])
    assert g[3] == 1.0


@pytest.mark.parametrize("optimize", [True, False])
def test_the_edges_of_a_domain_are_as_numpy_gives_them(optimize):
    with np.errstate(all="ignore"):
        assert sct.grad(lambda x: np.sqrt(x), optimize=optimize)(np.float64(0.0)) == np.inf
        assert np.isnan(sct.grad(lambda x: np.log(x) * 0.0, optimize=optimize)(np.float64(0.0)))
        assert sct.grad(lambda x: 1.0 / x, optimize=optimize)(np.float64(0.0)) == -np.inf


def test_zero_times_infinity_is_not_folded_away():
    def f(x, c):
        return np.sum(x * c)

    assert np.isnan(sct.grad(lambda x, c: np.sum(np.exp(x) * 0.0 * c))(np.zeros(1), np.array([np.inf]))[0])
    assert sct.grad(f)(np.zeros(1), np.array([np.inf]))[0] == np.inf


def test_conventions():
    assert sct.grad(lambda x: abs(x))(0.0) == 0.0
    assert sct.grad(lambda x: np.abs(x))(np.float64(0.0)) == 0.0
    assert sct.grad(lambda x, y: np.maximum(x, y), wrt=(0, 1))(np.float64(1.0), np.float64(1.0)) == (0.5, 0.5)
    assert np.allclose(sct.grad(lambda x: np.max(x))(np.array([2.0, 2.0, 1.0, 2.0])), [1 / 3, 1 / 3, 0.0, 1 / 3])


# Complex numbers


def test_gradient_of_a_real_function_of_complex_numbers():
    def f(z):
        return np.sum(np.real(z) ** 2 + np.real(z) * np.imag(z))

    z = np.array([1.0 + 2.0j, -0.5 + 0.1j])
    expected = (2 * z.real + z.imag) - 1j * z.real  # ∂f/∂Re z − i ∂f/∂Im z
    assert np.allclose(sct.grad(f)(z), expected)


def test_complex_result_needs_the_word_holomorphic():
    def f(z):
        return z**3

    with pytest.raises(sct.NonScalarOutputError):
        sct.grad(f)(1.0 + 2.0j)
    assert sct.grad(f, holomorphic=True)(1.0 + 2.0j) == pytest.approx(3 * (1 + 2j) ** 2)


def test_complex_input_of_a_rule_for_real_numbers():
    from sct.registry.rules import adjoint_rule, primitives

    real = [
        p
        for p in primitives()
        if adjoint_rule(p).real_only and isinstance(p, np.ufunc) and p.nin == 1 and "D->" in str(p.types)
    ]
    real = real or [np.arctan2]
    p = real[0]

    def f(z):
        return np.real(p(z) if p.nin == 1 else p(z, z))

    with pytest.raises((sct.NoRuleError, sct.SctError)):
        sct.grad(f)(np.complex128(0.3 + 0.1j))


def test_imaginary_parts_are_not_lost_silently():
    def f(x):
        return np.real(np.sum(x * (1.0 + 2.0j)))

    g = sct.grad(f)(np.ones(2))
    assert g.dtype == np.float64
    assert np.array_equal(g, [1.0, 1.0])


# A derived function


def test_attributes_of_a_derived_function():
    derived = sct.grad(scaled)
    assert derived.primal is scaled
    assert "scaled" in derived.__name__
    assert list(inspect.signature(derived).parameters) == ["x", "n", "name"]
    assert "def " in derived.source
    derived(np.ones(3), 2)
    assert derived.source == derived.source_for(np.ones(3), 2)
    assert derived.specialize(np.ones(3), 2)(np.ones(3), 2).tolist() == [2.0, 2.0, 2.0]


def test_a_derived_function_pickles():
    derived = pickle.loads(pickle.dumps(sct.grad(square)))
    assert np.array_equal(derived(np.ones(2)), [2.0, 2.0])


def test_calls_from_many_threads():
    derived = sct.grad(square)
    results = []

    def work(n):
        x = np.arange(1.0, n + 1.0)
        results.append(np.array_equal(derived(x), 2 * x))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 17)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [True] * 16


def test_a_new_batch_size_does_not_recompile():
    derived = sct.grad(square)
    assert derived.specialize(np.ones(3)) is derived.specialize(np.ones(30))
    assert derived.specialize(np.ones(3)) is not derived.specialize(np.ones((3, 2)))


def test_a_traceback_shows_the_line_of_the_derivative():
    import traceback

    def f(x):
        y = np.exp(x)
        assert y.shape == (2,), "two entries"
        return np.sum(y)

    derived = sct.grad(f)
    derived(np.ones(2))
    with pytest.raises(AssertionError) as error:
        derived(np.ones(3))
    frames = traceback.extract_tb(error.value.__traceback__)
    line, _, place = frames[-1].line.partition("  # ")
    assert "assert" in line and place.startswith("test_bad_input.py:")
    assert line in derived.source_for(np.ones(3))


def test_has_aux():
    def f(x):
        y = x * x
        return np.sum(y), {"y": y}

    x = np.array([1.0, 2.0])
    gradient, aux = sct.grad(f, has_aux=True)(x)
    assert np.array_equal(gradient, 2 * x) and np.array_equal(aux["y"], x * x)
    (value, aux), gradient = sct.value_and_grad(f, has_aux=True)(x)
    assert value == 5.0 and np.array_equal(gradient, 2 * x) and np.array_equal(aux["y"], x * x)


def test_stop_gradient():
    def f(x):
        return x * sct.stop_gradient(x * x)

    assert sct.grad(f)(3.0) == 9.0


def test_elementwise_grad():
    x = np.array([0.1, 0.7, -1.2])

    def f(x):
        return np.sin(x) * x

    assert np.allclose(sct.elementwise_grad(f)(x), np.cos(x) * x + np.sin(x))


def test_primitives_differentiate():
    A = np.array([[2.0, 1.0], [0.5, 3.0]])
    assert np.array_equal(sct.grad(np.sum)(A), np.ones((2, 2)))
    y, (A_bar) = sct.vjp(np.linalg.inv)(A, np.eye(2))
    np.testing.assert_array_equal(y, np.linalg.inv(A), strict=True)
    assert np.allclose(A_bar, -(y.T @ y.T))


# check_grads


def test_check_grads_finds_a_wrong_rule():
    def wrong(x):
        return x * x

    @sct.adjoint(wrong)
    def wrong_adjoint(y, x, y_bar):
        return 3.0 * x * y_bar

    def f(x):
        return wrong(x)

    with pytest.raises(AssertionError, match=r"(?s)4\.5.*3\.0|finite differences give"):
        sct.check_grads(f, (1.5,))


def test_check_grads_refuses_an_unknown_mode():
    with pytest.raises(ValueError, match="sideways"):
        sct.check_grads(square, (1.0,), modes=("sideways",))
