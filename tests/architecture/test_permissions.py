"""Every door of the house: does it say who may pass, and does it hold to it?"""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.accounts.models import Branch, User
from app.core.db import db
from app.core.features import current_features
from app.core.permissions import PUBLIC, SEPARATED_ROLES, SIGNED_IN, Role, Scope, declared_permission
from tests.architecture.samples import ANYONES, BUILDERS, OWNERS_ONLY
from tests.factories import create_branch, create_user, sign_in

#: Endpoints of installed packages: files that everyone may read.
FILES = frozenset({"static", "bootstrap.static", "ui.static"})

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: What a permitted request may meet: a page, a redirect, or a refusal of what was (not) sent;
#: 286 tells htmx to stop asking.
FINE = frozenset({200, 201, 202, 204, 286, 301, 302, 303, 304, 400, 404, 405, 409, 422})
#: Says that Redis is away, which in tests it is.
READINESS = "health.ready"


@pytest.fixture(autouse=True)
def show_failures_as_500(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the walk goes on and reports every door that breaks."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in FILES]


def declared(app: Flask, rule: Rule) -> str | None:
    return declared_permission(app.view_functions[rule.endpoint])


def methods(rule: Rule) -> Iterator[str]:
    return (method for method in METHODS if method in (rule.methods or ()))


def address(app: Flask, rule: Rule, branch: Branch, made: dict[str, object]) -> str:
    """The rule's address with an id of the branch for each argument."""
    values = {}
    for argument in sorted(rule.arguments):
        build = builder(rule.endpoint, argument)
        key = f"{build.__name__}:{argument}"
        if key not in made:
            made[key] = build(branch)
        values[argument] = made[key]
    db.session.flush()
    with app.test_request_context():
        built = rule.build(values, append_unknown=False)
    assert built is not None
    return built[1]


def builder(endpoint: str, argument: str) -> Callable[[Branch], object]:
    for key in names(endpoint, argument):
        if key in BUILDERS:
            return BUILDERS[key]
    raise AssertionError(f"{endpoint} takes {argument!r}: add a builder to tests/architecture/samples.py")


def names(endpoint: str, argument: str) -> tuple[str | tuple[str, str], ...]:
    """How samples.py may name an argument, the most exact first."""
    return (endpoint, argument), (endpoint.partition(".")[0], argument), argument


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
        view = app.view_functions[item.endpoint]
        wanted = declared_permission(view)
        grants = current_features().grants
        readers = grants[item.permission]
        assert wanted in (PUBLIC, SIGNED_IN) or readers <= grants[str(wanted)], item.endpoint


def test_every_id_in_an_address_has_a_sample(app: Flask) -> None:
    for rule in rules(app):
        for argument in rule.arguments:
            builder(rule.endpoint, argument)


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


@pytest.mark.parametrize("role", list(Role))
def test_every_endpoint_answers_each_role_as_the_table_says(
    client: FlaskClient, app: Flask, role: Role
) -> None:
    branch = create_branch()
    made: dict[str, object] = {}
    wrong = []
    for rule in rules(app):
        if rule.endpoint in LEAVING:
            continue
        wanted = declared(app, rule)
        granted = wanted in (PUBLIC, SIGNED_IN) or role in current_features().grants[str(wanted)]
        for method in methods(rule):
            path = address(app, rule, branch, made)
            sign_in(client, reader(role, branch))
            status = client.open(path, method=method).status_code
            if rule.endpoint != READINESS and not fits(status, wanted, granted, rule.endpoint in OWNERS_ONLY):
                wrong.append(f"{method} {path} ({rule.endpoint}): {status}")
    assert not wrong, f"as {role}:\n" + "\n".join(wrong)


#: These end the session that the walk uses.
LEAVING = frozenset({"accounts.logout"})


def fits(status: int, wanted: str | None, granted: bool, own: bool) -> bool:
    if not granted:
        return status == 403
    # where the record or a signature decides, not the role, a refusal is an answer
    return status in FINE or (status in (401, 403) and (wanted in (SIGNED_IN, PUBLIC) or own))


def reader(role: Role, branch: Branch) -> User:
    """A fresh user each time: the last request may have changed the one before."""
    return create_user(role, branch=branch, scope=Scope.BRANCH_AND_BELOW)


def test_the_records_of_another_branch_do_not_exist(client: FlaskClient, app: Flask) -> None:
    home, elsewhere = create_branch(), create_branch()
    made: dict[str, object] = {}
    wrong = []
    for rule in rules(app):
        wanted = declared(app, rule)
        if wanted == PUBLIC or not scoped_arguments(rule):
            continue
        for method in methods(rule):
            for role in roles_for(wanted):
                path = address(app, rule, elsewhere, made)
                sign_in(client, reader(role, home))
                status = client.open(path, method=method).status_code
                if status != 404:
                    wrong.append(f"{method} {path} ({rule.endpoint}) as {role}: {status}")
    assert not wrong, "these answer for another branch:\n" + "\n".join(wrong)


def scoped_arguments(rule: Rule) -> set[str]:
    return {a for a in rule.arguments if not ANYONES & set(names(rule.endpoint, a))}


def roles_for(wanted: str | None) -> list[Role]:
    holders = set(Role) if wanted == SIGNED_IN else current_features().grants[str(wanted)]
    ordinary = sorted(holders - SEPARATED_ROLES)
    # one office role stands for the others: the scope does not depend on the role
    return ordinary[:1] + sorted(holders & SEPARATED_ROLES)
