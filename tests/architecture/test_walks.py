"""Every door of the house: does it hold to what it says of who may pass?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.permissions import Role
from tests.architecture.doors import LEAVING, Visitor, address, holders, rules, unfitting
from tests.factories import create_branch


@pytest.fixture(autouse=True)
def show_failures_as_500(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the walk goes on and reports every door that breaks."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("role", list(Role))
def test_every_endpoint_answers_each_role_as_the_table_says(
    client: FlaskClient, app: Flask, role: Role
) -> None:
    branch = create_branch()
    made: dict[str, object] = {}
    visitor, wrong = Visitor(client, role, branch), list[str]()
    for rule in rules(app):
        if rule.endpoint not in LEAVING:
            path = address(app, rule, branch, made)
            wrong += unfitting(app, rule, visitor, path, granted=role in holders(rule, app))
    assert not wrong, f"as {role}:\n" + "\n".join(wrong)


@pytest.mark.databases("postgresql")
def test_every_door_opens_on_the_other_database_too(client: FlaskClient, app: Flask) -> None:
    """One of those who may pass stands for all: what a role may do is not the database's business."""
    branch = create_branch()
    made: dict[str, object] = {}
    wrong: list[str] = []
    for role in Role:
        visitor = Visitor(client, role, branch)
        for rule in rules(app):
            if rule.endpoint not in LEAVING and min(holders(rule, app)) is role:
                wrong += unfitting(app, rule, visitor, address(app, rule, branch, made), granted=True)
    assert not wrong, "\n".join(wrong)
