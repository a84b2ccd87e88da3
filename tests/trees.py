"""Values made of numbers and arrays in dicts, lists and tuples: arguments, results and their adjoints."""

import numpy as np


def floating(value):
    """Whether a value is made of real numbers."""
    if isinstance(value, dict):
        return any(map(floating, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(floating, value))
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def mapped(f, *values):
    """`f` of the leaves of values of one structure; what is no real number stays as it is in the first."""
    first = values[0]
    if isinstance(first, dict):
        return {k: mapped(f, *(v[k] for v in values)) for k in first}
    if isinstance(first, (list, tuple)):
        return type(first)(mapped(f, *items) for items in zip(*values, strict=True))
    return f(*values) if floating(first) else first


def leaves(value):
    """The numbers, arrays and whatever else a value is made of."""
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in leaves(v)]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    return [value]


def pairing(a, b):
    """The sum of the products of the entries of two values, where those of the second are real."""
    return sum(float(np.sum(np.asarray(x) * np.asarray(y))) for x, y in zip(leaves(a), leaves(b), strict=True) if floating(y))


def random_like(value, rng):
    """Random numbers in the place of the real ones."""
    return mapped(lambda v: rng.normal(size=np.shape(v)) if isinstance(v, np.ndarray) else type(v)(rng.normal()), value)


def ones_like(value):
    """Ones in the place of the real numbers."""
    return mapped(lambda v: np.ones_like(v) if isinstance(v, np.ndarray) else 1.0, value)


def waves_like(value):
    """Numbers of either sign in the place of the real ones, the same ones each time."""
    return mapped(lambda v: np.cos(np.arange(np.size(v)).reshape(np.shape(v))).astype(np.asarray(v).dtype), value)


def close(a, b, rtol=1e-9, atol=1e-11):
    """Whether two values have one structure, and leaves of one shape that are almost equal."""
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(close(a[k], b[k], rtol, atol) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(close(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    return a is b is None or (np.shape(a) == np.shape(b) and np.allclose(a, b, rtol, atol, equal_nan=True))


def equal(a, b):
    """Whether two values have one structure, and equal leaves of one shape."""
    return close(a, b, 0.0, 0.0)
