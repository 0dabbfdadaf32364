"""Names compare as RFC 5280, 7.1 says (rules.md PA-3)."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from xsec.pki.der import NotDer
from xsec.pki.names import normal
from xsec.pki.parse import shown


def name(text: str, kind: _ASN1Type = _ASN1Type.UTF8String) -> bytes:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text, kind)]).public_bytes()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(name("Example"), name("eXAMPLE"), id="case"),
        pytest.param(name("An  Example "), name(" an example"), id="white space"),
        pytest.param(name("Example", _ASN1Type.PrintableString), name("example"), id="string type"),
        pytest.param(name("Stra\u00dfe"), name("STRASSE"), id="case beyond ASCII"),
        pytest.param(name("\u00e9", _ASN1Type.BMPString), name("e\u0301"), id="composition"),
    ],
)
def test_names_are_equal_that_differ_only_in_writing(left: bytes, right: bytes) -> None:
    assert normal(left) == normal(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(name("Example"), name("Exarnple"), id="letters"),
        pytest.param(name("Example"), name("Exam ple"), id="a blank inside a word"),
        pytest.param(name("Example"), name("Exam\u200bple"), id="a hidden character"),
        pytest.param(name("Example"), name("Example\x00"), id="a NUL"),
        pytest.param(name("Example"), x509.Name([]).public_bytes(), id="the empty name"),
    ],
)
def test_names_differ_that_say_something_else(left: bytes, right: bytes) -> None:
    assert normal(left) != normal(right)


def test_the_order_of_relative_names_counts_and_that_within_one_does_not() -> None:
    one = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "a")
    two = x509.NameAttribute(NameOID.COMMON_NAME, "b")
    assert normal(x509.Name([one, two]).public_bytes()) != normal(x509.Name([two, one]).public_bytes())
    together = x509.Name([x509.RelativeDistinguishedName([one, two])]).public_bytes()
    turned = x509.Name([x509.RelativeDistinguishedName([two, one])]).public_bytes()
    assert normal(together) == normal(turned)


def test_a_latin_1_octet_in_a_utf8_string_still_makes_a_name() -> None:
    broken = name("Caf_").replace(b"Caf_", b"Caf\xe9")
    assert normal(broken) == normal(broken)
    assert normal(broken) != normal(name("Caf_"))
    assert shown(broken) == "O=?"


@pytest.mark.parametrize("octets", [b"", b"\x30", b"\x31\x00", b"\x30\x02\x31\x00", name("a") + b"\x00"])
def test_octets_that_are_no_name_are_refused(octets: bytes) -> None:
    with pytest.raises(NotDer):
        normal(octets)
