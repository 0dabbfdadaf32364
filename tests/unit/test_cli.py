"""Errors become one message and an exit code; bugs say where they are and nothing else."""

from __future__ import annotations

import json

import pytest

from xsec import cli, errors
from xsec.commands.options import Call
from xsec.errors import ExitCode
from xsec.host import Host


class Failing(Call):
    """A call whose host cannot be made."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def host(self, command: str) -> Host:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Negative("no"), 1),
        (errors.InvalidValue("no"), 2),
        (errors.Refused("no"), 3),
        (errors.Conflict("no"), 4),
        (errors.Forbidden("no"), 5),
        (errors.Unavailable("no"), 6),
        (errors.Uncertain("no"), 6),
        (errors.Damaged("no"), 7),
        (errors.RolledBack("no"), 8),
        (RuntimeError("no"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_category_has_its_exit_code(error: BaseException, code: int) -> None:
    assert cli.run(["help"], Failing(error)) == code


def test_an_error_says_what_where_what_is_allowed_and_what_to_type(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = errors.Refused("it is so", where="file, line 3", allowed="a or b", remedy="xsec setup")
    cli.run(["help"], Failing(told))
    assert capsys.readouterr().err.splitlines() == [
        "xsec: error: it is so (file, line 3)",
        "xsec: allowed: a or b",
        "xsec: hint: xsec setup",
    ]


def test_a_bug_tells_its_place_and_not_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["help"], Failing(ValueError("hunter2")))
    seen = capsys.readouterr().err
    assert "ValueError" in seen
    assert "hunter2" not in seen
    assert "Traceback" not in seen


def test_an_escape_code_in_an_error_reaches_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["help"], Failing(errors.Refused("\x1b[31mred\nxsec: hint: rm -rf /\u202e")))
    seen = capsys.readouterr().err
    assert seen.splitlines() == ["xsec: error: \\x1b[31mred\\x0axsec: hint: rm -rf /\\u202e"]


def test_an_error_is_one_json_object_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["help", "--json"], Failing(errors.Damaged("it is torn", where="here"))) == 7
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["error"]["what"], told["error"]["exit_code"]) == ("xsec/1", "it is torn", 7)


@pytest.mark.parametrize(
    "args",
    [
        ["nosuch"],
        ["help", "--nosuch"],
        ["--output", "xml", "help"],
        ["help", "a", "b"],
        ["--at", "x", "help"],
    ],
)
def test_a_wrong_command_line_is_exit_2_with_a_hint(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(args) == ExitCode.USAGE
    assert "error:" in capsys.readouterr().err


def test_a_close_command_name_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["hlep"])
    assert "'help'" in capsys.readouterr().err
