"""Writing templates: a draft is changed as often as one likes; what was published never is."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.clock import now, today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor
from campaigns.channels.letter.models import VariableKind
from campaigns.channels.sms.models import SmsTemplate, SmsVersion
from campaigns.channels.sms.text import LONGEST, placeholders
from campaigns.drafting.content.models import VARIABLES
from campaigns.drafting.models import MessageClass
from campaigns.drafting.templates.policy import faults, seal
from campaigns.drafting.templates.queries import draft_of, hold, in_use, published

#: What is said of variables: by name, `label`, `kind` and `default`.
Said = Mapping[str, Mapping[str, str]]


def add(name: str, message_class: MessageClass, text: str, actor: Actor) -> SmsTemplate:
    """A template with the draft of its first wording. Conflict when there is one of the name."""
    name = " ".join(name.split())
    if db.session.scalar(select(SmsTemplate.id).where(SmsTemplate.name == name)) is not None:
        raise Conflict(_l("There is a template of this name: write a new version of it."))
    template = SmsTemplate(code=secrets.token_hex(5), name=name, message_class=message_class)
    template.versions = []
    db.session.add(template)
    db.session.flush()
    write(template, text, {}, actor)
    return template


def write(template: SmsTemplate, text: str, said: Said, actor: Actor, *, joins: bool = True) -> SmsVersion:
    """Changes the draft, or begins one; the published wordings stay as they are."""
    if len(text) > LONGEST:
        raise DomainError(_l("The text is longer than %(most)s characters.", most=LONGEST))
    hold(template)
    draft = draft_of(template)
    if draft is None:
        number = max((one.number for one in template.versions), default=0) + 1
        draft = SmsVersion(number=number, template_id=template.id)
        db.session.add(draft)
    draft.text = text.strip()
    draft.variables = [_row(name, said.get(name, {})) for name in placeholders(draft.text)]
    draft.joins = joins
    draft.by_id = actor.id
    db.session.flush()
    db.session.expire(template, ["versions"])
    return draft


def _row(name: str, said: Mapping[str, str]) -> dict[str, Any]:
    row = {"name": name, "default": (said.get("default") or "").strip()}
    if name in VARIABLES:
        return row
    kind = said.get("kind") or VariableKind.TEXT
    return {**row, "label": (said.get("label") or "").strip(), "kind": VariableKind(kind).value}


def publish(template: SmsTemplate, seen: str, actor: Actor) -> SmsVersion:
    """Freezes the draft; new campaigns use it.

    `seen` is the seal of what the publisher read: Conflict when somebody changed it since. Raises DomainError
    with everything that is wrong with it.
    """
    hold(template)
    draft = draft_of(template)
    if draft is None:
        raise DomainError(_l("There is no draft to publish."))
    if seen != seal(draft):
        raise Conflict(_l("The draft changed after you opened the page; please look at it again."))
    if reasons := faults(draft):
        raise DomainError(_l("This wording cannot be published yet:"), reasons)
    draft.published_at, draft.published_by_id = now(), actor.id
    db.session.flush()
    return draft


def drop(template: SmsTemplate) -> None:
    """Throws the draft away; the published wordings are not touched."""
    hold(template)
    draft = draft_of(template)
    if draft is None:
        raise DomainError(_l("There is no draft to throw away."))
    if published(template) is None:
        raise DomainError(_l("It is the template's only wording: change it instead."))
    db.session.delete(draft)
    db.session.flush()
    db.session.expire(template, ["versions"])


def retire(template: SmsTemplate) -> None:
    """No longer offered, or offered again; campaigns that used it keep it."""
    hold(template)
    template.retired_on = today() if in_use(template) else None
    db.session.flush()
