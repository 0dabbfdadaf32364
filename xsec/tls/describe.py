"""A cipher string explained: its suites, and which of its words did what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xsec.output.result import Block, Fields, Table
from xsec.tls.ciphers import CipherString, unknown
from xsec.tls.expand import Effect, Suite, effects, expand


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The suites up to TLS 1.2 of a string in order; TLS 1.3 has a setting of its own."""

    string: str
    suites: tuple[Suite, ...]
    effects: tuple[Effect, ...]
    unknown: tuple[str, ...]
    anonymous: int
    weak: int
    usable: int
    notes: tuple[str, ...]


def expansion(text: str) -> Expansion:
    """Explain a string; `InvalidValue` when OpenSSL would select nothing."""
    kind = CipherString()
    string = kind.parse(text)
    found, strange = expand(string), unknown(string)
    return Expansion(
        string=string,
        suites=found,
        effects=effects(string),
        unknown=strange,
        anonymous=sum(suite.anonymous for suite in found),
        weak=sum(bool(suite.weak) for suite in found),
        usable=sum(suite.usable for suite in found),
        notes=(*kind.notes(text), *(f"OpenSSL does not know {word!r} and ignores it" for word in strange)),
    )


def blocks(found: Expansion) -> Iterable[Block]:
    """What a person sees."""
    yield Table(
        ["suite", "from", "key exchange", "authentication", "encryption", "bits", "weak", "usable"],
        [
            (
                suite.name,
                suite.version,
                suite.key_exchange,
                suite.authentication,
                suite.encryption,
                suite.bits,
                suite.weak or "-",
                "yes" if suite.usable else "no",
            )
            for suite in found.suites
        ],
    )
    yield Table(
        ["word", "brings", "removes"],
        [(effect.token, len(effect.brought), len(effect.removed)) for effect in found.effects],
    )
    yield Fields(
        [
            ("suites", len(found.suites)),
            ("usable at OpenSSL's default level", found.usable),
            ("weak", found.weak),
            ("anonymous", found.anonymous),
        ]
    )
