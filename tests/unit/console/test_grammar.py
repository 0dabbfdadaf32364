"""Lines of the console, as one text and as a shell splits them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsec.console.grammar import Ask, Request, parse, quote, unquote
from xsec.errors import InvalidValue

DH = ("SIP", "Advanced")
SET_DH = Request(Ask.SET, DH, ((("SipTlsDhKeySize",), "2048"),))


@pytest.mark.parametrize(
    "arguments",
    [
        ["SIP", "Advanced", "SipTlsDhKeySize:", "2048"],
        ["SIP", "Advanced", "SipTlsDhKeySize:", '"2048"'],
        ["SIP", "Advanced", "SipTlsDhKeySize:2048"],
        ["SIP", "Advanced", "SipTlsDhKeySize: 2048"],
        ["SIP Advanced", "SipTlsDhKeySize:", "2048"],
        ['SIP Advanced SipTlsDhKeySize: "2048"'],
        ["SIP Advanced SipTlsDhKeySize:'2048'"],
        ['xConfiguration SIP Advanced SipTlsDhKeySize: "2048"'],
        ["xconfig", "SIP", "Advanced", "SipTlsDhKeySize:", "2048"],
    ],
)
def test_each_spelling_of_a_set_is_the_same_request(arguments: list[str]) -> None:
    assert parse(arguments) == SET_DH


@pytest.mark.parametrize(
    "arguments",
    [
        ["ApacheModReqTimeOut Apachebody:20 Apacheheader:30 Status:On"],
        ["ApacheModReqTimeOut", "Apachebody:20", "Apacheheader:30", "Status:On"],
        ["ApacheModReqTimeOut", "Apachebody:", "20", "Apacheheader:", "30", "Status:", "On"],
    ],
)
def test_several_pairs_stand_on_one_line(arguments: list[str]) -> None:
    pairs = ((("Apachebody",), "20"), (("Apacheheader",), "30"), (("Status",), "On"))
    assert parse(arguments) == Request(Ask.SET, ("ApacheModReqTimeOut",), pairs)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["CRL", "Update", "Time:", "02:00"], "02:00"),
        (["CRL Update Time: 02:00"], "02:00"),
        (["CRL", "Update", "Time:02:00"], "02:00"),
        (["Point", "1", "Url:", "http://crl.example/a?b"], "http://crl.example/a?b"),
        (["Point 1 Url: http://crl.example/a"], "http://crl.example/a"),
        (["SystemUnit", "Name:", "two words"], "two words"),
        (["SystemUnit", "Name:two words"], "two words"),
        (["SystemUnit Name: 'two words'"], "two words"),
        (["SystemUnit", "Name:", ""], ""),
        (['SystemUnit Name: ""'], ""),
        (["SystemUnit", "Name:", "?"], "?"),
        (["SystemUnit", "Name:", '"a" b "c"'], '"a" b "c"'),
        (["Regex: '[\"x\"]'"], '["x"]'),
    ],
)
def test_a_value_is_taken_whole(arguments: list[str], value: str) -> None:
    assert parse(arguments).pairs[0][1] == value


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ([], Request(Ask.SHOW)),
        (["SIP"], Request(Ask.SHOW, ("SIP",))),
        (["?"], Request(Ask.LIST)),
        (["??"], Request(Ask.EXPLAIN)),
        (["SIP", "?"], Request(Ask.LIST, ("SIP",))),
        (["SIP TLS ??"], Request(Ask.EXPLAIN, ("SIP", "TLS"))),
        (["SIP?"], Request(Ask.LIST, ("SIP",))),
        (["//tls//mode"], Request(Ask.SEARCH, ("tls", "mode"))),
        (["//tls", "//mode"], Request(Ask.SEARCH, ("tls", "mode"))),
    ],
)
def test_what_is_not_a_set_is_told_apart(arguments: list[str], request_: Request) -> None:
    assert parse(arguments) == request_


@pytest.mark.parametrize(
    "line",
    ["SIP TLS Port:", "SystemUnit Name: two words", "SystemUnit Name: 'open", '"quoted" Name: x'],
)
def test_a_broken_line_is_refused(line: str) -> None:
    with pytest.raises(InvalidValue):
        parse([line])


def test_what_stands_after_a_value_is_not_shown() -> None:
    with pytest.raises(InvalidValue) as caught:
        parse(["SNMP", "V3PrivacyPassword:", "correct", "horse"])
    assert "horse" not in str(caught.value.__dict__)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_value_reads_back_from_one_line_of_ascii_controls_free_text(value: str) -> None:
    quoted = quote(value)
    assert "\n" not in quoted
    assert str(unquote(quoted)) == value
    assert parse([f"A B: {quoted}"]) == Request(Ask.SET, ("A",), ((("B",), value),))


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_line_is_a_request_or_an_error_of_ours(arguments: list[str]) -> None:
    with contextlib.suppress(InvalidValue):
        assert isinstance(parse(arguments), Request)
