"""Whom a campaign passes over: unconfirmed numbers, who is held out, employers left out by hand.

What campaigns cost is kept with them, as it decides who may approve.

Revision ID: 0024
Revises: 0021
Create Date: 2026-11-22 14:51:58.623034

"""

from alembic import op
import sqlalchemy as sa


revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audience_removals",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("removed_by_id", sa.Integer(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_audience_removals_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_audience_removals_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["removed_by_id"], ["users.id"], name=op.f("fk_audience_removals_removed_by_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "employer_id", name=op.f("pk_audience_removals")),
    )
    op.add_column(
        "campaigns", sa.Column("verified_only", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("campaigns", sa.Column("hold_out", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("campaigns", sa.Column("segments", sa.Integer(), nullable=False, server_default="0"))


def downgrade():
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_column("segments")
        batch_op.drop_column("hold_out")
        batch_op.drop_column("verified_only")

    op.drop_table("audience_removals")
