"""The logs: hash-chained records of who did what (SY-8, rules.md SE-8).

| path below /var/lib/xsec/log | what |
| --- | --- |
| `event.00000001.log`, ... | the records, in segments that stay chained |
| `event.head` | how many records there are, and the hash of the last: a tail cut off is missed |
| `event.lock` | held by every append |

Segments are only ever added to.  What a kill left unfinished stays where it is, and the next append writes a
record that says so and covers it with a digest.  What it cannot explain so it records as damage, which
`verify` reports from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from xsec.output.escape import printable
from xsec.ports import Actor, Files
from xsec.state import chain
from xsec.state.chain import DAMAGED, REPAIRED, Point, Problem, Record, Walk

FOLDER = PurePosixPath("/var/lib/xsec/log")
NAMES = ("event", "configuration")

_GENERATIONS = PurePosixPath("/var/lib/xsec/config")
_LOST = "the log is gone, and the store has generations"
_SEGMENT_OCTETS = 1 << 20
_SEGMENT_LIMIT = 64 << 20
_PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What checking a log showed.

    `repairs` are the numbers of records that tell of an interrupted append; `unfinished` tells of one that
    the next record will cover.  Neither is a problem: nothing that was acknowledged is missing.
    """

    name: str
    records: int
    problem: Problem | None = None
    repairs: tuple[int, ...] = ()
    unfinished: str = ""

    @property
    def verifies(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """After which record the log goes on, and what must be told about its end as it is."""

    after: Point
    leftover: bytes = b""
    event: str = ""
    what: str = ""

    def told(self) -> tuple[bytes, Mapping[str, chain.Value]]:
        """What ends the leftover's line, and the fields of the record that tells of it."""
        if not self.leftover:
            return b"", {"detail": self.what}
        # not a newline alone: that would finish a record of which nothing but its end is missing
        joint = b"" if self.leftover.endswith(b"\n") else b" interrupted\n"
        begins = printable(self.leftover[:200].decode("utf-8", "replace"))
        return joint, {
            "detail": self.what,
            "leftover": chain.digest(self.leftover + joint),
            "begins": begins,
        }


class Log:
    """One log of a host."""

    def __init__(self, files: Files, name: str, *, segment_octets: int = _SEGMENT_OCTETS) -> None:
        self.files = files
        self.name = name
        self.segment_octets = segment_octets
        self._segment = re.compile(rf"{re.escape(name)}\.(\d{{8}})\.log")

    # Writing -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the log, empty; one that is there already stays.

        This comes before the first generation: a store that has one and no log has lost it.
        """
        self.files.make_folder(FOLDER, mode=0o700)
        with self.files.lock(FOLDER / f"{self.name}.lock", patience=_PATIENCE):
            if not self._numbers() and self.files.info(self._head_path) is None:
                self._put_head(Point())

    def append(
        self, event: str, *, actor: Actor, now: datetime, fields: Mapping[str, object] | None = None
    ) -> Record:
        """Add a record, durable when this returns; `TypeError` when a field holds a secret."""
        return self.extend([(event, fields or {})], actor=actor, now=now)[-1]

    def extend(
        self, events: Sequence[tuple[str, Mapping[str, object]]], *, actor: Actor, now: datetime
    ) -> tuple[Record, ...]:
        """Add several records with one write; the record of a repair comes first where one was due."""
        wanted = [(event, chain.field_values(fields)) for event, fields in events]
        if not wanted:
            return ()
        self.files.make_folder(FOLDER, mode=0o700)
        with self.files.lock(FOLDER / f"{self.name}.lock", patience=_PATIENCE):
            end = self._end()
            data = b""
            if end.event:
                data, told = end.told()
                wanted.insert(0, (end.event, dict(told)))
            records: list[Record] = []
            after = end.after
            for event, fields in wanted:
                record, line = chain.make(after, event, fields, actor, now)
                records.append(record)
                data += line
                after = Point(count=record.n, hash=record.hash)
            self.files.append(self._room(), data, mode=0o600)
            self._put_head(after)
        return tuple(records)

    def _room(self) -> PurePosixPath:
        """The segment that the next record goes to."""
        number = max(self._numbers(), default=1)
        facts = self.files.info(self._path(number))
        full = facts is not None and facts.size >= self.segment_octets
        return self._path(number + 1 if full else number)

    def _end(self) -> _End:
        """How the log ends, held against its head; a log that is not there yet is begun."""
        try:
            head = self._head()
        except FileNotFoundError:
            if not self._numbers():
                if self._lost():
                    return _End(after=Point(), event=DAMAGED, what=_LOST)
                self._put_head(Point())  # before the first record: a head that is missing later was removed
                return _End(after=Point())
            head = None
        uncounted: list[bytes] = []
        found = Point()
        for line in self._lines_back():
            record = chain.parse(line)
            if record is not None and (head is None or record.n <= head.count):
                found = Point(count=record.n, hash=record.hash)
                break
            uncounted.append(line)
        uncounted.reverse()
        return _judge(head, found, uncounted)

    def _lost(self) -> bool:
        """Whether a log must be here: setup makes it before the first generation."""
        return bool(self.files.names(_GENERATIONS))

    def _head(self) -> Point | None:
        """The head, None when it does not read; `FileNotFoundError` when it is not there."""
        body = chain.unseal(self.files.read(self._head_path, limit=4096))
        if body is None or set(body) != {"count", "last", "hash"}:
            return None
        return Point(count=body["count"], hash=body["last"])

    def _put_head(self, head: Point) -> None:
        line, _ = chain.seal({"count": head.count, "last": head.hash})
        self.files.replace(self._head_path, line, mode=0o600)

    # Reading -----------------------------------------------------------------------------------------

    def records(self, *, last: int | None = None, since: datetime | None = None) -> Iterator[Record]:
        """The records in order, or the newest `last`, or those since a moment.

        Lines that are not as they were written are left out; `verify` tells of them.
        """
        newest: list[Record] = []
        for line in self._lines_back():
            record = chain.parse(line)
            if record is None:
                continue
            if len(newest) == last or (since is not None and record.time < since):
                break
            newest.append(record)
        yield from reversed(newest)

    def last_generation(self) -> int | None:
        """The generation that the newest record with one names; None when none does."""
        for line in self._lines_back():
            record = chain.parse(line)
            if record is not None and isinstance(record.fields.get("generation"), int):
                return int(record.fields["generation"])
        return None

    def _lines_back(self) -> Iterator[bytes]:
        for number in reversed(self._numbers()):
            yield from reversed(chain.split(self._octets(number)))

    def _numbers(self) -> tuple[int, ...]:
        found = (self._segment.fullmatch(name) for name in self.files.names(FOLDER))
        return tuple(int(match[1]) for match in found if match)

    def _octets(self, number: int) -> bytes:
        return self.files.read(self._path(number), limit=_SEGMENT_LIMIT)

    def _path(self, number: int) -> PurePosixPath:
        return FOLDER / f"{self.name}.{number:08d}.log"

    @property
    def _head_path(self) -> PurePosixPath:
        return FOLDER / f"{self.name}.head"

    # Verifying ---------------------------------------------------------------------------------------

    def verify(self) -> Verification:
        """Check every octet: each record, the chain, the segments, and the head."""
        numbers = self._numbers()
        missing = False
        head: Point | None = None
        try:
            head = self._head()
        except FileNotFoundError:
            missing = True
        walk = Walk(watch=head.count if head else 0)
        for place, number in enumerate(numbers, 1):
            walk.file, walk.line = self._path(number).name, 0
            if number != place:
                walk.fail(f"segment {place} is missing")
            if walk.problem is None:
                walk.lines(chain.split(self._octets(number)))
        walk.line += 1
        if missing and not numbers and self._lost():
            walk.file = self._head_path.name
            walk.fail(_LOST)
        elif missing and numbers:
            walk.fail(f"{self._head_path.name} is missing")
        elif head is None and not missing:
            walk.fail(f"{self._head_path.name} is not as it was written")
        elif head is not None:
            self._hold(walk, head)
        return Verification(
            name=self.name,
            records=walk.last.count,
            problem=walk.problem,
            repairs=tuple(walk.repairs),
            unfinished=_unfinished(walk, head or Point()),
        )

    def _hold(self, walk: Walk, head: Point) -> None:
        """Hold a chain that was walked to its end against the head."""
        if head.count > walk.last.count:
            walk.fail(f"records {walk.last.count + 1} to {head.count} are missing at the end")
        elif walk.watched != head.hash:
            walk.fail(f"{self._head_path.name} names another record {head.count}")


def _judge(head: Point | None, found: Point, uncounted: Sequence[bytes]) -> _End:
    """How a log ends: clean, interrupted, or damaged.

    `found` is the last record that the head counts, as it was found; `uncounted` are the lines after it.
    """
    if head == found and not uncounted:
        return _End(after=head)
    walk = Walk(found)
    walk.lines(uncounted)
    if head == found and walk.problem is None:
        what = (
            f"an append was interrupted: {walk.last.count - head.count} records not counted, "
            f"{len(walk.leftover)} octets left over"
        )
        return _End(after=walk.last, leftover=walk.leftover, event=REPAIRED, what=what)
    if head is None:
        what = "the head was missing or not as it was written"
    elif walk.problem is not None:
        what = f"after record {found.count}: {walk.problem.what}"
    else:
        what = f"the head counts {head.count} records, the last one found is {found.count}"
    after = max((head or Point(), walk.last), key=lambda point: point.count)
    return _End(after=after, leftover=b"".join(uncounted), event=DAMAGED, what=what)


def _unfinished(walk: Walk, head: Point) -> str:
    ahead, left = walk.last.count - head.count, len(walk.leftover)
    if walk.problem is not None or not (ahead or left):
        return ""
    return (
        f"an append was interrupted ({ahead} records not counted, {left} octets left over); the next tells so"
    )
