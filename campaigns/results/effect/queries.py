"""Who did what the campaign asked for within so many days, among those messaged and those held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core.clock import local, today
from app.core.db import db
from app.core.errors import NotFound
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

    name: str
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


def window(campaign: Campaign, days: int) -> tuple[date, date]:
    """The launch and the last day that is looked at: so many days later, or today. Raises NotFound."""
    if campaign.launched_at is None:
        raise NotFound(_l("The campaign was not launched yet."))
    begin = local(campaign.launched_at).date()
    return begin, min(begin + timedelta(days=days), today())


def effects(campaign: Campaign, days: int) -> list[Effect]:
    """Each deed that was anybody's to do in both groups. One statement.

    A person who serves several employers was messaged, or held out, for all of them at once and so counts
    once, as having acted where any of them did. Whoever was left out for another reason is in neither group.
    """
    known = deeds(*window(campaign, days))
    counted = {deed.name: [0, 0, 0, 0] for deed in known}
    for row in db.session.execute(_counts(campaign, known)):
        for number, deed in enumerate(known):
            at = 2 if row.held else 0
            counted[deed.name][at : at + 2] = row[1 + 2 * number], row[2 + 2 * number]
    made = []
    for deed in known:
        did_told, could_told, did_held, could_held = (int(value or 0) for value in counted[deed.name])
        if could_told and could_held:
            told, held = Group(did_told, could_told), Group(did_held, could_held)
            made.append(Effect(deed.name, deed.label, told, held, *newcombe(told, held)))
    return made


def deeds(begin: date, end: date, employer: Any = Employer) -> tuple[Deed, ...]:
    """What employers may have done from `begin` to `end`; `employer` may be an alias."""
    behind = and_(
        ArrearsCase.employer_id == employer.id,
        ArrearsCase.state != CaseState.WITHDRAWN,
        ArrearsCase.opened_on <= begin,
        or_(ArrearsCase.closed_on.is_(None), ArrearsCase.closed_on > begin),
    )
    opened, signed = employer.account_opened_on, employer.online_signed_on
    # an account of which nobody knows since when was not the campaign's to bring about
    none_yet = employer.employer_account_no.is_(None)
    return (
        _dated("registered", _l("Account opened"), opened, begin, end, none_yet),
        _dated("signed", _l("Signed up online"), signed, begin, end),
        Deed(
            "paid",
            _l("Arrears paid"),
            exists().where(behind),
            exists().where(behind, ArrearsCase.closed_on <= end),
        ),
    )


def _dated(name: str, label: Any, column: Any, begin: date, end: date, *open_where: Any) -> Deed:
    undone = and_(column.is_(None), *open_where)
    return Deed(name, label, or_(undone, column >= begin), column.between(begin, end))


_MEMBER = AudienceMember
_HELD = _MEMBER.excluded == Exclusion.HOLD_OUT
_TOLD = or_(_MEMBER.excluded.is_(None), _MEMBER.excluded == Exclusion.MERGED)
#: Only whom chance told or held out at the launch. Where nothing arrived the follow-up writes to the next
#: contact: an employer would count twice among those told, and never among those held out.
_EARLIER = aliased(AudienceMember)
_AT_LAUNCH = ~exists().where(
    _EARLIER.campaign_id == _MEMBER.campaign_id,
    _EARLIER.employer_id == _MEMBER.employer_id,
    _EARLIER.id < _MEMBER.id,
)
#: a letter goes to an employer, which has no number
_PERSON = func.coalesce(_MEMBER.phone, cast(_MEMBER.id, String))


def acted(campaign: Campaign, days: int) -> Select[int]:
    """Members whose own employer, or another that their message spoke for, did one of the deeds."""
    return _acted(campaign, days, func.coalesce(_MEMBER.merged_into_id, _MEMBER.id))


def employers_that_acted(campaign: Campaign, days: int) -> Select[int]:
    """Employers of the audience that did one of the deeds."""
    return _acted(campaign, days, _MEMBER.employer_id)


def _acted(campaign: Campaign, days: int, column: Any) -> Select[int]:
    done = or_(*(and_(deed.could, deed.did) for deed in deeds(*window(campaign, days))))
    query = select(column).join(Employer, Employer.id == _MEMBER.employer_id)
    return query.where(_MEMBER.campaign_id == campaign.id, done)


def people(campaign: Campaign, days: int, deed_name: str, held: bool, did: bool) -> Select[int]:
    """Members behind a number of the effect, one for each person. Raises NotFound for an unknown deed."""
    deed = next((one for one in deeds(*window(campaign, days)) if one.name == deed_name), None)
    if deed is None:
        raise NotFound(_l("No such effect is looked at."))
    meant = [deed.could, deed.did] if did else [deed.could]
    return (
        select(func.min(_MEMBER.id))
        .join(Employer, Employer.id == _MEMBER.employer_id)
        .where(_MEMBER.campaign_id == campaign.id, _HELD if held else _TOLD, _AT_LAUNCH, *meant)
        .group_by(_PERSON)
    )


def _counts(campaign: Campaign, known: Sequence[Deed]) -> Select[Any]:
    """held, then of each deed how many people did it and how many could; a row for each group."""
    flags: list[Any] = []
    for deed in known:
        flags.append(func.max(case((deed.could & deed.did, 1), else_=0)).label(f"{deed.name}_did"))
        flags.append(func.max(case((deed.could, 1), else_=0)).label(f"{deed.name}_could"))
    held = case((_HELD, 1), else_=0).label("held")
    found = (
        select(held, *flags)
        .join(Employer, Employer.id == _MEMBER.employer_id)
        .where(_MEMBER.campaign_id == campaign.id, or_(_TOLD, _HELD), _AT_LAUNCH)
        .group_by(_PERSON, held)
        .subquery()
    )
    sums = [func.sum(column) for column in list(found.c)[1:]]
    return select(found.c.held, *sums).group_by(found.c.held)
