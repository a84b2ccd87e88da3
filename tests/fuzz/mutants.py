"""Faults put into the compiler on purpose, and within how many programs a generator finds each: `python -m tests.fuzz.mutants`.

A mutant is a function of the compiler with a piece of its text replaced. It is found by a program whose derivative, in forward
or reverse mode, is wrong, or fails, with the mutant and not without it. Each is looked for in a process of its own, so that
nothing that the compiler keeps outlasts it.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import multiprocessing
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sct

from . import GENERATORS
from .oracle import Verdict, judged, way_of

__all__ = ["MUTANTS", "Mutant", "found", "mutated"]


@dataclass(frozen=True)
class Mutant:
    """In the function `name` of a module, `new` in the place of `old`, which stands there once.

    `forward`: it is looked for in forward mode; `generator`: among the programs of this one.
    """

    module: str
    name: str
    old: str
    new: str
    forward: bool = True
    generator: str = "memory"


MUTANTS = {
    "a φ is apart from what it is one of": Mutant(
        "sct.analysis.points_to", "apart", "found.join((v, *values_of(*operands)))", "pass"
    ),
    "a part of an array is apart from it": Mutant(
        "sct.analysis.points_to", "shared", "return () if fresh(s) else s.args[:1]", "return ()"
    ),
    "a reshaped array is apart from it": Mutant(
        "sct.analysis.points_to", "shared", "return s.args[:1] if first else s.operands", "return ()"
    ),
    "what a container is made of is apart from it": Mutant(
        "sct.analysis.points_to",
        "has_memory",
        "if isinstance(t, Array):",
        "if True:\n        t = t if isinstance(t, Array) else Array(None, ())",
    ),
    "an argument that is written into is not copied": Mutant(
        "sct.transform.explicit",
        "explicit",
        "made_of = {v: _copied(v, classes, exact, copies) for v in written_into}",
        "made_of = {}",
    ),
    "the test of layout is skipped": Mutant("sct.analysis.layout", "keeps_strides", "found.add(classes.of(s.result))", "pass"),
    "tangents do not lie as the array does": Mutant(
        "sct.transform.forward", "_Forward.in_memory", "if self.classes.of(s.result) in self.strided:", "if False:"
    ),
    "a number is not loaded where it is read": Mutant(
        "sct.transform.explicit", "_Loads.apply", "a if same else self.loaded(a, s)", "a"
    ),
    "a constant written into an array leaves its tangent": Mutant(
        "sct.transform.forward", "_Forward.write", "if dot != Const(0.0) or s.op.op is updated:", "if dot != Const(0.0):"
    ),
    "a write into an array that has no tangent yet is lost": Mutant(
        "sct.analysis.activity", "_through_memory", "add(classes.of(v), *s.operands)", "pass"
    ),
    "what is written through one name varies under no other": Mutant(
        "sct.analysis.activity", "_through_memory", "add(v, c)\n", "pass\n"
    ),
    "the tangent of a view is a copy": Mutant(
        "sct.transform.forward",
        "_Forward.in_memory",
        "self.b.append(s.op, args, dict(s.kwargs), self.type_beside(s.result), name)",
        "self.b.append(*((ALLOCATE, (self.b.append(s.op, args, dict(s.kwargs), adjoint_type(s.result.type)),), {}) "
        "if isinstance(s.op, View) else (s.op, args, dict(s.kwargs))), self.type_beside(s.result), name)",
    ),
    "the tangent of a φ is zero on one path": Mutant(
        "sct.transform.forward",
        "_Forward.if_",
        "self.with_tangents(b, (), [(phi.ends[k], phi.result) for phi in phis], n)",
        "self.with_tangents(b, (), [(phi.ends[k] if k else Const(0.0), phi.result) for phi in phis], n)",
    ),
    "a loop hands on the tangent it began with": Mutant(
        "sct.transform.forward",
        "_Forward.loop",
        "[(phi.ends[0], phi.params[0]) for phi in phis]",
        "[(phi.params[0], phi.params[0]) for phi in phis]",
    ),
    "a load is never a copy": Mutant(
        "sct.transform.implicit", "_Names.load", "if all(self.lasts(", "if True or all(self.lasts("
    ),
    "a new array is what it is made of": Mutant(
        "sct.transform.implicit", "_Names.allocate", "and self.lasts(", "and True or self.lasts("
    ),
    "memory that is not new becomes an array of its own": Mutant(
        "sct.transform.implicit", "_Names.allocate", "and self.is_new(content)", ""
    ),
    "a write in a block is not seen around it": Mutant(
        "sct.transform.implicit", "_Names.operation", "else self.around[at[0].label]", "else None"
    ),
    "a use by way of a view is not seen": Mutant(
        "sct.transform.implicit", "_Names.lasts", "for a in self.aliases.get(w, ()):", "for a in ():"
    ),
    "what goes into a φ is not seen to be used": Mutant(
        "sct.transform.implicit", "_Names.survey", "self.escaping.update(values_of(*phi.begins, *phi.ends))", "pass"
    ),
    "a write within a loop that uses a value is not seen": Mutant(
        "sct.transform.implicit",
        "_Names.is_changed",
        "self.is_written(block, after, j + around, c)",
        "self.is_written(block, after, j, c)",
    ),
    "what is put into a list is apart from it": Mutant(
        "sct.analysis.points_to", "_apply", "found.join(values_of(s.args[0], *put_in(s)))\n    elif", "pass\n    elif"
    ),
    "a list that changes may be read later": Mutant(
        "sct.analysis.points_to",
        "Classes.is_written",
        "or (objects and self.of(v) in self.changed)",
        "",
    ),
    "a change of a list leaves that of the tangents": Mutant(
        "sct.transform.forward", "_Forward.write", "self.b.append(s.op, (into, *args), {}, Const(None))", "tuple(args)"
    ),
    "what is put into a list is a copy": Mutant("sct.transform.explicit", "_Loads.apply", "k in (0, given)", "k == 0"),
    "what is put into a list has a tangent of zeros": Mutant(
        "sct.transform.forward", "_Forward.contained", "return self.dots[o]", "return self.strong(self.zero(o), o)"
    ),
    "list(p) is p": Mutant("sct.specialize.objects", "_list", "return new_list(s, list, args, t.item)", "return args[0]"),
    "p += q makes another list": Mutant(
        "sct.specialize.objects", "_iadd", "return x", "return new_list(s, list, (x,), type_of(x).item)"
    ),
    "what is popped stays in the list": Mutant("sct.specialize.objects", "_pop", 'put(s, Method("pop"), x, args)', "pass"),
    "two loads of an array are one": Mutant(
        "sct.analysis.effects", "effect", 'if op is LOAD or isinstance(op, View):\n        return "reads"', "pass"
    ),
    "a field stays what it was bound to first": Mutant(
        "sct.specialize.records",
        "_put",
        "fields = {**now.mapping(), FieldName(name): value}",
        "fields = {name: value, **now.mapping()}",
    ),
    "a field of one of several objects stays what it was": Mutant(
        "sct.specialize.made_objects",
        "put_field",
        "s.emit(Store(operator.setitem), (x, Const(name), value), {}, Const(None))",
        "pass",
    ),
    "a write is dead code": Mutant("sct.analysis.effects", "has_effect", '("writes", "draws",', '("draws",'),
    "what a store overwrites keeps its adjoint": Mutant(
        "sct.transform.in_memory", "InMemory.store", "if s.op.op is updated:", "if False:", forward=False
    ),
    "what is stored gets no adjoint": Mutant(
        "sct.transform.in_memory", "InMemory.store", "self.accumulate(operand, one)", "pass", forward=False
    ),
    "a φ has the shadow of its first array": Mutant(
        "sct.transform.shadows",
        "_Shadows.beside",
        "in (phi.begins, phi.ends))",
        "in (phi.begins, phi.ends if phi.params else (phi.ends[0],) * 2))",
        forward=False,
    ),
    "a loop hands on the shadow that it began with": Mutant(
        "sct.transform.shadows",
        "_Shadows.beside",
        "begins, ends)",
        "begins, (self.of[phi.params[0]],) if phi.params else ends)",
        forward=False,
    ),
    "the shadow of a copy gives nothing back": Mutant(
        "sct.transform.in_memory", "InMemory.copied", "self.add(of, ", "(lambda *args: None)(of, ", forward=False
    ),
    "what is read is added where it lies, whatever was written since": Mutant(
        "sct.transform.shadows",
        "Read.is_left",
        "bisect(self.writes, self.time) == bisect(self.writes, time)",
        "True",
        forward=False,
    ),
    "a pointer on a tape is a copy": Mutant(
        "sct.transform.record",
        "_Recorder.find_shared",
        "arrays = [v for v in arrays if v not in self.handles]",
        "pass",
        forward=False,
    ),
    "a number in a list has no adjoint": Mutant(
        "sct.transform.shadows", "_Shadows.contained", "self.put_in.setdefault(s, []).append((o, cell))", "pass", forward=False
    ),
    "a list is not changed beside its shadow": Mutant(
        "sct.transform.shadows",
        "_Shadows.change",
        "self.put(s, [*steps, own], now=True)",
        "self.put(s, steps, now=True)",
        forward=False,
    ),
    "a pullback goes on with the shadows that it had": Mutant(
        "sct.stages", "_differentiated", 'if mode.seed in ("pull", "rows"):', "if False:", forward=False
    ),
    "a call that writes is not pulled": Mutant(
        "sct.transform.in_memory",
        "InMemory.in_memory",
        "self.b.append(PULL, self.memory.pulls[s], {}, Const(None))",
        "pass",
        forward=False,
    ),
    "a number given to a call that writes has no adjoint": Mutant(
        "sct.transform.shadows", "_Shadows.call", "self.put_in[call] = self.put_in.pop(s, [])", "pass", forward=False
    ),
    "nobody writes into what a call is given once that is over": Mutant(
        "sct.transform.explicit",
        "explicit",
        "[*block.body, Apply(LEAVE, there, (), Value(Const(None)))]",
        "[Apply(LEAVE, there, (), Value(Const(None))), *block.body]",
        forward=False,
    ),
    "what a call that writes is given as a value has no adjoint": Mutant(
        "sct.transform.in_memory", "InMemory.settle", "self.add(shadow, bar)", "pass", forward=False
    ),
    "an array that a container holds is promoted": Mutant(
        "sct.analysis.pointers",
        "_Pointers.other",
        "self.leave(read)\n    if has_memory(s.result) and (read or form_of is None):",
        "if False:",
        forward=False,
    ),
    "an array that is read by another name while it changes is promoted": Mutant(
        "sct.analysis.pointers",
        "_Pointers.found",
        "if any(self.is_visible(x, at) and self.is_read_after(x, at) for x in others):",
        "if False:",
        forward=False,
    ),
    "what is read in the next iteration is taken for dead": Mutant(
        "sct.analysis.pointers", "_Pointers.follows", "if n >= depth and (label, i) in self.loops", "if False", forward=False
    ),
    "arrays that a loop swaps are never the same": Mutant(
        "sct.analysis.pointers", "_Pointers.around_loop", "yield tuple(phi.ends[0] for phi in phis)", "return", forward=False
    ),
    "a view that may be a copy is taken again": Mutant(
        "sct.analysis.pointers",
        "_Pointers.is_part",
        "return self.is_contiguous(base_of(s))",
        "return True",
        forward=False,
    ),
    "an imaginary part's adjoint is a view": Mutant(
        "sct.transform.shadows",
        "_turns",
        'return primitive_of(_operation(s)) is np.imag or placed(replace(s, op=_operation(s))) == "spread"',
        "return False",
        forward=False,
    ),
    "an object that += makes anew stays the first one": Mutant(
        "sct.specialize.loops",
        "_Names.ended",
        "if s.memory.object_of(items[k]) is not s.memory.object_of(self.inits[k]):",
        "if False:",
        generator="python",
    ),
    "what is sorted stands the other way round": Mutant(
        "sct.specialize.in_python",
        "_sorted",
        "s.apply(iterators.ordered, args, kwargs)",
        's.apply(iterators.ordered, args, {**kwargs, "reverse": Const(True)})',
        generator="python",
    ),
    "a function inside sees what variables were where it is defined": Mutant(
        "sct.frontend.nested",
        "scope_of",
        "cells |= {e.name for e in events[k + 1 :] if e.node is None and e.name in free}",
        "pass",
        generator="python",
    ),
    "one of two functions is the other": Mutant(
        "sct.specialize.branches",
        "one_of",
        "Const(Bound(either, (flag, *both)))",
        "Const(Bound(either, (flag, *both[::-1])))",
        generator="python",
    ),
    "what an operator says of an entry of an object is not asked": Mutant(
        "sct.specialize.operators",
        "operation",
        "new = s.apply(op.op, (s.apply(operator.getitem, (x, index)), value))",
        "new = value",
        generator="python",
    ),
    "the else of a loop is for one that is left": Mutant(
        "sct.frontend.lower",
        "_Lowerer.leave",
        "self.branch(node, stopped, lambda: None, lambda: self.statements(node.orelse))",
        "self.branch(node, stopped, lambda: self.statements(node.orelse), lambda: None)",
        generator="python",
    ),
    "a property is not set": Mutant(
        "sct.specialize.records", "bind_field", "s.apply(static.fset, (x, value))", "pass", generator="python"
    ),
    "a field that is there is not bound anew": Mutant(
        "sct.specialize.records",
        "_put",
        "{**now.mapping(), FieldName(name): value}",
        "{FieldName(name): value, **now.mapping()}",
        generator="python",
    ),
    "a field of an argument is what it was": Mutant(
        "sct.specialize.records",
        "_put",
        "s.memory.set(obj, Record(tuple(fields), tuple(fields.values()), now.cls))",
        "s.memory.set(obj, now if isinstance(obj, Value) else Record(tuple(fields), tuple(fields.values()), now.cls))",
        generator="python",
    ),
    "a chain of comparisons goes on from where it begins": Mutant(
        "sct.frontend.lower",
        "_Lowerer.comparisons",
        "self.comparisons(node, right, rest[1:])",
        "self.comparisons(node, left, rest[1:])",
        generator="python",
    ),
    "a generator goes on after break": Mutant(
        "sct.specialize.generators",
        "_Weaver.iteration",
        "body.yields[n] if self.loop.exits else Const(False)",
        "Const(False)",
        generator="python",
    ),
    "a loop through a generator starts each iteration as the first": Mutant(
        "sct.specialize.generators", "_Weaver.iteration", "return list(body.yields[:n])", "return carried", generator="python"
    ),
    "a named tuple is replaced by itself": Mutant(
        "sct.specialize.attributes",
        "named_tuple_method",
        "{**entries, **kwargs}",
        "{**kwargs, **entries}",
        generator="python",
    ),
    "the default of a data class comes before what is given": Mutant(
        "sct.specialize.records",
        "_fields_given",
        "out[f.name] = bound[f.name]",
        "out[f.name] = bound[f.name] if f.default is dataclasses.MISSING else Const(f.default)",
        generator="python",
    ),
    "nobody asks what branches leave in lists and objects": Mutant(
        "sct.specialize.branches", "joined", "over = last and not any(", "over = not any(", generator="python"
    ),
    "a context is not left": Mutant(
        "sct.specialize.specializer",
        "Specializer.context",
        "return self.apply(Method(method), (manager, *given), {}, name)",
        "return self.apply(Method(method), (manager, *given), {}, name) if op is ENTER else Const(None)",
        generator="python",
    ),
    "a star takes what stands before it": Mutant(
        "sct.specialize.iteration",
        "taken_apart",
        "return [plan.at(s, Const(i)) for i in range(n)]",
        "return [plan.at(s, Const(max(i - 1, 0))) for i in range(n)]",
        generator="python",
    ),
    "what a while tests is assigned before its body": Mutant(
        "sct.frontend.patterns",
        "_Spelled.visit_While",
        "ast.While(test, [*new.body, *again], new.orelse)",
        "ast.While(test, [*again, *new.body], new.orelse)",
        generator="python",
    ),
    "a case is taken whatever its guard says": Mutant(
        "sct.frontend.patterns",
        "_Spelled.visit_Match",
        "tests.append(_naming(captured, guard) if captured else guard)",
        "tests.append(_naming(captured, ast.Constant(True)) if captured else guard)",
        generator="python",
    ),
    "tangents of what is tried stand before it": Mutant(
        "sct.transform.tried",
        "tried_with_tangents",
        "return both.with_([*rest, *tangents])",
        "return both.with_([*tangents, *rest])",
        generator="python",
    ),
    "what is assigned in a try is known though it is left": Mutant(
        "sct.transform.record",
        "_known_after",
        "if isinstance(s, If) and s.handles is not None:",
        "if False:",
        forward=False,
        generator="python",
    ),
}
"""Faults by what is wrong then."""


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """The compiler with a fault in it."""
    module = importlib.import_module(mutant.module)
    function = inspect.unwrap(functools.reduce(getattr, mutant.name.split("."), module))  # type: ignore[arg-type]
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.old!r} stands {source.count(mutant.old)} times in {mutant.module}.{mutant.name}")
    scope: dict[str, Any] = {}
    exec(compile(source.replace(mutant.old, mutant.new), f"<mutant of {mutant.name}>", "exec"), vars(module), scope)
    before = function.__code__
    function.__code__ = inspect.unwrap(scope[function.__name__]).__code__
    try:
        yield
    finally:
        function.__code__ = before


def found(name: str, seed: int, count: int) -> tuple[int, int, Verdict] | None:
    """After how many programs, by which seed, and how a mutant is found."""
    generator = MUTANTS[name].generator
    for n in range(count):
        p, way = GENERATORS[generator](seed + n), way_of(seed + n, forward=MUTANTS[name].forward)
        with mutated(MUTANTS[name]):
            verdict = judged(p, way, seed + n)
        if verdict.is_fault and not judged(p, way, seed + n).is_fault:
            return n + 1, seed + n, verdict
    return None


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutant", action="append", choices=list(MUTANTS), help="may be given again; default: all")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=2000, help="within how many programs")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes at once")
    options = parser.parse_args(argv)
    names = options.mutant or list(MUTANTS)
    look = functools.partial(found, seed=options.seed, count=options.count)
    missed = 0
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=1) as pool:
        for name, result in zip(names, pool.imap(look, names, chunksize=1), strict=True):
            missed += result is None
            told = "not found" if result is None else f"{result[0]:5}, seed {result[1]}: {result[2].kind}: {result[2].detail}"
            print(f"{name}: {told}"[:200], flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    print(f"sct {sct.__version__}")
    sys.exit(main())
