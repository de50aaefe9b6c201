"""ID numbers that only a key outside the database opens, and how long personal data is kept.

`personal_keys` has no key, only the proof of each. What a rule of retention deletes is noted on the rows that
stay: a contact without name and numbers, an import without file and rows.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "personal_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proof", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_personal_keys"),
    )
    op.create_table(
        "retention_rules",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_retention_rules"),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    op.create_index("ix_retention_runs_code", "retention_runs", ["code", "id"])
    op.add_column("contacts", sa.Column("id_number", sa.String(length=255), nullable=True))
    op.add_column("contacts", sa.Column("id_number_index", sa.String(length=80), nullable=True))
    op.add_column("contacts", sa.Column("forgotten_on", sa.Date(), nullable=True))
    op.create_index("ix_contacts_id_number_index", "contacts", ["id_number_index"])
    op.add_column("import_batches", sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    op.drop_column("import_batches", "cleared_at")
    op.drop_index("ix_contacts_id_number_index", "contacts")
    for name in ("forgotten_on", "id_number_index", "id_number"):
        op.drop_column("contacts", name)
    for name in ("retention_runs", "retention_rules", "personal_keys"):
        op.drop_table(name)
