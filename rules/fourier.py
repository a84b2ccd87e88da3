"""Rules for numpy.fft: the discrete Fourier transform along an axis, and its inverse, of real and complex arrays.

Takes and gives arrays; registers rules at import. All of them are linear. The matrix of the transform is symmetric, so that
its adjoint is the same transform, of what is cut off or filled up with zeros to the length that it works on. Complex operands
are paired linearly: no conjugates.
"""

import numpy as np

from sct.ir.shapes import as_array, as_shape, constant, fresh_size, unknown_array
from sct.ir.types import Array, size_add, size_mul
from sct.registry.compositions import composition
from sct.registry.facts import facts
from sct.registry.rules import adjoint
from sct.registry.tangents import multilinear
from sct.registry.type_rules import result_type

from .manipulation import axis_slice

multilinear(np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)
facts(np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, linear="first", boxed=True)


def of_length(x, n, axis):
    """The array cut off, or filled up with zeros, to `n` entries along an axis."""
    missing = n - np.shape(x)[axis]
    if missing <= 0:
        return axis_slice(x, axis, None, n)
    filled = np.zeros((*np.shape(x)[:axis], missing, *np.shape(x)[axis:][1:]), x.dtype)
    return np.concatenate((x, filled), axis)


@result_type(of_length)
def of_length_type(x, n, axis):
    return _along(x, _size(x, n, axis), axis, as_array(x).dtype)


@adjoint(np.fft.fft)
def fft(y, a, y_bar, n=None, axis=-1, norm=None):
    """y = F a, Fⱼₖ = exp(-2πi jk/n): ā = F ȳ."""
    a_bar = np.fft.fft(y_bar, axis=axis, norm=norm)
    return a_bar if n is None else of_length(a_bar, np.shape(a)[axis], axis)


@adjoint(np.fft.ifft)
def ifft(y, a, y_bar, n=None, axis=-1, norm=None):
    """y = F⁻¹ a: ā = F⁻¹ ȳ."""
    a_bar = np.fft.ifft(y_bar, axis=axis, norm=norm)
    return a_bar if n is None else of_length(a_bar, np.shape(a)[axis], axis)


@adjoint(np.fft.rfft)
def rfft(y, a, y_bar, n=None, axis=-1, norm=None):
    """The first n // 2 + 1 rows of F: ā = F ȳ, where the rows that are left out have adjoints of 0."""
    length = np.shape(a)[axis] if n is None else n
    a_bar = np.real(np.fft.fft(y_bar, length, axis, norm))
    return a_bar if n is None else of_length(a_bar, np.shape(a)[axis], axis)


@adjoint(np.fft.irfft)
def irfft(y, a, y_bar, n=None, axis=-1, norm=None):
    """F⁻¹ of a and the conjugates of its entries but the first, and the last of an even length: the others count twice."""
    length = np.shape(y)[axis]
    a_bar = np.conj(np.fft.rfft(y_bar, axis=axis, norm=opposite(norm)))
    number = np.arange(length // 2 + 1)
    times = np.where((number == 0) | (2 * number == length), 1.0, 2.0)
    a_bar = np.moveaxis(np.moveaxis(a_bar, axis, -1) * times, -1, axis)
    return of_length(a_bar, np.shape(a)[axis], axis)


def opposite(norm):
    """The norm with which a transform has the factor that the inverse one has with `norm`."""
    if norm == "ortho":
        return norm
    return "backward" if norm == "forward" else "forward"


def _along(a, n, axis, dtype):
    """The type of an array of another length along an axis."""
    a = as_array(a)
    if a.shape is None or n is None or not constant(axis) or not -len(a.shape) <= axis < len(a.shape):
        return unknown_array(dtype)
    axis %= len(a.shape)
    return Array(dtype, (*a.shape[:axis], n, *a.shape[axis + 1 :]))


def _complex(a):
    """The dtype of the transform of an array."""
    dtype = as_array(a).dtype
    return None if dtype is None else np.dtype(complex) if dtype.kind in "biu" else np.result_type(dtype, np.complex64)


def _size(a, n, axis):
    """The number of entries that a transform works on."""
    a = as_array(a)
    known = a.shape is not None and constant(axis) and -len(a.shape) <= axis < len(a.shape)
    return (a.shape[axis] if known else None) if n is None else (as_shape(n) or (None,))[0]


@result_type(np.fft.fft)
@result_type(np.fft.ifft)
def fft_type(a, n=None, axis=-1, norm=None):
    return _along(a, _size(a, n, axis), axis, _complex(a))


def _half(size):
    """How many entries of a transform of real numbers there are, which are not the conjugates of others."""
    return size // 2 + 1 if isinstance(size, int) else fresh_size()


@result_type(np.fft.rfft)
def rfft_type(a, n=None, axis=-1, norm=None):
    size = _size(a, n, axis)
    return _along(a, None if size is None else _half(size), axis, _complex(a))


@result_type(np.fft.irfft)
def irfft_type(a, n=None, axis=-1, norm=None):
    size = _size(a, n, axis)
    if n is None and size is not None:
        size = size_mul(2, size_add(size, 1, -1))
    dtype = None if as_array(a).dtype == np.float16 else _complex(a)  # of which it is, although it computes in more
    return _along(a, size, axis, None if dtype is None else np.zeros(0, dtype).real.dtype)


# --- transforms along several axes: compositions of these ---------------------------------------------------------------------


def along_axes(transform, a, s, axes, norm):
    """A transform along one axis after another, from the last one on; `axes` may name one twice."""
    a = np.asarray(a)
    chosen = tuple(range(a.ndim))[a.ndim - len(s) :] if axes is None and s is not None else axes
    chosen = tuple(range(a.ndim)) if chosen is None else chosen
    for k in range(len(chosen) - 1, -1, -1):
        n = None if s is None else s[k] if s[k] != -1 else a.shape[chosen[k]]
        a = transform(a, n, chosen[k], norm)
    return a


def but_last(a, s, axes):
    """The lengths and axes of the transforms along all axes but the last one, and those of that one."""
    rank = np.ndim(a)
    chosen = tuple(range(rank))[rank - len(s) :] if axes is None and s is not None else axes
    chosen = tuple(range(rank)) if chosen is None else tuple(chosen)
    return (None if s is None else tuple(s[:-1])), chosen[:-1], (None if s is None else s[-1]), chosen[-1]


def _of_several_axes(name, transform):
    @composition(getattr(np.fft, f"{name}n"))
    def of_all(a, s=None, axes=None, norm=None):
        return along_axes(transform, a, s, axes, norm)

    @composition(getattr(np.fft, f"{name}2"))
    def of_two(a, s=None, axes=(-2, -1), norm=None):
        return along_axes(transform, a, s, axes, norm)


def _of_real_parts(two, several, transform):
    @composition(several)
    def of_all(a, s=None, axes=None, norm=None):
        return transform(a, s, axes, norm)

    @composition(two)
    def of_two(a, s=None, axes=(-2, -1), norm=None):
        return transform(a, s, axes, norm)


def real_along_axes(a, s, axes, norm):
    """Half of the last axis first, then all of the others."""
    lengths, others, n, last = but_last(a, s, axes)
    return along_axes(np.fft.fft, np.fft.rfft(a, n, last, norm), lengths, others, norm)


def to_real_along_axes(a, s, axes, norm):
    """All of the others first, then the last axis from its half."""
    lengths, others, n, last = but_last(a, s, axes)
    return np.fft.irfft(along_axes(np.fft.ifft, a, lengths, others, norm), n, last, norm)


_of_several_axes("fft", np.fft.fft)
_of_several_axes("ifft", np.fft.ifft)
_of_real_parts(np.fft.rfft2, np.fft.rfftn, real_along_axes)
_of_real_parts(np.fft.irfft2, np.fft.irfftn, to_real_along_axes)


@composition(np.fft.hfft)
def hfft(a, n=None, axis=-1, norm=None):
    """The transform of what has conjugates behind its middle, which is real."""
    return np.fft.irfft(np.conj(a), 2 * (np.shape(a)[axis] - 1) if n is None else n, axis, opposite(norm))


@composition(np.fft.ihfft)
def ihfft(a, n=None, axis=-1, norm=None):
    """The inverse of that."""
    return np.conj(np.fft.rfft(a, np.shape(a)[axis] if n is None else n, axis, opposite(norm)))


@composition(np.fft.fftshift)
def fftshift(x, axes=None):
    """Half of each axis onwards."""
    return rolled_by_half(x, axes, 1)


@composition(np.fft.ifftshift)
def ifftshift(x, axes=None):
    """Half of each axis back."""
    return rolled_by_half(x, axes, -1)


def rolled_by_half(x, axes, sign):
    """Each axis rolled by half of its length, rounded towards nothing, with the sign before."""
    x = np.asarray(x)
    chosen = tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    shifts = tuple([x.shape[k] // 2 if sign > 0 else -(x.shape[k] // 2) for k in chosen])
    return np.roll(x, shifts, chosen)
