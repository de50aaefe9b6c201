"""Noting changes and their papers; the steps are the workflow's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.core import timeline
from app.core.clock import today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.language.text import clean, name_key
from app.core.permissions import Actor
from app.core.personal.retaining import NOBODY, people_forgotten
from app.core.workflow.acts import demand
from app.employers.models import Employer, EmployerContact
from app.lifecycle.changing import queries
from app.lifecycle.changing.models import ChangeKind, ChangePaper, ChangeState, RegisteredChange
from app.lifecycle.changing.policy import CHANGE_DAYS, PAPERS, papers_for
from app.lifecycle.changing.recording.services import bank_in_words, on_record
from app.lifecycle.changing.workflow import CHANGING, ask_for_it
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.lifecycle.papers.services import note_findings

NOTED = msgid("Change to be registered: %(old)s → %(new)s, since %(day)s")
CORRECTED = msgid("Change to be registered, corrected: %(old)s → %(new)s, since %(day)s")
CHECKED = msgid("Papers of the change checked: %(complete)s of %(all)s in order")


@dataclass(frozen=True)
class News:
    """What changed, since when, and who says so. `applied_on`: handed in by the employer on that day.

    Of bank data `new_value` is the office, and may be empty; of a representative it is the name.
    """

    new_value: str
    changed_on: date
    source: str | None = None
    document: str = ""
    applied_on: date | None = None
    bank_code: str | None = None


def note(employer: Employer, kind: ChangeKind, news: News, actor: Actor) -> RegisteredChange:
    """Notes a change, which is registered when its papers are in order; one of a kind stands at a time."""
    demand(employer, "edit", actor)
    _check(employer, kind, news)
    if queries.standing_of(employer.id, kind) is not None:
        raise Conflict(_l("A change of this kind is noted already: correct it, or register it first."))
    change = RegisteredChange(
        employer=employer,
        kind=kind,
        state=ChangeState.CHECKING if news.applied_on else ChangeState.FOUND,
        applied_on=news.applied_on,
        noted_on=today(),
        noted_by_id=actor.id,
    )
    _fill(change, news)
    db.session.add(change)
    db.session.flush()
    _tell(change, NOTED, _params(change), actor)
    ask_for_it(change, actor)
    return change


def correct(change: RegisteredChange, news: News, actor: Actor) -> None:
    """Corrects what was noted; the term counts from the day as it is known now."""
    demand(change, "edit", actor)
    if change.applied_on is None and news.applied_on is not None:
        raise DomainError(_l("Take the step “The employer has handed it in” for that: it asks for the day."))
    news = replace(news, applied_on=news.applied_on or change.applied_on)
    _check(change.employer, change.kind, news)
    _fill(change, news)
    change.applied_on = news.applied_on
    db.session.flush()
    _tell(change, CORRECTED, _params(change), actor)
    ask_for_it(change, actor)


def _check(employer: Employer, kind: ChangeKind, news: News) -> None:
    value, found = _words(kind, news), []
    present = on_record(employer, kind)
    same = name_key(value) == name_key(present) if kind is ChangeKind.NAME else value == present
    if not value or same:
        found.append(_l("Enter what it is now; it differs from what is on record."))
    if kind is ChangeKind.BANK and not news.bank_code:
        found.append(_l("Choose the bank."))
    if news.changed_on > today():
        found.append(_l("The day of the change lies in the future."))
    if news.applied_on and not news.changed_on <= news.applied_on <= today():
        found.append(_l("It was handed in between the change and today."))
    if found:
        raise DomainError(_l("The change could not be noted:"), found)


def _words(kind: ChangeKind, news: News) -> str:
    value = clean(news.new_value)
    return bank_in_words(news.bank_code, value) if kind is ChangeKind.BANK else value


def _fill(change: RegisteredChange, news: News) -> None:
    change.old_value = on_record(change.employer, change.kind)[:255]
    change.new_value, change.changed_on = _words(change.kind, news), news.changed_on
    if change.kind is ChangeKind.BANK:
        change.bank_code, change.bank_office = news.bank_code, clean(news.new_value)
    change.due_on = news.changed_on + timedelta(days=CHANGE_DAYS.value(news.changed_on))
    change.source, change.document = news.source, clean(news.document)


def _params(change: RegisteredChange) -> dict[str, Any]:
    day = change.changed_on.isoformat()
    return {"old": change.old_value or "—", "new": change.new_value, "day": day, "comment": change.document}


def _tell(change: RegisteredChange, summary: str, params: dict[str, Any], actor: Actor) -> None:
    timeline.record(
        change.employer_id, CHANGING.kind, summary, params=params, actor=actor, endpoint="changing.show",
        link_id=change.id,
    )  # fmt: skip


def check_papers(change: RegisteredChange, findings: Mapping[str, Finding], actor: Actor) -> int:
    """Writes down what was found of the papers, by code; gives how many are new or changed."""
    demand(change, "check_papers", actor)
    asked = papers_for(change.kind)

    def new(code: str) -> ChangePaper:
        change.checks.append(ChangePaper(change_id=change.id, code=code))
        return change.checks[-1]

    changed = note_findings(PAPERS, asked, queries.checks_of(change), findings, new, actor)
    db.session.flush()
    if changed:
        complete = [one for one in change.checks if one.code in asked and one.result is CheckResult.COMPLETE]
        _tell(change, CHECKED, {"complete": len(complete), "all": len(asked)}, actor)
    return len(changed)


@people_forgotten.connect
def _forget_names(_sender: object, names: Mapping[int, str]) -> None:
    """Former representatives are forgotten here, too; past the session's hooks, or the trail keeps them."""
    change = RegisteredChange
    theirs = (
        select(change.id, EmployerContact.contact_id, change.old_value, change.new_value)
        .join(EmployerContact, EmployerContact.employer_id == change.employer_id)
        .where(change.kind == ChangeKind.LEGAL_REP, among(EmployerContact.contact_id, names))
    )
    found = db.session.execute(theirs).all()
    for column in (change.old_value, change.new_value):
        naming = [row.id for row in found if getattr(row, column.key) == names[row.contact_id]]
        db.session.execute(update(change).where(among(change.id, naming)).values({column: NOBODY}))
