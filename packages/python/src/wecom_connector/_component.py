"""The component: compiled once in a process, its compiled form kept on disk; and sandboxes that run it."""

import hashlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Func, Instance, Linker

GRANTED = re.compile(r"wasi:(http/(types|outgoing-handler)|io/\w+|clocks/[\w-]+|cli/environment)@0\.2\.\d+")
"""All that the component may import."""


_lock = threading.Lock()
_code: bytes | None = None
_process: int | None = None


class Sandbox:
    """An instance of the component, which sees these variables and no others. It makes one call at a time.

    It has an engine of its own, so that its call can be stopped without those of others.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._engine = new_engine()
        self._inside: tuple[Store, Instance] | None = None
        self._funcs: dict[str, Func] = {}
        self.broken = False
        """Whether it can't be used again."""

    def start(self, interface: str, call: str, raw: list[Any]) -> Future[Any]:
        """Begins a call, in a thread of its own: wasmtime does not notice Ctrl-C while it waits."""
        check_process()
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        # A daemon, as one that was stopped may wait for the network a little longer than the program wants to live.
        arguments = (future, interface, call, raw)
        threading.Thread(target=self._run, args=arguments, name=f"wecom {call}", daemon=True).start()
        return future

    def stop(self) -> None:
        """Ends the call under way: at once where the component computes, and before sending more where it waits
        for the network. No more calls after this one."""
        self.broken = True
        self._engine.increment_epoch()

    def close(self) -> None:
        """Gives the memory back. No call may be under way."""
        self.broken = True
        self._funcs.clear()
        if self._inside is not None:
            self._inside[0].close()
            self._inside = None

    def _run(self, future: Future[Any], interface: str, call: str, raw: list[Any]) -> None:
        try:
            result = self._call(interface, call, raw)
        except BaseException as it:
            self.close()
            future.set_exception(it)
        else:
            if self.broken:  # stopped when it was nearly over
                self.close()
            future.set_result(result)

    def _call(self, interface: str, call: str, raw: list[Any]) -> Any:
        if self._inside is None:
            self._inside = instantiate(self._engine, self._environment)
        store, instance = self._inside
        if self.broken:  # stopped before there was anything to stop
            raise RuntimeError("the call was stopped")
        if call not in self._funcs:
            index = instance.get_export_index(store, call, instance.get_export_index(store, interface))
            func = instance.get_func(store, index) if index is not None else None
            if func is None:
                raise RuntimeError(f"the component has no {call}")
            self._funcs[call] = func
        return self._funcs[call](store, *raw)


def check_process() -> None:
    """The threads that wasmtime runs on do not come along in a fork: a call would wait for them for ever."""
    global _process
    with _lock:
        _process = _process or os.getpid()
        if _process != os.getpid():
            raise RuntimeError("this process was forked from one that had called WeCom: call only after the fork")


def new_engine() -> Engine:
    config = Config()
    config.epoch_interruption = True
    return Engine(config)


def instantiate(engine: Engine, environment: Mapping[str, str]) -> tuple[Store, Instance]:
    component = Component.deserialize(engine, code())
    linker = Linker(engine)
    linker.add_wasip2()
    linker.add_wasi_http()
    store = Store(engine)
    store.set_epoch_deadline(1)  # `stop` makes the next epoch begin
    wasi = WasiConfig()
    wasi.env = list(environment.items())
    store.set_wasi(wasi)
    store.set_wasi_http()
    return store, linker.instantiate(store, component)


def code() -> bytes:
    """The component as machine code, once for all sandboxes."""
    global _code
    with _lock:
        if _code is None:
            _code = compiled(files(__package__).joinpath("wecom-connector.wasm").read_bytes())
        return _code


def compiled(wasm: bytes) -> bytes:
    """The component as machine code: from the cache, or compiled now and kept for next time."""
    engine = new_engine()
    folder = own_folder(cache_folder())
    name = f"{hashlib.sha256(wasm).hexdigest()}-epochs-wasmtime-{version('wasmtime')}"
    if folder and (code := read(folder / name)):
        try:
            Component.deserialize(engine, code)
        except WasmtimeError:
            pass  # Another machine's: compile it anew.
        else:
            return code
    component = Component(engine, wasm)
    if excess := [it for it in component.type.imports(engine) if not GRANTED.fullmatch(it)]:
        raise RuntimeError(f"the component wants more than it may have: {', '.join(excess)}")
    code = bytes(component.serialize())
    if folder:
        write(folder / name, code)
    return code


def cache_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "wecom-connector"


def own_folder(folder: Path) -> Path | None:
    """The folder, if no other user can write to it: the code in it is run unchecked."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.lstat()
    except OSError:
        return None
    if sys.platform != "win32" and (info.st_uid != os.getuid() or info.st_mode & 0o022):
        return None
    return folder


def read(path: Path) -> bytes | None:
    """What `write` wrote, if all of it is there."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:32], content[32:]
    return code if hashlib.sha256(code).digest() == digest else None


def write(path: Path, code: bytes) -> None:
    """Whole or not at all, and never in the way: the next process only has to compile again."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
