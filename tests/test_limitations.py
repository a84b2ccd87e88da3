"""The page of limitations: each error that it names is the one that the user gets, and it names every refused construct."""

import linecache
import re
from pathlib import Path

import numpy as np
import pytest

import sct
from sct.frontend.check import _ADVICE

PAGE = Path(__file__).parents[1] / "docs" / "limitations.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\s*^```text\n(?P<said>.*?)^```)?", re.MULTILINE | re.DOTALL)
ERROR = re.compile(r"^(\w+Error): (.*)$", re.MULTILINE)

# Errors of Python and NumPy, and of rules that can only tell when they are called.
AT_RUN_TIME = (np.linalg.LinAlgError, NotImplementedError)

# The page has no example of these: they need a newer Python, or stand inside an async function, which is refused itself.
WITHOUT_EXAMPLE = {"TryStar", "TypeAlias", "AsyncWith", "AsyncFor", "Await"}


def examples():
    """Each block that shows errors, by its heading and its line: the code, and what the page says."""
    for block in BLOCK.finditer(TEXT):
        heading = re.findall(r"^#+ (.*)$", TEXT[: block.start()], re.MULTILINE)[-1]
        before = TEXT.count("\n", 0, block.start("code"))
        said = ERROR.findall(block["said"] or "") if re.search(r"^ *show_error\(", block["code"], re.MULTILINE) else []
        yield f"{heading}, line {before}", "\n" * before + block["code"], said


EXAMPLES = [name for name, _, said in examples() if said]


@pytest.fixture(scope="module")
def page():
    """What each block says, and what was raised in it when the page was run."""
    linecache.checkcache(str(PAGE))
    raised = []

    def record(derived, *args):
        try:
            derived(*args)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is what the user gets)
            raised.append(error)
        else:
            raised.append(None)

    found, namespace = {}, {"__name__": "limitations"}
    for name, code, said in examples():
        raised.clear()
        with np.errstate(all="ignore"):
            exec(compile(code, str(PAGE), "exec"), namespace)
        if "show_error" in namespace:
            namespace["show_error"] = record
        found[name] = said, tuple(raised)
    return found


def test_the_examples_are_the_blocks_that_raise_errors(page):
    assert [name for name, (_, raised) in page.items() if raised] == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_raises_the_error_that_the_page_names(page, name):
    said, raised = page[name]
    assert [(type(e).__name__, re.sub(r" \(line \d+\)", "", str(e).splitlines()[0])) for e in raised] == said


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_error_says_what_to_do(page, name):
    for error in page[name][1]:
        assert isinstance(error, (sct.SctError, *AT_RUN_TIME))
        if isinstance(error, sct.SctError):
            assert error.advice


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_unsupported_construct_is_shown_with_a_caret(page, name):
    for error in page[name][1]:
        if isinstance(error, sct.UnsupportedSyntaxError):
            assert PAGE.name in str(error.place)
            assert error.place.excerpt().endswith("^")
            assert error.place.excerpt() in str(error)


@pytest.mark.parametrize("construct", sorted(_ADVICE.keys() - WITHOUT_EXAMPLE))
def test_the_page_has_each_refused_construct(construct):
    what, advice = _ADVICE[construct]
    assert f"{what} is not supported" in TEXT
    assert advice in TEXT
