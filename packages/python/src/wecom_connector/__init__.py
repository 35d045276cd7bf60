"""WeCom (企业微信) through a sandboxed WebAssembly component: see `WeCom`, which has a method for each action."""

from importlib.metadata import version as _version

from . import _contract
from ._async import AsyncWeCom
from ._contract import *  # noqa: F403 (what it lists)
from ._contract import Clear
from ._errors import (
    ExecutionFailed,
    InvalidInput,
    MissingCredential,
    NoReply,
    Rejected,
    RejectedForNow,
    TimedOut,
    UnexpectedReply,
    UnknownOutcome,
    Unreachable,
    WeComError,
)
from ._wecom import WeCom

__version__ = _version("wecom-connector")

CLEAR = Clear()
"""Clears a text or a list of a member in `update_member`, where None leaves it as it is."""

__all__ = [
    "CLEAR",
    "AsyncWeCom",
    "ExecutionFailed",
    "InvalidInput",
    "MissingCredential",
    "NoReply",
    "Rejected",
    "RejectedForNow",
    "TimedOut",
    "UnexpectedReply",
    "UnknownOutcome",
    "Unreachable",
    "WeCom",
    "WeComError",
    "__version__",
]
__all__ += _contract.__all__
