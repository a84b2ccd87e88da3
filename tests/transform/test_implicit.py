"""Loads and allocations as names, or as copies where a value is needed after a write: functions as text, before and after."""

import pytest

from sct.ir.parser import parse
from sct.ir.printer import show
from sct.transform.implicit import implicit

CASES = {
    "a load is the array that it is of": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)
            %a = allocate(%made)                    # float64[n]
            %now = load(%a)                         # float64[n]
            %y = np.sin(%now)                       # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            yield %y
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %y.2 = np.sin(%a.1)                     # float64[n]
            %3 = store runtime.updated(%a.1, (0,), 1.0)     # None
            yield %y.2
        """,
    ),
    "what is needed after a write is a copy": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %now = load(%a)                         # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %y = np.sin(%now)                       # float64[n]
            yield (%y, %now)
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %now.2 = np.array(%a.1)                 # float64[n]
            %3 = store runtime.updated(%a.1, (0,), 1.0)     # None
            %y.4 = np.sin(%now.2)                   # float64[n]
            yield (%y.4, %now.2)
        """,
    ),
    "what one new value is computed from needs no copy": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %now = load(%a)                         # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %y = np.sin(%now)                       # float64[n]
            yield %y
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %y.2 = np.sin(%a.1)                     # float64[n]
            %3 = store runtime.updated(%a.1, (0,), 1.0)     # None
            yield %y.2
        """,
    ),
    "a value that is computed from what comes after the write stays there": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %now = load(%a)                         # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %next = load(%a)                        # float64[n]
            %z = np.cos(%next)                      # float64[n]
            %y = operator.mul(%now, %z)             # float64[n]
            yield %y
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %now.2 = np.array(%a.1)                 # float64[n]
            %3 = store runtime.updated(%a.1, (0,), 1.0)     # None
            %z.4 = np.cos(%a.1)                     # float64[n]
            %y.5 = operator.mul(%now.2, %z.4)       # float64[n]
            yield %y.5
        """,
    ),
    "a view of what was loaded is needed as it was, too": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %now = load(%a)                         # float64[n]
            %part = operator.getitem(%now, 1::)     # float64[n - 1]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            yield %part
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %now.2 = np.array(%a.1)                 # float64[n]
            %part.3 = operator.getitem(%now.2, 1::) # float64[n - 1]
            %4 = store runtime.updated(%a.1, (0,), 1.0)     # None
            yield %part.3
        """,
    ),
    "a form is not what is in it": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %now = load(%a)                         # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %y = np.zeros_like(%now)                # float64[n]
            yield %y
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %2 = store runtime.updated(%a.1, (0,), 1.0)     # None
            %y.3 = np.zeros_like(%a.1)              # float64[n]
            yield %y.3
        """,
    ),
    "two arrays of one value are two": (
        """
        def f(%x: float64[n]):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %b = allocate(%made)                    # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %1 = load(%a)                           # float64[n]
            %2 = load(%b)                           # float64[n]
            yield (%1, %2)
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.negative(%x.0)                # float64[n]
            %b.2 = np.array(%a.1)                   # float64[n]
            %3 = store runtime.updated(%a.1, (0,), 1.0)     # None
            yield (%a.1, %b.2)
        """,
    ),
    "an array that is somebody else's is copied": (
        """
        def f(%x: float64[n]):
            %a = allocate(%x)                       # float64[n]
            %0 = store runtime.updated(%a, (0,), 1.0)   # None
            %1 = load(%a)                           # float64[n]
            yield %1
        """,
        """
        def f(%x.0: float64[n]):
            %a.1 = np.array(%x.0)                   # float64[n]
            %2 = store runtime.updated(%a.1, (0,), 1.0)     # None
            yield %a.1
        """,
    ),
    "a write by another name is one": (
        """
        def f(%x: float64[n], %k: int):
            %made = np.negative(%x)                 # float64[n]
            %a = allocate(%made)                    # float64[n]
            %other = np.positive(%x)                # float64[n]
            %b = allocate(%other)                   # float64[n]
            %now = load(%a)                         # float64[n]
            %c = if %k:                             # float64[n]
                yield %a
            else:
                yield %b
            %0 = store runtime.updated(%c, (0,), 1.0)   # None
            %y = np.sin(%now)                       # float64[n]
            yield (%y, %now)
        """,
        """
        def f(%x.0: float64[n], %k.1: int):
            %a.2 = np.negative(%x.0)                # float64[n]
            %b.3 = np.positive(%x.0)                # float64[n]
            %now.4 = np.array(%a.2)                 # float64[n]
            %c.5 = if %k.1:                         # float64[n]
                yield %a.2
            else:
                yield %b.3
            %6 = store runtime.updated(%c.5, (0,), 1.0)     # None
            %y.7 = np.sin(%now.4)                   # float64[n]
            yield (%y.7, %now.4)
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_implicit(before, after):
    assert show(implicit(parse(before))) == show(parse(after))
