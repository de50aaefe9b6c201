import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts import services
from app.accounts.access import services as access
from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.db import db
from app.core.permissions import Role
from app.core.signing_in import passwords
from app.core.web.limits import limiter
from tests.factories import create_branch, sign_in

PASSWORD = "Correct-Horse-7"


def make(*roles: Role, username: str = "li.ting", must_change: bool = False, **fields: object) -> User:
    made = services.create_user(
        username,
        "李婷",
        roles=roles or (Role.SPECIALIST,),
        branch=create_branch(),
        password=PASSWORD,
        must_change=must_change,
    )
    return made.user


def knock(
    client: FlaskClient, password: str = PASSWORD, username: str = "li.ting", to: str = ""
) -> TestResponse:
    return client.post(f"/login{to}", data={"username": username, "password": password})


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_a_user_signs_in_and_out_and_both_are_recorded(client: FlaskClient) -> None:
    make()
    assert knock(client, to="?next=/account").location == "/account"
    assert "李婷" in client.get("/account").text
    copied = client.get_cookie("session")
    assert copied
    client.post("/logout")
    assert client.get("/account").location == "/login?next=/account"
    client.set_cookie("session", copied.value)
    assert client.get("/account").status_code == 303, "a copy of the cookie opens nothing after signing out"
    assert actions()[-2:] == ["Signed in", "Signed out"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_after_signing_in_never_leads_elsewhere(client: FlaskClient, address: str) -> None:
    make()
    response = client.post(
        "/login", query_string={"next": address}, data={"username": "li.ting", "password": PASSWORD}
    )
    assert response.location == "/"


@pytest.mark.databases("sqlite")
def test_signing_in_starts_a_new_session(client: FlaskClient) -> None:
    make()
    with client.session_transaction() as session:
        session["planted"] = "by an attacker"
    knock(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["token"]


@pytest.mark.databases("sqlite")
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: FlaskClient) -> None:
    make()
    wrong = knock(client, "Wrong-Horse-7")
    unknown = knock(client, username="nobody")
    assert wrong.status_code == unknown.status_code == 422
    strip = re.compile(r'(value|name="csrf_token" value)="[^"]*"')
    assert strip.sub("", wrong.text) == strip.sub("", unknown.text)
    assert actions()[-2:] == ["Sign-in refused", "Sign-in refused"]


@pytest.mark.databases("sqlite")
def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = passwords.matches

    def counted(kept: str, given: str) -> bool:
        checked.append(kept)
        return real(kept, given)

    monkeypatch.setattr(passwords, "matches", counted)
    with pytest.raises(access.SignInRefused):
        access.check_password("nobody", "whatever")
    assert checked == [""], "the hash is computed for unknown names too"
    assert not real("", "whatever")


@pytest.mark.databases("sqlite")
def test_a_hash_that_was_too_cheap_is_made_anew_at_the_products_price_when_its_owner_signs_in(
    client: FlaskClient, light_passwords: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make()
    monkeypatch.setattr(passwords, "hasher", light_passwords)
    cheap = user.password_hash
    knock(client, "Wrong-Horse-7")
    assert user.password_hash == cheap
    assert knock(client).status_code == 303
    # what OWASP asks for at least is 19 MiB and two passes
    assert user.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    client.post("/logout")
    assert knock(client).status_code == 303


def test_five_failures_lock_the_account_even_for_the_right_password(client: FlaskClient) -> None:
    make()
    for _attempt in range(5):
        knock(client, "Wrong-Horse-7")
    assert knock(client).status_code == 422
    assert "Account locked" in actions()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        assert knock(client).status_code == 303


@pytest.mark.databases("sqlite")
def test_success_forgets_earlier_failures(client: FlaskClient) -> None:
    user = make()
    for _attempt in range(4):
        knock(client, "Wrong-Horse-7")
    knock(client)
    assert user.failed_logins == 0


@pytest.mark.databases("sqlite")
def test_a_deactivated_user_cannot_sign_in_and_is_signed_out(client: FlaskClient) -> None:
    user = make()
    knock(client)
    services.set_active(user, False, by=None)
    assert client.get("/account").status_code == 303
    assert knock(client).status_code == 422


@pytest.mark.databases("sqlite")
def test_an_idle_session_ends_and_a_busy_one_does_not(client: FlaskClient) -> None:
    make()
    start = datetime.now(UTC)
    knock(client)
    for minutes in (25, 50, 75):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            assert client.get("/account").status_code == 200
    with time_machine.travel(start + timedelta(minutes=106), tick=True):
        assert client.get("/account").status_code == 303


@pytest.mark.databases("sqlite")
def test_requests_that_a_page_makes_by_itself_do_not_keep_a_session_alive(client: FlaskClient) -> None:
    make()
    start = datetime.now(UTC)
    knock(client)
    with time_machine.travel(start + timedelta(minutes=20), tick=True):
        assert client.get("/account", headers={"X-Background": "1"}).status_code == 200
    with time_machine.travel(start + timedelta(minutes=31), tick=True):
        assert client.get("/account").status_code == 303


@pytest.mark.databases("sqlite")
def test_the_first_password_must_be_changed_before_anything_else(client: FlaskClient) -> None:
    user = make(must_change=True)
    knock(client)
    assert client.get("/account").location == "/account/password"
    assert client.post("/account", data={"mobile": "13800000000"}).location == "/account/password"
    data = {"current": PASSWORD, "new": "Battery-Staple-8", "again": "Battery-Staple-8"}
    client.post("/account/password", data=data)
    assert client.get("/account").status_code == 200
    assert not user.must_change_password


@pytest.mark.databases("sqlite")
def test_a_password_of_91_days_must_be_changed(client: FlaskClient) -> None:
    user = make()
    user.password_changed_at = datetime.now(UTC) - timedelta(days=91)
    knock(client)
    assert client.get("/account").location == "/account/password"


def test_a_new_password_ends_the_other_sessions(client: FlaskClient, app: Flask) -> None:
    make()
    knock(client)
    other = app.test_client()
    knock(other)
    data = {"current": PASSWORD, "new": "Battery-Staple-8", "again": "Battery-Staple-8"}
    client.post("/account/password", data=data)
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "complaint"),
    [
        ("Not-Mine-99", "Battery-Staple-8", "当前密码"),
        (PASSWORD, PASSWORD, "不能与当前密码相同"),
        (PASSWORD, "short-A1", ""),
        (PASSWORD, "Li.Ting-2026", "用户名"),
        (PASSWORD, "P@ssw0rd2026", "密码"),
    ],
)
def test_a_bad_change_of_password_changes_nothing(
    client: FlaskClient, current: str, new: str, complaint: str
) -> None:
    user = make()
    knock(client)
    kept = user.password_hash
    response = client.post("/account/password", data={"current": current, "new": new, "again": new})
    if new == "short-A1":
        assert response.status_code == 303, "eight characters of three kinds are enough"
        return
    assert response.status_code == 422
    assert complaint in response.text
    assert user.password_hash == kept


def enrol(client: FlaskClient) -> tuple[str, list[str]]:
    secret = re.search(r'id="secret">(\w+)<', client.get("/account/second-factor").text)
    assert secret
    page = client.post("/account/second-factor", data={"code": pyotp.TOTP(secret[1]).now()}).text
    return secret[1], re.findall(r'"code">([a-z2-7]{5}-[a-z2-7]{5})<', page)


def later_code(secret: str) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))


@pytest.mark.databases("sqlite")
def test_an_administrator_must_enrol_before_anything_else(client: FlaskClient) -> None:
    user = make(Role.SECURITY_ADMIN)
    knock(client)
    assert client.get("/users").location == "/account/second-factor"
    client.get("/account/second-factor")
    picture = client.get("/account/second-factor/qr.svg")
    assert (picture.mimetype, b"<script" in picture.data, b"style" in picture.data) == (
        "image/svg+xml",
        False,
        False,
    )
    secret, codes = enrol(client)
    assert len(codes) == 10
    assert user.totp_secret
    assert secret not in user.totp_secret, "kept encrypted"
    assert client.get("/users").status_code == 200


@pytest.mark.databases("sqlite")
def test_a_code_opens_once(client: FlaskClient) -> None:
    make()
    knock(client)
    secret, _codes = enrol(client)
    client.post("/logout")
    assert knock(client, to="?next=/account").location == "/login/code"
    assert client.get("/account").status_code == 303, "a password alone is not enough"
    code = later_code(secret)
    assert client.post("/login/code", data={"code": code}).location == "/account"
    client.post("/logout")
    knock(client)
    assert client.post("/login/code", data={"code": code}).status_code == 422


def test_a_recovery_code_opens_once(client: FlaskClient) -> None:
    make()
    knock(client)
    _secret, codes = enrol(client)
    for expected in (303, 422):
        client.post("/logout")
        knock(client)
        assert client.post("/login/code", data={"code": codes[0].upper()}).status_code == expected


@pytest.mark.databases("sqlite")
def test_wrong_codes_lock_the_account(client: FlaskClient) -> None:
    user = make()
    knock(client)
    secret, _codes = enrol(client)
    client.post("/logout")
    knock(client)
    for _attempt in range(5):
        client.post("/login/code", data={"code": "000000"})
    assert user.locked_until is not None
    assert client.post("/login/code", data={"code": later_code(secret)}).status_code == 422


@pytest.mark.databases("sqlite")
def test_the_second_step_expires(client: FlaskClient) -> None:
    make()
    knock(client)
    secret, _codes = enrol(client)
    client.post("/logout")
    knock(client)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6), tick=True):
        assert client.post("/login/code", data={"code": pyotp.TOTP(secret).now()}).location == "/login"


@pytest.mark.databases("sqlite")
def test_an_administrator_cannot_turn_the_second_factor_off(client: FlaskClient) -> None:
    user = make(Role.AUDIT_ADMIN)
    knock(client)
    secret, _codes = enrol(client)
    client.post("/account/second-factor/off", data={"code": later_code(secret)})
    assert user.totp_secret


@pytest.mark.databases("sqlite")
def test_others_turn_it_off_with_a_code(client: FlaskClient) -> None:
    user = make()
    knock(client)
    secret, _codes = enrol(client)
    client.post("/account/second-factor/off", data={"code": "111111"})
    assert user.totp_secret
    client.post("/account/second-factor/off", data={"code": later_code(secret)})
    assert user.totp_secret is None


@pytest.mark.databases("sqlite")
def test_htmx_is_led_to_the_sign_in_page_as_a_whole(client: FlaskClient) -> None:
    response = client.get("/account", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/login?next=/account")


@pytest.mark.databases("sqlite")
def test_the_language_of_the_profile_comes_with_the_user(client: FlaskClient) -> None:
    user = make()
    sign_in(client, user)
    client.post("/account", data={"mobile": "138 0000 0000", "locale": "en"})
    assert (user.mobile, user.locale) == ("13800000000", "en")
    client.delete_cookie("language")
    client.post("/logout")
    knock(client)
    assert "My account" in client.get("/account").text


@pytest.mark.databases("sqlite")
def test_a_wrong_mobile_number_is_refused(client: FlaskClient) -> None:
    user = make()
    sign_in(client, user)
    client.post("/account", data={"mobile": "12345", "locale": "en"})
    assert user.mobile is None


@pytest.mark.databases("sqlite")
def test_an_address_that_knocks_too_often_has_to_wait(client: FlaskClient, dialect: str) -> None:
    client.environ_base["REMOTE_ADDR"] = {"sqlite": "10.0.0.1", "postgresql": "10.0.0.2"}[dialect]
    limiter.enabled = True
    try:
        answers = [knock(client, username="nobody").status_code for _attempt in range(32)]
    finally:
        limiter.enabled = False
    assert answers[:30] == [422] * 30
    assert answers[30:] == [429] * 2
