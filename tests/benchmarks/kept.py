"""Print how much sooner a process has a derivative that another process has kept.

Run with `python tests/benchmarks/kept.py [STATEMENTS]`. Processes take turns, without a folder and with one that has the
derivative of a function of so many statements in it; what the first call takes is counted, in milliseconds of the processor's
time, and the best of all is printed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

ROUNDS = 7


def program(count):
    """The text of a function of so many statements, of helpers, elementary functions, products and reductions."""
    forms = (
        "a{1} = np.tanh(a{0} @ W) + a{2}",
        "a{1} = layer(a{0}, 0.5) + np.sin(a{0})",
        "a{1} = np.exp(-a{0} * a{0}) * a{2}",
        "a{1} = a{0} - np.mean(a{2}, axis=0)",
    )
    lines = ["    a0 = x", *(f"    {forms[k % 4].format(k, k + 1, max(0, k - 3))}" for k in range(count - 2))]
    helper = "def layer(x, k):\n    return k * x / (1.0 + x * x)\n"
    return (
        f"import numpy as np\n\n\n{helper}\n\ndef f(x, W):\n" + "\n".join([*lines, f"    return np.sum(a{count - 2})"]) + "\n"
    )


def first_call():
    """The time of the first call in this process."""
    import numpy as np
    from program import f

    import sct

    x, W = np.ones((5, 3)), np.eye(3)
    gradient = sct.grad(f, ("x", "W"))
    begun = process_time()
    gradient(x, W)
    print(json.dumps(process_time() - begun))


def measured(folder, kept):
    """The time of the first call in a process of its own."""
    here = Path(__file__).parents[2]
    without = {k: v for k, v in os.environ.items() if k not in ("SCT_CACHE_DIR", "PYTHONDONTWRITEBYTECODE")}
    places = os.pathsep.join([str(folder), str(here)])
    own = {"PYTHONPATH": places, "OPENBLAS_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": str(folder / "code")}
    environment = {**without, **own, **({"SCT_CACHE_DIR": str(folder / "kept")} if kept else {})}
    done = subprocess.run([sys.executable, __file__, "--first"], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main(count):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "program.py").write_text(program(count))
        measured(folder, kept=True)  # which keeps it
        times = [(measured(folder, kept=False), measured(folder, kept=True)) for _ in range(ROUNDS)]
    compiled, found = (min(t) * 1e3 for t in zip(*times, strict=True))
    print(f"{count} statements: compiled in {compiled:.0f} ms, found in {found:.0f} ms, {compiled / found:.1f} times as fast")


if __name__ == "__main__":
    if "--first" in sys.argv:
        first_call()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
