"""Which clients a listener asks for, and with which CRLs (RV-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from tests.daemons.estate import estate
from tests.world import NOW, ca, crl, issue
from xsec.connections.settings import CRL_CHECK, CRL_INACCESSIBLE, MODE
from xsec.daemons.enforce.listener import FAIL_CLOSED, WITHOUT_CRL, Derived, derive
from xsec.errors import Refused
from xsec.lab.pki import Authority, der

ROOT = ca("Listener Root")
OTHER = ca("Listener Other")
SERVER = issue(ROOT, "listener server", server=True)


def derived(
    *authorities: Authority,
    crls: tuple[x509.CertificateRevocationList, ...] = (),
    choice: str = "",
    mode: str = "Validation",
    check: str = "All",
    inaccessible: str = "Ignore",
) -> Derived:
    values = {MODE.folded: mode, CRL_CHECK.folded: check, CRL_INACCESSIBLE.folded: inaccessible}
    snapshot = estate(server=SERVER, authorities=authorities, crls=crls, values=values, now=NOW)
    return derive(snapshot, "https", NOW + timedelta(hours=1), choice)


def test_without_a_certificate_there_is_nothing_to_serve() -> None:
    with pytest.raises(Refused, match="no server certificate"):
        derive(estate(server=None, now=NOW), "https", NOW)


def test_no_client_certificate_is_asked_for_unless_the_mode_says_so() -> None:
    assert not derived(ROOT, mode="NotRequired").listener.clients.required
    assert derived(ROOT, crls=(crl(ROOT),)).listener.clients.required
    assert derived(ROOT, crls=(crl(ROOT),), mode="Authentication").listener.clients.required


def test_a_mode_without_any_ca_for_it_is_refused() -> None:
    with pytest.raises(Refused, match="no trusted CA"):
        derived()


def test_a_crl_for_every_ca_is_rendered_without_a_note() -> None:
    found = derived(ROOT, OTHER, crls=(crl(ROOT), crl(OTHER)))
    assert found.listener.clients.crls == (der(crl(ROOT)), der(crl(OTHER)))
    assert (found.notes, found.choice) == ((), "")


def test_a_ca_without_a_crl_beside_one_with_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="no CRL of CN=Listener Other") as caught:
        derived(ROOT, OTHER, crls=(crl(ROOT),))
    assert "--fail-closed or --without-crl" in caught.value.remedy


def test_fail_closed_renders_what_there_is_and_says_who_is_shut_out() -> None:
    found = derived(ROOT, OTHER, crls=(crl(ROOT),), choice=FAIL_CLOSED)
    assert found.listener.clients.crls == (der(crl(ROOT)),)
    assert found.notes == (
        "clients of CAs without a CRL, and of CAs below them, are all refused: CN=Listener Other",
    )
    assert found.choice == FAIL_CLOSED


def test_without_crl_leaves_checking_out_and_records_the_choice() -> None:
    found = derived(ROOT, OTHER, crls=(crl(ROOT),), choice=WITHOUT_CRL)
    assert found.listener.clients.crls == ()
    assert found.choice == WITHOUT_CRL
    assert "left out by --without-crl" in found.notes[0]


def test_no_crl_at_all_is_left_out_with_a_note_where_the_fallback_accepts() -> None:
    found = derived(ROOT)
    assert found.listener.clients.crls == ()
    assert "revocation is not checked" in found.notes[0]


def test_no_crl_at_all_is_refused_where_the_fallback_rejects() -> None:
    with pytest.raises(Refused, match="Crlinaccessible is Fail"):
        derived(ROOT, inaccessible="Fail")


def test_a_missing_crl_is_refused_even_where_the_fallback_rejects() -> None:
    with pytest.raises(Refused, match="Listener Other"):
        derived(ROOT, OTHER, crls=(crl(ROOT),), inaccessible="Fail")


def test_no_crl_is_rendered_where_none_is_checked() -> None:
    assert derived(ROOT, crls=(crl(ROOT),), check="None").listener.clients.crls == ()


def test_the_newest_crl_of_a_ca_is_the_one_that_is_rendered() -> None:
    newer = crl(ROOT, number=2, this_update=NOW + timedelta(minutes=1))
    assert derived(ROOT, crls=(newer, crl(ROOT))).listener.clients.crls == (der(newer),)


def test_a_crl_that_the_ca_did_not_sign_does_not_count() -> None:
    forged = crl(ROOT, key=OTHER.key)
    assert derived(ROOT, crls=(forged,)).listener.clients.crls == ()


def test_a_delta_crl_does_not_count_for_a_daemon() -> None:
    delta = crl(ROOT, number=2, extensions=((x509.DeltaCRLIndicator(1), True),))
    found = derived(ROOT, OTHER, crls=(delta, crl(OTHER)), choice=FAIL_CLOSED)
    assert found.listener.clients.crls == (der(crl(OTHER)),)
    assert "a delta CRL" in found.notes[0]


DAMAGED_POINT = (
    x509.UnrecognizedExtension(x509.IssuingDistributionPoint.oid, b"\x30\x05\x81\x01"),
    True,
)


@pytest.mark.parametrize("inaccessible", ["Ignore", "Fail"])
@pytest.mark.parametrize("choice", ["", FAIL_CLOSED])
def test_a_crl_with_an_unreadable_extension_is_refused_by_name(inaccessible: str, choice: str) -> None:
    damaged = crl(ROOT, extensions=(DAMAGED_POINT,))
    with pytest.raises(Refused, match="CRL of CN=Listener Root cannot be used: an extension"):
        derived(ROOT, crls=(damaged,), inaccessible=inaccessible, choice=choice)


def test_a_crl_with_an_unreadable_extension_is_left_out_only_with_all_checking() -> None:
    found = derived(ROOT, crls=(crl(ROOT, extensions=(DAMAGED_POINT,)),), choice=WITHOUT_CRL)
    assert (found.listener.clients.crls, found.choice) == ((), WITHOUT_CRL)
    assert "is damaged" in found.notes[0]


def test_an_unreadable_crl_of_a_ca_that_counts_for_nothing_here_does_not_matter() -> None:
    damaged = crl(OTHER, extensions=(DAMAGED_POINT,))
    assert derived(ROOT, crls=(crl(ROOT), damaged)).listener.clients.crls == (der(crl(ROOT)),)


def test_an_expired_crl_is_rendered_and_said_to_shut_everybody_out() -> None:
    expired = crl(ROOT, next_update=NOW + timedelta(minutes=1))
    found = derived(ROOT, crls=(expired,))
    assert found.listener.clients.crls == (der(expired),)
    assert "has expired" in found.notes[0]


def test_peer_only_checking_cannot_be_narrower_in_the_daemon_and_says_so() -> None:
    assert "Crlcheck Peer" in derived(ROOT, crls=(crl(ROOT),), check="Peer").notes[0]
