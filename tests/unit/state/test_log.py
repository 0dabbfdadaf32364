"""The logs: every change of an octet is found, an interrupted append is repaired and told (SY-8, SE-8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsec.edge.files import RootedFiles
from xsec.ports import Actor, FileInfo, Owner
from xsec.secret import Secret
from xsec.state import chain
from xsec.state.log import FOLDER, Log

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Actor(uid=0, name="root", command="xsec test")
SEGMENT = FOLDER / "event.00000001.log"
HEAD = FOLDER / "event.head"


class PowerLoss(BaseException):
    """No handler swallows it."""


@dataclass
class MemoryFiles:
    """Files in memory; the power fails at effect number `cut`, `torn` octets into an append."""

    content: dict[PurePosixPath, bytes] = field(default_factory=dict)
    cut: int = -1
    torn: int = 0

    def _effect(self) -> bool:
        self.cut -= 1
        return self.cut == -1

    def read(self, path: PurePosixPath, *, limit: int = 1 << 28) -> bytes:
        if path not in self.content:
            raise FileNotFoundError(path)
        return self.content[path]

    def info(self, path: PurePosixPath) -> FileInfo | None:
        if path not in self.content:
            return None
        return FileInfo(
            size=len(self.content[path]),
            mode=0o600,
            owner=Owner(),
            links=1,
            inode=1,
            modified_ns=0,
            changed_ns=0,
        )

    def names(self, path: PurePosixPath) -> tuple[str, ...]:
        return tuple(sorted(name.name for name in self.content if name.parent == path))

    def make_folder(self, path: PurePosixPath, *, mode: int = 0o700) -> None:
        pass

    def replace(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        if self._effect():
            raise PowerLoss
        self.content[path] = data

    def append(self, path: PurePosixPath, data: bytes, *, mode: int = 0o600) -> None:
        lost = self._effect()
        self.content[path] = self.content.get(path, b"") + (data[: self.torn] if lost else data)
        if lost:
            raise PowerLoss

    @contextmanager
    def lock(self, path: PurePosixPath, *, patience: timedelta) -> Iterator[None]:
        yield

    # not used by a log
    map = create = publish = remove = remove_tree = sweep = on_disk = NotImplemented


def small(files: MemoryFiles, count: int = 3, **kwargs: int) -> Log:
    log = Log(files, "event", **kwargs)
    for number in range(count):
        log.append("Alarm raised", actor=ROOT, now=NOW, fields={"id": 70100 + number, "object": "clock"})
    return log


def test_what_is_appended_reads_back_and_verifies() -> None:
    log = small(MemoryFiles())
    assert [record.n for record in log.records()] == [1, 2, 3]
    assert list(log.records())[2].fields == {"id": 70102, "object": "clock"}
    assert (log.verify().verifies, log.verify().records, log.verify().repairs) == (True, 3, ())


def test_a_log_that_was_never_written_verifies() -> None:
    assert Log(MemoryFiles(), "event").verify().verifies


def test_each_flipped_bit_is_found() -> None:
    files = MemoryFiles()
    log = small(files)
    missed = []
    for path in (SEGMENT, HEAD):
        whole = files.content[path]
        for place in range(len(whole) * 8):
            flipped = bytearray(whole)
            flipped[place // 8] ^= 1 << place % 8
            files.content[path] = bytes(flipped)
            if log.verify().verifies:
                missed.append((path.name, place))
        files.content[path] = whole
    assert missed == []


def test_each_flipped_bit_is_still_found_after_the_next_record() -> None:
    files = MemoryFiles()
    log = small(files, 2)
    whole, missed = dict(files.content), []
    for path in (SEGMENT, HEAD):
        for place in range(0, len(whole[path]) * 8, 7):
            flipped = bytearray(whole[path])
            flipped[place // 8] ^= 1 << place % 8
            files.content = {**whole, path: bytes(flipped)}
            log.append("Alarm lowered", actor=ROOT, now=NOW)
            log.append("Alarm lowered", actor=ROOT, now=NOW)
            if log.verify().verifies:
                missed.append((path.name, place))
    assert missed == []


def test_a_cut_at_each_octet_is_found_also_at_the_end_of_a_record() -> None:
    files = MemoryFiles()
    log = small(files)
    whole = dict(files.content)
    missed = []
    for path in (SEGMENT, HEAD):
        for length in range(len(whole[path])):
            files.content = {**whole, path: whole[path][:length]}
            if log.verify().verifies:
                missed.append((path.name, length))
            log.append("Alarm lowered", actor=ROOT, now=NOW)
            if log.verify().verifies:
                missed.append((path.name, -length))
    assert missed == []


@pytest.mark.parametrize("gone", [SEGMENT, HEAD])
def test_a_file_that_is_gone_is_found(gone: PurePosixPath) -> None:
    files = MemoryFiles()
    log = small(files)
    del files.content[gone]
    assert not log.verify().verifies
    log.append("Alarm lowered", actor=ROOT, now=NOW)
    assert not log.verify().verifies


def test_a_missing_segment_in_the_middle_is_found() -> None:
    files = MemoryFiles()
    log = small(files, 9, segment_octets=700)
    assert log.verify().verifies
    assert len(files.names(FOLDER)) > 3
    del files.content[FOLDER / "event.00000002.log"]
    problem = log.verify().problem
    assert problem is not None
    assert "segment 2 is missing" in problem.what


def test_two_records_that_changed_places_are_found() -> None:
    files = MemoryFiles()
    log = small(files)
    lines = chain.split(files.content[SEGMENT])
    files.content[SEGMENT] = lines[1] + lines[0] + lines[2]
    assert not log.verify().verifies


def test_the_first_bad_place_is_told_by_file_and_line() -> None:
    files = MemoryFiles()
    log = small(files)
    files.content[SEGMENT] = files.content[SEGMENT].replace(b"70101", b"70109")
    problem = log.verify().problem
    assert problem is not None
    assert (problem.file, problem.line, problem.record) == ("event.00000001.log", 2, 2)


# Interrupted appends -------------------------------------------------------------------------------------


def test_a_record_torn_at_any_octet_is_repaired_and_told() -> None:
    whole = MemoryFiles()
    small(whole)
    for torn in range(len(chain.split(whole.content[SEGMENT])[-1]) + 1):
        files = MemoryFiles()
        log = small(files, 2)
        files.cut, files.torn = 0, torn
        with pytest.raises(PowerLoss):
            small_append(log)
        seen = log.verify()
        assert (seen.verifies, bool(seen.unfinished)) == (True, torn > 0)
        small_append(log)
        after = log.verify()
        assert (after.verifies, after.unfinished, len(after.repairs)) == (True, "", 1 if torn else 0)
        assert list(log.records())[-1].fields["id"] == 70102


def small_append(log: Log) -> None:
    log.append("Alarm raised", actor=ROOT, now=NOW, fields={"id": 70102, "object": "clock"})


def test_a_record_that_the_head_does_not_count_yet_stays_and_is_told() -> None:
    files = MemoryFiles()
    log = small(files, 2)
    files.cut = 1
    with pytest.raises(PowerLoss):
        small_append(log)
    small_append(log)
    assert [record.event for record in log.records()][2:] == ["Alarm raised", chain.REPAIRED, "Alarm raised"]
    assert (log.verify().verifies, log.verify().repairs) == (True, (4,))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 900)), max_size=5),
    st.sampled_from([300, 900, 1 << 20]),
)
def test_a_log_verifies_after_any_row_of_power_losses(losses: list[tuple[int, int]], segment: int) -> None:
    files = MemoryFiles()
    log = small(files, 2, segment_octets=segment)
    for cut, torn in losses:
        files.cut, files.torn = cut, torn
        try:
            log.extend([("Alarm raised", {"id": 1}), ("Alarm lowered", {"id": 1})], actor=ROOT, now=NOW)
        except PowerLoss:
            assert log.verify().verifies
        files.cut = -1
    small_append(log)
    assert log.verify().verifies
    assert log.verify().unfinished == ""


def test_power_lost_at_the_very_first_record_leaves_a_log_that_goes_on() -> None:
    for cut in range(3):
        files = MemoryFiles(cut=cut, torn=10)
        with pytest.raises(PowerLoss):
            small(files)
        assert small(files).verify().verifies


# Values --------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(), max_size=5), st.text())
def test_no_value_begins_a_record_or_is_changed(fields: dict[str, str], event: str) -> None:
    fields.pop("leftover", None)
    files = MemoryFiles()
    log = Log(files, "event")
    log.append(event, actor=ROOT, now=NOW, fields=fields)
    assert files.content[SEGMENT].count(b"\n") == 1
    (record,) = log.records()
    assert (record.event, record.fields) == (event, fields)
    assert len(record.line().splitlines()) == 1
    assert log.verify().verifies


def test_a_secret_is_refused_and_nothing_is_written() -> None:
    files = MemoryFiles()
    with pytest.raises(TypeError):
        Log(files, "event").append("x", actor=ROOT, now=NOW, fields={"pin": Secret(b"1234")})
    assert files.content == {}


def test_a_long_value_is_bounded() -> None:
    files = MemoryFiles()
    log = Log(files, "event")
    log.append("x", actor=ROOT, now=NOW, fields={"item": "a" * 100_000})
    assert len(files.content[SEGMENT]) < 2000


def test_a_line_for_people_names_the_event_first_and_the_level_last() -> None:
    (record, *_) = small(MemoryFiles()).records()
    assert record.line() == (
        '2026-03-01T12:00:00Z xsec: Event="Alarm raised" User="root" Command="xsec test" '
        'Id="70100" Object="clock" Level="1"'
    )


def test_the_newest_records_and_those_since_a_moment_are_found_across_segments() -> None:
    files = MemoryFiles()
    log = Log(files, "event", segment_octets=500)
    for hour in range(8):
        log.append("x", actor=ROOT, now=NOW + timedelta(hours=hour))
    assert [record.n for record in log.records(last=3)] == [6, 7, 8]
    assert [record.n for record in log.records(since=NOW + timedelta(hours=6))] == [7, 8]


def test_the_last_generation_is_that_of_the_newest_record_that_names_one() -> None:
    log = small(MemoryFiles())
    assert log.last_generation() is None
    log.append("System Configuration Changed", actor=ROOT, now=NOW, fields={"generation": 7})
    log.append("x", actor=ROOT, now=NOW)
    assert log.last_generation() == 7


def test_a_log_on_a_disk_verifies(tmp_path: Path) -> None:
    log = Log(RootedFiles(str(tmp_path)), "event")
    log.append("x", actor=ROOT, now=NOW)
    log.append("y", actor=ROOT, now=NOW)
    assert (log.verify().verifies, log.verify().records) == (True, 2)
    assert (tmp_path / str(SEGMENT).lstrip("/")).stat().st_mode & 0o777 == 0o600
