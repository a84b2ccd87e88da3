"""Derivatives by what is in the fields of objects: plain classes, data classes, namespaces, slots, attrs classes."""

from collections import namedtuple
from dataclasses import dataclass, field, replace
from enum import Enum
from types import SimpleNamespace

import numpy as np
import pytest

import sct

X = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.5]])
W = np.arange(9.0).reshape(3, 3) / 10
B = np.array([0.1, -0.2, 0.3])


class Linear:
    scale = 2.0

    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.calls = 0
        self.name = "linear"

    def forward(self, x):
        self.x = x
        self.calls += 1
        return np.tanh(x @ self.W + self.b) * self.scale

    def loss(self, x):
        return np.sum(self.forward(x) ** 2) / self.size

    @property
    def size(self):
        return self.W.size


class Deep(Linear):
    def __init__(self, W, b, rate):
        super().__init__(W, b)
        self.rate = rate

    def forward(self, x):
        return super().forward(x) * self.rate


class Network:
    def __init__(self, *layers):
        self.layers = list(layers)
        self.head = {"w": np.array([0.5, -0.3, 0.2]), "c": 0.7}

    def __call__(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x @ self.head["w"] + self.head["c"]


class Kind(Enum):
    SOFT = 1


@dataclass(frozen=True)
class Pendulum:
    length: float
    weights: np.ndarray
    label: str = "p"
    steps: int = 3
    kind: Kind = Kind.SOFT

    def energy(self, x):
        angle, speed = x[0], x[1]
        for _ in range(self.steps):
            speed = speed - 0.1 * np.sin(angle) / self.length
            angle = angle + 0.1 * speed
        return np.sum(self.weights * angle) * speed


@dataclass
class Pair:
    first: Pendulum
    second: Pendulum
    more: tuple = ()
    history: list = field(default_factory=list)


@dataclass(slots=True)
class Slotted:
    a: float
    b: np.ndarray
    flag: bool = True


class PlainSlots:
    __slots__ = ("__gain", "v")

    def __init__(self, gain, v):
        self.__gain = gain
        self.v = v

    def value(self):
        return self.__gain * self.v[0] * self.v[1]


class Spring:
    def __init__(self, k, x0):
        self.k = k
        self.x0 = x0

    def energy(self, x):
        return 0.5 * self.k * np.sum((x - self.x0) ** 2)


Point = namedtuple("Point", "x y")


def by_a_model(m, x):
    return m.loss(x)


def by_a_network(n, x):
    return np.sum(n(x) ** 2)


def of_a_pair(p, x):
    q = replace(p, first=replace(p.first, length=p.first.length * p.second.length))
    return q.first.energy(x) + q.second.energy(x) * p.more[0].length


def of_a_namespace(p):
    return p.a * np.sum(p.inner.b**2) + p.items[1] * p.items[0]


def of_slots(s, t):
    return (s.a * np.sum(s.b) if s.flag else 0.0) * t.value()


def of_a_spring(s, x):
    return s.energy(x)


def of_points(p):
    return p.x.a * p.y[0] * np.sum(p.x.b)


def writes_fields(m, x):
    m.W = m.W * 2.0
    m.W[0] *= m.b[0]
    m.b[1:] += m.W[0, 1:]
    m.extra = np.sum(m.b)
    return m.loss(x) + m.extra


def in_a_loop(m, x):
    for _ in range(4):
        m.b = m.b * 0.5 + x[0] * m.rate
        if np.sum(m.b) > 0.3:
            m.rate = m.rate * m.b[0]
    return np.sum(m.b) * m.rate


def by_index(n):
    total = 0.0
    for k in range(len(n.layers)):
        total = total + np.sum(n.layers[k].W) * n.layers[1 - k].b[0]
    return total


def nested(d):
    return d["p"].length * d["q"][0].k * d["q"][1]


def network():
    return Network(Linear(W, B), Deep(W.T.copy(), B * 2, 1.3))


def pendulum(length=1.5):
    return Pendulum(length, np.array([0.3, 0.4]))


PROGRAMS = {
    "a model": (by_a_model, (Linear(W, B), X), (0, 1)),
    "a model of a derived class": (by_a_model, (Deep(W, B, 1.2), X), (0,)),
    "a network": (by_a_network, (network(), X), (0, 1)),
    "data classes": (of_a_pair, (Pair(pendulum(), pendulum(0.8), (pendulum(2.0),)), np.array([0.4, 0.2])), (0, 1)),
    "a namespace": (
        of_a_namespace,
        (SimpleNamespace(a=2.0, inner=SimpleNamespace(b=B, n=2), items=[1.5, np.float64(0.5)], none=None),),
        (0,),
    ),
    "slots": (of_slots, (Slotted(1.5, B), PlainSlots(2.0, B)), (0, 1)),
    "a plain class": (of_a_spring, (Spring(2.0, B), B * 3), (0, 1)),
    "named tuples of objects": (of_points, (Point(Slotted(1.5, B), (0.5,)),), (0,)),
    "fields that are bound and written into": (writes_fields, (Linear(W, B), X), (0, 1)),
    "fields that are bound in a loop": (in_a_loop, (Deep(W, B, 1.2), X), (0, 1)),
    "objects by their numbers": (by_index, (network(),), (0,)),
    "a dict of objects": (nested, ({"p": pendulum(), "q": [Spring(2.0, B), 0.3]},), (0,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives(name):
    f, args, wrt = PROGRAMS[name]
    sct.check_grads(f, args, wrt, modes=("reverse", "forward"))


def test_what_is_no_parameter_has_none():
    g = sct.grad(by_a_model)(Linear(W, B), X)
    assert type(g) is Linear
    assert (g.calls, g.name) == (None, None)
    assert g.W.shape == (3, 3)
    g = sct.grad(Pendulum.energy, wrt="self")(pendulum(), np.array([0.4, 0.2]))
    assert (g.label, g.steps, g.kind) == (None, None, None)


@pytest.mark.parametrize("other", [Linear(W * 2, B * 3), Linear(np.ones((3, 3)), B)])
def test_another_object_is_read_anew(other):
    d = sct.grad(by_a_model)
    d(Linear(W, B), X)
    other.name, other.calls = "another one", 17
    assert np.allclose(d(other, X).W, sct.grad(lambda w: Linear(w, other.b).loss(X))(other.W))
    assert len(d._entries) == 1


def test_attrs():
    attrs = pytest.importorskip("attrs")

    @attrs.define
    class Weighted:
        k: float
        w: np.ndarray
        note: str = "n"

    @attrs.define(frozen=True, slots=False)
    class Frozen:
        inner: Weighted
        c: float = 2.0

    def f(p, x):
        return p.c * p.inner.k * np.sum(p.inner.w * x)

    sct.check_grads(f, (Frozen(Weighted(1.5, B)), B), (0, 1), modes=("reverse", "forward"))


def product(n):
    return np.sum(n.a.w * n.b.w) * n.b.c


def bound(n):
    n.a.w = n.a.w * n.b.c
    return np.sum(n.a.w * n.b.w)


def written(n):
    n.a.w[0] = n.b.w[1] * n.b.c
    return np.sum(n.a.w * n.b.w)


def test_an_object_that_is_reached_by_two_ways():
    one = SimpleNamespace(w=np.array([1.0, 2.0, 3.0]), c=2.0)
    g = sct.grad(product)(SimpleNamespace(a=one, b=one))
    assert (g.a.w == 2.0 * one.w).all()
    assert (g.b.w == 2.0 * one.w).all()
    assert (g.a.c, g.b.c) == (0.0, 14.0)
    for f in (bound, written):
        with pytest.raises(sct.errors.ArgumentMemoryError):
            sct.grad(f)(SimpleNamespace(a=one, b=one))
        apart = SimpleNamespace(a=SimpleNamespace(w=one.w), b=SimpleNamespace(w=2 * one.w, c=0.3))
        sct.check_grads(f, (apart,), modes=("reverse", "forward"))


def test_the_kinds_of_fields_are_part_of_the_type():
    d = sct.grad(lambda n: 2.0 * np.sum(n.w))
    assert [*vars(d(SimpleNamespace(w=B)))] == ["w"]
    for v, v_bar in ((1.0, 0.0), (3, None), (None, None), ("s", None), (np.arange(3), None), (B, np.zeros(3))):
        g = d(SimpleNamespace(v=v, w=B))
        assert (g.w == 2.0).all()
        assert np.array_equal(g.v, v_bar)


def steps(p, x):
    for _ in range(3):
        g = sct.grad(product)(p)
        p = SimpleNamespace(a=p.a, b=SimpleNamespace(w=p.b.w - x * g.b.w, c=p.b.c - 0.1 * g.b.c))
    return p


def test_derivatives_by_objects_inside_and_objects_as_results():
    p = SimpleNamespace(a=SimpleNamespace(w=B), b=SimpleNamespace(w=B + 1.0, c=0.7))
    sct.check_grads(steps, (p, B), (0, 1), modes=("reverse", "forward"))
    sct.check_grads(steps, (p, B), (1,))
    sct.check_grads(product, (p,), order=2)
    y, push = sct.linearize(steps)(p, B)
    assert np.allclose(push(p).b.w, sct.jvp(steps)(p, B, p)[1].b.w)
    assert np.allclose(y.b.w, steps(p, B).b.w)


class Decorated:
    def __init__(self, k):
        self.k = k

    @sct.grad
    def slope(self, x):
        return np.sum(self.k * x * x)

    @sct.grad(wrt=("self", "x"))
    def both(self, x):
        return np.sum(self.k * x * x)

    @sct.grad
    @sct.grad
    def second(self, x):
        return self.k * x**3

    @sct.grad
    def of_two(self, *xs):
        return np.sum(self.k * xs[0] * xs[1])

    @staticmethod
    @sct.grad
    def square(x):
        return x * x

    def used(self, x):
        return np.sum(self.slope(x) * x)


def test_decorated_methods():
    d = Decorated(2.0)
    assert (d.slope(B) == 4.0 * B).all()
    assert (Decorated(3.0).slope(x=B) == 6.0 * B).all()
    assert d.slope.source_for(B).startswith("def slope_grad(self, x):")
    assert Decorated.slope(d, B).k == np.sum(B * B)
    by_itself, by_x = d.both(B)
    assert by_itself.k == np.sum(B * B)
    assert (by_x == 4.0 * B).all()
    assert d.second(0.5) == 6.0
    assert (d.of_two(B, 2 * B) == 4.0 * B).all()
    assert d.square(3.0) == 6.0
    assert np.allclose(sct.grad(d.used)(B), 8.0 * B)
    assert np.isclose(sct.grad(Decorated.used, wrt="self")(d, B).k, 2.0 * np.sum(B * B))


@pytest.mark.parametrize("tangent", [SimpleNamespace(a=1.0), {"a": 1.0}, SimpleNamespace(a=1.0, b=B[:2])])
def test_a_tangent_is_an_object_of_the_same_class_and_fields(tangent):
    with pytest.raises((TypeError, ValueError)):
        sct.jvp(lambda p: p.a * np.sum(p.b))(SimpleNamespace(a=1.0, b=B), tangent)


@dataclass
class Named:
    name: str
    size: float


def renamed(o):
    return Named(f"not {o.name!r:>5}", 1.0 - o.size**2)


def chosen_by_name(o, a):
    return {"b_size": a * o.size, "c_size": a * a}[f"{o.name}_size"]


def test_texts_made_of_texts_are_known():
    """They have no adjoint, and may be keys."""
    result, gradient = sct.vjp(renamed)(Named("a", 0.5), Named(None, 2.0))
    assert result == renamed(Named("a", 0.5))
    assert gradient == Named(None, -2.0)
    assert [sct.grad(chosen_by_name, "a")(Named(n, 0.5), 3.0) for n in "bc"] == [0.5, 6.0]


def test_modules_of_their_own(tmp_path, monkeypatch):
    (tmp_path / "pendulums.py").write_text(
        "import numpy as np\n\n\nclass Pendulum:\n    def __init__(self, length, label=None):\n"
        "        self.length, self.label, self.steps = length, label, 3\n\n"
        "    def energy(self, x):\n        return np.sum(x * x) * self.length**2 * self.steps\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from pendulums import Pendulum

    text = sct.generate(Pendulum.energy, "jvp", wrt="self", like=(Pendulum(2.0), B))
    made = {}
    exec(text, made)
    assert np.isclose(made["energy_jvp"](Pendulum(2.0), B, Pendulum(1.0))[1], 12.0 * np.sum(B * B))
    with pytest.raises(ValueError, match=r"label=None"):
        made["energy_jvp"](Pendulum(2.0, "a"), B, Pendulum(1.0))
    exec(sct.generate(Pendulum.energy, "grad", wrt="self", like=(Pendulum(2.0, "a"), B)), made)
    assert type(made["energy_grad"](Pendulum(2.0, "b"), B)) is Pendulum


def test_derivatives_of_tangents_by_objects():
    def f(x, h):
        return np.sum(h.a * h.p[0] ** 2) * x[0]

    x = np.array([0.3, 0.5])
    h, h_dot = SimpleNamespace(a=2.0 * x, p=[x * x]), SimpleNamespace(a=x, p=[x + 1.0])
    first = sct.jvp(f, (0, 1))
    sct.check_grads(lambda x, h: first(x, h, x, h_dot)[1], (x, h), (0, 1), modes=("reverse", "forward"))


def test_derivatives_of_adjoints_of_objects_whose_other_fields_are_asked():
    class Model:
        def __init__(self, w, rate, steps=0):
            self.w, self.rate, self.steps = w, rate, steps

        def decay(self):
            self.w *= 0.9

    def f(x, model):
        if model.steps == 0:
            x[1] = model.rate
            model.decay()
        return np.sum(x * model.w)

    x = np.array([0.3, 0.4])
    first = sct.vjp(f, (0, 1))

    def adjoints(t):
        _, (x_bar, model_bar) = first(x + t * x, Model(2.0 * x + t, 0.5 + t), 1.0)
        return np.concatenate([x_bar, model_bar.w, [model_bar.rate]])

    _, (_, (x_bar_dot, model_bar_dot)) = sct.jvp(first, (0, 1))(x, Model(2.0 * x, 0.5), 1.0, x, Model(np.ones(2), 1.0))
    found = np.concatenate([x_bar_dot, model_bar_dot.w, [model_bar_dot.rate]])
    np.testing.assert_allclose(found, (adjoints(1e-3) - adjoints(-1e-3)) / 2e-3, rtol=1e-9)
