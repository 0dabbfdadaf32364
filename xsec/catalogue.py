"""What all packages declare, collected: settings, sections, rules, guards."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from xsec.state.rule import Guard, Rule
from xsec.state.schema import Schema, Setting
from xsec.state.snapshot import Section

# The order is the order of the reference and of dumps.
PACKAGES = (
    "state",
    "accounts",
    "connections",
    "tls",
    "ssh",
    "pki",
    "revocation",
    "daemons",
    "hsm",
    "cluster",
    "lifecycle",
)


def _collect(module: str, name: str) -> list[Any]:
    """The tuple `name` of each package's module, where the package has one."""
    found: list[Any] = []
    for package in PACKAGES:
        full = f"xsec.{package}.{module}"
        if importlib.util.find_spec(f"xsec.{package}") and importlib.util.find_spec(full):
            found += getattr(importlib.import_module(full), name, ())
    return found


SETTINGS: tuple[Setting[Any], ...] = tuple(_collect("settings", "SETTINGS"))
SCHEMA = Schema(SETTINGS)


def sections() -> dict[str, Section[Any]]:
    """The parts of the document beside the settings, by name."""
    from xsec.pki.server import IDENTITIES
    from xsec.pki.trust import TRUST
    from xsec.revocation.manual import MANUAL

    return {section.name: section for section in (TRUST, IDENTITIES, MANUAL)}


def __getattr__(name: str) -> Any:
    """Rules and guards are collected when first asked for: they import the domain."""
    if name == "RULES":
        return _rules()
    if name == "GUARDS":
        return _guards()
    raise AttributeError(name)


def _rules() -> tuple[Rule, ...]:
    rules: tuple[Rule, ...] = tuple(_collect("alarms", "RULES"))
    if len({rule.id for rule in rules}) != len(rules):
        raise ValueError("two rules share a number")
    return rules


def _guards() -> tuple[Guard, ...]:
    return tuple(_collect("guards", "GUARDS"))
