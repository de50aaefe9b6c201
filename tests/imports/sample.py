"""A kind of file of the tests' own: employers with their handler, over the real tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.core.db import db
from app.core.importing.spec import Column, Context, ImportSpec, Line, Plan, Ref
from app.core.rules.identifiers import credit_code, mobile
from app.core.sheets.parsing import code, day, rate, text, whole
from app.employers.models import AccountStatus, Contact, ContactRole, Employer, EmployerContact
from tests import spreadsheets

STATUS = {"01": AccountStatus.NORMAL, "正常": AccountStatus.NORMAL, "05": AccountStatus.SEALED}

COLUMNS = (
    Column("uscc", "Credit code", ("统一社会信用代码", "credit code"), credit_code, required=True),
    Column("name", "Name", ("单位名称", "企业名称", "name"), text(), required=True),
    Column("account_opened_on", "Opened on", ("开户日期",), day()),
    Column("account_status", "Status", ("账户状态",), code(STATUS, width=2)),
    Column("heads", "Heads", ("缴存人数",), whole()),
    Column("employer_rate", "Rate", ("单位缴存比例",), rate(Decimal("0.05"), Decimal("0.12"))),
    Column("mobile", "Mobile", ("经办人手机号",), mobile),
)
HEADER = [column.aliases[0] for column in COLUMNS]
FIELDS = ("name", "account_opened_on", "account_status", "heads", "employer_rate")


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    codes = [line.values["uscc"] for line in lines]
    known = {one.uscc: one for one in db.session.scalars(select(Employer).where(Employer.uscc.in_(codes)))}
    numbers = {line.values["mobile"] for line in lines if line.values.get("mobile")}
    contacts: dict[str, int | Ref] = {
        str(one.mobile): one.id
        for one in db.session.scalars(select(Contact).where(Contact.mobile.in_(numbers)))
    }
    return [_plan(line, known.get(line.values["uscc"]), contacts, context) for line in lines]


def _plan(line: Line, known: Employer | None, contacts: dict[str, int | Ref], context: Context) -> Plan:
    plan = Plan(line)
    values = {name: line.values[name] for name in FIELDS if name in line.values}
    if values["name"] == "黑名单公司":
        plan.reject("blacklisted", "name", name=values["name"])
    if known is not None:
        plan.update(Employer, known, values)
        return plan
    fixed = {"uscc": line.values["uscc"], "branch_id": context.branch_id, "name_key": values["name"]}
    employer = plan.create(Employer, {**values, **fixed})
    if number := line.values.get("mobile"):
        if number not in contacts:
            contacts[number] = plan.create(Contact, {"name": "经办人", "mobile": number})
        link = {"employer_id": employer, "contact_id": contacts[number], "role": ContactRole.HANDLER}
        plan.create(EmployerContact, link)
    return plan


SAMPLE = ImportSpec(
    name="sample",
    title="Sample",
    columns=COLUMNS,
    key=("uscc",),
    plan=plan,
    reasons={"blacklisted": "is on the list: %(name)s"},
)


@contextmanager
def registered(app: Flask, spec: ImportSpec = SAMPLE) -> Iterator[ImportSpec]:
    """The spec is one of the application's while the block runs."""
    specs: dict[str, Any] = app.extensions["features"].import_specs
    specs[spec.name] = spec
    try:
        yield spec
    finally:
        del specs[spec.name]


def variant(**changes: Any) -> ImportSpec:
    return replace(SAMPLE, **changes)


ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code_of(number: int) -> str:
    """A well-formed code of the district 000000, where no real unit is."""
    body = f"91000000{number:08d}X"
    total = sum(ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    return body + ALPHABET[-total % 31]


def row(number: int, **changes: Any) -> list[Any]:
    """A good row of the sample file."""
    values: Mapping[str, Any] = {
        "uscc": credit_code_of(number),
        "name": f"测试单位{number}有限公司",
        "account_opened_on": date(2022, 9, 1),
        "account_status": "01",
        "heads": number,
        "employer_rate": 0.05,
        "mobile": f"199{number // 3:08d}",
        **changes,
    }
    return [values[column.name] for column in COLUMNS]


def workbook(folder: Path, rows: Sequence[Sequence[Any]], name: str = "sample.xlsx") -> Path:
    """The rows under a title and the header."""
    return spreadsheets.workbook(folder / name, [["2022年9月样表"], HEADER, *rows])
