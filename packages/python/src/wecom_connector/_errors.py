"""The `error` variant of the contract as exceptions, a class for each case.

The class says what a caller asks first: can repeating the call help, and did it take effect?
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from ._contract import InvalidField, Rejection, TemporaryRejection


class WeComError(Exception):
    """Why a call failed."""

    kind: ClassVar[str]
    """The case of the contract's `error`, such as `permanent-rejected`."""
    retryable: ClassVar[bool] = False
    """Whether repeating the same call can help and does no harm."""
    took_effect: ClassVar[bool | None] = False
    """Whether the call took effect. None where nobody knows."""

    def __init__(self, payload: Any) -> None:
        super().__init__(payload)
        self.payload = payload

    def __str__(self) -> str:
        return str(self.payload)


class InvalidInput(WeComError):
    """The call breaks documented limits; all violations are listed. Nothing was sent."""

    kind = "permanent-invalid-input"
    payload: Sequence[InvalidField]

    @property
    def fields(self) -> Sequence[InvalidField]:
        """What is wrong: each field by its path in the contract, with the reason."""
        return self.payload

    def __str__(self) -> str:
        return "; ".join(f"{it.field}: {it.reason}" for it in self.payload)


class MissingCredential(WeComError):
    """The profile, secret, key or agent id that this action needs is not there; the text names it. Nothing was sent."""

    kind = "permanent-missing-credential"


class Rejected(WeComError):
    """WeCom refused, and will refuse the same call again. It took no effect."""

    kind = "permanent-rejected"
    payload: Rejection

    @property
    def code(self) -> int:
        """WeCom's error code (errcode)."""
        return self.payload.code

    @property
    def message(self) -> str:
        """WeCom's own words. Not meant to be parsed."""
        return self.payload.message

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.payload.hint

    def __str__(self) -> str:
        return f"{self.code} {self.message} ({self.hint})"


class RejectedForNow(WeComError):
    """WeCom refused for now: too often, too many at once, or busy. It took no effect; repeat it later."""

    kind = "rejected-for-now"
    retryable = True
    payload: TemporaryRejection

    @property
    def code(self) -> int:
        """WeCom's error code (errcode)."""
        return self.payload.code

    @property
    def message(self) -> str:
        """WeCom's own words. Not meant to be parsed."""
        return self.payload.message

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.payload.hint

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait before repeating. None where WeCom documents no figure."""
        return self.payload.retry_after

    def __str__(self) -> str:
        return f"{self.code} {self.message} ({self.hint})"


class Unreachable(WeComError):
    """There was no connection. Nothing was sent; repeat it later."""

    kind = "unreachable"
    retryable = True


class NoReply(WeComError):
    """The call was sent and no complete answer came. Repeating it does no harm."""

    kind = "no-reply"
    retryable = True
    took_effect = None


class UnknownOutcome(WeComError):
    """The call was sent and no complete answer came. Repeating it may do it twice: look first, or ask somebody."""

    kind = "permanent-no-reply"
    took_effect = None


class UnexpectedReply(WeComError):
    """An answer came that WeCom's documentation does not describe, as from a proxy."""

    kind = "permanent-unexpected-reply"
    took_effect = None


class ExecutionFailed(WeComError):
    """The component itself broke, in the middle of a call. It is replaced; the next call finds a new one."""

    kind = "execution-failed"
    took_effect = None


KINDS = {
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
