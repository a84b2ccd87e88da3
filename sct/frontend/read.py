"""Finding the source of a function.

Takes a function, lambda or nested function; gives its gast tree with line numbers of the user's file. Never runs it.
"""

from __future__ import annotations

import ast
import inspect
import linecache
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
    if function.__name__ == "<lambda>":
        node, first, text_lines = _find_lambda(function, code)
        return Source(function, node, code.co_filename, first, 0, tuple(text_lines))
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
    try:
        tree = gast.parse(text)
    except SyntaxError as e:
        raise _unreadable(function, e) from e
    for node in gast.walk(tree):
        if isinstance(node, (gast.FunctionDef, gast.AsyncFunctionDef)) and node.name == code.co_name:
            return node, text.splitlines()
    raise _unreadable(function, "the text at its place does not define it")


def _unreadable(function: FunctionType, why: object) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"the source of {function.__qualname__} cannot be parsed ({why})",
        advice="If the file changed since it was imported, import it again; otherwise give the function a def of its own.",
    )


def _find_lambda(function: FunctionType, code: CodeType) -> tuple[Any, int, list[str]]:
    """The lambda of this code among those of its file: by its line, by its place in the line, and by what it compiles to."""
    lines = linecache.getlines(code.co_filename)
    if not lines:
        raise SourceUnavailableError(
            f"the source of the lambda at {code.co_filename}:{code.co_firstlineno} cannot be found",
            advice="Define it in a file, a notebook cell, or exec it with an entry in linecache.",
        )
    tree = _parsed(lines, code)
    here = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and n.lineno == code.co_firstlineno]
    same = [n for n in here if _same_code(n, code)]
    same = _around(same, code)
    texts = {ast.unparse(n) for n in same}
    if len(texts) != 1:
        raise SourceUnavailableError(
            f"the source of the lambda at {code.co_filename}:{code.co_firstlineno} cannot be told from its neighbours",
            advice="Give it a name with def, on lines of its own.",
        )
    return gast.ast_to_gast(same[0]), 1, [line.rstrip("\n") for line in lines]


def _parsed(lines: list[str], code: CodeType) -> ast.AST:
    """The tree of a file; of a page of text with code in it, that of the shortest piece with the statement of `code`."""
    try:
        return ast.parse("".join(lines))
    except SyntaxError as e:
        error = e
    first = code.co_firstlineno - 1
    for start in range(first, max(first - 20, -1), -1):
        for end in range(first + 1, min(first + 40, len(lines)) + 1):
            piece = lines[start:end]
            margin = len(piece[0]) - len(piece[0].lstrip())
            if any(line[:margin].strip() for line in piece):
                break
            try:
                tree = ast.parse("\n" * start + "".join(line[margin:] if line.strip() else line for line in piece))
            except SyntaxError:
                continue
            for n in ast.walk(tree):
                if isinstance(n, (ast.expr, ast.stmt)):
                    n.col_offset += margin
                    n.end_col_offset = (n.end_col_offset or 0) + margin
            nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and n.lineno == code.co_firstlineno]
            if any(_same_code(n, code) for n in nodes) and _around(nodes, code):
                return tree
    raise SourceUnavailableError(
        f"the source of the lambda at {code.co_filename}:{code.co_firstlineno} cannot be parsed ({error})",
        advice="Give it a name with def, on lines of its own.",
    )


def _around(nodes: list[ast.Lambda], code: CodeType) -> list[ast.Lambda]:
    """Of these lambdas the innermost around the instructions of `code`; all of them where Python (3.10) keeps no columns."""
    if not hasattr(code, "co_positions"):
        return nodes
    spans = [p for p in code.co_positions() if None not in p and p[2:] != (0, 0)]

    def holds(n: ast.Lambda) -> bool:
        start, end = (n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)
        return all(start <= (p[0], p[2]) and (p[1], p[3]) <= end for p in spans)

    found = [n for n in nodes if holds(n)]
    return [n for n in found if not any(m is not n and m in ast.walk(n) for m in found)]


def _same_code(node: ast.Lambda, code: CodeType) -> bool:
    """Whether a lambda has the names, constants and parameters of `code`."""
    source = f"def _outer({', '.join(code.co_freevars)}):\n    return {ast.unparse(node)}"
    outer = next(c for c in compile(source, "<lambda>", "exec").co_consts if isinstance(c, CodeType))
    made = next(c for c in outer.co_consts if isinstance(c, CodeType))
    return _outline(made) == _outline(code)


def _outline(code: CodeType) -> tuple[Any, ...]:
    consts = tuple((type(c), c if not isinstance(c, CodeType) else _outline(c)) for c in code.co_consts)
    return code.co_names, code.co_varnames, code.co_freevars, consts
