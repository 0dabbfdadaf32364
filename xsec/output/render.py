"""Turn a result into a table, JSON or YAML; knows nothing of where it came from."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath

from xsec.output.escape import printable, printable_lines
from xsec.output.result import Block, Fields, Raw, Table, Text
from xsec.secret import Secret

SCHEMA = "xsec/1"


def plain(value: object) -> object:
    """The value as JSON types; `TypeError` for a type that nobody has thought about, and for a secret."""
    if isinstance(value, Secret):
        raise TypeError("a secret has no output form")
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex(":")
    if isinstance(value, PurePath):
        return str(value)
    return _composite(value)


def _composite(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no output form")


def envelope(data: object) -> dict[str, object]:
    """One object with the schema's name first; a list becomes `items`."""
    body = plain(data)
    if isinstance(body, dict):
        return {"schema": SCHEMA, **body}
    if isinstance(body, list):
        return {"schema": SCHEMA, "items": body}
    return {"schema": SCHEMA} if body is None else {"schema": SCHEMA, "value": body}


def as_json(data: object) -> str:
    """One JSON object, unsafe characters escaped by JSON's own rules."""
    return json.dumps(envelope(data), indent=2, ensure_ascii=True)


def as_yaml(data: object) -> str:
    """The same object as YAML."""
    import yaml

    return str(yaml.safe_dump(envelope(data), sort_keys=False, allow_unicode=False, width=100)).rstrip("\n")


def as_text(
    blocks: Iterable[Block],
    *,
    width: int | None = None,
    color: bool = False,
    typed: Callable[[str], str] = str,
) -> bytes:
    """What a person reads; no escape sequence unless `color`. `width` None: lines are never folded.

    `typed` completes the commands that stand in texts, so that they can be pasted.
    """
    out: list[bytes] = []
    for block in blocks:
        match block:
            case Raw():
                out.append(block.data)
            case Text():
                out.append(typed(printable_lines(block.text)).encode("utf-8", "backslashreplace") + b"\n")
            case Fields():
                out.append(_fields(block, typed))
            case Table():
                out.append(_table(block, width, color, typed))
    return b"".join(out)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, bytes):
        return value.hex(":")
    if isinstance(value, Enum):
        return _cell(value.value)
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(_cell(item) for item in value) or "-"
    if isinstance(value, Secret):
        return "***"
    return printable(str(value))


def _fields(block: Fields, typed: Callable[[str], str]) -> bytes:
    broad = max((len(name) for name, _ in block.pairs), default=0)
    lines = [f"{printable(block.title)}:"] if block.title else []
    indent = "  " if block.title else ""
    lines += [
        f"{indent}{printable(name):<{broad}}  {typed(_cell(value))}".rstrip() for name, value in block.pairs
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _table(block: Table, width: int | None, color: bool, typed: Callable[[str], str]) -> bytes:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text as RichText

    cells = [[typed(_cell(value)) for value in row] for row in block.rows]
    natural = sum(
        max([len(title), *(len(row[i]) for row in cells)]) + 2 for i, title in enumerate(block.columns)
    )
    table = RichTable(
        box=box.SIMPLE_HEAD if color else None, pad_edge=False, show_edge=False, header_style="bold"
    )
    for title in block.columns:
        table.add_column(title, overflow="fold", no_wrap=width is None)
    for row in cells:
        table.add_row(*(RichText(cell) for cell in row))
    page = io.StringIO()
    console = Console(
        file=page,
        width=width or max(natural * 2, 80),
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
    )
    console.print(table)
    lines = [line.rstrip() for line in page.getvalue().split("\n")]
    heading = [f"{printable(block.title)}:"] if block.title else []
    return "\n".join([*heading, *lines]).encode("utf-8", "backslashreplace")
