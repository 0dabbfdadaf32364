"""The generated pages of docs/, and the help table that `start` answers from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xsec.console import help as explained
from xsec.state.schema import Setting

_MADE = "<!-- made by `python -m tools.reference`; do not edit -->\n"


def settings_page(groups: Iterable[tuple[str, Sequence[Setting[Any]]]]) -> str:
    """docs/settings.md: every setting by the package that uses it."""
    lines = [_MADE, "# Settings\n"]
    lines.append(
        "Every setting by its xConfiguration path. *Recorded only* means: kept for checks, alarms and dumps; "
        "it changes\nnothing on the host. *Own* marks what no appliance has. Of settings where the sources "
        "disagree, the other\nsource's value is named.\n"
    )
    for title, members in groups:
        lines.append(f"## {title}\n")
        lines.append("| path | values | default | used by | restart | notes |")
        lines.append("| --- | --- | --- | --- | --- | --- |")
        lines += [_row(setting) for setting in members]
        lines.append("")
    return "\n".join(lines)


def _row(setting: Setting[Any]) -> str:
    notes = [setting.help + "."]
    notes += ["Secret: sealed at rest."] if setting.secret else []
    notes += ["Of one peer."] if setting.local else []
    notes += ["Own."] if setting.own else []
    notes += [f"Elsewhere: {setting.other}."] if setting.other else []
    notes += [f"Page: `{setting.page}`."] if setting.page else []
    default = explained.default_of(setting)
    cells = (
        setting.path,
        setting.kind.describe(),
        _code(default) if default else "",
        explained.users_of(setting),
        setting.restart,
        " ".join(notes),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def exit_codes_page(codes: Mapping[int, str]) -> str:
    """docs/exit-codes.md."""
    lines = [
        _MADE,
        "# Exit codes\n",
        "The same in every output format.\n",
        "| exit | meaning |",
        "| --- | --- |",
    ]
    return "\n".join([*lines, *(f"| {code} | {text} |" for code, text in codes.items()), ""])


def commands_page(helps: Iterable[tuple[Sequence[str], str]]) -> str:
    """docs/commands.md: what `--help` prints for each command."""
    lines = [_MADE, "# Commands\n"]
    for path, text in helps:
        lines.append(f"{'#' * min(len(path) + 1, 4)} {' '.join(path)}\n")
        lines.append(f"```text\n{text.rstrip()}\n```\n")
    return "\n".join(lines)


class Entry:
    """The help of one command for one width, and the source files with their sizes that it was made from."""

    __slots__ = ("columns", "path", "sources", "text")

    def __init__(self, path: Sequence[str], columns: int, text: str, sources: Mapping[str, int]) -> None:
        self.path = path
        self.columns = columns
        self.text = text
        self.sources = sources


def help_table(entries: Iterable[Entry]) -> str:
    """xsec/data/help.txt: each entry after a line with its width and path, and one with its sources."""
    return "".join(
        f"\x1e{entry.columns} {' '.join(entry.path)}\n"
        f"{' '.join(f'{name}={size}' for name, size in entry.sources.items())}\n{entry.text}"
        for entry in entries
    )
