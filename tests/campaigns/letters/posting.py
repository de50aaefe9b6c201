"""What the tests of campaigns by letter build and ask: a campaign ready to launch, its numbers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Branch, User
from app.core.db import db, writing
from app.core.jobs import run_inline
from app.core.permissions import Role
from app.core.rules.legal import LegalBasis
from app.employers.models import Employer
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.models import LetterVersion
from campaigns.drafting import services as drafting
from campaigns.drafting.letters import services
from campaigns.drafting.models import Campaign, ContactOrder
from campaigns.drafting.steps.services import Step, set_steps
from campaigns.ledger import jobs
from campaigns.ledger.letters import jobs as making
from campaigns.ledger.services import controlling
from tests.campaigns.sending import plan
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_outlines

EVERYBODY: dict[str, Any] = {"match": "all", "rules": []}
GIVEN = {"effective": "2026年9月5日"}


def wording(code: str = "handler_change") -> LetterVersion:
    """The shipped wording of an outline; seeds the outlines first where there are none."""
    found = db.session.scalars(outlines.listed()).all()
    if not found:
        seed_outlines()
        found = db.session.scalars(outlines.listed()).all()
    db.session.execute(update(LegalBasis).values(verified=True))
    return next(one.versions[0] for one in found if one.code == code)


def author_with(employers: int) -> User:
    """A manager whose branch has so many employers, each with an address and a handler."""
    manager = create_user(Role.MANAGER, branch=create_branch(name="滨海管理部"))
    for n in range(employers):
        create_addressed(manager.branch, n, address=f"港区路{n}号")
    return manager


def create_addressed(branch: Branch, n: int, **fields: Any) -> Employer:
    """An employer of which everything is known that the letter says."""
    values = {"name": f"滨海{n}号公司", "employer_account_no": f"12{n:08d}"}
    employer = create_employer(branch, **values | fields)
    create_contact(employer, name=f"经办人{n}", mobile=f"138{n:08d}")
    return employer


def wish(**fields: Any) -> services.LetterWish:
    values = {"name": "经办人变更确认", "segment_id": None, "criteria": EVERYBODY, "given": GIVEN}
    return services.LetterWish(**{"version": wording(), **values, **fields})


def drafted(author: User, **fields: Any) -> Campaign:
    """To every employer in the author's reach."""
    return services.draft(wish(contact_order=ContactOrder.EMPLOYER, **fields), author, author.branch)


def approved(author: User, *, steps: Sequence[Step] = (), **fields: Any) -> Campaign:
    """Submitted, and approved by the branch head; committed."""
    campaign = drafted(author, **fields)
    set_steps(campaign, steps, author)
    drafting.submit(campaign, author)
    drafting.approve(campaign, create_user(Role.BRANCH_HEAD, branch=author.branch), drafting.seal(campaign))
    db.session.commit()
    return campaign


def launched_here(author: User, **fields: Any) -> Campaign:
    """Launched, its letters made and put into print batches in this process."""
    campaign = approved(author, **fields)
    with run_inline():
        controlling.launch(campaign.id, None)
        jobs.wake(campaign.id)
        db.session.commit()
    db.session.expire_all()
    return campaign


def planned(employers: int = 2) -> int:
    """The id of a launched campaign with all its rows, of which no letter is made."""
    campaign = approved(author_with(employers))
    controlling.launch(campaign.id, None)
    plan(campaign)
    return campaign.id


def made(employers: int = 2) -> int:
    """The id of a campaign whose letters are made and in no print batch."""
    campaign_id = planned(employers)
    with writing():
        making.make_letters(campaign_id, seconds=60)
        db.session.commit()
    return campaign_id


def numbers() -> list[tuple[int, str]]:
    """Every number with the state of its letter."""
    db.session.expire_all()
    query = select(Letter.serial, Letter.state).order_by(Letter.serial)
    return [(serial, str(state)) for serial, state in db.session.execute(query)]
