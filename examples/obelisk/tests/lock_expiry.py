"""Sends one chatbot message through a server that takes two seconds to respond, and counts the messages that arrive.

lock_expiry.py DEPLOYMENT: first with Obelisk's own lock of one second, then with that of the deployment.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

PORT = os.environ["PORTS"].split()[0]
API = f"http://127.0.0.1:{PORT}"
SIMULATOR = f"{os.environ['WECOM_BASE_URL']}/_simulator"
MESSAGE = [{"profile": ""}, {"content": "Pump 2 restarted"}]


def ask(path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{SIMULATOR}/{path}", data) as response:
        return json.loads(response.read() or b"null")


def send(name: str, deployment: str) -> tuple[str, int]:
    """What Obelisk reports about the message, and how often it arrived."""
    ask("reset", {})
    slow = {"slow_body": {"chunk": 1, "pause_ms": 75}}  # 27 bytes, with a pause before each
    ask("faults", {"on": "/cgi-bin/webhook/send", "times": 99, "act": True, "kind": slow})
    Path(f"{name}.toml").write_text(deployment)
    with open(f"{name}.log", "wb") as log:
        program = ["obelisk", "server", "run", "--server-config", "server.toml", "--deployment", f"{name}.toml"]
        server = subprocess.Popen([*program, "--clean-sqlite-directory"], stdout=log, stderr=log)
    try:
        submit = ["obelisk", "execution", "submit", "--api-url", API, "--follow", "--json"]
        submit += ["wecom:connector/chatbots@0.1.0.send-chatbot-text", json.dumps(MESSAGE)]
        end = time.monotonic() + 60
        while "Obelisk is ready" not in Path(f"{name}.log").read_text():
            assert server.poll() is None and time.monotonic() < end, Path(f"{name}.log").read_text()
            time.sleep(0.1)
        done = subprocess.run(submit, capture_output=True, text=True)
        time.sleep(3)  # what was aborted may still arrive
        return done.stdout + done.stderr, len(ask("state")["chatbot_messages"])
    finally:
        server.kill()
        server.wait()


def main() -> None:
    deployment = Path(sys.argv[1]).read_text()
    with_retries, retries = re.subn(r"^max_retries = 0$", "", deployment, flags=re.M)
    defaults, locks = re.subn(r"^exec.lock_expiry.seconds = 180$", "", with_retries, flags=re.M)
    assert (retries, locks) == (1, 1), "the deployment has changed"

    outcome, messages = send("one-second", defaults)
    assert "timed_out" in outcome.lower().replace("-", "_").replace(" ", "_"), outcome
    assert messages > 1, f"{messages} messages"
    print(f"a lock of one second, Obelisk's default: reported as timed out, and the message arrived {messages} times")

    for name, configuration in (("defaults-and-lock", with_retries), ("as-deployed", deployment)):
        outcome, messages = send(name, configuration)
        assert '"ok"' in outcome, outcome
        assert messages == 1, f"{messages} messages"
    print("a lock of 180 seconds: reported as sent, and the message arrived once")


if __name__ == "__main__":
    main()
