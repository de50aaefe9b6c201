"""The manifest of the audit trail."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.audit import services
from app.audit.cli import group
from app.audit.policy import Permission
from app.audit.views import bp
from app.core import signals
from app.core.features import Feature, NavItem
from app.core.language.i18n import msgid
from app.core.merging.moving import Mover
from app.core.permissions import Role


def _list_exported(_list: str, *, title: str, **export: Any) -> None:
    """An export is an event; its details say how many rows of what, and whether personal data was in full."""
    export.pop("actor_id", None)  # the event has its own
    services.record(msgid("List exported"), name=title, details=export)


def _list_acted(_list: str, *, title: str, state: str, counts: dict[str, int], **more: Any) -> None:
    """A bulk action is an event beside the changes of its rows; so is taking it back."""
    action = msgid("Bulk action taken back") if state == "undone" else msgid("Bulk action")
    details = {"state": state, **counts, "criteria": more["criteria"]}
    services.record(action, ("list_runs", more["run"].id), name=title, details=details)


def _export_fetched(_list: str, *, run: Any) -> None:
    facts = {"rows": run.total, "criteria": run.criteria, "personal": run.reason is not None}
    services.record_now(msgid("Export fetched"), ("list_runs", run.id), name=run.list_name, details=facts)


def _init(app: Flask) -> None:
    with app.app_context():
        services.install()
    signals.list_exported.connect(_list_exported)
    signals.list_acted.connect(_list_acted)
    signals.export_fetched.connect(_export_fetched)


feature = Feature(
    name="audit",
    blueprint=bp,
    navigation=(NavItem(_l("Audit trail"), "audit.trail", Permission.VIEW, "journal-text", "admin", 40),),
    grants={
        Permission.VIEW: (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN),
        Permission.EXPORT: (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN),
        Permission.VERIFY: (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN),
    },
    movers=(Mover("audit_events", _l("Audit trail"), "actor_id", stays=_l("It refers to users.")),),
    cli=group,
    init=_init,
)
