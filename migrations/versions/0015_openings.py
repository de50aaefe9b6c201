"""Account openings: papers checked beforehand and handed in later, what other agencies have done in the same go, and
the log of online signing. The lists that they draw on are code tables, which a department changes for itself.

Revision ID: 0015
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: table: (code, code above, Chinese, English). Papers below 2 may be handed in later.
CODES = {
    "opening_document": (
        ("1", None, "必须提供的材料", "Papers that must be there"),
        ("101", "1", "统一社会信用代码证照", "Licence with the unified social credit code"),
        ("102", "1", "单位住房公积金缴存登记表（加盖公章）", "Registration form, sealed"),
        ("103", "1", "经办人身份证件", "Identity document of the handler"),
        ("104", "1", "经办人授权委托书", "Letter of authorisation of the handler"),
        ("2", None, "可以容缺后补的材料", "Papers that may follow later"),
        ("201", "2", "法定代表人身份证件复印件", "Copy of the legal representative's identity document"),
        ("202", "2", "委托收款协议及开户银行资料", "Collection agreement and bank data"),
        ("203", "2", "职工个人账户设立清册", "List of employees for the personal accounts"),
        ("204", "2", "发薪日及缴存比例确认书", "Confirmation of pay day and rates"),
    ),
    "bundle_item": (
        ("101", None, "企业设立登记（市场监管）", "Business registration (market regulation)"),
        ("102", None, "公章刻制", "Making of the company seal"),
        ("103", None, "社会保险登记（人社）", "Social insurance registration"),
        ("104", None, "基本医疗保险参保登记（医保）", "Medical insurance registration"),
        ("105", None, "涉税信息确认（税务）", "Tax information confirmed"),
        ("106", None, "劳动用工备案（人社）", "Record of employment"),
        ("107", None, "银行开户", "Bank account"),
    ),
    "signing_method": (
        ("01", None, "单位网上办事大厅自助签约", "By itself in the online hall"),
        ("02", None, "电子营业执照签约", "With the electronic licence"),
        ("03", None, "数字证书签约", "With a digital certificate"),
        ("04", None, "服务专员上门签约", "With a specialist on site"),
        ("05", None, "柜台协助签约", "With help at the counter"),
    ),
    "signing_refusal": (
        ("01", None, "人数少，认为没有必要", "Few employees, sees no need"),
        ("02", None, "经办人员变动，暂不办理", "Handler is changing, not now"),
        ("03", None, "担心资金安全", "Worried about the safety of money"),
        ("04", None, "缺少设备或数字证书", "Lacks equipment or a certificate"),
        ("05", None, "集团统一办理", "Handled by the group"),
        ("99", None, "其他原因", "Another reason"),
    ),
    "help_channel": (
        ("01", None, "电话指导", "By telephone"),
        ("02", None, "远程协助（QQ等）", "Remote desktop"),
        ("03", None, "微信视频", "WeChat video"),
        ("04", None, "线上会议", "Online meeting"),
    ),
}


def seeds():
    """The codes that an empty department begins with, as rows."""
    return [
        {
            "code_table": table,
            "code": code,
            "label_zh": chinese,
            "label_en": english,
            "parent_code": parent,
            "valid_from": None,
            "valid_until": None,
            "sort": 10 * place,
        }
        for table, rows in CODES.items()
        for place, (code, parent, chinese, english) in enumerate(rows, start=1)
    ]


def _fill_codes():
    table = sa.table(
        "code_values",
        *(sa.column(name, sa.String) for name in ("code_table", "code", "label_zh", "label_en", "parent_code")),
        *(sa.column(name, sa.Date) for name in ("valid_from", "valid_until")),
        sa.column("sort", sa.Integer),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("created_at", "updated_at")),
    )
    moment = datetime.now(UTC)
    op.bulk_insert(table, [{**row, "created_at": moment, "updated_at": moment} for row in seeds()])


def upgrade():
    op.create_table(
        "openings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=False),
        sa.Column("accepted_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["users.id"], name=op.f("fk_openings_accepted_by_id")),
        sa.ForeignKeyConstraint(["begun_by_id"], ["users.id"], name=op.f("fk_openings_begun_by_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_openings_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    with op.batch_alter_table("openings", schema=None) as batch_op:
        batch_op.create_index("ix_openings_employer", ["employer_id", "id"], unique=False)
        batch_op.create_index("ix_openings_state", ["state", "since"], unique=False)
        batch_op.create_index(
            "uq_openings_standing",
            ["employer_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('approved', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('approved', 'withdrawn')"),
        )

    op.create_table(
        "signing_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_signing_events_by_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_signing_events_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_events")),
    )
    with op.batch_alter_table("signing_events", schema=None) as batch_op:
        batch_op.create_index("ix_signing_events_employer", ["employer_id", "day"], unique=False)

    op.create_table(
        "bundle_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_bundle_steps_by_id")),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["openings.id"], name=op.f("fk_bundle_steps_opening_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_steps")),
        sa.UniqueConstraint("opening_id", "code", name=op.f("uq_bundle_steps_opening_id_code")),
    )
    op.create_table(
        "document_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["checked_by_id"], ["users.id"], name=op.f("fk_document_checks_checked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["openings.id"], name=op.f("fk_document_checks_opening_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_checks")),
        sa.UniqueConstraint("opening_id", "code", name=op.f("uq_document_checks_opening_id_code")),
    )
    _fill_codes()


def downgrade():
    codes = sa.table("code_values", sa.column("code_table", sa.String))
    op.execute(codes.delete().where(codes.c.code_table.in_(list(CODES))))
    op.drop_table("document_checks")
    op.drop_table("bundle_steps")
    op.drop_table("signing_events")
    op.drop_table("openings")
