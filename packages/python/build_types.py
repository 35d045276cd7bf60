"""Writes the contract in Python: `python build_types.py ../../wit` prints `_contract.py`.

Understands the part of WIT that the contract uses: interfaces of records, variants, enums, aliases and functions. Types
and functions have names that are unique in the package, so that interfaces need no namespaces here.
"""

import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# What a type is: a name, or `list` or `option` or `result` with its arguments.
Type = str | tuple[str, list["Type"]]

# A Python expression: a text, or the opening, the parts and the closing of a longer one.
Tree = str | tuple[str, list["Tree"], str]

INTEGERS = {f"{sign}{bits}" for sign in "us" for bits in (8, 16, 32, 64)}
PRIMITIVES = {"bool": "bool", "string": "str"} | {it: it.upper() for it in INTEGERS}

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

HEAD = '''"""The contract in Python: types and actions, made from the WIT by build_types.py. Do not edit."""

from __future__ import annotations

import abc
import dataclasses
import enum
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from ._codec import S8, S16, S32, S64, U8, U16, U32, U64, Case, Cases
'''


@dataclass
class Member:
    """A field, a case or a parameter."""

    name: str
    type: Type | None
    docs: str = ""


@dataclass
class Definition:
    """A type (its `kind` is the keyword) or a function."""

    kind: str
    name: str
    docs: str
    members: list[Member] = field(default_factory=list)
    type: Type | None = None
    interface: str = ""


# Reading


class Parser:
    TOKEN = re.compile(r'\s*(?:(///[^\n]*)|//[^\n]*|("(?:[^"\\]|\\.)*")|(->|[A-Za-z%][\w-]*|[\d.]+|[^\s\w]))')

    def __init__(self, text: str) -> None:
        self.tokens = [it[1] or it[2] or it[3] for it in self.TOKEN.finditer(text) if it[1] or it[2] or it[3]]
        self.at = 0

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, token: str) -> bool:
        found = self.peek() == token
        self.at += found
        return found

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise SystemExit(f"expected {token!r} at {' '.join(self.tokens[self.at : self.at + 8])!r}")

    def docs(self) -> str:
        lines = []
        while self.peek().startswith("///"):
            lines.append(self.next()[3:].removeprefix(" "))
        return "\n".join(lines)

    def type(self) -> Type:
        name = self.next()
        arguments = list(self.listed("<", ">", self.type)) if self.peek() == "<" else []
        return (name, arguments) if arguments else name

    def listed(self, opening: str, closing: str, item: Callable[[], T]) -> Iterator[T]:
        self.expect(opening)
        while not self.take(closing):
            yield item()
            if not self.take(","):
                self.expect(closing)
                return

    def member(self) -> Member:
        docs, name = self.docs(), self.next()
        if self.take(":"):
            return Member(name, self.type(), docs)
        if self.take("("):
            inner = self.type()
            self.expect(")")
            return Member(name, inner, docs)
        return Member(name, None, docs)

    def file(self) -> Iterator[Definition | str]:
        """Definitions, and the version of the package where it is said."""
        while self.peek():
            docs, keyword = self.docs(), self.next()
            if keyword == "package":
                while not self.take(";"):
                    if self.take("@"):
                        yield self.next()
                    else:
                        self.next()
            elif keyword == "world":
                while not self.take("}"):
                    self.next()
            elif keyword == "interface":
                interface = self.next()
                yield Definition("interface", interface, docs)
                self.expect("{")
                while not self.take("}"):
                    if it := self.item():
                        it.interface = interface
                        yield it
            else:
                raise SystemExit(f"not understood: {keyword}")

    def item(self) -> Definition | None:
        docs, keyword = self.docs(), self.next()
        if keyword == "use":
            while not self.take(";"):
                self.next()
            return None
        if keyword in ("record", "variant", "enum"):
            return Definition(keyword, self.next(), docs, list(self.listed("{", "}", self.member)))
        if keyword == "type":
            name = self.next()
            self.expect("=")
            result = Definition("type", name, docs, type=self.type())
            self.expect(";")
            return result
        self.expect(":")
        self.expect("func")
        parameters = list(self.listed("(", ")", self.member))
        self.expect("->")
        result = Definition("func", keyword, docs, parameters, self.type())
        self.expect(";")
        return result


# Naming


def pascal(name: str) -> str:
    return "".join(it[:1].upper() + it[1:] for it in name.split("-"))


def snake(name: str) -> str:
    return name.replace("-", "_")


class Contract:
    def __init__(self, folder: Path) -> None:
        found = [it for file in sorted(folder.glob("*.wit")) for it in Parser(file.read_text(encoding="utf-8")).file()]
        [self.version] = [it for it in found if isinstance(it, str)]
        definitions = [it for it in found if isinstance(it, Definition)]
        self.functions = {it.name: it for it in definitions if it.kind == "func"}
        self.types = {it.name: it for it in definitions if it.kind not in ("func", "interface")}
        unique = {it.name for it in definitions if it.kind != "interface"}
        assert len(unique) == len(self.functions) + len(self.types), "two things share a name"
        self.error = self.types.pop("error")
        assert [it.name for it in self.error.members] == list(ERRORS), "the cases of error are others: adapt _errors.py"
        self.fields = {it.name for one in [*self.types.values(), *self.functions.values()] for it in one.members}

    def variants(self) -> Iterator[tuple[Definition, Member]]:
        return ((one, case) for one in self.types.values() if one.kind == "variant" for case in one.members)

    def case_class(self, variant: Definition, case: Member) -> str:
        """A record and bytes say themselves which case they are. Others are classes, shared where they look alike."""
        if self.is_record(case.type):
            return pascal(str(case.type))
        if case.type == ("list", ["u8"]):
            return "bytes"
        others = [it.type for _, it in self.variants() if it.name == case.name and not self.is_record(it.type)]
        alike = all(it == case.type for it in others)
        return pascal(case.name) + ("" if alike else pascal(variant.name.split("-")[0]))

    def is_record(self, type_: Type | None) -> bool:
        return isinstance(type_, str) and type_ in self.types and self.types[type_].kind == "record"

    def hint(self, type_: Type | None) -> str:
        if isinstance(type_, str):
            return PRIMITIVES.get(type_) or pascal(type_)
        assert type_
        name, arguments = type_
        if name == "option":
            return f"{self.hint(arguments[0])} | None"
        assert name == "list", name
        return "bytes" if arguments == ["u8"] else f"Sequence[{self.hint(arguments[0])}]"

    # Writing

    def write(self) -> str:
        out = [HEAD]
        done: set[str] = set()
        for it in self.types.values():
            self.write_type(it, done, out)
        out.append(self.write_error())
        out.append(self.write_actions())
        names = ["Actions", *sorted(done)]
        out.append("__all__ = [\n" + "".join(f'    "{it}",\n' for it in names) + "]\n")
        return "\n".join(out)

    def write_type(self, it: Definition, done: set[str], out: list[str]) -> None:
        """After everything it is made of."""
        name = pascal(it.name)
        if name in done:
            return
        done.add(name)
        for needed in named_types([it.type, *(member.type for member in it.members)]):
            if needed in self.types:
                self.write_type(self.types[needed], done, out)
        if it.kind == "type":
            out.append(f"{name}: TypeAlias = {self.hint(it.type)}\n{docstring(self.docs(it.docs), 0)}")
        elif it.kind == "enum":
            members = "".join(f'    {snake(case.name).upper()} = "{case.name}"\n' for case in it.members)
            docs = self.attributes(it.docs, [(snake(case.name).upper(), case.docs) for case in it.members])
            out.append(f"\nclass {name}(enum.Enum):\n{docstring(docs, 4)}\n{members}")
        elif it.kind == "record":
            out.append(self.write_record(it))
        else:
            cases = {}
            for case in it.members:
                cases[case.name] = class_name = self.case_class(it, case)
                if class_name not in done and class_name != "bytes":
                    done.add(class_name)
                    out.append(self.write_case(class_name, case))
            mark = ", ".join(f"{snake(case)}={class_name}" for case, class_name in cases.items())
            docs = self.attributes(it.docs, [(cases[case.name], case.docs) for case in it.members])
            union = " | ".join(cases.values())
            out.append(f"{name}: TypeAlias = Annotated[{union}, Cases({mark})]\n{docstring(docs, 0)}")

    def write_record(self, it: Definition) -> str:
        text = f"\n@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)\nclass {pascal(it.name)}:\n"
        text += docstring(self.attributes(it.docs, [(snake(one.name), one.docs) for one in it.members]), 4) + "\n"
        for one in it.members:
            optional = is_option(one.type)
            default = " = None" if optional else ""
            if one.name in SECRETS:
                default = f" = dataclasses.field({'default=None, ' if optional else ''}repr=False)"
            text += f"    {snake(one.name)}: {self.hint(one.type)}{default}\n"
        return text

    def write_case(self, name: str, case: Member) -> str:
        text = f"\n@dataclasses.dataclass(frozen=True, slots=True)\nclass {name}(Case):\n"
        text += docstring(self.docs(case.docs), 4)
        return text + (f"\n    value: {self.hint(case.type)}\n" if case.type else "")

    def write_error(self) -> str:
        lines = "".join(f'    "{it.name}": {self.hint(it.type) if it.type else None},\n' for it in self.error.members)
        return f"ERROR: dict[str, Any] = {{\n{lines}}}\n"

    def write_actions(self) -> str:
        text = "INTERFACES = {\n"
        for it in self.functions.values():
            text += f'    "{it.name}": "wecom:connector/{it.interface}@{self.version}",\n'
        text += "}\n\n\nclass Actions(abc.ABC):\n"
        text += docstring("What WeCom can do: a method for each function of the contract.", 4) + "\n"
        text += "    @abc.abstractmethod\n    def _call(self, call: str, /, **arguments: Any) -> Any: ...\n"
        return text + "".join(self.write_action(it) for it in self.functions.values())

    def write_action(self, it: Definition) -> str:
        who, *others = it.members
        assert who.name == who.type and who.name in ("application", "chatbot"), it.name
        parameters = ["self"]
        for index, one in enumerate(others):
            default = " = None" if all(is_option(later.type) for later in others[index:]) else ""
            parameters.append(f"{snake(one.name)}: {self.hint(one.type)}{default}")
        parameters += ["*", f"{who.name}: {pascal(who.name)} | None = None"]
        assert isinstance(it.type, tuple) and it.type[0] == "result" and it.type[1][1] == "error", it.name
        passed = "".join(f", {snake(one.name)}={snake(one.name)}" for one in it.members)
        return (
            f"\n    def {snake(it.name)}(\n"
            + "".join(f"        {one},\n" for one in parameters)
            + f"    ) -> {self.hint(it.type[1][0])}:\n"
            + docstring(self.docs(it.docs, it), 8)
            + f'        return self._call("{it.name}"{passed})  # type: ignore[no-any-return]\n'
        )

    # Docs

    def attributes(self, docs: str, members: list[tuple[str, str]]) -> str:
        text = self.docs(docs) + "\n\nAttributes:\n"
        return text + "\n".join(fill(f"{name}: {self.docs(one)}", "    ", "        ") for name, one in members)

    def docs(self, text: str, function: Definition | None = None) -> str:
        """The contract's words, with names as they are here, and the example in Python."""
        text, _, example = text.partition("# Example\n")
        text = re.sub(r"`([^`]+)`", lambda it: f"`{self.python_name(it[1])}`", text)
        text = refill(text).replace("# Errors\n", "Raises:\n")
        if function and example:
            wave = re.sub(r"```\w*", "", example)
            text += "\n\nExample:\n" + textwrap.indent(Example(self, wave).call(function), "    ")
        return text

    def python_name(self, name: str) -> str:
        if name in ERRORS:
            return ERRORS[name]
        if name in self.types:
            return pascal(name) if "-" in name else name
        if name in self.functions or name in self.fields:
            return snake(name)
        if name in ("true", "false"):
            return name.capitalize()
        for variant, case in self.variants():
            if name == f"{variant.name}.{case.name}":
                return self.case_class(variant, case)
        return name


class Example(Parser):
    """A call as text (WAVE), read by its types and written in Python."""

    def __init__(self, contract: Contract, text: str) -> None:
        super().__init__(text)
        self.contract = contract

    def call(self, function: Definition) -> str:
        self.expect(function.name)
        types = iter(function.members)
        values = list(self.listed("(", ")", lambda: self.value(next(types).type)))
        assert values[0] == 'Profile("")', "examples use the unnamed profile"
        while values[-1] == "None":
            values.pop()
        return layout((f"wecom.{snake(function.name)}(", values[1:], ")"), 0)

    def value(self, type_: Type | None) -> Tree:
        if isinstance(type_, tuple) and type_[0] == "option":
            if self.take("none"):
                return "None"
            if self.take("some"):
                return self.in_parentheses(type_[1][0])
            return self.value(type_[1][0])
        if type_ == ("list", ["u8"]):
            return repr(bytes(int(it) for it in self.listed("[", "]", self.next)))
        if isinstance(type_, tuple):
            return ("[", list(self.listed("[", "]", lambda: self.value(type_[1][0]))), "]")
        if type_ == "string":
            return json.dumps(json.loads(self.next()), ensure_ascii=False)
        if type_ == "bool":
            return self.next().capitalize()
        if type_ in INTEGERS:
            return self.next()
        it = self.contract.types[str(type_)]
        if it.kind == "type":
            return self.value(it.type)
        if it.kind == "record":
            types = {one.name: one.type for one in it.members}
            return (f"{pascal(it.name)}(", list(self.listed("{", "}", lambda: self.field(types))), ")")
        name = self.next()
        if it.kind == "enum":
            return f"{pascal(it.name)}.{snake(name).upper()}"
        [case] = [one for one in it.members if one.name == name]
        class_name = self.contract.case_class(it, case)
        if not case.type:
            return f"{class_name}()"
        inner = self.in_parentheses(case.type)
        if class_name == "bytes" or self.contract.is_record(case.type):
            return inner
        return f"{class_name}({inner})" if isinstance(inner, str) else (f"{class_name}(", [inner], ")")

    def in_parentheses(self, type_: Type) -> Tree:
        self.expect("(")
        inner = self.value(type_)
        self.expect(")")
        return inner

    def field(self, types: dict[str, Type | None]) -> Tree:
        name = self.next()
        self.expect(":")
        inner = self.value(types[name])
        name = snake(name)
        return f"{name}={inner}" if isinstance(inner, str) else (f"{name}={inner[0]}", *inner[1:])


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


# Text


def is_option(type_: Type | None) -> bool:
    return isinstance(type_, tuple) and type_[0] == "option"


def named_types(types: list[Type | None]) -> Iterator[str]:
    for it in types:
        if isinstance(it, str):
            yield it
        elif it:
            yield from named_types(list(it[1]))


def refill(text: str) -> str:
    """Paragraphs and list items, each wrapped anew."""
    return "\n\n".join("\n".join(map(fill, re.split(r"\n(?=- )", it))) for it in re.split(r"\n{2,}", text.strip()))


def fill(text: str, first: str = "", rest: str = "") -> str:
    if text.startswith("- "):
        first, rest = "    ", "      "
    wrapper = textwrap.TextWrapper(100, first, rest, break_long_words=False, break_on_hyphens=False)
    return wrapper.fill(" ".join(text.split()))


def docstring(text: str, indent: int) -> str:
    text = text.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'
    return textwrap.indent(text, " " * indent, lambda it: it.strip() != "") + "\n"


def generate(folder: Path) -> tuple[str, str]:
    """The module, and the version of the contract."""
    contract = Contract(folder)
    return contract.write(), contract.version


if __name__ == "__main__":
    print(generate(Path(sys.argv[1]))[0], end="")
