"""What one job for each message costs: a module of its own, as each child of a worker imports it anew."""

from campaigns.gateways.protocol import Outgoing
from campaigns.gateways.registry import gateway
from campaigns.ledger.models import new_key


def submit_one(number: int) -> None:
    """The job of one message: no claim, no lease, no record."""
    gateway().submit([Outgoing(new_key(), f"139{number:08d}", "【滨海管理部】请尽快补缴。")])
