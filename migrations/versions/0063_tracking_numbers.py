"""A tracking number is one parcel's: the database itself refuses it for a second letter.

Where letters share one already, the one that was posted last keeps it; the history of the others still tells
what was typed. Empty ones become none.

Revision ID: 0063
Revises: 0062
"""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

INDEX = "ix_letters_tracking_no"


def upgrade():
    op.execute("UPDATE letters SET tracking_no = NULL WHERE tracking_no = ''")
    op.execute(
        "UPDATE letters SET tracking_no = NULL WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER "
        "(PARTITION BY tracking_no ORDER BY coalesce(posted_on, issued_on) DESC, id DESC) AS place "
        "FROM letters WHERE tracking_no IS NOT NULL) AS placed WHERE place > 1)"
    )
    op.drop_index(INDEX, "letters")
    op.create_index(INDEX, "letters", ["tracking_no"], unique=True)


def downgrade():
    op.drop_index(INDEX, "letters")
    op.create_index(INDEX, "letters", ["tracking_no"])
