"""Runs the code blocks of README.md and docs/.

A ```python block is executed; its names live until the end of the page. A ```text block right after it must equal what it
printed. A ```python, ```toml or ```yaml block that begins with the name of a file (`# model.py`) is written to that file, in a
folder of the page's own. The commands of a ```console block (`$ sct sync`) run there, and what stands below each must equal
what it printed. `UPDATE_DOCS=1 python -m pytest docs README.md` writes what was printed into the pages instead.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, SkipParser

_run = PythonEvaluator()
_said_now: list[tuple[Path, str, str]] = []  # pages, what they say, and what they are to say


_FILE = re.compile(r"# ([\w./-]+\.(?:py|toml|yaml))\n")
_COMMAND = re.compile(r"\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)")


def _folder(example: Example) -> Path:
    """Where the files of a page are."""
    if "__folder__" not in example.namespace:
        example.namespace["__folder__"] = tempfile.TemporaryDirectory()
    return Path(example.namespace["__folder__"].name)


def _written(example: Example) -> bool:
    """Write a block that begins with the name of a file."""
    text = str(example.parsed)
    name = _FILE.match(text)
    if name is not None:
        path = _folder(example) / name[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text[name.end() :])
    return name is not None


def _file(example: Example) -> None:
    _written(example)


def _console(example: Example) -> str | None:
    """Run the commands of the block and compare what they print."""
    said = str(example.parsed)
    printed = _COMMAND.sub(lambda m: f"$ {m[1]}{_output(m[1], _folder(example))}", said)
    if said == printed:
        return None
    if os.environ.get("UPDATE_DOCS"):
        _said_now.append((Path(example.path), f"```console\n{said}```", f"```console\n{printed}```"))
        return None
    return f"the commands print\n{printed}\nthe page says\n{said}"


def _output(command: str, folder: Path) -> str:
    """What a command prints, `sct` and `python` being those that run the tests."""
    own = f'sct() {{ python -m sct "$@"; }}\npython() {{ "{sys.executable}" "$@"; }}\n'
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["bash", "-c", own + command]
    done = subprocess.run(words, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout


def _python(example: Example) -> None:
    """Run the block and keep what it prints."""
    if _written(example):
        return
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _run(example)
    example.namespace["__printed__"] = printed.getvalue()


def _text(example: Example) -> str | None:
    """Compare the block with what the block before it printed."""
    printed = example.namespace.pop("__printed__", None)
    said = str(example.parsed)
    if printed is None or said.rstrip() == printed.rstrip():
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
    parsers=[
        CodeBlockParser("python", _python),
        CodeBlockParser("text", _text),
        CodeBlockParser("toml", _file),
        CodeBlockParser("yaml", _file),
        CodeBlockParser("console", _console),
        SkipParser(),
    ],
    patterns=["README.md", "docs/*.md"],
    setup=_setup,
).pytest()
