"""Patterns are read as PHP reads them, run within limits, and give a user name or a reason."""

from __future__ import annotations

import pytest

from xsec.errors import InvalidValue
from xsec.pki import pattern
from xsec.pki.extract import extract
from xsec.pki.text import plain

DEFAULT = pattern.compile_pattern(pattern.DEFAULT_PATTERN)
APPLIANCE = pattern.compile_pattern(pattern.APPLIANCE_PATTERN)
FORMAT = pattern.template_pieces(pattern.DEFAULT_TEMPLATE)


def page(subject: str, after: str = "") -> bytes:
    lines = (
        "        Issuer: CN=CA",
        f"        Subject: {subject}",
        f"{after}        Subject Public Key Info:",
        "",
    )
    return "\n".join(lines).encode()


def codes(given: str, subject: str, template: str = "#u#", after: str = "") -> set[str]:
    found = extract(
        pattern.compile_pattern(given), pattern.template_pieces(template), plain(page(subject, after))
    )
    return {refusal.code for refusal in found.refused}


def user(given: str, subject: str, template: str = "#u#", after: str = "") -> str | None:
    return extract(
        pattern.compile_pattern(given), pattern.template_pieces(template), plain(page(subject, after))
    ).username


# Reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "groups"),
    [
        ("/a(?<n>b)/m", ("n",)),
        ("/a(?P<n>b)/", ("n",)),
        ("{a(?<n>b{2})}i", ("n",)),
        ("(a(?<n>b))x", ("n",)),
        ("<a(?<n>b)>", ("n",)),
        ("#a(?<n>b)#imsxuUDAJSX", ("n",)),
        (r"/a\/(?<n>b)/", ("n",)),
        ("/ab/", ()),
    ],
)
def test_a_pattern_is_read_with_delimiters_flags_and_groups(given: str, groups: tuple[str, ...]) -> None:
    assert pattern.compile_pattern(given).groups == groups


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("/(Subject:.*, CN=(?<Group1>.*)/m", "offset 30"),
        ("/[z-a]/", "offset 5"),
        ("/é(/", "offset 3"),
        ("/a/e", "offset 3"),
        ("abc", "offset 0"),
        ("/abc", "offset 4"),
        ("", "offset 0"),
        ("//", "offset 1"),
        ("/a\nb/", "offset 2"),
        ("/(?<n>a)(?<n>b)/", "offset 13"),
        ("/" + "(" * 300 + "/", "offset 252"),
        ("/(a/A", "offset 3"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_offset(given: str, where: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        pattern.compile_pattern(given)
    assert caught.value.where == where


def test_a_pattern_has_at_most_four_kibibytes() -> None:
    assert pattern.compile_pattern("/" + "a" * (4096 - 2) + "/").groups == ()
    with pytest.raises(InvalidValue):
        pattern.compile_pattern("/" + "a" * (4097 - 2) + "/")


@pytest.mark.parametrize(
    ("given", "subject", "matched"),
    [
        ("/ab/", "AB", False),
        ("/ab/i", "AB", True),
        ("/^b/", "a\nb", False),
        ("/^b/m", "a\nb", True),
        ("/a.b/", "a\nb", False),
        ("/a.b/s", "a\nb", True),
        ("/a b # no/x", "ab", True),
        ("/b|c/A", "ab", False),
        ("/b|a/A", "ab", True),
        ("/b # c/xA", "b", True),
        ("/b$/", "b\n", True),
        ("/b$/D", "b\n", False),
    ],
)
def test_a_flag_does_what_it_does_in_php(given: str, subject: str, matched: bool) -> None:
    assert bool(pattern.compile_pattern(given).matches(subject)) is matched


def test_the_flag_u_makes_quantifiers_lazy() -> None:
    assert pattern.compile_pattern("/a+/U").matches("aaa")[0].span == (0, 1)


@pytest.mark.parametrize(
    "given",
    [
        "/^(a+)+$/",
        "/(*LIMIT_MATCH=4000000000)^(a+)+$/",
        "/^(a|aa)+$/",
        "/^(?:a?){30}a{30}b/",
        "/(a|aa)+$/",
        "/(?R)/",
        "/x*/",
    ],
)
def test_a_pattern_that_explodes_is_stopped(given: str) -> None:
    with pytest.raises(pattern.Exploded):
        pattern.compile_pattern(given).matches(("a" * 60 + "!") * 100)


def test_steps_are_counted_over_all_starts_of_a_text() -> None:
    # PCRE2 counts from each start afresh: 200 starts of 15,000 steps each stay below its limit
    with pytest.raises(pattern.Exploded) as caught:
        pattern.compile_pattern("/(a|aa)+$/").matches(("a" * 18 + "!") * 200)
    assert caught.value.what == f"the pattern takes more than {pattern.STEP_LIMIT} steps"


def test_a_text_beyond_the_limit_is_not_run() -> None:
    with pytest.raises(pattern.Exploded):
        DEFAULT.matches("a" * (pattern.MAXIMUM_SUBJECT + 1))


def test_an_exploding_pattern_gives_no_user() -> None:
    assert codes("/(?<u>(a|aa)+)$/", "CN=" + "a" * 60 + "!") == {"pattern_exploded"}


# Formats --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", ["", "fixed", "#a", "a#b#c#", "##", "#a b#", "#1a#", "x\n#a#", "#" + "a" * 33 + "#"]
)
def test_a_bad_format_is_refused(given: str) -> None:
    with pytest.raises(InvalidValue):
        pattern.template_pieces(given)


def test_a_format_joins_fixed_text_and_groups() -> None:
    assert user("/CN=(?<a>\\w+),OU=(?<b>\\w+)/", "CN=bob,OU=eng", "pre-#a#.#b#-post") == "pre-bob.eng-post"


def test_a_format_that_names_an_unknown_group_is_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        pattern.check_pair("/(?<a>x)/", "#b#")
    assert caught.value.allowed == "groups of the pattern: a"


# Names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("CN=bob", "bob"),
        ("CN=bob,OU=eng,O=Corp", "bob"),
        ("O=Corp,CN=bob", "bob"),
        (r"CN=bob,OU=x\,CN=admin,O=Ex", "bob"),
        (r"OU=x\,CN=admin,CN=bob", "bob"),
        (r"CN=Smith\, John,O=x", "Smith, John"),
        (r"CN=\C3\85se", "Åse"),
        (r"CN=a\\b\+c\"d\<e", 'a\\b+c"d<e'),
        ("UID=7+CN=bob", "bob"),
        ("CN=" + "a" * 255, "a" * 255),
    ],
)
def test_the_default_pattern_gives_the_common_name(subject: str, expected: str) -> None:
    found = extract(DEFAULT, FORMAT, plain(page(subject)))
    assert (found.username, found.refused) == (expected, ())


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("O=Corp", "no_match"),
        (r"O=Corp\, CN=admin", "no_match"),
        ("CN=" + "a" * 256, "too_long"),
        (r"CN=bob\0Ax", "several_lines"),
        (r"CN=bob\00", "control_character"),
        (r"CN=\E2\80\AEbob", "control_character"),
        (r"CN=bob\EF\B8\8F", "control_character"),
        (r"CN=\E3\85\A4bob", "control_character"),
        (r"CN=\FFbob", "not_utf8"),
        (r"CN=\ bob", "outer_blank"),
        ("CN=#0303626F62", "not_a_string"),
    ],
)
def test_the_default_pattern_gives_no_user(subject: str, code: str) -> None:
    found = extract(DEFAULT, FORMAT, plain(page(subject)))
    assert found.username is None
    assert code in {refusal.code for refusal in found.refused}


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (r"CN=bob,OU=x\,CN=admin,O=Ex", "label_in_value"),
        ("CN=bob", "several_lines"),
        (r"CN=\C3\85se,O=Ex", "empty"),
        (r"CN=bob\C3\85,O=Ex", "cut_at_escape"),
    ],
)
def test_the_traps_of_the_appliance_pattern_give_no_user(subject: str, code: str) -> None:
    found = extract(APPLIANCE, FORMAT, plain(page(subject)))
    assert found.username is None
    assert code in {refusal.code for refusal in found.refused}


def test_the_appliance_pattern_gives_the_name_of_an_ordinary_subject() -> None:
    assert extract(APPLIANCE, FORMAT, plain(page("CN=bob,OU=eng,O=Ex,C=NO"))).username == "bob"


@pytest.mark.parametrize(
    ("given", "subject", "code"),
    [
        ("/CN=(?<u>\\w+)/", "CN=bob,CN=eve", "several_names"),
        ("/, CN=(?<u>[^,]*)/", r"O=Corp\, CN=admin", "label_in_value"),
        ("/(?<=CN=)(?<u>admin)/", r"CN=bob,O=x\,CN=admin", "label_in_value"),
        ("/CN=\\\\(?<u>\\w+)/", r"CN=\C3\85", "cut_escape"),
        ("/CN=(?<u>[^,\\n]+)/", r"CN=a\,b,O=x", "cut_escape"),
        ("/CN=(?:(?<u>eve)|(?<v>bob))/", "CN=bob", "group_unmatched"),
    ],
)
def test_a_capture_that_cannot_be_trusted_gives_no_user(given: str, subject: str, code: str) -> None:
    assert user(given, subject) is None
    assert code in codes(given, subject)


def test_the_same_name_twice_is_a_user() -> None:
    assert user("/(?:CN|UID)=(?<u>bob)/", "CN=bob,UID=bob") == "bob"


def test_a_backslash_outside_names_is_itself() -> None:
    after = "            X509v3 Subject Alternative Name: \n                email:adm\\69n@x\n"
    assert user("/email:(?<u>[^,\\n]+)/", "CN=bob", after=after) == "adm\\69n@x"


def test_a_capture_over_several_values_keeps_its_escapes() -> None:
    assert user("/Subject: (?<u>.*)/", r"CN=a\,OU=b,O=c") == r"CN=a\,OU=b,O=c"
