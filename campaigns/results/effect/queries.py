"""Who did what the campaign asked for within so many days, among those messaged and those held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, func, or_, select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core.clock import local, today
from app.core.db import db
from app.employers.models import Employer
from campaigns.drafting.models import AudienceMember, Campaign, Exclusion
from campaigns.results.effect.policy import LEAST, Group, newcombe


class Deed(NamedTuple):
    """What one may have done: whose it was to do at the launch, and whether it was done by the end."""

    name: str
    label: Any
    could: ColumnElement[bool]
    did: ColumnElement[bool]


@dataclass(frozen=True)
class Effect:
    """Of one deed: both groups, and the bounds of their difference (shares, told less held)."""

    label: Any
    told: Group
    held: Group
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.told.share - self.held.share

    @property
    def verdict(self) -> str:
        """small: too few to say anything; more, less: surely so; open: no difference can be told."""
        if min(self.told.people, self.held.people) < LEAST.value():
            return "small"
        if self.low > 0:
            return "more"
        return "less" if self.high < 0 else "open"


VERDICTS = {
    "small": (_l("Too few people in one of the groups to say anything."), "neutral"),
    "more": (_l("Those messaged did it more often: the campaign had an effect."), "good"),
    "less": (_l("Those messaged did it less often."), "danger"),
    "open": (_l("No effect can be told from chance."), "warning"),
}


def effects(campaign: Campaign, days: int) -> list[Effect]:
    """Each deed that was anybody's to do in both groups. One statement.

    A person who serves several employers was messaged, or held out, for all of them at once and so counts
    once, as having acted where any of them did. Whoever was left out for another reason is in neither group.
    """
    if campaign.launched_at is None:
        return []
    begin = local(campaign.launched_at).date()
    deeds = _deeds(begin, min(begin + timedelta(days=days), today()))
    counted = {deed.name: [0, 0, 0, 0] for deed in deeds}
    for row in db.session.execute(_counts(campaign, deeds)):
        for number, deed in enumerate(deeds):
            at = 2 if row.held else 0
            counted[deed.name][at : at + 2] = row[1 + 2 * number], row[2 + 2 * number]
    made = []
    for deed in deeds:
        did_told, could_told, did_held, could_held = (int(value or 0) for value in counted[deed.name])
        if could_told and could_held:
            told, held = Group(did_told, could_told), Group(did_held, could_held)
            made.append(Effect(deed.label, told, held, *newcombe(told, held)))
    return made


def _deeds(begin: date, end: date) -> Sequence[Deed]:
    behind = and_(
        ArrearsCase.employer_id == Employer.id,
        ArrearsCase.state != CaseState.WITHDRAWN,
        ArrearsCase.opened_on <= begin,
        or_(ArrearsCase.closed_on.is_(None), ArrearsCase.closed_on > begin),
    )
    return (
        _dated("registered", _l("Account opened"), Employer.account_opened_on, begin, end),
        _dated("signed", _l("Signed up online"), Employer.online_signed_on, begin, end),
        Deed(
            "paid",
            _l("Arrears paid"),
            exists().where(behind),
            exists().where(behind, ArrearsCase.closed_on <= end),
        ),
    )


def _dated(name: str, label: Any, column: Any, begin: date, end: date) -> Deed:
    return Deed(name, label, or_(column.is_(None), column >= begin), column.between(begin, end))


def _counts(campaign: Campaign, deeds: Sequence[Deed]) -> Select[Any]:
    """held, then of each deed how many people did it and how many could; a row for each group."""
    member = AudienceMember
    flags: list[Any] = []
    for deed in deeds:
        flags.append(func.max(case((deed.could & deed.did, 1), else_=0)).label(f"{deed.name}_did"))
        flags.append(func.max(case((deed.could, 1), else_=0)).label(f"{deed.name}_could"))
    drawn = or_(member.excluded.is_(None), member.excluded.in_((Exclusion.MERGED, Exclusion.HOLD_OUT)))
    held = case((member.excluded == Exclusion.HOLD_OUT, 1), else_=0).label("held")
    people = (
        select(held, *flags)
        .join(Employer, Employer.id == member.employer_id)
        .where(member.campaign_id == campaign.id, drawn)
        # a letter goes to an employer, which has no number
        .group_by(func.coalesce(member.phone, cast(member.id, String)), held)
        .subquery()
    )
    sums = [func.sum(column) for column in list(people.c)[1:]]
    return select(people.c.held, *sums).group_by(people.c.held)
