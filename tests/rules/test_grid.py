"""An eightieth of the grid of all rules: the first sample of each function in variants. With `--grid 8`, as CI has it, a tenth;
`python -m tests.grid` runs all.
"""

import pytest
from grid import outcomes
from rule_samples import label, samples

_FIRST = {}
for _function, _args, _keywords in samples():
    if not label(_function).startswith("sct."):
        _FIRST.setdefault(_function, (_args, _keywords))


@pytest.mark.grid(of=16, each=False)
@pytest.mark.parametrize("function", _FIRST, ids=label)
def test_variants(function):
    assert [o for o in outcomes(function, *_FIRST[function], of=10) if o.kind == "wrong"] == []
