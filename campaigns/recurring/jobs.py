"""Looking once a day whose turn it is. A lost, doubled or restarted job gives nobody a second turn."""

from app.core.clock import local, now, today
from app.core.jobs import enqueue, job
from campaigns.recurring import queries, services

#: Not before this hour: by then the statements and terms of the day are in.
HOUR = 7


@job(timeout=900)
def run_rule(rule_id: int) -> None:
    """One rule, held until all of its run is written."""
    services.run(queries.find(rule_id, None, lock=True), today())


@job(timeout=60)
def look() -> None:
    """Wake every rule that was not looked at today; a lost one is woken again."""
    if local(now()).hour >= HOUR:
        for rule_id in queries.to_look_at(today()):
            enqueue(run_rule, rule_id)
