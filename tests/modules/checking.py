"""Writing modules into a folder, running them where there is no sct, and having the linters and mypy look at them."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
from trees import leaves

ALONE = """
import importlib.util, pickle, sys

class NoSct:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "sct":
            raise ImportError("there is no sct here")

sys.meta_path.insert(0, NoSct())
sys.path[:0] = sys.argv[3:]
calls = pickle.load(open(sys.argv[1], "rb"))
out = []
for path, transform, args in calls:
    spec = importlib.util.spec_from_file_location("module", path)
    sys.modules["module"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    *first, last = args
    try:
        if transform in ("pullback", "linearize"):
            value, inner = module.derivative(*first)
            out.append((value, inner(*last) if transform == "linearize" else inner(last)))
        else:
            result = module.derivative(*args)
            out.append((result, args) if transform == "adjoint" else result)
    except Exception as e:
        out.append(e)
pickle.dump(out, open(sys.argv[2], "wb"))
"""

LINTERS = {
    "ruff": ["ruff", "check", "--isolated"],
    "ruff format": ["ruff", "format", "--isolated", "--check"],
    "black": ["black", "--check", "--quiet"],
    "mypy": ["mypy", "--strict", "--follow-imports", "silent", "--cache-dir", ".mypy_cache", "--scripts-are-modules"],
}


def written(folder, cases):
    """Write the modules, but those that are refused; gives what is wrong."""
    for c in cases:
        try:
            (folder / c.file).write_text(c.text())
        except Exception as e:  # noqa: BLE001
            yield f"{c.file}: not generated: {type(e).__name__}: {e}"


def run_alone(folder, calls):
    """What functions of modules give in a process in which sct cannot be imported."""
    (folder / "calls").write_bytes(pickle.dumps(calls))
    (folder / "alone").write_text(ALONE)
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    subprocess.run([sys.executable, folder / "alone", folder / "calls", folder / "out", *paths], check=True)
    return pickle.loads((folder / "out").read_bytes())


def differing(folder, cases):
    """What modules give otherwise than sct does: to the bit, but for sums with what is in a buffer."""
    cases = [c for c in cases if (folder / c.file).exists()]
    calls = [(str(folder / c.file), c.transform, c.call()) for c in cases]
    for c, found in zip(cases, run_alone(folder, calls), strict=True):
        if isinstance(found, Exception):
            yield f"{c.file}: {type(found).__name__}: {found}"
        elif not (_added(c, found) if c.transform == "adjoint" else _same(found, c.expected())):
            yield f"{c.file}: gives another result than sct"


def _same(a, b):
    if isinstance(b, dict):
        return list(a) == list(b) and all(_same(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if b is None:
        return a is None
    return np.asarray(a).dtype == np.asarray(b).dtype and np.array_equal(a, b, equal_nan=np.asarray(b).dtype.kind in "fc")


def _added(case, found):
    """Whether what is in the buffers now, and the sums that are returned, are those of the adjoints and what was in them."""
    result, args = found
    buffers, adjoints = case.expected()
    now = args[len(args) - len(buffers) :]
    sums = list(result) if isinstance(result, tuple) else [] if result is None else [result]
    for was, bar, is_now in zip(buffers, adjoints, now, strict=True):
        for x, y, z in zip(*map(leaves, (was, bar, is_now)), strict=True):
            if y is None:
                continue
            total = x + y
            if not np.ndim(total) and not np.allclose(z, total) and sums:
                z = sums.pop(0)
            if not np.allclose(z, total, rtol=1e-10, atol=1e-12):
                return False
    return True


def complaints(folder, linter):
    """What a linter, or mypy, says of the modules in a folder."""
    paths = sorted(p.name for p in folder.glob("*.py"))
    here = Path(__file__).parents
    env = {"MYPYPATH": f"{here[1]}", "PATH": "", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", *LINTERS[linter], *paths], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""
