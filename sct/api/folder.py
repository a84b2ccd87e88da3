"""The folder in which derivatives are kept from one process to the next.

Takes texts with keys; gives the texts that are kept under a key. A text is there whole or not at all, however many processes
write; one that is not as it was written is left out with a warning, and so is a folder that others may write into: what is
read is run. An error of the file system is a warning, too. Never reads what a text says.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from sct.errors import CacheWarning, SctError
from sct.ir.records import record

__all__ = ["VARIABLE", "Contents", "clear", "contents", "keep", "kept", "module", "place"]

VARIABLE = "SCT_CACHE_DIR"
_MOST = 16  # texts under one key
_KEY = re.compile(r"[0-9a-f]{64}")
_HEADER = "sct 1 "


@record(frozen=True)
class Contents:
    """What is in the folder: how many texts, how many bytes these and their machine code have, and how many are damaged."""

    entries: int
    nbytes: int
    damaged: int


def place() -> Path:
    """The folder: that of the variable, or the user's folder for caches.

    Raises
    ------
    SctError
        If the package that knows the latter is not there.
    """
    said = os.environ.get(VARIABLE)
    if said:
        return Path(said).absolute()
    try:
        import platformdirs
    except ImportError:
        raise SctError(
            "the user's folder for caches is told by the package platformdirs, which is not installed",
            None,
            f"Install sct-ad[cache], or set {VARIABLE}.",
        ) from None
    return platformdirs.user_cache_path("sct", appauthor=False)


def refused(folder: Path) -> str:
    """Why a folder is not used; empty if it is, or is not there yet."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return ""
    except OSError as e:
        return f"{folder} cannot be read: {e.strerror}"
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder"
    if not _is_own(found):
        return f"{folder} belongs to another user"
    if os.name == "posix" and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others may write into {folder}"
    return ""


def _is_own(found: os.stat_result) -> bool:
    return os.name != "posix" or found.st_uid == os.geteuid()


def _usable() -> Path | None:
    """The folder, unless it is not to be used; then that is said."""
    try:
        folder = place()
    except SctError as e:
        _warn(f"{e.message}. {e.advice}")
        return None
    why = refused(folder)
    if why:
        _warn(f"{why}, so derivatives are not kept there")
    return None if why else folder


def _warn(what: str) -> None:
    warnings.warn(what, CacheWarning, stacklevel=2)


# -- texts ---------------------------------------------------------------------------------------------------------------------


def kept(key: str) -> Iterator[str]:
    """The texts under a key, the latest first."""
    folder = _usable()
    for file in [] if folder is None else _files(folder / key):
        try:
            text = _read(file)
        except FileNotFoundError:  # another process has put it away since
            continue
        except OSError as e:
            _warn(f"{file} cannot be read: {e.strerror}")
            continue
        if text is None:
            _warn(f"{file} is damaged, or belongs to another user, and is left out")
        else:
            yield text


def _files(folder: Path) -> list[Path]:
    """The texts in a folder of one key, the latest first."""
    found: list[tuple[int, str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for e in entries:
            if e.name.endswith(".json"):
                with contextlib.suppress(FileNotFoundError):
                    found.append((e.stat().st_mtime_ns, e.path))
    return [Path(path) for _, path in sorted(found, reverse=True)]


def _read(file: Path) -> str | None:
    """A text; None if it is not as it was written, or not by this user."""
    with open(file, "rb") as stream:
        own = _is_own(os.fstat(stream.fileno()))
        head, _, body = stream.read().partition(b"\n")
    return body.decode() if own and head.decode(errors="replace") == _HEADER + _hash(body) else None


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def keep(key: str, text: str) -> None:
    """Keep a text under a key."""
    folder = _usable()
    if folder is None:
        return
    body = text.encode()
    own = folder / key
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own.mkdir(mode=0o700, exist_ok=True)
        _write(own / f"{_hash(body)[:32]}.json", f"{_HEADER}{_hash(body)}\n".encode() + body)
        for old in _files(own)[_MOST:]:
            old.unlink(missing_ok=True)
    except OSError as e:
        _warn(f"{folder} cannot be written: {e.strerror}")


def module(key: str, name: str, text: str) -> str | None:
    """The file of a module with this text, for who keeps something beside it; None if it cannot be there."""
    folder = _usable()
    if folder is None:
        return None
    file, content = folder / key / f"{name}.py", text.encode()
    try:
        if not _holds(file, content):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.parent.mkdir(mode=0o700, exist_ok=True)
            _write(file, content)
    except OSError as e:
        _warn(f"{folder} cannot be written: {e.strerror}")
        return None
    return str(file)


def _holds(file: Path, content: bytes) -> bool:
    """Whether a file, in a folder that only its owner can write into, has this content."""
    try:
        found = file.parent.stat()
        return _is_own(found) and not refused(file.parent) and file.read_bytes() == content
    except FileNotFoundError:
        return False


def _write(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read; it is there when it is whole."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=file.parent)  # which has these permissions
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


# -- all of them ---------------------------------------------------------------------------------------------------------------


def _keys(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (Path(e.path) for e in entries if _KEY.fullmatch(e.name) and e.is_dir(follow_symlinks=False))


def contents(folder: Path) -> Contents:
    """What is in a folder."""
    files = [file for key in _keys(folder) for file in _files(key)]
    beside = [file for key in _keys(folder) for file in _compiled(key)]
    nbytes = sum(f.stat().st_size for f in (*files, *beside))
    return Contents(len(files), nbytes, sum(_read(f) is None for f in files))


def _compiled(key: Path) -> Iterator[Path]:
    """The modules in a folder of one key, and what Numba keeps of them."""
    yield from key.glob("*.py")
    yield from key.glob("__pycache__/*.nb[ic]")


def clear(folder: Path) -> int:
    """Put away all that is kept in a folder, and nothing else; how many texts."""
    count = 0
    for key in _keys(folder):
        for file in [*_files(key), *_compiled(key), *key.glob(".*.new")]:
            file.unlink(missing_ok=True)
            count += file.suffix == ".json"
        with contextlib.suppress(OSError):  # another process writes there, or something else is in it
            (key / "__pycache__").rmdir()
        with contextlib.suppress(OSError):
            key.rmdir()
    return count
