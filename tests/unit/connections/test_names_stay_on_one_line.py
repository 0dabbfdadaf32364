"""A name in a certificate cannot forge a line of an answer (SE-8)."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.world import NOW, ca
from xsec.connections import answers, verify
from xsec.pki import describe
from xsec.pki.path.build import Anchors
from xsec.pki.path.validate import Inputs
from xsec.revocation.policy import OFF

FORGED = "x\nvalid\npath: CN=x <- CN=Root\nchecked: 15 checks passed\x1b[31m"


def test_an_answer_about_a_hostile_name_has_no_line_of_its_making() -> None:
    root = ca("One Line Root")
    leaf = root.issue(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, FORGED)]), client=True)
    question = verify.Question(
        certificate=leaf.certificate.public_bytes(Encoding.DER),
        intermediates=(),
        inputs=Inputs(at=NOW),
        revocation=OFF,
    )
    told = answers.lines(verify.decide(question, Anchors(())), "x.pem")
    assert not any("\n" in line or "\x1b" in line for line in told)
    assert not any(line.startswith(("valid", "checked")) for line in told)
    assert "\n" not in describe.subject(leaf.certificate)
