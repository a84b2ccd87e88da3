"""Shadows of arrays that are written into: made where a φ hands them on, and left to the reverse sweep otherwise."""

import operator

import numpy as np

from sct import runtime
from sct.ir.ops import ALLOCATE, View
from sct.ir.parser import parse
from sct.ir.printer import show
from sct.ir.rewriting import changed
from sct.ir.ssa import blocks_in
from sct.ir.types import Const
from sct.transform.shadows import shadows


def with_shadows(text):
    f = parse(text)
    values = {v for b in blocks_in(f.block) for v in (*b.params, *(r for s in b.body for r in s.results))}
    made = shadows(f.block, {v for v in values if "float64" in str(v.type)})
    return changed(f, block=made.block), made


def test_a_branch_hands_on_the_shadow_of_what_it_hands_on():
    made, _ = with_shadows("""
        def f(%x: float64[n], %t: bool):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            %other = np.exp(%x)                         # float64[n]
            %b = allocate(%other)                       # float64[n]
            %c = if %t:                                 # float64[n]
                yield %a
            else:
                yield %b
            %0 = store runtime.updated(%c, (0,), 1.0)   # None
            %now = load(%a)                             # float64[n]
            yield %now
    """)
    assert show(made) == show(
        parse("""
        def f(%x: float64[n], %t: bool):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            %~zeros.1 = np.zeros_like(%a)               # float64[n]
            %a_bar = allocate(%~zeros.1)                # float64[n]
            %other = np.exp(%x)                         # float64[n]
            %b = allocate(%other)                       # float64[n]
            %~zeros.2 = np.zeros_like(%b)               # float64[n]
            %b_bar = allocate(%~zeros.2)                # float64[n]
            %c, %c_bar = if %t:                         # float64[n], float64[n]
                yield %a, %a_bar
            else:
                yield %b, %b_bar
            %0 = store runtime.updated(%c, (0,), 1.0)   # None
            %now = load(%a)                             # float64[n]
            yield %now
    """)
    )


def test_what_only_the_reverse_sweep_asks_for_is_left_to_it():
    made, found = with_shadows("""
        def f(%x: float64[n]):
            %made = np.negative(%x)                                 # float64[n]
            %a = allocate(%made)                                    # float64[n]
            %v = view operator.getitem(%a, const slice(1, None))    # float64[m]
            %0 = store runtime.scatter_add(%v, (0,), 1.0)           # None
            %now = load(%v)                                         # float64[m]
            %e = operator.getitem(%now, 2)                          # float64[]
            yield %e
    """)
    (late,) = found.late.values()
    assert [s.op for s in late] == [np.zeros_like, ALLOCATE, View(operator.getitem)]
    assert not set(found.of.values()) & {r for s in made.block.body for r in s.results}
    ((read, place),) = found.reads.items()
    assert (read.name, place.array.name) == ("e", "v")


def test_a_part_that_was_written_into_since_is_no_part_of_what_lies_there():
    _, found = with_shadows("""
        def f(%x: float64[n]):
            %made = np.negative(%x)                         # float64[n]
            %a = allocate(%made)                            # float64[n]
            %now = load(%a)                                 # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)       # None
            %e = operator.getitem(%now, 0)                  # float64[]
            yield %e
    """)
    assert not found.reads


def test_a_number_that_may_be_an_array_has_a_place():
    made, _ = with_shadows("""
        def f(%x: float64[n], %t: bool):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            %c = if %t:                                 # perhaps boxed float64[...]|float
                yield %a
            else:
                yield 0.0
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %now = load(%c)                             # perhaps boxed float64[...]|float
            yield %now
    """)
    choice = next(s for s in made.block.body if s.blocks)
    place, zeros, shadow = choice.orelse.body
    assert (place.op, place.args, zeros.op, shadow.op) == (ALLOCATE, (Const(0.0),), runtime.place_for, ALLOCATE)
    assert choice.orelse.yields == (place.result, shadow.result)
