"""The letter that confirms a new handler names the one before and what the change rests on.

Its first wording named neither, and asked the author for a day that is known of each employer. Who has written a
wording of their own since keeps that one. A campaign or a rule that was approved with the first wording stays with
it until somebody approves the second.

Revision ID: 0058
Revises: 0057
"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

CODE = "handler_change"
TITLE = "关于确认住房公积金经办人变更的函"
WORDS = (
    "根据{authorisation}，我部已将你单位（单位账号：{account}）住房公积金经办人由{previous_handler}变更登记为{handler}，"
    "自{handler_since}起生效。\n"
    "一、请新任经办人核对本人姓名和联系电话，可以扫描本函左上角二维码确认，也可以致电{phone}确认。\n"
    "二、原经办人的网上业务大厅操作权限已经停用，新任经办人请重新领取权限并修改初始密码。\n"
    "三、如上述变更未经你单位授权，请立即与我部联系，我部将暂停相关权限并核实。"
)
VARIABLES = [{"name": "handler_since", "label": "变更生效日期", "kind": "date", "required": True}]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _table(name, **kinds):
    return sa.table(name, *(sa.column(column, kind) for column, kind in kinds.items()))


TEMPLATES = _table("letter_templates", id=sa.Integer, code=sa.String)
VERSIONS = _table(
    "letter_versions",
    id=sa.Integer,
    template_id=sa.Integer,
    number=sa.Integer,
    title=sa.String,
    text=sa.String,
    variables=_JSON,
    enclosures=_JSON,
    valid_from=sa.Date,
    created_at=sa.DateTime(timezone=True),
    updated_at=sa.DateTime(timezone=True),
)


def insert_letters(connection, templates, versions):
    """Tables are given, so that tests that make theirs from the models can have the same wording."""
    latest = connection.execute(
        sa.select(versions.c.template_id, sa.func.max(versions.c.number))
        .join(templates, templates.c.id == versions.c.template_id)
        .where(templates.c.code == CODE)
        .group_by(versions.c.template_id)
    ).first()
    if latest is None or latest[1] != 1:
        return
    stamp = datetime(2026, 11, 23, tzinfo=UTC)
    second = {"template_id": latest[0], "number": 2, "title": TITLE, "text": WORDS, "enclosures": []}
    connection.execute(
        sa.insert(versions).values(
            second
            | {
                "variables": VARIABLES,
                "valid_from": date(2026, 11, 23),
                "created_at": stamp,
                "updated_at": stamp,
            }
        )
    )


def upgrade():
    insert_letters(op.get_bind(), TEMPLATES, VERSIONS)


def downgrade():
    """The wording goes unless something was written with it."""
    connection = op.get_bind()
    ours = sa.select(VERSIONS.c.id).where(VERSIONS.c.text == WORDS, VERSIONS.c.number == 2)
    for table, column in (
        ("campaigns", "letter_version_id"),
        ("campaign_rules", "letter_version_id"),
        ("letters", "version_id"),
    ):
        used = sa.column(column, sa.Integer)
        ours = ours.where(
            VERSIONS.c.id.not_in(sa.select(used).select_from(sa.table(table)).where(used.is_not(None)))
        )
    ids = list(connection.execute(ours).scalars())
    connection.execute(sa.delete(VERSIONS).where(VERSIONS.c.id.in_(ids)))
