"""Rules of scipy.special.

Takes nothing; registers one line for each function, with where its formula stands: in the Digital Library of Mathematical
Functions of NIST (DLMF), or it follows from the definition. Of ufuncs the types follow from broadcasting.
"""

import functools

from scipy import special

from sct.registry.rules import NO_FORMULA, adjoint
from sct.registry.rules import elementwise as registered
from sct.registry.type_rules import result_type

from ..arithmetic import ufunc_type

elementwise = functools.partial(registered, names={"special": special})

# Gamma and related functions
elementwise(special.gamma, "d * y * special.psi(x)")  # DLMF 5.2.2
elementwise(special.gammaln, "d * special.psi(x)", real_only=True)
elementwise(special.psi, "d * special.zeta(2.0, x)", real_only=True)  # DLMF 25.11.12


@adjoint(special.zeta, kind="elementwise", real_only=True)
def zeta(y, x, q, y_bar, out=None):
    """DLMF 25.11.17, by q."""
    return None, -x * y_bar * special.zeta(x + 1, q)


# Bessel functions
elementwise(special.jv, NO_FORMULA, "0.5 * d * (special.jv(x1 - 1.0, x2) - special.jv(x1 + 1.0, x2))")  # DLMF 10.6.1

# The error function
elementwise(special.erf, "1.1283791670955126 * d * np.exp(-x * x)")  # DLMF 7.2.1: 2 / √π
elementwise(special.erfc, "-1.1283791670955126 * d * np.exp(-x * x)")

# Logistic and normal distributions
elementwise(special.expit, "d * y * (1.0 - y)", real_only=True)
elementwise(special.logit, "d / (x * (1.0 - x))", real_only=True)
elementwise(special.log_expit, "d * special.expit(-x)", real_only=True)
elementwise(special.ndtr, "0.3989422804014327 * d * np.exp(-0.5 * x * x)")  # 1 / √(2π)


@result_type(special.zeta)
def zeta_type(x, q=None, out=None):
    return ufunc_type(special._ufuncs._zeta, x, q)
