"""The field sample: the files fit together, and what draws and tries does so on a repository that is made up here."""

import ast
import re
import sys
from collections import Counter

import pytest
from field import drawing, table, trial
from field.candidates import candidates

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SAMPLE = drawing.read()
TRIED = [one for one in SAMPLE if not one.replaced]
RESULTS = table.read()


def test_the_sample_is_two_hundred_functions_of_thirty_repositories():
    assert len(TRIED) == drawing.COUNT == 200
    taken = Counter(one.repository for one in TRIED)
    assert len(taken) >= 30 and max(taken.values()) <= drawing.EACH
    assert len({one.identity for one in SAMPLE}) == len(SAMPLE)


def test_each_function_has_what_it_is_called_with_or_why_it_is_replaced():
    for one in SAMPLE:
        repository, path, name = one.identity.split()
        assert repository.count("/") == 1 and path.endswith(".py") and name.replace(".", "").isidentifier()
        assert bool(one.arguments) != bool(one.replaced)
        if one.arguments:
            ast.parse(f"({one.arguments},)", mode="eval")


def test_each_repository_has_a_commit():
    commits = tomllib.loads((drawing.HERE / "repositories.toml").read_text())
    assert {one.repository for one in SAMPLE} <= set(commits)
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in commits.values())


def test_the_table_tells_of_each_function():
    assert [identity for identity, _ in RESULTS] == [one.identity for one in TRIED]
    kinds = Counter(table.kind(said) for _, said in RESULTS)
    assert kinds["wrong"] == 0
    headline = (drawing.HERE / "results.md").read_text().splitlines()[2]
    assert all(f"{kind} {n}" in headline for kind, n in kinds.items())


SOURCE = '''
import random
import numpy as np
import sct


class Spring:
    def __init__(self, k):
        self.k = k

    def energy(self, x):
        stretched = x - 1.0
        return 0.5 * self.k * stretched**2

    def noisy(self, x):
        return self.k * x * x + random.random()


def doubled(x):
    """Too little is done here."""
    return 2 * x


def mean_wave(x, n):
    return np.sum(np.sin(x) * x) / n


def refused(x, n):
    return x * n * n * len(locals())


def half_stopped(x, n):
    return np.sum(sct.stop_gradient(x) * x * n)
'''


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "owner" / "made_up"
    (folder / "tests").mkdir(parents=True)
    (folder / "springs_made_up.py").write_text(SOURCE)
    (folder / "tests" / "of_springs.py").write_text(SOURCE)
    return folder


def test_candidates_are_functions_with_arithmetic_on_what_they_take(checkout):
    names = ["Spring.energy", "mean_wave", "refused", "half_stopped"]
    assert candidates(checkout) == [f"springs_made_up.py {name}" for name in names]


def test_what_is_replaced_gives_its_place_to_the_next(checkout, monkeypatch):
    monkeypatch.setattr(drawing, "COUNT", 2)
    order = list(drawing.order(checkout.parents[1], ["owner/made_up"]))
    assert sorted(order) == sorted(f"owner/made_up {name}" for name in candidates(checkout))
    known = {order[0]: drawing.Drawn(order[0], replaced="gives an int")}
    assert [one.identity for one in drawing.drawn(iter(order), known)] == order[:3]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("Spring.energy", "m.Spring(3.0), 2.0", "agrees: by 2"),
        ("mean_wave", "a(4), k(n=2.0)", "agrees: by 2"),
        ("refused", "2.0, 3.0", "refused: UnsupportedSyntaxError"),
        ("half_stopped", "a(3), 2.0", "wrong: by argument 0"),
    ],
)
def test_a_trial_compares_with_finite_differences(checkout, monkeypatch, name, arguments, said):
    monkeypatch.setattr(sys, "path", list(sys.path))
    found = trial.tried(checkout, f"owner/made_up springs_made_up.py {name}", arguments)
    assert found.startswith(said)


def test_what_differences_cannot_tell_is_not_tried(checkout, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(trial.NotTried, match=r"is not smooth there by argument 0\.k"):
        trial.plain(checkout, "owner/made_up springs_made_up.py Spring.noisy", "m.Spring(3.0), 2.0")
