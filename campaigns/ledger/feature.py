"""The manifest of the ledger."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.escalating import EvidenceKind, Step
from app.core.features import Feature, Panel, TimelineKind
from app.core.forms.choices import offered
from app.core.jobs import Every
from app.core.merging.moving import PEOPLE, Mover
from app.core.permissions import Actor, may
from app.core.personal.retaining import Retention, people_forgotten
from app.employers.people.queries import may_edit
from app.employers.policy import Permission as EmployerPermission
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS, conceal
from campaigns.drafting.policy import Permission
from campaigns.ledger import demo, jobs, queries, views
from campaigns.ledger.cli import group
from campaigns.ledger.forms import OptOutForm
from campaigns.ledger.lists import EMPLOYER_FIELDS
from campaigns.ledger.policy import OPTIONS
from campaigns.ledger.proving.queries import delivered_since
from campaigns.ledger.services.forgetting import forget_people, forget_replies, strangers_replies
from campaigns.ledger.services.settling import KIND
from campaigns.ledger.workflow import LABELS


def _unwanted(contact: Any, actor: Actor) -> dict[str, Any]:
    found = queries.opt_outs_of(contact)
    told = {one.message_class for one in found}
    free = [(kind, label) for kind, label in MESSAGE_CLASS_LABELS.items() if kind not in told]
    form = OptOutForm()
    form.message_class.choices = offered(free)
    editable = may(actor, EmployerPermission.EDIT) and may_edit(contact, actor)
    return {
        "opt_outs": found, "labels": MESSAGE_CLASS_LABELS, "free": free, "form": form, "editable": editable,
    }  # fmt: skip


def init(app: Flask) -> None:
    """The gateway's way back in: signed by the gateway, so a browser's token has no place there."""
    app.register_blueprint(views.callbacks)
    app.extensions["csrf"].exempt(views.callbacks)
    people_forgotten.connect(forget_people)


feature = Feature(
    name="ledger",
    blueprint=views.blueprint,
    init=init,
    cli=group,
    demo=demo.load,
    options=OPTIONS,
    evidence=(
        EvidenceKind(
            "message",
            _l("SMS delivered"),
            frozenset({Step.CONTACT, Step.URGE}),
            delivered_since,
            frozenset({Step.CONTACT}),
            "results.messages",
        ),
    ),
    movers=(
        Mover("messages", _l("Messages"), anchor="messages-sent"),
        Mover("messages", _l("Messages"), "contact_id", of=PEOPLE),
        *(
            Mover("messages", _l("Messages"), column, stays=_l("It says where the employer was then."))
            for column in ("branch_id", "area_id", "owner_id")
        ),
        Mover(
            "sms_opt_outs",
            _l("Messages not wanted"),
            "contact_id",
            distinct=("message_class",),
            of=PEOPLE,
        ),
    ),
    retention=(
        Retention(
            "replies",
            _l("SMS replies of strangers"),
            _l(
                "Counted from the reply: of numbers that belong to no contact, number and words are deleted; "
                "an opt-out stays in force."
            ),
            strangers_replies,
            forget_replies,
            months=12,
            batch=1000,
        ),
    ),
    schedule=(Every(10, jobs.sweep), Every(300, jobs.fetch_all)),
    timeline_kinds=(TimelineKind(KIND, _l("SMS"), "chat-left-text", Permission.VIEW, contact=True),),
    employer_fields=kept_for(Permission.VIEW, EMPLOYER_FIELDS),
    contact_panels=(
        Panel(
            name="unwanted",
            title=_l("Messages not wanted"),
            template="campaigns/ledger/unwanted.html",
            load=_unwanted,
            permission=Permission.VIEW,
            order=10,
        ),
    ),
    panels=(
        Panel(
            name="messages",
            title=_l("Messages"),
            template="campaigns/ledger/panel.html",
            load=lambda employer, _actor: {
                "messages": queries.of_employer(employer.id),
                "labels": LABELS,
                "conceal": conceal,
            },
            permission=Permission.VIEW,
            order=70,
            later=True,
        ),
    ),
)
