from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Intent, db, intending, lasting, prepare_engine
from app.core.periods import Period
from app.employers.models import Employer
from tests.factories import create_branch, create_employer


def test_money_rates_and_months_come_back_as_they_went_in(app: Flask) -> None:
    create_employer(
        monthly_amount=Decimal("43988428.10"), employer_rate=Decimal("0.05"), paid_through=Period(2022, 9)
    )
    db.session.commit()
    employer = db.session.scalars(select(Employer)).one()
    assert (employer.monthly_amount, employer.employer_rate) == (Decimal("43988428.10"), Decimal("0.0500"))
    assert employer.paid_through == Period(2022, 9)


def test_times_come_back_aware_and_in_utc(app: Flask) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    create_employer(stage_since=moment)
    db.session.commit()
    assert db.session.scalars(select(Employer.stage_since)).one() == moment


def test_a_reading_transaction_cannot_write(app: Flask) -> None:
    with intending(Intent.READ), pytest.raises(DBAPIError):
        create_branch()
    db.session.rollback()
    create_branch()
    db.session.commit()


@pytest.mark.databases("postgresql")
def test_a_commit_is_written_before_it_is_answered_whatever_the_server_is_set_to(app: Flask) -> None:
    engine = create_engine(db.engine.url, connect_args={"options": "-c synchronous_commit=off"})
    prepare_engine(engine)
    with engine.connect() as connection:
        connection.rollback()
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    engine.dispose()


@pytest.mark.databases("sqlite")
def test_what_others_are_told_of_is_on_the_disk_first(app: Flask) -> None:
    def level() -> int:
        db.session.commit()
        return int(db.session.execute(text("PRAGMA synchronous")).scalar_one())

    normal, full = 1, 2
    assert level() == normal
    with lasting():
        assert level() == full
    assert level() == normal
