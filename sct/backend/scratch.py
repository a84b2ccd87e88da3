"""Memory that kernels work in, kept from one call to the next.

What a kernel gives back to the system it takes from it again at the next call, page by page, which for large arrays costs more
than what is computed in them. Here Numba takes such memory, and gives it back when nothing refers to it any more: to a store of
blocks, of which the ones that have lain there longest are dropped. Kernels call it by way of Python, with the lock of the
interpreter, and of its own: several may run at once, each in blocks of its own. `sct.runtime.loops` says what they write.
"""

# mypy: allow-untyped-calls
from __future__ import annotations

import ctypes
from threading import RLock
from typing import Any

import numpy as np

from sct.runtime.loops import scratch, zeroed_scratch

__all__ = ["KEPT", "Blocks", "known_to_numba"]

_LEAST = 1 << 16
"""How many bytes an array has at least that is taken from the store."""
_SYMBOL = "sct_scratch"
_STAGGER = 64
"""A line of the cache: blocks begin at several of them, so that entries at equal indices of several arrays do not drive each
other out of it."""


class Blocks:
    """Blocks of memory: those that are in use, by their addresses, and those that are kept, with at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self._used: dict[int, Any] = {}
        self._kept: list[Any] = []
        self._serial = 0
        self._lock = RLock()  # what is collected while it is held may give back blocks

    def take(self, size: int) -> int:
        """The address of a block of `size` bytes at least."""
        size = _rounded(size)
        with self._lock:
            found = next((k for k in range(len(self._kept) - 1, -1, -1) if self._kept[k].nbytes == size + 64 * _STAGGER), None)
            if found is None:
                block = np.empty(size + 64 * _STAGGER, np.uint8)
            else:
                block = self._kept.pop(found)
                self.bytes -= block.nbytes
            self._serial += 1
            address = int(block.ctypes.data) + self._serial * 5 % 64 * _STAGGER
            self._used[address] = block
            return address

    def give(self, address: int) -> None:
        """Take back a block."""
        with self._lock:
            block = self._used.pop(address)
            self._kept.append(block)
            self.bytes += block.nbytes
            self._drop(self.most)

    def clear(self) -> None:
        """Let what is kept go."""
        with self._lock:
            self._drop(0)

    def _drop(self, most: int) -> None:
        while self.bytes > most:
            self.bytes -= self._kept.pop(0).nbytes


def _rounded(size: int) -> int:
    """The size of blocks for `size` bytes: one of eight from each power of two to the next."""
    step = 1 << max(size.bit_length() - 4, 0)
    return -(-size // step) * step


KEPT = Blocks(1 << 28)
"""The store of this process."""


class _Allocator(ctypes.Structure):
    """What Numba's runtime asks for memory."""

    _fields_ = (
        ("malloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)),
        ("realloc", ctypes.c_void_p),
        ("free", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)),
        ("opaque", ctypes.c_void_p),
    )


def _malloc(size: int, _: Any) -> int | None:
    try:
        return KEPT.take(size)
    except MemoryError:
        return None


def _free(address: int, _: Any) -> None:
    KEPT.give(address)


_ALLOCATOR = _Allocator(_Allocator._fields_[0][1](_malloc), None, _Allocator._fields_[2][1](_free), None)


def known_to_numba() -> None:
    """Let Numba compile arrays in such memory."""
    import llvmlite.binding as llvm  # type: ignore[import-untyped]
    from numba import types
    from numba.core.typing.npydecl import parse_dtype
    from numba.extending import intrinsic, overload

    llvm.add_symbol(_SYMBOL, ctypes.addressof(_ALLOCATOR))

    def of(zeros: bool) -> Any:
        @intrinsic
        def taken(typing, shape, dtype):  # type: ignore[no-untyped-def]
            """An array of a shape."""
            kinds = (shape,) if isinstance(shape, types.Integer) else tuple(shape)
            array = types.Array(parse_dtype(dtype), len(kinds), "C")

            def generated(context, builder, signature, args):  # type: ignore[no-untyped-def]
                sizes = args[:1] if kinds == (shape,) else [builder.extract_value(args[0], k) for k in range(len(kinds))]
                sizes = [context.cast(builder, n, kind, types.intp) for n, kind in zip(sizes, kinds, strict=True)]
                return _array(context, builder, array, sizes, zeros)

            return array(shape, dtype), generated

        def typed(shape, dtype=np.float64):  # type: ignore[no-untyped-def]
            if isinstance(dtype, types.DTypeSpec):
                return lambda shape, dtype=np.float64: taken(shape, dtype)  # type: ignore[call-arg]
            return lambda shape, dtype=np.float64: taken(shape, np.float64)  # type: ignore[call-arg]

        return typed

    overload(scratch)(of(zeros=False))
    overload(zeroed_scratch)(of(zeros=True))


def _array(context: Any, builder: Any, array: Any, shapes: list[Any], zeros: bool) -> Any:
    """An array of such memory, as Numba has them."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.np.arrayobj import get_itemsize, make_array, populate_array

    intp = context.get_value_type(types.intp)
    item = ir.Constant(intp, get_itemsize(context, array))
    strides: list[Any] = []
    size, huge, negative = item, ir.Constant(ir.IntType(1), 0), ir.Constant(ir.IntType(1), 0)
    for n in reversed(shapes):
        strides.insert(0, size)
        both = builder.smul_with_overflow(size, n)
        size = builder.extract_value(both, 0)
        huge = builder.or_(huge, builder.extract_value(both, 1))
        negative = builder.or_(negative, builder.icmp_signed("<", n, ir.Constant(intp, 0)))
    for wrong, message in ((negative, "negative dimensions not allowed"), (huge, "array is too big")):
        with builder.if_then(wrong, likely=False):
            context.call_conv.return_user_exc(builder, ValueError, (message,))
    memory = builder.call(_allocation(builder.module, intp), [size])
    with builder.if_then(cgutils.is_null(builder, memory), likely=False):
        context.call_conv.return_user_exc(builder, MemoryError, ("Allocation failed (probably too large).",))
    data = context.nrt.meminfo_data(builder, memory)
    if zeros:
        cgutils.memset(builder, data, size, 0)
    made = make_array(array)(context, builder)
    populate_array(
        made,
        data=builder.bitcast(data, context.get_data_type(array.dtype).as_pointer()),
        shape=cgutils.pack_array(builder, shapes, ty=intp),
        strides=cgutils.pack_array(builder, strides, ty=intp),
        itemsize=item,
        meminfo=memory,
    )
    return made._getvalue()


def _allocation(module: Any, intp: Any) -> Any:
    """The function of a module that takes memory: from the store if there is much to take."""
    from llvmlite import ir
    from numba.core import cgutils

    pointer, align = ir.IntType(8).as_pointer(), ir.IntType(32)
    known = module.globals.get("sct_scratch_taken")
    if known is not None:
        return known
    function = ir.Function(module, ir.FunctionType(pointer, [intp]), "sct_scratch_taken")
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    small = cgutils.get_or_insert_function(module, ir.FunctionType(pointer, [intp, align]), "NRT_MemInfo_alloc_safe_aligned")
    large = cgutils.get_or_insert_function(
        module, ir.FunctionType(pointer, [intp, align, pointer]), "NRT_MemInfo_alloc_safe_aligned_external"
    )
    allocator = ir.GlobalVariable(module, ir.IntType(8), _SYMBOL)
    (size,) = function.args
    with builder.if_then(builder.icmp_signed("<", size, ir.Constant(intp, _LEAST))):
        builder.ret(builder.call(small, [size, ir.Constant(align, 64)]))
    builder.ret(builder.call(large, [size, ir.Constant(align, 64), allocator]))
    return function
