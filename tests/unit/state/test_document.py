"""The configuration document: reading under limits, writing, comparing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from xsec.errors import Damaged, InvalidValue, Refused, XsecError
from xsec.state import document
from xsec.state.document import Document, Origin
from xsec.state.kinds import Integer, OnOff, SecretString, String
from xsec.state.schema import Schema, Setting
from xsec.state.snapshot import Sealed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODE = Setting(path="Administration SSH Mode", kind=OnOff(), default="On", help="x")
PORT = Setting(path="Management Interface Port", kind=Integer(1, 65535), default=443, help="x")
ZONE = Setting(path="Zones Zone [1..1000] Name", kind=String(0, 50), default="", help="x")
PASSWORD: Setting[Any] = Setting(
    path="SNMP Password", kind=SecretString(8, 215), default=None, help="x", secret=True
)
SCHEMA = Schema((MODE, PORT, ZONE, PASSWORD))


def full() -> Document:
    leaves = {
        SCHEMA.find(("Administration", "SSH", "Mode")): "Off",
        SCHEMA.find(("Management", "Interface", "Port")): 8443,
        SCHEMA.find(("Zones", "Zone", "7", "Name")): "no",
        SCHEMA.find(("SNMP", "Password")): Sealed("ab" * 16),
    }
    return Document(
        generation=12,
        origin=Origin(time=NOON, user="root", command="xsec tls set", summary="a: b # c"),
        values={leaf.key: value for leaf, value in leaves.items()},
        spelling={leaf.key: leaf.words for leaf in leaves},
        sections={"trust": {"entries": [{"certificate": "ab", "source": "'quoted' \"text\": x"}]}},
    )


def settings(text: str) -> Document:
    return document.parse(f"settings:\n{text}".encode(), SCHEMA)


def test_a_written_document_reads_back_as_itself() -> None:
    data = document.serialize(full(), SCHEMA)
    document.verify_checksum(data)
    assert document.parse(data, SCHEMA) == full()


def test_words_that_yaml_would_turn_into_other_types_stay_text() -> None:
    read = settings("  Zones: {Zone: {1: {Name: no}, 2: {Name: 12:30}, 3: {Name: 0777}, 4: {Name: 1e3}}}")
    assert [read.values["zones", "zone", str(n), "name"] for n in (1, 2, 3, 4)] == [
        "no",
        "12:30",
        "0777",
        "1e3",
    ]


def test_any_flipped_bit_below_the_checksum_is_found() -> None:
    data = bytearray(document.serialize(full(), SCHEMA))
    for position in range(len(data)):
        data[position] ^= 1
        with pytest.raises(Damaged):
            document.verify_checksum(bytes(data))
        data[position] ^= 1
    document.verify_checksum(bytes(data))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(
            "  Administration: {SHS: {Mode: On}}", "did you mean", id="unknown key names the nearest"
        ),
        pytest.param("  Management: {Interface: {Port: 70000}}", "<1..65535>", id="outside the range"),
        pytest.param("  Management: {Interface: {Port: [1]}}", "list", id="a list for a value"),
        pytest.param("  Management: {Interface: {Port: 1, Port: 2}}", "twice", id="a key twice"),
        pytest.param(
            "  {Management: {Interface: {Port: 1}}, management: {interface: {port: 2}}}", "twice", id="case"
        ),
        pytest.param("  Zones: {Zone: {0: {Name: x}}}", "no setting", id="index below the bounds"),
        pytest.param("  Zones: {Zone: {1001: {Name: x}}}", "no setting", id="index above the bounds"),
        pytest.param("  Zones: {Zone: {01: {Name: x}}}", "no setting", id="index with a leading zero"),
        pytest.param("  a: &x 1\n  b: *x", "alias", id="aliases"),
        pytest.param("  a: !!python/object:os.system x", "tag", id="tags"),
        pytest.param("  <<: {a: 1}", "merge", id="merge keys"),
        pytest.param("  ? [a]\n  : b", "key", id="a key that is a list"),
        pytest.param("  a: " + "[" * 40 + "]" * 40, "deeper", id="nesting"),
        pytest.param("  a: [" + "x," * 100_001 + "]", "more than", id="node count"),
        pytest.param("  'open", "not YAML", id="broken YAML"),
        pytest.param("  a: 1\n---\nb: 2", "more than one", id="two documents"),
    ],
)
def test_what_is_not_allowed_is_refused_with_words(text: str, what: str) -> None:
    with pytest.raises(InvalidValue) as error:
        settings(text)
    told = error.value
    assert what in " ".join((told.what, told.where, told.allowed, told.remedy))


def test_the_place_of_a_yaml_error_is_told_without_quoting_the_document() -> None:
    with pytest.raises(InvalidValue) as error:
        document.parse(b"settings:\n  SNMP: {Password: 'hunter2hunter2\n", SCHEMA)
    assert error.value.where.startswith("line ")
    assert "hunter2" not in str(error.value) + error.value.where + error.value.allowed


def test_a_document_above_four_mebioctets_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidValue, match="octets"):
        document.parse(b"#" * (document.LIMIT + 1), SCHEMA)


def test_a_document_of_a_newer_schema_is_refused() -> None:
    with pytest.raises(Refused, match="newer"):
        document.parse(b"xsec: {schema: 99}\n", SCHEMA)


def test_unknown_parts_are_refused_where_the_parts_are_known() -> None:
    with pytest.raises(InvalidValue, match="unknown part"):
        document.parse(b"trsut: {}\n", SCHEMA, sections=frozenset({"trust"}))


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff\xfe\x00", b"- a\n- b\n", b"text", b"\x1b[31m", b"{" * 100]
)
def test_octets_that_are_no_document_give_one_of_our_errors_or_an_empty_one(data: bytes) -> None:
    try:
        read = document.parse(data, SCHEMA)
    except XsecError:
        return
    assert not read.values


def test_a_difference_in_a_secret_is_told_without_it() -> None:
    changes = document.diff(Document(generation=0), full(), SCHEMA)
    assert {c.path: c.after for c in changes}["SNMP Password"] == "***"
    assert len(changes) == 6


def test_the_order_of_a_list_is_not_a_difference() -> None:
    one = Document(generation=1, sections={"crl": {"items": [{"d": "a"}, {"d": "b"}]}})
    two = Document(generation=2, sections={"crl": {"items": [{"d": "b"}, {"d": "a"}]}})
    assert document.diff(one, two, SCHEMA) == ()
