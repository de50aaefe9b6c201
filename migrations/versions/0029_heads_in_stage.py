"""The index of a branch's stages also knows the heads: a stage with so many heads is counted within it.

Revision ID: 0029
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_employers_branch_stage", "employers"


def upgrade():
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["branch_id", "stage", "heads", "id"])


def downgrade():
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["branch_id", "stage", "id"])
