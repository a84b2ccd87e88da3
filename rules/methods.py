"""Methods and attributes of arrays that no function of NumPy's is called for: compositions, and what is refused.

Those that a function of NumPy's stands for are registered with its rule.
"""

import numpy as np

from sct.ir.ops import Attribute, Method
from sct.ir.types import Array
from sct.registry.compositions import composition
from sct.registry.refusals import refused


@composition(Method("compress"))
def compress(a, condition, axis=None):
    return np.compress(condition, a, axis)


@composition(Method("item"), covers=lambda a, *index: len(index) > 0)
def item(a, *index):
    """The entry at an index, which is one of all entries in a row if it is one number."""
    if len(index) > 1:
        return a[index].item()
    return (a[index[0]] if isinstance(index[0], tuple) else np.ravel(a)[index[0]]).item()


@composition(Method("tolist"))
def tolist(a):
    """Lists of the rows, down to Python's numbers."""
    if a.ndim == 0:
        return a.item()
    return [row.tolist() for row in a]


def keeps_entries(a, dtype=None, type=None):
    """Whether a view is of numbers of the same kind: an array of another class has other operators."""
    if type not in (None, np.ndarray):
        return False
    same = isinstance(a, Array) and a.dtype is not None and dtype not in (None, np.ndarray) and np.dtype(dtype) == a.dtype
    return dtype in (None, np.ndarray) or same


@composition(Method("view"), covers=keeps_entries)
def view(a, dtype=None, type=None):
    return a[...]


@composition(Method("to_device"))
def to_device(a, device, /, *, stream=None):
    """The array: there is no other device."""
    return a


refused(
    "It takes the memory of numbers for something else: use astype, an index, or np.real and np.imag.",
    Method("view"),
    Method("getfield"),
)
refused(
    "It changes the array, or what its memory is taken for: use np.resize, an assignment to entries, or astype.",
    *[Method(name) for name in ("byteswap", "itemset", "resize", "setfield")],
)
refused(
    "It gives bytes, which have no derivative, or puts the numbers somewhere else: take it of what is not differentiated by.",
    *[Method(name) for name in ("dump", "dumps", "tobytes", "tofile", "tostring")],
)
refused(
    "It asks how an array lies in memory: use the shape, or np.copy.",
    *[Attribute(name) for name in ("base", "flags")],
)
refused(
    "NumPy 2 has it no longer: use the function of that name, or an assignment to an entry.",
    *[Attribute(name) for name in ("itemset", "newbyteorder", "ptp")],
)
refused("It gives the memory of an array, into which others may write: use the array.", Attribute("ctypes"), Attribute("data"))
