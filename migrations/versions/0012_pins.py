"""Views that users keep as tabs become pins, which all stand in one row of theirs, with their names.

Revision ID: 0012
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

json = sa.JSON().with_variant(JSONB(), "postgresql")
preferences = sa.table(
    "list_preferences",
    sa.column("id", sa.Integer),
    sa.column("user_id", sa.Integer),
    sa.column("list_name", sa.String),
    sa.column("columns", json),
    sa.column("sort", sa.String),
    sa.column("pins", json),
)
segments = sa.table("segments", sa.column("id", sa.Integer), sa.column("name", sa.String))


def upgrade():
    connection = op.get_bind()
    names = {row.id: row.name for row in connection.execute(sa.select(segments))}
    pins = {}
    for row in connection.execute(sa.select(preferences).order_by(preferences.c.id)):
        for view in row.pins or ():
            if view in names:
                line = {"view": view, "list": row.list_name, "name": names[view]}
                pins.setdefault(row.user_id, []).append(line)
    connection.execute(sa.update(preferences).values(pins=[]))
    for user_id, lines in pins.items():
        row = {"user_id": user_id, "list_name": "", "columns": [], "sort": "", "pins": lines}
        connection.execute(sa.insert(preferences).values(row))


def downgrade():
    connection = op.get_bind()
    pinned = connection.execute(sa.select(preferences).where(preferences.c.list_name == "")).all()
    for row in pinned:
        by_list = {}
        for line in row.pins:
            by_list.setdefault(line["list"], []).append(line["view"])
        for list_name, views in by_list.items():
            mine = (preferences.c.user_id == row.user_id) & (preferences.c.list_name == list_name)
            if not connection.execute(sa.update(preferences).where(mine).values(pins=views)).rowcount:
                new = {"user_id": row.user_id, "list_name": list_name, "columns": [], "sort": "", "pins": views}
                connection.execute(sa.insert(preferences).values(new))
    connection.execute(sa.delete(preferences).where(preferences.c.list_name == ""))
