"""Events with the employers invited to them, and the kinds of events.

Revision ID: 0055
Revises: 0054
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

#: code, Chinese, English
KINDS = (
    ("01", "政策宣讲会", "Policy briefing"),
    ("02", "业务培训会", "Training for handlers"),
    ("03", "座谈会", "Round table"),
    ("04", "开放日", "Open day"),
    ("05", "集中签约日", "Signing day"),
    ("06", "进企业", "At an enterprise"),
    ("07", "进园区", "In an industrial park"),
    ("08", "进社区", "In a community"),
    ("09", "云宣讲", "Online briefing"),
    ("99", "其他", "Other"),
)


def seeds():
    """The codes that an empty department begins with, as rows."""
    return [
        {
            "code_table": "event_kind",
            "code": code,
            "label_zh": chinese,
            "label_en": english,
            "parent_code": None,
            "valid_from": None,
            "valid_until": None,
            "sort": 10 * place,
        }
        for place, (code, chinese, english) in enumerate(KINDS, start=1)
    ]


def _fill_codes():
    names = ("code_table", "code", "label_zh", "label_en", "parent_code")
    table = sa.table(
        "code_values",
        *(sa.column(name, sa.String) for name in names),
        *(sa.column(name, sa.Date) for name in ("valid_from", "valid_until")),
        sa.column("sort", sa.Integer),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("created_at", "updated_at")),
    )
    moment = datetime.now(UTC)
    op.bulk_insert(table, [{**row, "created_at": moment, "updated_at": moment} for row in seeds()])


def upgrade():
    op.create_table(
        "outreach_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=2), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("planned_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_outreach_events_branch_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_outreach_events_owner_id")),
        sa.ForeignKeyConstraint(
            ["planned_by_id"], ["users.id"], name=op.f("fk_outreach_events_planned_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_events")),
    )
    with op.batch_alter_table("outreach_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outreach_events_branch_starts", ["branch_id", "starts_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_outreach_events_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "event_invitees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_event_invitees_contact_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_event_invitees_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outreach_events.id"], name=op.f("fk_event_invitees_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["users.id"], name=op.f("fk_event_invitees_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_invitees")),
        sa.UniqueConstraint("event_id", "employer_id", name=op.f("uq_event_invitees_event_id_employer_id")),
    )
    with op.batch_alter_table("event_invitees", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_invitees_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_event_invitees_employer", ["employer_id", "state"], unique=False)
    _fill_codes()


def downgrade():
    op.execute("DELETE FROM code_values WHERE code_table = 'event_kind'")
    with op.batch_alter_table("event_invitees", schema=None) as batch_op:
        batch_op.drop_index("ix_event_invitees_employer")
        batch_op.drop_index(batch_op.f("ix_event_invitees_contact_id"))

    op.drop_table("event_invitees")
    with op.batch_alter_table("outreach_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outreach_events_owner_id"))
        batch_op.drop_index("ix_outreach_events_branch_starts")

    op.drop_table("outreach_events")
