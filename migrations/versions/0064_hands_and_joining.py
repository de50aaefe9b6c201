"""Who had a hand in a campaign or a rule does not approve it, and a wording may be meant for one employer alone.

Until now only the author and whoever changed it last were kept from approving. Of what is open, at least
these two are known; every wording so far spoke for all employers of a handler at once.

Revision ID: 0064
Revises: 0063
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
#: of what is approved, nobody has changed anything since
EDITED = "edited_by_id IS NOT NULL AND approved_hash IS NULL"


def upgrade():
    listed = "CAST('[' || edited_by_id || ']' AS JSONB)"
    if op.get_bind().dialect.name != "postgresql":
        listed = "'[' || edited_by_id || ']'"
    for table in ("campaigns", "campaign_rules"):
        op.add_column(table, sa.Column("editor_ids", JSON, nullable=False, server_default="[]"))
        op.execute(f"UPDATE {table} SET editor_ids = {listed} WHERE {EDITED}")
    op.add_column(
        "sms_template_versions", sa.Column("joins", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade():
    op.drop_column("sms_template_versions", "joins")
    op.drop_column("campaign_rules", "editor_ids")
    op.drop_column("campaigns", "editor_ids")
