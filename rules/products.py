"""Rules for products of vectors, matrices and tensors: matmul, dot, tensordot, einsum and their kin.

Takes and gives arrays; registers rules at import. Every product is linear in each operand, so each adjoint is a product of
the result's adjoint with the other operand. Never looks at data: which axes to contract is worked out on constants.

Matrix products: Giles 2008, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation", section 2.2. With C = A B: Ā = C̄ Bᵀ, B̄ = Aᵀ C̄. Complex operands are paired linearly: no conjugates.
"""

import operator

import numpy as np

from sct.ir.shapes import as_array, constant, fresh_size, promote, size_product, unknown_array
from sct.ir.types import (
    UNKNOWN,
    Array,
    List,
    Scalar,
    Tuple,
    broadcast_shapes,
    broadcast_sizes,
    is_unit,
    size_add,
    size_mul,
    unify,
    value_at_call,
)
from sct.registry.facts import facts, memory
from sct.registry.methods import method
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import multilinear
from sct.registry.type_rules import result_type
from sct.runtime import unbroadcast


def _dtype(*values):
    """The dtype of a product that makes arrays of its operands first, so that Python numbers are not weak."""
    return promote(*[as_array(v) for v in values])


@nondifferentiable
def axis_range(start, stop):
    """The axes from `start` to `stop - 1`."""
    return tuple(range(start, stop))


@result_type(axis_range)
def axis_range_type(start, stop):
    if isinstance(start, int) and isinstance(stop, int):
        return tuple(range(start, stop))
    return UNKNOWN


# --- matmul, dot, inner -------------------------------------------------------------------------------------------------


@adjoint(operator.matmul, kind="product")
def matmul(C, A, B, C_bar):
    """C = A B: Ā = C̄ Bᵀ, B̄ = Aᵀ C̄ (Giles 2008, 2.2), for each pair of ranks, summed over axes that were broadcast."""
    n = np.ndim(A)
    m = np.ndim(B)
    if n == 2 and m == 2:
        return C_bar @ B.T, A.T @ C_bar
    if n == 1 and m == 1:
        return C_bar * B, C_bar * A
    if n == 2 and m == 1:
        return np.outer(C_bar, B), A.T @ C_bar
    if n == 1 and m == 2:
        return B @ C_bar, np.outer(A, C_bar)
    if m == 1:
        lead = axis_range(0, n - 1)
        return np.expand_dims(C_bar, -1) * B, np.tensordot(C_bar, A, (lead, lead))
    if n == 1:
        rest = axis_range(0, m - 2)
        A_bar = np.tensordot(B, C_bar, (rest + (m - 1,), rest + (m - 2,)))
        return A_bar, np.expand_dims(A, -1) * np.expand_dims(C_bar, -2)
    if m == 2:
        lead = axis_range(0, n - 1)
        return C_bar @ B.T, np.tensordot(A, C_bar, (lead, lead))
    if n == 2:
        batch_and_column = axis_range(0, m - 2) + (m - 1,)
        return np.tensordot(C_bar, B, (batch_and_column, batch_and_column)), A.T @ C_bar
    A_bar = C_bar @ np.swapaxes(B, -1, -2)
    B_bar = np.swapaxes(A, -1, -2) @ C_bar
    return unbroadcast(A_bar, A), unbroadcast(B_bar, B)


@adjoint(np.matmul, kind="product")
def matmul_ufunc(C, x1, x2, C_bar, out=None, casting="same_kind", order="K", dtype=None, subok=True):
    """As the operator `@`."""
    return matmul(C, x1, x2, C_bar)


def matmul_shape(a, b):
    """The shape of `a @ b` from the operands' shapes; None where it is not known."""
    if a is None or b is None or not a or not b:
        return None
    unify(a[-1], b[0] if len(b) == 1 else b[-2])
    if len(a) == 1 and len(b) == 1:
        return ()
    if len(b) == 1:
        return a[:-1]
    if len(a) == 1:
        return (*b[:-2], b[-1])
    batch = broadcast_shapes((a[:-2], b[:-2]))
    return None if batch is None else (*batch, a[-2], b[-1])


@result_type(operator.matmul)
def matmul_type(a, b):
    return Array(_dtype(a, b), matmul_shape(as_array(a).shape, as_array(b).shape))


@result_type(np.matmul)
def matmul_ufunc_type(x1, x2, out=None, casting="same_kind", order="K", dtype=None, subok=True):
    shape = matmul_shape(as_array(x1).shape, as_array(x2).shape)
    return Array(_dtype(x1, x2) if dtype is None else _given_dtype(dtype), shape)


def _given_dtype(dtype):
    return np.dtype(dtype) if constant(dtype) else None


@adjoint(np.dot, kind="product")
def dot(C, a, b, C_bar, out=None):
    """C[i.., j.., m] = Σₖ a[i.., k] b[j.., k, m]: ā contracts C̄ with b over j.. and m, b̄ contracts a with C̄ over i..

    Vectors and matrices as in `matmul`; a number multiplies.
    """
    n = np.ndim(a)
    m = np.ndim(b)
    if n == 0 or m == 0:
        return unbroadcast(C_bar * b, a), unbroadcast(C_bar * a, b)
    if n == 1 and m == 1:
        return C_bar * b, C_bar * a
    if n <= 2 and m <= 2:
        return matmul(C, a, b, C_bar)
    rows = axis_range(0, n - 1)
    if m == 1:
        return np.expand_dims(C_bar, -1) * b, np.tensordot(C_bar, a, (rows, rows))
    columns = axis_range(0, m - 2) + (m - 1,)
    a_bar = np.tensordot(C_bar, b, (axis_range(n - 1, n + m - 2), columns))
    if n == 1:
        return a_bar, np.expand_dims(a, -1) * np.expand_dims(C_bar, -2)
    b_bar = np.tensordot(a, C_bar, (rows, rows))
    if m == 2:
        return a_bar, b_bar
    return a_bar, np.moveaxis(b_bar, 0, -2)


@result_type(np.dot)
def dot_type(a, b, out=None):
    dtype = _dtype(a, b)
    a, b = as_array(a).shape, as_array(b).shape
    if a is None or b is None:
        return unknown_array(dtype)
    if not a or not b:
        return Array(dtype, a + b)
    unify(a[-1], b[0] if len(b) == 1 else b[-2])
    if len(b) == 1:
        return Array(dtype, a[:-1])
    return Array(dtype, a[:-1] + b[:-2] + b[-1:])


method("dot", np.dot)


@adjoint(np.inner, kind="product")
def inner(C, a, b, C_bar):
    """C[i.., j..] = Σₖ a[i.., k] b[j.., k]: for matrices C = a bᵀ, ā = C̄ b, b̄ = C̄ᵀ a."""
    n = np.ndim(a)
    m = np.ndim(b)
    if n == 0 or m == 0:
        return unbroadcast(C_bar * b, a), unbroadcast(C_bar * a, b)
    if n == 1 and m == 1:
        return C_bar * b, C_bar * a
    if n == 2 and m == 2:
        return C_bar @ b, C_bar.T @ a
    if n == 2 and m == 1:
        return np.outer(C_bar, b), C_bar @ a
    if n == 1 and m == 2:
        return C_bar @ b, np.outer(C_bar, a)
    rows = axis_range(0, n - 1)
    a_bar = np.tensordot(C_bar, b, (axis_range(n - 1, n + m - 2), axis_range(0, m - 1)))
    b_bar = np.tensordot(C_bar, a, (rows, rows))
    return a_bar, b_bar


@result_type(np.inner)
def inner_type(a, b):
    dtype = _dtype(a, b)
    a, b = as_array(a).shape, as_array(b).shape
    if a is None or b is None:
        return unknown_array(dtype)
    if not a or not b:
        return Array(dtype, a + b)
    unify(a[-1], b[-1])
    return Array(dtype, a[:-1] + b[:-1])


# --- outer, vdot, kron --------------------------------------------------------------------------------------------------


@adjoint(np.outer, kind="product")
def outer(C, a, b, C_bar, out=None):
    """C[i, j] = a[i] b[j] of the flattened operands: ā = C̄ b, b̄ = C̄ᵀ a."""
    a_bar = C_bar @ (b if np.ndim(b) == 1 else np.ravel(b))
    b_bar = (a if np.ndim(a) == 1 else np.ravel(a)) @ C_bar
    return _shaped(a_bar, a), _shaped(b_bar, b)


def _shaped(flat, x):
    """The vector `flat` in the shape of `x`."""
    if np.ndim(x) == 1:
        return flat
    if np.ndim(x) == 0:
        return flat[0]
    return np.reshape(flat, np.shape(x))


@adjoint(np.linalg.outer, kind="product")
def linalg_outer(C, x1, x2, C_bar):
    """As `np.outer`."""
    return outer(C, x1, x2, C_bar)


def _count(shape):
    return fresh_size("count") if shape is None else size_product(shape)


@result_type(np.outer)
def outer_type(a, b, out=None):
    return Array(_dtype(a, b), (_count(as_array(a).shape), _count(as_array(b).shape)))


@result_type(np.linalg.outer)
def linalg_outer_type(x1, x2):
    return outer_type(x1, x2)


@adjoint(np.vdot, kind="product")
def vdot(y, a, b, y_bar):
    """y = Σ conj(a) b over all entries: ā = conj(ȳ b), b̄ = ȳ conj(a)."""
    a_bar = y_bar * b
    b_bar = y_bar * a
    if np.iscomplexobj(a):
        a_bar = np.conj(a_bar)
        b_bar = y_bar * np.conj(a)
    if np.ndim(a) <= 1 and np.ndim(a) == np.ndim(b):
        return a_bar, b_bar
    # the operands are flattened; of a_bar and b_bar each has the shape of the other operand
    return np.reshape(a_bar, np.shape(a)), np.reshape(b_bar, np.shape(b))


@result_type(np.vdot)
def vdot_type(a, b):
    shapes = as_array(a).shape, as_array(b).shape
    if None not in shapes:
        unify(*(shape[0] if len(shape) == 1 else size_product(shape) for shape in shapes))
    return Array(_dtype(a, b), ())


@adjoint(np.kron, kind="product")
def kron(C, a, b, C_bar):
    """C[i p + k, j q + l] = a[i, j] b[k, l]: with the axes of C̄ split in two, ā contracts it with b, b̄ with a."""
    n = np.ndim(a)
    m = np.ndim(b)
    if n == 0 or m == 0:
        return unbroadcast(C_bar * b, a), unbroadcast(C_bar * a, b)
    a_shape = np.shape(a)
    b_shape = np.shape(b)
    rank = max(n, m)
    split = ()
    a_axes = ()
    b_axes = ()
    for i in range(rank):
        if i >= rank - n:
            a_axes = a_axes + (len(split),)
            split = split + (a_shape[i - (rank - n)],)
        if i >= rank - m:
            b_axes = b_axes + (len(split),)
            split = split + (b_shape[i - (rank - m)],)
    C_bar = np.reshape(C_bar, split)
    return np.tensordot(C_bar, b, (b_axes, axis_range(0, m))), np.tensordot(C_bar, a, (a_axes, axis_range(0, n)))


@result_type(np.kron)
def kron_type(a, b):
    dtype = _dtype(a, b)
    a, b = as_array(a).shape, as_array(b).shape
    if a is None or b is None:
        return unknown_array(dtype)
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    return Array(dtype, tuple(map(size_mul, a, b)))


# --- tensordot ----------------------------------------------------------------------------------------------------------


def _inverse(order):
    """The argument of np.transpose that brings axes in `order` back; None if they are in place."""
    back = tuple(order.index(i) for i in range(len(order)))
    return None if back == tuple(range(len(order))) else back


def contracted_axes(n, m, axes):
    """The axes that `tensordot` contracts with one another: a list for each operand."""
    if isinstance(axes, (int, np.integer)):
        axes = (tuple(range(n - axes, n)), tuple(range(axes)))
    a_axes, b_axes = ((x,) if isinstance(x, (int, np.integer)) else tuple(x) for x in axes)
    return [int(i) % n for i in a_axes], [int(i) % m for i in b_axes]


@nondifferentiable
def tensordot_axes(n, m, axes):
    """How to contract the adjoint C̄ of `tensordot(a, b, axes)`, with `a` of rank `n` and `b` of rank `m`.

    Four entries: axes of (C̄, b) to contract for the adjoint of `a`, the transposition to apply to that, and the same
    for (a, C̄) and the adjoint of `b`.
    """
    a_axes, b_axes = contracted_axes(n, m, axes)
    a_free = tuple(i for i in range(n) if i not in a_axes)
    b_free = tuple(i for i in range(m) if i not in b_axes)
    a_order = (*a_free, *(a_axes[b_axes.index(i)] for i in sorted(b_axes)))
    b_order = (*(b_axes[a_axes.index(i)] for i in sorted(a_axes)), *b_free)
    r = len(a_free)
    return (
        (tuple(range(r, r + len(b_free))), b_free),
        _inverse(a_order),
        (a_free, tuple(range(r))),
        _inverse(b_order),
    )


@result_type(tensordot_axes)
def tensordot_axes_type(n, m, axes):
    if not (isinstance(n, int) and isinstance(m, int) and constant(axes)):
        return Tuple((UNKNOWN,) * 4)
    return tensordot_axes(n, m, axes)


facts(np.tensordot, boxed=True)


@adjoint(np.tensordot, kind="product")
def tensordot(C, a, b, C_bar, axes=2):
    """ā contracts C̄ with b over the axes that come from b, b̄ contracts a with C̄ over the axes that come from a."""
    a_axes, a_order, b_axes, b_order = tensordot_axes(np.ndim(a), np.ndim(b), axes)
    if np.ndim(C_bar) == 0:
        a_bar = C_bar * b
        b_bar = C_bar * a
    else:
        a_bar = np.tensordot(C_bar, b, a_axes)
        b_bar = np.tensordot(a, C_bar, b_axes)
    if a_order is not None:
        a_bar = np.transpose(a_bar, a_order)
    if b_order is not None:
        b_bar = np.transpose(b_bar, b_order)
    return a_bar, b_bar


@adjoint(np.linalg.tensordot, kind="product")
def linalg_tensordot(C, x1, x2, C_bar, *, axes=2):
    """As `np.tensordot`."""
    return tensordot(C, x1, x2, C_bar, axes)


@result_type(np.tensordot)
def tensordot_type(a, b, axes=2):
    dtype = _dtype(a, b)
    a, b = as_array(a).shape, as_array(b).shape
    if a is None or b is None or not constant(axes):
        return unknown_array(dtype)
    try:
        (_, b_free), _, (a_free, _), _ = tensordot_axes(len(a), len(b), axes)
    except (ValueError, ZeroDivisionError):  # the call itself will raise
        return unknown_array(dtype)
    for i, j in zip(*contracted_axes(len(a), len(b), axes), strict=False):
        unify(a[i], b[j])
    return Array(dtype, tuple(a[i] for i in a_free) + tuple(b[i] for i in b_free))


@result_type(np.linalg.tensordot)
def linalg_tensordot_type(x1, x2, *, axes=2):
    return tensordot_type(x1, x2, axes)


# --- einsum -------------------------------------------------------------------------------------------------------------

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def explicit_subscripts(subscripts, ranks):
    """The labels of each operand (a list of strings) and of the result, with ellipses spelled out as letters."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    unused = [c for c in _LETTERS if c not in text]
    widths = [rank - len(term) + 3 if "..." in term else 0 for term, rank in zip(terms, ranks, strict=True)]
    width = max(widths, default=0)
    dots = "".join(unused[:width])
    if not arrow:
        letters = sorted(set("".join(terms)) - set(",."))
        output = ("..." if "." in inputs else "") + "".join(c for c in letters if inputs.count(c) == 1)
    spelled = [term.replace("...", dots[width - w :]) for term, w in zip(terms, widths, strict=True)]
    return spelled, output.replace("...", dots)


@nondifferentiable
def einsum_adjoint_subscripts(subscripts, ranks, i):
    """How to make the adjoint of operand `i` of an einsum from ȳ and the other operands.

    Four entries: the subscripts that contract (ȳ, others...); or, if there are no others, the transposition of ȳ, None if
    it is in place; a tuple of (subscripts, axis), each a product with an identity matrix of the size of `axis` that puts an
    axis back on a diagonal; the axes of the operand that are summed in it alone, to be put back by broadcasting.
    """
    terms, output = explicit_subscripts(subscripts, ranks)
    others = terms[:i] + terms[i + 1 :]
    own = list(terms[i])
    kept = [c for c in dict.fromkeys(own) if c in output or any(c in t for t in others)]
    contraction = ",".join([output, *others]) + "->" + "".join(kept)
    order = None if others or kept == list(output) else tuple(output.index(c) for c in kept)

    # repeated labels: rename all but the first, an identity matrix ties each to the first
    unused = [c for c in _LETTERS if c not in "".join(terms) + output]
    ties = []
    target = own.copy()
    for axis, c in enumerate(own):
        if c in own[:axis]:
            target[axis] = unused.pop(0)
            ties.append((c, target[axis], axis))
    diagonals = []
    for first, second, axis in ties:
        before = "".join(kept)
        kept = [c for c in target if c in (*kept, first, second)]
        diagonals.append((f"{before},{first}{second}->{''.join(kept)}", axis))
    return contraction, order, tuple(diagonals), tuple(k for k, c in enumerate(target) if c not in kept)


@result_type(einsum_adjoint_subscripts)
def einsum_adjoint_subscripts_type(subscripts, ranks, i):
    if not (isinstance(subscripts, str) and isinstance(ranks, tuple) and isinstance(i, int)):
        return Tuple((UNKNOWN,) * 4)
    return einsum_adjoint_subscripts(subscripts, ranks, i)


@nondifferentiable
def is_stretched(g, x):
    """Whether `g` must be repeated along some axis of length 1 to have the shape of `x`, which has the same rank."""
    return any(p == 1 and q != 1 for p, q in zip(np.shape(g), np.shape(x), strict=True))


@result_type(is_stretched)
def is_stretched_type(g, x):
    g, x = as_array(g).shape, as_array(x).shape
    if g is None or x is None or len(g) != len(x):
        return Scalar(bool)
    axes = [(is_unit(p), is_unit(q)) for p, q in zip(g, x, strict=True) if p != q]
    if any(p is True and q is False for p, q in axes):
        return True
    return False if all(p is False or q is True for p, q in axes) else Scalar(bool)


def memory_of_einsum(subscripts, *operands, **keywords):
    """A product of several operands and a sum are new; of one operand whose axes are all kept it is a view."""
    if not isinstance(subscripts, str):  # operands and lists of axes in turn
        return "fresh" if len(operands) > 2 else "view"
    taken, _, kept = subscripts.replace(" ", "").partition("->")
    return "fresh" if len(operands) > 1 or ("->" in subscripts and set(taken) - {"."} - set(kept)) else "view"


memory(memory_of_einsum, np.einsum)


@adjoint(np.einsum, kind="product")
def einsum(y, subscripts, *operands, y_bar, out=None, dtype=None, order="K", casting="safe", optimize=False):
    """The adjoint of an operand is the einsum of ȳ with the other operands, with the operand's labels as the result's.

    A label that stands in this operand alone was summed: its axis comes back by broadcasting. A label that is repeated in
    the operand read a diagonal: an identity matrix puts it back there. An axis of length 1 that was broadcast is summed.
    """
    if not isinstance(subscripts, str):
        raise NotImplementedError("the derivative of einsum needs the subscripts as a string, the first argument")
    ranks = ()
    for x in operands:
        ranks = ranks + (np.ndim(x),)
    adjoints = ()
    for i in range(len(operands)):
        x = operands[i]
        contraction, permutation, diagonals, summed = einsum_adjoint_subscripts(subscripts, ranks, i)
        if len(operands) > 1:
            g = contract(contraction, (y_bar,) + operands[:i] + operands[i + 1 :], optimize)
        elif permutation is not None:
            g = np.transpose(y_bar, permutation)
        else:
            g = y_bar
        for diagonal in diagonals:
            identity = np.eye(np.shape(x)[diagonal[1]], dtype=y.dtype)
            g = g * identity if np.ndim(g) == 0 else np.einsum(diagonal[0], g, identity)
        if np.ndim(g) == 0 and np.ndim(x) > 0:
            g = np.broadcast_to(g, np.shape(x))
        elif np.ndim(x) > 0:
            if len(summed) > 0:
                g = np.expand_dims(g, summed)
            g = unbroadcast(g, x)
            if is_stretched(g, x):
                g = np.broadcast_to(g, np.shape(x))
        adjoints = adjoints + (g,)
    return (None,) + adjoints


def contract(subscripts, operands, optimize):
    """`np.einsum` of a tuple of operands; a contraction order given for the primal does not fit, so one is chosen."""
    if len(operands) == 2:
        if optimize is False:
            return np.einsum(subscripts, operands[0], operands[1])
        return np.einsum(subscripts, operands[0], operands[1], optimize=True)
    if len(operands) == 3:
        if optimize is False:
            return np.einsum(subscripts, operands[0], operands[1], operands[2])
        return np.einsum(subscripts, operands[0], operands[1], operands[2], optimize=True)
    return contract_many(subscripts, operands, optimize)


def contract_many(subscripts, operands, optimize):
    """`contract` for any number of operands."""
    if optimize is False:
        return np.einsum(subscripts, *operands)
    return np.einsum(subscripts, *operands, optimize=True)


@result_type(np.einsum)
def einsum_type(subscripts, *operands, out=None, dtype=None, order="K", casting="safe", optimize=False):
    if not isinstance(subscripts, str):
        return unknown_array()
    given = _dtype(*operands) if dtype is None else _given_dtype(dtype)
    shapes = [as_array(x).shape for x in operands]
    if any(s is None for s in shapes):
        return unknown_array(given)
    try:
        terms, output = explicit_subscripts(subscripts, [len(s) for s in shapes])
        sizes = {}
        for term, shape in zip(terms, shapes, strict=True):
            for label, size in zip(term, shape, strict=True):
                sizes[label] = broadcast_sizes(sizes[label], size) if label in sizes else size
        shape = tuple(sizes[c] for c in output)
        return Array(given, shape, boxed=None if shape == () and optimize is not False else False)  # NumPy may use tensordot
    except (ValueError, KeyError):  # the call itself will raise
        return unknown_array(given)


# --- trace --------------------------------------------------------------------------------------------------------------


@adjoint(np.trace, kind="reduction")
def trace(y, a, y_bar, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """y = Σᵢ a[i, i + k]: ā is ȳ on that diagonal."""
    rows = np.shape(a)[axis1]
    columns = np.shape(a)[axis2]
    identity = np.eye(rows, columns, dtype=y.dtype) if offset == 0 else np.eye(rows, columns, offset, dtype=y.dtype)
    if np.ndim(a) == 2:
        return y_bar * identity if axis1 % 2 == 0 else y_bar * identity.T
    return np.moveaxis(np.expand_dims(y_bar, (-2, -1)) * identity, (-2, -1), (axis1, axis2))


@adjoint(np.linalg.trace, kind="reduction")
def linalg_trace(y, x, y_bar, *, offset=0, dtype=None):
    """As `np.trace`, of the last two axes."""
    return trace(y, x, y_bar, offset, -2, -1)


@result_type(np.trace)
def trace_type(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    a = as_array(a)
    result = a.dtype if a.dtype is not None and a.dtype.kind in "fc" else None
    if dtype is not None:
        result = _given_dtype(dtype)
    if a.shape is None or not isinstance(axis1, int) or not isinstance(axis2, int):
        return unknown_array(result)
    rank = len(a.shape)
    return Array(result, tuple(s for i, s in enumerate(a.shape) if i not in (axis1 % rank, axis2 % rank)))


@result_type(np.linalg.trace)
def linalg_trace_type(x, *, offset=0, dtype=None):
    return trace_type(x, offset, -2, -1, dtype)


method("trace", np.trace)


# --- products along one axis: cross, vecdot, matvec, vecmat -------------------------------------------------------------


def in_space(a, b, c_bar, axisc):
    """`a`, `b` and the adjoint of a × b, all with vectors of length 3 along the last axis.

    A vector of length 2 lies in the plane x₃ = 0. The product of two of these is c₃ alone, without an axis.
    """
    if np.shape(a)[-1] == 2 and np.shape(b)[-1] == 2:
        nothing = np.zeros_like(c_bar)
        return in_plane(a), in_plane(b), np.stack((nothing, nothing, c_bar), axis=-1)
    return in_plane(a), in_plane(b), c_bar if axisc == -1 else np.moveaxis(c_bar, axisc, -1)


def in_plane(a):
    """The vectors along the last axis of `a`, with a component 0 behind two others."""
    return a if np.shape(a)[-1] == 3 else np.concatenate((a, np.zeros_like(a[..., :1])), axis=-1)


@result_type(in_space)
def in_space_type(a, b, c_bar, axisc):
    lead = broadcast_shapes(None if v.shape is None else v.shape[:-1] for v in map(as_array, (a, b)))
    c = Array(as_array(c_bar).dtype, None if lead is None else (*lead, 3))
    return Tuple((in_plane_type(a), in_plane_type(b), c))


@result_type(in_plane)
def in_plane_type(a):
    a = as_array(a)
    return Array(a.dtype, None if a.shape is None else (*a.shape[:-1], 3))


@adjoint(np.cross, kind="product")
def cross(c, a, b, c_bar, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """c = a × b: c̄ · (da × b) = da · (b × c̄), so ā = b × c̄ and b̄ = c̄ × a."""
    if axis is not None:
        axisa = axis
        axisb = axis
        axisc = axis
    a = a if axisa == -1 else np.moveaxis(a, axisa, -1)
    b = b if axisb == -1 else np.moveaxis(b, axisb, -1)
    u, v, w = in_space(a, b, c_bar, axisc)
    a_bar = unbroadcast(np.cross(v, w), u)[..., : np.shape(a)[-1]]
    b_bar = unbroadcast(np.cross(w, u), v)[..., : np.shape(b)[-1]]
    if axisa != -1:
        a_bar = np.moveaxis(a_bar, -1, axisa)
    if axisb != -1:
        b_bar = np.moveaxis(b_bar, -1, axisb)
    return a_bar, b_bar


@adjoint(np.linalg.cross, kind="product")
def linalg_cross(c, x1, x2, c_bar, *, axis=-1):
    """As `np.cross`."""
    return cross(c, x1, x2, c_bar, axis, axis, axis)


def _without(shape, axis):
    """`shape` with `axis` dropped, None if either is not known."""
    if shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    axis = axis % len(shape)
    return shape[:axis] + shape[axis + 1 :]


def _with(shape, axis, size):
    """`shape` with `size` inserted so that it stands at `axis` of the result."""
    if shape is None or not isinstance(axis, int):
        return None
    axis = axis % (len(shape) + 1)
    return shape[:axis] + (size,) + shape[axis:]


@result_type(np.cross)
def cross_type(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    if axis is not None:
        axisa = axisb = axisc = axis
    dtype = _dtype(a, b)
    a, b = as_array(a).shape, as_array(b).shape
    lead = broadcast_shapes((_without(a, axisa), _without(b, axisb)))
    if lead is None or all(value_at_call(n) != 3 for n in (a[axisa], b[axisb])):  # of two of length 2 the result is a number
        return unknown_array(dtype)
    return Array(dtype, _with(lead, axisc, 3))


@result_type(np.linalg.cross)
def linalg_cross_type(x1, x2, *, axis=-1):
    lead = broadcast_shapes((_without(as_array(x1).shape, axis), _without(as_array(x2).shape, axis)))
    return Array(_dtype(x1, x2), _with(lead, axis, 3))


def vecdot(y, x1, x2, y_bar, axis, keepdims):
    """y = Σ conj(x1) x2 along `axis` of each operand: x̄1 = conj(ȳ x2), x̄2 = ȳ conj(x1)."""
    if axis != -1:
        x1 = np.moveaxis(x1, axis, -1)
        x2 = np.moveaxis(x2, axis, -1)
        if keepdims:
            y_bar = np.moveaxis(y_bar, axis, -1)
    if not keepdims:
        y_bar = np.expand_dims(y_bar, -1)
    x1_bar = y_bar * x2
    x2_bar = y_bar * x1
    if np.iscomplexobj(x1):
        x1_bar = np.conj(x1_bar)
        x2_bar = y_bar * np.conj(x1)
    x1_bar = unbroadcast(x1_bar, x1)
    x2_bar = unbroadcast(x2_bar, x2)
    if axis != -1:
        return np.moveaxis(x1_bar, -1, axis), np.moveaxis(x2_bar, -1, axis)
    return x1_bar, x2_bar


@adjoint(np.linalg.vecdot, kind="product")
def linalg_vecdot(y, x1, x2, y_bar, *, axis=-1):
    """y = Σ conj(x1) x2 along `axis`: x̄1 = conj(ȳ x2), x̄2 = ȳ conj(x1)."""
    return vecdot(y, x1, x2, y_bar, axis, False)


@adjoint(np.vecdot, kind="product")
def vecdot_ufunc(y, x1, x2, y_bar, out=None, axis=-1, keepdims=False, casting="same_kind", order="K", dtype=None, subok=True):
    """y = Σ conj(x1) x2 along `axis`: x̄1 = conj(ȳ x2), x̄2 = ȳ conj(x1)."""
    return vecdot(y, x1, x2, y_bar, axis, keepdims)


def _outside(x1, x2, axis):
    """The shape of the vectors' products, of which the lengths along `axis` must be equal."""
    a, b = as_array(x1).shape, as_array(x2).shape
    lead = broadcast_shapes((_without(a, axis), _without(b, axis)))
    if lead is not None:
        unify(a[axis], b[axis])
    return lead


@result_type(np.linalg.vecdot)
def linalg_vecdot_type(x1, x2, *, axis=-1):
    return Array(_dtype(x1, x2), _outside(x1, x2, axis))


@result_type(np.vecdot)
def vecdot_ufunc_type(x1, x2, out=None, axis=-1, keepdims=False, casting="same_kind", order="K", dtype=None, subok=True):
    lead = _outside(x1, x2, axis)
    if keepdims is not False:
        lead = _with(lead, axis, 1) if keepdims is True else None
    return Array(_dtype(x1, x2) if dtype is None else _given_dtype(dtype), lead)


def matvec(y, A, x, y_bar):
    """y = A x for matrices in the last two axes: Ā = ȳ xᵀ, x̄ = Aᵀ ȳ."""
    A_bar = np.expand_dims(y_bar, -1) * np.expand_dims(x, -2)
    x_bar = (np.swapaxes(A, -1, -2) @ np.expand_dims(y_bar, -1))[..., 0]
    return unbroadcast(A_bar, A), unbroadcast(x_bar, x)


def vecmat(y, x, A, y_bar):
    """y = xᴴ A for matrices in the last two axes: x̄ = conj(A ȳ), Ā = conj(x) ȳᵀ."""
    x_bar = (A @ np.expand_dims(y_bar, -1))[..., 0]
    if np.iscomplexobj(x):
        x_bar = np.conj(x_bar)
        x = np.conj(x)
    A_bar = np.expand_dims(x, -1) * np.expand_dims(y_bar, -2)
    return unbroadcast(x_bar, x), unbroadcast(A_bar, A)


if hasattr(np, "matvec"):  # NumPy 2.2

    @adjoint(np.matvec, kind="product")
    def matvec_ufunc(y, x1, x2, y_bar, out=None, casting="same_kind", order="K", dtype=None, subok=True):
        """y = A x: Ā = ȳ xᵀ, x̄ = Aᵀ ȳ."""
        return matvec(y, x1, x2, y_bar)

    @adjoint(np.vecmat, kind="product")
    def vecmat_ufunc(y, x1, x2, y_bar, out=None, casting="same_kind", order="K", dtype=None, subok=True):
        """y = xᴴ A: x̄ = conj(A ȳ), Ā = conj(x) ȳᵀ."""
        return vecmat(y, x1, x2, y_bar)

    @result_type(np.matvec)
    def matvec_type(x1, x2, out=None, casting="same_kind", order="K", dtype=None, subok=True):
        a, b = as_array(x1).shape, as_array(x2).shape
        lead = None if a is None or b is None else broadcast_shapes((a[:-2], b[:-1]))
        return Array(_dtype(x1, x2) if dtype is None else _given_dtype(dtype), None if lead is None else (*lead, a[-2]))

    @result_type(np.vecmat)
    def vecmat_type(x1, x2, out=None, casting="same_kind", order="K", dtype=None, subok=True):
        a, b = as_array(x1).shape, as_array(x2).shape
        lead = None if a is None or b is None else broadcast_shapes((a[:-1], b[:-2]))
        return Array(_dtype(x1, x2) if dtype is None else _given_dtype(dtype), None if lead is None else (*lead, b[-1]))


@adjoint(np.linalg.matmul, kind="product")
def linalg_matmul(C, x1, x2, C_bar):
    """As the operator `@`."""
    return matmul(C, x1, x2, C_bar)


@result_type(np.linalg.matmul)
def linalg_matmul_type(x1, x2):
    return matmul_type(x1, x2)


# --- chains and convolutions --------------------------------------------------------------------------------------------


@adjoint(np.linalg.multi_dot, kind="product", sequences=("arrays",))
def multi_dot(y, arrays, y_bar, *, out=None):
    """Y = A₁ ⋯ Aₙ: Āᵢ = Aᵢ₋₁ᵀ ⋯ A₁ᵀ Ȳ Aₙᵀ ⋯ Aᵢ₊₁ᵀ, again a chain whose order is chosen by its sizes.

    A first or last vector is a matrix of one row or column.
    """
    n = len(arrays)
    for a in arrays:
        if np.ndim(a) > 2:
            raise ValueError("np.linalg.multi_dot is differentiated of vectors and matrices alone")
    row = np.ndim(arrays[0]) == 1
    column = np.ndim(arrays[n - 1]) == 1
    transposed = [np.expand_dims(arrays[0], 1) if row else arrays[0].T]
    for i in range(1, n - 1):
        transposed = transposed + [arrays[i].T]
    transposed = transposed + [np.expand_dims(arrays[n - 1], 0) if column else arrays[n - 1].T]
    if row:
        y_bar = np.expand_dims(y_bar, 0)
    if column:
        y_bar = np.expand_dims(y_bar, -1)
    adjoints = []
    for i in range(n):
        factors = [y_bar]
        for j in range(i):
            factors = [transposed[j]] + factors
        for j in range(n - 1, i, -1):
            factors = factors + [transposed[j]]
        g = factors[0] @ factors[1] if n == 2 else np.linalg.multi_dot(factors)
        if i == 0 and row:
            g = g[0]
        if i == n - 1 and column:
            g = g[:, 0]
        adjoints = adjoints + [g]
    return adjoints


@result_type(np.linalg.multi_dot)
def multi_dot_type(arrays, *, out=None):
    if isinstance(arrays, (Tuple, List)):
        arrays = arrays.items
    if not isinstance(arrays, (tuple, list)) or len(arrays) < 2:
        return unknown_array()
    if any(as_array(a).rank not in (1, 2) for a in arrays):  # it multiplies what has more axes as np.dot does
        return unknown_array(_dtype(*arrays))
    shape = as_array(arrays[0]).shape
    for a in arrays[1:]:
        shape = matmul_shape(shape, as_array(a).shape)
    return Array(_dtype(*arrays), shape)


def convolution_offset(n, m, mode):
    """Where the result of a convolution of lengths `n` and `m` begins within the full one."""
    if mode == "full":
        return 0
    shorter = min(n, m)
    return shorter - 1 if mode == "valid" else (shorter - 1) // 2


def correlation_offset(n, m, mode):
    """The same for a correlation: where the second operand is longer, "same" leaves out one entry more at the other end."""
    return n // 2 if mode == "same" and m > n else convolution_offset(n, m, mode)


@result_type(correlation_offset)
def correlation_offset_type(n, m, mode):
    return Scalar(int)


def pad_to_full(y_bar, n, m, offset):
    """`y_bar` with zeros where the full convolution of lengths `n` and `m` has entries that it lacks."""
    return np.pad(y_bar, (offset, n + m - 1 - offset - np.shape(y_bar)[0]))


@adjoint(np.convolve, kind="product")
def convolve(y, a, v, y_bar, mode="full"):
    """y[k] = Σᵢ a[i] v[k - i]: ā[i] = Σₖ ȳ[k + i] v[k], the correlation with v; and v̄ with a. ȳ is first padded to full."""
    n = np.size(a)
    m = np.size(v)
    if mode != "full":
        y_bar = pad_to_full(y_bar, n, m, convolution_offset(n, m, mode))
    a_operand = np.ravel(a) if np.ndim(a) == 0 else a
    v_operand = np.ravel(v) if np.ndim(v) == 0 else v
    # np.correlate takes the conjugate of its second operand, and only vectors
    a_bar = np.correlate(y_bar, np.conj(v_operand) if np.iscomplexobj(v) else v_operand, "valid")
    v_bar = np.correlate(y_bar, np.conj(a_operand) if np.iscomplexobj(a) else a_operand, "valid")
    return a_bar if np.ndim(a) == 1 else a_bar[0], v_bar if np.ndim(v) == 1 else v_bar[0]


@adjoint(np.correlate, kind="product")
def correlate(y, a, v, y_bar, mode="valid"):
    """y[k] = Σₙ a[n + k] conj(v[n]), the convolution of a with w = conj(v) reversed: ā, w̄ as there, v̄ = conj(w̄) reversed."""
    n = np.size(a)
    m = np.size(v)
    if mode != "full":
        y_bar = pad_to_full(y_bar, n, m, correlation_offset(n, m, mode))
    a_bar = np.correlate(y_bar, v[::-1], "valid")
    w_bar = np.correlate(y_bar, np.conj(a) if np.iscomplexobj(a) else a, "valid")
    return a_bar, np.conj(w_bar[::-1]) if np.iscomplexobj(v) else w_bar[::-1]


def _convolution_type(a, v, mode):
    dtype = _dtype(a, v)
    if mode != "full":
        return Array(dtype, (fresh_size("convolution"),))
    n, m = _count(as_array(a).shape), _count(as_array(v).shape)
    return Array(dtype, (size_add(size_add(n, m), -1),))


@result_type(np.convolve)
def convolve_type(a, v, mode="full"):
    return _convolution_type(a, v, mode)


@result_type(np.correlate)
def correlate_type(a, v, mode="valid"):
    return _convolution_type(a, v, mode)


facts(operator.matmul, np.matmul, np.linalg.matmul, arrays=(0, 1))

multilinear(np.trace)
multilinear(operator.matmul, np.matmul, np.linalg.matmul, np.dot, np.inner, np.outer, np.linalg.outer, np.vdot, np.kron)
multilinear(np.tensordot, np.linalg.tensordot, np.einsum, np.cross, np.linalg.cross, np.convolve, np.correlate)
multilinear(np.linalg.vecdot, *(getattr(np, _name) for _name in ("vecdot", "matvec", "vecmat") if hasattr(np, _name)))
