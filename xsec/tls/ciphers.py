"""Cipher strings: the value spaces of the settings, and what the host's OpenSSL makes of a string (TL-2).

OpenSSL's rules are those of ciphers(1).  It ignores a token it does not know, so tokens are judged one by
one here.  `ssl` is imported where it is used: settings are declared on the way to every help text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from xsec.errors import InvalidValue

LIMIT = 2048
"""Characters of a cipher string (appliance-facts 1.2)."""

_ALLOWED = re.compile(r"[A-Za-z0-9_.+!@=:-]*")
_COMMAND = re.compile(r"@(STRENGTH|SECLEVEL=[0-5])")

# ciphers(1) of OpenSSL 3.0: words that are known although they may select nothing in a build
# fmt: off
KEYWORDS = frozenset((
    "ALL", "COMPLEMENTOFALL", "DEFAULT", "COMPLEMENTOFDEFAULT", "HIGH", "MEDIUM", "LOW", "eNULL", "NULL",
    "aNULL", "kRSA", "aRSA", "RSA", "kDHr", "kDHd", "kDH", "kDHE", "kEDH", "DH", "DHE", "EDH", "ADH",
    "kEECDH", "kECDHE", "ECDH", "ECDHE", "EECDH", "AECDH", "aDSS", "DSS", "aDH", "aECDSA", "ECDSA",
    "TLSv1.2", "TLSv1.0", "TLSv1", "SSLv3", "AES128", "AES256", "AES", "AESGCM", "AESCCM", "AESCCM8",
    "ARIA128", "ARIA256", "ARIA", "ARIAGCM", "CAMELLIA128", "CAMELLIA256", "CAMELLIA", "CHACHA20", "3DES",
    "DES", "RC4", "RC2", "IDEA", "SEED", "MD5", "SHA1", "SHA", "SHA256", "SHA384", "aGOST", "aGOST01",
    "kGOST", "GOST94", "GOST89MAC", "aGOST12", "GOST12", "GOST2012", "PSK", "kPSK", "kECDHEPSK", "kDHEPSK",
    "kRSAPSK", "aPSK", "SUITEB128", "SUITEB128ONLY", "SUITEB128C2", "SUITEB192", "EXP", "EXPORT",
    "EXPORT40", "EXPORT56", "FIPS", "CBC", "SRP", "aSRP", "kSRP", "kECDHr", "kECDHe", "aECDH", "KRB5",
    "kKRB5", "aKRB5", "FZA", "kFZA", "aFZA", "eFZA", "GOST",
))
# fmt: on

SUITES_13 = (
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
)
"""The suites of TLS 1.3 (RFC 8446, B.4), by the names of OpenSSL and IANA."""

SUITES_13_DEFAULT = ":".join(SUITES_13[:3])


def normalise(text: str) -> str:
    """The string as OpenSSL should see it: one colon between tokens, no blanks.

    A blank beside a colon or after `!`, `-`, `+` is a print fault of the source (`HIGH:- AES256+SHA`), which
    OpenSSL refuses; comma, semicolon and blank are separators to OpenSSL and not to every daemon.
    """
    joined = re.sub(r"([!+-])[ \t]+", r"\1", text.strip())
    return re.sub(r":{2,}", ":", re.sub(r"[ \t]*[:,;][ \t]*|[ \t]+", ":", joined)).strip(":")


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a normalised string."""
    return tuple(token for token in text.split(":") if token)


@lru_cache(maxsize=256)
def selected(text: str) -> tuple[str, ...]:
    """Names of the suites up to TLS 1.2 that the host's OpenSSL selects, in order; none when it refuses."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.set_ciphers(text)
    except ssl.SSLError:
        return ()
    return tuple(s["name"] for s in context.get_ciphers() if s["protocol"] != "TLSv1.3")


@lru_cache(maxsize=512)
def known(token: str) -> bool:
    """Whether the host's OpenSSL knows every word of a token."""
    if token.startswith("@"):
        return _COMMAND.fullmatch(token) is not None
    words = token.lstrip("!+-").split("+")
    return all(word in KEYWORDS or (bool(word) and bool(selected(word))) for word in words)


def unknown(text: str) -> tuple[str, ...]:
    """Tokens that OpenSSL would ignore silently."""
    return tuple(token for token in tokens(text) if not known(token))


class CipherString:
    """An OpenSSL cipher string up to TLS 1.2.

    Unknown tokens are left to a guard, since --force may take them.
    """

    def parse(self, text: str) -> str:
        if len(text) > LIMIT:
            raise InvalidValue(f"{len(text)} characters are not allowed", allowed=self.describe())
        value = normalise(text)
        if _ALLOWED.fullmatch(value) is None:
            place = next(i for i, c in enumerate(value, 1) if not _ALLOWED.fullmatch(c))
            raise InvalidValue(
                f"the character {value[place - 1]!r} is not allowed",
                where=f"character {place}",
                allowed="letters, digits and _ . + ! @ = : -",
            )
        if not selected(value):
            raise InvalidValue(self._why(value), allowed=self.describe(), remedy="xsec tls expand STRING")
        return value

    @staticmethod
    def _why(value: str) -> str:
        strange = unknown(value)
        if strange:
            return f"the cipher string selects nothing: {strange[0]!r} is not known to OpenSSL"
        return "the cipher string selects nothing" if value else "an empty cipher string selects nothing"

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return f"<S: 0,{LIMIT}> OpenSSL cipher string"

    def complete(self) -> tuple[str, ...]:
        return ()

    def notes(self, text: str) -> tuple[str, ...]:
        value = normalise(text)
        if value == text:
            return ()
        return (f"blanks or separators that OpenSSL does not take were put right: {value}",)


class Suites13:
    """Suites of TLS 1.3, in order of preference; a setting of its own because strings do not touch them."""

    def parse(self, text: str) -> str:
        by_name = {name.casefold(): name for name in SUITES_13}
        found: list[str] = []
        for word in tokens(normalise(text)):
            name = by_name.get(word.casefold())
            if name is None:
                raise InvalidValue(f"{word!r} is not a suite of TLS 1.3", allowed=self.describe())
            if name not in found:
                found.append(name)
        if not found:
            raise InvalidValue("no suite is named", allowed=self.describe())
        return ":".join(found)

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return f"<one or more of {', '.join(SUITES_13)}, with : between>"

    def complete(self) -> tuple[str, ...]:
        return SUITES_13

    def notes(self, text: str) -> tuple[str, ...]:
        return ()
