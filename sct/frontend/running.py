"""Whether a text is that of the code which runs.

Takes a function's tree and the code object of a function; compiles the tree as Python did and gives whether that makes the
same code: the same instructions, names and constants, in nested functions too. Lines may differ. Never runs anything.
"""

from __future__ import annotations
import __future__

import ast
import dis
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["class_of", "makes"]

_FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
_KINDS = 0x04 | 0x08 | 0x20 | 0x80 | 0x200  # *args, **kwargs, generator, coroutine, asynchronous generator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def makes(node: Definition, function: FunctionType, first: int = 1, text: str = "") -> bool:
    """Whether `node` compiles to the code of `function`.

    Parameters
    ----------
    node : ast.FunctionDef, ast.AsyncFunctionDef or ast.Lambda
        The definition.
    function : function
        What runs.
    first : int
        The line of the file at which line 1 of the tree stands.
    text : str
        The lines of the definition, if they are nothing else: Python compiles them faster than the tree.
    """
    code = function.__code__
    names = [n for n in code.co_names if n.isidentifier() and isinstance(function.__globals__.get(n), ModuleType)]
    found = None
    for modules in (names, []) if names else ([],):  # imported in the same file, or elsewhere, as in a notebook
        found = _compiled(node, function, text, modules)
        if found is None:
            return False
        if _outline(found) == _outline(code):
            return True
    assert found is not None
    return _parameters(found) == _parameters(code) and _same_instructions(found, code, node, first)


def class_of(function: FunctionType) -> str | None:
    """The class in whose body a function is defined: names with two underscores are spelled with it."""
    around = getattr(function.__code__, "co_qualname", function.__qualname__).split(".")[:-1]
    return around[-1] if around and around[-1].isidentifier() else None


def _compiled(node: Definition, function: FunctionType, text: str, modules: list[str]) -> CodeType | None:
    """The code that a definition compiles to where the function stands and `modules` are imported; None if it is not valid."""
    code, class_name = function.__code__, class_of(function)
    name = class_name or getattr(node, "name", None)
    margin = text[: len(text) - len(text.lstrip())] if class_name is None else ""
    around = [f"import {n}" for n in modules]  # a call of what a module holds is not one of a method
    around.append(f"def {_AROUND}({', '.join(n for n in code.co_freevars if n.isidentifier())}):")
    if name is not None and name not in code.co_freevars:  # nothing closes over it, so it is not bound around the text
        around.append(f"{margin or ' '}global {name}")
    if class_name is not None:
        around.append(f" class {class_name}:")
    made: Any
    if text[:2].isspace():
        made = "\n".join([*around, text])
    elif text and class_name is None and not code.co_freevars:
        made = "\n".join([*around, " pass", text])
    else:
        made = _with_node(ast.parse("\n".join([*around, "  pass" if class_name is not None else " pass"])), node)
    try:
        made = compile(made, code.co_filename, "exec", flags=code.co_flags & _FUTURE, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    if not text or text[:2].isspace():
        for _ in range(1 if class_name is None else 2):
            made = next(c for c in made.co_consts if isinstance(c, CodeType))
    return _innermost(made, code.co_name)


_AROUND = "around_what_runs"


def _with_node(tree: Any, node: Definition) -> Any:
    """A definition in the innermost block of what stands around it."""
    outer = tree.body[-1]
    if isinstance(outer.body[-1], ast.ClassDef):
        outer = outer.body[-1]
    if isinstance(node, ast.Lambda):
        outer.body[-1] = ast.copy_location(ast.Expr(node), node)
    else:
        outer.body[-1] = type(node)(**{**vars(node), "decorator_list": []})
    return tree


def _innermost(code: CodeType, name: str) -> CodeType | None:
    """The code of this name that is made last, or that in a scope of type parameters."""
    inner = [c for c in reversed(code.co_consts) if isinstance(c, CodeType)]
    for c in inner:
        if c.co_name == name:
            return c
    return _innermost(inner[0], name) if inner and inner[0].co_name.startswith("<generic") else None


def _outline(code: CodeType) -> tuple[Any, ...]:
    """All of a code object but its place."""
    return (
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        _parameters(code),
        getattr(code, "co_exceptiontable", b""),
        _constant(code.co_consts),
    )


def _constant(value: Any) -> Any:
    """A constant, to be compared by type and value."""
    if isinstance(value, CodeType):
        return _outline(value)
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    if isinstance(value, frozenset):
        return frozenset(map(_constant, value))
    if isinstance(value, str):  # the qualified name of an inner function begins with where that was defined
        return value.rpartition("<locals>.")[2]
    return type(value), repr(value)


# -- instruction by instruction ----------------------------------------------------------------------------------------------


def _same_instructions(a: CodeType, b: CodeType, node: Definition, first: int) -> bool:
    """Whether two codes do the same, though a module's function may be called like a method, and pytest rewrites asserts.

    Line 1 of `node` is line `first` of `b`; the first lines of `a` and `b` are the same.
    """
    lines: set[int] = set()
    if _asserts_rewritten(b):
        for n in ast.walk(node):
            if isinstance(n, ast.Assert):
                lines.update(range(n.lineno + first - 1, (n.end_lineno or n.lineno) + first))
    return _instructions(a, lines, b.co_firstlineno - a.co_firstlineno) == _instructions(b, lines, 0)


def _asserts_rewritten(code: CodeType) -> bool:
    """Whether pytest put statements of its own in place of asserts: its names are such as nobody can write."""
    return any(n.startswith("@py") for n in (*code.co_names, *code.co_varnames)) or any(
        isinstance(c, CodeType) and _asserts_rewritten(c) for c in code.co_consts
    )


def _parameters(code: CodeType) -> tuple[Any, ...]:
    n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return code.co_argcount, code.co_posonlyargcount, code.co_varnames[:n], code.co_flags & _KINDS


_IGNORED = frozenset(("CACHE", "EXTENDED_ARG", "NOP", "PUSH_NULL", "RESUME"))
_ALIKE = {"LOAD_METHOD": "LOAD_ATTR", "CALL_METHOD": "CALL_FUNCTION"}


def _instructions(code: CodeType, left_out: set[int], offset: int) -> list[Any]:
    """The instructions outside of some lines, which stand `offset` lines further down.

    Names and values stand in place of numbers, and the numbers of instructions in place of places to jump to.
    """
    line_at: dict[int, int | None] = {}
    for start, end, line in code.co_lines():
        line_at.update(dict.fromkeys(range(start, end, 2), line))
    kept: list[dis.Instruction] = []
    number: dict[int, int] = {}
    for i in dis.get_instructions(code):
        line = line_at.get(i.offset)
        number[i.offset] = len(kept)
        if i.opname not in _IGNORED and (line is None or line + offset not in left_out):
            kept.append(i)
    out: list[Any] = []
    for i in kept:
        if i.argval == "__firstlineno__":  # of a class in the function
            out.pop()
        name = _ALIKE.get(i.opname, i.opname)
        if isinstance(i.argval, CodeType):
            out.append((name, i.argval.co_name, _parameters(i.argval), _instructions(i.argval, left_out, offset)))
        elif i.opcode in dis.hasjrel or i.opcode in dis.hasjabs:
            out.append((name, number.get(i.argval)))
        else:
            out.append((name, _constant(i.argval)))
    return out
