"""The lead ledger as stays of firms in it, each with its place in the order; settings that hold from a day on.

Firms that stand in the ledger now are found on the day they were entered, and in the usual order but for the
density of their area, which the first night counts. What was said to them is read from the visits.

Revision ID: 0010
Revises: 0009
"""

from datetime import date

import sqlalchemy as sa
from alembic import op


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = sa.text("left_on IS NULL")


def upgrade():
    op.create_table(
        "dated_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dated_settings")),
        sa.UniqueConstraint("name", "valid_from", name=op.f("uq_dated_settings_name_valid_from")),
    )
    op.create_table(
        "area_densities",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("street_id", sa.Integer(), nullable=False),
        sa.Column("firms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name=op.f("fk_area_densities_area_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["street_id"], ["areas.id"], name=op.f("fk_area_densities_street_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_densities")),
    )
    op.create_table(
        "leads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("found_by", sa.String(length=32), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("claimed_on", sa.Date(), nullable=True),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_why", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_leads_branch_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_leads_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_table(
        "lead_capacities",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_lead_capacities_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_lead_capacities")),
    )
    for name, columns, unique in (
        ("ix_leads_branch_rank", ["branch_id", "rank", "id"], False),
        ("ix_leads_rank", ["rank", "id"], False),
        ("uq_leads_open", ["employer_id"], True),
    ):
        op.create_index(name, "leads", columns, unique=unique, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_leads_employer", "leads", ["employer_id", "id"])
    op.create_index("ix_leads_found", "leads", ["branch_id", "found_on"])
    op.create_index("ix_leads_left", "leads", ["branch_id", "left_on"])
    _enter()
    _say_when_spoken_to()


def _enter():
    """Firms without an account that are obliged and there; rank as the application reckons it."""
    e = sa.table(
        "employers",
        *map(
            sa.column,
            ("id", "branch_id", "source", "owner_id", "stage", "operating_status", "merged_into_id"),
        ),
        sa.column("eligible", sa.Boolean),
        sa.column("insured_heads", sa.Integer),
        sa.column("established_on", sa.Date),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    leads = sa.table(
        "leads", *map(sa.column, ("employer_id", "branch_id", "found_by", "found_on", "claimed_on", "rank"))
    )
    day = date.today()
    since = day.replace(year=day.year - 1, day=min(day.day, 28))
    big = lambda value: sa.cast(value, sa.BigInteger)  # noqa: E731
    part = lambda name: sa.extract(name, e.c.established_on)  # noqa: E731
    days = (part("year") - 1900) * 372 + part("month") * 31 + part("day")
    heads = sa.func.coalesce(e.c.insured_heads, 0)
    held = sa.case((heads > 1048575, 1048575), else_=heads)
    rank = big(sa.case((e.c.established_on >= since, 1), else_=0)) * 1048576 + big(held)
    rank = (rank * 1048576 * 131072 + big(sa.func.coalesce(days, 0))) * 32
    found = sa.func.date(e.c.created_at)
    op.execute(
        leads.insert().from_select(
            ["employer_id", "branch_id", "found_by", "found_on", "claimed_on", "rank"],
            sa.select(
                e.c.id, e.c.branch_id, e.c.source, found,
                sa.case((e.c.owner_id.is_not(None), sa.literal(day, sa.Date))), rank,
            ).where(
                e.c.stage.in_(["prospect", "engaged"]), e.c.eligible, e.c.merged_into_id.is_(None),
                sa.func.coalesce(e.c.operating_status, "").not_in(["04", "05"]),
            ),
        )
    )  # fmt: skip


def _say_when_spoken_to():
    spoken = "SELECT min(date(v.at)) FROM visits v WHERE v.employer_id = leads.employer_id"
    reached = f"{spoken} AND v.outcome <> 'not_reached'"
    op.execute(f"UPDATE leads SET contacted_on = ({reached})")
    op.execute(f"UPDATE leads SET met_on = ({reached} AND v.kind IN ('visit', 'counter'))")


def downgrade():
    for name in ("lead_capacities", "leads", "area_densities", "dated_settings"):
        op.drop_table(name)
