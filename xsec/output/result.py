"""What a command hands back: data for programs, blocks for people, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from xsec.errors import ExitCode


class Table:
    """Rows under column titles."""

    __slots__ = ("columns", "rows", "title")

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
        self.columns = tuple(columns)
        self.rows = [tuple(row) for row in rows]
        self.title = title


class Fields:
    """Names and values, one pair a line."""

    __slots__ = ("pairs", "title")

    def __init__(self, pairs: Iterable[tuple[str, object]], *, title: str = "") -> None:
        self.pairs = list(pairs)
        self.title = title


class Text:
    """Lines as they are; unsafe characters are escaped when shown."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Raw:
    """Octets for stdout as they are (an exported certificate)."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


Block = Table | Fields | Text | Raw


class Result:
    """A command's answer.

    `data` is the JSON and YAML form (dataclass, mapping, sequence, str, int, bool, None, datetime, enum);
    `view` gives the blocks that a person sees, made only when they are; `notes` go to stderr.
    """

    __slots__ = ("data", "exit_code", "notes", "view")

    def __init__(
        self,
        data: object = None,
        view: Callable[[], Iterable[Block]] | None = None,
        *,
        exit_code: ExitCode = ExitCode.OK,
        notes: Iterable[str] = (),
    ) -> None:
        self.data = data
        self.view = view
        self.exit_code = exit_code
        self.notes = tuple(notes)
