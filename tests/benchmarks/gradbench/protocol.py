"""The protocol of GradBench: messages and answers, a line of JSON each."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from .tasks import Task

__all__ = ["MODULES", "answers", "evaluated"]

MODULES = ("ba", "det", "gmm", "hello", "ht", "kmeans", "llsq", "lse", "lstm", "ode", "particle", "saddle")


def answers(lines: Iterable[str], jit: str | None) -> Iterator[str]:
    """The answer to each message."""
    for line in lines:
        message = json.loads(line)
        yield json.dumps({"id": message["id"], **_answer(message, jit)})


def _answer(message: Mapping[str, Any], jit: str | None) -> dict[str, Any]:
    if message["kind"] == "start":
        return {"tool": "sct", "config": {"jit": jit}}
    if message["kind"] == "define":
        return {"success": message["module"] in MODULES}
    if message["kind"] == "evaluate":
        try:
            return evaluated(_tasks(message["module"])[message["function"]], message["input"], jit)
        except Exception:  # noqa: BLE001  (whatever it is, the suite is told)
            return {"success": False, "error": traceback.format_exc()}
    return {}


def _tasks(module: str) -> Mapping[str, Task]:
    if module not in MODULES:
        raise KeyError(module)
    return import_module(f".{module}", __package__).FUNCTIONS


def evaluated(task: Task, given: Any, jit: str | None) -> dict[str, Any]:
    """The result of a function, and how long each of its runs took; compilation is a timing of its own."""
    args = task.prepared(given)
    call = task.made(jit)
    start = time.perf_counter_ns()
    result = call(*args)
    timings = [{"name": "compile", "nanoseconds": time.perf_counter_ns() - start}]
    least, seconds = (given.get("min_runs", 1), given.get("min_seconds", 0.0)) if isinstance(given, dict) else (1, 0.0)
    spent = 0
    while len(timings) <= least or spent < 1e9 * seconds:
        start = time.perf_counter_ns()
        result = call(*args)
        timings.append({"name": "evaluate", "nanoseconds": time.perf_counter_ns() - start})
        spent += timings[-1]["nanoseconds"]
    return {"success": True, "output": task.told(result), "timings": timings}
