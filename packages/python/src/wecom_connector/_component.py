"""The component: loaded once in a process, its compiled form kept on disk."""

import hashlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from wasmtime import Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Instance, Linker

GRANTED = re.compile(r"wasi:(http/(types|outgoing-handler)|io/\w+|clocks/[\w-]+|cli/environment)@0\.2\.\d+")
"""All that the component may import."""


class Loaded(NamedTuple):
    linker: Linker
    component: Component
    process: int

    def check(self) -> None:
        """The threads that wasmtime runs on do not come along in a fork: a call would wait for them for ever."""
        if self.process != os.getpid():
            raise RuntimeError("this process was forked from one that had called WeCom: call only after the fork")


_loaded: Loaded | None = None
_lock = threading.Lock()


def loaded() -> Loaded:
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = load()
        _loaded.check()
        return _loaded


def instantiate(environment: Mapping[str, str]) -> tuple[Store, Instance]:
    """A sandbox of its own, which sees these variables and no others."""
    linker, component, _ = loaded()
    store = Store(linker.engine)
    wasi = WasiConfig()
    wasi.env = list(environment.items())
    store.set_wasi(wasi)
    store.set_wasi_http()
    with _lock:
        return store, linker.instantiate(store, component)


def load() -> Loaded:
    engine = Engine()
    component = compiled(engine, files(__package__).joinpath("wecom-connector.wasm").read_bytes())
    linker = Linker(engine)
    linker.add_wasip2()
    linker.add_wasi_http()
    return Loaded(linker, component, os.getpid())


def compiled(engine: Engine, wasm: bytes) -> Component:
    """The component as machine code: from the cache, or compiled now and kept for next time."""
    folder = own_folder(cache_folder())
    name = f"{hashlib.sha256(wasm).hexdigest()}-wasmtime-{version('wasmtime')}"
    if folder and (code := read(folder / name)):
        try:
            return Component.deserialize(engine, code)
        except WasmtimeError:
            pass  # Another machine's: compile it anew.
    component = Component(engine, wasm)
    if excess := [it for it in component.type.imports(engine) if not GRANTED.fullmatch(it)]:
        raise RuntimeError(f"the component wants more than it may have: {', '.join(excess)}")
    if folder:
        write(folder / name, bytes(component.serialize()))
    return component


def cache_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "wecom-connector"


def own_folder(folder: Path) -> Path | None:
    """The folder, if nobody else can write to it: what lies in it is run as it is."""
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
