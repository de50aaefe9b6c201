"""Every door of the house: does it say who may pass?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.features import current_features
from app.core.permissions import PUBLIC, SIGNED_IN, declared_permission
from app.core.web.navigation import GROUPS
from tests.architecture.doors import address, builder, declared, methods, rules
from tests.factories import create_branch


@pytest.fixture(autouse=True)
def show_failures_as_500(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the walk goes on and reports every door that breaks."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


def test_every_route_declares_who_may_use_it(app: Flask) -> None:
    silent = [f"{rule} ({rule.endpoint})" for rule in rules(app) if declared(app, rule) is None]
    assert not silent, "add @requires(...), @signed_in or @public to: " + ", ".join(silent)


def test_every_declared_permission_is_granted_to_somebody(app: Flask) -> None:
    known = current_features().grants
    named = {d for rule in rules(app) if (d := declared(app, rule)) not in (PUBLIC, SIGNED_IN, None)}
    assert named <= set(known)
    assert not [permission for permission, roles in known.items() if not roles]


def test_every_line_of_the_navigation_leads_where_its_readers_may_go(app: Flask) -> None:
    for item in current_features().navigation:
        assert item.group in GROUPS, item.endpoint
        view = app.view_functions[item.endpoint]
        wanted = declared_permission(view)
        grants = current_features().grants
        readers = grants[item.permission]
        assert wanted in (PUBLIC, SIGNED_IN) or readers <= grants[str(wanted)], item.endpoint


def test_every_id_in_an_address_has_a_sample(app: Flask) -> None:
    for rule in rules(app):
        for argument in rule.arguments:
            builder(rule.endpoint, argument)


@pytest.mark.databases("sqlite")
def test_strangers_are_led_to_the_sign_in_page(client: FlaskClient, app: Flask) -> None:
    branch = create_branch()
    made: dict[str, object] = {}
    for rule in rules(app):
        if declared(app, rule) == PUBLIC:
            continue
        for method in methods(rule):
            response = client.open(address(app, rule, branch, made), method=method)
            assert response.status_code in (303, 405), f"{method} {rule}: {response.status_code}"
            if response.status_code == 303:
                assert response.location.startswith("/login"), f"{method} {rule}"
