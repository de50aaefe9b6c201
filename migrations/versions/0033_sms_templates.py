"""Templates of messages in versions, which campaigns keep, and the words that gateways refuse.

The texts that the product used to carry in its code come in as published first versions.

Revision ID: 0033
Revises: 0031
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

#: code, name, class of message, text, and {name, label, kind, default} of what authors fill in
SHIPPED = (
    (
        "arrears",
        "欠缴提醒",
        "service",
        "{handler}您好，{employer}住房公积金缴至{paid_through}，现欠缴{months}个月，请尽快补缴。"
        "详情及预约上门服务：{link} 咨询{phone}",
        (),
    ),
    (
        "arrears_deadline",
        "限期补缴提醒",
        "service",
        "{handler}您好，{employer}已欠缴住房公积金{months}个月，预计{amount}，请于{deadline}前补缴；"
        "确有困难的可申请缓缴或降低缴存比例。查看通知：{link} 咨询{phone}",
        (),
    ),
    (
        "registration",
        "缴存登记提醒",
        "service",
        "{handler}您好，经核对{employer}尚未办理住房公积金缴存登记，请于{deadline}前办理缴存登记及职工账户设立。"
        "我部可上门帮办，预约：{link} 咨询{phone}",
        (),
    ),
    (
        "handler_change",
        "经办人变更确认",
        "service",
        "{handler}您好，您已登记为{employer}住房公积金经办人，请打开链接核实并确认：{link} "
        "如非本人授权，请致电{phone}",
        (),
    ),
    (
        "base_adjustment",
        "年度基数调整提醒",
        "service",
        "{handler}您好，{year}年度住房公积金缴存基数调整已开始，请{employer}于{deadline}前办理。"
        "办理指南：{link} 咨询{phone}",
        ({"name": "year", "label": "调整年度", "kind": "number", "default": ""},),
    ),
    (
        "relief_ending",
        "缓缴到期提醒",
        "service",
        "{handler}您好，{employer}缓缴或降低比例的批准期限即将届满，请于{deadline}前恢复正常缴存或重新申请。"
        "详情：{link} 咨询{phone}",
        ({"name": "handler", "default": "负责人"},),
    ),
    (
        "new_year",
        "元旦祝福",
        "greeting",
        "{handler}您好，值此新年来临之际，感谢贵单位对住房公积金工作的支持，祝新年快乐！",
        ({"name": "handler", "default": "负责人"},),
    ),
    (
        "spring_festival",
        "春节祝福",
        "greeting",
        "{handler}您好，值此新春佳节，感谢贵单位对住房公积金工作的支持，祝节日快乐！",
        ({"name": "handler", "default": "负责人"},),
    ),
    (
        "mid_autumn",
        "中秋国庆祝福",
        "greeting",
        "{handler}您好，值此中秋国庆佳节，感谢贵单位对住房公积金工作的支持，祝节日快乐！",
        ({"name": "handler", "default": "负责人"},),
    ),
    (
        "lecture",
        "政策宣讲会邀请",
        "publicity",
        "{handler}您好，我部将于{day}在{place}举办住房公积金{topic}宣讲会，诚邀{employer}参加。报名及议程：{link} 咨询{phone}",
        (
            {"name": "day", "label": "宣讲日期", "kind": "date", "default": ""},
            {"name": "place", "label": "地点", "kind": "text", "default": ""},
            {"name": "topic", "label": "主题", "kind": "text", "default": "政策"},
        ),
    ),
)

#: what the operators' filters usually stop; a department adds its provider's own
WORDS = ("中奖", "免费领取", "加微信", "套现", "代办提取", "点击领取", "内部渠道")


def insert_shipped(connection, templates, versions, words):
    """Tables are given, so that tests that make theirs from the models can have the same rows."""
    moment = datetime.now(UTC)
    times = {"created_at": moment, "updated_at": moment}
    for code, name, message_class, text, variables in SHIPPED:
        template = {"code": code, "name": name, "message_class": message_class, **times}
        made = connection.execute(
            sa.insert(templates).values(template).returning(templates.c.id)
        ).scalar_one()
        version = {"number": 1, "text": text, "variables": list(variables), "published_at": moment}
        connection.execute(sa.insert(versions).values(template_id=made, **version, **times))
    for word in WORDS:
        connection.execute(sa.insert(words).values(gateway="", word=word, note="运营商常见拦截词", **times))


def _table(name, *columns):
    kinds = {"id": sa.Integer, "number": sa.Integer, "template_id": sa.Integer, "variables": _JSON}
    moments = dict.fromkeys(("created_at", "updated_at", "published_at"), sa.DateTime(timezone=True))
    return sa.table(name, *(sa.column(c, (kinds | moments).get(c, sa.String)) for c in columns))


def upgrade():
    op.create_table(
        "gateway_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_words")),
        sa.UniqueConstraint("gateway", "word", name=op.f("uq_gateway_words_gateway_word")),
    )
    op.create_table(
        "sms_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("message_class", sa.String(length=16), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_templates")),
        sa.UniqueConstraint("code", name=op.f("uq_sms_templates_code")),
        sa.UniqueConstraint("name", name=op.f("uq_sms_templates_name")),
    )
    op.create_table(
        "sms_template_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("variables", _JSON, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_sms_template_versions_by_id")),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["users.id"], name=op.f("fk_sms_template_versions_published_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["sms_templates.id"],
            name=op.f("fk_sms_template_versions_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_template_versions")),
        sa.UniqueConstraint(
            "template_id", "number", name=op.f("uq_sms_template_versions_template_id_number")
        ),
    )
    op.create_index(
        "uq_sms_template_versions_draft",
        "sms_template_versions",
        ["template_id"],
        unique=True,
        sqlite_where=sa.text("published_at IS NULL"),
        postgresql_where=sa.text("published_at IS NULL"),
    )
    used = sa.ForeignKey("sms_template_versions.id", name="fk_campaigns_template_version_id")
    op.add_column("campaigns", sa.Column("template_version_id", sa.Integer(), used), inline_references=True)
    op.add_column("campaigns", sa.Column("template_values", _JSON, server_default="{}", nullable=False))
    stamps = ("created_at", "updated_at")
    insert_shipped(
        op.get_bind(),
        _table("sms_templates", "id", "code", "name", "message_class", *stamps),
        _table(
            "sms_template_versions", "template_id", "number", "text", "variables", "published_at", *stamps
        ),
        _table("gateway_words", "gateway", "word", "note", *stamps),
    )


def downgrade():
    op.drop_column("campaigns", "template_values")
    op.drop_column("campaigns", "template_version_id")
    op.drop_index("uq_sms_template_versions_draft", "sms_template_versions")
    op.drop_table("sms_template_versions")
    op.drop_table("sms_templates")
    op.drop_table("gateway_words")
