"""All ports at once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.doubles.clock import FrozenClock
from tests.doubles.entropy import CountingEntropy
from tests.doubles.files import MemoryFiles
from tests.doubles.runner import RecordingRunner
from tests.doubles.terminal import ScriptedTerminal
from xsec.errors import Unavailable
from xsec.ports import Connection


@dataclass(slots=True)
class ClosedDialer:
    """`Dialer` in a world where nobody listens."""

    dialled: list[tuple[str, int]] = field(default_factory=list)
    port: int = 40_000

    def dial(self, host: str, port: int, *, timeout: timedelta) -> Connection:
        self.dialled.append((host, port))
        raise Unavailable(f"{host}:{port}: connection refused")

    def free_port(self) -> int:
        self.port += 1
        return self.port

    def lend(self, data: bytes) -> AbstractContextManager[str]:
        raise Unavailable("no library reads files in this world")


@dataclass(slots=True, kw_only=True)
class MemoryWorld:
    """`World` of doubles; each can be given."""

    clock: FrozenClock = field(default_factory=lambda: FrozenClock(datetime(2026, 5, 1, 12, tzinfo=UTC)))
    files: MemoryFiles = field(default_factory=MemoryFiles)
    runner: RecordingRunner = field(default_factory=RecordingRunner)
    dialer: ClosedDialer = field(default_factory=ClosedDialer)
    entropy: CountingEntropy = field(default_factory=CountingEntropy)
    terminal: ScriptedTerminal = field(default_factory=ScriptedTerminal)
