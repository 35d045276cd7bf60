"""Tests the workflow without WeCom: the connector is a stub, and the test gives the results of its calls, in the contract's types."""

import json
import os
import time
from typing import Any

from onboarding import execution, execution_id, work

RECEIPT = {"truncated": [], "warning": None}
DELIVERY = RECEIPT | {
    "message_id": "m-1",
    "invalid_users": [],
    "invalid_departments": [],
    "invalid_tags": [],
    "unlicensed_users": [],
}
SILENCE = {"reason": "no response", "server": "https://qyapi.weixin.qq.com", "status": None, "request_sent": True}
BUSY = {
    "code": -1,
    "message": "system busy",
    "hint": "",
    "retry_after": 1,
    "caller_address": None,
    "request_id": None,
    "invalid_receivers": None,
    "conflicting_user": None,
}
STORY = [
    ("create-department", {"err": {"rejected_for_now": BUSY}}),
    ("create-department", {"ok": {"id": 310, "warning": None}}),
    ("create-member", {"err": {"permanent_no_reply": SILENCE}}),
    ("create-member", {"ok": {"created_departments": [], "warning": None}}),
    ("create-group-chat", {"ok": {"id": "welcomeikerz", "truncated": [], "warning": None}}),
    ("send-group-text", {"err": {"permanent_no_reply": SILENCE}}),
    ("did-it-arrive", {"ok": False}),
    ("send-group-text", {"ok": RECEIPT}),
    ("send-app-text-card", {"ok": DELIVERY}),
]


def pending(workflow: str) -> Any:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        options = ("--show-derived", "--hide-finished", "--json", "--execution-id", f"{workflow}.")
        for it in json.loads(execution("list", *options)):
            if it["component_type"] == "activity_stub":
                return it
        time.sleep(0.1)
    raise AssertionError("the workflow asks for nothing")


def main() -> None:
    workflow = execution_id("iker.z")
    person = {"user_id": "iker.z", "name": "Iker Zabala", "mobile": "13900000001"}
    execution("submit", "--execution-id", workflow, "examples:onboarding/onboarding.onboard", json.dumps([person]))
    for function, answer in STORY:
        call = pending(workflow)
        assert call["ffqn"].endswith(f".{function}"), f"{call['ffqn']}, not {function}"
        execution("stub", call["execution_id"], json.dumps(answer))
    result = json.loads(execution("result", "--follow", "--json", workflow))
    assert result == {"ok": None}, result
    print(f"{len(STORY)} calls answered by the test: ok")


if __name__ == "__main__":
    os.environ["MACHINE"] = "machine-1"
    if (server := os.fork()) == 0:
        log = os.open("stubs.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        work()
    try:
        main()
    finally:
        os.kill(server, 9)
        os.waitpid(server, 0)
