"""WeCom (企业微信) through a sandboxed WebAssembly component: see `WeCom`, which has a method for each action."""

from ._contract import *  # noqa: F403 (what it lists, mypy and Python see)
from ._errors import (
    ExecutionFailed,
    InvalidInput,
    MissingCredential,
    NoReply,
    Rejected,
    RejectedForNow,
    UnexpectedReply,
    UnknownOutcome,
    Unreachable,
    WeComError,
)
from ._wecom import WeCom
