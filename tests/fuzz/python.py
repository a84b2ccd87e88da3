"""Programs in what Python has beside arrays and containers: functions inside functions, classes, generators, exceptions."""

from __future__ import annotations

from types import SimpleNamespace

from .given import Model, Rate
from .growth import Grammar, grown
from .language import CLASSES, EXPRESSIONS, HELPERS, KINDS, STATEMENTS, TERMS
from .programs import Program

__all__ = ["GRAMMAR", "program"]

GRAMMAR = Grammar(
    "python",
    KINDS,
    HELPERS,
    EXPRESSIONS,
    STATEMENTS,
    TERMS,
    often=(
        "a function inside",
        "a class with operators",
        "an object that is given",
        "dicts of dicts",
        "functions in containers",
    ),
    growing=(
        ("a, b, n", "<VEC> = grown(<vec>, <vec2>, n)", ("a", "b", "0.9 * a")),
        ("a, g, n", "<VEC> = grown(<vec>, <fun>, n)", ("a", "0.5 * g(a)")),
        ("a, o, n", "<VEC> = grown(<vec>, <pt>, n)", ("a", "o.v", "o(a)")),
        ("a, o, n", "<VEC> = grown(<vec>, <stack>, n)", ("a", "o.top")),
        ("d, a, n", "<VEC> = grown(<named>, <vec>, n)", ("d['w']", "a")),
    ),
    items={"vec": "vecs", "num": "nums", "nums": "grid", "tag": "tagged", "body": "bodies", "fun": "funs", "named": "cases"},
    keyed={"vec": ("named", "w b"), "named": ("net", "enc dec")},
    classes=CLASSES,
    results=("vec", "mat", "num", "vecs", "nums", "named", "duo", "net", "cases"),
    before={
        "a class that is changed": ("a class with operators", "a function inside"),
        "methods of classes and properties": ("a class with operators",),
    },
    given=dict.fromkeys(("h", "model", "rate"), "an object that is given"),
    objects={
        "h": (0.25, lambda make: SimpleNamespace(a=make.vector(), p=make.vectors(2))),
        "model": (0.35, lambda make: Model(make.vector(), make.vectors(2), make.number())),
        "rate": (0.25, lambda make: Rate(make.number(), make.vector())),
    },
    varying=True,
)
"""Functions and objects, their names, and what is done with them."""


def program(seed: int) -> Program:
    """The program of a seed."""
    return grown(GRAMMAR, seed)
