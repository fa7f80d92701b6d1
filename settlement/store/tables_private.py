"""Private tables: backed up, never rebuilt from the chain. They hold chain ids by value.

Column conventions: ids and hashes are text (``0x`` and hex, or ``prefix_`` and a UUIDv7), times unix seconds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, LargeBinary, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from settlement.store.columns import (
    NAMING,
    amount,
    bound_amounts,
    document,
    long_text,
    maybe_text,
    maybe_whole,
    whole,
)

METADATA = MetaData(naming_convention=NAMING)


class PrivateTable(SQLModel, registry=registry(metadata=METADATA)):
    """Base of the private tables."""

    metadata = METADATA


class Client(PrivateTable, table=True):
    """Who may call the API: the hash of a high-entropy key, and the member it acts for (none: the operator)."""

    __tablename__ = "client"

    id: str = Field(primary_key=True)
    name: str
    member_id: int | None = maybe_whole(index=True)
    scopes: list[str] = document()
    key_hash: str = Field(unique=True)
    created_at: int = whole()


class Company(PrivateTable, table=True):
    """The name and LEI behind a member; the chain knows the LEI's hash only."""

    __tablename__ = "company"

    lei_hash: str = Field(primary_key=True)
    lei: str = Field(unique=True)
    name: str
    created_at: int = whole()


class IdempotencyKey(PrivateTable, table=True):
    """One keyed request: in flight while ``status`` is none, afterwards the answer to replay, byte for byte."""

    __tablename__ = "idempotency_key"

    client_id: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body_hash: str
    status: int | None = maybe_whole()
    response: str | None = maybe_text()
    headers: dict[str, str] | None = document(None)
    locked_until_at: int = whole()
    created_at: int = whole(index=True)


class Document(PrivateTable, table=True):
    """A document as received, stored by the SHA-256 of its bytes."""

    __tablename__ = "document"

    sha256: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)
    content_type: str
    received_at: int = whole()


class OrderDraft(PrivateTable, table=True):
    """An order before, and beside, its life on chain: normalised document, salts, and the terms to sign."""

    __tablename__ = "order_draft"

    order_id: str = Field(primary_key=True)
    created_by: str
    document_sha256: str = Field(foreign_key="document.sha256")
    normalised: dict[str, Any] = document()
    root: str
    salts: Any = document()
    number: str
    year: int = whole()
    buyer: int = whole(index=True)
    supplier: int = whole(index=True)
    currency: int = whole()
    face_minor: int = amount()
    jurisdiction: int = whole(index=True)
    terms: dict[str, Any] = document()
    terms_hash: str
    declarations: Any = document(None)
    act_id: str | None = Field(default=None)
    created_at: int = whole()


class Act(PrivateTable, table=True):
    """Something members sign: open, then signed by all, then submitted as an intent."""

    __tablename__ = "act"

    id: str = Field(primary_key=True)
    kind: str
    subject: str = Field(index=True)
    required: list[dict[str, Any]] = document()
    typed_data: Any = document()
    payload: dict[str, Any] = document()
    expires_at: int = whole()
    client_id: str
    state: str = Field(default="open")
    intent_id: str | None = Field(default=None)
    created_at: int = whole()


class ActSignature(PrivateTable, table=True):
    """One member's signature under an act, in one role."""

    __tablename__ = "act_signature"

    act_id: str = Field(primary_key=True, foreign_key="act.id")
    role: str = Field(primary_key=True)
    signature: str
    signer: str
    received_at: int = whole()


class Intent(PrivateTable, table=True):
    """A transaction that is wanted, without a nonce; it is about an effect (``effect_key``) on chain.

    ``occasion`` tells two intents of one kind and effect apart (an act's id, a due date), so that each is made once.
    """

    __tablename__ = "intent"
    __table_args__ = (
        UniqueConstraint("kind", "effect_key", "occasion"),
        Index("ix_intent_signer_state_id", "signer", "state", "id"),
    )

    id: str = Field(primary_key=True)
    signer: str
    kind: str
    to_address: str
    calldata: str = long_text()
    effect_key: str
    occasion: str = Field(default="")
    state: str = Field(default="queued")
    error: str | None = maybe_text()
    error_code: str | None = Field(default=None)
    client_id: str | None = Field(default=None)
    subject: str | None = Field(default=None, index=True)
    tx_hash: str | None = Field(default=None)
    block_number: int | None = maybe_whole()
    block_hash: str | None = Field(default=None)
    gas_used: int | None = maybe_whole()
    created_at: int = whole()


class Broadcast(PrivateTable, table=True):
    """One signed transaction of an intent: stored whole before it is sent, sent again as the same bytes."""

    __tablename__ = "broadcast"
    __table_args__ = (UniqueConstraint("signer", "nonce", "tx_hash"),)

    id: str = Field(primary_key=True)
    intent_id: str = Field(foreign_key="intent.id", index=True)
    signer: str
    nonce: int = whole()
    raw: str = long_text()
    tx_hash: str = Field(index=True)
    max_fee: int = whole()
    state: str = Field(default="signed")
    created_at: int = whole()


class SignerLease(PrivateTable, table=True):
    """Who may sign with a key now. ``fence`` grows with every new holder; ``next_nonce`` moves under it."""

    __tablename__ = "signer_lease"

    signer: str = Field(primary_key=True)
    holder: str
    fence: int = whole()
    expires_at: int = whole()
    next_nonce: int | None = maybe_whole()


class HandedAttestation(PrivateTable, table=True):
    """One committee member's signed state of an order, as handed in."""

    __tablename__ = "handed_attestation"
    __table_args__ = (Index("ix_handed_attestation_order_seq", "order", "seq"),)

    order: str = Field(primary_key=True)
    seq: int = whole(key=True)
    key: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    member: int = whole()
    jurisdiction: int = whole(index=True)
    content_hash: str
    message: dict[str, Any] = document()
    signature: str
    received_at: int = whole()


class NetworkIdentity(PrivateTable, table=True):
    """Which chain and deployment this database belongs to; one row, id 1."""

    __tablename__ = "network_identity"

    id: int = whole(key=True, default=1)
    chain_id: int = whole()
    genesis_hash: str
    deployment_block: int = whole()
    addresses: dict[str, Any] = document()
    created_at: int = whole()


class Cursor(PrivateTable, table=True):
    """How far a follower of the chain has come; moved by compare-and-set only."""

    __tablename__ = "cursor"

    name: str = Field(primary_key=True)
    block_number: int = whole()
    block_hash: str


class Retraction(PrivateTable, table=True):
    """An outbox row whose block the chain took back; consumers that saw it are told."""

    __tablename__ = "retraction"

    id: str = Field(primary_key=True)
    position: int = whole()
    order: str | None = Field(default=None, index=True)
    type: str
    body: Any = document()
    block_number: int = whole()
    block_hash: str


class Audit(PrivateTable, table=True):
    """One accepted request and its effect, written in the business commit."""

    __tablename__ = "audit"

    id: str = Field(primary_key=True)
    requested_at: int = whole()
    client: str
    method: str
    route: str
    body_hash: str
    effect: str


bound_amounts(METADATA)
