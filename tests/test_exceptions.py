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


class Plain:
    a = 2.0


def known_at_compile_time(x):
    options, pair = {"a": 1.0}, (1.0, 2.0)
    try:
        n = options["b"]
    except KeyError:
        n = 3.0
    try:
        m = options["a"]
    except KeyError:
        m = 7.0
    else:
        m = m * 2
    try:
        k = Plain.missing
    except AttributeError:
        k = x[1]
    try:
        q = pair[3]
    except (KeyError, IndexError):
        q = 5.0
    try:
        r, *_ = ()
    except ValueError:
        r = 7.0
    try:
        a, b = x[0], x[1], x[2]
    except ValueError:
        a = b = x[2]
    return x[0] ** 2 * n * m * k * q * r * a * b


def told_of_exceptions(x):
    told, s = [], 0.0
    for i in range(5):
        try:
            s = s + x[i] ** 2
        except IndexError as error:
            told.append(str(error))
    return s * len(told)


def remembered(x):
    s = 0.0
    known = {}
    for i in (0, 1, 0, 1, 2):
        try:
            v = known[i]
        except KeyError:
            v = x[i] ** 2
            known[i] = v
        s += v * (i + 1)
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


def recorded_before_either_of_two(x):
    s = 1.0
    for i in range(6):
        try:
            r = s
            for j in range(4):
                try:
                    r = np.sin(r) * x[j] + 1
                except IndexError:
                    r = r * r * float("none" if i == 4 else "2")
            s = s + 0.1 * r
        except ValueError:
            s = s * x[0]
    return s


def importing_what_there_is(x):
    try:
        from numpy import no_such_function as g
    except ImportError:
        from numpy import sin as g
    try:
        import no_such_module
    except ImportError as error:
        h = len(str(error)) * 0.1
    else:
        h = no_such_module.h(x)
    try:
        from numpy import cosh as f
    except ImportError:
        from numpy import cos as f
    else:
        x = x * 2.0
    return np.sum(g(x) * f(x)) * h


def of_which_only_the_way_is_needed(x):
    w, n, z = np.array([2.0, 0.3]), len(x), x[:2]
    try:
        z = w * float("none" if w[1] < 0.8 else "2")
    except ValueError:
        z = w if n > 3 else z
    return np.sum(w * z)


def shared_variable_assigned_either_way(x):
    s = x[0]

    def scaled(v):
        return s * v

    for w in ("2", "none"):
        try:
            s = x[1] * s
            r = float(w)
        except ValueError:
            s, r = x[2] ** 2, 3.0
    return scaled(x[0]) * r


def entries_assigned_either_way(x):
    d = {"a": x[0], "b": x[1]}
    for w in ("2", "none"):
        try:
            d["a"] = x[2] * d["b"]
            d["b"] = x[0] * float(w)
        except ValueError:
            d["a"] = x[1] ** 2
            d["b"] = x[1] * x[0]
    return d["a"] * x[0] + d["b"]


def deleted_where_it_is_read_no_more(x):
    y = x * 2.0
    s = 0.0
    for v in y:
        t = v * v
        if v > 1.2:
            del t
            continue
        s = s + t
        del t
    return s * x[0]


def an_exception_of_what_is_run_at_last(x):
    y = x[0]
    try:
        try:
            raise KeyError("not so")
        finally:
            y = x[1] * float("none")
    except KeyError:
        y = x[1]
    except ValueError:
        y = x[0] * x[2]
    return y * y


def at_last_in_the_way_of_an_exception(x):
    a, b = x[0], x[1]
    for text in ("2", "none"):
        try:
            try:
                b = a * a * float(text)
            finally:
                try:
                    c = b * b * x[2]
                finally:
                    a = a * x[0]
        except ValueError:
            b = c = x[2]
            a = 0.5
        b = b * c + a
    return b


def returning_at_last(x):
    for v in x:
        try:
            y = v * float("none")
        finally:
            return v * v  # noqa: B012
    return y


def returning_at_last_on_one_way(x):
    s = x[2]
    for k, text in enumerate(("2", "none")):
        try:
            s = s * x[0] * float(text)
            return s
        finally:
            if k == 0 and x[0] > 0.1:
                continue  # noqa: B012
            elif k == 1:
                return x[1] * x[0]  # noqa: B012
    return s


def breaking_at_last(x):
    s = 0.0
    for v in x:
        t = s
        try:
            if v > 1.0:
                raise ValueError("too much")
            t = v * v
        finally:
            if v > 1.0:
                break  # noqa: B012
        s = s + t
    return s * x[1]


def with_nothing_seen_at_last(x):
    try:
        y = x * x[0]
    finally:
        with np.errstate(all="ignore"):
            z = (x * 2.0)[1:2]
        z[0] = 0.3
    return np.sum(y * x)


FUNCTIONS = [
    *(an_exception_of_what_is_run_at_last, at_last_in_the_way_of_an_exception, returning_at_last),
    *(returning_at_last_on_one_way, breaking_at_last, with_nothing_seen_at_last),
    of_which_only_the_way_is_needed,
    shared_variable_assigned_either_way,
    entries_assigned_either_way,
    deleted_where_it_is_read_no_more,
    known_at_compile_time,
    told_of_exceptions,
    remembered,
    with_a_loop_in_it,
    recorded_before_either_of_two,
    importing_what_there_is,
    *(tried_again_with_more, left_out_in_a_loop, otherwise_and_at_last, several_handlers, outside_of_a_domain, raised_inside),
    *(returning_from_either, recorded_before_the_exception, recorded_in_a_loop_before_the_exception, kept_as_it_was),
    *(in_a_function_that_is_called, writing_into_what_it_makes, appending_last, writing_last, into_a_field_last, by_recursion),
]


@pytest.mark.grid(of=2, each=False)
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
        "import numpy as np\n"
        "from sct.rules.linalg import cholesky_adjoint\n\n\n"
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


def test_nothing_is_left_of_what_is_known():
    assert "try:" not in sct.grad(known_at_compile_time).source_for(X)
    assert "try:" not in sct.grad(remembered).source_for(X)


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


def test_what_is_run_at_last_is_written_once():
    def f(x, text):
        try:
            y = x * float(text)
        finally:
            print("done")
        return y * y

    source = sct.grad(f).source_for(2.0, "3")
    assert source.count("    finally:\n        print('done')\n") == source.count("print") == 1
    assert "try" not in sct.grad(with_nothing_seen_at_last).source_for(X)


@pytest.mark.parametrize("transform", [sct.grad, sct.pullback, sct.jvp])
def test_what_is_run_at_last_may_read_what_is_not_there(transform):
    def f(x, text):
        y = x
        try:
            x = x * float(text)
            y = x * 2.0
        finally:
            y = y * 3.0
            x = x + y
        return y * x

    with pytest.raises(ValueError, match="none"):
        transform(f)(2.0, "none", *([1.0] if transform is sct.jvp else []))


# -- forward mode ----------------------------------------------------------------------------------------------------------


def anything_from_a_loop(x):
    t = 1.0
    for k in range(3):
        try:
            s = 0.0
            for v in x:
                if v > 0.6:
                    s = s + v * v
                s = s + np.sin(v) / v
            r = (s + x[k]) * float("none" if k == 1 else "1")
        except Exception:  # noqa: BLE001
            r = x[0]
        t = t * r
    return t


def by_a_function_that_calls_itself(x):
    try:
        r = repeated(x, 3) * int("1")
    except ValueError:
        r = x[2]
    return r * r


def repeated(x, n):
    return x[0] if n == 0 else repeated(x, n - 1) * x[1] + 1.0


FORWARD = [f for f in FUNCTIONS if f not in (known_at_compile_time, importing_what_there_is, by_recursion)]
FORWARD += [anything_from_a_loop, by_a_function_that_calls_itself]


@pytest.mark.parametrize("f", FORWARD, ids=lambda f: f.__name__)
def test_forward_mode(f):
    sct.check_grads(f, (X,), modes=("forward",), order=2)


def root_or_five(x):
    try:
        y = math.sqrt(x)
        z = y * x
    except (ValueError, ZeroDivisionError):
        z = 5.0
    return z


def small(x):
    with np.errstate(all="raise"):
        try:
            z = np.sum(x * 1e-200)
        except FloatingPointError:
            z = 5.0
    return z


def small_in_a_loop(x):
    with np.errstate(all="raise"):
        try:
            z = 0.0
            for v in x:
                z = z + np.sum(v * np.ones(2) * 1e-200)
        except FloatingPointError:
            z = 5.0
    return z


def power_in_a_branch(x, a):
    try:
        if a > 0.0:
            y = math.pow(x, a)
        z = y * x
    except (ValueError, ZeroDivisionError):
        z = 7.0
    return z


def test_an_exception_of_a_tangent_is_not_caught():
    assert sct.jvp(root_or_five)(4.0, 1.0) == (8.0, 3.0)
    assert sct.jvp(root_or_five)(0.0, 1.0)[0] == 0.0
    assert sct.jvp(root_or_five)(-1.0, 1.0) == (5.0, 0.0)
    for f in (small, small_in_a_loop):
        with pytest.raises(FloatingPointError, match="underflow"):
            sct.jvp(f)(np.ones(2), np.full(2, 1e-200))
    assert "    else:\n        half = 0.5 * x_dot\n" in sct.jvp(root_or_five).source_for(4.0, 1.0)
    power = sct.jvp(power_in_a_branch, (0, 1))
    assert power(-1.0, 0.5, 1.0, 0.0) == (7.0, 0.0)
    assert power(2.0, 2.0, 1.0, 0.0) == (8.0, 12.0)


def test_tangents_stand_beside_what_raises_nothing_that_is_handled():
    text = sct.jvp(raised_inside).source_for(X, X)
    assert "else:" not in text
    assert text.count("for ") == 1


def writing_behind_what_may_raise_anything(x):
    y = np.ones(3)
    for i in range(5):
        try:
            y[i] += x[i] * y[i - 1] * float("none" if i == 1 else "2")
        except Exception:  # noqa: BLE001
            y[i % 3] = x[i % 3] ** 2
    return np.sum(y * y)


def test_forward_mode_is_refused():
    sct.check_grads(writing_behind_what_may_raise_anything, (X,))
    with pytest.raises(sct.UnsupportedSyntaxError, match="forward mode of a branch, a loop, a call or a write in a try"):
        sct.jvp(writing_behind_what_may_raise_anything)(X, X)


# -- refused -------------------------------------------------------------------------------------------------------------


def assigned_before_or_after(x):
    y = x[0]
    try:
        y = x[1] * 2.0
        z = float("none")
    except ValueError:
        z = 1.0
    return y * z


def assigned_before_what_does_nothing(x):
    y = x[0]
    try:
        y = x[1] * 2.0
        pass  # noqa: PIE790
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


def extended_item_by_item(x):
    L = [x[0]]
    try:
        L.extend(v * float(w) for v, w in zip(x, ("1", "none")))
    except ValueError:
        L.append(x[2])
    return sum(v * v for v in L)


def divided_in_place(x):
    y = x * 1.0
    with np.errstate(divide="raise"):
        try:
            y[:2] /= np.array([4.0, 0.0])
        except FloatingPointError:
            y[1] = 3.0
    return np.sum(y * y)


def assigned_in_an_expression(x):
    a = x[0]
    b = 1.0
    try:
        b = (a := x[1]) * x[7]
    except IndexError:
        pass
    return a * b


def assigned_before_an_entry(x):
    a = x[0]
    y = np.zeros(3)
    for k in (1, 7):
        try:
            a, y[k] = a * x[1], x[2]
        except IndexError:
            y[0] = a
    return np.sum(y * x) * a


def carried_by_the_exception(x):
    s = 1.0
    for i in range(2):
        try:
            if i == 1:
                raise ValueError(x[1] * 3)
            s = s * x[0]
        except ValueError as error:
            s = s * error.args[0]
    return s


def falling(x, s, n):
    if s > 1.0:
        raise ValueError(s * x[0])
    return s if n == 0 else falling(x, s * x[1] * 1.5, n - 1) * x[2]


def carried_out_of_recursion(x):
    t = 0.0
    for s in (0.1, 0.9):
        try:
            r = falling(x, s, 3)
        except ValueError as error:
            r = error.args[0]
        t = t + r * x[2]
    return t


def raising(x, n):
    if n == 0:
        raise ValueError("none")
    return raising(x, n - 1)


def never_returning(x):
    try:
        r = raising(x, 3) * x[0]
    except ValueError:
        r = x[1]
    return r


def doubled(y, n, w):
    if n < 0:
        return
    try:
        doubled(y, n - 1, w)
        y[n] = y[n] * float(w) + y[n - 1]
    except ValueError:
        y[n] = y[n] * 3.0


def written_by_recursion(x):
    y = x * 1.0
    doubled(y, 2, "2")
    return np.sum(y * y)


def not_followed(y):
    y[0] = {1}.pop()


def not_followed_in_a_try(x):
    y = x * 1.0
    try:
        not_followed(y)
    except ValueError:
        pass
    return np.sum(y * y)


def with_a_try_of_its_own(y):
    try:
        y[0] = {1}.pop()
    except (ValueError, TypeError):
        pass


def not_followed_with_a_try(x):
    y = x * 1.0
    with_a_try_of_its_own(y)
    return np.sum(y * y)


def imported_one_way_or_the_other(x):
    if x[0] > 0:
        from numpy import sin as g
    else:
        from numpy import cos as g
    return np.sum(g(x))


class Held:
    def __init__(self, y):
        self.y = y

    def __enter__(self):
        return self.y

    def __exit__(self, kind, *rest):
        self.y[0] = 1.0 if kind is None else 2.0


def written_by_way_of_an_object(x):
    y = x * 1.0
    try:
        held = Held(y)
        held.y[0] = held.y[0] * 2.0
        z = float("none")
    except ValueError:
        z = 2.0
    return np.sum(y * y) * z


def written_by_way_of_a_dict(x):
    y = x * 1.0
    for k in range(3):
        try:
            d = {}
            d[k] = y
            d[k][0] = d[k][0] * 2.0
            z = float("none" if k == 1 else "1")
        except ValueError:
            z = 2.0
    return np.sum(y * y) * z


def left_by_an_exception(x):
    y = x * 1.0
    try:
        with Held(y):
            raise KeyError
    except KeyError:
        pass
    return np.sum(y * x)


def told_at_last(x):
    y = x[0]
    try:
        y = x[1] * float("2")
        y = y * float("2")
    finally:
        print(y)
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
        (assigned_before_what_does_nothing, "'y', which is read after an exception that may have come before or after"),
        (array_written_before_or_after, "a write into 'y' in a try, before or after which an exception may come"),
        (view_written_before_or_after, "a write into 'u' in a try"),
        (list_written_before_or_after, "a write into 'L' in a try"),
        (written_by_a_function_that_is_called, "a write into 'y' in a try"),
        (shared_variable, "'s', which is read after an exception that may have come before or after it was assigned"),
        (giving_in_a_try, "yield in a try with an except"),
        (extended_item_by_item, "a write into 'L' in a try"),
        (divided_in_place, "a write into 'y' in a try"),
        (assigned_in_an_expression, "'a', which is read after an exception that may have come before or after"),
        (assigned_before_an_entry, "'a', which is read after an exception that may have come before or after"),
        (carried_by_the_exception, "an exception that may be made with a number"),
        (carried_out_of_recursion, "an exception that may be made with a number"),
        (never_returning, r"a recursive function \(raising\) that returns on no way"),
        (written_by_recursion, "a write in a try"),
        (not_followed_in_a_try, "a call of a function that is not followed, whose exceptions are handled"),
        (not_followed_with_a_try, "set.pop is not supported"),
        (imported_one_way_or_the_other, "the import of 'g', which is also bound by another import"),
        (written_by_way_of_an_object, "a write into 'y' in a try"),
        (written_by_way_of_a_dict, "a write into 'y' in a try"),
        (left_by_an_exception, "with, in a try, of an object of the class Held"),
        (told_at_last, "'y', which is read after an exception that may have come before or after it was assigned"),
        (of_unknown_classes, "an except of classes that are only known at run time"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(copy.copy(X))


def never_returns(x, flag):
    if flag:
        raise ValueError("not so")
    return np.sum(x)


def deleted_on_one_way(x):
    y = x * 2.0
    if x[0] > 0.0:
        del y
    return np.sum(y)


def deleted_in_a_loop(x):
    y = x * 2.0
    for v in x:
        if v > 0.0:
            del y
            break
    return np.sum(y)


def unbound_by_a_handler(x):
    e = x[0]
    try:
        k = float("none" if x[1] > 0 else "2")
    except ValueError as e:
        k = float(len(str(e)))
    return k * e


@pytest.mark.parametrize("f", [deleted_on_one_way, deleted_in_a_loop, unbound_by_a_handler])
def test_what_may_have_been_deleted_is_not_read(f):
    with pytest.raises(UnboundLocalError):
        f(X)
    for transform, args in ((sct.grad, (X,)), (sct.jvp, (X, X))):
        with pytest.raises(sct.errors.UndefinedNameError, match="is read where it may have been deleted"):
            transform(f)(*args)


@pytest.mark.parametrize("transform", [sct.grad, sct.value_and_grad, sct.elementwise_grad, sct.pullback])
def test_what_raises_whatever_it_is_given_raises_so(transform):
    with pytest.raises(ValueError, match="not so"):
        transform(never_returns)(np.ones(3), True)
