"""Looking once a day, and when a statement came, whose turn it is.

A lost, doubled or restarted job gives nobody a second turn.
"""

from app.contributions.forms import STATEMENT
from app.core import signals
from app.core.clock import local, now, today
from app.core.jobs import enqueue, job
from app.imports.models import ImportBatch
from campaigns.recurring import queries, services
from campaigns.recurring.models import Trigger
from campaigns.recurring.policy import HOUR


@job(timeout=900)
def run_rule(rule_id: int) -> None:
    """One rule, held until all of its run is written."""
    services.run(queries.find(rule_id, None, lock=True), today())


@job(timeout=900)
def run_at_once(rule_id: int) -> None:
    """The same when what the rule waits for has come, however often it was looked at today."""
    services.run(queries.find(rule_id, None, lock=True), today(), again=True)


@signals.import_applied.connect
def _statement_came(batch: ImportBatch, **_more: object) -> None:
    """Each statement: who is newly in arrears need not wait for the morning."""
    if batch.spec == STATEMENT.name:
        for rule_id in queries.of_trigger(Trigger.NEW_ARREARS):
            enqueue(run_at_once, rule_id)


@job(timeout=60)
def look() -> None:
    """Wake every rule that was not looked at today; a lost one is woken again."""
    if local(now()).hour >= HOUR.value():
        for rule_id in queries.to_look_at(today()):
            enqueue(run_rule, rule_id)
