"""Rules of scipy.optimize: roots and minima, differentiated where they are by the implicit function theorem.

Takes nothing; registers what the solvers are followed as: the solver itself, of which nothing is differentiated, and what is
known of its result (`sct.callbacks`). By where a solver begins the derivative is zero. Griewank & Walther, *Evaluating
Derivatives*, chapter 15; Blondel et al. 2022, *Efficient and modular implicit differentiation*, for bounds section 2.2.
"""

import functools
import warnings

import numpy as np
from scipy import optimize

from sct import callbacks
from sct.callbacks import as_taken, callback, unfollowed
from sct.registry.refusals import refused, those_of
from sct.registry.rules import nondifferentiable

from . import followed, in_tuple, is_real

_of = functools.partial(those_of, optimize)


def vector(x0):
    """Where a solver begins, as it takes it."""
    x0 = np.asarray(x0, dtype=float)
    return x0 if x0.ndim == 1 else np.ravel(x0)


def derivative_for(jac, args, start):
    """A derivative that is given to a solver, as that calls it; one that it is to find itself stays what it is."""
    if not callable(jac):
        return jac

    def slope(x):
        return jac(x, *args)

    return callback(slope, start)


class Solution:
    """What a solver finds, and what it tells of its way there."""

    __sct_stands_for__ = optimize.OptimizeResult

    def __init__(self, found, x, fun):
        if not found.success:
            warnings.warn("the solver did not converge: derivatives are those of a solution", RuntimeWarning, 2)
        self.found = found
        self.x = x
        self.fun = fun

    def __getitem__(self, key):
        return getattr(self, key)

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
    def nit(self):
        return self.found.nit

    @property
    def nfev(self):
        return self.found.nfev

    @property
    def njev(self):
        return self.found.njev


# ---------------------------------------------------------------------------------------------------------------------
# Roots of one number
# ---------------------------------------------------------------------------------------------------------------------


class Root:
    """What a solver tells of a root of one number."""

    __sct_stands_for__ = optimize.RootResults

    def __init__(self, found, root):
        if not found.converged:
            warnings.warn("the solver did not converge: derivatives are those of a root", RuntimeWarning, 2)
        self.found = found
        self.root = root

    @property
    def converged(self):
        return self.found.converged

    @property
    def flag(self):
        return self.found.flag

    @property
    def iterations(self):
        return self.found.iterations

    @property
    def function_calls(self):
        return self.found.function_calls


def told(root, found, full_output):
    """A root, and what a solver tells of it, if that is asked for; where it did not converge, that is said in any case."""
    report = Root(found, root)
    return (root, report) if full_output else root


def _bracketed(solver):
    @followed(solver)
    def bracketed(f, a, b, args=(), xtol=2e-12, rtol=8.881784197001252e-16, maxiter=100, full_output=False, disp=True):
        """A root between two numbers."""

        def residual(x):
            return f(x, *in_tuple(args))

        given = callback(residual, 1.0)
        options = {"xtol": xtol, "rtol": rtol, "maxiter": maxiter, "disp": disp}
        if full_output or not disp:
            both = unfollowed(solver, given, a, b, full_output=True, **options)
            return told(callbacks.root(as_taken(both[0], given), given), both[1], full_output)
        return callbacks.root(as_taken(unfollowed(solver, given, a, b, **options), given), given)


for _solver in (optimize.brentq, optimize.brenth, optimize.ridder, optimize.bisect):
    _bracketed(_solver)


@followed(optimize.toms748)
def toms748(f, a, b, args=(), k=1, xtol=2e-12, rtol=8.881784197001252e-16, maxiter=100, full_output=False, disp=True):
    """A root between two numbers."""

    def residual(x):
        return f(x, *in_tuple(args))

    given = callback(residual, 1.0)
    options = {"k": k, "xtol": xtol, "rtol": rtol, "maxiter": maxiter, "disp": disp}
    if full_output or not disp:
        both = unfollowed(optimize.toms748, given, a, b, full_output=True, **options)
        return told(callbacks.root(as_taken(both[0], given), given), both[1], full_output)
    return callbacks.root(as_taken(unfollowed(optimize.toms748, given, a, b, **options), given), given)


def number_or_array(x0):
    """Where an iteration begins that takes numbers and arrays."""
    return 1.0 if np.ndim(x0) == 0 else np.asarray(x0, dtype=float)


@followed(optimize.newton, covers=lambda func, x0, *args, **kwargs: is_real(x0))
def newton(
    func,
    x0,
    fprime=None,
    args=(),
    tol=1.48e-8,
    maxiter=50,
    fprime2=None,
    x1=None,
    rtol=0.0,
    full_output=False,
    disp=True,
):
    """A root near a number, or one near each number of an array."""
    start = number_or_array(x0)

    def residual(x):
        return func(x, *args)

    given = callback(residual, start)
    slopes = derivative_for(fprime, args, start)
    bends = derivative_for(fprime2, args, start)
    options = {"fprime": slopes, "fprime2": bends, "tol": tol, "maxiter": maxiter, "x1": x1, "rtol": rtol, "disp": disp}
    if full_output or not (disp or np.ndim(x0) > 0):
        every = unfollowed(optimize.newton, given, x0, full_output=True, **options)
        root = callbacks.root(as_taken(every[0], given), given)
        return told(root, every[1], full_output) if np.ndim(x0) == 0 else (root, every[1], every[2])
    return callbacks.root(as_taken(unfollowed(optimize.newton, given, x0, **options), given), given)


@followed(optimize.root_scalar)
def root_scalar(
    f,
    args=(),
    method=None,
    bracket=None,
    fprime=None,
    fprime2=None,
    x0=None,
    x1=None,
    xtol=None,
    rtol=None,
    maxiter=None,
    options=None,
):
    """A root, by one of several methods."""
    args = in_tuple(args)

    def value(x):
        return f(x, *args)

    def residual(x):
        return f(x, *args)[0] if fprime is True or fprime2 is True else f(x, *args)

    given = callback(value, 1.0)
    further = {"method": method, "bracket": bracket, "x0": x0, "x1": x1, "xtol": xtol, "rtol": rtol}
    slopes, bends = derivative_for(fprime, args, 1.0), derivative_for(fprime2, args, 1.0)
    found = unfollowed(optimize.root_scalar, given, fprime=slopes, fprime2=bends, maxiter=maxiter, options=options, **further)
    alone = callback(residual, 1.0)
    return Root(found, callbacks.root(as_taken(found.root, alone), alone))


# ---------------------------------------------------------------------------------------------------------------------
# Roots of several numbers
# ---------------------------------------------------------------------------------------------------------------------


@followed(optimize.fsolve)
def fsolve(
    func,
    x0,
    args=(),
    fprime=None,
    full_output=0,
    col_deriv=0,
    xtol=1.49012e-8,
    maxfev=0,
    band=None,
    epsfcn=None,
    factor=100,
    diag=None,
):
    """A root of as many equations as there are numbers."""
    start = vector(x0)
    args = in_tuple(args)

    def residual(x):
        return np.asarray(func(x, *args))

    given = callback(residual, start)
    slopes = derivative_for(fprime, args, start)
    options = {"fprime": slopes, "col_deriv": col_deriv, "xtol": xtol, "maxfev": maxfev, "band": band, "epsfcn": epsfcn}
    if full_output:
        every = unfollowed(optimize.fsolve, given, x0, full_output=True, factor=factor, diag=diag, **options)
        x = callbacks.root(as_taken(every[0], given), given)
        return x, {"nfev": every[1]["nfev"], "fvec": residual(x)}, every[2], every[3]
    found = unfollowed(optimize.fsolve, given, x0, factor=factor, diag=diag, **options)
    return callbacks.root(as_taken(found, given), given)


def _without_callback(fun, x0, *args, callback=None, **kwargs):
    return callback is None


@followed(optimize.root, covers=_without_callback)
def root(fun, x0, args=(), method="hybr", jac=None, tol=None, callback=None, options=None):
    """A root of as many equations as there are numbers, by one of several methods."""
    start = vector(x0)
    args = in_tuple(args)

    def value(x):
        return fun(x, *args) if jac is True else np.asarray(fun(x, *args))

    def residual(x):
        return np.asarray(fun(x, *args)[0] if jac is True else fun(x, *args))

    slopes = derivative_for(jac, args, start)
    found = unfollowed(optimize.root, callbacks.callback(value, start), x0, method=method, jac=slopes, tol=tol, options=options)
    given = callbacks.callback(residual, start)
    x = callbacks.root(as_taken(found.x, given), given)
    return Solution(found, x, residual(x))


@followed(optimize.fixed_point, covers=lambda func, x0, *args, **kwargs: is_real(x0))
def fixed_point(func, x0, args=(), xtol=1e-8, maxiter=500, method="del2"):
    """x = f(x)."""
    start = np.asarray(x0, dtype=float)

    def step(x):
        return func(x, *args)

    def residual(x):
        return func(x, *args) - x

    given = callback(step, start)
    found = unfollowed(optimize.fixed_point, given, x0, xtol=xtol, maxiter=maxiter, method=method)
    alone = callback(residual, start)
    return callbacks.root(as_taken(found, alone), alone)


def _without_further(F, xin, *args, **kwargs):
    return not args and kwargs.get("callback") is None and is_real(xin)


def _quasi_newton(solver):
    @followed(solver, covers=_without_further)
    def solved(F, xin, **options):
        """A root of as many equations as there are numbers, in arrays of any shape."""

        def residual(x):
            return np.asarray(F(x))

        given = callback(residual, np.asarray(xin, dtype=float))
        return callbacks.root(as_taken(unfollowed(solver, given, xin, **options), given), given)


for _solver in _of("broyden1 broyden2 anderson linearmixing diagbroyden excitingmixing newton_krylov"):
    _quasi_newton(_solver)


# ---------------------------------------------------------------------------------------------------------------------
# Minima
# ---------------------------------------------------------------------------------------------------------------------


class Box:
    """Bounds, one below and one above for each number."""

    __sct_stands_for__ = optimize.Bounds

    def __init__(self, lb, ub):
        self.lb = lb
        self.ub = ub


@followed(optimize.Bounds, covers=lambda lb=-np.inf, ub=np.inf, keep_feasible=False: keep_feasible is False)
def bounds(lb=-np.inf, ub=np.inf, keep_feasible=False):
    """Bounds as an object."""
    return Box(lb, ub)


def limits(bounds):
    """What numbers must not be below, and above; None stands for no bound."""
    if isinstance(bounds, optimize.Bounds):
        return bounds.lb, bounds.ub
    low = np.array([-np.inf if pair[0] is None else pair[0] for pair in bounds])
    return low, np.array([np.inf if pair[1] is None else pair[1] for pair in bounds])


def heeds_bounds(method):
    """Whether a method keeps to bounds; others say that they leave them out."""
    within = ("nelder-mead", "powell", "l-bfgs-b", "cobyla", "cobyqa", "slsqp", "tnc", "trust-constr")
    return method is None or method.lower() in within


def at_minimum(x, objective, bounds, method):
    """Where a function is least: its gradient is 0, but where a bound keeps x from going on."""
    if bounds is None or not heeds_bounds(method):
        return callbacks.minimum(x, objective)
    low, high = limits(bounds)
    return callbacks.minimum_between(x, objective, low, high)


def as_given(bounds):
    """Bounds as a solver takes them."""
    return unfollowed(optimize.Bounds, bounds.lb, bounds.ub) if isinstance(bounds, optimize.Bounds) else bounds


def _is_free(
    fun,
    x0,
    args=(),
    method=None,
    jac=None,
    hess=None,
    hessp=None,
    bounds=None,
    constraints=(),
    tol=None,
    callback=None,
    options=None,
):
    return callback is None and constraints == ()


@followed(optimize.minimize, covers=_is_free)
def minimize(
    fun,
    x0,
    args=(),
    method=None,
    jac=None,
    hess=None,
    hessp=None,
    bounds=None,
    constraints=(),
    tol=None,
    callback=None,
    options=None,
):
    """A minimum, free or between bounds."""
    start = vector(x0)
    args = in_tuple(args)

    def value(x):
        return fun(x, *args)

    def objective(x):
        return fun(x, *args)[0] if jac is True else fun(x, *args)

    def product(x, p):
        return hessp(x, p, *args)

    given = callbacks.callback(value, start)
    found = unfollowed(
        optimize.minimize,
        given,
        x0,
        method=method,
        jac=derivative_for(jac, args, start),
        hess=derivative_for(hess, args, start),
        hessp=hessp if hessp is None else callbacks.callback(product, start, start),
        bounds=as_given(bounds),
        tol=tol,
        options=options,
    )
    alone = given if jac is not True else callbacks.callback(objective, start)
    x = at_minimum(as_taken(found.x, alone), alone, bounds, method)
    return Solution(found, x, objective(x))


@followed(optimize.minimize_scalar)
def minimize_scalar(fun, bracket=None, bounds=None, args=(), method=None, tol=None, options=None):
    """A minimum of a function of one number."""
    args = in_tuple(args)

    def objective(x):
        return fun(x, *args)

    given = callback(objective, 1.0)
    further = {"bracket": bracket, "bounds": bounds, "method": method, "tol": tol, "options": options}
    found = unfollowed(optimize.minimize_scalar, given, **further)
    x = as_taken(found.x, given)
    x = callbacks.minimum(x, given) if bounds is None else callbacks.minimum_between(x, given, bounds[0], bounds[1])
    return Solution(found, x, objective(x))


# ---------------------------------------------------------------------------------------------------------------------
# Least squares
# ---------------------------------------------------------------------------------------------------------------------


class Fit(Solution):
    """What `least_squares` finds: `fun` are the residuals, `cost` is half the sum of their squares, `jac` the derivatives."""

    def __init__(self, found, x, fun, given):
        super().__init__(found, x, fun)
        self.given = given

    @property
    def jac(self):
        return callbacks.slopes(self.x, self.given)

    @property
    def cost(self):
        return 0.5 * np.sum(self.fun**2)


def at_least_squares(x, residuals, bounds):
    """Where a sum of squares is least, free or between bounds below and above."""
    low, high = (bounds.lb, bounds.ub) if isinstance(bounds, optimize.Bounds) else bounds
    if low == -np.inf and high == np.inf:
        return callbacks.least_squares(x, residuals)
    return callbacks.least_squares_between(x, residuals, low, high)


def _is_plain_fit(fun, x0, jac="2-point", bounds=None, method="trf", *args, loss="linear", callback=None, **kwargs):
    return loss == "linear" and callback is None and not args


@followed(optimize.least_squares, covers=_is_plain_fit)
def least_squares(fun, x0, jac="2-point", bounds=(-np.inf, np.inf), method="trf", *, args=(), kwargs=None, **options):
    """The numbers at which a sum of squares is least."""
    start = vector(x0)
    named = {} if kwargs is None else kwargs

    def residuals(x):
        return np.atleast_1d(fun(x, *args, **named))

    def slopes(x):
        return jac(x, *args, **named)

    given = callback(residuals, start)
    slope = callback(slopes, start) if callable(jac) else jac
    found = unfollowed(optimize.least_squares, given, x0, jac=slope, bounds=as_given(bounds), method=method, **options)
    x = at_least_squares(as_taken(found.x, given), given, bounds)
    return Fit(found, x, residuals(x), given)


def _without_report(func, x0, args=(), Dfun=None, full_output=False, *others, **options):
    return not full_output


@followed(optimize.leastsq, covers=_without_report)
def leastsq(
    func,
    x0,
    args=(),
    Dfun=None,
    full_output=False,
    col_deriv=False,
    ftol=1.49012e-8,
    xtol=1.49012e-8,
    gtol=0.0,
    maxfev=0,
    epsfcn=None,
    factor=100,
    diag=None,
):
    """The numbers at which a sum of squares is least, and how they were found."""
    start = vector(x0)
    args = in_tuple(args)

    def residuals(x):
        return np.atleast_1d(func(x, *args))

    given = callback(residuals, start)
    slopes = derivative_for(Dfun, args, start)
    options = {"ftol": ftol, "xtol": xtol, "gtol": gtol, "maxfev": maxfev, "epsfcn": epsfcn, "factor": factor}
    both = unfollowed(optimize.leastsq, given, x0, Dfun=slopes, col_deriv=col_deriv, diag=diag, **options)
    return callbacks.least_squares(as_taken(both[0], given), given), both[1]


def _is_plain_curve(
    f,
    xdata,
    ydata,
    p0=None,
    sigma=None,
    absolute_sigma=False,
    *others,
    loss="linear",
    full_output=False,
    nan_policy=None,
    **options,
):
    return p0 is not None and not others and loss == "linear" and not full_output and nan_policy is None


@followed(optimize.curve_fit, covers=_is_plain_curve)
def curve_fit(f, xdata, ydata, p0=None, sigma=None, absolute_sigma=False, *, bounds=(-np.inf, np.inf), jac=None, **options):
    """The parameters at which a curve fits best, and their covariance: (Jᵀ J)⁻¹, times the variance that the misfit shows."""
    start = vector(p0)

    def misfit(p):
        return f(xdata, *[p[k] for k in range(len(p0))]) - ydata

    def residuals(p):
        r = misfit(p)
        if sigma is None:
            return r
        return np.linalg.solve(np.linalg.cholesky(sigma), r) if np.ndim(sigma) == 2 else r / sigma

    def curve(x, *p):
        return f(x, *p)

    def slope(x, *p):
        return jac(x, *p)

    like = [start[k] for k in range(len(p0))]
    own = callback(slope, xdata, *like) if callable(jac) else jac
    each = callback(curve, xdata, *like)
    more = {"bounds": as_given(bounds), "jac": own, **options}
    found = unfollowed(optimize.curve_fit, each, xdata, ydata, p0, sigma, absolute_sigma, **more)
    given = callback(residuals, start)
    p = at_least_squares(as_taken(found[0], given), given, bounds)
    slopes = callbacks.slopes(p, given)
    covariance = np.linalg.inv(slopes.T @ slopes)
    if not absolute_sigma:
        r = residuals(p)
        covariance = covariance * (np.sum(r**2) / (np.size(r) - np.size(p)))
    return p, covariance


@followed(optimize.nnls)
def nnls(A, b, *, maxiter=None, **options):
    """The least squares of numbers that are not negative, and the norm of what is left."""
    A, b = np.asarray(A, dtype=float), np.asarray(b, dtype=float)
    n = A.shape[1]

    def residual(x):
        return x - np.maximum(x - A.T @ (A @ x - b), 0.0)

    given = callback(residual, np.zeros(n))
    found = unfollowed(optimize.nnls, A, b, maxiter=maxiter, **options)
    x = callbacks.root(as_taken(found[0], given), given)
    return x, np.linalg.norm(A @ x - b)


def _fmin(solver):
    @followed(
        solver,
        covers=lambda f, x0, *args, callback=None, full_output=0, retall=0, **options: (
            not (args or callback or full_output or retall)
        ),
    )
    def minimum(f, x0, *, fprime=None, args=(), **options):
        """A minimum, found by one method."""
        start = vector(x0)
        more = in_tuple(args)

        def objective(x):
            return f(x, *more)

        given = callback(objective, start)
        if fprime is None:
            found = unfollowed(solver, given, x0, **options)
        else:
            found = unfollowed(solver, given, x0, fprime=derivative_for(fprime, more, start), **options)
        return callbacks.minimum(as_taken(found, given), given)


for _solver in (optimize.fmin_bfgs, optimize.fmin_cg):
    _fmin(_solver)


# ---------------------------------------------------------------------------------------------------------------------
# Rosenbrock's function
# ---------------------------------------------------------------------------------------------------------------------


@followed(optimize.rosen)
def rosen(x):
    """Σ 100 (xₖ₊₁ - xₖ²)² + (1 - xₖ)²."""
    x = np.asarray(x)
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2, axis=0)


@followed(optimize.rosen_der)
def rosen_der(x):
    """Its gradient."""
    x = np.asarray(x)
    off = x[1:] - x[:-1] ** 2
    first = np.concatenate((-400.0 * off * x[:-1] - 2.0 * (1.0 - x[:-1]), np.zeros(1)))
    return first + np.concatenate((np.zeros(1), 200.0 * off))


@followed(optimize.rosen_hess)
def rosen_hess(x):
    """Its matrix of second derivatives."""
    x = np.atleast_1d(x)
    beside = np.diag(-400.0 * x[:-1], 1)
    own = np.concatenate((1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0, np.zeros(1)))
    return np.diag(own + np.concatenate((np.zeros(1), np.full(len(x) - 1, 200.0)))) + beside + beside.T


@followed(optimize.rosen_hess_prod)
def rosen_hess_prod(x, p):
    """That times a vector."""
    return rosen_hess(x) @ p


# ---------------------------------------------------------------------------------------------------------------------
# What is not differentiated
# ---------------------------------------------------------------------------------------------------------------------

refused(
    "Its solution lies in a corner, and moves by leaps: solve a smooth problem instead.",
    *_of("linprog milp linear_sum_assignment quadratic_assignment"),
)
refused(
    "Find the minimum with it outside of the function, and begin scipy.optimize.minimize there.",
    *_of("basinhopping brute differential_evolution direct dual_annealing shgo"),
)
refused(
    "Constraints, callbacks and robust losses are not followed: use bounds, or a penalty.",
    optimize.minimize,
    optimize.least_squares,
)
refused(
    "Callbacks, further outputs and starts that are complex are not followed: leave them out.",
    *_of("newton root fixed_point leastsq fmin_bfgs fmin_cg"),
    *_of("broyden1 broyden2 anderson linearmixing diagbroyden excitingmixing newton_krylov"),
)
refused(
    "Robust losses, further outputs and values that are left out are not followed: give p0, and the rest by name.",
    optimize.curve_fit,
)
refused("Ask sct.grad or sct.jacobian for the derivative.", *_of("approx_fprime check_grad line_search bracket"))
refused("Use scipy.optimize.minimize.", *_of("fmin fmin_cobyla fmin_l_bfgs_b fmin_ncg fmin_powell fmin_slsqp fmin_tnc"))
refused("Use scipy.optimize.minimize_scalar.", *_of("fminbound brent golden"))
refused("Use scipy.optimize.least_squares or nnls.", *_of("lsq_linear isotonic_regression"))
refused(
    "It is part of a solver: give the function a rule with sct.custom_root.",
    *_of("BFGS BroydenFirst HessianUpdateStrategy InverseJacobian KrylovJacobian LbfgsInvHessProduct SR1"),
)
refused("It is what a solver gives: make a class of your own.", *_of("OptimizeResult RootResults"))
refused("Constraints are not followed: use bounds, or a penalty.", *_of("LinearConstraint NonlinearConstraint"))
nondifferentiable(*_of("show_options linprog_verbose_callback"))
