"""sct as a tool of GradBench: `python -m tests.benchmarks.gradbench [--jit numba]`, from the root of the repository."""

import argparse
import sys

from .protocol import answers

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gradbench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jit", choices=["numba"], help="compile by Numba")
    for answer in answers(sys.stdin, parser.parse_args().jit):
        print(answer, flush=True)
