"""Employers of the synthetic department: a few giants, a long tail, and leads not yet won."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from stdnum.cn import uscc

from app.accounts.models import User, UserRole
from app.core.criteria import segments
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.demo import Demo
from app.core.language.text import name_key
from app.core.periods import Period
from app.core.permissions import Role
from app.core.preferences import pin
from app.core.rules.dues import last_due_month, months_in_arrears
from app.employers.lists import LIST, employer_fields
from app.employers.models import (
    AccountStatus,
    Contact,
    ContactRole,
    Employer,
    EmployerContact,
    PreferredChannel,
    Stage,
    VerifiedHow,
)
from app.employers.search.services import reindex

#: how many employers stand at each stage
STAGES = (
    (Stage.CONTRIBUTING, 428),
    (Stage.IN_ARREARS, 21),
    (Stage.REGISTERED, 7),
    (Stage.ENROLLED, 5),
    (Stage.ON_RELIEF, 4),
    (Stage.SEALED, 8),
    (Stage.CLOSING, 2),
    (Stage.CLOSED, 6),
    (Stage.PROSPECT, 46),
    (Stage.ENGAGED, 14),
    (Stage.DISMISSED, 4),
)
WITHOUT_ACCOUNT = frozenset({Stage.PROSPECT, Stage.ENGAGED, Stage.DISMISSED})
NEVER_PAID = frozenset({Stage.REGISTERED, Stage.ENROLLED})
STATUS = {
    Stage.ON_RELIEF: AccountStatus.DEFERRED,
    Stage.SEALED: AccountStatus.SEALED,
    Stage.CLOSED: AccountStatus.CLOSED,
    Stage.REGISTERED: AccountStatus.OPENED,
    Stage.ENROLLED: AccountStatus.OPENED,
}
GIANTS = (18000, 9400, 5200, 2600, 1900, 1400, 1100, 820, 640, 520)
ARREARS = (1, 1, 1, 2, 2, 3, 3, 4, 5, 7, 13)

PLACES = ("滨河", "东港", "海兴", "石油新村", "中塘", "古林", "永明", "创业路")
AREAS = ("滨河街道", "东港街道", "海兴街道", "石油新村街道", "中塘镇", "古林镇", "永明镇")
BRAND_FIRST = "恒信瑞诚博远华泰鑫盛嘉禾宏图安达东方金桥明德启航"
BRAND_SECOND = "达源通海润和昌力泽丰凯新康宇航诺"
TRADES = (
    ("科技", "I"),
    ("机械设备", "C"),
    ("石油工程技术服务", "B"),
    ("建筑安装", "E"),
    ("商贸", "F"),
    ("物流", "G"),
    ("餐饮管理", "H"),
    ("环保工程", "N"),
    ("人力资源服务", "L"),
    ("职业培训学校", "P"),
)
ECONOMIC = (("173", 75), ("160", 6), ("110", 5), ("330", 4), ("120", 4), ("310", 3), ("151", 3))
LEAD_SOURCES = (("registry", 3), ("bank", 3), ("social_insurance", 2))
#: months since the account was opened, as ranges with weights
AGES = ((range(1, 12), 18), (range(12, 36), 22), (range(36, 120), 60))
#: how numbers were verified, in turn; and what every seventh, and the one after, would rather have
WAYS = (VerifiedHow.CALL, VerifiedHow.CALL, VerifiedHow.VISIT, VerifiedHow.SMS_REPLY)
PREFERRED = {0: PreferredChannel.WECHAT, 1: PreferredChannel.CALL}
#: views of the list of employers, by name
VIEWS = {
    "欠缴3个月以上": [rule("arrears_months", "ge", "3")],
    "30人以上待开户": [rule("stage", "in", ["prospect", "engaged"]), rule("insured_heads", "ge", "30")],
}
FAMILY = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文建国"


def load(demo: Demo) -> None:
    """Writes employers and their handlers."""
    names = _names(demo)
    owners = _owners()
    stages = [stage for stage, number in STAGES for _ in range(number)]
    demo.random.shuffle(stages)
    rows = [
        _employer(demo, number, stage, next(names), demo.random.choice(owners))
        for number, stage in enumerate(stages, start=1)
    ]
    _set_sizes(demo, rows)
    db.session.execute(insert(Employer), rows)
    _load_contacts(demo)
    reindex()
    _load_views()


def _load_views() -> None:
    """Two shared views of the manager's, which manager and specialist pin."""
    users = db.session.scalars(select(User).where(User.username.in_(("manager", "specialist")))).all()
    author = next(user for user in users if user.username == "manager")
    for name, rules in VIEWS.items():
        tree = {"match": "all", "rules": rules}
        view = segments.save(LIST, name, tree, employer_fields(), author, sharing=segments.Sharing.BRANCH)
        for user in users:
            pin(user.id, LIST, view.id, name)


def _names(demo: Demo) -> Iterator[tuple[str, str]]:
    """Distinct names with their industry; the place names belong to no real district."""
    seen: set[str] = set()
    while True:
        trade, industry = demo.random.choice(TRADES)
        brand = demo.random.choice(BRAND_FIRST) + demo.random.choice(BRAND_SECOND)
        suffix = "" if trade.endswith("学校") else demo.shares((("有限公司", 8), ("股份有限公司", 1)))
        name = f"{demo.random.choice(PLACES)}{brand}{trade}{suffix}"
        if name not in seen:
            seen.add(name)
            yield name, industry


def _owners() -> list[User]:
    query = (
        select(User)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role == Role.SPECIALIST)
        .order_by(User.id)
    )
    return list(db.session.scalars(query).unique())


def credit_code(number: int) -> str:
    """A well-formed code in district 000000, which is nobody's."""
    organisation = f"{number:08d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(c) * w for c, w in zip(organisation, weights, strict=True)) % 11
    body = f"91000000{organisation}{'X' if rest == 10 else rest % 11}"
    return body + str(uscc.calc_check_digit(body))


def _employer(demo: Demo, number: int, stage: Stage, named: tuple[str, str], owner: User) -> dict[str, Any]:
    name, industry = named
    lead = stage in WITHOUT_ACCOUNT
    opened = None if lead else _opened_on(demo, stage)
    signed = _signed_on(demo, stage, opened)
    row: dict[str, Any] = {
        "name": name,
        "name_key": name_key(name),
        "uscc": credit_code(number),
        "stage": stage,
        "branch_id": owner.branch_id,
        "owner_id": None if stage is Stage.PROSPECT and demo.random.random() < 0.5 else owner.id,
        "first_contact_owner_id": None if stage is Stage.PROSPECT else owner.id,
        "source": demo.shares(LEAD_SOURCES) if lead else "statement",
        "source_as_of": opened or demo.today,
        "eligible": True,
        "economic_type": demo.shares(ECONOMIC),
        "industry": industry,
        "established_on": (opened or demo.today)
        - timedelta(demo.random.randrange(20, 900 if lead else 4000)),
        "area": demo.random.choice(AREAS),
        "address": f"{demo.random.choice(PLACES)}路{demo.random.randrange(1, 300)}号",
        "insured_heads": demo.random.randrange(1, 50) if lead else None,
        "account_opened_on": opened,
        "online_signed_on": signed,
        "employer_account_no": None if lead else f"9900{number:08d}",
        "account_status": None if lead else STATUS.get(stage, AccountStatus.NORMAL),
        "arrears_months": 0,
    }
    row |= _contribution(demo, stage, opened) if opened else _no_contribution()
    row["stage_since"] = demo.moment(_stage_since(demo, stage, row))
    return row


def _opened_on(demo: Demo, stage: Stage) -> date:
    """Spread over the years, with some in each recent month; new accounts are this or last month's."""
    if stage in NEVER_PAID:
        return demo.day_in(demo.month + -demo.random.randrange(2))
    if stage is Stage.CONTRIBUTING and demo.random.random() < 0.02:
        return demo.day_in(demo.month)
    back = demo.random.choice(demo.shares(AGES))
    return demo.day_in(demo.month + -back)


def _signed_on(demo: Demo, stage: Stage, opened: date | None) -> date | None:
    if opened is None or stage is Stage.REGISTERED or demo.random.random() < 0.1:
        return None
    if demo.random.random() < 0.025:
        return max(opened, demo.day_in(demo.month))
    return min(demo.today, opened + timedelta(days=demo.random.randrange(1, 25)))


def _no_contribution() -> dict[str, Any]:
    names = ("pay_day", "paid_through", "first_contribution_month", "employer_rate", "employee_rate")
    return dict.fromkeys((*names, "statement_period", "arrears_as_of", "sealed_heads"))


def _contribution(demo: Demo, stage: Stage, opened: date) -> dict[str, Any]:
    pay_day = demo.random.choice((5, 8, 10, 15, 20, 25, 28))
    rate = demo.shares((("0.05", 40), ("0.07", 10), ("0.08", 14), ("0.1", 10), ("0.11", 12), ("0.12", 14)))
    first = Period.of(opened)
    paid = _paid_through(demo, stage, pay_day, first)
    counted = stage in (Stage.CONTRIBUTING, Stage.IN_ARREARS)
    return {
        "pay_day": pay_day,
        "employer_rate": rate,
        "employee_rate": rate,
        "first_contribution_month": None if paid is None else first,
        "paid_through": paid,
        "arrears_months": months_in_arrears(paid, pay_day, demo.today) if counted else 0,
        "arrears_as_of": demo.today,
        "statement_period": demo.month,
        "sealed_heads": demo.random.randrange(0, 9),
    }


def _paid_through(demo: Demo, stage: Stage, pay_day: int, first: Period) -> Period | None:
    if stage in NEVER_PAID:
        return None
    due = last_due_month(pay_day, demo.today)
    if stage is Stage.CONTRIBUTING:
        return max(due, first)
    if stage is Stage.IN_ARREARS:
        return due + -demo.random.choice(ARREARS)
    back = demo.random.randrange(2, 14)
    # who closes the account of its own accord has paid what was due
    return due if stage is Stage.CLOSING else due + -back


def _stage_since(demo: Demo, stage: Stage, row: dict[str, Any]) -> date:
    if stage is Stage.IN_ARREARS:
        due: Period = row["paid_through"] + 1
        return min(demo.today, due.day(row["pay_day"]) + timedelta(days=6))
    opened: date | None = row["account_opened_on"]
    return opened or demo.today - timedelta(days=demo.random.randrange(1, 200))


def _set_sizes(demo: Demo, rows: list[dict[str, Any]]) -> None:
    """Heads and monthly amounts: the giants first, then a long tail of about thirty on average."""
    for row in rows:
        row["heads"], row["monthly_amount"] = None, None
    accounts = [row for row in rows if row["account_opened_on"] and row["paid_through"]]
    contributing = [row for row in accounts if row["stage"] is Stage.CONTRIBUTING]
    sizes = dict(zip((id(row) for row in contributing), GIANTS, strict=False))
    for row in accounts:
        heads = sizes.get(id(row)) or min(400, max(1, round(demo.random.lognormvariate(2.2, 1.1))))
        if row["stage"] in (Stage.CLOSED, Stage.SEALED):
            heads = 0
        row["heads"] = heads
        base = demo.random.randrange(3000, 12000)
        row["monthly_amount"] = heads * base * 2 * _percent(row["employer_rate"]) // 100


def _percent(rate: str) -> int:
    return round(float(rate) * 100)


def _load_contacts(demo: Demo) -> None:
    """A handler for each employer that is known; every fortieth also serves the employer before."""
    query = select(Employer.id, Employer.stage).order_by(Employer.id)
    people: list[dict[str, Any]] = []
    served: list[tuple[int, int]] = []
    for employer_id, stage in db.session.execute(query):
        if stage is Stage.PROSPECT and demo.random.random() < 0.6:
            continue
        if not people or demo.random.random() > 0.025:
            people.append(_person(demo, len(people) + 1))
        served.append((employer_id, len(people) - 1))
    adding = insert(Contact).returning(Contact.id, sort_by_parameter_order=True)
    ids = list(db.session.scalars(adding, people))
    links = [
        {"employer_id": employer_id, "contact_id": ids[person], "role": ContactRole.HANDLER}
        for employer_id, person in served
    ]
    db.session.execute(insert(EmployerContact), links)
    owner = select(func.min(Employer.owner_id)).join(EmployerContact)
    theirs = owner.where(EmployerContact.contact_id == Contact.id).scalar_subquery()
    db.session.execute(update(Contact).where(Contact.verified_on.is_not(None)).values(verified_by_id=theirs))


def _person(demo: Demo, number: int) -> dict[str, Any]:
    family, given = demo.random.choice(FAMILY), demo.random.sample(GIVEN, demo.random.randrange(1, 3))
    has_mobile = demo.random.random() > 0.03
    verified = has_mobile and demo.random.random() < 0.8
    return {
        "name": family + "".join(given),
        "mobile": f"1990001{number:04d}" if has_mobile else None,
        "verified_on": demo.today - timedelta(days=demo.random.randrange(5, 500)) if verified else None,
        "verified_how": WAYS[number % len(WAYS)] if verified else None,
        "invalid_since": None,
        "preferred_channel": PREFERRED.get(number % 7),
    }
