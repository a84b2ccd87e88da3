"""Operations of the SSA form that are not plain callables.

Each is a frozen object that stands as `op` of an `Apply`; none of them can be run.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from sct.ir.records import record

__all__ = [
    "ALLOCATE",
    "APART",
    "ASSERT",
    "ATTEMPT",
    "BINARY",
    "CALL",
    "CAUGHT",
    "DICT",
    "ENTER",
    "EXIT",
    "ITERATOR",
    "LEAVE",
    "LIST",
    "LOAD",
    "NEW",
    "POP",
    "PULL",
    "PULLED",
    "PUSH",
    "RAISE",
    "STAR",
    "TAPE",
    "TRUTH",
    "TUPLE",
    "UNPACK",
    "UNWRITTEN",
    "YIELD",
    "AdjointOf",
    "Again",
    "Attribute",
    "Augmented",
    "Call",
    "Define",
    "Derived",
    "Field",
    "Format",
    "Free",
    "InPlace",
    "Inner",
    "Method",
    "Rebind",
    "Special",
    "Steps",
    "StepsBack",
    "Store",
    "Unused",
    "View",
    "describe",
    "function_name",
    "hashable",
    "is_effect",
    "is_generated",
    "is_indexed",
    "is_lasting",
    "is_of_memory",
    "is_operator",
    "of_numpy",
    "package_of",
]


@record(frozen=True, eq=False, slots=True)
class Special:
    """An operation of a name, of which there is one."""

    name: str

    def __str__(self) -> str:
        return self.name


CALL = Special("call")  # args[0] is the callee
RAISE = Special("raise")  # raise args[0] [from args[1]]
ASSERT = Special("assert")  # assert args[0][, args[1]]
NEW = Special("new")  # the list or dict args[0], as an object of its own
ALLOCATE = Special("allocate")  # an array that may be written into, and holds args[0]; what it holds is had by LOAD
LOAD = Special("load")  # what the array args[0], which is written into, holds now
APART = Special("apart")  # args[1] and args[2] share no memory, as args[0], the start of a message, asks for
TAPE = Special("tape")  # an empty tape
PUSH = Special("push")  # push args[1] on the tape args[0]
POP = Special("pop")  # take the last entry off the tape args[0]
ATTEMPT = Special("attempt")  # whether all of the block that is tried is run, which is known after the `If` that this tests
CAUGHT = Special("caught")  # the exception for which a block is run that handles it
UNWRITTEN = Special("unwritten")  # nothing has been written in what is tried, until here, into what is around it
ENTER = Special("enter")  # `with args[0] as result:` begins
EXIT = Special("exit")  # and ends; args[0] is that result
LEAVE = Special("leave")  # from here on others may write into the operands
PULL = Special("pull")  # the pullback args[0], on the shadows args[1] of the same call (`Derived`)
PULLED = Special("pulled")  # the adjoints that the pullback args[0] of a call gives for args[1], that of its result
TRUTH = Special("truth")  # args[0], of which it matters only whether it counts as true
UNPACK = Special("unpack")  # the args[1] elements of args[0]; an error if it has another number of them
ITERATOR = Special(
    "iterator"
)  # an iterator through the argument that has a name, so that it may be asked for one item at a time
LIST = Special("list")  # the list of the arguments
TUPLE = Special("tuple")  # the tuple of the arguments
DICT = Special("dict")  # the dict of the arguments, which are pairs of a key and a value
YIELD = Special("yield")  # args[0], for the loop that a generator is gone through by; whether that has ended
STAR = Special("star")  # marks an argument that is to be taken apart: slice(argument, STAR, None), or "items" of a dict


@record(frozen=True, eq=False)
class Inner:
    """A function that is defined inside of another one, in untyped SSA form.

    Its parameters are first what it has from around it, `seen` of these, then those of its signature. `defaulted`: the
    parameters whose defaults are computed where it is defined. `looped`: it sees what a loop around it binds, so that it is
    another one in each iteration. `generates`: it is a generator.
    """

    function: Any
    seen: int
    defaulted: tuple[str, ...]
    looped: bool
    generates: bool = False

    def __str__(self) -> str:
        return f"the function {self.function.name}"


@record(frozen=True, slots=True)
class Define:
    """The function `inner`, which sees the first operands, and has the other ones as defaults."""

    inner: Inner

    def __str__(self) -> str:
        return f"define {self.inner.function.name}"


@record(frozen=True, eq=False)
class AdjointOf:
    """`args[0]`, on whose adjoint the reverse sweep does `function`: a function, in untyped SSA form, of `args[1:]` and the
    adjoint, which gives what the adjoint is from there on."""

    function: Any

    def __str__(self) -> str:
        return "adjoint of"


@record(frozen=True, slots=True)
class Attribute:
    """`args[0].name`."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@record(frozen=True, slots=True)
class Method:
    """`args[0].name(*args[1:], **kwargs)`."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}()"


@record(frozen=True, slots=True)
class Augmented:
    """`args[0][args[1]] op= args[2]`; `op` is one of the operator module's in-place functions."""

    op: Any

    def __str__(self) -> str:
        return f"{self.op.__name__} into"


BINARY: dict[Any, Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
}
"""Python's in-place operators, and what each is out of place."""


@record(frozen=True, slots=True)
class Format:
    """An f-string; `parts` are strings and (conversion, format) pairs, the latter filled by the arguments in order."""

    parts: tuple[str | tuple[int, str], ...]

    def __str__(self) -> str:
        return "format"

    def text(self, *values: Any) -> str:
        """What it gives."""
        rest = iter(values)
        shown: dict[int, Callable[[Any], Any]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
        return "".join(p if isinstance(p, str) else format(shown.get(p[0], lambda v: v)(next(rest)), p[1]) for p in self.parts)


@record(frozen=True, slots=True)
class Free:
    """The data that `function` calls `name` and that is not its own: a global, or a cell of its closure. Read at each call.

    `function` may also be a module or a class; then it is its attribute, and so with `attribute` that of a function.
    """

    function: Any
    name: str
    attribute: bool = False

    @property
    def path(self) -> str:
        """What sizes of the data are named after."""
        f = self.function
        return f"{getattr(f, '__module__', '')}.{getattr(f, '__qualname__', f)}@{id(f)}:{self.name}"

    def __str__(self) -> str:
        return f"free {self.name}"


@record(frozen=True, slots=True)
class Field:
    """The field `name` of the instance at `path`; `own`: as far as it is in the instance's own dictionary."""

    path: str
    name: str
    own: bool = False

    def __str__(self) -> str:
        return f"field {self.name}"


@record(frozen=True, slots=True)
class Unused:
    """`op` as a statement of its own, whose result nobody uses. In a typed function: one that is called as it stands."""

    op: Any

    def __str__(self) -> str:
        return describe(self.op)


@record(frozen=True, slots=True)
class Again:
    """`function` as it is run again: without what it does to the world."""

    function: Callable[..., Any]

    def __str__(self) -> str:
        return describe(self.function)


@record(frozen=True, slots=True)
class Call:
    """A call of a function in Python that stays a call, with what it does besides giving its result.

    With `draws`, `args[0]` holds the states of the random generators from which it draws, as they are before the call.
    `outside`: it reads what may be changed outside of it. `laid`: what it does may depend on how arrays lie in memory.
    `checkpointed`: the reverse sweep is to run it again.
    """

    function: Callable[..., Any] | Again
    effect: Any = "none"
    draws: bool = False
    outside: bool = False
    laid: bool = False
    checkpointed: bool = False

    def __str__(self) -> str:
        return describe(self.function)


@record(frozen=True, slots=True)
class Derived:
    """A derivative of `function`, which may be such an operation itself, by the parameters `wrt`; `transform` says which.

    "vjp": the joint one, `(result, (adjoints...))` of `(*args, result_bar)`. "jvp": `(result, tangent)` of
    `(*args, *tangents)`. "augmented": the function with shadows, `(result, shadow, pull, shadows)` of
    `(*args, *shadows of args)`, whose reverse sweep is `pull(shadows)`. "pullback": `(result, pull)` of `args`, where
    `pull(result_bar)` gives the adjoints. The latter three stand for the call of `function` as well, and have that call's
    `effect` and `laid`. With `draws`, `args[0]` holds states of random generators: the function
    draws what it drew from them, and leaves the generators as they are. `objects`: the types of the parameters that are lists
    or dicts that are objects, or tuples of some, by name.
    """

    function: Callable[..., Any] | Again | Derived
    wrt: tuple[str, ...]
    draws: bool = False
    transform: str = "vjp"
    effect: Any = "none"
    objects: tuple[tuple[str, Any], ...] = ()
    laid: bool = False

    def __str__(self) -> str:
        return f"{self.transform} of {getattr(self.function, '__name__', self.function)}"


@record(frozen=True, slots=True)
class InPlace:
    """`op`, with the result stored over `args[0]`, whose memory nothing else will read."""

    op: Any

    def __str__(self) -> str:
        return f"in place {getattr(self.op, '__name__', self.op)}"


@record(frozen=True, slots=True)
class View:
    """`op` of arrays that are written into: an array that lies, or may lie, in the memory of these."""

    op: Any

    def __str__(self) -> str:
        return f"view {describe(self.op)}"


@record(frozen=True, slots=True)
class Store:
    """`op(args[0], *args[1:])` is what the array `args[0]` holds from here on; `op` is `updated` or `scatter_add`."""

    op: Any

    def __str__(self) -> str:
        return f"store {getattr(self.op, '__name__', self.op)}"


@record(frozen=True, slots=True)
class Rebind:
    """`args[0] op= args[1]` of what may be a number, or an array that is written into; `op` is the operator of two operands.
    The result is the array, or another number."""

    op: Any

    def __str__(self) -> str:
        return f"rebind {self.op.__name__}"


@record(frozen=True, eq=False)
class Steps:
    """The forward sweep of a checkpointed loop, whose body is the function `step`, of the index, the state and constants.

    `(indices, state, constants, slots, disk)` gives the items of the last state, and the checkpoints.
    """

    step: Any

    def __str__(self) -> str:
        return "checkpointed loop"


@record(frozen=True, eq=False)
class StepsBack:
    """The reverse sweep of a checkpointed loop; `derivative` is the vjp of the step by the parameters `wrt`.
    `other`: the step as it is run again is not the one of the forward sweep.

    `(checkpoints, adjoints of the state, numbers of its active items, adjoints of the active constants)` gives the adjoints of
    the active items and constants.
    """

    step: Any
    wrt: tuple[str, ...]
    derivative: Any = None
    other: bool = False

    def __str__(self) -> str:
        return "reverse of a checkpointed loop"


def is_of_memory(op: Any) -> bool:
    """Whether an operation is one of memory, of arrays and objects themselves and not of what is in them."""
    return isinstance(op, (Rebind, Store, View)) or op in (ALLOCATE, LOAD, NEW)


_EFFECTS = (RAISE, ASSERT, ATTEMPT, CAUGHT, UNWRITTEN, ENTER, EXIT, PUSH, POP, PULL, TAPE)


def is_effect(op: Any) -> bool:
    """Whether an operation of this module must stay where it is."""
    return isinstance(op, Special) and op in _EFFECTS


_INDEXED = {"r_": np.r_, "c_": np.c_, "s_": np.s_, "index_exp": np.index_exp, "mgrid": np.mgrid, "ogrid": np.ogrid}


def is_indexed(value: Any) -> bool:
    """Whether an object is one of NumPy's that are there to be indexed, as functions are to be called."""
    return any(value is known for known in _INDEXED.values())


def hashable(op: Any) -> bool:
    """Whether an operation can be looked up in a table."""
    try:
        hash(op)
    except TypeError:
        return False
    return True


def package_of(op: Any) -> str:
    """The package that a function comes from; empty if that is not known."""
    return (getattr(op, "__module__", None) or "").split(".")[0]


def is_operator(op: Any) -> bool:
    """Whether an operation is an operator of Python's, which takes operands and nothing that says how."""
    return getattr(op, "__module__", None) == "_operator"


def is_generated(op: Any) -> bool:
    """Whether a function is a derivative that was compiled."""
    return getattr(op, "__module__", None) == "sct.generated"


def is_lasting(value: Any) -> bool:
    """Whether an object may be held for ever: a constant, or part of Python, NumPy or sct."""
    if isinstance(value, (tuple, frozenset)):
        return all(map(is_lasting, value))
    if value is None or value is Ellipsis or isinstance(value, _CONSTANTS):
        return True
    if isinstance(value, BuiltinFunctionType):
        return isinstance(value.__self__, (ModuleType, np.ufunc))
    if isinstance(value, ModuleType):
        return value.__name__.split(".")[0] in _PACKAGES
    return isinstance(value, (FunctionType, type)) and package_of(value) in _PACKAGES and not is_generated(value)


_CONSTANTS = (int, float, complex, str, bytes, range, np.dtype, np.ufunc, np.finfo, np.iinfo)
_PACKAGES = ("builtins", "math", "numpy", "operator", "sct")


def of_numpy(op: Any) -> bool:
    """Whether an operation is a function of NumPy's, other than one that draws random numbers."""
    return package_of(op) == "numpy" and "random" not in op.__module__


def function_name(op: Any) -> str:
    """The name of a function, or of that which an operation calls, runs again, or is a derivative of."""
    while isinstance(op, (Again, Call, Derived)):
        op = op.function
    return str(op.__name__)


def describe(op: Any) -> str:
    """What an operation is called in a message: the name by which a user would import it."""
    if isinstance(
        op,
        (
            *(Again, Attribute, Augmented, Call, Field, Method, Special, Format, Free, InPlace, Derived, Steps, StepsBack),
            *(Rebind, Store, Unused, View),
        ),
    ):
        return str(op)
    if is_indexed(op):
        return next(f"np.{name}" for name, known in _INDEXED.items() if known is op)
    return _imported_name(op) or _own_name(op)


def _own_name(op: Any) -> str:
    """The name of a function where it was defined; of a method of a ufunc, below the ufunc's."""
    if isinstance(getattr(op, "__self__", None), np.ufunc):
        return f"{describe(op.__self__)}.{op.__name__}"
    name = str(getattr(op, "__qualname__", None) or getattr(op, "__name__", None) or type(op).__name__)
    name = name.rpartition("<locals>.")[2]
    return "a lambda" if name == "<lambda>" else name


def _imported_name(op: Any) -> str | None:
    """The name under which an operation of a library is found; None for any other."""
    name = getattr(op, "__name__", None)
    if not isinstance(name, str):
        return _name_of_object(op)
    if isinstance(op, MethodType):
        owner = _name_of_object(op.__self__)
        return None if owner is None else f"{owner}.{name}"
    module = str(getattr(op, "__module__", None) or "")
    public = [part for part in module.split(".") if not part.startswith("_")]
    places = ["operator"] if module == "_operator" else [".".join(public[:k]) for k in range(len(public), 0, -1)]
    if isinstance(op, np.ufunc):  # these do not say where they come from
        places = ["numpy", "scipy.special"]
    for place in places:
        if place.split(".")[0] in _LIBRARIES and getattr(sys.modules.get(place), name, None) is op:
            return name if place == "builtins" else f"{place}.{name}".replace("numpy.", "np.", 1)
    return None


def _name_of_object(value: Any) -> str | None:
    """The name under which an object that is no function is found in the library that its class is of."""
    parts = type(value).__module__.split(".")
    public = [part for part in parts if not part.startswith("_")]
    if public and public[0] in _LIBRARIES and public != ["builtins"]:  # where None and Ellipsis are
        for place in [".".join(public[:k]) for k in range(len(public), 0, -1)]:
            found = next((n for n, v in vars(sys.modules[place]).items() if v is value), None) if place in sys.modules else None
            if found is not None:
                return f"{place}.{found}".replace("numpy.", "np.", 1)
    return None


_LIBRARIES = ("builtins", "math", "numpy", "operator", "scipy")
