"""Statements tell affiliation, post code and e-mail as well: what stands there was entered by people, and stays theirs.

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
FIELDS = ("affiliation", "postal_code", "email")

employers = sa.table(
    "employers",
    sa.column("id", sa.Integer),
    sa.column("told", JSON),
    sa.column("updated_at", sa.DateTime),
    *(sa.column(name, sa.String) for name in FIELDS),
)


def upgrade():
    for row in _rows():
        day = row.updated_at.date().isoformat()
        by_hand = {name: ["office", day] for name in FIELDS if getattr(row, name) is not None}
        _write(row.id, {**by_hand, **(row.told or {})})


def downgrade():
    for row in _rows():
        _write(row.id, {name: one for name, one in (row.told or {}).items() if name not in FIELDS} or None)


def _rows():
    some = sa.or_(*(employers.c[name].is_not(None) for name in FIELDS))
    return op.get_bind().execute(sa.select(employers).where(some)).all()


def _write(employer_id, told):
    op.execute(employers.update().where(employers.c.id == employer_id).values(told=told))
