"""What `WeCom` and `AsyncWeCom` share: from the arguments of a method to those of wasmtime, and back."""

import dataclasses
import functools
import os
import time
import typing
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from wasmtime import WasmtimeError

from ._codec import Choice, Codec, OutOfRange, codec, python_path
from ._component import Sandbox
from ._contract import ERROR, INTERFACES, Actions, InvalidField, Profile
from ._errors import KINDS, ExecutionFailed, InvalidInput, WeComError
from ._logging import log_call


class Settings:
    """What a `WeCom` was made with."""

    def __init__(self, env: Mapping[str, str] | None, profile: str, timeout: float | None) -> None:
        env = os.environ if env is None else env
        self.environment = {name: value for name, value in env.items() if name.startswith("WECOM_")}
        for name, value in self.environment.items():
            if not isinstance(value, str):
                raise TypeError(f"env: {name} must be a str, not {type(value).__name__}")
        if not isinstance(profile, str):
            raise TypeError(f"profile must be a str, not {type(profile).__name__}")
        self.profile = Profile(profile)
        self.timeout = seconds(timeout)

    def __repr__(self) -> str:
        names = ", ".join(sorted(self.environment)) or "none"
        return f"profile={self.profile.value!r}, timeout={self.timeout}, variables: {names}"


def seconds(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if not timeout > 0:
        raise ValueError("timeout must be above 0")
    return float(timeout)


class Call:
    """One call: its arguments checked, its time running."""

    def __init__(self, settings: Settings, name: str, timeout: float | None, arguments: dict[str, Any]) -> None:
        self.name = name
        self.method = name.replace("-", "_")
        self.started = time.monotonic()
        self.timeout = settings.timeout if timeout is None else seconds(timeout)
        parameters, self.result = signature(name)
        for who in ("application", "chatbot"):
            if who in arguments and arguments[who] is None:
                arguments[who] = settings.profile
        try:
            self.raw = [parameters[it].lower(value, it) for it, value in arguments.items()]
        except OutOfRange as it:
            raise self.logged(InvalidInput([InvalidField(field=it.path, reason=it.reason)])) from None

    def remaining(self) -> float | None:
        """Seconds until its time is over."""
        return None if self.timeout is None else max(0.0, self.started + self.timeout - time.monotonic())

    def start(self, sandbox: Sandbox) -> "Future[Any]":
        # Not kept here: a file would be in memory twice.
        raw, self.raw = self.raw, []
        return sandbox.start(INTERFACES[self.name], self.name, raw)

    def finish(self, future: "Future[Any]") -> Any:
        """The result of a call that is done, or its exception."""
        try:
            raw = future.result()
        except WasmtimeError as it:
            reason = str(it).strip().splitlines()[-1].strip()
            raise self.logged(ExecutionFailed(f"the component crashed: {reason}")) from it
        case, value = self.result.lift_case(raw)
        if case == "err":
            kind, payload = value
            if kind == InvalidInput.kind:
                parameters, _ = signature(self.name)
                payload = [InvalidField(field=python_path(parameters, it.field), reason=it.reason) for it in payload]
            raise self.logged(KINDS[kind](payload))
        log_call(self.method, "ok", self.started)
        return with_paths(self.name, value)

    def logged(self, error: WeComError) -> WeComError:
        log_call(self.method, f"{error.kind}: {error}", self.started)
        return error


def with_paths(call: str, value: Any) -> Any:
    """The result with the paths of truncated fields as callers here write them."""
    if not getattr(value, "truncated", None):
        return value
    parameters, _ = signature(call)
    truncated = [dataclasses.replace(it, field=python_path(parameters, it.field)) for it in value.truncated]
    return dataclasses.replace(value, truncated=truncated)


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
    del hints["timeout"]
    returned = hints.pop("return")
    if hints.pop("split", None):
        # A result, or a list with one for each part.
        returned, _ = typing.get_args(returned)
    result = Choice({"ok": codec(returned), "err": ErrorCodec()})
    return {name: codec(it) for name, it in hints.items()}, result
