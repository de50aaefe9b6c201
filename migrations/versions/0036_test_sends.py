"""Test sends: the colleagues who receive them, and each message sent to try a text.

Revision ID: 0036
Revises: 0033
"""

from alembic import op
import sqlalchemy as sa


revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "trial_readers",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_trial_readers_added_by_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_trial_readers_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_trial_readers")),
    )
    op.create_table(
        "trial_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("gateway", sa.String(length=20), nullable=True),
        sa.Column("gateway_id", sa.String(length=64), nullable=True),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_trial_messages_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["users.id"], name=op.f("fk_trial_messages_reader_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["users.id"], name=op.f("fk_trial_messages_sent_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_messages")),
        sa.UniqueConstraint("public_id", name=op.f("uq_trial_messages_public_id")),
    )
    with op.batch_alter_table("trial_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trial_messages_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trial_messages_phone"), ["phone"], unique=False)
        batch_op.create_index("ix_trial_messages_state", ["state", "id"], unique=False)


def downgrade():
    with op.batch_alter_table("trial_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_trial_messages_state")
        batch_op.drop_index(batch_op.f("ix_trial_messages_phone"))
        batch_op.drop_index(batch_op.f("ix_trial_messages_campaign_id"))

    op.drop_table("trial_messages")
    op.drop_table("trial_readers")
