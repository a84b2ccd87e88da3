"""Loops that read and write arrays at indices that are linear forms of the loops' variables, within bounds.

Takes a seed; gives a program, of any seed the same one. They ask which entries are overwritten before they are read back.
"""

import random

import numpy as np

from .programs import Program

__all__ = ["program"]


def program(seed: int) -> Program:
    """The program of a seed."""
    r = random.Random(seed)
    lines = ["def f(x, n):", "    y = np.ones(4 * n + 8)", "    z = np.zeros((n + 3, n + 3))", "    s = 0.0"]
    depth = 1

    def add(text):
        lines.append("    " * depth + text)

    def index(loops):
        v = r.choice([*loops, *loops, ""])
        k = r.choice([0, 0, 1, 1, 2, 3])
        form = r.choice([f"{v} + {k}", f"2 * {v} + {k}", f"{v} - 1", f"n - {v} + {k}", v]) if v else str(k)
        return form

    def small(loops):
        v = r.choice([*loops, ""])
        return r.choice([v, f"{v} + 1", f"{v} - 1", f"n - {v}", f"{v} + 2"]) if v else str(r.randint(-1, 2))

    def read(loops):
        kind = r.random()
        if kind < 0.5:
            return f"y[{index(loops)}]"
        if kind < 0.75:
            return f"z[{small(loops)}, {small(loops)}]"
        if kind < 0.85:
            return f"np.sum(z[{small(loops)}, :{small(loops)}])"
        return f"x[{r.choice(['0', '1', *loops])}]"

    def write(loops):
        value = f"np.sin({read(loops)}) * {read(loops)} + 0.5 * {read(loops)}"
        kind = r.random()
        if kind < 0.55:
            add(f"y[{index(loops)}] {r.choice(['=', '=', '+='])} {value}")
        elif kind < 0.8:
            add(f"z[{small(loops)}, {small(loops)}] = {value}")
        elif kind < 0.9:
            add(f"z[{small(loops)}] = {value}")
        else:
            add(f"s += {read(loops)} * {read(loops)}")

    def loop(loops):
        nonlocal depth
        v = "ijk"[len(loops)]
        bounds = ["n", "1, n", "n - 1, -1, -1", "n, 0, -1", "0, n, 2", "1, n + 1"]
        bounds += [f"{loops[-1]}", f"{loops[-1]} + 1, n", f"n - 1, {loops[-1]}, -1"] if loops else []
        add(f"for {v} in range({r.choice(bounds)}):")
        depth += 1
        block([*loops, v])
        depth -= 1

    def block(loops):
        nonlocal depth
        for _ in range(r.randint(1, 3)):
            kind = r.random()
            if kind < 0.35 and len(loops) < 3:
                loop(loops)
            elif kind < 0.45 and loops:
                add(f"if {loops[-1]} % 2 == 0:")
                depth += 1
                write(loops)
                depth -= 1
            else:
                write(loops)

    loop([])
    if r.random() < 0.5:
        loop([])
    lines.append("    return s + np.sum(y * y) + np.sum(z) * 0.5")
    start = np.array([0.7, -0.4, 0.9, 0.3, -0.8, 0.5])
    return Program("\n".join(lines) + "\n", (start, 4), ("x",))
