"""The stages one by one: what comes out at the end is what the transforms give, for whatever the compiler takes.

Of the kernels tests/kernels compares it.
"""

import ast
import functools
import inspect
from dataclasses import replace

import numpy as np
import pytest
from by_stages import source_by_stages
from kernel_samples import sample

import sct
from sct import stages


@pytest.mark.parametrize("transform", [name for name in stages.MODES if hasattr(sct, name) and name != "compile"])
def test_transforms(transform):
    def f(x, y):
        return np.sin(x) * y

    args = (0.5, 2.0)
    assert source_by_stages(f, args, transform, ("y",)) == getattr(sct, transform)(f, ("y",)).source_for(*args)


def test_a_function_as_it_is():
    def f(x):
        x[0] = np.sum(x)

    args = (np.ones(3),)
    assert source_by_stages(f, args, "compile") == sct.compile(f).source_for(*args)


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x, power=2):
        return np.sum(self.factor * x**power)

    def cubed(self, x):
        return np.sum(self.factor * x**3)


def total(*parts, weight=1.0):
    return weight * sum(np.sum(p * p) for p in parts)


def factorial(x, n):
    return x if n == 0 else n * x * factorial(x, n - 1)


def settled(x, n):
    for _ in sct.checkpointed(range(n), slots=3):
        x = x - 0.1 * np.sin(x)
    return np.sum(x)


def logged(function):
    @functools.wraps(function)
    def called(*args, **kwargs):
        return function(*args, **kwargs)

    return called


@logged
def behind(x, y):
    return np.sum(x * y)


X = np.array([1.0, 2.0])
TAKEN = {
    "a method": (Scale(3.0).cubed, (X,), {}),
    "a callable instance": (Scale(3.0), (X, 4), {}),
    "a partial": (functools.partial(total, weight=3.0), (), {}),
    "a lambda": (lambda x: np.sum(x**2), (X,), {}),
    "a function with a rule": (np.sum, (X,), {}),
    "a function of scalars with a rule": (np.sin, (0.5,), {}),
    "a recursive function": (factorial, (2.0, 4), {}),
    "a checkpointed loop": (settled, (X, 20), {}),
    "a decorated function": (behind, (X, X), {}),
    "defaults, and keywords": (Scale(3.0), (X,), {"power": 3}),
}


@pytest.mark.parametrize("what", [what for what in TAKEN if what != "a partial"])
def test_whatever_the_compiler_takes(what):
    f, args, kwargs = TAKEN[what]
    assert source_by_stages(f, args, kwargs=kwargs) == sct.grad(f).source_for(*args, **kwargs)


def test_a_partial():
    def f(x, y, weight):
        return weight * np.sum(x * y)

    third = functools.partial(f, X, weight=3.0)
    assert source_by_stages(third, (X,), wrt="y") == sct.grad(third, "y").source_for(X)
    assert source_by_stages(third, (X,), wrt=0) == sct.grad(third).source_for(X)


def test_a_derivative_is_differentiated_again():
    def power(x, n):
        y = 1.0
        for _ in range(n):
            y = y * x
        return y

    lowered = stages.lower(stages.read(power))
    arguments = stages.Arguments.like(lowered, 2.0, 5)
    first = stages.differentiate(stages.specialize(lowered, arguments))
    second = stages.differentiate(stages.specialize(first, arguments))
    assert stages.to_text(stages.to_tree(second)).source == sct.grad(sct.grad(power)).source_for(2.0, 5)
    with pytest.raises(sct.errors.CallError, match="a derivative is made for types") as raised:
        stages.read(sct.grad(power))
    assert "specialize what comes out" in raised.value.advice


def pair(a, b):
    return np.sum(a + b)


def ends(u, n):
    return np.sum(u[1:-1] * u[:n])


def test_sizes_are_relied_on_only_where_they_are_known():
    lowered = stages.lower(stages.read(ends))
    arguments = stages.Arguments.like(lowered, np.ones(5), 3)
    derivative = stages.differentiate(stages.specialize(lowered, arguments))
    assert stages.to_text(stages.to_tree(derivative)).source == sct.grad(ends).source_for(np.ones(5), 3)
    assert derivative.facts and arguments.meet(derivative.facts)
    assert stages.Arguments.like(lowered, np.ones(6), 4).meet(derivative.facts)
    assert not stages.Arguments.like(lowered, np.ones(3), 3).meet(derivative.facts)
    declared = stages.specialize(lowered, stages.Arguments.declared(lowered, "u: f8[k], n: int"))
    assert stages.differentiate(declared).facts == ()
    assert not stages.Arguments.declared(lowered, "u: f8[k], n: int").meet(derivative.facts)


def test_annotations_and_defaults():
    def f(x: float, n: int = 3, y=2.0):
        return x * n * y

    lowered = stages.lower(stages.read(f))
    typed = stages.specialize(lowered, stages.Arguments.annotated(lowered))
    assert [str(p.type) for p in typed.function.block.params] == ["float", "int=n", "float"]
    derivative = stages.differentiate(typed)
    assert stages.to_text(stages.to_tree(derivative)).source == sct.grad(f).source


def test_stages_give_the_same_again():
    """No stage changes what it was given, or remembers it."""
    f, args, wrt = sample("lstm")
    source = stages.read(f)
    lowered = stages.lower(source)
    arguments = stages.Arguments.like(lowered, *args)
    texts = []
    for _ in range(2):
        typed = stages.specialize(lowered, arguments)
        before = repr(typed.function)
        for _ in range(2):
            derivative = stages.differentiate(typed, "vjp", wrt)
            tree = stages.to_tree(derivative)
            texts += [stages.to_text(tree).source, stages.to_text(tree).source]
        assert repr(typed.function) == before
    assert set(texts) == {sct.vjp(f, wrt).source_for(*args)}


def test_finishing_twice_is_finishing_once():
    lowered = stages.lower(stages.read(settled))
    typed = stages.specialize(lowered, stages.Arguments.like(lowered, X, 20))
    derivative = stages.differentiate(typed)
    finished = stages.finish(derivative)
    assert finished.function is not derivative.function
    for d in (derivative, finished, stages.finish(finished)):
        assert stages.to_text(stages.to_tree(d)).source == sct.grad(settled).source_for(X, 20)


def test_the_tree_of_a_source_may_be_another():
    """Who changes the tree before it is lowered gets what that says."""

    def f(x):
        return np.sum(x) + 1.0

    class Doubled(ast.NodeTransformer):
        def visit_Return(self, node):
            return ast.copy_location(ast.Return(ast.BinOp(node.value, ast.Mult(), node.value)), node)

    source = stages.read(f)
    tree = ast.fix_missing_locations(Doubled().visit(ast.parse(ast.unparse(source.tree)).body[0]))
    lowered = stages.lower(replace(source, written=replace(source.written, node=tree)))
    typed = stages.specialize(lowered, stages.Arguments.like(lowered, X))
    text = stages.to_text(stages.to_tree(stages.differentiate(typed)))
    namespace = dict(text.bound)
    exec(text.source, namespace)
    np.testing.assert_allclose(namespace["f_grad"](X), 2.0 * (3.0 + 1.0) * np.ones(2))


def test_what_was_read():
    source = stages.read(behind)
    assert list(source.signature.parameters) == ["x", "y"] and source.text == "" and source.tree is None
    source = stages.read(Scale(3.0))
    assert source.text.startswith("def __call__(self, x, power=2):\n    return") and isinstance(source.tree, ast.FunctionDef)
    assert list(source.signature.parameters) == ["x", "power"] and source.args[0].factor == 3.0
    assert stages.read(pair).text == inspect.getsource(pair)
    assert stages.read(TAKEN["a lambda"][0]).text == "lambda x: np.sum(x**2)"


def test_a_tree_is_a_module_of_python():
    lowered = stages.lower(stages.read(pair))
    typed = stages.specialize(lowered, stages.Arguments.like(lowered, X, X))
    tree = stages.to_tree(stages.differentiate(typed, "value_and_grad"))
    assert (tree.name, tree.imports) == ("pair_value_and_grad", ("import numpy as np",))
    (function,) = tree.functions
    assert isinstance(function, ast.FunctionDef) and function.name == tree.name
    assert ast.dump(ast.parse(ast.unparse(tree.module))) == ast.dump(ast.parse(stages.to_text(tree).source))
    namespace = dict(tree.bound)
    exec(compile(tree.module, "<tree>", "exec"), namespace)
    value, gradient = namespace[tree.name](X, X)
    assert value == 6.0 and gradient.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda low, typed: stages.Arguments.like(low, X), "missing a required argument: 'b'"),
        (lambda low, typed: stages.Arguments.declared(low, "a: f8[n]"), "says nothing of b"),
        (lambda low, typed: stages.differentiate(typed, "jacobians"), "there is no transform 'jacobians'"),
        (lambda low, typed: stages.differentiate(typed, wrt="c"), "wrt='c' is not a parameter of pair"),
        (lambda low, typed: stages.read(open), "is not a function written in Python"),
    ],
)
def test_bad_input(call, said):
    low = stages.lower(stages.read(pair))
    typed = stages.specialize(low, stages.Arguments.like(low, X, X))
    with pytest.raises(sct.SctError, match=said):
        call(low, typed)
