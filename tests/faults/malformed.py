"""Files that are not what a command expects, each for a reason of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.faults.cases import START
from xsec.lab import pki

ESCAPE = b"\x1b[31m\x1b]0;owned\x07\x9b2J\x7f\r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """Well-formed files to begin from."""

    certificate: bytes
    key: bytes
    crl: bytes


@cache
def good() -> Good:
    root = pki.authority("Root", key=pki.seeded_key("root"), now=START)
    issued = root.issue(
        "host.example.com", sans=("host.example.com",), server=True, key=pki.seeded_key("host")
    )
    return Good(certificate=issued.der, key=pki.der(issued.key), crl=pki.der(root.crl((issued,))))


def armour(label: str, body: bytes) -> bytes:
    """A PEM block."""
    import base64

    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (
        label.encode(),
        base64.encodebytes(body),
        label.encode(),
    )


def nested(depth: int, body: bytes = b"\x05\x00") -> bytes:
    """Sequences within sequences."""
    for _ in range(depth):
        size = len(body)
        head = b"\x82" + size.to_bytes(2, "big") if size < 1 << 16 else b"\x84" + size.to_bytes(4, "big")
        body = b"\x30" + head + body
    return body


def blobs(kind: str) -> dict[str, bytes]:
    """Octets that are no `certificate`, `key` or `crl`."""
    whole = getattr(good(), kind)
    label = {"certificate": "CERTIFICATE", "key": "PRIVATE KEY", "crl": "X509 CRL"}[kind]
    pem = armour(label, whole)
    return {
        "empty": b"",
        "one octet": b"0",
        "blanks": b"  \n\n\t\n",
        "zeros": bytes(1 << 16),
        "garbage": random.Random(1).randbytes(1 << 16),  # noqa: S311  (the same each time)
        "escape codes": ESCAPE * 20,
        "text": b"this is no certificate\n",
        "html": b"<!DOCTYPE html><html><body>404</body></html>",
        "UTF-16": pem.decode().encode("utf-16"),
        "PEM cut": pem[: len(pem) // 2],
        "PEM without end": pem.rpartition(b"-----END")[0],
        "PEM without begin": pem.partition(b"\n")[2],
        "PEM not base64": armour(label, whole).replace(b"A", b"*"),
        "PEM empty": armour(label, b""),
        "PEM of garbage": armour(label, b"garbage"),
        "PEM of another": armour("OPENSSH PRIVATE KEY", b"openssh-key-v1\0"),
        "PEM with escape codes": armour("CERTI\x1b[31mFICATE", whole),
        "PEM one block bad": pem + armour(label, whole[:-9]) + pem,
        "PEM label differs": pem.replace(b"END", b"ENDE"),
        "DER cut": whole[:-1],
        "DER cut in the middle": whole[: len(whole) // 2],
        "DER with a tail": whole + b"tail",
        "DER endless": b"\x30\x80" + whole[4:],
        "DER huge length": b"\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xff" + whole[4:],
        "DER deep": nested(10_000),
        "DER deep in PEM": armour(label, nested(5_000)),
        "DER other": b"\x30\x03\x02\x01\x05",
        "large": b"A" * (20 << 20),
        "many blocks": pem[:60] * 50_000,
    }


def documents() -> dict[str, bytes]:
    """Texts that are no configuration document."""
    bomb = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c, c, *[c - 1] * 9) for c in b"bcdefghi"
    )
    return {
        "empty list": b"[]\n",
        "scalar": b"just text\n",
        "number": b"42\n",
        "bomb": bomb,
        "alias": b"settings: &a\n  x: *a\n",
        "anchor": b"settings: &a {}\n",
        "merge": b"settings:\n  <<: {a: b}\n",
        "tag": b"settings: !!python/object/apply:os.system ['id']\n",
        "binary tag": b"settings: !!binary aGVsbG8=\n",
        "duplicate key": b"settings:\n  Management:\n    Interface:\n      Port: 1\n      Port: 2\n",
        "spelled twice":
            b"settings:\n  Management: {Interface: {Port: 1}}\n  management: {interface: {port: 2}}\n",
        "deep": b"a: " + b"[" * 20_000,
        "deep mapping": b"".join(b" " * n + b"a:\n" for n in range(200)),
        "unclosed": b'settings: {"a\n',
        "tab": b"settings:\n\tManagement: 1\n",
        "two documents": b"settings: {}\n---\nsettings: {}\n",
        "control character": b"settings:\n  Management: \x07\n",
        "escape codes": b"settings:\n  " + b"\x1b[31mred: 1\n",
        "escaped escape": b'settings:\n  "\\e[31mred": 1\n',
        "NUL": b"settings: \0\n",
        "not UTF-8": b"settings: \xff\xfe\xfd\n",
        "lone surrogate": b'settings:\n  "\\ud800": 1\n',
        "bidi": "settings:\n  Man\u202eagement: 1\n".encode(),
        "unknown setting": b"settings:\n  Nothing:\n    Like: This\n",
        "unknown part": b"surprise: {}\n",
        "bad value": b"settings:\n  Management:\n    Interface:\n      Port: 99999999\n",
        "list for value": b"settings:\n  Management:\n    Interface:\n      Port: [1, 2]\n",
        "mapping for value": b"settings:\n  Management:\n    Interface:\n      Port: {a: b}\n",
        "value for group": b"settings:\n  Management: 1\n",
        "newline in value": b'settings:\n  SystemUnit:\n    Name: "a\\nb"\n',
        "null key": b"settings:\n  ~: 1\n  ? [a]\n  : b\n",
        "schema later": b"xsec:\n  schema: 99\n",
        "schema no number": b"xsec:\n  schema: many\n",
        "generation negative": b"xsec:\n  generation: -1\n",
        "time no time": b"xsec:\n  time: yesterday\n",
        "trust no list": b"trust: 7\n",
        "trust unknown object": b"trust:\n  - certificate: " + b"0" * 64 + b"\n",
        "certificates garbage": b"certificates:\n  server: {certificate: ../../etc/passwd}\n",
        "crl garbage": b"crl: {a: [b, {c: d}]}\n",
        "4 MiB": b"settings:\n" + b"# " + b"x" * (4 << 20) + b"\n",
        "many nodes": b"a: [" + b"1," * 200_000 + b"]\n",
        "sealed of nowhere":
            b"settings: {Login: {Remote: {LDAP: {VCS: {BindPassword: 'sealed:../../etc/shadow'}}}}}\n",
    }  # fmt: skip


def dumps() -> dict[str, bytes]:
    """Texts that are no dump of settings."""
    return {
        "garbage": random.Random(2).randbytes(4096),  # noqa: S311  (the same each time)
        "no value": b"*c xConfiguration Management Interface Port\n",
        "open quote": b'*c xConfiguration Management Interface Port: "8443\n',
        "bad value": b'*c xConfiguration Management Interface Port: "many"\n',
        "NUL": b'*c xConfiguration Management Interface Port: "84\x0043"\n',
        "not UTF-8": b'*c xConfiguration Management Interface Port: "\xff\xfe"\n',
        "long line": b"*c xConfiguration " + b"A" * (5 << 20) + b"\n",
        "query": b"*c xConfiguration ?\n",
    }  # fmt: skip


PATTERNS = {
    "open group": "(?<name>",
    "open class": "/Subject:[/",
    "bad escape": "/\\p{Nope}/",
    "no group": "/Subject:.*/",
    "two groups alike": "/(?<name>a)(?<name>b)/",
    "nothing to repeat": "/*a/",
    "bad flags": "/(?<name>a)/qqq",
    "not ended": "/(?<name>a)",
    "code": "/(?{print 1})/",
    "callout": "/(?C1)(?<name>a)/",
    "recursion": "/(?R)(?<name>a)/",
    "deep": "(" * 5000 + "a" + ")" * 5000,
    "long": "/(?<name>" + "a" * 100_000 + ")/",
    "escape codes": "/\x1b[31m(/",
    "newline": "/(?<name>a\n(/",
    "empty": "",
    "repeat": "/(?<name>a{99999999})/",
}
CIPHERS = {
    "nothing like it": "NOTHING-LIKE-IT",
    "empty result": "ALL:!ALL",
    "control": "HIGH:\x1b[31m",
    "newline": "HIGH\nssl_ciphers ALL",
    "semicolon": "HIGH; include /etc/passwd",
    "quote": 'HIGH"',
    "brace": "HIGH}",
    "non-ASCII": "HIGH:\u202eHGIH",
    "long": "HIGH:" * 10_000,
    "command": "@NOSUCHCOMMAND",
    "level": "HIGH:@SECLEVEL=99",
    "blank": " ",
    "option": "-cipher",
    "NUL-like": "HIGH\\0",
}
NAMES = (
    "missing.pem",
    "folder",
    "line\nbreak.pem",
    "\x1b[31mred.pem",
    "\u202etxt.pem",
    "a" * 300,
    "",
    "../" * 2000 + "x",
    "\udcff\udcfe.pem",
)


def mutants(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """The octets with a few of them changed, cut, doubled or filled."""
    dice = random.Random(seed)  # noqa: S311  (the same each time)
    for _ in range(count):
        made = bytearray(data)
        for _ in range(dice.choice((1, 1, 1, 2, 8))):
            at = dice.randrange(len(made))
            match dice.randrange(4):
                case 0:
                    made[at] ^= 1 << dice.randrange(8)
                case 1:
                    made[at] = dice.choice((0, 0x7F, 0x80, 0xFF, 0x30, 0x1B))
                case 2:
                    del made[at : at + dice.randrange(1, 9)]
                case _:
                    made[at:at] = made[at : at + dice.randrange(1, 40)]
            if not made:
                made = bytearray(b"0")
        yield bytes(made)
