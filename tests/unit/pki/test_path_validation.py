"""Section 6 of RFC 5280, one rule a test, on paths of the small PKI."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tests.world.verifying import NOW, START, ask, ca, code, leaf, octets, signed_otherwise
from xsec.lab.pki import Authority, authority, fresh_key, seeded_key
from xsec.pki import der as structure
from xsec.pki.parse import certificate
from xsec.pki.path.validate import Profile, Purpose
from xsec.pki.signatures import fault
from xsec.pki.verdict import Outcome

ROOT = ca("Root")
MIDDLE = ca("Middle", ROOT)


def usage(**named: bool) -> tuple[x509.ExtensionType, bool]:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: named.get(name, False) for name in every}), True


# Validity ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(START - timedelta(seconds=1), "cert_not_yet_valid", id="a second before notBefore"),
        pytest.param(START, "ok", id="at notBefore"),
        pytest.param(START + timedelta(days=5), "ok", id="at notAfter"),
        pytest.param(START + timedelta(days=5, milliseconds=900), "ok", id="within the second of notAfter"),
        pytest.param(START + timedelta(days=5, seconds=1), "cert_has_expired", id="a second after notAfter"),
    ],
)
def test_a_certificate_is_valid_from_not_before_through_not_after(at: datetime, expected: str) -> None:
    assert code(leaf(ROOT, days=5), trust=[ROOT], at=at) == expected


def test_an_expired_intermediate_rejects_and_is_named() -> None:
    short = ca("Short", ROOT, days=5)
    verdict = ask(leaf(short), trust=[ROOT], chain=[short]).verdict
    assert (verdict.code, verdict.failures[0].depth) == ("cert_has_expired", 1)


def test_an_expired_anchor_rejects() -> None:
    old = ca("Old", days=5)
    assert code(leaf(old), trust=[old]) == "cert_has_expired"


# Basic constraints, path length, key usage ---------------------------------------------------------------


def test_an_end_entity_cannot_issue() -> None:
    issuer = leaf(MIDDLE, "Not a CA", seed="nca")
    fake = ca("Not a CA", seed="nca")
    verdict = ask(leaf(fake), trust=[ROOT], chain=[issuer, MIDDLE]).verdict
    assert (verdict.code, verdict.failures[0].depth) == ("invalid_ca", 1)


def test_a_ca_without_key_cert_sign_cannot_issue() -> None:
    silent = ca("Silent", ROOT, extensions=[usage(crl_sign=True)])
    assert code(leaf(silent), trust=[ROOT], chain=[silent]) == "keyusage_no_certsign"


@pytest.mark.parametrize(("length", "expected"), [(0, "path_length_exceeded"), (1, "ok"), (None, "ok")])
def test_a_path_has_at_most_as_many_cas_as_the_path_length_says(length: int | None, expected: str) -> None:
    first = ca("First", ROOT, path_length=length)
    second = ca("Second", first)
    assert code(leaf(second), trust=[ROOT], chain=[first, second]) == expected


def test_the_path_length_of_an_anchor_counts() -> None:
    tight = ca("Tight", path_length=0)
    below = ca("Below", tight)
    assert code(leaf(below), trust=[tight], chain=[below]) == "path_length_exceeded"
    assert code(leaf(tight), trust=[tight]) == "ok"


def test_self_issued_certificates_do_not_count_towards_the_path_length() -> None:
    first = ca("First", ROOT, path_length=0)
    again = ca("First", first, seed="First, next key")
    assert code(leaf(again), trust=[ROOT], chain=[first, again]) == "ok"


@pytest.mark.parametrize(("depth", "expected"), [(0, "cert_chain_too_long"), (1, "ok")])
def test_the_depth_asked_for_limits_the_intermediates(depth: int, expected: str) -> None:
    assert code(leaf(MIDDLE), trust=[ROOT], chain=[MIDDLE], maximum_depth=depth) == expected


# Anchors (RFC 5937) --------------------------------------------------------------------------------------


def test_an_anchor_that_says_it_is_no_ca_issues_nothing() -> None:
    no = ca("No", extensions=[(x509.BasicConstraints(ca=False, path_length=None), True)])
    assert code(leaf(no), trust=[no]) == "invalid_ca"


def without_extensions(made: Authority, version: int) -> bytes:
    """The root's certificate in another version and without any extension, signed anew."""
    old = octets(made)
    tbs, algorithm, _ = structure.children(old, structure.element(old, 0, len(old)))
    fields = [structure.octets(old, part) for part in structure.children(old, tbs)][1:7]
    told = b"" if version == 1 else bytes((0xA0, 3, 2, 1, version - 1))
    content = told + b"".join(fields)
    signed = b"\x30\x82" + len(content).to_bytes(2, "big") + content
    assert isinstance(made.key, ec.EllipticCurvePrivateKey)
    signature = b"\x00" + made.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    body = signed + structure.octets(old, algorithm) + bytes((3, len(signature))) + signature
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


SILENT = [ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE]


@pytest.mark.parametrize(
    "extensions",
    [
        pytest.param([(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)], id="a server"),
        pytest.param([usage(key_cert_sign=True)], id="keyCertSign alone"),
        pytest.param([], id="key identifiers alone"),
    ],
)
def test_a_version_3_anchor_without_basic_constraints_vouches_for_itself_only(extensions: Any) -> None:
    alone = ca("Legacy", extensions=extensions, without=SILENT if not extensions else SILENT[:1])
    below = ca("Below", alone)
    assert code(alone, trust=[alone]) == "ok"
    assert code(leaf(alone), trust=[alone]) == "invalid_ca"
    assert code(leaf(below), trust=[alone], chain=[below]) == "invalid_ca"


@pytest.mark.parametrize(("version", "expected"), [(1, "ok"), (2, "invalid_ca"), (3, "invalid_ca")])
def test_only_a_version_1_anchor_may_issue_without_basic_constraints(version: int, expected: str) -> None:
    """Version 1 has no way to say cA; one without extensions in a later version leaves it out."""
    old = ca("Old Root")
    assert code(leaf(old), trust=[without_extensions(old, version)]) == expected


def test_a_version_1_anchor_with_extensions_needs_basic_constraints() -> None:
    """A tampered version: the library refuses it, and the tolerant reading must not let it issue."""
    odd = ca("Odd", without=SILENT)
    old = octets(odd)
    tagged = b"\xa0\x03\x02\x01"
    assert old.count(tagged + b"\x02") == 1
    assert code(leaf(odd), trust=[old.replace(tagged + b"\x02", tagged + b"\x00")]) == "invalid_ca"


def test_an_end_entity_in_the_trust_list_is_trusted_as_such() -> None:
    alone = leaf(MIDDLE)
    assert code(alone, trust=[alone]) == "ok"
    assert code(alone, trust=[alone], at=NOW + timedelta(days=100)) == "cert_has_expired"


def test_name_constraints_of_an_anchor_count() -> None:
    bases = x509.NameConstraints([x509.DNSName("good.example")], None)
    narrow = ca("Narrow", extensions=[(bases, True)])
    assert code(leaf(narrow, sans=["a.good.example"]), trust=[narrow]) == "ok"
    assert code(leaf(narrow, sans=["a.bad.example"]), trust=[narrow]) == "permitted_violation"


def test_an_unknown_critical_extension_of_an_anchor_rejects() -> None:
    odd = ca(
        "Odd", extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]
    )
    assert code(leaf(odd), trust=[odd]) == "unhandled_critical_extension"


# Extensions and signatures -------------------------------------------------------------------------------


@pytest.mark.parametrize(("critical", "expected"), [(True, "unhandled_critical_extension"), (False, "ok")])
def test_an_unknown_extension_rejects_only_when_it_is_critical(critical: bool, expected: str) -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert code(leaf(ROOT, extensions=[(odd, critical)]), trust=[ROOT]) == expected


def test_a_flipped_bit_in_the_signed_part_rejects() -> None:
    der = bytearray(octets(leaf(ROOT, "alice")))
    der[der.index(b"alice")] ^= 1
    assert code(bytes(der), trust=[ROOT]) == "certificate_signature_failure"


def test_inner_and_outer_signature_algorithm_must_be_the_same() -> None:
    verdict = ask(signed_otherwise(octets(leaf(ROOT)), ROOT), trust=[ROOT]).verdict
    assert verdict.code == "certificate_signature_failure"
    assert verdict.failures[0].detail == "inner and outer signature algorithm differ"


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519", "rsa2048"])
def test_signatures_of_every_kind_of_key_verify(kind: str) -> None:
    root = authority("Other Kind", key=kind, now=START)
    made = root.issue("leaf", key=seeded_key("leaf"))
    assert ask(made, trust=[root], crls=[root.crl()]).verdict.accepted


def test_a_signature_with_md5_proves_nothing() -> None:
    """The identifier of the algorithm is changed, and an answer comes before any key is asked."""
    key = fresh_key("rsa2048")
    made = authority("R", key=key, now=START).issue("leaf", key=seeded_key("leaf"))
    sha256, md5 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010104")
    view = certificate(octets(made).replace(sha256, md5))
    assert view.certificate is not None
    assert fault(view.certificate, view.tbs, key.public_key()) == "signed with md5"


# Purpose -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "purpose", "expected"),
    [
        pytest.param({"server": True}, Purpose.SERVER, "ok", id="server"),
        pytest.param({"server": True}, Purpose.CLIENT, "invalid_purpose", id="a server is no client"),
        pytest.param({"client": True}, Purpose.SERVER, "invalid_purpose", id="a client is no server"),
        pytest.param({}, Purpose.SERVER, "ok", id="without extendedKeyUsage"),
        pytest.param(
            {"extensions": [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])]},
            Purpose.CLIENT,
            "ok",
            id="any",
        ),
        pytest.param(
            {"extensions": [usage(content_commitment=True)]}, Purpose.CLIENT, "invalid_purpose", id="keyUsage"
        ),
    ],
)
def test_the_purpose_is_one_that_both_usages_allow(
    options: dict[str, Any], purpose: Purpose, expected: str
) -> None:
    assert code(leaf(ROOT, **options), trust=[ROOT], purpose=purpose) == expected


def test_purposes_nest() -> None:
    mail = ca("Mail", ROOT, extensions=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])])
    verdict = ask(leaf(mail, server=True), trust=[ROOT], chain=[mail], purpose=Purpose.SERVER).verdict
    assert (verdict.code, verdict.failures[0].depth) == ("invalid_purpose", 1)


# Profiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        pytest.param(
            {"without": [ExtensionOID.AUTHORITY_KEY_IDENTIFIER]}, "missing_authority_key_identifier", id="AKI"
        ),
        pytest.param(
            {"extensions": [usage(key_cert_sign=True)]}, "key_cert_sign_without_ca", id="keyCertSign"
        ),
        pytest.param({"sans": ["under_score.example"]}, "malformed_dns_name", id="underscore"),
        pytest.param({"sans": [x509.DNSName("192.0.2.1")]}, "malformed_dns_name", id="address as DNS name"),
        pytest.param(
            {"extensions": [x509.NameConstraints([x509.DNSName("a.example")], None)]},
            "name_constraints_without_ca",
            id="constraints",
        ),
        pytest.param(
            {
                "name": "",
                "sans": ["a.example"],
                "extensions": [x509.SubjectAlternativeName([x509.DNSName("a.example")])],
            },
            "subject_alt_name_not_critical",
            id="SAN",
        ),
    ],
)
def test_a_structural_finding_warns_by_default_and_rejects_in_strict(
    options: dict[str, Any], finding: str
) -> None:
    made = leaf(ROOT, **options)
    relaxed = ask(made, trust=[ROOT]).verdict
    assert relaxed.accepted
    assert finding in {check.code for check in relaxed.warnings}
    strict = ask(made, trust=[ROOT], profile=Profile.STRICT).verdict
    assert finding in {check.code for check in strict.failures}


def test_a_clean_path_has_no_finding() -> None:
    verdict = ask(
        leaf(MIDDLE, sans=["a.example"]), trust=[ROOT], chain=[MIDDLE], profile=Profile.STRICT
    ).verdict
    assert verdict.accepted
    assert not verdict.warnings


# Evidence ------------------------------------------------------------------------------------------------


def test_every_check_of_an_accepted_path_names_its_section() -> None:
    verdict = ask(leaf(MIDDLE), trust=[ROOT], chain=[MIDDLE]).verdict
    assert verdict.subjects == ("CN=leaf", "CN=Middle", "CN=Root")
    assert {check.depth for check in verdict.checks} == {0, 1, 2}
    assert all(check.ref for check in verdict.checks if check.outcome is Outcome.PASSED)


def test_the_moment_may_be_in_another_zone() -> None:
    east = (START + timedelta(days=5)).astimezone(timezone(timedelta(hours=2)))
    assert code(leaf(ROOT, days=5), trust=[ROOT], at=east) == "ok"
