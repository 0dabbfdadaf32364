"""Wire the edges to the core, once: the host being managed, and who is acting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xsec.pki.pkcs12 import Opened
    from xsec.ports import Actor, Clock, Dialer, Entropy, Files, Runner, Syslog, Terminal
    from xsec.secret import Secret
    from xsec.state.rootkey import KeyRing
    from xsec.state.schema import Schema
    from xsec.state.snapshot import Sealed, Snapshot
    from xsec.state.store import Store


class Host:
    """Everything a command may touch.

    `root` is the folder that stands for `/`; `at` is the moment that read-only commands judge by, when it
    is not now.  Each port is made when it is first used, so that help loads no edge.
    """

    def __init__(self, *, root: str = "/", at: datetime | None = None, command: str = "xsec") -> None:
        self.root = root
        self.at = at
        self.command = command

    @cached_property
    def clock(self) -> Clock:
        from xsec.edge.clock import SystemClock

        return SystemClock()

    @cached_property
    def files(self) -> Files:
        from xsec.edge.files import RootedFiles

        return RootedFiles(self.root)

    @cached_property
    def entropy(self) -> Entropy:
        from xsec.edge.entropy import SystemEntropy

        return SystemEntropy()

    @cached_property
    def terminal(self) -> Terminal:
        from xsec.edge.terminal import SystemTerminal

        return SystemTerminal()

    @cached_property
    def runner(self) -> Runner:
        from xsec.edge.process import SystemRunner

        return SystemRunner()

    @cached_property
    def dialer(self) -> Dialer:
        from xsec.edge.sockets import SystemDialer

        return SystemDialer()

    @cached_property
    def syslog(self) -> Syslog:
        from xsec.edge.syslog import NoSyslog, SystemSyslog

        return SystemSyslog() if self.root == "/" else NoSyslog()

    @cached_property
    def actor(self) -> Actor:
        from xsec.edge import operator

        return operator.actor(self.command)

    @cached_property
    def schema(self) -> Schema:
        from xsec import catalogue

        return catalogue.SCHEMA

    @cached_property
    def store(self) -> Store:
        from xsec.state.store import Store

        return Store(self.files, self.schema)

    def now(self) -> datetime:
        """The moment to judge by: `--at`, or the clock."""
        return self.at or self.clock.now()

    def snapshot(self) -> Snapshot:
        """The configuration in force and the readings; `Refused` when xsec is not set up here."""
        return self.store.snapshot()

    # What the operator brings ------------------------------------------------------------------------

    def read_input(self, name: str, *, limit: int) -> bytes:
        """A file that the operator named, or standard input for `-`."""
        from xsec.edge import operator

        return operator.read_input(name, limit)

    def write_output(self, name: str, data: bytes) -> None:
        """Write a new file that the operator named, or standard output for `-`."""
        from xsec.edge import operator

        operator.write_output(name, data)

    def read_secret(self, source: str, prompt: str) -> Secret:
        """A secret from `file:PATH`, `fd:N`, `credential:NAME` or `prompt`."""
        from xsec.edge import operator

        operator.harden()
        return operator.read_secret(source, self.terminal, prompt)

    def open_pkcs12(self, data: bytes, password: Secret) -> Opened:
        """What a PKCS#12 file holds, opened in a confined child."""
        from xsec.edge import sandbox

        return sandbox.open_pkcs12(self.runner, data, password)

    # Secrets -----------------------------------------------------------------------------------------

    @cached_property
    def ring(self) -> KeyRing:
        """This host's key ring; `Damaged` when it is gone while a store is there."""
        from xsec.edge import operator
        from xsec.errors import Damaged
        from xsec.state import rootkey

        operator.harden()
        ring = rootkey.load(self.files)
        if ring is None:
            raise Damaged(
                "the key ring is gone: sealed values cannot be opened",
                where=str(rootkey.PATH),
                remedy="put the file back from a copy of this host",
            )
        return ring

    def open_secret(self, sealed: Sealed, path: str) -> Secret:
        """The secret that a document names as `sealed:<id>` at `path`."""
        from xsec.state import seal

        return seal.open_sealed(self.files, self.ring, sealed, path)

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """Hold ^C and SIGTERM back until what has begun is whole."""
        from xsec.edge import operator

        with operator.uninterrupted():
            yield

    # Talk --------------------------------------------------------------------------------------------

    @contextmanager
    def progress(self, title: str, *, total: int) -> Iterator[Callable[[], None]]:
        """A bar on a terminal's stderr, silence elsewhere; the value given advances it by one."""
        if not self.terminal.interactive or total < 2:
            yield lambda: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda: bar.advance(task)
