"""Printing: syntax trees as text.

Takes statements as Python's own trees, with comments among them; gives lines, each with its statement. Parentheses stand where
the tree needs them, and a line is as long as its statement. Never looks at names, nor at what an expression means.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

__all__ = ["Comment", "Line", "lines"]

Line: TypeAlias = tuple[str, ast.stmt]
"""A line, and the statement that it is of."""


class Comment(ast.stmt):
    """A line that says something to the reader."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


# How tightly what stands around an expression holds it: where the expression holds less, it stands in parentheses.
_LOOSE, _TUPLE, _ITEM, _NAMED, _CHOICE, _OR, _AND, _NOT, _TEST = range(0, 18, 2)
_BITS, _SUM, _PRODUCT, _EXPONENT, _SIGN, _POWER, _NUMBER, _TIGHT = 18, 26, 28, 30, 32, 34, 36, 38

_OPERATORS: dict[type[ast.operator], tuple[str, int]] = {
    ast.BitOr: (" | ", _BITS),
    ast.BitXor: (" ^ ", _BITS + 2),
    ast.BitAnd: (" & ", _BITS + 4),
    ast.LShift: (" << ", _BITS + 6),
    ast.RShift: (" >> ", _BITS + 6),
    ast.Add: (" + ", _SUM),
    ast.Sub: (" - ", _SUM),
    ast.Mult: (" * ", _PRODUCT),
    ast.Div: (" / ", _PRODUCT),
    ast.Mod: (" % ", _PRODUCT),
    ast.FloorDiv: (" // ", _PRODUCT),
    ast.MatMult: (" @ ", _PRODUCT),
    ast.Pow: (" ** ", _POWER),
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_SIGNS: dict[type[ast.unaryop], tuple[str, int]] = {
    ast.Not: ("not ", _NOT),
    ast.USub: ("-", _SIGN),
    ast.UAdd: ("+", _SIGN),
    ast.Invert: ("~", _SIGN),
}


# -- statements ----------------------------------------------------------------------------------------------------------------


def lines(body: Iterable[Any], margin: str = "") -> Iterator[Line]:
    """The lines of statements, and which statement each is of."""
    for s in body:
        kind = type(s)
        if kind in _SIMPLE:
            yield margin + _SIMPLE[kind](s), s
        elif kind is ast.If:
            yield from _branches(s, margin)
        elif kind is ast.Try:
            yield from _try(s, margin)
        elif kind is ast.FunctionDef:
            yield from _function(s, margin)
        else:
            yield f"{margin}{_HEADERS[kind](s)}:", s
            yield from lines(s.body, f"{margin}    ")


def _branches(s: ast.If, margin: str) -> Iterator[Line]:
    word = "if"
    while True:
        yield f"{margin}{word} {_text(s.test, _ITEM)}:", s
        yield from lines(s.body, f"{margin}    ")
        if len(s.orelse) != 1 or not isinstance(s.orelse[0], ast.If):
            break
        word, s = "elif", s.orelse[0]
    if s.orelse:
        yield f"{margin}else:", s
        yield from lines(s.orelse, f"{margin}    ")


def _try(s: ast.Try, margin: str) -> Iterator[Line]:
    yield f"{margin}try:", s
    yield from lines(s.body, f"{margin}    ")
    for h in s.handlers:
        assert h.type is not None
        name = f" as {h.name}" if h.name else ""
        yield f"{margin}except {_text(h.type, _ITEM)}{name}:", s
        yield from lines(h.body, f"{margin}    ")
    if s.orelse:
        yield f"{margin}else:", s
        yield from lines(s.orelse, f"{margin}    ")
    if s.finalbody:
        yield f"{margin}finally:", s
        yield from lines(s.finalbody, f"{margin}    ")


def _function(s: ast.FunctionDef, margin: str) -> Iterator[Line]:
    if margin:
        yield "", s
    yield f"{margin}def {s.name}({', '.join(_parameters(s.args))}):", s
    yield from lines(s.body, f"{margin}    ")


def _parameters(a: ast.arguments) -> Iterator[str]:
    positional = [*a.posonlyargs, *a.args]
    defaults = [*[None] * (len(positional) - len(a.defaults)), *a.defaults]
    for k, (p, default) in enumerate(zip(positional, defaults, strict=True), start=1):
        yield _parameter(p, default)
        if k == len(a.posonlyargs):
            yield "/"
    if a.kwonlyargs:
        yield "*"
    for p, default in zip(a.kwonlyargs, a.kw_defaults, strict=True):
        yield _parameter(p, default)


def _parameter(p: ast.arg, default: ast.expr | None) -> str:
    return p.arg if default is None else f"{p.arg}={_text(default, _ITEM)}"


def _assign(s: ast.Assign) -> str:
    return " = ".join([*map(_text, s.targets), _text(s.value)])


def _augmented(s: ast.AugAssign) -> str:
    return f"{_text(s.target)} {_OPERATORS[type(s.op)][0].strip()}= {_text(s.value)}"


def _alone(s: ast.Expr) -> str:
    value = s.value
    return _documentation(value.value) if isinstance(value, ast.Constant) and type(value.value) is str else _text(value)


def _documentation(text: str) -> str:
    """A docstring of one line."""
    if not text.isprintable():
        return repr(text)
    text = text.replace("\\", "\\\\")
    if '"""' in text:
        text = text.replace('"', '\\"')
    elif text.endswith('"'):
        text = f'{text[:-1]}\\"'
    return f'"""{text}"""'


def _raise(s: ast.Raise) -> str:
    cause = f" from {_text(s.cause, _ITEM)}" if s.cause is not None else ""
    return f"raise {_text(s.exc, _ITEM)}{cause}" if s.exc is not None else "raise"


def _assert(s: ast.Assert) -> str:
    return f"assert {', '.join(_text(e, _NAMED) for e in (s.test, s.msg) if e is not None)}"


def _manager(item: ast.withitem) -> str:
    target = "" if item.optional_vars is None else f" as {_text(item.optional_vars)}"
    return _text(item.context_expr, _ITEM) + target


def _return(s: ast.Return) -> str:
    if s.value is None:
        return "return"
    return f"return {_text(s.value, _ITEM if isinstance(s.value, ast.Tuple) and len(s.value.elts) == 1 else _LOOSE)}"


_SIMPLE: dict[type, Callable[[Any], str]] = {
    Comment: lambda s: f"# {s.text}",
    ast.Assert: _assert,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Break: lambda s: "break",
    ast.Continue: lambda s: "continue",
    ast.Delete: lambda s: f"del {', '.join(map(_text, s.targets))}",
    ast.Expr: _alone,
    ast.Pass: lambda s: "pass",
    ast.Raise: _raise,
    ast.Return: _return,
}
_HEADERS: dict[type, Callable[[Any], str]] = {
    ast.With: lambda s: f"with {', '.join(map(_manager, s.items))}",
    ast.For: lambda s: f"for {_text(s.target)} in {_text(s.iter, _TIGHT)}",
    ast.While: lambda s: f"while {_text(s.test, _ITEM)}",
}


# -- expressions ---------------------------------------------------------------------------------------------------------------


def _text(node: Any, around: int = _LOOSE) -> str:
    """An expression in what holds it so tightly."""
    return _EXPRESSIONS[type(node)](node, around)


def _held(text: str, own: int, around: int) -> str:
    return text if own >= around else f"({text})"


def _listed(items: Sequence[Any]) -> str:
    return ", ".join([_text(i, _ITEM) for i in items])


def _name(node: ast.Name, around: int) -> str:
    return node.id


def _constant(node: ast.Constant, around: int) -> str:
    value = node.value
    if value is Ellipsis:
        return "..."
    if isinstance(value, complex):  # all of it is imaginary
        return _held(f"{value.imag!r}j", _SIGN if math.copysign(1.0, value.imag) < 0 else _NUMBER, around)
    if isinstance(value, float) and math.isinf(value):  # which has no literal of its own
        return _held("1e309" if value > 0 else "-1e309", _NUMBER if value > 0 else _SIGN, around)
    return _held(repr(value), _NUMBER if isinstance(value, (int, float)) else _TIGHT, around)


def _attribute(node: ast.Attribute, around: int) -> str:
    return f"{_text(node.value, _TIGHT)}.{node.attr}"


def _call(node: ast.Call, around: int) -> str:
    given = [_text(a, _ITEM) for a in node.args]
    if node.keywords:
        given += [f"{k.arg}={_text(k.value, _ITEM)}" if k.arg else f"**{_text(k.value, _ITEM)}" for k in node.keywords]
    return f"{_text(node.func, _TIGHT)}({', '.join(given)})"


def _binary(node: ast.BinOp, around: int) -> str:
    symbol, own = _OPERATORS[type(node.op)]
    if own == _POWER:
        return _held(f"{_text(node.left, _POWER + 1)}{symbol}{_text(node.right, _EXPONENT)}", own, around)
    return _held(f"{_text(node.left, own)}{symbol}{_text(node.right, own + 1)}", own, around)


def _unary(node: ast.UnaryOp, around: int) -> str:
    symbol, own = _SIGNS[type(node.op)]
    return _held(symbol + _text(node.operand, own), own, around)


def _boolean(node: ast.BoolOp, around: int) -> str:
    symbol, own = (" and ", _AND) if isinstance(node.op, ast.And) else (" or ", _OR)
    return _held(symbol.join([_text(v, own + 1) for v in node.values]), own, around)


def _compare(node: ast.Compare, around: int) -> str:
    rest = [f" {_COMPARISONS[type(op)]} {_text(c, _TEST + 1)}" for op, c in zip(node.ops, node.comparators, strict=True)]
    return _held(_text(node.left, _TEST + 1) + "".join(rest), _TEST, around)


def _choice(node: ast.IfExp, around: int) -> str:
    then, test = _text(node.body, _CHOICE + 1), _text(node.test, _CHOICE + 1)
    return _held(f"{then} if {test} else {_text(node.orelse, _CHOICE)}", _CHOICE, around)


def _named(node: ast.NamedExpr, around: int) -> str:
    return f"({_text(node.target)} := {_text(node.value, _NAMED + 1)})"


def _tuple(node: ast.Tuple, around: int) -> str:
    inner = _listed(node.elts) + ("," if len(node.elts) == 1 else "")
    return _held(inner, _TUPLE, around if inner else _TIGHT)


def _list(node: ast.List, around: int) -> str:
    return f"[{_listed(node.elts)}]"


def _dict(node: ast.Dict, around: int) -> str:
    entries = zip(node.keys, node.values, strict=True)
    return f"{{{', '.join([f'{_text(k, _ITEM)}: {_text(v, _ITEM)}' for k, v in entries])}}}"


def _starred(node: ast.Starred, around: int) -> str:
    return f"*{_text(node.value, _TIGHT)}"


def _comprehension(node: ast.ListComp, around: int) -> str:
    loops = [f" for {_text(g.target)} in {_text(g.iter, _CHOICE + 1)}{_conditions(g)}" for g in node.generators]
    return f"[{_text(node.elt, _ITEM)}{''.join(loops)}]"


def _conditions(g: ast.comprehension) -> str:
    return "".join([f" if {_text(c, _CHOICE + 1)}" for c in g.ifs])


def _subscript(node: ast.Subscript, around: int) -> str:
    return f"{_text(node.value, _TIGHT)}[{_text(node.slice)}]"


def _slice(node: ast.Slice, around: int) -> str:
    lower, upper = ("" if p is None else _text(p, _ITEM) for p in (node.lower, node.upper))
    return f"{lower}:{upper}" if node.step is None else f"{lower}:{upper}:{_text(node.step, _ITEM)}"


_EXPRESSIONS: dict[type, Callable[[Any, int], str]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.IfExp: _choice,
    ast.JoinedStr: lambda node, around: ast.unparse(node),  # which knows how quotes nest
    ast.List: _list,
    ast.ListComp: _comprehension,
    ast.Name: _name,
    ast.NamedExpr: _named,
    ast.Slice: _slice,
    ast.Starred: _starred,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: _unary,
}
