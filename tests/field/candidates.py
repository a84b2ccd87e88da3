"""Which functions of a repository are numerical, by what is written in them.

Takes the folder of a checkout; gives the names of functions. Never imports or runs anything of it. A candidate is

- a function of a module or a method of one of its classes, outside tests, documentation and what others wrote;
- with a parameter, and a `return` of something else than a constant, `self` or a comparison;
- with at least three arithmetic operations (operators, or calls of NumPy's and math's functions), of which at least two read a
  parameter, a field of `self`, or what was assigned from them;
- without random numbers, files, screens, plots, other frameworks' tensors or tables, `yield` and `await`;
- not declared to return something that is no number or array.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

Function = ast.FunctionDef

FOLDERS = {"test", "tests", "testing", "doc", "docs", "build", "extern", "externals", "vendor", "_vendor", "third_party"}
FILES = {"setup.py", "conftest.py", "versioneer.py", "_version.py"}
NUMERICAL = {"np", "numpy", "math", "cmath"}
OUTSIDE = {
    *("torch", "tf", "tensorflow", "keras", "jax", "jnp", "theano", "T", "cupy", "cp", "mx"),
    *("plt", "matplotlib", "pylab", "ax", "axes", "fig", "cv2", "pygame", "tkinter", "turtle", "plotly", "go"),
    *("pd", "pandas", "df", "sympy", "sym", "casadi", "ca", "pybamm", "u", "units"),
    *("open", "input", "os", "sys", "subprocess", "socket", "requests", "urllib", "json", "pickle"),
    *("random", "rng", "default_rng", "RandomState", "rand", "randn", "randint", "random_state", "check_random_state"),
}
RETURNED = {"bool", "int", "str", "None", "bytes", "dict", "DataFrame", "Series", "pd", "plt", "Figure", "Axes", "NoReturn"}
SPECIAL = {f"__{name}__" for name in ("call", "add", "sub", "mul", "rmul", "truediv", "matmul", "pow", "neg", "abs")}
NOT_SO_NAMED = ("test", "plot", "show", "main", "print", "draw")
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult)


def candidates(checkout: Path) -> list[str]:
    """The candidates of a repository as `path qualified.name`, in the order of their paths."""
    found = []
    for path in sorted(checkout.rglob("*.py")):
        inside = path.relative_to(checkout)
        if FOLDERS & set(inside.parts[:-1]) or inside.name in FILES or inside.name.startswith("test"):
            continue
        if inside.name.endswith("_test.py"):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            continue
        names = (name for name, function in _functions(tree) if _numerical(function, "." in name))
        found += [f"{inside.as_posix()} {name}" for name in dict.fromkeys(names)]
    return found


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{m.name}", m) for m in node.body if isinstance(m, Function))


def _numerical(function: Function, method: bool) -> bool:
    name = function.name
    if (name.startswith("__") and name not in SPECIAL) or name.lower().startswith(NOT_SO_NAMED):
        return False
    own = list(_own(function))
    if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in own):
        return False
    if any(_name(n) in OUTSIDE for n in own if isinstance(n, (ast.Name, ast.Attribute))):
        return False
    if function.returns is not None and {_name(n) for n in ast.walk(function.returns)} & RETURNED:
        return False
    if not any(isinstance(n, ast.Return) and _is_value(n.value) for n in own):
        return False
    reached = {a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    if not reached - {"cls"}:
        return False
    for n in own:  # in the order of the text
        if isinstance(n, ast.Assign) and _reads(n.value, reached):
            reached |= {t.id for target in n.targets for t in ast.walk(target) if isinstance(t, ast.Name)}
    done = [n for n in own if _is_arithmetic(n)]
    return len(done) >= 3 and sum(_reads(n, reached) for n in done) >= 2


def _own(function: Function) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)


def _name(node: ast.AST | None) -> str:
    """The name of a variable or of what an attribute is of; of a constant, its text."""
    while isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id in NUMERICAL:
            return node.attr  # np.random is random
        node = node.value
    if isinstance(node, ast.Name):
        return node.id
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _is_value(value: ast.expr | None) -> bool:
    constant = value is None or isinstance(value, (ast.Constant, ast.Compare, ast.JoinedStr))
    return not constant and not (isinstance(value, ast.Name) and value.id == "self")


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        constants = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
        text = any(isinstance(n, ast.JoinedStr) for n in ast.walk(node)) or any(isinstance(c, str) for c in constants)
        return isinstance(node.op, OPERATORS) and not text
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, OPERATORS)
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in NUMERICAL


def _reads(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))
