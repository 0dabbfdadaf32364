"""One run of the demo: commands typed, handshakes made, facts claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xsec.daemons.base import ClientPolicy, Listener
from xsec.daemons.enforce.prove import ClientProof, Doors, run, tasks
from xsec.daemons.enforce.report import Proof
from xsec.errors import ExitCode, Unavailable, XsecError
from xsec.host import Host
from xsec.lab.cast import SERVER_NAME, Cast
from xsec.lab.pki import Issued, der
from xsec.output.render import plain
from xsec.output.result import Result
from xsec.pki.server import Identity
from xsec.secret import Secret
from xsec.state.snapshot import Sealed
from xsec.tls.handshake import Address, Holder, shake
from xsec.tls.profile import ServiceProfile
from xsec.tls.versions import Version

Typed = Callable[[str, Sequence[str]], Result]
"""Runs one command line of xsec for a root folder, as if it had been typed."""

SUITES = ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
CIPHERS = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
BROKEN = "ECDHE-RSA-AES256-GCM-SHA384"  # for an RSA key; the server's is ECDSA: nginx -t does not mind


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing the demo claims, and what was seen; `how` is the command or the handshake."""

    what: str
    proven: bool
    found: str
    how: str


class Stopped(Exception):
    """A command that the rest stands on did not do what it had to; the fact is recorded."""


@dataclass(slots=True, kw_only=True)
class Play:
    """The state of one run."""

    host: Host
    typed: Typed
    folder: Path
    people: Cast
    program: str
    port: int
    facts: list[Fact] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    # Saying and typing -------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.host.terminal.say(text)

    def claim(self, what: str, proven: bool, found: str, how: str) -> None:
        self.facts.append(Fact(what=what, proven=proven, found=found, how=how))
        self.say(f"  {'proven' if proven else 'NOT PROVEN'}  {what}: {found}")

    def type(self, *words: str) -> Result | XsecError:
        """What the command answers, or the error it ends with; file names are those in the folder."""
        shown = " ".join(("xsec", *map(_quoted, words)))
        self.commands.append(shown)
        self.say(f"$ {shown}")
        there = [str(self.folder / word) if (self.folder / word).is_file() else word for word in words]
        try:
            result = self.typed(str(self.folder / "root"), there)
        except XsecError as error:
            self.say(f"  [{int(error.exit_code)}] {error.what}")
            return error
        for note in result.notes:
            self.say(f"  {note.replace(f'{self.folder}/', '')}")
        return result

    def must(self, *words: str) -> Result:
        """What a command answers that has to succeed; otherwise the demo ends here."""
        answer = self.type(*words)
        if isinstance(answer, Result) and answer.exit_code is ExitCode.OK:
            return answer
        found = answer.what if isinstance(answer, XsecError) else f"exit code {int(answer.exit_code)}"
        self.claim(f"`{self.commands[-1]}` succeeds", False, found, self.commands[-1])
        raise Stopped

    # Handshakes --------------------------------------------------------------------------------------

    @property
    def address(self) -> Address:
        return Address(host="127.0.0.1", port=self.port, name=SERVER_NAME)

    def proofs(self, *clients: ClientProof) -> tuple[Proof, ...]:
        """Every proof of what the demo set, made on the live daemon; the store is not asked what it was."""
        doors = Doors(dialer=self.host.dialer, entropy=self.host.entropy)
        return run(doors, self.address, tasks(expected(self.people, self.port), clients))

    def visit(self, who: Issued) -> bool:
        """Whether a client gets through to the page behind the service."""
        try:
            return shake(self.host.dialer, self.address, Version.TLS1_3, holder=holder(who)).status == 200
        except Unavailable:
            return False


def expected(people: Cast, port: int) -> Listener:
    """The service as it has to be once everything was typed."""
    server = people.server
    return Listener(
        service="https",
        enabled=True,
        address="127.0.0.1",
        port=port,
        profile=ServiceProfile(
            service="https",
            minimum_version=Version.TLS1_2,
            ciphers=CIPHERS,
            inbound=CIPHERS,
            ciphersuites=SUITES,
        ),
        identity=Identity(
            certificate=server.der,
            chain=tuple(der(issuer) for issuer in server.chain),
            key=Sealed(""),
            public_key_digest="",
            source="file",
            installed=server.certificate.not_valid_before_utc,
        ),
        clients=ClientPolicy(required=True),
    )


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word


def holder(who: Issued) -> Holder:
    """A client as the handshake takes it."""
    return Holder(certificate=who.chain_pem, key=Secret(who.key_pem))


def text_of(answer: Result | XsecError) -> str:
    """An answer in one line, to be searched and shown."""
    if isinstance(answer, XsecError):
        return answer.what
    return str(plain(answer.data))


def find(answer: Result | XsecError, name: str) -> object:
    """The first value under a name anywhere in an answer."""
    return below(plain(answer.data), name) if isinstance(answer, Result) else None


def below(tree: Any, name: str) -> object:
    """The first value under a name anywhere in a tree."""
    if isinstance(tree, dict):
        if name in tree:
            return tree[name]
        tree = list(tree.values())
    if isinstance(tree, list):
        return next((found for item in tree if (found := below(item, name)) is not None), None)
    return None
