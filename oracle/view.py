"""One member's own view of an order: everything it received, folded, as the content it would sign. Pure.

Holds:  I-21 (the view is a function of the set of messages, so an honest member has one content for each seq).
"""

from __future__ import annotations

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
from settlement.errors import Conflict, HanseError
from settlement.ids import OrderId, id_text
from settlement.money import currency, minor_from_text


@dataclass(frozen=True)
class Received:
    """What an inbox holds, read: events and links that stand, and what could not be read, with the reason.

    Shapes: ``unreadable`` is (SHA-256, reason) pairs.
    """

    events: tuple[CustomsEvent, ...]
    links: tuple[DeclarationLink, ...]
    unreadable: tuple[tuple[str, str], ...]


def read_envelopes(envelopes: Iterable[Envelope]) -> Received:
    """Read everything; an item that cannot be read is kept aside and shown, never dropped in silence."""
    events: list[CustomsEvent] = []
    links: dict[str, DeclarationLink] = {}
    unreadable: list[tuple[str, str]] = []
    for envelope in envelopes:
        try:
            if envelope.kind == "wco":
                events.append(_placed(customs_event_from_wco(envelope.raw, envelope.received_at), envelope))
            elif envelope.kind == "link":
                link = read_link(envelope.raw)
                if links.setdefault(link.message_id, link).raw_sha256 != link.raw_sha256:
                    raise Conflict(
                        f"link {link.message_id} came with two contents; ask the authority which it sent"
                    )
        except HanseError as refused:
            unreadable.append((envelope.sha256, refused.message))
    return Received(tuple(events), tuple(links.values()), tuple(unreadable))


def _placed(event: CustomsEvent, envelope: Envelope) -> CustomsEvent:
    """On a test network the authority may place an old message in business time; its bytes keep their own date."""
    return event if envelope.placed_at is None else replace(event, issued_at=envelope.placed_at)


def basis_of(answer: Mapping[str, Any], links: Iterable[DeclarationLink]) -> OrderBasis:
    """The order's signed value with the declarations of its signed terms and of the authority's links.

    Raises: InputRefused when their shares exceed the face.
    Source: GET /v1/orders/{id}/basis.
    """
    lines = {line["position"]: line for line in answer["lines"]}
    declarations = {term["number"]: _scope(lines, term["lines"]) for term in answer["declarations"]}
    for link in links:
        declarations.setdefault(link.declaration, _scope(lines, link.lines))
    face = answer["face"]
    return OrderBasis(minor_from_text(face["value"]), currency(face["currency"]), declarations)


def _scope(lines: Mapping[int, Mapping[str, Any]], positions: Iterable[int]) -> DeclarationScope:
    chosen = [lines[position] for position in (sorted(positions) or sorted(lines)) if position in lines]
    items = tuple(
        ItemShare(sequence, minor_from_text(line["value"]["value"]), line["quantity"], line["unit"])
        for sequence, line in enumerate(chosen, start=1)
    )
    return DeclarationScope(sum(item.value_minor for item in items), items)


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

    Raises: Conflict when one message id came with two contents; InputRefused when shares exceed the face.
    """
    links = sorted((link for link in received.links if link.order == order), key=lambda link: link.message_id)
    basis = basis_of(basis_answer, links)
    state = fold(received.events, basis)
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
        "messages": keccak(state.messages_hash + b"".join(keccak(text=link.message_id) for link in links)),
        "eventAt": max([state.event_at, *(link.issued_at for link in links)]),
    }
    return OrderView(content, state)


def _declarations_hash(basis: OrderBasis) -> bytes:
    """Names every declaration with its share, so that k members agree on both (pre-lodged state)."""
    shares = sorted((number, scope.value_minor) for number, scope in basis.declarations.items())
    return keccak(b"".join(keccak(text=number) + share.to_bytes(8, "big") for number, share in shares))


def state_on_wire(content: Mapping[str, Any], deadline_at: int) -> dict[str, Any]:
    """A content as the API takes it in ``AttestationWish.state``."""
    words = {1: "accepted", 2: "shipped", 3: "released", 4: "cleared"}
    return {
        "order": id_text(content["order"]),
        "jurisdiction": content["jurisdiction"],
        "seq": content["seq"],
        "phase": words[content["phase"]],
        "hold": content["hold"],
        "refused": content["refused"],
        "released": str(content["released"]),
        "duty": str(content["duty"]),
        "declarations": "0x" + content["declarations"].hex(),
        "messages": "0x" + content["messages"].hex(),
        "event_at": content["eventAt"],
        "deadline_at": deadline_at,
    }
