"""Finding the source of a function.

Takes a function, lambda or nested function; gives its tree with line numbers of the user's file. The text is that of the
code which runs, or none: a file that was edited since it was imported is not taken for it. Never runs it.
"""

from __future__ import annotations

import ast
import copy
import functools
import hashlib
import inspect
import linecache
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from sct.errors import Place, SourceUnavailableError
from sct.frontend.by_code import ByCode
from sct.frontend.running import class_of, makes
from sct.ir.records import record

__all__ = ["Key", "Source", "bring", "key_of", "lines_of", "read"]

Key = tuple[str, int, bytes]
"""What tells a code apart that another process has made: its name, its line, and a digest of what it does."""


@record(frozen=True)
class Source:
    """A function's tree (`ast.FunctionDef` or `ast.Lambda`), file, and the lines of the file that it stands in."""

    function: FunctionType
    node: Any
    file: str
    first: int
    lines: tuple[str, ...]
    inner: str = ""  # the name of the function inside of `function` that the tree is

    def place(self, node: Any) -> Place:
        """The place of a node of this tree."""
        row = self.lines[node.lineno - 1]
        column = node.col_offset  # in bytes, as Python counts
        if not row.isascii():
            column = len(row.encode()[:column].decode(errors="replace"))
        return Place(self.file, self.first + node.lineno - 1, column, self.inner or self.function.__name__)

    def text(self, node: Any) -> str:
        """The source of a node, on one line."""
        rows = list(self.lines[node.lineno - 1 : node.end_lineno])
        rows[-1] = rows[-1].encode()[: node.end_col_offset].decode()
        rows[0] = rows[0].encode()[node.col_offset :].decode()
        return " ".join(row.split("  #")[0].strip() for row in rows).strip()


@record(frozen=True)
class _Found:
    """What a source is but for the function, which may be made anew from the same code."""

    node: Any
    first: int
    lines: tuple[str, ...]


_found: ByCode[_Found] = ByCode()


def read(function: Callable[..., Any]) -> Source:
    """The source of `function`.

    Raises
    ------
    SourceUnavailableError
        If it is not a Python function, or the text of the code that runs cannot be found.
    """
    name = getattr(function, "__qualname__", repr(function))
    if not isinstance(function, FunctionType):
        raise SourceUnavailableError(
            f"{name} is not a function written in Python, so its source cannot be read",
            advice="Give a Python function, or register a rule for it with sct.adjoint.",
        )
    code = function.__code__
    found = _found.get(code)
    if found is None:
        found = _find_lambda(function) if code.co_name == "<lambda>" else _find(function)
        _spell_private(found.node, class_of(function))
        _found.set(code, found)
    return Source(function, found.node, code.co_filename, found.first, found.lines)


def _spell_private(node: ast.AST, cls: str | None) -> None:
    """Write the attributes whose names begin with two underscores as Python calls them in a class."""
    for n in ast.walk(node) if cls is not None and cls.strip("_") else ():
        if isinstance(n, ast.Attribute) and n.attr.startswith("__") and not n.attr.endswith("__"):
            n.attr = f"_{cls.lstrip('_')}{n.attr}"  # type: ignore[union-attr]


def _find(function: FunctionType) -> _Found:
    """The definition at the place of the code; if that is another now, the one of this code elsewhere in the file."""
    code = function.__code__
    first, lines = code.co_firstlineno, _lines_around(function)
    if not lines:
        raise SourceUnavailableError(
            f"the source of {function.__qualname__} cannot be found",
            advice="Define it in a file, a notebook cell, or exec it with an entry in linecache.",
        )
    for block in (_indented, inspect.getblock):
        rows = block(lines[first - 1 :])
        found = _definition(rows, function) if rows else None  # none if the file is shorter than it was
        if found is not None:
            return found
    if not lines[first - 1 :]:
        raise _edited(function)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        raise _edited(function) from None
    named = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == code.co_name]
    for n in named:
        if makes(n, function):
            return _Found(n, 1, tuple(line.rstrip("\n") for line in lines))
    raise _edited(function)


def _indented(lines: list[str]) -> list[str]:
    """The lines of a definition as far as they are indented, which is all of it unless a string or bracket is not."""
    margin = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    k = next((k for k, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def "))), len(lines)) + 1
    last = k
    for line in lines[k:]:
        if line.strip():
            if not line[: margin + 1].isspace():
                break
            last = k + 1
        k += 1
    return lines[:last]


def _definition(rows: list[str], function: FunctionType) -> _Found | None:
    """The definition that stands in some lines, if it is that of the code."""
    code, text = function.__code__, "".join(rows)
    first = code.co_firstlineno
    if rows[0][:1].isspace():  # what stands in a block is read in a block, as its strings may go over several lines
        rows, first = ["if True:\n", *rows], first - 1
    try:
        node = _named(ast.parse("".join(rows)), code.co_name)
    except SyntaxError:
        return None
    if node is None or not makes(node, function, first, text):
        return None
    return _Found(node, first, tuple(row.rstrip("\n") for row in rows))


def _lines_around(function: FunctionType) -> list[str]:
    """The lines of the file in which a function stands, as it is now; none if it cannot be had."""
    file = function.__code__.co_filename
    linecache.checkcache(file)
    return linecache.getlines(file, function.__globals__) or list(_brought.get(key_of(function.__code__), ()))


_brought: dict[Key, tuple[str, ...]] = {}


def key_of(code: CodeType) -> Key:
    """What tells a code apart in another process."""
    return code.co_name, code.co_firstlineno, hashlib.sha256(code.co_code).digest()


def bring(lines: tuple[str, ...], keys: Iterable[Key]) -> None:
    """Note the lines of a file that another process has read, for functions that stand in it and whose file is not here."""
    _brought.update((key, lines) for key in keys)


def lines_of(function: FunctionType) -> list[str]:
    """The lines of the file, as it is now, where the code of a function stands; none if they cannot be had."""
    first = function.__code__.co_firstlineno
    return _lines_around(function)[first - 1 : max(_lines(function.__code__), default=first)]


def _lines(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line is not None)
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from _lines(c)


def _named(tree: ast.AST, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The outermost definition of a name."""
    for n in ast.walk(tree):
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == name:
            return n
    return None


def _edited(function: FunctionType) -> SourceUnavailableError:
    code = function.__code__
    what = f"the lambda at {code.co_filename}:{code.co_firstlineno}" if code.co_name == "<lambda>" else function.__qualname__
    return SourceUnavailableError(
        f"the source of {what} is not that of the code which runs: {code.co_filename} was edited since it was imported, "
        "or something rewrote the code",
        advice="Import it again (importlib.reload), or run the notebook's cell again.",
    )


def _find_lambda(function: FunctionType) -> _Found:
    """The lambda of this code among those of its file: by what it compiles to, by its line, and by its place in the line."""
    code = function.__code__
    lines = _lines_around(function)
    if not lines:
        raise SourceUnavailableError(
            f"the source of the lambda at {code.co_filename}:{code.co_firstlineno} cannot be found",
            advice="Define it in a file, a notebook cell, or exec it with an entry in linecache.",
        )
    try:
        nodes = _lambdas("".join(lines))
    except SyntaxError as error:
        nodes = tuple(_lambdas_in(_piece(lines, function, error)))
    here = [n for n in nodes if n.lineno == code.co_firstlineno and makes(n, function)]
    same = _around(here, code) or here or [n for n in nodes if makes(n, function)]
    if not same:
        raise _edited(function)
    if len({ast.unparse(n) for n in same}) != 1:
        raise SourceUnavailableError(
            f"the source of the lambda at {code.co_filename}:{code.co_firstlineno} cannot be told from its neighbours",
            advice="Give it a name with def, on lines of its own.",
        )
    return _Found(copy.deepcopy(same[0]), 1, tuple(line.rstrip("\n") for line in lines))


@functools.lru_cache(maxsize=4)
def _lambdas(text: str) -> tuple[ast.Lambda, ...]:
    """The lambdas of a file, which is not parsed again for each of them."""
    return tuple(_lambdas_in(ast.parse(text)))


def _lambdas_in(tree: ast.AST) -> Iterator[ast.Lambda]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.Lambda))


def _piece(lines: list[str], function: FunctionType, error: SyntaxError) -> ast.AST:
    """Of a page of text with code in it, which is no Python, the tree of the shortest piece with the statement of `code`."""
    code = function.__code__
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
                    n.col_offset += margin  # spaces and tabs, which are a byte each
                    n.end_col_offset = (n.end_col_offset or 0) + margin
            nodes = [n for n in _lambdas_in(tree) if n.lineno == code.co_firstlineno]
            if any(makes(n, function) for n in nodes) and _around(nodes, code):
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
