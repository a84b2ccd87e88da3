"""`with sct.adjoint_of(h) as h_bar`: what stands in it is a function of the adjoint.

Takes a function's tree; gives one in which each such `with` is a function that is defined there, and given to `adjoint_of`:
`def adjusted(h_bar): ...; return h_bar`, and `h = sct.adjoint_of(h, adjusted)`. Refuses what such a function cannot do.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from sct.errors import Place, UnsupportedSyntaxError
from sct.frontend.compound import LEAVING, bound, may_leave
from sct.frontend.generators import generates
from sct.runtime import adjoint_of

__all__ = ["with_functions"]

_LEAVING = LEAVING - {ast.Raise}


def with_functions(node: Any, look_up: Callable[[str], Any], place: Callable[[Any], Place]) -> Any:
    """A function's tree without `with sct.adjoint_of(h)`; the tree itself if it has none.

    `look_up` gives what a name from outside of the function refers to, `place` where a node stands.
    """
    functions = _Functions(node, look_up, place)
    return functions.visit(node) if any(map(functions.is_ours, ast.walk(node))) else node


class _Functions(ast.NodeTransformer):
    def __init__(self, function: Any, look_up: Callable[[str], Any], place: Callable[[Any], Place]) -> None:
        self.function = function
        self.look_up = look_up
        self.place = place

    def is_ours(self, node: Any) -> bool:
        """Whether a statement is such a `with`."""
        return isinstance(node, ast.With) and any(self.makes(item.context_expr) for item in node.items)

    def makes(self, call: Any) -> bool:
        """Whether an expression is a call of `adjoint_of`."""
        f = call.func if isinstance(call, ast.Call) else None
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name):
            return getattr(self.look_up(f.value.id), f.attr, None) is adjoint_of
        return isinstance(f, ast.Name) and self.look_up(f.id) is adjoint_of

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A copy, where something in it changes; the tree of the source is kept, and read again."""
        new = {name: self.changed(value) for name, value in ast.iter_fields(node)}
        if all(new[name] is value for name, value in ast.iter_fields(node)):
            return node
        made = type(node)(**new)
        made.__dict__ = {**vars(node), **vars(made)}
        return made

    def changed(self, value: Any) -> Any:
        if isinstance(value, ast.AST):
            return self.visit(value)
        if not isinstance(value, list):
            return value
        made: list[Any] = []
        for v in value:
            new = self.visit(v) if isinstance(v, ast.AST) else v
            made += new if isinstance(new, list) else [new]
        return value if len(made) == len(value) and all(a is b for a, b in zip(made, value, strict=True)) else made

    def visit_With(self, node: ast.With) -> Any:
        if not self.is_ours(node):
            return self.generic_visit(node)
        call: Any = node.items[0].context_expr
        bar = node.items[0].optional_vars
        variable = self.makes(call) and len(call.args) == 1 and not call.keywords and isinstance(call.args[0], ast.Name)
        if len(node.items) != 1 or not variable or not isinstance(bar, ast.Name):
            what = "sct.adjoint_of other than of a variable, under a name"
            raise self.refused(node, what, "Write `with sct.adjoint_of(h) as h_bar:`.")
        if may_leave(node.body, _LEAVING, {}) or generates(node.body):
            raise self.refused(node, "return, break, continue or yield on an adjoint", "Write it behind the with.")
        own = {*bound(node.body), bar.id}
        other = next((n for n in self.elsewhere(node) if n in own), None)
        if other is not None:
            what = f"{other!r}, which is bound in a with on an adjoint, and used elsewhere"
            raise self.refused(node, what, "Give it another name there.")
        of: str = call.args[0].id
        name = f"{of}_adjoint of line {node.lineno}"
        shown: Any = ast.parse(f"def f({bar.id}): return {bar.id}\n{of} = f({of}, f)").body
        function, given = shown
        body = [*map(self.visit, node.body), *function.body]
        made = type(function)(**{**dict(ast.iter_fields(function)), "name": name, "body": body})
        given.value.func, given.value.args[1].id = call.func, name
        for added in (made.args, body[-1], given):
            for n in ast.walk(added):
                self.put(n, node, bar)
        self.put(made, node, bar)
        return [made, given]

    def put(self, made: Any, node: Any, bar: Any) -> None:
        """Have the place of the first line of a `with`."""
        ast.copy_location(made, node)
        made.end_lineno, made.end_col_offset = bar.end_lineno, bar.end_col_offset + 1

    def elsewhere(self, node: Any) -> Iterator[str]:
        """The names that stand in the function, and not in such a `with`."""
        within = {id(n) for w in ast.walk(self.function) if self.is_ours(w) or w is node for n in ast.walk(w)}
        names = (n for n in ast.walk(self.function) if id(n) not in within)
        return (n.id if isinstance(n, ast.Name) else n.arg for n in names if isinstance(n, (ast.Name, ast.arg)))

    def refused(self, node: Any, what: str, advice: str) -> UnsupportedSyntaxError:
        return UnsupportedSyntaxError(what, self.place(node), advice)
