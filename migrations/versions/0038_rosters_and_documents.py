"""Files that list employees are marked, so that they go when kept long enough; ID numbers say of which document.

What was attached as a roster or as wages counts as such a list already. A number without a type is that of the
resident's card, which was the only one that could be entered.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

#: what people chose from the list of what a file proves, in both languages
LISTS = ("职工名册", "工资或社保凭证", "Roster of employees", "Wages or social insurance")


def upgrade() -> None:
    op.add_column("attachments", sa.Column("lists_people", sa.Boolean(), nullable=True))
    op.add_column("contacts", sa.Column("id_type", sa.String(length=2), nullable=True))
    attachments = sa.table("attachments", sa.column("proves"), sa.column("lists_people", sa.Boolean()))
    op.execute(attachments.update().where(attachments.c.proves.in_(LISTS)).values(lists_people=True))


def downgrade() -> None:
    op.drop_column("contacts", "id_type")
    op.drop_column("attachments", "lists_people")
