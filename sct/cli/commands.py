"""The commands, as click takes them.

Takes the words of a command; prints what it gives. What is wrong in the user's words, files or functions becomes a message on
stderr and the exit code 2. What a command does is elsewhere, in a file of its own.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from sct import __version__
from sct.api import folder
from sct.api.generate import TRANSFORMS
from sct.cli import checking, coverage, explaining
from sct.cli.modules import ANY, EDITED, compared, write_all
from sct.cli.output import show_code, show_json, show_line, show_table
from sct.cli.projects import Asked, generated, in_project
from sct.cli.showing import beside, write_page
from sct.cli.stages import derivative_of, forms
from sct.cli.target import CommandError, evaluated, parameters, running, target
from sct.errors import SctError

__all__ = ["sct"]

_NAMES = [name.replace("_", "-") for name in TRANSFORMS]
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 120}


class _Refusal(click.ClickException):
    """What is wrong with a command, or not supported."""

    exit_code = 2


class _Commands(click.Group):
    """Commands whose errors are messages."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SctError as e:
            raise _Refusal(str(e)) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001  (of sct's own: 1 says that a check failed)
            raise _Refusal(f"sct failed\n{traceback.format_exc()}") from None


@click.group(cls=_Commands, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="sct", message="%(prog)s %(version)s")
def sct() -> None:
    """Derivatives of NumPy functions as Python source.

    A function is given as FILE.py:FUNCTION. Exit codes: 0; 1 where a check failed; 2 where something is wrong with the command,
    or not supported.
    """


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_of = click.argument("of", metavar="FILE.py:FUNCTION")
_wrt = click.option("--wrt", metavar="NAMES", help="What to differentiate by, as W,b; the first parameter if left out.")
_types = click.option("--types", metavar="TYPES", help="The parameters' types: 'W: f8[n, m], x: f8[n], rate: float'.")
_root = click.option(
    "--root",
    "roots",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    multiple=True,
    help="The folder from which the file is imported.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _data(ctx: click.Context, option: click.Parameter, text: str) -> Any:
    """One way for all data, or one for each name."""
    if "=" not in text:
        return text
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(mark and name.strip() and way.strip() for name, mark, way in pairs):
        raise click.BadParameter("write one way, or NAME=WAY with commas between", ctx, option)
    return {name.strip(): way.strip() for name, _, way in pairs}


_for_module = _options(
    _of,
    _wrt,
    _types,
    click.option("--like", metavar="EXPRESSION", help="Arguments of such types: a tuple, in the names of the file and np."),
    click.option("--functions", type=click.Choice(["include", "import"]), default="include", show_default=True),
    click.option(
        "--data",
        metavar="WAY",
        default="constants",
        show_default=True,
        callback=_data,
        help="What globals become: constants, import or parameters; or NAME=WAY,… .",
    ),
    click.option("--accumulate", is_flag=True, help="Of grad and vjp: add to buffers of the caller's."),
    click.option("--jit", type=click.Choice(["numba"]), help="Have Numba compile what computes."),
    click.option("--no-guards", is_flag=True, help="Do not check arguments."),
    click.option("--name", help="What the derivative is called."),
    _root,
    click.option("-o", "--output", metavar="FILE", help="Write the module here; else to standard output."),
    click.option("--force", is_flag=True, help="Overwrite a file that is stale, edited by hand, or not written by sct."),
)


def _derivative(
    transform: str,
    of: str,
    wrt: str | None,
    types: str | None,
    like: str | None,
    functions: str,
    data: Any,
    accumulate: bool,
    jit: str | None,
    no_guards: bool,
    name: str | None,
    roots: tuple[Path, ...],
    output: str | None,
    force: bool,
) -> None:
    asked = Asked(of, transform, parameters(wrt), like, {"types": types, "name": name, "accumulate": accumulate})
    text = generated([asked], None, roots, functions=functions, data=data, guards=not no_guards, jit=jit)
    if output in (None, "-"):
        show_code(text)
        return
    write_all([compared(Path(output), output, text)], force, ANY)


for _name, _transform in TRANSFORMS.items():
    _first = (inspect.getdoc(_transform) or "").partition("\n")[0]
    _about = f"{_first}\n\nThe text of a module that runs without sct."
    sct.command(_name.replace("_", "-"), help=_about)(_for_module(partial(_derivative, _name)))


@sct.command()
@click.argument("project", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--check", is_flag=True, help="Write nothing; fail, with a diff, if a file is not as it would be written.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand, or that sct did not write.")
@_json
def sync(project: Path, check: bool, force: bool, as_json: bool) -> None:
    """Write the derivative modules that PROJECT declares.

    PROJECT is a pyproject.toml with [[tool.sct.modules]], or its folder; the current one if left out.
    """
    found = in_project(project)
    if check:
        failed = [c for c in found if c.state != "fresh"]
        if not as_json:
            for c in failed:
                show_code(c.diff(), "diff")
        for c in failed:
            click.echo(f"Error: {c.said}", err=True)
    else:
        write_all(found, force, EDITED)
        failed = []
    if as_json:
        show_json([{"file": c.label, "state": c.state, "diff": c.diff()} for c in found])
    elif not check:
        for c in found:
            show_line(c.said if c.state == "fresh" else f"{c.label} written")
    sys.exit(1 if failed else 0)


@sct.command()
@_of
@click.option("--args", "expression", metavar="EXPRESSION", required=True, help="A tuple, in the names of the file and np.")
@_wrt
@click.option("--order", type=click.IntRange(1, 4), default=1, show_default=True, help="Up to which derivative to check.")
@_root
@_json
def check(of: str, expression: str, wrt: str | None, order: int, roots: tuple[Path, ...], as_json: bool) -> None:
    """Check derivatives against finite differences.

    The function is run, on copies of the arguments. Exit code 1 if a derivative disagrees.
    """
    found = target(of, roots=roots)
    rows, problems = checking.checked(found, evaluated(expression, found), parameters(wrt), order)
    if as_json:
        show_json({"function": of, "agrees": not problems, "rows": [row.record() for row in rows], "problems": problems})
    else:
        show_table(checking.COLUMNS, [row.cells() for row in rows])
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    sys.exit(1 if problems else 0)


@sct.command()
@click.argument("pattern", required=False)
@_json
def rules(pattern: str | None, as_json: bool) -> None:
    """List the functions that have a derivative rule.

    PATTERN is part of a name, or a name with * and ?; all functions if left out. Of element-wise functions the adjoints of the
    operands are shown (d is that of the result y), of others what their rule says. A constant has no derivative.
    """
    rows = coverage.covered(pattern)
    if pattern is not None and not rows:
        raise CommandError(
            f"no function called {pattern} has a rule", None, "A rule of one's own is registered with sct.adjoint."
        )
    if as_json:
        show_json([row.record() for row in rows])
    else:
        show_table(coverage.COLUMNS, [row.cells() for row in rows])


@sct.group(cls=_Commands)
def cache() -> None:
    """The derivatives that are kept from one process to the next.

    They are in the folder that SCT_CACHE_DIR says, or in the user's folder for caches.
    """


@cache.command()
@_json
def info(as_json: bool) -> None:
    """Say where derivatives are kept, and how many there are.

    Exit code 1 if the folder is not used, or something in it is damaged.
    """
    where = folder.place()
    problem = folder.refused(where)
    found = folder.Contents(0, 0, 0) if problem else folder.contents(where)
    if found.damaged:
        problem = f"{found.damaged} of them damaged"
    if as_json:
        counts = {"entries": found.entries, "bytes": found.nbytes, "damaged": found.damaged}
        show_json({"folder": str(where), **counts, "problem": problem or None})
    else:
        show_table(("derivatives", "bytes", "folder"), [(str(found.entries), str(found.nbytes), str(where))])
    if problem:
        click.echo(f"Error: {problem}", err=True)
    sys.exit(1 if problem else 0)


@cache.command()
@_json
def clear(as_json: bool) -> None:
    """Remove all derivatives that are kept, and nothing else that is in the folder."""
    where = folder.place()
    problem = folder.refused(where)
    if problem:
        raise CommandError(problem, None, f"Set {folder.VARIABLE} to a folder of your own.")
    try:
        count = folder.clear(where)
    except OSError as e:
        raise CommandError(f"{where} cannot be cleared: {e.strerror}") from None
    if as_json:
        show_json({"folder": str(where), "removed": count})
    else:
        show_line(f"{count} removed from {where}")


_looked_at = _options(
    _of,
    click.option("--transform", type=click.Choice(_NAMES), default="grad", show_default=True, help="The derivative."),
    _wrt,
    _types,
    click.option("--args", "expression", metavar="EXPRESSION", help="Arguments: a tuple, in the names of the file and np."),
    _root,
    _json,
)


@sct.command()
@_looked_at
def stages(
    of: str,
    transform: str,
    wrt: str | None,
    types: str | None,
    expression: str | None,
    roots: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show a function in every form that it has on the way to its derivative.

    They are: its source, SSA, SSA with types, the derivative in SSA after each group of passes, and its text. Without types or
    arguments they are taken from annotations; where there are none, ranks are left open.
    """
    found = target(of, roots=roots)
    like = None if expression is None else evaluated(expression, found)
    derived = derivative_of(TRANSFORMS[transform.replace("-", "_")], found.function, parameters(wrt))
    made = forms(derived, like, types)
    if as_json:
        show_json([{"stage": s.name, "text": s.text} for s in made])
        return
    for stage in made:
        show_line(f"== {stage.title}", "bold")
        show_code(f"{stage.text.rstrip()}\n\n", "python" if stage.is_python else "text")


@sct.command()
@_looked_at
@click.option("-o", "--output", metavar="FILE", help="Write a page of HTML here; else a table to standard output.")
@click.option("--force", is_flag=True, help="Overwrite a file that is no such page.")
def show(
    of: str,
    transform: str,
    wrt: str | None,
    types: str | None,
    expression: str | None,
    roots: tuple[Path, ...],
    as_json: bool,
    output: str | None,
    force: bool,
) -> None:
    """Show a function and its derivative side by side.

    Beside each line of the function stand the derivative's statements that belong to it: of the forward sweep (>), of the
    reverse sweep (<), of tangents (~). The page marks the lines that belong to the one that is pointed at; it needs no other
    file, no network and no scripts.
    """
    found = target(of, roots=roots)
    like = None if expression is None else evaluated(expression, found)
    derived = derivative_of(TRANSFORMS[transform.replace("-", "_")], found.function, parameters(wrt))
    shown = beside(derived, like, types)
    if output not in (None, "-"):
        write_page(Path(output), shown.page(), force)
    elif as_json:
        show_json(shown.record())
    else:
        show_code(f"{shown}\n", "text")


@sct.command()
@_looked_at
def explain(
    of: str,
    transform: str,
    wrt: str | None,
    types: str | None,
    expression: str | None,
    roots: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Say what a derivative is made of, and why.

    Which variables are active; what is recorded, and for what; the operations and bytes that the function and its derivative
    cost, as an estimate; which rules were used, and what the code relies on. With arguments sizes are numbers, and the function
    is run to see how much is recorded.
    """
    found = target(of, roots=roots)
    like = None if expression is None else evaluated(expression, found)
    derived = derivative_of(TRANSFORMS[transform.replace("-", "_")], found.function, parameters(wrt))
    with running(found):
        said = explaining.explained(derived, like, types)
    if as_json:
        show_json({"function": of, "transform": transform, "wrt": list(derived.wrt), **said.record()})
        return
    for title, lines in said.sections():
        if lines:
            show_line(title, "bold")
            for line in lines:
                show_line(f"  {line}")
    show_line()
    show_table(("cost", "operations", "bytes read and written"), said.costs())
    if said.derivative.left_out:
        show_line(f"only the bytes are counted of {', '.join(sorted(said.derivative.left_out))}")
