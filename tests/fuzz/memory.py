"""Programs in which an analysis of aliases can lose something: who shares memory with whom, on which path, and since when."""

from __future__ import annotations

from types import SimpleNamespace

from .constructs import EXPRESSIONS, HELPERS, KINDS, STATEMENTS, TERMS
from .growth import Grammar, grown
from .programs import Program

__all__ = ["GRAMMAR", "program"]

GRAMMAR = Grammar(
    "memory",
    KINDS,
    HELPERS,
    EXPRESSIONS,
    STATEMENTS,
    TERMS,
    often=(
        "a value kept while memory changes",
        "a value kept while memory changes",
        *("view or copy by layout", "a list of lists", "a list of tuples", "a loop", "a write"),
    ),
    growing=(
        ("a, b, n", "<VEC> = grown(<vec>, <vec2>, n)", ("a", "b", "a[::-1]", "0.9 * a")),
        ("a, p, n", "<VEC> = grown(<vec>, <vecs>, n)", ("a", "p[0]", "p[-1]")),
        ("p, n", "<VECS> = grown(<vecs>, n)", ("p", "list(p)")),
        ("A, b, n", "<VEC> = grown(<mat>, <vec>, n)", ("A[0]", "A.T[1]", "b", "A.ravel()[3:6]")),
        ("d, a, n", "<VEC> = grown(<named>, <vec>, n)", ("d['w']", "a")),
        ("a, b, n", "grown(<vec>, <ref>, n)", ("a", "None")),
    ),
    items={"vec": "vecs", "num": "nums", "vecs": "rows", "nums": "grid", "tag": "tagged", "body": "bodies"},
    keyed={"vec": ("named", "w b"), "vecs": ("groups", "w b")},
    classes={"Body": "body"},
    results=tuple(kind for kind in TERMS if kind not in ("body", "bodies")),
    before={"an object that changes": ("an object that is made", "a list of objects")},
    given={"h": "a field of an object"},
    objects={"h": (0.3, lambda make: SimpleNamespace(a=make.vector(), p=make.vectors(2)))},
    varying=False,
)
"""Arrays, lists, dicts and objects, their names, and what is written into them."""


def program(seed: int) -> Program:
    """The program of a seed."""
    return grown(GRAMMAR, seed)
