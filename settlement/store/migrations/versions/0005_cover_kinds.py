"""How a policy pays, and what stands for a bucket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_cover_kinds"
down_revision = "0003_cover_and_window"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("policy") as table:
        table.add_column(sa.Column("kind", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("steps", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("no_data_bps", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("index_bucket") as table:
        table.add_column(sa.Column("state", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("policy") as table:
        for name in ("kind", "steps", "no_data_bps"):
            table.drop_column(name)
    with op.batch_alter_table("index_bucket") as table:
        table.drop_column("state")
