"""An invitee that came remembers the employer's last contact before, so that taking it back sets it right again.

Of attendances recorded earlier nobody knows the day before: taking one of them back leaves the last contact.

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade():
    moved = sa.Column("moved_contact", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("event_invitees", moved)
    op.add_column("event_invitees", sa.Column("contact_before", sa.Date(), nullable=True))


def downgrade():
    op.drop_column("event_invitees", "contact_before")
    op.drop_column("event_invitees", "moved_contact")
