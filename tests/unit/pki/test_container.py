"""Files by content: every form that is read, every fault with its place, and the limits (TR-1, SC-3)."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from xsec.errors import InvalidValue
from xsec.lab import pki
from xsec.pki import container, pem
from xsec.pki.container import Contents, read
from xsec.pki.pkcs12 import load
from xsec.secret import Secret

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROOT = pki.authority("Root", key=pki.seeded_key("root"), now=NOW)
HOST = ROOT.issue("host", sans=["host.example"], server=True, key=pki.seeded_key("host"))
CRL = ROOT.crl([HOST])
REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(pki.name_of("host"))
    .sign(HOST.key, hashes.SHA256(), ecdsa_deterministic=True)
)


def fault(data: bytes, name: str = "f.pem", password: Secret | None = None) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        read(data, name, password=password, opener=load)
    return caught.value


def shape(contents: Contents) -> tuple[str, int, int, int, int]:
    return (
        contents.form,
        len(contents.certificates),
        len(contents.crls),
        len(contents.keys),
        len(contents.requests),
    )


# Forms


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(pki.pem(ROOT), ("PEM", 1, 0, 0, 0), id="PEM certificate"),
        pytest.param(pki.der(ROOT.certificate), ("DER", 1, 0, 0, 0), id="DER certificate"),
        pytest.param(pki.pem(CRL), ("PEM", 0, 1, 0, 0), id="PEM CRL"),
        pytest.param(pki.der(CRL), ("DER", 0, 1, 0, 0), id="DER CRL"),
        pytest.param(pki.pem(HOST.key), ("PEM", 0, 0, 1, 0), id="PEM key"),
        pytest.param(pki.der(HOST.key), ("DER", 0, 0, 1, 0), id="DER key"),
        pytest.param(pki.pem(HOST.key, password=b"x"), ("PEM", 0, 0, 1, 0), id="encrypted key"),
        pytest.param(REQUEST.public_bytes(Encoding.PEM), ("PEM", 0, 0, 0, 1), id="PEM request"),
        pytest.param(REQUEST.public_bytes(Encoding.DER), ("DER", 0, 0, 0, 1), id="DER request"),
        pytest.param(
            pkcs7.serialize_certificates([ROOT.certificate, HOST.certificate], Encoding.PEM),
            ("PEM", 2, 0, 0, 0),
            id="PEM PKCS#7",
        ),
        pytest.param(
            pkcs7.serialize_certificates([ROOT.certificate, HOST.certificate], Encoding.DER),
            ("PKCS#7", 2, 0, 0, 0),
            id="DER PKCS#7",
        ),
        pytest.param(pki.der(ROOT.certificate) + pki.der(CRL), ("DER", 1, 1, 0, 0), id="DER after DER"),
        pytest.param(pki.pem(HOST, ROOT, CRL, HOST.key), ("PEM", 2, 1, 1, 0), id="mixed"),
    ],
)
def test_the_form_is_found_from_content(data: bytes, expected: tuple[str, int, int, int, int]) -> None:
    assert shape(read(data, "wrong-ending.zip")) == expected


def test_certificates_stay_byte_for_byte() -> None:
    whole = read(pki.pem(HOST, ROOT), "f.pem")
    assert [found.der for found in whole.certificates] == [HOST.der, ROOT.der]
    packed = pkcs7.serialize_certificates([HOST.certificate], Encoding.DER)
    assert read(packed, "f.p7b").certificates[0].der == HOST.der


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: b"subject=Root\n\n" + text + b"\nafterwards", id="text around"),
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="CR LF"),
        pytest.param(lambda text: text.replace(b"\n", b"\r"), id="CR"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="byte order mark"),
        pytest.param(lambda text: text.replace(b"\n", b"  \n"), id="trailing blanks"),
        pytest.param(lambda text: b"    " + text.replace(b"\n", b"\n    "), id="indented as in YAML"),
        pytest.param(lambda text: text.rstrip(), id="no newline at the end"),
        pytest.param(lambda text: b"\xff\xfe\x00 latin or worse\n" + text, id="octets that are no text"),
    ],
)
def test_the_text_around_and_within_blocks_may_vary(change) -> None:  # type: ignore[no-untyped-def]  # a lambda
    assert read(change(pki.pem(ROOT)), "f.pem").certificates[0].der == ROOT.der


def test_files_joined_without_a_newline_are_read_whole() -> None:
    joined = pki.pem(ROOT).rstrip() + pki.pem(HOST)
    assert len(read(joined, "f.pem").certificates) == 2


def test_places_name_block_and_line() -> None:
    found = read(b"# one\n" + pki.pem(ROOT) + b"\n" + pki.pem(HOST), "bundle.pem").certificates
    lines = pki.pem(ROOT).count(b"\n")
    assert [item.where for item in found] == [
        "bundle.pem: block 1, line 2",
        f"bundle.pem: block 2, line {lines + 3}",
    ]


def test_blocks_of_no_use_are_named() -> None:
    text = pem.write("EC PARAMETERS", b"\x06\x08*\x86H\xce=\x03\x01\x07") + pki.pem(HOST.key)
    assert read(text, "k.pem").ignored == ("k.pem: block 1, line 1: EC PARAMETERS is not used",)


# Faults

GOOD = pki.pem(ROOT)
AT = "f.pem: block 1, line 1"
LINES = GOOD.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("data", "what", "where"),
    [
        pytest.param(b"", "empty", "f.pem", id="empty"),
        pytest.param(b" \n\n", "empty", "f.pem", id="blank"),
        pytest.param(b"hello", "no known form", "f.pem", id="text"),
        pytest.param(b"<html><body>Login", "HTML", "f.pem", id="login page"),
        pytest.param(GOOD.decode().encode("utf-16"), "UTF-16", "f.pem", id="UTF-16"),
        pytest.param(b"PK\x03\x04rest", "ZIP", "f.pem", id="zip"),
        pytest.param(b"\x1f\x8b\x08rest", "GZIP", "f.pem", id="gzip"),
        pytest.param(b"".join(LINES[1:-1]), "without its BEGIN and END", "f.pem", id="bare base64"),
        pytest.param(b"".join(LINES[:-1]), "has no END line", AT, id="cut off"),
        pytest.param(b"".join(LINES[:-1]) + GOOD, "has no END line", AT, id="END lost"),
        pytest.param(GOOD.replace(b"END CERTIFICATE", b"END X509 CRL"), "ends as X509 CRL", AT, id="label"),
        pytest.param(
            b"".join([*LINES[:3], b"*" + LINES[3][1:], *LINES[4:]]),
            "0x2a is not base64",
            "f.pem: block 1, line 4",
            id="letter",
        ),
        pytest.param(
            b"".join([*LINES[:-2], LINES[-2][:-3] + b"\n", LINES[-1]]),
            "cut off, or padded",
            f"f.pem: block 1, line {len(LINES)}",
            id="padding",
        ),
        pytest.param(b"".join([LINES[0], LINES[-1]]), "the block is empty", AT, id="no content"),
        pytest.param(
            b"".join([LINES[0], b"Comment: x\n\n", *LINES[1:]]),
            "header lines",
            "f.pem: block 1, line 2",
            id="headers",
        ),
        pytest.param(b"see " + GOOD, "text stands before BEGIN", AT, id="text before"),
        pytest.param(pem.write("CERTIFICATE", ROOT.der[:-20]), "is cut off after", AT, id="short DER"),
        pytest.param(pem.write("CERTIFICATE", ROOT.der + b"\0"), "1 octets follow", AT, id="long DER"),
        pytest.param(
            pem.write("CERTIFICATE", pki.der(CRL)),
            "labelled CERTIFICATE and holds a CRL",
            AT,
            id="CRL as certificate",
        ),
        pytest.param(pem.write("TRUSTED CERTIFICATE", ROOT.der), "trust settings", AT, id="trusted"),
        pytest.param(pem.write("OPENSSH PRIVATE KEY", b"x"), "OpenSSH", AT, id="OpenSSH key"),
        pytest.param(ROOT.der[:100], "is cut off after", "f.pem", id="DER cut off"),
        pytest.param(b"\x30\x80" + ROOT.der, "BER and not DER", "f.pem", id="BER"),
        pytest.param(ROOT.der + b"abc", "DER", "f.pem: octet", id="rubbish after DER"),
        pytest.param(b"\x30\x03\x02\x01\x05", "an other object is not allowed", "f.pem", id="other DER"),
    ],
)
def test_a_fault_is_named_with_its_place(data: bytes, what: str, where: str) -> None:
    error = fault(data)
    assert what in error.what + error.allowed
    assert error.where.startswith(where)


def test_a_certificate_that_the_library_refuses_is_told_in_words() -> None:
    broken = ROOT.der.replace(b"\x17\x0d26", b"\x17\x0dxx", 1)
    error = fault(pem.write("CERTIFICATE", broken))
    assert error.what.startswith("the certificate is malformed: ")
    assert "ParseError" not in error.what


# Limits


def test_a_certificate_has_a_limit_of_64_kib() -> None:
    big = ROOT.issue(
        "big",
        key=HOST.key,
        extensions=[x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(65_536))],
    )
    assert "octets" in fault(big.pem).what


def test_the_blocks_of_a_file_have_a_limit() -> None:
    block = pem.write("NOTHING", b"x")
    assert f"more than {pem.MAXIMUM_BLOCKS} blocks" in fault(block * (pem.MAXIMUM_BLOCKS + 1)).what


def test_a_large_pem_file_is_decoded_in_linear_time() -> None:
    started = monotonic()
    blocks = list(pem.blocks(pem.write("X509 CRL", bytes(20 << 20)), "big.crl"))
    assert len(blocks[0].der) == 20 << 20
    assert monotonic() - started < 5  # asn1crypto's unarmor takes many minutes


# PKCS#12


def p12(password: bytes = b"pass", *, iterations: int = 2048) -> bytes:
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(iterations)
        .hmac_hash(hashes.SHA256())
        .build(password)
    )
    return pkcs12.serialize_key_and_certificates(
        b"host", HOST.key, HOST.certificate, [ROOT.certificate], encryption
    )


def test_pkcs12_gives_key_and_chain() -> None:
    found = read(p12(), "host.p12", password=Secret(b"pass"), opener=load)
    assert shape(found) == ("PKCS#12", 2, 0, 1, 0)
    assert {item.der for item in found.certificates} == {HOST.der, ROOT.der}
    assert found.keys[0].data.reveal() == pki.der(HOST.key)


def test_pkcs12_needs_its_passphrase() -> None:
    assert "none was given" in fault(p12()).what
    assert "the passphrase is wrong" in fault(p12(), password=Secret(b"other")).what


def test_pkcs12_iterations_are_limited_before_deriving() -> None:
    plain = p12(iterations=2048)
    places = _places(plain, b"\x02\x02\x08\x00")
    assert len(places) >= 3  # certificates, key, MAC
    for place in places:
        assert "iterations" in fault(_with_count(plain, place), password=Secret(b"pass")).what


def _places(data: bytes, part: bytes) -> list[int]:
    return [at for at in range(len(data)) if data.startswith(part, at)]


def _with_count(data: bytes, at: int) -> bytes:
    """The file with a count of two thousand millions at `at`; enclosing lengths grow by two."""
    grown = bytearray(data[:at] + b"\x02\x04\x77\x35\x94\x00" + data[at + 4 :])
    _grow(grown, data, 0, len(data), at)
    return bytes(grown)


def _grow(grown: bytearray, data: bytes, start: int, end: int, at: int) -> None:
    from xsec.pki import der

    for item in der.elements(data, start, end):
        if item.start < at < item.end:
            octets = item.content - item.start - 1
            length = item.end - item.content + 2
            size = 1 if octets == 1 else octets - 1
            first = item.start + 1 if octets == 1 else item.start + 2
            grown[first : first + size] = length.to_bytes(size, "big")
            _grow(grown, data, item.content, item.end, at)


def test_pkcs12_without_a_mac_is_refused() -> None:
    from xsec.pki import der

    whole = p12()
    parts = der.children(whole, der.element(whole, 0, len(whole)))
    body = whole[parts[0].start : parts[1].end]
    assert (
        "has no MAC"
        in fault(b"\x30\x82" + len(body).to_bytes(2, "big") + body, password=Secret(b"pass")).what
    )


def test_pkcs12_with_old_ciphers_is_read_with_a_warning() -> None:
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303  what old programs write
        .build(b"pass")
    )
    old = pkcs12.serialize_key_and_certificates(b"host", HOST.key, HOST.certificate, None, encryption)
    assert "3DES" in read(old, "old.p12", password=Secret(b"pass"), opener=load).warnings[0]


def test_pkcs12_without_encryption_opens_with_the_empty_passphrase_of_its_mac() -> None:
    plain = pkcs12.serialize_key_and_certificates(b"h", HOST.key, HOST.certificate, None, NoEncryption())
    assert "the passphrase is wrong" in fault(plain, password=Secret(b"x")).what
    assert shape(read(plain, "f.p12", password=Secret(b""), opener=load)) == ("PKCS#12", 1, 0, 1, 0)


# Anything


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_no_octets_give_anything_but_contents_or_a_named_fault(data: bytes) -> None:
    try:
        read(data, "f")
    except InvalidValue as error:
        assert error.where.startswith("f")  # noqa: PT017  both ends are right


@settings(derandomize=True, deadline=None)
@given(st.data())
def test_no_flipped_octet_gives_anything_but_contents_or_a_named_fault(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([ROOT.der, pki.der(CRL), p12(), pki.pem(HOST)])))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(whole), "f", password=Secret(b"pass"), opener=load)
    except InvalidValue as error:
        assert error.where.startswith("f")  # noqa: PT017  both ends are right


def test_the_kinds_have_words() -> None:
    assert container.kind_of(ROOT.der, "f") is container.Kind.CERTIFICATE
    assert container.kind_of(REQUEST.public_bytes(Encoding.DER), "f") is container.Kind.REQUEST


def test_an_encrypted_der_key_is_a_key() -> None:
    data = HOST.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    assert container.kind_of(data, "f") is container.Kind.PRIVATE_KEY


def test_a_file_given_as_the_key_that_holds_none_is_told() -> None:
    contents = container.read(b"-----BEGIN WHATEVER-----\nAAAA\n-----END WHATEVER-----\n", "server.key")
    with pytest.raises(InvalidValue, match="no private key") as error:
        contents.need_key()
    assert error.value.where == "server.key"
