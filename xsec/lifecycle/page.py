"""The status page: what is in force, what ends next, what waits, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from xsec.daemons.base import APPLIED, Applied
from xsec.errors import InvalidValue, XsecError
from xsec.pki import describe, expiry
from xsec.pki.server import IDENTITIES, SELF_SIGNED
from xsec.pki.trust import TRUST
from xsec.revocation import freshness
from xsec.state.engine import Alarm, AlarmState
from xsec.state.rule import Severity
from xsec.state.schema import Leaf, Schema
from xsec.state.settings import SYSTEM_NAME
from xsec.state.snapshot import Snapshot

T = TypeVar("T")

WORST = 5
"""How many alarms the page shows; `xsec alarm list` shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """When something ends; `at` None never does, `days` is rounded down and negative once past."""

    name: str
    at: datetime | None
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The server certificate, in one line."""

    subject: str
    issuer: str
    source: str
    ends: End


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service as it was last applied and proven.

    `saved` are settings whose value was saved since and is not applied; those of them that need more than an
    apply are in `waiting_for_restart`.  `behind` says only that a newer generation was made since.
    """

    service: str
    daemon: str
    generation: int
    behind: bool
    proven: datetime
    proofs: int
    saved: tuple[str, ...]
    waiting_for_restart: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to type, and what for."""

    command: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page; what cannot be read is None and named in `unreadable`."""

    generation: int
    made: datetime | None
    system_name: str
    mode: str
    alarms: Mapping[str, int]
    unacknowledged: int
    worst: tuple[Alarm, ...]
    server: Certificate | None
    trusted: int
    trust_ends: End | None
    crls: tuple[End, ...]
    services: tuple[Service, ...]
    unreadable: tuple[str, ...]
    next: tuple[Step, ...]


NO_ENDS: tuple[End, ...] = ()
NO_SERVICES: tuple[Service, ...] = ()
NOT_SET_UP = "xsec is not set up on this host."
FIRST_STEPS = (
    Step(command="xsec demo", why="watch the main job in a scratch root; nothing of this host is touched"),
    Step(command="xsec setup", why="make a working default store on this host; no daemon is touched"),
    Step(command="xsec --help", why="all commands"),
)


def page(snapshot: Snapshot, alarms: AlarmState, schema: Schema, now: datetime) -> Page:
    """The page at `now`; a part that is damaged does not hide the others."""
    parts = Parts(snapshot, schema, now)
    server = parts.read("the server certificate", parts.server, None)
    trusted = parts.read("the trust list", lambda: len(snapshot[TRUST].entries), 0)
    crls = parts.read("the CRLs", parts.crls, NO_ENDS)
    services = parts.read("the services", parts.services, NO_SERVICES)
    return Page(
        generation=snapshot.generation,
        made=snapshot.made,
        system_name=snapshot[SYSTEM_NAME],
        mode="standard",
        alarms=Counter(alarm.severity.value for alarm in alarms.alarms),
        unacknowledged=len(alarms.unacknowledged),
        worst=alarms.unacknowledged[:WORST],
        server=server,
        trusted=trusted,
        trust_ends=parts.read("the trust list's dates", parts.trust_ends, None),
        crls=crls,
        services=services,
        unreadable=tuple(parts.unreadable),
        next=tuple(_steps(alarms, server, trusted, crls, services, parts.unreadable)),
    )


class Parts:
    """The parts of the page, each read by itself."""

    def __init__(self, snapshot: Snapshot, schema: Schema, now: datetime) -> None:
        self.snapshot = snapshot
        self.schema = schema
        self.now = now
        self.unreadable: list[str] = []

    def read(self, name: str, make: Callable[[], T], otherwise: T) -> T:
        """What `make` gives; when that is damaged, `otherwise`, and the name is kept."""
        try:
            return make()
        except XsecError as error:
            self.unreadable.append(f"{name}: {error.what}")
            return otherwise

    def end(self, name: str, at: datetime | None) -> End:
        return End(name=name, at=at, days=None if at is None else describe.days(at, self.now))

    def server(self) -> Certificate | None:
        identity = self.snapshot[IDENTITIES].server
        if identity is None:
            return None
        certificate = describe.load(identity.certificate)
        subject = describe.subject(certificate)
        return Certificate(
            subject=subject,
            issuer=describe.issuer(certificate),
            source=identity.source,
            ends=self.end(subject, certificate.not_valid_after_utc),
        )

    def trust_ends(self) -> End | None:
        """The next of the trust list to end, those in use first; what has ended already is not next."""
        coming = [period for period in expiry.trusted(self.snapshot) if period.not_after >= self.now]
        chosen = next((period for period in coming if period.in_use), coming[0] if coming else None)
        return self.end(chosen.subject, chosen.not_after) if chosen else None

    def crls(self) -> tuple[End, ...]:
        return tuple(self.end(crl.issuer, crl.next_update) for crl in freshness.manual(self.snapshot))

    def services(self) -> tuple[Service, ...]:
        applied = self.snapshot[APPLIED]
        return tuple(self._service(applied[name]) for name in sorted(applied))

    def _service(self, applied: Applied) -> Service:
        saved = tuple(self._saved(applied.inputs))
        return Service(
            service=applied.service,
            daemon=applied.daemon,
            generation=applied.generation,
            behind=applied.generation < self.snapshot.generation,
            proven=applied.time,
            proofs=len(applied.proofs),
            saved=tuple(leaf.path for leaf in saved),
            waiting_for_restart=tuple(leaf.path for leaf in saved if leaf.setting.restart),
            notes=applied.notes,
        )

    def _saved(self, in_force: Mapping[str, str]) -> Iterator[Leaf[Any]]:
        """The settings whose value is not the one that was applied (SY-6)."""
        for path, text in in_force.items():
            try:
                leaf = self.schema.find(tuple(path.split()))
            except InvalidValue:
                continue  # a part that is no setting, or a setting of another version of xsec
            if leaf.setting.kind.format(self.snapshot.value(leaf)) != text:
                yield leaf


def _steps(
    alarms: AlarmState,
    server: Certificate | None,
    trusted: int,
    crls: tuple[End, ...],
    services: tuple[Service, ...],
    unreadable: Sequence[str],
) -> Iterator[Step]:
    """What helps most from here, the most urgent first."""
    if unreadable or any(alarm.severity.rank <= Severity.ERROR.rank for alarm in alarms.unacknowledged):
        yield Step(command="xsec doctor", why="everything that is wrong, each with its remedy")
    elif alarms.unacknowledged:
        yield Step(command="xsec alarm list", why="the alarms, each with its remedy")
    if not trusted:
        yield Step(command="xsec trust add FILE", why="trust the CAs of your peers and clients")
    if server is None or server.source == SELF_SIGNED:
        yield Step(
            command="xsec cert install CERTIFICATE.pem --key KEY.pem",
            why="replace the self-signed default by a certificate that clients trust",
        )
    if not crls:
        yield Step(command="xsec crl upload FILE", why="refuse certificates that their CA has revoked")
    if any(service.waiting_for_restart for service in services):
        yield Step(command="xsec restart", why="put into force what waits for a restart")
    if not services:
        yield Step(command="xsec apply --dry-run", why="see what xsec would give to the daemons of this host")
    elif any(service.behind for service in services):
        yield Step(command="xsec apply --dry-run", why="see what was saved and is not in force")
    yield Step(command="xsec tls show", why="TLS versions and cipher suites of each service")
    yield Step(command="xsec --help", why="all commands")
