"""The rules over the host itself: clock, machine, privacy of the store (DU-7, DA-1, SE-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from xsec.edge.files import RootedFiles
from xsec.state import alarms, machine
from xsec.state.rule import Rule
from xsec.state.snapshot import Snapshot

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def objects(rule: Rule, snapshot: Snapshot, now: datetime = NOW) -> list[str]:
    return [finding.object for finding in rule.check(snapshot, now)]


@pytest.mark.parametrize(
    ("now", "up"),
    [
        pytest.param(NOW - timedelta(seconds=1), True, id="before the newest generation"),
        pytest.param(NOW, False, id="at the newest generation"),
        pytest.param(NOW + timedelta(days=9000), False, id="long after it"),
    ],
)
def test_a_clock_before_the_newest_generation_is_an_alarm(now: datetime, up: bool) -> None:
    assert bool(objects(alarms.clock, Snapshot(made=NOW), now)) is up


def test_a_clock_before_this_program_was_made_is_an_alarm() -> None:
    assert objects(alarms.clock, Snapshot(), datetime(1970, 1, 1, tzinfo=UTC)) == ["clock"]
    assert objects(alarms.clock, Snapshot(), NOW) == []


def test_another_machine_id_is_an_alarm_and_a_missing_one_is_not() -> None:
    def seen(now: str) -> Snapshot:
        return machine.with_host(Snapshot(), machine.Facts(first="a" * 32, machine=now))

    assert objects(alarms.machine, seen("b" * 32)) == ["machine-id"]
    assert objects(alarms.machine, seen("a" * 32)) == []
    assert objects(alarms.machine, seen("")) == []
    assert objects(alarms.machine, Snapshot()) == []


def test_the_first_machine_id_stays_recorded_and_none_is_shown(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    first = machine.observe(RootedFiles(str(tmp_path)), machine.Facts())
    (tmp_path / "etc/machine-id").write_text("fedcba9876543210fedcba9876543210\n")
    second = machine.observe(RootedFiles(str(tmp_path)), first)
    assert second.first == first.machine != second.machine
    assert "0123456789abcdef" not in first.machine


def test_a_folder_of_the_store_that_others_can_read_is_an_alarm(tmp_path: Path) -> None:
    files = RootedFiles(str(tmp_path))
    files.make_folder(PurePosixPath("/var/lib/xsec/log"))
    assert machine.observe(files, machine.Facts()).open == ()
    (tmp_path / "var/lib/xsec/log").chmod(0o755)
    facts = machine.observe(files, machine.Facts())
    assert objects(alarms.private, machine.with_host(Snapshot(), facts)) == [
        str(tmp_path / "var/lib/xsec/log")
    ]
