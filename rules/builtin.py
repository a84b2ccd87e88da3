"""Rules of Python's built-in functions, on numbers, arrays and containers of them.

Takes nothing; registers adjoint and type rules. `abs` and `pow` stand in `arithmetic` beside the operators.
"""

import operator
from abc import ABCMeta
from bisect import bisect_left, bisect_right

import numpy as np

from sct.ir.shapes import as_array, constant
from sct.ir.types import UNKNOWN, Array, Const, Dict, DictOf, List, ListOf, Scalar, Tuple, Unknown
from sct.registry.facts import facts, memory
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type, type_rule
from sct.runtime import items_of, numbers, repeated, unbroadcast

from .arithmetic import (
    evaluated,
    foldable,
    is_array,
    join_kinds,
    kind_of_number,
    sequence_items,
    size_of_number,
    truth,
    ufunc_type,
)

# ---------------------------------------------------------------------------------------------------------------------
# The largest, the smallest, the sum
# ---------------------------------------------------------------------------------------------------------------------


@adjoint(max)
def largest(y, *args, y_bar):
    """Equal values share the adjoint evenly."""
    if len(args) == 2:
        a, b = args
        tie = 0.5 * y_bar * (a == b)
        return y_bar * (a > b) + tie, y_bar * (b > a) + tie
    return adjoint_of_choice(y, args, y_bar)


@adjoint(min)
def smallest(y, *args, y_bar):
    """Equal values share the adjoint evenly."""
    if len(args) == 2:
        a, b = args
        tie = 0.5 * y_bar * (a == b)
        return y_bar * (a < b) + tie, y_bar * (b < a) + tie
    return adjoint_of_choice(y, args, y_bar)


def adjoint_of_choice(y, args, y_bar):
    if len(args) == 1:
        return (shared_by_equals(y, args[0], y_bar),)
    return shared_by_equals(y, args, y_bar)


def shared_by_equals(y, values, y_bar):
    """`y_bar` spread over those of `values` that equal `y`, in even shares."""
    if is_of_unknown_length(values):
        return items_of(shared_by_equals(y, numbers(values), y_bar))
    if isinstance(values, np.ndarray):
        equal = values == y
        return equal * (y_bar / int(np.count_nonzero(equal)))
    count = 0
    for v in values:
        count = count + (v == y)
    share = y_bar / count
    out = ()
    for v in values:
        out = out + (share * (v == y),)
    if isinstance(values, list):
        return list(out)
    return out


@nondifferentiable
def is_of_unknown_length(values):
    """Whether a list is one whose length is only known at run time."""
    return False


@result_type(is_of_unknown_length)
def is_of_unknown_length_type(values):
    return isinstance(values, ListOf)


@adjoint(sum, kind="reduction")
def total(y, iterable, start=0, *, y_bar):
    if isinstance(iterable, np.ndarray):
        terms_bar = np.broadcast_to(y_bar, np.shape(iterable))
    elif isinstance(iterable, list) and np.ndim(y) == 0:
        terms_bar = repeated(y_bar, len(iterable))
    else:
        terms_bar = ()
        for term in iterable:
            terms_bar = terms_bar + (unbroadcast(y_bar, term),)
        if isinstance(iterable, list):
            terms_bar = list(terms_bar)
    return terms_bar, unbroadcast(y_bar, start)


@tangent(sum)
def total_tangent(y, iterable, start=0, *, iterable_dot, start_dot):
    """The sum of the tangents."""
    if iterable_dot is None:
        return start_dot
    if start_dot is None:
        return sum(iterable_dot)
    return sum(iterable_dot, start_dot)


def _plain(value):
    return value.value if isinstance(value, Const) else value


def _choice_type(function):
    def rule(*args):
        if all(foldable(a) for a in args):
            value = evaluated(function, *args)
            if value is not None:
                return value
        items = args
        if len(args) == 1:
            if is_array(args[0]):
                array = as_array(args[0])
                return Array(array.dtype, ()) if array.rank == 1 else UNKNOWN
            items = sequence_items(args[0])
        items = None if items is None else [_plain(v) for v in items]
        if not items:
            return UNKNOWN
        kinds = [kind_of_number(v) for v in items]
        others = {k for k in kinds if k}
        if all(kinds):
            kind = bool if others == {bool} else join_kinds(*kinds)
            return Scalar(kind, None, tuple(k for k in (bool, int, float) if k in others - {kind}))
        dtypes = {as_array(v).dtype for v, kind in zip(items, kinds, strict=True) if kind not in (int, float)}
        if all(kind or (is_array(v) and as_array(v).rank == 0) for v, kind in zip(items, kinds, strict=True)):
            also = tuple(k for k in (int, float) if k in others)
            boxed = None if any(is_array(v) and as_array(v).boxed is not False for v in items) else False
            dtype = dtypes.pop() if len(dtypes) == 1 else None
            if float in also and dtype is not None and dtype.kind in "biu":  # which has a derivative where it is the float
                dtype = None
            return Array(dtype, (), boxed, also)
        return UNKNOWN

    return rule


result_type(max)(_choice_type(max))
result_type(min)(_choice_type(min))
facts(max, min, cheap=lambda *args: all(isinstance(a, Scalar) or constant(a) for a in args))


def _total_memory(iterable, start=0):
    """Of what is empty the sum is the start itself."""
    return "fresh" if isinstance(start, (int, float, complex, Scalar)) else "either"


facts(sum, memory=_total_memory, linear="together")


@result_type(sum)
def total_type(iterable, start=0):
    if foldable(iterable) and foldable(start):
        value = evaluated(sum, iterable, start)
        if value is not None:
            return value
    add = type_rule(operator.add)
    if is_array(iterable):
        array = as_array(iterable)
        return UNKNOWN if not array.shape else ufunc_type(np.add, start, Array(array.dtype, array.shape[1:]))
    items = sequence_items(iterable)
    if items is None:
        return UNKNOWN
    out = start
    for item in items:
        out = add(_plain(out), _plain(item))
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Conversions of numbers
# ---------------------------------------------------------------------------------------------------------------------


@adjoint(float)
def to_float(y, x=0.0, *, y_bar):
    if np.ndim(x) == 0:
        return y_bar
    return np.reshape(y_bar, np.shape(x))


@adjoint(complex)
def to_complex(y, real=0.0, imag=0.0, *, y_bar):
    """z = x + i y pairs linearly with its adjoint; where a part is real, so is its adjoint."""
    of_imag = 1j * y_bar
    return y_bar if np.iscomplexobj(real) else np.real(y_bar), of_imag if np.iscomplexobj(imag) else np.real(of_imag)


def _converted(function, kind):
    def rule(*args):
        if all(type(a) in (bool, int, float, complex, str) for a in args):
            value = evaluated(function, *args)
            if value is not None:
                return value
        size = size_of_number(args[0]) if args and kind is int else None
        return Scalar(kind, size)

    return rule


result_type(float)(_converted(float, float))
result_type(int)(_converted(int, int))
result_type(complex)(_converted(complex, complex))


@result_type(round)
def round_type(number, ndigits=None):
    if foldable(number) and foldable(ndigits):
        value = evaluated(round, number, ndigits)
        if value is not None:
            return value
    kind = kind_of_number(number)
    if isinstance(number, Unknown) or not constant(ndigits) or (kind is None and as_array(number).rank != 0):
        return UNKNOWN
    if ndigits is None:
        return Scalar(int)
    return Scalar(join_kinds(kind)) if kind else Array(as_array(number).dtype, ())


@adjoint(divmod, kind="elementwise", real_only=True)
def divmod_adjoint(y, x1, x2, y_bar):
    return unbroadcast(y_bar[1], x1), unbroadcast(-y_bar[1] * y[0], x2)


@result_type(divmod)
def divmod_type(x1, x2):
    return type_rule(operator.floordiv)(x1, x2), type_rule(operator.mod)(x1, x2)


# ---------------------------------------------------------------------------------------------------------------------
# Containers
# ---------------------------------------------------------------------------------------------------------------------


@adjoint(tuple)
def to_tuple(y, iterable=(), *, y_bar):
    if isinstance(iterable, np.ndarray):
        return np.stack(y_bar)
    if isinstance(iterable, list):
        return list(y_bar)
    return y_bar


@adjoint(list)
def to_list(y, iterable=(), *, y_bar):
    if isinstance(iterable, np.ndarray):
        return np.stack(y_bar)
    if isinstance(iterable, tuple):
        return tuple(y_bar)
    return y_bar


@tangent(tuple)
def to_tuple_tangent(y, iterable=(), iterable_dot=None):
    """The tangents of the items; the transpose of the adjoint rule gives them as an array."""
    return tuple(iterable_dot)


@tangent(list)
def to_list_tangent(y, iterable=(), iterable_dot=None):
    """The tangents of the items; the transpose of the adjoint rule gives them as an array."""
    return list(iterable_dot)


def _entries(iterable):
    """What iteration gives, as a tuple; None if it is not known."""
    items = sequence_items(iterable)
    if items is not None:
        return items
    if isinstance(iterable, Dict):
        return iterable.keys
    if isinstance(iterable, (range, str, dict)) and len(iterable) <= 64:
        return tuple(iterable)
    if isinstance(iterable, Array) and iterable.shape and type(iterable.shape[0]) is int and iterable.shape[0] <= 64:
        return (Array(iterable.dtype, iterable.shape[1:]),) * iterable.shape[0]
    return None


@result_type(tuple)
def tuple_type(iterable=()):
    items = _entries(iterable)
    return UNKNOWN if items is None else items


@result_type(list)
def list_type(iterable=()):
    items = _entries(iterable)
    return UNKNOWN if items is None else List(tuple(v if not constant(v) else Const(v) for v in items))


@result_type(range)
def range_type(*args):
    return range(*args) if all(type(a) is int for a in args) else UNKNOWN


@result_type(sorted)
def sorted_type(iterable, *, key=None, reverse=False):
    if foldable(iterable) and key is None and constant(reverse):
        value = evaluated(lambda: sorted(iterable, reverse=reverse))
        if value is not None:
            return value
    return UNKNOWN


facts(len, cheap=True, form_of=0, arrays=(0,))


@result_type(len)
def len_type(obj):
    if isinstance(obj, (Tuple, List)):
        return len(obj.items)
    if isinstance(obj, Dict):
        return len(obj.keys)
    if foldable(obj):
        value = evaluated(len, obj)
        return Scalar(int) if value is None else value
    shape = as_array(obj).shape if is_array(obj) else None
    if not shape:
        return Scalar(int)
    return shape[0] if type(shape[0]) is int else Scalar(int, shape[0])


def _quantifier_type(function):
    def rule(iterable):
        items = sequence_items(iterable)
        if items is None:
            return Scalar(bool)
        answers = [truth(_plain(v)) for v in items]
        if all(answer is not None for answer in answers):
            return function(answers)
        decisive = function is any
        return decisive if decisive in answers else Scalar(bool)

    return rule


result_type(any)(_quantifier_type(any))
result_type(all)(_quantifier_type(all))


# ---------------------------------------------------------------------------------------------------------------------
# Questions about a value
# ---------------------------------------------------------------------------------------------------------------------


def _is_instance(x, classes):
    """Whether `x` is an instance of `classes`; None if it is open."""
    if foldable(x):
        return evaluated(isinstance, x, classes)
    if isinstance(x, Scalar):
        return evaluated(issubclass, x.kind, classes)
    for abstract, kind in ((Tuple, tuple), ((List, ListOf), list), ((Dict, DictOf), dict)):
        if isinstance(x, abstract):
            # a subclass, such as a named tuple, may be an instance of more
            return True if evaluated(issubclass, kind, classes) else _unlike(classes, kind)
    if isinstance(x, Array) and (x.shape or x.boxed):
        return True if evaluated(issubclass, np.ndarray, classes) else _unlike(classes, np.ndarray)
    if isinstance(x, Array):
        scalar = _unlike(classes, np.generic) if x.dtype is None else _not(evaluated(issubclass, x.dtype.type, classes))
        return False if scalar is False and _unlike(classes, np.ndarray) is False else None
    return None


def _not(answer):
    return False if answer is False else None


_PLAIN = (bool, int, float, complex, str, bytes, bytearray, tuple, list, dict, set, type(None), np.ndarray)
_NUMBERS = tuple(dict.fromkeys(np.sctypeDict.values()))


def _unlike(classes, kind):
    """False if no instance of `kind`, or of a class of NumPy's under it, is one of `classes`; None if it is open."""
    parts = classes if isinstance(classes, tuple) else (classes,)
    if not all(part in _PLAIN or (isinstance(part, type) and _asks_the_class(part)) for part in parts):
        return None
    kinds = _NUMBERS if kind is np.generic else (kind, np.memmap) if kind is np.ndarray else (kind,)
    return None if any(issubclass(part, kind) or any(issubclass(k, part) for k in kinds) for part in parts) else False


def _asks_the_class(cls):
    """Whether an object is an instance of `cls` if its class is a subclass, as it is unless a metaclass says otherwise."""
    return type(cls).__instancecheck__ in (type.__instancecheck__, ABCMeta.__instancecheck__)


@result_type(isinstance)
def isinstance_type(obj, class_or_tuple):
    if not constant(class_or_tuple):
        return Scalar(bool)
    outcome = _is_instance(obj, class_or_tuple)
    return Scalar(bool) if outcome is None else outcome


@result_type(type)
def type_type(obj):
    if isinstance(obj, Scalar):
        return obj.kind
    return type(obj) if foldable(obj) else UNKNOWN


@result_type(callable)
def callable_type(obj):
    return callable(obj) if constant(obj) else Scalar(bool)


def _text_type(function):
    return lambda obj="": function(obj) if type(obj) in (bool, int, float, complex, str, type(None)) else UNKNOWN


result_type(str)(_text_type(str))
result_type(repr)(_text_type(repr))

nondifferentiable(int, bool, round, len, range, isinstance, type, callable, str, repr, any, all)
memory("fresh", str, repr)
facts(str, repr, format, text=True)
nondifferentiable(bisect_left, bisect_right)
result_type(bisect_left, bisect_right)(lambda a, x, lo=0, hi=None, *, key=None: Scalar(int))
