"""The race compares what agrees, and says what of its marks is met."""

import json
import shutil
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from gradbench import ba, det, gmm, ht, kmeans, llsq, lse, lstm, ode, particle, protocol, saddle
from racing import kernels, networks, problems
from racing.agreement import BOUND, Disagreement, expected
from racing.contests import NUMBA, Contest, Figures, agree
from racing.problems import PROBLEMS
from racing.report import markdown, number, seconds
from racing.sections import Mark, Ratio, Section

import sct

RATIO = Ratio("peer ÷ ours", "peer", ("ours", "ours, too"))
FOUND = [
    Figures("a", 1.0, {"ours": 1.0, "ours, too": 2.0, "peer": 4.0}, {}, ()),
    Figures("b", 1.0, {"peer": 1.0, "ours": 2.0}, {}, ()),
]


def cube(x):
    return np.sum(x * x * x)


def test_a_result_that_disagrees_stops_the_race():
    x, derivative = np.linspace(0.5, 1.5, 4), sct.grad(cube)
    contest = Contest("cube", lambda: cube(x), derivative, (x,), {})
    agree(contest, {"by hand": 3.0 * x * x})
    for wrong in (3.0 * x * x * (1.0 + 1e-8), 3.0 * x[:2] ** 2, np.full(4, np.nan)):
        with pytest.raises(Disagreement, match="cube: by hand"):
            agree(contest, {"by hand": wrong})


def test_what_a_result_may_be_off_by_grows_with_its_condition():
    def beyond_one(x):
        return x - 1.0

    x = 1.0 + 1e-8
    found = beyond_one(np.nextafter(x, 2.0))
    assert expected(beyond_one, (x,)).error(found) < BOUND < abs(found / beyond_one(x) - 1.0)


def test_a_ratio_is_to_the_fastest_of_ours():
    assert [RATIO.of(f) for f in FOUND] == [4.0, 0.5]
    assert RATIO.of(Figures("c", 1.0, {"ours": 1.0}, {}, ())) is None


def test_a_mark_says_what_falls_short():
    met = Mark(RATIO, 1.0).held_against(FOUND)
    assert not met and str(met) == "not met: least 0.50 of 2; below: b 0.50"
    mean = Mark(RATIO, 1.4, mean=True).held_against(FOUND)
    assert mean and mean.value == pytest.approx(2.0**0.5)
    assert Mark(RATIO, 3.0, only=("a",)).held_against(FOUND)
    assert Mark(Ratio("none", "nobody", ("ours",)), 1.0).held_against(FOUND) is None


@pytest.mark.parametrize("value, text", [(2.0, "2 s"), (0.0123, "12.3 ms"), (1.25e-5, "12.5 µs"), (None, "")])
def test_times_have_units(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize("value, text", [(12.345, "12.35"), (0.0123, "0.012"), (None, "")])
def test_ratios_have_two_digits(value, text):
    assert number(value) == text


def test_a_section_is_told_as_markdown():
    section = Section(
        "all", "All of it", "What it is.", lambda peers: iter(()), (RATIO,), (Mark(RATIO, 1.0),), lambda found: ["Said."]
    )
    text = markdown(section, FOUND)
    assert "| a | 1 s | 4.00 |" in text
    assert "| peer ÷ ours, each: at least 1 | not met | least 0.50 of 2; below: b 0.50 |" in text
    assert "- Said." in text


@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.grid(of=10, each=False)
@pytest.mark.parametrize("name", kernels.NAMES)
def test_the_version_for_jax_of_a_kernel_is_that_kernel(name):
    contest = kernels.small(name, True)
    agree(contest, {who: call() for who, call in contest.ways.items() if who != NUMBA})


@pytest.mark.parametrize(
    "name, f, wrt",
    [
        ("llsq", llsq.primal, "x"),
        ("lse", lse.primal, "x"),
        ("det", det.primal, "A"),
        ("gmm", gmm.objective, gmm.WRT),
        ("ode", ode.last, "x"),
        ("lstm", lstm.objective, lstm.WRT),
    ],
)
def test_a_gradient_of_gradbench(name, f, wrt):
    sct.check_grads(f, PROBLEMS[name].args(PROBLEMS[name].small), wrt)


def differences(f, x, step=1e-6):
    """Central differences of a function by each number of an array, which come last."""
    moves = [step * unit.reshape(x.shape) for unit in np.eye(x.size)]
    return np.stack([(f(x + m) - f(x - m)) / (2.0 * step) for m in moves], axis=-1)


def test_the_determinant_is_the_determinant():
    A, *permutations = PROBLEMS["det"].args((4,))
    np.testing.assert_allclose(det.primal(A, *permutations), np.linalg.det(A))


def test_a_step_of_newtons_method_for_centroids():
    points, centroids = PROBLEMS["kmeans"].args(PROBLEMS["kmeans"].small)
    gradient = sct.grad(kmeans.cost, "centroids")
    curvature = np.diagonal(differences(lambda c: np.ravel(gradient(points, c)), centroids))
    np.testing.assert_allclose(
        kmeans.direction()(points, centroids).ravel(), gradient(points, centroids).ravel() / curvature, rtol=1e-6
    )


def test_the_jacobian_of_bundle_adjustment():
    n, m, _ = PROBLEMS["ba"].small
    cams, points, weights, *seen = PROBLEMS["ba"].args(PROBLEMS["ba"].small)

    def errors(x):
        parts = np.split(x, [cams.size, cams.size + points.size])
        pictures, of_weights = ba.errors(parts[0].reshape(cams.shape), parts[1].reshape(points.shape), parts[2], *seen)
        return np.concatenate((pictures.ravel(), of_weights))

    expected = differences(errors, np.concatenate((cams.ravel(), points.ravel(), weights)))
    blocks, of_weights = ba.jacobian()(cams, points, weights, *seen)
    columns, rows = ba.coordinates(n, m, seen[0], seen[1])
    found = np.zeros_like(expected)
    found[np.repeat(np.arange(len(rows) - 1), np.diff(rows)), columns] = np.concatenate((blocks.ravel(), of_weights))
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_the_jacobian_of_hand_tracking():
    theta, us, *others = PROBLEMS["ht"].args(PROBLEMS["ht"].small)
    f = partial(ht.errors, np.zeros(2))
    expected = differences(lambda x: f(x, us, *others).ravel(), theta)
    found = ht.jacobian()(theta, us, *others)
    np.testing.assert_allclose(found[:, 2:], expected, atol=1e-7)
    of_us = differences(lambda moved: ht.errors(moved, theta, us, *others).ravel(), np.zeros(2))
    np.testing.assert_allclose(found[:, :2], of_us, atol=1e-7)


@pytest.mark.parametrize("f", [particle.fall_reverse, particle.fall_forward])
def test_a_simulation_that_takes_derivatives(f):
    sct.check_grads(f, (0.2,), "w")


@pytest.mark.grid(of=4)
@pytest.mark.parametrize("mode", ["rr", "fr", "rf", "ff"])
def test_nested_derivatives_of_gradbench(mode):
    np.testing.assert_allclose(particle.best(mode)(0.0), 0.2071918746486116, rtol=1e-9)
    np.testing.assert_allclose(saddle.point(mode)(np.ones(2)), np.full(4, 8.246324826140356e-06), rtol=1e-9)


def test_messages_of_gradbench_are_answered():
    messages = [
        {"id": 0, "kind": "start", "eval": "hello"},
        {"id": 1, "kind": "define", "module": "hello"},
        {"id": 2, "kind": "define", "module": "unheard"},
        {"id": 3, "kind": "evaluate", "module": "hello", "function": "double", "input": 3.0},
        {
            "id": 4,
            "kind": "evaluate",
            "module": "lse",
            "function": "primal",
            "input": {"x": [0.0], "min_runs": 3, "min_seconds": 0},
        },
        {"id": 5, "kind": "evaluate", "module": "hello", "function": "triple", "input": 3.0},
        {"id": 6, "kind": "analysis", "of": 3, "valid": True},
    ]
    start, known, unheard, double, primal, triple, last = map(json.loads, protocol.answers(map(json.dumps, messages), None))
    assert start["tool"] == "sct" and known == {"id": 1, "success": True} and unheard == {"id": 2, "success": False}
    assert double["success"] and double["output"] == 6.0
    assert primal["output"] == 0.0 and [t["name"] for t in primal["timings"]].count("evaluate") == 3
    assert not triple["success"] and "KeyError" in triple["error"]
    assert last == {"id": 6}


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no compiler of C")
@pytest.mark.parametrize("name", ["ba", "gmm", "lse", "ode"])
def test_what_is_written_by_hand_in_c_is_that_problem(name):
    contest = problems.contest(name, PROBLEMS[name].small, {"C": "cc"})
    agree(contest, {who: call() for who, call in contest.ways.items()})


@pytest.mark.parametrize("peer, package", [("JAX", "jax"), ("PyTorch", "torch")])
@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in ("particle", "saddle")])
@pytest.mark.grid(of=5, each=False)
def test_a_version_of_a_problem_is_that_problem(name, peer, package):
    if find_spec(package) is None:
        pytest.skip(f"{peer} is not installed")
    contest = problems.contest(name, PROBLEMS[name].small, {peer: ""})
    agree(contest, {who: call() for who, call in contest.ways.items()})


@pytest.mark.parametrize(
    "name, size", [("mlp", (2, 3, 4, 2)), ("lstm", (3, 2, 2, 3)), ("attention", (2, 3, 4, 2)), ("convolutional", (1, 10, 2, 2))]
)
def test_the_gradient_of_a_network(name, size):
    model = networks.MODELS[name]
    sct.check_grads(model.loss, model.args(size), tuple(range(model.weights)))


@pytest.mark.parametrize("peer, package", [("JAX", "jax"), ("PyTorch", "torch"), ("autograd", "autograd")])
@pytest.mark.parametrize("name", networks.MODELS)
@pytest.mark.grid(of=4, each=False)
def test_a_version_of_a_network_is_that_network(name, peer, package):
    if find_spec(package) is None:
        pytest.skip(f"{peer} is not installed")
    contest = networks.contest(name, networks.MODELS[name].sizes[0], {peer: ""})
    agree(contest, {who: call() for who, call in contest.ways.items()})
