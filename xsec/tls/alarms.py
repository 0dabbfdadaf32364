"""Alarms about TLS policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xsec.state.rule import Finding, Rule, Severity, rule
from xsec.state.snapshot import Snapshot
from xsec.tls.ciphers import unknown
from xsec.tls.expand import unwise
from xsec.tls.profile import minimum_versions
from xsec.tls.settings import ANONYMOUS_INBOUND, SERVICES, SIP_DH_SIZE


@rule(id=70301, title="Legacy TLS versions", severity=Severity.WARNING, requirement="TL-3")
def legacy_tls(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each service that accepts TLS 1.0 or 1.1 (RFC 8996)."""
    for service, floor in snapshot.derive(minimum_versions).items():
        if floor.legacy:
            yield Finding(
                object=service,
                expected="TLSv1.2 or later",
                found=floor.text,
                remedy=f"xsec tls set {service} --minimum-version TLSv1.2",
                text="security level 0 also lets in SHA-1 signatures and keys under 2048 bits",
            )


@rule(id=70302, title="Unknown words in a cipher string", severity=Severity.WARNING, requirement="TL-2")
def unknown_words(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for a string with a word that OpenSSL ignores: it was forced, or came with a dump."""
    seen = set()
    for name, service in SERVICES.items():
        strange = unknown(snapshot[service.ciphers])
        if strange and service.ciphers.path not in seen:
            seen.add(service.ciphers.path)
            yield Finding(
                object=service.ciphers.path,
                expected="words that the host's OpenSSL knows",
                found=", ".join(strange),
                remedy=f"xsec tls expand --service {name}",
            )


@rule(id=70303, title="Small Diffie-Hellman group", severity=Severity.WARNING, requirement="SY-10")
def small_group(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for 1024 bits: the host's OpenSSL refuses such a group at its usual security level."""
    if snapshot[SIP_DH_SIZE] < 2048:
        yield Finding(
            object=SIP_DH_SIZE.path,
            expected="2048 bits or more",
            found=f"{snapshot[SIP_DH_SIZE]} bits",
            remedy=f"xsec xconfiguration {SIP_DH_SIZE.path}: 2048",
        )


@rule(id=70304, title="Anonymous suites inbound", severity=Severity.WARNING, requirement="TL-5")
def anonymous_inbound(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while callers are offered suites without authentication: anybody between can read along."""
    if snapshot[ANONYMOUS_INBOUND] == "On":
        yield Finding(
            object="sip",
            expected="no anonymous suites inbound",
            found="allowed",
            remedy="xsec tls set sip --no-anonymous-inbound",
        )


@rule(id=70305, title="Unwise cipher string", severity=Severity.WARNING, requirement="TL-2")
def unwise_strings(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for a string that lets in suites without authentication or encryption, or security level 0.

    SIP is left out: its own string has anonymous suites for outbound calls, and its listener none (TL-5).
    """
    seen = {SERVICES["sip"].ciphers.path}
    for name, service in SERVICES.items():
        told = "" if service.ciphers.path in seen else unwise(snapshot[service.ciphers])
        seen.add(service.ciphers.path)
        if told:
            yield Finding(
                object=service.ciphers.path,
                expected="suites with authentication and encryption only",
                found=told,
                remedy=f"xsec tls set {name} --ciphers '{service.ciphers.default}'",
            )


RULES: tuple[Rule, ...] = (legacy_tls, unknown_words, small_group, anonymous_inbound, unwise_strings)
