"""The score of an employer's data is kept with it, so that lists need not reckon it for every row.

It is empty until the scheduler has reckoned it, within minutes of its start.

Revision ID: 0016
"""

from alembic import op
import sqlalchemy as sa

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("employers", sa.Column("data_quality", sa.Integer(), nullable=True))
    op.create_index("ix_employers_quality", "employers", ["data_quality", "id"])


def downgrade():
    op.drop_index("ix_employers_quality", "employers")
    op.drop_column("employers", "data_quality")
