"""Generations: commit, history, recovery, damage (rules.md DU-1 to DU-6)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xsec.edge.files import RootedFiles
from xsec.errors import Conflict, Damaged, Negative, Refused
from xsec.state.document import Document
from xsec.state.kinds import Integer
from xsec.state.schema import Schema, Setting
from xsec.state.store import CONFIG, CURRENT, LOCK, Store, digest_of

PORT = Setting(path="Port", kind=Integer(1, 9999), default=1, help="x")
SCHEMA = Schema((PORT,))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(RootedFiles(str(tmp_path)), SCHEMA)
    made.make()
    with made.locked():
        made.commit(generation(1))
    return made


def generation(number: int) -> Document:
    return Document(generation=number, values={("port",): number}, spelling={("port",): ("Port",)})


def port(store: Store) -> int:
    return store.snapshot()[PORT]


def test_without_a_store_the_error_names_setup(tmp_path: Path) -> None:
    with pytest.raises(Refused) as error:
        Store(RootedFiles(str(tmp_path)), SCHEMA).snapshot()
    assert error.value.remedy == "xsec setup"


def test_each_commit_is_a_generation_that_stays(store: Store) -> None:
    with store.locked():
        store.commit(generation(2))
    assert (store.numbers(), port(store), store.document(1).values[("port",)]) == ((1, 2), 2, 1)


def test_a_generation_that_was_claimed_and_never_published_is_dropped(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "var/lib/xsec/config"
    (folder / "00000002.yaml").write_bytes((folder / "00000001.yaml").read_bytes())
    (folder / ".xsec-1-a.tmp").write_bytes(b"torn")
    with store.locked():
        assert store.numbers() == (1,)
        store.commit(generation(store.next_number(1)))
    assert port(store) == 2
    assert sorted(p.name for p in folder.iterdir()) == ["00000001.yaml", "00000002.yaml", "current"]


def test_a_store_replaced_by_hand_keeps_its_generations_and_can_go_on(store: Store, tmp_path: Path) -> None:
    current = tmp_path / "var/lib/xsec/config/current"
    edited = current.read_bytes().replace(b"Port: 1", b"Port: 7")
    current.unlink()
    current.write_bytes(edited)
    with pytest.raises(Damaged) as error:
        store.snapshot()
    assert "xsec rollback 1" in error.value.remedy
    good = store.last_good()
    assert good is not None
    assert good.generation == 1
    with store.locked():
        store.commit(generation(store.next_number(1)))
    assert port(store) == 2


def test_a_configuration_that_is_gone_is_damage_with_the_way_back(store: Store, tmp_path: Path) -> None:
    with store.locked():
        store.commit(generation(2))
    (tmp_path / "var/lib/xsec/config/current").unlink()
    with pytest.raises(Damaged, match="gone") as error:
        store.snapshot()
    assert error.value.remedy == "go back: xsec rollback 2"


def test_a_first_commit_that_was_killed_before_it_was_published_is_finished(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "var/lib/xsec/config/current").unlink()
    with store.locked():
        assert port(store) == 1
        store.commit(generation(store.next_number(1)))
    assert (store.numbers(), port(store)) == ((1, 2), 2)


def test_a_store_edited_by_hand_and_then_linked_loses_no_generation(store: Store, tmp_path: Path) -> None:
    current = tmp_path / "var/lib/xsec/config/current"
    edited = current.read_bytes().replace(b"Port: 1", b"Port: 7")
    current.unlink()
    current.write_bytes(edited)
    (tmp_path / "copy").hardlink_to(current)
    with store.locked():
        assert store.numbers() == (1,)


def test_a_change_where_nothing_was_set_up_names_setup(tmp_path: Path) -> None:
    with pytest.raises(Refused) as error, Store(RootedFiles(str(tmp_path)), SCHEMA).locked():
        pass
    assert error.value.remedy == "xsec setup"


def test_an_old_generation_that_is_strange_does_not_hide_the_others(store: Store, tmp_path: Path) -> None:
    from xsec.state import generations

    with store.locked():
        store.commit(generation(2))
    first = tmp_path / "var/lib/xsec/config/00000001.yaml"
    first.unlink()
    first.symlink_to("/etc/passwd")
    assert [(row.generation, row.damaged) for row in generations.history(store, 9)] == [(2, False), (1, True)]


def test_a_missing_generation_is_answered_with_those_that_exist(store: Store) -> None:
    with pytest.raises(Negative) as error:
        store.document(9)
    assert error.value.allowed == "1 to 1"


def test_a_store_that_others_can_write_to_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "var/lib/xsec").chmod(0o777)
    with pytest.raises(Refused, match="written to by others"):
        store.snapshot()


@pytest.mark.parametrize("folder", ["config", "objects", "secrets", "status", "journal"])
def test_a_folder_of_the_store_that_others_can_write_to_is_refused(
    store: Store, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "var/lib/xsec" / folder).chmod(0o777)
    with pytest.raises(Refused, match="written to by others"), store.locked():
        pass


def test_an_object_that_is_not_what_its_name_says_is_damage(store: Store, tmp_path: Path) -> None:
    digest = digest_of(b"octets")
    store.put_object(digest, b"octets")
    assert bytes(store.object(digest)) == b"octets"
    path = tmp_path / "var/lib/xsec/objects" / digest
    path.write_bytes(b"Octets")
    with pytest.raises(Damaged):
        store.object(digest)
    with pytest.raises(Damaged):
        store.object("../../../etc/passwd")


def test_a_second_holder_of_the_lock_is_told_to_try_again(store: Store) -> None:
    from datetime import timedelta

    with store.locked(), pytest.raises(Conflict), store.files.lock(LOCK, patience=timedelta(0)):
        pass


def test_a_link_below_the_root_is_not_followed(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    config = tmp_path / "var/lib/xsec/config"
    config.rename(tmp_path / "var/lib/xsec/old")
    config.symlink_to(outside)
    with pytest.raises(Refused, match="link"):
        store.files.replace(CONFIG / "x", b"")
    assert list(outside.iterdir()) == []


def test_a_fifo_in_the_place_of_the_store_does_not_hang(store: Store, tmp_path: Path) -> None:
    current = tmp_path / "var/lib/xsec/config/current"
    current.unlink()
    os.mkfifo(current)
    with pytest.raises(Refused, match="regular"):
        store.files.read(CURRENT)


def test_modes_are_what_they_should_be_under_a_hostile_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        files = RootedFiles(str(tmp_path))
        made = Store(files, SCHEMA)
        made.make()
        with made.locked():
            made.commit(generation(1))
    finally:
        os.umask(former)
    for path in (tmp_path / "var/lib/xsec").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
