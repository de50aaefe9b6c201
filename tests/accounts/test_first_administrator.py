from flask import Flask
from sqlalchemy import select

from app.accounts import services
from app.accounts.models import User
from app.core.db import db
from app.core.permissions import Role, Scope
from tests.factories import create_user


def test_an_empty_instance_gets_one_who_can_add_all_others(app: Flask) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["users", "first-administrator"])
    assert "One-time password:" in first.output
    again = runner.invoke(args=["users", "first-administrator"])
    assert "One-time password:" not in again.output
    admin = db.session.scalars(select(User)).one()
    assert (admin.role_set, admin.scope) == (frozenset({Role.SECURITY_ADMIN}), Scope.ALL)
    assert admin.must_change_password
    assert admin.branch.parent is None


def test_an_instance_with_users_gets_no_administrator_by_the_back_door(app: Flask) -> None:
    create_user()
    assert services.first_administrator() is None
