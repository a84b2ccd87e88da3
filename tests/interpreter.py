"""Runs the SSA form as it stands, by its meaning, and compares every value with the type that is claimed of it.

Takes a typed function and arguments; gives its result, or raises `WrongType` at the first value that is not of its type.
Values are never changed: what the compiler stores in place is a new value here, so the result is a second opinion on that too.
"""

import operator

import numpy as np

import sct
from sct.backend.guard import free_value
from sct.ir import ops
from sct.ir.ssa import Apply, For, If, Value, While
from sct.ir.types import Array, Const, Dict, List, ListOf, Scalar, Slice, Tuple, Undefined, Unknown
from sct.testing.claims import Sizes, consistent, symbols


class WrongType(AssertionError):
    """A value is not of the type that the compiler claims."""


class Unsupported(Exception):
    """The function has an operation that is not run here."""


_NUMBERS = (bool, int, float, complex)


def _is_number(t):
    """Whether a type is that of an array without axes, or of a number with a fractional part."""
    if isinstance(t, Array):
        return not t.shape
    return isinstance(t, Scalar) and t.kind in (float, complex)


class _Interpreter:
    def __init__(self, sizes):
        self.sizes = sizes
        self.env = {}

    # -- operands ----------------------------------------------------------------------------------------------------

    def operand(self, o):
        if isinstance(o, Value):
            return self.env[o]
        if isinstance(o, Const):
            return o.value
        if isinstance(o, Undefined):
            return None
        if isinstance(o, Tuple):
            return tuple(map(self.operand, o.items))
        if isinstance(o, List):
            return list(map(self.operand, o.items))
        if isinstance(o, Dict):
            return {k: self.operand(v) for k, v in o.mapping().items()}
        return slice(*(self.operand(p) for p in (o.start, o.stop, o.step)))

    def bind(self, v, value, s=None):
        outer = dict(self.sizes.known)  # of one value's sizes, those of the arguments alone are known for the next
        fits = self.is_of(v.type, value)
        self.sizes.known.clear()
        self.sizes.known.update(outer)
        if not fits:
            actual = f"{value.dtype}{list(value.shape)}" if hasattr(value, "dtype") else repr(value)
            text = s.origin.text if s is not None and getattr(s, "origin", None) else ""
            raise WrongType(
                f"{v!r} = {getattr(s, 'op', s and type(s).__name__)} is said to be {v.type}, and is {actual}: {text}"
            )
        self.env[v] = value

    def is_of(self, t, value):
        if value is None:  # what is not defined on this path
            return True
        if type(value) in _NUMBERS and _is_number(t):
            return True  # what a sum begins with is taken for a number of the sum's kind
        if isinstance(t, Scalar) and t.kind in (float, complex) and type(value) in (np.float64, np.complex128):
            return True  # a subclass of Python's
        if isinstance(t, ListOf):
            return isinstance(value, list) and all(self.is_of(t.item, i) for i in value)
        if isinstance(t, (Tuple, List)):
            kind = tuple if isinstance(t, Tuple) else list
            fits = isinstance(value, kind) and len(value) == len(t.items)
            return fits and all(map(self.is_of, t.items, value))
        if isinstance(t, Dict):
            return isinstance(value, dict) and tuple(value) == t.keys and all(map(self.is_of, t.items, value.values()))
        if isinstance(t, (Array, Scalar)):
            return consistent(t, value, self.sizes)
        assert isinstance(t, (Const, Unknown, Undefined, Slice)), t
        return not isinstance(t, Const) or isinstance(t.value, float) or t.value is value or t.value == value

    # -- blocks ------------------------------------------------------------------------------------------------------

    def block(self, block, values=()):
        for p, v in zip(block.params, values, strict=True):
            self.bind(p, v)
        for s in block.body:
            self.statement(s)
        return [self.operand(y) for y in block.yields]

    def statement(self, s):
        if isinstance(s, Apply):
            args = [self.operand(a) for a in s.args]
            self.bind(s.result, self.apply(s.op, args, {k: self.operand(v) for k, v in s.kwargs}), s)
            return
        if isinstance(s, If):
            made = self.block(s.then if self.operand(s.test) else s.orelse)
        elif isinstance(s, For):
            made = self.loop(s)
        elif isinstance(s, While):
            made = self.while_(s)
        else:
            raise Unsupported(type(s).__name__)
        for r, v in zip(s.results, made, strict=True):
            self.bind(r, v, s)

    def loop(self, s):
        carried = list(map(self.operand, s.inits))
        indices = range(*(self.operand(o) for o in (s.start, s.stop, s.step)))
        begun = 0
        for i in reversed(indices) if s.backwards else indices:
            begun += 1
            carried = self.block(s.body, (i, *carried))
            if s.exits and carried.pop():
                break
        return [*carried, begun] if s.exits else carried

    def while_(self, s):
        carried = list(map(self.operand, s.inits))
        begun = 0
        while self.block(s.test, carried)[0]:
            begun += 1
            carried = self.block(s.body, carried)
            if s.exits and carried.pop():
                break
        return [*carried, begun]

    # -- operations --------------------------------------------------------------------------------------------------

    def apply(self, op, args, kwargs):
        if isinstance(op, ops.InPlace):
            op = op.op
        if isinstance(op, ops.Attribute):
            return getattr(args[0], op.name)
        if isinstance(op, ops.Method):
            return getattr(args[0], op.name)(*args[1:], **kwargs)
        if isinstance(op, ops.Free):
            return free_value(op)
        if isinstance(op, ops.Derived):
            return sct.vjp(op.function, op.wrt)(*args, **kwargs)
        if op is ops.UNPACK:
            items = tuple(args[0])
            assert len(items) == args[1]
            return items
        if op is ops.TAPE:
            return [] if not args else args[0].copy()
        if op is ops.PUSH:
            return args[0].append(args[1])
        if op is ops.POP:
            return args[0].pop()
        if op is ops.RAISE:
            raise args[0]
        if op is ops.ASSERT:
            assert args[0]
            return None
        if isinstance(op, (ops.Special, ops.Steps, ops.StepsBack, ops.Format, ops.Augmented)):
            raise Unsupported(op)
        if op in _IN_PLACE:
            op = _IN_PLACE[op]
        return op(*args, **kwargs)


_IN_PLACE = {getattr(operator, f"i{n}"): getattr(operator, n) for n in ("add", "sub", "mul", "truediv", "matmul", "pow")}


def interpret(function, args):
    """The result of a typed function, whose parameters were typed with `abstract(value, name, lengths=True)`."""
    sizes = Sizes({})
    for p, a in zip(function.block.params, args, strict=False):
        sizes.known.update(symbols(a, p.name))
    return _Interpreter(sizes).block(function.block, args)[0]
