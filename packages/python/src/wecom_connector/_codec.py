"""Between the values of this package and those that wasmtime takes and gives.

The type hints of the contract are the schema: nothing else says how a value looks. Two things are checked here because
wasmtime would not: integers must fit (ctypes cuts them), and texts must be Unicode. No message repeats a value, as it
may be a secret.
"""

import base64
import dataclasses
import enum
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from wasmtime import component as wasm


@dataclasses.dataclass(frozen=True)
class Integer:
    """Marks an `int` with its range."""

    least: int
    most: int


U8: TypeAlias = Annotated[int, Integer(0, 2**8 - 1)]
U16: TypeAlias = Annotated[int, Integer(0, 2**16 - 1)]
U32: TypeAlias = Annotated[int, Integer(0, 2**32 - 1)]
U64: TypeAlias = Annotated[int, Integer(0, 2**64 - 1)]
S8: TypeAlias = Annotated[int, Integer(-(2**7), 2**7 - 1)]
S16: TypeAlias = Annotated[int, Integer(-(2**15), 2**15 - 1)]
S32: TypeAlias = Annotated[int, Integer(-(2**31), 2**31 - 1)]
S64: TypeAlias = Annotated[int, Integer(-(2**63), 2**63 - 1)]


class Cases:
    """Marks a union as a variant, and names its cases."""

    def __init__(self, **cases: Any) -> None:
        self.cases = {wit_name(name): case for name, case in cases.items()}


class Case:
    """A case of a variant that is not a class of its own already: empty, or with one `value`."""

    __slots__ = ()


class OutOfRange(ValueError):
    """A value of the right type that the contract has no room for."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


def wit_name(name: str) -> str:
    """`user_id` as the contract spells it."""
    return name.rstrip("_").replace("_", "-")


class Codec:
    shapes: frozenset[type]
    """The classes by which wasmtime tells the cases of a variant apart. Where they overlap, values are tagged."""

    def lower(self, value: Any, path: str) -> Any:
        """To wasmtime. `path` is for messages."""
        raise NotImplementedError

    def lift(self, raw: Any) -> Any:
        """From wasmtime."""
        raise NotImplementedError

    def fits(self, value: Any) -> bool:
        """Whether a value is of this type, whatever it consists of."""
        raise NotImplementedError

    what: str
    """What a value is, for messages."""


class Scalar(Codec):
    def __init__(self, type_: type[Any], integer: Integer | None = None) -> None:
        self.type = type_
        self.what = type_.__name__
        self.integer = integer
        self.shapes = frozenset({type_})

    def fits(self, value: Any) -> bool:
        of = (int, float) if self.type is float else self.type
        return isinstance(value, of) and not (self.type in (int, float) and isinstance(value, bool))

    def lower(self, value: Any, path: str) -> Any:
        if not self.fits(value):
            raise expected(self.what, value, path)
        if isinstance(value, int) and self.integer and not self.integer.least <= value <= self.integer.most:
            raise OutOfRange(path, f"must be {self.integer.least} to {self.integer.most}")
        if isinstance(value, str) and not is_unicode(value):
            raise OutOfRange(path, "holds a lone surrogate, which is not Unicode text")
        return float(value) if self.type is float else value

    def lift(self, raw: Any) -> Any:
        return raw


class Bytes(Codec):
    shapes = frozenset({bytes})
    what = "bytes"

    def fits(self, value: Any) -> bool:
        return isinstance(value, (bytes, bytearray, memoryview))

    def lower(self, value: Any, path: str) -> Any:
        if not self.fits(value):
            raise expected(self.what, value, path)
        return bytes(value)

    def lift(self, raw: Any) -> Any:
        return raw


class ListOf(Codec):
    shapes = frozenset({list})
    what = "a list"

    def __init__(self, element: Codec) -> None:
        self.element = element

    def fits(self, value: Any) -> bool:
        # A text is a sequence of texts, and never what was meant.
        return isinstance(value, Sequence) and not isinstance(value, (str, bytes))

    def lower(self, value: Any, path: str) -> Any:
        if not self.fits(value):
            raise expected(self.what, value, path)
        return [self.element.lower(it, f"{path}[{i}]") for i, it in enumerate(value)]

    def lift(self, raw: Any) -> Any:
        return [self.element.lift(it) for it in raw]


class RecordOf(Codec):
    shapes = frozenset({wasm.Record})

    def __init__(self, type_: type) -> None:
        self.type = type_
        hints = typing.get_type_hints(type_, include_extras=True)
        self.fields = [(name, wit_name(name), codec(hint)) for name, hint in hints.items()]
        self.what = type_.__name__

    def fits(self, value: Any) -> bool:
        return isinstance(value, self.type)

    def lower(self, value: Any, path: str) -> Any:
        if not self.fits(value):
            raise expected(self.what, value, path)
        raw = wasm.Record()
        for name, wit, of in self.fields:
            setattr(raw, wit, of.lower(getattr(value, name), f"{path}.{name}"))
        return raw

    def lift(self, raw: Any) -> Any:
        return self.type(**{name: of.lift(getattr(raw, wit)) for name, wit, of in self.fields})


class EnumOf(Codec):
    shapes = frozenset({str})

    def __init__(self, type_: type[enum.Enum]) -> None:
        self.type = type_
        self.what = type_.__name__

    def fits(self, value: Any) -> bool:
        return isinstance(value, self.type)

    def lower(self, value: Any, path: str) -> Any:
        if not self.fits(value):
            raise expected(self.what, value, path)
        return value.value

    def lift(self, raw: Any) -> Any:
        return self.type(raw)


class Choice(Codec):
    """One of several cases, by name."""

    def __init__(self, cases: Mapping[str, Codec | None]) -> None:
        self.cases = cases
        shapes = [of.shapes if of else frozenset({object}) for of in cases.values()]
        union = frozenset().union(*shapes)
        self.tagged = sum(map(len, shapes)) > len(union)
        self.shapes = frozenset({wasm.Variant}) if self.tagged else union

    def lower_case(self, name: str, payload: Any, path: str) -> Any:
        of = self.cases[name]
        raw = of.lower(payload, path) if of else None
        return wasm.Variant(name, raw) if self.tagged else raw

    def lift_case(self, raw: Any) -> tuple[str, Any]:
        if self.tagged:
            name, raw = raw.tag, raw.payload
        else:
            name = next(name for name, of in self.cases.items() if is_shape(raw, of))
        of = self.cases[name]
        return name, of.lift(raw) if of else None


class OptionOf(Choice):
    def __init__(self, some: Codec) -> None:
        super().__init__({"none": None, "some": some})
        self.some = some

    def lower(self, value: Any, path: str) -> Any:
        return self.lower_case("none" if value is None else "some", value, path)

    def lift(self, raw: Any) -> Any:
        return self.lift_case(raw)[1]


class VariantOf(Choice):
    def __init__(self, hints: Mapping[str, Any]) -> None:
        super().__init__({name: payload(hint) for name, hint in hints.items()})
        self.hints = hints
        codecs = self.cases.values()
        names = [
            it.__name__ if of is None or is_case(it) else of.what for it, of in zip(hints.values(), codecs, strict=True)
        ]
        self.what = " or ".join(names)

    def case(self, value: Any, path: str) -> tuple[str, Any]:
        """The case that a value is, and what it carries."""
        for name, hint in self.hints.items():
            if self.is_this(name, value):
                return name, getattr(value, "value", None) if is_case(hint) else value
        raise expected(self.what, value, path)

    def is_this(self, name: str, value: Any) -> bool:
        of, hint = self.cases[name], self.hints[name]
        return isinstance(value, hint) if of is None or is_case(hint) else of.fits(value)

    def lower(self, value: Any, path: str) -> Any:
        name, inner = self.case(value, path)
        return self.lower_case(name, inner, path)

    def lift(self, raw: Any) -> Any:
        name, inner = self.lift_case(raw)
        hint = self.hints[name]
        if not is_case(hint):
            return inner
        return hint() if self.cases[name] is None else hint(inner)

    def fits(self, value: Any) -> bool:
        return any(self.is_this(name, value) for name in self.hints)


class FileOf(VariantOf):
    """The content of a file. Bytes travel as base64: wasmtime takes a list of bytes one by one."""

    def lower(self, value: Any, path: str) -> Any:
        name, inner = self.case(value, path)
        if name == "bytes":
            return self.lower_case("base64", base64.b64encode(inner).decode("ascii"), path)
        return self.lower_case(name, inner, path)

    def lift(self, raw: Any) -> bytes:
        name, inner = self.lift_case(raw)
        return base64.b64decode(inner) if name == "base64" else bytes(inner)


def codec(hint: Any) -> Codec:
    """How values of a type hint travel."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        mark = arguments[1]
        if isinstance(mark, Integer):
            return Scalar(int, mark)
        return (FileOf if mark.cases.keys() == {"bytes", "base64"} else VariantOf)(mark.cases)
    if origin in (typing.Union, types.UnionType):
        some, none = arguments
        assert none is type(None), "only an option is a union without a mark"
        return OptionOf(codec(some))
    if origin in (Sequence, list):
        return ListOf(codec(arguments[0]))
    return named(hint)


def named(type_: type[Any]) -> Codec:
    if type_ is bytes:
        return Bytes()
    if issubclass(type_, enum.Enum):
        return EnumOf(type_)
    if dataclasses.is_dataclass(type_):
        return RecordOf(type_)
    return Scalar(type_)


def is_case(hint: Any) -> bool:
    """Whether a hint is a class made for one case."""
    return isinstance(hint, type) and issubclass(hint, Case)


def payload(hint: Any) -> Codec | None:
    """What a case of a variant carries."""
    if not is_case(hint):
        return codec(hint)
    hints = typing.get_type_hints(hint, include_extras=True)
    return codec(hints["value"]) if hints else None


def is_shape(raw: Any, of: Codec | None) -> bool:
    return raw is None if of is None else isinstance(raw, tuple(of.shapes))


def is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def expected(what: str, found: Any, path: str) -> TypeError:
    return TypeError(f"{path}: expected {what}, found {type(found).__name__}")


def python_path(parameters: Mapping[str, Codec], path: str) -> str:
    """A path of the component's, such as `message.recipients.selected.users[0]`, as callers here write it."""
    of: Codec | None = None
    written: list[str] = []
    for segment in path.split("."):
        match = re.fullmatch(r"([^\[]*)((?:\[\d+\])*)", segment)
        name, indexes = match.groups() if match else (segment, "")
        while isinstance(of, OptionOf):
            of = of.some
        if isinstance(of, VariantOf) and name in of.cases:
            # Here a case is no step of its own, or it is the `value` of its class.
            step = "value" if is_case(of.hints[name]) else ""
            of = of.cases[name]
        else:
            step = name.replace("-", "_")
            fields = {wit: of for _, wit, of in of.fields} if isinstance(of, RecordOf) else {}
            of = fields.get(name) if written else parameters.get(step)
        if step or not written:
            written.append(step + indexes)
        else:
            written[-1] += indexes
        for _ in range(indexes.count("[")):
            while isinstance(of, OptionOf):
                of = of.some
            of = of.element if isinstance(of, ListOf) else None
    return ".".join(written)
