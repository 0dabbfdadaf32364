"""Changes as transactions: whole or not at all, none lost, every one recorded (SY-2, SY-8)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from xsec import transact
from xsec.commands.options import Change
from xsec.edge.files import RootedFiles
from xsec.errors import Conflict, Damaged, InvalidValue, Refused
from xsec.host import Host
from xsec.secret import Secret
from xsec.state import rootkey
from xsec.state.document import Document, Origin
from xsec.state.log import NAMES, Log
from xsec.state.plan import Plan
from xsec.state.snapshot import Sealed, Snapshot

PORT = ("Management", "Interface", "Port")
PASSWORD = ("Login", "Remote", "LDAP", "VCS", "BindPassword")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(root=str(tmp_path), command="xsec test")
    made.store.make()
    for name in NAMES:
        Log(made.files, name).begin()
    rootkey.save(RootedFiles(str(tmp_path)), rootkey.make(made.entropy))
    with made.store.locked():
        made.store.commit(Document(generation=1))
    return made


def setting(host: Host, words: tuple[str, ...], value: object) -> transact.Planner:
    def plan(snapshot: Snapshot, now: datetime) -> Plan:
        return Plan(base=snapshot.generation, summary="test", settings={host.schema.find(words): value})

    return plan


def value(host: Host, words: tuple[str, ...]) -> object:
    return host.snapshot().value(host.schema.find(words))


def test_a_change_is_a_new_generation_with_its_origin(host: Host) -> None:
    outcome = transact.change(host, Change(), setting(host, PORT, 8443))
    assert (outcome.changed, outcome.generation, value(host, PORT)) == (True, 2, 8443)
    origin = host.store.document(2).origin
    assert origin is not None
    assert origin.command == "xsec test"


def test_a_change_that_changes_nothing_makes_no_generation(host: Host) -> None:
    transact.change(host, Change(), setting(host, PORT, 8443))
    again = transact.change(host, Change(), setting(host, PORT, 8443))
    assert (again.changed, host.store.numbers()) == (False, (1, 2))


def test_a_dry_run_predicts_the_real_run_and_changes_nothing(host: Host) -> None:
    planner = setting(host, PORT, 8443)
    predicted = transact.change(host, Change(dry_run=True), planner)
    assert host.store.numbers() == (1,)
    real = transact.change(host, Change(), planner)
    assert (predicted.changes, predicted.generation) == (real.changes, real.generation)


def test_a_plan_of_an_older_generation_is_a_conflict(host: Host) -> None:
    stale = Plan(base=1, summary="test", settings={host.schema.find(PORT): 8443})
    transact.change(host, Change(), setting(host, PORT, 444))
    with pytest.raises(Conflict):
        transact.change(host, Change(), lambda snapshot, now: stale)
    assert value(host, PORT) == 444


def test_a_question_without_a_terminal_asks_for_yes(host: Host) -> None:
    with pytest.raises(InvalidValue) as error:
        transact.change(host, Change(), setting(host, PORT, 1), question="Really?")
    assert "--yes" in error.value.remedy
    assert transact.change(host, Change(yes=True), setting(host, PORT, 1), question="Really?").changed


def test_another_moment_is_for_reading_only(host: Host) -> None:
    host.at = host.clock.now()
    with pytest.raises(InvalidValue):
        transact.change(host, Change(), setting(host, PORT, 1))


def test_a_secret_is_sealed_and_opens_only_for_its_path(host: Host, tmp_path: Path) -> None:
    outcome = transact.change(host, Change(), setting(host, PASSWORD, Secret(b"hunter2")))
    sealed = value(host, PASSWORD)
    assert isinstance(sealed, Sealed)
    assert host.open_secret(sealed, " ".join(PASSWORD)).reveal() == b"hunter2"
    with pytest.raises(Damaged):
        host.open_secret(sealed, " ".join(PORT))
    assert [c.after for c in outcome.changes] == ["***"]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"hunter2" not in written
    assert str(sealed).encode() in written


def test_a_rollback_is_a_new_generation_with_the_old_content(host: Host) -> None:
    transact.change(host, Change(), setting(host, PORT, 8443))
    transact.change(host, Change(), setting(host, PORT, 9443))
    outcome = transact.rollback(host, Change(yes=True), 2)
    assert (outcome.generation, value(host, PORT)) == (4, 8443)


def test_a_configuration_changed_by_hand_is_damage_until_it_is_rolled_back(
    host: Host, tmp_path: Path
) -> None:
    transact.change(host, Change(), setting(host, PORT, 8443))
    current = tmp_path / "var/lib/xsec/config/current"
    edited = current.read_bytes().replace(b"8443", b"8444")
    current.unlink()
    current.write_bytes(edited)
    with pytest.raises(Damaged) as error:
        transact.change(host, Change(), setting(host, PORT, 1))
    assert "xsec config load" in error.value.remedy
    outcome = transact.rollback(host, Change(yes=True), 2)
    assert (outcome.changed, value(host, PORT)) == (True, 8443)


def test_a_refused_plan_changes_nothing(host: Host) -> None:
    def refuse(snapshot: Snapshot, now: datetime) -> Plan:
        raise Refused("no")

    with pytest.raises(Refused):
        transact.change(host, Change(), refuse)
    assert host.store.numbers() == (1,)


def test_each_change_is_in_the_configuration_log(host: Host) -> None:
    from xsec.state.log import Log

    transact.change(host, Change(), setting(host, PORT, 8443))
    log = Log(host.files, "configuration")
    assert log.last_generation() == 2
    record = list(log.records())[-1]
    assert (record.fields["item"], record.fields["after"]) == (" ".join(PORT), "8443")


def test_a_commit_that_a_kill_kept_out_of_the_log_is_recorded_by_the_next(host: Host) -> None:
    from xsec.state.log import Log

    transact.change(host, Change(), setting(host, PORT, 8443))
    with host.store.locked():
        origin = host.store.current().origin
        host.store.commit(Document(generation=3, origin=origin))
    transact.change(host, Change(), setting(host, PORT, 9443))
    generations = [record.fields.get("generation") for record in Log(host.files, "configuration").records()]
    assert [str(g) for g in generations] == ["2", "3", "4"]


def test_every_commit_that_the_log_missed_is_recorded_by_the_next_change(host: Host) -> None:
    from xsec.state.log import Log

    leaf = host.schema.find(PORT)
    with host.store.locked():
        for number in (2, 3):
            host.store.commit(
                Document(
                    generation=number,
                    origin=Origin(time=host.clock.now(), user="root", command="xsec test"),
                    values={leaf.key: 8000 + number},
                    spelling={leaf.key: leaf.words},
                )
            )
    transact.change(host, Change(), setting(host, PORT, 9443))
    records = [
        (record.fields.get("generation"), record.fields.get("after"))
        for record in Log(host.files, "configuration").records()
    ]
    assert records == [(2, "8002"), (3, "8003"), (4, "9443")]


def test_what_was_made_from_an_older_generation_is_a_conflict(host: Host) -> None:
    transact.change(host, Change(), setting(host, PORT, 444))
    with pytest.raises(Conflict):
        transact.change(host, Change(), setting(host, PORT, 445), base=1)


def test_applying_and_recording_are_of_now_only(host: Host) -> None:
    host.at = host.clock.now()
    with pytest.raises(InvalidValue):
        transact.enforce(host)
    with pytest.raises(InvalidValue):
        transact.record(host, {"x": {}})


def test_a_change_whose_apply_fails_is_put_back(host: Host) -> None:
    from xsec.daemons.settings import HTTPS_ADDRESS

    leaf = host.schema.find(HTTPS_ADDRESS.words)
    with pytest.raises(Refused) as error:
        transact.change(host, Change(apply=True), setting(host, leaf.words, "127.0.0.1"))
    assert "what it was in generation 1 again" in error.value.what
    assert (host.store.current().generation, value(host, leaf.words)) == (3, leaf.setting.default)
