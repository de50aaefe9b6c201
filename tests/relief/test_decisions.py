"""Decisions on deferment and rate reduction, from a list."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.core.db import db
from app.core.errors import Forbidden
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.models import Employer, Stage
from app.imports import jobs, queries, services
from app.imports.models import ImportBatch
from app.relief.models import ReliefDecision, ReliefKind
from tests import spreadsheets
from tests.factories import create_branch, create_employer, create_user, sign_in
from tests.imports.sample import credit_code_of

HEADER = [
    *("统一社会信用代码", "单位账号", "业务类型", "起始年月", "终止年月"),
    *("单位缴存比例", "个人缴存比例", "批准文号", "批准日期"),
]
DEFERRED = [
    *(credit_code_of(1), None, "缓缴", "2022年7月", "2022年12月"),
    *(None, None, "津公积金缓〔2022〕3号", "2022-06-28"),
]


@pytest.fixture
def branch(app: Flask) -> Branch:
    return create_branch("00")


@pytest.fixture
def user(branch: Branch) -> User:
    return create_user(Role.SPECIALIST, branch=branch)


@pytest.fixture
def harbour(branch: Branch) -> Employer:
    return create_employer(
        branch, uscc=credit_code_of(1), employer_account_no="030100000001", stage=Stage.CONTRIBUTING
    )


def applied(folder: Path, user: User, *rows: Sequence[Any]) -> ImportBatch:
    path = spreadsheets.workbook(folder / "relief.xlsx", [HEADER, *rows])
    with path.open("rb") as stream:
        spec = queries.spec_named("relief")
        batch = services.receive(spec, stream, path.name, user, branch=user.branch, apply=True)
    return run(batch)


def run(batch: ImportBatch) -> ImportBatch:
    batch_id = batch.id
    db.session.commit()
    jobs.run_batch(batch_id)
    return db.session.get_one(ImportBatch, batch_id, populate_existing=True)


def test_decisions_are_found_by_code_or_account_corrected_and_undone(
    user: User, harbour: Employer, tmp_path: Path
) -> None:
    cut = [None, "030100000001", "降比", "202301", "202312", "5%", 0.05, "津公积金降〔2023〕1号", None]
    first = applied(tmp_path, user, DEFERRED, cut)
    assert (first.new, first.rejected, first.reasons) == (2, 0, {})
    deferred, reduced = db.session.scalars(select(ReliefDecision).order_by(ReliefDecision.from_month)).all()
    assert (deferred.kind, deferred.to_month) == (ReliefKind.DEFERMENT, Period(2022, 12))
    assert (reduced.employer_id, reduced.employer_rate) == (harbour.id, Decimal("0.05"))
    assert harbour.stage is Stage.CONTRIBUTING  # the statement alone proves relief
    longer = applied(tmp_path, user, [*DEFERRED[:4], "2023年3月", *DEFERRED[5:]], cut)
    assert (longer.changed, longer.unchanged) == (1, 1)
    for batch in (longer, first):
        services.start_undoing(batch)
        assert run(batch).kept == 0
    assert db.session.scalars(select(ReliefDecision)).all() == []


REFUSED: dict[str, tuple[dict[int, Any], str]] = {
    "nobody": ({0: None}, "nobody"),
    "an unknown code": ({0: credit_code_of(9)}, "unknown"),
    "an unknown kind": ({2: "免缴"}, "kind.unknown_code"),
    "the end before the beginning": ({4: "202206"}, "to_month.ends_before"),
    "more than a year": ({4: "202307"}, "to_month.too_many_months"),
    "a rate cut without a rate": ({2: "降比"}, "employer_rate.empty"),
    "a rate below the floor": ({2: "降比", 5: "4%"}, "employer_rate.rate_outside"),
    "another's account": ({1: "030100000002"}, "contradicts"),
    "another branch's employer": ({0: credit_code_of(3)}, "other_branch"),
    "a lead": ({0: credit_code_of(4)}, "no_account"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_row_is_rejected_with_its_reason(
    user: User, branch: Branch, harbour: Employer, tmp_path: Path, what: str
) -> None:
    create_employer(branch, uscc=credit_code_of(2), employer_account_no="030100000002")
    create_employer(create_branch(), uscc=credit_code_of(3), employer_account_no="030100000003")
    create_employer(branch, uscc=credit_code_of(4))
    changes, reason = REFUSED[what]
    batch = applied(tmp_path, user, [changes.get(place, value) for place, value in enumerate(DEFERRED)])
    assert (batch.rejected, batch.reasons) == (1, {reason: 1})
    assert db.session.scalars(select(ReliefDecision)).all() == []


def test_overlapping_decisions_are_remarked_and_the_page_shows_them(
    client: FlaskClient, user: User, harbour: Employer, tmp_path: Path
) -> None:
    applied(tmp_path, user, DEFERRED)
    batch = applied(tmp_path, user, [*DEFERRED[:3], "202210", "202302", *DEFERRED[5:]])
    assert (batch.new, batch.reasons) == (1, {"overlaps": 1})
    sign_in(client, user)
    page = client.get(f"/employers/{harbour.id}/panels/wide").get_data(as_text=True)
    assert "津公积金缓〔2022〕3号" in page
    assert "2022-06-28" in page


@pytest.mark.parametrize("role", [Role.ENFORCEMENT_OFFICER, Role.BANK_PARTNER, Role.SECURITY_ADMIN])
def test_only_specialists_and_leaders_import_decisions(branch: Branch, tmp_path: Path, role: Role) -> None:
    with pytest.raises(Forbidden):
        applied(tmp_path, create_user(role, branch=branch), DEFERRED)
