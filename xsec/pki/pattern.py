"""The user name pattern and format: how they are written, and running them within limits (CA-1 to CA-3).

A pattern is written as for PHP, whose PCRE the appliance uses: delimiters, then flags.  Settings modules
import this one, so that no library is loaded before a pattern is parsed.
"""

from __future__ import annotations

import re
from typing import Any

from xsec.errors import InvalidValue
from xsec.state.kinds import Kind

MAXIMUM_PATTERN = 4 << 10  # octets; this and the next three: rules.md, 6
MAXIMUM_SUBJECT = 256 << 10
MATCH_LIMIT = 1_000_000
DEPTH_LIMIT = 10_000
STEP_LIMIT = (
    250_000  # over all starts and matches on one text: under a second; an ordinary text takes hundreds
)
MAXIMUM_MATCHES = 64
MAXIMUM_FORMAT = 255

DEFAULT_PATTERN = r"/^\s+Subject: (?:(?:[^,+\\\n]|\\.)*[,+])*?CN=(?<captureCommonName>(?:[^,+\\\n]|\\.)+)/m"
APPLIANCE_PATTERN = r"/Subject:.*CN=(?<captureCommonName>([^,\\]|(\\,))*)/m"
DEFAULT_TEMPLATE = "#captureCommonName#"
NAMED = {"default": DEFAULT_PATTERN, "appliance": APPLIANCE_PATTERN}
"""Words that stand for a pattern; none can be one, since no letter is a delimiter."""

_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
# PCRE2's own option bits; D, U, A, J, n have no name in the package, which passes the bits on
_FLAGS = {
    "i": 0x8,
    "m": 0x400,
    "s": 0x20,
    "x": 0x80,
    "A": 0,  # the package takes this bit off: see _anchored
    "D": 0x10,
    "U": 0x40000,
    "J": 0x40,
    "n": 0x2000,
    "u": 0x80000,
    "S": 0,  # PHP studies every pattern now
    "X": 0,  # PCRE2 refuses unknown escapes always
}
_AUTO_CALLOUT = 0x4
_LIMITS = f"(*LIMIT_MATCH={MATCH_LIMIT})(*LIMIT_DEPTH={DEPTH_LIMIT})"
_ALLOWED = "/pattern/flags, such as /Subject: CN=(?<name>[^,]+)/m"


class Exploded(Exception):
    """A pattern took more steps than a pattern may; no answer was found, and none is guessed."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Match:
    """One match: where it stands, and where each named group does (-1, -1 when it took no part)."""

    __slots__ = ("groups", "span")

    def __init__(self, span: tuple[int, int], groups: dict[str, tuple[int, int]]) -> None:
        self.span = span
        self.groups = groups


class Compiled:
    """A pattern that compiles, with the names of its groups."""

    __slots__ = ("_expression", "_options", "groups", "text")

    def __init__(self, text: str, expression: str, options: int) -> None:
        self.text = text
        self._expression = expression
        self._options = options
        self.groups: tuple[str, ...] = tuple(self._compile(None).groupindex)

    def _compile(self, callout: Any) -> Any:
        import pcre2

        # without JIT, which knows no depth limit; with callouts, since PCRE2 counts from each start afresh
        options = self._options | _AUTO_CALLOUT
        return pcre2.compile(_LIMITS + self._expression, options, jit=False, callout=callout)

    def matches(self, subject: str) -> tuple[Match, ...]:
        """Every match in order; `Exploded` beyond the limits of steps, depth or number."""
        import pcre2

        if len(subject) > MAXIMUM_SUBJECT:
            raise Exploded(f"the text has more than {MAXIMUM_SUBJECT} characters")
        meter = _Meter(pcre2.CalloutReturn.PASS, pcre2.CalloutReturn.ABORT)
        found: list[Match] = []
        try:
            for match in self._compile(meter).finditer(subject):
                groups = {name: match.span(name) for name in self.groups}
                found.append(Match(match.span(), groups))
                if len(found) > MAXIMUM_MATCHES:
                    raise Exploded(f"the pattern matches more than {MAXIMUM_MATCHES} times")
        except pcre2.LibraryError as error:
            raise Exploded(str(getattr(error, "msg", "no match could be made"))) from None
        if meter.left < 0:
            raise Exploded(f"the pattern takes more than {STEP_LIMIT} steps")
        return tuple(found)


class _Meter:
    """Counts the steps of all matches on one text, and ends the matching when they are used up."""

    __slots__ = ("_end", "_go", "left")

    def __init__(self, go: Any, end: Any) -> None:
        self.left = STEP_LIMIT
        self._go = go
        self._end = end

    def __call__(self, block: Any) -> Any:
        self.left -= 1
        return self._go if self.left >= 0 else self._end


# Reading a pattern ----------------------------------------------------------------------------------------


def compile_pattern(text: str) -> Compiled:
    """The pattern; `InvalidValue` with the offset in `text`, in characters from 0, of what is wrong."""
    import pcre2

    text = NAMED.get(text, text)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAXIMUM_PATTERN:
        raise InvalidValue(f"the pattern has {size} octets", allowed=f"at most {MAXIMUM_PATTERN} octets")
    bad = next((at for at, c in enumerate(text) if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0), -1)
    if bad < 0:
        bad = next((at for at, c in enumerate(text) if 0xD800 <= ord(c) < 0xE000), -1)
    if bad >= 0:
        raise InvalidValue(
            "a control character in the pattern", where=f"offset {bad}", allowed="\\n, \\t, \\x07"
        )
    start, end, options = _delimited(text)
    expression, before = text[start:end], 0
    if "A" in text[end + 1 :]:
        expression, before = _anchored(expression, extended=bool(options & _FLAGS["x"]))
    try:
        return Compiled(text, expression, options)
    except pcre2.PatternError as error:
        offset = min(start + max(0, int(error.pos) - len(_LIMITS) - before), end)
        reason = str(error.msg).rpartition("; ")[2]
        raise InvalidValue(f"bad pattern: {reason}", where=f"offset {offset}") from None
    except pcre2.LibraryError as error:
        raise InvalidValue(f"bad pattern: {error}", where=f"offset {start}") from None


def _anchored(expression: str, *, extended: bool) -> tuple[str, int]:
    """The expression for flag A, and how much stands before it; a comment must not hide the end."""
    before = r"\G(?:"
    return before + expression + ("\n)" if extended else ")"), len(before)


def _delimited(text: str) -> tuple[int, int, int]:
    """Where the expression starts and ends between its delimiters, and the options of its flags."""
    first = len(text) - len(text.lstrip(" "))
    opening = text[first : first + 1]
    if not opening:
        raise InvalidValue("the pattern is empty", where="offset 0", allowed=_ALLOWED)
    if opening.isalnum() or opening == "\\" or not opening.isascii():
        raise InvalidValue(f"{opening!r} cannot be a delimiter", where=f"offset {first}", allowed=_ALLOWED)
    end = _closing(text, first + 1, opening, _BRACKETS.get(opening, opening))
    if end < 0:
        closing = _BRACKETS.get(opening, opening)
        raise InvalidValue(f"no ending delimiter {closing!r}", where=f"offset {len(text)}", allowed=_ALLOWED)
    if end == first + 1:
        raise InvalidValue("the pattern is empty", where=f"offset {end}", allowed=_ALLOWED)
    options = 0
    for at in range(end + 1, len(text)):
        if text[at] not in _FLAGS and text[at] != " ":
            raise InvalidValue(
                f"unknown flag {text[at]!r}", where=f"offset {at}", allowed=f"flags {''.join(_FLAGS)}"
            )
        options |= _FLAGS.get(text[at], 0)
    return first + 1, end, options


def _closing(text: str, at: int, opening: str, closing: str) -> int:
    """Where the ending delimiter stands, -1 when nowhere; brackets nest, a backslash hides one."""
    depth = 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == closing:
            depth -= 1
            if depth == 0:
                return at
        elif text[at] == opening:
            depth += 1
        at += 1
    return -1


# Reading a format -----------------------------------------------------------------------------------------

_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
Pieces = tuple[tuple[str, bool], ...]
"""Text in order; True for the name of a group."""


def template_pieces(text: str) -> Pieces:
    """The parts of a user name format; `InvalidValue` with the offset."""
    if not 1 <= len(text) <= MAXIMUM_FORMAT:
        raise InvalidValue(f"the format has {len(text)} characters", allowed=f"1 to {MAXIMUM_FORMAT}")
    if not text.isprintable():
        raise InvalidValue("a control character in the format", allowed="fixed text and #group#")
    parts = text.split("#")
    if len(parts) % 2 == 0:
        raise InvalidValue(
            "a # without its partner", where=f"offset {text.rindex('#')}", allowed="#group# in pairs of #"
        )
    at = 0
    for number, part in enumerate(parts):
        if number % 2 and not _GROUP.fullmatch(part):
            raise InvalidValue(
                f"{part!r} cannot be the name of a group",
                where=f"offset {at}",
                allowed="letters, digits and _",
            )
        at += len(part) + 1
    if len(parts) == 1:
        raise InvalidValue(
            "the format names no group, so that every certificate would give the same user",
            allowed=f"fixed text and #group#, such as {DEFAULT_TEMPLATE}",
        )
    return tuple((part, number % 2 == 1) for number, part in enumerate(parts) if part)


def unknown_groups(pattern: Compiled, pieces: Pieces) -> tuple[str, ...]:
    """The groups that the format names and the pattern has not (CA-3)."""
    return tuple(text for text, is_group in pieces if is_group and text not in pattern.groups)


def check_pair(regex: str, template: str) -> None:
    """`InvalidValue` when the format names a group that the pattern has not."""
    pattern = compile_pattern(regex)
    for name in unknown_groups(pattern, template_pieces(template)):
        known = ", ".join(pattern.groups) or "none: name one as (?<name>...)"
        raise InvalidValue(f"the format names the group {name!r}", allowed=f"groups of the pattern: {known}")


# Value spaces ---------------------------------------------------------------------------------------------


class Pattern(Kind[str]):
    """A pattern that compiles, kept as it was written."""

    def parse(self, text: str) -> str:
        return compile_pattern(text).text

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return f"<PCRE: 1,{MAXIMUM_PATTERN}> /pattern/flags"

    def complete(self) -> tuple[str, ...]:
        return ()

    def notes(self, text: str) -> tuple[str, ...]:
        return ()


class Template(Kind[str]):
    """A user name format, kept as it was written."""

    def parse(self, text: str) -> str:
        template_pieces(text)
        return text

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return f"<S: 1,{MAXIMUM_FORMAT}> fixed text and #group#"

    def complete(self) -> tuple[str, ...]:
        return ()

    def notes(self, text: str) -> tuple[str, ...]:
        return ()
