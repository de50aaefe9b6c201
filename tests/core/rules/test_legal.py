from datetime import date

import pytest
from flask import Flask

from app.core.errors import DomainError
from app.core.rules import legal


def test_a_basis_is_cited_as_it_stood_on_the_day(app: Flask) -> None:
    legal.seed_legal_basis()
    old = legal.cite("order_to_pay", date(2026, 9, 19))
    assert old.verified
    assert "人民法院强制执行" in old.quote
    assert str(old) == "《住房公积金管理条例》第三十八条"


def test_the_amended_regulation_is_cited_as_not_verified(app: Flask) -> None:
    legal.seed_legal_basis()
    assert not legal.cite("order_to_pay", date(2026, 9, 20)).verified


def test_seeding_twice_adds_nothing_and_keeps_corrections(app: Flask) -> None:
    assert legal.seed_legal_basis() > 20
    legal.cite("relief", date(2026, 11, 22)).article = "第二十一条"
    assert legal.seed_legal_basis() == 0
    assert legal.cite("relief", date(2026, 11, 22)).article == "第二十一条"


def test_an_unknown_basis_is_refused(app: Flask) -> None:
    with pytest.raises(DomainError, match="no_such_law"):
        legal.cite("no_such_law")
    assert legal.find("register", date(1990, 1, 1)) is None
