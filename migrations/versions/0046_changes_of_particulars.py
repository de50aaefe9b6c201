"""Changes of legal representative and of bank data are registered, too, and what registering wrote is noted.

What was registered before gets its note here, so that it can be taken back like the rest.

Revision ID: 0046
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

#: (code, code above, Chinese, English), as in 0040: what the two new kinds take
PAPERS = (
    ("203", None, "法定代表人变更材料", "Papers of a change of legal representative"),
    ("231", "203", "变更后的营业执照副本", "Licence with the new legal representative"),
    ("232", "203", "新任法定代表人身份证件", "Identity document of the new legal representative"),
    ("204", None, "银行信息变更材料", "Papers of a change of bank data"),
    ("241", "204", "变更后的委托收款协议", "New collection agreement"),
    ("242", "204", "银行账户证明", "Proof of the bank account"),
)
WRITTEN = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
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
            "sort": 80 + 10 * place,
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
    known = set(
        op.get_bind().scalars(sa.text("SELECT code FROM code_values WHERE code_table = 'change_document'"))
    )
    moment = datetime.now(UTC)
    rows = [row for row in seeds() if row["code"] not in known]
    op.bulk_insert(table, [{**row, "created_at": moment, "updated_at": moment} for row in rows])


def _note_what_was_written():
    """A name: the former one that was kept; an address: both."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT c.id, c.kind, c.old_value, c.new_value, MAX(f.id) AS former_id FROM registered_changes c"
            " LEFT JOIN former_names f ON f.employer_id = c.employer_id AND f.name = c.old_value"
            " AND f.until = c.changed_on WHERE c.state = 'completed'"
            " GROUP BY c.id, c.kind, c.old_value, c.new_value"
        )
    ).all()
    write = sa.text("UPDATE registered_changes SET written = :written WHERE id = :id").bindparams(
        sa.bindparam("written", type_=WRITTEN)
    )
    for row in found:
        written = {}
        if row.kind == "address":
            written = {"old": {"address": row.old_value or None}, "new": {"address": row.new_value}}
        elif row.former_id is not None:
            written = {"old": row.old_value, "former_id": row.former_id}
        connection.execute(write, {"id": row.id, "written": written})


def upgrade():
    op.add_column("registered_changes", sa.Column("bank_code", sa.String(length=3), nullable=True))
    op.add_column("registered_changes", sa.Column("bank_office", sa.String(length=200), nullable=True))
    op.add_column("registered_changes", sa.Column("written", WRITTEN, nullable=True))
    _fill_codes()
    _note_what_was_written()


def downgrade():
    # what the older version knows nothing of goes with its columns
    op.execute(
        "DELETE FROM change_papers WHERE change_id IN"
        " (SELECT id FROM registered_changes WHERE kind IN ('legal_rep', 'bank'))"
    )
    op.execute("DELETE FROM registered_changes WHERE kind IN ('legal_rep', 'bank')")
    codes = ", ".join(f"'{code}'" for code, *_rest in PAPERS)
    op.execute(f"DELETE FROM code_values WHERE code_table = 'change_document' AND code IN ({codes})")  # noqa: S608 - constants
    for name in ("written", "bank_office", "bank_code"):
        op.drop_column("registered_changes", name)
