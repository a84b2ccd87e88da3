"""Constructs that only spell others: `match`, and `while` with an assignment in its test.

Takes a function's tree; gives one without them, of `if`, assignments and `break`, at the same places. The order in which things
are computed stays: a pattern is a test from left to right, what it captures is bound before its guard is asked.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sct.frontend.compound import COMPREHENSIONS, mark_named, may_leave, named_in

__all__ = ["without_patterns"]

_SELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""The classes that match what they are given as a whole where a pattern has one part and no name for it."""

_CONTINUE = frozenset((ast.Continue,))

_Made = Callable[[], Any]  # makes an expression anew, since each stands at one place only


def without_patterns(node: Any, look_up: Callable[[str], Any]) -> Any:
    """A function's tree without `match`, and without a `while` whose test assigns; the tree itself if it has none.

    `look_up` gives what a name from outside of the function refers to.
    """
    if not any(isinstance(n, (ast.Match, ast.NamedExpr)) for n in ast.walk(node)):
        return node
    made = _Spelled(look_up).visit(node)
    mark_named(made)
    return made


class _Spelled(ast.NodeTransformer):
    def __init__(self, look_up: Callable[[str], Any]) -> None:
        self.look_up = look_up
        self.numbers = itertools.count(1)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A copy, where something in it changes; the tree of the source is kept, and read again."""
        new = {name: self.changed(value) for name, value in ast.iter_fields(node)}
        if all(new[name] is value for name, value in ast.iter_fields(node)):
            return node
        return ast.copy_location(type(node)(**new), node)

    def changed(self, value: Any) -> Any:
        if isinstance(value, ast.AST):
            return self.visit(value)
        if isinstance(value, list) and any(isinstance(v, ast.AST) for v in value):
            made: list[Any] = []
            for v in value:
                new = self.visit(v) if isinstance(v, ast.AST) else v  # which None is, in a dict before `**`
                made += new if isinstance(new, list) else [new]
            return value if all(a is b for a, b in itertools.zip_longest(made, value)) else made
        return value

    def visit_While(self, node: ast.While) -> Any:
        """What the test assigns is assigned before the loop, and again at the end of its body, where nothing else is asked
        first and no `continue` leaves it out; otherwise the test stands in a loop that it leaves."""
        new: Any = self.generic_visit(node)
        if not named_in(node.test):
            return new
        always = _always(new.test)
        all_first = len(always) == len(named_in(node.test)) and not any(_reads_before(node.test, n) for n in always)
        if all_first and not may_leave(node.body, _CONTINUE, {}):
            first, again = ([_at(ast.Assign([_copied(n.target)], _copied(n.value)), n) for n in always] for _ in range(2))
            test = _Read().visit(_copied(new.test))
            return [*first, _at(ast.While(test, [*new.body, *again], new.orelse), node)]
        if node.orelse:
            return new
        leave = ast.If(ast.copy_location(ast.UnaryOp(ast.Not(), new.test), node.test), [_at(ast.Break(), node)], [])
        return _at(ast.While(_at(ast.Constant(True), node.test), [_at(leave, node), *new.body], []), node)

    def visit_Match(self, node: ast.Match) -> Any:
        before: list[Any] = []
        subject: _Made
        if isinstance(node.subject, ast.Name):
            name = node.subject.id
        else:
            name = f"<subject {next(self.numbers)}>"
            before.append(_at(ast.Assign([_name(name, ast.Store())], self.visit(node.subject)), node.subject))
        subject = lambda: _name(name)  # noqa: E731
        rest: list[Any] = []
        for case in reversed(node.cases):
            tests, captured = self.pattern(case.pattern, subject)
            body = [self.visit(s) for s in case.body]
            body = [t for s in body for t in (s if isinstance(s, list) else [s])]
            binds = [ast.Assign([_name(n, ast.Store())], made()) for n, made in captured]
            if case.guard is not None:
                guard = self.visit(case.guard)
                tests.append(_naming(captured, guard) if captured else guard)
                binds = []
            body = [*(_at(b, case.pattern) for b in binds), *body]
            if tests:
                test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
                rest = [_at(ast.If(_over(test, case.pattern, case.guard), body, rest), case.pattern)]
            else:
                rest = body
        return before + rest

    def pattern(self, pattern: Any, s: _Made) -> tuple[list[Any], list[tuple[str, _Made]]]:
        """The tests of a pattern, all of which must hold, and what it captures, with the expressions for it."""
        return getattr(self, f"of_{type(pattern).__name__}")(pattern, s)  # type: ignore[no-any-return]

    def of_MatchValue(self, p: ast.MatchValue, s: _Made) -> Any:
        return [_compared(s(), ast.Eq(), p.value)], []

    def of_MatchSingleton(self, p: ast.MatchSingleton, s: _Made) -> Any:
        return [_compared(s(), ast.Is(), ast.Constant(p.value))], []

    def of_MatchAs(self, p: ast.MatchAs, s: _Made) -> Any:
        tests, captured = ([], []) if p.pattern is None else self.pattern(p.pattern, s)
        return tests, [*captured, *([] if p.name is None else [(p.name, s)])]

    def of_MatchOr(self, p: ast.MatchOr, s: _Made) -> Any:
        """Each alternative binds what it captures once it holds."""
        ways = []
        for part in p.patterns:
            tests, captured = self.pattern(part, s)
            if captured:
                tests.append(_naming(captured, ast.Constant(True)))
            ways.append(_all(tests))
        return [ast.BoolOp(ast.Or(), ways)], []

    def of_MatchSequence(self, p: ast.MatchSequence, s: _Made) -> Any:
        star = next((k for k, part in enumerate(p.patterns) if isinstance(part, ast.MatchStar)), None)
        n = len(p.patterns) - (star is not None)
        tests: list[Any] = [
            _called(isinstance, s(), _constant(Sequence)),
            ast.UnaryOp(ast.Not(), _called(isinstance, s(), _constant((str, bytes, bytearray)))),
            _compared(_called(len, s()), ast.Eq() if star is None else ast.GtE(), ast.Constant(n)),
        ]
        captured: list[tuple[str, _Made]] = []
        for k, part in enumerate(p.patterns):
            if k == star:
                if part.name is not None:  # type: ignore[attr-defined]
                    captured.append((part.name, _list_of(s, k, (k - n) or None)))  # type: ignore[attr-defined]
                continue
            inner = self.pattern(part, _item(s, k if star is None or k < star else k - n - 1))
            tests += inner[0]
            captured += inner[1]
        return tests, captured

    def of_MatchMapping(self, p: ast.MatchMapping, s: _Made) -> Any:
        tests: list[Any] = [_called(isinstance, s(), _constant(Mapping))]
        captured: list[tuple[str, _Made]] = []
        for key, part in zip(p.keys, p.patterns, strict=True):
            tests.append(_compared(_again(key)(), ast.In(), s()))
            inner = self.pattern(part, _item(s, _again(key)))
            tests += inner[0]
            captured += inner[1]
        if p.rest is not None:
            captured.append((p.rest, _rest_of(s, p.keys)))
        return tests, captured

    def of_MatchClass(self, p: ast.MatchClass, s: _Made) -> Any:
        cls = self.class_of(p.cls)
        tests: list[Any] = [_called(isinstance, s(), _again(p.cls)())]
        captured: list[tuple[str, _Made]] = []
        names = list(getattr(cls, "__match_args__", ()))[: len(p.patterns)]
        whole = len(p.patterns) == 1 and not names and isinstance(cls, type) and issubclass(cls, _SELF)
        parts: Iterator[tuple[_Made, Any]]
        if whole:
            parts = iter([(s, p.patterns[0])])
        else:
            if len(names) < len(p.patterns):
                names += ["__match_args__"] * (len(p.patterns) - len(names))  # the class has none, which Python says
            names += p.kwd_attrs
            tests += [_called(hasattr, s(), ast.Constant(n)) for n in p.kwd_attrs]
            parts = zip((_attribute(s, n) for n in names), (*p.patterns, *p.kwd_patterns), strict=True)
        for made, part in parts:
            inner = self.pattern(part, made)
            tests += inner[0]
            captured += inner[1]
        return tests, captured

    def class_of(self, node: Any) -> Any:
        """The class that a pattern names, which is to be known."""
        if isinstance(node, ast.Name):
            return self.look_up(node.id)
        return getattr(self.class_of(node.value), node.attr, None)


class _Read(ast.NodeTransformer):
    """An expression in which what is assigned has been before."""

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        return ast.copy_location(ast.Name(node.target.id, ast.Load()), node)


def _always(test: Any) -> list[Any]:
    """The assignments in an expression that are made whenever it is computed; none in one another."""
    if isinstance(test, ast.NamedExpr):
        return [test]
    if isinstance(test, (ast.BoolOp, ast.IfExp)):
        return _always(test.values[0] if isinstance(test, ast.BoolOp) else test.test)
    if isinstance(test, ast.Compare):
        return [*_always(test.left), *_always(test.comparators[0])]
    if isinstance(test, (ast.Lambda, *COMPREHENSIONS)):
        return []
    return [n for part in ast.iter_child_nodes(test) for n in _always(part)]


def _reads_before(test: Any, named: Any) -> bool:
    """Whether an expression reads a name before it assigns to that."""
    own, start = named.target.id, (named.lineno, named.col_offset)
    return any(isinstance(n, ast.Name) and n.id == own and (n.lineno, n.col_offset) < start for n in ast.walk(test))


def _at(node: Any, place: Any) -> Any:
    """A statement that was made, and all in it that was, at a place."""
    for n in ast.walk(node):
        if isinstance(n, (ast.stmt, ast.expr)) and not hasattr(n, "lineno"):
            ast.copy_location(n, place)
    return node


def _over(test: Any, pattern: Any, guard: Any) -> Any:
    """A test at the place of its pattern and guard."""
    ast.copy_location(test, pattern)
    if guard is not None:
        test.end_lineno, test.end_col_offset = guard.end_lineno, guard.end_col_offset
    return test


def _name(name: str, context: Any = None) -> Any:
    return ast.Name(name, context or ast.Load())


def _constant(value: Any) -> Any:
    return ast.Constant(value)


def _all(tests: list[Any]) -> Any:
    return ast.Constant(True) if not tests else tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def _compared(left: Any, op: Any, right: Any) -> Any:
    return ast.Compare(left, [op], [right])


def _called(function: Any, *args: Any) -> Any:
    return ast.Call(_constant(function), list(args), [])


def _naming(captured: list[tuple[str, _Made]], last: Any) -> Any:
    """An expression that binds what is captured, and is `last`, which may read that."""
    binds = [ast.NamedExpr(_name(n, ast.Store()), made()) for n, made in captured]
    return ast.Subscript(ast.Tuple([*binds, last], ast.Load()), ast.Constant(len(binds)), ast.Load())


def _again(node: Any) -> _Made:
    """Makes an expression again."""
    return lambda: _copied(node)


def _copied(node: Any) -> Any:
    if isinstance(node, list):
        return [_copied(n) for n in node]
    if not isinstance(node, ast.AST):
        return node
    made: Any = type(node)
    return ast.copy_location(made(**{n: _copied(v) for n, v in ast.iter_fields(node)}), node)


def _item(s: _Made, index: int | _Made) -> _Made:
    return lambda: ast.Subscript(s(), index() if callable(index) else ast.Constant(index), ast.Load())


def _attribute(s: _Made, name: str) -> _Made:
    return lambda: ast.Attribute(s(), name, ast.Load())


def _list_of(s: _Made, start: int, stop: int | None) -> _Made:
    def made() -> Any:
        part = ast.Slice(ast.Constant(start), None if stop is None else ast.Constant(stop))
        return _called(list, ast.Subscript(s(), part, ast.Load()))

    return made


def _rest_of(s: _Made, keys: list[Any]) -> _Made:
    """The dict of the entries whose keys are no others'."""

    def made() -> Any:
        taken = ast.Tuple([_again(k)() for k in keys], ast.Load())
        test = _compared(_name("<key>"), ast.NotIn(), taken)
        each = ast.Tuple([_name("<key>", ast.Store()), _name("<entry>", ast.Store())], ast.Store())
        items = ast.Call(ast.Attribute(s(), "items", ast.Load()), [], [])
        return ast.DictComp(_name("<key>"), _name("<entry>"), [ast.comprehension(each, items, [test], 0)])

    return made
