"""Data classes that are quick to make.

Takes a class; gives it as a data class. Those that are frozen are so for the type checker: Python sets each field of a frozen
one by a call of its own, and most of what a compilation makes are these. The methods of a class are compiled together, those
aside that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    import dataclasses

    def record(*, frozen, slots=False, eq=True):
        """`dataclasses.dataclass(frozen=True)`, whose fields nothing but the type checker protects."""
        assert frozen

        def made(cls):
            cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            texts = [] if "__init__" in vars(cls) else [_init(cls)]
            if eq and "__eq__" not in vars(cls):
                texts.append(_eq(cls))
            if eq and vars(cls).get("__hash__") is None:
                texts.append(f"def __hash__(self):\n return hash({_tuple(cls, 'self')})")
            methods = {}
            exec("\n".join(texts), _defaults(cls), methods)
            if "__repr__" not in vars(cls):
                methods["__repr__"] = _repr
            for name, method in methods.items():
                method.__qualname__ = f"{cls.__qualname__}.{name}"
                setattr(cls, name, method)
            return cls

        return made

    def _init(cls):
        fields = dataclasses.fields(cls)
        given = [f.name if _default(f) is None else f"{f.name}={_default(f)}" for f in fields if f.init]
        body = [f" self.{f.name} = {f.name if f.init else _default(f)}" for f in fields]
        made_anew = [f" if {f.name} is _default_{f.name}:\n  {f.name} = {f.name}()" for f in fields if f.init and _is_made(f)]
        after = [" self.__post_init__()"] if hasattr(cls, "__post_init__") else []
        return "\n".join([f"def __init__({', '.join(['self', *given])}):", *made_anew, *body, *after, " pass"])

    def _is_made(f):
        return f.default_factory is not dataclasses.MISSING

    def _default(f):
        """What stands for the default of a field in the methods: of one that is made anew, what makes it."""
        if f.default is dataclasses.MISSING and not _is_made(f):
            return None
        return f"_default_{f.name}" if f.init or not _is_made(f) else f"_default_{f.name}()"

    def _defaults(cls):
        return {f"_default_{f.name}": f.default_factory if _is_made(f) else f.default for f in dataclasses.fields(cls)}

    def _eq(cls):
        same = f"return {_tuple(cls, 'self')} == {_tuple(cls, 'other')}"
        return f"def __eq__(self, other):\n if other.__class__ is self.__class__:\n  {same}\n return NotImplemented"

    def _tuple(cls, of):
        return f"({''.join(f'{of}.{f.name},' for f in dataclasses.fields(cls) if f.compare)})"

    def _repr(self):
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
        return f"{type(self).__qualname__}({shown})"
