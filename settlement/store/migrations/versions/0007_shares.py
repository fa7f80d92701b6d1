"""The projection's tables of shares and undertakings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_shares"
down_revision = "0006_order_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("face_minor", sa.BigInteger(), nullable=False),
        sa.Column("reduced_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("settlements", sa.BigInteger(), nullable=False),
        *_ranges("share", "face_minor", "paid_minor", "reduced_minor"),
        sa.PrimaryKeyConstraint("share", name="pk_share"),
    )
    op.create_index("ix_share_holder", "share", ["holder"], unique=False)
    op.create_index("ix_share_order", "share", ["order"], unique=False)
    op.create_table(
        "undertaking",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("guarantor", sa.BigInteger(), nullable=False),
        sa.Column("left_minor", sa.BigInteger(), nullable=False),
        sa.Column("claim_minor", sa.BigInteger(), nullable=False),
        sa.Column("expiry_at", sa.BigInteger(), nullable=False),
        *_ranges("undertaking", "claim_minor", "left_minor"),
        sa.PrimaryKeyConstraint("order", name="pk_undertaking"),
    )


def downgrade() -> None:
    op.drop_table("undertaking")
    op.drop_table("share")


def _ranges(table: str, *amounts: str) -> list[sa.CheckConstraint]:
    # Minor units: 0 up to, and without, 2^56.
    return [
        sa.CheckConstraint(
            f"{amount} >= 0 AND {amount} < 72057594037927936", name=f"ck_{table}_{amount}_range"
        )
        for amount in amounts
    ]
