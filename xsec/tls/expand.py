"""What a cipher string selects, suite by suite, and which token brought or removed each (TL-5)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache

from xsec.tls.ciphers import SUITES_13, normalise, selected, tokens
from xsec.tls.versions import Version

_EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
_LEVEL_BITS = 112  # security level 2, Debian's default (SSL_CTX_set_security_level(3))
_EPHEMERAL = {"DH": "DHE", "ECDH": "ECDHE"}  # OpenSSL prints the ephemeral forms without their E
_CODES_13 = {
    "TLS_AES_128_GCM_SHA256": 0x1301,
    "TLS_AES_256_GCM_SHA384": 0x1302,
    "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
    "TLS_AES_128_CCM_SHA256": 0x1304,
    "TLS_AES_128_CCM_8_SHA256": 0x1305,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A cipher suite as the host's OpenSSL knows it.

    `version` is the oldest it can be used with; `weak` says why, empty when it is not; `usable` is at
    OpenSSL's default security level.
    """

    name: str
    code: int
    version: str
    key_exchange: str
    authentication: str
    encryption: str
    bits: int
    anonymous: bool
    weak: str
    usable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one token of a string did, in order."""

    token: str
    brought: tuple[str, ...]
    removed: tuple[str, ...]


@lru_cache(maxsize=1)
def suites() -> dict[str, Suite]:
    """Every suite of the host's OpenSSL by name, those of TLS 1.3 included."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(_EVERYTHING)
    old = {item["name"]: _suite(item) for item in context.get_ciphers() if item["protocol"] != "TLSv1.3"}
    return {**{name: _modern(name) for name in SUITES_13}, **old}


def _modern(name: str) -> Suite:
    encryption = name.removeprefix("TLS_").rpartition("_")[0]
    return Suite(
        name=name,
        code=_CODES_13[name],
        version=Version.TLS1_3.text,
        key_exchange="any",
        authentication="any",
        encryption=encryption.replace("_", "-"),
        bits=128 if "128" in name else 256,
        anonymous=False,
        weak="short authentication tag" if "CCM_8" in name else "",
        usable="CCM_8" not in name,
    )


def _suite(item: ssl._Cipher) -> Suite:
    fields = dict(word.split("=", 1) for word in item["description"].split() if "=" in word)
    authentication = fields.get("Au", "").replace("None", "none")
    anonymous = authentication == "none"
    bits = item["strength_bits"]
    exchange = _EPHEMERAL.get(fields.get("Kx", ""), fields.get("Kx", ""))
    return Suite(
        name=item["name"],
        code=item["id"] & 0xFFFF,
        version={"SSLv3": "TLSv1.0", "TLSv1": "TLSv1.0"}.get(item["protocol"], item["protocol"]),
        key_exchange=exchange,
        authentication=authentication,
        encryption=fields.get("Enc", ""),
        bits=bits,
        anonymous=anonymous,
        weak=_weak(item["name"], exchange, anonymous, bits, aead=item["aead"]),
        usable=_usable(item["name"], exchange, anonymous, bits),
    )


def _usable(name: str, exchange: str, anonymous: bool, bits: int) -> bool:
    """Whether OpenSSL takes it at its default level and without pre-shared keys or passwords."""
    return bits >= _LEVEL_BITS and not anonymous and not _shared(exchange) and "RC4" not in name


def _shared(exchange: str) -> bool:
    return "PSK" in exchange or "SRP" in exchange


def _weak(name: str, exchange: str, anonymous: bool, bits: int, *, aead: bool) -> str:
    """Why a suite is not to be recommended; RFC 9325, 4.1 and 4.2."""
    reasons = []
    if anonymous:
        reasons.append("anonymous")
    if bits == 0:
        reasons.append("no encryption")
    elif bits < _LEVEL_BITS:
        reasons.append(f"{bits} bits")
    if exchange in ("RSA", "PSK", "RSAPSK", "SRP"):
        reasons.append("no forward secrecy")
    if bits and not aead:
        reasons.append("RC4" if "RC4" in name else "CBC")
    if "CCM8" in name:
        reasons.append("short authentication tag")
    return ", ".join(reasons)


def expand(text: str) -> tuple[Suite, ...]:
    """The suites up to TLS 1.2 of a string, in OpenSSL's order."""
    known = suites()
    return tuple(known[name] for name in selected(normalise(text)) if name in known)


def unwise(text: str) -> str:
    """What a string lets in that no listener should offer, in words; empty where there is nothing."""
    found = expand(text)
    without = [suite.name for suite in found if suite.anonymous]
    told = []
    if without:
        told.append(f"{len(without)} suites without authentication, such as {without[0]}")
    if any(suite.bits == 0 for suite in found):
        told.append("suites without encryption")
    if "@SECLEVEL=0" in text.upper():
        told.append("security level 0: SHA-1 signatures and keys under 2048 bits")
    return "; ".join(told)


def effects(text: str) -> tuple[Effect, ...]:
    """What each token did to the list, by selecting with longer and longer beginnings of the string."""
    found = []
    before: tuple[str, ...] = ()
    words = tokens(normalise(text))
    for count, word in enumerate(words, 1):
        after = selected(":".join(words[:count]))
        found.append(
            Effect(
                token=word,
                brought=tuple(name for name in after if name not in before),
                removed=tuple(name for name in before if name not in after),
            )
        )
        before = after
    return tuple(found)


def offered(text: str, ciphersuites: tuple[str, ...], version: Version) -> tuple[Suite, ...]:
    """The suites that a policy lets a peer choose from at one version; level 0 when the string says so."""
    known = suites()
    if version is Version.TLS1_3:
        return tuple(known[name] for name in ciphersuites if known[name].usable)
    level_0 = "@SECLEVEL=0" in tokens(text)
    return tuple(
        suite
        for suite in expand(text)
        if suite.version <= version.text and (suite.usable or (level_0 and not _shared(suite.key_exchange)))
    )
