"""Which record a campaign to one employer sends, and the wordings for contribution plans and for papers that
an account opening waits for.

An office that has a template or an outline of the same code or name keeps its own.

Revision ID: 0051
Revises: 0050
"""

from datetime import UTC, date, datetime

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

#: name and label of what authors fill in, and its kind
PLAN = (
    ("plan_heads", "测算人数", "number"),
    ("base", "人均缴存基数", "money"),
    ("employer_rate", "单位缴存比例", "rate"),
    ("employee_rate", "职工缴存比例", "rate"),
    ("employer_amount", "单位月缴存额", "money"),
    ("employees_amount", "职工月缴存额", "money"),
    ("total_amount", "月缴存额合计", "money"),
    ("valid_until", "方案有效期至", "date"),
)
PAPERS = (("papers", "待补材料", "text"),)

#: code, name, text, and what authors fill in
MESSAGES = (
    (
        "contribution_plan",
        "缴存方案告知",
        "{handler}您好，{employer}住房公积金缴存方案：{plan_heads}人，人均基数{base}，比例单位{employer_rate}、"
        "职工{employee_rate}，每月单位缴{employer_amount}、职工缴{employees_amount}，{valid_until}前有效。咨询{phone}",
        PLAN,
    ),
    (
        "papers_outstanding",
        "开户材料补交提醒",
        "{handler}您好，{employer}办理住房公积金开户，尚待补交：{papers}。补齐后即可终审。咨询{phone}",
        PAPERS,
    ),
)

#: code, name, heading, text, and what authors fill in
LETTERS = (
    (
        "contribution_plan",
        "缴存方案函",
        "关于住房公积金缴存方案的函",
        "根据你单位提供的职工人数和工资情况，现将测算的住房公积金缴存方案函告如下：\n"
        "一、测算依据\n根据{law:monthly_amount}的规定，月缴存额为职工本人上一年度月平均工资乘以缴存比例，由单位和职工分别缴存。"
        "本方案按职工{plan_heads}人、人均缴存基数{base}、单位缴存比例{employer_rate}、职工缴存比例{employee_rate}测算。\n"
        "二、测算结果\n单位每月缴存{employer_amount}，职工每月缴存{employees_amount}，合计{total_amount}。"
        "单位和职工缴存的住房公积金全部归职工个人所有。\n"
        "三、说明\n本方案有效期至{valid_until}，系测算结果，实际月缴存额以你单位申报的职工工资核定为准。"
        "办理缴存登记可以致电{phone}预约，服务专员上门帮办，不收取任何费用。",
        PLAN,
    ),
    (
        "papers_outstanding",
        "开户材料补交告知函",
        "关于补交住房公积金开户材料的函",
        "你单位办理住房公积金缴存登记，下列材料尚待补交：{papers}。\n"
        "请按上述期限补齐；全部材料齐备后，我部即办理开户终审。有材料需要更正或者办理有困难的，请致电{phone}，"
        "服务专员可以上门指导。",
        PAPERS,
    ),
)


def _rows(asked, extra):
    return [{"name": name, "label": label, "kind": kind, **extra} for name, label, kind in asked]


def insert_messages(connection, templates, versions):
    """Tables are given, so that tests that make theirs from the models can have the same rows."""
    moment = datetime.now(UTC)
    times = {"created_at": moment, "updated_at": moment}
    for code, name, text, asked in MESSAGES:
        template = {"code": code, "name": name, "message_class": "service", **times}
        first = {"number": 1, "text": text, "variables": _rows(asked, {"default": ""})}
        _insert(connection, templates, versions, template, {**first, "published_at": moment, **times})


def insert_letters(connection, templates, versions):
    """The same of outlines of letters."""
    moment = datetime.now(UTC)
    times = {"created_at": moment, "updated_at": moment}
    for code, name, title, text, asked in LETTERS:
        template = {"code": code, "name": name, "message_class": "service", "case_only": False, **times}
        first = {"number": 1, "title": title, "text": text, "enclosures": []}
        first |= {"variables": _rows(asked, {"required": True}), "valid_from": date(2026, 1, 1)}
        _insert(connection, templates, versions, template, {**first, **times})


def _insert(connection, templates, versions, template, version):
    same = (templates.c.code == template["code"]) | (templates.c.name == template["name"])
    if connection.execute(sa.select(templates.c.id).where(same)).first() is None:
        made = connection.execute(sa.insert(templates).values(template).returning(templates.c.id))
        connection.execute(sa.insert(versions).values(template_id=made.scalar_one(), **version))


_KINDS = {
    "id": sa.Integer,
    "number": sa.Integer,
    "template_id": sa.Integer,
    "by_id": sa.Integer,
    "case_only": sa.Boolean,
    "valid_from": sa.Date,
    "variables": _JSON,
    "enclosures": _JSON,
    **dict.fromkeys(("created_at", "updated_at", "published_at"), sa.DateTime(timezone=True)),
}


def _table(name, *columns):
    return sa.table(name, *(sa.column(one, _KINDS.get(one, sa.String)) for one in columns))


_TIMES = ("created_at", "updated_at")
_TEMPLATE = ("id", "code", "name", "message_class", *_TIMES)
_VERSION = ("id", "template_id", "number", "text", "variables", "by_id", *_TIMES)
MESSAGE_TABLES = (
    _table("sms_templates", *_TEMPLATE),
    _table("sms_template_versions", *_VERSION, "published_at"),
)
LETTER_TABLES = (
    _table("letter_templates", *_TEMPLATE, "case_only"),
    _table("letter_versions", *_VERSION, "title", "enclosures", "valid_from"),
)
#: what keeps the wordings that it was written with
USES = (
    (MESSAGE_TABLES, (("campaigns", "template_version_id"), ("campaign_rules", "template_version_id"))),
    (
        LETTER_TABLES,
        (
            ("campaigns", "letter_version_id"),
            ("campaign_rules", "letter_version_id"),
            ("letters", "version_id"),
        ),
    ),
)


def upgrade():
    op.create_table(
        "single_sendings",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_single_sendings_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_single_sendings")),
    )
    with op.batch_alter_table("single_sendings", schema=None) as batch_op:
        batch_op.create_index("ix_single_sendings_record", ["kind", "record_id"], unique=False)
    insert_messages(op.get_bind(), *MESSAGE_TABLES)
    insert_letters(op.get_bind(), *LETTER_TABLES)


def downgrade():
    """The wordings that nothing was written with go; the others stay with what they said."""
    op.drop_table("single_sendings")
    connection = op.get_bind()
    for (templates, versions), users in USES:
        ours = sa.select(templates.c.id).where(templates.c.code.in_([code for code, *_more in MESSAGES]))
        used = sa.union(*(_used(*user) for user in users)).subquery()
        kept = sa.select(versions.c.template_id).where(versions.c.id.in_(sa.select(used.c.version)))
        gone = ours.where(templates.c.id.not_in(kept))
        ids = list(connection.execute(gone).scalars())
        connection.execute(sa.delete(versions).where(versions.c.template_id.in_(ids)))
        connection.execute(sa.delete(templates).where(templates.c.id.in_(ids)))


def _used(table, column):
    version = sa.column(column, sa.Integer)
    return sa.select(version.label("version")).select_from(sa.table(table)).where(version.is_not(None))
