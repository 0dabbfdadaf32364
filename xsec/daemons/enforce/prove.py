"""Proofs by handshake: what a listener must do, as tasks that can be listed before and run after (AP-1).

A refused version counts only by the alert `protocol_version`, a refused suite only by `handshake_failure`:
anything else (a closed connection, an internal error) proves nothing and does not hold.  Likewise a client
counts as refused only by an alert about its certificate, or by HTTP 400, and nobody listens only where the
connection itself is refused: a time-out may be an overloaded server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from xsec.daemons.base import Listener
from xsec.daemons.enforce.report import Proof
from xsec.errors import Unavailable
from xsec.ports import Dialer, Entropy
from xsec.tls.expand import offered, suites
from xsec.tls.handshake import Address, HandshakeFailed, Holder, ask, shake
from xsec.tls.hello import Answer, Heard
from xsec.tls.versions import Version

_REFUSALS = frozenset(
    (
        "certificate_required", "bad_certificate", "unsupported_certificate", "certificate_revoked",
        "certificate_expired", "certificate_unknown", "unknown_ca",
        "handshake_failure",  # in TLS 1.2 also what a client without a certificate is told
    )
)  # fmt: skip
"""Alerts that a server sends for a client's certificate (RFC 5246, 7.2.2; RFC 8446, 6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What a proof needs of the world."""

    dialer: Dialer
    entropy: Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProof:
    """A client and what must become of it; without a holder it has no certificate.

    `rehearsed` False leaves it out of the shadow: it is then judged by the live daemon only.
    """

    name: str
    accepted: bool
    holder: Holder | None = None
    rehearsed: bool = True


Judge = Callable[[Doors, Address], tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One proof to be made: `judge` answers what was found and whether it is as expected."""

    what: str
    expected: str
    how: str
    judge: Judge


def tasks(listener: Listener, clients: Iterable[ClientProof] = ()) -> tuple[Task, ...]:
    """Everything that must be true of a listener; `clients` adds to the client without a certificate."""
    if not listener.enabled:
        return (Task(what="no listener", expected="nobody answers", how="connect", judge=_closed),)
    return (
        *_versions(listener),
        *_suites(listener),
        *_certificates(listener),
        *client_tasks(listener, (_anonymous(listener), *clients)),
    )


def _anonymous(listener: Listener) -> ClientProof:
    return ClientProof(name="a client without a certificate", accepted=not listener.clients.required)


def live(address: str, port: int) -> Address:
    """Where a listener of this host is asked: one on all addresses on loopback."""
    return Address(host={"*": "127.0.0.1", "::": "::1"}.get(address, address), port=port)


def run(doors: Doors, address: Address, wanted: Iterable[Task]) -> tuple[Proof, ...]:
    """Make every proof; a server that does not answer is a proof that does not hold."""
    return tuple(_run(doors, address, task) for task in wanted)


def _run(doors: Doors, address: Address, task: Task) -> Proof:
    try:
        found, held = task.judge(doors, address)
    except Unavailable as error:
        found, held = error.what, False
    return Proof(
        what=task.what, expected=task.expected, found=found, held=held, how=f"{task.how} to {address}"
    )


def planned(address: object, wanted: Iterable[Task]) -> tuple[Proof, ...]:
    """The proofs that would be made."""
    return tuple(
        Proof(what=task.what, expected=task.expected, how=f"{task.how} to {address}") for task in wanted
    )


def _closed(doors: Doors, address: Address) -> tuple[str, bool]:
    try:
        ask(doors.dialer, doors.entropy, address, Version.TLS1_2, _codes(Version.TLS1_2))
    except Unavailable as error:
        return error.what, isinstance(error.__cause__, ConnectionRefusedError)
    return "somebody answers", False


# Versions and suites ---------------------------------------------------------------------------------------


def _codes(version: Version) -> tuple[int, ...]:
    modern = version is Version.TLS1_3
    return tuple(
        suite.code
        for suite in suites().values()
        if (suite.version == "TLSv1.3") is modern and suite.version <= version.text
    )


def _versions(listener: Listener) -> Iterator[Task]:
    for version in Version:
        if version < listener.profile.minimum_version:
            yield Task(
                what=f"{version.text} is refused",
                expected="alert protocol_version",
                how=f"ClientHello with {version.text} and every suite",
                judge=partial(_refused, version=version, codes=_codes(version), alert="protocol_version"),
            )


def _suites(listener: Listener) -> Iterator[Task]:
    policy = listener.profile
    for version in policy.versions:
        mine = tuple(suite.code for suite in offered(policy.inbound, policy.ciphersuites, version))
        others = tuple(code for code in _codes(version) if code not in mine)
        if mine:
            yield Task(
                what=f"{version.text} with the configured suites",
                expected="accepted with one of them",
                how=f"ClientHello with {version.text} and exactly the {len(mine)} configured suites",
                judge=partial(_accepted, version=version, codes=mine),
            )
        if others:
            yield Task(
                what=f"{version.text} with only other suites",
                expected="alert handshake_failure",
                how=f"ClientHello with {version.text} and the {len(others)} suites that are not configured",
                judge=partial(_refused, version=version, codes=others, alert="handshake_failure"),
            )


def _refused(
    doors: Doors, address: Address, *, version: Version, codes: tuple[int, ...], alert: str
) -> tuple[str, bool]:
    heard = ask(doors.dialer, doors.entropy, address, version, codes)
    return _told(heard), heard.answer is Answer.ALERT and heard.alert == alert


def _accepted(
    doors: Doors, address: Address, *, version: Version, codes: tuple[int, ...]
) -> tuple[str, bool]:
    heard = ask(doors.dialer, doors.entropy, address, version, codes)
    held = heard.answer is Answer.ACCEPTED and heard.version == version and heard.suite in codes
    return _told(heard), held


def _told(heard: Heard) -> str:
    if heard.answer is not Answer.ACCEPTED:
        return heard.text
    name = next((suite.name for suite in suites().values() if suite.code == heard.suite), "")
    version = next((v.text for v in Version if v == heard.version), f"{heard.version:04X}")
    return f"accepted {version} with {name or format(heard.suite, '04X')}"


# Whole handshakes ------------------------------------------------------------------------------------------


def _modern(listener: Listener) -> tuple[Version, ...]:
    return tuple(version for version in listener.profile.versions if not version.legacy)


def _certificates(listener: Listener) -> Iterator[Task]:
    identity = listener.identity
    for version in listener.profile.versions:
        if not offered(listener.profile.inbound, listener.profile.ciphersuites, version):
            continue
        yield Task(
            what=f"the served certificate and chain, {version.text}",
            expected=f"{1 + len(identity.chain)} certificates as installed",
            how=f"{version.text} handshake",
            judge=partial(
                _served,
                version=version,
                chain=(identity.certificate, *identity.chain),
                anchors=listener.clients.anchors,
            ),
        )


def _served(
    doors: Doors,
    address: Address,
    *,
    version: Version,
    chain: tuple[bytes, ...],
    anchors: tuple[bytes, ...],
) -> tuple[str, bool]:
    """A program may go on with issuers that it trusts for clients: OpenSSL does so unless told not to."""
    heard, served = _presented(doors, address, version)
    if heard:
        return heard, False
    if served[:1] != chain[:1]:
        return "another certificate" if served else "no certificate", False
    if served[: len(chain)] != chain or not frozenset(served[len(chain) :]) <= frozenset(anchors):
        return f"the certificate with {len(served) - 1} others", False
    return f"{len(chain)} certificates as installed", True


def _presented(doors: Doors, address: Address, version: Version) -> tuple[str, tuple[bytes, ...]]:
    """What a server says instead of its certificates, or these.

    Up to TLS 1.2 they go in clear, and are seen also by a client that is then refused.
    """
    if version is Version.TLS1_3:
        return "", shake(doors.dialer, address, version).chain
    heard = ask(doors.dialer, doors.entropy, address, version, _codes(version))
    return ("", heard.chain) if heard.answer is Answer.ACCEPTED else (_told(heard), ())


def serves(doors: Doors, address: Address, certificate: bytes) -> str:
    """Why a listener does not present a certificate (DER) at any version; empty when it does."""
    heard = ""
    for version in reversed(tuple(Version)):
        try:
            heard, chain = _presented(doors, address, version)
        except HandshakeFailed as error:
            heard = error.what
            continue
        except Unavailable as error:
            return error.what
        if chain[:1] == (certificate,):
            return ""
        heard = heard or f"{address} serves another certificate"
    return heard


def client_tasks(listener: Listener, clients: Iterable[ClientProof]) -> Iterator[Task]:
    """What must become of each client, at every version from 1.2 that the policy lets in."""
    for client in clients:
        for version in _modern(listener):
            yield Task(
                what=f"{client.name}, {version.text}",
                expected="accepted" if client.accepted else "refused",
                how=f"{version.text} handshake and GET /",
                judge=partial(_client, version=version, client=client, demanded=listener.clients.required),
            )


def _client(
    doors: Doors, address: Address, *, version: Version, client: ClientProof, demanded: bool
) -> tuple[str, bool]:
    """Some let the handshake pass and answer 400; others send an alert, in TLS 1.3 after the handshake.

    Neither counts where no certificate is `demanded`: it was then refused for something else.
    """
    try:
        served = shake(doors.dialer, address, version, holder=client.holder)
    except HandshakeFailed as error:
        return _refusal(error.what, error.alert in _REFUSALS and demanded, client)
    if served.status == 200:
        return "accepted: HTTP 200", client.accepted
    if served.status:
        return _refusal(f"HTTP {served.status}", served.status == 400 and demanded, client)
    return _refusal(served.refused, served.alert in _REFUSALS and demanded, client)


def _refusal(how: str, proven: bool, client: ClientProof) -> tuple[str, bool]:
    return f"refused: {how}" if proven else f"not proven: {how}", proven and not client.accepted
