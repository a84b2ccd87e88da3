"""What operations are stands with the rules: no pass keeps a table of them but for what is its very subject."""

import ast
import builtins
import copy
import importlib
import operator
from collections import Counter
from pathlib import Path
from types import BuiltinFunctionType

import numpy as np
import pytest
from rule_samples import samples
from trees import leaves

import sct
from sct.analysis.storage import fresh, read_only
from sct.infer.facts import for_call
from sct.infer.signature import type_alone
from sct.ir.ops import Attribute, Method, describe
from sct.ir.ssa import Apply, Value
from sct.ir.types import UNKNOWN, Array, Const, Scalar, Tuple
from sct.registry import facts as registry
from sct.registry.facts import facts_of, ufunc_of
from sct.registry.rules import adjoint_rule, kind_of
from sct.runtime import place_of

SCT = Path(sct.__file__).parent

# The tables that may be, by file and name (of the variable, or of the function that it stands in), each with its reason. Let
# there be fewer of them, not more: a property of operations that a pass asks for is registered beside their rules.
ALLOWED = {
    "specialize/containers: STRUCTURAL": "how the operations of Python on containers are followed: the subject",
    "analysis/dependence: _LINEAR": "the arithmetic of integers that linear forms are made by: the subject",
    "analysis/dependence: forms": "the same, where one operand is a constant",
    "specialize/branches: _OF_EXCEPTIONS": "what gives nothing of an exception but words: the subject",
    "specialize/branches: _computes_in_place": "the statements that write all or nothing: the subject",
    "specialize/in_python: IN_PYTHON": "how functions on iterators are followed, as they are in Python: the subject",
    "specialize/in_python: _AS_LISTS": "the same, of those that take all items at once",
    "specialize/in_python: _OF_GENERATORS": "the same, of what is given a generator",
    "transform/copied: _original": "a copy of an array, by function or by method",
    "specialize/growing: FROM_KNOWN": "what the runtime's operations on growing lists are on known ones: the subject",
    "specialize/growing: OPERATIONS": "how the operations of Python on growing lists are followed: the subject",
    "analysis/cost: _PRODUCTS": "the products whose operations are counted by the axis that is summed over: the subject",
    "analysis/cost: _of_operation": "the two stores of the typed form",
    "analysis/spectra: same_for_each": "the ways in which functions of matrices are written: the subject",
    "analysis/spectra: times": "the same",
    "analysis/spectra: _is_product": "the same",
    "analysis/repeating: repeated": "the two functions that the compiler itself puts in front of a call that is run again",
    "specialize/in_memory: specialized_again": "the two stores into arrays",
    "specialize/objects: OPERATIONS": "how the operations of Python on lists and dicts are followed: the subject",
    "specialize/operators: _TAKEN": "what is done to objects that are there at compile time only: the subject",
    "specialize/operators: _TURNED": "the operators that a class may have methods for: the subject",
    "specialize/operators: _OPERATORS": "the same",
    "specialize/operators: _THROUGH": "what asks a class for what is in an object: the subject",
    "specialize/operators: _through": "those of them that take several operands",
    "transform/explicit: _asks_identity": "the two operations that look at what a thing is, and not at what is in it",
    "specialize/made_objects: _KEEPING": "what looks at no object that it is given: the subject",
    "specialize/specializer: _COMPARED": "the comparisons, of which sizes at the call tell what they give: the subject",
    "specialize/tuples: _ASKING": "what asks whether something is None: the subject",
    "specialize/tuples: operation": "those of them that say no",
    "specialize/specializer: _OF_NUMBERS": "what no handler above has a part in where it is given numbers and arrays",
    "specialize/specializer: _MAKERS": "which of the handlers above give an object that is new",
    "specialize/writing: WRITING": "how each function that writes into its operand is followed: the subject",
    "specialize/writing: handle": "+= and -= as one store that adds",
    "transform/promote: begun": "the copies of arguments that the compiler itself makes",
    "analysis/pointers: apply": "the stores into arrays, and views of them: the subject",
    "transform/into_buffers: _COPIES": "the copies that the compiler itself puts in front of a result",
    "transform/into_buffers: _adds": "the stores that add",
    "transform/record: _shapes_asked": "the adjoints' own zeros and casts, which are not asked for by a shape",
    "analysis/wording: _OPERATORS": "what results of operators are called: words, not facts",
    "analysis/wording: _special": "the same",
    "analysis/wording: wordings": "the same",
    "transform/shapes: _SHAPES": "what is rewritten to ask for a shape, each in a way of its own: the subject",
    "transform/shapes: _SIZES": "the same",
    "transform/shapes: run": "a copy of an argument, by function or by method",
    "optimize/algebra: _RULES": "the rewriting of each operation: the subject",
    "optimize/cancellation: _ARITHMETIC": "the operations that polynomials are written with: the subject",
    "optimize/cancellation: _SUMS": "the operations that polynomials are written with: the subject",
    "optimize/diagonals: _Diagonals": "the rewriting of each operation: the subject",
    "optimize/constants: _FOLDED": "what is carried out on numbers: the subject",
    "optimize/meaning: _BINARY": "the polynomial of each operation: the subject",
    "optimize/meaning: _RULES": "the same",
    "optimize/signs: _Signs": "the two statements that are rewritten: the subject",
    "optimize/products: DIVISIONS": "what a line in a product is written by: the subject",
}


def is_operation(value):
    """Whether something is an operation: a function of NumPy, `operator`, the runtime or built in, or a method; no class."""
    if isinstance(value, (np.ufunc, BuiltinFunctionType, Attribute, Method)):
        return True
    module = getattr(value, "__module__", None) or ""
    return callable(value) and not isinstance(value, type) and module.partition(".")[0] == "numpy" or module == "sct.runtime"


def value_of(node, namespace):
    """What an expression of a table stands for, as far as it is a name, an attribute or a method by its name."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id, getattr(builtins, node.id, None))
    if isinstance(node, ast.Attribute):
        return getattr(value_of(node.value, namespace), node.attr, None)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Attribute", "Method"):
        return Method("")
    return None


def tables(path):
    """The tables of operations in a module: collections of two or more, by the name of what they are in."""
    module = importlib.import_module(".".join(("sct", *path.relative_to(SCT).with_suffix("").parts)))
    found = Counter()

    def visit(node, owner):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            owner = node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and owner is None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            owner = getattr(target, "id", None)
            if owner == "__all__":
                return
        keys = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
        if sum(is_operation(value_of(k, vars(module))) for k in keys if k is not None) > 1:
            found[owner] += 1
        for child in ast.iter_child_nodes(node):
            visit(child, owner)

    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        visit(node, None)
    return {f"{path.parent.name}/{path.stem}: {name}" for name in found}


@pytest.mark.parametrize("folder", ["infer", "specialize", "analysis", "transform", "optimize"])
def test_no_pass_has_a_table_of_operations(folder):
    found = set().union(*(tables(path) for path in (SCT / folder).glob("*.py")))
    more = found - ALLOWED.keys()
    assert not more, "register with the rules what these say of operations (sct.registry.facts)"
    gone = {name for name in ALLOWED if name.startswith(f"{folder}/")} - found
    assert not gone, "take these from the list, for they are gone"


def test_a_table_is_seen():
    assert "specialize/containers: STRUCTURAL" in tables(SCT / "specialize" / "containers.py")
    assert not tables(SCT / "specialize" / "memory.py")


# -- what is registered is true ----------------------------------------------------------------------------------------------


def of(fact):
    """The operations of which something is registered, and what."""
    known = {op: getattr(f, fact) for op, f in registry._facts.items()}
    return [pytest.param(op, found, id=describe(op)) for op, found in known.items() if found not in (None, False)]


def operands(op, rng, count=2):
    """Two arrays for each operand of an operator or a ufunc."""
    n = len(adjoint_rule(op).operands)
    return [[rng.normal(size=(3, 2)) + 3.0 for _ in range(n)] for _ in range(count)]


@pytest.mark.parametrize("op, how", [p for p in of("linear") if ufunc_of(p.values[0]) is not None])
def test_linear_entry_by_entry(op, how, rng):
    x, y = operands(op, rng)
    if how == "together":
        np.testing.assert_allclose(op(*(2.0 * a + b for a, b in zip(x, y, strict=True))), 2.0 * op(*x) + op(*y), rtol=1e-12)
    for k in range(len(x) if how == "each" else 1) if how != "together" else ():
        both = [2.0 * a + b if i == k else a for i, (a, b) in enumerate(zip(x, y, strict=True))]
        other = [b if i == k else a for i, (a, b) in enumerate(zip(x, y, strict=True))]
        np.testing.assert_allclose(op(*both), 2.0 * op(*x) + op(*other), rtol=1e-12)


@pytest.mark.parametrize("op, how", [p for p in of("linear") if ufunc_of(p.values[0]) is None])
def test_linear_in_the_first_operand(op, how, rng):
    if how == "together":
        x, y = ([1.5, -2.0], 3.0), ([0.5, 4.0], -1.0)
        both = [2.0 * a + b for a, b in zip(x[0], y[0], strict=True)], 2.0 * x[1] + y[1]
        assert op(*both) == 2.0 * op(*x) + op(*y)
        return
    tried = 0
    for of, args, kwargs in samples():
        if of is not op or not isinstance(args[0], np.ndarray) or args[0].dtype != float:
            continue
        if for_call(how, op, tuple(map(operand, args)), tuple((k, operand(v)) for k, v in kwargs.items())) == "first":
            x, other = args[0], rng.normal(size=args[0].shape)
            y, y_other, both = (op(a, *args[1:], **kwargs) for a in (x, other, 2.0 * x + other))
            np.testing.assert_allclose(both, 2.0 * y + y_other, rtol=1e-9, atol=1e-12)
            tried += 1
    assert tried > 0


@pytest.mark.parametrize("op, ufunc", of("ufunc"))
def test_ufunc(op, ufunc):
    x = [np.array([[3, 5], [6, 2]]), np.array([1, 2])][: ufunc.nin]
    np.testing.assert_array_equal(op(*x), ufunc(*x))
    assert ufunc_of(op) is ufunc_of(ufunc) is ufunc


@pytest.mark.parametrize("op, squares", of("squares"))
def test_squares(op, squares):
    args = (1.5,) if op is np.square else (1.5, 2)
    assert squares(*args) and op(*args) == 2.25
    assert op is np.square or not squares(1.5, 3)


@pytest.mark.parametrize("op, finite", of("finite"))
def test_finite(op, finite):
    edges = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -710.0, 1e8])
    for x in edges:
        args = {np.where: (x > 0, x, edges), np.clip: (x, -1.0, 1.0)}.get(op, (x, edges)[: len(adjoint_rule(op).operands)])
        args = (edges, 3) if callable(finite) else args
        assert np.all(np.isfinite(op(*args))) and (not callable(finite) or not finite(Array(x.dtype, (7,)), -1))


@pytest.mark.parametrize("op, keeps", of("keeps_zeros"))
def test_keeps_zeros(op, keeps):
    x = np.array([0.0, np.nan, np.inf])
    args = {"astype": (np.float32,), "cast_to": (np.float32,), "cast_like": (x,)}.get(op.__name__, ())
    assert list(np.asarray(op(x, *args)) == 0) == [True, False, False]


@pytest.mark.parametrize("op, never", of("nonnegative"))
def test_nonnegative(op, never, rng):
    assert all(op(rng.normal(size=4)) >= 0 for _ in range(9)) and op(np.ones(3)) == 0


@pytest.mark.parametrize("op, inverts", of("inverts"))
def test_inverts(op, inverts):
    assert op(-3.0) > 0 and abs(op(-3.0) * op(3.0) - 1.0) < 1e-15


@pytest.mark.parametrize("op, band", of("band"))
def test_band(op, band):
    kept = op(np.full((4, 4), np.nan), 1)
    assert set(np.unique(kept[kept == 0])) == {0.0} and np.array_equal(np.isnan(kept), op(np.ones((4, 4), bool), 1))


LEFT = {"lower": np.tril, "upper": np.triu, "diagonal": lambda y: np.tril(np.triu(y)), None: lambda y: y}
TURNED = {"lower": "upper", "upper": "lower", "diagonal": "diagonal"}
_MATRIX = np.arange(1.0, 10.0).reshape(3, 3)
CALLS = {
    "cholesky": [(_MATRIX @ _MATRIX.T + np.eye(3),)],  # NumPy's, and SciPy's if its rules are loaded
    np.linalg.qr: [(_MATRIX,), (_MATRIX, "r"), (_MATRIX, "complete"), (_MATRIX[:2],)],
    np.eye: [(3,), (3, 4), (3, 3, 1)],
    np.identity: [(3,)],
    np.tri: [(3,), (3, 4, -1), (3, 3, 1)],
    np.diag: [(_MATRIX[0],), (_MATRIX,), (_MATRIX[0], 1)],
    np.swapaxes: [(_MATRIX, 0, 1), (_MATRIX, -1, -2), (_MATRIX, 0, 0)],
    np.transpose: [(_MATRIX,), (_MATRIX, (0, 1)), (_MATRIX.reshape(1, 3, 3),)],
}


def triangle_of(y, names):
    """Whether matrices have the triangles that are said, or are anything where none is."""
    if isinstance(names, tuple):
        return all(map(triangle_of, y, names))
    return np.array_equal(y, LEFT[names](y))


@pytest.mark.parametrize("op, triangle", of("triangle"))
def test_triangle(op, triangle):
    run = (lambda *args: getattr(args[0], op.name)(*args[1:])) if isinstance(op, Method) else op
    second = _MATRIX.T + 1.0
    two = op in (operator.matmul, np.matmul, np.add, np.subtract, np.multiply, np.divide)
    usual = [(_MATRIX, second) if two else (_MATRIX,), *([(_MATRIX, -1), (_MATRIX, 1)] if callable(triangle) else [])]
    for args in CALLS.get(op, CALLS.get(getattr(op, "__name__", None), usual)):
        known = [Array(a.dtype, a.shape) if isinstance(a, np.ndarray) else a for a in args]
        how = triangle(*known) if callable(triangle) else triangle
        if how not in ("first", "turned", "each", "any"):
            assert triangle_of(run(*args), how)
            continue
        for name, other in TURNED.items():
            own, rest = LEFT[name](args[0]), args[1:]
            given = (own, LEFT[name](second)) if how == "each" else (own, *rest)
            for operands in (given, given[::-1]) if how == "any" else (given,):
                assert triangle_of(run(*operands), other if how == "turned" else name)
    assert how is not None or callable(triangle)


@pytest.mark.parametrize("op, alone", of("alone"))
def test_alone(op, alone):
    for primitive, args, kwargs in samples():
        if primitive is op:
            np.testing.assert_allclose(alone(*args, **kwargs), op(*args, **kwargs), rtol=1e-5)


@pytest.mark.parametrize("op, on_triangle", of("on_triangle"))
def test_on_triangle(op, on_triangle):
    for a, lower in ((np.tril(_MATRIX), True), (np.triu(_MATRIX), False)):
        keywords = {"lower": lower} if op is on_triangle else {}
        np.testing.assert_allclose(on_triangle(a, _MATRIX, lower=lower), op(a, _MATRIX, **keywords))


@pytest.mark.parametrize("op, itself", of("itself"))
def test_itself(op, itself):
    x = np.ones((2, 2, 2))
    converts = op.__name__ == "astype" if not isinstance(op, Method) else False
    args, kwargs = ((float,) if converts else (), {"copy": False} if converts or op is np.array else {})
    run = (lambda a: getattr(a, op.name)()) if isinstance(op, Method) else (lambda a: op(a, *args, **kwargs))
    assert itself(Array(x.dtype, x.shape), *args, **kwargs) and run(x) is x
    flat = np.ones(2, np.float32 if converts else complex)
    assert itself(Array(flat.dtype, (2,)), *args, **kwargs) == (run(flat) is flat)
    if converts:
        assert not itself(Array(x.dtype, x.shape), float) and run(x) is not op(x, float)


@pytest.mark.parametrize("op, how", of("rearranged"))
def test_rearranged(op, how):
    x = np.arange(6.0).reshape(1, 2, 3)
    given = {np.reshape: ((6,),), np.swapaxes: (1, 2), np.moveaxis: (1, 2), np.expand_dims: (0,)}
    args = given.get(op, (np.zeros_like(x), False) if op is place_of else ())
    y = op(x, *args)
    assert np.shares_memory(x, y) and y.size == x.size
    known = how if isinstance(how, str) else how(Array(x.dtype, x.shape), *args)
    if known == "reshaped":  # for arrays in any order
        np.testing.assert_array_equal(np.ravel(op(x.T, *args)), np.ravel(x.T))
        assert np.shares_memory(op(x.T, *args), x)
        return
    assert known == "turned" or (known == "may copy" and not np.shares_memory(x.T, op(x.T, *args)))


def test_a_vector_is_reshaped_and_raveled():
    x = np.arange(6.0)[::2]
    assert facts_of(np.reshape).rearranged(Array(x.dtype, x.shape), (3, 1)) == "reshaped"
    assert np.shares_memory(np.reshape(x, (3, 1)), x) and not np.shares_memory(np.ravel(x), x)
    assert facts_of(np.ravel).rearranged(Array(x.dtype, x.shape)) == "may copy"
    assert facts_of(np.reshape).rearranged(Array(x.dtype, x.shape), (3, 1), order="F") is None


def operand(value):
    """A value as an operand: an array by its type alone, a number as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return Value(type_alone(value))
    return Tuple(tuple(map(operand, value))) if type(value) is tuple else Const(value)


@pytest.mark.filterwarnings("ignore")
def test_what_is_fresh_shares_no_memory():
    """Of all samples of all rules: what is taken to lie in memory of its own does, and what is read-only is known to be."""
    for op, args, kwargs in samples():
        args, kwargs = copy.deepcopy((args, {k: v for k, v in kwargs.items() if k != "wrt"}))
        call = Apply(op, tuple(map(operand, args)), tuple((k, operand(v)) for k, v in kwargs.items()), Value(UNKNOWN))
        arrays = [x for x in leaves([*args, *kwargs.values()]) if isinstance(x, np.ndarray)]
        made = [x for x in leaves(op(*args, **kwargs)) if isinstance(x, np.ndarray)]
        assert not (fresh(call) and any(np.shares_memory(x, y) for x in arrays for y in made)), (op, args, kwargs)
        assert read_only(call) is not False or all(x.flags.writeable for x in made), (op, args, kwargs)


def test_what_depends_on_the_call():
    real, imaginary, matrix = Array(np.dtype(float), (2,)), Array(np.dtype(complex), (2,)), Array(np.dtype(float), (2, 2))
    assert [facts_of(np.diag).memory(t) for t in (real, matrix, Array(None, None))] == ["fresh", "read-only", "either"]
    assert [facts_of(np.imag).memory(t) for t in (real, imaginary, UNKNOWN)] == ["read-only", "view", "either"]
    assert [facts_of(Method("conj")).memory(t) for t in (real, imaginary)] == ["view", "fresh"]
    assert facts_of(Attribute("T")) is facts_of(np.transpose)
    assert [facts_of(op).cheap(3, Scalar(float)) for op in (max, min)] == [True, True]
    assert not facts_of(max).cheap(real, 0.0)


def test_kinds():
    assert kind_of(operator.lt) == "comparison" and kind_of(np.full) == kind_of(np.zeros_like) == "construction"
    assert kind_of(np.transpose) == "view" and kind_of(print) == "other"
