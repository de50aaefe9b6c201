"""Results say where an employer was and who looked after it then, bills name their account, and matters of
rosters wait for their month.

Messages, follow-up steps and rows of drives so far are carried along with what holds today: what held then is known
nowhere. A line of a bill belongs to the account that carried its message.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

PLACES = {
    "messages": ("branch_id", "area_id", "owner_id"),
    "campaign_step_runs": ("branch_id", "area_id", "owner_id"),
    "worklist_rows": ("branch_id", "area_id"),
}
BILLS = "gateway_bill_lines"


def upgrade():
    for table, columns in PLACES.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
        values = ", ".join(
            f"{column} = (SELECT employers.{column} FROM employers WHERE employers.id = {table}.employer_id)"
            for column in columns
        )
        op.execute(f"UPDATE {table} SET {values}")  # noqa: S608 - no word comes from outside
    op.add_column("worklist_people", sa.Column("ripe", sa.Integer(), nullable=True))
    op.add_column(BILLS, sa.Column("account", sa.String(length=20), nullable=False, server_default=""))
    op.execute(
        "UPDATE gateway_bill_lines SET account = coalesce((SELECT messages.gateway FROM messages "
        "WHERE messages.id = gateway_bill_lines.message_id), '')"
    )
    # two imports at the same moment may have brought one line twice
    op.execute(
        "DELETE FROM gateway_bill_lines WHERE id NOT IN (SELECT min(id) FROM gateway_bill_lines "
        "GROUP BY account, message_key, phone, period)"
    )
    with op.batch_alter_table(BILLS) as batch:
        batch.alter_column("account", existing_type=sa.String(length=20), server_default=None)
        batch.create_unique_constraint(
            op.f("uq_gateway_bill_lines_account_message_key_phone_period"), ["account", "message_key", "phone", "period"]
        )


def downgrade():
    with op.batch_alter_table(BILLS) as batch:
        batch.drop_constraint(op.f("uq_gateway_bill_lines_account_message_key_phone_period"), type_="unique")
        batch.drop_column("account")
    op.drop_column("worklist_people", "ripe")
    for table, columns in PLACES.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
