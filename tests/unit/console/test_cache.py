"""The value cache answers an exact path while it is current, and hands over on any doubt."""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xsec import start
from xsec.console import cache
from xsec.state.kinds import Integer, String
from xsec.state.schema import Schema, Setting
from xsec.state.snapshot import Snapshot

NAME = Setting(path="SystemUnit Name", kind=String(0, 50), default="", help="Name")
PORT = Setting(path="SIP TLS Port", kind=Integer(1, 65535), default=5061, help="Port")
SCHEMA = Schema([NAME, PORT])
LINE = '*c xConfiguration SIP TLS Port: "5061"\n'
ASK = ["xconfiguration", "SIP", "TLS", "Port"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("XSEC_ROOT", raising=False)
    folder = tmp_path / "var/lib/xsec"
    (folder / "config").mkdir(parents=True)
    (folder / "cache").mkdir()
    (folder / "config/current").write_text("the document\n")
    write(tmp_path)
    return tmp_path


def file(root: Path) -> Path:
    return root / str(cache.path(sys.implementation.cache_tag or "")).lstrip("/")


def write(root: Path, snapshot: Snapshot | None = None) -> None:
    now = (root / "var/lib/xsec/config/current").stat()
    key = (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino)
    file(root).touch(mode=0o600)
    file(root).write_bytes(cache.cache(snapshot or Snapshot(generation=1), SCHEMA, key))


def ask(root: Path, *words: str) -> str | None:
    return start.quick(["--root", str(root), *words])


@pytest.mark.parametrize(
    "words", [ASK, ["xconfiguration", "sip", "tls", "port"], ["xconfiguration", "SIP TLS Port"]]
)
def test_an_exact_path_is_answered_from_the_cache(root: Path, words: list[str]) -> None:
    assert ask(root, *words) == LINE


def test_the_root_may_stand_behind_the_command_or_in_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start.quick(["xconfiguration", "--root", str(root), *ASK[1:]]) == LINE
    monkeypatch.setenv("XSEC_ROOT", str(root))
    assert start.quick(ASK) == LINE


@pytest.mark.parametrize(
    "words",
    [
        ["xconfiguration"],
        ["xconfiguration", "SIP"],
        ["xconfiguration", "SIP", "TLS", "Po"],
        ["xconfiguration", "SIP", "TLS", "Port:", "5062"],
        ["xconfiguration", "SIP", "TLS", "Port", "?"],
        ["xconfiguration", "--json", "SIP", "TLS", "Port"],
        ["xstatus", "SIP", "TLS", "Port"],
        ["config", "show"],
        [],
    ],
)
def test_anything_else_is_handed_over(root: Path, words: list[str]) -> None:
    assert ask(root, *words) is None


def rewritten(root: Path) -> None:
    current = root / "var/lib/xsec/config/current"
    current.rename(current.with_name("former"))
    current.write_text("the document\n")


def touched(root: Path) -> None:
    (root / "var/lib/xsec/config/current").touch()


def gone(root: Path) -> None:
    (root / "var/lib/xsec/config/current").unlink()


def no_cache(root: Path) -> None:
    file(root).unlink()


def writable(root: Path) -> None:
    file(root).chmod(0o620)


def link(root: Path) -> None:
    file(root).rename(root / "elsewhere")
    file(root).symlink_to(root / "elsewhere")


def folder(root: Path) -> None:
    file(root).unlink()
    file(root).mkdir()


def cut(root: Path) -> None:
    file(root).write_bytes(file(root).read_bytes()[:50])


def empty(root: Path) -> None:
    file(root).write_bytes(b"")


def other_shape(root: Path) -> None:
    file(root).write_bytes(marshal.dumps(["a", "b"]))


def not_plain(root: Path) -> None:
    key, _, lines = marshal.loads(file(root).read_bytes())  # noqa: S302  (written by this test)
    file(root).write_bytes(marshal.dumps((key, False, lines)))


@pytest.mark.parametrize(
    "doubt",
    [rewritten, touched, gone, no_cache, writable, link, folder, cut, empty, other_shape, not_plain],
    ids=lambda doubt: doubt.__name__,
)
def test_a_cache_in_doubt_is_not_used(root: Path, doubt: Callable[[Path], None]) -> None:
    doubt(root)
    assert ask(root, *ASK) is None


@pytest.mark.needs("root")
def test_a_cache_of_another_user_is_not_used(root: Path) -> None:
    os.chown(file(root), 65534, 65534)
    assert ask(root, *ASK) is None


def test_a_value_outside_ascii_is_left_to_the_command_line(root: Path) -> None:
    write(root, Snapshot(generation=1, values={NAME.folded: "Café"}, spelling={NAME.folded: NAME.words}))
    assert ask(root, "xconfiguration", "SystemUnit", "Name") is None
    assert ask(root, *ASK) == LINE
