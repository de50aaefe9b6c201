"""Departments of any size, made up: what the benches of size measure in. The same number makes the same."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import Table, select, text

from app.accounts.models import Branch, User
from app.contributions.models import ContributionFact
from app.core.bulk import Columns, insert_columns
from app.core.db import db, is_postgresql, writing
from app.core.periods import Period
from app.core.text import name_key
from app.core.timeline import TimelineEntry
from app.employers.models import AccountStatus, Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.search.services import index_new, prepared
from app.outreach.models import Outcome, Visit, VisitKind
from app.tasks.models import Task

CHUNK = 5000
MONTHS = (Period(2022, 8), Period(2022, 9), Period(2022, 10))
PLACES = (
    "滨海",
    "塘沽",
    "汉沽",
    "大港",
    "临港",
    "东疆",
    "中新",
    "空港",
    "南港",
    "北塘",
    "胡家园",
    "杭州道",
    "新河",
    "大沽",
)
BRANDS = "恒润达丰安诺博远康泰新航明和创业路海兴昌盛华源利通宏图金鼎瑞祥天成永信"
TRADES = (
    "科技",
    "机械设备",
    "石油工程技术服务",
    "建筑安装",
    "环保工程",
    "物流",
    "食品",
    "餐饮管理",
    "劳务服务",
    "国际贸易",
)
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司")
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
STAGES = (Stage.CONTRIBUTING,) * 5 + (
    Stage.IN_ARREARS,
    Stage.PROSPECT,
    Stage.PROSPECT,
    Stage.REGISTERED,
    Stage.SEALED,
)
FIRST_DAY, MOMENT = date(2022, 10, 31), datetime(2022, 10, 31, 8, tzinfo=UTC)
#: one in so many has had a visit, and one has an open task
VISITED, TO_DO = 5, 10


def fill(app: Flask, number: int) -> None:
    """Adds so many employers with a handler, three months, their story, visits and tasks."""
    with app.app_context(), writing():
        draw = random.Random(number)
        branches = db.session.scalars(select(Branch.id).where(Branch.parent_id.is_not(None))).all()
        people = {
            id_: db.session.scalars(select(User.id).where(User.branch_id == id_)).all() for id_ in branches
        }
        first = db.session.scalar(text("SELECT coalesce(max(id), 0) + 1 FROM employers")) or 1
        for start in range(first, first + number, CHUNK):
            ids = range(start, min(start + CHUNK, first + number))
            _add(ids, [_office(id_, branches, people, draw) for id_ in ids], draw)
            db.session.commit()
        _settle()


def _office(id_: int, branches: Any, people: Any, draw: random.Random) -> dict[str, Any]:
    brand = "".join(draw.sample(BRANDS, 2))
    name = draw.choice(PLACES) + brand + draw.choice(TRADES) + draw.choice(FORMS)
    branch, stage = draw.choice(branches), draw.choice(STAGES)
    opened = stage is not Stage.PROSPECT
    behind = draw.randint(1, 14) if stage is Stage.IN_ARREARS else 0
    return {
        "id": id_,
        "name": name,
        "name_key": name_key(name),
        "uscc": f"91000000MA{id_:08d}",
        "employer_account_no": f"99{id_:010d}" if opened else None,
        "stage": stage,
        "stage_since": MOMENT,
        "branch_id": branch,
        "owner_id": draw.choice(people[branch]),
        "heads": min(18_000, int(draw.paretovariate(0.9))) if opened else None,
        "monthly_amount": Decimal(draw.randint(1_000, 500_000)) if opened else None,
        "paid_through": MONTHS[-1] + -behind if opened else None,
        "pay_day": 15 if opened else None,
        "account_status": AccountStatus.NORMAL if opened else None,
        "account_opened_on": FIRST_DAY - timedelta(days=draw.randint(0, 4000)) if opened else None,
        "arrears_months": behind,
        "arrears_as_of": FIRST_DAY if opened else None,
        "statement_period": MONTHS[-1] if opened else None,
        "established_on": FIRST_DAY - timedelta(days=draw.randint(0, 6000)),
        "address": f"{name[:2]}街道{draw.randint(1, 999)}号",
        "last_contact_on": FIRST_DAY - timedelta(days=draw.randint(0, 900)) if draw.random() < 0.5 else None,
    }


def _add(ids: range, offices: list[dict[str, Any]], draw: random.Random) -> None:
    persons = [(draw.choice(SURNAMES) + draw.choice(GIVEN), f"139{id_:08d}") for id_ in ids]
    _insert(Employer, {name: [one[name] for one in offices] for name in offices[0]})
    _insert(
        Contact,
        {"id": ids, "name": [name for name, _ in persons], "mobile": [mobile for _, mobile in persons]},
    )
    _insert(
        EmployerContact, {"employer_id": ids, "contact_id": ids, "role": [ContactRole.HANDLER] * len(ids)}
    )
    index_new(
        {
            one["id"]: prepared(one["name"], one["uscc"], one["employer_account_no"], name, mobile)
            for one, (name, mobile) in zip(offices, persons, strict=True)
        }
    )
    opened = [one for one in offices if one["account_status"]]
    for period in MONTHS:
        _insert(ContributionFact, _facts(opened, period))
        _insert(TimelineEntry, _story(opened, period))
    _insert(Visit, _visits([one for one in offices if one["id"] % VISITED == 0]))
    _insert(Task, _tasks([one for one in offices if one["id"] % TO_DO == 0]))


def _insert(model: type[Any], columns: Columns) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    insert_columns(table, columns)


def _facts(offices: list[dict[str, Any]], period: Period) -> Columns:
    taken = ("account_status", "heads", "monthly_amount", "paid_through", "arrears_months")
    same = {"period": period, "as_of": period.last_day}
    return _columns(offices, same) | {name: [one[name] for one in offices] for name in taken}


def _story(offices: list[dict[str, Any]], period: Period) -> Columns:
    said = {
        "kind": "statement",
        "summary": "Statement recorded",
        "at": MOMENT + timedelta(days=period - MONTHS[0]),
    }
    return _columns(offices, said)


def _visits(offices: list[dict[str, Any]]) -> Columns:
    same = {"kind": VisitKind.VISIT, "at": MOMENT, "outcome": Outcome.INFORMED, "summary": "讲解了网上缴存"}
    return _columns(offices, same) | {"by_id": [one["owner_id"] for one in offices]}


def _tasks(offices: list[dict[str, Any]]) -> Columns:
    same = {"kind": "next_step", "title": "电话回访", "due_on": date(2026, 12, 1)}
    own = {name: [one[name] for one in offices] for name in ("owner_id", "branch_id")}
    return _columns(offices, same) | own


def _columns(offices: list[dict[str, Any]], same: dict[str, Any]) -> Columns:
    columns: Columns = {name: [value] * len(offices) for name, value in same.items()}
    return columns | {"employer_id": [one["id"] for one in offices]}


def _settle() -> None:
    """What a database does by itself over night: statistics, and on PostgreSQL the ids that were given."""
    db.session.execute(text("ANALYZE"))
    if is_postgresql():
        for name in ("employers", "contacts"):
            db.session.execute(text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"))  # noqa: S608
    db.session.commit()
