"""The rules of scipy.special against finite differences, and against mpmath."""

import numpy as np
import pytest
from scipy import special

import sct
from sct.registry.others import area_of, meet
from sct.registry.rules import NO_FORMULA, adjoint_rule, primitives
from sct.testing import check_rule

meet(special)
RULES = [p for p in primitives() if area_of(p) == "scipy.special"]

_ANY = np.array([-1.3, 0.4, 2.1])
_POSITIVE = np.array([0.3, 1.7, 4.2])
_INSIDE = np.array([0.15, 0.5, 0.8])
_OPEN = np.array([-0.7, 0.2, 0.6])
_COMPLEX = np.array([0.4 + 0.7j, 1.3 - 0.2j])

ARGUMENTS = {
    "expm1 log_expit expit sindg cosdg tandg cosm1 exp2 exp10 exprel ndtr log_ndtr erf erfc erfi erfcx dawsn": (_ANY,),
    "sici shichi fresnel j0 j1 i0 i1 i0e i1e airy ber bei berp beip itairy itstruve0 itmodstruve0 rgamma": (_ANY,),
    "cbrt cotdg gamma gammaln loggamma psi log1p expi exp1 spence wrightomega lambertw entr y0 y1 k0 k1 k0e k1e": (_POSITIVE,),
    "airye ker kei kerp keip iti0k0 itj0y0 it2i0k0 it2j0y0 it2struve0": (_POSITIVE,),
    "logit ndtri erfcinv ellipk ellipe ellipkm1": (_INSIDE,),
    "erfinv": (_OPEN,),
    "ndtri_exp": (-_POSITIVE,),
    "wofz": (_COMPLEX,),
    "radian": (_ANY, _ANY, _ANY),
    "powm1 xlogy": (_POSITIVE, _ANY + 3.0),
    "xlog1py beta betaln poch rel_entr kl_div pseudo_huber boxcox boxcox1p agm elliprc": (_POSITIVE, _POSITIVE[::-1]),
    "owens_t ellipeinc ellipkinc ellipj": (_ANY, _INSIDE),
    "huber": (1.0, _ANY),
    "inv_boxcox inv_boxcox1p": (_POSITIVE, _INSIDE),
    "binom": (_POSITIVE + 3.0, _INSIDE),
    "comb": (_POSITIVE + 3.0, _POSITIVE),
    "factorial": (_POSITIVE,),
    "polygamma": (2, _POSITIVE),
    "zeta": (2.5, _POSITIVE),
    "multigammaln": (_POSITIVE + 2.0, 3),
    "gammainc gammaincc": (1.5, _POSITIVE),
    "gammaincinv gammainccinv": (1.5, _INSIDE),
    "betainc betaincc betaincinv betainccinv fdtri": (1.5, 2.5, _INSIDE),
    "voigt_profile": (_ANY, 0.7, _INSIDE),
    "expn": (2, _POSITIVE),
    "jv yv iv kv jve yve ive kve hankel1 hankel2 hankel1e hankel2e": (1.5, _POSITIVE),
    "jvp yvp ivp kvp h1vp h2vp": (1.5, _POSITIVE),
    "kn yn": (2, _POSITIVE),
    "spherical_jn spherical_yn spherical_in spherical_kn": (2, _POSITIVE),
    "besselpoly": (_POSITIVE, 1.0, 0.5),
    "struve modstruve pbdv pbvv pbwa": (0.5, _POSITIVE),
    "elliprf elliprd elliprg": (_POSITIVE, _POSITIVE[::-1], 1.5),
    "elliprj": (_POSITIVE, _POSITIVE[::-1], 1.5, 0.8),
    "hyp0f1": (1.5, _ANY),
    "hyp1f1": (0.5, 1.5, _ANY),
    "hyp2f1": (0.5, 1.2, 2.5, _OPEN),
    "hyperu": (0.5, 1.2, _POSITIVE),
    "wright_bessel log_wright_bessel": (0.5, 1.2, _POSITIVE),
    "eval_legendre eval_chebyt eval_chebyu eval_chebyc eval_chebys eval_hermite eval_hermitenorm eval_laguerre": (3, _OPEN),
    "eval_sh_legendre eval_sh_chebyt eval_sh_chebyu": (3, _INSIDE),
    "eval_gegenbauer eval_genlaguerre": (3, 0.5, _OPEN),
    "eval_jacobi": (3, 0.5, 1.5, _OPEN),
    "eval_sh_jacobi": (3, 2.5, 1.5, _INSIDE),
    "lpmv": (1.0, 2.0, _OPEN),
    "diric": (_ANY, 3),
    "pdtr pdtrc": (2.4, _POSITIVE),
    "pdtri": (2, _INSIDE),
    "bdtr bdtrc bdtri nbdtr nbdtrc nbdtri": (2, 5, _INSIDE),
    "chdtr chdtrc": (3.0, _POSITIVE),
    "chdtri stdtrit": (3.0, _INSIDE),
    "gdtr gdtrc": (0.5, 1.5, _POSITIVE),
    "gdtria": (_INSIDE, 1.5, 2.0),
    "gdtrix": (0.5, 1.5, _INSIDE),
    "stdtr": (3.0, _ANY),
    "fdtr fdtrc": (3.0, 4.0, _POSITIVE),
    "tklmbda": (_OPEN, 0.5),
    "nrdtrimn": (_INSIDE, 1.5, 2.0),
    "nrdtrisd": (0.5, _INSIDE + 0.02, 2.0),
    "logsumexp softmax log_softmax": (_ANY,),
}
"""Arguments of functions in which no two alike stand at a place where a function is not smooth."""


def _called(f):
    """A function by the name that SciPy has for it."""
    return "psi" if f is special.psi else f.__name__


def _without_formula(f):
    rule = adjoint_rule(f)
    operands = rule.partials or ()
    return {k for k, p in enumerate(operands) if p == NO_FORMULA} | _ORDERS.get(f.__name__, set())


_ORDERS = dict.fromkeys(
    "polygamma zeta expn jvp yvp ivp kvp h1vp h2vp spherical_jn spherical_yn spherical_in spherical_kn pbdv pbvv pbwa".split(),
    {0},
)


def _sample(f):
    args = next(args for names, args in ARGUMENTS.items() if _called(f) in names.split())
    floating = [k for k, a in enumerate(args) if isinstance(a, (float, np.ndarray))]
    kwargs = {"rtol": 1e-5} if f is special.itairy else {}  # which SciPy has to six digits
    return f, args, {"wrt": tuple(k for k in floating if k not in _without_formula(f)), **kwargs}


_OF_COMPLEX = "gamma loggamma rgamma erf erfc erfi erfcx dawsn expm1 log1p log_ndtr ndtr exp1 expi spence sici shichi fresnel"
_OF_COMPLEX += " wrightomega airy lambertw"
_OF_ORDER = "jv yv iv kv kve hankel1 hankel2 hankel1e hankel2e hyp0f1"
SAMPLES = [_sample(f) for f in RULES]
SAMPLES += [(getattr(special, name), (_COMPLEX,), {}) for name in _OF_COMPLEX.split()]
SAMPLES += [(getattr(special, name), (1.5, _COMPLEX), {"wrt": (1,)}) for name in _OF_ORDER.split()]
SAMPLES += [
    (special.gamma, (np.array([-1.3, -0.2]),), {}),
    (special.expit, (_ANY.astype(np.float32),), {}),
    (special.hyp1f1, (0.5, 1.5, _COMPLEX), {"wrt": (2,)}),
    (special.hyp2f1, (0.5, 1.2, 2.5, 0.3 * _COMPLEX), {"wrt": (3,)}),
    (special.xlogy, (_COMPLEX, _COMPLEX[::-1]), {}),
    (special.xlog1py, (_COMPLEX, _COMPLEX[::-1]), {}),
    (special.logsumexp, (np.outer(_ANY, _INSIDE),), {"axis": 1}),
    (special.logsumexp, (np.outer(_ANY, _INSIDE),), {"axis": (0, 1), "keepdims": True}),
    (special.logsumexp, (np.outer(_ANY, _INSIDE), 0, _ANY), {"return_sign": True}),
    (special.logsumexp, (_ANY, None, _POSITIVE), {}),
    (special.softmax, (np.outer(_ANY, _INSIDE), 0), {}),
    (special.log_softmax, (np.outer(_ANY, _INSIDE),), {"axis": 1}),
    (special.comb, (_POSITIVE + 3.0, _POSITIVE), {"repetition": True}),
    (special.spherical_jn, (2, _POSITIVE, True), {"wrt": (1,)}),
    (special.spherical_yn, (0, _POSITIVE, True), {"wrt": (1,)}),
    (special.spherical_in, (0, _POSITIVE, True), {"wrt": (1,)}),
    (special.spherical_kn, (2, _POSITIVE, True), {"wrt": (1,)}),
    (special.expn, (0, _POSITIVE), {"wrt": (1,)}),
    (special.ellipkinc, (3.0 * _ANY, _INSIDE), {}),
    (special.ellipeinc, (3.0 * _ANY, _INSIDE), {}),
]


def _label(sample):
    return f"{_called(sample[0])}-{'complex' if any(np.iscomplexobj(a) for a in sample[1]) else 'real'}"


@pytest.mark.grid(of=6, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=_label)
def test_rule(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


def _is_smooth(sample):
    """Whether a derivative of second order is known: of ψ(z) of a complex number SciPy has none."""
    return sample[0].__name__ not in ("gamma", "loggamma", "rgamma") or not any(map(np.iscomplexobj, sample[1]))


@pytest.mark.grid(of=20, each=False)
@pytest.mark.parametrize("sample", [s for s in SAMPLES if _is_smooth(s)], ids=_label)
def test_second_order(sample):
    f, args, kwargs = sample
    check_rule(f, *args, order=2, **kwargs)


def test_symmetric_integrals_of_equal_arguments():
    x = np.array([1.5, 1.5 * (1 + 3e-5), 1.5 * (1 + 3e-4), 1.0, 1.5])
    y = np.array([0.7, 0.7, 0.7, 1.0, 1.5])
    check_rule(special.elliprd, x, y, 1.5, order=2)
    check_rule(special.elliprj, x, y, 0.4, 1.5)
    first, second, third = sct.elementwise_grad(special.elliprd, wrt=(0, 1, 2))(2.0, 2.0, 2.0)
    assert np.allclose([first, second, third], [-0.3 * 2**-2.5, -0.3 * 2**-2.5, -0.9 * 2**-2.5], rtol=1e-12)
    assert np.isclose(sct.grad(lambda m: special.ellipkinc(0.7, m))(0.0), (0.7 - np.sin(1.4) / 2) / 4, rtol=1e-12)


@pytest.mark.parametrize("transform", [sct.grad, sct.jvp])
def test_an_argument_without_a_formula(transform):
    f = sct.elementwise_grad(special.jv, wrt=1)
    assert f(0, 1.5) == pytest.approx(-special.j1(1.5))
    tangent = (1.0,) if transform is sct.jvp else ()
    with pytest.raises(sct.NoRuleError, match="the derivative of scipy.special.jv by its first argument"):
        transform(lambda v: special.jv(v, 1.5))(0.5, *tangent)


# -- where functions have kinks, poles and infinities ------------------------------------------------------------------------

INF = np.inf
EDGES = {
    "xlogy": (special.xlogy, ([0.0, 0.0, 2.0], [0.0, 3.0, 0.0]), ([0.0, np.log(3.0), -INF], [0.0, 0.0, INF])),
    "xlog1py": (special.xlog1py, ([0.0, 0.0, 2.0], [-1.0, 2.0, -1.0]), ([0.0, np.log(3.0), -INF], [0.0, 0.0, INF])),
    "entr": (special.entr, ([0.0, 1.0],), ([INF, -1.0],)),
    "rel_entr": (special.rel_entr, ([0.0, 0.0, 1.0], [0.0, 2.0, 1.0]), ([0.0, -INF, 1.0], [0.0, 0.0, -1.0])),
    "kl_div": (special.kl_div, ([0.0, 0.0, 1.0], [0.0, 2.0, 1.0]), ([0.0, -INF, 0.0], [1.0, 1.0, 0.0])),
    "logit": (special.logit, ([0.0, 0.5, 1.0],), ([INF, 4.0, INF],)),
    "expit": (special.expit, ([-INF, 0.0, INF],), ([0.0, 0.25, 0.0],)),
    "log_expit": (special.log_expit, ([-INF, 0.0, INF],), ([1.0, 0.5, 0.0],)),
    "log_ndtr": (special.log_ndtr, ([-INF, INF],), ([INF, 0.0],)),
    "ndtri": (special.ndtri, ([0.0, 1.0],), ([INF, INF],)),
    "erf": (special.erf, ([-INF, INF],), ([0.0, 0.0],)),
    "erfinv": (special.erfinv, ([-1.0, 1.0],), ([INF, INF],)),
    "erfcx": (special.erfcx, ([1e8],), ([-0.5641895835477563e-16],)),
    "rgamma": (special.rgamma, ([0.0, -1.0, -2.0],), ([1.0, -1.0, 2.0],)),
    "spence": (special.spence, ([1.0],), ([-1.0],)),
    "ellipk": (special.ellipk, ([0.0],), ([np.pi / 8],)),
    "ellipkinc": (special.ellipkinc, ([np.pi / 2], [0.0]), ([1.0], [np.pi / 8])),
    "agm": (special.agm, ([2.0], [2.0]), ([0.5], [0.5])),
    "pseudo_huber": (special.pseudo_huber, ([0.0, 1.0], [0.0, 0.0]), ([0.0, 0.0], [0.0, 0.0])),
    "huber": (special.huber, ([1.0, 1.0], [0.0, 2.0]), ([0.0, 1.0], [0.0, 1.0])),
    "boxcox": (special.boxcox, ([0.0, 2.0], [2.0, 0.0]), ([0.0, 0.5], [0.25, 0.5 * np.log(2.0) ** 2])),
    "j1": (special.j1, ([0.0],), ([0.5],)),
    "i0e": (special.i0e, ([0.0],), ([0.0],)),
    "beip": (special.beip, ([0.0],), ([0.5],)),
    "diric": (special.diric, ([0.0, 2 * np.pi], 3), ([0.0, 0.0],)),
    "sinc": (special.sinc, ([0.0],), ([0.0],)),
    "logsumexp": (special.logsumexp, ([-INF, 0.0, -INF],), ([0.0, 1.0, 0.0],)),
    "logsumexp of none": (special.logsumexp, ([-INF, -INF],), ([0.0, 0.0],)),
    "logsumexp of infinities": (special.logsumexp, ([INF, 0.0, INF],), ([0.5, 0.0, 0.5],)),
    "logsumexp of large ones": (special.logsumexp, ([1e300, 0.0],), ([1.0, 0.0],)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", EDGES)
def test_at_the_edges(name):
    f, args, expected = EDGES[name]
    args = [np.array(a) if isinstance(a, list) else a for a in args]
    wrt = tuple(range(len(expected)))
    for derivative in (sct.elementwise_grad(f, wrt) if "logsumexp" not in name else sct.grad(f, wrt),):
        for found, wanted in zip(derivative(*args), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-15)


def test_entries_that_are_no_part_of_a_sum():
    x = np.array([[0.5, -INF, 1.0], [-INF, 2.0, -INF]])
    y_bar = np.array([[1.0, 0.0, -2.0], [0.0, 3.0, 0.0]])
    for f in (special.softmax, special.log_softmax):
        derivative = sct.vjp(lambda x, f=f: f(x, axis=1))
        found = derivative(x, y_bar)[1]
        assert np.all(np.isfinite(found)) and np.all(found[~np.isfinite(x)] == 0.0)
        np.testing.assert_allclose(found[0, ::2], sct.vjp(f)(x[0, ::2], y_bar[0, ::2])[1])


# -- how functions are called ------------------------------------------------------------------------------------------------


def of_keywords(x):
    y = np.zeros(3)
    special.expit(x, out=y, where=x > 0.0)
    return np.sum(y * special.xlogy(x, 2.0, dtype=float)) + np.sum(special.erf(x, casting="safe"))


def of_lists(x):
    return (
        special.logsumexp([x[0], 2.0, x[1]]) + special.polygamma(1, [x[2] ** 2, 1.0])[0] + np.sum(special.gammaln(x.tolist()))
    )


def of_numbers(x):
    return special.gamma(float(x[0]) + 3.0) + special.beta(x[1] + 2.0, 3) + special.jv(2, x[2])


@pytest.mark.parametrize("f", [of_keywords, of_numbers], ids=lambda f: f.__name__)
def test_calls(f):
    sct.check_grads(f, (_ANY,), order=2)


def test_lists():
    sct.check_grads(of_lists, (_POSITIVE,))


@pytest.mark.parametrize("f", [special.gammaln, special.expit, special.logsumexp, special.softmax, special.erfcx, special.j0])
def test_single_precision_is_kept(f):
    x = _POSITIVE.astype(np.float32)
    for found in (sct.vjp(f)(x, np.asarray(f(x)))[1], sct.jvp(f)(x, x)[1]):
        assert found.dtype == np.float32
