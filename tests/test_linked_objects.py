"""Objects that lead to one another, or to None: linked lists, trees and rings that a run makes."""

from types import SimpleNamespace

import numpy as np
import pytest

import sct

X = np.array([0.9, 0.3, 0.7, 0.2, 1.3])


class Node:
    def __init__(self, v, then=None):
        self.v = v
        self.then = then


def linked(x):
    head = None
    for v in x:
        head = Node(v, head)
    return head


def weighted(head):
    s, k = 0.0, 1.0
    while head is not None:
        s, k = s + k * head.v**2, k + 1.0
        head = head.then
    return s


def walked(x):
    return weighted(linked(x))


def written_on_the_way(x):
    head = linked(x)
    cur = head
    while cur:
        cur.v = cur.v * 2.0
        if cur.then is not None:
            cur.then.v += cur.v
        cur = cur.then
    return head.v * head.then.then.v


def sorted_as_it_grows(x):
    head = None
    for v in x:
        new = Node(v)
        if head is None or v < head.v:
            new.then = head
            head = new
            continue
        cur = head
        while cur.then is not None and cur.then.v < v:
            cur = cur.then
        new.then = cur.then
        cur.then = new
    return weighted(head)


def turned_round(x):
    head, before = linked(x), None
    while head is not None:
        head.then, before, head = before, head, head.then
    return weighted(before)


def taken_out(x):
    head = cur = linked(x)
    before = None
    while cur is not None:
        if cur.v >= 0.25:
            before = cur
        elif before is None:
            head = cur.then
        else:
            before.then = cur.then
        cur = cur.then
    return weighted(head)


def put_at_the_end(x):
    head = last = None
    for v in x:
        new = Node(v)
        if last is None:
            head = new
        else:
            last.then = new
        last = new
    return weighted(head)


def arrays(x):
    head = None
    for v in x:
        head = Node(x * v, head)
    cur = head
    while cur is not None:
        cur.v[0] = 0.5 * cur.v[1]
        if cur.then is not None:
            cur.then.v = cur.v
        cur = cur.then
    return np.sum(np.sin(head.v)) + np.sum(head.then.then.v**2)


def ring(x):
    head = last = Node(x[0])
    for v in x[1:]:
        last.then = Node(v)
        last = last.then
    last.then = head
    cur = head
    for _ in range(2 * len(x) + 1):
        cur.v = 0.9 * cur.v + 0.1 * cur.then.v**2
        cur = cur.then
    s = 0.0
    while True:
        s += cur.v**2
        cur = cur.then
        if cur is head:
            return s


class Both:
    def __init__(self, v):
        self.v = v
        self.before = None
        self.then = None


def both_ways(x):
    head = last = None
    for v in x:
        new = Both(v)
        if last is None:
            head = last = new
        else:
            last.then, new.before = new, last
            last = new
    s = 0.0
    while head is not None:
        if head.before is not None and head.then is not None:
            s += head.before.v * head.then.v
        head = head.then
    while last is not None:
        s = 0.5 * s + last.v**2
        last = last.before
    return s


class Stack:
    def __init__(self):
        self.top = None

    def push(self, v):
        self.top = Node(v, self.top)

    def pop(self):
        v, self.top = self.top.v, self.top.then
        return v

    def __iter__(self):
        cur = self.top
        while isinstance(cur, Node):
            yield cur.v
            cur = cur.then


def stacked(x):
    stack = Stack()
    for v in x:
        stack.push(v)
        if v > 0.5 and stack.top.then is not None:
            stack.push(stack.pop() * stack.pop())
    s = 0.0
    for v in stack:
        s = 0.5 * s + v
    while stack.top:
        s = s * stack.pop()
    return s


class Tree:
    def __init__(self, key):
        self.key = key
        self.left = None
        self.right = None

    def insert(self, key):
        cur = self
        while True:
            if key < cur.key:
                if cur.left is None:
                    cur.left = Tree(key)
                    return
                cur = cur.left
            else:
                if cur.right is None:
                    cur.right = Tree(key)
                    return
                cur = cur.right


def tree(x):
    root = Tree(x[0])
    for v in x[1:]:
        root.insert(v)
    return root


def in_order(x):
    cur, stack = tree(x), []
    s, w = 0.0, 1.0
    while stack or cur is not None:
        while cur is not None:
            stack.append(cur)
            cur = cur.left
        cur = stack.pop()
        s, w = s + w * cur.key**2, 0.5 * w
        cur = cur.right
    return s


def by_levels(x):
    todo = [tree(x)]
    s, w = 0.0, 1.0
    while todo:
        t = todo.pop(0)
        s, w = s + w * t.key**2, 0.8 * w
        for child in (t.left, t.right):
            if child:
                todo.append(child)
    return s


def the_one_before(x):
    s, before = 0.0, None
    for i, v in enumerate(x):
        node = Node(v**2)
        if i > 0:
            s += before.v * node.v
        before = node
    return s


class Particle:
    def __init__(self, position):
        self.position = position

    def step(self, by):
        self.position = self.position + by * self.position


def moved(x):
    particle = None
    for v in x:
        if particle is None:
            particle = Particle(v)
        particle.step(v)
    return particle.position


def a_chain(x):
    last = SimpleNamespace(v=x[0], before=None)
    for v in x:
        last = SimpleNamespace(v=v * last.v, before=last)
    return last.v * last.before.before.v


def perhaps(x, limit):
    found = None
    for v in x:
        if v > limit and found is None:
            found = Node(v)
    return x[0] if found is None else found.v**2


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize(
    "f",
    [
        walked,
        written_on_the_way,
        sorted_as_it_grows,
        turned_round,
        taken_out,
        put_at_the_end,
        arrays,
        ring,
        both_ways,
        stacked,
        in_order,
        by_levels,
        the_one_before,
        moved,
        a_chain,
    ],
)
def test_agrees(f):
    assert np.isclose(sct.value_and_grad(f)(X)[0], f(X), rtol=1e-14)
    sct.check_grads(f, (X,), modes=("reverse", "forward"), order=2 if f in (sorted_as_it_grows, arrays, both_ways) else 1)


@pytest.mark.parametrize("limit", [0.5, 5.0])
def test_an_object_or_none(limit):
    sct.check_grads(perhaps, (X, limit), modes=("reverse", "forward"), order=2)


@pytest.mark.parametrize("f", [walked, both_ways])
def test_tangents_of_tangents(f):
    first = sct.jvp(f)
    u, v = np.cos(X), np.sin(X)
    expected = (first(X + 1e-5 * v, u)[1] - first(X - 1e-5 * v, u)[1]) / 2e-5
    np.testing.assert_allclose(sct.jvp(first)(X, u, v)[1][1], expected, rtol=1e-8)


def left_at_once(x, n):
    head = None
    for _ in range(n):
        return np.sum(x**2)
        head = Node(x[0], head)
    return head.v


def behind_a_test(x, n):
    node = Node(x[0])
    return node.then.v if n == 0 else node.v**2


@pytest.mark.parametrize("f", [left_at_once, behind_a_test])
def test_a_field_of_none_on_a_way_that_is_not_taken(f):
    sct.check_grads(f, (X, 3), modes=("reverse", "forward"))
    for call in (f, sct.value_and_grad(f)):
        with pytest.raises(AttributeError, match="NoneType"):
            call(X, 0)


def test_a_field_of_none_is_an_error_as_in_python():
    def f(x):
        return perhaps_found(x).v

    def perhaps_found(x):
        found = None
        for v in x:
            if v > 5.0:
                found = Node(v)
        return found

    for call in (f, sct.grad(f), sct.value_and_grad(f)):
        with pytest.raises((AttributeError, TypeError)):
            call(X)


class Counted(Node):
    def __len__(self):
        return 1


def truth_of_its_own(x):
    head = None
    for v in x:
        head = Counted(v, head)
    return head.v if head else x[0]


def returned(x):
    head = None
    for v in x:
        head = Node(v, head)
    return head


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (truth_of_its_own, "the truth of an object of the class Counted, or None"),
        (returned, "an object of the class Node, or None that the function makes, returned"),
    ],
)
def test_what_is_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message) as caught:
        sct.vjp(f)(np.linspace(0.1, 0.9, 12), 1.0)
    assert caught.value.place is not None
