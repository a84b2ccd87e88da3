"""Every rule has samples, every function a type, and every rule is differentiated once more."""

import numpy as np
import pytest
from rule_samples import CONSTANT, RULES, floats, label, samples

from sct import runtime
from sct.registry.type_rules import type_rule
from sct.rules.linalg import cofactors
from sct.runtime import scatter_add, updated
from sct.testing import check_grads, check_rule

_SAMPLES = samples()
_SIZE = 24  # second derivatives are checked on samples up to this size


def _rank_and_size(sample):
    """What tells how much a sample can show; None for one that is not of real double precision, or is too large."""
    _, args, kwargs = sample
    leaves = floats([*args, *kwargs.values()])
    size = sum(v.size for v in leaves)
    if not 0 < size <= _SIZE or any(v.dtype != float for v in leaves) or "order" in kwargs:
        return None
    return max(v.ndim for v in leaves), -len(kwargs), -size


def _second_order_samples():
    """For each rule the sample of most axes, and of these the one with fewest keywords and entries."""
    best = {}
    for sample in _SAMPLES:
        score = _rank_and_size(sample)
        if score is not None and (sample[0] not in best or score > best[sample[0]][0]):
            best[sample[0]] = score, sample
    return {p: sample for p, (_, sample) in best.items()}


_SECOND = _second_order_samples()

LIST_OPERATIONS = [
    getattr(runtime, name)
    for name in (
        "added_each",
        "added_item",
        "appended",
        "item",
        "items_of",
        "joined",
        "numbers",
        "shortened",
        "split_like",
        "stacked",
        "with_item",
    )
]

# Why there is no sample in double precision, or why its second derivative is checked elsewhere
_FIRST_ORDER_ONLY = {
    np.linalg.cholesky: "only symmetric directions mean anything; a composite is checked below",
    cofactors: "the third derivative of det, which test_second_derivatives.py checks",
    np.arange: "no derivative by its bounds",
    np.ndarray: "no derivative by its shape",
    np.float16: "the differences see the rounding",
    **{op: "linear; test_lists.py checks it, specialize/test_growing.py its derivatives" for op in LIST_OPERATIONS},
    **{op: "a statement, no call; test_writing.py checks its second derivative" for op in (updated, scatter_add)},
}


def test_every_rule_has_a_sample():
    sampled = {primitive for primitive, _, _ in _SAMPLES}
    assert [label(p) for p in RULES if p not in sampled] == []


def test_every_function_has_a_type_rule():
    registered = [*RULES, *CONSTANT]
    assert [label(p) for p in registered if type_rule(p) is None and not isinstance(p, np.ufunc)] == []


def test_every_rule_is_differentiated_again():
    left_out = [p for p in RULES if p not in _SECOND and p not in _FIRST_ORDER_ONLY]
    assert list(map(label, left_out)) == []


@pytest.mark.grid(of=4, each=False)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("primitive", [p for p in _SECOND if p in RULES and p not in _FIRST_ORDER_ONLY], ids=label)
def test_second_order(primitive):
    _, args, kwargs = _SECOND[primitive]
    check_rule(primitive, *args, order=2, **kwargs)


def _factor_of_square(a):
    return np.linalg.cholesky(a @ a.T + np.eye(2))


def test_second_order_of_cholesky():
    check_grads(_factor_of_square, (np.array([[0.4, -1.2], [0.7, 0.3]]),), order=2)
