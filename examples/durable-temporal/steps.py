"""The steps of an onboarding: blocking calls of the connector, made into Temporal's activities."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError
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

DEPARTMENT = 310
DUPLICATE_CHECK = timedelta(hours=4)  # the longest that WeCom offers

wecom = WeCom()  # credentials come from the worker's environment, so Temporal never sees them


@dataclass
class Person:
    user_id: str
    name: str
    mobile: str

    @property
    def chat_id(self) -> str:
        return "welcome" + "".join(it for it in self.user_id if it.isalnum())


def step(creates_own_id: bool = False) -> Callable[[Callable[[Person], None]], Callable[[Person], Awaitable[None]]]:
    """Runs a blocking call in a thread, sends heartbeats meanwhile, and converts its error to Temporal's.

    Where the step creates something under an id that we chose, a repeat finds what an earlier try has made.
    """

    def decorate(call: Callable[[Person], None]) -> Callable[[Person], Awaitable[None]]:
        @activity.defn
        @functools.wraps(call)
        async def run(person: Person) -> None:
            thread = asyncio.create_task(asyncio.to_thread(call, person))
            while not thread.done():
                activity.heartbeat()
                await asyncio.wait([thread], timeout=1)
            try:
                await thread
            except WeComError as error:
                retryable = error.retryable or (creates_own_id and isinstance(error, UnknownOutcome))
                retry_after = getattr(error, "retry_after", None)
                raise ApplicationError(
                    str(error),
                    error.took_effect,
                    type=error.kind,
                    non_retryable=not retryable,
                    next_retry_delay=timedelta(seconds=retry_after) if retry_after else None,
                ) from error

        return run

    return decorate


@step(creates_own_id=True)
def department(person: Person) -> None:
    try:
        wecom.create_department(NewDepartment(name="Field Service North", parent_id=1, id=DEPARTMENT))
    except Rejected as error:  # 60008 also means that another department has this name, so check
        if error.code != 60008 or DEPARTMENT not in [it.id for it in wecom.list_department_ids()]:
            raise


@step(creates_own_id=True)
def member(person: Person) -> None:
    departments = [Membership(department_id=DEPARTMENT)]
    try:
        wecom.create_member(
            NewMember(user_id=person.user_id, name=person.name, mobile=person.mobile, departments=departments)
        )
    except Rejected as error:
        if error.code != 60102:  # the user id, which we chose, exists
            raise


@step(creates_own_id=True)
def chat(person: Person) -> None:
    members = ["founder", person.user_id]
    try:
        wecom.create_group_chat(
            NewGroupChat(id=person.chat_id, name=f"Welcome {person.name}", owner="founder", members=members)
        )
    except Rejected as error:
        if error.code != 86215:  # the chat id, which we chose, exists
            raise


@step()
def welcome(person: Person) -> None:
    wecom.send_group_text(GroupText(group_chat_id=person.chat_id, content=f"Welcome, {person.name}!"))


@step()
def card(person: Person) -> None:
    link = TextCard(title="Your first day", description="Badge, laptop, lunch at noon", url="https://intranet.example/")
    options = AppMessageOptions(duplicate_check_interval=int(DUPLICATE_CHECK.total_seconds()))
    wecom.send_app_text_card(AppTextCard(recipients=Selection(users=[person.user_id]), card=link, options=options))
