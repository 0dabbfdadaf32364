"""Name constraints of every type, and the names that a wildcard or the peer's own name brings in (PA-4)."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtensionOID, NameOID

from tests.world.verifying import ca, code, leaf

ROOT = ca("Root")
DN = x509.DirectoryName


def dns(text: str) -> x509.GeneralName:
    return x509.DNSName(text)


def email(text: str) -> x509.GeneralName:
    return x509.RFC822Name(text)


def uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


def net(text: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_network(text))


def address(text: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(text))


def directory(*units: str) -> x509.GeneralName:
    return DN(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, unit) for unit in units]))


def other(kind: str, value: bytes = b"\x0c\x01a") -> x509.GeneralName:
    return x509.OtherName(x509.ObjectIdentifier(kind), value)


def verdict(
    name: x509.GeneralName,
    *,
    permitted: list[x509.GeneralName] | None = None,
    excluded: list[x509.GeneralName] | None = None,
    host: str | None = None,
) -> str:
    middle = ca("Middle", ROOT, extensions=[(x509.NameConstraints(permitted, excluded), True)])
    return code(leaf(middle, "", sans=[name]), trust=[ROOT], chain=[middle], host=host)


@pytest.mark.parametrize(
    ("base", "inside", "outside"),
    [
        pytest.param(dns("example.com"), dns("example.com"), dns("badexample.com"), id="domain itself"),
        pytest.param(
            dns("example.com"), dns("a.b.EXAMPLE.com"), dns("example.com.test"), id="below a domain"
        ),
        pytest.param(dns(".example.com"), dns("a.example.com"), dns("example.com"), id="leading dot"),
        pytest.param(dns("example.com"), dns("*.example.com"), dns("*.test"), id="wildcard"),
        pytest.param(email("a@b.test"), email("a@B.test"), email("A@b.test"), id="mailbox"),
        pytest.param(email("b.test"), email("x@b.test"), email("x@c.b.test"), id="mailboxes of a host"),
        pytest.param(email(".b.test"), email("x@c.b.test"), email("x@b.test"), id="mailboxes of a domain"),
        pytest.param(uri("b.test"), uri("http://b.test:80/x"), uri("http://c.b.test/"), id="host of a URI"),
        pytest.param(uri(".b.test"), uri("https://u@c.b.test"), uri("https://b.test/"), id="domain of a URI"),
        pytest.param(net("10.0.0.0/8"), address("10.255.0.1"), address("11.0.0.1"), id="IPv4"),
        pytest.param(net("2001:db8::/32"), address("2001:db8::1"), address("2001:db9::1"), id="IPv6"),
        pytest.param(directory("a"), directory("A", "b"), directory("b", "a"), id="directory name"),
    ],
)
def test_a_subtree_holds_what_lies_in_it(
    base: x509.GeneralName, inside: x509.GeneralName, outside: x509.GeneralName
) -> None:
    assert verdict(inside, permitted=[base]) == "ok"
    assert verdict(outside, permitted=[base]) == "permitted_violation"
    assert verdict(inside, excluded=[base]) == "excluded_violation"
    assert verdict(outside, excluded=[base]) == "ok"


def test_an_address_of_the_other_family_lies_in_no_permitted_range() -> None:
    assert verdict(address("::1"), permitted=[net("10.0.0.0/8")]) == "permitted_violation"


def test_constraints_of_one_type_leave_the_others_alone() -> None:
    assert verdict(email("a@b.test"), permitted=[dns("example.com")]) == "ok"


def test_an_excluded_subtree_wins_over_a_permitted_one() -> None:
    got = verdict(dns("a.b.test"), permitted=[dns("b.test")], excluded=[dns("a.b.test")])
    assert got == "excluded_violation"


def test_a_wildcard_that_may_stand_for_an_excluded_name_is_excluded() -> None:
    assert verdict(dns("*.b.test"), excluded=[dns("www.b.test")]) == "excluded_violation"
    assert verdict(dns("*.b.test"), excluded=[dns("www.c.b.test")]) == "ok"


def test_the_name_that_is_asked_for_is_constrained_too() -> None:
    assert verdict(dns("*.b.test"), permitted=[dns("b.test")], host="dns:a.b.test") == "ok"
    assert verdict(dns("*.b.test"), excluded=[dns("a.b.test")], host="dns:a.b.test") == "excluded_violation"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(uri("urn:uuid:1"), id="URI without a host"),
        pytest.param(uri("http://192.0.2.1/"), id="URI with an address"),
        pytest.param(uri("http://[2001:db8::1]/"), id="URI with an IPv6 address"),
        pytest.param(uri("sip:a@b.test"), id="URI without an authority"),
    ],
)
def test_a_uri_without_a_host_name_does_not_pass_a_uri_constraint(name: x509.GeneralName) -> None:
    assert verdict(name, permitted=[uri("b.test")]) == "unsupported_name_syntax"
    assert verdict(name, excluded=[uri("c.test")]) == "unsupported_name_syntax"


def test_a_name_that_is_malformed_does_not_pass_a_constraint() -> None:
    assert verdict(dns("a..b.test"), permitted=[dns("b.test")]) == "unsupported_name_syntax"
    assert verdict(email("nobody"), excluded=[email("c.test")]) == "unsupported_name_syntax"


@pytest.mark.parametrize("base", [dns("b..test"), email("@b.test"), uri("http://b.test")])
def test_a_malformed_base_rejects_whatever_the_names_are(base: x509.GeneralName) -> None:
    assert verdict(address("192.0.2.1"), permitted=[base]) == "unsupported_constraint_syntax"


def test_a_constraint_of_an_unknown_type_rejects_when_such_a_name_is_there() -> None:
    upn = "1.3.6.1.4.1.311.20.2.3"
    assert verdict(other(upn), excluded=[other(upn, b"\x0c\x01b")]) == "unsupported_constraint_type"
    assert verdict(other(upn), permitted=[other("1.2.3")]) == "unsupported_constraint_type"
    assert verdict(other(upn), excluded=[other("1.2.3")]) == "ok"
    assert verdict(dns("b.test"), excluded=[other(upn)]) == "ok"


# Mailboxes in UTF-8 (RFC 9598, 6) ------------------------------------------------------------------------

SMTP_UTF8 = "1.3.6.1.5.5.7.8.9"


def utf8_mailbox(text: str, tag: int = 0x0C) -> x509.GeneralName:
    octets = text.encode("utf-8")
    return other(SMTP_UTF8, bytes((tag, len(octets))) + octets)


@pytest.mark.parametrize(
    ("base", "inside", "outside"),
    [
        pytest.param("b.test", "jösé@B.test", "jösé@evil.test", id="mailboxes of a host"),
        pytest.param("b.test", "jösé@b.test", "jösé@c.b.test", id="a host below is another"),
        pytest.param(".b.test", "jösé@c.b.test", "jösé@b.test", id="mailboxes of a domain"),
        pytest.param("a@b.test", "a@b.test", "A@b.test", id="a mailbox, whose local part is exact"),
        pytest.param("jose@b.test", "jose@b.test", "josé@b.test", id="a local part that looks alike"),
        pytest.param("xn--bcher-kva.test", "ö@bücher.test", "ö@bucher.test", id="a domain in U-labels"),
        pytest.param("xn--bcher-kva.test", "ö@BÜCHER.test", "ö@b.test", id="U-labels in upper case"),
        pytest.param("xn--bcher-kva.test", "ö@XN--bcher-kva.test", "ö@b.test", id="a domain in A-labels"),
    ],
)
def test_constraints_on_mailboxes_hold_for_those_in_utf8(base: str, inside: str, outside: str) -> None:
    assert verdict(utf8_mailbox(inside), permitted=[email(base)]) == "ok"
    assert verdict(utf8_mailbox(outside), permitted=[email(base)]) == "permitted_violation"
    assert verdict(utf8_mailbox(inside), excluded=[email(base)]) == "excluded_violation"
    assert verdict(utf8_mailbox(outside), excluded=[email(base)]) == "ok"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(utf8_mailbox("nobody"), id="no mailbox"),
        pytest.param(utf8_mailbox("ö@"), id="no host"),
        pytest.param(utf8_mailbox("@b.test"), id="no local part"),
        pytest.param(utf8_mailbox("ö@x@b.test"), id="two signs"),
        pytest.param(utf8_mailbox("\ufeffö@b.test"), id="a byte order mark"),
        pytest.param(utf8_mailbox("ö@fa\u00df.test"), id="a label that IDNA 2003 and 2008 read otherwise"),
        pytest.param(utf8_mailbox("ö@b\u3002test"), id="another full stop"),
        pytest.param(utf8_mailbox("ö@b\u200d.test"), id="a joiner"),
        pytest.param(utf8_mailbox("ö@" + "ä" * 59 + ".test"), id="a label that is too long"),
        pytest.param(utf8_mailbox("ö@b.test", tag=0x16), id="another string type"),
        pytest.param(other(SMTP_UTF8, b"\x0c\x02\xff\xff"), id="no UTF-8"),
    ],
)
def test_a_mailbox_in_utf8_that_cannot_be_compared_does_not_pass_a_constraint(name: x509.GeneralName) -> None:
    assert verdict(name, permitted=[email("b.test")]) == "unsupported_name_syntax"
    assert verdict(name, excluded=[email("c.test")]) == "unsupported_name_syntax"
    assert verdict(name, excluded=[dns("c.test")]) == "ok"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("06082b06010505070809 a0080c06c3b640622e63 0500", id="octets after the mailbox"),
        pytest.param("06082b06010505070809 a00a0c06c3b640622e630500", id="two values"),
        pytest.param("06082b06010505070809", id="no value"),
        pytest.param("06092b8006010505070809 a0080c06c3b640622e63", id="a type with padding"),
        pytest.param("04082b06010505070809 a0080c06c3b640622e63", id="a type that is none"),
    ],
)
def test_an_other_name_that_may_be_a_mailbox_does_not_pass_a_constraint(content: str) -> None:
    octets = bytes.fromhex(content)
    names = bytes((0x30, len(octets) + 2, 0xA0, len(octets))) + octets
    extension = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, names)
    middle = ca("Middle", ROOT, extensions=[(x509.NameConstraints([email("b.c")], None), True)])
    target = leaf(middle, extensions=[(extension, False)])
    assert code(target, trust=[ROOT], chain=[middle]) == "unsupported_name_syntax"


def test_another_other_name_is_no_mailbox() -> None:
    assert verdict(other("1.3.6.1.4.1.311.20.2.3"), permitted=[email("b.test")]) == "ok"


def test_a_mailbox_in_utf8_does_not_hide_that_of_the_subject() -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@evil.test")])
    middle = ca("Middle", ROOT, extensions=[(x509.NameConstraints([email("b.test")], None), True)])
    target = leaf(middle, subject, sans=[utf8_mailbox("ö@b.test")])
    assert code(target, trust=[ROOT], chain=[middle]) == "permitted_violation"


def test_a_mailbox_of_the_subject_with_u_labels_does_not_pass_a_constraint() -> None:
    box = x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@bücher.test", _ASN1Type.UTF8String)
    bases = x509.NameConstraints(None, [email("xn--bcher-kva.test")])
    middle = ca("Middle", ROOT, extensions=[(bases, True)])
    target = leaf(middle, x509.Name([box]))
    assert code(target, trust=[ROOT], chain=[middle]) == "unsupported_name_syntax"


def test_a_constraint_that_is_itself_a_mailbox_in_utf8_rejects() -> None:
    """RFC 9598, 6: constraints are rfc822Names; what else would be meant is not known."""
    assert verdict(utf8_mailbox("ö@b.test"), permitted=[utf8_mailbox("ö@b.test")]) != "ok"
    assert verdict(utf8_mailbox("ö@b.test"), excluded=[utf8_mailbox("ö@c.test")]) != "ok"


# Subjects, and what a path makes of constraints ----------------------------------------------------------


def test_the_subject_is_held_against_directory_names() -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bad")])
    middle = ca("Middle", ROOT, extensions=[(x509.NameConstraints(None, [directory("bad")]), True)])
    assert code(leaf(middle, subject), trust=[ROOT], chain=[middle]) == "excluded_violation"


@pytest.mark.parametrize(
    ("sans", "expected"),
    [
        pytest.param([], "excluded_violation", id="without a mailbox in the SAN"),
        pytest.param([email("a@c.test")], "ok", id="with one"),
    ],
)
def test_the_mailbox_of_the_subject_counts_when_the_san_has_none(
    sans: list[x509.GeneralName], expected: str
) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@b.test")])
    middle = ca("Middle", ROOT, extensions=[(x509.NameConstraints(None, [email("b.test")]), True)])
    assert code(leaf(middle, subject, sans=sans), trust=[ROOT], chain=[middle]) == expected


def test_each_ca_narrows_what_those_above_permit() -> None:
    wide = ca("Wide", ROOT, extensions=[(x509.NameConstraints([dns("b.test")], None), True)])
    narrow = ca(
        "Narrow", wide, extensions=[(x509.NameConstraints([dns("a.b.test"), dns("c.test")], None), True)]
    )
    chain = [wide, narrow]
    assert code(leaf(narrow, sans=["a.b.test"]), trust=[ROOT], chain=chain) == "ok"
    assert code(leaf(narrow, sans=["c.test"]), trust=[ROOT], chain=chain) == "permitted_violation"


def test_a_self_issued_ca_is_exempt_and_a_self_issued_end_entity_is_not() -> None:
    bases = (
        x509.NameConstraints(None, [DN(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Middle")]))]),
        True,
    )
    middle = ca("Middle", ROOT, extensions=[bases])
    again = ca("Middle", middle, seed="next")
    assert code(leaf(again, "x"), trust=[ROOT], chain=[middle, again]) == "ok"
    assert code(leaf(again, "Middle"), trust=[ROOT], chain=[middle, again]) == "excluded_violation"
