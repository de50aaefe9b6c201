"""Arrears know the approved terms of deferment: the day on which a make-up plan was agreed, and for each instalment
the month through which payment shows it made up. Plans of before get their day from the step that resumed them; their
months are filled in by the clock of relief.

Revision ID: 0034
"""

from alembic import op
import sqlalchemy as sa


revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("relief_decisions", sa.Column("resumed_on", sa.Date(), nullable=True))
    op.add_column("relief_instalments", sa.Column("through", sa.Integer(), nullable=True))
    decisions = sa.table(
        "relief_decisions",
        sa.column("resumed_on", sa.Date()),
        sa.column("state", sa.String()),
        sa.column("state_since", sa.DateTime(timezone=True)),
        sa.column("kind", sa.String()),
    )
    op.execute(
        decisions.update()
        .where(decisions.c.kind == "deferment", decisions.c.state.in_(["resumed", "made_up"]))
        .values(resumed_on=sa.func.date(decisions.c.state_since))
    )


def downgrade():
    op.drop_column("relief_instalments", "through")
    op.drop_column("relief_decisions", "resumed_on")
