"""Value spaces of settings: what a value may be, how it is written, and how it is described.

A kind that needs knowledge of a domain (cipher strings, patterns) lives in that domain's package.
Descriptions use the appliance's notation: `<0..63>`, `<On/Off>`, `<S: 0,128>`.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from xsec.errors import InvalidValue
from xsec.secret import Secret

T = TypeVar("T")


class Kind(Protocol[T]):
    """The value space of a setting.

    `format` is the inverse of `parse`: every value printed reads back as itself.  `parse` raises
    `InvalidValue` that says what is wrong with the value, and never shows the value of a secret.
    """

    def parse(self, text: str) -> T: ...

    def format(self, value: T) -> str: ...

    def describe(self) -> str:
        """The value space in the appliance's notation."""

    def complete(self) -> tuple[str, ...]:
        """Values that can be offered; none when the space is open."""

    def notes(self, text: str) -> tuple[str, ...]:
        """What `parse` changes in the text while reading it, one sentence each."""


class _Kind(Generic[T]):
    """What most kinds answer."""

    def complete(self) -> tuple[str, ...]:
        return ()

    def notes(self, text: str) -> tuple[str, ...]:
        return ()

    def describe(self) -> str:
        raise NotImplementedError


class Choice(_Kind[str]):
    """One of a few words; case does not matter when reading."""

    def __init__(self, *values: str) -> None:
        self.values = values

    def parse(self, text: str) -> str:
        folded = text.strip().casefold()
        for value in self.values:
            if value.casefold() == folded:
                return value
        raise InvalidValue(f"{text!r} is not allowed", allowed=self.describe())

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return f"<{'/'.join(self.values)}>"

    def complete(self) -> tuple[str, ...]:
        return self.values


class OnOff(Choice):
    """A switch; also reads yes/no and true/false, which people type."""

    _WORDS = {"yes": "On", "true": "On", "1": "On", "no": "Off", "false": "Off", "0": "Off"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("On", "Off")

    def parse(self, text: str) -> str:
        return super().parse(self._WORDS.get(text.strip().casefold(), text))


class Integer(_Kind[int]):
    """A whole number within bounds: ASCII digits only, no sign, no separators."""

    def __init__(self, low: int, high: int, *, unit: str = "") -> None:
        self.low, self.high, self.unit = low, high, unit

    def parse(self, text: str) -> int:
        digits = text.strip()
        # ten digits are more than any bound here, and int() of a long text is quadratic
        if digits.isascii() and digits.isdigit() and len(digits) <= 10:
            value = int(digits)
            if self.low <= value <= self.high:
                return value
        raise InvalidValue(f"{text!r} is not allowed", allowed=self.describe())

    def format(self, value: int) -> str:
        return str(value)

    def describe(self) -> str:
        return f"<{self.low}..{self.high}>" + (f" {self.unit}" if self.unit else "")


class Numbers(_Kind[int]):
    """One of a few numbers, such as key sizes."""

    def __init__(self, *values: int, unit: str = "") -> None:
        self.values, self.unit = values, unit

    def parse(self, text: str) -> int:
        by_text = {str(value): value for value in self.values}
        try:
            return by_text[text.strip()]
        except KeyError:
            raise InvalidValue(f"{text!r} is not allowed", allowed=self.describe()) from None

    def format(self, value: int) -> str:
        return str(value)

    def describe(self) -> str:
        return f"<{'/'.join(map(str, self.values))}>" + (f" {self.unit}" if self.unit else "")

    def complete(self) -> tuple[str, ...]:
        return tuple(map(str, self.values))


class String(_Kind[str]):
    """Text of bounded length on one line; `allowed` limits the characters where the field has a grammar."""

    def __init__(self, low: int, high: int, *, letters: str = "", what: str = "") -> None:
        self.low, self.high, self.letters, self.what = low, high, letters, what

    def parse(self, text: str) -> str:
        if not self.low <= len(text) <= self.high:
            raise InvalidValue(f"{len(text)} characters are not allowed", allowed=self.describe())
        if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text):
            raise InvalidValue("control characters are not allowed", allowed=self.describe())
        wrong = next((c for c in text if self.letters and c not in self.letters), None)
        if wrong is not None:
            raise InvalidValue(f"the character {wrong!r} is not allowed", allowed=self.describe())
        return text

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return f"<S: {self.low},{self.high}>" + (f" {self.what}" if self.what else "")


class SecretString(_Kind[Secret]):
    """A password or key; it is sealed, and shown only as the name of its sealed value."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def parse(self, text: str) -> Secret:
        if not self.low <= len(text) <= self.high:
            raise InvalidValue(f"{len(text)} characters are not allowed", allowed=self.describe())
        return Secret(text.encode())

    def format(self, value: Secret) -> str:
        return "***"

    def describe(self) -> str:
        return f"<Secret: {self.low},{self.high}>"
