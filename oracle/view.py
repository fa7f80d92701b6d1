"""One member's own view of an order: everything it received, folded, as the content it would sign. Pure.

Holds:  I-21 (the view is a function of the set of messages, so an honest member has one content for each seq).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.crypto import keccak

from oracle.inbox import Envelope
from oracle.link import DeclarationLink, read_link
from settlement.documents.customs.basis import DeclarationScope, ItemShare, OrderBasis
from settlement.documents.customs.event import CustomsEvent
from settlement.documents.customs.fold import CustomsState, fold
from settlement.documents.customs.wco import customs_event_from_wco
from settlement.errors import Conflict, HanseError, InputRefused
from settlement.ids import OrderId, id_text
from settlement.money import currency, minor_from_text
from settlement.wire.words import PHASE_WORDS


@dataclass(frozen=True)
class Item:
    """One envelope, read: an event, a link, or the reason why it is neither."""

    sha256: str
    event: CustomsEvent | None = None
    link: DeclarationLink | None = None
    reason: str = ""

    @property
    def declaration(self) -> str | None:
        """The number of the declaration that it speaks of."""
        if self.event is not None:
            return self.event.declaration_number
        return None if self.link is None else self.link.declaration


@dataclass(frozen=True)
class Received:
    """What an inbox holds, read. A function of the set of envelopes: neither order nor repeats matter.

    ``disputed`` are orders named under one link id with two contents.

    Shapes: ``unreadable`` is (SHA-256, reason) pairs.
    """

    events: tuple[CustomsEvent, ...]
    links: tuple[DeclarationLink, ...]
    disputed: frozenset[OrderId]
    unreadable: tuple[tuple[str, str], ...]


def read_item(envelope: Envelope) -> Item:
    """Read one envelope; what cannot be read is kept and shown with the reason, never dropped in silence."""
    try:
        if envelope.kind == "wco":
            event = _placed(customs_event_from_wco(envelope.raw, envelope.received_at), envelope)
            return Item(envelope.sha256, event=event)
        if envelope.kind == "link":
            return Item(envelope.sha256, link=read_link(envelope.raw))
    except HanseError as refused:
        return Item(envelope.sha256, reason=refused.message)
    return Item(envelope.sha256, reason=f"{envelope.kind} is no message of customs")


def received_of(items: Iterable[Item]) -> Received:
    """Everything that was read so far, put together."""
    kept = list(items)
    links = sorted(
        {one.link.raw_sha256: one.link for one in kept if one.link is not None}.values(),
        key=lambda link: (link.issued_at, link.message_id, link.raw_sha256),
    )
    uses = Counter(link.message_id for link in links)
    return Received(
        events=tuple(one.event for one in kept if one.event is not None),
        links=tuple(links),
        disputed=frozenset(link.order for link in links if uses[link.message_id] > 1),
        unreadable=tuple((one.sha256, one.reason) for one in kept if one.reason),
    )


def read_envelopes(envelopes: Iterable[Envelope]) -> Received:
    """Read everything."""
    return received_of(read_item(envelope) for envelope in envelopes)


def _placed(event: CustomsEvent, envelope: Envelope) -> CustomsEvent:
    """On a test network the authority may place an old message in business time; its bytes keep their own date."""
    return event if envelope.placed_at is None else replace(event, issued_at=envelope.placed_at)


def basis_of(answer: Mapping[str, Any], links: Iterable[DeclarationLink]) -> OrderBasis:
    """The order's signed value with the declarations of its signed terms and of the authority's links.

    A line belongs to the declaration that was named for it last: one that is lodged again under a new number takes its
    lines over (D14). The old one stays in the basis without them, so that its messages go on counting in ``seq``.

    ``links`` are in the order of their issue.

    Raises: InputRefused when one names a line that the order has not.
    Source: GET /v1/orders/{id}/basis.
    """
    lines = {line["position"]: line for line in answer["lines"]}
    named = [(term["number"], term["lines"]) for term in answer["declarations"]]
    named += [(link.declaration, link.lines) for link in links]
    # By declaration, the order's line of each of its goods items.
    goods: dict[str, dict[int, int]] = {}
    for number, positions in named:
        chosen = sorted(positions) or sorted(lines)
        unknown = [one for one in chosen if one not in lines]
        if unknown:
            raise InputRefused(
                f"declaration {number} names line {unknown[0]}; the order has {len(lines)}", field="lines"
            )
        for other in goods.values():
            for item in [item for item, position in other.items() if position in chosen]:
                del other[item]
        goods[number] = dict(enumerate(chosen, start=1))
    face = answer["face"]
    scopes = {number: _scope(lines, items) for number, items in goods.items()}
    return OrderBasis(minor_from_text(face["value"]), currency(face["currency"]), scopes)


def _scope(lines: Mapping[int, Mapping[str, Any]], items: Mapping[int, int]) -> DeclarationScope:
    shares = tuple(
        ItemShare(
            sequence,
            minor_from_text(lines[position]["value"]["value"]),
            lines[position]["quantity"],
            lines[position]["unit"],
        )
        for sequence, position in items.items()
    )
    return DeclarationScope(sum(share.value_minor for share in shares), shares)


@dataclass(frozen=True)
class OrderView:
    """The state a member holds of one order, ready to sign but for the deadline.

    ``content`` has the fields of the typed ``Attestation`` without ``deadline``.
    """

    content: Mapping[str, Any]
    state: CustomsState

    @property
    def seq(self) -> int:
        """Number of distinct authority messages behind this state; 0 when there is nothing to sign."""
        return int(self.content["seq"])

    @property
    def content_hash(self) -> str:
        """What a member promises never to change for this (order, seq)."""
        return keccak(repr(sorted(self.content.items())).encode()).hex()


def view_of(
    order: OrderId, jurisdiction: int, received: Received, basis_answer: Mapping[str, Any]
) -> OrderView:
    """Fold what was received into the content this member would sign for an order.

    Raises: Conflict when a message id that speaks for this order came with two contents; InputRefused when a
            declaration names a line that the order has not.
    """
    if order in received.disputed:
        raise Conflict(
            "a declaration link came with two contents; ask the authority which one it sent",
            code="message_conflict",
        )
    links = [link for link in received.links if link.order == order]
    basis = basis_of(basis_answer, links)
    # All that carries an id which speaks for this order, so that a second content is found whatever it names.
    own = {one.message_id for one in received.events if one.declaration_number in basis.declarations}
    state = fold((one for one in received.events if one.message_id in own), basis)
    content = {
        "order": order,
        "jurisdiction": jurisdiction,
        "seq": state.seq + len(links),
        "phase": int(state.phase),
        "hold": state.hold,
        "refused": state.refused,
        "released": state.released_value_minor,
        "duty": state.duty_minor,
        "declarations": _declarations_hash(basis),
        "messages": keccak(
            state.messages_hash
            + b"".join(keccak(text=one) for one in sorted(link.message_id for link in links))
        ),
        "eventAt": max([state.event_at, *(link.issued_at for link in links)]),
    }
    return OrderView(content, state)


def _declarations_hash(basis: OrderBasis) -> bytes:
    """Names every declaration with its share, so that k members agree on both (pre-lodged state)."""
    shares = sorted((number, scope.value_minor) for number, scope in basis.declarations.items())
    return keccak(b"".join(keccak(text=number) + share.to_bytes(8, "big") for number, share in shares))


def state_on_wire(content: Mapping[str, Any], deadline_at: int) -> dict[str, Any]:
    """A content as the API takes it in ``AttestationWish.state``."""
    return {
        "order": id_text(content["order"]),
        "jurisdiction": content["jurisdiction"],
        "seq": content["seq"],
        "phase": PHASE_WORDS[content["phase"]],
        "hold": content["hold"],
        "refused": content["refused"],
        "released": str(content["released"]),
        "duty": str(content["duty"]),
        "declarations": "0x" + content["declarations"].hex(),
        "messages": "0x" + content["messages"].hex(),
        "event_at": content["eventAt"],
        "deadline_at": deadline_at,
    }
