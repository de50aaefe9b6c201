"""Who sees, attaches and removes files: what the record's feature allows, and what is said here."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_, select

from app.attachments.models import Attachment
from app.core.features import current_features
from app.core.files.attachable import RecordKind
from app.core.permissions import Actor, Grantable, may


class Permission(Grantable):
    VIEW = "attachments:view", _l("See and download the files on records; each time is recorded")
    ADD = "attachments:add", _l("Attach files and say what they prove")
    PLACE = "attachments:place", _l("See place and time of pictures, and remove them")
    REMOVE = "attachments:remove", _l("Remove files that one attached")
    REMOVE_OTHERS = "attachments:remove_others", _l("Remove files that others attached")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The attachments of the records in the actor's reach, of the kinds that he may see."""
    reach = [
        and_(Attachment.kind == kind.name, _hangs_on(kind, actor))
        for kind in current_features().record_kinds.values()
        if may(actor, kind.view)
    ]
    return or_(false(), *reach)


def _hangs_on(kind: RecordKind, actor: Actor | None) -> ColumnElement[bool]:
    """On a record of the kind in the actor's reach; asked file by file, however many records there are."""
    table = kind.model.__table__
    return select(table.c.id).where(table.c.id == Attachment.record_id, kind.visible_to(actor)).exists()


def may_remove(actor: Actor, attachment: Attachment) -> bool:
    """One's own, and for leaders everybody's, where the record's feature allows it."""
    kind = current_features().record_kinds[attachment.kind]
    own = attachment.uploaded_by_id == actor.id and may(actor, Permission.REMOVE)
    return may(actor, kind.remove) and (own or may(actor, Permission.REMOVE_OTHERS))
