"""Transforms of scipy.fft: those that NumPy has too, followed as NumPy's; and the cosine and sine transforms.

Takes and gives arrays; registers rules and compositions. All transforms are linear. The matrices of the cosine and sine
transforms are those of types I to IV of Wang and Hunt (1985), "The discrete W transform", as SciPy's documentation has them:
of types I and IV symmetric but for the weights of the ends, and of II and III the transposes of one another but for a weight.
"""

import numpy as np
from scipy import fft

from sct.errors import NoRuleError
from sct.ir.shapes import as_array
from sct.ir.types import Array
from sct.registry.facts import facts
from sct.registry.refusals import refused
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import multilinear
from sct.registry.type_rules import result_type

from ..fourier import fft_type, of_length, of_length_type
from ..manipulation import axis_slice
from . import followed

# ---------------------------------------------------------------------------------------------------------------------
# Complex transforms
# ---------------------------------------------------------------------------------------------------------------------


def _along_one_axis(name):
    transform = getattr(np.fft, name)

    @followed(getattr(fft, name))
    def along_one(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, *, plan=None):
        """As numpy.fft has it."""
        return transform(x, n, axis, norm)


def _along_two_axes(name):
    transform = getattr(np.fft, name)

    @followed(getattr(fft, name))
    def along_two(x, s=None, axes=(-2, -1), norm=None, overwrite_x=False, workers=None, *, plan=None):
        """As numpy.fft has it."""
        return transform(x, s, axes, norm)


def _along_all_axes(name):
    transform = getattr(np.fft, name)

    @followed(getattr(fft, name))
    def along_all(x, s=None, axes=None, norm=None, overwrite_x=False, workers=None, *, plan=None):
        """As numpy.fft has it."""
        return transform(x, s, axes, norm)


for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    _along_one_axis(_name)
for _name in ("fft", "ifft", "rfft", "irfft"):
    _along_two_axes(f"{_name}2")
    _along_all_axes(f"{_name}n")


@followed(fft.fftshift)
def fftshift(x, axes=None):
    """As numpy.fft has it."""
    return np.fft.fftshift(x, axes)


@followed(fft.ifftshift)
def ifftshift(x, axes=None):
    """As numpy.fft has it."""
    return np.fft.ifftshift(x, axes)


@followed(fft.fftfreq)
def fftfreq(n, d=1.0, *, xp=None, device=None):
    """As numpy.fft has it."""
    return np.fft.fftfreq(n, d)


@followed(fft.rfftfreq)
def rfftfreq(n, d=1.0, *, xp=None, device=None):
    """As numpy.fft has it."""
    return np.fft.rfftfreq(n, d)


# ---------------------------------------------------------------------------------------------------------------------
# Cosine and sine transforms
# ---------------------------------------------------------------------------------------------------------------------

multilinear(fft.dct, fft.dst)
facts(fft.dct, fft.dst, boxed=True)


@result_type(fft.dct, fft.dst)
def real_transform_type(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None):
    dtype = as_array(x).dtype
    if dtype is not None and dtype.kind in "biu":
        dtype = np.dtype(float)
    return Array(None if dtype == np.float16 else dtype, fft_type(x, n, axis).shape)


@nondifferentiable
def weights_of_ends(norm, orthogonalize):
    """Whether a transform is orthogonal: its ends have weights of √2 then, which its transpose has too."""
    orthogonal = norm == "ortho"
    if orthogonalize is not None and orthogonalize != orthogonal:
        raise NoRuleError(
            "scipy.fft.dct and dst have no derivative rule for orthogonalize other than norm has it",
            None,
            "Leave it out.",
        )
    return orthogonal


@result_type(weights_of_ends)
def weights_of_ends_type(norm, orthogonalize):
    return weights_of_ends(norm, orthogonalize)


def scaled_at(x, axis, first, last, factor):
    """The array with its first entries along an axis, or its last ones, or both, times a factor."""
    middle = axis_slice(x, axis, 1 if first else None, -1 if last else None)
    ends = [factor * axis_slice(x, axis, None, 1)] if first else []
    behind = [factor * axis_slice(x, axis, -1, None)] if last else []
    return np.concatenate((*ends, middle, *behind), axis)


@result_type(scaled_at)
def scaled_at_type(x, axis, first, last, factor):
    return of_length_type(x, None, axis)


@adjoint(fft.dct)
def dct(y, x, y_bar, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None):
    """y = C x: x̄ = Cᵀ ȳ, where C of type II is the transpose of that of type III but for the weight of its first row, 2, and of
    type I symmetric but for the weights of its first and last column."""
    if weights_of_ends(norm, orthogonalize) or type == 4:
        x_bar = fft.dct(y_bar, 5 - type if type in (2, 3) else type, axis=axis, norm=norm)
    elif type == 2:
        x_bar = fft.dct(scaled_at(y_bar, axis, True, False, 2.0), 3, axis=axis, norm=norm)
    elif type == 3:
        x_bar = scaled_at(fft.dct(y_bar, 2, axis=axis, norm=norm), axis, True, False, 0.5)
    else:
        x_bar = scaled_at(fft.dct(scaled_at(y_bar, axis, True, True, 2.0), 1, axis=axis, norm=norm), axis, True, True, 0.5)
    return x_bar if n is None else of_length(x_bar, np.shape(x)[axis], axis)


@adjoint(fft.dst)
def dst(y, x, y_bar, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None):
    """y = S x: x̄ = Sᵀ ȳ, where S of type II is the transpose of that of type III but for the weight of its last row, 2; S of
    types I and IV is symmetric."""
    if weights_of_ends(norm, orthogonalize) or type in (1, 4):
        x_bar = fft.dst(y_bar, 5 - type if type in (2, 3) else type, axis=axis, norm=norm)
    elif type == 2:
        x_bar = fft.dst(scaled_at(y_bar, axis, False, True, 2.0), 3, axis=axis, norm=norm)
    else:
        x_bar = scaled_at(fft.dst(y_bar, 2, axis=axis, norm=norm), axis, False, True, 0.5)
    return x_bar if n is None else of_length(x_bar, np.shape(x)[axis], axis)


def inverted(type):
    """The type of the inverse."""
    return 5 - type if type in (2, 3) else type


def turned(norm):
    """The scale of the inverse."""
    return {None: "forward", "backward": "forward", "forward": "backward"}.get(norm, norm)


@followed(fft.idct)
def idct(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None):
    """The transform of the other type, with the scale of the inverse."""
    return fft.dct(x, inverted(type), n, axis, turned(norm), False, workers, orthogonalize)


@followed(fft.idst)
def idst(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None):
    """The transform of the other type, with the scale of the inverse."""
    return fft.dst(x, inverted(type), n, axis, turned(norm), False, workers, orthogonalize)


def _of_several_axes(name):
    transform = getattr(fft, name)

    @followed(getattr(fft, f"{name}n"))
    def along_all(x, type=2, s=None, axes=None, norm=None, overwrite_x=False, workers=None, *, orthogonalize=None):
        """Along one axis after another."""
        x = np.asarray(x)
        lengths = (s,) if isinstance(s, int) else s
        chosen = (axes,) if isinstance(axes, int) else axes
        if chosen is None:
            chosen = range(x.ndim) if lengths is None else range(x.ndim - len(lengths), x.ndim)
        for k, axis in enumerate(chosen):
            n = None if lengths is None else lengths[k]
            x = transform(x, type, n, axis, norm, False, workers, orthogonalize)
        return x


for _name in ("dct", "dst", "idct", "idst"):
    _of_several_axes(_name)

# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

nondifferentiable(fft.next_fast_len, fft.prev_fast_len, fft.get_workers)
refused(
    "It has no rule: take fft.rfft along the axes before, and compute with complex numbers.",
    *(fft.hfft2, fft.hfftn, fft.ihfft2, fft.ihfftn),
)
refused("It has no rule: write it with fft.rfft and scipy.special.loggamma.", fft.fht, fft.ifht, fft.fhtoffset)
refused(
    "It changes settings of SciPy's own, which have no derivative.",
    *(fft.set_backend, fft.skip_backend, fft.register_backend, fft.set_global_backend, fft.set_workers),
)
