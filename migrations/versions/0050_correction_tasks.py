"""Tasks to check a correction name its process, so that they lead to its page and end with what is decided there.

Revision ID: 0050
Revises: 0049
"""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE tasks SET source_type = 'correction' WHERE source_type = 'notice_correction'")


def downgrade():
    op.execute("UPDATE tasks SET source_type = 'notice_correction' WHERE source_type = 'correction'")
