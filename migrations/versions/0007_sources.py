"""Lists of the bank and the social insurance name employers, and the order of imports must not matter.

So it is kept who said what as of when. Of employers that are there already, the day they were entered counts
as the day that their source, and the registry, spoke.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "employer_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("told_by", sa.String(length=120), nullable=False),
        sa.Column("said", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_employer_sources_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_employer_sources_employer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_sources")),
        sa.UniqueConstraint(
            "employer_id",
            "source",
            "as_of",
            "told_by",
            name=op.f("uq_employer_sources_employer_id_source_as_of_told_by"),
        ),
    )
    op.create_index(op.f("ix_employer_sources_batch_id"), "employer_sources", ["batch_id"])
    told = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column("employers", sa.Column("source_as_of", sa.Date(), nullable=True))
    op.add_column("employers", sa.Column("registry_as_of", sa.Date(), nullable=True))
    op.add_column("employers", sa.Column("listed_on", sa.Date(), nullable=True))
    op.add_column("employers", sa.Column("told", told, nullable=True))
    op.execute("UPDATE employers SET source_as_of = date(created_at)")
    op.execute(
        "UPDATE employers SET registry_as_of = source_as_of"
        " WHERE source = 'registry' OR business_scope IS NOT NULL OR registered_capital IS NOT NULL"
    )


def downgrade():
    op.drop_column("employers", "told")
    op.drop_column("employers", "listed_on")
    op.drop_column("employers", "registry_as_of")
    op.drop_column("employers", "source_as_of")
    op.drop_index(op.f("ix_employer_sources_batch_id"), table_name="employer_sources")
    op.drop_table("employer_sources")
