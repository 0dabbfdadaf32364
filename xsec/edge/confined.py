"""The program of the confined child: octets in, octets out, no rights (rules.md SE-6).

It has dropped root, opens no file, reaches no network, starts no process, and ends after a few seconds of
work.  Run as `python -I -m xsec.edge.confined`; the request stands on stdin: four octets with the length of
the passphrase, the passphrase, the file.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import struct
import sys
from contextlib import suppress

from xsec.errors import XsecError
from xsec.pki import pkcs12
from xsec.secret import Secret

_SECONDS = 5
_MEMORY = 1 << 30  # octets; scrypt may take 256 MiB (rules.md, section 6)
_ANSWER = 16 << 20  # octets
_NOBODY = 65534
_NO_NEW_PRIVILEGES = 38  # prctl(2)
_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # landlock(7), the same number on every architecture
_FILE_RIGHTS, _NET_RIGHTS = (1 << 13) - 1, 3  # the rights of ABI 1, and bind and connect of ABI 4


def confine() -> None:
    """Give up every right that reading octets and computing does not need."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for attributes in (struct.pack("QQ", _FILE_RIGHTS, _NET_RIGHTS), struct.pack("Q", _FILE_RIGHTS)):
        ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
        if ruleset >= 0:  # else the kernel has none, or an older one
            libc.syscall(_RESTRICT_SELF, ruleset, 0)
            break
    if os.geteuid() == 0:
        with suppress(OSError):  # a container may forbid it; the other walls stand
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ANSWER, _ANSWER))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def answer(request: bytes) -> dict[str, object]:
    """What the file holds, or why it does not open."""
    (length,) = struct.unpack_from(">I", request)
    try:
        opened = pkcs12.load(request[4 + length :], Secret(request[4 : 4 + length]))
    except XsecError as error:
        return {"error": error.what}
    key = None if opened.key is None else base64.b64encode(opened.key.reveal()).decode()
    return {"key": key, "certificates": [base64.b64encode(der).decode() for der in opened.certificates]}


def main() -> None:
    """Answer one request."""
    request = sys.stdin.buffer.read()
    base64.b64encode(json.dumps({"": ""}).encode("ascii"))  # codecs load a file when they are first used
    confine()
    sys.stdout.write(json.dumps(answer(request)))


if __name__ == "__main__":
    main()
