"""Passes added, dropped and reordered, as one who builds on the compiler does it."""

import operator
from dataclasses import replace

import numpy as np
import pytest
from by_stages import source_by_stages
from kernel_samples import sample

import sct
from sct import ir, stages
from sct.analysis import switches
from sct.analysis.versions import is_write
from sct.ir.rewriting import renamed


class Products(stages.Rewriter):
    """x ** 2 as x * x, on numbers and arrays."""

    def rewrite(self, s):
        if s.op is operator.pow and s.args[1] == ir.Const(2):
            return self.changed(s, operator.mul, s.args[0], s.args[0])
        return s


def squares_as_products(f):
    return Products().function(f)


def energy(x, k):
    return k * np.sum(np.sin(x) ** 2)


X = np.array([0.5, -1.0, 2.0])
ARGS = (X, 3.0)


def called(source):
    namespace = {}
    exec(source, namespace)
    return namespace["energy_value_and_grad"](*ARGS)


def code(source):
    """A text without its comments."""
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("#"))


def test_a_pass_is_added():
    passes = stages.PASSES.with_phase("primal", squares_as_products, *stages.PASSES.primal)
    source = source_by_stages(energy, ARGS, "value_and_grad", passes=passes)
    usual = source_by_stages(energy, ARGS, "value_and_grad")
    assert "sin * sin" in code(source) and "**" not in code(source) and "sin ** 2" in code(usual)
    for a, b in zip(called(source), sct.value_and_grad(energy)(*ARGS), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_pass_that_looks_and_changes_nothing():
    seen = []

    class Counted(ir.Visitor):
        def apply(self, s):
            seen[-1] += 1

    def counted(f):
        seen.append(0)
        Counted().function(f)
        return f

    passes = stages.PASSES.after("dead_code", counted, phase="recorded")
    assert source_by_stages(energy, ARGS, passes=passes) == sct.grad(energy).source_for(*ARGS)
    first, last = seen
    assert first >= last > 0


def test_passes_are_dropped():
    def product(x):
        return np.sum(np.exp(x) * np.exp(x))

    assert code(source_by_stages(product, (X,), "vjp")).count("np.exp(x)") == 1
    without = source_by_stages(product, (X,), "vjp", passes=stages.PASSES.without("subexpressions"))
    assert code(without).count("np.exp(x)") > 1
    few = stages.PASSES.without(*stages.PASSES.names).with_phase("recorded", *stages.UNOPTIMIZED.recorded)
    assert few.shapes is False and few.names == ("dead_code",)
    source = source_by_stages(energy, ARGS, "value_and_grad", passes=few)
    for a, b in zip(called(source), sct.value_and_grad(energy)(*ARGS), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("name", stages.PASSES.names)
def test_a_pass_that_is_dropped_is_one_that_is_switched_off(name):
    f, args, wrt = sample("lu")
    with switches.without(name):
        expected = sct.vjp(f, wrt).source_for(*args)
    assert source_by_stages(f, args, "vjp", wrt, stages.PASSES.without(name)) == expected


def test_passes_are_reordered():
    reverse = stages.PASSES.with_phase("reversed", *reversed(stages.PASSES.reversed))
    assert str(reverse).splitlines()[1] == (
        "reversed: dead_code, subexpressions, cancellation, constants, algebra, subexpressions, dead_code, copies"
    )
    source = source_by_stages(energy, ARGS, "value_and_grad", passes=reverse)
    for a, b in zip(called(source), sct.value_and_grad(energy)(*ARGS), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_pipeline_is_a_value():
    before = str(stages.PASSES)
    one = stages.PASSES.before("algebra", squares_as_products)
    assert one.reversed.count(squares_as_products) == one.recorded.count(squares_as_products) == 1
    assert one.before("algebra", squares_as_products) != one == stages.PASSES.before("algebra", squares_as_products)
    assert one.without("squares_as_products") == stages.PASSES and str(stages.PASSES) == before
    only = stages.PASSES.before("algebra", squares_as_products, phase="reversed")
    assert only.recorded == stages.PASSES.recorded and only.reversed.index(squares_as_products) == 3


def test_steps_of_checkpointed_loops_have_these_passes_too():
    def settled(x, n):
        for _ in sct.checkpointed(range(n), slots=2):
            x = x - 0.1 * x**2
        return np.sum(x)

    passes = stages.PASSES.with_phase("primal", squares_as_products, *stages.PASSES.primal)
    assert "x * x" in source_by_stages(settled, (X, 5), passes=passes)


# -- what is wrong -------------------------------------------------------------------------------------------------------------


def nothing(f):
    """Forgets to return."""


def out_of_scope(f):
    """Drops statements that are read."""
    return replace(f, block=f.block.with_(body=f.block.body[-1:]))


def twice(f):
    return replace(f, block=f.block.with_(body=(*f.block.body, *f.block.body)))


def anew(f):
    """Makes the outer block anew, which the reverse sweep goes by."""
    return replace(f, block=ir.Block(f.block.params, f.block.body, f.block.yields))


def other_parameters(f):
    return replace(f, block=f.block.with_(params=[ir.Value(p.type, p.name) for p in f.block.params]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (nothing, "the pass nothing gave NoneType, not a Function"),
        (out_of_scope, r"the pass out_of_scope made a function that is not well formed: %\S+ is used out of its scope"),
        (twice, r"the pass twice made a function that is not well formed: %\S+ is defined twice"),
        (anew, "the pass anew gave a function of other parameters, or of another block"),
        (other_parameters, "the pass other_parameters gave a function of other parameters"),
    ],
)
@pytest.mark.parametrize("phase", stages.PASSES.phases)
def test_a_wrong_pass_is_named(wrong, said, phase):
    passes = stages.PASSES.with_phase(phase, *stages.PASSES.phases[phase], wrong)
    with pytest.raises(stages.PassError, match=said):
        source_by_stages(energy, ARGS, "jvp" if phase == "pushed" else "grad", passes=passes)


def test_the_error_shows_the_function():
    with pytest.raises(stages.PassError) as raised:
        source_by_stages(energy, ARGS, passes=stages.PASSES.with_phase("primal", out_of_scope))
    assert "\ndef energy(%x." in str(raised.value) and "-->" in str(raised.value)


def looped(x, n):
    u = np.zeros(3)
    for _ in range(n):
        x = np.sin(x)
        if np.sum(x) > 0.5:
            u[1:] = u[1:] * x[1:] + x[:2]
    return np.sum(x * u)


def map_values(f, replaced):
    """A function with some of its values replaced by new ones, where they are made and where they are read."""
    return replace(f, block=renamed(f.block, {v: ir.Value(v.type, v.name, v.hint) for v in replaced}))


def bodies_anew(f):
    def made(s):
        return replace(s, body=ir.Block(s.body.params, s.body.body, s.body.yields)) if isinstance(s, ir.For) else s

    return replace(f, block=f.block.with_(map(made, f.block.body)))


def carried_anew(f):
    return map_values(f, [p for s in f.block.body if isinstance(s, ir.For) for p in s.body.params])


def results_anew(f):
    return map_values(f, [r for s in f.block.body if s.blocks for r in s.results])


def writes_anew(f):
    return map_values(f, [s.result for b in ir.blocks_in(f.block) for s in b.body if is_write(s)])


@pytest.mark.parametrize("wrong", [bodies_anew, carried_anew, results_anew, writes_anew])
def test_what_is_recorded_goes_by_blocks_and_values(wrong):
    passes = stages.PASSES.after("copies", wrong, phase="reversed")
    with pytest.raises(stages.PassError, match=f"{wrong.__name__} made new blocks, or new values of branches") as raised:
        source_by_stages(looped, (X, 4), passes=passes)
    assert "run the pass in another phase" in raised.value.advice
    for phase in ("primal", "recorded"):
        passes = stages.PASSES.after("copies", wrong, phase=phase)
        assert source_by_stages(looped, (X, 4), passes=passes) == sct.grad(looped).source_for(X, 4)


class Cubes(stages.Rewriter):
    """x ** 3 as x * x * x, which takes a further statement."""

    def rewrite(self, s):
        if s.op is not operator.pow or s.args[1] != ir.Const(3):
            return s
        square = replace(s, op=operator.mul, args=(s.args[0], s.args[0]), result=ir.Value(s.result.type))
        self.keep(square)
        return self.changed(s, operator.mul, square.result, s.args[0])


@pytest.mark.parametrize("phase", ["primal", "reversed", "recorded"])
def test_a_pass_may_add_statements(phase):
    def cubes(x, n):
        for _ in range(n):
            x = 0.5 * x**3 + x
        return np.sum(x**3)

    def products(f):
        return Cubes().function(f)

    passes = stages.PASSES.before("copies", products, phase=phase)
    source = source_by_stages(cubes, (X, 3), passes=passes)
    assert "** 3" not in code(source)
    namespace = {}
    exec(source, namespace)
    np.testing.assert_allclose(namespace["cubes_grad"](X, 3), sct.grad(cubes)(X, 3), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: p.without("cse"), "there is no pass 'cse'; there is: copies, dead_code, "),
        (lambda p: p.after("cse", nothing), "there is no pass 'cse'; there is: copies"),
        (lambda p: p.after("buffers", nothing, phase="owned"), "no pass 'buffers' in the phase owned; there is: fills, signs"),
        (lambda p: p.before("algebra", nothing, phase="last"), "there is no phase 'last'; there is: primal, reversed"),
        (lambda p: p.with_phase("last"), "there is no phase 'last'"),
    ],
)
def test_what_there_is_not(make, said):
    with pytest.raises(ValueError, match=said):
        make(stages.PASSES)
