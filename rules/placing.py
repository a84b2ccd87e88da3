"""Functions that write into an array that they are given: compositions of assignments."""

import numpy as np

from sct.registry.compositions import composition


@composition(np.putmask)
def putmask(a, mask, values):
    """Into the entries of a mask, each with the value of its own number."""
    mask = np.reshape(mask, a.shape)
    a[mask] = np.resize(values, a.shape)[mask]


@composition(np.place)
def place(arr, mask, vals):
    """Into the entries of a mask, with one value after another."""
    mask = np.reshape(mask, arr.shape)
    vals = np.ravel(vals)
    arr[mask] = vals[np.arange(np.count_nonzero(mask)) % len(vals)]


@composition(np.put_along_axis)
def put_along_axis(arr, indices, values, axis=-1):
    """Where `np.take_along_axis` reads."""
    if axis is None:
        arr[np.unravel_index(indices, arr.shape)] = values
    else:
        index = [
            indices
            if k == axis % arr.ndim
            else np.reshape(np.arange(arr.shape[k]), (1,) * k + (-1,) + (1,) * (arr.ndim - 1 - k))
            for k in range(arr.ndim)
        ]
        arr[tuple(index)] = values
