"""The trust list: adding, choosing, removing, resetting, and what each breaks (TR-1 to TR-7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from time import process_time

import pytest
from cryptography import x509

from tests.world import NOW
from xsec.errors import Damaged, InvalidValue, Refused
from xsec.lab import pki
from xsec.output.escape import printable
from xsec.pki import addition, alarms, describe, impact, listing, pem, server, trust
from xsec.pki.addition import plan_add, survey
from xsec.pki.container import read
from xsec.pki.trust import SERVER_KINDS, TRUST, Entry, TrustList, plan_remove, plan_reset, select
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot

START = NOW - timedelta(days=10)


def root(name: str = "Root", seed: str = "root", **options: object) -> pki.Authority:
    return pki.authority(name, key=pki.seeded_key(seed), now=START, **options)  # type: ignore[arg-type]  # passed on


ROOT = root()
OTHER = root("Other", "other")


def add(snapshot: Snapshot, *items: object, kinds: Iterable[str] = ()) -> Plan:
    text = pki.pem(*items)  # type: ignore[arg-type]  # whatever the lab writes
    return plan_add(snapshot, [read(text, "ca.pem")], NOW, kinds=frozenset(kinds) or None)


def holding(*items: object, kinds: Iterable[str] = ()) -> Snapshot:
    return add(Snapshot(), *items, kinds=kinds).on(Snapshot())


def subjects(snapshot: Snapshot) -> list[str]:
    return [trust.subject_of(entry) for entry in snapshot[TRUST].entries]


# Adding


def test_new_certificates_are_added_in_order_and_kept_byte_for_byte() -> None:
    held = holding(ROOT, OTHER)[TRUST]
    assert [entry.der for entry in held.entries] == [ROOT.der, OTHER.der]


def test_a_present_certificate_is_told_and_skipped() -> None:
    held = holding(ROOT)
    told = survey(held[TRUST], [read(pki.pem(ROOT, OTHER), "ca.pem")], NOW)
    assert [item.outcome for item in told.outcomes] == ["present", "added"]
    assert subjects(add(held, ROOT, OTHER).on(held)) == ["CN=Root", "CN=Other"]


def test_adding_only_what_is_present_is_nothing_to_do() -> None:
    held = holding(ROOT)
    assert add(held, ROOT) == Plan(base=held.generation, summary="0 added to the trust list")


def test_one_certificate_twice_in_a_file_is_added_once() -> None:
    assert subjects(holding(ROOT, ROOT)) == ["CN=Root"]


def test_a_renewed_certificate_is_added_and_the_older_one_named_for_removal() -> None:
    held = holding(ROOT)
    renewed = pki.authority("Root", key=pki.seeded_key("root"), now=NOW)
    plan = add(held, renewed)
    older = describe.short(held[TRUST].entries[0].digest)
    assert len(plan.on(held)[TRUST].entries) == 2
    assert f"xsec trust remove {older}" in plan.warnings[0]


def test_one_subject_with_another_key_is_told_when_added_when_listed_and_as_an_alarm() -> None:
    held = holding(ROOT)
    plan = add(held, root(seed="second key"))
    after = plan.on(held)
    assert "another key" in " ".join(plan.warnings)
    assert listing.listing(after, NOW).findings[0].startswith("entries 1 and 2 have the subject CN=Root")
    assert [found.object for found in alarms.same_subject.check(after, NOW)] == ["CN=Root"]


def test_one_subject_with_one_key_is_no_trap() -> None:
    renewed = pki.authority("Root", key=pki.seeded_key("root"), now=NOW)
    assert not trust.same_subject(holding(ROOT, renewed)[TRUST])


@pytest.mark.parametrize(
    ("certificate", "remark"),
    [
        pytest.param(ROOT.issue("alice", client=True), "no CA certificate", id="end entity"),
        pytest.param(pki.authority("Old", now=NOW - timedelta(days=9), days=8), "is expired", id="expired"),
        pytest.param(pki.authority("New", now=NOW + timedelta(days=1)), "is not yet valid", id="future"),
    ],
)
def test_an_odd_certificate_is_added_with_a_warning(certificate: pki.Issued, remark: str) -> None:
    plan = add(Snapshot(), certificate)
    assert len(plan.on(Snapshot())[TRUST].entries) == 1
    assert remark in " ".join(plan.warnings)


def test_the_list_has_a_limit() -> None:
    held = holding(ROOT)[TRUST]
    entry = held.entries[0]
    many = tuple(replace(entry, digest=f"{number:064x}") for number in range(addition.MAXIMUM_ENTRIES))
    with pytest.raises(Refused, match="would hold 20001 certificates"):
        survey(TrustList(entries=many), [read(pki.pem(OTHER), "ca.pem")], NOW)


@pytest.mark.parametrize(
    ("items", "what"), [((ROOT.key,), "holds a private key"), ((), "the file is empty")], ids=["key", "empty"]
)
def test_a_file_without_certificates_is_refused(items: tuple[object, ...], what: str) -> None:
    with pytest.raises(InvalidValue, match=what):
        add(Snapshot(), *items)


# Kinds


def test_an_entry_without_kinds_counts_for_all() -> None:
    held = holding(ROOT)[TRUST]
    assert all(held.for_kind(kind) == held.entries for kind in trust.KINDS)


def test_an_entry_with_kinds_counts_for_those_only() -> None:
    held = holding(ROOT, kinds=["ldap"])[TRUST]
    assert [kind for kind in trust.KINDS if held.for_kind(kind)] == ["ldap"]


def test_limiting_a_present_entry_is_told_to_have_no_effect() -> None:
    assert "still counts for all" in add(holding(ROOT), ROOT, kinds=["ldap"]).warnings[0]


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidValue) as caught:
        addition.kinds_of("ldap, htps")
    assert "https-client-auth" in caught.value.allowed


def test_the_default_bundle_never_vouches_for_a_client() -> None:
    held = plan_reset(Snapshot(), NOW).on(Snapshot())[TRUST]
    assert not any(held.for_kind(kind) for kind in ("https-client-auth", "mra-onboarding", "sip-tls"))
    assert all(len(held.for_kind(kind)) == 2 for kind in SERVER_KINDS)


# Choosing

BOTH = holding(ROOT, OTHER, ROOT.crl())[TRUST]
DIGEST = BOTH.entries[1].digest


@pytest.mark.parametrize(
    "text",
    ["2", DIGEST, DIGEST[:8], DIGEST[:8].upper(), describe.fingerprint(OTHER.der)[:11], "other", "CN=Other"],
)
def test_an_entry_is_chosen_by_number_fingerprint_or_subject(text: str) -> None:
    assert select(BOTH, [text]) == (BOTH.entries[1],)


def test_an_embedded_crl_is_chosen_by_c_and_its_number() -> None:
    assert select(BOTH, ["c1"]) == (BOTH.crls[0],)


def test_one_entry_chosen_twice_counts_once() -> None:
    assert select(BOTH, ["2", "other"]) == (BOTH.entries[1],)


@pytest.mark.parametrize(
    "text", ["", "0", "3", "c2", "c0", "nobody", DIGEST[:3] + "zz", "9" * 400, "-1", "²"]
)
def test_what_matches_nothing_is_an_error(text: str) -> None:
    with pytest.raises(InvalidValue, match="nothing in the trust list matches"):
        select(BOTH, [text])


def test_an_ambiguous_subject_lists_the_candidates() -> None:
    with pytest.raises(InvalidValue, match=r"2 entries: 1 CN=Root \(.*2 CN=Other \("):
        select(BOTH, ["CN="])


def test_digits_that_are_a_number_and_a_fingerprint_are_ambiguous() -> None:
    entry = holding(ROOT)[TRUST].entries[0]
    many = [replace(entry, digest=f"{number:064x}") for number in range(1234)]
    many.append(replace(entry, digest="1234" + "0" * 60))
    with pytest.raises(InvalidValue, match="'1234' matches 2 entries"):
        select(TrustList(entries=tuple(many)), ["1234"])


# Removing and resetting


def test_the_crl_of_a_ca_goes_with_its_last_certificate() -> None:
    held = holding(ROOT, OTHER, ROOT.crl(), OTHER.crl())
    after = plan_remove(held, ["CN=Root"]).on(held)[TRUST]
    assert (len(after.entries), [crl.der for crl in after.crls]) == (1, [pki.der(OTHER.crl())])


def test_the_crl_of_a_ca_stays_while_a_certificate_of_its_name_does() -> None:
    held = holding(ROOT, root(seed="second key"), ROOT.crl())
    assert len(plan_remove(held, ["1"]).on(held)[TRUST].crls) == 1


def test_reset_gives_exactly_the_default_bundle() -> None:
    held = holding(ROOT, ROOT.crl())
    after = plan_reset(held, NOW).on(held)
    assert [text.split(",")[0] for text in subjects(after)] == ["CN=ISRG Root X1", "CN=DST Root CA X3"]
    assert not after[TRUST].crls


def test_reset_of_the_default_is_nothing_to_do() -> None:
    held = plan_reset(Snapshot(), NOW).on(Snapshot())
    assert not plan_reset(held, NOW + timedelta(days=1)).sections


def installed(held: Snapshot) -> Snapshot:
    host = ROOT.issue("host", sans=["host.example"], server=True, client=True)
    contents = [read(pki.pem(host, host.key), "host.pem")]
    return server.plan_install(held, contents, NOW, key_id="0" * 32).on(held)


def test_a_removal_tells_that_the_server_certificate_loses_its_root() -> None:
    held = installed(holding(ROOT, OTHER))
    told = impact.told(plan_remove(held, ["1"]), held).warnings
    assert told == ("the server certificate CN=host no longer leads to a trusted root",)
    assert not impact.told(plan_remove(held, ["2"]), held).warnings


def test_a_reset_tells_each_ca_that_loses_its_embedded_crl() -> None:
    held = holding(ROOT, OTHER, ROOT.crl(), OTHER.crl())
    told = " ".join(impact.told(plan_reset(held, NOW), held).warnings)
    assert "CN=Root loses its embedded CRL" in told
    assert "CN=Other loses its embedded CRL" in told


# Storing and listing


def test_the_section_reads_back_what_it_wrote() -> None:
    held = holding(ROOT, ROOT.crl(), kinds=["ldap", "sip-tls"])
    again = Snapshot(sections={"trust": TRUST.format(held[TRUST])}, objects=held.blob)
    assert again[TRUST] == held[TRUST]


@pytest.mark.parametrize(
    "tree", [[], {"entries": 5}, {"entries": [{}]}, {"entries": ["x"]}, {"crls": [{"digest": 5}]}, "text"]
)
def test_a_section_that_xsec_did_not_write_is_damaged(tree: object) -> None:
    with pytest.raises(Damaged):
        Snapshot(sections={"trust": tree}, objects=lambda digest: memoryview(b""))[TRUST]


def test_the_list_tells_self_signed_expiry_and_days() -> None:
    row = listing.listing(holding(pki.authority("Short", now=NOW, days=30)), NOW).certificates[0]
    ends = (NOW + timedelta(days=30)).date().isoformat()
    assert row.cells[:7] == (1, "CN=Short", "matches issuer", ends, 30, "valid", "all")


def test_an_unreadable_entry_is_listed_as_such() -> None:
    entry = Entry(digest="0" * 64, der=b"\x30\x00", added=NOW)
    held = Snapshot(
        sections={"trust": TRUST.format(TrustList(entries=(entry,)))},
        objects=lambda digest: memoryview(b"\x30\x00"),
    )
    assert listing.listing(held, NOW).certificates[0].state == "unreadable"
    assert not trust.same_subject(held[TRUST])


def test_names_from_a_certificate_cannot_forge_the_list() -> None:
    hostile = root("Root\x1b[2J\nCN=Good", "hostile")
    text = trust.subject_of(holding(hostile)[TRUST].entries[0])
    assert "\x1b" not in printable(text)


def test_a_list_of_five_thousand_is_added_to_quickly() -> None:
    entry = holding(ROOT)[TRUST].entries[0]
    long = TrustList(entries=tuple(replace(entry, digest=f"{number:064x}") for number in range(5000)))
    content = read(pki.pem(OTHER), "ca.pem")
    started = process_time()
    assert len(survey(long, [content], NOW).trust.entries) == 5001
    assert process_time() - started < 2  # names are read by structure: parsing each takes longer


# RFC 5280, and what breaks it


def twice(certificate: pki.Issued) -> bytes:
    """The certificate with its key usage in the place of its key identifier: one extension twice."""
    return certificate.der.replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d0f"), 1)


def test_a_certificate_that_a_hard_violation_makes_useless_is_refused_unless_forced() -> None:
    content = read(pem.write("CERTIFICATE", twice(ROOT)), "ca.pem")
    with pytest.raises(Refused, match="extensions cannot be read") as caught:
        plan_add(Snapshot(), [content], NOW)
    assert "RFC 5280, 4.2" in caught.value.what
    forced = plan_add(Snapshot(), [content], NOW, force=True)
    assert len(forced.on(Snapshot())[TRUST].entries) == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        pytest.param({"without": [x509.KeyUsage.oid]}, "keyUsage", id="no key usage"),
        pytest.param({"without": [x509.SubjectKeyIdentifier.oid]}, "subjectKeyIdentifier", id="no key id"),
        pytest.param(
            {"extensions": [x509.BasicConstraints(ca=True, path_length=None)]},
            "basicConstraints",
            id="not critical",
        ),
        pytest.param({"serial": 2**159 - 1}, None, id="serial of 20 octets"),
    ],
)
def test_other_violations_are_told_by_field_and_section(
    options: dict[str, object], field: str | None
) -> None:
    warnings = add(Snapshot(), root(**options)).warnings  # type: ignore[arg-type]  # passed on
    assert all(f": {field}: " in text and "RFC 5280, 4." in text for text in warnings)
    assert bool(warnings) is (field is not None)
