"""Plays a file of steps: `python tests/script.py [--behavior] FILE`.

host-tests/script.json is an array of calls `{"call": "create-department", "arguments": {…}, "save": {"name": "path"}}`;
a line of JSON is printed for each. Later texts may hold `{{name}}`. Values look as they do in every host of the
connector: a record is an object, a variant `"case"` or `{"case": payload}`, an enum a string, an absent option absent,
bytes are base64. packages/behavior.json is an array of situations, each on an instance of its own; the line is what the
error says, and how many requests were made.
"""

import base64
import json
import os
import re
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wecom_connector import WeCom, WeComError
from wecom_connector._calls import ErrorCodec, signature
from wecom_connector._codec import Bytes, Codec, EnumOf, FileOf, ListOf, OptionOf, RecordOf, VariantOf, is_case


def play(wecom: WeCom, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    saved: dict[str, Any] = {}
    lines = []
    for step in steps:
        call = step["call"]
        try:
            ok = to_json(signature(call)[1].cases["ok"], make(wecom, call, filled(step["arguments"], saved)))
        except WeComError as it:
            lines.append({"call": call, "error": error_to_json(it)})
            continue
        lines.append({"call": call, "ok": ok})
        for name, path in step.get("save", {}).items():
            found = ok
            for part in path.split("."):
                found = found[int(part)] if isinstance(found, list) else found[part]
            saved[name] = found
    return lines


def play_behavior(env: Mapping[str, str], situations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def control(path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{env['WECOM_BASE_URL']}/_simulator/{path}", data) as response:
            content: bytes = response.read()
            return content

    def requests() -> int:
        return len(json.loads(control("transcript")))

    lines = []
    for it in situations:
        with WeCom({**env, **it.get("env", {})}) as wecom:
            if it.get("warm"):
                # The fault then meets a connection that was used before.
                make(wecom, it["call"], it["arguments"])
            before = requests()
            if "fault" in it:
                control("faults", it["fault"])
            try:
                make(wecom, it["call"], it["arguments"])
            except WeComError as error:
                lines.append({"error": facts(error, env), "requests": requests() - before})
            else:
                raise AssertionError(f"{it['call']} succeeded")
    return lines


def facts(error: WeComError, env: Mapping[str, str]) -> dict[str, Any]:
    found = {
        "kind": error.kind,
        "retryable": error.retryable,
        "took-effect": {None: "unknown", False: "no"}[error.took_effect],
        "fields": ",".join(it.field.replace("_", "-") for it in error.fields) or None,
        "code": error.code,
        "retry-after": error.retry_after,
        "caller-address": error.caller_address,
        "request-id": error.request_id,
        "server": error.server,
        "status": error.status,
        "request-sent": error.request_sent,
    }
    return {name: value for name, value in found.items() if value is not None}


def make(wecom: WeCom, call: str, arguments: dict[str, Any]) -> Any:
    parameters, _ = signature(call)
    values = {it.replace("-", "_"): value for it, value in arguments.items()}
    method = getattr(wecom, call.replace("-", "_"))
    return method(**{name: from_json(parameters[name], value) for name, value in values.items()})


def filled(value: Any, saved: dict[str, Any]) -> Any:
    """The value with its placeholders replaced. One that is a whole text keeps the type of what was saved."""
    if isinstance(value, dict):
        return {name: filled(it, saved) for name, it in value.items()}
    if isinstance(value, list):
        return [filled(it, saved) for it in value]
    if not isinstance(value, str):
        return value
    if whole := re.fullmatch(r"{{([\w-]+)}}", value):
        return saved[whole[1]]
    return re.sub(r"{{([\w-]+)}}", lambda it: str(saved[it[1]]), value)


def from_json(codec: Codec, value: Any) -> Any:
    match codec:
        case OptionOf():
            return None if value is None else from_json(codec.some, value)
        case RecordOf():
            unknown = value.keys() - {wit for _, wit, _ in codec.fields}
            assert not unknown, f"unknown fields: {unknown}"
            return codec.type(**{name: from_json(of, value[wit]) for name, wit, of in codec.fields if wit in value})
        case VariantOf():
            if isinstance(value, str) and value not in codec.cases:
                return value  # a file in base64, or the id of one
            [(name, inner)] = [(value, None)] if isinstance(value, str) else value.items()
            hint, of = codec.hints[name], codec.cases[name]
            if of is None:
                return hint()
            return hint(from_json(of, inner)) if is_case(hint) else from_json(of, inner)
        case EnumOf():
            return codec.type(value)
        case ListOf():
            return [from_json(codec.element, it) for it in value]
        case Bytes():
            return base64.b64decode(value, validate=True)
        case _:
            return value


def to_json(codec: Codec | None, value: Any) -> Any:
    match codec:
        case OptionOf():
            return None if value is None else to_json(codec.some, value)
        case RecordOf():
            fields = [(wit, of, getattr(value, name)) for name, wit, of in codec.fields]
            found = {wit: to_json(of, it) for wit, of, it in fields if it is not None}
            # A path, here in the words of Python.
            return {wit: it.replace("_", "-") if wit == "field" else it for wit, it in found.items()}
        case FileOf():
            return {"base64": base64.b64encode(value).decode()}
        case VariantOf():
            name, inner = codec.case(value, "")
            return {name: to_json(codec.cases[name], inner)} if codec.cases[name] else name
        case EnumOf():
            return value.value
        case ListOf():
            return [to_json(codec.element, it) for it in value]
        case Bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def error_to_json(error: WeComError) -> Any:
    of = ErrorCodec().cases[error.kind]
    return {error.kind: to_json(of, error.payload)} if of else error.kind


if __name__ == "__main__":
    steps = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
    if "--behavior" in sys.argv:
        lines = play_behavior(os.environ, steps)
    else:
        with WeCom() as wecom:
            lines = play(wecom, steps)
    for line in lines:
        print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
