"""Programs that are not run: what was asked is recorded, the answer was prepared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath

from xsec.errors import Unavailable
from xsec.ports import Finished

Answer = Finished | Callable[["Ran"], Finished]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One call of `Runner.run`."""

    argv: tuple[str, ...]
    stdin: bytes
    timeout: timedelta
    environment: tuple[tuple[str, str], ...]

    @property
    def program(self) -> str:
        """The name of the program without its folder."""
        return PurePosixPath(self.argv[0]).name


def finished(status: int = 0, stdout: bytes = b"", stderr: bytes = b"") -> Finished:
    """How a program ended."""
    return Finished(status=status, stdout=stdout, stderr=stderr)


@dataclass(slots=True)
class RecordingRunner:
    """`Runner` with prepared answers by program name; one without an answer cannot start.

    `processes` are those that live: number -> (parent, command line); a signal is recorded, and ends the
    process when `deadly` says so.  A program that is started is one more process.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    processes: dict[int, tuple[int, str]] = field(default_factory=dict)
    deadly: frozenset[str] = frozenset({"SIGTERM", "SIGKILL", "SIGQUIT"})
    calls: list[Ran] = field(default_factory=list)
    signals: list[tuple[int, str]] = field(default_factory=list)

    def find(self, name: str) -> str | None:
        return f"/usr/sbin/{name}" if name in self.answers else None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: timedelta = timedelta(seconds=60),
        environment: Sequence[tuple[str, str]] = (),
    ) -> Finished:
        call = Ran(argv=tuple(argv), stdin=stdin, timeout=timeout, environment=tuple(environment))
        self.calls.append(call)
        answer = self.answers.get(call.program)
        if answer is None:
            raise Unavailable(f"{argv[0]}: no such file or directory")
        return answer if isinstance(answer, Finished) else answer(call)

    def start(self, argv: Sequence[str], *, environment: Sequence[tuple[str, str]] = ()) -> int:
        none = timedelta(0)
        self.calls.append(Ran(argv=tuple(argv), stdin=b"", timeout=none, environment=tuple(environment)))
        if self.calls[-1].program not in self.answers:
            raise Unavailable(f"{argv[0]}: no such file or directory")
        number = 1000 + len(self.calls)
        self.processes[number] = (1, " ".join(argv))
        return number

    def command(self, pid: int) -> str:
        return self.processes[pid][1] if pid in self.processes else ""

    def children(self, pid: int) -> tuple[tuple[int, str], ...]:
        return tuple((n, command) for n, (parent, command) in self.processes.items() if parent == pid)

    def alive(self, pid: int) -> bool:
        return pid in self.processes

    def signal(self, pid: int, name: str) -> None:
        self.signals.append((pid, name))
        if name in self.deadly:
            self.processes.pop(pid, None)
