"""Values in DER: identifiers, numbers, flags, bit strings and tagged fields; `NotDer` for anything else."""

from __future__ import annotations

from functools import lru_cache

from xsec.pki import der as structure
from xsec.pki.der import Element, NotDer

BOOLEAN = 0x01


@lru_cache(maxsize=4096)
def dotted(value: bytes) -> str:
    """An OID's content in dotted form (X.690, 8.19)."""
    if not value or value[-1] & 0x80:
        raise NotDer("no object identifier", 0)
    arcs, arc, fresh = [], 0, True
    for octet in value:
        if fresh and octet == 0x80:
            raise NotDer("an object identifier with padding", 0)
        arc, fresh = arc << 7 | octet & 0x7F, not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(number) for number in (first, arcs[0] - 40 * first, *arcs[1:]))


def oid(data: bytes, item: Element) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    expect(item, structure.OID)
    return dotted(structure.content(data, item))


def expect(item: Element, tag: int) -> None:
    """Refuse an element of another tag."""
    if item.tag != tag:
        raise NotDer(f"tag 0x{item.tag:02x} in the place of 0x{tag:02x}", item.start)


def boolean(data: bytes, item: Element) -> bool:
    """A BOOLEAN in the two forms that DER has (X.690, 11.1)."""
    expect(item, BOOLEAN)
    if structure.content(data, item) not in (b"\x00", b"\xff"):
        raise NotDer("a BOOLEAN that is neither 0x00 nor 0xFF", item.start)
    return data[item.content] == 0xFF


def whole(data: bytes, tag: int = structure.SEQUENCE) -> Element:
    """The one element that the value consists of."""
    found = structure.element(data, 0, len(data))
    expect(found, tag)
    if found.end != len(data):
        raise NotDer("octets after the value", found.end)
    return found


def natural(data: bytes, item: Element, tag: int = structure.INTEGER) -> int:
    """A non-negative INTEGER of any size."""
    value = structure.content(data, item)
    expect(item, tag)
    if not value or value[0] & 0x80 or (len(value) > 1 and value[0] == 0 and not value[1] & 0x80):
        raise NotDer("no non-negative integer", item.start)
    return int.from_bytes(value, "big")


def bits(data: bytes, item: Element, tag: int = structure.BIT_STRING) -> frozenset[int]:
    """The numbers of the bits that are set in a BIT STRING."""
    expect(item, tag)
    value = structure.content(data, item)
    if (
        not value
        or value[0] > 7
        or (len(value) == 1 and value[0])
        or (value[0] and value[-1] & ((1 << value[0]) - 1))
    ):
        raise NotDer("no bit string", item.start)
    return frozenset(
        8 * at + bit for at, octet in enumerate(value[1:]) for bit in range(8) if octet & (0x80 >> bit)
    )


def tagged(data: bytes, parent: Element, *tags: int) -> dict[int, Element]:
    """The context-tagged fields of a SEQUENCE, in order, each at most once, no others."""
    found: dict[int, Element] = {}
    left = list(tags)
    for item in structure.children(data, parent):
        if item.tag not in left:
            raise NotDer(f"tag 0x{item.tag:02x} is out of place", item.start)
        del left[: left.index(item.tag) + 1]
        found[item.tag] = item
    return found


def some(data: bytes) -> tuple[Element, ...]:
    """The elements of a SEQUENCE OF SEQUENCE that is not empty."""
    items = structure.children(data, whole(data))
    if not items or any(item.tag != structure.SEQUENCE or item.content == item.end for item in items):
        raise NotDer("no list of sequences", 0)
    return items


def flag(data: bytes, item: Element) -> bool:
    """A BOOLEAN under a tag of its own."""
    return boolean(data, item._replace(tag=BOOLEAN))
