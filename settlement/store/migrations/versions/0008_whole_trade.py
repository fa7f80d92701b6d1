"""Committed lines and what was lost on them, written-off loans, the grace of former committees."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_whole_trade"
down_revision = "0007_shares"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("line") as table:
        table.add_column(_flag("committed"))
        table.add_column(_number("lost_minor"))
        # Minor units: 0 up to, and without, 2^56.
        table.create_check_constraint(
            "ck_line_lost_minor_range", "lost_minor >= 0 AND lost_minor < 72057594037927936"
        )
    with op.batch_alter_table("line_version") as table:
        table.add_column(_flag("committed"))
        table.add_column(_number("commitment_bps"))
        table.add_column(_number("longest_days"))
    with op.batch_alter_table("loan") as table:
        table.add_column(_flag("written_off"))
    with op.batch_alter_table("committee") as table:
        table.add_column(_number("grace_until_at"))


def downgrade() -> None:
    with op.batch_alter_table("committee") as table:
        table.drop_column("grace_until_at")
    with op.batch_alter_table("loan") as table:
        table.drop_column("written_off")
    with op.batch_alter_table("line_version") as table:
        for name in ("committed", "commitment_bps", "longest_days"):
            table.drop_column(name)
    with op.batch_alter_table("line") as table:
        table.drop_constraint("ck_line_lost_minor_range", type_="check")
        for name in ("committed", "lost_minor"):
            table.drop_column(name)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
