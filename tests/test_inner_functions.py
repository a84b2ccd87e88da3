"""Functions that are defined inside of functions: what they see, share and are given, and which are refused."""

import functools
import operator

import numpy as np
import pytest

import sct

X = np.array([0.5, 0.7, 0.9])


def over_data_and_arguments(x, n):
    c = np.arange(3.0)

    def weighted(y):
        return np.sum(c * y)

    def scaled(z):
        return z * x * n

    return weighted(scaled(x))


def accumulating(x, n):
    total = 0.0

    def add(v):
        nonlocal total
        total += v * v

    for i in range(n):
        add(x[i % 3])
    add(total)
    return total


def state_of_an_array(x, n):
    y = x * 1.0

    def step(dt):
        nonlocal y
        y = y + dt * np.sin(y)

    for _ in range(n):
        step(0.1)
    return np.sum(y)


def bound_again_later(x, n):
    k = x[0]

    def scaled(v):
        return v * k * n

    before = scaled(x[1])
    k = k * x[2]
    return before + scaled(x[1])


def bound_first_in_a_branch(x, n):
    def scaled():
        return k * x[2]

    if n > 2:
        k = x[0]
    else:
        k = x[1]
    return scaled()


class Entered:
    def __init__(self, k):
        self.k = k

    def __enter__(self):
        return self.k

    def __exit__(self, *args):
        return None


def bound_again_by_a_with(x, n):
    v = x[0]

    def squared():
        return v * v

    before = squared()
    with Entered(x[1] * n) as v:  # noqa: F811
        inside = squared()
    return before + inside * x[2] + squared()


def parameter_bound_again(x, n):
    def first():
        return x[0] * n

    x = x * 2
    return first()


def calls_what_comes_later(x, n):
    def even(v):
        return odd(v) * 2

    def odd(v):
        return v * v * n

    return even(x[0]) + odd(x[1])


def makes_functions(x, n):
    def line(slope):
        def at(t):
            return slope * t * x[2]

        return at

    a, b = line(x[0]), line(x[1] * n)
    return a(1.0) + b(a(2.0))


def composed(x, n):
    def after(f, g):
        return lambda v: f(g(v))

    return np.sum(after(np.sin, after(lambda v: v * v * n, np.cos))(x))


def shared_between_two_levels(x, n):
    a = x[0]

    def outer():
        b = a * x[1]

        def inner():
            nonlocal b
            b = b * n
            return b + a

        return inner() + b

    return outer()


def defined_in_each_iteration(x, n):
    s = 0.0
    for i in range(n):
        w = x[i % 3]

        def scaled(t):
            return t * w * i

        s = s + scaled(2.0) + scaled(w)
    return s


def with_the_iteration_as_a_default(x, n):
    fs = []
    for i in range(3):
        fs.append(lambda v, i=i: v * i * x[i])
    return fs[1](x[0]) + fs[2](x[1]) * n


def in_a_comprehension(x, n):
    k = x[0]

    def applied(f, v):
        return f(v)

    return sum([applied(lambda t: t * k * i, x[i]) for i in range(3)]) * n


def comprehension_with_a_name_of_its_own(x, n):
    i = 2
    last = lambda: x[i]  # noqa: E731
    return last() * sum([x[i] for i in range(2)]) * n


def writing_into_what_it_sees(x, n):
    y, kept = np.zeros(3), []

    def put(i, v):
        y[i] += v
        kept.append(v * n)

    for i in range(3):
        put(i, x[i] ** 2)
    put(0, x[1])
    return np.sum(y * y) + sum(kept)


def parameters_of_all_kinds(x, n):
    def f(a, /, b=x[1] * 2, *rest, c=x[2], **others):
        return a * b * c + sum(rest) * n + others.get("d", 0.0)

    return f(x[0]) + f(x[0], 3.0, x[1], x[2]) + f(x[1], c=2.0, d=x[0] * x[1])


def given_to_a_function(x, n):
    def newton(f, df, z):
        for _ in range(n):
            z = z - f(z) / df(z)
        return z

    return newton(lambda z: z * z - x[0], lambda z: 2 * z, 1.0)


def as_a_test(x, n):
    def large(v):
        for i in range(n):
            if v > 2.0:
                return v * i
            v = v * 1.5
        return v

    return large(x[0]) + large(x[1])


def in_a_dict(x, n):
    steps = {"clip": lambda v: np.maximum(v, 0.6), "square": lambda v: v * v}
    y = x
    for name in ("square", "clip", "square"):
        y = steps[name](y)
    return np.sum(y) * n


def decorated(x, n):
    def twice(f):
        return lambda v: f(f(v))

    @twice
    def scaled(v):
        return v * x[0] * n

    return scaled(x[1])


def decorated_further_inside(x, n):
    k = 2.0

    def scaled_by(g):
        return lambda f: lambda v: g(f(v)) * n

    def outer(v):
        @scaled_by(lambda u: u * k)
        def inner(w):
            return w * w

        return inner(v)

    k = 3.0
    return outer(x[0]) + outer(x[1])


def by_functions_of_python(x, n):
    squares = list(map(lambda v: v * v, [x[0], x[1], x[2]]))
    large = list(filter(lambda v: v > 0.3, squares))
    product = functools.reduce(lambda a, b: a * b, squares)
    weighted = functools.reduce(lambda a, b: a + n * b, squares, x[0])
    return sum(large) + product + weighted + sum(map(lambda a, b: a * b, squares, [1.0, x[0], x[1]]))


def iterators_that_see_what_their_loops_change(x, n):
    s, calls = 0.0, 0

    def scaled(v):
        nonlocal calls
        calls += 1
        return v * (s + calls)

    for v in map(scaled, x):
        s += v
    for v in (v * s for v in x if v * s > 0.6):
        s -= v * v
    for v in filter(lambda v: v > s, x):
        s += v
        if s > 1.0:
            break
    for v in map(lambda a, b: a * b * s, x, [x[0], 2.0]):
        s += v
    return s * calls * n


def arrays_that_loops_over_iterators_change(x, n):
    y = x * 1.0
    for i, v in ((i, y[i] ** 2) for i in range(2)):
        y[i + 1] = v
    return np.sum(y) * n + sum(w * v for w in (v * n for v in y) if w > 0.1 for v in map(np.sin, x))


def vectorized(x, n):
    return np.sum(np.vectorize(lambda v: v * v * n if v > 0.6 else 0.0)(x))


def partial(x, n):
    def product(a, b):
        return a * b * n

    return functools.partial(product, x[0])(x[1])


def helper_with_a_lambda(x, w):
    scale = lambda v: v * w  # noqa: E731
    return np.sum(scale(x) * scale(scale(x)))


def in_what_is_checkpointed(x, n):
    w = x[0]
    step = lambda v: np.sin(v * w)  # noqa: E731
    y = x
    for _ in sct.checkpointed(range(n), slots=2):
        y = step(y)
    return np.sum(y) + sct.checkpoint(helper_with_a_lambda)(x, w)


class Model:
    def __init__(self, k):
        self.k = k

    def apply(self, f):
        def scaled(t):
            return f(t) * self.k

        return scaled(self.k)


def in_a_method(x, n):
    return Model(x[0]).apply(lambda v: v * x[1] * n)


def bound_again_behind_a_loop(x, n):
    for i in range(3):
        w = x[i]
        f = lambda t: t * w  # noqa: E731
        w = f(w)
    w = x[0] * w
    return w * n


def chosen_when_it_runs(x, n):
    f = (lambda v: v * n) if x[0] > 0.4 else (lambda v: v)
    g, h = (np.sin, lambda v: v * v) if x[1] > 1.0 else (np.cos, f)
    if x[2] > 0.8:
        scaled = functools.partial(operator.mul, x[0] * n)
    else:
        scaled = lambda v, k=x[1]: v * k  # noqa: E731
    s = f(x[1]) + g(x[0]) * h(x[2]) * scaled(x[1])
    for i in range(3):
        act = np.tanh if x[i] > 0.6 else (lambda v: v * x[i])
        s += act(x[i])
    return s


def chosen_with_what_they_share(x, n):
    k = x[0] * 2

    def up(v):
        return v * k * n

    def down(v):
        nonlocal k
        k = k * 0.5
        return v - k

    step = up if x[1] > 0.8 else down
    return step(step(x[2])) * k


def recursive_on_what_is_known(x, n):
    def power(k):
        return 1.0 if k == 0 else x[0] * power(k - 1)

    def even(k):
        return 1.0 if k == 0 else odd(k - 1) * x[1]

    def odd(k):
        return 0.5 if k == 0 else even(k - 1) * n

    def value(node):
        return value(node[0]) * value(node[1]) + 1.0 if isinstance(node, tuple) else node

    return power(3) + even(4) + value(((x[0], x[1]), (x[2], (x[0], 2.0))))


def along_an_axis(x, n):
    m = np.arange(24.0).reshape(2, 3, 4) * x[0]
    a = np.apply_along_axis(lambda row, k: row[:2] * k * row[0], 1, m, x[1])
    b = np.apply_along_axis(np.sum, -1, m) * n
    return np.sum(a) + np.sum(b * b) + np.sum(np.apply_along_axis(lambda row: np.sum(row**2), 0, x))


def in_pieces(x, n):
    a = np.piecewise(x, [x < 0.6, x >= 0.6], [lambda v: v * n, lambda v: v**3])
    b = np.piecewise(x, [x < 0.8], [np.sin, 7.0])
    return np.sum(a * b) + np.sum(np.piecewise(x, x > 0.6, [lambda v, k: v * k, lambda v, k: -v], x[0]))


FIRST, SUM = operator.itemgetter(0), operator.methodcaller("sum", axis=0)


def by_getters(x, n):
    pairs = [(x[0], x[1]), (x[1], x[2]), (x[2], x[0])]
    pairs.sort(key=operator.itemgetter(1))
    a, b = operator.itemgetter(2, 0)(x)
    first, second = operator.attrgetter("k", "parts.k")(Parts(x[1], Parts(x[2], None)))
    return a * b * first * second + FIRST(x) * SUM(np.outer(x, x))[1] * pairs[0][0] + max(pairs, key=FIRST)[1] * n


class Parts:
    def __init__(self, k, parts):
        self.k = k
        self.parts = parts


class Scaled:
    def __init__(self, k):
        self.k = k

    def scale(self, v):
        return v * self.k


SCALED = Scaled(2.0)


def asked_what_they_are(x, n):
    s = getattr(SCALED, "k", 1.0) * x[0] + getattr(SCALED, "other", 3.0) * x[1]
    if callable(SCALED.scale) and not callable(SCALED.k) and not callable(x) and hasattr(x, "shape"):
        s += SCALED.scale(x[2]) * getattr(x, "ndim", 5)
    if isinstance(x, (list, np.ndarray)) and not isinstance(n, (float, str)) and isinstance((x, n), (tuple, list)):
        s *= n
    return s


def wrapped(x, n):
    def doubled(f):
        @functools.wraps(f)
        def call(*args, **kwargs):
            return f(*args, **kwargs) * 2.0

        return call

    @doubled
    def cube(v):
        return v * v * v * n

    return np.sum(cube(x))


def going_into_a_tree(x, n):
    tree = ("+", ("*", 0, 1), ("sin", ("*", 1, ("+", 2, 1))))

    def value(t):
        if isinstance(t, int):
            return x[t] * n
        op, *rest = t
        values = [value(r) for r in rest]
        if op == "+":
            return values[0] + values[1]
        if op == "*":
            return values[0] * values[1]
        return np.sin(values[0])

    return value(tree)


def given_the_entries_of_an_array(x, n):
    class_like = lambda a, b, c, d: a + b * c * d  # noqa: E731

    def scaled(a, b, *, c):
        return a * b * c

    return class_like(x[0], *x) + scaled(*x[1:], c=x[0] * n)


def called_behind_the_loop(x, n):
    for i in range(3):
        w = x[i]
        f = lambda t: t * w  # noqa: E731
    return f(2.0)


def called_in_the_next_iteration(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s += scaled(x[0])  # noqa: F821
        scaled = lambda v, i=i: v * i  # noqa: E731, F841
    return s


def called_behind_a_branch(x, n):
    if n > 2:
        scaled = lambda v, k=x[0] * 2: v * k  # noqa: E731
    return scaled(x[1])


def that_sees_what_a_later_iteration_binds(x, n):
    y = x
    for i in range(n):
        w = x * (i + 1.0)
        if i == 2:
            break

        def scaled(v):
            return v * w

        y = scaled(y)
    return np.sum(scaled(y))


def of_what_is_written_into_later(x, n):
    y = np.cos(x)
    for _ in range(n):
        w = x * y

        def scaled(v, w=w):
            return v * w

        def more(v, scaled=scaled):
            return scaled(v) + v

        y = more(y)
        w[0] = 0.5
    return np.sum(more(y) * scaled(y))


def made_by_another_one_in_a_loop(x, n):
    def adder(a):
        def add(v):
            return v + a * x

        return add

    y = x
    for i in range(n):
        add = adder(x[i])
        y = np.sin(add(y))
    return np.sum(add(y) ** 2)


def one_of_two_with_arrays(x, n):
    y = x
    for i in range(n):
        if x[i] > 0.6:
            f = lambda v, w=x * y: v * w  # noqa: E731
        else:
            f = lambda v, w=x[i]: v + w  # noqa: E731
        y = f(y)
    return np.sum(f(y))


def seen_before_it_is_bound_again(x, n):
    y = x
    for i in range(n):
        if i > 0:
            w[0] = 2.0 * x[1]  # noqa: F821
            y = y * scaled(x)  # noqa: F821
        w = x * (i + 1.0)

        def scaled(v):
            return v * w

    return np.sum(scaled(y))


def counted_down(v, n):
    total = v

    def add(w):
        nonlocal total
        total = total + w
        return total

    if n > 0:
        total = counted_down(0.5 * v, n - 1)
        add(v)
    return total


def shared_with_what_a_recursive_function_gives(x, n):
    return np.sum(counted_down(x, n) ** 2)


def exchanged_in_a_loop(x, n):
    f, g = np.sin, np.cos
    s = 0.0
    for i in range(n + 2):
        s = s + f(x[i % 3]) * g(x[0])
        f, g = g, f
    return s * f(x[1])


def chosen_by_data_in_a_loop(x, n):
    law = np.sin
    s = 0.0
    for v in np.repeat(x, n):
        if s > 1.0:
            law = np.cos if law is np.sin else np.tanh
        s = s + law(v * s)
    return law(s)


def closures_that_take_turns(x, n):
    total = [0.0]

    def step(v):
        total[0] = total[0] + v * x[1]
        return v * x[0]

    def other(v):
        return v + total[0]

    now, later = step, other
    v = x[2]
    while n > -2:
        v = now(v)
        now, later = later, now
        n -= 1
    return v * total[0]


def by_an_index(x, n):
    laws = [np.sin, np.cos, lambda v: v * x[1]]
    s = laws[int(np.argmax(x))](x[0])
    for i in range(n + 2):
        s = s + laws[(i + n) % 3 - 3](x[i % 3])
    return s


def asked_which_it_is(x, n):
    def doubled(v):
        return v * 2.0

    def squared(v):
        return v * v

    law = doubled if x[0] > x[1] else squared
    same = law
    s = law(x[2]) if law is squared else x[0]
    if law is not doubled and same is law:
        s = s * x[1]
    return s


PROGRAMS = [
    *(exchanged_in_a_loop, chosen_by_data_in_a_loop, closures_that_take_turns, by_an_index, asked_which_it_is),
    seen_before_it_is_bound_again,
    shared_with_what_a_recursive_function_gives,
    called_behind_the_loop,
    called_in_the_next_iteration,
    called_behind_a_branch,
    that_sees_what_a_later_iteration_binds,
    of_what_is_written_into_later,
    made_by_another_one_in_a_loop,
    one_of_two_with_arrays,
    chosen_when_it_runs,
    chosen_with_what_they_share,
    recursive_on_what_is_known,
    along_an_axis,
    in_pieces,
    by_getters,
    asked_what_they_are,
    wrapped,
    going_into_a_tree,
    given_the_entries_of_an_array,
    bound_again_behind_a_loop,
    over_data_and_arguments,
    accumulating,
    state_of_an_array,
    bound_again_later,
    bound_again_by_a_with,
    bound_first_in_a_branch,
    parameter_bound_again,
    calls_what_comes_later,
    makes_functions,
    composed,
    shared_between_two_levels,
    defined_in_each_iteration,
    with_the_iteration_as_a_default,
    in_a_comprehension,
    comprehension_with_a_name_of_its_own,
    writing_into_what_it_sees,
    parameters_of_all_kinds,
    given_to_a_function,
    as_a_test,
    in_a_dict,
    decorated,
    decorated_further_inside,
    by_functions_of_python,
    iterators_that_see_what_their_loops_change,
    arrays_that_loops_over_iterators_change,
    vectorized,
    partial,
    in_what_is_checkpointed,
    in_a_method,
]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(f):
    sct.check_grads(f, (X, 3))
    value, _ = sct.value_and_grad(f)(X, 3)
    assert value == f(X, 3)


def test_tests_of_all_items():
    sct.check_grads(compared_until_one_is_found, (X, 3))


@pytest.mark.parametrize("n", [0, 1, 4])
@pytest.mark.parametrize("f", [exchanged_in_a_loop, chosen_by_data_in_a_loop, closures_that_take_turns, by_an_index])
def test_functions_known_at_run_time(f, n):
    sct.check_grads(f, (X, n), modes=("reverse", "forward"), order=2 if n == 4 else 1)


def test_an_index_of_no_function():
    with pytest.raises(IndexError):
        sct.grad(lambda x, n: [np.sin, np.cos][n](x[0]))(X, 2)


@pytest.mark.parametrize("f", [accumulating, composed, writing_into_what_it_sees], ids=lambda f: f.__name__)
def test_second_derivatives(f):
    sct.check_grads(f, (X, 3), order=2)


def test_arguments_that_do_not_fit_a_partial():
    def f(x):
        def scaled(a, b, y):
            return a * y + b

        return functools.partial(scaled, 2.0, b=x)(x)

    with pytest.raises(sct.SctError, match=r"scaled\(\): multiple values for argument 'b'"):
        sct.grad(f)(1.0)


def test_nothing_is_left_of_them_in_the_source():
    assert sct.grad(accumulating).source_for(X, 4).split("# reverse\n")[0] == (
        "import numpy as np\n"
        "\n"
        "\n"
        "def accumulating_grad(x, n):\n"
        "    # forward\n"
        "    total = 0.0\n"
        "    for i in range(n):\n"
        "        x_entry = x[i % 3]\n"
        "        total += x_entry * x_entry\n"
        "    "
    )


# -- refused -------------------------------------------------------------------------------------------------------------


def called_in_another_iteration(x, n):
    fs = []
    for i in range(3):
        fs.append(lambda v: v * i)
    return fs[0](x[0]) + fs[1](x[1])


def now_one_now_another(x, n):
    f = np.sin
    for i in range(n):
        x = f(x)
        f = lambda v, k=x[i]: v * k  # noqa: E731
    return x[0]


def made_of_the_one_before(x, n):
    for i in range(n):
        if i == 0:
            f = lambda v, k=x[i]: v * k  # noqa: E731
        else:
            f = lambda v, f=f: f(v) + v * v  # noqa: E731
        x = f(x)
    return f(x[0])


def one_of_many_in_a_loop(x, n):
    laws = [np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.arctan, np.square]
    law, s = np.exp, x[0]
    while s < n:
        law = laws[int(s) % 8]
        s = s + x[1]
    return law(x[0])


def recursive(x, n):
    def power(k):
        return 1.0 if k < x[1] else x[0] * power(k - 1)

    return power(n)


def repeated(f, v, n):
    return v if n == 0 else f(repeated(f, v, n - 1))


def given_to_a_recursive_function(x, n):
    return repeated(lambda v: v * x[0], x[1], n)


def compared_until_one_is_found(x, n):
    return x[0] * any(v > 0.6 for v in x) + x[1] * all(np.abs(v) > 0.1 for v in x)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (called_in_another_iteration, "a call of <lambda>, which was defined in an iteration of a loop, in another one"),
        (now_one_now_another, "a call of a function that is only known at run time"),
        (made_of_the_one_before, "a call of a function that is only known at run time"),
        (one_of_many_in_a_loop, "a loop that goes on with more than 8 functions"),
        (recursive, r"a recursive function defined inside a function \(power\)"),
        (given_to_a_recursive_function, "a function defined inside, given to what is recursive"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(X, 3)


def deleted(x, n):
    y = x * x

    def scaled():
        return y * n  # noqa: F821

    z = scaled()
    del y
    return np.sum(z + scaled())


def of_nothing(x, n):
    items = [x[0] for _ in range(n - 3)]
    return x[0] * functools.reduce(lambda a, b: a * b, items)


def test_errors_are_of_the_kind_of_pythons():
    with pytest.raises(NameError, match="the name 'y' is used where it is not assigned, or no more"):
        sct.grad(deleted)(X, 3)
    for f in (of_nothing, sct.grad(of_nothing)):
        with pytest.raises(TypeError, match=r"reduce\(\) of empty iterable with no initial value"):
            f(X, 3)


class Vector:
    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def dot(self, x, y, z):
        return self.x * x + self.y * y + self.z * z


def test_stars_before_arrays_in_calls_of_classes_and_methods():
    def f(x, y):
        return Vector(*x).dot(*y) * Vector(1.0, *y[1:]).z

    sct.check_grads(f, (X, X + 1.0), wrt=("x", "y"), order=2)
    with pytest.raises(ValueError, match="too many values to unpack"):
        sct.grad(f)(np.ones(4), X)


def spectrum(x):
    def fft(v):
        n = len(v)
        if n == 1:
            return v
        even, odd = fft(v[::2]), fft(v[1::2])
        twiddled = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
        return np.concatenate([even + twiddled, even - twiddled])

    return np.sum(np.abs(fft(x + 0j))[:4] ** 3)


def test_recursion_ends_by_sizes():
    """For any number of sizes, one after another, each of which has a form of its own."""
    derived = sct.value_and_grad(spectrum)
    for n in (8, 4, 16, 2, 32, 8):
        x = np.random.default_rng(n).normal(size=n)
        value, gradient = derived(x)
        assert value == spectrum(x)
        step = 1e-6 * np.cos(np.arange(n))
        assert np.isclose(gradient @ step, (spectrum(x + step) - spectrum(x - step)) / 2, rtol=1e-6)


def test_recursion_ends_by_an_integer():
    def powers(x, n):
        def power(k):
            return 1.0 if k == 0 else x * power(k - 1)

        return power(n)

    derived = sct.grad(powers)
    assert [derived(2.0, n) for n in (3, 2, 5, 4, 1)] == [12.0, 4.0, 80.0, 32.0, 1.0]
