"""The story of an employer: one row for each thing that happened, written with its source."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import Columns, insert_columns, update_rows
from app.core.clock import now
from app.core.db import Model, among, db
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.personal.retaining import without_names


class TimelineEntry(Model):
    """`summary` is a msgid with named placeholders, `params` their values: the reader's language decides."""

    __tablename__ = "timeline"
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_timeline_employer_at", "employer_id", "at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor_name: Mapped[str] = mapped_column(String(120), default="")
    summary: Mapped[str] = mapped_column(String(400))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: where the entry leads: a Flask endpoint and the value of its `id` argument
    endpoint: Mapped[str | None] = mapped_column(String(80))
    link_id: Mapped[int | None]


#: entries that share their values are written faster
NO_VALUES: Mapping[str, Any] = {}


class Happening(NamedTuple):
    """One entry to be, for `record_many`."""

    employer_id: int
    summary: str
    params: Mapping[str, Any] = NO_VALUES
    at: datetime | None = None
    link_id: int | None = None
    #: whoever did this one, where it is not the same for all
    actor: Actor | None = None


def record(
    employer_id: int,
    kind: str,
    summary: str,
    *,
    params: Mapping[str, Any] | None = None,
    actor: Actor | None = None,
    at: datetime | None = None,
    endpoint: str | None = None,
    link_id: int | None = None,
) -> TimelineEntry:
    """Adds one entry to the session; the caller's transaction carries it."""
    entry = TimelineEntry(
        employer_id=employer_id,
        kind=kind,
        at=at or now(),
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else "",
        summary=summary,
        params=dict(params or {}),
        endpoint=endpoint,
        link_id=link_id,
    )
    db.session.add(entry)
    return entry


#: in place of the name of an employer that whoever reads the story may not know of
ELSEWHERE = {"msgid": msgid("an employer of another branch")}


def name_told(name: str, branch_id: int, reader_branch_id: int) -> str | dict[str, str]:
    """How one employer is called in the story of another: by name only in its own branch."""
    return name if branch_id == reader_branch_id else ELSEWHERE


def record_many(
    kind: str, happenings: Iterable[Happening], *, actor: Actor | None = None, endpoint: str | None = None
) -> int:
    """Writes many entries in one statement; gives how many."""
    entries, moment = list(happenings), now()
    if not entries:
        return 0
    actors = [one.actor or actor for one in entries]
    columns: Columns = {
        "employer_id": [one.employer_id for one in entries],
        "kind": [kind] * len(entries),
        "at": [one.at or moment for one in entries],
        "actor_id": [who.id if who else None for who in actors],
        "actor_name": [who.name if who else "" for who in actors],
        "summary": [one.summary for one in entries],
        "params": [one.params for one in entries],
        "endpoint": [endpoint] * len(entries),
        "link_id": [one.link_id for one in entries],
    }
    db.session.flush()
    insert_columns(db.metadata.tables[TimelineEntry.__tablename__], columns)
    return len(entries)


def forget_names(people: Iterable[tuple[int, str]]) -> None:
    """Takes people's names out of all that is told at their employers, whatever its kind.

    `people` are pairs of an employer's id and a name. Past the session; who bears the same name is not told
    apart.
    """
    names: dict[int, set[str]] = defaultdict(set)
    for employer_id, name in people:
        names[employer_id].add(name)
    query = select(TimelineEntry.id, TimelineEntry.employer_id, TimelineEntry.params)
    found = db.session.execute(query.where(among(TimelineEntry.employer_id, list(names)))).all()
    cleared = ((row.id, row.params, without_names(row.params, names[row.employer_id])) for row in found)
    rows = [{"id": entry_id, "params": after} for entry_id, before, after in cleared if after != before]
    update_rows(db.metadata.tables[TimelineEntry.__tablename__], rows)
