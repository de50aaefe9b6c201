"""Deciding whether people's corrections stay or the file's word replaces them."""

from collections.abc import Mapping

from app.audit import services as audit
from app.core.db import db
from app.core.importing.conflicts import KEEP
from app.core.language.i18n import msgid
from app.imports import workflow
from app.imports.answers.queries import fields_of, shown_corrections
from app.imports.models import ImportBatch

DECIDED = msgid("Corrections and file weighed")


def decide(batch: ImportBatch, fields: Mapping[str, str], rows: Mapping[str, Mapping[str, str]]) -> None:
    """Keeps the answers with the batch, and lets its dry run count anew.

    `rows` are answers for single rows, by number and field; "" leaves a row to its field's answer. Answers of
    rows that are not named stay as they are. Raises Conflict when the batch is further on.
    """
    shown, before = shown_corrections(batch), (batch.answers or {}).get("rows", {})
    singly = {number: dict(answers) for number, answers in before.items() if number in shown}
    for number, answers in rows.items():
        known = {name: answer for name, answer in answers.items() if name in shown.get(number, {})}
        singly[number] = {
            name: answer for name, answer in {**singly.get(number, {}), **known}.items() if answer
        }
    answers_kept = {
        "everything": KEEP,
        "fields": {name: answer for name, answer in fields.items() if name in fields_of(batch)},
        "rows": {number: answers for number, answers in singly.items() if answers},
    }
    workflow.move(batch, workflow.ANSWER, answers={**answers_kept, "shown": shown})
    audit.record(DECIDED, batch, name=batch.file_name, details=answers_kept)
    db.session.flush()
