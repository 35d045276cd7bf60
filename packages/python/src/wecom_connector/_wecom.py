"""`WeCom`: an instance of the component, and the way in."""

import functools
import os
import threading
import typing
from collections.abc import Mapping
from typing import Any, Self

from wasmtime import Store, WasmtimeError
from wasmtime.component import Func, Instance

from . import _bytes
from ._codec import Choice, Codec, NotPassable, codec, wit_name
from ._component import instantiate, loaded
from ._contract import ERROR, INTERFACES, Actions, InvalidField, Profile
from ._errors import KINDS, ExecutionFailed, InvalidInput


class WeCom(Actions):
    """WeCom, through a sandbox that sees the `WECOM_…` variables it is given, the clock and outgoing HTTP.

    It comes to life with its first call and keeps its access tokens until it is closed. Threads may share one, and then
    wait for each other; with one each, they do not. After a fork, only a parent that has not called yet leaves a child
    that can.
    """

    def __init__(self, env: Mapping[str, str] | None = None, *, profile: str = "") -> None:
        """
        Args:
            env: The variables; only those that begin with `WECOM_` are passed on. None takes them from `os.environ`.
            profile: The credentials that calls use unless they say otherwise: `WECOM_SALES_…` for "sales".
        """
        env = os.environ if env is None else env
        self._environment = {name: value for name, value in env.items() if name.startswith("WECOM_")}
        self._profile = Profile(profile)
        self._lock = threading.Lock()
        self._sandbox: tuple[Store, Instance, dict[str, Func]] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the sandbox back, and forget its tokens. Calls are not possible afterwards."""
        with self._lock:
            self._closed = True
            self._drop()

    def _call(self, call: str, /, **arguments: Any) -> Any:
        parameters, result = signature(call)
        for who in ("application", "chatbot"):
            if who in arguments and arguments[who] is None:
                arguments[who] = self._profile
        try:
            raw = [parameters[name].lower(it, wit_name(name)) for name, it in arguments.items()]
        except NotPassable as it:
            raise InvalidInput([InvalidField(field=it.path, reason=it.reason)]) from None
        case, value = result.lift_case(self._enter(call, raw))
        if case == "err":
            kind, payload = value
            raise KINDS[kind](payload)
        return value

    def _enter(self, call: str, raw: list[Any]) -> Any:
        with self._lock:
            if self._closed:
                raise ValueError("this WeCom is closed")
            store, func = self._func(call)
            try:
                return _bytes.call(store, func, raw)
            except WasmtimeError as it:
                self._drop()
                reason = str(it).strip().splitlines()[-1].strip()
                raise ExecutionFailed(f"the component broke off: {reason}") from it
            except BaseException:
                self._drop()
                raise

    def _func(self, call: str) -> tuple[Store, Func]:
        loaded()
        if self._sandbox is None:
            self._sandbox = (*instantiate(self._environment), {})
        store, instance, funcs = self._sandbox
        if call not in funcs:
            interface = instance.get_export_index(store, INTERFACES[call])
            func = instance.get_export_index(store, call, interface)
            assert func is not None, f"the component has no {call}"
            found = instance.get_func(store, func)
            assert found is not None
            funcs[call] = found
        return store, funcs[call]

    def _drop(self) -> None:
        if self._sandbox is not None:
            store = self._sandbox[0]
            self._sandbox = None
            store.close()


class ErrorCodec(Choice):
    """The error as the name of its case and what it carries."""

    def __init__(self) -> None:
        super().__init__({name: None if hint is None else codec(hint) for name, hint in ERROR.items()})

    def lift(self, raw: Any) -> Any:
        return self.lift_case(raw)


@functools.cache
def signature(call: str) -> tuple[dict[str, Codec], Choice]:
    """The parameters of an action by name, and its result, from the hints of its method."""
    hints = typing.get_type_hints(getattr(Actions, call.replace("-", "_")), include_extras=True)
    result = Choice({"ok": codec(hints.pop("return")), "err": ErrorCodec()})
    return {name: codec(it) for name, it in hints.items()}, result
