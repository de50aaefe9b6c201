"""Who said what of people, and when: between two lists the later day wins, and a person's word is asked for.

What people entered so far is known from the audit trail, which imports leave no single events in; the trail keeps
numbers with their middle hidden, but says which of them were entered. Of everything else the origin stays unknown.
Beside that the industry is kept as the registry writes it.

Revision ID: 0045
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NUMBERS = ("mobile", "landline", "email")

contacts = sa.table("contacts", sa.column("id", sa.Integer), sa.column("told", JSON))
roles = sa.table(
    "employer_contacts",
    sa.column("id", sa.Integer),
    sa.column("told_by", sa.String),
    sa.column("told_on", sa.Date),
)
events = sa.table(
    "audit_events",
    sa.column("id", sa.BigInteger),
    sa.column("at", sa.DateTime),
    sa.column("subject_type", sa.String),
    sa.column("subject_id", sa.String),
    sa.column("changes", sa.Text),
)


def upgrade():
    op.add_column("contacts", sa.Column("told", JSON, nullable=True))
    op.add_column("employer_contacts", sa.Column("told_by", sa.String(length=12), nullable=True))
    op.add_column("employer_contacts", sa.Column("told_on", sa.Date(), nullable=True))
    op.add_column("employers", sa.Column("industry_written", sa.String(length=80), nullable=True))
    for number, told in _told_by_hand().items():
        op.execute(contacts.update().where(contacts.c.id == number).values(told=told))
    for number, day in _roles_by_hand().items():
        op.execute(roles.update().where(roles.c.id == number).values(told_by="office", told_on=day))


def _told_by_hand():
    """By person: the numbers that people entered last, with the day."""
    found = {}
    for number, day, changes in _events_of("contacts"):
        for name in NUMBERS:
            if name in changes:
                one = found.setdefault(number, {})
                one.pop(name, None)
                if changes[name][-1] is not None:
                    one[name] = ["office", day.isoformat()]
    return {number: told for number, told in found.items() if told}


def _roles_by_hand():
    """By role: the day on which a person last said that it began or ended."""
    return {number: day for number, day, changes in _events_of("employer_contacts") if {"role", "until"} & set(changes)}


def _events_of(table):
    query = sa.select(events.c.subject_id, events.c.at, events.c.changes).where(events.c.subject_type == table)
    for number, at, changes in op.get_bind().execute(query.order_by(events.c.id)).all():
        if number.isdigit():
            yield int(number), at.date(), json.loads(changes)


def downgrade():
    op.drop_column("employers", "industry_written")
    op.drop_column("employer_contacts", "told_on")
    op.drop_column("employer_contacts", "told_by")
    op.drop_column("contacts", "told")
