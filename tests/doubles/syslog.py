"""A system log that keeps its lines."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class RecordingSyslog:
    """`Syslog` that remembers."""

    lines: list[str] = field(default_factory=list)

    def send(self, line: str) -> None:
        self.lines.append(line)
