"""Settings by path: words cut short, lines out, lines in, and the plans they make."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xsec.console import change, dump, grammar
from xsec.console.paths import Paths, Place
from xsec.errors import InvalidValue, Refused
from xsec.secret import Secret
from xsec.state.kinds import Choice, Integer, OnOff, SecretString, String
from xsec.state.schema import Leaf, Schema, Setting
from xsec.state.snapshot import Sealed, Snapshot

SCHEMA = Schema(
    [
        Setting(
            path="SIP Advanced SipTlsDhKeySize",
            kind=Choice("1024", "2048"),
            default="2048",
            help="DH",
            restart="sip",
            used_by=("kamailio",),
        ),
        Setting(path="SIP TLS Mode", kind=OnOff(), default="On", help="TLS"),
        Setting(path="SIP TLS Port", kind=Integer(1024, 65534), default=5061, help="Port"),
        Setting(path="SIP TCP Mode", kind=OnOff(), default="Off", help="TCP"),
        Setting(path="SystemUnit Name", kind=String(0, 50), default="", help="Name"),
        Setting(path="SNMP V3 Password", kind=SecretString(8, 60), default=None, secret=True, help="Word"),
        Setting(path="Zones Zone [1..1000] Name", kind=String(0, 50), default="", help="Name"),
        Setting(path="Zones Zone [1..1000] Port", kind=Integer(1, 9), default=7, help="Port"),
        Setting(path="Logger Network [1..n] Level", kind=Choice("INFO", "DEBUG"), default="INFO", help="L"),
    ]
)
PATHS = Paths(SCHEMA)
EVERYTHING = Place((), PATHS.root)


def snapshot(values: dict[str, object] | None = None) -> Snapshot:
    leaves = {PATHS.find(path.split()).leaf(): value for path, value in (values or {}).items()}
    return Snapshot(
        generation=1,
        values={leaf.key: value for leaf, value in leaves.items()},
        spelling={leaf.key: leaf.words for leaf in leaves},
    )


def closed(sealed: Sealed, path: str) -> Secret:
    raise Refused("made by another host")


def opening(sealed: Sealed, path: str) -> Secret:
    return Secret(b"x")


def load(text: str, into: Snapshot, opens: change.Opens = closed) -> Snapshot:
    loaded = dump.read(text.encode(), PATHS)
    wanted, _ = change.opened(loaded.texts, into, opens)
    return change.plan(into, wanted, summary="load").on(into)


# Finding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("sip advanced siptlsdhkeysize", "SIP Advanced SipTlsDhKeySize"),
        ("SIP Adv Sip", "SIP Advanced SipTlsDhKeySize"),
        ("SIP TLS M", "SIP TLS Mode"),
        ("SI", "SIP"),
        ("Zones Zone 12 Na", "Zones Zone 12 Name"),
        ("Z Z 1000", "Zones Zone 1000"),
    ],
)
def test_words_are_found_in_any_case_and_cut_short(words: str, path: str) -> None:
    assert PATHS.find(words.split()).path == path


def test_a_later_word_may_decide_what_an_earlier_one_means() -> None:
    assert PATHS.find(["SIP", "T", "Port"]).path == "SIP TLS Port"


@pytest.mark.parametrize(
    ("words", "candidates"),
    [("S", ["SIP", "SNMP", "SystemUnit"]), ("SIP T Mode", ["SIP TLS Mode", "SIP TCP Mode"])],
)
def test_an_ambiguous_path_names_the_candidates(words: str, candidates: list[str]) -> None:
    with pytest.raises(InvalidValue, match="not unique") as caught:
        PATHS.find(words.split())
    assert all(name in caught.value.allowed for name in candidates)


@pytest.mark.parametrize("index", ["0", "1001", "01", "-1", "x", "99999999999999999999", "\u0661", "²"])
def test_an_index_outside_its_bounds_is_refused(index: str) -> None:
    with pytest.raises(InvalidValue):
        PATHS.find(["Zones", "Zone", index])


def test_a_set_names_its_index() -> None:
    with pytest.raises(InvalidValue, match="in place of") as caught:
        texts("Zones Zone [1..1000] Name: x")
    assert caught.value.allowed == "1..1000"
    assert dump.read(b"Zones Zone [1..1000] Name: x\n", PATHS).foreign == ["Zones Zone [1..1000] Name"]


def test_an_unknown_word_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidValue) as caught:
        PATHS.find(["SIP", "TLS", "Mdoe"])
    assert caught.value.remedy == "did you mean 'Mode'?"
    assert "Port" in caught.value.allowed


def test_a_search_finds_terms_in_order() -> None:
    assert [s.path for s in PATHS.search(["tls", "mode"])] == ["SIP TLS Mode"]
    assert not list(PATHS.search(["mode", "tls"]))


# Printing ------------------------------------------------------------------------------------------------


def test_a_path_alone_prints_the_line_of_the_appliance() -> None:
    text = dump.text(PATHS.find(["sip", "adv", "siptlsdh"]), snapshot())
    assert text == '*c xConfiguration SIP Advanced SipTlsDhKeySize: "2048"\n'


def test_a_partial_path_prints_what_lies_below() -> None:
    assert dump.text(PATHS.find(["SIP", "TLS"]), snapshot({"SIP TLS Port": 5071})) == (
        '*c xConfiguration SIP TLS Mode: "On"\n*c xConfiguration SIP TLS Port: "5071"\n'
    )


def test_an_indexed_setting_is_printed_where_it_was_set_or_is_named() -> None:
    state = snapshot({"Zones Zone 10 Name": "b", "Zones Zone 2 Name": "a"})
    assert dump.text(PATHS.find(["Zones"]), state) == (
        '*c xConfiguration Zones Zone 2 Name: "a"\n*c xConfiguration Zones Zone 10 Name: "b"\n'
    )
    assert dump.text(PATHS.find(["Zones", "Zone", "3"]), state) == (
        '*c xConfiguration Zones Zone 3 Name: ""\n*c xConfiguration Zones Zone 3 Port: "7"\n'
    )


def test_a_secret_prints_the_name_of_its_sealed_value() -> None:
    place = PATHS.find(["SNMP"])
    assert dump.text(place, snapshot()) == '*c xConfiguration SNMP V3 Password: ""\n'
    told = dump.text(place, snapshot({"SNMP V3 Password": Sealed("ab")}))
    assert told == '*c xConfiguration SNMP V3 Password: "sealed:ab"\n'


# Reading back --------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "SIP Advanced SipTlsDhKeySize": st.sampled_from(["1024", "2048"]),
        "SIP TLS Mode": st.sampled_from(["On", "Off"]),
        "SIP TLS Port": st.integers(1024, 65534),
        "SystemUnit Name": NAMES,
        "SNMP V3 Password": st.builds(Sealed, st.text("0123456789abcdef", min_size=1, max_size=32)),
        "Zones Zone 1 Name": NAMES,
        "Zones Zone 1 Port": st.integers(1, 9),
        "Zones Zone 1000 Name": NAMES,
        "Logger Network 7 Level": st.sampled_from(["INFO", "DEBUG"]),
    },
)


@given(VALUES)
@settings(deadline=None)
def test_a_whole_dump_read_back_is_the_same_configuration(values: dict[str, object]) -> None:
    before = snapshot(values)
    text = dump.text(EVERYTHING, before)
    fresh = load(text, snapshot(), opening)
    assert dump.text(EVERYTHING, fresh) == text
    assert all(fresh[leaf] == before[leaf] for leaf in dump.leaves(EVERYTHING, before))
    again = change.plan(
        before, change.opened(dump.read(text.encode(), PATHS).texts, before, closed)[0], summary=""
    )
    assert not again.settings


def test_a_dump_of_an_appliance_is_read_and_what_is_foreign_is_named() -> None:
    text = """
*c xConfiguration SIP TLS Port: 5071
*c xConfiguration SystemUnit Name: "an "odd" name"
*c xConfiguration Zones Zone 1 Name: "DefaultZone"
*c xConfiguration H323 Mode: "On"
*c xConfiguration SIP TLS Mo: "Off"
*c xConfiguration SNMP V3 Password: "{cipher}$0f$1$AAAA"
*c/end

OK
"""
    loaded = dump.read(text.encode(), PATHS)
    assert {leaf.path: value for leaf, value in loaded.texts.items()} == {
        "SIP TLS Port": "5071",
        "SystemUnit Name": 'an "odd" name',
        "Zones Zone 1 Name": "DefaultZone",
    }
    assert loaded.foreign == ["H323 Mode", "SIP TLS Mo"]
    assert loaded.sealed == ["SNMP V3 Password"]


@pytest.mark.parametrize("text", ["nonsense", "*c xConfiguration : x", "*c xConfiguration SIP TLS Mode"])
def test_a_line_that_is_no_setting_is_refused_with_its_number(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        dump.read(f"\n{text}\n".encode(), PATHS)
    assert caught.value.where == "line 2"


def test_a_setting_twice_with_different_values_is_refused() -> None:
    with pytest.raises(InvalidValue, match="twice"):
        dump.read(b"SIP TLS Mode: On\nsip tls mode: Off\n", PATHS)


def test_a_dump_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(InvalidValue, match="UTF-8"):
        dump.read(b'SystemUnit Name: "\xff"\n', PATHS)


def test_a_secret_of_another_host_is_reported_as_missing() -> None:
    texts = dump.read(b'SNMP V3 Password: "sealed:ab"\n', PATHS).texts
    assert change.opened(texts, snapshot(), closed) == ({}, ("SNMP V3 Password",))
    own = snapshot({"SNMP V3 Password": Sealed("ab")})
    assert change.opened(texts, own, closed)[1] == ()


# Changing ------------------------------------------------------------------------------------------------


def texts(line: str) -> dict[Leaf[Any], str]:
    return change.assignments(grammar.parse([line]), PATHS)


def test_pairs_after_the_first_are_its_siblings_or_whole_paths() -> None:
    told = texts("SIP TLS Mode: Off Port: 5071 SystemUnit Name: x")
    assert {leaf.path: text for leaf, text in told.items()} == {
        "SIP TLS Mode": "Off",
        "SIP TLS Port": "5071",
        "SystemUnit Name": "x",
    }


def test_a_secret_on_the_command_line_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidValue) as caught:
        texts("SNMP V3 Password: correcthorse")
    assert caught.value.exit_code == 2
    assert "--value-source file:PATH|fd:N|credential:NAME|prompt" in caught.value.allowed
    assert "correcthorse" not in str(caught.value.__dict__)


def test_an_empty_value_takes_a_secret_away() -> None:
    (leaf,) = texts('SNMP V3 Password: ""')
    assert change.parse(leaf, "") is None


def test_a_value_in_force_already_is_nothing_to_do() -> None:
    leaf = PATHS.find(["SIP", "TLS", "Port"]).leaf()
    assert not change.plan(snapshot(), {leaf: 5061}, summary="").settings
    assert change.plan(snapshot(), {leaf: 5071}, summary="").settings == {leaf: 5071}
    assert not change.plan(snapshot({"SIP TLS Port": 5071}), {leaf: 5071}, summary="").settings
    assert change.plan(snapshot({"SIP TLS Port": 5061}), {leaf: None}, summary="").settings == {leaf: None}


def test_an_indexed_setting_comes_to_be_by_its_default_too() -> None:
    leaf = PATHS.find(["Zones", "Zone", "1", "Name"]).leaf()
    assert change.plan(snapshot(), {leaf: ""}, summary="").settings == {leaf: ""}


def test_replacing_puts_everything_else_back_to_its_default() -> None:
    state = snapshot({"SIP TLS Port": 5071, "SystemUnit Name": "x", "SNMP V3 Password": Sealed("ab")})
    name = PATHS.find(["SystemUnit", "Name"]).leaf()
    rest = change.others({name: "y"}, ("SNMP V3 Password",), state, PATHS)
    assert [leaf.path for leaf in rest] == ["SIP TLS Port"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("SIP TLS Port", "recorded only"),
        ("SIP Advanced SipTlsDhKeySize", "used by kamailio; in force after xsec apply and a restart of sip"),
    ],
)
def test_a_set_says_who_uses_the_setting(path: str, told: str) -> None:
    assert told in change.told(PATHS.find(path.split()).leaf())
