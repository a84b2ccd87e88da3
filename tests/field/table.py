"""The table of what came of the sample.

Takes the lines that the trials gave; writes `results.md`, which has neither paths of a machine nor code of the repositories.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from .drawing import HERE

KINDS = ("agrees", "refused", "nan", "wrong", "raised", "not tried")


def write(results: list[tuple[str, str]], path: Path = HERE / "results.md") -> None:
    """Put what came of each function into the file."""
    kinds = Counter(kind(said) for _, said in results)
    causes = Counter(cause(said) for _, said in results if kind(said) != "agrees")
    told = ", ".join(f"{name} {kinds[name]}" for name in KINDS if kinds[name])
    repositories = len({identity.split()[0] for identity, _ in results})
    lines = [
        "# What came of the field sample",
        "",
        f"{len(results)} functions of {repositories} repositories: {told}.",
        "",
        "## Why the others did not",
        "",
        "| functions | cause |",
        "|---|---|",
        *(f"| {n} | {escaped(text)} |" for text, n in causes.most_common()),
        "",
        "## Each function",
        "",
        "| function | result |",
        "|---|---|",
        *(f"| {identity} | {escaped(told_of(said))} |" for identity, said in results),
    ]
    path.write_text("\n".join(lines) + "\n")


def read(path: Path = HERE / "results.md") -> list[tuple[str, str]]:
    """The functions and results that the file has."""
    rows = path.read_text().rpartition("|---|---|\n")[2].splitlines()
    return [(identity, said) for identity, said in (row[2:-2].split(" | ", 1) for row in rows)]


def kind(said: str) -> str:
    """Which of the kinds a line tells."""
    return said.partition(":")[0]


def told_of(said: str) -> str:
    """The kind, and how much or why."""
    return said if kind(said) == "agrees" else f"{kind(said)}: {cause(said)}"


def cause(said: str) -> str:
    """Why: what the error says first, without places and without what the text of the function is."""
    text = said.partition(": ")[2]
    if kind(said) == "refused":
        text = re.split(r" at (?=/|[A-Za-z]:\\)| \(line \d+\)| Pass an ordinary array", text)[0]
        text = re.sub(r"\S+ is a \w+, whose", "an array of a class of its own, whose", text)
        text = re.sub(r"'[^']*[^\w'][^']*'", "a text", text)
    return text


def escaped(text: str) -> str:
    """As it stands in a table."""
    return text.replace("|", "\\|")
