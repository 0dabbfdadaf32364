"""A snapshot that trusts given authorities and holds given CRLs, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography import x509

from xsec.lab import pki
from xsec.pki.trust import TRUST, Entry, TrustList
from xsec.revocation.manual import MANUAL, ManualCrls, StoredCrl
from xsec.state.schema import Setting
from xsec.state.snapshot import Snapshot, Tree

ADDED = datetime(2026, 1, 1, tzinfo=UTC)


def trusting(
    *authorities: pki.Authority,
    crls: Iterable[x509.CertificateRevocationList] = (),
    values: Mapping[Setting[Any], object] | None = None,
    kinds: frozenset[str] | None = None,
    source: str = "",
    readings: Mapping[str, Tree] | None = None,
) -> Snapshot:
    """Settings that are not given have their defaults."""
    objects: dict[str, bytes] = {}

    def keep(data: bytes) -> str:
        digest = sha256(data).hexdigest()
        objects[digest] = data
        return digest

    entries = tuple(
        Entry(digest=keep(item.der), der=item.der, kinds=kinds, added=ADDED, source=source)
        for item in authorities
    )
    stored = tuple(
        StoredCrl(digest=keep(data), der=data, file="crl.pem", uploaded=ADDED) for data in map(pki.der, crls)
    )
    leaves = {setting.at(): value for setting, value in (values or {}).items()}
    return Snapshot(
        generation=1,
        values={leaf.key: value for leaf, value in leaves.items()},
        spelling={leaf.key: leaf.words for leaf in leaves},
        sections={
            TRUST.name: TRUST.format(TrustList(entries=entries)),
            MANUAL.name: MANUAL.format(ManualCrls(crls=stored)),
        },
        objects=lambda digest: memoryview(objects[digest]),
        readings=lambda area: (readings or {}).get(area),
    )
