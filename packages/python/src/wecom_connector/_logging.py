"""The logger `wecom_connector`: a line for each call at level DEBUG, and warnings that come with pages.

Never an argument, as that may be a secret or what people write to each other.
"""

import logging
import time

logger = logging.getLogger("wecom_connector")


def log_call(call: str, outcome: str, started: float) -> None:
    logger.debug("%s: %s after %d ms", call, outcome, (time.monotonic() - started) * 1000)


def log_warning(call: str, warning: str | None) -> None:
    if warning is not None:
        logger.warning("%s: %s", call, warning)
