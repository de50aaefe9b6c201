"""Staff lists: who may import them, what they add, and whom they refuse."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.accounts.services import reset_password
from app.audit.models import AuditEvent
from app.core.db import db
from app.core.errors import Forbidden
from app.core.permissions import Role, Scope
from app.core.signing_in.passwords import matches
from app.imports import jobs, queries, services
from app.imports.models import BatchState, ImportBatch
from tests import spreadsheets
from tests.factories import create_branch, create_user, sign_in

HEADER = ["用户名", "姓名", "机构代码", "角色", "手机号", "数据范围"]
WANG = ["wang.fang", "王芳", "00", "企业服务专员", "13800138000", None]


@pytest.fixture
def root(app: Flask) -> Branch:
    return create_branch("00")


@pytest.fixture
def guard(root: Branch) -> User:
    return create_user(Role.SECURITY_ADMIN, branch=root, scope=Scope.ALL)


def applied(folder: Path, by: User, *rows: Sequence[Any]) -> ImportBatch:
    path = spreadsheets.workbook(folder / "staff.xlsx", [HEADER, *rows])
    with path.open("rb") as stream:
        spec = queries.spec_named("users")
        batch = services.receive(spec, stream, path.name, by, branch=by.branch, apply=True)
    return run(batch)


def run(batch: ImportBatch) -> ImportBatch:
    batch_id = batch.id
    db.session.commit()
    jobs.run_batch(batch_id)
    return db.session.get_one(ImportBatch, batch_id, populate_existing=True)


def named(username: str) -> User | None:
    return db.session.scalars(select(User).where(User.username == username)).one_or_none()


def test_a_new_colleague_has_roles_no_password_anybody_knows_and_must_choose_one(
    root: Branch, guard: User, tmp_path: Path
) -> None:
    two = ["LI.Na", "李娜", "00", "manager、企业服务专员", None, "本机构及下级"]
    batch = applied(tmp_path, guard, WANG, two)
    assert (batch.new, batch.rejected, batch.reasons) == (2, 0, {"password": 2})
    wang, li = named("wang.fang"), named("li.na")
    assert wang and li
    assert (wang.name, wang.branch_id, set(wang.role_set)) == ("王芳", root.id, {Role.SPECIALIST})
    assert (wang.mobile, wang.scope, wang.must_change_password) == ("13800138000", Scope.BRANCH, True)
    assert (set(li.role_set), li.scope) == ({Role.MANAGER, Role.SPECIALIST}, Scope.BRANCH_AND_BELOW)
    assert not matches(wang.password_hash, "")
    password = reset_password(wang, by=guard)
    assert matches(wang.password_hash, password)
    assert wang.must_change_password
    events = db.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "User added by a staff list")
    ).all()
    assert [event.actor_id for event in events] == [guard.id, guard.id]


REFUSED: dict[str, tuple[dict[int, Any], str]] = {
    "two administrators in one": ({3: "系统管理员，安全管理员"}, "roles.two_administrators"),
    "an administrator who works": ({3: "系统管理员，企业服务专员"}, "roles.administrator_works"),
    "an unknown role": ({3: "局长"}, "roles.unknown_code"),
    "an unknown branch": ({2: "77"}, "branch.unknown_branch"),
    "a user name in Chinese": ({0: "王芳"}, "username.bad_username"),
    "a wrong mobile": ({4: "12345"}, "mobile.not_a_phone"),
}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("what", REFUSED)
def test_a_row_is_refused_by_the_rules_for_one_user_and_the_others_are_added(
    root: Branch, guard: User, tmp_path: Path, what: str
) -> None:
    changes, reason = REFUSED[what]
    bad = [changes.get(place, value) for place, value in enumerate(["zhao.lei", *WANG[1:]])]
    batch = applied(tmp_path, guard, WANG, bad)
    assert (batch.new, batch.rejected, batch.reasons) == (1, 1, {reason: 1, "password": 1})
    assert named("zhao.lei") is None


@pytest.mark.databases("sqlite")
def test_nobody_gives_a_wider_scope_or_a_branch_beyond_his_own(root: Branch, tmp_path: Path) -> None:
    below = create_branch("01", parent=root)
    guard = create_user(Role.SECURITY_ADMIN, branch=below, scope=Scope.BRANCH_AND_BELOW)
    wide = ["zhao.lei", "赵磊", "01", "企业服务专员", None, "全部"]
    batch = applied(tmp_path, guard, WANG, wide)
    assert batch.reasons == {"branch.unknown_branch": 1, "scope.wider_scope": 1}


def test_a_user_who_is_there_stays_as_he_is_and_is_remarked(
    root: Branch, guard: User, tmp_path: Path
) -> None:
    there = create_user(Role.SPECIALIST, branch=root, username="wang.fang", name="王芳", active=False)
    batch = applied(tmp_path, guard, [*WANG[:3], "manager,企业服务专员", None, None])
    assert (batch.new, batch.unchanged, batch.reasons) == (0, 1, {"differs": 1, "inactive": 1})
    assert there.role_set == {Role.SPECIALIST}


def test_undo_removes_whom_it_added_but_nobody_who_has_begun_to_work(
    root: Branch, guard: User, tmp_path: Path
) -> None:
    batch = applied(tmp_path, guard, WANG, ["li.na", "李娜", "00", "manager", None, None])
    li = named("li.na")
    assert li is not None
    reset_password(li, by=guard)
    services.start_undoing(batch)
    batch = run(batch)
    assert (batch.state, batch.undone, batch.kept) == (BatchState.UNDONE, 1, 1)
    assert named("wang.fang") is None
    assert named("li.na") is not None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECURITY_ADMIN])
def test_only_who_may_create_users_imports_them(root: Branch, tmp_path: Path, role: Role) -> None:
    with pytest.raises(Forbidden):
        applied(tmp_path, create_user(role, branch=root), WANG)


@pytest.mark.databases("sqlite")
def test_administrators_see_staff_lists_alone_and_the_office_never_does(
    client: FlaskClient, root: Branch, guard: User, tmp_path: Path
) -> None:
    staff = applied(tmp_path, guard, WANG).id
    worker = create_user(Role.MANAGER, branch=root, scope=Scope.ALL)
    leads = ImportBatch(spec="registry", branch=root, created_by=worker, file_name="a.csv", sha256="0" * 64)
    leads.state = BatchState.PREVIEWED
    db.session.add(leads)
    db.session.flush()
    leads_id = leads.id
    for user, own, others in ((guard, staff, leads_id), (worker, leads_id, staff)):
        sign_in(client, user)
        assert client.get(f"/imports/{own}").status_code == 200
        assert client.get(f"/imports/{others}").status_code == 404
    sign_in(client, guard)
    choices = client.get("/imports/new").get_data(as_text=True)
    assert "人员名单" in choices
    assert "企业登记信息" not in choices
