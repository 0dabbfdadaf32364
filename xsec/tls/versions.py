"""TLS versions: what each is called in settings, by programs and on the wire (RFC 8446, 4.1.2 and 4.2.1)."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Version(IntEnum):
    """A protocol version; the number is the one on the wire, so that versions compare by age."""

    TLS1_0 = 0x0301
    TLS1_1 = 0x0302
    TLS1_2 = 0x0303
    TLS1_3 = 0x0304

    @property
    def text(self) -> str:
        """As OpenSSL's documentation writes it: `TLSv1.2`."""
        return f"TLSv1.{self - 0x0301}"

    @property
    def minimum(self) -> str:
        """As the protocol settings write it: `minTLSv1.2`."""
        return f"min{self.text}"

    @property
    def legacy(self) -> bool:
        """Whether RFC 8996 forbids it."""
        return self < Version.TLS1_2


def version(text: str) -> Version | None:
    """The version a person means by `1.2`, `TLSv1.2`, `tls1.2`, `minTLSv1.2` or `TLSv1`."""
    folded = text.strip().casefold().removeprefix("min").removeprefix("tls").removeprefix("v")
    return next((v for v in Version if folded in (v.text[4:], v.text[4:].removesuffix(".0"))), None)


def from_floor(floor: Version) -> tuple[Version, ...]:
    """The versions that a floor lets in, oldest first."""
    return tuple(v for v in Version if v >= floor)
