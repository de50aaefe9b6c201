"""Writing the trail: what the session changed, and what a feature says was done.

Events gather while a transaction runs and are written once, just before it commits, so that an event
exists exactly when its change does. The chain is locked for that moment only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import click
from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import event, insert, inspect, select
from sqlalchemy.orm import Mapper, Session, SessionTransaction, UOWTransaction

from app.audit import queries
from app.audit.models import GENESIS, HASHED, AuditEvent, anchor_path, canonical, content_hash, stamp
from app.audit.policy import HIDDEN, MASKED, SECRET, SILENT, plain
from app.core.clock import now
from app.core.db import Base, Intent, Turn, _intent, db, intending, take_turn
from app.core.language.i18n import msgid
from app.core.permissions import Actor, acting

CREATED, CHANGED, DELETED = msgid("Created"), msgid("Changed"), msgid("Deleted")

PENDING = "audit.pending"
HEAD = "audit.head"
MARKS = "audit.marks"


@dataclass(frozen=True)
class Who:
    """Who acts: the id is None for the system and for commands."""

    id: int | None = None
    name: str = ""
    ip: str = ""


@dataclass(frozen=True)
class Draft:
    """An event that waits for its place in the chain."""

    who: Who
    action: str
    subject_type: str = ""
    subject_id: str = ""
    subject_name: str = ""
    changes: Mapping[str, list[Any]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


_acting: ContextVar[Who | None] = ContextVar("acting_as", default=None)


@contextmanager
def acting_as(actor: Actor | str) -> Iterator[None]:
    """Events recorded inside are this actor's: for jobs that finish what somebody asked for."""
    ip = _address()
    who = Who(name=actor, ip=ip) if isinstance(actor, str) else Who(actor.id, actor.name, ip)
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def who_acts() -> Who:
    """The actor set by `acting_as`, else the signed-in user, else the command; else the system."""
    if who := _acting.get():
        return who
    if actor := acting():
        return Who(actor.id, actor.name, _address())
    if has_request_context():
        if current_user and current_user.is_authenticated:
            return Who(current_user.id, current_user.name, _address())
        return Who(ip=_address())
    command = click.get_current_context(silent=True)
    path = command.command_path if command else ""
    return Who(name=path[max(path.find("flask"), 0) :])


def _address() -> str:
    return (request.remote_addr or "") if has_request_context() else ""


def record(
    action: str,
    subject: Base | tuple[str, int | str] | None = None,
    *,
    name: str = "",
    changes: Mapping[str, list[Any]] | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Adds one event to the running transaction: for whatever the session's own hooks cannot see.

    `action` is an English msgid ("List exported"), translated when shown. `subject` is a flushed row or a
    pair of table name and id; `changes` maps a field to [old, new]; `details` are plain JSON values.
    Use one event for a batch, and one for each reading or exporting of personal data.
    """
    _pending(db.session()).append(_draft(action, subject, name, changes, details))


def record_now(
    action: str,
    subject: Base | tuple[str, int | str] | None = None,
    *,
    name: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Writes one event in a transaction of its own: for requests that otherwise only read.

    Raises RuntimeError inside a writing transaction, which would wait for itself on SQLite: use `record`.
    """
    if _intent.get() is Intent.WRITE and db.session.registry.has() and db.session().in_transaction():
        raise RuntimeError("a writing transaction is open: use audit.services.record")
    draft = _draft(action, subject, name, None, details)
    with intending(Intent.WRITE), Session(db.engine) as session:
        head = append(session, [draft])
        session.commit()
    _keep_anchor(head)


def _draft(
    action: str,
    subject: Base | tuple[str, int | str] | None,
    name: str,
    changes: Mapping[str, list[Any]] | None,
    details: Mapping[str, Any] | None,
) -> Draft:
    kind, key = subject if isinstance(subject, tuple) else _identity(subject)
    given = {k: [plain(k, old), plain(k, new)] for k, (old, new) in (changes or {}).items()}
    facts = {k: plain(k, value) for k, value in (details or {}).items()}
    title = name or ("" if isinstance(subject, tuple) else queries.title_of(subject))
    return Draft(who_acts(), action, kind, str(key), title[:200], given, facts)


def _identity(subject: Base | None) -> tuple[str, str]:
    if subject is None:
        return "", ""
    key = inspect(subject).mapper.primary_key_from_instance(subject)
    return str(subject.__tablename__), ",".join(str(part) for part in key)


# --- what the session changed -------------------------------------------------------------------


def _pending(session: Session) -> list[Draft]:
    found: list[Draft] = session.info.setdefault(PENDING, [])
    return found


def _collect(session: Session, _context: UOWTransaction) -> None:
    who = None
    for rows, action in ((session.new, CREATED), (session.dirty, CHANGED), (session.deleted, DELETED)):
        for row in rows:
            if not row.__audited__ or not (changes := _changes(row, action)):
                continue
            who = who or who_acts()
            kind, key = _identity(row)
            _pending(session).append(Draft(who, action, kind, key, queries.title_of(row)[:200], changes))


def _changes(row: Base, action: str) -> dict[str, list[Any]]:
    state = inspect(row)
    found: dict[str, list[Any]] = {}
    for column in state.mapper.column_attrs:
        name = column.key
        if name in SILENT:
            continue
        if action == CHANGED:
            history = state.attrs[name].history
            if history.has_changes():
                found[name] = [_first(name, history.deleted), _first(name, history.added)]
        else:
            value = plain(name, state.dict.get(name))
            if value is not None and value != "":
                found[name] = [None, value] if action == CREATED else [value, None]
    told = {n: pair for n, pair in found.items() if pair[0] != pair[1] or n in SECRET | MASKED}
    return {n: _veiled(pair) if n in row.__unkept__ else pair for n, pair in told.items()}


def _veiled(pair: list[Any]) -> list[Any]:
    """Whether there was something before and after, not what."""
    return [value and HIDDEN for value in pair]


def _first(name: str, values: Any) -> Any:
    return plain(name, values[0]) if values else None


def _merged(drafts: list[Draft]) -> list[Draft]:
    """Flushes are an accident of the code: several changes of one row in a transaction are one event."""
    merged: list[Draft] = []
    place: dict[tuple[str, str], int] = {}
    for draft in drafts:
        at = place.get((draft.subject_type, draft.subject_id))
        if draft.action == CHANGED and at is not None:
            merged[at] = _joined(merged[at], draft)
            continue
        if draft.action in (CREATED, CHANGED) and draft.subject_id:
            place[draft.subject_type, draft.subject_id] = len(merged)
        merged.append(draft)
    return [draft for draft in merged if draft.changes or draft.action != CHANGED]


def _joined(first: Draft, later: Draft) -> Draft:
    changes = {name: list(pair) for name, pair in first.changes.items()}
    for name, (old, new) in later.changes.items():
        changes[name] = [changes[name][0] if name in changes else old, new]
        if first.action == CREATED and name not in first.changes:
            changes[name][0] = None
    kept = {n: pair for n, pair in changes.items() if pair[0] != pair[1] or n in SECRET | MASKED}
    return replace(first, changes=kept, subject_name=later.subject_name)


# --- the chain ----------------------------------------------------------------------------------


def append(session: Session, drafts: list[Draft]) -> tuple[int, str]:
    """Puts the drafts at the end of the chain and gives its new head: id and hash.

    From here to the end of the transaction nobody else can append.
    """
    take_turn(Turn.AUDIT, session=session)
    newest = select(AuditEvent.id, AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
    last = session.execute(newest).first()
    number, previous = (last.id, last.hash) if last else (0, GENESIS)
    moment, rows = now(), []
    for draft in drafts:
        number += 1
        row = _row(draft, number, moment, previous)
        previous = row["hash"]
        rows.append(row)
    session.connection().execute(insert(AuditEvent.__table__), rows)  # type: ignore[arg-type]
    return number, previous


def _row(draft: Draft, number: int, moment: datetime, previous: str) -> dict[str, Any]:
    row = {
        "id": number,
        "at": moment,
        "actor_id": draft.who.id,
        "actor_name": draft.who.name,
        "ip": draft.who.ip,
        "action": draft.action,
        "subject_type": draft.subject_type,
        "subject_id": draft.subject_id,
        "subject_name": draft.subject_name,
        "changes": canonical(draft.changes).replace("\\u0000", ""),
        "details": canonical(draft.details).replace("\\u0000", ""),
        "prev_hash": previous,
    }
    row["hash"] = content_hash([stamp(moment) if name == "at" else row[name] for name in HASHED])
    return row


def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    drafts = _merged(session.info.pop(PENDING, []))
    if drafts:
        session.info[HEAD] = append(session, drafts)


def _after_commit(session: Session) -> None:
    if not session.in_nested_transaction() and (head := session.info.pop(HEAD, None)):
        _keep_anchor(head)


def _mark(session: Session, begun: SessionTransaction) -> None:
    if begun.nested:
        session.info.setdefault(MARKS, {})[begun] = len(_pending(session))


def _forget(session: Session, ended: SessionTransaction) -> None:
    """What a rolled-back savepoint or transaction would have done was not done."""
    if ended.nested:
        mark: int | None = session.info.get(MARKS, {}).get(ended)
        if mark is not None:
            del _pending(session)[mark:]
    elif ended.parent is None:
        session.info.pop(PENDING, None)
        session.info.pop(HEAD, None)


def _unmark(session: Session, ended: SessionTransaction) -> None:
    # not when a savepoint ends: its rollback is only told afterwards
    if ended.parent is None:
        session.info.pop(MARKS, None)


def _keep_anchor(head: tuple[int, str]) -> None:
    """Best effort: a full disk or a slower process writing later must not undo a commit."""
    path = anchor_path()
    draft = path.with_suffix(f".{head[0]}")
    try:
        draft.write_text(f"{head[0]} {head[1]}\n", encoding="ascii")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)


def _remember_old_values(mapper: Mapper[Any], class_: type[Any]) -> None:
    """An attribute set before it was read would otherwise forget what it was."""
    if not getattr(class_, "__audited__", False):
        return
    for column in mapper.column_attrs:
        attribute = getattr(class_, column.key)
        if not column.columns[0].primary_key and not event.contains(attribute, "set", _nothing):
            event.listen(attribute, "set", _nothing, active_history=True)


def _nothing(_target: object, _value: object, _old: object, _initiator: object) -> None:
    return None


def install() -> None:
    """Hooks the trail into the session; once for each process, before the first query."""
    hooks: tuple[tuple[str, Any], ...] = (
        ("after_flush", _collect),
        ("before_commit", _write),
        ("after_commit", _after_commit),
        ("after_transaction_create", _mark),
        ("after_soft_rollback", _forget),
        ("after_transaction_end", _unmark),
    )
    for name, hook in hooks:
        if not event.contains(db.session, name, hook):
            event.listen(db.session, name, hook)
    if not event.contains(Mapper, "mapper_configured", _remember_old_values):
        event.listen(Mapper, "mapper_configured", _remember_old_values)
    for mapper in Base.registry.mappers:
        if mapper.configured:
            _remember_old_values(mapper, mapper.class_)
