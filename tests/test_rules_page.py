"""docs/rules.md explains every rule that the code, the tests and the documents cite, and no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/rules.md"
TEXT = PAGE.read_text()
FOLDERS = ("xsec", "tests", "docs", "bench", "tools")

_FAMILY = (
    "AP|AS|BA|BK|CA|CC|CL|CR|DA|DR|DU|FI|HS|LD|MT|NA|OC|OS|PA|RV|SC|SE|SR|SS|ST|SY|TL|TR"  # fault rows: R
)
_RULE = re.compile(rf"(?<![\w=-])(?:(?:{_FAMILY})-\d{{1,2}}|R\d{{1,2}})(?![\w-])")
_RANGE = re.compile(rf"(?<![\w=-])({_FAMILY})-(\d{{1,2}})(?: to \1-|\.\.)(\d{{1,2}})\b")
_DEFINED = re.compile(rf"^(?:- \*\*((?:{_FAMILY})-\d+)\*\* |\| (R\d+) \|)", re.MULTILINE)
# the pages that were cited by these names are joined in rules.md; either name may stand in a citation
_NUMBER = r"(\d{1,2}(?:\.\d{1,2})?)"
_SECTION = re.compile(rf"\b(?:security|rules)(?:\.md)?,? (?:section )?{_NUMBER}\b")
_APPLIANCE = re.compile(
    rf"\bappliance-facts(?:\.md)?,? (?:section )?{_NUMBER}((?:(?:, | to | and ){_NUMBER})*)"
)


def ids(text: str) -> set[str]:
    """The rules that a text cites, each rule of a range included."""
    found = set(_RULE.findall(text))
    for family, first, last in _RANGE.findall(text):
        found |= {f"{family}-{number}" for number in range(int(first), int(last) + 1)}
    return found


def appliance_sections(text: str) -> set[str]:
    """The numbers after `appliance-facts`, each number of a range included."""
    found = set()
    for match in _APPLIANCE.finditer(text):
        numbers = re.findall(_NUMBER, match[0])
        found |= set(numbers)
        if " to " in match[0]:
            (chapter, low), (_, high) = (number.split(".") for number in numbers)
            found |= {f"{chapter}.{number}" for number in range(int(low), int(high) + 1)}
    return found


def texts() -> Iterator[tuple[str, str]]:
    """Name and content of each text file that may cite a rule."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path in {PAGE, Path(__file__)} or "__pycache__" in path.parts or not path.is_file():
                continue
            try:
                yield str(path.relative_to(ROOT)), path.read_text()
            except UnicodeDecodeError:
                continue  # packed vectors and the like cite nothing


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return dict(texts())


@pytest.fixture(scope="module")
def cited(sources: dict[str, str]) -> dict[str, str]:
    """Each rule that is cited, and a file that does so."""
    return {rule: name for name, text in sources.items() for rule in ids(text)}


def defined() -> list[str]:
    return [rule or row for rule, row in _DEFINED.findall(TEXT)]


def test_many_rules_are_cited(cited: dict[str, str]) -> None:
    assert len(cited) > 80


def test_every_rule_that_is_cited_is_explained(cited: dict[str, str]) -> None:
    missing = {rule: name for rule, name in cited.items() if rule not in set(defined())}
    assert not missing


def test_the_page_names_no_rule_that_nothing_cites(cited: dict[str, str]) -> None:
    assert ids(TEXT) <= set(cited)


def test_no_rule_is_explained_twice() -> None:
    assert [rule for rule, count in Counter(defined()).items() if count > 1] == []


def test_every_section_that_is_cited_is_on_the_page(sources: dict[str, str]) -> None:
    headings = set(re.findall(rf"^##+ {_NUMBER}\.? ", TEXT, re.MULTILINE))
    wanted = {number: name for name, text in sources.items() for number in _SECTION.findall(text)}
    assert wanted
    assert not {number: name for number, name in wanted.items() if number not in headings}


def test_every_fact_of_the_appliance_that_is_cited_is_on_the_page(sources: dict[str, str]) -> None:
    rows = set(re.findall(rf"^\| appliance-facts {_NUMBER} \|", TEXT, re.MULTILINE))
    wanted = {number: name for name, text in sources.items() for number in appliance_sections(text)}
    assert wanted
    assert not {number: name for number, name in wanted.items() if number not in rows}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rules.md DU-2", {"DU-2"}),
        ("DU-1 to DU-3", {"DU-1", "DU-2", "DU-3"}),
        ("(AP-1..4)", {"AP-1", "AP-2", "AP-3", "AP-4"}),
        ("R1/R2 apply", {"R1", "R2"}),
        ("shellcheck disable=SC2086", set()),
        ("CN=CA-1, SHA-256, UTF-8, X-SE-1", set()),
    ],
)
def test_citations_are_told_from_other_words(text: str, found: set[str]) -> None:
    assert ids(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("appliance-facts 1.4, 1.6).", {"1.4", "1.6"}),
        ("appliance-facts, 7)", {"7"}),
        ("appliance-facts, section 4, prints", {"4"}),
        ("appliance-facts 1.1 to 1.3, row by row", {"1.1", "1.2", "1.3"}),
    ],
)
def test_numbers_of_facts_are_read_as_they_are_written(text: str, found: set[str]) -> None:
    assert appliance_sections(text) == found
