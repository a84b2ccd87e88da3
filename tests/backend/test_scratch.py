"""Memory that kernels work in: what is kept of it, and that no two have the same at one time."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import sct
from sct.backend.scratch import KEPT, Blocks
from sct.runtime.loops import scratch, zeroed_scratch


def test_blocks_are_used_again():
    blocks = Blocks(1 << 22)
    first, second = blocks.take(200_000), blocks.take(200_000)
    assert abs(first - second) >= 200_000
    blocks.give(first)
    assert blocks.bytes >= 200_000
    again = blocks.take(199_000)
    assert abs(again - first) < 4096 and blocks.bytes == 0


def test_no_more_is_kept_than_is_allowed():
    blocks = Blocks(1 << 20)
    taken = [blocks.take(300_000 + 100_000 * k) for k in range(5)]
    for address in taken:
        blocks.give(address)
        assert blocks.bytes <= 1 << 20
    assert blocks.bytes > 0
    blocks.clear()
    assert blocks.bytes == 0


def relaxed(u, n):
    for _ in range(n):
        u = np.sin(u) * u[::-1]
    return np.sum(u)


def test_calls_at_once_have_memory_of_their_own():
    pytest.importorskip("numba")
    gradient = sct.grad(relaxed, jit="numba", strict=True)
    assert "scratch(" in gradient.source_for(np.ones(3), 3)
    given = [np.random.default_rng(k).standard_normal(20_000 + 10 * k) for k in range(8)]
    KEPT.clear()
    expected = [sct.grad(relaxed)(x, 5) for x in given]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda x: gradient(x, 5), given * 4))
    for x, y in zip(found, expected * 4, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)
    assert 0 < KEPT.bytes <= KEPT.most


@pytest.mark.parametrize("shape, dtype", [((3, 40_000), np.float64), (5, np.complex128), ((0, 7), np.bool_)])
def test_arrays_are_as_numpy_makes_them(shape, dtype):
    numba = pytest.importorskip("numba")

    @numba.njit
    def made(n, m):
        a = scratch(n, dtype)
        a[...] = 1
        return zeroed_scratch(m, dtype), a

    for _ in range(2):  # the second may lie where the first was written into
        zeros, ones = made(shape, shape)
        assert zeros.shape == ones.shape == np.empty(shape).shape and zeros.flags.c_contiguous
        assert zeros.dtype == ones.dtype == dtype
        np.testing.assert_array_equal(zeros, np.zeros(shape, dtype))
        np.testing.assert_array_equal(ones, np.ones(shape, dtype))
        del zeros, ones


def test_sizes_that_there_are_not():
    numba = pytest.importorskip("numba")

    @numba.njit
    def made(n, m):
        return len(scratch((n, m)))

    with pytest.raises(ValueError, match="negative dimensions"):
        made(-1, 3)
    with pytest.raises(ValueError, match="too big"):
        made(1 << 40, 1 << 40)
    with pytest.raises(MemoryError):
        made(1 << 30, 1 << 26)
