"""The manifest of the ledger."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core.features import Feature, Panel, TimelineKind
from app.core.jobs import Every
from app.core.moving import PEOPLE, Mover
from campaigns.drafting.content.policy import conceal
from campaigns.drafting.policy import Permission
from campaigns.ledger import demo, jobs, queries, views
from campaigns.ledger.cli import group
from campaigns.ledger.lists import EMPLOYER_FIELDS
from campaigns.ledger.services.settling import KIND
from campaigns.ledger.workflow import LABELS


def init(app: Flask) -> None:
    """The gateway's way back in: signed by the gateway, so a browser's token has no place there."""
    app.register_blueprint(views.callbacks)
    app.extensions["csrf"].exempt(views.callbacks)


feature = Feature(
    name="ledger",
    blueprint=views.blueprint,
    init=init,
    cli=group,
    demo=demo.load,
    movers=(
        Mover("messages", _l("Messages"), anchor="messages-sent"),
        Mover("messages", _l("Messages"), "contact_id", of=PEOPLE),
        Mover(
            "sms_opt_outs",
            _l("Messages not wanted"),
            "contact_id",
            distinct=("message_class",),
            of=PEOPLE,
        ),
    ),
    schedule=(Every(10, jobs.sweep),),
    timeline_kinds=(TimelineKind(KIND, _l("SMS"), "chat-left-text"),),
    employer_fields=EMPLOYER_FIELDS,
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
        ),
    ),
)
