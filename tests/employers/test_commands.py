"""The operators' commands about employers."""

import json

import pytest
from flask import Flask
from sqlalchemy import delete

from app.core.db import db
from app.core.periods import Period
from app.employers.models import Employer, Stage
from app.employers.search import queries
from app.employers.search.models import SearchDocument
from tests.factories import create_branch, create_contact, create_employer, create_user

CODE, ACCOUNT = "91000000MA0000012A", "120116000123"


@pytest.fixture
def harbour(app: Flask) -> Employer:
    employer = create_employer(
        name="滨海港务",
        uscc=CODE,
        employer_account_no=ACCOUNT,
        stage=Stage.CONTRIBUTING,
        paid_through=Period(2022, 9),
        heads=12,
    )
    create_contact(employer, name="李小梅", mobile="13812345678")
    db.session.commit()
    return employer


@pytest.mark.parametrize("code", [CODE, CODE.lower(), "９１000000ma0000012a ", ACCOUNT])
def test_an_employer_is_shown_by_its_credit_code_or_its_account_number(
    app: Flask, harbour: Employer, code: str
) -> None:
    result = app.test_cli_runner().invoke(args=["employers", "show", code, "--json"])
    shown = json.loads(result.stdout)
    told = {name: shown[name] for name in ("name", "uscc", "stage", "paid_through", "heads", "branch")}
    assert told == {
        "name": "滨海港务",
        "uscc": CODE,
        "stage": "contributing",
        "paid_through": 202209,
        "heads": 12,
        "branch": harbour.branch.name,
    }
    (handler,) = shown["contacts"]
    assert (handler["role"], handler["name"], handler["mobile"]) == ("handler", "李小梅", "138****5678")


def test_an_unknown_code_and_one_out_of_a_readers_reach_are_refused_alike(
    app: Flask, harbour: Employer
) -> None:
    stranger = create_user(branch=create_branch())
    db.session.commit()
    run = app.test_cli_runner().invoke
    unknown = run(args=["employers", "show", "91000000MA0000099X"])
    hidden = run(args=["employers", "show", CODE, "--user", stranger.username])
    assert unknown.exit_code == hidden.exit_code == 1
    assert unknown.output == hidden.output


def test_the_search_index_can_be_made_anew(app: Flask, harbour: Employer) -> None:
    db.session.execute(delete(SearchDocument))
    db.session.commit()
    assert queries.search("港务", None) == []
    app.test_cli_runner().invoke(args=["employers", "reindex"])
    assert [group.total for group in queries.search("港务", None)] == [1]
