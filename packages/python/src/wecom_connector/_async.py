"""`AsyncWeCom`: calls as coroutines, in threads."""

import asyncio
from collections.abc import Mapping
from typing import Any, Self

from ._calls import Call, Settings
from ._component import Sandbox
from ._contract import AsyncActions
from ._errors import TimedOut, WeComError


class AsyncWeCom(AsyncActions):
    """`WeCom` for asyncio.

    Calls at the same time get a thread and a sandbox each, with its own access tokens; sandboxes are made when they are
    needed, and kept. Cancelling a call stops it, as `timeout` does.
    """

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        profile: str = "",
        timeout: float | None = None,
        max_calls: int = 8,
    ) -> None:
        """
        Args:
            env: The variables; only those that begin with `WECOM_` are passed on. None takes them from `os.environ`.
            profile: The credentials that calls use unless they say otherwise: `WECOM_SALES_…` for "sales".
            timeout: Seconds after which a call raises `TimedOut`, waiting for others included.
            max_calls: How many calls may be made at the same time; more wait.
        """
        self._settings = Settings(env, profile, timeout)
        if not isinstance(max_calls, int) or max_calls < 1:
            raise ValueError("max_calls must be an integer from 1")
        self._turns = asyncio.Semaphore(max_calls)
        self._free: list[Sandbox] = []
        self._closed = False

    def __repr__(self) -> str:
        return f"<AsyncWeCom {self._settings}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the sandboxes back, and forget their tokens. Calls under way end; no more are possible afterwards."""
        self._closed = True
        while self._free:
            self._free.pop().close()

    async def _call(self, call: str, timeout: float | None, /, **arguments: Any) -> Any:
        it = Call(self._settings, call, timeout, arguments)
        began = False
        try:
            async with asyncio.timeout(it.remaining()) as limit, self._turns:
                began = True
                return await self._enter(it)
        except TimeoutError as error:
            if not limit.expired() or isinstance(error, TimedOut):
                raise
            reason = f"it took longer than {it.timeout:g} s" if began else f"others took all of the {it.timeout:g} s"
            raise it.logged(TimedOut(reason, began)) from None

    async def _send(
        self, call: str, timeout: float | None, parts: list[dict[str, Any]], /, **arguments: Any
    ) -> list[Any]:
        sent: list[Any] = []
        for it in parts:
            try:
                sent.append(await self._call(call, timeout, **arguments, **it))
            except WeComError as error:
                error._in_part(sent, len(parts))
                raise
        return sent

    async def _enter(self, call: Call) -> Any:
        if self._closed:
            raise ValueError("this AsyncWeCom is closed")
        sandbox = self._free.pop() if self._free else Sandbox(self._settings.environment)
        future = call.start(sandbox)
        try:
            await asyncio.wait([asyncio.wrap_future(future)])
        except BaseException:
            sandbox.stop()
            raise
        if self._closed:
            sandbox.close()
        elif not sandbox.broken:
            self._free.append(sandbox)
        return call.finish(future)
