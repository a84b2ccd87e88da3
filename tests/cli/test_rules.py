"""`sct rules`: the functions that have a rule."""

import json

import pytest


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (
            "arctan2",
            "np.arctan2, np.atan2  elementwise  y = arg(x₂ + i x₁): x̄₁ = ȳ x₂ / r², x̄₂ = −ȳ x₁ / r², and 0 at the origin.",
        ),
        (
            "np.atan2",
            "np.arctan2, np.atan2  elementwise  y = arg(x₂ + i x₁): x̄₁ = ȳ x₂ / r², x̄₂ = −ȳ x₁ / r², and 0 at the origin.",
        ),
        ("math.log?p", "math.log1p  elementwise  d / (1.0 + x)"),
        ("numpy.linalg.inv*", "np.linalg.inv  other  X = A⁻¹: Ā = -Xᵀ X̄ Xᵀ (Giles 2008, 2.2.3)."),
        ("searchsorted", "np.searchsorted  constant"),
        ("logging.info", "logging.info  constant"),
    ],
)
def test_rules_by_their_names(sct, pattern, expected):
    done = sct("rules", pattern)
    assert done.exit_code == 0
    rows = [" ".join(row.split()) for row in done.stdout.splitlines()]
    assert rows == ["function kind derivative", " ".join(expected.split())]


def test_all_rules(sct):
    found = json.loads(sct("rules", "--json").stdout)
    assert len(found) == len(sct("rules").stdout.splitlines()) - 1 > 300
    kinds = {name: row["kind"] for row in found for name in row["names"]}
    assert kinds["np.sum"] == "reduction" and kinds["np.argmax"] == "constant" and kinds["operator.matmul"] == "product"
    assert not [name for name in kinds if name.startswith("sct")]


def test_a_function_without_a_rule(sct):
    done = sct("rules", "np.tofile")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: no function called np.tofile has a rule\n")
