"""Writes the contract in Python: `python build_types.py ../../contract/contract.json` prints `_contract.py`.

Types and functions have names that are unique in the package, so that interfaces need no namespaces here.
"""

import base64
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# As in contract.json: a name, or an object with one key, `option`, `list` or `named`.
Type = Any

# A Python expression: a text, or the opening, the parts and the closing of a longer one.
Tree = str | tuple[str, list["Tree"], str]

INTEGERS = {f"{sign}{bits}" for sign in "us" for bits in (8, 16, 32, 64)}
PRIMITIVES = {"bool": "bool", "string": "str", "f64": "float"} | {it: it.upper() for it in INTEGERS}

# Cases whose value says itself which case it is.
PLAIN_CASES = {"set", "bytes", "base64", "id"}

# Texts that `split=True` sends in several messages: the format, and the bytes of a message.
SPLITTING = {
    "send-app-text": ("PLAIN", 2048),
    "send-app-markdown": ("MARKDOWN", 2048),
    "send-group-text": ("PLAIN", 2048),
    "send-group-markdown": ("MARKDOWN", 2048),
    "send-chatbot-text": ("PLAIN", 2048),
    "send-chatbot-markdown": ("MARKDOWN", 4096),
    "send-chatbot-markdown-v2": ("MARKDOWN_V2", 4096),
}

# Never shown by `repr`.
SECRETS = {"secret", "contacts-secret", "key", "token"}

# The cases of `error`, as `_errors.py` names them.
ERRORS = {
    "permanent-invalid-input": "InvalidInput",
    "permanent-missing-credential": "MissingCredential",
    "permanent-rejected": "Rejected",
    "rejected-for-now": "RejectedForNow",
    "unreachable": "Unreachable",
    "no-reply": "NoReply",
    "permanent-no-reply": "UnknownOutcome",
    "permanent-unexpected-reply": "UnexpectedReply",
    "execution-failed": "ExecutionFailed",
}

HEAD = '''"""The contract in Python: types and actions, made from contract.json by build_types.py. Do not edit."""

from __future__ import annotations

import abc
import dataclasses
import enum
import typing
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Annotated, Any, TypeAlias

from ._codec import S8, S16, S32, S64, U8, U16, U32, U64, Case, Cases
from ._logging import log_warning
'''

SPLIT = (
    "With `split`, a text that is too long for one message is sent in several, numbered, and their results are "
    "returned; where one fails, the exception's `sent` has the results of those before it, and a note says which it "
    "was. `timeout` is for each of them."
)

TIMEOUT = "`timeout` is in seconds; None takes the object's own. It raises `TimedOut`."


def pascal(name: str) -> str:
    return "".join(it[:1].upper() + it[1:] for it in name.split("-"))


def snake(name: str) -> str:
    return name.replace("-", "_")


def inputs(action: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters that are not credentials."""
    return list(action["parameters"][1 if action["credentials"] else 0 :])


def is_option(type_: Type) -> bool:
    return isinstance(type_, dict) and "option" in type_


def named_types(type_: Type) -> Iterator[str]:
    if isinstance(type_, dict):
        if "named" in type_:
            yield type_["named"]
        else:
            yield from named_types(type_.get("option") or type_.get("list"))


class Contract:
    def __init__(self, contract: dict[str, Any]) -> None:
        self.package, _, self.version = contract["package"].partition("@")
        self.actions: list[dict[str, Any]] = contract["actions"]
        self.types = {it["name"]: it for it in contract["types"]}
        self.error = self.types.pop("error")
        assert [it["name"] for it in self.error["cases"]] == list(ERRORS), "other cases of error: adapt _errors.py"
        self.names = {it["name"] for it in self.actions}
        self.names |= {it["name"] for one in self.types.values() for it in one.get("fields", [])}
        self.names |= {it["name"] for one in self.actions for it in one["parameters"]}
        self.inputs = {name for one in self.actions for it in one["parameters"] for name in self.reach(it["type"])}

    def reach(self, type_: Type) -> Iterator[str]:
        """The names of all types that a type is made of."""
        for name in named_types(type_):
            yield name
            it = self.types[name]
            for one in [it, *it.get("fields", []), *it.get("cases", [])]:
                yield from self.reach(one.get("type"))

    def cases(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        return ((one, it) for one in self.types.values() if one["kind"] == "variant" for it in one["cases"])

    def is_record(self, type_: Type) -> bool:
        return isinstance(type_, dict) and self.types.get(type_.get("named"), {}).get("kind") == "record"

    def has_class(self, case: dict[str, Any]) -> bool:
        """Whether a case is a class made for it. A record and a plain value say themselves which case they are."""
        return not self.is_record(case.get("type")) and case["name"] not in PLAIN_CASES

    def case_hint(self, variant: dict[str, Any], case: dict[str, Any]) -> str:
        """The hint of a case. Classes are shared where they look alike."""
        if not self.has_class(case):
            return self.hint(case["type"])
        others = [it.get("type") for _, it in self.cases() if it["name"] == case["name"] and self.has_class(it)]
        alike = all(it == case.get("type") for it in others)
        if case["name"] in self.types:
            # A type has this name: a member to look at is no `Member`.
            return pascal(case["name"]) + pascal(variant["name"].split("-")[-1])
        return pascal(case["name"]) + ("" if alike else pascal(variant["name"].split("-")[0]))

    def hint(self, type_: Type) -> str:
        if isinstance(type_, str):
            return PRIMITIVES[type_]
        if "option" in type_:
            return f"{self.hint(type_['option'])} | None"
        if "list" in type_:
            return "bytes" if type_["list"] == "u8" else f"Sequence[{self.hint(type_['list'])}]"
        return pascal(type_["named"])

    # Types

    def write(self) -> str:
        out = [HEAD]
        done: set[str] = set()
        for it in self.types.values():
            self.write_type(it, done, out)
        out.append(self.write_error())
        out.append(self.write_actions())
        names = ["Actions", "AsyncActions", *sorted(done)]
        out.append("__all__ = [\n" + "".join(f'    "{it}",\n' for it in names) + "]\n")
        return "\n".join(out)

    def write_type(self, it: dict[str, Any], done: set[str], out: list[str]) -> None:
        """After everything it is made of."""
        name = pascal(it["name"])
        if name in done:
            return
        done.add(name)
        for one in [it, *it.get("fields", []), *it.get("cases", [])]:
            for needed in named_types(one.get("type")):
                self.write_type(self.types[needed], done, out)
        docs = it["documentation"]
        if it["kind"] == "alias":
            out.append(f"{name}: TypeAlias = {self.hint(it['type'])}\n{docstring(self.docs(docs), 0)}")
        elif it["kind"] == "enum":
            members = {snake(case["name"]).upper(): case for case in it["cases"]}
            lines = "".join(f'    {constant} = "{case["name"]}"\n' for constant, case in members.items())
            text = self.attributes(docs, [(constant, case["documentation"]) for constant, case in members.items()])
            out.append(f"\nclass {name}(enum.Enum):\n{docstring(text, 4)}\n{lines}")
        elif it["kind"] == "record":
            out.append(self.write_record(it))
        else:
            hints = {}
            for case in it["cases"]:
                hints[case["name"]] = hint = self.case_hint(it, case)
                if self.has_class(case) and hint not in done:
                    done.add(hint)
                    out.append(self.write_case(hint, case))
            mark = ", ".join(f"{snake(case)}={hint}" for case, hint in hints.items())
            text = self.attributes(docs, [(hints[case["name"]], case["documentation"]) for case in it["cases"]])
            union = " | ".join(hints.values())
            out.append(f"{name}: TypeAlias = Annotated[{union}, Cases({mark})]\n{docstring(text, 0)}")

    def write_record(self, it: dict[str, Any]) -> str:
        text = f"\n@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)\nclass {pascal(it['name'])}:\n"
        fields = [(snake(one["name"]), one["documentation"]) for one in it["fields"]]
        text += docstring(self.attributes(it["documentation"], fields), 4) + "\n"
        for one in it["fields"]:
            optional = is_option(one["type"])
            default = " = None" if optional else ""
            if one["name"] in SECRETS:
                default = f" = dataclasses.field({'default=None, ' if optional else ''}repr=False)"
            hint = self.hint(one["type"])
            if it["name"] not in self.inputs and one["type"] == {"named": "file-content"}:
                # What is returned is always bytes.
                hint = "Annotated[bytes, Cases(bytes=bytes, base64=str)]"
            text += f"    {snake(one['name'])}: {hint}{default}\n"
        return text

    def write_case(self, name: str, case: dict[str, Any]) -> str:
        text = f"\n@dataclasses.dataclass(frozen=True, slots=True)\nclass {name}(Case):\n"
        text += docstring(self.docs(case["documentation"]), 4)
        return text + (f"\n    value: {self.hint(case['type'])}\n" if "type" in case else "")

    def write_error(self) -> str:
        hints = {it["name"]: self.hint(it["type"]) if "type" in it else None for it in self.error["cases"]}
        lines = "".join(f'    "{name}": {hint},\n' for name, hint in hints.items())
        return f"ERROR: dict[str, Any] = {{\n{lines}}}\n"

    # Actions

    def write_actions(self) -> str:
        text = "INTERFACES = {\n"
        for it in self.actions:
            text += f'    "{it["name"]}": "{self.package}/{it["interface"]}@{self.version}",\n'
        text += "}\n"
        for name, word, docs in (
            ("Actions", "def", "What WeCom can do: a method for each function of the contract."),
            ("AsyncActions", "async def", "What WeCom can do: a coroutine for each function of the contract."),
        ):
            text += f"\n\nclass {name}(abc.ABC):\n{docstring(docs, 4)}\n    @abc.abstractmethod\n"
            text += f"    {word} _call(self, call: str, timeout: float | None, /, **arguments: Any) -> Any: ...\n"
            text += self.write_send(word)
            for it in self.actions:
                text += self.write_action(it, word)
                if page := self.page(it):
                    text += self.write_iterator(it, page, word)
        return text

    def write_send(self, word: str) -> str:
        return (
            f"\n    @abc.abstractmethod\n    {word} _send(\n"
            "        self, call: str, timeout: float | None, parts: list[dict[str, Any]], /, **arguments: Any\n"
            "    ) -> list[Any]: ...\n"
        )

    def signature(self, it: dict[str, Any], without: str = "") -> str:
        parameters = ["self"]
        own = [one for one in inputs(it) if one["name"] != without]
        for index, one in enumerate(own):
            default = " = None" if all(is_option(later["type"]) for later in own[index:]) else ""
            if index == len(own) - 1 and self.is_optional_record(one["type"]):
                default = f" = {self.hint(one['type'])}()"
            parameters.append(f"{snake(one['name'])}: {self.hint(one['type'])}{default}")
        parameters.append("*")
        if who := it["credentials"]:
            parameters.append(f"{who}: {pascal(who)} | None = None")
        parameters.append("timeout: float | None = None")
        return "".join(f"        {one},\n" for one in parameters)

    def is_optional_record(self, type_: Type) -> bool:
        """Whether a type is a record of options, which may be left out as a whole."""
        name = type_.get("named", "") if isinstance(type_, dict) else ""
        return name.endswith(("-options", "-query")) and all(is_option(it["type"]) for it in self.types[name]["fields"])

    def write_action(self, it: dict[str, Any], word: str) -> str:
        wait = "await " if word.startswith("async") else ""
        name, result = snake(it["name"]), self.hint(it["result"])
        passed = "".join(f", {snake(one['name'])}={snake(one['name'])}" for one in it["parameters"])
        call = f'        return {wait}self._call("{it["name"]}", timeout{passed})  # type: ignore[no-any-return]\n'
        if it["name"] not in SPLITTING:
            docs = docstring(self.action_docs(it, wait), 8)
            return f"\n    {word} {name}(\n{self.signature(it)}    ) -> {result}:\n{docs}{call}"

        text = ""
        for split, returned in (
            ("typing.Literal[False] = False", result),
            ("typing.Literal[True]", f"list[{result}]"),
            ("bool", f"{result} | list[{result}]"),
        ):
            text += f"\n    @typing.overload\n    {word} {name}(\n{self.signature(it)}        split: {split},\n"
            text += f"    ) -> {returned}: ...\n"
        format_, limit = SPLITTING[it["name"]]
        last = snake(it["parameters"][-1]["name"])
        is_record = self.is_record(it["parameters"][-1]["type"])
        content = f"{last}.content" if is_record else last
        part = f"dataclasses.replace({last}, content=it)" if is_record else "it"
        others = "".join(f", {snake(one['name'])}={snake(one['name'])}" for one in it["parameters"][:-1])
        return (
            f"{text}\n    {word} {name}(\n{self.signature(it)}        split: bool = False,\n"
            + f"    ) -> {result} | list[{result}]:\n"
            + docstring(self.action_docs(it, wait), 8)
            + "        if split:\n"
            + f"            texts = {wait}self.split_text({content}, TextFormat.{format_}, {limit}, True)\n"
            + f'            parts = [{{"{last}": {part}}} for it in texts or [{content}]]\n'
            + f'            return {wait}self._send("{it["name"]}", timeout, parts{others})\n'
            + call
        )

    def page(self, it: dict[str, Any]) -> dict[str, Any] | None:
        """The list in the result of an action that gives pages."""
        if not any(one["name"] == "cursor" for one in it["parameters"]) or not self.is_record(it["result"]):
            return None
        [items] = [one for one in self.types[it["result"]["named"]]["fields"] if "list" in one["type"]]
        return dict(items)

    def write_iterator(self, it: dict[str, Any], items: dict[str, Any], word: str) -> str:
        wait = "await " if word.startswith("async") else ""
        name = snake(it["name"])
        passed = "".join(f", {snake(one['name'])}={snake(one['name'])}" for one in it["parameters"])
        item = self.hint(items["type"]["list"])
        docs = f"Iterate over the {items['name']} of all pages of `{name}`, fetching a page when it is needed.\n\n"
        docs += "A warning that comes with a page is logged."
        return (
            f"\n    {word} iter_{name.removeprefix('list_')}(\n{self.signature(it, 'cursor')}"
            f"    ) -> {'Async' if wait else ''}Iterator[{item}]:\n"
            + docstring(docs, 8)
            + "        cursor = None\n        while True:\n"
            + f'            page = {wait}self._call("{it["name"]}", timeout{passed})\n'
            + f'            log_warning("{name}", page.warning)\n'
            + f"            for it in page.{snake(items['name'])}:\n                yield it\n"
            + "            cursor = page.next_cursor\n            if cursor is None:\n                return\n"
        )

    # Docs

    def attributes(self, docs: str, members: list[tuple[str, str]]) -> str:
        text = self.docs(docs) + "\n\nAttributes:\n"
        return text + "\n".join(fill(f"{name}: {self.docs(one)}", "    ", "        ") for name, one in members)

    def action_docs(self, it: dict[str, Any], wait: str) -> str:
        text = self.docs(it["documentation"])
        text += f"\n\n[{it['page']['title']}]({it['page']['url']})\n\n{TIMEOUT}"
        if it["name"] in SPLITTING:
            text += f"\n\n{SPLIT}"
        described = [one for one in it["parameters"] if one.get("documentation")]
        if described:
            text += "\n\nArgs:\n" + "\n".join(
                fill(f"{snake(one['name'])}: {self.docs(one['documentation'])}", "    ", "        ")
                for one in described
            )
        text += "\n\nRaises:\n"
        text += "\n".join(fill(f"- {self.docs(one)}") for one in it["errors"])
        return text + "\n\nExample:\n" + textwrap.indent(self.example(it, wait), "    ")

    def docs(self, text: str) -> str:
        """The contract's words, with names as they are here."""
        return refill(re.sub(r"`([^`]+)`", lambda it: f"`{self.python_name(it[1])}`", text))

    def python_name(self, name: str) -> str:
        if name in ERRORS:
            return ERRORS[name]
        if name in self.types:
            return pascal(name) if "-" in name else name
        if name in self.names:
            return snake(name)
        if name in ("true", "false"):
            return name.capitalize()
        for variant, case in self.cases():
            if name == f"{variant['name']}.{case['name']}":
                return self.case_hint(variant, case)
        return name

    # Examples

    def example(self, it: dict[str, Any], wait: str) -> str:
        arguments = it["example"]["arguments"]
        if it["credentials"]:
            assert arguments[it["credentials"]] == {"profile": ""}, "examples use the unnamed profile"
        parts: list[Tree] = []
        for one in inputs(it):
            if one["name"] in arguments:
                parts.append(self.value(one["type"], arguments[one["name"]]))
            elif any(later["name"] in arguments for later in it["parameters"][it["parameters"].index(one) :]):
                parts.append("None")
        return layout((f"{wait}wecom.{snake(it['name'])}(", parts, ")"), 0)

    def value(self, type_: Type, value: Any) -> Tree:
        if type_ == "string":
            return json.dumps(value, ensure_ascii=False)
        if isinstance(type_, str):
            return str(value)
        if "option" in type_:
            return self.value(type_["option"], value)
        if "list" in type_:
            return ("[", [self.value(type_["list"], it) for it in value], "]")
        it = self.types[type_["named"]]
        if it["kind"] == "alias":
            return self.value(it["type"], value)
        if it["kind"] == "enum":
            return f"{pascal(it['name'])}.{snake(value).upper()}"
        if it["kind"] == "record":
            fields = [one for one in it["fields"] if one["name"] in value]
            parts = [named(snake(one["name"]), self.value(one["type"], value[one["name"]])) for one in fields]
            return (f"{pascal(it['name'])}(", parts, ")")
        name, inner = (value, "") if isinstance(value, str) else next(iter(value.items()))
        [case] = [one for one in it["cases"] if one["name"] == name]
        if name == "base64":
            return repr(base64.b64decode(inner))
        if name == "clear":
            return "CLEAR"
        if not self.has_class(case):
            return self.value(case["type"], inner)
        hint = self.case_hint(it, case)
        return (f"{hint}(", [self.value(case["type"], inner)] if "type" in case else [], ")")


def named(name: str, value: Tree) -> Tree:
    return f"{name}={value}" if isinstance(value, str) else (f"{name}={value[0]}", *value[1:])


def layout(value: Tree, indent: int) -> str:
    """On one line if it fits, else a line for each part."""
    if isinstance(value, str):
        return value
    opening, parts, closing = value
    line = opening + ", ".join(layout(it, -999) for it in parts) + closing
    if len(line) + indent <= 96:
        return line
    inner = "".join(" " * (indent + 4) + layout(it, indent + 4) + ",\n" for it in parts)
    return f"{opening}\n{inner}{' ' * indent}{closing}"


def refill(text: str) -> str:
    """Paragraphs and list items, each wrapped anew."""
    return "\n\n".join("\n".join(map(fill, re.split(r"\n(?=- )", it))) for it in re.split(r"\n{2,}", text.strip()))


def fill(text: str, first: str = "", rest: str = "") -> str:
    if text.startswith("- "):
        first, rest = "    ", "      "
    wrapper = textwrap.TextWrapper(100, initial_indent=first, subsequent_indent=rest, break_long_words=False)
    wrapper.break_on_hyphens = False
    return wrapper.fill(" ".join(text.split()))


def docstring(text: str, indent: int) -> str:
    text = text.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'
    return textwrap.indent(text, " " * indent, lambda it: it.strip() != "") + "\n"


def generate(file: Path) -> tuple[str, str]:
    """The module, and the version of the contract."""
    contract = Contract(json.loads(file.read_text(encoding="utf-8")))
    return contract.write(), contract.version


if __name__ == "__main__":
    print(generate(Path(sys.argv[1]))[0], end="")
