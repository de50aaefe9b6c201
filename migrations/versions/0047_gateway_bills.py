"""The lines of the gateway's bills, each with the message that it is for.

Revision ID: 0047
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_bill_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_gateway_bill_lines_branch_id")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_gateway_bill_lines_message_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_bill_lines")),
    )
    op.create_index("ix_gateway_bill_lines_branch", "gateway_bill_lines", ["branch_id", "period"])
    op.create_index("ix_gateway_bill_lines_key", "gateway_bill_lines", ["message_key", "period"])
    op.create_index("ix_gateway_bill_lines_message", "gateway_bill_lines", ["message_id"])


def downgrade() -> None:
    op.drop_table("gateway_bill_lines")
