"""Every rule of NumPy's functions, with lists, tuples and numbers in the place of its arrays, active or not.

What the array gives is the reference: its own test compares that with finite differences.
"""

import operator
import warnings

import numpy as np
import pytest
from rule_samples import floats, label, samples

import sct
from sct.registry.rules import adjoint_rule
from sct.testing import call_with

_SIZE = 12


def _operands(primitive, args, kwargs):
    """Where the arrays of a call stand that the rule takes as such: positions and keywords."""
    rule = adjoint_rule(primitive)
    names = [(i, p.name) for i, p in zip(range(len(args)), _parameters(rule, args), strict=True)]
    names += [(k, k) for k in kwargs]
    given = {**dict(enumerate(args)), **kwargs}
    return [key for key, name in names if _is_array(given[key], rule.takes(name))]


def _parameters(rule, args):
    """The parameter of each positional argument."""
    out = []
    for p in rule.signature.parameters.values():
        out += [p] * (len(args) - len(out)) if p.kind is p.VAR_POSITIONAL else [p]
    return out[: len(args)]


def _is_array(value, takes):
    """Whether an argument is an array that can be given as lists, or a sequence of such."""
    if takes == "arrays" and isinstance(value, (list, tuple)):
        return len(value) > 0 and all(_is_array(v, "array") for v in value)
    plain = isinstance(value, np.ndarray) and value.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool))
    return takes != "anything" and plain and value.size > 0


def _parts(value):
    return value if isinstance(value, (list, tuple)) else (value,)


def _rank(value):
    return max(map(np.ndim, _parts(value)))


def _moves(value):
    return all(v.dtype == float for v in _parts(value))


def _score(sample):
    """What tells how much a sample can show; None for one that is not of double precision, or is too large."""
    primitive, args, kwargs = sample
    leaves = floats([*args, *kwargs.values()])
    if "order" in kwargs or not leaves or any(v.dtype != float for v in leaves) or sum(v.size for v in leaves) > 2 * _SIZE:
        return None
    keys = _operands(primitive, args, kwargs)
    given = {**dict(enumerate(args)), **kwargs}
    if not any(floats(given[k]) for k in keys):
        return None
    return (
        len(keys),
        min(2, max(_rank(given[k]) for k in keys)),
        -len(kwargs),
        -sum(np.size(v) for k in keys for v in _parts(given[k])),
    )


def _best(wanted):
    found = {}
    for sample in samples():
        if adjoint_rule(sample[0]) is not None and wanted(sample):
            score = _score(sample)
            if score is not None and (sample[0] not in found or score > found[sample[0]][0]):
                found[sample[0]] = score, sample
    return [sample for _, sample in found.values()]


def _nested(value, kind):
    return kind(_nested(v, kind) for v in value) if isinstance(value, (list, tuple)) else value


def _like(value, kind):
    """An array as nested lists or tuples of numbers; one of rank 0 as a number."""
    if isinstance(value, (list, tuple)):
        return type(value)(_like(v, kind) for v in value)
    return _nested(value.tolist(), kind) if kind is not None else value[()]


def _values(tree):
    """The numbers in a result."""
    return np.concatenate([np.ravel(v) for v in map(np.asarray, _leaves(tree))] or [np.zeros(0)])


def _leaves(tree):
    if isinstance(tree, (list, tuple)):
        return [leaf for v in tree for leaf in _leaves(v)]
    return [] if tree is None else [tree]


def _vjp(primitive, args, kwargs, active, y_bar):
    """The value, and the cotangents by the arguments at `active`, all of which are parameters of the function."""
    call, values = call_with(primitive, args, kwargs, written=False)
    keys = [*range(len(args)), *kwargs]
    assert len(values) == len(keys)
    wrt = tuple(keys.index(k) for k in active)
    with np.errstate(all="ignore"):
        return sct.vjp(call, wrt)(*values, y_bar)


def _ones(y):
    if isinstance(y, (list, tuple)):
        return [_ones(i) for i in y] if isinstance(y, list) else tuple(map(_ones, y))
    return np.ones_like(y) if np.ndim(y) else 1.0


def _check(primitive, args, kwargs, kinds):
    given = {**dict(enumerate(args)), **kwargs}
    keys = _operands(primitive, args, kwargs)
    moving = [k for k in keys if _moves(given[k])]
    y = primitive(*args, **kwargs)
    _, expected = _vjp(primitive, args, kwargs, moving, _ones(y))
    for kind, active in [(kinds[0], moving), *((kinds[1], [k]) for k in moving)]:
        changed = {k: _like(v, kind) if k in keys else v for k, v in given.items()}
        own_args, own_kwargs = [changed[i] for i in range(len(args))], {k: changed[k] for k in kwargs}
        value, cotangents = _vjp(primitive, own_args, own_kwargs, active, _ones(y))
        np.testing.assert_array_equal(_values(value), _values(primitive(*own_args, **own_kwargs)))
        for k, cotangent in zip(active, cotangents, strict=True):
            assert isinstance(cotangent, (list, tuple)) == isinstance(changed[k], (list, tuple))
            np.testing.assert_allclose(_values(cotangent), _values(expected[moving.index(k)]), rtol=1e-9, atol=1e-12)


def _converts(sample):
    """Whether NumPy takes lists here, and makes of them what it makes of the arrays."""
    primitive, args, kwargs = sample
    given = {**dict(enumerate(args)), **kwargs}
    keys = _operands(primitive, args, kwargs)
    if not keys or any(_rank(given[k]) == 0 for k in keys) or primitive is operator.getitem:  # a list is indexed as a list
        return False
    changed = {k: _like(v, list) if k in keys else v for k, v in given.items()}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = primitive(*args, **kwargs)
            z = primitive(*(changed[i] for i in range(len(args))), **{k: changed[k] for k in kwargs})
    except (TypeError, ValueError, AttributeError):
        return False
    return np.shape(_values(z)) == np.shape(_values(y)) and bool(np.allclose(_values(z), _values(y), equal_nan=True))


def _of_numbers(sample):
    primitive, args, kwargs = sample
    given = {**dict(enumerate(args)), **kwargs}
    keys = _operands(primitive, args, kwargs)
    return adjoint_rule(primitive).kind == "elementwise" and keys and all(_rank(given[k]) == 0 for k in keys)


_OF_LISTS = _best(_converts)
_OF_NUMBERS = _best(_of_numbers)


def test_there_are_samples():
    assert len(_OF_LISTS) > 130
    assert len(_OF_NUMBERS) > 30


@pytest.mark.grid(of=16)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sample", _OF_LISTS, ids=lambda s: label(s[0]))
def test_lists_and_tuples(sample):
    _check(*sample, kinds=(list, tuple))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sample", _OF_NUMBERS, ids=lambda s: label(s[0]))
def test_numbers(sample):
    _check(*sample, kinds=(list, None))
