"""Onboards new members, durably, with Temporal: department, member, group chat, welcome text, card.

onboarding.py worker                          runs onboardings until it is stopped; several may run, on several machines
onboarding.py start USER-ID NAME MOBILE       starts one; a second start of the same user id changes nothing
onboarding.py status USER-ID                  running, done, "waiting: …" for a person, or "failed: …"
onboarding.py settle USER-ID arrived|again    what a person found out about the step that is waiting
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, WorkflowAlreadyStartedError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import steps
    from steps import Person

QUEUE = "onboarding"
MAX_PAUSE = timedelta(minutes=5)


@workflow.defn
class Onboarding:
    def __init__(self) -> None:
        self.answer: str | None = None

    @workflow.run
    async def run(self, person: Person) -> None:
        for step in (steps.department, steps.member, steps.chat):
            await self.complete(step, person)
        # WeCom can't detect a repeat of a group message, so Temporal must not repeat it by itself.
        await self.complete(steps.welcome, person, max_attempts=1)
        # WeCom drops a repeat of the same card to the same member, within that time.
        await self.complete(steps.card, person, within=steps.DUPLICATE_CHECK - timedelta(minutes=1))

    async def complete(
        self,
        step: Callable[[Person], Awaitable[None]],
        person: Person,
        max_attempts: int = 0,
        within: timedelta | None = None,
    ) -> None:
        """Lets Temporal retry what is retryable, asks a person where the outcome is unknown, and raises the rest."""
        pause = timedelta(seconds=1)
        while True:
            try:
                return await workflow.execute_activity(
                    step,
                    person,
                    start_to_close_timeout=timedelta(minutes=3),  # longer than any call of the connector takes
                    heartbeat_timeout=timedelta(seconds=5),  # so a killed worker is noticed
                    schedule_to_close_timeout=within,
                    retry_policy=RetryPolicy(maximum_attempts=max_attempts, maximum_interval=MAX_PAUSE),
                )
            except ActivityError as error:
                cause = error.cause
                if isinstance(cause, ApplicationError) and error.retry_state != RetryState.TIMEOUT:
                    if not cause.non_retryable:  # it had only one attempt, and took no effect
                        await workflow.sleep(cause.next_retry_delay or pause)
                        pause = min(2 * pause, MAX_PAUSE)
                        continue
                    if cause.details[0] is False:
                        raise
            await self.ask(f"{step.__name__}: {cause}")
            if self.answer == "arrived":
                return None

    async def ask(self, question: str) -> None:
        self.answer = None
        workflow.upsert_memo({"waiting": question})
        await workflow.wait_condition(lambda: self.answer is not None)
        workflow.upsert_memo({"waiting": None})

    @workflow.signal
    def settle(self, answer: str) -> None:
        self.answer = answer


async def work(client: Client) -> None:
    activities = [steps.department, steps.member, steps.chat, steps.welcome, steps.card]
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Onboarding],
        activities=activities,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),  # others take over the workflows of a killed worker
    ):
        await asyncio.Event().wait()


async def status(client: Client, user_id: str) -> str:
    handle = client.get_workflow_handle(user_id)
    description = await handle.describe()
    match description.status:
        case WorkflowExecutionStatus.COMPLETED:
            return "done"
        case WorkflowExecutionStatus.RUNNING:
            waiting = (await description.memo()).get("waiting")
            return f"waiting: {waiting}" if waiting else "running"
    try:
        await handle.result()
    except WorkflowFailureError as failure:
        return f"failed: {getattr(failure.cause, 'cause', None) or failure.cause}"
    return f"failed: {description.status}"


async def main(arguments: list[str]) -> None:
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"))
    match arguments:
        case ["worker"]:
            await work(client)
        case ["start", user_id, name, mobile]:
            policy = WorkflowIDReusePolicy.REJECT_DUPLICATE
            try:
                person = Person(user_id, name, mobile)
                await client.start_workflow(
                    Onboarding.run, person, id=user_id, task_queue=QUEUE, id_reuse_policy=policy
                )
            except WorkflowAlreadyStartedError:
                pass
        case ["status", user_id]:
            print(await status(client, user_id))
        case ["settle", user_id, ("arrived" | "again") as answer]:
            if not (await status(client, user_id)).startswith("waiting"):
                sys.exit(f"{user_id} is not waiting")
            await client.get_workflow_handle(user_id).signal(Onboarding.settle, answer)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
    sys.stdout.flush()
    # While Python ends, a client's threads can crash it: https://github.com/temporalio/sdk-python/issues/300
    os._exit(0)
