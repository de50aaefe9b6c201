"""Counts of campaigns and drives by the same measures. Each figure carries the criteria of its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, case, func, select, true

from app.accounts.models import Branch, User
from app.core.clock import local, now
from app.core.db import among, db
from app.core.errors import DomainError
from app.core.permissions import Actor, may
from app.employers.areas.models import Area
from app.employers.areas.queries import depth_of, tree
from app.employers.models import Employer
from app.outreach.models import Outcome
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.policy import PRICE
from campaigns.channels.worklist import policy as drives
from campaigns.channels.worklist.models import Drive, DriveRow, RowState
from campaigns.channels.worklist.queries import listed as drives_listed
from campaigns.channels.worklist.queries import rows_of
from campaigns.drafting.models import AudienceMember, Campaign, Channel, StepKind
from campaigns.drafting.policy import visible_to
from campaigns.drafting.queries import CHANNEL_LABELS
from campaigns.following.models import StepRun
from campaigns.following.queries import letters_of
from campaigns.ledger.letters.queries import OF_MESSAGE
from campaigns.ledger.models import Message, MessageState
from campaigns.results.breakdown.policy import FEWEST, MEASURES, MOST, OF_DRIVES, OF_FOLLOW_UP, Line
from campaigns.results.effect.queries import acted, employers_that_acted
from campaigns.results.queries import CONFIRMED, OPENED, REPLIED, SENT

#: outcomes of a drive with which somebody was spoken to
SPOKEN = tuple(code for code, one in drives.OUTCOMES.items() if one.told is not Outcome.NOT_REACHED)
#: campaigns and drives that are offered for comparing
OFFERED = 20

_COUNTED = "state.in"


@dataclass(frozen=True)
class Subject:
    """A campaign or a drive: its rows, the condition of each measure, and where the rows are listed.

    `addresses` gives, of a measure, the address of its rows with further criteria. Measures that the
    channel does not have are absent. `price` is yuan a unit; None: nothing is paid for each.
    """

    key: str
    name: str
    channel: Any
    began: datetime
    rows: Select[Any]
    conditions: Mapping[str, ColumnElement[bool]]
    addresses: Mapping[str, Callable[..., str]]
    #: by the name of a dimension: the column that says where an employer was then, and its rows' criterion
    places: Mapping[str, tuple[Any, str]]
    units: ColumnElement[int] | None = None
    price: Decimal | None = None
    days: int | None = None
    record: Any = None
    #: the words of the channel for measures, where it has its own
    words: Mapping[str, Any] = field(default_factory=dict)
    #: letters that steps of an SMS campaign issued, beside its own messages
    follow_up: "Subject | None" = None

    @property
    def is_drive(self) -> bool:
        return self.units is None

    @property
    def labels(self) -> dict[str, Any]:
        """The measures in the words of the channel."""
        words = self.words
        return {one.name: words.get(one.name, one.label) for one in MEASURES}

    def address(self, measure: str, line: Line) -> str:
        return self.addresses[measure](**line.criteria)


def of_campaign(campaign: Campaign, days: int) -> Subject:
    """A launched campaign by SMS or letter; `acted` looks at so many days from its launch."""
    rows = (
        select(Message)
        .join(Employer, Employer.id == Message.employer_id)
        .outerjoin(Letter, OF_MESSAGE)
        .where(Message.campaign_id == campaign.id)
    )
    conditions = {
        "audience": true(),
        "sent": SENT,
        "delivered": Message.state == MessageState.DELIVERED,
        "opened": OPENED.is_not(None),
        "confirmed": CONFIRMED.is_not(None),
        "replied": REPLIED,
        "acted": SENT & Message.member_id.in_(acted(campaign, days)),
    }
    filters = {
        "sent": {"sent.yes": ""},
        "delivered": {_COUNTED: MessageState.DELIVERED.value},
        "opened": {"opened_at.not_empty": ""},
        "confirmed": {"confirmed_at.not_empty": ""},
        "replied": {"replied.yes": ""},
    }
    addresses = {
        name: _rows("results.messages", filters.get(name, {}), id=campaign.id) for name in conditions
    }
    addresses["acted"] = _rows("results.acted", {}, id=campaign.id, days=days)
    began = campaign.launched_at
    assert began is not None  # noqa: S101 - acted() has refused it otherwise
    return Subject(
        f"c{campaign.id}", campaign.name, CHANNEL_LABELS[Channel(campaign.channel)], began, rows, conditions,
        addresses, _placed_in(Message), case((SENT, Message.segments), else_=0), campaign.price, days,
        campaign, follow_up=_follow_up(campaign, days),
    )  # fmt: skip


def _placed_in(row: Any) -> Mapping[str, tuple[Any, str]]:
    return {
        "branch": (row.branch_id, "branch"), "area": (row.area_id, "place"), "owner": (row.owner_id, "owner")
    }  # fmt: skip


def _follow_up(campaign: Campaign, days: int) -> Subject | None:
    """The letters of the campaign's steps; each was due for an employer, and issued where possible."""
    if not any(one.kind is StepKind.LETTER for one in campaign.follow_steps):
        return None
    issued = Letter.state != LetterState.VOID
    conditions = {
        "audience": true(),
        "sent": issued,
        "delivered": Letter.state == LetterState.DELIVERED,
        "opened": Letter.opened_at.is_not(None),
        "confirmed": Letter.confirmed_at.is_not(None),
        "replied": Letter.asked_at.is_not(None),
        "acted": issued & StepRun.employer_id.in_(employers_that_acted(campaign, days)),
    }
    filters = {
        "sent": {"letter_state.in": ",".join(one for one in LetterState if one is not LetterState.VOID)},
        "delivered": {"letter_state.in": LetterState.DELIVERED.value},
        "opened": {"opened_at.not_empty": ""},
        "confirmed": {"confirmed_at.not_empty": ""},
        "replied": {"asked_at.not_empty": ""},
    }
    addresses = {
        name: _rows("following.letters", filters.get(name, {}), id=campaign.id) for name in conditions
    }
    addresses["acted"] = _rows("results.letters_acted", {}, id=campaign.id, days=days)
    reckoned = campaign.reckoned_at or campaign.launched_at
    price = Decimal(PRICE.value(local(reckoned).date() if reckoned else None)) / 100
    return Subject(
        f"f{campaign.id}", campaign.name, _l("Letters of the follow-up"), campaign.launched_at or now(),
        letters_of(campaign.id), conditions, addresses, _placed_in(StepRun), case((issued, 1), else_=0),
        price, days, campaign, words=OF_FOLLOW_UP,
    )  # fmt: skip


def acted_on_letters_alone(subject: Subject) -> int:
    """Letters of the follow-up whose employers acted, and who were sent no message that counts already."""
    letters = subject.follow_up
    if letters is None:
        return 0
    spoken_for = (
        select(Message.id)
        .join(
            AudienceMember,
            Message.member_id == func.coalesce(AudienceMember.merged_into_id, AudienceMember.id),
        )
        .where(
            AudienceMember.campaign_id == subject.record.id,
            AudienceMember.employer_id == StepRun.employer_id,
            SENT,
        )
        .correlate(StepRun)
        .exists()
    )
    query = letters.rows.where(letters.conditions["acted"], ~spoken_for)
    return db.session.scalars(query.with_only_columns(func.count(), maintain_column_froms=True)).one()


def of_drive(drive: Drive, actor: Actor) -> Subject:
    """A drive: who was called or visited, who was spoken to, and where it is done; rows in reach."""
    rows = rows_of(actor, drive.id)
    conditions = {
        "audience": true(),
        "sent": DriveRow.tries >= 1,
        "delivered": DriveRow.outcome.in_(SPOKEN),
        "acted": DriveRow.state == RowState.DONE,
    }
    filters = {
        "audience": {},
        "sent": {"tries.ge": "1"},
        "delivered": {"outcome.in": ",".join(SPOKEN)},
        "acted": {_COUNTED: RowState.DONE.value},
    }
    return Subject(
        f"d{drive.id}", drive.name, _l("Drive"), drive.created_at, rows, conditions,
        {name: _rows("drives.show", given, id=drive.id) for name, given in filters.items()},
        {
            "branch": (DriveRow.branch_id, "branch_then"), "area": (DriveRow.area_id, "place_then"),
            "owner": (DriveRow.owner_id, "owner"),
        },
        record=drive, words=OF_DRIVES,
    )  # fmt: skip


def _rows(endpoint: str, filters: Mapping[str, Any], **path: Any) -> Callable[..., str]:
    return lambda **criteria: url_for(endpoint, **path, **filters, **criteria)


# Counting --------------------------------------------------------------------------------------------


def whole(subject: Subject) -> Line:
    """All of it; one statement."""
    line = Line(str(_("All")))
    _add(line, subject, db.session.execute(_counts(subject)).one())
    return line


@dataclass(frozen=True)
class Dimension:
    """What results are broken down by, and of the values found the lines in their order."""

    name: str
    label: Any
    lines: Callable[[Subject, Mapping[Any, Line]], list[Line]]


def broken_down(subject: Subject, by: Dimension) -> tuple[Line, list[Line]]:
    """The whole and its parts; two statements."""
    column, _criterion = subject.places[by.name]
    total, found = Line(str(_("All"))), dict[Any, Line]()
    total.add(dict.fromkeys(subject.conditions, 0), 0)  # where nobody is in it yet
    for value, *counts in db.session.execute(_counts(subject, column).group_by(column)):
        found[value] = Line("")
        _add(found[value], subject, counts)
        _add(total, subject, counts)
    return total, by.lines(subject, found)


def _counts(subject: Subject, *columns: Any) -> Select[Any]:
    sums = [func.sum(case((condition, 1), else_=0)) for condition in subject.conditions.values()]
    units = func.sum(subject.units) if subject.units is not None else func.count()
    return subject.rows.with_only_columns(*columns, *sums, units, maintain_column_froms=True).order_by(None)


def _add(line: Line, subject: Subject, row: Sequence[Any]) -> None:
    *counts, units = (int(value or 0) for value in row)
    line.add(dict(zip(subject.conditions, counts, strict=True)), units)


def _named(column: Any, by: str, nobody: Any) -> Callable[[Subject, Mapping[Any, Line]], list[Line]]:
    """Lines by the name of a branch or a person, those with the largest audience first."""

    def lines(subject: Subject, found: Mapping[Any, Line]) -> list[Line]:
        _column, criterion = subject.places[by]
        ids = [value for value in found if value is not None]
        model = column.class_
        names = {
            id_: name
            for id_, name in db.session.execute(select(model.id, column).where(among(model.id, ids)))
        }
        for value, line in found.items():
            line.label = names.get(value) or str(nobody)
            line.criteria = {f"{criterion}.in": value} if value is not None else {f"{criterion}.empty": ""}
        return sorted(found.values(), key=lambda one: (-one.counts["audience"], one.label))

    return lines


def _placed(subject: Subject, found: Mapping[Any, Line]) -> list[Line]:
    """The tree of areas as it reads, each with what is in it; where nobody is, nothing is shown."""
    areas, (_column, criterion) = tree(), subject.places["area"]
    made = {area.id: Line(area.name, {f"{criterion}.under": area.id}, depth=depth_of(area)) for area in areas}
    for area in areas:
        if area.id in found:
            for step in _path(area):
                made[step].add(found[area.id].counts, found[area.id].units)
    lines = [made[area.id] for area in areas if made[area.id].counts]
    if None in found:
        found[None].label, found[None].criteria = str(_("In no area")), {f"{criterion}.empty": ""}
        lines.append(found[None])
    return lines


def _path(area: Area) -> list[int]:
    return [int(step) for step in area.path.strip("/").split("/")]


DIMENSIONS: Mapping[str, Dimension] = {
    one.name: one
    for one in (
        Dimension("branch", _l("Branch"), _named(Branch.name, "branch", "—")),
        Dimension("area", _l("Area"), _placed),
        Dimension("owner", _l("Responsible specialist"), _named(User.name, "owner", _l("Nobody's"))),
    )
}

# Side by side ----------------------------------------------------------------------------------------


def offered(actor: Actor) -> list[tuple[str, str, Any, datetime]]:
    """The latest campaigns and drives in reach, for choosing: key, name, channel, day."""
    campaigns = db.session.scalars(
        _launched(actor).order_by(Campaign.launched_at.desc()).limit(OFFERED)
    ).all()
    found: list[Any] = [(f"c{c.id}", c.name, CHANNEL_LABELS[c.channel], c.launched_at) for c in campaigns]
    if may(actor, drives.Permission.VIEW):
        of = db.session.scalars(drives_listed(actor).order_by(Drive.id.desc()).limit(OFFERED)).all()
        found += [(f"d{d.id}", d.name, _l("Drive"), d.created_at) for d in of]
    return sorted(found, key=lambda one: local(one[3]), reverse=True)


def chosen(keys: Sequence[str], days: int, actor: Actor) -> list[Subject]:
    """The named campaigns and drives in their order. Raises DomainError unless two to five are in reach."""
    wanted = list(dict.fromkeys(keys))
    made = {
        f"c{one.id}": of_campaign(one, days)
        for one in db.session.scalars(_launched(actor).where(Campaign.id.in_(_ids(wanted, "c"))))
    }
    if may(actor, drives.Permission.VIEW) and _ids(wanted, "d"):
        query = drives_listed(actor).where(Drive.id.in_(_ids(wanted, "d")))
        made |= {f"d{one.id}": of_drive(one, actor) for one in db.session.scalars(query)}
    found = [made[key] for key in wanted if key in made]
    if not FEWEST <= len(found) <= MOST:
        raise DomainError(_l("Choose %(fewest)s to %(most)s campaigns to compare.", fewest=FEWEST, most=MOST))
    return found


def _launched(actor: Actor) -> Select[Campaign]:
    return select(Campaign).where(visible_to(actor), Campaign.launched_at.is_not(None))


def _ids(keys: Sequence[str], kind: str) -> list[int]:
    return [int(key[1:]) for key in keys if key[:1] == kind and key[1:].isdecimal() and len(key) < 12]
