"""What tools that build on sct may rely on (docs/library.md), as a list: a change of it is seen in review.

`UPDATE_SURFACE=1 python -m pytest tests/test_public_surface.py` writes the list anew. Where a line goes or changes, that has
been deprecated for one minor version, and `sct.stages.VERSION` rises; lines that are added need neither.
"""

import dataclasses
import inspect
import os
import typing
from pathlib import Path

import pytest

from sct import ir, stages

SURFACE = Path(__file__).with_name("public_surface.txt")
KEPT = ("hashed", "known", "tables")  # what is kept with a value, so that it is found once
SIMPLE = (bool, int, str, type(None), tuple)


def parameters(function):
    """The names, kinds and defaults of parameters, without their annotations."""
    shown = []
    for p in inspect.signature(function).parameters.values():
        default = p.default if p.default is p.empty or isinstance(p.default, SIMPLE) else ...
        shown.append(str(p.replace(annotation=p.empty, default=default)).replace("Ellipsis", "…"))
        if p.kind is p.KEYWORD_ONLY and "*" not in shown:
            shown.insert(-1, "*")
    return f"({', '.join(shown)})"


def is_class(value):
    """Whether it is a class; to Python 3.10 an alias of types is one, too."""
    return inspect.isclass(value) and typing.get_origin(value) is None


def lines():
    yield f"stages.VERSION = {stages.VERSION}"
    for module in (stages, ir):
        short = module.__name__.removeprefix("sct.")
        for name in module.__all__:
            yield from described(f"{short}.{name}", getattr(module, name))
    yield "passes: " + ", ".join(stages.PASSES.names)


def described(path, value):
    if not is_class(value):
        yield path + parameters(value) if inspect.isfunction(value) else path
        return
    bases = [b.__name__ for b in value.__mro__[1:] if b.__module__.startswith("sct.") and not b.__name__.startswith("_")]
    yield f"class {path}" + (f"({', '.join(bases)})" if bases else "")
    fields = [f.name for f in dataclasses.fields(value) if f.init] if dataclasses.is_dataclass(value) else []
    if fields:
        yield f"    {path}: {', '.join(fields)}"
    for name in dir(value):
        found = inspect.getattr_static(value, name)
        inherited = hasattr(BaseException, name) or hasattr(tuple, name)
        if name.startswith("_") or name in fields or name in KEPT or inherited:
            continue
        called = isinstance(found, staticmethod) or inspect.isfunction(found)
        yield f"    {path}.{name}" + (parameters(getattr(value, name)) if called else "")


def test_the_surface():
    now = "\n".join(lines()) + "\n"
    if os.environ.get("UPDATE_SURFACE"):
        SURFACE.write_text(now)
    assert now == SURFACE.read_text()


def test_every_name_is_there_and_said():
    for module in (stages, ir):
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value) or is_class(value):
                assert value.__doc__, name
    assert "Emitter" in stages.__all__
    with pytest.raises(AttributeError, match=r"module 'sct\.stages' has no attribute 'Parser'"):
        stages.Parser  # noqa: B018
