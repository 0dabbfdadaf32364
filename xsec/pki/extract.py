"""A user name out of a certificate's text, or the reason why there is none (CA-2, CA-3, NA-2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from xsec.pki import objects
from xsec.pki.pattern import Compiled, Exploded, Match, Pieces, unknown_groups
from xsec.pki.text import SafeText, Span
from xsec.pki.textvalue import is_unsafe

MAXIMUM_NAME = 255

# Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point beside the format characters):
# with one of them a name looks like another's.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no user name was taken; `code` is stable."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What pattern and format make of a text.

    `resulting_string` is what they say; `username` is the same when nothing speaks against it.
    """

    resulting_string: str | None = None
    username: str | None = None
    refused: tuple[Refusal, ...] = ()
    groups: tuple[tuple[str, str], ...] = field(default=())


class _No(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(code=code, detail=detail)


def extract(pattern: Compiled, pieces: Pieces, text: SafeText) -> Extraction:
    """The user name that the text gives.

    Every match must give the same one; one refused match refuses all, since nobody can tell which is meant.
    """
    unknown = unknown_groups(pattern, pieces)
    if unknown:
        return Extraction(
            refused=(Refusal(code="unknown_group", detail=f"the pattern has no group {unknown[0]}"),)
        )
    try:
        matches = pattern.matches(text.text)
    except Exploded as error:
        return Extraction(refused=(Refusal(code="pattern_exploded", detail=error.what), *_tricks(text)))
    if not matches:
        return Extraction(
            refused=(Refusal(code="no_match", detail="the pattern matches nothing"), *_tricks(text))
        )
    refused: list[Refusal] = list(_tricks(text))
    results: dict[str, tuple[tuple[str, str], ...]] = {}
    for match in matches:
        string, groups = _assemble(match, pieces, text, refused)
        results.setdefault(string, groups)
        refused += _unfit(string)
    first, groups = next(iter(results.items()))
    if len(results) > 1:
        shown = ", ".join(repr(name) for name in list(results)[:3])
        refused.append(Refusal(code="several_names", detail=f"the pattern matches {shown}"))
    reasons = tuple(dict.fromkeys(refused))
    return Extraction(
        resulting_string=first, username=None if reasons else first, refused=reasons, groups=groups
    )


def _tricks(text: SafeText) -> Iterator[Refusal]:
    for trick in text.tricks:
        yield Refusal(code="text_differs", detail=f"{trick.field} holds {trick.what}")


def _assemble(
    match: Match, pieces: Pieces, text: SafeText, refused: list[Refusal]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    out: list[str] = []
    groups: list[tuple[str, str]] = []
    for piece, is_group in pieces:
        if not is_group:
            out.append(piece)
            continue
        start, end = match.groups[piece]
        if start < 0:
            refused.append(
                Refusal(code="group_unmatched", detail=f"the group {piece} took no part in the match")
            )
            continue
        try:
            value = captured(text, start, end)
        except _No as no:
            refused.append(no.refusal)
            value = text.text[start:end]
        if not value:
            refused.append(Refusal(code="empty", detail=f"the group {piece} is empty"))
        groups.append((piece, value))
        out.append(value)
    return "".join(out), tuple(groups)


def _unfit(name: str) -> Iterator[Refusal]:
    """What a user name may not be, whatever the certificate says."""
    if not name.strip():
        yield Refusal(code="empty", detail="the name is empty")
    elif name != name.strip():
        yield Refusal(code="outer_blank", detail="the name begins or ends with a blank")
    if "\n" in name:
        yield Refusal(code="several_lines", detail="the name runs over the end of its line")
    elif any(map(is_unsafe, name)) or _INVISIBLE.search(name):
        yield Refusal(code="control_character", detail="the name holds a control or invisible character")
    if len(name) > MAXIMUM_NAME:
        yield Refusal(code="too_long", detail=f"the name has {len(name)} characters, at most {MAXIMUM_NAME}")


# What was captured ----------------------------------------------------------------------------------------


def captured(text: SafeText, start: int, end: int) -> str:
    r"""The captured text with RFC 2253 escapes decoded where it is (part of) one value of a name.

    Elsewhere a backslash is itself.  A capture over several values stays in RFC 2253 form, which is
    unambiguous; decoded, `CN=a\,OU=b` and `CN=a,OU=b` would give one user.
    """
    string = text.text
    value = next((span for span in text.values if span.start <= start <= span.end), None)
    if value is not None:
        _check_label(string[value.start : start], value)
    line = next((span for span in text.names if span.start <= start < span.end), None)
    if line is None or value is None:
        return string[start:end]
    if end > value.end:
        return string[start:end]
    _check_edges(string, start, end, value)
    return _decode(string[start:end])


_LABELS = re.compile(
    r"(?<![A-Za-z0-9])(?:Subject|Issuer|DNS|email|URI|DirName|othername|UPN|SRVName|XmppAddr|NAIRealm|"
    r"SmtpUTF8Mailbox|IP Address|Registered ID)\s*:|(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9.]*)\s*=",
    re.IGNORECASE,
)


def _check_label(before: str, value: Span) -> None:
    r"""Refuse what follows a label that stands within a value: `OU=x\,CN=admin` has no CN."""
    for found in _LABELS.finditer(before):
        if found[1] is None or found[1].casefold() in objects.attributes():
            raise _No("label_in_value", f"{found[0].strip()} stands within {value.field}, and is no field")


def _check_edges(string: str, start: int, end: int, value: Span) -> None:
    if string.startswith("#", value.start):
        raise _No("not_a_string", f"{value.field} is no character string")
    at = value.start
    while at < start:  # step over whole escapes, to see whether the capture starts within one
        at += _step(string, at)
    if at != start:
        raise _No("cut_escape", "the capture begins within an escape")
    if end < value.end and string[end] == "\\":
        raise _No(
            "cut_at_escape", "the capture ends at an escaped character, which the pattern does not take"
        )


def _step(string: str, at: int) -> int:
    if string[at] != "\\":
        return 1
    return 3 if re.match(r"[0-9A-F]{2}", string[at + 1 : at + 3]) else 2


_ESCAPED = frozenset(',+"\\<>;#= ')


def _decode(shown: str) -> str:
    octets = bytearray()
    at = 0
    while at < len(shown):
        step = _step(shown, at)
        if step == 1:
            octets += shown[at].encode("utf-8", "surrogatepass")
        elif step == 3:
            octets.append(int(shown[at + 1 : at + 3], 16))
        elif shown[at + 1 : at + 2] in _ESCAPED and shown[at + 1 : at + 2]:
            octets += shown[at + 1].encode()
        else:
            raise _No("cut_escape", "the capture ends within an escape")
        at += step
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise _No("not_utf8", "the capture is no UTF-8 once its escapes are decoded") from None
