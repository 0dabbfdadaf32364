"""status, doctor, alarm and log on the command line: what they say, and their exit codes."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import world
from xsec import cli
from xsec.commands.options import Call
from xsec.edge.files import RootedFiles
from xsec.host import Host
from xsec.pki.server import IDENTITIES, KEY_PATH, Identities, Identity
from xsec.secret import Secret
from xsec.state import rootkey, seal
from xsec.state.document import Document, Origin
from xsec.state.log import Log
from xsec.state.snapshot import Sealed

LOG = "var/lib/xsec/log"


class Calling(Call):
    """A call for a scratch host."""

    __slots__ = ("made",)

    def __init__(self, made: Host) -> None:
        super().__init__()
        self.made = made

    def host(self, command: str) -> Host:
        self.made.command = command
        return self.made


class Console:
    """Runs commands and reads what they print."""

    def __init__(self, host: Host, capture: pytest.CaptureFixture[bytes]) -> None:
        self.host = host
        self.capture = capture

    def json(self, *words: str) -> tuple[int, Any]:
        code, text = self.text(*words, "--json")
        return code, json.loads(text)

    def text(self, *words: str) -> tuple[int, str]:
        self.capture.readouterr()
        code = cli.run(list(words), Calling(self.host))
        return code, self.capture.readouterr().out.decode()


@pytest.fixture
def console(scratch: Host, capsysbinary: pytest.CaptureFixture[bytes]) -> Console:
    return Console(scratch, capsysbinary)


@pytest.fixture
def nowhere(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Console:
    return Console(world.ScratchHost(root=str(tmp_path)), capsysbinary)


def open_log_folder(tmp_path: Path) -> None:
    (tmp_path / LOG).chmod(0o755)


# Alarms --------------------------------------------------------------------------------------------------


def test_a_clean_store_shows_no_alarm_and_exits_0(console: Console) -> None:
    assert console.text("alarm", "list") == (0, "no alarm is up\n")


def test_an_alarm_exits_1_until_it_is_acknowledged(console: Console, tmp_path: Path) -> None:
    open_log_folder(tmp_path)
    code, told = console.json("alarm", "list")
    assert (code, told["unacknowledged"], told["alarms"][0]["id"]) == (1, 1, 70103)
    assert told["alarms"][0]["remedy"].startswith("chmod go= ")
    assert console.text("alarm", "show", "70103")[0] == 1
    assert console.text("alarm", "acknowledge", "70103")[0] == 0
    assert console.text("alarm", "list")[0] == 0
    assert console.text("alarm", "show", "70103")[0] == 0


def test_the_exit_code_is_the_same_in_every_format(console: Console, tmp_path: Path) -> None:
    open_log_folder(tmp_path)
    codes = {
        console.text(*words, "--output", form)[0]
        for words in (("alarm", "list"), ("doctor",))
        for form in ("table", "json", "yaml")
    }
    assert codes == {1}


def test_a_remedy_that_was_followed_lowers_the_alarm(console: Console, tmp_path: Path) -> None:
    open_log_folder(tmp_path)
    console.text("alarm", "list")
    (tmp_path / LOG).chmod(0o700)
    assert console.text("alarm", "list")[0] == 0
    events = [record.event for record in Log(console.host.files, "event").records()]
    assert events == ["Alarm raised", "Alarm lowered"]


def test_another_moment_is_judged_and_not_recorded(console: Console, tmp_path: Path) -> None:
    console.host.at = world.NOW - timedelta(days=9000)
    open_log_folder(tmp_path)
    code, told = console.json("alarm", "list")
    assert (code, [alarm["id"] for alarm in told["alarms"]]) == (1, [70103])
    assert list(Log(console.host.files, "event").records()) == []
    assert console.text("alarm", "acknowledge", "70103")[0] == 2


def test_all_rules_can_be_listed_with_what_they_mean(console: Console) -> None:
    code, told = console.json("alarm", "list", "--all")
    assert code == 0
    assert {"id", "severity", "title", "meaning", "requirement", "up"} == set(told["rules"][0])


@pytest.mark.parametrize("words", [("alarm", "show", "79999"), ("alarm", "acknowledge", "70103")])
def test_an_alarm_that_is_not_there_is_a_negative_answer(console: Console, words: tuple[str, ...]) -> None:
    assert console.text(*words)[0] == 1


# Logs ----------------------------------------------------------------------------------------------------


def test_the_event_log_is_lines_of_names_and_values(console: Console, tmp_path: Path) -> None:
    open_log_folder(tmp_path)
    console.text("alarm", "list")
    code, text = console.text("log", "event", "--last", "1")
    assert (code, text.count("\n")) == (0, 1)
    assert text.startswith('2026-05-01T12:00:00Z xsec: Event="Alarm raised" User="root" Command="xsec alarm')


@pytest.mark.parametrize(
    ("since", "count"), [("1h", 1), ("2d", 1), ("2026-05-01T12:00Z", 1), ("2026-05-01T12:00:01Z", 0)]
)
def test_a_log_can_be_read_from_a_moment_on(console: Console, since: str, count: int) -> None:
    log = Log(console.host.files, "configuration")
    log.append("x", actor=console.host.actor, now=world.NOW)
    assert len(console.json("log", "configuration", "--since", since)[1]["records"]) == count


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "999999d"])
def test_a_wrong_moment_is_a_wrong_value(console: Console, text: str) -> None:
    assert console.text("log", "event", "--since", text)[0] == 2


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_at_takes_no_moment_outside_the_calendar(text: str, tmp_path: Path) -> None:
    assert cli.run(["--root", str(tmp_path), "--at", text, "status"]) == 2


def test_a_changed_log_does_not_verify_and_the_place_is_told(console: Console, tmp_path: Path) -> None:
    log = Log(console.host.files, "event")
    for name in ("a", "b", "c"):
        log.append("x", actor=console.host.actor, now=world.NOW, fields={"object": name})
    assert console.text("log", "verify")[0] == 0
    segment = tmp_path / LOG / "event.00000001.log"
    segment.write_bytes(segment.read_bytes().replace(b'"object":"b"', b'"object":"d"'))
    code, told = console.json("log", "verify")
    assert (code, told["verifies"]) == (1, False)
    assert (told["logs"][0]["problem"]["line"], told["logs"][1]["problem"]) == (2, None)
    assert console.json("doctor")[1]["findings"][0]["title"] == "Log does not verify"


@pytest.mark.parametrize("name", ["event", "configuration"])
def test_a_log_whose_files_were_all_removed_does_not_verify(
    console: Console, tmp_path: Path, name: str
) -> None:
    log = Log(console.host.files, name)
    log.append("x", actor=console.host.actor, now=world.NOW)
    assert console.text("log", "verify")[0] == 0
    for file in (tmp_path / LOG).glob(f"{name}.*"):
        file.unlink()
    code, told = console.text("log", "verify")
    assert (code, "the log is gone" in " ".join(told.split())) == (1, True)
    code, told = console.json("doctor")
    assert [(code, f["title"], f["object"]) for f in told["findings"]] == [
        (1, "Log does not verify", f"log {name}")
    ]
    log.append("x", actor=console.host.actor, now=world.NOW)
    assert console.text("log", "verify")[0] == 1, "the next record must not hide it"


def test_a_store_that_was_only_just_made_has_its_logs(nowhere: Console) -> None:
    assert nowhere.text("setup", "--yes")[0] == 0
    code, told = nowhere.json("log", "verify")
    assert (code, told["verifies"], told["logs"][1]["records"] > 0) == (0, True, True)


# The doctor ----------------------------------------------------------------------------------------------


def titles(told: Any) -> list[str]:
    return [finding["title"] for finding in told["findings"]]


def test_the_doctor_finds_nothing_wrong_with_a_new_store(console: Console) -> None:
    assert console.json("doctor") == (0, {"schema": "xsec/1", "healthy": True, "wrong": 0, "findings": []})


@pytest.mark.parametrize("words", [("doctor",), ("status",), ()])
def test_without_a_store_setup_is_what_to_type(nowhere: Console, words: tuple[str, ...]) -> None:
    code, text = nowhere.text(*words)
    assert "xsec setup" in text
    assert code == (1 if words == ("doctor",) else 0)


def test_the_doctor_works_on_a_damaged_configuration(console: Console, tmp_path: Path) -> None:
    current = tmp_path / "var/lib/xsec/config/current"
    current.write_bytes(current.read_bytes() + b"# by hand\n")
    open_log_folder(tmp_path)
    code, told = console.json("doctor")
    assert (code, told["findings"][0]["title"]) == (1, "Configuration damaged")
    assert console.text("status")[0] == 7


def test_the_doctor_sees_past_damage_to_what_else_is_wrong(console: Console, tmp_path: Path) -> None:
    with console.host.store.locked():
        console.host.store.commit(
            Document(generation=2, origin=Origin(time=world.NOW, user="r", command="c"))
        )
    folder = tmp_path / "var/lib/xsec/config"
    (folder / "current").write_bytes((folder / "current").read_bytes() + b"# by hand\n")
    open_log_folder(tmp_path)
    assert titles(console.json("doctor")[1]) == ["Configuration damaged", "Store not private"]


def test_an_earlier_generation_that_was_changed_is_a_warning(console: Console, tmp_path: Path) -> None:
    with console.host.store.locked():
        console.host.store.commit(
            Document(generation=2, origin=Origin(time=world.NOW, user="r", command="c"))
        )
    (tmp_path / "var/lib/xsec/config/00000001.yaml").write_bytes(b"x")
    code, told = console.json("doctor")
    assert (code, titles(told)) == (1, ["Earlier generation damaged"])


def test_a_missing_key_ring_is_critical(console: Console) -> None:
    console.host.files.remove(rootkey.PATH)
    code, told = console.json("doctor")
    assert (code, told["findings"][0]["severity"], titles(told)) == (1, "critical", ["Key ring missing"])


def test_a_damaged_record_is_told_with_its_remedy(console: Console, tmp_path: Path) -> None:
    record = tmp_path / "var/lib/xsec/status/crl.json"
    record.write_bytes(b"junk")
    code, told = console.json("doctor")
    assert (code, told["findings"][0]["remedy"]) == (1, f"rm {record}")


OTHER_SHAPE = b'["of", "another", "version"]'


@pytest.mark.parametrize("area", ["host", "alarms", "applied", "drift", "client-test"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"junk", id="no checksum"),
        pytest.param(hashlib.sha256(b"{").hexdigest().encode() + b"\n{", id="no JSON"),
        pytest.param(hashlib.sha256(OTHER_SHAPE).hexdigest().encode() + b"\n" + OTHER_SHAPE, id="no mapping"),
    ],
)
def test_a_damaged_record_ends_no_command_that_looks_for_damage(
    console: Console, tmp_path: Path, area: str, data: bytes
) -> None:
    open_log_folder(tmp_path)
    record = tmp_path / "var/lib/xsec/status" / f"{area}.json"
    record.write_bytes(data)
    code, told = console.json("doctor")
    damaged = next(finding for finding in told["findings"] if finding["title"] == "Record damaged")
    assert (code, damaged["object"], damaged["remedy"]) == (1, f"status {area}", f"rm {record}")
    assert console.text("status")[0] == 0
    code, told = console.json("alarm", "list")
    assert (code, "Store not private" in [alarm["title"] for alarm in told["alarms"]]) == (1, True)


def test_a_damaged_record_of_the_host_is_an_alarm_and_is_not_written_over(
    console: Console, tmp_path: Path
) -> None:
    record = tmp_path / "var/lib/xsec/status/host.json"
    record.write_bytes(b"junk")
    code, told = console.json("alarm", "list")
    assert [(code, alarm["id"], alarm["object"]) for alarm in told["alarms"]] == [(1, 70104, "rule 70102")]
    assert told["alarms"][0]["remedy"] == f"rm {record}"
    assert record.read_bytes() == b"junk"
    record.unlink()
    assert console.text("alarm", "list")[0] == 0


def test_what_is_acknowledged_is_shown_and_does_not_count(console: Console, tmp_path: Path) -> None:
    open_log_folder(tmp_path)
    console.text("alarm", "acknowledge", "70103")
    code, told = console.json("doctor")
    assert (code, told["findings"][0]["acknowledged"]) == (0, True)


def install(host: Host, pki: world.Pki, *, source: str = "file", sealed_at: str = KEY_PATH) -> None:
    """A server certificate in generation 2."""
    der = pki.server.der
    name = "ab" * 16
    seal.store(host.files, name, seal.seal(host.ring, sealed_at, Secret(b"key"), host.entropy))
    identity = Identity(
        certificate=der, key=Sealed(name), public_key_digest="", source=source, installed=world.NOW
    )
    tree = IDENTITIES.format(Identities(server=identity))
    with host.store.locked():
        host.store.put_object(tree["server"]["certificate"], der)
        origin = Origin(time=world.NOW, user="root", command="xsec test")
        host.store.commit(Document(generation=2, origin=origin, sections={"certificates": tree}))


def test_information_alone_is_health(console: Console, world: world.Pki) -> None:
    install(console.host, world, source="self-signed")
    code, told = console.json("doctor")
    assert (code, told["healthy"], titles(told)) == (0, True, ["Default server certificate"])


def test_a_key_that_does_not_open_in_its_place_is_critical(console: Console, world: world.Pki) -> None:
    install(console.host, world, sealed_at="elsewhere")
    code, told = console.json("doctor")
    assert (code, titles(told)) == (1, ["Secret does not open"])
    assert told["findings"][0]["object"] == KEY_PATH


def test_an_object_that_is_damaged_is_told_and_hides_no_other(
    console: Console, world: world.Pki, tmp_path: Path
) -> None:
    install(console.host, world)
    (object_,) = (tmp_path / "var/lib/xsec/objects").iterdir()
    object_.write_bytes(b"junk")
    open_log_folder(tmp_path)
    code, told = console.json("doctor")
    assert code == 1
    assert {"Stored object damaged", "Store not private"} <= set(titles(told))


# The status page -----------------------------------------------------------------------------------------


def test_the_page_tells_what_is_in_force_and_what_to_type_next(console: Console, world: world.Pki) -> None:
    install(console.host, world)
    code, text = console.text()
    assert code == 0
    assert "generation 2, made 2026-05-01 12:00:00Z" in text
    assert "CN=vcs.example, issued by CN=World Issuing, ends 2026-07-30" in text
    assert "(in 90 days)" in text
    assert "xsec trust add FILE" in text


def test_the_page_is_one_json_object(console: Console) -> None:
    code, told = console.json("status")
    assert (code, told["set_up"], told["page"]["generation"], told["page"]["alarms"]) == (0, True, 1, {})


def test_the_page_shows_the_worst_alarms_and_names_the_doctor_first(console: Console, tmp_path: Path) -> None:
    open_log_folder(tmp_path)
    told = console.json("status")[1]["page"]
    assert ([alarm["id"] for alarm in told["worst"]], told["next"][0]["command"]) == ([70103], "xsec doctor")


def test_a_part_that_is_damaged_does_not_hide_the_page(
    console: Console, world: world.Pki, tmp_path: Path
) -> None:
    install(console.host, world)
    (object_,) = (tmp_path / "var/lib/xsec/objects").iterdir()
    object_.write_bytes(b"junk")
    code, told = console.json("status")
    assert (code, told["page"]["server"]) == (0, None)
    assert "is not what its name says" in " ".join(told["page"]["unreadable"])


def test_a_name_with_control_characters_reaches_no_terminal(console: Console, tmp_path: Path) -> None:
    files = RootedFiles(str(tmp_path))
    Log(files, "event").append(
        "x", actor=console.host.actor, now=world.NOW, fields={"object": "a\x1b[2J\nEvent"}
    )
    code, text = console.text("log", "event")
    assert (code, text.count("\n"), "\x1b" in text) == (0, 1, False)
