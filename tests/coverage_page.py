"""The page docs/coverage.md, as the registry has it."""

import re
from types import ModuleType

import numpy as np
import scipy.fft
import scipy.fftpack
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.sparse
import scipy.sparse.linalg
import scipy.spatial
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial
from scipy import integrate, interpolate, special, stats

from sct.cli.coverage import derivative_of, keywords_of, kind_of_coverage, modes_of
from sct.ir.ops import Attribute, Method
from sct.registry.conventions import convention_of
from sct.registry.methods import primitive_of
from sct.registry.others import meet
from sct.registry.refusals import reason_for, refused_namespaces

AREAS = (
    scipy.fft,
    scipy.fftpack,
    scipy.integrate,
    scipy.interpolate,
    scipy.linalg,
    scipy.ndimage,
    scipy.optimize,
    scipy.signal,
    scipy.sparse,
    scipy.sparse.linalg,
    special,
    stats,
    scipy.spatial,
    scipy.spatial.distance,
)
"""The parts of SciPy that there are rules for."""
for _area in AREAS:
    meet(_area)
BASES = (polynomial, chebyshev, legendre, hermite, hermite_e, laguerre)
SPACES = (np, np.linalg, np.fft, np.emath, np.random, np.random.Generator, *BASES)
CHANGED = {
    "2.1": (["cumulative_prod", "cumulative_sum", "unstack"], []),
    "2.2": (["matvec", "vecmat"], []),
    "2.4": ([], ["in1d", "trapz"]),
}
"""By the version of NumPy, after the oldest one: what it has besides, and what it has no longer."""
_OF_NUMPY = {name for names in CHANGED.values() for name in (*names[0], *names[1])} | {"row_stack"}
_OF_NUMPY |= {"complex256", "float128", "clongdouble", "longdouble", "itemset", "newbyteorder", "ptp", "tostring"}
_OF_SPECIAL = "assoc_legendre_p assoc_legendre_p_all legendre_p legendre_p_all sph_legendre_p sph_legendre_p_all sph_harm_y"
_OF_SPECIAL += " sph_harm_y_all log_wright_bessel softplus sph_harm lpmn clpmn lpn btdtr btdtri"
_OF_DISTANCE = {"kulczynski1", "sokalmichener"}
_OF_STATS = (
    "Binomial Logistic Mixture Normal Uniform abs chatterjeexi dpareto_lognorm exp irwinhall landau lmoment log matrix_t"
)
_OF_STATS += " make_distribution normal_inverse_gamma order_statistic poisson_binom power quantile spearmanrho truncate"
_OF_STATS += " find_repeats rvs_ratio_uniforms trapz"
_NOT_EVERYWHERE = {np: _OF_NUMPY, special: {*_OF_SPECIAL.split()}, scipy.spatial.distance: _OF_DISTANCE}
_NOT_EVERYWHERE[stats] = {*_OF_STATS.split()}
_OF_INTEGRATE = "cubature lebedev_rule nsum tanhsinh cumtrapz quadrature romberg simps trapz"
_NOT_EVERYWHERE[integrate] = {*_OF_INTEGRATE.split()}
_OF_SPARSE = "expand_dims permute_dims swapaxes safely_cast_index_arrays get_index_dtype"
_NOT_EVERYWHERE[scipy.sparse] = {*_OF_SPARSE.split()}
_NOT_EVERYWHERE[scipy.sparse.linalg] = {"funm_multiply_krylov", "is_sptriangular", "spbandwidth"}
_NOT_EVERYWHERE[interpolate] = {
    "AAA",
    "FloaterHormannInterpolator",
    "generate_knots",
    "make_splprep",
    "make_splrep",
    "dfitpack",
}
"""What not all versions have of these modules."""
_DIFFERENTIATED = "differentiated"


def names_of(owner):
    """The public functions and classes of a module or class, by their names."""
    found = {}
    for name in sorted(getattr(owner, "__all__", None) or dir(owner)):
        value = getattr(owner, name, None)
        error = isinstance(value, type) and issubclass(value, BaseException)
        if name[0] != "_" and callable(value) and not isinstance(value, ModuleType) and not error:
            found[name] = value
    return found


def label(owner):
    """What a module or class is called by its users."""
    return "numpy.random.Generator" if owner is np.random.Generator else owner.__name__


def sort_of(function):
    """Whether a function is differentiated, constant or refused."""
    kind = kind_of_coverage(function)
    return kind if kind in ("constant", "refused") else _DIFFERENTIATED


def _everywhere(owner):
    return {name: f for name, f in names_of(owner).items() if name not in _NOT_EVERYWHERE.get(owner, ())}


def _row(cells):
    return f"| {' | '.join(re.sub(r'[|]', chr(92) + '|', c) for c in cells)} |"


def _table(heads, rows):
    return "\n".join([_row(heads), _row(["---"] * len(heads)), *map(_row, rows)])


def counts():
    """How many functions of each namespace are differentiated, constant and refused."""
    rows = []
    for owner in (*SPACES, *AREAS):
        sorts = [sort_of(f) for f in _everywhere(owner).values()]
        rows.append([f"`{label(owner)}`", *(str(sorts.count(s)) for s in (_DIFFERENTIATED, "constant", "refused"))])
    return _table(["namespace", "differentiated", "constant", "refused"], rows)


def _differentiated(owner):
    functions = {name: f for name, f in _everywhere(owner).items() if sort_of(f) == _DIFFERENTIATED}
    alike: dict[int, list[str]] = {}
    for name, f in functions.items():
        alike.setdefault(id(f), []).append(name)
    rows = []
    for names in alike.values():
        f = functions[names[0]]
        formula = derivative_of(f)
        formula = f"`{formula}`" if modes_of(f)[1] == "the same factors" else formula
        called = ", ".join(f"`{n}`" for n in names)
        rows.append([called, *modes_of(f), ", ".join(keywords_of(f)), convention_of(f) or "", formula])
    heads = ["function", "reverse", "forward", "keywords", "where there is no derivative", "adjoints, or formula and source"]
    return _table(heads, rows)


def _methods():
    rows = []
    for name in (n for n in dir(np.ndarray) if n[0] != "_" and n not in _OF_NUMPY):
        op = (Method if callable(getattr(np.ndarray, name)) else Attribute)(name)
        primitive = primitive_of(op)
        rule = "" if primitive is op else f"`{getattr(primitive, '__name__', primitive)}`"
        rows.append([f"`.{name}{'()' if isinstance(op, Method) else ''}`", sort_of(op), rule or reason_for(op) or ""])
    return _table(["of an array", "is", "as the function, or why not"], rows)


def _refused():
    reasons: dict[str, list[str]] = {}
    for owner in (*SPACES, *AREAS):
        for name, f in _everywhere(owner).items():
            if sort_of(f) == "refused":
                reasons.setdefault(reason_for(f), []).append(f"`{label(owner).replace('numpy', 'np')}.{name}`")
    for name, reason in refused_namespaces().items():
        reasons.setdefault(reason, []).append(f"all of `{name}`")
    return "\n".join(f"- {reason} {', '.join(names)}." for reason, names in sorted(reasons.items()))


def _versions():
    return "\n".join(
        f"- NumPy {version} {what} {', '.join(f'`{n}`' for n in names)}."
        for version, both in CHANGED.items()
        for what, names in zip(("has", "has no longer"), both, strict=True)
        if names
    )


_HEAD = """# Coverage

What is done with each function of NumPy's, and of those areas of SciPy that there are rules for, from the registry of `sct`. A
test writes this page anew and compares the two (`UPDATE_DOCS=1` keeps what it writes), and another one fails on a function of
which nothing is registered (`test_classification.py` in `tests/rules` and in `tests/rules/scipy`). A function is

- **differentiated**: by a rule, or followed as what it is made of, in reverse and in forward mode;
- **constant**: it has no derivative, and is used freely;
- **refused**, with the reason, where a derivative is asked for."""

_COLUMNS = """## Columns

**Reverse**: *rule*, or *followed*, as what the function is made of. **Forward**: *rule*, one of its own; *the same factors* as
those of the adjoints, times tangents; *as it is linear*, by calls of the function with tangents; *transposed*, the transpose of
the adjoint rule. **Keywords** are those that a rule covers: a call with another one is refused, and told which. Of ufuncs
`where=` is covered besides, and `out=` of all functions. The last column has the adjoints, by `d`, that of the result `y`, and
the operands `x`, or `x1` and `x2`; or what the rule says of its formula, with the source. Where there is no derivative, and
nothing is said, it is what the formula gives."""

_METHODS_OF_UFUNCS = """## Methods of ufuncs

`reduce`, `accumulate`, `outer`, `reduceat` and `at` of ufuncs of two numbers are followed, and `at` of those of one, where
the ufunc is differentiated. Where it is constant they are constant, but for `at`, which is refused. NumPy has no others."""

_INDEXED = """## Objects that are indexed

`np.r_`, `np.c_`, `np.mgrid`, `np.ogrid`, `np.s_` and `np.index_exp` are followed."""

_CHANGED = """## Versions of NumPy and SciPy

The page is the same for all versions of NumPy from 2.0 on, and of SciPy from 1.13 on. What not all of them have is not in it,
but is dealt with too; of NumPy that is:"""


def page():
    """The text of the page."""
    parts = [_HEAD, counts(), _COLUMNS]
    for owner in (*SPACES, *AREAS):
        parts.append(f"## {label(owner)}\n\n{_differentiated(owner)}")
        constant = [f"`{n}`" for n, f in _everywhere(owner).items() if sort_of(f) == "constant"]
        if constant:
            parts.append(f"Constant: {', '.join(constant)}.")
    methods = f"## Methods and attributes of arrays\n\n{_methods()}"
    parts += [methods, _METHODS_OF_UFUNCS, _INDEXED, f"## Refused\n\n{_refused()}", f"{_CHANGED}\n\n{_versions()}"]
    return "\n\n".join(parts) + "\n"
