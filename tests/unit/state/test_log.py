"""The logs: every change of an octet is found, an interrupted append is repaired and told (SY-8, SE-8)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.files import CrashingFiles, MemoryFiles, PowerLoss, every_crash
from xsec.edge.files import RootedFiles
from xsec.errors import Unavailable
from xsec.ports import Actor, Files
from xsec.secret import Secret
from xsec.state import chain
from xsec.state.log import FOLDER, Log

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Actor(uid=0, name="root", command="xsec test")
SEGMENT = str(FOLDER / "event.00000001.log")
HEAD = str(FOLDER / "event.head")


def small(files: Files, count: int = 3, **kwargs: int) -> Log:
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


def flips(data: bytes, step: int = 1) -> list[bytes]:
    flipped = []
    for place in range(0, len(data) * 8, step):
        copy = bytearray(data)
        copy[place // 8] ^= 1 << place % 8
        flipped.append(bytes(copy))
    return flipped


def test_each_flipped_bit_is_found() -> None:
    files = MemoryFiles()
    log = small(files)
    missed = []
    for path in (SEGMENT, HEAD):
        whole = files.contents()[path]
        for place, flipped in enumerate(flips(whole)):
            files.tamper(path, flipped)
            if log.verify().verifies:
                missed.append((path, place))
        files.tamper(path, whole)
    assert missed == []
    assert log.verify().verifies


def test_each_flipped_bit_is_still_found_after_more_records() -> None:
    start = MemoryFiles()
    small(start, 2)
    missed = []
    for path in (SEGMENT, HEAD):
        for place, flipped in enumerate(flips(start.contents()[path], step=7)):
            files = start.restarted()
            files.tamper(path, flipped)
            if small(files, 2).verify().verifies:
                missed.append((path, place))
    assert missed == []


def test_a_cut_at_each_octet_is_found_also_at_the_end_of_a_record_and_later() -> None:
    start = MemoryFiles()
    small(start)
    missed = []
    for path in (SEGMENT, HEAD):
        whole = start.contents()[path]
        for length in range(len(whole)):
            files = start.restarted()
            files.tamper(path, whole[:length])
            if Log(files, "event").verify().verifies or small(files, 1).verify().verifies:
                missed.append((path, length))
    assert missed == []


@pytest.mark.parametrize("gone", [SEGMENT, HEAD])
def test_a_file_that_is_gone_is_found(gone: str) -> None:
    files = MemoryFiles()
    log = small(files)
    files.remove(FOLDER / Path(gone).name)
    assert not log.verify().verifies
    log.append("Alarm lowered", actor=ROOT, now=NOW)
    assert not log.verify().verifies


def test_a_missing_segment_in_the_middle_is_found() -> None:
    files = MemoryFiles()
    log = small(files, 9, segment_octets=700)
    assert log.verify().verifies
    assert len(files.names(FOLDER)) > 3
    files.remove(FOLDER / "event.00000002.log")
    problem = log.verify().problem
    assert problem is not None
    assert "segment 2 is missing" in problem.what


def test_two_records_that_changed_places_are_found() -> None:
    files = MemoryFiles()
    log = small(files)
    lines = chain.split(files.contents()[SEGMENT])
    files.tamper(SEGMENT, lines[1] + lines[0] + lines[2])
    assert not log.verify().verifies


def test_the_first_bad_place_is_told_by_file_and_line() -> None:
    files = MemoryFiles()
    log = small(files)
    files.tamper(SEGMENT, files.contents()[SEGMENT].replace(b"70101", b"70109"))
    problem = log.verify().problem
    assert problem is not None
    assert (problem.file, problem.line, problem.record) == ("event.00000001.log", 2, 2)


# Interrupted appends -------------------------------------------------------------------------------------


def test_a_record_torn_at_any_octet_is_repaired_and_told() -> None:
    start = MemoryFiles()
    small(start, 2)
    whole = start.restarted()
    small(whole, 1)
    before, after = start.contents()[SEGMENT], whole.contents()[SEGMENT]
    for length in range(len(before), len(after) + 1):
        files = start.restarted()
        files.tamper(SEGMENT, after[:length])
        log = Log(files, "event")
        assert (log.verify().verifies, bool(log.verify().unfinished)) == (True, length > len(before))
        last = log.append("Alarm lowered", actor=ROOT, now=NOW)
        seen = log.verify()
        told = 1 if length > len(before) else 0
        assert (seen.verifies, seen.unfinished, len(seen.repairs)) == (True, "", told)
        assert list(log.records())[-1] == last


def test_a_record_that_the_head_does_not_count_yet_stays_and_is_told() -> None:
    files = MemoryFiles()
    log = small(files, 2)
    head = files.contents()[HEAD]
    small(files, 1)
    files.tamper(HEAD, head)
    small(files, 1)
    assert [record.event for record in log.records()][2:] == ["Alarm raised", chain.REPAIRED, "Alarm raised"]
    assert (log.verify().verifies, log.verify().repairs) == (True, (4,))


def two(files: Files, segment: int) -> None:
    log = Log(files, "event", segment_octets=segment)
    log.extend([("Alarm raised", {"id": 1}), ("Alarm lowered", {"id": 1})], actor=ROOT, now=NOW)


@pytest.mark.parametrize("segment", [300, 1 << 20])
@pytest.mark.parametrize("already", [0, 1, 3])
def test_power_lost_at_any_effect_leaves_a_log_that_verifies_and_goes_on(already: int, segment: int) -> None:
    start = MemoryFiles()
    small(start, already, segment_octets=segment)
    for _, files in every_crash(start, lambda files: two(files, segment)):
        assert Log(files, "event").verify().verifies
        two(files, segment)
        assert (Log(files, "event").verify().verifies, Log(files, "event").verify().unfinished) == (True, "")


@given(st.lists(st.integers(0, 9), max_size=6), st.sampled_from([300, 900, 1 << 20]))
def test_a_log_verifies_after_any_row_of_power_losses(losses: list[int], segment: int) -> None:
    files = MemoryFiles()
    small(files, 2, segment_octets=segment)
    for at in losses:
        crashing = CrashingFiles.on(files, at=at)
        with suppress(PowerLoss):
            two(crashing, segment)
        files = crashing.restarted()
        assert Log(files, "event").verify().verifies
    two(files, segment)
    assert (Log(files, "event").verify().verifies, Log(files, "event").verify().unfinished) == (True, "")


def test_a_full_disk_at_any_effect_loses_no_record_that_was_acknowledged() -> None:
    start = MemoryFiles()
    small(start, 2)
    for at in range(6):
        files = CrashingFiles.on(start, at=at, trouble=Unavailable("no space left on device"))
        with suppress(Unavailable):
            two(files, 1 << 20)
        assert Log(files, "event").verify().verifies
        assert len(list(Log(files, "event").records())) >= 2


# Values --------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(), max_size=5), st.text())
def test_no_value_begins_a_record_or_is_changed(fields: dict[str, str], event: str) -> None:
    fields.pop("leftover", None)
    files = MemoryFiles()
    log = Log(files, "event")
    log.append(event, actor=ROOT, now=NOW, fields=fields)
    assert files.contents()[SEGMENT].count(b"\n") == 1
    (record,) = log.records()
    assert (record.event, record.fields) == (event, fields)
    assert len(record.line().splitlines()) == 1
    assert log.verify().verifies


def test_a_secret_is_refused_and_nothing_is_written() -> None:
    files = MemoryFiles()
    with pytest.raises(TypeError):
        Log(files, "event").append("x", actor=ROOT, now=NOW, fields={"pin": Secret(b"1234")})
    assert files.contents() == {}


def test_a_long_value_is_bounded() -> None:
    files = MemoryFiles()
    log = Log(files, "event")
    log.append("x", actor=ROOT, now=NOW, fields={"item": "a" * 100_000})
    assert len(files.contents()[SEGMENT]) < 2000


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
