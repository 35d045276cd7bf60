"""What things cost, printed: `python tests/cost.py`, with the `WECOM_…` variables of a simulator."""

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable

from wecom_connector import MediaKind, NewMedia, WeCom, _component


def milliseconds(what: Callable[[], object]) -> float:
    start = time.perf_counter()
    what()
    return (time.perf_counter() - start) * 1000


def load() -> None:
    """As the first call of a process does."""
    _component._code = None
    _component.instantiate(_component.new_engine(), {})


os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()
print(f"load, compiling: {milliseconds(load):.0f} ms")
print(f"load, from the cache: {milliseconds(load):.1f} ms")
with WeCom() as wecom:
    print(f"first call, with the token: {milliseconds(wecom.list_department_ids):.1f} ms")
    calls = [milliseconds(wecom.list_department_ids) for _ in range(500)]
    print(f"later calls: {statistics.median(calls):.2f} ms")
    for megabytes in (1, 20):
        media = NewMedia(kind=MediaKind.FILE, file_name="a.bin", content=os.urandom(megabytes << 20))
        took = milliseconds(lambda media=media: wecom.upload_media(media))  # type: ignore[misc]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(f"upload of {megabytes} MB: {took:.0f} ms, {memory} MB of memory at most so far")
