"""The derivatives of scipy.special against mpmath, at twenty points each: small, large and negative ones among them."""

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from sct.registry.others import meet
from sct.registry.rules import adjoint_rule

meet(special)

_NEAR = [1e-8, 1e-3, 0.1, 0.37, 0.9, 1.0, 1.4, 2.2, 3.7, 5.0]
_FAR = [7.5, 9.9, 12.5, 18.0, 21.0, 33.0, 47.0, 80.0, 150.0, 600.0]
_POSITIVE = [*_NEAR, *_FAR]
_ANY = [*_NEAR, *(-x for x in _NEAR)]
_WIDE = [*_NEAR[::2], *(-x for x in _NEAR[::2]), *_FAR[::2], *(-x for x in _FAR[::2])]
_NEGATIVE = [-0.1, -0.5, -0.9, -1.3, -2.7, -5.5, -8.2, -11.1, -14.6, -20.3]
_UNIT = [
    1e-12,
    1e-6,
    1e-3,
    0.02,
    0.07,
    0.15,
    0.23,
    0.31,
    0.4,
    0.48,
    0.5,
    0.55,
    0.63,
    0.72,
    0.8,
    0.89,
    0.95,
    0.99,
    0.999,
    1 - 1e-6,
]
_OPEN = [-0.99, -0.7, -0.35, -0.1, 0.05, 0.4, 0.81]
_BETWEEN = [*_UNIT[::2], *(-x for x in _UNIT[::2])]


def _log_ndtr(x):
    return mp.log1p(-mp.ncdf(-x)) if x > 0 else mp.log(mp.ncdf(x))


_TRIPLES = [(x, y, z) for x in (1e-3, 0.7, 3.0, 40.0) for y in (0.02, 1.3, 9.0) for z in (0.5, 0.7)]
ORACLE = {
    "expm1": (mp.expm1, _ANY),
    "log1p": (mp.log1p, _POSITIVE),
    "exp10": (lambda x: mp.mpf(10) ** x, _ANY),
    "cosm1": (lambda x: mp.cos(x) - 1, _WIDE),
    "exprel": (lambda x: mp.expm1(x) / x, _WIDE),
    "gamma": (mp.gamma, [*_NEAR, *_NEGATIVE]),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), _POSITIVE),
    "loggamma": (mp.loggamma, _POSITIVE),
    "rgamma": (mp.rgamma, [*_NEAR, *_NEGATIVE]),
    "psi": (mp.digamma, [*_POSITIVE[::2], *_NEGATIVE]),
    "erf": (mp.erf, _ANY),
    "erfc": (mp.erfc, _ANY),
    "erfi": (mp.erfi, _ANY),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), [*_POSITIVE, *(-x for x in _NEAR)]),
    "dawsn": (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), _WIDE),
    "erfinv": (mp.erfinv, _BETWEEN),
    "expi": (mp.ei, [*_POSITIVE[::2], *_NEGATIVE]),
    "exp1": (mp.e1, _POSITIVE),
    "spence": (lambda x: mp.re(mp.polylog(2, 1 - x)), _POSITIVE),
    "wrightomega": (lambda x: mp.lambertw(mp.exp(x)), _WIDE),
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), _ANY),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), _WIDE),
    "logit": (lambda x: mp.log(x / (1 - x)), _UNIT),
    "ndtr": (mp.ncdf, _ANY),
    "log_ndtr": (_log_ndtr, _WIDE),
    "ndtri": (lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), _UNIT),
    "entr": (lambda x: -x * mp.log(x), _POSITIVE),
    "j0": (lambda x: mp.besselj(0, x), _WIDE),
    "j1": (lambda x: mp.besselj(1, x), _WIDE),
    "y0": (lambda x: mp.bessely(0, x), _POSITIVE),
    "y1": (lambda x: mp.bessely(1, x), _POSITIVE),
    "i0": (lambda x: mp.besseli(0, x), _WIDE),
    "i1": (lambda x: mp.besseli(1, x), _WIDE),
    "k0": (lambda x: mp.besselk(0, x), _POSITIVE),
    "k1": (lambda x: mp.besselk(1, x), _POSITIVE),
    "i0e": (lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), _WIDE),
    "i1e": (lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), _WIDE),
    "k0e": (lambda x: mp.besselk(0, x) * mp.exp(x), _POSITIVE),
    "k1e": (lambda x: mp.besselk(1, x) * mp.exp(x), _POSITIVE),
    "ber": (lambda x: mp.ber(0, x), _NEAR + _FAR[:5]),
    "bei": (lambda x: mp.bei(0, x), _NEAR + _FAR[:5]),
    "ker": (lambda x: mp.ker(0, x), _NEAR[1:] + _FAR[:5]),
    "kei": (lambda x: mp.kei(0, x), _NEAR[1:] + _FAR[:5]),
    "ellipk": (mp.ellipk, [*_UNIT[::2], *(-x for x in _POSITIVE[::2])]),
    "ellipe": (mp.ellipe, [*_UNIT[::2], *(-x for x in _POSITIVE[::2])]),
    "ellipkm1": (lambda p: mp.ellipk(1 - p), [*_UNIT, *_FAR]),
    "zeta": (lambda s, q: mp.zeta(s, q), [(2.5, x) for x in _POSITIVE[1:]]),
    "polygamma": (lambda n, x: mp.psi(2, x), [(2, x) for x in _POSITIVE[1:]]),
    "gammainc": (lambda a, x: mp.gammainc(a, 0, x, regularized=True), [(a, x) for a in (0.3, 40.0) for x in _POSITIVE[1::2]]),
    "gammaincc": (lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), [(2.5, x) for x in _POSITIVE[:15]]),
    "betainc": (
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        [(a, b, x) for a, b in ((0.5, 2.5), (30.0, 40.0)) for x in _UNIT[3::2]],
    ),
    "expn": (lambda n, x: mp.expint(n, x), [(n, x) for n in (0, 1, 3) for x in _NEAR[1:]]),
    "jv": (lambda v, x: mp.besselj(v, x), [(v, x) for v in (0.5, 3.0) for x in _POSITIVE[1::2]]),
    "yv": (lambda v, x: mp.bessely(v, x), [(v, x) for v in (0.5, 3.0) for x in _POSITIVE[1::2]]),
    "iv": (lambda v, x: mp.besseli(v, x), [(v, x) for v in (0.5, 3.0) for x in _POSITIVE[1::2]]),
    "kv": (lambda v, x: mp.besselk(v, x), [(v, x) for v in (0.5, 3.0) for x in _POSITIVE[1::2]]),
    "ive": (lambda v, x: mp.besseli(v, x) * mp.exp(-abs(x)), [(v, x) for v in (0.5, 3.0) for x in _POSITIVE[1::2]]),
    "kve": (lambda v, x: mp.besselk(v, x) * mp.exp(x), [(v, x) for v in (0.5, 3.0) for x in _POSITIVE[1::2]]),
    "struve": (lambda v, x: mp.struveh(v, x), [(v, x) for v in (0.5, 2.0) for x in _NEAR[1:]]),
    "modstruve": (lambda v, x: mp.struvel(v, x), [(v, x) for v in (0.5, 2.0) for x in _NEAR[1:]]),
    "hyp0f1": (lambda b, x: mp.hyp0f1(b, x), [(1.5, x) for x in _ANY]),
    "hyp1f1": (lambda a, b, x: mp.hyp1f1(a, b, x), [(0.5, 1.7, x) for x in _ANY]),
    "hyp2f1": (lambda a, b, c, x: mp.hyp2f1(a, b, c, x), [(0.5, 1.2, 2.5, x) for x in _BETWEEN]),
    "hyperu": (lambda a, b, x: mp.hyperu(a, b, x), [(0.5, 1.2, x) for x in _POSITIVE[2:]]),
    "eval_legendre": (lambda n, x: mp.legendre(n, x), [(n, x) for n in (0, 1, 4) for x in _OPEN]),
    "eval_chebyt": (lambda n, x: mp.chebyt(n, x), [(n, x) for n in (0, 1, 4) for x in _OPEN]),
    "eval_chebyu": (lambda n, x: mp.chebyu(n, x), [(n, x) for n in (0, 1, 4) for x in _OPEN]),
    "eval_hermite": (lambda n, x: mp.hermite(n, x), [(n, x) for n in (0, 1, 4) for x in _ANY[::3]]),
    "eval_laguerre": (lambda n, x: mp.laguerre(n, 0, x), [(n, x) for n in (0, 1, 4) for x in _ANY[::3]]),
    "eval_genlaguerre": (lambda n, a, x: mp.laguerre(n, a, x), [(n, 0.5, x) for n in (0, 1, 4) for x in _ANY[::3]]),
    "eval_gegenbauer": (lambda n, a, x: mp.gegenbauer(n, a, x), [(n, 0.7, x) for n in (0, 1, 4) for x in _OPEN]),
    "eval_jacobi": (lambda n, a, b, x: mp.jacobi(n, a, b, x), [(n, 0.7, 1.2, x) for n in (0, 1, 4) for x in _OPEN]),
    "ellipkinc": (lambda p, m: mp.ellipf(p, m), [(p, m) for p in (-1.2, 0.4, 1.5, 2.7, 7.0) for m in (-3.0, 0.0, 0.4, 0.95)]),
    "ellipeinc": (lambda p, m: mp.ellipe(p, m), [(p, m) for p in (-1.2, 0.4, 1.5, 2.7, 7.0) for m in (-3.0, 0.0, 0.4, 0.95)]),
    "elliprf": (mp.elliprf, _TRIPLES),
    "elliprd": (mp.elliprd, _TRIPLES),
    "elliprg": (mp.elliprg, _TRIPLES),
    "elliprj": (mp.elliprj, [(*t, p) for t in _TRIPLES[::2] for p in (0.3, 7.0)]),
    "agm": (lambda a, b: mp.agm(a, b), [(a, b) for a in (1e-3, 1.0, 70.0, 1.0 + 1e-9) for b in (0.02, 1.0, 5.0, 300.0, 1e4)]),
    "beta": (lambda a, b: mp.beta(a, b), [(a, b) for a in (1e-3, 0.5, 3.0, 20.0) for b in (0.02, 0.7, 1.0, 5.0, 30.0)]),
    "binom": (lambda n, k: mp.binomial(n, k), [(n, k) for n in (0.3, 4.0, 7.5, 30.0) for k in (0.2, 1.0, 2.5, 3.7, -0.5)]),
    "boxcox": (
        lambda x, p: (x**p - 1) / p if p else mp.log(x),
        [(x, p) for x in (1e-6, 0.3, 1.0, 50.0) for p in (-1.5, 1e-9, 1e-3, 0.7, 3.0)],
    ),
    "inv_boxcox": (
        lambda y, p: (1 + p * y) ** (1 / mp.mpf(p)),
        [(x, p) for x in (-0.3, 1e-6, 0.5, 5.0) for p in (1e-9, 1e-4, 0.02, 0.7, 3.0)],
    ),
    "xlogy": (lambda x, y: x * mp.log(y), [(x, y) for x in (-2.0, 1e-9, 0.5, 70.0) for y in (1e-5, 0.1, 1.0, 4.0, 1e10)]),
    "rel_entr": (
        lambda x, y: x * mp.log(x / y),
        [(x, y) for x in (1e-5, 1e-3, 0.5, 70.0) for y in (1e-5, 0.1, 1.0, 4.0, 1e10)],
    ),
    "pseudo_huber": (
        lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1),
        [(d, r) for d in (0.01, 1.0, 3.0, 50.0) for r in (-9.0, -0.2, 1e-5, 0.3, 1e3)],
    ),
    "stdtr": (
        lambda v, t: mp.quad(lambda s: (1 + s * s / v) ** (-(v + 1) / 2) / mp.sqrt(v) / mp.beta(0.5, v / 2), [0, t]),
        [(v, t) for v in (1.0, 30.0) for t in _ANY[::2]],
    ),
}


_ROUGH = dict.fromkeys(("ker", "kei", "hyperu"), 1e-7)
"""Functions that SciPy itself has to fewer digits."""


@pytest.mark.grid(of=11, each=False)
@pytest.mark.parametrize("name", ORACLE)
def test_values(name):
    f, points = ORACLE[name]
    primitive = getattr(special, name)
    with mp.workdps(30), np.errstate(all="ignore"):
        for point in points:
            args = point if isinstance(point, tuple) else (point,)
            y = primitive(*args)
            found = adjoint_rule(primitive).function(y, *args, y_bar=1.0)
            found = found if isinstance(found, tuple) else (found,)
            for k, one in enumerate(found):
                if one is None:
                    continue
                exact = mp.diff(lambda x, k=k, args=args: f(*args[:k], x, *args[k + 1 :]), mp.mpf(args[k]))
                scale = max(abs(float(exact)), 1e-13 * abs(float(np.real(y))), 1e-300)
                assert abs(float(one) - float(exact)) <= _ROUGH.get(name, 1e-9) * scale, (args, k, float(one), float(exact))
