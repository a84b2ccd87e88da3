"""Every rule has a tangent: the transpose of its adjoint, and the imaginary part of a complex step where it is analytic.

The samples of the rules themselves are compared with finite differences, in both modes, in the files of their areas.
"""

from functools import partial

import numpy as np
import pytest
from rule_samples import RULES, floats, label, samples

import sct
from sct import runtime
from sct.registry.rules import adjoint_rule
from sct.registry.tangents import tangent_rules
from sct.testing.bound import BoundCall, rule_of_call
from sct.testing.calls import program
from sct.testing.differences import random_like
from sct.testing.trees import at, is_single, leaves, mapped

# Rules with samples of integers alone
NOT_DIFFERENTIATED = {np.float16, np.ndarray}
# What is no analytic function of complex numbers, though it takes them: it has a modulus, a conjugate, a real part or an order;
# or what gives complex numbers of real ones, or is told how large these are
NOT_ANALYTIC = {
    *(
        "real_if_close",
        "abs",
        "absolute",
        "fabs",
        "sign",
        "conjugate",
        "real",
        "norm",
        "vector_norm",
        "matrix_norm",
        "slogdet",
        "cholesky",
        "cholesky_adjoint",
    ),
    *("eigh", "eigvalsh", "svd", "svdvals", "qr", "lstsq", "vdot", "vecdot", "correlate", "vecmat", "std", "nanstd"),
    *("asanyarray", "astype", "float32", "float64", "float", "complex", "cast_to", "partition"),
    *("fft", "ifft", "rfft", "irfft", "roots", "strided"),
}


def differentiated(primitive, args, kwargs):
    """A program that calls `primitive`, its arguments, and which of them have an adjoint."""
    y = primitive(*args, **kwargs)
    bound = BoundCall.of(adjoint_rule(primitive), args, kwargs)
    with np.errstate(all="ignore"):
        adjoints = bound.by_place(args, kwargs, bound.adjoints(y, mapped(partial(random_like, np.random.default_rng(0)), y)))
    f, values, places = program(primitive, args, kwargs, True)
    paths = [[(*place, *p) for p, _ in leaves(v)] for v, place in zip(values, places, strict=True)]
    return f, values, tuple(n for n, own in enumerate(paths) if own and all(at(adjoints, p) is not None for p in own))


def chosen(dtype, kept=RULES):
    """For each rule the first sample of a dtype with an argument that has an adjoint."""
    found = {}
    for primitive, args, kwargs in samples():
        dtypes = {v.dtype for v in floats([*args, *kwargs.values()])}
        if primitive not in kept or primitive in found or dtypes != {np.dtype(dtype)} or {"wrt", "rtol"} & {*kwargs}:
            continue
        if rule_of_call(primitive, args, kwargs) is not None:
            call = differentiated(primitive, args, kwargs)
            if call[2]:
                found[primitive] = call
    return found


def without_tangent(calls):
    """Those of some rules whose call has no tangent: by registration, partial derivatives, linearity or transposition."""
    found = []
    for primitive, (f, values, wrt) in calls.items():
        try:
            sct.jvp(f, wrt).source_for(*values)
        except sct.NoRuleError:
            found.append(label(primitive))
    return found


REAL, COMPLEX = chosen(float), chosen(complex)
PAIRED = {
    **{label(p): call for p, call in REAL.items() if p is not runtime.split_like},  # for lists of unknown length alone
    **{f"complex {label(p)}": call for p, call in COMPLEX.items()},
}


def test_every_rule_has_a_tangent():
    others = chosen(np.float32, {p for p in RULES if p not in REAL})
    assert {p for p in RULES if p not in REAL and p not in others} == NOT_DIFFERENTIATED
    assert without_tangent({**REAL, **others}) == []


def test_a_rule_without_a_tangent_is_found():
    def clipped(x):
        return x * 1.0

    @sct.adjoint(clipped)
    def clipped_adjoint(y, x, y_bar):
        return np.clip(y_bar, -1.0, 1.0)

    assert without_tangent({clipped: differentiated(clipped, (np.ones(2),), {}), np.sin: REAL[np.sin]}) == [label(clipped)]


def paired(a, b):
    """`Re Σ a b` over all leaves, and the sum of the moduli."""
    terms = [np.ravel(at(a, p) * v) for p, v in leaves(b) if at(a, p) is not None]
    flat = np.concatenate([np.zeros(1), *terms])
    return np.sum(flat.real), np.sum(np.abs(flat))


@pytest.mark.grid(of=8)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", PAIRED)
def test_tangents_are_transposed_adjoints(name):
    f, values, wrt = PAIRED[name]
    rng = np.random.default_rng(2)
    dots = tuple(mapped(partial(random_like, rng), values[n]) for n in wrt)
    y, y_dot = sct.jvp(f, wrt)(*values, *dots)
    y_bar = mapped(partial(random_like, rng), y)
    _, bars = sct.vjp(f, wrt)(*values, y_bar)
    (forward, size), (reverse, other) = paired(y_bar, y_dot), paired(bars, dots)
    assert abs(forward - reverse) <= (1e-6 if is_single(values, y) else 1e-12) * (size + other)


def stepped(x, dot):
    if isinstance(x, (list, tuple)):
        return type(x)(map(stepped, x, dot))
    return x + 1e-30j * dot


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("primitive", [p for p in REAL if p.__name__ not in NOT_ANALYTIC], ids=label)
def test_tangents_are_the_imaginary_parts_of_complex_steps(primitive):
    f, values, wrt = REAL[primitive]
    rng = np.random.default_rng(3)
    dots = [mapped(partial(random_like, rng), values[n]) for n in wrt]
    given = list(values)
    for n, dot in zip(wrt, dots, strict=True):
        given[n] = stepped(given[n], dot)
    try:
        y = f(*given)
    except TypeError:  # it takes real numbers alone
        return
    _, y_dot = sct.jvp(f, wrt)(*values, *dots)
    steps = [np.imag(at(y, p)) / 1e-30 for p, _ in leaves(y_dot)]
    rtol = 1e-6 if is_single(y) else 1e-11
    assert all(np.allclose(a, d, rtol, 1e-12) for a, (_, d) in zip(steps, leaves(y_dot), strict=True))


REGISTERED = {label(r.primitive): REAL[r.primitive] for r in tangent_rules() if r.is_own and r.primitive in REAL}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", [n for n in REGISTERED if not n.startswith("sct.")])  # the others are tested as statements
def test_registered_tangents_are_differentiated_again(name):
    """In the direction `other`, forward over forward, reverse over forward and the differences of tangents."""
    f, values, wrt = REGISTERED[name]
    rng = np.random.default_rng(4)
    dots, other = (tuple(mapped(partial(random_like, rng), values[n]) for n in wrt) for _ in range(2))
    push = sct.jvp(f, wrt)
    y, y_dot = sct.jvp(push, wrt)(*values, *dots, *other)
    y_bar = mapped(partial(random_like, rng), y)
    _, bars = sct.vjp(push, wrt)(*values, *dots, y_bar)
    (forward, size), (reverse, more) = paired(y_bar, y_dot), paired(bars, other)
    assert abs(forward - reverse) <= 1e-11 * (size + more)

    def at_step(h):
        moved = list(values)
        for n, dot in zip(wrt, other, strict=True):
            moved[n] = moved[n] + h * dot if not isinstance(dot, (list, tuple)) else [v + h * d for v, d in zip(moved[n], dot)]
        return paired(y_bar, push(*moved, *dots))[0]

    assert np.isclose((at_step(1e-5) - at_step(-1e-5)) / 2e-5, forward, 1e-6, 1e-7 * (1.0 + size))
