"""Whatever is typed or stands in a file, the answer is a result or one error, never a bug."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world import store
from xsec import cli

WORDS = st.sampled_from(
    [
        "SIP", "TLS", "Port:", "Port", "Mode:Off", "5071", "?", "??", "//", "//tls", "[1..5]", "1", "NTP",
        "Server", "Address:", "Add", "Name:", "xConfiguration", "*c", ":", "::", "--", "-", "--load", "--yes",
        "--default", "SystemUnit", "Default", "Values", "Set", "Level:", "Alarm", "Certs", '"', "'", '"x',
        'u"', 'u"\\ud800"', "\x00", "\x1b[31m", "\u202e", "\udc80",
    ]
)  # fmt: skip
LINES = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=7)
FAST = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host") / "root"
    store.make(folder)
    return folder


def answer(root: Path, name: str, *words: str) -> tuple[int, str]:
    """Exit code and stderr of a command line; stdout is taken and dropped."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run([name, "--root", str(root), *words])
    return code, err.getvalue()


def judge(code: int, talk: str) -> None:
    assert code in (0, 2, 3), talk
    assert "\x1b" not in talk
    assert "\u202e" not in talk
    assert code == 0 or talk.count("xsec: error: ") == 1


@pytest.mark.parametrize("name", ["xconfiguration", "xstatus", "xcommand"])
@given(line=LINES)
@FAST
def test_any_line_is_answered(root: Path, name: str, line: list[str]) -> None:
    judge(*answer(root, name, *(word for word in line if word not in ("--load", "-"))))


@pytest.mark.parametrize(
    "command", [["xconfiguration", "--load"], ["config", "validate"], ["config", "load"]]
)
@given(
    data=st.one_of(
        st.binary(max_size=80),
        st.lists(WORDS, max_size=12).map(lambda words: "\n".join(words).encode("utf-8", "surrogatepass")),
        st.recursive(
            st.text(max_size=6), lambda below: st.dictionaries(WORDS, below, max_size=3), max_leaves=6
        ).map(lambda tree: f"settings: {tree!r}".encode("utf-8", "surrogatepass")),
    )
)
@FAST
def test_any_file_is_answered(root: Path, tmp_path: Path, command: list[str], data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    judge(*answer(root, command[0], *command[1:], str(file)))
