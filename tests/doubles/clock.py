"""A clock that stands still unless it is told to move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class FrozenClock:
    """`Clock` at one moment; waiting moves it, and is listed."""

    moment: datetime
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(timedelta(seconds=seconds))

    def advance(self, step: timedelta) -> None:
        """Let time pass on both clocks."""
        self.moment += step
        self.seconds += step.total_seconds()

    def set(self, moment: datetime) -> None:
        """Set the wall clock alone, as an operator or NTP would: monotonic time goes on."""
        self.moment = moment
