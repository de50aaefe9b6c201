"""Letters as a channel of campaigns: what a campaign says by letter, documents of many letters, print batches.

Columns are added in place: a table that is made anew on SQLite takes its time and loses what hangs on it.

Revision ID: 0039
Revises: 0031
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "letter_sheaves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_letter_sheaves_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_letter_sheaves_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_sheaves")),
    )
    with op.batch_alter_table("letter_sheaves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_sheaves_sha256"), ["sha256"], unique=False)

    op.create_table(
        "print_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("count_out", sa.Integer(), nullable=True),
        sa.Column("count_in", sa.Integer(), nullable=True),
        sa.Column("handed_on", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_print_batches_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_print_batches_branch_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_print_batches_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_batches")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_print_batches_campaign_id_number")),
    )
    with op.batch_alter_table("print_batches", schema=None) as batch_op:
        batch_op.create_index("ix_print_batches_branch", ["branch_id", "state", "id"], unique=False)

    op.create_table(
        "print_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("spoilt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["print_batches.id"], name=op.f("fk_print_lines_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_print_lines_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_lines")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_print_lines_batch_id_number")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_print_lines_letter_id")),
    )
    op.add_column("audience_members", sa.Column("address", sa.String(length=255)))
    op.add_column("audience_members", sa.Column("postal_code", sa.String(length=6)))
    op.add_column(
        "campaigns", sa.Column("channel", sa.String(length=32), server_default="sms", nullable=False)
    )
    wording = sa.ForeignKey("letter_versions.id", name="fk_campaigns_letter_version_id")
    op.add_column(
        "campaigns", sa.Column("letter_version_id", sa.Integer(), wording), inline_references=True
    )
    op.add_column("campaigns", sa.Column("letter", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))
    sheaf = sa.ForeignKey("letter_sheaves.id", name="fk_letters_sheaf_id")
    op.add_column("letters", sa.Column("sheaf_id", sa.Integer(), sheaf), inline_references=True)
    op.add_column("letters", sa.Column("order_key", sa.String(length=32)))
    op.add_column("letters", sa.Column("first_page", sa.Integer()))
    op.add_column("letters", sa.Column("pages", sa.Integer()))
    op.create_index("ix_letters_sheaf", "letters", ["sheaf_id", "serial"])
    counts = sa.text("order_key IS NOT NULL AND state <> 'void'")
    op.create_index(
        "uq_letters_order_key",
        "letters",
        ["order_key"],
        unique=True,
        sqlite_where=counts,
        postgresql_where=counts,
    )


def downgrade():
    op.drop_index("uq_letters_order_key", "letters")
    op.drop_index("ix_letters_sheaf", "letters")
    for column in ("pages", "first_page", "order_key", "sheaf_id"):
        op.drop_column("letters", column)
    for column in ("letter", "letter_version_id", "channel"):
        op.drop_column("campaigns", column)
    for column in ("postal_code", "address"):
        op.drop_column("audience_members", column)
    for table in ("print_lines", "print_batches", "letter_sheaves"):
        op.drop_table(table)
