"""The `error` variant of the contract as exceptions, a class for each case.

The class says what a caller asks first: can retrying help, and did the call take effect? All operands are on the base
class, None where they do not apply.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from ._contract import FailedExchange, InvalidField, InvalidReceivers, Rejection, TemporaryRejection


class WeComError(Exception):
    """Why a call failed."""

    kind: ClassVar[str]
    """The case of the contract's `error`, such as `permanent-rejected`."""
    retryable: bool = False
    """Whether retrying the same call can help and does no harm."""

    sent: Sequence[Any] = ()
    """With `split=True`, the results of the parts that were sent before."""

    def __init__(self, payload: Any) -> None:
        super().__init__(payload)
        self.payload = payload

    def _in_part(self, sent: Sequence[Any], parts: int) -> None:
        """Says which part of a text in several messages failed."""
        self.sent = sent
        if parts > 1:
            self.add_note(f"part {len(sent) + 1} of {parts}; `sent` has the results of the parts before it")

    @property
    def took_effect(self) -> bool | None:
        """Whether the call took effect: False, or None where that is unknown."""
        return None if self.request_sent else False

    @property
    def fields(self) -> Sequence[InvalidField]:
        """All broken limits: each field by its path, as it is written in Python, with the reason."""
        return ()

    @property
    def code(self) -> int | None:
        """WeCom's error code (errcode)."""
        return None

    @property
    def message(self) -> str | None:
        """WeCom's own words. Not meant to be parsed."""
        return None

    @property
    def hint(self) -> str | None:
        """What to do about it."""
        return None

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait before retrying. None where WeCom documents no figure."""
        return None

    @property
    def caller_address(self) -> str | None:
        """The address that the call came from, as WeCom sees it: after 60020 the one to trust."""
        return None

    @property
    def request_id(self) -> str | None:
        """The number of the request, which WeCom's query page and support ask for."""
        return None

    @property
    def invalid_receivers(self) -> InvalidReceivers | None:
        """The receivers that WeCom refused, as beside 81013."""
        return None

    @property
    def conflicting_user(self) -> str | None:
        """The member who has the mobile number already (60104)."""
        return None

    @property
    def server(self) -> str | None:
        """The host that did not respond as WeCom does."""
        return None

    @property
    def status(self) -> int | None:
        """The HTTP status of its response, if there was one."""
        return None

    @property
    def request_sent(self) -> bool | None:
        """Whether the call itself had been sent, at least in part, where no response of WeCom's came."""
        return None

    def __str__(self) -> str:
        return str(self.payload)


class InvalidInput(WeComError):
    """The call breaks documented limits; all violations are listed. Nothing was sent."""

    kind = "permanent-invalid-input"
    payload: Sequence[InvalidField]

    @property
    def fields(self) -> Sequence[InvalidField]:
        return self.payload

    def __str__(self) -> str:
        return "; ".join(f"{it.field}: {it.reason}" for it in self.payload)


class MissingCredential(WeComError):
    """The profile, secret, key or agent id that this action needs is not there; the text names it. Nothing was sent."""

    kind = "permanent-missing-credential"


class Refused(WeComError):
    """What the two kinds of WeCom's refusals have in common."""

    payload: Rejection | TemporaryRejection

    @property
    def code(self) -> int:
        return self.payload.code

    @property
    def message(self) -> str:
        return self.payload.message

    @property
    def hint(self) -> str:
        return self.payload.hint

    @property
    def caller_address(self) -> str | None:
        return self.payload.caller_address

    @property
    def request_id(self) -> str | None:
        return self.payload.request_id

    @property
    def invalid_receivers(self) -> InvalidReceivers | None:
        return self.payload.invalid_receivers

    @property
    def conflicting_user(self) -> str | None:
        return self.payload.conflicting_user

    def __str__(self) -> str:
        operands = {
            "from address": self.caller_address,
            "the number belongs to member": self.conflicting_user,
            "request": self.request_id,
        }
        more = "".join(f", {name} {value}" for name, value in operands.items() if value is not None)
        return f"{self.code} {self.message}{more} ({self.hint})"


class Rejected(Refused):
    """WeCom refused, and will refuse the same call again. It took no effect."""

    kind = "permanent-rejected"
    payload: Rejection


class RejectedForNow(Refused):
    """WeCom refused for now: too often, too many at once, or busy. It took no effect; retry later."""

    kind = "rejected-for-now"
    retryable = True
    payload: TemporaryRejection

    @property
    def retry_after(self) -> int | None:
        return self.payload.retry_after


class ExchangeFailed(WeComError):
    """What the kinds of failed exchanges have in common."""

    payload: FailedExchange

    @property
    def server(self) -> str:
        return self.payload.server

    @property
    def status(self) -> int | None:
        return self.payload.status

    @property
    def request_sent(self) -> bool:
        return self.payload.request_sent

    def __str__(self) -> str:
        status = "" if self.status is None else f", status {self.status}"
        return f"{self.payload.reason} ({self.server}{status})"


class Unreachable(ExchangeFailed):
    """There was no connection. The call was not sent; retry later."""

    kind = "unreachable"
    retryable = True


class NoReply(ExchangeFailed):
    """No complete response came, and retrying does no harm."""

    kind = "no-reply"
    retryable = True


class UnknownOutcome(ExchangeFailed):
    """The call was sent and no complete response came. Retrying may do it twice: look first, or ask a person."""

    kind = "permanent-no-reply"


class UnexpectedReply(ExchangeFailed):
    """A response came that WeCom's documentation does not describe, as from a proxy: the base URL may be wrong."""

    kind = "permanent-unexpected-reply"


class ExecutionFailed(WeComError):
    """The component itself crashed, in the middle of a call. It is replaced; the next call finds a new one."""

    kind = "execution-failed"

    @property
    def took_effect(self) -> bool | None:
        return None


class TimedOut(WeComError, TimeoutError):
    """`timeout` passed. The call was stopped; if it had begun, whether it took effect is unknown."""

    kind = "timed-out"

    def __init__(self, payload: str, began: bool = True) -> None:
        super().__init__(payload)
        self.began = began
        self.retryable = not began

    def __reduce__(self) -> Any:
        return type(self), (self.payload, self.began)

    @property
    def took_effect(self) -> bool | None:
        return None if self.began else False


KINDS: dict[str, type[WeComError]] = {
    it.kind: it
    for it in (
        InvalidInput,
        MissingCredential,
        Rejected,
        RejectedForNow,
        Unreachable,
        NoReply,
        UnknownOutcome,
        UnexpectedReply,
        ExecutionFailed,
    )
}
