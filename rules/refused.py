"""Functions of NumPy's that are not differentiated, and why."""

import numpy as np

from sct.registry.refusals import refused


def _of(module, names):
    """The functions of those named that this NumPy has."""
    return [getattr(module, name) for name in names.split() if hasattr(module, name)]


refused(
    "It gives text, which has no derivative: take it of what is not differentiated by.",
    *_of(
        np,
        "array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific "
        "datetime_as_string typename mintypecode",
    ),
)
refused(
    "What it gives comes from outside of the function: read it before, and pass it as an argument.",
    *_of(np, "from_dlpack frombuffer fromfile fromregex fromstring genfromtxt load loadtxt"),
)
refused(
    "It reads or changes settings of NumPy's own, which have no derivative.",
    *_of(
        np,
        "get_include get_printoptions getbufsize geterr geterrcall set_printoptions setbufsize seterr seterrcall "
        "printoptions test",
    ),
    *_of(np.linalg, "test"),
    *_of(np.fft, "test"),
)
refused(
    "Dates have no derivative.",
    *_of(np, "busday_count busday_offset is_busday datetime_data"),
)
refused("It gives np.matrix, whose operators are others than those of arrays: use arrays.", *_of(np, "asmatrix bmat"))
refused("It works on Python objects one by one: use np.vectorize.", *_of(np, "frompyfunc nested_iters"))
refused("Bits have no derivative.", *_of(np, "packbits unpackbits"))
refused(
    "Whether its result is real or complex depends on values: take np.real of it.",
    *_of(np, "real_if_close"),
)
refused("It counts by several coordinates: use np.ravel_multi_index and np.bincount.", *_of(np, "histogram2d histogramdd"))
refused("What it asks for is how an array lies in memory: use np.asarray or np.copy.", *_of(np, "require"))
refused(
    "It gives several results under names: use np.unique with return_index, return_inverse or return_counts.",
    *_of(np, "unique_all unique_counts unique_inverse"),
)
