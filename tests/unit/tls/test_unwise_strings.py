"""What is allowed but unwise in a cipher string is warned about and raises an alarm (TL-2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xsec.state.snapshot import Snapshot
from xsec.tls.alarms import unwise_strings
from xsec.tls.change import plan_set
from xsec.tls.expand import unwise
from xsec.tls.settings import SERVICES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HTTPS = SERVICES["https"].ciphers


def with_string(text: str) -> Snapshot:
    return Snapshot(values={HTTPS.folded: text}, spelling={HTTPS.folded: HTTPS.words})


@pytest.mark.parametrize("text", ["aNULL", "HIGH:aNULL", "DEFAULT:@SECLEVEL=0", "HIGH:eNULL"])
def test_an_unwise_string_raises_an_alarm_and_is_warned_about(text: str) -> None:
    (found,) = unwise_strings.check(with_string(text), NOW)
    assert found.object == HTTPS.path
    plan = plan_set(Snapshot(), ("https",), ciphers=text)
    assert any("lets in" in warning for warning in plan.warnings)


def test_the_defaults_raise_nothing() -> None:
    assert list(unwise_strings.check(Snapshot(), NOW)) == []
    assert unwise(HTTPS.default) == ""
