"""How calls fail: the class, what it carries, and that the next call works."""

import os
import pickle
import threading
from typing import Any

import pytest
from conftest import Simulator
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
    MissingCredential,
    NewDepartment,
    NoReply,
    Rejected,
    RejectedForNow,
    Selection,
    TextCard,
    UnexpectedReply,
    UnknownOutcome,
    Unreachable,
    WeCom,
    WeComError,
    _bytes,
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
    with pytest.raises(InvalidInput, match=r"^department-id: must be 0 to 4294967295$"):
        wecom.delete_department(number)
    with pytest.raises(InvalidInput, match=r"^message\.recipients\.selected\.departments\[1\]: "):
        wecom.send_app_text(AppText(recipients=Selection(departments=[1, number]), content="hi"))
    assert simulator.transcript() == []


def test_text_must_be_unicode(wecom: WeCom) -> None:
    with pytest.raises(InvalidInput, match=r"^message\.content: holds half of a surrogate pair"):
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


def test_missing_credential() -> None:
    with WeCom({}) as wecom, pytest.raises(MissingCredential, match="WECOM_CORP_ID") as caught:
        wecom.list_department_ids()
    assert facts(caught.value) == ("permanent-missing-credential", False, False)


def test_rejected(wecom: WeCom) -> None:
    with pytest.raises(Rejected) as caught:
        wecom.update_department(77, DepartmentChanges(name="Nobody"))
    error = caught.value
    assert (error.code, facts(error)) == (60003, ("permanent-rejected", False, False))
    assert error.message and error.hint
    assert str(error) == f"60003 {error.message} ({error.hint})"


def test_rejected_for_now(wecom: WeCom) -> None:
    for _ in range(20):
        wecom.send_chatbot_text(ChatbotText(content="hi"))
    with pytest.raises(RejectedForNow) as caught:
        wecom.send_chatbot_text(ChatbotText(content="hi"))
    assert (caught.value.code, caught.value.retry_after) == (45009, 60)
    assert facts(caught.value) == ("rejected-for-now", True, False)


def test_unreachable(simulator: Simulator) -> None:
    with WeCom(simulator.env | {"WECOM_BASE_URL": "http://127.0.0.1:1"}) as wecom:
        with pytest.raises(Unreachable) as caught:
            wecom.list_department_ids()
        assert facts(caught.value) == ("unreachable", True, False)


def test_no_reply(wecom: WeCom, simulator: Simulator) -> None:
    simulator.fault("/cgi-bin/department", "reset_before_reply")
    with pytest.raises(NoReply) as safe:
        wecom.list_department_ids()
    assert facts(safe.value) == ("no-reply", True, None)

    simulator.fault("/cgi-bin/webhook", {"cut_body": {"after": 12}}, act=True)
    with pytest.raises(UnknownOutcome) as unsafe:
        wecom.send_chatbot_text(ChatbotText(content="hi"))
    assert facts(unsafe.value) == ("permanent-no-reply", False, None)
    assert len(simulator.state()["chatbot_messages"]) == 1


def test_unexpected_reply(wecom: WeCom, simulator: Simulator) -> None:
    simulator.fault("/cgi-bin/department", {"redirect": {"location": "https://proxy.example/"}})
    with pytest.raises(UnexpectedReply) as caught:
        wecom.list_department_ids()
    assert facts(caught.value) == ("permanent-unexpected-reply", False, None)
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
        patch.setattr(_bytes, "call", trap)
        with pytest.raises(ExecutionFailed, match=r"`unreachable` instruction executed$") as caught:
            wecom.list_department_ids()
    assert facts(caught.value) == ("execution-failed", False, None)
    assert len(wecom.list_department_ids()) == 2
    assert wecom._sandbox is not broken


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
