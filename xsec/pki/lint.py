"""What a user name pattern does on texts that are made to mislead it (NA-2; appliance-facts 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xsec.pki.extract import Extraction, extract
from xsec.pki.pattern import APPLIANCE_PATTERN, Compiled, Exploded, Match, Pieces, template_pieces
from xsec.pki.text import SafeText, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A trap that the pattern falls into; `example` is the subject that shows it."""

    code: str
    text: str
    example: str


_BODY = """\
Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number: 4660 (0x1234)
        Signature Algorithm: ecdsa-with-SHA256
        Issuer: CN=issuing-ca,O=Corp
        Validity
            Not Before: Nov 24 12:00:00 2026 GMT
            Not After : Nov 24 12:00:00 2027 GMT
        Subject: {subject}
        Subject Public Key Info:
            Public Key Algorithm: id-ecPublicKey
                Public-Key: (256 bit)
                pub:
                    04:cd:00:de:e1:3e:c2:cc:f5:f3:3d:37:9e:e2:b7
        X509v3 extensions:
            X509v3 Key Usage: critical
                Digital Signature
            X509v3 Subject Alternative Name: {critical}
                {names}
            Netscape Comment: {critical}
                {comment}
    Signature Algorithm: ecdsa-with-SHA256
"""
_NAMES = "othername: UPN::bob@corp.example, email:bob@corp.example, DNS:bob.corp.example"
_COMMENT = "issued to Subject: CN=admin, email:admin@corp.example"


def _page(subject: str, *, names: str = _NAMES, comment: str = "a certificate") -> SafeText:
    body = _BODY.format(subject=subject, names=names, comment=comment, critical="")
    return plain(body.encode())


def lint(pattern: Compiled, template: str) -> tuple[Warned, ...]:
    """The traps, most dangerous first; none for a pattern that is fit for use."""
    names = [name for name, is_group in template_pieces(template) if is_group]
    probe = _Probe(pattern, template_pieces(template), names)
    found = tuple(warned for trap in _TRAPS for warned in trap(probe))
    if probe.exploded:
        return (Warned(code="explodes", text=f"{probe.exploded}, and gives no user then", example="CN=bob"),)
    return found


class _Probe:
    def __init__(self, pattern: Compiled, pieces: Pieces, names: list[str]) -> None:
        self.pattern = pattern
        self.pieces = pieces
        self.names = names
        self.exploded = ""

    def extract(self, text: SafeText) -> Extraction:
        if not self.matches(text):
            return Extraction()
        return extract(self.pattern, self.pieces, text)

    def matches(self, text: SafeText) -> tuple[Match, ...]:
        """The matches; none once the pattern has exploded, so that it does so only once."""
        if self.exploded:
            return ()
        try:
            return self.pattern.matches(text.text)
        except Exploded as error:
            self.exploded = error.what
            return ()

    def captures(self, text: SafeText) -> Iterator[tuple[int, int]]:
        for match in self.matches(text):
            yield from (match.groups[name] for name in self.names if match.groups.get(name, (-1, -1))[0] >= 0)

    def codes(self, text: SafeText) -> set[str]:
        return {refusal.code for refusal in self.extract(text).refused}


Trap = Callable[[_Probe], Iterator[Warned]]


def _separator(probe: _Probe) -> Iterator[Warned]:
    for subject in (r"CN=bob,OU=x\,CN=admin,O=Corp", r"OU=x\,CN=admin,O=Corp", r"OU=x\, CN=admin,O=Corp"):
        if "label_in_value" in probe.codes(_page(subject)):
            yield Warned(
                code="crosses_separator",
                text=r"it takes a label within a value (after an escaped \,) for a field: this is refused",
                example=subject,
            )
            return


def _outside(probe: _Probe) -> Iterator[Warned]:
    page = _page("O=Corp", names="DNS:host.corp.example", comment=_COMMENT)
    lines = page.text.split("\n")
    for start, _ in probe.captures(page):
        number = page.text.count("\n", 0, start)
        if lines[number].lstrip().startswith(("Subject:", "DNS:")):
            continue
        yield Warned(
            code="outside_subject",
            text="it can match outside the Subject and the alternative names: begin it with ^\\s+",
            example=lines[number].strip(),
        )
        return


def _line_end(probe: _Probe) -> Iterator[Warned]:
    for subject in ("CN=bob", "CN=bob,O=Corp", "O=Corp,CN=bob"):
        page = _page(subject)
        if any("\n" in page.text[start:end] for start, end in probe.captures(page)):
            yield Warned(
                code="over_line_end",
                text="it runs over the end of the line: exclude \\n, as in [^,\\\\\\n]",
                example=subject,
            )
            return


def _blank(probe: _Probe) -> Iterator[Warned]:
    """The form with blanks after commas, which is what older texts and other name options print."""
    if any(probe.matches(_page(subject)) for subject in ("CN=bob,OU=eng,O=Corp", "O=Corp,CN=bob", "CN=bob")):
        return
    if probe.matches(_page("O=Corp, CN=bob")):
        yield Warned(
            code="needs_blank",
            text="it needs `, CN=` and never matches: RFC2253 text has no blank after the comma",
            example="CN=bob,O=Corp",
        )
    else:
        yield Warned(
            code="no_match",
            text="it matches none of the usual subjects and alternative names",
            example="CN=bob",
        )


def _escape(probe: _Probe) -> Iterator[Warned]:
    for subject, what in (
        (r"CN=Smith\, John,O=Corp", "a comma"),
        (r"CN=\C3\85se,O=Corp", "a letter beyond ASCII"),
    ):
        page = _page(subject)
        if probe.matches(page) and probe.codes(page) & {"cut_at_escape", "cut_escape", "empty", "not_utf8"}:
            yield Warned(
                code="cuts_escape",
                text=f"it cuts a name with {what} short: such a name is refused",
                example=subject,
            )


def _greedy(probe: _Probe) -> Iterator[Warned]:
    if ".*CN=" in probe.pattern.text or ".+CN=" in probe.pattern.text:
        yield Warned(
            code="greedy",
            text="its greedy .*CN= takes the last CN= of the line, wherever that stands",
            example=r"CN=bob,OU=x\,CN=admin",
        )


def _default(probe: _Probe) -> Iterator[Warned]:
    if probe.pattern.text == APPLIANCE_PATTERN:
        yield Warned(
            code="appliance_default",
            text="it is the appliance's own default, which has these traps; xsec's default has none",
            example="xsec certauth set --regex default",
        )


_TRAPS: tuple[Trap, ...] = (_separator, _outside, _line_end, _blank, _escape, _greedy, _default)
