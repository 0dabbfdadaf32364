"""PEM (RFC 7468): the blocks of a file, with the place of each, in time linear in the file's size."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from xsec.errors import InvalidValue

MAXIMUM_BLOCKS = 50_000

_BEGIN = re.compile(rb"-----BEGIN ([^\r\n]{0,64}?)-----")
_END = re.compile(rb"-----END ([^\r\n]{0,64}?)-----")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BLANK = b" \t\r\n\x0b\x0c"


class Block(NamedTuple):
    """One block: its label, what it encodes, the block as it stands, and its place for messages."""

    label: str
    der: bytes
    text: bytes
    where: str


def is_pem(data: bytes) -> bool:
    """Whether any block begins in the data."""
    return _BEGIN.search(data) is not None


def write(label: str, der: bytes) -> bytes:
    """One block with lines of 64 characters (RFC 7468, 2)."""
    text = binascii.b2a_base64(der, newline=False)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([f"-----BEGIN {label}-----".encode(), *lines, f"-----END {label}-----".encode(), b""])


def blocks(data: bytes, name: str) -> Iterator[Block]:
    """Every block in order; `InvalidValue` names the block, the line and the fault.

    Text between blocks is skipped; a CRL may have a million lines, so nothing here goes line by line.
    """
    at, line, counted, number = 0, 1, 0, 0
    while begin := _BEGIN.search(data, at):
        number += 1
        line += _line_ends(data, counted, begin.start())
        counted = begin.start()
        where = f"{name}: block {number}, line {line}"
        if number > MAXIMUM_BLOCKS:
            raise InvalidValue(
                f"more than {MAXIMUM_BLOCKS} blocks", where=where, allowed=f"at most {MAXIMUM_BLOCKS} blocks"
            )
        _check_line_start(data, begin.start(), at, where)
        label = begin[1]
        end = _END.search(data, begin.end())
        again = _BEGIN.search(data, begin.end(), end.start() if end else len(data))
        if end is None or again is not None:
            raise InvalidValue(
                f"the block {_shown(label)} has no END line",
                where=where,
                allowed=f"a line -----END {_shown(label)}-----",
            )
        if end[1] != label:
            raise InvalidValue(
                f"the block begins as {_shown(label)} and ends as {_shown(end[1])}", where=where
            )
        block = _decode(data, begin.end(), end.start(), label, name, number, line)
        yield Block(_shown(label), block, data[begin.start() : end.end()], where)
        at = end.end()


def _check_line_start(data: bytes, start: int, former: int, where: str) -> None:
    """Refuse text before BEGIN; a former END on the same line is fine: files are joined without a newline."""
    newline = max(data.rfind(b"\n", former, start), data.rfind(b"\r", former, start))
    if data[max(newline + 1, former) : start].strip(b" \t\xef\xbb\xbf"):
        raise InvalidValue(
            "text stands before BEGIN on its line", where=where, allowed="BEGIN on a line of its own"
        )


def _line_ends(data: bytes, start: int, end: int) -> int:
    """The line ends in a part: LF, CR LF, or CR alone."""
    return data.count(b"\n", start, end) or data.count(b"\r", start, end)


def _decode(data: bytes, start: int, end: int, label: bytes, name: str, number: int, line: int) -> bytes:
    body = data[start:end]
    if _HEADER.match(body.lstrip(_BLANK)):
        if not label.endswith(b"PRIVATE KEY"):
            raise InvalidValue(
                f"header lines stand in the block {_shown(label)}",
                where=f"{name}: block {number}, line {line + 1}",
                allowed="base64 only",
            )
        body = re.split(rb"\r?\n\r?\n|\r\r", body, maxsplit=1)[-1]
    try:
        block = binascii.a2b_base64(body.translate(None, _BLANK), strict_mode=True)
    except binascii.Error:
        raise _bad_base64(data, start, end, name, number, line) from None
    if not block:
        raise InvalidValue("the block is empty", where=f"{name}: block {number}, line {line}")
    return block


def _bad_base64(data: bytes, start: int, end: int, name: str, number: int, line: int) -> InvalidValue:
    wrong = _NOT_BASE64.search(data, start, end)
    if wrong is None:
        what = "the base64 is cut off, or padded in the wrong place"
        return InvalidValue(what, where=f"{name}: block {number}, line {line + _line_ends(data, start, end)}")
    place = f"{name}: block {number}, line {line + _line_ends(data, start, wrong.start())}"
    return InvalidValue(
        f"the octet 0x{wrong[0][0]:02x} is not base64", where=place, allowed="A-Z a-z 0-9 + / ="
    )


def _shown(label: bytes) -> str:
    return label.decode("ascii", "backslashreplace")
