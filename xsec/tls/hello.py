"""A ClientHello made by hand, and what a server says to it (RFC 5246, 7.4; RFC 8446, 4 and 6).

Versions and suites are proven without a client library that could refuse them first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import Enum, unique

from xsec.tls.versions import Version

_ALERT, _HANDSHAKE = 21, 22
_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE, _SERVER_HELLO_DONE = 1, 2, 11, 14
_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019)  # x25519, P-256, P-384, P-521
_SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0202,
)  # fmt: skip
_RECORD_LIMIT = 16384 + 2048  # octets (RFC 5246, 6.2.3)

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    112: "unrecognized_name",
    116: "certificate_required",
}


@unique
class Answer(Enum):
    """What became of a ClientHello."""

    ACCEPTED = "accepted"
    ALERT = "alert"
    CLOSED = "closed"
    """The peer closed without a word: nothing is proven by that."""
    STRANGE = "not TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A server's answer: version, suite and certificates when accepted, the alert's name when refused.

    `chain` is DER as it was sent, the server's own first; empty in TLS 1.3, which encrypts it.
    """

    answer: Answer
    version: int = 0
    suite: int = 0
    alert: str = ""
    chain: tuple[bytes, ...] = ()

    @property
    def text(self) -> str:
        """As it is told in a proof."""
        match self.answer:
            case Answer.ACCEPTED:
                return f"accepted, suite {self.suite:04X}"
            case Answer.ALERT:
                return f"alert {self.alert}"
            case Answer.CLOSED:
                return "closed without an answer"
            case Answer.STRANGE:
                return "an answer that is not TLS"


def client_hello(version: Version, suites: tuple[int, ...], entropy: bytes, *, name: str = "") -> bytes:
    """A record that offers one version and the suites, in order; `entropy` is 64 random octets."""
    legacy = min(version, Version.TLS1_2)
    offered = b"".join(struct.pack(">H", code) for code in (*suites, 0x00FF))  # RFC 5746, 3.3
    body = (
        struct.pack(">H", legacy)
        + entropy[:32]
        + b"\0"
        + struct.pack(">H", len(offered))
        + offered
        + b"\1\0"
        + _block(2, _extensions(version, entropy[32:64], name))
    )
    message = bytes([_CLIENT_HELLO]) + len(body).to_bytes(3, "big") + body
    return struct.pack(">BHH", _HANDSHAKE, Version.TLS1_0, len(message)) + message


def _block(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def _extension(number: int, data: bytes) -> bytes:
    return struct.pack(">H", number) + _block(2, data)


def _extensions(version: Version, share: bytes, name: str) -> bytes:
    groups = b"".join(struct.pack(">H", group) for group in _GROUPS)
    found = _extension(10, _block(2, groups)) + _extension(11, b"\1\0")
    if name:
        found += _extension(0, _block(2, b"\0" + _block(2, name.encode("idna"))))
    if version >= Version.TLS1_2:
        found += _extension(13, _block(2, b"".join(struct.pack(">H", s) for s in _SIGNATURES)))
    if version is Version.TLS1_3:
        found += _extension(43, b"\2" + struct.pack(">H", version))
        found += _extension(51, _block(2, struct.pack(">H", _GROUPS[0]) + _block(2, share)))
    return found


class Listener:
    """Takes a server's octets as they come and says when they amount to an answer.

    Up to TLS 1.2 an answer is whole at ServerHelloDone: a server that cannot sign says so only after its
    ServerHello.  In TLS 1.3 the ServerHello is all that can be read.
    """

    def __init__(self) -> None:
        self._octets = b""
        self._messages = b""
        self._hello: Heard | None = None

    def feed(self, data: bytes) -> Heard | None:
        """The answer once it is whole; empty `data` says that the peer has closed."""
        if not data:
            return Heard(answer=Answer.CLOSED)
        self._octets += data
        while len(self._octets) >= 5:
            kind, _, size = struct.unpack(">BHH", self._octets[:5])
            if kind not in (_ALERT, _HANDSHAKE) or size > _RECORD_LIMIT:
                return self._other(kind)
            if len(self._octets) < 5 + size:
                return None
            body, self._octets = self._octets[5 : 5 + size], self._octets[5 + size :]
            if kind == _ALERT:
                return self._alert(body)
            self._messages += body
            heard = self._read()
            if heard is not None:
                return heard
        return None

    def _other(self, kind: int) -> Heard:
        return Heard(answer=Answer.STRANGE) if self._hello is None or kind > 24 else self._hello

    @staticmethod
    def _alert(body: bytes) -> Heard:
        if len(body) != 2:
            return Heard(answer=Answer.STRANGE)
        return Heard(answer=Answer.ALERT, alert=ALERTS.get(body[1], str(body[1])))

    def _read(self) -> Heard | None:
        while len(self._messages) >= 4:
            kind, size = self._messages[0], int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < 4 + size:
                return None
            body, self._messages = self._messages[4 : 4 + size], self._messages[4 + size :]
            if kind == _SERVER_HELLO:
                self._hello = _server_hello(body)
                if self._hello.answer is Answer.STRANGE or self._hello.version >= Version.TLS1_3:
                    return self._hello
            elif kind == _CERTIFICATE and self._hello is not None:
                self._hello = replace(self._hello, chain=_certificates(body))
            elif kind == _SERVER_HELLO_DONE and self._hello is not None:
                return self._hello
        return None


def _certificates(body: bytes) -> tuple[bytes, ...]:
    """The certificates of a Certificate message (RFC 5246, 7.4.2); what is cut short is left out."""
    found = []
    rest = body[3:]
    while len(rest) >= 3:
        size = int.from_bytes(rest[:3], "big")
        found.append(rest[3 : 3 + size])
        rest = rest[3 + size :]
    return tuple(found)


def _server_hello(body: bytes) -> Heard:
    """Version and suite of a ServerHello; a HelloRetryRequest has the same form and accepts as well."""
    try:
        (version,) = struct.unpack(">H", body[:2])
        place = 35 + body[34]
        (suite,) = struct.unpack(">H", body[place : place + 2])
        rest = body[place + 5 :]
        while len(rest) >= 4:
            number, size = struct.unpack(">HH", rest[:4])
            if number == 43 and size == 2:
                (version,) = struct.unpack(">H", rest[4:6])
            rest = rest[4 + size :]
    except (IndexError, struct.error):
        return Heard(answer=Answer.STRANGE)
    return Heard(answer=Answer.ACCEPTED, version=version, suite=suite)
