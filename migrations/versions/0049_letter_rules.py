"""Recurring rules that send letters: a rule says the wording of an SMS or that of an outline.

Revision ID: 0049
Revises: 0048
Create Date: 2026-11-22 22:47:14.173519

"""

from alembic import op
import sqlalchemy as sa


revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("campaign_rules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("letter_version_id", sa.Integer(), nullable=True))
        batch_op.alter_column("template_version_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_foreign_key(
            "fk_campaign_rules_letter", "letter_versions", ["letter_version_id"], ["id"]
        )


def downgrade():
    op.execute("DELETE FROM campaign_rules WHERE template_version_id IS NULL")
    with op.batch_alter_table("campaign_rules", schema=None) as batch_op:
        batch_op.drop_constraint("fk_campaign_rules_letter", type_="foreignkey")
        batch_op.alter_column("template_version_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("letter_version_id")
