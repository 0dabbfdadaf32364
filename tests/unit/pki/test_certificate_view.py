"""One bad extension spoils no other, and an anchor needs only a name and a key."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.world.verifying import ask, ca, code, leaf, octets
from xsec.pki import extensions as ext
from xsec.pki.parse import Unreadable, anchor, certificate

ROOT = ca("Root")
BAD = x509.UnrecognizedExtension(x509.ObjectIdentifier(ext.POLICY_CONSTRAINTS), b"\x30\x01\x00")


def test_other_extensions_stay_readable_beside_a_bad_one() -> None:
    view = certificate(octets(leaf(ROOT, sans=["host.example"], extensions=[BAD])))
    assert [name.text for name in view.value(ext.SUBJECT_ALTERNATIVE_NAME)] == ["host.example"]
    assert view.value(ext.KEY_USAGE) == {ext.DIGITAL_SIGNATURE}
    with pytest.raises(Unreadable):
        view.value(ext.POLICY_CONSTRAINTS)


def test_a_bad_extension_rejects_the_path_and_is_named() -> None:
    verdict = ask(leaf(ROOT, extensions=[BAD]), trust=[ROOT]).verdict
    assert verdict.code == "invalid_extension"
    assert ext.POLICY_CONSTRAINTS in verdict.failures[0].detail


def test_an_extension_that_is_there_twice_rejects() -> None:
    der = octets(
        leaf(
            ROOT,
            sans=["a.example"],
            extensions=[
                (
                    x509.UnrecognizedExtension(
                        x509.ObjectIdentifier("2.5.29.18"), b"\x30\x0b\x82\x09a.example"
                    ),
                    False,
                )
            ],
        )
    )
    # 2.5.29.18 becomes a second 2.5.29.17: the signature no longer holds, and that is not what is asked
    view = certificate(der.replace(bytes.fromhex("0603551d12"), bytes.fromhex("0603551d11")))
    assert (ext.SUBJECT_ALTERNATIVE_NAME, "is there twice") in view.extensions.faults()


def test_octets_that_are_no_certificate_are_a_finding() -> None:
    assert code(b"no certificate", trust=[ROOT]) == "unreadable_certificate"
    assert code(b"", trust=[ROOT]) == "unreadable_certificate"


def test_a_certificate_of_more_than_64_kib_is_refused() -> None:
    with pytest.raises(Unreadable):
        certificate(b"\x30" * 65537)


def test_an_unreadable_pool_member_is_left_out_and_told() -> None:
    middle = ca("Middle", ROOT)
    verdict = ask(leaf(middle), trust=[ROOT], chain=[b"\x30\x00", middle]).verdict
    assert verdict.accepted
    assert "is left out" in verdict.notes[0]


def test_an_anchor_that_is_no_certificate_is_told_and_trusts_nothing() -> None:
    verdict = ask(leaf(ROOT), trust=[b"\x30\x00"]).verdict
    assert not verdict.accepted
    assert "trust anchor" in verdict.notes[0]


def explicit_v1(der: bytes) -> bytes:
    """The certificate with the version v1 written out, which the library refuses."""
    return der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020100"), 1)


def test_an_anchor_that_the_library_refuses_needs_only_a_name_and_a_key() -> None:
    odd = explicit_v1(octets(ROOT))
    with pytest.raises(Unreadable):
        certificate(odd)
    assert anchor(odd).subject == certificate(octets(ROOT)).subject
    assert code(leaf(ROOT), trust=[odd]) == "ok"


def test_the_same_octets_as_an_end_entity_are_refused() -> None:
    assert code(explicit_v1(octets(leaf(ROOT))), trust=[ROOT]) == "unreadable_certificate"
