"""What only one record may have is not given back to a second one."""

from flask import Flask

from app.core.db import db
from app.core.undoing.taking_back import Kept, NotedRow, take_back
from app.employers.models import Employer
from tests.factories import create_branch, create_employer

Undone = dict[int, Kept]


def noted(row: int, employer: Employer, before: str, after: str) -> NotedRow:
    """A row that gave the employer another account number."""
    number = {"b": {"employer_account_no": before}, "a": {"employer_account_no": after}}
    return NotedRow(row, [{"t": "employers", "id": employer.id, **number}])


def taken_back(*rows: NotedRow) -> Undone:
    return take_back(rows, {}, lambda _table, _ids: None).kept


def test_an_account_number_that_another_employer_has_by_now_stays_there(app: Flask) -> None:
    branch = create_branch()
    first = create_employer(branch, employer_account_no="B1")
    second = create_employer(branch, employer_account_no="A1")
    row = noted(1, first, "A1", "B1")
    assert taken_back(row) == {1: Kept("taken", "employers", ("employer_account_no",))}
    assert (first.employer_account_no, second.employer_account_no) == ("B1", "A1")
    second.employer_account_no = "C1"
    db.session.flush()
    assert taken_back(row) == {}
    assert first.employer_account_no == "A1"


def test_two_employers_that_exchanged_their_numbers_get_their_own_back(app: Flask) -> None:
    branch = create_branch()
    first = create_employer(branch, employer_account_no="B1")
    second = create_employer(branch, employer_account_no="A1")
    assert taken_back(noted(2, second, "B1", "A1"), noted(1, first, "A1", "B1")) == {}
    assert (first.employer_account_no, second.employer_account_no) == ("A1", "B1")
    stays = noted(3, first, "B1", "X1")
    assert set(taken_back(stays, noted(4, second, "A1", "B1"))) == {3, 4}, (
        "the second one waits for the first"
    )
