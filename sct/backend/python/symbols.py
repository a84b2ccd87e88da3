"""How generated text refers to callables: NumPy's and Python's by their public names, others by names of their own.

Takes callables and other objects; gives dotted names and remembers what has to be imported or bound for them. A parameter of
the user's may be called `np`, or `len`: then the text knows NumPy, or the function, by another name.
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import math
import operator
import warnings
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from sct import checkpointing, runtime
from sct.ir.ops import Again, Call, Derived, Free, describe, is_indexed
from sct.ir.records import record
from sct.registry.others import area_of

__all__ = ["IN_SCT", "RESERVED", "Naming", "Symbols", "load"]

RESERVED = frozenset(dir(builtins)) - {"_"} | {"np", "math", "runtime", "operator", "checkpointing"}


_READ = ast.Load()


def load(name: str) -> Any:
    """A dotted name, read."""
    if "." not in name:  # most of them
        return ast.Name(name, _READ)
    first, *rest = name.split(".")
    node: ast.expr = ast.Name(first, _READ)
    for part in rest:
        node = ast.Attribute(node, part, _READ)
    return node


@functools.cache
def _public() -> dict[int, tuple[str, str]]:
    """The public functions of NumPy, math, operator, the builtins and the runtime, by identity: module and dotted name."""
    out: dict[int, tuple[str, str]] = {}

    def add(module: ModuleType, label: str, header: str) -> None:
        for name, value in sorted(vars(module).items()):  # what is in `dir` besides is imported when it is looked at
            if name.startswith("_"):
                continue
            if callable(value) or is_indexed(value):
                own = getattr(value, "__name__", name)
                own = {"absolute": "abs", "conjugate": "conj"}.get(own, own)  # as everybody writes them
                name = own if getattr(module, own, None) is value else name
                out.setdefault(id(value), (header, f"{label}{name}"))

    add(builtins, "", "")
    add(runtime, "runtime.", "from sct import runtime")
    for module in (np, np.linalg, np.fft, np.random):
        add(module, f"np.{module.__name__[6:]}." if module is not np else "np.", "import numpy as np")
    add(math, "math.", "import math")
    add(operator, "operator.", "import operator")
    out[id(warnings.warn)] = "import warnings", "warnings.warn"
    for op in (checkpointing.advance, checkpointing.reverse):
        out[id(op)] = "from sct import checkpointing", f"checkpointing.{op.__name__}"
    return out


def _own_name(value: Any) -> str:
    if isinstance(value, (Again, Derived)):
        return f"{_own_name(value.function)}_{value.transform if isinstance(value, Derived) else 'again'}"
    return getattr(value, "__name__", "constant")


@record(frozen=True, eq=False)
class Naming:
    """What a text calls what is not its own.

    `imports`: it imports what is sct's; else it is bound, as the user's functions are. `data`: the name of the data that a
    function finds outside of itself, where it is not read from there at each call.
    """

    imports: bool
    data: Mapping[Free, str]


IN_SCT = Naming(True, {})
"""How a text is named that runs beside sct."""


class Symbols:
    """The names of the objects that one text refers to; `own` is that of the function that the text defines."""

    def __init__(self, own: str = "", bound: dict[str, Any] | None = None, naming: Naming = IN_SCT) -> None:
        self.own = own
        self.naming = naming
        self.imports: dict[str, None] = {}
        self.bound: dict[str, Any] = {} if bound is None else bound
        self.roots: dict[str, list[Any]] = {}  # the first part of each name -> where it stands in the text

    def refer(self, name: str) -> Any:
        """A dotted name of this text's, or of Python's, read."""
        node = root = load(name)
        while isinstance(root, ast.Attribute):
            root = root.value
        self.roots.setdefault(root.id, []).append(root)
        return node

    def give_way(self, taken: Collection[str]) -> None:
        """Other names for what the text calls as one of its variables, `taken`, is called."""
        for root in [r for r in self.roots if r in taken]:
            other = next(n for k in itertools.count(1) if (n := f"{root}_{k}") not in taken and n not in self.roots)
            if root in self.bound:
                self.bound[other] = self.bound[root]
            else:
                header = next((h for h in self.imports if h.split()[-1] == root), f"from builtins import {root}")
                self.imports.pop(header, None)
                self.imports[f"{header.removesuffix(f' as {root}')} as {other}"] = None
            for node in self.roots[root]:
                node.id = other

    def name(self, value: Any) -> str:
        """The dotted name of a callable or module."""
        if isinstance(value, Call):
            return self.name(value.function)
        if isinstance(value, ModuleType) and value.__name__ in ("numpy", "math", "operator"):
            header = "import numpy as np" if value is np else f"import {value.__name__}"
            self.imports[header] = None
            return "np" if value is np else value.__name__
        found = _public().get(id(value))
        if found is not None and (self.naming.imports or not found[0].startswith("from sct")):
            if found[0]:
                self.imports[found[0]] = None
            return found[1]
        module = getattr(value, "__module__", None) or ""
        if module.startswith(("sct.rules.", "sct.runtime.")) and self.naming.imports:
            self.imports[f"from {module} import {value.__name__}"] = None
            return str(value.__name__)
        if area_of(value) is not None and (public := describe(value)).count(".") > 1:
            module, _, own = public.rpartition(".")
            return f"{self.imported(module)}.{own}"
        return self.bind(value)

    def imported(self, module: str) -> str:
        """The name of a module of a library that has been imported in the text from the package that it is in."""
        package, _, own = module.rpartition(".")
        header, name, k = f"from {package} import {own}", own, 0
        while name == self.own or name in self.bound or self._is_imported(name, but=header):
            k += 1
            name = f"{own}_{k}"
            header = f"from {package} import {own} as {name}"
        self.imports[header] = None
        return name

    def _is_imported(self, name: str, but: str = "") -> bool:
        return any(header.split()[-1] == name for header in self.imports if header != but)

    def bind(self, value: Any) -> str:
        """A name of its own for an object, under which the text finds it when it runs."""
        for name, known in self.bound.items():
            if known is value or (isinstance(value, (Again, Derived)) and known == value):
                return name
        base = _own_name(value)
        base = base if base.isidentifier() and base not in RESERVED else "constant"
        name, k = base, 0
        while name == self.own or self._is_imported(name) or (name in self.bound and self.bound[name] is not value):
            k += 1
            name = f"{base}_{k}"
        self.bound[name] = value
        return name
