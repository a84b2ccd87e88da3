"""Runs the code blocks of README.md and docs/.

A ```python block is executed; its names live until the end of the page. A ```text block right after it must equal what it
printed. `UPDATE_DOCS=1 python -m pytest docs README.md` writes what was printed into the pages instead.
"""

import contextlib
import io
import os
from pathlib import Path

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, SkipParser

_run = PythonEvaluator()
_said_now: list[tuple[Path, str, str]] = []  # pages, what they say, and what they are to say


def _python(example: Example) -> None:
    """Run the block and keep what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _run(example)
    example.namespace["__printed__"] = printed.getvalue()


def _text(example: Example) -> str | None:
    """Compare the block with what the block before it printed."""
    printed = example.namespace.pop("__printed__", "")
    said = str(example.parsed)
    if not printed or said.rstrip() == printed.rstrip():
        return None
    if os.environ.get("UPDATE_DOCS"):
        _said_now.append((Path(example.path), f"```text\n{said}```", f"```text\n{printed.rstrip()}\n```"))
        return None
    return f"the block before printed\n{printed}\nthe page says\n{said}"


def pytest_sessionfinish() -> None:
    """Write the pages when no code of theirs is going to be read any more."""
    for page, before, after in _said_now:
        page.write_text(page.read_text().replace(before, after, 1))


def _setup(namespace: dict[str, object]) -> None:
    namespace["__name__"] = "__page__"


pytest_collect_file = Sybil(
    parsers=[CodeBlockParser("python", _python), CodeBlockParser("text", _text), SkipParser()],
    patterns=["README.md", "docs/*.md"],
    setup=_setup,
).pytest()
