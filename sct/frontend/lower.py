"""From Python's tree to untyped structured SSA.

Takes a Python function; gives its `Function` and what compilation relied on. Assignments become names for values, and
`break`, `continue` and early `return` become flags and branches. Purely syntactic: no argument types are known here.

A statement `X` of Python's tree is lowered by `do_X`, an expression by `ex_X`; which of them reach this is what `check` takes.
A statement that owns blocks also stands in `compound.BLOCKS`. What only spells another construct (a comprehension, an `else` of
a loop) becomes that construct here, so that no stage after this one knows of it.
"""

from __future__ import annotations

import ast
import importlib
import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sct.errors import Place, SctError, UndefinedNameError, UnsupportedSyntaxError
from sct.frontend.adjoints import with_functions
from sct.frontend.check import check
from sct.frontend.classes import with_classes
from sct.frontend.compound import BLOCKS, LEAVING, Told, bound, may_leave, must_leave, named_in
from sct.frontend.generators import as_function, generates, gone_through_at_once, leaving
from sct.frontend.nested import Scope, defaults_of, free_names, parameters_of, scope_of, signature_of
from sct.frontend.patterns import without_patterns
from sct.frontend.prune import pruned
from sct.frontend.read import Source, read
from sct.frontend.resolve import MISSING, Dependency, is_code, look_up, read_attribute
from sct.ir.ops import (
    ASSERT,
    ATTEMPT,
    CALL,
    CAUGHT,
    DICT,
    ENTER,
    EXIT,
    ITERATOR,
    LIST,
    NEW,
    RAISE,
    STAR,
    TRUTH,
    TUPLE,
    UNPACK,
    UNWRITTEN,
    YIELD,
    Attribute,
    Augmented,
    Define,
    Format,
    Free,
    Inner,
    Method,
    Unused,
    is_lasting,
    package_of,
)
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, ForEach, Function, If, Operand, Origin, Statement, Value, While, raises
from sct.ir.types import UNDEFINED, UNKNOWN, Const, Dict, List, Slice, Tuple, Undefined, VariableName
from sct.registry.effects import effect_of, is_registered
from sct.registry.methods import method_rule
from sct.signatures import read_signature

__all__ = ["Lowered", "lower", "lower_source", "unsure"]

_BINARY: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_AUGMENTED: dict[type, Callable[..., Any]] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.Mod: operator.imod,
    ast.Pow: operator.ipow,
    ast.MatMult: operator.imatmul,
    ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
    ast.BitAnd: operator.iand,
    ast.BitOr: operator.ior,
    ast.BitXor: operator.ixor,
}
_UNARY: dict[type, Callable[..., Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_COMPARE: dict[type, Callable[..., Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}

# Pseudo-variables of the control flow; a user's name never holds a "<".
_EXIT = "<exit>"  # what follows in this block is not to run
_STOP = "<stop>"  # the innermost loop is to end
_RETURNED = "<returned>"
_RESULT = "<result>"
_LEFT = (_EXIT, _STOP, _RETURNED, _RESULT)

_OF_PYTHON = ("builtins", "functools", "_functools", "math")
_SAFE = (ast.Break, ast.Continue, ast.Pass)  # which raise nothing
_RETURN = frozenset((ast.Return,))
_ENDING = frozenset((ast.Break, ast.Return))  # what ends a loop before its time


@record(frozen=True)
class Lowered:
    """A function in untyped SSA form, and the bindings that it relies on."""

    function: Function
    dependencies: tuple[Dependency, ...]


def lower(function: Callable[..., Any]) -> Lowered:
    """`function` in untyped SSA form.

    Raises
    ------
    SourceUnavailableError
        If its source cannot be found.
    UnsupportedSyntaxError
        If it holds a construct that is not supported.
    """
    return lower_source(read(function))


def lower_source(source: Source) -> Lowered:
    """What was read of a function in untyped SSA form; refuses what is not supported, as `lower` does."""
    found = with_classes(source.node, source.function, source.first, source.place)
    found = without_patterns(found, lambda name: look_up(source.function, name))
    found = with_functions(found, lambda name: look_up(source.function, name), source.place)
    source = source if found is source.node else replace(source, node=found)
    check(source)
    return _Lowerer(source).run()


def unsure(name: str, place: Place | None, end: Operand | None = None) -> Undefined:
    """What a variable, or something in a list or dict, is that an exception may have come before or after the assignment of;
    `end`: what it is where none came."""
    own = repr(name) if name else "an entry"
    return Undefined(
        UnsupportedSyntaxError(
            f"{own}, which is read after an exception that may have come before or after it was assigned,",
            place,
            "Have one statement in the try, or assign the variable in the except too.",
        ),
        end,
    )


def _goes_on(handler: Any) -> bool:
    """Whether a handler is for any exception, and gives it on."""
    last = handler.body[-1]
    return handler.type is None and isinstance(last, ast.Raise) and last.exc is None


def _returns(body: list[Any]) -> bool:
    """Whether a block of statements ends with a `return` or `raise` of its own."""
    return isinstance(body[-1], (ast.Return, ast.Raise))


def _nothing(function: Any) -> Any:
    """The `return None` at the end of a function that has none, at the place of its last statement."""
    return ast.copy_location(ast.Return(None), function.body[-1])


def _name(target: Any) -> str:
    """The name that something is assigned to; none where that is a part of something."""
    return _shown(target.id) if isinstance(target, ast.Name) else ""


def _may_raise_after(node: Any) -> bool:
    """Whether an exception may come in a statement after it has bound a name."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    parts = [p for t in targets for p in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
    return (
        type(node) in BLOCKS
        or bool(getattr(node, "named", ()))
        or not all(isinstance(p, (ast.Name, ast.Starred)) for p in parts)
    )


def _shown(name: str) -> str:
    """What a variable is called in the function that is made, if it is one of the user's."""
    return "" if name.startswith("<") else name


def _names_in(node: Any) -> set[str]:
    """The variables in an expression."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _has_star(nodes: list[Any]) -> bool:
    return any(isinstance(n, ast.Starred) for n in nodes)


class _Lowerer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.body: list[Statement] = []
        self.entry: list[Statement] = []
        self.env: dict[str, Operand] = {}
        self.free: dict[str, Operand] = {}
        self.dependencies: dict[Dependency, None] = {}
        self.locals: set[str] = set()
        self.imported: dict[str, Operand] = {}  # the names that imports in the function, or around it, bind
        self.cells: dict[str, Operand] = {}  # the variables that are shared with functions inside, or around
        self.scope = Scope(frozenset(), frozenset())
        self.told: Told = {}
        self.loops = 0
        self.may_write = False  # whether something has been called that may change what it is given
        self.origin: Origin | None = None
        self.called = ""  # what the value of the expression is assigned to

    # -- functions ---------------------------------------------------------------------------------------------------

    def run(self) -> Lowered:
        node, function = self.source.node, self.source.function
        signature = read_signature(function, follow_wrapped=False)
        params = tuple(Value(UNKNOWN, name) for name in signature.parameters)
        block, doc = self.whole(node, params)
        for where in ("__defaults__", "__kwdefaults__"):
            if getattr(function, where):
                self.depend(function, where, getattr(function, where))
        if not is_lasting(function):  # tools that load a module again put new code into the functions that there are
            self.depend(function, "__code__", function.__code__)
        lowered = Function(function.__name__, signature, block, doc, function)
        return Lowered(lowered, tuple(self.dependencies))

    def whole(self, node: Any, params: tuple[Value, ...]) -> tuple[Block, str | None]:
        """The block of a function, of which the last parameters are its own, and what stands as text at its beginning."""
        own, node = parameters_of(node), leaving(node)
        self.env = {p.name: p for p in params if p.name not in self.cells}
        self.scope = scope_of(node)
        doc = None
        if isinstance(node, ast.Lambda):
            self.locals = {*self.env, *named_in(node.body)}
            self.set_origin(node.body)
            self.make_cells(node, own)
            result = self.expression(node.body)
        else:
            self.locals = {*self.env, *bound(node.body)} - self.cells.keys()
            self.make_cells(node, own)
            statements = list(node.body)
            if isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Constant):
                doc = statements.pop(0).value.value if isinstance(statements[0].value.value, str) else None
            self.env[_EXIT] = self.env[_RETURNED] = self.env[_STOP] = Const(False)
            if not must_leave(statements, self.told):
                statements.append(_nothing(node))
            self.statements(statements)
            result = self.env.get(_RESULT, Const(None))
        return pruned(Block(params, tuple(self.entry + self.body), (result,))), doc

    def make_cells(self, node: Any, own: list[str]) -> None:
        """A dict for each variable that is more than a value to a function inside: what it holds is the variable."""
        for name in sorted(self.scope.cells):
            held = Dict.of({VariableName(name): self.env[name] if name in own else UNDEFINED})
            self.cells[name] = self.named(name, node, NEW, held)

    def inner(self, node: Any, name: str, looped: bool) -> tuple[Value, bool]:
        """A function that is defined here, and whether it may write; `looped`: it sees what a loop around it binds."""
        seen = [n for n in sorted(free_names(node)) if n in self.locals or n in self.cells]
        optional = {p: self.expression(d) for p, d in defaults_of(node).items()}
        params = tuple(Value(UNKNOWN, n) for n in (*seen, *parameters_of(node)))
        inside = _Lowerer(replace(self.source, node=node, inner=name))
        inside.imported = dict(self.imported)
        inside.cells = {n: p for n, p in zip(seen, params, strict=False) if n in self.cells}
        block, doc = inside.whole(node, params)
        self.dependencies.update(inside.dependencies)
        made = Function(name, signature_of(node), block, doc, None)
        given = [self.cells[n] if n in self.cells else self.env.get(n, UNDEFINED) for n in seen]
        op = Define(Inner(made, len(seen), tuple(optional), looped, not isinstance(node, ast.Lambda) and generates(node.body)))
        return self.named("", node, op, *given, *optional.values()), inside.may_write

    def do_FunctionDef(self, node: Any) -> None:
        self.origin = Origin(f"def {node.name}({ast.unparse(node.args)}):", self.source.place(node))
        decorators = [self.expression(d) for d in node.decorator_list]
        made: Operand = self.inner(node, node.name, self.scope.is_looped(node))[0]
        for d in reversed(decorators):
            made = self.called_with(node, d, [made], {})
        self.bind(ast.copy_location(ast.Name(node.name), node), made)

    def do_Global(self, node: Any) -> None:
        """Nothing: a name that is not bound here is that of a global anyway."""

    def do_Nonlocal(self, node: Any) -> None:
        for name in node.names:
            if name not in self.cells:
                raise UnsupportedSyntaxError(
                    "nonlocal of a variable outside of the function",
                    self.source.place(node),
                    "Return the value, and assign it where the function is called.",
                )

    def ex_Lambda(self, node: Any) -> Operand:
        return self.inner(node, self.called or "<lambda>", self.scope.is_looped(node))[0]

    # -- emission ----------------------------------------------------------------------------------------------------

    def set_origin(self, node: Any) -> None:
        self.origin = Origin(self.source.text(node), self.source.place(node))

    def apply(self, node: Any, op: Any, /, *args: Operand, **kwargs: Operand) -> Value:
        return self.named("", node, op, *args, **kwargs)

    def result(self, node: Any, op: Any, /, *args: Operand, **kwargs: Operand) -> Value:
        """The value of the expression that is gone through."""
        return self.named(self.called, node, op, *args, **kwargs)

    def named(self, name: str, node: Any, op: Any, /, *args: Operand, **kwargs: Operand) -> Value:
        result = Value(UNKNOWN, name)
        self.body.append(Apply(op, args, tuple(kwargs.items()), result, self.source.place(node), self.origin))
        return result

    def block(self, params: tuple[Value, ...], fill: Callable[[], tuple[Operand, ...]]) -> tuple[Block, dict[str, Operand]]:
        """A block made by `fill`, and the names as they stand at its end; the names here stay as they were."""
        body, env = self.body, self.env
        self.body, self.env = [], dict(env)
        yields = fill()
        made, after = Block(params, tuple(self.body), yields), self.env
        self.body, self.env = body, env
        return made, after

    # -- statements --------------------------------------------------------------------------------------------------

    def statements(self, statements: list[Any]) -> None:
        for i, s in enumerate(statements):
            rest = statements[i + 1 :]
            if isinstance(s, ast.If) and may_leave([s], LEAVING, self.told):
                self.exiting_if(s, rest)
                return
            if isinstance(s, ast.Try) and (known := self.after_imports(s)) is not None:
                self.statements([*known, *rest])
                return
            try:
                self.statement(s)
            except ImportError as e:
                if not isinstance(s, (ast.Import, ast.ImportFrom)):
                    raise
                if not self.source.inner and any(s is own for own in self.source.node.body):
                    raise  # as the function does whenever it is called
                return self.failing_import(s, e)
            if type(s) in LEAVING:
                return
            if type(s) in BLOCKS and rest and may_leave([s], LEAVING, self.told):
                self.unless_left(s, rest)
                return

    def failing_import(self, node: Any, error: ImportError) -> None:
        """An import that fails now, and so does where Python comes to it; what it would bind is what tells why."""
        self.apply(node, RAISE, self.apply(node, type(error), Const(str(error))))
        self.env[_EXIT] = Const(True)
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.imported.setdefault(name, Const(error))

    def unless_left(self, node: Any, rest: list[Any]) -> None:
        if not rest:
            return
        left = self.env[_EXIT]
        self.branch(node, left, lambda: None, lambda: self.statements(rest))

    def exiting_if(self, node: Any, rest: list[Any]) -> None:
        """An `if` with a branch that may leave: what follows it moves into the branch that stays."""
        self.set_header(node)
        test = self.tested(node.test)
        must_then, must_else = must_leave(node.body, self.told), must_leave(node.orelse, self.told)
        then, orelse = list(node.body), list(node.orelse)
        if must_then and not must_else:
            orelse += rest
        elif must_else and not must_then:
            then += rest
        self.branch(node, test, lambda: self.statements(then), lambda: self.statements(orelse))
        if not must_then and not must_else:
            self.unless_left(node, rest)

    def branch(
        self,
        node: Any,
        test: Operand,
        then: Callable[[], None],
        orelse: Callable[[], None],
        handles: Const | None = None,
    ) -> None:
        """An `If` whose results are the names that its branches bind differently."""
        place, origin = self.source.place(node), self.origin
        bodies: list[list[Statement]] = []
        envs: list[dict[str, Operand]] = []
        outer, outer_body = self.env, self.body
        for fill in (then, orelse):
            self.body, self.env = [], dict(outer)
            fill()
            bodies.append(self.body)
            envs.append(self.env)
        self.body, self.env = outer_body, dict(outer)
        a, b = envs
        ends = [raises(Block((), tuple(body), ())) for body in bodies]
        names = [
            n for n in dict.fromkeys([*a, *b]) if a.get(n, UNDEFINED) is not b.get(n, UNDEFINED) or a.get(n) is not outer.get(n)
        ]
        results = tuple(Value(UNKNOWN, _shown(n)) for n in names)
        yields = [
            tuple(UNDEFINED if end else env.get(n, UNDEFINED) for n in names) for end, env in zip(ends, envs, strict=True)
        ]
        blocks = [Block((), tuple(body), y) for body, y in zip(bodies, yields, strict=True)]
        self.body.append(If(test, blocks[0], blocks[1], results, place, origin, False, handles))
        self.env.update(zip(names, results, strict=True))

    def set_header(self, node: Any) -> None:
        """The origin of a compound statement is its header; that of a test of whether to go on is the `yield`."""
        if isinstance(node, ast.If) and isinstance(node.test, ast.Yield):
            self.set_origin(node.test)
            return
        if isinstance(node, ast.For):
            head = f"for {self.source.text(node.target)} in {self.source.text(node.iter)}:"
        elif isinstance(node, ast.With):
            head = f"with {', '.join(self.manager_text(item) for item in node.items)}:"
        else:
            head = f"{'if' if isinstance(node, ast.If) else 'while'} {self.source.text(node.test)}:"
        self.origin = Origin(head, self.source.place(node))

    def manager_text(self, item: Any) -> str:
        named = "" if item.optional_vars is None else f" as {self.source.text(item.optional_vars)}"
        return self.source.text(item.context_expr) + named

    def statement(self, node: Any) -> None:
        if type(node) not in BLOCKS:
            self.set_origin(node)
        getattr(self, f"do_{type(node).__name__}")(node)

    def do_Pass(self, node: Any) -> None:
        pass

    def do_Expr(self, node: Any) -> None:
        self.expression(node.value)
        last = self.body[-1] if self.body and isinstance(node.value, ast.Call) else None
        if isinstance(last, Apply) and (last.op is CALL or isinstance(last.op, (FunctionType, Method))):
            self.body[-1] = replace(last, op=Unused(last.op))

    def do_With(self, node: Any) -> None:
        self.set_header(node)
        header, entered = self.origin, []
        for item in node.items:
            manager = self.expression(item.context_expr)
            made = self.named(_name(item.optional_vars), node, ENTER, manager)
            entered.append((made, manager))
            if item.optional_vars is not None:
                self.bind(item.optional_vars, made)
        self.statements(node.body)
        self.origin = header
        for made, manager in reversed(entered):
            self.apply(node, EXIT, made, manager)

    def do_Try(self, node: Any) -> None:
        """What is tried is the one side of an `If`, and what is done for an exception the other one.

        What is run at last stands twice, as in Python's own code: for any exception, which then goes on, and behind the `If`.
        """
        if not node.finalbody:
            self.attempted(node)
            return
        tried = [ast.copy_location(ast.Try(node.body, node.handlers, node.orelse, []), node)] if node.handlers else node.body
        again = ast.copy_location(ast.Raise(None, None), node.finalbody[-1])
        handler = ast.copy_location(ast.ExceptHandler(None, None, [*node.finalbody, again]), node.finalbody[0])
        self.attempted(ast.copy_location(ast.Try(tried, [handler], [], []), node))
        left = {n: self.env[n] for n in _LEFT if n in self.env}
        self.env.update((n, Const(False)) for n in _LEFT if n != _RESULT)
        self.statements(node.finalbody)
        if may_leave(node.finalbody, LEAVING - {ast.Raise}, self.told):  # which is what counts then
            self.branch(node, self.env[_EXIT], lambda: None, lambda: self.env.update(left))
        else:
            self.env.update(left)

    def after_imports(self, node: Any) -> list[Any] | None:
        """The statements that a `try` comes to whose imports decide which; None if other statements do."""
        if node.finalbody or not node.handlers:
            return None
        before = dict(self.imported)
        for s in node.body:
            if not isinstance(s, (ast.Import, ast.ImportFrom)):
                return None
            try:
                self.statement(s)
            except ImportError as e:
                self.imported = before
                handler = next((h for h in node.handlers if issubclass(type(e), self.handled_by(h))), None)
                if handler is None:
                    raise
                if handler.name is not None:
                    self.env[handler.name] = self.apply(node, type(e), Const(str(e)))
                return list(handler.body)
        return list(node.orelse)

    def attempted(self, node: Any) -> None:
        last = _goes_on(node.handlers[-1])
        for s in () if last else node.body:
            if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(s)):  # the body of the loop is not in the try
                raise UnsupportedSyntaxError(
                    "yield in a try with an except",
                    self.source.place(s),
                    "Compute what is given in the try, and yield it after that.",
                )
        self.origin = Origin("try:", self.source.place(node))
        done = self.apply(node, ATTEMPT)
        classes = [self.handled_by(h) for h in node.handlers]
        body = node.body[: next((k for k in range(len(node.body), 0, -1) if type(node.body[k - 1]) not in _SAFE), 0)]
        names = bound(body if body and _may_raise_after(body[-1]) else body[:-1])
        ends: dict[str, Operand] = {}

        def handler() -> None:
            left = {}
            for n in names:
                if n not in self.cells:
                    left[n] = self.env[n] = unsure(n, self.source.place(node), ends.get(n) if last else None)
            caught = self.apply(node, CAUGHT)
            self.handlers(list(zip(node.handlers, classes, strict=True)), caught, left)

        def tried() -> None:
            self.statements(node.body)
            if not all(isinstance(h.body[-1], ast.Raise) for h in node.handlers):
                simple = self.body and isinstance(self.body[-1], Apply)
                self.apply(node, UNWRITTEN)
                self.body[-2 if simple else -1 :] = reversed(self.body[-2 if simple else -1 :])
            ends.update(self.env)

        self.branch(node, done, tried, handler, Const(tuple(c for cs in classes for c in cs)))
        if node.orelse and may_leave(node.body, LEAVING, self.told):
            self.branch(node, self.env[_EXIT], lambda: None, lambda: self.otherwise(node, done))
        elif node.orelse:
            self.otherwise(node, done)

    def otherwise(self, node: Any, done: Operand) -> None:
        """The `else` of a `try`."""
        self.branch(node, done, lambda: self.statements(node.orelse), lambda: None)

    def handled_by(self, handler: Any) -> tuple[type, ...]:
        """The classes of the exceptions that a handler is for."""
        if handler.type is None:
            return (BaseException,)
        given = self.expression(handler.type)
        parts = given.items if isinstance(given, Tuple) else (given,)
        found = [p.value for p in parts if isinstance(p, Const) and isinstance(p.value, type)]
        if len(found) < len(parts):
            raise UnsupportedSyntaxError(
                "an except of classes that are only known at run time", self.source.place(handler), "Name the classes."
            )
        return tuple(found)

    def handlers(self, ways: list[tuple[Any, tuple[type, ...]]], caught: Operand, unsure: Mapping[str, Operand]) -> None:
        """What is done for an exception, which is one of those of the first handler or of a later one."""
        (handler, classes), *others = ways

        def fill() -> None:
            if handler.name is not None:
                self.bind(ast.copy_location(ast.Name(handler.name, ast.Store()), handler), caught)
            self.statements(handler.body)
            if handler.name is not None and handler.name not in self.cells:
                self.env[handler.name] = self.deleted(handler, handler.name)
            if _returns(handler.body):  # nobody reads any of these any more
                self.env.update({n: UNDEFINED for n, v in unsure.items() if self.env[n] is v})

        if not others:
            fill()
        else:
            test = self.apply(handler, isinstance, caught, Const(classes))
            self.branch(handler, test, fill, lambda: self.handlers(others, caught, unsure))

    def do_Import(self, node: Any) -> None:
        for alias in node.names:
            module = importlib.import_module(alias.name)
            top = sys.modules[alias.name.partition(".")[0]] if alias.asname is None else module
            self.imports(node, alias.asname or alias.name.partition(".")[0], Const(top))

    def do_ImportFrom(self, node: Any) -> None:
        name = "." * node.level + (node.module or "")
        module = importlib.import_module(name, self.source.function.__globals__.get("__package__"))
        for alias in node.names:
            if not hasattr(module, alias.name):
                try:
                    importlib.import_module(f"{module.__name__}.{alias.name}")
                except ModuleNotFoundError as e:
                    raise ImportError(f"cannot import name {alias.name!r} from {module.__name__!r}") from e
            self.imports(node, alias.asname or alias.name, self.of_module(node, module, alias.name))

    def imports(self, node: Any, name: str, value: Operand) -> None:
        """Bind a name by an import. It is no variable: what it is bound to is known from there on."""
        if name in self.locals or name in self.cells or self.imported.get(name, value) != value:
            done = "assigned" if name not in self.imported else "bound by another import"
            raise UnsupportedSyntaxError(
                f"the import of {name!r}, which is also {done}", self.source.place(node), "Give it a name of its own."
            )
        self.imported[name] = value

    def do_Return(self, node: Any) -> None:
        self.env[_RESULT] = Const(None) if node.value is None else self.expression(node.value)
        self.env[_RETURNED] = self.env[_EXIT] = Const(True)
        if self.loops:
            self.env[_STOP] = Const(True)

    def do_Break(self, node: Any) -> None:
        self.env[_STOP] = self.env[_EXIT] = Const(True)

    def do_Continue(self, node: Any) -> None:
        self.env[_EXIT] = Const(True)

    def do_Raise(self, node: Any) -> None:
        args = [self.expression(n) for n in (node.exc, node.cause) if n is not None]
        self.apply(node, RAISE, *args)
        self.env[_EXIT] = Const(True)

    def do_Assert(self, node: Any) -> None:
        self.apply(node, ASSERT, *(self.expression(n) for n in (node.test, node.msg) if n is not None))

    def do_Assign(self, node: Any) -> None:
        value = self.assigned(node.targets[0], node.value)
        if len(node.targets) == 1 and isinstance(node.targets[0], (ast.Tuple, ast.List)):
            value = self.unpacked(value)
        for target in node.targets:
            self.bind(target, value)

    def do_AnnAssign(self, node: Any) -> None:
        if node.value is not None:
            self.bind(node.target, self.assigned(node.target, node.value))

    def assigned(self, target: Any, node: Any) -> Operand:
        """The value of an expression, called as what it is assigned to; of items for several names, the one made last is, and
        each other one of which the name has not been read for any of them."""
        several = isinstance(target, (ast.Tuple, ast.List)) and isinstance(node, ast.Tuple)
        if several and len(target.elts) == len(node.elts) and not _has_star([*target.elts, *node.elts]):
            read, last = _names_in(node), target.elts[-1]
            named = [t is last or _name(t) not in read for t in target.elts]
            items = zip(target.elts, node.elts, named, strict=True)
            return Tuple(tuple([self.assigned(t, n) if own else self.expression(n) for t, n, own in items]))
        return self.expression(node, _name(target))

    def do_AugAssign(self, node: Any) -> None:
        if isinstance(node.target, ast.Subscript):
            base, index = self.expression(node.target.value), self.expression(node.target.slice)
            mark, self.may_write = len(self.body), False
            value = self.expression(node.value)
            if not self.may_write:
                self.apply(node, Augmented(_AUGMENTED[type(node.op)]), base, index, value)
                return
            rest, self.body = self.body[mark:], self.body[:mark]  # the entry is read before a function that may change it
            entry = self.apply(node, operator.getitem, base, index)
            self.body += rest
            self.apply(node, operator.setitem, base, index, self.apply(node, _AUGMENTED[type(node.op)], entry, value))
            return
        if isinstance(node.target, ast.Attribute):
            owner = self.expression(node.target.value)
            entry = self.apply(node, Attribute(node.target.attr), owner)
            new = self.apply(node, _AUGMENTED[type(node.op)], entry, self.expression(node.value))
            self.apply(node.target, setattr, owner, Const(node.target.attr), new)
            return
        old = self.name(node.target)
        value = self.expression(node.value)
        self.bind(node.target, self.named(node.target.id, node, _AUGMENTED[type(node.op)], old, value))

    def bind(self, target: Any, value: Operand) -> None:
        if isinstance(target, ast.Name):
            if target.id in self.cells:
                self.apply(target, operator.setitem, self.cells[target.id], Const(VariableName(target.id)), value)
            else:
                self.env[target.id] = value
            return
        if isinstance(target, ast.Subscript):
            self.apply(target, operator.setitem, self.expression(target.value), self.expression(target.slice), value)
            return
        if isinstance(target, ast.Attribute):
            self.apply(target, setattr, self.expression(target.value), Const(target.attr), value)
            return
        n = len(target.elts)
        starred = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), None)
        if starred is not None:
            whole = self.apply(target, UNPACK, value, Const(starred), Const(n - 1 - starred))
            items: tuple[Operand, ...] = self.items(target, whole)
        elif isinstance(value, (Tuple, List)) and len(value.items) == n:
            items = value.items
        else:
            whole = self.apply(target, UNPACK, value, Const(n))
            items = self.items(target, whole)
        for element, item in zip(target.elts, items, strict=True):
            self.bind(element.value if isinstance(element, ast.Starred) else element, item)

    def items(self, target: Any, whole: Value) -> tuple[Operand, ...]:
        """What is unpacked, item by item."""
        names = [_name(e.value if isinstance(e, ast.Starred) else e) for e in target.elts]
        return tuple(self.named(name, target, operator.getitem, whole, Const(i)) for i, name in enumerate(names))

    def unpacked(self, value: Operand) -> Operand:
        """What is unpacked and nothing else: of a tuple or list that was just made of an iterable, that iterable."""
        last = self.body[-1] if self.body else None
        if not isinstance(last, Apply) or last.result is not value or value.name:
            return value
        if last.op in (tuple, list) and len(last.args) == 1:
            self.body.pop()
            return last.args[0]
        return value

    def do_Delete(self, node: Any) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.cells:
                self.apply(target, operator.delitem, self.cells[target.id], Const(VariableName(target.id)))
            elif isinstance(target, ast.Name):
                self.name(target)
                self.env[target.id] = self.deleted(target, target.id)
            else:
                self.apply(target, operator.delitem, self.expression(target.value), self.expression(target.slice))

    def deleted(self, node: Any, name: str) -> Undefined:
        """What a variable is that Python unbinds: no value, also where it has one on another way."""
        what = f"the name {name!r} is read where it may have been deleted"
        return Undefined(UndefinedNameError(what, self.source.place(node), "Assign it anew on every path."))

    def do_If(self, node: Any) -> None:
        self.set_header(node)
        test = self.tested(node.test)
        self.branch(node, test, lambda: self.statements(node.body), lambda: self.statements(node.orelse))

    def do_For(self, node: Any) -> None:
        self.set_header(node)
        iterable = self.expression(node.iter)
        header = self.origin
        element = Value(UNKNOWN, _name(node.target))
        names, inits, params = self.carried([ast.Assign([node.target], node.iter, None), *node.body], node)
        exits = may_leave(node.body, _ENDING, self.told)

        def fill() -> tuple[Operand, ...]:
            self.enter(names, params)
            self.origin = header
            self.bind(node.target, element)
            self.statements(node.body)
            return self.loop_yields(names, exits)

        body, _ = self.in_loop((element, *params), fill)
        results = tuple(Value(UNKNOWN, p.name) for p in params)
        self.body.append(ForEach(iterable, body, inits, exits, results, self.source.place(node), header))
        self.leave(node, names, results)

    def do_While(self, node: Any) -> None:
        self.set_header(node)
        header = self.origin
        names, inits, params = self.carried(node.body, node)
        exits = may_leave(node.body, _ENDING, self.told)
        test_params = tuple(Value(UNKNOWN, p.name) for p in params)

        def fill_test() -> tuple[Operand, ...]:
            self.env.update(zip(names, test_params, strict=True))
            return (self.tested(node.test),)

        def fill() -> tuple[Operand, ...]:
            self.enter(names, params)
            self.statements(node.body)
            return self.loop_yields(names, exits)

        test, _ = self.block(test_params, fill_test)
        body, _ = self.in_loop(params, fill)
        results = tuple(Value(UNKNOWN, p.name) for p in params)
        count = Value()
        self.body.append(While(test, body, inits, exits, (*results, count), self.source.place(node), header))
        self.leave(node, names, results)

    def carried(self, statements: list[Any], node: Any) -> tuple[list[str], tuple[Operand, ...], tuple[Value, ...]]:
        names = bound(statements)
        if may_leave(node.body, _RETURN, self.told):
            names += [_RETURNED, _RESULT]
        if node.orelse:
            names.append(_STOP)
        inits = tuple(Const(False) if n == _STOP else self.env.get(n, UNDEFINED) for n in names)
        return names, inits, tuple(Value(UNKNOWN, _shown(n)) for n in names)

    def in_loop(self, params: tuple[Value, ...], fill: Callable[[], tuple[Operand, ...]]) -> tuple[Block, dict[str, Operand]]:
        self.loops += 1
        made = self.block(params, fill)
        self.loops -= 1
        return made

    def enter(self, names: list[str], params: tuple[Value, ...]) -> None:
        self.env.update(zip(names, params, strict=True))
        self.env[_EXIT] = self.env[_STOP] = Const(False)

    def loop_yields(self, names: list[str], exits: bool) -> tuple[Operand, ...]:
        return tuple(self.env[n] for n in names) + ((self.env[_STOP],) if exits else ())

    def leave(self, node: Any, names: list[str], results: tuple[Value, ...]) -> None:
        outer_stop = self.env[_STOP]
        self.env.update(zip(names, results, strict=True))
        stopped = self.env[_STOP]
        self.env[_STOP] = outer_stop
        if may_leave(node.body, _RETURN, self.told):
            returned = self.env[_RETURNED]
            self.env[_EXIT] = returned
            if self.loops:
                self.env[_STOP] = returned
        if node.orelse:
            self.branch(node, stopped, lambda: None, lambda: self.statements(node.orelse))

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, node: Any, called: str = "") -> Operand:
        """The value of an expression; the user's name for it, if it is made here."""
        outer, self.called = self.called, called
        result: Operand = getattr(self, f"ex_{type(node).__name__}")(node)
        self.called = outer
        return result

    def ex_Constant(self, node: Any) -> Operand:
        return Const(node.value)

    def ex_Name(self, node: Any) -> Operand:
        return self.name(node)

    def name(self, node: Any) -> Operand:
        name = node.id
        if name in self.cells:
            return self.apply(node, operator.getitem, self.cells[name], Const(VariableName(name)))
        if name in self.locals:
            value = self.env.get(name, UNDEFINED)
            if isinstance(value, Undefined) and value.end is None:
                raise value.why or UndefinedNameError(
                    f"the name {name!r} is used before it is assigned",
                    self.source.place(node),
                    "Assign it first on every path.",
                )
            return value
        return self.imported[name] if name in self.imported else self.global_name(node, name)

    def global_name(self, node: Any, name: str) -> Operand:
        function = self.source.function
        found = look_up(function, name)
        if found is MISSING:
            raise UndefinedNameError(f"the name {name!r} is not defined", self.source.place(node), "Define or import it.")
        if is_code(found):
            self.depend(function, name, found)
            return Const(found)
        if name not in function.__globals__ and name not in function.__code__.co_freevars:
            return Const(found)  # a constant among the builtins
        if name not in self.free:
            value = Value(UNKNOWN, name)
            self.entry.append(Apply(Free(function, name), (), (), value, self.source.place(node), self.origin))
            self.free[name] = value
        return self.free[name]

    def depend(self, owner: FunctionType | ModuleType, name: str, value: Any) -> None:
        dependency = Dependency(owner, name, value)
        self.dependencies.setdefault(dependency)

    def ex_Attribute(self, node: Any) -> Operand:
        base = self.expression(node.value)
        if isinstance(base, Const) and isinstance(base.value, ModuleType):
            return self.of_module(node, base.value, node.attr)
        return self.result(node, Attribute(node.attr), base)

    def of_module(self, node: Any, module: ModuleType, name: str) -> Operand:
        """The attribute of a module."""
        found, stable = read_attribute(module, name)
        if found is MISSING:
            raise SctError(f"module {module.__name__} has no attribute {name!r}", self.source.place(node), "Check the name.")
        if is_code(found) and not stable:
            self.depend(module, name, found)
        return Const(found) if is_code(found) or stable else self.result(node, Attribute(name), Const(module))

    def ex_Call(self, node: Any) -> Operand:
        base = self.expression(node.func.value) if isinstance(node.func, ast.Attribute) else None
        of_object = base is not None and not (isinstance(base, Const) and isinstance(base.value, ModuleType))
        callee = None if of_object else self.expression(node.func)
        pythons = isinstance(callee, Const) and package_of(callee.value) in _OF_PYTHON
        if not pythons and any(gone_through_at_once(node)):
            raise UnsupportedSyntaxError(
                "a generator expression, given to a function that is called as one of Python's",
                self.source.place(node),
                "Make a list of it.",
            )
        args = self.arguments(node.args)
        kwargs = {f"**{i}" if k.arg is None else k.arg: self.expression(k.value) for i, k in enumerate(node.keywords)}
        if of_object:
            assert base is not None
            self.may_write = self.may_write or "out" in kwargs or method_rule(node.func.attr) is None
            return self.result(node, Method(node.func.attr), base, *args, **kwargs)
        assert callee is not None
        return self.called_with(node, callee, args, kwargs)

    def called_with(self, node: Any, callee: Operand, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
        """A call of what is no method."""
        if isinstance(callee, Const):
            op = ITERATOR if callee.value is iter and self.called and len(args) == 1 else callee.value
            own = isinstance(op, FunctionType) and not is_registered(op)
            outputs = "out" in kwargs or (isinstance(op, np.ufunc) and len(args) > op.nin)
            self.may_write = self.may_write or own or outputs or effect_of(op) == "acts"
            return self.result(node, op, *args, **kwargs)
        self.may_write = True
        return self.result(node, CALL, callee, *args, **kwargs)

    def arguments(self, nodes: list[Any]) -> list[Operand]:
        args: list[Operand] = []
        for n in nodes:
            if isinstance(n, ast.Starred):
                args.append(Slice(self.expression(n.value), Const(STAR), Const(None)))
            else:
                args.append(self.expression(n))
        return args

    def ex_BinOp(self, node: Any) -> Operand:
        return self.result(node, _BINARY[type(node.op)], self.expression(node.left), self.expression(node.right))

    def ex_UnaryOp(self, node: Any) -> Operand:
        operand = self.tested(node.operand) if isinstance(node.op, ast.Not) else self.expression(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(operand, Const) and type(operand.value) in (int, float, complex):
            return Const(-operand.value)
        return self.result(node, _UNARY[type(node.op)], operand)

    def ex_Compare(self, node: Any) -> Operand:
        left = self.expression(node.left)
        return self.comparisons(node, left, list(zip(node.ops, node.comparators, strict=True)))

    def comparisons(self, node: Any, left: Operand, rest: list[tuple[Any, Any]]) -> Operand:
        op, comparator = rest[0]
        right = self.expression(comparator)
        last = self.result if len(rest) == 1 else self.apply
        if isinstance(op, ast.NotIn):
            test: Operand = last(node, operator.not_, self.apply(node, operator.contains, right, left))
        elif isinstance(op, ast.In):
            test = last(node, operator.contains, right, left)
        else:
            test = last(node, _COMPARE[type(op)], left, right)
        if len(rest) == 1:
            return test
        return self.choice(node, test, lambda: self.comparisons(node, right, rest[1:]), lambda: test)

    def choice(self, node: Any, test: Operand, then: Callable[[], Operand], orelse: Callable[[], Operand]) -> Operand:
        """The value of one of two expressions; which may also bind names (`:=`)."""
        result, self.called = Value(UNKNOWN, self.called), ""
        made = [self.block((), lambda fill=fill: (fill(),)) for fill in (then, orelse)]  # type: ignore[misc]
        ends = [env for _, env in made]
        names = [n for n in {**ends[0], **ends[1]} if any(env.get(n) is not self.env.get(n) for env in ends)]
        blocks = [b.with_(yields=(*b.yields, *(env.get(n, UNDEFINED) for n in names))) for b, env in made]
        bound = [Value(UNKNOWN, _shown(n)) for n in names]
        place, origin = self.source.place(node), self.origin
        self.body.append(If(test, blocks[0], blocks[1], (result, *bound), place, origin, not names))
        self.env.update(zip(names, bound, strict=True))
        return result

    def ex_NamedExpr(self, node: Any) -> Operand:
        value = self.expression(node.value, node.target.id)
        self.bind(node.target, value)
        return value

    def ex_BoolOp(self, node: Any) -> Operand:
        return self.boolean(node, node.values)

    def boolean(self, node: Any, values: list[Any], tests: bool = False) -> Operand:
        """What `and` or `or` chooses; if it `tests`, whether that counts as true is all that matters."""
        first = self.tested(values[0]) if tests else self.expression(values[0])
        if len(values) == 1:
            return first
        if tests and not isinstance(values[0], (ast.BoolOp, ast.Compare)):
            first = self.result(values[0], TRUTH, first)
        if isinstance(node.op, ast.And):
            return self.choice(node, first, lambda: self.boolean(node, values[1:], tests), lambda: first)
        return self.choice(node, first, lambda: first, lambda: self.boolean(node, values[1:], tests))

    def tested(self, node: Any) -> Operand:
        """An expression of which only the truth matters."""
        return self.boolean(node, node.values, True) if isinstance(node, ast.BoolOp) else self.expression(node)

    def ex_IfExp(self, node: Any) -> Operand:
        test = self.tested(node.test)
        return self.choice(node, test, lambda: self.expression(node.body), lambda: self.expression(node.orelse))

    def ex_Tuple(self, node: Any) -> Operand:
        items = self.arguments(node.elts)
        return self.result(node, TUPLE, *items) if _has_star(node.elts) else Tuple(tuple(items))

    def ex_List(self, node: Any) -> Operand:
        items = self.arguments(node.elts)
        return self.result(node, LIST, *items) if _has_star(node.elts) else self.new(node, List(tuple(items)))

    def new(self, node: Any, display: List | Dict) -> Operand:
        """A list or dict that may be written into later."""
        return self.result(node, NEW, display)

    def ex_Dict(self, node: Any) -> Operand:
        entries: list[Operand] = []
        for k, v in zip(node.keys, node.values, strict=True):
            if k is None:
                entries.append(Slice(self.expression(v), Const(STAR), Const("items")))
            else:
                entries.append(Tuple((self.expression(k), self.expression(v))))
        known = {e.items[0].value: e.items[1] for e in entries if isinstance(e, Tuple) and isinstance(e.items[0], Const)}
        if len(known) < len(entries):
            return self.result(node, DICT, *entries)
        return self.new(node, Dict.of(known))

    def ex_ListComp(self, node: Any) -> Operand:
        made = self.new(node, List(()))
        self.comprehension(node, node.generators, lambda: self.apply(node, Method("append"), made, self.expression(node.elt)))
        return made

    def ex_Set(self, node: Any) -> Operand:
        return self.result(node, set, self.ex_List(node))

    def ex_SetComp(self, node: Any) -> Operand:
        return self.result(node, set, self.ex_ListComp(node))

    def ex_GeneratorExp(self, node: Any) -> Operand:
        iterable = self.expression(node.generators[0].iter)
        function, gives = as_function(node)
        made, writes = self.inner(function, "<genexpr>", self.scope.is_looped(node))
        self.may_write = self.may_write or writes
        return self.result(node, *((map, made) if gives else (CALL, made)), iterable)

    def ex_Yield(self, node: Any) -> Operand:
        self.may_write = True
        return self.apply(node, YIELD, Const(None) if node.value is None else self.expression(node.value))

    def ex_DictComp(self, node: Any) -> Operand:
        made = self.new(node, Dict((), ()))
        self.comprehension(
            node,
            node.generators,
            lambda: self.apply(node, operator.setitem, made, self.expression(node.key), self.expression(node.value)),
        )
        return made

    def comprehension(self, node: Any, generators: list[Any], leaf: Callable[[], Any]) -> None:
        """The loops of a comprehension; the names that they bind are its own."""
        if not generators:
            leaf()
            return
        first, *rest = generators
        iterable = self.expression(first.iter)
        element = Value(UNKNOWN, _name(first.target))
        own = set(bound([first.target]))
        names = [n for n in dict.fromkeys(getattr(node, "named", ())) if n not in self.cells]
        params, results = (tuple(Value(UNKNOWN, n) for n in names) for _ in range(2))

        def fill() -> tuple[Operand, ...]:
            self.env.update(zip(names, params, strict=True))
            self.bind(first.target, element)
            self.where(node, first.ifs, lambda: self.comprehension(node, rest, leaf))
            return tuple(self.env[n] for n in names)

        outer, cells = self.locals, self.cells
        inits = tuple(self.env.get(n, UNDEFINED) for n in names)
        self.locals, self.cells = outer | own, {n: c for n, c in cells.items() if n not in own}
        body, _ = self.block((element, *params), fill)
        self.locals, self.cells = outer, cells
        self.body.append(ForEach(iterable, body, inits, False, results, self.source.place(node), self.origin))
        self.env.update(zip(names, results, strict=True))

    def where(self, node: Any, tests: list[Any], then: Callable[[], None]) -> None:
        """Go on with `then` if all tests hold."""
        if tests:
            self.branch(node, self.expression(tests[0]), lambda: self.where(node, tests[1:], then), lambda: None)
        else:
            then()

    def ex_Subscript(self, node: Any) -> Operand:
        return self.result(node, operator.getitem, self.expression(node.value), self.expression(node.slice))

    def ex_Slice(self, node: Any) -> Operand:
        parts = [Const(None) if p is None else self.expression(p) for p in (node.lower, node.upper, node.step)]
        return Slice(*parts)

    def ex_JoinedStr(self, node: Any) -> Operand:
        parts: list[str | tuple[int, str]] = []
        args: list[Operand] = []
        for v in node.values:
            if isinstance(v, ast.Constant):
                parts.append(str(v.value))
                continue
            spec = v.format_spec
            if spec is not None and not all(isinstance(p, ast.Constant) for p in spec.values):
                raise SctError("a nested format is not supported", self.source.place(node), "Format with str.format.")
            parts.append((v.conversion, "" if spec is None else "".join(str(p.value) for p in spec.values)))
            args.append(self.expression(v.value))
        return self.result(node, Format(tuple(parts)), *args)
