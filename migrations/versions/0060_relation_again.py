"""A relation of two employers that has ended may be recorded once more, for the time when it held again.

Revision ID: 0060
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

COLUMNS = ["kind", "subject_id", "object_id"]
HOLDING = sa.text("until IS NULL")


def upgrade():
    with op.batch_alter_table("employer_relations") as batch_op:
        batch_op.drop_constraint("uq_employer_relations_kind_subject_id_object_id", type_="unique")
        batch_op.create_index(
            "uq_employer_relations_holding",
            COLUMNS,
            unique=True,
            sqlite_where=HOLDING,
            postgresql_where=HOLDING,
        )


def downgrade():
    # there is room for one again: the latest
    op.execute(
        "DELETE FROM employer_relations WHERE id NOT IN"
        " (SELECT max(id) FROM employer_relations GROUP BY kind, subject_id, object_id)"
    )
    with op.batch_alter_table("employer_relations") as batch_op:
        batch_op.drop_index("uq_employer_relations_holding")
        batch_op.create_unique_constraint("uq_employer_relations_kind_subject_id_object_id", COLUMNS)
