"""The first schema, with what an empty department already knows: its root branch and the law it quotes.

Revision ID: 0001
"""

from datetime import UTC, date, datetime

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: the search index of employers, which the tables above do not describe
SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE employer_search_fts USING fts5(grams, content='employer_search', "
        "content_rowid='id', columnsize=0, tokenize=\"unicode61 remove_diacritics 0 categories 'L* "
        "M* N* Co Cn'\")",
        "INSERT INTO employer_search_fts(employer_search_fts, rank) VALUES ('automerge', 16)",
        "CREATE TRIGGER employer_search_fts_removed AFTER DELETE ON employer_search BEGIN INSERT INTO "
        "employer_search_fts(employer_search_fts, rowid, grams) VALUES ('delete', old.id, old.grams); "
        "END",
    ),
    "postgresql": (
        "CREATE INDEX ix_employer_search_grams ON employer_search USING gin (string_to_array(grams, ' '))",
    ),
}
SEARCH_DROP = {"sqlite": ("DROP TABLE employer_search_fts",), "postgresql": ()}

#: events may be added and never changed
AUDIT_PROTECTION = {
    "sqlite": (
        "CREATE TRIGGER IF NOT EXISTS audit_events_no_update BEFORE UPDATE ON audit_events BEGIN "
        "SELECT RAISE(ABORT, 'audit_events is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS audit_events_no_delete BEFORE DELETE ON audit_events BEGIN "
        "SELECT RAISE(ABORT, 'audit_events is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'audit_events is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events "
        "FOR EACH ROW EXECUTE FUNCTION audit_events_refuse()",
        "CREATE OR REPLACE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events FOR "
        "EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()",
    ),
}
AUDIT_PROTECTION_DROP = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS audit_events_no_update",
        "DROP TRIGGER IF EXISTS audit_events_no_delete",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS audit_events_no_change ON audit_events",
        "DROP TRIGGER IF EXISTS audit_events_no_truncate ON audit_events",
    ),
}

#: what domain rule B quotes; an administrator keeps it up to date
LEGAL_BASIS = [
    {
        "code": "covered_employers",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第二条第二款",
        "quote": "本条例所称住房公积金，是指国家机关、国有企业、城镇集体企业、外商投资企业、城镇私营企业及其他城镇企业、事业单位、民办非企业单位、社会团体（以下统称单位）及其在职职工缴存的长期住房储金。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "register",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十三条第二款",
        "quote": "单位应当向住房公积金管理中心办理住房公积金缴存登记，并为本单位职工办理住房公积金账户设立手续。每个职工只能有一个住房公积金账户。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "register_in_time",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十四条第一款",
        "quote": "新设立的单位应当自设立之日起30日内向住房公积金管理中心办理住房公积金缴存登记，并自登记之日起20日内，为本单位职工办理住房公积金账户设立手续。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "change_or_deregister",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十四条第二款",
        "quote": "单位合并、分立、撤销、解散或者破产的，应当自发生上述情况之日起30日内由原单位或者清算组织向住房公积金管理中心办理变更登记或者注销登记，并自办妥变更登记或者注销登记之日起20日内，为本单位职工办理住房公积金账户转移或者封存手续。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "hire",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十五条第一款",
        "quote": "单位录用职工的，应当自录用之日起30日内向住房公积金管理中心办理缴存登记，并办理职工住房公积金账户的设立或者转移手续。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "end_of_employment",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十五条第二款",
        "quote": "单位与职工终止劳动关系的，单位应当自劳动关系终止之日起30日内向住房公积金管理中心办理变更登记，并办理职工住房公积金账户转移或者封存手续。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "monthly_amount",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十六条",
        "quote": "职工住房公积金的月缴存额为职工本人上一年度月平均工资乘以职工住房公积金缴存比例。单位为职工缴存的住房公积金的月缴存额为职工本人上一年度月平均工资乘以单位住房公积金缴存比例。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "first_month",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十七条",
        "quote": "新参加工作的职工从参加工作的第二个月开始缴存住房公积金，月缴存额为职工本人当月工资乘以职工住房公积金缴存比例。单位新调入的职工从调入单位发放工资之日起缴存住房公积金，月缴存额为职工本人当月工资乘以职工住房公积金缴存比例。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "lowest_rate",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十八条",
        "quote": "职工和单位住房公积金的缴存比例均不得低于职工上一年度月平均工资的5%；有条件的城市，可以适当提高缴存比例。具体缴存比例由住房公积金管理委员会拟订，经本级人民政府审核后，报省、自治区、直辖市人民政府批准。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "remit_in_time",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第十九条第二款",
        "quote": "单位应当于每月发放职工工资之日起5日内将单位缴存的和为职工代缴的住房公积金汇缴到住房公积金专户内，由受委托银行计入职工住房公积金账户。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "pay_in_full",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第二十条第一款",
        "quote": "单位应当按时、足额缴存住房公积金，不得逾期缴存或者少缴。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "relief",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第二十条第二款",
        "quote": "对缴存住房公积金确有困难的单位，经本单位职工代表大会或者工会讨论通过，并经住房公积金管理中心审核，报住房公积金管理委员会批准后，可以降低缴存比例或者缓缴；待单位经济效益好转后，再提高缴存比例或者补缴缓缴。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "urge",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第三十四条",
        "quote": "住房公积金管理中心和职工有权督促单位按时履行下列义务：（一）住房公积金的缴存登记或者变更、注销登记；（二）住房公积金账户的设立、转移或者封存；（三）足额缴存住房公积金。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "answer_query",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第三十六条第二款",
        "quote": "职工、单位对住房公积金账户内的存储余额有异议的，可以申请受委托银行复核；对复核结果有异议的，可以申请住房公积金管理中心重新复核。受委托银行、住房公积金管理中心应当自收到申请之日起5日内给予书面答复。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "order_to_register",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第三十七条",
        "quote": "违反本条例的规定，单位不办理住房公积金缴存登记或者不为本单位职工办理住房公积金账户设立手续的，由住房公积金管理中心责令限期办理；逾期不办理的，处1万元以上5万元以下的罚款。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "order_to_pay",
        "law": "住房公积金管理条例",
        "version": "2019年3月24日修订",
        "article": "第三十八条",
        "quote": "违反本条例的规定，单位逾期不缴或者少缴住房公积金的，由住房公积金管理中心责令限期缴存；逾期仍不缴存的，可以申请人民法院强制执行。",
        "valid_from": date(2019, 3, 24),
        "valid_to": date(2026, 9, 20),
        "verified": True,
    },
    {
        "code": "covered_employers",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第二条第二款",
        "quote": "本条例所称住房公积金，是指国家机关、国有企业、城镇集体企业、外商投资企业、城镇私营企业及其他城镇企业、事业单位、民办非企业单位、社会团体（以下统称单位）及其在职职工缴存的长期住房储金。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "register",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十三条第二款",
        "quote": "单位应当向住房公积金管理中心办理住房公积金缴存登记，并为本单位职工办理住房公积金账户设立手续。每个职工只能有一个住房公积金账户。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "register_in_time",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十四条第一款",
        "quote": "新设立的单位应当自设立之日起30日内向住房公积金管理中心办理住房公积金缴存登记，并自登记之日起20日内，为本单位职工办理住房公积金账户设立手续。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "change_or_deregister",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十四条第二款",
        "quote": "单位合并、分立、撤销、解散或者破产的，应当自发生上述情况之日起30日内由原单位或者清算组织向住房公积金管理中心办理变更登记或者注销登记，并自办妥变更登记或者注销登记之日起20日内，为本单位职工办理住房公积金账户转移或者封存手续。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "hire",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十五条第一款",
        "quote": "单位录用职工的，应当自录用之日起30日内向住房公积金管理中心办理缴存登记，并办理职工住房公积金账户的设立或者转移手续。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "end_of_employment",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十五条第二款",
        "quote": "单位与职工终止劳动关系的，单位应当自劳动关系终止之日起30日内向住房公积金管理中心办理变更登记，并办理职工住房公积金账户转移或者封存手续。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "monthly_amount",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十六条",
        "quote": "职工住房公积金的月缴存额为职工本人上一年度月平均工资乘以职工住房公积金缴存比例。单位为职工缴存的住房公积金的月缴存额为职工本人上一年度月平均工资乘以单位住房公积金缴存比例。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "first_month",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十七条",
        "quote": "新参加工作的职工从参加工作的第二个月开始缴存住房公积金，月缴存额为职工本人当月工资乘以职工住房公积金缴存比例。单位新调入的职工从调入单位发放工资之日起缴存住房公积金，月缴存额为职工本人当月工资乘以职工住房公积金缴存比例。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "lowest_rate",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十八条",
        "quote": "职工和单位住房公积金的缴存比例均不得低于职工上一年度月平均工资的5%；有条件的城市，可以适当提高缴存比例。具体缴存比例由住房公积金管理委员会拟订，经本级人民政府审核后，报省、自治区、直辖市人民政府批准。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "remit_in_time",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第十九条第二款",
        "quote": "单位应当于每月发放职工工资之日起5日内将单位缴存的和为职工代缴的住房公积金汇缴到住房公积金专户内，由受委托银行计入职工住房公积金账户。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "pay_in_full",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第二十条第一款",
        "quote": "单位应当按时、足额缴存住房公积金，不得逾期缴存或者少缴。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "relief",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第二十条第二款",
        "quote": "对缴存住房公积金确有困难的单位，经本单位职工代表大会或者工会讨论通过，并经住房公积金管理中心审核，报住房公积金管理委员会批准后，可以降低缴存比例或者缓缴；待单位经济效益好转后，再提高缴存比例或者补缴缓缴。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "urge",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第三十四条",
        "quote": "住房公积金管理中心和职工有权督促单位按时履行下列义务：（一）住房公积金的缴存登记或者变更、注销登记；（二）住房公积金账户的设立、转移或者封存；（三）足额缴存住房公积金。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "answer_query",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第三十六条第二款",
        "quote": "职工、单位对住房公积金账户内的存储余额有异议的，可以申请受委托银行复核；对复核结果有异议的，可以申请住房公积金管理中心重新复核。受委托银行、住房公积金管理中心应当自收到申请之日起5日内给予书面答复。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "order_to_register",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第三十七条",
        "quote": "违反本条例的规定，单位不办理住房公积金缴存登记或者不为本单位职工办理住房公积金账户设立手续的，由住房公积金管理中心责令限期办理；逾期不办理的，处1万元以上5万元以下的罚款。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
    {
        "code": "order_to_pay",
        "law": "住房公积金管理条例",
        "version": "2026年8月18日国务院令第844号修订",
        "article": "第三十八条",
        "quote": "违反本条例的规定，单位逾期不缴或者少缴住房公积金的，由住房公积金管理中心责令限期缴存；逾期仍不缴存的，可以申请人民法院强制执行。",
        "valid_from": date(2026, 9, 20),
        "valid_to": None,
        "verified": False,
    },
]


def upgrade():
    op.create_table(
        "audit_events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_events_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_at"), ["at"], unique=False)
        batch_op.create_index("ix_audit_events_subject", ["subject_type", "subject_id", "id"], unique=False)

    op.create_table(
        "branches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["branches.id"], name=op.f("fk_branches_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("code", name=op.f("uq_branches_code")),
    )
    with op.batch_alter_table("branches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_branches_path"), ["path"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mobile", sa.String(length=20), nullable=True),
        sa.Column("landline", sa.String(length=30), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("invalid_since", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_mobile"), ["mobile"], unique=False)

    op.create_table(
        "employer_match_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("former", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_match_keys")),
    )
    with op.batch_alter_table("employer_match_keys", schema=None) as batch_op:
        batch_op.create_index("ix_employer_match_keys_key", ["kind", "key", "employer_id"], unique=False)

    op.create_table(
        "ended_sessions",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_ended_sessions")),
    )
    with op.batch_alter_table("ended_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ended_sessions_ended_at"), ["ended_at"], unique=False)

    op.create_table(
        "gateway_codes",
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("failure", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "code", name=op.f("pk_gateway_codes")),
    )
    op.create_table(
        "legal_basis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("law", sa.String(length=120), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("article", sa.String(length=40), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_basis")),
    )
    with op.batch_alter_table("legal_basis", schema=None) as batch_op:
        batch_op.create_index("uq_legal_basis_code_valid_from", ["code", "valid_from"], unique=True)

    op.create_table(
        "sms_opt_outs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("signature", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_opt_outs")),
        sa.UniqueConstraint("phone", "signature", name=op.f("uq_sms_opt_outs_phone_signature")),
    )
    op.create_table(
        "stored_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_stored_files")),
    )
    op.create_table(
        "workflow_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("transition", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("evidence", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_history")),
    )
    with op.batch_alter_table("workflow_history", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_history_record", ["workflow", "record_id", "id"], unique=False)

    op.create_table(
        "working_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_working_days")),
    )
    op.create_table(
        "campaign_senders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(length=20), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_campaign_senders_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_senders")),
        sa.UniqueConstraint("branch_id", name=op.f("uq_campaign_senders_branch_id")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("mobile", sa.String(length=20), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_secret", sa.String(length=255), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("session_stamp", sa.String(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_users_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=True),
        sa.Column("criteria", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("message_class", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.String(length=20), nullable=False),
        sa.Column("template_text", sa.Text(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("contact_order", sa.String(length=32), nullable=False),
        sa.Column("frequency_days", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("audience_hash", sa.String(length=64), nullable=True),
        sa.Column("approved_hash", sa.String(length=64), nullable=True),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audience_size", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("outside_scope", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("edited_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_reason", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["approved_by_id"], ["users.id"], name=op.f("fk_campaigns_approved_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_campaigns_branch_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_campaigns_created_by_id")),
        sa.ForeignKeyConstraint(["edited_by_id"], ["users.id"], name=op.f("fk_campaigns_edited_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.create_index("ix_campaigns_branch_state", ["branch_id", "state", "id"], unique=False)

    op.create_table(
        "employer_pairs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_employer_pairs_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_pairs")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_employer_pairs_first_id_second_id")),
    )
    with op.batch_alter_table("employer_pairs", schema=None) as batch_op:
        batch_op.create_index("ix_employer_pairs_second", ["second_id"], unique=False)
        batch_op.create_index("ix_employer_pairs_state", ["state", "score", "id"], unique=False)

    op.create_table(
        "employers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("employer_account_no", sa.String(length=20), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("backup_owner_id", sa.Integer(), nullable=True),
        sa.Column("first_contact_owner_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("ineligible_reason", sa.String(length=200), nullable=True),
        sa.Column("registry_type", sa.String(length=60), nullable=True),
        sa.Column("economic_type", sa.String(length=3), nullable=True),
        sa.Column("industry", sa.String(length=4), nullable=True),
        sa.Column("affiliation", sa.String(length=2), nullable=True),
        sa.Column("registered_capital", sa.String(length=60), nullable=True),
        sa.Column("business_scope", sa.Text(), nullable=True),
        sa.Column("established_on", sa.Date(), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("area", sa.String(length=60), nullable=True),
        sa.Column("postal_code", sa.String(length=6), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("insured_heads", sa.Integer(), nullable=True),
        sa.Column("insured_as_of", sa.Date(), nullable=True),
        sa.Column("account_status", sa.String(length=32), nullable=True),
        sa.Column("account_opened_on", sa.Date(), nullable=True),
        sa.Column("employee_accounts_on", sa.Date(), nullable=True),
        sa.Column("online_signed_on", sa.Date(), nullable=True),
        sa.Column("first_contribution_month", sa.Integer(), nullable=True),
        sa.Column("first_employee_added_on", sa.Date(), nullable=True),
        sa.Column("heads", sa.Integer(), nullable=True),
        sa.Column("sealed_heads", sa.Integer(), nullable=True),
        sa.Column("employer_rate", sa.BigInteger(), nullable=True),
        sa.Column("employee_rate", sa.BigInteger(), nullable=True),
        sa.Column("monthly_amount", sa.BigInteger(), nullable=True),
        sa.Column("paid_through", sa.Integer(), nullable=True),
        sa.Column("pay_day", sa.Integer(), nullable=True),
        sa.Column("arrears_months", sa.Integer(), nullable=False),
        sa.Column("arrears_as_of", sa.Date(), nullable=True),
        sa.Column("statement_period", sa.Integer(), nullable=True),
        sa.Column("last_contact_on", sa.Date(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["backup_owner_id"], ["users.id"], name=op.f("fk_employers_backup_owner_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_employers_branch_id")),
        sa.ForeignKeyConstraint(
            ["first_contact_owner_id"], ["users.id"], name=op.f("fk_employers_first_contact_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["employers.id"], name=op.f("fk_employers_merged_into_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_employers_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employers")),
        sa.UniqueConstraint("employer_account_no", name=op.f("uq_employers_employer_account_no")),
        sa.UniqueConstraint("uscc", name=op.f("uq_employers_uscc")),
    )
    with op.batch_alter_table("employers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_employers_account_opened_on"), ["account_opened_on"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_employers_area"), ["area"], unique=False)
        batch_op.create_index("ix_employers_branch_stage", ["branch_id", "stage", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employers_economic_type"), ["economic_type"], unique=False)
        batch_op.create_index(batch_op.f("ix_employers_established_on"), ["established_on"], unique=False)
        batch_op.create_index("ix_employers_heads", ["heads", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employers_last_contact_on"), ["last_contact_on"], unique=False)
        batch_op.create_index(
            "ix_employers_merged",
            ["merged_into_id"],
            unique=False,
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.create_index("ix_employers_name", ["name", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employers_name_key"), ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_employers_online_signed_on"), ["online_signed_on"], unique=False)
        batch_op.create_index("ix_employers_owner", ["owner_id", "stage"], unique=False)

    op.create_table(
        "import_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("spec", sa.String(length=40), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("failure", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_import_batches_branch_id")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_import_batches_created_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
    )
    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.create_index("ix_import_batches_branch", ["branch_id", "id"], unique=False)
        batch_op.create_index("ix_import_batches_file", ["sha256", "spec"], unique=False)
        batch_op.create_index("ix_import_batches_state", ["state", "lease_until"], unique=False)

    op.create_table(
        "list_preferences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_list_preferences_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_preferences")),
        sa.UniqueConstraint("user_id", "list_name", name=op.f("uq_list_preferences_user_id_list_name")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_codes_user_id"), ["user_id"], unique=False)

    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_name", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("sharing", sa.String(length=32), nullable=False),
        sa.Column("tree", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("sort", sa.String(length=60), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_segments_branch_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_segments_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
    )
    with op.batch_alter_table("segments", schema=None) as batch_op:
        batch_op.create_index("ix_segments_list_name", ["list_name", "name"], unique=False)
        batch_op.create_index(batch_op.f("ix_segments_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kpi", sa.String(length=40), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_targets_branch_id")),
        sa.ForeignKeyConstraint(["set_by_id"], ["users.id"], name=op.f("fk_targets_set_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_targets_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
    )
    with op.batch_alter_table("targets", schema=None) as batch_op:
        batch_op.create_index(
            "uq_targets_branch",
            ["kpi", "period", "branch_id"],
            unique=True,
            sqlite_where=sa.text("user_id IS NULL"),
            postgresql_where=sa.text("user_id IS NULL"),
        )
        batch_op.create_index(
            "uq_targets_user",
            ["kpi", "period", "user_id"],
            unique=True,
            sqlite_where=sa.text("user_id IS NOT NULL"),
            postgresql_where=sa.text("user_id IS NOT NULL"),
        )

    op.create_table(
        "user_roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_roles")),
        sa.UniqueConstraint("user_id", "role", name=op.f("uq_user_roles_user_id_role")),
    )
    with op.batch_alter_table("user_roles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_roles_user_id"), ["user_id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("proves", sa.String(length=200), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_attachments_employer_id")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_files.sha256"], name=op.f("fk_attachments_sha256")),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["users.id"], name=op.f("fk_attachments_uploaded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("kind", "record_id", "sha256", name=op.f("uq_attachments_kind_record_id_sha256")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index("ix_attachments_employer", ["employer_id", "id"], unique=False)
        batch_op.create_index("ix_attachments_file", ["sha256"], unique=False)

    op.create_table(
        "audience_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("variables", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("own_variables", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("excluded", sa.String(length=32), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_audience_members_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_audience_members_contact_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_audience_members_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["audience_members.id"],
            name=op.f("fk_audience_members_merged_into_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_members")),
        sa.UniqueConstraint(
            "campaign_id",
            "employer_id",
            "contact_id",
            name=op.f("uq_audience_members_campaign_id_employer_id_contact_id"),
        ),
    )
    with op.batch_alter_table("audience_members", schema=None) as batch_op:
        batch_op.create_index("ix_audience_members_campaign", ["campaign_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audience_members_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_audience_members_excluded", ["campaign_id", "excluded", "id"], unique=False)
        batch_op.create_index("ix_audience_members_merged_into", ["merged_into_id"], unique=False)
        batch_op.create_index("ix_audience_members_phone", ["phone"], unique=False)

    op.create_table(
        "contribution_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account_status", sa.String(length=32), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("sealed_heads", sa.Integer(), nullable=True),
        sa.Column("employer_rate", sa.BigInteger(), nullable=True),
        sa.Column("employee_rate", sa.BigInteger(), nullable=True),
        sa.Column("monthly_amount", sa.BigInteger(), nullable=True),
        sa.Column("paid_through", sa.Integer(), nullable=True),
        sa.Column("arrears_months", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_contribution_facts_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_contribution_facts_employer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution_facts")),
        sa.UniqueConstraint(
            "employer_id", "period", "version", name=op.f("uq_contribution_facts_employer_id_period_version")
        ),
    )
    with op.batch_alter_table("contribution_facts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contribution_facts_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_contribution_facts_period", ["period", "employer_id"], unique=False)

    op.create_table(
        "employer_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_employer_contacts_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_employer_contacts_employer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_contacts")),
    )
    with op.batch_alter_table("employer_contacts", schema=None) as batch_op:
        batch_op.create_index("ix_employer_contacts_contact", ["contact_id"], unique=False)
        batch_op.create_index("ix_employer_contacts_employer", ["employer_id", "role"], unique=False)

    op.create_table(
        "employer_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("kept_name", sa.String(length=255), nullable=False),
        sa.Column("merged_name", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moves", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("notes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("stayed", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_employer_merges_by_id")),
        sa.ForeignKeyConstraint(["kept_id"], ["employers.id"], name=op.f("fk_employer_merges_kept_id")),
        sa.ForeignKeyConstraint(["merged_id"], ["employers.id"], name=op.f("fk_employer_merges_merged_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["users.id"], name=op.f("fk_employer_merges_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_merges")),
    )
    with op.batch_alter_table("employer_merges", schema=None) as batch_op:
        batch_op.create_index("ix_employer_merges_kept", ["kept_id", "id"], unique=False)
        batch_op.create_index(
            "uq_employer_merges_standing",
            ["merged_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "employer_relations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("proof", sa.String(length=255), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["employers.id"], name=op.f("fk_employer_relations_object_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["users.id"], name=op.f("fk_employer_relations_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["employers.id"],
            name=op.f("fk_employer_relations_subject_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_relations")),
        sa.UniqueConstraint(
            "kind", "subject_id", "object_id", name=op.f("uq_employer_relations_kind_subject_id_object_id")
        ),
    )
    with op.batch_alter_table("employer_relations", schema=None) as batch_op:
        batch_op.create_index("ix_employer_relations_object", ["object_id"], unique=False)
        batch_op.create_index("ix_employer_relations_subject", ["subject_id"], unique=False)

    op.create_table(
        "employer_search",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "former_name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("uscc", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("account", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("initials", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("pinyin", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("phone", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("contact", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("grams", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["employers.id"], name=op.f("fk_employer_search_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_search")),
    )
    op.create_table(
        "former_names",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("proof", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_former_names_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_names")),
    )
    with op.batch_alter_table("former_names", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_names_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_former_names_name_key"), ["name_key"], unique=False)

    op.create_table(
        "identity_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("materials", sa.String(length=500), nullable=False),
        sa.Column("filed_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_identity_files_contact_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_identity_files_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["filed_by_id"], ["users.id"], name=op.f("fk_identity_files_filed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_files")),
    )
    with op.batch_alter_table("identity_files", schema=None) as batch_op:
        batch_op.create_index("ix_identity_files_employer", ["employer_id", "id"], unique=False)

    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("values", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("notes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=True),
        sa.Column("kept", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_import_rows_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index("ix_import_rows_number", ["batch_id", "number"], unique=False)
        batch_op.create_index("ix_import_rows_outcome", ["batch_id", "outcome", "number"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("source_type", sa.String(length=32), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_tasks_branch_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["users.id"], name=op.f("fk_tasks_closed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_tasks_created_by_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_tasks_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_tasks_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_employer", ["employer_id", "state"], unique=False)
        batch_op.create_index("ix_tasks_owner_state_due", ["owner_id", "state", "due_on", "id"], unique=False)
        batch_op.create_index(
            "uq_tasks_open_source",
            ["source_type", "source_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state = 'open' AND source_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'open' AND source_id IS NOT NULL"),
        )

    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.String(length=400), nullable=False),
        sa.Column("params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("endpoint", sa.String(length=80), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_timeline_actor_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_timeline_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
    )
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_employer_at", ["employer_id", "at", "id"], unique=False)

    op.create_table(
        "verifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(length=60), nullable=False),
        sa.Column("question", sa.String(length=255), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.String(length=120), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=False),
        sa.Column("materials", sa.String(length=255), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_verifications_by_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_verifications_contact_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_verifications_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.create_index("ix_verifications_at", ["at", "id"], unique=False)
        batch_op.create_index("ix_verifications_employer", ["employer_id", "at"], unique=False)

    op.create_table(
        "visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("met_name", sa.String(length=120), nullable=False),
        sa.Column("met_role", sa.String(length=32), nullable=True),
        sa.Column("topics", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("next_step", sa.String(length=255), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("service_mode", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_visits_by_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_visits_contact_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_visits_employer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index("ix_visits_at", ["at", "id"], unique=False)
        batch_op.create_index("ix_visits_by_at", ["by_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_visits_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_visits_employer_at", ["employer_id", "at", "id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("recipient_key", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("token", sa.String(length=16), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("gateway", sa.String(length=20), nullable=True),
        sa.Column("gateway_id", sa.String(length=64), nullable=True),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_messages_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_messages_contact_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_messages_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["audience_members.id"], name=op.f("fk_messages_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["audience_members.id"],
            name=op.f("fk_messages_merged_into_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "campaign_id",
            "channel",
            "recipient_key",
            name=op.f("uq_messages_campaign_id_channel_recipient_key"),
        ),
        sa.UniqueConstraint("member_id", "channel", name=op.f("uq_messages_member_id_channel")),
        sa.UniqueConstraint("public_id", name=op.f("uq_messages_public_id")),
        sa.UniqueConstraint("token", name=op.f("uq_messages_token")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_campaign_state", ["campaign_id", "state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_messages_employer", ["employer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_index("ix_messages_phone", ["phone", "id"], unique=False)

    op.create_table(
        "message_replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("gateway_id", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opt_out", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_replies_message_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_replies")),
        sa.UniqueConstraint("gateway", "gateway_id", name=op.f("uq_message_replies_gateway_gateway_id")),
    )
    with op.batch_alter_table("message_replies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_replies_phone"), ["phone"], unique=False)

    op.create_table(
        "notice_guards",
        sa.Column("message_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_notice_guards_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_notice_guards")),
    )

    dialect = op.get_bind().dialect.name
    for statement in (*SEARCH[dialect], *AUDIT_PROTECTION[dialect]):
        op.execute(sa.DDL(statement))
    _add_reference_rows()


def _add_reference_rows() -> None:
    moment = (
        datetime.now(UTC).replace(tzinfo=None)
        if op.get_bind().dialect.name == "sqlite"
        else datetime.now(UTC)
    )
    stamps = {"created_at": moment, "updated_at": moment}
    branches = sa.table("branches", *map(sa.column, ("code", "name", "path", "created_at", "updated_at")))
    op.bulk_insert(branches, [{"code": "00", "name": "住房公积金管理部", "path": "/1/", **stamps}])
    columns = [sa.column(name, sa.Date() if name.startswith("valid_") else None) for name in LEGAL_BASIS[0]]
    law = sa.table("legal_basis", *columns, sa.column("created_at"), sa.column("updated_at"))
    op.bulk_insert(law, [row | stamps for row in LEGAL_BASIS])


def downgrade():
    dialect = op.get_bind().dialect.name
    for statement in (*AUDIT_PROTECTION_DROP[dialect], *SEARCH_DROP[dialect]):
        op.execute(sa.DDL(statement))
    op.drop_table("notice_guards")
    with op.batch_alter_table("message_replies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_replies_phone"))

    op.drop_table("message_replies")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_phone")
        batch_op.drop_index(batch_op.f("ix_messages_merged_into_id"))
        batch_op.drop_index("ix_messages_employer")
        batch_op.drop_index(batch_op.f("ix_messages_contact_id"))
        batch_op.drop_index("ix_messages_campaign_state")

    op.drop_table("messages")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_employer_at")
        batch_op.drop_index(batch_op.f("ix_visits_contact_id"))
        batch_op.drop_index("ix_visits_by_at")
        batch_op.drop_index("ix_visits_at")

    op.drop_table("visits")
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.drop_index("ix_verifications_employer")
        batch_op.drop_index("ix_verifications_at")

    op.drop_table("verifications")
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.drop_index("ix_timeline_employer_at")

    op.drop_table("timeline")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_tasks_open_source",
            sqlite_where=sa.text("state = 'open' AND source_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'open' AND source_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_tasks_owner_state_due")
        batch_op.drop_index("ix_tasks_employer")

    op.drop_table("tasks")
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_import_rows_outcome")
        batch_op.drop_index("ix_import_rows_number")

    op.drop_table("import_rows")
    with op.batch_alter_table("identity_files", schema=None) as batch_op:
        batch_op.drop_index("ix_identity_files_employer")

    op.drop_table("identity_files")
    with op.batch_alter_table("former_names", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_former_names_name_key"))
        batch_op.drop_index(batch_op.f("ix_former_names_employer_id"))

    op.drop_table("former_names")
    op.drop_table("employer_search")
    with op.batch_alter_table("employer_relations", schema=None) as batch_op:
        batch_op.drop_index("ix_employer_relations_subject")
        batch_op.drop_index("ix_employer_relations_object")

    op.drop_table("employer_relations")
    with op.batch_alter_table("employer_merges", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_employer_merges_standing",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.drop_index("ix_employer_merges_kept")

    op.drop_table("employer_merges")
    with op.batch_alter_table("employer_contacts", schema=None) as batch_op:
        batch_op.drop_index("ix_employer_contacts_employer")
        batch_op.drop_index("ix_employer_contacts_contact")

    op.drop_table("employer_contacts")
    with op.batch_alter_table("contribution_facts", schema=None) as batch_op:
        batch_op.drop_index("ix_contribution_facts_period")
        batch_op.drop_index(batch_op.f("ix_contribution_facts_batch_id"))

    op.drop_table("contribution_facts")
    with op.batch_alter_table("audience_members", schema=None) as batch_op:
        batch_op.drop_index("ix_audience_members_phone")
        batch_op.drop_index("ix_audience_members_merged_into")
        batch_op.drop_index("ix_audience_members_excluded")
        batch_op.drop_index(batch_op.f("ix_audience_members_contact_id"))
        batch_op.drop_index("ix_audience_members_campaign")

    op.drop_table("audience_members")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index("ix_attachments_file")
        batch_op.drop_index("ix_attachments_employer")

    op.drop_table("attachments")
    with op.batch_alter_table("user_roles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_roles_user_id"))

    op.drop_table("user_roles")
    with op.batch_alter_table("targets", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_targets_user",
            sqlite_where=sa.text("user_id IS NOT NULL"),
            postgresql_where=sa.text("user_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_targets_branch",
            sqlite_where=sa.text("user_id IS NULL"),
            postgresql_where=sa.text("user_id IS NULL"),
        )

    op.drop_table("targets")
    with op.batch_alter_table("segments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_segments_owner_id"))
        batch_op.drop_index("ix_segments_list_name")

    op.drop_table("segments")
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_codes_user_id"))

    op.drop_table("recovery_codes")
    op.drop_table("list_preferences")
    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.drop_index("ix_import_batches_state")
        batch_op.drop_index("ix_import_batches_file")
        batch_op.drop_index("ix_import_batches_branch")

    op.drop_table("import_batches")
    with op.batch_alter_table("employers", schema=None) as batch_op:
        batch_op.drop_index("ix_employers_owner")
        batch_op.drop_index(batch_op.f("ix_employers_online_signed_on"))
        batch_op.drop_index(batch_op.f("ix_employers_name_key"))
        batch_op.drop_index("ix_employers_name")
        batch_op.drop_index(
            "ix_employers_merged",
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_employers_last_contact_on"))
        batch_op.drop_index("ix_employers_heads")
        batch_op.drop_index(batch_op.f("ix_employers_established_on"))
        batch_op.drop_index(batch_op.f("ix_employers_economic_type"))
        batch_op.drop_index("ix_employers_branch_stage")
        batch_op.drop_index(batch_op.f("ix_employers_area"))
        batch_op.drop_index(batch_op.f("ix_employers_account_opened_on"))

    op.drop_table("employers")
    with op.batch_alter_table("employer_pairs", schema=None) as batch_op:
        batch_op.drop_index("ix_employer_pairs_state")
        batch_op.drop_index("ix_employer_pairs_second")

    op.drop_table("employer_pairs")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_index("ix_campaigns_branch_state")

    op.drop_table("campaigns")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_branch_id"))

    op.drop_table("users")
    op.drop_table("campaign_senders")
    op.drop_table("working_days")
    with op.batch_alter_table("workflow_history", schema=None) as batch_op:
        batch_op.drop_index("ix_workflow_history_record")

    op.drop_table("workflow_history")
    op.drop_table("stored_files")
    op.drop_table("sms_opt_outs")
    with op.batch_alter_table("legal_basis", schema=None) as batch_op:
        batch_op.drop_index("uq_legal_basis_code_valid_from")

    op.drop_table("legal_basis")
    op.drop_table("gateway_codes")
    with op.batch_alter_table("ended_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ended_sessions_ended_at"))

    op.drop_table("ended_sessions")
    with op.batch_alter_table("employer_match_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_employer_match_keys_key")

    op.drop_table("employer_match_keys")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_mobile"))

    op.drop_table("contacts")
    with op.batch_alter_table("branches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_branches_path"))

    op.drop_table("branches")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_subject")
        batch_op.drop_index(batch_op.f("ix_audit_events_at"))
        batch_op.drop_index(batch_op.f("ix_audit_events_actor_id"))
        batch_op.drop_index(batch_op.f("ix_audit_events_action"))

    op.drop_table("audit_events")
