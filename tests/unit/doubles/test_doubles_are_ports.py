"""The doubles do what the ports promise, so that a test with them says something about the real ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from tests.doubles.clock import FrozenClock
from tests.doubles.entropy import CountingEntropy
from tests.doubles.files import CrashingFiles, MemoryFiles, PowerLoss, every_crash
from tests.doubles.runner import RecordingRunner, finished
from tests.doubles.terminal import ScriptedTerminal
from tests.doubles.world import MemoryWorld
from xsec.edge.files import RootedFiles
from xsec.errors import Conflict, InvalidValue, Refused, Unavailable
from xsec.ports import Clock, Entropy, Files, Runner, Terminal, World

FOLDER = PurePosixPath("/f")
FILE = FOLDER / "a"


@pytest.fixture(params=["memory", "disk"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    made: Files = MemoryFiles() if request.param == "memory" else RootedFiles(str(tmp_path))
    made.make_folder(FOLDER, mode=0o700)
    return made


def test_each_double_is_a_port() -> None:
    world: World = MemoryWorld()
    ports: tuple[Clock, Entropy, Files, Runner, Terminal] = (
        FrozenClock(datetime(2026, 5, 1, tzinfo=UTC)),
        CountingEntropy(),
        MemoryFiles(),
        RecordingRunner(),
        ScriptedTerminal(),
    )
    assert all((world, *ports))


def test_memory_and_disk_agree_on_what_was_written(files: Files) -> None:
    files.create(FILE, b"one", mode=0o640)
    with pytest.raises(FileExistsError):
        files.create(FILE, b"two")
    files.replace(FOLDER / "b", b"three")
    files.append(FOLDER / "log", b"x")
    files.append(FOLDER / "log", b"y")
    files.remove(FOLDER / "missing")
    facts = files.info(FILE)
    assert facts is not None
    assert (facts.mode, facts.size, facts.links, facts.is_folder) == (0o640, 3, 1, False)
    assert files.names(FOLDER) == ("a", "b", "log")
    assert bytes(files.map(FOLDER / "b")) == b"three"
    assert files.read(FOLDER / "log") == b"xy"


def test_memory_and_disk_agree_on_what_is_not_there(files: Files) -> None:
    with pytest.raises(FileNotFoundError):
        files.read(FILE)
    with pytest.raises(FileNotFoundError):
        files.create(PurePosixPath("/missing/a"), b"")
    assert files.info(FILE) is None
    assert files.names(PurePosixPath("/missing")) == ()


def test_memory_and_disk_agree_on_limits_and_kinds(files: Files) -> None:
    files.create(FILE, b"12345")
    with pytest.raises(InvalidValue):
        files.read(FILE, limit=4)
    with pytest.raises(Refused):
        files.read(FOLDER)
    with pytest.raises(Refused):
        files.create(FILE / "below", b"")


def test_memory_and_disk_agree_that_what_is_published_has_two_names(files: Files) -> None:
    files.publish(b"1", claim=FOLDER / "1", pointer=FOLDER / "now")
    files.publish(b"2", claim=FOLDER / "2", pointer=FOLDER / "now")
    first, second, pointer = (files.info(FOLDER / name) for name in ("1", "2", "now"))
    assert first is not None
    assert second is not None
    assert pointer is not None
    assert (first.links, second.links, pointer.inode) == (1, 2, second.inode)
    with pytest.raises(FileExistsError):
        files.publish(b"3", claim=FOLDER / "2", pointer=FOLDER / "now")
    assert files.read(FOLDER / "now") == b"2"
    assert files.names(FOLDER) == ("1", "2", "now")


def test_memory_and_disk_agree_that_a_lock_is_held_once(files: Files) -> None:
    lock = FOLDER / "lock"
    with (
        files.lock(lock, patience=timedelta(0)),
        pytest.raises(Conflict),
        files.lock(lock, patience=timedelta(0)),
    ):
        pass
    with files.lock(lock, patience=timedelta(0)):
        pass


def test_memory_and_disk_agree_that_a_tree_goes_whole(files: Files) -> None:
    files.make_folder(FOLDER / "x" / "y", mode=0o700)
    files.create(FOLDER / "x" / "y" / "z", b"")
    files.remove_tree(FOLDER / "x")
    assert files.names(FOLDER) == ()


def prepared() -> MemoryFiles:
    files = MemoryFiles()
    files.make_folder(FOLDER)
    files.create(FILE, b"old")
    return files


def replace(files: MemoryFiles) -> None:
    files.replace(FILE, b"new")


def publish(files: MemoryFiles) -> None:
    files.publish(b"new", claim=FOLDER / "1", pointer=FILE)


@pytest.mark.parametrize("operation", [replace, publish])
def test_a_power_cut_leaves_the_old_or_the_new_file_whole(operation: Callable[[MemoryFiles], None]) -> None:
    found = [files.read(FILE) for _, files in every_crash(prepared(), operation)]
    assert set(found) == {b"old"}  # the last effect is the one that counts, and it did not happen
    assert len(found) >= 2


def test_a_power_cut_leaves_temporary_files_for_the_sweep() -> None:
    files = dict(every_crash(prepared(), replace))[1]
    assert len(files.names(FOLDER)) == 2
    files.sweep(FOLDER)
    assert files.names(FOLDER) == ("a",)


def test_a_careless_writer_is_found_out() -> None:
    def careless(files: MemoryFiles) -> None:
        files.remove(FILE)
        files.create(FILE, b"new")

    assert any(files.info(FILE) is None for _, files in every_crash(prepared(), careless))


def test_nothing_happens_after_a_power_cut() -> None:
    files = CrashingFiles.on(prepared(), at=0)
    with pytest.raises(PowerLoss):
        files.remove(FILE)
    with pytest.raises(PowerLoss):
        files.remove(FILE)
    assert files.restarted().read(FILE) == b"old"


def test_an_error_comes_once_and_tidies_up() -> None:
    files = CrashingFiles.on(prepared(), at=1, trouble=Unavailable("no space left on device"))
    with pytest.raises(Unavailable):
        files.replace(FILE, b"new")
    assert files.names(FOLDER) == ("a",)
    files.replace(FILE, b"new")
    assert files.read(FILE) == b"new"


def test_half_of_an_append_can_be_on_the_disk() -> None:
    found = {
        files.read(FOLDER / "log") if files.info(FOLDER / "log") else None
        for _, files in every_crash(prepared(), lambda f: f.append(FOLDER / "log", b"abcd"))
    }
    assert found == {None, b"", b"ab"}


def test_waiting_moves_the_frozen_clock() -> None:
    clock = FrozenClock(datetime(2026, 5, 1, tzinfo=UTC))
    clock.wait(1.5)
    assert (clock.now(), clock.monotonic()) == (datetime(2026, 5, 1, 0, 0, 1, 500_000, tzinfo=UTC), 1.5)


def test_counting_entropy_repeats_in_every_run_and_never_within_one() -> None:
    one, other = CountingEntropy(), CountingEntropy()
    drawn = [one.bytes(16) for _ in range(100)]
    assert drawn == [other.bytes(16) for _ in range(100)]
    assert len(set(drawn)) == 100


def test_a_program_nobody_prepared_cannot_start() -> None:
    runner = RecordingRunner({"nginx": finished(0, b"ok")})
    assert runner.run(["/usr/sbin/nginx", "-t"]).stdout == b"ok"
    with pytest.raises(Unavailable):
        runner.run(["/usr/bin/other"])
    assert [call.program for call in runner.calls] == ["nginx", "other"]
    assert (runner.find("nginx"), runner.find("other")) == ("/usr/sbin/nginx", None)


def test_a_started_program_lives_until_it_is_signalled() -> None:
    runner = RecordingRunner({"nginx": finished()})
    number = runner.start(["/usr/sbin/nginx", "-c", "x"])
    assert (runner.alive(number), runner.command(number)) == (True, "/usr/sbin/nginx -c x")
    runner.signal(number, "SIGHUP")
    assert runner.alive(number)
    runner.signal(number, "SIGQUIT")
    assert (runner.alive(number), runner.command(number)) == (False, "")


def test_a_question_nobody_prepared_fails_the_test() -> None:
    terminal = ScriptedTerminal(["yes", ""])
    assert terminal.confirm("Go on?")
    assert terminal.ask("Name", "host") == "host"
    with pytest.raises(AssertionError):
        terminal.confirm("Again?")
    assert not ScriptedTerminal().interactive
