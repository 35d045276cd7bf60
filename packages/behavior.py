"""The table of behavior, and whether the packages behave so.

`behavior.py --table` prints the Markdown that both READMEs hold. `behavior.py SIMULATOR PYTHON` plays behavior.json through
both packages, each against a fresh simulator, compares what they report with the table, and the table with the READMEs.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SITUATIONS = json.loads((HERE / "behavior.json").read_text(encoding="utf-8"))
COLUMNS = ("kind", "retryable", "took-effect")


def table() -> str:
    rows = [("situation", "`kind`", "exception in Python", "retryable", "took effect", "also on the error")]
    for it in SITUATIONS:
        error = it["error"]
        operands = ", ".join(f"`{name}`" for name in error if name not in COLUMNS)
        retryable = "yes" if error["retryable"] else "no"
        exception = f"`{it['exception']}`"
        rows.append((it["situation"], f"`{error['kind']}`", exception, retryable, error["took-effect"], operands))
    rows.append(("the component crashes", "`execution-failed`", "`ExecutionFailed`", "no", "unknown", ""))
    rows.insert(1, ("---",) * 6)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def play(simulator: str, command: list[str]) -> list[dict[str, object]]:
    server = subprocess.Popen([simulator, "--quiet"], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        env = dict(server.stdout.readline().rstrip("\n").split("=", 1) for _ in range(6))
        done = subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        server.kill()
        server.wait()
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(name: str, lines: list[dict[str, object]]) -> list[str]:
    wrong = []
    if len(lines) != len(SITUATIONS):
        wrong.append(f"{name}: {len(lines)} lines for {len(SITUATIONS)} situations")
    for it, line in zip(SITUATIONS, lines, strict=False):
        found = {**line, "error": {key: line["error"].get(key) for key in it["error"]}}  # type: ignore[attr-defined]
        expected = {"error": it["error"], "requests": it["requests"]}
        if found != expected:
            wrong.append(f"{name}: {it['situation']}:\n  expected {expected}\n  found    {line}")
    return wrong


def main() -> int:
    if sys.argv[1:] == ["--table"]:
        print(table(), end="")
        return 0
    simulator, python = sys.argv[1:]
    file = str(HERE / "behavior.json")
    players = {
        "node": ["node", str(HERE / "npm/test/script.js"), "--behavior", file],
        "python": [python, str(HERE / "python/tests/script.py"), "--behavior", file],
    }
    wrong = [it for name, command in players.items() for it in differences(name, play(simulator, command))]
    for name in ("npm", "python"):
        if table() not in (HERE / name / "README.md").read_text(encoding="utf-8"):
            wrong.append(f"packages/{name}/README.md holds another table: see behavior.py --table")
    print("\n".join([*wrong, f"behavior: {len(SITUATIONS)} situations in node and python, {len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
