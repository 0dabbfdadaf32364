"""Changes of TLS policy that are refused unless forced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xsec.state.rule import Finding, Guard
from xsec.state.snapshot import Snapshot
from xsec.tls.ciphers import unknown
from xsec.tls.settings import SERVICES


def unknown_tokens(before: Snapshot, after: Snapshot, now: datetime) -> Iterator[Finding]:
    """A word that the host's OpenSSL does not know: it would be ignored without a word (TL-2)."""
    for setting in {service.ciphers.path: service.ciphers for service in SERVICES.values()}.values():
        string = after[setting]
        if string == before[setting]:
            continue
        for token in unknown(string):
            yield Finding(
                object=setting.path,
                expected="words that the host's OpenSSL knows",
                found=token,
                remedy="openssl ciphers -v; or give --force",
                text=f"{token!r} is not known to OpenSSL, which would ignore it silently",
            )


GUARDS: tuple[Guard, ...] = (unknown_tokens,)
