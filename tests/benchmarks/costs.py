"""Print what the derivative of each kernel costs, in times of the kernel itself.

Run with `python tests/benchmarks/costs.py`; one thread is used. A `vjp` gives the value as well. Both are called by turns, on
the arguments of the tests. A kernel may write into its arguments: it gets copies, and the time that these take is taken off.

Most are below 4. Above 6 are `adi` (numbers in loops: an assignment of four operands is reversed by five, and each store is
undone), `floyd_warshall` and `max_pooling` (a minimum, or a maximum, is asked for ties, and the distances are kept in each
round), and `channel_flow` at times (six of its nine arguments are numbers: a sum over the grid for each, in each step).
"""

import copy
import os
import statistics
import sys
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from kernel_samples import NAMES, is_refused, sample  # noqa: E402
from timing import interleaved  # noqa: E402
from trees import ones_like  # noqa: E402

import sct  # noqa: E402


def main() -> None:
    ratios = {}
    for name in NAMES:
        if is_refused(name):
            continue
        f, args, wrt = sample(name)
        y_bar = ones_like(f(*sample(name)[1]))
        derivative = sct.vjp(f, wrt).specialize(*args, y_bar)
        copied, value, both = interleaved(
            partial(copy.deepcopy, args), lambda f=f, args=args: f(*copy.deepcopy(args)), partial(derivative, *args, y_bar)
        )
        ratios[name] = both / (value - copied)
    for name in sorted(ratios, key=lambda name: ratios[name]):
        print(f"{name:<24}{ratios[name]:6.2f}")
    print(f"{'median':<24}{statistics.median(ratios.values()):6.2f}")


if __name__ == "__main__":
    main()
