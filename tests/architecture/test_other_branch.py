"""What belongs to another branch does not exist: whether its id stands in a path, a question or a form."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from werkzeug.routing import Rule
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.fields.core import UnboundField

from app.accounts.models import Branch
from app.core.clock import local, now, today
from app.core.criteria.segments import Segment, Sharing
from app.core.db import db
from app.core.permissions import PUBLIC, Role
from app.employers.models import EmployerContact
from app.outreach.models import Visit
from app.tasks.models import Task
from tests.architecture.doors import Visitor, address, declared, holders, methods, rules, scoped_arguments
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in


class Secret:
    """An employer of a branch, its handler and a colleague, with names that stand nowhere else."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.employer = create_employer(branch, name=f"不可外传{branch.code}有限公司")
        self.contact = create_contact(self.employer, name=f"不可外传{branch.code}经办", mobile="13900139000")
        self.user = create_user(branch=branch, name=f"不可外传{branch.code}同事")
        self.segment = Segment(
            list_name="employers",
            name=f"不可外传{branch.code}分组",
            owner_id=create_user(branch=branch).id,
            branch_id=branch.id,
            sharing=Sharing.BRANCH,
            tree={"match": "all", "rules": []},
        )
        db.session.add(self.segment)
        db.session.flush()

    def is_in(self, told: str) -> bool:
        return any(one.name in told for one in (self.employer, self.contact, self.user, self.segment))


@pytest.fixture(autouse=True)
def show_failures_as_500(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the walk goes on and reports every door that breaks."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


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


#: What a question may name by its id, and what only looks like one (a place in a list, a number).
ASKED: dict[str, Callable[[Secret], int] | None] = {
    "employer_id": lambda secret: secret.employer.id,
    "other": lambda secret: secret.employer.id,
    "lead": lambda secret: secret.employer.id,
    "back": lambda secret: secret.employer.id,
    "but": lambda secret: secret.contact.id,
    "segment": lambda secret: secret.segment.id,
    "user_id": lambda secret: secret.user.id,
    "member": None,  # looked for in the campaign of the address alone (tests/campaigns/letters)
    "saved": None,  # letters, looked for among those in reach (tests/campaigns/channels/letter)
    "area": None,  # areas are the whole department's
    "before": None,
    "after": None,
    "page": None,
    "parts": None,
    "campaign": None,  # looked for among those in reach (tests/campaigns/drafting)
    "choose": None,  # wordings of messages are the whole department's
    "outline": None,  # wordings of letters are the whole department's
    "year": None,
}


def test_what_a_question_names_of_another_branch_is_not_told(client: FlaskClient, app: Flask) -> None:
    home, secret = create_branch(), Secret(create_branch())
    made: dict[str, object] = {}
    tried, wrong = 0, []
    visitors = {role: Visitor(client, role, home) for role in Role}
    for rule in rules(app):
        for name in asked_ids(app, rule):
            assert name in ASKED, f"{rule.endpoint} asks for {name}: say in ASKED what it is the id of"
            if (id_of := ASKED[name]) and "GET" in methods(rule):
                path = f"{address(app, rule, home, made)}?{name}={id_of(secret)}"
                status, told = visitors[min(holders(rule, app))].ask(path)
                tried += 1
                if status >= 500 or secret.is_in(told):
                    wrong.append(f"{path} ({rule.endpoint}): {status}")
    assert tried >= 5
    assert not wrong, "these tell of another branch:\n" + "\n".join(wrong)


def asked_ids(app: Flask, rule: Rule) -> list[str]:
    """The numbers that a view takes from what follows the question mark."""
    source = inspect.getsource(inspect.unwrap(app.view_functions[rule.endpoint]))
    return re.findall(r'request\.(?:args|values)\.get(?:list)?\("(\w+)"[^()]*type=int', source)


#: Fields that take an id which the page has not offered: each is tried below.
UNOFFERED = {("NewTaskForm", "employer_id"), ("KnownPersonForm", "person_id")}


def test_an_id_in_a_form_is_one_of_those_that_the_form_offers(app: Flask) -> None:
    """A choice that is not among those offered is refused by WTForms; the walks read what is offered."""
    free = {
        (form.__name__, name)
        for form in every_form(FlaskForm)
        for name, field in vars(form).items()
        if isinstance(field, UnboundField)
        and re.search(r"(^|_)ids?$", name)
        and not issubclass(field.field_class, SelectField | SelectMultipleField | RadioField)
    }
    assert free == UNOFFERED


def every_form(form: type[Any]) -> Iterator[type[Any]]:
    for below in form.__subclasses__():
        yield below
        yield from every_form(below)


def test_a_form_that_names_what_belongs_to_another_branch_changes_nothing(client: FlaskClient) -> None:
    """Each is sent with a record of one's own first, which goes through."""
    secret, home = Secret(create_branch()), Secret(create_branch())
    specialist = create_user(Role.SPECIALIST, branch=home.branch)
    theirs = create_user(Role.SPECIALIST, branch=secret.branch)
    sign_in(client, specialist)
    at_home, elsewhere = create_employer(home.branch).id, secret.contact.id
    task: dict[str, Any] = {"title": "核对", "due_on": today().isoformat(), "owner_id": specialist.id}
    role: dict[str, Any] = {"role": "handler", "since": today().isoformat(), "mobile": home.contact.mobile}
    visit: dict[str, Any] = {"kind": "visit", "at": f"{local(now()):%Y-%m-%dT%H:%M}", "outcome": "agreed"}
    visit |= {"met_role": "", "service_mode": "", "summary": "谈过"}
    forms = [
        ("/tasks/new", task, "employer_id", home.employer.id, secret.employer.id),
        ("/tasks/new", task, "owner_id", specialist.id, theirs.id),
        (f"/visits/new?employer_id={home.employer.id}", visit, "contact_id", home.contact.id, elsewhere),
        (f"/contacts/at/{at_home}/new", role, "person_id", home.contact.id, elsewhere),
    ]
    for path, given, name, own, foreign in forms:
        before = rows_about(secret)
        status = client.post(path, data={**given, name: foreign}).status_code
        assert status in (400, 403, 404, 409, 422), f"{path} takes the {name} of another branch: {status}"
        assert rows_about(secret) == before, path
        mine = client.post(path, data={**given, name: own})
        assert mine.status_code in (302, 303), f"{path}: {mine.status_code}, so nothing was proven of {name}"


def rows_about(secret: Secret) -> list[int]:
    tasks = select(func.count()).where(Task.employer_id == secret.employer.id)
    roles = select(func.count()).where(EmployerContact.contact_id == secret.contact.id)
    visits = select(func.count()).where(Visit.contact_id == secret.contact.id)
    return [db.session.scalar(query) or 0 for query in (tasks, roles, visits)]
