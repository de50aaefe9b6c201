"""What the reader of a letter did on its page: opened, confirmed, asked for help, took the document along.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

COLUMNS = ("opened_at", "confirmed_at", "asked_at", "fetched_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("letters", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("letters", name)
