"""Functions inside of functions: what they have from around them, and which variables they share with it.

Takes Python's trees; gives names. A function that is defined inside of another one sees the variables of that as they are when
it is called. Where a variable is bound before and never again, what it is there is as good; otherwise both have it in a cell.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sct.frontend.compound import BLOCKS, COMPREHENSIONS, bound, named_in
from sct.frontend.generators import as_function, gone_through_at_once
from sct.ir.records import record

__all__ = ["Scope", "defaults_of", "free_names", "parameters_of", "scope_of", "signature_of"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOOPS = (ast.For, ast.While)


@record(frozen=True)
class Scope:
    """The variables of a function that others inside of it see.

    `cells`: those that such a one binds, or that are bound again once it is there, also in a next iteration that calls it.
    `looped`: the other functions that see what a loop around them binds, so that each iteration makes another one.
    """

    cells: frozenset[str]
    looped: frozenset[int]  # by the identity of the node

    def is_looped(self, node: Any) -> bool:
        """Whether each iteration of a loop makes another function of a node."""
        return id(node) in self.looped


def parameters_of(node: Any) -> list[str]:
    """The names of the parameters of a function."""
    return [p.arg for _, group in _groups(node) for p in group if p is not None]


def _groups(node: Any) -> list[tuple[Any, list[Any]]]:
    """The parameters of a function by their kinds, in order."""
    a, kinds = node.args, inspect.Parameter
    groups = [(kinds.POSITIONAL_ONLY, a.posonlyargs), (kinds.POSITIONAL_OR_KEYWORD, a.args), (kinds.VAR_POSITIONAL, [a.vararg])]
    return [*groups, (kinds.KEYWORD_ONLY, a.kwonlyargs), (kinds.VAR_KEYWORD, [a.kwarg])]


def defaults_of(node: Any) -> dict[str, Any]:
    """The parameters of a function that have defaults, with the expressions of these."""
    a = node.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    found = dict(zip(positional[len(positional) - len(a.defaults) :], a.defaults, strict=True))
    found.update((p.arg, d) for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None)
    return found


def _around(node: Any) -> list[Any]:
    """The expressions of a function that are computed where it is defined: its decorators and defaults."""
    return [*getattr(node, "decorator_list", ()), *defaults_of(node).values()]


def signature_of(node: Any) -> inspect.Signature:
    """The signature of a function; its defaults are there, and say nothing."""
    optional, kinds = defaults_of(node), inspect.Parameter
    found = [(p.arg, kind) for kind, group in _groups(node) for p in group if p is not None]
    return inspect.Signature([kinds(n, kind, default=None if n in optional else kinds.empty) for n, kind in found])


def free_names(node: Any) -> set[str]:
    """The names that a function, or a generator expression, has from around it, be they variables there or not."""
    if isinstance(node, ast.GeneratorExp):
        node, _ = as_function(node)
    found: set[str] = set()
    body = node.body if isinstance(node.body, list) else [node.body]
    for n in body:
        _read(n, frozenset(), found)
    return found - _own(node)


def _own(node: Any) -> set[str]:
    """The variables of a function."""
    if isinstance(node, ast.Lambda):
        return {*parameters_of(node), *named_in(node.body)}
    body = node.body
    shared = {n for s in _within(body) if isinstance(s, ast.Nonlocal) for n in s.names}
    return ({*parameters_of(node)} | {*bound(body)}) - shared


def _within(body: Iterable[Any]) -> Iterator[Any]:
    """The statements of a function, also those in blocks."""
    for s in body:
        yield s
        for name in BLOCKS.get(type(s), ()):
            yield from _within(getattr(s, name))


def _read(node: Any, hidden: frozenset[str], found: set[str]) -> None:
    """Collect the names in a tree that are not `hidden`, and not those of functions and comprehensions in it."""
    if isinstance(node, ast.Name):
        found.update({node.id} - hidden)
    elif isinstance(node, _FUNCTIONS):
        for part in _around(node):
            _read(part, hidden, found)
        found |= free_names(node) - hidden
    elif isinstance(node, COMPREHENSIONS):
        for g in node.generators:
            _read(g.iter, hidden, found)
            hidden |= {*bound([g.target])}
            for test in g.ifs:
                _read(test, hidden, found)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            _read(part, hidden, found)
    else:
        for n in ast.iter_child_nodes(node):
            _read(n, hidden, found)


@record(frozen=True)
class _Event:
    """A function is made, or a name is bound, in some loops."""

    node: Any  # the function; None where a name is bound
    name: str
    loops: tuple[int, ...]


def scope_of(node: Any) -> Scope:
    """What a function's variables are to the functions inside of it."""
    body = node.body if isinstance(node.body, list) else [node.body]
    if not any(isinstance(n, (*_FUNCTIONS, ast.GeneratorExp)) for s in body for n in ast.walk(s)):
        return Scope(frozenset(), frozenset())
    own, cells = _own(node), set()
    looped: dict[int, set[str]] = {}
    events = list(_events(body, ()))
    for k, made in enumerate(events):
        if made.node is None:
            continue
        free = free_names(made.node)
        cells |= {*getattr(made.node, "named", ())} & free
        cells |= {n for s in ast.walk(made.node) if isinstance(s, ast.Nonlocal) for n in s.names if n in free}
        cells |= {e.name for e in events[k + 1 :] if e.node is None and e.name in free}
        again = [e for e in events if e.node is None and e.name in free and not {*made.loops}.isdisjoint(e.loops)]
        if again and _is_called_elsewhere(body, made, min(map(_depth(made), again))):
            cells |= {e.name for e in again}
        looped[id(made.node)] = {e.name for e in again}
    cells &= own
    return Scope(frozenset(cells), frozenset(node for node, names in looped.items() if names - cells))


def _depth(made: _Event) -> Callable[[_Event], int]:
    """How many loops are around the outermost one in which a function is made, and a name bound."""
    return lambda e: next(k for k, loop in enumerate(made.loops) if loop in e.loops)


def _is_called_elsewhere(body: Sequence[Any], made: _Event, depth: int) -> bool:
    """Whether the name of a function is read outside of a loop around it, or before it is made in that."""
    every = [n for s in body for n in ast.walk(s)]
    loop = next(n for n in every if id(n) == made.loops[depth])
    assigned = (n for n in every if isinstance(n, ast.Assign) and n.value is made.node)
    names = {t.id for n in assigned for t in n.targets if isinstance(t, ast.Name)} | {getattr(made.node, "name", None)}
    inside = {id(n): (n.lineno, n.col_offset) for n in ast.walk(loop) if isinstance(n, ast.Name)}
    here = made.node.lineno, made.node.col_offset
    read = (n for n in every if isinstance(n, ast.Name) and n.id in names and isinstance(n.ctx, ast.Load))
    return any(inside.get(id(n), (0, 0)) < here for n in read)


def _events(nodes: Iterable[Any], loops: tuple[int, ...]) -> Iterator[_Event]:
    """What is made and bound by statements, and in expressions, in the order of the text."""
    for n in nodes:
        if isinstance(n, _FUNCTIONS):
            yield from _events(_around(n), loops)
            yield _Event(n, "", loops)
            if not isinstance(n, ast.Lambda):
                yield _Event(None, n.name, loops)
        elif isinstance(n, _LOOPS):
            inner = (*loops, id(n))
            if isinstance(n, ast.For):
                yield from _events([n.iter], loops)
                yield from (_Event(None, name, inner) for name in bound([n.target]))
            else:
                yield from _events([n.test], inner)
            yield from _events(n.body, inner)
            yield from _events(n.orelse, loops)
        elif isinstance(n, ast.GeneratorExp):
            yield from _events([n.generators[0].iter], loops)
            yield _Event(n, "", loops)
        elif isinstance(n, ast.Call) and (at_once := gone_through_at_once(n)):
            yield from _events([n.func, *n.keywords], loops)
            for argument in n.args:
                yield from _events([argument.generators[0].iter if argument in at_once else argument], loops)
        elif isinstance(n, COMPREHENSIONS):
            inner = (*loops, id(n))
            yield from (_Event(None, name, inner) for g in n.generators for name in bound([g.target]))
            yield from _events(ast.iter_child_nodes(n), inner)
        elif isinstance(n, ast.withitem):
            yield from _events([n.context_expr], loops)
            yield from (_Event(None, name, loops) for name in bound([n]))
        elif isinstance(n, ast.ExceptHandler):
            yield _Event(None, n.name or "", loops)
            yield from _events(ast.iter_child_nodes(n), loops)
        elif isinstance(n, ast.NamedExpr):
            yield from _events([n.value], loops)
            yield _Event(None, n.target.id, loops)
        else:
            yield from _events(ast.iter_child_nodes(n), loops)
            if isinstance(n, ast.stmt) and type(n) not in BLOCKS:
                yield from (_Event(None, name, loops) for name in bound([n]))
