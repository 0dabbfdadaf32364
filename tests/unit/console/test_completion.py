"""Completion scripts hold every name and path, and answer without Python."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from xsec.console import completion
from xsec.errors import InvalidValue
from xsec.state.kinds import Integer, OnOff, String
from xsec.state.schema import Schema, Setting

SCHEMA = Schema(
    [
        Setting(path="SIP TLS Mode", kind=OnOff(), default="On", help="Mode"),
        Setting(path="SIP TLS Port", kind=Integer(1, 9), default=5, help="Port"),
        Setting(path="NTP Server [1..5] Address", kind=String(0, 9), default="", help="Address"),
    ]
)
CANDIDATES = {
    "xsec": ("config", "crl", "--json", "--help"),
    "xsec config": ("load", "show", "--help"),
    **completion.settings(SCHEMA),
}


def complete(line: str, folder: Path) -> list[str]:
    """What bash offers for the last word of a line."""
    script = folder / "completion.bash"
    script.write_text(completion.script("bash", CANDIDATES))
    words = " ".join(f"'{word}'" for word in line.split(" "))
    program = (
        f"source '{script}'; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));"
        " _xsec_${COMP_WORDS[0]}; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    shell = shutil.which("bash")
    assert shell is not None
    # no program can be found, so none is started
    done = subprocess.run(
        [shell, "--norc", "-c", program], capture_output=True, text=True, check=True, env={"PATH": "/none"}
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.needs("bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("xsec c", ["config", "crl"]),
        ("xsec ", ["config", "crl"]),
        ("xsec --", ["--json", "--help"]),
        ("xsec --json c", ["config", "crl"]),
        ("xsec config l", ["load"]),
        ("xsec xconfiguration s", ["SIP"]),
        ("xsec xconfiguration SIP TLS ", ["Mode:", "Port:"]),
        ("xconfiguration sip tls m", ["Mode:"]),
        ("xconfiguration SIP TLS Mode : o", ["On", "Off"]),
        ("xconfiguration SIP TLS Mode :", ["On", "Off"]),
        ("xconfiguration NTP Server ", ["1"]),
        ("xconfiguration NTP Server 3 A", ["Address:"]),
        ("xsec nothing ", []),
    ],
)
def test_bash_offers_what_may_follow(tmp_path: Path, line: str, offered: list[str]) -> None:
    assert complete(line, tmp_path) == offered


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_a_script_is_good_syntax_where_its_shell_is_there(tmp_path: Path, shell: str) -> None:
    text = completion.script(shell, CANDIDATES)
    assert "sip tls" in text
    program = shutil.which(shell)
    if program is not None:
        file = tmp_path / "script"
        file.write_text(text)
        subprocess.run([program, "-n", str(file)], check=True)


def test_a_word_that_a_shell_could_read_otherwise_stands_in_no_script() -> None:
    hostile = {"xsec": ("$(id)", "`id`", "a;b", "x'y", "good")}
    for shell in completion.SHELLS:
        text = completion.script(shell, hostile)
        assert "good" in text
        assert "id)" not in text
        assert "x'y" not in text


def test_another_shell_is_refused() -> None:
    with pytest.raises(InvalidValue):
        completion.script("csh", CANDIDATES)
