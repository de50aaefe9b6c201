"""Who sees few of many finds them by an index: one's own by the backup owner, too, and a branch's tasks by day.

Revision ID: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BACKED = sa.text("backup_owner_id IS NOT NULL")


def upgrade():
    op.create_index(
        "ix_employers_backup",
        "employers",
        ["backup_owner_id"],
        sqlite_where=BACKED,
        postgresql_where=BACKED,
    )
    op.create_index("ix_tasks_branch_state_due", "tasks", ["branch_id", "state", "due_on", "id"])


def downgrade():
    op.drop_index("ix_tasks_branch_state_due", "tasks")
    op.drop_index("ix_employers_backup", "employers")
