"""A call whose result is not used is followed where that can be, and is otherwise made as it stands: once, and in order."""

import copy

import numpy as np
import pytest
from differences import gradient

import sct

X = np.array([0.3, -0.2, 1.1])
W = np.ones(3)
PARAMETERS = {"scale": 2.0}
seen = []
scale = 1.0
flag = True


class Recorder:
    def __init__(self):
        self.seen = []
        self.count = 0
        self.weights = np.ones(3)

    def tick(self, value):
        self.seen.append(value)
        self.count += 1

    def grow(self):
        self.weights *= 2.0
        self.count += 1

    def loss(self, x):
        self.tick(float(x[0]))
        return np.sum(x * x * x)

    def __call__(self, k, x):
        self.tick((k, x))


recorder = Recorder()
tick = recorder.tick


def begin():
    """Everything outside as it was."""
    global scale, flag
    scale, flag = 1.0, True
    W[:] = 1.0
    seen.clear()
    recorder.__init__()


def outside():
    return repr((W, seen, scale, flag, vars(recorder)))


def check(f, *args):
    """Value, gradient and what is outside afterwards are Python's; what the reverse sweep does nobody sees."""

    def value(x):
        begin()
        return f(x, *args)

    own, state = value(X.copy()), outside()
    expected = gradient(value, X)
    for optimize in (True, False):
        x = X.copy()
        begin()
        v, g = sct.value_and_grad(f, optimize=optimize)(x, *args)
        assert (v, outside()) == (own, state)
        np.testing.assert_allclose(g, expected, atol=1e-7)
        begin()
        v, pull = sct.pullback(f, optimize=optimize)(x, *args)
        assert (v, outside()) == (own, state)
        for _ in range(2):
            np.testing.assert_allclose(pull(1.0), expected, atol=1e-7)
        assert outside() == state
        np.testing.assert_array_equal(x, X)


# -- functions that cannot be followed ---------------------------------------------------------------------------------------


def note(value):
    seen.append(copy.deepcopy(value))


def enlarge():
    W[:] = 2.0 * W
    seen.append("enlarged")


def rescale():
    global scale, flag
    scale = 2.0 * scale
    flag = not flag


def halve(v):
    v *= 1 / {2}.pop()


def kept_and_changed(v):
    v *= 2.0
    seen.append(v)
    v += 1.0


def squared(x):
    note(x)
    return x * x


def watched(v, k=0):
    recorder(k, v)


# -- calls of them -----------------------------------------------------------------------------------------------------------


def a_bound_method(x):
    tick(float(x[0]))
    return np.sum(x * x)


def a_method(x):
    recorder.tick(x.copy())
    recorder.tick(x[1])
    return np.sum(x * x)


def an_object(x):
    recorder(3, x)
    return np.sum(x * x)


def a_method_that_calls_one(x):
    return recorder.loss(np.sin(x))


def an_argument(x, callback):
    for k in range(3):
        x = x * np.sin(x)
        callback(k, x)
    return np.sum(x)


def through_a_function_that_is_followed(x):
    watched(x, k=2)
    return np.sum(x * x)


def in_branches(x):
    if x[0] > 0:
        note("positive")
        y = x * 2.0
    else:
        note("negative")
        y = x * 3.0
    return np.sum(y * y)


def in_while(x):
    k = 0
    while k < 3:
        note(k)
        x = x * np.sin(x)
        k += 1
    return np.sum(x)


def in_a_helper(x):
    ys = [squared(x) * i for i in range(3)]
    return np.sum(ys[2] * ys[1])


def of_keywords_and_stars(x):
    pair = (x, 1.0)
    watched(*pair)
    watched(**{"v": x[1:], "k": 2})
    note(value=x)
    return np.sum(x * x)


def of_a_display(x):
    note([x, {"a": 2.0 * x}])
    return np.sum(x * x)


def of_a_view(x):
    v = x[1:]
    note(v)
    return np.sum(v * v)


def of_a_copy_that_is_written_into(x):
    y = x.copy()
    kept_and_changed(x.copy())
    z = x.copy()
    return np.sum(x * y * z)


def data_that_changes(x):
    y = x * W
    enlarge()
    return np.sum(y * W * x)


def data_that_changes_in_a_loop(x):
    for _ in range(3):
        x = x * W * np.sin(x)
        enlarge()
    return np.sum(x * W)


def data_that_changes_in_a_branch(x):
    y = x * W
    if x[0] > 0:
        enlarge()
    return np.sum(y * y * W)


def a_field_that_is_read_before(x):
    y = x * recorder.weights
    recorder.grow()
    return np.sum(y * y)


class Model:
    def __init__(self):
        self.weights, self.power = np.arange(3.0), 2

    def loss(self, x):
        return np.sum(self.weights * x**self.power)


model = Model()


def an_object_that_it_leaves_alone(x):
    tick(x[0])
    return model.loss(x)


def a_name_that_is_read_before(x):
    y = x * scale
    rescale()
    return np.sum(y * y)


@sct.checkpoint
def layer(x):
    note("layer")
    return np.tanh(x * x)


def checkpointed(x):
    return np.sum(layer(layer(x)) * x)


@sct.checkpoint
def quiet_layer(x):
    return np.tanh(x * x)


def between_checkpoints(x):
    for k in range(3):
        x = quiet_layer(x)
        watched(x, k)
    return np.sum(x)


def recursive(x, n):
    watched(x, n)
    if n == 0:
        return np.sum(x * x)
    return recursive(np.sin(x), n - 1)


def checkpointed_loop(x):
    for i in sct.checkpointed(range(7), slots=2):
        watched(x, i)
        x = np.sin(x) + x
    return np.sum(x)


CASES = [
    (a_bound_method, ()),
    (a_method, ()),
    (an_object, ()),
    (a_method_that_calls_one, ()),
    (an_argument, (watched,)),
    (through_a_function_that_is_followed, ()),
    (in_branches, ()),
    (in_while, ()),
    (in_a_helper, ()),
    (of_keywords_and_stars, ()),
    (of_a_display, ()),
    (of_a_view, ()),
    (of_a_copy_that_is_written_into, ()),
    (data_that_changes, ()),
    (data_that_changes_in_a_loop, ()),
    (data_that_changes_in_a_branch, ()),
    (a_field_that_is_read_before, ()),
    (a_name_that_is_read_before, ()),
    (an_object_that_it_leaves_alone, ()),
    (checkpointed, ()),
    (between_checkpoints, ()),
    (recursive, (3,)),
    (checkpointed_loop, ()),
]


@pytest.mark.parametrize("f, args", CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_a3_a_callback_is_called_once_and_in_order(f, args):
    check(f, *args)


def test_a3_a_closure_that_appends_to_a_list_outside():
    collected = []

    def collect(value):
        collected.append(value)

    def f(x):
        collect(x[0])
        return np.sum(x * x)

    np.testing.assert_allclose(sct.grad(f)(X), 2 * X)
    assert collected == [0.3]


def test_a3_a_function_that_writes_a_file(tmp_path):
    path = tmp_path / "values.txt"

    def save(value):
        with open(path, "a") as file:
            file.write(f"{value}\n")

    def f(x):
        for k in range(3):
            save(k)
        return np.sum(x * x)

    np.testing.assert_allclose(sct.grad(f)(X), 2 * X)
    assert path.read_text() == "0\n1\n2\n"


class Reporter:
    def __init__(self, name):
        self.name = name

    def tick(self, value):
        seen.append((self.name, float(value)))


def test_what_is_called_is_the_object_of_the_call():
    def f(x, reporter):
        reporter.tick(x[0])
        return np.sum(x * x)

    begin()
    gradient = sct.grad(f)
    gradient(X, Reporter("first")), gradient(2 * X, Reporter("second"))
    assert seen == [("first", 0.3), ("second", 0.6)]


def test_an_argument_that_a_call_changes_is_left_as_it_is():
    own = Recorder()
    np.testing.assert_allclose(sct.grad(an_argument)(X, own), gradient(lambda x: an_argument(x, Recorder()), X), atol=1e-7)
    assert (own.seen, own.count) == ([], 0)


def test_the_call_is_written_as_the_user_wrote_it():
    source = sct.grad(a_bound_method).source_for(X)
    assert "    tick(float(x[0]))\n" in source


def second_order(x):
    return np.sum(sct.grad(data_that_changes)(x) * x)


def test_a_second_derivative_has_the_effects_of_the_first():
    begin()
    gradient = sct.grad(second_order)(X)
    assert seen == ["enlarged"]
    np.testing.assert_allclose(gradient, 8.0 * X)


def test_a_function_that_can_be_followed_is_followed():
    def double(v):
        v *= 2.0

    def f(x):
        y = x * x
        double(y)
        return np.sum(y)

    np.testing.assert_allclose(sct.grad(f)(X), 4 * X)


# -- what would be wrong is refused ------------------------------------------------------------------------------------------


def test_a_write_into_what_is_differentiated_is_numpys_error():
    def f(x):
        halve_later(x)
        return np.sum(x * x)

    with pytest.raises(ValueError, match="read-only"):
        sct.grad(f)(X)
    np.testing.assert_array_equal(X, [0.3, -0.2, 1.1])


def halve_later(v):
    v *= 1 / {2}.pop()


def name_read_after(x):
    rescale()
    return np.sum(x * scale)


def flag_read_after(x):
    rescale()
    return np.sum(x) if flag else np.sum(x * x)


def entry_read_after(x):
    enlarge()
    return np.sum(x * PARAMETERS["scale"])


def field_read_after(x):
    recorder.grow()
    return np.sum(x * recorder.weights)


def field_of_another_read_after(x):
    tick(x[0])
    return np.sum(x * recorder.count)


def list_in_a_field_read_after(x):
    tick(x[0])
    return np.sum(x * len(recorder.seen))


def list_in_a_tuple_read_after(x):
    parts = [x, 2.0 * x]
    pair = (parts, 1.0)
    watched(*pair)
    return np.sum(parts[0])


def list_read_after(x):
    parts = [x, 2.0 * x]
    note(parts)
    return np.sum(parts[0])


def empty_list_gone_through_after(x):
    parts = []
    note(parts)
    for p in parts:
        x = x * p
    return np.sum(x)


def empty_list_with_a_star_after(x):
    parts = []
    note(parts)
    return np.sum([x, *parts][-1])


def empty_list_copied_item_by_item_after(x):
    parts = []
    note(parts)
    return np.sum(x) * len([p for p in parts])


def name_read_in_a_loop(x):
    for _ in range(3):
        x = x * scale
        rescale()
    return np.sum(x)


@pytest.mark.parametrize(
    "f, name",
    [
        (name_read_after, "scale"),
        (flag_read_after, "flag"),
        (entry_read_after, "PARAMETERS"),
        (field_read_after, "weights"),
        (list_read_after, "parts"),
        (empty_list_gone_through_after, "parts"),
        (empty_list_with_a_star_after, "parts"),
        (empty_list_copied_item_by_item_after, "parts"),
        (list_in_a_tuple_read_after, "parts"),
        (field_of_another_read_after, "count"),
        (list_in_a_field_read_after, "seen"),
        (name_read_in_a_loop, "scale"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_what_may_have_changed_is_not_read(f, name):
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match=f"'{name}' may have been changed by"):
        sct.grad(f)(X)


def dict_asked_for_a_key_after(x, n):
    parts = {n: x}
    note(parts)
    return np.sum(x) if 1 in parts else x[0]


def list_under_another_name_after(x, n):
    parts, others = [x], [2.0 * x]
    both = [parts, others]
    note(both[n % 2])
    return x * len(parts)


def list_that_is_one_of_two_after(x, n):
    parts = [x]
    one = parts if n > 1 else [2.0 * x]
    note(one)
    return x, parts


def list_read_in_the_next_iteration(x, n):
    parts = [x]
    for _ in range(n):
        x = x * len(parts)
        note(parts)
        parts.append(x)
    return x


@pytest.mark.parametrize(
    "f",
    [
        dict_asked_for_a_key_after,
        list_under_another_name_after,
        list_that_is_one_of_two_after,
        list_read_in_the_next_iteration,
    ],
)
def test_objects_that_may_have_changed_are_not_read(f):
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match="may have been changed by note"):
        sct.jvp(f)(X, 2, X)


@sct.checkpoint
def weighted(x):
    return x * W


@sct.checkpoint
def enlarged(x):
    enlarge()
    return x * W


@sct.checkpoint
def enlarging(x, w):
    enlarge()
    return x * w


def changed_in_between(x):
    y = weighted(x)
    enlarge()
    return np.sum(y * y)


def changed_by_itself(x):
    return np.sum(enlarged(enlarged(x)))


def changed_as_an_argument(x):
    return np.sum(enlarging(x, W))


def changed_in_a_checkpointed_loop(x):
    for _ in sct.checkpointed(range(5), slots=2):
        x = np.sin(x) * W
        enlarge()
    return np.sum(x)


@pytest.mark.parametrize(
    "f",
    [changed_in_between, changed_by_itself, changed_as_an_argument, changed_in_a_checkpointed_loop],
    ids=lambda f: f.__name__,
)
def test_a4_what_is_run_again_must_not_read_what_has_changed(f):
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match="the derivative runs again"):
        sct.grad(f)(X)


def test_a_call_whose_result_is_used_is_refused():
    def f(x):
        return np.sum(x * tick(x[0]))

    with pytest.raises(sct.errors.UnsupportedSyntaxError):
        sct.grad(f)(X)


def a_view_of_data_that_changes(x):
    v = W[1:]
    for _ in sct.checkpointed(range(3), slots=1):
        enlarge()
        x = x * v[0] * x
    return np.sum(x)


def test_a_checkpointed_loop_reads_no_view_of_what_it_may_change():
    begin()
    with pytest.raises(sct.UnsupportedSyntaxError, match="enlarge, which may change what lies outside, in a checkpointed loop"):
        sct.grad(a_view_of_data_that_changes)(X)
