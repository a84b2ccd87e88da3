"""The twelve problems of GradBench (https://github.com/gradbench/gradbench) in plain NumPy, as a tool of that suite.

`python -m tests.benchmarks.gradbench` speaks the suite's protocol: a line of JSON for each message, read from standard input,
and one for each answer. A module here has the name of a problem, and `FUNCTIONS`, the functions that the suite asks for.
"""
