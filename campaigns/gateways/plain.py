"""An account of signed JSON over HTTP, with the paths of its platform."""

from collections.abc import Sequence

from campaigns.gateways.http import HttpGateway, Paths
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.protocol import Limits


def client(
    account: GatewayAccount, _filed: Sequence[tuple[str, str]], secret: str, timeout: float
) -> HttpGateway:
    """The client of one account; such platforms take any text, filed or not."""
    usual = Paths()
    said = account.config
    return HttpGateway(
        name=account.code,
        base_url=str(said["base_url"]),
        secret=secret,
        limits=Limits(account.batch, account.per_second),
        idempotent=account.idempotent,
        read_timeout=timeout,
        paths=Paths(
            str(said.get("submit_path") or usual.submit),
            str(said.get("query_path", usual.query)),
            str(said.get("replies_path", usual.replies)),
        ),
    )
