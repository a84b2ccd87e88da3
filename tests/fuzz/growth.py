"""Programs grown statement by statement, as Csmith grows its own (Yang et al. 2011).

Takes a grammar and a seed; gives a program, of any seed the same one. Statements are put in at places drawn at random, be it in
a loop, a branch or a function, and speak of what is there of their kind. One is kept if the program runs with it on several
lists of arguments, of one structure and one layout, and its numbers stay small.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import Any

import numpy as np

from .layout import arrays_in, as_given, overlap
from .programs import Program

__all__ = ["GROWN", "OF_ARGUMENTS", "RETURN", "Arguments", "Grammar", "grown"]

OF_ARGUMENTS = (
    "strided arguments",
    "transposed or Fortran-ordered arguments",
    "an object given twice",
    "containers given",
    "a list of many given",
)
"""What the arguments of a program may be an example of."""
GROWN = "a helper that is grown"
RETURN = "return in a loop or branch"

_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError)
_LARGEST = 20.0  # number
_LONGEST = 16  # list
_STEPS = 2000  # of loops
_HOLE = re.compile(r"<([A-Za-z]+)(\d?)>")
_FUNCTIONS = {("v",): "fun", ("t",): "law"}
_SHAPES = {(3,): "vec", (2,): "pair", (3, 3): "mat", (): "point"}


@dataclass(frozen=True)
class Grammar:
    """What programs are grown of, in the terms of `constructs`.

    `often` are constructs that are drawn more often than others; `growing` has signatures of a helper that statements are to be
    part of, calls of it, and what it may return; `items` and `keyed` give the kinds of lists, and of dicts that have some keys,
    by the kind of what is in them, `classes` those of objects, by the name of their class; `results` are the kinds that a
    program may return whole.
    """

    name: str
    kinds: dict[str, tuple[str, ...]]
    helpers: dict[str, str]
    expressions: dict[str, tuple[str, ...]]
    statements: dict[str, tuple[str, ...]]
    terms: dict[str, tuple[str, ...]]
    often: tuple[str, ...]
    growing: tuple[tuple[str, str, tuple[str, ...]], ...]
    items: dict[str, str]
    keyed: dict[str, tuple[str, str]]
    classes: dict[str, str]
    results: tuple[str, ...]
    before: dict[str, tuple[str, ...]]  # what one of is put in before a construct
    given: dict[str, str]  # constructs that speak of an argument, by its name
    objects: dict[str, tuple[float, Callable[[Arguments], Any]]]  # arguments, how often they are there, and what makes them
    varying: bool  # whether derivatives are by objects too

    @cached_property
    def constructs(self) -> tuple[str, ...]:
        """All that a program may be an example of."""
        return (*self.statements, GROWN, RETURN, *OF_ARGUMENTS)


class _Steps:
    """The steps of the loops of a program: it has no more of them than some, and none makes a long list."""

    def __init__(self) -> None:
        self.left = _STEPS

    def step(self, names: dict[str, Any]) -> None:
        """One step of a loop, where there are these names."""
        self.left -= 1
        if self.left < 0 or not all(map(_is_short, names.values())):
            raise RuntimeError


class _NoneThereError(Exception):
    """There is nothing of a kind."""


@dataclass
class _Block:
    """Lines, and lines with a block under them."""

    items: list[str | tuple[str, _Block]] = field(default_factory=list)

    def blocks(self) -> Iterator[_Block]:
        yield self
        for item in self.items:
            if not isinstance(item, str):
                yield from item[1].blocks()

    def lines(self, trial: bool, at: tuple[_Block, int] | None = None, indent: int = 1) -> Iterator[str]:
        """The text; on trial with a count of steps, and a look at the names that are there in the place `at`."""
        look = at[1] if at is not None and at[0] is self else None
        for n, item in enumerate((*self.items, "")):
            if n == look:
                yield "    " * indent + "_look(locals())"
            if item and isinstance(item, str):
                yield from ("    " * indent + line for line in item.split("\n"))
            elif item:
                yield "    " * indent + item[0]
                if trial and item[0].startswith(("for ", "while ")):
                    yield "    " * (indent + 1) + "_step(locals())"
                yield from item[1].lines(trial, at, indent + 1)


def grown(grammar: Grammar, seed: int) -> Program:
    """The program of a seed."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _Maker(grammar, seed).made()


class _Maker:
    def __init__(self, grammar: Grammar, seed: int) -> None:
        self.grammar = grammar
        self.random = random.Random(f"{grammar.name} {seed}")
        self.rng = np.random.default_rng(seed)
        self.constructs: set[str] = set()
        self.main, self.helper = _Block(), _Block()
        self.signature, self.given = "", ""  # of the helper that is grown, and what it returns
        self.args = Arguments(self.random, self.rng).made(grammar.objects, self.constructs)
        self.others = [self.args, *(self.moved(n) for n in (self.random.choice((0, 1)), 2, 3))]

    def made(self) -> Program:
        r = self.random
        if r.random() < 0.3:
            self.grow_a_helper()
        for _ in range(r.choice((1, 2, 3, 4, 5, 6, 7, 8))):
            self.add()
        for name, construct in self.grammar.given.items():
            if name in self.args and r.random() < 0.5:
                self.add(construct)
        result = self.result()
        source = self.source(result, False)
        objects = self.grammar.varying
        params = [n for n, v in self.args.items() if n != "n" and (objects or not hasattr(v, "__dict__"))]
        wrt = [n for n in params if r.random() < (0.9 if n == "x" else 0.5)] or params[:1]
        if r.random() < 0.8:  # otherwise the derivative may have to refuse the call
            wrt = self.apart(wrt) or self.apart(params)
        found = tuple(c for c in self.grammar.constructs if c in self.constructs)
        return Program(source, tuple(self.args.values()), tuple(n for n in params if n in wrt), found)

    def apart(self, names: list[str]) -> list[str]:
        """Those of some arguments, in an order drawn at random, that share no memory with those before them, or within."""
        found: list[str] = []
        for n in self.random.sample(names, len(names)):
            if not overlap([self.args[m] for m in (*found, n)]):
                found.append(n)
        return found

    def moved(self, n: int) -> dict[str, Any]:
        """Arguments of the same structure and layout, with other numbers."""
        args = as_given(self.args)
        for v in arrays_in(list(args.values())):
            v[...] = _drawn(self.rng, v.shape)
        return {k: n if k == "n" else v for k, v in args.items()}

    # -- growing ---------------------------------------------------------------------------------------------------------

    def add(self, construct: str = "") -> None:
        """Put in a statement of a construct, or of one drawn at random."""
        construct = construct or self.random.choice([*self.grammar.statements, *self.grammar.often])
        if construct in self.grammar.given.values() and construct not in map(self.grammar.given.get, self.args):
            return
        if construct in self.grammar.before:
            self.add(self.random.choice(self.grammar.before[construct]))
        for _ in range(12):
            block = self.place()
            n = len(block.items) if self.random.random() < 0.6 else self.random.randint(0, len(block.items))
            if self.put(block, n, self.random.choice(self.grammar.statements[construct])):
                self.constructs.add(construct)
                return

    def place(self) -> _Block:
        """A block to put something into."""
        blocks = [*self.main.blocks(), *(self.helper.blocks() if self.signature else ())]
        return self.main if self.random.random() < 0.4 else self.random.choice(blocks)

    def put(self, block: _Block, n: int, template: str) -> bool:
        """Put a template in; whether the program runs with it."""
        there = self.names((block, n))
        try:
            items = _parsed(_Filling(self.grammar, self.random, there, list(self.args)).filled(template))
        except _NoneThereError:
            return False
        before = list(block.items)
        block.items[n:n] = items
        if self.runs(self.source()):
            return True
        block.items[:] = before
        return False

    def grow_a_helper(self) -> None:
        """Call a helper, of which statements are to be part as well."""
        self.signature, call, results = self.random.choice(self.grammar.growing)
        self.given = self.random.choice(results)
        if not self.put(self.main, 0, call):
            self.signature = ""
            return
        self.constructs.add(GROWN)
        if self.random.random() < 0.4 and self.put(self.helper, 0, f"if n > 0:\n    {call.replace(', n)', ', n - 1)')}"):
            self.constructs.add("recursion")

    def result(self) -> str:
        """What is returned: mostly a number, of which much that is there is part."""
        r = self.random
        there = self.names((self.main, len(self.main.items)))
        if r.random() < 0.8:  # of what statements speak of
            spoken = set(re.findall(r"\w+", "\n".join(self.main.lines(False))))
            there = {k: [n for n in names if n in spoken] or names for k, names in there.items()}
        terms = self.grammar.terms
        kinds = [k for k in terms if there.get(k)]
        scalar = r.random() < 0.75
        for _ in range(40):
            fill = _Filling(self.grammar, r, there, list(self.args))
            try:
                texts = [fill.fresh(r.choice(terms[r.choice(kinds)])) for _ in range(r.choice((1, 2, 3, 5, 7)))]
                text = " + ".join(texts)
                if not scalar:
                    given = [k for k in kinds if k in self.grammar.results]
                    wholes = [r.choice(there[k]) for k in r.sample(given, min(len(given), r.choice((1, 2, 3))))]
                    text = r.choice(
                        (f"({text}, {', '.join(wholes)})", f"[{', '.join(wholes)}]", wholes[0], f"({wholes[0]}, x)")
                    )
            except _NoneThereError:
                continue
            if self.runs(self.source(text)):
                if scalar:
                    self.leave_early(there)
                return text
        return "np.sum(x)"

    def leave_early(self, there: dict[str, list[str]]) -> None:
        """At times, return a number from the midst of a function."""
        r, blocks = self.random, list(self.main.blocks())[1:]
        if r.random() < 0.3 and blocks:
            block = r.choice(blocks)
            if self.put(
                block, r.randint(0, len(block.items)), r.choice(("return <value>", "if <test>:\n    return <vec>[0] * <value>"))
            ):
                self.constructs.add(RETURN)

    # -- running ---------------------------------------------------------------------------------------------------------

    def source(self, result: str = "locals()", trial: bool = True, at: tuple[_Block, int] | None = None) -> str:
        """The text of the program."""
        body = "\n".join(("", *self.main.lines(trial, at), f"    return {result}", ""))
        parts = [f"def f({', '.join(self.args)}):{body}"]
        if self.signature:
            own = "\n".join(("", *self.helper.lines(trial, at), f"    return {self.given}", ""))
            parts.insert(0, f"def grown({self.signature}):{own}")
        text = "".join(parts)
        helpers = _called(self.grammar.helpers, text.replace("def f(", ""))
        return "\n\n".join([*helpers, *parts])

    def names(self, at: tuple[_Block, int]) -> dict[str, list[str]]:
        """The names that are there in a place, whenever it is passed, by the kind of what they refer to."""
        seen: list[dict[str, str]] = []
        if (
            not self.runs(self.source(at=at), lambda names: seen.append({k: self.kind(v) for k, v in names.items()}))
            or not seen
        ):
            return {}
        found: dict[str, list[str]] = {}
        for name, kind in seen[0].items():
            if kind and all(s.get(name) == kind for s in seen):
                found.setdefault(kind, []).append(name)
        return found

    def kind(self, v: Any) -> str:
        """The kind of a value, or nothing."""
        if isinstance(v, np.ndarray):
            return _SHAPES.get(v.shape, "") if v.dtype == float else ""
        if isinstance(v, (float, int, np.integer)) and not isinstance(v, bool):
            return "num" if isinstance(v, float) else "int"
        if isinstance(v, FunctionType):
            return _FUNCTIONS.get(v.__code__.co_varnames[:1], "") if v.__code__.co_argcount else ""
        if type(v).__name__ in self.grammar.classes:
            return self.grammar.classes[type(v).__name__]
        items = list(v.values()) if isinstance(v, dict) else v
        if not isinstance(items, (list, tuple)):
            return ""
        kinds = [self.kind(i) for i in items]
        if isinstance(v, tuple):
            return {("vec", "vec"): "duo", ("vec", "num"): "tag"}.get(tuple(kinds), "")
        if len(set(kinds)) != 1:
            return ""
        if isinstance(v, dict):
            kind, keys = self.grammar.keyed.get(kinds[0], ("", ""))
            return kind if set(keys.split()) <= set(v) else ""
        return self.grammar.items.get(kinds[0], "")

    def runs(self, source: str, look: Any = None) -> bool:
        """Whether a program runs on all arguments, to small numbers."""
        scope: dict[str, Any] = {"np": np, "_look": look, "_step": _Steps().step}
        try:
            exec(compile(source, "<memory>", "exec"), scope)
            return all(_is_small(scope["f"](*as_given(list(args.values())))) for args in self.others)
        except (*_ERRORS, SyntaxError):
            return False


class Arguments:
    """Values of parameters, in any layout, some of them twice."""

    def __init__(self, r: random.Random, rng: np.random.Generator) -> None:
        self.random, self.rng = r, rng
        self.apart = r.random() < 0.35  # in memory: with strides of their own
        self.turned = r.random() < 0.35

    def made(self, objects: dict[str, tuple[float, Callable[[Arguments], Any]]], constructs: set[str]) -> dict[str, Any]:
        r = self.random
        args: dict[str, Any] = {"x": self.vector(), "y": self.vector()}
        if r.random() < 0.7:
            args["A"] = self.matrix()
        if r.random() < 0.65:
            args["z"] = self.vectors(r.choice((2, 2, 3)))
        others = {
            "w": (0.3, lambda: self.vectors(2)),
            "d": (0.4, lambda: {"w": self.vector(), "b": self.vector()}),
            "book": (0.12, lambda: {"w": self.vectors(2), "b": self.vectors(1)}),
            "shelf": (0.12, lambda: [self.vectors(1), self.vectors(2)]),
            "table": (0.1, lambda: [[self.number(), self.number()] for _ in range(2)]),
            "labels": (0.1, lambda: [(self.vector(), self.number()) for _ in range(2)]),
            "xy": (0.1, lambda: (self.vector(), self.vector())),
            "ws": (0.15, lambda: [self.number() for _ in range(3)]),
            "s": (0.2, self.number),
            "many": (0.12, lambda: self.vectors(r.choice((9, 10)))),
            "weights": (0.1, lambda: [self.number() for _ in range(r.choice((9, 11)))]),
        }
        args |= {name: make() for name, (often, make) in others.items() if r.random() < often}
        args |= {name: make(self) for name, (often, make) in objects.items() if r.random() < often}
        if r.random() < 0.15 and self.twice(args):
            constructs.add("an object given twice")
        if self.apart:
            constructs.add("strided arguments")
        if self.turned and "A" in args:
            constructs.add("transposed or Fortran-ordered arguments")
        if any(isinstance(v, (list, dict, tuple)) for v in args.values()):
            constructs.add("containers given")
        if "many" in args or "weights" in args:
            constructs.add("a list of many given")
        return {**args, "n": r.choice((1, 2, 3, 3))}

    def twice(self, args: dict[str, Any]) -> bool:
        """Give one object twice, if there is one that can be."""
        ways = [lambda: args.update(y=args["x"])]
        if "z" in args:
            ways += [lambda: args["z"].__setitem__(0, args["x"]), lambda: args["z"].__setitem__(1, args["z"][0])]
        if "z" in args and "w" in args:
            ways += [lambda: args.update(w=args["z"]), lambda: args["w"].__setitem__(1, args["z"][0])]
        if "d" in args:
            ways += [lambda: args["d"].update(w=args["x"]), lambda: args["d"].update(w=args["d"]["b"])]
        if "many" in args:
            ways += [lambda: args["many"].__setitem__(3, args["x"]), lambda: args["many"].__setitem__(1, args["many"][0])] * 2
        if "h" in args:
            ways += [lambda: setattr(args["h"], "a", args["x"]), lambda: args["h"].p.__setitem__(1, args["x"])]
        if "A" in args:
            ways += [lambda: args.update(y=args["A"][1])]
        self.random.choice(ways)()
        return True

    def number(self) -> float:
        return float(_drawn(self.rng, ()))

    def vectors(self, n: int) -> list[np.ndarray]:
        return [self.vector() for _ in range(n)]

    def vector(self) -> np.ndarray:
        whole = _drawn(self.rng, (7,))
        if not self.apart or self.random.random() < 0.3:
            return whole[:3].copy()
        return self.random.choice((whole[::2][:3], whole[1:4], whole[2::-1], whole.copy().reshape(7, 1)[::2, 0][:3]))

    def matrix(self) -> np.ndarray:
        whole = _drawn(self.rng, (6, 6))
        ways = []
        if self.apart:
            ways += [whole[::2, ::2], whole[:3, :3], whole[::2, :3].T, whole[2::-1, :3]]
        if self.turned:
            ways += [np.asfortranarray(whole[:3, :3]), whole[:3, :3].copy().T]
        return self.random.choice(ways) if ways else whole[:3, :3].copy()


class _Filling:
    """What goes into the holes of a template, where names are there by their kind."""

    def __init__(self, grammar: Grammar, r: random.Random, there: dict[str, list[str]], given: list[str]) -> None:
        self.grammar, self.random, self.there, self.given = grammar, r, there, given
        self.chosen: dict[str, str] = {}

    def fresh(self, template: str) -> str:
        """A template that has nothing to do with those before."""
        self.chosen = {}
        return self.filled(template)

    def filled(self, template: str, depth: int = 2) -> str:
        return _HOLE.sub(lambda hole: self.hole(hole[1], hole[2], depth), template)

    def hole(self, kind: str, number: str, depth: int) -> str:
        if kind in self.grammar.expressions:
            return self.expression(kind, depth)
        if kind == "i":
            return self.random.choice(self.there.get("int", ["n"]))
        if kind == "ACC":
            return "acc"
        if kind + number not in self.chosen:
            self.chosen[kind + number] = self.name(kind, list(self.chosen.values()))
        return self.chosen[kind + number]

    def name(self, kind: str, used: list[str]) -> str:
        """The name of something that is there; of a target, also another one."""
        there = self.there.get(kind.lower(), [])
        if kind.isupper():
            pool = there if there and self.random.random() < 0.35 else list(self.grammar.kinds[kind.lower()])
        else:
            pool = there if kind.islower() else [n for n in there if n in self.given]
        unused = [n for n in pool if n not in used]
        if not pool:
            raise _NoneThereError(kind)
        return self.random.choice(unused or pool)

    def expression(self, kind: str, depth: int) -> str:
        """What may stand there for which there is all that it needs."""
        for _ in range(12):
            try:
                text = self.random.choice(self.grammar.expressions[kind])
                if depth == 0 and any(f"<{k}>" in text for k in ("new", "ref", "value", "test")):
                    continue
                return self.inner(text, depth - 1 if depth else 0)
            except _NoneThereError:
                continue
        raise _NoneThereError(kind)

    def inner(self, text: str, depth: int) -> str:
        """An expression, with names of its own."""
        kept, self.chosen = self.chosen, {}
        try:
            return self.filled(text, depth)
        finally:
            self.chosen = kept


def _parsed(text: str) -> list[Any]:
    """Lines as a tree; what stands under a line that ends with `# whole`, and goes on with it, is one item with that."""
    top = _Block()
    stack = [top]
    whole: int | None = None  # how deep such a line stands
    for line in text.split("\n"):
        depth = (len(line) - len(line.lstrip())) // 4
        stripped = line.strip()
        if whole is not None and (depth > whole or (depth == whole and stripped.startswith(("except", "finally")))):
            stack[-1].items[-1] += "\n" + "    " * (depth - whole) + stripped
            continue
        del stack[depth + 1 :]
        whole = depth if stripped.endswith("# whole") else None
        if stripped.endswith(":"):
            block = _Block()
            stack[-1].items.append((stripped, block))
            stack.append(block)
        else:
            stack[-1].items.append(stripped)
    return top.items


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.round(0.8 * rng.normal(size=shape), 2) + 0.005  # never zero


def _called(helpers: dict[str, str], text: str) -> list[str]:
    """The helpers that a text calls for."""
    names = [
        name for name in helpers if re.search(rf"(?<![\w.]){re.escape(name)}" + ("" if name.endswith(".") else r"[(.]"), text)
    ]
    return [helpers[name] for name in names]


def _is_short(v: Any) -> bool:
    """Whether a value, and each list in it, has few items."""
    if not isinstance(v, (list, tuple, dict)):
        return True
    return len(v) <= (_LONGEST if isinstance(v, list) else 40) and all(map(_is_short, v.values() if isinstance(v, dict) else v))


def _is_small(v: Any) -> bool:
    """Whether what a program gives is of moderate size."""
    if isinstance(v, (list, tuple, dict)):
        return _is_short(v) and all(map(_is_small, v.values() if isinstance(v, dict) else v))
    if isinstance(v, (np.ndarray, np.generic, float)):
        return bool(np.all(np.abs(v) < _LARGEST))  # false of NaN, too
    return True
