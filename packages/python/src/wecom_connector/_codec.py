"""Between the values of this package and those that wasmtime takes and gives.

The type hints of the contract are the schema: nothing else says how a value looks. Two things are checked here because
wasmtime would not: integers must fit (ctypes cuts them), and texts must be Unicode. No message repeats a value, as it
may be a secret.
"""

import dataclasses
import enum
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

    def __init__(self, **cases: type[Any]) -> None:
        self.cases = {wit_name(name): case for name, case in cases.items()}


class Case:
    """A case of a variant that is not a class of its own already: empty, or with one `value`."""

    __slots__ = ()


class NotPassable(ValueError):
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


class Scalar(Codec):
    def __init__(self, type_: type[Any], integer: Integer | None = None) -> None:
        self.type = type_
        self.integer = integer
        self.shapes = frozenset({type_})

    def lower(self, value: Any, path: str) -> Any:
        if not isinstance(value, self.type) or (self.type is int and isinstance(value, bool)):
            raise expected(self.type.__name__, value, path)
        if isinstance(value, int) and self.integer and not self.integer.least <= value <= self.integer.most:
            raise NotPassable(path, f"must be {self.integer.least} to {self.integer.most}")
        if isinstance(value, str) and not is_unicode(value):
            raise NotPassable(path, "holds half of a surrogate pair, which is not Unicode text")
        return value

    def lift(self, raw: Any) -> Any:
        return raw


class Bytes(Codec):
    shapes = frozenset({bytes})

    def lower(self, value: Any, path: str) -> Any:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise expected("bytes", value, path)
        return bytes(value)

    def lift(self, raw: Any) -> Any:
        return raw


class ListOf(Codec):
    shapes = frozenset({list})

    def __init__(self, element: Codec) -> None:
        self.element = element

    def lower(self, value: Any, path: str) -> Any:
        # A text is a sequence of texts, and never what was meant.
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise expected("a list", value, path)
        return [self.element.lower(it, f"{path}[{i}]") for i, it in enumerate(value)]

    def lift(self, raw: Any) -> Any:
        return [self.element.lift(it) for it in raw]


class RecordOf(Codec):
    shapes = frozenset({wasm.Record})

    def __init__(self, type_: type) -> None:
        self.type = type_
        hints = typing.get_type_hints(type_, include_extras=True)
        self.fields = [(name, wit_name(name), codec(hint)) for name, hint in hints.items()]

    def lower(self, value: Any, path: str) -> Any:
        if not isinstance(value, self.type):
            raise expected(self.type.__name__, value, path)
        raw = wasm.Record()
        for name, wit, of in self.fields:
            setattr(raw, wit, of.lower(getattr(value, name), f"{path}.{wit}"))
        return raw

    def lift(self, raw: Any) -> Any:
        return self.type(**{name: of.lift(getattr(raw, wit)) for name, wit, of in self.fields})


class EnumOf(Codec):
    shapes = frozenset({str})

    def __init__(self, type_: type[enum.Enum]) -> None:
        self.type = type_

    def lower(self, value: Any, path: str) -> Any:
        if not isinstance(value, self.type):
            raise expected(self.type.__name__, value, path)
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
    def __init__(self, types_: Mapping[str, type[Any]]) -> None:
        super().__init__({name: payload(type_) for name, type_ in types_.items()})
        self.types = types_

    def lower(self, value: Any, path: str) -> Any:
        for name, type_ in self.types.items():
            if isinstance(value, type_):
                inner = getattr(value, "value", None) if issubclass(type_, Case) else value
                return self.lower_case(name, inner, f"{path}.{name}")
        raise expected(" or ".join(it.__name__ for it in self.types.values()), value, path)

    def lift(self, raw: Any) -> Any:
        name, inner = self.lift_case(raw)
        type_ = self.types[name]
        if not issubclass(type_, Case):
            return inner
        return type_() if self.cases[name] is None else type_(inner)  # type: ignore[call-arg]


def codec(hint: Any) -> Codec:
    """How values of a type hint travel."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        mark = arguments[1]
        return Scalar(int, mark) if isinstance(mark, Integer) else VariantOf(mark.cases)
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


def payload(case: type[Any]) -> Codec | None:
    """What a case of a variant carries."""
    if not issubclass(case, Case):
        return named(case)
    hints = typing.get_type_hints(case, include_extras=True)
    return codec(hints["value"]) if hints else None


def is_shape(raw: Any, of: Codec | None) -> bool:
    return raw is None if of is None else isinstance(raw, tuple(of.shapes))


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def expected(what: str, found: Any, path: str) -> TypeError:
    return TypeError(f"{path}: expected {what}, found {type(found).__name__}")
