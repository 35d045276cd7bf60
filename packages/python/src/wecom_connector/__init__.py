"""WeCom (企业微信) through a sandboxed WebAssembly component: see `WeCom`, which has a method for each action."""

from . import _contract
from ._contract import *  # noqa: F403 (what it lists)
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

__all__ = [
    "ExecutionFailed",
    "InvalidInput",
    "MissingCredential",
    "NoReply",
    "Rejected",
    "RejectedForNow",
    "UnexpectedReply",
    "UnknownOutcome",
    "Unreachable",
    "WeCom",
    "WeComError",
]
__all__ += _contract.__all__
