"""Functions whose results are complex where the real ones have none (`np.emath`): followed as NumPy has them, in Python."""

import inspect

import numpy as np

from sct.registry.compositions import as_written

_written = inspect.unwrap(np.emath.sqrt).__globals__
as_written(*[f for name, f in vars(np.emath).items() if inspect.isfunction(inspect.unwrap(f)) and not name.startswith("_")])
as_written(*[f for name, f in _written.items() if name.startswith(("_to", "_fix"))])
