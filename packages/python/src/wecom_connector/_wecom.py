"""`WeCom`: an instance of the component, and the way in."""

import threading
from collections.abc import Mapping
from concurrent.futures import wait
from typing import Any, Self

from ._calls import Call, Settings
from ._component import Sandbox
from ._contract import Actions
from ._errors import TimedOut, WeComError

# Windows notices Ctrl-C only between two waits.
WAIT = 0.5


class WeCom(Actions):
    """WeCom, through a sandbox that sees the `WECOM_…` variables it is given, the clock and outgoing HTTP.

    It starts with its first call and keeps its access tokens until it is closed. Ctrl-C ends a call within a second.
    Threads may share one, and then wait for each other; with one each, they do not. After a fork, only a parent that
    has not called yet leaves a child that can.
    """

    def __init__(
        self, env: Mapping[str, str] | None = None, *, profile: str = "", timeout: float | None = None
    ) -> None:
        """
        Args:
            env: The variables; only those that begin with `WECOM_` are passed on. None takes them from `os.environ`.
            profile: The credentials that calls use unless they say otherwise: `WECOM_SALES_…` for "sales".
            timeout: Seconds after which a call raises `TimedOut`, waiting for other threads included. None leaves it to
                the component: 30 seconds without a byte, 120 for files.
        """
        self._settings = Settings(env, profile, timeout)
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<WeCom {self._settings}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the sandbox back, and forget its tokens. Calls are not possible afterwards."""
        with self._lock:
            self._closed = True
            if self._sandbox is not None:
                self._sandbox.close()
                self._sandbox = None

    def _call(self, call: str, timeout: float | None, /, **arguments: Any) -> Any:
        it = Call(self._settings, call, timeout, arguments)
        remaining = it.remaining()
        if not self._lock.acquire(timeout=-1 if remaining is None else remaining):
            raise it.logged(TimedOut(f"another call took all of the {it.timeout:g} s", began=False))
        try:
            return self._enter(it)
        finally:
            self._lock.release()

    def _send(self, call: str, timeout: float | None, parts: list[dict[str, Any]], /, **arguments: Any) -> list[Any]:
        sent: list[Any] = []
        for it in parts:
            try:
                sent.append(self._call(call, timeout, **arguments, **it))
            except WeComError as error:
                error._in_part(sent, len(parts))
                raise
        return sent

    def _enter(self, call: Call) -> Any:
        if self._closed:
            raise ValueError("this WeCom is closed")
        if self._sandbox is None or self._sandbox.broken:
            self._sandbox = Sandbox(self._settings.environment)
        sandbox = self._sandbox
        future = call.start(sandbox)
        try:
            while not future.done():
                remaining = call.remaining()
                if remaining == 0:
                    raise call.logged(TimedOut(f"it took longer than {call.timeout:g} s"))
                wait([future], WAIT if remaining is None else min(WAIT, remaining))
        except BaseException:
            self._sandbox = None
            sandbox.stop()
            raise
        return call.finish(future)
