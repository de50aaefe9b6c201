"""The legal basis of what the department does, as dated rows: no article number is printed from code.

Code names a basis ("register_in_time"); the table says which article of which version that was on a day.
The Regulation was amended with effect from 2026-09-20. Its new wording has not been checked here, so those
rows are seeded as unverified and an administrator confirms or corrects them.
"""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, String, Text, bindparam, insert, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import today
from app.core.db import Model, Timestamps, db
from app.core.errors import DomainError


class LegalBasis(Timestamps, Model):
    """One article as it stood from `valid_from` to the day before `valid_to` (None: still in force)."""

    __tablename__ = "legal_basis"
    __table_args__ = (Index("uq_legal_basis_code_valid_from", "code", "valid_from", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    law: Mapped[str] = mapped_column(String(120))
    version: Mapped[str] = mapped_column(String(60))
    article: Mapped[str] = mapped_column(String(40))
    quote: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    verified: Mapped[bool] = mapped_column(default=False)

    def __str__(self) -> str:
        return f"《{self.law}》{self.article}"


def cite(code: str, on: date | None = None) -> LegalBasis:
    """The basis in force on the day (today by default).

    Raises DomainError when the table has none; whether it was verified is on the row, and a document that
    leaves the house must look.
    """
    found = find(code, on)
    if found is None:
        raise DomainError(
            _l("No legal basis “%(code)s” is entered for %(day)s.", code=code, day=str(on or today()))
        )
    return found


def find(code: str, on: date | None = None) -> LegalBasis | None:
    """Like `cite`, but None where nothing is entered."""
    return db.session.scalars(_IN_FORCE, {"code": code, "day": on or today()}).first()


#: Made once: to put it together takes longer than to run it.
_IN_FORCE = (
    select(LegalBasis)
    .where(
        LegalBasis.code == bindparam("code"),
        LegalBasis.valid_from <= bindparam("day"),
        or_(LegalBasis.valid_to.is_(None), LegalBasis.valid_to > bindparam("day")),
    )
    .order_by(LegalBasis.valid_from.desc())
    .limit(1)
)


def seed_legal_basis() -> int:
    """Adds the rows that are missing, and changes none; gives how many were added."""
    there = {(code, day) for code, day in db.session.execute(select(LegalBasis.code, LegalBasis.valid_from))}
    rows = [row for row in _seed_rows() if (row["code"], row["valid_from"]) not in there]
    if rows:
        db.session.execute(insert(LegalBasis), rows)
    return len(rows)


REGULATION = "住房公积金管理条例"
AMENDED_ON = date(2026, 9, 20)

#: code, article and wording of the text of 2019-03-24
_ARTICLES_2019 = (
    (
        "covered_employers",
        "第二条第二款",
        "本条例所称住房公积金，是指国家机关、国有企业、城镇集体企业、外商投资企业、城镇私营企业及其他城镇企业、"
        "事业单位、民办非企业单位、社会团体（以下统称单位）及其在职职工缴存的长期住房储金。",
    ),
    (
        "register",
        "第十三条第二款",
        "单位应当向住房公积金管理中心办理住房公积金缴存登记，并为本单位职工办理住房公积金账户设立手续。"
        "每个职工只能有一个住房公积金账户。",
    ),
    (
        "register_in_time",
        "第十四条第一款",
        "新设立的单位应当自设立之日起30日内向住房公积金管理中心办理住房公积金缴存登记，并自登记之日起20日内，"
        "为本单位职工办理住房公积金账户设立手续。",
    ),
    (
        "change_or_deregister",
        "第十四条第二款",
        "单位合并、分立、撤销、解散或者破产的，应当自发生上述情况之日起30日内由原单位或者清算组织向住房公积金管理"
        "中心办理变更登记或者注销登记，并自办妥变更登记或者注销登记之日起20日内，为本单位职工办理住房公积金账户"
        "转移或者封存手续。",
    ),
    (
        "hire",
        "第十五条第一款",
        "单位录用职工的，应当自录用之日起30日内向住房公积金管理中心办理缴存登记，并办理职工住房公积金账户的设立"
        "或者转移手续。",
    ),
    (
        "end_of_employment",
        "第十五条第二款",
        "单位与职工终止劳动关系的，单位应当自劳动关系终止之日起30日内向住房公积金管理中心办理变更登记，并办理职工"
        "住房公积金账户转移或者封存手续。",
    ),
    (
        "monthly_amount",
        "第十六条",
        "职工住房公积金的月缴存额为职工本人上一年度月平均工资乘以职工住房公积金缴存比例。单位为职工缴存的住房公积金"
        "的月缴存额为职工本人上一年度月平均工资乘以单位住房公积金缴存比例。",
    ),
    (
        "first_month",
        "第十七条",
        "新参加工作的职工从参加工作的第二个月开始缴存住房公积金，月缴存额为职工本人当月工资乘以职工住房公积金缴存"
        "比例。单位新调入的职工从调入单位发放工资之日起缴存住房公积金，月缴存额为职工本人当月工资乘以职工住房公积金"
        "缴存比例。",
    ),
    (
        "lowest_rate",
        "第十八条",
        "职工和单位住房公积金的缴存比例均不得低于职工上一年度月平均工资的5%；有条件的城市，可以适当提高缴存比例。"
        "具体缴存比例由住房公积金管理委员会拟订，经本级人民政府审核后，报省、自治区、直辖市人民政府批准。",
    ),
    (
        "remit_in_time",
        "第十九条第二款",
        "单位应当于每月发放职工工资之日起5日内将单位缴存的和为职工代缴的住房公积金汇缴到住房公积金专户内，由受委托"
        "银行计入职工住房公积金账户。",
    ),
    ("pay_in_full", "第二十条第一款", "单位应当按时、足额缴存住房公积金，不得逾期缴存或者少缴。"),
    (
        "relief",
        "第二十条第二款",
        "对缴存住房公积金确有困难的单位，经本单位职工代表大会或者工会讨论通过，并经住房公积金管理中心审核，报住房"
        "公积金管理委员会批准后，可以降低缴存比例或者缓缴；待单位经济效益好转后，再提高缴存比例或者补缴缓缴。",
    ),
    (
        "urge",
        "第三十四条",
        "住房公积金管理中心和职工有权督促单位按时履行下列义务：（一）住房公积金的缴存登记或者变更、注销登记；"
        "（二）住房公积金账户的设立、转移或者封存；（三）足额缴存住房公积金。",
    ),
    (
        "answer_query",
        "第三十六条第二款",
        "职工、单位对住房公积金账户内的存储余额有异议的，可以申请受委托银行复核；对复核结果有异议的，可以申请住房"
        "公积金管理中心重新复核。受委托银行、住房公积金管理中心应当自收到申请之日起5日内给予书面答复。",
    ),
    (
        "order_to_register",
        "第三十七条",
        "违反本条例的规定，单位不办理住房公积金缴存登记或者不为本单位职工办理住房公积金账户设立手续的，由住房公积金"
        "管理中心责令限期办理；逾期不办理的，处1万元以上5万元以下的罚款。",
    ),
    (
        "order_to_pay",
        "第三十八条",
        "违反本条例的规定，单位逾期不缴或者少缴住房公积金的，由住房公积金管理中心责令限期缴存；逾期仍不缴存的，可以"
        "申请人民法院强制执行。",
    ),
)


def _seed_rows() -> list[dict[str, Any]]:
    versions = (
        ("2019年3月24日修订", date(2019, 3, 24), AMENDED_ON, True),
        ("2026年8月18日国务院令第844号修订", AMENDED_ON, None, False),
    )
    return [
        {
            "code": code,
            "law": REGULATION,
            "version": version,
            "article": article,
            "quote": quote,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "verified": verified,
        }
        for version, valid_from, valid_to, verified in versions
        for code, article, quote in _ARTICLES_2019
    ]
