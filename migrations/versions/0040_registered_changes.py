"""Changes of name and address as matters of their own: noted or discovered, proven by papers, registered in time.

Revision ID: 0040
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa


revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

#: (code, code above, Chinese, English). Under 1 stands what everybody hands in, under 201 and 202 what the kind takes.
PAPERS = (
    ("1", None, "基本材料", "Papers of every change"),
    ("101", "1", "单位信息变更申请表（加盖单位公章）", "Application for the change, under seal"),
    ("102", "1", "经办人身份证件及授权委托书", "Identity document and authorisation of the handler"),
    ("201", None, "名称变更材料", "Papers of a change of name"),
    ("211", "201", "登记机关准予变更登记通知书", "Notice of approved change"),
    ("212", "201", "变更后的营业执照副本", "Licence with the new name"),
    ("202", None, "地址变更材料", "Papers of a change of address"),
    ("221", "202", "变更后的营业执照副本或者场所证明", "Licence with the new address, or proof of the premises"),
)


def seeds():
    """The codes that an empty department begins with, as rows."""
    return [
        {
            "code_table": "change_document",
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


def upgrade():
    op.create_table(
        "registered_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("old_value", sa.String(length=255), nullable=False),
        sa.Column("new_value", sa.String(length=255), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=2), nullable=True),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("noted_by_id", sa.Integer(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("completed_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["completed_by_id"], ["users.id"], name=op.f("fk_registered_changes_completed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_registered_changes_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["noted_by_id"], ["users.id"], name=op.f("fk_registered_changes_noted_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_changes")),
    )
    op.create_index("ix_registered_changes_employer", "registered_changes", ["employer_id", "id"])
    op.create_index(
        "uq_registered_changes_standing",
        "registered_changes",
        ["employer_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
        postgresql_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
    )
    op.create_table(
        "change_papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["registered_changes.id"],
            name=op.f("fk_change_papers_change_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["checked_by_id"], ["users.id"], name=op.f("fk_change_papers_checked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_papers")),
        sa.UniqueConstraint("change_id", "code", name=op.f("uq_change_papers_change_id_code")),
    )
    _fill_codes()


def downgrade():
    op.execute("DELETE FROM code_values WHERE code_table = 'change_document'")
    op.drop_table("change_papers")
    op.drop_table("registered_changes")
