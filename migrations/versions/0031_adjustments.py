"""The yearly adjustment of contribution bases: a drive for each year, and a row for each employer in it; and who
answers for the unpaid months of employers that were merged or divided.

Revision ID: 0031
"""

from alembic import op
import sqlalchemy as sa


revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "adjustment_drives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["begun_by_id"], ["users.id"], name=op.f("fk_adjustment_drives_begun_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_drives")),
        sa.UniqueConstraint("year", name=op.f("uq_adjustment_drives_year")),
    )
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("drive_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_on", sa.Date(), nullable=True),
        sa.Column("attended_on", sa.Date(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("heads", sa.Integer(), nullable=True),
        sa.Column("total_base", sa.BigInteger(), nullable=True),
        sa.Column("lowest", sa.BigInteger(), nullable=True),
        sa.Column("highest", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["drive_id"], ["adjustment_drives.id"], name=op.f("fk_adjustments_drive_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_adjustments_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
        sa.UniqueConstraint("drive_id", "employer_id", name=op.f("uq_adjustments_drive_id_employer_id")),
    )
    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.create_index("ix_adjustments_employer", ["employer_id", "drive_id"], unique=False)
        batch_op.create_index("ix_adjustments_state", ["drive_id", "state"], unique=False)

    op.create_table(
        "liabilities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("debtor_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_proof", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["debtor_id"], ["employers.id"], name=op.f("fk_liabilities_debtor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["users.id"], name=op.f("fk_liabilities_recorded_by_id")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["employers.id"], name=op.f("fk_liabilities_successor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liabilities")),
        sa.UniqueConstraint("debtor_id", "successor_id", name=op.f("uq_liabilities_debtor_id_successor_id")),
    )
    with op.batch_alter_table("liabilities", schema=None) as batch_op:
        batch_op.create_index("ix_liabilities_successor", ["successor_id"], unique=False)


def downgrade():
    with op.batch_alter_table("liabilities", schema=None) as batch_op:
        batch_op.drop_index("ix_liabilities_successor")

    op.drop_table("liabilities")

    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.drop_index("ix_adjustments_state")
        batch_op.drop_index("ix_adjustments_employer")

    op.drop_table("adjustments")
    op.drop_table("adjustment_drives")
