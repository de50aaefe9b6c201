"""A list as a workbook: exactly the list, in its order, and written down for the auditor."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from flask import send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import formats, paging, signals
from app.core.clock import now, today
from app.core.db import Intent, db, intending
from app.core.errors import Forbidden
from app.core.i18n import translated
from app.core.list_parts import Column
from app.core.list_state import ListState
from app.core.permissions import may
from app.core.sentences import sentence
from app.core.workbooks import MEDIA_TYPE, Watermark, workbook_file

CHUNK = 500


def may_export_in_full(state: ListState) -> bool:
    """Whether there is personal data in the list that the reader may take away in full."""
    page, actor = state.page, state.actor
    if page.export_permission is None or page.reveal_permission is None:
        return False
    allowed = may(actor, page.export_permission) and may(actor, page.reveal_permission)
    return allowed and any(column.personal for column in page.columns)


def export(
    state: ListState, *, every_column: bool, ids: Sequence[int] = (), reason: str | None = None
) -> ResponseReturnValue:
    """Sends the list, or the chosen rows of it.

    Personal data is in full only with a `reason`, for those who may reveal it; the workbook then says who
    took it, and the audit trail knows it by its hash.
    """
    page = state.page
    if page.export_permission is None or not may(state.actor, page.export_permission):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    if reason is not None and not may_export_in_full(state):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    columns = list(page.columns) if every_column else state.columns
    reveal = reason is not None and any(column.personal for column in columns)
    watermark = _watermark(state, reason) if reason is not None and reveal else None
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
        content = workbook_file(title, [column.label for column in columns], counted, watermark)
        db.session.rollback()
    signals.list_exported.send(
        page.name,
        title=title,
        actor_id=actor_id,
        rows=counted.count,
        criteria=criteria,
        columns=[column.name for column in columns],
        personal=reveal,
        **_proof(content, reason if reveal else None),
    )
    db.session.commit()
    name = f"{title}-{today():%Y%m%d}.xlsx"
    return send_file(content, MEDIA_TYPE, as_attachment=True, download_name=name)


def _watermark(state: ListState, reason: str) -> Watermark:
    who, when, why = state.actor.name, formats.moment(now()), translated(reason)
    terms = _("Use it for this reason only, pass it on to nobody, and delete it afterwards.")
    return Watermark(
        _("Personal data"),
        _("Personal data · %(who)s · %(when)s · %(why)s", who=who, when=when, why=why),
        (
            (_("List"), str(state.page.title)),
            (_("Exported by"), who),
            (_("Exported at"), when),
            (_("Reason"), why),
            (_("Terms of use"), terms),
        ),
    )


def _proof(content: IO[bytes], reason: str | None) -> dict[str, Any]:
    """What the trail keeps of a workbook with personal data: why it was taken, and its SHA-256."""
    if reason is None:
        return {}
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    content.seek(0)
    return {"reason": reason, "sha256": digest}


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
