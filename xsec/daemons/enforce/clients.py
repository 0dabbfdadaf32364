"""Clients of the operator's own, with whom a live daemon is proven."""

from __future__ import annotations

from xsec.daemons.enforce.prove import ClientProof
from xsec.errors import InvalidValue
from xsec.pki import container, describe, keys, pem
from xsec.secret import Secret
from xsec.tls.handshake import Holder

MAXIMUM_OCTETS = 1 << 20


def proof(data: bytes, name: str, *, accepted: bool) -> ClientProof:
    """The proof with the client of a file: its certificate first or alone with the key, then its chain.

    `InvalidValue` where the file holds no certificate, not one key, or a key of another certificate.
    """
    held = container.read(data, name)
    if len(held.keys) != 1:
        raise InvalidValue(
            f"the file holds {len(held.keys)} private keys", where=name, allowed="a certificate and its key"
        )
    key = keys.load_private(held.keys[0].data, where=held.keys[0].where)
    wanted = keys.public_key_digest(key.public_key())
    ders = [found.der for found in held.certificates]
    mine = [der for der in ders if keys.public_key_digest(describe.public_key(describe.load(der))) == wanted]
    if not mine:
        raise InvalidValue("no certificate in the file belongs to its key", where=name)
    chain = b"".join(pem.write("CERTIFICATE", der) for der in dict.fromkeys((mine[0], *ders)))
    held_by = Holder(certificate=chain, key=Secret(pem.write("PRIVATE KEY", keys.to_pkcs8(key).reveal())))
    return ClientProof(name=name, accepted=accepted, holder=held_by, rehearsed=True)
