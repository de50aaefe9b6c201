"""Saying which column is which, remembering it for a source, correcting and forgetting it."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.importing.spec import ImportSpec
from app.core.permissions import Actor
from app.core.sheets.headings import column_letter, fingerprint
from app.imports import workflow
from app.imports.columns import queries
from app.imports.columns.models import ColumnMemory
from app.imports.models import ImportBatch

#: for each column of a file, from the left: the spec's column, or None where it is left out
Chosen = Sequence[str | None]


def name_columns(
    batch: ImportBatch, spec: ImportSpec, titles: Sequence[str], chosen: Chosen, source: str, actor: Actor
) -> None:
    """Reads the batch's file with these columns: its dry run begins anew. Remembered where there is a source.

    Raises DomainError with all that is wrong with the choice, and Conflict for a batch that is further on.
    """
    _check(spec, chosen)
    wide = [*titles, *[""] * (len(chosen) - len(titles))]
    name = queries.source_called(source, batch.spec, batch.branch_id)
    layout = {
        "titles": wide,
        "columns": list(chosen),
        "by": actor.name,
        "on": today().isoformat(),
        "source": name,
    }
    workflow.move(batch, workflow.REREAD, failure={}, layout=layout, source=name or batch.source)
    if name:
        _remember(batch, name, wide, chosen, actor)


def _remember(
    batch: ImportBatch, source: str, titles: Sequence[str], chosen: Chosen, actor: Actor
) -> ColumnMemory:
    memory = queries.remembered(batch.spec, batch.branch_id, source, titles)
    if memory is None:
        memory = ColumnMemory(spec=batch.spec, branch_id=batch.branch_id, source=source, columns=[])
        db.session.add(memory)
    memory.titles, memory.fingerprint = list(titles), fingerprint(titles)
    _say(memory, chosen, actor)
    return memory


def correct(memory: ColumnMemory, spec: ImportSpec, chosen: Chosen, actor: Actor) -> None:
    """The next file of the source is read so; files that were imported stay as they are."""
    _check(spec, chosen)
    _say(memory, chosen, actor)


def _say(memory: ColumnMemory, chosen: Chosen, actor: Actor) -> None:
    memory.columns = list(chosen)
    memory.said_by_id, memory.said_at = actor.id, now()
    db.session.flush()


def forget(memory: ColumnMemory) -> None:
    """The next such file is asked about again."""
    db.session.delete(memory)
    db.session.flush()


def _check(spec: ImportSpec, chosen: Chosen) -> None:
    """Every column of the spec at most once, the required ones and one key at least."""
    places: dict[str, list[str]] = {}
    for index, name in enumerate(chosen):
        if name is not None:
            places.setdefault(name, []).append(column_letter(index))
    faults = [
        _("“%(column)s” was chosen for columns %(places)s. Keep one of them.",
          column=spec.label(name), places="、".join(letters))
        for name, letters in places.items()
        if len(letters) > 1
    ]  # fmt: skip
    missing = [column.name for column in spec.columns if column.required and column.name not in places]
    keys = [key for key in (spec.key, spec.key_otherwise) if key]
    if not missing and not any(places.keys() >= set(key) for key in keys):
        missing = list(spec.key)
    if missing:
        names = "、".join(spec.label(name) for name in missing)
        faults.append(_("Choose a column of the file for: %(columns)s.", columns=names))
    if faults:
        raise DomainError(_l("The file cannot be read with these columns."), reasons=faults)
