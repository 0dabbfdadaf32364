"""A small PKI in one line each, and scratch hosts; the same octets in every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.doubles.clock import FrozenClock
from tests.doubles.entropy import CountingEntropy
from tests.doubles.files import MemoryFiles
from tests.doubles.syslog import RecordingSyslog
from tests.doubles.terminal import ScriptedTerminal
from xsec.host import Host
from xsec.lab.pki import Authority, Issued, Target, authority, seeded_key
from xsec.ports import Actor
from xsec.state import rootkey
from xsec.state.document import Document, Origin
from xsec.state.log import NAMES, Log

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
"""The one moment of all tests; certificates of this module are valid from here."""


def ca(name: str = "Root", issuer: Authority | None = None, **kwargs: Any) -> Authority:
    """An authority valid from NOW for ten years, with the key that belongs to its name."""
    kwargs.setdefault("key", seeded_key(f"ca {name}"))
    kwargs.setdefault("now", NOW)
    return authority(name, issuer=issuer, **kwargs)


def issue(issuer: Authority, name: str, **kwargs: Any) -> Issued:
    """A certificate valid from NOW for 90 days, with the key that belongs to its name."""
    kwargs.setdefault("key", seeded_key(f"leaf {name}"))
    return issuer.issue(name, **kwargs)


def crl(issuer: Authority, *revoked: Target, **kwargs: Any) -> x509.CertificateRevocationList:
    """A CRL of the authority, current from NOW for 30 days."""
    return issuer.crl(revoked, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pki:
    """The usual cast."""

    root: Authority
    issuing: Authority
    server: Issued
    alice: Issued
    bob: Issued
    root_crl: x509.CertificateRevocationList
    issuing_crl: x509.CertificateRevocationList
    alice_revoked: x509.CertificateRevocationList


def pki() -> Pki:
    """Root, issuing authority, the server vcs.example, the clients alice and bob; nobody revoked yet."""
    root = ca("World Root")
    issuing = ca("World Issuing", root, path_length=0)
    alice = issue(issuing, "alice", client=True, sans=["alice@example.com"])
    return Pki(
        root=root,
        issuing=issuing,
        server=issue(issuing, "vcs.example", server=True, sans=["vcs.example", "127.0.0.1"]),
        alice=alice,
        bob=issue(issuing, "bob", client=True, sans=["bob@example.com"]),
        root_crl=crl(root),
        issuing_crl=crl(issuing),
        alice_revoked=crl(issuing, alice, number=2),
    )


class ScratchHost(Host):
    """A host with real files in a folder of its own, at one moment, managed by root."""

    @cached_property
    def clock(self) -> FrozenClock:
        return FrozenClock(NOW)

    @cached_property
    def entropy(self) -> CountingEntropy:
        return CountingEntropy(self.root)

    @cached_property
    def terminal(self) -> ScriptedTerminal:
        return ScriptedTerminal()

    @cached_property
    def actor(self) -> Actor:
        return Actor(uid=0, name="root", command=self.command)


class MemoryHost(ScratchHost):
    """A host whose files are in memory; they can be given, with a power cut planned."""

    def __init__(self, files: MemoryFiles | None = None, *, answers: Sequence[str] = ()) -> None:
        super().__init__(root="/", command="xsec test")
        self.memory = files or MemoryFiles()
        self.answers = answers

    @cached_property
    def files(self) -> MemoryFiles:
        return self.memory

    @cached_property
    def terminal(self) -> ScriptedTerminal:
        return ScriptedTerminal(self.answers)

    @cached_property
    def syslog(self) -> RecordingSyslog:
        return RecordingSyslog()


def scratch(folder: Path) -> ScratchHost:
    """A host with an empty generation 1."""
    host = ScratchHost(root=str(folder), command="xsec test")
    host.store.make()
    for name in NAMES:
        Log(host.files, name).begin()
    rootkey.save(host.files, rootkey.make(host.entropy))
    with host.store.locked():
        origin = Origin(time=NOW, user="root", command="xsec test", summary="made by a test")
        host.store.commit(Document(generation=1, origin=origin))
    return host
