"""Until when statements have named an employer's handler, and the number: what only repeats is a word as well.

Of earlier statements nobody knows which of them repeated the handler; the next one tells.

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

COLUMNS = ("handler_named_on", "handler_number_on")


def upgrade():
    for name in COLUMNS:
        op.add_column("employers", sa.Column(name, sa.Date(), nullable=True))


def downgrade():
    for name in reversed(COLUMNS):
        op.drop_column("employers", name)
