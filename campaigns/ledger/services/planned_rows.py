"""The rows of the ledger that an approved audience becomes, as one query.

The database writes the texts, counts their segments, finds whose message speaks for whom, and draws tokens
and keys.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.orm import aliased

from app.core.clock import now
from app.core.db import UTCDateTime
from app.core.sql_functions import random_hex, random_token
from app.employers.models import Employer
from campaigns.channels.sms import text_in_sql
from campaigns.drafting.content.policy import notice_link
from campaigns.drafting.content.queries import written_text
from campaigns.drafting.models import AudienceMember, Campaign, Exclusion
from campaigns.ledger.models import LETTER, SMS, Message, MessageState

#: results are told by where employers were then, and by who looked after them
_PLACE = (Employer.branch_id, Employer.area_id, Employer.owner_id)


def unplanned(campaign: Campaign, after: int, last: int | None = None) -> ColumnElement[bool]:
    """Members with ids beyond `after`, up to `last`, that have no row.

    An anti-join, not a cursor: a chunk that a crash lost is found again. Its other side is bounded as well,
    or each chunk would read the whole ledger.
    """
    planned = exists().where(
        Message.member_id == AudienceMember.id,
        Message.channel == campaign.channel,
        _between(Message.member_id, after, last),
    )
    return and_(AudienceMember.campaign_id == campaign.id, _between(AudienceMember.id, after, last), ~planned)


def _between(column: Any, after: int, last: int | None) -> ColumnElement[bool]:
    return and_(column > after, column <= last if last is not None else true())


def planned_rows(campaign: Campaign, after: int, last: int) -> Select[Any]:
    """What the ledger is to hold of the members beyond `after` up to `last`.

    A token is drawn once, for the text and for its column.
    """
    drawn = _kept(_members(campaign, unplanned(campaign, after, last)), "drawn")
    member = drawn.c
    text = written_text(campaign, member.variables, literal(notice_link("")).concat(member.token))
    written = _kept(select(*member, text.label("text")), "written")
    row = written.c
    spoken_for = row.spoken_by.is_not(None) & (row.spoken_by != row.id)
    reason = func.coalesce(
        row.excluded,
        case(
            (func.coalesce(row.phone, "") == "", Exclusion.NO_MOBILE.value),
            (spoken_for, Exclusion.MERGED.value),
            (row.text.is_(None), Exclusion.MISSING_VALUE.value),
        ),
    )
    judged = _kept(select(*row, reason.label("reason")), "judged").c
    return _as_messages(campaign, judged)


def _members(campaign: Campaign, these: ColumnElement[bool]) -> Select[Any]:
    """Each with a token, and the member whose message speaks for its number: the first anywhere, or of its
    employer where each is written to alone."""
    first = aliased(AudienceMember)
    spoken_by = (
        select(func.min(first.id))
        .where(
            first.phone == AudienceMember.phone,
            # a sum, so that SQLite looks the number up instead of going through the whole campaign each time
            first.campaign_id + 0 == campaign.id,
            true() if campaign.joins else first.employer_id == AudienceMember.employer_id,
            first.excluded.is_(None),
            AudienceMember.excluded.is_(None),
        )
        .scalar_subquery()
    )
    columns = AudienceMember.__table__.c
    return (
        select(
            columns.id,
            columns.employer_id,
            columns.contact_id,
            columns.phone,
            columns.variables,
            cast(columns.excluded, String).label("excluded"),
            columns.merged_into_id,
            spoken_by.label("spoken_by"),
            random_token().label("token"),
        )
        .where(these)
        .order_by(columns.id)
    )


def _as_messages(campaign: Campaign, row: Any) -> Select[Any]:
    goes_out = row.reason.is_(None)
    return (
        select(
            random_hex().label("public_id"),
            literal(campaign.id).label("campaign_id"),
            literal(SMS.value).label("channel"),
            case((goes_out, _number(campaign, row)), else_=_own_key(row)).label("recipient_key"),
            row.id.label("member_id"),
            case(
                (row.reason == Exclusion.MERGED.value, func.coalesce(row.merged_into_id, row.spoken_by))
            ).label("merged_into_id"),
            row.employer_id,
            *_PLACE,
            row.contact_id,
            row.phone,
            case((goes_out, row.token)).label("token"),
            case((goes_out, row.text), else_="").label("text"),
            case((goes_out, text_in_sql.segments(row.text)), else_=0).label("segments"),
            *_beginning(row),
        )
        .where(Employer.id == row.employer_id)
        .order_by(row.id)
    )


def planned_letters(campaign: Campaign, after: int, last: int) -> Select[Any]:
    """The same of a campaign by letter: an employer gets one, or each person of it that is meant, and
    what is told of it is how it is headed."""
    member = AudienceMember.__table__.c
    nowhere = case((func.coalesce(member.address, "") == "", Exclusion.NO_ADDRESS.value))
    reason = func.coalesce(cast(member.excluded, String), nowhere).label("reason")
    columns = (member.id, member.employer_id, member.contact_id, member.merged_into_id, reason)
    row = _kept(select(*columns).where(unplanned(campaign, after, last)), "judged").c
    goes_out = row.reason.is_(None)
    return (
        select(
            random_hex().label("public_id"),
            literal(campaign.id).label("campaign_id"),
            literal(LETTER.value).label("channel"),
            case((goes_out, _addressee(row)), else_=_own_key(row)).label("recipient_key"),
            row.id.label("member_id"),
            row.merged_into_id,
            row.employer_id,
            *_PLACE,
            row.contact_id,
            literal(campaign.letter_version.title if campaign.letter_version else "").label("text"),
            case((goes_out, 1), else_=0).label("segments"),
            *_beginning(row),
        )
        .where(Employer.id == row.employer_id)
        .order_by(row.id)
    )


def _beginning(row: Any) -> tuple[ColumnElement[Any], ...]:
    """How a row of the ledger begins: planned, or left out at once for its reason."""
    goes_out, at = row.reason.is_(None), bindparam("at", now(), UTCDateTime)
    return (
        case((goes_out, MessageState.PLANNED.value), else_=MessageState.SUPPRESSED.value).label("state"),
        row.reason,
        at.label("created_at"),
        case((goes_out, null()), else_=at).label("settled_at"),
        literal(0).label("attempts"),
    )


def _number(campaign: Campaign, row: Any) -> ColumnElement[str]:
    """Whom one message goes to: the number, or its handler as that of one employer."""
    if campaign.joins:
        return cast(row.phone, String)
    return func.coalesce(row.phone, "").concat(":").concat(cast(row.employer_id, String))


def _addressee(row: Any) -> ColumnElement[str]:
    person = func.coalesce(literal(":").concat(cast(row.contact_id, String)), "")
    return literal("employer:").concat(cast(row.employer_id, String)).concat(person)


def _own_key(row: Any) -> ColumnElement[str]:
    return literal("member:").concat(cast(row.id, String))


def _kept(query: Select[Any], name: str) -> CTE:
    """Reckoned once for all who ask: what is drawn by lot would be drawn again for each column."""
    return query.cte(name).prefix_with("MATERIALIZED")
