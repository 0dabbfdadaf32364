"""Rules over certificates: the server's own and the trust list's, before and after they end (BA-3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cryptography.x509.oid import NameOID

from xsec.pki import describe, expiry, trust
from xsec.pki.expiry import Period
from xsec.pki.server import IDENTITIES, SELF_SIGNED
from xsec.pki.trust import TRUST
from xsec.state.rule import Finding, Severity, rule
from xsec.state.snapshot import Snapshot

_INSTALL = "xsec cert install --help"


def _ends(period: Period, now: datetime) -> str:
    days = describe.days(period.not_after, now)
    when = f"{period.not_after:%Y-%m-%d %H:%M:%SZ}"
    return f"ended {when}" if now > period.not_after else f"ends {when}, in {days} days"


def _ends_today(period: Period, now: datetime) -> bool:
    return period.not_after.date() <= now.date()


@rule(id=40068, title="Server certificate validity", severity=Severity.CRITICAL, requirement="BA-3")
def server_ended(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise when the server certificate has ended or ends today (UTC)."""
    period = snapshot.derive(expiry.server)
    if period is not None and _ends_today(period, now):
        yield _server(period, now, "every client that checks it refuses this host")


@rule(id=40069, title="Server certificate validity", severity=Severity.ALERT, requirement="BA-3")
def server_ends(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise when the server certificate ends within 30 days, or within the last third of a shorter life."""
    period = snapshot.derive(expiry.server)
    if period is not None and period.soon <= now and not _ends_today(period, now):
        yield _server(period, now, "from then on every client that checks it refuses this host")


def _server(period: Period, now: datetime, text: str) -> Finding:
    return Finding(
        object="server certificate",
        expected="a certificate that is valid for longer",
        found=f"{period.subject} {_ends(period, now)}",
        remedy=_INSTALL,
        text=text,
    )


@rule(id=40052, title="Certificate error", severity=Severity.INFORMATION, requirement="SC-3")
def without_common_name(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Tell of a server certificate without a common name: some old peers do not read SAN."""
    identity = snapshot[IDENTITIES].server
    if identity is None:
        return
    certificate = describe.load(identity.certificate)
    if not certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        yield Finding(
            object="server certificate",
            expected="a common name, for peers that do not read SAN",
            found=describe.subject(certificate),
            remedy=_INSTALL,
        )


@rule(id=70201, title="CA certificate validity", severity=Severity.ERROR, requirement="BA-3")
def issuer_ended(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each CA certificate in use that ended or ends within 30 days (a third of a short life)."""
    for period in (*snapshot.derive(expiry.chain), *snapshot.derive(expiry.trusted)):
        if period.in_use and period.soon <= now:
            yield Finding(
                object=f"CA {describe.short(period.fingerprint)}",
                expected="a CA certificate that is valid for longer",
                found=f"{period.subject} {_ends(period, now)}",
                remedy="xsec trust list",
                text="the server certificate's path ends with it",
            )


@rule(id=70202, title="Server certificate not valid yet", severity=Severity.CRITICAL, requirement="SC-3")
def server_begins_later(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while the server certificate's validity has not begun."""
    period = snapshot.derive(expiry.server)
    if period is not None and now < period.not_before:
        yield Finding(
            object="server certificate",
            expected=f"{period.not_before:%Y-%m-%d %H:%M:%SZ} or later",
            found=f"the clock shows {now:%Y-%m-%d %H:%M:%SZ}",
            remedy="timedatectl status",
        )


@rule(id=70203, title="Trusted CA certificate ended", severity=Severity.INFORMATION, requirement="BA-3")
def trusted_ended(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Tell of each CA certificate of the trust list that has ended and is not known to be in use."""
    for period in snapshot.derive(expiry.trusted):
        if not period.in_use and now > period.not_after:
            name = describe.short(period.fingerprint)
            yield Finding(
                object=f"CA {name}",
                expected="a CA certificate that is valid",
                found=f"{period.subject} {_ends(period, now)}",
                remedy=f"xsec trust remove {name}",
            )


@rule(id=70204, title="Default server certificate", severity=Severity.INFORMATION, requirement="SC-3")
def self_signed(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Tell that the server certificate is the self-signed default, which no client trusts by itself."""
    identity = snapshot[IDENTITIES].server
    if identity is not None and identity.source == SELF_SIGNED:
        yield Finding(
            object="server certificate",
            expected="a certificate from a CA that clients trust",
            found="the self-signed default",
            remedy=_INSTALL,
        )


@rule(id=70205, title="CA certificates with one subject", severity=Severity.WARNING, requirement="TR-1")
def same_subject(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each subject that several keys of the trust list share: an appliance finds only the first."""
    entries = snapshot[TRUST].entries
    for group in trust.same_subject(snapshot[TRUST]):
        numbers = [str(entries.index(entry) + 1) for entry in group]
        yield Finding(
            object=describe.subject(describe.load(group[0].der)),
            expected="one CA certificate with this subject",
            found=f"entries {', '.join(numbers)} have different keys",
            remedy=f"xsec trust remove {describe.short(group[0].digest)}",
            text="an appliance takes the first entry with the subject and never finds the later ones",
        )


RULES = (
    server_ended,
    server_ends,
    without_common_name,
    issuer_ended,
    server_begins_later,
    trusted_ended,
    self_signed,
    same_subject,
)
