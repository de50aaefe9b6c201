"""Files of closings: the event from which the law counts, papers, where employees' accounts went, and the central
sealing of those nobody takes. Employers that are closing already get a file, so that their terms can be noted.

Revision ID: 0025
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa


revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

#: (code, code above, Chinese, English). Under 1 stands what everybody hands in, under 2 and the reason what it takes.
PAPERS = (
    ("1", None, "基本材料", "Papers of every closing"),
    ("101", "1", "单位账户注销申请书（法定代表人或清算组负责人签字并盖章）", "Application signed by the legal representative"),
    ("102", "1", "经办人身份证件", "Identity document of the handler"),
    ("103", "1", "经办人授权委托书", "Letter of authorisation of the handler"),
    ("104", "1", "职工账户转移、封存清册", "List of employees' accounts to be transferred or sealed"),
    ("201", None, "撤销、吊销的证明", "Proof of the revocation"),
    ("211", "201", "主管部门撤销决定或者吊销营业执照的决定", "Decision on the revocation"),
    ("202", None, "解散、注销的证明", "Proof of the dissolution"),
    ("221", "202", "登记机关准予注销登记通知书", "Notice of approved deregistration"),
    ("222", "202", "解散决议或者清算报告", "Resolution of dissolution or report of liquidation"),
    ("203", None, "破产的证明", "Proof of the bankruptcy"),
    ("231", "203", "人民法院破产裁定书", "Bankruptcy ruling of the court"),
    ("232", "203", "管理人指定决定书", "Decision appointing the administrator"),
    ("204", None, "合并的证明", "Proof of the merger"),
    ("241", "204", "合并协议或者批准文件", "Merger agreement or approval"),
    ("242", "204", "欠缴住房公积金责任主体的书面确认", "Confirmation of who answers for unpaid months"),
    ("205", None, "分立的证明", "Proof of the division"),
    ("251", "205", "分立协议或者批准文件", "Division agreement or approval"),
    ("252", "205", "欠缴住房公积金责任主体的书面确认", "Confirmation of who answers for unpaid months"),
    ("299", None, "其他情形的证明", "Proof of another reason"),
    ("291", "299", "证明销户原因的材料", "Papers that prove the reason"),
)


def seeds():
    """The codes that an empty department begins with, as rows."""
    return [
        {
            "code_table": "closing_document",
            "code": code,
            "label_zh": chinese,
            "label_en": english,
            "parent_code": parent,
            "valid_from": None,
            "valid_until": None,
            "sort": 10 * place,
        }
        for place, (code, parent, chinese, english) in enumerate(PAPERS, start=1)
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


def _begin_files():
    """Of the firms that are gone the registry told the day; of the others somebody notes it."""
    dates, texts, numbers = (sa.Date, sa.String, sa.Integer)
    moment = sa.DateTime(timezone=True)
    employers = sa.table(
        "employers",
        *(sa.column(name, numbers) for name in ("id", "heads", "merged_into_id")),
        *(sa.column(name, texts) for name in ("stage", "operating_status", "operating_status_source")),
        sa.column("account_closing_reason", texts),
        sa.column("operating_status_as_of", dates),
        sa.column("stage_since", moment),
    )
    closings = sa.table(
        "closings",
        *(sa.column(name, numbers) for name in ("employer_id", "people")),
        *(sa.column(name, texts) for name in ("state", "reason", "event_source", "event_document")),
        *(sa.column(name, dates) for name in ("begun_on", "event_on")),
        *(sa.column(name, moment) for name in ("since", "created_at", "updated_at")),
    )
    now = datetime.now(UTC)
    told = sa.select(employers).where(employers.c.stage == "closing", employers.c.merged_into_id.is_(None))
    rows = [
        {
            "employer_id": one.id,
            "people": one.heads,
            "state": "preparing",
            "reason": one.account_closing_reason,
            "event_source": one.operating_status_source if gone else None,
            "event_document": "",
            "begun_on": one.stage_since.date(),
            "event_on": one.operating_status_as_of if gone else None,
            "since": one.stage_since,
            "created_at": now,
            "updated_at": now,
        }
        for one in op.get_bind().execute(told).all()
        for gone in (one.operating_status in ("04", "05"),)
    ]
    if rows:
        op.bulk_insert(closings, rows)


def upgrade():
    op.create_table(
        "central_sealings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("grounds", sa.String(length=500), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=False),
        sa.Column("sealed_on", sa.Date(), nullable=True),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_central_sealings_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["users.id"], name=op.f("fk_central_sealings_proposed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_central_sealings")),
    )
    with op.batch_alter_table("central_sealings", schema=None) as batch_op:
        batch_op.create_index("ix_central_sealings_employer", ["employer_id", "id"], unique=False)
        batch_op.create_index("ix_central_sealings_state", ["state", "since"], unique=False)

    op.create_table(
        "closings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=2), nullable=True),
        sa.Column("event_on", sa.Date(), nullable=True),
        sa.Column("event_source", sa.String(length=2), nullable=True),
        sa.Column("event_document", sa.String(length=200), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["begun_by_id"], ["users.id"], name=op.f("fk_closings_begun_by_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_closings_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closings")),
    )
    with op.batch_alter_table("closings", schema=None) as batch_op:
        batch_op.create_index("ix_closings_employer", ["employer_id", "id"], unique=False)
        batch_op.create_index(
            "uq_closings_standing",
            ["employer_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
        )

    op.create_table(
        "account_placements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=True),
        sa.Column("sealing_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("destination", sa.String(length=255), nullable=False),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_account_placements_by_id")),
        sa.ForeignKeyConstraint(
            ["closing_id"], ["closings.id"], name=op.f("fk_account_placements_closing_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_account_placements_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sealing_id"], ["central_sealings.id"], name=op.f("fk_account_placements_sealing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_placements")),
    )
    with op.batch_alter_table("account_placements", schema=None) as batch_op:
        batch_op.create_index("ix_account_placements_employer", ["employer_id", "on"], unique=False)
        batch_op.create_index("ix_account_placements_closing", ["closing_id"], unique=False)

    op.create_table(
        "closing_papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["checked_by_id"], ["users.id"], name=op.f("fk_closing_papers_checked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["closing_id"], ["closings.id"], name=op.f("fk_closing_papers_closing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_papers")),
        sa.UniqueConstraint("closing_id", "code", name=op.f("uq_closing_papers_closing_id_code")),
    )
    _fill_codes()
    _begin_files()


def downgrade():
    op.execute("DELETE FROM code_values WHERE code_table = 'closing_document'")
    op.drop_table("closing_papers")
    with op.batch_alter_table("account_placements", schema=None) as batch_op:
        batch_op.drop_index("ix_account_placements_closing")
        batch_op.drop_index("ix_account_placements_employer")

    op.drop_table("account_placements")
    with op.batch_alter_table("closings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_closings_standing",
            sqlite_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
        )
        batch_op.drop_index("ix_closings_employer")

    op.drop_table("closings")
    with op.batch_alter_table("central_sealings", schema=None) as batch_op:
        batch_op.drop_index("ix_central_sealings_state")
        batch_op.drop_index("ix_central_sealings_employer")

    op.drop_table("central_sealings")
