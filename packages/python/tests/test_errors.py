"""How calls fail: the class, what it carries, and that the next call works."""

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from conftest import REPOSITORY, Simulator
from script import play_behavior
from wasmtime import WasmtimeError

from wecom_connector import (
    AppText,
    AppTextCard,
    ChatbotText,
    Confidentiality,
    DepartmentChanges,
    Everyone,
    ExecutionFailed,
    InvalidInput,
    MemberChanges,
    NewDepartment,
    NewMember,
    Rejected,
    Selection,
    TextCard,
    TimedOut,
    UnexpectedReply,
    WeCom,
    WeComError,
    _component,
)
from wecom_connector._contract import ERROR
from wecom_connector._errors import KINDS


def facts(error: WeComError) -> tuple[str, bool, bool | None]:
    return error.kind, error.retryable, error.took_effect


def test_every_case_has_a_class() -> None:
    assert KINDS.keys() == ERROR.keys()


def test_invalid_input_lists_all_fields(wecom: WeCom, simulator: Simulator) -> None:
    card = TextCard(title="", description="d", url="ops.example")
    with pytest.raises(InvalidInput) as caught:
        wecom.send_app_text_card(AppTextCard(recipients=Selection(), card=card))
    fields = [it.field for it in caught.value.fields]
    assert fields == ["message.card.title", "message.card.url", "message.recipients"]
    assert all(it in str(caught.value) for it in fields)
    assert facts(caught.value) == ("permanent-invalid-input", False, False)
    assert simulator.transcript() == []


@pytest.mark.parametrize("number", [-1, 2**32, 2**32 + 1])
def test_numbers_are_not_cut(wecom: WeCom, simulator: Simulator, number: int) -> None:
    with pytest.raises(InvalidInput, match=r"^department_id: must be 0 to 4294967295$"):
        wecom.delete_department(number)
    with pytest.raises(InvalidInput, match=r"^message\.recipients\.departments\[1\]: "):
        wecom.send_app_text(AppText(recipients=Selection(departments=[1, number]), content="hi"))
    assert simulator.transcript() == []


def test_text_must_be_unicode(wecom: WeCom) -> None:
    with pytest.raises(InvalidInput, match=r"^message\.content: holds a lone surrogate"):
        wecom.send_chatbot_text(ChatbotText(content="\ud83d"))


WRONG: list[tuple[Any, str]] = [
    (AppText(recipients=Selection(users="noor.h"), content="hi"), "users: expected a list, found str"),
    (AppText(recipients="all", content="hi"), "recipients: expected Everyone or Selection, found str"),  # type: ignore[arg-type]
    (AppText(recipients=Everyone(), content=b"hi"), "content: expected str, found bytes"),  # type: ignore[arg-type]
    (
        AppText(recipients=Everyone(), content="hi", confidentiality="public"),  # type: ignore[arg-type]
        "confidentiality: expected Confidentiality, found str",
    ),
    ({"content": "hi"}, "message: expected AppText, found dict"),
]


@pytest.mark.parametrize(("message", "words"), WRONG)
def test_wrong_types_are_named(wecom: WeCom, message: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        wecom.send_app_text(message)
    with pytest.raises(TypeError, match="expected int, found bool"):
        wecom.delete_department(True)
    assert Confidentiality("public") is Confidentiality.PUBLIC


def test_paths_are_those_of_python(wecom: WeCom) -> None:
    """Of fields that the component checks: without the cases of variants, in snake case."""
    with pytest.raises(InvalidInput) as caught:
        wecom.send_app_text(AppText(recipients=Selection(users=["noor.h", ""]), content=""))
    assert [it.field for it in caught.value.fields] == ["message.content", "message.recipients.users[1]"]
    with pytest.raises(InvalidInput) as caught:
        wecom.create_member(NewMember(user_id="", name="x", direct_superiors=["a"] * 6, mobile="13900000001"))
    assert [it.field for it in caught.value.fields] == ["member.user_id", "member.direct_superiors"]
    with pytest.raises(InvalidInput) as caught:
        wecom.update_member("a", MemberChanges(position="x" * 129, direct_superiors=["y", ""]))
    assert [it.field for it in caught.value.fields] == ["changes.position", "changes.direct_superiors[1]"]


SITUATIONS = json.loads((REPOSITORY / "packages/behavior.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("situation", SITUATIONS, ids=[it["situation"] for it in SITUATIONS])
def test_situation(simulator: Simulator, situation: dict[str, Any]) -> None:
    [line] = play_behavior(simulator.env, [situation])
    assert {**line["error"], **situation["error"]} == line["error"]
    assert line["requests"] == situation["requests"]
    assert KINDS[situation["error"]["kind"]].__name__ == situation["exception"]


def test_rejected(wecom: WeCom) -> None:
    with pytest.raises(Rejected) as caught:
        wecom.update_department(77, DepartmentChanges(name="Nobody"))
    error = caught.value
    assert (error.code, facts(error)) == (60003, ("permanent-rejected", False, False))
    assert error.message and error.hint
    assert str(error).startswith(f"60003 {error.message}, from address 127.0.0.1, request ")
    assert str(error).endswith(f" ({error.hint})")


def test_every_operand_can_be_asked_for(wecom: WeCom) -> None:
    with pytest.raises(WeComError) as caught:
        wecom.send_chatbot_text(ChatbotText(content=""))
    error = caught.value
    assert (error.code, error.message, error.hint, error.retry_after, error.server, error.status) == (None,) * 6
    assert (error.caller_address, error.request_id, error.invalid_receivers, error.conflicting_user) == (None,) * 4


def test_a_failed_exchange_names_the_server(wecom: WeCom, simulator: Simulator) -> None:
    simulator.fault("/cgi-bin/department", {"redirect": {"location": "https://proxy.example/"}})
    with pytest.raises(UnexpectedReply) as caught:
        wecom.list_department_ids()
    host = simulator.env["WECOM_BASE_URL"].removeprefix("http://")
    assert (caught.value.server, caught.value.status, caught.value.request_sent) == (host, 302, True)
    assert str(caught.value).endswith(f"({host}, status 302)")
    assert len(wecom.list_department_ids()) == 1


def test_errors_travel_and_keep_secrets(simulator: Simulator) -> None:
    secrets = [value for name, value in simulator.env.items() if "SECRET" in name or "KEY" in name]
    simulator.fault("/cgi-bin/gettoken", "reset_before_reply")
    with WeCom(simulator.env) as wecom:
        for call in (wecom.list_department_ids, lambda: wecom.delete_department(4)):
            with pytest.raises(WeComError) as caught:
                call()
            copy = pickle.loads(pickle.dumps(caught.value))
            assert (type(copy), str(copy)) == (type(caught.value), str(caught.value))
            assert not any(it in text for it in secrets for text in (str(copy), repr(copy)))


def test_a_broken_sandbox_is_replaced(wecom: WeCom, monkeypatch: pytest.MonkeyPatch) -> None:
    wecom.create_department(NewDepartment(name="Before", parent_id=1))
    broken = wecom._sandbox

    def trap(*_: Any) -> None:
        raise WasmtimeError("error while executing\n\nCaused by:\n    wasm `unreachable` instruction executed")

    with monkeypatch.context() as patch:
        patch.setattr(_component.Sandbox, "_call", trap)
        with pytest.raises(ExecutionFailed, match=r"`unreachable` instruction executed$") as caught:
            wecom.list_department_ids()
    assert facts(caught.value) == ("execution-failed", False, None)
    assert len(wecom.list_department_ids()) == 2
    assert wecom._sandbox is not broken


class TestTimeout:
    def test_of_the_object_and_of_a_call(self, simulator: Simulator) -> None:
        simulator.fault("/cgi-bin/webhook", "silent_forever", times=2)
        with WeCom(simulator.env, timeout=0.2) as wecom:
            for timeout in (None, 0.3):
                started = time.monotonic()
                with pytest.raises(TimedOut, match=r"took longer than 0\.[23] s") as caught:
                    wecom.send_chatbot_text(ChatbotText(content="hi"), timeout=timeout)
                assert time.monotonic() - started < 1
                assert facts(caught.value) == ("timed-out", False, None)
                assert isinstance(caught.value, TimeoutError)
            wecom.send_chatbot_text(ChatbotText(content="hi"), timeout=30)
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (str(copy), facts(copy)) == (str(caught.value), facts(caught.value))

    def test_nothing_more_is_sent(self, simulator: Simulator) -> None:
        """The token comes after the time is over: the call itself must not follow it."""
        simulator.fault("/cgi-bin/gettoken", {"slow_body": {"chunk": 20, "pause_ms": 200}})
        with WeCom(simulator.env, timeout=0.1) as wecom, pytest.raises(TimedOut):
            wecom.send_app_text(AppText(recipients=Everyone(), content="hi"))
        time.sleep(2.5)
        assert [it["path"] for it in simulator.transcript()] == ["/cgi-bin/gettoken"]

    def test_waiting_for_another_thread(self, wecom: WeCom, simulator: Simulator) -> None:
        simulator.fault("/cgi-bin/webhook", {"slow_body": {"chunk": 1, "pause_ms": 20}})
        first = threading.Thread(target=wecom.send_chatbot_text, args=(ChatbotText(content="hi"),))
        first.start()
        while not simulator.transcript():
            pass
        with pytest.raises(TimedOut, match="another call") as caught:
            wecom.list_department_ids(timeout=0.1)
        assert facts(caught.value) == ("timed-out", True, False)
        first.join()

    @pytest.mark.parametrize("timeout", [0, -1, float("nan"), "1", True])
    def test_values(self, wecom: WeCom, timeout: Any) -> None:
        with pytest.raises((TypeError, ValueError), match="timeout must be"):
            wecom.list_department_ids(timeout=timeout)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_ctrl_c_ends_a_call_within_a_second(simulator: Simulator) -> None:
    simulator.fault("/cgi-bin/webhook", "silent_forever")
    # A shell starts what runs in the background without this handler.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from wecom_connector import *\n"
        "try: WeCom().send_chatbot_text(ChatbotText(content='hi'))\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **simulator.env}, stdout=subprocess.PIPE, text=True
    )
    while not simulator.transcript():
        assert child.poll() is None
    started = time.monotonic()
    child.send_signal(signal.SIGINT)
    output, _ = child.communicate(timeout=20)
    assert (output, child.returncode) == ("interrupted\n", 0)
    assert time.monotonic() - started < 1


def test_calls_are_logged(wecom: WeCom, simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="wecom_connector"):
        wecom.send_chatbot_text(ChatbotText(content="for them alone"))
        with pytest.raises(Rejected):
            wecom.delete_department(4711)
    sent, rejected = [it.getMessage() for it in caplog.records]
    assert sent.startswith("send_chatbot_text: ok after ")
    assert rejected.startswith("delete_department: permanent-rejected: 60123 ")
    secrets = [value for name, value in simulator.env.items() if "SECRET" in name or "KEY" in name]
    assert not any(it in caplog.text for it in [*secrets, "for them alone"])


def test_wrong_settings() -> None:
    with pytest.raises(TypeError, match="env: WECOM_CHATBOT_KEY must be a str, not int"):
        WeCom({"WECOM_CHATBOT_KEY": 5})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="profile must be a str, not int"):
        WeCom({}, profile=5)  # type: ignore[arg-type]
    secret = {"WECOM_SECRET": "hidden", "HOME": "/"}
    assert repr(WeCom(secret, profile="sales")) == "<WeCom profile='sales', timeout=None, variables: WECOM_SECRET>"


def test_closed(simulator: Simulator) -> None:
    with WeCom(simulator.env) as wecom:
        wecom.list_department_ids()
    with pytest.raises(ValueError, match="closed"):
        wecom.list_department_ids()
    wecom.close()


def test_threads_may_share_one(wecom: WeCom, simulator: Simulator) -> None:
    def work(i: int) -> None:
        for j in range(5):
            created = wecom.create_department(NewDepartment(name=f"d {i} {j}", parent_id=1, id=100 + 10 * i + j))
            assert created.id == 100 + 10 * i + j

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    state = simulator.state()
    assert (len(state["departments"]), state["tokens_issued"]) == (21, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_is_told(wecom: WeCom) -> None:
    """It would wait for ever for threads that stayed behind."""
    wecom.list_department_ids()
    child = os.fork()
    if child == 0:
        try:
            wecom.list_department_ids()
        except RuntimeError as it:
            os._exit(0 if "forked" in str(it) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
