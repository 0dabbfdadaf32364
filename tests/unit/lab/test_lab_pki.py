"""The lab's PKI: what it issues is what was asked for, and the same each time."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from xsec.lab import pki

T = TypeVar("T", bound=x509.ExtensionType)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROOT_KEY = pki.seeded_key("root")
LEAF_KEY = pki.seeded_key("leaf")


def root() -> pki.Authority:
    return pki.authority("Root", key=ROOT_KEY, now=NOW)


def value(certificate: x509.Certificate, kind: type[T]) -> T:
    return certificate.extensions.get_extension_for_class(kind).value


def test_the_same_arguments_give_the_same_octets() -> None:
    assert root().der == root().der
    assert root().issue("leaf", key=LEAF_KEY).der == root().issue("leaf", key=LEAF_KEY).der
    assert pki.der(root().crl([7], number=3)) == pki.der(root().crl([7], number=3))


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519"])
def test_a_seed_gives_one_key_and_another_seed_another(kind: str) -> None:
    assert pki.der(pki.seeded_key("a", kind)) == pki.der(pki.seeded_key("a", kind))
    assert pki.der(pki.seeded_key("a", kind)) != pki.der(pki.seeded_key("b", kind))


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519", "rsa2048"])
def test_each_kind_of_key_signs_certificates_and_crls(kind: str) -> None:
    ca = pki.authority("Root", key=kind, now=NOW)
    leaf = ca.issue("leaf", key=LEAF_KEY)
    leaf.certificate.verify_directly_issued_by(ca.certificate)
    assert ca.crl().is_signature_valid(ca.key.public_key())


def test_what_a_leaf_presents_holds_its_intermediates_and_no_root() -> None:
    top = root()
    middle = pki.authority("Middle", issuer=top)
    issuing = pki.authority("Issuing", issuer=middle)
    assert issuing.issue("leaf").chain == (issuing.certificate, middle.certificate)
    assert top.issue("leaf").chain == ()


def test_a_root_without_a_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="moment"):
        pki.authority("Root")


def test_validity_is_days_from_not_before_and_from_the_issuer_when_not_given() -> None:
    leaf = root().issue("leaf", days=0.5).certificate
    assert leaf.not_valid_before_utc == NOW
    assert leaf.not_valid_after_utc == NOW + timedelta(hours=12)
    later = root().issue("leaf", not_before=NOW + timedelta(days=1), days=1).certificate
    assert later.not_valid_after_utc == NOW + timedelta(days=2)


def test_alternative_names_are_told_apart() -> None:
    leaf = root().issue("x", sans=["a.example", "127.0.0.1", "::1", "a@b.example", "sip:a@b.example"])
    assert [type(name) for name in value(leaf.certificate, x509.SubjectAlternativeName)] == [
        x509.DNSName,
        x509.IPAddress,
        x509.IPAddress,
        x509.RFC822Name,
        x509.UniformResourceIdentifier,
    ]


def test_the_alternative_name_is_critical_when_the_subject_is_empty() -> None:
    leaf = root().issue("", sans=["a.example"]).certificate
    assert leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).critical


def test_client_and_server_are_extended_key_usages() -> None:
    leaf = root().issue("x", client=True, server=True).certificate
    assert set(value(leaf, x509.ExtendedKeyUsage)) == {
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.SERVER_AUTH,
    }
    with pytest.raises(x509.ExtensionNotFound):
        value(root().issue("x").certificate, x509.ExtendedKeyUsage)


def test_a_given_extension_takes_the_place_of_the_usual_one() -> None:
    limit = (x509.BasicConstraints(ca=True, path_length=0), False)
    ca = pki.authority("Root", now=NOW, extensions=[limit])
    found = ca.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (found.value.path_length, found.critical) == (0, False)


def test_usual_extensions_can_be_left_out() -> None:
    leaf = root().issue("x", without=[ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.SUBJECT_KEY_IDENTIFIER])
    oids = {extension.oid for extension in leaf.certificate.extensions}
    assert not oids & {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.SUBJECT_KEY_IDENTIFIER}
    assert ExtensionOID.AUTHORITY_KEY_IDENTIFIER in oids


def test_a_crl_says_who_was_revoked_why_and_when() -> None:
    ca = root()
    leaf = ca.issue("leaf")
    entry = pki.revoked(leaf, x509.ReasonFlags.key_compromise, date=NOW - timedelta(hours=1))
    crl = ca.crl([entry, 99], number=4, this_update=NOW, next_update=NOW + timedelta(days=1))
    found = crl.get_revoked_certificate_by_serial_number(leaf.serial)
    assert found is not None
    assert found.revocation_date_utc == NOW - timedelta(hours=1)
    assert found.extensions.get_extension_for_class(x509.CRLReason).value.reason.value == "keyCompromise"
    assert crl.get_revoked_certificate_by_serial_number(99) is not None
    assert crl.get_revoked_certificate_by_serial_number(100) is None
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 4
    assert crl.next_update_utc == NOW + timedelta(days=1)


def test_a_crl_can_be_signed_by_a_stranger() -> None:
    crl = root().crl(key=LEAF_KEY)
    assert not crl.is_signature_valid(ROOT_KEY.public_key())
    assert crl.issuer == root().certificate.subject


def test_a_cross_certificate_has_the_name_and_key_of_its_subject() -> None:
    other = pki.authority("Other", now=NOW)
    cross = pki.cross_sign(root(), other)
    assert cross.certificate.subject == root().certificate.subject
    assert cross.certificate.public_key() == root().certificate.public_key()
    cross.certificate.verify_directly_issued_by(other.certificate)


def test_pem_holds_all_in_order_and_encrypts_a_key_with_a_password() -> None:
    leaf = pki.authority("Issuing", issuer=root()).issue("leaf")
    assert x509.load_pem_x509_certificates(leaf.chain_pem) == [leaf.certificate, *leaf.chain]
    assert isinstance(load_pem_private_key(leaf.key_pem, None), ec.EllipticCurvePrivateKey)
    locked = pki.pem(pki.fresh_key("rsa2048"), password=b"word")
    assert isinstance(load_pem_private_key(locked, b"word"), rsa.RSAPrivateKey)
    with pytest.raises(TypeError):
        load_pem_private_key(locked, None)
