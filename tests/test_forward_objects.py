"""What the fields of objects hold, in forward mode: written into in copies, whatever else is the same array or list.

Each function is compared with Python's own value, and with finite differences; and leaves its arguments as they were.
"""

import copy
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest

import sct


def numbers(x):
    """All numbers in a result, in a row."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        return np.concatenate([numbers(i) for i in x]) if x else np.zeros(0)
    return np.ravel(np.asarray(x, dtype=float))


def state(x):
    """What is in arguments, as text."""
    if isinstance(x, (list, tuple)):
        return [state(i) for i in x]
    return {k: state(v) for k, v in vars(x).items()} if hasattr(x, "__dict__") else repr(x)


def check(f, given):
    """Compare the derivative of `f` by its first argument, an array of five, of which `given` makes the others."""
    x = np.array([1.0, 2.0, 3.0, -1.0, 0.5])
    t = np.array([0.3, -1.0, 0.7, 0.2, 1.1])

    def at(by):
        moved = x + by * t
        return numbers(f(moved, *given(moved)))

    args = (x, *given(x))
    before = state(args)
    value, dot = sct.jvp(f)(*args, t)
    assert state(args) == before
    np.testing.assert_array_equal(numbers(value), at(0.0))
    np.testing.assert_allclose(numbers(dot), (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-5, atol=1e-6)
    value, push = sct.linearize(f)(*args)
    np.testing.assert_array_equal(numbers(value), at(0.0))
    for _ in range(2):
        np.testing.assert_allclose(numbers(push(t)), numbers(dot), rtol=1e-12, atol=1e-14)
    assert state(args) == before


CASES = []


def case(given):
    return lambda f: CASES.append(pytest.param(f, given, id=f.__name__)) or f


@dataclass
class Model:
    h: np.ndarray
    log: list = field(default_factory=list)
    table: dict = field(default_factory=dict)
    part: object = None

    def step(self, x, n):
        for i in range(n):
            self.h[i] += x[i] * self.h[0]
            self.log.append(self.h[i])
        return self.log[-1] * self.log[0]


def made(x):
    return Model(np.arange(5.0) + 1.0, [2.0], {"a": np.ones(5), "b": np.ones(5)}, SimpleNamespace(h=np.ones(5)))


def one(x):
    return (made(x),)


@case(one)
def an_array_in_a_field(x, m):
    m.h[0] = x[1]
    return np.sum(m.h * x)


@case(lambda x: (SimpleNamespace(h=np.ones(5)),))
def a_namespace(x, m):
    m.h[1:] *= x[1:]
    return np.sum(m.h * x)


@case(lambda x: (made(x), 3))
def a_method(x, m, n):
    return m.step(x, n) + np.sum(m.h) * m.log[0]


@case(one)
def an_object_in_a_field(x, m):
    m.part.h[0] = x[1]
    m.h[:] = m.part.h * x
    return m.h


@case(one)
def a_list_in_a_field(x, m):
    m.log.append(x[0])
    m.log[0] = x[1] * m.log[-1]
    return m.log


@case(lambda x: (made(x), 4))
def a_list_in_a_field_that_grows(x, m, n):
    for i in range(n):
        m.log.append(x[i] * m.log[-1])
    return m.log


@case(lambda x: (made(x), 3))
def a_dict_in_a_field_under_a_branch(x, m, n):
    if n > 2:
        m.table["a"][1] = x[0]
        m.table["c"] = x
    m.table["b"] *= 2.0
    return [v * x for v in m.table.values()]


@case(lambda x: ([made(x), made(x)], 3))
def objects_in_a_list(x, ms, n):
    for i in range(n):
        ms[0].h[i], ms[1].h[0] = x[i] * ms[1].h[0], ms[0].h[i]
    return ms[0].h * ms[1].h


@case(lambda x: (made(x), 3))
def another_name_of_a_field(x, m, n):
    u = m.h if n > 2 else x
    u[0] = x[1]
    v = m.h[::-1]
    v *= x
    return m.h


@case(lambda x: (Model(x),))
def the_argument_in_a_field(x, m):
    x[0] *= 3.0
    return np.sum(x * m.h)


@case(lambda x: (Model(x[1:4]),))
def a_part_of_the_argument_in_a_field(x, m):
    m.h[0] *= x[0]
    return np.sum(x * x)


def turned(x):
    h = np.arange(5.0)
    return (SimpleNamespace(a=h, b=h[::-1]),)


@case(turned)
def two_fields_that_are_one_array(x, m):
    m.a[0] = x[0]
    m.b[0] *= x[1]
    return m.a * x + m.b


@case(lambda x: [made(x)] * 2)
def one_object_given_twice(x, m, k):
    m.h[0] = x[0]
    k.h[1] = x[1] * m.h[0]
    return m.h * k.h


def closing_over(table):
    def scaled(x, m):
        m.h[:] = table * x
        return m.h * table

    return scaled


CASES.append(pytest.param(closing_over(np.arange(5.0)), one, id="a_cell_that_is_read"))


# -- fields that are bound ----------------------------------------------------------------------------------------------------


class Pendulum:
    """A class with a property, a default in the class, and methods that bind fields."""

    damping = 0.1

    def __init__(self, angle, speed=0.0, log=None):
        self.angle = angle
        self.speed = speed
        self.t = 0.0
        self.log = [] if log is None else log

    @property
    def energy(self):
        return 0.5 * self.speed**2 + self.height()

    def height(self):
        return 1.0 - np.cos(self.angle)

    def step(self, dt):
        self.speed -= dt * (np.sin(self.angle) + self.damping * self.speed)
        self.angle += dt * self.speed
        self.t += dt
        self.log.append(self.angle)
        return self


@dataclass
class Moments:
    total: object = 0.0
    square: object = 0.0
    values: list = field(default_factory=list)
    weight: float = 2.0

    def __post_init__(self):
        self.count = 0

    def add(self, v):
        self.total += v
        self.square = self.square + v * v
        self.values.append(v)
        self.count += 1


@dataclass(frozen=True)
class State:
    position: object
    velocity: object
    norm: object = None

    def __post_init__(self):
        object.__setattr__(self, "norm", self.position @ self.position)

    def moved(self, dt):
        return State(self.position + dt * self.velocity, self.velocity - dt * self.position)


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right

    def swap(self):
        self.left, self.right = self.right, self.left


class Damped(Pendulum):
    damping = 0.3

    def __init__(self, *args):
        super().__init__(*args)
        self.height_at_start = self.height()

    def height(self):
        return 2.0 * self.angle**2 + super().height()


@case(lambda x: (5,))
def an_object_that_is_made(x, n):
    p = Pendulum(x[0])
    for _ in range(n):
        p.step(0.1 * x[1])
    return p.angle, p.speed, p.t, p.energy, p.log


@case(lambda x: (4,))
def one_in_each_iteration(x, n):
    s = 0.0
    last = Pendulum(x[1], x[0])
    for i in range(n):
        p = Pendulum(x[i], last.speed)
        p.step(0.1).step(0.2)
        s = s + p.energy * last.angle
        last = p
    return s * last.angle


@case(lambda x: (4,))
def an_object_of_a_data_class(x, n):
    m = Moments()
    for i in range(n):
        m.add(x[i] * m.weight)
    return m.square / m.count - m.total**2, m.values


@case(lambda x: (3,))
def frozen_ones(x, n):
    s = State(x[:2], x[2:4])
    for _ in range(n):
        s = s.moved(0.1 * s.norm)
    return replace(s, velocity=2.0 * s.position * s.norm).velocity


@case(lambda x: (3,))
def slots_that_are_swapped(x, n):
    s = Slotted(x * 1.0, x * 2.0)
    for i in range(n):
        s.swap()
        s.left[i] *= x[0]
    return s.left, s.right


@case(lambda x: (3,))
def a_class_that_is_derived(x, n):
    p = Damped(x[0]) if n > 2 else Damped(x[1], x[2])
    p.step(0.5)
    return p.energy * p.height_at_start


@case(lambda x: (3,))
def two_names_of_an_object(x, n):
    p = SimpleNamespace(a=x * 1.0, b=x[0])
    q = p
    pair = [q, p]
    q.b = x[1] * p.b
    if n > 2:
        pair[0].a[1] = p.b
        pair[1].b *= 2.0
    q.a = p.a * p.b
    return (p.a, p.b) if pair[1] is q and p is not None else x


@case(lambda x: (2,))
def what_an_argument_and_a_field_have_in_common(x, n):
    p = SimpleNamespace(a=x, b=x[1:3])
    p.b *= x[0]
    p.a[0] = p.b[1]
    p.a = p.a * 2.0
    p.a[1] = x[0]
    return x, p.a, p.b


@case(lambda x: (Pendulum(0.5, 0.25, [1.0]), 3))
def fields_of_an_argument(x, p, n):
    for i in range(n):
        p.step(x[i])
    return p.energy, p.t, p.log


@case(lambda x: (Pendulum(0.5), 3))
def a_field_of_an_argument_in_a_branch(x, p, n):
    if n > 2:
        p.angle = x[0] * p.angle
        p.speed = p.angle * x[1]
    else:
        p.step(0.1)
    return p.energy * x


@case(lambda x: ([Pendulum(0.5), Pendulum(1.5)], SimpleNamespace(one=Pendulum(0.1)), 3))
def fields_of_objects_in_arguments(x, ps, m, n):
    for i in range(n):
        ps[0].step(x[i])
        ps[1].speed = ps[0].speed * x[0]
        m.one.angle = ps[1].speed + m.one.angle
    return ps[0].angle, ps[1].energy, m.one.angle


@case(lambda x: (SimpleNamespace(a=np.ones(5), b=np.zeros(5)), 3))
def buffers_of_an_argument_that_are_swapped(x, m, n):
    for _ in range(n):
        m.b[:] = m.a * x
        m.a, m.b = m.b, m.a
        m.a[0] *= 2.0
    return m.a, m.b


@case(lambda x: (SimpleNamespace(a=np.ones(5)),))
def a_field_that_is_new(x, m):
    m.b = m.a * x
    m.a = m.b
    m.b[0] = 3.0 * x[1]
    return m.a * getattr(m, "c", 2.0) if hasattr(m, "b") and isinstance(m, SimpleNamespace) else x


@case(lambda x: (SimpleNamespace(a=np.ones(5)), 3))
def an_accumulator_in_a_field(x, m, n):
    m.total = 0.0
    m.vector = np.zeros(5)
    for i in range(n):
        m.total += x[i] * m.a
        m.vector += x
    return m.total, m.vector


class Vector:
    """A class with operators of its own."""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __add__(self, other):
        return Vector(self.a + other.a, self.b + other.b) if isinstance(other, Vector) else Vector(self.a + other, self.b)

    def __mul__(self, k):
        return Vector(self.a * k, self.b * k)

    __rmul__ = __mul__

    def __isub__(self, other):
        self.a -= other.a
        self.b -= other.b
        return self

    def __neg__(self):
        return -1.0 * self

    def __matmul__(self, other):
        return self.a * other.a + self.b * other.b

    def __lt__(self, other):
        return self.a < other.a

    def __len__(self):
        return 2

    def __getitem__(self, k):
        return self.a if k == 0 else self.b

    def __setitem__(self, k, v):
        if k == 0:
            self.a = v
        else:
            self.b = v

    def __call__(self, x):
        return self.a * x + self.b


@case(lambda x: (3,))
def operators_of_a_class(x, n):
    p, q = Vector(x[0], x[1]), Vector(x[2], x[3])
    for i in range(n):
        p = 0.5 * p + q * x[i] + x[0]
        if p < q:
            p, q = -q, p
        q -= p * 0.1
        p[1] += q[i % 2]
        q[0] = p[0] * len(p)
    return p @ q, p(x[0]), q.a * q.b


@case(lambda x: (3,))
def operators_of_objects_in_a_list(x, n):
    ps = [Vector(x[i], x[i + 1]) for i in range(n)]
    for i in range(n):
        ps[i] = ps[i] + 2.0 * ps[n - 1 - i]
        ps[0] -= ps[i]
        ps[i][1] *= x[0]
    return ps[0] @ ps[n - 1], ps[1](x[2])


# -- objects that stay objects ------------------------------------------------------------------------------------------------


class Particle:
    """Numbers, an array, a list, a flag, a function and a string."""

    def __init__(self, position, speed, kind="free", force=np.sin):
        self.position = position
        self.speed = speed
        self.path = [position]
        self.at = np.zeros(2)
        self.moves = 0
        self.fixed = False
        self.kind = kind
        self.force = force

    def step(self, dt):
        if self.fixed:
            return
        self.speed += dt * self.force(self.position)
        self.position = self.position + dt * self.speed
        self.path.append(self.position)
        self.at[self.moves % 2] += self.position
        self.moves += 1

    def pull(self, other):
        self.speed, other.speed = other.speed * self.position, self.speed


class Swarm:
    def __init__(self, x, n):
        self.all = [Particle(x[i], x[i + 1]) for i in range(n)]
        self.best = self.all[0]

    def step(self):
        for p in self.all:
            p.step(0.1)
            if p.position > self.best.position:
                self.best = p


@case(lambda x: (3,))
def objects_in_a_list_that_grows(x, n):
    ps = []
    for i in range(n):
        ps.append(Particle(x[i], x[0]))
    for i in range(n):
        ps[i].pull(ps[(i + 1) % n])
        ps[i % 2].step(0.1)
    return [p.position * p.speed + p.path[-1] * p.moves for p in ps]


@case(lambda x: (3,))
def objects_under_a_branch(x, n):
    a, b = Particle(x[0], x[1]), Particle(x[1], x[2])
    c = a if n > 2 else b
    c.speed = x[3] * c.speed
    c.at[0] = x[0]
    c.fixed = n > 3
    a.step(0.1)
    b.step(0.1)
    return a.position * b.speed * a.at[0], c.path, b.at


@case(lambda x: (4,))
def objects_that_are_swapped(x, n):
    a, b = Particle(x[0], x[1]), Particle(x[1], x[2])
    for i in range(n):
        if x[i] > 1.5:
            a, b = b, a
        a.pull(b)
        b.step(0.2 * x[i])
    return a.position * b.position, a.at * b.speed


@case(lambda x: (3,))
def objects_in_a_dict(x, n):
    d = {}
    for i in range(n):
        k = "even" if i % 2 == 0 else "odd"
        if k in d:
            d[k].speed *= x[i]
        else:
            d[k] = Particle(x[i], x[0] * x[i])
    for p in d.values():
        p.step(0.1)
    return d["even"].position * d["odd"].speed


@case(lambda x: (3,))
def objects_in_fields_of_objects(x, n):
    s = Swarm(x, n)
    for _ in range(n):
        s.step()
    s.best.position *= x[1]
    return [p.position for p in s.all] + [s.best.position, s.best.at @ s.best.at]


@case(lambda x: (3,))
def the_same_object_twice_in_a_list(x, n):
    p = Particle(x[0], x[1])
    ps = [p] * n
    ps.append(Particle(x[2], x[3]))
    for i in range(n + 1):
        ps[i].step(0.1)
    q = ps.pop()
    return p.position * q.position, p.moves * p.at * x[0]


@case(lambda x: (3,))
def frozen_ones_in_a_list(x, n):
    states = [State(x[:2], x[2:4])]
    for i in range(n):
        states.append(states[i].moved(0.1 * states[-1].norm))
    states[0] = replace(states[n // 2], position=states[-1].velocity)
    return sum(s.norm for s in states), states[n - 1].position, states[0].norm


@case(lambda x: (Pendulum(0.5), 3))
def made_objects_beside_an_argument(x, m, n):
    ps = [Particle(x[0], m.angle), Particle(x[1], x[2])]
    for i in range(n):
        ps[i % 2].step(0.1)
        m.step(ps[i % 2].position)
    return m.angle * ps[0].speed, m.log


@pytest.mark.parametrize("f, given", CASES)
def test_objects(f, given):
    check(f, given)


def test_a_bound_method():
    m, x, t = made(None), np.arange(5.0), np.ones(5)
    before = state(m)
    _, dot = sct.jvp(m.step)(x, 3, t)
    assert state(m) == before
    difference = (made(None).step(x + 1e-6 * t, 3) - made(None).step(x - 1e-6 * t, 3)) / 2e-6
    np.testing.assert_allclose(dot, difference, rtol=1e-6)


def test_a_linear_function_is_that_of_the_call():
    p, x, t = Pendulum(0.5), np.arange(5.0), np.ones(5)
    _, dot = sct.jvp(fields_of_an_argument)(x, p, 3, t)
    _, push = sct.linearize(fields_of_an_argument)(x, p, 3)
    p.angle, p.speed = 7.0, 8.0
    np.testing.assert_array_equal(numbers(push(t)), numbers(dot))


class Sevenfold:
    """A descriptor."""

    def __get__(self, owner, cls):
        return 7.0 if owner is None else 7.0 * owner.v

    def __set__(self, owner, value):
        owner.v = value


class Described:
    seven = Sevenfold()

    def __init__(self, v):
        self.v = v


class Found:
    def __init__(self, v):
        self.v = v

    def __getattr__(self, name):
        return 2.0


def by_a_descriptor(x):
    return Described(x).seven


def into_a_descriptor(x):
    p = Described(x)
    p.seven = x * x
    return p.v


def found_by_the_class(x):
    return x if hasattr(Found(x), "w") else 2.0 * x


@pytest.mark.parametrize("f", [by_a_descriptor, into_a_descriptor, found_by_the_class])
def test_attributes_of_a_class_s_own_are_refused(f):
    with pytest.raises(sct.SctError):
        sct.jvp(f)(np.ones(3), np.ones(3))


def test_a_field_that_changes_is_read_anew():
    m, x = made(None), np.arange(5.0)
    derivative = sct.jvp(an_array_in_a_field)
    first = derivative(x, m, x)[0]
    m.h = 2.0 * m.h
    assert derivative(x, m, x)[0] == an_array_in_a_field(x, copy.deepcopy(m)) != first
    m.h = np.float32(1.0) * np.ones(5, np.float32)
    assert derivative(x, m, x)[0] == an_array_in_a_field(x, copy.deepcopy(m))


def test_one_list_in_two_fields_is_refused():
    entries = [1.0]
    m, k = Model(np.ones(5), entries), Model(np.ones(5), entries)
    with pytest.raises(sct.ArgumentMemoryError, match="the arguments m.log and k.log share memory"):
        sct.jvp(lists_of_two)(np.ones(5), m, k, np.ones(5))


def lists_of_two(x, m, k):
    m.log[0] = x[0]
    return k.log[0] * x


def changed_and_used_whole(x, m):
    m.h[0] = x[0]
    return x, m


def entries_changed_and_used_whole(x, m):
    m.log.append(x[0])
    return x, m


def bumped(m, x, n):
    if n > 0:
        m.h[0] += x[n]
        return bumped(m, x, n - 1)
    return x[0]


def of_a_recursive_function(x, m):
    return bumped(m, x, 3) * m.h


def returned(x, n):
    ps = [Particle(x[i], x[0]) for i in range(n)]
    return ps


def kept_elsewhere(x, n):
    ps = [Particle(x[i], x[0]) for i in range(n)]
    print(ps[n - 1])
    return ps[0].speed


def one_class_or_another(x, n):
    ps = []
    for i in range(n):
        if i > 1:
            ps.append(Particle(x[i], x[0]))
        else:
            ps.append(Pendulum(x[i], x[0]))
    return ps[n - 1].speed


def given_to_a_recursive_function(x, n):
    ps = [Particle(x[i], x[0]) for i in range(n)]
    return speeds(ps, n)


def speeds(ps, n):
    return 0.0 if n == 0 else ps[n - 1].speed + speeds(ps, n - 1)


def compared(x, n):
    ps = [Particle(x[i], x[0]) for i in range(n)]
    return x[0] if ps[n - 1] == ps[0] else x[1]


def a_new_field(x, n):
    ps = [Particle(x[i], x[0]) for i in range(n)]
    ps[n - 1].mass = x[0]
    return ps[0].speed


@pytest.mark.parametrize(
    "f, message",
    [
        (returned, "returned"),
        (kept_elsewhere, "used as a whole"),
        (one_class_or_another, "or something else"),
        (given_to_a_recursive_function, "recursive function"),
        (compared, "used as a whole"),
        (a_new_field, "no field"),
    ],
)
def test_objects_are_refused(f, message):
    x = np.arange(12.0)
    f(x, 9)
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.jvp(f)(x, 9, x)


@pytest.mark.parametrize("f", [changed_and_used_whole, entries_changed_and_used_whole, of_a_recursive_function])
def test_refused(f):
    m = made(None)
    before = state(m)
    with pytest.raises(sct.UnsupportedSyntaxError, match="used as a whole|given to a recursive function"):
        sct.jvp(f)(np.ones(5), m, np.ones(5))
    assert state(m) == before
