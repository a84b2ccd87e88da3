"""Finding the source of a function.

Takes a function, lambda or nested function; gives its gast tree with line numbers of the user's file. Never runs it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import gast

from sct.errors import Place, SourceUnavailableError

__all__ = ["Source", "read"]


@dataclass(frozen=True)
class Source:
    """A function's tree (`gast.FunctionDef` or `gast.Lambda`), file, and the lines of the file that it stands in."""

    function: FunctionType
    node: Any
    file: str
    first: int
    indent: int
    lines: tuple[str, ...]

    def place(self, node: Any) -> Place:
        """The place of a node of this tree."""
        line = self.first + node.lineno - 1
        return Place(self.file, line, node.col_offset + self.indent, self.function.__name__)

    def text(self, node: Any) -> str:
        """The source of a node, on one line."""
        rows = list(self.lines[node.lineno - 1 : node.end_lineno])
        rows[-1] = rows[-1].encode()[: node.end_col_offset].decode()
        rows[0] = rows[0].encode()[node.col_offset :].decode()
        return " ".join(row.split("  #")[0].strip() for row in rows).strip()


def read(function: Callable[..., Any]) -> Source:
    """The source of `function`.

    Raises
    ------
    SourceUnavailableError
        If it is not a Python function, or its text cannot be found.
    """
    name = getattr(function, "__qualname__", repr(function))
    if not isinstance(function, FunctionType):
        raise SourceUnavailableError(
            f"{name} is not a function written in Python, so its source cannot be read",
            advice="Give a Python function, or register a rule for it with sct.adjoint.",
        )
    code = function.__code__
    try:
        lines, first = inspect.getsourcelines(code)
    except (OSError, TypeError, IndexError) as e:
        raise SourceUnavailableError(
            f"the source of {name} cannot be found ({e})",
            advice="Define it in a file, a notebook cell, or exec it with an entry in linecache.",
        ) from e
    first = max(first, 1)
    text = "".join(lines)
    dedented = textwrap.dedent(text)
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    node, text_lines = _find(function, code, dedented)
    return Source(function, node, code.co_filename, first, indent, tuple(text_lines))


def _find(function: FunctionType, code: CodeType, text: str) -> tuple[Any, list[str]]:
    if function.__name__ != "<lambda>":
        try:
            tree = gast.parse(text)
        except SyntaxError as e:
            raise _unreadable(function, e) from e
        for node in gast.walk(tree):
            if isinstance(node, (gast.FunctionDef, gast.AsyncFunctionDef)) and node.name == code.co_name:
                return node, text.splitlines()
        raise _unreadable(function, "the text at its place does not define it")
    return _find_lambda(function, code, text)


def _unreadable(function: FunctionType, why: object) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"the source of {function.__qualname__} cannot be parsed ({why})",
        advice="If the file changed since it was imported, import it again; otherwise give the function a def of its own.",
    )


def _find_lambda(function: FunctionType, code: CodeType, text: str) -> tuple[Any, list[str]]:
    """A lambda stands somewhere in a statement, of which `text` may be a part that does not parse by itself."""
    for candidate in _fragments(text):
        try:
            tree = ast.parse(candidate)
        except SyntaxError:
            continue
        lambdas = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda)]
        same = [n for n in lambdas if _same_code(n, code)]
        found = same or (lambdas if len(lambdas) == 1 else [])
        if found:
            return gast.ast_to_gast(found[0]), candidate.splitlines()
    raise SourceUnavailableError(
        f"the source of the lambda at {code.co_filename}:{code.co_firstlineno} cannot be told from its neighbours",
        advice="Give it a name with def, on lines of its own.",
    )


def _fragments(text: str) -> list[str]:
    """The text itself, then ever shorter pieces from the first `lambda` on: the end of its statement is unknown."""
    out = [text]
    start = text.find("lambda")
    while start >= 0:
        piece = text[start:]
        out.extend(" " * 0 + piece[:end] for end in range(len(piece), len("lambda"), -1))
        start = text.find("lambda", start + 1)
    return out


def _same_code(node: ast.Lambda, code: CodeType) -> bool:
    made: CodeType | None = None
    freevars = code.co_freevars
    arguments = ", ".join(freevars)
    source = f"def _outer({arguments}):\n    return {ast.unparse(node)}"
    for const in compile(source, "<lambda>", "exec").co_consts:
        if isinstance(const, CodeType):
            made = next((c for c in const.co_consts if isinstance(c, CodeType)), None)
    if made is None:
        return False
    return (made.co_code, made.co_consts, made.co_names, made.co_varnames) == (
        code.co_code,
        code.co_consts,
        code.co_names,
        code.co_varnames,
    )
