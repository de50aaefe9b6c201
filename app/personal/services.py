"""Changing the key that personal data is sealed with."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import String, select, update

from app.audit import services as audit
from app.core.db import db
from app.core.i18n import msgid
from app.core.personal import FORM, Sealed, index_by, sealed_by
from app.core.personal_keys import Key, add_to_file, current_key, keys_in_file, keys_in_use, put_to_use
from app.personal.queries import SealedColumn, sealed_columns, values_by_key

BATCH = 500


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
        db.session.execute(update(table).where(table.c.id == record_id).values(values))
    db.session.expire_all()
    return len(rows)


def _sealed_anew(place: SealedColumn, by: Key, sealed: Sealed) -> dict[Any, Any]:
    text = sealed.opened
    return {
        place.column: sealed_by(by, text, place.purpose),
        place.blind: index_by(by, text, place.purpose),
    }
