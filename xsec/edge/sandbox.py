"""Work on formats with a history of hangs, in a confined child; its death means "refused" (SE-6)."""

from __future__ import annotations

import base64
import json
import struct
import sys
from datetime import timedelta

from xsec.errors import InvalidValue, Unavailable
from xsec.pki.pkcs12 import Opened
from xsec.ports import Runner
from xsec.secret import Secret

_PATIENCE = timedelta(seconds=20)


def open_pkcs12(runner: Runner, data: bytes, password: Secret) -> Opened:
    """What a PKCS#12 file holds; `InvalidValue` when it does not open or takes too much to open."""
    request = struct.pack(">I", len(password)) + password.reveal() + data
    too_much = InvalidValue(
        "the PKCS#12 file takes more time or memory to open than is allowed",
        allowed="5 seconds, 1 GiB",
        remedy="openssl pkcs12 -in FILE -nodes | openssl pkcs12 -export -out NEW",
    )
    try:
        done = runner.run(
            [sys.executable, "-I", "-m", "xsec.edge.confined"], stdin=request, timeout=_PATIENCE
        )
    except Unavailable:
        raise too_much from None
    if done.status != 0:
        raise too_much
    told = json.loads(done.stdout)
    if "error" in told:
        raise InvalidValue(told["error"])
    key = None if told["key"] is None else Secret(base64.b64decode(told["key"]))
    return Opened(key=key, certificates=tuple(base64.b64decode(text) for text in told["certificates"]))
