"""Derivative rules, one module for each area of the library that it covers.

Importing this package imports every module in it, and so registers all rules; a new file needs no other mention.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
