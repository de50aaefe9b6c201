"""Attaching, describing, cleaning and removing files, and forgetting what nobody refers to."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from io import BytesIO
from typing import IO, Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update

from app.attachments import queries
from app.attachments.models import Attachment, StoredFile
from app.attachments.policy import may_remove
from app.config import current_settings
from app.core import timeline
from app.core.bulk import update_rows
from app.core.clock import now
from app.core.db import Turn, among, changed, db, insert_new, take_turn
from app.core.errors import DomainError, Forbidden
from app.core.files import pictures
from app.core.files.attachable import RecordKind
from app.core.files.kept import Draft, TooLarge, drafted, drafts_in, path_of
from app.core.files.pictures import Picture
from app.core.files.types import FileRefused, FileType, file_type_of
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.personal.retaining import without_word
from app.core.undoing.reversible import table_of

KIND, ENDPOINT = "attachment", "attachments.show"
ATTACHED = msgid("File attached: %(title)s")
REMOVED = msgid("File removed: %(title)s")
OUTDATED = msgid("Kept long enough and deleted: %(title)s")
CLEANED = msgid("Place and time removed from the picture %(title)s")

LONGEST_TITLE = 200
MEGABYTE = 1 << 20
DRAFT_HOURS = 24


@dataclass(frozen=True)
class Incoming:
    """A file that was read whole and found good, not stored yet. `copies` are its small pictures by size."""

    draft: Draft
    type: FileType
    picture: Picture | None = None
    copies: Mapping[int, bytes] = field(default_factory=dict)


@contextmanager
def checked(stream: IO[bytes]) -> Iterator[Incoming]:
    """Read and prove a file, without the database. What is not stored inside is gone afterwards.

    Raises FileRefused.
    """
    settings = current_settings()
    try:
        with drafted(settings.files, stream, settings.attachment_megabytes * MEGABYTE) as draft:
            found = file_type_of(draft.path)
            if found.picture is None:
                yield Incoming(draft, found)
            else:
                yield Incoming(draft, found, *pictures.examine(draft.path, found))
    except TooLarge as error:
        raise FileRefused("too_large", limit=settings.attachment_megabytes) from error


def attach(
    kind: RecordKind,
    record: Any,
    incoming: Incoming,
    name: str,
    actor: Actor | None,
    proves: str = "",
    at: datetime | None = None,
    *,
    lists_people: bool = False,
) -> Attachment:
    """Hang a file on a record; the same content on the same record is the same attachment.

    `at` is when that happened, where it is told later. Raises DomainError when the record holds too much.
    """
    _hold_store()
    # one at a time for each record: a double click must find what the first click did
    table = kind.model.__table__
    db.session.execute(select(table.c.id).where(table.c.id == record.id).with_for_update(key_share=True))
    known = queries.same_on(kind.name, record.id, incoming.draft.sha256)
    if known is not None:
        known.lists_people = known.lists_people or lists_people or None
        return known
    _check_room(kind, record.id, incoming.draft.size)
    attachment = Attachment(
        kind=kind.name,
        record_id=record.id,
        employer_id=kind.employer_id(record),
        sha256=_store(incoming),
        title=_title(name, incoming.type),
        proves=proves.strip()[:LONGEST_TITLE],
        lists_people=lists_people or None,
        uploaded_by_id=actor.id if actor else None,
        created_at=at or now(),
    )
    db.session.add(attachment)
    db.session.flush()
    _tell(attachment, ATTACHED, actor, attachment.id)
    return attachment


def describe(attachment: Attachment, title: str, proves: str, lists_people: bool) -> None:
    """Name the file, say what it proves, and whether it lists people."""
    attachment.title = _title(title, attachment.file.type)
    attachment.proves = proves.strip()[:LONGEST_TITLE]
    attachment.lists_people = lists_people or None
    db.session.flush()


def remove(attachment: Attachment, actor: Actor) -> str:
    """Take a file off its record; gives the hash of the content, which `discard` may then forget."""
    if not may_remove(actor, attachment):
        raise Forbidden(_l("A file is removed by whoever attached it, or by a leader."))
    return _take_off(attachment, actor)


def _take_off(attachment: Attachment, actor: Actor) -> str:
    sha256 = attachment.sha256
    _tell_gone(attachment, REMOVED, actor)
    db.session.delete(attachment)
    db.session.flush()
    return sha256


def forget_on(kinds: Mapping[str, Sequence[int]]) -> int:
    """Takes all files off the records of each kind, for good; the nightly sweep discards their contents."""
    number = 0
    for kind, record_ids in kinds.items():
        here = (Attachment.kind == kind, among(Attachment.record_id, record_ids))
        tell_outdated(db.session.scalars(select(Attachment).where(*here)).all())
        number += changed(delete(Attachment).where(*here))
    db.session.expire_all()
    return number


def forget_names(people: Iterable[tuple[int, str]]) -> None:
    """Takes people's names out of what the files of their employers are called, past the session.

    `people` are pairs of an employer's id and a name.
    """
    names: dict[int, set[str]] = defaultdict(set)
    for employer_id, name in people:
        names[employer_id].add(name)
    query = select(Attachment.id, Attachment.employer_id, Attachment.title, Attachment.proves)
    rows = []
    for row in db.session.execute(query.where(among(Attachment.employer_id, list(names)))):
        before = {"title": row.title, "proves": row.proves}
        after = {
            column: reduce(without_word, names[row.employer_id], words) for column, words in before.items()
        }
        if after != before:
            rows.append({"id": row.id, **after})
    update_rows(table_of(Attachment), rows)


def tell_outdated(attachments: Sequence[Attachment]) -> None:
    """The story tells that these lists were kept long enough."""
    for attachment in attachments:
        _tell_gone(attachment, OUTDATED, None)


def _tell_gone(attachment: Attachment, summary: str, actor: Actor | None) -> None:
    """The story keeps that there was a file, but leads to it no more."""
    _tell(attachment, summary, actor)
    gone = (timeline.TimelineEntry.endpoint == ENDPOINT, timeline.TimelineEntry.link_id == attachment.id)
    if attachment.employer_id is not None:
        here = timeline.TimelineEntry.employer_id == attachment.employer_id
        db.session.execute(
            update(timeline.TimelineEntry).where(here, *gone).values(endpoint=None, link_id=None),
            execution_options={"synchronize_session": False},
        )


def clean(attachment: Attachment, actor: Actor) -> str:
    """Replace a picture by a copy that tells neither place nor time; gives the hash of what it was."""
    file = attachment.file
    if not file.is_picture or not file.tells_place_or_time:
        raise DomainError(_l("This file tells neither place nor time."))
    content, kind = pictures.cleaned(queries.path_of(file.sha256), file.type)
    before = attachment.sha256
    with checked(content) as incoming:
        _hold_store()
        same = queries.same_on(attachment.kind, attachment.record_id, incoming.draft.sha256)
        attachment.title = kind.named(attachment.title)
        if same is None:
            attachment.sha256 = _store(incoming)
            db.session.flush()
            db.session.refresh(attachment, ["file"])
            _tell(attachment, CLEANED, actor, attachment.id)
        else:
            _take_off(attachment, actor)
    return before


def preview(file: StoredFile, side: int) -> bytes:
    """The picture's copy of one size, made again where it is missing. NotFound when there is no such."""
    path = queries.preview_path(file.sha256, side)
    if path.is_file():
        return path.read_bytes()
    made = pictures.copies(queries.path_of(file.sha256), file.type)
    _keep_copies(file.sha256, made)
    return made[side]


def discard(sha256: str) -> bool:
    """Forget a content that hangs on no record: its row, its bytes and its copies. Twice changes nothing."""
    take_turn(Turn.STORE)
    if db.session.scalar(select(Attachment.id).where(Attachment.sha256 == sha256).limit(1)) is not None:
        return False
    settings, file = current_settings(), db.session.get(StoredFile, sha256)
    if file is not None:
        db.session.delete(file)
        db.session.flush()
    path_of(settings.files, sha256).unlink(missing_ok=True)
    for side in (pictures.SMALL, pictures.LARGE):
        queries.preview_path(sha256, side).unlink(missing_ok=True)
    return True


def clear_drafts() -> int:
    """Remove what uploads left behind that were killed long ago; gives how many."""
    settings, cleared = current_settings(), 0
    before = now().timestamp() - DRAFT_HOURS * 3600
    for folder in (settings.files, settings.previews):
        for path in drafts_in(folder):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                cleared += 1
    return cleared


def _hold_store() -> None:
    """Until the transaction ends, nothing is discarded: what is found in the store stays there."""
    take_turn(Turn.STORE, shared=True)


def _check_room(kind: RecordKind, record_id: int, size: int) -> None:
    most = current_settings().record_megabytes
    if queries.bytes_on(kind, record_id) + size > most * MEGABYTE:
        raise DomainError(
            _l(
                "More than %(limit)s MB hang on this record already. Remove what is not needed first.",
                limit=most,
            )
        )


def _store(incoming: Incoming) -> str:
    """Keep the bytes under their hash, the copies, and the row that tells of them; gives the hash."""
    draft, picture = incoming.draft, incoming.picture
    values: dict[str, Any] = {
        "sha256": draft.sha256,
        "size": draft.size,
        "media_type": incoming.type.media_type,
        "created_at": now(),
    }
    if picture is not None:
        names = ("width", "height", "taken_at", "latitude", "longitude")
        values |= {name: getattr(picture, name) for name in names}
    db.session.execute(insert_new(StoredFile).values(values))
    draft.keep()
    _keep_copies(draft.sha256, incoming.copies)
    return draft.sha256


def _keep_copies(sha256: str, copies: Mapping[int, bytes]) -> None:
    folder = current_settings().previews
    for side, content in copies.items():
        path = queries.preview_path(sha256, side)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with drafted(folder, BytesIO(content)) as draft:
            draft.path.replace(path)


def _title(name: str, kind: FileType) -> str:
    """The last part of the name, readable, with an ending that fits the content."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    words = " ".join("".join(c for c in plain if unicodedata.category(c)[0] != "C").split())
    words = words.strip(". ") or "file"
    if len(words) > LONGEST_TITLE - 6:
        stem, dot, ending = words.rpartition(".")
        ending = dot + ending if dot and len(ending) <= 5 else ""
        words = (stem or words)[: LONGEST_TITLE - 6 - len(ending)] + ending
    return kind.named(words)


def _tell(attachment: Attachment, summary: str, actor: Actor | None, link_id: int | None = None) -> None:
    if attachment.employer_id is None:
        return
    timeline.record(
        attachment.employer_id,
        KIND,
        summary,
        params={"title": attachment.title, "comment": attachment.proves},
        actor=actor,
        at=attachment.created_at if summary == ATTACHED else None,
        endpoint=ENDPOINT if link_id else None,
        link_id=link_id,
    )
