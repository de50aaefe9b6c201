"""A day may be one of leave: nobody is asked to close it, and tasks due on it are seen by the backup owner.

Until now such days stood as not closed; whoever leads may say afterwards which of them were leave. Going back,
days of leave that are still to come are dropped, those that have passed stand as not closed again.

Revision ID: 0062
Revises: 0061
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade():
    on_leave = sa.Column("on_leave", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("day_closings", on_leave)


def downgrade():
    op.execute("DELETE FROM day_closings WHERE on_leave AND closed_at IS NULL AND day > CURRENT_DATE")
    op.drop_column("day_closings", "on_leave")
