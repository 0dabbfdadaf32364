"""A whole dump read back is the same configuration, over every setting that xsec declares (SY-4)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from xsec import catalogue
from xsec.console import change, dump
from xsec.console.paths import Paths, Place
from xsec.errors import Refused
from xsec.secret import Secret
from xsec.state import document
from xsec.state.document import Document
from xsec.state.kinds import Integer, String
from xsec.state.schema import Leaf, Setting
from xsec.state.snapshot import Sealed, Snapshot

PATHS = Paths(catalogue.SCHEMA)
EVERYTHING = Place((), PATHS.root)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)


def value_of(setting: Setting[Any]) -> st.SearchStrategy[object]:
    """Values of a setting: of its whole space where that is simple, of what it offers otherwise."""
    kind: object = setting.kind
    if setting.secret:
        return st.builds(Sealed, HEX)
    if isinstance(kind, Integer):
        return st.integers(kind.low, kind.high)
    if type(kind) is String:
        high = kind.high
        return TEXT.map(lambda text: text[:high])
    offered = [setting.kind.parse(word) for word in setting.kind.complete()]
    return st.sampled_from([*offered, setting.default])


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    chosen = draw(st.lists(st.sampled_from(catalogue.SETTINGS), max_size=25))
    values: dict[tuple[str, ...], object] = {}
    spelling: dict[tuple[str, ...], tuple[str, ...]] = {}
    for setting in chosen:
        count = sum(word.startswith("[") for word in setting.words)
        leaf = setting.at(*draw(st.lists(st.integers(1, 3), min_size=count, max_size=count)))
        values[leaf.key] = draw(value_of(setting))
        spelling[leaf.key] = leaf.words
    return Snapshot(generation=1, values=values, spelling=spelling)


def opens(sealed: Sealed, path: str) -> Secret:
    return Secret(b"")


def never(sealed: Sealed, path: str) -> Secret:
    raise Refused("another host's")


def effective(snapshot: Snapshot) -> dict[Leaf[Any], object]:
    return {leaf: snapshot[leaf] for leaf in dump.leaves(EVERYTHING, snapshot)}


@given(snapshots())
@settings(deadline=None, max_examples=60)
def test_a_whole_dump_read_back_gives_the_same_configuration(before: Snapshot) -> None:
    text = dump.text(EVERYTHING, before)
    loaded = dump.read(text.encode(), PATHS)
    assert not loaded.foreign
    fresh = Snapshot(generation=1)
    wanted, missing = change.opened(loaded.texts, fresh, opens)
    after = change.plan(fresh, wanted, summary="load").on(fresh)
    assert missing == ()
    assert effective(after) == effective(before)
    assert dump.text(EVERYTHING, after) == text


@given(snapshots())
@settings(deadline=None, max_examples=60)
def test_a_dump_read_into_its_own_host_is_nothing_to_do(before: Snapshot) -> None:
    loaded = dump.read(dump.text(EVERYTHING, before).encode(), PATHS)
    wanted, missing = change.opened(loaded.texts, before, never)
    assert missing == ()
    assert not change.plan(before, wanted, summary="load").settings


@given(snapshots())
@settings(deadline=None, max_examples=60)
def test_a_document_read_back_gives_the_same_configuration(before: Snapshot) -> None:
    written = Document(generation=1, values=before.values, spelling=before.spelling)
    read = document.parse(document.serialize(written, catalogue.SCHEMA), catalogue.SCHEMA)
    assert read.values == before.values
    assert read.spelling == before.spelling
