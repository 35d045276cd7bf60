"""`AsyncWeCom`: what it adds to `WeCom`."""

import asyncio
import time

import pytest
from conftest import Simulator

from wecom_connector import (
    AppText,
    AsyncWeCom,
    ChatbotText,
    Everyone,
    Membership,
    NewMember,
    Rejected,
    RejectedForNow,
    TextFormat,
    TimedOut,
)

HI = ChatbotText(content="hi")


def slow(simulator: Simulator, times: int = 1) -> None:
    simulator.fault("/cgi-bin/webhook", {"slow_body": {"chunk": 1, "pause_ms": 10}}, times=times)


def test_the_loop_stays_free(simulator: Simulator) -> None:
    async def main() -> int:
        slow(simulator)
        async with AsyncWeCom(simulator.env) as wecom:
            call = asyncio.create_task(wecom.send_chatbot_text(HI))
            ticks = 0
            while not call.done():
                await asyncio.sleep(0.01)
                ticks += 1
            assert (await call).truncated == []
            return ticks

    assert asyncio.run(main()) > 5


def test_calls_at_the_same_time_get_sandboxes_of_their_own_or_wait(simulator: Simulator) -> None:
    async def main(max_calls: int) -> float:
        async with AsyncWeCom(simulator.env, max_calls=max_calls) as wecom:
            await wecom.send_chatbot_text(HI)
            slow(simulator, 4)
            started = time.monotonic()
            await asyncio.gather(*(wecom.send_chatbot_text(HI) for _ in range(4)))
            return time.monotonic() - started

    assert asyncio.run(main(4)) < asyncio.run(main(1)) / 2


def test_one_after_the_other_they_share_a_token(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env) as wecom:
            for _ in range(3):
                assert len(await wecom.list_department_ids()) == 1
            with pytest.raises(Rejected):
                await wecom.delete_department(4711)

    asyncio.run(main())
    assert simulator.state()["tokens_issued"] == 1


def test_pages(simulator: Simulator) -> None:
    async def main() -> list[str]:
        async with AsyncWeCom(simulator.env) as wecom:
            for name in ("a", "b", "c"):
                departments = [Membership(department_id=1)]
                member = NewMember(user_id=name, name=name, departments=departments, email=f"{name}@ops.example")
                await wecom.create_member(member)
            return [it.user_id async for it in wecom.iter_member_ids(limit=2)]

    assert sorted(asyncio.run(main())) == ["a", "b", "c", "founder"]


def test_pages_are_fetched_when_they_are_needed(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env) as wecom:
            for number in range(3):
                mobile = f"1390000001{number}"
                await wecom.create_member(NewMember(user_id=mobile, name=mobile, mobile=mobile, to_invite=False))
            before = len(simulator.transcript())
            async for _ in wecom.iter_member_ids(limit=1):
                break
            assert [it["path"] for it in simulator.transcript()[before:]] == ["/cgi-bin/user/list_id"]

            simulator.fault("/cgi-bin/user/list_id", {"errcode": {"code": 45009, "message": "busy"}}, skip=2)
            seen = []
            with pytest.raises(RejectedForNow):
                async for it in wecom.iter_member_ids(limit=1):
                    seen.append(it)
            assert len(seen) == 2

    asyncio.run(main())


LONG = "\n\n".join(f"Crew {it}: road N-{it} reopened." for it in range(150))


def test_parts_of_a_long_text_arrive_in_order(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env) as wecom:
            parts = await wecom.split_text(LONG, TextFormat.PLAIN, 2048, True)
            assert [it.partition(" ")[0] for it in parts] == ["(1/3)", "(2/3)", "(3/3)"]
            accepted = await wecom.send_chatbot_text(ChatbotText(content=LONG, mention_everyone=True), split=True)
            assert [it.truncated for it in accepted] == [[], [], []]
            messages = simulator.state()["chatbot_messages"]
            assert [it["content"]["content"] for it in messages] == parts
            assert [it["content"]["mentioned_list"] for it in messages] == [["@all"]] * 3

            text = AppText(recipients=Everyone(), content=LONG)
            delivered = await wecom.send_app_text(text, split=True)
            assert [it["content"]["content"] for it in simulator.state()["messages"]] == parts
            assert len({it.message_id for it in delivered}) == 3
            assert len(await wecom.send_chatbot_markdown("short", split=True)) == 1

    asyncio.run(main())


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_failure_says_which_part_and_what_was_sent(simulator: Simulator, failing: int) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env) as wecom:
            busy = {"errcode": {"code": 45009, "message": "api freq out of limit"}}
            simulator.fault("/cgi-bin/webhook/send", busy, skip=failing - 1)
            with pytest.raises(RejectedForNow) as caught:
                await wecom.send_chatbot_text(ChatbotText(content=LONG), split=True)
            sent = failing - 1
            assert [it.truncated for it in caught.value.sent] == [[]] * sent
            assert caught.value.__notes__ == [f"part {failing} of 3; `sent` has the results of the parts before it"]
            assert len(simulator.state()["chatbot_messages"]) == sent

            # The rest, where it stopped.
            parts = await wecom.split_text(LONG, TextFormat.PLAIN, 2048, True)
            for it in parts[sent:]:
                await wecom.send_chatbot_text(ChatbotText(content=it))
            assert [it["content"]["content"] for it in simulator.state()["chatbot_messages"]] == parts

    asyncio.run(main())


def test_timeout_is_for_each_part(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env) as wecom:
            await wecom.send_chatbot_text(HI)
            simulator.fault("/cgi-bin/webhook/send", "silent_forever", skip=1)
            with pytest.raises(TimedOut) as caught:
                await wecom.send_chatbot_text(ChatbotText(content=LONG), split=True, timeout=1)
            assert (len(caught.value.sent), caught.value.took_effect) == (1, None)

    asyncio.run(main())


def test_timeout_and_cancelling_stop_the_call(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env, max_calls=1) as wecom:
            simulator.fault("/cgi-bin/webhook", "silent_forever", times=2)
            with pytest.raises(TimedOut, match=r"took longer than 0\.2 s") as caught:
                await wecom.send_chatbot_text(HI, timeout=0.2)
            assert caught.value.took_effect is None
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wecom.send_chatbot_text(HI), 0.2)
            await wecom.send_chatbot_text(HI)

            slow(simulator)
            first = asyncio.create_task(wecom.send_chatbot_text(HI))
            await asyncio.sleep(0.05)
            with pytest.raises(TimedOut, match="others took all") as caught:
                await wecom.send_chatbot_text(HI, timeout=0.1)
            assert (caught.value.took_effect, caught.value.retryable) == (False, True)
            await first

    asyncio.run(main())
    assert len(simulator.transcript()) == 4


def test_closed(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncWeCom(simulator.env) as wecom:
            await wecom.list_department_ids()
        with pytest.raises(ValueError, match="closed"):
            await wecom.list_department_ids()

    asyncio.run(main())
    with pytest.raises(ValueError, match="max_calls"):
        AsyncWeCom(simulator.env, max_calls=0)
    assert repr(AsyncWeCom({})) == "<AsyncWeCom profile='', timeout=None, variables: none>"
