"""People are found by their pinyin.

What is indexed stays as it is and is found as before; the scheduler completes it within minutes of its start
(`flask employers reindex`: at once).

Revision ID: 0009
"""

from alembic import op
import sqlalchemy as sa

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("employer_search", sa.Column("contact_pinyin", text, nullable=True))


def downgrade():
    op.drop_column("employer_search", "contact_pinyin")
