"""The main job end to end in a scratch root, every claim proven by a handshake or an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from xsec.daemons.base import Stage, daemon
from xsec.daemons.enforce import folders, shadow
from xsec.daemons.enforce.listener import derive
from xsec.daemons.enforce.program import Program, installation
from xsec.daemons.enforce.prove import ClientProof
from xsec.daemons.enforce.report import Proof
from xsec.errors import ExitCode, RolledBack, Unavailable, XsecError
from xsec.host import Host
from xsec.lab.cast import SERVER_NAME, cast
from xsec.lab.play import BROKEN, CIPHERS, SUITES, Fact, Play, Stopped, Typed, below, find, holder, text_of
from xsec.lab.scratch import Hammer, processes, scratch
from xsec.output.render import plain
from xsec.output.result import Result
from xsec.tls.handshake import shake
from xsec.tls.versions import Version


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
    text = text_of(answer)
    accepted = isinstance(answer, Result) and answer.exit_code is ExitCode.OK
    name = find(answer, "username")
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
    rehearsed, live = below(told, "rehearsed"), below(told, "proofs")
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
    text = text_of(answer)
    refused = answer.exit_code is ExitCode.NEGATIVE
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
        where if stopped else f"the mistake was applied: {text_of(answer)}",
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
