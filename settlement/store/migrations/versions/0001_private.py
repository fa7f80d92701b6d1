"""Private tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_private"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _act()
    _audit()
    _client()
    _company()
    _cursor()
    _document()
    _handed_attestation()
    _idempotency_key()
    _intent()
    _network_identity()
    _retraction()
    _signer_lease()
    _act_signature()
    _broadcast()
    _order_draft()


def downgrade() -> None:
    op.drop_table("order_draft")
    op.drop_table("broadcast")
    op.drop_table("act_signature")
    op.drop_table("signer_lease")
    op.drop_table("retraction")
    op.drop_table("network_identity")
    op.drop_table("intent")
    op.drop_table("idempotency_key")
    op.drop_table("handed_attestation")
    op.drop_table("document")
    op.drop_table("cursor")
    op.drop_table("company")
    op.drop_table("client")
    op.drop_table("audit")
    op.drop_table("act")


def _ranges(table: str, *amounts: str) -> list[sa.CheckConstraint]:
    # Minor units: 0 up to, and without, 2^56.
    return [
        sa.CheckConstraint(
            f"{amount} >= 0 AND {amount} < 72057594037927936", name=f"ck_{table}_{amount}_range"
        )
        for amount in amounts
    ]


def _act() -> None:
    op.create_table(
        "act",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("required", sa.JSON(), nullable=False),
        sa.Column("typed_data", sa.JSON(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("intent_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
    )
    op.create_index("ix_act_subject", "act", ["subject"], unique=False)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )


def _client() -> None:
    op.create_table(
        "client",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client"),
        sa.UniqueConstraint("key_hash", name="uq_client_key_hash"),
    )
    op.create_index("ix_client_member_id", "client", ["member_id"], unique=False)


def _company() -> None:
    op.create_table(
        "company",
        sa.Column("lei_hash", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lei_hash", name="pk_company"),
        sa.UniqueConstraint("lei", name="uq_company_lei"),
    )


def _cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursor"),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_document"),
    )


def _handed_attestation() -> None:
    op.create_table(
        "handed_attestation",
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order", "seq", "key", "digest", name="pk_handed_attestation"),
    )
    op.create_index(
        "ix_handed_attestation_jurisdiction", "handed_attestation", ["jurisdiction"], unique=False
    )
    op.create_index("ix_handed_attestation_order_seq", "handed_attestation", ["order", "seq"], unique=False)


def _idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("locked_until_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "route", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"], unique=False)


def _intent() -> None:
    op.create_table(
        "intent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("to_address", sa.String(), nullable=False),
        sa.Column("calldata", sa.Text(), nullable=False),
        sa.Column("effect_key", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("tx_hash", sa.String(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(), nullable=True),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intent"),
        sa.UniqueConstraint("kind", "effect_key", "occasion", name="uq_intent_kind_effect_key_occasion"),
    )
    op.create_index("ix_intent_signer_state_id", "intent", ["signer", "state", "id"], unique=False)
    op.create_index("ix_intent_subject", "intent", ["subject"], unique=False)


def _network_identity() -> None:
    op.create_table(
        "network_identity",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("genesis_hash", sa.String(), nullable=False),
        sa.Column("deployment_block", sa.BigInteger(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_network_identity"),
    )


def _retraction() -> None:
    op.create_table(
        "retraction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retraction"),
    )
    op.create_index("ix_retraction_order", "retraction", ["order"], unique=False)


def _signer_lease() -> None:
    op.create_table(
        "signer_lease",
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("next_nonce", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("signer", name="pk_signer_lease"),
    )


def _act_signature() -> None:
    op.create_table(
        "act_signature",
        sa.Column("act_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_act_signature_act_id_act"),
        sa.PrimaryKeyConstraint("act_id", "role", name="pk_act_signature"),
    )


def _broadcast() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("intent_id", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        sa.Column("max_fee", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intent.id"], name="fk_broadcast_intent_id_intent"),
        sa.PrimaryKeyConstraint("id", name="pk_broadcast"),
        sa.UniqueConstraint("signer", "nonce", "tx_hash", name="uq_broadcast_signer_nonce_tx_hash"),
    )
    op.create_index("ix_broadcast_intent_id", "broadcast", ["intent_id"], unique=False)
    op.create_index("ix_broadcast_tx_hash", "broadcast", ["tx_hash"], unique=False)


def _order_draft() -> None:
    op.create_table(
        "order_draft",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("normalised", sa.JSON(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("salts", sa.JSON(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.BigInteger(), nullable=False),
        sa.Column("supplier", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), nullable=False),
        sa.Column("face_minor", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("terms_hash", sa.String(), nullable=False),
        sa.Column("declarations", sa.JSON(), nullable=True),
        sa.Column("act_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_sha256"], ["document.sha256"], name="fk_order_draft_document_sha256_document"
        ),
        *_ranges("order_draft", "face_minor"),
        sa.PrimaryKeyConstraint("order_id", name="pk_order_draft"),
    )
    op.create_index("ix_order_draft_buyer", "order_draft", ["buyer"], unique=False)
    op.create_index("ix_order_draft_jurisdiction", "order_draft", ["jurisdiction"], unique=False)
    op.create_index("ix_order_draft_supplier", "order_draft", ["supplier"], unique=False)
