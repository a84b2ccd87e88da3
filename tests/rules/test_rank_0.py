"""What gives an array of rank 0, which can be written into, and what a number: the compiler says what NumPy does."""

import copy

import numpy as np
import pytest
from rule_samples import CONSTANT, RULES, label, samples
from sources import define

from sct.errors import SctError
from sct.infer.signature import abstract
from sct.ir.ops import package_of
from sct.ir.ssa import type_of
from sct.ir.types import Array, Tuple, facts_relied_on, sizes_known
from sct.specialize.lowering import lowered
from sct.specialize.specializer import specialize

ENTRIES = (np.float64(0.5), np.array(0.5), np.array([0.5]), np.array(True), np.array(2))


def calls(function):
    """Arguments of rank 0 for a function: what its samples hold, and one or two numbers."""
    given = [(args, kwargs) for f, args, kwargs in samples() if f is function]
    for of_one in (lambda a: np.array(a.flat[0]), lambda a: a.flat[0], lambda a: a):
        for args, kwargs in given:
            yield tuple(of_one(a) if isinstance(a, np.ndarray) and a.size else a for a in args), kwargs
    for a in ENTRIES:
        yield from (((a,), {}), ((a, a), {}))


def typed(function, args, kwargs):
    """The type of a call's result, as the compiler takes it."""
    names = [f"a{k}" for k in range(len(args))]
    keywords = [f"{k}={k}_" for k in kwargs]
    f = define(f"def f({', '.join(names)}):\n    return function({', '.join(names + keywords)})\n", "f")
    f.__globals__.update(function=function, **{f"{k}_": v for k, v in kwargs.items()})
    with facts_relied_on(), sizes_known():
        types = tuple(map(abstract, args, names))
        return type_of(specialize(lowered(f).function, types).function.block.yields[0])


def has_rank_0(v):
    return isinstance(v, (np.ndarray, np.generic)) and np.ndim(v) == 0


def _is_tried(function):
    """Whether a function is one of NumPy's or Python's that takes any numbers: draws do not check all that they are given."""
    return package_of(function) in ("numpy", "builtins") and not label(function).startswith("numpy.random.")


@pytest.mark.parametrize("function", [f for f in (*RULES, *CONSTANT) if _is_tried(f)], ids=label)
@pytest.mark.filterwarnings("ignore")
def test_result_of_rank_0(function, capsys):
    for args, kwargs in calls(function):
        try:
            with np.errstate(all="ignore"):
                result = function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        except Exception:  # noqa: BLE001, S112
            continue
        parts = result if isinstance(result, tuple) else (result,)
        if any(map(has_rank_0, parts)):
            try:
                found = typed(function, args, kwargs)
            except SctError:
                continue
            types = found.items if isinstance(found, Tuple) else (found,)
            for part, t in zip(parts, types, strict=False):
                if has_rank_0(part) and isinstance(t, Array) and t.shape == () and t.boxed is not None:
                    assert t.boxed == isinstance(part, np.ndarray), (args, kwargs)
