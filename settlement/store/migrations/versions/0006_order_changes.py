"""What changes an order after its acceptance: disputes, amendments, the arrival."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_order_changes"
down_revision = "0005_cover_kinds"
branch_labels = None
depends_on = None

COUNTS = ("dispute_until_at", "disputes", "amendments", "arbiter", "arrived_at")


def upgrade() -> None:
    with op.batch_alter_table("receivable") as table:
        table.add_column(sa.Column("disputed_minor", sa.BigInteger(), nullable=False, server_default="0"))
        for name in COUNTS:
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        # Minor units: 0 up to, and without, 2^56.
        table.create_check_constraint(
            "ck_receivable_disputed_minor_range",
            "disputed_minor >= 0 AND disputed_minor < 72057594037927936",
        )


def downgrade() -> None:
    with op.batch_alter_table("receivable") as table:
        table.drop_constraint("ck_receivable_disputed_minor_range", type_="check")
        table.drop_column("disputed_minor")
        for name in COUNTS:
            table.drop_column(name)
