"""Onboards new members, durably, with DBOS: department, member, group chat, welcome text, card.

onboarding.py worker                          runs onboardings until it is stopped; start it again after a crash
onboarding.py start USER-ID NAME MOBILE       starts one; a second start of the same user id changes nothing
onboarding.py status USER-ID                  running, done, "waiting: …" for a person, or "failed: …"
onboarding.py settle USER-ID arrived|again    what a person found out about the step that is waiting
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbos import DBOS, DBOSClient
from dbos import error as dbos_error
from wecom_connector import (
    AppMessageOptions,
    AppTextCard,
    GroupText,
    Membership,
    NewDepartment,
    NewGroupChat,
    NewMember,
    Rejected,
    Selection,
    TextCard,
    UnknownOutcome,
    WeCom,
    WeComError,
)

DATABASE = os.environ.get("ONBOARDING_DATABASE", "sqlite:///onboarding.sqlite")
QUEUE = "onboarding"
DEPARTMENT = 310
DUPLICATE_CHECK = 4 * 60 * 60  # seconds, the longest that WeCom offers
MAX_PAUSE = 300
FOREVER = 10 * 365 * 24 * 60 * 60

wecom = WeCom()  # credentials come from the worker's environment, so DBOS never sees them


@dataclass
class Person:
    user_id: str
    name: str
    mobile: str

    @property
    def chat_id(self) -> str:
        return "welcome" + "".join(it for it in self.user_id if it.isalnum())


# Steps. DBOS records the result of each; one that was running when the worker died runs again.


@DBOS.step()
def department(person: Person) -> None:
    try:
        wecom.create_department(NewDepartment(name="Field Service North", parent_id=1, id=DEPARTMENT))
    except Rejected as error:  # 60008 also means that another department has this name, so check
        if error.code != 60008 or DEPARTMENT not in [it.id for it in wecom.list_department_ids()]:
            raise


@DBOS.step()
def member(person: Person) -> None:
    departments = [Membership(department_id=DEPARTMENT)]
    try:
        wecom.create_member(
            NewMember(user_id=person.user_id, name=person.name, mobile=person.mobile, departments=departments)
        )
    except Rejected as error:
        if error.code != 60102:  # the user id, which we chose, exists
            raise


@DBOS.step()
def chat(person: Person) -> None:
    members = ["founder", person.user_id]
    try:
        wecom.create_group_chat(
            NewGroupChat(id=person.chat_id, name=f"Welcome {person.name}", owner="founder", members=members)
        )
    except Rejected as error:
        if error.code != 86215:  # the chat id, which we chose, exists
            raise


@DBOS.step()
def send_welcome(person: Person) -> None:
    wecom.send_group_text(GroupText(group_chat_id=person.chat_id, content=f"Welcome, {person.name}!"))


@DBOS.workflow(max_recovery_attempts=0)
def welcome(person: Person) -> None:
    """WeCom can't detect a repeat of a group message, so DBOS must not run this again after a crash."""
    send_welcome(person)


@DBOS.step()
def now() -> float:
    return time.time()


@DBOS.step()
def send_card(person: Person, first_try: float) -> None:
    """Within the duplicate check, WeCom drops a repeat of the same card to the same member."""
    if time.time() - first_try > DUPLICATE_CHECK - 60:
        raise TimeoutError("the duplicate check is over, and an earlier try may have sent the card")
    link = TextCard(title="Your first day", description="Badge, laptop, lunch at noon", url="https://intranet.example/")
    options = AppMessageOptions(duplicate_check_interval=DUPLICATE_CHECK)
    wecom.send_app_text_card(AppTextCard(recipients=Selection(users=[person.user_id]), card=link, options=options))


def card(person: Person) -> None:
    send_card(person, now())


# The workflow.


@DBOS.workflow()
def onboard(person: Person) -> None:
    for step in (department, member, chat, welcome, card):
        complete(step, person)


def complete(step: Callable[[Person], None], person: Person) -> None:
    """Retries what is retryable, asks a person where the outcome is unknown, and raises the rest.

    The first three steps create under ids that we chose, so a repeat finds what an earlier try has made.
    """
    pause = 1
    while True:
        try:
            return step(person)
        except WeComError as error:
            if error.retryable or (isinstance(error, UnknownOutcome) and step in (department, member, chat)):
                DBOS.sleep(getattr(error, "retry_after", None) or pause)
                pause = min(2 * pause, MAX_PAUSE)
                continue
            if error.took_effect is False:
                raise
            question = str(error)
        except dbos_error.DBOSAwaitedWorkflowMaxRecoveryAttemptsExceeded:
            question = "the worker died during this step"
        except TimeoutError as error:
            question = str(error)
        DBOS.set_event("waiting", f"{step.__name__}: {question}")
        answer = DBOS.recv(step.__name__, timeout_seconds=FOREVER)
        DBOS.set_event("waiting", None)
        if answer == "arrived":
            return None


# The command.


def work() -> None:
    # `executor_id` names the machine: one that starts again under its name continues what it had begun.
    # `application_version` must stay the same as long as running onboardings are to continue with this code.
    DBOS(
        config={
            "name": "onboarding",
            "system_database_url": DATABASE,
            "application_version": "1",
            "executor_id": os.environ.get("MACHINE", "machine-1"),
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, polling_interval_sec=0.2)
    threading.Event().wait()


def status(client: DBOSClient, user_id: str) -> str:
    handle: Any = client.retrieve_workflow(user_id)
    state = handle.get_status().status
    if state == "SUCCESS":
        return "done"
    if state in ("ENQUEUED", "PENDING"):
        waiting = client.get_event(user_id, "waiting", timeout_seconds=0)
        return f"waiting: {waiting}" if waiting else "running"
    try:
        handle.get_result()
    except (WeComError, dbos_error.DBOSException) as error:
        return f"failed: {error}"
    return f"failed: {state}"


def main(arguments: list[str]) -> None:
    match arguments:
        case ["worker"]:
            return work()
        case ["start", user_id, name, mobile]:
            person = Person(user_id, name, mobile)
            with_client().enqueue({"queue_name": QUEUE, "workflow_name": "onboard", "workflow_id": user_id}, person)
        case ["status", user_id]:
            print(status(with_client(), user_id))
        case ["settle", user_id, ("arrived" | "again") as answer]:
            client = with_client()
            waiting = client.get_event(user_id, "waiting", timeout_seconds=0)
            if not waiting:
                sys.exit(f"{user_id} is not waiting")
            client.send(user_id, answer, waiting.split(":")[0])
        case _:
            sys.exit(__doc__)


def with_client() -> DBOSClient:
    return DBOSClient(system_database_url=DATABASE)


if __name__ == "__main__":
    main(sys.argv[1:])
