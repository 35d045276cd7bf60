"""Runs a script of calls and prints a line of JSON for each: `python tests/script.py FILE`.

The script is an array of steps `{"call": "create-department", "arguments": {…}, "save": {"name": "path.in.result"}}`.
Later texts may hold `{{name}}`. Values look as they do in every host of the connector: a record is an object, a variant
`"case"` or `{"case": payload}`, an enum a string, an absent option absent, bytes are base64.
"""

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

from wecom_connector import WeCom, WeComError
from wecom_connector._codec import Bytes, Case, Codec, EnumOf, ListOf, OptionOf, RecordOf, VariantOf
from wecom_connector._wecom import ErrorCodec, signature


def run(wecom: WeCom, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    saved: dict[str, Any] = {}
    lines = []
    for step in steps:
        call = step["call"]
        parameters, result = signature(call)
        arguments = {
            name.replace("-", "_"): from_json(parameters[name.replace("-", "_")], it)
            for name, it in filled(step.get("arguments", {}), saved).items()
        }
        try:
            ok = to_json(result.cases["ok"], getattr(wecom, call.replace("-", "_"))(**arguments))
        except WeComError as it:
            lines.append({"call": call, "error": error_to_json(it)})
            continue
        lines.append({"call": call, "ok": ok})
        for name, path in step.get("save", {}).items():
            found = ok
            for part in filter(None, path.split(".")):
                found = found[int(part)] if isinstance(found, list) else found[part]
            saved[name] = found
    return lines


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
            [(name, inner)] = [(value, None)] if isinstance(value, str) else value.items()
            type_, of = codec.types[name], codec.cases[name]
            if of is None:
                return type_()
            return type_(from_json(of, inner)) if issubclass(type_, Case) else from_json(of, inner)
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
            return {wit: to_json(of, it) for wit, of, it in fields if it is not None}
        case VariantOf():
            name = next(name for name, it in codec.types.items() if isinstance(value, it))
            of = codec.cases[name]
            inner = value.value if of and isinstance(value, Case) else value
            return {name: to_json(of, inner)} if of else name
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
    with WeCom() as wecom:
        for line in run(wecom, json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
            print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
