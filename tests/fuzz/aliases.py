"""Programs that write into arrays, lists and dicts which several names may stand for.

Takes a seed; gives a program, of any seed the same one. Arguments are arrays, containers of arrays and objects that hold
one, at times the same array twice; names are rebound, swapped and handed on in branches, loops and helpers. A statement is
kept if the program runs with it on its own arguments.
"""

from __future__ import annotations

import copy
import random
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np

from .limit import OutOfTimeError, limited
from .programs import Program

__all__ = ["program"]

_HELPERS = {
    "put": "def put(a, b):\n    a[0] = 0.5 * b[1]\n    return a\n",
    "pick": "def pick(a, b):\n    if a[0] > b[0]:\n        return a\n    return b\n",
    "scale": "def scale(a):\n    a *= 0.7\n",
    "pack": "def pack(a, b):\n    return [a, b]\n",
    "later": "def later(a, n):\n    b = a\n    for i in range(n):\n        b = b * 0.9\n        b[i % 2] = 0.3\n    return b\n",
    "fill": "def fill(p, a):\n    p[0] = a\n    p[1][2] = a[0]\n    return p\n",
}
_NAMES = ("a", "b", "c", "u", "v")
_TESTS = ("np.sum({a}) > 0.0", "{a}[0] > 0.3", "{a}[1] > {b}[1]", "n > 2", "flag", "{i} % 2 == 0", "{i} > 0", "len({p}) > 1")
_EXPRESSIONS = (
    "{a} * 1.0",
    "0.9 * {a}",
    "{a} + {b}",
    "{a} * {b}",
    "np.sin({a})",
    "{a}.copy()",
    "np.zeros(3)",
    "np.ones(3)",
    "np.zeros_like({a})",
    "{a} - 0.5 * {b}",
    "np.array([{s}, {s}, 0.5])",
    "{a} * {s}",
)
_REFERENCES = (
    "{a}",
    "{a}",
    "{a}",
    "{a}[::-1]",
    "{a}[:]",
    "A[0]",
    "A[:, 1]",
    "A.T[0]",
    "A[n % 2]",
    "A[{i} % 3]",
    "np.asarray({a})",
    "{a}.reshape(3)",
    "{a}.reshape(-1)",
    "np.ravel({a})",
    "{a} if {test} else {b}",
    "{a} if {test} else {e}",
    "pick({a}, {b})",
    "put({a}, {b})",
    "later({a}, n)",
    "np.broadcast_to({a}, (3,)).copy()",
    "({a}, {b})[{k}]",
    "{p}[{k}]",
    "{p}[-1]",
    "{d}['w']",
    "{d}['b']",
)
_SCALARS = ("{a}[0]", "{a}[{i} % 3]", "0.5", "np.sum({a}) * 0.1", "{a} @ {b} * 0.2", "{a}[-1] * {b}[0]", "0.3 * n")
_ARRAYS = (
    "{a} = {r}",
    "{a} = {r}",
    "{a} = {r}",
    "{a} = {e}",
    "{a} = {e}",
    "{a}, {b} = {b}, {a}",
    "{a}, {b} = {b}, {a}",
    "{a}, {b}, {c} = {b}, {c}, {a}",
    "{a}, {b} = {r}, {r}",
    "{a}, {b} = {b}, {e}",
)
_WRITES = (
    "{a}[0] = {s}",
    "{a}[{i} % 3] = {s}",
    "{a}[1] *= {s}",
    "{a}[1:] = {b}[:-1]",
    "{a}[1:] += {b}[1:]",
    "{a}[:] = 0.9 * {b}",
    "{a} += {b}",
    "{a} *= 0.8",
    "{a} -= {s}",
    "{a}[::-1] = {b}",
    "{a}.fill({s})",
    "np.add.at({a}, [0, 0], {s})",
    "np.multiply({a}, {b}, out={c})",
    "np.copyto({a}, {b})",
    "scale({a})",
    "put({a}, {b})",
    "A[0] = {a}",
    "A[n % 3, 1] *= {s}",
    "A[:, 2] -= {a}",
    "A *= 0.9",
)
_CONTAINERS = (
    "{p} = [{a}, {b}]",
    "{p} = [{a}, {e}]",
    "{p} = {q}",
    "{p} = list({q})",
    "{p} = pack({a}, {b})",
    "{p}, {q} = {q}, {p}",
    "{p} = {p} if {test} else {q}",
    "if {test}:\n    {p} = {q}",
    "if {test}:\n    u = {q}",
    "if {test}:\n    {d} = {g}",
    "if {test}:\n    g = {d}",
    "{d} = {g}",
    "{p} = u",
    "{p} = {p} + [{a}]",
    "{p}[{k}] = {a}",
    "{p}[{k}] = {e}",
    "{p}[0], {p}[1] = {p}[1], {p}[0]",
    "{p}[0], {a} = {a}, {p}[0]",
    "{p}[{k}][0] = {s}",
    "{p}[{k}] *= {s}",
    "{p}[{k}][1:] = {a}[:-1]",
    "{p}.append({a})",
    "{p}.append({e})",
    "{a} = {p}.pop()",
    "{p}.reverse()",
    "fill({p}, {a})",
    "{p} = fill({p}, {e})",
    "{d} = {{'w': {a}, 'b': {b}}}",
    "{d} = {{'w': {d}['b'], 'b': {d}['w'] * 0.5}}",
    "{d} = dict({d})",
    "{d}['w'] = {a}",
    "{d}['b'] = {e}",
    "{d}['w'][1] = {s}",
    "{d}['b'] *= {s}",
    "{d}['w'], {d}['b'] = {d}['b'], {d}['w']",
    "{d}['w'] += {d}['b']",
    "{p} = [{d}['w'], {d}['b']]",
    "for _v in {d}.values():\n    _v *= 0.9",
    "for _v in {p}:\n    _v[0] = {s}",
    "for _v in {p}:\n    {a} = _v",
    "{p} = [_v * 0.5 for _v in {p}]",
    "{p} = [_v for _v in {p}]",
    "{p} = []\nfor _k in range(n):\n    {p}.append({a})",
    "{p} = [{a}]\nfor _k in range(n):\n    {p}.append({a} * _k)",
    "{a} = np.sum(np.stack({p}), axis=0)",
)
_STRUCTURE = (
    "{p} = {q}",
    "u = {q}",
    "if {test}:\n    {p} = {q}",
    "if {test}:\n    u = {q}",
    "{p} = {q} if {test} else {p}",
    "{p} = list({q})",
    "{p} = [{a}, {q}[0]]",
    "{p}, {q} = {q}, {p}",
    "{p}[{k}] = {e}",
    "{p}[{k}] = x * {s}",
    "{p}[{k}] = {q}[0]",
    "{p}[0], {p}[1] = {p}[1], {p}[0]",
    "{p}.append({e})",
    "{p}.pop()",
    "{p}.reverse()",
    "if {test}:\n    {p}[{k}] = {e}",
    "{d} = {g}",
    "if {test}:\n    g = {d}",
    "{d} = {g} if {test} else {d}",
    "{d}['w'] = {e}",
    "{d}['b'] = x * {s}",
    "{d}['w'], {d}['b'] = {d}['b'], {d}['w']",
    "{p} = [{d}['w'], {d}['b']]",
    "{d} = {{'w': {p}[0], 'b': {a}}}",
)
"""What changes lists and dicts, and no array: of these more is followed, and less refused."""
_HEADS = (
    "for {i} in range(n):",
    "for {i} in range(n):",
    "for {i} in range(3):",
    "while k < n:",
    "for row in A:",
    "for row in {p}:",
)
_TERMS = (
    "np.sum({a})",
    "np.sum({a} * {b})",
    "{a} @ {b}",
    "{a}[0] * 2.0",
    "np.sum(np.stack({p}) ** 2)",
    "np.sum({p}[{k}])",
    "np.sum({p}[{k}] * x)",
    "np.sum({q}[{k}] * {p}[0])",
    "np.sum({d}['w'] * {g}['w'])",
    "np.sum({d}['w'] * {d}['b'])",
    "np.sum(A * A)",
    "np.sum(x * h.a)",
    "np.sum({a} * x)",
)


def program(seed: int) -> Program:
    """The program of a seed."""
    return _Maker(seed).made()


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"aliases {seed}")
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []
        self.arrays = ["x", "y"]
        self.lists: list[str] = []
        self.dicts: list[str] = []
        self.indices: list[str] = []
        self.only_structure = self.random.random() < 0.3

    def made(self) -> Program:
        self.signature, self.args = self.arguments()
        r = self.random
        for _ in range(r.choice((1, 2, 3, 4, 5, 6))):
            self.keep(self.statement(0))
        result = self.result()
        source = self.source([*self.lines, f"return {result}"])
        wrt = tuple(n for n in self.signature if n in ("x", "y", "A", "z", "w", "d") and (n == "x" or r.random() < 0.6))
        return Program(source, tuple(self.args.values()), wrt)

    def arguments(self) -> tuple[list[str], dict[str, Any]]:
        """Names and values of the arguments; at times one array is in two of them."""
        r = self.random
        args: dict[str, Any] = {"x": self.array(), "y": self.array(), "A": np.round(self.rng.normal(size=(3, 3)), 2)}
        if self.only_structure or r.random() < 0.5:
            args["z"], self.lists = [self.array() for _ in range(r.choice((2, 2, 3)))], ["z"]
        if r.random() < 0.5:
            args["d"], self.dicts = {"w": self.array(), "b": self.array()}, ["d"]
        if self.lists and r.random() < 0.4:
            args["w"], self.lists = [self.array() for _ in range(2)], ["z", "w"]
        if r.random() < 0.15:
            args["h"] = SimpleNamespace(a=self.array())
        args |= {"n": r.choice((0, 1, 2, 3, 3)), "flag": r.random() < 0.5}
        if r.random() < 0.12:
            if r.random() < 0.4:
                args["y"] = args["x"]
            elif "z" in args:
                args["z"][r.randrange(2)] = r.choice((args["x"], args["z"][0]))
            elif "h" in args:
                args["h"].a = args["x"]
        return list(args), args

    def array(self) -> np.ndarray:
        return np.round(self.rng.normal(size=3), 2)

    # -- text ------------------------------------------------------------------------------------------------------------

    def source(self, lines: list[str]) -> str:
        body = "".join(f"    {line}\n" for line in lines)
        helpers = [text for name, text in _HELPERS.items() if f"{name}(" in body]
        return "\n\n".join([*helpers, f"def f({', '.join(self.signature)}):\n{body}"])

    def filled(self, text: str, depth: int = 2) -> str:
        """A template with names and expressions in its places."""
        r = self.random
        lists, dicts = self.lists or ["p"], self.dicts or ["g"]
        several = [*r.sample(self.arrays, min(3, len(self.arrays))), "x", "x", "x"]
        parts = {"a": several[0], "b": several[1], "c": several[2], "p": r.choice(lists), "q": r.choice(lists)}
        parts |= {"d": r.choice(dicts), "g": r.choice(dicts), "k": str(r.choice((0, 1))), "i": r.choice(self.indices or ["n"])}
        for name, templates in (("s", _SCALARS), ("e", _EXPRESSIONS), ("r", _REFERENCES), ("test", _TESTS)):
            parts[name] = self.filled(r.choice(templates), depth - 1) if depth and f"{{{name}}}" in text else "0.5"
        return text.format(**parts)

    def statement(self, depth: int) -> list[str]:
        """A statement, or a block of them."""
        r = self.random
        kind = r.random()
        if depth < 3 and kind < 0.2:
            return self.loop(depth)
        if depth < 3 and kind < 0.35:
            lines = [f"if {self.filled(r.choice(_TESTS))}:", *self.block(depth)]
            return [*lines, "else:", *self.block(depth)] if r.random() < 0.4 else lines
        targets = (_STRUCTURE,) if self.only_structure else (_ARRAYS, _WRITES, _CONTAINERS)
        text = r.choice(r.choice(targets))
        before = self.arrays, self.lists, self.dicts
        aimed = self.filled(text)
        if r.random() < 0.5 and text.startswith("{a} = "):  # a name of its own
            name = r.choice(_NAMES)
            aimed = f"{name} = {aimed.split(' = ', 1)[1]}"
        if text.startswith("{p} = ") and (r.random() < 0.5 or not self.lists):
            aimed = aimed.replace(aimed.split(" = ", 1)[0] + " = ", f"{r.choice('pq')} = ", 1)
        if text.startswith("{d} = ") and (r.random() < 0.5 or not self.dicts):
            aimed = f"g = {aimed.split(' = ', 1)[1]}"
        self.arrays, self.lists, self.dicts = before
        return aimed.splitlines()

    def loop(self, depth: int) -> list[str]:
        r = self.random
        i = "ijl"[depth]
        head = self.filled(r.choice(_HEADS)).split(" ")
        if head[0] == "while":
            first = [] if depth else ["k = 0"]
            return [*first, "while k < n:", "    k += 1", *self.inside(depth, ["k"], [])] if not depth else ["pass"]
        named = [i] if "range" in head[3] else []
        head[1] = i if named else "row"
        return [" ".join(head), *self.inside(depth, named, [] if named else ["row"])]

    def inside(self, depth: int, indices: list[str], arrays: list[str]) -> list[str]:
        self.indices += indices
        self.arrays = [*self.arrays, *arrays]
        lines = self.block(depth)
        self.indices = self.indices[: len(self.indices) - len(indices)]
        return lines

    def block(self, depth: int) -> list[str]:
        lines = [line for _ in range(self.random.choice((1, 1, 2, 3))) for line in self.statement(depth + 1)]
        return [f"    {line}" for line in lines]

    def result(self) -> str:
        """What is returned: mostly a number of which several names are part."""
        r = self.random
        for _ in range(30):
            if r.random() < 0.15:
                text = r.choice(
                    (self.filled("[{a}, {b}]"), self.filled("{p}"), self.filled("{d}"), self.filled("({a}, {p}, {b})"))
                )
            else:
                text = " + ".join(self.filled(t) for t in r.sample(_TERMS, r.choice((1, 2, 3))))
            if self.runs([*self.lines, f"return {text}"]) is not None:
                return text
        return "np.sum(x)"

    # -- running ---------------------------------------------------------------------------------------------------------

    def keep(self, lines: list[str]) -> None:
        """Keep a statement if the program runs with it; then its names are there."""
        names = self.runs([*self.lines, *lines, "return locals()"])
        if names is None:
            return
        self.lines += lines
        self.arrays = [k for k, v in names.items() if isinstance(v, np.ndarray) and v.shape == (3,)]
        self.lists = [k for k, v in names.items() if isinstance(v, list)]
        self.dicts = [k for k, v in names.items() if isinstance(v, dict)]

    def runs(self, lines: list[str]) -> Any:
        """What the program returns with these lines; None if it does not run."""
        scope: dict[str, Any] = {"np": np}
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"), limited(2.0):
                warnings.simplefilter("ignore")
                exec(self.source(lines), scope)
                return scope["f"](*copy.deepcopy(list(self.args.values())))
        except (ArithmeticError, AttributeError, LookupError, NameError, OutOfTimeError, TypeError, ValueError):
            return None
