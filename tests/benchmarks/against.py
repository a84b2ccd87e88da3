"""Print ratios of times of this checkout to those of another one: compilation, generated code, calls; and of peak memory.

Run with `git worktree add ../before COMMIT` and `python tests/benchmarks/against.py ../before`. The functions are those of
this checkout. Of compilation and calls processes take turns, and each figure is the best of all rounds, and of several goes in
each; of generated code one process has both texts, calls one after the other, and takes the best time of each. Peak memory is
that of a call of each kernel's vjp, by `tracemalloc`, to which NumPy reports its arrays.
"""

import argparse
import gc
import importlib.util
import json
import linecache
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
THREADS = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="the root of the other checkout")
    parser.add_argument("--python", default=sys.executable, help="the interpreter for it, where it needs other packages")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", choices=["compile", "run", "call", "memory"], help="one part of the figures")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=1.5, help="for the generated code of each kernel")
    given = parser.parse_args()
    os.environ.update(THREADS)  # read when NumPy is imported
    if given.measure:
        print(json.dumps(measure(given.other, given.only)))
        return
    roots = ((HERE, sys.executable), (given.other.resolve(), given.python))
    for part in ("compile", "call"):
        if given.only in (None, part):
            found = [[measured(*root, part) for root in roots] for _ in range(given.rounds)]
            report(*({name: min(t[name] for t in times) for name in times[0]} for times in zip(*found, strict=True)))
    if given.only in (None, "memory"):
        report_peaks(*(measured(*root, "memory") for root in roots))
    if given.only in (None, "run"):
        sys.path[:0] = [str(HERE), str(HERE / "tests")]
        by_turns(*(measured(*root, "run") for root in roots), given.seconds)


def measured(root: Path, python: str, part: str) -> dict:
    """What a process finds of the checkout at `root`."""
    command = [python, __file__, str(root), "--measure", "--only", part]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def report(own: dict[str, float], other: dict[str, float]) -> None:
    print(f"{'':<44}{'this':>12}{'other':>12}{'ratio':>9}")
    for name, seconds in own.items():
        print(f"{name:<44}{1e6 * seconds:>10.2f}µs{1e6 * other[name]:>10.2f}µs{seconds / other[name]:>9.3f}")


def report_peaks(own: dict[str, int], other: dict[str, int]) -> None:
    """Print the ratios of the peak memory of each kernel's derivative."""
    ratios = {name: own[name] / other[name] for name in own if name in other}
    print(f"peak memory of {len(ratios)} kernels: median {statistics.median(ratios.values()):.3f}")
    for name in sorted(ratios, key=lambda name: -ratios[name]):
        print(f"  {name:<24}{own[name]:>12}{other[name]:>12}{ratios[name]:>9.3f}")
    if own.keys() != other.keys():
        print("  of one of them alone: " + ", ".join(sorted(own.keys() ^ other.keys())))


def by_turns(own: dict[str, str], other: dict[str, str], seconds: float) -> None:
    """Print the ratios of the times of two texts of each kernel's derivative."""
    ratios, left_out = {}, []
    for name, f, _, args in kernels():
        try:
            calls = [loaded(text[name], f.__globals__) for text in (own, other)]
        except (ImportError, KeyError):
            left_out.append(name)
            continue
        ratios[name] = ratio(*calls, args, seconds)
    ordered = sorted(ratios, key=lambda name: ratios[name])
    print(f"generated code of {len(ratios)} kernels: median {statistics.median(ratios.values()):.3f}")
    for what, names in (("fastest", ordered[:5]), ("slowest", ordered[:-9:-1])):
        print(f"  {what}: " + ", ".join(f"{name} {ratios[name]:.2f}" for name in names))
    if left_out:
        print("  which need what is no longer there: " + ", ".join(left_out))


def loaded(text: str, known: dict):
    """The derivative that a text defines, last of its functions."""
    namespace = dict(known)
    exec(text, namespace)
    return [v for v in namespace.values() if getattr(v, "__globals__", None) is namespace][-1]


def ratio(a, b, args, seconds: float) -> float:
    """The best time of `a` by that of `b`; which one is called first changes from turn to turn."""
    for call in (a, b):
        call(*args)
    best = {a: float("inf"), b: float("inf")}
    gc.disable()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for call in (a, b, b, a):
            start = time.perf_counter()
            call(*args)
            best[call] = min(best[call], time.perf_counter() - start)
    gc.enable()
    return best[a] / best[b]


def measure(root: Path, part: str) -> dict:
    """The seconds that each thing takes with the checkout at `root`, or the texts that are to be timed."""
    sys.path[:0] = [str(root), str(HERE / "tests")]
    sys.meta_path.insert(0, _Rules(root))
    return {"compile": compilation, "run": texts, "call": calls, "memory": peaks}[part]()


class _Rules:
    """Finds the rules of a checkout, which stand beside the package."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "rules"

    def find_spec(self, name, path=None, target=None):
        if name != "sct.rules":
            return None
        folder = [str(self.folder)]
        return importlib.util.spec_from_file_location(name, self.folder / "__init__.py", submodule_search_locations=folder)


def straight(n: int, number: list[int] = [0]):  # noqa: B006  (counts the functions)
    """A new function of `n` statements."""
    import numpy as np

    number[0] += 1
    name = f"<straight {number[0]}>"
    body = "".join(f"    a = np.sin(a * {i + 1}.0) + y * a\n" for i in range(n))
    text = f"import numpy as np\ndef f(x, y):\n    a = x\n{body}    return np.sum(a)\n"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {"np": np}
    exec(compile(text, name, "exec"), namespace)
    return namespace["f"]


def kernels():
    """The kernels, each with what it is differentiated by, arguments, and a cotangent."""
    from kernel_samples import NAMES, is_refused, sample
    from trees import ones_like

    for name in NAMES:
        if is_refused(name):
            continue
        f, args, wrt = sample(name)
        y_bar = ones_like(f(*sample(name)[1]))
        yield name, f, wrt, (*args, y_bar)


def compilation() -> dict[str, float]:
    import numpy as np

    import sct

    x = np.ones(5)

    def once(n):
        f = straight(n)
        start = time.perf_counter()
        sct.grad(f).specialize(x, x)
        return time.perf_counter() - start

    once(20)
    found = {f"compile {n} statements": min(once(n) for _ in range(goes)) for n, goes in ((20, 30), (200, 5))}
    jobs = list(kernels())
    start = time.perf_counter()
    for _, f, wrt, args in jobs:
        sct.vjp(f, wrt).specialize(*args)
    return {**found, "compile all kernels": time.perf_counter() - start}


def best(call, seconds: float = 0.02) -> float:
    """The best time of a call, of so many in a row that they take `seconds`, five times."""
    start = time.perf_counter()
    call()
    n = max(1, int(seconds / max(time.perf_counter() - start, 1e-7)))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(n):
            call()
        times.append((time.perf_counter() - start) / n)
    return min(times)


def texts() -> dict[str, str]:
    import sct

    return {name: sct.vjp(f, wrt).source_for(*args) for name, f, wrt, args in kernels()}


def peaks() -> dict[str, int]:
    """The most bytes that a call of each kernel's derivative has at once."""
    import sct

    found = {}
    for name, f, wrt, args in kernels():
        try:
            derived = sct.vjp(f, wrt)
            derived(*args)
        except sct.SctError:  # which another checkout may refuse
            continue
        gc.collect()
        tracemalloc.start()
        derived(*args)
        found[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found


def calls() -> dict[str, float]:
    """What stands in front of compiled code: a call of a derived function less one of what it has compiled."""
    import numpy as np

    import sct

    def square(x):
        return x * x

    def loss(W1, b1, W2, b2, x, y):
        h = np.tanh(x @ W1 + b1)
        d = h @ W2 + b2 - y
        return np.sum(d * d)

    def total(p):
        s = 0.0
        for k in p:
            s = s + np.sum(p[k])
        return s

    arrays = [np.ones(shape) for shape in ((3, 4), (4,), (4, 2), (2,), (5, 3), (5, 2))]
    found = {}
    for name, d, args in (
        ("a number", sct.grad(square), (1.5,)),
        ("six arrays", sct.grad(loss, wrt=("W1", "b1", "W2", "b2")), arrays),
        ("a dict of 20 arrays", sct.grad(total), ({f"p{k}": np.ones(2) for k in range(20)},)),
    ):
        compiled = d.specialize(*args)
        whole, inner = (min(best(lambda g=g, args=args: g(*args)) for _ in range(3)) for g in (d, compiled))
        found[f"dispatch on {name}"] = max(whole - inner, 1e-9)
        found[f"call with {name}"] = whole
    return found


if __name__ == "__main__":
    main()
