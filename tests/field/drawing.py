"""The order in which functions are drawn, and the files that say which were.

Each repository's candidates are shuffled by the seed and the repository's name, and one of each repository is drawn at a time,
in the order of the names. A function that cannot be tried (its reason is written down) gives its place to what is drawn next.
No repository gives more than a few. `sample.txt` has a line for each function that was drawn, and under it either what it is
called with, or why not, behind a dash:

    owner/name path/of/module.py Class.method
        m.Class(0.3), a(3)
    owner/name path/of/module.py function
        - gives an int
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .candidates import candidates

HERE = Path(__file__).parent
SEED = 13
COUNT = 200
EACH = 6
"""How many functions a repository gives at most."""


@dataclass(frozen=True)
class Drawn:
    """A function that was drawn, with what it is called with, or why it is not tried."""

    identity: str
    arguments: str = ""
    replaced: str = ""

    @property
    def repository(self) -> str:
        return self.identity.split()[0]


def order(checkouts: Path, repositories: list[str]) -> Iterator[str]:
    """All candidates as they are drawn."""
    queues = {}
    for repository in sorted(repositories):
        queues[repository] = candidates(checkouts / repository)
        random.Random(f"{SEED} {repository}").shuffle(queues[repository])
    while any(queues.values()):
        for repository, queue in queues.items():
            if queue:
                yield f"{repository} {queue.pop()}"


def drawn(identities: Iterator[str], known: dict[str, Drawn]) -> list[Drawn]:
    """The functions that are drawn until the sample is full, with what is known of them."""
    taken: dict[str, int] = {}
    found: list[Drawn] = []
    for identity in identities:
        one = known.get(identity, Drawn(identity))
        if sum(taken.values()) == COUNT:
            break
        if taken.get(one.repository, 0) < EACH:
            found.append(one)
            taken[one.repository] = taken.get(one.repository, 0) + (not one.replaced)
    return found


def read(path: Path = HERE / "sample.txt") -> list[Drawn]:
    """What the file says, in its order."""
    found: list[Drawn] = []
    for line in path.read_text().splitlines():
        text = line.strip()
        if not line.startswith(" "):
            found.append(Drawn(text))
        elif text.startswith("- "):
            found[-1] = Drawn(found[-1].identity, replaced=text[2:])
        else:
            found[-1] = Drawn(found[-1].identity, text)
    return found


def write(sample: list[Drawn], path: Path = HERE / "sample.txt") -> None:
    """Put the sample into the file."""
    lines = []
    for one in sample:
        lines.append(one.identity)
        if one.replaced or one.arguments:
            lines.append("    " + (f"- {one.replaced}" if one.replaced else one.arguments))
    path.write_text("\n".join(lines) + "\n")
