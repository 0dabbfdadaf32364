"""A scratch host with a small PKI and a real daemon on loopback, for tests of the apply engine."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.daemons.estate import estate
from xsec.connections.settings import MODE
from xsec.daemons import settings
from xsec.daemons.enforce.apply import apply
from xsec.daemons.enforce.prove import ClientProof
from xsec.daemons.enforce.report import Report
from xsec.daemons.enforce.undo import recorded, recover, stop
from xsec.edge.clock import SystemClock
from xsec.edge.entropy import SystemEntropy
from xsec.edge.files import RootedFiles
from xsec.edge.process import SystemRunner
from xsec.edge.sockets import SystemDialer
from xsec.edge.terminal import SystemTerminal
from xsec.lab.pki import Authority, Issued, authority, der, seeded_key
from xsec.pki.server import KEY_PATH
from xsec.secret import Secret
from xsec.state.schema import Setting
from xsec.state.snapshot import Sealed, Snapshot
from xsec.tls.handshake import Address, Holder


@dataclass(slots=True)
class RealWorld:
    """The real edges on a scratch root."""

    root: Path
    clock: SystemClock = field(default_factory=SystemClock)
    runner: SystemRunner = field(default_factory=SystemRunner)
    dialer: SystemDialer = field(default_factory=SystemDialer)
    entropy: SystemEntropy = field(default_factory=SystemEntropy)
    terminal: SystemTerminal = field(default_factory=SystemTerminal)
    cut: RootedFiles | None = None
    """Files that fail at a moment, while a test wants it so."""

    @property
    def files(self) -> RootedFiles:
        return self.cut or RootedFiles(str(self.root))


class Scene:
    """A host that listens on one loopback port; `apply` takes settings by declaration."""

    def __init__(self, root: Path, daemon: str = "nginx") -> None:
        self.world = RealWorld(root)
        self.root = root
        self.daemon = daemon
        self.now = datetime.now(UTC)
        start = self.now - timedelta(days=1)
        self.ca: Authority = authority("Corp CA", now=start, key=seeded_key("ca"))
        self.server: Issued = self.ca.issue(
            "scratch", sans=["127.0.0.1"], server=True, key=seeded_key("server")
        )
        self.alice: Issued = self.ca.issue("alice", client=True, key=seeded_key("alice"))
        self.bob: Issued = self.ca.issue("bob", client=True, key=seeded_key("bob"))
        self.sealed: Issued | None = None
        """Whose key is in the store, when it is not the certificate's."""
        self.port = self.world.dialer.free_port()
        self.generation = 0
        self.values: dict[tuple[str, ...], object] = {}
        self.crls: tuple[x509.CertificateRevocationList, ...] = ()
        for folder in ("var/lib/xsec/status", "run", "etc"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.set({settings.HTTPS_PORT: self.port, settings.HTTPS_ADDRESS: "127.0.0.1"})
        self.set({settings.HTTPS_DAEMON: daemon})

    @property
    def address(self) -> Address:
        return Address(host="127.0.0.1", port=self.port)

    def set(self, values: Mapping[Setting[Any], object]) -> None:
        """Save settings, as a commit would."""
        for setting, value in values.items():
            self.values[setting.folded] = value

    def require_clients(self, *, revoked: tuple[Issued, ...] = (), number: int = 1) -> None:
        """Ask for client certificates of the corporate CA, with a CRL of it."""
        self.set({MODE: "Validation"})
        self.crls = (self.ca.crl(revoked, number=number, this_update=self.now - timedelta(minutes=number)),)

    def snapshot(self) -> Snapshot:
        """The configuration as the next generation."""
        self.generation += 1
        return estate(
            server=self.server,
            authorities=(self.ca,),
            crls=self.crls,
            values=self.values,
            generation=self.generation,
            now=self.now,
        )

    def open_secret(self, sealed: Sealed, path: str) -> Secret:
        assert path == KEY_PATH
        return Secret(der((self.sealed or self.server).key))

    def apply(
        self,
        *,
        dry_run: bool = False,
        force: bool = False,
        restart: bool = True,
        fail_closed: bool = False,
        without_crl: bool = False,
        proofs: tuple[ClientProof, ...] = (),
    ) -> Report:
        return apply(
            self.world,
            self.snapshot(),
            dry_run=dry_run,
            force=force,
            restart=restart,
            fail_closed=fail_closed,
            without_crl=without_crl,
            open_secret=self.open_secret,
            proofs=proofs,
            now=self.now,
        )

    def recover(self) -> tuple[str, ...]:
        return recover(self.world)

    def digest(self) -> str:
        """The rendering recorded as applied."""
        return recorded(self.world)["https"].digest

    @staticmethod
    @contextmanager
    def occupied() -> Iterator[int]:
        """A loopback port that somebody listens on."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield server.getsockname()[1]

    def stop(self) -> None:
        stop(self.world, self.daemon)

    def tree(self) -> dict[str, bytes]:
        """Every file of xsec's below /etc, by path."""
        etc = self.root / "etc"
        return {str(path.relative_to(etc)): path.read_bytes() for path in etc.rglob("*") if path.is_file()}


def holder(client: Issued) -> Holder:
    """A client as the prover takes it."""
    return Holder(certificate=client.chain_pem, key=Secret(client.key_pem))
