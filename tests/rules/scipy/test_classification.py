"""Every function of SciPy's areas that there are rules for is differentiated, constant, or refused with a reason."""

import pytest
from coverage_page import AREAS, names_of
from scipy import special

import sct
from sct.cli.coverage import kind_of_coverage
from sct.registry.others import areas_of
from sct.registry.refusals import reason_for


def test_all_areas_are_on_the_page():
    assert {".".join(module.__name__.split(".")[:2]) for module in AREAS} == set(areas_of("scipy"))


@pytest.mark.parametrize("module", AREAS, ids=lambda m: m.__name__)
def test_every_function_is_classified(module):
    functions = names_of(module)
    assert functions
    assert [name for name, f in functions.items() if kind_of_coverage(f) is None] == []


@pytest.mark.parametrize("transform", [sct.grad, sct.jvp])
def test_the_reason_is_told_by_the_true_name(transform):
    with pytest.raises(sct.NoRuleError) as caught:
        transform(lambda x: special.kolmogorov(x))(1.5, *[1.0] * (transform is sct.jvp))
    assert caught.value.message.startswith("scipy.special.kolmogorov has no derivative rule")
    assert caught.value.advice == reason_for(special.kolmogorov)
