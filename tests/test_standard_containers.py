"""Deques, default dicts, counters, sets and heaps that a function makes."""

import heapq
from collections import Counter, defaultdict, deque

import numpy as np
import pytest

import sct

X = np.array([1.1, 1.73, 0.61])


def window(x, n):
    last = deque([0.0] * 4, maxlen=4)
    s = 0.0
    for i in range(n):
        last.append(x[i % 3] * s + 0.1)
        s = sum(last) / len(last)
    return s


def steps_by_what_was_seen_last(x, m):
    """The two loops by which L-BFGS turns a slope, over as many steps as it is told to keep."""
    seen, s, y = deque(maxlen=m), x, x * x
    for _ in range(5):
        parts = []
        for a, b in reversed(seen):
            parts.append(a * y / b)
            y = y - parts[-1] * b * 0.1
        if seen:
            y = y * seen[-1][0]
        for (a, b), part in zip(seen, reversed(parts)):
            y = y + 0.1 * a * (part - b)
        s = s - 0.1 * np.sin(y)
        seen.append((s, y))
    return np.sum(s * y)


def queue_of_unknown_length(x, limit):
    waiting = deque()
    total = 0.0
    for v in x:
        while waiting and waiting[0] * v > limit:
            total += waiting.popleft()
        waiting.append(v)
        total += v * len(waiting)
    return total


def both_ends(x):
    d = deque(x)
    d.appendleft(x[1] * 2.0)
    d.rotate(1)
    d.rotate(-2)
    d.extend([x[0], x[2]])
    d.extendleft(x)
    d[1] = d[1] * d[-1]
    first, last = d.popleft(), d.pop()
    return first * np.mean(d) + last * max(d) + sum(v * k for k, v in enumerate(d))


def cut(x):
    d = deque(x, maxlen=2)
    d.extendleft([x[0], x[1] ** 2])
    return d[0] * d[1] + d.maxlen


def like_pythons_own(x):
    d, g = deque(x), defaultdict(float)
    alike = (
        isinstance(d, deque),
        type(d) is deque,
        isinstance(g, dict),
        hasattr(d, "count"),
        hasattr(d, "_items"),
        hasattr(g, "get"),
    )
    return sum(x[k % 3] ** k for k, flag in enumerate(alike) if flag)


def grouped(x):
    groups = defaultdict(list)
    for key, v in zip("abca", [x[0], x[1], x[2], x[0]]):
        groups[key].append(v)
    return sum(sum(vs) ** len(vs) for vs in groups.values()) + len(groups)


def summed_by_key(x, keys):
    total = defaultdict(float)
    for k, v in zip(keys, x):
        total[k] += v**2
    return total[0] * total[1] + total.get(7, 3.0)


def counted(x):
    letters = Counter("abacab")
    letters.update({"c": 2})
    return x[0] * letters["a"] + x[1] * letters["c"] + x[2] * letters["z"] + x[0] * letters.total()


def seen_before(x, indices):
    seen = set()
    total = 0.0
    for i in indices:
        if i in seen or i in {7, 8}:
            continue
        seen.add(i)
        total += x[i] ** 2
    return total * len(seen) + len({i % 2 for i in range(5)})


def put_together(x, indices):
    left = {0}
    right = same = {1, 4}
    for i in indices:
        left = left | {i}
        right |= {i % 3}
        right -= {i - 1}
        right ^= {1, 7}
        same &= {0, 1, 4, i}
    some = {0, 1} - right
    left ^= left
    return (
        x[0] * len(same | {9}) + x[1] * (4 in same) + x[2] ** len(some ^ {2, 1}) + len(left) * x[1] + len(right.copy() & same)
    )


def events(x):
    queue = []
    for source in range(3):
        heapq.heappush(queue, (x[source], source))
    total = 0.0
    for _ in range(8):
        time, source = heapq.heappop(queue)
        total += np.exp(-0.3 * time) * (source + 1)
        heapq.heappush(queue, (time + x[source], source))
    return total


def heap_of_any_length(x):
    heap = [v * w for v in x for w in x]
    heapq.heapify(heap)
    total = heapq.heappushpop(heap, x[0]) + heapq.heapreplace(heap, x[1])
    while heap:
        total = 0.5 * total + heapq.heappop(heap) ** 2
    return total


def compared(x, indices):
    few = {0, 1}
    few.update(indices, [2])
    both = few.intersection({1, 2}, (2, 1, 7))
    rest = few.difference([1]).symmetric_difference({5})
    total = 1.0 * len(few.union([9], {8}))
    for k, i in enumerate(sorted(both)):
        total = total + x[i] ** 2 * (k + 1)
    if both <= few and both.issubset(few) and few > both and few.issuperset([0]) and not few.isdisjoint(both):
        total = total * x[max(few)]
    return total * x[min(both)] if rest == {0, 2, 5} and rest != few else total * x[0]


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (compared, (X, ())),
        (compared, (X, (1,))),
        (window, (X, 9)),
        (steps_by_what_was_seen_last, (X, 2)),
        (queue_of_unknown_length, (X, 1.0)),
        (both_ends, (X,)),
        (cut, (X,)),
        (like_pythons_own, (X,)),
        (grouped, (X,)),
        (summed_by_key, (X, np.array([0, 1, 0]))),
        (counted, (X,)),
        (seen_before, (X, [0, 1, 1, 2, 7])),
        (put_together, (X, (2,))),
        (put_together, (X, np.array([0, 5]))),
        (seen_before, (X, np.array([0, 1, 1, 0]))),
        (events, (X,)),
        (heap_of_any_length, (X,)),
    ],
)
def test_agrees(f, args):
    assert sct.value_and_grad(f)(*args)[0] == f(*args)
    sct.check_grads(f, args, modes=("reverse", "forward"))


@pytest.mark.parametrize("seed", range(6))
def test_heaps_are_laid_out_as_pythons_are(seed):
    def laid_out(x):
        heap = list(x[:5])
        heapq.heapify(heap)
        for v in x[5:8]:
            heapq.heappush(heap, v)
        return [heapq.heappop(heap), heapq.heapreplace(heap, x[8]), heapq.heappushpop(heap, x[9]), *heap]

    x = np.random.default_rng(seed).normal(size=10)
    assert sct.vjp(laid_out)(x, [1.0] * 10)[0] == laid_out(x)


def returned(x):
    return {"last": deque(x)}


def gone_through(x):
    chosen = {0, 2}
    return sum(x[i] for i in chosen)


def ordered_by_a_key(x):
    return sum(x[i] for i in sorted({0, 2}, key=lambda i: i % 2))


def some_entry(x):
    return x[{0, 2}.pop()]


def indexed(x):
    return deque(x).index(x[0]) * x[0]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (returned, "an object of the class deque that the function makes, returned"),
        (gone_through, "a loop over an object of the class set"),
        (ordered_by_a_key, "a loop over an object of the class set"),
        (some_entry, "set.pop is not supported"),
        (indexed, "deque.index is not supported"),
    ],
)
def test_what_is_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError) as caught:
        sct.vjp(f)(X, 1.0)
    assert caught.value.message.startswith(message)
    assert caught.value.place is not None
