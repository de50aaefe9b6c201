import json
import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from markupsafe import escape
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts import queries, services
from app.accounts.models import Branch, User
from app.audit.models import AuditEvent
from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.features import current_features
from app.core.language import i18n
from app.core.permissions import Grantable, Role, Scope
from app.core.signing_in import passwords
from tests.factories import create_branch, create_user, sign_in


def security_admin(branch: Branch | None = None, scope: Scope = Scope.ALL) -> User:
    return create_user(Role.SECURITY_ADMIN, branch=branch, scope=scope)


def form(branch: Branch, *roles: Role, **fields: str) -> dict[str, object]:
    return {
        "username": "chen.jie",
        "name": "陈洁",
        "mobile": "",
        "branch_id": str(branch.id),
        "scope": "branch",
        "roles": [role.value for role in roles or (Role.SPECIALIST,)],
        **fields,
    }


@pytest.mark.databases("sqlite")
def test_a_new_user_gets_a_one_time_password_that_opens_the_door_once(client: FlaskClient) -> None:
    branch = create_branch()
    sign_in(client, security_admin())
    page = client.post("/users/new", data=form(branch)).text
    password = re.search(r'id="one-time-password">([^<]+)<', page)
    assert password
    client.post("/logout")
    client.post("/login", data={"username": "chen.jie", "password": password[1]})
    assert client.get("/account").location == "/account/password"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "roles",
    [
        (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN),
        (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
        (Role.SYSTEM_ADMIN, Role.SPECIALIST),
        (Role.BANK_PARTNER, Role.SPECIALIST),
    ],
)
def test_roles_that_exclude_each_other_are_refused_with_the_reason(
    client: FlaskClient, roles: tuple[Role, ...]
) -> None:
    branch = create_branch()
    sign_in(client, security_admin())
    response = client.post("/users/new", data=form(branch, *roles))
    assert response.status_code == 422
    assert "角色设置不符合要求" in response.text
    assert queries.user_named("chen.jie") is None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("username", ["", "1abc", "chen jie", "李婷", "a" * 80])
def test_an_impossible_user_name_is_refused(client: FlaskClient, username: str) -> None:
    branch = create_branch()
    sign_in(client, security_admin())
    assert client.post("/users/new", data=form(branch, username=username)).status_code == 422


def test_a_taken_user_name_is_refused_whatever_its_case(client: FlaskClient) -> None:
    taken = create_user(username="chen.jie")
    sign_in(client, security_admin())
    assert client.post("/users/new", data=form(taken.branch, username="Chen.Jie")).status_code == 422


def test_new_roles_end_the_sessions_of_the_user_and_are_recorded(client: FlaskClient, app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    theirs = app.test_client()
    sign_in(theirs, user)
    assert theirs.get("/account").status_code == 200
    sign_in(client, security_admin())
    client.post(f"/users/{user.id}", data=form(user.branch, Role.MANAGER))
    assert user.role_set == {Role.MANAGER}
    assert theirs.get("/account").status_code == 303
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "Roles changed")).all()[-1]
    assert event.fields == {"roles": [["specialist"], ["manager"]]}


@pytest.mark.databases("sqlite")
def test_nobody_edits_his_own_rights(client: FlaskClient) -> None:
    admin = security_admin()
    create_user(Role.SECURITY_ADMIN)
    sign_in(client, admin)
    client.post(f"/users/{admin.id}", data=form(admin.branch, Role.AUDIT_ADMIN, scope="all"))
    assert admin.role_set == {Role.SECURITY_ADMIN}
    for act in ("reset-password", "active", "reset-second-factor"):
        assert client.post(f"/users/{admin.id}/{act}").status_code == 403
    assert admin.active


def test_the_last_security_administrator_stays(app: Flask) -> None:
    admin = security_admin()
    with pytest.raises(DomainError):
        services.set_active(admin, False, by=None)
    with pytest.raises(DomainError):
        services.set_roles(admin, [Role.SPECIALIST], by=None)
    create_user(Role.SECURITY_ADMIN)
    services.set_active(admin, False, by=None)
    assert not admin.active


def test_an_administrator_of_a_branch_gives_neither_more_nor_elsewhere(app: Flask) -> None:
    here, elsewhere = create_branch(), create_branch()
    admin = security_admin(here, Scope.BRANCH)
    with pytest.raises(Forbidden):
        services.create_user("a.b", "甲", roles=[Role.MANAGER], branch=here, scope=Scope.ALL, by=admin)
    with pytest.raises(DomainError):
        services.create_user("a.b", "甲", roles=[Role.MANAGER], branch=elsewhere, by=admin)


@pytest.mark.databases("sqlite")
def test_users_of_another_branch_do_not_exist_for_its_administrator(client: FlaskClient) -> None:
    stranger = create_user(name="外部门")
    sign_in(client, security_admin(scope=Scope.BRANCH))
    assert client.get(f"/users/{stranger.id}").status_code == 404
    assert "外部门" not in client.get("/users?state.in=active&state.in=inactive").text


def test_the_list_of_users_is_filtered_by_state_role_and_words(client: FlaskClient) -> None:
    create_user(Role.MANAGER, name="周丽", username="zhouli")
    create_user(name="李婷", locked_until=now() + timedelta(minutes=5))
    create_user(name="离职的", active=False)
    sign_in(client, security_admin())
    start = client.get("/users").text
    assert "周丽" in start
    assert "李婷" in start
    assert "离职的" not in start
    for query, found, hidden in (
        ("state.in=inactive", "离职的", "周丽"),
        ("state.in=locked", "李婷", "周丽"),
        ("role.in=manager", "周丽", "李婷"),
        ("q=ZhouLi", "周丽", "李婷"),
    ):
        page = client.get(f"/users?{query}").text
        assert found in page, query
        assert hidden not in page, query


def test_an_export_of_users_has_full_numbers_only_for_who_keeps_them(client: FlaskClient) -> None:
    create_user(name="李婷", mobile="13812345678")
    in_full = {"do": "export_in_full", "rows": "all", "columns": "all", "reason": "contact"}
    masked = {"do": "export", "columns": "all"}
    for role, asked, number in (
        (Role.SECURITY_ADMIN, in_full, "13812345678"),
        (Role.SECURITY_ADMIN, masked, "138****5678"),
        (Role.AUDIT_ADMIN, masked, "138****5678"),
    ):
        sign_in(client, create_user(role, scope=Scope.ALL))
        response = client.post("/users", data=asked)
        sheet = load_workbook(BytesIO(response.data), read_only=True).worksheets[0]
        assert number in [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row], role
    assert client.post("/users", data=in_full).status_code == 403


@pytest.mark.databases("sqlite")
def test_only_administrators_list_users_and_branches(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.BRANCH_HEAD, scope=Scope.ALL))
    for address in ("/users", "/branches"):
        assert client.get(address).status_code == 403
        assert client.post(address, data={"do": "export"}).status_code == 403


@pytest.mark.databases("sqlite")
def test_a_reset_password_unlocks_and_must_be_changed(client: FlaskClient) -> None:
    user = create_user()
    user.failed_logins = 4
    sign_in(client, security_admin())
    page = client.post(f"/users/{user.id}/reset-password").text
    password = re.search(r'id="one-time-password">([^<]+)<', page)
    assert password
    assert user.must_change_password
    assert user.failed_logins == 0
    assert passwords.matches(user.password_hash, password[1])


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.SYSTEM_ADMIN, "/users/new"),
        (Role.AUDIT_ADMIN, "/users/new"),
        (Role.SECURITY_ADMIN, "/branches/new"),
    ],
)
def test_the_three_administrators_keep_to_their_own_work(
    client: FlaskClient, role: Role, address: str
) -> None:
    sign_in(client, create_user(role))
    assert client.get(address).status_code == 403


@pytest.mark.databases("sqlite")
def test_the_role_table_shows_every_permission(client: FlaskClient, app: Flask) -> None:
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    page = client.get("/roles").text
    permissions = [one for feature in current_features().all for one in feature.grants]
    assert len(permissions) > 30
    assert not [one for one in permissions if f">{escape(one.label)}<" not in page]
    assert not [one for one in permissions if f">{one}<" in page]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("language", i18n.LOCALES)
def test_every_permission_says_in_its_own_words_what_it_allows(app: Flask, language: str) -> None:
    permissions = [one for feature in current_features().all for one in feature.grants]
    with force_locale(language):
        words = [str(one.label) for one in permissions]
    assert len(set(words)) == len(words)
    in_chinese = [bool(re.search("[一-鿿]", said)) for said in words]
    assert in_chinese == [language != "en"] * len(words)


@pytest.mark.databases("sqlite")
def test_a_permission_without_words_cannot_be_declared() -> None:
    with pytest.raises(TypeError):
        Grantable("Wordless", {"VIEW": "wordless:view"})


# --- branches -----------------------------------------------------------------------------------


def tree() -> tuple[Branch, Branch, Branch]:
    root = services.create_branch("00", "管理部")
    harbour = services.create_branch("01", "港区", parent=root)
    dock = services.create_branch("0101", "码头", parent=harbour)
    db.session.commit()
    return root, harbour, dock


def test_moving_a_branch_moves_everything_below_it(app: Flask) -> None:
    root, harbour, dock = tree()
    hill = services.create_branch("02", "山区", parent=root)
    services.update_branch(harbour, code="01", name="港区", parent=hill)
    db.session.commit()
    assert harbour.path == f"/{root.id}/{hill.id}/{harbour.id}/"
    assert dock.path == f"/{root.id}/{hill.id}/{harbour.id}/{dock.id}/"
    assert [b.code for b in queries.branches(None)] == ["00", "02", "01", "0101"]


@pytest.mark.databases("sqlite")
def test_a_branch_is_never_moved_below_itself(app: Flask) -> None:
    root, harbour, dock = tree()
    for parent in (harbour, dock):
        with pytest.raises(DomainError):
            services.update_branch(harbour, code="01", name="港区", parent=parent)
        db.session.rollback()
    with pytest.raises(DomainError):
        services.update_branch(root, code="00", name="管理部", parent=harbour)


def test_branch_and_below_reaches_down_but_not_up(app: Flask) -> None:
    root, harbour, dock = tree()
    head = create_user(Role.BRANCH_HEAD, branch=harbour, scope=Scope.BRANCH_AND_BELOW)
    assert queries.branches(head) == [harbour, dock]
    assert root not in queries.branches(head)


def test_the_list_of_branches_follows_the_tree_and_counts_its_people(client: FlaskClient) -> None:
    root, harbour, dock = tree()
    create_user(branch=harbour, active=False)
    create_user(branch=harbour)
    sign_in(client, create_user(Role.SYSTEM_ADMIN, branch=root, scope=Scope.ALL))
    page = client.get("/branches").text
    names = re.findall(r'<th scope="row" class="list-name"><a [^>]*>([^<]+)</a>', page)
    assert names == ["管理部", "　港区", "　　码头"]
    assert re.search(r'港区</a></th>.*?class="number">1</td>', page, re.S)
    assert "　港区" not in client.get("/branches?q=0101").text
    sign_in(client, create_user(Role.SYSTEM_ADMIN, branch=dock, scope=Scope.BRANCH))
    assert "港区</a>" not in client.get("/branches").text


@pytest.mark.databases("sqlite")
def test_the_system_administrator_keeps_the_tree(client: FlaskClient) -> None:
    root, _harbour, dock = tree()
    sign_in(client, create_user(Role.SYSTEM_ADMIN, branch=root, scope=Scope.ALL))
    client.post("/branches/new", data={"code": "03", "name": "新区", "parent_id": root.id})
    assert queries.branch_by_code("03").path.startswith(root.path)
    client.post(f"/branches/{dock.id}", data={"code": "0101", "name": "码头部", "parent_id": root.id})
    assert (dock.name, dock.path) == ("码头部", f"{root.path}{dock.id}/")
    taken = client.post("/branches/new", data={"code": "01", "name": "又一个", "parent_id": root.id})
    assert taken.status_code == 422
    client.post(f"/branches/{root.id}", data={"code": "00", "name": "住房公积金管理部"})
    assert queries.root_branch().name == "住房公积金管理部"


# --- commands -----------------------------------------------------------------------------------


def test_the_command_creates_a_user_and_prints_the_password_once(app: Flask) -> None:
    tree()
    run = app.test_cli_runner()
    arguments = [
        "users",
        "create",
        "--username",
        "zhao",
        "--name",
        "赵敏",
        "--role",
        "manager",
        "--branch",
        "01",
    ]
    told = json.loads(run.invoke(args=[*arguments, "--scope", "branch_and_below", "--json"]).output)
    user = queries.user_named("zhao")
    assert user
    assert (user.branch.code, user.scope, user.must_change_password) == ("01", Scope.BRANCH_AND_BELOW, True)
    assert passwords.matches(user.password_hash, told["password"])
    listed = json.loads(run.invoke(args=["users", "list", "--json"]).output)
    assert listed[0]["roles"] == ["manager"]


@pytest.mark.databases("sqlite")
def test_the_command_takes_a_password_from_standard_input_and_refuses_a_weak_one(app: Flask) -> None:
    tree()
    run = app.test_cli_runner()
    arguments = [
        "users",
        "create",
        "--username",
        "zhao",
        "--name",
        "赵敏",
        "--role",
        "manager",
        "--password-stdin",
    ]
    refused = run.invoke(args=arguments, input="Admin@123\n")
    assert refused.exit_code == 1
    assert queries.user_named("zhao") is None
    assert run.invoke(args=arguments, input="Correct-Horse-7\n").exit_code == 0
    user = queries.user_named("zhao")
    assert user
    assert passwords.matches(user.password_hash, "Correct-Horse-7")


@pytest.mark.databases("sqlite")
def test_the_command_refuses_roles_that_exclude_each_other(app: Flask) -> None:
    tree()
    roles = ["--role", "system_admin", "--role", "audit_admin"]
    told = app.test_cli_runner().invoke(
        args=["users", "create", "--username", "zhao", "--name", "赵敏", *roles]
    )
    assert told.exit_code == 1
    assert "管理员" in told.output
