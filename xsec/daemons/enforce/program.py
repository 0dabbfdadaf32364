"""A program on this host: find it, check, start, reload and stop it, and know which part of it serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath

from xsec.daemons.base import Daemon, Installation
from xsec.errors import InvalidValue, Refused, Unavailable
from xsec.output.escape import printable
from xsec.ports import World

_CHECK = timedelta(seconds=60)
_START = 15.0  # seconds until the process number of a started program is there
_FRESH = 10.0  # seconds until the old workers have handed over
_STOP = 8.0  # seconds a program may take to end before it is killed
_LOG = 64 << 20  # octets of a log that are read at most
_CALM = 0.3  # seconds
_PAUSE = 0.02  # seconds between two looks


def installation(world: World, plugin: Daemon) -> Installation:
    """Where the program stands; `Refused` when it is not on this host."""
    program = plugin.program()
    if not program.startswith("/"):
        found = world.runner.find(program)
        if found is None:
            raise Refused(
                f"{program} is not on this host",
                remedy=f"apt-get install {program}; or xsec xconfiguration Service Https Daemon: builtin",
            )
        program = found
    root = world.files.on_disk(PurePosixPath("/")).rstrip("/")
    if root and not root.startswith("/"):
        raise Refused(
            "a daemon needs the root folder by its whole path", where=root, remedy="give --root from /"
        )
    return plugin.installation(program, root, _content(world, plugin.main_file()))


def _content(world: World, path: PurePosixPath) -> bytes | None:
    try:
        return world.files.read(path, limit=1 << 20)
    except FileNotFoundError:
        return None


class Program:
    """One instance of a program: the live one, or a shadow."""

    def __init__(self, world: World, plugin: Daemon, where: Installation) -> None:
        self._world = world
        self._plugin = plugin
        self.where = where

    def pid(self) -> int | None:
        """The process number of the running master, None when it does not run.

        A number that was left in the file may meanwhile be that of another instance: it is not ours then.
        """
        text = _content(self._world, self.where.pid_file)
        if text is None or not text.strip().isdigit():
            return None
        number = int(text.strip()[:10])
        command = self._world.runner.command(number) if number else ""
        return number if command and self._plugin.is_master(command, self.where) else None

    def check(self) -> str:
        """What the program itself finds wrong with its configuration; empty when nothing."""
        command = self._plugin.check(self.where)
        if not command:
            return ""
        done = self._world.runner.run(command, timeout=_CHECK)
        if done.status == 0:
            return ""
        return _worst(done.stderr or done.stdout) or f"exit status {done.status}"

    def start(self) -> None:
        """Start it and wait until it serves; `Unavailable` says why it does not."""
        start = self._plugin.start(self.where)
        number = 0
        if start.stays:
            number = self._world.runner.start(start.argv)
        else:
            done = self._world.runner.run(start.argv, timeout=_CHECK)
            if done.status != 0:
                raise Unavailable(f"{self._plugin.name} does not start: {_worst(done.stderr)}")

        def up() -> bool:
            if number and not self._world.runner.alive(number):
                raise Unavailable(f"{self._plugin.name} ended right after its start")
            return bool(self.serving())

        if not self._until(up, _START):
            raise Unavailable(f"{self._plugin.name} does not start: no process within {_START:g} s")

    def serving(self) -> frozenset[int]:
        """The processes that take new connections."""
        master = self.pid()
        return self._plugin.serving(self._world.runner.children(master)) if master else frozenset()

    def calm(self) -> None:
        """Wait until its workers stay the same for a moment: a killed command may have asked for a reload.

        The workers of that reload would else be taken for those of ours.
        """
        seen, since = self.serving(), self._world.clock.monotonic()

        def same() -> bool:
            nonlocal seen, since
            now = self.serving()
            if now != seen:
                seen, since = now, self._world.clock.monotonic()
            return self._world.clock.monotonic() - since >= _CALM

        self._until(same, _FRESH)

    def reload(self) -> None:
        """Reload it and wait until only new workers take connections (AP-2)."""
        master = self.pid()
        if master is None:
            raise Unavailable(f"{self._plugin.name} does not run")
        before, said = self.serving(), len(self._log())
        self._world.runner.signal(master, "SIGHUP")

        def settled() -> bool:
            refusal = self._plugin.refusal(self._log()[said:])
            if refusal:
                raise Unavailable(
                    f"{self._plugin.name} did not take the new configuration: {printable(refusal)}"
                )
            after = self.serving()
            return bool(after) and not after & before

        if not self._until(settled, _FRESH):
            raise Unavailable(
                f"{self._plugin.name} did not take the new configuration: "
                f"its workers are the old ones {_FRESH:g} s after the reload"
            )

    def _log(self) -> bytes:
        path = self._plugin.log()
        if path is None:
            return b""
        try:
            return self._world.files.read(path, limit=_LOG)
        except (FileNotFoundError, InvalidValue):
            return b""

    def stop(self) -> None:
        """End it; nothing to do when it does not run."""
        master = self.pid()
        if master is None:
            return
        self._world.runner.signal(master, "SIGTERM")
        if not self._until(lambda: not self._world.runner.alive(master), _STOP):
            self._world.runner.signal(master, "SIGKILL")
            self._until(lambda: not self._world.runner.alive(master), _STOP)

    def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        end = self._world.clock.monotonic() + seconds
        while not done():
            if self._world.clock.monotonic() >= end:
                return False
            self._world.clock.wait(_PAUSE)
        return True


def _worst(output: bytes) -> str:
    """The line of a program's output that says what is wrong, made safe to show."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    bad = [line for line in lines if "[emerg]" in line or "[alert]" in line or "rror" in line]
    return printable((bad or lines or [""])[0].strip(), limit=500)
