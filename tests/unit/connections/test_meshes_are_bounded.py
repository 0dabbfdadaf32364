"""A mesh with very many valid-looking paths is refused in bounded time (PA-1)."""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.serialization import Encoding

from tests.world import NOW
from xsec.connections import verify
from xsec.lab import pki
from xsec.lab.pki import Authority
from xsec.pki.path.build import Anchors
from xsec.pki.path.validate import Inputs, Purpose
from xsec.revocation.policy import OFF


def der(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.DER)


def test_twins_in_layers_end_in_the_budget_and_not_in_minutes() -> None:
    root = pki.authority("Mesh Root", now=NOW)
    offered, issuer = [], root
    for layer in range(6):
        key = pki.fresh_key()
        twins = [
            pki.authority(f"Layer {layer}", issuer=issuer, key=key, serial=1000 * layer + number + 1)
            for number in range(15)
        ]
        offered += twins
        issuer = twins[0]
    names = [f"host{number}.example" for number in range(1500)]
    leaf = issuer.issue("leaf", sans=names, client=True)
    question = verify.Question(
        certificate=leaf.certificate.public_bytes(Encoding.DER),
        intermediates=tuple(der(authority) for authority in offered),
        inputs=Inputs(at=NOW, purpose=Purpose.SERVER),
        revocation=OFF,
    )
    start = time.process_time()
    decision = verify.decide(question, Anchors((der(root),)))
    assert decision.verdict.code == "budget_exhausted"
    assert time.process_time() - start < 10  # it was more than a minute
