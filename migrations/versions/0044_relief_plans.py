"""Make-up plans stand for themselves: the day on which each was agreed on, given up or recorded as made up, so that
arrears of any day are reckoned from what held then, and a second plan no longer erases the first.

Revision ID: 0044
Revises: 0043
"""

from datetime import UTC, datetime, timedelta, timezone

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_SHANGHAI = timezone(timedelta(hours=8))
_MOMENT = sa.DateTime(timezone=True)
_decisions = sa.table(
    "relief_decisions",
    sa.column("id", sa.Integer()),
    sa.column("resumed_on", sa.Date()),
)
_plans = sa.table(
    "relief_plans",
    sa.column("id", sa.Integer()),
    sa.column("decision_id", sa.Integer()),
    *(sa.column(name, sa.Date()) for name in ("agreed_on", "given_up_on", "made_up_on")),
    *(sa.column(name, _MOMENT) for name in ("created_at", "updated_at")),
)
_instalments = sa.table(
    "relief_instalments",
    sa.column("decision_id", sa.Integer()),
    sa.column("plan_id", sa.Integer()),
    *(sa.column(name, _MOMENT) for name in ("created_at", "updated_at")),
)
_history = sa.table(
    "workflow_history",
    sa.column("id", sa.Integer()),
    sa.column("workflow", sa.String()),
    sa.column("record_id", sa.Integer()),
    sa.column("transition", sa.String()),
    sa.column("at", _MOMENT),
)


def upgrade():
    op.create_table(
        "relief_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("given_up_on", sa.Date(), nullable=True),
        sa.Column("made_up_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["relief_decisions.id"],
            name=op.f("fk_relief_plans_decision_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_plans")),
    )
    op.create_index(op.f("ix_relief_plans_decision_id"), "relief_plans", ["decision_id"])
    op.add_column("relief_instalments", sa.Column("plan_id", sa.Integer(), nullable=True))
    _move_plans()
    with op.batch_alter_table("relief_instalments") as table:
        table.drop_constraint("uq_relief_instalments_decision_id_month", type_="unique")
        table.drop_constraint("fk_relief_instalments_decision_id", type_="foreignkey")
        table.drop_column("decision_id")
        table.alter_column("plan_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(
            op.f("fk_relief_instalments_plan_id"), "relief_plans", ["plan_id"], ["id"], ondelete="CASCADE"
        )
        table.create_unique_constraint(op.f("uq_relief_instalments_plan_id_month"), ["plan_id", "month"])
    op.drop_column("relief_decisions", "resumed_on")


def _move_plans():
    """Each decision had one plan. What statements showed as made up needs no day: they show it still."""
    connection = op.get_bind()
    one = _instalments.c
    drawn = {
        row.decision_id: row
        for row in connection.execute(
            sa.select(one.decision_id, sa.func.min(one.created_at).label("at")).group_by(one.decision_id)
        )
    }
    agreed = dict(
        connection.execute(
            sa.select(_decisions.c.id, _decisions.c.resumed_on).where(_decisions.c.resumed_on.is_not(None))
        ).all()
    )
    last = _last_steps(connection)
    now = datetime.now(UTC)
    rows = []
    for decision_id in sorted({*drawn, *agreed}):
        step, day = last.get(decision_id, (None, None))
        at = drawn[decision_id].at if decision_id in drawn else now
        rows.append(
            {
                "decision_id": decision_id,
                "agreed_on": agreed.get(decision_id),
                "given_up_on": day if step == "give_up_plan" and decision_id in agreed else None,
                "made_up_on": day if step == "confirm_made_up" else None,
                "created_at": at,
                "updated_at": at,
            }
        )
    if rows:
        op.bulk_insert(_plans, rows)
    plan_id = sa.select(_plans.c.id).where(_plans.c.decision_id == one.decision_id).scalar_subquery()
    op.execute(_instalments.update().values(plan_id=plan_id))


def _last_steps(connection):
    """The latest step by which each decision's plan was agreed on, given up or made up, and its day."""
    row = _history.c
    steps = ("resume", "give_up_plan", "confirm_made_up")
    query = sa.select(row.record_id, row.transition, row.at).where(
        row.workflow == "relief", row.transition.in_(steps)
    )
    found = {}
    for record_id, step, at in connection.execute(query.order_by(row.id)):
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        found[record_id] = step, aware.astimezone(_SHANGHAI).date()
    return found


def downgrade():
    """A decision keeps its latest plan alone: there is no place for those before it."""
    op.add_column("relief_decisions", sa.Column("resumed_on", sa.Date(), nullable=True))
    op.add_column("relief_instalments", sa.Column("decision_id", sa.Integer(), nullable=True))
    plan = _plans.c
    latest = sa.select(sa.func.max(plan.id)).group_by(plan.decision_id)
    op.execute(sa.delete(_instalments).where(_instalments.c.plan_id.not_in(latest)))
    own = sa.select(plan.decision_id).where(plan.id == _instalments.c.plan_id).scalar_subquery()
    op.execute(_instalments.update().values(decision_id=own))
    agreed = sa.select(plan.agreed_on).where(plan.decision_id == _decisions.c.id, plan.id.in_(latest))
    op.execute(_decisions.update().values(resumed_on=agreed.scalar_subquery()))
    with op.batch_alter_table("relief_instalments") as table:
        table.drop_constraint("uq_relief_instalments_plan_id_month", type_="unique")
        table.drop_constraint("fk_relief_instalments_plan_id", type_="foreignkey")
        table.drop_column("plan_id")
        table.alter_column("decision_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(
            op.f("fk_relief_instalments_decision_id"),
            "relief_decisions",
            ["decision_id"],
            ["id"],
            ondelete="CASCADE",
        )
        table.create_unique_constraint(
            op.f("uq_relief_instalments_decision_id_month"), ["decision_id", "month"]
        )
    op.drop_table("relief_plans")
