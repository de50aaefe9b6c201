"""Who set a figure of the department: leaders read it beside the value and its day.

Revision ID: 0053
Revises: 0052
"""

from alembic import op
import sqlalchemy as sa

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("dated_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("by_name", sa.String(length=120), server_default="", nullable=False))


def downgrade():
    with op.batch_alter_table("dated_settings", schema=None) as batch_op:
        batch_op.drop_column("by_name")
