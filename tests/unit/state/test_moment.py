"""Moments that people write: ISO 8601, UTC where no zone is named, and nothing outside the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from xsec.errors import InvalidValue
from xsec.state import moment

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NO_MOMENT = [
    "0001-01-01T00:00+14:00",  # before the first moment of the calendar, in UTC
    "9999-12-31T23:59:59-14:00",
    "0001-06-01T00:00Z",
    "9999-12-31T23:59:59Z",
    "10000-01-01",
    "-0001-01-01",
    "2026-02-30",
    "yesterday",
    "",
    "\ud800",
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T14:00+02:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("0002-01-01", datetime(2, 1, 1, tzinfo=UTC)),
        ("9998-12-31", datetime(9998, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc(text: str, found: datetime) -> None:
    read = moment.parse(text, "at")
    assert (read, read.tzinfo) == (found, UTC)


@pytest.mark.parametrize("text", [*NO_MOMENT, None, 5, ["2026"]])
def test_what_is_no_moment_is_a_wrong_value_that_names_what_it_was_given_for(text: object) -> None:
    with pytest.raises(InvalidValue, match=r"at: .* is not a time") as caught:
        moment.parse(text, "at")
    assert caught.value.allowed


@pytest.mark.parametrize("text", NO_MOMENT)
def test_the_words_of_since_are_moments_too(text: str) -> None:
    with pytest.raises(InvalidValue):
        moment.since(text, "--since", NOW)


def test_a_span_counts_back_from_now() -> None:
    assert moment.since("90m", "--since", NOW) == NOW - timedelta(minutes=90)
    assert moment.since("7d", "--since", NOW) == NOW - timedelta(days=7)


def test_a_span_that_goes_back_before_the_calendar_is_a_wrong_value() -> None:
    with pytest.raises(InvalidValue, match="before all time"):
        moment.since("999999d", "--since", NOW)
