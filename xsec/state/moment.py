"""Moments that people and other programs write, read in one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from xsec.errors import InvalidValue

ALLOWED = "such as 2026-01-31T12:00:00Z"
YEARS = range(2, 9999)
"""A year away from either end of the calendar: what is worked out from a moment is one, too."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse(text: object, name: str, *, allowed: str = ALLOWED) -> datetime:
    """A moment of ISO 8601 in UTC, which it is in when it names no zone; `InvalidValue` for anything else.

    `name` is what the text was given for.
    """
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        moment = None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC))
        moment = None if moment is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        moment = None
    if moment is None or moment.year not in YEARS:
        raise InvalidValue(f"{name}: {text!r} is not a time", allowed=allowed)
    return moment


def since(text: str, name: str, now: datetime) -> datetime:
    """A moment as `parse` takes it, or so many minutes, hours or days before `now`: 90m, 24h, 7d."""
    allowed = "such as 2026-01-31T12:00Z, 90m, 24h or 7d"
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdigit() and len(number) <= 6):
        return parse(text, name, allowed=allowed)
    try:
        return now - timedelta(**{unit: int(number)})
    except OverflowError:
        raise InvalidValue(f"{name}: {text!r} is before all time", allowed=allowed) from None
