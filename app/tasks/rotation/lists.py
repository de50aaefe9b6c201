"""The record of hand-overs."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from app.accounts.lists import branch_field, user_field
from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind
from app.core.listing.page import Column, Empty, Link, ListPage
from app.employers.policy import Permission as EmployerPermission
from app.tasks.rotation.models import HandOver
from app.tasks.rotation.policy import Permission
from app.tasks.rotation.queries import listed


def state(row: HandOver) -> tuple[Any, str]:
    if row.undone_at:
        return _l("Undone"), "done"
    return (_l("Confirmed"), "good") if row.confirmed_at else (_l("To be confirmed"), "warning")


HANDOVERS = ListPage(
    name="handovers",
    endpoint="rotation.index",
    title=_l("Hand-overs"),
    select=listed,
    key=HandOver.id,
    default_sort="-made_at",
    fields=(
        user_field("giver", _l("From"), HandOver.from_id),
        user_field("receiver", _l("To"), HandOver.to_id),
        branch_field("branch", _l("Branch"), HandOver.branch_id),
        Field("made_at", _l("Made at"), Kind.MOMENT, HandOver.made_at),
    ),
    columns=(
        Column(
            "name", _l("Hand-over"), lambda row: row.name,
            link=lambda row: url_for("rotation.show", id=row.id),
            options=(name_of(HandOver.giver), name_of(HandOver.receiver)),
        ),
        Column("made_at", _l("Made at"), sort=HandOver.made_at, falling=True),
        Column("state", _l("State"), badge=state),
        Column("reason", _l("Reason"), sort=HandOver.reason),
    ),
    links=(Link(_l("Hand over matters"), "rotation.new", Permission.MAKE, "arrow-left-right", "primary"),),
    empty=Empty(
        _l("Nothing was handed over yet"), _l("When somebody rotates, all their matters go on in one go."),
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
