"""Programs of arrays of up to three axes, tuples, lists and dicts, in branches, loops and helpers.

Takes a seed; gives a program, of any seed the same one. The generator knows the shape of each name, and mostly makes programs
that run; nothing is written into.
"""

import random

import numpy as np

from .programs import Program

__all__ = ["program"]


def program(seed: int) -> Program:
    """The program of a seed."""
    source, args, wrt, _ = _Maker(seed).program()
    return Program(source + "\n", tuple(args), wrt)


UNARY = [
    "np.tanh({})",
    "np.sin({})",
    "np.cos({})",
    "np.exp(np.sin({}))",
    "np.sqrt(1.5 + np.cos({}))",
    "np.log(1.0 + {0} ** 2)",
    "np.arctan({})",
    "-{}",
    "{} ** 2",
    "np.square({})",
    "np.abs({})",
    "1.0 / (1.5 + np.sin({}))",
    "np.log1p(np.exp({}))",
    "(2.0 * {})",
    "({} / 3.0)",
    "({} + 1.0)",
    "np.maximum({}, 0.1)",
    "np.clip({}, -0.7, 0.9)",
    "np.minimum(0.4, {})",
    "np.cumsum({0}, axis=-1)",
    "({} - 0.5)",
    "np.sinh(np.tanh({}))",
    "{} ** 3",
    "+{}",
    "np.exp(-{0} ** 2)",
]
BINARY = [
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "({} * {})",
    "({} + {})",
    "({} / (2.0 + np.sin({})))",
    "np.maximum({}, {})",
    "np.minimum({}, {})",
    "np.hypot({}, 1.0 + {} ** 2)",
    "np.arctan2({}, 2.0 + np.cos({}))",
    "np.logaddexp({}, {})",
    "(1.5 + np.sin({})) ** np.tanh({})",
    "np.add({}, {})",
    "np.multiply({}, {})",
]
DIMS = [1, 2, 3]


class _Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.n = 0
        self.helpers = []  # (name, [param shapes], result type)
        self.lines = []
        self.f32 = self.r.random() < 0.15

    # -- types ------------------------------------------------------------------------------------------
    def shape(self, max_rank=3):
        return tuple(self.r.choice(DIMS) for _ in range(self.r.choices(range(max_rank + 1), [4, 4, 4, 1][: max_rank + 1])[0]))

    def fresh(self):
        self.n += 1
        return f"v{self.n}"

    def c(self):
        return self.r.choice(["0.5", "1.0", "2.0", "-1.5", "0.3", "0.0", "-1.0", "1"])

    def paths(self, env, depth=0):
        """All float leaves that can be read: (text, shape)."""
        out = []
        for name, t in env.items():
            self._paths(name, t, out)
        return out

    def _paths(self, text, t, out):
        if t[0] == "f":
            out.append((text, t[1]))
        elif t[0] in "tl":
            for i, e in enumerate(t[1]):
                self._paths(f"{text}[{i}]", e, out)
        elif t[0] == "d":
            for k, e in t[1].items():
                self._paths(f"{text}[{k!r}]", e, out)

    # -- expressions --------------------------------------------------------------------------------------
    def leaf(self, s, env):
        r = self.r
        paths = self.paths(env)
        same = [p for p, t in paths if t == s]
        if same and r.random() < 0.9:
            # later names are likelier
            return r.choice(same[-6:] if r.random() < 0.6 else same)
        if s == ():
            if paths and r.random() < 0.8:
                p, t = r.choice(paths)
                if t == ():
                    return p
                if 0 not in t and r.random() < 0.5:
                    return f"{p}[{', '.join(str(r.choice([0, -1, k - 1])) for k in t)}]"
                return r.choice(["np.sum({})", "{}.sum()", "np.mean({})", "{}.mean()", "np.max({})"]).format(p)
            return self.c()
        if paths and r.random() < 0.85:
            p, t = r.choice(paths)
            if t == ():
                return f"({p} * np.ones({s}))" if r.random() < 0.7 else f"np.full({s}, {p})"
            # index / slice / pad towards s
            if len(t) == len(s) + 1 and t[1:] == s:
                return f"{p}[{r.randrange(t[0])}]"
            if len(t) + 1 == len(s):
                for k in range(len(s)):
                    if s[k] == 1 and s[:k] + s[k + 1 :] == t:
                        return f"{p}[{', '.join([':'] * k + ['None'] + [':'] * (len(s) - k - 1))}]"
            if t[::-1] == s:
                return f"{p}.T"
            if np.prod(t) == np.prod(s):
                return f"{p}.reshape({s})" if r.random() < 0.5 else f"np.reshape({p}, {s})"
            return f"np.broadcast_to(np.sum({p}), {s})" if r.random() < 0.5 else f"(np.mean({p}) + np.zeros({s}))"
        return r.choice(
            [
                f"np.ones({s})",
                f"np.full({s}, {self.c()})",
                f"np.linspace(0.1, 1.0, {int(np.prod(s))}).reshape({s})",
                f"np.zeros({s})",
            ]
        )

    def smaller(self, s):
        """A shape that broadcasts into s."""
        out = [1 if self.r.random() < 0.25 else k for k in s]
        return tuple(out[self.r.choice([0, 0, 0, *range(len(s) + 1)]) :])

    def expr(self, s, env, d):
        r = self.r
        if d <= 0 or r.random() < 0.12:
            return self.leaf(s, env)
        k = r.choices(
            ["un", "bin", "red", "mm", "shape", "where", "cond", "call", "leaf", "idx"],
            [4, 6, 2, 2, 3, 0.7, 0.5, 1.2 if self.helpers else 0, 1, 1.5],
        )[0]
        if k == "un":
            u = r.choice(UNARY)
            if "cumsum" in u and not s:
                u = "np.sin({})"
            e = self.expr(s, env, d - 1)
            return u.format(f"({e})" if e.startswith("-") or " if " in e or "**" in u else e)
        if k == "bin":
            a, b = s, self.smaller(s)
            if len(s) >= 2 and r.random() < 0.2:
                a = (*s[:-1], 1)
                b = (1, s[-1]) if r.random() < 0.5 else (s[-1],)
                if len(s) == 3 and s[1] != 1 and r.random() < 0.5:
                    b = s
            if r.random() < 0.5:
                a, b = b, a
            u = r.choice(BINARY)
            e1, e2 = self.expr(a, env, d - 1), self.expr(b, env, d - 1)
            if r.random() < 0.1:
                e2 = e1 if a == b else e2
            return u.format(f"({e1})" if "** " in u or e1[0] == "-" else e1, f"({e2})" if "** " in u or e2[0] == "-" else e2)
        if k == "red":
            f = r.choice(["sum", "sum", "mean", "max", "min", "prod", "std", "var"])
            style = r.choice(["np", "np", "m"])
            ones = [i for i, q in enumerate(s) if q == 1]
            keep = ones and r.random() < 0.6
            if keep:
                ax = r.choice(ones)
                t = tuple(r.choice(DIMS) if i == ax else q for i, q in enumerate(s))
                opt = f"axis={ax if r.random() < 0.5 else ax - len(s)}, keepdims=True"
            elif not s and r.random() < 0.5:
                t = self.shape(2) or (2,)
                opt = ""
            else:
                ax = r.randrange(len(s) + 1)
                t = (*s[:ax], r.choice(DIMS), *s[ax:])
                opt = f"axis={ax if r.random() < 0.6 else ax - len(t)}"
                if len(t) < 3 and r.random() < 0.2:
                    t = (r.choice(DIMS), *t)
                    opt = f"axis=(0, {ax + 1})"
            if len(t) > 3:
                return self.leaf(s, env)
            e = self.expr(t, env, d - 1)
            if f in ("std",):
                return f"np.sqrt(0.1 + np.var({e}{', ' if opt else ''}{opt}))"
            if style == "np":
                return f"np.{f}({e}{', ' if opt else ''}{opt})"
            return f"({e}).{f}({opt})"
        if k == "mm":
            q = r.choice(DIMS)
            if len(s) == 0:
                a, b = (q,), (q,)
            elif len(s) == 1:
                a, b = r.choice([((s[0], q), (q,)), ((q,), (q, s[0]))])
            elif len(s) == 2:
                a, b = (s[0], q), (q, s[1])
                if r.random() < 0.1:
                    return f"np.outer({self.expr((s[0],), env, d - 1)}, {self.expr((s[1],), env, d - 1)})"
                if r.random() < 0.15:
                    a, b = r.choice([((s[0], s[1], q), (q,)), ((q,), (s[0], q, s[1]))])
            else:
                a, b = r.choice(
                    [
                        ((s[0], s[1], q), (q, s[2])),
                        ((s[0], s[1], q), (s[0], q, s[2])),
                        ((s[1], q), (s[0], q, s[2])),
                        ((s[0], s[1], q), (1, q, s[2])),
                        ((1, s[1], q), (s[0], q, s[2])),
                    ]
                )
            e1, e2 = self.expr(a, env, d - 1), self.expr(b, env, d - 1)
            if len(a) == 2 == len(b) and r.random() < 0.2:
                return f"np.einsum('ij,jk->ik', {e1}, {e2})"
            if len(a) <= 2 and len(b) <= 2 and r.random() < 0.15:
                return f"np.dot({e1}, {e2})"
            return r.choice(["(({}) @ ({}))", "(({}) @ ({}))", "np.matmul({}, {})"]).format(e1, e2)
        if k == "shape":
            return self.reshaping(s, env, d)
        if k == "where":
            return f"np.where({self.expr(s, env, d - 1)} > {r.choice(['0.1', '0.0', '-0.4'])}, {self.expr(s, env, d - 1)}, {self.expr(self.smaller(s), env, d - 1)})"  # noqa: E501
        if k == "cond":
            return f"({self.expr(s, env, d - 1)} if {self.test(env)} else {self.expr(s, env, d - 1)})"
        if k == "call":
            fits = [h for h in self.helpers if h[2] == ("f", s)]
            if fits:
                h = r.choice(fits)
                args = [self.expr(t, env, d - 1) for t in h[1]]
                if h[3] and r.random() < 0.5:
                    if r.random() < 0.5:
                        args.append(self.c())
                    else:
                        args.append(f"{h[3]}={self.expr((), env, d - 2)}")
                return f"{h[0]}({', '.join(args)})"
            return self.leaf(s, env)
        if k == "idx":
            ints = [n for n, t in env.items() if t[0] == "i"]
            paths = [(p, t) for p, t in self.paths(env) if len(t) == len(s) + 1 and t[1:] == s]
            bounded = [n for n in ints if env[n][1] is not None]
            if paths and bounded and r.random() < 0.8:
                p, t = r.choice(paths)
                i = r.choice(bounded)
                if env[i][1] <= t[0]:
                    return f"{p}[{i}]" if r.random() < 0.7 else f"{p}[-1 - {i}]"
                return f"{p}[{i} % {t[0]}]"
            if s == () and ints:
                return r.choice(["{} * 0.25", "float({})", "(1.0 + {})"]).format(r.choice(ints))
            q = r.choice(DIMS)
            pos = r.randrange(len(s) + 1)
            t = (*s[:pos], q, *s[pos:])
            if len(t) > 3:
                return self.leaf(s, env)
            e = self.expr(t, env, d - 1)
            ix = ", ".join([":"] * pos + [str(r.choice([0, -1, q - 1]))])
            return f"({e})[{ix}]" if pos or r.random() < 0.7 else f"np.take({e}, {r.randrange(q)}, axis=0)"
        return self.leaf(s, env)

    def reshaping(self, s, env, d):
        r = self.r
        k = r.choice(
            [
                "T",
                "perm",
                "reshape",
                "cat",
                "stack",
                "none",
                "bt",
                "flip",
                "roll",
                "slice",
                "fancy",
                "sq",
                "tile",
                "ravel",
                "step",
                "flipT",
                "diag",
            ]
        )
        E = lambda t: self.expr(t, env, d - 1)
        n = len(s)
        if k == "T" and n:
            return f"({E(s[::-1])}).T"
        if k == "flipT" and n == 2:
            return f"np.swapaxes({E(s[::-1])}, 0, 1)"
        if k == "perm" and n == 3:
            p = r.sample(range(3), 3)
            t = [0] * 3
            for i, q in enumerate(p):
                t[q] = s[i]
            return f"np.transpose({E(tuple(t))}, {tuple(p)})"
        if k == "reshape" and n:
            size = int(np.prod(s))
            t = r.choice([(size,), (1, size), (size, 1), s[::-1], (s[-1], size // s[-1])])
            return f"({E(t)}).reshape({r.choice([str(s), '-1' if n == 1 else str((*s[:-1], -1))])})"
        if k == "ravel" and n == 1:
            t = r.choice([(1, s[0]), (s[0], 1)])
            return f"({E(t)}).{r.choice(['ravel()', 'flatten()'])}"
        if k == "cat" and n:
            ax = r.randrange(n)
            if s[ax] > 1:
                a = r.randrange(1, s[ax])
                t1, t2 = (*s[:ax], a, *s[ax + 1 :]), (*s[:ax], s[ax] - a, *s[ax + 1 :])
                o, c = r.choice(["()", "[]"])
                return f"np.concatenate({o}{E(t1)}, {E(t2)}{c}, axis={r.choice([ax, ax - n])})"
        if k == "stack" and n:
            ax = r.randrange(n)
            t = (*s[:ax], *s[ax + 1 :])
            es = [E(t) for _ in range(s[ax])]
            if r.random() < 0.2:
                es = [es[0]] * len(es)
            if ax == 0 and r.random() < 0.3 and n <= 2:
                return f"np.array([{', '.join(es)}])"
            return f"np.stack([{', '.join(es)}], axis={ax})"
        if k == "none" and 1 in s:
            ax = r.choice([i for i in range(n) if s[i] == 1])
            t = (*s[:ax], *s[ax + 1 :])
            if t == () or r.random() < 0.5:
                return f"np.expand_dims({E(t)}, {ax})"
            return f"({E(t)})[{', '.join([':'] * ax + ['None'])}]"
        if k == "bt" and n:
            return f"np.broadcast_to({E(self.smaller(s))}, {s})"
        if k == "flip" and n:
            return r.choice([f"np.flip({E(s)}, {r.randrange(n)})", f"({E(s)})[::-1]"])
        if k == "roll" and n:
            return f"np.roll({E(s)}, {r.choice([1, -1, 2])}, axis={r.randrange(n)})"
        if k == "slice" and n:
            ax = r.randrange(n)
            q = r.choice(["1:", ":-1", f"0:{s[ax]}"])
            return f"({E((*s[:ax], s[ax] + 1, *s[ax + 1 :]))})[{', '.join([':'] * ax + [q])}]"
        if k == "step" and n and s[0] <= 2:
            return f"({E((2 * s[0] - r.randrange(2), *s[1:]))})[::2]"
        if k == "fancy" and n:
            q = r.choice(DIMS)
            ix = [r.randrange(q) for _ in range(s[0])]
            return r.choice(
                [f"({E((q, *s[1:]))})[{ix}]", f"np.take({E((q, *s[1:]))}, {ix}, axis=0)", f"({E((q, *s[1:]))})[np.array({ix})]"]
            )
        if k == "sq" and n < 3:
            ax = r.randrange(n + 1)
            return f"np.squeeze({E((*s[:ax], 1, *s[ax:]))}, axis={ax})"
        if k == "tile" and n == 1:
            q = r.choice([x for x in (1, s[0])])
            return f"np.repeat({E((q,))}, {s[0] // q})" if r.random() < 0.5 else f"np.tile({E((q,))}, {s[0] // q})"
        if k == "diag" and n == 1:
            return f"np.diagonal({E((s[0], s[0]))})"
        return self.leaf(s, env)

    def test(self, env):
        r = self.r
        ints = [n for n, t in env.items() if t[0] == "i"]
        flags = [n for n, t in env.items() if t[0] == "b"]
        opts = [f"{self.expr((), env, 1)} {r.choice(['>', '<', '>=', '<='])} {r.choice(['0.2', '-0.3', '1.1', '0.05'])}"] * 2
        if ints:
            i = r.choice(ints)
            opts += [
                f"{i} % 2 == {r.randrange(2)}",
                f"{i} > {r.randrange(3)}",
                f"{i} == {r.randrange(3)}",
                f"{i} != {r.randrange(3)}",
            ]
        if flags:
            opts += [r.choice(flags), f"not {r.choice(flags)}"]
        arrays = [(p, t) for p, t in self.paths(env) if t]
        if arrays and r.random() < 0.1:
            p, t = r.choice(arrays)
            opts += [f"{p}.ndim == {r.choice([1, 2])}", f"{p}.shape[0] > {r.choice([1, 2])}", f"len({p}) == {t[0]}"]
        a = r.choice(opts)
        if r.random() < 0.15:
            a = f"{a} {r.choice(['and', 'or'])} {r.choice(opts)}"
        return a

    # -- statements -----------------------------------------------------------------------------------------
    def emit(self, ind, text):
        self.lines.append("    " * ind + text)

    def target(self, env):
        """A name to assign to: new or reused."""
        r = self.r
        names = [n for n, t in env.items() if t[0] in ("ftld" if r.random() < 0.05 else "f")]
        if names and r.random() < 0.5:
            return r.choice(names)
        return self.fresh()

    def value(self, s, env, d, bounded):
        e = self.expr(s, env, d)
        if bounded and self.r.random() < 0.8:
            return self.r.choice(["np.tanh({})", "np.sin({})", "0.5 * np.cos({})"]).format(e)
        return e

    def body(self, env, ind, n, loop, ret):
        if n <= 0:
            self.emit(ind, "pass")
        mark = len(self.lines)
        for _ in range(n):
            self.statement(env, ind, loop, ret)
        if len(self.lines) == mark and n > 0:
            self.emit(ind, "pass")

    def statement(self, env, ind, loop, ret):
        r = self.r
        deep = ind >= 4
        k = r.choices(
            ["assign", "aug", "swap", "unpack", "cont", "if", "for", "while", "brk", "ret", "acc", "fst"],
            [
                8,
                1.2,
                0.8,
                1,
                1.2,
                0 if deep else 2,
                0 if deep else 2.2,
                0 if deep else 0.8,
                1 if loop else 0,
                0.4 if ret and ind > 1 else 0,
                2,
                1 if self.helpers else 0,
            ],
        )[0]
        if k == "assign":
            t = self.target(env)
            s = env[t][1] if t in env and env[t][0] == "f" and r.random() < 0.8 else self.shape()
            self.emit(ind, f"{t} = {self.value(s, env, r.choice([1, 2, 2, 3]), loop or r.random() < 0.3)}")
            env[t] = ("f", s)
        elif k == "aug":
            names = [n for n, t in env.items() if t == ("f", ()) and n[0] == "v" and self.r.random() < 0.5]
            if names:
                n = r.choice(names)
                self.emit(ind, f"{n} {r.choice(['+=', '-=', '*=', '+='])} {self.value((), env, 2, True)}")
        elif k == "acc":
            names = [n for n, t in env.items() if t[0] == "f"]
            if names:
                n = r.choice(names)
                s = env[n][1]
                self.emit(
                    ind,
                    r.choice(
                        [
                            f"{n} = {n} + {self.value(s, env, 2, True)}",
                            f"{n} = {self.value(s, env, 2, True)} * {n}",
                            f"{n} = 0.5 * {n} - {self.value(self.smaller(s), env, 1, True)}",
                        ]
                    ),
                )
        elif k == "swap":
            names = [n for n, t in env.items() if t[0] in ("ftld" if r.random() < 0.1 else "f")]
            if len(names) >= 2:
                if len(names) >= 3 and r.random() < 0.3:
                    p = r.sample(names, 3)
                    q = p[1:] + p[:1]
                else:
                    p = r.sample(names, 2)
                    same = [n for n in names if env[n] == env[p[0]] and n != p[0]]
                    if same:
                        p[1] = r.choice(same)
                    q = p[::-1]
                ts = [env[n] for n in q]
                self.emit(ind, f"{', '.join(p)} = {', '.join(q)}")
                env.update(zip(p, ts))
        elif k == "unpack":
            s1, s2 = self.shape(2), self.shape(2)
            a, b = self.fresh(), self.fresh()
            names = [n for n, t in env.items() if t[0] == "f"]
            if names and r.random() < 0.5:
                a = r.choice(names)
                s1 = env[a][1]
            self.emit(ind, f"{a}, {b} = {self.value(s1, env, 2, loop)}, {self.value(s2, env, 1, loop)}")
            env[a], env[b] = ("f", s1), ("f", s2)
        elif k == "cont":
            n = self.fresh()
            old = [m for m, t in env.items() if t[0] in "tld"]
            if old and r.random() < 0.5:
                m = r.choice(old)
                t = env[m]
                if t[0] == "t" and r.random() < 0.5 and all(True for _ in t[1]):
                    names = [self.fresh() for _ in t[1]]
                    self.emit(ind, f"{', '.join(names)}{',' if len(names) == 1 else ''} = {m}")
                    env.update(zip(names, t[1]))
                    return
                self.emit(ind, f"{m} = {self.build(t, env, loop)}")
                return
            t = self.ctype()
            self.emit(ind, f"{n} = {self.build(t, env, loop)}")
            env[n] = t
        elif k == "fst":
            hs = [h for h in self.helpers if h[2][0] == "t"]
            if hs:
                h = r.choice(hs)
                names = [self.target(env) for _ in h[2][1]]
                if len(set(names)) < len(names):
                    return
                self.emit(ind, f"{', '.join(names)} = {h[0]}({', '.join(self.expr(t, env, 1) for t in h[1])})")
                env.update(zip(names, h[2][1]))
        elif k == "if":
            branches = r.choice([1, 2, 2, 3])
            outs = []
            for b in range(branches):
                if b == 0:
                    self.emit(ind, f"if {self.test(env)}:")
                elif b == branches - 1 and branches > 1:
                    self.emit(ind, "else:")
                else:
                    self.emit(ind, f"elif {self.test(env)}:")
                e = dict(env)
                self.body(e, ind + 1, r.choice([1, 1, 2, 3]), loop, ret)
                outs.append(e)
            if branches < 2:
                outs.append(dict(env))
            self.merge(env, outs)
        elif k == "for":
            self.loop(env, ind, ret)
        elif k == "while":
            i = self.fresh()
            self.emit(ind, f"{i} = 0")
            cond = f"{i} < {r.choice([0, 1, 2, 3, 4])}"
            if r.random() < 0.2:
                cond += f" and {self.test(env)}"
            self.emit(ind, f"while {cond}:")
            e = dict(env)
            e[i] = ("i", None)
            self.emit(ind + 1, f"{i} = {i} + 1" if r.random() < 0.5 else f"{i} += 1")
            self.body(e, ind + 1, r.choice([1, 2, 3]), True, ret)
            self.merge(env, [env, e])
            env[i] = ("i", None)
        elif k == "brk":
            self.emit(ind, f"if {self.test(env)}:")
            if r.random() < 0.4:
                self.body(dict(env), ind + 1, 1, loop, None)
            self.emit(ind + 1, r.choice(["break", "continue"]))
        elif k == "ret":
            self.emit(ind, f"if {self.test(env)}:")
            self.emit(ind + 1, f"return {self.result(ret, env)}")

    def merge(self, env, outs):
        for n in sorted(set().union(*outs)):
            ts = [o.get(n) for o in outs]
            if all(t == ts[0] for t in ts):
                env[n] = ts[0]
            elif all(t is None or t == ts[-1] for t in ts) and self.r.random() < 0.1 and ts[-1] is not None:
                env[n] = ts[-1]  # defined only in some branches
            elif n in env and self.r.random() < 0.9:
                if all(t is not None and t[0] == "f" for t in ts) and self.r.random() < 0.3:
                    env[n] = self.r.choice(ts)
                else:
                    del env[n]

    def loop(self, env, ind, ret):
        r = self.r
        e = dict(env)
        k = r.choice(["range", "range", "range", "array", "zip", "enum", "rev", "list", "items", "n", "rows2", "lst"])
        arrays = [(p, t) for p, t in self.paths(env) if t]
        i = self.fresh()
        if r.random() < 0.15:  # a target which shadows
            names = [n for n, t in env.items() if t[0] == "f"]
            i = r.choice(names) if names else i
        head = None
        if k in ("array", "enum", "rev", "zip") and arrays:
            p, t = r.choice(arrays)
            if k == "array":
                head, e[i] = f"for {i} in {p}:", ("f", t[1:])
            elif k == "enum":
                j = self.fresh()
                head, e[i], e[j] = f"for {j}, {i} in enumerate({p}):", ("f", t[1:]), ("i", t[0])
            elif k == "rev":
                head, e[i] = (f"for {i} in reversed({p}):" if r.random() < 0.5 else f"for {i} in {p}[::-1]:"), ("f", t[1:])
            else:
                q, u = r.choice(arrays)
                j = self.fresh()
                head, e[i], e[j] = f"for {i}, {j} in zip({p}, {q}):", ("f", t[1:]), ("f", u[1:])
                if r.random() < 0.3:
                    m = self.fresh()
                    head, e[m] = f"for {m}, ({i}, {j}) in enumerate(zip({p}, {q})):", ("i", min(t[0], u[0]))
        elif k == "list":
            s = self.shape(2)
            es = ", ".join(self.expr(s, env, 1) for _ in range(r.choice([1, 2, 3])))
            head, e[i] = f"for {i} in ({es},):", ("f", s)
            if r.random() < 0.3:
                head = f"for {i} in [{es}]:"
        elif k in ("items", "lst"):
            ds = [(n, t) for n, t in env.items() if t[0] == ("d" if k == "items" else "l")]
            if ds:
                n, t = r.choice(ds)
                els = list(t[1].values()) if k == "items" else t[1]
                if len({str(x) for x in els}) == 1:
                    e[i] = els[0]
                    head = f"for {i} in {n}:"
                    if k == "items":
                        j = self.fresh()
                        head = r.choice([f"for {j}, {i} in {n}.items():", f"for {i} in {n}.values():"])
                    elif r.random() < 0.4:
                        j = self.fresh()
                        head = f"for {j}, {i} in enumerate({n}):"
                        e[j] = ("i", len(els))
        elif k == "n":
            ints = [n for n, t in env.items() if t[0] == "i"]
            if ints:
                i = self.fresh()
                head, e[i] = f"for {i} in range({r.choice(ints)}):", ("i", None)
        elif k == "rows2" and arrays:
            p, t = r.choice(arrays)
            i = self.fresh()
            head, e[i] = r.choice([f"for {i} in range({p}.shape[0]):", f"for {i} in range(len({p})):"]), ("i", t[0])
        if head is None:
            i = self.fresh() if r.random() < 0.8 else "_"
            n = r.choice([0, 1, 2, 2, 3, 3, 5])
            head, e[i] = r.choice(
                [
                    (f"for {i} in range({n}):", ("i", max(n, 1))),
                    (f"for {i} in range(1, {n + 1}):", ("i", None)),
                    (f"for {i} in reversed(range({n})):", ("i", max(n, 1))),
                    (f"for {i} in range({n}, 0, -1):", ("i", None)),
                    (f"for {i} in range(0, {n}, 2):", ("i", None)),
                ]
            )
            if i == "_":
                del e["_"]
        self.emit(ind, head)
        self.emit(ind + 1, "pass") if r.random() < 0.02 else None
        self.body(e, ind + 1, r.choice([1, 2, 3]), True, ret)
        self.merge(env, [dict(env), e])

    def ctype(self, depth=0):
        r = self.r
        k = r.choice("ttld")

        def el():
            if depth == 0 and r.random() < 0.2:
                return self.ctype(1)
            return ("f", self.shape(2))

        if k in "tl":
            els = [el() for _ in range(r.choice([1, 2, 2, 3]))]
            if k == "l" and r.random() < 0.6:
                els = [els[0]] * len(els)
            return (k, els)
        els = {q: el() for q in r.sample(["a", "b", "w"], r.choice([1, 2]))}
        if r.random() < 0.5:
            x = next(iter(els.values()))
            els = {q: x for q in els}
        return ("d", els)

    def build(self, t, env, bounded, d=1):
        if t[0] == "f":
            return self.value(t[1], env, d, bounded)
        if t[0] == "t":
            return "(" + "".join(self.build(x, env, bounded, d) + ", " for x in t[1]) + ")"
        if t[0] == "l":
            return "[" + ", ".join(self.build(x, env, bounded, d) for x in t[1]) + "]"
        return "{" + ", ".join(f"{k!r}: {self.build(x, env, bounded, d)}" for k, x in t[1].items()) + "}"

    def result(self, ret, env):
        return self.build(ret, env, False, 2 if ret[0] == "f" else 1)

    def returned(self):
        r = self.r
        k = r.random()
        if k < 0.5:
            return ("f", ())
        if k < 0.8:
            return ("f", self.shape())
        return self.ctype()

    def function(self, name, types, ret, n, default=None):
        self.n = 0
        env = dict(types)
        self.frozen = {m for m, t in types.items() if t[0] == "f" and len(t) > 2}
        ps = list(types) + ([f"{default}=0.5"] if default else [])
        if default:
            env[default] = ("f", ())
        self.emit(0, f"def {name}({', '.join(ps)}):")
        self.body(env, 1, n, False, ret)
        self.emit(1, f"return {self.result(ret, env)}")
        self.emit(0, "")
        self.emit(0, "")

    # -- programs ---------------------------------------------------------------------------------------------
    def argument(self, t, rng):
        r = self.r
        if t[0] == "i":
            return t[2]
        if t[0] == "b":
            return t[1]
        if t[0] == "tl"[0]:
            return tuple(self.argument(x, rng) for x in t[1])
        if t[0] == "l":
            return [self.argument(x, rng) for x in t[1]]
        if t[0] == "d":
            return {k: self.argument(x, rng) for k, x in t[1].items()}
        dtype = np.float32 if self.f32 and r.random() < 0.5 else np.float64
        x = rng.normal(size=t[1])
        if t[1] == ():
            v = float(x)
            return r.choice([v, v, dtype(v)]) if r.random() < 0.9 else np.array(v, dtype)
        x = x.astype(dtype)
        q = r.random()
        if q < 0.08 and x.ndim >= 2:
            x = np.asfortranarray(x)
        elif q < 0.14:
            x = np.repeat(x, 2, axis=-1)[..., ::2]
        elif q < 0.2:
            x = np.ascontiguousarray(x[::-1])[::-1]
        return x

    def program(self):
        r = self.r
        for h in range(r.choice([0, 0, 1, 1, 2])):
            types = {f"a{j}": ("f", self.shape(2)) for j in range(r.choice([1, 2, 2, 3]))}
            ret = ("f", self.shape(2)) if r.random() < 0.7 else ("t", [("f", self.shape(2)) for _ in range(2)])
            default = "k" if r.random() < 0.4 else None
            self.function(f"h{h}", types, ret, r.choice([0, 1, 2, 3]), default)
            self.helpers.append((f"h{h}", [t[1] for t in types.values()], ret, default))
        names = ["x", "y", "z", "p", "q"]
        types = {}
        for j in range(r.choice([1, 2, 2, 3, 3, 4])):
            t = ("f", self.shape()) if r.random() < 0.8 else self.ctype()
            types[names[j]] = t
        floats = list(types)
        if r.random() < 0.4:
            types["n"] = ("i", None, r.choice([0, 1, 2, 3]))
        if r.random() < 0.2:
            types["flag"] = ("b", r.random() < 0.5)
        ret = self.returned()
        self.function("f", types, ret, r.choice([1, 2, 3, 4, 5, 6, 8]))
        rng = np.random.default_rng(r.randrange(1 << 30))
        args = [self.argument(t, rng) for t in types.values()]
        if r.random() < 0.2:  # the same array twice
            fl = [k for k, n in enumerate(types) if types[n][0] == "f"]
            for a in fl:
                for b in fl:
                    if a < b and types[list(types)[a]] == types[list(types)[b]]:
                        args[b] = args[a]
        wrt = tuple(floats) if r.random() < 0.6 else tuple(r.sample(floats, r.randrange(1, len(floats) + 1)))
        return "\n".join(self.lines), args, wrt, list(types)
