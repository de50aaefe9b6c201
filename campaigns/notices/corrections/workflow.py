"""A correction is approved, and then written where it belongs, or refused with a reason."""

from datetime import date
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.clock import today
from app.core.finding import the_one
from app.core.language.text import mask_phone
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Move, State, Tone, Transition, Workflow
from app.employers.models import Contact
from app.employers.people.services import editing
from app.employers.services import edit_employer, rename, version_of
from app.employers.sources.policy import HANDLER
from app.tasks.services import settle
from campaigns.notices.corrections.models import Correction, CorrectionState, Subject
from campaigns.notices.corrections.policy import Permission, visible_to
from campaigns.outcomes.policy import RULES, Outcome

S = CorrectionState
#: what its task is called, and its source: this process, by whose name the task leads here
TASK, SOURCE = RULES[Outcome.CORRECTION].kind, "correction"
SHARED = "shared"


def find(correction_id: int, actor: Actor | None) -> Correction:
    """A correction in the actor's reach. Raises NotFound."""
    query = select(Correction).where(Correction.id == correction_id, visible_to(actor))
    return the_one(query, _l("There is no such correction."))


def on_record(correction: Correction) -> str:
    """What the record says now; of a number the middle is hidden."""
    if correction.subject is Subject.EMPLOYER_NAME:
        return correction.employer.name
    if correction.subject is Subject.ADDRESS:
        return correction.employer.address or ""
    contact = correction.contact
    if contact is None:
        return ""
    return contact.name if correction.subject is Subject.PERSON_NAME else mask_phone(contact.mobile)


def nothing_changed_meanwhile(correction: Correction, _actor: Actor | None) -> Any:
    """What was changed since is not overwritten by what was proposed before."""
    current = on_record(correction)
    if current == correction.before:
        return None
    return _l(
        "The record says “%(now)s” by now: refuse it, or correct the record by hand.", now=current or "—"
    )


def write_it_down(correction: Correction, move: Move) -> None:
    """By the services that people use, as told by the handler and checked by whoever approves."""
    employer, actor = correction.employer, cast(Actor, move.actor)  # no system approves
    if correction.subject is Subject.EMPLOYER_NAME:
        until: date = min(correction.since or today(), today())
        rename(employer, correction.wanted, until, actor, correction.checked or "", told_by=HANDLER)
    elif correction.subject is Subject.ADDRESS:
        edit_employer(employer, {"address": correction.wanted}, version_of(employer), actor, told_by=HANDLER)
    elif correction.contact is not None:
        _correct_person(correction, correction.contact, actor, another=move.answers.get(SHARED) == "yes")


def _correct_person(correction: Correction, contact: Contact, actor: Actor, another: bool) -> None:
    named = correction.subject is Subject.PERSON_NAME
    person = editing.Person(
        correction.wanted if named else contact.name,
        mobile=correction.mobile,
        channel=contact.preferred_channel,
    )
    editing.edit(contact, person, actor, another=another)


def settle_task(correction: Correction, move: Move) -> None:
    """Nobody need check it any more."""
    settle(
        (SOURCE, correction.id), (TASK,), str(move.answers.get("checked") or move.answers.get("reason") or "")
    )


CORRECTION = Workflow[Correction](
    name=SOURCE,
    title=_l("Correction"),
    model=Correction,
    kind="correction",
    load=find,
    endpoint="corrections.show",
    states=(
        State(S.PROPOSED, _l("Waits to be checked"), Tone.ACTIVE),
        State(S.APPROVED, _l("Approved"), Tone.GOOD, final=True),
        State(S.REFUSED, _l("Refused"), Tone.DONE, final=True),
    ),
    transitions=(
        Transition(
            "approve",
            _l("Approve and write it down"),
            (S.PROPOSED,),
            S.APPROVED,
            Permission.DECIDE,
            asks=(
                Ask("checked", _l("How it was checked (document, call, visit)")),
                Ask(
                    SHARED,
                    _l("If another person is recorded with this number"),
                    "choice",
                    (("no", _l("stop and tell me")), ("yes", _l("both use it"))),
                    required=False,
                ),
            ),
            guards=(nothing_changed_meanwhile,),
            effects=(write_it_down, settle_task),
        ),
        Transition(
            "refuse",
            _l("Refuse"),
            (S.PROPOSED,),
            S.REFUSED,
            Permission.DECIDE,
            asks=(Ask("reason", _l("Why it is refused")),),
            effects=(settle_task,),
            tone=Tone.WARNING,
        ),
    ),
)
