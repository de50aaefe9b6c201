"""Every door of the house: does it say who may pass, and does it hold to it?"""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.accounts.models import Branch
from app.core.db import db
from app.core.features import current_features
from app.core.permissions import PUBLIC, SIGNED_IN, Role, Scope, declared_permission
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


class Visitor:
    """Somebody of a role and a branch, who knocks at one door after the other."""

    def __init__(self, client: FlaskClient, role: Role, branch: Branch) -> None:
        self._client, self._role, self._branch = client, role, branch
        self._changed = True

    def knock(self, path: str, method: str) -> int:
        """The status of the answer; that of "who are you" where it leads to the sign-in page."""
        if self._changed:
            fresh = create_user(self._role, branch=self._branch, scope=Scope.BRANCH_AND_BELOW)
            sign_in(self._client, fresh)
        answer = self._client.open(path, method=method)
        # what was written may have been the visitor: the next one is somebody else
        self._changed = method != "GET" and answer.status_code not in (403, 404, 405)
        return 401 if answer.location and answer.location.startswith("/login") else answer.status_code


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


def holders(rule: Rule, app: Flask) -> frozenset[Role]:
    wanted = declared(app, rule)
    return frozenset(Role) if wanted in (PUBLIC, SIGNED_IN) else current_features().grants[str(wanted)]


def unfitting(app: Flask, rule: Rule, visitor: Visitor, path: str, granted: bool) -> Iterator[str]:
    """The answers of one door that the table of permissions does not foresee."""
    wanted, own = declared(app, rule), rule.endpoint in OWNERS_ONLY
    for method in methods(rule):
        status = visitor.knock(path, method)
        if rule.endpoint != READINESS and not fits(status, wanted, granted, own):
            yield f"{method} {path} ({rule.endpoint}): {status}"


#: These end the session that the walk uses.
LEAVING = frozenset({"accounts.logout"})


def fits(status: int, wanted: str | None, granted: bool, own: bool) -> bool:
    if not granted:
        return status == 403
    # where the record or a signature decides, not the role, a refusal is an answer
    return status in FINE or (status in (401, 403) and (wanted in (SIGNED_IN, PUBLIC) or own))


def test_the_records_of_another_branch_do_not_exist(client: FlaskClient, app: Flask) -> None:
    home, elsewhere = create_branch(), create_branch()
    made: dict[str, object] = {}
    doors = [
        (rule, address(app, rule, elsewhere, made))
        for rule in rules(app)
        if declared(app, rule) != PUBLIC and scoped_arguments(rule)
    ]
    wrong = []
    for role in Role:
        visitor = Visitor(client, role, home)
        for rule, path in doors:
            for method in methods(rule) if role in holders(rule, app) else ():
                if (status := visitor.knock(path, method)) != 404:
                    wrong.append(f"{method} {path} ({rule.endpoint}) as {role}: {status}")
    assert not wrong, "these answer for another branch:\n" + "\n".join(wrong)


def scoped_arguments(rule: Rule) -> set[str]:
    return {a for a in rule.arguments if not ANYONES & set(names(rule.endpoint, a))}
