"""Rules of scipy.integrate: integrals of what is given at points, and of functions, and solutions of differential equations.

Takes nothing; registers what the functions are followed as: sums of what is given at points; for what calls a function, the
integral or the solution as SciPy has it, whose derivatives are integrals and solutions again, to SciPy's tolerances.
"""

import warnings
from types import ModuleType

import numpy as np
from scipy import integrate

from sct.callbacks import as_returned, as_taken, callback, pulled, pushed, unfollowed
from sct.ir.shapes import fresh_size
from sct.ir.types import Array
from sct.registry.compositions import composition
from sct.registry.effects import effect, is_registered
from sct.registry.facts import facts
from sct.registry.refusals import refused
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import stop_gradient

from . import followed, in_tuple, is_real


def along(y, axis):
    """An array whose last axis is the one along which is integrated."""
    y = np.asarray(y)
    return y if axis == -1 else np.moveaxis(y, axis, -1)


def spacings(x, axis):
    """The distances of points, which are the same for all rows if they are a vector."""
    return np.diff(x) if np.ndim(x) == 1 else np.diff(along(x, axis))


def ratio(a, b):
    """a / b, and 0 where b is 0, between points that are one."""
    apart = b != 0
    return np.where(apart, a / np.where(apart, b, 1.0), 0.0)


@composition(integrate.trapezoid, rounded=True)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """As np.trapezoid."""
    return np.trapezoid(y, x, dx, axis)


@composition(integrate.cumulative_trapezoid, rounded=True)
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    """The sums of trapezoids up to each point, after 0 if that is asked for."""
    y = along(y, axis)
    width = dx if x is None else spacings(x, axis)
    areas = np.cumsum(width * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
    if initial is not None:
        if initial != 0:
            raise ValueError("`initial` must be `None` or `0`.")
        areas = np.concatenate((np.zeros(np.shape(y[..., :1])), areas), axis=-1)
    return areas if axis == -1 else np.moveaxis(areas, -1, axis)


def parabolas(y):
    """Simpson's rule between points at distances of 1, of which there is an odd number."""
    return np.sum(y[..., :-2:2] + 4.0 * y[..., 1:-1:2] + y[..., 2::2], axis=-1) / 3.0


def parabolas_between(y, h):
    """Simpson's rule between points at such distances, of which there is an even number."""
    left, right = h[..., :-1:2], h[..., 1::2]
    both = left + right
    first = y[..., :-2:2] * (2.0 - ratio(right, left))
    middle = y[..., 1:-1:2] * ratio(both * both, left * right)
    return np.sum(both / 6.0 * (first + middle + y[..., 2::2] * (2.0 - ratio(left, right))), axis=-1)


def last_interval(y, before, width):
    """The parabola through the last three points over the last interval alone (Cartwright 2017, equation 8)."""
    last = ratio(2.0 * width**2 + 3.0 * before * width, 6.0 * (width + before))
    middle = ratio(width**2 + 3.0 * before * width, 6.0 * before)
    first = ratio(width**3, 6.0 * before * (before + width))
    return last * y[..., -1] + middle * y[..., -2] - first * y[..., -3]


@composition(integrate.simpson, rounded=True)
def simpson(y, x=None, *, dx=1.0, axis=-1):
    """Parabolas through three points each, and over a last interval that is left."""
    y = along(y, axis)
    n = np.shape(y)[-1]
    if x is None:
        if n % 2 == 1:
            return parabolas(y) * dx
        if n == 2:
            return 0.5 * dx * (y[..., -1] + y[..., -2])
        last = (5.0 * y[..., -1] + 8.0 * y[..., -2] - y[..., -3]) / 12.0
        return (parabolas(y[..., :-1]) + last) * dx
    h = spacings(x, axis)
    if n % 2 == 1:
        return parabolas_between(y, h)
    if n == 2:
        return 0.5 * h[..., -1] * (y[..., -1] + y[..., -2])
    return parabolas_between(y[..., :-1], h[..., :-1]) + last_interval(y, h[..., -2], h[..., -1])


# ---------------------------------------------------------------------------------------------------------------------
# Integrals of functions
# ---------------------------------------------------------------------------------------------------------------------


def integral(value, integrand, a, b, points):
    """`value`, which is the integral of a callback from a to b: its derivatives are those of that."""
    return value


facts(integral, stands_for=0, memory="fresh")


@result_type(integral)
def _type_of_integral(value, integrand, a, b, points):
    return value


def at(function, *args):
    """A callback of arguments."""
    return function[0](*function[1:], *args)


def laid_out(parts):
    """Numbers and arrays as a vector; one alone as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.ravel(p) for p in parts])


def taken_apart(whole, like, wanted):
    """A vector as what is laid out in it, of the shapes of those that are wanted, and None for the others."""
    every = []
    first = 0
    for k in range(len(wanted)):
        if wanted[k]:
            part = whole[first : first + np.size(like[k])]
            every.append(part[0] if np.ndim(like[k]) == 0 else np.reshape(part, np.shape(like[k])))
            first = first + np.size(like[k])
        else:
            every.append(None)
    return every


def in_places(whole, like, wanted):
    """The same of what is no vector where it is one thing alone."""
    return [whole if w else None for w in wanted] if sum(wanted) == 1 else taken_apart(whole, like, wanted)


def times(x, y):
    """Σ x y."""
    return x * y if np.ndim(x) == 0 else np.sum(x * y)


@adjoint(integral, real_only=True, told=True)
def _integral_adjoint(y, value, integrand, a, b, points, y_bar, *, wanted):
    """ā = -f(a)ᵀ ȳ, b̄ = f(b)ᵀ ȳ, θ̄ = ∫ (∂f/∂θ)ᵀ ȳ dx (Leibniz)."""
    lower = -times(at(integrand, a), y_bar) if wanted[2] else None
    upper = times(at(integrand, b), y_bar) if wanted[3] else None
    flags = wanted[1][1:]
    if True not in flags:
        return None, (None, *[None for _ in flags]), lower, upper, None

    def slopes(x):
        return laid_out(pulled(integrand, (x,), y_bar, (*flags, False)))

    total = integrate.quad_vec(slopes, a, b, epsrel=1e-10, points=points)[0]
    return None, (None, *in_places(total, integrand[1:], flags)), lower, upper, None


@tangent(integral)
def _integral_tangent(y, value, integrand, a, b, points, integrand_dot, a_dot, b_dot):
    """f(b) ḃ - f(a) ȧ + ∫ ∂f/∂θ θ̇ dx."""
    dot = None
    if integrand_dot is not None:

        def slope(x):
            return pushed(integrand, (x,), (*integrand_dot[1:], None))

        dot = integrate.quad_vec(slope, a, b, epsrel=1e-10, points=points)[0]
    if a_dot is not None:
        dot = -at(integrand, a) * a_dot if dot is None else dot - at(integrand, a) * a_dot
    if b_dot is not None:
        dot = at(integrand, b) * b_dot if dot is None else dot + at(integrand, b) * b_dot
    return dot


def _is_plain_integral(func, a, b, args=(), full_output=0, *others, weight=None, complex_func=False, **options):
    return not full_output and not others and weight is None and not complex_func


@followed(integrate.quad, covers=_is_plain_integral)
def quad(func, a, b, args=(), full_output=0, *, points=None, **options):
    """The integral of a function between two numbers, and an estimate of the error, which is data."""
    more = in_tuple(args)

    def integrand(x):
        return func(x, *more)

    given = callback(integrand, 1.0)
    found = unfollowed(integrate.quad, given, a, b, points=points, **options)
    return integral(as_taken(found[0], given), given, a, b, points), found[1]


@followed(integrate.quad_vec, covers=lambda f, a, b, *others, full_output=False, **options: not others and not full_output)
def quad_vec(f, a, b, *, args=(), points=None, **options):
    """The integral of a function whose values are arrays."""
    more = in_tuple(args)

    def integrand(x):
        return f(x, *more)

    given = callback(integrand, 1.0)
    found = unfollowed(integrate.quad_vec, given, a, b, points=points, **options)
    return integral(as_returned(found[0], given), given, a, b, points), found[1]


@followed(integrate.dblquad)
def dblquad(func, a, b, gfun, hfun, args=(), epsabs=1.49e-8, epsrel=1.49e-8):
    """An integral over x of one over y, whose limits may be functions of x; its error is that of the outer one."""

    def inner(x):
        low = gfun(x) if callable(gfun) else gfun
        high = hfun(x) if callable(hfun) else hfun
        return integrate.quad(func, low, high, args=(x, *args), epsabs=epsabs, epsrel=epsrel)[0]

    return integrate.quad(inner, a, b, epsabs=epsabs, epsrel=epsrel)


@followed(integrate.fixed_quad)
def fixed_quad(func, a, b, args=(), n=5):
    """Gauss and Legendre's sum of n terms."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    y = (b - a) * (nodes + 1) / 2.0 + a
    return (b - a) / 2.0 * np.sum(weights * func(y, *args), axis=-1), None


# ---------------------------------------------------------------------------------------------------------------------
# Differential equations
#
# y' = f(t, y, θ). The adjoint of y(t₁) goes back in time: λ' = -(∂f/∂y)ᵀ λ, θ̄' = -(∂f/∂θ)ᵀ λ, and ȳ₀ = λ(t₀) (Pontryagin et
# al. 1962; Cao, Li, Petzold and Serban 2003, *Adjoint sensitivity analysis for differential-algebraic equations*). On the way
# y is what the solver's own polynomials are, since what decays cannot be solved back.
# ---------------------------------------------------------------------------------------------------------------------


def solution(value, times, rhs, y0, t0, t1, path, method, rtol, atol):
    """`value`, which is y at some times, a column for each: its derivatives are those of y.

    `path`: the solver's polynomials, and the steps that these are between, or None where these are the times; then the first of
    them is t₀, and the last t₁, if that is given.
    """
    return value


def as_columns(value, y0):
    """What a solver gives at some times."""
    return value


def as_state(value, y0):
    """What a solver gives at a time."""
    return value


def as_times(value):
    """Times that a solver gives."""
    return value


def same_as(value, other):
    """`value`, which is `other` but for what a solver errs: its derivatives are those of that."""
    return value


facts(solution, as_columns, as_state, as_times, same_as, stands_for=0, memory="fresh")
nondifferentiable(as_columns, as_state, as_times)


@result_type(as_columns)
def _type_of_columns(value, y0):
    n = y0.shape[0] if isinstance(y0, Array) else np.shape(y0)[0]
    return Array(np.dtype(float), (n, fresh_size("steps")))


@result_type(as_state)
def _type_of_state(value, y0):
    return Array(np.dtype(float), y0.shape if isinstance(y0, Array) else np.shape(y0))


@result_type(as_times)
def _type_of_times(value):
    return Array(np.dtype(float), (fresh_size("steps"),))


@result_type(solution)
def _type_of_solution(value, *others):
    return value


@result_type(same_as)
def _type_of_same(value, other):
    return other


@adjoint(same_as)
def _same_adjoint(y, value, other, y_bar):
    return None, y_bar


def nodes():
    """The eight points by which polynomials of degree 7 are known, from 0 to 1 (Chebyshev's, ends included)."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(8) / 7.0)


def with_states(times, rhs, y0, t0, t1, path, method, rtol, atol, moved):
    """The path with y at nodes in each step, which has derivatives; `moved`: the ends of steps have some, too."""
    sol, steps = path
    if steps is None:
        steps = with_ends(times, t0, t1) if moved else times
    elif moved:
        steps = with_ends(steps, t0, None)
    inner = steps[:-1, None] + (steps[1:] - steps[:-1])[:, None] * nodes()[:-1]
    knots = np.concatenate((np.ravel(inner), steps[-1:]))
    raw = as_columns(unfollowed(sol, knots), y0)
    return sol, steps, solution(raw, knots, rhs, y0, t0, None, (sol, steps), method, rtol, atol)


def on_path(path, t, y0):
    """y at a time; its derivatives are those of the polynomial by y at the nodes of the step around (Lagrange)."""
    sol, steps, states = path
    forward = unfollowed(np.sign, steps[-1] - steps[0])
    k = np.clip(np.searchsorted(forward * steps, forward * t), 1, len(steps) - 1)
    s = (t - steps[k - 1]) / (steps[k] - steps[k - 1])
    x, same = nodes(), np.eye(8)
    shares = np.prod(np.where(same == 1.0, 1.0, (s - x) / (x[:, None] - x + same)), axis=1)
    first = 7 * (k - 1)
    return same_as(as_state(unfollowed(sol, t), y0), states[:, first : first + 8] @ shares)


def with_first(times, t0):
    """Times, before them the first of all."""
    return np.concatenate((np.reshape(t0, (1,)), times))


def with_ends(times, t0, t1):
    """Times, of which the first and the last are what they depend on."""
    inner = with_first(times[1:], t0)
    return inner if t1 is None else np.concatenate((inner[:-1], np.reshape(t1, (1,))))


def solved_over(rhs, t0, t1, y0, loud, method, rtol, atol):
    """y(t₁) by y(t₀); `loud`: a solver that did not get there is told of."""
    given = callback(rhs, 0.0, y0)
    found = unfollowed(integrate.solve_ivp, given, (t0, t1), y0, method=method, dense_output=True, rtol=rtol, atol=atol)
    if loud:
        warn_unless_solved(found)
    times, y = as_times(found.t), as_columns(found.y, y0)
    return solution(y, times, given, y0, t0, t1, (found.sol, None), method, rtol, atol)[:, -1]


def warn_unless_solved(found):
    """Say that a solver did not reach the end."""
    if not found.success:
        warnings.warn("the solver did not reach the end: derivatives are those of a solution that does", RuntimeWarning, 2)


def back_over(rhs, t1, t0, path, y0, weight, flags, loud, method, rtol, atol):
    """What the adjoint of y(t₁) is of y(t₀), and of θ, which is laid out behind it; it is linear, and solved for at most 1."""
    n = np.size(y0)
    largest = unfollowed(np.max, np.abs(weight))
    scale = largest + (largest == 0.0)
    m = sum([np.size(rhs[1 + k]) for k in range(len(flags)) if flags[k]])

    def backward(t, z):
        bars = pulled(rhs, (t, on_path(path, t, y0)), z[:n], (*flags, False, True))
        return -np.concatenate((bars[-1], *[np.ravel(b) for b in bars[:-1]]))

    begin = np.concatenate((weight / scale, np.zeros(m)))
    return scale * solved_over(backward, t1, t0, begin, loud, method, rtol, atol)


def swept_back(loud, times, y_bar, rhs, path, y0, flags, method, rtol, atol):
    """The adjoint of y(t₀), and of θ, laid out behind it, by those of y at some times, the first of which is t₀."""
    n = np.size(y0)
    weight = y_bar[:, -1]
    total = np.zeros(sum([np.size(rhs[1 + k]) for k in range(len(flags)) if flags[k]]))
    for k in range(len(times) - 1, 0, -1):
        if times[k] != times[k - 1]:
            found = back_over(rhs, times[k], times[k - 1], path, y0, weight, flags, loud, method, rtol, atol)
            weight = found[:n]
            total = total + found[n:]
        weight = weight + y_bar[:, k - 1]
    return np.concatenate((weight, total))


def swept_from_some(times, y_bar, *others):
    """The same: only from where an adjoint is not 0. Whoever differentiates it again asks by all of them."""
    used = np.concatenate((np.ones(1, dtype=bool), np.any(y_bar[:, 1:] != 0.0, axis=0)))
    found = swept_back(True, times[used], y_bar[:, used], *others)
    return same_as(stop_gradient(found), swept_back(False, times, y_bar, *others))


@adjoint(solution, real_only=True, told=True)
def _solution_adjoint(y, value, times, rhs, y0, t0, t1, path, method, rtol, atol, y_bar, *, wanted):
    flags = wanted[2][1:]
    own = with_states(times, rhs, y0, t0, t1, path, method, rtol, atol, wanted[4] or wanted[5])
    if path[1] is None:
        through, bars = own[1], y_bar
    else:
        through, bars = with_first(times, t0), np.concatenate((np.zeros((np.size(y0), 1)), y_bar), axis=1)
    found = swept_from_some(through, bars, rhs, own, y0, flags, method, rtol, atol)
    weight, total = found[: np.size(y0)], found[np.size(y0) :]
    first = -np.sum(at(rhs, t0, y0) * (weight - bars[:, 0])) if wanted[4] else None
    last = np.sum(at(rhs, t1, y[:, -1]) * y_bar[:, -1]) if wanted[5] else None
    moved = None
    if wanted[1]:
        moved = np.zeros(np.shape(times))
        for k in range(len(times)):
            moved[k] = np.sum(at(rhs, times[k], y[:, k]) * y_bar[:, k])
    adjoints = (None, *taken_apart(total, rhs[1:], flags))
    nothing = (None, None if path[1] is None else np.zeros(np.shape(path[1])))
    return None, moved, adjoints, weight, first, last, nothing, None, None, None


@tangent(solution)
def _solution_tangent(
    y, value, times, rhs, y0, t0, t1, path, method, rtol, atol, times_dot, rhs_dot, y0_dot, t0_dot, t1_dot, path_dot
):
    """ẏ' = ∂f/∂y ẏ + ∂f/∂θ θ̇; by what the path is known by, y does not vary."""
    n = np.size(y0)
    dots = rhs_dot[1:] if rhs_dot is not None else [None for _ in rhs[1:]]
    own = with_states(times, rhs, y0, t0, t1, path, method, rtol, atol, t0_dot is not None or t1_dot is not None)
    dot = np.zeros(n) if y0_dot is None else y0_dot
    begin = dot if t0_dot is None else dot - at(rhs, t0, y0) * t0_dot
    through = own[1] if path[1] is None else times

    def forward(t, z):
        return pushed(rhs, (t, on_path(own, t, y0)), (*dots, None, z))

    span = (t0, own[1][-1])
    y_dot = integrate.solve_ivp(forward, span, begin, method=method, dense_output=True, rtol=rtol, atol=atol).sol(through)
    if path[1] is None and t0_dot is not None:
        y_dot = np.concatenate((np.reshape(dot, (n, 1)), y_dot[:, 1:]), axis=1)
    if times_dot is not None:
        for k in range(len(times)):
            y_dot[:, k] = y_dot[:, k] + at(rhs, times[k], y[:, k]) * times_dot[k]
    if t1_dot is not None:
        y_dot[:, -1] = y_dot[:, -1] + at(rhs, t1, y[:, -1]) * t1_dot
    return y_dot


facts(_solution_adjoint, _solution_tangent, rolled=True)


class Dense:
    """What is known of a solution at all times."""

    __sct_stands_for__ = integrate.OdeSolution

    def __init__(self, path, rhs, y0, t0, method, rtol, atol):
        self.path = path
        self.rhs = rhs
        self.y0 = y0
        self.t0 = t0
        self.method = method
        self.rtol = rtol
        self.atol = atol

    def __call__(self, t):
        times = np.atleast_1d(np.asarray(t, dtype=float))
        value = as_columns(unfollowed(self.path[0], times), self.y0)
        y = solution(value, times, self.rhs, self.y0, self.t0, None, self.path, self.method, self.rtol, self.atol)
        return y[:, 0] if np.ndim(t) == 0 else y


class Solved:
    """What `solve_ivp` gives; when events happen is data."""

    __sct_stands_for__ = type(integrate.solve_ivp(lambda t, y: y, (0.0, 1.0), [1.0]))

    def __init__(self, found, t, y, sol):
        warn_unless_solved(found)
        self.found = found
        self.t = t
        self.y = y
        self.sol = sol

    def __getitem__(self, key):
        return getattr(self, key)

    @property
    def t_events(self):
        return self.found.t_events

    @property
    def success(self):
        return self.found.success

    @property
    def status(self):
        return self.found.status

    @property
    def message(self):
        return self.found.message

    @property
    def nfev(self):
        return self.found.nfev

    @property
    def njev(self):
        return self.found.njev

    @property
    def nlu(self):
        return self.found.nlu


def _is_plain_problem(fun, t_span, y0, *others, events=None, args=None, jac=None, **options):
    return not others[2:] and (events is None or args is None) and not callable(jac) and is_real(y0)


@followed(integrate.solve_ivp, covers=_is_plain_problem)
def solve_ivp(
    fun,
    t_span,
    y0,
    method="RK45",
    t_eval=None,
    dense_output=False,
    events=None,
    vectorized=False,
    args=None,
    *,
    rtol=1e-3,
    atol=1e-6,
    **options,
):
    """y at the steps of a solver, or at some times, of y' = f(t, y)."""
    begin = np.copy(np.asarray(y0, dtype=float))  # for the polynomials keep what the solver is given
    more = () if args is None else args
    t0, t1 = t_span

    def rhs(t, y):
        return np.atleast_1d(fun(t, y, *more))

    given = callback(rhs, 0.0, begin)
    named = {"method": method, "t_eval": t_eval, "events": events, "rtol": rtol, "atol": atol, **options}
    found = unfollowed(integrate.solve_ivp, given, t_span, begin, dense_output=True, **named)
    last = t1 if events is None else None  # where an event ends it, which is data
    reached = as_times(found.t)
    if t_eval is None:
        path = found.sol, None
        y = solution(as_columns(found.y, begin), reached, given, begin, t0, last, path, method, rtol, atol)
        times = same_as(reached, with_ends(reached, t0, last))
        if not dense_output:
            return Solved(found, times, y, None)
    path = found.sol, as_times(found.sol.ts)
    if t_eval is not None:
        known = np.asarray(t_eval, dtype=float) if events is None else reached
        y = solution(as_columns(found.y, begin), known, given, begin, t0, None, path, method, rtol, atol)
        times = same_as(reached, known)
    return Solved(found, times, y, Dense(path, given, begin, t0, method, rtol, atol) if dense_output else None)


def _is_plain_odeint(func, y0, t, args=(), Dfun=None, col_deriv=0, full_output=0, **options):
    return not full_output and Dfun is None and is_real(y0)


@followed(integrate.odeint, covers=_is_plain_odeint)
def odeint(func, y0, t, args=(), Dfun=None, *, tfirst=False, rtol=None, atol=None, **options):
    """y at some times, a row for each; the derivatives are those of the same by `solve_ivp`."""
    begin = np.atleast_1d(np.asarray(y0, dtype=float))
    times = np.asarray(t, dtype=float)

    def rhs(t, y):
        return np.atleast_1d(func(t, y, *args) if tfirst else func(y, t, *args))

    def slope(y, t):
        return rhs(t, y)

    within = 1.49012e-8 if rtol is None else rtol
    beside = 1.49012e-8 if atol is None else atol
    found = unfollowed(integrate.odeint, callback(slope, begin, 0.0), y0, t, rtol=rtol, atol=atol, **options)
    span = (times[0], times[-1])
    again = integrate.solve_ivp(rhs, span, begin, method="LSODA", dense_output=True, rtol=within, atol=beside)
    return same_as(found, again.sol(times).T)


refused(
    "Weights, complex values and further outputs are not followed: write the integrand out, and take its integral alone.",
    *(integrate.quad, integrate.quad_vec),
)
refused(
    "Complex states, events that get further arguments, and derivatives that are given are not followed: take real and "
    "imaginary parts, and functions that see their arguments.",
    *(integrate.solve_ivp, integrate.odeint),
)
refused(
    "It has no rule: use simpson or trapezoid.",
    *(integrate.cumulative_simpson, integrate.romb, integrate.newton_cotes),
)
for _name in integrate.__all__:
    _value = getattr(integrate, _name)
    if callable(_value) and not isinstance(_value, ModuleType) and not is_registered(_value):
        effect("acts", _value)
        refused("It calls a function, through which it is not followed: write the sum of its steps, or give it a rule.", _value)
