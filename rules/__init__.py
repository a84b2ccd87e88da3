"""Derivative rules, one module for each area of the library that it covers.

Importing this package imports every module in it, and so registers all rules of NumPy's and Python's functions; a new file
needs no other mention. A package in it has the name of another library, and a module for each of its areas, which is imported
when a function that refers to something of that area is compiled.
"""

import importlib
import os
import pkgutil

from sct.registry.others import waiting

for _module in pkgutil.iter_modules(__path__):
    _name = f"{__name__}.{_module.name}"
    if _module.ispkg:
        for _area in pkgutil.iter_modules([os.path.join(path, _module.name) for path in __path__]):
            waiting(f"{_module.name}.{_area.name}", f"{_name}.{_area.name}")
    else:
        importlib.import_module(_name)
