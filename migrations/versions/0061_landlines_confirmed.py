"""Until when statements have given the landline of an employer's handler: what only repeats is a word as well.

Of earlier statements nobody knows which of them repeated it; the next one tells.

Revision ID: 0061
Revises: 0060
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("employers", sa.Column("handler_landline_on", sa.Date(), nullable=True))


def downgrade():
    op.drop_column("employers", "handler_landline_on")
