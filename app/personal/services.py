"""Changing the key that personal data is sealed with; deleting what has been kept long enough."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, String, Table, select, update

from app.audit import services as audit
from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.personal.keys import Key, add_to_file, current_key, keys_in_file, keys_in_use, put_to_use
from app.core.personal.retaining import Retention
from app.core.personal.sealed import FORM, Sealed, index_by, sealed_by
from app.personal import queries
from app.personal.models import RetentionRule, RetentionRun
from app.personal.queries import (
    SealedColumn,
    note_columns,
    notes_sealed_by,
    sealed_columns,
    values_by_key,
)

#: by table and column
Places = Mapping[tuple[str, str], SealedColumn]
BATCH = 500
LONGEST = 600


def new_key() -> int:
    """Writes one more key into the file, to be copied and backed up before it is used. Gives its number."""
    current_key()
    number = add_to_file()
    audit.record(msgid("Key of personal data made"), name=f"#{number}", details={"number": number})
    return number


def change_key() -> int:
    """Puts a newer key to use: one that waits in the file, else a fresh one. Gives its number.

    While values are still sealed with an older key, the change before this one is not finished: it goes on,
    and no key is made.
    """
    current = current_key().number
    if any(count for number, count in values_by_key().items() if number != current):
        return current
    waiting = [number for number in keys_in_file() if number > max(keys_in_use())]
    number = max(waiting) if waiting else add_to_file()
    put_to_use(number)
    audit.record(msgid("Key of personal data changed"), name=f"#{number}", details={"number": number})
    return number


def reseal(batch: int = BATCH) -> Iterator[int]:
    """Seals what older keys have sealed with the one in use; gives the size of each batch, to be committed.

    It may be stopped after any batch: the values say themselves with which key they are sealed.
    """
    by, total = current_key(), 0
    for place in sealed_columns():
        while done := _reseal_some(place, by, batch):
            total += done
            yield done
    for table, notes in note_columns():
        for done in _reseal_notes(table, notes, by, batch):
            total += done
            yield done
    if total:
        facts = {"number": by.number, "resealed": total}
        audit.record(msgid("Personal data sealed anew"), name=f"#{by.number}", details=facts)
        yield 0


def _reseal_some(place: SealedColumn, by: Key, batch: int) -> int:
    table, column = place.table, place.column
    wanted = column.is_not(None) & column.cast(String).not_like(f"{FORM}.{by.number}.%")
    rows = db.session.execute(
        select(table.c.id, column).where(wanted).order_by(table.c.id).limit(batch).with_for_update()
    ).all()
    for record_id, sealed in rows:
        values = _sealed_anew(place, by, sealed)
        if "updated_at" in table.c:  # nobody corrected anything: how long it is kept counts on
            values[table.c.updated_at] = table.c.updated_at
        db.session.execute(update(table).where(table.c.id == record_id).values(values))
    db.session.expire_all()
    return len(rows)


def _sealed_anew(place: SealedColumn, by: Key, sealed: Sealed) -> dict[Any, Any]:
    text = sealed.opened
    return {
        place.column: sealed_by(by, text, place.purpose),
        place.blind: index_by(by, text, place.purpose),
    }


def _reseal_notes(table: Table, notes: Column[Any], by: Key, batch: int) -> Iterator[int]:
    """What is noted for taking back. It comes after the columns, and says what they say now."""
    older = [number for number in keys_in_use() if number != by.number]
    places = {(one.table.name, one.column.name): one for one in sealed_columns()}
    wanted = select(table.c.id, notes).where(notes_sealed_by(notes, older)).order_by(table.c.id).limit(batch)
    while rows := db.session.execute(wanted.with_for_update()).all():
        for record_id, noted in rows:
            anew = [_note_anew(note, places, by) for note in noted]
            db.session.execute(update(table).where(table.c.id == record_id).values({notes: anew}))
        db.session.expire_all()
        yield len(rows)


def _note_anew(note: Mapping[str, Any], places: Places, by: Key) -> dict[str, Any]:
    sides = {side: dict(values) for side in ("b", "a") if (values := note.get(side))}
    for values in sides.values():
        for name, token in list(values.items()):
            place = places.get((note["t"], name))
            if place is not None and token is not None:
                sealed, index = _as_on_record(place, note["id"], Sealed(token, place.purpose).opened, by)
                values |= {name: sealed.token, place.blind.name: index}
    return {**note, **sides}


def _as_on_record(place: SealedColumn, record_id: int, text: str, by: Key) -> tuple[Sealed, str]:
    """The very seal that the record has, where it says the same: else undoing would take it for an edit."""
    index = index_by(by, text, place.purpose)
    query = select(place.column).where(place.table.c.id == record_id, place.blind == index)
    known: Any = db.session.scalar(query)
    return known or sealed_by(by, text, place.purpose), index


# --- how long what is kept ------------------------------------------------------------------------


def set_rule(rule: Retention, months: int, enabled: bool) -> None:
    """What the department sets; the session's own hooks write it into the trail."""
    if not rule.least <= months <= LONGEST:
        limits = {"least": rule.least, "most": LONGEST}
        raise DomainError(_l("Choose from %(least)s to %(most)s months.", **limits))
    own = db.session.get(RetentionRule, rule.code) or RetentionRule(code=rule.code)
    own.months, own.enabled = months, enabled
    db.session.add(own)
    db.session.flush()


def carry_out(rule: Retention) -> Iterator[int]:
    """Forgets what is due; gives how many of each batch, to be committed. Stopped, it is done again later.

    A run that found nothing leaves no trace.
    """
    for run in queries.broken_off(rule):
        _tell(rule, run)
        yield 0
    months, _enabled = queries.set_for(rule)
    run_id, last = None, 0
    while ids := queries.due_ids(rule, months, last):
        run = _begun(rule, months) if run_id is None else db.session.get_one(RetentionRun, run_id)
        run_id, last = run.id, ids[-1]
        done = rule.forget(ids)
        db.session.execute(
            update(RetentionRun).where(RetentionRun.id == run_id).values(done=RetentionRun.done + done)
        )
        yield done
    if run_id is not None:
        _tell(rule, db.session.get_one(RetentionRun, run_id, populate_existing=True))
        yield 0


def _begun(rule: Retention, months: int) -> RetentionRun:
    run = RetentionRun(code=rule.code, months=months, done=0)
    db.session.add(run)
    db.session.flush()
    return run


def _tell(rule: Retention, run: RetentionRun) -> None:
    """Ends the run, and tells the trail how many records it was, never which names."""
    run.finished_at = now()
    facts = {"rule": rule.code, "months": run.months, "forgotten": run.done}
    subject = (RetentionRule.__tablename__, rule.code)
    audit.record(msgid("Kept long enough and deleted"), subject, name=msgid_of(rule.title), details=facts)
    db.session.flush()
