"""Which of the employers that a record concerns a campaign sends it to, and the wordings for events.

An office that has a template or an outline of the same code or name keeps its own.

Revision ID: 0056
Revises: 0055
"""

from datetime import UTC, date, datetime

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

#: name and label of what authors fill in, and its kind
EVENT = (
    ("event_title", "活动名称", "text"),
    ("event_time", "活动时间", "text"),
    ("event_place", "活动地点", "text"),
)

#: code, name, text, and what authors fill in
MESSAGES = (
    (
        "event_invitation",
        "活动邀请",
        "{handler}您好，诚邀{employer}参加{event_title}，时间{event_time}，地点{event_place}。"
        "是否参加请致电{phone}",
        EVENT,
    ),
    (
        "event_reminder",
        "活动提醒",
        "{handler}您好，{event_title}将于{event_time}在{event_place}举行，请{employer}派员准时参加。咨询{phone}",
        EVENT,
    ),
    (
        "event_thanks",
        "参会感谢",
        "{handler}您好，感谢{employer}参加{event_title}。后续办理业务如需帮助，请致电{phone}",
        EVENT[:1],
    ),
    (
        "event_missed",
        "未到会单位告知",
        "{handler}您好，{employer}未能参加{event_title}。如需活动资料或者上门讲解，请致电{phone}",
        EVENT[:1],
    ),
    (
        "event_cancelled",
        "活动取消通知",
        "{handler}您好，原定{event_time}举行的{event_title}因故取消，请{employer}相互转告。咨询{phone}",
        EVENT[:2],
    ),
)

#: code, name, heading, text, and what authors fill in
LETTERS = (
    (
        "event_invitation",
        "活动邀请函",
        "关于邀请参加公积金宣讲培训活动的函",
        "为便于你单位了解住房公积金政策、熟悉业务办理流程，现邀请你单位派员参加{event_title}。有关事项如下：\n"
        "一、时间\n{event_time}。\n二、地点\n{event_place}。\n"
        "三、其他\n请派单位经办人或者有关负责人准时参加。活动不收取任何费用。是否参加及参加人数请致电{phone}。",
        EVENT,
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
    with op.batch_alter_table("single_sendings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("circle", sa.String(length=20), server_default="", nullable=False))
    insert_messages(op.get_bind(), *MESSAGE_TABLES)
    insert_letters(op.get_bind(), *LETTER_TABLES)


def downgrade():
    """The wordings that nothing was written with go; the others stay with what they said."""
    with op.batch_alter_table("single_sendings", schema=None) as batch_op:
        batch_op.drop_column("circle")
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
