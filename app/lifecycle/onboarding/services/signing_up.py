"""Online signing: signed, refused or helped, and asking again after a refusal."""

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import signals, timeline
from app.core.clock import today
from app.core.code_tables import codes
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.core.rules.workdays import on_or_after
from app.core.workflow.engine import Move, Workflow, transition
from app.employers.models import Employer, Stage
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import SIGNING_LABELS, SIGNING_TABLES, SigningEvent, SigningKind
from app.lifecycle.onboarding.policy import ASK_AFTER, KIND
from app.lifecycle.workflow import LIFECYCLE
from app.tasks import services as tasks

ASK_AGAIN = "ask_signing"

SIGNING = msgid("Online signing: %(what)s · %(how)s")
ASK_TO_SIGN = msgid("Ask again about online signing")


def record(
    employer: Employer, kind: SigningKind, on: date, code: str, note: str, actor: Actor
) -> SigningEvent:
    """Signed, refused or helped, and how or why.

    Signing moves the employer on; after a refusal somebody asks again later.
    """
    known = codes(SIGNING_TABLES[kind]).get(code)
    if known is None or not known.valid_on(today()):
        raise DomainError(_l("Say how, or why."))
    if on > today():
        raise DomainError(_l("The day lies in the future."))
    if kind is SigningKind.SIGNED:
        return _sign(employer, on, code, note, actor)
    event = _note(employer, kind, on, code, note, actor)
    if kind is SigningKind.REFUSED:
        due_on = on + timedelta(days=ASK_AFTER.value())
        tasks.open_task(
            ASK_AGAIN, ASK_TO_SIGN, on_or_after(max(due_on, today())), employer=employer, note=event.note,
            source=("signing_event", event.id), actor=actor,
        )  # fmt: skip
    return event


def _note(
    employer: Employer, kind: SigningKind, on: date, code: str, note: str, actor: Actor
) -> SigningEvent:
    event = SigningEvent(
        employer_id=employer.id, kind=kind, day=on, code=code, note=note.strip(), by_id=actor.id
    )
    db.session.add(event)
    employer.last_contact_on = max(on, employer.last_contact_on or on)
    db.session.flush()
    params = {
        "what": {"msgid": msgid_of(SIGNING_LABELS[kind])},
        "how": {"code_table": SIGNING_TABLES[kind], "code": code},
    }
    timeline.record(employer.id, KIND, SIGNING, params={**params, "comment": event.note}, actor=actor)
    return event


def _sign(employer: Employer, on: date, code: str, note: str, actor: Actor) -> SigningEvent:
    if employer.account_opened_on is None:
        raise DomainError(_l("Its account is not open yet: record the opening first."))
    if employer.online_signed_on is not None:
        raise Conflict(
            _l("It has signed up online on %(day)s already.", day=employer.online_signed_on.isoformat())
        )
    if on < employer.account_opened_on:
        raise DomainError(_l("It cannot sign before its account was opened."))
    if employer.stage is Stage.REGISTERED:
        answers = {"online_signed_on": on, "signing_method": code}
        transition(LIFECYCLE, employer, "enrol", actor, comment=note, answers=answers)
        return queries.signing_of(employer.id, limit=1)[0]
    employer.online_signed_on = on
    tasks.complete_of(employer.id, ASK_AGAIN)
    return _note(employer, SigningKind.SIGNED, on, code, note, actor)


@signals.after_transition.connect
def _keep_signing(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    """However the step of signing is taken, its day and method stand in the log."""
    if workflow is LIFECYCLE and move is not None and move.actor and "signing_method" in move.answers:
        on, code = move.answers["online_signed_on"], str(move.answers["signing_method"])
        _note(record, SigningKind.SIGNED, on, code, move.comment, move.actor)
        tasks.complete_of(record.id, ASK_AGAIN)
