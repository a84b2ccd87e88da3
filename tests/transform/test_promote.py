"""Arrays that one name, and parts of it, are for, as values: functions as text, before and after."""

import pytest

from sct.ir.parser import parse
from sct.ir.printer import show
from sct.ir.rewriting import changed
from sct.transform.promote import promote

CASES = {
    "a write makes a value": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %now = load(%a)                             # float64[n]
            yield %now
        """,
        """
        def f(%x.0: float64[n]):
            %made.1 = np.negative(%x.0)                                 # float64[n]
            %a.2 = runtime.updated(%made.1, (0,), 1.0)                  # float64[n]
            yield %a.2
        """,
    ),
    "a view is taken again of the newest value": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            %v = view operator.getitem(%a, slice(1, None, None))  # float64[m]
            %0 = store runtime.scatter_add(%v, (0,), 1.0)   # None
            %now = load(%v)                             # float64[m]
            %y = np.sum(%now)                           # float64[]
            yield %y
        """,
        """
        def f(%x.0: float64[n]):
            %made.1 = np.negative(%x.0)                                 # float64[n]
            %v.2 = operator.getitem(%made.1, const slice(1, None, None))  # float64[m]
            %a.3 = runtime.scatter_add(%made.1, (const slice(1, None, None), 0), 1.0)  # float64[n]
            %v.4 = operator.getitem(%a.3, const slice(1, None, None))   # float64[m]
            %y.5 = np.sum(%v.4)                                         # float64[]
            yield %y.5
        """,
    ),
    "buffers that change places hand on what they hold": (
        """
        def f(%x: float64[n], %n: int):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            %other = np.exp(%x)                         # float64[n]
            %b = allocate(%other)                       # float64[n]
            %u, %v = for %i: int in range(0, %n, 1) [%p := %a, %q := %b]:  # float64[n], float64[n]
                %now = load(%p)                         # float64[n]
                %t = np.sin(%now)                       # float64[n]
                %0 = store runtime.updated(%q, (...,), %t)   # None
                yield %q, %p
            %last = load(%u)                            # float64[n]
            yield %last
        """,
        """
        def f(%x.0: float64[n], %n.1: int):
            %made.2 = np.negative(%x.0)                                 # float64[n]
            %other.3 = np.exp(%x.0)                                     # float64[n]
            %u.4, %v.5 = for %i.6: int in range(0, %n.1, 1) [%p.7 := %made.2, %q.8 := %other.3]:  # float64[n], float64[n]
                %t.9 = np.sin(%p.7)                                     # float64[n]
                %q.10 = runtime.updated(%q.8, (...,), %t.9)             # float64[n]
                yield %q.10, %p.7
            yield %u.4
        """,
    ),
    "a reshape of what lies in order is turned back": (
        """
        def f(%x: float64[6]):
            %made = np.zeros(6)                         # float64[6]
            %a = allocate(%made)                        # float64[6]
            %v = view np.reshape(%a, (2, 3))            # float64[2, 3]
            %0 = store runtime.updated(%v, (0,), 1.0)   # None
            %now = load(%a)                             # float64[6]
            yield %now
        """,
        """
        def f(%x.0: float64[6]):
            %made.1 = np.zeros(6)                                       # float64[6]
            %v.2 = np.reshape(%made.1, (2, 3))                          # float64[2, 3]
            %v.3 = runtime.updated(%v.2, (0,), 1.0)                     # float64[2, 3]
            %4 = np.shape(%made.1)                                      # (6,)
            %5 = np.reshape(%v.3, %4)                                   # float64[6]
            %a.6 = runtime.updated(%made.1, (...,), %5)                 # float64[6]
            yield %a.6
        """,
    ),
    "a loop and a branch that write have a φ": (
        """
        def f(%x: float64[n], %n: int):
            %made = np.negative(%x)                     # float64[n]
            %a = allocate(%made)                        # float64[n]
            for %i: int in range(0, %n, 1):
                %now = load(%a)                         # float64[n]
                %e = operator.getitem(%now, %i)         # float64[]
                %big = operator.gt(%e, 1.0)             # bool[]
                if %big:
                    %0 = store runtime.updated(%a, (%i,), 1.0)   # None
                    yield
                else:
                    yield
                yield
            %last = load(%a)                            # float64[n]
            yield %last
        """,
        """
        def f(%x.0: float64[n], %n.1: int):
            %made.2 = np.negative(%x.0)                                 # float64[n]
            %a.3 = for %i.4: int in range(0, %n.1, 1) [%a.5 := %made.2]:  # float64[n]
                %e.6 = operator.getitem(%a.5, %i.4)                     # float64[]
                %big.7 = operator.gt(%e.6, 1.0)                         # bool[]
                %a.8 = if %big.7:                                       # float64[n]
                    %a.9 = runtime.updated(%a.5, (%i.4,), 1.0)          # float64[n]
                    yield %a.9
                else:
                    yield %a.5
                yield %a.8
            yield %a.3
        """,
    ),
    "an array that a φ may stand for stays in memory": (
        """
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
        """,
        """
        def f(%x.0: float64[n], %t.1: bool):
            %made.2 = np.negative(%x.0)                                 # float64[n]
            %a.3 = allocate(%made.2)                                    # float64[n]
            %other.4 = np.exp(%x.0)                                     # float64[n]
            %b.5 = allocate(%other.4)                                   # float64[n]
            %c.6 = if %t.1:                                             # float64[n]
                yield %a.3
            else:
                yield %b.5
            %7 = store runtime.updated(%c.6, (0,), 1.0)                 # None
            %now.8 = load(%a.3)                                         # float64[n]
            yield %now.8
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_promote(before, after):
    f = parse(before)
    made = changed(f, block=promote(f.block))
    assert show(made) == show(parse(after))


def test_what_the_test_of_a_loop_writes_stays_in_memory():
    f = parse("""
        def f(%x: float64[n]):
            %made = np.negative(%x)                         # float64[n]
            %a = allocate(%made)                            # float64[n]
            %count = while:                                 # int
                %0 = store runtime.updated(%a, (0,), 1.0)   # None
                %now = load(%a)                             # float64[n]
                %e = operator.getitem(%now, 0)              # float64[]
                %less = operator.lt(%e, 1.0)                # bool[]
                yield %less
            do:
                yield
            %last = load(%a)                                # float64[n]
            yield %last
    """)
    assert promote(f.block) is f.block
