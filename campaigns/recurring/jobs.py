"""Looking once a day whose turn it is. A lost, doubled or restarted job gives nobody a second turn."""

from app.core.clock import local, now, today
from app.core.jobs import enqueue, job
from campaigns.recurring import queries, services
from campaigns.recurring.policy import HOUR


@job(timeout=900)
def run_rule(rule_id: int) -> None:
    """One rule, held until all of its run is written."""
    services.run(queries.find(rule_id, None, lock=True), today())


@job(timeout=60)
def look() -> None:
    """Wake every rule that was not looked at today; a lost one is woken again."""
    if local(now()).hour >= HOUR.value():
        for rule_id in queries.to_look_at(today()):
            enqueue(run_rule, rule_id)
