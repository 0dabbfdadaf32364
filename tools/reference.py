"""Make docs/settings.md, exit-codes.md, commands.md and the help table: `python -m tools.reference`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path  # noqa: TID251  (a tool of the repository, no part of xsec)

import click

from xsec import catalogue, cli
from xsec.commands import help as topics
from xsec.commands import tree
from xsec.commands.index import COMMANDS
from xsec.console import reference

ROOT = Path(__file__).parent.parent
TITLES = {
    "state": "Host, logs, notifications",
    "accounts": "Login and accounts",
    "connections": "Client certificates",
    "tls": "TLS",
    "ssh": "SSH",
    "pki": "Peers and their certificates",
    "revocation": "Revocation",
    "daemons": "Daemons",
    "hsm": "HSM",
    "cluster": "Cluster",
    "lifecycle": "SNMP, time, reports, options",
}


def pages() -> Mapping[Path, str]:
    """Every generated file with its text."""
    return {
        ROOT / "docs/settings.md": _settings(),
        ROOT / "docs/exit-codes.md": reference.exit_codes_page(
            {int(code): text for code, text in topics.EXIT_CODES.items()}
        ),
        ROOT / "docs/commands.md": reference.commands_page(
            (path, tree.help_of(cli.root, path, 100)) for path, _ in tree.walk(cli.root)
        ),
        ROOT / "xsec/data/help.txt": reference.help_table(
            reference.Entry(path, columns, tree.help_of(cli.root, path, columns), _sources(path, command))
            for path, command in tree.walk(cli.root)
            for columns in tree.WIDTHS
        ),
    }


def _settings() -> str:
    groups = []
    for package in catalogue.PACKAGES:
        names = (f"xsec/{package}/settings.py",)
        if any((ROOT / name).is_file() for name in names):
            module = __import__(f"xsec.{package}.settings", fromlist=["SETTINGS"])
            groups.append((TITLES[package], module.SETTINGS))
    return reference.settings_page(groups)


def _sources(path: tuple[str, ...], command: click.Command) -> dict[str, int]:
    """The files below xsec/ that the help of a command is made from, with their sizes."""
    names = ["cli.py", "commands/options.py", "commands/index.py"]
    if len(path) > 1:
        names.append(f"commands/{COMMANDS[path[1]][0]}.py")
    return {name: (ROOT / "xsec" / name).stat().st_size for name in names}


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
