"""The simulator, and a corp in it that is fresh for each test."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wecom_connector import WeCom

REPOSITORY = Path(__file__).parents[3]


class Simulator:
    def __init__(self, env: dict[str, str]) -> None:
        self.env = env

    def state(self) -> Any:
        return json.loads(self.ask("GET", "state"))

    def transcript(self) -> Any:
        return json.loads(self.ask("GET", "transcript"))

    def fault(self, on: str, kind: Any, **more: Any) -> None:
        self.ask("POST", "faults", {"on": on, "kind": kind, **more})

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        url = f"{self.env['WECOM_BASE_URL']}/_simulator/{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as response:
            content: bytes = response.read()
            return content


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tests leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield Path(os.environ["XDG_CACHE_HOME"])


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    program = os.environ.get("WECOM_SIMULATOR") or REPOSITORY / "target/debug/wecom-simulator"
    process = subprocess.Popen([program, "--quiet"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    env: dict[str, str] = {}
    while "WECOM_SECOND_CHATBOT_KEY" not in env:
        name, _, value = process.stdout.readline().rstrip("\n").partition("=")
        env[name] = value
    yield Simulator(env)
    process.kill()
    process.wait()


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.ask("POST", "reset")
    return running


@pytest.fixture
def wecom(simulator: Simulator) -> Iterator[WeCom]:
    with WeCom(simulator.env) as wecom:
        yield wecom
