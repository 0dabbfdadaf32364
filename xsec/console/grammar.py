"""Text of the three console commands into a request: words, pairs, quotes and the question marks.

A line comes as one text or as a shell has split it, when its quotes are gone.  Quoting is plain: within
double quotes a double quote is written twice and a backslash is a backslash (patterns are full of them);
within single quotes nothing is special; `u"..."` holds JSON's escapes, for characters that do not print.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import Enum, unique

from xsec.errors import InvalidValue
from xsec.output.escape import printable

Words = tuple[str, ...]
_LIMIT = 64 << 10  # octets of one line; the longest value is a cipher string of 2048 characters


@unique
class Ask(Enum):
    """What a line wants."""

    SHOW = "show"
    SET = "set"
    LIST = "?"
    EXPLAIN = "??"
    SEARCH = "//"


class Request:
    """One line understood: what it asks, of which path, and the pairs it sets.

    Each pair is a name, relative to `words` and perhaps of several words, and its value.
    """

    __slots__ = ("ask", "pairs", "words")

    def __init__(self, ask: Ask, words: Words = (), pairs: tuple[tuple[Words, str], ...] = ()) -> None:
        self.ask = ask
        self.words = words
        self.pairs = pairs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Request) and (self.ask, self.words, self.pairs) == (
            other.ask,
            other.words,
            other.pairs,
        )

    __hash__ = None  # type: ignore[assignment]  # compared in tests only

    def __repr__(self) -> str:
        return f"Request({self.ask}, {self.words}, {self.pairs})"


class _Name(str):
    """A token that ends in a colon: the name of a value that follows."""

    __slots__ = ()


class _Value(str):
    """A token that can only be a value: it was quoted."""

    __slots__ = ()


def parse(arguments: Sequence[str], *, command: str = "xConfiguration") -> Request:
    """The request of a command line; the command's own name in front is skipped."""
    if sum(map(len, arguments)) > _LIMIT:
        raise InvalidValue("the line is too long", allowed=f"at most {_LIMIT} characters")
    tokens = _line(arguments[0]) if len(arguments) == 1 else list(_elements(arguments))
    if tokens and _is_command(tokens[0], command):
        tokens = tokens[1:]
    if tokens and tokens[0].startswith("//") and not isinstance(tokens[0], _Value):
        terms = tuple(t.strip() for t in " ".join(tokens).split("//") if t.strip())
        return Request(Ask.SEARCH, terms)
    for mark in (Ask.EXPLAIN, Ask.LIST):
        if tokens and tokens[-1].endswith(mark.value) and _is_question(tokens):
            last = tokens[-1].removesuffix(mark.value)
            return Request(mark, tuple(tokens[:-1]) + ((last,) if last else ()))
    return _pairs(tokens, bare=command == "xCommand")


def _is_command(token: str, command: str) -> bool:
    """Whether a token is the command's name, in any case and cut short to `xconf`, `xstat`, `xcom`."""
    folded = token.casefold()
    return len(folded) >= 5 and command.casefold().startswith(folded) and folded.startswith("x")


def _is_question(tokens: Sequence[str]) -> bool:
    before = tokens[-2] if len(tokens) > 1 else ""
    return not isinstance(tokens[-1], _Name | _Value) and not isinstance(before, _Name)


def _pairs(tokens: Sequence[str], *, bare: bool) -> Request:
    """The words and pairs of tokens; with `bare` a quoted value may stand without a name."""
    words: list[str] = []
    name: list[str] = []
    pairs: list[tuple[Words, str]] = []
    awaiting = False
    for token in tokens:
        if awaiting:
            pairs.append((tuple(name), str(token)))
            name, awaiting = [], False
        elif isinstance(token, _Name):
            name.append(str(token))
            awaiting = True
        elif isinstance(token, _Value) and not bare:
            raise InvalidValue("a value stands where a name is expected", allowed="Name: value")
        elif pairs:
            name.append(token)
        else:
            words.append(token)
    if awaiting:
        raise InvalidValue(f"{' '.join((*words, *name))}: the value is missing", allowed="Name: value")
    if name:
        # the text may be the rest of a value, even of a secret one: it is not shown
        raise InvalidValue(
            "something stands after the value", allowed="quotes around a value with blanks in it"
        )
    return Request(Ask.SET, tuple(words), tuple(pairs)) if pairs else Request(Ask.SHOW, tuple(words))


# As a shell has split it ---------------------------------------------------------------------------------


def _elements(arguments: Iterable[str]) -> Iterable[str]:
    awaiting = False
    for text in arguments:
        if awaiting:
            yield unquote(text)
            awaiting = False
            continue
        before, colon, value = text.partition(":")
        if not colon or text.startswith("//"):
            yield from text.split()
            continue
        *words, name = before.split() or [""]
        yield from words
        yield _Name(name)
        awaiting = not value.strip()
        if not awaiting:
            yield unquote(value.strip())


def unquote(text: str) -> str:
    """The text without the one pair of quotes around it, if there is one."""
    if text[:1] in ("'", '"') or text.startswith('u"'):
        value, end = _quoted(text, 0)
        if value is not None and end == len(text):
            return _Value(value)
    return _Value(text)


# As one text ---------------------------------------------------------------------------------------------


def _line(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        after_name = bool(tokens) and isinstance(tokens[-1], _Name)
        if text[at] in "'\"" or (after_name and text.startswith('u"', at)):
            value, end = _quoted(text, at)
            if value is None:
                raise InvalidValue("a quote is not closed", where=f"column {at + 1}")
            tokens.append(_Value(value))
            at = end
            continue
        end = next((i for i in range(at, len(text)) if text[i].isspace()), len(text))
        colon = text.find(":", at, end)
        if colon >= 0 and not after_name and not text.startswith("//", at):
            tokens.append(_Name(text[at:colon]))
            at = colon + 1
        else:
            tokens.append(text[at:end])
            at = end
    return tokens


def _quoted(text: str, at: int) -> tuple[str | None, int]:
    """The value of the quoted text that begins at `at`, and where it ends; None when it is not closed."""
    if text[at] == "u":
        try:
            value, end = json.JSONDecoder().raw_decode(text, at + 1)
        except ValueError:
            return None, at
        return (value, end) if isinstance(value, str) else (None, at)
    mark = text[at]
    end = at + 1
    parts: list[str] = []
    while True:
        close = text.find(mark, end)
        if close < 0:
            return None, at
        parts.append(text[end:close])
        if mark == '"' and text.startswith('"', close + 1):
            parts.append('"')
            end = close + 2
            continue
        return "".join(parts), close + 1


def quote(text: str) -> str:
    """The value as it stands in a dump: in double quotes, and on one line whatever it holds."""
    if printable(text, limit=1 << 20) == text:
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return f"u{json.dumps(text)}"
