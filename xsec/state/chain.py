"""Chained lines: one JSON object a line, whose hash covers every octet before it and so the line before.

A log is such a chain with a head that counts it (`state.log`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from xsec.output.escape import printable
from xsec.ports import Actor
from xsec.secret import Secret

START = "0" * 64
"""What the first record names as the hash before it."""
REPAIRED = "Log Repaired"
DAMAGED = "Log Damaged"

_VALUE = 1024
_FIELDS = 32
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_LINE = re.compile(rb'(\{[^\n]*),"hash":"([0-9a-f]{64})"\}\n')
_SPLIT = re.compile(rb"[^\n]*\n|[^\n]+")

Value = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing that happened; `n` counts from 1, `hash` covers everything else and so the record before."""

    n: int
    time: datetime
    user: str
    uid: int
    command: str
    event: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    previous: str = START
    hash: str = ""

    def line(self) -> str:
        """The record for people: time, process, then name="value" pairs, Event first and Level last."""
        pairs: list[tuple[str, object]] = [
            ("Event", self.event),
            ("User", self.user),
            ("Command", self.command),
            *((name[:1].upper() + name[1:], value) for name, value in self.fields.items()),
            ("Level", 1),
        ]
        shown = " ".join(f'{name}="{_quoted(str(value))}"' for name, value in pairs if value != "")
        return f"{self.time:%Y-%m-%dT%H:%M:%SZ} xsec: {shown}"


def _quoted(text: str) -> str:
    return printable(text.replace("\\", "\\\\").replace('"', '\\"'))


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in a chain: how many records come up to it, and the hash of the last of them."""

    count: int = 0
    hash: str = START


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The first place where a log does not verify: file, line from 1, the record expected there."""

    file: str
    line: int
    record: int
    what: str


class Walk:
    """The check of a chain, line after line, from the point `last`.

    Octets that are no record are kept as `leftover`; they are in order only when the record after them
    says so with their digest, as the repair of an interrupted append does.
    """

    def __init__(self, last: Point | None = None, *, watch: int = 0) -> None:
        self.last = last or Point()
        self.watch = watch
        self.watched = self.last.hash if self.last.count == watch else ""
        """The hash of record `watch`, once passed."""
        self.file = ""
        self.line = 0
        self.leftover = b""
        self.repairs: list[int] = []
        self.problem: Problem | None = None
        self._leftover_at = ("", 0)

    def fail(self, what: str, at: tuple[str, int] | None = None) -> None:
        """Keep the first problem only."""
        if self.problem is None:
            file, line = at or (self.file, self.line)
            self.problem = Problem(file=file, line=line, record=self.last.count + 1, what=what)

    def lines(self, lines: Iterable[bytes]) -> None:
        """Go on over these lines, up to the first problem."""
        for line in lines:
            self.line += 1
            if self.problem is None:
                self._take(line)

    def _take(self, line: bytes) -> None:
        record = parse(line)
        if record is None:
            self._leftover_at = self._leftover_at if self.leftover else (self.file, self.line)
            self.leftover += line
            return
        covered = record.fields.get("leftover", "")
        if covered != (digest(self.leftover) if self.leftover else ""):
            what = "a line is not a record, or not as it was written"
            self.fail(what, self._leftover_at if self.leftover else None)
        elif record.previous != self.last.hash or record.n != self.last.count + 1:
            self.fail(f"a record numbered {record.n} does not follow record {self.last.count}")
        elif record.event == DAMAGED:
            self.fail(f"the record tells of damage found then: {record.fields.get('detail', '')}")
        if record.event == REPAIRED:
            self.repairs.append(record.n)
        self.leftover = b""
        self.last = Point(count=record.n, hash=record.hash)
        if record.n == self.watch:
            self.watched = record.hash


# Lines ---------------------------------------------------------------------------------------------------


def split(data: bytes) -> list[bytes]:
    """The lines with their ends; the last one may have none."""
    return _SPLIT.findall(data)


def digest(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def seal(body: Mapping[str, object]) -> tuple[bytes, str]:
    """A line whose hash covers every octet before it, and the hash."""
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()
    mark = digest(text)
    return text[:-1] + f',"hash":"{mark}"}}\n'.encode(), mark


def unseal(line: bytes) -> dict[str, Any] | None:
    """The object of a line, its hash included; None when one octet differs from what was written."""
    match = _LINE.fullmatch(line)
    if match is None or digest(match[1] + b"}") != match[2].decode():
        return None
    try:
        body = json.loads(line)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def parse(line: bytes) -> Record | None:
    """The record of a line; None when it is not one, or not as it was written."""
    body = unseal(line)
    if body is None or not isinstance(body.get("fields"), dict) or not isinstance(body.get("n"), int):
        return None
    try:
        time = datetime.fromisoformat(body["time"])
        return Record(**{**body, "time": time.astimezone(UTC)}) if time.tzinfo else None
    except (TypeError, ValueError, KeyError):
        return None


def make(
    after: Point, event: str, fields: Mapping[str, Value], actor: Actor, now: datetime
) -> tuple[Record, bytes]:
    """The record that follows a point, and its line."""
    body: dict[str, Any] = {
        "n": after.count + 1,
        "time": now.astimezone(UTC).isoformat(timespec="milliseconds"),
        "user": text_value(actor.name),
        "uid": actor.uid,
        "command": text_value(actor.command),
        "event": text_value(event),
        "fields": fields,
        "previous": after.hash,
    }
    line, mark = seal(body)
    return Record(**{**body, "time": now.astimezone(UTC)}, hash=mark), line


# Values --------------------------------------------------------------------------------------------------


def text_value(text: str) -> str:
    """Bounded; JSON escapes what is not printable ASCII, so that no value begins a line."""
    return text if len(text) <= _VALUE else f"{text[:_VALUE]}... ({len(text)} characters)"


def field_values(fields: Mapping[str, object]) -> dict[str, Value]:
    """The fields of a record as they are written; `TypeError` when one holds a secret."""
    if len(fields) > _FIELDS:
        raise ValueError(f"a log record takes at most {_FIELDS} fields")
    for name in fields:
        if not _NAME.fullmatch(name) or name == "leftover":
            raise ValueError(f"{printable(name)!r} is not a name of a log field")
    return {name: _value(name, value) for name, value in fields.items()}


def _value(name: str, value: object) -> Value:
    match value:
        case Secret():
            raise TypeError(f"the log field {name} would hold a secret")
        case bool() | int():
            return value
        case str():
            return text_value(str(value))
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case _:
            raise TypeError(f"the log field {name} cannot hold {type(value).__name__}")
