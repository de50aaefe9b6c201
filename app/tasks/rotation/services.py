"""Handing over, confirming and undoing."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import User
from app.core import timeline
from app.core.clock import now, today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.features import current_features
from app.core.handing_over import Matter
from app.core.language.i18n import msgid
from app.core.permissions import OFFICE, Actor
from app.core.rules.workdays import add_working_days
from app.tasks import services as tasks
from app.tasks.rotation import queries
from app.tasks.rotation.models import HandOver, HandOverItem
from app.tasks.rotation.policy import CONFIRM_DAYS

KIND = "handover"
TOLD = msgid("Handed over from %(old)s to %(new)s: %(count)s matters")
TAKEN_BACK = msgid("Hand-over from %(old)s to %(new)s taken back: %(count)s matters")
CONFIRM = msgid("Confirm the hand-over from %(name)s: %(count)s matters")


def hand_over(giver: User, receiver: User, names: Collection[str], reason: str, actor: Actor) -> HandOver:
    """Gives all that the giver carries of the named matters to the receiver: everything, or nothing.

    Records that follow an employer go along with it and are written down as well.
    """
    if not reason.strip():
        raise DomainError(_l("Say why the matters are handed over."))
    fit = receiver.active and receiver.branch_id == giver.branch_id and receiver.role_set & frozenset(OFFICE)
    if receiver.id == giver.id or not fit:
        raise DomainError(_l("Choose another active colleague of the same branch."))
    found = queries.everything(giver.id, names)
    if not found:
        raise DomainError(_l("%(name)s carries nothing of what was chosen.", name=giver.name))
    made = HandOver(
        branch_id=giver.branch_id, giver=giver, receiver=receiver, reason=reason.strip(), made_by_id=actor.id
    )
    made.items = [
        HandOverItem(
            matter=matter.name, record_id=row.id, employer_id=row.employer_id, along=matter.along,
            title=row.title[:255],
        )
        for matter, rows in found
        for row in rows
    ]  # fmt: skip
    db.session.add(made)
    db.session.flush()
    for matter, rows in found:
        if not matter.along:
            _note(made, matter, _give(matter, [row.id for row in rows], giver, receiver, actor))
    _tell(made, TOLD, actor)
    params = {"name": giver.name, "count": len(made.items)}
    tasks.open_task(
        KIND, CONFIRM, add_working_days(today(), CONFIRM_DAYS.value(), provisional=True),
        branch_id=made.branch_id, owner_id=receiver.id, params=params, source=(KIND, made.id), actor=actor,
    )  # fmt: skip
    return made


def _give(
    matter: Matter, ids: Sequence[int], old: User, new: User, actor: Actor
) -> Mapping[int, Mapping[str, Any]]:
    if matter.give is not None:
        return matter.give(ids, old, new, actor)
    for record in db.session.scalars(select(matter.model).where(among(matter.model.id, ids))):
        setattr(record, matter.carrier.key, new.id)
    db.session.flush()
    return {}


def _note(made: HandOver, matter: Matter, memos: Mapping[int, Mapping[str, Any]]) -> None:
    for item in made.items:
        if item.matter == matter.name and item.record_id in memos:
            item.memo = dict(memos[item.record_id])


def _tell(made: HandOver, words: str, actor: Actor) -> None:
    names = {"old": made.giver.name, "new": made.receiver.name}
    happenings = [
        timeline.Happening(employer_id, words, {**names, "count": number}, link_id=made.id)
        for employer_id, number in queries.employers_of(made.items).items()
    ]
    timeline.record_many(KIND, happenings, actor=actor, endpoint="rotation.show")


def confirm(made: HandOver, actor: Actor) -> None:
    """The receiver says that everything has arrived."""
    if actor.id != made.to_id:
        raise DomainError(_l("Only whoever received the matters confirms."))
    if made.undone_at or made.confirmed_at:
        raise Conflict(_l("This hand-over is confirmed or undone already."))
    made.confirmed_at = now()
    tasks.settle((KIND, made.id), [KIND])


def undo(made: HandOver, actor: Actor) -> int:
    """Gives back what still waits; refuses while anything of it has gone on to somebody else.

    What was finished meanwhile stays finished. Gives how many records went back.
    """
    if made.undone_at:
        raise Conflict(_l("This hand-over is undone already."))
    if not made.giver.active:
        raise DomainError(
            _l("%(name)s has no active account: hand over to somebody else instead.", name=made.giver.name)
        )
    back = {matter.name: _still_open(made, matter) for matter in queries.matters() if not matter.along}
    moved_on = [row for rows in back.values() for row, carrier in rows if carrier != made.to_id]
    if moved_on:
        titles = [item.title for item in made.items if item.id in set(moved_on)]
        raise DomainError(_l("Somebody else has these matters by now; hand over anew instead:"), titles[:20])
    number = 0
    for name, rows in back.items():
        items = [item for item in made.items if item.id in {row for row, _carrier in rows}]
        if items:
            _take_back(made, current_features().matters[name], items, actor)
            number += len(items)
    made.undone_at, made.undone_by_id = now(), actor.id
    _tell(made, TAKEN_BACK, actor)
    tasks.settle((KIND, made.id), [KIND])
    return number


def _still_open(made: HandOver, matter: Matter) -> list[tuple[int, int | None]]:
    """The items of the matter whose records are still carried by anybody: with who does."""
    items = {item.record_id: item.id for item in made.items if item.matter == matter.name}
    if not items:
        return []
    query = select(matter.model.id, matter.carrier).where(among(matter.model.id, list(items)), matter.open())
    return [(items[id_], carrier) for id_, carrier in db.session.execute(query)]


def _take_back(made: HandOver, matter: Matter, items: Sequence[HandOverItem], actor: Actor) -> None:
    _give(matter, [item.record_id for item in items], made.receiver, made.giver, actor)
    for item in items:
        if item.memo:
            record = db.session.get_one(matter.model, item.record_id)
            for column, value in item.memo.items():
                setattr(record, column, value)
    db.session.flush()
