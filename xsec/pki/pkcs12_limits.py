"""What is read of a PKCS#12 file before anything in it is derived or trusted (RFC 7292; NA-4)."""

from __future__ import annotations

from xsec.errors import InvalidValue
from xsec.pki import der, keys

_SHROUDED_BAG = bytes.fromhex("2a864886f70d010c0a0102")
_KEY_BAG = bytes.fromhex("2a864886f70d010c0a0101")


def check(block: bytes, where: str) -> tuple[str, ...]:
    """Warnings about old ciphers; `InvalidValue` for what is unprotected, ambiguous or too slow."""
    try:
        parts = der.children(block, der.element(block, 0, len(block)))
        if len(parts) < 3:
            raise InvalidValue(
                "the PKCS#12 file has no MAC, so that nothing shows whether it is whole",
                where=where,
                remedy="openssl pkcs12 -export -in PLAIN.pem -out FILE",
            )
        mac = der.children(block, parts[2])
        counts = [der.integer(block, part) for part in mac if part.tag == der.INTEGER]
        bags = [
            pair[0]
            for _, pair in der.walk(block, 0, len(block))
            if pair and pair[0].tag == der.OID and der.content(block, pair[0]) in (_SHROUDED_BAG, _KEY_BAG)
        ]
    except der.NotDer as error:
        raise InvalidValue(f"the PKCS#12 file has {error}", where=where) from None
    keys.limit_iterations(counts[0] if counts else 1, where=where)
    if len(bags) > 1:
        raise InvalidValue(f"the PKCS#12 file holds {len(bags)} private keys", where=where, allowed="one key")
    legacy = keys.check_derivations(block, where=where)
    if not legacy:
        return ()
    return (f"{where}: {' and '.join(legacy)} protects this file no more; xsec seals the key anew",)
