"""Dtypes: the value is Python's own, and the gradient is of its argument's dtype, whatever the dtypes in an expression."""

import math

import numpy as np
import pytest
from differences import gradient
from fuzz.dtypes import faults
from fuzz.expressions import program
from sources import define

import sct
from sct.ir.types import Array, Const
from sct.testing.gradients import check_dtypes
from sct.testing.mismatch import GradientMismatch

BYTES = np.array([200, 100, 7], np.uint8)


def both(f, wrt, *args):
    """The value and gradients, optimized and not: they have to be alike."""
    found = [sct.value_and_grad(f, wrt, optimize=o)(*args) for o in (True, False)]
    own = f(*args)
    for value, g in found:
        assert type(value) is type(own)
        np.testing.assert_array_equal(value, own)
        for a, b in zip(g, found[0][1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
            assert np.asarray(a).dtype == np.asarray(b).dtype
    return found[0][1]


@pytest.mark.parametrize("first", range(0, 300, 30))
def test_programs_of_all_dtypes(first):
    for seed in range(first, first + 30):
        try:
            assert faults(program(seed)) == [], f"{seed}:\n{program(seed).source}"
        except sct.SctError:  # what is refused is never wrong
            pass


# -- identities of algebra -------------------------------------------------------------------------------------------------


def test_a1_a_negative_is_not_taken_of_bytes():
    (g,) = both(lambda x, u: -(u @ x), ("x",), np.ones(3), BYTES)
    np.testing.assert_array_equal(g, [-200.0, -100.0, -7.0])


@pytest.mark.parametrize("k", [3, True, np.int8(3), np.uint8(200), np.True_, np.float32(1.5), np.array(7)])
def test_a1_a_factor_of_another_kind_does_not_become_the_gradient(k):
    (g,) = both(lambda x, k: np.sum(k * x), ("x",), np.ones(3), k)
    assert g.dtype == float
    np.testing.assert_array_equal(g, [float(k)] * 3)


def test_a1_a_length_times_an_array_that_was_written_into():
    def f(x):
        y = x.copy()
        y[0] = 0.5 * x[0]
        return np.sum(y * len(x))

    (g,) = both(f, ("x",), np.ones(3))
    np.testing.assert_array_equal(g, [1.5, 3.0, 3.0])


@pytest.mark.parametrize("flag", [True, np.True_, np.array([True, True, False])])
def test_a1_flags_are_added_as_numbers(flag):
    def f(x, a, b):
        return np.sum(x * a) + np.sum(x * b)

    (g,) = both(f, ("x",), np.ones(3), flag, flag)
    np.testing.assert_array_equal(g, 2.0 * flag * np.ones(3))


@pytest.mark.parametrize("u", [BYTES, BYTES == 7, np.array([-128, 1, 2], np.int8), np.array([2**63, 1, 2], np.uint64)])
def test_a1_what_is_subtracted_in_place_keeps_its_sign(u):
    def entry(x, u):
        y = x.copy()
        y[0] -= u[0]
        return np.sum(y * y)

    def whole(x, u):
        y = x.copy()
        y -= u
        return np.sum(y * y)

    def at(x, u):
        y = x * 1.0
        np.subtract.at(y, [0, 0, 1], u)
        return np.sum(y * y)

    for f in (entry, whole, at):
        both(f, ("x",), np.array([1.0, 2.0, 3.0]), u)
        sct.check_grads(lambda x, f=f: f(x, u % 100 if u.dtype != bool else u), (np.array([1.0, 2.0, 3.0]),))


def test_a1_a_negative_that_wraps_around_is_added_as_it_is():
    def f(x, u):
        y = x.copy()
        y[0] += -u[0]
        return np.sum(y * y)

    (g,) = both(f, ("x",), np.ones(3), BYTES)  # -np.uint8(200) is 56
    np.testing.assert_array_equal(g, [114.0, 2.0, 2.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x, u: np.sum(x * -u),
        lambda x, u: np.sum(x - (-u) * x),
        lambda x, u: np.sum(x * (3 * (2 * u))),
        lambda x, u: np.sum((0 - u) * x),
        lambda x, u: np.sum((u - u[::-1]) * x) - np.sum(-(u * u) * x),
        lambda x, u: np.sum(x / -u),
    ],
)
def test_a1_integers_wrap_around_where_the_function_lets_them(f):
    x = np.array([1.0, 2.0, 3.0])
    both(f, ("x",), x, BYTES)
    sct.check_grads(lambda x: f(x, BYTES), (x,))


def test_a1_factors_that_are_small_or_large_are_not_gathered_beyond_the_dtype():
    def f(x):
        return np.sum(1e-4 * (1e-4 * x))

    x = np.full(2, 1000.0, np.float16)
    (g,) = both(lambda x: np.sum(1e4 * (1e-4 * (1e-4 * x))), ("x",), x)
    assert g.dtype == np.float16
    np.testing.assert_allclose(g, 1e-4, rtol=1e-2)


def test_a1_a_float32_scalar_is_not_multiplied_in_its_own_precision():
    def f(x, s):
        return np.sum(0.1 * (s * x))

    (g,) = both(f, ("x",), np.ones(3), np.float32(0.3))
    np.testing.assert_array_equal(g, [0.1 * float(np.float32(0.3))] * 3)


def test_a_sum_of_flags_counts():
    def f(x, a):
        return np.sum(x * sum([a, a]))

    (g,) = both(f, ("x",), np.ones(3), BYTES == 7)
    np.testing.assert_array_equal(g, [0.0, 0.0, 2.0])


# -- dtypes as values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        lambda t: str(t) == "float64",
        lambda t: f"{t}" == "float64",
        lambda t: f"{t!r}" == "dtype('float64')",
        lambda t: "{}".format(t) == "float64",
        lambda t: t.itemsize == 8,
        lambda t: t.num == 12,
        lambda t: t.alignment == 8,
        lambda t: t.kind == "f",
        lambda t: t.name == "float64",
        lambda t: t.char == "d",
        lambda t: t.type is np.float64,
        lambda t: isinstance(t, np.dtype),
        lambda t: hash(t) == hash(np.dtype(float)),
        lambda t: t == np.float64,
        lambda t: t == "float64",
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a2_a_dtype_is_asked(question, dtype):
    def f(x):
        if question(x.dtype):
            return np.sum(2.0 * x)
        return np.sum(3.0 * x)

    x = np.ones(3, dtype)
    (g,) = both(f, ("x",), x)
    assert g.dtype == dtype
    np.testing.assert_array_equal(g, 2.0 if question(x.dtype) else 3.0)


def test_a2_a_dtype_is_returned_as_such():
    value, (aux, flag) = sct.grad(lambda x: (np.sum(x), (x.dtype, np.True_)), has_aux=True)(np.ones(3))
    assert aux is np.dtype(np.float64) and flag is np.True_
    np.testing.assert_array_equal(value, np.ones(3))


def test_a2_constants_are_the_same_if_one_can_stand_for_the_other():
    alike = [1, 1.0, True, 1 + 0j, np.float32(1), np.int8(1), np.True_, (1, 2), (1.0, 2), np.dtype(float), np.float64]
    for i, a in enumerate(alike):
        assert [a is b for b in alike] == [Const(a) == Const(b) for b in alike], a
    assert Const(0.0) != Const(-0.0) and Const(float("nan")) == Const(float("nan")) and Const((0.0,)) != Const((-0.0,))
    assert Const(np.float32(0.0)) != Const(np.float32(-0.0)) and Const(slice(0, 1)) == Const(slice(0, 1))
    assert hash(Const((1, 2))) == hash(Const((1, 2)))


def test_a2_an_unknown_dtype_is_not_the_one_that_numpy_takes_none_for():
    assert Array(None, (3,)) != Array(np.dtype(float), (3,))


# -- adjoints whose kind is known only at run time -------------------------------------------------------------------------


@pytest.mark.parametrize("A", [np.array([[1.0, 2.0], [3.0, -1.5]]), np.array([[0.0, 1.0], [-1.0, 0.3]])])
def test_a10_eigenvalues_of_a_real_matrix_have_a_real_gradient(A):
    def f(A):
        return np.sum(np.abs(np.linalg.eigvals(A)))

    (g,) = both(f, ("A",), A)
    assert g.dtype == float
    sct.check_grads(f, (A,))
    sct.check_grads(lambda A: np.sum(np.sin(sct.grad(f)(A))), (A,))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "join",
    [
        lambda x, z, k: np.concatenate([x, z], axis=k),
        lambda x, z, k: np.concatenate([z, x], axis=k),
        lambda x, z, k: np.stack([x, z], axis=k),
        lambda x, z, k: np.tensordot(x, z.T, axes=k),
        lambda x, z, k: np.cumsum(x * z, axis=k),
    ],
)
def test_a10_real_and_complex_operands_along_an_axis_known_at_run_time(join, axis):
    x, z = np.array([[1.0, 2.0]]), np.array([[1 + 1j, 2 - 0.5j]])

    def f(x, z, k):
        return np.sum(np.abs(join(x, z, k)) ** 2)

    g, h = both(f, ("x", "z"), x, z, axis)
    assert g.dtype == float and h.dtype == complex
    sct.check_grads(lambda x, z: f(x, z, axis), (x, z), wrt=(0, 1))


@pytest.mark.parametrize("a", [0.6, np.float32(0.6), np.array(0.6), np.array([0.6, 0.2], np.float32)])
def test_a10_a_real_factor_has_a_real_cotangent(a):
    b = 0.6 + 0.3j
    for optimize in (True, False):
        _, (a_bar, b_bar) = sct.vjp(lambda a, b: a * b, wrt=(0, 1), optimize=optimize)(a, b, np.full(np.shape(a), 1 + 1j))
        np.testing.assert_allclose(a_bar, np.full(np.shape(a), 0.3), rtol=1e-6)
        assert np.asarray(a_bar).dtype == np.asarray(a).dtype
        np.testing.assert_allclose(b_bar, (1 + 1j) * np.sum(a), rtol=1e-6)


# -- precisions ------------------------------------------------------------------------------------------------------------


def returned_from_a_loop(y, n):
    for _ in range(n):
        v = (np.maximum, np.mean(y))
        return v[1]


def left_by_a_loop(y, n):
    for _ in range(n):
        v = (np.maximum, np.mean(y))
    return v[1]


def begun_with_a_number(y, n):
    s = 0.0
    for i in range(n):
        s = np.sin(s) + y[i] * y[i]
    return np.sqrt(s)


def a_number_on_one_path(y, n):
    v = 1.0
    if n > 5:
        v = v * y[0]
    return np.sum(np.maximum(v, -1) * y)


@pytest.mark.parametrize("f", [returned_from_a_loop, left_by_a_loop, begun_with_a_number, a_number_on_one_path])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_b6_a_gradient_in_the_precision_of_its_argument(f, dtype):
    y = np.array([0.5, 1.0, 1.5], dtype)
    for n in (2, 9) if f is a_number_on_one_path else (2,):
        (g,) = both(f, ("y",), y, n)
        assert g.dtype == dtype
        exact = sct.grad(f)(y.astype(float), n)
        np.testing.assert_allclose(g, exact, rtol=10 * np.finfo(dtype).eps)
    sct.check_grads(lambda y: f(y, 2), (y.astype(float),))


def test_b6_the_gradient_by_a_python_number_is_one():
    for f in (lambda x, y: np.sum(x * y), lambda x, y: np.max(np.where(y > x, y, x)), lambda x, y: np.sum(y) * x):
        for y in (np.ones(2, np.float16), np.ones(2, np.float32), np.ones(2), np.array(0.5, np.float32)):
            if f(0.5, y).shape == ():
                (g,) = both(f, ("x",), 0.5, y)
                assert isinstance(g, float)


def test_a_dtype_that_depends_on_the_path_is_asked_at_run_time():
    def f(x, k):
        v = 0.0
        if k > 1:
            v = np.float32(2.0)
        w = np.where(v > 1.0, v, v)
        return np.sum(x) if w.dtype == np.float32 else 3.0 * np.sum(x)

    np.testing.assert_array_equal(both(f, ("x",), np.ones(2), 0), [[3.0, 3.0]])
    np.testing.assert_array_equal(both(f, ("x",), np.ones(2), 2), [[1.0, 1.0]])


def test_flags_to_a_power_have_the_dtype_that_numpy_gives_them():
    def f(x, a):
        small = (a**2).dtype.itemsize == 1
        return np.sum(x) if small else 2.0 * np.sum(x)

    both(f, ("x",), np.ones(2), np.array([True, False]))


def test_the_larger_of_a_number_and_a_float32():
    def f(x):
        return np.sum(np.maximum(max(0.0, x[0]), -1) * x)

    for first in (-1.0, 1.0):
        (g,) = both(f, ("x",), np.array([first, 2.0], np.float32))
        assert g.dtype == np.float32


def test_a_sum_of_a_number_over_its_first_axis():
    for reduce in (np.sum, np.max, np.prod):
        (g,) = both(lambda x: 2.0 * reduce(x, axis=0) * x, ("x",), 1.5)
        assert isinstance(g, float) and g == 6.0


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize(
    "y_bar", [[1, 0, 1], (True, False, True), np.array([1, 0, 1], np.uint8), np.array([1.0, 0, 1], np.float32)]
)
def test_a_cotangent_is_taken_in_the_dtype_of_the_result(y_bar, optimize):
    x = np.array([1.0, 2.0, 3.0])
    for f, slope in ((lambda x: -x * x, -2.0 * x), (lambda x: 200 * x + 200 * x, 400.0), (lambda x: x, 1.0)):
        _, g = sct.vjp(f, optimize=optimize)(x, y_bar)
        assert g.dtype == float
        np.testing.assert_array_equal(g, slope * np.asarray(y_bar, float))
        _, pull = sct.pullback(f, optimize=optimize)(x)
        np.testing.assert_array_equal(pull(y_bar), g)
        _, h = sct.vjp(lambda x: (f(x), x[0]), optimize=optimize)(x, (y_bar, 0))
        np.testing.assert_array_equal(h, g)


def test_a_cotangent_of_a_number_may_be_an_integer():
    _, g = sct.vjp(lambda x: 3 * x)(2.0, 1)
    assert isinstance(g, float) and g == 3.0


@pytest.mark.parametrize("n", [0, 2])
def test_what_is_subtracted_in_place_from_an_array_of_one_dtype_or_another(n):
    def f(x, u, n):
        y = x.copy() if n > 1 else x.astype(np.float32)
        np.subtract.at(y, [0, 0, 1], u)
        v = u if n > 1 else u.astype(np.int8)
        z = x * 1.0
        np.subtract.at(z, [0, 0, 1], v)
        return np.sum(y * y) + np.sum(z * x)

    (g,) = both(f, ("x",), np.array([1.0, 2.0, 3.0]), BYTES, n)
    assert g.dtype == float


def test_a_conversion_to_integers_on_one_path():
    def f(x, k):
        v = x if k > 0 else 3
        return np.sum(x * np.asarray(v)) + np.sum(x * np.array(v))

    for k in (0, 1):
        both(f, ("x",), np.array([1.0, 2.0]), k)
        sct.check_grads(lambda x, k=k: f(x, k), (np.array([1.0, 2.0]),))


@pytest.mark.parametrize("optimize", [True, False])
def test_numbers_that_ufunc_at_adds_are_not_of_the_precision_of_the_array(optimize):
    def f(x, c):
        v = c * 1.0
        np.add.at(v, 0, -1.0 / 5)
        np.add.at(v, [1, 1], 0.3)
        np.subtract.at(v, 2, x)
        return np.sum(x * v)

    c = np.array([0.06, -0.65, 0.94], np.float16)
    value, gradient = sct.value_and_grad(f, optimize=optimize)(0.18, c)
    assert value == f(0.18, c)
    assert gradient == pytest.approx(np.sum(c.astype(float)) + 0.4 - 2 * 0.18, rel=2e-3)


# -- of one kind on one path and of another on the other -------------------------------------------------------------------

CHOSEN = {
    "maximum": lambda v, s: np.maximum(v, 0.0) * s,
    "minimum": lambda v, s: np.minimum(0.0, v) * s,
    "clip": lambda v, s: np.clip(v, 0.0, 5.0) * s,
    "abs": lambda v, s: np.abs(v) * s,
    "fabs": lambda v, s: np.fabs(v) * s,
    "copysign": lambda v, s: np.copysign(v, -1.0) * s,
    "exponent": lambda v, s: (0.5 * s) ** v,
    "exponent of power": lambda v, s: np.power(0.5 * s, v),
    "fmod": lambda v, s: np.fmod(v, 3.0 * s),
    "arctanh": lambda v, s: np.arctanh(0.1 * v) * s,
}
CHOSEN_NUMBERS = {
    "pow of math": lambda v, s: math.pow(0.5 * s, v),
    "pow": lambda v, s: pow(0.5 * s, v),
    "fabs of math": lambda v, s: math.fabs(v) * s,
    "copysign of math": lambda v, s: math.copysign(v, -1.0) * s,
    "erf": lambda v, s: math.erf(v) * s,
}


def of_either(g, x, other, s):
    def f(x, s, n):
        v = x
        if n > 0:
            v = other
        return np.sum(g(v, s))

    for optimize in (True, False):
        df = sct.value_and_grad(f, ("x", "s"), optimize=optimize)
        for n in (0, 1):
            v = np.multiply(other if n else x, 1.0)  # NumPy has half precision for some functions of flags
            value, (x_bar, s_bar) = df(x, s, n)
            np.testing.assert_array_equal(value, f(x, s, n))
            np.testing.assert_allclose(s_bar, gradient(lambda s: np.sum(g(v, s)), s), rtol=1e-6, atol=1e-9)
            expected = np.zeros_like(x) if n else gradient(lambda x: np.sum(g(x, s)), x)
            np.testing.assert_allclose(x_bar, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("other", [True, np.array([True, False]), 2, np.array([2, 1])], ids=["flag", "flags", "int", "ints"])
def test_arrays_or_flags_or_integers(name, other):
    of_either(CHOSEN[name], np.array([0.7, 1.3]), other, 1.5)


@pytest.mark.parametrize("name", [*CHOSEN, *CHOSEN_NUMBERS])
@pytest.mark.parametrize("other", [True, np.True_, 2, np.int64(2)], ids=["flag", "NumPy's flag", "int", "NumPy's int"])
def test_numbers_or_flags_or_integers(name, other):
    of_either({**CHOSEN, **CHOSEN_NUMBERS}[name], 0.7, other, 1.5)


def test_interpolated_in_flags():
    def f(s, n):
        points, values = np.array([0.0, 1.0]) * s, np.array([2.0, 3.0]) * s
        if n > 0:
            points, values = np.array([False, True]), np.array([True, False])
        return np.interp(0.25 * s, points, values)

    for n, slope in ((0, 2.25), (1, -0.25)):
        np.testing.assert_allclose(sct.grad(f)(1.0, n), slope, rtol=1e-12)


def test_a_number_that_may_be_pythons_on_some_path_gets_a_gradient_of_its_own_kind():
    def f(x, y, z):
        if z <= 0.05 and z <= 0.06:
            pass
        elif z <= 1.1:
            y, z = z, y
        else:
            y = np.sqrt(1.5 + np.cos(x @ x))
        if np.var(np.full((2, 3), y)) < 1.1:
            y = 0.3
        return y

    for z in (np.float32(0.65), np.float32(0.01), np.float32(2.0)):
        both(f, ("x", "y", "z"), np.ones(3), 0.97, z)
        for optimize in (True, False):
            _, (_, y_bar, z_bar) = sct.value_and_grad(f, ("x", "y", "z"), optimize=optimize)(np.ones(3), 0.97, z)
            assert type(y_bar) is float and type(z_bar) is np.float32


@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.parametrize("optimize", [True, False])
def test_dtype_of_a_gradient_where_the_result_is_of_either_dtype(n, optimize):
    text = "def f(x, y, n):\n    v = np.sum(x)\n    return v if n == 0 else y\n"
    x = np.ones((2, 1), np.float32)
    _, x_bar = sct.vjp(define(text, "f"), optimize=optimize)(x, 0.5, n, 1.0)
    assert x_bar.dtype == np.float32
    np.testing.assert_array_equal(x_bar, np.full((2, 1), float(n == 0)))


def reversed_by_its_dtype(x, a):
    v = (x if str(a.dtype) == "float64" else a)[::-1]
    return np.sum(x * v) + np.sum(v)


@pytest.mark.parametrize("optimize", [True, False])
def test_adjoint_of_what_holds_integers_on_the_path_taken(optimize):
    x, a = np.array([1.5, 0.5, -1.0], np.float16), np.array([100, 200, 7], np.uint32)
    np.testing.assert_array_equal(sct.grad(reversed_by_its_dtype, optimize=optimize)(x, a), [7.0, 200.0, 100.0])


def less_a_number(v, x):
    w = v * 1.0
    w -= x
    w[0] += x
    return np.sum(w * x)


@pytest.mark.parametrize("optimize", [True, False])
def test_a_python_number_is_added_in_the_precision_of_the_array(optimize):
    v, x = np.array([-1.43, -0.48, 0.17, 0.4, -1.2], np.float32), -1.3
    value, _ = sct.value_and_grad(less_a_number, "x", optimize=optimize)(v, x)
    assert value == less_a_number(v, x)


def row_of_a_number(c):
    return np.sum(np.outer(np.cumsum(c), np.cumsum(c))) + np.float64(np.cumsum(c))[0]


@pytest.mark.parametrize("optimize", [True, False])
def test_gradient_by_a_number_that_numpy_takes_for_a_row(optimize):
    g = sct.grad(row_of_a_number, optimize=optimize)(-1.5)
    assert type(g) is float and g == -2.0


def test_an_adjoint_that_begins_as_an_argument_of_rank_0_is_not_written_into():
    def f(x, b):
        v = 0.0
        for i in range(2):
            v = v + b * i
        return np.sum(v) + np.sum(x * b) + np.sum(x * x)

    x = np.array(1.31)
    value, gradients = sct.value_and_grad(f, ("x", "b"))(x, -1.68)
    assert x == 1.31
    assert value == f(x, -1.68)
    assert np.allclose(gradients, (2.0 * 1.31 - 1.68, 1.31 + 1.0))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_number_of_one_path_is_added_at_full_width(dtype):
    """`np.add.at` adds a Python number in double precision, also one that might have been an array."""

    def f(x, b, c):
        u, v = x * c, b
        for _ in range(2):
            u, v = v, u
        w = x * 1.0
        np.add.at(w, 0, v)
        return np.sum(x * w)

    x = np.array([[-0.66, 1.98, -1.91], [1.1, 0.99, -0.04]], dtype)
    for b in (1.06, 0.123456789, np.float32(1.06)):
        value, _ = sct.value_and_grad(f)(x, b, 2.0)
        assert value == f(x, b, 2.0) and value.dtype == dtype


def test_an_array_of_unknown_dtype_keeps_it_in_augmented_assignments():
    """`v += w` of what may be of several dtypes is of that of `v`, and so is the gradient."""

    def f(x, a):
        u, v = np.where(a > 1, a, a), x
        for _ in range(2):
            u, v = v, u
        w = v * 1.0
        w += v + (u + v)
        return np.sum(v * x) + np.sum(w) + np.sum(x)

    x = np.array([[0.18, -1.34, -1.72], [-0.42, -0.04, 1.48]], np.float32)
    for a in (np.array([7], np.uint64), np.array([7], np.int8), np.array([0.5])):
        for optimize in (True, False):
            value, g = sct.value_and_grad(f, optimize=optimize)(x, a)
            assert value == f(x, a) and value.dtype == f(x, a).dtype
            assert g.dtype == np.float32
            np.testing.assert_allclose(g, 4.0 + 2.0 * x, rtol=1e-5)


def test_a_number_is_added_at_full_width_to_what_is_of_unknown_dtype():
    def f(A, a, c):
        if a > 0.1:
            c = 1.0
        B = A * c
        np.add.at(B, [0], 7e4)
        return B[0]

    A = np.array([-6e4, 1.0], np.float16)
    for optimize in (True, False):
        value, g = sct.value_and_grad(f, optimize=optimize)(A, 0.2, np.float64(2.0))
        assert value == f(A, 0.2, np.float64(2.0)) == np.float16(1e4)
        assert g.dtype == np.float16 and g.tolist() == [1.0, 0.0]


def real_part_of_a_loop(x, n):
    z = x + 0j
    for k in range(n):
        z = z * np.exp(1j * (k + np.arange(3)))
    return z.real**3


def real_part_of_parts(x, n):
    z = np.empty(3, dtype=complex)
    z[:] = x
    while n > 0:
        z[1:] *= np.exp(1j * np.arange(n, n + 2))
        n = n - 1
    return np.real(z) ** 3


def real_part_of_a_branch(x, n):
    z = x * 1j
    if n > 1:
        z[:2] = (2.0 + 1j) * z[1:]
    else:
        z = z * 1j
    return np.real(z) ** 3


@pytest.mark.parametrize("f", [real_part_of_a_loop, real_part_of_parts, real_part_of_a_branch], ids=lambda f: f.__name__)
def test_what_a_complex_array_gets_of_its_real_part_is_complex_where_it_is_carried_on(f):
    for n in (1, 3):
        sct.check_grads(f, (np.array([0.3, -0.7, 1.1]), n), modes=("reverse", "forward"))


def test_a_check_tells_an_adjoint_of_another_precision():
    operands, x_bar = (np.ones(2, np.float32),), np.ones(2)
    with pytest.raises(GradientMismatch, match=r"vjp\(f\) gives a float64 adjoint of \(0,\), which is float32"):
        check_dtypes("vjp(f)", operands, {0: x_bar}, [(0,)])
    check_dtypes("vjp(f)", operands, {0: x_bar.astype(np.float32)}, [(0,)])
