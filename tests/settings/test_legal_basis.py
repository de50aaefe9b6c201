"""The law as dated versions: confirmed once, never rewritten, replaced by newer ones."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.core.db import db
from app.core.permissions import Role
from app.core.rules import legal
from app.core.rules.legal import LegalBasis
from tests.factories import create_user, sign_in

FORM = {
    "law": "住房公积金管理条例",
    "version": "2028年修订",
    "article": "第十五条",
    "quote": "新的条文。",
    "valid_from": "2028-01-01",
    "verified": "y",
}


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    legal.seed_legal_basis()
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    return client


def basis(verified: bool) -> LegalBasis:
    query = select(LegalBasis).where(LegalBasis.code == "register", LegalBasis.verified == verified)
    return db.session.scalars(query).one()


def test_the_list_shows_what_is_in_force_and_all_on_request(admin: FlaskClient) -> None:
    page = admin.get("/settings/legal-basis").text
    assert "2026年8月18日国务院令第844号修订" in page
    assert "2019年3月24日修订" not in page
    assert "待核对" in page
    assert "2019年3月24日修订" in admin.get("/settings/legal-basis?verified.yes=").text


def test_a_new_version_begins_where_the_last_one_ends(admin: FlaskClient) -> None:
    last = basis(verified=False)
    assert admin.post(f"/settings/legal-basis/{last.id}/versions", data=FORM).status_code == 303
    db.session.expire_all()
    assert last.valid_to == date(2028, 1, 1)
    assert legal.cite("register", date(2027, 12, 31)) is last
    made = legal.cite("register", date(2028, 1, 1))
    assert (made.article, made.verified, made.code) == ("第十五条", True, "register")
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.subject_type == "legal_basis")).all()
    assert {(event.action, event.subject_id) for event in events} == {
        ("Created", str(made.id)),
        ("Changed", str(last.id)),
    }
    page = admin.get(f"/settings/legal-basis/{made.id}").text
    assert "2019年3月24日修订" in page, "older versions stay in view"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("wrong", [{"valid_from": "2026-09-20"}, {"valid_from": "2020-01-01"}])
def test_a_version_cannot_begin_before_the_last_one(admin: FlaskClient, wrong: dict[str, str]) -> None:
    last = basis(verified=False)
    refused = admin.post(f"/settings/legal-basis/{last.id}/versions", data={**FORM, **wrong})
    assert refused.status_code == 400
    db.session.expire_all()
    assert last.valid_to is None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("wrong", [{"quote": ""}, {"valid_from": ""}, {"valid_from": "1900-01-01"}])
def test_a_version_without_words_or_day_is_asked_for_again(admin: FlaskClient, wrong: dict[str, str]) -> None:
    last = basis(verified=False)
    refused = admin.post(f"/settings/legal-basis/{last.id}/versions", data={**FORM, **wrong})
    assert refused.status_code == 422
    assert len(db.session.scalars(select(LegalBasis).where(LegalBasis.code == "register")).all()) == 2


def test_a_wording_is_confirmed_once_and_then_final(admin: FlaskClient) -> None:
    found = basis(verified=False)
    form = {"version": found.version, "article": found.article, "quote": "核对后的条文。", "verified": "y"}
    assert admin.post(f"/settings/legal-basis/{found.id}/correct", data=form).status_code == 303
    db.session.expire_all()
    assert (found.quote, found.verified, found.code) == ("核对后的条文。", True, "register")
    again = admin.post(f"/settings/legal-basis/{found.id}/correct", data={**form, "quote": "改写"})
    assert again.status_code == 409
    db.session.expire_all()
    assert found.quote == "核对后的条文。"


@pytest.mark.databases("sqlite")
def test_whoever_only_reads_the_law_does_not_change_it(admin: FlaskClient) -> None:
    found = basis(verified=False)
    sign_in(admin, create_user(Role.ENFORCEMENT_OFFICER))
    assert admin.get(f"/settings/legal-basis/{found.id}").status_code == 200
    for way in ("versions", "correct"):
        assert admin.post(f"/settings/legal-basis/{found.id}/{way}", data=FORM).status_code == 403
    assert admin.get("/settings/legal-basis/999999").status_code == 404
