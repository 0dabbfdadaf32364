"""Is this certificate revoked?  The validator's answer, with what each CRL says by itself (CR-9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from xsec.connections import verify
from xsec.pki.path.build import Anchors
from xsec.pki.path.validate import Inputs
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.revocation import lookup
from xsec.revocation.lookup import Answer
from xsec.revocation.manual import MANUAL
from xsec.revocation.policy import REQUIRED
from xsec.revocation.status import Status
from xsec.state.snapshot import Snapshot


def check(snapshot: Snapshot, certificate: bytes, others: Sequence[bytes], now: datetime) -> Answer:
    """The status by RFC 5280, 6.3.3 from the uploaded CRLs; what embedded ones say is shown beside it.

    `others` came with the certificate and may complete its path.  Without a valid path (an expired
    certificate has none) each CRL is asked by itself, and the detail says so.
    """
    trust, server = snapshot[TRUST], snapshot[IDENTITIES].server
    question = verify.Question(
        certificate=certificate,
        intermediates=(*others, *(server.chain if server else ())),
        inputs=Inputs(at=now),
        revocation=REQUIRED,
    )
    # a CRL embedded in the trust list counts for ldap only: it is shown, and does not answer here (TR-4)
    crls, _ = verify.read_crls([(crl.der, crl.file) for crl in snapshot[MANUAL].crls])
    decision = verify.decide(question, Anchors(entry.der for entry in trust.entries), crls)
    answer = dict(decision.revocation).get(0)
    if answer is None:
        said = lookup.check(snapshot, certificate, now)
        return replace(said, detail=f"{said.detail}; no path is valid: xsec verify tells why")
    said = lookup.check(snapshot, certificate, now, issuers=others)
    if said.status is Status.REVOKED and answer.status is not Status.REVOKED:
        return said
    return replace(said, status=answer.status, detail=answer.detail)
