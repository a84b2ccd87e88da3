"""Rules for writes into arrays, against finite differences; and which of several writes to one entry counts, against NumPy."""

import numpy as np
import pytest
from sources import define

from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.types import Array, Const, List, Scalar, Tuple, Unknown
from sct.registry.rules import adjoint_rule, is_nondifferentiable
from sct.rules.writing import may_repeat
from sct.runtime import kept, last_writes, part, scatter_add, updated
from sct.testing import check_grads, check_rule

rng = np.random.default_rng(11)


def normal(*shape, dtype=float):
    return rng.normal(size=shape).astype(dtype)


V = normal(5)
M = normal(3, 4)
T = normal(2, 3, 2)
I = np.array([2, 0, 2])  # noqa: E741
MASK = M > 0

# Array, path, value
WRITES = [
    (normal(), ((),), 1.5),
    (normal(), (...,), normal()),
    (V, (0,), 1.5),
    (V, (-1,), normal()),
    (V, (np.int64(2),), 1.5),
    (V, (slice(None),), 1.5),
    (V, (slice(None),), normal(5)),
    (V, (slice(None),), normal(1)),
    (V, (slice(1, -1),), normal(3)),
    (V, (slice(None, None, -2),), normal(3)),
    (V, (slice(4, 2),), 1.5),
    (V, (...,), normal(5)),
    (V, ((),), normal(5)),
    (V, (None,), normal(1, 5)),
    (V, (I,), 1.5),
    (V, (I,), normal(3)),
    (V, ([0, 0, 3],), normal(3)),
    (V, ([],), 1.5),
    (V, (np.array([[0, 1], [1, 4]]),), normal(2, 2)),
    (V, (np.array([[0, 1], [1, 4]]),), normal(2)),
    (V, (V > 0,), 1.5),
    (V, (V > 0,), normal(int(np.sum(V > 0)))),
    (V, (V > 9,), 1.5),
    (V, (np.array(2),), 1.5),
    (M, (1,), 1.5),
    (M, (1,), normal(4)),
    (M, ((1, 2),), 1.5),
    (M, (1, 2), 1.5),
    (M, (slice(1, None), 0), normal(4)),
    (M, (slice(None), slice(1, None), 0), normal(4)),
    (M, ((slice(None), 0),), normal(3)),
    (M, ((slice(None), 0), slice(1, None)), normal(2)),
    (M, ((slice(None), slice(1, 3)),), normal(3, 1)),
    (M, ((slice(None), slice(1, 3)),), normal(2)),
    (M, ((slice(1, 2), slice(None)),), normal(1, 4)),
    (M, (..., 0), normal(4)),
    (M, ((..., None),), normal(3, 4, 1)),
    (M, ((I, slice(None, None, 2)),), normal(3, 2)),
    (M, ((I, slice(None)),), normal(4)),
    (M, (([0, 0], [1, 1]),), normal(2)),
    (M, ((I[:, None], [0, 3]),), normal(3, 2)),
    (M, ((slice(None), [0, 0, 1]),), normal(3, 3)),
    (M, (MASK,), 1.5),
    (M, (MASK,), normal(int(MASK.sum()))),
    (M, ((MASK[:, 0], slice(1, None)),), 1.5),
    (M, (slice(1, None), MASK[1:]), 1.5),
    (M, (slice(None, None, -1), I), normal(3, 4)),
    (T, (1,), normal(3, 2)),
    (T, ((0, slice(None), 1),), normal(3)),
    (T, ((..., 1),), normal(2, 1)),
    (T, (0, 2, 1), 1.5),
    (T, ((slice(None), I, [1, 0, 1]),), normal(2, 3)),
    (T, ((I % 2, slice(None), [1, 0, 1]),), normal(3, 3)),
    (T, ((1, I),), normal(3, 2)),
    (normal(1, 4), (0,), normal(4)),
    (normal(1, 4), ((slice(None), slice(1, None)),), normal(1, 3)),
    (normal(1), (slice(None),), 1.5),
    (normal(1), (0,), 1.5),
    (normal(0, 3), (slice(1, None),), 1.5),
    (normal(0, 3), (slice(None),), normal(0, 3)),
    (normal(0), (slice(None),), normal(1)),
    (normal(5, dtype=np.float32), (slice(1, None),), normal(4, dtype=np.float32)),
    (normal(5, dtype=np.float32), (I,), normal(3)),
    (normal(3, 4, dtype=np.float32), (1,), 1.5),
    (normal(5) + 1j * normal(5), (I,), normal(3) + 1j * normal(3)),
    (normal(5) + 1j * normal(5), (slice(1, 3),), normal(2)),
    (normal(4, 3).T, (slice(1, None), 0), normal(4)),
    (normal(10)[::2], (I,), normal(3)),
]

COPIES = [(kept, (x,), {}) for x in (V, M, T, normal(0, 3), normal(), 0.5, normal(3, dtype=np.float32), V[::2])]
ADDITIONS = [  # np.add.at reads beyond a row of values that it should spread over a matrix of indices (NumPy 2.4.6)
    (a, path, v)
    for a, path, v in WRITES
    if np.ndim(v) <= np.ndim(part(a, path)) and not (a.ndim == 1 == np.ndim(v) < np.ndim(path[-1]))
]
SAMPLES = [*((updated, write, {}) for write in WRITES), *((scatter_add, a, {}) for a in ADDITIONS), *COPIES]
STATEMENTS = [*((updated, *w) for w in WRITES), *((scatter_add, *a) for a in ADDITIONS)]


@pytest.mark.parametrize("sample", COPIES)
def test_copies(sample):
    check_rule(sample[0], *sample[1])
    assert not np.shares_memory(kept(sample[1][0]), sample[1][0])


def test_copies_of_lists_are_copies_of_their_items():
    items = [V, [M, "text"], None]
    copied = kept(items)
    assert np.array_equal(copied[0], V) and copied[1][1:] == ["text"] and copied[2] is None
    assert not np.shares_memory(copied[0], V) and not np.shares_memory(copied[1][0], M)


def pairing(x, y):
    """The bilinear pairing of two arrays; its real part, since the adjoint of a real operand is real."""
    return float(np.real(np.sum(np.asarray(x) * np.asarray(y))))


@pytest.mark.parametrize("op, a, path, value", STATEMENTS)
def test_rule(op, a, path, value):
    """A write is linear in the array and the value, so that the rule must hold for any directions of them."""
    y = op(a, path, value)
    y_bar = normal(*y.shape).astype(y.dtype)
    a_bar, path_bar, value_bar = adjoint_rule(op).function(y, a, path, value, y_bar)
    assert path_bar is None
    assert a_bar.shape == a.shape
    assert a_bar.dtype == y_bar.dtype
    assert np.shape(value_bar) == np.shape(value)
    da, dv = normal(*a.shape), normal(*np.shape(value))
    tolerance = 1e-5 if y.dtype == np.float32 else 1e-12
    assert pairing(y_bar, op(da, path, dv)) == pytest.approx(
        pairing(a_bar, da) + pairing(value_bar, dv), rel=tolerance, abs=tolerance
    )
    assert infer_call(op, [abstract(a, "a"), Unknown(), abstract(value, "v")], {}) == abstract(a, "a")


def text_of(index, given, known):
    """The text of an index; arrays, and what is not to be known from the text, become parameters, which `given` collects."""
    if isinstance(index, slice):
        return ":".join("" if i is None else text_of(i, given, known) for i in (index.start, index.stop, index.step))
    if type(index) is tuple and index:
        return ", ".join(text_of(i, given, known) for i in index) + ","
    if index is ... or index is None or (type(index) is tuple and index == ()):
        return {...: "...", None: "None", (): "()"}[index]
    if known and isinstance(index, (int, list)):
        return repr(index)
    given.append(index)
    return f"i{len(given)}"


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("op, a, path, value", [w for w in STATEMENTS if w[1].ndim > 0])
def test_the_statement_of_the_write(op, a, path, value, known):
    given = []
    target = "".join(f"[{text_of(i, given, known)}]" for i in path)
    parameters = "".join(f", i{k + 1}" for k in range(len(given)))
    sign = "=" if op is updated else "+="
    f = define(f"def f(a, value{parameters}):\n    a{target} {sign} value\n    return a * a\n", "f")
    check_grads(f, (a, value, *given), wrt=(0, 1), order=2 if known and a.dtype == float and a.size <= 6 else 1)


@pytest.mark.parametrize("op, a, path, value", STATEMENTS)
def test_the_write_goes_into_a_copy(op, a, path, value):
    expected = np.array(a)
    x = expected
    for index in path[:-1]:
        x = x[index]
    if op is updated:
        x[path[-1]] = value
    else:
        np.add.at(x, path[-1], value)
    before = a.copy()
    got = op(a, path, value)
    assert np.array_equal(got, expected)
    assert got.dtype == a.dtype
    assert np.array_equal(a, before)
    assert not np.shares_memory(got, a)


REPEATED = [
    (V, I),
    (V, [0, 0, 0]),
    (V, np.array([[0, 1], [1, -5]])),
    (M, (I, slice(None))),
    (M, (slice(None), [3, -1, 0])),
    (M, ([0, 0, 0], [1, 1, 2])),
    (M, (I[:, None], [0, 0])),
    (M, MASK),
    (T, (I % 2, slice(None), [1, 1, 1])),
    (normal(0, 3), (slice(None), I)),
]


@pytest.mark.parametrize("a, index", REPEATED)
def test_the_last_of_several_writes_to_an_entry_counts(a, index):
    numbers = np.arange(a[index].size).reshape(a[index].shape)
    written = np.full(a.shape, -1)
    written[index] = numbers
    assert np.array_equal(last_writes(a, index), written[index] == numbers)
    assert np.sum(last_writes(a, index)) == np.sum(written >= 0)
    claimed = infer_call(last_writes, [abstract(a, "a"), abstract(index, "i") if type(index) is np.ndarray else Unknown()], {})
    assert claimed.dtype == bool
    assert claimed.shape is None or len(claimed.shape) == a[index].ndim


@pytest.mark.parametrize(
    "index, repeats",
    [
        (0, False),
        (slice(None), False),
        ((0, slice(None), None, ...), False),
        (MASK, False),
        (np.array(2), False),
        (I, True),
        ([0, 0], True),
        ((0, I), True),
    ],
)
def test_an_index_with_integers_in_it_may_repeat(index, repeats):
    assert may_repeat(index) is repeats


@pytest.mark.parametrize(
    "index, repeats",
    [
        (Const(0), False),
        (Scalar(int), False),
        (Array(np.dtype(bool), (3,)), False),
        (Array(np.dtype(int), ()), False),
        (Array(np.dtype(int), (3,)), True),
        (List((Scalar(int), Scalar(int))), True),
        (Tuple((Scalar(int), Array(np.dtype(int), (3,)))), True),
        (Array(np.dtype(int), None), None),
        (Array(None, (3,)), None),
        (Unknown(), None),
    ],
)
def test_whether_an_index_may_repeat_is_known_from_its_type(index, repeats):
    got = infer_call(may_repeat, [index], {})
    assert got == (Scalar(bool) if repeats is None else Const(repeats))


def test_the_part_that_a_path_leads_to():
    assert part(M, ()) is M
    assert np.array_equal(part(M, (slice(1, None), 0)), M[1])
    assert np.shares_memory(part(M, (1, slice(2))), M)


def test_which_writes_count_has_no_derivative():
    assert is_nondifferentiable(last_writes)
    assert is_nondifferentiable(may_repeat)
