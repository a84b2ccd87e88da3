"""What examples come to that need nothing but SciPy; the others need what the extra `examples` has, and are run by hand."""

import runpy
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "examples"


def rows(text):
    """The calls, the steps and the rest of each line of a table, by its name."""
    found = {}
    for line in text.splitlines():
        if " ms  " in line:
            counts, rest = line.split(" ms  ")
            name, calls, steps, _ = counts.rsplit(maxsplit=3)
            found[name.strip()] = int(calls), int(steps), rest
    return found


def test_solvers_of_scipy_take_fewer_calls_with_derivatives(capsys):
    example = runpy.run_path(str(FOLDER / "with_scipy.py"))
    example["fit_decays"]()
    table = rows(capsys.readouterr().out)
    assert table["sct.jacobian"][0] < table["finite differences"][0] / 3
    assert table["sct.jacobian"][2] == table["finite differences"][2]
    example["hang_net"]()
    table = rows(capsys.readouterr().out)
    assert len({where for _, _, where in table.values()}) == 1
    example["react"]()
    table = rows(capsys.readouterr().out)
    assert table["BDF, sct.jacobian"][0] < table["BDF, finite differences"][0]
    assert {where for _, _, where in table.values()} == {"y₃ = 0.999979"}
