"""The text of a certificate is what openssl prints, but for values that would not stay on their line."""

from __future__ import annotations

import ipaddress
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    CertificatePoliciesOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from xsec.errors import InvalidValue
from xsec.lab import pki
from xsec.pki import text

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CA = pki.authority("Test CA", now=NOW, key=pki.seeded_key("text"))
KEY = pki.seeded_key("holder")


def openssl(der: bytes) -> str:
    """What the binary prints, with octets that are no UTF-8 kept apart."""
    argv = ["openssl", "x509", "-inform", "DER", "-text", "-nameopt", "RFC2253", "-noout"]
    return subprocess.run(argv, input=der, capture_output=True, check=True, timeout=20).stdout.decode(
        "utf-8", "backslashreplace"
    )


def raw(oid: str, value: str | bytes) -> x509.UnrecognizedExtension:
    """An extension by its octets."""
    data = bytes.fromhex(value) if isinstance(value, str) else value
    return x509.UnrecognizedExtension(ObjectIdentifier(oid), data)


def name(*pairs: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


PERSON = name(
    (NameOID.COUNTRY_NAME, "NO"),
    (NameOID.ORGANIZATION_NAME, 'Å, Sons + "Co" <x>; y\\z'),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "#1 eng "),
    (NameOID.EMAIL_ADDRESS, "bob@corp.example"),
    (NameOID.SERIAL_NUMBER, "42"),
    (ObjectIdentifier("1.2.3.4.5"), "private"),
    (NameOID.USER_ID, "bob7"),
    (NameOID.DOMAIN_COMPONENT, "corp"),
    (NameOID.COMMON_NAME, "bob"),
)
MULTI = x509.Name(
    [
        x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Corp")]),
        x509.RelativeDistinguishedName(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "bob"),
                x509.NameAttribute(NameOID.USER_ID, "7"),
            ]
        ),
    ]
)
ODD = name((NameOID.ORGANIZATION_NAME, "a\nSubject: CN=admin"), (NameOID.COMMON_NAME, "\u202ebob\x7f"))


def point(*names: x509.GeneralName, **kw: object) -> x509.DistributionPoint:
    return x509.DistributionPoint(list(names), None, kw.get("reasons"), kw.get("issuer"))  # type: ignore[arg-type]  # test table


URI = x509.UniformResourceIdentifier
EXTENSIONS: dict[str, x509.ExtensionType] = {
    "names": x509.SubjectAlternativeName(
        [
            x509.DNSName("host.example"),
            x509.RFC822Name("bob@corp.example"),
            URI("https://id.example/bob?x=1,y=2"),
            x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
            x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
            x509.RegisteredID(ObjectIdentifier("1.3.6.1.5.5.7.3.2")),
            x509.RegisteredID(ObjectIdentifier("1.2.3.4")),
            x509.DirectoryName(PERSON),
        ]
    ),
    "other names": x509.SubjectAlternativeName(
        [
            x509.OtherName(ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x08bob@corp"),
            x509.OtherName(ObjectIdentifier("1.3.6.1.5.5.7.8.7"), b"\x16\x08_sip.cor"),
            x509.OtherName(ObjectIdentifier("1.2.3.4"), b"\x0c\x03abc"),
            x509.OtherName(ObjectIdentifier("1.2.3.4"), b"\x16\x03abc"),
            x509.OtherName(ObjectIdentifier("1.2.3.4"), b"\x02\x01\x05"),
            x509.OtherName(ObjectIdentifier("1.3.6.1.5.5.7.8.4"), b"\x0c\x03abc"),
        ]
    ),
    "issuer names": x509.IssuerAlternativeName([x509.DNSName("ca.example")]),
    "usages": x509.ExtendedKeyUsage(
        [
            ExtendedKeyUsageOID.CLIENT_AUTH,
            ExtendedKeyUsageOID.SMARTCARD_LOGON,
            ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
            ObjectIdentifier("1.2.3.4"),
        ]
    ),
    "key usage": x509.KeyUsage(True, True, True, True, True, True, True, True, True),
    "points": x509.CRLDistributionPoints(
        [
            point(URI("http://crl.example/a.crl"), URI("ldap://d/CN=x, O=y")),
            point(
                URI("http://b/"),
                reasons=frozenset([x509.ReasonFlags.key_compromise, x509.ReasonFlags.superseded]),
            ),
            point(x509.DirectoryName(PERSON), issuer=[x509.DirectoryName(MULTI)]),
        ]
    ),
    "relative point": x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                None,
                x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "part 1")]),
                None,
                [x509.DirectoryName(MULTI)],
            )
        ]
    ),
    "one point": x509.CRLDistributionPoints([point(URI("http://crl.example/a.crl"))]),
    "freshest": x509.FreshestCRL([point(URI("http://crl.example/d.crl"))]),
    "access": x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, URI("http://ocsp.example/")),
            x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, URI("http://ca.example/ca.cer")),
        ]
    ),
    "policies": x509.CertificatePolicies(
        [
            x509.PolicyInformation(ObjectIdentifier("1.2.3.4"), None),
            x509.PolicyInformation(CertificatePoliciesOID.ANY_POLICY, ["http://cps.example/"]),
            x509.PolicyInformation(
                ObjectIdentifier("1.2.3.5"),
                [
                    "http://cps.example/2",
                    x509.UserNotice(x509.NoticeReference("Corp", [1, 2]), "read me"),
                    x509.UserNotice(None, "only text"),
                    x509.UserNotice(x509.NoticeReference("Corp", [7]), None),
                ],
            ),
        ]
    ),
    "constraints": x509.NameConstraints(
        [
            x509.DNSName("corp.example"),
            x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")),
            x509.IPAddress(ipaddress.ip_network("2001:db8::/32")),
            x509.DirectoryName(MULTI),
            URI(".example"),
        ],
        [x509.RFC822Name("other.example")],
    ),
    "policy constraints": x509.PolicyConstraints(0, 3),
    "inhibit": x509.InhibitAnyPolicy(2),
    "features": x509.TLSFeature([x509.TLSFeatureType.status_request, x509.TLSFeatureType.status_request_v2]),
    "no check": x509.OCSPNoCheck(),
    "authority key": x509.AuthorityKeyIdentifier(b"\x01\x02", [x509.DirectoryName(MULTI)], 0x1234),
    "long serial": x509.AuthorityKeyIdentifier(None, [x509.DNSName("ca")], 1 << 150),
    "path length": x509.BasicConstraints(True, 0),
    "comment": raw("2.16.840.1.113730.1.13", b"\x16\x0bhello world"),
    "type": raw("2.16.840.1.113730.1.1", "030205a0"),
    "mappings": raw("2.5.29.33", "300c300a06032a030406032a0305"),
    "unknown": raw("1.2.3.4.5.6", b"\x0c\x05hello"),
    "unknown binary": raw("1.2.3.4.5.6", "30060201050401ff"),
    "template": raw("1.3.6.1.4.1.311.20.2", b"\x1e\x08\x00U\x00s\x00e\x00r"),
    "period": raw("2.5.29.16", b"\x30\x22\x80\x0f20260101000000Z\x81\x0f20270101000000Z"),
    "empty names": raw("2.5.29.17", "3000"),
    "directory attributes": raw("2.5.29.9", "3000"),
}


def same(issued: pki.Issued, *tricks: str) -> None:
    rendered = text.render(issued.der)
    assert rendered.text.split("\n") == openssl(issued.der).split("\n")
    assert tuple(trick.what for trick in rendered.tricks) == tricks


@pytest.mark.parametrize("extension", EXTENSIONS.values(), ids=list(EXTENSIONS))
def test_an_extension_is_printed_as_openssl_prints_it(extension: x509.ExtensionType) -> None:
    same(CA.issue("bob", key=KEY, extensions=[extension]))


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        ("2.5.29.15", "0102"),
        ("2.5.29.17", "ffff"),
        ("2.5.29.17", "30078205610062636465"),
        ("2.5.29.37", "30"),
    ],
)
def test_a_malformed_extension_is_dumped_as_openssl_dumps_it_and_named(oid: str, value: str) -> None:
    same(CA.issue("bob", key=KEY, extensions=[raw(oid, value)]), "a value that is malformed")


@pytest.mark.parametrize("subject", [PERSON, MULTI, ODD, name()], ids=["person", "multi", "odd", "empty"])
def test_a_name_is_printed_as_openssl_prints_it(subject: x509.Name) -> None:
    same(CA.issue(subject, key=KEY))


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519", "rsa2048"])
def test_a_key_is_printed_as_openssl_prints_it(kind: str) -> None:
    key = pki.fresh_key(kind) if kind == "rsa2048" else pki.seeded_key("k", kind)
    same(CA.issue("bob", key=key, client=True, server=True, sans=["host.example"]))


@pytest.mark.parametrize(
    "curve", [ec.SECP521R1(), ec.SECP256K1(), ec.BrainpoolP256R1()], ids=lambda c: c.name
)
def test_a_curve_is_printed_as_openssl_prints_it(curve: ec.EllipticCurve) -> None:
    same(CA.issue("bob", key=ec.generate_private_key(curve)))


@pytest.mark.parametrize("issuer", ["ed25519", "rsa2048"])
def test_a_signature_is_printed_as_openssl_prints_it(issuer: str) -> None:
    same(pki.authority("Other CA", now=NOW, key=issuer).issue("bob", key=KEY))


@pytest.mark.parametrize("serial", [1, 127, 1 << 62, (1 << 63) - 1, 1 << 63, 1 << 64, 1 << 150])
def test_a_serial_number_is_printed_as_openssl_prints_it(serial: int) -> None:
    same(CA.issue("bob", key=KEY, serial=serial))


@pytest.mark.parametrize("year", [1960, 2049, 2050])
def test_a_time_is_printed_as_openssl_prints_it(year: int) -> None:
    same(CA.issue("bob", key=KEY, not_before=datetime(year, 1, 2, 3, 4, 5, tzinfo=UTC), days=1))


# Values that would not stay on their line -----------------------------------------------------------------

FORGED = "x\n        Subject: O=Corp, CN=admin"


def utf8(text_: str) -> bytes:
    data = text_.encode()
    return bytes([0x0C, len(data)]) + data


HOSTILE: dict[str, tuple[x509.ExtensionType, str]] = {
    "dns": (
        raw("2.5.29.17", bytes([0x30, len(FORGED) + 2, 0x82, len(FORGED)]) + FORGED.encode()),
        "X509v3 Subject Alternative Name DNS",
    ),
    "comment": (
        raw("2.16.840.1.113730.1.13", bytes([0x16, len(FORGED)]) + FORGED.encode()),
        "Netscape Comment",
    ),
    "unknown extension": (raw("1.2.3.4.5", utf8(FORGED)), "1.2.3.4.5"),
    "no DER at all": (raw("1.2.3.4.5", b"a\nb"), "1.2.3.4.5"),
    "octets within an octet string": (raw("1.2.3.4.5", b"\x04\x0a..\nCN=adm.."), "1.2.3.4.5"),
    "bidi in a notice": (
        x509.CertificatePolicies(
            [x509.PolicyInformation(ObjectIdentifier("1.2.3"), [x509.UserNotice(None, "a\u202eb")])]
        ),
        "X509v3 Certificate Policies explicit text",
    ),
    "bell in a notice": (
        x509.CertificatePolicies(
            [x509.PolicyInformation(ObjectIdentifier("1.2.3"), [x509.UserNotice(None, "a\x07b")])]
        ),
        "X509v3 Certificate Policies explicit text",
    ),
}


@pytest.mark.parametrize(("extension", "field"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_value_that_would_leave_its_line_is_escaped_and_named(
    extension: x509.ExtensionType, field: str
) -> None:
    rendered = text.render(CA.issue("bob", key=KEY, extensions=[extension]).der)
    assert [trick.field for trick in rendered.tricks] == [field]
    assert [line for line in rendered.text.split("\n") if line.lstrip().startswith("Subject:")] == [
        "        Subject: CN=bob"
    ]


def test_a_line_end_among_the_octets_of_a_security_identifier_is_no_trick() -> None:
    # 1.3.6.1.4.1.311.25.2, which Active Directory puts into every certificate: the length of its OID is 0a
    sid = b"S-1-5-21-1004336348-1177238915-682003330-512"
    inner = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01\xa0" + bytes([len(sid) + 2, 4, len(sid)]) + sid
    extension = raw("1.3.6.1.4.1.311.25.2", bytes([0x30, len(inner) + 2, 0xA0, len(inner)]) + inner)
    rendered = text.render(CA.issue("bob", key=KEY, extensions=[extension]).der)
    assert "S-1-5-21" in rendered.text
    assert rendered.tricks == ()


def test_the_places_of_values_are_where_the_values_are() -> None:
    rendered = text.render(CA.issue(PERSON, key=KEY, sans=["bob@corp.example"]).der)
    at = {span.field: rendered.text[span.start : span.end] for span in rendered.values}
    assert at["Subject CN"] == "bob"
    assert at["Subject O"].startswith("\\C3\\85\\, Sons")
    assert at["X509v3 Subject Alternative Name email"] == "bob@corp.example"
    assert [rendered.text[s.start : s.end].split(":")[0].strip() for s in rendered.names] == [
        "Issuer",
        "Subject",
    ]


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"\x30\x80\x00\x00"])
def test_octets_that_are_no_certificate_are_refused_with_the_place(data: bytes) -> None:
    with pytest.raises(InvalidValue) as caught:
        text.render(data)
    assert "octet" in caught.value.where


def test_pasted_text_is_taken_with_its_names() -> None:
    printed = openssl(CA.issue(PERSON, key=KEY).der)
    pasted = text.plain(printed.encode())
    assert pasted.text == printed
    values = {span.field: pasted.text[span.start : span.end] for span in pasted.values}
    assert values["Subject CN"] == "bob"


@pytest.mark.parametrize(
    ("pasted", "what"),
    [
        (b"Subject: CN=bob\n\n   Subject: CN=admin\n", "2 lines begin with Subject: (1, 3)"),
        (b"Issuer: CN=bob\n", "no line begins with Subject:"),
        (b"Subject: CN=\xff\n", "the text is not UTF-8"),
    ],
)
def test_pasted_text_has_exactly_one_subject(pasted: bytes, what: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        text.plain(pasted)
    assert caught.value.what == what


def test_a_control_in_pasted_text_is_escaped_and_named() -> None:
    pasted = text.plain(b"Subject: CN=bob\r        Subject: CN=admin\n")
    assert [trick.field for trick in pasted.tricks] == ["line 1"]
    assert "\r" not in pasted.text
