"""What a start may import, and that the quick answers are the command line's own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import click
import pytest

from tools import reference
from xsec import cli, start
from xsec.commands import tree

ROOT = Path(__file__).parent.parent
HEAVY = ("cryptography", "httpx", "rich", "yaml", "pkcs11", "asn1crypto", "pcre2", "sqlite3", "ssl")
PATHS = [path for path, _ in tree.walk(cli.root)]
LOADED = """
import contextlib, io, json, sys
sys.path.append({root!r})
from xsec import cli
for path in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = cli.run([*path, "--help"])
    print(code, out.getvalue().startswith("Usage: "), *sorted(set(sys.modules) & set({heavy!r})))
"""


def test_help_at_any_level_imports_none_of_the_dear_libraries() -> None:
    program = LOADED.format(root=str(ROOT), heavy=HEAVY)
    paths = json.dumps([path[1:] for path in PATHS])
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, paths], capture_output=True, text=True, check=True
    )
    told = dict(zip(PATHS, done.stdout.splitlines(), strict=True))
    assert {path: line for path, line in told.items() if line != "0 True"} == {}


@pytest.mark.parametrize("columns", tree.WIDTHS)
@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_help_table_says_what_the_command_line_says(
    path: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    answer = start.quick([*path[1:], "--help"])
    assert cli.run([*path[1:], "--help"]) == 0
    assert answer == capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help", "config"], ["nothing"], ["config", "nothing"], ["--json"]])
def test_help_that_is_not_in_the_table_is_handed_over(words: list[str]) -> None:
    assert start.quick([*words, "--help"]) is None


def test_help_for_a_narrow_terminal_is_laid_out_by_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert start.quick(["--help"]) is None


QUICK = """
import sys, os, marshal
before = set(sys.modules)
sys.argv = ["xsec", "xconfiguration", "SIP"]
source = open({start!r}).read()
module = {{"__name__": "start", "__file__": {start!r}}}
exec(compile(source, {start!r}, "exec"), module)
module["quick"](["xconfiguration", "SIP"])
module["quick"](["config", "--help"])
print(*(set(sys.modules) - before))
"""


def test_the_quick_answers_import_nothing_but_sys_os_and_marshal() -> None:
    program = QUICK.format(start=str(ROOT / "xsec/start.py"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", ["xsec", "xconfiguration", "xstatus", "xcommand"])
def test_the_stub_starts_from_a_checkout_by_any_link(name: str, tmp_path: Path) -> None:
    link = tmp_path / name
    link.symlink_to(ROOT / "bin" / name)
    relative = tmp_path / "folder" / name
    relative.parent.mkdir()
    relative.symlink_to(f"../{name}")
    for program in (ROOT / "bin" / name, link, relative):
        done = subprocess.run([str(program), "--help"], capture_output=True, text=True, check=True)
        usage = "xsec" if name == "xsec" else f"xsec {name}"
        assert done.stdout.startswith(f"Usage: {usage} ")


class Lost(click.Group):
    """A group with a command whose module is gone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["gone"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        raise ModuleNotFoundError(name="xsec.commands.gone")


def test_a_command_that_is_listed_and_gone_is_no_silent_gap_in_help_and_completion() -> None:
    with pytest.raises(ModuleNotFoundError):
        dict(tree.walk(Lost("xsec")))


def test_a_python_without_the_packages_is_told_in_one_line(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False, symlinks=True)
    python = bare / "bin/python3"
    done = subprocess.run(
        [str(python), "-I", "-S", str(ROOT / "xsec/start.py"), "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"xsec: error: {python} has no package click: install xsec with it again\n"
    assert (done.returncode, done.stdout, done.stderr) == (70, "", said)


@pytest.mark.parametrize("file", reference.pages(), ids=lambda file: file.name)
def test_a_generated_page_is_current(file: Path) -> None:
    assert file.is_file(), "python -m tools.reference"
    assert file.read_text(encoding="utf-8") == reference.pages()[file], "python -m tools.reference"
