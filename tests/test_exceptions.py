"""`try`: the derivative catches what the function catches, and goes back on the way that was taken."""

import copy
import math

import numpy as np
import pytest

import sct

X = np.array([0.5, 1.2, 0.7])
A = np.array([[2.0, 0.3], [0.3, 1.0]])


def with_another_way(A):
    try:
        L = np.linalg.cholesky(A)
    except np.linalg.LinAlgError:
        L = A * A * 2.0
    return np.sum(L * L)


def tried_again_with_more(x):
    B = np.outer(x, x) - 0.05 * np.eye(3)
    more = 0.0
    L = B
    for _ in range(5):
        try:
            L = np.linalg.cholesky(B + more * np.eye(3))
            break
        except np.linalg.LinAlgError:
            more = 1e-1 if more == 0.0 else more * 10
    return np.sum(np.log(np.diag(L)))


def left_out_in_a_loop(x):
    s = 1.0
    for i in range(4):
        try:
            y = x[i] * s
        except IndexError:
            continue
        s = s * y + y
    return s


def otherwise_and_at_last(x):
    try:
        k = int("3")
    except ValueError:
        y = x
    else:
        y = x * k
    finally:
        z = 2.0
    return np.sum(y * y) * z


def several_handlers(x):
    s = 0.0
    for w in ("1", "a", None):
        try:
            s = s + x[0] * float(w)
        except ValueError:
            s = s + x[1] ** 2
        except TypeError as error:
            s = s * x[2] + len(str(error)) * x[0]
    return s


def outside_of_a_domain(x):
    s = 0.0
    for v in x - 0.6:
        try:
            s += math.sqrt(v)
        except ValueError:
            s -= v * v
    return s


def raised_inside(x):
    s = 1.0
    for i in range(3):
        try:
            if x[i] > 1.0:
                raise ValueError("large")
            s = s * x[i]
        except ValueError:
            s = s + x[i] ** 2
    return s


def returning_from_either(x):
    x_new = x[1]
    for _ in range(10):
        try:
            assert x_new > 0
            x_new = x_new - (x_new * x_new - x[0]) / (2 * x_new)
            if abs(x_new * x_new - x[0]) < 1e-9:
                return x_new
        except AssertionError:
            return x[2]
    return x_new


def recorded_before_the_exception(x):
    s = 1.0
    for i in range(4):
        try:
            a = np.sin(s) * x[i % 3]
            b = a * a * float("1" if i % 2 else "none")
            s = s * b + b
        except ValueError:
            s = s + x[i % 3] ** 2 * s
    return s


def recorded_in_a_loop_before_the_exception(x):
    s = 1.0
    for i in range(4):
        r = s
        try:
            for j in range(3):
                r = np.sin(r) * x[j] * float("1" if i % 2 or j < 2 else "none")
            t = r * r
        except ValueError:
            t = s * x[i % 3] * s
        s = s + t * t
    return s


def entry(d, x, n):
    try:
        return d[n] * x[0]
    except IndexError:
        return x[n - 2] ** 2


def in_a_function_that_is_called(x):
    d = np.array([1.0, 2.0])
    s = 0.0
    for i in range(4):
        s = s + entry(d, x, i) * s + 1.0
    return s


def kept_as_it_was(x):
    y = x[0] ** 3
    try:
        y = x[1] * int("none")
    except ValueError:
        pass
    return y * y


def with_a_loop_in_it(x):
    s = 0.0
    try:
        for v in x:
            with np.errstate(all="ignore"):
                s = s + np.sin(s * v) + v * v
            if v > 1.0:
                s = s * v
            if s > 100.0:
                raise KeyError("far")
    except KeyError:
        return x[0] ** 3
    return s


def writing_into_what_it_makes(x):
    y = x * 2.0
    try:
        w = np.zeros(3)
        w[0] = x[0] * x[1]
        w[1:] = x[1:] ** 2
        z = w * w
    except ValueError:
        z = y * y
    return np.sum(z * y)


def appending_last(x):
    L = [x[0]]
    for i in range(4):
        try:
            v = x[1] * float("none" if i % 2 else "1")
            L.append(v * L[-1])
        except ValueError:
            L.append(x[2])
    return sum(L) * L[1]


def writing_last(x):
    y = np.ones(3)
    for i in range(5):
        try:
            y[i] += x[i] * y[i - 1] * float("none" if i == 1 else "2")
        except ValueError:
            y[i] = x[i] ** 2
        except IndexError:
            pass
    return np.sum(y * y)


class Counter:
    def __init__(self):
        self.n, self.s = 0, 1.0

    def step(self, v):
        try:
            self.s = self.s * v * float("none" if self.n == 1 else "1")
        except ValueError:
            self.s = self.s + v
        self.n += 1


def into_a_field_last(x):
    c = Counter()
    for i in range(3):
        c.step(x[i])
    return c.s * c.n


def by_recursion(x, n=4):
    if n == 0:
        return x[0] * x[1]
    try:
        k = 1 // (n % 2)
        y = np.sin(by_recursion(x, n - 1)) * k
    except ZeroDivisionError:
        y = by_recursion(x, n - 1) * x[2]
    return y


FUNCTIONS = [
    with_a_loop_in_it,
    *(tried_again_with_more, left_out_in_a_loop, otherwise_and_at_last, several_handlers, outside_of_a_domain, raised_inside),
    *(returning_from_either, recorded_before_the_exception, recorded_in_a_loop_before_the_exception, kept_as_it_was),
    *(in_a_function_that_is_called, writing_into_what_it_makes, appending_last, writing_last, into_a_field_last, by_recursion),
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_derivatives(f):
    sct.check_grads(f, (X,), order=1 if f is by_recursion else 2)
    value, gradient = sct.value_and_grad(f)(X)
    assert value == f(X)
    np.testing.assert_allclose(sct.grad(f, optimize=False)(X), gradient, rtol=1e-12)
    _, pull = sct.pullback(f)(X)
    for _ in range(2):
        np.testing.assert_allclose(pull(1.0), gradient, rtol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_either_way(sign):
    sct.check_grads(lambda B: with_another_way(sign * B), (A,))


def test_the_source():
    assert sct.grad(with_another_way).source_for(A).split("# reverse\n")[0] == (
        "import numpy as np\n\n\n"
        "def with_another_way_grad(A):\n"
        "    # forward\n"
        "    try:\n"
        "        L = np.linalg.cholesky(A)\n"
        "        value = True\n"
        "    except np.linalg.LinAlgError:\n"
        "        value = False\n"
        "        L = A * A * 2.0\n"
        "    "
    )


def test_an_exception_that_is_handled_by_another():
    def f(A):
        try:
            L = np.linalg.cholesky(A)
            y = np.sum(L) * L[1, 0]
        except np.linalg.LinAlgError as error:
            raise ValueError("not positive definite") from error
        return y * L[0, 0]

    sct.check_grads(lambda B: f(B @ B.T), (A,))
    with pytest.raises(ValueError, match="not positive definite") as raised:
        sct.grad(f)(-A)
    assert isinstance(raised.value.__cause__, np.linalg.LinAlgError)


def test_an_exception_that_is_not_caught():
    def f(x):
        try:
            y = x * int("none")
        except TypeError:
            y = x
        return y

    with pytest.raises(ValueError, match="none"):
        sct.grad(f)(1.0)


def test_what_is_run_at_last_is_run_whatever_happens(capsys):
    def f(x, text):
        try:
            y = x * float(text)
        finally:
            print("done")
        return y * y

    assert sct.grad(f)(2.0, "3") == 36.0
    assert capsys.readouterr().out == "done\n"
    with pytest.raises(ValueError, match="none"):
        sct.grad(f)(2.0, "none")
    assert capsys.readouterr().out == "done\n"


# -- refused -------------------------------------------------------------------------------------------------------------


def assigned_before_or_after(x):
    y = x[0]
    try:
        y = x[1] * 2.0
        z = float("none")
    except ValueError:
        z = 1.0
    return y * z


def array_written_before_or_after(x):
    y = np.zeros(3)
    try:
        y[0] = x[0]
        y[1] = float("none")
    except ValueError:
        y = y * x[1]
    return np.sum(y)


def view_written_before_or_after(x):
    y = x * 1.0
    v = y[1:]
    for w in ("1", "none", "2"):
        try:
            u = v[:1]
            u[0] = x[0] * 2.0
            u[0] = float(w)
        except ValueError:
            pass
    return np.sum(y * x)


def list_written_before_or_after(x):
    L = [x[0]]
    for i in range(4):
        try:
            L.append(x[i % 3] * L[-1])
            L.append(x[1] * float("none" if i % 2 else "1"))
        except ValueError:
            L.append(x[2])
    return sum(L)


def written(y, i, w):
    y[i] = y[i] * 2.0
    y[0] = float(w)


def written_by_a_function_that_is_called(x):
    y = x * 1.0
    for w in ("1", "none", "2"):
        try:
            written(y, 1, w)
        except ValueError:
            y = y * x
    return np.sum(y * x)


def shared_variable(x):
    s = x[0]

    def step(w):
        nonlocal s
        s = s * x[1]
        s = s * float(w)

    for w in ("1", "none"):
        try:
            step(w)
        except ValueError:
            s = s * x[2]
    return s


def returning_at_last(x):
    try:
        y = x[0]
    finally:
        return x[1]  # noqa: B012
    return y


def giving_in_a_try(x):
    def entries():
        for i in range(3):
            try:
                yield x[i]
            except ValueError:
                yield 0.0

    return sum(v * v for v in entries())


def of_unknown_classes(x, classes=(ValueError,)):
    try:
        y = x[0] * int("none")
    except classes:
        y = x[1]
    return y


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (assigned_before_or_after, "'y', which is read after an exception that may have come before or after"),
        (array_written_before_or_after, "a write into 'y' in a try, before or after which an exception may come"),
        (view_written_before_or_after, "a write into 'u' in a try"),
        (list_written_before_or_after, "a write into 'L' in a try"),
        (written_by_a_function_that_is_called, "a write into 'y' in a try"),
        (shared_variable, "a write into 's' in a try"),
        (giving_in_a_try, "yield in a try with an except"),
        (returning_at_last, "return, break or continue in finally"),
        (of_unknown_classes, "an except of classes that are only known at run time"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(copy.copy(X))
