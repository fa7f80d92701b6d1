"""A trade of real documents: the order's parties are enrolled, its currency listed, and its customs messages played.

The messages keep their order and gaps; the first one is placed some days after acceptance. Their own dates stay in their
bytes as evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hanse.actors import COMPANIES, UNITED_KINGDOM, Cast, Company
from hanse.demo.play import conclude
from hanse.demo.report import order_report
from hanse.demo.stage import Stage
from hanse.demo.steps import accept_order, draw, order_terms
from hanse.network import ensure_demo_cash, ensure_lines
from hanse.tree import Tree
from oracle.link import write_link
from settlement.days import DAY_S
from settlement.documents.customs.basis import whole_order
from settlement.documents.customs.course import reading_order
from settlement.documents.customs.event import CustomsEvent, Kind
from settlement.documents.customs.fold import CustomsState, fold
from settlement.documents.customs.wco_declaration import read_wco
from settlement.documents.customs.wco_writer import wco_notification
from settlement.documents.detect import read_order
from settlement.documents.order import Order, Party
from settlement.documents.party_lei import lei_of
from settlement.errors import DocumentRefused, HanseError, InputRefused
from settlement.wire.model import instant_from_text
from settlement.wire.trade import OrderTerms

T = TypeVar("T")

_DOCUMENT_ENDINGS = {".xml": "application/xml", ".json": "application/json"}
_LONGEST_NAME = 200
_SERIAL_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class RealMessage:
    """One notification as received, and what it says."""

    raw: bytes
    event: CustomsEvent


@dataclass(frozen=True)
class RealTrade:
    """An order's bytes and its customs messages in the order of issue."""

    order: Order
    raw: bytes
    content_type: str
    messages: tuple[RealMessage, ...]
    voyage_days: int
    cast: Cast


def read_real_trade(
    order_file: Path | None, customs_folder: Path | None, voyage_days: int
) -> RealTrade | None:
    """Read what ``--order`` and ``--customs`` name, before anything is started; None when neither is given.

    Raises: InputRefused, DocumentRefused naming the file, the field and the reason.
    """
    if order_file is None:
        if customs_folder is not None:
            raise InputRefused("--customs needs the order that it clears; add --order FILE", field="--order")
        return None
    raw = _bytes_of(order_file)
    content_type = _DOCUMENT_ENDINGS.get(order_file.suffix.lower(), "application/xml")
    order = _named(order_file, partial(read_order, raw))
    messages = () if customs_folder is None else _messages(customs_folder)
    cast = _named(order_file, partial(_cast, order))
    return RealTrade(order, raw, content_type, messages, voyage_days, cast)


def play_real_trade(tree: Tree, trade: RealTrade) -> dict[str, Any]:
    """Play it.

    Returns the object that ``--json`` prints.
    """
    stage, face = tree.stage, trade.order.face_minor
    code = trade.order.currency.code
    stage.timeline.title(
        f"Order {trade.order.number}: {trade.order.buyer.name} buys of {trade.order.supplier.name}"
    )
    ensure_lines(stage, {code: face})
    ensure_demo_cash(stage, {("buyer", code): face})
    order = accept_order(stage, _send(stage, trade))
    draw(stage, order)
    accepted_at = instant_from_text(stage.order(order["id"])["accepted_at"])
    first_at = accepted_at + trade.voyage_days * DAY_S
    messages = trade.messages or _own_messages(order["id"], first_at)
    state = _play_messages(stage, trade, order["id"], messages, first_at)
    _await_state(stage, order["id"], state)
    return conclude(tree, [order_report(stage, order["id"])], [], [])


def _send(stage: Stage, trade: RealTrade) -> dict[str, Any]:
    clears = any(message.event.kind is Kind.CLEARED for message in trade.messages)
    terms = order_terms(
        stage, "clearance" if clears else "release", 0, stage.now() + (trade.voyage_days + 180) * DAY_S
    )
    order = stage.client("buyer").post_file(
        "/v1/orders", trade.raw, trade.content_type, OrderTerms.model_validate(terms).model_dump_json()
    )
    stage.tell("buyer", f"sends order {trade.order.number} as it is ({trade.order.source_format})")
    return order


def _play_messages(
    stage: Stage, trade: RealTrade, order: str, messages: tuple[RealMessage, ...], first_at: int
) -> CustomsState:
    """Deliver each message when its time comes.

    Returns the state that all of them fold into.
    """
    declaration = messages[0].event.declaration_number
    issued_first = messages[0].event.issued_at
    stage.advance_to(first_at)
    stage.customs.deliver("link", write_link(f"{declaration}-link", order, declaration, first_at - 1))
    for message in messages:
        placed_at = first_at + message.event.issued_at - issued_first
        stage.advance_to(placed_at + 1)
        stage.customs.deliver("wco", message.raw, placed_at=placed_at)
        stage.tell("customs", f"{message.event.kind} (code {message.event.raw_code}) for {declaration}")
    return fold((message.event for message in messages), whole_order(trade.order, declaration))


def _await_state(stage: Stage, order: str, state: CustomsState) -> None:
    """Wait until the committee's word is on chain and, where it pays, until it has paid."""
    # The authority's link counts as a message of its own.
    seen = stage.order_when(
        order,
        lambda one: one["seq"] == state.seq + 1 or one["phase"] in {"settled", "closed", "refused"},
        "the committee's word on all messages",
    )
    stage.tell(
        "committee", f"3 of 5 sign the whole state: {seen['phase']}{', on hold' if seen['hold'] else ''}"
    )


def _own_messages(order: str, at: int) -> tuple[RealMessage, ...]:
    """Acceptance and clearance, as this network's own customs would send them."""
    number = f"26GB{order[2:16].upper()}R"
    raws = [
        wco_notification(code, number, 1, f"{number}-{code}", at + step, authority="HMRC")
        for step, code in enumerate(("01", "09"))
    ]
    return tuple(_message(raw) for raw in raws)


def _messages(folder: Path) -> tuple[RealMessage, ...]:
    if not folder.is_dir():
        raise InputRefused(f"{folder} is not a folder of customs messages", field="--customs")
    found = []
    for path in sorted(folder.glob("*.xml")):
        raw = _bytes_of(path)
        read = _named(path, partial(read_wco, raw, 0))
        if isinstance(read, CustomsEvent):
            found.append(RealMessage(raw, read))
    if not found:
        raise InputRefused(f"{folder} holds no customs notification (*.xml)", field="--customs")
    declarations = {message.event.declaration_number for message in found}
    if len(declarations) > 1:
        raise InputRefused(
            f"{folder} speaks of {len(declarations)} declarations ({', '.join(sorted(declarations))}); "
            "their shares of the order are not known, give the folder of one",
            field="--customs",
        )
    # As the fold reads them: of one second, what informs comes before what releases, whatever the files are called. The
    # message that clears may close the order, and nothing is attested of a closed one.
    return tuple(sorted(found, key=lambda message: reading_order(message.event)))


def _message(raw: bytes) -> RealMessage:
    event = read_wco(raw, 0)
    if not isinstance(event, CustomsEvent):
        raise DocumentRefused("a notification was expected", field="/")
    return RealMessage(raw, event)


def _cast(order: Order) -> Cast:
    """The demo's companies with the order's own buyer and supplier."""
    parties = {"buyer": _company("buyer", order.buyer), "supplier": _company("supplier", order.supplier)}
    companies = tuple(parties.get(company.actor, company) for company in COMPANIES)
    return Cast(companies, (order.currency.code,))


def _company(actor: str, party: Party) -> Company:
    """The party as it is enrolled: by its LEI where the order has one, else by a fictitious one made of its names."""
    if len(party.name) > _LONGEST_NAME:
        raise DocumentRefused(f"{actor}: the name has more than {_LONGEST_NAME} characters", field=actor)
    lei = lei_of(actor, party)
    if lei is not None:
        return Company(actor, party.name, lei[:18], UNITED_KINGDOM, (actor,))
    seed = int.from_bytes(hashlib.sha256(repr((party.name, party.identifiers)).encode()).digest()[:8], "big")
    tail = ""
    for _ in range(10):
        seed, digit = divmod(seed, len(_SERIAL_LETTERS))
        tail += _SERIAL_LETTERS[digit]
    return Company(actor, party.name, f"HANSEDEM{tail}", UNITED_KINGDOM, (actor,))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise InputRefused(f"{path} cannot be read: {trouble.strerror}", field=path.name) from trouble


def _named(path: Path, read: Callable[[], T]) -> T:
    """Put the file's name before the reason."""
    try:
        return read()
    except HanseError as refused:
        raise DocumentRefused(f"{path.name}: {refused.message}", field=refused.field) from refused
