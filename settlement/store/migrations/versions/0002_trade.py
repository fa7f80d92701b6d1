"""The projection's tables of members, cash, orders and credit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002_trade"
down_revision = "0001_private"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _account_balance()
    _attestation()
    _committee()
    _committee_seat()
    _currency()
    _draw()
    _line()
    _line_version()
    _loan()
    _member()
    _member_key()
    _receivable()
    _repayment()
    _settlement()


def downgrade() -> None:
    op.drop_table("settlement")
    op.drop_table("repayment")
    op.drop_table("receivable")
    op.drop_table("member_key")
    op.drop_table("member")
    op.drop_table("loan")
    op.drop_table("line_version")
    op.drop_table("line")
    op.drop_table("draw")
    op.drop_table("currency")
    op.drop_table("committee_seat")
    op.drop_table("committee")
    op.drop_table("attestation")
    op.drop_table("account_balance")


def _ranges(table: str, *amounts: str) -> list[sa.CheckConstraint]:
    # Minor units: 0 up to, and without, 2^56.
    return [
        sa.CheckConstraint(
            f"{amount} >= 0 AND {amount} < 72057594037927936", name=f"ck_{table}_{amount}_range"
        )
        for amount in amounts
    ]


def _account_balance() -> None:
    op.create_table(
        "account_balance",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('member', 'order', 'pool')", name="ck_account_balance_kind"),
        *_ranges("account_balance", "balance_minor"),
        sa.PrimaryKeyConstraint("currency", "account", name="pk_account_balance"),
    )


def _attestation() -> None:
    op.create_table(
        "attestation",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("released_minor", sa.BigInteger(), nullable=False),
        sa.Column("duty_minor", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("declarations", sa.String(), nullable=False),
        sa.Column("messages", sa.String(), nullable=False),
        sa.Column("seat_bitmap", sa.Text(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        *_ranges("attestation", "duty_minor", "released_minor"),
        sa.PrimaryKeyConstraint("order", "seq", name="pk_attestation"),
    )


def _committee() -> None:
    op.create_table(
        "committee",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("treasury", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction", "version", name="pk_committee"),
    )


def _committee_seat() -> None:
    op.create_table(
        "committee_seat",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction", "version", "seat", name="pk_committee_seat"),
    )
    op.create_index("ix_committee_seat_key", "committee_seat", ["key"], unique=False)
    op.create_index("ix_committee_seat_member", "committee_seat", ["member"], unique=False)


def _currency() -> None:
    op.create_table(
        "currency",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("exponent", sa.BigInteger(), nullable=False),
        sa.Column("scale", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("currency", name="pk_currency"),
    )


def _draw() -> None:
    op.create_table(
        "draw",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        *_ranges("draw", "amount_minor", "fee_minor"),
        sa.PrimaryKeyConstraint("order", "index", name="pk_draw"),
    )


def _line() -> None:
    op.create_table(
        "line",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("funder", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("used_minor", sa.BigInteger(), nullable=False),
        sa.Column("order_cap_minor", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_ranges("line", "limit_minor", "order_cap_minor", "used_minor"),
        sa.PrimaryKeyConstraint("line", name="pk_line"),
    )
    op.create_index("ix_line_funder", "line", ["funder"], unique=False)


def _line_version() -> None:
    op.create_table(
        "line_version",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("order_cap_minor", sa.BigInteger(), nullable=False),
        sa.Column("rate_bps", sa.BigInteger(), nullable=False),
        sa.Column("late_bps", sa.BigInteger(), nullable=False),
        sa.Column("fee_bps", sa.BigInteger(), nullable=False),
        sa.Column("advance_accepted_bps", sa.BigInteger(), nullable=False),
        sa.Column("advance_shipped_bps", sa.BigInteger(), nullable=False),
        sa.Column("advance_released_bps", sa.BigInteger(), nullable=False),
        sa.Column("day_count", sa.BigInteger(), nullable=False),
        sa.Column("grace_days", sa.BigInteger(), nullable=False),
        sa.Column("recourse", sa.Boolean(), nullable=False),
        sa.Column("buyer_lanes", sa.BigInteger(), nullable=False),
        sa.Column("supplier_lanes", sa.BigInteger(), nullable=False),
        sa.Column("expiry_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        *_ranges("line_version", "limit_minor", "order_cap_minor"),
        sa.PrimaryKeyConstraint("line", "version", name="pk_line_version"),
    )


def _loan() -> None:
    op.create_table(
        "loan",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reserved_minor", sa.BigInteger(), nullable=False),
        sa.Column("principal_minor", sa.BigInteger(), nullable=False),
        sa.Column("accrued_millionths", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("draws", sa.BigInteger(), nullable=False),
        sa.Column("drawn_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("interest_paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("draws_closed", sa.Boolean(), nullable=False),
        sa.Column("repayments", sa.BigInteger(), nullable=False),
        *_ranges(
            "loan", "drawn_minor", "fee_minor", "interest_paid_minor", "principal_minor", "reserved_minor"
        ),
        sa.PrimaryKeyConstraint("order", name="pk_loan"),
    )
    op.create_index("ix_loan_line", "loan", ["line"], unique=False)


def _member() -> None:
    op.create_table(
        "member",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("jurisdiction", sa.BigInteger(), nullable=False),
        sa.Column("roles", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("valid_until_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", name="pk_member"),
        sa.UniqueConstraint("lei", name="uq_member_lei"),
    )
    op.create_index("ix_member_account", "member", ["account"], unique=False)


def _member_key() -> None:
    op.create_table(
        "member_key",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("scopes", sa.BigInteger(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        *_ranges("member_key", "limit_minor"),
        sa.PrimaryKeyConstraint("key", name="pk_member_key"),
    )
    op.create_index("ix_member_key_member", "member_key", ["member"], unique=False)


def _receivable_parties() -> list[sa.Column[Any]]:
    return [
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("buyer", sa.BigInteger(), nullable=False),
        sa.Column("supplier", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=False),
        sa.Column("settle_on", sa.BigInteger(), nullable=False),
        sa.Column("fund_by", sa.BigInteger(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
    ]


def _receivable() -> None:
    op.create_table(
        "receivable",
        *_receivable_parties(),
        sa.Column("tenor_days", sa.BigInteger(), nullable=False),
        sa.Column("late_bps", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expiry_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("face_minor", sa.BigInteger(), nullable=False),
        sa.Column("reduced_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("released_minor", sa.BigInteger(), nullable=False),
        sa.Column("duty_cap_minor", sa.BigInteger(), nullable=False),
        sa.Column("duty_paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("duty_demanded_minor", sa.BigInteger(), nullable=False),
        sa.Column("late_accrued", sa.Text(), nullable=False),
        sa.Column("late_since_at", sa.BigInteger(), nullable=False),
        sa.Column("lapsed", sa.Boolean(), nullable=False),
        sa.Column("draws_closed", sa.Boolean(), nullable=False),
        sa.Column("settlements", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("document_root", sa.String(), nullable=False),
        sa.Column("terms_hash", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        *_ranges(
            "receivable",
            "duty_cap_minor",
            "duty_demanded_minor",
            "duty_paid_minor",
            "face_minor",
            "paid_minor",
            "reduced_minor",
            "released_minor",
        ),
        sa.PrimaryKeyConstraint("order", name="pk_receivable"),
    )
    op.create_index("ix_receivable_buyer", "receivable", ["buyer"], unique=False)
    op.create_index("ix_receivable_holder", "receivable", ["holder"], unique=False)
    op.create_index("ix_receivable_jurisdiction", "receivable", ["jurisdiction"], unique=False)
    op.create_index("ix_receivable_line", "receivable", ["line"], unique=False)
    op.create_index("ix_receivable_supplier", "receivable", ["supplier"], unique=False)


def _repayment() -> None:
    op.create_table(
        "repayment",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.BigInteger(), nullable=False),
        sa.Column("interest_minor", sa.BigInteger(), nullable=False),
        sa.Column("principal_minor", sa.BigInteger(), nullable=False),
        sa.Column("repaid_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        *_ranges("repayment", "interest_minor", "principal_minor"),
        sa.PrimaryKeyConstraint("order", "n", name="pk_repayment"),
    )


def _settlement() -> None:
    op.create_table(
        "settlement",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("face_minor", sa.BigInteger(), nullable=False),
        sa.Column("late_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_funder_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_holder_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_customs_minor", sa.BigInteger(), nullable=False),
        sa.Column("buyer_debited_minor", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        *_ranges(
            "settlement",
            "buyer_debited_minor",
            "face_minor",
            "late_minor",
            "to_customs_minor",
            "to_funder_minor",
            "to_holder_minor",
        ),
        sa.PrimaryKeyConstraint("order", "number", name="pk_settlement"),
    )
