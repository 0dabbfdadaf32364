"""A CRL by its parts, and its entries by serial number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from tests.world.verifying import NOW, START, ca
from xsec.lab.pki import Extra, der, name_of, revoked
from xsec.pki.names import normal
from xsec.pki.parse import Unreadable
from xsec.revocation.crl import CrlView, crl
from xsec.revocation.policy import SKEW

ROOT = ca("Root")
ISSUER = normal(ROOT.certificate.subject.public_bytes())
OTHER = normal(name_of("Other").public_bytes())
INDIRECT = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)


def view(*targets: object, extensions: Sequence[Extra] = (), **options: object) -> CrlView:
    return crl(der(ROOT.crl(targets, extensions=extensions, **options)))  # type: ignore[arg-type]  # as the lab takes them


@pytest.mark.parametrize("serial", [1, 127, 128, 255, 256, 1 << 64, (1 << 159) - 1])
def test_a_serial_number_is_found_among_others(serial: int) -> None:
    found = view(*(n for n in (5, 6, 1 << 40, serial)))
    entry = found.lookup(serial, ISSUER)
    assert entry is not None
    assert entry.serial == serial
    assert found.lookup(serial + 1, ISSUER) is None


def test_octets_of_a_serial_number_within_another_entry_are_no_entry() -> None:
    inner = int.from_bytes(b"\x55\x02\x01\x07\x55", "big")
    assert view(inner).lookup(7, ISSUER) is None
    entry = view(inner, 7).lookup(7, ISSUER)
    assert entry is not None
    assert entry.serial == 7


def test_a_direct_crl_says_nothing_of_another_issuers_certificates() -> None:
    assert view(5).lookup(5, OTHER) is None


def test_an_entry_belongs_to_the_last_issuer_named_before_it() -> None:
    """RFC 5280, 5.3.3 (CL-7)."""
    named = x509.CertificateIssuer([x509.DirectoryName(name_of("Other"))])
    found = view(
        revoked(1), revoked(2, extensions=[(named, True)]), revoked(3), extensions=[(INDIRECT, True)]
    )
    assert [bool(found.lookup(serial, ISSUER)) for serial in (1, 2, 3)] == [True, False, False]
    assert [bool(found.lookup(serial, OTHER)) for serial in (1, 2, 3)] == [False, True, True]


def test_an_entry_tells_reason_and_date() -> None:
    when = NOW - timedelta(days=3)
    entry = view(revoked(9, x509.ReasonFlags.key_compromise, date=when)).lookup(9, ISSUER)
    assert entry is not None
    assert (entry.reason_text, entry.revoked) == ("keyCompromise", when)


@pytest.mark.parametrize(
    ("now", "current"),
    [
        pytest.param(
            START - SKEW - timedelta(seconds=1), False, id="before thisUpdate by more than the skew"
        ),
        pytest.param(START - SKEW, True, id="before thisUpdate by the skew"),
        pytest.param(START, True, id="at thisUpdate"),
        pytest.param(START + timedelta(days=30, seconds=-1), True, id="before nextUpdate"),
        pytest.param(START + timedelta(days=30), False, id="at nextUpdate"),
        pytest.param(START + timedelta(days=30) + SKEW / 2, False, id="the skew never prolongs"),
    ],
)
def test_a_crl_is_current_from_this_update_until_next_update(now, current: bool) -> None:  # type: ignore[no-untyped-def]  # parametrized
    """CL-1."""
    assert view().is_current(now, skew=SKEW) is current


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        pytest.param(view(), "", id="none"),
        pytest.param(view(number=None), "no CRL number", id="no number"),
        pytest.param(view(number=1 << 161), "more than 20 octets", id="long number"),
        pytest.param(view(extensions=[(x509.CRLNumber(1), True)]), "is critical", id="critical number"),
        pytest.param(
            view(
                extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)]
            ),
            "unknown critical extension 1.2.3",
            id="unknown critical extension",
        ),
        pytest.param(
            view(
                revoked(
                    1,
                    extensions=[
                        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)
                    ],
                )
            ),
            "unknown critical extension 1.2.3",
            id="unknown critical extension of an entry",
        ),
        pytest.param(view(revoked(1, x509.ReasonFlags.remove_from_crl)), "removeFromCRL", id="removeFromCRL"),
        pytest.param(
            view(
                revoked(
                    1, extensions=[(x509.CertificateIssuer([x509.DirectoryName(name_of("Other"))]), True)]
                )
            ),
            "not indirect",
            id="certificateIssuer in a direct CRL",
        ),
        pytest.param(
            view(
                extensions=[
                    (x509.UnrecognizedExtension(ExtensionOID.ISSUING_DISTRIBUTION_POINT, b"\x30\x01"), True)
                ]
            ),
            "cannot be read",
            id="unreadable scope",
        ),
    ],
)
def test_what_makes_a_crl_unusable_is_named(made: CrlView, fault: str) -> None:
    assert (fault in made.fault) if fault else made.fault == ""


def test_octets_that_are_no_crl_are_refused() -> None:
    for octets in (b"", b"\x30\x00", der(ROOT.certificate), der(ROOT.crl())[:-1]):
        with pytest.raises(Unreadable):
            crl(octets)


def test_a_padded_serial_number_does_not_hide_from_the_search() -> None:
    """The search goes by DER's shortest form, which the library demands of every entry."""
    octets = der(ROOT.crl([0x1234]))
    assert crl(octets).lookup(0x1234, ISSUER) is not None
    padded = octets.replace(b"\x02\x02\x12\x34", b"\x02\x02\x00\x34")
    with pytest.raises(Unreadable):
        crl(padded).lookup(0x34, ISSUER)
