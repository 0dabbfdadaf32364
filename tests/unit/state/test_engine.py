"""Alarms are raised, kept and lowered by rules alone (SY-9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from xsec.edge.files import RootedFiles
from xsec.errors import Damaged, Negative
from xsec.ports import Actor
from xsec.state import engine, readings
from xsec.state.engine import ALARMS, AlarmState, acknowledge, difference, evaluate
from xsec.state.log import Log
from xsec.state.rule import Finding, Rule, Severity
from xsec.state.snapshot import Snapshot

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ROOT = Actor(uid=0, name="root", command="xsec test")
EMPTY = AlarmState()


def rule(*objects: str, id: int = 79001, severity: Severity = Severity.WARNING, found: str = "wrong") -> Rule:
    def check(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
        for name in objects:
            yield Finding(object=name, expected="right", found=found, remedy=f"xsec mend {name}")

    return Rule(id=id, title="Test", severity=severity, requirement="SY-9", check=check)


def failing(error: Exception, id: int = 79001) -> Rule:
    def check(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
        raise error

    return Rule(id=id, title="Test", severity=Severity.WARNING, requirement="SY-9", check=check)


def keys(state: AlarmState) -> list[tuple[int, str]]:
    return [alarm.key for alarm in state.alarms]


def test_a_finding_raises_an_alarm_with_all_that_helps() -> None:
    (alarm,) = evaluate([rule("a")], Snapshot(), NOW, EMPTY).alarms
    assert (alarm.id, alarm.object, alarm.expected, alarm.found) == (79001, "a", "right", "wrong")
    assert (alarm.remedy, alarm.raised, alarm.acknowledged) == ("xsec mend a", NOW, None)


def test_an_alarm_that_stays_up_keeps_its_time_and_shows_what_is_found_now() -> None:
    first = evaluate([rule("a")], Snapshot(), NOW, EMPTY)
    (alarm,) = evaluate([rule("a", found="worse")], Snapshot(), LATER, first).alarms
    assert (alarm.raised, alarm.found) == (NOW, "worse")


def test_an_acknowledgement_lasts_while_the_alarm_is_up_and_no_longer() -> None:
    up = acknowledge(evaluate([rule("a")], Snapshot(), NOW, EMPTY), 79001, None, ROOT, NOW)
    kept = evaluate([rule("a")], Snapshot(), LATER, up)
    assert (kept.unacknowledged, kept.alarms[0].acknowledged_by) == ((), "root")
    lowered = evaluate([rule()], Snapshot(), LATER, kept)
    again = evaluate([rule("a")], Snapshot(), LATER, lowered)
    assert keys(AlarmState(alarms=again.unacknowledged)) == [(79001, "a")]


def test_each_object_has_an_alarm_of_its_own() -> None:
    before = evaluate([rule("a", "b")], Snapshot(), NOW, EMPTY)
    after = evaluate([rule("b", "c")], Snapshot(), LATER, before)
    raised, lowered = difference(before, after)
    assert ([a.object for a in raised], [a.object for a in lowered]) == (["c"], ["a"])


def test_information_never_becomes_an_alarm() -> None:
    rules = [rule("a", severity=Severity.INFORMATION)]
    assert evaluate(rules, Snapshot(), NOW, EMPTY) == EMPTY
    assert [found.finding.object for found in engine.findings(rules, Snapshot(), NOW)] == ["a"]


def test_alarms_are_listed_worst_first() -> None:
    rules = [
        rule("a", id=79003, severity=Severity.NOTICE),
        rule("b", "a", id=79002),
        rule("z", id=79009, severity=Severity.CRITICAL),
    ]
    assert keys(evaluate(rules, Snapshot(), NOW, EMPTY)) == [
        (79009, "z"),
        (79002, "a"),
        (79002, "b"),
        (79003, "a"),
    ]


@pytest.mark.parametrize("error", [Damaged("object 12 is missing"), ValueError("hunter2")])
def test_a_rule_that_fails_hides_no_other_and_lowers_nothing(error: Exception) -> None:
    before = evaluate([rule("a"), rule("b", id=79002)], Snapshot(), NOW, EMPTY)
    after = evaluate([failing(error), rule("b", id=79002)], Snapshot(), LATER, before)
    assert keys(after) == [(70104, "rule 79001"), (79001, "a"), (79002, "b")]


def test_the_text_of_a_foreign_error_is_not_shown() -> None:
    state = evaluate([failing(ValueError("hunter2"))], Snapshot(), NOW, EMPTY)
    assert "hunter2" not in repr(state)


def test_acknowledging_an_alarm_that_is_not_up_is_a_negative_answer() -> None:
    up = evaluate([rule("a")], Snapshot(), NOW, EMPTY)
    for number, name in ((79002, None), (79001, "b")):
        with pytest.raises(Negative):
            acknowledge(up, number, name, ROOT, NOW)


def test_one_object_can_be_acknowledged_alone() -> None:
    up = acknowledge(evaluate([rule("a", "b")], Snapshot(), NOW, EMPTY), 79001, "b", ROOT, NOW)
    assert [alarm.object for alarm in up.unacknowledged] == ["a"]


# Recording -----------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> RootedFiles:
    made = RootedFiles(str(tmp_path))
    for folder in ("status", "log"):
        made.make_folder(PurePosixPath("/var/lib/xsec") / folder)
    return made


def snapshot(files: RootedFiles) -> Snapshot:
    return Snapshot(readings=lambda area: readings.load(files, area))


def events(files: RootedFiles) -> list[tuple[str, object]]:
    return [(record.event, record.fields["object"]) for record in Log(files, "event").records()]


def test_what_is_recorded_reads_back(files: RootedFiles) -> None:
    state = engine.record(files, [rule("a\n\u202eb", "c")], snapshot(files), NOW, ROOT)
    assert snapshot(files)[ALARMS] == state


def test_raised_lowered_and_acknowledged_are_events(files: RootedFiles) -> None:
    up = engine.record(files, [rule("a", "b")], snapshot(files), NOW, ROOT)
    engine.keep(files, up, acknowledge(up, 79001, "a", ROOT, NOW), NOW, ROOT)
    engine.record(files, [rule("a")], snapshot(files), LATER, ROOT)
    engine.record(files, [rule("a")], snapshot(files), LATER, ROOT)
    assert events(files) == [
        ("Alarm raised", "a"),
        ("Alarm raised", "b"),
        ("Alarm acknowledged", "a"),
        ("Alarm lowered", "b"),
    ]


def test_the_record_of_alarms_being_damaged_stops_nothing(files: RootedFiles, tmp_path: Path) -> None:
    engine.record(files, [rule("a")], snapshot(files), NOW, ROOT)
    (tmp_path / "var/lib/xsec/status/alarms.json").write_bytes(b"{}")
    assert keys(engine.record(files, [rule("a")], snapshot(files), NOW, ROOT)) == [(79001, "a")]
    assert snapshot(files)[ALARMS].alarms


def test_nothing_new_writes_nothing(files: RootedFiles, tmp_path: Path) -> None:
    engine.record(files, [rule("a")], snapshot(files), NOW, ROOT)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    engine.record(files, [rule("a")], snapshot(files), LATER, ROOT)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
