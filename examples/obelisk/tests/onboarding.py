"""The command that `durable_kill_test.py` drives, in terms of `obelisk`: worker, start, status, settle.

SERVER names the configuration, DEPLOYMENT what is deployed, if the database does not know it; PORTS has a port of the API for each
machine.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PORTS = os.environ["PORTS"].split()
WORKFLOW = "examples:onboarding/onboarding.onboard"
QUESTION = "examples:onboarding/person.did-it-arrive"


def work() -> None:
    machine = os.environ["MACHINE"]
    server = Path(os.environ["SERVER"]).read_text()
    config = Path(f"{machine}.toml")
    config.write_text(server.replace("127.0.0.1:5005", f"127.0.0.1:{PORTS[int(machine[-1]) - 1]}"))
    deployment = os.environ.get("DEPLOYMENT")
    options = ["--deployment", deployment] if deployment else []
    os.execvp("obelisk", ["obelisk", "server", "run", "--server-config", str(config), *options])


def execution(command: str, *arguments: str) -> str:
    """Runs `obelisk execution …` against any server that responds: one may have been killed just now."""
    end = time.monotonic() + 60
    while True:
        for port in PORTS:
            program = ["obelisk", "execution", command, "--api-url", f"http://127.0.0.1:{port}", *arguments]
            try:
                return subprocess.run(program, capture_output=True, text=True, timeout=10, check=True).stdout
            except subprocess.TimeoutExpired as timeout:  # the server was killed while it had the request
                failure = str(timeout)
            except subprocess.CalledProcessError as error:
                failure = error.stdout + error.stderr
        if time.monotonic() > end:
            sys.exit(failure)
        time.sleep(0.2)


def execution_id(user_id: str) -> str:
    """One id for each user id, so that a second start changes nothing: a ULID."""
    number = int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:16])
    return "E_" + "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * it & 31] for it in reversed(range(26)))


def question(workflow: str) -> Any:
    options = ("--show-derived", "--hide-finished", "--json", "--ffqn", QUESTION, "--execution-id", workflow)
    return next(iter(json.loads(execution("list", *options))), None)


def params(question: Any) -> Any:
    events = json.loads(execution("events", "--json", "--from", "0", question["execution_id"]))["events"]
    return events[0]["event"]["created"]["params"]


def status(workflow: str) -> str:
    state = json.loads(execution("status", "--json", workflow))["pending_state"]
    if state["status"] != "finished":
        waiting = question(workflow)
        return "waiting: " + ": ".join(params(waiting)) if waiting else "running"
    if state["result_kind"] == "ok":
        return "done"
    return f"failed: {execution('result', '--json', workflow)}"


def main(arguments: list[str]) -> None:
    match arguments:
        case ["worker"]:
            work()
        case ["start", user_id, name, mobile]:
            person = {"user_id": user_id, "name": name, "mobile": mobile}
            execution("submit", "--execution-id", execution_id(user_id), WORKFLOW, json.dumps([person]))
        case ["status", user_id]:
            print(status(execution_id(user_id)))
        case ["settle", user_id, ("arrived" | "again") as answer]:
            waiting = question(execution_id(user_id))
            if not waiting:
                sys.exit(f"{user_id} is not waiting")
            execution("stub", waiting["execution_id"], json.dumps({"ok": answer == "arrived"}))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
