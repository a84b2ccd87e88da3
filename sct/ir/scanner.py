"""The text of functions and types as tokens.

Takes a line; gives its tokens one after the other to a parser. Knows nothing of what they mean, and says where one is not what
was expected.
"""

from __future__ import annotations

import re
from typing import NoReturn

__all__ = ["Scanner", "TextError"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<value>%[\w.~]+)
    | (?P<text>b?'(?:\\.|[^'\\])*' | b?"(?:\\.|[^"\\])*")
    | (?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?)
    | (?P<name>@?[^\W\d]\w*(?:\.\w+)*)
    | (?P<sign>:=|\.\.\.|>=|\*\*|\S)
    | (?P<end>$)
    )""",
    re.VERBOSE,
)


class TextError(ValueError):
    """A text that is not that of a function or type, with the line and column (both from 1) at which it ceases to be."""

    def __init__(self, what: str, text: str, line: int, column: int) -> None:
        self.line, self.column = line, column
        super().__init__(f"{what} (line {line}, column {column})\n    {text}\n    {' ' * (column - 1)}^")


class Scanner:
    """A line of text and a place in it: `token` is the next token, of the kind `kind`; at the end it is empty."""

    def __init__(self, text: str, line: int = 1, column: int = 1) -> None:
        self.text = text
        self.line = line
        self.end = column - 1  # of the token before
        self.advance()

    def advance(self) -> str:
        """The token at hand; goes on to the next one."""
        taken = getattr(self, "token", "")
        m = _TOKEN.match(self.text, self.end)
        assert m is not None
        self.kind = str(m.lastgroup)
        self.token = m[self.kind]
        self.start, self.end = m.start(self.kind), m.end()
        return taken

    def fail(self, what: str, at: int | None = None) -> NoReturn:
        """Raise an error at the token at hand, or at an offset."""
        raise TextError(what, self.text, self.line, (self.start if at is None else at) + 1)

    def at(self, *tokens: str) -> bool:
        """Whether one of these tokens is next."""
        return self.kind != "text" and self.token in tokens

    def accept(self, token: str) -> bool:
        """Whether this token is next; it is taken."""
        if not self.at(token):
            return False
        self.advance()
        return True

    def expect(self, *tokens: str) -> None:
        """Take these tokens."""
        for token in tokens:
            if not self.accept(token):
                self.fail(f"{token!r} expected{self._found()}")

    def take(self, kind: str, what: str) -> str:
        """Take a token of a kind."""
        if self.kind != kind:
            self.fail(f"{what} expected{self._found()}")
        return self.advance()

    def finish(self) -> None:
        """Raise an error if anything is left."""
        if self.kind != "end":
            self.fail(f"the end of the line expected{self._found()}")

    def _found(self) -> str:
        return f", {self.token!r} found" if self.token else ", the end of the line found"
