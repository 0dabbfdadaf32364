"""Private and public keys: loading under limits, what they are, and how strong."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from xsec.errors import InvalidValue
from xsec.pki import der, pem
from xsec.secret import Secret

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | dsa.DSAPrivateKey
)

MAXIMUM_KEY_BYTES = 16 * 1024  # an RSA key of 16384 bits takes 9.3 KiB; checking larger ones takes minutes
MAXIMUM_ITERATIONS = 10_000_000  # rules.md, 6: PBKDF2 iterations, here of all derivations in a file
MAXIMUM_SCRYPT_BYTES = 256 << 20  # rules.md, 6: scrypt memory
_MAXIMUM_PARALLEL = 16
_MAXIMUM_DERIVED = 128  # octets of derived key; more only multiplies the work

_PBKDF2 = bytes.fromhex("2a864886f70d01050c")  # 1.2.840.113549.1.5.12
_SCRYPT = bytes.fromhex("2b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11
_PBES1 = bytes.fromhex("2a864886f70d0105")  # 1.2.840.113549.1.5.{1,3,4,6,10,11}
_PBES1_LAST = frozenset((1, 3, 4, 6, 10, 11))
_PKCS12_PBE = bytes.fromhex("2a864886f70d010c01")  # 1.2.840.113549.1.12.1.{1..6}

_ALLOWED = "an RSA, ECDSA (P-256, P-384, P-521), Ed25519 or Ed448 private key"


def load_private(data: Secret, *, password: Secret | None = None, where: str) -> PrivateKey:
    """The key in PEM or DER, PKCS#8 or traditional; limits are checked before anything is derived (NA-4)."""
    raw = data.reveal()
    if len(raw) > 2 * MAXIMUM_KEY_BYTES:
        raise InvalidValue(
            f"the private key has {len(raw)} octets",
            where=where,
            allowed=f"at most {2 * MAXIMUM_KEY_BYTES} octets",
        )
    encrypted = _is_encrypted(raw, where)
    if encrypted and password is None:
        raise InvalidValue(
            "the private key is encrypted and no passphrase was given",
            where=where,
            remedy="give the passphrase with --passphrase-source file:PATH or prompt",
        )
    secret = password.reveal() if encrypted and password is not None else None
    load = serialization.load_pem_private_key if pem.is_pem(raw) else serialization.load_der_private_key
    try:
        key = load(raw, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError):
        # the library's text is not passed on: it can hold what it was given (rules.md SE-3)
        what = (
            "the passphrase is wrong, or the private key is damaged"
            if encrypted
            else "the private key is damaged or of an unknown kind"
        )
        raise InvalidValue(what, where=where, allowed=_ALLOWED) from None
    if not isinstance(key, PrivateKey):
        raise InvalidValue(f"a key of kind {_kind_name(key)} cannot sign", where=where, allowed=_ALLOWED)
    return key


def _is_encrypted(raw: bytes, where: str) -> bool:
    """Whether a passphrase is needed; what deriving its key would cost is limited on the way."""
    if not pem.is_pem(raw):
        return check_derivations(raw, where=where) is not None
    block = next(pem.blocks(raw, where))
    if block.label == "ENCRYPTED PRIVATE KEY":
        check_derivations(block.der, where=where)
        return True
    return b"ENCRYPTED" in block.text[:200]  # Proc-Type of RFC 1421: a single round of MD5


def to_pkcs8(key: PrivateKey) -> Secret:
    """The key as unencrypted PKCS#8 DER: the form in which it is sealed."""
    return Secret(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def spki(public: object) -> bytes:
    """The DER SubjectPublicKeyInfo of a public key object of the library."""
    if not hasattr(public, "public_bytes"):
        raise InvalidValue("this is not a public key")
    encoded: bytes = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def public_key_digest(public: object) -> str:
    """The SHA-256 of the SubjectPublicKeyInfo in lower-case hex, which says whether two keys are one pair."""
    return sha256(spki(public)).hexdigest()


def describe(public: object) -> str:
    """What the key is, in words: `RSA 2048`, `ECDSA P-256`, `Ed25519`."""
    match public:
        case rsa.RSAPublicKey():
            return f"RSA {public.key_size}"
        case ec.EllipticCurvePublicKey():
            names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
            return f"ECDSA {names.get(public.curve.name, public.curve.name)}"
        case dsa.DSAPublicKey():
            return f"DSA {public.key_size}"
        case _:
            return _kind_name(public)


def weaknesses(public: object) -> tuple[str, ...]:
    """What is wrong with the key for a server certificate, a sentence each; nothing for a good one."""
    return tuple(_weaknesses(public))


def _weaknesses(public: object) -> Iterator[str]:
    match public:
        case rsa.RSAPublicKey():
            if public.key_size < 2048:
                yield f"the RSA key has {public.key_size} bits: OpenSSL refuses less than 2048"
            if public.key_size >= 8192:  # appliance-facts, 6
                yield f"an RSA key of {public.key_size} bits breaks SIP TLS zones: 4096 works"
            if public.public_numbers().e < 65537:
                yield f"the RSA exponent is {public.public_numbers().e}: 65537 is expected"
        case dsa.DSAPublicKey():
            yield "DSA keys are refused by TLS 1.3 and by all browsers"
        case ec.EllipticCurvePublicKey():
            if public.curve.name not in ("secp256r1", "secp384r1", "secp521r1"):
                yield f"few TLS programs know the curve {public.curve.name}: take P-256, P-384 or P-521"
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            yield f"browsers refuse {describe(public)} certificates"
        case _:
            yield f"no TLS program serves a {_kind_name(public)} key"


def _kind_name(key: object) -> str:
    return type(key).__name__.lstrip("_").removesuffix("PublicKey").removesuffix("PrivateKey") or "unknown"


def check_derivations(data: bytes, *, where: str) -> tuple[str, ...] | None:
    """The legacy ciphers that a file's encryption uses; None when nothing in it is derived from a passphrase.

    Raises `InvalidValue` when the iterations, the memory or the depth go beyond what xsec carries out: these
    are read from the structure, before any derivation (RFC 8018; RFC 9579; rules.md NA-4).
    """
    legacy: list[str] = []
    iterations, found = 0, False
    try:
        for _, parts in der.walk(data, 0, len(data)):
            if len(parts) < 2 or parts[0].tag != der.OID or parts[1].tag != der.SEQUENCE:
                continue
            oid = der.content(data, parts[0])
            if oid == _SCRYPT:
                found = True
                _check_scrypt(data, der.children(data, parts[1]), where)
            elif oid == _PBKDF2 or _is_legacy(oid):
                found = True
                iterations += _count(data, der.children(data, parts[1]), where)
                if _is_legacy(oid):
                    legacy.append(_legacy_name(oid))
    except der.NotDer as error:
        raise InvalidValue(f"the encrypted data has {error}", where=where) from None
    limit_iterations(iterations, where=where)
    return tuple(dict.fromkeys(legacy)) if found else None


def limit_iterations(iterations: int, *, where: str) -> None:
    """Refuse a count of iterations that would only burn time."""
    if not 0 <= iterations <= MAXIMUM_ITERATIONS:
        shown = str(iterations) if 0 <= iterations < 1 << 64 else "an absurd number"
        raise InvalidValue(
            f"deriving the key takes {shown} of iterations"
            if iterations >= 1 << 64
            else f"deriving the key takes {shown} iterations",
            where=where,
            allowed=f"at most {MAXIMUM_ITERATIONS} iterations in a file",
        )


def _count(data: bytes, parameters: tuple[der.Element, ...], where: str) -> int:
    numbers = [der.integer(data, part) for part in parameters if part.tag == der.INTEGER]
    if not numbers or numbers[0] < 1:
        raise InvalidValue("the key derivation has no count of iterations", where=where)
    if len(numbers) > 1 and not 0 < numbers[1] <= _MAXIMUM_DERIVED:
        raise InvalidValue(
            f"the key derivation asks for {numbers[1]} octets of key",
            where=where,
            allowed=f"at most {_MAXIMUM_DERIVED} octets",
        )
    return numbers[0]


def _check_scrypt(data: bytes, parameters: tuple[der.Element, ...], where: str) -> None:
    numbers = [der.integer(data, part) for part in parameters if part.tag == der.INTEGER]
    if len(numbers) < 3 or min(numbers) < 1:
        raise InvalidValue("the scrypt parameters are not readable", where=where)
    cost, block, parallel = numbers[:3]
    if 128 * cost * block > MAXIMUM_SCRYPT_BYTES or parallel > _MAXIMUM_PARALLEL:
        raise InvalidValue(
            "deriving the key with scrypt takes too much memory or work",
            where=where,
            allowed=f"at most {MAXIMUM_SCRYPT_BYTES >> 20} MiB and {_MAXIMUM_PARALLEL} runs",
        )


def _is_legacy(oid: bytes) -> bool:
    return (oid[:-1] == _PBES1 and oid[-1] in _PBES1_LAST) or (oid[:-1] == _PKCS12_PBE and 1 <= oid[-1] <= 6)


def _legacy_name(oid: bytes) -> str:
    if oid[:-1] == _PKCS12_PBE:
        return {1: "RC4", 2: "RC4", 3: "3DES", 4: "3DES", 5: "RC2", 6: "RC2"}[oid[-1]]
    return "RC2" if oid[-1] in (4, 6, 11) else "DES"
