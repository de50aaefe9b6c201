"""A department enters its accounts at SMS providers, with sealed secrets and the texts filed there; a campaign
may wait for its time, and says since when failures count.

Revision ID: 0022
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "gateway_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column(
            "config",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("secret", sa.String(length=255), nullable=True),
        sa.Column("secret_index", sa.String(length=80), nullable=True),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("idempotent", sa.Boolean(), nullable=False),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_accounts")),
        sa.UniqueConstraint("code", name=op.f("uq_gateway_accounts_code")),
    )
    op.create_table(
        "gateway_filed_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["gateway_accounts.id"],
            name=op.f("fk_gateway_filed_texts_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_filed_texts")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_gateway_filed_texts_account_id_number")),
    )
    op.add_column("campaigns", sa.Column("send_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaigns", sa.Column("send_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaigns", 
            sa.Column("working_days_only", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column("campaigns", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    op.drop_column("campaigns", "resumed_at")
    op.drop_column("campaigns", "working_days_only")
    op.drop_column("campaigns", "send_until")
    op.drop_column("campaigns", "send_from")

    op.drop_table("gateway_filed_texts")
    op.drop_table("gateway_accounts")
