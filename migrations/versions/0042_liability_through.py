"""Through which month a debtor is paid when what a successor answers for is paid, so that statements can tell. Of what
was agreed before nobody knows; it stays as people recorded it.

Revision ID: 0042
"""

from alembic import op
import sqlalchemy as sa


revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("liabilities", sa.Column("through", sa.Integer(), nullable=True))


def downgrade():
    op.drop_column("liabilities", "through")
