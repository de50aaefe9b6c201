"""Workers that make letters are killed in the middle: no number is lost, no employer gets two letters."""

import os
import signal
import textwrap
import time

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.attachments.queries import verify
from app.config import current_settings
from app.core.clock import now
from app.core.db import db, writing
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import Campaign
from campaigns.ledger import queries
from campaigns.ledger.letters import jobs, services
from campaigns.ledger.models import Message, MessageState
from tests.campaigns.letters.posting import planned
from tests.processes import start_script

LETTERS, CHUNK = 8, 3

#: what a worker does, in small batches, waiting before each document as if it were a thousand pages long
WORKER = textwrap.dedent(
    """
    import sys, time
    from app import create_app
    from app.core.db import db, writing
    from campaigns.ledger.letters import jobs, services
    jobs.CHUNK = 3
    setting = services.set_in_type
    def slowly(claimed):
        made = setting(claimed)
        time.sleep(60)
        return made
    services.set_in_type = slowly
    app = create_app()
    with app.app_context(), writing():
        jobs.make_letters(int(sys.argv[1]), seconds=60)
        db.session.commit()
    """
)


def in_hand() -> int:
    db.session.rollback()
    claimed = select(func.count()).where(Message.state == MessageState.CLAIMED)
    return db.session.scalar(claimed) or 0


@pytest.mark.databases("sqlite")
def test_a_worker_killed_with_letters_in_hand_doubles_and_loses_none(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = planned(LETTERS)
    settings = current_settings()
    own = {"JINNUO_HOME": str(settings.home), "DATABASE_URL": settings.database_url}
    environment = {**os.environ, **own, "SECRET_KEY": settings.secret_key}
    worker = start_script(WORKER, str(campaign_id), environment=environment)
    until = time.monotonic() + 60
    both = 2 * CHUNK  # the lot that is being set, and the one that was claimed meanwhile
    while in_hand() < both and time.monotonic() < until:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert in_hand() == both, "the kill came too late to mean anything"
    db.session.rollback()
    with writing():
        db.session.execute(update(Message).where(Message.state == MessageState.CLAIMED).values(due_at=now()))
        db.session.commit()
        assert services.expire_leases() == both
        db.session.commit()
        monkeypatch.setattr(jobs, "CHUNK", CHUNK)
        jobs.make_letters(campaign_id, seconds=60)
        db.session.commit()
    numbers = db.session.scalars(select(Letter.serial).order_by(Letter.serial)).all()
    assert numbers == list(range(1, LETTERS + 1))
    assert len(set(db.session.scalars(select(Letter.employer_id)))) == LETTERS
    assert all(db.session.scalars(select(Letter.sheaf_id.is_not(None))))
    balance = queries.balance(db.session.get_one(Campaign, campaign_id))
    assert (balance.progress.submitted, balance.letters, balance.adds_up) == (LETTERS, LETTERS, True)
    assert verify().whole
