"""Derivatives under Numba, measured: `python -m tests.benchmarks.loops`."""
