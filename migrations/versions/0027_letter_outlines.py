"""Outlines of letters in versions, and how a branch heads its letters.

The outlines that the product ships with come in; their law is cited by name from the table of legal bases.

Revision ID: 0027
Revises: 0026
"""

from datetime import UTC, date, datetime

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

#: code, name, class of message, heading, text, enclosures, what authors fill in
GUIDE = (
    "住房公积金政策明白纸",
    "一、谁应当缴存\n国家机关、企业、事业单位、民办非企业单位、社会团体及其在职职工都应当缴存住房公积金。\n"
    "二、怎样登记\n单位持统一社会信用代码证照，可在单位网上业务大厅或者任一服务网点办理缴存登记，同时为职工设立账户。\n"
    "三、缴存多少\n月缴存额等于职工本人上一年度月平均工资乘以缴存比例，单位和职工各缴一份，全部归职工个人所有。\n"
    "四、确有困难怎么办\n经职工代表大会或者工会讨论通过，可以申请降低缴存比例或者缓缴。\n"
    "五、我们提供的帮助\n服务专员可以上门帮办，预审材料、指导填表、全程陪同，不收取任何费用。",
)
SHIPPED = (
    (
        "register",
        "催建函",
        "service",
        "关于办理住房公积金缴存登记的函",
        "经核对有关部门登记信息，你单位已于{established}成立，目前参加社会保险{insured_heads}人，"
        "截至本函发出之日尚未查到你单位办理住房公积金缴存登记的记录。\n"
        "一、应当办理的事项\n根据{law:register_in_time}的规定，新设立的单位应当自设立之日起30日内办理缴存登记，"
        "并自登记之日起20日内为本单位职工办理账户设立手续。请你单位于{deadline}前办理缴存登记和职工账户设立。\n"
        "二、怎样办理\n（一）网上办理：登录单位网上业务大厅，按照提示提交登记信息。\n"
        "（二）上门帮办：致电{phone}预约，服务专员到你单位协助办理。\n"
        "（三）所需材料：统一社会信用代码证照、经办人身份证件、职工名册。\n"
        "三、提示\n逾期未办理的，将按照{law:order_to_register}的规定处理。如你单位已经办理或者依法无须办理，"
        "请告知我部并附说明材料。",
        [GUIDE],
        (),
    ),
    (
        "arrears",
        "催缴函",
        "service",
        "关于及时补缴住房公积金的函",
        "你单位（单位账号：{account}）住房公积金缴存至{paid_through}，现有{months}个月未汇缴，"
        "涉及缴存职工{heads}人，按目前月缴存额估算金额为{amount}。\n"
        "一、请及时补缴\n根据{law:pay_in_full}的规定，单位应当按时、足额缴存住房公积金，不得逾期缴存或者少缴。"
        "请你单位于{deadline}前完成补缴；具体金额以核定结果为准。\n"
        "二、确有困难的\n根据{law:relief}的规定，经本单位职工代表大会或者工会讨论通过，可以申请降低缴存比例或者缓缴，"
        "我部提供政策辅导和材料预审。\n"
        "三、已经停止经营的\n请与我部联系，服务专员协助办理账户封存或者注销登记。\n"
        "如你单位已于近日补缴，请忽略本函。",
        [],
        (),
    ),
    (
        "relief_ending",
        "缓缴到期提醒函",
        "service",
        "关于缓缴住房公积金到期有关事项的函",
        "你单位（单位账号：{account}）经批准缓缴住房公积金，批准文号为{approval}，缓缴期限至{ends}。现将到期后有关事项函告如下：\n"
        "一、恢复缴存\n请自缓缴期满的次月起恢复正常缴存，并与我部商定缓缴期间应缴金额的补缴计划。\n"
        "二、继续申请\n仍有困难的，根据{law:relief}的规定，请于{deadline}前重新提交职工代表大会或者工会的决议和申请材料，"
        "每次缓缴期限不超过十二个月。\n"
        "三、办理材料\n（一）恢复缴存：单位书面说明、补缴计划。\n（二）继续缓缴：申请表、决议、反映经营状况的财务资料。",
        [],
        (("approval", "批准文号", "text"), ("ends", "缓缴截止月份", "month")),
    ),
    (
        "base_adjustment",
        "年度基数调整通知",
        "service",
        "关于调整{year}年度住房公积金缴存基数的函",
        "{year}年度（{period}）住房公积金缴存基数调整工作已经开始。现将有关事项函告如下：\n"
        "一、缴存基数\n根据{law:monthly_amount}的规定，缴存基数为职工本人上一年度月平均工资，上限为{ceiling}，下限为{floor}。\n"
        "二、缴存比例\n单位和职工的缴存比例均不低于5%，不高于12%，由单位在此范围内确定，同一单位执行同一比例。\n"
        "三、办理方式\n请于{deadline}前登录单位网上业务大厅提交调整清册；需要现场指导的，可以参加{training}举行的培训座谈会，"
        "或者致电{phone}。",
        [],
        (
            ("year", "年度", "number"),
            ("period", "执行期间", "text"),
            ("ceiling", "基数上限", "money"),
            ("floor", "基数下限", "money"),
            ("training", "培训时间和地点", "text"),
        ),
    ),
    (
        "greeting",
        "节日慰问函",
        "greeting",
        "致缴存单位的慰问函",
        "值此{festival}之际，谨向你单位及全体职工致以节日的问候，感谢你单位一直以来对住房公积金工作的理解和支持。\n"
        "我们将继续尽心服务、细心宣讲，用心维护职工利益，专心呵护企业成长。祝你单位事业兴旺，祝全体职工阖家幸福。",
        [],
        (("festival", "节日", "text"),),
    ),
    (
        "handler_change",
        "经办人变更确认函",
        "service",
        "关于确认住房公积金经办人变更的函",
        "根据你单位提交的变更申请，我部已将你单位（单位账号：{account}）住房公积金经办人登记为{handler}，自{effective}起生效。\n"
        "一、请新任经办人核对本人姓名和联系电话，可以扫描本函左上角二维码确认，也可以致电{phone}确认。\n"
        "二、原经办人的网上业务大厅操作权限已经停用，新任经办人请重新领取权限并修改初始密码。\n"
        "三、如上述变更未经你单位授权，请立即与我部联系，我部将暂停相关权限并核实。",
        [],
        (("effective", "生效日期", "date"),),
    ),
    (
        "order",
        "责令限期缴存通知书",
        "service",
        "责令限期缴存住房公积金通知书",
        "经查，你单位（单位账号：{account}）{facts}，应缴未缴住房公积金{owed}。\n"
        "上述事实有{evidence}等证据证明。你单位的行为违反了{law:pay_in_full}的规定。根据{law:order_to_pay}的规定，"
        "现责令你单位自收到本通知书之日起{days}日内补缴。\n"
        "逾期仍不缴存的，将依法申请人民法院强制执行。\n"
        "如不服本决定，可以自收到本通知书之日起六十日内依法申请行政复议，或者在六个月内依法提起行政诉讼。"
        "复议、诉讼期间不停止执行。\n承办人：{officers}。",
        [],
        (
            ("facts", "事实", "text"),
            ("owed", "应缴未缴金额", "money"),
            ("evidence", "证据", "text"),
            ("days", "期限（日）", "number"),
            ("officers", "承办人及执法证号", "text"),
        ),
    ),
    (
        "concern",
        "函告",
        "service",
        "关于请协助核查住房公积金业务有关情况的函",
        "我部在业务审核中发现，涉及你单位{people}名职工的住房公积金业务存在{matter}的情况。为保护资金安全和职工权益，现函告你单位：\n"
        "一、请对相关职工进行政策宣传和教育，提醒职工通过正规渠道办理业务，不轻信、不委托非法中介。\n"
        "二、请核实有关情况，并于{deadline}前书面回复我部。\n相关人员名单由我部服务专员当面核对，本函不载明个人身份信息。",
        [],
        (("people", "涉及职工人数", "number"), ("matter", "情况", "text")),
    ),
    (
        "sealed_check",
        "封存核实联系函",
        "service",
        "关于核实封存职工账户情况的函",
        "为维护职工合法权益，我部正在开展封存账户核实工作。你单位（单位账号：{account}）有{sealed_heads}名职工的账户处于封存状态。\n"
        "一、请逐人核实下列内容：是否仍与你单位保持劳动关系；如已终止，终止日期；封存原因是否需要变更。\n"
        "二、名单请由经办人登录单位网上业务大厅查看，或者由我部服务专员当面提供，名单已作脱敏处理。\n"
        "三、请于{deadline}前反馈核实结果，需要统一变更封存原因的，可以由经办人一次办理。\n"
        "有关依据：{law:end_of_employment}。",
        [],
        (),
    ),
    (
        "invitation",
        "政策宣讲邀请函",
        "publicity",
        "关于邀请参加住房公积金政策宣讲的函",
        "为帮助缴存单位准确了解住房公积金政策，我部定于{when}在{where}举行政策宣讲，主要内容为{topics}。\n"
        "诚邀你单位派住房公积金经办人、人力资源或者财务负责人参加。宣讲后安排现场答疑，可以当场预约上门服务。\n"
        "请于{deadline}前致电{phone}报名。",
        [],
        (("when", "时间", "text"), ("where", "地点", "text"), ("topics", "主要内容", "text")),
    ),
    (
        "transfer",
        "异地转移服务函",
        "service",
        "关于协助职工办理住房公积金异地转移接续的函",
        "你单位部分职工自外地转入本市缴存已满六个月，可以将原缴存地账户余额转移至本市账户合并计算。\n"
        "请经办人转告相关职工：可以通过手机客户端自助申请，无需回原缴存地办理，不收取任何费用。\n"
        "请于{deadline}前协助我部核对相关职工的联系方式和原缴存地，咨询电话{phone}。",
        [],
        (),
    ),
    (
        "joint_inspection",
        "联合检查通知书",
        "service",
        "关于开展住房公积金缴存情况联合检查的通知书",
        "根据{law:urge}的规定，我部会同{agencies}定于{when}对你单位住房公积金缴存登记、账户设立和缴存情况进行检查。\n"
        "请准备下列材料：（一）职工名册和劳动合同；（二）近十二个月工资发放凭证；（三）社会保险参保名单；"
        "（四）住房公积金汇缴凭证。\n请安排负责人和经办人到场配合。检查人员将出示执法证件。",
        [],
        (("agencies", "联合检查单位", "text"), ("when", "检查时间", "text")),
    ),
    (
        "rectification",
        "整改通知",
        "service",
        "关于限期整改住房公积金缴存问题的函",
        "我部检查发现你单位（单位账号：{account}）存在下列问题：{findings}。\n"
        "根据{law:urge}的规定，请于{deadline}前完成整改，并将整改情况及证明材料报送我部。"
        "整改中有困难的，我部服务专员可以上门指导，联系电话{phone}。",
        [],
        (("findings", "问题", "text"),),
    ),
)


def shipped():
    """For each outline its row of letter_templates and that of its first wording, without template_id."""
    stamp = {
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return [
        (
            {"code": code, "name": name, "message_class": kind, "case_only": code == "order", **stamp},
            {
                "number": 1,
                "title": title,
                "text": text,
                "enclosures": [{"title": head, "text": body} for head, body in enclosures],
                "variables": [
                    {"name": key, "label": label, "kind": what, "required": True}
                    for key, label, what in asked
                ],
                "valid_from": date(2026, 1, 1),
                **stamp,
            },
        )
        for code, name, kind, title, text, enclosures, asked in SHIPPED
    ]


def insert_shipped(connection, templates, versions):
    """Tables are given, so that tests that make theirs from the models can have the same outlines."""
    for template, version in shipped():
        made = connection.execute(
            sa.insert(templates).values(template).returning(templates.c.id)
        ).scalar_one()
        connection.execute(sa.insert(versions).values(template_id=made, **version))


def upgrade():
    op.create_table(
        "letter_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("message_class", sa.String(length=16), nullable=False),
        sa.Column("case_only", sa.Boolean(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_templates")),
        sa.UniqueConstraint("code", name=op.f("uq_letter_templates_code")),
        sa.UniqueConstraint("name", name=op.f("uq_letter_templates_name")),
    )
    op.create_table(
        "letterheads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=60), nullable=False),
        sa.Column("prefix", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=6), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_letterheads_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letterheads")),
        sa.UniqueConstraint("branch_id", name=op.f("uq_letterheads_branch_id")),
    )
    op.create_table(
        "letter_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "enclosures",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "variables",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_letter_versions_by_id")),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["letter_templates.id"],
            name=op.f("fk_letter_versions_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_versions")),
        sa.UniqueConstraint("template_id", "number", name=op.f("uq_letter_versions_template_id_number")),
    )
    with op.batch_alter_table("letter_versions", schema=None) as batch_op:
        batch_op.create_index("ix_letter_versions_valid", ["template_id", "valid_from"], unique=False)

    insert_shipped(op.get_bind(), _templates(), _versions())


def _templates():
    return sa.table(
        "letter_templates",
        sa.column("id", sa.Integer),
        sa.column("code", sa.String),
        sa.column("name", sa.String),
        sa.column("message_class", sa.String),
        sa.column("case_only", sa.Boolean),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )


def _versions():
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    return sa.table(
        "letter_versions",
        sa.column("template_id", sa.Integer),
        sa.column("number", sa.Integer),
        sa.column("title", sa.String),
        sa.column("text", sa.Text),
        sa.column("enclosures", json),
        sa.column("variables", json),
        sa.column("valid_from", sa.Date),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )


def downgrade():
    with op.batch_alter_table("letter_versions", schema=None) as batch_op:
        batch_op.drop_index("ix_letter_versions_valid")

    op.drop_table("letter_versions")
    op.drop_table("letterheads")
    op.drop_table("letter_templates")
