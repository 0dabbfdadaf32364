"""Conformance suites: their cases as requests, and the four numbers that they are reported by."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xsec.connections.answers import answer

Case = Mapping[str, Any]


@dataclass
class Report:
    """Passed, known divergence, unexpected failure, unexpected pass: the last two must be empty."""

    passed: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    passed_unexpectedly: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [*self.failed, *(f"{item}: passes, remove its exception" for item in self.passed_unexpectedly)]


def exceptions(file: Path) -> dict[str, str]:
    """Id and reason of each case that is known to differ."""
    found = {item["id"]: item["reason"] for item in tomllib.loads(file.read_text())["exception"]}
    assert all(reason.strip() for reason in found.values())
    return found


def run(cases: Iterable[Case], known: Mapping[str, str], *, profile: str) -> Report:
    """Judge every case; `id` and `expected` are not part of what the validator sees."""
    report = Report()
    for case in cases:
        request = {
            key: value for key, value in case.items() if key not in ("id", "expected", "group", "tags")
        }
        got = answer(request, profile=profile, now=datetime.now(UTC))
        right = got["verdict"] == case["expected"]
        if case["id"] in known:
            (report.passed_unexpectedly if right else report.known).append(case["id"])
        elif right:
            report.passed.append(case["id"])
        else:
            report.failed.append(f"{case['id']}: {got['verdict']} ({got['code']})")
    return report
