"""People in full: how and by whom a number was verified, what a person prefers, the letter of authorisation,
merges of two records of one person; opt-outs by class of message; and figures that the department sets itself.

Revision ID: 0003
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "contact_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("kept_name", sa.String(length=255), nullable=False),
        sa.Column("merged_name", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "moves",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "notes",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("stayed", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_contact_merges_by_id")),
        sa.ForeignKeyConstraint(["kept_id"], ["contacts.id"], name=op.f("fk_contact_merges_kept_id")),
        sa.ForeignKeyConstraint(["merged_id"], ["contacts.id"], name=op.f("fk_contact_merges_merged_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["users.id"], name=op.f("fk_contact_merges_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merges")),
    )
    with op.batch_alter_table("contact_merges", schema=None) as batch_op:
        batch_op.create_index("ix_contact_merges_kept", ["kept_id", "id"], unique=False)
        batch_op.create_index(
            "uq_contact_merges_standing",
            ["merged_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("verified_how", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("verified_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("preferred_channel", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_contacts_merged",
            ["merged_into_id"],
            unique=False,
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.create_index("ix_contacts_name", ["name", "id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_contacts_verified_by_id"), "users", ["verified_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_contacts_merged_into_id"), "contacts", ["merged_into_id"], ["id"]
        )

    with op.batch_alter_table("employer_contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("authorisation", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("authorised_until", sa.Date(), nullable=True))

    with op.batch_alter_table("sms_opt_outs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contact_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("message_class", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("recorded_by_id", sa.Integer(), nullable=True))
        batch_op.alter_column("phone", existing_type=sa.VARCHAR(length=20), nullable=True)
        batch_op.create_unique_constraint(
            batch_op.f("uq_sms_opt_outs_contact_id_message_class"), ["contact_id", "message_class"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_sms_opt_outs_contact_id"), "contacts", ["contact_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_sms_opt_outs_recorded_by_id"), "users", ["recorded_by_id"], ["id"]
        )


def downgrade():
    # what a person said of a class of messages has no place in the older table
    op.execute("DELETE FROM sms_opt_outs WHERE phone IS NULL")
    with op.batch_alter_table("sms_opt_outs", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_sms_opt_outs_recorded_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_sms_opt_outs_contact_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_sms_opt_outs_contact_id_message_class"), type_="unique")
        batch_op.alter_column("phone", existing_type=sa.VARCHAR(length=20), nullable=False)
        batch_op.drop_column("recorded_by_id")
        batch_op.drop_column("message_class")
        batch_op.drop_column("contact_id")

    with op.batch_alter_table("employer_contacts", schema=None) as batch_op:
        batch_op.drop_column("authorised_until")
        batch_op.drop_column("authorisation")

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_contacts_merged_into_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_contacts_verified_by_id"), type_="foreignkey")
        batch_op.drop_index("ix_contacts_name")
        batch_op.drop_index(
            "ix_contacts_merged",
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("preferred_channel")
        batch_op.drop_column("verified_by_id")
        batch_op.drop_column("verified_how")

    with op.batch_alter_table("contact_merges", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contact_merges_standing",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.drop_index("ix_contact_merges_kept")

    op.drop_table("contact_merges")
    op.drop_table("settings")
