"""Calls that carry files.

wasmtime fills a list of bytes in Python, at more than a second for a megabyte. Here such lists go in empty and are
filled at once, before the call. This leans on wasmtime's inside: where that has changed, the call is made the slow way.
"""

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from wasmtime import Store
from wasmtime import _ffi as ffi
from wasmtime.component import Func, Record, Variant
from wasmtime.component import _enter as enter

WORTH_IT = 4096


class Hollow(bytes):
    """Bytes that look empty to wasmtime."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[int]:
        return iter(())


def call(store: Store, func: Func, raw: Sequence[Any]) -> Any:
    if not any(map(has_much, raw)):
        return func(store, *raw)
    params = (ffi.wasmtime_component_val_t * len(raw))()
    done = 0
    try:
        try:
            type_ = func.type(store)
            hollow = [hollowed(it) for it in raw]
            for (_, of), value in zip(type_.params, hollow, strict=True):
                of.convert_to_c(store, value, ctypes.pointer(params[done]))
                done += 1
            for param, value in zip(params, hollow, strict=True):
                fill(param, value)
            result = ffi.wasmtime_component_val_t()
            enter_wasm, component_func_call = enter.enter_wasm, ffi.wasmtime_component_func_call
            handle, context = ctypes.byref(func._func), store._context()
        except (AttributeError, LookupError, TypeError):
            return func(store, *raw)
        enter_wasm(lambda: component_func_call(handle, context, params, done, ctypes.byref(result), 1))
        assert type_.result is not None
        return type_.result.convert_from_c(result)
    finally:
        for i in range(done):
            ffi.wasmtime_component_val_delete(ctypes.byref(params[i]))


def has_much(raw: Any) -> bool:
    if isinstance(raw, bytes):
        return len(raw) >= WORTH_IT
    return any(map(has_much, vars(raw).values())) if isinstance(raw, (Record, Variant)) else False


def hollowed(raw: Any) -> Any:
    if isinstance(raw, bytes):
        return Hollow(raw)
    if isinstance(raw, Variant):
        return Variant(raw.tag, hollowed(raw.payload))
    if isinstance(raw, Record):
        copy = Record()
        for name, value in vars(raw).items():
            setattr(copy, name, hollowed(value))
        return copy
    return raw


def fill(c: Any, value: Any) -> None:
    """Fill what `hollowed` made, where it was put."""
    if isinstance(value, Record):
        for field in c.of.record.data[: c.of.record.size]:
            fill(field.val, getattr(value, ffi.to_str(field.name)))
    elif isinstance(value, (Hollow, Variant)) and c.kind == ffi.WASMTIME_COMPONENT_VARIANT.value:
        if c.of.variant.val:
            fill(c.of.variant.val.contents, value.payload if isinstance(value, Variant) else value)
    elif isinstance(value, Hollow):
        if c.kind != ffi.WASMTIME_COMPONENT_LIST.value:
            raise TypeError("not where a list of bytes was expected")
        length, each = bytes.__len__(value), ctypes.sizeof(ffi.wasmtime_component_val_t)
        if not length:
            return
        elements = ffi.wasmtime_component_vallist_t()
        ffi.wasmtime_component_vallist_new_uninit(elements, length)
        at = ctypes.addressof(elements.data.contents)
        memory = memoryview((ctypes.c_ubyte * (length * each)).from_address(at)).cast("B")
        kind, of = type(c).kind.offset, type(c).of.offset
        memory[kind::each] = bytes([ffi.WASMTIME_COMPONENT_U8.value]) * length
        memory[of::each] = memoryview(value)
        c.of.list = elements
