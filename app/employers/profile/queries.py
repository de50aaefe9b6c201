"""Reading notes and flags, the contacts made, and how complete an employer's data are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import joinedload

from app.accounts.models import User
from app.core.clock import SHANGHAI, local, today
from app.core.db import db
from app.core.features import TimelineKind
from app.core.finding import the_one
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.profile.models import RiskFlag, ServiceNote
from app.employers.profile.policy import flags_visible_to, notes_visible_to
from app.employers.queries import readable_kinds

#: how many months of contacts are drawn
MONTHS = 12
#: a fact of this many days ago is no longer taken for known
STALE_DAYS = 365

#: how many flags and notes the employer's own page shows
MOST_REMARKS = 5

_today = bindparam("today", callable_=today, type_=RiskFlag.since.type)


def standing() -> ColumnElement[bool]:
    """The flags that stand today."""
    return (RiskFlag.since <= _today) & or_(RiskFlag.until.is_(None), RiskFlag.until >= _today)


def notes_of(employer_id: int, limit: int | None = None) -> Sequence[ServiceNote]:
    """The employer's notes, the pinned ones first, then the newest."""
    query = select(ServiceNote).where(ServiceNote.employer_id == employer_id).options(_name(ServiceNote.by))
    order = (ServiceNote.pinned.desc(), ServiceNote.noted_on.desc(), ServiceNote.id.desc())
    return db.session.scalars(query.order_by(*order).limit(limit)).all()


def flags_of(employer_id: int, *, past: bool = False) -> Sequence[RiskFlag]:
    """The flags that stand, the oldest first; with `past` also those lowered, which come last."""
    query = select(RiskFlag).where(RiskFlag.employer_id == employer_id)
    query = query.options(_name(RiskFlag.by), _name(RiskFlag.ended_by))
    if not past:
        query = query.where(standing())
    lowered = case((standing(), 0), else_=1)
    return db.session.scalars(query.order_by(lowered, RiskFlag.since, RiskFlag.id)).all()


class Remark(NamedTuple):
    """A flag that stands (`code` says which), or a note (without a code), as the employer's page shows it."""

    code: str
    day: date
    text: str
    pinned: bool
    author: str


def _remarks() -> Select[Any]:
    flag, note = RiskFlag, ServiceNote
    employer_id: BindParameter[int] = bindparam("employer_id")
    flags = (
        select(flag.code, flag.since.label("day"), flag.note, literal(False).label("pinned"), User.name)
        .join(User, User.id == flag.by_id)
        .where(flag.employer_id == employer_id, standing())
        .add_columns(literal(0).label("rank"))
    )
    notes = (
        select(literal(""), note.noted_on, note.body, note.pinned, User.name)
        .join(User, User.id == note.by_id)
        .where(note.employer_id == employer_id)
        .add_columns(case((note.pinned, 1), else_=2))
    )
    both = union_all(flags, notes).subquery()
    return select(both).order_by(both.c.rank, both.c.day.desc()).limit(MOST_REMARKS)


#: Made once: to put it together takes longer than to run it.
_REMARKS = _remarks()


def remarks_of(employer_id: int) -> list[Remark]:
    """What to read first: flags that stand, pinned notes, then the newest ones, in one statement."""
    rows = db.session.execute(_REMARKS, {"employer_id": employer_id})
    return [Remark(*row[:-1]) for row in rows]


def _name(path: Any) -> Any:
    return joinedload(path).lazyload("*")


def find_note(note_id: int, actor: Actor) -> ServiceNote:
    """A note on an employer in the actor's reach, or NotFound."""
    query = select(ServiceNote).where(ServiceNote.id == note_id, notes_visible_to(actor))
    return the_one(query, _l("There is no such note."))


def find_flag(flag_id: int, actor: Actor) -> RiskFlag:
    """A flag on an employer in the actor's reach, or NotFound."""
    query = select(RiskFlag).where(RiskFlag.id == flag_id, flags_visible_to(actor))
    return the_one(query, _l("There is no such flag."))


@dataclass(frozen=True)
class Activity:
    """How often the department spoke or wrote to an employer, by kind and month, oldest month first."""

    months: Sequence[Period]
    kinds: Sequence[TimelineKind]
    counts: dict[str, list[int]]

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts.values()))


def activity(employer_id: int, actor: Actor) -> Activity:
    """The contacts of the last twelve months that the actor may read of."""
    this = Period.of(today())
    months = [this + -back for back in reversed(range(MONTHS))]
    kinds = [kind for kind in readable_kinds(actor) if kind.contact]
    entry = TimelineEntry
    since = datetime.combine(months[0].first_day, time.min, SHANGHAI)
    named = entry.kind.in_([kind.name for kind in kinds])
    query = select(entry.kind, entry.at).where(entry.employer_id == employer_id, named, entry.at >= since)
    counts = {kind.name: [0] * MONTHS for kind in kinds}
    for kind, at in db.session.execute(query):
        place = MONTHS - 1 - (this - Period.of(local(at).date()))
        if 0 <= place < MONTHS:
            counts[kind][place] += 1
    return Activity(months, kinds, counts)


# The quality of the data ---------------------------------------------------------------------------


ALWAYS = true()


@dataclass(frozen=True)
class Wanted:
    """Something that ought to be known of an employer, where `applies`; `weight` of a hundred or so.

    It is filled in at `endpoint`, in the field of the same name where that is the employer's form.
    """

    name: str
    label: Any
    weight: int
    known: ColumnElement[bool]
    endpoint: str = "employers.edit"
    applies: ColumnElement[bool] = ALWAYS


def _recent(column: Any) -> ColumnElement[bool]:
    """Said of a day within the last year."""
    fresh: ColumnElement[bool] = column >= bindparam(
        "fresh_since", callable_=lambda: today() - timedelta(days=STALE_DAYS), type_=column.type
    )
    return fresh


def _handler(*also: ColumnElement[bool]) -> ColumnElement[bool]:
    """A present handler of whom all this is true."""
    links = (
        select(EmployerContact.id)
        .join(Contact)
        .where(
            EmployerContact.employer_id == Employer.id,
            EmployerContact.role == ContactRole.HANDLER,
            EmployerContact.until.is_(None),
            *also,
        )
    )
    return links.correlate(Employer).exists()


_REACHABLE = (Contact.mobile.is_not(None), Contact.invalid_since.is_(None))
_WITH_ACCOUNT = Employer.employer_account_no.is_not(None)
_ADDRESS = 10  # characters from which an address can be found, as the systems of the standard ask

WANTED: tuple[Wanted, ...] = (
    Wanted("uscc", _l("Unified social credit code"), 15, Employer.uscc.is_not(None)),
    Wanted("handler", _l("A handler"), 12, _handler(), "people.add"),
    Wanted(
        "mobile", _l("The handler's mobile number in use"), 10, _handler(*_REACHABLE), "employers.show",
    ),
    Wanted(
        "verified", _l("The handler's mobile number verified"), 6,
        _handler(*_REACHABLE, Contact.verified_on.is_not(None)), "employers.show",
    ),
    Wanted("address", _l("An address of ten characters or more"), 8,
           func.length(func.coalesce(Employer.address, "")) >= _ADDRESS),
    Wanted("area_id", _l("Place in the tree of areas"), 6, Employer.area_id.is_not(None)),
    Wanted("established_on", _l("Established on"), 5, Employer.established_on.is_not(None)),
    Wanted("unit_type", _l("Unit type"), 4, Employer.unit_type.is_not(None)),
    Wanted("economic_type", _l("Economic type"), 6, Employer.economic_type.is_not(None)),
    Wanted("industry", _l("Industry"), 6, Employer.industry.is_not(None)),
    Wanted("operating_status", _l("Operating status, confirmed within a year"), 6,
           and_(Employer.operating_status.is_not(None), _recent(Employer.operating_status_as_of))),
    Wanted("insured_heads", _l("Insured employees, as of a day within a year"), 6,
           and_(Employer.insured_heads.is_not(None), _recent(Employer.insured_as_of))),
    Wanted("owner", _l("Owner"), 5, Employer.owner_id.is_not(None), "employers.assign"),
    Wanted("pay_day", _l("Pay day"), 3, Employer.pay_day.is_not(None), applies=_WITH_ACCOUNT),
    Wanted("bank_code", _l("Entrusted bank"), 2, Employer.bank_code.is_not(None), applies=_WITH_ACCOUNT),
)  # fmt: skip


def quality_score() -> ColumnElement[int]:
    """The share of what ought to be known that is known, by weight, as a whole number up to 100.

    `Employer.data_quality` keeps it: to reckon it for every row of a long list takes seconds.
    """
    known = sum((case((one.applies & one.known, one.weight), else_=0) for one in WANTED), start=literal(0))
    asked = sum((case((one.applies, one.weight), else_=0) for one in WANTED), start=literal(0))
    return 100 * known // asked


@dataclass(frozen=True)
class Quality:
    """The score of an employer's data, and what is missing, the heaviest first."""

    score: int
    missing: Sequence[Wanted]

    @property
    def tone(self) -> str:
        return "good" if self.score >= 80 else "warning" if self.score >= 60 else "danger"


def quality_of(employer_id: int) -> Quality:
    """Reckoned by the same conditions as the lists' field."""
    conditions = [case((~one.applies, None), (one.known, 1), else_=0) for one in WANTED]
    query = select(quality_score(), *conditions).where(Employer.id == employer_id)
    score, *found = db.session.execute(query).one()
    missing = [one for one, known in zip(WANTED, found, strict=True) if known == 0]
    return Quality(score, sorted(missing, key=lambda one: -one.weight))
