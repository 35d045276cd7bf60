"""Kills the workers of a durable example repeatedly, and counts the objects in the simulator afterwards.

durable_kill_test.py [--machines N] [--journal COMMAND] [--setup COMMAND] -- PROGRAM ARGUMENT…

`PROGRAM … worker|start|status|settle` is the example, as its README describes it. The simulator makes each kill exact:
it withholds the response to a request, before or after the request took effect, and the worker is killed while waiting.
"""

import argparse
import base64
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIMULATOR = Path(__file__).resolve().parents[1] / "target/debug/wecom-simulator"

STEPS = {
    "department": "/cgi-bin/department/create",
    "member": "/cgi-bin/user/create",
    "chat": "/cgi-bin/appchat/create",
    "welcome": "/cgi-bin/appchat/send",
    "card": "/cgi-bin/message/send",
}


class Simulator:
    def __init__(self) -> None:
        self.process = subprocess.Popen([SIMULATOR, "--quiet"], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.env: dict[str, str] = {}
        while "WECOM_CHATBOT_KEY" not in self.env:
            name, _, value = self.process.stdout.readline().strip().partition("=")
            self.env[name] = value

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.env['WECOM_BASE_URL']}/_simulator/{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as response:
            return json.loads(response.read() or b"null")

    def fault(self, path: str, kind: Any, act: bool = False) -> None:
        self.ask("POST", "faults", {"on": path, "kind": kind, "act": act})

    def requests(self, path: str = "/cgi-bin/") -> int:
        return sum(it["path"].startswith(path) for it in self.ask("GET", "transcript"))

    def welcomes(self, user_id: str) -> int:
        chat_id = "welcome" + "".join(filter(str.isalnum, user_id))
        return sum(it["chatid"] == chat_id for it in self.ask("GET", "state")["group_messages"])


class Example:
    def __init__(self, program: list[str], simulator: Simulator, machines: int) -> None:
        self.program = program
        self.simulator = simulator
        self.machines = [f"machine-{it + 1}" for it in range(machines)]
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0
        # The commands other than `worker` get no credentials: an engine that needs them would fail here.
        self.bare = {name: value for name, value in os.environ.items() if not name.startswith("WECOM_")}

    def start_workers(self) -> None:
        for machine in self.machines:
            if machine not in self.workers:
                env = self.bare | self.simulator.env | {"MACHINE": machine}
                with open(f"{machine}.log", "ab") as log:
                    worker = subprocess.Popen([*self.program, "worker"], env=env, stdout=log, stderr=log)
                self.workers[machine] = worker

    def kill(self, machines: list[str] | None = None) -> None:
        for machine in machines or self.machines:
            worker = self.workers.pop(machine)
            assert worker.poll() is None, f"{machine} ended by itself: see {machine}.log"
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            self.kills += 1

    def command(self, *arguments: str) -> str:
        done = subprocess.run([*self.program, *arguments], env=self.bare, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def start(self, user_id: str, mobile: str = "13900000001") -> None:
        self.command("start", user_id, "Iker Zabala", mobile)
        self.command("start", user_id, "Iker Zabala", mobile)  # a second start changes nothing

    def wait(self, user_id: str, *expected: str) -> str:
        def reached() -> str | None:
            status = self.command("status", user_id)
            return status if status.startswith(expected) else None

        status: str = wait_for(reached, f"{user_id} to be {' or '.join(expected)}")
        return status

    def check_and_settle(self, user_id: str) -> None:
        """What a person does: check whether the message is in the chat."""
        self.command("settle", user_id, "arrived" if self.simulator.welcomes(user_id) else "again")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 180) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"timed out waiting for {what}")


def check_one_of_each(simulator: Simulator, user_id: str) -> None:
    state = simulator.ask("GET", "state")
    kinds = ("departments", "members", "group_chats", "group_messages", "messages")
    # The root department and the founder are there from the start.
    assert [len(state[it]) for it in kinds] == [2, 2, 1, 1, 1], json.dumps(state, indent=1)
    assert state["messages"][0]["delivered"] == [user_id], state["messages"]


def killed_at_each_step(example: Example, took_effect: bool) -> None:
    simulator = example.simulator
    user_id = f"killed.{'after' if took_effect else 'before'}"
    for path in STEPS.values():
        simulator.fault(path, "silent_forever", took_effect)
    example.start(user_id)
    for step, path in STEPS.items():
        wait_for(lambda: simulator.requests(path), path)  # noqa: B023
        example.kill()
        example.start_workers()
        if step == "welcome":
            example.wait(user_id, "waiting: welcome")
            example.check_and_settle(user_id)
    example.wait(user_id, "done")
    # Again after the end: nothing is left to do.
    requests = simulator.requests()
    example.kill()
    example.start_workers()
    time.sleep(3)
    assert simulator.requests() == requests, "a finished onboarding continued"
    check_one_of_each(simulator, user_id)


def no_response(example: Example) -> None:
    """No response, and the worker continues: retried where a repeat has no effect, else a person decides."""
    for path in STEPS.values():
        example.simulator.fault(path, "reset_before_reply", act=True)
    example.start("no.response")
    example.wait("no.response", "waiting: welcome")
    example.check_and_settle("no.response")
    example.wait("no.response", "done")
    check_one_of_each(example.simulator, "no.response")


def busy(example: Example) -> None:
    for path in STEPS.values():
        example.simulator.fault(path, {"errcode": {"code": -1, "message": "system busy"}})
    example.start("busy")
    example.wait("busy", "done")
    check_one_of_each(example.simulator, "busy")


def refused(example: Example) -> None:
    path = STEPS["member"]
    example.simulator.fault(path, {"errcode": {"code": 60011, "message": "no privilege"}})
    example.start("refused")
    status = example.wait("refused", "failed")
    assert "60011" in status, status
    assert example.simulator.requests(path) == 1, "a permanent refusal was retried"


def rate_limited(example: Example) -> None:
    """WeCom names no window for application and group messages (45009), so the engine decides how long to wait."""
    path = STEPS["welcome"]
    example.simulator.fault(path, {"errcode": {"code": 45009, "message": "api freq out of limit"}})
    example.start("often")
    example.wait("often", "done")
    assert example.simulator.requests(path) == 2, "one refusal, one message"
    check_one_of_each(example.simulator, "often")


def machine_lost(example: Example) -> None:
    """Several onboardings on all machines; one machine is killed repeatedly, the others continue."""
    people = [f"person.{it}" for it in range(6)]
    for number, user_id in enumerate(people):
        example.start(user_id, f"1390000001{number}")
    for _ in range(3):
        time.sleep(0.7)
        example.kill(example.machines[:1])
        example.start_workers()
    for user_id in people:
        while example.wait(user_id, "done", "waiting: welcome") != "done":
            example.check_and_settle(user_id)
            wait_for(lambda: not example.command("status", user_id).startswith("waiting"), "a change")  # noqa: B023
    state = example.simulator.ask("GET", "state")
    counts = [len(state[it]) for it in ("departments", "members", "group_chats", "group_messages", "messages")]
    assert counts == [2, 7, 6, 6, 6], json.dumps(state, indent=1)


def check_journal(journal: bytes, simulator: Simulator) -> None:
    """No credential is in what the engine has stored: plain, in hexadecimal, or in base64 at any of three offsets."""

    def contains(text: str) -> bool:
        raw = text.encode()
        base64s = [base64.b64encode(b" " * it + raw)[it and 4 : len(raw) // 3 * 4] for it in range(3)]
        return any(it in journal for it in (raw, raw.hex().encode(), *base64s))

    assert contains("Iker Zabala"), "the journal contains no arguments"
    for name, value in simulator.env.items():
        assert not name.endswith(("SECRET", "KEY")) or not contains(value), f"{name} is in the journal"


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--machines", type=int, default=1)
    parser.add_argument("--journal", help="a shell command that prints what the engine has stored")
    parser.add_argument("--setup", help="a shell command that is run after the start of the worker until it succeeds")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()

    simulator = Simulator()
    example = Example(options.program, simulator, options.machines)
    try:
        example.start_workers()
        if options.setup:

            def setup() -> bool:
                return subprocess.run(options.setup, shell=True, env=example.bare).returncode == 0

            wait_for(setup, options.setup)
        scenarios: dict[str, Callable[[], None]] = {
            "killed at each step, before it takes effect": lambda: killed_at_each_step(example, False),
            "killed at each step, after it took effect": lambda: killed_at_each_step(example, True),
            "no response": lambda: no_response(example),
            "busy": lambda: busy(example),
            "refused": lambda: refused(example),
        }
        if options.machines > 1:
            scenarios["a machine is lost"] = lambda: machine_lost(example)
        scenarios["rate limited"] = lambda: rate_limited(example)
        for name, scenario in scenarios.items():
            simulator.ask("POST", "reset")
            before = time.monotonic()
            scenario()
            print(f"{name}: ok, {time.monotonic() - before:.0f} s", flush=True)
        if options.journal:
            journal = subprocess.run(options.journal, shell=True, check=True, capture_output=True).stdout
            check_journal(journal, simulator)
            print("no credential in the journal: ok")
        print(f"{example.kills} kills: one department, member, group chat, welcome and card each time")
    finally:
        for worker in example.workers.values():
            worker.kill()
        simulator.process.kill()


if __name__ == "__main__":
    main()
