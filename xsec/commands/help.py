"""Help on topics that belong to no single command."""

from __future__ import annotations

import click

from xsec.commands.options import command
from xsec.errors import ExitCode, InvalidValue
from xsec.output.result import Result, Table, Text

EXIT_CODES: dict[ExitCode, str] = {
    ExitCode.OK: "done, or the answer is yes",
    ExitCode.NEGATIVE: "the question was answered and the answer is no: rejected, drifted, alarm up",
    ExitCode.USAGE: "the command line, a value or a file is wrong",
    ExitCode.REFUSED: "a rule or prerequisite forbids it; nothing changed",
    ExitCode.CONFLICT: "someone else changed or holds it; try again",
    ExitCode.FORBIDDEN: "not allowed for this user or in this mode",
    ExitCode.UNAVAILABLE: "network, directory, daemon, disk or token; may pass by itself",
    ExitCode.DAMAGED: "stored data does not verify, or belongs to another host",
    ExitCode.ROLLED_BACK: "it was applied, failed its proof, and was undone",
    ExitCode.BUG: "a bug in xsec",
    ExitCode.INTERRUPTED: "interrupted (^C)",
    ExitCode.BROKEN_PIPE: "the reader of stdout went away",
}

SECRETS = """A secret never stands on a command line. Options that end in -source take:
  file:PATH         the first line of a file
  fd:N              an open descriptor, such as: xsec ... --key-source fd:3 3<FILE
  credential:NAME   a credential of the systemd unit
  prompt            asked for on the terminal, without echo"""

SELECTING = """Certificates and CRLs of a list are named by
  the number that `list` prints, a prefix of the SHA-256 fingerprint (4 digits or more, colons optional),
  or a text that stands in one subject only. A file is named by its path, standard input by -."""


@command(None, "help", short_help="Help on a topic, such as exit-codes.")
@click.argument("topic", required=False)
def help_command(topic: str | None) -> Result:
    """Explain TOPIC: exit-codes, secrets, selecting."""
    texts = {"secrets": SECRETS, "selecting": SELECTING}
    if topic == "exit-codes":
        return Result(
            {"exit_codes": {str(int(code)): text for code, text in EXIT_CODES.items()}},
            lambda: [Table(["code", "meaning"], [(int(code), text) for code, text in EXIT_CODES.items()])],
        )
    if topic in texts:
        return Result({"topic": topic, "text": texts[topic]}, lambda: [Text(texts[topic])])
    names = ["exit-codes", *texts]
    if topic:
        raise InvalidValue(f"no topic {topic!r}", allowed=", ".join(names), remedy="xsec --help")
    return Result(
        {"topics": names}, lambda: [Text("topics: " + ", ".join(names) + "; commands: xsec --help")]
    )
