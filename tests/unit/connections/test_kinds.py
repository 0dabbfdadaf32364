"""Table 1: every connection kind with this host's role and what applies (BA-1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.world.trusting import trusting
from xsec import catalogue
from xsec.connections import kinds
from xsec.connections.decide import Question, decide
from xsec.errors import InvalidValue, Refused
from xsec.lab import pki
from xsec.pki.trust import KINDS, SERVER_KINDS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = pki.authority("Root", now=NOW, key=pki.seeded_key("root"))


def test_the_table_has_every_kind_that_an_entry_can_be_limited_to() -> None:
    assert tuple(kind.id for kind in kinds.KINDS) == KINDS


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("https-client-auth", kinds.Role.SERVER),
        ("mra-onboarding", kinds.Role.SERVER),
        ("ldap", kinds.Role.CLIENT),
        ("sip-tls", kinds.Role.EITHER),
        ("traversal", kinds.Role.EITHER),
    ],
)
def test_the_host_has_its_role(name: str, role: kinds.Role) -> None:
    assert kinds.kind(name).role is role


def test_a_kind_that_only_judges_servers_is_one_where_the_host_is_client() -> None:
    assert {kind.id for kind in kinds.KINDS if kind.role is kinds.Role.CLIENT} == SERVER_KINDS


def test_policy_servers_and_directories_have_one_source_each() -> None:
    assert kinds.kind("policy-server").sources == ("manual CRLs",)
    assert kinds.kind("ldap").sources == ("CRLs embedded in the trusted CA list",)


def test_an_unknown_kind_is_refused_with_all_names() -> None:
    with pytest.raises(InvalidValue) as caught:
        kinds.kind("nothing")
    assert "mra-onboarding" in caught.value.allowed


def test_a_kind_tells_its_authorities_and_settings() -> None:
    told = kinds.applied(trusting(ROOT), kinds.kind("https-client-auth"), catalogue.SCHEMA)
    assert told.authorities == 1
    assert ("Authentication Certificate Mode", "NotRequired") in told.values


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind.settings], ids=lambda kind: kind.id)
def test_the_settings_that_a_kind_names_exist(kind: kinds.ConnectionKind) -> None:
    assert kinds.applied(trusting(), kind, catalogue.SCHEMA).values


def test_a_kind_that_is_not_judged_yet_says_so() -> None:
    with pytest.raises(Refused):
        decide(Question(certificate=ROOT.der, kind="sip-tls"), trusting(ROOT), NOW)
