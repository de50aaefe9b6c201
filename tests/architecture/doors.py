"""Every door of the house, and somebody who knocks at one after the other."""

from collections.abc import Callable, Iterable, Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.accounts.models import Branch
from app.core.db import db
from app.core.features import current_features
from app.core.permissions import PUBLIC, SIGNED_IN, Role, Scope, declared_permission
from tests.architecture.samples import ANYONES, BUILDERS, OWNERS_ONLY
from tests.factories import create_user, sign_in

#: Endpoints of installed packages: files that everyone may read.
FILES = frozenset({"static", "bootstrap.static", "ui.static"})

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: What a permitted request may meet: a page, a redirect, or a refusal of what was (not) sent;
#: 286 tells htmx to stop asking.
FINE = frozenset({200, 201, 202, 204, 286, 301, 302, 303, 304, 400, 404, 405, 409, 422})
#: Says that Redis is away, which in tests it is.
READINESS = "health.ready"


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


class Visitor:
    """Somebody of a role and a branch, who knocks at one door after the other."""

    def __init__(self, client: FlaskClient, role: Role, branch: Branch) -> None:
        self._client, self._role, self._branch = client, role, branch
        self._changed = True

    def ask(self, path: str) -> tuple[int, str]:
        """Status and text of a page, read by somebody of the role who has just come."""
        self._come()
        answer = self._client.get(path)
        return answer.status_code, answer.text

    def _come(self) -> None:
        fresh = create_user(self._role, branch=self._branch, scope=Scope.BRANCH_AND_BELOW)
        sign_in(self._client, fresh)

    def knock(self, path: str, method: str) -> int:
        """The status of the answer; that of "who are you" where it leads to the sign-in page."""
        if self._changed:
            self._come()
        answer = self._client.open(path, method=method)
        # what was written may have been the visitor: the next one is somebody else
        self._changed = method != "GET" and answer.status_code not in (403, 404, 405)
        return 401 if answer.location and answer.location.startswith("/login") else answer.status_code


def holders(rule: Rule, app: Flask) -> frozenset[Role]:
    wanted = declared(app, rule)
    return frozenset(Role) if wanted in (PUBLIC, SIGNED_IN) else current_features().grants[str(wanted)]


def unfitting(
    app: Flask,
    rule: Rule,
    visitor: Visitor,
    path: str,
    granted: bool,
    some: Iterable[str] = METHODS,
) -> Iterator[str]:
    """The answers of one door that the table of permissions does not foresee; to some methods, or to all."""
    wanted, own = declared(app, rule), rule.endpoint in OWNERS_ONLY
    for method in (one for one in methods(rule) if one in some):
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


def scoped_arguments(rule: Rule) -> set[str]:
    return {a for a in rule.arguments if not ANYONES & set(names(rule.endpoint, a))}
