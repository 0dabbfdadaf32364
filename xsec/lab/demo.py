"""The main job end to end in a scratch root, every claim proven by a handshake or an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from xsec.daemons.base import ClientPolicy, Listener, Stage, daemon
from xsec.daemons.enforce import folders, shadow
from xsec.daemons.enforce.listener import derive
from xsec.daemons.enforce.program import Program, installation
from xsec.daemons.enforce.prove import ClientProof, Doors, run, tasks
from xsec.daemons.enforce.report import Proof
from xsec.errors import ExitCode, RolledBack, Unavailable, XsecError
from xsec.host import Host
from xsec.lab.cast import SERVER_NAME, Cast, cast
from xsec.lab.pki import Issued, der
from xsec.lab.scratch import Hammer, processes, scratch
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The demo's answer.  `kept` is the folder that stays, empty when nothing does."""

    facts: tuple[Fact, ...]
    proven: int
    failed: int
    daemon: str
    address: str
    commands: tuple[str, ...]
    seconds: float
    kept: str = ""
    hints: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.NEGATIVE if self.failed or not self.facts else ExitCode.OK


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


# The story -----------------------------------------------------------------------------------------------


def demo(host: Host, typed: Typed, *, keep: bool, program: str = "", within: Path | None = None) -> Told:
    """Play the whole story; nothing stays unless `keep`.

    `host` is the machine that the demo runs on: its clock, programs, ports and terminal.  `program` is
    `nginx` or `builtin`; nginx where it is installed when not said.  `within` holds temporary files.
    """
    began = host.clock.monotonic()
    program = program or ("nginx" if host.runner.find("nginx") else "builtin")
    with scratch(keep=keep, within=within) as folder:
        play = Play(
            host=Host(root=str(folder / "root"), command="xsec demo"),
            typed=typed,
            folder=folder,
            people=cast(folder, host.clock.now()),
            program=program,
            port=host.dialer.free_port(),
        )
        _open(play)
        try:
            for part in (_set_up, _identify, _enforce, _revoke, _break):
                part(play)
        except Stopped:
            play.say("the demo ends here: what follows stands on that command")
    if not keep:
        _nothing_left(play, folder)
    return _told(play, host.clock.monotonic() - began, folder if keep else None)


def _open(play: Play) -> None:
    play.say(f"A host from nothing to a proven HTTPS service, in {play.folder}")
    if play.program == "builtin":
        play.say("nginx is not used: the built-in TLS server carries HTTPS, under the same rules and proofs")
    else:
        play.say(f"nginx carries HTTPS on {play.address}")


def _heading(play: Play, text: str) -> None:
    play.say("")
    play.say(f"# {text}")


def _set_up(play: Play) -> None:
    _heading(play, "A new host, and where its web interface listens")
    play.must("setup", "--yes", "--name", "demo")
    play.must("xconfiguration", "Service Https Address: 127.0.0.1")
    play.must("xconfiguration", f"Management Interface Port: {play.port}")
    if play.program != "nginx":
        play.must("xconfiguration", f"Service Https Daemon: {play.program}")


def _identify(play: Play) -> None:
    _heading(play, "Whom it trusts, who it is, and whom it lets in")
    play.must("trust", "add", "demo-ca.pem", "--for", "https-client-auth")
    play.must("cert", "install", "server.pem", "--key", "server.key")
    play.must("crl", "upload", "crl-1.pem")
    answer = play.type("client-cert", "test", "alice.pem")
    text = _text(answer)
    accepted = isinstance(answer, Result) and answer.exit_code is ExitCode.OK
    name = _find(answer, "username")
    play.claim(
        "alice's certificate is accepted and gives the user name alice",
        accepted and name == "alice",
        f"user name {name!r}" if accepted else text,
        play.commands[-1],
    )
    play.must("certauth", "set", "--mode", "Validation")


def _enforce(play: Play) -> None:
    _heading(play, f"The TLS policy, enforced on {play.program} and proven by handshakes")
    policy = ("--ciphers", CIPHERS, "--ciphersuites", ":".join(SUITES))
    play.must("tls", "set", "https", "--minimum-version", "TLSv1.2", *policy)
    _apply(play)
    people = play.people
    for proof in play.proofs(
        ClientProof(name="alice", accepted=True, holder=holder(people.alice)),
        ClientProof(name="bob", accepted=True, holder=holder(people.bob)),
    ):
        _claim_proof(play, proof)
    _claim_identity(play)


def _apply(play: Play) -> None:
    """Apply, and tell how it was proven."""
    told = plain(play.must("apply").data)
    rehearsed, live = _below(told, "rehearsed"), _below(told, "proofs")
    if isinstance(rehearsed, list) and isinstance(live, list) and live:
        play.say(f"  {len(rehearsed)} proofs on a shadow beside the live service, then {len(live)} on it")


def _claim_proof(play: Play, proof: Proof) -> None:
    found = proof.found if proof.held else f"{proof.found}, expected {proof.expected}"
    play.claim(proof.what, proof.held is True, found, proof.how)


def _claim_identity(play: Play) -> None:
    """What a browser would do with the certificate that is served."""
    what, how = f"a client that trusts the demo root takes the service for {SERVER_NAME}", "path validation"
    try:
        served = shake(play.host.dialer, play.address, Version.TLS1_3, holder=holder(play.people.bob))
        store = Store([play.people.root.certificate])
        verifier = PolicyBuilder().store(store).time(play.host.clock.now().replace(tzinfo=None))
        leaf, *rest = (x509.load_der_x509_certificate(der) for der in served.chain)
        path = verifier.build_server_verifier(x509.DNSName(SERVER_NAME)).verify(leaf, rest)
    except (Unavailable, VerificationError, ValueError) as error:
        play.claim(what, False, str(error), how)
    else:
        play.claim(what, True, f"a path of {len(path)} certificates", how)


def _revoke(play: Play) -> None:
    _heading(play, "alice's key is stolen: her CA revokes her certificate")
    play.must("crl", "upload", "crl-2.pem")
    answer = play.type("client-cert", "test", "alice.pem")
    text = _text(answer)
    refused = _exit_code(answer) is ExitCode.NEGATIVE
    reason = "key" in text.casefold() and "compromise" in text.casefold() and "revoked" in text.casefold()
    found = "revoked, key compromise" if refused and reason else text
    play.claim("alice is refused as revoked, with the reason", refused and reason, found, play.commands[-1])
    _apply(play)
    people = play.people
    for proof in play.proofs(
        ClientProof(name="alice, revoked", accepted=False, holder=holder(people.alice)),
        ClientProof(name="bob, still", accepted=True, holder=holder(people.bob)),
    ):
        if proof.what.startswith(("alice", "bob")):
            _claim_proof(play, proof)


def _break(play: Play) -> None:
    _heading(play, "A mistake: suites for an RSA key on a host whose key is ECDSA")
    before = play.host.snapshot().generation
    play.must("tls", "set", "https", "--ciphers", BROKEN)
    _claim_check(play)
    with Hammer(lambda: play.visit(play.people.bob)) as hammer:
        answer = play.type("apply")
    stopped = isinstance(answer, XsecError) and answer.exit_code in {ExitCode.REFUSED, ExitCode.ROLLED_BACK}
    where = (
        "undone after the switch" if isinstance(answer, RolledBack) else "by the shadow, before any switch"
    )
    play.claim(
        "the mistake is found by handshakes, and the service stays as it was",
        stopped,
        where if stopped else f"the mistake was applied: {_text(answer)}",
        play.commands[-1],
    )
    play.claim(
        "meanwhile the old service answered bob every time",
        hammer.served > 0 and hammer.failed == 0,
        f"{hammer.served} handshakes, {hammer.failed} failed",
        "TLSv1.3 handshakes one after another during the apply",
    )
    play.must("rollback", str(before), "--yes")
    play.must("apply")
    proofs = play.proofs()
    held = sum(proof.held is True for proof in proofs)
    play.claim(
        "after the rollback the policy before the mistake is in force",
        held == len(proofs),
        f"{held} of {len(proofs)} proofs hold",
        play.commands[-1],
    )


def _claim_check(play: Play) -> None:
    """The daemon's own check of the broken configuration, which is why a check is no proof."""
    host = play.host
    plugin = daemon(play.program)
    where = installation(host, plugin)
    listener = derive(host.snapshot(), "https", host.clock.now()).listener
    candidate = plugin.render(listener, where)
    folders.write(host, candidate.files, host.open_secret)
    stage = Stage(folder=shadow.folder(plugin), port=host.dialer.free_port())
    try:
        folders.write(host, plugin.rehearsal(listener, candidate, where, stage))
        wrong = Program(host, plugin, where.beside(stage.folder)).check()
    finally:
        shadow.clear(host, plugin, where)
    check = "nginx -t" if plugin.name == "nginx" else "the built-in server's check"
    play.claim(f"{check} finds nothing wrong with it", not wrong, wrong or "syntax is ok", check)


# The end -------------------------------------------------------------------------------------------------


def _nothing_left(play: Play, folder: Path) -> None:
    left = processes(folder)
    gone = not folder.exists()
    found = f"{len(left)} processes, {'no' if gone else 'a'} folder"
    play.claim("nothing is left: no process, no file", not left and gone, found, "/proc and the folder")


def _told(play: Play, seconds: float, kept: Path | None) -> Told:
    proven = sum(fact.proven for fact in play.facts)
    return Told(
        facts=tuple(play.facts),
        proven=proven,
        failed=len(play.facts) - proven,
        daemon=play.program,
        address=str(play.address),
        commands=tuple(play.commands),
        seconds=round(seconds, 1),
        kept=str(kept or ""),
        hints=tuple(_hints(play, kept)) if kept else (),
    )


def _hints(play: Play, kept: Path) -> Iterator[str]:
    yield f"cd {kept}; export XSEC_ROOT={kept}/root; xsec status"
    yield f"curl --cacert demo-ca.pem --cert bob.pem --key bob.key https://127.0.0.1:{play.port}/"
    numbers = " ".join(map(str, sorted(processes(kept))))
    yield f"to end it: kill {numbers}; rm -r {kept}"


# Reading answers -----------------------------------------------------------------------------------------


def _exit_code(answer: Result | XsecError) -> ExitCode:
    return answer.exit_code


def _text(answer: Result | XsecError) -> str:
    """An answer in one line, to be searched and shown."""
    if isinstance(answer, XsecError):
        return answer.what
    return str(plain(answer.data))


def _find(answer: Result | XsecError, name: str) -> object:
    """The first value under a name anywhere in an answer."""
    return _below(plain(answer.data), name) if isinstance(answer, Result) else None


def _below(tree: Any, name: str) -> object:
    if isinstance(tree, dict):
        if name in tree:
            return tree[name]
        tree = list(tree.values())
    if isinstance(tree, list):
        return next((found for item in tree if (found := _below(item, name)) is not None), None)
    return None
