"""Bisection search for the root of Kepler's equation; its derivative needs the implicit function theorem."""

import math

# The result is a midpoint: a fixed combination of the ends of the bracket, chosen by tests. Differentiated statement by
# statement it does not depend on M and e at all (and has dE/dlow + dE/dhigh = 1), while finite differences show
# dE/dM = 1 / (1 - e cos E) and dE/de = sin E / (1 - e cos E), as the implicit function theorem has it. A gradient through
# the search must be refused or come through a rule.
EXPECT = "refused"

# Not the tolerance: it only says when to stop.
WRT = ("M", "e", "low", "high")


def kepler(E, M, e):
    """Residual of Kepler's equation."""
    return E - e * math.sin(E) - M


def bisection(M, e, low, high, tol):
    """Eccentric anomaly E in [low, high] with E - e sin E = M."""
    f_low = kepler(low, M, e)
    while high - low > tol:
        mid = 0.5 * (low + high)
        f_mid = kepler(mid, M, e)
        if f_mid == 0.0:
            return mid
        if (f_mid > 0.0) == (f_low > 0.0):
            low = mid
            f_low = f_mid
        else:
            high = mid
    return 0.5 * (low + high)


def example(rng):
    """A moderately eccentric orbit."""
    return rng.uniform(0.5, 2.5), rng.uniform(0.2, 0.6), 0.0, math.pi, 1e-13
