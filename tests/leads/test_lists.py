"""The bank's and the social insurance's real lists, counted again naively, and small ones of our own."""

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.accounts.models import Branch
from app.audit.models import AuditEvent
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import Employer, FormerName, Stage
from app.employers.services import edit_employer, rename, version_of
from app.employers.sources.models import EmployerSource
from app.imports.models import ImportRow
from app.leads.ledger.models import Lead, Left
from app.lifecycle.closing.helping.services import help_to_close
from app.tasks.models import Task, TaskState
from tests import spreadsheets
from tests.conftest import sweep_database
from tests.factories import create_branch, create_employer, create_user, seed_codes, sign_in
from tests.imports.sample import ALPHABET, credit_code_of

STATEMENT, BANK, INSURANCE = (
    "contributions_2022-09.xlsx",
    "bank_new_accounts_2022-09.xlsx",
    "social_insurance_2022-09.xlsx",
)


@pytest.fixture
def branch(app: Flask) -> Branch:
    return create_branch("00")


def apply(app: Flask, spec: str, file: Path, *more: str) -> dict[str, Any]:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["imports", "apply", spec, str(file), *more, "--json"])
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def undo(app: Flask, batch: int) -> dict[str, Any]:
    result = app.test_cli_runner().invoke(args=["imports", "undo", str(batch), "--json"])
    db.session.expire_all()
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


# --- the naive count: openpyxl and dictionaries, nothing of ours -----------------------------------


def cells(file: Path, header: int) -> list[tuple[Any, ...]]:
    sheet = load_workbook(file, read_only=True).active
    assert sheet is not None
    return [row for row in sheet.iter_rows(min_row=header + 1, values_only=True) if any(row)]


def tidy(code: Any) -> str | None:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", str(code))).upper() if code else None


def plain(name: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name))


def sound(code: str) -> bool:
    weighted = sum(ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return len(code) == 18 and ALPHABET[-weighted % 31] == code[17]


def naive_count(
    rows: list[tuple[Any, ...]], name: int, code: int, known: dict[str, set[str]]
) -> Counter[str]:
    """Rows by what they come to; `known`: codes that pay, all codes and names, names without code."""
    found: Counter[str] = Counter()
    seen: set[str] = set()
    for row in rows:
        number, key = tidy(row[code]), plain(row[name])
        if number and not sound(number):
            found["bad"] += 1
            continue
        if (number or key) in seen:
            found["repeated"] += 1
            continue
        seen.add(number or key)
        found["missing"] += number is None
        found["paying"] += number in known["paying"]
        found["known"] += (
            number in known["codes"] or key in known["nameless"] if number else key in known["names"]
        )
        found["taken"] += 1
    found["new"] = found["taken"] - found["known"]
    return found


def known_before(folder: Path, *, registry: bool) -> dict[str, set[str]]:
    paying = {str(tidy(row[2])) for row in cells(folder / STATEMENT, 2)}
    codes, names = set(paying), {plain(row[1]) for row in cells(folder / STATEMENT, 2)}
    if registry:
        with (folder / "registry_binhai.csv").open(encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                codes.add(row["统一社会信用代码"])
                names.add(plain(row["企业名称"]))
    return {"paying": paying, "codes": codes, "names": names, "nameless": set()}


@pytest.mark.parametrize("registry", [False, True])
def test_the_real_lists_count_as_a_naive_script_counts_them(
    app: Flask, branch: Branch, shared_data: Path, registry: bool
) -> None:
    if registry:
        apply(app, "registry", shared_data / "registry_binhai.csv")
    apply(app, "statement", shared_data / STATEMENT)
    before = known_before(shared_data, registry=registry)
    bank = naive_count(cells(shared_data / BANK, 2), 1, 2, before)
    assert (bank["paying"], bank["repeated"], bank["missing"], bank["bad"]) == (3, 2, 11, 1)
    answer = apply(app, "bank_accounts", shared_data / BANK)
    assert answer["reasons"] == {
        "already_contributing": bank["paying"],
        "uscc.missing": bank["missing"],
        "repeated": bank["repeated"],
        "uscc.wrong_check_digit": bank["bad"],
    }
    assert (answer["rows"], answer["new"], answer["rejected"]) == (245, bank["new"], 3)
    # what is said of firms that pay already changes nothing of them
    assert (answer["unchanged"], answer["changed"]) == (bank["paying"], bank["known"] - bank["paying"])
    for row in cells(shared_data / BANK, 2):
        before["codes" if row[2] else "nameless"].add(tidy(row[2]) or plain(row[1]))
    insured = naive_count(cells(shared_data / INSURANCE, 1), 0, 1, before)
    answer = apply(app, "social_insurance", shared_data / INSURANCE)
    assert answer["reasons"] == {"already_contributing": insured["paying"]} == {"already_contributing": 200}
    assert (answer["rows"], answer["new"], answer["changed"]) == (480, insured["new"], insured["known"])
    assert heads() == {str(tidy(row[1])): row[2] for row in cells(shared_data / INSURANCE, 1)}
    assert set(db.session.scalars(select(EmployerSource.as_of))) == {date(2022, 9, 30)}


def heads() -> dict[str | None, int | None]:
    query = select(Employer.uscc, Employer.insured_heads).where(Employer.insured_heads.is_not(None))
    return {code: number for code, number in db.session.execute(query)}


def test_the_real_lists_again_change_nothing_and_undo_leaves_nothing_of_them(
    app: Flask, branch: Branch, shared_data: Path
) -> None:
    apply(app, "statement", shared_data / STATEMENT)
    before = state()
    answers = [
        apply(app, "bank_accounts", shared_data / BANK),
        apply(app, "social_insurance", shared_data / INSURANCE),
    ]
    again = apply(app, "bank_accounts", shared_data / BANK)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 242)
    assert again["reasons"] == answers[0]["reasons"]
    for answer in reversed(answers):
        assert undo(app, answer["batch"])["kept"] == 0
    assert (state(), db.session.scalar(select(func.count()).select_from(EmployerSource))) == (before, 0)


def test_the_real_files_backwards_give_the_same_employers(
    app: Flask, branch: Branch, shared_data: Path
) -> None:
    files = [
        ("statement", "contributions_2022-08.xlsx"),
        ("statement", STATEMENT),
        ("bank_accounts", BANK),
        ("social_insurance", INSURANCE),
    ]
    found = []
    for order in (files, files[::-1]):
        db.session.rollback()
        sweep_database()
        create_branch("00")
        for spec, file in order:
            apply(app, spec, shared_data / file)
        found.append(sorted(said_of_employers(), key=str))
    assert found[0] == found[1]
    assert len(found[0]) == 483 + 239 + 160


def said_of_employers() -> list[dict[str, Any]]:
    """Every column but keys and the times of writing."""
    left_out = {"id", "branch_id", "created_at", "updated_at", "stage_since"}
    columns = [column for column in Employer.__table__.c if column.name not in left_out]
    return [dict(row._mapping) for row in db.session.execute(select(*columns))]


def state() -> list[Any]:
    columns = [column for column in Employer.__table__.c if column.name != "updated_at"]
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(Employer.id))]


# --- small lists -----------------------------------------------------------------------------------

BANK_HEADER = ["企业名称", "统一社会信用代码", "开户日期", "开户网点", "联系电话", "地址"]


def bank(folder: Path, *rows: Sequence[Any], month: str = "2022年9月") -> Path:
    filled = [[*row, *[None] * (len(BANK_HEADER) - len(row))] for row in rows]
    return spreadsheets.workbook(folder / "bank.xlsx", [[f"{month}新开户清单"], BANK_HEADER, *filled])


def insured(folder: Path, *rows: Sequence[Any], month: str = "2022-09") -> Path:
    header = ["单位名称", "统一社会信用代码", "参保人数", "所属街镇"]
    return spreadsheets.workbook(folder / f"参保单位_{month}.xlsx", [header, *rows])


def only(**fields: Any) -> Employer:
    return db.session.scalars(select(Employer).filter_by(**fields)).one()


def test_codes_in_lower_case_or_full_width_are_the_same_codes(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    code = credit_code_of(1)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code.lower())
    rows: list[list[Any]] = [["甲公司", code.lower()], ["乙公司", f" {credit_code_of(2)} "], ["甲公司", wide]]
    answer = apply(app, "bank_accounts", bank(tmp_path, *rows))
    assert (answer["new"], answer["rejected"], answer["reasons"]) == (2, 1, {"repeated": 1})
    assert only(name="甲公司").uscc == code


def test_a_row_without_a_code_is_the_only_employer_of_its_present_or_former_name(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    harbour = create_employer(branch, name="港务（天津）有限责任公司", uscc=credit_code_of(1), told=None)
    renamed = create_employer(branch, name="新名有限公司", uscc=credit_code_of(2))
    db.session.add(FormerName(employer_id=renamed.id, name="旧名有限公司"))
    rows: list[list[Any]] = [["港务(天津) 有限公司", None], ["旧名有限公司", None]]
    answer = apply(app, "bank_accounts", bank(tmp_path, *rows))
    assert (answer["new"], answer["changed"], answer["reasons"]) == (0, 2, {"uscc.missing": 2})
    named = set(db.session.scalars(select(EmployerSource.employer_id)))
    assert named == {harbour.id, renamed.id}


def test_a_name_of_several_employers_needs_a_code(app: Flask, branch: Branch, tmp_path: Path) -> None:
    for number in (1, 2):
        create_employer(branch, name="同名有限公司", uscc=credit_code_of(number))
    answer = apply(app, "bank_accounts", bank(tmp_path, ["同名有限责任公司", None]))
    assert (answer["rejected"], answer["reasons"]) == (1, {"name.ambiguous": 1})


def test_a_lead_without_a_code_gets_it_from_whatever_file_brings_it(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    apply(app, "bank_accounts", bank(tmp_path, ["无码有限公司", None, "2022/9/1", "油田支行", "19900010001"]))
    lead = only(name="无码有限公司")
    assert (lead.uscc, lead.stage, lead.source) == (None, Stage.PROSPECT, "bank")
    answer = apply(
        app, "social_insurance", insured(tmp_path, ["无码有限公司", credit_code_of(5), 12, "太平镇"])
    )
    assert (answer["new"], answer["changed"]) == (0, 1)
    lead = only(name="无码有限公司")
    assert (lead.uscc, lead.insured_heads, lead.area) == (credit_code_of(5), 12, "太平镇")
    assert undo(app, answer["batch"])["kept"] == 0
    assert only(name="无码有限公司").uscc is None


def test_a_row_that_repeats_by_name_what_another_says_by_code_is_repeated(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    rows: list[list[Any]] = [["甲有限公司", None], ["甲有限责任公司", credit_code_of(1)]]
    answer = apply(app, "bank_accounts", bank(tmp_path, *rows))
    assert (answer["new"], answer["rejected"], answer["reasons"]) == (1, 1, {"repeated": 1})


def test_the_newest_list_says_how_many_are_insured_whenever_it_arrives(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    code = credit_code_of(1)
    for month, number in (("2022-09", 40), ("2022-08", 30), ("2022-10", 50), ("2022-07", 20)):
        apply(app, "social_insurance", insured(tmp_path, ["甲公司", code, number, "太平镇"], month=month))
    firm = only(uscc=code)
    assert (firm.insured_heads, firm.insured_as_of) == (50, date(2022, 10, 31))
    assert (firm.source, firm.source_as_of) == ("social_insurance", date(2022, 7, 31))
    said = {one.as_of.month: one.said["insured_heads"] for one in db.session.scalars(select(EmployerSource))}
    assert said == {7: 20, 8: 30, 9: 40, 10: 50}


@pytest.mark.parametrize(
    ("stage", "remark"),
    [
        (Stage.CONTRIBUTING, "already_contributing"),
        (Stage.IN_ARREARS, "already_contributing"),
        (Stage.REGISTERED, "has_account"),
        (Stage.SEALED, "sealed"),
        (Stage.CLOSED, "closed"),
        (Stage.DISMISSED, "dismissed"),
    ],
)
def test_a_firm_that_is_no_lead_is_remarked_and_listed(
    app: Flask, branch: Branch, tmp_path: Path, stage: Stage, remark: str
) -> None:
    create_employer(branch, name="甲公司", uscc=credit_code_of(1), stage=stage)
    answer = apply(app, "bank_accounts", bank(tmp_path, ["甲公司", credit_code_of(1)]))
    assert (answer["unchanged"], answer["reasons"]) == (1, {remark: 1})
    row = db.session.scalars(select(ImportRow)).one()
    assert row.reasons == [["", remark, {}]]
    assert db.session.scalars(select(EmployerSource.source)).all() == ["bank"]


def test_another_branchs_firm_is_not_disclosed(app: Flask, branch: Branch, tmp_path: Path) -> None:
    create_employer(create_branch(), name="别处有限公司", uscc=credit_code_of(1))
    create_user(Role.SPECIALIST, branch=branch, username="wang")
    rows: list[list[Any]] = [["别处有限公司", credit_code_of(1)], ["别处有限公司", None]]
    answer = apply(app, "bank_accounts", bank(tmp_path, *rows), "--user", "wang")
    assert answer["rejected"] == 2
    assert answer["reasons"]["other_branch"] == 1


def test_a_dry_run_shows_the_same_and_writes_nothing(app: Flask, branch: Branch, tmp_path: Path) -> None:
    create_employer(branch, name="甲公司", uscc=credit_code_of(1), stage=Stage.CONTRIBUTING)
    file = bank(tmp_path, ["甲公司", credit_code_of(1)], ["乙公司", None], ["丙公司", credit_code_of(2)])
    shown, done = apply(app, "bank_accounts", file, "--dry-run"), apply(app, "bank_accounts", file)
    counts = ("new", "changed", "unchanged", "rejected", "reasons")
    assert [shown[name] for name in counts] == [done[name] for name in counts]
    assert done["new"] == 2


def test_the_employers_page_tells_its_sources_and_the_import_its_remarks(
    app: Flask, branch: Branch, client: FlaskClient, tmp_path: Path
) -> None:
    file = bank(
        tmp_path, ["甲公司", credit_code_of(1), "2022/9/12", "建行油田支行", "19900010001", "光明大道1号"]
    )
    apply(app, "bank_accounts", file)
    apply(app, "social_insurance", insured(tmp_path, ["甲公司", credit_code_of(1), 33, "太平镇"]))
    only(uscc=credit_code_of(1)).stage = Stage.CONTRIBUTING
    batch = apply(app, "bank_accounts", file)["batch"]
    sign_in(client, create_user(Role.SPECIALIST, branch=branch))
    page = client.get(f"/employers/{only(uscc=credit_code_of(1)).id}/panels/side").get_data(as_text=True)
    for words in ("建行油田支行", "2022-09-12", "199****0001", "33", "2022-09-30"):
        assert words in page
    assert "19900010001" not in page
    url = f"/sources/{db.session.scalars(select(EmployerSource.id).filter_by(source='bank')).one()}/reveal"
    assert "19900010001" not in client.post(url).get_data(as_text=True)
    assert "19900010001" in client.post(url, data={"reason": "contact"}).get_data(as_text=True)
    events = select(AuditEvent).where(AuditEvent.action == "Personal data revealed")
    assert len(db.session.scalars(events).all()) == 1
    page = client.get(f"/imports/{batch}?tab=unchanged").get_data(as_text=True)
    assert "已缴存住房公积金" in page
    found = client.get("/employers?named_by.in=bank&listed_on.ge=2022-09-01").get_data(as_text=True)
    assert "甲公司" in found


def test_the_registry_tells_who_is_gone_for_the_ledger_and_the_closings(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    header = ["企业名称", "统一社会信用代码", "经营状态", "注吊销日期"]
    lead, account = credit_code_of(1), credit_code_of(2)
    create_employer(
        branch, name="乙公司", uscc=account, stage=Stage.CONTRIBUTING, source_as_of=date(2021, 1, 1)
    )

    def registry(day: str, *rows: list[str]) -> dict[str, Any]:
        file = spreadsheets.csv_file(tmp_path / "registry.csv", [header, *rows])
        return apply(app, "registry", file, "--as-of", day)

    def told(uscc: str) -> tuple[str | None, str | None, date | None]:
        firm = only(uscc=uscc)
        return firm.operating_status, firm.operating_status_source, firm.operating_status_as_of

    registry("2022-01-01", ["甲公司", lead, "存续", ""], ["乙公司", account, "在业", ""])
    assert told(lead) == told(account) == ("01", "01", date(2022, 1, 1))
    assert db.session.scalars(select(Lead.left_on)).all() == [None]
    gone = (["甲公司", lead, "吊销，未注销", ""], ["乙公司", account, "注销", "2022-09-15"])
    answer = registry("2022-10-01", *gone)
    assert (told(lead)[0], told(account)) == ("04", ("05", "01", date(2022, 9, 15)))
    assert db.session.scalars(select(Lead.left_why)).all() == [Left.DEREGISTERED]
    help_to_close()
    tasks = db.session.scalars(select(Task).where(Task.kind == "closing_help")).all()
    assert [one.employer_id for one in tasks] == [only(uscc=account).id]
    registry("2022-09-20", ["乙公司", account, "在业", ""])  # an older file, read late
    assert told(account) == ("05", "01", date(2022, 9, 15))
    assert registry("2022-11-01", ["甲公司", lead, "不知道", ""])["reasons"] == {
        "operating_status.unknown_status": 1
    }
    undo(app, answer["batch"])
    assert told(account) == ("01", "01", date(2022, 1, 1))
    assert [one.state for one in db.session.scalars(select(Task)) if one.kind == "closing_help"] == [
        TaskState.CANCELLED
    ]


def test_what_a_person_corrected_stays_and_is_shown_until_a_person_changes_it(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    code, header = credit_code_of(1), ["企业名称", "统一社会信用代码", "注册地址", "地区"]

    def registry(name: str, address: str, day: str) -> dict[str, Any]:
        file = spreadsheets.csv_file(tmp_path / "registry.csv", [header, [name, code, address, "滨海"]])
        return apply(app, "registry", file, "--as-of", day)

    registry("甲公司", "一号", "2022-01-01")
    firm, author = only(uscc=code), create_user(Role.SPECIALIST, branch=branch)
    edit_employer(firm, {"address": "二号"}, version_of(firm), author)
    rename(firm, "乙公司", date(2022, 2, 1), author)
    answer = registry("甲公司", "三号", "2022-10-01")
    assert (only(uscc=code).address, only(uscc=code).name) == ("二号", "乙公司")
    kept = {"address.corrected_by_hand": 1, "name.corrected_by_hand": 1}
    assert (answer["unchanged"], answer["changed"], answer["reasons"]) == (1, 0, kept)
    assert registry("乙公司", "二号", "2022-11-01")["reasons"] == {}


@pytest.mark.databases("sqlite")
def test_industries_and_operating_status_are_read_in_all_the_ways_in_which_registries_write_them(
    app: Flask, branch: Branch, tmp_path: Path
) -> None:
    seed_codes()
    header = ["企业名称", "统一社会信用代码", "行业代码", "所属行业", "登记状态"]
    written: list[tuple[Any, str, str, str | None, str | None]] = [
        (5211, "百货零售", "存续（在营、开业、在册）", "52", "01"),
        ("", "批发和零售业-零售业-综合零售", "吊销，未注销", "52", "04"),
        ("F", "", "注销", "F", "05"),
        ("", "Ｆ5112 谷物批发", "列入经营异常名录", "51", "03"),
        ("", "农林牧渔业", "歇业", "A", "02"),
        ("", "修表", "迁出", None, None),
    ]

    def registry(day: str, *rows: tuple[Any, ...]) -> dict[str, Any]:
        lines = [[f"第{number}公司", credit_code_of(number), *row[:3]] for number, row in enumerate(rows, 1)]
        file = spreadsheets.workbook(tmp_path / f"{day}.xlsx", [header, *lines])
        return apply(app, "registry", file, "--as-of", day)

    answer = registry("2022-10-01", *written)
    assert answer["new"] == len(written)
    assert answer["reasons"] == {
        "industry_written.unknown_industry": 1,
        "operating_status.unknown_status": 1,
    }
    found = db.session.scalars(select(Employer).order_by(Employer.id)).all()
    assert [(one.industry, one.operating_status) for one in found] == [row[3:] for row in written]
    assert [found[0].industry_written, found[5].industry_written] == ["5211 百货零售", "修表"]
    assert (found[1].operating_status_source, found[1].operating_status_as_of) == ("01", date(2022, 10, 1))
    older = registry("2022-01-01", ("", "农业", "存续"))
    assert (older["changed"], found[0].industry, found[0].operating_status_as_of) == (
        0,
        "52",
        date(2022, 10, 1),
    )
    clerk = create_user(Role.SPECIALIST, branch=branch)
    seen = {
        "operating_status": "02",
        "operating_status_source": "06",
        "operating_status_as_of": date(2022, 11, 1),
    }
    edit_employer(found[0], seen, version_of(found[0]), clerk)
    again = registry("2022-12-01", written[0])
    assert again["reasons"] == {"operating_status.corrected_by_hand": 1}
    assert (found[0].operating_status, found[0].operating_status_source) == ("02", "06")
