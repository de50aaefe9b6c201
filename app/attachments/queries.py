"""Finding files: on a record, by their own id, and on the disk."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, or_, select

from app.accounts.queries import name_of
from app.attachments.models import Attachment, StoredFile
from app.attachments.policy import visible_to
from app.config import current_settings
from app.core.db import among, db
from app.core.errors import DomainError, Forbidden, NotFound
from app.core.features import current_features
from app.core.files import kept as kept_files
from app.core.files.attachable import RecordKind
from app.core.finding import the_one
from app.core.merging.moving import EMPLOYERS, Change
from app.core.permissions import Actor, Grantable, may
from app.core.reach import once_for_reach

#: as many as a panel shows
SHOWN = 12


def kind_named(name: str) -> RecordKind:
    """A declared kind of record. Raises NotFound for any other."""
    kind = current_features().record_kinds.get(name)
    if kind is None:
        raise NotFound(_l("There is no such record."))
    return kind


def kind_of(record: Any) -> RecordKind:
    """The kind that the record is of. Raises LookupError when its feature declares none."""
    for kind in current_features().record_kinds.values():
        if isinstance(record, kind.model):
            return kind
    raise LookupError(f"no feature declares a RecordKind for {type(record).__name__}")


def record_for(kind: RecordKind, record_id: int, actor: Actor | None, permission: Grantable) -> Any:
    """The record, for whoever holds the kind's `permission`. NotFound when it is out of the actor's reach."""
    table = kind.model.__table__
    query = select(kind.model).where(table.c.id == record_id, kind.visible_to(actor))
    record = the_one(query, _l("There is no such record."))
    if not may(actor, permission):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    return record


def find(attachment_id: int, actor: Actor | None) -> Attachment:
    """The attachment, or NotFound when its record is out of the actor's reach or of no declared kind."""
    query = select(Attachment).where(Attachment.id == attachment_id, visible_to(actor))
    return the_one(query, _l("There is no such file."))


def attached_to(
    kind: RecordKind, record_id: int, actor: Actor, most: int | None = SHOWN
) -> Sequence[Attachment]:
    """The files of a record, newest first; an employer's with those of its visits and so on."""
    of_employer = kind.model.__tablename__ == EMPLOYERS
    query = _hanging_on_employer(actor) if of_employer else _HANGING_ON
    given = {"kind": kind.name, "record_id": record_id, "most": _NO_LIMIT if most is None else most}
    return db.session.scalars(query, given).all()


#: more than hang on any record: the databases have no common word for a limit that is none
_NO_LIMIT = 2**31 - 1


_OWN = and_(Attachment.kind == bindparam("kind"), Attachment.record_id == bindparam("record_id"))
_FILES = (
    select(Attachment)
    .options(name_of(Attachment.uploaded_by))
    .order_by(Attachment.id.desc())
    .limit(bindparam("most"))
)
_HANGING_ON = _FILES.where(_OWN)


@once_for_reach
def _hanging_on_employer(actor: Actor | None) -> Select[Attachment]:
    kinds = current_features().record_kinds.values()
    own = [one.name for one in kinds if one.model.__tablename__ == EMPLOYERS]
    # a record may be further away than the employer it tells of: the other one of a kinship, say
    below = and_(
        Attachment.employer_id == bindparam("record_id"), Attachment.kind.not_in(own), visible_to(actor)
    )
    return _FILES.where(or_(_OWN, below))


def bytes_on(kind: RecordKind, record_id: int) -> int:
    """How much hangs on one record."""
    query = select(func.coalesce(func.sum(StoredFile.size), 0)).join(Attachment)
    return int(
        db.session.scalar(query.where(Attachment.kind == kind.name, Attachment.record_id == record_id)) or 0
    )


def held(table: str, ids: Collection[int]) -> dict[str, set[int]]:
    """Receiver of `records_going`: the records of the table that have files stay."""
    kinds = [one.name for one in current_features().record_kinds.values() if one.model.__tablename__ == table]
    if not kinds:
        return {}
    query = select(Attachment.record_id).where(Attachment.kind.in_(kinds), among(Attachment.record_id, ids))
    return {Attachment.__tablename__: set(db.session.scalars(query))}


def demand_none_on(record: Any) -> None:
    """Before the record is taken off the books. Raises DomainError while files hang on it."""
    kind = kind_of(record)
    query = select(Attachment.id).where(Attachment.kind == kind.name, Attachment.record_id == record.id)
    if db.session.scalar(query.limit(1)) is not None:
        raise DomainError(
            _l("Files hang on this record. Attach them where they belong and remove them here first.")
        )


def same_on(kind_name: str, record_id: int, sha256: str) -> Attachment | None:
    """The attachment of this very content on the record, if there is one."""
    query = select(Attachment).where(
        Attachment.kind == kind_name, Attachment.record_id == record_id, Attachment.sha256 == sha256
    )
    return db.session.scalars(query).one_or_none()


def files_of_merged(kept_id: int, merged_id: int) -> Iterator[Change]:
    """A merge hangs the files of the merged employer on the kept one, except those that it has already."""
    for kind in current_features().record_kinds.values():
        if kind.model.__tablename__ != EMPLOYERS:
            continue
        own = select(Attachment.sha256).where(Attachment.kind == kind.name, Attachment.record_id == kept_id)
        going = (
            Attachment.kind == kind.name,
            Attachment.record_id == merged_id,
            Attachment.sha256.not_in(own),
        )
        for attachment_id in db.session.scalars(select(Attachment.id).where(*going)):
            yield Change(Attachment.__tablename__, attachment_id, {"record_id": kept_id})


# --- the disk -----------------------------------------------------------------------------------


def path_of(sha256: str) -> Path:
    """Where the bytes lie. Raises NotFound when they are gone, which only damage from outside can cause."""
    path = kept_files.path_of(current_settings().files, sha256)
    if not path.is_file():
        raise NotFound(_l("This file is not in the store any more. Tell your system administrator."))
    return path


def preview_path(sha256: str, side: int) -> Path:
    """Where the copy of a picture with this longer side lies, or will lie."""
    return kept_files.path_of(current_settings().previews, sha256).with_name(f"{sha256}-{side}.jpg")


def unreferenced() -> list[str]:
    """The hashes of contents that hang on no record any more."""
    hanging = select(Attachment.sha256).where(Attachment.sha256 == StoredFile.sha256).exists()
    return list(db.session.scalars(select(StoredFile.sha256).where(~hanging)))


def orphans(before: datetime) -> Select[int]:
    """The ids of what was attached before and hangs on a record that is gone; kinds nobody knows are left."""
    gone = [
        and_(Attachment.kind == kind.name, Attachment.record_id.not_in(select(kind.model.__table__.c.id)))
        for kind in current_features().record_kinds.values()
    ]
    return select(Attachment.id).where(Attachment.created_at < before, or_(false(), *gone))


def outdated_lists(before: datetime) -> Select[int]:
    """The ids of lists of people that were attached before, but for those of matters still under way."""
    return select(Attachment.id).where(
        Attachment.lists_people.is_(True), Attachment.created_at < before, ~or_(false(), *_under_way())
    )


def _under_way() -> Iterator[ColumnElement[bool]]:
    """The files of records that are in a state which is not the last one of their workflow."""
    features = current_features()
    for kind in features.record_kinds.values():
        for flow in features.workflows.values():
            # an employer is no matter that ends
            if flow.model is kind.model and kind.model.__tablename__ != EMPLOYERS:
                ended = [state.name for state in flow.states if state.final]
                going_on = getattr(flow.model, flow.field).not_in(ended)
                ids = select(kind.model.__table__.c.id).where(going_on)
                yield and_(Attachment.kind == kind.name, Attachment.record_id.in_(ids))


def strays() -> set[str]:
    """The hashes of files and copies on the disk that the database does not know."""
    settings = current_settings()
    found = {path.name for path in kept_files.kept_in(settings.files)}
    found |= {path.name.partition("-")[0] for path in kept_files.kept_in(settings.previews)}
    return found - set(db.session.scalars(select(StoredFile.sha256)))


@dataclass
class Report:
    """What comparing the disk with the database found; `missing` and `damaged` are hashes of lost files."""

    files: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    #: on the disk and in no record: the sweep removes them
    unknown: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.missing and not self.damaged


def verify() -> Report:
    """Reads every stored file and compares it with its hash."""
    folder, report = current_settings().files, Report()
    for sha256, size in db.session.execute(select(StoredFile.sha256, StoredFile.size)):
        path = kept_files.path_of(folder, sha256)
        report.files += 1
        report.bytes += size
        if not path.is_file():
            report.missing.append(sha256)
        elif path.stat().st_size != size or kept_files.hash_of(path) != sha256:
            report.damaged.append(sha256)
    report.unknown = sorted(strays())
    return report
