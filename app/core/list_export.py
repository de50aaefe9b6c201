"""A list as a workbook: exactly the list, in its order, and written down for the auditor."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import send_file
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.core import paging, signals
from app.core.clock import today
from app.core.db import Intent, db, intending
from app.core.errors import Forbidden
from app.core.list_parts import Column
from app.core.list_state import ListState
from app.core.permissions import may
from app.core.sentences import sentence
from app.core.workbooks import MEDIA_TYPE, workbook_file

CHUNK = 500


def export(state: ListState, *, every_column: bool, ids: Sequence[int] = ()) -> ResponseReturnValue:
    """Sends the list, or the chosen rows of it; personal data in full only to those who may reveal it."""
    page = state.page
    if page.export_permission is None or not may(state.actor, page.export_permission):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    reveal = page.reveal_permission is not None and may(state.actor, page.reveal_permission)
    columns = list(page.columns) if every_column else state.columns
    query = state.query().options(*(option for column in columns for option in column.options))
    if ids:
        query = query.where(page.key.in_(ids))
    query = paging.ordered(query, state.order)
    criteria = sentence(state.whole_tree, state.fields)
    title, actor_id = str(page.title), state.actor.id
    counted = Counted(_rows(query, columns, reveal))
    # a long export must not hold the writer's place: read in a transaction of its own
    db.session.rollback()
    with intending(Intent.READ):
        content = workbook_file(title, [column.label for column in columns], counted)
        db.session.rollback()
    signals.list_exported.send(
        page.name,
        title=title,
        actor_id=actor_id,
        rows=counted.count,
        criteria=criteria,
        columns=[column.name for column in columns],
        personal=reveal and any(column.personal for column in columns),
    )
    db.session.commit()
    name = f"{title}-{today():%Y%m%d}.xlsx"
    return send_file(content, MEDIA_TYPE, as_attachment=True, download_name=name)


class Counted:
    """Hands rows on and counts them."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _rows(query: Any, columns: Sequence[Column], reveal: bool) -> Iterator[list[Any]]:
    single = len(query.column_descriptions) == 1
    for row in db.session.execute(query.execution_options(yield_per=CHUNK)):
        record = row[0] if single else row
        yield [column.exported(record, reveal) for column in columns]
