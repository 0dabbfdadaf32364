"""The server certificate: the default, installing with chain and key, and rolling back (SC-1, SC-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs7, pkcs12

from tests.world import NOW, ca, issue
from xsec import catalogue
from xsec.errors import Damaged, InvalidValue, Refused
from xsec.lab import pki
from xsec.pki import compliance, describe, keys, listing, server
from xsec.pki import pkcs12 as pkcs12_file
from xsec.pki.addition import plan_add
from xsec.pki.container import Contents, read
from xsec.pki.server import IDENTITIES, KEY_PATH, KeyMismatch, plan_default, plan_install, plan_rollback
from xsec.pki.trust import default_list
from xsec.secret import Secret
from xsec.state import settings
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot

ROOT = ca("Root")
ISSUING = ca("Issuing", ROOT)
LOW = ca("Low", ISSUING)
HOST = issue(LOW, "host", sans=["host.example"], server=True, client=True)
KEY_ID = "ab" * 16


def trusting(*items: pki.Issued) -> Snapshot:
    return plan_add(Snapshot(), [read(pki.pem(*items), "ca.pem")], NOW).on(Snapshot())


TRUSTED = trusting(ROOT)


def files(*parts: bytes, password: bytes | None = None) -> list[Contents]:
    secret = Secret(password) if password else None
    return [
        read(part, f"f{number}", password=secret, opener=pkcs12_file.load)
        for number, part in enumerate(parts, 1)
    ]


def install(snapshot: Snapshot, *parts: bytes, force: bool = False, password: bytes | None = None) -> Plan:
    secret = Secret(password) if password else None
    contents = files(*parts, password=password)
    return plan_install(snapshot, contents, NOW, key_id=KEY_ID, password=secret, force=force)


def served(plan: Plan, snapshot: Snapshot) -> server.Identity:
    identity = plan.on(snapshot)[IDENTITIES].server
    assert identity is not None
    return identity


# The default


def default(name: str = "host.example") -> tuple[Plan, x509.Certificate]:
    plan = plan_default(Snapshot(), name, NOW, key_id=KEY_ID, serial=bytes(range(16)))
    return plan, describe.load(served(plan, Snapshot()).certificate)


def test_the_default_certificate_breaks_no_rule_and_serves_both_roles() -> None:
    _, certificate = default()
    assert not compliance.violations(certificate)
    assert not compliance.server_remarks(certificate, NOW, "host.example")


def test_the_default_certificate_lives_a_year_and_is_valid_for_a_clock_that_is_behind() -> None:
    _, certificate = default()
    assert describe.state(certificate, NOW - timedelta(minutes=59)) == "valid"
    assert describe.days(certificate.not_valid_after_utc, NOW) == 364


def test_the_default_key_is_sealed_under_its_id() -> None:
    plan, certificate = default()
    path, secret = plan.secrets[KEY_ID]
    key = keys.load_private(secret, where="key")
    assert path == KEY_PATH
    assert keys.public_key_digest(key.public_key()) == keys.public_key_digest(certificate.public_key())


def test_the_default_raises_nothing_above_information() -> None:
    snapshot = default()[0].on(Snapshot())
    raised = [rule for rule in catalogue.RULES if rule.requirement != "DR-1" and [*rule.check(snapshot, NOW)]]
    assert {rule.severity.value for rule in raised} <= {"information"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("192.0.2.7", "IP:192.0.2.7"),
        ("2001:db8::1", "IP:2001:db8::1"),
        ("a" * 60 + ".example", f"DNS:{'a' * 60}.example"),
    ],
)
def test_the_default_is_for_an_address_or_a_long_name_too(name: str, shown: str) -> None:
    assert describe.names(default(name)[1]) == (shown,)


def test_a_host_name_that_is_no_name_is_refused() -> None:
    with pytest.raises(InvalidValue, match="is no host name"):
        default("hóst")


# Installing

SEPARATE = (HOST.pem, pki.pem(LOW), pki.pem(ISSUING), HOST.key_pem)
P12 = pkcs12.serialize_key_and_certificates(
    b"host",
    HOST.key,
    HOST.certificate,
    [ISSUING.certificate, LOW.certificate],
    PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1000).hmac_hash(hashes.SHA256()).build(b"pass"),
)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(SEPARATE, id="files"),
        pytest.param(SEPARATE[::-1], id="files reversed"),
        pytest.param((b"".join(SEPARATE),), id="one file"),
        pytest.param((pki.pem(ROOT, ISSUING, LOW, HOST, HOST.key),), id="root first"),
        pytest.param((HOST.der, LOW.der, ISSUING.der, pki.der(HOST.key)), id="DER"),
        pytest.param(
            (
                pkcs7.serialize_certificates(
                    [ISSUING.certificate, HOST.certificate, LOW.certificate], Encoding.DER
                ),
                HOST.key_pem,
            ),
            id="PKCS#7",
        ),
        pytest.param((P12,), id="PKCS#12"),
        pytest.param((*SEPARATE[:3], pki.pem(HOST.key, password=b"pass")), id="encrypted key"),
    ],
)  # fmt: skip
def test_certificate_chain_and_key_are_found_in_any_form_and_order(parts: tuple[bytes, ...]) -> None:
    plan = install(TRUSTED, *parts, password=b"pass")
    identity = served(plan, TRUSTED)
    assert identity.certificate == HOST.der
    assert identity.chain == (LOW.der, ISSUING.der)
    assert plan.secrets[KEY_ID][1].reveal() == pki.der(HOST.key)
    assert not plan.warnings


def test_the_chain_is_completed_from_the_trust_list() -> None:
    trusted = trusting(ROOT, ISSUING)
    plan = install(trusted, HOST.pem, pki.pem(LOW), HOST.key_pem)
    assert served(plan, trusted).chain == (LOW.der, ISSUING.der)
    assert plan.warnings == ("the chain is completed with CN=Issuing from the trust list",)


def test_a_trusted_intermediate_ends_the_chain_where_its_root_is_not_trusted() -> None:
    trusted = trusting(ISSUING)
    plan = install(trusted, HOST.pem, pki.pem(LOW), HOST.key_pem)
    assert served(plan, trusted).chain == (LOW.der, ISSUING.der)
    assert not any("no full chain" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    ("parts", "missing"),
    [((HOST.pem, HOST.key_pem), "CN=Low"), ((HOST.chain_pem, HOST.key_pem), "CN=Root")],
    ids=["intermediates", "root"],
)
def test_a_missing_issuer_is_named_with_the_remedy(parts: tuple[bytes, ...], missing: str) -> None:
    told = " ".join(install(Snapshot(), *parts).warnings)
    assert f"no full chain to a trusted root: {missing} is not in the trust list" in told
    assert "xsec trust add" in told


def test_a_certificate_without_part_in_the_chain_is_left_out_and_named() -> None:
    plan = install(TRUSTED, *SEPARATE, pki.pem(ca("Stranger")))
    assert len(served(plan, TRUSTED).chain) == 2
    assert plan.warnings == ("CN=Stranger is no part of the chain, and is left out",)


def test_an_issuer_by_name_alone_is_no_issuer() -> None:
    impostor = ca("Low", ISSUING, key=pki.seeded_key("impostor"))
    plan = install(TRUSTED, HOST.pem, pki.pem(impostor, ISSUING), HOST.key_pem)
    assert pki.der(impostor.certificate) not in served(plan, TRUSTED).chain


# Keys


def test_a_key_that_does_not_belong_is_refused_with_both_digests() -> None:
    other = pki.seeded_key("other")
    with pytest.raises(KeyMismatch) as caught:
        install(TRUSTED, HOST.pem, pki.pem(other))
    assert keys.public_key_digest(other.public_key()) in caught.value.what
    assert keys.public_key_digest(HOST.key.public_key()) in caught.value.what


def test_two_different_keys_are_refused() -> None:
    with pytest.raises(InvalidValue, match="2 different private keys"):
        install(TRUSTED, HOST.pem, HOST.key_pem, pki.pem(pki.seeded_key("other")))


def test_without_a_key_the_certificate_must_belong_to_one_installed_before() -> None:
    with pytest.raises(KeyMismatch, match="no private key was given and no key was installed before"):
        install(TRUSTED, *SEPARATE[:3])
    before = install(TRUSTED, *SEPARATE).on(TRUSTED)
    renewed = LOW.issue("host", sans=["host.example"], server=True, client=True, key=HOST.key, serial=77)
    plan = install(before, renewed.pem, pki.pem(LOW, ISSUING))
    assert (served(plan, before).key, plan.secrets) == (served(install(TRUSTED, *SEPARATE), TRUSTED).key, {})


def test_of_two_certificates_for_the_key_the_newer_is_installed() -> None:
    older = LOW.issue(
        "host", sans=["host.example"], server=True, key=HOST.key, not_before=NOW - timedelta(days=5)
    )
    plan = install(TRUSTED, older.pem, *SEPARATE)
    assert served(plan, TRUSTED).certificate == HOST.der


def test_no_secret_is_in_the_plan_in_clear() -> None:
    plan = install(TRUSTED, *SEPARATE)
    assert pki.der(HOST.key).hex() not in repr(plan)
    assert all(pki.der(HOST.key) != data for data in plan.objects.values())


# What is refused, and what is told


@pytest.mark.parametrize(
    ("start", "days", "state"), [(-20, 10, "expired"), (5, 10, "not yet valid")], ids=["expired", "future"]
)
def test_a_certificate_out_of_date_is_refused_unless_forced(start: int, days: int, state: str) -> None:
    late = issue(LOW, "host", sans=["h"], server=True, not_before=NOW + timedelta(days=start), days=days)
    with pytest.raises(Refused, match=f"the certificate is {state}"):
        install(TRUSTED, late.pem, late.key_pem)
    assert f"the certificate is {state}" in " ".join(
        install(TRUSTED, late.pem, late.key_pem, force=True).warnings
    )


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  weak on purpose


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        pytest.param({"key": RSA_KEY}, "1024 bits", id="weak key"),
        pytest.param({"server": False, "client": False}, "no extended key usage", id="no EKU"),
        pytest.param({"server": False}, "lacks serverAuth", id="client only"),
        pytest.param({"client": False}, "lacks clientAuth", id="server only"),
        pytest.param({"sans": []}, "no alternative names", id="no names"),
        pytest.param({"days": 10, "not_before": NOW - timedelta(days=8)}, "expires in 2 days", id="soon"),
    ],
)
def test_what_will_make_trouble_is_told(options: dict[str, object], warning: str) -> None:
    usual: dict[str, object] = {"sans": ["host.example"], "server": True, "client": True}
    host = issue(LOW, "host", **{**usual, **options})
    assert warning in " ".join(install(TRUSTED, host.pem, pki.pem(LOW, ISSUING), host.key_pem).warnings)


def test_a_signature_with_sha1_is_told_of() -> None:
    old = describe.load(
        default_list(NOW).entries[1].der
    )  # DST Root CA X3: the library signs with SHA-1 no more
    assert "signed with SHA-1" in " ".join(compliance.server_remarks(old, NOW))
    assert "signed with SHA-1" in " ".join(compliance.chain_remarks([old], NOW))


def test_a_dsa_key_is_told_of() -> None:
    public = dsa.generate_private_key(1024).public_key()  # noqa: S505  weak on purpose
    assert "DSA" in keys.weaknesses(public)[0]


def test_a_certificate_without_the_hosts_name_is_told_of() -> None:
    plan = Plan(
        base=0,
        summary="",
        settings={
            catalogue.SCHEMA.find(tuple(settings.HOST_NAME.path.split())): "other",
            catalogue.SCHEMA.find(tuple(settings.DOMAIN_NAME.path.split())): "example",
        },
    )
    named = plan.on(TRUSTED)
    assert "lack this host's name other.example" in " ".join(install(named, *SEPARATE).warnings)


@pytest.mark.parametrize("name", ["host.example", "HOST.example"])
@pytest.mark.parametrize("san", ["host.example", "*.example"])
def test_a_name_or_its_wildcard_is_this_hosts_name(name: str, san: str) -> None:
    host = issue(LOW, "host", sans=[san], server=True, client=True)
    assert not compliance.server_remarks(host.certificate, NOW, name)


@pytest.mark.parametrize(
    ("parts", "what"),
    [((HOST.key_pem,), "there is no certificate"), ((b"rubbish",), "no known form")],
    ids=["key only", "rubbish"],
)
def test_a_file_without_certificate_is_refused(parts: tuple[bytes, ...], what: str) -> None:
    with pytest.raises(InvalidValue, match=what):
        install(TRUSTED, *parts)


def test_a_request_is_refused_in_words() -> None:
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(pki.name_of("host"))
        .sign(HOST.key, hashes.SHA256())
    )
    with pytest.raises(InvalidValue, match="this is a certificate request"):
        install(TRUSTED, request.public_bytes(Encoding.PEM), HOST.key_pem)


# The former certificate

BEFORE = default()[0].on(TRUSTED)
AFTER = install(BEFORE, *SEPARATE).on(BEFORE)


def test_the_former_certificate_is_kept_and_comes_back() -> None:
    back = plan_rollback(AFTER).on(AFTER)[IDENTITIES]
    assert (back.server, back.former) == (BEFORE[IDENTITIES].server, AFTER[IDENTITIES].server)


def test_a_rollback_of_a_rollback_is_where_one_was() -> None:
    back = plan_rollback(AFTER).on(AFTER)
    assert plan_rollback(back).on(back)[IDENTITIES] == AFTER[IDENTITIES]


def test_without_a_former_certificate_a_rollback_is_refused() -> None:
    with pytest.raises(Refused, match="no former certificate"):
        plan_rollback(BEFORE)


def test_installing_what_is_installed_is_nothing_to_do() -> None:
    assert not install(AFTER, *SEPARATE).sections


def test_installing_the_same_certificate_with_a_longer_chain_keeps_the_former_one() -> None:
    short = install(BEFORE, HOST.pem, HOST.key_pem).on(BEFORE)
    assert install(short, *SEPARATE).on(short)[IDENTITIES].former == BEFORE[IDENTITIES].server


# Storing and showing


def test_the_section_reads_back_what_it_wrote() -> None:
    again = Snapshot(sections={"certificates": IDENTITIES.format(AFTER[IDENTITIES])}, objects=AFTER.blob)
    assert again[IDENTITIES] == AFTER[IDENTITIES]


@pytest.mark.parametrize("tree", [[], {"server": {}}, {"server": 5}, {"server": {"certificate": 1}}])
def test_a_section_that_xsec_did_not_write_is_damaged(tree: object) -> None:
    with pytest.raises(Damaged):
        Snapshot(sections={"certificates": tree}, objects=lambda digest: memoryview(b""))[IDENTITIES]


def test_what_is_shown_tells_the_default_and_who_uses_it() -> None:
    identity = BEFORE[IDENTITIES].server
    assert identity is not None
    shown = listing.shown(BEFORE, identity, NOW, ("https",))
    assert (shown.default, shown.self_signed, shown.used_by) == (True, True, ("https",))
    assert "signs itself" in shown.findings[0]


def test_lint_judges_each_certificate_by_what_it_is() -> None:
    plain = issue(LOW, "plain")
    found = compliance.lint(read(pki.pem(ROOT, plain), "f.pem"), NOW)
    assert not found[0].findings
    assert "there are no alternative names" in " ".join(found[1].findings)
