"""Functions of NumPy's that are not differentiated, and why."""

import numpy as np

from sct.registry.refusals import refused, refused_namespace, those_of

refused(
    "It gives text, which has no derivative: take it of what is not differentiated by.",
    *those_of(
        np,
        "array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific "
        "datetime_as_string typename mintypecode str_ bytes_ void",
    ),
)
refused(
    "What it gives comes from outside of the function: read it before, and pass it as an argument.",
    *those_of(np, "from_dlpack frombuffer fromfile fromregex fromstring genfromtxt load loadtxt"),
)
refused(
    "It reads or changes settings of NumPy's own, which have no derivative.",
    *those_of(
        np,
        "get_include get_printoptions getbufsize geterr geterrcall set_printoptions setbufsize seterr seterrcall "
        "printoptions errstate test",
    ),
    *those_of(np.polynomial, "set_default_printstyle test"),
    *those_of(np.linalg, "test"),
    *those_of(np.fft, "test"),
)
refused(
    "Dates have no derivative.",
    *those_of(np, "busday_count busday_offset is_busday busdaycalendar datetime_data datetime64 timedelta64"),
)
refused("It gives np.matrix, whose operators are others than those of arrays: use arrays.", *those_of(np, "asmatrix bmat"))
refused("It works on Python objects one by one: use np.vectorize.", *those_of(np, "frompyfunc nested_iters"))
refused("Bits have no derivative.", *those_of(np, "packbits unpackbits"))
refused("How many coordinates there are is not known: give `bins` as a tuple, an entry for each.", *those_of(np, "histogramdd"))
refused("What it asks for is how an array lies in memory: use np.asarray or np.copy.", *those_of(np, "require"))
refused(
    "It is an array of another class, whose operators are others: use arrays.",
    *those_of(np, "matrix memmap recarray"),
)
refused(
    "It is a polynomial as an object: use its coefficients, and functions of these such as polyval.",
    *those_of(np, "poly1d"),
    *those_of(np.polynomial, "Polynomial Chebyshev Legendre Hermite HermiteE Laguerre"),
)
refused(
    "It goes through arrays as they lie in memory: use np.ndenumerate, np.broadcast_arrays, or operations on arrays.",
    *those_of(np, "broadcast flatiter nditer"),
)
refused_namespace(
    "It works on text, which has no derivative: take it of what is not differentiated by.", "numpy.char", "numpy.strings"
)
refused_namespace("Masked arrays have other operators: use np.where and a mask, or the nan functions.", "numpy.ma")
refused_namespace("Arrays of records have fields of several kinds: use an array for each field.", "numpy.rec")
refused_namespace("It gives np.matrix, whose operators are others than those of arrays: use arrays.", "numpy.matlib")
refused_namespace("It is about the memory of arrays: call it outside of the function.", "numpy.ctypeslib")
refused_namespace("Compare arrays outside of the function, or by assert and np.allclose.", "numpy.testing")
refused_namespace("It is about NumPy itself: call it outside of the function.", "numpy.lib", "numpy.f2py", "numpy.exceptions")
refused(
    "It is a kind of types, and makes nothing: use it with isinstance or np.issubdtype.",
    *those_of(
        np,
        "character complexfloating flexible floating generic inexact integer number object_ record signedinteger ufunc "
        "unsignedinteger",
    ),
)
