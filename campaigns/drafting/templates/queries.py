"""Templates and their versions."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound
from campaigns.channels.sms.models import SmsTemplate, SmsVersion
from campaigns.drafting.models import Campaign


def listed() -> Select[SmsTemplate]:
    """Templates for the list, with their versions."""
    return select(SmsTemplate).options(selectinload(SmsTemplate.versions))


def find(template_id: int) -> SmsTemplate:
    """One template with its versions. Raises NotFound."""
    found = db.session.scalar(listed().where(SmsTemplate.id == template_id))
    if found is None:
        raise NotFound(_l("There is no such template."))
    return found


def hold(template: SmsTemplate) -> None:
    """Its wordings as they are now; nobody else writes or publishes one until the transaction ends."""
    query = listed().where(SmsTemplate.id == template.id).with_for_update(of=SmsTemplate)
    db.session.scalars(query.execution_options(populate_existing=True)).one()


def published(template: SmsTemplate) -> SmsVersion | None:
    """The newest wording that campaigns may use."""
    return next((one for one in template.versions if one.published_at is not None), None)


def draft_of(template: SmsTemplate) -> SmsVersion | None:
    """The wording that is being written."""
    return next((one for one in template.versions if one.published_at is None), None)


def in_use(template: SmsTemplate) -> bool:
    """Whether authors are offered it."""
    return template.retired_on is None or template.retired_on > today()


def offered() -> Sequence[SmsVersion]:
    """The newest published wording of every template in use, in the order of the templates."""
    newest = (
        select(func.max(SmsVersion.number))
        .where(SmsVersion.template_id == SmsTemplate.id, SmsVersion.published_at.is_not(None))
        .correlate(SmsTemplate)
        .scalar_subquery()
    )
    query = (
        select(SmsVersion)
        .join(SmsVersion.template)
        .where(
            SmsVersion.number == newest,
            or_(SmsTemplate.retired_on.is_(None), SmsTemplate.retired_on > today()),
        )
        .options(contains_eager(SmsVersion.template))
        .order_by(SmsTemplate.id)
    )
    return db.session.scalars(query).all()


def version(version_id: int) -> SmsVersion:
    """A published wording. Raises NotFound, also for a draft: nothing is sent with that."""
    query = (
        select(SmsVersion)
        .where(SmsVersion.id == version_id, SmsVersion.published_at.is_not(None))
        .options(joinedload(SmsVersion.template))
    )
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(_l("There is no such template."))
    return found


def named(name: str) -> SmsVersion | None:
    """The newest published wording of a template, by its name or code."""
    return next((one for one in offered() if name in (one.template.code, one.template.name)), None)


def uses(template: SmsTemplate) -> dict[int, int]:
    """How many campaigns used each version, by its id."""
    ids = [one.id for one in template.versions]
    query = (
        select(Campaign.template_version_id, func.count())
        .where(Campaign.template_version_id.in_(ids))
        .group_by(Campaign.template_version_id)
    )
    return {version_id: count for version_id, count in db.session.execute(query) if version_id}
