"""Projects: the derivative modules that a pyproject.toml declares.

Takes the file; gives, for each module, its text as it would be written now, compared with what is there. A mistake in a table
is an error that says which table and key. Writes nothing.

The tables::

    [tool.sct]
    roots = ["src"]                     # folders that files are imported from; "." if there is none

    [[tool.sct.modules]]
    file = "src/model_derivatives.py"
    functions = "include"               # the options of sct.Generator: functions, data, guards, jit
    derivatives = [
        { of = "src/model.py:loss", transform = "grad", wrt = ["W", "b"], types = "W: f8[n, m], b: f8[m], x: f8[n]" },
        { of = "src/model.py:loss", transform = "primal" },
    ]

A module of one derivative may have the keys of that in its own table.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sct.api.generate import Generator
from sct.cli.modules import Comparison, compared
from sct.cli.target import CommandError, evaluated, target
from sct.errors import SctError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["PRIMAL", "Asked", "generated", "in_project"]

PRIMAL = "primal"
_PROJECT = {"modules": list, "roots": list}
_MODULE = {"file": str, "derivatives": list, "functions": str, "data": (str, dict), "guards": bool, "jit": str}
_DERIVATIVE = {
    "of": str,
    "transform": str,
    "wrt": (str, int, list),
    "types": str,
    "like": str,
    "name": str,
    "accumulate": bool,
    "has_aux": bool,
    "holomorphic": bool,
    "optimize": bool,
}
_FOR_GENERATOR = ("functions", "data", "guards", "jit")


@dataclass(frozen=True)
class Asked:
    """A derivative that is asked for, under the names of the tables' keys."""

    def command(self, module: Mapping[str, Any]) -> str:
        """The command that writes it; `module` are the options of the module."""
        if self.transform == PRIMAL:
            return f"as it is written in {self.of}"
        own = dict(self.options or {})
        given = {"wrt": _listed(self.wrt), "types": own.pop("types", None), "like": self.like, "name": own.pop("name", None)}
        given["functions"] = None if module.get("functions") == "include" else module.get("functions")
        given["data"] = None if module.get("data") == "constants" else _ways(module.get("data"))
        given["jit"] = module.get("jit")
        words = [word for option, value in given.items() if value is not None for word in (f"--{option}", value)]
        flags = {"--accumulate": own.pop("accumulate", False), "--no-guards": not module.get("guards", True)}
        text = shlex.join(["sct", self.transform.replace("_", "-"), self.of, *words, *(f for f, on in flags.items() if on)])
        return f"{text} ({', '.join(f'{k} = {v}' for k, v in own.items())})" if own else text

    of: str
    transform: str = "grad"
    wrt: Any = 0
    like: str | None = None
    options: Mapping[str, Any] | None = None


def _listed(wrt: Any) -> str | None:
    """Names of parameters as a command has them."""
    if wrt == 0:
        return None
    return f"{','.join(map(str, wrt))}{',' if len(wrt) == 1 else ''}" if isinstance(wrt, tuple) else str(wrt)


def _ways(data: Any) -> str | None:
    """What becomes of data, as a command has it."""
    return ",".join(f"{name}={way}" for name, way in data.items()) if isinstance(data, Mapping) else data


def generated(asked: Sequence[Asked], base: Path | None, roots: Sequence[Path], **options: Any) -> str:
    """The text of a module of derivatives; `options` are those of `sct.Generator`."""
    generator = Generator(**options)
    for a in asked:
        of = target(a.of, base, roots)
        if a.transform == PRIMAL:
            generator.add(of.function)
        else:
            like = None if a.like is None else evaluated(a.like, of)
            generator.add(of.function, a.transform, a.wrt, like=like, **(a.options or {}))
        generator.asked_by(a.command(options))
    return generator.generate()


def in_project(path: Path) -> list[Comparison]:
    """The modules that a project declares, as they are and as they would be written now.

    Parameters
    ----------
    path : Path
        A pyproject.toml, or the folder that it is in.

    Raises
    ------
    SctError
        If the tables have a mistake in them, or a module cannot be generated; says which.
    """
    file = path / "pyproject.toml" if path.is_dir() else path
    base = file.resolve().parent
    tables = _tables(file)
    roots = [(base / root).resolve() for root in tables.get("roots", ["."])]
    found: dict[Path, Comparison] = {}
    for number, table in enumerate(tables["modules"], start=1):
        where = f"{file}: module {number} of tool.sct"
        _known(table, {**_MODULE, **_DERIVATIVE}, where)
        label = _required(table, "file", where)
        where = f"{where}, {label}"
        if base / label in found:
            raise CommandError(f"{where}: there is a module of this file already", None, "Put its derivatives together.")
        options = {key: table[key] for key in _FOR_GENERATOR if key in table}
        try:
            text = generated(_asked(table, where), base, roots, **options)
        except SctError as e:
            raise e if e.message.startswith(where) else CommandError(f"{where}: {e.message}", e.place, e.advice) from None
        found[base / label] = compared(base / label, label, text)
    return list(found.values())


def _tables(file: Path) -> dict[str, Any]:
    """What a pyproject.toml says to sct."""
    try:
        with file.open("rb") as stream:
            whole = tomllib.load(stream)
    except OSError as e:
        raise CommandError(f"{file} cannot be read: {e.strerror or e}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CommandError(f"{file} cannot be read: {e}") from None
    tables = whole.get("tool", {}).get("sct", {})
    where = f"{file}: tool.sct"
    _known(tables, _PROJECT, where)
    if not tables.get("modules"):
        raise CommandError(
            f"{file} declares no modules of derivatives", None, "Write [[tool.sct.modules]], and below it file = … ."
        )
    return dict(tables)


def _known(table: Any, keys: Mapping[str, Any], where: str) -> None:
    """An error if a table has a key that says nothing, or one with a value of another type."""
    if not isinstance(table, dict):
        raise CommandError(f"{where} is a {type(table).__name__}, not a table")
    for key, value in table.items():
        if key not in keys:
            raise CommandError(f"{where} has {key}, which says nothing", None, f"There are {', '.join(keys)}.")
        kinds = keys[key] if isinstance(keys[key], tuple) else (keys[key],)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise CommandError(f"{where}: {key} = {value!r} is of type {type(value).__name__}, not {wanted}")


def _required(table: Mapping[str, Any], key: str, where: str) -> str:
    if key not in table:
        raise CommandError(f"{where} does not say {key}")
    return str(table[key])


def _asked(table: Mapping[str, Any], where: str) -> list[Asked]:
    """The derivatives of a module's table."""
    own = {key: table[key] for key in _DERIVATIVE if key in table}
    several = table.get("derivatives", [])
    if own and several:
        raise CommandError(f"{where} has derivatives, and {min(own)} beside them", None, "Say it of each of the derivatives.")
    out = []
    for number, given in enumerate(several or [own], start=1):
        place = f"{where}, derivative {number}" if several else where
        _known(given, _DERIVATIVE, place)
        options = {**given, "of": _required(given, "of", place)}
        wrt = options.pop("wrt", 0)
        out.append(
            Asked(
                options.pop("of"),
                options.pop("transform", "grad"),
                tuple(wrt) if isinstance(wrt, list) else wrt,
                options.pop("like", None),
                options,
            )
        )
    return out
