"""The projection's tables of cover, the outbox, and the follower's window."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_cover_and_window"
down_revision = "0002_trade"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _block()
    _cover_payout()
    _index_bucket()
    _observation()
    _observer_seat()
    _observer_set()
    _outbox()
    _policy()
    _pool()
    _undo()


def downgrade() -> None:
    op.drop_table("undo")
    op.drop_table("pool")
    op.drop_table("policy")
    op.drop_table("outbox")
    op.drop_table("observer_set")
    op.drop_table("observer_seat")
    op.drop_table("observation")
    op.drop_table("index_bucket")
    op.drop_table("cover_payout")
    op.drop_table("block")


def _ranges(table: str, *amounts: str) -> list[sa.CheckConstraint]:
    # Minor units: 0 up to, and without, 2^56.
    return [
        sa.CheckConstraint(
            f"{amount} >= 0 AND {amount} < 72057594037927936", name=f"ck_{table}_{amount}_range"
        )
        for amount in amounts
    ]


def _block() -> None:
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("parent_hash", sa.String(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_block"),
    )


def _cover_payout() -> None:
    op.create_table(
        "cover_payout",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("index_value", sa.Text(), nullable=False),
        sa.Column("payout_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_loss_payee_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_insured_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        *_ranges("cover_payout", "payout_minor", "to_insured_minor", "to_loss_payee_minor"),
        sa.PrimaryKeyConstraint("policy", name="pk_cover_payout"),
    )


def _index_bucket() -> None:
    op.create_table(
        "index_bucket",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("median", sa.Text(), nullable=False),
        sa.Column("observations", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_index_bucket"),
    )


def _observation() -> None:
    op.create_table(
        "observation",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("observer", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "version", "observer", name="pk_observation"),
    )


def _observer_seat() -> None:
    op.create_table(
        "observer_seat",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version", "seat", name="pk_observer_seat"),
    )


def _observer_set() -> None:
    op.create_table(
        "observer_set",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_observer_set"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order", sa.String(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("block_hash", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
    )
    op.create_index("ix_outbox_order_sequence", "outbox", ["order", "sequence"], unique=False)


def _policy() -> None:
    op.create_table(
        "policy",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("insurer", sa.BigInteger(), nullable=False),
        sa.Column("insured", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), nullable=False),
        sa.Column("sum_minor", sa.BigInteger(), nullable=False),
        sa.Column("premium_minor", sa.BigInteger(), nullable=False),
        sa.Column("payout_minor", sa.BigInteger(), nullable=False),
        sa.Column("peril", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("first_day", sa.BigInteger(), nullable=False),
        sa.Column("last_day", sa.BigInteger(), nullable=False),
        sa.Column("attach", sa.Text(), nullable=False),
        sa.Column("exhaust", sa.Text(), nullable=False),
        sa.Column("waiting_days", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("bought_at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("terms_hash", sa.String(), nullable=False),
        *_ranges("policy", "payout_minor", "premium_minor", "sum_minor"),
        sa.PrimaryKeyConstraint("policy", name="pk_policy"),
    )
    op.create_index("ix_policy_insured", "policy", ["insured"], unique=False)
    op.create_index("ix_policy_insurer", "policy", ["insurer"], unique=False)
    op.create_index("ix_policy_order", "policy", ["order"], unique=False)


def _pool() -> None:
    op.create_table(
        "pool",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("insurer", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), nullable=False),
        sa.Column("capital_minor", sa.BigInteger(), nullable=False),
        sa.Column("locked_minor", sa.BigInteger(), nullable=False),
        *_ranges("pool", "capital_minor", "locked_minor"),
        sa.PrimaryKeyConstraint("pool", name="pk_pool"),
    )
    op.create_index("ix_pool_insurer", "pool", ["insurer"], unique=False)


def _undo() -> None:
    op.create_table(
        "undo",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("row_key", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("block_number", "n", name="pk_undo"),
    )
