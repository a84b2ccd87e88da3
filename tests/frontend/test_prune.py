"""What a rule is lowered to where not all of its adjoints are asked for."""

from collections import Counter

from sct.frontend.lower import lower
from sct.frontend.prune import giving


def adjoints(y, a, b, y_bar):
    scaled = 2.0 * y_bar
    return scaled * b, scaled - a


def checked(y, a, b, y_bar):
    if y_bar is None:
        raise ValueError("no adjoint")
    return y_bar * b, y_bar - a


def operations(function, wanted=None):
    block = lower(function).function.block
    block = block if wanted is None else giving(block, wanted)
    return Counter(getattr(s.op, "__name__", "") if hasattr(s, "op") else "if" for s in block.body)


def test_what_is_made_for_one_adjoint_alone_goes_with_it():
    assert operations(adjoints) == {"mul": 2, "sub": 1}
    assert operations(adjoints, (True, False)) == {"mul": 2}
    assert operations(adjoints, (False, True)) == {"mul": 1, "sub": 1}


def test_what_is_not_an_item_of_the_result_stays():
    assert operations(checked, (True, False)) == operations(checked)  # the result is that of a branch
    assert operations(adjoints, (True,)) == operations(adjoints)  # and this one has two items
