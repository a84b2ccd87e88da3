"""Write the derivative of a function of numbers in C, compile it, and compare it with the one in Python.

Takes functions of floats and ints with loops and branches; prints the C of the first, and the gradients that both give. It is
an emitter for another target (docs/library.md): what C has not, arrays above all, it refuses. Unlike Python, C divides by 0
without an error, and its ints are of 64 bits.
"""

import ctypes
import math
import operator
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import sct
from sct import ir, runtime, stages

PRELUDE = """\
#include <math.h>
#include <stdlib.h>

typedef struct { double *data; long long used, room; } tape;

static inline void push(tape *t, double value) {
    if (t->used == t->room && !(t->data = realloc(t->data, sizeof(double) * (t->room = 2 * t->room + 64)))) abort();
    t->data[t->used++] = value;
}

static inline double pop(tape *t) { return t->data[--t->used]; }

static inline long long length(long long start, long long stop, long long step) {
    return step > 0 ? (stop > start ? (stop - start - 1) / step + 1 : 0) : start > stop ? (start - stop - 1) / -step + 1 : 0;
}
"""
SIGNS = {"add": "+", "sub": "-", "mul": "*", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
UNARY = {operator.neg: "-{0}", operator.pos: "{0}", np.positive: "{0}", operator.not_: "!{0}", float: "(double){0}"}
BINARY = {getattr(operator, name): f"{{0}} {sign} {{1}}" for name, sign in SIGNS.items()}
BINARY |= {operator.truediv: "(double){0} / {1}", max: "{1} > {0} ? {1} : {0}", min: "{1} < {0} ? {1} : {0}"}
NAMES = ["sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "log", "log1p", "sqrt"]
UNARY_OF_FLOATS = {getattr(module, name): f"{name}({{0}})" for name in NAMES for module in (math, np)}
UNARY_OF_FLOATS |= {math.asin: "asin({0})", math.acos: "acos({0})", math.atan: "atan({0})", math.fabs: "fabs({0})"}
UNARY_OF_FLOATS |= {np.arcsin: "asin({0})", np.arccos: "acos({0})", np.arctan: "atan({0})", np.square: "{0} * {0}"}
UNARY_OF_FLOATS |= {abs: "fabs({0})", np.abs: "fabs({0})", np.sign: "{0} > 0 ? 1.0 : {0} < 0 ? -1.0 : {0}"}
BINARY_OF_FLOATS = dict.fromkeys((operator.pow, np.power, math.pow), "pow({0}, {1})")
BINARY_OF_FLOATS |= {np.maximum: "{0} >= {1} || {0} != {0} ? {0} : {1}", np.minimum: "{0} <= {1} || {0} != {0} ? {0} : {1}"}
BINARY_OF_FLOATS |= {runtime.power: "{0} != 0 || {1} >= 0 ? pow({0}, {1}) : INFINITY", math.atan2: "atan2({0}, {1})"}
BINARY_OF_FLOATS |= {runtime.quotient: "{1} != 0 ? (double){0} / {1} : {0} * INFINITY"}
BINARY_OF_FLOATS |= {np.arctan2: "atan2({0}, {1})", math.hypot: "hypot({0}, {1})", np.hypot: "hypot({0}, {1})"}
FORMS = {1: (UNARY, UNARY_OF_FLOATS), 2: (BINARY, BINARY_OF_FLOATS)}


class C(stages.Emitter):
    """A finished derivative as a function of C, whose last parameter is an array for the results."""

    def function(self, f):
        self.names, self.variables, self.tapes, self.lines, self.depth = {}, {}, {}, [], 1
        parameters = [self.local(p) for p in f.block.params]
        super().function(f)
        (result,) = f.block.yields
        for k, o in enumerate(result.items if isinstance(result, ir.Tuple) else (result,)):
            self.line(f"out[{k}] = {self.operand(o)};")
        made = [pointer[1:] for pointer in self.tapes.values() if pointer.startswith("&")]
        self.lines += [f"    free({tape}.data);" for tape in made]
        own = [f"    {kind} {name};" for name, kind in self.variables.items()] + [f"    tape {tape} = {{0}};" for tape in made]
        head = f"void {f.name}({', '.join([*parameters, 'double *out'])}) {{"
        return "\n".join([PRELUDE, head, *own, *self.lines, "}", ""])

    def refuse(self, what, place=None):
        raise sct.SctError(f"{what} cannot be written in C", place, "Write the function of floats and ints, one by one.")

    def kind(self, t, place=None):
        """The type of C for a type."""
        kinds = set(getattr(t, "also", ()))
        if isinstance(t, ir.Array) and t.shape == ():
            kinds.add({"f8": float, "i8": int, "b1": bool}.get("" if t.dtype is None else t.dtype.str[1:]))
        else:
            kinds.add(t.kind if isinstance(t, ir.Scalar) else type(t.value) if isinstance(t, ir.Const) else None)
        if not kinds <= {float, int, bool}:
            self.refuse(f"{t}, which is no float or int,", place)
        return "double" if float in kinds else "long long" if int in kinds else "int"

    def called(self, v):
        """A new name, after that of the value, if C can write that."""
        own = v.word.strip("_")
        self.names[v] = f"{own if own.isascii() and own else 'v'}_{len(self.names)}"
        return self.names[v]

    def local(self, v, place=None):
        """The declaration of a value, which is set where it is declared."""
        return f"{self.kind(v.type, place)} {self.called(v)}"

    def name(self, v):
        """The variable of a value; that of a φ, which is set in several places, is declared at the top."""
        if v not in self.names:
            self.variables[self.called(v)] = self.kind(v.type)
        return self.names[v]

    def operand(self, o):
        if isinstance(o, ir.Value):
            return self.tapes.get(o) or self.name(o)
        value = o.value if isinstance(o, ir.Const) else None
        if not isinstance(value, (bool, int, float)):
            self.refuse(f"{o}, which is no float or int,")
        if isinstance(value, float) and not math.isfinite(value):
            return "NAN" if math.isnan(value) else "INFINITY" if value > 0 else "(-INFINITY)"
        text = repr(value if isinstance(value, float) else int(value))
        return f"({text})" if text.startswith("-") else text

    def line(self, text):
        self.lines.append("    " * self.depth + text)

    def begin(self, text):
        self.line(text)
        self.depth += 1

    def end(self):
        self.depth -= 1
        self.line("}")

    def apply(self, s):
        if s.op is ir.TAPE:
            self.tapes[s.result] = f"&{self.called(s.result)}"
        elif s.op is ir.PUSH and s.args[1] not in self.tapes:
            self.line(f"push({self.operand(s.args[0])}, {self.operand(s.args[1])});")
        elif s.op is ir.POP:
            self.line(f"{self.local(s.result)} = pop({self.operand(s.args[0])});")
        else:
            floats = self.kind(s.result.type, s.place) == "double"
            known, of_floats = FORMS.get(len(s.args), ({}, {}))
            form = known.get(s.op) or (of_floats.get(s.op) if floats else None)
            if form is None or s.kwargs:
                self.refuse(f"{s.op.__name__}()" if hasattr(s.op, "__name__") else f"{s.op}", s.place)
            value = form.format(*map(self.operand, s.args))
            self.line(f"{self.local(s.result, s.place)} = {value};")

    def closure(self, s):
        self.refuse("a pullback", s.place)

    def assign(self, target, source):
        if source in self.tapes and target not in self.tapes:
            self.tapes[target] = self.called(target)
            self.variables[self.tapes[target]] = "tape *"
        self.line(f"{self.operand(target)} = {self.operand(source)};")

    def increment(self, target):
        self.line(f"{self.name(target)}++;")

    def begin_if(self, test):
        self.begin(f"if ({self.operand(test)}) {{")

    def begin_else(self):
        self.end()
        self.begin("else {")

    def begin_range(self, s):
        start, stop, step = map(self.operand, (s.start, s.stop, s.step))
        way = "n - 1 - k" if s.backwards else "k"
        self.begin(f"for (long long k = 0, n = length({start}, {stop}, {step}); k < n; k++) {{")
        if s.body.params[0] in self.read:
            self.line(f"{self.name(s.body.params[0])} = {start} + {step} * ({way});")

    def begin_forever(self):
        self.begin("for (;;) {")

    def leave(self, test, if_true):
        self.line(f"if ({'' if if_true else '!'}({self.operand(test)})) break;")


def in_c(f, types, wrt):
    """The gradient of `f` as the text of a C file."""
    lowered = stages.lower(stages.read(f))
    typed = stages.specialize(lowered, stages.Arguments.declared(lowered, types))
    return C().function(stages.finish(stages.differentiate(typed, "grad", wrt)).function)


def compiled(text, name, folder):
    """The function of a C file, which takes the arguments in their order and gives `count` results."""
    source, library = Path(folder) / f"{name}.c", Path(folder) / f"{name}.so"
    source.write_text(text)
    subprocess.run(
        ["cc", "-std=c99", "-Wall", "-Wno-unused-but-set-variable", "-O1", "-shared", "-fPIC", "-o", library, source, "-lm"],
        check=True,
    )
    loaded = getattr(ctypes.CDLL(str(library)), name)

    def called(*args, count):
        out = (ctypes.c_double * count)()
        loaded(*[ctypes.c_longlong(a) if isinstance(a, int) else ctypes.c_double(a) for a in args], out)
        return list(out)

    return called


def pendulum(angle, speed, damping, steps):
    """Where a damped pendulum is after so many steps."""
    for _ in range(steps):
        speed = speed - 0.1 * (math.sin(angle) + damping * speed)
        angle = angle + 0.1 * speed
    return angle


def root(a, tolerance):
    """The square root, by Newton's method."""
    x = max(a, 1.0)
    while abs(x * x - a) > tolerance:
        x = 0.5 * (x + a / x)
    return x


def main():
    if shutil.which("cc") is None:
        print("there is no C compiler called cc here")
        return
    cases = (
        (pendulum, "angle: float, speed: float, damping: float, steps: int", (1.0, 0.0, 0.2, 30), ("angle", "damping")),
        (root, "a: float, tolerance: float", (7.0, 1e-12), ("a",)),
    )
    with tempfile.TemporaryDirectory() as folder:
        for f, types, args, wrt in cases:
            text = in_c(f, types, wrt)
            if f is pendulum:
                print(text.removeprefix(PRELUDE))
            found = compiled(text, f"{f.__name__}_grad", folder)(*args, count=len(wrt))
            expected = sct.grad(f, wrt)(*args)
            print(f"{f.__name__}: {found} in C, {[float(g) for g in expected]} in Python")
            np.testing.assert_allclose(found, expected, rtol=1e-12)


if __name__ == "__main__":
    main()
