"""Taking the steps of a campaign. What runs twice or side by side takes each once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import timeline
from app.core.clock import now
from app.core.db import among, db, insert_new
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.employers.models import Contact, Employer
from campaigns.channels.letter import text
from campaigns.channels.letter.issued.services import issue
from campaigns.channels.letter.queries import current_version, offered
from campaigns.drafting.audience.models import Candidate
from campaigns.drafting.audience.queries import next_contacts
from campaigns.drafting.audience.services import add_members
from campaigns.drafting.models import Campaign, CampaignState, CampaignStep, Exclusion, StepKind
from campaigns.drafting.queries import find, sender_of
from campaigns.following import queries
from campaigns.following.models import StepResult, StepRun
from campaigns.following.policy import CHUNK
from campaigns.ledger.services import controlling, planning
from campaigns.outcomes.policy import Outcome
from campaigns.outcomes.services import follow as open_follow_up

KIND, ENDPOINT = "follow_up", "following.show"
NEXT = msgid("Follow-up of “%(campaign)s”: %(name)s is written to now")
TITLES = {
    (StepKind.VISIT, False): msgid("Visit: the notice “%(campaign)s” has reached nobody"),
    (StepKind.VISIT, True): msgid("Visit: nobody has answered the notice “%(campaign)s”"),
    (StepKind.CALL, False): msgid("Call: the notice “%(campaign)s” has reached nobody"),
    (StepKind.CALL, True): msgid("Call: nobody has answered the notice “%(campaign)s”"),
}
NO_TASK = msgid("The department wants no task of this outcome.")


class Due(NamedTuple):
    """An employer for which a step is due, and whether any message was delivered there."""

    employer_id: int
    delivered: bool


def follow(campaign_id: int) -> list[tuple[int, int]]:
    """Takes what is due of a running campaign's steps; gives (step, employer) of the letters to be issued.

    A letter is typeset, so each is for a job of its own. Ends the steps, and with them the campaign, when
    nobody is left to take them for. Flushes.
    """
    campaign = find(campaign_id, None, lock=True)
    steps = [one for one in campaign.follow_steps if one.ended_at is None]
    if campaign.state is not CampaignState.RUNNING or campaign.planned_at is None or not steps:
        return []
    letters: list[tuple[int, int]] = []
    for step in steps:
        found = [
            Due(row.employer_id, bool(row.delivered))
            for row in db.session.execute(queries.due(step, campaign.follow_steps).limit(CHUNK))
        ]
        if step.kind is StepKind.LETTER:
            letters += [(step.id, one.employer_id) for one in found]
        elif found:
            _TAKEN[step.kind](campaign, step, found)
    _end_if_over(campaign, steps)
    return letters


def _write_to_next(campaign: Campaign, step: CampaignStep, found: Sequence[Due]) -> None:
    """New members of the audience, planned like the first ones; caps and hours are those of sending."""
    phone = sender_of(campaign.branch).phone
    members = next_contacts(campaign, [one.employer_id for one in found], phone)
    usable = [one for one in members if one.excluded in (None, Exclusion.MERGED)]
    add_members(campaign, usable)
    for one in members:
        reason = None if one in usable else str(one.excluded)
        _note(step, one.employer_id, StepResult.IMPOSSIBLE if reason else StepResult.WRITTEN, reason)
    db.session.flush()
    after: int | None = 0
    while after is not None:
        after = planning.plan_chunk(campaign, after)
    _tell_next(campaign, usable)


def _tell_next(campaign: Campaign, members: Sequence[Candidate]) -> None:
    ids = {one.contact_id for one in members if one.contact_id}
    query = select(Contact.id, Contact.name).where(among(Contact.id, ids))
    names = {contact_id: name for contact_id, name in db.session.execute(query)}
    happenings = [
        timeline.Happening(
            one.employer_id,
            NEXT,
            {"campaign": campaign.name, "name": names.get(one.contact_id or 0, "")},
            link_id=campaign.id,
        )
        for one in members
    ]
    timeline.record_many(KIND, happenings, endpoint=ENDPOINT)


def _open_tasks(campaign: Campaign, step: CampaignStep, found: Sequence[Due]) -> None:
    employers = {
        one.id: one
        for one in db.session.scalars(
            select(Employer).where(among(Employer.id, [one.employer_id for one in found]))
        )
    }
    for one in found:
        run = _note(step, one.employer_id, StepResult.TASK)
        if run is None:
            continue
        task = open_follow_up(
            Outcome.NO_ANSWER if one.delivered else Outcome.NOT_ARRIVED,
            employers[one.employer_id],
            TITLES[step.kind, one.delivered],
            params={"campaign": campaign.name},
            source=("campaign_step_run", run.id),
        )
        if task is None:
            run.result, run.reason = StepResult.IMPOSSIBLE, NO_TASK
        else:
            timeline.record(
                one.employer_id, KIND, task.title, params=task.params, endpoint=ENDPOINT, link_id=campaign.id
            )
    db.session.flush()


_TAKEN: Mapping[StepKind, Callable[[Campaign, CampaignStep, Sequence[Due]], None]] = {
    StepKind.NEXT_CONTACT: _write_to_next,
    StepKind.VISIT: _open_tasks,
    StepKind.CALL: _open_tasks,
}


def send_letter(step_id: int, employer_id: int) -> None:
    """Issues the letter of a step, if it is still due; what keeps it from leaving is noted, and the next
    step comes at once. It is issued in the name of whoever approved the campaign."""
    step = db.session.get(CampaignStep, step_id)
    campaign = find(step.campaign_id, None, lock=True) if step else None
    if step is None or campaign is None or campaign.state is not CampaignState.RUNNING or step.ended_at:
        return
    wanted = queries.due(step, campaign.follow_steps).where(Employer.id == employer_id)
    if db.session.execute(wanted).first() is None:
        return
    employer = db.session.get_one(Employer, employer_id)
    try:
        with db.session.begin_nested():
            letter = _issue(campaign, step, employer)
            _note(step, employer_id, StepResult.ISSUED, letter_id=letter.id)
    except DomainError as refusal:
        words = " ".join(str(one) for one in (refusal.reasons or (refusal.message,)))
        _note(step, employer_id, StepResult.IMPOSSIBLE, words[:200])
    db.session.flush()


def _issue(campaign: Campaign, step: CampaignStep, employer: Employer) -> Any:
    outline = next((one for one in offered() if one.code == step.outline), None)
    version = current_version(outline) if outline else None
    if version is None:
        raise DomainError(_l("The outline of the letter is no longer offered."))
    given = {"phone": sender_of(campaign.branch).phone}
    if campaign.deadline:
        given["deadline"] = text.day(campaign.deadline)
    return issue(version, employer, given, campaign.approved_by or campaign.created_by)


def _note(
    step: CampaignStep,
    employer_id: int,
    result: StepResult,
    reason: str | None = None,
    letter_id: int | None = None,
) -> StepRun | None:
    """Writes down that the step was taken; None if somebody else has done so."""
    values = {
        "step_id": step.id, "employer_id": employer_id, "result": result, "reason": reason,
        "letter_id": letter_id, "at": now(),
    } | {name: _now_of(name, employer_id) for name in ("branch_id", "area_id", "owner_id")}  # fmt: skip
    made = db.session.scalar(insert_new(StepRun).values(values).returning(StepRun.id))
    return db.session.get(StepRun, made) if made is not None else None


def _now_of(name: str, employer_id: int) -> Any:
    return select(getattr(Employer, name)).where(Employer.id == employer_id).scalar_subquery()


def _end_if_over(campaign: Campaign, steps: Sequence[CampaignStep]) -> None:
    db.session.flush()
    if any(queries.is_pending(step) for step in steps):
        return
    for step in steps:
        step.ended_at = now()
    db.session.flush()
    controlling.finish_if_done(campaign.id)


def stop(campaign_id: int, actor: Actor) -> None:
    """No step is taken any more; what was begun goes on."""
    campaign = find(campaign_id, actor, lock=True)
    left = [one for one in campaign.follow_steps if one.ended_at is None]
    for step in left:
        step.ended_at, step.ended_by_id = now(), actor.id
    db.session.flush()
    controlling.finish_if_done(campaign.id)
