"""Writes into what nobody reads are dropped; into what is read by another name, or is the caller's, they stay."""

import numpy as np

import sct


def unread(x, n):
    log, rows = np.zeros(n), []
    for i in range(n):
        log[i] = np.sum(x)
        rows.append(x * i)
        x = x * 0.5
    return x


def read_as_a_view(x, n):
    log = np.zeros(n)
    tail = log[1:]
    for i in range(n - 1):
        tail[i] = np.sum(x) * i
        x = x * 0.5
    return x * log[-1]


def test_writes_into_what_nobody_reads():
    x, t = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    source = sct.jvp(unread).source_for(x, 3, t)
    assert "log" not in source and "rows" not in source
    np.testing.assert_allclose(sct.jvp(unread)(x, 3, t)[1], t / 8)
    assert "log" not in sct.vjp(unread).source_for(x, 3, t)


def test_writes_into_what_is_read_by_another_name():
    sct.check_grads(read_as_a_view, (np.array([1.0, 2.0]), 4), modes=("forward", "reverse"))


def test_writes_into_what_is_the_callers():
    def put(x, out):
        out[0] = x[0]
        return np.sum(x)

    out = np.zeros(2)
    assert sct.jvp(put)(np.ones(2), out, np.ones(2)) == (2.0, 2.0)
    assert out.tolist() == [0.0, 0.0]  # a derivative leaves arguments as they are
