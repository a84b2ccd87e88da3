"""Trees as text: parsed again, the text is the tree that it was printed from."""

import ast
import random

import numpy as np
import pytest

import sct
from sct.backend.python.expressions import constant
from sct.backend.python.printing import Comment
from sct.backend.python.printing import lines as printed
from sct.backend.python.symbols import Symbols

BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.BitOr, ast.BitAnd, ast.BitXor)
READ = ast.Load()


def lines(body):
    """The lines of statements."""
    return [line for line, _ in printed(body)]


class Trees:
    """Random expressions and statements of all the kinds that are printed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def leaf(self):
        value = self.random.choice(("a", "b", 1, 2.5, 3j, "s", b"x", None, True, ...))
        return ast.Name(value, READ) if value in ("a", "b") else ast.Constant(value)

    def expression(self, depth: int):
        if not depth:
            return self.leaf()
        made, e = self.random.choice, lambda: self.expression(depth - self.random.choice((1, 1, depth)))
        kinds = (
            lambda: ast.BinOp(e(), made((*BINARY, ast.LShift, ast.RShift))(), e()),
            lambda: ast.BinOp(ast.UnaryOp(ast.USub(), e()), ast.Pow(), e()),
            lambda: ast.UnaryOp(made((ast.USub, ast.UAdd, ast.Not, ast.Invert))(), e()),
            lambda: ast.BoolOp(made((ast.And, ast.Or))(), [e(), e(), e()]),
            lambda: ast.Compare(e(), [made((ast.Lt, ast.In, ast.Is, ast.NotIn, ast.IsNot, ast.Eq))()] * 2, [e(), e()]),
            lambda: ast.Call(e(), made(([], [e()], [e(), e()])), made(([], [ast.keyword("k", e())]))),
            lambda: ast.IfExp(e(), e(), e()),
            lambda: ast.NamedExpr(ast.Name("n", ast.Store()), e()),
            lambda: ast.Attribute(e(), "x", READ),
            lambda: ast.Subscript(e(), made((e(), ast.Slice(e(), None, e()), ast.Tuple([e(), ast.Slice()], READ))), READ),
            lambda: ast.Tuple(made(([], [e()], [e(), e()])), READ),
            lambda: ast.List([e(), e()], READ),
            lambda: ast.Dict([e()], [e()]),
            lambda: ast.ListComp(e(), [ast.comprehension(ast.Name("v", ast.Store()), e(), [], 0)]),
        )
        return made(kinds)()

    def statement(self):
        e, target = self.expression(self.random.randrange(1, 4)), ast.Name("t", ast.Store())
        kinds = (
            lambda: ast.Assign([target], e),
            lambda: ast.AugAssign(target, ast.FloorDiv(), e),
            lambda: ast.If(e, [ast.Pass()], [ast.If(e, [ast.Pass()], [ast.Pass()])]),
            lambda: ast.For(target, e, [ast.Continue()], []),
            lambda: ast.While(e, [ast.Break()], []),
            lambda: ast.Assert(e, e),
            lambda: ast.Raise(e, e),
            lambda: ast.Return(e),
        )
        return self.random.choice(kinds)()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_printed_is_parsed_as_the_same_tree(seed):
    trees = Trees(seed)
    for _ in range(300):
        made = trees.statement()
        body = [ast.FunctionDef("f", ast.arguments([], [], None, [], [], None, []), [made], [])]
        (again,) = ast.parse("\n".join(lines(body))).body[0].body
        assert ast.unparse(again) == ast.unparse(ast.fix_missing_locations(made)), list(lines([made]))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("""return f'say "{x[a]}" it is {y!r:>{n}}'""", None),
        ("return [a for a in b if a if not c for d in a]", None),
        ("return (a,)", "return (a,)"),
        ("return a, b", "return a, b"),
        ("return 1e309", None),
    ],
)
def test_a_statement(text, printed):
    (found,) = lines(ast.parse(text).body)
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(text))
    assert printed in (None, found)


def test_a_format_a_comment_and_a_docstring():
    parts = [ast.Constant("{x} = "), ast.FormattedValue(ast.Name("x", READ), ord("r"), ast.JoinedStr([ast.Constant(">4")]))]
    body = [ast.Expr(ast.Constant('It says "so"')), Comment("why"), ast.Return(ast.JoinedStr(parts))]
    assert list(lines(body)) == ['"""It says "so\\""""', "# why", "return f'{{x}} = {x!r:>4}'"]


def test_a_negative_imaginary_number_is_raised_to_a_power_as_a_whole():
    def f(x, z):
        return np.sum(((-1j) ** 2 * x * (-2j) ** z).real)

    x, z = np.array([1.0, 2.0]), np.array([1.5, 0.5])
    assert np.allclose(sct.grad(f)(x, z), ((-1j) ** 2 * (-2j) ** z).real)


def test_an_infinite_imaginary_number_has_no_name_of_its_own():
    def f(x):
        return np.sum(x * np.isinf(np.abs(x * complex(1.0, np.inf))))

    with np.errstate(invalid="ignore"):
        assert np.allclose(sct.grad(f)(np.array([1.0, 2.0])), 1.0)


@pytest.mark.parametrize("text", ['Says "so"', 'Says """so"""', '"""', "a \\ b", "it's"])
def test_a_docstring_is_what_it_was(text):
    (line,) = lines([ast.Expr(ast.Constant(text))])
    assert ast.literal_eval(line) == text


def test_zeros_in_complex_constants_keep_their_signs():
    def f(x):
        c = (-1j).conjugate()
        return np.sum(np.real(1j * np.sqrt((-1 + 0j).conjugate())) * x), c

    value, gradient = sct.vjp(f)(np.array([0.3, 1.0]), (1.0, 0j))
    assert repr(value[1]) == repr((-1j).conjugate())
    assert value[0] == 1.3
    assert gradient.tolist() == [1.0, 1.0]


SIGNED = [complex(a, b) for a in (0.0, -0.0, 1.5, -1.5) for b in (0.0, -0.0, 2.0, -2.0, np.inf, -np.inf)]


@pytest.mark.parametrize("z", SIGNED)
def test_a_complex_constant(z):
    written = lines([ast.Return(constant(z, Symbols()))])
    assert repr(eval(next(iter(written)).removeprefix("return "), {"complex": complex, "np": np})) == repr(z)
