"""Text from outside, made safe to show on a terminal and in a log line (rules.md SE-8)."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONG = 4096


def printable(text: str, *, limit: int = _LONG) -> str:
    """The text on one line, with controls, format characters, line separators and surrogates escaped.

    A backslash stays as it is: this form is for reading, not for parsing back.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    shown = "".join(_escape(character) for character in text[:limit])
    return shown if len(text) <= limit else f"{shown}... ({len(text)} characters)"


def printable_lines(text: str) -> str:
    """The same for text of several lines: the line ends stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
