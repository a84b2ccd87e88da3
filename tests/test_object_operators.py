"""Operators that classes write down, of objects that a function makes and of those that it is given."""

import copy
from dataclasses import dataclass, replace

import numpy as np
import pytest

import sct
from sct.errors import UnsupportedSyntaxError

X = np.array([0.3, 0.7])
PROGRAMS = {}


def program(*args, wrt=(0,)):
    """A function whose derivatives are compared with finite differences for these arguments."""

    def keep(f):
        PROGRAMS[f.__name__] = f, args, wrt
        return f

    return keep


class Plane:
    """A vector in the plane, as one writes it."""

    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __add__(self, other):
        return Plane(self.a + other.a, self.b + other.b)

    def __sub__(self, other):
        return self + -other

    def __neg__(self):
        return Plane(-self.a, -self.b)

    def __mul__(self, k):
        return Plane(self.a * k, self.b * k)

    __rmul__ = __mul__

    def __truediv__(self, k):
        return self * (1.0 / k)

    def __matmul__(self, other):
        return self.a * other.a + self.b * other.b

    def __abs__(self):
        return np.sqrt(self @ self)

    def __iadd__(self, other):
        self.a = self.a + other.a
        self.b = self.b + other.b
        return self

    def __getitem__(self, i):
        return self.a if i == 0 else self.b

    def __setitem__(self, i, value):
        if i == 0:
            self.a = value
        else:
            self.b = value

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((self.a, self.b))

    def __contains__(self, value):
        return value == self.a or value == self.b

    def __eq__(self, other):
        return self.a == other.a and self.b == other.b

    def __lt__(self, other):
        return abs(self) < abs(other)

    def __call__(self, t):
        return self.a * t + self.b


def in_planes(a, n):
    if n <= 0:
        return a * 0.5
    b = in_planes(a, n - 1)
    p = Plane(b, b[0]) + Plane(a.copy(), 0.5)
    return p.a * p.b


@program(X, 3)
def of_what_a_recursive_function_gives(x, n):
    return np.sum(in_planes(x, n))


@program(X)
def arithmetic(x):
    p, q = Plane(x[0], x[1]), Plane(x[1], x[0] * x[0])
    for _ in range(3):
        p = p + 2.0 * q * x[0]
    a, b = -p
    return p @ q + p[0] * len(p) + a * b / abs(p - q)


@program(X, 200)
def orbit(x, n):
    p, v = Plane(x[0], x[1]), Plane(x[1], 0.1)
    for _ in range(n):
        v = v - 0.01 * p / (abs(p) ** 3 + 1.0)
        p = p + v * 0.01
    return p @ v


@program(Plane(0.3, 0.7), Plane(0.2, 0.4), 30, wrt=(0, 1))
def of_arguments(p, q, n):
    for _ in range(n):
        p = p + 0.1 * q * p[0]
        q = q - 0.1 * p
    a, b = q
    return p @ q + a * len(p) + sum(p) * max(q) + (b if p < q else a)


@program(X, Plane(0.2, 0.4))
def of_arguments_that_stay(x, q):
    p = Plane(x[0], x[1])
    for _ in range(3):
        p = p + 2.0 * q * p[0]
    return p @ q + abs(q) * x[0] + q[1] * x[1] + q(x[0]) + (3.0 * q)[0] * x[0]


@program(X, 5)
def in_place(x, n):
    p = Plane(x[0], x[1])
    other, q = p, Plane(x[1], x[0] * x[0])
    for _ in range(n):
        p += q * x[0]
        p[1] *= x[1]
    return p @ q * other.a


@program(X)
def iterated(x):
    total = 0.0
    for k, c in enumerate(Plane(x[0], x[1] * x[0])):
        total = total + c * c * k
    return total + sum([*Plane(x[0], 2.0)])


@program(X, 6)
def in_lists(x, n):
    some = []
    for i in range(n):
        some.append(Plane(x[0] * i, x[1]) * x[0])
    total = sum(some, Plane(0.0, 0.0))
    return abs(total) * some[1][0]


@program(X)
def compared(x):
    p, q = Plane(x[0], x[1]), Plane(x[0], x[1] * 2.0)
    r = p @ q if p != q else p(q.a)
    if x[0] in p and not q < p:
        r = r * 3.0
    return r + (p(2.0) if p == Plane(x[0], x[1]) else 0.0)


@program(X)
def in_while(x):
    p = Plane(x[0], x[1])
    while abs(p) < 5.0:
        p = p * 1.5 + Plane(x[1], 0.1)
    return p.a * p.b


@program(Plane(0.3, 0.7), Plane(0.2, 0.4), wrt=(0, 1))
def as_result(p, q):
    return [p + q, 2.0 * p, {"k": -q}]


class Arrow:
    """A vector in an array, that is written into."""

    def __init__(self, c):
        self.c = c

    def __add__(self, other):
        return Arrow(self.c + other.c)

    def __mul__(self, k):
        return Arrow(self.c * k)

    __rmul__ = __mul__

    def __iadd__(self, other):
        self.c += other.c
        return self

    def __getitem__(self, i):
        return self.c[i]

    def __setitem__(self, i, value):
        self.c[i] = value

    def __iter__(self):
        return iter(self.c)

    def norm(self):
        return np.sqrt(np.sum(self.c**2))


@program(Arrow(X), Arrow(X * 2), 5, wrt=(0, 1))
def arrays_in_arguments(p, q, n):
    other = p
    for _ in range(n):
        p += q * p[0]
        q[0] = p[1] * 0.1
        other[1] *= q[1]
    a, b = p
    return p.norm() * q[0] + a * b + sum(q)


@program([Arrow(X), Arrow(X * 2)], 4)
def swapped(some, n):
    a, b = some
    for _ in range(n):
        a, b = b, a + b * 0.1
    return a.norm() * b[0]


@program(Arrow(X))
def copied(p):
    q = copy.deepcopy(p)
    q += p
    q[0] = q[1] * p[0]
    r, shared = copy.copy(p), copy.copy(q)
    r.c = r.c * 2.0
    shared[1] *= 3.0
    return q.norm() * p.norm() + r.norm()


class Base:
    def __init__(self, a, b=1.0):
        self.a, self.b = a, b

    def __add__(self, other):
        if not isinstance(other, Base):
            return NotImplemented
        self.a = self.a + other.a * other.b
        return self

    def __radd__(self, k):
        return Base(self.a * k, self.b + k)

    def __mul__(self, other):
        return Base(self.a * other.a, self.b - other.b) if isinstance(other, Base) else NotImplemented

    def __rmul__(self, k):
        return Base(self.a * k, self.b)

    def __gt__(self, other):
        return self.a > other

    def __bool__(self):
        return bool(self.a > 0.5)


class Derived(Base):
    def __radd__(self, other):
        return Derived(other.a * self.a * 2.0, 3.0) if isinstance(other, Base) else Derived(self.a - other, self.b)


@program(X)
def whose_operator_comes_first(x):
    p, q = Base(x[0], x[1]) + Derived(x[1], 2.0), Base(x[0], x[1]) * Derived(x[1], 2.0)
    r = x[0] * Base(x[0], x[1])  # a number of NumPy's leaves that to the object
    return p.a * p.b + q.a * q.b + (2.0 + r).a * (r.a if 0.1 < r else r.b)


@program(X, 4)
def gives_itself(x, n):
    p, q = Base(x[0]), Base(x[1], x[0])
    r = p
    for _ in range(n):
        r = r + q
    return p.a * r.a * q.b


@program(X)
def truth(x):
    p, q, total = Base(x[0], x[1]), Base(x[1], x[0]), 0.0
    if not p:
        total = total + q.b * p.b
    while q:
        q = Base(q.a * 0.9, q.b * x[0])
    return (total + q.b * q.a) * (p or q).a


class Number:
    def __init__(self, value):
        self.value = value

    def evaluated(self):
        return self.value


class Sum:
    def __init__(self, left, right):
        self.left, self.right = left, right

    def evaluated(self):
        return self.left.evaluated() + self.right.evaluated()


class Product(Sum):
    def evaluated(self):
        return self.left.evaluated() * self.right.evaluated()


def walked(t):
    if isinstance(t, Number):
        return np.sin(t.value)
    return walked(t.left) * (1.0 if isinstance(t, Product) else 2.0) + walked(t.right)


@program(Sum(Product(Number(0.3), Product(Number(0.4), Number(2.0))), Number(0.7)))
def trees(t):
    return t.evaluated() * walked(t)


@program(X)
def trees_made_here(x):
    t = Sum(Product(Number(x[0]), Number(x[1])), Number(x[0] * 2.0))
    return t.evaluated() * walked(t)


@dataclass
class Body:
    pos: np.ndarray
    vel: np.ndarray
    mass: float = 1.0

    def energy(self):
        return 0.5 * self.mass * np.sum(self.vel**2)


@program([Body(np.zeros(2), np.array([0.0, 0.1])), Body(np.array([1.0, 0.5]), np.array([0.3, 1.0]), 2.0)], 4)
def bodies(some, n):
    for _ in range(n):
        for b in some:
            a = np.zeros(2)
            for c in some:
                if c is not b:
                    d = c.pos - b.pos
                    a += c.mass * d / (np.sum(d * d) + 0.1) ** 1.5
            b.vel = b.vel + 0.1 * a
        for b in some:
            b.pos += 0.1 * b.vel
    return sum(b.energy() for b in some)


@program(X, 3)
def replaced(x, n):
    b = Body(x, x * 2.0)
    for _ in range(n):
        b = replace(b, pos=b.pos + 0.1 * b.vel, vel=b.vel * 0.9)
    return b


class Total:
    """A number that is added to, by which there is another object."""

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Total(self.value + other.value)


@program(X, 3)
def added_to_in_a_loop(x, n):
    total, parts = Total(x[0]), [Total(x[1]), Total(2.0 * x[0])]
    first = total
    for i in range(n):
        total += Total(x[0] * x[1])
        parts[0] += total
        parts[i % 2] += first
    return total.value * first.value + parts[0].value * parts[1].value


class FromTheLast:
    def __init__(self, a):
        self.a = a

    def __reversed__(self):
        yield self.a[0]
        yield self.a[0] * self.a[1]


@program(X)
def turned_round(x):
    s = 0.0
    for v in reversed(Plane(x[0] * x[1], x[0])):
        s = s * v + v
    for k, v in enumerate(reversed(FromTheLast(x))):
        s = s * v + v * k
    return s


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives(name):
    f, args, wrt = PROGRAMS[name]
    sct.check_grads(f, args, wrt, modes=("reverse", "forward"))


def array_first(x):
    return (x * Base(2.0)).a


def number_that_numpy_takes_for_a_list(x):
    return (x[0] * Plane(x[0], x[1])).a


def an_iterator(x):
    total = 0.0
    for c in Endless(x):
        total = total + c
    return total


class Endless:
    def __init__(self, x):
        self.x = x

    def __iter__(self):
        return self


def gone_through_twice(x):
    items = iter((x[0], x[1]))
    return sum(items) + sum(items)


@pytest.mark.parametrize("f", [array_first, number_that_numpy_takes_for_a_list, an_iterator, gone_through_twice])
def test_what_is_refused(f):
    with pytest.raises(UnsupportedSyntaxError) as raised:
        sct.grad(f)(X)
    assert raised.value.place is not None


class Length:
    def __init__(self, metres):
        self.metres = metres

    def twice(self):
        return type(self)(self.metres * 2.0)


def test_the_type_of_an_object_that_is_made_makes_another_one():
    def f(x):
        length = Length(x[0])
        return length.twice().metres * x[1] if type(length) is Length else x[1]

    x = np.array([2.0, 3.0])
    assert sct.value_and_grad(f)(x)[0] == 12.0
    np.testing.assert_array_equal(sct.grad(f)(x), [6.0, 4.0])


class Diagonal:
    """What arrays leave operators to, as sparse matrices are."""

    __array_priority__ = 1.0

    def __init__(self, entries):
        self.entries = entries

    def __rmatmul__(self, x):
        return x * self.entries

    def __rmul__(self, x):
        return Diagonal(x * self.entries)


def test_what_arrays_leave_operators_to():
    def f(x):
        scaled = x[0] * Diagonal(np.sin(x))
        return np.sum(x @ scaled)

    sct.check_grads(f, (np.array([2.0, 3.0]),))
