"""The functions that the stages of a compilation give, and reading them back from their text."""

from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from sct import stages as sct_stages
from sct.backend.python.emit import emit
from sct.ir.parser import parse
from sct.ir.printer import show, text_and_objects
from sct.ir.ssa import Function

STAGES = {
    "specialize_function": "specialize",
    "reverse_function": "reverse",
    "record_values": "record",
    "own_results": "own_results",
    "with_checks": "with_checks",
}


@contextmanager
def stages():
    """What the stages of the compilations in a `with` statement give, as (name of the stage, function)."""
    given = []

    def watched(name, stage):
        def run(*args):
            found = stage(*args)
            given.append((name, found if isinstance(found, Function) else found.function))
            return found

        return run

    watch = {name: watched(stage, getattr(sct_stages, name)) for name, stage in STAGES.items()}
    with mock.patch.multiple(sct_stages, **watch):
        yield given


def read_back(f):
    """The function that the text of `f` gives, which must print as `f` does."""
    text, objects = text_and_objects(f)
    made = parse(text, objects)
    assert show(made) == text
    return made


def read_back_stages(given):
    """Read back what `stages` gives; the code made of a finished derivative is that made of its text."""
    for stage, f in given:
        made = read_back(f)
        if stage == "with_checks":
            assert emit(replace(made, callee=f.callee)).source == emit(f).source
