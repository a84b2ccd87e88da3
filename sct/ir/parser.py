"""Functions in SSA form from their text.

Takes a text as `sct.ir.printer` gives it, or as written by hand; gives the function, which prints equally. Operations are
looked up by their names. By hand the numbers of values may be left out, and so may types, which are then unknown. Does not
check that the function is well formed: values may be used out of their scope, as they are before recording.

>>> from sct.ir.parser import parse
>>> f = parse('''
... def f(%x: float64[n]):
...     %y = np.exp(%x)                 # float64[n]
...     yield %y
... ''')
>>> f.block.body[0].op
<ufunc 'exp'>
>>> f
def f(%x.0: float64[n]):
    %y.1 = np.exp(%x.0)                                         # float64[n]
    yield %y.1
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sct.errors import Place
from sct.ir import ops
from sct.ir.ops import (
    Again,
    Attribute,
    Augmented,
    Call,
    Derived,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Rebind,
    Special,
    Steps,
    StepsBack,
    Store,
    Unused,
    View,
)
from sct.ir.scanner import Scanner, TextError
from sct.ir.ssa import (
    Apply,
    Block,
    Checkpointing,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
)
from sct.ir.type_text import Reader
from sct.ir.types import UNDEFINED, UNKNOWN, Abstract, Const, Dict, List, Slice, Tuple

__all__ = ["parse"]

_FILE = "<text>"
_SPECIAL = {o.name: o for o in vars(ops).values() if isinstance(o, Special)}
_ON_OPERATIONS = {
    "augmented": Augmented,
    "inplace": InPlace,
    "unused": Unused,
    "rebind": Rebind,
    "store": Store,
    "view": View,
}
_ORIGIN = re.compile(r"# (?P<part>reverse of |tangent of )?line (?P<line>\d+)(?: in (?P<inside>[^:]+))?: (?P<text>.*)")
_VALUE = re.compile(
    r"%(?:(?P<name>\w*?)(?:~(?P<hint>[\w~]+))?\.)?(?P<number>\d+)|%(?P<bare>[^\W\d]\w*)(?:~(?P<bare_hint>[\w~]+))?"
)
_KINDS = {"*": inspect.Parameter.VAR_POSITIONAL, "**": inspect.Parameter.VAR_KEYWORD}


def parse(text: str, objects: Mapping[str, Any] | None = None) -> Function:
    """The function with a text.

    Parameters
    ----------
    text : str
        Of one function.
    objects : mapping, optional
        What the names that begin with `@` stand for, without the `@` (`sct.ir.printer.text_and_objects`).

    Raises
    ------
    TextError
        With line and column, where the text is not that of a function.
    """
    parser = _Parser(text, {} if objects is None else objects)
    f = parser.function(0)
    if parser.at < len(parser.lines):
        parser.fail("one function expected")
    return f


class _Parser(Reader):
    """Reads lines: `at` counts those that were taken, `scan` stands in the last one."""

    def __init__(self, text: str, objects: Mapping[str, Any]) -> None:
        super().__init__(objects)
        self.lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        self.margin = min((_indent(line) for _, line in self.lines), default=0)
        self.at = 0
        self.values: dict[str, Value] = {}
        self.announced: set[str] = set()  # the values that have been named, whose types come later
        self.origin: Origin | None = None

    # -- lines -------------------------------------------------------------------------------------------------------

    def fail(self, what: str) -> None:
        n, line = self.lines[self.at] if self.at < len(self.lines) else (len(self.lines) + 1, "")
        raise TextError(what, line, n, _indent(line) + 1)

    def depth(self) -> int:
        """How deep the next line stands; -1 at the end."""
        return (_indent(self.lines[self.at][1]) - self.margin) if self.at < len(self.lines) else -1

    def begin(self, column: int) -> Scanner:
        """Go to the next line, which must stand at a column."""
        if self.depth() != column:
            self.fail("a line that is indented otherwise expected" if self.depth() >= 0 else "the text ends too early")
        n, line = self.lines[self.at]
        self.at += 1
        self.scan = Scanner(line, n, column + self.margin + 1)
        return self.scan

    def comments(self) -> None:
        """Take the lines that say where the statements below them come from."""
        while self.at < len(self.lines) and self.lines[self.at][1].lstrip().startswith("#"):
            text = self.lines[self.at][1].strip()
            m = _ORIGIN.fullmatch(text)
            if m is not None:
                said = ast.literal_eval(m["text"]) if m["text"][:1] in ("'", '"') else m["text"]
                place = Place(_FILE, int(m["line"]), 0, m["inside"] or "")
                self.origin = Origin(said, place, m["part"] == "reverse of ", m["part"] == "tangent of ")
            elif text == "# from no line":
                self.origin = None
            else:
                self.fail("'# line N: ...', '# reverse of line N: ...' or '# from no line' expected")
            self.at += 1

    # -- values ------------------------------------------------------------------------------------------------------

    def new(self) -> str:
        """The text that a new value will be read by, once its type is known (`defined`)."""
        start = self.scan.start
        text = self.scan.take("value", "a value")
        if _VALUE.fullmatch(text) is None:
            self.scan.fail(f"{text!r} is no name of a value: '%name', '%name.number', '%name~hint.number' or '%number'", start)
        if text in self.values or text in self.announced:
            self.scan.fail(f"{text} is defined twice", start)
        self.announced.add(text)
        return text

    def defined(self, text: str, t: Abstract) -> Value:
        """A new value of type `t`."""
        m = _VALUE.fullmatch(text)
        assert m is not None
        self.announced.remove(text)
        v = self.values[text] = Value(t, m["name"] or m["bare"] or "", m["hint"] or m["bare_hint"] or "")
        return v

    def typed(self) -> Value:
        """A new value with its type, if that is said."""
        text = self.new()
        return self.defined(text, self.abstract() if self.scan.accept(":") else UNKNOWN)

    def used(self) -> Value:
        if self.scan.token not in self.values:
            self.scan.fail(f"{self.scan.token} is not defined")
        return self.values[self.scan.advance()]

    # -- operands ----------------------------------------------------------------------------------------------------

    def operand(self) -> Operand:
        """An operand, which may be a slice."""
        if self.scan.at(":"):
            return self.sliced(Const(None))
        found = self.simple()
        return self.sliced(found) if self.scan.at(":") else found

    def sliced(self, start: Operand) -> Slice:
        parts = [start]
        for _ in range(2):
            self.scan.expect(":")
            empty = self.scan.at(":", ",", ")", "]", "}", "#", "=", ":=", "")
            parts.append(Const(None) if empty else self.simple())
        return Slice(*parts)

    def simple(self) -> Operand:
        s = self.scan
        if s.kind == "value":
            return self.used()
        if s.accept("("):
            return Tuple(self.items(self.operand, ")"))
        if s.accept("["):
            return List(self.items(self.operand, "]"))
        if s.accept("{"):
            return Dict(*self.pairs(self.operand))
        if s.accept("record"):
            return self.record(self.operand)
        if s.accept("undefined"):
            return UNDEFINED
        return self.constant(self.operand)  # type: ignore[no-any-return]

    # -- operations --------------------------------------------------------------------------------------------------

    def op(self) -> Any:
        """An operation, up to the bracket of its arguments; those with functions under them have none yet."""
        s = self.scan
        word = s.token if s.kind == "name" else ""
        called = s.text[s.end :].startswith("(")
        if word in _SPECIAL and called:
            return _SPECIAL[s.advance()]
        if word in ("attribute", "method"):
            s.advance()
            return (Attribute if word == "attribute" else Method)(self.word_or_text())
        if word in _ON_OPERATIONS:
            s.advance()
            return _ON_OPERATIONS[word](self.op())
        if word == "steps":
            s.advance()
            return Steps(None)
        reader = getattr(self, f"{word}_op", None)
        if reader is not None and not called:
            s.advance()
            return reader()
        return self.reference()

    def word_or_text(self) -> str:
        s = self.scan
        return str(ast.literal_eval(s.advance()) if s.kind == "text" else s.take("name", "a name"))

    def words(self) -> list[str]:
        """Words in square brackets."""
        self.scan.expect("[")
        found = []
        while not self.scan.accept("]"):
            found.append(self.scan.take("name", "a name"))
        return found

    def again_op(self) -> Again:
        return Again(self.reference())

    def format_op(self) -> Format:
        return Format(self.value())

    def free_op(self) -> Free:
        attribute = self.scan.accept("attribute")
        name = self.word_or_text()
        self.scan.expect("of")
        return Free(self.reference(), name, attribute)

    def field_op(self) -> Field:
        own = self.scan.accept("own")
        name = self.word_or_text()
        self.scan.expect("of")
        return Field(ast.literal_eval(self.scan.take("text", "a path")), name, own)

    def call_op(self) -> Call:
        effect, *flags = self.words()
        return Call(self.op(), effect, **dict.fromkeys(flags, True))

    def vjp_op(self, transform: str = "vjp") -> Derived:
        wrt, draws = self.words(), self.scan.accept("draws")
        effect = self.word_or_text() if self.scan.accept("effect") else "none"
        objects = self.scan.accept("objects") and self.scan.accept("{")
        names, types = self.pairs(self.abstract) if objects else ((), ())
        laid = self.scan.accept("laid")
        self.scan.expect("of")
        given = tuple((str(name), t) for name, t in zip(names, types, strict=True))
        return Derived(self.op(), tuple(wrt), draws, transform, effect, given, laid)

    def jvp_op(self) -> Derived:
        return self.vjp_op("jvp")

    def augmented_op(self) -> Derived:
        return self.vjp_op("augmented")

    def pullback_op(self) -> Derived:
        return self.vjp_op("pullback")

    def steps_back_op(self) -> StepsBack:
        return StepsBack(None, tuple(self.words()), other=self.scan.accept("other"))

    # -- statements --------------------------------------------------------------------------------------------------

    def block(self, column: int, params: tuple[Value, ...]) -> Block:
        body: list[Statement] = []
        while True:
            self.comments()
            s = self.begin(column)
            if s.accept("yield"):
                yields = () if s.kind == "end" else self.items(self.operand, "")
                s.finish()
                return Block(params, tuple(body), yields)
            body.append(self.statement(column))

    def inner(self, column: int, params: tuple[Value, ...]) -> Block:
        """The block under a line at a column."""
        if self.depth() <= column:
            self.fail("an indented block expected")
        return self.block(self.depth(), params)

    def statement(self, column: int) -> Statement:
        names, rest = self.results()
        s = self.scan
        if rest == "if":
            return self.if_(column, names)
        if rest == "for":
            return self.for_(column, names)
        if rest == "while":
            return self.while_(column, names)
        if rest == "def":
            return self.closure(column, names)
        if len(names) != 1:
            s.fail("an operation has one result")
        op = self.op()
        s.expect("(")
        args, kwargs = self.arguments()
        if isinstance(op, (Steps, StepsBack)):
            s.expect(":")
        results, place = self.notes(names)
        made = Apply(op, args, kwargs, results[0], place, self.origin)
        return replace(made, op=self.with_functions(op, column)) if isinstance(op, (Steps, StepsBack)) else made

    def results(self) -> tuple[tuple[str, ...], str]:
        """What stands left of `=`, and the keyword of the statement."""
        found: list[str] = []
        while self.scan.kind == "value":
            found.append(self.new())
            if not self.scan.accept(","):
                self.scan.expect("=")
        words = ("if", "for", "while", "def")
        return tuple(found), self.scan.advance() if self.scan.at(*words) else ""

    def arguments(self) -> tuple[tuple[Operand, ...], tuple[tuple[str, Operand], ...]]:
        kwargs: list[tuple[str, Operand]] = []

        def argument() -> Operand | None:
            s = self.scan
            if s.kind == "name" and re.match(r"\s*=", s.text[s.end :]):
                name = s.advance()
                s.expect("=")
                kwargs.append((name, self.operand()))
                return None
            return self.operand()

        args = tuple(a for a in self.items(argument, ")") if a is not None)
        return args, tuple(kwargs)

    def notes(self, names: tuple[str, ...]) -> tuple[tuple[Value, ...], Place | None]:
        """The results, whose types stand at the end of a statement's first line, and the line that is said there."""
        s = self.scan
        place = None if self.origin is None else self.origin.place
        types: list[Abstract] = [UNKNOWN] * len(names)
        if s.accept("#"):
            for k in range(0 if s.at("line") else len(names)):
                if k:
                    s.expect(",")
                types[k] = self.abstract()
            if s.accept("line"):
                place = Place(_FILE, self.integer(), 0)
        s.finish()
        return tuple(map(self.defined, names, types)), place

    def with_functions(self, op: Steps | StepsBack, column: int) -> Steps | StepsBack:
        """An operation on steps, with the functions that stand below it."""
        functions = []
        while self.depth() > column:
            functions.append(self.function(self.depth()))
        if not 1 <= len(functions) <= 1 + isinstance(op, StepsBack):
            self.fail("the function of a step expected")
        return (
            Steps(functions[0]) if isinstance(op, Steps) else replace(op, step=functions[0], derivative=(*functions, None)[1])
        )

    def if_(self, column: int, names: tuple[str, ...]) -> If:
        expression = self.scan.accept("expression")
        handles = self.simple() if self.scan.accept("handles") else None
        assert handles is None or isinstance(handles, Const)
        test = self.simple()
        self.scan.expect(":")
        (results, place), origin = self.notes(names), self.origin
        then = self.inner(column, ())
        self.begin(column).expect("else", ":")
        self.scan.finish()
        return If(test, then, self.inner(column, ()), results, place, origin, expression, handles)

    def carried(self) -> tuple[list[tuple[str, Abstract | None]], tuple[Operand, ...]]:
        """What a loop carries, with its type if that is said, and what it starts from."""
        params: list[tuple[str, Abstract | None]] = []

        def start() -> Operand:
            text = self.new()
            params.append((text, self.abstract() if self.scan.accept(":") else None))
            self.scan.expect(":=")
            return self.operand()

        inits = self.items(start, "]") if self.scan.accept("[") else ()
        return params, inits

    def filled(self, params: list[tuple[str, Abstract | None]], results: tuple[Value, ...]) -> tuple[Value, ...]:
        """What a loop carries, of the types of its results where nothing else was said."""
        types = [r.type for r in results[: len(params)]] + [UNKNOWN] * (len(params) - len(results))
        return tuple([self.defined(text, t if said is None else said) for (text, said), t in zip(params, types, strict=True)])

    def for_(self, column: int, names: tuple[str, ...]) -> For | ForEach:
        s = self.scan
        index = self.typed()
        s.expect("in")
        backwards = s.accept("reversed")
        if backwards:
            s.expect("(")
        bounds: tuple[Operand, ...] | None = None
        if s.accept("range"):
            s.expect("(")
            bounds = self.three(self.operand)
        iterable = self.simple() if bounds is None else None
        if backwards:
            s.expect(")")
        checkpointing = self.checkpointing() if s.accept("checkpointed") else None
        params, inits = self.carried()
        s.expect(":")
        (results, place), origin = self.notes(names), self.origin
        body = self.inner(column, (index, *self.filled(params, results)))
        exits = len(body.yields) > len(inits)
        if bounds is None:
            assert iterable is not None
            return ForEach(iterable, body, inits, exits, results, place, origin)
        start, stop, step = bounds
        return For(start, stop, step, body, inits, exits, backwards, results, place, origin, checkpointing)

    def checkpointing(self) -> Checkpointing:
        name = self.word_or_text()
        self.scan.expect("(")
        return Checkpointing(name, *self.three(self.operand))

    def while_(self, column: int, names: tuple[str, ...]) -> While:
        tested, inits = self.carried()
        self.scan.expect(":")
        (results, place), origin = self.notes(names), self.origin
        test = self.inner(column, self.filled(tested, results))
        self.begin(column).expect("do")
        params, _ = self.carried()
        self.scan.expect(":")
        self.scan.finish()
        body = self.inner(column, self.filled(params, results))
        return While(test, body, inits, len(body.yields) > len(inits), results, place, origin)

    def closure(self, column: int, names: tuple[str, ...]) -> Closure:
        if len(names) != 1:
            self.scan.fail("an inner function is one value")
        name = self.word_or_text()
        self.scan.expect("(")
        params = self.items(self.typed, ")")
        self.scan.expect(":")
        (results, place), origin = self.notes(names), self.origin
        return Closure(name, self.inner(column, params), results[0], place, origin)

    # -- functions ---------------------------------------------------------------------------------------------------

    def function(self, column: int) -> Function:
        self.comments()
        s = self.begin(column)
        s.expect("def")
        name = self.word_or_text()
        outer, self.values = self.values, {}
        s.expect("(")
        signature, params = self.parameters()
        s.expect(":")
        s.finish()
        doc = None
        if self.at < len(self.lines) and self.lines[self.at][1].lstrip()[:1] in ("'", '"'):
            doc = ast.literal_eval(self.begin(self.depth()).take("text", "a docstring"))
        block = self.inner(column, params)
        self.values = outer
        return Function(name, signature, block, doc)

    def parameters(self) -> tuple[inspect.Signature, tuple[Value, ...]]:
        kinds: list[inspect.Parameter] = []
        hidden: list[Value] = []
        given: list[Value] = []
        kind: list[Any] = [inspect.Parameter.POSITIONAL_OR_KEYWORD]  # of those to come

        def parameter() -> None:
            s = self.scan
            if s.accept("/"):
                kinds[:] = [p.replace(kind=p.POSITIONAL_ONLY) for p in kinds]
                return
            if s.accept("hidden"):
                hidden.append(self.typed())
                return
            star = s.advance() if s.at("*", "**") else ""
            if star:
                after = inspect.Parameter.KEYWORD_ONLY
                if star == "*" and s.at(",", ")"):
                    kind[0] = after
                    return
            name = s.advance() if s.kind == "name" else ""
            v = self.typed()
            given.append(v)
            default = self.default() if s.accept(":=") else inspect.Parameter.empty
            kinds.append(inspect.Parameter(name or v.name, _KINDS.get(star, kind[0]), default=default))
            if star:
                kind[0] = after

        self.items(parameter, ")")
        return inspect.Signature(kinds), (*given, *hidden)

    def default(self) -> Any:
        found = self.constant(self.operand)
        return found.value if isinstance(found, Const) else found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
