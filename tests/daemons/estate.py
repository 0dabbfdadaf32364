"""A configuration as a snapshot, without a store: certificate, trust list, CRLs and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from cryptography import x509

from xsec.daemons.base import APPLIED, Applied
from xsec.lab.pki import Authority, Issued, der
from xsec.pki.server import IDENTITIES, Identities, Identity
from xsec.pki.trust import TRUST, Entry, TrustList
from xsec.revocation.manual import MANUAL, ManualCrls, StoredCrl
from xsec.state.snapshot import Sealed, Snapshot, Tree


def estate(
    *,
    server: Issued | None,
    authorities: Iterable[Authority] = (),
    crls: Iterable[x509.CertificateRevocationList] = (),
    values: Mapping[tuple[str, ...], object] | None = None,
    applied: Mapping[str, Applied] | None = None,
    generation: int = 1,
    now: datetime,
) -> Snapshot:
    """The snapshot; the server's key is sealed as `k`."""
    objects: dict[str, bytes] = {}

    def keep(data: bytes) -> str:
        digest = sha256(data).hexdigest()
        objects[digest] = data
        return digest

    sections: dict[str, Tree] = {
        "trust": TRUST.format(
            TrustList(
                entries=tuple(
                    Entry(digest=keep(authority.der), der=authority.der, added=now, source="test")
                    for authority in authorities
                )
            )
        ),
        "crl": MANUAL.format(
            ManualCrls(
                crls=tuple(
                    StoredCrl(digest=keep(der(crl)), der=der(crl), file="test", uploaded=now) for crl in crls
                )
            )
        ),
    }
    if server is not None:
        for certificate in (server.certificate, *server.chain):
            keep(der(certificate))
        identity = Identity(
            certificate=server.der,
            chain=tuple(der(certificate) for certificate in server.chain),
            key=Sealed("k"),
            public_key_digest=sha256(server.der).hexdigest(),
            source="file",
            installed=now,
        )
        sections["certificates"] = IDENTITIES.format(Identities(server=identity))
    readings = {APPLIED.area: APPLIED.format(dict(applied or {}))}
    return Snapshot(
        generation=generation,
        values=values,
        sections=sections,
        objects=lambda digest: memoryview(objects[digest]),
        readings=readings.get,
    )
