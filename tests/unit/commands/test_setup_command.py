"""`xsec setup` makes a whole host out of nothing, out of a part, and out of a whole one nothing."""

from __future__ import annotations

import inspect
from pathlib import PurePosixPath

import pytest

from tests.doubles.files import MemoryFiles, every_crash
from tests.world import MemoryHost, ScratchHost
from xsec.commands.options import Change
from xsec.commands.setup import setup
from xsec.errors import Damaged, Forbidden, InvalidValue, Refused
from xsec.host import Host
from xsec.output.result import Result
from xsec.pki.server import IDENTITIES, KEY_PATH
from xsec.pki.trust import SERVER_KINDS, TRUST
from xsec.state import rootkey
from xsec.state.plan import Plan
from xsec.state.settings import SYSTEM_NAME
from xsec.transact import change as make_change

YES = Change(yes=True)


def run(host: Host, how: Change = YES, name: str | None = None) -> Result:
    assert setup.callback is not None
    result: Result = inspect.unwrap(setup.callback)(host, how, name)
    return result


def told(result: Result, key: str) -> object:
    assert isinstance(result.data, dict)
    return result.data[key]


def with_name(name: str) -> MemoryFiles:
    files = MemoryFiles()
    files.make_folder(PurePosixPath("/etc"), mode=0o755)
    files.create(PurePosixPath("/etc/hostname"), f"{name}\n".encode())
    return files


def test_setup_makes_a_host_that_works() -> None:
    host = MemoryHost(with_name("vcs.example"))
    run(host)
    snapshot = MemoryHost(host.memory).snapshot()
    server = snapshot[IDENTITIES].server
    assert server is not None
    assert (snapshot.generation, snapshot[SYSTEM_NAME], server.source) == (1, "vcs.example", "self-signed")
    assert len(host.open_secret(server.key, KEY_PATH)) > 0
    assert {entry.kinds for entry in snapshot[TRUST].entries} == {SERVER_KINDS}


def test_a_second_run_has_nothing_to_do_and_keeps_every_octet() -> None:
    host = MemoryHost()
    run(host)
    before = host.memory.contents()
    again = MemoryHost(host.memory)
    assert told(run(again), "changed") is False
    after = again.memory.contents()
    assert {path: after[path] for path in before if "/status/" not in path} == {
        path: data for path, data in before.items() if "/status/" not in path
    }


def test_a_second_run_asks_nothing_even_without_a_terminal() -> None:
    host = MemoryHost()
    run(host)
    assert told(run(MemoryHost(host.memory), Change()), "changed") is False


def test_a_setup_that_lost_power_anywhere_is_finished_by_the_next() -> None:
    found = 0
    for _, files in every_crash(MemoryFiles(), lambda files: run(MemoryHost(files))):
        host = MemoryHost(files)
        run(host)
        snapshot = host.snapshot()
        server = snapshot[IDENTITIES].server
        assert server is not None
        assert len(host.open_secret(server.key, KEY_PATH)) > 0
        assert snapshot.generation == 1
        assert snapshot[TRUST].entries
        found += 1
    assert found > 20


def test_an_empty_first_generation_is_filled(scratch: ScratchHost) -> None:
    run(scratch)
    assert (scratch.snapshot().generation, bool(scratch.snapshot()[TRUST].entries)) == (2, True)


def test_a_trust_list_that_was_emptied_stays_empty() -> None:
    host = MemoryHost()
    run(host)
    make_change(
        host, YES, lambda s, now: Plan(base=s.generation, summary="", sections={"trust": {"entries": []}})
    )
    run(MemoryHost(host.memory))
    assert host.snapshot()[TRUST].entries == ()


def test_a_terminal_is_asked_for_the_name_with_the_hosts_name_as_default() -> None:
    asked = MemoryHost(with_name("vcs.example"), answers=["Reception"])
    run(asked, Change())
    assert asked.snapshot()[SYSTEM_NAME] == "Reception"
    left = MemoryHost(with_name("vcs.example"), answers=[""])
    run(left, Change())
    assert left.snapshot()[SYSTEM_NAME] == "vcs.example"


def test_without_a_terminal_and_without_yes_nothing_is_made() -> None:
    host = MemoryHost()
    with pytest.raises(InvalidValue, match="no terminal"):
        run(host, Change())
    assert host.memory.contents() == {}


def test_a_name_that_is_too_long_is_refused_before_anything_is_made() -> None:
    host = MemoryHost()
    with pytest.raises(InvalidValue):
        run(host, YES, "x" * 51)
    assert host.memory.contents() == {}


def test_another_name_on_a_host_that_has_one_is_refused_with_the_command_that_sets_it() -> None:
    host = MemoryHost()
    run(host, YES, "one")
    with pytest.raises(Refused) as caught:
        run(MemoryHost(host.memory), YES, "two")
    assert caught.value.remedy == 'xsec xconfiguration SystemUnit Name: "two"'


def test_a_dry_run_makes_nothing_and_tells_all() -> None:
    host = MemoryHost()
    result = run(host, Change(dry_run=True, yes=True))
    assert (told(result, "changed"), told(result, "generation")) == (True, 1)
    assert (host.memory.contents(), host.memory.effects) == ({}, [])


def test_a_lost_key_ring_is_not_replaced_silently() -> None:
    host = MemoryHost()
    run(host)
    host.memory.remove(rootkey.PATH)
    with pytest.raises(Damaged, match="key ring"):
        run(MemoryHost(host.memory))
    assert host.memory.info(rootkey.PATH) is None


@pytest.mark.parametrize("name", ["", "-x", "a b.example", "\x1b[31m", "a" * 300])
def test_a_host_name_that_is_none_is_not_put_into_the_certificate(name: str) -> None:
    host = MemoryHost(with_name(name))
    run(host)
    server = host.snapshot()[IDENTITIES].server
    assert server is not None
    assert name.encode() not in server.certificate or not name


def test_a_root_that_cannot_be_written_is_refused_with_what_to_do() -> None:
    class Unwritable(MemoryFiles):
        def make_folder(self, path: PurePosixPath, *, mode: int = 0o700) -> None:
            raise Forbidden(f"{path}: permission denied", where=str(path), remedy="run it as root")

    with pytest.raises(Forbidden) as caught:
        run(MemoryHost(Unwritable()))
    assert caught.value.remedy == "run it as root"
