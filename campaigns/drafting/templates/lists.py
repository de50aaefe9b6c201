"""The list of templates."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Field, Kind, choices_of
from app.core.links import url_if
from app.core.listing.page import Column, Link, ListPage
from app.core.listing.parts import Badge
from campaigns.channels.sms.models import SmsTemplate
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import MessageClass
from campaigns.drafting.templates import queries
from campaigns.drafting.templates.policy import Permission


def _state(template: SmsTemplate) -> Badge:
    if not queries.in_use(template):
        return _l("No longer offered"), "done"
    if queries.published(template) is None:
        return _l("Never published"), "neutral"
    return (_l("Being changed"), "active") if queries.draft_of(template) else (_l("In use"), "good")


def _number(template: SmsTemplate) -> int | None:
    current = queries.published(template)
    return current.number if current else None


def _text(template: SmsTemplate) -> str:
    return template.versions[0].text if template.versions else ""


TEMPLATES = ListPage(
    name="sms_templates",
    endpoint="templates.index",
    title=_l("Templates of messages"),
    lead=_l("What messages say, each wording in versions. A campaign keeps the version it was written with."),
    select=lambda _actor: queries.listed(),
    key=SmsTemplate.id,
    default_sort="order",
    columns=(
        Column(
            "name",
            _l("SMS template"),
            sort=SmsTemplate.name,
            link=lambda t: url_if("templates.show", id=t.id),
        ),
        Column("state", _l("State"), badge=_state),
        Column(
            "message_class",
            _l("Kind of message"),
            lambda t: MESSAGE_CLASS_LABELS[MessageClass(t.message_class)],
            sort=SmsTemplate.message_class,
        ),
        Column("version", _l("Version"), _number, number=True),
        Column("text", _l("Text"), _text),
        Column("order", _l("Order"), lambda t: t.id, sort=SmsTemplate.id, shown=False),
    ),
    fields=(
        Field("name", _l("SMS template"), Kind.TEXT, SmsTemplate.name),
        Field(
            "message_class",
            _l("Kind of message"),
            Kind.CHOICE,
            SmsTemplate.message_class,
            choices=choices_of(MESSAGE_CLASS_LABELS),
        ),
    ),
    export_permission=Permission.VIEW,
    links=(Link(_l("New template"), "templates.new", Permission.WRITE, "plus-lg", "primary"),),
)
