"""The package as such: what it grants, its cache, its documentation, its types, and the wheel."""

import inspect
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Simulator
from wasmtime import Engine, wat2wasm
from wasmtime.component import Component

import wecom_connector
from build_types import generate
from wecom_connector import (
    AppMarkdown,
    ChatbotMediaKind,
    Everyone,
    MediaKind,
    MemberChanges,
    Membership,
    NewChatbotMedia,
    NewMedia,
    NewMember,
    WeCom,
    _component,
)
from wecom_connector._contract import INTERFACES

PACKAGE = REPOSITORY / "packages/python"


def test_the_build_is_current() -> None:
    """Else: `pip install -e .` again."""
    given = os.environ.get("WECOM_CONNECTOR_CONTRACT") or REPOSITORY / "contract/contract.json"
    text, _ = generate(Path(given))
    assert files(wecom_connector).joinpath("_contract.py").read_text(encoding="utf-8") == text
    given = os.environ.get("WECOM_CONNECTOR_WASM") or REPOSITORY / "target/wecom-connector.wasm"
    assert wasm() == Path(given).read_bytes()


def test_what_the_component_may_use() -> None:
    engine = Engine()
    imports = Component(engine, wasm()).type.imports(engine)
    assert {it.partition("@")[0] for it in imports} == {
        "wasi:cli/environment",
        "wasi:clocks/monotonic-clock",
        "wasi:http/outgoing-handler",
        "wasi:http/types",
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
    }


def test_a_greedy_component_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    greedy = '(component (import "wasi:filesystem/types@0.2.6" (instance)))'
    with pytest.raises(RuntimeError, match=r"wants more than it may have: wasi:filesystem/types@0\.2\.6"):
        _component.compiled(bytes(wat2wasm(greedy)))


def test_only_its_own_variables_are_passed_on() -> None:
    wecom = WeCom({"WECOM_SECRET": "s", "HOME": "/", "AWS_SECRET": "s"})
    assert wecom._settings.environment == {"WECOM_SECRET": "s"}


@pytest.mark.skipif(sys.platform != "linux", reason="the cache is elsewhere")
class TestCache:
    @pytest.fixture(autouse=True)
    def fresh(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        self.folder = tmp_path / "wecom-connector"

    def compilations(self, monkeypatch: pytest.MonkeyPatch) -> int:
        count = 0

        class Counting(Component):
            def __init__(self, engine: Engine, wasm: bytes) -> None:
                nonlocal count
                count += 1
                super().__init__(engine, wasm)

        monkeypatch.setattr(_component, "Component", Counting)
        _component.compiled(wasm())
        return count

    def test_compiles_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.compilations(monkeypatch) == 1
        assert self.compilations(monkeypatch) == 0
        [file] = self.folder.iterdir()
        assert (self.folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)

    def test_a_damaged_file_is_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.compilations(monkeypatch) == 1
        [file] = self.folder.iterdir()
        file.write_bytes(file.read_bytes()[:-1])
        assert self.compilations(monkeypatch) == 1
        assert self.compilations(monkeypatch) == 0

    def test_a_folder_that_others_may_write_to_is_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder.mkdir()
        self.folder.chmod(0o777)
        assert self.compilations(monkeypatch) == 1
        assert self.compilations(monkeypatch) == 1
        assert list(self.folder.iterdir()) == []

    def test_goes_on_without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder.parent.joinpath("file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(self.folder.parent / "file"))
        assert self.compilations(monkeypatch) == 1


@pytest.mark.parametrize("call", INTERFACES)
def test_examples_in_docstrings(wecom: WeCom, call: str) -> None:
    """They work as written, where what they speak of is there; only the ids that WeCom gives are others."""
    names: dict[str, Any] = {**vars(wecom_connector), "wecom": wecom}
    for it in ["create-department", "create-member", "create-group-chat"]:
        if it == call or call == "delete-department":
            break
        exec(example(it), names)
        if it == "create-department":
            for i, user in enumerate(["noor.h", "may.l", "kai.p"]):
                departments = [Membership(department_id=310)]
                wecom.create_member(
                    NewMember(
                        user_id=user, name=user, departments=departments, mobile=f"+3460000001{i}", to_invite=False
                    )
                )
    text = example(call)
    if call == "delete-department":
        exec(example("create-department"), names)
    if "MEDIA-ID" in text:
        text = text.replace("MEDIA-ID", media(wecom, call))
    if call == "find-member-by-email":
        wecom.update_member("iker.z", MemberChanges(email="iker@ops.example"))
    if "RESPONSE-CODE" in text:
        exec(f"sent = {example('send-app-template-card').strip()}", names)
        text = text.replace("RESPONSE-CODE", names["sent"].response_code)
    if "MESSAGE-ID" in text:
        sent = wecom.send_app_markdown(AppMarkdown(recipients=Everyone(), content="hi"))
        text = text.replace("MESSAGE-ID", sent.message_id or "")
    exec(text, names)


def example(call: str) -> str:
    doc = inspect.getdoc(getattr(WeCom, call.replace("-", "_"))) or ""
    return textwrap.dedent(doc.partition("Example:\n")[2])


def media(wecom: WeCom, call: str) -> str:
    if call == "send-chatbot-file":
        chatbot_file = NewChatbotMedia(kind=ChatbotMediaKind.FILE, file_name="rota.txt", content=b"Mon 7-5")
        return wecom.upload_chatbot_media(chatbot_file).id
    kinds = {
        "file": (MediaKind.FILE, b"Mon 7-5"),
        "video": (MediaKind.VIDEO, b"\x00\x00\x00\x18ftypmp42" + bytes(32)),
        "": (MediaKind.IMAGE, b"\x89PNG\r\n\x1a\n"),
    }
    kind, content = next(it for name, it in kinds.items() if name in call)
    return wecom.upload_media(NewMedia(kind=kind, file_name="it.png", content=content)).id


def test_every_type_is_documented() -> None:
    public = [it for it in vars(wecom_connector).values() if inspect.isclass(it)]
    assert len(public) > 60
    assert [it.__name__ for it in public if not (it.__doc__ or "").strip()] == []


def test_readme(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each block of its Python runs by itself, and prints what its comments say."""
    for name, value in simulator.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        exec(block, {})
        printed = capsys.readouterr().out.splitlines()
        assert [it for it in re.findall(r"print\(.*\)  # (.*)", block) if it not in printed] == []


def test_wheel(simulator: Simulator, tmp_path: Path) -> None:
    """Built from the source distribution, installed where nothing else is, used from elsewhere, its types checked."""
    parts = tmp_path / "wecom-connector.cdx.json"
    parts.write_text('{"bomFormat": "CycloneDX"}')
    env = {"WECOM_CONNECTOR_SBOM": str(parts)}
    run([sys.executable, "-m", "build", "--outdir", str(tmp_path), str(PACKAGE)], tmp_path, env)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = "wecom_connector-0.1.0.dist-info"
        assert {"wecom_connector/py.typed", f"{info}/licenses/LICENSE"} <= names
        assert archive.read(f"{info}/sboms/wecom-connector.cdx.json") == parts.read_bytes()
    run([sys.executable, "-m", "venv", "venv"], tmp_path)
    python = tmp_path / ("venv/Scripts/python.exe" if sys.platform == "win32" else "venv/bin/python")
    run([str(python), "-m", "pip", "install", "--quiet", str(wheel)], tmp_path)
    program = "from wecom_connector import *; print(WeCom().list_department_ids(), __version__)"
    printed = run([str(python), "-c", program], tmp_path, simulator.env)
    assert printed == "[Department(id=1, parent_id=None, order=100000000)] 0.1.0\n"
    shutil.copyfile(PACKAGE / "tests/typed_sample.py", tmp_path / "sample.py")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "--python-executable", str(python)]
    run([*mypy, "sample.py"], tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_an_upload_of_20_mb_takes_less_than_250_mb(simulator: Simulator) -> None:
    program = """
import resource
from wecom_connector import *
with WeCom() as wecom:
    wecom.list_department_ids()
    wecom.upload_media(NewMedia(kind=MediaKind.FILE, file_name="a.bin", content=bytes(20 << 20)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""
    used = int(run([sys.executable, "-c", "import sys" + program], PACKAGE, simulator.env))
    assert used < 250_000_000, used


def test_the_table_of_behavior_is_in_the_readme() -> None:
    table = run([sys.executable, str(PACKAGE.parent / "behavior.py"), "--table"], PACKAGE)
    assert table in (PACKAGE / "README.md").read_text(encoding="utf-8")


def run(command: list[str], folder: Path, env: dict[str, str] | None = None) -> str:
    result = subprocess.run(command, cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def wasm() -> bytes:
    return files(wecom_connector).joinpath("wecom-connector.wasm").read_bytes()
