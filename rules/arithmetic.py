"""Rules of arithmetic: Python's operators, and the ufuncs that spell them.

Takes nothing; registers adjoint and type rules of the module `operator`, of NumPy's element-wise arithmetic, comparison and
rounding, and of the functions of `sct.runtime`. Indexing and matrix products have files of their own.
"""

import functools
import math
import operator

import numpy as np

from sct.ir.ops import BINARY, UNPACK, Method
from sct.ir.shapes import as_array, as_shape, broadcast, constant, fresh_size, normalize_axes, promote
from sct.ir.types import (
    UNKNOWN,
    Array,
    Const,
    Dict,
    List,
    Scalar,
    Tuple,
    Unknown,
    broadcast_shapes,
    is_unit,
    is_worked_out,
    size_add,
    size_mul,
    size_opaque,
)
from sct.registry.conventions import convention
from sct.registry.facts import facts, memory
from sct.registry.methods import attribute, method
from sct.registry.rules import adjoint, adjoint_of_square, divides_safely, elementwise, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import (
    as_augmented,
    as_number,
    as_taken,
    broadcast_axes,
    cast_like,
    cast_to,
    keep_reduced_axes,
    part,
    quotient,
    scatter_add,
    unbroadcast,
    unbroadcast_to,
)
from sct.runtime import power as runtime_power

# ---------------------------------------------------------------------------------------------------------------------
# Types of Python's operators
# ---------------------------------------------------------------------------------------------------------------------

_NUMBERS = (bool, int, float, complex)
_FOLDED = (*_NUMBERS, str, bytes, tuple, list, range, slice, dict, type(None), type(Ellipsis), type, np.dtype)
_LONGEST = 4096  # no constant longer than this is made at compile time


def foldable(value):
    """Whether a constant may be computed with at compile time: a Python number, string or container, a type, None."""
    return constant(value) and (isinstance(value, _FOLDED) or callable(value)) and not isinstance(value, np.generic)


def kind_of_number(value):
    """The Python type of a number, known or abstract; None if `value` is not a Python number."""
    if isinstance(value, Scalar):
        return value.kind
    return type(value) if type(value) in _NUMBERS else None


def size_of_number(value):
    """The symbolic value of an int; None if it is not known."""
    if isinstance(value, Scalar):
        return value.size
    return int(value) if type(value) in (bool, int) else None


def join_kinds(*kinds):
    """The kind of a sum of Python numbers."""
    return max((int, *kinds), key=_NUMBERS.index)


def ufunc_type(ufunc, *args):
    """The type of an element-wise expression, by NumPy's promotion; Python numbers are weak."""
    dtypes, shapes = [], []
    for a in args:
        kind = kind_of_number(a)
        array = None if kind in (int, float, complex) else as_array(a)
        dtypes.append(kind if array is None else array.dtype)
        shapes.append(() if array is None else array.shape)
    known = all(d is not None for d in dtypes)
    return Array(_resolved(ufunc, *dtypes) if known else None, broadcast_shapes(shapes))


@functools.lru_cache(1024, typed=True)  # np.dtype(float) == float
def _resolved(ufunc, *dtypes):
    """The dtype of a ufunc's last result; None if it has none for these."""
    try:
        return ufunc.resolve_dtypes((*dtypes, *[None] * ufunc.nout))[-1]
    except TypeError:
        return None


def sequence_items(value):
    """The entries of a tuple or list, known or abstract; None for anything else."""
    if isinstance(value, (Tuple, List)):
        return tuple(value.items)
    return tuple(value) if isinstance(value, (tuple, list)) else None


def is_array(value):
    """Whether a value is known to be an array or a NumPy scalar."""
    return isinstance(value, (Array, np.ndarray, np.generic))


def is_ndarray(x, *args, **kwargs):
    """Whether the first argument of a call is known to be an ndarray, and no number, at rank 0 too."""
    return isinstance(x, Array) and x.is_ndarray


def evaluated(function, *args):
    """`function(*args)` for known arguments; None if that raises: the call then stays for run time."""
    try:
        return function(*args)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError):
        return None


def _same_kind(a, b):
    """Whether two sequences are both tuples or both lists."""
    return isinstance(a, (Tuple, tuple)) == isinstance(b, (Tuple, tuple))


def _sequence_type(function, a, b):
    first, second = sequence_items(a), sequence_items(b)
    if function is operator.add and first is not None and second is not None and _same_kind(a, b):
        items = first + second
        return items if isinstance(a, (Tuple, tuple)) else list(items)
    if function is operator.mul:
        if first is None:
            a, b, first = b, a, second
        if first is not None and type(b) is int and len(first) * b <= _LONGEST:
            return first * b if isinstance(a, (Tuple, tuple)) else list(first * b)
    return UNKNOWN


def _too_large(function, a, b):
    if function is operator.pow:
        return abs(a) > 1 and abs(b) > _LONGEST
    if function is operator.lshift:
        return b > _LONGEST
    if (function is operator.mul and isinstance(a, (str, bytes))) or isinstance(b, (str, bytes)):
        return (isinstance(a, int) and a > _LONGEST) or (isinstance(b, int) and b > _LONGEST)
    return False


_SIZES = {
    operator.add: size_add,
    operator.sub: lambda a, b: size_add(a, b, -1),
    operator.mul: size_mul,
    operator.floordiv: lambda a, b: size_opaque("floordiv", a, b),
    operator.mod: lambda a, b: size_opaque("mod", a, b),
}

_BINARY = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.true_divide,
    operator.floordiv: np.floor_divide,
    operator.mod: np.remainder,
    operator.pow: np.power,
    operator.and_: np.bitwise_and,
    operator.or_: np.bitwise_or,
    operator.xor: np.bitwise_xor,
    operator.lshift: np.left_shift,
    operator.rshift: np.right_shift,
}
_BITWISE = (operator.and_, operator.or_, operator.xor)


def _number_type(function, a, b):
    kinds = kind_of_number(a), kind_of_number(b)
    if function is operator.truediv:
        return Scalar(join_kinds(float, *kinds))
    if function in _BITWISE and kinds == (bool, bool):
        return Scalar(bool)
    kind = join_kinds(*kinds)
    if kind is int and function in _SIZES:
        first, second = size_of_number(a), size_of_number(b)
        if first is not None and second is not None:
            return Scalar(int, _SIZES[function](first, second))
    # int ** int is a float where the exponent is negative; it has no derivative either way, and as a factor it is as weak
    return Scalar(float if kind is int and function is operator.pow and type(b) is int and b < 0 else kind)


def _binary_type(function, ufunc):
    def rule(a, b):
        if is_array(a) or is_array(b):
            if isinstance(a, Unknown) or isinstance(b, Unknown):
                return UNKNOWN
            found = ufunc_type(ufunc, a, b)
            flags = function is operator.pow and is_array(a) and as_array(a).dtype == bool
            return Array(None, found.shape) if flags else found  # flags ** 2 are squared, others to a power: of other dtypes
        if foldable(a) and foldable(b) and not evaluated(_too_large, function, a, b):
            value = evaluated(function, a, b)
            if value is not None:
                return value
        if kind_of_number(a) and kind_of_number(b):
            return _number_type(function, a, b)
        return _sequence_type(function, a, b)

    return rule


for _function, _ufunc in _BINARY.items():
    result_type(_function)(_binary_type(_function, _ufunc))
    facts(_function, ufunc=_ufunc)


def power_type(base, exponent, mod=None):
    """The type of the built-in `pow`."""
    return _binary_type(operator.pow, np.power)(base, exponent) if mod is None else Scalar(int)


def _order(function, a, b):
    """The outcome of comparing two ints with known symbolic values; None if it is open."""
    difference = size_add(a, b, -1)
    if isinstance(difference, int):
        return function(difference, 0)
    if function in (operator.eq, operator.ne) and ((a == 1 and is_unit(b) is False) or (b == 1 and is_unit(a) is False)):
        return function is operator.ne
    return None


def _equal_sequences(a, b):
    """Whether two sequences of values are equal; None if it is open."""
    if len(a) != len(b):
        return False
    answers = [_compare(operator.eq, _plain(x), _plain(y)) for x, y in zip(a, b, strict=True)]
    if any(answer is False for answer in answers):
        return False
    return True if all(answer is True for answer in answers) else None


def _plain(value):
    return value.value if isinstance(value, Const) else value


def _compare(function, a, b):
    """The type of a comparison, or its outcome where it is known."""
    if foldable(a) and foldable(b):
        value = evaluated(function, a, b)
        if value is not None:
            return value
    sizes = size_of_number(a), size_of_number(b)
    if sizes[0] is not None and sizes[1] is not None:
        outcome = _order(function, *sizes)
        return Scalar(bool) if outcome is None else outcome
    if kind_of_number(a) and kind_of_number(b):
        return Scalar(bool)
    if is_array(a) or is_array(b):
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return UNKNOWN
        if any(constant(v) and not isinstance(v, (*_NUMBERS, tuple, list, np.ndarray, np.generic)) for v in (a, b)):
            return UNKNOWN
        return Array(np.dtype(bool), broadcast(a, b))
    first, second = sequence_items(a), sequence_items(b)
    if first is not None and second is not None and function in (operator.eq, operator.ne) and _same_kind(a, b):
        outcome = _equal_sequences(first, second)
        return Scalar(bool) if outcome is None else outcome == (function is operator.eq)
    return UNKNOWN


def _comparison_type(function):
    return lambda a, b: _compare(function, a, b)


for _function in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
    result_type(_function)(_comparison_type(_function))
    facts(_function, kind="comparison", cheap=True)


def _identity(a, b):
    """Whether `a is b`; None if it is open."""
    if constant(a) and constant(b):
        singletons = (type(None), bool, type(Ellipsis), type(NotImplemented), type)
        if a is b and (isinstance(a, singletons) or callable(a)):
            return True
        return False if isinstance(a, singletons) or isinstance(b, singletons) or type(a) is not type(b) else None
    for one, other in ((a, b), (b, a)):
        if constant(one) and isinstance(other, (Array, Tuple, List, Dict, Scalar)):
            if one is None or one is Ellipsis or isinstance(one, type) or callable(one):
                return False
            if isinstance(one, bool) and isinstance(other, (Array, Tuple, List, Dict)):
                return False
    return None


@result_type(operator.is_)
def is_type(a, b):
    outcome = _identity(a, b)
    return Scalar(bool) if outcome is None else outcome


@result_type(operator.is_not)
def is_not_type(a, b):
    outcome = _identity(a, b)
    return Scalar(bool) if outcome is None else not outcome


def truth(value):
    """The truth value of a value; None if it is open."""
    if foldable(value):
        return bool(value)
    if isinstance(value, (Tuple, List)):
        return len(value.items) > 0
    if isinstance(value, Dict):
        return len(value.keys) > 0
    if isinstance(value, Scalar) and isinstance(value.size, int):
        return value.size != 0
    return None


@result_type(operator.truth, bool)
def truth_type(x=False):
    outcome = truth(x)
    return Scalar(bool) if outcome is None else outcome


@result_type(operator.not_)
def not_type(a):
    outcome = truth(a)
    return Scalar(bool) if outcome is None else not outcome


@result_type(operator.contains)
def contains_type(a, b):
    if isinstance(a, Dict) and foldable(b):
        return b in a.keys
    if foldable(a) and foldable(b):
        value = evaluated(operator.contains, a, b)
        if value is not None:
            return value
    items = sequence_items(a)
    if items is not None and not is_array(b):
        answers = [_compare(operator.eq, _plain(item), b) for item in items]
        if any(answer is True for answer in answers):
            return True
        if all(answer is False for answer in answers):
            return False
    return Scalar(bool)


def _unary_type(function, ufunc):
    def rule(a):
        if foldable(a):
            value = evaluated(function, a)
            if value is not None:
                return value
        kind = kind_of_number(a)
        if kind:
            size = size_of_number(a)
            if size is not None and function in (operator.neg, operator.pos):
                return Scalar(int, size_mul(size, -1) if function is operator.neg else size)
            return Scalar(join_kinds(kind))
        return ufunc_type(ufunc, a) if is_array(a) else UNKNOWN

    return rule


for _function, _ufunc in ((operator.neg, np.negative), (operator.pos, np.positive), (operator.invert, np.invert)):
    result_type(_function)(_unary_type(_function, _ufunc))
    facts(_function, ufunc=_ufunc)


@result_type(operator.abs, abs)
def abs_type(x):
    if type(x) in _NUMBERS:
        return abs(x)
    kind = kind_of_number(x)
    if kind:
        return Scalar(float if kind is complex else join_kinds(kind))
    return ufunc_type(np.absolute, x) if is_array(x) else UNKNOWN


@result_type(operator.index)
def index_type(a):
    size = size_of_number(a)
    return a if type(a) is int else Scalar(int, size)


# ---------------------------------------------------------------------------------------------------------------------
# What sct.runtime offers
# ---------------------------------------------------------------------------------------------------------------------


@result_type(broadcast_axes)
def broadcast_axes_type(g, x):
    """Known if each axis of `x` is a unit axis or is not, or is as long as the axis of `g`.

    `g` has the shape of a broadcast result, so a non-unit axis of `x` needs no sum; and to sum an axis of `g` that
    happens to have length 1 does no harm.
    """
    gshape, shape = as_array(g).shape, as_array(x).shape
    if gshape is None or shape is None or len(shape) > len(gshape):
        return UNKNOWN
    lead = len(gshape) - len(shape)
    axes = list(range(lead))
    for i, size in enumerate(shape):
        gsize = gshape[lead + i]
        if size == gsize or is_unit(size) is False:
            continue
        if not is_unit(size):
            return UNKNOWN
        axes.append(lead + i)
    return tuple(axes)


@result_type(unbroadcast)
def unbroadcast_type(g, x):
    if broadcast_axes_type(g, x) == ():
        return g
    dtype = as_array(g).dtype
    return Array(None if dtype is None else sum_dtype(dtype), as_array(x).shape)


def sum_dtype(dtype):
    """The dtype of `np.sum` of an array of `dtype`: bool and short integers become the platform's integer."""
    if dtype.kind in "biu":
        return np.sum(np.zeros(0, dtype)).dtype
    return dtype


@result_type(keep_reduced_axes)
def keep_reduced_axes_type(y, a, axis, keepdims):
    if keepdims is True or axis is None:
        return y
    out = as_array(y)
    shape = as_array(a).shape
    if shape == ():
        return y
    if keepdims is not False or not constant(axis) or shape is None or out.shape is None:
        return Array(out.dtype, None)
    axes = normalize_axes(axis, len(shape))
    if axes is None:
        return Array(out.dtype, None)
    if isinstance(axis, tuple) and len(axis) == len(shape):
        return y
    kept = list(out.shape)
    for i in axes:
        kept.insert(i, 1)
    return Array(out.dtype, tuple(kept))


@result_type(cast_like)
def cast_like_type(g, x):
    if kind_of_number(g):
        if kind_of_number(g) is complex and kind_of_number(x) is not complex and as_array(x).dtype is not None:
            return Scalar(float) if as_array(x).dtype.kind != "c" else g
        return g if kind_of_number(g) is not complex else UNKNOWN if as_array(x).dtype is None else g
    if not is_array(g):
        return UNKNOWN
    return Array(as_array(x).dtype, as_array(g).shape)


@adjoint(as_augmented)
def as_augmented_adjoint(y, new, old, y_bar):
    """The value is that of `new`; of `old` only the dtype counts, so its adjoint is 0."""
    return y_bar, np.zeros_like(old)


facts(as_augmented, memory="fresh")


@result_type(as_augmented)
def as_augmented_type(new, old):
    if not is_array(new) or (as_array(old).dtype is not None and as_array(old).dtype == as_array(new).dtype):
        return new
    return Array(None, as_array(new).shape, boxed=None)


@adjoint(unbroadcast, kind="reduction")
def unbroadcast_adjoint(y, g, x, y_bar):
    """Summing over axes: the adjoint is repeated along them. Of `x` only the shape matters, so its adjoint is 0, not None."""
    if len(broadcast_axes(g, x)) == 0:
        return y_bar, np.zeros_like(x)
    return np.broadcast_to(y_bar, np.shape(g)), np.zeros_like(x)


@adjoint(unbroadcast_to, kind="reduction")
def unbroadcast_to_adjoint(y, g, shape, y_bar):
    return np.broadcast_to(y_bar, np.shape(g)), None


@result_type(unbroadcast_to)
def unbroadcast_to_type(g, shape):
    dtype = as_array(g).dtype
    return Array(None if dtype is None else sum_dtype(dtype), as_shape(shape))


@adjoint(keep_reduced_axes, kind="view")
def keep_reduced_axes_adjoint(z, y, a, axis, keepdims, z_bar):
    if keepdims:
        return z_bar, np.zeros_like(a), None, None
    if axis is None:
        return z_bar, np.zeros_like(a), None, None
    return np.reshape(z_bar, np.shape(y)), np.zeros_like(a), None, None


facts(scatter_add, memory="fresh", in_place=True, index=1)


@adjoint(scatter_add)
def scatter_add_adjoint(y, x_bar, path, v, y_bar):
    if np.ndim(y_bar) == 0 and np.ndim(v) == 0:
        return y_bar, None, y_bar
    part_bar = part(np.asarray(y_bar), path)  # of rank 0 it may be a number
    return y_bar, None, in_shape(unbroadcast(part_bar, v), v)


def in_shape(value_bar, value):
    """An adjoint, which must have the shape of what was written: if it has not, NumPy refuses the write too."""
    if must_fit(value_bar, value):
        return value_bar
    if np.ndim(value_bar) == np.ndim(value) and np.shape(value_bar) != np.shape(value):
        raise ValueError("what is written does not fit")
    return value_bar if np.ndim(value_bar) == np.ndim(value) else np.reshape(value_bar, np.shape(value))


@nondifferentiable
def must_fit(value_bar, value):
    """Whether two shapes are equal, or are compared where that is not sure, or cannot be compared before the program runs."""
    return np.shape(value_bar) == np.shape(value)


@result_type(must_fit)
def must_fit_type(value_bar, value):
    a, b = as_array(value_bar).shape, as_array(value).shape
    if a is None or b is None or len(b) == 0:
        return True
    return len(a) == len(b) and all(n == m or (is_worked_out(n) and is_worked_out(m)) for n, m in zip(a, b, strict=True))


facts(in_shape, fits=1)
facts(unbroadcast, cast_like, form_of=1)
facts(unbroadcast, keep_reduced_axes, inlined=True)


@adjoint(cast_like, kind="elementwise")
def cast_like_adjoint(y, g, x, y_bar):
    return cast_like(y_bar, g), np.zeros_like(x)


@result_type(cast_to)
def cast_to_type(g, dtype):
    return cast_like_type(g, Array(np.dtype(dtype), ()))


@result_type(as_taken)
def as_taken_type(x):
    return UNKNOWN if isinstance(x, Unknown) else x


@adjoint(as_taken, kind="elementwise")
def as_taken_adjoint(y, x, y_bar):
    return y_bar


@adjoint(cast_to, kind="elementwise")
def cast_to_adjoint(y, g, y_bar, dtype):
    return cast_like(y_bar, g)


nondifferentiable(broadcast_axes)
facts(broadcast_axes, memory="fresh")


# ---------------------------------------------------------------------------------------------------------------------
# Adjoints of the four operations
# ---------------------------------------------------------------------------------------------------------------------

for _function in (operator.add, np.add):
    elementwise(_function, "d", "d")
    facts(_function, linear="together", cheap=True)
for _function in (operator.sub, np.subtract):
    elementwise(_function, "d", "-d")
    facts(_function, linear="together", cheap=True)
facts(operator.add, operator.sub, operator.mul, operator.truediv, in_place=True)
for _function in (operator.mul, np.multiply):
    elementwise(_function, "d * x2", "d * x1")
    facts(_function, linear="each", cheap=True)
for _function in (operator.truediv, np.true_divide):
    elementwise(_function, "d / x2", "-(d / x2) * y")
    facts(_function, linear="first", cheap=True)
elementwise(quotient, "d / x2", "-(d / x2) * y")
result_type(quotient)(_binary_type(operator.truediv, np.true_divide))
facts(operator.truediv, total=quotient)
facts(operator.floordiv, total=np.floor_divide)
divides_safely(operator.truediv, operator.mod)  # they divide by the same number
divides_safely(abs, operator.abs)  # by y + (y == 0)
for _function in (operator.neg, np.negative):
    elementwise(_function, "-d")
    facts(_function, linear="together", cheap=True)
for _function in (operator.pos, np.positive):
    elementwise(_function, "d")
    facts(_function, linear="together")
facts(operator.pos, operator.mod, operator.floordiv, np.square, cheap=True)
elementwise(operator.mod, "d", "-d * (x1 // x2)", real_only=True)
elementwise(np.remainder, "d", "-d * (x1 // x2)", real_only=True)
elementwise(np.fmod, "d", "-d * np.trunc(x1 / x2)", real_only=True)
elementwise(np.square, "2.0 * d * x")
facts(np.square, squares=lambda x: True)
elementwise(np.reciprocal, "-d * y * y")
elementwise(np.ldexp, "np.ldexp(d, x2)", None)

nondifferentiable(operator.floordiv, np.floor_divide)


@nondifferentiable
def is_literal(x):
    """Whether `x` is a number written in the program, which has no derivative and allows a short form.

    Only the compiler knows, by the type rule; at run time the general form is right for every number.
    """
    return False


@result_type(is_literal)
def is_literal_type(x):
    return constant(x) and isinstance(x, (int, float))


def power_adjoint(y, x1, x2, y_bar):
    """y = x₁ ** x₂:  x̄₁ = ȳ x₂ x₁ ** (x₂ − 1),  x̄₂ = ȳ y log x₁; both right at x₁ = 0, where x̄₂ is 0."""
    if is_literal(x2):
        if x2 == 0:
            x1_bar = np.zeros_like(x1)
        elif x2 == 1:
            x1_bar = unbroadcast(y_bar, x1)
        elif x2 == 2:
            x1_bar = unbroadcast(2.0 * y_bar * x1, x1)
        elif x2 == 0.5:
            x1_bar = unbroadcast(0.5 * y_bar / y, x1)
        elif x2 == -1:
            x1_bar = unbroadcast(-y_bar * y * y, x1)
        else:
            x1_bar = unbroadcast(x2 * y_bar * x1 ** (x2 - 1), x1)
    else:
        if np.asarray(x2).dtype.kind in "fc":  # it may be differentiated by: where x₂ = 0, ∂x̄₁/∂x₂ is ȳ / x₁
            x1_bar = unbroadcast(x2 * y_bar * (x1 + (x1 == 0) * (x2 == 0)) ** (x2 - 1), x1)
        else:
            narrow = np.asarray(x2).dtype in (np.int8, np.int16)  # where one less than the least would be the greatest
            below = np.subtract(x2, x2 != 0, dtype=np.int64) if narrow else as_number(x2) - (x2 != 0)
            x1_bar = unbroadcast(x2 * y_bar * x1**below, x1)
    if isinstance(x2, int):
        return x1_bar, None
    if is_literal(x1) and x1 > 0:
        return None, unbroadcast(math.log(x1) * y_bar * y, x2)
    return x1_bar, unbroadcast(y_bar * y * np.log(x1 + (x1 == 0)), x2)


@adjoint(operator.pow, kind="elementwise")
def operator_pow(y, x1, x2, y_bar):
    return power_adjoint(y, x1, x2, y_bar)


@adjoint(runtime_power, kind="elementwise")
def runtime_power_adjoint(y, a, b, y_bar):
    return power_adjoint(y, a, b, y_bar)


result_type(runtime_power)(_binary_type(operator.pow, np.power))
facts(operator.pow, total=runtime_power)


@adjoint(pow, kind="elementwise")
def builtin_pow(y, base, exp, y_bar):
    return power_adjoint(y, base, exp, y_bar)


@adjoint(np.power, kind="elementwise")
def power(y, x1, x2, y_bar, out=None, dtype=None):
    return power_adjoint(y, x1, x2, y_bar)


@adjoint(np.float_power, kind="elementwise")
def float_power(y, x1, x2, y_bar, out=None, dtype=None):
    return power_adjoint(y, x1, x2, y_bar)


result_type(pow)(power_type)


def is_negative_power(x1, x2, mod=None):
    """Of powers of numbers: whether the exponent is written and negative, for which Python itself raises at 0."""
    return type(x2) in (int, float) and x2 < 0


divides_safely(operator.pow, pow, where=is_negative_power)


def is_square(x1, x2):
    """Of powers: whether the exponent is the number 2."""
    return isinstance(x2, (int, float, np.number)) and bool(x2 == 2)


facts(operator.pow, pow, math.pow, np.power, np.float_power, squares=is_square)
facts(operator.pow, cheap=is_square)  # a product
memory("fresh", pow)

# ---------------------------------------------------------------------------------------------------------------------
# Absolute value, sign, the larger and the smaller
# ---------------------------------------------------------------------------------------------------------------------

# sign(z) = z / |z| has a derivative where z is complex, hence the quotient there
_ABS = "d * np.conj(x) / (y + (y == 0)) if np.iscomplexobj(x) else d * np.sign(as_number(x))"
for _function in (abs, operator.abs, np.absolute):
    elementwise(_function, _ABS)
memory("fresh", abs)
elementwise(np.fabs, "d * np.sign(as_number(x))")


convention("0 at 0", abs, operator.abs, np.absolute, np.fabs)
convention("shared evenly at ties", np.maximum, np.minimum, np.fmax, np.fmin)
convention("shared evenly with the bound that it is at", np.clip)
convention("0 at 0", np.sign)
convention(
    "at 0 right for the powers 0, 1, 2, …; the adjoint of the power is 0 there", np.power, operator.pow, pow, np.float_power
)


@adjoint_of_square(abs, operator.abs, np.absolute, np.fabs)
def square_of_absolute(y, x, y_bar):
    """y = x x*:  x̄ = 2 ȳ x*."""
    return 2.0 * y_bar * np.conj(x) if np.iscomplexobj(x) else 2.0 * y_bar * x


elementwise(np.sign, None, real_only=True)
elementwise(np.copysign, "d * np.sign(as_number(x1)) * np.copysign(1.0, x2)", None)
elementwise(np.heaviside, None, "d * (x1 == 0)")


@nondifferentiable
def is_finite_literal(x):
    """Whether `x` is a finite number written in the program."""
    return False


@result_type(is_finite_literal)
def is_finite_literal_type(x):
    return is_literal_type(x) and math.isfinite(x)


def difference(x, number):
    """`x` less a number written in the program."""
    if number == 0:
        return as_number(x)
    return x - number if number > 0 else x + -number


def shares_of_result(y, x1, x2, y_bar):
    """The adjoints of two operands, of which one is the result; where both are, they share it evenly."""
    equal = 0.5 * np.equal(x1, x2)
    first, second = np.equal(y, x1), np.equal(y, x2)
    return unbroadcast(y_bar * ((first & ~second) + equal), x1), unbroadcast(y_bar * ((second & ~first) + equal), x2)


@adjoint(np.maximum, kind="elementwise")
def maximum(y, x1, x2, y_bar, out=None, dtype=None):
    """Equal operands share the adjoint evenly.

    (1 + sign) / 2 is 0, 1/2 or 1, and takes half the time of products with two comparisons, but has nan at inf − inf.
    """
    if np.iscomplexobj(y):
        return shares_of_result(y, x1, x2, y_bar)
    if is_finite_literal(x2):
        return unbroadcast(y_bar * (0.5 + 0.5 * np.sign(difference(x1, x2))), x1), None
    if is_finite_literal(x1):
        return None, unbroadcast(y_bar * (0.5 + 0.5 * np.sign(difference(x2, x1))), x2)
    share = 0.5 * (x1 > x2) + 0.5 * (x1 >= x2)
    return unbroadcast(y_bar * share, x1), unbroadcast(y_bar * (1.0 - share), x2)


@adjoint(np.minimum, kind="elementwise")
def minimum(y, x1, x2, y_bar, out=None, dtype=None):
    """Equal operands share the adjoint evenly."""
    if np.iscomplexobj(y):
        return shares_of_result(y, x1, x2, y_bar)
    if is_finite_literal(x2):
        return unbroadcast(y_bar * (0.5 - 0.5 * np.sign(difference(x1, x2))), x1), None
    if is_finite_literal(x1):
        return None, unbroadcast(y_bar * (0.5 - 0.5 * np.sign(difference(x2, x1))), x2)
    share = 0.5 * (x1 < x2) + 0.5 * (x1 <= x2)
    return unbroadcast(y_bar * share, x1), unbroadcast(y_bar * (1.0 - share), x2)


# fmax and fmin prefer a number to nan, so the result tells which operand was taken
_FIRST, _SECOND = "d * (((y == x1) & (y != x2)) + 0.5 * (x1 == x2))", "d * (((y == x2) & (y != x1)) + 0.5 * (x1 == x2))"
elementwise(np.fmax, _FIRST, _SECOND)
elementwise(np.fmin, _FIRST, _SECOND)


@adjoint(np.clip, kind="elementwise")
def clip(y, a, a_min=None, a_max=None, out=None, *, min=None, max=None, y_bar):
    """An entry equal to a bound shares its adjoint with the bound evenly; a bound takes it where it is the result."""
    low = a_min if min is None else min
    high = a_max if max is None else max
    if np.iscomplexobj(y):  # numbers of Python are not compared
        a, low, high = np.asarray(a), None if low is None else np.asarray(low), None if high is None else np.asarray(high)
    elif is_finite_literal(low) and is_finite_literal(high) and low < high:
        a_bar = y_bar * (0.5 * (np.sign(difference(a, low)) - np.sign(difference(a, high))))
        return unbroadcast(a_bar, a), None, None, None, None, None
    a_bar = y_bar
    low_bar = None
    high_bar = None
    if low is not None:
        a_bar = a_bar * (0.5 * (a > low) + 0.5 * (a >= low))
    if high is not None:
        a_bar = a_bar * (0.5 * (a < high) + 0.5 * (a <= high))
    if low is not None:
        low_bar = y_bar * (0.5 * (a < low) + 0.5 * (a <= low))
        if high is not None:
            low_bar = low_bar * (low < high)
        low_bar = unbroadcast(low_bar, low)
    if high is not None:
        high_bar = y_bar * (0.5 * (a > high) + 0.5 * (a >= high))
        if low is not None:
            high_bar = np.where(low < high, high_bar, y_bar)
        high_bar = unbroadcast(high_bar, high)
    a_bar = unbroadcast(a_bar, a)
    if min is None and max is None:
        return a_bar, low_bar, high_bar, None, None, None
    if min is None:
        return a_bar, low_bar, None, None, None, high_bar
    if max is None:
        return a_bar, None, high_bar, None, low_bar, None
    return a_bar, None, None, None, low_bar, high_bar


@result_type(np.clip)
def clip_type(a, a_min=None, a_max=None, out=None, *, min=None, max=None, dtype=None):
    bounds = [b for b in (a_min, a_max, min, max) if b is not None]
    if any(isinstance(v, Unknown) for v in (a, *bounds)):
        return UNKNOWN
    known = constant(dtype) and dtype is not None
    return Array(np.dtype(dtype) if known else None if dtype is not None else promote(a, *bounds), broadcast(a, *bounds))


method("clip", np.clip)


@adjoint(np.where, kind="elementwise")
def where(z, condition, x, y, z_bar):
    return None, unbroadcast(np.where(condition, z_bar, 0.0), x), unbroadcast(np.where(condition, 0.0, z_bar), y)


@tangent(np.where)
def where_tangent(z, condition, x, y, x_dot, y_dot):
    """The choice of tangents; the transpose adds those of two choices."""
    if x_dot is not None and y_dot is not None:
        return np.where(condition, x_dot, y_dot)
    made = np.where(condition, x_dot, 0.0) if y_dot is None else np.where(condition, 0.0, y_dot)
    return np.broadcast_to(made, np.shape(z))


@result_type(np.where)
def where_type(condition, x=None, y=None):
    if x is None and y is None:
        rank = as_array(condition).rank
        if rank is None:
            return UNKNOWN
        count = fresh_size("nonzero")
        return Tuple(tuple(Array(np.dtype(np.intp), (count,)) for _ in range(rank)))
    if any(isinstance(v, Unknown) for v in (condition, x, y)):
        return Array(None, None)
    shape = broadcast(condition, x, y)
    return Array(promote(x, y), shape, boxed=shape == ())  # of rank 0 too an ndarray


facts(abs, operator.abs, np.absolute, np.fabs, np.sign, np.maximum, np.minimum, np.clip, np.square, np.where, finite=True)
facts(operator.pow, pow, np.power, finite=lambda x1, x2: type(x2) in (int, float) and x2 >= 1 and x2 == int(x2))
facts(cast_to, cast_like, np.real, keeps_zeros=True)

# ---------------------------------------------------------------------------------------------------------------------
# Complex numbers
# ---------------------------------------------------------------------------------------------------------------------

elementwise(np.conjugate, "np.conj(d) if np.iscomplexobj(x) else d")
facts(np.conjugate, linear="together")
facts(np.where, joins=True)
for _name in ("conj", "conjugate"):
    method(_name, np.conjugate)


def memory_of_conjugate(a):
    """Of the method: a real array is its own conjugate."""
    return "fresh" if isinstance(a, Array) and a.dtype is not None and a.dtype.kind == "c" else "view"


def is_real(a):
    """Whether an array is known to be one of real numbers."""
    return isinstance(a, Array) and a.dtype is not None and a.dtype.kind in "biuf"


facts(Method("conj"), Method("conjugate"), memory=memory_of_conjugate, itself=is_real)
facts(np.real, np.imag, boxed=is_ndarray)
facts(np.real, itself=is_real)


@adjoint(np.real, kind="view")
def real(y, val, y_bar):
    return y_bar


def memory_of_imaginary_part(val):
    """That of a real array is new zeros, which cannot be written into."""
    if not isinstance(val, Array) or val.dtype is None:
        return "either"
    return "view" if val.dtype.kind == "c" else "read-only"


memory(memory_of_imaginary_part, np.imag)


@adjoint(np.imag, kind="view")
def imag(y, val, y_bar):
    if np.iscomplexobj(val):
        return -1j * y_bar
    return np.zeros_like(val)


@result_type(np.real, np.imag)
def real_type(val):
    kind = kind_of_number(val)
    if kind:
        return Scalar(float if kind is complex else join_kinds(kind))
    array = as_array(val)
    return Array(_real_dtype(array.dtype), array.shape)


def _real_dtype(dtype):
    return np.zeros(0, dtype).real.dtype if dtype is not None and dtype.kind == "c" else dtype


@adjoint(np.real_if_close, kind="view")
def real_if_close(y, a, y_bar, tol=100):
    """Re a where all imaginary parts are rounding, else a: which of these it is the result tells."""
    return y_bar


@tangent(np.real_if_close)
def real_if_close_tangent(y, a, a_dot, tol=100):
    """As the result is, real or complex; the transpose is not told that."""
    return a_dot if np.iscomplexobj(y) else np.real(a_dot)


@result_type(np.real_if_close)
def real_if_close_type(a, tol=100):
    given = as_array(a)
    dtype = given.dtype if given.dtype is not None and given.dtype.kind != "c" else None
    return Array(dtype, given.shape, boxed=given.shape == ())  # of rank 0 too an ndarray


attribute("real", np.real)
attribute("imag", np.imag)


@adjoint(np.angle, kind="elementwise")
def angle(y, z, y_bar, deg=False):
    """θ = arg z:  θ̄ / (i z), the linear pairing of dθ = Im(dz / z), and 0 at the origin; a real number has a constant angle."""
    if not np.iscomplexobj(z):
        return np.zeros_like(z)
    if deg:
        return -180j / np.pi * y_bar * (z != 0) / (z + (z == 0))
    return -1j * y_bar * (z != 0) / (z + (z == 0))


@result_type(np.angle)
def angle_type(z, deg=False):
    array = as_array(z)
    dtype = _real_dtype(array.dtype)
    if dtype is not None and dtype.kind in "biu":
        dtype = np.dtype(float)
    return Array(dtype, array.shape)


@adjoint(np.nan_to_num, kind="elementwise")
def nan_to_num(y, x, y_bar, copy=True, nan=0.0, posinf=None, neginf=None):
    return np.where(np.isfinite(x), y_bar, 0.0)


@result_type(np.nan_to_num)
def nan_to_num_type(x, copy=True, nan=0.0, posinf=None, neginf=None):
    array = as_array(x)
    return Array(array.dtype, array.shape)


# ---------------------------------------------------------------------------------------------------------------------
# No derivative: comparisons, logic, bits, rounding, questions
# ---------------------------------------------------------------------------------------------------------------------

nondifferentiable(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
nondifferentiable(operator.is_, operator.is_not, operator.contains, operator.truth, operator.not_, operator.index)
nondifferentiable(operator.and_, operator.or_, operator.xor, operator.invert, operator.lshift, operator.rshift)
facts(operator.is_, operator.is_not, operator.not_, operator.and_, operator.or_, operator.invert, cheap=True)
nondifferentiable(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
nondifferentiable(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
nondifferentiable(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count)
nondifferentiable(np.rint, np.floor, np.ceil, np.trunc, np.signbit, np.gcd, np.lcm, np.spacing)
nondifferentiable(np.isnan, np.isfinite, np.isinf, np.isnat)
nondifferentiable(np.round, np.around, np.fix)
nondifferentiable(np.isreal, np.iscomplex, np.isneginf, np.isposinf, np.isclose)
nondifferentiable(np.allclose, np.array_equal, np.array_equiv)
method("round", np.round)


@result_type(np.round, np.around)
def round_type(a, decimals=0, out=None):
    array = as_array(a)
    if array.dtype is not None and array.dtype.kind == "b":
        return Array(None, array.shape)
    return Array(array.dtype, array.shape)


@result_type(np.fix)
def fix_type(x, out=None):
    return ufunc_type(np.trunc, as_array(x))


@result_type(np.isreal, np.iscomplex, np.isneginf, np.isposinf)
def elementwise_question_type(x, out=None):
    return Array(np.dtype(bool), as_array(x).shape)


@result_type(np.isclose)
def isclose_type(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return Array(np.dtype(bool), broadcast(a, b, rtol, atol))


@result_type(np.allclose)
def allclose_type(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return Scalar(bool)


@result_type(np.array_equal, np.array_equiv)
def array_equal_type(a1, a2, equal_nan=False):
    return Scalar(bool)


facts(*BINARY, *BINARY.values(), operator.neg, operator.pos, refuses_none="each")
facts(operator.lt, operator.le, operator.gt, operator.ge, refuses_none="each")
facts(operator.getitem, operator.setitem, operator.delitem, UNPACK, len, refuses_none="first")
