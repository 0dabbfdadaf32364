"""Keys: what loads, what is refused before any derivation, and what is said of weak ones (NA-4)."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from xsec.errors import InvalidValue
from xsec.lab import pki
from xsec.pki import keys
from xsec.secret import Secret

KEY = pki.seeded_key("keys")
PASSWORD = b"correct horse"


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def number(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encrypted(*numbers: int, oid: str = "2a864886f70d01050c") -> Secret:
    """An encrypted PKCS#8 key with these parameters of PBKDF2 or another derivation; it need not open."""
    parameters = tlv(0x30, tlv(0x04, b"8 octets"), *map(number, numbers))
    derivation = tlv(0x30, tlv(0x06, bytes.fromhex(oid)), parameters)
    cipher = tlv(0x30, tlv(0x06, bytes.fromhex("60864801650304012a")), tlv(0x04, bytes(16)))
    pbes2 = tlv(0x30, tlv(0x06, bytes.fromhex("2a864886f70d01050d")), tlv(0x30, derivation, cipher))
    return Secret(tlv(0x30, pbes2, tlv(0x04, bytes(64))))


SCRYPT = "2b06010401da47040b"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_plain_key_loads_in_every_form(encoding: Encoding, form: PrivateFormat) -> None:
    data = KEY.private_bytes(encoding, form, NoEncryption())
    loaded = keys.load_private(Secret(data), where="key.pem")
    assert keys.public_key_digest(loaded.public_key()) == keys.public_key_digest(KEY.public_key())


@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        (Encoding.PEM, PrivateFormat.PKCS8),
        (Encoding.DER, PrivateFormat.PKCS8),
        (Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    ],
)
def test_an_encrypted_key_opens_with_its_passphrase_only(encoding: Encoding, form: PrivateFormat) -> None:
    data = Secret(KEY.private_bytes(encoding, form, BestAvailableEncryption(PASSWORD)))
    opened = keys.load_private(data, password=Secret(PASSWORD), where="key.pem")
    assert keys.public_key_digest(opened.public_key()) == keys.public_key_digest(KEY.public_key())
    with pytest.raises(InvalidValue, match="no passphrase was given"):
        keys.load_private(data, where="key.pem")
    with pytest.raises(InvalidValue, match="the passphrase is wrong") as caught:
        keys.load_private(data, password=Secret(b"wrong"), where="key.pem")
    assert caught.value.__cause__ is None


def test_a_passphrase_for_a_key_that_has_none_does_no_harm() -> None:
    loaded = keys.load_private(Secret(pki.pem(KEY)), password=Secret(b"x"), where="key.pem")
    assert keys.describe(loaded.public_key()) == "ECDSA P-256"


def test_iterations_are_limited_before_deriving() -> None:
    started = monotonic()
    with pytest.raises(InvalidValue, match="takes 2000000000 iterations"):
        keys.load_private(encrypted(2_000_000_000), password=Secret(b"x"), where="key.pem")
    assert timedelta(seconds=monotonic() - started) < timedelta(seconds=2)


def test_pem_does_not_hide_the_iterations() -> None:
    from xsec.pki import pem

    text = pem.write("ENCRYPTED PRIVATE KEY", encrypted(2_000_000_000).reveal())
    with pytest.raises(InvalidValue, match="iterations"):
        keys.load_private(Secret(text), password=Secret(b"x"), where="key.pem")


@pytest.mark.parametrize(
    ("iterations", "allowed"), [(keys.MAXIMUM_ITERATIONS, True), (keys.MAXIMUM_ITERATIONS + 1, False)]
)
def test_the_limit_of_iterations_is_itself_allowed(iterations: int, allowed: bool) -> None:
    data = encrypted(iterations).reveal()
    if allowed:
        assert keys.check_derivations(data, where="k") == ()
    else:
        with pytest.raises(InvalidValue):
            keys.check_derivations(data, where="k")


@pytest.mark.parametrize("numbers", [(1 << 20, 8, 1), (1 << 14, 8, 64)], ids=["memory", "runs"])
def test_scrypt_is_limited_before_deriving(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidValue, match="scrypt takes too much"):
        keys.load_private(encrypted(*numbers, oid=SCRYPT), password=Secret(b"x"), where="key.pem")


def test_an_iteration_count_of_many_octets_is_refused() -> None:
    with pytest.raises(InvalidValue, match="an absurd number of iterations"):
        keys.check_derivations(encrypted(1 << 400).reveal(), where="k")


def test_deep_nesting_is_refused() -> None:
    data = b""
    for _ in range(64):
        data = tlv(0x30, data)
    with pytest.raises(InvalidValue, match="nested deeper than 32"):
        keys.check_derivations(data, where="k")


def test_an_absurd_length_of_derived_key_is_refused() -> None:
    with pytest.raises(InvalidValue, match="asks for 1000000 octets"):
        keys.check_derivations(encrypted(1000, 1_000_000).reveal(), where="k")


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x03\x02\x01\x00",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        bytes(40_000),
    ],
    ids=["empty PKCS#8", "PEM of zeros", "too long"],
)
def test_damaged_keys_are_refused_without_their_octets(data: bytes) -> None:
    with pytest.raises(InvalidValue) as caught:
        keys.load_private(Secret(data), where="key.pem")
    assert caught.value.where == "key.pem"


def test_a_key_that_cannot_sign_is_refused() -> None:
    key = x25519.X25519PrivateKey.generate()
    data = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(InvalidValue, match="X25519 cannot sign"):
        keys.load_private(Secret(data), where="key.pem")


DSA_1024 = dsa.generate_private_key(1024).public_key()  # noqa: S505  weak on purpose
RSA_1024 = rsa.RSAPublicNumbers(65537, (1 << 1023) + 1).public_key()


@pytest.mark.parametrize(
    ("public", "name", "complaint"),
    [
        pytest.param(ec.derive_private_key(5, ec.SECP256R1()).public_key(), "ECDSA P-256", None, id="P-256"),
        pytest.param(
            ec.derive_private_key(5, ec.SECP256K1()).public_key(), "ECDSA secp256k1", "curve", id="K"
        ),
        pytest.param(RSA_1024, "RSA 1024", "less than 2048", id="RSA 1024"),
        pytest.param(
            rsa.RSAPublicNumbers(65537, (1 << 8191) + 1).public_key(),
            "RSA 8192",
            "SIP TLS zones",
            id="RSA 8192",
        ),
        pytest.param(
            rsa.RSAPublicNumbers(3, (1 << 2047) + 1).public_key(), "RSA 2048", "exponent is 3", id="exponent"
        ),
        pytest.param(
            ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(),
            "Ed25519",
            "browsers",
            id="Ed",
        ),
        pytest.param(DSA_1024, "DSA 1024", "TLS 1.3", id="DSA"),
    ],
)
def test_a_weak_or_odd_key_is_told_of(public: object, name: str, complaint: str | None) -> None:
    assert keys.describe(public) == name
    found = keys.weaknesses(public)
    assert complaint in " ".join(found) if complaint else not found


def test_a_sealed_key_is_plain_pkcs8() -> None:
    secret = keys.to_pkcs8(KEY)
    assert secret.reveal() == pki.der(KEY)
    assert "***" in f"{secret}"
