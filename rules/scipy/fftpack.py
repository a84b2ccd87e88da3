"""Transforms of scipy.fftpack, followed as those of scipy.fft and numpy.fft."""

import numpy as np
from scipy import fft, fftpack

from sct.registry.refusals import refused
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.type_rules import result_type

from ..construction import fftfreq_type
from . import followed
from .fft import inverted


def _complex(name):
    transform, along_several = getattr(np.fft, name), getattr(np.fft, f"{name}n")

    @followed(getattr(fftpack, name))
    def along_one(x, n=None, axis=-1, overwrite_x=False):
        """As numpy.fft has it."""
        return transform(x, n, axis)

    @followed(getattr(fftpack, f"{name}2"))
    def along_two(x, shape=None, axes=(-2, -1), overwrite_x=False):
        """As numpy.fft has it."""
        return along_several(x, shape, axes)

    @followed(getattr(fftpack, f"{name}n"))
    def along_all(x, shape=None, axes=None, overwrite_x=False):
        """As numpy.fft has it."""
        return along_several(x, shape, axes)


def _real(name, inverse):
    transform, along_several = getattr(fft, name), getattr(fft, f"{name}n")

    @followed(getattr(fftpack, name))
    def along_one(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False):
        """As scipy.fft has it."""
        return transform(x, type, n, axis, norm)

    @followed(getattr(fftpack, f"{name}n"))
    def along_all(x, type=2, shape=None, axes=None, norm=None, overwrite_x=False):
        """As scipy.fft has it."""
        return along_several(x, type, shape, axes, norm)

    @followed(getattr(fftpack, inverse))
    def back_along_one(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False):
        """The transform of the other type, without a scale."""
        return transform(x, inverted(type), n, axis, norm)

    @followed(getattr(fftpack, f"{inverse}n"))
    def back_along_all(x, type=2, shape=None, axes=None, norm=None, overwrite_x=False):
        """The transform of the other type, without a scale."""
        return along_several(x, inverted(type), shape, axes, norm)


for _name in ("fft", "ifft"):
    _complex(_name)
_real("dct", "idct")
_real("dst", "idst")


@adjoint(fftpack.rfftfreq)
def rfftfreq(y, n, d=1.0, *, y_bar):
    """yₖ = ⌈k / 2⌉ / (n d): d̄ = -⟨ȳ, y⟩ / d."""
    return None, -np.sum(y_bar * y) / d


@result_type(fftpack.rfftfreq)
def rfftfreq_type(n, d=1.0):
    return fftfreq_type(n, d)


nondifferentiable(fftpack.next_fast_len)
refused(
    "It has no rule: use scipy.fft or numpy.fft, whose results are complex numbers, and multiply these.",
    *(fftpack.rfft, fftpack.irfft, fftpack.diff, fftpack.tilbert, fftpack.itilbert, fftpack.hilbert, fftpack.ihilbert),
    *(fftpack.sc_diff, fftpack.cs_diff, fftpack.cc_diff, fftpack.ss_diff, fftpack.shift),
)
