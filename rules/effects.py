"""What NumPy's functions without a rule do besides giving their results, and what is said to the world.

Takes nothing; registers effects. What is not registered anywhere may act: it is kept, in order, exactly once.
"""

import contextlib
import inspect
import logging
import operator
import sys
import warnings

import numpy as np

from sct.ir.shapes import as_array
from sct.ir.types import UNKNOWN, Const, Dict, List, Stateful, Tuple, keys_of
from sct.registry.effects import effect, is_registered, known_class
from sct.registry.facts import facts, memory
from sct.registry.rules import nondifferentiable
from sct.registry.type_rules import result_type
from sct.runtime import kept, never_suppressing, shown, zeros_in
from sct.runtime.expectations import expect_fields, expect_structure

# -- what is said and nobody hears: it has no result --------------------------------------------------------------------------

_REPORTS = [print, np.save, np.savetxt, np.savez, np.savez_compressed, np.info, np.show_config, warnings.warn]
_REPORTS += [getattr(np, "show_runtime", print)]
for _name in ("debug", "info", "warning", "error", "exception", "critical", "log"):
    _REPORTS += [getattr(logging, _name), getattr(logging.Logger, _name)]

known_class(logging.Logger)
nondifferentiable(*_REPORTS)
effect("reports", *_REPORTS)
result_type(*_REPORTS)(lambda *args, **kwargs: None)

# -- contexts, which say how arithmetic, printing and warnings are to be; no exception ends in one of these -----------

known_class(np.errstate, warnings.catch_warnings)
effect("none", np.errstate, np.printoptions, warnings.catch_warnings, never_suppressing)
facts(np.errstate, np.printoptions, warnings.catch_warnings, kind="construction")  # each is entered once
result_type(np.errstate)(lambda **kwargs: Stateful(np.errstate))
result_type(np.printoptions)(lambda *args, **kwargs: Stateful(contextlib.AbstractContextManager))
result_type(warnings.catch_warnings)(lambda **kwargs: Stateful(warnings.catch_warnings))

# -- NumPy's own state and files ----------------------------------------------------------------------------------------------

_ACTS = """set_printoptions seterr seterrcall setbufsize copyto fill_diagonal place put put_along_axis putmask
test linalg.test fft.test
apply_along_axis apply_over_axes fromfunction fromiter frompyfunc piecewise vectorize
broadcast flatiter ndenumerate ndindex nditer nested_iters busdaycalendar memmap"""
_READS = """get_printoptions getbufsize geterr geterrcall array2string array_repr array_str
format_float_positional format_float_scientific fromfile fromregex genfromtxt load loadtxt"""
_PURE = """bytes_ character complexfloating datetime64 flexible floating generic inexact integer matrix number object_
poly1d recarray record signedinteger str_ timedelta64 ufunc unsignedinteger void"""


def _named(names):
    """The functions that this NumPy has of those named."""
    found = []
    for name in names.split():
        module, _, last = name.rpartition(".")
        function = getattr(getattr(np, module) if module else np, last, None)
        if function is not None and not is_registered(function):
            found.append(function)
    return found


effect("acts", *_named(_ACTS))
effect("reads", *_named(_READS))
effect("none", *_named(_PURE))
effect("none", np.ufunc.reduce, np.ufunc.accumulate, np.ufunc.reduceat, np.ufunc.outer)
effect("none", ascii, bin, chr, format, hash, hex, id, issubclass, oct, ord, sorted)
effect("reads", dir, getattr, hasattr, vars, dict.get, dict.values)
effect("looks", operator.getitem, operator.contains, len)
facts(eval, exec, globals, locals, inspect.currentframe, inspect.stack, sys._getframe, sees_caller=True)
facts(dir, vars, sees_caller=lambda *args: not args)  # with an argument they look at that

# -- what may be computed where it is not asked for ---------------------------------------------------------------------------

facts(
    operator.add,
    operator.sub,
    operator.mul,
    operator.neg,
    operator.pos,
    operator.not_,
    operator.and_,
    operator.or_,
    silent=True,
)
facts(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, silent=True)
facts(abs, float, max, min, np.add, np.subtract, np.multiply, np.negative, np.positive, np.abs, np.square, np.sign, silent=True)
facts(np.minimum, np.maximum, np.where, np.clip, np.less, np.less_equal, np.greater, np.greater_equal, np.equal, silent=True)
facts(np.not_equal, np.logical_and, np.logical_or, np.logical_not, np.isfinite, np.isnan, np.floor, np.ceil, silent=True)
facts(np.sin, np.cos, np.tanh, np.arctan, np.zeros_like, np.ones_like, np.copy, np.transpose, np.real, np.sum, silent=True)
facts(np.float64, silent=True)

# -- a copy of what may change ------------------------------------------------------------------------------------------------

nondifferentiable(shown, zeros_in)
memory("fresh", kept, shown, zeros_in)
effect("reads", kept, shown, zeros_in)
result_type(kept, shown, zeros_in)(lambda x: x)

# -- what is asked of cotangents and tangents ---------------------------------------------------------------------------------

nondifferentiable(expect_fields, expect_structure)


@result_type(expect_fields)
@result_type(expect_structure)
def expect_structure_type(name, x, like):
    """None where it is known to raise nothing, and so need not be called."""
    return None if _is_of_structure(x, like) else UNKNOWN


def _is_of_structure(given, like):
    """Whether a type is that of a cotangent or tangent of what has the structure of `like`."""
    if isinstance(like, (Tuple, List, Dict)):
        alike = isinstance(given, type(like)) and len(given.items) == len(like.items)
        alike = alike and (not isinstance(like, Dict) or set(given.keys) == set(like.keys))
        return alike and all(
            _is_of_structure(given.items[list(keys_of(given)).index(k)], part)
            for k, part in zip(keys_of(like), like.items, strict=True)
        )
    if like == Const(None):
        return True
    dtype = as_array(given.value if isinstance(given, Const) else given).dtype
    return dtype is not None and dtype.kind in ("biuf" if like == Const(float) else "biufc")
